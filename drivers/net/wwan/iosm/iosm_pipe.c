// SPDX-License-Identifier: GPL-2.0-only
/*
 * TD rings.
 *
 *            tail          seen                 published   head
 *             |             |                       |         |
 *   ... free  |  completed, |  owned by the device  | pushed  |  free ...
 *             |  not taken  |                       |         |
 */

#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "iosm_pipe.h"
#include "iosm_shm.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

/**
 * iosm_pipe_alloc() - allocate the ring of a pipe
 * @pipe: structure to initialise
 * @dev: the PCI device
 * @shm: shared block
 * @stats: counters, which are not reset
 * @nr: pipe number, below IOSM_PIPES
 * @entries: number of TDs, 2 to 65535; one of them is never used
 *
 * Context: may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int iosm_pipe_alloc(struct iosm_pipe *pipe, struct device *dev,
		    struct iosm_shm *shm, struct iosm_pipe_stats *stats, u8 nr,
		    u32 entries)
{
	memset(pipe, 0, sizeof(*pipe));
	pipe->dev = dev;
	pipe->shm = shm;
	pipe->stats = stats;
	pipe->nr = nr;
	pipe->entries = entries;

	pipe->slots = kvcalloc(entries, sizeof(*pipe->slots), GFP_KERNEL);
	if (!pipe->slots)
		return -ENOMEM;

	pipe->ring = dma_alloc_coherent(dev, entries * sizeof(*pipe->ring),
					&pipe->ring_dma, GFP_KERNEL);
	if (!pipe->ring) {
		kvfree(pipe->slots);
		pipe->slots = NULL;
		return -ENOMEM;
	}

	iosm_pipe_clear(pipe);

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_alloc);

/**
 * iosm_pipe_free() - free the ring
 * @pipe: closed on the device, its buffers reclaimed
 *
 * Context: may sleep; exclusive access to the pipe.
 */
void iosm_pipe_free(struct iosm_pipe *pipe)
{
	if (!pipe->ring)
		return;

	dma_free_coherent(pipe->dev, pipe->entries * sizeof(*pipe->ring),
			  pipe->ring, pipe->ring_dma);
	kvfree(pipe->slots);
	pipe->ring = NULL;
	pipe->slots = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_free);

/**
 * iosm_pipe_clear() - reset head and tail to 0, in private and shared memory
 * @pipe: not open on the device
 */
void iosm_pipe_clear(struct iosm_pipe *pipe)
{
	struct iosm_shm_block *block = pipe->shm->block;

	memset(pipe->ring, 0, pipe->entries * sizeof(*pipe->ring));
	pipe->head = 0;
	pipe->published = 0;
	pipe->tail = 0;
	pipe->seen = 0;
	pipe->broken = false;
	WRITE_ONCE(block->heads[pipe->nr], 0);
	WRITE_ONCE(block->tails[pipe->nr], 0);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_clear);

/**
 * iosm_pipe_device_tail() - read the tail that the device wrote
 * @pipe: an allocated pipe
 *
 * Return: any number; not checked.
 */
u32 iosm_pipe_device_tail(const struct iosm_pipe *pipe)
{
	return le32_to_cpu(READ_ONCE(pipe->shm->block->tails[pipe->nr]));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_device_tail);

/**
 * iosm_pipe_push() - describe a buffer in the next TD
 * @pipe: a pipe with space
 * @buf: mapped buffer; UL: @buf->len bytes to send, DL: capacity; at most
 *	IOSM_TD_SIZE_MASK
 *
 * iosm_pipe_publish() makes it visible to the device.
 * Context: producer side.
 */
void iosm_pipe_push(struct iosm_pipe *pipe, const struct iosm_buf *buf)
{
	struct iosm_td *td = &pipe->ring[pipe->head];

	trace_iosm_td_post(pipe->dev, pipe->nr, pipe->head, buf->dma, buf->len);
	pipe->slots[pipe->head] = *buf;

	td->address = cpu_to_le64(buf->dma);
	td->size_status = cpu_to_le32(FIELD_PREP(IOSM_TD_SIZE_MASK, buf->len));
	td->next = 0;

	WRITE_ONCE(pipe->head, iosm_ring_next(pipe->head, pipe->entries));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_push);

/* Publish @head. The device may complete the TDs immediately. */
VISIBLE_IF_KUNIT void iosm_pipe_write_head(struct iosm_pipe *pipe, u32 head)
{
	IOSM_STUB(!dev_is_pci(pipe->dev), iosm_pipe_write_head, pipe, head);

	WRITE_ONCE(pipe->shm->block->heads[pipe->nr], cpu_to_le32(head));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_write_head);

/**
 * iosm_pipe_publish() - make pushed TDs visible to the device
 * @pipe: an open pipe
 *
 * The caller rings the doorbell (iosm_channel_ring()).
 * Context: producer side.
 *
 * Return: true if TDs were published.
 */
bool iosm_pipe_publish(struct iosm_pipe *pipe)
{
	if (pipe->published == pipe->head)
		return false;

	trace_iosm_head_update(pipe->dev, pipe->nr, pipe->published, pipe->head);
	/*
	 * Before the head: the device may move its tail as soon as the head is
	 * visible, and the consumer side checks the tail against @published.
	 */
	WRITE_ONCE(pipe->published, pipe->head);
	/* @published and the TDs must be visible before the head. */
	dma_wmb();
	iosm_pipe_write_head(pipe, pipe->head);

	return true;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_publish);

/**
 * iosm_pipe_poll() - read and check the tail of the device
 * @pipe: an open pipe
 *
 * Context: consumer side.
 *
 * Return: number of buffers that iosm_pipe_take() can take; -EIO: the tail was
 * invalid, now or earlier.
 */
int iosm_pipe_poll(struct iosm_pipe *pipe)
{
	u32 tail = iosm_pipe_device_tail(pipe);
	int step;

	if (pipe->broken)
		return -EIO;

	/*
	 * Pairs with iosm_pipe_publish(): @published and the TDs must be read after
	 * the tail. If the producer publishes more TDs meanwhile, the range of valid
	 * tails grows.
	 */
	dma_rmb();
	step = iosm_ring_advance(READ_ONCE(pipe->published), pipe->seen, tail,
				 pipe->entries);
	if (step < 0) {
		iosm_stats_inc(&pipe->stats->sync, &pipe->stats->invalid);
		WRITE_ONCE(pipe->broken, true);
		dev_err_ratelimited(pipe->dev,
				    "pipe %u: impossible tail %u (last %u, head %u, entries %u)\n",
				    pipe->nr, tail, pipe->seen,
				    pipe->published, pipe->entries);
		return -EIO;
	}

	WRITE_ONCE(pipe->seen, tail);

	return iosm_ring_used(tail, pipe->tail, pipe->entries);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_poll);

/* Check status and size that the device wrote to a TD. */
static void iosm_pipe_check_td(struct iosm_pipe *pipe, const struct iosm_td *td,
			       struct iosm_done *done)
{
	u32 word = le32_to_cpu(READ_ONCE(td->size_status));
	u32 size = FIELD_GET(IOSM_TD_SIZE_MASK, word);

	done->status = FIELD_GET(IOSM_TD_STATUS_MASK, word);
	done->len = 0;

	if (done->status == IOSM_TD_UNUSED || done->status > IOSM_TD_ERROR ||
	    (!iosm_pipe_is_ul(pipe) && size > done->buf.len)) {
		iosm_stats_inc(&pipe->stats->sync, &pipe->stats->invalid);
		done->status = IOSM_TD_ERROR;
		dev_warn_ratelimited(pipe->dev,
				     "pipe %u: bad TD %u: %#x, capacity %u\n",
				     pipe->nr, pipe->tail, word,
				     done->buf.len);
	}

	if (done->status != IOSM_TD_END && done->status != IOSM_TD_PARTIAL)
		iosm_stats_inc(&pipe->stats->sync, &pipe->stats->errors);
	else
		done->len = iosm_pipe_is_ul(pipe) ? done->buf.len : size;
}

/**
 * iosm_pipe_take() - take the oldest completed buffer back
 * @pipe: an open pipe, polled
 * @done: the buffer and its status
 *
 * Context: consumer side.
 *
 * Return: false if no completed buffer is left.
 */
bool iosm_pipe_take(struct iosm_pipe *pipe, struct iosm_done *done)
{
	if (pipe->tail == pipe->seen)
		return false;

	done->buf = pipe->slots[pipe->tail];
	iosm_pipe_check_td(pipe, &pipe->ring[pipe->tail], done);
	pipe->slots[pipe->tail].cookie = NULL;

	trace_iosm_td_done(pipe->dev, pipe->nr, pipe->tail, done->status,
			   done->len);
	iosm_stats_inc(&pipe->stats->sync, &pipe->stats->tds);
	iosm_stats_add(&pipe->stats->sync, &pipe->stats->bytes, done->len);

	/* Pairs with iosm_pipe_space(): the slot was read, and can be reused. */
	smp_store_release(&pipe->tail,
			  iosm_ring_next(pipe->tail, pipe->entries));

	return true;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_take);

/**
 * iosm_pipe_reclaim() - take the oldest buffer back from a closed pipe
 * @pipe: closed on the device, or the device can no longer do DMA
 * @buf: the buffer, as it was pushed
 *
 * Also takes completed buffers, without reading their TDs.
 * Context: exclusive access to the pipe.
 *
 * Return: false if the ring is empty.
 */
bool iosm_pipe_reclaim(struct iosm_pipe *pipe, struct iosm_buf *buf)
{
	if (!pipe->ring || pipe->tail == pipe->head)
		return false;

	*buf = pipe->slots[pipe->tail];
	pipe->slots[pipe->tail].cookie = NULL;
	pipe->tail = iosm_ring_next(pipe->tail, pipe->entries);

	return true;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_pipe_reclaim);
