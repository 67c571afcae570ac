// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uplink of channel 0: the driver encodes what the input selects. The decoder of the
 * driver and that of the virtual modem, which checks every rule of the interface, read
 * it back. No byte of stale memory may be sent.
 */
#include "fuzz.h"
#include "modem.h"

#include "iosm_mux_codec.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define STALE	0xa5
#define OLD	16384

static struct packet {
	u8 if_id, service_class, fill;
	u32 at, pad, len;
	bool seen;
} packets[IOSM_MUX_ADB_DGS];
static u32 n_packets;

static u32 pads[IOSM_SESSIONS], levels[IOSM_SESSIONS];
static struct iosm_mux_cmd wanted;
static u32 commands;
static enum iosm_mux_flavour flavour;

/* ---- the modem found something ---- */

void modem_violation(const char *name)
{
	fprintf(stderr, "the modem says: %s\n", name);
	CHECK(!"a rule of the interface");
}

static bool filled(const u8 *at, u32 len, u8 with)
{
	return !len || (at[0] == with && !memcmp(at, at + 1, len - 1));
}

/* In the order in which each session sent them. */
void modem_datagram(unsigned int session, const u8 *packet, size_t len)
{
	u32 i;

	for (i = 0; i < n_packets; i++)
		if (!packets[i].seen && packets[i].if_id == session)
			break;
	CHECK(i < n_packets);
	packets[i].seen = true;
	CHECK(packets[i].len == len);
	CHECK(filled(packet, len, packets[i].fill));
}

void modem_command(unsigned int session, u32 number, u32 transaction,
		   const u8 *params, size_t len)
{
	bool lite = flavour == IOSM_MUX_LITE;
	u32 pad;

	commands++;
	CHECK(session == wanted.if_id);
	CHECK(transaction == wanted.transaction);
	switch (wanted.op) {
	case IOSM_MUX_OPEN:
		CHECK(number == 1 && len == 8);
		memcpy(&pad, params + 4, sizeof(pad));
		CHECK(pad == wanted.head_pad);
		break;
	case IOSM_MUX_CLOSE:
		CHECK(number == 3 && !len);
		break;
	case IOSM_MUX_FLOW_ACK:
		CHECK(number == (lite ? 6 : 7) && !len);
		break;
	case IOSM_MUX_LINK_STATUS_RESP:
		CHECK(number == (lite ? 8 : 9));
		break;
	default:
		CHECK(!"not a command for the device");
	}
}

/* A buffer that was in use before; the device has no part in it yet. */
static u8 *memory(u32 size)
{
	u8 *buf = malloc(size);

	CHECK(buf);

	return memset(buf, STALE, size);
}

/* ---- Aggregation ---- */

static void check_own(const u8 *block, u32 len)
{
	u32 counts[IOSM_SESSIONS] = {}, n = 0, i;
	struct iosm_mux_reader rd;
	struct iosm_mux_dg dg;

	CHECK(!iosm_mux_adb_open(&rd, block, len, 0));
	while (iosm_mux_adb_next(&rd, &dg) > 0) {
		/* The next one of its session. */
		for (i = counts[dg.if_id]; i < n_packets; i++)
			if (packets[i].if_id == dg.if_id)
				break;
		CHECK(i < n_packets);
		counts[dg.if_id] = i + 1;
		CHECK(dg.offset == packets[i].at);
		CHECK(dg.len == packets[i].pad + packets[i].len);
		CHECK(dg.service_class == packets[i].service_class);
		n++;
	}
	CHECK(n == n_packets && !rd.bad && !rd.next);
}

static void check_gaps(const u8 *block)
{
	u32 end = sizeof(struct iosm_adbh), i;

	for (i = 0; i < n_packets; i++) {
		CHECK(packets[i].at >= end && packets[i].at < end + 4);
		CHECK(filled(block + end, packets[i].at + packets[i].pad - end,
			     0));
		end = packets[i].at + packets[i].pad + packets[i].len;
	}
	CHECK(filled(block + end, -end & 3, 0));
}

static void put(struct iosm_mux_adb *adb, const u8 *block, u8 how)
{
	u8 if_id = how % IOSM_SESSIONS;
	u32 len = 20 + fuzz_u8(), room;
	u8 *to;

	if (how & 8)
		len += fuzz_u8() * 64;

	room = iosm_mux_adb_room(adb, if_id, pads[if_id]);
	/* Right up to the edge. */
	if (how & 16 && room >= 20)
		len = room + ((how >> 5) & 1);
	to = iosm_mux_adb_add(adb, if_id, how, pads[if_id], len);
	CHECK(!to == (len > room));
	if (!to)
		return;

	CHECK(n_packets < IOSM_MUX_ADB_DGS);
	memset(to, how, len);
	packets[n_packets++] = (struct packet){
		.if_id = if_id, .service_class = how, .fill = how,
		.at = to - block - pads[if_id], .pad = pads[if_id], .len = len,
	};
}

static void aggregation(void)
{
	static struct iosm_mux_adb adb;
	bool any = false;
	u32 size, len, i;
	u16 sequence;
	u8 how, *block;

	how = fuzz_u8();
	size = how & 1 ? OLD : IOSM_MUX_ADB_OVERHEAD + 1 + how * 4;
	sequence = fuzz_u16();
	block = memory(size);

	iosm_mux_adb_begin(&adb, block, size);
	while (fuzz_left()) {
		how = fuzz_u8();
		if (how >= 0xf0)
			iosm_mux_adb_level(&adb, how & 7);
		else
			put(&adb, block, how);
	}
	for (i = 0; i < IOSM_SESSIONS; i++)
		any |= adb.count[i];
	if (!any) {
		free(block);
		return;
	}

	len = iosm_mux_adb_finish(&adb, sequence, levels);
	CHECK(len <= size && !adb.block);
	for (i = len; i < size && i < len + 64; i++)
		CHECK(block[i] == STALE);

	check_own(block, len);
	check_gaps(block);
	modem_sequence(sequence - 1);
	modem_block(false, pads, block, len);
	for (i = 0; i < n_packets; i++)
		CHECK(packets[i].seen);
	for (i = 0; i < IOSM_SESSIONS; i++)
		CHECK(adb.count[i] ? modem_level(i) == levels[i] :
				     modem_level(i) == -1);
	free(block);
}

/* ---- Lite, and commands of both ---- */

static void lite(void)
{
	struct iosm_mux_dg dg;
	u8 how = fuzz_u8(), if_id = how % IOSM_SESSIONS;
	u32 pad = pads[if_id], len, head;
	u8 *buf;

	len = 20 + fuzz_u16() % (U16_MAX - 20 - sizeof(struct iosm_adgh) - pad);
	buf = memory(sizeof(struct iosm_adgh) + pad + len);

	head = iosm_mux_adgh_encode(buf, if_id, how, pad, len);
	CHECK(head == sizeof(struct iosm_adgh) + pad);
	CHECK(filled(buf + sizeof(struct iosm_adgh), pad, 0));
	memset(buf + head, how, len);
	packets[n_packets++] = (struct packet){
		.if_id = if_id, .fill = how, .len = len,
	};

	CHECK(!iosm_mux_adgh_decode(buf, head + len, pad, &dg));
	CHECK(dg.offset == head && dg.len == len && dg.if_id == if_id &&
	      dg.service_class == how);
	modem_block(true, pads, buf, head + len);
	CHECK(packets[0].seen);
	free(buf);

	buf = memory(sizeof(struct iosm_lite_table));
	len = iosm_mux_level_encode(buf, if_id, levels[if_id]);
	CHECK(len == sizeof(struct iosm_lite_table));
	modem_block(true, pads, buf, len);
	CHECK(modem_level(if_id) == levels[if_id]);
	free(buf);
}

static void command(void)
{
	u16 sequence = fuzz_u16();
	u8 *buf = memory(IOSM_MUX_CMD_MAX);
	u32 len;

	wanted.op = fuzz_u8() % (IOSM_MUX_LINK_STATUS_RESP + 1);
	wanted.if_id = fuzz_u8() % IOSM_SESSIONS;
	wanted.transaction = fuzz_u32();
	wanted.response = fuzz_u32();
	wanted.head_pad = fuzz_u32();
	commands = 0;

	len = iosm_mux_cmd_encode(flavour, buf, &wanted, sequence);
	CHECK(len <= IOSM_MUX_CMD_MAX);
	if (len) {
		modem_sequence(sequence - 1);
		modem_block(flavour == IOSM_MUX_LITE, pads, buf, len);
	}
	CHECK(commands == !!len);
	free(buf);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 most, i;
	u8 how;
	int pad;

	if (!fuzz_begin(data, size))
		return 0;

	how = fuzz_u8();
	flavour = how & 1 ? IOSM_MUX_LITE : IOSM_MUX_AGGREGATION;
	n_packets = 0;
	most = how & 8 ? 1500 : 40;
	for (i = 0; i < IOSM_SESSIONS; i++) {
		pad = iosm_mux_ul_pad(flavour, how & 2 ? fuzz_u16() : 0, most);
		CHECK(pad == -ERANGE || (pad >= 0 && (u32)pad <= most));
		pads[i] = pad < 0 ? 0 : pad;
		levels[i] = how & 4 ? 20 + fuzz_u32() % (1 << 25) : 0;
	}

	if (how & 16)
		command();
	else if (how & 1)
		lite();
	else
		aggregation();
	fuzz_end();

	return 0;
}
