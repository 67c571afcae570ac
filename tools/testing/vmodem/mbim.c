// SPDX-License-Identifier: GPL-2.0-only
/*
 * MBIM messages: open and close, fragments in both directions, the queue to the
 * host, protocol errors. The commands are in mbim_cid.c.
 *
 * One TD is one message, or one fragment of a message. The state "open" belongs
 * to the function, not to the channel: a host may close the port and continue
 * later without another MBIM_OPEN (mbimcli --no-close, --no-open). Pending
 * messages are lost when the channel closes. A reset of the modem closes the
 * function.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "loop.h"
#include "mbim.h"

struct msg {
	struct msg *next;
	uint32_t type;
	uint32_t tid;
	uint32_t total;		/* fragments; 0: nothing sent yet */
	uint32_t current;	/* next fragment to send */
	size_t piece;		/* body bytes per fragment */
	size_t len;
	uint8_t body[];		/* what follows header and fragment header */
};

struct counts {
	uint64_t rx_messages;	/* complete messages */
	uint64_t rx_fragments;	/* TDs that were part of a larger message */
	uint64_t tx_messages;
	uint64_t tx_fragments;
	uint64_t indications;
	uint64_t errors;	/* FUNCTION_ERROR sent */
	uint64_t host_errors;	/* HOST_ERROR received */
	uint64_t dropped;	/* could not be queued or sent */
};

struct mbim {
	struct vm *vm;
	struct vm_chan *ch;	/* NULL while the channel is closed */
	struct mbim_svc *svc;
	bool opened;
	uint32_t max_transfer;	/* as negotiated by MBIM_OPEN */

	/* A command that is reassembled from fragments */
	struct {
		bool active;
		uint32_t tid;
		uint32_t total;
		uint32_t next;
		size_t len;
		struct loop_timer timer;
		uint8_t body[MBIM_MAX_MESSAGE];
	} in;
	/* The last aborted command: further fragments are not reported again */
	bool given_up;
	uint32_t given_up_tid;

	struct msg *head;
	struct msg **tail;
	unsigned int queued;
	size_t queued_bytes;
	struct counts n;
	uint8_t tx[MBIM_MAX_TRANSFER];
};

static bool has_fragments(uint32_t type)
{
	return type == MBIM_COMMAND_DONE || type == MBIM_INDICATE_STATUS;
}

/* ---- to the host ------------------------------------------------------- */

/* Remove the message that @p points at from the queue. */
static void unqueue(struct mbim *m, struct msg **p)
{
	struct msg *msg = *p;

	*p = msg->next;
	if (m->tail == &msg->next)
		m->tail = p;
	m->queued--;
	m->queued_bytes -= msg->len;
	free(msg);
}

/* Send until the DL buffers are used up. */
static void pump(struct mbim *m)
{
	while (m->head && m->ch) {
		struct msg *msg = m->head;
		size_t header = MBIM_HEADER;
		size_t off = 0, n = msg->len;
		size_t max = vm_chan_room(m->ch);
		int ret;

		if (!max)
			return;
		if (max > m->max_transfer)
			max = m->max_transfer;
		if (has_fragments(msg->type)) {
			header = MBIM_FRAG_HEADER;
			if (!msg->total && max > header) {
				/*
				 * Respect the size of the next buffer: it may
				 * be smaller than negotiated.
				 */
				msg->piece = max - header;
				msg->total = (msg->len + msg->piece - 1) /
					     msg->piece;
			}
			off = msg->current * msg->piece;
			n = msg->len - off;
			if (n > msg->piece)
				n = msg->piece;
			put_le32(m->tx + 12, msg->total);
			put_le32(m->tx + 16, msg->current);
		}
		put_le32(m->tx, msg->type);
		put_le32(m->tx + 4, header + n);
		put_le32(m->tx + 8, msg->tid);
		memcpy(m->tx + header, msg->body + off, n);
		ret = n ? vm_chan_send(m->ch, m->tx, header + n) : -EMSGSIZE;
		if (ret == -EAGAIN || ret == -ENOTCONN)
			return;
		if (ret) {
			vm_debug(m->vm, "mbim: message 0x%x of %zu bytes dropped, room %zu: %s",
				 msg->type, header + n, max, strerror(-ret));
			m->n.dropped++;
			unqueue(m, &m->head);
			continue;
		}
		if (msg->total > 1)
			m->n.tx_fragments++;
		if (++msg->current >= msg->total) {
			m->n.tx_messages++;
			unqueue(m, &m->head);
		}
	}
}

/* If the host does not read, drop indications first, then responses. */
static bool make_space(struct mbim *m, uint32_t type, size_t len)
{
	struct msg **p = &m->head;

	while (m->queued >= MBIM_MAX_QUEUED ||
	       m->queued_bytes + len > MBIM_MAX_QUEUED_BYTES) {
		if (type == MBIM_INDICATE_STATUS)
			return false;
		while (*p && ((*p)->type != MBIM_INDICATE_STATUS ||
			      (*p)->current))
			p = &(*p)->next;
		if (!*p)
			return false;
		unqueue(m, p);
		m->n.dropped++;
	}
	return true;
}

static void queue(struct mbim *m, uint32_t type, uint32_t tid,
		  const struct mbim_wr *body)
{
	struct msg *msg = NULL;

	if (!body->bad && make_space(m, type, body->len))
		msg = malloc(sizeof(*msg) + body->len);
	if (!msg) {
		m->n.dropped++;
		vm_debug(m->vm, "mbim: message 0x%x dropped, %u are queued",
			 type, m->queued);
		return;
	}
	memset(msg, 0, sizeof(*msg));
	msg->type = type;
	msg->tid = tid;
	msg->len = body->len;
	memcpy(msg->body, body->data, body->len);
	*m->tail = msg;
	m->tail = &msg->next;
	m->queued++;
	m->queued_bytes += msg->len;
	pump(m);
}

/* OPEN_DONE, CLOSE_DONE and FUNCTION_ERROR: a single number */
static void send_code(struct mbim *m, uint32_t type, uint32_t tid,
		      uint32_t code)
{
	struct mbim_wr body = { 0 };

	mbim_wr_u32(&body, code);
	queue(m, type, tid, &body);
	mbim_wr_free(&body);
}

static void send_error(struct mbim *m, uint32_t tid, uint32_t error)
{
	vm_debug(m->vm, "mbim: error %u, transaction %u", error, tid);
	m->n.errors++;
	send_code(m, MBIM_FUNCTION_ERROR, tid, error);
}

static void send_done(struct mbim *m, uint32_t tid, const uint8_t *uuid,
		      uint32_t cid, uint32_t status,
		      const struct mbim_wr *info)
{
	struct mbim_wr body = { 0 };

	mbim_wr_bytes(&body, uuid, 16);
	mbim_wr_u32(&body, cid);
	mbim_wr_u32(&body, status);
	mbim_wr_u32(&body, info->len);
	mbim_wr_bytes(&body, info->data, info->len);
	queue(m, MBIM_COMMAND_DONE, tid, &body);
	mbim_wr_free(&body);
}

void mbim_indicate(struct mbim *m, enum mbim_service service, uint32_t cid,
		   const struct mbim_wr *info)
{
	struct mbim_wr body = { 0 };

	if (!m->opened || !m->ch || info->bad)
		return;
	mbim_wr_bytes(&body, mbim_uuid[service], 16);
	mbim_wr_u32(&body, cid);
	mbim_wr_u32(&body, info->len);
	mbim_wr_bytes(&body, info->data, info->len);
	m->n.indications++;
	queue(m, MBIM_INDICATE_STATUS, 0, &body);
	mbim_wr_free(&body);
}

/* ---- from the host ----------------------------------------------------- */

static void drop_input(struct mbim *m)
{
	m->in.active = false;
	loop_timer_cancel(&m->in.timer);
}

static void drop_output(struct mbim *m)
{
	while (m->head)
		unqueue(m, &m->head);
}

/* Abort the current command and report the reason. */
static void give_up(struct mbim *m, uint32_t error)
{
	drop_input(m);
	m->given_up = true;
	m->given_up_tid = m->in.tid;
	send_error(m, m->in.tid, error);
}

/* This TD is invalid; abort the command that it belongs to, if any. */
static void reject(struct mbim *m, uint32_t tid, uint32_t error)
{
	if (m->in.active && m->in.tid == tid)
		give_up(m, error);
	else
		send_error(m, tid, error);
}

static void fragment_timeout(struct loop_timer *t)
{
	struct mbim *m = t->priv;

	if (m->in.active)
		give_up(m, MBIM_ERROR_TIMEOUT_FRAGMENT);
}

static bool is_pending(const struct mbim *m, uint32_t tid)
{
	const struct msg *msg;

	for (msg = m->head; msg; msg = msg->next)
		if (msg->type == MBIM_COMMAND_DONE && msg->tid == tid)
			return true;
	return false;
}

/* A complete command: UUID, CID, type, length, information buffer */
static void command(struct mbim *m, uint32_t tid, const uint8_t *body,
		    size_t len)
{
	const size_t fixed = MBIM_COMMAND_HEADER - MBIM_FRAG_HEADER;
	struct mbim_wr out = { 0 };
	struct mbim_rd in = { 0 };
	uint32_t status;
	uint32_t size;

	m->n.rx_messages++;
	/* The information buffer may be padded to a multiple of four. */
	size = len >= fixed ? get_le32(body + 24) : 0;
	if (len < fixed || size > len - fixed || len - fixed - size > 3) {
		send_error(m, tid, MBIM_ERROR_LENGTH_MISMATCH);
		return;
	}
	if (is_pending(m, tid)) {
		send_error(m, tid, MBIM_ERROR_DUPLICATED_TID);
		return;
	}
	in.data = body + fixed;
	in.len = size;
	status = mbim_svc_command(m->svc, body, get_le32(body + 16),
				  get_le32(body + 20), &in, &out);
	if (out.bad) {
		status = MBIM_STATUS_MEMORY_FAILURE;
		out.len = 0;
	}
	send_done(m, tid, body, get_le32(body + 16), status, &out);
	mbim_wr_free(&out);
	mbim_svc_answered(m->svc);
}

/*
 * Process one fragment of a command (most commands have a single one). The
 * rules of the standard: the fragments of a message arrive in order, without
 * other messages in between, at most 1250 ms apart. A new message aborts an
 * incomplete one. A non-first fragment of another message is an error for both.
 */
static void fragment(struct mbim *m, uint32_t tid, const uint8_t *data,
		     size_t len)
{
	uint32_t total, current;
	size_t n;

	if (!m->opened) {
		send_error(m, tid, MBIM_ERROR_NOT_OPENED);
		return;
	}
	if (len < MBIM_FRAG_HEADER) {
		reject(m, tid, MBIM_ERROR_LENGTH_MISMATCH);
		return;
	}
	total = get_le32(data + 12);
	current = get_le32(data + 16);
	data += MBIM_FRAG_HEADER;
	n = len - MBIM_FRAG_HEADER;
	if (total > 1)
		m->n.rx_fragments++;

	if (m->in.active && m->in.tid == tid &&
	    (total != m->in.total || current != m->in.next)) {
		give_up(m, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
		return;
	}
	if (m->in.active && m->in.tid != tid)
		give_up(m, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);

	if (!m->in.active) {
		if (current && m->given_up && m->given_up_tid == tid)
			return;
		m->given_up = false;
		m->in.tid = tid;
		if (current || !total) {
			give_up(m, MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE);
			return;
		}
		if (total == 1) {
			command(m, tid, data, n);
			return;
		}
		m->in.active = true;
		m->in.total = total;
		m->in.next = 0;
		m->in.len = 0;
	}
	/* Reject empty fragments: 2^32 of them would make no progress. */
	if (!n) {
		give_up(m, MBIM_ERROR_LENGTH_MISMATCH);
		return;
	}
	if (n > sizeof(m->in.body) - m->in.len) {
		give_up(m, MBIM_ERROR_MAX_TRANSFER);
		return;
	}
	memcpy(m->in.body + m->in.len, data, n);
	m->in.len += n;
	if (++m->in.next == m->in.total) {
		drop_input(m);
		command(m, tid, m->in.body, m->in.len);
		return;
	}
	loop_timer_set(&m->in.timer, MBIM_FRAGMENT_TIMEOUT);
}

static void open_function(struct mbim *m, uint32_t tid, uint32_t max)
{
	/* A second OPEN resynchronises: it resets the function. */
	drop_input(m);
	drop_output(m);
	m->given_up = false;
	mbim_svc_reset(m->svc);
	if (max < MBIM_MIN_TRANSFER) {
		m->opened = false;
		send_error(m, tid, MBIM_ERROR_MAX_TRANSFER);
		return;
	}
	m->opened = true;
	m->max_transfer = max < MBIM_MAX_TRANSFER ? max : MBIM_MAX_TRANSFER;
	vm_debug(m->vm, "mbim: open, control transfer of %u bytes",
		 m->max_transfer);
	send_code(m, MBIM_OPEN_DONE, tid, MBIM_STATUS_SUCCESS);
}

static void close_function(struct mbim *m, uint32_t tid)
{
	if (!m->opened) {
		send_error(m, tid, MBIM_ERROR_NOT_OPENED);
		return;
	}
	drop_input(m);
	drop_output(m);
	mbim_svc_reset(m->svc);
	m->opened = false;
	vm_debug(m->vm, "mbim: closed");
	send_code(m, MBIM_CLOSE_DONE, tid, MBIM_STATUS_SUCCESS);
}

/*
 * The host aborted a message, or (CANCEL) no longer expects a response. An
 * error is never answered.
 */
static void host_error(struct mbim *m, uint32_t tid, uint32_t error)
{
	struct msg **p = &m->head;

	m->n.host_errors++;
	vm_debug(m->vm, "mbim: host error %u, transaction %u", error, tid);
	if (m->in.active && m->in.tid == tid && error == MBIM_ERROR_CANCEL)
		drop_input(m);
	while (*p) {
		if ((*p)->type == MBIM_COMMAND_DONE && (*p)->tid == tid)
			unqueue(m, p);
		else
			p = &(*p)->next;
	}
}

static void mbim_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	struct mbim *m = vm_chan_priv(ch);
	uint32_t type, tid;

	if (len < MBIM_HEADER) {
		send_error(m, 0, MBIM_ERROR_LENGTH_MISMATCH);
		return;
	}
	type = get_le32(data);
	tid = get_le32(data + 8);
	if (get_le32(data + 4) != len) {
		reject(m, tid, MBIM_ERROR_LENGTH_MISMATCH);
		return;
	}
	if (type == MBIM_COMMAND) {
		if (m->opened && len > m->max_transfer)
			reject(m, tid, MBIM_ERROR_MAX_TRANSFER);
		else
			fragment(m, tid, data, len);
		return;
	}
	if (type != MBIM_OPEN && type != MBIM_CLOSE && type != MBIM_HOST_ERROR) {
		send_error(m, tid, MBIM_ERROR_UNKNOWN);
		return;
	}
	if (len != (type == MBIM_CLOSE ? 12 : 16)) {
		send_error(m, tid, MBIM_ERROR_LENGTH_MISMATCH);
		return;
	}
	m->n.rx_messages++;
	if (type == MBIM_OPEN)
		open_function(m, tid, get_le32(data + 12));
	else if (type == MBIM_CLOSE)
		close_function(m, tid);
	else
		host_error(m, tid, get_le32(data + 12));
}

static void mbim_room(struct vm_chan *ch)
{
	pump(vm_chan_priv(ch));
}

static void mbim_chan_open(struct vm_chan *ch)
{
	struct mbim *m = vm_chan_priv(ch);

	m->ch = ch;
}

static void mbim_chan_close(struct vm_chan *ch)
{
	struct mbim *m = vm_chan_priv(ch);

	m->ch = NULL;
	drop_input(m);
	drop_output(m);
}

static void mbim_reset(struct vm_chan *ch)
{
	struct mbim *m = vm_chan_priv(ch);

	drop_input(m);
	drop_output(m);
	m->given_up = false;
	m->opened = false;
	mbim_svc_reset(m->svc);
}

static void mbim_stats(void *priv, struct vm_reply *r, bool reset)
{
	struct mbim *m = priv;

	if (reset) {
		memset(&m->n, 0, sizeof(m->n));
		return;
	}
	ctl_line(r, "mbim.open %d", m->opened);
	ctl_line(r, "mbim.max-transfer %u", m->opened ? m->max_transfer : 0);
	ctl_line(r, "mbim.contexts %u", mbim_svc_contexts(m->svc));
	ctl_line(r, "mbim.rx.messages %llu",
		 (unsigned long long)m->n.rx_messages);
	ctl_line(r, "mbim.rx.fragments %llu",
		 (unsigned long long)m->n.rx_fragments);
	ctl_line(r, "mbim.tx.messages %llu",
		 (unsigned long long)m->n.tx_messages);
	ctl_line(r, "mbim.tx.fragments %llu",
		 (unsigned long long)m->n.tx_fragments);
	ctl_line(r, "mbim.indications %llu",
		 (unsigned long long)m->n.indications);
	ctl_line(r, "mbim.errors %llu", (unsigned long long)m->n.errors);
	ctl_line(r, "mbim.host-errors %llu",
		 (unsigned long long)m->n.host_errors);
	ctl_line(r, "mbim.dropped %llu", (unsigned long long)m->n.dropped);
	ctl_line(r, "mbim.queued %u", m->queued);
}

static const struct vm_chan_ops mbim_ops = {
	.name = "mbim",
	.open = mbim_chan_open,
	.close = mbim_chan_close,
	.rx = mbim_rx,
	.room = mbim_room,
	.reset = mbim_reset,
};

/**
 * mbim_create() - attach the MBIM function to channel 6
 * @vm: the modem
 * @net: its network, for addresses, counts and contexts
 *
 * Return: 0 or a negative errno.
 */
int mbim_create(struct vm *vm, struct net *net)
{
	struct mbim *m = calloc(1, sizeof(*m));
	int ret;

	if (!m)
		return -ENOMEM;
	m->vm = vm;
	m->max_transfer = MBIM_MIN_TRANSFER;
	m->tail = &m->head;
	m->in.timer.fn = fragment_timeout;
	m->in.timer.priv = m;
	m->svc = mbim_svc_create(vm, net, m);
	if (!m->svc) {
		free(m);
		return -ENOMEM;
	}
	ret = ctl_stats(vm, mbim_stats, m);
	if (!ret)
		ret = vm_chan_attach(vm, MBIM_CHANNEL, &mbim_ops, m);
	return ret;
}
