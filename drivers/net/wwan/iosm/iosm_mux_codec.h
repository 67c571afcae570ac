/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MUX blocks: encode what goes up, decode what comes down.
 *
 * Pure: bytes in, descriptors out. No device, no skb, no locks, no memory of
 * its own. The decoders believe nothing: a block may be changed by the device
 * while it is read, so every field is copied once, checked, then used.
 */
#ifndef IOSM_MUX_CODEC_H
#define IOSM_MUX_CODEC_H

#include <linux/types.h>

#include "iosm_hw.h"

/**
 * enum iosm_mux_flavour - the two ways to put datagrams into a buffer
 * @IOSM_MUX_LITE: one datagram or one command a buffer
 * @IOSM_MUX_AGGREGATION: blocks with many of them
 */
enum iosm_mux_flavour {
	IOSM_MUX_LITE,
	IOSM_MUX_AGGREGATION,
};

/**
 * enum iosm_mux_op - commands, whatever number the flavour gives them
 * @IOSM_MUX_OPEN: to the device: open a session
 * @IOSM_MUX_OPEN_RESP: from the device: the answer
 * @IOSM_MUX_CLOSE: to the device: close a session
 * @IOSM_MUX_CLOSE_RESP: from the device: the answer
 * @IOSM_MUX_FLOW_STOP: from the device: send nothing on this session
 * @IOSM_MUX_FLOW_GO: from the device: go on
 * @IOSM_MUX_FLOW_ACK: to the device: the answer to both
 * @IOSM_MUX_LINK_STATUS: from the device: opaque report
 * @IOSM_MUX_LINK_STATUS_RESP: to the device: the answer
 */
enum iosm_mux_op {
	IOSM_MUX_OPEN,
	IOSM_MUX_OPEN_RESP,
	IOSM_MUX_CLOSE,
	IOSM_MUX_CLOSE_RESP,
	IOSM_MUX_FLOW_STOP,
	IOSM_MUX_FLOW_GO,
	IOSM_MUX_FLOW_ACK,
	IOSM_MUX_LINK_STATUS,
	IOSM_MUX_LINK_STATUS_RESP,
};

/**
 * struct iosm_mux_cmd - a command
 * @op: which
 * @transaction: an answer carries that of its question
 * @response: answers only: 0 is success
 * @head_pad: IOSM_MUX_OPEN: DL padding that we want; IOSM_MUX_OPEN_RESP: the
 *	device's number for the UL padding, see iosm_mux_ul_pad()
 * @if_id: session, below IOSM_SESSIONS
 */
struct iosm_mux_cmd {
	enum iosm_mux_op op;
	u32 transaction;
	u32 response;
	u32 head_pad;
	u8 if_id;
};

/**
 * struct iosm_mux_dg - where a datagram lies in a buffer
 * @offset: first byte of the IP packet
 * @len: bytes of the IP packet, at least 1
 * @if_id: session, below IOSM_SESSIONS
 * @service_class: as the sender wrote it
 */
struct iosm_mux_dg {
	u32 offset;
	u32 len;
	u8 if_id;
	u8 service_class;
};

/**
 * struct iosm_mux_credit - uplink credit that the device grants
 * @bytes: IP bytes, to be added to what is left
 * @if_id: session, below IOSM_SESSIONS
 */
struct iosm_mux_credit {
	u32 bytes;
	u8 if_id;
};

/**
 * struct iosm_mux_reader - walks through a block
 * @block: the block
 * @len: bytes that may be looked at
 * @budget: bytes of @len that nothing was found in yet. Each table, command
 *	and datagram takes its size from it: an honest block has room for all
 *	that it names, and a chain that loops or overlaps itself runs dry.
 * @pad: head padding of datagrams
 * @next: index of the next table or command, 0: none
 * @entry: index of the next datagram of the current table
 * @entries: datagrams left in the current table
 * @if_id: of the current table
 * @bad: datagrams or commands that were left out because they lie about
 *	themselves
 */
struct iosm_mux_reader {
	const u8 *block;
	u32 len;
	u32 budget;
	u32 pad;
	u32 next;
	u32 entry;
	u32 entries;
	u8 if_id;
	u32 bad;
};

/* Datagrams that one UL block can describe. */
#define IOSM_MUX_ADB_DGS	256

/**
 * struct iosm_mux_adb - an UL block while it is being filled
 * @block: the memory; NULL while no block is being filled
 * @size: bytes at @block
 * @used: bytes of header and datagrams so far
 * @tables: bytes that the tables will need
 * @n: number of datagrams
 * @count: datagrams by session
 * @dgs: where each datagram lies
 * @dgs.index: its first byte, the padding
 * @dgs.len: with padding
 * @dgs.service_class: for the table
 * @dgs.if_id: session
 *
 * Nothing but datagrams is kept in @block before iosm_mux_adb_finish(): the
 * tables come last, when their length is known.
 */
struct iosm_mux_adb {
	u8 *block;
	u32 size;
	u32 used;
	u32 tables;
	u16 n;
	u16 count[IOSM_SESSIONS];
	struct {
		u32 index;
		u16 len;
		u8 service_class;
		u8 if_id;
	} dgs[IOSM_MUX_ADB_DGS];
};

/* Longest command of both flavours: OPEN_SESSION in a block of its own. */
#define IOSM_MUX_CMD_MAX	(sizeof(struct iosm_acbh) +		\
				 sizeof(struct iosm_acb_cmdh) +		\
				 sizeof(struct iosm_mux_open_params))

/* What an Aggregation block needs beside its only datagram. */
#define IOSM_MUX_ADB_OVERHEAD	(sizeof(struct iosm_adbh) +		\
				 sizeof(struct iosm_adth) +		\
				 sizeof(struct iosm_adth_dg) +		\
				 sizeof(struct iosm_adb_qlth))

/* ---- Decode ---- */

u32 iosm_mux_signature(const void *buf, u32 len);

int iosm_mux_adb_open(struct iosm_mux_reader *rd, const void *block, u32 len,
		      u32 pad);
int iosm_mux_adb_next(struct iosm_mux_reader *rd, struct iosm_mux_dg *dg);
int iosm_mux_acb_open(struct iosm_mux_reader *rd, const void *block, u32 len);
int iosm_mux_acb_next(struct iosm_mux_reader *rd, struct iosm_mux_cmd *cmd);

int iosm_mux_adgh_decode(const void *buf, u32 len, u32 pad,
			 struct iosm_mux_dg *dg);
int iosm_mux_lite_cmd_decode(const void *buf, u32 len,
			     struct iosm_mux_cmd *cmd);
int iosm_mux_credit_decode(const void *buf, u32 len,
			   struct iosm_mux_credit *credit);

/* ---- Encode ---- */

int iosm_mux_ul_pad(enum iosm_mux_flavour flavour, u32 negotiated, u32 max);
u32 iosm_mux_dl_pad(enum iosm_mux_flavour flavour, u32 wanted);

void iosm_mux_adb_begin(struct iosm_mux_adb *adb, void *block, u32 size);
u32 iosm_mux_adb_room(const struct iosm_mux_adb *adb, u8 if_id, u32 pad);
u32 iosm_mux_adb_fresh_room(u32 size, u32 part);
u32 iosm_mux_adb_fit(u32 size, u32 pad, u32 len, u32 least);
void *iosm_mux_adb_add(struct iosm_mux_adb *adb, u8 if_id, u8 service_class,
		       u32 pad, u32 len);
void iosm_mux_adb_level(struct iosm_mux_adb *adb, u8 if_id);
u32 iosm_mux_adb_finish(struct iosm_mux_adb *adb, u16 sequence,
			const u32 *levels);

u32 iosm_mux_adgh_encode(void *buf, u8 if_id, u8 service_class, u32 pad,
			 u32 len);
u32 iosm_mux_level_encode(void *buf, u8 if_id, u32 level);
u32 iosm_mux_cmd_encode(enum iosm_mux_flavour flavour, void *buf,
			const struct iosm_mux_cmd *cmd, u16 sequence);

#endif
