// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control socket. A request is one line with arguments separated by blanks. The
 * answer is any number of lines, then "ok" or "error: text". Several clients
 * are served at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "device_priv.h"

#define CTL_CLIENTS	8
#define CTL_COMMANDS	48
#define CTL_STATS	16
#define CTL_LINE	1024
#define CTL_ARGS	32

struct vm_reply {
	char *text;
	size_t len, room;
	bool failed;
	char error[160];
};

struct ctl_client {
	struct ctl *ctl;
	struct loop_fd lf;	/* fd -1: free */
	char in[CTL_LINE];
	size_t in_len;
	char *out;		/* output not yet read by the client */
	size_t out_len, out_at;
};

struct ctl {
	struct vm *vm;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct loop_fd listener;
	struct ctl_client client[CTL_CLIENTS];
	struct {
		const char *name, *help;
		void (*fn)(void *priv, int argc, char **argv,
			   struct vm_reply *r);
		void *priv;
	} command[CTL_COMMANDS];
	unsigned int commands;
	struct {
		void (*fn)(void *priv, struct vm_reply *r, bool reset);
		void *priv;
	} stats[CTL_STATS];
	unsigned int stats_count;
};

/* ---- answers ---------------------------------------------------------- */

static void reply_add(struct vm_reply *r, const char *text, size_t len)
{
	if (r->len + len + 1 > r->room) {
		size_t room = (r->len + len + 1) * 2;
		char *p = realloc(r->text, room);

		if (!p) {
			ctl_error(r, "out of memory");
			return;
		}
		r->text = p;
		r->room = room;
	}
	memcpy(r->text + r->len, text, len);
	r->len += len;
	r->text[r->len] = 0;
}

void ctl_line(struct vm_reply *r, const char *fmt, ...)
{
	char line[CTL_LINE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	reply_add(r, line, n);
}

void ctl_error(struct vm_reply *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	r->failed = true;
}

int ctl_number(const char *text, uint64_t max, uint64_t *value)
{
	unsigned long long v;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || *end || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

/* ---- registration ----------------------------------------------------- */

static void cmd_help(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct ctl *ctl = priv;
	unsigned int i;

	for (i = 0; i < ctl->commands; i++)
		if (argc < 2 || !strcmp(argv[1], ctl->command[i].name))
			ctl_line(r, "%s", ctl->command[i].help);
}

static void cmd_stats(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct ctl *ctl = priv;
	unsigned int i;

	(void)argc;
	for (i = 0; i < ctl->stats_count; i++)
		ctl->stats[i].fn(ctl->stats[i].priv, r,
				 !strcmp(argv[0], "reset-stats"));
}

static struct ctl *ctl_get(struct vm *vm)
{
	struct ctl *ctl = vm->ctl;
	unsigned int i;

	if (ctl)
		return ctl;
	ctl = calloc(1, sizeof(*ctl));
	if (!ctl)
		return NULL;
	vm->ctl = ctl;
	ctl->vm = vm;
	ctl->listener.fd = -1;
	for (i = 0; i < CTL_CLIENTS; i++)
		ctl->client[i].lf.fd = -1;
	ctl_command(vm, "help", cmd_help, ctl,
		    "help [COMMAND] - list all commands, or describe one");
	ctl_command(vm, "stats", cmd_stats, ctl,
		    "stats - all counters, one \"name value\" a line");
	ctl_command(vm, "reset-stats", cmd_stats, ctl,
		    "reset-stats - set the counters to 0 (not the violations)");
	return ctl;
}

int ctl_command(struct vm *vm, const char *name,
		void (*fn)(void *priv, int argc, char **argv,
			   struct vm_reply *r),
		void *priv, const char *help)
{
	struct ctl *ctl = ctl_get(vm);

	if (!ctl)
		return -ENOMEM;
	if (ctl->commands == CTL_COMMANDS)
		return -ENOSPC;
	ctl->command[ctl->commands].name = name;
	ctl->command[ctl->commands].fn = fn;
	ctl->command[ctl->commands].priv = priv;
	ctl->command[ctl->commands++].help = help;
	return 0;
}

int ctl_stats(struct vm *vm, void (*fn)(void *priv, struct vm_reply *r,
					bool reset), void *priv)
{
	struct ctl *ctl = ctl_get(vm);

	if (!ctl)
		return -ENOMEM;
	if (ctl->stats_count == CTL_STATS)
		return -ENOSPC;
	ctl->stats[ctl->stats_count].fn = fn;
	ctl->stats[ctl->stats_count++].priv = priv;
	return 0;
}

/* ---- clients ---------------------------------------------------------- */

static void client_close(struct ctl_client *c)
{
	if (c->lf.fd < 0)
		return;
	loop_fd_del(&c->lf);
	close(c->lf.fd);
	c->lf.fd = -1;
	free(c->out);
	c->out = NULL;
	c->in_len = 0;
}

/* Send pending output. Requests are not read until all of it was sent. */
static void client_flush(struct ctl_client *c)
{
	while (c->out_at < c->out_len) {
		ssize_t n = send(c->lf.fd, c->out + c->out_at,
				 c->out_len - c->out_at,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			loop_fd_mod(&c->lf, EPOLLOUT);
			return;
		}
		if (n < 0) {
			client_close(c);
			return;
		}
		c->out_at += n;
	}
	free(c->out);
	c->out = NULL;
	loop_fd_mod(&c->lf, EPOLLIN);
}

static void ctl_run(struct ctl *ctl, char *line, struct vm_reply *r)
{
	char *argv[CTL_ARGS], *save = NULL, *arg;
	unsigned int i;
	int argc = 0;

	for (arg = strtok_r(line, " \t\r", &save); arg;
	     arg = strtok_r(NULL, " \t\r", &save)) {
		if (argc == CTL_ARGS) {
			ctl_error(r, "too many arguments");
			return;
		}
		argv[argc++] = arg;
	}
	if (!argc) {
		ctl_error(r, "empty request, try help");
		return;
	}
	for (i = 0; i < ctl->commands; i++) {
		if (strcmp(argv[0], ctl->command[i].name))
			continue;
		vm_debug(ctl->vm, "control: %s%s%s", argv[0],
			 argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
		ctl->command[i].fn(ctl->command[i].priv, argc, argv, r);
		return;
	}
	ctl_error(r, "unknown command %.40s, try help", argv[0]);
}

static void client_request(struct ctl_client *c, char *line)
{
	struct vm_reply r = { 0 };

	ctl_run(c->ctl, line, &r);
	if (r.failed) {
		reply_add(&r, "error: ", 7);
		reply_add(&r, r.error, strlen(r.error));
		reply_add(&r, "\n", 1);
	} else {
		reply_add(&r, "ok\n", 3);
	}
	if (!r.text) {
		client_close(c);
		return;
	}
	c->out = r.text;
	c->out_len = r.len;
	c->out_at = 0;
	client_flush(c);
}

static void client_lines(struct ctl_client *c)
{
	char line[CTL_LINE];

	while (c->lf.fd >= 0 && !c->out) {
		char *end = memchr(c->in, '\n', c->in_len);
		size_t len;

		if (!end) {
			if (c->in_len == sizeof(c->in))
				client_close(c);	/* the line is too long */
			break;
		}
		len = end - c->in;
		memcpy(line, c->in, len);
		line[len] = 0;
		c->in_len -= len + 1;
		memmove(c->in, end + 1, c->in_len);
		client_request(c, line);
	}
}

static void client_event(struct loop_fd *lf, uint32_t events)
{
	struct ctl_client *c = lf->priv;
	ssize_t n;

	if (events & EPOLLOUT) {
		client_flush(c);
		client_lines(c);
		return;
	}
	n = recv(lf->fd, c->in + c->in_len, sizeof(c->in) - c->in_len,
		 MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->in_len += n;
	client_lines(c);
}

static void ctl_accept(struct loop_fd *lf, uint32_t events)
{
	struct ctl *ctl = lf->priv;
	int fd = accept4(lf->fd, NULL, NULL, SOCK_CLOEXEC);
	unsigned int i;

	(void)events;
	if (fd < 0)
		return;
	for (i = 0; i < CTL_CLIENTS; i++) {
		struct ctl_client *c = &ctl->client[i];

		if (c->lf.fd >= 0)
			continue;
		c->ctl = ctl;
		c->lf.fd = fd;
		c->lf.fn = client_event;
		c->lf.priv = c;
		c->in_len = 0;
		if (!loop_fd_add(&c->lf, EPOLLIN))
			return;
		c->lf.fd = -1;
		break;
	}
	close(fd);
}

int ctl_listen(struct vm *vm, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct ctl *ctl = ctl_get(vm);
	int fd;

	if (!ctl)
		return -ENOMEM;
	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ctl->listener.fd = fd;
	strcpy(ctl->path, path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 4))
		return -errno;
	ctl->listener.fn = ctl_accept;
	ctl->listener.priv = ctl;
	return loop_fd_add(&ctl->listener, EPOLLIN);
}

void ctl_close(struct vm *vm)
{
	struct ctl *ctl = vm->ctl;
	unsigned int i;

	if (!ctl)
		return;
	for (i = 0; i < CTL_CLIENTS; i++)
		client_close(&ctl->client[i]);
	if (ctl->listener.fd >= 0) {
		loop_fd_del(&ctl->listener);
		close(ctl->listener.fd);
		unlink(ctl->path);
	}
	free(ctl);
	vm->ctl = NULL;
}
