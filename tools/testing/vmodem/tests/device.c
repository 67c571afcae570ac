// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the device, its PCI function and the transport. The host is a
 * vfio-user client in this process with its own memory.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bytes.h"
#include "device_priv.h"
#include "tap.h"
#include "vfu.h"

/* Layout of the host memory as the device sees it */
#define BASE		0x40000000ull
#define MEM_SIZE	(4u << 20)
#define AT_CONTEXT	0x0000u
#define AT_INFO		0x0100u
#define AT_HEADS	0x0200u
#define AT_TAILS	0x0300u
#define AT_MHEAD	0x0400u
#define AT_MTAIL	0x0404u
#define AT_MRING	0x0800u
#define AT_RING(pipe)	(0x10000u + (pipe) * 0x1000u)
#define AT_BUFS(pipe)	(0x100000u + (pipe) * 0x10000u)
#define MESSAGES	8u
#define ENTRIES		8u
#define BUF_SIZE	2048u

enum {
	VERSION = 1, DMA_MAP, DMA_UNMAP, GET_INFO, REGION_INFO, IRQ_INFO = 7,
	SET_IRQS, REGION_READ, REGION_WRITE, RESET = 13,
};

struct fake_function {
	struct vm_chan *ch;
	unsigned int opens, closes, rooms, rxs;
	size_t len;
	uint8_t data[BUF_SIZE];
	bool echo;
};

static struct {
	struct vm *vm;
	struct vfu *vfu;
	int sock, memfd, msi;
	uint8_t *mem;
	uint16_t id;
	uint32_t head[VM_PIPES], mhead;
	struct fake_function fn[VM_CHANNELS];
} h;

/* SEED=N replaces the default seed of the random numbers. */
static unsigned int seed_from(unsigned int usual)
{
	const char *word = getenv("SEED");

	return word ? strtoul(word, NULL, 0) : usual;
}

/* ---- a function on each channel ---------------------------------------- */

static void fn_open(struct vm_chan *ch)
{
	struct fake_function *f = vm_chan_priv(ch);

	f->ch = ch;
	f->opens++;
}

static void fn_close(struct vm_chan *ch)
{
	struct fake_function *f = vm_chan_priv(ch);

	f->ch = NULL;
	f->closes++;
}

static void fn_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	struct fake_function *f = vm_chan_priv(ch);

	f->rxs++;
	f->len = len;
	memcpy(f->data, data, len < BUF_SIZE ? len : BUF_SIZE);
	if (f->echo)
		vm_chan_send(ch, data, len);
}

static void fn_room(struct vm_chan *ch)
{
	struct fake_function *f = vm_chan_priv(ch);

	f->rooms++;
}

static const struct vm_chan_ops fn_ops = {
	.name = "fake", .open = fn_open, .close = fn_close, .rx = fn_rx,
	.room = fn_room,
};

/* ---- vfio-user client -------------------------------------------------- */

/* Run the event loop for @us. */
static void run(uint64_t us)
{
	uint64_t end = loop_now() + us;

	do {
		loop_once(us < 1000 ? us : 1000);
	} while (loop_now() < end);
}

/* Wait for a condition, on a busy machine 10 s at most. */
#define UNTIL(cond)							\
	do {								\
		uint64_t until_end = loop_now() + 10000000;		\
		bool until_met;						\
									\
		while (!(until_met = (cond)) && loop_now() < until_end)	\
			run(10000);					\
		tap_check(until_met, #cond, __FILE__, __LINE__);	\
	} while (0)

static void settle(void)
{
	int i;

	for (i = 0; i < 4; i++)
		loop_once(0);
}

static bool vfio_send(uint16_t cmd, uint32_t flags, const void *body,
		      uint32_t len, int fd)
{
	uint8_t buf[8192] = { 0 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { .iov_base = buf, .iov_len = 16 + len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	put_le16(buf, ++h.id);
	put_le16(buf + 2, cmd);
	put_le32(buf + 4, 16 + len);
	put_le32(buf + 8, flags);
	memcpy(buf + 16, body, len);
	if (fd >= 0) {
		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(h.sock, &mh, MSG_NOSIGNAL) == (ssize_t)iov.iov_len;
}

/* Returns the errno of the reply (0: success), or -1 without a reply. */
static int vfio_reply(uint16_t cmd, uint8_t *reply, uint32_t *len)
{
	uint8_t buf[8192];
	ssize_t n;

	settle();
	n = recv(h.sock, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 16)
		return -1;
	tap_is(get_le16(buf), h.id);
	tap_is(get_le16(buf + 2), cmd);
	tap_is(get_le32(buf + 4), n);
	tap_is(get_le32(buf + 8) & 0xf, 1);
	if (reply) {
		*len = n - 16;
		memcpy(reply, buf + 16, n - 16);
	}
	tap_is(!!(get_le32(buf + 8) & 0x20), !!get_le32(buf + 12));
	return get_le32(buf + 12);
}

static int vfio(uint16_t cmd, const void *body, uint32_t len, int fd)
{
	vfio_send(cmd, 0, body, len, fd);
	return vfio_reply(cmd, NULL, NULL);
}

static int dma_map(uint64_t iova, uint64_t size, uint64_t offset, int fd)
{
	uint8_t body[32] = { 32, 0, 0, 0, 3 };

	put_le32(body + 8, offset);
	put_le32(body + 16, iova);
	put_le32(body + 20, iova >> 32);
	put_le32(body + 24, size);
	put_le32(body + 28, size >> 32);
	return vfio(DMA_MAP, body, sizeof(body), fd);
}

static int dma_unmap(uint64_t iova, uint64_t size)
{
	uint8_t body[24] = { 24 };

	put_le32(body + 8, iova);
	put_le32(body + 12, iova >> 32);
	put_le32(body + 16, size);
	put_le32(body + 20, size >> 32);
	return vfio(DMA_UNMAP, body, sizeof(body), -1);
}

static void region_head(uint8_t *body, unsigned int region, uint32_t offset,
			uint32_t size)
{
	memset(body, 0, 16);
	put_le32(body, offset);
	put_le32(body + 8, region);
	put_le32(body + 12, size);
}

static void posted(unsigned int region, uint32_t offset, uint64_t value,
		   uint32_t size)
{
	uint8_t body[24];

	region_head(body, region, offset, size);
	put_le32(body + 16, value);
	put_le32(body + 20, value >> 32);
	vfio_send(REGION_WRITE, 0x10, body, 16 + size, -1);
	settle();
}

static uint32_t region_read(unsigned int region, uint32_t offset,
			    uint32_t size)
{
	uint8_t body[16], reply[64] = { 0 };
	uint32_t len = 0;

	region_head(body, region, offset, size);
	vfio_send(REGION_READ, 0, body, sizeof(body), -1);
	tap_is(vfio_reply(REGION_READ, reply, &len), 0);
	tap_is(len, 16 + size);
	return get_le32(reply + 16);
}

static void doorbell(unsigned int nr, uint32_t value)
{
	posted(0, nr * 32 + 16, value, 4);
}

static uint32_t scratch(uint32_t offset)
{
	return region_read(2, offset, 4);
}

static void command_register(uint16_t value)
{
	posted(7, PCI_COMMAND, value, 2);
}

static void set_msi(bool on)
{
	uint8_t body[20] = { 20 };

	put_le32(body + 4, on ? 0x24 : 0x21);
	put_le32(body + 8, 1);
	put_le32(body + 16, on ? 1 : 0);
	tap_is(vfio(SET_IRQS, body, sizeof(body), on ? h.msi : -1), 0);
}

static uint64_t msis(void)
{
	uint64_t n = 0;

	return read(h.msi, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static uint32_t mem32(uint32_t at)
{
	return get_le32(h.mem + at);
}

static void set32(uint32_t at, uint32_t value)
{
	put_le32(h.mem + at, value);
}

static void set64(uint32_t at, uint64_t value)
{
	put_le32(h.mem + at, value);
	put_le32(h.mem + at + 4, value >> 32);
}

/* ---- host side of the interface ---------------------------------------- */

static void host_connect(void)
{
	static const uint8_t version[] = "\0\0\0\0{\"capabilities\":{}}";
	uint8_t info[16] = { 16 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	h.sock = pair[0];
	if (vfu_attach(h.vfu, pair[1]))
		abort();
	tap_is(vfio(VERSION, version, sizeof(version), -1), 0);
	tap_is(dma_map(BASE, MEM_SIZE, 0, h.memfd), 0);
	tap_is(vfio(GET_INFO, info, sizeof(info), -1), 0);
	set_msi(true);
	command_register(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void host_start_with(const struct vm_config *config)
{
	unsigned int i;

	memset(&h, 0, sizeof(h));
	h.vm = vm_create(config);
	if (!h.vm || vm_log_open(h.vm, "/dev/null"))
		abort();
	for (i = 0; i < 7; i++)
		vm_chan_attach(h.vm, i, &fn_ops, &h.fn[i]);
	h.vfu = vfu_create(h.vm, NULL);
	h.memfd = memfd_create("host", 0);
	h.msi = eventfd(0, EFD_NONBLOCK);
	if (!h.vfu || h.memfd < 0 || ftruncate(h.memfd, MEM_SIZE))
		abort();
	h.mem = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		     h.memfd, 0);
	host_connect();
}

static void host_start(void)
{
	struct vm_config config = { .device_id = 0x7560 };

	host_start_with(&config);
}

static void host_end(void)
{
	close(h.sock);
	settle();
	vfu_destroy(h.vfu);
	vm_destroy(h.vm);
	munmap(h.mem, MEM_SIZE);
	close(h.memfd);
	close(h.msi);
}

static void write_pair(uint32_t offset, uint64_t value)
{
	posted(2, offset, value & 0xffffffff, 4);
	posted(2, offset + 4, value >> 32, 4);
}

/* RUNNING takes a few milliseconds, or the state becomes ERROR. */
static void link_wait(void)
{
	while (h.vm->run.at)
		run(1000);
	settle();
}

static void host_init(void)
{
	memset(h.mem, 0, 0x10000);
	memset(h.head, 0, sizeof(h.head));
	h.mhead = 0;
	set64(AT_CONTEXT, BASE + AT_INFO);
	set64(AT_CONTEXT + 8, BASE + AT_HEADS);
	set64(AT_CONTEXT + 16, BASE + AT_TAILS);
	set64(AT_CONTEXT + 24, BASE + AT_MHEAD);
	set64(AT_CONTEXT + 32, BASE + AT_MTAIL);
	set64(AT_CONTEXT + 40, BASE + AT_MRING);
	set32(AT_CONTEXT + 48, MESSAGES);
	doorbell(1, 1);
	run(1000);
	tap_is(scratch(0x60), 1);
}

static void host_running(void)
{
	write_pair(0x6c, 0);
	write_pair(0x74, 0);
	write_pair(0x64, BASE + AT_CONTEXT);
	doorbell(1, 2);
	link_wait();
}

/* Post a message without the doorbell. */
static uint32_t message_post(uint64_t addr, unsigned int b8, unsigned int b9,
			     unsigned int b10, unsigned int type)
{
	uint32_t at = AT_MRING + h.mhead * 24;

	memset(h.mem + at, 0, 24);
	set64(at, addr);
	h.mem[at + 8] = b8;
	h.mem[at + 9] = b9;
	h.mem[at + 10] = b10;
	h.mem[at + 11] = type;
	h.mhead = (h.mhead + 1) % MESSAGES;
	set32(AT_MHEAD, h.mhead);
	return at + 20;
}

/* Completion status of the message */
static uint32_t message(uint64_t addr, unsigned int b8, unsigned int b9,
			unsigned int b10, unsigned int type)
{
	uint32_t at = message_post(addr, b8, b9, b10, type);

	doorbell(0, 0);
	return mem32(at);
}

static void host_up(void)
{
	host_init();
	host_running();
	tap_is(scratch(0x60), 2);
	tap_is(message(0, 1, 0, 0, 4), 1);
	tap_is(message(0, 0, 0, 0x80, 0xf0), 1);
}

static uint32_t open_pipe(unsigned int nr)
{
	set32(AT_HEADS + nr * 4, 0);
	h.head[nr] = 0;
	return message(BASE + AT_RING(nr), ENTRIES, 0, nr, 1);
}

static void open_channel(unsigned int chan)
{
	tap_is(open_pipe(chan * 2), 1);
	tap_is(open_pipe(chan * 2 + 1), 1);
	tap_is(h.fn[chan].opens - h.fn[chan].closes, 1);
}

static void td_write(unsigned int nr, uint64_t addr, uint32_t word,
		     uint32_t last)
{
	uint32_t at = AT_RING(nr) + h.head[nr] * 16;

	set64(at, addr);
	set32(at + 8, word);
	set32(at + 12, last);
	h.head[nr] = (h.head[nr] + 1) % ENTRIES;
	set32(AT_HEADS + nr * 4, h.head[nr]);
}

static uint64_t buffer(unsigned int nr)
{
	return BASE + AT_BUFS(nr) + h.head[nr] * BUF_SIZE;
}

/* A new TD with its own buffer, no doorbell. */
static void td_post(unsigned int nr, uint32_t size)
{
	td_write(nr, buffer(nr), size, 0);
}

static uint32_t td_word(unsigned int nr, unsigned int index)
{
	return mem32(AT_RING(nr) + index * 16 + 8);
}

static uint32_t tail(unsigned int nr)
{
	return mem32(AT_TAILS + nr * 4);
}

/* Exactly @name was reported since the last check. */
static void only(const char *name, const char *file, int line)
{
	struct vm_violation_count *v;
	bool good = name ? vm_violations(h.vm, name) > 0 : true;

	for (v = h.vm->violations; v; v = v->next) {
		if (name && !strcmp(v->name, name))
			continue;
		printf("# %s:%d: unexpected %s: %s\n", file, line, v->name,
		       v->last);
		good = false;
	}
	tap_check(good, name ? name : "no violation", file, line);
	violation_clear(h.vm->violations);
	h.vm->violations = NULL;
}

#define ONLY(name)	only(name, __FILE__, __LINE__)
#define CLEAN()		only(NULL, __FILE__, __LINE__)

/* ---- transport --------------------------------------------------------- */

static void test_config_space(void)
{
	uint8_t body[32] = { 32 }, reply[64];
	uint32_t len = 0;

	host_start();
	tap_is(region_read(7, 0, 4), 0x75608086);
	tap_is(region_read(7, 8, 4), 0x0d400001);
	tap_is(region_read(7, 0x34, 1), 0x40);
	tap_is(region_read(7, 0x40, 2), 0x5001);
	tap_is(region_read(7, 0x50, 2), 0x7005);
	tap_is(region_read(7, 0x70, 2), 0x0010);
	tap_is(region_read(7, 0x100, 4), 0x14820001);
	tap_is(region_read(7, 0x148, 4), 0x15010018);
	tap_is(region_read(7, 0x150, 4), 0x0001001e);
	/* BAR sizing */
	posted(7, 0x10, 0xffffffff, 4);
	tap_is(region_read(7, 0x10, 4), 0xfffff004);
	posted(7, 0x18, 0xffffffff, 4);
	tap_is(region_read(7, 0x18, 4), 0xffffff04);
	/* Read-only and write-1-to-clear bits */
	posted(7, 0, 0, 4);
	tap_is(region_read(7, 0, 4), 0x75608086);
	put_le32(body + 8, 2);
	vfio_send(REGION_INFO, 0, body, sizeof(body), -1);
	tap_is(vfio_reply(REGION_INFO, reply, &len), 0);
	tap_is(len, 32);
	tap_is(get_le32(reply + 16), 256);
	CLEAN();
	host_end();
}

static void test_7360_bar(void)
{
	struct vm_config config = { .device_id = 0x7360 };

	host_start_with(&config);
	tap_is(region_read(7, 0, 4), 0x73608086);
	posted(7, 0x18, 0xffffffff, 4);
	tap_is(region_read(7, 0x18, 4), 0xfffffc04);
	tap_is(scratch(0x3fc), 0);
	host_end();
}

static void test_bad_requests(void)
{
	uint8_t body[64] = { 0 };

	host_start();
	tap_is(vfio(VERSION, body, 3, -1), EINVAL);
	body[0] = 1;
	tap_is(vfio(VERSION, body, 8, -1), EINVAL);
	body[0] = 0;
	tap_is(vfio(99, body, 4, -1), ENOTSUP);
	tap_is(vfio(DMA_MAP, body, 16, -1), EINVAL);
	tap_is(dma_map(BASE, 4096, 0, h.memfd), EEXIST);
	tap_is(dma_map(0x1000, 4096, MEM_SIZE, h.memfd), EINVAL);
	tap_is(dma_map(0x1000, 4096, 0x10, h.memfd), EINVAL);
	tap_is(dma_map(0x1000, 0, 0, h.memfd), EINVAL);
	tap_is(dma_map(UINT64_MAX - 4095, 8192, 0, h.memfd), EINVAL);
	tap_is(dma_unmap(BASE, 0), EINVAL);
	region_head(body, 7, 4090, 16);
	tap_is(vfio(REGION_READ, body, 16, -1), EINVAL);
	region_head(body, 2, 0, 0x7fffffff);
	tap_is(vfio(REGION_READ, body, 16, -1), EINVAL);
	region_head(body, 2, 0x64, 400);
	tap_is(vfio(REGION_WRITE, body, 20, -1), EINVAL);
	region_head(body, 5, 0, 4);
	tap_is(vfio(REGION_READ, body, 16, -1), EINVAL);
	put_le32(body + 8, 77);
	tap_is(vfio(REGION_INFO, body, 32, -1), EINVAL);
	tap_is(vfio(IRQ_INFO, body, 16, -1), EINVAL);
	tap_ok(vfu_connected(h.vfu));
	CLEAN();
	host_end();
}

/* An invalid size closes the connection, a partial message waits. */
static void test_frames(void)
{
	uint8_t raw[32] = { 0 };

	host_start();
	put_le16(raw + 2, GET_INFO);
	put_le32(raw + 4, 32);
	tap_is(send(h.sock, raw, 10, 0), 10);
	settle();
	tap_ok(vfu_connected(h.vfu));
	tap_is(recv(h.sock, raw, 1, MSG_DONTWAIT), -1);
	put_le32(raw + 4, 32);
	tap_is(send(h.sock, raw + 10, 22, 0), 22);
	h.id = 0;
	tap_is(vfio_reply(GET_INFO, NULL, NULL), 0);
	put_le32(raw + 4, 15);
	send(h.sock, raw, 16, 0);
	settle();
	tap_ok(!vfu_connected(h.vfu));
	close(h.sock);
	host_connect();
	put_le32(raw + 4, 0xffffffff);
	send(h.sock, raw, 16, 0);
	settle();
	tap_ok(!vfu_connected(h.vfu));
	host_end();
}

static void test_mappings(void)
{
	uint64_t n;
	size_t len;
	void *p;

	host_start();
	host_up();
	/* Unmap a part in the middle: both sides must remain mapped. */
	tap_is(dma_unmap(BASE + 0x200000, 0x1000), 0);
	tap_is(vm_dma_write(h.vm, BASE + 0x1ff000, "abcd", 4), 0);
	tap_is(vm_dma_write(h.vm, BASE + 0x201000, "efgh", 4), 0);
	tap_ok(!memcmp(h.mem + 0x1ff000, "abcd", 4));
	tap_ok(!memcmp(h.mem + 0x201000, "efgh", 4));
	tap_is(vm_dma_write(h.vm, BASE + 0x200000, "x", 1), -EFAULT);
	ONLY("dma-address");
	/* Two adjacent mappings, in reverse order in the file */
	tap_is(dma_map(0x80000000, 0x1000, 0x301000, h.memfd), 0);
	tap_is(dma_map(0x80001000, 0x1000, 0x300000, h.memfd), 0);
	for (n = 0; n < 0x2000; n += 8)
		set64(0x300000 + n, n);
	{
		uint8_t buf[32];

		tap_is(vm_dma_read(h.vm, 0x80000ff0, buf, 32), 0);
		tap_is(get_le32(buf), 0x1ff0);
		tap_is(get_le32(buf + 16), 0);
	}
	len = 100;
	tap_is(h.vm->bus->dma(h.vm->bus_priv, 0x80001fff, &len, false, &p),
	       VM_DMA_OK);
	tap_is(len, 1);
	CLEAN();
	host_end();
}

static void test_garbage(void)
{
	unsigned int seed = seed_from(1), i, j;
	uint8_t raw[512];

	host_start();
	for (i = 0; i < 3000; i++) {
		uint32_t len = 16 + rand_r(&seed) % 120;

		for (j = 0; j < len; j++)
			raw[j] = rand_r(&seed);
		/*
		 * Mostly frames with a valid header, so that bodies are parsed
		 */
		put_le16(raw + 2, rand_r(&seed) % 17);
		put_le32(raw + 4, rand_r(&seed) % 50 ? len :
			 (uint32_t)rand_r(&seed));
		put_le32(raw + 8, rand_r(&seed) % 4 ? 0 : 0x10);
		for (j = 16; j < len; j += 4)
			if (rand_r(&seed) % 3)
				put_le32(raw + j, rand_r(&seed) % 40);
		send(h.sock, raw, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		settle();
		while (recv(h.sock, raw, sizeof(raw), MSG_DONTWAIT) > 0)
			;
		if (!vfu_connected(h.vfu)) {
			close(h.sock);
			host_connect();
		}
	}
	violation_clear(h.vm->violations);
	h.vm->violations = NULL;
	close(h.sock);
	settle();
	host_connect();
	host_up();
	CLEAN();
	host_end();
}

static void test_reconnect(void)
{
	unsigned int i;

	host_start();
	for (i = 0; i < 3; i++) {
		host_up();
		open_channel(6);
		close(h.sock);
		settle();
		tap_ok(!vfu_connected(h.vfu));
		tap_is(h.fn[6].closes, i + 1);
		host_connect();
		tap_is(scratch(0x60), 0);
	}
	CLEAN();
	host_end();
}

/* ---- power and boot ---------------------------------------------------- */

static void test_boot(void)
{
	struct vm_config config = {
		.device_id = 0x7560, .boot_delay_ms = 300, .init_delay_ms = 200,
		.credits = true,
	};

	host_start_with(&config);
	tap_is(scratch(0), 0);
	UNTIL(scratch(0) == STAGE_RUN);
	tap_is(scratch(0xf0), 0x0100);
	tap_is(scratch(0xf4), 1u << 8 | 1u << 9 | 1u << 21);
	tap_is(scratch(4) >> 8 & 0xff, 58);
	doorbell(1, 1);
	tap_is(scratch(0x60), 0);
	UNTIL(scratch(0x60) == 1);
	host_end();

	config.boot_delay_ms = 0;
	config.init_delay_ms = 0;
	config.mux = VM_MUX_LITE;
	config.credits = false;
	host_start_with(&config);
	tap_is(scratch(0xf4), 0);
	host_init();
	msis();
	host_running();
	tap_is(msis(), 1);
	tap_is(mem32(AT_INFO), STAGE_RUN);
	tap_is(mem32(AT_INFO + 4), 2);
	tap_is(mem32(AT_INFO + 8), 0);
	CLEAN();
	host_end();
}

static void test_boot_rom(void)
{
	struct vm_config config = { .device_id = 0x7560, .boot_rom = true };

	host_start_with(&config);
	tap_is(scratch(0), STAGE_BOOT);
	run(2000);
	tap_is(scratch(0), STAGE_BOOT);
	doorbell(1, 1);
	ONLY("ipc-order");
	posted(2, 0x54, 0x1000, 4);
	posted(2, 0x58, 0, 4);
	posted(2, 0x5c, 100, 4);
	doorbell(0, 0xfeedb007);
	tap_is(scratch(0x40), 0xff);
	tap_is(msis(), 1);
	tap_is(vm_boot_run(h.vm), 0);
	tap_is(scratch(0), STAGE_RUN);
	CLEAN();
	host_end();

	config.rom_time_ms = 200;
	host_start_with(&config);
	tap_is(scratch(0), STAGE_BOOT);
	UNTIL(scratch(0) == STAGE_RUN);
	CLEAN();
	host_end();
}

static void test_ipc_order(void)
{
	host_start();
	doorbell(1, 2);
	ONLY("ipc-order");
	doorbell(0, 0);
	ONLY("doorbell-not-running");
	doorbell(2, 1);
	ONLY("doorbell-not-running");
	doorbell(1, 3);
	ONLY("ipc-state-unknown");
	write_pair(0x64, BASE);
	ONLY("scratchpad-order");
	host_init();
	doorbell(1, 1);
	ONLY("ipc-order");
	doorbell(1, 2);
	link_wait();
	ONLY("context-missing");
	tap_is(scratch(0x60), IPC_ERROR);
	doorbell(1, 0);
	tap_is(scratch(0x60), 0);
	/* and it works afterwards */
	host_up();
	doorbell(1, 0);
	tap_is(scratch(0x60), 0);
	host_up();
	CLEAN();
	host_end();
}

static void try_context(uint32_t at, uint64_t value, unsigned int size,
			const char *violation)
{
	host_start();
	host_init();
	if (size == 8)
		set64(at, value);
	else
		set32(at, value);
	host_running();
	ONLY(violation);
	host_end();
}

static void test_context(void)
{
	unsigned int i;

	for (i = 0; i < 48; i += 8) {
		try_context(AT_CONTEXT + i, 0, 8, "context-invalid");
		try_context(AT_CONTEXT + i, BASE + 1, 8, "context-invalid");
	}
	/* Device information, heads and tails outside of host memory */
	try_context(AT_CONTEXT, 0xdead0000, 8, "dma-address");
	try_context(AT_CONTEXT + 24, 0xdead0000, 8, "dma-address");
	try_context(AT_CONTEXT + 48, 1, 4, "context-invalid");
	try_context(AT_CONTEXT + 48, MESSAGES | 1 << 16, 4, "context-vector");
	try_context(AT_MHEAD, 1, 4, "message-head-start");

	host_start();
	host_init();
	write_pair(0x64, BASE + 4);
	write_pair(0x6c, 0);
	write_pair(0x74, 0);
	doorbell(1, 2);
	link_wait();
	ONLY("context-invalid");
	tap_is(scratch(0x60), IPC_ERROR);
	host_end();

	host_start();
	host_init();
	write_pair(0x64, BASE + AT_CONTEXT);
	doorbell(1, 2);
	link_wait();
	ONLY("window-missing");
	host_end();
}

static void test_register_access(void)
{
	host_start();
	posted(0, 12, 0, 4);
	ONLY("bar0-write");
	posted(0, 16, 0, 2);
	ONLY("bar0-write");
	posted(0, 3 * 32 + 16, 0, 4);
	ONLY("bar0-write");
	region_read(0, 16, 4);
	ONLY("bar0-read");
	posted(2, 0, 0, 4);
	ONLY("scratchpad-read-only");
	tap_is(scratch(0), STAGE_RUN);
	posted(2, 0x60, 2, 4);
	ONLY("scratchpad-read-only");
	host_init();
	posted(2, 0x64, 0, 2);
	ONLY("scratchpad-size");
	posted(2, 0x64, 0, 8);
	ONLY("scratchpad-size");
	posted(2, 0x68, 0, 4);
	ONLY("scratchpad-halves");
	posted(2, 0x64, 0, 4);
	posted(2, 0x70, 0, 4);
	ONLY("scratchpad-halves");
	posted(2, 0x54, 0, 4);
	ONLY("scratchpad-order");
	host_end();
}

static void test_reset(void)
{
	uint8_t none[1];

	host_start();
	host_up();
	open_channel(6);
	tap_is(vfio(RESET, none, 0, -1), 0);
	tap_is(h.fn[6].closes, 1);
	tap_is(region_read(7, PCI_COMMAND, 2), 0);
	command_register(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	tap_is(scratch(0), STAGE_RUN);
	tap_is(scratch(0x60), 0);
	host_up();
	CLEAN();
	host_end();
}

static void test_crash(void)
{
	uint8_t none[1];

	host_start();
	host_up();
	open_channel(6);
	msis();
	tap_is(vm_crash(h.vm), 0);
	settle();
	tap_is(h.fn[6].closes, 1);
	tap_is(scratch(0), STAGE_CRASH);
	tap_is(mem32(AT_INFO), STAGE_CRASH);
	tap_is(msis(), 1);
	/* Doorbells are ignored and are no violation. */
	doorbell(0, 0);
	doorbell(1, 0);
	tap_is(vm_cd_ready(h.vm), 0);
	settle();
	tap_is(mem32(AT_INFO), STAGE_CD_READY);
	tap_is(msis(), 1);
	tap_is(vfio(RESET, none, 0, -1), 0);
	command_register(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	tap_is(scratch(0), STAGE_RUN);
	host_up();
	tap_is(vm_crash(h.vm), 0);
	/* Bus mastering is off: the stage is not written to memory. */
	command_register(PCI_COMMAND_MEMORY);
	tap_is(vm_cd_ready(h.vm), 0);
	tap_is(scratch(0), STAGE_CD_READY);
	tap_is(mem32(AT_INFO), STAGE_CRASH);
	tap_is(vfio(RESET, none, 0, -1), 0);
	command_register(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	host_up();
	/* Without FEATURE_SET bit 7 only the register changes. */
	h.vm->in_band = false;
	msis();
	tap_is(vm_crash(h.vm), 0);
	settle();
	tap_is(mem32(AT_INFO), STAGE_RUN);
	tap_is(msis(), 0);
	CLEAN();
	host_end();
}

static void test_surprise_remove(void)
{
	host_start();
	host_up();
	open_channel(6);
	vm_surprise_remove(h.vm);
	tap_is(h.fn[6].closes, 1);
	tap_is(scratch(0), 0xffffffff);
	tap_is(region_read(7, 0, 4), 0xffffffff);
	doorbell(0, 0);
	CLEAN();
	close(h.sock);
	settle();
	host_connect();
	host_up();
	CLEAN();
	host_end();
}

/* ---- message ring ------------------------------------------------------ */

static void test_messages(void)
{
	unsigned int i;

	host_start();
	host_up();
	msis();
	tap_is(message(0, 0, 0, 0, 0x77), 2);
	ONLY("message-type");
	tap_is(msis(), 1);
	/*
	 * Several messages at once, one interrupt, across the end of the ring
	 */
	for (i = 0; i < 3 * MESSAGES; i++) {
		message_post(0, 1, 1, 0, 4);
		if (i % 5 == 4)
			doorbell(0, 0);
	}
	doorbell(0, 0);
	tap_is(mem32(AT_MTAIL), h.mhead);
	CLEAN();
	tap_is(message(0, 2, 0, 0, 4), 2);
	ONLY("sleep-message");
	message(1, 1, 0, 0, 4);
	ONLY("message-reserved");
	set32(message_post(0, 1, 0, 0, 4), 1);
	doorbell(0, 0);
	ONLY("message-status");
	set32(AT_MHEAD, MESSAGES);
	doorbell(0, 0);
	ONLY("message-head-range");
	set32(AT_MHEAD, h.mhead);
	doorbell(0, 0);
	CLEAN();
	/* Stalled: no completions; the ring fills, then overflows. */
	h.vm->msg_stalled = true;
	for (i = 0; i < MESSAGES - 1; i++)
		message_post(0, 1, 0, 0, 4);
	doorbell(0, 0);
	tap_ok(mem32(AT_MTAIL) != h.mhead);
	CLEAN();
	message_post(0, 1, 0, 0, 4);
	doorbell(0, 0);
	ONLY("message-head-jump");
	host_end();
}

static void test_message_order(void)
{
	host_start();
	host_init();
	host_running();
	message(0, 0, 0, 0x80, 0xf0);
	ONLY("message-order");
	message(0, 1, 0, 0, 4);
	ONLY("message-order");
	host_end();
}

/* ---- pipes ------------------------------------------------------------- */

static void test_open_close(void)
{
	host_start();
	host_up();
	tap_is(open_pipe(14), 2);
	ONLY("open-pipe-number");
	tap_is(message(BASE + AT_RING(0), ENTRIES, 0, 200, 1), 2);
	ONLY("open-pipe-number");
	tap_is(message(BASE + AT_RING(0) + 4, ENTRIES, 0, 0, 1), 2);
	ONLY("open-pipe-ring");
	tap_is(message(0, ENTRIES, 0, 0, 1), 2);
	ONLY("open-pipe-ring");
	tap_is(message(UINT64_MAX - 7, ENTRIES, 0, 0, 1), 2);
	ONLY("open-pipe-ring");
	tap_is(message(BASE + AT_RING(0), 1, 0, 0, 1), 2);
	ONLY("open-pipe-entries");
	tap_is(message(0, 0, 0, 12, 2), 2);
	ONLY("close-pipe-closed");
	tap_is(message(0, 0, 0, 12, 3), 2);
	ONLY("abort-pipe-closed");
	tap_is(message(0, 0, 0, 255, 2), 2);
	ONLY("close-pipe-closed");
	tap_is(open_pipe(13), 1);
	ONLY("open-pipe-order");
	tap_is(open_pipe(12), 1);
	CLEAN();
	tap_is(h.fn[6].opens, 1);
	tap_is(open_pipe(12), 2);
	ONLY("open-pipe-open");
	tap_is(message(0, 0, 0, 13, 2), 1);
	ONLY("close-pipe-order");
	tap_is(h.fn[6].closes, 1);
	tap_is(message(0, 0, 0, 12, 2), 1);
	CLEAN();
	set32(AT_HEADS + 4 * 4, 3);
	doorbell(0, 0);
	ONLY("head-closed-pipe");
	tap_is(message(BASE + AT_RING(4), ENTRIES, 0, 4, 1), 1);
	ONLY("open-pipe-head");
	host_end();
}

static void test_uninit_with_pipes(void)
{
	host_start();
	host_up();
	open_channel(2);
	doorbell(1, 0);
	ONLY("uninit-pipe-open");
	tap_is(h.fn[2].closes, 1);
	host_end();

	host_start();
	h.vm->config.quirks_reference = true;
	host_up();
	open_channel(2);
	doorbell(1, 0);
	CLEAN();
	tap_is(vm_quirks(h.vm, "uninit-pipe-open"), 1);
	host_end();
}

static void test_uplink(void)
{
	uint64_t turns;
	unsigned int i;

	host_start();
	host_up();
	open_channel(6);
	msis();
	turns = h.vm->turns;
	for (i = 0; i < 3 * ENTRIES; i++) {
		unsigned int index = h.head[12];

		memset(h.mem + (buffer(12) - BASE), i + 1, 100);
		td_post(12, 100);
		doorbell(0, 3);
		tap_is(tail(12), h.head[12]);
		tap_is(td_word(12, index), 100 | 2 << 24);
		tap_is(h.fn[6].rxs, i + 1);
		tap_is(h.fn[6].len, 100);
		tap_is(h.fn[6].data[99], i + 1);
	}
	tap_is(msis(), 3 * ENTRIES);
	/* Each doorbell caused an interrupt, without delay. */
	tap_is(h.vm->turns - turns, 3 * ENTRIES);
	tap_ok(vm_turn_median(h.vm) <= h.vm->turn_most);
	tap_ok(h.vm->turns_us <= h.vm->turns * h.vm->turn_most);
	/* A doorbell without new TDs causes none. */
	turns = h.vm->turns;
	doorbell(0, 3);
	doorbell(0, 3);
	tap_is(h.vm->turns, turns);
	tap_is(h.vm->turn_from, 0);
	/* A full ring at once: one interrupt */
	for (i = 0; i < ENTRIES - 1; i++)
		td_post(12, 4);
	doorbell(0, 3);
	tap_is(msis(), 1);
	tap_is(tail(12), h.head[12]);
	CLEAN();
	host_end();
}

static void test_uplink_bad(void)
{
	static const struct {
		uint64_t addr;
		uint32_t word, last;
		unsigned int status;
		const char *name;
	} bad[] = {
		{ 0, 10, 0, 5, "td-address" },
		{ UINT64_MAX - 4, 10, 0, 5, "td-address" },
		{ 0xdead0000, 10, 0, 5, "dma-address" },
		{ BASE + MEM_SIZE - 4, 10, 0, 5, "dma-address" },
		{ BASE + 0x100000, 0, 0, 5, "td-size" },
		{ BASE + 0x100000, 10, 1, 2, "td-continuation" },
		{ BASE + 0x100000, 10, 1 << 24, 2, "td-reserved" },
	};
	unsigned int i, rxs;

	host_start();
	host_up();
	open_channel(6);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned int index = h.head[12];

		td_write(12, bad[i].addr, bad[i].word, bad[i].last);
		doorbell(0, 3);
		ONLY(bad[i].name);
		tap_is(td_word(12, index) >> 24, bad[i].status);
		tap_is(tail(12), h.head[12]);
	}
	/*
	 * The head moves back by one: no TD is processed, the violation is
	 * reported once, and the pipe works again when the head moves on.
	 */
	for (i = 0; i < ENTRIES; i++) {
		td_post(12, 10);
		doorbell(0, 3);
	}
	rxs = h.fn[6].rxs;
	set32(AT_HEADS + 12 * 4, (h.head[12] + ENTRIES - 1) % ENTRIES);
	doorbell(0, 3);
	doorbell(0, 3);
	tap_is(vm_violations(h.vm, NULL), 1);
	ONLY("td-status");
	tap_is(h.fn[6].rxs, rxs);
	td_post(12, 10);
	doorbell(0, 3);
	CLEAN();
	tap_is(h.fn[6].rxs, rxs + 1);
	tap_is(tail(12), h.head[12]);

	set32(AT_HEADS + 12 * 4, ENTRIES);
	doorbell(0, 3);
	doorbell(0, 3);
	tap_is(vm_violations(h.vm, NULL), 1);
	ONLY("pipe-head-range");
	set32(AT_HEADS + 12 * 4, h.head[12]);
	doorbell(0, 3);
	/* Stalled with two pending TDs; then the head moves back by one. */
	pipe_set_stalled(h.vm, 12, true);
	td_post(12, 10);
	td_post(12, 10);
	doorbell(0, 3);
	CLEAN();
	set32(AT_HEADS + 12 * 4, (h.head[12] + ENTRIES - 1) % ENTRIES);
	doorbell(0, 3);
	ONLY("pipe-head-jump");
	set32(AT_HEADS + 12 * 4, h.head[12]);
	pipe_set_stalled(h.vm, 12, false);
	settle();
	tap_is(tail(12), h.head[12]);
	CLEAN();
	host_end();
}

static void test_downlink(void)
{
	struct vm_chan *ch;
	unsigned int i;

	host_start();
	host_up();
	open_channel(6);
	ch = h.fn[6].ch;
	tap_is(vm_chan_send(ch, "x", 1), -EAGAIN);
	td_post(13, 64);
	doorbell(0, 7);
	tap_is(h.fn[6].rooms, 1);
	tap_is(vm_chan_room(ch), 64);
	tap_is(vm_chan_posted(ch), 1);
	tap_is(vm_chan_send(ch, h.mem, 65), -EMSGSIZE);
	msis();
	tap_is(vm_chan_send(ch, "hello", 5), 0);
	settle();
	tap_is(msis(), 1);
	tap_is(tail(13), 1);
	tap_is(td_word(13, 0), 5 | 2 << 24);
	tap_ok(!memcmp(h.mem + AT_BUFS(13), "hello", 5));
	tap_is(vm_chan_send(ch, "x", 1), -EAGAIN);
	/*
	 * Posted without a doorbell: found by polling, then the doorbell
	 * follows.
	 */
	td_post(13, 64);
	run(1000);
	tap_is(h.fn[6].rooms, 2);
	doorbell(0, 7);
	run(1020000);
	CLEAN();
	tap_is(vm_chan_send(ch, "x", 1), 0);
	tap_is(vm_chan_send(ch, "x", 1), -EAGAIN);
	/* ... and now it does not follow. */
	td_post(13, 64);
	UNTIL(vm_violations(h.vm, NULL));
	ONLY("dl-doorbell-missing");
	/*
	 * An invalid buffer is completed with an error, the next one is used.
	 */
	doorbell(0, 7);
	tap_is(vm_chan_send(ch, "x", 1), 0);
	i = h.head[13];
	td_write(13, 0, 64, 0);
	td_post(13, 64);
	doorbell(0, 7);
	tap_is(vm_chan_send(ch, "y", 1), 0);
	tap_is(td_word(13, i), 5u << 24);
	tap_is(td_word(13, i + 1), 1 | 2 << 24);
	ONLY("td-address");
	/* Stalled: no room until it is resumed */
	td_post(13, 64);
	doorbell(0, 7);
	pipe_set_stalled(h.vm, 13, true);
	tap_is(vm_chan_room(ch), 0);
	i = h.fn[6].rooms;
	pipe_set_stalled(h.vm, 13, false);
	tap_is(h.fn[6].rooms, i + 1);
	/* Abort returns all TDs. */
	i = h.head[13];
	td_post(13, 64);
	doorbell(0, 7);
	tap_is(message(0, 0, 0, 13, 3), 1);
	tap_is(td_word(13, i) >> 24, TD_ABORTED);
	tap_is(tail(13), h.head[13]);
	tap_is(vm_chan_posted(ch), 0);
	CLEAN();
	host_end();
}

/* For channel 0 a missing doorbell is a quirk of the reference driver. */
static void test_quirk_dl_doorbell(void)
{
	host_start();
	h.vm->config.quirks_reference = true;
	host_up();
	open_channel(0);
	tap_is(vm_chan_send(h.fn[0].ch, "x", 1), -EAGAIN);
	td_post(1, 64);
	UNTIL(vm_quirks(h.vm, "dl-doorbell-missing") == 1);
	CLEAN();
	tap_is(h.fn[0].rooms, 1);
	host_end();
}

static void test_echo_both_ways(void)
{
	unsigned int i;

	host_start();
	host_up();
	open_channel(2);
	h.fn[2].echo = true;
	for (i = 0; i < 50; i++) {
		uint32_t at = AT_BUFS(5) + h.head[5] * BUF_SIZE;

		memset(h.mem + (buffer(4) - BASE), i, 40);
		td_post(5, BUF_SIZE);
		td_post(4, 40);
		doorbell(0, 3);
		tap_is(h.mem[at + 39], i);
		tap_is(tail(4), h.head[4]);
		tap_is(tail(5), h.head[5]);
	}
	CLEAN();
	host_end();
}

/* An accumulating pipe raises fewer interrupts than TDs, and loses none. */
static void test_accumulation(void)
{
	uint32_t at = AT_MRING;
	unsigned int i;
	uint64_t n;

	host_start();
	host_up();
	at = message_post(BASE + AT_RING(0), ENTRIES, 0, 0, 1) - 20;
	set32(at + 16, 1000000);
	doorbell(0, 0);
	tap_is(open_pipe(1), 1);
	msis();
	for (i = 0; i < 60; i++) {
		td_post(0, 8);
		doorbell(0, 3);
	}
	n = msis();
	tap_is(n, 8);
	tap_is(tail(0), h.head[0]);
	run(1010000);
	tap_is(msis(), 1);
	CLEAN();
	host_end();
}

static void test_bus_master_and_window(void)
{
	host_start();
	host_up();
	open_channel(6);
	command_register(PCI_COMMAND_MEMORY);
	td_post(12, 10);
	doorbell(0, 3);
	ONLY("dma-bus-master");
	host_end();

	host_start();
	host_init();
	write_pair(0x6c, BASE);
	write_pair(0x74, BASE + 0x1fffff);
	write_pair(0x64, BASE + AT_CONTEXT);
	doorbell(1, 2);
	link_wait();
	tap_is(message(0, 1, 0, 0, 4), 1);
	tap_is(message(0, 0, 0, 0x80, 0xf0), 1);
	open_channel(6);
	td_write(12, BASE + 0x1ffff0, 16, 0);
	doorbell(0, 3);
	CLEAN();
	td_write(12, BASE + 0x1ffff0, 17, 0);
	doorbell(0, 3);
	ONLY("dma-window");
	host_end();
}

static void test_unmap_in_use(void)
{
	host_start();
	tap_is(dma_map(0x80000000, 0x2000, 0x200000, h.memfd), 0);
	host_up();
	open_channel(6);
	td_write(13, 0x80000000, 0x1000, 0);
	doorbell(0, 7);
	tap_is(dma_unmap(0x80001000, 0x1000), 0);
	CLEAN();
	tap_is(dma_unmap(0x80000000, 0x1000), 0);
	ONLY("unmap-in-use");
	tap_is(dma_unmap(BASE + AT_RING(12), 0x1000), 0);
	ONLY("unmap-in-use");
	doorbell(1, 0);
	violation_clear(h.vm->violations);
	h.vm->violations = NULL;
	tap_is(dma_unmap(BASE, 0x1000), 0);
	CLEAN();
	host_end();
}

/* ---- sleep ------------------------------------------------------------- */

static void test_device_sleep(void)
{
	struct vm_chan *ch;

	host_start();
	host_init();
	host_running();
	tap_is(sleep_request(h.vm), -EPERM);
	tap_is(message(0, 1, 0, 0, 4), 1);
	tap_is(message(0, 0, 0, 0x80, 0xf0), 1);
	open_channel(6);
	ch = h.fn[6].ch;
	td_post(13, 64);
	doorbell(0, 7);
	msis();
	doorbell(2, 1);
	ONLY("sleep-not-asked");
	doorbell(2, 0);
	ONLY("active-not-asked");
	doorbell(2, 2);
	ONLY("wakeup-awake");
	doorbell(2, 5);
	ONLY("sleep-value");
	tap_is(sleep_request(h.vm), 0);
	settle();
	tap_is(mem32(AT_INFO + 8), 1);
	tap_is(msis(), 1);
	tap_is(sleep_request(h.vm), -EBUSY);
	/* Requested only: everything still works. */
	td_post(12, 10);
	doorbell(0, 3);
	tap_is(h.fn[6].rxs, 1);
	CLEAN();
	doorbell(2, 1);
	tap_is(h.vm->sleep, SLEEP_ASLEEP);
	/* A head may move, but the host must not ring. */
	td_post(12, 10);
	run(2000);
	CLEAN();
	doorbell(0, 3);
	ONLY("doorbell-asleep");
	tap_is(h.fn[6].rxs, 1);
	msis();
	doorbell(2, 2);
	tap_is(mem32(AT_INFO + 8), 0);
	tap_is(msis(), 1);
	doorbell(0, 3);
	ONLY("doorbell-asleep");
	doorbell(2, 2);
	ONLY("wakeup-twice");
	doorbell(2, 0);
	tap_is(h.vm->sleep, SLEEP_AWAKE);
	doorbell(0, 3);
	tap_is(h.fn[6].rxs, 2);
	CLEAN();
	/* The device wakes up to send. */
	tap_is(sleep_request(h.vm), 0);
	doorbell(2, 1);
	tap_is(vm_chan_send(ch, "x", 1), -EAGAIN);
	settle();
	tap_is(mem32(AT_INFO + 8), 0);
	doorbell(2, 2);		/* a simultaneous wake-up is no violation */
	doorbell(2, 0);
	tap_is(h.fn[6].rooms, 1);
	tap_is(vm_chan_send(ch, "x", 1), 0);
	/* Withdrawn while the answer is pending */
	tap_is(sleep_request(h.vm), 0);
	sleep_wake(h.vm);
	doorbell(2, 1);
	tap_is(h.vm->sleep, SLEEP_WAKING);
	doorbell(2, 0);
	tap_is(h.vm->sleep, SLEEP_AWAKE);
	tap_is(h.vm->sleeps, 2);
	tap_is(h.vm->wakes_host, 1);
	tap_is(h.vm->wakes_device, 1);
	CLEAN();
	host_end();
}

static void test_sleep_doorbell_held(void)
{
	host_start();
	host_up();
	open_channel(6);
	td_post(12, 10);
	tap_is(sleep_request(h.vm), 0);
	doorbell(2, 1);
	ONLY("sleep-doorbell-held");
	host_end();

	host_start();
	host_up();
	open_channel(6);
	td_post(12, 10);
	tap_is(sleep_request(h.vm), 0);
	doorbell(0, 3);
	doorbell(2, 1);
	CLEAN();
	host_end();
}

static void test_sleep_auto(void)
{
	uint64_t start;

	host_start();
	host_up();
	sleep_set_auto(h.vm, 300000);
	run(200000);
	message(0, 1, 0, 0, 4);
	start = loop_now();
	run(200000);
	if (mem32(AT_INFO + 8))
		tap_ok(loop_now() - start >= 300000);
	UNTIL(mem32(AT_INFO + 8) == 1);
	doorbell(2, 1);
	sleep_set_auto(h.vm, 0);
	CLEAN();
	host_end();
}

static void test_host_sleep(void)
{
	host_start();
	host_up();
	open_channel(6);
	tap_is(message(0, 0, 1, 0, 4), 2);
	ONLY("sleep-message");
	h.vm->refuse_sleep = true;
	tap_is(message(0, 0, 0, 0, 4), 2);
	tap_ok(!h.vm->host_sleep);
	h.vm->refuse_sleep = false;
	CLEAN();
	tap_is(message(0, 0, 0, 0, 4), 1);
	tap_ok(h.vm->host_sleep);
	CLEAN();
	scratch(0);
	ONLY("host-sleep-access");
	doorbell(0, 1);
	ONLY("host-sleep-doorbell");
	doorbell(2, 1);
	ONLY("host-sleep-doorbell");
	tap_is(vm_chan_send(h.fn[6].ch, "x", 1), -EAGAIN);
	posted(7, 0x44, 3, 2);
	posted(7, 0x44, 0, 2);
	tap_is(message(0, 1, 0, 0, 4), 2);
	ONLY("host-sleep-message");
	td_post(13, 64);
	tap_is(message(0, 0, 1, 0, 4), 1);
	ONLY("host-sleep-head");
	tap_ok(!h.vm->host_sleep);
	tap_is(h.fn[6].rooms, 0);
	doorbell(0, 7);
	tap_is(h.fn[6].rooms, 1);
	tap_is(scratch(0), STAGE_RUN);
	CLEAN();
	posted(7, 0x44, 3, 2);
	ONLY("d3-while-running");
	host_end();
}

static void test_forced_sleep(void)
{
	host_start();
	host_up();
	open_channel(6);
	doorbell(2, 8);
	ONLY("force-active-not-asked");
	doorbell(2, 7);
	doorbell(0, 0);
	ONLY("forced-sleep-doorbell");
	scratch(0);
	ONLY("forced-sleep-access");
	doorbell(2, 1);
	ONLY("forced-sleep-doorbell");
	doorbell(2, 8);
	doorbell(2, 7);
	posted(7, 0x44, 3, 2);
	posted(7, 0x44, 0, 2);
	doorbell(2, 8);
	CLEAN();
	/* Asleep before, active afterwards */
	tap_is(sleep_request(h.vm), 0);
	doorbell(2, 1);
	doorbell(2, 7);
	td_post(12, 10);
	doorbell(2, 8);
	ONLY("forced-sleep-head");
	tap_is(h.vm->sleep, SLEEP_AWAKE);
	tap_is(mem32(AT_INFO + 8), 0);
	doorbell(0, 3);
	tap_is(h.fn[6].rxs, 1);
	CLEAN();
	host_end();
}

/* ---- interrupts -------------------------------------------------------- */

static void test_interrupt(void)
{
	host_start();
	host_up();
	msis();
	h.vm->drop_msis = 1;
	tap_is(message(0, 1, 0, 0, 4), 1);
	tap_is(msis(), 0);
	tap_is(message(0, 1, 0, 0, 4), 1);
	tap_is(msis(), 1);
	set_msi(false);
	tap_is(message(0, 1, 0, 0, 4), 1);
	tap_is(msis(), 0);
	tap_is(h.vm->msis_dropped, 1);
	tap_is(h.vm->msis_lost, 1);
	CLEAN();
	host_end();
}

/* ---- a hostile host ---------------------------------------------------- */

/* Whatever the host writes, the modem must survive and recover. */
static void test_hostile_host(void)
{
	unsigned int seed = seed_from(7), i, j;
	uint8_t none[1];

	host_start();
	for (i = 0; i < 4000; i++) {
		unsigned int nr = rand_r(&seed) % VM_PIPES;

		if (i % 100 == 0) {
			tap_is(vfio(RESET, none, 0, -1), 0);
			command_register(PCI_COMMAND_MEMORY |
					 PCI_COMMAND_MASTER);
			host_init();
			host_running();
			for (j = 0; j < 14; j++)
				open_pipe(j);
		}
		switch (rand_r(&seed) % 8) {
		case 0:
			for (j = 0; j < 400; j++)
				h.mem[AT_MRING + rand_r(&seed) % 0x400] =
					rand_r(&seed);
			set32(AT_MHEAD, rand_r(&seed) % (MESSAGES + 1));
			break;
		case 1:
			set32(AT_HEADS + nr * 4, rand_r(&seed) % 12);
			break;
		case 2:
			for (j = 0; j < 64; j++)
				set32(AT_RING(nr) + j * 4,
				      rand_r(&seed) % 3 ? BASE +
				      rand_r(&seed) % MEM_SIZE :
				      (uint64_t)rand_r(&seed));
			break;
		case 3:
			doorbell(2, rand_r(&seed) % 10);
			break;
		case 4:
			posted(2, rand_r(&seed) % 64 * 4, rand_r(&seed), 4);
			break;
		case 5:
			h.mem[rand_r(&seed) % 0x500] = rand_r(&seed);
			break;
		case 6:
			if (h.fn[nr % 7].ch)
				vm_chan_send(h.fn[nr % 7].ch, h.mem, 1500);
			break;
		case 7:
			if (rand_r(&seed) % 8 == 0)
				doorbell(1, rand_r(&seed) % 4);
			break;
		}
		doorbell(0, rand_r(&seed) % 16);
	}
	tap_ok(vm_violations(h.vm, NULL) > 100);
	violation_clear(h.vm->violations);
	h.vm->violations = NULL;
	tap_is(vfio(RESET, none, 0, -1), 0);
	command_register(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	violation_clear(h.vm->violations);
	h.vm->violations = NULL;
	host_up();
	open_channel(6);
	CLEAN();
	host_end();
}

int main(void)
{
	TAP_RUN(test_config_space);
	TAP_RUN(test_7360_bar);
	TAP_RUN(test_bad_requests);
	TAP_RUN(test_frames);
	TAP_RUN(test_mappings);
	TAP_RUN(test_garbage);
	TAP_RUN(test_reconnect);
	TAP_RUN(test_boot);
	TAP_RUN(test_boot_rom);
	TAP_RUN(test_ipc_order);
	TAP_RUN(test_context);
	TAP_RUN(test_register_access);
	TAP_RUN(test_reset);
	TAP_RUN(test_crash);
	TAP_RUN(test_surprise_remove);
	TAP_RUN(test_messages);
	TAP_RUN(test_message_order);
	TAP_RUN(test_open_close);
	TAP_RUN(test_uninit_with_pipes);
	TAP_RUN(test_uplink);
	TAP_RUN(test_uplink_bad);
	TAP_RUN(test_downlink);
	TAP_RUN(test_quirk_dl_doorbell);
	TAP_RUN(test_echo_both_ways);
	TAP_RUN(test_accumulation);
	TAP_RUN(test_bus_master_and_window);
	TAP_RUN(test_unmap_in_use);
	TAP_RUN(test_device_sleep);
	TAP_RUN(test_sleep_doorbell_held);
	TAP_RUN(test_sleep_auto);
	TAP_RUN(test_host_sleep);
	TAP_RUN(test_forced_sleep);
	TAP_RUN(test_interrupt);
	TAP_RUN(test_hostile_host);
	return tap_end();
}
