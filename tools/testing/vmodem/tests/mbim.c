// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the MBIM function with stand-ins for its environment: messages,
 * fragments, errors, every command, indications. The sources are included, so
 * that the test is one file and needs nothing else of the modem.
 */
#include "tap.h"
#include "fakes.h"

#include "../cell.c"
#include "../mbim.c"
#include "../mbim_buf.c"
#include "../mbim_cid.c"

#define BC	MBIM_SVC_BASIC_CONNECT
#define SMS	MBIM_SVC_SMS
#define EXT	MBIM_SVC_EXTENSIONS

static struct vm_chan *ch = &fake_chan[MBIM_CHANNEL];
static uint32_t tid;

/* ---- messages to and from the function --------------------------------- */

static void send_msg(uint32_t type, uint32_t id, const uint8_t *data,
		     size_t len)
{
	uint8_t *msg = malloc(12 + len);

	assert(msg);
	put_le32(msg, type);
	put_le32(msg + 4, 12 + len);
	put_le32(msg + 8, id);
	if (len)
		memcpy(msg + 12, data, len);
	fake_rx(ch, msg, 12 + len);
	free(msg);
}

static void send_u32(uint32_t type, uint32_t id, uint32_t v)
{
	uint8_t data[4];

	put_le32(data, v);
	send_msg(type, id, data, 4);
}

static void send_fragment(uint32_t id, uint32_t total, uint32_t current,
			  const uint8_t *data, size_t len)
{
	uint8_t *body = malloc(8 + len);

	assert(body);
	put_le32(body, total);
	put_le32(body + 4, current);
	if (len)
		memcpy(body + 8, data, len);
	send_msg(MBIM_COMMAND, id, body, 8 + len);
	free(body);
}

/* UUID, CID, type, length and information buffer of a command. */
static size_t make_command(uint8_t *out, const uint8_t *uuid, uint32_t cid,
			   uint32_t type, const void *info, size_t len)
{
	memcpy(out, uuid, 16);
	put_le32(out + 16, cid);
	put_le32(out + 20, type);
	put_le32(out + 24, len);
	if (len)
		memcpy(out + 28, info, len);
	return 28 + len;
}

static void send_command(const uint8_t *uuid, uint32_t cid, uint32_t type,
			 const void *info, size_t len)
{
	uint8_t body[8192];

	assert(len + 28 <= sizeof(body));
	send_fragment(++tid, 1, 0, body,
		      make_command(body, uuid, cid, type, info, len));
}

/* One whole message of the function, reassembled from its fragments. */
struct heard {
	uint32_t type;
	uint32_t tid;
	uint32_t status;	/* or error code */
	uint32_t cid;
	uint8_t uuid[16];
	size_t len;		/* of info */
	unsigned int tds;
	uint8_t info[65536];
};

static struct heard *h;		/* the last one */

static bool hear(void)
{
	static struct heard heard;
	static uint8_t body[65536];
	const struct fake_td *td = fake_take(ch);
	uint32_t total = 1, i;
	size_t n = 0, fixed;

	h = &heard;
	memset(h, 0, offsetof(struct heard, info));
	if (!td)
		return false;
	tap_ok(td->len >= 12);
	h->type = get_le32(td->data);
	h->tid = get_le32(td->data + 8);
	if (h->type != MBIM_COMMAND_DONE && h->type != MBIM_INDICATE_STATUS) {
		tap_is(td->len, 16);
		tap_is(get_le32(td->data + 4), 16);
		h->status = get_le32(td->data + 12);
		h->tds = 1;
		return true;
	}
	for (i = 0; i < total; i++) {
		if (i)
			td = fake_take(ch);
		if (!tap_ok(td) || !tap_ok(td->len > 20))
			return false;
		tap_is(get_le32(td->data), h->type);
		tap_is(get_le32(td->data + 4), td->len);
		tap_is(get_le32(td->data + 8), h->tid);
		if (!i)
			total = get_le32(td->data + 12);
		tap_is(get_le32(td->data + 12), total);
		tap_is(get_le32(td->data + 16), i);
		memcpy(body + n, td->data + 20, td->len - 20);
		n += td->len - 20;
		h->tds++;
	}
	fixed = h->type == MBIM_COMMAND_DONE ? 28 : 24;
	if (!tap_ok(n >= fixed))
		return false;
	memcpy(h->uuid, body, 16);
	h->cid = get_le32(body + 16);
	if (fixed == 28)
		h->status = get_le32(body + 20);
	h->len = get_le32(body + fixed - 4);
	tap_is(h->len, n - fixed);
	memcpy(h->info, body + fixed, n - fixed);
	return true;
}

static uint32_t u32(size_t off)
{
	return off + 4 <= h->len ? get_le32(h->info + off) : 0xdeadbeef;
}

static uint64_t u64(size_t off)
{
	return u32(off) | (uint64_t)u32(off + 4) << 32;
}

/* The string whose pair is at @off, offsets from @base; ASCII only. */
static const char *str(size_t base, size_t off)
{
	static char text[128];
	uint32_t at = u32(off), size = u32(off + 4), i;

	if (!size)
		return "";
	if (!tap_ok(base + at + size <= h->len && size < 2 * sizeof(text)))
		return "?";
	for (i = 0; i < size / 2; i++)
		text[i] = get_le16(h->info + base + at + 2 * i);
	text[i] = '\0';
	return text;
}

#define tap_str(got, want)	tap_ok(!strcmp(got, want))

static void expect_error(uint32_t id, uint32_t error)
{
	if (!tap_ok(hear()))
		return;
	tap_is(h->type, MBIM_FUNCTION_ERROR);
	tap_is(h->tid, id);
	tap_is(h->status, error);
}

static void expect_silence(void)
{
	tap_ok(!fake_take(ch));
	fake_forget(ch);
}

static void expect_indication(enum mbim_service service, uint32_t cid)
{
	if (!tap_ok(hear()))
		return;
	tap_is(h->type, MBIM_INDICATE_STATUS);
	tap_is(h->tid, 0);
	tap_is(h->cid, cid);
	tap_ok(!memcmp(h->uuid, mbim_uuid[service], 16));
}

/* Send a command and read its response. Returns the status, or -1. */
static long run(enum mbim_service service, uint32_t cid, uint32_t type,
		const void *info, size_t len)
{
	send_command(mbim_uuid[service], cid, type, info, len);
	if (!tap_ok(hear()))
		return -1;
	tap_is(h->type, MBIM_COMMAND_DONE);
	tap_is(h->tid, tid);
	tap_is(h->cid, cid);
	tap_ok(!memcmp(h->uuid, mbim_uuid[service], 16));
	return h->status;
}

static long query(enum mbim_service service, uint32_t cid)
{
	return run(service, cid, MBIM_QUERY, NULL, 0);
}

static long run_u32(uint32_t cid, uint32_t type, uint32_t v)
{
	uint8_t info[4];

	put_le32(info, v);
	return run(BC, cid, type, info, 4);
}

/* Open the function, with @max bytes of control transfer. */
static void start(uint32_t max)
{
	if (ch->open)
		fake_close(ch);
	fake_ctl("sim ready");
	fake_ctl("radio on");
	fake_ctl("registration home");
	fake_ctl("signal 20");
	fake_ctl("providers 2");
	fake_open(ch, 32768, 100000);
	fake_forget(ch);
	fake_stats_reset();
	send_u32(MBIM_OPEN, ++tid, max);
	if (tap_ok(hear())) {
		tap_is(h->type, MBIM_OPEN_DONE);
		tap_is(h->tid, tid);
		tap_is(h->status, 0);
	}
}

static size_t make_connect(uint8_t *info, uint32_t session, uint32_t activate,
			   uint32_t ip_type, const char *access)
{
	size_t n = 0;

	memset(info, 0, 60);
	put_le32(info, session);
	put_le32(info + 4, activate);
	put_le32(info + 40, ip_type);
	memcpy(info + 44, mbim_uuid_internet, 16);
	if (access && *access) {
		put_le32(info + 8, 60);
		put_le32(info + 12, 2 * strlen(access));
		for (; access[n]; n++)
			put_le16(info + 60 + 2 * n, access[n]);
	}
	return 60 + 2 * n;
}

static long connect_session(uint32_t session, uint32_t activate,
			    uint32_t ip_type, const char *access)
{
	uint8_t info[4096];

	return run(BC, MBIM_CID_CONNECT, MBIM_SET, info,
		   make_connect(info, session, activate, ip_type, access));
}

/* ---- open, close, headers ---------------------------------------------- */

static void open_and_close(void)
{
	if (!ch->open)
		fake_open(ch, 32768, 100000);
	fake_forget(ch);
	send_command(mbim_uuid[BC], MBIM_CID_DEVICE_CAPS, MBIM_QUERY, NULL, 0);
	expect_error(tid, MBIM_ERROR_NOT_OPENED);
	send_msg(MBIM_CLOSE, 70, NULL, 0);
	expect_error(70, MBIM_ERROR_NOT_OPENED);
	send_u32(MBIM_OPEN, 71, MBIM_MIN_TRANSFER - 1);
	expect_error(71, MBIM_ERROR_MAX_TRANSFER);
	tap_is(fake_stat("mbim.open"), 0);

	start(4096);
	tap_is(fake_stat("mbim.open"), 1);
	tap_is(fake_stat("mbim.max-transfer"), 4096);
	tap_is(query(BC, MBIM_CID_DEVICE_CAPS), 0);
	send_msg(MBIM_CLOSE, 72, NULL, 0);
	tap_ok(hear());
	tap_is(h->type, MBIM_CLOSE_DONE);
	tap_is(h->tid, 72);
	tap_is(h->status, 0);
	tap_is(fake_stat("mbim.open"), 0);
	send_command(mbim_uuid[BC], MBIM_CID_DEVICE_CAPS, MBIM_QUERY, NULL, 0);
	expect_error(tid, MBIM_ERROR_NOT_OPENED);
	start(1 << 30);
	tap_is(fake_stat("mbim.max-transfer"), MBIM_MAX_TRANSFER);
	expect_silence();
}

static void closing_ends_contexts(void)
{
	start(4096);
	tap_is(connect_session(0, 1, 0, "internet"), 0);
	tap_is(connect_session(3, 1, 0, "internet"), 0);
	tap_is(fake_stat("mbim.contexts"), 2);
	tap_ok(fake_net.up[0] && fake_net.up[3] && !fake_net.up[1]);
	send_msg(MBIM_CLOSE, ++tid, NULL, 0);
	tap_is(fake_stat("mbim.contexts"), 0);
	tap_ok(!fake_net.up[0] && !fake_net.up[3]);

	start(4096);
	tap_is(connect_session(1, 1, 0, "internet"), 0);
	/* A second OPEN resets the function as well. */
	send_u32(MBIM_OPEN, ++tid, 4096);
	tap_ok(hear());
	tap_is(h->type, MBIM_OPEN_DONE);
	tap_ok(!fake_net.up[1]);
	expect_silence();
}

static void port_may_close_between(void)
{
	start(4096);
	tap_is(connect_session(2, 1, 0, "internet"), 0);
	fake_close(ch);
	tap_ok(fake_net.up[2]);
	fake_ctl("signal 10");
	fake_open(ch, 4096, 100);
	expect_silence();
	tap_is(run_u32(MBIM_CID_CONNECT, MBIM_QUERY, 2), 0);
	tap_is(u32(4), ACTIVATED);
}

static void reset_closes(void)
{
	start(4096);
	tap_is(connect_session(2, 1, 0, "internet"), 0);
	fake_close(ch);
	ch->ops->reset(ch);
	tap_ok(!fake_net.up[2]);
	fake_open(ch, 4096, 100);
	send_command(mbim_uuid[BC], MBIM_CID_DEVICE_CAPS, MBIM_QUERY, NULL, 0);
	expect_error(tid, MBIM_ERROR_NOT_OPENED);
}

static void bad_headers(void)
{
	uint8_t msg[20] = { 0 };
	size_t n;

	start(4096);
	for (n = 0; n < 12; n++) {
		put_le32(msg, MBIM_COMMAND);
		put_le32(msg + 4, n);
		fake_rx(ch, msg, n);
		expect_error(0, MBIM_ERROR_LENGTH_MISMATCH);
		expect_silence();
	}
	/* The length in the header differs from that of the TD. */
	for (n = 12; n <= 20; n++) {
		put_le32(msg, MBIM_OPEN);
		put_le32(msg + 4, n == 16 ? 17 : 16);
		put_le32(msg + 8, 500 + n);
		fake_rx(ch, msg, n);
		expect_error(500 + n, MBIM_ERROR_LENGTH_MISMATCH);
	}
	/* They are equal, but do not match the type. */
	for (n = 0; n <= 8; n++) {
		if (n != 4) {
			send_msg(MBIM_OPEN, 600, msg, n);
			expect_error(600, MBIM_ERROR_LENGTH_MISMATCH);
			send_msg(MBIM_HOST_ERROR, 602, msg, n);
			expect_error(602, MBIM_ERROR_LENGTH_MISMATCH);
		}
		if (n) {
			send_msg(MBIM_CLOSE, 601, msg, n);
			expect_error(601, MBIM_ERROR_LENGTH_MISMATCH);
		}
	}
	send_u32(0, 700, 0);
	expect_error(700, MBIM_ERROR_UNKNOWN);
	send_u32(5, 701, 0);
	expect_error(701, MBIM_ERROR_UNKNOWN);
	send_u32(MBIM_OPEN_DONE, 702, 0);
	expect_error(702, MBIM_ERROR_UNKNOWN);
	expect_silence();
	/* The function is still open. */
	tap_is(query(BC, MBIM_CID_DEVICE_CAPS), 0);
	tap_is(fake_stat("mbim.errors"), 12 + 9 + 8 + 8 + 8 + 3);
}

static void truncated_commands(void)
{
	uint8_t msg[256], info[128];
	size_t len, n;

	start(4096);
	len = make_connect(info, 0, 1, 0, "internet");
	put_le32(msg, MBIM_COMMAND);
	put_le32(msg + 8, 99);
	put_le32(msg + 12, 1);
	put_le32(msg + 16, 0);
	len = 20 + make_command(msg + 20, mbim_uuid[BC], MBIM_CID_CONNECT,
				MBIM_SET, info, len);
	for (n = 12; n < len; n++) {
		put_le32(msg + 4, n);
		fake_rx(ch, msg, n);
		expect_error(99, MBIM_ERROR_LENGTH_MISMATCH);
		expect_silence();
	}
	/* More than the padding to four bytes after the buffer */
	memset(msg + len, 0, 4);
	put_le32(msg + 4, len + 4);
	fake_rx(ch, msg, len + 4);
	expect_error(99, MBIM_ERROR_LENGTH_MISMATCH);
	tap_ok(!fake_net.up[0]);
	put_le32(msg + 4, len + 3);
	fake_rx(ch, msg, len + 3);
	tap_ok(hear());
	tap_is(h->type, MBIM_COMMAND_DONE);
	tap_is(h->status, 0);
	tap_ok(fake_net.up[0]);
}

static void unknown_commands(void)
{
	uint8_t uuid[16];

	start(4096);
	memcpy(uuid, mbim_uuid[BC], 16);
	uuid[15] ^= 1;
	send_command(uuid, 1, MBIM_QUERY, NULL, 0);
	tap_ok(hear());
	tap_is(h->type, MBIM_COMMAND_DONE);
	tap_is(h->tid, tid);
	tap_is(h->status, MBIM_STATUS_NO_DEVICE_SUPPORT);
	tap_is(h->len, 0);
	tap_ok(!memcmp(h->uuid, uuid, 16));
	tap_is(query(BC, 0), MBIM_STATUS_NO_DEVICE_SUPPORT);
	tap_is(query(BC, 17), MBIM_STATUS_NO_DEVICE_SUPPORT);
	tap_is(query(BC, 0xffffffff), MBIM_STATUS_NO_DEVICE_SUPPORT);
	tap_is(query(BC, MBIM_CID_SUBSCRIBE_LIST),
	       MBIM_STATUS_NO_DEVICE_SUPPORT);
	tap_is(run(BC, MBIM_CID_DEVICE_CAPS, MBIM_SET, NULL, 0),
	       MBIM_STATUS_NO_DEVICE_SUPPORT);
	tap_is(run(BC, MBIM_CID_DEVICE_CAPS, 2, NULL, 0),
	       MBIM_STATUS_INVALID_PARAMETERS);
	expect_silence();
}

/* Exactly one response, followed by indications only. */
static void each_length(unsigned int service, const struct cid *c,
			uint32_t type, const uint8_t *info, size_t len)
{
	long status = run(service, c->cid, type, info, len);

	tap_ok(status >= 0);
	if (type ? !c->set : !c->query && !c->put)
		tap_is(status, MBIM_STATUS_NO_DEVICE_SUPPORT);
	while (hear())
		tap_is(h->type, MBIM_INDICATE_STATUS);
}

/* Every command of the tables with every length, of zeroes and of ones */
static void all_commands_all_lengths(void)
{
	unsigned int service, i, type, fill;
	uint8_t info[96];
	size_t len;

	start(4096);
	for (service = 0; service < MBIM_SERVICES; service++) {
		for (i = 0; i < services[service].count; i++) {
			const struct cid *c = &services[service].cids[i];

			for (type = 0; type < 2; type++) {
				for (fill = 0; fill < 2; fill++) {
					memset(info, fill ? 0xff : 0,
					       sizeof(info));
					for (len = 0; len <= sizeof(info); len++)
						each_length(service, c, type,
							    info, len);
				}
				start(4096);
			}
		}
	}
}

/* ---- fragments --------------------------------------------------------- */

/* Send fragments @from to @to of a command in pieces of @size bytes. */
static void send_pieces(uint32_t id, const uint8_t *body, size_t len,
			size_t size, uint32_t from, uint32_t to)
{
	uint32_t total = (len + size - 1) / size;
	uint32_t i;

	for (i = from; i <= to && i < total; i++)
		send_fragment(id, total, i, body + i * size,
			      i == total - 1 ? len - i * size : size);
}

static void commands_in_fragments(void)
{
	uint8_t body[512], info[256];
	size_t len, size;

	start(4096);
	len = make_command(body, mbim_uuid[BC], MBIM_CID_CONNECT, MBIM_SET,
			   info, make_connect(info, 5, 1, 0, "internet"));
	for (size = 1; size < len; size++) {
		send_pieces(++tid, body, len, size, 0, len);
		tap_ok(hear());
		tap_is(h->type, MBIM_COMMAND_DONE);
		tap_is(h->tid, tid);
		tap_is(h->status, 0);
		tap_ok(fake_net.up[5]);
		tap_is(connect_session(5, 0, 0, NULL), 0);
		expect_silence();
	}
	tap_ok(fake_stat("mbim.rx.fragments") > 100);
	tap_is(fake_stat("mbim.errors"), 0);
}

static void fragments_out_of_order(void)
{
	uint8_t body[256];
	size_t len;

	start(4096);
	memset(body, 0, sizeof(body));
	len = make_command(body, mbim_uuid[BC], MBIM_CID_DEVICE_CAPS,
			   MBIM_QUERY, body + 100, 32);
	tap_is(len, 60);
	/* The second fragment first: one error, the others are dropped. */
	send_pieces(1000, body, len, 10, 1, 1);
	expect_error(1000, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	send_pieces(1000, body, len, 10, 2, 5);
	expect_silence();
	/* A fragment is missing. */
	send_pieces(1001, body, len, 10, 0, 1);
	send_pieces(1001, body, len, 10, 3, 3);
	expect_error(1001, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	send_pieces(1001, body, len, 10, 4, 5);
	expect_silence();
	/* A fragment is repeated. */
	send_pieces(1002, body, len, 10, 0, 1);
	send_pieces(1002, body, len, 10, 1, 1);
	expect_error(1002, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	/*
	 * The total changes; the current one is beyond the total; the total is
	 * 0.
	 */
	send_pieces(1003, body, len, 10, 0, 1);
	send_fragment(1003, 7, 2, body, 10);
	expect_error(1003, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	send_fragment(1004, 2, 2, body, 10);
	expect_error(1004, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	send_fragment(1005, 0, 0, body, 28);
	expect_error(1005, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	/* The same transaction may be restarted. */
	send_pieces(1001, body, len, 10, 0, 5);
	tap_ok(hear());
	tap_is(h->type, MBIM_COMMAND_DONE);
	tap_is(h->tid, 1001);
	expect_silence();
}

static void fragments_of_two_messages(void)
{
	uint8_t body[256];
	size_t len;

	start(4096);
	memset(body, 0, sizeof(body));
	len = make_command(body, mbim_uuid[BC], MBIM_CID_DEVICE_CAPS,
			   MBIM_QUERY, body + 100, 32);
	/* A new message aborts the incomplete one and is executed. */
	send_pieces(2000, body, len, 20, 0, 1);
	send_pieces(2001, body, len, 20, 0, 2);
	expect_error(2000, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	tap_ok(hear());
	tap_is(h->type, MBIM_COMMAND_DONE);
	tap_is(h->tid, 2001);
	/* A later fragment of another message aborts both. */
	send_pieces(2002, body, len, 20, 0, 1);
	send_pieces(2003, body, len, 20, 1, 1);
	expect_error(2002, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	expect_error(2003, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	send_pieces(2002, body, len, 20, 2, 2);
	expect_error(2002, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
	/* An invalid TD aborts its own message, but no other one. */
	send_pieces(2004, body, len, 20, 0, 0);
	send_msg(MBIM_COMMAND, 2005, body, 4);
	expect_error(2005, MBIM_ERROR_LENGTH_MISMATCH);
	send_pieces(2004, body, len, 20, 1, 1);
	send_msg(MBIM_COMMAND, 2004, body, 4);
	expect_error(2004, MBIM_ERROR_LENGTH_MISMATCH);
	send_pieces(2004, body, len, 20, 2, 2);
	expect_silence();
	/* Nor does a response to another message. */
	send_pieces(2006, body, len, 20, 0, 1);
	send_u32(MBIM_HOST_ERROR, 1, MBIM_ERROR_UNKNOWN);
	send_pieces(2006, body, len, 20, 2, 2);
	tap_ok(hear());
	tap_is(h->tid, 2006);
	tap_is(h->status, 0);
	expect_silence();
}

static void fragment_timeouts(void)
{
	uint8_t body[256];
	size_t len;

	start(4096);
	memset(body, 0, sizeof(body));
	len = make_command(body, mbim_uuid[BC], MBIM_CID_DEVICE_CAPS,
			   MBIM_QUERY, body + 100, 32);
	send_pieces(3000, body, len, 30, 0, 0);
	fake_sleep(1249999);
	expect_silence();
	send_pieces(3000, body, len, 30, 1, 1);
	tap_ok(hear());
	tap_is(h->status, 0);
	fake_sleep(5000000);
	expect_silence();
	/* The timeout applies between two fragments, not to all of them. */
	send_pieces(3001, body, len, 20, 0, 0);
	fake_sleep(1000000);
	send_pieces(3001, body, len, 20, 1, 1);
	fake_sleep(1000000);
	expect_silence();
	fake_sleep(250000);
	expect_error(3001, MBIM_ERROR_TIMEOUT_FRAGMENT);
	send_pieces(3001, body, len, 20, 2, 2);
	expect_silence();
	/* No timeout after CANCEL, CLOSE, OPEN or a closed port. */
	send_pieces(3002, body, len, 20, 0, 1);
	send_u32(MBIM_HOST_ERROR, 3002, MBIM_ERROR_CANCEL);
	fake_sleep(2000000);
	expect_silence();
	send_pieces(3003, body, len, 20, 0, 1);
	fake_close(ch);
	fake_sleep(2000000);
	fake_open(ch, 4096, 100);
	expect_silence();
	tap_is(fake_stat("mbim.errors"), 1);
	tap_is(fake_stat("mbim.host-errors"), 1);
}

static void fragment_sizes(void)
{
	static uint8_t body[MBIM_MAX_TRANSFER];
	unsigned int i;

	start(4096);
	/* An empty fragment */
	send_fragment(4000, 3, 0, NULL, 0);
	expect_error(4000, MBIM_ERROR_LENGTH_MISMATCH);
	send_fragment(4001, 3, 0, body, 40);
	send_fragment(4001, 3, 1, NULL, 0);
	expect_error(4001, MBIM_ERROR_LENGTH_MISMATCH);
	/* Above the negotiated size */
	send_fragment(4002, 1, 0, body, 4096 - 20 + 1);
	expect_error(4002, MBIM_ERROR_MAX_TRANSFER);
	/* Within the negotiated size, but the sum is too large */
	memset(body, 0, sizeof(body));
	make_command(body, mbim_uuid[BC], MBIM_CID_DEVICE_CAPS, MBIM_QUERY,
		     NULL, 0);
	for (i = 0; i < MBIM_MAX_MESSAGE / 4076; i++)
		send_fragment(4003, 100, i, body, 4076);
	expect_silence();
	send_fragment(4003, 100, i, body, 4076);
	expect_error(4003, MBIM_ERROR_MAX_TRANSFER);
	/* The sum of the fragments differs from the length. */
	put_le32(body + 24, 40);
	send_pieces(4004, body, 60, 30, 0, 1);
	expect_error(4004, MBIM_ERROR_LENGTH_MISMATCH);
	send_pieces(4005, body, 20, 10, 0, 1);
	expect_error(4005, MBIM_ERROR_LENGTH_MISMATCH);
	/* A large valid command: unknown service, expected status */
	memset(body, 0xee, sizeof(body));
	put_le32(body + 24, 30000);
	send_pieces(4006, body, 30028, 4076, 0, 100);
	tap_ok(hear());
	tap_is(h->type, MBIM_COMMAND_DONE);
	tap_is(h->status, MBIM_STATUS_NO_DEVICE_SUPPORT);
	expect_silence();
}

static void answers_in_fragments(void)
{
	static uint8_t whole[65536];
	size_t len, size;

	start(4096);
	tap_is(query(BC, MBIM_CID_DEVICE_SERVICES), 0);
	tap_is(h->tds, 1);
	len = h->len;
	memcpy(whole, h->info, len);
	for (size = 64; size < 400; size += 7) {
		start(size);
		tap_is(query(BC, MBIM_CID_DEVICE_SERVICES), 0);
		tap_is(h->len, len);
		tap_ok(!memcmp(h->info, whole, len));
		tap_is(h->tds, (28 + len + size - 21) / (size - 20));
	}
	/* The host has negotiated 4096 and posts buffers of 100. */
	start(4096);
	ch->capacity = 100;
	tap_is(query(BC, MBIM_CID_DEVICE_SERVICES), 0);
	tap_ok(!memcmp(h->info, whole, len));
	tap_is(h->tds, (28 + len + 79) / 80);
	/* Buffers smaller than a header: drop the message and continue. */
	ch->capacity = 20;
	send_command(mbim_uuid[BC], 1, MBIM_QUERY, NULL, 0);
	ch->capacity = 10;
	send_u32(5, 1, 1);
	expect_silence();
	tap_is(fake_stat("mbim.dropped"), 2);
	ch->capacity = 4096;
	tap_is(query(BC, MBIM_CID_DEVICE_CAPS), 0);
	/* A scan result above the size that mbimcli negotiates */
	tap_ok(fake_ctl("providers 100"));
	tap_is(run_u32(MBIM_CID_VISIBLE_PROVIDERS, MBIM_QUERY, 0), 0);
	tap_is(u32(0), 100);
	tap_ok(h->tds > 1);
	tap_is(fake_stat("mbim.tx.fragments"),
	       (28 + len + 79) / 80 + h->tds);
}

static void answers_wait_for_buffers(void)
{
	unsigned int i;

	start(64);
	ch->buffers = 0;
	send_command(mbim_uuid[BC], MBIM_CID_DEVICE_SERVICES, MBIM_QUERY,
		     NULL, 0);
	expect_silence();
	for (i = 0; i < 100 && ch->sent - ch->taken < 3; i++)
		fake_post(ch, 1);
	tap_is(i, 3);
	fake_post(ch, 1000);
	tap_ok(hear());
	tap_is(h->tid, tid);
	tap_is(h->status, 0);
	tap_is(fake_stat("mbim.queued"), 0);

	/* Two pending commands with the same transaction id are rejected. */
	ch->buffers = 0;
	send_command(mbim_uuid[BC], 1, MBIM_QUERY, NULL, 0);
	tid--;
	send_command(mbim_uuid[BC], 1, MBIM_QUERY, NULL, 0);
	fake_post(ch, 1000);
	tap_ok(hear());
	tap_is(h->type, MBIM_COMMAND_DONE);
	expect_error(tid, MBIM_ERROR_DUPLICATED_TID);
	/* After its response, an id may be used again. */
	tid--;
	tap_is(query(BC, 1), 0);

	/* Neither a cancelled response nor the rest of it is sent. */
	ch->buffers = 0;
	send_command(mbim_uuid[BC], 1, MBIM_QUERY, NULL, 0);
	send_command(mbim_uuid[BC], MBIM_CID_RADIO_STATE, MBIM_QUERY, NULL, 0);
	fake_post(ch, 1);
	fake_forget(ch);
	send_u32(MBIM_HOST_ERROR, tid - 1, MBIM_ERROR_CANCEL);
	fake_post(ch, 1000);
	tap_ok(hear());
	tap_is(h->tid, tid);
	tap_is(h->cid, MBIM_CID_RADIO_STATE);
	expect_silence();
}

static void a_host_that_does_not_read(void)
{
	unsigned int i, answers = 0;

	start(4096);
	ch->buffers = 0;
	for (i = 0; i < 40; i++) {
		fake_ctl("signal 1");
		fake_ctl("signal 2");
	}
	tap_is(fake_stat("mbim.queued"), MBIM_MAX_QUEUED);
	tap_is(fake_stat("mbim.dropped"), 80 - MBIM_MAX_QUEUED);
	/* Responses displace indications, up to a limit. */
	for (i = 0; i < 200; i++)
		send_command(mbim_uuid[BC], 1, MBIM_QUERY, NULL, 0);
	tap_is(fake_stat("mbim.queued"), MBIM_MAX_QUEUED);
	tap_is(fake_stat("mbim.dropped"), 80 + 200 - MBIM_MAX_QUEUED);
	fake_post(ch, 1000);
	while (hear())
		answers += h->type == MBIM_COMMAND_DONE;
	tap_is(answers, MBIM_MAX_QUEUED);
	/* The bytes are limited, too. */
	ch->buffers = 0;
	fake_ctl("providers 1000");
	for (i = 0; i < 20; i++)
		send_command(mbim_uuid[BC], MBIM_CID_VISIBLE_PROVIDERS,
			     MBIM_QUERY, "\0\0\0", 4);
	tap_ok(fake_stat("mbim.queued") < 10);
	fake_close(ch);
	tap_is(fake_stat("mbim.queued"), 0);
}

/* ---- Basic Connect ----------------------------------------------------- */

static void device_commands(void)
{
	start(4096);
	tap_is(query(BC, MBIM_CID_DEVICE_CAPS), 0);
	tap_is(u32(0), 1);
	tap_is(u32(4), 1);
	tap_is(u32(8), 1);
	tap_is(u32(12), 2);
	tap_is(u32(16), 0x3f);
	tap_is(u32(20), 3);
	tap_is(u32(24), 1);
	tap_is(u32(28), 8);
	tap_str(str(0, 32), "");
	tap_str(str(0, 40), CELL_IMEI);
	tap_str(str(0, 48), CELL_FIRMWARE);
	tap_str(str(0, 56), "XMM7560");
	tap_is(u32(40) % 4, 0);
	tap_is(h->len % 4, 0);

	tap_is(query(BC, MBIM_CID_SUBSCRIBER_READY), 0);
	tap_is(u32(0), 1);
	tap_str(str(0, 4), CELL_IMSI);
	tap_str(str(0, 12), CELL_ICCID);
	tap_is(u32(20), 0);
	tap_is(u32(24), 1);
	tap_str(str(0, 28), CELL_NUMBER);

	tap_is(query(BC, MBIM_CID_RADIO_STATE), 0);
	tap_is(h->len, 8);
	tap_is(u32(0), 1);
	tap_is(u32(4), 1);

	tap_is(query(BC, MBIM_CID_PIN_LIST), 0);
	tap_is(h->len, 160);
	tap_is(u32(0), 2);
	tap_is(u32(4), 1);
	tap_is(u32(8), 4);
	tap_is(u32(12), 8);
	tap_is(u32(16), 0);
}

static void device_services(void)
{
	uint32_t i, j;

	start(4096);
	tap_is(query(BC, MBIM_CID_DEVICE_SERVICES), 0);
	tap_is(u32(0), MBIM_SERVICES);
	tap_is(u32(4), 0);
	for (i = 0; i < MBIM_SERVICES; i++) {
		uint32_t at = u32(8 + 8 * i), size = u32(12 + 8 * i);

		tap_ok(at + size <= h->len && size >= 28);
		tap_ok(!memcmp(h->info + at, mbim_uuid[i], 16));
		tap_is(u32(at + 24), services[i].count);
		tap_is(size, 28 + 4 * services[i].count);
		for (j = 0; j < services[i].count; j++)
			tap_is(u32(at + 28 + 4 * j), services[i].cids[j].cid);
	}
}

static void network_commands(void)
{
	uint8_t info[32] = { 0 };

	start(4096);
	tap_is(query(BC, MBIM_CID_HOME_PROVIDER), 0);
	tap_str(str(0, 0), CELL_HOME_PLMN);
	tap_is(u32(8), 1);
	tap_str(str(0, 12), CELL_HOME_NAME);
	tap_is(u32(20), 1);
	tap_is(u32(24), 20);

	tap_is(query(BC, MBIM_CID_PREFERRED_PROVIDERS), 0);
	tap_is(h->len, 4);
	tap_is(u32(0), 0);

	tap_is(run_u32(MBIM_CID_VISIBLE_PROVIDERS, MBIM_QUERY, 2),
	       MBIM_STATUS_INVALID_PARAMETERS);
	tap_is(run_u32(MBIM_CID_VISIBLE_PROVIDERS, MBIM_QUERY, 1), 0);
	tap_is(u32(0), 2);
	tap_str(str(u32(4), u32(4)), "00101");
	tap_is(u32(u32(4) + 8), 1 | 8 | 16);
	tap_str(str(u32(12), u32(12) + 12), CELL_ROAM_NAME);
	tap_is(u32(u32(12) + 8), 8);

	tap_is(query(BC, MBIM_CID_REGISTER_STATE), 0);
	tap_is(u32(0), 0);
	tap_is(u32(4), 3);
	tap_is(u32(8), 1);
	tap_is(u32(12), 0x20);
	tap_is(u32(16), 1);
	tap_str(str(0, 20), CELL_HOME_PLMN);
	tap_str(str(0, 28), CELL_HOME_NAME);
	tap_str(str(0, 36), "");
	tap_is(u32(44), 0);

	/* Manual registration: only with the current network */
	put_le32(info, 20);
	put_le32(info + 4, 10);
	put_le32(info + 8, 1);
	memcpy(info + 20, "0\0000\0001\0000\0001", 10);
	tap_is(run(BC, MBIM_CID_REGISTER_STATE, MBIM_SET, info, 30), 0);
	tap_is(u32(8), 2);
	info[28] = '9';
	tap_is(run(BC, MBIM_CID_REGISTER_STATE, MBIM_SET, info, 30),
	       MBIM_STATUS_PROVIDER_NOT_VISIBLE);
	tap_is(run(BC, MBIM_CID_REGISTER_STATE, MBIM_SET, info, 29),
	       MBIM_STATUS_INVALID_PARAMETERS);
	memset(info, 0, sizeof(info));
	tap_is(run(BC, MBIM_CID_REGISTER_STATE, MBIM_SET, info, 16), 0);
	tap_is(u32(8), 1);
	expect_silence();

	tap_is(query(BC, MBIM_CID_SIGNAL_STATE), 0);
	tap_is(h->len, 20);
	tap_is(u32(0), 20);
	tap_is(u32(4), 99);
	put_le32(info, 30);
	put_le32(info + 4, 5);
	tap_is(run(BC, MBIM_CID_SIGNAL_STATE, MBIM_SET, info, 12), 0);
	tap_is(u32(8), 30);
	tap_is(u32(12), 5);
}

static void packet_service(void)
{
	start(4096);
	tap_is(query(BC, MBIM_CID_PACKET_SERVICE), 0);
	tap_is(h->len, 28);
	tap_is(u32(4), 2);
	tap_is(u32(8), 0x20);
	tap_is(u64(12), UPLINK_BPS);
	tap_is(u64(20), DOWNLINK_BPS);
	tap_is(run_u32(MBIM_CID_PACKET_SERVICE, MBIM_SET, 0), 0);
	tap_is(u32(4), 2);
	tap_is(connect_session(6, 1, 1, "internet"), 0);
	tap_is(run_u32(MBIM_CID_PACKET_SERVICE, MBIM_SET, 1), 0);
	tap_is(u32(4), 4);
	tap_is(u64(12), 0);
	/* The context ends; its indication follows the response. */
	expect_indication(BC, MBIM_CID_CONNECT);
	tap_is(u32(0), 6);
	tap_is(u32(4), DEACTIVATED);
	tap_ok(!fake_net.up[6]);
	tap_is(connect_session(6, 1, 1, "internet"),
	       MBIM_STATUS_PACKET_SERVICE_DETACHED);
	tap_is(run_u32(MBIM_CID_PACKET_SERVICE, MBIM_SET, 2),
	       MBIM_STATUS_INVALID_PARAMETERS);
	tap_is(run_u32(MBIM_CID_PACKET_SERVICE, MBIM_SET, 0), 0);
	tap_is(connect_session(6, 1, 1, "internet"), 0);
	expect_silence();
}

static void connect_and_disconnect(void)
{
	uint8_t info[4096];
	unsigned int i;
	char text[1200];

	start(4096);
	for (i = 0; i < VM_SESSIONS; i++) {
		tap_is(run_u32(MBIM_CID_CONNECT, MBIM_QUERY, i), 0);
		tap_is(h->len, 36);
		tap_is(u32(0), i);
		tap_is(u32(4), DEACTIVATED);
		tap_is(connect_session(i, 1, i % 5, "internet"), 0);
		tap_is(u32(0), i);
		tap_is(u32(4), ACTIVATED);
		tap_is(u32(8), 0);
		tap_is(u32(12), i % 5 == 1 ? 1 : i % 5 == 2 ? 2 : 3);
		tap_ok(!memcmp(h->info + 16, mbim_uuid_internet, 16));
		tap_is(u32(32), 0);
		tap_ok(fake_net.up[i]);
		tap_is(fake_stat("mbim.contexts"), i + 1);
	}
	tap_is(connect_session(0, 1, 0, "internet"),
	       MBIM_STATUS_MAX_ACTIVATED_CONTEXTS);
	tap_is(connect_session(8, 1, 0, "internet"),
	       MBIM_STATUS_INVALID_PARAMETERS);
	tap_is(run_u32(MBIM_CID_CONNECT, MBIM_QUERY, 8),
	       MBIM_STATUS_INVALID_PARAMETERS);
	for (i = 0; i < VM_SESSIONS; i++) {
		tap_is(connect_session(i, 0, 0, NULL), 0);
		tap_is(u32(4), DEACTIVATED);
		tap_ok(!fake_net.up[i]);
	}
	tap_is(connect_session(0, 0, 0, NULL),
	       MBIM_STATUS_CONTEXT_NOT_ACTIVATED);
	/* An empty access string selects the default of the network. */
	tap_is(connect_session(0, 1, 0, ""), 0);
	tap_is(connect_session(0, 0, 0, NULL), 0);
	tap_is(connect_session(0, 1, 5, "internet"),
	       MBIM_STATUS_INVALID_PARAMETERS);
	tap_is(connect_session(0, 2, 0, "internet"),
	       MBIM_STATUS_INVALID_PARAMETERS);
	tap_is(connect_session(0, 1, 0, "no spaces"),
	       MBIM_STATUS_INVALID_ACCESS_STRING);
	memset(text, 'a', sizeof(text));
	text[101] = '\0';
	tap_is(connect_session(0, 1, 0, text),
	       MBIM_STATUS_PARAMETER_TOO_LONG);
	text[100] = '\0';
	tap_is(connect_session(0, 1, 0, text), 0);
	tap_is(connect_session(0, 0, 0, NULL), 0);
	make_connect(info, 0, 1, 0, NULL);
	info[44] ^= 1;
	tap_is(run(BC, MBIM_CID_CONNECT, MBIM_SET, info, 60),
	       MBIM_STATUS_CONTEXT_NOT_SUPPORTED);
	expect_silence();
}

/* Strings with invalid offsets */
static void bad_strings(void)
{
	static const struct {
		uint32_t off, size;
	} bad[] = {
		{ 60, 3 }, { 60, 18 }, { 61, 16 }, { 76, 2 }, { 77, 2 },
		{ 0xffffffff, 2 }, { 2, 0xffffffff }, { 2, 0xfffffffe },
		{ 0x80000000, 0x80000000 }, { 0xfffffff0, 0x20 },
		{ 60, 0xffffffc4 },
	};
	uint8_t info[80];
	unsigned int i;

	start(4096);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		tap_is(make_connect(info, 0, 1, 0, "internet"), 76);
		put_le32(info + 8, bad[i].off);
		put_le32(info + 12, bad[i].size);
		tap_is(run(BC, MBIM_CID_CONNECT, MBIM_SET, info, 76),
		       MBIM_STATUS_INVALID_PARAMETERS);
	}
	/* Surrogates: unpaired, in the wrong order, truncated; a NUL */
	make_connect(info, 0, 1, 0, "internet");
	put_le16(info + 60, 0xd800);
	tap_is(run(BC, MBIM_CID_CONNECT, MBIM_SET, info, 76),
	       MBIM_STATUS_INVALID_PARAMETERS);
	put_le16(info + 60, 0xdc00);
	tap_is(run(BC, MBIM_CID_CONNECT, MBIM_SET, info, 76),
	       MBIM_STATUS_INVALID_PARAMETERS);
	put_le16(info + 60, 0);
	tap_is(run(BC, MBIM_CID_CONNECT, MBIM_SET, info, 76),
	       MBIM_STATUS_INVALID_PARAMETERS);
	put_le16(info + 60, 'i');
	put_le16(info + 74, 0xd800);
	tap_is(run(BC, MBIM_CID_CONNECT, MBIM_SET, info, 76),
	       MBIM_STATUS_INVALID_PARAMETERS);
	/* A surrogate pair is a valid character, but not in an APN. */
	put_le16(info + 72, 0xd83d);
	put_le16(info + 74, 0xde00);
	tap_is(run(BC, MBIM_CID_CONNECT, MBIM_SET, info, 76),
	       MBIM_STATUS_INVALID_ACCESS_STRING);
	tap_ok(!fake_net.up[0]);
}

static void ip_configuration(void)
{
	struct net_addr a;
	unsigned int i;

	start(4096);
	for (i = 0; i < VM_SESSIONS; i++) {
		net_addresses(i, &a);
		tap_is(run_u32(MBIM_CID_IP_CONFIGURATION, MBIM_QUERY, i),
		       MBIM_STATUS_CONTEXT_NOT_ACTIVATED);

		tap_is(connect_session(i, 1, 1, "internet"), 0);
		tap_is(run_u32(MBIM_CID_IP_CONFIGURATION, MBIM_QUERY, i), 0);
		tap_is(h->len, 76);
		tap_is(u32(0), i);
		tap_is(u32(4), 0xf);
		tap_is(u32(8), 0);
		tap_is(u32(12), 1);
		tap_is(u32(u32(16)), 30);
		tap_ok(!memcmp(h->info + u32(16) + 4, a.v4, 4));
		tap_is(u32(20), 0);
		tap_is(u32(24), 0);
		tap_ok(!memcmp(h->info + u32(28), a.v4_gw, 4));
		tap_is(u32(32), 0);
		tap_is(u32(36), 1);
		tap_ok(!memcmp(h->info + u32(40), a.v4_dns, 4));
		tap_is(u32(44), 0);
		tap_is(u32(48), 0);
		tap_is(u32(52), 1500);
		tap_is(u32(56), 0);
		tap_is(connect_session(i, 0, 0, NULL), 0);

		tap_is(connect_session(i, 1, 2, "internet"), 0);
		tap_is(run_u32(MBIM_CID_IP_CONFIGURATION, MBIM_QUERY, i), 0);
		tap_is(h->len, 112);
		tap_is(u32(4), 0);
		tap_is(u32(8), 0xf);
		tap_is(u32(12), 0);
		tap_is(u32(20), 1);
		tap_is(u32(u32(24)), 64);
		tap_ok(!memcmp(h->info + u32(24) + 4, a.v6, 16));
		tap_is(u32(28), 0);
		tap_ok(!memcmp(h->info + u32(32), a.v6_gw, 16));
		tap_is(u32(36), 0);
		tap_is(u32(44), 1);
		tap_ok(!memcmp(h->info + u32(48), a.v6_dns, 16));
		tap_is(u32(52), 0);
		tap_is(u32(56), 1500);
		tap_is(connect_session(i, 0, 0, NULL), 0);

		tap_is(connect_session(i, 1, 3, "internet"), 0);
		tap_is(run_u32(MBIM_CID_IP_CONFIGURATION, MBIM_QUERY, i), 0);
		tap_is(h->len, 128);
		tap_ok(!memcmp(h->info + u32(16) + 4, a.v4, 4));
		tap_ok(!memcmp(h->info + u32(40), a.v4_dns, 4));
		tap_ok(!memcmp(h->info + u32(24) + 4, a.v6, 16));
		tap_ok(!memcmp(h->info + u32(32), a.v6_gw, 16));
		tap_ok(!memcmp(h->info + u32(48), a.v6_dns, 16));
	}
	tap_is(run_u32(MBIM_CID_IP_CONFIGURATION, MBIM_QUERY, 8),
	       MBIM_STATUS_INVALID_PARAMETERS);
}

static void statistics(void)
{
	start(4096);
	fake_net.counts[0] = (struct net_counts){ 1, 100, 2, 200 };
	fake_net.counts[7] = (struct net_counts){ 10, 1ULL << 40, 20, 5 };
	tap_is(query(BC, MBIM_CID_PACKET_STATISTICS), 0);
	tap_is(h->len, 48);
	tap_is(u64(0), 0);
	tap_is(u64(8), 205);
	tap_is(u64(16), 22);
	tap_is(u64(24), 100 + (1ULL << 40));
	tap_is(u64(32), 11);
	tap_is(u64(40), 0);
}

static void provisioned(void)
{
	start(4096);
	tap_is(query(BC, MBIM_CID_PROVISIONED_CONTEXTS), 0);
	tap_is(u32(0), 1);
	tap_is(u32(u32(4)), 1);
	tap_ok(!memcmp(h->info + u32(4) + 4, mbim_uuid_internet, 16));
	tap_str(str(u32(4), u32(4) + 20), "internet");
}

/* ---- SMS and extensions ------------------------------------------------ */

static void sms_store(void)
{
	uint8_t info[12] = { 0 };

	start(4096);
	tap_is(query(SMS, MBIM_CID_SMS_CONFIGURATION), 0);
	tap_is(u32(0), 1);
	tap_is(u32(4), 0);
	tap_is(u32(8), 100);
	tap_str(str(0, 16), "+10005550199");
	tap_is(run(SMS, MBIM_CID_SMS_CONFIGURATION, MBIM_SET, info, 12), 0);
	info[0] = 1;
	tap_is(run(SMS, MBIM_CID_SMS_CONFIGURATION, MBIM_SET, info, 12),
	       MBIM_STATUS_SMS_FORMAT_NOT_SUPPORTED);
	tap_is(run(SMS, MBIM_CID_SMS_READ, MBIM_QUERY, info, 12),
	       MBIM_STATUS_SMS_FORMAT_NOT_SUPPORTED);
	info[0] = 0;
	tap_is(run(SMS, MBIM_CID_SMS_READ, MBIM_QUERY, info, 12), 0);
	tap_is(h->len, 8);
	tap_is(u32(4), 0);
	tap_is(run(SMS, MBIM_CID_SMS_DELETE, MBIM_SET, info, 8), 0);
	tap_is(h->len, 0);
	info[4] = SMS_FLAG_INDEX;
	tap_is(run(SMS, MBIM_CID_SMS_READ, MBIM_QUERY, info, 12),
	       MBIM_STATUS_INVALID_MEMORY_INDEX);
	info[4] = 6;
	tap_is(run(SMS, MBIM_CID_SMS_READ, MBIM_QUERY, info, 12),
	       MBIM_STATUS_INVALID_PARAMETERS);
	info[0] = SMS_FLAG_INDEX;
	tap_is(run(SMS, MBIM_CID_SMS_DELETE, MBIM_SET, info, 8),
	       MBIM_STATUS_INVALID_MEMORY_INDEX);
	tap_is(query(SMS, MBIM_CID_SMS_STORE_STATUS), 0);
	tap_is(u64(0), 0);
	fake_ctl("sim absent");
	fake_forget(ch);
	tap_is(query(SMS, MBIM_CID_SMS_STORE_STATUS),
	       MBIM_STATUS_SIM_NOT_INSERTED);
	tap_is(query(SMS, MBIM_CID_SMS_CONFIGURATION),
	       MBIM_STATUS_SIM_NOT_INSERTED);
}

static void extension_commands(void)
{
	uint8_t info[4] = { 0 };

	start(4096);
	tap_is(query(EXT, MBIM_CID_EXT_SYS_CAPS), 0);
	tap_is(h->len, 20);
	tap_is(u32(4), 1);
	tap_is(query(EXT, MBIM_CID_EXT_SLOT_MAPPINGS), 0);
	tap_is(u32(0), 1);
	tap_is(u32(u32(4)), 0);
	tap_is(run(EXT, MBIM_CID_EXT_SLOT_INFO, MBIM_QUERY, info, 4), 0);
	tap_is(u32(4), 5);
	info[0] = 1;
	tap_is(run(EXT, MBIM_CID_EXT_SLOT_INFO, MBIM_QUERY, info, 4),
	       MBIM_STATUS_INVALID_PARAMETERS);
	tap_is(query(EXT, MBIM_CID_EXT_LTE_ATTACH_CONFIG), 0);
	tap_is(u32(0), 3);
	tap_str(str(u32(20), u32(20) + 12), "internet");
	tap_is(query(EXT, MBIM_CID_EXT_LTE_ATTACH_STATUS), 0);
	tap_is(u32(0), 1);
	tap_str(str(0, 8), "internet");
	tap_is(query(EXT, MBIM_CID_EXT_LOCATION_INFO), 0);
	tap_is(h->len, 12);
	fake_ctl("registration denied");
	fake_forget(ch);
	tap_is(query(EXT, MBIM_CID_EXT_LOCATION_INFO),
	       MBIM_STATUS_NOT_REGISTERED);
	tap_is(query(EXT, MBIM_CID_EXT_LTE_ATTACH_STATUS), 0);
	tap_is(u32(0), 0);
}

/* ---- changes ----------------------------------------------------------- */

static void signal_indications(void)
{
	uint8_t info[12] = { 0 };

	start(4096);
	tap_ok(fake_ctl("signal 10"));
	expect_indication(BC, MBIM_CID_SIGNAL_STATE);
	tap_is(u32(0), 10);
	tap_ok(fake_ctl("signal 10"));
	expect_silence();
	tap_ok(!fake_ctl("signal 32"));
	tap_ok(!fake_ctl("signal"));
	tap_ok(!fake_ctl("signal -1"));
	tap_ok(fake_ctl("signal 99"));
	expect_indication(BC, MBIM_CID_SIGNAL_STATE);
	tap_is(u32(0), 99);
	fake_ctl("signal 10");
	fake_forget(ch);
	/* Steps of five from the last reported value */
	put_le32(info + 4, 5);
	tap_is(run(BC, MBIM_CID_SIGNAL_STATE, MBIM_SET, info, 12), 0);
	fake_ctl("signal 13");
	fake_ctl("signal 14");
	expect_silence();
	fake_ctl("signal 15");
	expect_indication(BC, MBIM_CID_SIGNAL_STATE);
	fake_ctl("signal 11");
	expect_silence();
	fake_ctl("signal 10");
	expect_indication(BC, MBIM_CID_SIGNAL_STATE);
	put_le32(info + 4, 0xffffffff);
	tap_is(run(BC, MBIM_CID_SIGNAL_STATE, MBIM_SET, info, 12), 0);
	fake_ctl("signal 31");
	expect_silence();
}

static void registration_changes(void)
{
	start(4096);
	tap_is(connect_session(1, 1, 1, "internet"), 0);
	tap_ok(fake_ctl("registration roaming"));
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	tap_is(u32(4), 4);
	tap_str(str(0, 20), CELL_ROAM_PLMN);
	tap_str(str(0, 36), "roaming");
	expect_indication(BC, MBIM_CID_PACKET_SERVICE);
	tap_is(u32(4), 2);
	expect_indication(EXT, MBIM_CID_EXT_LTE_ATTACH_STATUS);
	expect_silence();
	tap_ok(fake_net.up[1]);

	tap_ok(fake_ctl("registration searching"));
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	tap_is(u32(4), 2);
	tap_is(u32(12), 0);
	tap_str(str(0, 20), "");
	expect_indication(BC, MBIM_CID_PACKET_SERVICE);
	tap_is(u32(4), 4);
	expect_indication(EXT, MBIM_CID_EXT_LTE_ATTACH_STATUS);
	expect_indication(BC, MBIM_CID_CONNECT);
	tap_is(u32(0), 1);
	tap_is(u32(4), DEACTIVATED);
	tap_is(u32(32), NW_ERROR_NETWORK_FAILURE);
	expect_silence();
	tap_ok(!fake_net.up[1]);
	tap_is(connect_session(1, 1, 1, "internet"),
	       MBIM_STATUS_NOT_REGISTERED);
	tap_is(run_u32(MBIM_CID_PACKET_SERVICE, MBIM_SET, 0),
	       MBIM_STATUS_NOT_REGISTERED);

	tap_ok(fake_ctl("registration denied"));
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	tap_is(u32(0), NW_ERROR_PLMN_NOT_ALLOWED);
	tap_is(u32(4), 6);
	fake_forget(ch);
	tap_ok(fake_ctl("registration home"));
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	tap_is(u32(4), 3);
	fake_forget(ch);
	tap_is(connect_session(1, 1, 1, "internet"), 0);
	tap_ok(!fake_ctl("registration away"));
	tap_ok(!fake_ctl("registration"));
	expect_silence();
}

static void radio_changes(void)
{
	start(4096);
	tap_is(connect_session(0, 1, 1, "internet"), 0);
	/* By the host: the response precedes the indications */
	tap_is(run_u32(MBIM_CID_RADIO_STATE, MBIM_SET, 0), 0);
	tap_is(u32(4), 0);
	expect_indication(BC, MBIM_CID_RADIO_STATE);
	tap_is(u32(4), 0);
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	tap_is(u32(4), 1);
	expect_indication(BC, MBIM_CID_PACKET_SERVICE);
	expect_indication(BC, MBIM_CID_SIGNAL_STATE);
	tap_is(u32(0), 99);
	expect_indication(EXT, MBIM_CID_EXT_LTE_ATTACH_STATUS);
	expect_indication(BC, MBIM_CID_CONNECT);
	expect_silence();
	tap_is(connect_session(0, 1, 1, "internet"),
	       MBIM_STATUS_RADIO_POWER_OFF);
	tap_is(run_u32(MBIM_CID_VISIBLE_PROVIDERS, MBIM_QUERY, 0),
	       MBIM_STATUS_RADIO_POWER_OFF);
	tap_is(run_u32(MBIM_CID_RADIO_STATE, MBIM_SET, 2),
	       MBIM_STATUS_INVALID_PARAMETERS);
	/* By the control socket */
	tap_ok(fake_ctl("radio on"));
	expect_indication(BC, MBIM_CID_RADIO_STATE);
	tap_is(u32(4), 1);
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	tap_is(u32(4), 3);
	fake_forget(ch);
	tap_is(connect_session(0, 1, 1, "internet"), 0);
	tap_ok(!fake_ctl("radio loud"));
}

static void fcc_lock(void)
{
	start(4096);
	tap_ok(fake_ctl("fcc lock"));
	fake_forget(ch);
	tap_is(run_u32(MBIM_CID_RADIO_STATE, MBIM_SET, 1),
	       MBIM_STATUS_OPERATION_NOT_ALLOWED);
	tap_ok(!fake_ctl("radio on"));
	tap_is(run_u32(MBIM_CID_RADIO_STATE, MBIM_SET, 0), 0);
	tap_is(u32(4), 0);
	tap_ok(fake_ctl("fcc unlock"));
	tap_is(run_u32(MBIM_CID_RADIO_STATE, MBIM_SET, 1), 0);
	tap_is(u32(4), 1);
	tap_ok(!fake_ctl("fcc"));
}

static void cell_commands(void)
{
	start(4096);
	tap_str(fake_ask("cell"), "sim ready\npin-tries 3\npuk-tries 10\n"
		"radio on\nregistration home\nsignal 20\n");
	fake_ctl("sim puk");
	fake_ctl("signal 7");
	tap_str(fake_ask("cell"), "sim puk\npin-tries 0\npuk-tries 10\n"
		"radio on\nregistration off\nsignal 7\n");
	fake_ctl("sim ready");
	fake_ctl("radio off");
	tap_str(fake_ask("cell"), "sim ready\npin-tries 3\npuk-tries 10\n"
		"radio off\nregistration off\nsignal 99\n");
	tap_ok(!fake_ctl("cell 1"));
	fake_forget(ch);
}

static void sim_changes(void)
{
	start(4096);
	tap_is(connect_session(0, 1, 1, "internet"), 0);
	tap_ok(fake_ctl("sim absent"));
	expect_indication(BC, MBIM_CID_SUBSCRIBER_READY);
	tap_is(u32(0), 2);
	tap_str(str(0, 4), "");
	tap_str(str(0, 12), "");
	tap_is(u32(24), 0);
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	expect_indication(BC, MBIM_CID_PACKET_SERVICE);
	expect_indication(EXT, MBIM_CID_EXT_LTE_ATTACH_STATUS);
	expect_indication(EXT, MBIM_CID_EXT_SLOT_INFO);
	tap_is(u32(4), 3);
	expect_indication(BC, MBIM_CID_CONNECT);
	expect_silence();
	tap_is(connect_session(0, 1, 1, "internet"),
	       MBIM_STATUS_SIM_NOT_INSERTED);
	tap_is(query(BC, MBIM_CID_PIN), MBIM_STATUS_SIM_NOT_INSERTED);
	tap_is(query(BC, MBIM_CID_PIN_LIST), MBIM_STATUS_SIM_NOT_INSERTED);
	tap_is(query(BC, MBIM_CID_HOME_PROVIDER),
	       MBIM_STATUS_SIM_NOT_INSERTED);
	tap_ok(fake_ctl("sim blocked"));
	expect_indication(BC, MBIM_CID_SUBSCRIBER_READY);
	tap_is(u32(0), 3);
	expect_indication(EXT, MBIM_CID_EXT_SLOT_INFO);
	tap_is(u32(4), 5);
	expect_silence();
	tap_is(query(BC, MBIM_CID_HOME_PROVIDER), MBIM_STATUS_BAD_SIM);
}

static long pin(uint32_t type, uint32_t op, const char *old, const char *new)
{
	uint8_t info[128] = { 0 };
	size_t at = 24, i;

	put_le32(info, type);
	put_le32(info + 4, op);
	put_le32(info + 8, at);
	put_le32(info + 12, 2 * strlen(old));
	for (i = 0; old[i]; i++, at += 2)
		put_le16(info + at, old[i]);
	put_le32(info + 16, at);
	put_le32(info + 20, 2 * strlen(new));
	for (i = 0; new[i]; i++, at += 2)
		put_le16(info + at, new[i]);
	return run(BC, MBIM_CID_PIN, MBIM_SET, info, at);
}

static void expect_pin(uint32_t type, uint32_t locked, uint32_t tries)
{
	tap_is(h->len, 12);
	tap_is(u32(0), type);
	tap_is(u32(4), locked);
	tap_is(u32(8), tries);
}

static void pin_entry(void)
{
	unsigned int i;

	start(4096);
	tap_is(query(BC, MBIM_CID_PIN), 0);
	expect_pin(PIN_TYPE_PIN1, 0, 3);
	tap_is(pin(PIN_TYPE_PIN1, PIN_ENTER, CELL_PIN, ""),
	       MBIM_STATUS_OPERATION_NOT_ALLOWED);
	tap_ok(fake_ctl("sim pin"));
	expect_indication(BC, MBIM_CID_SUBSCRIBER_READY);
	tap_is(u32(0), 6);
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	expect_indication(BC, MBIM_CID_PACKET_SERVICE);
	expect_indication(EXT, MBIM_CID_EXT_LTE_ATTACH_STATUS);
	/* The state of the slot is unchanged. */
	expect_silence();
	tap_is(query(BC, MBIM_CID_PIN), 0);
	expect_pin(PIN_TYPE_PIN1, 1, 3);
	tap_is(connect_session(0, 1, 1, "internet"), MBIM_STATUS_PIN_REQUIRED);
	tap_is(pin(PIN_TYPE_PIN1, PIN_ENTER, "0000", ""), MBIM_STATUS_FAILURE);
	expect_pin(PIN_TYPE_PIN1, 1, 2);
	expect_silence();
	tap_is(pin(PIN_TYPE_PIN1, PIN_ENTER, CELL_PIN, ""), 0);
	expect_pin(PIN_TYPE_PIN1, 0, 3);
	expect_indication(BC, MBIM_CID_SUBSCRIBER_READY);
	tap_is(u32(0), 1);
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	tap_is(u32(4), 3);
	fake_forget(ch);

	/* Three wrong PINs, then the PUK sets a new PIN. */
	fake_ctl("sim pin");
	fake_forget(ch);
	for (i = 0; i < 3; i++)
		tap_is(pin(PIN_TYPE_PIN1, PIN_ENTER, "9999", ""),
		       MBIM_STATUS_FAILURE);
	expect_pin(PIN_TYPE_PUK1, 1, 10);
	fake_forget(ch);
	tap_is(pin(PIN_TYPE_PIN1, PIN_ENTER, CELL_PIN, ""),
	       MBIM_STATUS_OPERATION_NOT_ALLOWED);
	tap_is(pin(PIN_TYPE_PUK1, PIN_ENTER, "11111111", "4321"),
	       MBIM_STATUS_FAILURE);
	expect_pin(PIN_TYPE_PUK1, 1, 9);
	tap_is(pin(PIN_TYPE_PUK1, PIN_ENTER, CELL_PUK, "12"),
	       MBIM_STATUS_OPERATION_NOT_ALLOWED);
	tap_is(pin(PIN_TYPE_PUK1, PIN_ENTER, CELL_PUK, "4321"), 0);
	expect_pin(PIN_TYPE_PIN1, 0, 3);
	fake_forget(ch);

	/* The PIN is required now: change it, then disable it. */
	tap_is(query(BC, MBIM_CID_PIN_LIST), 0);
	tap_is(u32(0), 1);
	tap_is(pin(PIN_TYPE_PIN1, PIN_CHANGE, "4321", "2468"), 0);
	tap_is(pin(PIN_TYPE_PIN1, PIN_CHANGE, "4321", "2468"),
	       MBIM_STATUS_FAILURE);
	expect_pin(PIN_TYPE_PIN1, 0, 2);
	tap_is(pin(PIN_TYPE_PIN1, PIN_DISABLE, "2468", ""), 0);
	tap_is(query(BC, MBIM_CID_PIN_LIST), 0);
	tap_is(u32(0), 2);
	tap_is(pin(PIN_TYPE_PIN1, PIN_CHANGE, "2468", "1111"),
	       MBIM_STATUS_OPERATION_NOT_ALLOWED);
	tap_is(pin(PIN_TYPE_PIN1, PIN_ENABLE, "2468", ""), 0);

	/* Ten wrong PUKs block the card. */
	fake_ctl("sim puk");
	fake_forget(ch);
	for (i = 0; i < 10; i++)
		tap_is(pin(PIN_TYPE_PUK1, PIN_ENTER, "11111111", "4321"),
		       MBIM_STATUS_FAILURE);
	fake_forget(ch);
	tap_is(pin(PIN_TYPE_PUK1, PIN_ENTER, CELL_PUK, "4321"),
	       MBIM_STATUS_BAD_SIM);

	fake_ctl("sim ready");
	fake_forget(ch);
	tap_is(pin(3, PIN_ENTER, "1234", ""), MBIM_STATUS_NO_DEVICE_SUPPORT);
	tap_is(pin(PIN_TYPE_PIN1, 4, "1234", ""),
	       MBIM_STATUS_INVALID_PARAMETERS);
	tap_is(pin(PIN_TYPE_PIN1, PIN_ENTER, "12345678901234567", ""),
	       MBIM_STATUS_PARAMETER_TOO_LONG);
	expect_silence();
}

static void network_disconnects(void)
{
	start(4096);
	tap_ok(!fake_ctl("network-disconnect 4"));
	tap_ok(!fake_ctl("network-disconnect 8"));
	tap_ok(!fake_ctl("network-disconnect"));
	tap_is(connect_session(4, 1, 1, "internet"), 0);
	tap_ok(fake_ctl("network-disconnect 4"));
	expect_indication(BC, MBIM_CID_CONNECT);
	tap_is(h->len, 36);
	tap_is(u32(0), 4);
	tap_is(u32(4), DEACTIVATED);
	tap_is(u32(32), NW_ERROR_NETWORK_FAILURE);
	tap_ok(!fake_net.up[4]);
	tap_is(connect_session(4, 0, 1, NULL),
	       MBIM_STATUS_CONTEXT_NOT_ACTIVATED);
	tap_is(connect_session(4, 1, 1, "internet"), 0);
	expect_silence();
}

static void subscriptions(void)
{
	uint8_t info[128] = { 0 };
	size_t i;

	start(4096);
	/* One service with two CIDs, one of them without indication */
	put_le32(info, 2);
	put_le32(info + 4, 20);
	put_le32(info + 8, 28);
	put_le32(info + 12, 48);
	put_le32(info + 16, 24);
	memcpy(info + 20, mbim_uuid[BC], 16);
	put_le32(info + 36, 2);
	put_le32(info + 40, MBIM_CID_CONNECT);
	put_le32(info + 44, MBIM_CID_DEVICE_CAPS);
	memset(info + 48, 0x55, 16);		/* an unknown service */
	put_le32(info + 64, 1);
	put_le32(info + 68, 1);
	tap_is(run(BC, MBIM_CID_SUBSCRIBE_LIST, MBIM_SET, info, 72), 0);
	tap_is(u32(0), 1);
	tap_is(u32(4), 12);
	tap_is(u32(8), 24);
	tap_ok(!memcmp(h->info + 12, mbim_uuid[BC], 16));
	tap_is(u32(28), 1);
	tap_is(u32(32), MBIM_CID_CONNECT);
	fake_ctl("signal 3");
	fake_ctl("registration roaming");
	expect_silence();
	tap_is(connect_session(0, 1, 1, "internet"), 0);
	tap_ok(fake_ctl("network-disconnect 0"));
	expect_indication(BC, MBIM_CID_CONNECT);
	/* Every truncation is rejected without any change. */
	for (i = 0; i < 72; i++)
		tap_is(run(BC, MBIM_CID_SUBSCRIBE_LIST, MBIM_SET, info, i),
		       MBIM_STATUS_INVALID_PARAMETERS);
	put_le32(info, 0xffffffff);
	tap_is(run(BC, MBIM_CID_SUBSCRIBE_LIST, MBIM_SET, info, 72),
	       MBIM_STATUS_INVALID_PARAMETERS);
	put_le32(info, 1);
	put_le32(info + 36, 0x40000001);
	tap_is(run(BC, MBIM_CID_SUBSCRIBE_LIST, MBIM_SET, info, 72),
	       MBIM_STATUS_INVALID_PARAMETERS);
	/* An entry whose end overflows */
	put_le32(info + 8, 0xffffffec);
	put_le32(info + 36, 0x3ffffff0);
	tap_is(run(BC, MBIM_CID_SUBSCRIBE_LIST, MBIM_SET, info, 72),
	       MBIM_STATUS_INVALID_PARAMETERS);
	put_le32(info + 8, 28);
	fake_ctl("signal 4");
	expect_silence();
	/* No CIDs: all CIDs of the service */
	put_le32(info + 36, 0);
	tap_is(run(BC, MBIM_CID_SUBSCRIBE_LIST, MBIM_SET, info, 48), 0);
	fake_ctl("signal 5");
	expect_indication(BC, MBIM_CID_SIGNAL_STATE);
	fake_ctl("registration home");
	expect_indication(BC, MBIM_CID_REGISTER_STATE);
	expect_indication(BC, MBIM_CID_PACKET_SERVICE);
	expect_silence();
	/* An empty list: no indications */
	put_le32(info, 0);
	tap_is(run(BC, MBIM_CID_SUBSCRIBE_LIST, MBIM_SET, info, 4), 0);
	tap_is(u32(0), 0);
	tap_is(connect_session(0, 1, 1, "internet"), 0);
	fake_ctl("radio off");
	expect_silence();
	tap_ok(!fake_net.up[0]);
	/* OPEN restores the default. */
	start(4096);
	fake_ctl("signal 6");
	expect_indication(BC, MBIM_CID_SIGNAL_STATE);
}

static void no_indications_while_closed(void)
{
	start(4096);
	send_msg(MBIM_CLOSE, ++tid, NULL, 0);
	tap_ok(hear());
	fake_ctl("signal 1");
	fake_ctl("registration searching");
	fake_ctl("sim pin");
	expect_silence();
	fake_close(ch);
	fake_ctl("sim ready");
	fake_ctl("registration home");
	tap_is(fake_stat("mbim.queued"), 0);
	tap_is(fake_stat("mbim.indications"), 0);
}

/* ---- random input ------------------------------------------------------- */

static uint32_t rnd_state = 7560;

static uint32_t rnd(uint32_t below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 17;
	rnd_state ^= rnd_state << 5;
	return rnd_state % below;
}

static void random_messages(void)
{
	uint8_t msg[600], info[256];
	unsigned int round, k;

	start(4096);
	for (round = 0; round < 100000; round++) {
		unsigned int service = rnd(MBIM_SERVICES);
		unsigned int nr = rnd(services[service].count);
		const struct cid *c = &services[service].cids[nr];
		size_t len = rnd(sizeof(info));

		for (k = 0; k < len; k++)
			info[k] = rnd(4) ? 0 : rnd(256);
		if (c->cid == MBIM_CID_CONNECT && rnd(2))
			len = make_connect(info, rnd(9), rnd(2), rnd(5), "a");
		put_le32(msg, MBIM_COMMAND);
		put_le32(msg + 8, rnd(3));
		put_le32(msg + 12, 1 + !rnd(4));
		put_le32(msg + 16, rnd(8) ? 0 : 1);
		len = 20 + make_command(msg + 20, mbim_uuid[service], c->cid,
					rnd(2), info, len);
		if (!rnd(8))
			len = rnd(len + 1);
		put_le32(msg + 4, rnd(50) ? len : rnd(700));
		if (!rnd(4))
			msg[rnd(48)] = rnd(256);
		fake_rx(ch, msg, len);
		if (!rnd(100))
			fake_sleep(rnd(3000000));
		ch->capacity = rnd(20) ? 4096 : 16 + rnd(100);
		ch->buffers = 100 * !!rnd(10);
		if (ch->sent - ch->taken > 100)
			fake_forget(ch);
		if (!rnd(1000)) {
			fake_forget(ch);
			start(64 + rnd(5000));
		}
	}
	start(4096);
	tap_is(query(BC, MBIM_CID_DEVICE_CAPS), 0);
}

int main(void)
{
	if (mbim_create(&fake_vm, &fake_net))
		return 1;
	TAP_RUN(open_and_close);
	TAP_RUN(closing_ends_contexts);
	TAP_RUN(port_may_close_between);
	TAP_RUN(reset_closes);
	TAP_RUN(bad_headers);
	TAP_RUN(truncated_commands);
	TAP_RUN(unknown_commands);
	TAP_RUN(all_commands_all_lengths);
	TAP_RUN(commands_in_fragments);
	TAP_RUN(fragments_out_of_order);
	TAP_RUN(fragments_of_two_messages);
	TAP_RUN(fragment_timeouts);
	TAP_RUN(fragment_sizes);
	TAP_RUN(answers_in_fragments);
	TAP_RUN(answers_wait_for_buffers);
	TAP_RUN(a_host_that_does_not_read);
	TAP_RUN(device_commands);
	TAP_RUN(device_services);
	TAP_RUN(network_commands);
	TAP_RUN(packet_service);
	TAP_RUN(connect_and_disconnect);
	TAP_RUN(bad_strings);
	TAP_RUN(ip_configuration);
	TAP_RUN(statistics);
	TAP_RUN(provisioned);
	TAP_RUN(sms_store);
	TAP_RUN(extension_commands);
	TAP_RUN(signal_indications);
	TAP_RUN(registration_changes);
	TAP_RUN(radio_changes);
	TAP_RUN(fcc_lock);
	TAP_RUN(cell_commands);
	TAP_RUN(sim_changes);
	TAP_RUN(pin_entry);
	TAP_RUN(network_disconnects);
	TAP_RUN(subscriptions);
	TAP_RUN(no_indications_while_closed);
	TAP_RUN(random_messages);
	return tap_end();
}
