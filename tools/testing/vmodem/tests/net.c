// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the mobile network: net.c, net_local.c, net_gen.c, inet.c. */
#define FAKE_NO_NET
#include "fakes.h"

#include "bytes.h"
#include "inet.h"
#include "net_priv.h"
#include "tap.h"

#define SLOT	17000
#define SLOTS	600

/* ---- stand-in of the link ------------------------------------------------ */

static struct {
	unsigned int session;
	size_t len;
	uint8_t *data;
} out[SLOTS];

static unsigned int outs, taken;
static size_t link_room = SLOTS;

static uint8_t *test_reserve(void *priv, unsigned int session, size_t len)
{
	(void)priv;
	if (outs - taken >= link_room || outs == SLOTS)
		return NULL;
	/* Exactly this size, for ASan. */
	out[outs].data = malloc(len);
	out[outs].len = len;
	out[outs].session = session;
	return out[outs].data;
}

static void test_commit(void *priv, unsigned int session)
{
	(void)priv;
	assert(out[outs].session == session);
	outs++;
}

static unsigned int test_queued(void *priv, unsigned int session)
{
	(void)priv;
	(void)session;
	return outs - taken;
}

static const struct net_link test_link = {
	.reserve = test_reserve,
	.commit = test_commit,
	.queued = test_queued,
};

static struct net *net;

static void clear(void)
{
	while (outs)
		free(out[--outs].data);
	taken = 0;
}

/* All sessions open, no pending packets. */
static void start(void)
{
	unsigned int i;

	clear();
	link_room = SLOTS;
	for (i = 0; i < VM_SESSIONS; i++) {
		net_session(net, i, true);
		net_connect(net, i, false);
	}
	fake_vm.config.attach_mbim = false;
	fake_sleep(2000000);
	fake_stats_reset();
	fake_reported(NULL, 0);
}

/* ---- packets ----------------------------------------------------------- */

static uint8_t pkt[70000];

static const uint8_t *v4(unsigned int a, unsigned int b, unsigned int c,
			 unsigned int d)
{
	static uint8_t addr[8][4];
	static unsigned int turn;
	uint8_t *p = addr[turn++ % 8];

	p[0] = a;
	p[1] = b;
	p[2] = c;
	p[3] = d;
	return p;
}

/* fd64:0:0:@session::@last, or fd99::@last when @session is 99 */
static const uint8_t *v6(unsigned int session, unsigned int last)
{
	static uint8_t addr[8][16];
	static unsigned int turn;
	uint8_t *p = addr[turn++ % 8];

	memset(p, 0, 16);
	p[0] = 0xfd;
	p[1] = session == 99 ? 0x99 : 0x64;
	p[7] = session == 99 ? 0 : session;
	p[15] = last;
	return p;
}

static const uint8_t *v6_raw(unsigned int a, unsigned int b, unsigned int last)
{
	static uint8_t addr[8][16];
	static unsigned int turn;
	uint8_t *p = addr[turn++ % 8];

	memset(p, 0, 16);
	p[0] = a;
	p[1] = b;
	p[15] = last;
	return p;
}

static const uint8_t *host4(unsigned int session)
{
	return v4(10, 64, session, 2);
}

static void sum4(void)
{
	memset(pkt + 10, 0, 2);
	inet_store(pkt + 10, inet_sum(0, pkt, (pkt[0] & 15) * 4));
}

/* Add header and checksums around @len bytes of payload in place. */
static size_t ip(bool is6, uint8_t proto, size_t len, const uint8_t *src,
		 const uint8_t *dst)
{
	size_t head = is6 ? 40 : 20, field = 2;

	net_header(net, pkt, is6, len, 64, proto, src, dst);
	if (proto == PROTO_UDP)
		field = 6;
	if (proto == PROTO_TCP)
		field = 16;
	if (proto != 99)
		net_checksum(is6, src, dst, proto, pkt + head, len, field);
	return head + len;
}

static size_t echo4(const uint8_t *src, const uint8_t *dst, size_t data)
{
	size_t i;

	memset(pkt + 20, 0, 8);
	pkt[20] = 8;
	put_be32(pkt + 24, 0x12340001);
	for (i = 0; i < data; i++)
		pkt[28 + i] = i * 7;
	return ip(false, PROTO_ICMP, 8 + data, src, dst);
}

static size_t echo6(const uint8_t *src, const uint8_t *dst, size_t data)
{
	size_t i;

	memset(pkt + 40, 0, 8);
	pkt[40] = 128;
	put_be32(pkt + 44, 0x12340001);
	for (i = 0; i < data; i++)
		pkt[48 + i] = i * 7;
	return ip(true, PROTO_ICMPV6, 8 + data, src, dst);
}

static size_t udp(bool is6, unsigned int port, size_t data,
		  const uint8_t *src, const uint8_t *dst)
{
	uint8_t *u = pkt + (is6 ? 40 : 20);

	put_be16(u, 5555);
	put_be16(u + 2, port);
	put_be16(u + 4, 8 + data);
	return ip(is6, PROTO_UDP, 8 + data, src, dst);
}

static size_t tcp(bool is6, uint8_t flags, const uint8_t *src,
		  const uint8_t *dst)
{
	uint8_t *t = pkt + (is6 ? 40 : 20);

	memset(t, 0, 20);
	put_be16(t, 5555);
	put_be16(t + 2, 80);
	put_be32(t + 4, 1000);
	put_be32(t + 8, 2000);
	t[12] = 5 << 4;
	t[13] = flags;
	return ip(is6, PROTO_TCP, 20, src, dst);
}

static void input(unsigned int session, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, pkt, len);
	net_input(net, session, copy, len);
	free(copy);
}

/* Check everything that must hold for any packet of the modem. */
static bool sound(const uint8_t *p, size_t len)
{
	size_t head = p[0] >> 4 == 6 ? 40 : 20, alen = head == 40 ? 16 : 4;
	const uint8_t *src = p + (head == 40 ? 8 : 12);
	uint8_t proto = head == 40 ? p[6] : p[9];
	uint64_t sum = 0;

	if (head == 20 && (get_be16(p + 2) != len || p[0] != 0x45 ||
			   inet_fold(inet_sum(0, p, 20)) != 0xffff))
		return false;
	if (head == 40 && get_be16(p + 4) + 40u != len)
		return false;
	if (head == 20 && (get_be16(p + 6) & 0x3fff))
		return true;
	if (proto == PROTO_FRAGMENT)
		return true;
	if (proto != PROTO_ICMP)
		sum = inet_pseudo(src, src + alen, alen, proto, len - head);
	return inet_fold(inet_sum(sum, p + head, len - head)) == 0xffff;
}

/* The next packet for @session, which must be valid; empty if there is none. */
static const uint8_t *take(unsigned int session, size_t *len)
{
	static const uint8_t none[100];

	*len = 0;
	if (!tap_ok(taken < outs) || !tap_ok(out[taken].session == session) ||
	    !tap_ok(sound(out[taken].data, out[taken].len)))
		return none;
	*len = out[taken].len;
	return out[taken++].data;
}

static bool quiet(void)
{
	return taken == outs && fake_reported(NULL, 0);
}

static bool dst_is(const uint8_t *p, const uint8_t *addr)
{
	return p[0] >> 4 == 6 ? !memcmp(p + 24, addr, 16) :
		!memcmp(p + 16, addr, 4);
}

static bool src_is(const uint8_t *p, const uint8_t *addr)
{
	return p[0] >> 4 == 6 ? !memcmp(p + 8, addr, 16) :
		!memcmp(p + 12, addr, 4);
}

/* ---- checksum ---------------------------------------------------------- */

static void test_checksum_known_header(void)
{
	/* A common example of textbooks. */
	static const uint8_t hdr[20] = {
		0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
		0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
	};
	uint8_t copy[20];

	tap_is(inet_fold(inet_sum(0, hdr, 20)), 0xffff);
	memcpy(copy, hdr, 20);
	memset(copy + 10, 0, 2);
	inet_store(copy + 10, inet_sum(0, copy, 20));
	tap_ok(!memcmp(copy, hdr, 20));
}

static void test_checksum_odd_lengths_and_parts(void)
{
	uint8_t data[100];
	unsigned int n, i, cut;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 37 + 11;
	for (n = 0; n <= sizeof(data); n++) {
		uint32_t plain = 0;

		for (i = 0; i < n; i++)
			plain += i & 1 ? data[i] : data[i] << 8;
		while (plain >> 16)
			plain = (plain & 0xffff) + (plain >> 16);
		tap_is(be16toh(inet_fold(inet_sum(0, data, n))), plain);
		for (cut = 0; cut <= n; cut += 2)
			tap_is(inet_fold(inet_sum(inet_sum(0, data, cut),
						  data + cut, n - cut)),
			       inet_fold(inet_sum(0, data, n)));
	}
}

/* ---- echo -------------------------------------------------------------- */

static void test_echo4(void)
{
	static const uint8_t targets[][4] = {
		{ 10, 64, 3, 1 }, { 10, 99, 0, 1 }, { 10, 99, 0, 53 },
		{ 10, 64, 0, 1 },
	};
	static const uint8_t ttl[] = { 64, 63, 63, 64 };
	static const size_t sizes[] = { 0, 1, 56, 1471, 1472 };
	unsigned int i, k;
	size_t len, want;
	const uint8_t *p;

	start();
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 5; k++) {
			want = echo4(host4(3), targets[i], sizes[k]);
			input(3, want);
			p = take(3, &len);
			tap_is(len, want);
			tap_ok(src_is(p, targets[i]));
			tap_ok(dst_is(p, host4(3)));
			tap_is(p[8], ttl[i]);
			tap_is(p[20], 0);
			tap_ok(!memcmp(p + 24, pkt + 24, 4 + sizes[k]));
		}
	}
	tap_ok(quiet());
}

static void test_echo6(void)
{
	size_t len, want;
	const uint8_t *p;

	start();
	want = echo6(v6(5, 2), v6(5, 1), 1452);
	input(5, want);
	p = take(5, &len);
	tap_is(len, 1500);
	tap_ok(src_is(p, v6(5, 1)));
	tap_is(p[7], 64);
	tap_is(p[40], 129);
	tap_ok(!memcmp(p + 44, pkt + 44, 1456));
	/* The server; a source address of SLAAC; the link-local gateway. */
	want = echo6(v6(5, 0x77), v6(99, 1), 3);
	input(5, want);
	p = take(5, &len);
	tap_is(p[7], 63);
	tap_ok(dst_is(p, v6(5, 0x77)));
	want = echo6(v6_raw(0xfe, 0x80, 9), v6_raw(0xfe, 0x80, 1), 8);
	input(5, want);
	p = take(5, &len);
	tap_ok(dst_is(p, v6_raw(0xfe, 0x80, 9)));
	tap_ok(quiet());
}

static void test_echo_fragments(void)
{
	const uint8_t *p;
	size_t len, i;

	start();
	/* IPv4: 1480 and 1028 bytes of one echo request, fragmented here. */
	len = echo4(host4(0), v4(10, 99, 0, 1), 2500);
	tap_is(len, 2528);
	{
		uint8_t whole[2528];

		memcpy(whole, pkt, len);
		put_be16(pkt + 2, 1500);
		put_be16(pkt + 4, 0x4242);
		put_be16(pkt + 6, 0x2000);
		sum4();
		input(0, 1500);
		put_be16(pkt + 2, 20 + 1028);
		put_be16(pkt + 6, 1480 / 8);
		sum4();
		memcpy(pkt + 20, whole + 1500, 1028);
		input(0, 20 + 1028);
		p = take(0, &len);
		tap_is(len, 1500);
		tap_is(get_be32(p + 4), 0x42422000);
		tap_is(p[20], 0);
		{
			uint64_t sum = inet_sum(0, p + 20, 1480);

			p = take(0, &len);
			tap_is(len, 1048);
			tap_is(get_be32(p + 4), 0x42420000 + 1480 / 8);
			/* After reassembly the checksum is valid. */
			tap_is(inet_fold(inet_sum(sum, p + 20, 1028)), 0xffff);
		}
	}
	/* IPv6, with a fragment header. */
	len = echo6(v6(1, 2), v6(99, 1), 2000);
	{
		uint8_t whole[2048];
		uint64_t sum;

		memcpy(whole, pkt, len);
		for (i = 0; i < 2; i++) {
			size_t at = i ? 1024 : 0, part = i ? 984 : 1024;

			put_be16(pkt + 4, 8 + part);
			pkt[6] = PROTO_FRAGMENT;
			memset(pkt + 40, 0, 8);
			pkt[40] = PROTO_ICMPV6;
			put_be16(pkt + 42, at | !i);
			put_be32(pkt + 44, 77);
			memcpy(pkt + 48, whole + 40 + at, part);
			input(1, 48 + part);
		}
		p = take(1, &len);
		tap_is(len, 48 + 1024);
		tap_is(p[6], PROTO_FRAGMENT);
		tap_is(get_be32(p + 44), 77);
		tap_is(p[48], 129);
		sum = inet_pseudo(p + 8, p + 24, 16, PROTO_ICMPV6, 2008);
		sum = inet_sum(sum, p + 48, 1024);
		p = take(1, &len);
		tap_is(len, 48 + 984);
		tap_is(inet_fold(inet_sum(sum, p + 48, 984)), 0xffff);
	}
	tap_ok(quiet());
}

/* ---- services ---------------------------------------------------------- */

static void test_udp_echo(void)
{
	const uint8_t *p;
	size_t len, want;

	start();
	memcpy(pkt + 28, "hello", 5);
	want = udp(false, 7, 5, host4(2), v4(10, 99, 0, 1));
	input(2, want);
	p = take(2, &len);
	tap_is(len, want);
	tap_is(get_be16(p + 20), 7);
	tap_is(get_be16(p + 22), 5555);
	tap_ok(!memcmp(p + 28, "hello", 5));
	memcpy(pkt + 48, "hello", 5);
	want = udp(true, 7, 5, v6(2, 2), v6(99, 1));
	input(2, want);
	p = take(2, &len);
	tap_is(len, want);
	tap_is(get_be16(p + 42), 5555);
	tap_ok(!memcmp(p + 48, "hello", 5));
	/* IPv4 without a checksum is allowed. */
	want = udp(false, 7, 5, host4(2), v4(10, 99, 0, 1));
	memset(pkt + 26, 0, 2);
	input(2, want);
	tap_is(outs, 3);
	taken = outs;
	tap_ok(quiet());
}

static void pattern(uint8_t *p, size_t len, uint32_t seq)
{
	size_t i;

	put_be32(p, seq);
	for (i = 4; i < len; i++)
		p[i] = seq + i;
}

static void sink_packet(uint32_t seq, size_t len, bool damage)
{
	pattern(pkt + 28, len, seq);
	if (damage)
		pkt[28 + len - 1] ^= 1;
	input(4, udp(false, 9, len, host4(4), v4(10, 99, 0, 1)));
}

static void test_sink(void)
{
	start();
	sink_packet(7, 100, true);
	tap_is(fake_stat("session.4.sink.packets"), 1);
	tap_is(fake_stat("session.4.sink.bytes"), 100);
	tap_is(fake_stat("session.4.sink.corrupt"), 0);
	tap_ok(fake_ctl("sink check"));
	tap_is(fake_stat("session.4.sink.packets"), 0);
	sink_packet(0, 100, false);
	sink_packet(1, 1472, false);
	sink_packet(2, 100, true);
	sink_packet(3, 5, false);
	tap_is(fake_stat("session.4.sink.packets"), 4);
	tap_is(fake_stat("session.4.sink.corrupt"), 1);
	tap_is(fake_stat("session.4.sink.lost"), 1);
	sink_packet(6, 100, false);
	tap_is(fake_stat("session.4.sink.lost"), 3);
	sink_packet(5, 100, false);
	tap_is(fake_stat("session.4.sink.lost"), 2);
	tap_is(fake_stat("session.4.sink.late"), 1);
	tap_ok(fake_ctl("sink any"));
	tap_ok(!fake_ctl("sink"));
	tap_ok(quiet());
}

static void test_tcp_is_refused(void)
{
	const uint8_t *p;
	size_t len;

	start();
	input(0, tcp(false, 0x02, host4(0), v4(10, 99, 0, 1)));
	p = take(0, &len);
	tap_is(len, 40);
	tap_is(p[33], 0x14);
	tap_is(get_be32(p + 28), 1001);
	tap_is(get_be16(p + 20), 80);
	input(0, tcp(true, 0x10, v6(0, 2), v6(99, 1)));
	p = take(0, &len);
	tap_is(p[53], 0x04);
	tap_is(get_be32(p + 44), 2000);
	input(0, tcp(false, 0x04, host4(0), v4(10, 99, 0, 1)));
	tap_ok(quiet());
}

/* ---- TCP services ------------------------------------------------------ */

#define T_FIN	0x01
#define T_SYN	0x02
#define T_RST	0x04
#define T_ACK	0x10

static const uint8_t syn_options[8] = { 2, 4, 0x05, 0xb4, 1, 3, 3, 7 };

/* A segment of the host of session 0, port 5555; its payload is in place. */
static void segment(unsigned int port, uint8_t flags, uint32_t seq,
		    uint32_t ack, unsigned int window, size_t len)
{
	size_t head = 20;
	uint8_t *t = pkt + 20;

	memset(t, 0, head);
	if (flags & T_SYN) {
		memcpy(t + 20, syn_options, sizeof(syn_options));
		head += sizeof(syn_options);
	}
	put_be16(t, 5555);
	put_be16(t + 2, port);
	put_be32(t + 4, seq);
	put_be32(t + 8, ack);
	t[12] = head / 4 << 4;
	t[13] = flags;
	put_be16(t + 14, window);
	input(0, ip(false, PROTO_TCP, head + len, host4(0), v4(10, 99, 0, 1)));
}

/* @len bytes of the stream from offset @at */
static void data(uint32_t at, uint32_t seq, uint32_t ack, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		pkt[40 + i] = at + i;
	segment(9, T_ACK, seq, ack, 1000, len);
}

/* Check the next segment of the modem. Returns its payload. */
static const uint8_t *expect(uint8_t flags, uint32_t seq, uint32_t ack,
			     size_t len)
{
	const uint8_t *p;
	size_t n;

	p = take(0, &n);
	tap_is(p[33], flags);
	tap_is(get_be32(p + 24), seq);
	tap_is(get_be32(p + 28), ack);
	tap_is(n, 40 + len);
	return p + 40;
}

/* Connect to @port with sequence number 1000. Returns that of the modem. */
static uint32_t connected(unsigned int port, unsigned int window)
{
	const uint8_t *p;
	uint32_t iss;
	size_t len;

	segment(port, T_SYN, 1000, 0, 65535, 0);
	p = take(0, &len);
	tap_is(len, 48);
	tap_is(p[33], T_SYN | T_ACK);
	tap_is(get_be32(p + 28), 1001);
	tap_is(get_be16(p + 20), port);
	tap_is(get_be16(p + 42), 1460);
	tap_is(p[45], 3);
	iss = get_be32(p + 24);
	segment(port, T_ACK, 1001, iss + 1, window, 0);
	return iss;
}

static void test_tcp_sink(void)
{
	uint32_t iss;

	start();
	iss = connected(9, 1000);
	tap_ok(quiet());
	/* Every second segment is acknowledged, the last one in its round. */
	data(0, 1001, iss + 1, 1460);
	tap_ok(quiet());
	data(1460, 2461, iss + 1, 1460);
	expect(T_ACK, iss + 1, 3921, 0);
	data(2920, 3921, iss + 1, 100);
	tap_ok(quiet());
	fake_sleep(1);
	expect(T_ACK, iss + 1, 4021, 0);
	fake_sleep(1000000);
	tap_ok(quiet());
	tap_is(fake_stat("session.0.tcp.in"), 3020);
	tap_is(fake_stat("session.0.tcp.disorder"), 0);
	/* Both sides close */
	segment(9, T_FIN | T_ACK, 4021, iss + 1, 1000, 0);
	expect(T_FIN | T_ACK, iss + 1, 4022, 0);
	segment(9, T_ACK, 4022, iss + 2, 1000, 0);
	fake_sleep(10000000);
	tap_ok(quiet());
	/* The connection is closed: another segment is refused. */
	segment(9, T_ACK, 4022, iss + 2, 1000, 0);
	expect(T_RST, iss + 2, 0, 0);
	tap_ok(quiet());
}

static void test_tcp_sink_disorder(void)
{
	uint32_t iss;

	start();
	tap_ok(fake_ctl("sink check"));
	iss = connected(9, 1000);
	/*
	 * A gap: a duplicate ACK at once; the segments behind it are dropped.
	 */
	data(100, 1101, iss + 1, 100);
	expect(T_ACK, iss + 1, 1001, 0);
	data(0, 1001, iss + 1, 100);
	fake_sleep(1);
	expect(T_ACK, iss + 1, 1101, 0);
	/* Old and new bytes in one segment: the new ones are accepted. */
	data(50, 1051, iss + 1, 100);
	fake_sleep(1);
	expect(T_ACK, iss + 1, 1151, 0);
	/* Old bytes only */
	data(0, 1001, iss + 1, 150);
	expect(T_ACK, iss + 1, 1151, 0);
	tap_is(fake_stat("session.0.tcp.in"), 150);
	tap_is(fake_stat("session.0.tcp.disorder"), 2);
	tap_is(fake_stat("session.0.tcp.corrupt"), 0);
	data(151, 1151, iss + 1, 10);
	fake_sleep(1);
	expect(T_ACK, iss + 1, 1161, 0);
	tap_is(fake_stat("session.0.tcp.corrupt"), 1);
	/*
	 * A reset with a wrong sequence number is ignored, a valid one is not.
	 */
	segment(9, T_RST, 1, 0, 0, 0);
	data(160, 1161, iss + 1, 10);
	fake_sleep(1);
	expect(T_ACK, iss + 1, 1171, 0);
	segment(9, T_RST, 1171, 0, 0, 0);
	data(170, 1171, iss + 1, 10);
	expect(T_RST, iss + 1, 0, 0);
	tap_ok(fake_ctl("sink any"));
	tap_ok(quiet());
}

static void test_tcp_source(void)
{
	const uint8_t *p;
	uint32_t iss, i, k;

	start();
	iss = connected(19, 65535);
	for (i = 0; i < 10; i++) {
		p = expect(T_ACK, iss + 1 + i * 1460, 1001, 1460);
		for (k = 0; k < 1460; k++)
			if (p[k] != (uint8_t)(i * 1460 + k))
				break;
		tap_is(k, 1460);
	}
	/* Ten segments at first, then two for each acknowledged one. */
	tap_ok(quiet());
	segment(19, T_ACK, 1001, iss + 1 + 1460, 65535, 0);
	expect(T_ACK, iss + 1 + 10 * 1460, 1001, 1460);
	expect(T_ACK, iss + 1 + 11 * 1460, 1001, 1460);
	tap_ok(quiet());
	/* Zero window: nothing is sent; then as much as the window permits. */
	segment(19, T_ACK, 1001, iss + 1 + 12 * 1460, 0, 0);
	fake_sleep(10000);
	tap_ok(quiet());
	segment(19, T_ACK, 1001, iss + 1 + 12 * 1460, 8, 0);
	expect(T_ACK, iss + 1 + 12 * 1460, 1001, 1024);
	tap_ok(quiet());
	tap_is(fake_stat("session.0.tcp.out"), 12 * 1460);
	tap_is(fake_stat("session.0.tcp.resent"), 0);
	/* The host closes */
	segment(19, T_FIN | T_ACK, 1001, iss + 1 + 12 * 1460 + 1024, 8, 0);
	expect(T_FIN | T_ACK, iss + 1 + 12 * 1460 + 1024, 1002, 0);
	segment(19, T_ACK, 1002, iss + 2 + 12 * 1460 + 1024, 8, 0);
	fake_sleep(10000000);
	tap_ok(quiet());
}

/* PSH at the end of each write of 64 KiB only. */
static void test_tcp_source_push(void)
{
	uint32_t iss, at = 0, end, pushed = 0, wrong = 0;
	const uint8_t *p;
	size_t len;

	start();
	iss = connected(19, 65535);
	while (at < 3 * 65536) {
		p = take(0, &len);
		if (get_be32(p + 24) != iss + 1 + at)
			break;
		end = at + len - 40;
		if ((p[33] & 8 ? 1 : 0) != end / 65536 - at / 65536)
			wrong++;
		pushed += !!(p[33] & 8);
		at = end;
		segment(19, T_ACK, 1001, iss + 1 + at, 65535, 0);
	}
	tap_is(wrong, 0);
	tap_is(pushed, 3);
	/* The host has closed: data in flight is not counted. */
	segment(19, T_RST, 1001, 0, 0, 0);
	taken = outs;
}

static void test_tcp_source_losses(void)
{
	uint32_t iss, i, at;

	start();
	iss = connected(19, 65535);
	for (i = 0; i < 10; i++)
		expect(T_ACK, iss + 1 + i * 1460, 1001, 1460);
	/* The second and the fifth segment are lost; three duplicate ACKs. */
	segment(19, T_ACK, 1001, iss + 1 + 1460, 65535, 0);
	expect(T_ACK, iss + 1 + 10 * 1460, 1001, 1460);
	expect(T_ACK, iss + 1 + 11 * 1460, 1001, 1460);
	segment(19, T_ACK, 1001, iss + 1 + 1460, 65535, 0);
	segment(19, T_ACK, 1001, iss + 1 + 1460, 65535, 0);
	tap_ok(quiet());
	segment(19, T_ACK, 1001, iss + 1 + 1460, 65535, 0);
	expect(T_ACK, iss + 1 + 1460, 1001, 1460);
	tap_ok(quiet());
	/* Partial ACK: the next hole is filled at once. */
	segment(19, T_ACK, 1001, iss + 1 + 4 * 1460, 65535, 0);
	expect(T_ACK, iss + 1 + 4 * 1460, 1001, 1460);
	tap_is(fake_stat("session.0.tcp.resent"), 2);
	taken = outs;
	/*
	 * Full ACK: continue with half of the window, without retransmissions.
	 */
	segment(19, T_ACK, 1001, iss + 1 + 12 * 1460, 65535, 0);
	tap_is(fake_stat("session.0.tcp.resent"), 2);
	at = outs - taken;
	tap_ok(at >= 4 && at <= 7);
	for (i = 0; i < at; i++)
		expect(T_ACK, iss + 1 + (12 + i) * 1460, 1001, 1460);
	/* No ACKs: retransmit after 1, 2, 4, ... s, then give up. */
	for (i = 0; i < 6; i++) {
		fake_sleep((1000000ull << i) - 20);
		tap_ok(quiet());
		fake_sleep(20);
		expect(T_ACK, iss + 1 + 12 * 1460, 1001, 1460);
	}
	fake_sleep(1000000000);
	tap_ok(quiet());
	segment(19, T_ACK, 1001, iss + 1, 65535, 0);
	expect(T_RST, iss + 1, 0, 0);
}

static void test_tcp_source_full_link(void)
{
	unsigned int i;
	uint32_t iss;

	start();
	link_room = 4;
	iss = connected(19, 65535);
	for (i = 0; i < 4; i++)
		expect(T_ACK, iss + 1 + i * 1460, 1001, 1460);
	tap_ok(quiet());
	/* Retried soon, without an event from the host. */
	fake_sleep(1000);
	tap_is(outs - taken, 4);
	link_room = SLOTS;
	fake_sleep(1000);
	tap_is(outs - taken, 6);
	taken = outs;
	net_session(net, 0, false);
	fake_sleep(10000000);
	tap_ok(quiet());
	net_session(net, 0, true);
	segment(19, T_ACK, 1001, iss + 1, 65535, 0);
	expect(T_RST, iss + 1, 0, 0);
}

static void test_tcp_handshake(void)
{
	const uint8_t *p;
	unsigned int i;
	size_t len;
	uint32_t iss;

	start();
	/* Options of other lengths, and one that exceeds the header */
	memset(pkt + 20, 0, 28);
	put_be16(pkt + 20, 5555);
	put_be16(pkt + 22, 19);
	put_be32(pkt + 24, 1000);
	pkt[32] = 7 << 4;
	pkt[33] = T_SYN;
	put_be16(pkt + 34, 3000);
	memcpy(pkt + 40, "\x02\x04\x01\x00\x08\x0a\x01\x01", 8);
	input(0, ip(false, PROTO_TCP, 28, host4(0), v4(10, 99, 0, 1)));
	p = take(0, &len);
	tap_is(p[33], T_SYN | T_ACK);
	/* No scaling was requested: the option is omitted. */
	tap_ok(!memcmp(p + 44, "\x01\x01\x01\x01", 4));
	iss = get_be32(p + 24);
	/* The answer is lost: retransmission by the host or by the modem. */
	segment(19, T_SYN, 1000, 0, 3000, 0);
	p = take(0, &len);
	tap_is(get_be32(p + 24), iss);
	fake_sleep(1000010);
	p = take(0, &len);
	tap_is(p[33], T_SYN | T_ACK);
	tap_is(get_be32(p + 24), iss);
	/* Window and segment size of the host are respected. */
	segment(19, T_ACK, 1001, iss + 1, 600, 0);
	expect(T_ACK, iss + 1, 1001, 256);
	tap_ok(quiet());
	segment(19, T_ACK, 1001, iss + 257, 600, 0);
	expect(T_ACK, iss + 257, 1001, 256);
	expect(T_ACK, iss + 513, 1001, 256);
	tap_ok(quiet());
	/* More connections than the limit: the oldest one is dropped. */
	for (i = 0; i < NET_TCP; i++) {
		fake_sleep(1000);
		memset(pkt + 20, 0, 20);
		put_be16(pkt + 20, 6000 + i);
		put_be16(pkt + 22, 9);
		pkt[32] = 5 << 4;
		pkt[33] = T_SYN;
		input(0, ip(false, PROTO_TCP, 20, host4(0),
			    v4(10, 99, 0, 1)));
		p = take(0, &len);
		tap_is(p[33], T_SYN | T_ACK);
	}
	segment(19, T_ACK, 1001, iss + 1, 600, 0);
	expect(T_RST, iss + 1, 0, 0);
	tap_ok(quiet());
	for (i = 0; i < VM_SESSIONS; i++)
		net_session(net, i, false);
	fake_sleep(100000000);
	tap_ok(quiet());
}

/* ---- routing ----------------------------------------------------------- */

static void test_route_between_sessions(void)
{
	const uint8_t *p;
	unsigned int i;
	size_t len, want;

	start();
	for (i = 0; i < 256; i++) {
		/* Many sums, so that every carry of the TTL update occurs. */
		memset(pkt + 20, i, 8);
		want = ip(false, PROTO_ICMP, 8, host4(1), host4(6));
		pkt[8] = 2 + i % 250;
		put_be16(pkt + 4, i * 257);
		sum4();
		input(1, want);
		p = take(6, &len);
		tap_is(len, want);
		tap_is(p[8], 1 + i % 250);
	}
	clear();
	want = udp(true, 9000, 1452, v6(1, 2), v6(6, 0x99));
	input(1, want);
	p = take(6, &len);
	tap_is(len, 1500);
	tap_is(p[7], 63);
	tap_is(fake_stat("session.6.dl.packets"), -1);
	tap_is(net->s[6].counts.dl_bytes >= 1500, 1);
	tap_ok(quiet());
}

static void expect_error(unsigned int session, unsigned int type,
			 unsigned int code, const uint8_t *from)
{
	size_t len, head;
	const uint8_t *p = take(session, &len);

	head = p[0] >> 4 == 6 ? 40 : 20;
	tap_is(p[head], type);
	tap_is(p[head + 1], code);
	tap_ok(src_is(p, from));
	/* The error quotes the packet. */
	tap_ok(!memcmp(p + head + 8, pkt, len - head - 8));
	tap_ok(len <= (head == 40 ? 1280 : 576));
	tap_ok(quiet());
}

static void test_errors(void)
{
	size_t len;

	start();
	input(0, echo4(host4(0), v4(8, 8, 8, 8), 56));
	expect_error(0, 3, 0, v4(10, 64, 0, 1));
	input(0, echo6(v6(0, 2), v6_raw(0x20, 0x01, 1), 2));
	expect_error(0, 1, 0, v6(0, 1));
	input(0, udp(false, 1234, 1000, host4(0), v4(10, 99, 0, 1)));
	expect_error(0, 3, 3, v4(10, 99, 0, 1));
	input(0, udp(true, 1234, 1400, v6(0, 2), v6(0, 1)));
	expect_error(0, 1, 4, v6(0, 1));
	input(0, ip(false, 99, 40, host4(0), v4(10, 99, 0, 1)));
	expect_error(0, 3, 2, v4(10, 99, 0, 1));
	input(0, ip(true, 99, 40, v6(0, 2), v6(99, 1)));
	expect_error(0, 4, 1, v6(99, 1));
	/* One hop does not reach the server, but the gateway. */
	len = echo4(host4(0), v4(10, 99, 0, 1), 8);
	pkt[8] = 1;
	sum4();
	input(0, len);
	expect_error(0, 11, 0, v4(10, 64, 0, 1));
	len = echo6(v6(0, 2), v6(1, 2), 8);
	pkt[7] = 1;
	input(0, len);
	expect_error(0, 3, 0, v6(0, 1));
	len = echo4(host4(0), v4(10, 64, 0, 1), 8);
	pkt[8] = 1;
	sum4();
	input(0, len);
	take(0, &len);
	/* The other session is closed. */
	net_session(net, 1, false);
	input(0, echo4(host4(0), host4(1), 8));
	expect_error(0, 3, 1, v4(10, 64, 0, 1));
	input(0, echo6(v6(0, 2), v6(1, 2), 8));
	expect_error(0, 1, 3, v6(0, 1));
	tap_is(fake_stat("session.0.net.errors"), 10);
	tap_is(fake_stat("session.0.net.unrouted"), 4);
}

static void test_errors_not_about_errors(void)
{
	size_t len;

	start();
	/* Destination unreachable without a route; a non-first fragment. */
	len = echo4(host4(0), v4(8, 8, 8, 8), 56);
	pkt[20] = 3;
	net_checksum(false, NULL, NULL, PROTO_ICMP, pkt + 20, len - 20, 2);
	input(0, len);
	len = echo6(v6(0, 2), v6_raw(0x20, 1, 1), 56);
	pkt[40] = 1;
	net_checksum(true, pkt + 8, pkt + 24, PROTO_ICMPV6, pkt + 40, len - 40,
		     2);
	input(0, len);
	len = udp(false, 7, 64, host4(0), v4(8, 8, 8, 8));
	put_be16(pkt + 6, 100);
	sum4();
	input(0, len);
	tap_ok(quiet());
}

static void test_errors_are_limited(void)
{
	unsigned int i;

	start();
	for (i = 0; i < 1200; i++) {
		input(0, udp(false, 1, 0, host4(0), v4(10, 99, 0, 1)));
		if (outs == SLOTS)
			clear();
	}
	tap_is(fake_stat("session.0.net.errors"), 1000);
	fake_sleep(1000000);
	input(0, udp(false, 1, 0, host4(0), v4(10, 99, 0, 1)));
	tap_is(fake_stat("session.0.net.errors"), 1001);
	fake_reported(NULL, 0);
}

static void test_too_big(void)
{
	const uint8_t *p;
	size_t len, sum;

	start();
	len = echo4(host4(0), host4(1), 2000);
	put_be16(pkt + 6, 0x4000);
	sum4();
	input(0, len);
	tap_is(get_be16(out[0].data + 26), 1500);
	expect_error(0, 3, 4, v4(10, 64, 0, 1));
	clear();
	input(0, echo6(v6(0, 2), v6(1, 2), 2000));
	tap_is(get_be32(out[0].data + 44), 1500);
	expect_error(0, 2, 0, v6(0, 1));
	/* Without DF the router fragments. */
	input(0, echo4(host4(0), host4(1), 2000));
	p = take(1, &len);
	tap_is(len, 1500);
	tap_is(get_be16(p + 6), 0x2000);
	sum = inet_sum(0, p + 20, 1480);
	p = take(1, &len);
	tap_is(len, 20 + 528);
	tap_is(get_be16(p + 6), 185);
	tap_is(inet_fold(inet_sum(sum, p + 20, 528)), 0xffff);
	/* The reply of the gateway is fragmented, too. */
	input(0, echo4(host4(0), v4(10, 64, 0, 1), 2000));
	take(0, &len);
	take(0, &len);
	tap_ok(quiet());
	/* A larger MTU on request. */
	tap_ok(fake_ctl("net mtu 9000"));
	input(0, echo6(v6(0, 2), v6(1, 2), 8952));
	take(1, &len);
	tap_is(len, 9000);
	tap_ok(fake_ctl("net mtu 1500"));
	tap_ok(!fake_ctl("net mtu 1000"));
	tap_ok(quiet());
}

static void test_source_addresses(void)
{
	start();
	input(0, echo4(host4(1), v4(10, 99, 0, 1), 8));
	input(0, echo4(v4(10, 99, 0, 1), v4(10, 64, 0, 1), 8));
	input(0, echo6(v6(1, 2), v6(99, 1), 8));
	input(0, echo6(v6(99, 1), v6(0, 1), 8));
	input(0, echo6(v6(0, 1), v6(0, 1), 8));
	tap_is(fake_stat("session.0.net.spoofed"), 5);
	/* Valid on the link, but not beyond. */
	input(0, echo6(v6_raw(0xfe, 0x80, 9), v6(99, 1), 8));
	input(0, echo4(v4(0, 0, 0, 0), v4(10, 99, 0, 1), 8));
	tap_is(fake_stat("session.0.net.unrouted"), 2);
	/* Multicast and broadcast are dropped. */
	input(0, udp(false, 67, 300, v4(0, 0, 0, 0), v4(255, 255, 255, 255)));
	input(0, udp(false, 5353, 30, host4(0), v4(224, 0, 0, 251)));
	input(0, udp(true, 5353, 30, v6(0, 2), v6_raw(0xff, 2, 0xfb)));
	tap_is(fake_stat("session.0.net.unrouted"), 2);
	tap_ok(quiet());
}

static void test_attach_by_mbim(void)
{
	struct net_counts counts;
	size_t len;

	start();
	fake_vm.config.attach_mbim = true;
	input(0, echo4(host4(0), v4(10, 64, 0, 1), 8));
	tap_ok(quiet());
	tap_is(fake_stat("session.0.net.unrouted"), 1);
	net_connect(net, 0, true);
	tap_ok(net_connected(net, 0));
	tap_ok(!net_connected(net, 1));
	input(0, echo4(host4(0), v4(10, 64, 0, 1), 8));
	take(0, &len);
	/* The peer is not attached. */
	input(0, echo4(host4(0), host4(1), 8));
	expect_error(0, 3, 1, v4(10, 64, 0, 1));
	net_connect(net, 0, false);
	input(0, echo4(host4(0), v4(10, 64, 0, 1), 8));
	tap_ok(quiet());
	net_counts(net, 0, &counts);
	tap_ok(counts.ul_packets >= 4 && counts.dl_packets >= 2);
	net_connect(net, 8, true);
	tap_ok(!net_connected(net, 8));
}

/* ---- neighbour discovery ----------------------------------------------- */

static size_t nd(uint8_t type, const uint8_t *src, const uint8_t *dst,
		 const uint8_t *target)
{
	size_t len = target ? 24 : 8;

	memset(pkt + 40, 0, 24);
	pkt[40] = type;
	if (target)
		memcpy(pkt + 48, target, 16);
	ip(true, PROTO_ICMPV6, len, src, dst);
	pkt[7] = 255;
	return 40 + len;
}

static void test_router_solicitation(void)
{
	const uint8_t *p, *ll = v6_raw(0xfe, 0x80, 9);
	size_t len, want;

	start();
	want = nd(133, ll, v6_raw(0xff, 2, 2), NULL);
	input(3, want);
	p = take(3, &len);
	tap_is(len, 120);
	tap_is(p[7], 255);
	tap_is(p[40], 134);
	tap_ok(src_is(p, v6_raw(0xfe, 0x80, 1)));
	tap_ok(dst_is(p, v6_raw(0xfe, 0x80, 9)));
	tap_ok(get_be16(p + 46) > 0);
	/* Prefix: 64 bits, autonomous and not on-link. */
	tap_is(get_be16(p + 56), 0x0304);
	tap_is(p[58], 64);
	tap_is(p[59], 0x40);
	tap_ok(!memcmp(p + 72, v6(3, 0), 16));
	tap_is(get_be32(p + 92), 1500);
	/* From the unspecified address: to all nodes. */
	input(3, nd(133, v6_raw(0, 0, 0), v6_raw(0xff, 2, 2), NULL));
	p = take(3, &len);
	tap_ok(dst_is(p, v6_raw(0xff, 2, 1)));
	/* Ignored after a router hop. */
	want = nd(133, v6_raw(0xfe, 0x80, 9), v6_raw(0xff, 2, 2), NULL);
	pkt[7] = 254;
	input(3, want);
	tap_ok(quiet());
}

static void test_neighbour_solicitation(void)
{
	const uint8_t *p;
	size_t len;

	start();
	input(3, nd(135, v6_raw(0xfe, 0x80, 9), v6_raw(0xff, 2, 1),
		    v6_raw(0xfe, 0x80, 1)));
	p = take(3, &len);
	tap_is(p[40], 136);
	tap_is(p[44], 0xe0);
	tap_ok(!memcmp(p + 48, v6_raw(0xfe, 0x80, 1), 16));
	input(3, nd(135, v6(3, 2), v6(3, 1), v6(3, 1)));
	p = take(3, &len);
	tap_ok(src_is(p, v6(3, 1)));
	/* Duplicate address detection of the host: no answer. */
	input(3, nd(135, v6_raw(0, 0, 0), v6_raw(0xff, 2, 1), v6(3, 2)));
	tap_ok(quiet());
}

/* ---- violations of the host ---------------------------------------------- */

static void bad(size_t len, const char *name)
{
	input(0, len);
	tap_ok(taken == outs);
	if (!fake_reported(name, 0)) {
		printf("# expected %s\n", name);
		tap_good = false;
	}
}

static void test_malformed4(void)
{
	size_t len, i;

	start();
	bad(0, "ip-malformed");
	for (i = 1; i < 28; i++) {
		echo4(host4(0), v4(10, 64, 0, 1), 0);
		bad(i, "ip-malformed");
	}
	len = echo4(host4(0), v4(10, 64, 0, 1), 8);
	pkt[0] = 0x55;
	bad(len, "ip-malformed");
	pkt[0] = 0x44;
	bad(len, "ip-malformed");
	pkt[0] = 0x4f;
	bad(len, "ip-malformed");
	len = echo4(host4(0), v4(10, 64, 0, 1), 8);
	bad(len + 1, "ip-malformed");
	bad(len - 1, "ip-malformed");
	/* Checksums: header, then every transport; and zero. */
	len = echo4(host4(0), v4(10, 64, 0, 1), 8);
	pkt[10] ^= 1;
	bad(len, "ip-checksum");
	memset(pkt + 10, 0, 2);
	bad(len, "ip-checksum");
	len = echo4(host4(0), v4(10, 64, 0, 1), 8);
	pkt[30] ^= 1;
	bad(len, "ip-checksum");
	len = udp(false, 7, 9, host4(0), v4(10, 64, 0, 1));
	pkt[36] ^= 1;
	bad(len, "ip-checksum");
	len = tcp(false, 2, host4(0), host4(1));
	pkt[36] ^= 0x80;
	bad(len, "ip-checksum");
	/* The result of CHECKSUM_PARTIAL: the sum of the pseudo header. */
	len = udp(false, 7, 9, host4(0), v4(10, 64, 0, 1));
	inet_store(pkt + 26, ~inet_fold(inet_pseudo(pkt + 12, pkt + 16, 4,
						    PROTO_UDP, 17)) & 0xffff);
	bad(len, "ip-checksum");
	/* Lengths of the transports */
	len = udp(false, 7, 9, host4(0), v4(10, 64, 0, 1));
	put_be16(pkt + 24, 18);
	bad(len, "ip-malformed");
	put_be16(pkt + 24, 7);
	bad(len, "ip-malformed");
	len = tcp(false, 2, host4(0), host4(1));
	pkt[32] = 4 << 4;
	bad(len, "ip-malformed");
	pkt[32] = 6 << 4;
	bad(len, "ip-malformed");
	len = ip(false, 99, 19, host4(0), host4(1));
	pkt[9] = PROTO_TCP;
	sum4();
	bad(len, "ip-malformed");
	pkt[9] = PROTO_UDP;
	put_be16(pkt + 2, 27);
	sum4();
	bad(27, "ip-malformed");
	pkt[9] = PROTO_ICMP;
	sum4();
	bad(27, "ip-malformed");
	tap_is(fake_stat("session.0.net.malformed"), 46);
}

static void test_malformed6(void)
{
	size_t len, i;

	start();
	for (i = 1; i < 48; i++) {
		echo6(v6(0, 2), v6(0, 1), 0);
		bad(i, "ip-malformed");
	}
	len = echo6(v6(0, 2), v6(0, 1), 8);
	bad(len + 1, "ip-malformed");
	pkt[50] ^= 1;
	bad(len, "ip-checksum");
	len = udp(true, 7, 9, v6(0, 2), v6(0, 1));
	memset(pkt + 46, 0, 2);
	bad(len, "ip-checksum");
	/* Extension headers without an end, or beyond the packet. */
	for (i = 0; i < 3; i++) {
		static const uint8_t ext[] = {
			PROTO_HOPOPTS, PROTO_ROUTING, PROTO_DSTOPTS,
		};

		len = ip(true, 99, 16, v6(0, 2), v6(0, 1));
		pkt[6] = ext[i];
		pkt[40] = ext[i];
		pkt[41] = 0;
		pkt[48] = PROTO_NONE;
		pkt[49] = 1;
		bad(len, "ip-malformed");
		pkt[41] = 2;
		bad(len, "ip-malformed");
		put_be16(pkt + 4, 4);
		bad(44, "ip-malformed");
	}
	len = ip(true, 99, 16, v6(0, 2), v6(0, 1));
	pkt[6] = PROTO_FRAGMENT;
	memset(pkt + 40, 0, 16);
	pkt[40] = PROTO_FRAGMENT;
	pkt[43] = 1;
	bad(len, "ip-malformed");
	put_be16(pkt + 4, 4);
	bad(44, "ip-malformed");
	/* A valid chain is followed. */
	len = ip(true, 99, 8 + 28, v6(0, 2), v6(99, 1));
	memset(pkt + 40, 0, 36);
	pkt[6] = PROTO_DSTOPTS;
	pkt[40] = PROTO_UDP;
	pkt[42] = 1;
	pkt[43] = 4;
	put_be16(pkt + 50, 7);
	put_be16(pkt + 52, 28);
	net_checksum(true, pkt + 8, pkt + 24, PROTO_UDP, pkt + 48, 28, 6);
	input(0, len);
	take(0, &len);
	tap_is(len, 40 + 28);
	tap_ok(quiet());
}

/* ---- generator --------------------------------------------------------- */

static void test_generator(void)
{
	uint32_t i;
	size_t len;

	start();
	tap_ok(fake_ctl("gen 3 udp 1000 200 500"));
	fake_sleep(100000);
	tap_ok(outs >= 100 && outs <= 102);
	fake_sleep(10 * 1000000);
	tap_is(outs, 500);
	for (i = 0; i < 500; i++) {
		const uint8_t *p = take(3, &len);
		uint8_t want[200];

		pattern(want, 200, i);
		tap_is(len, 228);
		tap_is(get_be32(p + 20), PORT_CHARGEN << 16 | PORT_GEN);
		tap_ok(dst_is(p, host4(3)));
		tap_ok(!memcmp(p + 28, want, 200));
	}
	tap_is(fake_stat("session.3.gen.sent"), 500);
	/* IPv6, slow, stopped by a command. */
	clear();
	tap_ok(fake_ctl("gen 3 udp6 10 4"));
	fake_sleep(1050000);
	tap_ok(fake_ctl("gen 3 stop"));
	tap_is(outs, 11);
	fake_sleep(1000000);
	tap_is(outs, 11);
	take(3, &len);
	tap_is(len, 52);
	taken = outs;
	tap_ok(quiet());
}

static void test_generator_flood(void)
{
	start();
	/* The generator uses a limited share of the queue. */
	tap_ok(fake_ctl("gen 0 udp 0 1400"));
	fake_sleep(10000);
	tap_ok(outs >= 200 && outs <= 300);
	taken = outs;
	fake_sleep(1000);
	tap_ok(outs - taken > 200);
	tap_ok(fake_ctl("gen 0 stop"));
	tap_ok(!fake_ctl("gen 8 udp 1 100"));
	tap_ok(!fake_ctl("gen 0 udp 1 3"));
	tap_ok(!fake_ctl("gen 0 tcp 1 100"));
	tap_ok(!fake_ctl("gen 0 udp 1 100 0"));
	tap_ok(!fake_ctl("gen 0"));
	fake_reported(NULL, 0);
}

static void test_generator_counts_losses(void)
{
	start();
	link_room = 10;
	tap_ok(fake_ctl("gen 0 udp 10000 100 100"));
	fake_sleep(1000000);
	tap_is(outs, 10);
	tap_is(fake_stat("session.0.gen.sent"), 100);
}

static void test_addresses(void)
{
	struct net_addr a;

	net_addresses(5, &a);
	tap_ok(!memcmp(a.v4, host4(5), 4));
	tap_ok(!memcmp(a.v4_gw, v4(10, 64, 5, 1), 4));
	tap_ok(!memcmp(a.v4_dns, v4(10, 99, 0, 53), 4));
	tap_ok(!memcmp(a.v6, v6(5, 2), 16));
	tap_ok(!memcmp(a.v6_gw, v6(5, 1), 16));
	tap_ok(!memcmp(a.v6_dns, v6(99, 0x53), 16));
	tap_is(a.mtu, 1500);
}

int main(void)
{
	net = net_create(&fake_vm);
	net_attach(net, &test_link, NULL);
	TAP_RUN(test_checksum_known_header);
	TAP_RUN(test_checksum_odd_lengths_and_parts);
	TAP_RUN(test_addresses);
	TAP_RUN(test_echo4);
	TAP_RUN(test_echo6);
	TAP_RUN(test_echo_fragments);
	TAP_RUN(test_udp_echo);
	TAP_RUN(test_sink);
	TAP_RUN(test_tcp_is_refused);
	TAP_RUN(test_tcp_handshake);
	TAP_RUN(test_tcp_sink);
	TAP_RUN(test_tcp_sink_disorder);
	TAP_RUN(test_tcp_source);
	TAP_RUN(test_tcp_source_push);
	TAP_RUN(test_tcp_source_losses);
	TAP_RUN(test_tcp_source_full_link);
	TAP_RUN(test_route_between_sessions);
	TAP_RUN(test_errors);
	TAP_RUN(test_errors_not_about_errors);
	TAP_RUN(test_errors_are_limited);
	TAP_RUN(test_too_big);
	TAP_RUN(test_source_addresses);
	TAP_RUN(test_attach_by_mbim);
	TAP_RUN(test_router_solicitation);
	TAP_RUN(test_neighbour_solicitation);
	TAP_RUN(test_malformed4);
	TAP_RUN(test_malformed6);
	TAP_RUN(test_generator);
	TAP_RUN(test_generator_flood);
	TAP_RUN(test_generator_counts_losses);
	clear();
	free(net);
	return tap_end();
}
