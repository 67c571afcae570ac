// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes traffic in the guest and reads every counter that there is before and
 * after: the traffic runs in processes of its own, so that reading counters
 * does not hold it up, and nothing is started in between that would cost
 * processor time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS		8
#define COUNTERS	1024
#define BATCH		32
#define SPACES		4	/* network namespaces */
#define SAMPLE_MS	50

static const char usage_text[] =
"usage: load [-w MS] [-t MS] [-s WORDS] [-e WORDS] [-l] [-m] WORKER...\n"
"       load wait SECONDS PATH... [-- COMMAND...]\n"
"       load held\n"
"  -w MS     warm up before the window (300)\n"
"  -t MS     length of the window (2000)\n"
"  -s WORDS  command to the modem once all workers are ready, -e WORDS: after\n"
"            the window\n"
"  -l        local: do not ask the modem for its counters\n"
"  -m        sample the memory that the kernel holds; costs the guest time\n"
"WORKER is [ns=NETNS,][dev=DEVICE,] and one of\n"
"  udp-recv,PORT\n"
"  udp-send,ADDRESS,PORT,SIZE,RATE   RATE packets a second, 0: all it can\n"
"  tcp-recv,PORT                     accept one connection, read\n"
"  tcp-get,ADDRESS,PORT              connect, read\n"
"  tcp-send,ADDRESS,PORT             connect, write\n"
"Prints lines \"w.COUNTER N\" for what happened within the window, \"t.COUNTER N\"\n"
"from before the traffic until after it. \"wait\" runs the command and prints\n"
"after how many microseconds the files were there; \"held\" prints how many KiB\n"
"the kernel holds for itself.\n";

struct worker {
	char *spec;
	char *ns, *dev, *kind, *arg[4];
	pid_t pid;
	bool active;		/* traffic flows because of it */
	bool receives;
	/* Written by the worker. */
	struct shared {
		_Atomic uint64_t packets, bytes, errors;
		_Atomic bool ready;
	} *shared;
};

struct counter {
	char name[56];
	uint64_t value;
};

struct counters {
	struct counter c[COUNTERS];
	unsigned int count;
};

static struct worker workers[WORKERS];
static unsigned int worker_count;
static struct {
	const char *name;
	int dev, snmp;
} spaces[SPACES];
static unsigned int space_count;
static bool local, memory;
static _Atomic bool done;
static char text[1 << 17];

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* ---- counters ---------------------------------------------------------- */

static void count(struct counters *s, const char *name, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < s->count; i++) {
		if (!strcmp(s->c[i].name, name)) {
			s->c[i].value += value;
			return;
		}
	}
	if (s->count == COUNTERS) {
		errno = ENOSPC;
		die("counters");
	}
	snprintf(s->c[s->count].name, sizeof(s->c[0].name), "%s", name);
	s->c[s->count++].value = value;
}

static bool value_of(const struct counters *s, const char *name, uint64_t *v)
{
	unsigned int i;

	for (i = 0; i < s->count; i++)
		if (!strcmp(s->c[i].name, name)) {
			*v = s->c[i].value;
			return true;
		}
	return false;
}

/* Ask the host's side as the script "host" does; the answer is in text. */
static bool host(const char *request)
{
	int lock = open("/run/host.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int fd = open("/dev/virtio-ports/host", O_RDWR | O_CLOEXEC);
	size_t len = 0, want = sizeof(text) - 1;
	unsigned long length;
	char *body = NULL;
	int status = 1;
	ssize_t n;

	if (lock < 0 || fd < 0 || flock(lock, LOCK_EX))
		die("host");
	dprintf(fd, "%s\n", request);
	while (len < want) {
		n = read(fd, text + len, want - len);
		if (n <= 0)
			die("answer of the host");
		len += n;
		text[len] = '\0';
		if (!body && memchr(text, '\n', len)) {
			if (sscanf(text, "%d %lu", &status, &length) != 2)
				die(text);
			body = strchr(text, '\n') + 1;
			want = body - text + length;
			if (want > sizeof(text) - 1)
				die("long answer");
		}
	}
	close(fd);
	close(lock);
	memmove(text, body, want - (body - text) + 1);
	if (status)
		fprintf(stderr, "load: %s: %s", request, text);
	return !status;
}

/* Lines "name number" of the answer. */
static void count_answer(struct counters *s, const char *prefix)
{
	char *line, *save, word[40], name[56];
	unsigned long long v;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%39s %llu", word, &v) == 2) {
			snprintf(name, sizeof(name), "%s%s", prefix, word);
			count(s, name, v);
		}
}

static char *read_fd(int fd)
{
	size_t len = 0;
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while (len < sizeof(text) - 1 &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	return text;
}

static char *read_path(const char *path)
{
	int fd = open(path, O_RDONLY);
	char *p;

	if (fd < 0)
		die(path);
	p = read_fd(fd);
	close(fd);
	return p;
}

static void count_devices(struct counters *s, int fd)
{
	char *line, *save, dev[32], name[56];
	unsigned long long v[6];

	for (line = strtok_r(read_fd(fd), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		/* bytes packets errors dropped, four more; the same of tx */
		if (sscanf(line, " %31[^: ]: %*u %llu %llu %llu %*u %*u %*u %*u %*u %llu %llu %llu",
			   dev, v, v + 1, v + 2, v + 3, v + 4, v + 5) != 7)
			continue;
		snprintf(name, sizeof(name), "dev.%s.rx", dev);
		count(s, name, v[0]);
		snprintf(name, sizeof(name), "dev.%s.rx-drop", dev);
		count(s, name, v[1] + v[2]);
		snprintf(name, sizeof(name), "dev.%s.tx", dev);
		count(s, name, v[3]);
		snprintf(name, sizeof(name), "dev.%s.tx-drop", dev);
		count(s, name, v[4] + v[5]);
	}
}

/* A word of the line that begins with "@proto: ", by the heading above it. */
static void count_snmp(struct counters *s, int fd, const char *proto,
		       const char *word, const char *name)
{
	char *heads, *values, *h, *v, *hs, *vs;
	size_t len = strlen(proto);

	heads = read_fd(fd);
	while (heads && strncmp(heads, proto, len)) {
		heads = strchr(heads, '\n');
		heads = heads ? heads + 1 : NULL;
	}
	values = heads ? strchr(heads, '\n') : NULL;
	if (!values)
		return;
	*values++ = '\0';
	if (strchr(values, '\n'))
		*strchr(values, '\n') = '\0';
	for (h = strtok_r(heads, " ", &hs), v = strtok_r(values, " ", &vs);
	     h && v; h = strtok_r(NULL, " ", &hs), v = strtok_r(NULL, " ", &vs))
		if (!strcmp(h, word))
			count(s, name, strtoull(v, NULL, 10));
}

static uint64_t meminfo(const char *info, const char *word)
{
	size_t len = strlen(word);
	const char *p;

	for (p = info; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, word, len) && p[len] == ':')
			return strtoull(p + len + 1, NULL, 10);
	}
	return 0;
}

/*
 * KiB that the kernel holds for itself: all but what is free (on the lists of
 * the processors, too), what programs have, and what it could give back.
 */
static uint64_t held(void)
{
	static const char * const others[] = {
		"MemFree", "AnonPages", "Cached", "Buffers", "SReclaimable",
		"PageTables", "KernelStack",
	};
	char *info = read_path("/proc/meminfo"), *p;
	uint64_t kib = meminfo(info, "MemTotal");
	unsigned int i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		kib -= meminfo(info, others[i]);
	for (p = read_path("/proc/zoneinfo"); (p = strstr(p, " count:"));)
		kib -= strtoull(p += 7, NULL, 10) * (getpagesize() / 1024);
	return kib;
}

static void snapshot(struct counters *s)
{
	unsigned long long v[8];
	char name[32], *line, *save;
	unsigned int i;

	s->count = 0;
	count(s, "ns", now_ns());
	/* All at one time, as near as it gets, and those of the host first. */
	if (host("cpu"))
		count_answer(s, "");
	for (i = 0; i < worker_count; i++) {
		snprintf(name, sizeof(name), "app.%u.packets", i);
		count(s, name, workers[i].shared->packets);
		snprintf(name, sizeof(name), "app.%u.bytes", i);
		count(s, name, workers[i].shared->bytes);
		snprintf(name, sizeof(name), "app.%u.errors", i);
		count(s, name, workers[i].shared->errors);
	}
	if (!local && host("modem stats"))
		count_answer(s, "modem.");
	if (sscanf(read_path("/proc/stat"),
		   "cpu %llu %llu %llu %llu %llu %llu %llu %llu", v, v + 1,
		   v + 2, v + 3, v + 4, v + 5, v + 6, v + 7) == 8) {
		/* Hundredths of a second; all but idle, iowait and steal */
		count(s, "stat.busy", v[0] + v[1] + v[2] + v[5] + v[6]);
		count(s, "stat.softirq", v[6]);
		count(s, "stat.irq", v[5]);
		count(s, "stat.user", v[0] + v[1]);
	}
	for (line = strtok_r(read_path("/proc/net/softnet_stat"), "\n", &save);
	     line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%*x %llx %llx", v, v + 1) == 2) {
			count(s, "softnet.dropped", v[0]);
			count(s, "softnet.squeezed", v[1]);
		}
	for (i = 0; i < space_count; i++) {
		count_devices(s, spaces[i].dev);
		count_snmp(s, spaces[i].snmp, "Udp:", "RcvbufErrors",
			   "udp.rcvbuf");
		count_snmp(s, spaces[i].snmp, "Udp:", "InCsumErrors",
			   "udp.csum");
		count_snmp(s, spaces[i].snmp, "Tcp:", "RetransSegs",
			   "tcp.retrans");
	}
}

static void print(const char *prefix, const struct counters *a,
		  const struct counters *b)
{
	unsigned int i;
	uint64_t old;

	for (i = 0; i < b->count; i++) {
		old = 0;
		value_of(a, b->c[i].name, &old);
		if (b->c[i].value != old)
			printf("%s%s %lld\n", prefix, b->c[i].name,
			       (long long)(b->c[i].value - old));
	}
}

/* ---- workers ----------------------------------------------------------- */

static int open_socket(const struct worker *w, int type)
{
	int fd = socket(AF_INET, type, 0), on = 1, size = 4 << 20;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Only what the guest cannot keep up with at all shall be lost. */
	if (type == SOCK_DGRAM && w->receives)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (w->dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, w->dev,
				 strlen(w->dev)))
		die(w->dev);
	return fd;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
	};

	if (host && inet_pton(AF_INET, host, &a.sin_addr) != 1) {
		errno = EINVAL;
		die(host);
	}
	return a;
}

static void udp_recv(struct worker *w)
{
	static uint8_t data[BATCH][2048];
	struct sockaddr_in me = address(NULL, w->arg[0]);
	int fd = open_socket(w, SOCK_DGRAM), n, i;
	struct mmsghdr m[BATCH] = { 0 };
	struct iovec v[BATCH];

	if (bind(fd, (void *)&me, sizeof(me)))
		die("bind");
	for (i = 0; i < BATCH; i++) {
		v[i] = (struct iovec){ data[i], sizeof(data[i]) };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = v + i,
						.msg_iovlen = 1 };
	}
	w->shared->ready = true;
	for (;;) {
		n = recvmmsg(fd, m, BATCH, MSG_WAITFORONE, NULL);
		if (n < 0) {
			w->shared->errors++;
			continue;
		}
		for (i = 0; i < n; i++)
			w->shared->bytes += m[i].msg_len;
		w->shared->packets += n;
	}
}

static void on_term(int sig)
{
	(void)sig;
	done = true;
}

static void udp_send(struct worker *w)
{
	struct sockaddr_in to = address(w->arg[0], w->arg[1]);
	uint64_t size = atol(w->arg[2]), rate = atol(w->arg[3]);
	int fd = open_socket(w, SOCK_DGRAM), n, i;
	const struct sigaction finish = { .sa_handler = on_term };
	struct mmsghdr m[BATCH] = { 0 };
	uint64_t start, sent = 0, due;
	static uint8_t data[2048];
	struct iovec v[BATCH];
	unsigned int want;

	if (size > sizeof(data) || connect(fd, (void *)&to, sizeof(to)))
		die("connect");
	for (i = 0; i < BATCH; i++) {
		v[i] = (struct iovec){ data, size };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = v + i,
						.msg_iovlen = 1 };
	}
	/* Asked to stop, count what went out and keep it on its way. */
	sigaction(SIGTERM, &finish, NULL);
	w->shared->ready = true;
	start = now_ns();
	while (!done) {
		want = BATCH;
		if (rate) {
			due = (now_ns() - start) * rate / 1000000000;
			if (due <= sent) {
				sleep_ms(1);
				continue;
			}
			if (due - sent < BATCH)
				want = due - sent;
		}
		n = sendmmsg(fd, m, want, 0);
		if (n < 0) {
			/* A full queue, or an ICMP error. */
			w->shared->errors++;
			sleep_ms(1);
			continue;
		}
		sent += n;
		w->shared->packets += n;
		w->shared->bytes += n * size;
	}
}

static void read_all(struct worker *w, int fd)
{
	static uint8_t data[1 << 17];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0) {
		w->shared->bytes += n;
		w->shared->packets++;
	}
	w->shared->errors++;
}

static void tcp_recv(struct worker *w)
{
	struct sockaddr_in me = address(NULL, w->arg[0]);
	int l = open_socket(w, SOCK_STREAM), fd;

	if (bind(l, (void *)&me, sizeof(me)) || listen(l, 1))
		die("listen");
	w->shared->ready = true;
	fd = accept(l, NULL, NULL);
	if (fd < 0)
		die("accept");
	read_all(w, fd);
}

static int tcp_connect(struct worker *w)
{
	struct sockaddr_in to = address(w->arg[0], w->arg[1]);
	int fd;

	w->shared->ready = true;
	for (;;) {
		fd = open_socket(w, SOCK_STREAM);
		if (!connect(fd, (void *)&to, sizeof(to)))
			return fd;
		w->shared->errors++;
		close(fd);
		sleep_ms(20);
	}
}

static void tcp_get(struct worker *w)
{
	read_all(w, tcp_connect(w));
}

static void tcp_send(struct worker *w)
{
	static uint8_t data[1 << 17];
	int fd = tcp_connect(w);
	ssize_t n;

	while ((n = send(fd, data, sizeof(data), MSG_NOSIGNAL)) > 0) {
		w->shared->bytes += n;
		w->shared->packets++;
	}
	w->shared->errors++;
}

static const struct {
	const char *name;
	void (*run)(struct worker *w);
	int args;
	bool active, receives;
} kinds[] = {
	{ "udp-recv", udp_recv, 1, false, true },
	{ "udp-send", udp_send, 4, true, false },
	{ "tcp-recv", tcp_recv, 1, false, true },
	{ "tcp-get", tcp_get, 2, true, true },
	{ "tcp-send", tcp_send, 2, true, false },
};

static void usage(FILE *f, int status)
{
	fputs(usage_text, f);
	exit(status);
}

static unsigned int parse(struct worker *w, char *spec)
{
	unsigned int k, n = 0;
	char *save, *p;

	w->spec = strdup(spec);
	w->shared = mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->shared == MAP_FAILED)
		die("mmap");
	for (p = strtok_r(spec, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		if (!w->kind && !strncmp(p, "ns=", 3))
			w->ns = p + 3;
		else if (!w->kind && !strncmp(p, "dev=", 4))
			w->dev = p + 4;
		else if (!w->kind)
			w->kind = p;
		else if (n < 4)
			w->arg[n++] = p;
	}
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (w->kind && !strcmp(kinds[k].name, w->kind) &&
		    kinds[k].args == (int)n) {
			w->active = kinds[k].active;
			w->receives = kinds[k].receives;
			return k;
		}
	fprintf(stderr, "load: '%s' is no worker\n", w->spec);
	usage(stderr, 2);
	return 0;
}

static int open_proc(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

static void enter(int fd, const char *name)
{
	if (setns(fd, CLONE_NEWNET))
		die(name);
}

static int open_ns(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	return open_proc(path);
}

/* Files of /proc/net stay those of the namespace in which they were opened. */
static void add_space(const char *name)
{
	int own = -1, fd;
	unsigned int i;

	for (i = 0; i < space_count; i++)
		if (!strcmp(spaces[i].name, name))
			return;
	if (space_count == SPACES)
		return;
	if (*name) {
		own = open_proc("/proc/self/ns/net");
		fd = open_ns(name);
		enter(fd, name);
		close(fd);
	}
	spaces[space_count].name = name;
	spaces[space_count].dev = open_proc("/proc/self/net/dev");
	spaces[space_count++].snmp = open_proc("/proc/self/net/snmp");
	if (own >= 0) {
		enter(own, "own namespace");
		close(own);
	}
}

static void start(struct worker *w, unsigned int kind)
{
	uint64_t end = now_ns() + 5000000000ull;

	w->pid = fork();
	if (w->pid < 0)
		die("fork");
	if (!w->pid) {
		if (w->ns)
			enter(open_ns(w->ns), w->ns);
		kinds[kind].run(w);
		/* The end of a stream: stay, for the counters' sake. */
		for (;;)
			pause();
	}
	while (!w->shared->ready && now_ns() < end &&
	       !waitpid(w->pid, NULL, WNOHANG))
		sleep_ms(1);
	if (!w->shared->ready) {
		fprintf(stderr, "load: '%s' did not begin\n", w->spec);
		exit(1);
	}
}

static void stop_active(void)
{
	unsigned int i;

	for (i = 0; i < worker_count; i++)
		if (workers[i].active && workers[i].pid > 0)
			kill(workers[i].pid, SIGTERM);
}

static void cleanup(void)
{
	unsigned int i;

	for (i = 0; i < worker_count; i++)
		if (workers[i].pid > 0)
			kill(workers[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
}

/* ---- the measurement --------------------------------------------------- */

static uint64_t progress(void)
{
	uint64_t least = UINT64_MAX;
	unsigned int i;

	/* What arrives counts; a sender alone is its own judge. */
	for (i = 0; i < worker_count; i++)
		if (workers[i].receives && workers[i].shared->bytes < least)
			least = workers[i].shared->bytes;
	for (i = 0; i < worker_count && least == UINT64_MAX; i++)
		least = workers[i].shared->bytes;
	return least;
}

/* Let the time pass; tell the longest time in which nothing moved. */
static void window(unsigned int ms)
{
	uint64_t t = now_ns(), end = t + ms * 1000000ull, moved = t;
	uint64_t last = progress(), longest = 0, most = 0, m;

	while ((t = now_ns()) < end) {
		sleep_ms(SAMPLE_MS);
		t = now_ns();
		if (progress() != last) {
			last = progress();
			moved = t;
		} else if (t - moved > longest) {
			longest = t - moved;
		}
		/* Reading /proc costs a thousand instructions a packet. */
		m = memory ? held() : 0;
		if (m > most)
			most = m;
	}
	printf("w.still-ms %llu\n", (unsigned long long)longest / 1000000);
	if (memory)
		printf("w.held %llu\n", (unsigned long long)most);
}

/* Everything that moves when a packet does */
static uint64_t moved(const struct counters *s)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < s->count; i++)
		if (!strncmp(s->c[i].name, "app.", 4) ||
		    !strncmp(s->c[i].name, "dev.", 4) ||
		    !strncmp(s->c[i].name, "udp.", 4) ||
		    !strncmp(s->c[i].name, "modem.session.", 14))
			sum += s->c[i].value;
	return sum;
}

/* What is still on its way must arrive, or it would be taken for lost. */
static void settle(struct counters *s)
{
	uint64_t end = now_ns() + 3000000000ull, before;

	snapshot(s);
	do {
		before = moved(s);
		sleep_ms(100);
		snapshot(s);
	} while (moved(s) != before && now_ns() < end);
}

static bool all_there(char **paths)
{
	while (*paths)
		if (access(*paths++, F_OK))
			return false;
	return true;
}

/* wait SECONDS PATH... [-- COMMAND...] */
static int wait_paths(char **arg)
{
	uint64_t begin = now_ns(), limit = atol(arg[0]) * 1000000000ull;
	char **command = arg;

	while (*command && strcmp(*command, "--"))
		command++;
	if (*command) {
		*command++ = NULL;
		if (!fork()) {
			execvp(command[0], command);
			die(command[0]);
		}
	}
	while (!all_there(arg + 1)) {
		if (now_ns() - begin > limit)
			return 1;
		usleep(200);
	}
	printf("%llu\n", (unsigned long long)(now_ns() - begin) / 1000);
	while (wait(NULL) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	static struct counters first, from, to, last;
	unsigned int kind[WORKERS], warm = 300, ms = 2000, i;
	const char *before = NULL, *after = NULL;
	int opt;

	if (argc >= 4 && !strcmp(argv[1], "wait"))
		return wait_paths(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "held")) {
		printf("%llu\n", (unsigned long long)held());
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--help"))
		usage(stdout, 0);
	while ((opt = getopt(argc, argv, "w:t:s:e:lm")) != -1) {
		switch (opt) {
		case 'w':
			warm = atoi(optarg);
			break;
		case 't':
			ms = atoi(optarg);
			break;
		case 's':
			before = optarg;
			break;
		case 'e':
			after = optarg;
			break;
		case 'm':
			memory = true;
			break;
		case 'l':
			local = true;
			break;
		default:
			usage(stderr, 2);
		}
	}
	worker_count = argc - optind;
	if (!worker_count || worker_count > WORKERS)
		usage(stderr, 2);
	for (i = 0; i < worker_count; i++)
		kind[i] = parse(&workers[i], argv[optind + i]);
	atexit(cleanup);
	add_space("");
	for (i = 0; i < worker_count; i++)
		if (workers[i].ns)
			add_space(workers[i].ns);
	/* Who receives is there first. */
	for (i = 0; i < worker_count; i++)
		if (!workers[i].active)
			start(&workers[i], kind[i]);
	snapshot(&first);
	for (i = 0; i < worker_count; i++)
		if (workers[i].active)
			start(&workers[i], kind[i]);
	if (before && !host(before))
		return 1;
	sleep_ms(warm);
	snapshot(&from);
	window(ms);
	snapshot(&to);
	stop_active();
	if (after && !host(after))
		return 1;
	settle(&last);
	print("w.", &from, &to);
	print("t.", &first, &last);
	return 0;
}
