/* SPDX-License-Identifier: GPL-2.0-only */
/* The MUX protocol on the wire: signatures, sizes, commands. */
#ifndef VMODEM_MUX_H
#define VMODEM_MUX_H

#define MUX_ADBH	0x48424441u	/* Aggregation: data block */
#define MUX_ACBH	0x48424341u	/* Aggregation: command block */
#define MUX_ADTH	0x48544441u	/* datagram table */
#define MUX_QLTH	0x48544c51u	/* queue level table */
#define MUX_ADGH	0x48474441u	/* Lite: one datagram */
#define MUX_CMDH	0x48444d43u	/* command */
#define MUX_FCTH	0x48544346u	/* flow credits */

#define MUX_BLOCK_HDR	16	/* ADBH and ACBH */
#define MUX_TABLE_HDR	16	/* ADTH without its datagrams */
#define MUX_TABLE_DG	8	/* one datagram in an ADTH */
#define MUX_QLTH_LEN	20	/* in a block and alone; FCTH too */
#define MUX_CMD_AGGR	20	/* CMDH without parameters */
#define MUX_CMD_LITE	16
#define MUX_ADGH_LEN	16
#define MUX_UL_BLOCK	16384	/* largest Aggregation block of the host */

/* Commands. From FLOW_CTL on the numbers depend on the flavour. */
enum mux_cmd {
	MUX_OPEN = 1,
	MUX_OPEN_RESP = 2,
	MUX_CLOSE = 3,
	MUX_CLOSE_RESP = 4,

	MUX_LITE_FLOW = 5,
	MUX_LITE_FLOW_ACK = 6,
	MUX_LITE_LINK = 7,
	MUX_LITE_LINK_RESP = 8,

	MUX_AGGR_FLOW_ENABLE = 5,	/* stop */
	MUX_AGGR_FLOW_DISABLE = 6,	/* resume */
	MUX_AGGR_FLOW_ACK = 7,
	MUX_AGGR_LINK = 8,
	MUX_AGGR_LINK_RESP = 9,
};

#endif
