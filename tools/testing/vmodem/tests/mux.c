// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the MUX: mux.c, mux_ul.c, mux_dl.c with stand-ins. */
#define FAKE_NO_NET
#include "fakes.h"

#include "bytes.h"
#include "mux.h"
#include "net.h"
#include "tap.h"

#define CAP_AGGR	16384
#define CAP_LITE	2048

/* ---- stand-in of the network -------------------------------------------- */

#define INPUTS	1024

struct net {
	const struct net_link *link;
	void *priv;
	bool open[VM_SESSIONS];
};

static struct net net;

static struct {
	unsigned int session;
	size_t len;
	uint8_t first, last;
} in[INPUTS];

static unsigned int ins;
static size_t in_bytes;

void net_attach(struct net *n, const struct net_link *link, void *priv)
{
	n->link = link;
	n->priv = priv;
}

void net_session(struct net *n, unsigned int session, bool open)
{
	n->open[session] = open;
}

bool net_connected(const struct net *n, unsigned int session)
{
	return n->open[session];
}

void net_input(struct net *n, unsigned int session, const uint8_t *pkt,
	       size_t len)
{
	static uint8_t copy[70000];

	assert(n->open[session] && len);
	/* Let ASan check every byte of it. */
	memcpy(copy, pkt, len);
	in_bytes += len;
	in[ins % INPUTS].session = session;
	in[ins % INPUTS].len = len;
	in[ins % INPUTS].first = pkt[0];
	in[ins % INPUTS].last = pkt[len - 1];
	ins++;
}

/* A packet to the host: numbered, its length repeated in the payload. */
static bool down(unsigned int session, uint32_t nr, size_t len)
{
	uint8_t *p = net.link->reserve(net.priv, session, len);

	if (!p)
		return false;
	memset(p, len, len);
	put_le32(p, nr);
	net.link->commit(net.priv, session);
	return true;
}

/* ---- the modem under test ---------------------------------------------- */

#define MODEMS	200

/* A MUX is never freed: keep a reference for the leak checker. */
static void *modems[MODEMS];
static unsigned int modem_count;
static struct vm_chan *ch = &fake_chan[0];
static bool lite;
static uint16_t adb_seq, acb_seq;
static uint32_t tid;

static uint8_t blk[70000];
static size_t blk_len;

static void start(bool is_lite, bool credits)
{
	assert(modem_count < MODEMS);
	fake_cmds = 0;
	fake_stats_count = 0;
	fake_timers = NULL;
	fake_reported(NULL, 0);
	if (ch->ops)
		fake_close(ch);
	fake_forget(ch);
	ch->ops = NULL;
	lite = is_lite;
	fake_vm.config.mux = lite ? VM_MUX_LITE : VM_MUX_AGGREGATION;
	fake_vm.config.credits = credits;
	fake_vm.config.credit_start = 10000;
	fake_vm.config.ul_head_pad = 0;
	fake_vm.config.quirks_reference = false;
	fake_now += 1000000;
	mux_create(&fake_vm, &net);
	modems[modem_count++] = ch->priv;
	adb_seq = 100;
	acb_seq = 200;
	tid = 1;
	ins = 0;
	in_bytes = 0;
	fake_open(ch, lite ? CAP_LITE : CAP_AGGR, 100);
}

static void rx(void)
{
	fake_rx(ch, blk, blk_len);
}

static void command(unsigned int session, uint32_t cmd, uint32_t id,
		    const void *params, size_t len)
{
	uint8_t *c = blk;

	memset(blk, 0, 512);
	blk_len = (lite ? 16 : 36) + len;
	if (!lite) {
		put_le32(blk, MUX_ACBH);
		put_le16(blk + 6, acb_seq++);
		put_le32(blk + 8, blk_len);
		put_le32(blk + 12, 16);
		c += 16;
		put_le32(c + 12, cmd);
		put_le32(c + 16, id);
		memcpy(c + 20, params, len);
	} else {
		put_le32(c + 8, cmd);
		put_le32(c + 12, id);
		memcpy(c + 16, params, len);
	}
	put_le32(c, MUX_CMDH);
	put_le16(c + 4, (lite ? 16 : 20) + len);
	c[6] = session;
}

/* A message of the device: command, its fields, its parameters. */
static struct said {
	uint32_t signature, cmd, id, value;
	unsigned int session;
	uint8_t params[64];
	size_t len;
} said;

static bool hear(void)
{
	const struct fake_td *td = fake_take(ch);
	const uint8_t *d;
	size_t head = lite ? 16 : 20;

	memset(&said, 0, sizeof(said));
	if (!td)
		return false;
	d = td->data;
	said.signature = get_le32(d);
	if (said.signature == MUX_FCTH) {
		tap_is(td->len, 20);
		tap_is(get_le16(d + 4), 20);
		tap_is(d[7], 4);
		said.session = d[6];
		said.value = get_le32(d + 16);
		return true;
	}
	if (!lite) {
		tap_is(get_le32(d), MUX_ACBH);
		tap_is(get_le32(d + 8), td->len);
		tap_is(get_le32(d + 12), 16);
		d += 16;
		tap_is(get_le32(d + 8), 0);
	}
	tap_is(get_le32(d), MUX_CMDH);
	said.len = get_le16(d + 4) - head;
	tap_is(td->len, said.len + head + (lite ? 0 : 16));
	said.session = d[6];
	said.cmd = get_le32(d + head - 8);
	said.id = get_le32(d + head - 4);
	memcpy(said.params, d + head,
	       said.len < sizeof(said.params) ? said.len : 64);
	return true;
}

static void open_command(unsigned int session, uint32_t dl_pad)
{
	uint8_t params[8] = { 0 };

	put_le32(params + 4, dl_pad);
	command(session, MUX_OPEN, tid, params, 8);
	rx();
	fake_idle();
}

static void open_session(unsigned int session)
{
	open_command(session, 16);
	tap_ok(hear());
	tap_is(said.cmd, MUX_OPEN_RESP);
	tap_is(said.session, session);
	tap_is(said.id, tid++);
	tap_is(said.len, 12);
	tap_is(get_le32(said.params), 0);
	tap_ok(net.open[session]);
}

static bool quiet(void)
{
	fake_idle();
	return !fake_take(ch) && fake_reported(NULL, 0);
}

static void expect(const char *name, int quirk)
{
	if (fake_reported(name, quirk))
		return;
	printf("# expected: %s (quirk %d)\n", name, quirk);
	tap_good = false;
}

/* ---- uplink blocks ----------------------------------------------------- */

#define DG0	16		/* offsets of the parts of a valid block */
#define DG1	56
#define TABLE	96
#define LEVEL	128
#define GOOD	148

/*
 * A valid block: two datagrams of 40 and 37 bytes (P = 0) of session 0, an
 * ADTH, a QLTH. Every test of an invalid field changes a copy of it.
 */
static void good_block(void)
{
	memset(blk, 0, GOOD);
	blk_len = GOOD;
	put_le32(blk, MUX_ADBH);
	put_le16(blk + 6, adb_seq++);
	put_le32(blk + 8, GOOD);
	put_le32(blk + 12, TABLE);
	memset(blk + DG0, 0x45, 40);
	memset(blk + DG1, 0x46, 37);
	put_le32(blk + TABLE, MUX_ADTH);
	put_le16(blk + TABLE + 4, 32);
	put_le32(blk + TABLE + 8, LEVEL);
	put_le32(blk + TABLE + 16, DG0);
	put_le16(blk + TABLE + 20, 40);
	put_le32(blk + TABLE + 24, DG1);
	put_le16(blk + TABLE + 28, 37);
	put_le32(blk + LEVEL, MUX_QLTH);
	put_le16(blk + LEVEL + 4, 20);
	put_le32(blk + LEVEL + 16, 1400);
}

/* The block causes @name, and @count of its datagrams are accepted. */
static void wrong(const char *name, int quirk, unsigned int count)
{
	unsigned int before = ins;

	rx();
	expect(name, quirk);
	tap_is(ins - before, count);
	good_block();
}

static void test_ul_good_block(void)
{
	start(false, false);
	open_session(0);
	good_block();
	rx();
	tap_is(ins, 2);
	tap_is(in[0].len, 40);
	tap_is(in[1].len, 37);
	tap_is(in[1].last, 0x46);
	tap_is(fake_stat("session.0.ul.packets"), 2);
	tap_is(fake_stat("session.0.ul.bytes"), 77);
	tap_is(fake_stat("session.0.ul.blocks"), 1);
	tap_is(fake_stat("session.0.ul.most-per-block"), 2);
	tap_ok(quiet());
	fake_stats_reset();
	tap_is(fake_stat("session.0.ul.packets"), 0);
}

static void test_ul_tables_first(void)
{
	start(false, false);
	open_session(0);
	open_session(7);
	/*
	 * The table of session 7 first, both tables before the data, chained
	 * backwards.
	 */
	memset(blk, 0, 256);
	blk_len = 16 + 24 + 24 + 20 + 24;
	put_le32(blk, MUX_ADBH);
	put_le32(blk + 8, blk_len);
	put_le32(blk + 12, 40);
	put_le32(blk + 40, MUX_ADTH);
	put_le16(blk + 44, 24);
	blk[46] = 7;
	put_le32(blk + 48, 16);
	put_le32(blk + 56, 84);
	put_le16(blk + 60, 24);
	put_le32(blk + 16, MUX_ADTH);
	put_le16(blk + 20, 24);
	put_le32(blk + 32, 64);
	put_le16(blk + 36, 20);
	rx();
	tap_is(ins, 2);
	tap_is(in[0].session, 7);
	tap_is(in[0].len, 24);
	tap_is(in[1].session, 0);
	tap_is(in[1].len, 20);
	tap_ok(quiet());
}

static void test_ul_block_header(void)
{
	size_t i;

	start(false, false);
	open_session(0);
	for (i = 0; i < 16; i++) {
		good_block();
		blk_len = i;
		wrong("mux-short", 0, 0);
		put_le32(blk, 0x12345678);
		wrong("mux-signature", 0, 0);
	}
	/* The first sequence number is arbitrary. */
	rx();
	expect(NULL, 0);
	adb_seq++;
	good_block();
	wrong("mux-sequence", 0, 2);
	rx();
	expect(NULL, 0);
	adb_seq = 0xffff;
	good_block();
	wrong("mux-sequence", 0, 2);
	tap_is(get_le16(blk + 6), 0);
	blk[4] = 1;
	wrong("mux-reserved", 0, 2);
	put_le32(blk + 8, GOOD - 4);
	wrong("mux-block-length", 0, 0);
	put_le32(blk + 8, GOOD + 4);
	wrong("mux-block-length", 0, 0);
	put_le32(blk + 8, 16);
	wrong("mux-block-length", 0, 0);
	memset(blk + GOOD, 0, CAP_AGGR);
	blk_len = CAP_AGGR;
	put_le32(blk + 8, CAP_AGGR);
	wrong(NULL, 0, 2);
}

static void test_ul_block_size(void)
{
	start(false, false);
	open_session(0);
	good_block();
	memset(blk + GOOD, 0, CAP_AGGR);
	blk_len = CAP_AGGR + 4;
	put_le32(blk + 8, CAP_AGGR + 4);
	wrong("mux-block-size", 0, 0);
	blk_len = 70000;
	put_le32(blk + 8, 70000);
	wrong("mux-block-size", 0, 0);
}

static void test_ul_tables(void)
{
	static const uint32_t outside[] = {
		4, 12, GOOD, GOOD - 12, GOOD + 4, 0x7fffffff, 0x80000000,
		0xfffffff0, 0xffffffff,
	};
	size_t i;

	start(false, false);
	open_session(0);
	good_block();
	for (i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		put_le32(blk + 12, outside[i]);
		wrong("mux-table-index", 0, 0);
		put_le32(blk + TABLE + 8, outside[i]);
		wrong("mux-table-index", 0, 0);
	}
	put_le32(blk + 12, 0);
	wrong("mux-table-index", 0, 0);
	put_le32(blk + 12, TABLE + 2);
	wrong("mux-align", 0, 0);
	put_le32(blk + TABLE + 8, LEVEL - 1);
	wrong("mux-align", 0, 0);
	put_le32(blk + TABLE + 8, TABLE);
	wrong("mux-table-loop", 0, 0);
	put_le32(blk + LEVEL + 8, TABLE);
	wrong("mux-table-loop", 0, 0);
	put_le32(blk + TABLE, 0x11223344);
	wrong("mux-table-signature", 0, 0);
	put_le32(blk + TABLE, MUX_ADBH);
	wrong("mux-table-signature", 0, 0);
	put_le16(blk + TABLE + 4, 15);
	wrong("mux-table-length", 0, 0);
	put_le16(blk + TABLE + 4, 0);
	wrong("mux-table-length", 0, 0);
	put_le16(blk + TABLE + 4, 33);
	wrong("mux-table-length", 0, 0);
	put_le16(blk + TABLE + 4, 16 + 8 * 5);
	wrong("mux-table-length", 0, 0);
	put_le16(blk + TABLE + 4, 0xfff8);
	wrong("mux-table-length", 0, 0);
	/* Another entry would overlap the queue level. */
	put_le16(blk + TABLE + 4, 40);
	wrong("mux-overlap", 0, 0);
	put_le16(blk + LEVEL + 4, 24);
	wrong("mux-table-length", 0, 0);
	put_le16(blk + LEVEL + 4, 16);
	wrong("mux-table-length", 0, 0);
	/* An empty table is valid. */
	put_le16(blk + TABLE + 4, 16);
	i = ins;
	rx();
	tap_is(ins, i);
	tap_ok(quiet());
	good_block();
	blk[TABLE + 7] = 0x40;
	wrong("mux-hint", 6, 2);
	blk[TABLE + 15] = 1;
	wrong("mux-table-reserved", 6, 2);
	blk[LEVEL + 7] = 1;
	wrong("mux-table-reserved", 6, 2);
	blk[LEVEL + 12] = 1;
	wrong("mux-table-reserved", 6, 2);
	blk[TABLE + 6] = 8;
	wrong("mux-if-id", 0, 0);
	blk[TABLE + 6] = 255;
	wrong("mux-if-id", 0, 0);
	blk[LEVEL + 6] = 8;
	wrong("mux-if-id", 0, 2);
	blk[LEVEL + 6] = 3;
	wrong("mux-closed", 0, 2);
	put_le32(blk + LEVEL + 16, 3);
	wrong("mux-qlth-packets", 5, 2);
	put_le32(blk + LEVEL + 16, 0xdeadbeef);
	wrong("mux-qlth-value", 0, 2);
	put_le32(blk + LEVEL + 16, 0);
	rx();
	tap_ok(quiet());
}

static void test_ul_long_chain(void)
{
	unsigned int i, n = (CAP_AGGR - 16) / 16;

	/*
	 * As many empty tables as possible, then the same with a loop at the
	 * end.
	 */
	start(false, false);
	open_session(0);
	for (i = 0; i < 2; i++) {
		unsigned int k;

		memset(blk, 0, CAP_AGGR);
		blk_len = CAP_AGGR;
		put_le32(blk, MUX_ADBH);
		put_le16(blk + 6, i);
		put_le32(blk + 8, CAP_AGGR);
		put_le32(blk + 12, 16);
		for (k = 0; k < n; k++) {
			put_le32(blk + 16 + 16 * k, MUX_ADTH);
			put_le16(blk + 20 + 16 * k, 16);
			put_le32(blk + 24 + 16 * k,
				 k + 1 < n ? 32 + 16 * k : i * 16);
		}
		rx();
		expect(i ? "mux-table-loop" : NULL, 0);
	}
}

static void test_ul_datagrams(void)
{
	static const uint32_t outside[] = {
		0, 12, GOOD, GOOD - 36, 0x80000000, 0xffffffd8, 0xffffffff,
	};
	size_t i;

	start(false, false);
	open_session(0);
	good_block();
	for (i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		put_le32(blk + TABLE + 16, outside[i]);
		wrong("mux-datagram-index", 0, 1);
	}
	put_le16(blk + TABLE + 20, 0xffff);
	wrong("mux-datagram-index", 0, 1);
	put_le32(blk + TABLE + 16, DG0 + 1);
	put_le16(blk + TABLE + 20, 36);
	wrong("mux-align", 0, 1);
	put_le32(blk + TABLE + 16, DG0 + 2);
	put_le16(blk + TABLE + 20, 36);
	wrong("mux-align", 0, 1);
	put_le16(blk + TABLE + 20, 19);
	wrong("mux-datagram-length", 0, 1);
	put_le16(blk + TABLE + 20, 0);
	wrong("mux-datagram-length", 0, 1);
	/* Overlapping the other datagram, a table; the same datagram twice. */
	put_le16(blk + TABLE + 20, 41);
	wrong("mux-overlap", 0, 1);
	put_le32(blk + TABLE + 24, TABLE - 36);
	wrong("mux-overlap", 0, 1);
	put_le32(blk + TABLE + 24, LEVEL - 20);
	wrong("mux-overlap", 0, 1);
	put_le32(blk + TABLE + 24, DG0);
	wrong("mux-overlap", 0, 1);
	blk[TABLE + 23] = 1;
	wrong("mux-reserved", 0, 2);
	/* Any service class is valid. */
	blk[TABLE + 22] = 7;
	rx();
	tap_ok(quiet());
	good_block();
	blk[TABLE + 6] = 2;
	put_le16(blk + TABLE + 4, 24);
	wrong("mux-closed", 0, 0);
}

static void test_ul_padding(void)
{
	/* ul_head_pad_len, resulting bytes: Aggregation, Lite */
	static const uint32_t pads[][3] = {
		{ 0, 0, 0 }, { 8, 8, 0 }, { 16, 16, 0 }, { 17, 1, 1 },
		{ 20, 4, 4 }, { 32, 16, 16 },
	};
	char word[40];
	size_t i;

	for (i = 0; i < 12; i++) {
		uint32_t pad = pads[i / 2][1 + i % 2];

		start(i % 2, false);
		snprintf(word, sizeof(word), "mux ul-pad %u", pads[i / 2][0]);
		tap_ok(fake_ctl(word));
		open_session(0);
		tap_is(get_le32(said.params + 8), pads[i / 2][0]);
		good_block();
		if (lite) {
			put_le32(blk, MUX_ADGH);
			put_le16(blk + 4, 56);
			memset(blk + 6, 0, 10);
			memset(blk + 16, 0xee, pad);
			memset(blk + 16 + pad, 0x45, 40 - pad);
			blk_len = 56;
		} else {
			memset(blk + DG0, 0xee, pad);
			put_le16(blk + TABLE + 4, 24);
		}
		rx();
		tap_is(ins, 1);
		tap_is(in[0].len, 40 - pad);
		tap_is(in[0].first, 0x45);
		tap_ok(quiet());
	}
}

static void test_ul_command_block(void)
{
	size_t i;

	start(false, false);
	open_session(0);
	for (i = 8; i < 16; i++) {
		command(0, MUX_CLOSE, 1, "", 0);
		blk_len = i;
		acb_seq--;
		rx();
		expect("mux-short", 0);
	}
	command(0, 77, 1, "", 0);
	rx();
	expect("mux-command-unknown", 0);
	acb_seq++;
	command(1, MUX_LITE_LINK_RESP + 2, 1, "", 0);
	rx();
	tap_is(fake_violations, 2);
	tap_ok(!strcmp(fake_violation[0].name, "mux-sequence"));
	tap_ok(!strcmp(fake_violation[1].name, "mux-command-unknown"));
	fake_violations = 0;
	command(0, MUX_CLOSE, 1, "", 0);
	put_le32(blk + 8, 16);
	rx();
	expect("mux-acb-length", 3);
	fake_idle();
	tap_ok(hear());
	open_session(0);
	command(1, MUX_CLOSE, 1, "", 0);
	put_le32(blk + 8, 35);
	rx();
	expect("mux-block-length", 0);
	command(1, MUX_CLOSE, 1, "", 0);
	put_le32(blk + 12, 20);
	rx();
	expect("mux-table-index", 0);
	command(1, MUX_CLOSE, 1, "", 0);
	put_le32(blk + 12, 0);
	rx();
	expect("mux-table-index", 0);
	command(1, MUX_CLOSE, 1, "", 0);
	put_le32(blk + 12, 17);
	blk_len++;
	put_le32(blk + 8, blk_len);
	rx();
	expect("mux-align", 0);
	command(1, MUX_CLOSE, 1, "", 0);
	put_le32(blk + 16, MUX_ADTH);
	rx();
	expect("mux-table-signature", 0);
	command(1, MUX_CLOSE, 1, "", 0);
	put_le16(blk + 20, 19);
	rx();
	expect("mux-command-length", 0);
	command(1, MUX_CLOSE, 1, "", 0);
	put_le16(blk + 20, 21);
	rx();
	expect("mux-command-length", 0);
	command(8, MUX_CLOSE, 1, "", 0);
	rx();
	expect("mux-if-id", 0);
	command(0, MUX_CLOSE, 1, "", 0);
	blk[23] = 1;
	rx();
	expect("mux-reserved", 0);
	fake_idle();
	tap_ok(hear());
	tap_is(said.cmd, MUX_CLOSE_RESP);
	/* The loop is detected after the command was executed once. */
	command(1, 77, 1, "", 0);
	put_le32(blk + 24, 16);
	rx();
	tap_is(fake_violations, 2);
	tap_is(fake_violation[0].count, 1);
	tap_ok(!strcmp(fake_violation[1].name, "mux-table-loop"));
	fake_violations = 0;
}

static void test_ul_two_commands(void)
{
	uint8_t params[8] = { 0 };
	uint8_t first[44];

	start(false, false);
	params[4] = 16;
	command(2, MUX_OPEN, 8, params, 8);
	memcpy(first, blk + 16, 28);
	command(1, MUX_OPEN, 7, params, 8);
	acb_seq--;
	/* The second command is located before the first. */
	memmove(blk + 44, blk + 16, 28);
	memcpy(blk + 16, first, 28);
	blk_len = 72;
	put_le32(blk + 8, 72);
	put_le32(blk + 12, 44);
	put_le32(blk + 52, 16);
	rx();
	fake_idle();
	tap_ok(hear());
	tap_is(said.session, 1);
	tap_is(said.id, 7);
	tap_ok(hear());
	tap_is(said.session, 2);
	tap_is(said.id, 8);
	tap_ok(quiet());
}

static void lite_block(uint32_t signature, size_t len)
{
	memset(blk, 0, len + 64);
	blk_len = len;
	put_le32(blk, signature);
	put_le16(blk + 4, len);
	if (signature == MUX_ADGH)
		memset(blk + 16, 0x45, len - 16);
	if (signature == MUX_QLTH) {
		blk[7] = 4;
		put_le32(blk + 16, 3000);
	}
}

static void wrong_lite(const char *name, int quirk, unsigned int count)
{
	unsigned int before = ins;

	rx();
	expect(name, quirk);
	tap_is(ins - before, count);
}

static void test_ul_lite(void)
{
	size_t i;

	start(true, false);
	open_session(0);
	lite_block(MUX_ADGH, 56);
	rx();
	lite_block(MUX_ADGH, 16 + 1500);
	blk[8] = 3;
	blk[9] = 5;
	rx();
	tap_is(ins, 2);
	tap_is(in[1].len, 1500);
	tap_is(fake_stat("session.0.ul.blocks"), 2);
	lite_block(MUX_QLTH, 20);
	rx();
	tap_ok(quiet());
	for (i = 0; i < 16; i++) {
		lite_block(MUX_ADGH, 56);
		blk_len = i;
		put_le16(blk + 4, i);
		wrong_lite("mux-short", 0, 0);
	}
	lite_block(MUX_ADGH, 56);
	put_le16(blk + 4, 55);
	wrong_lite("mux-block-length", 0, 0);
	put_le16(blk + 4, 57);
	wrong_lite("mux-block-length", 0, 0);
	lite_block(MUX_ADGH, 35);
	wrong_lite("mux-datagram-length", 0, 0);
	lite_block(MUX_ADGH, 56);
	blk[6] = 8;
	wrong_lite("mux-if-id", 0, 0);
	lite_block(MUX_ADGH, 56);
	blk[6] = 1;
	wrong_lite("mux-closed", 0, 0);
	lite_block(MUX_ADGH, 56);
	blk[7] = 1;
	wrong_lite("mux-hint", 6, 1);
	for (i = 10; i < 16; i++) {
		lite_block(MUX_ADGH, 56);
		blk[i] = 1;
		wrong_lite("mux-table-reserved", 6, 1);
	}
	for (i = 8; i < 20; i++) {
		lite_block(MUX_QLTH, 20);
		blk_len = i;
		put_le16(blk + 4, i);
		wrong_lite("mux-short", 0, 0);
	}
	lite_block(MUX_QLTH, 24);
	wrong_lite("mux-table-length", 0, 0);
	lite_block(MUX_QLTH, 20);
	blk[7] = 0;
	wrong_lite("mux-qlth-value", 0, 0);
	lite_block(MUX_QLTH, 20);
	blk[8] = 1;
	wrong_lite("mux-table-reserved", 6, 0);
	lite_block(MUX_QLTH, 20);
	blk[6] = 1;
	wrong_lite("mux-closed", 0, 0);
	lite_block(MUX_QLTH, 20);
	put_le32(blk + 16, 19);
	wrong_lite("mux-qlth-packets", 5, 0);
	lite_block(MUX_QLTH, 20);
	put_le32(blk + 16, 1u << 31);
	wrong_lite("mux-qlth-value", 0, 0);
	for (i = 8; i < 16; i++) {
		lite_block(MUX_CMDH, i);
		wrong_lite("mux-short", 0, 0);
	}
	command(0, MUX_CLOSE, 1, "", 0);
	put_le16(blk + 4, 15);
	wrong_lite("mux-block-length", 0, 0);
	command(9, MUX_CLOSE, 1, "", 0);
	wrong_lite("mux-if-id", 0, 0);
	command(0, MUX_CLOSE, 1, "", 0);
	blk[7] = 1;
	wrong_lite("mux-reserved", 0, 0);
	lite_block(MUX_ADTH, 56);
	wrong_lite("mux-signature", 0, 0);
}

static void test_ul_flavours_differ(void)
{
	start(true, false);
	good_block();
	wrong_lite("mux-flavour", 0, 0);
	put_le32(blk, MUX_ACBH);
	wrong_lite("mux-flavour", 0, 0);
	start(false, false);
	lite_block(MUX_ADGH, 56);
	wrong_lite("mux-flavour", 0, 0);
	lite_block(MUX_QLTH, 20);
	wrong_lite("mux-flavour", 0, 0);
	lite_block(MUX_CMDH, 16);
	wrong_lite("mux-flavour", 0, 0);
}

static uint32_t xorshift(void)
{
	static uint32_t x = 0x2545f491;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* A block never yields more data than it has bytes. */
static void test_ul_damaged_blocks(void)
{
	unsigned int i, n;

	for (i = 0; i < 60000; i++) {
		if (i % 30000 == 0)
			start(i, false);
		/* Valid commands may close sessions. */
		if (i % 20 == 0) {
			open_command(0, 16);
			open_command(1, 16);
		}
		switch (xorshift() % 3) {
		case 0:
			if (lite)
				lite_block(MUX_ADGH, 100);
			else
				good_block();
			break;
		case 1:
			if (lite)
				lite_block(MUX_QLTH, 20);
			else
				good_block();
			break;
		default:
			command(1, 1 + xorshift() % 9, 1, "12345678", 8);
		}
		for (n = xorshift() % 4; n; n--) {
			size_t at = xorshift() % blk_len;

			blk[at] = xorshift() & 1 ? xorshift() :
				blk[at] ^ 1u << xorshift() % 8;
		}
		if (xorshift() % 8 == 0)
			blk_len = xorshift() % (blk_len + 1);
		in_bytes = 0;
		rx();
		fake_idle();
		fake_forget(ch);
		if (ch->buffers < 10)
			fake_post(ch, 50);
		if (!tap_ok(in_bytes <= blk_len))
			break;
		fake_violations = 0;
	}
	tap_ok(ins > 3000);
}

/* ---- sessions ---------------------------------------------------------- */

static void test_open_and_close(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		start(i, false);
		open_session(5);
		tap_is(fake_stat("session.5.open"), 1);
		tap_is(fake_stat("session.0.open"), 0);
		command(5, MUX_CLOSE, 99, "", 0);
		rx();
		fake_idle();
		tap_ok(hear());
		tap_is(said.cmd, MUX_CLOSE_RESP);
		tap_is(said.id, 99);
		tap_is(said.session, 5);
		tap_is(said.len, 4);
		tap_is(get_le32(said.params), 0);
		tap_ok(!net.open[5]);
		tap_ok(!down(5, 1, 100));
		tap_is(fake_stat("session.5.dl.dropped"), 1);
		open_session(5);
		tap_ok(quiet());
		/* Closing the channel closes the session. */
		fake_close(ch);
		tap_ok(!net.open[5]);
		fake_open(ch, lite ? CAP_LITE : CAP_AGGR, 10);
		acb_seq = 0;
		open_session(5);
		tap_ok(quiet());
	}
}

static void test_open_wrong(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint8_t params[12] = { 0 };

		start(i, false);
		open_session(1);
		open_session(1);
		expect("mux-open-again", 0);
		command(2, MUX_CLOSE, 1, "", 0);
		rx();
		expect("mux-closed", 0);
		command(1, MUX_CLOSE, 1, "1234", 4);
		rx();
		expect("mux-command-params", 0);
		fake_idle();
		fake_forget(ch);
		put_le32(params + 4, 16);
		command(1, MUX_OPEN, 1, params, 4);
		rx();
		expect("mux-command-params", 0);
		fake_idle();
		tap_ok(hear());
		tap_is(get_le32(said.params), 1);
		tap_ok(!net.open[1]);
		command(1, MUX_OPEN, 1, params, 12);
		rx();
		expect("mux-command-params", 0);
		tap_ok(net.open[1]);
		params[1] = 1;
		command(2, MUX_OPEN, 1, params, 8);
		rx();
		expect("mux-reserved", 0);
		open_command(3, 1 << 20);
		expect("mux-open-padding", 0);
		tap_ok(!net.open[3]);
	}
}

static void test_open_refused_and_dropped(void)
{
	start(false, false);
	tap_ok(fake_ctl("refuse-open 3 5"));
	open_command(3, 16);
	tap_ok(hear());
	tap_is(get_le32(said.params), 5);
	tap_ok(!net.open[3]);
	/* A host may close a session after a failed open, once. */
	command(3, MUX_CLOSE, 1, "", 0);
	rx();
	expect(NULL, 0);
	command(3, MUX_CLOSE, 1, "", 0);
	rx();
	expect("mux-closed", 0);
	fake_idle();
	fake_forget(ch);
	open_session(4);
	tap_ok(fake_ctl("refuse-open 3 0"));
	open_session(3);
	tap_ok(fake_ctl("drop-open 1"));
	open_command(2, 16);
	tap_ok(!hear());
	tap_ok(!net.open[2]);
	open_session(2);
	tap_ok(quiet());
	tap_ok(!fake_ctl("refuse-open 8 1"));
	tap_ok(!fake_ctl("refuse-open 1"));
	tap_ok(!fake_ctl("drop-open x"));
	tap_ok(fake_ctl("sessions"));
}

static void test_responses_wait_for_buffers(void)
{
	start(false, false);
	ch->buffers = 0;
	open_command(0, 16);
	open_command(1, 16);
	tap_ok(!hear());
	fake_post(ch, 1);
	tap_ok(hear());
	tap_is(said.session, 0);
	tap_ok(!hear());
	fake_post(ch, 5);
	tap_ok(hear());
	tap_is(said.session, 1);
	tap_ok(quiet());
}

/* vm_chan_room() wakes the device up: call it only with pending data. */
static void test_idle_leaves_the_channel_alone(void)
{
	unsigned int asked, i;

	for (i = 0; i < 4; i++) {
		start(i & 1, i & 2);
		open_session(0);
		fake_idle();
		fake_sleep(1000000);
		fake_forget(ch);
		asked = ch->asked;
		fake_idle();
		fake_sleep(1000000);
		fake_idle();
		fake_post(ch, 1);
		tap_is(ch->asked, asked);
		tap_ok(down(0, 0, 100));
		fake_idle();
		tap_ok(ch->asked > asked);
		fake_forget(ch);
	}
}

/* ---- flow control, link reports ---------------------------------------- */

static void ack(unsigned int session, uint32_t id)
{
	command(session, lite ? MUX_LITE_FLOW_ACK : MUX_AGGR_FLOW_ACK, id, "",
		0);
	rx();
}

static void send_one(void)
{
	if (lite)
		lite_block(MUX_ADGH, 56);
	else
		good_block();
	rx();
}

static void test_flow_control(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		start(i, false);
		tap_ok(!fake_ctl("flow 0 stop"));
		open_session(0);
		tap_ok(fake_ctl("flow 0 stop"));
		tap_ok(hear());
		tap_is(said.cmd, 5);
		tap_is(said.session, 0);
		tap_is(said.len, 4);
		tap_is(get_le32(said.params), 0xffffffff);
		fake_sleep(500000);
		/* Not acknowledged yet: data of the host is allowed. */
		send_one();
		ack(0, said.id);
		fake_sleep(40000);
		send_one();
		expect(NULL, 0);
		fake_sleep(20000);
		if (lite)
			lite_block(MUX_ADGH, 56);
		else
			good_block();
		rx();
		tap_is(fake_violations, 1);
		tap_ok(!strcmp(fake_violation[0].name, "mux-stopped"));
		fake_violations = 0;
		tap_ok(fake_ctl("flow 0 go"));
		tap_ok(hear());
		tap_is(said.cmd, lite ? 5 : 6);
		tap_is(get_le32(said.params), 0);
		ack(0, said.id);
		send_one();
		fake_sleep(2000000);
		tap_ok(quiet());
	}
	tap_ok(!fake_ctl("flow 0 perhaps"));
	tap_ok(!fake_ctl("flow 9 stop"));
	tap_ok(!fake_ctl("flow 0 stop short"));
	start(false, false);
	open_session(0);
	tap_ok(fake_ctl("flow 0 stop short"));
	tap_ok(hear());
	tap_is(said.len, 0);
	ack(0, said.id);
	fake_sleep(60000);
	good_block();
	put_le16(blk + TABLE + 4, 24);
	rx();
	expect("mux-stopped-short", 9);
	tap_ok(fake_ctl("flow 0 go short"));
	tap_ok(hear());
	ack(0, said.id);
	/* A mask for some flows does not stop all of them. */
	tap_ok(fake_ctl("flow 0 stop 0x10"));
	tap_ok(hear());
	tap_is(get_le32(said.params), 0x10);
	ack(0, said.id);
	fake_sleep(2000000);
	send_one();
	tap_ok(quiet());
}

static void test_flow_acks(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		start(i, false);
		open_session(0);
		open_session(1);
		ack(0, 1);
		expect("mux-transaction", 0);
		tap_ok(fake_ctl("flow 0 stop"));
		tap_ok(hear());
		ack(0, said.id + 1);
		expect("mux-transaction", 0);
		ack(1, said.id);
		expect("mux-transaction", 0);
		command(0, lite ? MUX_LITE_FLOW_ACK : MUX_AGGR_FLOW_ACK,
			said.id, "1234", 4);
		rx();
		expect("mux-command-params", 0);
		ack(0, said.id);
		expect("mux-transaction", 0);
		tap_ok(fake_ctl("flow 1 stop"));
		fake_sleep(999000);
		expect(NULL, 0);
		fake_sleep(2000);
		expect("mux-ack-missing", 0);
		/*
		 * Not acknowledged in time: the session is stopped
		 * nevertheless.
		 */
		fake_sleep(100000);
		if (lite)
			lite_block(MUX_ADGH, 56);
		else
			good_block();
		blk[lite ? 6 : TABLE + 6] = 1;
		if (!lite)
			put_le16(blk + TABLE + 4, 24);
		rx();
		expect("mux-stopped", 0);
		/* A late response is reported only once. */
		tap_ok(hear());
		ack(1, said.id);
		expect(NULL, 0);
		ack(1, said.id);
		expect("mux-transaction", 0);
	}
	/* In quick succession: the response to a "go" does not match a stop. */
	start(false, false);
	open_session(0);
	tap_ok(fake_ctl("flow 0 go"));
	tap_ok(hear());
	tap_ok(fake_ctl("flow 0 stop"));
	ack(0, said.id);
	fake_sleep(500000);
	send_one();
	expect(NULL, 0);
	tap_ok(hear());
	ack(0, said.id);
	fake_sleep(60000);
	good_block();
	put_le16(blk + TABLE + 4, 24);
	rx();
	expect("mux-stopped", 0);
	/* Closing the session drops the pending request. */
	start(false, false);
	open_session(0);
	tap_ok(fake_ctl("flow 0 stop"));
	tap_ok(hear());
	command(0, MUX_CLOSE, 1, "", 0);
	rx();
	fake_sleep(2000000);
	fake_idle();
	fake_forget(ch);
	tap_ok(quiet());
	/* The response may be in flight at that time. */
	ack(0, said.id);
	expect(NULL, 0);
	ack(0, said.id);
	expect("mux-transaction", 0);
}

static void link_resp(uint32_t id, uint32_t value)
{
	uint8_t param[4];

	put_le32(param, value);
	command(0, lite ? MUX_LITE_LINK_RESP : MUX_AGGR_LINK_RESP, id, param,
		4);
	rx();
}

static void test_link_report(void)
{
	unsigned int i, n;

	for (i = 0; i < 2; i++) {
		start(i, false);
		open_session(0);
		tap_ok(fake_ctl("link-report 0"));
		tap_ok(hear());
		tap_is(said.cmd, lite ? 7 : 8);
		tap_is(said.len, 8);
		/* An ACK of flow control does not match. */
		ack(0, said.id);
		expect("mux-transaction", 0);
		link_resp(said.id, 0);
		expect(NULL, 0);
		link_resp(said.id, 0);
		expect("mux-transaction", 0);
		tap_ok(fake_ctl("link-report 0 256"));
		tap_ok(hear());
		tap_is(said.len, 256);
		link_resp(said.id, 3);
		expect("mux-response", 0);
		tap_ok(fake_ctl("link-report 0 0"));
		tap_ok(hear());
		tap_is(said.len, 0);
		fake_sleep(1100000);
		expect("mux-link-missing", lite ? 0 : 7);
		link_resp(said.id, 0);
		expect(NULL, 0);
		link_resp(said.id, 0);
		expect("mux-transaction", 0);
		/* Transactions without a response are reused, oldest first. */
		for (n = 0; n < 33; n++) {
			tap_ok(fake_ctl("link-report 0"));
			tap_ok(hear());
			fake_sleep(1100000);
			expect("mux-link-missing", lite ? 0 : 7);
		}
		link_resp(said.id - 31, 0);
		expect(NULL, 0);
		link_resp(said.id - 32, 0);
		expect("mux-transaction", 0);
		tap_ok(!fake_ctl("link-report 0 257"));
		tap_ok(!fake_ctl("link-report 1"));
		tap_ok(quiet());
	}
}

static void test_no_end_of_messages(void)
{
	unsigned int i;

	start(false, false);
	open_session(0);
	ch->buffers = 0;
	for (i = 0; i < 32; i++)
		tap_ok(fake_ctl("link-report 0"));
	tap_ok(!fake_ctl("link-report 0"));
	for (i = 0; i < 100; i++)
		open_command(1, 16);
	fake_violations = 0;
	fake_post(ch, 100);
	for (i = 0; hear(); i++)
		;
	tap_is(i, 64);
}

/* ---- credits ----------------------------------------------------------- */

static void send_bytes(unsigned int session, size_t bytes)
{
	if (lite) {
		lite_block(MUX_ADGH, 16 + bytes);
		blk[6] = session;
		rx();
		return;
	}
	good_block();
	put_le32(blk + 12, 16);
	put_le32(blk + 16, MUX_ADTH);
	put_le16(blk + 20, 24);
	blk[22] = session;
	blk[23] = 0;
	put_le32(blk + 24, 0);
	put_le32(blk + 28, 0);
	put_le32(blk + 32, 40);
	put_le16(blk + 36, bytes);
	put_le16(blk + 38, 0);
	memset(blk + 40, 0x45, bytes);
	blk_len = 40 + bytes;
	put_le32(blk + 8, blk_len);
	rx();
}

static void test_credits(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		start(i, true);
		open_session(2);
		tap_ok(hear());
		tap_is(said.signature, MUX_FCTH);
		tap_is(said.session, 2);
		tap_is(said.value, 10000);
		tap_is(fake_stat("session.2.credits"), 10000);
		send_bytes(2, 1500);
		fake_idle();
		tap_ok(!hear());
		/*
		 * A quarter is granted again at once, the rest a little later.
		 */
		send_bytes(2, 1000);
		fake_idle();
		tap_ok(hear());
		tap_is(said.value, 2500);
		send_bytes(2, 40);
		fake_idle();
		tap_ok(!hear());
		fake_sleep(1500);
		tap_ok(hear());
		tap_is(said.value, 40);
		tap_ok(quiet());
		tap_ok(fake_ctl("credit 2 hold"));
		while (fake_stat("session.2.credits") >= 1000)
			send_bytes(2, 1000);
		fake_idle();
		fake_sleep(10000);
		tap_ok(quiet());
		send_bytes(2, 1000 - 999);
		expect("mux-datagram-length", 0);
		tap_ok(fake_ctl("credit 2 500"));
		tap_ok(hear());
		tap_is(said.value, 500);
		send_bytes(2, 500);
		expect(NULL, 0);
		send_bytes(2, 20);
		expect("mux-credit", lite ? 0 : 7);
		/* The datagram is forwarded nevertheless. */
		tap_is(in[(ins - 1) % INPUTS].len, 20);
		tap_ok(fake_ctl("credit 2 auto"));
		fake_idle();
		tap_ok(hear());
		tap_is(said.value, 10000);
		tap_ok(!fake_ctl("credit 1 100"));
		tap_ok(!fake_ctl("credit 2 x"));
	}
	start(false, false);
	open_session(0);
	tap_ok(!fake_ctl("credit 0 100"));
}

static void test_first_grant_for_the_reference(void)
{
	start(true, true);
	fake_vm.config.quirks_reference = true;
	open_session(0);
	fake_idle();
	fake_sleep(19000);
	tap_ok(!hear());
	fake_sleep(2000);
	tap_ok(hear());
	tap_is(said.value, 10000);
}

/* Flow control with credits: the reference driver needs credit after a go. */
static void test_grant_after_go_for_the_reference(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		start(i & 1, true);
		open_session(0);
		tap_ok(hear());
		tap_is(said.signature, MUX_FCTH);
		fake_vm.config.quirks_reference = i & 2;
		tap_ok(fake_ctl("flow 0 stop"));
		tap_ok(hear());
		ack(0, said.id);
		tap_ok(fake_ctl("flow 0 go"));
		tap_ok(hear());
		ack(0, said.id);
		tap_is(hear(), !!(i & 2));
		tap_is(said.value, i & 2 ? 1500 : 0);
		tap_ok(quiet());
	}
}

static void test_grants_wait_for_buffers(void)
{
	start(true, true);
	open_session(0);
	hear();
	ch->buffers = 0;
	send_bytes(0, 1500);
	send_bytes(0, 1500);
	fake_idle();
	send_bytes(0, 1500);
	fake_idle();
	tap_ok(!hear());
	fake_post(ch, 5);
	tap_ok(hear());
	tap_is(said.value, 3000);
	fake_sleep(2000);
	tap_ok(hear());
	tap_is(said.value, 1500);
	tap_ok(quiet());
}

/* ---- downlink ---------------------------------------------------------- */

/* Datagrams in the DL blocks so far, by session */
static unsigned int got[VM_SESSIONS];
static uint32_t next_nr[VM_SESSIONS];
static unsigned int seen_before, seen_after, seen_split, seen_levels;
static uint16_t dl_seq;

static void dl_forget(void)
{
	memset(got, 0, sizeof(got));
	memset(next_nr, 0, sizeof(next_nr));
	seen_before = 0;
	seen_after = 0;
	seen_split = 0;
	seen_levels = 0;
	dl_seq = 0;
}

/* Number of bytes of a packet of down() */
static void check_packet(unsigned int session, const uint8_t *d, size_t len)
{
	size_t i;

	tap_is(get_le32(d), next_nr[session]);
	next_nr[session] = get_le32(d) + 1;
	for (i = 4; i < len; i++)
		if (d[i] != (uint8_t)len)
			break;
	tap_is(i, len);
	got[session]++;
}

/* Independent parser of DL blocks. Returns the number of datagrams. */
static unsigned int dl_block(const struct fake_td *td, unsigned int pad)
{
	static uint8_t used[70000];
	unsigned int count = 0, tables[VM_SESSIONS] = { 0 };
	const uint8_t *b = td->data;
	uint32_t at, end = 16;
	size_t i, len;

	memset(used, 0, td->len);
	tap_is(get_le32(b), MUX_ADBH);
	tap_is(get_le16(b + 4), 0);
	tap_is(get_le16(b + 6), dl_seq++);
	tap_is(get_le32(b + 8), td->len);
	for (at = get_le32(b + 12); at; at = get_le32(b + at + 8)) {
		const uint8_t *t = b + at;

		if (!tap_ok(at >= 16 && at % 4 == 0 && at + 16 <= td->len))
			return count;
		len = get_le16(t + 4);
		if (!tap_ok(at + len <= td->len))
			return count;
		for (i = at; i < at + len; i++)
			tap_ok(!used[i]++);
		end = end > at + len ? end : at + len;
		tap_is(t[7], 0);
		tap_is(get_le32(t + 12), 0);
		if (get_le32(t) == MUX_QLTH) {
			tap_is(len, 20);
			seen_levels++;
			continue;
		}
		tap_is(get_le32(t), MUX_ADTH);
		tap_ok(len > 16 && len % 8 == 0 && t[6] < VM_SESSIONS);
		seen_split += !!tables[t[6]]++;
		for (i = 16; i < len; i += 8) {
			uint32_t dg = get_le32(t + i);
			size_t n = get_le16(t + i + 4), k;

			tap_is(get_le16(t + i + 6), 0);
			if (!tap_ok(dg >= 16 && dg % 4 == 0 &&
				    dg + n <= td->len && n > pad))
				return count;
			if (dg > at)
				seen_before++;
			else
				seen_after++;
			for (k = dg; k < dg + n; k++)
				tap_ok(!used[k]++);
			for (k = 0; k < pad; k++)
				tap_is(b[dg + k], 0xa5);
			check_packet(t[6], b + dg + pad, n - pad);
			count++;
			end = end > dg + n ? end : dg + n;
		}
	}
	tap_is((end + 3) & ~3u, td->len);
	return count;
}

static void test_dl_lone_packet(void)
{
	start(false, false);
	dl_forget();
	open_session(3);
	tap_ok(down(3, 0, 1500));
	tap_ok(!fake_take(ch));
	fake_idle();
	tap_is(dl_block(fake_take(ch), 16), 1);
	tap_is(got[3], 1);
	tap_is(fake_stat("session.3.dl.packets"), 1);
	tap_is(fake_stat("session.3.dl.bytes"), 1500);
	tap_is(fake_stat("session.3.dl.blocks"), 1);
	tap_ok(quiet());
}

static void test_dl_head_padding(void)
{
	static const unsigned int pads[] = { 0, 1, 16, 18, 100 };
	const struct fake_td *td;
	size_t i;

	for (i = 0; i < 10; i++) {
		unsigned int pad = pads[i / 2], more = pad > 16 ? pad - 16 : 0;

		start(i % 2, false);
		dl_forget();
		open_command(0, pad);
		tap_ok(hear());
		down(0, 0, 101);
		fake_idle();
		td = fake_take(ch);
		if (!lite) {
			tap_is(dl_block(td, pad), 1);
			continue;
		}
		tap_is(get_le32(td->data), MUX_ADGH);
		tap_is(get_le16(td->data + 4), td->len);
		tap_is(td->len, 16 + more + 101);
		check_packet(0, td->data + 16 + more, 101);
	}
}

static void test_dl_layouts(void)
{
	static const char *const commands[] = {
		"mux layout before", "mux layout after", "mux layout mixed",
		"mux qlth on",
	};
	unsigned int i, k, n, total;
	const struct fake_td *td;

	for (i = 0; i < 4; i++) {
		uint32_t nr[VM_SESSIONS] = { 0 };

		start(false, false);
		dl_forget();
		tap_ok(fake_ctl(commands[i]));
		tap_ok(fake_ctl("mux accumulate 0"));
		open_session(0);
		open_session(3);
		open_session(7);
		total = 0;
		for (k = 0; k < 50; k++) {
			for (n = xorshift() % 20; n; n--) {
				unsigned int s = xorshift() % 3;

				s = s == 2 ? 7 : s * 3;
				down(s, nr[s]++, 20 + xorshift() % 700);
				total++;
			}
			fake_idle();
			while ((td = fake_take(ch)))
				total -= dl_block(td, 16);
			ch->buffers = 100;
		}
		tap_is(total, 0);
		tap_is(got[0], nr[0]);
		tap_is(got[3], nr[3]);
		tap_is(got[7], nr[7]);
		tap_is(!!seen_before, i != 1);
		tap_is(!!seen_after, i != 0);
		tap_is(!!seen_split, i >= 2);
		tap_is(!!seen_levels, i == 3);
		tap_is(fake_stat("session.0.dl.dropped"), 0);
		tap_ok(quiet());
	}
	tap_ok(!fake_ctl("mux layout sideways"));
	tap_ok(!fake_ctl("mux"));
	tap_ok(!fake_ctl("mux qlth perhaps"));
	tap_ok(!fake_ctl("mux accumulate 2000"));
	tap_ok(fake_ctl("mux qlth off"));
}

static void test_dl_many_small(void)
{
	unsigned int i;

	start(false, false);
	dl_forget();
	open_session(1);
	ch->buffers = 0;
	for (i = 0; i < 600; i++)
		tap_ok(down(1, i, 28));
	fake_post(ch, 1);
	i = dl_block(fake_take(ch), 16);
	/* 52 bytes each with padding and entry: the block is full. */
	tap_ok(i > 300 && i <= 16384 / 52);
	tap_is(fake_stat("session.1.dl.most-per-block"), i);
	tap_is(fake_stat("session.1.dl.waiting"), 600 - i);
	fake_post(ch, 10);
	tap_is(dl_block(fake_take(ch), 16), 600 - i > i ? i : 600 - i);
}

static void test_dl_full_queue_drops(void)
{
	unsigned int i, lost = 0;
	const struct fake_td *td;
	size_t len;

	/* Many sizes and rounds, so that the ring wraps at every offset. */
	start(false, false);
	dl_forget();
	open_session(0);
	for (len = 20; len < 9000; len = len * 3 / 2) {
		uint32_t n = 0;

		fake_stats_reset();
		next_nr[0] = 0;
		ch->buffers = 0;
		for (i = 0; i < 1500; i++)
			n += down(0, n, len);
		lost = fake_stat("session.0.dl.dropped");
		tap_is(lost, 1500 - n);
		tap_ok(n <= 1024 && (n == 1024 || n * len > 1000000));
		for (i = 0; i < 2000 && fake_stat("session.0.dl.waiting");
		     i++) {
			fake_post(ch, 1 + xorshift() % 3);
			while ((td = fake_take(ch)))
				dl_block(td, 16);
			if (i % 3 == 0 && i < 300)
				n += down(0, n, 20 + xorshift() % 2000);
		}
		while ((td = fake_take(ch)))
			dl_block(td, 16);
		tap_is(next_nr[0], n);
	}
}

static void test_dl_is_fair(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct fake_td *td;
		unsigned int k;

		start(i, false);
		dl_forget();
		for (k = 0; k < 4; k++)
			open_session(k);
		ch->buffers = 0;
		for (k = 0; k < 800; k++)
			down(0, k, 1000);
		for (k = 0; k < 20; k++) {
			down(1, k, 1000);
			down(2, k, 500);
			down(3, k, 40);
		}
		/*
		 * Enough for 80 packets of 1000 bytes, 60 of them of other
		 * sessions.
		 */
		fake_post(ch, lite ? 80 : 5);
		while ((td = fake_take(ch))) {
			if (!lite) {
				dl_block(td, 16);
				continue;
			}
			tap_is(get_le32(td->data), MUX_ADGH);
			check_packet(td->data[6], td->data + 16, td->len - 16);
		}
		for (k = 1; k < 4; k++)
			tap_ok(got[k] >= 16);
		tap_ok(got[0] >= 16 && got[0] < 55);
	}
}

static void test_dl_accumulates_streams_only(void)
{
	unsigned int i, blocks = 0, most = 0;
	const struct fake_td *td;

	start(false, false);
	dl_forget();
	open_session(0);
	/* A packet per 20 us is a stream: wait, but not for long. */
	for (i = 0; i < 1000; i++) {
		unsigned int n;

		tap_ok(down(0, i, 100));
		fake_idle();
		fake_sleep(20);
		while ((td = fake_take(ch))) {
			n = dl_block(td, 16);
			blocks++;
			most = n > most ? n : most;
			/* 300 us are 15 packets. */
			tap_ok(n <= 17);
		}
		ch->buffers = 100;
	}
	tap_ok(blocks < 200);
	tap_ok(most >= 14);
	fake_sleep(400);
	while ((td = fake_take(ch)))
		dl_block(td, 16);
	tap_is(got[0], 1000);
	/* The stream has ended: the next packet is sent at once. */
	fake_sleep(20000);
	down(0, 1000, 100);
	fake_idle();
	tap_is(dl_block(fake_take(ch), 16), 1);
	tap_ok(quiet());
}

static void test_dl_full_blocks_leave_early(void)
{
	unsigned int i, blocks = 0;

	/* Many packets in one round: the queue must not fill up. */
	start(false, false);
	dl_forget();
	open_session(0);
	for (i = 0; i < 3000; i++) {
		const struct fake_td *td;

		tap_ok(down(0, i, 300));
		while ((td = fake_take(ch))) {
			dl_block(td, 16);
			ch->buffers = 100;
			blocks++;
		}
	}
	tap_is(fake_stat("session.0.dl.dropped"), 0);
	tap_ok(blocks >= 40);
}

static void test_dl_too_big(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		start(i, false);
		dl_forget();
		open_session(0);
		/* The largest packet that fits, and one byte more. */
		down(0, 0, lite ? 2048 - 16 : 16384 - 16 - 24 - 16 - 40);
		fake_idle();
		tap_ok(fake_take(ch));
		down(0, 0, lite ? 2048 - 15 : 16384);
		down(0, 1, 100);
		fake_idle();
		tap_ok(fake_take(ch));
		tap_is(fake_stat("session.0.dl.dropped"), 1);
		tap_is(fake_stat("session.0.dl.packets"), 2);
		tap_ok(quiet());
	}
}

static void test_dl_lite_fields(void)
{
	const struct fake_td *td;
	unsigned int i;

	start(true, false);
	dl_forget();
	open_session(6);
	for (i = 0; i < 12; i++)
		down(6, i, 60 + i);
	fake_idle();
	for (i = 0; i < 12; i++) {
		td = fake_take(ch);
		tap_is(td->len, 16 + 60 + i);
		tap_is(get_le32(td->data), MUX_ADGH);
		tap_is(get_le16(td->data + 4), td->len);
		tap_is(td->data[6], 6);
		tap_is(td->data[7], 0);
		tap_is(td->data[8], 0);
		/* Datagrams that follow in this run of at most 8. */
		tap_is(td->data[9], i < 8 ? 7 - i : 11 - i);
		tap_is(get_le32(td->data + 12), 0);
		check_packet(6, td->data + 16, 60 + i);
	}
	tap_is(fake_stat("session.6.dl.blocks"), 12);
	tap_ok(quiet());
}

static void test_dl_close_drops(void)
{
	start(false, false);
	open_session(0);
	ch->buffers = 0;
	down(0, 0, 100);
	down(0, 1, 100);
	command(0, MUX_CLOSE, 1, "", 0);
	rx();
	tap_is(fake_stat("session.0.dl.dropped"), 2);
	fake_post(ch, 10);
	tap_ok(hear());
	tap_is(said.cmd, MUX_CLOSE_RESP);
	tap_ok(quiet());
}

int main(void)
{
	TAP_RUN(test_ul_good_block);
	TAP_RUN(test_ul_tables_first);
	TAP_RUN(test_ul_block_header);
	TAP_RUN(test_ul_block_size);
	TAP_RUN(test_ul_tables);
	TAP_RUN(test_ul_long_chain);
	TAP_RUN(test_ul_datagrams);
	TAP_RUN(test_ul_padding);
	TAP_RUN(test_ul_command_block);
	TAP_RUN(test_ul_two_commands);
	TAP_RUN(test_ul_lite);
	TAP_RUN(test_ul_flavours_differ);
	TAP_RUN(test_ul_damaged_blocks);
	TAP_RUN(test_open_and_close);
	TAP_RUN(test_open_wrong);
	TAP_RUN(test_open_refused_and_dropped);
	TAP_RUN(test_responses_wait_for_buffers);
	TAP_RUN(test_idle_leaves_the_channel_alone);
	TAP_RUN(test_flow_control);
	TAP_RUN(test_flow_acks);
	TAP_RUN(test_link_report);
	TAP_RUN(test_no_end_of_messages);
	TAP_RUN(test_credits);
	TAP_RUN(test_first_grant_for_the_reference);
	TAP_RUN(test_grant_after_go_for_the_reference);
	TAP_RUN(test_grants_wait_for_buffers);
	TAP_RUN(test_dl_lone_packet);
	TAP_RUN(test_dl_head_padding);
	TAP_RUN(test_dl_layouts);
	TAP_RUN(test_dl_many_small);
	TAP_RUN(test_dl_full_queue_drops);
	TAP_RUN(test_dl_is_fair);
	TAP_RUN(test_dl_accumulates_streams_only);
	TAP_RUN(test_dl_full_blocks_leave_early);
	TAP_RUN(test_dl_too_big);
	TAP_RUN(test_dl_lite_fields);
	TAP_RUN(test_dl_close_drops);
	return tap_end();
}
