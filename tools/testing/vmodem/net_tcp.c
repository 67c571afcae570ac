// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two TCP services of the server, for measurements in one direction: port 9
 * reads everything, port 19 writes as long as the host reads.
 *
 * Only the necessary parts of TCP are implemented, and these by the RFCs:
 * handshake, window scaling, slow start and congestion avoidance, fast
 * retransmission and recovery (RFC 5681, 6582), timeouts. SACK and timestamps
 * are not offered. Segments out of order are dropped. The byte at offset i of a
 * stream is i modulo 256.
 */
#include <inttypes.h>
#include <string.h>

#include "bytes.h"
#include "net_priv.h"

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10

#define TCP_HLEN	20
#define SYN_OPTIONS	8	/* MSS, NOP, window scale */
#define SCALE		7
#define WINDOW		(1024 * 1024u)	/* that we offer */

#define WRITE_SIZE	(64u << 10)	/* written by the application at once */
#define CWND_FIRST	10	/* segments */
#define CWND_MOST	(384u << 10)
#define QUEUE_MOST	512	/* limit of packets queued on the link */
#define RTO_US		1000000	/* minimum of RFC 6298 */
#define RTO_TRIES	6
#define BUSY_US		200	/* delay before the next try with a full queue */

/* Sequence numbers wrap. */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t out_now(const struct net_tcp *c)
{
	return c->snd_nxt - c->snd_una;
}

static void conn_free(struct net_tcp *c)
{
	loop_timer_cancel(&c->rto);
	loop_timer_cancel(&c->delayed);
	c->used = false;
}

/* ---- segments ---------------------------------------------------------- */

static const uint8_t *pattern(uint32_t offset)
{
	static uint8_t bytes[256 + 16384];
	size_t i;

	if (!bytes[1])
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = i;
	return bytes + offset % 256;
}

/* False: the link is full, or the session is closed. */
static bool segment(struct net_tcp *c, uint8_t flags, uint32_t seq, size_t len)
{
	size_t head = c->v6 ? INET_V6_LEN : INET_V4_LEN;
	size_t thl = TCP_HLEN + (flags & SYN ? SYN_OPTIONS : 0);
	struct net *net = c->net;
	uint32_t window = WINDOW;
	uint8_t *out, *t;

	out = net_begin(net, c->session, head + thl + len);
	if (!out)
		return false;
	net_header(net, out, c->v6, thl + len, 63, PROTO_TCP, c->us, c->peer);
	t = out + head;
	memset(t, 0, thl);
	put_be16(t, c->port);
	put_be16(t + 2, c->peer_port);
	put_be32(t + 4, seq);
	put_be32(t + 8, c->rcv_nxt);
	t[12] = thl / 4 << 4;
	t[13] = flags | ACK;
	if (flags & SYN) {
		t[20] = 2;
		t[21] = 4;
		put_be16(t + 22, net->mtu - head - TCP_HLEN);
		t[24] = 1;
		t[25] = 3;
		t[26] = 3;
		t[27] = c->scaled ? SCALE : 0;
		/* Without scaling by the peer the option must be omitted. */
		if (!c->scaled)
			memset(t + 24, 1, 4);
		window = UINT16_MAX;
	} else {
		window = c->scaled ? window >> SCALE : UINT16_MAX;
	}
	put_be16(t + 14, window);
	memcpy(t + thl, pattern(seq - c->iss - 1), len);
	net_checksum(c->v6, c->us, c->peer, PROTO_TCP, t, thl + len, 16);
	net_finish(net, c->session, out, head + thl + len);
	c->unacked = 0;
	return true;
}

static void ack(struct net_tcp *c)
{
	segment(c, 0, c->snd_nxt, 0);
}

/* End of a round: acknowledge a single pending segment. */
static void delayed_ack(struct loop_timer *t)
{
	struct net_tcp *c = t->priv;

	if (c->unacked)
		ack(c);
}

/* ---- sending ----------------------------------------------------------- */

static void rto_start(struct net_tcp *c)
{
	/*
	 * Acknowledgments move the deadline; the timer adjusts when it expires.
	 */
	c->rto_at = loop_now() + (uint64_t)(RTO_US << c->tries);
	if (!c->rto.at)
		loop_timer_set(&c->rto, RTO_US << c->tries);
}

/*
 * Data from @seq on. As in Linux, PSH marks the end of a write, here of
 * WRITE_SIZE bytes. GRO of the receiver merges the segments in between.
 */
static bool send_data(struct net_tcp *c, uint32_t seq, size_t len)
{
	bool ends = (seq - c->iss - 1) % WRITE_SIZE + len >= WRITE_SIZE;

	return segment(c, ends ? PSH : 0, seq, len);
}

static void push(struct net_tcp *c)
{
	const struct net_link *link = c->net->link;
	uint32_t window, len;

	if (c->state != TCP_OPEN || c->port != PORT_CHARGEN)
		return;
	window = c->cwnd < c->peer_window ? c->cwnd : c->peer_window;
	while (out_now(c) < window) {
		len = window - out_now(c);
		/* Send whole segments only, unless nothing is in flight. */
		if (len < c->mss && out_now(c))
			break;
		if (len > c->mss)
			len = c->mss;
		if (link->queued(c->net->link_priv, c->session) >= QUEUE_MOST ||
		    !send_data(c, c->snd_nxt, len)) {
			if (!c->delayed.at)
				loop_timer_set(&c->delayed, BUSY_US);
			break;
		}
		c->snd_nxt += len;
		if (before(c->snd_max, c->snd_nxt))
			c->snd_max = c->snd_nxt;
	}
	if (out_now(c) && !c->rto_at)
		rto_start(c);
}

static void later(struct loop_timer *t)
{
	delayed_ack(t);
	push(t->priv);
}

static uint32_t half(const struct net_tcp *c)
{
	uint32_t flight = out_now(c) / 2;

	return flight < 2 * c->mss ? 2 * c->mss : flight;
}

static void resend(struct net_tcp *c)
{
	uint32_t len = c->snd_max - c->snd_una;

	c->net->s[c->session].tcp.resent++;
	if (c->state == TCP_OPENING)
		segment(c, SYN, c->iss, 0);
	else if (c->state == TCP_CLOSING && len <= 1)
		segment(c, FIN, c->snd_una, 0);
	else
		send_data(c, c->snd_una, len < c->mss ? len : c->mss);
}

static void timed_out(struct loop_timer *t)
{
	struct net_tcp *c = t->priv;
	uint64_t now = loop_now();

	if (!c->rto_at)
		return;
	if (now < c->rto_at) {
		loop_timer_set(t, c->rto_at - now);
		return;
	}
	if (++c->tries > RTO_TRIES) {
		conn_free(c);
		return;
	}
	c->ssthresh = half(c);
	c->cwnd = c->mss;
	c->dups = 0;
	c->recover = c->snd_max;
	c->recovering = false;
	resend(c);
	/* Resume from here: the ACKs of the host skip what it has already. */
	if (c->state == TCP_OPEN)
		c->snd_nxt = c->snd_una + (c->snd_max - c->snd_una < c->mss ?
					   c->snd_max - c->snd_una : c->mss);
	rto_start(c);
}

static void acked(struct net_tcp *c, uint32_t seq)
{
	uint32_t bytes = seq - c->snd_una;

	c->snd_una = seq;
	if (before(c->snd_nxt, seq))
		c->snd_nxt = seq;
	c->dups = 0;
	c->tries = 0;
	c->net->s[c->session].tcp.out += bytes;
	if (c->recovering && before(seq, c->recover)) {
		/* Another segment of the same window was lost. */
		resend(c);
		c->cwnd = c->cwnd > bytes ? c->cwnd - bytes + c->mss : c->mss;
	} else if (c->recovering) {
		c->recovering = false;
		c->cwnd = c->ssthresh;
	} else if (c->cwnd < c->ssthresh) {
		c->cwnd += bytes;
	} else {
		c->cwnd += (uint64_t)c->mss * c->mss / c->cwnd + 1;
	}
	if (c->cwnd > CWND_MOST)
		c->cwnd = CWND_MOST;
	c->rto_at = 0;
	if (c->snd_max != c->snd_una)
		rto_start(c);
}

static void duplicate(struct net_tcp *c)
{
	if (c->recovering) {
		c->cwnd += c->mss;
		return;
	}
	if (++c->dups != 3 || before(c->snd_una, c->recover))
		return;
	c->ssthresh = half(c);
	c->recover = c->snd_max;
	c->recovering = true;
	resend(c);
	c->cwnd = c->ssthresh + 3 * c->mss;
}

/* ---- receiving --------------------------------------------------------- */

static bool as_expected(const struct net_tcp *c, const uint8_t *data,
			size_t len)
{
	const uint8_t *want = pattern(c->rcv_nxt - c->irs - 1);

	return !memcmp(data, want, len < 16384 ? len : 16384);
}

static void received(struct net_tcp *c, uint32_t seq, const uint8_t *data,
		     size_t len)
{
	struct net_tcp_counts *k = &c->net->s[c->session].tcp;
	uint32_t old = c->rcv_nxt - seq;

	if (seq != c->rcv_nxt && (before(c->rcv_nxt, seq) || old >= len)) {
		k->disorder++;
		ack(c);
		return;
	}
	data += old;
	len -= old;
	if (c->net->sink_check && !as_expected(c, data, len))
		k->corrupt++;
	c->rcv_nxt += len;
	k->in += len;
	if (++c->unacked >= 2)
		ack(c);
	else if (!c->delayed.at)
		loop_timer_set(&c->delayed, 0);
}

static void finish(struct net_tcp *c)
{
	c->state = TCP_CLOSING;
	/* The host has closed: do not send the rest. */
	segment(c, FIN, c->snd_nxt, 0);
	c->snd_nxt++;
	if (before(c->snd_max, c->snd_nxt))
		c->snd_max = c->snd_nxt;
	rto_start(c);
}

static void input(struct net_tcp *c, const uint8_t *t, size_t len)
{
	uint32_t seq = get_be32(t + 4), ackno = get_be32(t + 8), window;
	size_t thl = (t[12] >> 4) * 4;
	uint8_t flags = t[13];

	if (flags & RST) {
		/* Ignore a reset with another sequence number (blind reset). */
		if (seq == c->rcv_nxt)
			conn_free(c);
		return;
	}
	if (!(flags & ACK))
		return;
	c->used_at = loop_now();
	window = (uint32_t)get_be16(t + 14) << c->peer_scale;
	if (c->state == TCP_OPENING) {
		if (ackno != c->iss + 1)
			return;
		c->state = TCP_OPEN;
		c->snd_una = ackno;
		c->rto_at = 0;
		c->tries = 0;
	} else if (before(c->snd_una, ackno) && !before(c->snd_max, ackno)) {
		acked(c, ackno);
	} else if (ackno == c->snd_una && len == thl && c->snd_max != ackno &&
		   window == c->peer_window && !(flags & FIN)) {
		duplicate(c);
	}
	c->peer_window = window;
	if (c->state == TCP_CLOSING && c->snd_una == c->snd_max) {
		conn_free(c);
		return;
	}
	if (len > thl)
		received(c, seq, t + thl, len - thl);
	if ((flags & FIN) && seq + (len - thl) == c->rcv_nxt &&
	    c->state == TCP_OPEN) {
		c->rcv_nxt++;
		finish(c);
		return;
	}
	push(c);
}

/* ---- connections ------------------------------------------------------- */

static struct net_tcp *find(struct net *net, const struct net_pkt *p)
{
	unsigned int i;

	for (i = 0; i < NET_TCP; i++) {
		struct net_tcp *c = &net->tcp[i];

		if (c->used && c->session == p->session && c->v6 == p->v6 &&
		    c->peer_port == get_be16(p->l4) &&
		    c->port == get_be16(p->l4 + 2) &&
		    !memcmp(c->peer, p->src, net_alen(p->v6)) &&
		    !memcmp(c->us, p->dst, net_alen(p->v6)))
			return c;
	}
	return NULL;
}

/* A free connection, otherwise the one that was idle for longest. */
static struct net_tcp *oldest(struct net *net)
{
	struct net_tcp *best = &net->tcp[0];
	unsigned int i;

	for (i = 0; i < NET_TCP; i++) {
		struct net_tcp *c = &net->tcp[i];

		if (!c->used)
			return c;
		if (c->used_at < best->used_at)
			best = c;
	}
	conn_free(best);
	return best;
}

static void options(struct net_tcp *c, const uint8_t *t)
{
	const uint8_t *o = t + TCP_HLEN, *end = t + (t[12] >> 4) * 4;
	unsigned int mss = 536;

	while (o < end && *o) {
		if (*o == 1) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			break;
		if (o[0] == 2 && o[1] == 4)
			mss = get_be16(o + 2);
		if (o[0] == 3 && o[1] == 3) {
			c->scaled = true;
			c->peer_scale = o[2] > 14 ? 14 : o[2];
		}
		o += o[1];
	}
	if (mss < 64)
		mss = 64;
	c->mss = c->net->mtu - TCP_HLEN - (c->v6 ? INET_V6_LEN : INET_V4_LEN);
	if (mss < c->mss)
		c->mss = mss;
}

static void open_new(struct net *net, const struct net_pkt *p)
{
	struct net_tcp *c = oldest(net);

	*c = (struct net_tcp){
		.used = true,
		.net = net,
		.session = p->session,
		.v6 = p->v6,
		.port = get_be16(p->l4 + 2),
		.peer_port = get_be16(p->l4),
		.irs = get_be32(p->l4 + 4),
		.peer_window = get_be16(p->l4 + 14),
		.iss = loop_now(),
		.used_at = loop_now(),
		.ssthresh = UINT32_MAX,
		.rto = { .fn = timed_out, .priv = c },
		.delayed = { .fn = later, .priv = c },
	};
	memcpy(c->peer, p->src, net_alen(p->v6));
	memcpy(c->us, p->dst, net_alen(p->v6));
	options(c, p->l4);
	c->cwnd = CWND_FIRST * c->mss;
	c->rcv_nxt = c->irs + 1;
	c->snd_una = c->iss;
	c->snd_nxt = c->iss + 1;
	c->snd_max = c->snd_nxt;
	c->recover = c->iss;
	net->s[p->session].tcp.opened++;
	segment(c, SYN, c->iss, 0);
	rto_start(c);
}

bool net_tcp(struct net *net, const struct net_pkt *p)
{
	unsigned int port = get_be16(p->l4 + 2);
	struct net_tcp *c;

	if (port != PORT_DISCARD && port != PORT_CHARGEN)
		return false;
	c = find(net, p);
	if ((p->l4[13] & (SYN | ACK | RST)) == SYN) {
		/* SYN retransmitted: the answer was lost. */
		if (c && c->state == TCP_OPENING &&
		    c->irs == get_be32(p->l4 + 4)) {
			segment(c, SYN, c->iss, 0);
			return true;
		}
		if (c)
			conn_free(c);
		open_new(net, p);
		return true;
	}
	if (c)
		input(c, p->l4, p->l4_len);
	return c;
}

void net_tcp_closed(struct net *net, unsigned int session)
{
	unsigned int i;

	for (i = 0; i < NET_TCP; i++)
		if (net->tcp[i].used && net->tcp[i].session == session)
			conn_free(&net->tcp[i]);
}

void net_tcp_stats(const struct net *net, unsigned int session,
		   struct vm_reply *r)
{
	const struct net_tcp_counts *k = &net->s[session].tcp;

	ctl_line(r, "session.%u.tcp.opened %" PRIu64, session, k->opened);
	ctl_line(r, "session.%u.tcp.in %" PRIu64, session, k->in);
	ctl_line(r, "session.%u.tcp.out %" PRIu64, session, k->out);
	ctl_line(r, "session.%u.tcp.resent %" PRIu64, session, k->resent);
	ctl_line(r, "session.%u.tcp.disorder %" PRIu64, session, k->disorder);
	ctl_line(r, "session.%u.tcp.corrupt %" PRIu64, session, k->corrupt);
}
