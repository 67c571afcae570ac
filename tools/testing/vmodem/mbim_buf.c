// SPDX-License-Identifier: GPL-2.0-only
/* MBIM information buffers, see mbim_buf.h. */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "mbim_buf.h"

uint32_t mbim_rd_u32(struct mbim_rd *r)
{
	uint32_t v;

	if (r->bad || r->len - r->pos < 4) {
		r->bad = true;
		return 0;
	}
	v = get_le32(r->data + r->pos);
	r->pos += 4;
	return v;
}

const uint8_t *mbim_rd_uuid(struct mbim_rd *r)
{
	const uint8_t *p;

	if (r->bad || r->len - r->pos < 16) {
		r->bad = true;
		return NULL;
	}
	p = r->data + r->pos;
	r->pos += 16;
	return p;
}

/* Append one code point as UTF-8. False if it does not fit. */
static bool put_utf8(char *out, size_t size, size_t *n, uint32_t c)
{
	char tmp[4];
	size_t len;

	if (c < 0x80) {
		tmp[0] = c;
		len = 1;
	} else if (c < 0x800) {
		tmp[0] = 0xc0 | c >> 6;
		tmp[1] = 0x80 | (c & 0x3f);
		len = 2;
	} else if (c < 0x10000) {
		tmp[0] = 0xe0 | c >> 12;
		tmp[1] = 0x80 | (c >> 6 & 0x3f);
		tmp[2] = 0x80 | (c & 0x3f);
		len = 3;
	} else {
		tmp[0] = 0xf0 | c >> 18;
		tmp[1] = 0x80 | (c >> 12 & 0x3f);
		tmp[2] = 0x80 | (c >> 6 & 0x3f);
		tmp[3] = 0x80 | (c & 0x3f);
		len = 4;
	}
	if (*n + len >= size)
		return false;
	memcpy(out + *n, tmp, len);
	*n += len;
	return true;
}

size_t mbim_rd_string(struct mbim_rd *r, char *out, size_t size)
{
	uint32_t off = mbim_rd_u32(r);
	uint32_t len = mbim_rd_u32(r);
	bool full = false;
	size_t i, n = 0;

	out[0] = '\0';
	if (r->bad || !len)
		return 0;
	if (len % 2 || off > r->len || len > r->len - off) {
		r->bad = true;
		return 0;
	}
	for (i = 0; i < len; i += 2) {
		uint32_t c = get_le16(r->data + off + i);

		if (c >= 0xd800 && c < 0xdc00) {
			uint32_t low;

			if (len - i < 4) {
				r->bad = true;
				break;
			}
			i += 2;
			low = get_le16(r->data + off + i);
			if (low < 0xdc00 || low > 0xdfff) {
				r->bad = true;
				break;
			}
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		} else if (!c || (c >= 0xdc00 && c < 0xe000)) {
			r->bad = true;
			break;
		}
		if (!full && !put_utf8(out, size, &n, c))
			full = true;
	}
	out[n] = '\0';
	return len / 2;
}

void mbim_wr_bytes(struct mbim_wr *w, const void *data, size_t len)
{
	if (w->bad)
		return;
	if (len > w->size - w->len) {
		size_t size = w->size ? w->size : 256;
		uint8_t *p;

		while (size - w->len < len)
			size *= 2;
		p = realloc(w->data, size);
		if (!p) {
			w->bad = true;
			return;
		}
		w->data = p;
		w->size = size;
	}
	if (len)
		memcpy(w->data + w->len, data, len);
	w->len += len;
}

void mbim_wr_u32(struct mbim_wr *w, uint32_t v)
{
	uint8_t tmp[4];

	put_le32(tmp, v);
	mbim_wr_bytes(w, tmp, sizeof(tmp));
}

void mbim_wr_u64(struct mbim_wr *w, uint64_t v)
{
	mbim_wr_u32(w, v);
	mbim_wr_u32(w, v >> 32);
}

size_t mbim_wr_reserve(struct mbim_wr *w, size_t len)
{
	static const uint8_t zero[8];
	size_t pos = w->len;

	while (len) {
		size_t n = len < sizeof(zero) ? len : sizeof(zero);

		mbim_wr_bytes(w, zero, n);
		len -= n;
	}
	return pos;
}

void mbim_wr_patch(struct mbim_wr *w, size_t pos, uint32_t v)
{
	if (!w->bad)
		put_le32(w->data + pos, v);
}

void mbim_wr_align(struct mbim_wr *w)
{
	mbim_wr_reserve(w, -w->len & 3);
}

void mbim_wr_begin(struct mbim_wr *w)
{
	w->base = w->len;
	w->refs = 0;
}

void mbim_wr_string(struct mbim_wr *w, const char *text)
{
	size_t pos = mbim_wr_reserve(w, 8);

	if (!text || !*text)
		return;
	if (w->refs == MBIM_WR_REFS) {
		w->bad = true;
		return;
	}
	w->ref[w->refs].pos = pos;
	w->ref[w->refs++].text = text;
}

void mbim_wr_end(struct mbim_wr *w)
{
	unsigned int i;

	for (i = 0; i < w->refs; i++) {
		const uint8_t *s = (const uint8_t *)w->ref[i].text;
		size_t start;

		mbim_wr_align(w);
		start = w->len;
		while (*s) {
			uint8_t tmp[2];
			uint32_t c = *s++;

			if (c >= 0xe0 && s[0] && s[1]) {
				c = (c & 0xf) << 12 | (s[0] & 0x3f) << 6 |
				    (s[1] & 0x3f);
				s += 2;
			} else if (c >= 0xc0 && s[0]) {
				c = (c & 0x1f) << 6 | (s[0] & 0x3f);
				s++;
			}
			put_le16(tmp, c);
			mbim_wr_bytes(w, tmp, sizeof(tmp));
		}
		mbim_wr_patch(w, w->ref[i].pos, start - w->base);
		mbim_wr_patch(w, w->ref[i].pos + 4, w->len - start);
	}
	mbim_wr_align(w);
	w->refs = 0;
}

void mbim_wr_free(struct mbim_wr *w)
{
	free(w->data);
	memset(w, 0, sizeof(*w));
}
