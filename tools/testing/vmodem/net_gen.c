// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generator (port 19 of the server to port 9000 of the host of a session)
 * and the sink (port 9). Both use the same payload: a be32 number that counts
 * from 0, then bytes that depend on the number and their offset. The receiver
 * can distinguish loss, reordering and corruption.
 */
#include <string.h>

#include "bytes.h"
#include "net_priv.h"

#define TICK_US		500	/* minimum interval between bursts */
#define FLOOD_US	100
#define FLOOD_QUEUE	256	/* queued packets when rate is 0 */
#define BURST		4096	/* at most per tick */

static void fill(uint8_t *data, size_t len, uint32_t seq)
{
	size_t i;

	put_be32(data, seq);
	for (i = 4; i < len; i++)
		data[i] = seq + i;
}

static bool same(const uint8_t *data, size_t len, uint32_t seq)
{
	uint8_t wrong = 0;
	size_t i;

	for (i = 4; i < len; i++)
		wrong |= data[i] ^ (uint8_t)(seq + i);
	return !wrong;
}

/* ---- sink -------------------------------------------------------------- */

void net_sink(struct net *net, unsigned int session, const uint8_t *data,
	      size_t len)
{
	struct net_sink *k = &net->s[session].sink;
	uint32_t seq;

	k->packets++;
	k->bytes += len;
	if (!net->sink_check)
		return;
	if (len < 4) {
		k->corrupt++;
		return;
	}
	seq = get_be32(data);
	if (!same(data, len, seq)) {
		k->corrupt++;
		return;
	}
	if ((int32_t)(seq - k->next) < 0) {
		k->late++;
		/* Reordered: it was counted as lost before. */
		if (k->lost)
			k->lost--;
		return;
	}
	k->lost += seq - k->next;
	k->next = seq + 1;
}

static void cmd_sink(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct net *net = priv;
	unsigned int i;

	if (argc != 2 || (strcmp(argv[1], "check") && strcmp(argv[1], "any"))) {
		ctl_error(r, "sink check|any");
		return;
	}
	net->sink_check = !strcmp(argv[1], "check");
	for (i = 0; i < VM_SESSIONS; i++)
		memset(&net->s[i].sink, 0, sizeof(net->s[i].sink));
}

/* ---- generator --------------------------------------------------------- */

static bool gen_one(struct net *net, unsigned int session)
{
	static const uint8_t server4[4] = { 10, 99, 0, 1 };
	static const uint8_t server6[16] = { 0xfd, 0x99, [15] = 1 };
	struct net_gen *g = &net->s[session].gen;
	size_t head = g->v6 ? INET_V6_LEN : INET_V4_LEN;
	size_t udp = INET_UDP_LEN + g->size;
	const uint8_t *src = g->v6 ? server6 : server4;
	const uint8_t *dst;
	struct net_addr addr;
	uint8_t *out, *l4;

	/* A packet that does not fit into the queue counts as sent. */
	g->sent++;
	g->seq++;
	if (g->left != UINT64_MAX && !--g->left)
		g->on = false;
	out = net_begin(net, session, head + udp);
	if (!out)
		return false;
	net_addresses(session, &addr);
	dst = g->v6 ? addr.v6 : addr.v4;
	net_header(net, out, g->v6, udp, 63, PROTO_UDP, src, dst);
	l4 = out + head;
	put_be16(l4, PORT_CHARGEN);
	put_be16(l4 + 2, PORT_GEN);
	put_be16(l4 + 4, udp);
	fill(l4 + INET_UDP_LEN, g->size, g->seq - 1);
	net_checksum(g->v6, src, dst, PROTO_UDP, l4, udp, 6);
	net_finish(net, session, out, head + udp);
	return true;
}

/* Send what is due. Returns the time until the next packet in us. */
static uint64_t gen_run(struct net *net, unsigned int session, uint64_t now)
{
	struct net_gen *g = &net->s[session].gen;
	unsigned int burst = 0;
	uint64_t due, wait;

	if (!g->rate) {
		while (g->on && burst++ < BURST &&
		       net->link->queued(net->link_priv, session) < FLOOD_QUEUE)
			if (!gen_one(net, session))
				break;
		return FLOOD_US;
	}
	due = (now - g->start) * g->rate / 1000000 + 1;
	while (g->on && g->emitted < due && burst++ < BURST) {
		gen_one(net, session);
		g->emitted++;
	}
	/*
	 * Far behind (the process was suspended), or overflow ahead: restart.
	 */
	if (g->emitted < due || now - g->start > 3600 * 1000000ull) {
		g->start = now;
		g->emitted = 1;
	}
	due = g->start + g->emitted * 1000000 / g->rate + 1;
	wait = due > now ? due - now : 0;
	return wait < TICK_US ? TICK_US : wait;
}

static void gen_tick(struct loop_timer *t)
{
	struct net *net = t->priv;
	uint64_t now = loop_now(), next = UINT64_MAX, wait;
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++) {
		if (!net->s[i].gen.on)
			continue;
		wait = gen_run(net, i, now);
		if (net->s[i].gen.on && wait < next)
			next = wait;
	}
	if (next != UINT64_MAX)
		loop_timer_set(t, next);
}

static void cmd_gen(void *priv, int argc, char **argv, struct vm_reply *r)
{
	uint64_t session, rate, size, count = UINT64_MAX;
	struct net *net = priv;
	struct net_gen *g;

	if (argc < 3 || ctl_number(argv[1], VM_SESSIONS - 1, &session))
		goto usage;
	g = &net->s[session].gen;
	if (argc == 3 && !strcmp(argv[2], "stop")) {
		g->on = false;
		return;
	}
	if (argc < 5 || argc > 6 ||
	    (strcmp(argv[2], "udp") && strcmp(argv[2], "udp6")) ||
	    ctl_number(argv[3], 10000000, &rate) ||
	    ctl_number(argv[4], 65000, &size) || size < 4)
		goto usage;
	if (argc == 6 &&
	    (ctl_number(argv[5], UINT64_MAX - 1, &count) || !count))
		goto usage;
	*g = (struct net_gen){
		.on = true,
		.v6 = argv[2][3] == '6',
		.rate = rate,
		.start = loop_now(),
		.left = count,
		.size = size,
	};
	loop_timer_set(&net->gen_timer, 0);
	return;
usage:
	ctl_error(r, "gen SESSION udp|udp6 RATE SIZE [COUNT], or %s",
		  "gen SESSION stop; SIZE >= 4, RATE 0: as fast as possible");
}

void net_gen_init(struct net *net)
{
	net->gen_timer.fn = gen_tick;
	net->gen_timer.priv = net;
	ctl_command(net->vm, "gen", cmd_gen, net,
		    "gen SESSION udp|udp6 RATE SIZE [COUNT] | gen SESSION stop - send numbered UDP packets to port 9000, RATE a second");
	ctl_command(net->vm, "sink", cmd_sink, net,
		    "sink check|any - verify the payload received on port 9, or do not; clears the counters");
}
