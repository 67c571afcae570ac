/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sleep handshake with the device, and doorbell gating: the only users of
 * doorbell 0.
 */
#ifndef IOSM_PM_H
#define IOSM_PM_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "iosm_hw.h"

struct device;
struct iosm_mmio;
struct iosm_shm;

/**
 * enum iosm_pm_state - state of the sleep handshake
 * @IOSM_PM_OFF: no link, or the device has failed: doorbells are dropped
 * @IOSM_PM_ACTIVE: the device is awake
 * @IOSM_PM_ASLEEP: the device sleeps: doorbell 0 must not be rung
 * @IOSM_PM_WAKING: wake-up requested, no response yet
 * @IOSM_PM_QUIESCED: as ACTIVE, but all doorbells except for messages are deferred,
 *	and no sleep request is granted
 * @IOSM_PM_SUSPENDED: the host is suspended: no access to the device
 */
enum iosm_pm_state {
	IOSM_PM_OFF,
	IOSM_PM_ACTIVE,
	IOSM_PM_ASLEEP,
	IOSM_PM_WAKING,
	IOSM_PM_QUIESCED,
	IOSM_PM_SUSPENDED,
};

/**
 * struct iosm_pm_ops - callbacks to the layer above
 * @busy: has the host published anything that the device has not consumed? Called
 *	with the lock of struct iosm_pm held, interrupts disabled.
 * @rung: doorbell 0 was rung, or a wake-up was requested: the device has to respond,
 *	so the watchdog is started. Same context.
 */
struct iosm_pm_ops {
	bool (*busy)(void *priv);
	void (*rung)(void *priv);
};

/**
 * struct iosm_pm_stats - counters; under the lock of struct iosm_pm
 * @doorbells: doorbell 0 rung
 * @deferred: doorbells deferred
 * @sleeps: sleep requests granted
 * @host_wakes: wake-ups requested by the host
 * @device_wakes: wake-ups without a request
 * @bad_requests: sleep requests with an undefined value
 */
struct iosm_pm_stats {
	u64 doorbells;
	u64 deferred;
	u64 sleeps;
	u64 host_wakes;
	u64 device_wakes;
	u64 bad_requests;
};

/**
 * struct iosm_pm - doorbell gating of one device
 * @lock: protects all other members; taken in hard interrupt context
 * @state: see enum iosm_pm_state
 * @is_deferred: doorbell 0 has to be rung later
 * @deferred_reason: value for the deferred doorbell
 * @force_sleep: iosm_pm_force_sleep() was used for this suspend
 * @changed: woken on every change of @state
 * @mmio: doorbells
 * @shm: device information
 * @dev: for messages
 * @ops: callbacks to the layer above
 * @priv: for @ops
 * @stats: see struct iosm_pm_stats
 */
struct iosm_pm {
	spinlock_t lock;	/* everything below */
	enum iosm_pm_state state;
	bool is_deferred;
	enum iosm_hpda_reason deferred_reason;
	bool force_sleep;
	wait_queue_head_t changed;
	struct iosm_mmio *mmio;
	struct iosm_shm *shm;
	struct device *dev;
	const struct iosm_pm_ops *ops;
	void *priv;
	struct iosm_pm_stats stats;
};

void iosm_pm_init(struct iosm_pm *pm, struct device *dev,
		  struct iosm_mmio *mmio, struct iosm_shm *shm,
		  const struct iosm_pm_ops *ops, void *priv);
void iosm_pm_start(struct iosm_pm *pm);
void iosm_pm_stop(struct iosm_pm *pm);
void iosm_pm_ring(struct iosm_pm *pm, enum iosm_hpda_reason reason);
bool iosm_pm_busy(struct iosm_pm *pm);
void iosm_pm_sync(struct iosm_pm *pm);
void iosm_pm_irq(struct iosm_pm *pm);
int iosm_pm_wake(struct iosm_pm *pm, unsigned int timeout_ms);
int iosm_pm_quiesce(struct iosm_pm *pm, unsigned int timeout_ms);
void iosm_pm_suspend(struct iosm_pm *pm);
void iosm_pm_force_sleep(struct iosm_pm *pm);
void iosm_pm_resume(struct iosm_pm *pm);
void iosm_pm_release(struct iosm_pm *pm);
void iosm_pm_get_stats(struct iosm_pm *pm, struct iosm_pm_stats *stats);

/**
 * iosm_pm_is_up() - is there a link, and the host not suspended?
 * @pm: doorbell gating
 *
 * Context: any.
 *
 * Return: true if the device may move tails, so that interrupts scan shared memory.
 */
static inline bool iosm_pm_is_up(const struct iosm_pm *pm)
{
	enum iosm_pm_state state = READ_ONCE(pm->state);

	return state != IOSM_PM_OFF && state != IOSM_PM_SUSPENDED;
}

/**
 * iosm_pm_may_read() - may registers be read while the device operates?
 * @pm: doorbell gating
 *
 * Context: any.
 *
 * Return: false without a link, during suspend, and when the device may have agreed to
 * suspend.
 */
static inline bool iosm_pm_may_read(const struct iosm_pm *pm)
{
	return iosm_pm_is_up(pm) && READ_ONCE(pm->state) != IOSM_PM_QUIESCED;
}

/**
 * iosm_pm_is_waking() - was a wake-up requested, without a response yet?
 * @pm: doorbell gating
 *
 * Context: any.
 *
 * Return: true in state WAKING.
 */
static inline bool iosm_pm_is_waking(const struct iosm_pm *pm)
{
	return READ_ONCE(pm->state) == IOSM_PM_WAKING;
}

#endif
