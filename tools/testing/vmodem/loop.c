// SPDX-License-Identifier: GPL-2.0-only
/* The event loop of the virtual modem: epoll, a sorted list of timers. */
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>

#include "loop.h"

#define LOOP_EVENTS	32
#define LOOP_IDLE	16

static int epoll_fd = -1;
static bool running;

/* Events of the current round; loop_fd_del() removes its events here. */
static struct epoll_event events[LOOP_EVENTS];
static int event_count;

static struct loop_timer *timers;

static struct {
	void (*fn)(void *priv);
	void *priv;
} idle[LOOP_IDLE];

uint64_t loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int loop_open(void)
{
	if (epoll_fd < 0)
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_fd < 0 ? -errno : 0;
}

int loop_fd_add(struct loop_fd *lf, uint32_t mask)
{
	struct epoll_event ev = { .events = mask, .data.ptr = lf };
	int ret = loop_open();

	if (ret)
		return ret;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, lf->fd, &ev) ? -errno : 0;
}

int loop_fd_mod(struct loop_fd *lf, uint32_t mask)
{
	struct epoll_event ev = { .events = mask, .data.ptr = lf };

	return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, lf->fd, &ev) ? -errno : 0;
}

void loop_fd_del(struct loop_fd *lf)
{
	int i;

	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, lf->fd, NULL);
	for (i = 0; i < event_count; i++)
		if (events[i].data.ptr == lf)
			events[i].data.ptr = NULL;
}

void loop_timer_set(struct loop_timer *t, uint64_t us)
{
	struct loop_timer **p = &timers;

	loop_timer_cancel(t);
	t->at = loop_now() + us;
	while (*p && (*p)->at <= t->at)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
}

void loop_timer_cancel(struct loop_timer *t)
{
	struct loop_timer **p = &timers;

	if (!t->at)
		return;
	while (*p && *p != t)
		p = &(*p)->next;
	if (*p)
		*p = t->next;
	t->at = 0;
	t->next = NULL;
}

int loop_idle_add(void (*fn)(void *priv), void *priv)
{
	int i;

	for (i = 0; i < LOOP_IDLE; i++) {
		if (idle[i].fn)
			continue;
		idle[i].fn = fn;
		idle[i].priv = priv;
		return 0;
	}
	return -ENOSPC;
}

void loop_idle_del(void (*fn)(void *priv), void *priv)
{
	int i;

	for (i = 0; i < LOOP_IDLE; i++)
		if (idle[i].fn == fn && idle[i].priv == priv)
			idle[i].fn = NULL;
}

/* Timers armed in this round expire in a later round at the earliest. */
static void loop_timers_run(void)
{
	uint64_t now = loop_now();

	while (timers && timers->at <= now) {
		struct loop_timer *t = timers;

		timers = t->next;
		t->at = 0;
		t->next = NULL;
		t->fn(t);
	}
}

static int loop_wait(uint64_t us)
{
	struct timespec ts = {
		.tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000,
	};
	static bool no_pwait2;
	int n;

	if (!no_pwait2) {
		n = epoll_pwait2(epoll_fd, events, LOOP_EVENTS, &ts, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		no_pwait2 = true;
	}
	/* Kernels before 5.11 support milliseconds only. */
	return epoll_wait(epoll_fd, events, LOOP_EVENTS, (us + 999) / 1000);
}

int loop_once(uint64_t max_us)
{
	int ret = loop_open();
	int i, n;

	if (ret)
		return ret;
	if (timers) {
		uint64_t now = loop_now();
		uint64_t left = timers->at > now ? timers->at - now : 0;

		if (left < max_us)
			max_us = left;
	}
	n = loop_wait(max_us);
	if (n < 0 && errno != EINTR)
		return -errno;

	event_count = n > 0 ? n : 0;
	for (i = 0; i < event_count; i++) {
		struct loop_fd *lf = events[i].data.ptr;

		if (lf)
			lf->fn(lf, events[i].events);
	}
	event_count = 0;
	loop_timers_run();
	for (i = LOOP_IDLE - 1; i >= 0; i--)
		if (idle[i].fn)
			idle[i].fn(idle[i].priv);
	return 0;
}

int loop_run(void)
{
	int ret = 0;

	running = true;
	while (running && !ret)
		ret = loop_once(10 * 1000000);
	return ret;
}

void loop_stop(void)
{
	running = false;
}
