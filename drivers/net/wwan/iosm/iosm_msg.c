// SPDX-License-Identifier: GPL-2.0-only
/* The message ring: post a command, take its completion. */

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
 * @pm: rings the doorbell
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
 * iosm_msg_start() - begin at entry 0
 * @msg: the ring, stopped; the device gets its address next
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
 * iosm_msg_stop() - complete all requests with -ENODEV, and accept no more
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
 * iosm_msg_pending() - are there completions that iosm_msg_poll() has not taken yet?
 * @msg: the ring
 *
 * Reads without the lock. Context: any.
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
 * Return: true when one is outstanding, also after its request has timed out.
 */
bool iosm_msg_busy(struct iosm_msg *msg)
{
	return READ_ONCE(msg->up) && !READ_ONCE(msg->broken) &&
	       iosm_msg_device_tail(msg) != READ_ONCE(msg->head);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_busy);

/**
 * iosm_msg_get_stats() - read the counters
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
				    "invalid message tail %u (last %u, head %u)\n",
				    tail, msg->tail, msg->head);
		return -EIO;
	}
	if (!step)
		return 0;

	/* Pairs with the device, which writes the status words before the tail. */
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
 * Return: 0, or -EIO the first time that the device published an invalid tail; the
 * ring takes no more completions then.
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
			 struct iosm_msg_req *req)
{
	struct iosm_shm_block *block = msg->shm->block;
	unsigned long flags;
	int err = 0;

	req->status = 0;

	spin_lock_irqsave(&msg->lock, flags);
	if (!msg->up) {
		err = -ENODEV;
	} else if (msg->broken) {
		err = -EIO;
	} else if (!iosm_ring_space(msg->head, msg->tail, IOSM_MSG_ENTRIES)) {
		err = -EBUSY;
	} else {
		msg->stats.sent++;
		req->slot = msg->head;
		req->type = cmd->type;
		req->arg = cmd->arg2;
		trace_iosm_msg_send(msg->dev, req->slot, cmd->type, cmd->arg0,
				    cmd->arg1, cmd->arg2);
		msg->reqs[req->slot] = req;
		block->ring[req->slot] = *cmd;
		WRITE_ONCE(msg->head, iosm_ring_next(req->slot, IOSM_MSG_ENTRIES));
		/* The entry must be visible before the head publishes it. */
		dma_wmb();
		WRITE_ONCE(block->msg_head, cpu_to_le32(msg->head));
	}
	spin_unlock_irqrestore(&msg->lock, flags);

	return err;
}

static int iosm_msg_submit(struct iosm_msg *msg, const struct iosm_msg_entry *cmd,
			   struct iosm_msg_req *req)
{
	int err;

	err = iosm_msg_post(msg, cmd, req);
	if (!err)
		iosm_pm_ring(msg->pm, IOSM_HPDA_MSG);

	return err;
}

/**
 * iosm_msg_finish() - take the result of a request, and release it
 * @msg: the ring
 * @req: submitted request
 *
 * To be called once for each request, when it is done or when its time is over. The entry
 * of a request that is not done stays with the device, but refers to @req no more.
 * Context: any.
 *
 * Return: see iosm_msg_open_pipe(). After -EIO, which iosm_msg_poll() reports only
 * once, the caller has to declare the device failed.
 */
int iosm_msg_finish(struct iosm_msg *msg, struct iosm_msg_req *req)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&msg->lock, flags);
	if (!req->status) {
		err = iosm_msg_poll_locked(msg);
		if (req->status)
			dev_warn_ratelimited(msg->dev,
					     "missed interrupt, completion found by polling\n");
	}
	if (!req->status) {
		msg->reqs[req->slot] = NULL;
		if (!err)
			msg->stats.timeouts++;
		req->status = err ?: -ETIMEDOUT;
	}
	spin_unlock_irqrestore(&msg->lock, flags);

	if (req->status > 0)
		return 0;

	if (req->status != -ENODEV)
		dev_err_ratelimited(msg->dev, "message type %#x for %u failed: %pe\n",
				    req->type, req->arg, ERR_PTR(req->status));
	return req->status;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_finish);

/* Send one command and wait for its completion. */
static int iosm_msg_send(struct iosm_msg *msg, const struct iosm_msg_entry *cmd)
{
	struct iosm_msg_req req;
	int err;

	err = iosm_msg_submit(msg, cmd, &req);
	if (err)
		return err;

	wait_event_timeout(msg->done, iosm_msg_is_done(&req),
			   msecs_to_jiffies(IOSM_MSG_TIMEOUT_MS));

	return iosm_msg_finish(msg, &req);
}

/**
 * iosm_msg_open_pipe() - let the device use a ring
 * @msg: the ring of messages
 * @pipe: number of the pipe; its head in shared memory is 0
 * @ring: DMA address of its TDs
 * @entries: number of TDs
 * @backoff_us: longest time the device may collect data before it interrupts
 *
 * Context: sleeps up to IOSM_MSG_TIMEOUT_MS.
 *
 * Return: 0, -ENODEV when the ring was stopped, -EBUSY when it is full, -ETIMEDOUT
 * without a completion, -EREMOTEIO when the device refused, -EPROTO when the status
 * is invalid, -EIO when the tail is.
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

static struct iosm_msg_entry iosm_msg_sleep_entry(u8 target, u8 state)
{
	return (struct iosm_msg_entry) {
		.arg0 = target,
		.arg1 = state,
		.type = IOSM_MSG_SLEEP,
	};
}

/**
 * iosm_msg_sleep() - announce system sleep
 * @msg: the ring of messages
 * @target: IOSM_MSG_SLEEP_HOST or IOSM_MSG_SLEEP_DEVICE
 * @state: IOSM_MSG_SLEEP_ENTER, IOSM_MSG_SLEEP_EXIT ...
 *
 * Context: sleeps up to IOSM_MSG_TIMEOUT_MS.
 *
 * Return: see iosm_msg_open_pipe().
 */
int iosm_msg_sleep(struct iosm_msg *msg, u8 target, u8 state)
{
	struct iosm_msg_entry cmd = iosm_msg_sleep_entry(target, state);

	return iosm_msg_send(msg, &cmd);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_sleep);

/**
 * iosm_msg_submit_sleep() - allow the device-sleep handshake, without waiting
 * @msg: the ring of messages
 * @target: IOSM_MSG_SLEEP_HOST or IOSM_MSG_SLEEP_DEVICE
 * @state: IOSM_MSG_SLEEP_ENTER, IOSM_MSG_SLEEP_EXIT ...
 * @req: to fill; must be valid until iosm_msg_finish() or iosm_msg_stop()
 *
 * Context: any.
 *
 * Return: 0: iosm_msg_finish() must follow. -ENODEV, -EBUSY, -EIO: see
 * iosm_msg_open_pipe().
 */
int iosm_msg_submit_sleep(struct iosm_msg *msg, u8 target, u8 state,
			  struct iosm_msg_req *req)
{
	struct iosm_msg_entry cmd = iosm_msg_sleep_entry(target, state);

	return iosm_msg_submit(msg, &cmd, req);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_submit_sleep);

/**
 * iosm_msg_submit_features() - announce what the host supports, without waiting
 * @msg: the ring of messages
 * @features: IOSM_FEATURE_* bits
 * @req: see iosm_msg_submit_sleep()
 *
 * Context: any.
 *
 * Return: see iosm_msg_submit_sleep().
 */
int iosm_msg_submit_features(struct iosm_msg *msg, u8 features, struct iosm_msg_req *req)
{
	struct iosm_msg_entry cmd = {
		.arg2 = features,
		.type = IOSM_MSG_FEATURE_SET,
	};

	return iosm_msg_submit(msg, &cmd, req);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_msg_submit_features);
