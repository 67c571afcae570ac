// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients of the modem, one thread each: requests on the ports, packets in both
 * directions, links that are added and deleted, sockets that are not read,
 * monitoring. The clients ignore all errors, but they must not hang.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "torture.h"

static atomic_bool stop, paused;
static pthread_mutex_t pause_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pause_over = PTHREAD_COND_INITIALIZER;

struct client {
	const char *name;
	void (*run)(struct client *c);
	unsigned int arg;
	struct dice dice;
	pthread_t thread;
	atomic_ulong done;
};

/*
 * End of a round of a client. Returns false if the client must stop. With all
 * checkers on, a system call is many times slower. Clients without pauses would
 * use all CPU time of the guest, and episodes would take minutes.
 */
static bool again(unsigned int ms)
{
	if (ms)
		sleep_ms(ms * opt.pace);
	if (paused && !stop) {
		pthread_mutex_lock(&pause_lock);
		while (paused && !stop)
			pthread_cond_wait(&pause_over, &pause_lock);
		pthread_mutex_unlock(&pause_lock);
	}
	return !stop;
}

/* ---- Ports ---- */

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = v;
	p[1] = v >> 8;
	p[2] = v >> 16;
	p[3] = v >> 24;
}

/* A request of the MBIM function: OPEN, CLOSE, or DEVICE_CAPS. */
static size_t mbim_request(uint8_t *m, unsigned int what, uint32_t id)
{
	static const uint8_t basic_connect[16] = {
		0xa2, 0x89, 0xcc, 0x33, 0xbc, 0xbb, 0x8b, 0x4f,
		0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf
	};
	size_t len = what == 1 ? 16 : what == 2 ? 12 : 48;

	memset(m, 0, 48);
	put32(m, what);
	put32(m + 4, len);
	put32(m + 8, id);
	if (what == 1) {
		put32(m + 12, 4096);
	} else if (what == 3) {
		put32(m + 12, 1);
		memcpy(m + 20, basic_connect, 16);
		put32(m + 36, 1);
	}
	return len;
}

static void port_client(struct client *c)
{
	static const char * const devices[] = { "", "/dev/wwan0at0" };
	uint8_t msg[2048], in[32768];
	struct pollfd p = { .events = POLLIN };
	unsigned int rounds, flags;
	const char *device;
	size_t len;

	while (again(below(&c->dice, 20))) {
		device = c->arg ? devices[c->arg] : control_port();
		flags = below(&c->dice, 4) ? O_NONBLOCK : 0;
		p.fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (p.fd < 0) {
			again(10);
			continue;
		}
		fcntl(p.fd, F_SETFL, flags | O_NONBLOCK);
		rounds = 1 + below(&c->dice, 6);
		while (rounds-- && !stop) {
			if (c->arg)
				len = sprintf((char *)msg, "ATI\r");
			else
				len = mbim_request(msg, rounds & 1 ? 1 : 3,
						   rounds + 1);
			if (!below(&c->dice, 16))
				len = 1 + below(&c->dice, sizeof(msg));
			if (write(p.fd, msg, len) < 0 && errno != EAGAIN)
				break;
			if (!below(&c->dice, 4))
				continue;	/* do not read the answer */
			if (poll(&p, 1, 20 + below(&c->dice, 100)) > 0 &&
			    read(p.fd, in, sizeof(in)) <= 0)
				break;
			c->done++;
		}
		close(p.fd);
	}
}

/* Keeps the port open without reading: the modem has to wait. */
static void holder_client(struct client *c)
{
	struct pollfd p = { .events = 0 };
	unsigned int i;

	while (again(10)) {
		p.fd = open("/dev/wwan0at0", O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (p.fd < 0)
			continue;
		for (i = 0; i < 20 && !stop; i++) {
			if (write(p.fd, "ATI\r", 4) < 0 && errno != EAGAIN)
				break;
			if (poll(&p, 1, 10 + below(&c->dice, 50)) > 0)
				break;		/* hung up */
		}
		c->done++;
		close(p.fd);
	}
}

static bool exchange(const char *device, const void *request, size_t len,
		     const char *wanted, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;
	struct pollfd p = { .events = POLLIN };
	char in[32769];
	bool ok = false;
	ssize_t n;

	p.fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (p.fd < 0)
		return false;
	if (write(p.fd, request, len) == (ssize_t)len) {
		while (!ok && now_ms() < end) {
			if (poll(&p, 1, 100) < 1)
				continue;
			n = read(p.fd, in, sizeof(in) - 1);
			if (n <= 0)
				break;
			in[n] = 0;
			/* MBIM: OPEN_DONE has the type 0x80000001. */
			ok = wanted ? !!strstr(in, wanted) :
				      in[0] == 1 && (uint8_t)in[3] == 0x80;
		}
	}
	close(p.fd);
	return ok;
}

/* at_works() - check that AT is answered with OK */
bool at_works(const char *device, unsigned int timeout_ms)
{
	return exchange(device, "AT\r", 3, "OK", timeout_ms);
}

/* mbim_works() - check that MBIM_OPEN is answered */
bool mbim_works(unsigned int timeout_ms)
{
	uint8_t msg[48];
	size_t len = mbim_request(msg, 1, 1);

	return exchange(control_port(), msg, len, NULL, timeout_ms);
}

/* ---- Packets ---- */

/* Keeps the link of a session up and sends bursts of packets. */
static void sender_client(struct client *c)
{
	unsigned int i, burst, size;
	char name[16], path[64];
	int fd;

	link_name(c->arg, name);
	snprintf(path, sizeof(path), "/sys/class/net/%s", name);
	while (again(10)) {
		if (!exists(path) && (!c->arg || link_add(c->arg)))
			continue;
		if (link_up(name, true) || link_address(name, c->arg))
			continue;
		fd = udp_socket(name, 0);
		while (fd >= 0 && again(4)) {
			burst = 1 + below(&c->dice, 32);
			size = below(&c->dice, 3) ? 64 : 1400;
			for (i = 0; i < burst; i++) {
				int err = udp_send(fd, size, i);

				if (err && err != -EAGAIN && err != -ENOBUFS)
					break;
			}
			if (i < burst)
				break;
			c->done += burst;
		}
		if (fd >= 0)
			close(fd);
	}
}

/* Reads the packets of the generator, or keeps them in the socket. */
static void receiver_client(struct client *c)
{
	struct pollfd p = { .events = POLLIN };
	uint8_t in[2048];
	char name[16];
	uint64_t end;
	bool lazy;

	link_name(c->arg, name);
	while (again(10)) {
		p.fd = udp_socket(name, 9000);
		if (p.fd < 0)
			continue;
		lazy = !below(&c->dice, 3);
		end = now_ms() + 100 + below(&c->dice, 900);
		while (now_ms() < end && !stop) {
			if (lazy) {
				sleep_ms(20);
				continue;
			}
			if (poll(&p, 1, 50) < 1)
				continue;
			while (recv(p.fd, in, sizeof(in), MSG_DONTWAIT) >= 0)
				c->done++;
		}
		close(p.fd);
	}
}

static void ping_client(struct client *c)
{
	char name[16];

	link_name(c->arg, name);
	while (again(20))
		c->done += ping(name, 1);
}

/* ---- Links ---- */

static void link_client(struct client *c)
{
	unsigned int session;
	char name[16];

	while (again(below(&c->dice, 20))) {
		session = 2 + below(&c->dice, SESSIONS - 2);
		link_name(session, name);
		if (!link_add(session)) {
			c->done++;
			if (below(&c->dice, 3))
				link_up(name, true);
			if (!below(&c->dice, 4))
				link_mtu(name, 1280 + below(&c->dice, 16000));
		}
		if (below(&c->dice, 2))
			again(below(&c->dice, 50));
		session = 2 + below(&c->dice, SESSIONS - 2);
		link_del(link_name(session, name));
	}
}

/* Sets wwan0-1 down and up under traffic. */
static void toggle_client(struct client *c)
{
	while (again(below(&c->dice, 100))) {
		c->done += !link_up("wwan0-1", false);
		again(below(&c->dice, 10));
		if (!link_up("wwan0-1", true))
			link_address("wwan0-1", 1);
	}
}

static void stats_client(struct client *c)
{
	char name[16];

	while (again(20)) {
		link_stats(link_name(below(&c->dice, SESSIONS), name));
		c->done++;
	}
}

static struct client clients[] = {
	{ .name = "control", .run = port_client },
	{ .name = "at", .run = port_client, .arg = 1 },
	{ .name = "holder", .run = holder_client },
	{ .name = "sent.0", .run = sender_client },
	{ .name = "sent.1", .run = sender_client, .arg = 1 },
	{ .name = "received.0", .run = receiver_client },
	{ .name = "received.1", .run = receiver_client, .arg = 1 },
	{ .name = "pings", .run = ping_client },
	{ .name = "links", .run = link_client },
	{ .name = "toggles", .run = toggle_client },
	{ .name = "stats", .run = stats_client },
};

static void *run_client(void *arg)
{
	struct client *c = arg;

	c->run(c);
	return NULL;
}

void clients_pause(bool pause)
{
	pthread_mutex_lock(&pause_lock);
	paused = pause;
	pthread_cond_broadcast(&pause_over);
	pthread_mutex_unlock(&pause_lock);
}

void clients_start(uint64_t seed)
{
	pthread_attr_t attr;
	unsigned int i;

	stop = false;
	paused = false;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i].dice.state = seed + i;
		if (pthread_create(&clients[i].thread, &attr, run_client,
				   &clients[i])) {
			perror("torture: thread");
			exit(1);
		}
		pthread_setname_np(clients[i].thread, clients[i].name);
	}
	pthread_attr_destroy(&attr);
}

void clients_stop(void)
{
	char what[64];
	unsigned int i;

	stop = true;
	clients_pause(false);
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		snprintf(what, sizeof(what), "waiting for client %s",
			 clients[i].name);
		doing(what);
		pthread_join(clients[i].thread, NULL);
		snprintf(what, sizeof(what), "client.%s", clients[i].name);
		counted(what, clients[i].done);
		clients[i].done = 0;
	}
}
