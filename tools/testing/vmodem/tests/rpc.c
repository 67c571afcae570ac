// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the XMM RPC function with stand-ins for its environment. */
#include "tap.h"
#include "fakes.h"

#include "../cell.c"
#include "../rpc.c"

#define ASYNC	0x11000101

static struct vm_chan *ch = &fake_chan[RPC_CHANNEL];

static void start(void)
{
	if (ch->open)
		fake_close(ch);
	fake_open(ch, 32768, 1000);
	fake_forget(ch);
	fake_stats_reset();
}

static size_t add_int(uint8_t *p, uint32_t v)
{
	p[0] = 2;
	p[1] = 4;
	put_be32(p + 2, v);
	return 6;
}

/* A call in the format of ModemManager. */
static size_t make(uint8_t *msg, uint32_t id, uint32_t tid,
		   const uint8_t *args, size_t len)
{
	size_t n = 4;

	n += add_int(msg + n, 0);
	n += add_int(msg + n, id);
	put_be32(msg + n, tid);
	n += 4;
	if (tid != RPC_SYNC)
		n += add_int(msg + n, tid);
	if (len)
		memcpy(msg + n, args, len);
	n += len;
	put_le32(msg, n - 4);
	put_be32(msg + 6, n - 4);
	return n;
}

static void call(uint32_t id, uint32_t tid, const uint8_t *args, size_t len)
{
	uint8_t msg[1024];

	fake_rx(ch, msg, make(msg, id, tid, args, len));
}

/* The next message has these fields and a final 0. */
static void expect(uint32_t id, uint32_t tid, bool with_tid)
{
	const struct fake_td *td = fake_take(ch);
	size_t len = 26 + 6 * with_tid;

	if (!tap_ok(td) || !tap_ok(td->len == len))
		return;
	tap_is(get_le32(td->data), len - 4);
	tap_is(get_be16(td->data + 4), 0x0204);
	tap_is(get_be32(td->data + 6), len - 4);
	tap_is(get_be16(td->data + 10), 0x0204);
	tap_is(get_be32(td->data + 12), id);
	tap_is(get_be32(td->data + 16), tid);
	if (with_tid) {
		tap_is(get_be16(td->data + 20), 0x0204);
		tap_is(get_be32(td->data + 22), tid);
	}
	tap_is(get_be16(td->data + len - 6), 0x0204);
	tap_is(get_be32(td->data + len - 4), 0);
}

static void expect_silence(void)
{
	tap_ok(!fake_take(ch));
	fake_forget(ch);
}

static const uint8_t zero[] = { 2, 4, 0, 0, 0, 0 };

static void synchronous(void)
{
	start();
	call(0x30, RPC_SYNC, zero, sizeof(zero));
	expect(0x30, RPC_SYNC, false);
	call(0x1c8, RPC_SYNC, NULL, 0);
	expect(0x1c8, RPC_SYNC, false);
	expect_silence();
	tap_is(fake_stat("rpc.calls"), 2);
	tap_is(fake_stat("rpc.malformed"), 0);
}

static void asynchronous(void)
{
	start();
	call(0x5d, ASYNC, zero, sizeof(zero));
	expect(0x5d + RPC_ACK, ASYNC, false);
	expect(0x5d, ASYNC, true);
	expect_silence();
	/* The transaction in the parameters must match. */
	call(0x5d, ASYNC + 1, zero, sizeof(zero));
	expect(0x5d + RPC_ACK, ASYNC + 1, false);
	expect(0x5d, ASYNC + 1, true);
	call(0x5d, 0x12000101, zero, sizeof(zero));
	expect_silence();
	tap_is(fake_stat("rpc.malformed"), 1);
}

static void parameters(void)
{
	static const uint8_t good[] = {
		2, 1, 7,
		2, 2, 1, 0,
		0x55, 3, 2, 1, 5, 2, 1, 2, 'a', 'b', 'c', 0, 0,
		0x56, 1, 2, 1, 2, 2, 1, 0, 'a', 0,
		0x57, 1, 2, 1, 4, 2, 1, 0, 'a', 0, 0, 0,
		0x55, 0x81, 4, 2, 4, 0, 0, 0, 4, 2, 4, 0, 0, 0, 0, 1, 2, 3, 4,
		0x55, 0, 2, 1, 0, 2, 1, 0,
	};
	static const size_t ends[] = { 0, 3, 7, 20, 30, 42, 61, 69 };
	static const struct {
		size_t len;
		uint8_t data[32];
	} bad[] = {
		{ 2, { 2, 0 } },
		{ 5, { 2, 3, 0, 0, 0 } },
		{ 8, { 2, 6, 0, 0, 0, 0, 0, 0 } },
		{ 3, { 3, 1, 0 } },
		{ 3, { 0x58, 1, 0 } },
		/* the padded size is not size + padding */
		{ 9, { 0x55, 1, 2, 1, 2, 2, 1, 0, 'a' } },
		{ 9, { 0x56, 1, 2, 1, 1, 2, 1, 0, 'a' } },
		/* sizes beyond the end, also with an overflow of the sum */
		{ 9, { 0x55, 9, 2, 1, 9, 2, 1, 0, 'a' } },
		{ 9, { 0x55, 0, 2, 1, 9, 2, 1, 9, 'a' } },
		{ 18, { 0x57, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 4, 0, 0, 0, 0,
			2, 4, 0xff, 0xff, 0xff, 0xff } },
		{ 13, { 0x55, 0x85, 0, 0, 0, 0, 0, 2, 1, 0, 2, 1, 0 } },
		{ 2, { 0x55, 0x80 } },
	};
	size_t n, e;
	unsigned int i;

	start();
	/* A call is malformed if it is truncated, except after a parameter. */
	for (n = 0, e = 0; n <= sizeof(good); n++) {
		call(2, RPC_SYNC, good, n);
		if (n == ends[e]) {
			expect(2, RPC_SYNC, false);
			e++;
		}
		expect_silence();
	}
	tap_is(e, ARRAY_SIZE(ends));
	fake_stats_reset();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		call(2, RPC_SYNC, bad[i].data, bad[i].len);
		expect_silence();
		tap_is(fake_stat("rpc.malformed"), i + 1);
	}
}

static void truncated(void)
{
	uint8_t msg[64], copy[64];
	size_t len, n;

	start();
	len = make(msg, 0x23, ASYNC, zero, sizeof(zero));
	for (n = 0; n < len; n++) {
		fake_rx(ch, msg, n);
		expect_silence();
		/* With matching lengths: headers alone are too short */
		memcpy(copy, msg, len);
		put_le32(copy, n - 4);
		put_be32(copy + 6, n - 4);
		fake_rx(ch, copy, n);
		if (n == len - sizeof(zero))
			fake_forget(ch);	/* no parameters: fine */
		expect_silence();
	}
	/* The two lengths differ; the first one matches the TD. */
	memcpy(copy, msg, len);
	copy[9]++;
	fake_rx(ch, copy, len);
	expect_silence();
	memcpy(copy, msg, len);
	copy[0]++;
	fake_rx(ch, copy, len);
	expect_silence();
	fake_rx(ch, msg, len);
	expect(0x23 + RPC_ACK, ASYNC, false);
	expect(0x23, ASYNC, true);
}

/* ---- calls with results that ModemManager reads ----------------------- */

static const struct fake_td *got;	/* the last message */
static size_t at;			/* and the read position in it */

/* The next message begins with these fields; @tid 0: an indication. */
static void expect_head(uint32_t id, uint32_t tid, bool with_tid)
{
	got = fake_take(ch);
	at = 20;
	if (!tap_ok(got) || !tap_ok(got->len > 20)) {
		got = NULL;
		return;
	}
	tap_is(get_le32(got->data), got->len - 4);
	tap_is(get_be32(got->data + 6), got->len - 4);
	tap_is(get_be32(got->data + 12), id);
	tap_is(get_be32(got->data + 16), tid);
	if (with_tid) {
		tap_is(get_be32(got->data + 22), tid);
		at += 6;
	}
}

static uint32_t next_int(void)
{
	if (!got || !tap_ok(at + 6 <= got->len))
		return 0xdeadbeef;
	tap_is(get_be16(got->data + at), 0x0204);
	at += 6;
	return get_be32(got->data + at - 4);
}

static const uint8_t *next_string(size_t len)
{
	static const uint8_t none[32];

	if (!got || !tap_ok(at + 14 + len <= got->len))
		return none;
	tap_is(got->data[at], 0x55);
	tap_is(got->data[at + 1], len);
	tap_is(get_be32(got->data + at + 4), len);
	tap_is(get_be32(got->data + at + 10), 0);
	at += 14 + len;
	return got->data + at - len;
}

static void expect_end(void)
{
	tap_ok(got && at == got->len);
}

/* An asynchronous call and its acknowledgment; the result is next. */
static void async(uint32_t id, uint32_t result, const uint8_t *args, size_t len)
{
	call(id, ASYNC, args, len);
	expect(id + RPC_ACK, ASYNC, false);
	expect_head(result, ASYNC, true);
}

static void power_up(void)
{
	uint8_t args[18];

	start();
	async(0x18e, 0x18f, zero, 6);
	next_int();
	tap_is(next_int(), 1);
	tap_is(next_int(), 0);
	expect_end();

	add_int(args, 0);
	add_int(args + 6, 15);
	add_int(args + 12, 1);
	call(0x12f, RPC_SYNC, args, 18);
	expect(0x12f, RPC_SYNC, false);
	expect_silence();
	fake_sleep(RPC_SIM_DELAY);
	expect_head(IND_MODE_SET, 0, false);
	tap_is(next_int(), 1);
	expect_head(IND_SIM_INIT, 0, false);
	expect_silence();
	/*
	 * SIM open causes the indication of the SIM only, and none without a
	 * SIM.
	 */
	call(1, RPC_SYNC, zero, 6);
	expect(1, RPC_SYNC, false);
	fake_sleep(RPC_SIM_DELAY);
	expect_head(IND_SIM_INIT, 0, false);
	fake_ctl("sim absent");
	call(1, RPC_SYNC, zero, 6);
	expect(1, RPC_SYNC, false);
	fake_sleep(1000000);
	expect_silence();
	fake_ctl("sim ready");
	/* The port is closed before that and opened again. */
	call(1, RPC_SYNC, zero, 6);
	start();
	fake_sleep(1000000);
	expect_silence();
	/* Without its parameters */
	call(0x12f, RPC_SYNC, args, 12);
	expect_head(0x12f, RPC_SYNC, false);
	tap_is(next_int(), 1);
	fake_sleep(1000000);
	expect_silence();
}

static void connecting(void)
{
	struct net_addr a;
	unsigned int i;

	start();
	net_addresses(0, &a);
	async(0x5c, 0x63, zero, 6);
	next_int();
	tap_is(next_int(), 0);
	async(0x49, 0x4a, zero, 6);
	next_int();
	tap_ok(!memcmp(next_string(12), a.v4, 4));
	expect_end();
	async(0x47, 0x48, zero, 6);
	next_int();
	tap_ok(!memcmp(next_string(16), a.v4_dns, 4));
	tap_is(next_int(), 1);
	tap_ok(!memcmp(next_string(16), a.v6_dns, 16));
	tap_is(next_int(), 2);
	for (i = 2; i < 8; i++) {
		next_string(16);
		tap_is(next_int(), 0);
	}
	expect_end();
	async(0x51, 0x52, zero, 6);
	call(0x7e, RPC_SYNC, zero, 6);
	expect(0x7e, RPC_SYNC, false);
	tap_ok(!fake_net.up[0]);
	call(0x7d, RPC_SYNC, zero, 6);
	expect(0x7d, RPC_SYNC, false);
	tap_ok(fake_net.up[0]);
	call(0x7d, RPC_SYNC, zero, 6);
	expect(0x7d, RPC_SYNC, false);
	async(0x4e, 0x4f, zero, 6);
	tap_ok(!fake_net.up[0]);
	call(0x7f, RPC_SYNC, zero, 6);
	expect(0x7f, RPC_SYNC, false);
	expect_silence();
}

static void losing_the_network(void)
{
	start();
	call(0x7d, RPC_SYNC, zero, 6);
	fake_forget(ch);
	tap_ok(fake_net.up[0]);
	fake_ctl("registration searching");
	tap_ok(!fake_net.up[0]);
	async(0x5c, 0x63, zero, 6);
	next_int();
	tap_is(next_int(), 0xffffffff);
	call(0x7d, RPC_SYNC, zero, 6);
	expect(0x7d, RPC_SYNC, false);
	tap_ok(!fake_net.up[0]);
	expect_silence();
	fake_ctl("registration home");
	expect_head(IND_ATTACH_ALLOWED, 0, false);
	next_int();
	next_int();
	tap_is(next_int(), 1);
	call(0x7d, RPC_SYNC, zero, 6);
	fake_forget(ch);
	/* A reset of the modem */
	fake_close(ch);
	tap_ok(fake_net.up[0]);
	ch->ops->reset(ch);
	tap_ok(!fake_net.up[0]);
	fake_ctl("registration roaming");
	fake_ctl("registration home");
	tap_is(fake_stat("rpc.queued"), 0);
}

static void pin(uint32_t op, const char *first, const char *second,
		uint32_t tries, uint16_t sw)
{
	uint8_t args[96];
	size_t n = 0;

	args[n++] = 2;
	args[n++] = 1;
	args[n++] = 0;
	n += add_int(args + n, op);
	args[n++] = 2;
	args[n++] = 1;
	args[n++] = 0;
	n += add_int(args + n, 1);
	for (; first; first = second, second = NULL) {
		args[n++] = 0x55;
		args[n++] = 8;
		n += add_int(args + n, 10);
		n += add_int(args + n, 2);
		memset(args + n, 0xff, 8);
		memcpy(args + n, first, strlen(first));
		memset(args + n + 8, 0, 2);
		n += 10;
	}
	n += add_int(args + n, 0);
	async(0x0f, 0x10, args, n);
	next_int();
	next_int();
	tap_is(next_int(), tries);
	tap_is(next_int(), sw & 0xff);
	tap_is(next_int(), sw >> 8);
	next_int();
	next_int();
	tap_is(next_int(), op);
	next_int();
	next_int();
	expect_end();
}

static void sim_pin(void)
{
	start();
	pin(3, "9999", NULL, 2, 0x63c2);
	pin(3, "1234", NULL, 3, 0x9000);
	pin(4, "87654321", "1234", 3, 0x9000);
	pin(2, "1234", NULL, 2, 0x63c2);
	pin(2, "87654321", NULL, 3, 0x9000);
	pin(4, "1234", "87654321", 3, 0x6984);
	pin(5, "1234", NULL, 3, 0x6984);
	pin(3, NULL, NULL, 3, 0x6984);
	pin(4, "1234", NULL, 3, 0x6984);
	pin(2, "1", NULL, 2, 0x63c2);
	pin(2, "1", NULL, 1, 0x63c1);
	pin(2, "1", NULL, 0, 0x63c0);
	pin(2, "1", NULL, 0, 0x6983);
	fake_ctl("sim ready");
	fake_forget(ch);
}

static void waiting_for_buffers(void)
{
	unsigned int i;

	start();
	ch->buffers = 0;
	for (i = 0; i < RPC_QUEUE + 10; i++)
		call(800 + i, RPC_SYNC, zero, sizeof(zero));
	tap_is(fake_stat("rpc.queued"), RPC_QUEUE);
	tap_is(fake_stat("rpc.dropped"), 10);
	fake_post(ch, 3);
	for (i = 0; i < 3; i++)
		expect(800 + i, RPC_SYNC, false);
	expect_silence();
	/* Across the end of the queue */
	call(900, RPC_SYNC, zero, sizeof(zero));
	call(901, RPC_SYNC, zero, sizeof(zero));
	fake_post(ch, 1000);
	for (i = 3; i < RPC_QUEUE; i++)
		expect(800 + i, RPC_SYNC, false);
	expect(900, RPC_SYNC, false);
	expect(901, RPC_SYNC, false);
	/* A buffer that is too small loses one response only. */
	ch->capacity = 25;
	call(4, RPC_SYNC, zero, sizeof(zero));
	tap_is(fake_stat("rpc.dropped"), 11);
	ch->capacity = 26;
	call(2, RPC_SYNC, zero, sizeof(zero));
	expect(2, RPC_SYNC, false);
	/* Closing the port drops pending output. */
	ch->buffers = 0;
	call(3, RPC_SYNC, zero, sizeof(zero));
	start();
	expect_silence();
}

static void random_messages(void)
{
	static uint32_t s = 7360;
	unsigned int nr, round;
	uint8_t msg[128];
	size_t len, i;

	start();
	for (round = 0; round < 200000; round++) {
		nr = round / 2 % ARRAY_SIZE(calls);
		len = make(msg, calls[nr].id, round & 1 ? ASYNC : RPC_SYNC,
			   zero, 6);
		for (i = 0; i < 3; i++) {
			s ^= s << 13;
			s ^= s >> 17;
			s ^= s << 5;
			msg[4 + s % (len - 4)] = s >> 8;
		}
		fake_rx(ch, msg, len - (s >> 30));
		ch->buffers = 1000;
		fake_forget(ch);
	}
	call(2, RPC_SYNC, zero, sizeof(zero));
	expect(2, RPC_SYNC, false);
}

int main(void)
{
	if (rpc_create(&fake_vm, &fake_net))
		return 1;
	TAP_RUN(synchronous);
	TAP_RUN(asynchronous);
	TAP_RUN(parameters);
	TAP_RUN(truncated);
	TAP_RUN(power_up);
	TAP_RUN(connecting);
	TAP_RUN(losing_the_network);
	TAP_RUN(sim_pin);
	TAP_RUN(waiting_for_buffers);
	TAP_RUN(random_messages);
	return tap_end();
}
