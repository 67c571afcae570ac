/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading and writing MBIM information buffers: little-endian fields, and
 * (offset, size) pairs that refer to data behind the fixed part.
 */
#ifndef VMODEM_MBIM_BUF_H
#define VMODEM_MBIM_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A cursor over a received buffer. Every read is checked. The first read beyond
 * the end sets @bad, and all later reads return zeroes. A parser reads all
 * fields first and checks @bad once at the end.
 */
struct mbim_rd {
	const uint8_t *data;
	size_t len;
	size_t pos;
	bool bad;
};

uint32_t mbim_rd_u32(struct mbim_rd *r);
/* 16 bytes, or NULL beyond the end of the buffer. */
const uint8_t *mbim_rd_uuid(struct mbim_rd *r);

/**
 * mbim_rd_string() - read an (offset, size) pair and the UTF-16 it refers to
 * @r: cursor; offsets count from the start of its buffer
 * @out: receives UTF-8 with a final NUL, cut to fit
 * @size: size of @out, at least 1
 *
 * Sets @r->bad when the data lies outside of the buffer, has an odd size or
 * is not UTF-16.
 *
 * Return: number of UTF-16 units in the message (also of those cut off).
 */
size_t mbim_rd_string(struct mbim_rd *r, char *out, size_t size);

/* Strings that one structure may refer to before mbim_wr_end(). */
#define MBIM_WR_REFS	8

/*
 * A growing buffer. After a failed allocation @bad is set and later writes are
 * ignored. The owner frees @data.
 */
struct mbim_wr {
	uint8_t *data;
	size_t len;
	size_t size;
	size_t base;		/* start of the current structure */
	unsigned int refs;
	struct {
		size_t pos;
		const char *text;
	} ref[MBIM_WR_REFS];
	bool bad;
};

void mbim_wr_bytes(struct mbim_wr *w, const void *data, size_t len);
void mbim_wr_u32(struct mbim_wr *w, uint32_t v);
void mbim_wr_u64(struct mbim_wr *w, uint64_t v);
/* Room for an (offset, size) pair or the like; returns its position. */
size_t mbim_wr_reserve(struct mbim_wr *w, size_t len);
void mbim_wr_patch(struct mbim_wr *w, size_t pos, uint32_t v);
/* Pad with zeroes to a multiple of four. */
void mbim_wr_align(struct mbim_wr *w);

/* Start a structure: the offsets of its strings are relative to this point. */
void mbim_wr_begin(struct mbim_wr *w);
/*
 * A string field: writes the pair now and the UTF-16 in mbim_wr_end(). @text is
 * UTF-8 of the basic multilingual plane and must remain valid until then. An
 * empty @text is encoded as no string (0, 0).
 */
void mbim_wr_string(struct mbim_wr *w, const char *text);
/* Append the strings of the structure to its fixed part. */
void mbim_wr_end(struct mbim_wr *w);
void mbim_wr_free(struct mbim_wr *w);

#endif
