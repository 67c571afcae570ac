/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * torture: the program that runs in the guest. It does not fork: under the debug
 * kernel and in software emulation a fork is slower than most scenarios.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SERVER		"10.99.0.1"
#define SESSIONS	8
/* For events that must occur. Long: the guest may get little CPU time. */
#define TIMEOUT_MS	60000
#define MODULE_FILE	"/lib/iosm/iosm.ko"

/* Options of the command line. */
struct options {
	uint64_t seed;
	unsigned int count;	/* 0: until @seconds are over */
	unsigned int seconds;
	unsigned int stride;	/* of failure points */
	unsigned int rate;	/* of faults */
	unsigned int pace;	/* factor of the pauses of clients */
	bool data;		/* faults: IP channel only */
	const char *kind;	/* faults: this kind only, NULL: all */
	bool reference;
	bool is_7360;
	bool modem_exit;	/* the process of the modem may be stopped */
	bool verbose;		/* print the time of each step */
	const char *modem;	/* arguments of the modem */
};

extern struct options opt;

/* ---- machine.c: this guest and its host ---- */

uint64_t now_ms(void);
void sleep_ms(unsigned int ms);
bool until(unsigned int ms, bool (*condition)(void));

int put(const char *path, const char *text);
int get(const char *path, char *text, size_t size);
bool exists(const char *path);
bool any_in(const char *folder, const char *prefix, char *name, size_t size);

bool host(char *reply, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool vmctl(const char *format, ...) __attribute__((format(printf, 1, 2)));

const char *card(void);
const char *driver_dir(void);
bool bound(void);
int bind_card(void);
int unbind_card(void);
int reset_card(void);
int remove_card(void);
int rescan_bus(void);
int slot_power(bool on);

bool loaded(void);
int load_module(void);
int unload_module(void);

const char *control_port(void);
bool ready(void);
bool all_gone(void);

/* ---- net.c ---- */

int link_add(unsigned int session);
int link_del(const char *name);
int link_up(const char *name, bool up);
int link_mtu(const char *name, int mtu);
int link_address(const char *name, unsigned int session);
void link_stats(const char *name);
const char *link_name(unsigned int session, char name[16]);
int udp_socket(const char *name, uint16_t port);
int udp_send(int fd, size_t size, uint32_t number);
bool ping(const char *name, unsigned int timeout_ms);

/* ---- clients.c: programs that use the modem ---- */

void clients_start(uint64_t seed);
void clients_pause(bool pause);
void clients_stop(void);
bool at_works(const char *device, unsigned int timeout_ms);
bool mbim_works(unsigned int timeout_ms);

/* ---- report.c: reports of the kernel's checkers ---- */

void report_start(void);
void report_end(void);
bool report_clean(void);
bool leftovers(void);
void allow(const char *pattern);

void begin(const char *scenario, uint64_t seed);
void failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
void counted(const char *what, unsigned long n);
void doing(const char *what);

/* ---- scenarios.c, faults.c ---- */

bool modem_works(void);
bool no_violations(void);
bool restore(void);
bool more(unsigned int i);
bool scenario_hostile(void);
bool scenario_removal(void);
bool scenario_unplug(void);
bool scenario_reload(void);
bool scenario_stress(void);
bool scenario_faults(void);
bool scenario_alloc_failures(void);

/* A small random number generator, identical on all machines. */
struct dice {
	uint64_t state;
};

static inline uint64_t throw(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline unsigned int below(struct dice *d, unsigned int n)
{
	return throw(d) % n;
}

#endif
