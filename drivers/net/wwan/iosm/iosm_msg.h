/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message ring: commands from the host to the device, each completed by a
 * status.
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

/* Devices complete a command within 500 ms. The rest allows for a slow host. */
#define IOSM_MSG_TIMEOUT_MS	1000

/**
 * struct iosm_msg_req - a command whose completion is awaited
 * @status: 0 while pending, 1 completed, otherwise a negative errno
 * @slot: its entry in the ring
 * @type: IOSM_MSG_*
 * @arg: pipe, of a message about one
 */
struct iosm_msg_req {
	int status;
	u32 slot;
	u8 type;
	u8 arg;
};

/**
 * struct iosm_msg_stats - counted under the ring's lock
 * @sent: commands sent
 * @timeouts: commands that were not completed in time
 * @bad_status: invalid tails and status values
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
 * @pm: rings the doorbell
 * @reqs: request of each entry; NULL: none, or given up
 * @head: next entry to fill
 * @tail: oldest entry that the device has not completed
 * @up: commands can be sent
 * @broken: the device published an invalid tail
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
int iosm_msg_submit_sleep(struct iosm_msg *msg, u8 target, u8 state,
			  struct iosm_msg_req *req);
int iosm_msg_submit_features(struct iosm_msg *msg, u8 features, struct iosm_msg_req *req);
int iosm_msg_finish(struct iosm_msg *msg, struct iosm_msg_req *req);

/**
 * iosm_msg_is_done() - has a request been completed?
 * @req: submitted request
 *
 * Context: any.
 *
 * Return: true when iosm_msg_finish() returns the result of the device.
 */
static inline bool iosm_msg_is_done(const struct iosm_msg_req *req)
{
	return READ_ONCE(req->status);
}

#endif
