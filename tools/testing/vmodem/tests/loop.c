// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the event loop. */

#include "loop.h"
#include "tap.h"

static char order[8];
static int count;

static void note(void *priv)
{
	if (count < (int)sizeof(order))
		order[count++] = *(const char *)priv;
}

/*
 * Idle functions run in reverse order of registration: the device runs last and
 * raises the interrupt of the same round. In the other order the interrupt was
 * delayed by 10 s.
 */
static void test_idle_order(void)
{
	static char device = 'd', mux = 'm';

	tap_is(loop_idle_add(note, &device), 0);
	tap_is(loop_idle_add(note, &mux), 0);
	tap_is(loop_once(0), 0);
	tap_ok(count == 2 && order[0] == 'm' && order[1] == 'd');
	loop_idle_del(note, &mux);
	loop_idle_del(note, &device);
}

static void timer_note(struct loop_timer *t)
{
	note(t->priv);
}

static void test_timer_order(void)
{
	static char early = 'e', late = 'l', never = 'n';
	struct loop_timer a = { .fn = timer_note, .priv = &late };
	struct loop_timer b = { .fn = timer_note, .priv = &early };
	struct loop_timer c = { .fn = timer_note, .priv = &never };
	uint64_t start = loop_now();

	count = 0;
	loop_timer_set(&a, 4000);
	loop_timer_set(&c, 3000);
	loop_timer_set(&b, 2000);
	loop_timer_cancel(&c);
	while (count < 2 && loop_now() - start < 1000000)
		loop_once(100000);
	tap_ok(count == 2 && order[0] == 'e' && order[1] == 'l');
	tap_ok(loop_now() - start >= 4000);
}

int main(void)
{
	TAP_RUN(test_idle_order);
	TAP_RUN(test_timer_order);
	return tap_end();
}
