/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pipe: a ring of transfer descriptors (TDs), one direction of a channel.
 *
 * The ring that the device sees holds addresses and lengths; what we must be
 * able to trust (indexes, the buffer's owner, mapping and capacity) is kept a
 * second time in private memory, one slot a TD.
 */
#ifndef IOSM_PIPE_H
#define IOSM_PIPE_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "iosm_hw.h"
#include "iosm_ring.h"
#include "iosm_stats.h"

struct device;
struct iosm_shm;

/**
 * struct iosm_buf - one buffer in a pipe, as its owner described it
 * @cookie: the owner's name for it (skb, page, block ...)
 * @dma: address that the device was given
 * @len: bytes to send, or capacity of a DL buffer
 */
struct iosm_buf {
	void *cookie;
	dma_addr_t dma;
	u32 len;
};

/**
 * struct iosm_done - a buffer that the device has finished with
 * @buf: as it was pushed
 * @status: one of enum iosm_td_status; IOSM_TD_ERROR also when the device
 *	wrote a status or a size that cannot be
 * @len: DL: bytes written, never more than @buf.len; 0 unless the status is
 *	IOSM_TD_END or IOSM_TD_PARTIAL
 */
struct iosm_done {
	struct iosm_buf buf;
	u32 status;
	u32 len;
};

/**
 * struct iosm_pipe_stats - counters of a pipe, whoever uses it; consumer side
 * @sync: for their readers
 * @tds: TDs completed
 * @bytes: bytes in them
 * @errors: TDs with a status other than end of transfer
 * @invalid: TDs or tails with values that the device must not write
 */
struct iosm_pipe_stats {
	struct u64_stats_sync sync;
	u64_stats_t tds;
	u64_stats_t bytes;
	u64_stats_t errors;
	u64_stats_t invalid;
};

/**
 * struct iosm_pipe - one direction of a channel
 * @dev: for DMA and messages
 * @shm: holds the published head and tail
 * @ring: TDs, coherent
 * @ring_dma: its DMA address
 * @slots: private twin of @ring
 * @entries: TDs in the ring, one of which stays empty
 * @nr: pipe number; even: UL, odd: DL
 * @broken: the device published an impossible tail; nothing is taken any more
 * @head: next TD to fill; producer side
 * @published: head as the device knows it; producer side
 * @tail: oldest TD not taken back; consumer side
 * @seen: tail as the device last published it, checked; consumer side
 * @stats: see struct iosm_pipe_stats
 *
 * Producer calls (space, push, publish) need one lock or context of the
 * owner, consumer calls (poll, take) another one; the two sides may run at
 * the same time on an UL pipe.
 */
struct iosm_pipe {
	struct device *dev;
	struct iosm_shm *shm;
	struct iosm_td *ring;
	dma_addr_t ring_dma;
	struct iosm_buf *slots;
	u32 entries;
	u8 nr;
	bool broken;

	u32 head;
	u32 published;

	u32 tail;
	u32 seen;

	struct iosm_pipe_stats *stats;
};

int iosm_pipe_alloc(struct iosm_pipe *pipe, struct device *dev,
		    struct iosm_shm *shm, struct iosm_pipe_stats *stats, u8 nr,
		    u32 entries);
void iosm_pipe_free(struct iosm_pipe *pipe);
void iosm_pipe_clear(struct iosm_pipe *pipe);

void iosm_pipe_push(struct iosm_pipe *pipe, const struct iosm_buf *buf);
bool iosm_pipe_publish(struct iosm_pipe *pipe);
int iosm_pipe_poll(struct iosm_pipe *pipe);
bool iosm_pipe_take(struct iosm_pipe *pipe, struct iosm_done *done);
bool iosm_pipe_reclaim(struct iosm_pipe *pipe, struct iosm_buf *buf);

u32 iosm_pipe_device_tail(const struct iosm_pipe *pipe);

#if IS_ENABLED(CONFIG_KUNIT)
void iosm_pipe_write_head(struct iosm_pipe *pipe, u32 head);
#endif

static inline bool iosm_pipe_is_ul(const struct iosm_pipe *pipe)
{
	return !(pipe->nr & 1);
}

/**
 * iosm_pipe_space() - how many buffers can be pushed
 * @pipe: an allocated pipe
 *
 * Context: producer side.
 *
 * Return: number of free TDs.
 */
static inline u32 iosm_pipe_space(const struct iosm_pipe *pipe)
{
	/* Pairs with the release in iosm_pipe_take(): a slot is free only
	 * when its owner got the buffer back.
	 */
	return iosm_ring_space(pipe->head, smp_load_acquire(&pipe->tail),
			       pipe->entries);
}

/**
 * iosm_pipe_pending() - has the device moved its tail since the last poll?
 * @pipe: an allocated pipe
 *
 * A hint that costs one load; a tail that cannot be is pending, too, until
 * iosm_pipe_poll() has judged it.
 * Context: any.
 *
 * Return: true when iosm_pipe_poll() has something to look at.
 */
static inline bool iosm_pipe_pending(const struct iosm_pipe *pipe)
{
	return !READ_ONCE(pipe->broken) &&
	       iosm_pipe_device_tail(pipe) != READ_ONCE(pipe->seen);
}

/**
 * iosm_pipe_idle() - has the device consumed everything that was published?
 * @pipe: an allocated pipe
 *
 * Context: any.
 *
 * Return: true when nothing is outstanding. A broken pipe is idle.
 */
static inline bool iosm_pipe_idle(const struct iosm_pipe *pipe)
{
	return READ_ONCE(pipe->broken) ||
	       iosm_pipe_device_tail(pipe) == READ_ONCE(pipe->head);
}

#endif
