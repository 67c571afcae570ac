// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segmentation of large TCP packets while they are copied to blocks: checks, and
 * the headers of the segments.
 */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>
#include <kunit/visibility.h>

#include "iosm_mux.h"
#include "iosm_mux_priv.h"

/**
 * iosm_mux_gso_blocks() - number of blocks for the segments of a packet
 * @s: session that sends it
 * @skb: large TCP packet
 * @head_len: bytes of its headers, at most its length
 * @mss: data bytes of a segment, more than 0
 *
 * The result does not depend on gso_segs of the packet, which may be wrong.
 * Context: any.
 *
 * Return: number of blocks, if all of them are empty at first; an upper bound.
 */
u32 iosm_mux_gso_blocks(const struct iosm_mux_session *s,
			const struct sk_buff *skb, u32 head_len, u32 mss)
{
	u32 segments = DIV_ROUND_UP(skb->len - head_len, mss);
	u32 fit = iosm_mux_adb_fit(IOSM_MUX_BLOCK_SIZE, READ_ONCE(s->ul_pad),
				   head_len + mss, IOSM_MUX_MIN_ROOM);

	return DIV_ROUND_UP(segments, max(fit, 1));
}

/**
 * iosm_mux_gso_head() - find the headers of a large TCP packet
 * @skb: the packet
 * @head_len: set to the length of all headers
 *
 * After XDP has trimmed a packet, header offsets may be outside of it.
 * Context: any.
 *
 * Return: false if a header is not inside the packet.
 */
bool iosm_mux_gso_head(const struct sk_buff *skb, u32 *head_len)
{
	bool is_v4 = skb_shinfo(skb)->gso_type & SKB_GSO_TCPV4;
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	int min_len = is_v4 ? sizeof(*ip) : sizeof(struct ipv6hdr);
	int ip_len;

	if (!skb_transport_header_was_set(skb))
		return false;

	ip_len = skb_transport_offset(skb);
	if (ip_len < min_len ||
	    ip_len + sizeof(struct tcphdr) > skb_headlen(skb) ||
	    (is_v4 && ip->ihl * 4 != ip_len))
		return false;

	*head_len = skb_tcp_all_headers(skb);

	return *head_len >= ip_len + sizeof(struct tcphdr) &&
	       *head_len <= IOSM_MUX_GSO_HEAD &&
	       *head_len <= skb_headlen(skb) && *head_len < skb->len;
}

/**
 * iosm_mux_gso_headers() - write the headers of one segment
 * @head: buffer for the headers
 * @skb: large TCP packet
 * @head_len: bytes of its headers
 * @nr: number of the segment
 * @at: offset of the segment in the payload of the packet
 * @n: payload bytes of the segment
 * @csum: checksum of the payload of the segment
 *
 * Context: any.
 */
void iosm_mux_gso_headers(u8 *head, const struct sk_buff *skb,
			  u32 head_len, u32 nr, u32 at, u32 n,
			  __wsum csum)
{
	u32 ip_len = skb_transport_offset(skb);
	u32 len = head_len - ip_len + n;
	struct ipv6hdr *six;
	struct tcphdr *tcp;
	struct iphdr *ip;

	memcpy(head, skb->data, head_len);

	tcp = (struct tcphdr *)(head + ip_len);
	tcp->seq = htonl(ntohl(tcp->seq) + at);
	if (nr)
		tcp->cwr = 0;
	if (head_len + at + n < skb->len) {
		tcp->fin = 0;
		tcp->psh = 0;
	}
	tcp->check = 0;
	csum = csum_partial(tcp, head_len - ip_len, csum);

	if (skb_shinfo(skb)->gso_type & SKB_GSO_TCPV4) {
		ip = (struct iphdr *)head;
		ip->tot_len = htons(head_len + n);
		ip->id = htons(ntohs(ip->id) + nr);
		ip->check = 0;
		ip->check = ip_fast_csum(ip, ip->ihl);
		tcp->check = tcp_v4_check(len, ip->saddr, ip->daddr, csum);
	} else {
		six = (struct ipv6hdr *)head;
		six->payload_len = htons(head_len + n - sizeof(*six));
		tcp->check = tcp_v6_check(len, &six->saddr, &six->daddr, csum);
	}
}

/**
 * iosm_mux_features() - features that can be used for a packet
 * @mux: the IP channel
 * @if_id: session that sends it
 * @skb: the packet
 * @features: of the network device
 *
 * Context: ndo_features_check.
 *
 * Return: @features without those that @skb cannot use.
 */
netdev_features_t iosm_mux_features(const struct iosm_mux *mux, u8 if_id,
				    const struct sk_buff *skb,
				    netdev_features_t features)
{
	u32 type = skb_shinfo(skb)->gso_type;
	u32 ip_len, head_len;

	/* The stack segments all other protocols. */
	if (!skb_is_gso(skb) || !(type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)))
		return features;

	ip_len = type & SKB_GSO_TCPV4 ? sizeof(struct iphdr) :
					sizeof(struct ipv6hdr);
	head_len = skb_tcp_all_headers(skb);

	/*
	 * With a source route, the pseudo header has another address. A packet is
	 * sent as a whole, so it must not need too many blocks.
	 */
	if (head_len > IOSM_MUX_GSO_HEAD || head_len > skb->len ||
	    skb_network_header_len(skb) != ip_len ||
	    iosm_mux_gso_blocks(&mux->sessions[if_id], skb, head_len,
				skb_shinfo(skb)->gso_size) >
	    IOSM_MUX_BLOCKS_MIN)
		features &= ~NETIF_F_GSO_MASK;

	return features;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_features);
