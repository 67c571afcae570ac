// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device-sleep handshake.
 *
 * Doorbell 0 must not be rung while the device sleeps. All users of doorbell 0
 * call iosm_pm_ring(), which defers it. One deferred doorbell is sufficient: it
 * makes the device read all heads in memory.
 *
 *            request = 1, nothing outstanding: ring SLEEP
 *          +---------------------------------------------> ASLEEP
 *        ACTIVE <-- request = 0: ring ACTIVE, doorbell 0 --+   |
 *          ^                                                   | deferred doorbell:
 *          |   request = 0: ring ACTIVE, deferred doorbell     | ring WAKEUP
 *          +------------------------------------ WAKING <------+
 */

#include <linux/device.h>
#include <linux/jiffies.h>
#include <kunit/visibility.h>

#include "iosm_mmio.h"
#include "iosm_pm.h"
#include "iosm_shm.h"
#include "iosm_trace.h"

/* Attempts of iosm_pm_quiesce() to wake up a device that falls asleep again. */
#define IOSM_PM_WAKE_TRIES	3

/* Names of enum iosm_pm_state in iosm_trace.h. */
static_assert(IOSM_PM_OFF == 0 && IOSM_PM_ACTIVE == 1 && IOSM_PM_ASLEEP == 2 &&
	      IOSM_PM_WAKING == 3 && IOSM_PM_QUIESCED == 4 &&
	      IOSM_PM_SUSPENDED == 5);

/**
 * iosm_pm_init() - initialise doorbell gating, in state OFF
 * @pm: structure to initialise
 * @dev: for messages
 * @mmio: doorbells
 * @shm: device information
 * @ops: see struct iosm_pm_ops
 * @priv: for @ops
 */
void iosm_pm_init(struct iosm_pm *pm, struct device *dev,
		  struct iosm_mmio *mmio, struct iosm_shm *shm,
		  const struct iosm_pm_ops *ops, void *priv)
{
	memset(pm, 0, sizeof(*pm));
	spin_lock_init(&pm->lock);
	init_waitqueue_head(&pm->changed);
	pm->state = IOSM_PM_OFF;
	pm->dev = dev;
	pm->mmio = mmio;
	pm->shm = shm;
	pm->ops = ops;
	pm->priv = priv;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_init);

static void iosm_pm_set(struct iosm_pm *pm, enum iosm_pm_state state)
{
	lockdep_assert_held(&pm->lock);

	if (pm->state != state)
		trace_iosm_pm_state(pm->dev, pm->state, state, pm->is_deferred);
	WRITE_ONCE(pm->state, state);
	wake_up_all(&pm->changed);
}

/**
 * iosm_pm_start() - start: the link is up, host and device are active
 * @pm: doorbell gating
 *
 * Context: any.
 */
void iosm_pm_start(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	pm->is_deferred = false;
	iosm_pm_set(pm, IOSM_PM_ACTIVE);
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_start);

/**
 * iosm_pm_stop() - stop: drop the deferred doorbell and all later ones
 * @pm: doorbell gating
 *
 * Context: any.
 */
void iosm_pm_stop(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	pm->is_deferred = false;
	iosm_pm_set(pm, IOSM_PM_OFF);
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_stop);

static void iosm_pm_ring_now(struct iosm_pm *pm, enum iosm_hpda_reason reason)
{
	lockdep_assert_held(&pm->lock);

	pm->stats.doorbells++;
	iosm_mmio_ring(pm->mmio, IOSM_DB_HPDA, reason);
	pm->ops->rung(pm->priv);
}

static void iosm_pm_request_wake(struct iosm_pm *pm)
{
	iosm_pm_set(pm, IOSM_PM_WAKING);
	pm->stats.host_wakes++;
	iosm_mmio_ring(pm->mmio, IOSM_DB_SLEEP, IOSM_SLEEP_CTL_WAKEUP);
	pm->ops->rung(pm->priv);
}

static void iosm_pm_defer(struct iosm_pm *pm, enum iosm_hpda_reason reason)
{
	lockdep_assert_held(&pm->lock);

	pm->stats.deferred++;
	if (pm->is_deferred)
		return;

	pm->is_deferred = true;
	pm->deferred_reason = reason;
}

/**
 * iosm_pm_ring() - ring doorbell 0 after heads have moved
 * @pm: doorbell gating
 * @reason: value to write, see enum iosm_hpda_reason
 *
 * The caller has published the heads. Rings at once if the device is active.
 * Otherwise the doorbell is deferred, and the device is woken up. Does not wait.
 * Context: any.
 */
void iosm_pm_ring(struct iosm_pm *pm, enum iosm_hpda_reason reason)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);

	switch (pm->state) {
	case IOSM_PM_ACTIVE:
		iosm_pm_ring_now(pm, reason);
		break;
	case IOSM_PM_QUIESCED:
		if (reason == IOSM_HPDA_MSG)
			iosm_pm_ring_now(pm, reason);
		else
			iosm_pm_defer(pm, reason);
		break;
	case IOSM_PM_ASLEEP:
		iosm_pm_request_wake(pm);
		fallthrough;
	case IOSM_PM_WAKING:
	case IOSM_PM_SUSPENDED:
		iosm_pm_defer(pm, reason);
		break;
	case IOSM_PM_OFF:
		break;
	}

	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_ring);

static void iosm_pm_ring_deferred(struct iosm_pm *pm)
{
	if (!pm->is_deferred)
		return;

	pm->is_deferred = false;
	iosm_pm_ring_now(pm, pm->deferred_reason);
}

/* The device has woken up: acknowledge, then ring the deferred doorbell. */
static void iosm_pm_handle_wake(struct iosm_pm *pm)
{
	if (pm->state == IOSM_PM_ASLEEP)
		pm->stats.device_wakes++;

	iosm_pm_set(pm, IOSM_PM_ACTIVE);
	iosm_mmio_ring(pm->mmio, IOSM_DB_SLEEP, IOSM_SLEEP_CTL_ACTIVE);
	iosm_pm_ring_deferred(pm);
}

/**
 * iosm_pm_busy() - is anything outstanding?
 * @pm: doorbell gating
 *
 * Context: any.
 *
 * Return: result of the busy() callback, called with @pm->lock held.
 */
bool iosm_pm_busy(struct iosm_pm *pm)
{
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&pm->lock, flags);
	busy = pm->ops->busy(pm->priv);
	spin_unlock_irqrestore(&pm->lock, flags);

	return busy;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_busy);

/**
 * iosm_pm_sync() - wait until a running busy() callback has returned
 * @pm: doorbell gating
 *
 * After this function, busy() does not access objects that were unlinked before.
 * Context: any.
 */
void iosm_pm_sync(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	spin_unlock_irqrestore(&pm->lock, flags);
}

/* Respond to the sleep request of the device, unless it has to wait. */
static void iosm_pm_handle_request(struct iosm_pm *pm)
{
	u32 request;

	lockdep_assert_held(&pm->lock);

	if (pm->state == IOSM_PM_OFF || pm->state == IOSM_PM_SUSPENDED)
		return;

	request = iosm_shm_sleep_request(pm->shm);
	if (request == IOSM_SLEEP_REQ_ACTIVE) {
		if (pm->state == IOSM_PM_ASLEEP || pm->state == IOSM_PM_WAKING)
			iosm_pm_handle_wake(pm);
	} else if (request == IOSM_SLEEP_REQ_SLEEP) {
		/* Not in QUIESCED: the device may have agreed to suspend. */
		if (pm->state == IOSM_PM_ACTIVE && !pm->is_deferred &&
		    !pm->ops->busy(pm->priv)) {
			iosm_pm_set(pm, IOSM_PM_ASLEEP);
			pm->stats.sleeps++;
			iosm_mmio_ring(pm->mmio, IOSM_DB_SLEEP,
				       IOSM_SLEEP_CTL_SLEEP);
		}
	} else {
		pm->stats.bad_requests++;
		dev_warn_ratelimited(pm->dev, "unknown sleep request %#x\n",
				     request);
	}
}

/**
 * iosm_pm_irq() - respond to the sleep request of the device
 * @pm: doorbell gating
 *
 * To be called on every interrupt, and after something outstanding was completed. A
 * request for sleep gets no response while anything is outstanding. The interrupt
 * of the completion calls this function again.
 * Context: any, mostly hard interrupt.
 */
void iosm_pm_irq(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	iosm_pm_handle_request(pm);
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_irq);

/**
 * iosm_pm_wake() - wake up the device
 * @pm: doorbell gating
 * @timeout_ms: timeout
 *
 * The device may fall asleep again immediately, unless something is outstanding.
 * Context: sleeps.
 *
 * Return: 0; -ENODEV: no link; -ETIMEDOUT: no response.
 */
int iosm_pm_wake(struct iosm_pm *pm, unsigned int timeout_ms)
{
	enum iosm_pm_state state;
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	if (pm->state == IOSM_PM_ASLEEP)
		iosm_pm_request_wake(pm);
	spin_unlock_irqrestore(&pm->lock, flags);

	wait_event_timeout(pm->changed,
			   READ_ONCE(pm->state) != IOSM_PM_WAKING,
			   msecs_to_jiffies(timeout_ms));

	state = READ_ONCE(pm->state);
	if (state == IOSM_PM_OFF)
		return -ENODEV;

	return state == IOSM_PM_WAKING ? -ETIMEDOUT : 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_wake);

/**
 * iosm_pm_quiesce() - wake up the device, defer all doorbells except for messages
 * @pm: doorbell gating
 * @timeout_ms: timeout for the wake-up
 *
 * To be called before the device is asked to agree to suspend. After it has agreed,
 * doorbell 0 must not be rung. No sleep request is granted in this state.
 * iosm_pm_release() ends it.
 * Context: sleeps.
 *
 * Return: 0; -ENODEV: no link; -ETIMEDOUT: the device did not wake up, or fell asleep
 * again in each attempt.
 */
int iosm_pm_quiesce(struct iosm_pm *pm, unsigned int timeout_ms)
{
	unsigned long flags;
	unsigned int i;
	bool done;
	int err;

	for (i = 0; i < IOSM_PM_WAKE_TRIES; i++) {
		err = iosm_pm_wake(pm, timeout_ms);
		if (err)
			return err;

		spin_lock_irqsave(&pm->lock, flags);
		done = pm->state == IOSM_PM_ACTIVE;
		if (done)
			iosm_pm_set(pm, IOSM_PM_QUIESCED);
		spin_unlock_irqrestore(&pm->lock, flags);
		if (done)
			return 0;
	}

	return -ETIMEDOUT;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_quiesce);

/**
 * iosm_pm_suspend() - the host suspends: no access to the device from here on
 * @pm: doorbell gating
 *
 * Doorbells are deferred until iosm_pm_release().
 * Context: any.
 */
void iosm_pm_suspend(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	if (pm->state != IOSM_PM_OFF) {
		pm->force_sleep = false;
		iosm_pm_set(pm, IOSM_PM_SUSPENDED);
	}
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_suspend);

/**
 * iosm_pm_force_sleep() - announce the suspend of the host by doorbell 2
 * @pm: doorbell gating, in state SUSPENDED
 *
 * For platforms on which the device stays in D0.
 * Context: any.
 */
void iosm_pm_force_sleep(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	if (pm->state == IOSM_PM_SUSPENDED) {
		pm->force_sleep = true;
		iosm_mmio_ring(pm->mmio, IOSM_DB_SLEEP,
			       IOSM_SLEEP_CTL_FORCE_SLEEP);
	}
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_force_sleep);

/**
 * iosm_pm_resume() - the host has resumed; host and device are active
 * @pm: doorbell gating
 *
 * All doorbells except for messages stay deferred until iosm_pm_release(): a message
 * may have to announce the resume first.
 * Context: any.
 */
void iosm_pm_resume(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	if (pm->state == IOSM_PM_SUSPENDED) {
		iosm_pm_set(pm, IOSM_PM_QUIESCED);
		if (pm->force_sleep) {
			/* FORCE_ACTIVE overrides an older sleep request. */
			iosm_shm_clear_sleep(pm->shm);
			iosm_mmio_ring(pm->mmio, IOSM_DB_SLEEP,
				       IOSM_SLEEP_CTL_FORCE_ACTIVE);
		}
	}
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_resume);

/**
 * iosm_pm_release() - ring the deferred doorbell, respond to a sleep request
 * @pm: doorbell gating, in state QUIESCED
 *
 * Context: any.
 */
void iosm_pm_release(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	if (pm->state == IOSM_PM_QUIESCED) {
		iosm_pm_set(pm, IOSM_PM_ACTIVE);
		iosm_pm_ring_deferred(pm);
	}
	/* A sleep request got no response before. */
	iosm_pm_handle_request(pm);
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_release);

/**
 * iosm_pm_get_stats() - read the counters
 * @pm: doorbell gating
 * @stats: structure to fill
 *
 * Context: any, without @pm->lock.
 */
void iosm_pm_get_stats(struct iosm_pm *pm, struct iosm_pm_stats *stats)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	*stats = pm->stats;
	spin_unlock_irqrestore(&pm->lock, flags);
}
