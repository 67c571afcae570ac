// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Internet checksum (RFC 1071). Sums are kept in memory order. This is
 * correct on any machine: the sum does not depend on the byte order as long as
 * reads and writes use the same one.
 */
#include <string.h>

#include <arpa/inet.h>

#include "inet.h"

uint64_t inet_sum(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t a = 0, b = 0;
	uint32_t w[4];
	uint16_t h;

	/* 32-bit words into 64-bit sums: no carry is lost below 16 GiB. */
	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(w, p, sizeof(w));
		a += (uint64_t)w[0] + w[1];
		b += (uint64_t)w[2] + w[3];
	}
	for (; len >= sizeof(h); p += sizeof(h), len -= sizeof(h)) {
		memcpy(&h, p, sizeof(h));
		a += h;
	}
	if (len) {
		h = 0;
		memcpy(&h, p, 1);
		a += h;
	}
	return sum + a + b;
}

uint16_t inet_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

uint64_t inet_pseudo(const uint8_t *src, const uint8_t *dst, size_t alen,
		     uint8_t proto, uint32_t len)
{
	uint64_t sum;

	sum = inet_sum(0, src, alen);
	sum = inet_sum(sum, dst, alen);
	return sum + htonl(len) + htonl(proto);
}

void inet_store(uint8_t *field, uint64_t sum)
{
	uint16_t check = ~inet_fold(sum);

	memcpy(field, &check, sizeof(check));
}

void inet_adjust(uint8_t *field, uint16_t from, uint16_t to)
{
	uint16_t check;

	/* RFC 1624, equation 3. */
	memcpy(&check, field, sizeof(check));
	inet_store(field, (uint64_t)(uint16_t)~check + (uint16_t)~from + to);
}
