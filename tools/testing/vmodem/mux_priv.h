/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's side of the MUX protocol inside:
 *
 *   channel 0, UL --> mux_ul.c: blocks taken apart, every field checked
 *                        |-> mux_command()   (mux.c: sessions, commands)
 *                        `-> mux_datagram()  (mux.c: credits, flow) -> net
 *
 *   net.c --> mux_dl.c: queues of the sessions, blocks put together
 *                        `-> channel 0, DL
 *
 * Violations that are reported from here, by name: see mux_ul.c and mux.c.
 */
#ifndef VMODEM_MUX_PRIV_H
#define VMODEM_MUX_PRIV_H

#include "loop.h"
#include "mux.h"
#include "net.h"

/* Queue of packets of one session to the host: a ring of bytes. */
struct mux_queue {
	uint8_t *mem;
	size_t head, tail;	/* offsets of the next read and write */
	size_t reserved;	/* length of the reservation, 0: none */
	size_t bytes;		/* of IP, in all packets */
	unsigned int packets;
};

struct mux_way {		/* statistics of one direction */
	uint64_t packets, bytes, blocks;
	uint64_t most;		/* datagrams in one block */
};

struct mux_sess {
	bool open;
	bool unsure;		/* open failed: a close may follow */
	uint32_t ul_pad;	/* bytes before each UL datagram */
	uint32_t dl_pad;	/* requested by the host */

	bool stopped;		/* FLOW_CTL has stopped the session */
	bool stop_acked;
	uint32_t stop_id;	/* transaction of the last stop */
	bool stop_short;	/* the last stop had no mask */
	uint64_t stopped_at, acked_at;

	int64_t credits;	/* remaining credit of the host, in bytes of IP */
	uint64_t grant;		/* to be granted by the next FCTH */
	uint64_t grant_at;	/* not before this time */
	bool hold;		/* no automatic grants */

	uint32_t refuse;	/* answer to OPEN_SESSION, 0: success */
	struct mux_queue q;
	struct mux_way ul, dl;
	uint64_t dropped;
	unsigned int in_block;	/* datagrams in the present UL block */
};

/* A message other than data, waiting for a DL buffer. */
struct mux_msg {
	size_t len;
	unsigned int session;
	enum { MSG_PLAIN, MSG_STOP, MSG_STOP_SHORT, MSG_GO } kind;
	int trans;		/* index of the transaction, -1: none */
	uint8_t data[320];
};

/* A command of the device that the host must answer. */
struct mux_trans {
	bool used;
	bool link;		/* link status report, otherwise flow */
	bool orphan;		/* session closed: no response needed */
	bool late;		/* timed out: a late response is allowed */
	unsigned int session;
	uint32_t id;
	uint64_t deadline;	/* 0: not sent yet */
};

enum mux_layout { LAYOUT_BEFORE, LAYOUT_AFTER, LAYOUT_MIXED };

#define MUX_MSGS	64
#define MUX_TRANS	32

struct mux {
	struct vm *vm;
	struct vm_chan *ch;	/* NULL: not open */
	struct net *net;
	bool lite, with_credits;
	struct mux_sess s[VM_SESSIONS];

	struct mux_msg msgs[MUX_MSGS];
	unsigned int msg_head, msg_count;
	struct mux_trans trans[MUX_TRANS];
	uint32_t next_id;

	/*
	 * Sequence numbers: data and command blocks of the host and the device.
	 */
	bool ul_adb_known, ul_acb_known;
	uint16_t ul_adb_seq, ul_acb_seq;
	uint16_t dl_adb_seq, dl_acb_seq;
	uint64_t ul_blocks, dl_blocks;

	/* Set by control commands. */
	enum mux_layout layout;
	bool dl_qlth;
	uint32_t ul_head_pad;
	uint64_t drop_opens;
	uint64_t accumulate;	/* microseconds */

	/* DL: next session to serve, state of the stream detection */
	unsigned int turn;
	unsigned int window_now, window_last;
	uint64_t window_start;
	uint64_t waiting_since;	/* 0: no pending data */
	bool flushing;
	uint32_t random;

	struct loop_timer flush_timer, grant_timer, trans_timer;
};

/* ---- mux_ul.c ---- */

/* Process one TD of the host. */
void mux_ul_block(struct mux *mux, const uint8_t *data, size_t len);

/* ---- mux.c ---- */

void mux_command(struct mux *mux, unsigned int session, uint32_t command,
		 uint32_t id, const uint8_t *params, size_t len);
void mux_datagram(struct mux *mux, unsigned int session, const uint8_t *pkt,
		  size_t len);
/* A message was written to a DL buffer of the host. */
void mux_sent(struct mux *mux, const struct mux_msg *msg);

/* ---- mux_dl.c ---- */

extern const struct net_link mux_link;

/*
 * Append a message. Returns its memory, zeroed, or NULL if the host does not
 * read. mux_dl_flush() sends it.
 */
struct mux_msg *mux_dl_msg(struct mux *mux, unsigned int session);
/* Send pending messages and data. Data may wait for more unless @now. */
void mux_dl_flush(struct mux *mux, bool now);
void mux_dl_clear(struct mux *mux, unsigned int session);

#endif
