// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parses the blocks of the host and checks every field.
 *
 * violation               what is wrong
 * mux-short               the TD ends inside a header
 * mux-signature           the block starts with an unknown signature
 * mux-flavour             the block belongs to the other flavour
 * mux-block-size          an Aggregation block above 16 KiB
 * mux-block-length        block length differs from the TD's size
 * mux-sequence            sequence number is not the last one plus one
 * mux-reserved            reserved field not zero
 * mux-table-reserved      same, in a table (quirk 6)
 * mux-hint                hint not zero (quirk 6)
 * mux-table-index         table or command index out of range
 * mux-align               table, command or datagram not 4-byte aligned
 * mux-table-loop          a table or command is twice in the chain
 * mux-table-signature     neither ADTH nor QLTH, or not CMDH
 * mux-table-length        length of a table is impossible
 * mux-overlap             two parts of a block share bytes
 * mux-if-id               session number above 7
 * mux-datagram-index      datagram out of range
 * mux-datagram-length     too short for padding and an IP header
 * mux-qlth-value          implausible queue level, or a value length
 *                         other than 4
 * mux-qlth-packets        too few bytes for one packet (quirk 5)
 * mux-acb-length          block length of a command block (quirk 3)
 * mux-command-length      command's length is impossible
 *
 * A block with an invalid header is dropped from that header on. An invalid
 * datagram is dropped alone.
 */
#include <string.h>

#include "bytes.h"
#include "mux_priv.h"

#define IP_MIN		20
#define QLTH_MAX	(64u << 20)

/* A block being parsed. Each 4-byte word may belong to one part only. */
struct block {
	struct mux *mux;
	const uint8_t *data;
	size_t len;
	uint64_t used[MUX_UL_BLOCK / 4 / 64];
};

#define BAD(b, name, ...)	vm_violation((b)->mux->vm, name, __VA_ARGS__)

/* Claim bytes @at .. @at+@len-1 (@at is aligned, inside the block). */
static bool claim(struct block *b, size_t at, size_t len)
{
	size_t word = at / 4, end = (at + len + 3) / 4;
	bool clash = false;

	while (word < end) {
		size_t bit = word % 64, n = 64 - bit;
		uint64_t mask;

		if (n > end - word)
			n = end - word;
		mask = (n == 64 ? ~0ull : (1ull << n) - 1) << bit;
		clash |= b->used[word / 64] & mask;
		b->used[word / 64] |= mask;
		word += n;
	}
	return !clash;
}

static bool seen(const struct block *b, size_t at)
{
	return b->used[at / 4 / 64] >> (at / 4 % 64) & 1;
}

/* Is there a part of at least @min bytes at index @at? */
static bool part_good(struct block *b, uint32_t at, size_t min,
		      const char *what)
{
	if (at < MUX_BLOCK_HDR || at > b->len || b->len - at < min) {
		BAD(b, "mux-table-index", "%s at %u of %zu bytes", what, at,
		    b->len);
		return false;
	}
	if (at % 4) {
		BAD(b, "mux-align", "%s at %u", what, at);
		return false;
	}
	return true;
}

static bool session_good(struct block *b, unsigned int if_id)
{
	if (if_id < VM_SESSIONS)
		return true;
	BAD(b, "mux-if-id", "session %u", if_id);
	return false;
}

static void check_hint(struct mux *mux, uint8_t hint)
{
	if (hint)
		vm_quirk(mux->vm, 6, "mux-hint", "hint 0x%02x", hint);
}

static void check_zero(struct mux *mux, const uint8_t *p, size_t len,
		       bool table, const char *what)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i])
			break;
	if (i == len)
		return;
	if (table)
		vm_quirk(mux->vm, 6, "mux-table-reserved",
			 "%s: 0x%02x at +%zu", what, p[i], i);
	else
		vm_violation(mux->vm, "mux-reserved", "%s: 0x%02x at +%zu",
			     what, p[i], i);
}

static void check_level(struct mux *mux, unsigned int if_id, uint32_t level)
{
	if (level > QLTH_MAX)
		vm_violation(mux->vm, "mux-qlth-value",
			     "session %u: %u bytes queued", if_id, level);
	else if (level && level < IP_MIN)
		vm_quirk(mux->vm, 5, "mux-qlth-packets",
			 "session %u: %u bytes queued", if_id, level);
}

/* Header of ADBH and ACBH; returns the index of the first part, 0: drop. */
static uint32_t block_header(struct block *b, bool *known, uint16_t *last,
			     bool command)
{
	const uint8_t *d = b->data;
	uint32_t length;
	uint16_t seq;

	if (b->len < MUX_BLOCK_HDR) {
		BAD(b, "mux-short", "block of %zu bytes", b->len);
		return 0;
	}
	if (b->mux->lite) {
		BAD(b, "mux-flavour", "%.4s in Lite", (const char *)d);
		return 0;
	}
	if (b->len > MUX_UL_BLOCK) {
		BAD(b, "mux-block-size", "block of %zu bytes", b->len);
		return 0;
	}
	seq = get_le16(d + 6);
	if (*known && seq != (uint16_t)(*last + 1))
		BAD(b, "mux-sequence", "%.4s: %u after %u", (const char *)d,
		    seq, *last);
	*known = true;
	*last = seq;
	check_zero(b->mux, d + 4, 2, false, command ? "ACBH" : "ADBH");
	length = get_le32(d + 8);
	if (length != b->len) {
		/* The length of the header only: quirk 3. */
		if (command && length == MUX_BLOCK_HDR) {
			vm_quirk(b->mux->vm, 3, "mux-acb-length",
				 "%u, TD has %zu", length, b->len);
		} else {
			BAD(b, "mux-block-length", "%.4s: %u, TD has %zu",
			    (const char *)d, length, b->len);
			return 0;
		}
	}
	claim(b, 0, MUX_BLOCK_HDR);
	return get_le32(d + 12);
}

static void one_datagram(struct block *b, unsigned int if_id,
			 const uint8_t *entry)
{
	uint32_t at = get_le32(entry), len = get_le16(entry + 4);
	struct mux_sess *s = &b->mux->s[if_id];

	check_zero(b->mux, entry + 7, 1, false, "datagram entry");
	if (at < MUX_BLOCK_HDR || at > b->len || len > b->len - at) {
		BAD(b, "mux-datagram-index", "%u + %u in %zu bytes", at, len,
		    b->len);
		return;
	}
	if (at % 4) {
		BAD(b, "mux-align", "datagram at %u", at);
		return;
	}
	if (len < s->ul_pad + IP_MIN) {
		BAD(b, "mux-datagram-length", "%u bytes, %u of padding", len,
		    s->ul_pad);
		return;
	}
	if (!claim(b, at, len)) {
		BAD(b, "mux-overlap", "datagram at %u + %u", at, len);
		return;
	}
	s->in_block++;
	mux_datagram(b->mux, if_id, b->data + at + s->ul_pad, len - s->ul_pad);
}

static void datagram_table(struct block *b, const uint8_t *t, size_t len)
{
	unsigned int if_id = t[6];
	size_t i;

	check_hint(b->mux, t[7]);
	check_zero(b->mux, t + 12, 4, true, "ADTH");
	if (!session_good(b, if_id))
		return;
	for (i = MUX_TABLE_HDR; i < len; i += MUX_TABLE_DG)
		one_datagram(b, if_id, t + i);
}

static void level_table(struct block *b, const uint8_t *t)
{
	unsigned int if_id = t[6];

	check_zero(b->mux, t + 7, 1, true, "QLTH");
	check_zero(b->mux, t + 12, 4, true, "QLTH");
	if (!session_good(b, if_id))
		return;
	if (!b->mux->s[if_id].open)
		BAD(b, "mux-closed", "QLTH for session %u", if_id);
	check_level(b->mux, if_id, get_le32(t + 16));
}

/*
 * Find and claim all tables before the first datagram is checked. So a datagram
 * that overlaps a table is detected in any order of the two.
 */
static void data_block(struct block *b)
{
	uint32_t tables[MUX_UL_BLOCK / MUX_TABLE_HDR], at;
	size_t count = 0, len, i;
	struct mux *mux = b->mux;
	const uint8_t *t;

	at = block_header(b, &mux->ul_adb_known, &mux->ul_adb_seq, false);
	if (!at && b->len >= MUX_BLOCK_HDR && !get_le32(b->data + 12) &&
	    !mux->lite)
		BAD(b, "mux-table-index", "ADBH without a table");
	for (; at; at = get_le32(t + 8)) {
		if (!part_good(b, at, MUX_TABLE_HDR, "table"))
			return;
		for (i = 0; i < count; i++) {
			if (tables[i] == at) {
				BAD(b, "mux-table-loop", "table at %u", at);
				return;
			}
		}
		t = b->data + at;
		len = get_le16(t + 4);
		if (get_le32(t) != MUX_ADTH && get_le32(t) != MUX_QLTH) {
			BAD(b, "mux-table-signature", "0x%08x at %u",
			    get_le32(t), at);
			return;
		}
		if (len > b->len - at ||
		    (get_le32(t) == MUX_QLTH && len != MUX_QLTH_LEN) ||
		    (get_le32(t) == MUX_ADTH &&
		     (len < MUX_TABLE_HDR ||
		      (len - MUX_TABLE_HDR) % MUX_TABLE_DG))) {
			BAD(b, "mux-table-length", "%.4s at %u: %zu",
			    (const char *)t, at, len);
			return;
		}
		if (!claim(b, at, len)) {
			BAD(b, "mux-overlap", "table at %u", at);
			return;
		}
		tables[count++] = at;
	}
	for (i = 0; i < VM_SESSIONS; i++)
		mux->s[i].in_block = 0;
	for (i = 0; i < count; i++) {
		t = b->data + tables[i];
		if (get_le32(t) == MUX_ADTH)
			datagram_table(b, t, get_le16(t + 4));
		else
			level_table(b, t);
	}
	for (i = 0; i < VM_SESSIONS; i++) {
		struct mux_way *ul = &mux->s[i].ul;

		ul->blocks += !!mux->s[i].in_block;
		if (ul->most < mux->s[i].in_block)
			ul->most = mux->s[i].in_block;
	}
}

static void command_block(struct block *b)
{
	struct mux *mux = b->mux;
	const uint8_t *c;
	uint32_t at;
	size_t len;

	at = block_header(b, &mux->ul_acb_known, &mux->ul_acb_seq, true);
	if (!at && b->len >= MUX_BLOCK_HDR && !get_le32(b->data + 12) &&
	    !mux->lite)
		BAD(b, "mux-table-index", "ACBH without a command");
	for (; at; at = get_le32(c + 8)) {
		if (!part_good(b, at, MUX_CMD_AGGR, "command"))
			return;
		if (seen(b, at)) {
			BAD(b, "mux-table-loop", "command at %u", at);
			return;
		}
		c = b->data + at;
		len = get_le16(c + 4);
		if (get_le32(c) != MUX_CMDH) {
			BAD(b, "mux-table-signature", "0x%08x at %u",
			    get_le32(c), at);
			return;
		}
		if (len < MUX_CMD_AGGR || len > b->len - at) {
			BAD(b, "mux-command-length", "%zu at %u of %zu", len,
			    at, b->len);
			return;
		}
		if (!claim(b, at, len)) {
			BAD(b, "mux-overlap", "command at %u", at);
			return;
		}
		check_zero(mux, c + 7, 1, false, "CMDH");
		if (session_good(b, c[6]))
			mux_command(mux, c[6], get_le32(c + 12),
				    get_le32(c + 16), c + MUX_CMD_AGGR,
				    len - MUX_CMD_AGGR);
	}
}

/* The common header of Lite blocks: @min bytes, length equals the TD's size. */
static bool lite_header(struct block *b, size_t min, size_t len)
{
	const char *name = (const char *)b->data;

	if (!b->mux->lite) {
		BAD(b, "mux-flavour", "%.4s in Aggregation", name);
		return false;
	}
	if (b->len < min) {
		BAD(b, "mux-short", "%.4s of %zu bytes", name, b->len);
		return false;
	}
	if (len != b->len) {
		BAD(b, "mux-block-length", "%.4s: %zu, TD has %zu", name, len,
		    b->len);
		return false;
	}
	return session_good(b, b->data[6]);
}

static void lite_datagram(struct block *b)
{
	const uint8_t *d = b->data;
	struct mux_sess *s;
	size_t head;

	if (!lite_header(b, MUX_ADGH_LEN, get_le16(d + 4)))
		return;
	check_hint(b->mux, d[7]);
	check_zero(b->mux, d + 10, 6, true, "ADGH");
	s = &b->mux->s[d[6]];
	head = MUX_ADGH_LEN + s->ul_pad;
	if (b->len < head + IP_MIN) {
		BAD(b, "mux-datagram-length", "%zu bytes, %u of padding",
		    b->len, s->ul_pad);
		return;
	}
	s->ul.blocks++;
	s->ul.most = 1;
	mux_datagram(b->mux, d[6], d + head, b->len - head);
}

static void lite_level(struct block *b)
{
	const uint8_t *d = b->data;

	if (!lite_header(b, MUX_QLTH_LEN, get_le16(d + 4)))
		return;
	if (b->len != MUX_QLTH_LEN) {
		BAD(b, "mux-table-length", "QLTH of %zu bytes", b->len);
		return;
	}
	if (d[7] != 4)
		BAD(b, "mux-qlth-value", "value length %u", d[7]);
	check_zero(b->mux, d + 8, 8, true, "QLTH");
	if (!b->mux->s[d[6]].open)
		BAD(b, "mux-closed", "QLTH for session %u", d[6]);
	check_level(b->mux, d[6], get_le32(d + 16));
}

static void lite_command(struct block *b)
{
	const uint8_t *d = b->data;

	if (!lite_header(b, MUX_CMD_LITE, get_le16(d + 4)))
		return;
	check_zero(b->mux, d + 7, 1, false, "CMDH");
	mux_command(b->mux, d[6], get_le32(d + 8), get_le32(d + 12),
		    d + MUX_CMD_LITE, b->len - MUX_CMD_LITE);
}

void mux_ul_block(struct mux *mux, const uint8_t *data, size_t len)
{
	struct block b = { .mux = mux, .data = data, .len = len };

	mux->ul_blocks++;
	/* Every header extends at least to the session number. */
	if (len < 8) {
		BAD(&b, "mux-short", "TD of %zu bytes", len);
		return;
	}
	switch (get_le32(data)) {
	case MUX_ADBH:
		data_block(&b);
		break;
	case MUX_ACBH:
		command_block(&b);
		break;
	case MUX_ADGH:
		lite_datagram(&b);
		break;
	case MUX_QLTH:
		lite_level(&b);
		break;
	case MUX_CMDH:
		lite_command(&b);
		break;
	default:
		BAD(&b, "mux-signature", "0x%08x", get_le32(data));
	}
}
