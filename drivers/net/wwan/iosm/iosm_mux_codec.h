/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MUX blocks: encode uplink, decode downlink.
 *
 * Pure functions: no device, no skb, no locks, no memory of their own. The input of
 * the decoders is not trusted. The device may change a block while it is read, so
 * every field is copied once, checked, then used.
 */
#ifndef IOSM_MUX_CODEC_H
#define IOSM_MUX_CODEC_H

#include <linux/types.h>

#include "iosm_hw.h"

/**
 * enum iosm_mux_flavour - format of buffers
 * @IOSM_MUX_LITE: one datagram or one command per buffer
 * @IOSM_MUX_AGGREGATION: blocks with many datagrams or commands
 */
enum iosm_mux_flavour {
	IOSM_MUX_LITE,
	IOSM_MUX_AGGREGATION,
};

/**
 * enum iosm_mux_op - commands, independent of the flavour
 * @IOSM_MUX_OPEN: to the device: open a session
 * @IOSM_MUX_OPEN_RESP: from the device: response to @IOSM_MUX_OPEN
 * @IOSM_MUX_CLOSE: to the device: close a session
 * @IOSM_MUX_CLOSE_RESP: from the device: response to @IOSM_MUX_CLOSE
 * @IOSM_MUX_FLOW_STOP: from the device: stop the uplink of a session
 * @IOSM_MUX_FLOW_GO: from the device: restart the uplink of a session
 * @IOSM_MUX_FLOW_ACK: to the device: response to both
 * @IOSM_MUX_LINK_STATUS: from the device: opaque report
 * @IOSM_MUX_LINK_STATUS_RESP: to the device: response to @IOSM_MUX_LINK_STATUS
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
 * @op: type of the command
 * @transaction: transaction ID; a response has the ID of its command
 * @response: responses only: 0 is success
 * @head_pad: IOSM_MUX_OPEN: requested DL padding; IOSM_MUX_OPEN_RESP: UL padding,
 *	see iosm_mux_ul_pad()
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
 * struct iosm_mux_dg - position of a datagram in a buffer
 * @offset: first byte of the IP packet
 * @len: bytes of the IP packet, at least 1
 * @if_id: session, below IOSM_SESSIONS
 * @service_class: service class in the header
 */
struct iosm_mux_dg {
	u32 offset;
	u32 len;
	u8 if_id;
	u8 service_class;
};

/**
 * struct iosm_mux_credit - grant of uplink credit
 * @bytes: IP bytes, to be added to the credit of the session
 * @if_id: session, below IOSM_SESSIONS
 */
struct iosm_mux_credit {
	u32 bytes;
	u8 if_id;
};

/**
 * struct iosm_mux_reader - state of reading a block
 * @block: the block
 * @len: bytes that may be read
 * @budget: bytes of @len without a known table, command or datagram. Each of them
 *	uses up its size. In a valid block, they do not overlap, so the budget is
 *	sufficient. A loop or an overlap exceeds it.
 * @pad: head padding of datagrams
 * @next: index of the next table or command, 0: none
 * @entry: index of the next entry of the current table
 * @entries: remaining entries of the current table
 * @if_id: session of the current table
 * @bad: invalid datagrams or commands, which were skipped
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

/* Maximum number of datagrams in an UL block. */
#define IOSM_MUX_ADB_DGS	256

/**
 * struct iosm_mux_adb - builder of an UL block
 * @block: the memory; NULL: no block is being filled
 * @size: bytes at @block
 * @used: bytes of header and datagrams
 * @tables: bytes that the tables will need
 * @n: number of datagrams
 * @count: datagrams by session
 * @dgs: entries for the tables
 * @dgs.index: first byte of the datagram, including padding
 * @dgs.len: length, including padding
 * @dgs.service_class: service class
 * @dgs.if_id: session
 *
 * iosm_mux_adb_finish() writes header and tables. Until then, @block has datagrams
 * only.
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

/* Longest command of both flavours: OPEN_SESSION in a command block. */
#define IOSM_MUX_CMD_MAX	(sizeof(struct iosm_acbh) +		\
				 sizeof(struct iosm_acb_cmdh) +		\
				 sizeof(struct iosm_mux_open_params))

/* Size of an Aggregation block without its only datagram. */
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
