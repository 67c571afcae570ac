// SPDX-License-Identifier: GPL-2.0-only
/*
 * MUX blocks.
 *
 * Aggregation, layout of UL blocks (in DL blocks, tables may be anywhere):
 *
 *   +------+----+----+----+------+------+------+------+
 *   | ADBH | dg | dg | dg | ADTH | QLTH | ADTH | QLTH |
 *   +------+----+----+----+------+------+------+------+
 *      |     ^    ^    ^    | ^    | ^    | ^    | ^
 *      |     +----+----+----+ |    | |    | |    | |
 *      +----------------------+    +-|----+ +----+ |
 *                                    +-- chain ----+
 *
 * Lite: ADGH and one datagram, or CMDH, or QLTH.
 */

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include <kunit/visibility.h>

#include "iosm_mux_codec.h"

/*
 * Copy a part of a buffer that the device may change at any time. The compiler must
 * not read it a second time.
 */
static void iosm_mux_fetch(void *to, const void *buf, u32 offset, u32 len)
{
	memcpy(to, (const u8 *)buf + offset, len);
	barrier();
}

/* Are @size bytes at @offset within @len? */
static bool iosm_mux_inside(u32 offset, u32 size, u32 len)
{
	return offset <= len && size <= len - offset;
}

/**
 * iosm_mux_signature() - read the signature of a buffer
 * @buf: DL buffer
 * @len: bytes that the device wrote
 *
 * Return: IOSM_SIG_* or any other number; 0: no signature.
 */
u32 iosm_mux_signature(const void *buf, u32 len)
{
	__le32 signature;

	if (len < sizeof(signature))
		return 0;

	iosm_mux_fetch(&signature, buf, 0, sizeof(signature));

	return le32_to_cpu(signature);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_signature);

static bool iosm_mux_take_budget(struct iosm_mux_reader *rd, u32 bytes)
{
	if (bytes > rd->budget)
		return false;

	rd->budget -= bytes;

	return true;
}

/* ADBH and ACBH have the same form. */
static int iosm_mux_block_open(struct iosm_mux_reader *rd, const void *block,
			       u32 len, u32 signature)
{
	struct iosm_adbh h;
	u32 length;

	static_assert(sizeof(struct iosm_adbh) == sizeof(struct iosm_acbh));

	memset(rd, 0, sizeof(*rd));
	if (len < sizeof(h))
		return -EBADMSG;

	iosm_mux_fetch(&h, block, 0, sizeof(h));
	length = le32_to_cpu(h.block_length);
	if (le32_to_cpu(h.signature) != signature ||
	    length < sizeof(h) || length > len)
		return -EBADMSG;

	rd->block = block;
	rd->len = length;
	rd->budget = length - sizeof(h);
	rd->next = le32_to_cpu(h.first_table);

	return 0;
}

/**
 * iosm_mux_adb_open() - start to read a DL data block
 * @rd: reader to set up
 * @block: the block; valid until the last iosm_mux_adb_next()
 * @len: bytes that the device wrote, from the TD
 * @pad: head padding of each datagram, see iosm_mux_dl_pad()
 *
 * Return: 0, or -EBADMSG: invalid header.
 */
int iosm_mux_adb_open(struct iosm_mux_reader *rd, const void *block, u32 len,
		      u32 pad)
{
	int err = iosm_mux_block_open(rd, block, len, IOSM_SIG_ADBH);

	rd->pad = pad;

	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_open);

/*
 * Replaces the index of an invalid table, so that later calls fail even if the
 * device corrects the table.
 */
#define IOSM_MUX_INVALID_INDEX	U32_MAX

/* Read the table at rd->next. */
static int iosm_mux_adb_table(struct iosm_mux_reader *rd)
{
	u32 at = rd->next, length;
	struct iosm_adth t;

	if (at < sizeof(struct iosm_adbh) ||
	    !iosm_mux_inside(at, sizeof(t), rd->len))
		return -EBADMSG;

	/* A QLTH begins with the same fields. */
	iosm_mux_fetch(&t, rd->block, at, sizeof(t));
	length = le16_to_cpu(t.table_length);
	if (length < sizeof(t) || !iosm_mux_inside(at, length, rd->len) ||
	    !iosm_mux_take_budget(rd, length) || t.if_id >= IOSM_SESSIONS)
		return -EBADMSG;

	switch (le32_to_cpu(t.signature)) {
	case IOSM_SIG_ADTH:
		rd->entry = at + sizeof(t);
		rd->entries = (length - sizeof(t)) / sizeof(struct iosm_adth_dg);
		break;
	case IOSM_SIG_QLTH:
		/* No meaning in downlink. */
		break;
	default:
		return -EBADMSG;
	}

	rd->if_id = t.if_id;
	rd->next = le32_to_cpu(t.next_table);

	return 0;
}

/**
 * iosm_mux_adb_next() - next datagram of a DL data block
 * @rd: reader
 * @dg: the datagram
 *
 * A datagram with an invalid entry is skipped and counted in @rd->bad. An invalid
 * table ends the block.
 *
 * Return: 1: a datagram; 0: end of the block; -EBADMSG: invalid table, also in all
 * later calls.
 */
int iosm_mux_adb_next(struct iosm_mux_reader *rd, struct iosm_mux_dg *dg)
{
	struct iosm_adth_dg e;
	u32 index, length;
	int err;

	for (;;) {
		while (!rd->entries) {
			if (!rd->next)
				return 0;
			err = iosm_mux_adb_table(rd);
			if (err) {
				rd->next = IOSM_MUX_INVALID_INDEX;
				return err;
			}
		}

		iosm_mux_fetch(&e, rd->block, rd->entry, sizeof(e));
		rd->entry += sizeof(e);
		rd->entries--;

		index = le32_to_cpu(e.index);
		length = le16_to_cpu(e.length);
		if (index >= sizeof(struct iosm_adbh) && !(index & 3) &&
		    length > rd->pad &&
		    iosm_mux_inside(index, length, rd->len) &&
		    iosm_mux_take_budget(rd, length))
			break;

		rd->bad++;
	}

	dg->offset = index + rd->pad;
	dg->len = length - rd->pad;
	dg->if_id = rd->if_id;
	dg->service_class = e.service_class;

	return 1;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_next);

/* Read the parameters of a DL command. */
static int iosm_mux_params(struct iosm_mux_cmd *cmd, const void *buf,
			   u32 offset, u32 len)
{
	struct iosm_mux_open_resp open;
	__le32 word;

	cmd->response = 0;
	cmd->head_pad = 0;

	switch (cmd->op) {
	case IOSM_MUX_OPEN_RESP:
		if (len < sizeof(open))
			return -EBADMSG;
		iosm_mux_fetch(&open, buf, offset, sizeof(open));
		cmd->response = le32_to_cpu(open.response);
		cmd->head_pad = le32_to_cpu(open.ul_head_pad);
		return 0;
	case IOSM_MUX_CLOSE_RESP:
		if (len < sizeof(word))
			return -EBADMSG;
		iosm_mux_fetch(&word, buf, offset, sizeof(word));
		cmd->response = le32_to_cpu(word);
		return 0;
	default:
		return 0;
	}
}

/**
 * iosm_mux_acb_open() - start to read a DL command block
 * @rd: reader to set up
 * @block: the block; valid until the last iosm_mux_acb_next()
 * @len: bytes that the device wrote, from the TD
 *
 * Return: 0, or -EBADMSG: invalid header.
 */
int iosm_mux_acb_open(struct iosm_mux_reader *rd, const void *block, u32 len)
{
	return iosm_mux_block_open(rd, block, len, IOSM_SIG_ACBH);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_acb_open);

static int iosm_mux_acb_op(u32 number, enum iosm_mux_op *op)
{
	switch (number) {
	case IOSM_CMD_OPEN_SESSION_RESP:
		*op = IOSM_MUX_OPEN_RESP;
		return 0;
	case IOSM_CMD_CLOSE_SESSION_RESP:
		*op = IOSM_MUX_CLOSE_RESP;
		return 0;
	case IOSM_AGGR_FLOW_CTL_ENABLE:
		/* The mask selects flows; a session has only one. */
		*op = IOSM_MUX_FLOW_STOP;
		return 0;
	case IOSM_AGGR_FLOW_CTL_DISABLE:
		*op = IOSM_MUX_FLOW_GO;
		return 0;
	case IOSM_AGGR_LINK_STATUS:
		*op = IOSM_MUX_LINK_STATUS;
		return 0;
	default:
		return -EBADMSG;
	}
}

/**
 * iosm_mux_acb_next() - next command of a DL command block
 * @rd: reader
 * @cmd: the command
 *
 * A command that is unknown or too short is skipped and counted in @rd->bad. An
 * invalid header ends the block.
 *
 * Return: 1: a command; 0: end of the block; -EBADMSG: invalid header, also in all
 * later calls.
 */
int iosm_mux_acb_next(struct iosm_mux_reader *rd, struct iosm_mux_cmd *cmd)
{
	struct iosm_acb_cmdh h;
	u32 at, length;

	while (rd->next) {
		at = rd->next;
		rd->next = IOSM_MUX_INVALID_INDEX;
		if (at < sizeof(struct iosm_acbh) ||
		    !iosm_mux_inside(at, sizeof(h), rd->len))
			return -EBADMSG;

		iosm_mux_fetch(&h, rd->block, at, sizeof(h));
		length = le16_to_cpu(h.length);
		if (le32_to_cpu(h.signature) != IOSM_SIG_CMDH ||
		    length < sizeof(h) ||
		    !iosm_mux_inside(at, length, rd->len) ||
		    !iosm_mux_take_budget(rd, length))
			return -EBADMSG;

		rd->next = le32_to_cpu(h.next_command);
		cmd->transaction = le32_to_cpu(h.transaction_id);
		cmd->if_id = h.if_id;
		if (h.if_id < IOSM_SESSIONS &&
		    !iosm_mux_acb_op(le32_to_cpu(h.command), &cmd->op) &&
		    !iosm_mux_params(cmd, rd->block, at + sizeof(h),
				     length - sizeof(h)))
			return 1;

		rd->bad++;
	}

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_acb_next);

/**
 * iosm_mux_adgh_decode() - read a Lite datagram
 * @buf: DL buffer
 * @len: bytes that the device wrote, from the TD
 * @pad: padding behind the header, see iosm_mux_dl_pad()
 * @dg: the datagram
 *
 * Return: 0, or -EBADMSG.
 */
int iosm_mux_adgh_decode(const void *buf, u32 len, u32 pad,
			 struct iosm_mux_dg *dg)
{
	struct iosm_adgh h;
	u32 length;

	if (len < sizeof(h))
		return -EBADMSG;

	iosm_mux_fetch(&h, buf, 0, sizeof(h));
	length = le16_to_cpu(h.length);
	if (le32_to_cpu(h.signature) != IOSM_SIG_ADGH || length > len ||
	    length <= sizeof(h) || length - sizeof(h) <= pad ||
	    h.if_id >= IOSM_SESSIONS)
		return -EBADMSG;

	dg->offset = sizeof(h) + pad;
	dg->len = length - sizeof(h) - pad;
	dg->if_id = h.if_id;
	dg->service_class = h.service_class;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adgh_decode);

static int iosm_mux_lite_op(u32 number, const void *buf, u32 offset, u32 len,
			    enum iosm_mux_op *op)
{
	__le32 mask;

	switch (number) {
	case IOSM_CMD_OPEN_SESSION_RESP:
		*op = IOSM_MUX_OPEN_RESP;
		return 0;
	case IOSM_CMD_CLOSE_SESSION_RESP:
		*op = IOSM_MUX_CLOSE_RESP;
		return 0;
	case IOSM_LITE_FLOW_CTL:
		/* One command for both: the mask decides. */
		if (len < sizeof(mask))
			return -EBADMSG;
		iosm_mux_fetch(&mask, buf, offset, sizeof(mask));
		if (mask == cpu_to_le32(IOSM_FLOW_MASK_ALL))
			*op = IOSM_MUX_FLOW_STOP;
		else if (!mask)
			*op = IOSM_MUX_FLOW_GO;
		else
			return -EBADMSG;
		return 0;
	case IOSM_LITE_LINK_STATUS:
		*op = IOSM_MUX_LINK_STATUS;
		return 0;
	default:
		return -EBADMSG;
	}
}

/**
 * iosm_mux_lite_cmd_decode() - read a Lite command
 * @buf: DL buffer
 * @len: bytes that the device wrote, from the TD
 * @cmd: the command
 *
 * Return: 0, or -EBADMSG.
 */
int iosm_mux_lite_cmd_decode(const void *buf, u32 len,
			     struct iosm_mux_cmd *cmd)
{
	struct iosm_lite_cmdh h;
	u32 length;
	int err;

	if (len < sizeof(h))
		return -EBADMSG;

	iosm_mux_fetch(&h, buf, 0, sizeof(h));
	length = le16_to_cpu(h.length);
	if (le32_to_cpu(h.signature) != IOSM_SIG_CMDH ||
	    length < sizeof(h) || length > len || h.if_id >= IOSM_SESSIONS)
		return -EBADMSG;

	cmd->transaction = le32_to_cpu(h.transaction_id);
	cmd->if_id = h.if_id;
	err = iosm_mux_lite_op(le32_to_cpu(h.command), buf, sizeof(h),
			       length - sizeof(h), &cmd->op);
	if (err)
		return err;

	return iosm_mux_params(cmd, buf, sizeof(h), length - sizeof(h));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_lite_cmd_decode);

/**
 * iosm_mux_credit_decode() - read a flow credit table
 * @buf: DL buffer
 * @len: bytes that the device wrote, from the TD
 * @credit: the grant
 *
 * Return: 0, or -EBADMSG.
 */
int iosm_mux_credit_decode(const void *buf, u32 len,
			   struct iosm_mux_credit *credit)
{
	struct iosm_lite_table t;
	u32 length;

	if (len < sizeof(t))
		return -EBADMSG;

	iosm_mux_fetch(&t, buf, 0, sizeof(t));
	length = le16_to_cpu(t.length);
	if (le32_to_cpu(t.signature) != IOSM_SIG_FCTH ||
	    length < sizeof(t) || length > len ||
	    t.value_length != sizeof(t.value) || t.if_id >= IOSM_SESSIONS)
		return -EBADMSG;

	credit->bytes = le32_to_cpu(t.value);
	credit->if_id = t.if_id;

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_credit_decode);

/**
 * iosm_mux_ul_pad() - head padding of UL datagrams
 * @flavour: of the channel
 * @negotiated: value in OPEN_SESSION_RESP; not checked
 * @max: maximum of the result
 *
 * Return: bytes of padding, or -ERANGE if that is more than @max.
 */
int iosm_mux_ul_pad(enum iosm_mux_flavour flavour, u32 negotiated, u32 max)
{
	u32 pad;

	if (negotiated > 16)
		pad = negotiated - 16;
	else
		pad = flavour == IOSM_MUX_LITE ? 0 : negotiated;

	return pad > max ? -ERANGE : pad;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_ul_pad);

/**
 * iosm_mux_dl_pad() - head padding of DL datagrams
 * @flavour: of the channel
 * @wanted: value in OPEN_SESSION
 *
 * Return: bytes in front of the IP packet; Lite: behind the ADGH.
 */
u32 iosm_mux_dl_pad(enum iosm_mux_flavour flavour, u32 wanted)
{
	if (flavour == IOSM_MUX_AGGREGATION)
		return wanted;

	return wanted > sizeof(struct iosm_adgh) ?
	       wanted - sizeof(struct iosm_adgh) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_dl_pad);

/**
 * iosm_mux_adb_begin() - start to fill an UL data block
 * @adb: builder
 * @block: memory to fill
 * @size: bytes at @block, more than IOSM_MUX_ADB_OVERHEAD
 */
void iosm_mux_adb_begin(struct iosm_mux_adb *adb, void *block, u32 size)
{
	adb->block = block;
	adb->size = size;
	adb->used = sizeof(struct iosm_adbh);
	adb->tables = 0;
	adb->n = 0;
	memset(adb->count, 0, sizeof(adb->count));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_begin);

/* Bytes of the tables of a session without datagrams. */
#define IOSM_MUX_SESSION_TABLES	(sizeof(struct iosm_adth) +		\
				 sizeof(struct iosm_adb_qlth))

/* The block has only the queue level of the session. */
#define IOSM_MUX_LEVEL_ONLY	U16_MAX

static u32 iosm_mux_adb_align(u32 offset)
{
	return (offset + 3) & ~3U;
}

/**
 * iosm_mux_adb_room() - longest IP packet that can be added
 * @adb: builder, after iosm_mux_adb_begin()
 * @if_id: session of the packet
 * @pad: head padding of the session
 *
 * Return: bytes; 0: no room.
 */
u32 iosm_mux_adb_room(const struct iosm_mux_adb *adb, u8 if_id, u32 pad)
{
	u32 need = iosm_mux_adb_align(adb->used) + pad + adb->tables +
		   sizeof(struct iosm_adth_dg);
	u32 room;

	if (adb->n == IOSM_MUX_ADB_DGS)
		return 0;

	if (!adb->count[if_id])
		need += IOSM_MUX_SESSION_TABLES;
	/* The tables are aligned, which may need 3 bytes after the last datagram. */
	need += 3;
	if (need >= adb->size || pad >= U16_MAX)
		return 0;

	room = adb->size - need;

	return room < U16_MAX - pad ? room : U16_MAX - pad;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_room);

/**
 * iosm_mux_adb_fresh_room() - room in an empty block for padding or packet
 * @size: bytes of the block, more than IOSM_MUX_ADB_OVERHEAD
 * @part: bytes of the packet, or of its head padding
 *
 * Return: bytes for the head padding, or for the packet; 0: no room.
 */
u32 iosm_mux_adb_fresh_room(u32 size, u32 part)
{
	/* As in iosm_mux_adb_room(). */
	u32 need = IOSM_MUX_ADB_OVERHEAD + 3 + part;

	return size > need ? size - need : 0;
}

/**
 * iosm_mux_adb_fit() - number of datagrams of one size in a block
 * @size: bytes of an empty block, more than IOSM_MUX_ADB_OVERHEAD
 * @pad: head padding of the session
 * @len: bytes of each IP packet, not 0
 * @least: the block is pushed when it has less room than that
 *
 * Return: exact number of datagrams, of one session.
 */
u32 iosm_mux_adb_fit(u32 size, u32 pad, u32 len, u32 least)
{
	u32 each = iosm_mux_adb_align(pad + len) + sizeof(struct iosm_adth_dg);
	u32 room = iosm_mux_adb_fresh_room(size, pad);
	u32 fit;

	if (len > room)
		return 0;

	/* The first datagram does not depend on @least. */
	if (least < len)
		least = len;
	fit = 1 + (room > least ? (room - least) / each : 0);

	return fit < IOSM_MUX_ADB_DGS ? fit : IOSM_MUX_ADB_DGS;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_fit);

/**
 * iosm_mux_adb_add() - reserve room for a datagram
 * @adb: builder, after iosm_mux_adb_begin()
 * @if_id: session of the packet
 * @service_class: for the table
 * @pad: head padding of the session
 * @len: bytes of the IP packet, not 0
 *
 * Return: memory for the IP packet; NULL: no room.
 */
void *iosm_mux_adb_add(struct iosm_mux_adb *adb, u8 if_id, u8 service_class,
		       u32 pad, u32 len)
{
	u32 at = iosm_mux_adb_align(adb->used);

	if (len > iosm_mux_adb_room(adb, if_id, pad))
		return NULL;

	/* Do not leak old contents of the memory to the device. */
	memset(adb->block + adb->used, 0, at + pad - adb->used);

	if (adb->count[if_id] == IOSM_MUX_LEVEL_ONLY)
		adb->count[if_id] = 0;
	else if (!adb->count[if_id])
		adb->tables += IOSM_MUX_SESSION_TABLES;
	adb->tables += sizeof(struct iosm_adth_dg);
	adb->count[if_id]++;

	adb->dgs[adb->n].index = at;
	adb->dgs[adb->n].len = pad + len;
	adb->dgs[adb->n].service_class = service_class;
	adb->dgs[adb->n].if_id = if_id;
	adb->n++;
	adb->used = at + pad + len;

	return adb->block + at + pad;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_add);

/**
 * iosm_mux_adb_level() - add the queue level of a session without datagrams
 * @adb: builder, after iosm_mux_adb_begin()
 * @if_id: the session
 *
 * Does nothing if the session is in the block already, or if there is no room.
 */
void iosm_mux_adb_level(struct iosm_mux_adb *adb, u8 if_id)
{
	u32 used = iosm_mux_adb_align(adb->used) + adb->tables;

	if (adb->count[if_id] ||
	    !iosm_mux_inside(used, IOSM_MUX_SESSION_TABLES, adb->size))
		return;

	adb->count[if_id] = IOSM_MUX_LEVEL_ONLY;
	/* Includes an ADTH, as datagrams may follow. */
	adb->tables += IOSM_MUX_SESSION_TABLES;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_level);

/* Write the tables of all sessions. Returns the offset of their end. */
static u32 iosm_mux_adb_tables(struct iosm_mux_adb *adb, const u32 *levels)
{
	u32 cursor[IOSM_SESSIONS] = {};
	struct iosm_adb_qlth q = {
		.signature = cpu_to_le32(IOSM_SIG_QLTH),
		.table_length = cpu_to_le16(sizeof(q)),
	};
	struct iosm_adth t = {
		.signature = cpu_to_le32(IOSM_SIG_ADTH),
	};
	u32 at = iosm_mux_adb_align(adb->used);
	u8 left = 0, if_id;
	u32 bytes, i;

	for (if_id = 0; if_id < IOSM_SESSIONS; if_id++)
		left += !!adb->count[if_id];

	for (if_id = 0; if_id < IOSM_SESSIONS; if_id++) {
		if (!adb->count[if_id])
			continue;

		if (adb->count[if_id] != IOSM_MUX_LEVEL_ONLY) {
			bytes = sizeof(t) + adb->count[if_id] *
				sizeof(struct iosm_adth_dg);
			t.table_length = cpu_to_le16(bytes);
			t.if_id = if_id;
			t.next_table = cpu_to_le32(at + bytes);
			memcpy(adb->block + at, &t, sizeof(t));
			cursor[if_id] = at + sizeof(t);
			at += bytes;
		}

		q.if_id = if_id;
		q.queue_level = cpu_to_le32(levels[if_id]);
		q.next_table = cpu_to_le32(--left ? at + sizeof(q) : 0);
		memcpy(adb->block + at, &q, sizeof(q));
		at += sizeof(q);
	}

	for (i = 0; i < adb->n; i++) {
		struct iosm_adth_dg e = {
			.index = cpu_to_le32(adb->dgs[i].index),
			.length = cpu_to_le16(adb->dgs[i].len),
			.service_class = adb->dgs[i].service_class,
		};

		if_id = adb->dgs[i].if_id;
		memcpy(adb->block + cursor[if_id], &e, sizeof(e));
		cursor[if_id] += sizeof(e);
	}

	return at;
}

/**
 * iosm_mux_adb_finish() - write header and tables
 * @adb: builder with at least one session in it
 * @sequence: sequence number of the block
 * @levels: queue levels, by session
 *
 * The builder can be used for the next block.
 *
 * Return: length of the block.
 */
u32 iosm_mux_adb_finish(struct iosm_mux_adb *adb, u16 sequence,
			const u32 *levels)
{
	u32 first = iosm_mux_adb_align(adb->used);
	struct iosm_adbh h = {
		.signature = cpu_to_le32(IOSM_SIG_ADBH),
		.sequence = cpu_to_le16(sequence),
		.first_table = cpu_to_le32(first),
	};
	u32 length;

	memset(adb->block + adb->used, 0, first - adb->used);
	length = iosm_mux_adb_tables(adb, levels);

	h.block_length = cpu_to_le32(length);
	memcpy(adb->block, &h, sizeof(h));
	adb->block = NULL;

	return length;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adb_finish);

/**
 * iosm_mux_adgh_encode() - write header and padding of a Lite datagram
 * @buf: room for sizeof(struct iosm_adgh) + @pad bytes
 * @if_id: session
 * @service_class: for the header
 * @pad: padding of the session
 * @len: bytes of the IP packet; with header and padding at most U16_MAX
 *
 * Return: bytes written; the packet follows them.
 */
u32 iosm_mux_adgh_encode(void *buf, u8 if_id, u8 service_class, u32 pad,
			 u32 len)
{
	struct iosm_adgh h = {
		.signature = cpu_to_le32(IOSM_SIG_ADGH),
		.length = cpu_to_le16(sizeof(h) + pad + len),
		.if_id = if_id,
		.service_class = service_class,
	};

	memcpy(buf, &h, sizeof(h));
	memset((u8 *)buf + sizeof(h), 0, pad);

	return sizeof(h) + pad;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_adgh_encode);

/**
 * iosm_mux_level_encode() - write a Lite queue level table
 * @buf: room for sizeof(struct iosm_lite_table) bytes
 * @if_id: session
 * @level: queue level
 *
 * Return: bytes written.
 */
u32 iosm_mux_level_encode(void *buf, u8 if_id, u32 level)
{
	struct iosm_lite_table t = {
		.signature = cpu_to_le32(IOSM_SIG_QLTH),
		.length = cpu_to_le16(sizeof(t)),
		.if_id = if_id,
		.value_length = sizeof(t.value),
		.value = cpu_to_le32(level),
	};

	memcpy(buf, &t, sizeof(t));

	return sizeof(t);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_level_encode);

static u32 iosm_mux_cmd_number(enum iosm_mux_flavour flavour,
			       enum iosm_mux_op op)
{
	bool lite = flavour == IOSM_MUX_LITE;

	switch (op) {
	case IOSM_MUX_OPEN:
		return IOSM_CMD_OPEN_SESSION;
	case IOSM_MUX_CLOSE:
		return IOSM_CMD_CLOSE_SESSION;
	case IOSM_MUX_FLOW_ACK:
		return lite ? IOSM_LITE_FLOW_CTL_ACK : IOSM_AGGR_FLOW_CTL_ACK;
	case IOSM_MUX_LINK_STATUS_RESP:
		return lite ? IOSM_LITE_LINK_STATUS_RESP :
			      IOSM_AGGR_LINK_STATUS_RESP;
	default:
		return 0;
	}
}

static u32 iosm_mux_cmd_params(const struct iosm_mux_cmd *cmd, u8 *buf)
{
	struct iosm_mux_open_params open = {
		.dl_head_pad = cpu_to_le32(cmd->head_pad),
	};
	__le32 response = cpu_to_le32(cmd->response);

	switch (cmd->op) {
	case IOSM_MUX_OPEN:
		memcpy(buf, &open, sizeof(open));
		return sizeof(open);
	case IOSM_MUX_LINK_STATUS_RESP:
		memcpy(buf, &response, sizeof(response));
		return sizeof(response);
	default:
		return 0;
	}
}

/**
 * iosm_mux_cmd_encode() - write a command for the device
 * @flavour: of the channel
 * @buf: room for IOSM_MUX_CMD_MAX bytes
 * @cmd: IOSM_MUX_OPEN, _CLOSE, _FLOW_ACK or _LINK_STATUS_RESP
 * @sequence: sequence number of the command block (Aggregation)
 *
 * Return: bytes written; 0: not a command to the device.
 */
u32 iosm_mux_cmd_encode(enum iosm_mux_flavour flavour, void *buf,
			const struct iosm_mux_cmd *cmd, u16 sequence)
{
	u32 number = iosm_mux_cmd_number(flavour, cmd->op);
	struct iosm_lite_cmdh lite = {
		.signature = cpu_to_le32(IOSM_SIG_CMDH),
		.if_id = cmd->if_id,
		.command = cpu_to_le32(number),
		.transaction_id = cpu_to_le32(cmd->transaction),
	};
	struct iosm_acb_cmdh h = {
		.signature = cpu_to_le32(IOSM_SIG_CMDH),
		.if_id = cmd->if_id,
		.command = cpu_to_le32(number),
		.transaction_id = cpu_to_le32(cmd->transaction),
	};
	struct iosm_acbh block = {
		.signature = cpu_to_le32(IOSM_SIG_ACBH),
		.sequence = cpu_to_le16(sequence),
		.first_command = cpu_to_le32(sizeof(block)),
	};
	u8 *to = buf;
	u32 len;

	if (!number)
		return 0;

	if (flavour == IOSM_MUX_LITE) {
		len = sizeof(lite) +
		      iosm_mux_cmd_params(cmd, to + sizeof(lite));
		lite.length = cpu_to_le16(len);
		memcpy(to, &lite, sizeof(lite));
		return len;
	}

	len = sizeof(h) +
	      iosm_mux_cmd_params(cmd, to + sizeof(block) + sizeof(h));
	h.length = cpu_to_le16(len);
	block.block_length = cpu_to_le32(sizeof(block) + len);
	memcpy(to, &block, sizeof(block));
	memcpy(to + sizeof(block), &h, sizeof(h));

	return sizeof(block) + len;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_cmd_encode);
