// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic in which every byte is checked. UDP packets carry a be32 number and
 * bytes that follow from it (the form of the virtual modem's generator and
 * sink); a TCP stream carries bytes that follow from their place.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *device;
static bool zerocopy;
static uint8_t buf[1 << 16];

static void usage(FILE *f)
{
	fputs("usage: flow [-i DEVICE] [-z] COMMAND\n"
"  udp-recv PORT COUNT SECONDS [TTL]   numbered packets; ends after COUNT, or when\n"
"                                  none came for SECONDS; \"other-ttl\" is of how\n"
"                                  many IPv4 packets the TTL is another one\n"
"  udp-send ADDRESS PORT SIZE COUNT RATE   RATE per second, 0: at once; with -z by\n"
"                                  MSG_ZEROCOPY: \"given-back\" is of how many\n"
"                                  the memory came back within a second\n"
"  udp-echo ADDRESS COUNT SIZE...  to port 7 and back, one at a time\n"
"  tcp-recv ADDRESS PORT SECONDS   accept one connection, read all of it\n"
"  tcp-send ADDRESS PORT BYTES SECONDS\n"
"Prints \"name value\" pairs; exit status 1 when data was damaged, or when not\n"
"all of it came back (udp-echo) or arrived (tcp-*).\n", f);
}

static void die(const char *what)
{
	fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

static long number(const char *s)
{
	char *end;
	long v = strtol(s, &end, 0);

	if (end == s || *end || v < 0) {
		fprintf(stderr, "flow: '%s' is no number\n", s);
		exit(2);
	}
	return v;
}

static socklen_t address(const char *text, int port, struct sockaddr_storage *s)
{
	struct sockaddr_in6 *six = (void *)s;
	struct sockaddr_in *four = (void *)s;

	memset(s, 0, sizeof(*s));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1) {
		fprintf(stderr, "flow: '%s' is no address\n", text);
		exit(2);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return sizeof(*six);
}

static int open_socket(int family, int type)
{
	int fd = socket(family, type, 0), on = 1, size = 4 << 20;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
				 strlen(device)))
		die(device);
	return fd;
}

static bool wait_in(int fd, long ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* ---- UDP --------------------------------------------------------------- */

static void fill(uint8_t *p, size_t len, uint32_t seq)
{
	uint8_t head[4] = { seq >> 24, seq >> 16, seq >> 8, seq };
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = i < 4 ? head[i] : (uint8_t)(seq + i);
}

static bool intact(const uint8_t *p, size_t len, uint32_t *seq)
{
	size_t i;

	if (len < 4)
		return false;
	*seq = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
	for (i = 4; i < len; i++)
		if (p[i] != (uint8_t)(*seq + i))
			return false;
	return true;
}

/* Receive one datagram; *@ttl is that of its IPv4 header, or -1. */
static ssize_t recv_ttl(int fd, int *ttl)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	*ttl = -1;
	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)
		memcpy(ttl, CMSG_DATA(c), sizeof(*ttl));
	return n;
}

static int udp_recv(int argc, char **arg)
{
	long want_ttl = argc == 4 ? number(arg[3]) : -1, other_ttl = 0;
	long count = number(arg[1]), ms = number(arg[2]) * 1000;
	long received = 0, corrupt = 0, late = 0;
	struct sockaddr_storage any;
	uint32_t seq = 0, next = 0;
	socklen_t len = address("::", number(arg[0]), &any);
	int fd = open_socket(AF_INET6, SOCK_DGRAM), one = 1, ttl;
	ssize_t n;

	if (setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &one, sizeof(one)))
		die("IP_RECVTTL");
	if (bind(fd, (void *)&any, len))
		die("bind");
	puts("listening");
	fflush(stdout);
	while (received < count && wait_in(fd, ms)) {
		n = recv_ttl(fd, &ttl);
		if (n < 0)
			continue;
		received++;
		other_ttl += ttl != want_ttl;
		if (!intact(buf, n, &seq))
			corrupt++;
		else if ((int32_t)(seq - next) < 0)
			late++;
		else
			next = seq + 1;
	}
	/* Numbers start at 0. */
	printf("received %ld\nlost %ld\ncorrupt %ld\nlate %ld\n", received,
	       (long)next - received + corrupt, corrupt, late);
	if (argc == 4)
		printf("other-ttl %ld\n", other_ttl);
	return corrupt ? 1 : 0;
}

/* Of how many packets sent by MSG_ZEROCOPY the kernel has let go meanwhile. */
static long given_back(int fd)
{
	char control[256];
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const struct sock_extended_err *err;
	struct cmsghdr *c;
	long n = 0;

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return 0;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		err = (void *)CMSG_DATA(c);
		if (err->ee_origin == SO_EE_ORIGIN_ZEROCOPY)
			n += err->ee_data - err->ee_info + 1;
	}
	return n;
}

static int udp_send(char **arg)
{
	struct sockaddr_storage to;
	socklen_t len = address(arg[0], number(arg[1]), &to);
	long size = number(arg[2]), count = number(arg[3]);
	long rate = number(arg[4]), i, full = 0;
	int fd = open_socket(to.ss_family, SOCK_DGRAM), on = 1;
	uint64_t start = now_us();
	uint8_t *p = buf;
	long back = 0;

	if (size < 4 || (size_t)size > sizeof(buf))
		return 2;
	if (zerocopy) {
		/* Each has its own memory, which may be read at any time. */
		p = malloc(size * count);
		if (!p || setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on,
				     sizeof(on)))
			die("zero copy");
	}
	for (i = 0; i < count; i++) {
		uint64_t due = rate ? start + i * 1000000 / rate : 0;
		uint64_t now = now_us();

		if (due > now)
			usleep(due - now);
		if (zerocopy && i)
			p += size;
		fill(p, size, i);
		/* A full queue is not a loss: the same one again. */
		while (sendto(fd, p, size, zerocopy ? MSG_ZEROCOPY : 0,
			      (void *)&to, len) < 0) {
			if (errno != ENOBUFS && errno != EAGAIN)
				die("send");
			if (++full > 1000000)
				die("queue stays full");
			usleep(200);
		}
	}
	printf("sent %ld\nfull %ld\n", count, full);
	if (zerocopy) {
		for (i = 0; back < count && i < 1000; i++) {
			usleep(1000);
			back += given_back(fd);
		}
		printf("given-back %ld\n", back);
	}
	return 0;
}

static int udp_echo(int argc, char **arg)
{
	struct sockaddr_storage to;
	socklen_t len = address(arg[0], 7, &to);
	int fd = open_socket(to.ss_family, SOCK_DGRAM);
	long count = number(arg[1]), lost = 0, corrupt = 0, late = 0, i;
	uint32_t got, seq = 0;
	int size;

	if (connect(fd, (void *)&to, len))
		die("connect");
	for (size = 2; size < argc; size++) {
		size_t want = number(arg[size]);

		if (want > sizeof(buf))
			return 2;
		for (i = 0; i < count; i++, seq++) {
			ssize_t n = -1;

			while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
				late++;
			fill(buf, want, seq);
			if (send(fd, buf, want, 0) < 0)
				die("send");
			if (wait_in(fd, 3000))
				n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n < 0) {
				lost++;
				printf("no echo of %zu bytes\n", want);
			} else if ((size_t)n != want ||
				   (n >= 4 && (!intact(buf, n, &got) ||
					       got != seq))) {
				corrupt++;
				printf("echo of %zu bytes is wrong (%zd)\n",
				       want, n);
			}
		}
	}
	printf("sent %u\nlost %ld\nlate %ld\ncorrupt %ld\n", seq, lost, late,
	       corrupt);
	return lost || corrupt;
}

/* ---- TCP --------------------------------------------------------------- */

/* A byte of the stream: no short period, and cheap. */
static uint8_t stream(uint64_t at)
{
	uint32_t x = (uint32_t)(at >> 2) * 2654435761u;

	return x >> (8 * (at & 3));
}

static int tcp_recv(char **arg)
{
	struct sockaddr_storage me;
	socklen_t len = address(arg[0], number(arg[1]), &me);
	int l = open_socket(me.ss_family, SOCK_STREAM), fd;
	uint64_t end, at = 0, wrong = 0;
	ssize_t n = -1, i;

	if (bind(l, (void *)&me, len) || listen(l, 1))
		die("listen");
	puts("listening");
	fflush(stdout);
	end = now_us() + number(arg[2]) * 1000000ull;
	if (!wait_in(l, number(arg[2]) * 1000)) {
		errno = ETIMEDOUT;
		die("accept");
	}
	fd = accept(l, NULL, NULL);
	while (fd >= 0 && now_us() < end) {
		if (!wait_in(fd, 1000))
			continue;
		n = recv(fd, buf, sizeof(buf), 0);
		if (n <= 0)
			break;
		for (i = 0; i < n; i++)
			if (buf[i] != stream(at + i) && !wrong++)
				printf("first wrong byte at %llu\n",
				       (unsigned long long)(at + i));
		at += n;
	}
	printf("received %llu\nwrong %llu\n", (unsigned long long)at,
	       (unsigned long long)wrong);
	if (n)
		puts("no end of the stream");
	return n || wrong;
}

static int tcp_send(char **arg)
{
	struct sockaddr_storage to;
	socklen_t len = address(arg[0], number(arg[1]), &to);
	struct timeval limit = { .tv_sec = number(arg[3]) };
	int fd = open_socket(to.ss_family, SOCK_STREAM);
	uint64_t bytes = number(arg[2]), at = 0, start;
	uint64_t end = now_us() + number(arg[3]) * 1000000ull;
	size_t n, i;
	ssize_t r;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (void *)&to, len))
		die("connect");
	start = now_us();
	while (at < bytes && now_us() < end) {
		n = bytes - at < sizeof(buf) ? bytes - at : sizeof(buf);
		for (i = 0; i < n; i++)
			buf[i] = stream(at + i);
		r = send(fd, buf, n, MSG_NOSIGNAL);
		if (r < 0)
			die("send");
		at += r;
	}
	shutdown(fd, SHUT_WR);
	printf("sent %llu\nms %llu\n", (unsigned long long)at,
	       (unsigned long long)(now_us() - start) / 1000);
	return at != bytes;
}

int main(int argc, char **argv)
{
	const char *cmd;

	if (argc > 2 && !strcmp(argv[1], "-i")) {
		device = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc > 1 && !strcmp(argv[1], "-z")) {
		zerocopy = true;
		argc--;
		argv++;
	}
	cmd = argc > 1 ? argv[1] : "";
	argc -= 2;
	argv += 2;
	if (!strcmp(cmd, "--help")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(cmd, "udp-recv") && (argc == 3 || argc == 4))
		return udp_recv(argc, argv);
	if (!strcmp(cmd, "udp-send") && argc == 5)
		return udp_send(argv);
	if (!strcmp(cmd, "udp-echo") && argc >= 3)
		return udp_echo(argc, argv);
	if (!strcmp(cmd, "tcp-recv") && argc == 3)
		return tcp_recv(argv);
	if (!strcmp(cmd, "tcp-send") && argc == 4)
		return tcp_send(argv);
	usage(stderr);
	return 2;
}
