// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the control socket and the control commands of the device. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "device_priv.h"
#include "tap.h"

static struct vm *vm;
static char path[64];
static char answer[65536];

static int client(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(sun.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		abort();
	return fd;
}

/* Send @text and collect the answer. */
static const char *request(int fd, const char *text)
{
	size_t len = 0;
	ssize_t n;
	int i;

	if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		abort();
	for (i = 0; i < 20; i++) {
		loop_once(0);
		while (len < sizeof(answer) - 1 &&
		       (n = recv(fd, answer + len, sizeof(answer) - 1 - len,
				 MSG_DONTWAIT)) > 0)
			len += n;
	}
	answer[len] = 0;
	return answer;
}

static bool answer_is(int fd, const char *text, const char *want)
{
	const char *got = request(fd, text);

	if (!strcmp(got, want))
		return true;
	printf("# '%s' instead of '%s'\n", got, want);
	return false;
}

static bool answer_has(int fd, const char *text, const char *want)
{
	return strstr(request(fd, text), want);
}

static void start(void)
{
	struct vm_config config = { .device_id = 0x7560 };

	vm = vm_create(&config);
	snprintf(path, sizeof(path), "/tmp/test_ctl.%d", getpid());
	if (!vm || vm_log_open(vm, "/dev/null") || ctl_listen(vm, path))
		abort();
}

static void end(void)
{
	vm_destroy(vm);
	tap_is(access(path, F_OK), -1);
}

static void test_requests(void)
{
	int fd;

	start();
	fd = client();
	tap_ok(answer_has(fd, "help\n", "\nviolations [clear]"));
	tap_ok(answer_has(fd, "help wake\n", "wake - wake up"));
	tap_ok(answer_is(fd, "nonsense\n",
			 "error: unknown command nonsense, try help\n"));
	tap_ok(answer_is(fd, "\n", "error: empty request, try help\n"));
	tap_ok(answer_has(fd, "state\n", "stage none\n"));
	tap_ok(answer_has(fd, "stats\n", "doorbell.0 0\n"));
	/* Partial lines, several lines at once, any blanks */
	tap_ok(answer_is(fd, "sleep", ""));
	tap_ok(answer_is(fd, "  \toff\r\n", "ok\n"));
	tap_ok(answer_is(fd, "drop-msi 3\ndrop-msi x\n  drop-msi 4\n",
			 "ok\nerror: usage: drop-msi N\nok\n"));
	tap_is(vm->drop_msis, 4);
	close(fd);
	end();
}

static void test_commands(void)
{
	static const char * const refused[] = {
		"sleep\n", "sleep auto\n", "sleep auto 0\n", "sleep auto 5x\n",
		"sleep now\n", "wake\n", "pipe\n", "pipe 24 stall\n",
		"pipe 1 halt\n", "msg\n", "host-sleep\n", "drop-msi -1\n", "crash\n",
		"cd-ready\n", "boot-run\n", "violations all\n",
	};
	unsigned int i;
	int fd;

	start();
	fd = client();
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (!tap_ok(answer_has(fd, refused[i], "error: ")))
			printf("# %s", refused[i]);
		tap_ok(!strstr(answer, "ok\n"));
	}
	tap_ok(answer_is(fd, "pipe 12 stall\n", "ok\n"));
	tap_ok(vm->pipe[12].stalled);
	tap_ok(answer_is(fd, "pipe 12 resume\n", "ok\n"));
	tap_ok(!vm->pipe[12].stalled);
	tap_ok(answer_is(fd, "msg stall\n", "ok\n"));
	tap_ok(vm->msg_stalled);
	tap_ok(answer_is(fd, "host-sleep refuse\n", "ok\n"));
	tap_ok(vm->refuse_sleep);
	tap_ok(answer_is(fd, "host-sleep allow\n", "ok\n"));
	tap_ok(!vm->refuse_sleep);
	vm_violation(vm, "td-size", "pipe %d", 3);
	vm_violation(vm, "td-size", "pipe %d", 4);
	vm_quirk(vm, 6, "mux-hint", "some");
	tap_ok(answer_is(fd, "violations\n",
			 "td-size 2 pipe 4\nmux-hint 1 some\nok\n"));
	vm->config.quirks_reference = true;
	vm_quirk(vm, 6, "mux-hint", "more");
	tap_ok(answer_is(fd, "quirks\n", "mux-hint 1 more\nok\n"));
	vm->doorbells[0] = 7;
	tap_ok(answer_has(fd, "stats\n", "doorbell.0 7\n"));
	tap_ok(strstr(answer, "violations 3\n"));
	tap_ok(strstr(answer, "quirks 1\n"));
	tap_ok(answer_is(fd, "reset-stats\n", "ok\n"));
	tap_ok(answer_has(fd, "stats\n", "doorbell.0 0\n"));
	tap_ok(strstr(answer, "violations 3\n"));
	tap_ok(answer_is(fd, "violations clear\n", "ok\n"));
	tap_ok(answer_is(fd, "violations\n", "ok\n"));
	close(fd);
	end();
}

/* Clients connect and disconnect, send too much, do not read. */
static void test_clients(void)
{
	static char long_line[3000];
	int fd[12], i, n;

	start();
	for (i = 0; i < 12; i++) {
		fd[i] = client();
		loop_once(0);
	}
	for (i = 0; i < 8; i++)
		tap_ok(answer_is(fd[i], "sleep off\n", "ok\n"));
	/* The modem closes a ninth connection. */
	tap_is(recv(fd[9], answer, 1, MSG_DONTWAIT), 0);
	for (i = 0; i < 12; i++)
		close(fd[i]);
	loop_once(0);
	loop_once(0);

	fd[0] = client();
	memset(long_line, 'x', sizeof(long_line) - 1);
	request(fd[0], long_line);
	tap_is(recv(fd[0], answer, 1, MSG_DONTWAIT), 0);
	close(fd[0]);

	/* Much output for a client that reads it late. */
	fd[0] = client();
	for (n = 0, i = 0; i < 400; i++) {
		if (send(fd[0], "stats\n", 6, MSG_DONTWAIT) == 6)
			n++;
		loop_once(0);
	}
	fd[1] = client();
	tap_ok(answer_is(fd[1], "sleep off\n", "ok\n"));
	for (i = 0; n > 0 && i < 10000; i++) {
		char *p = answer;

		request(fd[0], "");
		while ((p = strstr(p, "ok\n"))) {
			n--;
			p++;
		}
	}
	tap_ok(n <= 0 && n > -3);	/* "ok" may be split */
	close(fd[0]);
	close(fd[1]);
	end();
}

int main(void)
{
	TAP_RUN(test_requests);
	TAP_RUN(test_commands);
	TAP_RUN(test_clients);
	return tap_end();
}
