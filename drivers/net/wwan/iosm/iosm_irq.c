// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt: one vector without a cause. Both handlers look at everything in memory
 * that the device may have changed.
 */

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <kunit/visibility.h>

#include "iosm_channel.h"
#include "iosm_core.h"
#include "iosm_irq.h"
#include "iosm_trace.h"

/*
 * Returns a bit mask of channels with new completions, and whether the IRQ thread is
 * needed. Completions that the thread or NAPI has been scheduled for are not new: in an
 * interrupt storm neither of them runs, and each interrupt would seem to have a cause.
 */
static unsigned long iosm_irq_dispatch(struct iosm_core *core, bool *thread)
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

/**
 * iosm_irq_look() - look at everything in memory that the device may have changed
 * @core: the device
 * @spurious: set to false when a tail has moved, or the thread has new work
 *
 * These are a few loads of cached memory. All work is left to the IRQ thread and NAPI,
 * except for the response to a sleep request, which is one register write.
 * Context: hard interrupt, or bottom halves disabled and core->channel_lock held.
 *
 * Return: true when there is work for the IRQ thread.
 */
bool iosm_irq_look(struct iosm_core *core, bool *spurious)
{
	unsigned long moved;
	bool thread = false;

	moved = iosm_irq_dispatch(core, &thread);
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
 * A spurious interrupt. Some are normal: an earlier one has found the completions.
 * Tails only move over entries that the host has posted, so a device that keeps a CPU
 * busy with interrupts raises mostly spurious ones.
 */
static void iosm_irq_spurious(struct iosm_core *core)
{
	unsigned long now = jiffies;

	/* A start time in the future means that jiffies wrapped. */
	if (!time_in_range(now, core->spurious_since, core->spurious_since + HZ)) {
		core->spurious_since = now;
		core->spurious = 0;
	}
	if (++core->spurious > IOSM_SPURIOUS_LIMIT)
		iosm_state_fail(core, IOSM_ERROR_PROTOCOL, "interrupt storm");
}

/**
 * iosm_irq_hard() - hard interrupt handler
 * @irq: not used
 * @data: struct iosm_core
 *
 * Return: whether the thread is needed.
 */
irqreturn_t iosm_irq_hard(int irq, void *data)
{
	struct iosm_core *core = data;
	bool thread = false;
	bool spurious = true;

	iosm_stats_inc(&core->stats.sync, &core->stats.interrupts);
	if (iosm_pm_is_up(&core->pm))
		thread = iosm_irq_look(core, &spurious);
	if (unlikely(spurious))
		iosm_irq_spurious(core);

	if (atomic_read(&core->waiters))
		wake_up(&core->event);

	return thread ? IRQ_WAKE_THREAD : IRQ_HANDLED;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_irq_hard);

static void iosm_irq_check_stage(struct iosm_core *core)
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
		iosm_state_fail(core, IOSM_ERROR_CRASHED,
				"firmware crash reported by device");
		break;
	default:
		atomic64_inc(&core->violations_stage);
		dev_warn_ratelimited(core->dev, "unexpected stage %#x\n",
				     stage);
	}
}

/**
 * iosm_irq_thread() - IRQ thread: stage, messages, control ports
 * @irq: not used
 * @data: struct iosm_core
 *
 * Return: IRQ_HANDLED.
 */
irqreturn_t iosm_irq_thread(int irq, void *data)
{
	struct iosm_core *core = data;
	unsigned long work;
	unsigned int id;

	if (!iosm_pm_is_up(&core->pm))
		return IRQ_HANDLED;

	iosm_irq_check_stage(core);

	if (iosm_msg_poll(&core->msg))
		iosm_state_fail(core, IOSM_ERROR_PROTOCOL, "invalid message tail");

	work = xchg(&core->work_mask, 0) & READ_ONCE(core->active);
	for_each_set_bit(id, &work, IOSM_CHANNELS)
		core->channels[id]->ops->poll(core->channels[id]->priv);

	return IRQ_HANDLED;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_irq_thread);
