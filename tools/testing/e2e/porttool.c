// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open a WWAN port and do things with it, one after the other, as the command
 * line says; stop at the first that fails. See usage().
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mbimraw.h"

#define AT_PATIENCE_MS	5000

static const char *device;
static int fd;
static long counted;	/* result of the last operation that counts */
static char buf[1 << 20];

static void usage(FILE *f)
{
	fputs("usage: porttool DEVICE FLAGS OPERATION...\n"
"FLAGS: comma list of rdwr rdonly wronly nonblock excl\n"
"Operations; \"!NAME\" before one says that it must fail with that errno:\n"
"  write TEXT          one write (\\r and \\n are understood)\n"
"  fill SIZE           one write of SIZE bytes, all of them taken\n"
"  writes N TEXT       the same write N times\n"
"  flood SIZE MAX      writes of SIZE bytes until EAGAIN; MAX is too many\n"
"  poll MS EVENTS      wait until all of in,out,hup,err are there\n"
"  nopoll MS EVENTS    none of them may come within MS\n"
"  read MS             one message within MS\n"
"  readnow             read() without waiting first\n"
"  held COMMAND        read() that gets its message, but not to its end before\n"
"                      COMMAND of the shell has ended, which must succeed\n"
"  collect MS          all messages until none came for MS\n"
"  count MIN MAX       of messages or bytes that the last operation moved\n"
"  pending MIN MAX     bytes that wait to be read\n"
"  at COMMAND REGEX    send it, wait for OK or ERROR, compare the answer\n"
"  excl                TIOCEXCL\n"
"  again FLAGS         open the device once more\n"
"  user                be nobody from here on\n"
"  run COMMAND         of the shell, must succeed\n"
"  sleep MS\n"
"  mbim-open SIZE, mbim-close, mbim-services MIN-FRAGMENTS, mbim-unknown,\n"
"  mbim-connect SESSION MIN-FRAGMENTS, mbim-half\n", f);
}

static long number(const char *s)
{
	char *end;
	long v = strtol(s, &end, 0);

	if (end == s || *end) {
		fprintf(stderr, "porttool: '%s' is no number\n", s);
		exit(2);
	}
	return v;
}

static int flags_of(const char *s)
{
	static const struct {
		const char *name;
		int flag;
	} names[] = {
		{ "rdwr", O_RDWR }, { "rdonly", O_RDONLY },
		{ "wronly", O_WRONLY }, { "nonblock", O_NONBLOCK },
		{ "excl", O_EXCL }
	};
	char *copy = strdup(s), *save = NULL, *word;
	int flags = O_NOCTTY;
	size_t i;

	for (word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < 5 && strcmp(word, names[i].name); i++)
			;
		if (i == 5) {
			fprintf(stderr, "porttool: no flag '%s'\n", word);
			exit(2);
		}
		flags |= names[i].flag;
	}
	free(copy);
	return flags;
}

static short events_of(const char *s)
{
	return (strstr(s, "in") ? POLLIN : 0) |
	       (strstr(s, "out") ? POLLOUT : 0) |
	       (strstr(s, "hup") ? POLLHUP : 0) |
	       (strstr(s, "err") ? POLLERR : 0);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int do_write(const char *data, size_t len)
{
	ssize_t n = write(fd, data, len);

	if (n < 0)
		return -errno;
	counted = n;
	return (size_t)n == len ? 0 : -EIO;
}

static int do_text(const char *s)
{
	size_t n = 0;

	for (; *s && n < sizeof(buf); s++) {
		if (*s == '\\' && (s[1] == 'r' || s[1] == 'n'))
			buf[n++] = *++s == 'r' ? '\r' : '\n';
		else
			buf[n++] = *s;
	}
	return do_write(buf, n);
}

static int do_writes(long n, const char *text)
{
	int err = 0;

	while (n-- > 0 && !err)
		err = do_text(text);
	return err;
}

static int do_fill(long size)
{
	if (size < 0 || (size_t)size > sizeof(buf))
		return -E2BIG;
	memset(buf, 'x', size);
	return do_write(buf, size);
}

static int do_flood(long size, long max)
{
	long n;
	int err = 0;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	for (n = 0; n < max && !err; n++)
		err = do_fill(size);
	counted = err ? n - 1 : n;
	printf("flood: %ld writes taken\n", counted);
	if (err == -EAGAIN)
		return 0;
	return err ? err : -ENOBUFS;
}

static int do_poll(long ms, short wanted, bool none)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	long end = now_ms() + ms;

	for (;;) {
		p.events = wanted & (POLLIN | POLLOUT);
		if (poll(&p, 1, 0) < 0)
			return -errno;
		if (none && (p.revents & wanted))
			return -EEXIST;
		if (!none && (p.revents & wanted) == wanted)
			return 0;
		if (now_ms() >= end)
			return none ? 0 : -ETIMEDOUT;
		/* A wake-up that is lost shows as a late one. */
		if (!none && !p.revents) {
			if (poll(&p, 1, end - now_ms()) < 0)
				return -errno;
			if (!p.revents)
				return -ETIMEDOUT;
		} else {
			usleep(10000);
		}
	}
}

static int do_readnow(void)
{
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return -errno;
	counted = n;
	return n ? 0 : -EIO;
}

static int do_read(long ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, ms) < 1)
		return -ETIMEDOUT;
	return do_readnow();
}

/* The first access to @page waits for a reply to the result. */
static int guard(void *page, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)page, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg))
		return -1;
	return uffd;
}

static void *held_read(void *page)
{
	ssize_t n = read(fd, page, sysconf(_SC_PAGESIZE));

	return (void *)(n < 0 ? -(intptr_t)errno : n);
}

static int do_held(const char *command)
{
	size_t size = sysconf(_SC_PAGESIZE);
	struct uffdio_zeropage zero = { .range = { .len = size } };
	struct pollfd p = { .events = POLLIN };
	pthread_t reader;
	int ran = -1;
	void *page, *n;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p.fd = page == MAP_FAILED ? -1 : guard(page, size);
	if (p.fd < 0 || pthread_create(&reader, NULL, held_read, page)) {
		perror("porttool: held");
		exit(2);
	}
	/* It has taken the message when it begins to write it. */
	if (poll(&p, 1, AT_PATIENCE_MS) == 1)
		ran = system(command);
	zero.range.start = (uintptr_t)page;
	if (ioctl(p.fd, UFFDIO_ZEROPAGE, &zero) || pthread_join(reader, &n)) {
		perror("porttool: held");
		exit(2);
	}
	close(p.fd);
	munmap(page, size);
	if (ran)
		return -ECHILD;
	if ((intptr_t)n < 0)
		return (intptr_t)n;
	counted = (intptr_t)n;
	return counted ? 0 : -EIO;
}

static int do_collect(long ms)
{
	long n = 0, bytes = 0;
	int err;

	while (!(err = do_read(ms))) {
		n++;
		bytes += counted;
	}
	printf("collect: %ld reads, %ld bytes\n", n, bytes);
	counted = bytes;
	return err == -ETIMEDOUT ? 0 : err;
}

/* A final result code at the end of what was read so far? */
static bool at_final(const char *s, size_t n)
{
	return (n >= 6 && !memcmp(s + n - 6, "\r\nOK\r\n", 6)) ||
	       (n >= 9 && !memcmp(s + n - 9, "\r\nERROR\r\n", 9));
}

static int do_at(const char *command, const char *pattern)
{
	long end = now_ms() + AT_PATIENCE_MS;
	static char text[4096], flat[4096];
	size_t n = 0, i, k = 0;
	regex_t re;
	int err;

	err = do_text(command);
	if (!err)
		err = do_write("\r", 1);
	while (!err && !at_final(text, n)) {
		err = do_read(end > now_ms() ? end - now_ms() : 0);
		if (err || n + counted >= sizeof(text))
			break;
		memcpy(text + n, buf, counted);
		n += counted;
	}
	/* One line, words separated by blanks */
	for (i = 0; i < n; i++) {
		bool blank = text[i] == '\r' || text[i] == '\n';

		if (!blank)
			flat[k++] = text[i];
		else if (k && flat[k - 1] != ' ')
			flat[k++] = ' ';
	}
	if (k && flat[k - 1] == ' ')
		k--;
	flat[k] = 0;
	printf("at: %s -> %s\n", command, flat);
	if (err)
		return err;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return -EINVAL;
	err = regexec(&re, flat, 0, NULL, 0) ? -EBADMSG : 0;
	regfree(&re);
	return err;
}

static int do_count(long min, long max, long got)
{
	if (got >= min && got <= max)
		return 0;
	printf("count: %ld is not in %ld..%ld\n", got, min, max);
	return -ERANGE;
}

static int do_mbim(const char *op, char **arg)
{
	struct mbim_answer a;
	unsigned int sent = 0;
	int err;

	if (!strcmp(op, "mbim-open"))
		err = mbim_open(fd, number(arg[0]), &a);
	else if (!strcmp(op, "mbim-close"))
		err = mbim_close(fd, &a);
	else if (!strcmp(op, "mbim-services"))
		err = mbim_query(fd, 16, &a);
	else if (!strcmp(op, "mbim-unknown"))
		err = mbim_query(fd, 99, &a);
	else if (!strcmp(op, "mbim-connect"))
		err = mbim_connect(fd, number(arg[0]), &a, &sent);
	else
		err = mbim_half(fd, &a);
	if (err)
		return err;
	printf("%s: type %#x status %u, %u fragments, %zu bytes; %u sent\n", op,
	       a.type, a.status, a.fragments, a.len, sent);
	if (!strcmp(op, "mbim-half"))		/* an error reports it */
		return a.type == 0x80000004u && a.status == 1 ? 0 : -EBADMSG;
	if (!strcmp(op, "mbim-unknown"))
		return a.status == MBIM_STATUS_NO_DEVICE_SUPPORT ? 0 : -EBADMSG;
	if (a.status)
		return -EREMOTEIO;
	if (!strcmp(op, "mbim-services"))
		return do_count(number(arg[0]), 10000, a.fragments);
	if (!strcmp(op, "mbim-connect"))
		return do_count(number(arg[1]), 10000, sent);
	return 0;
}

static int do_again(const char *flags)
{
	int second = open(device, flags_of(flags));

	/* It stays open until the end. */
	return second < 0 ? -errno : 0;
}

static int do_pending(long min, long max)
{
	int n = 0;

	if (ioctl(fd, FIONREAD, &n))
		return -errno;
	return do_count(min, max, n);
}

static int perform(const char *op, char **arg)
{
	fflush(stdout);
	if (!strcmp(op, "write"))
		return do_text(arg[0]);
	if (!strcmp(op, "writes"))
		return do_writes(number(arg[0]), arg[1]);
	if (!strcmp(op, "fill"))
		return do_fill(number(arg[0]));
	if (!strcmp(op, "flood"))
		return do_flood(number(arg[0]), number(arg[1]));
	if (!strcmp(op, "poll") || !strcmp(op, "nopoll"))
		return do_poll(number(arg[0]), events_of(arg[1]), *op == 'n');
	if (!strcmp(op, "read"))
		return do_read(number(arg[0]));
	if (!strcmp(op, "readnow"))
		return do_readnow();
	if (!strcmp(op, "held"))
		return do_held(arg[0]);
	if (!strcmp(op, "collect"))
		return do_collect(number(arg[0]));
	if (!strcmp(op, "count"))
		return do_count(number(arg[0]), number(arg[1]), counted);
	if (!strcmp(op, "pending"))
		return do_pending(number(arg[0]), number(arg[1]));
	if (!strcmp(op, "at"))
		return do_at(arg[0], arg[1]);
	if (!strcmp(op, "excl"))
		return ioctl(fd, TIOCEXCL) ? -errno : 0;
	if (!strcmp(op, "again"))
		return do_again(arg[0]);
	if (!strcmp(op, "user"))
		return setgid(65534) || setuid(65534) ? -errno : 0;
	if (!strcmp(op, "run"))
		return system(arg[0]) ? -ECHILD : 0;
	if (!strcmp(op, "sleep"))
		return usleep(number(arg[0]) * 1000) ? -errno : 0;
	return do_mbim(op, arg);
}

static int words_of(const char *op)
{
	static const struct {
		const char *name;
		int words;
	} table[] = {
		{ "write", 1 }, { "fill", 1 }, { "flood", 2 }, { "poll", 2 },
		{ "nopoll", 2 }, { "writes", 2 }, { "read", 1 },
		{ "readnow", 0 }, { "held", 1 }, { "collect", 1 },
		{ "count", 2 }, { "pending", 2 }, { "at", 2 }, { "excl", 0 },
		{ "again", 1 }, { "user", 0 }, { "run", 1 }, { "sleep", 1 },
		{ "mbim-open", 1 }, { "mbim-close", 0 },
		{ "mbim-services", 1 }, { "mbim-unknown", 0 },
		{ "mbim-connect", 2 }, { "mbim-half", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(op, table[i].name))
			return table[i].words;
	fprintf(stderr, "porttool: no operation '%s'\n", op);
	exit(2);
}

int main(int argc, char **argv)
{
	int i, err, words;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (argc < 3) {
		usage(stderr);
		return 2;
	}
	device = argv[1];
	fd = open(device, flags_of(argv[2]));
	if (fd < 0) {
		printf("open %s: %s\n", device, strerrorname_np(errno));
		return 1;
	}
	for (i = 3; i < argc; i += 1 + words) {
		const char *must = NULL, *got;

		if (argv[i][0] == '!')
			must = argv[i++] + 1;
		words = i < argc ? words_of(argv[i]) : argc;
		if (i + words >= argc) {
			fprintf(stderr, "porttool: words are missing\n");
			return 2;
		}
		err = perform(argv[i], argv + i + 1);
		got = err ? strerrorname_np(-err) : "done";
		if (must ? strcmp(must, got) != 0 : err != 0) {
			printf("%s %s: %s%s%s\n", argv[i],
			       words ? argv[i + 1] : "", got,
			       must ? ", not " : "", must ? must : "");
			return 1;
		}
	}
	return 0;
}
