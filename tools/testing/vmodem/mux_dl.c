// SPDX-License-Identifier: GPL-2.0-only
/*
 * Downlink: a queue per session, and blocks made of the queued packets.
 *
 * Order of service: messages (responses, flow control), credits, data. Data is
 * served round robin, one packet per session. A single packet is sent in the
 * same round of the event loop. In a stream of packets the modem waits a little
 * for the block to fill up (Aggregation only).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "mux_priv.h"

#define QUEUE_BYTES	(2u << 20)
#define QUEUE_PACKETS	1024
#define RECORD		8		/* le32 length and a gap */
#define WRAP		UINT32_MAX	/* in place of a length: wrap to the start */

#define BLOCK_MAX	65536
#define BLOCK_DGS	1600		/* datagrams in one block */
#define TURN_LITE	8		/* packets of one session in a row */

#define STREAM_US	1000		/* a stream has this many packets ... */
#define STREAM_PACKETS	16		/* ... in this time */

/* ---- queues ------------------------------------------------------------ */

static size_t record_size(size_t len)
{
	return RECORD + ((len + 7) & ~7ul);
}

static uint32_t record_len(const struct mux_queue *q, size_t at)
{
	uint32_t len;

	memcpy(&len, q->mem + at, sizeof(len));
	return len;
}

static void record_put(struct mux_queue *q, size_t at, uint32_t len)
{
	memcpy(q->mem + at, &len, sizeof(len));
}

/* Offset of the next record at or after @at, across a wrap. */
static size_t record_at(const struct mux_queue *q, size_t at)
{
	if (at + RECORD > QUEUE_BYTES || record_len(q, at) == WRAP)
		return 0;
	return at;
}

static uint8_t *queue_reserve(struct mux_queue *q, size_t len)
{
	size_t need = record_size(len);

	if (!q->mem) {
		q->mem = malloc(QUEUE_BYTES);
		if (!q->mem)
			return NULL;
	}
	if (q->packets >= QUEUE_PACKETS || need > QUEUE_BYTES / 2)
		return NULL;
	/*
	 * Restart an empty queue at offset 0: a short queue stays in the cache.
	 */
	if (!q->packets) {
		q->head = 0;
		q->tail = 0;
	}
	if (q->tail >= q->head) {
		if (QUEUE_BYTES - q->tail < need) {
			if (q->head <= need)
				return NULL;
			if (QUEUE_BYTES - q->tail >= RECORD)
				record_put(q, q->tail, WRAP);
			q->tail = 0;
		}
	} else if (q->head - q->tail <= need) {
		return NULL;
	}
	q->reserved = len;
	return q->mem + q->tail + RECORD;
}

static void queue_commit(struct mux_queue *q)
{
	record_put(q, q->tail, q->reserved);
	q->tail += record_size(q->reserved);
	q->bytes += q->reserved;
	q->packets++;
	q->reserved = 0;
}

static void queue_pop(struct mux_queue *q)
{
	uint32_t len;

	q->head = record_at(q, q->head);
	len = record_len(q, q->head);
	q->head += record_size(len);
	q->bytes -= len;
	q->packets--;
}

void mux_dl_clear(struct mux *mux, unsigned int session)
{
	struct mux_queue *q = &mux->s[session].q;

	mux->s[session].dropped += q->packets;
	free(q->mem);
	memset(q, 0, sizeof(*q));
}

/* ---- interface to the network ------------------------------------------ */

static uint8_t *link_reserve(void *priv, unsigned int session, size_t len)
{
	struct mux *mux = priv;
	struct mux_sess *s = &mux->s[session];
	uint8_t *p = NULL;

	if (s->open)
		p = queue_reserve(&s->q, len);
	if (!p)
		s->dropped++;
	return p;
}

static void link_commit(void *priv, unsigned int session)
{
	struct mux *mux = priv;
	struct mux_queue *q = &mux->s[session].q;

	queue_commit(q);
	mux->window_now++;
	/* A full block is queued: do not wait for the end of the round. */
	if (q->bytes >= (mux->lite ? QUEUE_BYTES / 4 : MUX_UL_BLOCK) ||
	    q->packets >= QUEUE_PACKETS / 4)
		mux_dl_flush(mux, false);
}

static unsigned int link_queued(void *priv, unsigned int session)
{
	struct mux *mux = priv;

	return mux->s[session].q.packets;
}

const struct net_link mux_link = {
	.reserve = link_reserve,
	.commit = link_commit,
	.queued = link_queued,
};

/* ---- messages and credits ---------------------------------------------- */

struct mux_msg *mux_dl_msg(struct mux *mux, unsigned int session)
{
	struct mux_msg *msg;

	if (!mux->ch || mux->msg_count == MUX_MSGS)
		return NULL;
	msg = &mux->msgs[(mux->msg_head + mux->msg_count++) % MUX_MSGS];
	memset(msg, 0, sizeof(*msg));
	msg->session = session;
	msg->trans = -1;
	return msg;
}

/* Returns whether something was sent. */
static bool send_msg(struct mux *mux)
{
	struct mux_msg *msg = &mux->msgs[mux->msg_head];
	int err;

	if (!mux->msg_count)
		return false;
	/* The sequence number is assigned when the block is sent. */
	if (!mux->lite)
		put_le16(msg->data + 6, mux->dl_acb_seq);
	err = vm_chan_send(mux->ch, msg->data, msg->len);
	if (err == -EAGAIN || err == -ENOTCONN)
		return false;
	mux->msg_head = (mux->msg_head + 1) % MUX_MSGS;
	mux->msg_count--;
	if (err) {
		vm_log(mux->vm, "mux: DL buffer too small for a message");
		return true;
	}
	if (!mux->lite)
		mux->dl_acb_seq++;
	mux_sent(mux, msg);
	return true;
}

/* Release first grants whose delay is over; arm the timer for the others. */
static void grants_release(struct mux *mux)
{
	uint64_t now = 0, wait = 0;
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++) {
		struct mux_sess *s = &mux->s[i];

		if (!s->grant_at)
			continue;
		if (!now)
			now = loop_now();
		if (s->grant_at <= now)
			s->grant_at = 0;
		else if (!wait || s->grant_at - now < wait)
			wait = s->grant_at - now;
	}
	if (wait)
		loop_timer_set(&mux->grant_timer, wait);
}

/* Returns whether something was sent. */
static bool send_grant(struct mux *mux)
{
	uint8_t fcth[MUX_QLTH_LEN] = { 0 };
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++) {
		struct mux_sess *s = &mux->s[i];
		uint32_t bytes;

		if (!s->open || !s->grant || s->grant_at)
			continue;
		bytes = s->grant > UINT32_MAX ? UINT32_MAX : s->grant;
		put_le32(fcth, MUX_FCTH);
		put_le16(fcth + 4, MUX_QLTH_LEN);
		fcth[6] = i;
		fcth[7] = 4;
		put_le32(fcth + 16, bytes);
		if (vm_chan_send(mux->ch, fcth, sizeof(fcth)))
			return false;
		s->grant -= bytes;
		s->credits += bytes;
		return true;
	}
	return false;
}

/* ---- data: Aggregation ------------------------------------------------- */

struct dg {
	const uint8_t *data;
	uint32_t len;
	uint32_t at;		/* place in the block */
};

/* Datagrams @first .. @first+@count-1 of a session, described by one table. */
struct group {
	unsigned int session, first, count;
	uint32_t table;		/* place of the ADTH */
	bool level;		/* a QLTH, no datagrams */
};

static uint32_t coin(struct mux *mux)
{
	mux->random ^= mux->random << 13;
	mux->random ^= mux->random >> 17;
	mux->random ^= mux->random << 5;
	return mux->random & 1;
}

struct plan {
	struct dg dg[VM_SESSIONS][BLOCK_DGS];
	unsigned int count[VM_SESSIONS];
	struct group group[VM_SESSIONS * 3];
	unsigned int groups;
	uint32_t end;		/* used bytes of the block */
};

/* Select packets round robin while they fit into @cap. They remain queued. */
static void choose(struct mux *mux, struct plan *plan, size_t cap)
{
	size_t at[VM_SESSIONS], used = MUX_BLOCK_HDR;
	unsigned int i, done, total = 0;

	for (i = 0; i < VM_SESSIONS; i++) {
		plan->count[i] = 0;
		at[i] = mux->s[i].q.head;
	}
	/* Stop at the first packet that does not fit; it is the next one. */
	for (done = 0; done < VM_SESSIONS && total < BLOCK_DGS;) {
		unsigned int k = mux->turn % VM_SESSIONS;
		struct mux_sess *s = &mux->s[k];
		size_t need;
		struct dg *dg;

		if (plan->count[k] == s->q.packets) {
			mux->turn++;
			done++;
			continue;
		}
		at[k] = record_at(&s->q, at[k]);
		dg = &plan->dg[k][plan->count[k]];
		dg->len = record_len(&s->q, at[k]);
		dg->data = s->q.mem + at[k] + RECORD;
		need = MUX_TABLE_DG + ((s->dl_pad + dg->len + 3) & ~3ul);
		/* At most two tables and a queue level per session. */
		if (!plan->count[k])
			need += 2 * MUX_TABLE_HDR + MUX_QLTH_LEN;
		if (used + need > cap || s->dl_pad + dg->len > UINT16_MAX)
			break;
		used += need;
		at[k] += record_size(dg->len);
		plan->count[k]++;
		total++;
		mux->turn++;
		done = 0;
	}
}

static void add_group(struct plan *plan, unsigned int session,
		      unsigned int first, unsigned int count, bool level)
{
	plan->group[plan->groups++] = (struct group){
		.session = session,
		.first = first,
		.count = count,
		.level = level,
	};
}

static void place_table(struct plan *plan, struct group *g)
{
	g->table = plan->end;
	plan->end += g->level ? MUX_QLTH_LEN :
			MUX_TABLE_HDR + MUX_TABLE_DG * g->count;
}

static void place_data(struct mux *mux, struct plan *plan, struct group *g)
{
	unsigned int i;

	for (i = g->first; i < g->first + g->count; i++) {
		struct dg *dg = &plan->dg[g->session][i];

		dg->at = plan->end;
		plan->end += (mux->s[g->session].dl_pad + dg->len + 3) & ~3u;
	}
}

/* Assign an offset to every part of the block. */
static void lay_out(struct mux *mux, struct plan *plan)
{
	unsigned int i, n;

	plan->groups = 0;
	for (i = 0; i < VM_SESSIONS; i++) {
		n = plan->count[i];
		if (!n)
			continue;
		if (mux->layout == LAYOUT_MIXED && n >= 4 && coin(mux)) {
			add_group(plan, i, 0, n / 2, false);
			add_group(plan, i, n / 2, n - n / 2, false);
		} else {
			add_group(plan, i, 0, n, false);
		}
		if (mux->dl_qlth)
			add_group(plan, i, 0, 0, true);
	}
	plan->end = MUX_BLOCK_HDR;
	if (mux->layout == LAYOUT_BEFORE)
		for (i = 0; i < plan->groups; i++)
			place_table(plan, &plan->group[i]);
	for (i = 0; i < plan->groups; i++) {
		struct group *g = &plan->group[i];
		bool first = mux->layout == LAYOUT_MIXED && coin(mux);

		if (first)
			place_table(plan, g);
		place_data(mux, plan, g);
		if (mux->layout == LAYOUT_MIXED && !first)
			place_table(plan, g);
	}
	if (mux->layout == LAYOUT_AFTER)
		for (i = 0; i < plan->groups; i++)
			place_table(plan, &plan->group[i]);
}

static void write_group(struct mux *mux, const struct plan *plan,
			const struct group *g, uint32_t next, uint8_t *out)
{
	const struct mux_sess *s = &mux->s[g->session];
	uint8_t *t = out + g->table;
	unsigned int i;

	put_le32(t, g->level ? MUX_QLTH : MUX_ADTH);
	put_le16(t + 4, g->level ? MUX_QLTH_LEN :
			MUX_TABLE_HDR + MUX_TABLE_DG * g->count);
	t[6] = g->session;
	t[7] = 0;
	put_le32(t + 8, next);
	put_le32(t + 12, 0);
	t += MUX_TABLE_HDR;
	if (g->level)
		put_le32(t, s->q.bytes);
	for (i = g->first; i < g->first + g->count; i++) {
		const struct dg *dg = &plan->dg[g->session][i];
		uint8_t *d = out + dg->at;
		uint32_t len = s->dl_pad + dg->len;

		put_le32(t, dg->at);
		put_le16(t + 4, len);
		put_le16(t + 6, 0);
		t += MUX_TABLE_DG;
		/* Padding must not look like an IP header. */
		memset(d, 0xa5, s->dl_pad);
		memcpy(d + s->dl_pad, dg->data, dg->len);
		memset(d + len, 0, -len & 3);
	}
}

/* Drop the packet at the head of @session's queue: no block can hold it. */
static void drop_head(struct mux *mux, unsigned int session, size_t cap)
{
	vm_debug(mux->vm, "mux: session %u: packet above a DL buffer of %zu",
		 session, cap);
	queue_pop(&mux->s[session].q);
	mux->s[session].dropped++;
}

static bool send_aggregation(struct mux *mux, size_t cap)
{
	static struct plan plan;
	static uint8_t out[BLOCK_MAX];
	unsigned int i, k;

	if (cap > sizeof(out))
		cap = sizeof(out);
	choose(mux, &plan, cap);
	lay_out(mux, &plan);
	if (!plan.groups) {
		/* The packet of the current session exceeds an empty block. */
		drop_head(mux, mux->turn % VM_SESSIONS, cap);
		return true;
	}
	put_le32(out, MUX_ADBH);
	put_le16(out + 4, 0);
	put_le16(out + 6, mux->dl_adb_seq);
	put_le32(out + 8, plan.end);
	put_le32(out + 12, plan.group[0].table);
	for (i = 0; i < plan.groups; i++)
		write_group(mux, &plan, &plan.group[i],
			    i + 1 < plan.groups ? plan.group[i + 1].table : 0,
			    out);
	if (vm_chan_send(mux->ch, out, plan.end))
		return false;
	mux->dl_adb_seq++;
	mux->dl_blocks++;
	for (k = 0; k < VM_SESSIONS; k++) {
		struct mux_sess *s = &mux->s[k];

		if (!plan.count[k])
			continue;
		s->dl.blocks++;
		s->dl.packets += plan.count[k];
		if (s->dl.most < plan.count[k])
			s->dl.most = plan.count[k];
		for (i = 0; i < plan.count[k]; i++) {
			s->dl.bytes += plan.dg[k][i].len;
			queue_pop(&s->q);
		}
	}
	return true;
}

/* ---- data: Lite -------------------------------------------------------- */

/* Up to TURN_LITE packets of the current session. */
static bool send_lite(struct mux *mux)
{
	static uint8_t out[BLOCK_MAX];
	struct mux_sess *s;
	unsigned int i, pad;

	while (!mux->s[mux->turn % VM_SESSIONS].q.packets)
		mux->turn++;
	s = &mux->s[mux->turn % VM_SESSIONS];
	pad = s->dl_pad > 16 ? s->dl_pad - 16 : 0;
	for (i = 0; i < TURN_LITE && s->q.packets; i++) {
		size_t cap = vm_chan_room(mux->ch), at, len, follow;

		if (!cap)
			return false;
		at = record_at(&s->q, s->q.head);
		len = record_len(&s->q, at);
		if (cap > UINT16_MAX)
			cap = UINT16_MAX;
		if (MUX_ADGH_LEN + pad + len > cap) {
			drop_head(mux, mux->turn % VM_SESSIONS, cap);
			continue;
		}
		follow = s->q.packets - 1;
		if (follow > TURN_LITE - 1 - i)
			follow = TURN_LITE - 1 - i;
		memset(out, 0, MUX_ADGH_LEN);
		put_le32(out, MUX_ADGH);
		put_le16(out + 4, MUX_ADGH_LEN + pad + len);
		out[6] = mux->turn % VM_SESSIONS;
		out[9] = follow;
		memset(out + MUX_ADGH_LEN, 0xa5, pad);
		memcpy(out + MUX_ADGH_LEN + pad, s->q.mem + at + RECORD, len);
		if (vm_chan_send(mux->ch, out, MUX_ADGH_LEN + pad + len))
			return false;
		queue_pop(&s->q);
		s->dl.packets++;
		s->dl.bytes += len;
		s->dl.blocks++;
		s->dl.most = 1;
		mux->dl_blocks++;
	}
	mux->turn++;
	return true;
}

/* ---- flush ------------------------------------------------------------- */

static size_t data_waiting(const struct mux *mux)
{
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++)
		bytes += mux->s[i].q.bytes;
	return bytes;
}

/* Should the block wait for more packets? Arms the timer in this case. */
static bool wait_for_more(struct mux *mux, size_t bytes, size_t cap)
{
	uint64_t now;

	if (mux->lite || !mux->accumulate)
		return false;
	now = loop_now();
	if (now - mux->window_start >= STREAM_US) {
		mux->window_last = mux->window_now * (uint64_t)STREAM_US /
			(now - mux->window_start);
		mux->window_now = 0;
		mux->window_start = now;
	}
	if (mux->window_last < STREAM_PACKETS || bytes + MUX_BLOCK_HDR >= cap)
		return false;
	if (!mux->waiting_since)
		mux->waiting_since = now;
	if (now - mux->waiting_since >= mux->accumulate)
		return false;
	if (!mux->flush_timer.at)
		loop_timer_set(&mux->flush_timer, mux->accumulate);
	return true;
}

/*
 * Is there anything to send now? vm_chan_room() must not be called without
 * data: it wakes a sleeping device up and starts polling for buffers.
 */
static bool work_waits(struct mux *mux)
{
	unsigned int i;

	if (mux->msg_count)
		return true;
	for (i = 0; i < VM_SESSIONS; i++)
		if (mux->s[i].q.packets ||
		    (mux->s[i].grant && !mux->s[i].grant_at))
			return true;
	return false;
}

void mux_dl_flush(struct mux *mux, bool now)
{
	size_t cap, bytes;

	if (!mux->ch || mux->flushing)
		return;
	if (mux->with_credits)
		grants_release(mux);
	/* No recursion: responses of the functions below are queued only. */
	mux->flushing = true;
	while (work_waits(mux)) {
		cap = vm_chan_room(mux->ch);
		if (!cap)
			break;
		if (mux->msg_count) {
			if (!send_msg(mux))
				break;
			continue;
		}
		if (mux->with_credits && send_grant(mux))
			continue;
		bytes = data_waiting(mux);
		if (!bytes || (!now && wait_for_more(mux, bytes, cap)))
			break;
		if (!(mux->lite ? send_lite(mux) : send_aggregation(mux, cap)))
			break;
		mux->waiting_since = 0;
	}
	mux->flushing = false;
}
