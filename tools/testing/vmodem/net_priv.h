/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mobile network inside:
 *
 *   net_input() -> parse and check -> route -+-> another session
 *    (net.c)                                 +-> net_local() (net_local.c)
 *                                            +-> net_error() (net_local.c)
 *   generator and sink: net_gen.c; TCP services: net_tcp.c
 *
 * The destination address alone decides the route:
 *   10.64.s.2, fd64:0:0:s::/64       the host, session s
 *   10.64.s.1, fd64:0:0:s::1         the gateway of session s (also fe80::1)
 *   10.99.0.1, fd99::1               the server, one hop behind the gateways
 *   10.99.0.53, fd99::53             the name server's address
 */
#ifndef VMODEM_NET_PRIV_H
#define VMODEM_NET_PRIV_H

#include "inet.h"
#include "loop.h"
#include "net.h"

#define NET_MTU		1500
#define NET_MTU_MIN	1280
#define NET_MTU_MAX	16000
#define NET_MAX_PACKET	65575	/* IPv6 header and 65535 bytes */

#define PORT_ECHO	7
#define PORT_DISCARD	9
#define PORT_CHARGEN	19
#define PORT_GEN	9000	/* destination of the generator */

struct net_gen {
	bool on, v6;
	uint64_t rate;		/* packets per second, 0: as fast as possible */
	uint64_t start;		/* reference time of @emitted */
	uint64_t emitted;	/* since @start */
	uint64_t left;		/* remaining packets, UINT64_MAX: no limit */
	uint64_t sent;
	uint32_t seq;
	uint16_t size;		/* UDP payload */
};

struct net_sink {
	uint64_t packets, bytes;
	uint64_t corrupt;	/* payload differs from the pattern */
	uint64_t lost, late;	/* missing numbers, repeated numbers */
	uint32_t next;		/* number expected next */
};

struct net_tcp_counts {
	uint64_t opened;
	uint64_t in, out;	/* bytes read in order; written and acknowledged */
	uint64_t resent;	/* segments */
	uint64_t disorder;	/* segments out of order or repeated */
	uint64_t corrupt;	/* with "sink check": unexpected bytes */
};

/* A TCP connection; sequence numbers as RFC 793 calls them. */
struct net_tcp {
	bool used, v6;
	enum { TCP_OPENING, TCP_OPEN, TCP_CLOSING } state;
	struct net *net;
	unsigned int session;
	uint8_t us[16], peer[16];
	uint16_t port, peer_port;
	uint64_t used_at;
	uint32_t iss, snd_una, snd_nxt, snd_max;
	uint32_t irs, rcv_nxt;
	uint32_t mss, cwnd, ssthresh, peer_window;
	uint8_t peer_scale;
	bool scaled;		/* window scaling is in use */
	unsigned int unacked;	/* segments not acknowledged yet */
	unsigned int dups;
	bool recovering;
	uint32_t recover;	/* recovery ends at this sequence number */
	unsigned int tries;	/* consecutive timeouts */
	uint64_t rto_at;	/* 0: nothing in flight */
	struct loop_timer rto, delayed;
};

#define NET_TCP		16	/* connections */

struct net_sess {
	bool open, connected;
	struct net_counts counts;
	struct net_gen gen;
	struct net_sink sink;
	struct net_tcp_counts tcp;
	uint64_t unrouted;	/* UL: not connected, or no route */
	uint64_t spoofed;	/* UL: foreign source address */
	uint64_t malformed;	/* UL: dropped with a violation */
	uint64_t errors;	/* ICMP errors sent */
};

struct net {
	struct vm *vm;
	const struct net_link *link;
	void *link_priv;
	struct net_sess s[VM_SESSIONS];
	size_t mtu;
	bool sink_check;
	struct net_tcp tcp[NET_TCP];
	struct loop_timer gen_timer;
	uint16_t ip_id;
	/*
	 * Rate limit of ICMP errors: a token bucket that is refilled over time.
	 */
	unsigned int tokens;
	uint64_t tokens_at;
	/* Buffer for packets that must be fragmented. */
	uint8_t scratch[NET_MAX_PACKET];
};

/* One valid packet from the host. */
struct net_pkt {
	const uint8_t *data;
	size_t len;
	unsigned int session;	/* session of the source */
	bool v6;
	bool first, more;	/* fragment: the first one, more follow */
	uint8_t proto;		/* of the transport header */
	uint8_t ttl;
	const uint8_t *src, *dst;
	const uint8_t *l4;
	size_t l4_len;
	const uint8_t *frag;	/* IPv6 fragment header, if there is one */
};

static inline size_t net_alen(bool v6)
{
	return v6 ? 16 : 4;
}

/* The packet is a fragment. */
static inline bool net_is_fragment(const struct net_pkt *p)
{
	return !p->first || p->more;
}

/*
 * Build one packet for @session. net_begin() returns space for @len bytes, or
 * NULL. net_finish() sends them; IPv4 above the MTU is fragmented.
 */
uint8_t *net_begin(struct net *net, unsigned int session, size_t len);
void net_finish(struct net *net, unsigned int session, uint8_t *pkt,
		size_t len);

/* Write an IP header (20 or 40 bytes) for @len bytes of payload. */
void net_header(struct net *net, uint8_t *p, bool v6, size_t len, uint8_t ttl,
		uint8_t proto, const uint8_t *src, const uint8_t *dst);

/* Fill in the transport checksum at @field of the packet's payload @l4. */
void net_checksum(bool v6, const uint8_t *src, const uint8_t *dst,
		  uint8_t proto, uint8_t *l4, size_t len, size_t field);

/* net_local.c: a packet for a local address; replies have hop limit @ttl. */
void net_local(struct net *net, const struct net_pkt *p, uint8_t ttl);
/* IPv6 neighbour discovery; the packet may be for a multicast address. */
void net_ndisc(struct net *net, const struct net_pkt *p);

enum net_err {
	NET_ERR_NO_ROUTE, NET_ERR_NO_HOST, NET_ERR_NO_PROTO, NET_ERR_NO_PORT,
	NET_ERR_TTL, NET_ERR_TOO_BIG,
};

/* Send an ICMP error to the sender, unless the rules for errors forbid it. */
void net_error(struct net *net, const struct net_pkt *p, enum net_err err);

/* net_tcp.c: a whole TCP segment. Returns false: no such connection. */
bool net_tcp(struct net *net, const struct net_pkt *p);
/* The session was closed: close its connections. */
void net_tcp_closed(struct net *net, unsigned int session);
void net_tcp_stats(const struct net *net, unsigned int session,
		   struct vm_reply *r);

/* net_gen.c: generator, and the sink behind port 9. */
void net_gen_init(struct net *net);
void net_sink(struct net *net, unsigned int session, const uint8_t *data,
	      size_t len);

#endif
