// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the hostile mode: every kind of fault is injected, a seed
 * repeats the faults, memory that was returned to the host is not written, and
 * the modem works again after "hostile off".
 *
 * This file is the host. It posts, rings and answers sleep requests by the
 * internal state of the modem, not by what the modem reports, so that the modem
 * continues to work.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "hostile.h"
#include "mux.h"
#include "tap.h"

#define BASE		0x40000000ull
#define MEM_SIZE	(1u << 20)
#define AT_CONTEXT	0x0000u
#define AT_INFO		0x0100u
#define AT_HEADS	0x0200u
#define AT_TAILS	0x0300u
#define AT_MHEAD	0x0400u
#define AT_MTAIL	0x0404u
#define AT_MRING	0x0800u
#define AT_RING(pipe)	(0x10000u + (pipe) * 0x400u)
#define AT_BUFS(pipe)	(0x20000u + (pipe) * 0x8000u)
#define MESSAGES	32u
#define ENTRIES		16u
#define BUF_SIZE	2048u

static struct {
	struct vm *vm;
	uint8_t mem[MEM_SIZE] __attribute__((aligned(4096)));
	uint32_t head[VM_PIPES], mhead;
	bool flat;
	uint64_t msis;
	unsigned int rxs;
	char log[64];
} h;

/* ---- bus --------------------------------------------------------------- */

static enum vm_dma bus_dma(void *priv, uint64_t addr, size_t *len, bool write,
			   void **ptr)
{
	(void)priv;
	(void)write;
	/* RAM at 1 MiB means that there is no IOMMU. */
	if (h.flat && addr == 1u << 20) {
		*ptr = h.mem;
		return VM_DMA_OK;
	}
	if (addr < BASE || addr >= BASE + MEM_SIZE)
		return VM_DMA_UNMAPPED;
	if (*len > BASE + MEM_SIZE - addr)
		*len = BASE + MEM_SIZE - addr;
	*ptr = h.mem + (addr - BASE);
	return VM_DMA_OK;
}

static bool bus_msi(void *priv)
{
	(void)priv;
	h.msis++;
	return true;
}

static const struct vm_bus bus = { .dma = bus_dma, .msi = bus_msi };

static void fn_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	(void)ch;
	(void)data;
	(void)len;
	h.rxs++;
}

static const struct vm_chan_ops fn_ops = { .name = "fake", .rx = fn_rx };

/* ---- host -------------------------------------------------------------- */

static void set32(uint32_t at, uint32_t value)
{
	put_le32(h.mem + at, value);
}

static void set64(uint32_t at, uint64_t value)
{
	set32(at, value);
	set32(at + 4, value >> 32);
}

static void ring(unsigned int nr, uint32_t value)
{
	vm_doorbell_write(h.vm, nr * 32 + 16, 4, value);
}

static void message(unsigned int b8, unsigned int b9, unsigned int b10,
		    unsigned int type, uint64_t addr)
{
	uint32_t at = AT_MRING + h.mhead * MESSAGE_SIZE;

	memset(h.mem + at, 0, MESSAGE_SIZE);
	set64(at, addr);
	h.mem[at + 8] = b8;
	h.mem[at + 9] = b9;
	h.mem[at + 10] = b10;
	h.mem[at + 11] = type;
	h.mhead = (h.mhead + 1) % MESSAGES;
	set32(AT_MHEAD, h.mhead);
	ring(0, 0);
}

static void post(unsigned int nr)
{
	uint32_t at = AT_RING(nr) + h.head[nr] * TD_SIZE;

	set64(at, BASE + AT_BUFS(nr) + h.head[nr] * BUF_SIZE);
	set32(at + 8, nr & 1 ? BUF_SIZE : 64);
	set32(at + 12, 0);
	h.head[nr] = (h.head[nr] + 1) % ENTRIES;
	set32(AT_HEADS + nr * 4, h.head[nr]);
}

/* Post every buffer that the modem does not own */
static void post_all(unsigned int nr)
{
	if (!h.vm->pipe[nr].open)
		return;
	while ((h.head[nr] + 1) % ENTRIES != h.vm->pipe[nr].tail)
		post(nr);
}

static void open_channel(unsigned int chan)
{
	unsigned int nr;

	for (nr = PIPE_UL(chan); nr <= PIPE_DL(chan); nr++) {
		h.head[nr] = 0;
		set32(AT_HEADS + nr * 4, 0);
		message(ENTRIES, 0, nr, 1, BASE + AT_RING(nr));
	}
	post_all(PIPE_DL(chan));
	ring(0, 9);
}

/* From power on to open channels; may fail while faults are injected. */
static void bring_up(void)
{
	static const uint32_t regs[] = { 0x6c, 0x74, 0x64 };
	uint8_t word[4];
	unsigned int i;

	memset(h.mem, 0, 0x10000);
	h.mhead = 0;
	set64(AT_CONTEXT, BASE + AT_INFO);
	set64(AT_CONTEXT + 8, BASE + AT_HEADS);
	set64(AT_CONTEXT + 16, BASE + AT_TAILS);
	set64(AT_CONTEXT + 24, BASE + AT_MHEAD);
	set64(AT_CONTEXT + 32, BASE + AT_MTAIL);
	set64(AT_CONTEXT + 40, BASE + AT_MRING);
	set32(AT_CONTEXT + 48, MESSAGES);
	vm_reset(h.vm);
	for (i = 0; i < 0x100; i += 4)
		vm_scratchpad_read(h.vm, i, word, 4);
	ring(1, 1);
	loop_once(1000);
	for (i = 0; i < 3; i++) {
		uint64_t value = regs[i] == 0x64 ? BASE + AT_CONTEXT : 0;

		vm_scratchpad_write(h.vm, regs[i], 4, value & 0xffffffff);
		vm_scratchpad_write(h.vm, regs[i] + 4, 4, value >> 32);
	}
	ring(1, 2);
	while (h.vm->run.at)
		loop_once(1000);
	if (!vm_running(h.vm))
		return;
	message(1, 0, 0, 4, 0);
	message(0, 0, 0x80, 0xf0, 0);
	open_channel(0);
	open_channel(6);
}

static void start(bool flat, bool lite)
{
	struct vm_config config = {
		.device_id = 0x7560,
		.mux = lite ? VM_MUX_LITE : VM_MUX_AGGREGATION,
	};

	memset(&h, 0, sizeof(h));
	h.flat = flat;
	strcpy(h.log, "/tmp/test_hostile.XXXXXX");
	close(mkstemp(h.log));
	h.vm = vm_create(&config);
	if (!h.vm || vm_log_open(h.vm, h.log))
		abort();
	vm_set_bus(h.vm, &bus, NULL);
	vm_chan_attach(h.vm, 0, &fn_ops, NULL);
	vm_chan_attach(h.vm, 6, &fn_ops, NULL);
	vm_power_on(h.vm);
}

static void end(void)
{
	vm_destroy(h.vm);
	unlink(h.log);
}

/* A data block with two tables of two datagrams and a queue level */
static size_t data_block(uint8_t *b)
{
	unsigned int t, i;

	memset(b, 0, 400);
	put_le32(b, MUX_ADBH);
	put_le32(b + 8, 400);
	put_le32(b + 12, 16);
	for (t = 0; t < 2; t++) {
		uint8_t *p = b + 16 + 32 * t;

		put_le32(p, MUX_ADTH);
		put_le16(p + 4, 32);
		p[6] = t;
		put_le32(p + 8, 16 + 32 * (t + 1));
		for (i = 0; i < 2; i++) {
			put_le32(p + 16 + i * 8, 120 + t * 100 + i * 50);
			put_le16(p + 20 + i * 8, 50);
		}
	}
	put_le32(b + 80, MUX_QLTH);
	put_le16(b + 84, 20);
	put_le32(b + 96, 1000);
	return 400;
}

static size_t command_block(uint8_t *b, bool lite)
{
	uint8_t *p = lite ? b : b + 16;
	unsigned int hdr = lite ? MUX_CMD_LITE : MUX_CMD_AGGR;

	memset(b, 0, 64);
	if (!lite) {
		put_le32(b, MUX_ACBH);
		put_le32(b + 8, 16 + hdr + 8);
		put_le32(b + 12, 16);
	}
	put_le32(p, MUX_CMDH);
	put_le16(p + 4, hdr + 8);
	put_le32(p + hdr - 8, MUX_OPEN_RESP);
	return p - b + hdr + 8;
}

static size_t credit_block(uint8_t *b)
{
	memset(b, 0, 20);
	put_le32(b, MUX_FCTH);
	put_le16(b + 4, 20);
	b[7] = 4;
	put_le32(b + 16, 1500);
	return 20;
}

static size_t lite_datagram(uint8_t *b)
{
	memset(b, 0x45, 100);
	put_le32(b, MUX_ADGH);
	put_le16(b + 4, 100);
	b[6] = 0;
	return 100;
}

/* All operations of a busy link once. */
static void round_trip(void)
{
	bool lite = h.vm->config.mux == VM_MUX_LITE;
	uint8_t b[512];
	size_t len;

	if (!vm_running(h.vm) || h.vm->d3 || !h.vm->chan[6].open ||
	    !h.vm->chan[0].open) {
		bring_up();
		return;
	}
	len = lite ? lite_datagram(b) : data_block(b);
	vm_chan_send(&h.vm->chan[0], b, len);
	vm_chan_send(&h.vm->chan[0], b, command_block(b, lite));
	vm_chan_send(&h.vm->chan[0], b, credit_block(b));
	vm_chan_send(&h.vm->chan[6], b, 100);
	post_all(0);
	post_all(1);
	post_all(12);
	post_all(13);
	ring(0, 3);
	loop_once(100);
	vm_scratchpad_read(h.vm, 0, b, 4);
	if (h.vm->sleep == SLEEP_REQUESTED)
		ring(2, 1);
	if (h.vm->sleep == SLEEP_ASLEEP)
		ring(2, 2);
	if (h.vm->sleep == SLEEP_WAKING)
		ring(2, 0);
	message(1, 0, 0, 4, 0);
}

/* ---- tests ------------------------------------------------------------- */

static void test_every_kind(void)
{
	unsigned int kind, i;

	start(false, false);
	for (kind = 0; kind < FAULT_KINDS; kind++) {
		tap_is(hostile_start(h.vm, kind, 1000, hostile_name(kind)), 0);
		for (i = 0; i < 400 && !hostile_injected(h.vm, kind); i++) {
			/* After an ignored request only a reset helps. */
			if (i % 20 == 19)
				bring_up();
			round_trip();
			if (kind == FAULT_WAKE && h.vm->sleep_allowed) {
				sleep_request(h.vm);
				ring(2, 1);
			}
			loop_once(5000);
		}
		if (!hostile_injected(h.vm, kind))
			printf("# %s is never injected\n", hostile_name(kind));
		tap_ok(hostile_injected(h.vm, kind));
		for (i = 0; i < FAULT_KINDS; i++)
			if (i != kind)
				tap_is(hostile_injected(h.vm, i), 0);
	}
	end();
}

static void expect_valid(void)
{
	uint8_t b[512];
	unsigned int i;
	uint32_t tail;

	h.vm->sleep_auto = 0;
	bring_up();
	violation_clear(h.vm->violations);
	h.vm->violations = NULL;
	tap_ok(vm_running(h.vm));
	for (i = 0; i < 40; i++) {
		tail = h.vm->pipe[1].tail;
		tap_is(vm_chan_send(&h.vm->chan[0], b, data_block(b)), 0);
		tap_is(get_le32(h.mem + AT_RING(1) + tail * 16 + 8),
		       400 | TD_END << 24);
		tap_is(memcmp(h.mem + AT_BUFS(1) + tail * BUF_SIZE, b, 400),
		       0);
		tap_is(get_le32(h.mem + AT_TAILS + 4), h.vm->pipe[1].tail);
		h.rxs = 0;
		post(0);
		post_all(1);
		ring(0, 3);
		tap_is(h.rxs, 1);
		tap_is(get_le32(h.mem + AT_TAILS), h.head[0]);
		h.msis = 0;
		loop_once(0);
		tap_is(h.msis, 1);
	}
	tap_is(get_le32(h.mem + AT_INFO + INFO_STAGE), STAGE_RUN);
	tap_is(get_le32(h.mem + AT_INFO + INFO_SLEEP), 0);
	tap_is(vm_violations(h.vm, NULL), 0);
}

static void test_off(void)
{
	unsigned int seed, i;

	for (seed = 0; seed < 6; seed++) {
		start(seed & 1, seed & 2);
		tap_is(hostile_start(h.vm, seed, seed & 1 ? 1000 : 100, NULL),
		       0);
		for (i = 0; i < 100; i++)
			round_trip();
		hostile_stop(h.vm);
		if (seed & 2)
			tap_ok(true);
		else
			expect_valid();
		end();
	}
}

/* Log lines of the faults of one kind, without time and number. */
static char *faults_of(enum hostile_kind kind, char *text, size_t size)
{
	FILE *f = fopen(h.log, "r");
	char line[256], word[40];
	size_t len = 0;

	snprintf(word, sizeof(word), " %s ", hostile_name(kind));
	text[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, "] fault ");
		char *rest = at ? strstr(at, word) : NULL;

		/* Match the kind only, not the text behind it. */
		if (rest && rest == strchr(at + 8, ' '))
			len += snprintf(text + len, size - len, "%s", rest);
		if (len >= size)
			break;
	}
	if (f)
		fclose(f);
	return text;
}

/* Kinds that do not depend on timing */
#define UNTIMED "ones,caps,chip,tail,wrong-pipe,td-size,td-status,td-addr," \
	"td-never,td-twice,msg-status,msg-tail,msg-never,msg-wrong,"  \
	"signature,table,datagram,session,length,sequence,credit,cut,"	     \
	"garbage,control"

static void inject_for_a_while(uint64_t seed)
{
	unsigned int i;

	start(false, false);
	tap_is(hostile_start(h.vm, seed, 200, UNTIMED), 0);
	bring_up();
	for (i = 0; i < 60; i++)
		round_trip();
	vm_log(h.vm, "end");
}

static void test_replay(void)
{
	static char first[FAULT_KINDS][1 << 16], other[1 << 16];
	unsigned int kind, differ = 0, some = 0;

	inject_for_a_while(42);
	for (kind = 0; kind < FAULT_KINDS; kind++)
		faults_of(kind, first[kind], sizeof(first[kind]));
	end();
	inject_for_a_while(42);
	for (kind = 0; kind < FAULT_KINDS; kind++) {
		faults_of(kind, other, sizeof(other));
		some += !!other[0];
		if (strcmp(first[kind], other))
			printf("# %s differs:\n%s---\n%s", hostile_name(kind),
			       first[kind], other);
		tap_ok(!strcmp(first[kind], other));
	}
	tap_ok(some > 15);
	end();
	inject_for_a_while(43);
	for (kind = 0; kind < FAULT_KINDS; kind++)
		differ += !!strcmp(first[kind],
				   faults_of(kind, other, sizeof(other)));
	tap_ok(differ > 15);
	end();
}

/* hostile_start() resets the random numbers. */
static void test_seed_restarts(void)
{
	struct hostile *hostile;
	unsigned int i;
	bool first[200];

	start(false, false);
	hostile = h.vm->hostile;
	hostile_start(h.vm, 5, 500, NULL);
	for (i = 0; i < 200; i++)
		first[i] = hostile_inject(hostile, FAULT_TD_SIZE);
	hostile_start(h.vm, 5, 500, NULL);
	for (i = 0; i < 200; i++) {
		/* Other kinds use other numbers. */
		hostile_inject(hostile, FAULT_TD_STATUS);
		tap_is(hostile_inject(hostile, FAULT_TD_SIZE), first[i]);
	}
	end();
}

static void test_rate(void)
{
	unsigned int i, n;

	start(false, false);
	hostile_start(h.vm, 5, 0, NULL);
	for (i = n = 0; i < 10000; i++)
		n += hostile_inject(h.vm->hostile, FAULT_TD_SIZE);
	tap_is(n, 0);
	hostile_start(h.vm, 5, 100, NULL);
	for (i = n = 0; i < 10000; i++)
		n += hostile_inject(h.vm->hostile, FAULT_TD_SIZE);
	tap_ok(n > 900 && n < 1100);
	hostile_start(h.vm, 5, 1000, NULL);
	for (i = n = 0; i < 10000; i++)
		n += hostile_inject(h.vm->hostile, FAULT_TD_SIZE);
	tap_is(n, 10000);
	hostile_stop(h.vm);
	tap_is(hostile_inject(h.vm->hostile, FAULT_TD_SIZE), false);
	tap_is(hostile_start(h.vm, 5, 1001, NULL), -22);
	tap_is(hostile_start(h.vm, 5, 1, "tail,nonsense"), -22);
	tap_is(hostile_start(h.vm, 5, 1, ""), -22);
	tap_is(h.vm->injecting, false);
	for (i = n = 0; i < 500; i++) {
		tap_is(hostile_start(h.vm, i, 1000, "mix"), 0);
		n += hostile_inject(h.vm->hostile, FAULT_TD_SIZE);
	}
	tap_ok(n > 150 && n < 350);
	tap_is(hostile_start(h.vm, 5, 1000, "-tail,-head"), 0);
	tap_is(hostile_inject(h.vm->hostile, FAULT_TAIL), false);
	tap_is(hostile_inject(h.vm->hostile, FAULT_TD_SIZE), true);
	end();
}

static bool all_are(const uint8_t *p, size_t len, uint8_t value)
{
	while (len--)
		if (*p++ != value)
			return false;
	return true;
}

/* Without an IOMMU, rings of closed pipes and buffers are not written. */
static void test_returned_memory(void)
{
	unsigned int i, seed;

	for (seed = 0; seed < 4; seed++) {
		start(true, false);
		bring_up();
		hostile_start(h.vm, seed, 1000,
			      "flip,late-write,late-dma,td-late,td-twice,td-addr,tail,head,msg-twice");
		for (i = 0; i < 20; i++)
			round_trip();
		tap_is(hostile_injected(h.vm, FAULT_LATE_DMA), 0);
		tap_ok(hostile_injected(h.vm, FAULT_LATE_WRITE));
		if (!vm_running(h.vm))
			bring_up();
		round_trip();
		for (i = 0; i < VM_PIPES; i++)
			if (h.vm->pipe[i].open)
				message(0, 0, i, 2, 0);
		tap_is(h.vm->pipe[1].open, false);
		memset(h.mem + 0x10000, 0x77, MEM_SIZE - 0x10000);
		for (i = 0; i < 10; i++)
			loop_once(1000);
		tap_ok(all_are(h.mem + 0x10000, MEM_SIZE - 0x10000, 0x77));

		/* After UNINIT no memory is written. */
		ring(1, 0);
		memset(h.mem, 0x55, MEM_SIZE);
		for (i = 0; i < 20; i++)
			loop_once(1000);
		tap_ok(all_are(h.mem, MEM_SIZE, 0x55));
		end();
	}
}

int main(void)
{
	TAP_RUN(test_rate);
	TAP_RUN(test_seed_restarts);
	TAP_RUN(test_every_kind);
	TAP_RUN(test_replay);
	TAP_RUN(test_returned_memory);
	TAP_RUN(test_off);
	return tap_end();
}
