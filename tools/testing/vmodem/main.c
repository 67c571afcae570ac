// SPDX-License-Identifier: GPL-2.0-only
/* vmodem: command line, and creation of all parts. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "device.h"
#include "hostile.h"
#include "loop.h"
#include "vfu.h"

#include <sys/epoll.h>

#define VERSION "0.1"

static const char usage[] =
"Usage: vmodem --socket PATH [OPTION]...\n"
"\n"
"A virtual Intel XMM7560/XMM7360 modem: a PCIe function on a vfio-user socket\n"
"(QEMU's vfio-user-pci is the client) with a mobile network behind it.\n"
"\n"
"  --socket PATH         vfio-user socket to listen on\n"
"  --control PATH        control socket, see vmctl\n"
"  --device 7560|7360    PCI device id (7560: MBIM, 7360: XMM RPC)\n"
"  --mux aggregation|lite  protocol of the IP channel (aggregation)\n"
"  --credits             uplink flow credits\n"
"  --credit-start N      bytes granted when a session opens (65536)\n"
"  --ul-pad N            UL head padding announced (0)\n"
"  --boot-delay MS       from power on until the execution stage is valid (0)\n"
"  --init-delay MS       from doorbell INIT until state INIT (0)\n"
"  --boot-stage run|rom  start with firmware, or in the boot ROM (run)\n"
"  --rom-time MS         leave the boot ROM after this time (0: by boot-run)\n"
"  --attach auto|mbim    route sessions always, or while connected (auto)\n"
"  --quirks none|reference  tolerate the quirks of the reference driver (none)\n"
"  --hostile SEED[,RATE]  inject RATE faults per 1000 opportunities (10)\n"
"  --log FILE            append the log to FILE (standard error)\n"
"  --verbose             log every message, mapping and request\n"
"  --version, --help\n";

enum {
	OPT_SOCKET = 256, OPT_CONTROL, OPT_DEVICE, OPT_MUX, OPT_CREDITS,
	OPT_CREDIT_START, OPT_UL_PAD, OPT_BOOT_DELAY, OPT_INIT_DELAY,
	OPT_BOOT_STAGE, OPT_ROM_TIME, OPT_ATTACH, OPT_QUIRKS, OPT_HOSTILE,
	OPT_LOG, OPT_VERBOSE, OPT_VERSION, OPT_HELP,
};

static const struct option options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "mux", required_argument, NULL, OPT_MUX },
	{ "credits", no_argument, NULL, OPT_CREDITS },
	{ "credit-start", required_argument, NULL, OPT_CREDIT_START },
	{ "ul-pad", required_argument, NULL, OPT_UL_PAD },
	{ "boot-delay", required_argument, NULL, OPT_BOOT_DELAY },
	{ "init-delay", required_argument, NULL, OPT_INIT_DELAY },
	{ "boot-stage", required_argument, NULL, OPT_BOOT_STAGE },
	{ "rom-time", required_argument, NULL, OPT_ROM_TIME },
	{ "attach", required_argument, NULL, OPT_ATTACH },
	{ "quirks", required_argument, NULL, OPT_QUIRKS },
	{ "hostile", required_argument, NULL, OPT_HOSTILE },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

struct args {
	struct vm_config config;
	const char *socket, *control, *log;
	bool hostile;
	uint64_t seed, rate;
};

static void refuse(const char *option, const char *value)
{
	fprintf(stderr, "vmodem: %s: invalid value '%s', try --help\n", option,
		value);
	exit(2);
}

/* 0 for @first, 1 for @second. */
static int choice(const char *option, const char *value, const char *first,
		  const char *second)
{
	if (strcmp(value, first) && strcmp(value, second))
		refuse(option, value);
	return !strcmp(value, second);
}

static uint32_t number(const char *option, const char *value, uint32_t max)
{
	uint64_t n = 0;

	if (ctl_number(value, max, &n))
		refuse(option, value);
	return n;
}

/* SEED[,RATE] */
static void parse_hostile(struct args *a, char *value)
{
	char *comma = strchr(value, ',');

	a->hostile = true;
	a->rate = HOSTILE_RATE;
	if (comma)
		*comma = 0;
	if (ctl_number(value, UINT64_MAX, &a->seed) ||
	    (comma && ctl_number(comma + 1, 1000, &a->rate)))
		refuse("--hostile", value);
}

static void parse(struct args *a, int argc, char **argv)
{
	struct vm_config *c = &a->config;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (opt) {
		case OPT_SOCKET:
			a->socket = optarg;
			break;
		case OPT_CONTROL:
			a->control = optarg;
			break;
		case OPT_DEVICE:
			c->device_id = choice("--device", optarg, "7560",
					      "7360") ? 0x7360 : 0x7560;
			break;
		case OPT_MUX:
			c->mux = choice("--mux", optarg, "aggregation",
					"lite") ? VM_MUX_LITE :
						  VM_MUX_AGGREGATION;
			break;
		case OPT_CREDITS:
			c->credits = true;
			break;
		case OPT_CREDIT_START:
			c->credit_start = number("--credit-start", optarg,
						 UINT32_MAX);
			break;
		case OPT_UL_PAD:
			c->ul_head_pad = number("--ul-pad", optarg,
						UINT32_MAX);
			break;
		case OPT_BOOT_DELAY:
			c->boot_delay_ms = number("--boot-delay", optarg,
						  3600000);
			break;
		case OPT_INIT_DELAY:
			c->init_delay_ms = number("--init-delay", optarg,
						  3600000);
			break;
		case OPT_BOOT_STAGE:
			c->boot_rom = choice("--boot-stage", optarg, "run",
					     "rom");
			break;
		case OPT_ROM_TIME:
			c->rom_time_ms = number("--rom-time", optarg, 3600000);
			break;
		case OPT_ATTACH:
			c->attach_mbim = choice("--attach", optarg, "auto",
						"mbim");
			break;
		case OPT_QUIRKS:
			c->quirks_reference = choice("--quirks", optarg,
						     "none", "reference");
			break;
		case OPT_HOSTILE:
			parse_hostile(a, optarg);
			break;
		case OPT_LOG:
			a->log = optarg;
			break;
		case OPT_VERBOSE:
			c->verbose = true;
			break;
		case OPT_VERSION:
			puts("vmodem " VERSION);
			exit(0);
		case OPT_HELP:
			fputs(usage, stdout);
			exit(0);
		default:
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "vmodem: unexpected argument '%s', try --help\n",
			argv[optind]);
		exit(2);
	}
	if (!a->socket) {
		fprintf(stderr, "vmodem: --socket is missing, try --help\n");
		exit(2);
	}
}

static void stop(struct loop_fd *lf, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(lf->fd, &info, sizeof(info)) == sizeof(info))
		vm_log(lf->priv, "terminated by signal %u", info.ssi_signo);
	loop_stop();
}

static int catch_signals(struct vm *vm)
{
	static struct loop_fd lf;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	lf.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (lf.fd < 0)
		return -errno;
	lf.fn = stop;
	lf.priv = vm;
	return loop_fd_add(&lf, EPOLLIN);
}

static int functions(struct vm *vm)
{
	struct net *net = net_create(vm);
	int ret;

	if (!net)
		return -ENOMEM;
	ret = mux_create(vm, net);
	if (!ret && vm_config(vm)->device_id == 0x7560)
		ret = mbim_create(vm, net);
	if (!ret)
		ret = at_create(vm);
	if (!ret && vm_config(vm)->device_id == 0x7360)
		ret = rpc_create(vm, net);
	if (!ret)
		ret = misc_create(vm);
	return ret;
}

static int fail(const char *what, int ret)
{
	fprintf(stderr, "vmodem: %s: %s\n", what, strerror(-ret));
	return 1;
}

int main(int argc, char **argv)
{
	struct args a = {
		.config = {
			.device_id = 0x7560,
			.mux = VM_MUX_AGGREGATION,
			.credit_start = 65536,
		},
	};
	static struct vm *vm;
	struct vfu *vfu;
	int ret;

	parse(&a, argc, argv);
	vm = vm_create(&a.config);
	if (!vm)
		return fail("the device", -ENOMEM);
	if (a.log) {
		ret = vm_log_open(vm, a.log);
		if (ret)
			return fail(a.log, ret);
	}
	ret = functions(vm);
	if (ret)
		return fail("the functions", ret);
	if (a.hostile)
		hostile_start(vm, a.seed, a.rate, NULL);
	ret = catch_signals(vm);
	if (ret)
		return fail("signals", ret);
	if (a.control) {
		ret = ctl_listen(vm, a.control);
		if (ret)
			return fail(a.control, ret);
	}
	vfu = vfu_create(vm, a.socket);
	if (!vfu)
		return fail(a.socket, -errno);
	vm_log(vm, "vmodem %s: %04x on %s", VERSION, a.config.device_id,
	       a.socket);
	ret = loop_run();
	/* Remove the sockets; the process exit frees the memory. */
	vfu_destroy(vfu);
	ctl_close(vm);
	return ret ? fail("event loop", ret) : 0;
}
