// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mbimraw.h"

#define OPEN		1u
#define CLOSE		2u
#define COMMAND		3u
#define DONE		0x80000000u	/* or'ed to the request */
#define ERROR		0x80000004u
#define INDICATION	0x80000007u
#define HEADER		12u
#define FRAG_HEADER	20u
#define PATIENCE_MS	5000

static const uint8_t basic_connect[16] = {
	0xa2, 0x89, 0xcc, 0x33, 0xbc, 0xbb, 0x8b, 0x4f,
	0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf
};

static const uint8_t context_internet[16] = {
	0x7e, 0x5e, 0x2a, 0x7e, 0x4e, 0x6f, 0x72, 0x72,
	0x73, 0x6b, 0x65, 0x6e, 0x7e, 0x5e, 0x2a, 0x7e
};

static uint32_t next_tid = 1;
static uint32_t transfer = 4096;

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, 4);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

static int send_all(int fd, const uint8_t *data, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	/* One write is one message: never less. */
	do {
		if (poll(&p, 1, PATIENCE_MS) < 1)
			return -ETIMEDOUT;
		n = write(fd, data, len);
	} while (n < 0 && errno == EAGAIN);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* Exactly one message of the modem per read. */
static int receive(int fd, uint8_t *data, size_t room, size_t *len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, PATIENCE_MS) < 1)
		return -ETIMEDOUT;
	n = read(fd, data, room);
	if (n < 0)
		return -errno;
	if (n < (ssize_t)HEADER || get32(data + 4) != (size_t)n) {
		fprintf(stderr, "mbim: read %zd bytes, the header says %u\n",
			n, n < (ssize_t)HEADER ? 0 : get32(data + 4));
		return -EBADMSG;
	}
	*len = n;
	return 0;
}

/* The answer to transaction @tid; indications meanwhile are skipped. */
static int answer(int fd, uint32_t tid, struct mbim_answer *a)
{
	static uint8_t msg[65536], body[65536];
	size_t len = 0, total = 0;
	int err;

	memset(a, 0, sizeof(*a));
	for (;;) {
		err = receive(fd, msg, sizeof(msg), &len);
		if (err)
			return err;
		a->type = get32(msg);
		if (a->type == INDICATION)
			continue;
		if (get32(msg + 8) != tid) {
			fprintf(stderr, "mbim: answer to %u, not %u\n",
				get32(msg + 8), tid);
			return -EBADMSG;
		}
		if (a->type != (DONE | COMMAND)) {
			if (len < HEADER + 4)
				return -EBADMSG;
			a->fragments = 1;
			a->status = get32(msg + HEADER);
			return 0;
		}
		if (len < FRAG_HEADER || len > transfer ||
		    get32(msg + 16) != a->fragments ||
		    get32(msg + 12) <= a->fragments ||
		    total + len - FRAG_HEADER > sizeof(body)) {
			fprintf(stderr, "mbim: fragment %u of %u, length %zu, after %u\n",
				get32(msg + 16), get32(msg + 12), len,
				a->fragments);
			return -EBADMSG;
		}
		memcpy(body + total, msg + FRAG_HEADER, len - FRAG_HEADER);
		total += len - FRAG_HEADER;
		if (++a->fragments == get32(msg + 12))
			break;
	}
	if (total < 28 || memcmp(body, basic_connect, 16) ||
	    get32(body + 24) > total - 28)
		return -EBADMSG;
	a->status = get32(body + 20);
	a->len = get32(body + 24);
	return 0;
}

static int simple(int fd, uint32_t type, uint32_t value, bool with_value,
		  struct mbim_answer *a)
{
	uint32_t tid = next_tid++;
	uint8_t msg[16];
	size_t len = with_value ? 16 : 12;
	int err;

	put32(msg, type);
	put32(msg + 4, len);
	put32(msg + 8, tid);
	put32(msg + 12, value);
	err = send_all(fd, msg, len);
	return err ? err : answer(fd, tid, a);
}

int mbim_open(int fd, uint32_t max_transfer, struct mbim_answer *a)
{
	transfer = max_transfer;
	return simple(fd, OPEN, max_transfer, true, a);
}

int mbim_close(int fd, struct mbim_answer *a)
{
	return simple(fd, CLOSE, 0, false, a);
}

/* Send the first @limit fragments of a command. */
static int command(int fd, uint32_t tid, uint32_t cid, uint32_t set,
		   const uint8_t *info, size_t info_len, unsigned int limit,
		   unsigned int *sent)
{
	uint8_t body[1024], msg[2048];
	size_t len = 28 + info_len, piece = transfer - FRAG_HEADER, at = 0;
	unsigned int total, i;
	int err;

	if (len > sizeof(body) || piece > sizeof(msg) - FRAG_HEADER)
		piece = sizeof(msg) - FRAG_HEADER;
	memcpy(body, basic_connect, 16);
	put32(body + 16, cid);
	put32(body + 20, set);
	put32(body + 24, info_len);
	if (info_len)
		memcpy(body + 28, info, info_len);
	total = (len + piece - 1) / piece;
	for (i = 0; i < total && i < limit; i++) {
		size_t n = len - at < piece ? len - at : piece;

		put32(msg, COMMAND);
		put32(msg + 4, FRAG_HEADER + n);
		put32(msg + 8, tid);
		put32(msg + 12, total);
		put32(msg + 16, i);
		memcpy(msg + FRAG_HEADER, body + at, n);
		err = send_all(fd, msg, FRAG_HEADER + n);
		if (err)
			return err;
		at += n;
	}
	if (sent)
		*sent = i;
	return 0;
}

int mbim_query(int fd, uint32_t cid, struct mbim_answer *a)
{
	uint32_t tid = next_tid++;
	int err = command(fd, tid, cid, 0, NULL, 0, -1, NULL);

	return err ? err : answer(fd, tid, a);
}

static size_t connect_info(uint8_t *info, uint32_t session)
{
	static const char apn[] = "internet";
	size_t i, at = 60;

	memset(info, 0, 128);
	put32(info, session);
	put32(info + 4, 1);		/* activate */
	put32(info + 8, at);
	put32(info + 12, 2 * (sizeof(apn) - 1));
	put32(info + 40, 1);		/* IPv4 */
	memcpy(info + 44, context_internet, 16);
	for (i = 0; i < sizeof(apn) - 1; i++, at += 2)
		info[at] = apn[i];
	return at;
}

int mbim_connect(int fd, uint32_t session, struct mbim_answer *a,
		 unsigned int *sent)
{
	uint32_t tid = next_tid++;
	uint8_t info[128];
	size_t len = connect_info(info, session);
	int err = command(fd, tid, 12, 1, info, len, -1, sent);

	return err ? err : answer(fd, tid, a);
}

int mbim_half(int fd, struct mbim_answer *a)
{
	uint32_t tid = next_tid++;
	uint8_t info[128];
	size_t len = connect_info(info, 0);
	int err = command(fd, tid, 12, 1, info, len, 1, NULL);

	return err ? err : answer(fd, tid, a);
}
