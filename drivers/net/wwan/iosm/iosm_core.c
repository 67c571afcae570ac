// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device: start and end, worker, clients.
 *
 * Probe only starts the device. The worker, on a workqueue of the device, looks for
 * running firmware, sets up the link and starts the clients. An error may be found in
 * any context: see iosm_state_fail().
 */

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/pci.h>

#include "iosm_boot.h"
#include "iosm_channel.h"
#include "iosm_core.h"
#include "iosm_irq.h"
#include "iosm_stub.h"
#include "iosm_watchdog.h"

/*
 * Run the worker again after @ms. A run that iosm_state_queue_worker() has queued
 * meanwhile is earlier, and queue_delayed_work() does not postpone it.
 */
VISIBLE_IF_KUNIT void iosm_core_rearm(struct iosm_core *core, unsigned int ms)
{
	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_core_rearm, core, ms);

	queue_delayed_work(core->wq, &core->work, msecs_to_jiffies(ms));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_rearm);

/**
 * iosm_core_get_violations() - count violations of the protocol
 * @core: the device
 * @violations: to fill, with everything since the driver was bound
 *
 * Context: any that does not hold the lock of pm.
 */
void iosm_core_get_violations(struct iosm_core *core, struct iosm_violations *violations)
{
	struct iosm_pipe_stats *pipe;
	struct iosm_msg_stats msg;
	struct iosm_pm_stats pm;
	unsigned int i;

	violations->ring = 0;
	for (i = 0; i < IOSM_PIPES; i++) {
		pipe = &core->stats.pipes[i];
		violations->ring += iosm_stats_read(&pipe->sync, &pipe->invalid);
	}

	iosm_msg_get_stats(&core->msg, &msg);
	violations->message = msg.bad_status;
	iosm_pm_get_stats(&core->pm, &pm);
	violations->sleep = pm.bad_requests;
	violations->stage = atomic64_read(&core->violations_stage);
	violations->mux = atomic64_read(&core->violations_mux);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_get_violations);

/**
 * iosm_core_get_counters() - read the counters of a device
 * @core: the device
 * @counters: to fill, with everything since the driver was bound
 *
 * Context: any that does not hold the locks of pm and msg.
 */
void iosm_core_get_counters(struct iosm_core *core, struct iosm_core_counters *counters)
{
	counters->irqs = iosm_stats_read(&core->stats.sync, &core->stats.interrupts);
	iosm_pm_get_stats(&core->pm, &counters->pm);
	iosm_msg_get_stats(&core->msg, &counters->msg);
}

/**
 * iosm_core_stage() - read the execution stage from the device
 * @core: the device, not suspended
 *
 * Context: any.
 *
 * Return: IOSM_STAGE_*, IOSM_GONE, or any other value that the device returned.
 */
u32 iosm_core_stage(struct iosm_core *core)
{
	return iosm_mmio_stage(&core->mmio);
}

/* Start all clients, even if the device is to be held: a resume starts none. */
static void iosm_core_start_clients(struct iosm_core *core)
{
	unsigned int i;
	int err;

	for (i = 0; i < core->n_clients; i++) {
		if (iosm_core_has_failed(core))
			return;

		err = core->clients[i]->start(core, &core->client_priv[i]);
		if (err)
			dev_err(core->dev, "failed to start %s: %pe\n",
				core->clients[i]->name, ERR_PTR(err));
		else
			core->clients_up |= BIT(i);
	}
}

static void iosm_core_stop_clients(struct iosm_core *core)
{
	unsigned int i = core->n_clients;

	while (i--) {
		if (core->clients_up & BIT(i))
			core->clients[i]->stop(core, core->client_priv[i]);
		core->clients_up &= ~BIT(i);
	}
}

/* Returns the time until the device is to be looked at again in ms, or 0. */
static unsigned int iosm_core_boot(struct iosm_core *core)
{
	int err;

	err = iosm_boot_link(core);
	if (err > 0)
		return err;
	if (iosm_core_holds(core) || iosm_core_has_failed(core))
		return 0;
	if (err) {
		iosm_boot_failed(core, err);
		return 0;
	}

	core->version = iosm_mmio_version(&core->mmio);
	core->caps = iosm_mmio_capabilities(&core->mmio);
	dev_dbg(core->dev, "capabilities %#x\n", core->caps);

	iosm_core_start_clients(core);
	/* Not allowed after a failure. */
	if (!iosm_state_set(core, IOSM_STATE_ONLINE))
		return 0;

	wake_up_all(&core->event);
	iosm_state_event(core, "MDM_READY");
	iosm_state_notify(core);

	return 0;
}

/* Is there a link that has to be ended? A suspended device must not be accessed. */
static bool iosm_core_has_link(const struct iosm_core *core)
{
	enum iosm_state state = iosm_core_state(core);

	return state == IOSM_STATE_LINK_INIT || state == IOSM_STATE_ONLINE;
}

/**
 * iosm_core_offline() - stop the clients, then the link, then the access to memory
 * @core: the device; after a failure it stays in state FAILED
 *
 * A device that is suspended only loses its access to memory.
 * Context: sleeps, core->lock is held.
 */
void iosm_core_offline(struct iosm_core *core)
{
	if (iosm_core_has_link(core) && iosm_mmio_stage(&core->mmio) == IOSM_GONE)
		iosm_state_fail(core, IOSM_ERROR_GONE, "registers read all ones");

	if (iosm_core_has_failed(core)) {
		iosm_state_cut(core);
		iosm_channel_down_all(core);
	} else if (iosm_core_state(core) == IOSM_STATE_SUSPENDED) {
		/* No message can be sent: clients must not wait for completions. */
		iosm_state_cut(core);
		iosm_msg_stop(&core->msg);
	}

	iosm_core_stop_clients(core);

	iosm_pm_stop(&core->pm);
	synchronize_irq(core->irq);
	iosm_msg_stop(&core->msg);
	cancel_delayed_work_sync(&core->watch);

	if (iosm_core_has_link(core))
		iosm_boot_end_link(core);

	if (!iosm_state_set(core, IOSM_STATE_OFFLINE))
		iosm_state_cut(core);
	core->wake_ms = 0;
}

/**
 * iosm_core_reboot() - enter state BOOTING
 * @core: offline or failed, clients stopped
 *
 * Context: core->lock is held.
 */
void iosm_core_reboot(struct iosm_core *core)
{
	core->refusals = 0;
	memset(&core->boot, 0, sizeof(core->boot));
	iosm_state_set(core, IOSM_STATE_BOOTING);
}

/* Stop the clients of a device that failed. Returns as iosm_boot_look_dump(). */
static unsigned int iosm_core_failed(struct iosm_core *core)
{
	struct iosm_error error;

	iosm_core_offline(core);
	if (iosm_state_restart(core) == IOSM_RESTART_WORKER) {
		iosm_core_reboot(core);
		return 0;
	}

	iosm_state_error(core, &error);

	return error.kind == IOSM_ERROR_CRASHED ? iosm_boot_look_dump(core) : 0;
}

VISIBLE_IF_KUNIT void iosm_core_work(struct work_struct *work)
{
	struct iosm_core *core = container_of(to_delayed_work(work),
					      struct iosm_core, work);
	enum iosm_state state;
	unsigned int again = 0;

	/*
	 * A pending reset, removal or suspend may hold core->lock for a long
	 * time. Do not wait for it: releasing the hold queues this work.
	 */
	if (iosm_core_holds(core))
		return;

	mutex_lock(&core->lock);

	/* Once more after a change: a failure is handled at once, and so is a restart. */
	while (!again && !iosm_core_holds(core)) {
		state = iosm_core_state(core);
		if (state == IOSM_STATE_FAILED)
			again = iosm_core_failed(core);
		else if (state == IOSM_STATE_BOOTING || state == IOSM_STATE_LINK_INIT)
			again = iosm_core_boot(core);
		if (iosm_core_state(core) == state)
			break;
	}

	if (again && !iosm_core_holds(core))
		iosm_core_rearm(core, again);
	mutex_unlock(&core->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_work);

/* Set up everything other than PCI. The registers are mapped. */
VISIBLE_IF_KUNIT int iosm_core_setup(struct iosm_core *core, struct device *dev,
				     const struct iosm_client *const *clients,
				     unsigned int n_clients)
{
	unsigned int i;
	int err;

	if (n_clients > IOSM_MAX_CLIENTS)
		return -EINVAL;

	core->dev = dev;
	core->n_clients = n_clients;
	core->holds = IOSM_HOLD_PCI;
	core->spurious_since = jiffies;
	memcpy(core->clients, clients, n_clients * sizeof(*clients));

	mutex_init(&core->lock);
	mutex_init(&core->channel_lock);
	spin_lock_init(&core->state_lock);
	u64_stats_init(&core->stats.sync);
	for (i = 0; i < IOSM_PIPES; i++)
		u64_stats_init(&core->stats.pipes[i].sync);
	init_waitqueue_head(&core->event);
	INIT_DELAYED_WORK(&core->work, iosm_core_work);
	INIT_DELAYED_WORK(&core->watch, iosm_watchdog_work);

	core->wq = alloc_workqueue("iosm-%s", WQ_UNBOUND, 0, dev_name(dev));
	if (!core->wq)
		return -ENOMEM;

	err = iosm_shm_alloc(&core->shm, dev);
	if (err) {
		destroy_workqueue(core->wq);
		return err;
	}

	iosm_pm_init(&core->pm, dev, &core->mmio, &core->shm, &iosm_watchdog_pm_ops,
		     core);
	iosm_msg_init(&core->msg, dev, &core->shm, &core->pm);

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_setup);

VISIBLE_IF_KUNIT void iosm_core_cleanup(struct iosm_core *core)
{
	destroy_workqueue(core->wq);
	iosm_shm_free(&core->shm, core->dev);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_cleanup);

/**
 * iosm_core_init() - set up a device, not started
 * @core: zeroed
 * @pdev: enabled PCI device
 * @clients: in order of start; at most IOSM_MAX_CLIENTS
 * @n_clients: their number
 *
 * Context: may sleep.
 *
 * Return: 0 or a negative errno, which was logged with its cause; then only managed
 * resources remain.
 */
int iosm_core_init(struct iosm_core *core, struct pci_dev *pdev,
		   const struct iosm_client *const *clients, unsigned int n_clients)
{
	int err;

	core->pdev = pdev;
	core->device_id = pdev->device;

	err = iosm_mmio_map(&core->mmio, pdev);
	if (err)
		return dev_err_probe(&pdev->dev, err, "cannot map the BARs\n");

	err = iosm_core_setup(core, &pdev->dev, clients, n_clients);
	if (err)
		return dev_err_probe(&pdev->dev, err, "cannot allocate memory\n");

	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (err < 0) {
		dev_err_probe(&pdev->dev, err,
			      "no MSI vector, which the modem needs%s\n",
			      pci_msi_enabled() ? "" : " (MSI is disabled)");
		goto err_cleanup;
	}

	core->irq = pci_irq_vector(pdev, 0);
	err = request_threaded_irq(core->irq, iosm_irq_hard, iosm_irq_thread,
				   0, "iosm", core);
	if (err) {
		dev_err_probe(&pdev->dev, err, "cannot request the interrupt\n");
		goto err_vectors;
	}

	return 0;

err_vectors:
	pci_free_irq_vectors(pdev);
err_cleanup:
	iosm_core_cleanup(core);
	return err;
}

/**
 * iosm_core_hold() - keep the device stopped, and wait for the end of the worker
 * @core: the device
 * @hold: IOSM_HOLD_*
 *
 * Context: sleeps, under the lock of the PCI device.
 */
void iosm_core_hold(struct iosm_core *core, unsigned long hold)
{
	WRITE_ONCE(core->holds, core->holds | hold);
	wake_up_all(&core->event);
	cancel_delayed_work_sync(&core->work);
}

/**
 * iosm_core_release() - the counterpart of iosm_core_hold()
 * @core: the device
 * @hold: IOSM_HOLD_*
 *
 * Context: under the lock of the PCI device.
 */
void iosm_core_release(struct iosm_core *core, unsigned long hold)
{
	WRITE_ONCE(core->holds, core->holds & ~hold);
	if (!core->holds)
		iosm_state_queue_worker(core);
}

/**
 * iosm_core_start() - boot the device, and go online
 * @core: initialised, or paused; otherwise this does nothing
 *
 * During system sleep the device stays held until iosm_resume().
 * Context: may sleep, under the lock of the PCI device. Does not wait for the device.
 */
void iosm_core_start(struct iosm_core *core)
{
	if (!(core->holds & IOSM_HOLD_PCI))
		return;

	/* The worker has been cancelled, so core->lock is not contended. */
	mutex_lock(&core->lock);
	iosm_core_reboot(core);
	mutex_unlock(&core->lock);

	iosm_core_release(core, IOSM_HOLD_PCI);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_start);

/**
 * iosm_core_await() - wait until the device is online or has failed
 * @core: the device, started
 * @timeout_ms: at most this long
 *
 * Context: sleeps; ends early by a signal, and when the device is paused.
 *
 * Return: 0 when it is online, -EAGAIN when it is booting or paused, -ENODEV when it
 * has failed.
 */
int iosm_core_await(struct iosm_core *core, unsigned int timeout_ms)
{
	enum iosm_state state;

	/*
	 * Interruptible, as system sleep signals every task of user space. Not
	 * freezable, as the caller holds locks.
	 */
	wait_event_interruptible_timeout(core->event,
					 iosm_core_holds(core) ||
					 iosm_core_state(core) == IOSM_STATE_ONLINE ||
					 iosm_core_has_failed(core),
					 msecs_to_jiffies(timeout_ms));
	state = iosm_core_state(core);
	if (state == IOSM_STATE_FAILED)
		return -ENODEV;

	return state == IOSM_STATE_ONLINE ? 0 : -EAGAIN;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_await);

/**
 * iosm_core_pause() - take the device offline until iosm_core_start()
 * @core: the device, failed or not
 *
 * All clients are stopped and the device does no DMA when this returns.
 * Context: sleeps, under the lock of the PCI device; every wait for the modem
 * is bounded.
 */
void iosm_core_pause(struct iosm_core *core)
{
	iosm_core_hold(core, IOSM_HOLD_PCI);

	mutex_lock(&core->lock);
	iosm_core_offline(core);
	mutex_unlock(&core->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_pause);

/**
 * iosm_core_exit() - the counterpart of iosm_core_init()
 * @core: the device, failed or not
 *
 * Context: sleeps; every wait for the device is bounded.
 */
void iosm_core_exit(struct iosm_core *core)
{
	iosm_core_pause(core);
	free_irq(core->irq, core);
	pci_free_irq_vectors(core->pdev);
	iosm_core_cleanup(core);
}
