// SPDX-License-Identifier: GPL-2.0-only
/*
 * Downlink of the sessions.
 *
 * A buffer whose packets are copied is posted again. A buffer whose packets become
 * page fragments is replaced by a new one before it is read. If no new buffer can
 * be allocated, the packets are copied. So lack of memory costs packets, but the
 * ring does not lose buffers.
 */

#include <linux/dma-mapping.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/page_pool/helpers.h>

#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

/*
 * A packet up to IOSM_MUX_COPY_PACKET is copied. So are all packets of a block
 * whose larger packets do not add up to more than IOSM_MUX_COPY_BLOCK. A packet
 * that is not copied occupies the whole buffer.
 */
#define IOSM_MUX_COPY_PACKET	256
#define IOSM_MUX_COPY_BLOCK(mux) ((mux)->rx.buf_size / 2)
/* Minimum truesize of a page fragment. */
#define IOSM_MUX_SHARE_MIN	ETH_DATA_LEN
/* Linear part of a packet with a page fragment. */
#define IOSM_MUX_HEADERS	128

static_assert(IOSM_MUX_HEADERS < IOSM_MUX_COPY_PACKET);

/*
 * ---- Buffers ----
 *
 * New buffers are zeroed. The device may report more bytes than it has written, and
 * old contents of the memory must not leak to user space or to the network.
 */

static void iosm_mux_free_buffer(struct iosm_mux *mux, void *va)
{
	if (mux->rx.pool)
		page_pool_put_full_page(mux->rx.pool, virt_to_head_page(va),
					false);
	else
		put_page(virt_to_head_page(va));
}

/* Size of a page; KUnit suites test other sizes. */
VISIBLE_IF_KUNIT size_t iosm_mux_page_size(const struct iosm_mux *mux)
{
	IOSM_STUB(iosm_core_is_fake(mux->core), iosm_mux_page_size, mux);

	return PAGE_SIZE;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_page_size);

/* Map and post a DL buffer. False: no DMA mapping. */
static bool iosm_mux_post_buffer(struct iosm_mux *mux, void *va)
{
	struct iosm_buf buf = {
		.cookie = va,
		.len = mux->rx.buf_size,
	};

	buf.dma = dma_map_single(mux->dev, va, buf.len, DMA_FROM_DEVICE);
	if (dma_mapping_error(mux->dev, buf.dma))
		return false;

	iosm_pipe_push(&mux->ch.dl, &buf);

	return true;
}

/* Allocate and post a buffer from the pool (Aggregation). False: no memory. */
static bool iosm_mux_post_fresh(struct iosm_mux *mux, gfp_t gfp)
{
	struct page *page;

	page = page_pool_alloc_pages(mux->rx.pool,
				     gfp | __GFP_NOWARN | __GFP_ZERO);
	if (!page)
		return false;

	if (iosm_mux_post_buffer(mux, page_address(page)))
		return true;

	iosm_mux_free_buffer(mux, page_address(page));

	return false;
}

/* Without a pool: allocate a page, and post as many parts of it as possible. */
static bool iosm_mux_post_page(struct iosm_mux *mux, gfp_t gfp)
{
	size_t size = iosm_mux_page_size(mux);
	struct page *page;
	unsigned int offset;
	bool ok = true;

	page = alloc_pages(gfp | __GFP_NOWARN | __GFP_ZERO | __GFP_COMP,
			   get_order(size));
	if (!page)
		return false;

	for (offset = 0; offset + mux->rx.buf_size <= size && ok &&
	     iosm_pipe_space(&mux->ch.dl); offset += mux->rx.buf_size) {
		get_page(page);
		ok = iosm_mux_post_buffer(mux, page_address(page) + offset);
		if (!ok)
			put_page(page);
	}
	put_page(page);

	return ok;
}

/* Allocate and post at least one buffer. False: no memory. */
static bool iosm_mux_post_any(struct iosm_mux *mux, gfp_t gfp)
{
	return mux->rx.pool ? iosm_mux_post_fresh(mux, gfp) :
			   iosm_mux_post_page(mux, gfp);
}

/**
 * iosm_mux_dl_fill() - fill the ring of a channel that is being opened
 * @mux: the IP channel
 *
 * Context: may sleep.
 *
 * Return: 0, or -ENOMEM if no buffer was posted.
 */
int iosm_mux_dl_fill(struct iosm_mux *mux)
{
	while (iosm_pipe_space(&mux->ch.dl))
		if (!iosm_mux_post_any(mux, GFP_KERNEL))
			break;

	/* iosm_mux_publish_dl() fills the rest of the ring later. */
	return iosm_pipe_unpublished(&mux->ch.dl) ? 0 : -ENOMEM;
}

/* Post a buffer again after its packets were copied. */
static void iosm_mux_repost(struct iosm_mux *mux, const struct iosm_buf *buf)
{
	dma_sync_single_for_device(mux->dev, buf->dma, buf->len,
				   DMA_FROM_DEVICE);
	iosm_pipe_push(&mux->ch.dl, buf);
}

/*
 * Replace a buffer by a new one, so that its packets can become page fragments. With
 * an IOMMU, the device cannot change them any more. False: no new buffer.
 */
static bool iosm_mux_replace(struct iosm_mux *mux, const struct iosm_buf *buf)
{
	if (!mux->rx.pool)
		return false;
	if (!iosm_mux_post_fresh(mux, GFP_ATOMIC)) {
		iosm_stats_inc(&mux->stats.sync, &mux->stats.copy_fallback);
		return false;
	}

	/* The caller has synced the buffer. */
	dma_unmap_single_attrs(mux->dev, buf->dma, buf->len, DMA_FROM_DEVICE,
			       DMA_ATTR_SKIP_CPU_SYNC);

	return true;
}

/*
 * Publish new buffers, in batches to save doorbells. There must never be fewer
 * published than unpublished buffers: a device without buffers would not raise
 * another interrupt, and nothing would publish the rest.
 */
static void iosm_mux_publish_dl(struct iosm_mux *mux)
{
	struct iosm_pipe *dl = &mux->ch.dl;

	/*
	 * The ring has free TDs only if an allocation failed when the channel was
	 * opened. The buffer that is being copied from needs one TD.
	 */
	if (unlikely(iosm_pipe_space(dl) > (mux->rx.is_reading && !mux->rx.is_replaced)))
		iosm_mux_post_any(mux, GFP_ATOMIC);

	if (iosm_pipe_unpublished(dl) < iosm_pipe_outstanding(dl))
		return;

	if (iosm_pipe_publish(dl))
		iosm_channel_ring(&mux->ch, IOSM_HPDA_DL_REFILL);
}

/* ---- Contents ---- */

/*
 * Length of the IP and TCP or UDP headers. GRO works best with only headers in the
 * linear part. Reads the private copy of IOSM_MUX_HEADERS bytes at skb->data.
 */
static unsigned int iosm_mux_headers(const struct sk_buff *skb)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	unsigned int len;
	u8 protocol;

	if (ip->version == 6) {
		len = sizeof(struct ipv6hdr);
		protocol = ((const struct ipv6hdr *)ip)->nexthdr;
	} else {
		len = ip->ihl * 4;
		protocol = ip->protocol;
	}

	/* At most 60 bytes so far. */
	if (protocol == IPPROTO_TCP)
		len += __tcp_hdrlen((const struct tcphdr *)(skb->data + len));
	else if (protocol == IPPROTO_UDP)
		len += sizeof(struct udphdr);

	return clamp_t(unsigned int, len, sizeof(*ip), IOSM_MUX_HEADERS);
}

static struct sk_buff *iosm_mux_alloc_skb(struct iosm_mux *mux, u32 len)
{
	struct sk_buff *skb = napi_alloc_skb(&mux->napi, len);

	/* NET_IP_ALIGN compensates for an Ethernet header; there is none here. */
	if (skb)
		skb_reserve(skb, -NET_IP_ALIGN);

	return skb;
}

/* Copy a packet to a new skb. */
static struct sk_buff *iosm_mux_copy_skb(struct iosm_mux *mux,
					 const struct iosm_mux_dg *dg)
{
	struct sk_buff *skb = iosm_mux_alloc_skb(mux, dg->len);

	if (skb)
		skb_put_data(skb, mux->rx.at.cookie + dg->offset, dg->len);

	return skb;
}

/* Create an skb with the payload as a page fragment. */
static struct sk_buff *iosm_mux_frag_skb(struct iosm_mux *mux,
					 const struct iosm_mux_dg *dg)
{
	void *from = mux->rx.at.cookie + dg->offset;
	struct page *page = virt_to_head_page(from);
	unsigned int headers;
	struct sk_buff *skb;

	skb = iosm_mux_alloc_skb(mux, IOSM_MUX_HEADERS);
	if (!skb)
		return NULL;

	memcpy(skb->data, from, IOSM_MUX_HEADERS);
	headers = iosm_mux_headers(skb);
	skb_put(skb, headers);

	/* All fragments of a page share its truesize. */
	page_pool_ref_page(page);
	skb_add_rx_frag(skb, 0, page,
			from + headers - page_address(page),
			dg->len - headers,
			max_t(u32, page_size(page) * dg->len / mux->rx.frag_bytes,
			      IOSM_MUX_SHARE_MIN));
	skb_mark_for_recycle(skb);
	/* No in-place decryption: the device can read the page after its recycling. */
	skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;

	return skb;
}

/**
 * iosm_mux_rx() - pass one packet to the stack
 * @mux: the IP channel
 * @dg: position of the packet in the current buffer
 *
 * Context: NAPI poll.
 */
void iosm_mux_rx(struct iosm_mux *mux, const struct iosm_mux_dg *dg)
{
	struct iosm_mux_session *s = &mux->sessions[dg->if_id];
	enum iosm_mux_state state = READ_ONCE(s->state);
	struct net_device *netdev = s->netdev;
	struct sk_buff *skb;
	bool ok;

	if (state != IOSM_MUX_UP) {
		/* Downlink before the response to CLOSE_SESSION is no violation. */
		if (state == IOSM_MUX_CLOSING) {
			iosm_stats_inc(&mux->stats.sync, &mux->stats.rx_while_closing);
		} else {
			iosm_stats_inc(&mux->stats.sync, &mux->stats.unknown_session);
			dev_warn_ratelimited(mux->dev,
					     "packet of session %u, which is not open\n",
					     dg->if_id);
		}
		return;
	}

	if (s->rx_block != mux->rx.block) {
		s->rx_block = mux->rx.block;
		iosm_stats_inc(&s->rx.sync, &s->rx.rx_blocks);
	}

	if (mux->rx.frag_bytes && dg->len > IOSM_MUX_COPY_PACKET)
		skb = iosm_mux_frag_skb(mux, dg);
	else
		skb = iosm_mux_copy_skb(mux, dg);
	if (!skb) {
		iosm_stats_inc(&s->rx.sync, &s->rx.rx_alloc_fail);
		DEV_STATS_INC(netdev, rx_dropped);
		return;
	}

	switch (skb->data[0] >> 4) {
	case 4:
		skb->protocol = htons(ETH_P_IP);
		ok = skb->len >= sizeof(struct iphdr);
		break;
	case 6:
		skb->protocol = htons(ETH_P_IPV6);
		ok = skb->len >= sizeof(struct ipv6hdr);
		break;
	default:
		ok = false;
	}
	if (!ok) {
		iosm_mux_malformed(mux, "IP packet");
		iosm_stats_inc(&s->rx.sync, &s->rx.rx_bad_ip);
		DEV_STATS_INC(netdev, rx_errors);
		DEV_STATS_INC(netdev, rx_frame_errors);
		dev_kfree_skb_any(skb);
		return;
	}

	WRITE_ONCE(s->rx_packets, s->rx_packets + 1);
	skb->dev = netdev;
	skb_reset_mac_header(skb);
	dev_sw_netstats_rx_add(netdev, skb->len);
	napi_gro_receive(&mux->napi, skb);
}

/**
 * iosm_mux_rx_credit() - process a buffer with a credit grant
 * @mux: the IP channel
 * @va: the buffer
 * @len: bytes that the device has written
 *
 * Context: NAPI poll.
 *
 * Return: the cost of the buffer, in packets.
 */
int iosm_mux_rx_credit(struct iosm_mux *mux, const void *va, u32 len)
{
	struct iosm_mux_credit credit;

	if (iosm_mux_credit_decode(va, len, &credit))
		iosm_mux_malformed(mux, "buffer");
	else
		iosm_mux_grant(mux, &credit);

	return 1;
}

/*
 * Bytes of the current block that become page fragments; 0: copy all packets. This
 * is the sum of its packets: its length may be larger.
 */
static u32 iosm_mux_frag_bytes(const struct iosm_mux *mux)
{
	struct iosm_mux_reader rd = mux->rx.rd;
	struct iosm_mux_dg dg;
	u32 bytes = 0;
	u8 version;

	while (iosm_mux_adb_next(&rd, &dg) > 0) {
		if (dg.len <= IOSM_MUX_COPY_PACKET ||
		    READ_ONCE(mux->sessions[dg.if_id].state) != IOSM_MUX_UP)
			continue;
		/* A packet that will be dropped has no truesize. */
		version = *((u8 *)mux->rx.at.cookie + dg.offset) >> 4;
		if (version == 4 || version == 6)
			bytes += dg.len;
	}

	return bytes > IOSM_MUX_COPY_BLOCK(mux) ? bytes : 0;
}

/*
 * Take the next DL buffer. Returns its cost in packets; 0: a data block, to be read;
 * -ENODATA: no buffer.
 */
static int iosm_mux_next_buffer(struct iosm_mux *mux)
{
	struct iosm_done done;
	int cost = 1;

	if (!iosm_pipe_take(&mux->ch.dl, &done))
		return -ENODATA;

	mux->rx.at = done.buf;
	mux->rx.is_replaced = false;
	mux->rx.frag_bytes = 0;
	mux->rx.packets = 0;
	mux->rx.block++;
	if (done.status == IOSM_TD_END && done.len) {
		dma_sync_single_for_cpu(mux->dev, done.buf.dma, done.len,
					DMA_FROM_DEVICE);
		cost = mux->ops->rx(mux, done.buf.cookie, done.len);
		mux->rx.is_reading = !cost;
	} else if (done.status != IOSM_TD_ABORTED) {
		iosm_mux_malformed(mux, "transfer");
	}

	if (!mux->rx.is_reading)
		iosm_mux_repost(mux, &mux->rx.at);
	else if (mux->rx.rd.len > IOSM_MUX_COPY_BLOCK(mux))
		mux->rx.is_replaced = iosm_mux_replace(mux, &mux->rx.at);
	/* After the buffer was unmapped, so that the device cannot change it. */
	if (mux->rx.is_replaced)
		mux->rx.frag_bytes = iosm_mux_frag_bytes(mux);

	return cost;
}

static void iosm_mux_end_buffer(struct iosm_mux *mux)
{
	trace_iosm_block_decode(mux->dev, mux->rx.rd.len, mux->rx.packets,
				mux->rx.rd.bad);
	mux->rx.is_reading = false;
	if (mux->rx.is_replaced)
		page_pool_put_full_page(mux->rx.pool,
					virt_to_head_page(mux->rx.at.cookie),
					true);
	else
		iosm_mux_repost(mux, &mux->rx.at);
}

/**
 * iosm_mux_dl_poll() - process downlink
 * @mux: the IP channel
 * @budget: of the NAPI poll
 *
 * Context: NAPI poll.
 *
 * Return: number of packets, commands and other buffers, at most @budget.
 */
int iosm_mux_dl_poll(struct iosm_mux *mux, int budget)
{
	struct iosm_mux_dg dg;
	int work = 0;
	int ret;

	if (budget && iosm_pipe_poll(&mux->ch.dl) < 0)
		iosm_channel_fail(&mux->ch);

	while (work < budget) {
		if (!mux->rx.is_reading) {
			ret = iosm_mux_next_buffer(mux);
			if (ret < 0)
				break;
			work += ret;
			continue;
		}

		ret = iosm_mux_adb_next(&mux->rx.rd, &dg);
		if (ret > 0) {
			iosm_mux_rx(mux, &dg);
			mux->rx.packets++;
			work++;
			continue;
		}
		if (ret < 0 || mux->rx.rd.bad)
			iosm_mux_malformed(mux, "data block");
		iosm_mux_end_buffer(mux);
		/* Also a block without packets is work. */
		work++;
	}

	if (work)
		iosm_mux_publish_dl(mux);

	/* The cost of a command block may exceed the budget. */
	return min(work, budget);
}

/* ---- Memory ---- */

/**
 * iosm_mux_dl_alloc() - create the page pool (Aggregation)
 * @mux: the IP channel, closed
 * @entries: TDs of the DL ring
 * @netdev: first network device of the channel, for the statistics of the pool: the pool
 *	serves all of them, but is shown with one
 *
 * The driver maps the pages. With pages that are larger than a buffer, there is no
 * pool, and all packets are copied: one page per buffer would need several times
 * the memory, and a buffer that shares a page with others cannot be unmapped
 * alone.
 * Context: may sleep.
 *
 * Return: 0 or a negative errno.
 */
int iosm_mux_dl_alloc(struct iosm_mux *mux, u32 entries, struct net_device *netdev)
{
	struct page_pool_params params = {
		.order = get_order(mux->rx.buf_size),
		.pool_size = entries,
		.nid = dev_to_node(mux->dev),
		.napi = &mux->napi,
		.netdev = netdev,
	};
	int err = 0;

	if (!mux->ops->can_frag || mux->rx.buf_size < iosm_mux_page_size(mux))
		return 0;

	mux->rx.pool = page_pool_create(&params);
	if (IS_ERR(mux->rx.pool)) {
		err = PTR_ERR(mux->rx.pool);
		mux->rx.pool = NULL;
	}

	return err;
}

/**
 * iosm_mux_dl_free() - the counterpart of iosm_mux_dl_alloc()
 * @mux: the IP channel, its DL pipe empty
 */
void iosm_mux_dl_free(struct iosm_mux *mux)
{
	/* The pool is freed after the last skb with a page of it. */
	if (mux->rx.pool)
		page_pool_destroy(mux->rx.pool);
	mux->rx.pool = NULL;
}

/**
 * iosm_mux_dl_reclaim() - free all buffers of a closed DL pipe
 * @mux: the IP channel
 *
 * Context: exclusive access to the pipe.
 */
void iosm_mux_dl_reclaim(struct iosm_mux *mux)
{
	struct iosm_buf buf;

	if (mux->rx.is_reading && mux->rx.is_replaced)
		iosm_mux_free_buffer(mux, mux->rx.at.cookie);
	else if (mux->rx.is_reading)
		iosm_pipe_push(&mux->ch.dl, &mux->rx.at);
	mux->rx.is_reading = false;
	while (iosm_pipe_reclaim(&mux->ch.dl, &buf)) {
		dma_unmap_single(mux->dev, buf.dma, buf.len, DMA_FROM_DEVICE);
		iosm_mux_free_buffer(mux, buf.cookie);
	}
}
