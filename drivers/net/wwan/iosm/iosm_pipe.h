/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pipe: a ring of transfer descriptors (TDs), one direction of a channel.
 *
 * The device can write the ring in coherent memory, so its contents are not
 * trusted. Indexes, and the cookie, address and length of each buffer, are also
 * kept in private memory, one slot per TD.
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
 * struct iosm_buf - one buffer in a pipe
 * @cookie: identifies the buffer for its owner (skb, page, block ...)
 * @dma: DMA address
 * @len: bytes to send, or capacity of a DL buffer
 */
struct iosm_buf {
	void *cookie;
	dma_addr_t dma;
	u32 len;
};

/**
 * struct iosm_done - a completed buffer
 * @buf: as it was pushed
 * @status: one of enum iosm_td_status; IOSM_TD_ERROR also for an invalid status or
 *	size
 * @len: DL: bytes written, never more than @buf.len; 0 unless the status is
 *	IOSM_TD_END or IOSM_TD_PARTIAL
 */
struct iosm_done {
	struct iosm_buf buf;
	u32 status;
	u32 len;
};

/**
 * struct iosm_pipe_stats - counters of a pipe; written by the consumer side
 * @sync: for readers of the counters
 * @tds: TDs completed
 * @bytes: bytes in completed TDs
 * @errors: TDs with a status other than end of transfer
 * @invalid: TDs or tails with invalid values
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
 * @ring_dma: DMA address of @ring
 * @slots: private copy of the buffers in @ring
 * @entries: TDs in the ring, one of which is never used
 * @nr: pipe number; even: UL, odd: DL
 * @broken: the device published an impossible tail; the pipe stays unusable
 * @head: next TD to fill; producer side
 * @published: last head that was published; producer side
 * @tail: oldest TD not taken back; consumer side
 * @seen: last valid tail that the device published; consumer side
 * @stats: see struct iosm_pipe_stats
 *
 * The owner serialises producer calls (space, push, publish), and consumer calls
 * (poll, take). On an UL pipe, a producer and a consumer may run concurrently.
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

/**
 * iosm_pipe_is_ul() - is this an uplink pipe?
 * @pipe: an allocated pipe
 *
 * Context: any.
 *
 * Return: true for uplink, false for downlink.
 */
static inline bool iosm_pipe_is_ul(const struct iosm_pipe *pipe)
{
	return !(pipe->nr & 1);
}

/**
 * iosm_pipe_space() - number of buffers that can be pushed
 * @pipe: an allocated pipe
 *
 * Context: producer side.
 *
 * Return: number of free TDs.
 */
static inline u32 iosm_pipe_space(const struct iosm_pipe *pipe)
{
	/* Pairs with iosm_pipe_take(): the slot was read before it is reused. */
	return iosm_ring_space(pipe->head, smp_load_acquire(&pipe->tail),
			       pipe->entries);
}

/**
 * iosm_pipe_unpublished() - number of buffers that were pushed and not published yet
 * @pipe: an allocated pipe
 *
 * Context: producer side.
 *
 * Return: number of TDs.
 */
static inline u32 iosm_pipe_unpublished(const struct iosm_pipe *pipe)
{
	return iosm_ring_used(pipe->head, pipe->published, pipe->entries);
}

/**
 * iosm_pipe_outstanding() - number of published buffers that were not taken back yet
 * @pipe: an allocated pipe
 *
 * Context: producer side, while the consumer side does not run.
 *
 * Return: number of TDs.
 */
static inline u32 iosm_pipe_outstanding(const struct iosm_pipe *pipe)
{
	return iosm_ring_used(pipe->published, pipe->tail, pipe->entries);
}

/**
 * iosm_pipe_for_each() - call a function for each buffer that was not taken back yet
 * @pipe: an allocated pipe
 * @fn: called with the cookie of the buffer, oldest first
 * @priv: for @fn
 *
 * Context: producer side, while the consumer side does not run.
 */
static inline void iosm_pipe_for_each(const struct iosm_pipe *pipe,
				      void (*fn)(void *cookie, void *priv), void *priv)
{
	u32 at;

	for (at = pipe->tail; at != pipe->head; at = iosm_ring_next(at, pipe->entries))
		fn(pipe->slots[at].cookie, priv);
}

/**
 * iosm_pipe_pending() - has the device moved its tail since the last poll?
 * @pipe: an allocated pipe
 *
 * A hint without a check: also an invalid tail is pending, until iosm_pipe_poll()
 * has found it.
 * Context: any.
 *
 * Return: true if iosm_pipe_poll() should be called.
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
 * Return: true if nothing is outstanding. A broken pipe is idle.
 */
static inline bool iosm_pipe_idle(const struct iosm_pipe *pipe)
{
	return READ_ONCE(pipe->broken) ||
	       iosm_pipe_device_tail(pipe) == READ_ONCE(pipe->head);
}

#endif
