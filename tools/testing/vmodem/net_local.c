// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local services of the gateways and the server: echo, small UDP services,
 * router advertisements and ICMP errors. Source addresses were checked, so
 * every answer is sent to the session of the request.
 */
#include <string.h>

#include "bytes.h"
#include "net_priv.h"

#define ICMP_ECHO_REPLY		0
#define ICMP_UNREACH		3
#define ICMP_ECHO		8
#define ICMP_TIME_EXCEEDED	11

#define ICMP6_ECHO		128
#define ICMP6_ECHO_REPLY	129
#define ND_ROUTER_SOLICIT	133
#define ND_ROUTER_ADVERT	134
#define ND_NEIGHBOUR_SOLICIT	135
#define ND_NEIGHBOUR_ADVERT	136

#define TCP_RST		0x04
#define TCP_ACK		0x10
#define TCP_SYN		0x02
#define TCP_FIN		0x01

#define ERRORS_PER_SECOND	1000

static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 1 };

/* ---- echo -------------------------------------------------------------- */

/*
 * Send the packet back to its source. Fragments are returned one by one and
 * reassembled by the host. Returns the copy of the transport header, with *@out
 * and *@len for net_finish().
 */
static uint8_t *reflect(struct net *net, const struct net_pkt *p, uint8_t ttl,
			uint8_t **out, size_t *len)
{
	size_t head = p->v6 ? INET_V6_LEN : INET_V4_LEN;
	size_t frag = p->frag ? 8 : 0;
	uint8_t *o;

	*len = head + frag + p->l4_len;
	o = net_begin(net, p->session, *len);
	*out = o;
	if (!o)
		return NULL;
	net_header(net, o, p->v6, frag + p->l4_len, ttl, p->proto, p->dst,
		   p->src);
	if (p->frag) {
		o[6] = PROTO_FRAGMENT;
		memcpy(o + head, p->frag, frag);
		o[head] = p->proto;
	} else if (!p->v6 && net_is_fragment(p)) {
		memcpy(o + 4, p->data + 4, 4);
		memset(o + 10, 0, 2);
		inet_store(o + 10, inet_sum(0, o, INET_V4_LEN));
	}
	memcpy(o + head + frag, p->l4, p->l4_len);
	return o + head + frag;
}

static void echo(struct net *net, const struct net_pkt *p, uint8_t ttl)
{
	uint8_t *out, *l4;
	uint16_t old, new;
	size_t len;

	if (p->first && p->l4[0] != (p->v6 ? ICMP6_ECHO : ICMP_ECHO))
		return;
	if (p->first && p->l4_len < INET_ICMP_LEN)
		return;
	l4 = reflect(net, p, ttl, &out, &len);
	if (!l4)
		return;
	if (p->first) {
		memcpy(&old, l4, 2);
		l4[0] = p->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHO_REPLY;
		memcpy(&new, l4, 2);
		inet_adjust(l4 + 2, old, new);
	}
	net_finish(net, p->session, out, len);
}

/* ---- UDP and TCP ------------------------------------------------------- */

static void udp(struct net *net, const struct net_pkt *p, uint8_t ttl)
{
	uint8_t *out, *l4;
	size_t len;

	/* Fragments of a datagram are not reassembled here. */
	if (net_is_fragment(p)) {
		net->s[p->session].unrouted++;
		return;
	}
	switch (get_be16(p->l4 + 2)) {
	case PORT_ECHO:
		l4 = reflect(net, p, ttl, &out, &len);
		if (!l4)
			return;
		/* Swapping the ports does not change the checksum. */
		memcpy(l4, p->l4 + 2, 2);
		memcpy(l4 + 2, p->l4, 2);
		net_finish(net, p->session, out, len);
		break;
	case PORT_DISCARD:
		net_sink(net, p->session, p->l4 + INET_UDP_LEN,
			 p->l4_len - INET_UDP_LEN);
		break;
	default:
		net_error(net, p, NET_ERR_NO_PORT);
	}
}

/* No listener on this port: refuse the connection. */
static void refuse(struct net *net, const struct net_pkt *p, uint8_t ttl)
{
	size_t head = p->v6 ? INET_V6_LEN : INET_V4_LEN;
	uint8_t *out, *l4;
	uint32_t data;

	if (p->l4[13] & TCP_RST)
		return;
	out = net_begin(net, p->session, head + 20);
	if (!out)
		return;
	net_header(net, out, p->v6, 20, ttl, PROTO_TCP, p->dst, p->src);
	l4 = out + head;
	memset(l4, 0, 20);
	memcpy(l4, p->l4 + 2, 2);
	memcpy(l4 + 2, p->l4, 2);
	l4[12] = 5 << 4;
	l4[13] = TCP_RST;
	if (p->l4[13] & TCP_ACK) {
		memcpy(l4 + 4, p->l4 + 8, 4);
	} else {
		data = p->l4_len - (p->l4[12] >> 4) * 4;
		data += !!(p->l4[13] & TCP_SYN) + !!(p->l4[13] & TCP_FIN);
		put_be32(l4 + 8, get_be32(p->l4 + 4) + data);
		l4[13] |= TCP_ACK;
	}
	net_checksum(p->v6, p->dst, p->src, PROTO_TCP, l4, 20, 16);
	net_finish(net, p->session, out, head + 20);
}

void net_local(struct net *net, const struct net_pkt *p, uint8_t ttl)
{
	switch (p->proto) {
	case PROTO_ICMP:
		if (!p->v6)
			echo(net, p, ttl);
		break;
	case PROTO_ICMPV6:
		if (!p->v6)
			break;
		if (p->first && p->l4[0] == ND_NEIGHBOUR_SOLICIT)
			net_ndisc(net, p);
		else
			echo(net, p, ttl);
		break;
	case PROTO_UDP:
		udp(net, p, ttl);
		break;
	case PROTO_TCP:
		if (!net_is_fragment(p) && !net_tcp(net, p))
			refuse(net, p, ttl);
		break;
	case PROTO_NONE:
		break;
	default:
		net_error(net, p, NET_ERR_NO_PROTO);
	}
}

/* ---- neighbour discovery ----------------------------------------------- */

static void advertise_router(struct net *net, const struct net_pkt *p)
{
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	static const uint8_t zero[16];
	const uint8_t *to = memcmp(p->src, zero, 16) ? p->src : all_nodes;
	const size_t len = 16 + 32 + 8 + 24;
	struct net_addr addr;
	uint8_t *out, *ra;

	out = net_begin(net, p->session, INET_V6_LEN + len);
	if (!out)
		return;
	net_addresses(p->session, &addr);
	net_header(net, out, true, len, 255, PROTO_ICMPV6, link_local, to);
	ra = out + INET_V6_LEN;
	memset(ra, 0, len);
	ra[0] = ND_ROUTER_ADVERT;
	ra[4] = 64;			/* hop limit */
	put_be16(ra + 6, 9000);		/* router lifetime, s */
	ra += 16;
	ra[0] = 3;			/* prefix information */
	ra[1] = 4;
	ra[2] = addr.v6_prefix;
	ra[3] = 0x40;			/* autonomous, not on-link */
	put_be32(ra + 4, 86400);
	put_be32(ra + 8, 14400);
	memcpy(ra + 16, addr.v6, 8);
	ra += 32;
	ra[0] = 5;			/* MTU */
	ra[1] = 1;
	put_be32(ra + 4, addr.mtu);
	ra += 8;
	ra[0] = 25;			/* recursive DNS server */
	ra[1] = 3;
	put_be32(ra + 4, 3600);
	memcpy(ra + 8, addr.v6_dns, 16);
	net_checksum(true, link_local, to, PROTO_ICMPV6, out + INET_V6_LEN,
		     len, 2);
	net_finish(net, p->session, out, INET_V6_LEN + len);
}

/*
 * The link has no link-layer addresses. A host that solicits the gateway
 * nevertheless gets an advertisement.
 */
static void advertise_neighbour(struct net *net, const struct net_pkt *p)
{
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	static const uint8_t zero[16];
	const uint8_t *target = p->l4 + 8;
	struct net_addr addr;
	bool dad = !memcmp(p->src, zero, 16);
	const uint8_t *to = dad ? all_nodes : p->src;
	uint8_t *out, *na;

	net_addresses(p->session, &addr);
	if (memcmp(target, link_local, 16) && memcmp(target, addr.v6_gw, 16))
		return;
	out = net_begin(net, p->session, INET_V6_LEN + 24);
	if (!out)
		return;
	net_header(net, out, true, 24, 255, PROTO_ICMPV6, target, to);
	na = out + INET_V6_LEN;
	memset(na, 0, 8);
	na[0] = ND_NEIGHBOUR_ADVERT;
	na[4] = dad ? 0xa0 : 0xe0;	/* router, solicited, override */
	memcpy(na + 8, target, 16);
	net_checksum(true, target, to, PROTO_ICMPV6, na, 24, 2);
	net_finish(net, p->session, out, INET_V6_LEN + 24);
}

void net_ndisc(struct net *net, const struct net_pkt *p)
{
	/* RFC 4861: ignore packets that have passed a router. */
	if (p->ttl != 255 || p->l4[1])
		return;
	if (p->l4[0] == ND_ROUTER_SOLICIT && p->l4_len >= 8)
		advertise_router(net, p);
	else if (p->l4[0] == ND_NEIGHBOUR_SOLICIT && p->l4_len >= 24)
		advertise_neighbour(net, p);
}

/* ---- errors ------------------------------------------------------------ */

static bool error_allowed(struct net *net, const struct net_pkt *p)
{
	uint64_t now = loop_now();
	static const uint8_t zero[16];

	/* Not about errors, non-first fragments or unspecified sources. */
	if (!p->first || !memcmp(p->src, zero, net_alen(p->v6)))
		return false;
	if (p->v6 && p->proto == PROTO_ICMPV6 && p->l4[0] < 128)
		return false;
	if (!p->v6 && p->proto == PROTO_ICMP && p->l4[0] != ICMP_ECHO &&
	    p->l4[0] != ICMP_ECHO_REPLY)
		return false;
	if (now - net->tokens_at >= 1000000) {
		net->tokens_at = now;
		net->tokens = ERRORS_PER_SECOND;
	}
	if (!net->tokens)
		return false;
	net->tokens--;
	return true;
}

static void error4(struct net *net, const struct net_pkt *p,
		   enum net_err err)
{
	static const uint8_t codes[][2] = {
		[NET_ERR_NO_ROUTE] = { ICMP_UNREACH, 0 },
		[NET_ERR_NO_HOST] = { ICMP_UNREACH, 1 },
		[NET_ERR_NO_PROTO] = { ICMP_UNREACH, 2 },
		[NET_ERR_NO_PORT] = { ICMP_UNREACH, 3 },
		[NET_ERR_TTL] = { ICMP_TIME_EXCEEDED, 0 },
		[NET_ERR_TOO_BIG] = { ICMP_UNREACH, 4 },
	};
	size_t len = INET_ICMP_LEN + p->len;
	struct net_addr addr;
	const uint8_t *from;
	uint8_t *out, *icmp;

	if (len > 576 - INET_V4_LEN)
		len = 576 - INET_V4_LEN;
	out = net_begin(net, p->session, INET_V4_LEN + len);
	if (!out)
		return;
	net_addresses(p->session, &addr);
	from = err == NET_ERR_NO_PORT || err == NET_ERR_NO_PROTO ?
		p->dst : addr.v4_gw;
	net_header(net, out, false, len, 64, PROTO_ICMP, from, p->src);
	icmp = out + INET_V4_LEN;
	memset(icmp, 0, INET_ICMP_LEN);
	icmp[0] = codes[err][0];
	icmp[1] = codes[err][1];
	if (err == NET_ERR_TOO_BIG)
		put_be16(icmp + 6, net->mtu);
	memcpy(icmp + INET_ICMP_LEN, p->data, len - INET_ICMP_LEN);
	net_checksum(false, NULL, NULL, PROTO_ICMP, icmp, len, 2);
	net_finish(net, p->session, out, INET_V4_LEN + len);
}

static void error6(struct net *net, const struct net_pkt *p,
		   enum net_err err)
{
	static const uint8_t codes[][2] = {
		[NET_ERR_NO_ROUTE] = { 1, 0 },
		[NET_ERR_NO_HOST] = { 1, 3 },
		[NET_ERR_NO_PROTO] = { 4, 1 },
		[NET_ERR_NO_PORT] = { 1, 4 },
		[NET_ERR_TTL] = { 3, 0 },
		[NET_ERR_TOO_BIG] = { 2, 0 },
	};
	size_t len = INET_ICMP_LEN + p->len;
	struct net_addr addr;
	const uint8_t *from;
	uint8_t *out, *icmp;

	if (len > NET_MTU_MIN - INET_V6_LEN)
		len = NET_MTU_MIN - INET_V6_LEN;
	out = net_begin(net, p->session, INET_V6_LEN + len);
	if (!out)
		return;
	net_addresses(p->session, &addr);
	from = err == NET_ERR_NO_PORT || err == NET_ERR_NO_PROTO ?
		p->dst : addr.v6_gw;
	net_header(net, out, true, len, 64, PROTO_ICMPV6, from, p->src);
	icmp = out + INET_V6_LEN;
	memset(icmp, 0, INET_ICMP_LEN);
	icmp[0] = codes[err][0];
	icmp[1] = codes[err][1];
	if (err == NET_ERR_TOO_BIG)
		put_be32(icmp + 4, net->mtu);
	else if (err == NET_ERR_NO_PROTO)
		put_be32(icmp + 4, 6);	/* pointer to the unknown field */
	memcpy(icmp + INET_ICMP_LEN, p->data, len - INET_ICMP_LEN);
	net_checksum(true, from, p->src, PROTO_ICMPV6, icmp, len, 2);
	net_finish(net, p->session, out, INET_V6_LEN + len);
}

void net_error(struct net *net, const struct net_pkt *p, enum net_err err)
{
	if (!error_allowed(net, p))
		return;
	net->s[p->session].errors++;
	if (p->v6)
		error6(net, p, err);
	else
		error4(net, p, err);
}
