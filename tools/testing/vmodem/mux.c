// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions of the MUX: commands, credits, flow control, control commands.
 *
 * violation               what is wrong
 * mux-closed              data, queue level or close for no open session
 * mux-open-again          OPEN_SESSION for an open session
 * mux-open-padding        DL head padding that no block can hold
 * mux-command-params      a command with too few or too many parameters
 * mux-command-unknown     not a command that a host may send
 * mux-reserved            reserved parameter not zero
 * mux-response            LINK_STATUS_REPORT_RESP with an error
 * mux-transaction         response without a request, or with another id; a
 *                         late response is reported only as missing
 * mux-ack-missing         FLOW_CTL not acknowledged within 1 s
 * mux-link-missing        LINK_STATUS_REPORT not answered (quirk 7 in
 *                         Aggregation)
 * mux-stopped             data while the session is stopped
 * mux-stopped-short       same, by a command without a mask (quirk 9)
 * mux-credit              data above the credit (quirk 7 in Aggregation)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "mux_priv.h"

#define DL_PAD_MAX	1024
#define ANSWER_US	1000000		/* timeout of responses of the host */
#define GRACE_US	50000		/* for data in flight at a stop */
#define FIRST_GRANT_US	20000		/* delay for quirk 4 */
#define GRANT_US	1000		/* delay of small grants */
#define QUIRK_GRANT	1500		/* after a go, for the reference driver */

/* ---- messages to the host ---------------------------------------------- */

/*
 * Queue a command with @params behind its header. Messages are dropped if the
 * host does not read them, as on the real device.
 */
static struct mux_msg *send_command(struct mux *mux, unsigned int session,
				    uint32_t command, uint32_t id,
				    const uint8_t *params, size_t len)
{
	size_t block = mux->lite ? 0 : MUX_BLOCK_HDR;
	size_t head = mux->lite ? MUX_CMD_LITE : MUX_CMD_AGGR;
	struct mux_msg *msg = mux_dl_msg(mux, session);
	uint8_t *d;

	if (!msg) {
		vm_log(mux->vm, "mux: command dropped, the queue is full");
		return NULL;
	}
	msg->len = block + head + len;
	d = msg->data;
	if (!mux->lite) {
		/* The sequence number is assigned when the block is sent. */
		put_le32(d, MUX_ACBH);
		put_le32(d + 8, msg->len);
		put_le32(d + 12, MUX_BLOCK_HDR);
		d += MUX_BLOCK_HDR;
	}
	put_le32(d, MUX_CMDH);
	put_le16(d + 4, head + len);
	d[6] = session;
	put_le32(d + head - 8, command);
	put_le32(d + head - 4, id);
	memcpy(d + head, params, len);
	return msg;
}

/* A free transaction, otherwise the oldest one that has timed out. */
static struct mux_trans *free_trans(struct mux *mux)
{
	struct mux_trans *oldest = NULL, *t;

	for (t = mux->trans; t < mux->trans + MUX_TRANS; t++) {
		if (!t->used)
			return t;
		if (t->late && (!oldest || t->deadline < oldest->deadline))
			oldest = t;
	}
	return oldest;
}

/* Send a command that the host must answer. */
static struct mux_msg *send_request(struct mux *mux, unsigned int session,
				    uint32_t command, bool link,
				    const uint8_t *params, size_t len)
{
	struct mux_trans *t = free_trans(mux);
	struct mux_msg *msg;

	if (!t)
		return NULL;
	msg = send_command(mux, session, command, mux->next_id, params, len);
	if (!msg)
		return NULL;
	*t = (struct mux_trans){
		.used = true,
		.link = link,
		.session = session,
		.id = mux->next_id++,
	};
	msg->trans = t - mux->trans;
	return msg;
}

void mux_sent(struct mux *mux, const struct mux_msg *msg)
{
	struct mux_sess *s = &mux->s[msg->session];
	uint64_t now = loop_now();

	if (msg->trans >= 0) {
		mux->trans[msg->trans].deadline = now + ANSWER_US;
		if (!mux->trans_timer.at)
			loop_timer_set(&mux->trans_timer, ANSWER_US);
	}
	if (msg->kind == MSG_STOP || msg->kind == MSG_STOP_SHORT) {
		s->stopped = true;
		s->stop_short = msg->kind == MSG_STOP_SHORT;
		s->stop_acked = false;
		s->stopped_at = now;
		s->stop_id = mux->trans[msg->trans].id;
	} else if (msg->kind == MSG_GO) {
		s->stopped = false;
		/* With credits the reference driver resumes at the next FCTH. */
		if (mux->with_credits && s->open &&
		    vm_config(mux->vm)->quirks_reference)
			s->grant += QUIRK_GRANT;
	}
}

static void trans_tick(struct loop_timer *t)
{
	struct mux *mux = t->priv;
	uint64_t now = loop_now(), next = 0;
	unsigned int i;

	for (i = 0; i < MUX_TRANS; i++) {
		struct mux_trans *x = &mux->trans[i];

		if (!x->used || !x->deadline || x->late)
			continue;
		if (x->deadline > now) {
			if (!next || x->deadline < next)
				next = x->deadline;
			continue;
		}
		x->late = true;
		if (x->orphan)
			continue;
		if (!x->link)
			vm_violation(mux->vm, "mux-ack-missing",
				     "session %u, transaction %u", x->session,
				     x->id);
		else if (mux->lite)
			vm_violation(mux->vm, "mux-link-missing",
				     "session %u, transaction %u", x->session,
				     x->id);
		else
			vm_quirk(mux->vm, 7, "mux-link-missing",
				 "session %u, transaction %u", x->session,
				 x->id);
	}
	if (next)
		loop_timer_set(t, next - now);
}

/* The host answered a command of the device. */
static void answer(struct mux *mux, unsigned int session, uint32_t id,
		   bool link)
{
	unsigned int i;

	for (i = 0; i < MUX_TRANS; i++) {
		struct mux_trans *t = &mux->trans[i];

		if (!t->used || !t->deadline || t->link != link ||
		    t->id != id || t->session != session)
			continue;
		t->used = false;
		if (!link && !t->late && mux->s[session].stopped &&
		    id == mux->s[session].stop_id) {
			mux->s[session].stop_acked = true;
			mux->s[session].acked_at = loop_now();
		}
		return;
	}
	vm_violation(mux->vm, "mux-transaction",
		     "session %u: %s to transaction %u, which is not open",
		     session, link ? "LINK_STATUS_REPORT_RESP" :
		     "FLOW_CTL_ACK", id);
}

/* ---- sessions ---------------------------------------------------------- */

static void session_close(struct mux *mux, unsigned int session)
{
	struct mux_sess *s = &mux->s[session];
	unsigned int i;

	s->open = false;
	s->stopped = false;
	s->credits = 0;
	s->grant = 0;
	s->grant_at = 0;
	s->ul_pad = 0;
	mux_dl_clear(mux, session);
	net_session(mux->net, session, false);
	/* The host may or may not answer pending commands. */
	for (i = 0; i < MUX_TRANS; i++)
		if (mux->trans[i].session == session)
			mux->trans[i].orphan = true;
}

static void check_params(struct mux *mux, const char *name, size_t len,
			 size_t want)
{
	if (len != want)
		vm_violation(mux->vm, "mux-command-params",
			     "%s with %zu bytes, not %zu", name, len, want);
}

/* UL padding that the host derives from ul_head_pad_len. */
static uint32_t ul_padding(const struct mux *mux)
{
	if (mux->ul_head_pad > 16)
		return mux->ul_head_pad - 16;
	return mux->lite ? 0 : mux->ul_head_pad;
}

static void open_session(struct mux *mux, unsigned int session, uint32_t id,
			 const uint8_t *params, size_t len)
{
	struct mux_sess *s = &mux->s[session];
	uint8_t resp[12] = { 0 };
	uint32_t pad = 0;

	check_params(mux, "OPEN_SESSION", len, 8);
	if (len >= 8) {
		pad = get_le32(params + 4);
		if (params[0] || params[1] || get_le16(params + 2))
			vm_violation(mux->vm, "mux-reserved",
				     "OPEN_SESSION: %02x %02x %02x %02x",
				     params[0], params[1], params[2],
				     params[3]);
	}
	if (s->open)
		vm_violation(mux->vm, "mux-open-again", "session %u", session);
	if (mux->drop_opens) {
		mux->drop_opens--;
		s->unsure = true;
		return;
	}
	put_le32(resp, s->refuse);
	if (pad > DL_PAD_MAX) {
		vm_violation(mux->vm, "mux-open-padding", "session %u: %u",
			     session, pad);
		put_le32(resp, 1);
	}
	if (len < 8)
		put_le32(resp, 1);
	put_le32(resp + 8, mux->ul_head_pad);
	if (!get_le32(resp) && !s->open) {
		s->open = true;
		s->dl_pad = pad;
		s->ul_pad = ul_padding(mux);
		s->credits = 0;
		s->grant = 0;
		if (mux->with_credits) {
			s->grant = vm_config(mux->vm)->credit_start;
			s->grant_at = vm_config(mux->vm)->quirks_reference ?
				loop_now() + FIRST_GRANT_US : 0;
		}
		net_session(mux->net, session, true);
	}
	s->unsure = get_le32(resp);
	vm_debug(mux->vm, "mux: open session %u: %u, DL padding %u, UL %u",
		 session, get_le32(resp), pad, mux->ul_head_pad);
	send_command(mux, session, MUX_OPEN_RESP, id, resp, sizeof(resp));
}

static void close_session(struct mux *mux, unsigned int session, uint32_t id,
			  size_t len)
{
	struct mux_sess *s = &mux->s[session];
	uint8_t resp[4] = { 0 };

	check_params(mux, "CLOSE_SESSION", len, 0);
	if (!s->open && !s->unsure)
		vm_violation(mux->vm, "mux-closed", "close of session %u",
			     session);
	s->unsure = false;
	vm_debug(mux->vm, "mux: close session %u", session);
	session_close(mux, session);
	send_command(mux, session, MUX_CLOSE_RESP, id, resp, sizeof(resp));
}

void mux_command(struct mux *mux, unsigned int session, uint32_t command,
		 uint32_t id, const uint8_t *params, size_t len)
{
	vm_debug(mux->vm, "mux: command %u, session %u, transaction %u, %zu",
		 command, session, id, len);
	if (command == MUX_OPEN) {
		open_session(mux, session, id, params, len);
	} else if (command == MUX_CLOSE) {
		close_session(mux, session, id, len);
	} else if (command == (mux->lite ? (uint32_t)MUX_LITE_FLOW_ACK :
			       (uint32_t)MUX_AGGR_FLOW_ACK)) {
		check_params(mux, "FLOW_CTL_ACK", len, 0);
		answer(mux, session, id, false);
	} else if (command == (mux->lite ? (uint32_t)MUX_LITE_LINK_RESP :
			       (uint32_t)MUX_AGGR_LINK_RESP)) {
		check_params(mux, "LINK_STATUS_REPORT_RESP", len, 4);
		if (len >= 4 && get_le32(params))
			vm_violation(mux->vm, "mux-response",
				     "LINK_STATUS_REPORT_RESP: %u",
				     get_le32(params));
		answer(mux, session, id, true);
	} else {
		vm_violation(mux->vm, "mux-command-unknown", "%u", command);
	}
}

/* ---- uplink data ------------------------------------------------------- */

/*
 * Data that was in flight at a stop is allowed until GRACE_US after the
 * acknowledgment or its timeout.
 */
static bool may_send(const struct mux_sess *s)
{
	uint64_t end = s->stop_acked ? s->acked_at : s->stopped_at + ANSWER_US;

	return !s->stopped || loop_now() <= end + GRACE_US;
}

void mux_datagram(struct mux *mux, unsigned int session, const uint8_t *pkt,
		  size_t len)
{
	struct mux_sess *s = &mux->s[session];

	if (!s->open) {
		vm_violation(mux->vm, "mux-closed", "datagram of session %u",
			     session);
		return;
	}
	s->ul.packets++;
	s->ul.bytes += len;
	if (!may_send(s) && s->stop_short)
		vm_quirk(mux->vm, 9, "mux-stopped-short",
			 "session %u: %zu bytes", session, len);
	else if (!may_send(s))
		vm_violation(mux->vm, "mux-stopped", "session %u: %zu bytes",
			     session, len);
	if (mux->with_credits) {
		if (s->credits >= (int64_t)len)
			s->credits -= len;
		else if (mux->lite)
			vm_violation(mux->vm, "mux-credit",
				     "session %u: %zu bytes, %" PRId64 " left",
				     session, len, s->credits);
		else
			vm_quirk(mux->vm, 7, "mux-credit",
				 "session %u: %zu bytes, %" PRId64 " left",
				 session, len, s->credits);
	}
	net_input(mux->net, session, pkt, len);
}

/* Grant the used credits again: large amounts at once, small ones later. */
static void regrant(struct mux *mux, bool small)
{
	int64_t start = vm_config(mux->vm)->credit_start;
	bool later = false;
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++) {
		struct mux_sess *s = &mux->s[i];
		int64_t used = start - s->credits - (int64_t)s->grant;

		if (!s->open || s->hold || s->grant_at || used <= 0)
			continue;
		if (small || used >= start / 4)
			s->grant += used;
		else
			later = true;
	}
	if (later && !mux->grant_timer.at)
		loop_timer_set(&mux->grant_timer, GRANT_US);
}

static void grant_tick(struct loop_timer *t)
{
	struct mux *mux = t->priv;

	if (!mux->ch)
		return;
	regrant(mux, true);
	mux_dl_flush(mux, false);
}

static void flush_tick(struct loop_timer *t)
{
	mux_dl_flush(t->priv, true);
}

static void mux_idle(void *priv)
{
	struct mux *mux = priv;

	if (!mux->ch)
		return;
	if (mux->with_credits)
		regrant(mux, false);
	mux_dl_flush(mux, false);
}

/* ---- channel 0 --------------------------------------------------------- */

static void mux_close(struct vm_chan *ch)
{
	struct mux *mux = vm_chan_priv(ch);
	unsigned int i;

	mux->ch = NULL;
	for (i = 0; i < VM_SESSIONS; i++) {
		session_close(mux, i);
		mux->s[i].unsure = false;
	}
	mux->msg_count = 0;
	memset(mux->trans, 0, sizeof(mux->trans));
	mux->waiting_since = 0;
	loop_timer_cancel(&mux->flush_timer);
	loop_timer_cancel(&mux->grant_timer);
	loop_timer_cancel(&mux->trans_timer);
}

static void mux_open(struct vm_chan *ch)
{
	struct mux *mux = vm_chan_priv(ch);

	mux->ch = ch;
	mux->ul_adb_known = false;
	mux->ul_acb_known = false;
	mux->dl_adb_seq = 0;
	mux->dl_acb_seq = 0;
}

static void mux_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	mux_ul_block(vm_chan_priv(ch), data, len);
}

static void mux_room(struct vm_chan *ch)
{
	mux_dl_flush(vm_chan_priv(ch), false);
}

static const struct vm_chan_ops mux_ops = {
	.name = "mux",
	.open = mux_open,
	.close = mux_close,
	.rx = mux_rx,
	.room = mux_room,
};

/* ---- control commands -------------------------------------------------- */

/* The session of argv[1]; NULL after reporting an error. */
static struct mux_sess *args_session(struct mux *mux, int argc, char **argv,
				     bool open, struct vm_reply *r)
{
	uint64_t nr;

	if (argc < 2 || ctl_number(argv[1], VM_SESSIONS - 1, &nr)) {
		ctl_error(r, "%s: expected session 0..%u", argv[0],
			  VM_SESSIONS - 1);
		return NULL;
	}
	if (open && !mux->s[nr].open) {
		ctl_error(r, "session %u is not open", (unsigned int)nr);
		return NULL;
	}
	return &mux->s[nr];
}

static void cmd_flow(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct mux *mux = priv;
	struct mux_sess *s = args_session(mux, argc, argv, true, r);
	uint64_t mask, len = 4;
	struct mux_msg *msg;
	uint32_t command;
	uint8_t param[4];
	bool stop;

	if (!s)
		return;
	if (argc < 3 || argc > 4 ||
	    (strcmp(argv[2], "stop") && strcmp(argv[2], "go"))) {
		ctl_error(r, "flow SESSION stop|go [MASK|short]");
		return;
	}
	stop = !strcmp(argv[2], "stop");
	mask = stop ? UINT32_MAX : 0;
	if (argc == 4 && !strcmp(argv[3], "short") && !mux->lite) {
		len = 0;
	} else if (argc == 4 && ctl_number(argv[3], UINT32_MAX, &mask)) {
		ctl_error(r, "expected a mask (or \"short\", in Aggregation)");
		return;
	}
	put_le32(param, mask);
	if (mux->lite)
		command = MUX_LITE_FLOW;
	else
		command = stop ? MUX_AGGR_FLOW_ENABLE : MUX_AGGR_FLOW_DISABLE;
	msg = send_request(mux, s - mux->s, command, false, param, len);
	if (!msg) {
		ctl_error(r, "too many commands without an answer");
		return;
	}
	/* Other masks stop some flows only, which are not tracked here. */
	if (mask == (stop ? UINT32_MAX : 0))
		msg->kind = !stop ? MSG_GO : len ? MSG_STOP : MSG_STOP_SHORT;
	mux_dl_flush(mux, false);
}

static void cmd_credit(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct mux *mux = priv;
	struct mux_sess *s = args_session(mux, argc, argv, false, r);
	uint64_t bytes;

	if (!s)
		return;
	if (argc == 3 && !strcmp(argv[2], "hold")) {
		s->hold = true;
	} else if (argc == 3 && !strcmp(argv[2], "auto")) {
		s->hold = false;
	} else if (argc == 3 && !ctl_number(argv[2], UINT32_MAX, &bytes)) {
		if (!s->open || !mux->with_credits) {
			ctl_error(r, "session not open, or no credit mode");
			return;
		}
		s->grant += bytes;
		mux_dl_flush(mux, false);
	} else {
		ctl_error(r, "credit SESSION BYTES|hold|auto");
	}
}

static void cmd_link(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct mux *mux = priv;
	struct mux_sess *s = args_session(mux, argc, argv, true, r);
	uint8_t report[256] = { 1 };
	uint64_t len = 8;

	if (!s)
		return;
	if (argc > 3 ||
	    (argc == 3 && ctl_number(argv[2], sizeof(report), &len))) {
		ctl_error(r, "link-report SESSION [BYTES]");
		return;
	}
	if (!send_request(mux, s - mux->s,
			  mux->lite ? (uint32_t)MUX_LITE_LINK :
			  (uint32_t)MUX_AGGR_LINK, true, report, len))
		ctl_error(r, "too many commands without an answer");
	mux_dl_flush(mux, false);
}

static void cmd_refuse(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct mux_sess *s = args_session(priv, argc, argv, false, r);
	uint64_t code;

	if (!s)
		return;
	if (argc != 3 || ctl_number(argv[2], UINT32_MAX, &code))
		ctl_error(r, "refuse-open SESSION CODE");
	else
		s->refuse = code;
}

static void drop_open_command(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct mux *mux = priv;
	uint64_t count;

	if (argc != 2 || ctl_number(argv[1], UINT32_MAX, &count))
		ctl_error(r, "drop-open COUNT");
	else
		mux->drop_opens = count;
}

static void cmd_mux(void *priv, int argc, char **argv, struct vm_reply *r)
{
	static const char *const layouts[] = { "before", "after", "mixed" };
	struct mux *mux = priv;
	const char *what = argc == 3 ? argv[1] : "";
	uint64_t value;
	unsigned int i;

	if (!strcmp(what, "layout")) {
		for (i = 0; i < 3; i++) {
			if (strcmp(argv[2], layouts[i]))
				continue;
			mux->layout = i;
			return;
		}
	} else if (!strcmp(what, "qlth")) {
		mux->dl_qlth = !strcmp(argv[2], "on");
		if (mux->dl_qlth || !strcmp(argv[2], "off"))
			return;
	} else if (!strcmp(what, "accumulate")) {
		if (!ctl_number(argv[2], 1000, &value)) {
			mux->accumulate = value;
			return;
		}
	} else if (!strcmp(what, "ul-pad")) {
		if (!ctl_number(argv[2], UINT32_MAX, &value)) {
			mux->ul_head_pad = value;
			return;
		}
	}
	ctl_error(r, "mux layout before|after|mixed, qlth on|off, %s",
		  "accumulate 0..1000, ul-pad LENGTH");
}

static void cmd_sessions(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct mux *mux = priv;
	unsigned int i;

	(void)argc;
	(void)argv;
	for (i = 0; i < VM_SESSIONS; i++) {
		const struct mux_sess *s = &mux->s[i];

		if (s->open)
			ctl_line(r, "session %u ul-pad %u dl-pad %u %s credits %lld waiting %u %s",
				 i, s->ul_pad, s->dl_pad,
				 s->stopped ? "stopped" : "go",
				 (long long)s->credits, s->q.packets,
				 !vm_config(mux->vm)->attach_mbim ||
				 net_connected(mux->net, i) ? "routed" :
				 "unrouted");
		else
			ctl_line(r, "session %u closed", i);
	}
}

static void way_line(struct vm_reply *r, unsigned int i, const char *name,
		     const struct mux_way *w)
{
	ctl_line(r, "session.%u.%s.packets %" PRIu64, i, name, w->packets);
	ctl_line(r, "session.%u.%s.bytes %" PRIu64, i, name, w->bytes);
	ctl_line(r, "session.%u.%s.blocks %" PRIu64, i, name, w->blocks);
	ctl_line(r, "session.%u.%s.most-per-block %" PRIu64, i, name, w->most);
}

static void mux_stats(void *priv, struct vm_reply *r, bool reset)
{
	struct mux *mux = priv;
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++) {
		struct mux_sess *s = &mux->s[i];

		if (reset) {
			memset(&s->ul, 0, sizeof(s->ul));
			memset(&s->dl, 0, sizeof(s->dl));
			s->dropped = 0;
			continue;
		}
		ctl_line(r, "session.%u.open %d", i, s->open);
		way_line(r, i, "ul", &s->ul);
		way_line(r, i, "dl", &s->dl);
		ctl_line(r, "session.%u.dl.dropped %" PRIu64, i, s->dropped);
		ctl_line(r, "session.%u.dl.waiting %u", i, s->q.packets);
		ctl_line(r, "session.%u.credits %" PRId64, i, s->credits);
	}
	if (reset) {
		mux->ul_blocks = 0;
		mux->dl_blocks = 0;
		return;
	}
	ctl_line(r, "mux.ul.blocks %" PRIu64, mux->ul_blocks);
	ctl_line(r, "mux.dl.blocks %" PRIu64, mux->dl_blocks);
}

static const struct {
	const char *name;
	void (*fn)(void *priv, int argc, char **argv, struct vm_reply *r);
	const char *help;
} commands[] = {
	{ "flow", cmd_flow,
	  "flow SESSION stop|go [MASK|short] - flow control of the uplink" },
	{ "credit", cmd_credit,
	  "credit SESSION BYTES|hold|auto - grant credit; automatic grants off; on" },
	{ "link-report", cmd_link,
	  "link-report SESSION [BYTES] - send LINK_STATUS_REPORT" },
	{ "refuse-open", cmd_refuse,
	  "refuse-open SESSION CODE - answer OPEN_SESSION with CODE, 0 is success" },
	{ "drop-open", drop_open_command,
	  "drop-open COUNT - leave the next OPEN_SESSIONs unanswered" },
	{ "mux", cmd_mux,
	  "mux layout before|after|mixed; mux qlth on|off; mux accumulate US; "
	  "mux ul-pad LENGTH - shape of DL blocks; ul_head_pad_len" },
	{ "sessions", cmd_sessions, "sessions - list the open sessions" },
};

int mux_create(struct vm *vm, struct net *net)
{
	const struct vm_config *config = vm_config(vm);
	struct mux *mux = calloc(1, sizeof(*mux));
	unsigned int i;
	int err;

	if (!mux)
		return -ENOMEM;
	mux->vm = vm;
	mux->net = net;
	mux->lite = config->mux == VM_MUX_LITE;
	mux->with_credits = config->credits;
	mux->ul_head_pad = config->ul_head_pad;
	mux->layout = LAYOUT_MIXED;
	mux->accumulate = 300;
	mux->random = 0x1234567;
	mux->next_id = 1;
	mux->flush_timer.fn = flush_tick;
	mux->flush_timer.priv = mux;
	mux->grant_timer.fn = grant_tick;
	mux->grant_timer.priv = mux;
	mux->trans_timer.fn = trans_tick;
	mux->trans_timer.priv = mux;
	net_attach(net, &mux_link, mux);

	err = vm_chan_attach(vm, 0, &mux_ops, mux);
	for (i = 0; !err && i < sizeof(commands) / sizeof(commands[0]); i++)
		err = ctl_command(vm, commands[i].name, commands[i].fn, mux,
				  commands[i].help);
	if (!err)
		err = ctl_stats(vm, mux_stats, mux);
	if (!err)
		err = loop_idle_add(mux_idle, mux);
	return err;
}
