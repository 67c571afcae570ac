/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stand-ins for the environment of a modem function in a unit test: channels
 * that record what is sent, a control socket and statistics without a socket, a
 * network that only counts, timers with a clock that the test advances. Include
 * it once, in the only file of the test.
 */
#ifndef VMODEM_TEST_FAKES_H
#define VMODEM_TEST_FAKES_H

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "vmodem.h"

#define FAKE_TDS	256

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct vm {
	struct vm_config config;
};

struct fake_td {
	size_t len;
	uint8_t *data;
};

struct vm_chan {
	const struct vm_chan_ops *ops;
	void *priv;
	bool open;
	size_t capacity;		/* of every DL buffer */
	unsigned int buffers;		/* posted */
	unsigned int asked;		/* calls of vm_chan_room() */
	unsigned int sent;		/* TDs the function has filled */
	unsigned int taken;		/* of these, seen by the test */
	struct fake_td td[FAKE_TDS];
};

static struct vm fake_vm;
static struct vm_chan fake_chan[VM_CHANNELS];

const struct vm_config *vm_config(const struct vm *vm)
{
	return &vm->config;
}

void vm_log(struct vm *vm, const char *fmt, ...)
{
	(void)vm;
	(void)fmt;
}

void vm_debug(struct vm *vm, const char *fmt, ...)
{
	(void)vm;
	(void)fmt;
}

/* ---- channels ---------------------------------------------------------- */

int vm_chan_attach(struct vm *vm, unsigned int nr,
		   const struct vm_chan_ops *ops, void *priv)
{
	assert(vm == &fake_vm && nr < VM_CHANNELS && !fake_chan[nr].ops);
	fake_chan[nr].ops = ops;
	fake_chan[nr].priv = priv;
	return 0;
}

void *vm_chan_priv(const struct vm_chan *ch)
{
	return ch->priv;
}

struct vm *vm_chan_vm(const struct vm_chan *ch)
{
	(void)ch;
	return &fake_vm;
}

bool vm_chan_is_open(const struct vm_chan *ch)
{
	return ch->open;
}

unsigned int vm_chan_posted(const struct vm_chan *ch)
{
	return ch->buffers;
}

size_t vm_chan_room(struct vm_chan *ch)
{
	ch->asked++;
	return ch->buffers ? ch->capacity : 0;
}

int vm_chan_send(struct vm_chan *ch, const void *data, size_t len)
{
	struct fake_td *td = &ch->td[ch->sent % FAKE_TDS];

	if (!ch->open)
		return -ENOTCONN;
	if (!ch->buffers)
		return -EAGAIN;
	if (len > ch->capacity)
		return -EMSGSIZE;
	assert(len && ch->sent - ch->taken < FAKE_TDS);
	/* A block of exactly this size, so that ASan detects every overrun. */
	free(td->data);
	td->data = malloc(len);
	assert(td->data);
	memcpy(td->data, data, len);
	td->len = len;
	ch->sent++;
	ch->buffers--;
	return 0;
}

static inline void fake_open(struct vm_chan *ch, size_t capacity,
			     unsigned int buffers)
{
	ch->open = true;
	ch->capacity = capacity;
	ch->buffers = buffers;
	ch->ops->open(ch);
}

static inline void fake_close(struct vm_chan *ch)
{
	ch->open = false;
	ch->buffers = 0;
	ch->ops->close(ch);
}

static inline void fake_post(struct vm_chan *ch, unsigned int buffers)
{
	ch->buffers += buffers;
	ch->ops->room(ch);
}

/* One TD from the host, in a block of its own. */
static inline void fake_rx(struct vm_chan *ch, const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	ch->ops->rx(ch, copy, len);
	free(copy);
}

/* The next TD that the function sent and the test has not read, or NULL. */
static inline const struct fake_td *fake_take(struct vm_chan *ch)
{
	if (ch->taken == ch->sent)
		return NULL;
	return &ch->td[ch->taken++ % FAKE_TDS];
}

static inline void fake_forget(struct vm_chan *ch)
{
	ch->taken = ch->sent;
}

/* ---- control socket ---------------------------------------------------- */

struct vm_reply {
	bool failed;
	char text[32768];
	size_t len;
};

static struct {
	const char *name;
	void (*fn)(void *priv, int argc, char **argv, struct vm_reply *r);
	void *priv;
} fake_cmd[32];

static struct {
	void (*fn)(void *priv, struct vm_reply *r, bool reset);
	void *priv;
} fake_stats[16];

static unsigned int fake_cmds, fake_stats_count;

void ctl_line(struct vm_reply *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->len += vsnprintf(r->text + r->len, sizeof(r->text) - r->len - 1,
			    fmt, ap);
	va_end(ap);
	assert(r->len < sizeof(r->text) - 1);
	r->text[r->len++] = '\n';
	r->text[r->len] = '\0';
}

void ctl_error(struct vm_reply *r, const char *fmt, ...)
{
	(void)fmt;
	r->failed = true;
}

int ctl_command(struct vm *vm, const char *name,
		void (*fn)(void *priv, int argc, char **argv,
			   struct vm_reply *r),
		void *priv, const char *help)
{
	assert(vm == &fake_vm && !strncmp(help, name, strlen(name)));
	fake_cmd[fake_cmds].name = name;
	fake_cmd[fake_cmds].fn = fn;
	fake_cmd[fake_cmds++].priv = priv;
	return 0;
}

int ctl_stats(struct vm *vm, void (*fn)(void *priv, struct vm_reply *r,
					bool reset), void *priv)
{
	(void)vm;
	fake_stats[fake_stats_count].fn = fn;
	fake_stats[fake_stats_count++].priv = priv;
	return 0;
}

int ctl_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || *value > max)
		return -EINVAL;
	return 0;
}

/*
 * Run a command of the control socket. Returns its answer, NULL for an error.
 */
static inline const char *fake_ask(const char *line)
{
	static struct vm_reply r;
	char buf[128], *argv[8];
	unsigned int i;
	int argc = 0;
	char *p;

	memset(&r, 0, sizeof(r));
	snprintf(buf, sizeof(buf), "%s", line);
	for (p = strtok(buf, " "); p && argc < 8; p = strtok(NULL, " "))
		argv[argc++] = p;
	for (i = 0; i < fake_cmds; i++) {
		if (strcmp(argv[0], fake_cmd[i].name))
			continue;
		fake_cmd[i].fn(fake_cmd[i].priv, argc, argv, &r);
		return r.failed ? NULL : r.text;
	}
	return NULL;
}

/* Run a command and return only its success. */
static inline bool fake_ctl(const char *line)
{
	return fake_ask(line);
}

/* A value of "stats"; -1 when there is no such line. */
static inline long long fake_stat(const char *name)
{
	struct vm_reply r = { 0 };
	size_t n = strlen(name);
	unsigned int i;
	char *p;

	for (i = 0; i < fake_stats_count; i++)
		fake_stats[i].fn(fake_stats[i].priv, &r, false);
	for (p = r.text; p && *p; p = strchr(p, '\n'), p += !!p)
		if (!strncmp(p, name, n) && p[n] == ' ')
			return atoll(p + n + 1);
	return -1;
}

static inline void fake_stats_reset(void)
{
	struct vm_reply r = { 0 };
	unsigned int i;

	for (i = 0; i < fake_stats_count; i++)
		fake_stats[i].fn(fake_stats[i].priv, &r, true);
	assert(!r.len);
}

/* ---- violations -------------------------------------------------------- */

#define FAKE_NAMES	32

/* Violations and quirks (with their numbers) since the last check. */
static struct {
	char name[40];
	int quirk;
	unsigned int count;
} fake_violation[FAKE_NAMES];

static unsigned int fake_violations;

static inline void fake_violation_add(const char *name, int quirk)
{
	unsigned int i;

	for (i = 0; i < fake_violations; i++) {
		if (!strcmp(fake_violation[i].name, name)) {
			fake_violation[i].count++;
			return;
		}
	}
	assert(i < FAKE_NAMES && strlen(name) < sizeof(fake_violation[0].name));
	strcpy(fake_violation[i].name, name);
	fake_violation[i].quirk = quirk;
	fake_violation[i].count = 1;
	fake_violations++;
}

void vm_violation(struct vm *vm, const char *name, const char *fmt, ...)
{
	char detail[256];
	va_list ap;

	assert(vm == &fake_vm);
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	fake_violation_add(name, 0);
}

bool vm_quirk(struct vm *vm, int nr, const char *name, const char *fmt, ...)
{
	char detail[256];
	va_list ap;

	assert(nr >= 1 && nr <= 11);
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	fake_violation_add(name, nr);
	return vm->config.quirks_reference;
}

/*
 * Was this reported once, as quirk @nr (0: a violation), and nothing else?
 * @name NULL: was nothing reported? Clears the list, and prints it on a
 * mismatch.
 */
static inline bool fake_reported(const char *name, int nr)
{
	unsigned int i, want = !!name;
	bool good = fake_violations == want &&
		(!want || (!strcmp(fake_violation[0].name, name) &&
			   fake_violation[0].quirk == nr &&
			   fake_violation[0].count == 1));

	for (i = 0; !good && i < fake_violations; i++)
		printf("# reported: %s (quirk %d), %u times\n",
		       fake_violation[i].name, fake_violation[i].quirk,
		       fake_violation[i].count);
	fake_violations = 0;
	return good;
}

/* ---- network ----------------------------------------------------------- */

/* A test of the network, or of a layer below it, brings its own network. */
#ifndef FAKE_NO_NET

struct net {
	bool up[VM_SESSIONS];
	struct net_counts counts[VM_SESSIONS];
};

struct net fake_net;

void net_connect(struct net *net, unsigned int session, bool up)
{
	assert(session < VM_SESSIONS && net->up[session] != up);
	net->up[session] = up;
}

bool net_connected(const struct net *net, unsigned int session)
{
	return net->up[session];
}

void net_counts(const struct net *net, unsigned int session,
		struct net_counts *out)
{
	*out = net->counts[session];
}

void net_addresses(unsigned int session, struct net_addr *out)
{
	unsigned int i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < 4; i++) {
		out->v4[i] = 0x10 + 16 * session + i;
		out->v4_gw[i] = 0x14 + 16 * session + i;
		out->v4_dns[i] = 0x18 + 16 * session + i;
	}
	for (i = 0; i < 16; i++) {
		out->v6[i] = 0x80 + session + i;
		out->v6_gw[i] = 0xa0 + session + i;
		out->v6_dns[i] = 0xc0 + session + i;
	}
	out->v4_prefix = 30;
	out->v6_prefix = 64;
	out->mtu = 1500;
}

#endif /* FAKE_NO_NET */

/* ---- timers ------------------------------------------------------------ */

static struct loop_timer *fake_timers;
static uint64_t fake_now = 1;

uint64_t loop_now(void)
{
	return fake_now;
}

void loop_timer_cancel(struct loop_timer *t)
{
	struct loop_timer **p;

	for (p = &fake_timers; *p; p = &(*p)->next) {
		if (*p == t) {
			*p = t->next;
			break;
		}
	}
	t->at = 0;
}

void loop_timer_set(struct loop_timer *t, uint64_t us)
{
	loop_timer_cancel(t);
	t->at = fake_now + us;
	t->next = fake_timers;
	fake_timers = t;
}

static void (*fake_idle_fn)(void *priv);
static void *fake_idle_priv;

int loop_idle_add(void (*fn)(void *priv), void *priv)
{
	fake_idle_fn = fn;
	fake_idle_priv = priv;
	return 0;
}

/* The end of a round of the event loop. */
static inline void fake_idle(void)
{
	if (fake_idle_fn)
		fake_idle_fn(fake_idle_priv);
}

/* Let @us microseconds pass. */
static inline void fake_sleep(uint64_t us)
{
	uint64_t end = fake_now + us;

	for (;;) {
		struct loop_timer *t, *first = NULL;

		for (t = fake_timers; t; t = t->next)
			if (t->at <= end && (!first || t->at < first->at))
				first = t;
		if (!first)
			break;
		fake_now = first->at;
		loop_timer_cancel(first);
		first->fn(first);
	}
	fake_now = end;
}

#endif
