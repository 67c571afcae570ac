/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device-sleep handshake, and with it the one gate through which
 * doorbell 0 is rung.
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
 * enum iosm_pm_state - what the device and we agreed on
 * @IOSM_PM_OFF: no link, or the device has failed: doorbells are dropped
 * @IOSM_PM_ACTIVE: the device listens
 * @IOSM_PM_ASLEEP: the device sleeps: doorbell 0 must not be rung
 * @IOSM_PM_WAKING: we asked the device to wake, it has not answered
 * @IOSM_PM_QUIESCED: as ACTIVE, but every doorbell other than that of a message is
 *	deferred, and no sleep granted
 * @IOSM_PM_SUSPENDED: the host sleeps: no access at all
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
 * struct iosm_pm_ops - what the gate asks the floor above
 * @busy: is anything that we published not consumed yet? Called with the
 *	gate's lock held, interrupts off.
 * @rung: doorbell 0 was rung, or a wake-up asked for: the device owes us a
 *	reaction, and a watch on the time may start. Same context.
 */
struct iosm_pm_ops {
	bool (*busy)(void *priv);
	void (*rung)(void *priv);
};

/**
 * struct iosm_pm_stats - counted under the gate's lock
 * @doorbells: doorbell 0 rung
 * @deferred: rings that had to wait for the device to wake
 * @sleeps: sleep requests granted
 * @host_wakes: wake-ups that we asked for
 * @device_wakes: wake-ups that came by themselves
 * @bad_requests: sleep requests with a value that is not defined
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
 * struct iosm_pm - the gate of one device
 * @lock: protects all below; taken in hard interrupt context
 * @state: see enum iosm_pm_state
 * @is_deferred: doorbell 0 waits for the device to wake
 * @deferred_reason: value to ring it with
 * @force_sleep: system suspend used doorbell 2 = FORCE_SLEEP
 * @changed: woken on every change of @state
 * @mmio: doorbells
 * @shm: device information
 * @dev: for messages
 * @ops: questions to the floor above
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
 * iosm_pm_is_up() - is there a link, and the host awake?
 * @pm: the gate
 *
 * Context: any.
 *
 * Return: true when the device may move tails: interrupts look at shared memory.
 */
static inline bool iosm_pm_is_up(const struct iosm_pm *pm)
{
	enum iosm_pm_state state = READ_ONCE(pm->state);

	return state != IOSM_PM_OFF && state != IOSM_PM_SUSPENDED;
}

/**
 * iosm_pm_may_read() - may registers be read while the device operates?
 * @pm: the gate
 *
 * Context: any.
 *
 * Return: false without a link, and when the device sleeps with its host or may have
 * agreed to.
 */
static inline bool iosm_pm_may_read(const struct iosm_pm *pm)
{
	return iosm_pm_is_up(pm) && READ_ONCE(pm->state) != IOSM_PM_QUIESCED;
}

/**
 * iosm_pm_is_waking() - has the device been asked to wake up, without an answer yet?
 * @pm: the gate
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
