/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message ring: commands from the host to the device, answered one by
 * one by a completion status.
 */
#ifndef IOSM_MSG_H
#define IOSM_MSG_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "iosm_hw.h"

struct device;
struct iosm_pm;
struct iosm_shm;

/*
 * How long the device may take for one command. Devices answer within 500 ms;
 * the rest is for a host that is short of time itself.
 */
#define IOSM_MSG_TIMEOUT_MS	1000

/**
 * struct iosm_msg_req - a command that somebody waits for
 * @status: 0 while pending, 1 done, otherwise a negative errno
 *
 * Lives on the stack of the one who waits; the ring forgets it, under its
 * lock, before that stack frame ends.
 */
struct iosm_msg_req {
	int status;
};

/**
 * struct iosm_msg_stats - counted under the ring's lock
 * @sent: commands sent
 * @timeouts: commands without an answer
 * @bad_status: impossible tails and status values
 */
struct iosm_msg_stats {
	u64 sent;
	u64 timeouts;
	u64 bad_status;
};

/**
 * struct iosm_msg - the message ring of one device
 * @lock: protects all below but @done
 * @dev: for messages
 * @shm: holds ring, head and tail
 * @pm: the gate for the doorbell
 * @reqs: who waits for which entry; NULL: nobody any more
 * @head: next entry to fill
 * @tail: oldest entry that the device has not completed
 * @up: commands can be sent
 * @broken: the device published an impossible tail
 * @done: woken by completions and by iosm_msg_stop()
 * @stats: see struct iosm_msg_stats
 */
struct iosm_msg {
	spinlock_t lock;	/* everything below but done */
	struct device *dev;
	struct iosm_shm *shm;
	struct iosm_pm *pm;
	struct iosm_msg_req *reqs[IOSM_MSG_ENTRIES];
	u32 head;
	u32 tail;
	bool up;
	bool broken;
	wait_queue_head_t done;
	struct iosm_msg_stats stats;
};

void iosm_msg_init(struct iosm_msg *msg, struct device *dev,
		   struct iosm_shm *shm, struct iosm_pm *pm);
void iosm_msg_start(struct iosm_msg *msg);
void iosm_msg_stop(struct iosm_msg *msg);
int iosm_msg_poll(struct iosm_msg *msg);
bool iosm_msg_pending(struct iosm_msg *msg);
bool iosm_msg_busy(struct iosm_msg *msg);
void iosm_msg_get_stats(struct iosm_msg *msg, struct iosm_msg_stats *stats);

int iosm_msg_open_pipe(struct iosm_msg *msg, u8 pipe, dma_addr_t ring,
		       u16 entries, u32 backoff_us);
int iosm_msg_close_pipe(struct iosm_msg *msg, u8 pipe);
int iosm_msg_sleep(struct iosm_msg *msg, u8 target, u8 state);
int iosm_msg_features(struct iosm_msg *msg, u8 features);

#endif
