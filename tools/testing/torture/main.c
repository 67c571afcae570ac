// SPDX-License-Identifier: GPL-2.0-only
/* Runs one scenario in this guest, then checks for leftovers. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "torture.h"

struct options opt = {
	.seed = 1,
	.stride = 1,
	.pace = 1,
	.modem = "",
};

static const struct {
	const char *name;
	bool (*run)(void);
	const char *help;
} scenarios[] = {
	{ "hostile", scenario_hostile, "the modem violates the protocol" },
	{ "removal", scenario_removal, "the driver is removed under load" },
	{ "unplug", scenario_unplug, "the card is removed under load" },
	{ "stress", scenario_stress, "links flap, flows stop and resume, crashes" },
	{ "alloc_failures", scenario_alloc_failures, "allocations and mappings fail at random" },
	{ "faults", scenario_faults, "allocations and mappings fail one by one" },
	{ "reload", scenario_reload, "load and unload" },
};

static void explain(FILE *f)
{
	unsigned int i;

	fputs("usage: torture SCENARIO [KEY=VALUE]...\n"
"Runs in the guest of tools/testing/torture/run; see there.\n"
"Keys: seed, count (episodes), seconds (instead of a count), stride (of\n"
"failure points), rate (of faults), pace (factor of the pauses of clients),\n"
"data=1 (failures of the IP channel only), kind=alloc|dma|task (failures of\n"
"this kind only), driver=ours|reference, device=7560|7360, modem-exit=1 (the\n"
"process of the modem may be stopped), modem=ARGS (to restart the modem),\n"
"verbose=1\n"
"Scenarios:\n", f);
	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		fprintf(f, "  %-10s %s\n", scenarios[i].name, scenarios[i].help);
}

static void bad_option(const char *arg)
{
	fprintf(stderr, "torture: unknown option '%s'\n", arg);
	exit(2);
}

static void option(char *arg)
{
	char *value = strchr(arg, '=');

	if (!value)
		bad_option(arg);
	*value++ = 0;
	if (!strcmp(arg, "seed"))
		opt.seed = strtoull(value, NULL, 0);
	else if (!strcmp(arg, "count"))
		opt.count = strtoul(value, NULL, 0);
	else if (!strcmp(arg, "seconds"))
		opt.seconds = strtoul(value, NULL, 0);
	else if (!strcmp(arg, "stride"))
		opt.stride = strtoul(value, NULL, 0);
	else if (!strcmp(arg, "rate"))
		opt.rate = strtoul(value, NULL, 0);
	else if (!strcmp(arg, "pace"))
		opt.pace = strtoul(value, NULL, 0);
	else if (!strcmp(arg, "data"))
		opt.data = atoi(value);
	else if (!strcmp(arg, "kind"))
		opt.kind = value;
	else if (!strcmp(arg, "driver"))
		opt.reference = !strcmp(value, "reference");
	else if (!strcmp(arg, "device"))
		opt.is_7360 = !strcmp(value, "7360");
	else if (!strcmp(arg, "modem-exit"))
		opt.modem_exit = atoi(value);
	else if (!strcmp(arg, "modem"))
		opt.modem = value;
	else if (!strcmp(arg, "verbose"))
		opt.verbose = atoi(value);
	else
		bad_option(arg);
}

/* The restored modem works, and after the unload nothing is left. */
static bool finish(void)
{
	begin("end", opt.seed);
	if (!restore())
		return false;
	doing("last unload");
	if (unload_module()) {
		failed("module does not unload");
		return false;
	}
	return !leftovers() && report_clean();
}

int main(int argc, char *argv[])
{
	unsigned int i;
	bool ok;
	int a;

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		explain(stdout);
		return 0;
	}
	if (argc < 2) {
		explain(stderr);
		return 2;
	}
	for (a = 2; a < argc; a++)
		option(argv[a]);
	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (!strcmp(argv[1], scenarios[i].name))
			break;
	if (i == ARRAY_SIZE(scenarios)) {
		fprintf(stderr, "torture: no scenario '%s'\n", argv[1]);
		return 2;
	}
	report_start();
	begin(argv[1], opt.seed);
	ok = scenarios[i].run();
	/* After a report the state of the kernel is undefined: stop here. */
	if (ok)
		ok = finish();
	report_end();
	printf("%s\n", ok ? "done" : "failed");
	return ok ? 0 : 1;
}
