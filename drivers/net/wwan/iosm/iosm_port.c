// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control ports.
 *
 * One write is one message is one TD, one TD is one read. The channel is open
 * while the character device is. Both directions are bounded: the WWAN core blocks
 * writers while the ring is full, and DL buffers are kept back while too many
 * messages are unread, so that the modem has to wait.
 */

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/wwan.h>

#include "iosm_channel.h"
#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_port.h"
#include "iosm_stub.h"

#define IOSM_PORTS_MAX		3
#define IOSM_PORT_BACKLOG	16
/* A message takes a page at least, whatever its length and the page's. */
#define IOSM_PORT_RX_MIN	(16 * PAGE_SIZE)
#define IOSM_PORT_DRAIN_MS	500
#define IOSM_PORT_RETRY_MS	20
/* Maximum number of unread messages. */
#define IOSM_PORT_UNREAD	32
/* Interval at which a port with too many of them checks whether they were read. */
#define IOSM_PORT_LOOK_MIN_MS	2
#define IOSM_PORT_LOOK_MAX_MS	256

/**
 * struct iosm_port - one control port
 * @core: the device
 * @wwan: the character device
 * @id: channel behind it
 * @ch: valid while @is_open
 * @is_open: the channel is open and not about to be closed
 * @tx_lock: protects the UL pipe and @backlog
 * @backlog: mapped messages that wait for space in the ring
 * @rx_lock: protects the DL pipe and all rx_*; @is_open changes under both locks
 * @rx_work: reads the pipe after a delay: unread messages may have been read,
 *	memory may be available again, or the device sent invalid TDs
 * @rx_parked: a message that could not be copied for want of memory; cookie NULL:
 *	none
 * @rx_limit: bytes of unread messages at which DL buffers are kept back
 * @rx_unread: bytes in @rx_pages
 * @rx_pages: memory of messages that were handed up, and not read when last
 *	checked; the port holds a reference to each
 * @rx_n_pages: entries of @rx_pages
 * @rx_stalled: @rx_limit was hit
 * @rx_look_ms: interval between checks of @rx_pages while @rx_stalled
 * @close_lock: protects the next two; serialises closing with system sleep
 * @is_suspended: system sleep: no pipe can be closed
 * @is_close_deferred: the port was closed during system sleep; its pipes are closed
 *	by the resume
 */
struct iosm_port {
	struct iosm_core *core;
	struct wwan_port *wwan;
	enum iosm_channel_id id;

	struct iosm_channel ch;
	bool is_open;

	spinlock_t tx_lock;	/* UL pipe, backlog, is_open */
	struct sk_buff_head backlog;

	struct mutex rx_lock;	/* DL pipe, unread messages, is_open */
	struct delayed_work rx_work;
	struct iosm_done rx_parked;
	unsigned int rx_limit;
	unsigned int rx_unread;
	struct page *rx_pages[IOSM_PORT_UNREAD];
	unsigned int rx_n_pages;
	bool rx_stalled;
	unsigned int rx_look_ms;

	struct mutex close_lock;	/* deferred closing */
	bool is_suspended;
	bool is_close_deferred;
};

struct iosm_ports {
	struct iosm_port *port[IOSM_PORTS_MAX];
	unsigned int n;
};

/* DMA address of a message in @backlog. */
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
	dma_unmap_single(iosm_core_dev(port->core), dma, len, DMA_TO_DEVICE);
}

/* Returns true when the doorbell has to be rung. */
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

/* @most: limit of messages that wait for space in the ring. */
static int iosm_port_send(struct wwan_port *wwan, struct sk_buff *skb,
			  unsigned int most)
{
	struct iosm_port *port = wwan_port_get_drvdata(wwan);
	struct device *dev = iosm_core_dev(port->core);
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

	if (iosm_core_has_failed(port->core))
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
 * Does not block: the WWAN core has blocked the writers before. It wakes all of them at
 * once, with one message each, so there is no limit here.
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
			dev_warn_ratelimited(iosm_core_dev(port->core),
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
 * The WWAN core has no callback for a message that was read. A destructor of the skb
 * could be called after this module was unloaded: a task that has read a part of a
 * message puts the rest back into the queue of a port that was removed meanwhile. So
 * each message has pages of its own, to which the driver holds a second reference.
 * When that is the last one, the message was read or dropped.
 */

/* Release the memory of messages that were read. Returns true if there are any. */
static bool iosm_port_rx_release_read(struct iosm_port *port)
{
	unsigned int i, n = 0;
	struct page *page;

	lockdep_assert_held(&port->rx_lock);

	for (i = 0; i < port->rx_n_pages; i++) {
		page = port->rx_pages[i];
		if (page_count(page) > 1) {
			port->rx_pages[n++] = page;
			continue;
		}
		port->rx_unread -= page_size(page);
		put_page(page);
	}
	port->rx_n_pages = n;

	return i > n;
}

/* Release all messages. Unread ones remain in the queue of the WWAN core. */
static void iosm_port_rx_release_all(struct iosm_port *port)
{
	while (port->rx_n_pages)
		put_page(port->rx_pages[--port->rx_n_pages]);
	port->rx_unread = 0;
	port->rx_stalled = false;
}

/* Allocate an skb for @len bytes in pages of its own, and count it as unread. */
static struct sk_buff *iosm_port_rx_alloc(struct iosm_port *port, u32 len)
{
	unsigned int order = get_order(SKB_DATA_ALIGN(len) +
				       SKB_DATA_ALIGN(sizeof(struct skb_shared_info)));
	struct sk_buff *skb;
	struct page *page;

	page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, order);
	if (!page)
		return NULL;

	skb = build_skb(page_address(page), page_size(page));
	if (!skb) {
		put_page(page);
		return NULL;
	}

	get_page(page);
	port->rx_pages[port->rx_n_pages++] = page;
	port->rx_unread += page_size(page);

	return skb;
}

VISIBLE_IF_KUNIT void iosm_port_deliver(struct iosm_core *core,
					struct wwan_port *wwan,
					struct sk_buff *skb)
{
	IOSM_STUB(iosm_core_is_fake(core), iosm_port_deliver, core, wwan, skb);

	wwan_port_rx(wwan, skb);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_port_deliver);

static bool iosm_port_is_bad(const struct iosm_done *done)
{
	return done->status != IOSM_TD_END || !done->len;
}

/* Hand up a copy of one message. Returns false when there is no memory for it. */
static bool iosm_port_rx_one(struct iosm_port *port,
			     const struct iosm_done *done)
{
	struct device *dev = iosm_core_dev(port->core);
	struct sk_buff *skb;

	if (iosm_port_is_bad(done)) {
		dev_warn_ratelimited(dev,
				     "channel %u: downlink status %u, length %u\n",
				     port->id, done->status, done->len);
		return true;
	}

	skb = iosm_port_rx_alloc(port, done->len);
	if (!skb)
		return false;

	dma_sync_single_for_cpu(dev, done->buf.dma, done->len, DMA_FROM_DEVICE);
	skb_put_data(skb, done->buf.cookie, done->len);
	dma_sync_single_for_device(dev, done->buf.dma, done->len,
				   DMA_FROM_DEVICE);

	iosm_port_deliver(port->core, port->wwan, skb);

	return true;
}

/* Returns false when there are too many unread messages. */
static bool iosm_port_rx_room(struct iosm_port *port)
{
	if (!port->rx_stalled && (port->rx_unread >= port->rx_limit ||
				  port->rx_n_pages == IOSM_PORT_UNREAD))
		port->rx_stalled = true;
	if (port->rx_stalled && port->rx_unread < port->rx_limit / 2 &&
	    port->rx_n_pages < IOSM_PORT_UNREAD)
		port->rx_stalled = false;

	return !port->rx_stalled;
}

/* Run the work after @ms, instead of any time set before. Under @rx_lock. */
VISIBLE_IF_KUNIT void iosm_port_arm(struct iosm_core *core,
				    struct delayed_work *work, unsigned int ms)
{
	IOSM_STUB(iosm_core_is_fake(core), iosm_port_arm, core, work, ms);

	cancel_delayed_work(work);
	schedule_delayed_work(work, msecs_to_jiffies(ms));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_port_arm);

/*
 * There is no event when a message is read, so check again: soon while messages are
 * being read, at growing intervals while not.
 */
static void iosm_port_rx_look_later(struct iosm_port *port, bool soon)
{
	if (soon)
		port->rx_look_ms = IOSM_PORT_LOOK_MIN_MS;
	else
		port->rx_look_ms = min(2 * port->rx_look_ms,
				       IOSM_PORT_LOOK_MAX_MS);
	iosm_port_arm(port->core, &port->rx_work, port->rx_look_ms);
}

/* Get the next message to hand up: the parked one first, then from the ring. */
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
	bool soon, bad = false;

	lockdep_assert_held(&port->rx_lock);

	soon = iosm_port_rx_release_read(port) || !port->rx_stalled;
	if (iosm_pipe_poll(dl) < 0) {
		iosm_channel_fail(&port->ch);
		return;
	}

	while (iosm_port_rx_room(port) && iosm_port_rx_next(port, &done)) {
		if (!iosm_port_rx_one(port, &done)) {
			port->rx_parked = done;
			iosm_port_arm(port->core, &port->rx_work,
				      IOSM_PORT_RETRY_MS);
			break;
		}
		bad |= iosm_port_is_bad(&done);
		/* The message was copied: the same buffer goes out again. */
		iosm_pipe_push(dl, &done.buf);
	}
	/* An interrupt does not mean that a message was read. The work is armed. */
	if (port->rx_stalled && (soon || from_work))
		iosm_port_rx_look_later(port, soon);

	/*
	 * Invalid TDs are not limited by a reader, and the IRQ thread has real-time
	 * priority: delay the buffers of a device that sends them.
	 */
	if (bad && !from_work)
		iosm_port_arm(port->core, &port->rx_work, IOSM_PORT_RETRY_MS);
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
		/* Before that, iosm_port_start() uses the pipe. */
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
	struct device *dev = iosm_core_dev(port->core);
	struct iosm_pipe *dl = &port->ch.dl;
	struct iosm_buf buf;

	buf.len = port->ch.config.buf_size;

	while (iosm_pipe_space(dl)) {
		/*
		 * Whole pages, as the device can write to all of a page. Zeroed,
		 * as it may report more bytes than it has written.
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
	dma_unmap_single(iosm_core_dev(port->core), buf->dma, buf->len, DMA_FROM_DEVICE);
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

/* After false, no head of the channel moves. */
static void iosm_port_set_open(struct iosm_port *port, bool open)
{
	lockdep_assert_held(&port->rx_lock);

	spin_lock(&port->tx_lock);
	port->is_open = open;
	spin_unlock(&port->tx_lock);
}

/* Close the pipes of a port that is not open. */
static void iosm_port_close_pipes(struct iosm_port *port)
{
	lockdep_assert_held(&port->close_lock);

	port->is_close_deferred = false;
	iosm_channel_close(&port->ch);
	iosm_port_reclaim(port);
	iosm_channel_free(&port->ch);
}

static int iosm_port_open_pipes(struct iosm_port *port)
{
	int err;

	lockdep_assert_held(&port->close_lock);

	/* Tasks are frozen in system sleep, but the kernel opens ports, too. */
	if (port->is_suspended)
		return -EBUSY;
	if (port->is_close_deferred)
		iosm_port_close_pipes(port);

	err = iosm_channel_open(&port->ch, port->core,
				iosm_channel_default(port->id),
				&iosm_port_channel_ops, port);
	if (err)
		return err;

	err = iosm_port_post(port);
	if (err)
		iosm_port_close_pipes(port);

	return err;
}

/* Called by the WWAN core, which serialises it with stop and tx. */
static int iosm_port_start(struct wwan_port *wwan)
{
	struct iosm_port *port = wwan_port_get_drvdata(wwan);
	int err;

	/* The port may be opened before wwan_create_port() has returned. */
	port->wwan = wwan;

	if (iosm_core_has_failed(port->core))
		return -ENODEV;

	mutex_lock(&port->close_lock);
	err = iosm_port_open_pipes(port);
	mutex_unlock(&port->close_lock);
	if (err)
		return err;

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

	mutex_lock(&port->close_lock);
	if (!port->is_suspended) {
		/* Messages of the backlog must be in the ring before it is drained. */
		iosm_core_wait(port->core,
			       skb_queue_empty_lockless(&port->backlog),
			       IOSM_PORT_DRAIN_MS);
		iosm_channel_drain(&port->ch);
	}

	/* No buffer may be posted to a pipe that is being closed. */
	mutex_lock(&port->rx_lock);
	iosm_port_set_open(port, false);
	iosm_port_rx_release_all(port);
	mutex_unlock(&port->rx_lock);

	/*
	 * The kernel may close a port during system sleep, by a delayed fput() or by
	 * the garbage collector of UNIX sockets. CLOSE_PIPE would time out.
	 */
	if (port->is_suspended && !iosm_core_has_failed(port->core))
		port->is_close_deferred = true;
	else
		iosm_port_close_pipes(port);
	mutex_unlock(&port->close_lock);
}

static const struct wwan_port_ops iosm_port_ops = {
	.start = iosm_port_start,
	.stop = iosm_port_stop,
	.tx = iosm_port_tx,
	.tx_blocking = iosm_port_tx_blocking,
};

/* ---- Registration ---- */

static void iosm_port_destroy(struct iosm_port *port)
{
	wwan_remove_port(port->wwan);

	disable_delayed_work_sync(&port->rx_work);
	mutex_lock(&port->close_lock);
	if (port->is_close_deferred)
		iosm_port_close_pipes(port);
	mutex_unlock(&port->close_lock);
	kfree(port);
}

VISIBLE_IF_KUNIT struct wwan_port *
iosm_port_register(struct iosm_core *core, enum wwan_port_type type,
		   const struct wwan_port_ops *ops, void *port)
{
	IOSM_STUB(iosm_core_is_fake(core), iosm_port_register, core, type, ops, port);

	return wwan_create_port(iosm_core_dev(core), type, ops, NULL, port);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_port_register);

static int iosm_port_create(struct iosm_core *core, struct iosm_ports *ports,
			    enum wwan_port_type type, enum iosm_channel_id id)
{
	const struct iosm_channel_config *config = iosm_channel_default(id);
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
	mutex_init(&port->close_lock);

	wwan = iosm_port_register(core, type, &iosm_port_ops, port);
	if (IS_ERR(wwan)) {
		kfree(port);
		return PTR_ERR(wwan);
	}

	port->wwan = wwan;
	ports->port[ports->n++] = port;

	return 0;
}

static void iosm_ports_stop(struct iosm_core *core, void *priv)
{
	struct iosm_ports *ports = priv;

	while (ports->n)
		iosm_port_destroy(ports->port[--ports->n]);

	kfree(ports);
}

static int iosm_ports_start(struct iosm_core *core, void **priv)
{
	struct iosm_ports *ports;
	int err;

	ports = kzalloc_obj(*ports);
	if (!ports)
		return -ENOMEM;

	if (iosm_core_device_id(core) == IOSM_PCI_ID_7360)
		err = iosm_port_create(core, ports, WWAN_PORT_XMMRPC,
				       IOSM_CHANNEL_RPC);
	else
		err = iosm_port_create(core, ports, WWAN_PORT_MBIM,
				       IOSM_CHANNEL_MBIM);

	if (!err)
		err = iosm_port_create(core, ports, WWAN_PORT_AT,
				       IOSM_CHANNEL_AT0);
	if (!err)
		err = iosm_port_create(core, ports, WWAN_PORT_AT,
				       IOSM_CHANNEL_AT1);
	if (err) {
		iosm_ports_stop(core, ports);
		return err;
	}

	*priv = ports;

	return 0;
}

static void iosm_ports_suspend(void *priv)
{
	struct iosm_ports *ports = priv;
	unsigned int i;

	for (i = 0; i < ports->n; i++) {
		mutex_lock(&ports->port[i]->close_lock);
		ports->port[i]->is_suspended = true;
		mutex_unlock(&ports->port[i]->close_lock);
	}
}

static void iosm_ports_resume(void *priv)
{
	struct iosm_ports *ports = priv;
	struct iosm_port *port;
	unsigned int i;

	for (i = 0; i < ports->n; i++) {
		port = ports->port[i];
		mutex_lock(&port->close_lock);
		port->is_suspended = false;
		if (port->is_close_deferred)
			iosm_port_close_pipes(port);
		mutex_unlock(&port->close_lock);
	}
}

const struct iosm_client iosm_port_client = {
	.name = "control ports",
	.start = iosm_ports_start,
	.stop = iosm_ports_stop,
	.suspend = iosm_ports_suspend,
	.resume = iosm_ports_resume,
};
EXPORT_SYMBOL_IF_KUNIT(iosm_port_client);
