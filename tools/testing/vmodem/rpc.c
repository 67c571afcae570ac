// SPDX-License-Identifier: GPL-2.0-only
/*
 * The XMM RPC function of the XMM7360, on channel 1.
 *
 * There is no public document of this protocol. This file implements what
 * ModemManager (1.25, its Intel plugin) sends and expects:
 *
 *	le32	length of all that follows
 *	int	the same length
 *	int	call id; in messages of the modem: the response or indication
 *	be32	0x11000100 for a synchronous call, otherwise 0x110001xx, the
 *		transaction of an asynchronous call
 *	...	parameters
 *
 * "int" is 0x02, a size of 1, 2 or 4, and the big-endian value. Parameters are
 * such numbers, or byte strings: 0x55 (elements of 1 byte; 0x56: 2, 0x57: 4),
 * count, int padded size, int padding, data and padding. A count from 128 on is
 * 0x80 + n and n bytes, the lowest first. The parameters of an asynchronous
 * call begin with its transaction as an int. Such a call is answered twice: by
 * an acknowledgment, with an id from 2000 (0x7d0) on, and by the result, whose
 * parameters begin with the transaction as well.
 *
 * The following is unknown:
 *
 * - the id of the acknowledgment (here: call id + 2000)
 * - the transaction of indications (here: 0; ModemManager accepts anything
 *   that is not a response) and most of their content
 * - the response to a call that cannot be parsed (here: none, but counted)
 * - the results of most calls
 *
 * The table below has the calls whose results ModemManager reads. The fields
 * that it reads are filled in, the others are 0. The result of all other calls
 * is a single 0, which is well-formed, but differs from that of a real modem.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "cell.h"
#include "loop.h"
#include "vmodem.h"

#define RPC_CHANNEL	1
#define RPC_HEADER	20
#define RPC_SYNC	0x11000100
#define RPC_ACK		2000	/* offset to the call id */
#define RPC_QUEUE	32	/* limit of responses waiting for DL buffers */
#define RPC_ANSWER	512	/* largest response */
#define RPC_SIM_DELAY	300000	/* delay of the SIM start, us */
#define RPC_PIN_SIZE	8
#define RPC_DNS		8	/* addresses in the response about DNS */

struct answer {
	size_t len;
	uint8_t data[RPC_ANSWER];
};

struct rpc {
	struct vm *vm;
	struct vm_chan *ch;
	struct net *net;
	struct cell *cell;
	bool connected;		/* session 0; RPC supports no other */
	uint32_t mode;		/* last mode set */
	struct loop_timer sim;
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

static bool is_string(uint8_t tag)
{
	return tag >= 0x55 && tag <= 0x57;
}

/* Skip a string. Returns its data without the padding, or NULL. */
static const uint8_t *rd_string(struct rd *r, size_t *len)
{
	uint8_t tag = rd_byte(r);
	unsigned int shift = tag - 0x55;
	uint64_t size = rd_byte(r);
	uint32_t padded, padding;
	const uint8_t *data;

	if (!is_string(tag)) {
		r->bad = true;
		return NULL;
	}
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
	data = r->data + r->pos;
	rd_skip(r, size + padding);
	*len = r->bad ? 0 : size;
	return r->bad ? NULL : data;
}

/* All parameters up to the end of the message must be valid. */
static void skip_parameters(struct rd *r)
{
	size_t len;

	while (!r->bad && r->pos < r->len) {
		if (is_string(r->data[r->pos]))
			rd_string(r, &len);
		else
			rd_int(r);
	}
}

/* ---- responses --------------------------------------------------------- */

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

static void put_string(struct answer *a, const uint8_t *data, size_t len)
{
	a->data[a->len++] = 0x55;
	a->data[a->len++] = len;	/* below 128 */
	put_int(a, len);
	put_int(a, 0);
	memcpy(a->data + a->len, data, len);
	a->len += len;
}

static void begin(struct answer *a, uint32_t id, uint32_t tid)
{
	a->len = 4;
	put_int(a, 0);
	put_int(a, id);
	put_be32(a->data + a->len, tid);
	a->len += 4;
}

/* Fill in the lengths and queue the response. Dropped if the queue is full. */
static void finish(struct rpc *rpc, struct answer *a)
{
	put_le32(a->data, a->len - 4);
	put_be32(a->data + 6, a->len - 4);
	if (rpc->count == RPC_QUEUE) {
		rpc->dropped++;
		return;
	}
	rpc->queue[(rpc->first + rpc->count++) % RPC_QUEUE] = *a;
	pump(rpc);
}

/* Send an indication with three numbers, if the port is open. */
static void indicate(struct rpc *rpc, uint32_t id, uint32_t first,
		     uint32_t second, uint32_t third)
{
	struct answer a;

	if (!rpc->ch)
		return;
	begin(&a, id, 0);
	put_int(&a, first);
	put_int(&a, second);
	put_int(&a, third);
	finish(rpc, &a);
}

/* ---- calls ------------------------------------------------------------- */

#define IND_SIM_INIT		0x008
#define IND_ATTACH_ALLOWED	0x06c
#define IND_MODE_SET		0x12d

static void set_connected(struct rpc *rpc, bool up)
{
	if (rpc->connected == up)
		return;
	rpc->connected = up;
	net_connect(rpc->net, 0, up);
}

static void sim_started(struct loop_timer *t)
{
	struct rpc *rpc = t->priv;

	if (rpc->mode) {
		indicate(rpc, IND_MODE_SET, rpc->mode, 0, 0);
		rpc->mode = 0;
	}
	if (cell_sim(rpc->cell) != CELL_SIM_ABSENT)
		indicate(rpc, IND_SIM_INIT, 0, 0, 0);
}

/* The mode is the third number. The indication follows with a delay. */
static void mode_set(struct rpc *rpc, struct rd *in, struct answer *out)
{
	uint32_t mode;

	rd_int(in);
	rd_int(in);
	mode = rd_int(in);
	put_int(out, in->bad);
	if (in->bad)
		return;
	rpc->mode = mode;
	loop_timer_set(&rpc->sim, RPC_SIM_DELAY);
}

static void sim_open(struct rpc *rpc, struct rd *in, struct answer *out)
{
	(void)in;
	put_int(out, 0);
	loop_timer_set(&rpc->sim, RPC_SIM_DELAY);
}

/* Second: locked (0) or not. Third: does such a lock exist? */
static void fcc_lock(struct rpc *rpc, struct rd *in, struct answer *out)
{
	(void)rpc;
	(void)in;
	put_int(out, 0);
	put_int(out, 1);
	put_int(out, 0);
}

/* Second: all ones if the modem must not attach. */
static void net_attach(struct rpc *rpc, struct rd *in, struct answer *out)
{
	(void)in;
	put_int(out, 0);
	put_int(out, cell_registered(rpc->cell) ? 0 : UINT32_MAX);
}

/* Second: three addresses; the last one other than 0 is used. */
static void get_address(struct rpc *rpc, struct rd *in, struct answer *out)
{
	uint8_t text[12] = { 0 };
	struct net_addr addr;

	(void)rpc;
	(void)in;
	net_addresses(0, &addr);
	memcpy(text, addr.v4, 4);
	put_int(out, 0);
	put_string(out, text, sizeof(text));
}

/* From the second on: pairs of address and type (1: IPv4, 2: IPv6) */
static void get_dns(struct rpc *rpc, struct rd *in, struct answer *out)
{
	uint8_t text[16] = { 0 };
	struct net_addr addr;
	unsigned int i;

	(void)rpc;
	(void)in;
	net_addresses(0, &addr);
	memcpy(text, addr.v4_dns, 4);
	put_int(out, 0);
	put_string(out, text, sizeof(text));
	put_int(out, 1);
	put_string(out, addr.v6_dns, 16);
	put_int(out, 2);
	memset(text, 0, sizeof(text));
	for (i = 2; i < RPC_DNS; i++) {
		put_string(out, text, sizeof(text));
		put_int(out, 0);
	}
}

/* The host sends these numbers back, without the last one. */
static void ps_connect(struct rpc *rpc, struct rd *in, struct answer *out)
{
	(void)rpc;
	(void)in;
	put_int(out, 0);
	put_int(out, 0);
	put_int(out, 0);
}

static void connect_setup(struct rpc *rpc, struct rd *in, struct answer *out)
{
	(void)in;
	set_connected(rpc, cell_registered(rpc->cell));
	put_int(out, 0);
}

static void deactivate(struct rpc *rpc, struct rd *in, struct answer *out)
{
	(void)in;
	set_connected(rpc, false);
	put_int(out, 0);
	put_int(out, 0);
	put_int(out, 0);
	put_int(out, 0);
}

static void release(struct rpc *rpc, struct rd *in, struct answer *out)
{
	(void)in;
	set_connected(rpc, false);
	put_int(out, 0);
}

/* A PIN is 8 bytes, padded with 0xff. */
static void get_pin(struct rd *in, char *pin)
{
	const uint8_t *data;
	size_t len, i;

	data = rd_string(in, &len);
	for (i = 0; data && i < len && i < RPC_PIN_SIZE && data[i] != 0xff; i++)
		pin[i] = data[i];
	pin[i] = '\0';
}

/*
 * Byte, operation (2 disable, 3 enable, 4 change), byte, number, PIN (the new
 * one first). The result has ten numbers. The third is the number of remaining
 * tries, the fourth and fifth are the status word of the card, low byte first,
 * the eighth is the operation.
 */
static void gen_pin(struct rpc *rpc, struct rd *in, struct answer *out)
{
	char pin[RPC_PIN_SIZE + 1], old[RPC_PIN_SIZE + 1];
	uint16_t sw = 0x6984;		/* not permitted in this state */
	uint32_t op;
	int ret;

	rd_int(in);
	op = rd_int(in);
	rd_int(in);
	rd_int(in);
	get_pin(in, pin);
	if (op == 4)
		get_pin(in, old);
	if (in->bad || op < 2 || op > 4)
		ret = -EINVAL;
	else if (op == 4)
		ret = cell_change_pin(rpc->cell, old, pin);
	else
		ret = cell_enable_pin(rpc->cell, pin, op == 3);
	if (!ret)
		sw = 0x9000;
	else if (ret == -EACCES)
		sw = 0x63c0 + cell_pin_tries(rpc->cell);
	else if (!cell_pin_tries(rpc->cell))
		sw = 0x6983;
	put_int(out, 0);
	put_int(out, 0);
	put_int(out, cell_pin_tries(rpc->cell));
	put_int(out, sw & 0xff);
	put_int(out, sw >> 8);
	put_int(out, 0);
	put_int(out, 0);
	put_int(out, op);
	put_int(out, 0);
	put_int(out, 0);
}

static const struct call {
	uint32_t id;
	uint32_t result;	/* id of the result of an asynchronous call */
	void (*fn)(struct rpc *rpc, struct rd *in, struct answer *out);
} calls[] = {
	{ 0x001, 0x001, sim_open },
	{ 0x00f, 0x010, gen_pin },
	{ 0x047, 0x048, get_dns },
	{ 0x049, 0x04a, get_address },
	{ 0x04e, 0x04f, deactivate },
	{ 0x051, 0x052, ps_connect },
	{ 0x05c, 0x063, net_attach },
	{ 0x07d, 0x07d, connect_setup },
	{ 0x07f, 0x07f, release },
	{ 0x12f, 0x12f, mode_set },
	{ 0x18e, 0x18f, fcc_lock },
	{ 0, 0, NULL },
};

static void carry_out(struct rpc *rpc, uint32_t id, uint32_t tid,
		      struct rd *in)
{
	const struct call *c = calls;
	bool async = tid != RPC_SYNC;
	struct answer a;

	while (c->id && c->id != id)
		c++;
	if (async) {
		begin(&a, id + RPC_ACK, tid);
		put_int(&a, 0);
		finish(rpc, &a);
	}
	begin(&a, c->id && async ? c->result : id, tid);
	if (async)
		put_int(&a, tid);
	if (c->id)
		c->fn(rpc, in, &a);
	else
		put_int(&a, 0);
	finish(rpc, &a);
}

static void rpc_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	struct rd r = { .data = data, .len = len, .pos = 4 };
	struct rpc *rpc = vm_chan_priv(ch);
	uint32_t size, id, tid;
	struct rd params;

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
	params = r;
	skip_parameters(&r);
	if (r.bad) {
		rpc->malformed++;
		return;
	}
	rpc->calls++;
	vm_debug(rpc->vm, "rpc: call 0x%x, transaction 0x%x", id, tid);
	carry_out(rpc, id, tid, &params);
}

/* The context ends with the registration. */
static void cell_changed(void *priv, unsigned int changed)
{
	struct rpc *rpc = priv;

	if (!(changed & CELL_CHANGED_REG))
		return;
	if (cell_registered(rpc->cell))
		indicate(rpc, IND_ATTACH_ALLOWED, 0, 0, 1);
	else
		set_connected(rpc, false);
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
	rpc->mode = 0;
	loop_timer_cancel(&rpc->sim);
}

static void rpc_reset(struct vm_chan *ch)
{
	struct rpc *rpc = vm_chan_priv(ch);

	set_connected(rpc, false);
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
	.reset = rpc_reset,
};

/**
 * rpc_create() - attach the XMM RPC function to channel 1
 * @vm: the modem
 * @net: its network, for addresses and the context of session 0
 *
 * Return: 0 or a negative errno.
 */
int rpc_create(struct vm *vm, struct net *net)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));
	int ret;

	if (!rpc)
		return -ENOMEM;
	rpc->vm = vm;
	rpc->net = net;
	rpc->sim.fn = sim_started;
	rpc->sim.priv = rpc;
	rpc->cell = cell_get(vm);
	if (!rpc->cell) {
		free(rpc);
		return -ENOMEM;
	}
	ret = cell_watch(rpc->cell, cell_changed, rpc);
	if (!ret)
		ret = ctl_stats(vm, rpc_stats, rpc);
	if (!ret)
		ret = vm_chan_attach(vm, RPC_CHANNEL, &rpc_ops, rpc);
	return ret;
}
