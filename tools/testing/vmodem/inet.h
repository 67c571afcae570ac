/* SPDX-License-Identifier: GPL-2.0-only */
/* The Internet checksum and the numbers of its protocols. */
#ifndef VMODEM_INET_H
#define VMODEM_INET_H

#include <stddef.h>
#include <stdint.h>

#define INET_V4_LEN	20	/* IPv4 header without options */
#define INET_V6_LEN	40
#define INET_UDP_LEN	8
#define INET_ICMP_LEN	8

enum inet_proto {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_ICMPV6 = 58,
	PROTO_NONE = 59,
	PROTO_DSTOPTS = 60,
};

/*
 * Add @len bytes to a running one's complement sum. All calls except the last
 * one must have an even @len.
 */
uint64_t inet_sum(uint64_t sum, const void *data, size_t len);

/*
 * Fold a running sum into 16 bits, in memory order. The folded sum over a
 * header with a valid checksum is 0xffff. To fill in a checksum, store the
 * complement.
 */
uint16_t inet_fold(uint64_t sum);

/* The sum of a pseudo header; @src and @dst have @alen (4 or 16) bytes. */
uint64_t inet_pseudo(const uint8_t *src, const uint8_t *dst, size_t alen,
		     uint8_t proto, uint32_t len);

/* Write the complement of @sum to @field. */
void inet_store(uint8_t *field, uint64_t sum);

/*
 * Correct the checksum at @field after the 16-bit word there (given in memory
 * order) changed from @from to @to.
 */
void inet_adjust(uint8_t *field, uint16_t from, uint16_t to);

#endif
