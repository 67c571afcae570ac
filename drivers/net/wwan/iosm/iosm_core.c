// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device.
 *
 *   BOOTING --- handshake ---> ONLINE --- fault ---> CRASHED | BROKEN | GONE
 *      ^                         |                            |
 *      +-- reset, power lost ----+----------------------------+
 *
 * Probe only starts this; the waiting is done on a workqueue of the device's
 * own. A fault (crash, rule broken, no answer, all ones) may be noticed in any
 * context: it cuts the device off from memory at once, ends every wait, and
 * leaves the taking down of users to the workqueue.
 */

#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/pci.h>
#include <linux/timekeeping.h>

#include "iosm_channel.h"
#include "iosm_core.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

#define IOSM_STAGE_POLL_MS	20
#define IOSM_STAGE_PATIENCE_MS	1000
#define IOSM_BOOT_POLL_MS	1000
#define IOSM_INIT_TIMEOUT_MS	10000
#define IOSM_RUNNING_TIMEOUT_MS	3000
#define IOSM_UNINIT_TIMEOUT_MS	30
#define IOSM_WATCH_MS		100
#define IOSM_WAKE_TIMEOUT_MS	500
#define IOSM_WAKE_LIMIT_MS	5000
#define IOSM_DUMP_POLL_MS	1000
#define IOSM_DUMP_TRIES		300
#define IOSM_QUIESCE_MS		500
#define IOSM_REFUSALS		3	/* of system sleep, in a row */

/* What iosm_trace.h shows of enum iosm_life. */
static_assert(IOSM_LIFE_BOOTING == 0 && IOSM_LIFE_ONLINE == 1 &&
	      IOSM_LIFE_CRASHED == 2 && IOSM_LIFE_BROKEN == 3 &&
	      IOSM_LIFE_GONE == 4 && IOSM_LIFE_UNRESPONSIVE == 5);

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

/*
 * Compute the PCI command register with bus mastering on or off. Returns false
 * when there is nothing to write: a read that failed, or that returned all
 * ones because the device was removed, says nothing about the other bits.
 */
VISIBLE_IF_KUNIT bool iosm_core_master_command(int err, u16 old, bool on,
					       u16 *command)
{
	if (err || PCI_POSSIBLE_ERROR(old))
		return false;

	*command = on ? old | PCI_COMMAND_MASTER : old & ~PCI_COMMAND_MASTER;

	return *command != old;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_master_command);

/* May the device read and write memory, and raise interrupts? */
VISIBLE_IF_KUNIT void iosm_core_master(struct iosm_core *core, bool on)
{
	u16 old, command;
	int err;

	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_core_master, core, on);

	/*
	 * Not pci_set_master(): that notes it in a bit field of the PCI core,
	 * and this may be an interrupt while that changes its neighbours.
	 */
	err = pci_read_config_word(core->pdev, PCI_COMMAND, &old);
	if (iosm_core_master_command(err, old, on, &command))
		pci_write_config_word(core->pdev, PCI_COMMAND, command);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_master);

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

static void iosm_core_health(struct iosm_core *core)
{
	void (*changed)(struct iosm_core *core);

	/* What it uses was there before it was set. */
	changed = smp_load_acquire(&core->health.changed);
	if (changed)
		changed(core);
}

/* Written down for whoever asks later; a new life does not wipe it out. */
static void iosm_core_note(struct iosm_core *core, enum iosm_life life,
			   const char *why)
{
	struct iosm_health *health = &core->health;
	unsigned long flags;

	spin_lock_irqsave(&health->lock, flags);
	health->faults++;
	health->why = why;
	health->life = life;
	health->when = ktime_get_real_seconds();
	spin_unlock_irqrestore(&health->lock, flags);
}

/**
 * iosm_core_cut() - take the device's access to memory, once more
 * @core: the device, dead
 *
 * A dead device has lost it, but the PCI core restores what it saved. To be
 * called before anything is freed that a dead device may hold.
 * Context: any.
 */
void iosm_core_cut(struct iosm_core *core)
{
	iosm_core_master(core, false);
}

/*
 * The end of this life. Only the first reason counts, and whether the device
 * starts again by itself goes with the reason. The device loses its access to
 * memory before anybody can see that it is dead, so that everything it may
 * still hold can be freed whatever it does. Who comes second must not rely on
 * how far the first has come.
 */
static void iosm_core_end(struct iosm_core *core, enum iosm_life life,
			  const char *why, bool restart)
{
	bool first = !cmpxchg(&core->fault, NULL, why);

	iosm_core_cut(core);
	if (!first)
		return;

	if (restart) {
		core->restart = true;
		dev_info(core->dev, "modem starts again: %s\n", why);
	} else {
		dev_err(core->dev, "%s: %s\n",
			life == IOSM_LIFE_CRASHED ? "modem crashed" :
			life == IOSM_LIFE_GONE ? "modem is gone" :
			life == IOSM_LIFE_UNRESPONSIVE ? "modem is unresponsive" :
			"modem is broken", why);
		iosm_core_note(core, life, why);
	}

	trace_iosm_fault(core->dev, life, why);
	trace_iosm_life(core->dev, life);
	WRITE_ONCE(core->life, life);
	/* After all of the above: others act on it at once. */
	smp_store_release(&core->dead, true);
	iosm_pm_stop(&core->pm);
	iosm_msg_stop(&core->msg);
	wake_up_all(&core->event);
	iosm_core_queue(core);
	if (!restart)
		iosm_core_health(core);
}

static void iosm_core_die(struct iosm_core *core, enum iosm_life life,
			  const char *why)
{
	iosm_core_end(core, life, why, false);
}

/**
 * iosm_core_fault() - the device broke the rules or does not answer
 * @core: the device
 * @why: static text for the log
 *
 * Declares the device broken: no DMA, no waits, users go down soon. It comes
 * back by a reset, a new binding, or by replugging.
 * Context: any.
 */
void iosm_core_fault(struct iosm_core *core, const char *why)
{
	iosm_core_die(core, IOSM_LIFE_BROKEN, why);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_fault);

/**
 * iosm_core_unresponsive() - a request to the device timed out for good
 * @core: the device
 * @why: static text for the log
 *
 * Fails the device as iosm_core_fault() does. A time-out is no violation of the
 * protocol, so the health reporter may reset and restart the device by itself.
 * Context: any.
 */
void iosm_core_unresponsive(struct iosm_core *core, const char *why)
{
	iosm_core_die(core, IOSM_LIFE_UNRESPONSIVE, why);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_unresponsive);

/**
 * iosm_core_is_lost() - has this life ended, and does not begin anew by itself?
 * @core: the device
 *
 * A device that is gone is not lost: what comes back is another one.
 * Context: any.
 *
 * Return: true for one that crashed or was declared broken: to start it again
 * is up to somebody.
 */
bool iosm_core_is_lost(const struct iosm_core *core)
{
	return iosm_core_is_dead(core) && !READ_ONCE(core->restart) &&
	       READ_ONCE(core->life) != IOSM_LIFE_GONE;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_is_lost);

/**
 * iosm_core_lies() - count what the device wrote that it must not
 * @core: the device
 * @lies: to fill, with everything since the driver was bound
 *
 * Context: any that does not hold the gate.
 */
void iosm_core_lies(struct iosm_core *core, struct iosm_lies *lies)
{
	struct iosm_pipe_stats *pipe;
	struct iosm_msg_stats msg;
	struct iosm_pm_stats pm;
	unsigned int i;

	lies->pipes = 0;
	for (i = 0; i < IOSM_PIPES; i++) {
		pipe = &core->stats.pipes[i];
		lies->pipes += iosm_stats_read(&pipe->sync, &pipe->invalid);
	}

	iosm_msg_get_stats(&core->msg, &msg);
	lies->messages = msg.bad_status;
	iosm_pm_get_stats(&core->pm, &pm);
	lies->sleep = pm.bad_requests;
	lies->stages = atomic64_read(&core->lies_stages);
	lies->blocks = atomic64_read(&core->lies_blocks);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_lies);

/* ---- Interrupt ---- */

/*
 * Returns a bit mask of channels with news, and whether a thread is needed.
 * What the thread, or NAPI, was told already is no news, or one that gets no
 * time in a storm of interrupts would hide it.
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
 * true when there is work for the interrupt's thread; @vain is false when a
 * tail has moved.
 */
static bool iosm_core_look(struct iosm_core *core, bool *vain)
{
	unsigned long moved;
	bool thread = false;

	moved = iosm_core_dispatch(core, &thread);
	*vain = !moved;
	if (iosm_msg_pending(&core->msg)) {
		thread = true;
		if (!test_and_set_bit(IOSM_WORK_MESSAGES, &core->work_mask))
			*vain = false;
	}
	thread |= iosm_shm_stage(&core->shm) != READ_ONCE(core->stage_seen);
	trace_iosm_irq(core->dev, moved, thread);
	iosm_pm_irq(&core->pm);

	return thread;
}

/*
 * An interrupt that brought nothing. Some do, as what they tell was found
 * before; but tails can move only as far as we let them, so that a device
 * which keeps a processor busy with interrupts must bring many of these.
 */
static void iosm_core_vain(struct iosm_core *core)
{
	unsigned long now = jiffies;

	/* In both directions: after long enough, that time is in the future. */
	if (!time_in_range(now, core->vain_since, core->vain_since + HZ)) {
		core->vain_since = now;
		core->vain = 0;
	}
	if (++core->vain > IOSM_VAIN_LIMIT)
		iosm_core_fault(core, "interrupt storm");
}

VISIBLE_IF_KUNIT irqreturn_t iosm_core_irq(int irq, void *data)
{
	struct iosm_core *core = data;
	bool thread = false;
	bool vain = true;

	iosm_stats_inc(&core->stats.sync, &core->stats.interrupts);
	if (READ_ONCE(core->listen))
		thread = iosm_core_look(core, &vain);
	if (unlikely(vain))
		iosm_core_vain(core);

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
		iosm_core_die(core, IOSM_LIFE_CRASHED, "told by the firmware");
		break;
	default:
		atomic64_inc(&core->lies_stages);
		dev_warn_ratelimited(core->dev, "unexpected stage %#x\n",
				     stage);
	}
}

VISIBLE_IF_KUNIT irqreturn_t iosm_core_thread(int irq, void *data)
{
	struct iosm_core *core = data;
	unsigned long work;
	unsigned int id;

	if (!READ_ONCE(core->listen))
		return IRQ_HANDLED;

	iosm_core_check_stage(core);

	if (iosm_msg_poll(&core->msg))
		iosm_core_fault(core, "impossible message tail");

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
 * uses the same pipes, -ENODEV when the device is dead.
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
	else if (iosm_core_is_dead(core))
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
		iosm_core_die(core, IOSM_LIFE_GONE, "registers read all ones");
		return false;
	case IOSM_STAGE_CRASH:
	case IOSM_STAGE_CD_READY:
		iosm_core_die(core, IOSM_LIFE_CRASHED, "found by its stage");
		return false;
	default:
		iosm_core_fault(core, "it has left its run stage");
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
	bool waking, vain;

	if (!READ_ONCE(core->listen) || READ_ONCE(core->quiet))
		return;

	/* The lock keeps channels from going, as the interrupt would not. */
	mutex_lock(&core->channel_lock);
	local_bh_disable();
	if (iosm_core_look(core, &vain))
		irq_wake_thread(core->irq, core);
	local_bh_enable();
	mutex_unlock(&core->channel_lock);
	wake_up(&core->event);

	/*
	 * Memory says that nothing is outstanding: done, without a register
	 * read, which would wake the PCIe link from L1.2.
	 */
	waking = READ_ONCE(core->pm.state) == IOSM_PM_WAKING;
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
			iosm_core_unresponsive(core, "does not wake up");
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

/*
 * Sleep that ends early; false when the work must end. TASK_IDLE: the wait for
 * a device is no load.
 */
static bool iosm_core_nap(struct iosm_core *core, unsigned int ms)
{
	wait_event_idle_timeout(core->event, READ_ONCE(core->stopping) ||
				iosm_core_is_dead(core), msecs_to_jiffies(ms));

	return !READ_ONCE(core->stopping) && !iosm_core_is_dead(core);
}

static int iosm_core_wait_ipc(struct iosm_core *core, u32 wanted,
			      unsigned int timeout_ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(timeout_ms);
	unsigned int pause = 1;
	bool last = false;
	u32 state;

	for (;;) {
		state = iosm_mmio_ipc_state(&core->mmio);
		if (state == wanted)
			return 0;
		if (state == IOSM_GONE)
			return -ENODEV;
		if (last)
			return -ETIMEDOUT;
		if (!iosm_core_nap(core, pause))
			return -EINTR;
		/* Short at first, for a device that answers at once. */
		pause = min(2 * pause, 50U);
		last = time_after(jiffies, end);
	}
}

/* The device has no valid stage (yet). Returns the time to the next look in ms. */
static int iosm_core_stage_unknown(struct iosm_core *core, u32 stage)
{
	if (core->stage_ms >= IOSM_STAGE_PATIENCE_MS)
		return IOSM_BOOT_POLL_MS;

	core->stage_ms += IOSM_STAGE_POLL_MS;
	if (core->stage_ms < IOSM_STAGE_PATIENCE_MS)
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
		if (!core->rom_told) {
			dev_info(core->dev, "modem is in its boot ROM\n");
			core->rom_told = true;
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

/* Stage RUN to IPC state RUNNING. */
static int iosm_core_handshake(struct iosm_core *core)
{
	unsigned int i;
	int err;

	err = iosm_mmio_check_chip(&core->mmio);
	if (err)
		return err;

	/* Somebody before us may have left the link up. */
	if (iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_UNINIT) {
		iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
		err = iosm_core_wait_ipc(core, IOSM_IPC_UNINIT,
					 IOSM_RUNNING_TIMEOUT_MS);
		if (err)
			return err;
	}

	/*
	 * Not earlier: a device that ran until now, because nobody could tell
	 * it to stop, still writes to memory that has been freed since.
	 */
	iosm_core_master(core, true);

	/* From here on the device must be told when we give up. */
	core->link_up = true;
	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_INIT);
	err = iosm_core_wait_ipc(core, IOSM_IPC_INIT, IOSM_INIT_TIMEOUT_MS);
	if (err)
		return err;

	iosm_shm_reset(&core->shm);
	iosm_msg_start(&core->msg);
	core->stage_seen = IOSM_STAGE_RUN;
	iosm_mmio_set_context(&core->mmio, core->shm.dma);
	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_RUNNING);

	/* Event driven; the short rounds are for an interrupt that was lost. */
	for (i = 0; i < IOSM_RUNNING_TIMEOUT_MS / 100; i++) {
		iosm_core_wait(core, READ_ONCE(core->stopping) ||
			       (iosm_shm_ipc_state(&core->shm) ==
				IOSM_IPC_RUNNING &&
				iosm_shm_stage(&core->shm) == IOSM_STAGE_RUN),
			       100);
		if (READ_ONCE(core->stopping) || iosm_core_is_dead(core))
			return -EINTR;
		if (iosm_shm_ipc_state(&core->shm) == IOSM_IPC_RUNNING)
			return 0;
	}

	return -ETIMEDOUT;
}

/* The first messages of a new link, in the order that the device wants. */
static int iosm_core_introduce(struct iosm_core *core)
{
	int err;

	iosm_pm_start(&core->pm);
	WRITE_ONCE(core->listen, true);

	err = iosm_msg_sleep(&core->msg, IOSM_MSG_SLEEP_DEVICE,
			     IOSM_MSG_SLEEP_ENTER);
	if (err)
		return err;

	return iosm_msg_features(&core->msg, IOSM_FEATURE_INBAND_CRASH);
}

/* All of them, whoever is stopping us: a later resume starts none. */
static void iosm_core_start_users(struct iosm_core *core)
{
	unsigned int i;
	int err;

	for (i = 0; i < core->n_users; i++) {
		if (iosm_core_is_dead(core))
			return;

		err = core->users[i]->start(core);
		if (err)
			dev_err(core->dev, "no %s: %pe\n", core->users[i]->name,
				ERR_PTR(err));
		else
			core->users_up |= BIT(i);
	}
}

static void iosm_core_stop_users(struct iosm_core *core)
{
	unsigned int i = core->n_users;

	while (i--) {
		if (core->users_up & BIT(i))
			core->users[i]->stop(core);
		core->users_up &= ~BIT(i);
	}
}

/* Returns the time to the next look at a device that is not ready in ms, or 0. */
static unsigned int iosm_core_boot(struct iosm_core *core)
{
	int err;

	err = iosm_core_look_stage(core);
	if (err > 0)
		return err;
	if (err)
		goto fail;

	err = iosm_core_handshake(core);
	if (err)
		goto fail;

	err = iosm_core_introduce(core);
	if (err)
		goto fail;

	core->version = iosm_mmio_version(&core->mmio);
	core->caps = iosm_mmio_capabilities(&core->mmio);
	dev_dbg(core->dev, "capabilities %#x\n", core->caps);

	/* Who stops us takes a link offline that is not online yet. */
	if (READ_ONCE(core->stopping))
		return 0;

	/* A fault that came meanwhile has set another state: keep that. */
	if (cmpxchg(&core->life, IOSM_LIFE_BOOTING, IOSM_LIFE_ONLINE) !=
	    IOSM_LIFE_BOOTING)
		return 0;
	trace_iosm_life(core->dev, IOSM_LIFE_ONLINE);

	iosm_core_start_users(core);
	WRITE_ONCE(core->ready, true);
	wake_up_all(&core->event);
	if (!iosm_core_is_dead(core))
		iosm_core_event(core, "MDM_READY");
	iosm_core_health(core);
	return 0;

fail:
	if (READ_ONCE(core->stopping) || iosm_core_is_dead(core))
		return 0;

	if (err == -ENODEV && iosm_mmio_stage(&core->mmio) == IOSM_GONE) {
		iosm_core_die(core, IOSM_LIFE_GONE, "registers read all ones");
	} else if (err == -EREMOTEIO) {
		iosm_core_die(core, IOSM_LIFE_CRASHED, "found so at start");
	} else if (err == -ENODEV) {
		iosm_core_fault(core, "unsupported chip");
	} else {
		iosm_core_event(core, "MDM_TIMEOUT");
		iosm_core_fault(core, "no answer during the handshake");
	}

	return 0;
}

/* ---- Going down ---- */

static void iosm_core_tell_down(struct iosm_core *core)
{
	struct iosm_channel *ch;
	unsigned int id;

	mutex_lock(&core->channel_lock);
	/* NAPI that is scheduled here runs at the end of this, not "some time" */
	local_bh_disable();
	for (id = 0; id < IOSM_CHANNELS; id++) {
		ch = core->channels[id];
		if (ch && ch->ops->down)
			ch->ops->down(ch->priv);
	}
	local_bh_enable();
	mutex_unlock(&core->channel_lock);
}

/*
 * Users first, then the link, then the device's access to memory. With a
 * device that is alive the link goes down in order, so that the next driver
 * finds it as after a reset.
 */
static void iosm_core_offline(struct iosm_core *core)
{
	if (iosm_core_is_dead(core))
		iosm_core_cut(core);

	if (!iosm_core_is_dead(core) && core->link_up &&
	    iosm_mmio_stage(&core->mmio) == IOSM_GONE)
		iosm_core_die(core, IOSM_LIFE_GONE, "registers read all ones");

	if (iosm_core_is_dead(core))
		iosm_core_tell_down(core);

	WRITE_ONCE(core->ready, false);
	iosm_core_stop_users(core);

	WRITE_ONCE(core->listen, false);
	synchronize_irq(core->irq);
	iosm_pm_stop(&core->pm);
	iosm_msg_stop(&core->msg);
	cancel_delayed_work_sync(&core->watch);

	if (core->link_up && !iosm_core_is_dead(core)) {
		unsigned long end = jiffies +
				    msecs_to_jiffies(IOSM_UNINIT_TIMEOUT_MS);
		bool last = false;

		iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
		while (iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_UNINIT) {
			if (last) {
				dev_warn(core->dev,
					 "modem did not confirm the end\n");
				break;
			}
			usleep_range(500, 1000);
			last = time_after(jiffies, end);
		}
	}

	iosm_core_master(core, false);
	core->link_up = false;
	core->wake_ms = 0;
	core->quiet = false;
}

/*
 * After a crash the firmware may prepare a core dump: tell user space when it
 * is ready. Returns the time to the next look in ms, or 0.
 */
static unsigned int iosm_core_look_dump(struct iosm_core *core)
{
	u32 stage;

	/* System sleep comes through here again. */
	if (core->dump_told)
		return 0;
	if (!core->crash_told) {
		iosm_core_event(core, "CRASH");
		core->crash_told = true;
		core->dump_looks = 0;
	}

	stage = iosm_mmio_stage(&core->mmio);
	if (stage == IOSM_STAGE_CD_READY) {
		core->dump_told = true;
		iosm_core_event(core, "CD_READY");
		return 0;
	}
	if (stage == IOSM_GONE || ++core->dump_looks >= IOSM_DUMP_TRIES)
		return 0;

	return IOSM_DUMP_POLL_MS;
}

static void iosm_core_revive(struct iosm_core *core)
{
	core->restart = false;
	core->refusals = 0;
	core->rom_told = false;
	core->crash_told = false;
	core->dump_told = false;
	core->stage_ms = 0;
	core->life = IOSM_LIFE_BOOTING;
	trace_iosm_life(core->dev, IOSM_LIFE_BOOTING);
	WRITE_ONCE(core->dead, false);
	/* Last: from here on a new fault counts. */
	smp_store_release(&core->fault, NULL);
}

VISIBLE_IF_KUNIT void iosm_core_work(struct work_struct *work)
{
	struct iosm_core *core = container_of(to_delayed_work(work),
					      struct iosm_core, work);
	unsigned int again = 0;

	/*
	 * A pending reset, removal or suspend may hold core->lock for a long
	 * time. Do not wait for it: its end queues this work.
	 */
	if (READ_ONCE(core->stopping))
		return;

	mutex_lock(&core->lock);

	while (!READ_ONCE(core->stopping)) {
		if (iosm_core_is_dead(core)) {
			iosm_core_offline(core);
			if (!core->restart) {
				if (core->life == IOSM_LIFE_CRASHED)
					again = iosm_core_look_dump(core);
				break;
			}
			iosm_core_revive(core);
		}

		if (READ_ONCE(core->life) != IOSM_LIFE_BOOTING)
			break;

		again = iosm_core_boot(core);
		if (again)
			break;
	}

	if (again && !READ_ONCE(core->stopping))
		iosm_core_rearm(core, again);
	mutex_unlock(&core->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_work);

/* All of a device but PCI; the registers are mapped. */
VISIBLE_IF_KUNIT int iosm_core_setup(struct iosm_core *core, struct device *dev,
				     const struct iosm_user *const *users,
				     unsigned int n_users)
{
	unsigned int i;
	int err;

	if (n_users > IOSM_MAX_USERS)
		return -EINVAL;

	core->dev = dev;
	core->n_users = n_users;
	core->paused = true;
	core->stopping = true;
	core->vain_since = jiffies;
	memcpy(core->users, users, n_users * sizeof(*users));

	mutex_init(&core->lock);
	mutex_init(&core->channel_lock);
	spin_lock_init(&core->health.lock);
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
 * @users: who lives on the device, in order of start; at most IOSM_MAX_USERS
 * @n_users: their number
 *
 * Context: may sleep.
 *
 * Return: 0 or a negative errno, which was logged with its cause; then nothing
 * is left but managed resources.
 */
int iosm_core_init(struct iosm_core *core, struct pci_dev *pdev,
		   const struct iosm_user *const *users, unsigned int n_users)
{
	int err;

	core->pdev = pdev;
	core->device_id = pdev->device;

	err = iosm_mmio_map(&core->mmio, pdev);
	if (err)
		return dev_err_probe(&pdev->dev, err, "cannot map the BARs\n");

	err = iosm_core_setup(core, &pdev->dev, users, n_users);
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

static void iosm_core_update_stopping(struct iosm_core *core)
{
	WRITE_ONCE(core->stopping, core->paused || core->suspended);
}

/* A change of who stops us is over. */
static void iosm_core_go_on(struct iosm_core *core)
{
	iosm_core_update_stopping(core);
	if (!core->stopping)
		iosm_core_queue(core);
}

/**
 * iosm_core_start() - begin a life: boot, and go online
 * @core: initialised, or paused; of a device that was not paused, nothing
 *	changes
 *
 * In system sleep, the boot begins with its end.
 * Context: any that may sleep, under the lock of the PCI device; returns at
 * once.
 */
void iosm_core_start(struct iosm_core *core)
{
	if (!core->paused)
		return;

	/* Free: the work, which may hold it for ever, does not run. */
	mutex_lock(&core->lock);
	iosm_core_revive(core);
	mutex_unlock(&core->lock);

	core->paused = false;
	iosm_core_go_on(core);
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
	/*
	 * System sleep gives every task of user space a signal. Not freezable:
	 * the caller holds locks.
	 */
	wait_event_interruptible_timeout(core->event,
					 READ_ONCE(core->stopping) ||
					 READ_ONCE(core->ready) ||
					 iosm_core_is_dead(core),
					 msecs_to_jiffies(timeout_ms));
	if (iosm_core_is_dead(core))
		return -ENODEV;

	return READ_ONCE(core->ready) ? 0 : -EAGAIN;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_await);

static void iosm_core_halt_work(struct iosm_core *core)
{
	iosm_core_update_stopping(core);
	wake_up_all(&core->event);
	cancel_delayed_work_sync(&core->work);
}

/**
 * iosm_core_pause() - take the device offline until iosm_core_start()
 * @core: the device, dead or alive
 *
 * All users are gone and the device does no DMA when this returns.
 * Context: sleeps, under the lock of the PCI device; every wait for the modem
 * is bounded.
 */
void iosm_core_pause(struct iosm_core *core)
{
	core->paused = true;
	iosm_core_halt_work(core);

	mutex_lock(&core->lock);
	iosm_core_offline(core);
	mutex_unlock(&core->lock);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_pause);

/**
 * iosm_core_exit() - the counterpart of iosm_core_init()
 * @core: the device, dead or alive
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

/* Is there a link that can be put to sleep, or was? */
static bool iosm_core_is_up(struct iosm_core *core)
{
	return core->life == IOSM_LIFE_ONLINE && !core->paused &&
	       !iosm_core_is_dead(core);
}

static void iosm_core_suspend_users(struct iosm_core *core, bool suspend)
{
	unsigned int i;

	for (i = 0; i < core->n_users; i++) {
		if (!(core->users_up & BIT(i)))
			continue;
		if (suspend && core->users[i]->suspend)
			core->users[i]->suspend(core);
		if (!suspend && core->users[i]->resume)
			core->users[i]->resume(core);
	}
}

/* Tells the device, in D3 only, that the host goes to sleep or is back. */
static int iosm_core_tell_sleep(struct iosm_core *core, u8 state)
{
	int err = iosm_msg_sleep(&core->msg, IOSM_MSG_SLEEP_HOST, state);

	/* Found by the sender: it may look as it should in the next moment. */
	if (err == -EIO)
		iosm_core_fault(core, "impossible message tail");

	return err;
}

static int iosm_core_suspend_link(struct iosm_core *core, bool d3)
{
	int err;

	iosm_core_wait(core, !iosm_pm_busy(&core->pm), IOSM_QUIESCE_MS);

	if (d3) {
		err = iosm_pm_wake(&core->pm, IOSM_WAKE_TIMEOUT_MS);
		if (err)
			return err;
	}

	/*
	 * The watch looks at registers, which is not allowed any more as soon
	 * as the device has agreed; nor is a ring from whoever has not heard
	 * of it yet, like the interrupt's thread.
	 */
	WRITE_ONCE(core->quiet, true);
	cancel_delayed_work_sync(&core->watch);

	if (d3) {
		iosm_pm_quiet(&core->pm);
		err = iosm_core_tell_sleep(core, IOSM_MSG_SLEEP_ENTER);
		/* It may still come to believe that we sleep: take it back. */
		if (err == -ETIMEDOUT)
			iosm_core_tell_sleep(core, IOSM_MSG_SLEEP_EXIT);
		if (err) {
			WRITE_ONCE(core->quiet, false);
			iosm_pm_release(&core->pm);
			iosm_core_rung(core);
			return err;
		}
	}

	iosm_pm_suspend(&core->pm, !d3);

	return 0;
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

	core->suspended = true;
	iosm_core_halt_work(core);

	mutex_lock(&core->lock);
	if (iosm_core_is_up(core)) {
		iosm_core_suspend_users(core, true);
		err = iosm_core_suspend_link(core, d3);
		core->refusals = err ? core->refusals + 1 : 0;
		if (err && iosm_mmio_stage(&core->mmio) == IOSM_GONE)
			iosm_core_die(core, IOSM_LIFE_GONE,
				      "registers read all ones");
		if (err)
			iosm_core_suspend_users(core, false);
	}
	if (iosm_core_is_dead(core)) {
		/* Nobody is left to agree, and nobody to keep the system up. */
		iosm_core_offline(core);
		err = 0;
	} else if (core->refusals >= IOSM_REFUSALS) {
		/* A laptop in its bag must not stay awake for a modem. */
		dev_err(core->dev, "modem refuses to sleep each time: %pe\n",
			ERR_PTR(err));
		iosm_core_offline(core);
		/* Unless it did not let go of its pipes. */
		if (!iosm_core_is_dead(core))
			iosm_core_revive(core);
		err = 0;
	} else if (core->life == IOSM_LIFE_BOOTING && core->link_up) {
		/* Interrupted in the middle of a handshake: begin again. */
		iosm_core_offline(core);
	}
	mutex_unlock(&core->lock);

	if (err) {
		dev_err(core->dev, "modem refuses to sleep: %pe\n",
			ERR_PTR(err));
		core->suspended = false;
		iosm_core_go_on(core);
	}

	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_suspend);

/*
 * The device is told first, and looked at afterwards, by the watch too: until
 * it has been told, no access is allowed. One that lost its power meanwhile
 * does not understand what it is told, and shows it by its state. That is no
 * fault of the device.
 */
static int iosm_core_resume_link(struct iosm_core *core, bool d3)
{
	iosm_pm_resume(&core->pm);

	if (d3 && iosm_core_tell_sleep(core, IOSM_MSG_SLEEP_EXIT))
		return -ECONNRESET;

	if (iosm_mmio_stage(&core->mmio) != IOSM_STAGE_RUN ||
	    iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_RUNNING)
		return -ECONNRESET;

	WRITE_ONCE(core->quiet, false);
	iosm_pm_release(&core->pm);
	/* What was under way when the watch ended goes on now. */
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
	/* Free, or soon: the work, which may hold it for ever, does not run. */
	mutex_lock(&core->lock);
	if (iosm_core_is_up(core)) {
		if (iosm_core_resume_link(core, d3))
			iosm_core_end(core, IOSM_LIFE_BROKEN,
				      "it lost its power in system sleep", true);
		iosm_core_suspend_users(core, false);
	}
	mutex_unlock(&core->lock);

	core->suspended = false;
	iosm_core_go_on(core);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_core_resume);
