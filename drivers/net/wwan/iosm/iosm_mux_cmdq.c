// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands to the device.
 *
 * A command waits in a queue until a slot and a TD are free. A slot is a small
 * piece of coherent memory for an encoded command. Commands and data share the UL
 * pipe.
 */

#include <linux/bitops.h>
#include <linux/dma-mapping.h>
#include <linux/lockdep.h>

#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_trace.h"

static_assert(IOSM_MUX_CMD_MAX <= IOSM_MUX_SLOT_SIZE);
static_assert(IOSM_MUX_SLOTS <= BITS_PER_LONG);

/**
 * iosm_mux_post() - queue a command for the device
 * @mux: the IP channel
 * @cmd: command
 * @reserved: entries of the queue that must stay free
 *
 * iosm_mux_kick() sends it. Context: ul_lock.
 *
 * Return: false if the queue is full.
 */
bool iosm_mux_post(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd,
		   unsigned int reserved)
{
	unsigned int at;

	lockdep_assert_held(&mux->ul_lock);

	if (mux->cmdq.count + reserved >= IOSM_MUX_CMD_QUEUE)
		return false;

	at = (mux->cmdq.first + mux->cmdq.count++) % IOSM_MUX_CMD_QUEUE;
	mux->cmdq.cmds[at] = *cmd;

	return true;
}

/**
 * iosm_mux_slot() - find a free slot
 * @mux: the IP channel
 *
 * Context: ul_lock.
 *
 * Return: slot number; IOSM_MUX_SLOTS: no free slot or no free TD.
 */
unsigned int iosm_mux_slot(struct iosm_mux *mux)
{
	lockdep_assert_held(&mux->ul_lock);

	if (!iosm_pipe_space(&mux->ch.ul))
		return IOSM_MUX_SLOTS;

	return find_first_zero_bit(&mux->cmdq.busy, IOSM_MUX_SLOTS);
}

/**
 * iosm_mux_push_small() - push a slot that has been written
 * @mux: the IP channel
 * @slot: as returned by iosm_mux_slot()
 * @len: bytes in the slot; 0: nothing was encoded
 *
 * Context: ul_lock.
 *
 * Return: false if nothing was pushed.
 */
bool iosm_mux_push_small(struct iosm_mux *mux, unsigned int slot, u32 len)
{
	struct iosm_buf buf = {
		.cookie = mux->cmdq.slots + slot * IOSM_MUX_SLOT_SIZE,
		.dma = mux->cmdq.dma + slot * IOSM_MUX_SLOT_SIZE,
		.len = len,
	};

	lockdep_assert_held(&mux->ul_lock);

	if (!len)
		return false;

	__set_bit(slot, &mux->cmdq.busy);
	iosm_pipe_push(&mux->ch.ul, &buf);

	return true;
}

/**
 * iosm_mux_send_cmds() - push queued commands
 * @mux: the IP channel
 *
 * The open block is pushed first. Commands without a free slot or TD stay queued.
 * Context: ul_lock.
 */
void iosm_mux_send_cmds(struct iosm_mux *mux)
{
	const struct iosm_mux_cmd *cmd;
	unsigned int slot;
	u32 len;

	while (mux->cmdq.count) {
		if (!iosm_mux_flush_block(mux))
			return;
		slot = iosm_mux_slot(mux);
		if (slot == IOSM_MUX_SLOTS)
			return;

		cmd = &mux->cmdq.cmds[mux->cmdq.first];
		trace_iosm_mux_cmd(mux->dev, true, cmd->if_id, cmd->op,
				   cmd->transaction, cmd->response);
		len = iosm_mux_cmd_encode(mux->ops->flavour, mux->cmdq.slots +
					  slot * IOSM_MUX_SLOT_SIZE, cmd,
					  mux->cmdq.sequence);
		if (iosm_mux_push_small(mux, slot, len))
			mux->cmdq.sequence++;
		mux->cmdq.first = (mux->cmdq.first + 1) % IOSM_MUX_CMD_QUEUE;
		mux->cmdq.count--;
	}
}

/**
 * iosm_mux_alloc_slots() - allocate memory for commands
 * @mux: the IP channel, closed
 *
 * Context: may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int iosm_mux_alloc_slots(struct iosm_mux *mux)
{
	mux->cmdq.slots = dma_alloc_coherent(mux->dev,
					     IOSM_MUX_SLOTS * IOSM_MUX_SLOT_SIZE,
					     &mux->cmdq.dma, GFP_KERNEL);

	return mux->cmdq.slots ? 0 : -ENOMEM;
}

/**
 * iosm_mux_free_slots() - the counterpart of iosm_mux_alloc_slots()
 * @mux: the IP channel, its UL pipe empty
 */
void iosm_mux_free_slots(struct iosm_mux *mux)
{
	dma_free_coherent(mux->dev, IOSM_MUX_SLOTS * IOSM_MUX_SLOT_SIZE,
			  mux->cmdq.slots, mux->cmdq.dma);
	mux->cmdq.slots = NULL;
	mux->cmdq.busy = 0;
}
