/* SPDX-License-Identifier: GPL-2.0-only */
/* The event loop of the virtual modem: file descriptors and timers. */
#ifndef VMODEM_LOOP_H
#define VMODEM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds of CLOCK_MONOTONIC. */
uint64_t loop_now(void);

/* @events and the callback's argument are EPOLLIN | EPOLLOUT ... */
struct loop_fd {
	int fd;
	void (*fn)(struct loop_fd *lf, uint32_t events);
	void *priv;
};

/* The caller keeps @lf until loop_fd_del(); safe to call from callbacks. */
int loop_fd_add(struct loop_fd *lf, uint32_t events);
int loop_fd_mod(struct loop_fd *lf, uint32_t events);
void loop_fd_del(struct loop_fd *lf);

/* One shot; zero-initialise, set fn and priv, then arm. */
struct loop_timer {
	void (*fn)(struct loop_timer *t);
	void *priv;
	uint64_t at;			/* absolute, 0: not armed */
	struct loop_timer *next;	/* private to loop.c */
};

/* Arm (or move) the timer to @us microseconds from now; 0 means at once. */
void loop_timer_set(struct loop_timer *t, uint64_t us);
void loop_timer_cancel(struct loop_timer *t);

/*
 * Called once at the end of each round, in reverse order of registration. The
 * device registers first and runs last: its interrupt must follow the work that
 * the functions did in the same round.
 */
int loop_idle_add(void (*fn)(void *priv), void *priv);
void loop_idle_del(void (*fn)(void *priv), void *priv);

/*
 * Run one round: wait at most @max_us (or until the next timer) for an event,
 * handle all pending events, call the idle functions. For tests. Returns 0 or a
 * negative errno.
 */
int loop_once(uint64_t max_us);

/* Runs until loop_stop(); 0 or a negative errno. */
int loop_run(void);
void loop_stop(void);

#endif
