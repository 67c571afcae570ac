// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeds: what the virtual modem sends down channel 0, a file each, in the
 * form of an input of target_mux_dl. Linked with the modem's own mux.c,
 * mux_dl.c and mux_ul.c; around them the fakes of their unit tests.
 */
#define FAKE_NO_NET
#include "tests/fakes.h"

#include "bytes.h"
#include "mux.h"
#include "net.h"

struct net {
	const struct net_link *link;
	void *priv;
};

static struct net net;
static struct vm_chan *ch = &fake_chan[0];
static const char *folder;
static bool lite;
static unsigned int files;

void net_attach(struct net *n, const struct net_link *link, void *priv)
{
	n->link = link;
	n->priv = priv;
}

void net_session(struct net *n, unsigned int session, bool open)
{
	(void)n;
	(void)session;
	(void)open;
}

bool net_connected(const struct net *n, unsigned int session)
{
	(void)n;
	(void)session;
	return true;
}

void net_input(struct net *n, unsigned int session, const uint8_t *pkt,
	       size_t len)
{
	(void)n;
	(void)session;
	(void)pkt;
	(void)len;
}

static void save(const char *what)
{
	const struct fake_td *td;
	char name[512];
	FILE *f;

	while ((td = fake_take(ch))) {
		snprintf(name, sizeof(name), "%s/modem-%02u-%s-%s", folder,
			 files++, lite ? "lite" : "aggregation", what);
		f = fopen(name, "wb");
		if (!f) {
			perror(name);
			exit(1);
		}
		/* No script; flavour; what came. */
		fputc(0, f);
		fputc(0, f);
		fputc(lite, f);
		fwrite(td->data, 1, td->len, f);
		fclose(f);
	}
}

static void command(unsigned int session, uint32_t cmd, const void *params,
		    size_t len)
{
	static uint32_t id = 1;
	static uint16_t sequence;
	uint8_t blk[64] = { 0 }, *c = lite ? blk : blk + 16;
	size_t head = lite ? 16 : 20;

	put_le32(blk, MUX_ACBH);
	put_le16(blk + 6, sequence++);
	put_le32(blk + 8, 36 + len);
	put_le32(blk + 12, 16);
	put_le32(c, MUX_CMDH);
	put_le16(c + 4, head + len);
	c[6] = session;
	put_le32(c + head - 8, cmd);
	put_le32(c + head - 4, id++);
	memcpy(c + head, params, len);
	fake_rx(ch, blk, (lite ? 16 : 36) + len);
	fake_idle();
}

static void down(unsigned int session, size_t len)
{
	uint8_t *p = net.link->reserve(net.priv, session, len);

	if (!p)
		return;
	memset(p, 0, len);
	p[0] = 0x45;
	net.link->commit(net.priv, session);
}

static void control(const char *line, const char *what)
{
	if (!fake_ctl(line))
		fprintf(stderr, "seeds: the modem refuses '%s'\n", line);
	fake_idle();
	save(what);
}

static void data(const char *what)
{
	unsigned int i;

	down(0, 40);
	fake_idle();
	save(what);
	for (i = 0; i < 6; i++)
		down(i & 1 ? 7 : 0, 20 + 7 * i);
	fake_idle();
	fake_sleep(2000);
	fake_idle();
	save(what);
}

static void flavour(bool is_lite)
{
	uint8_t params[8] = { 0 };

	lite = is_lite;
	fake_vm.config.mux = lite ? VM_MUX_LITE : VM_MUX_AGGREGATION;
	fake_vm.config.credits = true;
	fake_vm.config.credit_start = 10000;
	fake_vm.config.ul_head_pad = 24;
	fake_cmds = 0;
	fake_stats_count = 0;
	fake_timers = NULL;
	fake_now += 1000000;
	if (mux_create(&fake_vm, &net))
		exit(1);
	fake_open(ch, lite ? 2048 : 16384, 500);
	put_le32(params + 4, 16);
	command(0, MUX_OPEN, params, sizeof(params));
	save("open");
	command(7, MUX_OPEN, params, sizeof(params));
	fake_sleep(100000);
	fake_idle();
	save("open");

	data("data");
	if (!lite) {
		control("mux qlth on", "none");
		control("mux layout before", "none");
		data("before");
		control("mux layout after", "none");
		data("after");
	}
	control("flow 0 stop", "stop");
	control("flow 7 stop", "stop");
	control("link-report 0 8", "report");
	control("credit 0 5000", "credit");
	control("flow 0 go", "go");
	control("refuse-open 3 5", "none");
	command(3, MUX_OPEN, params, sizeof(params));
	save("refused");
	command(0, MUX_CLOSE, NULL, 0);
	save("close");
	fake_close(ch);
	/* It is never asked for its memory back. */
	ch->ops = NULL;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "Usage: seeds FOLDER\n");
		return 2;
	}
	folder = argv[1];
	flavour(false);
	flavour(true);
	printf("%u seeds of the virtual modem\n", files);

	return files < 20;
}
