// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two channels without a function of their own. Loopback (5) returns what
 * it receives. Trace (3) sends a counted pattern on the control command.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "device.h"
#include "loop.h"

#define CHAN_TRACE	3
#define CHAN_LOOPBACK	5

/* Limit of the loopback queue while the host posts no buffer. */
#define LOOPBACK_MAX	(4u << 20)

#define TRACE_MAX	65536

struct echo {
	struct echo *next;
	size_t len;
	uint8_t data[];
};

struct misc {
	struct vm *vm;
	struct vm_chan *trace;
	struct echo *first, **last;
	size_t queued;
	uint64_t dropped;

	uint64_t trace_left;	/* pieces still to send */
	size_t trace_size;
	uint32_t trace_seq;
};

/* There is one modem per process, for the lifetime of the process. */
static struct misc misc;

static void echo_drop_all(struct misc *m)
{
	while (m->first) {
		struct echo *e = m->first;

		m->first = e->next;
		free(e);
	}
	m->last = &m->first;
	m->queued = 0;
}

static void echo_room(struct vm_chan *ch)
{
	struct misc *m = vm_chan_priv(ch);

	while (m->first) {
		struct echo *e = m->first;
		int ret = vm_chan_send(ch, e->data, e->len);

		if (ret == -EAGAIN)
			return;
		if (ret)
			m->dropped++;
		m->first = e->next;
		if (!m->first)
			m->last = &m->first;
		m->queued -= e->len;
		free(e);
	}
}

static void echo_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	struct misc *m = vm_chan_priv(ch);
	struct echo *e;

	e = m->queued + len > LOOPBACK_MAX ? NULL : malloc(sizeof(*e) + len);
	if (!e) {
		m->dropped++;
		return;
	}
	e->next = NULL;
	e->len = len;
	memcpy(e->data, data, len);
	*m->last = e;
	m->last = &e->next;
	m->queued += len;
	echo_room(ch);
}

static void echo_close(struct vm_chan *ch)
{
	echo_drop_all(vm_chan_priv(ch));
}

static const struct vm_chan_ops echo_ops = {
	.name = "loopback",
	.rx = echo_rx,
	.room = echo_room,
	.close = echo_close,
};

/* Each piece: le32 sequence number, then bytes that count up from it. */
static void trace_room(struct vm_chan *ch)
{
	static uint8_t piece[TRACE_MAX];
	struct misc *m = vm_chan_priv(ch);
	size_t i, room;

	while (m->trace_left) {
		size_t len = m->trace_size;

		room = vm_chan_room(ch);
		if (!room)
			return;
		if (len > room)
			len = room;
		if (len < 4)
			return;
		put_le32(piece, m->trace_seq);
		for (i = 4; i < len; i++)
			piece[i] = m->trace_seq + i;
		if (vm_chan_send(ch, piece, len))
			return;
		m->trace_seq++;
		m->trace_left--;
	}
}

static void trace_open(struct vm_chan *ch)
{
	struct misc *m = vm_chan_priv(ch);

	m->trace = ch;
	m->trace_seq = 0;
	trace_room(ch);
}

static void trace_close(struct vm_chan *ch)
{
	struct misc *m = vm_chan_priv(ch);

	m->trace = NULL;
	m->trace_left = 0;
}

/* The trace channel ignores all input. */
static void trace_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	(void)data;
	vm_debug(vm_chan_vm(ch), "trace: %zu bytes ignored", len);
}

static const struct vm_chan_ops trace_ops = {
	.name = "trace",
	.open = trace_open,
	.close = trace_close,
	.rx = trace_rx,
	.room = trace_room,
};

static void cmd_trace(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct misc *m = priv;
	uint64_t count, size = 4096;

	if (argc < 2 || argc > 3 || ctl_number(argv[1], UINT32_MAX, &count) ||
	    (argc == 3 && ctl_number(argv[2], TRACE_MAX, &size)) || size < 4) {
		ctl_error(r, "usage: trace COUNT [SIZE]");
		return;
	}
	if (!m->trace) {
		ctl_error(r, "the trace channel is not open");
		return;
	}
	m->trace_left = count;
	m->trace_size = size;
	trace_room(m->trace);
}

int misc_create(struct vm *vm)
{
	struct misc *m = &misc;
	int ret;

	memset(m, 0, sizeof(*m));
	m->vm = vm;
	m->last = &m->first;
	ret = vm_chan_attach(vm, CHAN_LOOPBACK, &echo_ops, m);
	if (!ret)
		ret = vm_chan_attach(vm, CHAN_TRACE, &trace_ops, m);
	if (!ret)
		ret = ctl_command(vm, "trace", cmd_trace, m,
				  "trace COUNT [SIZE] - send COUNT pieces of trace");
	return ret;
}
