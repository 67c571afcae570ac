// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control ports.
 *
 * One write is one message is one TD, one TD is one read. The channel is open
 * while the character device is. Both directions are bounded: a writer waits
 * when the ring is full (the WWAN core makes it wait, or tells poll()), and a
 * reader that does not read makes us keep DL buffers back, so that the modem
 * waits.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/wwan.h>

#include "iosm_channel.h"
#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_port.h"

#define IOSM_PORTS_MAX		3
#define IOSM_PORT_BACKLOG	16
#define IOSM_PORT_RX_MIN	(64 * 1024)
#define IOSM_PORT_DRAIN_MS	500
#define IOSM_PORT_RETRY_MS	20
#define IOSM_PORT_GONE_MS	3000

/**
 * struct iosm_port - one control port
 * @core: the device
 * @wwan: the character device
 * @id: channel behind it
 * @ch: valid while @is_open
 * @is_open: the channel is open and not about to be closed
 * @tx_lock: protects the UL pipe and @backlog
 * @backlog: mapped messages of writers that were let in at the same moment
 * @rx_lock: protects the DL pipe; @is_open changes under both locks
 * @rx_work: goes on reading the pipe when the reader has caught up, when
 *	there may be memory again, or some time after the device sent rubbish
 * @rx_parked: a message for which there was no memory; its cookie is NULL
 *	otherwise
 * @rx_limit: bytes of unread messages at which DL buffers are kept back
 * @rx_unread: bytes of messages that were not read yet
 * @rx_stalled: @rx_limit was hit
 * @rx_refs: number of such messages, and one for the port itself
 * @rx_gone: completed with the last of @rx_refs, unless @rx_left
 * @rx_left: set by the last message and by who removes the port and gives up
 *	waiting for it; the second of them frees the port
 */
struct iosm_port {
	struct iosm_core *core;
	struct wwan_port *wwan;
	enum iosm_channel_id id;

	struct iosm_channel ch;
	bool is_open;

	spinlock_t tx_lock;	/* UL pipe, backlog, is_open */
	struct sk_buff_head backlog;

	struct mutex rx_lock;	/* DL pipe, is_open */
	struct delayed_work rx_work;
	struct iosm_done rx_parked;
	unsigned int rx_limit;
	atomic_t rx_unread;
	atomic_t rx_stalled;
	refcount_t rx_refs;
	struct completion rx_gone;
	atomic_t rx_left;
};

struct iosm_ports {
	struct iosm_port *port[IOSM_PORTS_MAX];
	unsigned int n;
};

/* Our note in a message while it waits in @backlog. */
struct iosm_port_cb {
	dma_addr_t dma;
};

static struct iosm_port_cb *iosm_port_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct iosm_port_cb) > sizeof(skb->cb));

	return (struct iosm_port_cb *)skb->cb;
}

/* ---- Uplink ---- */

static void iosm_port_unmap(struct iosm_port *port, dma_addr_t dma, u32 len)
{
	dma_unmap_single(port->core->dev, dma, len, DMA_TO_DEVICE);
}

/* Returns true when the device has something new to look at. */
static bool iosm_port_tx_fill(struct iosm_port *port)
{
	struct iosm_pipe *ul = &port->ch.ul;
	struct sk_buff *skb;

	lockdep_assert_held(&port->tx_lock);

	if (!port->is_open)
		return false;

	while (iosm_pipe_space(ul) && (skb = __skb_dequeue(&port->backlog))) {
		struct iosm_buf buf = {
			.cookie = skb,
			.dma = iosm_port_cb(skb)->dma,
			.len = skb->len,
		};

		iosm_pipe_push(ul, &buf);
	}

	if (iosm_pipe_space(ul))
		wwan_port_txon(port->wwan);
	else
		wwan_port_txoff(port->wwan);

	return iosm_pipe_publish(ul);
}

/* @most: messages that may wait for room in the ring. */
static int iosm_port_send(struct wwan_port *wwan, struct sk_buff *skb,
			  unsigned int most)
{
	struct iosm_port *port = wwan_port_get_drvdata(wwan);
	struct device *dev = port->core->dev;
	bool ring = false;
	dma_addr_t dma;
	int err = 0;

	if (!skb->len) {
		consume_skb(skb);
		return 0;
	}

	if (skb->len > port->ch.config.buf_size)
		return -EMSGSIZE;

	if (skb_linearize(skb))
		return -ENOMEM;

	if (iosm_core_is_dead(port->core))
		return -ENODEV;

	dma = dma_map_single(dev, skb->data, skb->len, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	iosm_port_cb(skb)->dma = dma;

	spin_lock(&port->tx_lock);
	if (skb_queue_len(&port->backlog) >= most) {
		err = -EAGAIN;
	} else {
		__skb_queue_tail(&port->backlog, skb);
		ring = iosm_port_tx_fill(port);
	}
	spin_unlock(&port->tx_lock);

	if (err)
		iosm_port_unmap(port, dma, skb->len);
	else if (ring)
		iosm_channel_ring(&port->ch, IOSM_HPDA_UL_CTRL);

	return err;
}

static int iosm_port_tx(struct wwan_port *wwan, struct sk_buff *skb)
{
	return iosm_port_send(wwan, skb, IOSM_PORT_BACKLOG);
}

/*
 * Does not block either: the WWAN core has made the writer wait before, but
 * lets in all who waited at once. Each of them has one message.
 */
static int iosm_port_tx_blocking(struct wwan_port *wwan, struct sk_buff *skb)
{
	return iosm_port_send(wwan, skb, UINT_MAX);
}

static void iosm_port_tx_done(struct iosm_port *port)
{
	struct iosm_pipe *ul = &port->ch.ul;
	struct iosm_done done;
	bool ring;
	int ready;

	spin_lock(&port->tx_lock);
	ready = iosm_pipe_poll(ul);
	while (ready > 0 && iosm_pipe_take(ul, &done)) {
		iosm_port_unmap(port, done.buf.dma, done.buf.len);
		if (done.status != IOSM_TD_END)
			dev_warn_ratelimited(port->core->dev,
					     "channel %u: uplink status %u\n",
					     port->id, done.status);
		consume_skb(done.buf.cookie);
	}
	ring = iosm_port_tx_fill(port);
	spin_unlock(&port->tx_lock);

	if (ring)
		iosm_channel_ring(&port->ch, IOSM_HPDA_UL_CTRL);
	if (ready < 0)
		iosm_channel_fail(&port->ch);
}

/* ---- Downlink ---- */

/*
 * A message was read, or thrown away: any context that may free an skb. The
 * port may have been left behind: its device is gone then, and its work is
 * disabled.
 */
static void iosm_port_rx_freed(struct sk_buff *skb)
{
	struct iosm_port *port = skb_shinfo(skb)->destructor_arg;

	if (atomic_sub_return(skb->truesize, &port->rx_unread) <
	    port->rx_limit / 2 && atomic_xchg(&port->rx_stalled, 0))
		schedule_delayed_work(&port->rx_work, 0);

	if (!refcount_dec_and_test(&port->rx_refs))
		return;

	/*
	 * Who frees the port waits for this. A completion, as that one is
	 * not touched any more once the waiter has returned.
	 */
	if (!atomic_xchg(&port->rx_left, 1)) {
		complete(&port->rx_gone);
		return;
	}

	kfree(port);
	/* The last thing: nothing else keeps this code in memory. */
	module_put(THIS_MODULE);
}

static bool iosm_port_is_bad(const struct iosm_done *done)
{
	return done->status != IOSM_TD_END || !done->len;
}

/* Hand one message up; false when there is no memory for its copy. */
static bool iosm_port_rx_one(struct iosm_port *port,
			     const struct iosm_done *done)
{
	struct device *dev = port->core->dev;
	struct sk_buff *skb;

	if (iosm_port_is_bad(done)) {
		dev_warn_ratelimited(dev,
				     "channel %u: downlink status %u, length %u\n",
				     port->id, done->status, done->len);
		return true;
	}

	skb = alloc_skb(done->len, GFP_KERNEL);
	if (!skb)
		return false;

	dma_sync_single_for_cpu(dev, done->buf.dma, done->len, DMA_FROM_DEVICE);
	skb_put_data(skb, done->buf.cookie, done->len);
	dma_sync_single_for_device(dev, done->buf.dma, done->len,
				   DMA_FROM_DEVICE);

	skb_shinfo(skb)->destructor_arg = port;
	skb->destructor = iosm_port_rx_freed;
	refcount_inc(&port->rx_refs);
	atomic_add(skb->truesize, &port->rx_unread);
	wwan_port_rx(port->wwan, skb);

	return true;
}

/* False when unread messages fill the port: what is in the ring must wait. */
static bool iosm_port_rx_room(struct iosm_port *port)
{
	if (atomic_read(&port->rx_unread) < port->rx_limit)
		return true;

	atomic_set(&port->rx_stalled, 1);
	/* Pairs with the reader: it may have read all just before the flag. */
	smp_mb__after_atomic();

	return atomic_read(&port->rx_unread) < port->rx_limit / 2 &&
	       atomic_xchg(&port->rx_stalled, 0);
}

/* The next message to hand up: one that had to wait, or from the ring. */
static bool iosm_port_rx_next(struct iosm_port *port, struct iosm_done *done)
{
	if (port->rx_parked.buf.cookie) {
		*done = port->rx_parked;
		port->rx_parked.buf.cookie = NULL;
		return true;
	}

	return iosm_pipe_take(&port->ch.dl, done);
}

static void iosm_port_rx(struct iosm_port *port, bool from_work)
{
	struct iosm_pipe *dl = &port->ch.dl;
	struct iosm_done done;
	bool bad = false;

	lockdep_assert_held(&port->rx_lock);

	if (iosm_pipe_poll(dl) < 0) {
		iosm_channel_fail(&port->ch);
		return;
	}

	while (iosm_port_rx_room(port) && iosm_port_rx_next(port, &done)) {
		if (!iosm_port_rx_one(port, &done)) {
			port->rx_parked = done;
			schedule_delayed_work(&port->rx_work,
					      msecs_to_jiffies(IOSM_PORT_RETRY_MS));
			break;
		}
		bad |= iosm_port_is_bad(&done);
		/* The message was copied: the same buffer goes out again. */
		iosm_pipe_push(dl, &done.buf);
	}

	/*
	 * No reader slows down a device that sends what nobody can read, and
	 * this is a thread of real-time priority: so we do.
	 */
	if (bad && !from_work)
		schedule_delayed_work(&port->rx_work,
				      msecs_to_jiffies(IOSM_PORT_RETRY_MS));
	else if (iosm_pipe_publish(dl))
		iosm_channel_ring(&port->ch, IOSM_HPDA_DL_REFILL);
}

static void iosm_port_rx_work(struct work_struct *work)
{
	struct iosm_port *port = container_of(to_delayed_work(work),
					      struct iosm_port, rx_work);

	mutex_lock(&port->rx_lock);
	if (port->is_open)
		iosm_port_rx(port, true);
	mutex_unlock(&port->rx_lock);
}

static void iosm_port_poll(void *priv)
{
	struct iosm_port *port = priv;

	if (iosm_pipe_pending(&port->ch.ul))
		iosm_port_tx_done(port);

	if (iosm_pipe_pending(&port->ch.dl)) {
		mutex_lock(&port->rx_lock);
		/* Before that the opener has the pipe for himself. */
		if (port->is_open)
			iosm_port_rx(port, false);
		mutex_unlock(&port->rx_lock);
	}
}

static const struct iosm_channel_ops iosm_port_channel_ops = {
	.poll = iosm_port_poll,
};

/* ---- Open and close ---- */

static int iosm_port_post(struct iosm_port *port)
{
	struct device *dev = port->core->dev;
	struct iosm_pipe *dl = &port->ch.dl;
	struct iosm_buf buf;

	buf.len = port->ch.config.buf_size;

	while (iosm_pipe_space(dl)) {
		/*
		 * Pages of their own: what shares one, the device could hit;
		 * empty ones: it can say that it wrote what it did not.
		 */
		buf.cookie = alloc_pages_exact(buf.len,
					       GFP_KERNEL | __GFP_ZERO);
		if (!buf.cookie)
			return -ENOMEM;

		buf.dma = dma_map_single(dev, buf.cookie, buf.len,
					 DMA_FROM_DEVICE);
		if (dma_mapping_error(dev, buf.dma)) {
			free_pages_exact(buf.cookie, buf.len);
			return -ENOMEM;
		}

		iosm_pipe_push(dl, &buf);
	}

	return 0;
}

static void iosm_port_free_dl(struct iosm_port *port,
			      const struct iosm_buf *buf)
{
	dma_unmap_single(port->core->dev, buf->dma, buf->len, DMA_FROM_DEVICE);
	free_pages_exact(buf->cookie, buf->len);
}

static void iosm_port_reclaim(struct iosm_port *port)
{
	struct sk_buff *skb;
	struct iosm_buf buf;

	while (iosm_pipe_reclaim(&port->ch.ul, &buf)) {
		iosm_port_unmap(port, buf.dma, buf.len);
		kfree_skb(buf.cookie);
	}

	while ((skb = __skb_dequeue(&port->backlog))) {
		iosm_port_unmap(port, iosm_port_cb(skb)->dma, skb->len);
		kfree_skb(skb);
	}

	if (port->rx_parked.buf.cookie)
		iosm_port_free_dl(port, &port->rx_parked.buf);
	port->rx_parked.buf.cookie = NULL;

	while (iosm_pipe_reclaim(&port->ch.dl, &buf))
		iosm_port_free_dl(port, &buf);
}

/* From false on, no head of the channel moves any more. */
static void iosm_port_set_open(struct iosm_port *port, bool open)
{
	lockdep_assert_held(&port->rx_lock);

	spin_lock(&port->tx_lock);
	port->is_open = open;
	spin_unlock(&port->tx_lock);
}

/* Called by the WWAN core, which serialises it with stop and tx. */
static int iosm_port_start(struct wwan_port *wwan)
{
	struct iosm_port *port = wwan_port_get_drvdata(wwan);
	int err;

	/* The port may be opened before wwan_create_port() has returned. */
	port->wwan = wwan;

	if (iosm_core_is_dead(port->core))
		return -ENODEV;

	err = iosm_channel_open(&port->ch, port->core,
				iosm_channel_default(port->id),
				&iosm_port_channel_ops, port);
	if (err)
		return err;

	err = iosm_port_post(port);
	if (err) {
		iosm_channel_close(&port->ch);
		iosm_port_reclaim(port);
		iosm_channel_free(&port->ch);
		return err;
	}

	atomic_set(&port->rx_stalled, 0);
	wwan_port_txon(wwan);

	mutex_lock(&port->rx_lock);
	iosm_port_set_open(port, true);
	iosm_channel_start(&port->ch);
	mutex_unlock(&port->rx_lock);

	return 0;
}

static void iosm_port_stop(struct wwan_port *wwan)
{
	struct iosm_port *port = wwan_port_get_drvdata(wwan);

	if (!port->is_open)
		return;

	/* What is still to come must be in the ring before that is drained. */
	iosm_core_wait(port->core, skb_queue_empty_lockless(&port->backlog),
		       IOSM_PORT_DRAIN_MS);
	iosm_channel_drain(&port->ch);

	/* Nothing may be posted to a pipe that is being closed. */
	mutex_lock(&port->rx_lock);
	iosm_port_set_open(port, false);
	mutex_unlock(&port->rx_lock);

	iosm_channel_close(&port->ch);
	iosm_port_reclaim(port);
	iosm_channel_free(&port->ch);
}

static const struct wwan_port_ops iosm_port_ops = {
	.start = iosm_port_start,
	.stop = iosm_port_stop,
	.tx = iosm_port_tx,
	.tx_blocking = iosm_port_tx_blocking,
};

/* ---- Life ---- */

/*
 * Wait for the messages that readers still have. That takes as long as a copy
 * to user space, which user space can make last; and the rest of a message
 * that was read in part while the port was removed stays in its queue for
 * ever. So this does not wait for long: what is left of the port then belongs
 * to its last message, and so does the module. Returns false in that case.
 *
 * With the module on its way out there is no other way than to wait.
 */
static bool iosm_port_rx_wait(struct iosm_port *port)
{
	if (refcount_dec_and_test(&port->rx_refs))
		return true;

	if (wait_for_completion_timeout(&port->rx_gone,
					msecs_to_jiffies(IOSM_PORT_GONE_MS)))
		return true;

	if (try_module_get(THIS_MODULE)) {
		dev_warn(port->core->dev,
			 "channel %u: gone, but a message of it is still held\n",
			 port->id);
		/* From here on the port may be freed. */
		if (!atomic_xchg(&port->rx_left, 1))
			return false;
		/* That was the moment: the last message is about to tell. */
		module_put(THIS_MODULE);
	}
	wait_for_completion(&port->rx_gone);

	return true;
}

static void iosm_port_destroy(struct iosm_port *port)
{
	wwan_remove_port(port->wwan);

	/* The port is closed. Messages that are freed now queue nothing. */
	disable_delayed_work_sync(&port->rx_work);
	if (iosm_port_rx_wait(port))
		kfree(port);
}

static int iosm_port_create(struct iosm_core *core, enum wwan_port_type type,
			    enum iosm_channel_id id)
{
	const struct iosm_channel_config *config = iosm_channel_default(id);
	struct iosm_ports *ports = core->ports;
	struct wwan_port *wwan;
	struct iosm_port *port;

	port = kzalloc_obj(*port);
	if (!port)
		return -ENOMEM;

	port->core = core;
	port->id = id;
	port->ch.config = *config;
	port->rx_limit = max_t(unsigned int, IOSM_PORT_RX_MIN,
			       4 * config->buf_size);
	spin_lock_init(&port->tx_lock);
	__skb_queue_head_init(&port->backlog);
	mutex_init(&port->rx_lock);
	INIT_DELAYED_WORK(&port->rx_work, iosm_port_rx_work);
	refcount_set(&port->rx_refs, 1);
	init_completion(&port->rx_gone);

	wwan = wwan_create_port(core->dev, type, &iosm_port_ops, NULL, port);
	if (IS_ERR(wwan)) {
		kfree(port);
		return PTR_ERR(wwan);
	}

	port->wwan = wwan;
	ports->port[ports->n++] = port;

	return 0;
}

static void iosm_ports_stop(struct iosm_core *core)
{
	struct iosm_ports *ports = core->ports;

	while (ports->n)
		iosm_port_destroy(ports->port[--ports->n]);

	core->ports = NULL;
	kfree(ports);
}

static int iosm_ports_start(struct iosm_core *core)
{
	int err;

	core->ports = kzalloc_obj(*core->ports);
	if (!core->ports)
		return -ENOMEM;

	if (core->device_id == IOSM_PCI_ID_7360)
		err = iosm_port_create(core, WWAN_PORT_XMMRPC,
				       IOSM_CHANNEL_RPC);
	else
		err = iosm_port_create(core, WWAN_PORT_MBIM, IOSM_CHANNEL_MBIM);

	if (!err)
		err = iosm_port_create(core, WWAN_PORT_AT, IOSM_CHANNEL_AT0);
	if (!err)
		err = iosm_port_create(core, WWAN_PORT_AT, IOSM_CHANNEL_AT1);
	if (err)
		iosm_ports_stop(core);

	return err;
}

const struct iosm_user iosm_port_user = {
	.name = "control ports",
	.start = iosm_ports_start,
	.stop = iosm_ports_stop,
};
