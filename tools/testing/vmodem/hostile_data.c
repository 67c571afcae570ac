// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile mode: faults in the content of DL buffers. A block of the MUX is
 * split into its fields. Each kind of field is one opportunity per block. A
 * fault changes one field of its kind.
 */
#include <string.h>

#include "bytes.h"
#include "hostile.h"
#include "mux.h"

#define FIELDS	64
#define TABLES	32

struct field {
	enum hostile_kind kind;
	unsigned int at, size;
	const char *what;
};

struct block {
	uint8_t *data;
	size_t len;
	struct field field[FIELDS];
	unsigned int fields;
	uint32_t table[TABLES];		/* offsets of tables and commands */
	unsigned int tables;
};

static void add(struct block *b, enum hostile_kind kind, unsigned int at,
		unsigned int size, const char *what)
{
	if (b->fields == FIELDS || at + size > b->len)
		return;
	b->field[b->fields++] = (struct field){
		.kind = kind, .at = at, .size = size, .what = what,
	};
}

static void add_datagrams(struct block *b, uint32_t at, unsigned int len)
{
	unsigned int i;

	for (i = MUX_TABLE_HDR; i + MUX_TABLE_DG <= len; i += MUX_TABLE_DG) {
		add(b, FAULT_DATAGRAM, at + i, 4, "datagram index");
		add(b, FAULT_DATAGRAM, at + i + 4, 2, "datagram length");
		/*
		 * Leave room for other fields: skip the rest of a full table.
		 */
		if (i > MUX_TABLE_HDR + 4 * MUX_TABLE_DG)
			return;
	}
}

static void add_table(struct block *b, uint32_t at)
{
	add(b, FAULT_SIGNATURE, at, 4, "table signature");
	add(b, FAULT_LENGTH, at + 4, 2, "table length");
	add(b, FAULT_SESSION, at + 6, 1, "session of table");
	add(b, FAULT_TABLE, at + 8, 4, "next table");
	if (get_le32(b->data + at) == MUX_ADTH)
		add_datagrams(b, at, get_le16(b->data + at + 4));
	else
		add(b, FAULT_CREDIT, at + 16, 4, "queue level");
}

static void add_command(struct block *b, uint32_t at, bool lite)
{
	unsigned int hdr = lite ? MUX_CMD_LITE : MUX_CMD_AGGR, i;
	unsigned int len = get_le16(b->data + at + 4);

	add(b, FAULT_SIGNATURE, at, 4, "command signature");
	add(b, FAULT_LENGTH, at + 4, 2, "command length");
	add(b, FAULT_SESSION, at + 6, 1, "session of command");
	if (!lite)
		add(b, FAULT_TABLE, at + 8, 4, "next command");
	add(b, FAULT_COMMAND, at + hdr - 8, 4, "command");
	add(b, FAULT_COMMAND, at + hdr - 4, 4, "transaction");
	for (i = hdr; i + 4 <= len && i < hdr + 16; i += 4)
		add(b, FAULT_COMMAND, at + i, 4, "parameter");
}

/* Blocks of the modem are well-formed; anything else is left unchanged. */
static void add_chain(struct block *b, bool data)
{
	uint32_t at = get_le32(b->data + 12);

	add(b, FAULT_SEQUENCE, 6, 2, "sequence");
	add(b, FAULT_LENGTH, 8, 4, "block length");
	add(b, FAULT_TABLE, 12, 4, "first table");
	while (at && at + MUX_CMD_AGGR <= b->len && b->tables < TABLES) {
		b->table[b->tables++] = at;
		if (data)
			add_table(b, at);
		else
			add_command(b, at, false);
		at = get_le32(b->data + at + 8);
	}
}

static void take_apart(struct block *b)
{
	if (b->len < 16)
		return;
	add(b, FAULT_SIGNATURE, 0, 4, "signature");
	switch (get_le32(b->data)) {
	case MUX_ADBH:
	case MUX_ACBH:
		add_chain(b, get_le32(b->data) == MUX_ADBH);
		break;
	case MUX_ADGH:
		add(b, FAULT_DATAGRAM, 4, 2, "length");
		add(b, FAULT_SESSION, 6, 1, "session");
		add(b, FAULT_DATAGRAM, 9, 1, "datagrams that follow");
		break;
	case MUX_FCTH:
	case MUX_QLTH:
		add(b, FAULT_LENGTH, 4, 2, "length");
		add(b, FAULT_SESSION, 6, 1, "session");
		add(b, FAULT_LENGTH, 7, 1, "value length");
		add(b, FAULT_CREDIT, 16, 4, "credit");
		break;
	case MUX_CMDH:
		add_command(b, 0, true);
		break;
	}
}

static uint32_t field_get(const struct block *b, const struct field *f)
{
	const uint8_t *p = b->data + f->at;

	return f->size == 1 ? *p : f->size == 2 ? get_le16(p) : get_le32(p);
}

static void field_put(struct block *b, const struct field *f, uint32_t value)
{
	uint8_t *p = b->data + f->at;

	if (f->size == 1)
		*p = value;
	else if (f->size == 2)
		put_le16(p, value);
	else
		put_le32(p, value);
}

static uint32_t field_wrong(struct hostile *h, const struct block *b,
			    const struct field *f, uint32_t valid)
{
	static const uint32_t signatures[] = {
		MUX_ADBH, MUX_ACBH, MUX_ADTH, MUX_QLTH, MUX_ADGH, MUX_CMDH,
		MUX_FCTH,
	};
	uint32_t limit = b->len;

	switch (f->kind) {
	case FAULT_SIGNATURE:
		if (hostile_draw(h, 4))
			return signatures[hostile_draw(h, 7)];
		break;
	case FAULT_TABLE:
		/* A loop, in most cases */
		if (b->tables && hostile_draw(h, 3))
			return b->table[hostile_draw(h, b->tables)];
		limit = b->len - hostile_draw(h, 24) % b->len;
		break;
	case FAULT_SESSION:
		limit = VM_SESSIONS;
		break;
	case FAULT_COMMAND:
		if (hostile_draw(h, 2))
			return hostile_draw(h, 12);
		break;
	case FAULT_CREDIT:
		if (hostile_draw(h, 2))
			return hostile_draw(h, 2) ? 0 : 0xfffffff0;
		break;
	default:
		break;
	}
	return hostile_wrong(h, valid, limit);
}

static void inject_in_field(struct hostile *h, struct block *b,
			    enum hostile_kind kind)
{
	unsigned int i, n = 0, which;
	uint32_t valid, wrong, mask;
	struct field *f;

	for (i = 0; i < b->fields; i++)
		n += b->field[i].kind == kind;
	if (!n || !hostile_inject(h, kind))
		return;
	which = hostile_draw(h, n);
	for (f = b->field; f->kind != kind || which--; f++)
		;
	mask = f->size == 4 ? ~0u : (1u << (8 * f->size)) - 1;
	valid = field_get(b, f);
	wrong = field_wrong(h, b, f, valid) & mask;
	if (wrong == valid)
		wrong = ~valid & mask;
	field_put(b, f, wrong);
	hostile_note(h, kind, "%s at %u: %#x -> %#x", f->what, f->at, valid,
		     wrong);
}

static void inject_cut(struct hostile *h, unsigned int chan, uint8_t *data,
		       size_t *len, size_t room)
{
	size_t was = *len;

	if (!hostile_inject(h, FAULT_CUT))
		return;
	switch (hostile_draw(h, 4)) {
	case 0:
		*len = room;
		break;
	case 1:
		*len = was + hostile_draw(h, room - was + 1);
		break;
	default:
		*len = hostile_draw(h, was + 1);
	}
	if (*len > was)
		memset(data + was, hostile_draw(h, 256), *len - was);
	hostile_note(h, FAULT_CUT, "channel %u: %zu -> %zu bytes", chan, was,
		     *len);
}

static void inject_garbage(struct hostile *h, enum hostile_kind kind,
			   unsigned int chan, uint8_t *data, size_t len)
{
	unsigned int n, i, at = 0;

	if (!len || !hostile_inject(h, kind))
		return;
	n = hostile_draw(h, 4) ? 1 + hostile_draw(h, 4) : len;
	for (i = 0; i < n; i++) {
		/* The first bytes describe the rest. */
		if (n == len)
			at = i;
		else
			at = hostile_draw(h, hostile_draw(h, 2) && len > 64 ?
					  64 : len);
		data[at] = hostile_draw(h, 256);
	}
	hostile_note(h, kind, "channel %u: %u of %zu bytes, last at %u", chan,
		     n, len, at);
}

void hostile_data(struct hostile *h, unsigned int chan, uint8_t *data,
		  size_t *len, size_t room)
{
	static const enum hostile_kind field_kinds[] = {
		FAULT_SIGNATURE, FAULT_TABLE, FAULT_DATAGRAM, FAULT_SESSION,
		FAULT_LENGTH, FAULT_SEQUENCE, FAULT_CREDIT, FAULT_COMMAND,
	};
	unsigned int i;

	if (chan == 0) {
		struct block b = { .data = data, .len = *len };

		take_apart(&b);
		for (i = 0; i < sizeof(field_kinds) / sizeof(*field_kinds); i++)
			inject_in_field(h, &b, field_kinds[i]);
	}
	inject_garbage(h, chan ? FAULT_CONTROL : FAULT_GARBAGE, chan, data, *len);
	inject_cut(h, chan, data, len, room);
}
