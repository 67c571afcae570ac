// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: their states, the commands of the device, credit and counters.
 */

#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/workqueue.h>
#include <net/sch_generic.h>

#include "iosm_core.h"
#include "iosm_mux.h"
#include "iosm_mux_priv.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

/* Names of enum iosm_mux_state and enum iosm_mux_op in iosm_trace.h. */
static_assert(IOSM_MUX_CLOSED == 0 && IOSM_MUX_OPENING == 1 &&
	      IOSM_MUX_UP == 2 && IOSM_MUX_CLOSING == 3);
static_assert(IOSM_MUX_OPEN == 0 && IOSM_MUX_OPEN_RESP == 1 &&
	      IOSM_MUX_CLOSE == 2 && IOSM_MUX_CLOSE_RESP == 3 &&
	      IOSM_MUX_FLOW_STOP == 4 && IOSM_MUX_FLOW_GO == 5 &&
	      IOSM_MUX_FLOW_ACK == 6 && IOSM_MUX_LINK_STATUS == 7 &&
	      IOSM_MUX_LINK_STATUS_RESP == 8);

/**
 * iosm_mux_set_state() - change the state of a session
 * @mux: the IP channel
 * @if_id: the session
 * @state: the new one
 *
 * Context: ul_lock.
 */
void iosm_mux_set_state(struct iosm_mux *mux, u8 if_id,
			enum iosm_mux_state state)
{
	lockdep_assert_held(&mux->ul_lock);

	trace_iosm_session(mux->dev, if_id, state);
	WRITE_ONCE(mux->sessions[if_id].state, state);
}

/*
 * Queue a response. The last 2 * IOSM_SESSIONS entries of the queue are reserved
 * for our own commands, so a device that floods us with requests only loses
 * responses.
 */
static void iosm_mux_respond(struct iosm_mux *mux, enum iosm_mux_op op,
			     const struct iosm_mux_cmd *to)
{
	struct iosm_mux_cmd cmd = {
		.op = op,
		.if_id = to->if_id,
		.transaction = to->transaction,
	};

	if (iosm_mux_post(mux, &cmd, 2 * IOSM_SESSIONS))
		return;

	iosm_stats_inc(&mux->stats.sync, &mux->stats.resp_dropped);
	dev_warn_ratelimited(mux->dev, "response dropped: command queue is full\n");
}

/**
 * iosm_mux_malformed() - count and log a protocol violation
 * @mux: the IP channel
 * @what: what was malformed
 *
 * Context: NAPI poll.
 */
void iosm_mux_malformed(struct iosm_mux *mux, const char *what)
{
	iosm_stats_inc(&mux->stats.sync, &mux->stats.malformed);
	trace_iosm_violation(mux->dev, what);
	iosm_core_count_mux(mux->core);
	dev_warn_ratelimited(mux->dev, "IP channel: bad %s\n", what);
}

/* Head padding of UL datagrams with packets of @mtu bytes, or -ERANGE. */
static int iosm_mux_pad_for_mtu(const struct iosm_mux *mux, u32 mtu,
				u32 head_pad)
{
	return iosm_mux_ul_pad(mux->ops->flavour, head_pad,
			       iosm_mux_adb_fresh_room(IOSM_MUX_BLOCK_SIZE,
						       mtu));
}

/*
 * A block has no room for padding and MTU. It is a protocol violation if even the
 * minimum MTU does not fit.
 */
static void iosm_mux_warn_padding(struct iosm_mux *mux,
				  const struct iosm_mux_session *s, u32 head_pad)
{
	if (iosm_mux_pad_for_mtu(mux, s->netdev->min_mtu, head_pad) < 0)
		iosm_mux_malformed(mux, "head padding");
	else
		netdev_warn(s->netdev,
			    "MTU %u is too large with the head padding of the device\n",
			    READ_ONCE(s->netdev->mtu));
}

/* The response to OPEN_SESSION; caller holds ul_lock. */
static void iosm_mux_open_resp(struct iosm_mux *mux,
			       const struct iosm_mux_cmd *cmd)
{
	struct iosm_mux_session *s = &mux->sessions[cmd->if_id];
	int pad;

	if (!s->is_opening || s->is_answered || s->transaction != cmd->transaction) {
		iosm_stats_inc(&mux->stats.sync, &mux->stats.unexpected_resp);
		return;
	}

	s->is_answered = true;
	s->result = cmd->response ? -EREMOTEIO : 0;

	/* Downlink may follow immediately: set the state here. */
	if (!cmd->response) {
		pad = iosm_mux_pad_for_mtu(mux, READ_ONCE(s->netdev->mtu),
					   cmd->head_pad);
		if (pad < 0) {
			iosm_mux_warn_padding(mux, s, cmd->head_pad);
			s->result = -ERANGE;
		} else {
			WRITE_ONCE(s->ul_pad, pad);
			iosm_mux_set_state(mux, cmd->if_id, IOSM_MUX_UP);
		}
	}

	iosm_core_wake(mux->core);
}

/**
 * iosm_mux_queue_close() - queue @close_work
 * @mux: the IP channel
 * @ms: delay, ignored if the work is pending; 0: run it now
 *
 * Context: any.
 */
void iosm_mux_queue_close(struct iosm_mux *mux, unsigned int ms)
{
	IOSM_STUB(iosm_core_is_fake(mux->core), iosm_mux_queue_close, mux, ms);

	iosm_core_queue_delayed(mux->core, &mux->close_work, ms);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mux_queue_close);

/* The response to CLOSE_SESSION; caller holds ul_lock. */
static void iosm_mux_close_resp(struct iosm_mux *mux,
				const struct iosm_mux_cmd *cmd)
{
	struct iosm_mux_session *s = &mux->sessions[cmd->if_id];

	if (s->state != IOSM_MUX_CLOSING || s->is_answered ||
	    s->transaction != cmd->transaction) {
		iosm_stats_inc(&mux->stats.sync, &mux->stats.unexpected_resp);
		return;
	}

	if (cmd->response)
		dev_warn_ratelimited(mux->dev,
				     "session %u: CLOSE_SESSION rejected by device: %u\n",
				     cmd->if_id, cmd->response);
	s->is_answered = true;
	/* Otherwise iosm_mux_detach() sets the state. */
	if (!s->netdev)
		iosm_mux_set_state(mux, cmd->if_id, IOSM_MUX_CLOSED);
	iosm_core_wake(mux->core);
	iosm_mux_queue_close(mux, 0);
}

/**
 * iosm_mux_cmd() - handle a command of the device
 * @mux: the IP channel
 * @cmd: decoded command
 *
 * The poll sends responses and deferred packets after it has processed the downlink.
 * Context: NAPI poll.
 */
void iosm_mux_cmd(struct iosm_mux *mux, const struct iosm_mux_cmd *cmd)
{
	struct iosm_mux_session *s = &mux->sessions[cmd->if_id];

	trace_iosm_mux_cmd(mux->dev, false, cmd->if_id, cmd->op, cmd->transaction,
			   cmd->response);
	spin_lock(&mux->ul_lock);

	switch (cmd->op) {
	case IOSM_MUX_OPEN_RESP:
		iosm_mux_open_resp(mux, cmd);
		goto out;
	case IOSM_MUX_CLOSE_RESP:
		iosm_mux_close_resp(mux, cmd);
		goto out;
	default:
		break;
	}

	if (s->state == IOSM_MUX_CLOSED) {
		iosm_stats_inc(&mux->stats.sync, &mux->stats.unknown_session);
		goto out;
	}

	switch (cmd->op) {
	case IOSM_MUX_FLOW_STOP:
		s->is_stopped = true;
		s->tx.tx_flow_off++;
		trace_iosm_flow(mux->dev, cmd->if_id, true, s->credit);
		if (s->netdev)
			iosm_mux_stop_queue(s);
		iosm_mux_respond(mux, IOSM_MUX_FLOW_ACK, cmd);
		break;
	case IOSM_MUX_FLOW_GO:
		s->is_stopped = false;
		trace_iosm_flow(mux->dev, cmd->if_id, false, s->credit);
		iosm_mux_respond(mux, IOSM_MUX_FLOW_ACK, cmd);
		break;
	case IOSM_MUX_LINK_STATUS:
		iosm_mux_respond(mux, IOSM_MUX_LINK_STATUS_RESP, cmd);
		break;
	default:
		break;
	}

out:
	spin_unlock(&mux->ul_lock);
}

/**
 * iosm_mux_grant() - add uplink credit from the device
 * @mux: the IP channel
 * @credit: decoded grant
 *
 * Context: NAPI poll.
 */
void iosm_mux_grant(struct iosm_mux *mux,
		    const struct iosm_mux_credit *credit)
{
	struct iosm_mux_session *s = &mux->sessions[credit->if_id];

	spin_lock(&mux->ul_lock);
	if (!mux->with_credits || s->state == IOSM_MUX_CLOSED) {
		iosm_stats_inc(&mux->stats.sync, &mux->stats.unknown_session);
	} else {
		s->tx.tx_credit_grants++;
		s->tx.tx_credit_bytes += credit->bytes;
		/* 64 bits cannot overflow while a session is open. */
		s->credit += credit->bytes;
		trace_iosm_flow(mux->dev, credit->if_id, s->is_stopped,
				s->credit);
		s->is_level_sent = false;
	}
	spin_unlock(&mux->ul_lock);
}

/* ---- Credit ---- */

/**
 * iosm_mux_level() - queue level of a session
 * @s: the session
 *
 * Context: ul_lock.
 *
 * Return: bytes of uplink that have not been sent.
 */
u32 iosm_mux_level(struct iosm_mux_session *s)
{
	u32 level = s->deferred ? s->deferred->len : 0;
	struct netdev_queue *txq;
	u32 packets, bytes;

	if (s->state != IOSM_MUX_UP)
		return 0;

	/* Most packets wait in the queueing discipline. */
	txq = netdev_get_tx_queue(s->netdev, 0);
	rcu_read_lock();
	qdisc_qstats_qlen_backlog(rcu_dereference(txq->qdisc), &packets,
				  &bytes);
	rcu_read_unlock();

	return level + bytes;
}

/**
 * iosm_mux_refund() - return the credit of a packet that is not sent
 * @mux: the IP channel
 * @s: the session
 * @bytes: bytes that are not sent
 *
 * The device replaces credit only for packets that it has received. iosm_mux_put()
 * takes the credit of a packet also if the flavour has dropped it.
 * Context: ul_lock.
 */
void iosm_mux_refund(struct iosm_mux *mux, struct iosm_mux_session *s,
		     u32 bytes)
{
	lockdep_assert_held(&mux->ul_lock);

	if (mux->with_credits)
		s->credit += bytes;
}

/* ---- Counters ---- */

/**
 * iosm_mux_count() - count completed packets
 * @mux: the IP channel
 * @tally: for BQL
 * @if_id: session of the packets
 * @epoch: @epoch of the session when they were sent
 * @packets: number of packets
 * @bytes: number of bytes
 * @ok: completed without an error
 *
 * Context: ul_lock.
 */
void iosm_mux_count(struct iosm_mux *mux, struct iosm_mux_tally *tally,
		    u8 if_id, u32 epoch, u32 packets, u32 bytes, bool ok)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];

	lockdep_assert_held(&mux->ul_lock);

	if (!s->netdev || s->epoch != epoch)
		return;

	tally->packets[if_id] += packets;
	tally->bytes[if_id] += bytes;
	if (!ok) {
		s->tx.tx_td_errors += packets;
		DEV_STATS_ADD(s->netdev, tx_errors, packets);
	}
}

/**
 * iosm_mux_clear_stats() - set the counters of a session to 0
 * @mux: the IP channel
 * @if_id: the session, closed
 *
 * Context: may sleep.
 */
void iosm_mux_clear_stats(struct iosm_mux *mux, u8 if_id)
{
	struct iosm_mux_session *s = &mux->sessions[if_id];

	spin_lock_bh(&mux->ul_lock);
	memset(&s->tx, 0, sizeof(s->tx));
	spin_unlock_bh(&mux->ul_lock);

	/* NAPI does not write counters of a closed session. */
	u64_stats_set(&s->rx.rx_blocks, 0);
	u64_stats_set(&s->rx.rx_alloc_fail, 0);
	u64_stats_set(&s->rx.rx_bad_ip, 0);
}

/**
 * iosm_mux_get_tx_stats() - uplink counters of a session
 * @mux: the IP channel
 * @if_id: the session
 * @stats: to fill
 *
 * Context: any that may take the uplink lock with bottom halves disabled.
 */
void iosm_mux_get_tx_stats(struct iosm_mux *mux, u8 if_id,
			   struct iosm_mux_tx_stats *stats)
{
	spin_lock_bh(&mux->ul_lock);
	*stats = mux->sessions[if_id].tx;
	spin_unlock_bh(&mux->ul_lock);
}

/**
 * iosm_mux_rx_stats() - downlink counters of a session
 * @mux: the IP channel
 * @if_id: the session
 *
 * Context: any.
 *
 * Return: the counters, for iosm_stats_read().
 */
const struct iosm_mux_rx_stats *iosm_mux_rx_stats(const struct iosm_mux *mux, u8 if_id)
{
	return &mux->sessions[if_id].rx;
}

/**
 * iosm_mux_stats() - counters of all sessions together
 * @mux: the IP channel
 *
 * Context: any.
 *
 * Return: the counters, for iosm_stats_read().
 */
const struct iosm_mux_stats *iosm_mux_stats(const struct iosm_mux *mux)
{
	return &mux->stats;
}
