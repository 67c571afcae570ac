// SPDX-License-Identifier: GPL-2.0-only
/*
 * One device: boot, interrupt, watchdog, system sleep, clients.
 *
 * Probe only starts the device. The worker, on a workqueue of the device, looks for
 * running firmware, sets up the link and starts the clients. An error may be found in
 * any context: see iosm_core_fail().
 */

#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/pci.h>

#include "iosm_channel.h"
#include "iosm_core.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

#define IOSM_STAGE_POLL_MS	20
#define IOSM_STAGE_PATIENCE_MS	1000
#define IOSM_IPC_POLL_MS	50U
#define IOSM_BOOT_POLL_MS	1000
#define IOSM_INIT_TIMEOUT_MS	10000
#define IOSM_RUNNING_TIMEOUT_MS	3000
#define IOSM_STAGE_LATE_MS	100	/* in memory, after the IPC state */
#define IOSM_UNINIT_TIMEOUT_MS	30
#define IOSM_WATCH_MS		100
#define IOSM_WAKE_TIMEOUT_MS	500
#define IOSM_WAKE_LIMIT_MS	5000
#define IOSM_DUMP_POLL_MS	1000
#define IOSM_DUMP_TRIES		300
#define IOSM_QUIESCE_MS		500
#define IOSM_REFUSALS		3	/* of system sleep, in a row */

/* Names of events are part of the user ABI. */
VISIBLE_IF_KUNIT void iosm_core_event(struct iosm_core *core,
				      const char *event)
{
	char text[48];
	char *envp[2];

	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_core_event, core, event);

	snprintf(text, sizeof(text), "IOSM_EVENT=%s", event);
	envp[0] = text;
	envp[1] = NULL;
	kobject_uevent_env(&core->dev->kobj, KOBJ_CHANGE, envp);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_event);

VISIBLE_IF_KUNIT void iosm_core_queue(struct iosm_core *core)
{
	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_core_queue, core);

	mod_delayed_work(core->wq, &core->work, 0);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_queue);

/*
 * Run the worker again after @ms, unless iosm_core_queue() has asked for an
 * earlier run meanwhile: queue_delayed_work() leaves a pending work alone.
 */
VISIBLE_IF_KUNIT void iosm_core_rearm(struct iosm_core *core, unsigned int ms)
{
	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_core_rearm, core, ms);

	queue_delayed_work(core->wq, &core->work, msecs_to_jiffies(ms));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_rearm);

static void iosm_core_notify(struct iosm_core *core)
{
	void (*notify)(void *priv);

	/* Pairs with iosm_core_set_notify(). */
	notify = smp_load_acquire(&core->notify);
	if (notify)
		notify(core->notify_priv);
}

/**
 * iosm_core_set_notify() - ask for a call after each error and when the device is online
 * @core: not started, or paused
 * @notify: the function, for any context; NULL: no calls from now on
 * @priv: for @notify
 *
 * Context: may sleep.
 */
void iosm_core_set_notify(struct iosm_core *core, void (*notify)(void *priv), void *priv)
{
	if (notify)
		core->notify_priv = priv;
	/* Pairs with iosm_core_notify(). */
	smp_store_release(&core->notify, notify);
	/* Of a paused device, only the interrupt can still report an error. */
	if (!notify)
		synchronize_irq(core->irq);
}

/**
 * iosm_core_fail() - the device has failed
 * @core: the device
 * @kind: what happened; says who may restart the device
 * @reason: static text for the log
 *
 * The device loses its access to memory, all waits end, and the worker stops the
 * clients. Only the first error counts.
 * Context: any that holds none of the locks of pm and msg.
 */
void iosm_core_fail(struct iosm_core *core, enum iosm_error_kind kind, const char *reason)
{
	if (!iosm_state_fail(core, kind, reason))
		return;

	dev_printk(kind == IOSM_ERROR_POWER_LOST ? KERN_INFO : KERN_ERR, core->dev,
		   "%s: %s\n", iosm_error_log(kind), reason);
	iosm_pm_stop(&core->pm);
	iosm_msg_stop(&core->msg);
	wake_up_all(&core->event);
	iosm_core_queue(core);
	if (kind != IOSM_ERROR_POWER_LOST)
		iosm_core_notify(core);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_fail);

/**
 * iosm_core_is_lost() - has the device failed, so that it must not be restarted for
 * the sake of somebody else?
 * @core: the device
 *
 * A device that was removed is not lost: what comes back is another one.
 * Context: any.
 *
 * Return: true when it is up to the administrator or to the health reporter.
 */
bool iosm_core_is_lost(struct iosm_core *core)
{
	enum iosm_restart restart;

	if (!iosm_core_has_failed(core))
		return false;

	restart = iosm_state_restart(core);

	return restart == IOSM_RESTART_ADMIN || restart == IOSM_RESTART_REPORTER;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_is_lost);

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

/* ---- Interrupt ---- */

/*
 * Returns a bit mask of channels with news, and whether the IRQ thread is needed.
 * A tail that the thread, or NAPI, has not looked at yet is not news: in a storm
 * of interrupts they get no time, and the storm would look like news.
 */
static unsigned long iosm_core_dispatch(struct iosm_core *core, bool *thread)
{
	unsigned long active = READ_ONCE(core->active);
	unsigned long moved = 0;
	struct iosm_channel *ch;
	unsigned int id;

	for_each_set_bit(id, &active, IOSM_CHANNELS) {
		ch = core->channels[id];
		if (!iosm_pipe_pending(&ch->ul) && !iosm_pipe_pending(&ch->dl))
			continue;

		if (ch->ops->irq) {
			if (ch->ops->irq(ch->priv))
				moved |= BIT(id);
			continue;
		}

		*thread = true;
		if (!test_and_set_bit(id, &core->work_mask))
			moved |= BIT(id);
	}

	return moved;
}

/*
 * One vector, no cause: look at everything in memory that the device may have
 * changed. These are a few loads of cached memory; the work is done elsewhere,
 * but for the answer to a sleep request, which is one register write. Returns
 * true when there is work for the IRQ thread; @spurious is false when a tail has
 * moved.
 */
static bool iosm_core_look(struct iosm_core *core, bool *spurious)
{
	unsigned long moved;
	bool thread = false;

	moved = iosm_core_dispatch(core, &thread);
	*spurious = !moved;
	if (iosm_msg_pending(&core->msg)) {
		thread = true;
		if (!test_and_set_bit(IOSM_WORK_MESSAGES, &core->work_mask))
			*spurious = false;
	}
	thread |= iosm_shm_stage(&core->shm) != READ_ONCE(core->stage_seen);
	trace_iosm_irq(core->dev, moved, thread);
	iosm_pm_irq(&core->pm);

	return thread;
}

/*
 * A spurious interrupt. Some are normal, as their news was found before. But tails
 * move only as far as the host lets them, so a device that keeps a CPU busy with
 * interrupts has to raise many of these.
 */
static void iosm_core_spurious(struct iosm_core *core)
{
	unsigned long now = jiffies;

	/* A start time in the future means that jiffies wrapped. */
	if (!time_in_range(now, core->spurious_since, core->spurious_since + HZ)) {
		core->spurious_since = now;
		core->spurious = 0;
	}
	if (++core->spurious > IOSM_SPURIOUS_LIMIT)
		iosm_core_fail(core, IOSM_ERROR_PROTOCOL, "interrupt storm");
}

VISIBLE_IF_KUNIT irqreturn_t iosm_core_irq(int irq, void *data)
{
	struct iosm_core *core = data;
	bool thread = false;
	bool spurious = true;

	iosm_stats_inc(&core->stats.sync, &core->stats.interrupts);
	if (iosm_pm_is_up(&core->pm))
		thread = iosm_core_look(core, &spurious);
	if (unlikely(spurious))
		iosm_core_spurious(core);

	if (atomic_read(&core->waiters))
		wake_up(&core->event);

	return thread ? IRQ_WAKE_THREAD : IRQ_HANDLED;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_irq);

static void iosm_core_check_stage(struct iosm_core *core)
{
	u32 stage = iosm_shm_stage(&core->shm);

	if (stage == core->stage_seen)
		return;

	WRITE_ONCE(core->stage_seen, stage);

	switch (stage) {
	case IOSM_STAGE_RUN:
		break;
	case IOSM_STAGE_CRASH:
	case IOSM_STAGE_CD_READY:
		iosm_core_fail(core, IOSM_ERROR_CRASHED,
			       "firmware crash reported by device");
		break;
	default:
		atomic64_inc(&core->violations_stage);
		dev_warn_ratelimited(core->dev, "unexpected stage %#x\n",
				     stage);
	}
}

VISIBLE_IF_KUNIT irqreturn_t iosm_core_thread(int irq, void *data)
{
	struct iosm_core *core = data;
	unsigned long work;
	unsigned int id;

	if (!iosm_pm_is_up(&core->pm))
		return IRQ_HANDLED;

	iosm_core_check_stage(core);

	if (iosm_msg_poll(&core->msg))
		iosm_core_fail(core, IOSM_ERROR_PROTOCOL, "invalid message tail");

	work = xchg(&core->work_mask, 0) & READ_ONCE(core->active);
	for_each_set_bit(id, &work, IOSM_CHANNELS)
		core->channels[id]->ops->poll(core->channels[id]->priv);

	return IRQ_HANDLED;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_thread);

/**
 * iosm_core_attach() - take a channel and its pipes
 * @core: the device
 * @ch: the channel, zeroed but for its shape and callbacks
 *
 * No interrupt reaches it before iosm_core_listen(); iosm_core_detach() gives
 * it back.
 * Context: may sleep.
 *
 * Return: 0, -EBUSY when the channel has a user already, or another one that
 * uses the same pipes, -ENODEV when the device has failed.
 */
int iosm_core_attach(struct iosm_core *core, struct iosm_channel *ch)
{
	unsigned int id = ch->config.id;
	int err = 0;

	mutex_lock(&core->channel_lock);
	if (core->channels[id] ||
	    (id == IOSM_CHANNEL_FLASH && core->channels[IOSM_CHANNEL_IP]) ||
	    (id == IOSM_CHANNEL_IP && core->channels[IOSM_CHANNEL_FLASH]))
		err = -EBUSY;
	else if (iosm_core_has_failed(core))
		err = -ENODEV;
	else
		core->channels[id] = ch;
	mutex_unlock(&core->channel_lock);

	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_attach);

/**
 * iosm_core_listen() - let interrupts reach a channel
 * @core: the device
 * @ch: an attached channel, its pipes allocated
 *
 * Context: any.
 */
void iosm_core_listen(struct iosm_core *core, struct iosm_channel *ch)
{
	smp_mb__before_atomic();	/* the channel before its bit */
	set_bit(ch->config.id, &core->active);
}

/**
 * iosm_core_detach() - no interrupt reaches the channel from here on
 * @core: the device
 * @ch: an attached channel
 *
 * Context: sleeps; not from a callback of the channel.
 */
void iosm_core_detach(struct iosm_core *core, struct iosm_channel *ch)
{
	unsigned int id = ch->config.id;

	clear_bit(id, &core->active);
	smp_mb__after_atomic();		/* bit before the looks of others */
	/* Waits for the interrupt's thread, too. */
	synchronize_irq(core->irq);
	/* The gate asks who is busy in any context. */
	iosm_pm_sync(&core->pm);

	mutex_lock(&core->channel_lock);
	core->channels[id] = NULL;
	mutex_unlock(&core->channel_lock);

	/* It may have been all that kept the device from sleeping. */
	iosm_pm_irq(&core->pm);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_detach);

/* ---- Device sleep ---- */

/*
 * Called under the lock of the gate, with interrupts off. The lock keeps the
 * channels that it looks at; others ask by iosm_pm_busy().
 */
static bool iosm_core_busy(void *priv)
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

VISIBLE_IF_KUNIT void iosm_core_rung(void *priv)
{
	struct iosm_core *core = priv;

	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_core_rung, priv);

	/* Nothing happens here when the watch is on already. */
	queue_delayed_work(core->wq, &core->watch,
			   msecs_to_jiffies(IOSM_WATCH_MS));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_rung);

static const struct iosm_pm_ops iosm_core_pm_ops = {
	.busy = iosm_core_busy,
	.rung = iosm_core_rung,
};

/*
 * A device that was removed, or that rebooted silently, never completes what is
 * outstanding, and raises no interrupt. Its stage register tells. Returns false
 * when the device has failed.
 */
static bool iosm_core_watch_stage(struct iosm_core *core)
{
	switch (iosm_mmio_stage(&core->mmio)) {
	case IOSM_STAGE_RUN:
		return true;
	case IOSM_GONE:
		iosm_core_fail(core, IOSM_ERROR_GONE, "registers read all ones");
		return false;
	case IOSM_STAGE_CRASH:
	case IOSM_STAGE_CD_READY:
		iosm_core_fail(core, IOSM_ERROR_CRASHED, "found in the stage register");
		return false;
	default:
		iosm_core_fail(core, IOSM_ERROR_PROTOCOL, "left stage run");
		return false;
	}
}

/*
 * Runs while requests to the device are outstanding, and looks at what an
 * interrupt should have reported: a missed interrupt costs time, nothing else.
 */
VISIBLE_IF_KUNIT void iosm_core_watch(struct work_struct *work)
{
	struct iosm_core *core = container_of(to_delayed_work(work),
					      struct iosm_core, watch);
	struct iosm_pm_stats pm;
	bool waking, spurious;

	if (!iosm_pm_may_read(&core->pm))
		return;

	/* iosm_core_detach() waits for the interrupt, but not for this. */
	mutex_lock(&core->channel_lock);
	local_bh_disable();
	if (iosm_core_look(core, &spurious))
		irq_wake_thread(core->irq, core);
	local_bh_enable();
	mutex_unlock(&core->channel_lock);
	wake_up(&core->event);

	/*
	 * Memory says that nothing is outstanding: done, without a register
	 * read, which would wake the PCIe link from L1.2.
	 */
	waking = iosm_pm_is_waking(&core->pm);
	if (!waking && !iosm_pm_busy(&core->pm)) {
		core->wake_ms = 0;
		return;
	}
	if (!iosm_core_watch_stage(core))
		return;

	iosm_pm_get_stats(&core->pm, &pm);
	/* It may have woken, and fallen asleep again, since the last look. */
	if (!waking || core->wakes != pm.host_wakes)
		core->wake_ms = 0;
	core->wakes = pm.host_wakes;
	if (waking) {
		core->wake_ms += IOSM_WATCH_MS;
		if (core->wake_ms >= IOSM_WAKE_LIMIT_MS) {
			iosm_core_fail(core, IOSM_ERROR_UNRESPONSIVE,
				       "device wake-up timed out");
			return;
		}
		if (core->wake_ms == IOSM_WAKE_TIMEOUT_MS)
			dev_warn_ratelimited(core->dev,
					     "modem is slow to wake up\n");
	}

	iosm_core_rung(core);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_watch);

/* ---- Handshake ---- */

static void iosm_core_boot_step(struct iosm_core *core, enum iosm_boot_step step)
{
	struct iosm_boot *boot = &core->boot;

	boot->step = step;
	/* Short at first, for a device that answers at once. */
	boot->pause_ms = 1;
	boot->waited_ms = 0;
}

/*
 * The device has not done yet what this step waits for. Returns the time to the next
 * look in ms, or -ETIMEDOUT.
 */
static int iosm_core_boot_again(struct iosm_core *core, unsigned int timeout_ms)
{
	struct iosm_boot *boot = &core->boot;
	unsigned int ms = boot->pause_ms;

	if (boot->waited_ms >= timeout_ms)
		return -ETIMEDOUT;

	boot->waited_ms += ms;
	boot->pause_ms = min(2 * ms, IOSM_IPC_POLL_MS);

	return ms;
}

/*
 * Look at the IPC state, once. Returns 0 when it is the @wanted one, the time to the
 * next look in ms, or a negative errno.
 */
static int iosm_core_look_ipc(struct iosm_core *core, u32 wanted, unsigned int timeout_ms)
{
	u32 state = iosm_mmio_ipc_state(&core->mmio);

	if (state == wanted)
		return 0;
	if (state == IOSM_GONE)
		return -ENODEV;

	return iosm_core_boot_again(core, timeout_ms);
}

/* The same for RUNNING, which the device publishes in memory, and raises an interrupt. */
static int iosm_core_look_running(struct iosm_core *core)
{
	if (iosm_shm_ipc_state(&core->shm) == IOSM_IPC_RUNNING &&
	    (iosm_shm_stage(&core->shm) == IOSM_STAGE_RUN ||
	     core->boot.waited_ms >= IOSM_STAGE_LATE_MS))
		return 0;

	return iosm_core_boot_again(core, IOSM_RUNNING_TIMEOUT_MS);
}

/* The device has no valid stage (yet). Returns the time to the next look in ms. */
static int iosm_core_stage_unknown(struct iosm_core *core, u32 stage)
{
	if (core->boot.stage_ms >= IOSM_STAGE_PATIENCE_MS)
		return IOSM_BOOT_POLL_MS;

	core->boot.stage_ms += IOSM_STAGE_POLL_MS;
	if (core->boot.stage_ms < IOSM_STAGE_PATIENCE_MS)
		return IOSM_STAGE_POLL_MS;

	dev_info(core->dev, "modem is not ready yet (stage %#x)\n", stage);
	iosm_core_event(core, "MDM_NOT_READY");

	return IOSM_STAGE_POLL_MS;
}

/*
 * Look for running firmware, once. There is no limit to how often: a modem in
 * its boot ROM may wait for a firmware download. Returns 0 when the firmware
 * runs, the time to the next look in ms, or a negative errno.
 */
static int iosm_core_look_stage(struct iosm_core *core)
{
	u32 stage = iosm_mmio_stage(&core->mmio);

	switch (stage) {
	case IOSM_STAGE_RUN:
		return 0;
	case IOSM_GONE:
		return -ENODEV;
	case IOSM_STAGE_CRASH:
		return -EREMOTEIO;
	case IOSM_STAGE_CD_READY:
		iosm_core_event(core, "CD_READY_LINK_DOWN");
		return -EREMOTEIO;
	case IOSM_STAGE_BOOT:
		if (!(core->boot.sent & IOSM_SENT_ROM_READY)) {
			dev_info(core->dev, "modem is in its boot ROM\n");
			core->boot.sent |= IOSM_SENT_ROM_READY;
			iosm_core_event(core, "ROM_READY");
		}
		return IOSM_BOOT_POLL_MS;
	case IOSM_STAGE_PSI:
	case IOSM_STAGE_EBL:
		return IOSM_BOOT_POLL_MS;
	default:
		return iosm_core_stage_unknown(core, stage);
	}
}

/* The firmware runs: end a link that another driver has left up. */
static int iosm_core_boot_uninit(struct iosm_core *core)
{
	int err = iosm_mmio_check_chip(&core->mmio);

	if (err)
		return err;

	if (iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_UNINIT)
		iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
	iosm_core_boot_step(core, IOSM_BOOT_UNINIT);

	return 0;
}

/*
 * The device is in IPC state UNINIT. Bus mastering comes on here and not earlier: with
 * a link of another driver, the device would write to memory that has been freed.
 */
static int iosm_core_boot_init(struct iosm_core *core)
{
	if (!iosm_state_set(core, IOSM_STATE_LINK_INIT))
		return -EINTR;

	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_INIT);
	iosm_core_boot_step(core, IOSM_BOOT_INIT);

	return 0;
}

/* The device is in INIT. */
static int iosm_core_boot_running(struct iosm_core *core)
{
	iosm_shm_reset(&core->shm);
	iosm_msg_start(&core->msg);
	core->stage_seen = IOSM_STAGE_RUN;
	iosm_mmio_set_context(&core->mmio, core->shm.dma);
	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_RUNNING);
	iosm_core_boot_step(core, IOSM_BOOT_RUNNING);

	return 0;
}

/*
 * From no firmware to IPC state RUNNING, as far as the device allows without a wait.
 * Returns 0 in RUNNING, the time to the next look in ms, or a negative errno.
 */
static int iosm_core_handshake(struct iosm_core *core)
{
	int err;

	for (;;) {
		switch (core->boot.step) {
		case IOSM_BOOT_FIRMWARE:
			err = iosm_core_look_stage(core) ?:
			      iosm_core_boot_uninit(core);
			break;
		case IOSM_BOOT_UNINIT:
			err = iosm_core_look_ipc(core, IOSM_IPC_UNINIT,
						 IOSM_RUNNING_TIMEOUT_MS) ?:
			      iosm_core_boot_init(core);
			break;
		case IOSM_BOOT_INIT:
			err = iosm_core_look_ipc(core, IOSM_IPC_INIT,
						 IOSM_INIT_TIMEOUT_MS) ?:
			      iosm_core_boot_running(core);
			break;
		default:
			return iosm_core_look_running(core);
		}
		if (err)
			return err;
	}
}

/* The first messages of a new link, in the order that the device wants. */
static int iosm_core_introduce(struct iosm_core *core)
{
	int err;

	iosm_pm_start(&core->pm);

	err = iosm_msg_sleep(&core->msg, IOSM_MSG_SLEEP_DEVICE,
			     IOSM_MSG_SLEEP_ENTER);
	if (err)
		return err;

	return iosm_msg_features(&core->msg, IOSM_FEATURE_INBAND_CRASH);
}

/* All of them, even if a hold has come: the resume after it starts none. */
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

/* Report why the device did not come up. */
static void iosm_core_boot_failed(struct iosm_core *core, int err)
{
	if (err == -ENODEV && iosm_mmio_stage(&core->mmio) == IOSM_GONE) {
		iosm_core_fail(core, IOSM_ERROR_GONE, "registers read all ones");
	} else if (err == -EREMOTEIO) {
		iosm_core_fail(core, IOSM_ERROR_CRASHED, "found crashed at start");
	} else if (err == -ENODEV) {
		iosm_core_fail(core, IOSM_ERROR_PROTOCOL, "unsupported chip");
	} else {
		iosm_core_event(core, "MDM_TIMEOUT");
		iosm_core_fail(core, IOSM_ERROR_PROTOCOL,
			       "no answer during the handshake");
	}
}

/* Returns the time to the next look at a device that is not ready in ms, or 0. */
static unsigned int iosm_core_boot(struct iosm_core *core)
{
	int err;

	err = iosm_core_handshake(core);
	if (err > 0)
		return err;
	if (!err)
		err = iosm_core_introduce(core);
	if (iosm_core_holds(core) || iosm_core_has_failed(core))
		return 0;
	if (err) {
		iosm_core_boot_failed(core, err);
		return 0;
	}

	core->version = iosm_mmio_version(&core->mmio);
	core->caps = iosm_mmio_capabilities(&core->mmio);
	dev_dbg(core->dev, "capabilities %#x\n", core->caps);

	iosm_core_start_clients(core);
	/* Refused if the device has failed meanwhile. */
	if (!iosm_state_set(core, IOSM_STATE_ONLINE))
		return 0;

	wake_up_all(&core->event);
	iosm_core_event(core, "MDM_READY");
	iosm_core_notify(core);

	return 0;
}

/* ---- Going down ---- */

static void iosm_core_down_channels(struct iosm_core *core)
{
	struct iosm_channel *ch;
	unsigned int id;

	mutex_lock(&core->channel_lock);
	/* NAPI that is scheduled here runs when bottom halves are enabled again. */
	local_bh_disable();
	for (id = 0; id < IOSM_CHANNELS; id++) {
		ch = core->channels[id];
		if (ch && ch->ops->down)
			ch->ops->down(ch->priv);
	}
	local_bh_enable();
	mutex_unlock(&core->channel_lock);
}

/* Is there a link that the device has to be told the end of? */
static bool iosm_core_has_link(const struct iosm_core *core)
{
	switch (iosm_core_state(core)) {
	case IOSM_STATE_LINK_INIT:
	case IOSM_STATE_ONLINE:
	case IOSM_STATE_SUSPENDED:
		return true;
	default:
		return false;
	}
}

/* End the link in order, so that the next driver finds the device as after a reset. */
static void iosm_core_end_link(struct iosm_core *core)
{
	unsigned long end = jiffies + msecs_to_jiffies(IOSM_UNINIT_TIMEOUT_MS);
	bool last = false;

	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
	while (iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_UNINIT) {
		if (last) {
			dev_warn(core->dev, "timeout waiting for IPC state UNINIT\n");
			break;
		}
		usleep_range(500, 1000);
		last = time_after(jiffies, end);
	}
}

/*
 * Clients first, then the link, then the device's access to memory. A device that has
 * failed stays in state FAILED.
 */
static void iosm_core_offline(struct iosm_core *core)
{
	if (iosm_core_has_link(core) && iosm_mmio_stage(&core->mmio) == IOSM_GONE)
		iosm_core_fail(core, IOSM_ERROR_GONE, "registers read all ones");

	if (iosm_core_has_failed(core)) {
		iosm_state_cut(core);
		iosm_core_down_channels(core);
	}

	iosm_core_stop_clients(core);

	iosm_pm_stop(&core->pm);
	synchronize_irq(core->irq);
	iosm_msg_stop(&core->msg);
	cancel_delayed_work_sync(&core->watch);

	if (iosm_core_has_link(core))
		iosm_core_end_link(core);

	if (!iosm_state_set(core, IOSM_STATE_OFFLINE))
		iosm_state_cut(core);
	core->wake_ms = 0;
}

/*
 * After a crash the firmware may prepare a core dump: send an event when it is
 * ready. Returns the time to the next look in ms, or 0.
 */
static unsigned int iosm_core_look_dump(struct iosm_core *core)
{
	struct iosm_boot *boot = &core->boot;
	u32 stage;

	/* System sleep comes through here again. */
	if (boot->sent & IOSM_SENT_CD_READY)
		return 0;
	if (!(boot->sent & IOSM_SENT_CRASH)) {
		iosm_core_event(core, "CRASH");
		boot->sent |= IOSM_SENT_CRASH;
		boot->dump_looks = 0;
	}

	stage = iosm_mmio_stage(&core->mmio);
	if (stage == IOSM_STAGE_CD_READY) {
		boot->sent |= IOSM_SENT_CD_READY;
		iosm_core_event(core, "CD_READY");
		return 0;
	}
	if (stage == IOSM_GONE || ++boot->dump_looks >= IOSM_DUMP_TRIES)
		return 0;

	return IOSM_DUMP_POLL_MS;
}

/* Begin to boot. The device is offline or has failed, and its clients are stopped. */
static void iosm_core_reboot(struct iosm_core *core)
{
	core->refusals = 0;
	memset(&core->boot, 0, sizeof(core->boot));
	iosm_state_set(core, IOSM_STATE_BOOTING);
}

/* Stop the clients of a device that failed. Returns as iosm_core_look_dump(). */
static unsigned int iosm_core_failed(struct iosm_core *core)
{
	struct iosm_error error;

	iosm_core_offline(core);
	if (iosm_state_restart(core) == IOSM_RESTART_WORKER) {
		iosm_core_reboot(core);
		return 0;
	}

	iosm_state_error(core, &error);

	return error.kind == IOSM_ERROR_CRASHED ? iosm_core_look_dump(core) : 0;
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

	/* After an error in the boot, and after a loss of power, once more. */
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

/* All of a device but PCI; the registers are mapped. */
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
	INIT_DELAYED_WORK(&core->watch, iosm_core_watch);

	core->wq = alloc_workqueue("iosm-%s", WQ_UNBOUND, 0, dev_name(dev));
	if (!core->wq)
		return -ENOMEM;

	err = iosm_shm_alloc(&core->shm, dev);
	if (err) {
		destroy_workqueue(core->wq);
		return err;
	}

	iosm_pm_init(&core->pm, dev, &core->mmio, &core->shm, &iosm_core_pm_ops,
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
 * Return: 0 or a negative errno, which was logged with its cause; then nothing
 * is left but managed resources.
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
	err = request_threaded_irq(core->irq, iosm_core_irq, iosm_core_thread,
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

/* Holds change under the lock of the PCI device only. */
static void iosm_core_hold(struct iosm_core *core, unsigned long hold)
{
	WRITE_ONCE(core->holds, core->holds | hold);
	wake_up_all(&core->event);
	cancel_delayed_work_sync(&core->work);
}

static void iosm_core_release(struct iosm_core *core, unsigned long hold)
{
	WRITE_ONCE(core->holds, core->holds & ~hold);
	if (!core->holds)
		iosm_core_queue(core);
}

/**
 * iosm_core_start() - boot the device, and go online
 * @core: initialised, or paused; nothing happens to a device that is not paused
 *
 * In system sleep, the boot begins with its end.
 * Context: any that may sleep, under the lock of the PCI device; returns at
 * once.
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
 * iosm_core_await() - wait until the device is online, or is not going to be
 * @core: the device, started
 * @timeout_ms: at most this long
 *
 * Context: sleeps; ends early by a signal, and when the device is paused.
 *
 * Return: 0 when it is online, -EAGAIN when it is still on its way, -ENODEV
 * when it has failed.
 */
int iosm_core_await(struct iosm_core *core, unsigned int timeout_ms)
{
	enum iosm_state state;

	/*
	 * System sleep gives every task of user space a signal. Not freezable:
	 * the caller holds locks.
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

/* ---- System sleep ---- */

static void iosm_core_suspend_clients(struct iosm_core *core, bool suspend)
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

/* Tells the device, in D3 only, that the host goes to sleep or is back. */
static int iosm_core_tell_sleep(struct iosm_core *core, u8 state)
{
	int err = iosm_msg_sleep(&core->msg, IOSM_MSG_SLEEP_HOST, state);

	/* Found by the sender. The IRQ thread may see a valid tail again. */
	if (err == -EIO)
		iosm_core_fail(core, IOSM_ERROR_PROTOCOL, "invalid message tail");

	return err;
}

/* The device must agree, and be awake to hear of it. */
static int iosm_core_suspend_d3(struct iosm_core *core)
{
	int err;

	/*
	 * The watchdog reads registers, which is forbidden as soon as the device
	 * has agreed. So is a doorbell of anybody who does not know of it yet, such
	 * as the IRQ thread.
	 */
	err = iosm_pm_quiesce(&core->pm, IOSM_WAKE_TIMEOUT_MS);
	if (err)
		return err;

	cancel_delayed_work_sync(&core->watch);
	err = iosm_core_tell_sleep(core, IOSM_MSG_SLEEP_ENTER);
	/* After a time-out it may still agree: take the request back. */
	if (err == -ETIMEDOUT)
		iosm_core_tell_sleep(core, IOSM_MSG_SLEEP_EXIT);
	if (err) {
		iosm_pm_release(&core->pm);
		iosm_core_rung(core);
		return err;
	}

	iosm_pm_suspend(&core->pm);

	return 0;
}

static void iosm_core_suspend_d0(struct iosm_core *core)
{
	iosm_pm_suspend(&core->pm);
	/* It reads registers, and that would wake the link. */
	cancel_delayed_work_sync(&core->watch);
	iosm_pm_force_sleep(&core->pm);
}

static int iosm_core_suspend_link(struct iosm_core *core, bool d3)
{
	int err = 0;

	iosm_core_wait(core, !iosm_pm_busy(&core->pm), IOSM_QUIESCE_MS);

	if (d3)
		err = iosm_core_suspend_d3(core);
	else
		iosm_core_suspend_d0(core);
	if (err)
		return err;

	return iosm_state_set(core, IOSM_STATE_SUSPENDED) ? 0 : -ENODEV;
}

/**
 * iosm_core_suspend() - system sleep begins
 * @core: the device
 * @d3: the platform puts the device into D3, so it must agree first
 *
 * A device that does not agree, IOSM_REFUSALS times in a row, is taken down for
 * this sleep, and started after it as after a probe.
 * Context: sleeps, under the lock of the PCI device.
 *
 * Return: 0, or a negative errno: then the device goes on as before and the
 * system must not sleep.
 */
int iosm_core_suspend(struct iosm_core *core, bool d3)
{
	int err = 0;

	iosm_core_hold(core, IOSM_HOLD_SLEEP);

	mutex_lock(&core->lock);
	if (iosm_core_state(core) == IOSM_STATE_ONLINE) {
		iosm_core_suspend_clients(core, true);
		err = iosm_core_suspend_link(core, d3);
		core->refusals = err ? core->refusals + 1 : 0;
		if (err && iosm_mmio_stage(&core->mmio) == IOSM_GONE)
			iosm_core_fail(core, IOSM_ERROR_GONE,
				       "registers read all ones");
		if (err)
			iosm_core_suspend_clients(core, false);
	}
	if (iosm_core_has_failed(core)) {
		/* A device that failed does not keep the system awake. */
		iosm_core_offline(core);
		err = 0;
	} else if (core->refusals >= IOSM_REFUSALS) {
		/* A laptop in its bag must not stay awake for a modem. */
		dev_err(core->dev, "modem refuses to sleep each time: %pe\n",
			ERR_PTR(err));
		iosm_core_offline(core);
		/* Unless it failed to close its pipes. */
		if (!iosm_core_has_failed(core))
			iosm_core_reboot(core);
		err = 0;
	} else if (iosm_core_state(core) == IOSM_STATE_LINK_INIT) {
		/* Interrupted in the middle of a handshake: begin again. */
		iosm_core_offline(core);
		if (!iosm_core_has_failed(core))
			iosm_core_reboot(core);
	} else if (iosm_core_state(core) == IOSM_STATE_BOOTING) {
		core->boot.step = IOSM_BOOT_FIRMWARE;
	}
	mutex_unlock(&core->lock);

	if (err) {
		dev_err(core->dev, "modem refuses to sleep: %pe\n",
			ERR_PTR(err));
		iosm_core_release(core, IOSM_HOLD_SLEEP);
	}

	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_suspend);

/*
 * No register may be read, neither by the watchdog, before the device knows that the
 * host is back. A device that lost its power does not understand the message, and its
 * stage or IPC state shows that.
 */
static int iosm_core_resume_link(struct iosm_core *core, bool d3)
{
	iosm_pm_resume(&core->pm);

	if (d3 && iosm_core_tell_sleep(core, IOSM_MSG_SLEEP_EXIT))
		return -ECONNRESET;

	if (iosm_mmio_stage(&core->mmio) != IOSM_STAGE_RUN ||
	    iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_RUNNING)
		return -ECONNRESET;

	iosm_state_set(core, IOSM_STATE_ONLINE);
	iosm_pm_release(&core->pm);
	/* What was outstanding when the watchdog was cancelled. */
	iosm_core_rung(core);

	return 0;
}

/**
 * iosm_core_resume() - system sleep is over
 * @core: the device
 * @d3: as it was at iosm_core_suspend()
 *
 * A device that lost its power meanwhile is started as after a probe.
 * One that was paused meanwhile goes on waiting for iosm_core_start().
 * Context: sleeps, under the lock of the PCI device.
 */
void iosm_core_resume(struct iosm_core *core, bool d3)
{
	/* The worker has been cancelled, or ends soon. */
	mutex_lock(&core->lock);
	if (iosm_core_state(core) == IOSM_STATE_SUSPENDED) {
		if (iosm_core_resume_link(core, d3))
			iosm_core_fail(core, IOSM_ERROR_POWER_LOST,
				       "power lost during suspend");
		iosm_core_suspend_clients(core, false);
	}
	mutex_unlock(&core->lock);

	iosm_core_release(core, IOSM_HOLD_SLEEP);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_resume);
