// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mobile network: checks the packets of the host and routes them. A packet
 * is read in the buffer of the MUX and copied once, into the queue of the
 * destination session.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "net_priv.h"

#define V4_DF	0x4000
#define V4_MF	0x2000
#define V4_OFF	0x1fff

/* ---- addresses --------------------------------------------------------- */

void net_addresses(unsigned int session, struct net_addr *out)
{
	const struct net_addr addr = {
		.v4 = { 10, 64, session, 2 },
		.v4_gw = { 10, 64, session, 1 },
		.v4_dns = { 10, 99, 0, 53 },
		.v4_prefix = 30,
		.v6 = { 0xfd, 0x64, [7] = session, [15] = 2 },
		.v6_gw = { 0xfd, 0x64, [7] = session, [15] = 1 },
		.v6_dns = { 0xfd, 0x99, [15] = 0x53 },
		.v6_prefix = 64,
		.mtu = NET_MTU,
	};

	*out = addr;
}

enum where { AT_NOWHERE, AT_LINK, AT_GATEWAY, AT_SERVER, AT_HOST };

/* Classify the address @a; *@session is set for AT_HOST and AT_GATEWAY. */
static enum where locate4(const uint8_t *a, unsigned int *session)
{
	if (a[0] == 10 && a[1] == 99 && a[2] == 0 && (a[3] == 1 || a[3] == 53))
		return AT_SERVER;
	if (a[0] == 10 && a[1] == 64 && a[2] < VM_SESSIONS && a[3] < 4) {
		*session = a[2];
		if (a[3] == 2)
			return AT_HOST;
		return a[3] == 1 ? AT_GATEWAY : AT_LINK;
	}
	/* Multicast, broadcast, "this network": valid on the link only. */
	if (a[0] >= 224 || a[0] == 0)
		return AT_LINK;
	return AT_NOWHERE;
}

static enum where locate6(const uint8_t *a, unsigned int *session)
{
	static const uint8_t zero[16];

	if (a[0] == 0xff || !memcmp(a, zero, 16))
		return AT_LINK;
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) {
		if (a[1] == 0x80 && !memcmp(a + 2, zero, 13) && a[15] == 1)
			return AT_GATEWAY;
		return AT_LINK;
	}
	if (a[0] == 0xfd && a[1] == 0x99 && !memcmp(a + 2, zero, 13) &&
	    (a[15] == 1 || a[15] == 0x53))
		return AT_SERVER;
	if (a[0] == 0xfd && a[1] == 0x64 && !memcmp(a + 2, zero, 5) &&
	    a[7] < VM_SESSIONS) {
		*session = a[7];
		if (!memcmp(a + 8, zero, 7) && a[15] == 1)
			return AT_GATEWAY;
		/* The rest of the prefix belongs to the host (SLAAC). */
		return AT_HOST;
	}
	return AT_NOWHERE;
}

/* ---- output ------------------------------------------------------------ */

static bool net_routed(const struct net *net, unsigned int session)
{
	const struct net_sess *s = &net->s[session];

	return s->open && (s->connected || !vm_config(net->vm)->attach_mbim);
}

static uint8_t *net_reserve(struct net *net, unsigned int session, size_t len)
{
	uint8_t *p;

	if (!net_routed(net, session))
		return NULL;
	p = net->link->reserve(net->link_priv, session, len);
	if (p) {
		net->s[session].counts.dl_packets++;
		net->s[session].counts.dl_bytes += len;
	}
	return p;
}

static void net_commit(struct net *net, unsigned int session)
{
	net->link->commit(net->link_priv, session);
}

/* Send an IPv4 packet in fragments; it may be a fragment itself. */
static void net_fragment4(struct net *net, unsigned int session,
			  const uint8_t *pkt, size_t len)
{
	size_t hlen = (pkt[0] & 15) * 4, part, done;
	uint16_t off = get_be16(pkt + 6);
	uint8_t *p;

	for (done = 0; done < len - hlen; done += part) {
		uint16_t field = (off & (V4_OFF | V4_MF)) + done / 8;

		part = (net->mtu - hlen) & ~7ul;
		if (part < len - hlen - done)
			field |= V4_MF;
		else
			part = len - hlen - done;
		p = net_reserve(net, session, hlen + part);
		if (!p)
			return;
		memcpy(p, pkt, hlen);
		memcpy(p + hlen, pkt + hlen + done, part);
		put_be16(p + 2, hlen + part);
		put_be16(p + 6, field);
		memset(p + 10, 0, 2);
		inet_store(p + 10, inet_sum(0, p, hlen));
		net_commit(net, session);
	}
}

uint8_t *net_begin(struct net *net, unsigned int session, size_t len)
{
	if (len > sizeof(net->scratch))
		return NULL;
	if (len > net->mtu)
		return net_routed(net, session) ? net->scratch : NULL;
	return net_reserve(net, session, len);
}

void net_finish(struct net *net, unsigned int session, uint8_t *pkt,
		size_t len)
{
	if (pkt != net->scratch)
		net_commit(net, session);
	else if (pkt[0] >> 4 == 4)
		net_fragment4(net, session, pkt, len);
}

void net_header(struct net *net, uint8_t *p, bool v6, size_t len, uint8_t ttl,
		uint8_t proto, const uint8_t *src, const uint8_t *dst)
{
	if (v6) {
		put_be32(p, 0x60000000);
		put_be16(p + 4, len);
		p[6] = proto;
		p[7] = ttl;
		memcpy(p + 8, src, 16);
		memcpy(p + 24, dst, 16);
		return;
	}
	put_be16(p, 0x4500);
	put_be16(p + 2, INET_V4_LEN + len);
	put_be16(p + 4, net->ip_id++);
	put_be16(p + 6, 0);
	p[8] = ttl;
	p[9] = proto;
	put_be16(p + 10, 0);
	memcpy(p + 12, src, 4);
	memcpy(p + 16, dst, 4);
	inet_store(p + 10, inet_sum(0, p, INET_V4_LEN));
}

void net_checksum(bool v6, const uint8_t *src, const uint8_t *dst,
		  uint8_t proto, uint8_t *l4, size_t len, size_t field)
{
	uint64_t sum = 0;

	memset(l4 + field, 0, 2);
	if (proto != PROTO_ICMP)
		sum = inet_pseudo(src, dst, net_alen(v6), proto, len);
	inet_store(l4 + field, inet_sum(sum, l4, len));
	/* UDP: zero would mean "no checksum". */
	if (proto == PROTO_UDP && !l4[field] && !l4[field + 1])
		memset(l4 + field, 0xff, 2);
}

/* ---- checks of what the host sent -------------------------------------- */

static bool malformed(struct net *net, const struct net_pkt *p,
		      const char *what)
{
	net->s[p->session].malformed++;
	vm_violation(net->vm, "ip-malformed", "session %u, %zu bytes: %s",
		     p->session, p->len, what);
	return false;
}

static bool bad_checksum(struct net *net, const struct net_pkt *p,
			 const char *what)
{
	net->s[p->session].malformed++;
	vm_violation(net->vm, "ip-checksum", "session %u, %zu bytes: %s",
		     p->session, p->len, what);
	return false;
}

static bool parse4(struct net *net, struct net_pkt *p)
{
	const uint8_t *d = p->data;
	size_t hlen;
	uint16_t off;

	if (p->len < INET_V4_LEN)
		return malformed(net, p, "shorter than an IPv4 header");
	hlen = (d[0] & 15) * 4;
	if (hlen < INET_V4_LEN || hlen > p->len)
		return malformed(net, p, "IPv4 header length");
	if (get_be16(d + 2) != p->len)
		return malformed(net, p, "IPv4 total length");
	if (inet_fold(inet_sum(0, d, hlen)) != 0xffff)
		return bad_checksum(net, p, "IPv4 header");
	off = get_be16(d + 6);
	p->first = !(off & V4_OFF);
	p->more = off & V4_MF;
	p->proto = d[9];
	p->ttl = d[8];
	p->src = d + 12;
	p->dst = d + 16;
	p->l4 = d + hlen;
	p->l4_len = p->len - hlen;
	return true;
}

static bool parse6(struct net *net, struct net_pkt *p)
{
	const uint8_t *d = p->data;
	size_t at = INET_V6_LEN, ext;

	if (p->len < INET_V6_LEN)
		return malformed(net, p, "shorter than an IPv6 header");
	if (p->len != get_be16(d + 4) + (size_t)INET_V6_LEN)
		return malformed(net, p, "IPv6 payload length");
	p->first = true;
	p->proto = d[6];
	p->ttl = d[7];
	p->src = d + 8;
	p->dst = d + 24;
	for (;;) {
		switch (p->proto) {
		case PROTO_HOPOPTS:
		case PROTO_ROUTING:
		case PROTO_DSTOPTS:
			if (p->len - at < 8)
				return malformed(net, p, "IPv6 extension");
			ext = (d[at + 1] + 1) * 8;
			break;
		case PROTO_FRAGMENT:
			if (p->len - at < 8 || p->frag)
				return malformed(net, p, "IPv6 fragment");
			p->frag = d + at;
			p->first = !(get_be16(d + at + 2) & 0xfff8);
			p->more = d[at + 3] & 1;
			ext = 8;
			break;
		default:
			p->l4 = d + at;
			p->l4_len = p->len - at;
			return true;
		}
		if (p->len - at < ext)
			return malformed(net, p, "IPv6 extension");
		p->proto = d[at];
		at += ext;
		/* Not the first fragment: no transport header follows. */
		if (!p->first) {
			p->l4 = d + at;
			p->l4_len = p->len - at;
			return true;
		}
	}
}

static bool checksum_valid(const struct net_pkt *p, bool pseudo)
{
	uint64_t sum = 0;

	if (pseudo)
		sum = inet_pseudo(p->src, p->dst, net_alen(p->v6), p->proto,
				  p->l4_len);
	return inet_fold(inet_sum(sum, p->l4, p->l4_len)) == 0xffff;
}

/*
 * A missing checksum of an offload is a common mistake of drivers. So the
 * checksum of every packet is verified, forwarded or not.
 */
static bool check_transport(struct net *net, const struct net_pkt *p)
{
	if (!p->first)
		return true;
	switch (p->proto) {
	case PROTO_TCP:
		if (p->l4_len < 20 || (p->l4[12] >> 4) < 5)
			return malformed(net, p, "TCP header");
		if (p->more)
			return true;
		if ((size_t)(p->l4[12] >> 4) * 4 > p->l4_len)
			return malformed(net, p, "TCP header length");
		return checksum_valid(p, true) || bad_checksum(net, p, "TCP");
	case PROTO_UDP:
		if (p->l4_len < INET_UDP_LEN ||
		    get_be16(p->l4 + 4) < INET_UDP_LEN)
			return malformed(net, p, "UDP header");
		if (p->more)
			return true;
		if (get_be16(p->l4 + 4) != p->l4_len)
			return malformed(net, p, "UDP length");
		if (!p->v6 && !p->l4[6] && !p->l4[7])
			return true;
		if (!p->l4[6] && !p->l4[7])
			return bad_checksum(net, p, "no UDP checksum in IPv6");
		return checksum_valid(p, true) || bad_checksum(net, p, "UDP");
	case PROTO_ICMP:
		if (p->v6)
			return true;
		if (p->l4_len < INET_ICMP_LEN)
			return malformed(net, p, "ICMP header");
		if (p->more)
			return true;
		return checksum_valid(p, false) || bad_checksum(net, p, "ICMP");
	case PROTO_ICMPV6:
		if (!p->v6)
			return true;
		if (p->l4_len < 4)
			return malformed(net, p, "ICMPv6 header");
		if (p->more)
			return true;
		return checksum_valid(p, true) || bad_checksum(net, p, "ICMPv6");
	}
	return true;
}

/* ---- routing ----------------------------------------------------------- */

/* May the host of this session use this source address? */
static bool source_valid(const struct net_pkt *p, enum where *from)
{
	unsigned int s = VM_SESSIONS;

	*from = p->v6 ? locate6(p->src, &s) : locate4(p->src, &s);
	if (*from == AT_HOST)
		return s == p->session;
	/* Unspecified (0.0.0.0, ::) and link-local: valid on the link. */
	if (*from == AT_LINK)
		return p->v6 ? p->src[0] != 0xff : !p->src[0];
	return false;
}

static void forward(struct net *net, const struct net_pkt *p, unsigned int to)
{
	uint16_t old, new;
	uint8_t *out;

	if (p->ttl <= 1) {
		net_error(net, p, NET_ERR_TTL);
		return;
	}
	if (!net_routed(net, to)) {
		net->s[p->session].unrouted++;
		net_error(net, p, NET_ERR_NO_HOST);
		return;
	}
	out = net_begin(net, to, p->len);
	if (!out)
		return;
	memcpy(out, p->data, p->len);
	if (p->v6) {
		out[7]--;
	} else {
		memcpy(&old, out + 8, 2);
		out[8]--;
		memcpy(&new, out + 8, 2);
		inet_adjust(out + 10, old, new);
	}
	net_finish(net, to, out, p->len);
}

static void route(struct net *net, const struct net_pkt *p)
{
	struct net_sess *s = &net->s[p->session];
	unsigned int to = VM_SESSIONS;
	enum where from, where;

	if (!source_valid(p, &from)) {
		s->spoofed++;
		vm_debug(net->vm, "net: session %u: foreign source address",
			 p->session);
		return;
	}
	where = p->v6 ? locate6(p->dst, &to) : locate4(p->dst, &to);
	if (where == AT_LINK) {
		/*
		 * Of all multicast packets only neighbour discovery is
		 * answered.
		 */
		if (p->v6 && p->proto == PROTO_ICMPV6 && !net_is_fragment(p))
			net_ndisc(net, p);
		return;
	}
	/* A source address of link scope must not be forwarded. */
	if (from == AT_LINK && where != AT_GATEWAY) {
		s->unrouted++;
		return;
	}
	if (p->len > net->mtu &&
	    (p->v6 || (get_be16(p->data + 6) & V4_DF))) {
		net_error(net, p, NET_ERR_TOO_BIG);
		return;
	}
	switch (where) {
	case AT_GATEWAY:
		net_local(net, p, 64);
		break;
	case AT_SERVER:
		if (p->ttl <= 1)
			net_error(net, p, NET_ERR_TTL);
		else
			net_local(net, p, 63);
		break;
	case AT_HOST:
		forward(net, p, to);
		break;
	default:
		s->unrouted++;
		net_error(net, p, NET_ERR_NO_ROUTE);
	}
}

void net_input(struct net *net, unsigned int session, const uint8_t *pkt,
	       size_t len)
{
	struct net_pkt p = { .data = pkt, .len = len, .session = session };
	struct net_sess *s = &net->s[session];

	s->counts.ul_packets++;
	s->counts.ul_bytes += len;
	if (!len || (pkt[0] >> 4 != 4 && pkt[0] >> 4 != 6)) {
		malformed(net, &p, "neither IPv4 nor IPv6");
		return;
	}
	p.v6 = pkt[0] >> 4 == 6;
	if (!(p.v6 ? parse6(net, &p) : parse4(net, &p)) ||
	    !check_transport(net, &p))
		return;
	if (!net_routed(net, session)) {
		s->unrouted++;
		return;
	}
	route(net, &p);
}

/* ---- administration ---------------------------------------------------- */

void net_attach(struct net *net, const struct net_link *link, void *priv)
{
	net->link = link;
	net->link_priv = priv;
}

void net_session(struct net *net, unsigned int session, bool open)
{
	net->s[session].open = open;
	if (!open)
		net_tcp_closed(net, session);
}

void net_connect(struct net *net, unsigned int session, bool up)
{
	if (session < VM_SESSIONS)
		net->s[session].connected = up;
}

bool net_connected(const struct net *net, unsigned int session)
{
	return session < VM_SESSIONS && net->s[session].connected;
}

void net_counts(const struct net *net, unsigned int session,
		struct net_counts *out)
{
	static const struct net_counts none;

	*out = session < VM_SESSIONS ? net->s[session].counts : none;
}

static void net_stats(void *priv, struct vm_reply *r, bool reset)
{
	struct net *net = priv;
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++) {
		struct net_sess *s = &net->s[i];

		if (reset) {
			s->unrouted = 0;
			s->spoofed = 0;
			s->malformed = 0;
			s->errors = 0;
			memset(&s->sink, 0, sizeof(s->sink));
			memset(&s->tcp, 0, sizeof(s->tcp));
			continue;
		}
		ctl_line(r, "session.%u.net.unrouted %" PRIu64, i, s->unrouted);
		ctl_line(r, "session.%u.net.spoofed %" PRIu64, i, s->spoofed);
		ctl_line(r, "session.%u.net.malformed %" PRIu64, i,
			 s->malformed);
		ctl_line(r, "session.%u.net.errors %" PRIu64, i, s->errors);
		ctl_line(r, "session.%u.sink.packets %" PRIu64, i,
			 s->sink.packets);
		ctl_line(r, "session.%u.sink.bytes %" PRIu64, i,
			 s->sink.bytes);
		ctl_line(r, "session.%u.sink.corrupt %" PRIu64, i,
			 s->sink.corrupt);
		ctl_line(r, "session.%u.sink.lost %" PRIu64, i, s->sink.lost);
		ctl_line(r, "session.%u.sink.late %" PRIu64, i, s->sink.late);
		ctl_line(r, "session.%u.gen.sent %" PRIu64, i, s->gen.sent);
		net_tcp_stats(net, i, r);
	}
}

static void cmd_net(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct net *net = priv;
	uint64_t mtu;

	if (argc == 3 && !strcmp(argv[1], "mtu") &&
	    !ctl_number(argv[2], NET_MTU_MAX, &mtu) && mtu >= NET_MTU_MIN)
		net->mtu = mtu;
	else
		ctl_error(r, "net mtu %u..%u", NET_MTU_MIN, NET_MTU_MAX);
}

struct net *net_create(struct vm *vm)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->vm = vm;
	net->mtu = NET_MTU;
	net_gen_init(net);
	if (ctl_stats(vm, net_stats, net) ||
	    ctl_command(vm, "net", cmd_net, net,
			"net mtu BYTES - largest packet that is routed")) {
		free(net);
		return NULL;
	}
	return net;
}
