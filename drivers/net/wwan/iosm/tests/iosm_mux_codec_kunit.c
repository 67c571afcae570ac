// SPDX-License-Identifier: GPL-2.0-only
/*
 * MUX blocks: encoded blocks can be decoded, and malformed blocks are rejected. Each
 * block is copied into memory of exactly its length, so that KASAN detects any read
 * beyond it.
 */

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <kunit/test.h>

#include "../iosm_mux_codec.h"

#define BLOCK_SIZE	(16 * 1024)
#define PAD		IOSM_MUX_DL_HEAD_PAD

/* ---- Blocks as a device would write them ---- */

struct raw {
	u8 data[1024];
	u32 len;
};

static void raw_bytes(struct raw *raw, const void *bytes, u32 len)
{
	memcpy(raw->data + raw->len, bytes, len);
	raw->len += len;
}

static void raw_block(struct raw *raw, u32 signature, u32 first)
{
	struct iosm_adbh h = {
		.signature = cpu_to_le32(signature),
		.sequence = cpu_to_le16(7),
		.first_table = cpu_to_le32(first),
	};

	raw->len = 0;
	raw_bytes(raw, &h, sizeof(h));
}

static void raw_finish(struct raw *raw)
{
	((struct iosm_adbh *)raw->data)->block_length = cpu_to_le32(raw->len);
}

static u32 raw_datagram(struct raw *raw, u8 fill, u32 len)
{
	u32 at = raw->len;

	memset(raw->data + at, 0xee, PAD);
	memset(raw->data + at + PAD, fill, len);
	raw->len += PAD + len;
	while (raw->len & 3)
		raw->data[raw->len++] = 0;

	return at;
}

static void raw_adth(struct raw *raw, u8 if_id, u32 n, u32 next)
{
	struct iosm_adth t = {
		.signature = cpu_to_le32(IOSM_SIG_ADTH),
		.table_length = cpu_to_le16(sizeof(t) + n *
					    sizeof(struct iosm_adth_dg)),
		.if_id = if_id,
		.hint = 0x55,
		.next_table = cpu_to_le32(next),
		.reserved = cpu_to_le32(0x12345678),
	};

	raw_bytes(raw, &t, sizeof(t));
}

static void raw_entry(struct raw *raw, u32 index, u32 len, u8 class)
{
	struct iosm_adth_dg e = {
		.index = cpu_to_le32(index),
		.length = cpu_to_le16(PAD + len),
		.service_class = class,
		.reserved = 0xaa,
	};

	raw_bytes(raw, &e, sizeof(e));
}

static void raw_qlth(struct raw *raw, u8 if_id, u32 next)
{
	struct iosm_adb_qlth q = {
		.signature = cpu_to_le32(IOSM_SIG_QLTH),
		.table_length = cpu_to_le16(sizeof(q)),
		.if_id = if_id,
		.next_table = cpu_to_le32(next),
	};

	raw_bytes(raw, &q, sizeof(q));
}

static void raw_cmd(struct raw *raw, u8 if_id, u32 command, u32 transaction,
		    const void *params, u32 len, u32 next)
{
	struct iosm_acb_cmdh h = {
		.signature = cpu_to_le32(IOSM_SIG_CMDH),
		.length = cpu_to_le16(sizeof(h) + len),
		.if_id = if_id,
		.next_command = cpu_to_le32(next),
		.command = cpu_to_le32(command),
		.transaction_id = cpu_to_le32(transaction),
	};

	raw_bytes(raw, &h, sizeof(h));
	raw_bytes(raw, params, len);
}

/*
 * Tables on both sides of the datagrams:
 *   0 ADBH, 16 ADTH of session 3 (two datagrams), 48 and 96 its datagrams,
 *   136 one of session 7, 172 ADTH of session 7, 196 QLTH of session 3
 */
#define GOOD_T1		16
#define GOOD_E1		(GOOD_T1 + 16)
#define GOOD_D1		48
#define GOOD_D2		96
#define GOOD_D3		136
#define GOOD_T2		172
#define GOOD_T3		196
#define GOOD_LEN	216

static void raw_good(struct kunit *test, struct raw *raw)
{
	raw_block(raw, IOSM_SIG_ADBH, GOOD_T1);
	raw_adth(raw, 3, 2, GOOD_T2);
	raw_entry(raw, GOOD_D1, 30, 1);
	raw_entry(raw, GOOD_D2, 22, 2);
	KUNIT_ASSERT_EQ(test, raw_datagram(raw, 0x31, 30), GOOD_D1);
	KUNIT_ASSERT_EQ(test, raw_datagram(raw, 0x32, 22), GOOD_D2);
	KUNIT_ASSERT_EQ(test, raw_datagram(raw, 0x71, 20), GOOD_D3);
	KUNIT_ASSERT_EQ(test, raw->len, GOOD_T2);
	raw_adth(raw, 7, 1, GOOD_T3);
	raw_entry(raw, GOOD_D3, 20, 3);
	KUNIT_ASSERT_EQ(test, raw->len, GOOD_T3);
	raw_qlth(raw, 3, 0);
	KUNIT_ASSERT_EQ(test, raw->len, GOOD_LEN);
	raw_finish(raw);
}

/* Contents of a decoded block. */
struct walk {
	int open;
	int end;
	u32 n;
	u32 bad;
	u32 bytes;
	struct iosm_mux_dg dgs[8];
};

static void walk_adb(struct kunit *test, const void *data, u32 len,
		     struct walk *walk)
{
	struct iosm_mux_reader rd;
	struct iosm_mux_dg dg;
	u8 *copy;

	memset(walk, 0, sizeof(*walk));
	copy = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, data, len);

	walk->open = iosm_mux_adb_open(&rd, copy, len, PAD);
	if (walk->open)
		goto out;

	while ((walk->end = iosm_mux_adb_next(&rd, &dg)) > 0) {
		KUNIT_ASSERT_GE(test, dg.offset, sizeof(struct iosm_adbh) + PAD);
		KUNIT_ASSERT_GT(test, dg.len, 0);
		KUNIT_ASSERT_LE(test, dg.offset, len);
		KUNIT_ASSERT_LE(test, dg.len, len - dg.offset);
		KUNIT_ASSERT_LT(test, dg.if_id, IOSM_SESSIONS);
		if (walk->n < ARRAY_SIZE(walk->dgs))
			walk->dgs[walk->n] = dg;
		walk->n++;
		walk->bytes += dg.len;
		/* Datagrams cannot be longer than the block. */
		KUNIT_ASSERT_LE(test, walk->bytes, len);
	}
	walk->bad = rd.bad;
	/* The error is permanent. */
	if (walk->end)
		KUNIT_EXPECT_EQ(test, iosm_mux_adb_next(&rd, &dg), -EBADMSG);
out:
	kunit_kfree(test, copy);
}

static void mux_adb_reads(struct kunit *test)
{
	static const struct iosm_mux_dg expected[] = {
		{ GOOD_D1 + PAD, 30, 3, 1 },
		{ GOOD_D2 + PAD, 22, 3, 2 },
		{ GOOD_D3 + PAD, 20, 7, 3 },
	};
	struct walk walk;
	struct raw raw;
	unsigned int i;

	raw_good(test, &raw);
	walk_adb(test, raw.data, raw.len, &walk);
	KUNIT_ASSERT_EQ(test, walk.open, 0);
	KUNIT_EXPECT_EQ(test, walk.end, 0);
	KUNIT_EXPECT_EQ(test, walk.bad, 0);
	KUNIT_ASSERT_EQ(test, walk.n, ARRAY_SIZE(expected));
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		KUNIT_EXPECT_EQ(test, walk.dgs[i].offset, expected[i].offset);
		KUNIT_EXPECT_EQ(test, walk.dgs[i].len, expected[i].len);
		KUNIT_EXPECT_EQ(test, walk.dgs[i].if_id, expected[i].if_id);
		KUNIT_EXPECT_EQ(test, walk.dgs[i].service_class,
				expected[i].service_class);
	}
}

/* Bytes of the TD beyond the block length are ignored. */
static void mux_adb_longer_td(struct kunit *test)
{
	struct walk walk;
	struct raw raw;

	raw_good(test, &raw);
	walk_adb(test, raw.data, raw.len + 100, &walk);
	KUNIT_EXPECT_EQ(test, walk.open, 0);
	KUNIT_EXPECT_EQ(test, walk.n, 3);

	((struct iosm_adbh *)raw.data)->block_length = cpu_to_le32(GOOD_T3);
	walk_adb(test, raw.data, raw.len, &walk);
	KUNIT_EXPECT_EQ(test, walk.end, -EBADMSG);
	KUNIT_EXPECT_EQ(test, walk.n, 3);
}

/* Truncated at every length, with the original block length and with a matching one. */
static void mux_adb_truncated(struct kunit *test)
{
	struct walk walk;
	struct raw raw;
	u32 len;

	raw_good(test, &raw);
	for (len = 0; len < GOOD_LEN; len++) {
		((struct iosm_adbh *)raw.data)->block_length =
			cpu_to_le32(GOOD_LEN);
		walk_adb(test, raw.data, len, &walk);
		KUNIT_ASSERT_EQ(test, walk.open, -EBADMSG);

		((struct iosm_adbh *)raw.data)->block_length =
			cpu_to_le32(len);
		walk_adb(test, raw.data, len, &walk);
		KUNIT_ASSERT_EQ_MSG(test, walk.open,
				    len < 16 ? -EBADMSG : 0, "length %u", len);
		if (walk.open)
			continue;
		/* The last table is missing or truncated. */
		KUNIT_ASSERT_EQ_MSG(test, walk.end, -EBADMSG, "length %u", len);
		KUNIT_ASSERT_EQ_MSG(test, walk.n + walk.bad,
				    len < GOOD_D1 ? 0 : len < GOOD_T3 ? 2 : 3,
				    "length %u", len);
		KUNIT_ASSERT_EQ_MSG(test, walk.n,
				    len < GOOD_D1 + PAD + 30 ? 0 :
				    len < GOOD_D2 + PAD + 22 ? 1 :
				    len < GOOD_T3 ? 2 : 3, "length %u", len);
	}
}

/* One wrong field in a valid block. */
struct mux_fault {
	const char *what;
	u32 at;
	u32 size;
	u32 value;
	int open;
	int end;
	u32 n;
	u32 bad;
};

static const struct mux_fault adb_faults[] = {
	{ "signature", 0, 4, 0x48424442, -EBADMSG },
	{ "signature of a command block", 0, 4, IOSM_SIG_ACBH, -EBADMSG },
	{ "block length 0", 8, 4, 0, -EBADMSG },
	{ "block length 15", 8, 4, 15, -EBADMSG },
	{ "block length one more", 8, 4, GOOD_LEN + 1, -EBADMSG },
	{ "block length huge", 8, 4, U32_MAX, -EBADMSG },
	{ "block length of the header alone", 8, 4, 16, 0, -EBADMSG, 0, 0 },
	{ "no table", 12, 4, 0, 0, 0, 0, 0 },
	{ "table in the header", 12, 4, 4, 0, -EBADMSG, 0, 0 },
	{ "table at the end", 12, 4, GOOD_LEN, 0, -EBADMSG, 0, 0 },
	{ "table half outside", 12, 4, GOOD_LEN - 8, 0, -EBADMSG, 0, 0 },
	{ "table far out", 12, 4, 0x7fffffff, 0, -EBADMSG, 0, 0 },
	{ "table index that wraps", 12, 4, U32_MAX - 3, 0, -EBADMSG, 0, 0 },
	{ "table in a datagram", 12, 4, GOOD_D1, 0, -EBADMSG, 0, 0 },
	{ "table signature", GOOD_T1, 4, IOSM_SIG_CMDH, 0, -EBADMSG, 0, 0 },
	{ "table length 0", GOOD_T1 + 4, 2, 0, 0, -EBADMSG, 0, 0 },
	{ "table length 15", GOOD_T1 + 4, 2, 15, 0, -EBADMSG, 0, 0 },
	{ "table without datagrams", GOOD_T1 + 4, 2, 16, 0, 0, 1, 0 },
	{ "table length with half an entry", GOOD_T1 + 4, 2, 30, 0, 0, 2, 0 },
	{ "table longer than the block", GOOD_T1 + 4, 2, 4000, 0, -EBADMSG, 0, 0 },
	{ "table length at most", GOOD_T1 + 4, 2, U16_MAX, 0, -EBADMSG, 0, 0 },
	{ "session 8", GOOD_T1 + 6, 1, 8, 0, -EBADMSG, 0, 0 },
	{ "session 255", GOOD_T1 + 6, 1, 255, 0, -EBADMSG, 0, 0 },
	/* What is left of the budget pays for one datagram a second time. */
	{ "next table is itself", GOOD_T1 + 8, 4, GOOD_T1, 0, -EBADMSG, 3, 1 },
	{ "next table in the header", GOOD_T1 + 8, 4, 8, 0, -EBADMSG, 2, 0 },
	{ "next table far out", GOOD_T1 + 8, 4, BIT(31), 0, -EBADMSG, 2, 0 },
	{ "chain goes back", GOOD_T2 + 8, 4, GOOD_T1, 0, -EBADMSG, 3, 0 },
	{ "last chain goes back", GOOD_T3 + 8, 4, GOOD_T3, 0, -EBADMSG, 3, 0 },
	{ "queue table length", GOOD_T3 + 4, 2, 24, 0, -EBADMSG, 3, 0 },
	{ "queue table session", GOOD_T3 + 6, 1, 9, 0, -EBADMSG, 3, 0 },
	{ "datagram in the header", GOOD_E1, 4, 12, 0, 0, 2, 1 },
	{ "datagram at 0", GOOD_E1, 4, 0, 0, 0, 2, 1 },
	{ "datagram not aligned", GOOD_E1, 4, GOOD_D1 + 2, 0, 0, 2, 1 },
	{ "datagram at the end", GOOD_E1, 4, GOOD_LEN, 0, 0, 2, 1 },
	{ "datagram far out", GOOD_E1, 4, U32_MAX - 3, 0, 0, 2, 1 },
	{ "datagram length 0", GOOD_E1 + 4, 2, 0, 0, 0, 2, 1 },
	{ "datagram of padding only", GOOD_E1 + 4, 2, PAD, 0, 0, 2, 1 },
	{ "datagram of one byte", GOOD_E1 + 4, 2, PAD + 1, 0, 0, 3, 0 },
	{ "datagram longer than the block", GOOD_E1 + 4, 2, GOOD_LEN, 0, 0, 2, 1 },
	{ "datagram length at most", GOOD_E1 + 4, 2, U16_MAX, 0, 0, 2, 1 },
};

static void mux_adb_malformed(struct kunit *test)
{
	const struct mux_fault *fault;
	struct walk walk;
	struct raw raw;
	__le32 value;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(adb_faults); i++) {
		fault = &adb_faults[i];
		raw_good(test, &raw);
		value = cpu_to_le32(fault->value);
		memcpy(raw.data + fault->at, &value, fault->size);
		walk_adb(test, raw.data, raw.len, &walk);
		KUNIT_EXPECT_EQ_MSG(test, walk.open, fault->open, "%s", fault->what);
		KUNIT_EXPECT_EQ_MSG(test, walk.end, fault->end, "%s", fault->what);
		KUNIT_EXPECT_EQ_MSG(test, walk.n, fault->n, "%s", fault->what);
		KUNIT_EXPECT_EQ_MSG(test, walk.bad, fault->bad, "%s", fault->what);
	}
}

/* A malformed table is not read again, even if it was changed. */
static void mux_adb_stays_wrong(struct kunit *test)
{
	struct iosm_mux_reader rd;
	struct iosm_mux_dg dg;
	struct raw raw;

	raw_good(test, &raw);
	raw.data[GOOD_T1] ^= 1;
	KUNIT_ASSERT_EQ(test, iosm_mux_adb_open(&rd, raw.data, raw.len, PAD), 0);
	KUNIT_EXPECT_EQ(test, iosm_mux_adb_next(&rd, &dg), -EBADMSG);
	raw.data[GOOD_T1] ^= 1;
	KUNIT_EXPECT_EQ(test, iosm_mux_adb_next(&rd, &dg), -EBADMSG);
}

/* Overlapping datagrams do not multiply the bytes of a block. */
static void mux_adb_no_amplifier(struct kunit *test)
{
	struct walk walk;
	struct raw raw;
	u32 i;

	raw_block(&raw, IOSM_SIG_ADBH, 16);
	raw_adth(&raw, 0, 40, 0);
	for (i = 0; i < 40; i++)
		raw_entry(&raw, 16 + 16 + 40 * 8, 400, 0);
	raw_datagram(&raw, 0x45, 400);
	raw_finish(&raw);
	walk_adb(test, raw.data, raw.len, &walk);
	KUNIT_EXPECT_EQ(test, walk.n, 1);
	KUNIT_EXPECT_EQ(test, walk.bad, 39);
}

/* Every value in every byte: decoding ends, and remains in bounds. */
static void mux_adb_any_byte(struct kunit *test)
{
	struct walk walk;
	struct raw raw;
	u32 at, value;
	u8 old;

	raw_good(test, &raw);
	for (at = 0; at < raw.len; at++) {
		old = raw.data[at];
		for (value = 0; value < 256; value++) {
			raw.data[at] = value;
			walk_adb(test, raw.data, raw.len, &walk);
		}
		raw.data[at] = old;
	}
}

/* ---- What we write ---- */

struct sent {
	u32 len;
	u8 if_id;
	u8 class;
	u8 fill;
};

/* Decode an encoded block and compare. Returns the number of datagrams. */
static u32 check_adb(struct kunit *test, const u8 *block, u32 len, u32 pad,
		     const struct sent *sent, u32 n)
{
	u32 next[IOSM_SESSIONS] = {};
	struct iosm_mux_reader rd;
	struct iosm_mux_dg dg;
	u32 found = 0, i;
	int ret;

	KUNIT_ASSERT_EQ(test, iosm_mux_adb_open(&rd, block, len, pad), 0);
	while ((ret = iosm_mux_adb_next(&rd, &dg)) > 0) {
		/* Datagrams of a session keep their order. */
		i = next[dg.if_id];
		while (i < n && sent[i].if_id != dg.if_id)
			i++;
		KUNIT_ASSERT_LT(test, i, n);
		next[dg.if_id] = i + 1;

		KUNIT_ASSERT_EQ(test, dg.len, sent[i].len);
		KUNIT_ASSERT_EQ(test, dg.service_class, sent[i].class);
		KUNIT_ASSERT_NULL(test, memchr_inv(block + dg.offset,
						   sent[i].fill, dg.len));
		/* The padding is zero. */
		KUNIT_ASSERT_NULL(test, memchr_inv(block + dg.offset - pad, 0,
						   pad));
		found++;
	}
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_ASSERT_EQ(test, rd.bad, 0);

	return found;
}

struct encode {
	struct iosm_mux_adb adb;
	struct sent sent[IOSM_MUX_ADB_DGS];
	u8 block[BLOCK_SIZE];
};

static struct encode *encode_begin(struct kunit *test)
{
	struct encode *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, e);
	/* Stale contents, which must not be sent. */
	memset(e->block, 0xdb, sizeof(e->block));
	iosm_mux_adb_begin(&e->adb, e->block, sizeof(e->block));

	return e;
}

static bool encode_add(struct encode *e, u8 if_id, u32 pad, u32 len)
{
	struct sent *s = &e->sent[e->adb.n];
	u8 *to;

	to = iosm_mux_adb_add(&e->adb, if_id, len & 7, pad, len);
	if (!to)
		return false;

	s->len = len;
	s->if_id = if_id;
	s->class = len & 7;
	s->fill = 0x40 + (len % 16);
	memset(to, s->fill, len);

	return true;
}

static const u32 encode_pads[] = { 0, 1, 8, 16, 100 };

static void encode_pad_desc(const u32 *pad, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "padding %u", *pad);
}

KUNIT_ARRAY_PARAM(encode_pad, encode_pads, encode_pad_desc);

static void mux_adb_round_trip(struct kunit *test)
{
	u32 pad = *(const u32 *)test->param_value;
	struct encode *e = encode_begin(test);
	u32 levels[IOSM_SESSIONS] = {};
	u32 len, i;

	for (i = 1; i <= 30; i++)
		KUNIT_ASSERT_TRUE(test, encode_add(e, i % 5, pad, i * 13));
	len = iosm_mux_adb_finish(&e->adb, 1, levels);
	KUNIT_ASSERT_LE(test, len, BLOCK_SIZE);
	KUNIT_EXPECT_NULL(test, e->adb.block);
	KUNIT_EXPECT_EQ(test, check_adb(test, e->block, len, pad, e->sent, 30),
			30);
}

/* Header, tables and levels, byte by byte. */
static void mux_adb_layout(struct kunit *test)
{
	struct encode *e = encode_begin(test);
	u32 levels[IOSM_SESSIONS] = { [2] = 1111, [6] = 2222 };
	struct iosm_adb_qlth *q;
	struct iosm_adth_dg *d;
	struct iosm_adbh *h;
	struct iosm_adth *t;
	u32 len, at;

	KUNIT_ASSERT_TRUE(test, encode_add(e, 2, 4, 21));
	iosm_mux_adb_level(&e->adb, 6);
	len = iosm_mux_adb_finish(&e->adb, 0xabcd, levels);

	h = (void *)e->block;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(h->signature), IOSM_SIG_ADBH);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(h->reserved), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(h->sequence), 0xabcd);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(h->block_length), len);
	/* 16 of header, 4 + 21 of datagram, 3 to the next word. */
	at = le32_to_cpu(h->first_table);
	KUNIT_ASSERT_EQ(test, at, 44);
	KUNIT_EXPECT_NULL(test, memchr_inv(e->block + 41, 0, 3));

	t = (void *)e->block + at;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(t->signature), IOSM_SIG_ADTH);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(t->table_length), 24);
	KUNIT_EXPECT_EQ(test, t->if_id, 2);
	KUNIT_EXPECT_EQ(test, t->hint, 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(t->reserved), 0);
	KUNIT_ASSERT_EQ(test, le32_to_cpu(t->next_table), 44 + 24);
	d = (void *)(t + 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(d->index), 16);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(d->length), 25);
	KUNIT_EXPECT_EQ(test, d->service_class, 21 & 7);
	KUNIT_EXPECT_EQ(test, d->reserved, 0);

	q = (void *)e->block + 44 + 24;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(q->signature), IOSM_SIG_QLTH);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(q->table_length), 20);
	KUNIT_EXPECT_EQ(test, q->if_id, 2);
	KUNIT_EXPECT_EQ(test, q->reserved, 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(q->reserved2), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(q->queue_level), 1111);
	KUNIT_ASSERT_EQ(test, le32_to_cpu(q->next_table), 44 + 24 + 20);

	q++;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(q->signature), IOSM_SIG_QLTH);
	KUNIT_EXPECT_EQ(test, q->if_id, 6);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(q->queue_level), 2222);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(q->next_table), 0);
	KUNIT_EXPECT_EQ(test, len, 44 + 24 + 20 + 20);
}

/* A block with a queue level only still has room for datagrams. */
static void mux_adb_level_then_data(struct kunit *test)
{
	struct encode *e = encode_begin(test);
	u32 levels[IOSM_SESSIONS] = {};
	u32 len;

	iosm_mux_adb_level(&e->adb, 1);
	iosm_mux_adb_level(&e->adb, 1);
	KUNIT_ASSERT_TRUE(test, encode_add(e, 1, 0, 20));
	iosm_mux_adb_level(&e->adb, 1);
	len = iosm_mux_adb_finish(&e->adb, 0, levels);
	KUNIT_EXPECT_EQ(test, len, 16 + 20 + 24 + 20);
	KUNIT_EXPECT_EQ(test, check_adb(test, e->block, len, 0, e->sent, 1), 1);
}

/* Packets of one size until the block is full. */
static void mux_adb_full(struct kunit *test)
{
	static const u32 sizes[] = { 1, 20, 64, 333, 1500, 4000, 9000 };
	u32 pad = *(const u32 *)test->param_value;
	u32 levels[IOSM_SESSIONS] = {};
	struct encode *e;
	u32 len, i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		e = encode_begin(test);
		for (n = 0; encode_add(e, n % IOSM_SESSIONS, pad, sizes[i]); n++)
			KUNIT_ASSERT_LT(test, n, IOSM_MUX_ADB_DGS);
		KUNIT_EXPECT_LT(test,
				iosm_mux_adb_room(&e->adb, n % IOSM_SESSIONS,
						  pad), sizes[i]);
		len = iosm_mux_adb_finish(&e->adb, 0, levels);
		KUNIT_ASSERT_LE(test, len, BLOCK_SIZE);
		KUNIT_EXPECT_EQ(test, check_adb(test, e->block, len, pad,
						e->sent, n), n);
		kunit_kfree(test, e);
	}
}

/* All of the room can be used, and not a byte more. */
static void mux_adb_room_is_true(struct kunit *test)
{
	u32 pad = *(const u32 *)test->param_value;
	u32 levels[IOSM_SESSIONS] = {};
	struct encode *e;
	u32 len, room, i;

	for (i = 0; i < 64; i++) {
		e = encode_begin(test);
		if (i)
			KUNIT_ASSERT_TRUE(test, encode_add(e, i & 1, pad,
							   i * 97));
		room = iosm_mux_adb_room(&e->adb, 1, pad);
		KUNIT_EXPECT_FALSE(test, encode_add(e, 1, pad, room + 1));
		KUNIT_ASSERT_TRUE(test, encode_add(e, 1, pad, room));
		len = iosm_mux_adb_finish(&e->adb, 0, levels);
		KUNIT_ASSERT_LE(test, len, BLOCK_SIZE);
		/* Only the reserve for alignment remains. */
		KUNIT_EXPECT_GE(test, len, BLOCK_SIZE - 3);
		check_adb(test, e->block, len, pad, e->sent, e->adb.n);
		kunit_kfree(test, e);
	}
}

/* Number of datagrams in a fresh block until less than @least bytes remain. */
static u32 count_fit(struct encode *e, u32 pad, u32 len, u32 least)
{
	u32 n = 0;

	iosm_mux_adb_begin(&e->adb, e->block, sizeof(e->block));
	while (iosm_mux_adb_add(&e->adb, 0, 0, pad, len)) {
		n++;
		if (iosm_mux_adb_room(&e->adb, 0, pad) < least)
			break;
	}

	return n;
}

/* The predicted number of segments is correct for each segment size. */
static void mux_adb_fit_is_true(struct kunit *test)
{
	static const u32 least[] = { 0, 1500 };
	u32 pad = *(const u32 *)test->param_value;
	struct encode *e = encode_begin(test);
	u32 len, i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(least); i++)
		for (len = 1; len <= BLOCK_SIZE; len++)
			wrong += count_fit(e, pad, len, least[i]) !=
				 iosm_mux_adb_fit(BLOCK_SIZE, pad, len,
						  least[i]);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/* ---- Commands, Aggregation ---- */

static const struct iosm_mux_open_resp open_resp = {
	.response = cpu_to_le32(0),
	.ul_head_pad = cpu_to_le32(24),
};

static int walk_acb(struct kunit *test, const void *data, u32 len,
		    struct iosm_mux_cmd *cmds, u32 max, u32 *n, u32 *bad)
{
	struct iosm_mux_reader rd;
	struct iosm_mux_cmd cmd;
	u8 *copy;
	int ret;

	*n = 0;
	*bad = 0;
	copy = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, data, len);
	ret = iosm_mux_acb_open(&rd, copy, len);
	if (!ret) {
		while ((ret = iosm_mux_acb_next(&rd, &cmd)) > 0) {
			KUNIT_ASSERT_LT(test, cmd.if_id, IOSM_SESSIONS);
			KUNIT_ASSERT_LT(test, *n, len / 20);
			if (*n < max)
				cmds[*n] = cmd;
			++*n;
		}
		*bad = rd.bad;
	}
	kunit_kfree(test, copy);

	return ret;
}

/* 0 ACBH, 16 OPEN_SESSION_RESP (32), 48 FLOW_CTL_ENABLE (20), 68 CLOSE (24) */
#define ACB_C1	16
#define ACB_C2	48
#define ACB_C3	68
#define ACB_LEN	92

static void raw_good_acb(struct kunit *test, struct raw *raw)
{
	__le32 response = cpu_to_le32(5);

	raw_block(raw, IOSM_SIG_ACBH, ACB_C1);
	raw_cmd(raw, 1, 2, 0x11, &open_resp, sizeof(open_resp), ACB_C2);
	KUNIT_ASSERT_EQ(test, raw->len, ACB_C2);
	raw_cmd(raw, 2, 5, 0x22, NULL, 0, ACB_C3);
	KUNIT_ASSERT_EQ(test, raw->len, ACB_C3);
	raw_cmd(raw, 3, 4, 0x33, &response, sizeof(response), 0);
	KUNIT_ASSERT_EQ(test, raw->len, ACB_LEN);
	raw_finish(raw);
}

static void mux_acb_reads(struct kunit *test)
{
	struct iosm_mux_cmd cmds[3];
	struct raw raw;
	u32 n, bad;

	raw_good_acb(test, &raw);
	KUNIT_EXPECT_EQ(test, walk_acb(test, raw.data, raw.len, cmds, 3, &n,
				       &bad), 0);
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_ASSERT_EQ(test, n, 3);
	KUNIT_EXPECT_EQ(test, cmds[0].op, IOSM_MUX_OPEN_RESP);
	KUNIT_EXPECT_EQ(test, cmds[0].if_id, 1);
	KUNIT_EXPECT_EQ(test, cmds[0].transaction, 0x11);
	KUNIT_EXPECT_EQ(test, cmds[0].response, 0);
	KUNIT_EXPECT_EQ(test, cmds[0].head_pad, 24);
	KUNIT_EXPECT_EQ(test, cmds[1].op, IOSM_MUX_FLOW_STOP);
	KUNIT_EXPECT_EQ(test, cmds[1].if_id, 2);
	KUNIT_EXPECT_EQ(test, cmds[1].transaction, 0x22);
	KUNIT_EXPECT_EQ(test, cmds[2].op, IOSM_MUX_CLOSE_RESP);
	KUNIT_EXPECT_EQ(test, cmds[2].if_id, 3);
	KUNIT_EXPECT_EQ(test, cmds[2].response, 5);
}

static void mux_acb_stays_wrong(struct kunit *test)
{
	struct iosm_mux_reader rd;
	struct iosm_mux_cmd cmd;
	struct raw raw;

	raw_good_acb(test, &raw);
	raw.data[ACB_C1] ^= 1;
	KUNIT_ASSERT_EQ(test, iosm_mux_acb_open(&rd, raw.data, raw.len), 0);
	KUNIT_EXPECT_EQ(test, iosm_mux_acb_next(&rd, &cmd), -EBADMSG);
	raw.data[ACB_C1] ^= 1;
	KUNIT_EXPECT_EQ(test, iosm_mux_acb_next(&rd, &cmd), -EBADMSG);
}

static void mux_acb_truncated(struct kunit *test)
{
	struct raw raw;
	u32 len, n, bad;
	int ret;

	raw_good_acb(test, &raw);
	for (len = 0; len < ACB_LEN; len++) {
		raw_good_acb(test, &raw);
		ret = walk_acb(test, raw.data, len, NULL, 0, &n, &bad);
		KUNIT_ASSERT_EQ(test, ret, -EBADMSG);

		((struct iosm_acbh *)raw.data)->block_length = cpu_to_le32(len);
		ret = walk_acb(test, raw.data, len, NULL, 0, &n, &bad);
		KUNIT_ASSERT_EQ_MSG(test, ret, -EBADMSG, "length %u", len);
		KUNIT_ASSERT_EQ_MSG(test, n, len < ACB_C2 ? 0 :
					     len < ACB_C3 ? 1 : 2,
				    "length %u", len);
	}
}

static const struct mux_fault acb_faults[] = {
	{ "signature", 0, 4, IOSM_SIG_ADBH, 0, -EBADMSG, 0, 0 },
	{ "block length 0", 8, 4, 0, 0, -EBADMSG, 0, 0 },
	{ "block length one more", 8, 4, ACB_LEN + 1, 0, -EBADMSG, 0, 0 },
	{ "no command", 12, 4, 0, 0, 0, 0, 0 },
	{ "command in the header", 12, 4, 8, 0, -EBADMSG, 0, 0 },
	{ "command at the end", 12, 4, ACB_LEN, 0, -EBADMSG, 0, 0 },
	{ "command index that wraps", 12, 4, U32_MAX - 7, 0, -EBADMSG, 0, 0 },
	{ "second command first", 12, 4, ACB_C2, 0, 0, 2, 0 },
	{ "command signature", ACB_C1, 4, 0, 0, -EBADMSG, 0, 0 },
	{ "command length 0", ACB_C1 + 4, 2, 0, 0, -EBADMSG, 0, 0 },
	{ "command length 19", ACB_C1 + 4, 2, 19, 0, -EBADMSG, 0, 0 },
	{ "open response too short", ACB_C1 + 4, 2, 31, 0, 0, 2, 1 },
	{ "command too long", ACB_C1 + 4, 2, ACB_LEN, 0, -EBADMSG, 0, 0 },
	{ "session 8", ACB_C1 + 6, 1, 8, 0, 0, 2, 1 },
	{ "next is itself", ACB_C1 + 8, 4, ACB_C1, 0, -EBADMSG, 2, 0 },
	{ "next far out", ACB_C1 + 8, 4, S32_MAX, 0, -EBADMSG, 1, 0 },
	{ "chain goes back", ACB_C3 + 8, 4, ACB_C1, 0, -EBADMSG, 3, 0 },
	{ "command 0", ACB_C1 + 12, 4, 0, 0, 0, 2, 1 },
	{ "command of ours", ACB_C1 + 12, 4, 1, 0, 0, 2, 1 },
	{ "unknown command", ACB_C1 + 12, 4, U32_MAX, 0, 0, 2, 1 },
	{ "close response too short", ACB_C3 + 4, 2, 23, 0, 0, 2, 1 },
};

static void mux_acb_malformed(struct kunit *test)
{
	const struct mux_fault *fault;
	struct raw raw;
	u32 i, n, bad;
	__le32 value;
	int ret;

	for (i = 0; i < ARRAY_SIZE(acb_faults); i++) {
		fault = &acb_faults[i];
		raw_good_acb(test, &raw);
		value = cpu_to_le32(fault->value);
		memcpy(raw.data + fault->at, &value, fault->size);
		ret = walk_acb(test, raw.data, raw.len, NULL, 0, &n, &bad);
		KUNIT_EXPECT_EQ_MSG(test, ret, fault->end, "%s", fault->what);
		KUNIT_EXPECT_EQ_MSG(test, n, fault->n, "%s", fault->what);
		KUNIT_EXPECT_EQ_MSG(test, bad, fault->bad, "%s", fault->what);
	}
}

static void mux_acb_any_byte(struct kunit *test)
{
	struct raw raw;
	u32 at, value, n, bad;
	u8 old;

	raw_good_acb(test, &raw);
	for (at = 0; at < raw.len; at++) {
		old = raw.data[at];
		for (value = 0; value < 256; value++) {
			raw.data[at] = value;
			walk_acb(test, raw.data, raw.len, NULL, 0, &n, &bad);
		}
		raw.data[at] = old;
	}
}

static void mux_acb_ops(struct kunit *test)
{
	static const struct {
		u32 number;
		enum iosm_mux_op op;
	} ops[] = {
		{ 2, IOSM_MUX_OPEN_RESP },
		{ 4, IOSM_MUX_CLOSE_RESP },
		{ 5, IOSM_MUX_FLOW_STOP },
		{ 6, IOSM_MUX_FLOW_GO },
		{ 8, IOSM_MUX_LINK_STATUS },
	};
	struct iosm_mux_cmd cmd;
	u8 params[16] = {};
	struct raw raw;
	u32 i, n, bad;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		raw_block(&raw, IOSM_SIG_ACBH, 16);
		raw_cmd(&raw, 6, ops[i].number, i, params, sizeof(params), 0);
		raw_finish(&raw);
		KUNIT_EXPECT_EQ(test, walk_acb(test, raw.data, raw.len, &cmd, 1,
					       &n, &bad), 0);
		KUNIT_ASSERT_EQ(test, n, 1);
		KUNIT_EXPECT_EQ(test, cmd.op, ops[i].op);
		KUNIT_EXPECT_EQ(test, cmd.transaction, i);
	}
}

/* ---- Lite ---- */

static u32 lite_cmd(u8 *buf, u8 if_id, u32 command, u32 transaction,
		    const void *params, u32 len)
{
	struct iosm_lite_cmdh h = {
		.signature = cpu_to_le32(IOSM_SIG_CMDH),
		.length = cpu_to_le16(sizeof(h) + len),
		.if_id = if_id,
		.command = cpu_to_le32(command),
		.transaction_id = cpu_to_le32(transaction),
	};

	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), params, len);

	return sizeof(h) + len;
}

static int lite_cmd_at(struct kunit *test, const u8 *buf, u32 len,
		       struct iosm_mux_cmd *cmd)
{
	u8 *copy = kunit_kmalloc(test, len, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, buf, len);
	ret = iosm_mux_lite_cmd_decode(copy, len, cmd);
	kunit_kfree(test, copy);

	return ret;
}

static void mux_lite_cmds(struct kunit *test)
{
	__le32 ones = cpu_to_le32(U32_MAX), one = cpu_to_le32(1), zero = 0;
	const struct {
		u32 number;
		const void *params;
		u32 len;
		int ret;
		enum iosm_mux_op op;
	} cmds[] = {
		{ 2, &open_resp, sizeof(open_resp), 0, IOSM_MUX_OPEN_RESP },
		{ 4, &zero, 4, 0, IOSM_MUX_CLOSE_RESP },
		{ 5, &ones, 4, 0, IOSM_MUX_FLOW_STOP },
		{ 5, &zero, 4, 0, IOSM_MUX_FLOW_GO },
		{ 5, &one, 4, -EBADMSG },
		{ 7, &one, 4, 0, IOSM_MUX_LINK_STATUS },
		{ 7, NULL, 0, 0, IOSM_MUX_LINK_STATUS },
		{ 0, &zero, 4, -EBADMSG },
		{ 1, &zero, 4, -EBADMSG },
		{ 3, NULL, 0, -EBADMSG },
		{ 6, NULL, 0, -EBADMSG },
		{ 8, &zero, 4, -EBADMSG },
	};
	struct iosm_mux_cmd cmd;
	u32 i, len, cut;
	u8 buf[64];
	int ret;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		len = lite_cmd(buf, 4, cmds[i].number, 99, cmds[i].params,
			       cmds[i].len);
		ret = lite_cmd_at(test, buf, len, &cmd);
		KUNIT_ASSERT_EQ_MSG(test, ret, cmds[i].ret, "%u", i);

		for (cut = 0; cut < len; cut++)
			KUNIT_ASSERT_EQ(test, lite_cmd_at(test, buf, cut, &cmd),
					-EBADMSG);
		if (ret)
			continue;
		KUNIT_EXPECT_EQ(test, lite_cmd_at(test, buf, len, &cmd), 0);
		KUNIT_EXPECT_EQ(test, cmd.op, cmds[i].op);
		KUNIT_EXPECT_EQ(test, cmd.if_id, 4);
		KUNIT_EXPECT_EQ(test, cmd.transaction, 99);
	}
}

static void mux_lite_cmd_malformed(struct kunit *test)
{
	static const struct mux_fault faults[] = {
		{ "signature", 0, 4, IOSM_SIG_ACBH },
		{ "length 0", 4, 2, 0 },
		{ "length 15", 4, 2, 15 },
		{ "open response too short", 4, 2, 27 },
		{ "length one more", 4, 2, 29 },
		{ "length at most", 4, 2, U16_MAX },
		{ "session 8", 6, 1, 8 },
		{ "command", 8, 4, 0x10002 },
	};
	struct iosm_mux_cmd cmd;
	u8 buf[64], bad[64];
	__le32 value;
	u32 i, len;

	len = lite_cmd(buf, 0, 2, 1, &open_resp, sizeof(open_resp));
	KUNIT_ASSERT_EQ(test, lite_cmd_at(test, buf, len, &cmd), 0);
	KUNIT_EXPECT_EQ(test, cmd.head_pad, 24);
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		memcpy(bad, buf, sizeof(bad));
		value = cpu_to_le32(faults[i].value);
		memcpy(bad + faults[i].at, &value, faults[i].size);
		KUNIT_EXPECT_EQ_MSG(test, lite_cmd_at(test, bad, len, &cmd),
				    -EBADMSG, "%s", faults[i].what);
	}

	/* Flow control without a mask. */
	len = lite_cmd(buf, 0, 5, 1, "\xff\xff\xff\xff", 3);
	KUNIT_EXPECT_EQ(test, lite_cmd_at(test, buf, len, &cmd), -EBADMSG);
}

static void mux_adgh_round_trip(struct kunit *test)
{
	u32 pad = *(const u32 *)test->param_value;
	struct iosm_mux_dg dg;
	u32 len, cut;
	u8 buf[256];

	memset(buf, 0xdb, sizeof(buf));
	len = iosm_mux_adgh_encode(buf, 5, 6, pad, 60);
	KUNIT_ASSERT_EQ(test, len, 16 + pad);
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 16, 0, pad));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 9, 0, 7));
	KUNIT_EXPECT_EQ(test, buf[7], 0);
	KUNIT_EXPECT_EQ(test, buf[len], 0xdb);

	len += 60;
	KUNIT_ASSERT_EQ(test, iosm_mux_adgh_decode(buf, len, pad, &dg), 0);
	KUNIT_EXPECT_EQ(test, dg.offset, 16 + pad);
	KUNIT_EXPECT_EQ(test, dg.len, 60);
	KUNIT_EXPECT_EQ(test, dg.if_id, 5);
	KUNIT_EXPECT_EQ(test, dg.service_class, 6);

	for (cut = 0; cut < len; cut++)
		KUNIT_ASSERT_EQ(test, iosm_mux_adgh_decode(buf, cut, pad, &dg),
				-EBADMSG);
}

static void mux_adgh_malformed(struct kunit *test)
{
	static const struct mux_fault faults[] = {
		{ "signature", 0, 4, IOSM_SIG_ADBH },
		{ "length 0", 4, 2, 0 },
		{ "header only", 4, 2, 16 },
		{ "padding only", 4, 2, 20 },
		{ "length one more", 4, 2, 41 },
		{ "length at most", 4, 2, U16_MAX },
		{ "session 8", 6, 1, 8 },
		{ "session 255", 6, 1, 255 },
	};
	u8 buf[40], bad[40];
	struct iosm_mux_dg dg;
	__le32 value;
	u32 i;

	memset(buf, 0, sizeof(buf));
	iosm_mux_adgh_encode(buf, 0, 0, 4, 20);
	KUNIT_ASSERT_EQ(test, iosm_mux_adgh_decode(buf, 40, 4, &dg), 0);
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		memcpy(bad, buf, sizeof(bad));
		value = cpu_to_le32(faults[i].value);
		memcpy(bad + faults[i].at, &value, faults[i].size);
		KUNIT_EXPECT_EQ_MSG(test, iosm_mux_adgh_decode(bad, 40, 4, &dg),
				    -EBADMSG, "%s", faults[i].what);
	}
}

/* ---- Tables of their own ---- */

static void mux_credits(struct kunit *test)
{
	static const struct mux_fault faults[] = {
		{ "queue level", 0, 4, IOSM_SIG_QLTH },
		{ "length 0", 4, 2, 0 },
		{ "length 19", 4, 2, 19 },
		{ "length one more", 4, 2, 21 },
		{ "session 8", 6, 1, 8 },
		{ "value of two bytes", 7, 1, 2 },
		{ "value of none", 7, 1, 0 },
	};
	u8 buf[sizeof(struct iosm_lite_table)], bad[sizeof(buf)];
	struct iosm_lite_table *t = (void *)buf;
	struct iosm_mux_credit credit;
	__le32 value;
	u32 i;

	/* Same form as a queue level. */
	KUNIT_ASSERT_EQ(test, iosm_mux_level_encode(buf, 7, 0xfedcba98), 20);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature(buf, 20), IOSM_SIG_QLTH);
	KUNIT_EXPECT_EQ(test, t->value_length, 4);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(t->length), 20);
	KUNIT_EXPECT_NULL(test, memchr_inv(t->reserved, 0,
					   sizeof(t->reserved)));

	t->signature = cpu_to_le32(IOSM_SIG_FCTH);
	KUNIT_ASSERT_EQ(test, iosm_mux_credit_decode(buf, 20, &credit), 0);
	KUNIT_EXPECT_EQ(test, credit.bytes, 0xfedcba98);
	KUNIT_EXPECT_EQ(test, credit.if_id, 7);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, iosm_mux_credit_decode(buf, i, &credit),
				-EBADMSG);

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		memcpy(bad, buf, sizeof(bad));
		value = cpu_to_le32(faults[i].value);
		memcpy(bad + faults[i].at, &value, faults[i].size);
		KUNIT_EXPECT_EQ_MSG(test,
				    iosm_mux_credit_decode(bad, 20, &credit),
				    -EBADMSG, "%s", faults[i].what);
	}
}

static void mux_signature(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("ADBH", 4), IOSM_SIG_ADBH);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("ACBH", 4), IOSM_SIG_ACBH);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("ADTH", 4), IOSM_SIG_ADTH);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("QLTH", 4), IOSM_SIG_QLTH);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("ADGH", 4), IOSM_SIG_ADGH);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("CMDH", 4), IOSM_SIG_CMDH);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("FCTH", 4), IOSM_SIG_FCTH);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature("ADBH", 3), 0);
	KUNIT_EXPECT_EQ(test, iosm_mux_signature(NULL, 0), 0);
}

/* ---- Padding ---- */

static void mux_pads(struct kunit *test)
{
	static const struct {
		u32 negotiated;
		int aggregation;
		int lite;
	} pads[] = {
		{ 0, 0, 0 }, { 1, 1, 0 }, { 8, 8, 0 }, { 16, 16, 0 },
		{ 17, 1, 1 }, { 32, 16, 16 }, { 1016, 1000, 1000 },
		{ 1017, -ERANGE, -ERANGE }, { S32_MAX, -ERANGE, -ERANGE },
		{ U32_MAX, -ERANGE, -ERANGE },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pads); i++) {
		KUNIT_EXPECT_EQ(test, iosm_mux_ul_pad(IOSM_MUX_AGGREGATION,
						      pads[i].negotiated, 1000),
				pads[i].aggregation);
		KUNIT_EXPECT_EQ(test, iosm_mux_ul_pad(IOSM_MUX_LITE,
						      pads[i].negotiated, 1000),
				pads[i].lite);
	}
	KUNIT_EXPECT_EQ(test, iosm_mux_dl_pad(IOSM_MUX_AGGREGATION, 16), 16);
	KUNIT_EXPECT_EQ(test, iosm_mux_dl_pad(IOSM_MUX_LITE, 16), 0);
	KUNIT_EXPECT_EQ(test, iosm_mux_dl_pad(IOSM_MUX_LITE, 24), 8);
}

/* ---- Commands of ours ---- */

static void mux_cmd_encodes(struct kunit *test)
{
	static const struct {
		enum iosm_mux_op op;
		u32 lite;
		u32 aggregation;
		u32 params;
	} cmds[] = {
		{ IOSM_MUX_OPEN, 1, 1, 8 },
		{ IOSM_MUX_CLOSE, 3, 3, 0 },
		{ IOSM_MUX_FLOW_ACK, 6, 7, 0 },
		{ IOSM_MUX_LINK_STATUS_RESP, 8, 9, 4 },
	};
	struct iosm_mux_open_params *open;
	struct iosm_lite_cmdh *lite;
	struct iosm_acb_cmdh *h;
	struct iosm_acbh *acb;
	u8 buf[IOSM_MUX_CMD_MAX];
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct iosm_mux_cmd cmd = {
			.op = cmds[i].op,
			.if_id = 5,
			.transaction = 0x01020304,
			.head_pad = 16,
		};

		memset(buf, 0xdb, sizeof(buf));
		len = iosm_mux_cmd_encode(IOSM_MUX_LITE, buf, &cmd, 9);
		KUNIT_EXPECT_EQ(test, len, 16 + cmds[i].params);
		lite = (void *)buf;
		KUNIT_EXPECT_EQ(test, le32_to_cpu(lite->signature),
				IOSM_SIG_CMDH);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(lite->length), len);
		KUNIT_EXPECT_EQ(test, lite->if_id, 5);
		KUNIT_EXPECT_EQ(test, lite->reserved, 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(lite->command), cmds[i].lite);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(lite->transaction_id),
				0x01020304);

		memset(buf, 0xdb, sizeof(buf));
		len = iosm_mux_cmd_encode(IOSM_MUX_AGGREGATION, buf, &cmd, 9);
		KUNIT_EXPECT_EQ(test, len, 36 + cmds[i].params);
		acb = (void *)buf;
		h = (void *)(acb + 1);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(acb->signature),
				IOSM_SIG_ACBH);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(acb->reserved), 0);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(acb->sequence), 9);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(acb->block_length), len);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(acb->first_command), 16);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(h->signature), IOSM_SIG_CMDH);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(h->length), len - 16);
		KUNIT_EXPECT_EQ(test, h->if_id, 5);
		KUNIT_EXPECT_EQ(test, h->reserved, 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(h->next_command), 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(h->command),
				cmds[i].aggregation);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(h->transaction_id),
				0x01020304);

		if (cmds[i].op == IOSM_MUX_OPEN) {
			open = (void *)(h + 1);
			KUNIT_EXPECT_EQ(test, open->flow_control, 0);
			KUNIT_EXPECT_EQ(test, open->hints, 0);
			KUNIT_EXPECT_EQ(test, le16_to_cpu(open->reserved), 0);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(open->dl_head_pad),
					16);
		} else {
			KUNIT_EXPECT_NULL(test, memchr_inv(h + 1, 0,
							   cmds[i].params));
		}
	}
}

/* Commands of the device cannot be encoded. */
static void mux_cmd_refuses(struct kunit *test)
{
	static const enum iosm_mux_op ops[] = {
		IOSM_MUX_OPEN_RESP, IOSM_MUX_CLOSE_RESP, IOSM_MUX_FLOW_STOP,
		IOSM_MUX_FLOW_GO, IOSM_MUX_LINK_STATUS,
	};
	struct iosm_mux_cmd cmd = {};
	u8 buf[IOSM_MUX_CMD_MAX];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		cmd.op = ops[i];
		KUNIT_EXPECT_EQ(test, iosm_mux_cmd_encode(IOSM_MUX_LITE, buf,
							  &cmd, 0), 0);
		KUNIT_EXPECT_EQ(test, iosm_mux_cmd_encode(IOSM_MUX_AGGREGATION,
							  buf, &cmd, 0), 0);
	}
}

static struct kunit_case iosm_mux_codec_cases[] = {
	KUNIT_CASE(mux_signature),
	KUNIT_CASE(mux_adb_reads),
	KUNIT_CASE(mux_adb_longer_td),
	KUNIT_CASE(mux_adb_truncated),
	KUNIT_CASE(mux_adb_malformed),
	KUNIT_CASE(mux_adb_stays_wrong),
	KUNIT_CASE(mux_adb_no_amplifier),
	KUNIT_CASE(mux_adb_any_byte),
	KUNIT_CASE_PARAM(mux_adb_round_trip, encode_pad_gen_params),
	KUNIT_CASE(mux_adb_layout),
	KUNIT_CASE(mux_adb_level_then_data),
	KUNIT_CASE_PARAM(mux_adb_full, encode_pad_gen_params),
	KUNIT_CASE_PARAM(mux_adb_room_is_true, encode_pad_gen_params),
	KUNIT_CASE_PARAM(mux_adb_fit_is_true, encode_pad_gen_params),
	KUNIT_CASE(mux_acb_reads),
	KUNIT_CASE(mux_acb_stays_wrong),
	KUNIT_CASE(mux_acb_truncated),
	KUNIT_CASE(mux_acb_malformed),
	KUNIT_CASE(mux_acb_any_byte),
	KUNIT_CASE(mux_acb_ops),
	KUNIT_CASE(mux_lite_cmds),
	KUNIT_CASE(mux_lite_cmd_malformed),
	KUNIT_CASE_PARAM(mux_adgh_round_trip, encode_pad_gen_params),
	KUNIT_CASE(mux_adgh_malformed),
	KUNIT_CASE(mux_credits),
	KUNIT_CASE(mux_pads),
	KUNIT_CASE(mux_cmd_encodes),
	KUNIT_CASE(mux_cmd_refuses),
	{}
};

static struct kunit_suite iosm_mux_codec_suite = {
	.name = "iosm_mux_codec",
	.test_cases = iosm_mux_codec_cases,
};

kunit_test_suite(iosm_mux_codec_suite);
