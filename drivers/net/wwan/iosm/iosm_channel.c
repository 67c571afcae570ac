// SPDX-License-Identifier: GPL-2.0-only
/* Channels: their registry, and opening and closing of a pair of pipes. */

#include <linux/bitops.h>
#include <linux/bottom_half.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "iosm_channel.h"
#include "iosm_core.h"

/* Time limit for queued uplink before a channel closes. */
#define IOSM_DRAIN_MS	500

static const struct iosm_channel_config iosm_channel_table[] = {
	{ IOSM_CHANNEL_RPC, 4, 4, 32 * 1024, 0 },
	{ IOSM_CHANNEL_AT0, 4, 4, 2 * 1024, 0 },
	{ IOSM_CHANNEL_TRACE, 32, 32, 8 * 1024, 0 },
	{ IOSM_CHANNEL_AT1, 4, 4, 2 * 1024, 0 },
	{ IOSM_CHANNEL_MBIM, 4, 4, 32 * 1024, 0 },
	{ IOSM_CHANNEL_FLASH, 6, 3, 64 * 1024, 0 },
};

static const struct iosm_channel_config iosm_channel_ip_aggregation = {
	IOSM_CHANNEL_IP, 60, 60, 16 * 1024, 1000
};

static const struct iosm_channel_config iosm_channel_ip_lite = {
	IOSM_CHANNEL_IP, 800, 1200, 2 * 1024, 1000
};

/**
 * iosm_channel_ip() - sizes of the IP data channel
 * @aggregation: MUX flavour
 *
 * Return: its sizes.
 */
const struct iosm_channel_config *iosm_channel_ip(bool aggregation)
{
	return aggregation ? &iosm_channel_ip_aggregation :
			     &iosm_channel_ip_lite;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_ip);

/**
 * iosm_channel_default() - sizes of a channel other than IP data
 * @id: the channel
 *
 * Return: its sizes, NULL for a channel that is never used.
 */
const struct iosm_channel_config *
iosm_channel_default(enum iosm_channel_id id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iosm_channel_table); i++)
		if (iosm_channel_table[i].id == id)
			return &iosm_channel_table[i];

	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_default);

/* ---- Registry ---- */

/*
 * Register a channel. No interrupt reaches it before iosm_channel_listen(). Returns
 * -EBUSY when the channel, or another one that uses the same pipes, is open, and -ENODEV
 * when the device has failed.
 */
static int iosm_channel_attach(struct iosm_core *core, struct iosm_channel *ch)
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

/* Let interrupts reach a channel. Its pipes are allocated. */
static void iosm_channel_listen(struct iosm_core *core, struct iosm_channel *ch)
{
	smp_mb__before_atomic();	/* the channel before its bit */
	set_bit(ch->config.id, &core->active);
}

/* No interrupt reaches the channel when this returns. Not from its callbacks. */
static void iosm_channel_detach(struct iosm_core *core, struct iosm_channel *ch)
{
	unsigned int id = ch->config.id;

	clear_bit(id, &core->active);
	smp_mb__after_atomic();		/* the bit before the reads below */
	/* Also waits for the IRQ thread. */
	synchronize_irq(core->irq);
	/* iosm_watchdog_busy() looks at the pipes in any context. */
	iosm_pm_sync(&core->pm);

	mutex_lock(&core->channel_lock);
	core->channels[id] = NULL;
	mutex_unlock(&core->channel_lock);

	/* Without its uplink, a sleep request of the device may be granted. */
	iosm_pm_irq(&core->pm);
}

/**
 * iosm_channel_down_all() - call the down() callbacks of all channels
 * @core: a device that has failed
 *
 * Context: sleeps.
 */
void iosm_channel_down_all(struct iosm_core *core)
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

/* ---- Opening and closing ---- */

static int iosm_channel_open_pipe(struct iosm_channel *ch,
				  struct iosm_pipe *pipe)
{
	int err = iosm_msg_open_pipe(&ch->core->msg, pipe->nr, pipe->ring_dma,
				     pipe->entries, ch->config.backoff_us);

	/* After a time-out the device may have opened the pipe. A refused one is closed. */
	if (err == -ETIMEDOUT)
		iosm_state_fail(ch->core, IOSM_ERROR_UNRESPONSIVE,
				"pipe does not open");
	else if (err && err != -EREMOTEIO && err != -EBUSY)
		iosm_state_fail(ch->core, IOSM_ERROR_PROTOCOL,
				"pipe does not open");

	return err;
}

/*
 * A device that has not closed a pipe may write to its buffers at any time. It loses
 * its access to memory before they are freed.
 */
static void iosm_channel_close_pipe(struct iosm_channel *ch,
				    struct iosm_pipe *pipe)
{
	int err;

	if (iosm_core_has_failed(ch->core)) {
		iosm_state_cut(ch->core);
		return;
	}

	err = iosm_msg_close_pipe(&ch->core->msg, pipe->nr);
	if (err == -ENODEV)
		iosm_state_cut(ch->core);
	else if (err == -ETIMEDOUT)
		iosm_state_fail(ch->core, IOSM_ERROR_UNRESPONSIVE,
				"pipe does not close");
	else if (err)
		iosm_state_fail(ch->core, IOSM_ERROR_PROTOCOL,
				"pipe does not close");
}

/**
 * iosm_channel_open() - open both pipes of a channel
 * @ch: to fill
 * @core: the device
 * @config: sizes of the channel
 * @ops: callbacks, which may be called from now on
 * @priv: for @ops
 *
 * The caller posts DL buffers next and calls iosm_channel_start().
 * Context: sleeps, up to two message timeouts.
 *
 * Return: 0, -EBUSY when the channel is open, -ENOMEM, or an error of
 * iosm_msg_open_pipe().
 */
int iosm_channel_open(struct iosm_channel *ch, struct iosm_core *core,
		      const struct iosm_channel_config *config,
		      const struct iosm_channel_ops *ops, void *priv)
{
	u8 nr = config->id == IOSM_CHANNEL_FLASH ? 0 : 2 * config->id;
	int err;

	memset(ch, 0, sizeof(*ch));
	ch->core = core;
	ch->config = *config;
	ch->ops = ops;
	ch->priv = priv;

	/* First, as iosm_pipe_alloc() resets head and tail of the pipe. */
	err = iosm_channel_attach(core, ch);
	if (err)
		return err;

	err = iosm_pipe_alloc(&ch->ul, core->dev, &core->shm,
			      &core->stats.pipes[nr], nr, config->ul_entries);
	if (err)
		goto err_detach;

	err = iosm_pipe_alloc(&ch->dl, core->dev, &core->shm,
			      &core->stats.pipes[nr + 1], nr + 1,
			      config->dl_entries);
	if (err)
		goto err_detach;

	iosm_channel_listen(core, ch);

	err = iosm_channel_open_pipe(ch, &ch->ul);
	if (err)
		goto err_detach;

	err = iosm_channel_open_pipe(ch, &ch->dl);
	if (err)
		goto err_close_ul;

	return 0;

err_close_ul:
	iosm_channel_close_pipe(ch, &ch->ul);
err_detach:
	iosm_channel_detach(core, ch);
	iosm_pipe_free(&ch->dl);
	iosm_pipe_free(&ch->ul);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_open);

/**
 * iosm_channel_start() - publish the first DL buffers
 * @ch: open channel, DL buffers pushed
 *
 * Context: producer side of the DL pipe.
 */
void iosm_channel_start(struct iosm_channel *ch)
{
	iosm_pipe_publish(&ch->dl);
	iosm_channel_ring(ch, ch->config.id == IOSM_CHANNEL_IP ?
			      IOSM_HPDA_IP_OPEN : IOSM_HPDA_PORT_OPEN);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_start);

/**
 * iosm_channel_drain() - wait until the device has taken the queued uplink
 * @ch: open channel; the owner pushes no more uplink
 *
 * Context: sleeps, up to IOSM_DRAIN_MS; not in a callback of the channel.
 */
void iosm_channel_drain(struct iosm_channel *ch)
{
	if (!iosm_core_wait(ch->core, iosm_pipe_idle(&ch->ul), IOSM_DRAIN_MS) &&
	    !iosm_core_has_failed(ch->core))
		dev_warn_ratelimited(ch->core->dev,
				     "channel %u closes with uplink queued\n",
				     ch->config.id);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_drain);

/**
 * iosm_channel_close() - close both pipes
 * @ch: open channel, drained; the owner pushes no more
 *
 * Callbacks may be called until this returns. After that the device uses neither rings
 * nor buffers: the owner frees its buffers with iosm_pipe_reclaim() and calls
 * iosm_channel_free().
 * Context: sleeps, up to two message timeouts; not in a callback of the
 * channel.
 */
void iosm_channel_close(struct iosm_channel *ch)
{
	iosm_channel_close_pipe(ch, &ch->ul);
	iosm_channel_close_pipe(ch, &ch->dl);
	iosm_channel_detach(ch->core, ch);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_close);

/**
 * iosm_channel_free() - free the rings
 * @ch: closed channel, buffers reclaimed
 *
 * Context: may sleep.
 */
void iosm_channel_free(struct iosm_channel *ch)
{
	iosm_pipe_free(&ch->dl);
	iosm_pipe_free(&ch->ul);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_free);

/**
 * iosm_channel_ring() - ring the doorbell after a head of this channel has moved
 * @ch: open channel
 * @reason: for the device's log
 *
 * Context: any.
 */
void iosm_channel_ring(struct iosm_channel *ch, enum iosm_hpda_reason reason)
{
	iosm_pm_ring(&ch->core->pm, reason);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_ring);

/**
 * iosm_channel_fail() - the device violated the protocol of a pipe
 * @ch: open channel
 *
 * Context: any.
 */
void iosm_channel_fail(struct iosm_channel *ch)
{
	iosm_state_fail(ch->core, IOSM_ERROR_PROTOCOL, "invalid ring index");
}
