// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device-sleep handshake.
 *
 * A sleeping modem must not be disturbed by doorbell 0, so all of its rings
 * come through here. While the device sleeps, one ring is remembered; the
 * heads that it would announce are in memory anyway.
 *
 *            request = 1, nothing outstanding: ring SLEEP
 *          +---------------------------------------------> ASLEEP
 *        ACTIVE <-- request = 0: ring ACTIVE, held bell ---+   |
 *          ^                                                   | held bell:
 *          |   request = 0: ring ACTIVE, held bell             | ring WAKEUP
 *          +------------------------------------ WAKING <------+
 */

#include <linux/device.h>
#include <linux/jiffies.h>
#include <kunit/visibility.h>

#include "iosm_mmio.h"
#include "iosm_pm.h"
#include "iosm_shm.h"
#include "iosm_trace.h"

/* How often iosm_pm_quiesce() wakes a device that falls asleep again. */
#define IOSM_PM_WAKE_TRIES	3

/* What iosm_trace.h shows of enum iosm_pm_state. */
static_assert(IOSM_PM_OFF == 0 && IOSM_PM_ACTIVE == 1 && IOSM_PM_ASLEEP == 2 &&
	      IOSM_PM_WAKING == 3 && IOSM_PM_QUIESCED == 4 &&
	      IOSM_PM_SUSPENDED == 5);

/**
 * iosm_pm_init() - prepare the gate, closed
 * @pm: to fill
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
 * iosm_pm_start() - the link is up, both sides count as active
 * @pm: the gate
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
 * iosm_pm_stop() - the link is gone: drop what was held and what follows
 * @pm: the gate
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
	pm->stats.deferred++;
	if (pm->is_deferred)
		return;

	pm->is_deferred = true;
	pm->deferred_reason = reason;
}

/**
 * iosm_pm_ring() - announce that heads have moved
 * @pm: the gate
 * @reason: for the device's log
 *
 * The heads must be in shared memory already. Rings at once when the device
 * listens, otherwise wakes it and rings later; never waits.
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

/* The device woke: acknowledge, then ring what had to wait. */
static void iosm_pm_handle_wake(struct iosm_pm *pm)
{
	if (pm->state == IOSM_PM_ASLEEP)
		pm->stats.device_wakes++;

	iosm_pm_set(pm, IOSM_PM_ACTIVE);
	iosm_mmio_ring(pm->mmio, IOSM_DB_SLEEP, IOSM_SLEEP_CTL_ACTIVE);
	iosm_pm_ring_deferred(pm);
}

/**
 * iosm_pm_busy() - is anything that was published not consumed yet?
 * @pm: the gate
 *
 * Context: any.
 *
 * Return: what the floor above says, asked under the lock of the gate.
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
 * iosm_pm_sync() - wait for questions to the floor above that are under way
 * @pm: the gate
 *
 * What that floor has made invisible to its busy() is not looked at any more
 * when this returns.
 * Context: any.
 */
void iosm_pm_sync(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	spin_unlock_irqrestore(&pm->lock, flags);
}

/* Answer the device's sleep request, if it is time to. */
static void iosm_pm_handle_request(struct iosm_pm *pm)
{
	u32 request;

	if (pm->state == IOSM_PM_OFF || pm->state == IOSM_PM_SUSPENDED)
		return;

	request = iosm_shm_sleep_request(pm->shm);
	if (request == IOSM_SLEEP_REQ_ACTIVE) {
		if (pm->state == IOSM_PM_ASLEEP || pm->state == IOSM_PM_WAKING)
			iosm_pm_handle_wake(pm);
	} else if (request == IOSM_SLEEP_REQ_SLEEP) {
		/* Not in QUIESCED: the device may have agreed to a suspend. */
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
 * iosm_pm_irq() - look at the device's sleep request and answer it
 * @pm: the gate
 *
 * To be called on every interrupt, and whenever something that was
 * outstanding has been consumed. A request for sleep is left unanswered while
 * anything is outstanding; the interrupt that ends this comes back here.
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
 * iosm_pm_wake() - make sure that the device is awake
 * @pm: the gate
 * @timeout_ms: how long the device may take
 *
 * The device may fall asleep again right after; whoever needs it awake keeps
 * something outstanding.
 * Context: sleeps.
 *
 * Return: 0, -ENODEV without a link, -ETIMEDOUT when the device did not
 * answer.
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
 * iosm_pm_quiesce() - wake the device, and defer every doorbell but those of messages
 * @pm: the gate
 * @timeout_ms: how long the device may take to wake up
 *
 * For the time in which the device may agree to a suspend, after which it must
 * not be disturbed; it is not allowed to sleep by itself either. Ends with
 * iosm_pm_release().
 * Context: sleeps.
 *
 * Return: 0, -ENODEV without a link, -ETIMEDOUT when the device did not wake up, or fell
 * asleep again each time.
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
 * iosm_pm_suspend() - the host goes to sleep: no access from here on
 * @pm: the gate
 *
 * Rings that come now are held until iosm_pm_release().
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
 * iosm_pm_force_sleep() - tell the device by doorbell 2 that the host sleeps
 * @pm: the gate, suspended
 *
 * For platforms that stay in D0.
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
 * iosm_pm_resume() - the host is back, both sides count as active
 * @pm: the gate
 *
 * Rings other than those of messages stay held until iosm_pm_release(), as the device
 * may have to be told first.
 * Context: any.
 */
void iosm_pm_resume(struct iosm_pm *pm)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	if (pm->state == IOSM_PM_SUSPENDED) {
		iosm_pm_set(pm, IOSM_PM_QUIESCED);
		if (pm->force_sleep) {
			/* Active from now on, whatever it asked for before. */
			iosm_shm_clear_sleep(pm->shm);
			iosm_mmio_ring(pm->mmio, IOSM_DB_SLEEP,
				       IOSM_SLEEP_CTL_FORCE_ACTIVE);
		}
	}
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_resume);

/**
 * iosm_pm_release() - ring and answer what was held back during a suspend
 * @pm: the gate, resumed or quiesced
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
	/* Its request for sleep has had no answer meanwhile. */
	iosm_pm_handle_request(pm);
	spin_unlock_irqrestore(&pm->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pm_release);

/**
 * iosm_pm_get_stats() - what was counted
 * @pm: the gate
 * @stats: to fill
 *
 * Context: any that does not hold the gate.
 */
void iosm_pm_get_stats(struct iosm_pm *pm, struct iosm_pm_stats *stats)
{
	unsigned long flags;

	spin_lock_irqsave(&pm->lock, flags);
	*stats = pm->stats;
	spin_unlock_irqrestore(&pm->lock, flags);
}
