// SPDX-License-Identifier: GPL-2.0-only
/* The message ring: send a command, wait for its completion. */

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "iosm_msg.h"
#include "iosm_pm.h"
#include "iosm_ring.h"
#include "iosm_shm.h"
#include "iosm_trace.h"

/**
 * iosm_msg_init() - prepare the ring, stopped
 * @msg: to fill
 * @dev: for messages
 * @shm: shared block
 * @pm: gate for the doorbell
 */
void iosm_msg_init(struct iosm_msg *msg, struct device *dev,
		   struct iosm_shm *shm, struct iosm_pm *pm)
{
	memset(msg, 0, sizeof(*msg));
	spin_lock_init(&msg->lock);
	init_waitqueue_head(&msg->done);
	msg->dev = dev;
	msg->shm = shm;
	msg->pm = pm;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_init);

/**
 * iosm_msg_start() - the device was told the ring's address: start at 0
 * @msg: the ring; nobody waits in it
 *
 * Context: any.
 */
void iosm_msg_start(struct iosm_msg *msg)
{
	struct iosm_shm_block *block = msg->shm->block;
	unsigned long flags;

	spin_lock_irqsave(&msg->lock, flags);
	memset(msg->reqs, 0, sizeof(msg->reqs));
	msg->head = 0;
	msg->tail = 0;
	msg->broken = false;
	msg->up = true;
	WRITE_ONCE(block->msg_head, 0);
	WRITE_ONCE(block->msg_tail, 0);
	spin_unlock_irqrestore(&msg->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_start);

/**
 * iosm_msg_stop() - the device is gone: who waits gets -ENODEV
 * @msg: the ring
 *
 * Context: any.
 */
void iosm_msg_stop(struct iosm_msg *msg)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&msg->lock, flags);
	msg->up = false;
	for (i = 0; i < IOSM_MSG_ENTRIES; i++) {
		if (msg->reqs[i])
			WRITE_ONCE(msg->reqs[i]->status, -ENODEV);
		msg->reqs[i] = NULL;
	}
	wake_up_all(&msg->done);
	spin_unlock_irqrestore(&msg->lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_stop);

static u32 iosm_msg_device_tail(struct iosm_msg *msg)
{
	return le32_to_cpu(READ_ONCE(msg->shm->block->msg_tail));
}

/**
 * iosm_msg_pending() - has the device completed something we did not look at?
 * @msg: the ring
 *
 * A hint. Context: any.
 *
 * Return: true when iosm_msg_poll() has something to do.
 */
bool iosm_msg_pending(struct iosm_msg *msg)
{
	return READ_ONCE(msg->up) && !READ_ONCE(msg->broken) &&
	       iosm_msg_device_tail(msg) != READ_ONCE(msg->tail);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_pending);

/**
 * iosm_msg_busy() - is there a command that the device has not completed?
 * @msg: the ring
 *
 * Context: any.
 *
 * Return: true when one is outstanding, even if nobody waits for it any more.
 */
bool iosm_msg_busy(struct iosm_msg *msg)
{
	return READ_ONCE(msg->up) && !READ_ONCE(msg->broken) &&
	       iosm_msg_device_tail(msg) != READ_ONCE(msg->head);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_busy);

/**
 * iosm_msg_get_stats() - what was counted
 * @msg: the ring
 * @stats: to fill
 *
 * Context: any.
 */
void iosm_msg_get_stats(struct iosm_msg *msg, struct iosm_msg_stats *stats)
{
	unsigned long flags;

	spin_lock_irqsave(&msg->lock, flags);
	*stats = msg->stats;
	spin_unlock_irqrestore(&msg->lock, flags);
}

static int iosm_msg_status(struct iosm_msg *msg, u32 status)
{
	switch (status) {
	case IOSM_MSG_SUCCESS:
		return 1;
	case IOSM_MSG_ERROR:
		return -EREMOTEIO;
	default:
		msg->stats.bad_status++;
		dev_warn_ratelimited(msg->dev,
				     "message %u completed with status %#x\n",
				     msg->tail, status);
		return -EPROTO;
	}
}

static int iosm_msg_poll_locked(struct iosm_msg *msg)
{
	u32 tail = iosm_msg_device_tail(msg);
	struct iosm_msg_req *req;
	int step;
	u32 word;

	lockdep_assert_held(&msg->lock);

	if (!msg->up || msg->broken)
		return 0;

	step = iosm_ring_advance(msg->head, msg->tail, tail, IOSM_MSG_ENTRIES);
	if (step < 0) {
		msg->stats.bad_status++;
		WRITE_ONCE(msg->broken, true);
		dev_err_ratelimited(msg->dev,
				    "impossible message tail %u (last %u, head %u)\n",
				    tail, msg->tail, msg->head);
		return -EIO;
	}
	if (!step)
		return 0;

	/* The tail covers the status words: read those after it. */
	dma_rmb();

	while (msg->tail != tail) {
		word = le32_to_cpu(READ_ONCE(msg->shm->block->ring[msg->tail].status));
		trace_iosm_msg_done(msg->dev, msg->tail, word);
		req = msg->reqs[msg->tail];
		msg->reqs[msg->tail] = NULL;
		if (req)
			WRITE_ONCE(req->status, iosm_msg_status(msg, word));
		WRITE_ONCE(msg->tail,
			   iosm_ring_next(msg->tail, IOSM_MSG_ENTRIES));
	}
	wake_up_all(&msg->done);

	return 0;
}

/**
 * iosm_msg_poll() - take the completions that the device has published
 * @msg: the ring
 *
 * Context: any, mostly the interrupt thread.
 *
 * Return: 0, or -EIO the first time that the device published a tail that
 * cannot be; from then on the ring is broken.
 */
int iosm_msg_poll(struct iosm_msg *msg)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&msg->lock, flags);
	err = iosm_msg_poll_locked(msg);
	spin_unlock_irqrestore(&msg->lock, flags);

	return err;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_poll);

static int iosm_msg_post(struct iosm_msg *msg, const struct iosm_msg_entry *cmd,
			 struct iosm_msg_req *req, u32 *slot)
{
	struct iosm_shm_block *block = msg->shm->block;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&msg->lock, flags);
	if (!msg->up) {
		err = -ENODEV;
	} else if (msg->broken) {
		err = -EIO;
	} else if (!iosm_ring_space(msg->head, msg->tail, IOSM_MSG_ENTRIES)) {
		err = -EBUSY;
	} else {
		msg->stats.sent++;
		*slot = msg->head;
		trace_iosm_msg_send(msg->dev, *slot, cmd->type, cmd->arg0,
				    cmd->arg1, cmd->arg2);
		msg->reqs[*slot] = req;
		block->ring[*slot] = *cmd;
		WRITE_ONCE(msg->head, iosm_ring_next(*slot, IOSM_MSG_ENTRIES));
		/* The entry must be visible before the head publishes it. */
		dma_wmb();
		WRITE_ONCE(block->msg_head, cpu_to_le32(msg->head));
	}
	spin_unlock_irqrestore(&msg->lock, flags);

	return err;
}

/*
 * Send one command and wait. After a timeout the entry stays with the device
 * until it moves its tail, but nothing of ours hangs on it. -EIO: the tail
 * cannot be. If it is us who find that out, nobody else will: the caller ends
 * the life.
 */
static int iosm_msg_send(struct iosm_msg *msg, const struct iosm_msg_entry *cmd)
{
	struct iosm_msg_req req = {};
	unsigned long flags;
	u32 slot;
	int err;

	err = iosm_msg_post(msg, cmd, &req, &slot);
	if (err)
		return err;

	iosm_pm_ring(msg->pm, IOSM_HPDA_MSG);

	wait_event_timeout(msg->done, READ_ONCE(req.status),
			   msecs_to_jiffies(IOSM_MSG_TIMEOUT_MS));

	spin_lock_irqsave(&msg->lock, flags);
	if (!req.status) {
		/* Was it only the interrupt that got lost? */
		err = iosm_msg_poll_locked(msg);
		if (req.status)
			dev_warn_ratelimited(msg->dev, "interrupt was lost\n");
	}
	if (!req.status) {
		msg->reqs[slot] = NULL;
		if (!err)
			msg->stats.timeouts++;
		req.status = err ?: -ETIMEDOUT;
	}
	spin_unlock_irqrestore(&msg->lock, flags);

	if (req.status > 0)
		return 0;

	if (req.status != -ENODEV)
		dev_err_ratelimited(msg->dev,
				    "message type %#x for %u failed: %pe\n",
				    cmd->type, cmd->arg2, ERR_PTR(req.status));
	return req.status;
}

/**
 * iosm_msg_open_pipe() - let the device use a ring
 * @msg: the ring of messages
 * @pipe: number of the pipe; its head in shared memory is 0
 * @ring: DMA address of its TDs
 * @entries: number of TDs
 * @backoff_us: longest time the device may collect data before it interrupts
 *
 * Context: sleeps up to IOSM_MSG_TIMEOUT_MS; so do the three below.
 *
 * Return: 0, -ENODEV when the device is gone, -EBUSY when the message ring
 * is full, -ETIMEDOUT without an answer, -EREMOTEIO when the device refused,
 * -EPROTO or -EIO when it answered what it must not.
 */
int iosm_msg_open_pipe(struct iosm_msg *msg, u8 pipe, dma_addr_t ring,
		       u16 entries, u32 backoff_us)
{
	struct iosm_msg_entry cmd = {
		.address = cpu_to_le64(ring),
		.arg0 = entries & 0xff,
		.arg1 = entries >> 8,
		.arg2 = pipe,
		.type = IOSM_MSG_OPEN_PIPE,
		.backoff_us = cpu_to_le32(backoff_us),
	};

	return iosm_msg_send(msg, &cmd);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_open_pipe);

/**
 * iosm_msg_close_pipe() - take a ring back from the device
 * @msg: the ring of messages
 * @pipe: number of the pipe
 *
 * Return: see iosm_msg_open_pipe(). After an error the device may still use
 * the ring.
 */
int iosm_msg_close_pipe(struct iosm_msg *msg, u8 pipe)
{
	struct iosm_msg_entry cmd = {
		.arg2 = pipe,
		.type = IOSM_MSG_CLOSE_PIPE,
	};

	return iosm_msg_send(msg, &cmd);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_close_pipe);

/**
 * iosm_msg_sleep() - announce sleep, or allow the device-sleep handshake
 * @msg: the ring of messages
 * @target: IOSM_MSG_SLEEP_HOST or IOSM_MSG_SLEEP_DEVICE
 * @state: IOSM_MSG_SLEEP_ENTER, IOSM_MSG_SLEEP_EXIT ...
 *
 * Return: see iosm_msg_open_pipe().
 */
int iosm_msg_sleep(struct iosm_msg *msg, u8 target, u8 state)
{
	struct iosm_msg_entry cmd = {
		.arg0 = target,
		.arg1 = state,
		.type = IOSM_MSG_SLEEP,
	};

	return iosm_msg_send(msg, &cmd);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_sleep);

/**
 * iosm_msg_features() - tell the device what the host can do
 * @msg: the ring of messages
 * @features: IOSM_FEATURE_* bits
 *
 * Return: see iosm_msg_open_pipe().
 */
int iosm_msg_features(struct iosm_msg *msg, u8 features)
{
	struct iosm_msg_entry cmd = {
		.arg2 = features,
		.type = IOSM_MSG_FEATURE_SET,
	};

	return iosm_msg_send(msg, &cmd);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_features);
