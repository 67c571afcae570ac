// SPDX-License-Identifier: GPL-2.0-only
/* Episodes: cause a failure, then check that the driver works again. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "torture.h"

static bool has_card(void)
{
	return !!card();
}

static bool no_card(void)
{
	return !card();
}

static bool try_ready(void)
{
	return ready();
}

static bool try_link(void)
{
	return !link_up("wwan0", true) && !link_address("wwan0", 0);
}

/* modem_works() - check ports, link and packets */
bool modem_works(void)
{
	static unsigned int turn;
	char text[1024];
	const char *why = NULL;

	doing("waiting until the modem is ready");
	if (!until(TIMEOUT_MS, try_ready)) {
		why = "timeout waiting for ports and link";
	} else {
		doing("AT");
		if (!at_works("/dev/wwan0at1", TIMEOUT_MS))
			why = "no OK to AT";
		else if (!opt.is_7360 && !(turn++ & 7) && !mbim_works(10000))
			why = "no answer to MBIM_OPEN";
		doing("ping");
		if (!why && !until(TIMEOUT_MS, try_link))
			why = "link does not come up";
		else if (!why && !ping("wwan0", TIMEOUT_MS))
			why = "no answer to ping";
	}
	if (!why)
		return true;
	host(text, sizeof(text), "modem state");
	printf("# state of the modem: %s", text);
	report_clean();
	failed("afterwards: %s", why);
	return false;
}

/*
 * no_violations() - check that the modem has counted no violation
 *
 * In hostile mode and during a surprise removal the modem causes violations
 * itself. The caller must not call this function after them.
 */
bool no_violations(void)
{
	/* Timeouts, which a guest without CPU time cannot meet. */
	static const char * const by_clock[] = {
		"mux-link-missing ", "mux-ack-missing ", "mux-stopped ",
		"dl-doorbell-missing ",
	};
	char text[4096], *line, *end;
	unsigned int i;

	if (opt.reference)
		return true;
	if (!host(text, sizeof(text), "modem violations")) {
		failed("cannot read the violations");
		return false;
	}
	for (line = text; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = 0;
		for (i = 0; i < ARRAY_SIZE(by_clock); i++)
			if (!strncmp(line, by_clock[i], strlen(by_clock[i])))
				break;
		if (i < ARRAY_SIZE(by_clock))
			continue;
		report_clean();
		failed("violation: %s", line);
		return false;
	}
	return true;
}

/* restore() - from any state: card in the slot, driver bound, modem works */
bool restore(void)
{
	doing("restoring");
	vmctl("hostile off");
	/* A slow guest would spend all its time on these packets. */
	vmctl("gen 0 stop");
	vmctl("gen 1 stop");
	if (!card())
		rescan_bus();
	if (!card()) {
		host(NULL, 0, "plug");
		if (!until(TIMEOUT_MS, has_card)) {
			slot_power(true);
			if (!until(TIMEOUT_MS, has_card)) {
				failed("afterwards: no card in the slot");
				return false;
			}
		}
	}
	if (!loaded() && load_module()) {
		failed("afterwards: module does not load");
		return false;
	}
	if (!bound()) {
		sleep_ms(20);
		if (!bound())
			bind_card();
	}
	return modem_works();
}

/* Let the clients run for a random time. */
static void run_for(struct dice *d, unsigned int least, unsigned int most)
{
	sleep_ms(least + below(d, most - least + 1));
}

static void generators(struct dice *d)
{
	vmctl("gen 0 udp %u %u", (200 + below(d, 2000)) / opt.pace,
	      64 + below(d, 1300));
	vmctl("gen 1 udp %u %u", (200 + below(d, 1000)) / opt.pace,
	      64 + below(d, 1300));
}

/* more() - run another episode? At least two; the first starts the time. */
bool more(unsigned int i)
{
	static uint64_t end;

	if (!i)
		end = now_ms() + opt.seconds * 1000ull;
	return opt.count ? i < opt.count : i < 2 || now_ms() < end;
}

/* ---- Hostile ---- */

static void reset_and_bind(void)
{
	doing("reset after faults");
	if (opt.reference) {
		unbind_card();
		reset_card();
		bind_card();
		return;
	}
	if (!bound()) {
		reset_card();
		bind_card();
	} else {
		reset_card();
	}
}

/* Number of faults that the modem has injected in this episode. */
static unsigned long faults_injected(void)
{
	static const char name[] = "injected ";
	char text[4096], *at;

	if (!host(text, sizeof(text), "modem hostile"))
		return 0;
	at = strstr(text, name);
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static bool try_faults(void)
{
	return faults_injected();
}

static bool hostile_once(uint64_t seed, unsigned long *faults)
{
	/* A low rate reaches later states, a high rate ends sessions early. */
	static const unsigned int rates[] = { 2, 5, 15, 40, 100, 300 };
	struct dice d = { seed };
	unsigned int rate = opt.rate ? opt.rate : rates[below(&d, 6)];
	unsigned int how = below(&d, 8);

	generators(&d);
	if (how == 0) {
		/* From the first register access on. */
		doing("unbind before faults");
		unbind_card();
		vmctl("hostile %llu %u mix", (unsigned long long)seed, rate);
		doing("bind to a hostile modem");
		bind_card();
	} else if (how == 1) {
		vmctl("hostile %llu %u mix", (unsigned long long)seed, rate);
		doing("reset of a hostile modem");
		reset_card();
	} else {
		run_for(&d, 0, 100);
		if (!vmctl("hostile %llu %u mix", (unsigned long long)seed, rate)) {
			failed("hostile mode is not supported");
			return false;
		}
	}
	doing("faults");
	run_for(&d, 100, 500);
	if (how == 2) {
		doing("unbind from a hostile modem");
		unbind_card();
	} else if (how == 3) {
		doing("unload under faults");
		unload_module();
	}
	/* Wait a little longer if there was no fault yet. */
	until(1000, try_faults);
	*faults = faults_injected();
	doing("end of faults");
	vmctl("hostile off");
	reset_and_bind();
	clients_pause(true);
	if (!restore() || !report_clean())
		return false;
	clients_pause(false);
	return true;
}

bool scenario_hostile(void)
{
	unsigned long faults;
	bool ok = true;
	unsigned int i;

	if (!restore())
		return false;
	clients_start(opt.seed);
	for (i = 0; ok && more(i); i++) {
		begin("hostile", opt.seed + i);
		faults = 0;
		ok = hostile_once(opt.seed + i, &faults);
		/* Do not count an episode without a fault. */
		counted("hostile.episodes", faults > 0);
		counted("hostile.faults", faults);
	}
	vmctl("hostile off");
	clients_stop();
	/* Faults in heads have caused violations. */
	vmctl("violations clear");
	return ok;
}

/* ---- Removals under load ---- */

static bool by_unbind(struct dice *d)
{
	(void)d;
	return !unbind_card();
}

static bool by_sysfs(struct dice *d)
{
	(void)d;
	return !remove_card();
}

static bool by_rmmod(struct dice *d)
{
	(void)d;
	return !unload_module();
}

static bool by_reset(struct dice *d)
{
	(void)d;
	return !reset_card();
}

static bool by_crash(struct dice *d)
{
	if (!vmctl("crash"))
		return false;
	sleep_ms(below(d, 200));
	if (below(d, 3) == 0)
		unload_module();
	else if (below(d, 2))
		unbind_card();
	reset_card();
	return true;
}

static void power_off_slot(void)
{
	doing("slot power off");
	slot_power(false);
	until(10000, no_card);
	sleep_ms(1500);		/* the slot needs time to power off */
}

static bool by_surprise_removal(struct dice *d)
{
	if (!vmctl("surprise-remove"))
		return false;
	sleep_ms(below(d, 300));
	if (below(d, 2)) {
		doing("unbind after surprise removal");
		unbind_card();
	}
	power_off_slot();
	return true;
}

static bool by_slot(struct dice *d)
{
	(void)d;
	power_off_slot();
	return no_card();
}

static bool by_button(struct dice *d)
{
	(void)d;
	return host(NULL, 0, "unplug");
}

static bool by_surprise(struct dice *d)
{
	(void)d;
	if (!host(NULL, 0, "surprise"))
		return false;
	doing("waiting for the hotplug driver");
	if (!until(TIMEOUT_MS, no_card))
		return false;
	sleep_ms(1500);
	return true;
}

/* The process of the modem exits: every register reads all ones. */
static bool by_modem_exit(struct dice *d)
{
	bool ok;

	ok = host(NULL, 0, "modem-stop");
	sleep_ms(below(d, 300));
	if (below(d, 2)) {
		doing("unbind after exit of the modem");
		unbind_card();
	}
	power_off_slot();
	return host(NULL, 0, "modem-start %s", opt.modem) && ok;
}

struct removal {
	const char *name;
	bool (*run)(struct dice *d);
	unsigned int weight;
	bool violates;	/* causes violations */
	bool slot;	/* the card is removed, see scenario_unplug() */
};

static const struct removal removals[] = {
	{ "unbind", by_unbind, 8, false, false },
	{ "sysfs", by_sysfs, 8, false, false },
	{ "rmmod", by_rmmod, 8, false, false },
	{ "reset", by_reset, 8, false, false },
	{ "crash", by_crash, 6, true, false },
	{ "surprise-remove", by_surprise_removal, 4, true, true },
	{ "slot", by_slot, 4, false, true },
	{ "surprise", by_surprise, 6, true, true },
	{ "button", by_button, 1, false, true },
	{ "modem-exit", by_modem_exit, 6, true, true },
};

static unsigned int weight(const struct removal *r, bool slot)
{
	if (r->slot != slot || (r->run == by_modem_exit && !opt.modem_exit))
		return 0;
	return r->weight;
}

static const struct removal *draw(struct dice *d, bool slot)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < ARRAY_SIZE(removals); i++)
		sum += weight(&removals[i], slot);
	at = below(d, sum);
	for (i = 0; at >= weight(&removals[i], slot); i++)
		at -= weight(&removals[i], slot);
	return &removals[i];
}

static bool run_removals(const char *scenario, bool slot)
{
	const struct removal *r;
	unsigned int i;
	bool ok = true;
	char what[64];

	if (!restore())
		return false;
	clients_start(opt.seed);
	for (i = 0; ok && more(i); i++) {
		struct dice d = { opt.seed + i };

		r = draw(&d, slot);
		begin(scenario, opt.seed + i);
		generators(&d);
		run_for(&d, 20, 200);
		snprintf(what, sizeof(what), "removal by %s", r->name);
		doing(what);
		if (!r->run(&d)) {
			failed("%s does not work", what);
			ok = false;
			break;
		}
		clients_pause(true);
		ok = restore() && report_clean();
		if (r->violates)
			vmctl("violations clear");
		else
			ok = ok && no_violations();
		clients_pause(false);
		counted("removals", 1);
		snprintf(what, sizeof(what), "removals.%s", r->name);
		counted(what, 1);
	}
	clients_stop();
	return ok;
}

bool scenario_removal(void)
{
	return run_removals("removal", false);
}

/*
 * The hotplug driver disables lockdep (see report.c). So this scenario is
 * separate and has its own guests.
 */
bool scenario_unplug(void)
{
	return run_removals("unplug", true);
}

/* ---- Load and unload ---- */

/* Unread packets in memory of the page pool of the driver. */
static int fill_socket(void)
{
	int fd, left = 100;
	uint8_t byte;

	if (link_up("wwan0", true) || link_address("wwan0", 0))
		return -1;
	fd = udp_socket("wwan0", 9000);
	if (fd < 0)
		return -1;
	vmctl("gen 0 udp 0 1300 200");
	while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && left--)
		sleep_ms(20);
	if (left < 0)
		failed("no packets in the socket");
	sleep_ms(20);
	return fd;
}

static unsigned long drain_socket(int fd)
{
	uint8_t in[2048];
	unsigned long n = 0;

	while (recv(fd, in, sizeof(in), MSG_DONTWAIT) > 0)
		n++;
	close(fd);
	return n;
}

static bool reload_once(struct dice *d)
{
	unsigned int how = below(d, 8);
	int fd = -1, port = -1;

	doing("load");
	if (load_module()) {
		failed("module does not load");
		return false;
	}
	if (how < 4) {
		sleep_ms(below(d, 60));
	} else {
		doing("waiting until the modem is ready");
		if (!until(TIMEOUT_MS, try_ready)) {
			failed("timeout waiting for ports and link");
			return false;
		}
	}
	if (how == 6) {
		fd = fill_socket();
		counted("reload.held", 1);
		if (fd < 0) {
			failed("no link for a socket");
			return false;
		}
	} else if (how == 7 && !at_works("/dev/wwan0at0", TIMEOUT_MS)) {
		failed("no OK to AT");
		return false;
	}
	doing("unload");
	if (unload_module()) {
		failed("module does not unload");
		return false;
	}
	if (fd >= 0)
		counted("reload.held.packets", drain_socket(fd));
	(void)port;
	return true;
}

bool scenario_reload(void)
{
	unsigned int i, n = opt.count ? opt.count : 500;
	struct dice d = { opt.seed };
	bool ok = true;

	/* Start with a card, but without a driver. */
	if (!restore())
		return false;
	unload_module();
	for (i = 0; ok && i < n; i++) {
		if (i % 50 == 0)
			begin("reload", opt.seed);
		ok = reload_once(&d) && report_clean();
		if (ok && i % 16 == 0)
			ok = no_violations();
		if (ok && i % 16 == 15)
			ok = !leftovers();
		counted("reloads", 1);
	}
	return ok;
}

/* ---- Stress: links flap, flows stop and resume, the modem crashes ---- */

/* Limits the time on slow guests. */
#define STRESS_ACTIONS	60
#define STRESS_MS	15000

static bool stress_once(uint64_t seed)
{
	struct dice d = { seed };
	uint64_t end;
	unsigned int i, s;
	char name[16];

	generators(&d);
	for (s = 2; s < 6; s++) {
		link_add(s);
		link_up(link_name(s, name), true);
		link_address(name, s);
	}
	vmctl("gen 3 udp %u 100", 2000 / opt.pace);
	doing("stress");
	end = now_ms() + STRESS_MS;
	for (i = 0; i < STRESS_ACTIONS && now_ms() < end; i++) {
		s = below(&d, 6);
		switch (below(&d, 4)) {
		case 0:
			vmctl("flow %u stop", s);
			break;
		case 1:
			vmctl("flow %u go", s);
			break;
		case 2:
			vmctl("link-report %u", s);
			break;
		default:
			s = 1 + s % 5;
			link_up(link_name(s, name), false);
			link_up(name, true);
			link_address(name, s);
			break;
		}
	}
	for (s = 0; s < SESSIONS; s++)
		vmctl("flow %u go", s);
	clients_pause(true);
	/* Before a crash: all sessions must work. */
	if (!modem_works())
		return false;
	link_up("wwan0-1", true);
	link_address("wwan0-1", 1);
	if (exists("/sys/class/net/wwan0-1") && !ping("wwan0-1", TIMEOUT_MS)) {
		failed("afterwards: no answer to ping on session 1");
		return false;
	}
	clients_pause(false);
	if (below(&d, 4) == 0) {
		doing("crash under stress");
		vmctl("crash");
		link_up("wwan0-1", false);
		link_up("wwan0-1", true);
		sleep_ms(below(&d, 100));
		reset_card();
		counted("stress.crashes", 1);
		clients_pause(true);
		if (!restore())
			return false;
		clients_pause(false);
	}
	return report_clean() && no_violations();
}

bool scenario_stress(void)
{
	bool ok = true;
	unsigned int i;

	if (!restore())
		return false;
	clients_start(opt.seed);
	for (i = 0; ok && more(i); i++) {
		begin("stress", opt.seed + i);
		ok = stress_once(opt.seed + i);
		counted("stress", 1);
	}
	clients_stop();
	return ok;
}
