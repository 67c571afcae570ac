// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state machine of a device. Bus mastering follows the state.
 *
 *   OFFLINE --> BOOTING --> LINK_INIT --> ONLINE <--> SUSPENDED
 *      ^           ^            |           |             |
 *      |           |            '-----------+-------------'
 *      |         FAILED <-- error in any state            |
 *      '------------------- stopped in any but FAILED ----'
 *
 * Bus mastering is switched off before the state becomes FAILED: in this state, memory
 * that the device was using may be freed.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "iosm_core.h"
#include "iosm_state.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

#define FROM(state)	BIT(IOSM_STATE_##state)

/* The states that a state may follow. */
static const u8 iosm_state_from[] = {
	[IOSM_STATE_OFFLINE] = FROM(BOOTING) | FROM(LINK_INIT) | FROM(ONLINE) |
			       FROM(SUSPENDED),
	[IOSM_STATE_BOOTING] = FROM(OFFLINE) | FROM(FAILED),
	[IOSM_STATE_LINK_INIT] = FROM(BOOTING),
	[IOSM_STATE_ONLINE] = FROM(LINK_INIT) | FROM(SUSPENDED),
	[IOSM_STATE_SUSPENDED] = FROM(ONLINE),
	[IOSM_STATE_FAILED] = FROM(OFFLINE) | FROM(BOOTING) | FROM(LINK_INIT) |
			      FROM(ONLINE) | FROM(SUSPENDED),
};

static_assert(ARRAY_SIZE(iosm_state_from) == IOSM_N_STATES);

static const char * const iosm_state_names[] = {
#define IOSM_STATE_NAME(name, text)	text,
	IOSM_STATES(IOSM_STATE_NAME)
};

static const char * const iosm_error_names[] = {
#define IOSM_ERROR_NAME(name, text, log)	text,
	IOSM_ERRORS(IOSM_ERROR_NAME)
};

static const char * const iosm_error_logs[] = {
#define IOSM_ERROR_LOG(name, text, log)	log,
	IOSM_ERRORS(IOSM_ERROR_LOG)
};

/**
 * iosm_state_name() - state as text
 * @state: the state
 *
 * Return: static text.
 */
const char *iosm_state_name(enum iosm_state state)
{
	return iosm_state_names[state];
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_name);

/**
 * iosm_error_name() - kind of an error as text
 * @kind: the kind
 *
 * Return: static text.
 */
const char *iosm_error_name(enum iosm_error_kind kind)
{
	return iosm_error_names[kind];
}
EXPORT_SYMBOL_IF_KUNIT(iosm_error_name);

/**
 * iosm_error_log() - begin of the line that the log gets for an error
 * @kind: its kind
 *
 * Return: static text.
 */
const char *iosm_error_log(enum iosm_error_kind kind)
{
	return iosm_error_logs[kind];
}

/* ---- Bus mastering ---- */

/*
 * Compute the PCI command register with bus mastering on or off. Returns false
 * when there is nothing to write: a read that failed, or that returned all
 * ones because the device was removed, does not return the other bits.
 */
VISIBLE_IF_KUNIT bool iosm_state_command(int err, u16 old, bool on, u16 *command)
{
	if (err || PCI_POSSIBLE_ERROR(old))
		return false;

	*command = on ? old | PCI_COMMAND_MASTER : old & ~PCI_COMMAND_MASTER;

	return *command != old;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_command);

/* Allow or forbid the device to access memory and to raise interrupts. */
VISIBLE_IF_KUNIT void iosm_state_master(struct iosm_core *core, bool on)
{
	u16 old, command;
	int err;

	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_state_master, core, on);

	/*
	 * Not pci_set_master(): it writes a bit field of struct pci_dev, and
	 * this may be an interrupt while the PCI core writes its neighbours.
	 */
	err = pci_read_config_word(core->pdev, PCI_COMMAND, &old);
	if (iosm_state_command(err, old, on, &command))
		pci_write_config_word(core->pdev, PCI_COMMAND, command);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_master);

/**
 * iosm_state_cut() - take the access to memory of a failed device, once more
 * @core: the device, in state FAILED or about to be stopped
 *
 * A failed device has lost it already, but the PCI core may have restored it. To be
 * called before memory is freed that the device may still use.
 * Context: any.
 */
void iosm_state_cut(struct iosm_core *core)
{
	iosm_state_master(core, false);
}

/* ---- State ---- */

VISIBLE_IF_KUNIT bool iosm_state_is_allowed(enum iosm_state from, enum iosm_state to)
{
	return iosm_state_from[to] & BIT(from);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_is_allowed);

/* The only place that writes the state. */
static bool iosm_state_change(struct iosm_core *core, enum iosm_state to)
{
	lockdep_assert_held(&core->state_lock);

	if (!iosm_state_is_allowed(core->state, to))
		return false;

	trace_iosm_state(core->dev, core->state, to);
	/* In SUSPENDED, as the platform needs. */
	if (to != IOSM_STATE_ONLINE && to != IOSM_STATE_SUSPENDED)
		iosm_state_master(core, to == IOSM_STATE_LINK_INIT);
	/* Pairs with iosm_core_state(). */
	smp_store_release(&core->state, to);

	return true;
}

/**
 * iosm_state_set() - enter a state other than FAILED
 * @core: the device
 * @to: the state
 *
 * Bus mastering follows the state.
 * Context: core->lock is held.
 *
 * Return: false when the present state does not allow it; then nothing has changed.
 */
bool iosm_state_set(struct iosm_core *core, enum iosm_state to)
{
	unsigned long flags;
	bool changed;

	lockdep_assert_held(&core->lock);

	spin_lock_irqsave(&core->state_lock, flags);
	changed = iosm_state_change(core, to);
	spin_unlock_irqrestore(&core->state_lock, flags);

	return changed;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_set);

/**
 * iosm_state_set_failed() - enter state FAILED, and record the error
 * @core: the device
 * @kind: what happened
 * @reason: static text
 *
 * Only the first error is recorded. The access to memory is taken each time, as the
 * PCI core may have restored it.
 * Context: any.
 *
 * Return: true for the first error.
 */
bool iosm_state_set_failed(struct iosm_core *core, enum iosm_error_kind kind, const char *reason)
{
	unsigned long flags;
	bool first;

	spin_lock_irqsave(&core->state_lock, flags);
	first = core->state != IOSM_STATE_FAILED;
	if (first) {
		core->error.kind = kind;
		core->error.reason = reason;
		core->error.time = ktime_get_real_seconds();
		if (kind != IOSM_ERROR_POWER_LOST)
			core->error.count++;
		trace_iosm_error(core->dev, kind, reason);
		iosm_state_change(core, IOSM_STATE_FAILED);
	} else {
		iosm_state_master(core, false);
	}
	spin_unlock_irqrestore(&core->state_lock, flags);

	return first;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_set_failed);

/**
 * iosm_state_error() - read the record of the last error
 * @core: the device
 * @error: to fill
 *
 * The record outlives a restart.
 * Context: any.
 */
void iosm_state_error(struct iosm_core *core, struct iosm_error *error)
{
	unsigned long flags;

	spin_lock_irqsave(&core->state_lock, flags);
	*error = core->error;
	spin_unlock_irqrestore(&core->state_lock, flags);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_error);

/**
 * iosm_state_restart() - how may the device be restarted?
 * @core: the device, in state FAILED
 *
 * A device that violated the protocol gets access to memory again only by a decision
 * of the administrator. Firmware that crashed may be preparing a core dump.
 * Context: any.
 *
 * Return: see enum iosm_restart.
 */
enum iosm_restart iosm_state_restart(struct iosm_core *core)
{
	struct iosm_error error;

	iosm_state_error(core, &error);

	switch (error.kind) {
	case IOSM_ERROR_POWER_LOST:
		return IOSM_RESTART_WORKER;
	case IOSM_ERROR_UNRESPONSIVE:
		return IOSM_RESTART_REPORTER;
	case IOSM_ERROR_GONE:
		return IOSM_RESTART_NONE;
	default:
		return IOSM_RESTART_ADMIN;
	}
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_restart);

/* ---- Errors and events ---- */

/**
 * iosm_state_event() - send a uevent
 * @core: the device
 * @event: its name, which is part of the user ABI
 *
 * Context: may sleep.
 */
void iosm_state_event(struct iosm_core *core, const char *event)
{
	char text[48];
	char *envp[2];

	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_state_event, core, event);

	snprintf(text, sizeof(text), "IOSM_EVENT=%s", event);
	envp[0] = text;
	envp[1] = NULL;
	kobject_uevent_env(&core->dev->kobj, KOBJ_CHANGE, envp);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_event);

/**
 * iosm_state_queue_worker() - run the worker soon
 * @core: the device
 *
 * Context: any.
 */
void iosm_state_queue_worker(struct iosm_core *core)
{
	IOSM_STUB(iosm_mmio_is_fake(&core->mmio), iosm_state_queue_worker, core);

	mod_delayed_work(core->wq, &core->work, 0);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_queue_worker);

/**
 * iosm_state_notify() - call the function that iosm_state_set_notify() has registered
 * @core: the device
 *
 * Context: any.
 */
void iosm_state_notify(struct iosm_core *core)
{
	void (*notify)(void *priv);

	/* Pairs with iosm_state_set_notify(). */
	notify = smp_load_acquire(&core->notify);
	if (notify)
		notify(core->notify_priv);
}

/**
 * iosm_state_set_notify() - register a call after each error and when the device is online
 * @core: not started, or paused
 * @notify: called in any context; NULL: no calls from now on
 * @priv: for @notify
 *
 * Context: may sleep.
 */
void iosm_state_set_notify(struct iosm_core *core, void (*notify)(void *priv), void *priv)
{
	if (notify)
		core->notify_priv = priv;
	/* Pairs with iosm_state_notify(). */
	smp_store_release(&core->notify, notify);
	/* The interrupt may still report an error of a paused device. */
	if (!notify)
		synchronize_irq(core->irq);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_set_notify);

/**
 * iosm_state_fail() - the device has failed
 * @core: the device
 * @kind: what happened; decides how the device may be restarted
 * @reason: static text for the log
 *
 * The device loses its access to memory, all waits end, and the worker stops the
 * clients. Only the first error is recorded.
 * Context: any that holds none of the locks of pm and msg.
 */
void iosm_state_fail(struct iosm_core *core, enum iosm_error_kind kind, const char *reason)
{
	if (!iosm_state_set_failed(core, kind, reason))
		return;

	if (kind == IOSM_ERROR_POWER_LOST)
		dev_info(core->dev, "%s: %s\n", iosm_error_log(kind), reason);
	else
		dev_err(core->dev, "%s: %s\n", iosm_error_log(kind), reason);
	iosm_pm_stop(&core->pm);
	iosm_msg_stop(&core->msg);
	wake_up_all(&core->event);
	iosm_state_queue_worker(core);
	if (kind != IOSM_ERROR_POWER_LOST)
		iosm_state_notify(core);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_fail);

/**
 * iosm_state_is_lost() - has the device failed in a way that forbids a restart by the
 * PCI core or by a resume?
 * @core: the device
 *
 * Context: any.
 *
 * Return: true when only the administrator or the health reporter may restart it.
 */
bool iosm_state_is_lost(struct iosm_core *core)
{
	enum iosm_restart restart;

	if (!iosm_core_has_failed(core))
		return false;

	restart = iosm_state_restart(core);

	return restart == IOSM_RESTART_ADMIN || restart == IOSM_RESTART_REPORTER;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_state_is_lost);
