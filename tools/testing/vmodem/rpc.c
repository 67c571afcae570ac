// SPDX-License-Identifier: GPL-2.0-only
/*
 * The XMM RPC function of the XMM7360, on channel 1.
 *
 * There is no public document of this protocol. What is known here is what
 * ModemManager (1.25, its Intel plugin) sends and expects:
 *
 *	le32	length of all that follows
 *	int	the same length
 *	int	call id; of a message from the modem: what it answers or tells
 *	be32	0x11000100 for a call that is answered at once, otherwise
 *		0x110001xx, the transaction of an asynchronous call
 *	...	parameters
 *
 * "int" is 0x02, a size of 1, 2 or 4, and the big-endian value. Parameters
 * are such numbers, or byte strings: 0x55 (elements of 1 byte; 0x56: 2,
 * 0x57: 4), count, int padded size, int padding, data and padding; a count
 * from 128 on is 0x80 + n and n bytes, the lowest first. The parameters of
 * an asynchronous call begin with its transaction as an int. It is answered
 * twice: by an acknowledgement, with an id from 2000 (0x7d0) on, and by the
 * result, whose parameters begin with the transaction as well.
 *
 * What is not known: the id of the acknowledgement (we use call id + 2000),
 * what a modem says to a call that it cannot parse (we say nothing, and
 * count), and the results of most calls: all get a single number 0, which is
 * well-formed, but not what a real modem has to tell.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "vmodem.h"

#define RPC_CHANNEL	1
#define RPC_HEADER	20
#define RPC_SYNC	0x11000100
#define RPC_ACK		2000	/* added to the call id */
#define RPC_QUEUE	32	/* answers that wait for DL buffers */
#define RPC_ANSWER	64	/* largest answer */

struct answer {
	size_t len;
	uint8_t data[RPC_ANSWER];
};

struct rpc {
	struct vm *vm;
	struct vm_chan *ch;
	unsigned int first;
	unsigned int count;
	struct answer queue[RPC_QUEUE];
	uint64_t calls;
	uint64_t malformed;
	uint64_t dropped;
};

/* ---- reading ----------------------------------------------------------- */

struct rd {
	const uint8_t *data;
	size_t len;
	size_t pos;
	bool bad;
};

static uint8_t rd_byte(struct rd *r)
{
	if (r->bad || r->pos == r->len) {
		r->bad = true;
		return 0;
	}
	return r->data[r->pos++];
}

static void rd_skip(struct rd *r, uint64_t n)
{
	if (r->bad || n > r->len - r->pos)
		r->bad = true;
	else
		r->pos += n;
}

static uint32_t rd_int(struct rd *r)
{
	uint32_t v = 0;
	uint8_t size;

	if (rd_byte(r) != 0x02)
		r->bad = true;
	size = rd_byte(r);
	if (size != 1 && size != 2 && size != 4)
		r->bad = true;
	while (size-- && !r->bad)
		v = v << 8 | rd_byte(r);
	return v;
}

static void skip_string(struct rd *r)
{
	unsigned int shift = rd_byte(r) - 0x55;
	uint64_t size = rd_byte(r);
	uint32_t padded, padding;

	if (size & 0x80) {
		unsigned int n = size & 0x7f, i;

		size = 0;
		if (n > 4)
			r->bad = true;
		for (i = 0; i < n && !r->bad; i++)
			size |= (uint64_t)rd_byte(r) << 8 * i;
	}
	size <<= shift;
	padded = rd_int(r);
	padding = rd_int(r);
	if (padded && padded != size + padding)
		r->bad = true;
	rd_skip(r, size + padding);
}

/* All parameters up to the end of the message must make sense. */
static void skip_parameters(struct rd *r)
{
	while (!r->bad && r->pos < r->len) {
		uint8_t tag = r->data[r->pos];

		if (tag >= 0x55 && tag <= 0x57)
			skip_string(r);
		else
			rd_int(r);
	}
}

/* ---- answering --------------------------------------------------------- */

static void put_int(struct answer *a, uint32_t v)
{
	a->data[a->len++] = 0x02;
	a->data[a->len++] = 4;
	put_be32(a->data + a->len, v);
	a->len += 4;
}

static void pump(struct rpc *rpc)
{
	while (rpc->count && rpc->ch) {
		const struct answer *a = &rpc->queue[rpc->first];
		int ret = vm_chan_send(rpc->ch, a->data, a->len);

		if (ret == -EAGAIN || ret == -ENOTCONN)
			return;
		if (ret)
			rpc->dropped++;
		rpc->first = (rpc->first + 1) % RPC_QUEUE;
		rpc->count--;
	}
}

/* @async: begin the parameters with the transaction. */
static void answer(struct rpc *rpc, uint32_t id, uint32_t tid, bool async,
		   uint32_t result)
{
	struct answer *a;

	if (rpc->count == RPC_QUEUE) {
		rpc->dropped++;
		return;
	}
	a = &rpc->queue[(rpc->first + rpc->count++) % RPC_QUEUE];
	a->len = 4;
	put_int(a, 0);
	put_int(a, id);
	put_be32(a->data + a->len, tid);
	a->len += 4;
	if (async)
		put_int(a, tid);
	put_int(a, result);
	put_le32(a->data, a->len - 4);
	put_be32(a->data + 6, a->len - 4);
	pump(rpc);
}

static void rpc_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	struct rd r = { .data = data, .len = len, .pos = 4 };
	struct rpc *rpc = vm_chan_priv(ch);
	uint32_t size, id, tid;

	if (len < RPC_HEADER || get_le32(data) != len - 4) {
		rpc->malformed++;
		return;
	}
	size = rd_int(&r);
	id = rd_int(&r);
	rd_skip(&r, 4);
	if (r.bad || size != len - 4) {
		rpc->malformed++;
		return;
	}
	tid = get_be32(data + r.pos - 4);
	if ((tid & 0xffffff00) != RPC_SYNC ||
	    (tid != RPC_SYNC && rd_int(&r) != tid))
		r.bad = true;
	skip_parameters(&r);
	if (r.bad) {
		rpc->malformed++;
		return;
	}
	rpc->calls++;
	vm_debug(rpc->vm, "rpc: call 0x%x, transaction 0x%x", id, tid);
	if (tid != RPC_SYNC)
		answer(rpc, id + RPC_ACK, tid, false, 0);
	answer(rpc, id, tid, tid != RPC_SYNC, 0);
}

static void rpc_open(struct vm_chan *ch)
{
	struct rpc *rpc = vm_chan_priv(ch);

	rpc->ch = ch;
}

static void rpc_close(struct vm_chan *ch)
{
	struct rpc *rpc = vm_chan_priv(ch);

	rpc->ch = NULL;
	rpc->count = 0;
}

static void rpc_room(struct vm_chan *ch)
{
	pump(vm_chan_priv(ch));
}

static void rpc_stats(void *priv, struct vm_reply *r, bool reset)
{
	struct rpc *rpc = priv;

	if (reset) {
		rpc->calls = 0;
		rpc->malformed = 0;
		rpc->dropped = 0;
		return;
	}
	ctl_line(r, "rpc.calls %llu", (unsigned long long)rpc->calls);
	ctl_line(r, "rpc.malformed %llu", (unsigned long long)rpc->malformed);
	ctl_line(r, "rpc.dropped %llu", (unsigned long long)rpc->dropped);
	ctl_line(r, "rpc.queued %u", rpc->count);
}

static const struct vm_chan_ops rpc_ops = {
	.name = "rpc",
	.open = rpc_open,
	.close = rpc_close,
	.rx = rpc_rx,
	.room = rpc_room,
};

/**
 * rpc_create() - attach the XMM RPC function to channel 1
 * @vm: the modem
 * @net: its network (not used yet: RPC does not set up contexts)
 *
 * Return: 0 or a negative errno.
 */
int rpc_create(struct vm *vm, struct net *net)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));
	int ret;

	(void)net;
	if (!rpc)
		return -ENOMEM;
	rpc->vm = vm;
	ret = ctl_stats(vm, rpc_stats, rpc);
	if (!ret)
		ret = vm_chan_attach(vm, RPC_CHANNEL, &rpc_ops, rpc);
	return ret;
}
