// SPDX-License-Identifier: GPL-2.0-only
/* The XMM RPC function against its fakes. */
#include "tap.h"
#include "test_fakes.h"

#include "rpc.c"

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

/* A call as ModemManager writes it. */
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

/* The next message is one with these fields and a final 0. */
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
	call(0x5c, ASYNC, zero, sizeof(zero));
	expect(0x5c + RPC_ACK, ASYNC, false);
	expect(0x5c, ASYNC, true);
	expect_silence();
	/* The transaction in the parameters must be the same. */
	call(0x5c, ASYNC + 1, zero, sizeof(zero));
	expect(0x5c + RPC_ACK, ASYNC + 1, false);
	expect(0x5c, ASYNC + 1, true);
	call(0x5c, 0x12000101, zero, sizeof(zero));
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
		/* padded is not size + padding */
		{ 9, { 0x55, 1, 2, 1, 2, 2, 1, 0, 'a' } },
		{ 9, { 0x56, 1, 2, 1, 1, 2, 1, 0, 'a' } },
		/* sizes beyond the end, also with a sum that overflows */
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
	/* Cut off anywhere but behind a parameter, it is malformed. */
	for (n = 0, e = 0; n <= sizeof(good); n++) {
		call(1, RPC_SYNC, good, n);
		if (n == ends[e]) {
			expect(1, RPC_SYNC, false);
			e++;
		}
		expect_silence();
	}
	tap_is(e, ARRAY_SIZE(ends));
	fake_stats_reset();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		call(1, RPC_SYNC, bad[i].data, bad[i].len);
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
		/* With lengths that fit, headers alone are not enough */
		memcpy(copy, msg, len);
		put_le32(copy, n - 4);
		put_be32(copy + 6, n - 4);
		fake_rx(ch, copy, n);
		if (n == len - sizeof(zero))
			fake_forget(ch);	/* no parameters: fine */
		expect_silence();
	}
	/* The two lengths differ; the first one is that of the TD. */
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

static void waiting_for_buffers(void)
{
	unsigned int i;

	start();
	ch->buffers = 0;
	for (i = 0; i < RPC_QUEUE + 10; i++)
		call(i, RPC_SYNC, zero, sizeof(zero));
	tap_is(fake_stat("rpc.queued"), RPC_QUEUE);
	tap_is(fake_stat("rpc.dropped"), 10);
	fake_post(ch, 3);
	for (i = 0; i < 3; i++)
		expect(i, RPC_SYNC, false);
	expect_silence();
	/* Round the corner of the queue */
	call(900, RPC_SYNC, zero, sizeof(zero));
	call(901, RPC_SYNC, zero, sizeof(zero));
	fake_post(ch, 1000);
	for (i = 3; i < RPC_QUEUE; i++)
		expect(i, RPC_SYNC, false);
	expect(900, RPC_SYNC, false);
	expect(901, RPC_SYNC, false);
	/* A buffer that is too small loses one answer, not the function. */
	ch->capacity = 25;
	call(1, RPC_SYNC, zero, sizeof(zero));
	tap_is(fake_stat("rpc.dropped"), 11);
	ch->capacity = 26;
	call(2, RPC_SYNC, zero, sizeof(zero));
	expect(2, RPC_SYNC, false);
	/* Closed with something waiting: it is gone. */
	ch->buffers = 0;
	call(3, RPC_SYNC, zero, sizeof(zero));
	start();
	expect_silence();
}

static void random_messages(void)
{
	static uint32_t s = 7360;
	uint8_t msg[128];
	unsigned int round;
	size_t len, i;

	start();
	for (round = 0; round < 200000; round++) {
		len = make(msg, 1, round & 1 ? ASYNC : RPC_SYNC, zero, 6);
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
	TAP_RUN(waiting_for_buffers);
	TAP_RUN(random_messages);
	return tap_end();
}
