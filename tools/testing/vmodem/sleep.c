// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleep, in three kinds:
 *
 *   device sleep   the device asks through the device information, the host
 *                  answers through doorbell 2:
 *
 *                    AWAKE --request 1--> REQUESTED --SLEEP--> ASLEEP
 *                      ^                                         |
 *                      +---ACTIVE--- WAKING <--request 0---------+
 *                                    (by itself, or after WAKEUP)
 *
 *   host sleep     SLEEP messages with target host
 *   forced sleep   doorbell 2 = FORCE_SLEEP, FORCE_ACTIVE
 */
#include <errno.h>

#include "device_priv.h"

enum {
	DB_ACTIVE = 0,
	DB_SLEEP = 1,
	DB_WAKEUP = 2,
	DB_FORCE_SLEEP = 7,
	DB_FORCE_ACTIVE = 8,
};

const char *sleep_name(const struct vm *vm)
{
	static const char * const names[] = {
		[SLEEP_AWAKE] = "active",
		[SLEEP_REQUESTED] = "requested",
		[SLEEP_ASLEEP] = "asleep",
		[SLEEP_WAKING] = "waking",
	};

	return names[vm->sleep];
}

/* ---- requests of the device -------------------------------------------- */

int sleep_request(struct vm *vm)
{
	if (!vm_running(vm) || !vm->sleep_allowed)
		return -EPERM;
	if (!vm_active(vm) || vm->sleep != SLEEP_AWAKE)
		return -EBUSY;
	/*
	 * The host must ring for heads that moved before this request before it
	 * answers SLEEP. Sample them now: it need not ring for later moves.
	 */
	vm->sleep_held = pipe_unrung(vm, &vm->sleep_held_dl);
	vm->sleep = SLEEP_REQUESTED;
	vm->sleep_grace = false;
	vm_info(vm, INFO_SLEEP, 1);
	return 0;
}

static void sleep_withdraw(struct vm *vm)
{
	vm->sleep = vm->sleep == SLEEP_ASLEEP ? SLEEP_WAKING : SLEEP_AWAKE;
	vm->wakeup_rung = false;
	vm_info(vm, INFO_SLEEP, 0);
}

void sleep_wake(struct vm *vm)
{
	if (!vm_running(vm) || vm->d3 || vm->host_sleep || vm->forced_sleep)
		return;
	if (vm->sleep == SLEEP_ASLEEP) {
		vm->wakes_device++;
		sleep_withdraw(vm);
	} else if (vm->sleep == SLEEP_REQUESTED) {
		/*
		 * The answer to the withdrawn request may be pending already.
		 */
		sleep_withdraw(vm);
		vm->sleep_grace = true;
	}
}

static void sleep_idle(struct loop_timer *t)
{
	struct vm *vm = t->priv;

	if (!vm->sleep_auto)
		return;
	if (pipe_any_waiting(vm) || sleep_request(vm))
		loop_timer_set(t, vm->sleep_auto);
}

void sleep_activity(struct vm *vm)
{
	if (!vm->sleep_auto)
		return;
	/* Cheap enough for every call: the list of timers is short. */
	loop_timer_set(&vm->sleep_timer, vm->sleep_auto);
}

void sleep_set_auto(struct vm *vm, uint64_t us)
{
	vm->sleep_auto = us;
	if (us)
		loop_timer_set(&vm->sleep_timer, us);
	else
		loop_timer_cancel(&vm->sleep_timer);
}

static void sleep_awake(struct vm *vm)
{
	vm->sleep = SLEEP_AWAKE;
	vm->wakeup_rung = false;
	sleep_activity(vm);
	pipe_continue(vm);
}

/* ---- doorbell 2 and messages ------------------------------------------- */

static void doorbell_sleep(struct vm *vm)
{
	if (vm->sleep_grace && vm->sleep == SLEEP_AWAKE) {
		/*
		 * The host answered before it noticed that the request was
		 * withdrawn.
		 */
		vm->sleep_grace = false;
		vm->sleep = SLEEP_WAKING;
		vm->wakeup_rung = false;
		vm_msi(vm);
		return;
	}
	if (vm->sleep != SLEEP_REQUESTED) {
		vm_violation(vm, "sleep-not-asked", "SLEEP while %s",
			     sleep_name(vm));
		return;
	}
	if (vm->sleep_held)
		vm_quirk(vm, vm->sleep_held_dl ? 1 : 8, "sleep-doorbell-held",
			 "SLEEP before doorbell 0 for heads moved earlier");
	vm->sleep_held = false;
	vm->sleep = SLEEP_ASLEEP;
	vm->sleeps++;
	pipe_asleep(vm);
	/* A function started to send while the request was pending. */
	if (pipe_any_waiting(vm))
		sleep_wake(vm);
}

static void doorbell_active(struct vm *vm)
{
	if (vm->sleep == SLEEP_WAKING) {
		sleep_awake(vm);
	} else if (vm->sleep_grace) {
		vm->sleep_grace = false;
	} else {
		vm_violation(vm, "active-not-asked", "ACTIVE while %s",
			     sleep_name(vm));
	}
}

static void doorbell_wakeup(struct vm *vm)
{
	if (vm->sleep == SLEEP_ASLEEP) {
		vm->wakes_host++;
		sleep_withdraw(vm);
		vm->wakeup_rung = true;
		return;
	}
	/* Both sides may start to wake up at the same time. */
	if (vm->sleep == SLEEP_WAKING && !vm->wakeup_rung) {
		vm->wakeup_rung = true;
		return;
	}
	vm_violation(vm, vm->sleep == SLEEP_WAKING ? "wakeup-twice" :
		     "wakeup-awake", "WAKEUP while %s", sleep_name(vm));
}

static void doorbell_force_active(struct vm *vm)
{
	if (!vm->forced_sleep) {
		vm_violation(vm, "force-active-not-asked",
			     "FORCE_ACTIVE without FORCE_SLEEP");
		return;
	}
	vm->forced_sleep = false;
	pipe_unpark(vm, "forced-sleep-head");
	/* Both sides are active now: no request and no answer is pending. */
	vm->sleep_grace = false;
	vm_dma_store(vm, vm->info + INFO_SLEEP, 0);
	sleep_awake(vm);
}

void sleep_doorbell(struct vm *vm, uint32_t value)
{
	if (!vm_running(vm)) {
		if (vm->slept_through && value == DB_FORCE_ACTIVE)
			return;
		vm_violation(vm, "doorbell-not-running",
			     "doorbell 2 = %u in state %u", value, vm_ipc(vm));
		return;
	}
	if (vm->host_sleep) {
		vm_violation(vm, "host-sleep-doorbell", "doorbell 2 = %u",
			     value);
		return;
	}
	if (vm->forced_sleep && value != DB_FORCE_ACTIVE) {
		vm_violation(vm, "forced-sleep-doorbell", "doorbell 2 = %u",
			     value);
		return;
	}
	switch (value) {
	case DB_ACTIVE:
		doorbell_active(vm);
		break;
	case DB_SLEEP:
		doorbell_sleep(vm);
		break;
	case DB_WAKEUP:
		doorbell_wakeup(vm);
		break;
	case DB_FORCE_SLEEP:
		pipe_park(vm);
		vm->forced_sleep = true;
		vm_debug(vm, "forced sleep");
		break;
	case DB_FORCE_ACTIVE:
		doorbell_force_active(vm);
		break;
	default:
		vm_violation(vm, "sleep-value", "doorbell 2 = %#x", value);
	}
}

int sleep_message(struct vm *vm, uint8_t target, uint8_t state)
{
	bool exit;

	if (target > 1 || state > 2) {
		vm_violation(vm, "sleep-message", "target %u state %u", target,
			     state);
		return -EINVAL;
	}
	if (target == 1) {
		vm->sleep_allowed = state == 0;
		sleep_activity(vm);
		return 0;
	}
	exit = state == 1;
	if (exit != vm->host_sleep) {
		vm_violation(vm, "sleep-message", "host %s twice",
			     exit ? "exit" : "enter");
		return -EINVAL;
	}
	return 0;
}

void sleep_host(struct vm *vm, bool enter)
{
	vm_debug(vm, "host %s", enter ? "sleeps" : "is back");
	if (enter) {
		pipe_park(vm);
		vm->host_sleep = true;
		return;
	}
	vm->host_sleep = false;
	pipe_unpark(vm, "host-sleep-head");
	sleep_activity(vm);
	pipe_continue(vm);
}

void sleep_setup(struct vm *vm)
{
	vm->sleep_timer.fn = sleep_idle;
	vm->sleep_timer.priv = vm;
}

void sleep_reset(struct vm *vm)
{
	vm->sleep = SLEEP_AWAKE;
	vm->sleep_allowed = false;
	vm->sleep_grace = false;
	vm->sleep_held = false;
	vm->wakeup_rung = false;
	vm->host_sleep = false;
	vm->forced_sleep = false;
}
