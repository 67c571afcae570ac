// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures on demand, by the kernel's own fault injection.
 *
 * Everywhere (fail_function): the n-th allocation or DMA mapping with the
 * driver on its stack fails, whatever context it happens in; n = 1, 2, 3 ...
 * until nothing fails any more. DMA mappings can be failed because inject.ko
 * puts them on the list of functions that may.
 * In this task (fail-nth): likewise, but everything that a system call
 * allocates, so also what the PCI, network and WWAN cores do around us.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "torture.h"

#define FAULT		"/sys/kernel/debug/fail_function/"
#define POINTS_MAX	2000
#define DEPTH		"32"

struct function {
	const char *name;
	const char *retval;
};

static const struct function allocations[] = {
	{ "should_failslab", "0xfffffffffffffff4" },	/* -ENOMEM */
	{ "should_fail_alloc_page", "1" },
	{ NULL, NULL }
};

static const struct function mappings[] = {
	{ "dma_map_page_attrs", "0xffffffffffffffff" },	/* DMA_MAPPING_ERROR */
	{ "dma_alloc_attrs", "0" },
	{ NULL, NULL }
};

static int set(const char *file, const char *text)
{
	char path[192];

	snprintf(path, sizeof(path), FAULT "%s", file);
	return put(path, text);
}

static bool inject(const struct function *f)
{
	char path[128];

	set("inject", " ");
	for (; f->name; f++) {
		if (set("inject", f->name)) {
			failed("no failure of %s", f->name);
			return false;
		}
		snprintf(path, sizeof(path), "%s/retval", f->name);
		if (set(path, f->retval)) {
			failed("no result for %s", f->name);
			return false;
		}
	}
	return true;
}

/* Address of a function of the kernel, 0 without. */
static unsigned long address_of(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long at, found = 0;
	char line[256], symbol[128];

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx %*c %127s", &at, symbol) == 2 &&
		    !strcmp(symbol, name))
			found = at;
	if (f)
		fclose(f);
	return found;
}

/* The checker of DMA goes out when it gets no memory: spare it. */
static bool spare_checker(void)
{
	unsigned long from = address_of("dma_entry_alloc");
	unsigned long to = address_of("debug_dma_free_pages");
	char text[64];

	if (!from || to < from)
		return true;
	snprintf(text, sizeof(text), "0x%lx", from);
	if (set("reject-start", text))
		return false;
	snprintf(text, sizeof(text), "0x%lx", to);
	return !set("reject-end", text);
}

/* Where the code of the module is: the stack must have an address of it. */
static bool aim(void)
{
	char text[64], path[] = "/sys/module/iosm/sections/.text";
	unsigned long start;

	if (get(path, text, sizeof(text)) <= 0)
		return false;
	start = strtoul(text, NULL, 16);
	if (!start)
		return false;
	snprintf(text, sizeof(text), "0x%lx", start);
	if (set("require-start", text))
		return false;
	/* Generous: what follows would be ours, or nobody's. */
	snprintf(text, sizeof(text), "0x%lx", start + 0x20000);
	return spare_checker() && !set("require-end", text) && !set("stacktrace-depth", DEPTH) &&
	       !set("task-filter", "N") && !set("interval", "1") &&
	       !set("verbose", "2");
}

static void disarm(void)
{
	set("probability", "0");
}

static bool arm(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	return !set("times", "1") && !set("space", text) &&
	       !set("probability", "100");
}

static bool hit(void)
{
	char text[16];

	return get(FAULT "times", text, sizeof(text)) > 0 && atoi(text) == 0;
}

static bool ready_or_hit(void)
{
	return ready() || hit();
}

/* ---- What is done while something fails ---- */

static unsigned int usual_ms = 300;	/* from binding to ready */
static int data_fd = -1;

static bool before_probe(void)
{
	unbind_card();
	return until(3000, all_gone);
}

static void do_probe(void)
{
	if (bind_card())
		return;
	until(PATIENCE_MS, ready_or_hit);
	until(2 * usual_ms, ready);
}

static bool after_probe(void)
{
	unbind_card();
	return until(3000, all_gone);
}

static bool before_reset(void)
{
	if (!bound())
		bind_card();
	return until(PATIENCE_MS, ready);
}

static void do_reset(void)
{
	reset_card();
	until(PATIENCE_MS, ready_or_hit);
	until(2 * usual_ms, ready);
}

static bool after_reset(void)
{
	unbind_card();
	return true;
}

static bool be_ready(void)
{
	if (ready())
		return true;
	unbind_card();
	bind_card();
	return until(PATIENCE_MS, ready);
}

static void do_port(void)
{
	int fd = open("/dev/wwan0at0", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char in[2048];

	if (fd < 0)
		return;
	if (write(fd, "ATI\r", 4) == 4 && poll(&p, 1, 200) > 0 &&
	    read(fd, in, sizeof(in)) < 0)
		errno = 0;
	close(fd);
}

static bool after_port(void)
{
	return at_works("/dev/wwan0at0", PATIENCE_MS);
}

static void do_control(void)
{
	mbim_works(200);
}

static bool after_control(void)
{
	return opt.is_7360 || mbim_works(PATIENCE_MS);
}

static void do_link(void)
{
	link_add(3);
}

static bool after_link(void)
{
	link_del("wwan0-3");
	return !exists("/sys/class/net/wwan0-3");
}

static bool before_up(void)
{
	return be_ready() && !link_up("wwan0", false);
}

static void do_up(void)
{
	link_up("wwan0", true);
}

static bool after_up(void)
{
	link_up("wwan0", false);
	return true;
}

static bool before_traffic(void)
{
	if (!be_ready() || link_up("wwan0", true) || link_address("wwan0", 0))
		return false;
	if (data_fd < 0)
		data_fd = udp_socket("wwan0", 9000);
	return data_fd >= 0;
}

/* Nothing else than sockets: a failure in the talk to the host would end it. */
static void do_packets(void)
{
	unsigned int i;
	uint8_t in[2048];

	for (i = 0; i < 32; i++)
		udp_send(data_fd, i & 1 ? 1400 : 64, i);
	for (i = 0; i < 20; i++) {
		nap(5);
		while (recv(data_fd, in, sizeof(in), MSG_DONTWAIT) > 0)
			;
	}
}

static void do_traffic(void)
{
	tell("gen 0 udp 0 1300 64");
	do_packets();
}

static bool before_packets(void)
{
	return before_traffic() && tell("gen 0 udp 500 1300 100");
}

static bool after_traffic(void)
{
	return ping("wwan0", PATIENCE_MS);
}

static void do_load(void)
{
	load_module();
}

static bool before_load(void)
{
	return !unload_module() && until(3000, all_gone);
}

struct operation {
	const char *name;
	bool (*before)(void);
	void (*run)(void);
	bool (*after)(void);
	unsigned int stride;	/* times the stride of the command line */
	bool data;		/* is another one in each flavour of the MUX */
};

static const struct operation everywhere[] = {
	{ "probe", before_probe, do_probe, after_probe, 2, false },
	{ "reset", before_reset, do_reset, after_reset, 4, false },
	{ "port", be_ready, do_port, after_port, 1, false },
	{ "control", be_ready, do_control, after_control, 1, false },
	{ "link", be_ready, do_link, after_link, 1, false },
	{ "up", before_up, do_up, after_up, 2, true },
	{ "traffic", before_traffic, do_traffic, after_traffic, 2, true },
	{ .name = NULL }
};

static void do_bind(void)
{
	bind_card();
}

static const struct operation in_task[] = {
	{ "bind", before_probe, do_bind, after_probe, 4, false },
	{ "open", be_ready, do_port, after_port, 1, false },
	{ "newlink", be_ready, do_link, after_link, 1, false },
	{ "ifup", before_up, do_up, after_up, 2, true },
	{ "packets", before_packets, do_packets, after_traffic, 2, true },
	{ "load", before_load, do_load, before_load, 8, false },
	{ .name = NULL }
};

/* The next operation that is wanted, NULL after the last one. */
static const struct operation *wanted(const struct operation *o)
{
	while (o->name && opt.data && !o->data)
		o++;
	return o->name ? o : NULL;
}

/* Points left out; of mappings there are few. */
static unsigned int step(const struct operation *o, bool few)
{
	unsigned int stride = few ? opt.stride / 8 : opt.stride;

	return stride > 1 ? stride * o->stride : 1;
}

/* One operation, again and again, until nothing fails any more. */
static bool sweep(const struct operation *o, const char *kind)
{
	unsigned int stride = step(o, kind[0] == 'd');
	unsigned int n, points = 0;
	bool was_hit = true;
	char what[64];

	snprintf(what, sizeof(what), "%s.%s", kind, o->name);
	for (n = 1 + opt.seed % stride; was_hit && n < POINTS_MAX;
	     n += stride) {
		begin(what, n);
		doing("before");
		if (!o->before()) {
			failed("cannot begin");
			return false;
		}
		if (!arm(n)) {
			failed("fault injection does not work");
			return false;
		}
		doing("failing");
		o->run();
		was_hit = hit();
		disarm();
		doing("after");
		if (!o->after()) {
			report_clean();
			failed("does not work afterwards");
			return false;
		}
		if (!report_clean())
			return false;
		points += was_hit;
	}
	snprintf(what, sizeof(what), "points.%s.%s", kind, o->name);
	counted(what, points);
	if (was_hit)
		failed("no end of failure points after %u", n);
	return !was_hit;
}

static int nth_file = -1;

static bool nth_set(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(nth_file, text, len, 0) == len;
}

/* What is left of it; 0: it failed. */
static unsigned int nth_get(void)
{
	char text[16] = "";

	return pread(nth_file, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
}

static bool sweep_task(const struct operation *o)
{
	unsigned int n, points = 0;
	bool was_hit = true;
	char what[64];

	snprintf(what, sizeof(what), "task.%s", o->name);
	for (n = 1 + opt.seed % step(o, false); was_hit && n < POINTS_MAX;
	     n += step(o, false)) {
		begin(what, n);
		doing("before");
		if (!o->before()) {
			failed("cannot begin");
			return false;
		}
		doing("failing");
		if (!nth_set(n)) {
			failed("fail-nth does not work");
			return false;
		}
		o->run();
		was_hit = !nth_get();
		nth_set(0);
		doing("after");
		if (!o->after()) {
			report_clean();
			failed("does not work afterwards");
			return false;
		}
		if (!report_clean())
			return false;
		points += was_hit;
	}
	snprintf(what, sizeof(what), "points.task.%s", o->name);
	counted(what, points);
	return true;
}

static bool prepare(void)
{
	/* Of the WWAN core, when it cannot make the default link. */
	allow("WARNING: .*wwan_create_default_link");
	allow("page allocation failure");
	allow("ref_tracker: memory allocation failure");
	/* Of the interrupt core, when there was no memory for /proc/irq/N. */
	allow("WARNING: .*remove_proc_entry");
	/* Of tracing, while a module is being loaded. */
	allow("WARNING: .*event_define_fields");

	if (!exists(FAULT "inject")) {
		failed("this kernel cannot fail on demand");
		return false;
	}
	disarm();
	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/failslab/verbose", "2");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "2");
	return restore() && aim();
}

static void measure(void)
{
	uint64_t start;

	unbind_card();
	until(3000, all_gone);
	start = now_ms();
	bind_card();
	if (until(PATIENCE_MS, ready))
		usual_ms = now_ms() - start + 50;
	printf("# %u ms from binding to ready\n", usual_ms);
}

bool scenario_faults(void)
{
	const struct operation *o;
	bool ok;

	begin("faults", opt.seed);
	if (!prepare())
		return false;
	measure();
	ok = inject(allocations);
	for (o = everywhere; ok && (o = wanted(o)); o++)
		ok = sweep(o, "alloc");
	ok = ok && be_ready() && inject(mappings);
	for (o = everywhere; ok && (o = wanted(o)); o++)
		ok = sweep(o, "dma");
	set("inject", " ");
	nth_file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	for (o = in_task; ok && (o = wanted(o)); o++)
		ok = sweep_task(o);
	if (nth_file >= 0)
		close(nth_file);
	if (data_fd >= 0)
		close(data_fd);
	return ok && restore() && modem_content();
}

/* ---- Shortage: everything fails now and then, under load ---- */

static bool starve_once(uint64_t seed)
{
	struct dice d = { seed };
	char text[16];

	inject(below(&d, 3) ? allocations : mappings);
	tell("gen 0 udp %u 1300", (200 + below(&d, 2000)) / opt.pace);
	tell("gen 1 udp %u 300", (200 + below(&d, 2000)) / opt.pace);
	set("times", "-1");
	set("space", "0");
	set("verbose", "0");
	snprintf(text, sizeof(text), "%u", 1 + below(&d, 60));
	set("probability", text);
	doing("shortage");
	switch (below(&d, 4)) {
	case 0:
		unbind_card();
		bind_card();
		break;
	case 1:
		reset_card();
		break;
	default:
		break;
	}
	nap(200 + below(&d, 500));
	disarm();
	clients_pause(true);
	if (!ready()) {
		/* Parts may be missing: begin again. */
		doing("bind after a shortage");
		unbind_card();
		bind_card();
	}
	if (!restore() || !report_clean() || !modem_content())
		return false;
	clients_pause(false);
	return true;
}

bool scenario_shortage(void)
{
	bool ok = true;
	unsigned int i;

	begin("shortage", opt.seed);
	if (!prepare())
		return false;
	clients_start(opt.seed);
	for (i = 0; ok && more(i); i++) {
		begin("shortage", opt.seed + i);
		ok = starve_once(opt.seed + i);
		counted("shortages", 1);
	}
	disarm();
	clients_stop();
	set("inject", " ");
	return ok;
}
