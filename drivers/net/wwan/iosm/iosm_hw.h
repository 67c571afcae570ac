/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Definitions of the device interface: registers, shared memory, message layouts.
 *
 * The size of every layout that the device reads or writes is asserted.
 */
#ifndef IOSM_HW_H
#define IOSM_HW_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

#define IOSM_PCI_ID_7560	0x7560
#define IOSM_PCI_ID_7360	0x7360

#define IOSM_BAR_DOORBELL	0
#define IOSM_BAR_SCRATCHPAD	2

/* ---- Doorbells (BAR 0) ---- */

#define IOSM_DOORBELL_OFFSET(n)	((n) * 32 + 16)
#define IOSM_DOORBELL_LEN	(IOSM_DOORBELL_OFFSET(IOSM_DB_SLEEP) + 4)

enum iosm_doorbell {
	IOSM_DB_HPDA = 0,	/* heads have moved */
	IOSM_DB_IPC = 1,	/* request of an IPC state */
	IOSM_DB_SLEEP = 2,	/* sleep control */
};

/* Written to IOSM_DB_HPDA; the device only logs it. */
enum iosm_hpda_reason {
	IOSM_HPDA_MSG = 0,
	IOSM_HPDA_WAKEUP = 1,
	IOSM_HPDA_UL = 3,
	IOSM_HPDA_UL_TIMER = 4,
	IOSM_HPDA_FAST_UPDATE = 5,
	IOSM_HPDA_UL_CTRL = 6,
	IOSM_HPDA_DL_REFILL = 7,
	IOSM_HPDA_IP_OPEN = 8,
	IOSM_HPDA_PORT_OPEN = 9,
};

/* Written to IOSM_DB_SLEEP. */
enum iosm_sleep_ctl {
	IOSM_SLEEP_CTL_ACTIVE = 0,
	IOSM_SLEEP_CTL_SLEEP = 1,
	IOSM_SLEEP_CTL_WAKEUP = 2,
	IOSM_SLEEP_CTL_FORCE_SLEEP = 7,
	IOSM_SLEEP_CTL_FORCE_ACTIVE = 8,
};

/* ---- Scratchpad (BAR 2) ---- */

#define IOSM_PAD_STAGE		0x00
#define IOSM_PAD_CHIP_INFO	0x04
#define IOSM_PAD_ROM_EXIT	0x40
#define IOSM_PAD_PSI_ADDR	0x54
#define IOSM_PAD_PSI_SIZE	0x5c
#define IOSM_PAD_IPC_STATE	0x60
#define IOSM_PAD_CONTEXT	0x64
#define IOSM_PAD_WINDOW_BASE	0x6c
#define IOSM_PAD_WINDOW_END	0x74
#define IOSM_PAD_CP_VERSION	0xf0
#define IOSM_PAD_CP_CAPS	0xf4
#define IOSM_PAD_LEN		0xf8

#define IOSM_CHIP_INFO_LEN	60

/* All registers read as this after the device was removed. */
#define IOSM_GONE		0xffffffffU

enum iosm_stage {
	IOSM_STAGE_BOOT = 0xfeedb007U,
	IOSM_STAGE_PSI = 0xfeedbeefU,
	IOSM_STAGE_EBL = 0xfeedcafeU,
	IOSM_STAGE_RUN = 0x600df00dU,
	IOSM_STAGE_CRASH = 0x8badf00dU,
	IOSM_STAGE_CD_READY = 0xbadc0dedU,
};

enum iosm_ipc_state {
	IOSM_IPC_UNINIT = 0,
	IOSM_IPC_INIT = 1,
	IOSM_IPC_RUNNING = 2,
	IOSM_IPC_RECOVERY = 3,
	IOSM_IPC_ERROR = 4,
};

#define IOSM_CP_VERSION_CAPS	0x0100	/* first version with capabilities */
#define IOSM_CAP_UL_AGGR	BIT(8)
#define IOSM_CAP_DL_AGGR	BIT(9)
#define IOSM_CAP_UL_CREDITS	BIT(21)

/* ---- Shared memory in host RAM ---- */

#define IOSM_PIPES		24
#define IOSM_MSG_ENTRIES	128

struct iosm_context_info {
	__le64 device_info;
	__le64 head_array;
	__le64 tail_array;
	__le64 msg_head;
	__le64 msg_tail;
	__le64 msg_ring;
	__le16 msg_entries;
	u8 msg_vector;
	u8 device_info_vector;
} __packed;
static_assert(sizeof(struct iosm_context_info) == 52);

/* Written by the device. */
struct iosm_device_info {
	__le32 stage;
	__le32 ipc_state;
	__le32 sleep_request;
} __packed;
static_assert(sizeof(struct iosm_device_info) == 12);

#define IOSM_SLEEP_REQ_ACTIVE	0
#define IOSM_SLEEP_REQ_SLEEP	1

/* ---- Message ring ---- */

enum iosm_msg_type {
	IOSM_MSG_OPEN_PIPE = 0x01,
	IOSM_MSG_CLOSE_PIPE = 0x02,
	IOSM_MSG_ABORT_PIPE = 0x03,
	IOSM_MSG_SLEEP = 0x04,
	IOSM_MSG_FEATURE_SET = 0xf0,
};

/* Bytes 8 and 9 of IOSM_MSG_SLEEP. */
#define IOSM_MSG_SLEEP_HOST		0
#define IOSM_MSG_SLEEP_DEVICE		1
#define IOSM_MSG_SLEEP_ENTER		0
#define IOSM_MSG_SLEEP_EXIT		1
#define IOSM_MSG_SLEEP_ENTER_NO_PROTO	2

/* Byte 10 of IOSM_MSG_FEATURE_SET: a crash is reported by the execution stage. */
#define IOSM_FEATURE_INBAND_CRASH	BIT(7)

#define IOSM_MSG_PENDING	0
#define IOSM_MSG_SUCCESS	1
#define IOSM_MSG_ERROR		2

struct iosm_msg_entry {
	__le64 address;
	u8 arg0;	/* entries low byte, or sleep target */
	u8 arg1;	/* entries high byte, or sleep state */
	u8 arg2;	/* pipe number, or features */
	u8 type;
	__le32 vector;
	__le32 backoff_us;
	__le32 status;	/* written by the device */
} __packed;
static_assert(sizeof(struct iosm_msg_entry) == 24);

/* ---- Transfer descriptors ---- */

struct iosm_td {
	__le64 address;
	__le32 size_status;
	__le32 next;
} __packed;
static_assert(sizeof(struct iosm_td) == 16);

#define IOSM_TD_SIZE_MASK	GENMASK(23, 0)
#define IOSM_TD_STATUS_MASK	GENMASK(31, 24)

enum iosm_td_status {
	IOSM_TD_UNUSED = 0,
	IOSM_TD_PARTIAL = 1,
	IOSM_TD_END = 2,
	IOSM_TD_OVERFLOW = 3,
	IOSM_TD_ABORTED = 4,
	IOSM_TD_ERROR = 5,
};

/* ---- Channels ---- */

enum iosm_channel_id {
	IOSM_CHANNEL_IP = 0,
	IOSM_CHANNEL_RPC = 1,
	IOSM_CHANNEL_AT0 = 2,
	IOSM_CHANNEL_TRACE = 3,
	IOSM_CHANNEL_AT1 = 4,
	IOSM_CHANNEL_LOOPBACK = 5,
	IOSM_CHANNEL_MBIM = 6,
	IOSM_CHANNEL_FLASH = 7,		/* shares the pipes of channel 0 */
	IOSM_CHANNELS = 8,
};

/* ---- MUX: IP data on channel 0 ---- */

#define IOSM_SESSIONS		8
#define IOSM_MUX_DL_HEAD_PAD	16	/* requested by OPEN_SESSION */

/* ASCII in memory order. */
#define IOSM_SIG_ADBH		0x48424441	/* aggregated data block */
#define IOSM_SIG_ACBH		0x48424341	/* aggregated command block */
#define IOSM_SIG_ADTH		0x48544441	/* datagram table */
#define IOSM_SIG_QLTH		0x48544c51	/* queue level table */
#define IOSM_SIG_ADGH		0x48474441	/* Lite: one datagram */
#define IOSM_SIG_CMDH		0x48444d43	/* command */
#define IOSM_SIG_FCTH		0x48544346	/* flow credit table */

struct iosm_adbh {
	__le32 signature;
	__le16 reserved;
	__le16 sequence;
	__le32 block_length;
	__le32 first_table;
} __packed;
static_assert(sizeof(struct iosm_adbh) == 16);

struct iosm_adth {
	__le32 signature;
	__le16 table_length;
	u8 if_id;
	u8 hint;
	__le32 next_table;
	__le32 reserved;
} __packed;
static_assert(sizeof(struct iosm_adth) == 16);

struct iosm_adth_dg {
	__le32 index;
	__le16 length;		/* with head padding */
	u8 service_class;
	u8 reserved;
} __packed;
static_assert(sizeof(struct iosm_adth_dg) == 8);

/* Queue level table inside an ADBH. */
struct iosm_adb_qlth {
	__le32 signature;
	__le16 table_length;
	u8 if_id;
	u8 reserved;
	__le32 next_table;
	__le32 reserved2;
	__le32 queue_level;
} __packed;
static_assert(sizeof(struct iosm_adb_qlth) == 20);

struct iosm_acbh {
	__le32 signature;
	__le16 reserved;
	__le16 sequence;
	__le32 block_length;
	__le32 first_command;
} __packed;
static_assert(sizeof(struct iosm_acbh) == 16);

/* Command in an ACBH. */
struct iosm_acb_cmdh {
	__le32 signature;
	__le16 length;		/* header and parameters */
	u8 if_id;
	u8 reserved;
	__le32 next_command;
	__le32 command;
	__le32 transaction_id;
} __packed;
static_assert(sizeof(struct iosm_acb_cmdh) == 20);

/* Lite: one datagram. */
struct iosm_adgh {
	__le32 signature;
	__le16 length;		/* with header and padding */
	u8 if_id;
	u8 hint;
	u8 service_class;
	u8 next_count;
	u8 reserved[6];
} __packed;
static_assert(sizeof(struct iosm_adgh) == 16);

/* Lite: one command. */
struct iosm_lite_cmdh {
	__le32 signature;
	__le16 length;
	u8 if_id;
	u8 reserved;
	__le32 command;
	__le32 transaction_id;
} __packed;
static_assert(sizeof(struct iosm_lite_cmdh) == 16);

/* A queue level table of Lite, and the flow credit table of both flavours. */
struct iosm_lite_table {
	__le32 signature;
	__le16 length;
	u8 if_id;
	u8 value_length;
	u8 reserved[8];
	__le32 value;
} __packed;
static_assert(sizeof(struct iosm_lite_table) == 20);

struct iosm_mux_open_params {
	u8 flow_control;
	u8 hints;
	__le16 reserved;
	__le32 dl_head_pad;
} __packed;
static_assert(sizeof(struct iosm_mux_open_params) == 8);

struct iosm_mux_open_resp {
	__le32 response;
	u8 flow_control;
	u8 hints;
	__le16 reserved;
	__le32 ul_head_pad;
} __packed;
static_assert(sizeof(struct iosm_mux_open_resp) == 12);

/* Command numbers that both flavours share. */
#define IOSM_CMD_OPEN_SESSION		1
#define IOSM_CMD_OPEN_SESSION_RESP	2
#define IOSM_CMD_CLOSE_SESSION		3
#define IOSM_CMD_CLOSE_SESSION_RESP	4

#define IOSM_LITE_FLOW_CTL		5
#define IOSM_LITE_FLOW_CTL_ACK		6
#define IOSM_LITE_LINK_STATUS		7
#define IOSM_LITE_LINK_STATUS_RESP	8

#define IOSM_AGGR_FLOW_CTL_ENABLE	5
#define IOSM_AGGR_FLOW_CTL_DISABLE	6
#define IOSM_AGGR_FLOW_CTL_ACK		7
#define IOSM_AGGR_LINK_STATUS		8
#define IOSM_AGGR_LINK_STATUS_RESP	9

#define IOSM_FLOW_MASK_ALL		0xffffffffU

#endif
