// SPDX-License-Identifier: GPL-2.0-only
/* The control commands of the device, and its statistics. */
#include <errno.h>
#include <string.h>

#include "device_priv.h"

static void say(struct vm_reply *r, int ret)
{
	switch (ret) {
	case 0:
		break;
	case -EPERM:
		ctl_error(r, "the host does not allow device sleep");
		break;
	case -EBUSY:
		ctl_error(r, "invalid in this state");
		break;
	case -ENODEV:
		ctl_error(r, "the device is not running");
		break;
	default:
		ctl_error(r, "%s", strerror(-ret));
	}
}

static void violations_show(const struct vm_violation_count *v,
			    struct vm_reply *r)
{
	for (; v; v = v->next)
		ctl_line(r, "%s %llu %s", v->name,
			 (unsigned long long)v->count, v->last);
}

static void violations_command(struct vm_violation_count **list, int argc,
			       char **argv, struct vm_reply *r)
{
	if (argc == 1) {
		violations_show(*list, r);
	} else if (argc == 2 && !strcmp(argv[1], "clear")) {
		violation_clear(*list);
		*list = NULL;
	} else {
		ctl_error(r, "usage: %s [clear]", argv[0]);
	}
}

static void cmd_violations(void *priv, int argc, char **argv,
			   struct vm_reply *r)
{
	struct vm *vm = priv;

	violations_command(&vm->violations, argc, argv, r);
}

static void cmd_quirks(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct vm *vm = priv;

	violations_command(&vm->quirks, argc, argv, r);
}

static void cmd_state(void *priv, int argc, char **argv, struct vm_reply *r)
{
	static const char * const ipc[] = {
		"UNINIT", "INIT", "RUNNING", "RECOVERY", "ERROR",
	};
	struct vm *vm = priv;

	(void)argc;
	(void)argv;
	ctl_line(r, "connected %d", vm->powered);
	ctl_line(r, "stage %s", vm_stage_name(vm_stage(vm)));
	ctl_line(r, "ipc %s", ipc[vm_ipc(vm)]);
	ctl_line(r, "sleep %s", vm->forced_sleep ? "forced" : sleep_name(vm));
	ctl_line(r, "sleep-allowed %d", vm->sleep_allowed);
	ctl_line(r, "host-sleep %d", vm->host_sleep);
	ctl_line(r, "in-band-crash %d", vm->in_band);
	ctl_line(r, "device %04x", vm->config.device_id);
	ctl_line(r, "mux %s", vm->config.mux == VM_MUX_LITE ? "lite" :
		 "aggregation");
	ctl_line(r, "credits %d", vm->config.credits);
	ctl_line(r, "quirks %s", vm->config.quirks_reference ? "reference" :
		 "none");
	ctl_line(r, "messages %s", vm->msg_stalled ? "stalled" : "running");
	if (vm->bus && vm->bus->state)
		vm->bus->state(vm->bus_priv, r);
}

static void cmd_sleep(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct vm *vm = priv;
	uint64_t ms;

	if (argc == 2 && !strcmp(argv[1], "now"))
		say(r, sleep_request(vm));
	else if (argc == 2 && !strcmp(argv[1], "off"))
		sleep_set_auto(vm, 0);
	else if (argc == 3 && !strcmp(argv[1], "auto") &&
		 !ctl_number(argv[2], 3600000, &ms) && ms)
		sleep_set_auto(vm, ms * 1000);
	else
		ctl_error(r, "usage: sleep now | sleep auto MS | sleep off");
}

static void cmd_wake(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct vm *vm = priv;

	(void)argc;
	(void)argv;
	if (vm->sleep != SLEEP_ASLEEP && vm->sleep != SLEEP_REQUESTED)
		say(r, -EBUSY);
	else
		sleep_wake(vm);
}

/* *@first: @value is @one. -EINVAL: it is neither @one nor @other. */
static int one_of(const char *value, const char *one, const char *other,
		  bool *first)
{
	*first = !strcmp(value, one);

	return *first || !strcmp(value, other) ? 0 : -EINVAL;
}

static void cmd_pipe(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct vm *vm = priv;
	uint64_t nr;
	bool stall;

	if (argc != 3 || ctl_number(argv[1], VM_PIPES - 1, &nr) ||
	    one_of(argv[2], "stall", "resume", &stall))
		ctl_error(r, "usage: pipe P stall|resume");
	else
		pipe_set_stalled(vm, nr, stall);
}

static void cmd_msg(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct vm *vm = priv;
	bool stall;

	if (argc != 2 || one_of(argv[1], "stall", "resume", &stall)) {
		ctl_error(r, "usage: msg stall|resume");
		return;
	}
	vm->msg_stalled = stall;
	if (!vm->msg_stalled && (vm_active(vm) || vm->host_sleep))
		message_run(vm);
}

static void cmd_host_sleep(void *priv, int argc, char **argv,
			   struct vm_reply *r)
{
	struct vm *vm = priv;
	bool refuse;

	if (argc != 2 || one_of(argv[1], "refuse", "allow", &refuse))
		ctl_error(r, "usage: host-sleep refuse|allow");
	else
		vm->refuse_sleep = refuse;
}

static void cmd_drop_msi(void *priv, int argc, char **argv,
			 struct vm_reply *r)
{
	struct vm *vm = priv;
	uint64_t n;

	if (argc != 2 || ctl_number(argv[1], UINT64_MAX, &n))
		ctl_error(r, "usage: drop-msi N");
	else
		vm->drop_msis = n;
}

static void cmd_crash(void *priv, int argc, char **argv, struct vm_reply *r)
{
	(void)argc;
	(void)argv;
	say(r, vm_crash(priv));
}

static void cmd_cd_ready(void *priv, int argc, char **argv,
			 struct vm_reply *r)
{
	(void)argc;
	(void)argv;
	say(r, vm_cd_ready(priv));
}

static void cmd_surprise_remove(void *priv, int argc, char **argv, struct vm_reply *r)
{
	(void)argc;
	(void)argv;
	(void)r;
	vm_surprise_remove(priv);
}

static void cmd_boot_run(void *priv, int argc, char **argv,
			 struct vm_reply *r)
{
	(void)argc;
	(void)argv;
	say(r, vm_boot_run(priv));
}

static void stats(void *priv, struct vm_reply *r, bool reset)
{
	struct vm *vm = priv;
	const struct { const char *name; uint64_t *value; } counters[] = {
		{ "msi", &vm->msis },
		{ "msi.dropped", &vm->msis_dropped },
		{ "msi.lost", &vm->msis_lost },
		{ "messages", &vm->message_count },
		{ "polls", &vm->polls },
		{ "register-reads", &vm->register_reads },
		{ "turn.count", &vm->turns },
		{ "turn.us", &vm->turns_us },
		{ "turn.most", &vm->turn_most },
		{ "dma.reads", &vm->dma_reads },
		{ "dma.writes", &vm->dma_writes },
		{ "sleep.count", &vm->sleeps },
		{ "wake.host", &vm->wakes_host },
		{ "wake.device", &vm->wakes_device },
	};
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (reset)
			vm->doorbells[i] = 0;
		else
			ctl_line(r, "doorbell.%u %llu", i,
				 (unsigned long long)vm->doorbells[i]);
	}
	for (i = 0; i < 16; i++) {
		if (reset)
			vm->reasons[i] = 0;
		else if (vm->reasons[i])
			ctl_line(r, "doorbell.0.reason.%u %llu", i,
				 (unsigned long long)vm->reasons[i]);
	}
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (reset)
			*counters[i].value = 0;
		else
			ctl_line(r, "%s %llu", counters[i].name,
				 (unsigned long long)*counters[i].value);
	}
	if (reset)
		memset(vm->turn_us, 0, sizeof(vm->turn_us));
	else
		ctl_line(r, "turn.median %llu",
			 (unsigned long long)vm_turn_median(vm));
	for (i = 0; i < VM_PIPES; i++) {
		struct vm_pipe *p = &vm->pipe[i];

		if (reset) {
			p->tds = 0;
			p->bytes = 0;
			continue;
		}
		if (i / 2 >= VM_CHANNELS || !vm->chan[i / 2].ops)
			continue;
		ctl_line(r, "pipe.%u.open %d", i, p->open);
		ctl_line(r, "pipe.%u.tds %llu", i, (unsigned long long)p->tds);
		ctl_line(r, "pipe.%u.bytes %llu", i,
			 (unsigned long long)p->bytes);
		ctl_line(r, "pipe.%u.posted %u", i, pipe_pending(p));
	}
	if (reset)
		return;
	ctl_line(r, "violations %llu",
		 (unsigned long long)vm_violations(vm, NULL));
	ctl_line(r, "quirks %llu", (unsigned long long)vm_quirks(vm, NULL));
}

int devctl_create(struct vm *vm)
{
	static const struct {
		const char *name;
		void (*fn)(void *priv, int argc, char **argv,
			   struct vm_reply *r);
		const char *help;
	} commands[] = {
		{ "state", cmd_state,
		  "state - stage, IPC state, sleep and power state" },
		{ "violations", cmd_violations,
		  "violations [clear] - lines NAME COUNT LAST-DETAIL" },
		{ "quirks", cmd_quirks,
		  "quirks [clear] - tolerated quirks, in the same form" },
		{ "sleep", cmd_sleep,
		  "sleep now | auto MS | off - ask the host for device sleep, once or when idle" },
		{ "wake", cmd_wake, "wake - wake up from device sleep" },
		{ "pipe", cmd_pipe,
		  "pipe P stall|resume - stall: stop taking UL TDs or filling DL TDs" },
		{ "msg", cmd_msg,
		  "msg stall|resume - stall: stop answering the message ring" },
		{ "host-sleep", cmd_host_sleep,
		  "host-sleep refuse|allow - refuse: answer SLEEP(host, enter) with an error" },
		{ "drop-msi", cmd_drop_msi,
		  "drop-msi N - drop the next N interrupts" },
		{ "crash", cmd_crash, "crash - go to stage CRASH" },
		{ "cd-ready", cmd_cd_ready,
		  "cd-ready - after a crash: go to stage CD_READY" },
		{ "surprise-remove", cmd_surprise_remove,
		  "surprise-remove - every register reads all ones until the next plug" },
		{ "boot-run", cmd_boot_run,
		  "boot-run - leave the boot ROM for stage RUN" },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		ret = ctl_command(vm, commands[i].name, commands[i].fn, vm,
				  commands[i].help);
		if (ret)
			return ret;
	}
	return ctl_stats(vm, stats, vm);
}
