// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures on demand by the fault injection of the kernel.
 *
 * Everywhere (fail_function): the n-th allocation or DMA mapping with the driver
 * on its stack fails, in any context, for n = 1, 2, 3 ... until no failure
 * occurs. DMA mappings can fail because inject.ko adds their functions to the
 * list for error injection.
 *
 * In this task (fail-nth): likewise, but all allocations of a system call fail,
 * including those of the PCI, network and WWAN cores.
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
			failed("cannot inject failures into %s", f->name);
			return false;
		}
		snprintf(path, sizeof(path), "%s/retval", f->name);
		if (set(path, f->retval)) {
			failed("cannot set the return value of %s", f->name);
			return false;
		}
	}
	return true;
}

/* Code from @from to @to (exclusive); @to 0: no code. */
struct range {
	unsigned long from;
	unsigned long to;
};

/*
 * Find the code of the module and that of the DMA API checker (between its first
 * and its last function).
 */
static void find_code(struct range *module, struct range *checker)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[256], symbol[128], in[64];
	unsigned long at;
	char type;
	int n;

	*module = (struct range){ ~0ul, 0 };
	*checker = (struct range){ 0, 0 };
	while (f && fgets(line, sizeof(line), f)) {
		n = sscanf(line, "%lx %c %127s [%63[^]]", &at, &type, symbol,
			   in);
		if (n == 3 && !strcmp(symbol, "dma_entry_alloc"))
			checker->from = at;
		if (n == 3 && !strcmp(symbol, "debug_dma_free_pages"))
			checker->to = at;
		if (n != 4 || strcmp(in, "iosm") || (type | 0x20) != 't')
			continue;
		if (at < module->from)
			module->from = at;
		/* The size of the last function is unknown. */
		if (at + 64 > module->to)
			module->to = at + 64;
	}
	if (f)
		fclose(f);
}

static bool set_range(const char *attribute, const char *what, struct range r)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "%s%s-start", attribute, what);
	snprintf(text, sizeof(text), "0x%lx", r.from);
	if (put(path, text))
		return false;
	snprintf(path, sizeof(path), "%s%s-end", attribute, what);
	snprintf(text, sizeof(text), "0x%lx", r.to);
	if (put(path, text))
		return false;
	snprintf(path, sizeof(path), "%sstacktrace-depth", attribute);
	return !put(path, DEPTH);
}

/*
 * Failures need the module on the stack, but not the DMA API checker, which is
 * disabled by the kernel after a failed allocation.
 */
static bool set_filters(void)
{
	static const char * const attributes[] = {
		FAULT, "/sys/kernel/debug/failslab/",
		"/sys/kernel/debug/fail_page_alloc/",
	};
	struct range module, checker;
	unsigned int i;

	find_code(&module, &checker);
	if (!module.to || !set_range(FAULT, "require", module))
		return false;
	printf("# failures need one of %lu KiB of code on the stack\n",
	       (module.to - module.from) / 1024);
	if (checker.from && checker.to > checker.from)
		for (i = 0; i < ARRAY_SIZE(attributes); i++)
			if (!set_range(attributes[i], "reject", checker))
				return false;
	return !set("task-filter", "N") && !set("interval", "1") &&
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

/* ---- Operations during which failures occur ---- */

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
	until(TIMEOUT_MS, ready_or_hit);
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
	return until(TIMEOUT_MS, ready);
}

static void do_reset(void)
{
	reset_card();
	until(TIMEOUT_MS, ready_or_hit);
	until(2 * usual_ms, ready);
}

static bool after_reset(void)
{
	unbind_card();
	return true;
}

static bool make_ready(void)
{
	if (ready())
		return true;
	unbind_card();
	bind_card();
	return until(TIMEOUT_MS, ready);
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
	return at_works("/dev/wwan0at0", TIMEOUT_MS);
}

static void do_control(void)
{
	mbim_works(200);
}

static bool after_control(void)
{
	return opt.is_7360 || mbim_works(TIMEOUT_MS);
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
	return make_ready() && !link_up("wwan0", false);
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
	if (!make_ready() || link_up("wwan0", true) || link_address("wwan0", 0))
		return false;
	if (data_fd < 0)
		data_fd = udp_socket("wwan0", 9000);
	return data_fd >= 0;
}

/* Sockets only: a failure would break the connection to the host. */
static void do_packets(void)
{
	unsigned int i;
	uint8_t in[2048];

	for (i = 0; i < 32; i++)
		udp_send(data_fd, i & 1 ? 1400 : 64, i);
	for (i = 0; i < 20; i++) {
		sleep_ms(5);
		while (recv(data_fd, in, sizeof(in), MSG_DONTWAIT) > 0)
			;
	}
}

static void do_traffic(void)
{
	vmctl("gen 0 udp 0 1300 64");
	do_packets();
}

static bool before_packets(void)
{
	return before_traffic() && vmctl("gen 0 udp 500 1300 100");
}

static bool after_traffic(void)
{
	return ping("wwan0", TIMEOUT_MS);
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
	unsigned int stride;	/* factor of the stride of the command line */
	bool data;		/* depends on the flavour of the MUX */
	bool maps;		/* has DMA mappings */
};

static const struct operation everywhere[] = {
	{ "probe", before_probe, do_probe, after_probe, .stride = 2, .maps = true },
	{ "reset", before_reset, do_reset, after_reset, .stride = 4 },
	{ "port", make_ready, do_port, after_port, .stride = 1, .maps = true },
	{ "control", make_ready, do_control, after_control, .stride = 1, .maps = true },
	{ "link", make_ready, do_link, after_link, .stride = 1 },
	{ "up", before_up, do_up, after_up, .stride = 2, .data = true, .maps = true },
	{ "traffic", before_traffic, do_traffic, after_traffic, .stride = 2,
	  .data = true, .maps = true },
	{ .name = NULL }
};

static void do_bind(void)
{
	bind_card();
}

static const struct operation in_task[] = {
	{ "bind", before_probe, do_bind, after_probe, .stride = 4 },
	{ "open", make_ready, do_port, after_port, .stride = 1 },
	{ "newlink", make_ready, do_link, after_link, .stride = 1 },
	{ "ifup", before_up, do_up, after_up, .stride = 2, .data = true },
	{ "packets", before_packets, do_packets, after_traffic, .stride = 2,
	  .data = true },
	{ "load", before_load, do_load, before_load, .stride = 8 },
	{ .name = NULL }
};

/* The next selected operation, NULL after the last one. */
static const struct operation *next_operation(const struct operation *o)
{
	while (o->name && opt.data && !o->data)
		o++;
	return o->name ? o : NULL;
}

/* Distance of tested points. There are few mappings. */
static unsigned int stride_of(const struct operation *o, bool few)
{
	unsigned int stride = few ? opt.stride / 8 : opt.stride;

	return stride > 1 ? stride * o->stride : 1;
}

static int nth_file = -1;

static bool nth_set(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(nth_file, text, len, 0) == len;
}

/* Remaining count; 0: the failure occurred. */
static unsigned int nth_get(void)
{
	char text[16] = "";

	return pread(nth_file, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
}

/* Test one point: the n-th call fails, and the driver works afterwards. */
static bool point(const struct operation *o, bool task, unsigned int n,
		  bool *was_hit)
{
	doing("before");
	if (!o->before()) {
		failed("cannot prepare the operation");
		return false;
	}
	doing("failing");
	if (!(task ? nth_set(n) : arm(n))) {
		failed("fault injection does not work");
		return false;
	}
	o->run();
	*was_hit = task ? !nth_get() : hit();
	if (task)
		nth_set(0);
	else
		disarm();
	doing("after");
	if (!o->after()) {
		report_clean();
		failed("does not work afterwards");
		return false;
	}
	return report_clean();
}

/*
 * Repeat one operation until no failure occurs. The number of allocations
 * differs slightly between runs: only repeated misses are the end.
 */
static bool sweep(const struct operation *o, const char *kind)
{
	unsigned int stride = stride_of(o, kind[0] == 'd');
	unsigned int n = 1 + opt.seed % stride, points = 0, misses = 0;
	bool was_hit;
	char what[64];

	snprintf(what, sizeof(what), "%s.%s", kind, o->name);
	while (misses < 3 && n < POINTS_MAX) {
		begin(what, n);
		if (!point(o, kind[0] == 't', n, &was_hit))
			return false;
		if (was_hit) {
			points++;
			misses = 0;
			n += stride;
		} else {
			misses++;
			/* The first point is beyond the last one: start at 1. */
			if (!points)
				n = 1;
		}
	}
	snprintf(what, sizeof(what), "points.%s.%s", kind, o->name);
	counted(what, points);
	if (n >= POINTS_MAX)
		failed("no end of failure points after %u", n);
	else if (!points && (kind[0] != 'd' || o->maps))
		failed("no failure occurred");
	else
		return true;
	return false;
}

static bool sweep_all(const struct operation *o, const char *kind)
{
	bool ok = true;

	for (; ok && (o = next_operation(o)); o++)
		ok = sweep(o, kind);
	return ok;
}

static bool kind_selected(const char *kind)
{
	return !opt.kind || !strcmp(opt.kind, kind);
}

static bool prepare(void)
{
	/* WWAN core, if it cannot create the default link. */
	allow("WARNING: .*wwan_create_default_link");
	allow("page allocation failure");
	allow("ref_tracker: memory allocation failure");
	/* Interrupt core, if /proc/irq/N could not be created. */
	allow("WARNING: .*remove_proc_entry");
	/* Tracing, during the load of a module. */
	allow("WARNING: .*event_define_fields");

	if (!exists(FAULT "inject")) {
		failed("this kernel has no fault injection");
		return false;
	}
	disarm();
	put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/failslab/verbose", "2");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	put("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	put("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	put("/sys/kernel/debug/fail_page_alloc/verbose", "2");
	return restore() && set_filters();
}

static void measure_probe(void)
{
	uint64_t start;

	unbind_card();
	until(3000, all_gone);
	start = now_ms();
	bind_card();
	if (until(TIMEOUT_MS, ready))
		usual_ms = now_ms() - start + 50;
	printf("# %u ms from binding to ready\n", usual_ms);
}

bool scenario_faults(void)
{
	bool ok;

	begin("faults", opt.seed);
	if (!prepare())
		return false;
	measure_probe();
	ok = true;
	if (kind_selected("alloc"))
		ok = inject(allocations) && sweep_all(everywhere, "alloc");
	if (ok && kind_selected("dma"))
		ok = make_ready() && inject(mappings) &&
		     sweep_all(everywhere, "dma");
	set("inject", " ");
	if (ok && kind_selected("task")) {
		nth_file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
		ok = sweep_all(in_task, "task");
	}
	if (nth_file >= 0)
		close(nth_file);
	if (data_fd >= 0)
		close(data_fd);
	return ok && restore() && no_violations();
}

/* ---- alloc_failures: random failures under load ---- */

#define FAILURES	1000000u	/* unlimited */

static bool alloc_failures_once(uint64_t seed, unsigned long *failures)
{
	struct dice d = { seed };
	char text[16];

	if (!inject(below(&d, 3) ? allocations : mappings))
		return false;
	vmctl("gen 0 udp %u 1300", (200 + below(&d, 2000)) / opt.pace);
	vmctl("gen 1 udp %u 300", (200 + below(&d, 2000)) / opt.pace);
	snprintf(text, sizeof(text), "%u", FAILURES);
	set("times", text);
	set("space", "0");
	set("verbose", "0");
	snprintf(text, sizeof(text), "%u", 1 + below(&d, 60));
	set("probability", text);
	doing("alloc_failures");
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
	sleep_ms(200 + below(&d, 500));
	disarm();
	if (get(FAULT "times", text, sizeof(text)) > 0)
		*failures += FAILURES - strtoul(text, NULL, 10);
	clients_pause(true);
	if (!ready()) {
		/* Parts may be missing: bind again. */
		doing("bind after allocation failures");
		unbind_card();
		bind_card();
	}
	if (!restore() || !report_clean() || !no_violations())
		return false;
	clients_pause(false);
	return true;
}

bool scenario_alloc_failures(void)
{
	unsigned long failures;
	bool ok = true;
	unsigned int i;

	begin("alloc_failures", opt.seed);
	if (!prepare())
		return false;
	clients_start(opt.seed);
	for (i = 0; ok && more(i); i++) {
		begin("alloc_failures", opt.seed + i);
		failures = 0;
		ok = alloc_failures_once(opt.seed + i, &failures);
		counted("alloc_failures", failures > 0);
		counted("alloc_failures.failures", failures);
	}
	disarm();
	clients_stop();
	set("inject", " ");
	return ok;
}
