// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watchdog: runs while requests to the device are outstanding, and finds missed
 * interrupts, and devices that were removed or rebooted.
 */

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>

#include "iosm_channel.h"
#include "iosm_core.h"
#include "iosm_irq.h"
#include "iosm_stub.h"
#include "iosm_watchdog.h"

#define IOSM_WATCH_MS		100
#define IOSM_WAKE_LIMIT_MS	5000

/*
 * Called by pm with its lock held and interrupts off. iosm_channel_detach() takes this
 * lock before a channel goes away. Other callers use iosm_pm_busy().
 */
static bool iosm_watchdog_busy(void *priv)
{
	struct iosm_core *core = priv;
	unsigned long active = READ_ONCE(core->active);
	unsigned int id;

	if (iosm_msg_busy(&core->msg))
		return true;

	for_each_set_bit(id, &active, IOSM_CHANNELS)
		if (!iosm_pipe_idle(&core->channels[id]->ul))
			return true;

	return false;
}

/**
 * iosm_watchdog_arm() - start the watchdog, unless it runs already
 * @priv: struct iosm_core
 *
 * Context: any.
 */
void iosm_watchdog_arm(void *priv)
{
	struct iosm_core *core = priv;

	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_watchdog_arm, priv);

	/* Does nothing when the watchdog is running. */
	queue_delayed_work(core->wq, &core->watch,
			   msecs_to_jiffies(IOSM_WATCH_MS));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_watchdog_arm);

const struct iosm_pm_ops iosm_watchdog_pm_ops = {
	.busy = iosm_watchdog_busy,
	.rung = iosm_watchdog_arm,
};

/*
 * A device that was removed, or that rebooted silently, never completes what is
 * outstanding, and raises no interrupt. Check the stage register. Returns false when
 * the device has failed.
 */
static bool iosm_watchdog_stage(struct iosm_core *core)
{
	switch (iosm_mmio_stage(&core->mmio)) {
	case IOSM_STAGE_RUN:
		return true;
	case IOSM_GONE:
		iosm_state_fail(core, IOSM_ERROR_GONE, "registers read all ones");
		return false;
	case IOSM_STAGE_CRASH:
	case IOSM_STAGE_CD_READY:
		iosm_state_fail(core, IOSM_ERROR_CRASHED, "found in the stage register");
		return false;
	default:
		iosm_state_fail(core, IOSM_ERROR_PROTOCOL, "left stage run");
		return false;
	}
}

/**
 * iosm_watchdog_work() - look at what an interrupt should have reported
 * @work: of struct iosm_core
 *
 * Runs while requests to the device are outstanding. A missed interrupt only delays
 * their completion.
 */
void iosm_watchdog_work(struct work_struct *work)
{
	struct iosm_core *core = container_of(to_delayed_work(work),
					      struct iosm_core, watch);
	struct iosm_pm_stats pm;
	bool waking, spurious;

	if (!iosm_pm_may_read(&core->pm))
		return;

	/* iosm_channel_detach() waits for the interrupt, but not for this work. */
	mutex_lock(&core->channel_lock);
	local_bh_disable();
	if (iosm_irq_look(core, &spurious))
		irq_wake_thread(core->irq, core);
	local_bh_enable();
	mutex_unlock(&core->channel_lock);
	wake_up(&core->event);

	/*
	 * According to memory, nothing is outstanding. Do not read a register:
	 * that would wake the PCIe link from L1.2.
	 */
	waking = iosm_pm_is_waking(&core->pm);
	if (!waking && !iosm_pm_busy(&core->pm)) {
		core->wake_ms = 0;
		return;
	}
	if (!iosm_watchdog_stage(core))
		return;

	iosm_pm_get_stats(&core->pm, &pm);
	/* The device may have woken and gone to sleep again since the last run. */
	if (!waking || core->wakes != pm.host_wakes)
		core->wake_ms = 0;
	core->wakes = pm.host_wakes;
	if (waking) {
		core->wake_ms += IOSM_WATCH_MS;
		if (core->wake_ms >= IOSM_WAKE_LIMIT_MS) {
			iosm_state_fail(core, IOSM_ERROR_UNRESPONSIVE,
					"device wake-up timed out");
			return;
		}
		if (core->wake_ms == IOSM_WAKE_TIMEOUT_MS)
			dev_warn_ratelimited(core->dev,
					     "modem is slow to wake up\n");
	}

	iosm_watchdog_arm(core);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_watchdog_work);
