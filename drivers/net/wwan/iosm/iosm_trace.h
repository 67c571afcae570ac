/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: communication between host and device, and states of the driver.
 * Every file may use them: they do not depend on structures of the driver.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iosm

#if !defined(IOSM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define IOSM_TRACE_H

#include <linux/device.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#include "iosm_hw.h"
#include "iosm_state.h"

/* ---- Names of values; programs read them from the "format" files ---- */

TRACE_DEFINE_ENUM(IOSM_DB_HPDA);
TRACE_DEFINE_ENUM(IOSM_DB_IPC);
TRACE_DEFINE_ENUM(IOSM_HPDA_MSG);
TRACE_DEFINE_ENUM(IOSM_HPDA_WAKEUP);
TRACE_DEFINE_ENUM(IOSM_HPDA_UL);
TRACE_DEFINE_ENUM(IOSM_HPDA_UL_TIMER);
TRACE_DEFINE_ENUM(IOSM_HPDA_FAST_UPDATE);
TRACE_DEFINE_ENUM(IOSM_HPDA_UL_CTRL);
TRACE_DEFINE_ENUM(IOSM_HPDA_DL_REFILL);
TRACE_DEFINE_ENUM(IOSM_HPDA_IP_OPEN);
TRACE_DEFINE_ENUM(IOSM_HPDA_PORT_OPEN);
TRACE_DEFINE_ENUM(IOSM_IPC_UNINIT);
TRACE_DEFINE_ENUM(IOSM_IPC_INIT);
TRACE_DEFINE_ENUM(IOSM_IPC_RUNNING);
TRACE_DEFINE_ENUM(IOSM_SLEEP_CTL_ACTIVE);
TRACE_DEFINE_ENUM(IOSM_SLEEP_CTL_SLEEP);
TRACE_DEFINE_ENUM(IOSM_SLEEP_CTL_WAKEUP);
TRACE_DEFINE_ENUM(IOSM_SLEEP_CTL_FORCE_SLEEP);
TRACE_DEFINE_ENUM(IOSM_SLEEP_CTL_FORCE_ACTIVE);
TRACE_DEFINE_ENUM(IOSM_TD_UNUSED);
TRACE_DEFINE_ENUM(IOSM_TD_PARTIAL);
TRACE_DEFINE_ENUM(IOSM_TD_END);
TRACE_DEFINE_ENUM(IOSM_TD_OVERFLOW);
TRACE_DEFINE_ENUM(IOSM_TD_ABORTED);
TRACE_DEFINE_ENUM(IOSM_TD_ERROR);
TRACE_DEFINE_ENUM(IOSM_MSG_OPEN_PIPE);
TRACE_DEFINE_ENUM(IOSM_MSG_CLOSE_PIPE);
TRACE_DEFINE_ENUM(IOSM_MSG_ABORT_PIPE);
TRACE_DEFINE_ENUM(IOSM_MSG_SLEEP);
TRACE_DEFINE_ENUM(IOSM_MSG_FEATURE_SET);

#define IOSM_TRACE_STATE(name, text)		TRACE_DEFINE_ENUM(IOSM_STATE_##name);
#define IOSM_TRACE_ERROR(name, text, log)	TRACE_DEFINE_ENUM(IOSM_ERROR_##name);
IOSM_STATES(IOSM_TRACE_STATE)
IOSM_ERRORS(IOSM_TRACE_ERROR)

#define IOSM_SHOW_STATE(name, text)		{ IOSM_STATE_##name, text },
#define IOSM_SHOW_ERROR(name, text, log)	{ IOSM_ERROR_##name, text },
#define iosm_show_state(value)						\
	__print_symbolic(value, IOSM_STATES(IOSM_SHOW_STATE) { 255, "" })
#define iosm_show_error(value)						\
	__print_symbolic(value, IOSM_ERRORS(IOSM_SHOW_ERROR) { 255, "" })

#define iosm_show_hpda(value)						\
	__print_symbolic(value,						\
			 { IOSM_HPDA_MSG, "message" },			\
			 { IOSM_HPDA_WAKEUP, "wakeup" },		\
			 { IOSM_HPDA_UL, "uplink" },			\
			 { IOSM_HPDA_UL_TIMER, "uplink timer" },	\
			 { IOSM_HPDA_FAST_UPDATE, "fast update" },	\
			 { IOSM_HPDA_UL_CTRL, "uplink command" },	\
			 { IOSM_HPDA_DL_REFILL, "downlink refill" },	\
			 { IOSM_HPDA_IP_OPEN, "IP open" },		\
			 { IOSM_HPDA_PORT_OPEN, "port open" })

#define iosm_show_ipc(value)						\
	__print_symbolic(value,						\
			 { IOSM_IPC_UNINIT, "UNINIT" },			\
			 { IOSM_IPC_INIT, "INIT" },			\
			 { IOSM_IPC_RUNNING, "RUNNING" })

#define iosm_show_sleep_ctl(value)					\
	__print_symbolic(value,						\
			 { IOSM_SLEEP_CTL_ACTIVE, "ACTIVE" },		\
			 { IOSM_SLEEP_CTL_SLEEP, "SLEEP" },		\
			 { IOSM_SLEEP_CTL_WAKEUP, "WAKEUP" },		\
			 { IOSM_SLEEP_CTL_FORCE_SLEEP, "FORCE_SLEEP" },	\
			 { IOSM_SLEEP_CTL_FORCE_ACTIVE, "FORCE_ACTIVE" })

#define iosm_show_td_status(value)					\
	__print_symbolic(value,						\
			 { IOSM_TD_UNUSED, "UNUSED" },			\
			 { IOSM_TD_PARTIAL, "PARTIAL" },		\
			 { IOSM_TD_END, "END" },			\
			 { IOSM_TD_OVERFLOW, "OVERFLOW" },		\
			 { IOSM_TD_ABORTED, "ABORTED" },		\
			 { IOSM_TD_ERROR, "ERROR" })

#define iosm_show_msg(value)						\
	__print_symbolic(value,						\
			 { IOSM_MSG_OPEN_PIPE, "OPEN_PIPE" },		\
			 { IOSM_MSG_CLOSE_PIPE, "CLOSE_PIPE" },		\
			 { IOSM_MSG_ABORT_PIPE, "ABORT_PIPE" },		\
			 { IOSM_MSG_SLEEP, "SLEEP" },			\
			 { IOSM_MSG_FEATURE_SET, "FEATURE_SET" })

/*
 * Values of enum iosm_pm_state, enum iosm_mux_state and enum iosm_mux_op, which are
 * defined in higher layers; asserted there.
 */
#define iosm_show_pm(value)						\
	__print_symbolic(value,						\
			 { 0, "off" },					\
			 { 1, "active" },				\
			 { 2, "asleep" },				\
			 { 3, "waking" },				\
			 { 4, "quiesced" },				\
			 { 5, "suspended" })

#define iosm_show_session(value)					\
	__print_symbolic(value,						\
			 { 0, "closed" },				\
			 { 1, "opening" },				\
			 { 2, "up" },					\
			 { 3, "closing" })

#define iosm_show_cmd(value)						\
	__print_symbolic(value,						\
			 { 0, "OPEN" },					\
			 { 1, "OPEN_RESP" },				\
			 { 2, "CLOSE" },				\
			 { 3, "CLOSE_RESP" },				\
			 { 4, "FLOW_STOP" },				\
			 { 5, "FLOW_GO" },				\
			 { 6, "FLOW_ACK" },				\
			 { 7, "LINK_STATUS" },				\
			 { 8, "LINK_STATUS_RESP" })

/* ---- Doorbells and interrupts ---- */

/* A doorbell was rung. */
TRACE_EVENT(iosm_doorbell,
	TP_PROTO(const struct device *dev, u32 nr, u32 value),
	TP_ARGS(dev, nr, value),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, nr)
		__field(u32, value)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->nr = nr;
		__entry->value = value;
	),
	TP_printk("%s doorbell=%u value=%u (%s)", __get_str(dev),
		  __entry->nr, __entry->value,
		  __entry->nr == IOSM_DB_HPDA ?
		  iosm_show_hpda(__entry->value) :
		  __entry->nr == IOSM_DB_IPC ?
		  iosm_show_ipc(__entry->value) :
		  iosm_show_sleep_ctl(__entry->value))
);

/*
 * The interrupt or the watchdog has scanned the shared memory. @channels: bit mask of
 * channels with a tail that moved; @thread: the IRQ thread is woken.
 */
TRACE_EVENT(iosm_irq,
	TP_PROTO(const struct device *dev, unsigned long channels, bool thread),
	TP_ARGS(dev, channels, thread),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, channels)
		__field(bool, thread)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->channels = channels;
		__entry->thread = thread;
	),
	TP_printk("%s channels=%#x thread=%u", __get_str(dev),
		  __entry->channels, __entry->thread)
);

/* ---- Pipes ---- */

/* A buffer was described in a TD, which is not published yet. */
TRACE_EVENT(iosm_td_post,
	TP_PROTO(const struct device *dev, u8 pipe, u32 index, u64 address,
		 u32 len),
	TP_ARGS(dev, pipe, index, address, len),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u64, address)
		__field(u32, index)
		__field(u32, len)
		__field(u8, pipe)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->address = address;
		__entry->index = index;
		__entry->len = len;
		__entry->pipe = pipe;
	),
	TP_printk("%s pipe=%u td=%u address=%#llx len=%u", __get_str(dev),
		  __entry->pipe, __entry->index, __entry->address,
		  __entry->len)
);

/* A head was published: the device may read all TDs below it. */
TRACE_EVENT(iosm_head_update,
	TP_PROTO(const struct device *dev, u8 pipe, u32 from, u32 to),
	TP_ARGS(dev, pipe, from, to),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, from)
		__field(u32, to)
		__field(u8, pipe)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->from = from;
		__entry->to = to;
		__entry->pipe = pipe;
	),
	TP_printk("%s pipe=%u head=%u->%u", __get_str(dev), __entry->pipe,
		  __entry->from, __entry->to)
);

/* A completed TD was taken back; @status and @len after the check. */
TRACE_EVENT(iosm_td_done,
	TP_PROTO(const struct device *dev, u8 pipe, u32 index, u32 status,
		 u32 len),
	TP_ARGS(dev, pipe, index, status, len),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, index)
		__field(u32, status)
		__field(u32, len)
		__field(u8, pipe)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->index = index;
		__entry->status = status;
		__entry->len = len;
		__entry->pipe = pipe;
	),
	TP_printk("%s pipe=%u td=%u status=%s len=%u", __get_str(dev),
		  __entry->pipe, __entry->index,
		  iosm_show_td_status(__entry->status), __entry->len)
);

/* ---- Messages ---- */

/* A message is in the message ring. */
TRACE_EVENT(iosm_msg_send,
	TP_PROTO(const struct device *dev, u32 slot, u8 type, u8 arg0, u8 arg1,
		 u8 arg2),
	TP_ARGS(dev, slot, type, arg0, arg1, arg2),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, slot)
		__field(u8, type)
		__field(u8, arg0)
		__field(u8, arg1)
		__field(u8, arg2)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->slot = slot;
		__entry->type = type;
		__entry->arg0 = arg0;
		__entry->arg1 = arg1;
		__entry->arg2 = arg2;
	),
	TP_printk("%s slot=%u type=%s args=%u,%u,%u", __get_str(dev),
		  __entry->slot, iosm_show_msg(__entry->type),
		  __entry->arg0, __entry->arg1, __entry->arg2)
);

/* The device has completed a message; @status as written: 1 is success. */
TRACE_EVENT(iosm_msg_done,
	TP_PROTO(const struct device *dev, u32 slot, u32 status),
	TP_ARGS(dev, slot, status),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, slot)
		__field(u32, status)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->slot = slot;
		__entry->status = status;
	),
	TP_printk("%s slot=%u status=%u", __get_str(dev), __entry->slot,
		  __entry->status)
);

/* ---- State and sleep ---- */

/* enum iosm_state has changed. */
TRACE_EVENT(iosm_state,
	TP_PROTO(const struct device *dev, u32 from, u32 to),
	TP_ARGS(dev, from, to),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("%s %s->%s", __get_str(dev), iosm_show_state(__entry->from),
		  iosm_show_state(__entry->to))
);

/* The device has failed. */
TRACE_EVENT(iosm_error,
	TP_PROTO(const struct device *dev, u32 kind, const char *reason),
	TP_ARGS(dev, kind, reason),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__string(reason, reason)
		__field(u32, kind)
	),
	TP_fast_assign(
		__assign_str(dev);
		__assign_str(reason);
		__entry->kind = kind;
	),
	TP_printk("%s kind=%s reason=\"%s\"", __get_str(dev),
		  iosm_show_error(__entry->kind), __get_str(reason))
);

/* enum iosm_pm_state has changed. @is_held: a doorbell is deferred. */
TRACE_EVENT(iosm_pm_state,
	TP_PROTO(const struct device *dev, u32 from, u32 to, bool is_held),
	TP_ARGS(dev, from, to, is_held),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, from)
		__field(u32, to)
		__field(bool, is_held)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->from = from;
		__entry->to = to;
		__entry->is_held = is_held;
	),
	TP_printk("%s %s->%s held=%u", __get_str(dev),
		  iosm_show_pm(__entry->from), iosm_show_pm(__entry->to),
		  __entry->is_held)
);

/* ---- Sessions ---- */

/* enum iosm_mux_state of a session has changed. */
TRACE_EVENT(iosm_session,
	TP_PROTO(const struct device *dev, u8 session, u32 state),
	TP_ARGS(dev, session, state),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, state)
		__field(u8, session)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->state = state;
		__entry->session = session;
	),
	TP_printk("%s session=%u state=%s", __get_str(dev), __entry->session,
		  iosm_show_session(__entry->state))
);

/* A command of the MUX, to the device (@up) or from the device. */
TRACE_EVENT(iosm_mux_cmd,
	TP_PROTO(const struct device *dev, bool up, u8 session, u32 op,
		 u32 transaction, u32 response),
	TP_ARGS(dev, up, session, op, transaction, response),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, op)
		__field(u32, transaction)
		__field(u32, response)
		__field(u8, session)
		__field(bool, up)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->op = op;
		__entry->transaction = transaction;
		__entry->response = response;
		__entry->session = session;
		__entry->up = up;
	),
	TP_printk("%s %s session=%u op=%s transaction=%u response=%u",
		  __get_str(dev), __entry->up ? "tx" : "rx",
		  __entry->session, iosm_show_cmd(__entry->op),
		  __entry->transaction, __entry->response)
);

/* Flow control or credit of a session. @credit: bytes. */
TRACE_EVENT(iosm_flow,
	TP_PROTO(const struct device *dev, u8 session, bool stopped,
		 u64 credit),
	TP_ARGS(dev, session, stopped, credit),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u64, credit)
		__field(u8, session)
		__field(bool, stopped)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->credit = credit;
		__entry->session = session;
		__entry->stopped = stopped;
	),
	TP_printk("%s session=%u stopped=%u credit=%llu", __get_str(dev),
		  __entry->session, __entry->stopped, __entry->credit)
);

/* A packet was deferred: flow control, no credit, or no room. */
TRACE_EVENT(iosm_tx_defer,
	TP_PROTO(const struct device *dev, u8 session, u32 len, bool stopped,
		 u64 credit),
	TP_ARGS(dev, session, len, stopped, credit),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u64, credit)
		__field(u32, len)
		__field(u8, session)
		__field(bool, stopped)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->credit = credit;
		__entry->len = len;
		__entry->session = session;
		__entry->stopped = stopped;
	),
	TP_printk("%s session=%u len=%u stopped=%u credit=%llu",
		  __get_str(dev), __entry->session, __entry->len,
		  __entry->stopped, __entry->credit)
);

/* ---- Blocks ---- */

/* A data block to the device is complete. @sessions: bit mask. */
TRACE_EVENT(iosm_block_encode,
	TP_PROTO(const struct device *dev, u32 len, u32 packets, u32 sessions),
	TP_ARGS(dev, len, packets, sessions),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, len)
		__field(u32, packets)
		__field(u32, sessions)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->len = len;
		__entry->packets = packets;
		__entry->sessions = sessions;
	),
	TP_printk("%s len=%u packets=%u sessions=%#x", __get_str(dev),
		  __entry->len, __entry->packets, __entry->sessions)
);

/* A data block of the device was read. @bad: invalid datagrams. */
TRACE_EVENT(iosm_block_decode,
	TP_PROTO(const struct device *dev, u32 len, u32 packets, u32 bad),
	TP_ARGS(dev, len, packets, bad),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, len)
		__field(u32, packets)
		__field(u32, bad)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->len = len;
		__entry->packets = packets;
		__entry->bad = bad;
	),
	TP_printk("%s len=%u packets=%u bad=%u", __get_str(dev), __entry->len,
		  __entry->packets, __entry->bad)
);

/* The device violated the protocol; the block or a part of it was dropped. */
TRACE_EVENT(iosm_violation,
	TP_PROTO(const struct device *dev, const char *what),
	TP_ARGS(dev, what),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__string(what, what)
	),
	TP_fast_assign(
		__assign_str(dev);
		__assign_str(what);
	),
	TP_printk("%s what=\"%s\"", __get_str(dev), __get_str(what))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE iosm_trace
#include <trace/define_trace.h>
