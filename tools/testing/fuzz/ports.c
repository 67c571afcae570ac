// SPDX-License-Identifier: GPL-2.0-only
/* Socket buffers, and character devices with a user. */
#include "fuzz.h"
#include "shim.h"

static unsigned int skbs;

unsigned int fuzz_order(unsigned long size)
{
	unsigned int order = 0;

	while (PAGE_SIZE << order < size)
		order++;

	return order;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = fuzz_alloc(sizeof(*page) + (PAGE_SIZE << order), gfp);

	if (page) {
		page->count = 1;
		page->size = PAGE_SIZE << order;
	}

	return page;
}

void put_page(struct page *page)
{
	CHECK(page->count);
	if (!--page->count)
		fuzz_free(page);
}

struct sk_buff *build_skb(void *data, unsigned int size)
{
	struct sk_buff *skb = fuzz_alloc(sizeof(*skb), 0);

	if (!skb)
		return NULL;
	memset(skb, 0, sizeof(*skb));
	skb->page = (struct page *)data - 1;
	CHECK(size == skb->page->size);
	skb->data = data;
	skb->size = size - SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	skbs++;

	return skb;
}

struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp)
{
	struct sk_buff *skb = fuzz_alloc(sizeof(*skb), gfp);

	if (!skb)
		return NULL;
	skb->data = malloc(size);
	skb->size = size;
	/* What it costs the kernel, more or less. */
	skb->truesize = 768 + 2 * size;
	skbs++;

	return skb;
}

void kfree_skb(struct sk_buff *skb)
{
	if (!skb)
		return;
	if (skb->page)
		put_page(skb->page);
	else
		fuzz_free(skb->data);
	fuzz_free(skb);
	skbs--;
}

void *skb_put_data(struct sk_buff *skb, const void *data, unsigned int len)
{
	CHECK(skb->len + len <= skb->size);
	skb->len += len;

	return memcpy(skb->data + skb->len - len, data, len);
}

void __skb_queue_tail(struct sk_buff_head *list, struct sk_buff *skb)
{
	skb->next = NULL;
	if (list->last)
		list->last->next = skb;
	else
		list->first = skb;
	list->last = skb;
	list->qlen++;
}

struct sk_buff *__skb_dequeue(struct sk_buff_head *list)
{
	struct sk_buff *skb = list->first;

	if (!skb)
		return NULL;
	list->first = skb->next;
	if (!list->first)
		list->last = NULL;
	list->qlen--;

	return skb;
}

/* ---- ports ---- */

#define PORTS	4

struct wwan_port {
	const struct wwan_port_ops *ops;
	void *drvdata;
	bool open, busy, off;
	struct sk_buff_head unread;
};

static struct wwan_port *ports[PORTS];

struct wwan_port *wwan_create_port(struct device *dev, enum wwan_port_type type,
				   const struct wwan_port_ops *ops, void *caps,
				   void *drvdata)
{
	struct wwan_port *port;
	unsigned int i;

	(void)dev;
	(void)type;
	(void)caps;
	for (i = 0; i < PORTS && ports[i]; i++)
		;
	CHECK(i < PORTS);
	port = fuzz_alloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return ERR_PTR(-ENOMEM);
	port->ops = ops;
	port->drvdata = drvdata;
	ports[i] = port;

	return port;
}

static void port_flush(struct wwan_port *port)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&port->unread)))
		kfree_skb(skb);
}

void wwan_remove_port(struct wwan_port *port)
{
	unsigned int i;

	for (i = 0; i < PORTS && ports[i] != port; i++)
		;
	CHECK(i < PORTS && !port->busy);
	ports[i] = NULL;
	port->busy = true;
	if (port->open)
		port->ops->stop(port);
	port_flush(port);
	free(port);
}

void *wwan_port_get_drvdata(struct wwan_port *port)
{
	return port->drvdata;
}

void wwan_port_rx(struct wwan_port *port, struct sk_buff *skb)
{
	CHECK(skb->len);
	__skb_queue_tail(&port->unread, skb);
}

void wwan_port_txon(struct wwan_port *port)
{
	port->off = false;
}

void wwan_port_txoff(struct wwan_port *port)
{
	port->off = true;
}

/* ---- the user ---- */

static struct wwan_port *port_of(unsigned int nr)
{
	struct wwan_port *port = ports[nr % PORTS];

	return port && !port->busy ? port : NULL;
}

void fuzz_port_open(unsigned int nr)
{
	struct wwan_port *port = port_of(nr);

	if (!port || port->open)
		return;
	port->busy = true;
	port->open = !port->ops->start(port);
	port->busy = false;
}

void fuzz_port_close(unsigned int nr)
{
	struct wwan_port *port = port_of(nr);

	if (!port || !port->open)
		return;
	port->busy = true;
	port->ops->stop(port);
	port->open = false;
	port_flush(port);
	port->busy = false;
}

void fuzz_port_write(unsigned int nr, unsigned int len)
{
	struct wwan_port *port = port_of(nr);
	struct sk_buff *skb;
	int err;

	/* A writer may still write just after the port was stopped. */
	if (!port || !port->open || (port->off && !(len & 1)))
		return;
	skb = alloc_skb(len, GFP_KERNEL);
	if (!skb)
		return;
	memset(skb->data, 0x5a, len);
	skb->len = len;
	if (len & 2) {
		err = port->ops->tx_blocking(port, skb);
		/* A blocking write never returns EAGAIN. */
		CHECK(err != -EAGAIN);
	} else {
		err = port->ops->tx(port, skb);
	}
	if (err)
		kfree_skb(skb);
}

void fuzz_port_read(unsigned int nr)
{
	struct wwan_port *port = port_of(nr);
	struct sk_buff *skb = port ? __skb_dequeue(&port->unread) : NULL;

	kfree_skb(skb);
}

bool fuzz_ports_busy(void)
{
	unsigned int i;

	for (i = 0; i < PORTS; i++)
		if (ports[i] && ports[i]->busy)
			return true;

	return false;
}

void ports_begin(void)
{
	CHECK(!skbs);
	skbs = 0;
}
