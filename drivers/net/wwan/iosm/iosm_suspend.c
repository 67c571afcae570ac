// SPDX-License-Identifier: GPL-2.0-only
/* System sleep, in D0 and D3. */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/workqueue.h>
#include <kunit/visibility.h>

#include "iosm_core.h"
#include "iosm_suspend.h"
#include "iosm_watchdog.h"

#define IOSM_QUIESCE_MS		500
#define IOSM_REFUSALS		3	/* of system sleep, in a row */

static void iosm_suspend_clients(struct iosm_core *core, bool suspend)
{
	const struct iosm_client *client;
	unsigned int i;

	for (i = 0; i < core->n_clients; i++) {
		if (!(core->clients_up & BIT(i)))
			continue;
		client = core->clients[i];
		if (suspend && client->suspend)
			client->suspend(core->client_priv[i]);
		if (!suspend && client->resume)
			client->resume(core->client_priv[i]);
	}
}

/* Announce, in D3 only, that the host suspends or has resumed. */
static int iosm_suspend_message(struct iosm_core *core, u8 state)
{
	int err = iosm_msg_sleep(&core->msg, IOSM_MSG_SLEEP_HOST, state);

	/* Reported once only: by the time the IRQ thread runs, the tail may be valid. */
	if (err == -EIO)
		iosm_state_fail(core, IOSM_ERROR_PROTOCOL, "invalid message tail");

	return err;
}

/* D3 needs the consent of the device, which must be awake for that. */
static int iosm_suspend_d3(struct iosm_core *core)
{
	int err;

	/*
	 * No register may be read, and no other doorbell rung, after the device has
	 * consented. That includes the watchdog and the IRQ thread.
	 */
	err = iosm_pm_quiesce(&core->pm, IOSM_WAKE_TIMEOUT_MS);
	if (err)
		return err;

	cancel_delayed_work_sync(&core->watch);
	err = iosm_suspend_message(core, IOSM_MSG_SLEEP_ENTER);
	/* After a time-out the device may still consent: cancel the request. */
	if (err == -ETIMEDOUT)
		iosm_suspend_message(core, IOSM_MSG_SLEEP_EXIT);
	if (err) {
		iosm_pm_release(&core->pm);
		iosm_watchdog_arm(core);
		return err;
	}

	iosm_pm_suspend(&core->pm);

	return 0;
}

static void iosm_suspend_d0(struct iosm_core *core)
{
	iosm_pm_suspend(&core->pm);
	/* The watchdog reads registers, which would wake the PCIe link. */
	cancel_delayed_work_sync(&core->watch);
	iosm_pm_force_sleep(&core->pm);
}

static int iosm_suspend_link(struct iosm_core *core, bool d3)
{
	int err = 0;

	iosm_core_wait(core, !iosm_pm_busy(&core->pm), IOSM_QUIESCE_MS);

	if (d3)
		err = iosm_suspend_d3(core);
	else
		iosm_suspend_d0(core);
	if (err)
		return err;

	return iosm_state_set(core, IOSM_STATE_SUSPENDED) ? 0 : -ENODEV;
}

/**
 * iosm_suspend() - system sleep begins
 * @core: the device
 * @d3: the platform puts the device into D3, so it must agree first
 *
 * A device that refuses IOSM_REFUSALS times in a row is taken offline for this sleep,
 * and booted after it.
 * Context: sleeps, under the lock of the PCI device.
 *
 * Return: 0, or a negative errno: then the device is online as before, and the system
 * must not sleep.
 */
int iosm_suspend(struct iosm_core *core, bool d3)
{
	int err = 0;

	iosm_core_hold(core, IOSM_HOLD_SLEEP);

	mutex_lock(&core->lock);
	if (iosm_core_state(core) == IOSM_STATE_ONLINE) {
		iosm_suspend_clients(core, true);
		err = iosm_suspend_link(core, d3);
		core->refusals = err ? core->refusals + 1 : 0;
		if (err && iosm_mmio_stage(&core->mmio) == IOSM_GONE)
			iosm_state_fail(core, IOSM_ERROR_GONE,
					"registers read all ones");
		if (err)
			iosm_suspend_clients(core, false);
	}
	if (iosm_core_has_failed(core)) {
		/* A device that failed does not keep the system awake. */
		iosm_core_offline(core);
		err = 0;
	} else if (core->refusals >= IOSM_REFUSALS) {
		/* A modem must not keep a laptop in a bag awake. */
		dev_err(core->dev, "modem refuses to suspend, taking it offline: %pe\n",
			ERR_PTR(err));
		iosm_core_offline(core);
		if (!iosm_core_has_failed(core))
			iosm_core_reboot(core);
		err = 0;
	} else if (iosm_core_state(core) == IOSM_STATE_LINK_INIT) {
		/* The handshake was interrupted: restart it after the sleep. */
		iosm_core_offline(core);
		if (!iosm_core_has_failed(core))
			iosm_core_reboot(core);
	} else if (iosm_core_state(core) == IOSM_STATE_BOOTING) {
		core->boot.step = IOSM_BOOT_FIRMWARE;
	}
	mutex_unlock(&core->lock);

	if (err) {
		dev_err(core->dev, "modem refuses to suspend: %pe\n",
			ERR_PTR(err));
		iosm_core_release(core, IOSM_HOLD_SLEEP);
	}

	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_suspend);

/*
 * No register may be read before the device has completed the message. A device that
 * lost its power does not complete it, or its stage or IPC state has changed.
 */
static int iosm_resume_link(struct iosm_core *core, bool d3)
{
	iosm_pm_resume(&core->pm);

	if (d3 && iosm_suspend_message(core, IOSM_MSG_SLEEP_EXIT))
		return -ECONNRESET;

	if (iosm_mmio_stage(&core->mmio) != IOSM_STAGE_RUN ||
	    iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_RUNNING)
		return -ECONNRESET;

	iosm_state_set(core, IOSM_STATE_ONLINE);
	iosm_pm_release(&core->pm);
	/* Requests may have been outstanding when the watchdog was cancelled. */
	iosm_watchdog_arm(core);

	return 0;
}

/**
 * iosm_resume() - system sleep is over
 * @core: the device
 * @d3: as it was at iosm_suspend()
 *
 * A device that lost its power meanwhile is booted again. A device that was paused
 * meanwhile remains paused until iosm_core_start().
 * Context: sleeps, under the lock of the PCI device.
 */
void iosm_resume(struct iosm_core *core, bool d3)
{
	/* The worker has been cancelled, or ends soon. */
	mutex_lock(&core->lock);
	if (iosm_core_state(core) == IOSM_STATE_SUSPENDED) {
		if (iosm_resume_link(core, d3))
			iosm_state_fail(core, IOSM_ERROR_POWER_LOST,
					"power lost during suspend");
		iosm_suspend_clients(core, false);
	}
	mutex_unlock(&core->lock);

	iosm_core_release(core, IOSM_HOLD_SLEEP);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_resume);
