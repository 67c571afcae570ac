// SPDX-License-Identifier: GPL-2.0-only
/*
 * What comes down channel 0, taken apart as the driver does it: data blocks,
 * command blocks, Lite datagrams, Lite commands, credits. The first byte of
 * the input selects flavour and padding; the rest is the buffer.
 */
#include "fuzz.h"

#include "iosm_mux_codec.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static u32 sum;

/* Read every byte of a datagram. */
static void touch(const u8 *block, u32 at, u32 len)
{
	sum += block[at] + block[at + len - 1];
}

static void data_block(const u8 *block, u32 len, u32 pad)
{
	u32 taken = sizeof(struct iosm_adbh);
	struct iosm_mux_reader rd;
	struct iosm_mux_dg dg;
	u32 rounds = 0;
	int ret;

	if (iosm_mux_adb_open(&rd, block, len, pad)) {
		CHECK(fuzz_reads <= 2);
		return;
	}

	CHECK(rd.len <= len);
	while ((ret = iosm_mux_adb_next(&rd, &dg)) > 0) {
		CHECK(ret == 1);
		CHECK(dg.if_id < IOSM_SESSIONS);
		CHECK(dg.len);
		CHECK(dg.offset >= sizeof(struct iosm_adbh) + pad);
		CHECK(dg.offset <= rd.len && dg.len <= rd.len - dg.offset);
		touch(block, dg.offset, dg.len);
		/* An entry and the datagram itself: the block must hold all. */
		taken += dg.len + pad + sizeof(struct iosm_adth_dg);
		CHECK(taken <= rd.len);
		CHECK(++rounds <= len);
	}

	/* The end is the end. */
	CHECK(!ret || ret == -EBADMSG);
	CHECK(iosm_mux_adb_next(&rd, &dg) == ret);
	CHECK(rd.bad <= len / sizeof(struct iosm_adth_dg));
	/* Signature and header; tables; entries; the last wrong table, twice. */
	CHECK(fuzz_reads <= 2 + len / 8 + 2);
}

static void check_cmd(const struct iosm_mux_cmd *cmd)
{
	CHECK(cmd->if_id < IOSM_SESSIONS);
	switch (cmd->op) {
	case IOSM_MUX_OPEN_RESP:
	case IOSM_MUX_CLOSE_RESP:
		break;
	case IOSM_MUX_FLOW_STOP:
	case IOSM_MUX_FLOW_GO:
	case IOSM_MUX_LINK_STATUS:
		CHECK(!cmd->response && !cmd->head_pad);
		break;
	default:
		CHECK(!"a command that the device must not send");
	}
}

static void command_block(const u8 *block, u32 len)
{
	struct iosm_mux_reader rd;
	struct iosm_mux_cmd cmd;
	u32 rounds = 0;
	int ret;

	if (iosm_mux_acb_open(&rd, block, len))
		return;

	while ((ret = iosm_mux_acb_next(&rd, &cmd)) > 0) {
		check_cmd(&cmd);
		CHECK(++rounds <= len / sizeof(struct iosm_acb_cmdh));
	}
	CHECK(!ret || ret == -EBADMSG);
	CHECK(iosm_mux_acb_next(&rd, &cmd) == ret);
	CHECK(rounds + rd.bad <= len / sizeof(struct iosm_acb_cmdh));
	CHECK(fuzz_reads <= 2 + 2 * (len / sizeof(struct iosm_acb_cmdh)) + 2);
}

static void buffer(const u8 *block, u32 len, bool lite, u32 wanted)
{
	enum iosm_mux_flavour flavour = lite ? IOSM_MUX_LITE :
					       IOSM_MUX_AGGREGATION;
	u32 pad = iosm_mux_dl_pad(flavour, wanted);
	struct iosm_mux_credit credit;
	struct iosm_mux_cmd cmd;
	struct iosm_mux_dg dg;

	CHECK(pad <= wanted);
	switch (iosm_mux_signature(block, len)) {
	case IOSM_SIG_ADBH:
		data_block(block, len, pad);
		break;
	case IOSM_SIG_ACBH:
		command_block(block, len);
		break;
	case IOSM_SIG_ADGH:
		if (iosm_mux_adgh_decode(block, len, pad, &dg))
			break;
		CHECK(dg.if_id < IOSM_SESSIONS && dg.len);
		CHECK(dg.offset == sizeof(struct iosm_adgh) + pad);
		CHECK(dg.offset <= len && dg.len <= len - dg.offset);
		touch(block, dg.offset, dg.len);
		break;
	case IOSM_SIG_CMDH:
		if (!iosm_mux_lite_cmd_decode(block, len, &cmd))
			check_cmd(&cmd);
		CHECK(fuzz_reads <= 4);
		break;
	case IOSM_SIG_FCTH:
		if (!iosm_mux_credit_decode(block, len, &credit))
			CHECK(credit.if_id < IOSM_SESSIONS);
		CHECK(fuzz_reads <= 2);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const u8 *from;
	size_t len;
	u8 *block;
	u8 how;

	if (!fuzz_begin(data, size))
		return 0;

	how = fuzz_u8();
	from = fuzz_rest(&len);
	block = fuzz_shared(len);
	if (!block)
		return 0;
	fuzz_poke(block, from, len);

	/* What the driver asks for, or something odd. */
	buffer(block, len, how & 1, how & 2 ? how >> 2 : IOSM_MUX_DL_HEAD_PAD);
	fuzz_end();

	return 0;
}
