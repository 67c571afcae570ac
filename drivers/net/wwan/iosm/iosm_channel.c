// SPDX-License-Identifier: GPL-2.0-only
/* Channels: opening and closing of a pair of pipes. */

#include <linux/device.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "iosm_channel.h"
#include "iosm_core.h"

/* How long queued uplink may take to drain before a channel closes. */
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
 * iosm_channel_ip() - shape of the IP data channel
 * @aggregation: MUX flavour
 *
 * Return: its shape.
 */
const struct iosm_channel_config *iosm_channel_ip(bool aggregation)
{
	return aggregation ? &iosm_channel_ip_aggregation :
			     &iosm_channel_ip_lite;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_ip);

/**
 * iosm_channel_default() - shape of a channel other than IP data
 * @id: the channel
 *
 * Return: its shape, NULL for a channel that is never used.
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

static int iosm_channel_open_pipe(struct iosm_channel *ch,
				  struct iosm_pipe *pipe)
{
	int err = iosm_msg_open_pipe(&ch->core->msg, pipe->nr, pipe->ring_dma,
				     pipe->entries, ch->config.backoff_us);

	/* After a time-out the device may have it open. Refused means closed. */
	if (err == -ETIMEDOUT)
		iosm_core_fail(ch->core, IOSM_ERROR_UNRESPONSIVE,
			       "pipe does not open");
	else if (err && err != -EREMOTEIO && err != -EBUSY)
		iosm_core_fail(ch->core, IOSM_ERROR_PROTOCOL,
			       "pipe does not open");

	return err;
}

/*
 * A device that does not let go of a pipe may write to it at any time: it is
 * cut off from memory before anything of the pipe is freed.
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
	if (err == -ETIMEDOUT)
		iosm_core_fail(ch->core, IOSM_ERROR_UNRESPONSIVE,
			       "pipe does not close");
	else if (err)
		iosm_core_fail(ch->core, IOSM_ERROR_PROTOCOL,
			       "pipe does not close");
}

/**
 * iosm_channel_open() - open both pipes of a channel
 * @ch: to fill
 * @core: the device
 * @config: shape of the channel
 * @ops: callbacks, may come from now on
 * @priv: for @ops
 *
 * The caller posts DL buffers next and calls iosm_channel_start().
 * Context: sleeps, up to two message timeouts.
 *
 * Return: 0, -EBUSY when the channel has a user, -ENOMEM, or an error of
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

	/* First, as a new ring puts the heads and tails of a pipe to 0. */
	err = iosm_core_attach(core, ch);
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

	iosm_core_listen(core, ch);

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
	iosm_core_detach(core, ch);
	iosm_pipe_free(&ch->dl);
	iosm_pipe_free(&ch->ul);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_channel_open);

/**
 * iosm_channel_start() - let the device have the first DL buffers
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
 * iosm_channel_drain() - let queued uplink go, before a channel is closed
 * @ch: open channel; the owner pushes no uplink any more
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
 * iosm_channel_close() - take both pipes back from the device
 * @ch: open channel, drained; the owner pushes nothing any more
 *
 * Callbacks may come until this returns, not after. Then the device touches
 * neither ring nor buffers: the owner takes its buffers back by
 * iosm_pipe_reclaim() and calls iosm_channel_free().
 * Context: sleeps, up to two message timeouts; not in a callback of the
 * channel.
 */
void iosm_channel_close(struct iosm_channel *ch)
{
	iosm_channel_close_pipe(ch, &ch->ul);
	iosm_channel_close_pipe(ch, &ch->dl);
	iosm_core_detach(ch->core, ch);
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
 * iosm_channel_ring() - tell the device that a head of this channel moved
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
	iosm_core_fail(ch->core, IOSM_ERROR_PROTOCOL, "invalid ring index");
}
