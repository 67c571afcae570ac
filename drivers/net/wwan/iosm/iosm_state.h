/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a device, and the error that it failed with.
 *
 * The lists also feed tracepoints, devlink and messages.
 */
#ifndef IOSM_STATE_H
#define IOSM_STATE_H

#include <linux/types.h>

struct iosm_core;

/* name, as devlink and tracepoints print it */
#define IOSM_STATES(X)							\
	X(OFFLINE, "offline")						\
	X(BOOTING, "booting")						\
	X(LINK_INIT, "link_init")					\
	X(ONLINE, "online")						\
	X(SUSPENDED, "suspended")					\
	X(FAILED, "failed")

/* name, as devlink and tracepoints print it, begin of the line in the log */
#define IOSM_ERRORS(X)							\
	X(NONE, "none", "no error")					\
	X(CRASHED, "crashed", "modem crashed")				\
	X(PROTOCOL, "protocol_error", "protocol error")			\
	X(UNRESPONSIVE, "unresponsive", "modem is unresponsive")	\
	X(GONE, "gone", "modem is gone")				\
	X(PCI, "pci", "PCI error")					\
	X(POWER_LOST, "power_lost", "restarting modem")

/*
 * State of a device.
 *
 * OFFLINE: stopped. BOOTING: waits for the firmware. LINK_INIT: handshake, first
 * messages, start of the clients. ONLINE: operational. SUSPENDED: system sleep.
 * FAILED: see struct iosm_error.
 */
enum iosm_state {
#define IOSM_STATE_ENUM(name, text)	IOSM_STATE_##name,
	IOSM_STATES(IOSM_STATE_ENUM)
#undef IOSM_STATE_ENUM
	IOSM_N_STATES
};

/*
 * Why a device failed.
 *
 * CRASHED: the firmware reported it. PROTOCOL: the device violated the protocol.
 * UNRESPONSIVE: a request timed out. GONE: registers read all ones. PCI: error or
 * reset of the link. POWER_LOST: during system sleep.
 */
enum iosm_error_kind {
#define IOSM_ERROR_ENUM(name, text, log)	IOSM_ERROR_##name,
	IOSM_ERRORS(IOSM_ERROR_ENUM)
#undef IOSM_ERROR_ENUM
	IOSM_N_ERRORS
};

/**
 * enum iosm_restart - how a device that has failed may be restarted
 * @IOSM_RESTART_ADMIN: by the administrator, or by the PCI core after an error
 * @IOSM_RESTART_NONE: not at all: the device was removed
 * @IOSM_RESTART_WORKER: by the worker, at once
 * @IOSM_RESTART_REPORTER: by the health reporter, a limited number of times
 */
enum iosm_restart {
	IOSM_RESTART_ADMIN,
	IOSM_RESTART_NONE,
	IOSM_RESTART_WORKER,
	IOSM_RESTART_REPORTER,
};

/**
 * struct iosm_error - the last error
 * @kind: see enum iosm_error_kind
 * @reason: static text, NULL before the first error
 * @time: time of day
 * @count: errors since the driver was bound. A loss of power during system sleep is
 *	not an error of the device and does not count.
 */
struct iosm_error {
	enum iosm_error_kind kind;
	const char *reason;
	time64_t time;
	unsigned int count;
};

bool iosm_state_set(struct iosm_core *core, enum iosm_state to);
bool iosm_state_set_failed(struct iosm_core *core, enum iosm_error_kind kind, const char *reason);
void iosm_state_fail(struct iosm_core *core, enum iosm_error_kind kind, const char *reason);
bool iosm_state_is_lost(struct iosm_core *core);
void iosm_state_set_notify(struct iosm_core *core, void (*notify)(void *priv), void *priv);
void iosm_state_notify(struct iosm_core *core);
void iosm_state_event(struct iosm_core *core, const char *event);
void iosm_state_queue_worker(struct iosm_core *core);
void iosm_state_cut(struct iosm_core *core);
void iosm_state_error(struct iosm_core *core, struct iosm_error *error);
enum iosm_restart iosm_state_restart(struct iosm_core *core);

const char *iosm_state_name(enum iosm_state state);
const char *iosm_error_name(enum iosm_error_kind kind);
const char *iosm_error_log(enum iosm_error_kind kind);

#if IS_ENABLED(CONFIG_KUNIT)
bool iosm_state_is_allowed(enum iosm_state from, enum iosm_state to);
bool iosm_state_command(int err, u16 old, bool on, u16 *command);
void iosm_state_master(struct iosm_core *core, bool on);
#endif

#endif
