// SPDX-License-Identifier: GPL-2.0-only
/*
 * devlink: versions and health.
 *
 * The instance exists while the driver is bound. A modem that failed is an error of
 * the health reporter "fw". The reporter resets and restarts an unresponsive modem,
 * unless auto_recover is off or too many restarts did not help. A modem that
 * violated the protocol gets its access to memory back only by "devlink health
 * recover". So does one whose firmware crashed, as it may be preparing a core dump.
 *
 * Lock order: the lock of the PCI device, the lock of devlink, those of the core. So
 * the core notifies devlink through a work without locks, and recovery only tries to
 * lock the PCI device.
 */

#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/workqueue.h>
#include <net/devlink.h>

#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_devlink.h"

/* Time limit of a recovery: until the modem is online. */
#define IOSM_RECOVER_MS		20000
/* Limit of automatic restarts in a window of time. */
#define IOSM_RESTARTS		3
#define IOSM_RESTART_WINDOW_S	600

/**
 * struct iosm_devlink - private part of the devlink instance
 * @core: the device
 * @fw: health of the modem
 * @work: reports changes to devlink
 * @reported: number of errors that were reported; @work only
 * @restarts: times of the last automatic restarts, oldest first, 0: none; in
 *	seconds since boot; under the lock of devlink
 */
struct iosm_devlink {
	struct iosm_core *core;
	struct devlink_health_reporter *fw;
	struct work_struct work;
	unsigned int reported;
	time64_t restarts[IOSM_RESTARTS];
};

/* ---- Versions ---- */

static int iosm_devlink_info(struct devlink *devlink,
			     struct devlink_info_req *req,
			     struct netlink_ext_ack *extack)
{
	struct iosm_devlink *dl = devlink_priv(devlink);
	struct iosm_core *core = dl->core;
	char text[16];
	int err;

	snprintf(text, sizeof(text), "XMM%04x", iosm_core_device_id(core));
	err = devlink_info_version_fixed_put(req,
					     DEVLINK_INFO_VERSION_GENERIC_ASIC_ID,
					     text);
	if (err || iosm_core_state(core) != IOSM_STATE_ONLINE)
		return err;

	snprintf(text, sizeof(text), "%#06x", iosm_core_version(core));

	return devlink_info_version_running_put(req,
						DEVLINK_INFO_VERSION_GENERIC_FW_MGMT_API,
						text);
}

static const struct devlink_ops iosm_devlink_ops = {
	.info_get = iosm_devlink_info,
};

/* ---- Health ---- */

static const char *iosm_devlink_stage(u32 stage, char *text, size_t size)
{
	switch (stage) {
	case IOSM_STAGE_BOOT:
		return "boot ROM";
	case IOSM_STAGE_PSI:
		return "PSI";
	case IOSM_STAGE_EBL:
		return "EBL";
	case IOSM_STAGE_RUN:
		return "run";
	case IOSM_STAGE_CRASH:
		return "crash";
	case IOSM_STAGE_CD_READY:
		return "core dump ready";
	case IOSM_GONE:
		return "none, registers read all ones";
	}

	snprintf(text, size, "%#x", stage);

	return text;
}

static void iosm_devlink_last_error(struct iosm_core *core,
				    struct devlink_fmsg *fmsg)
{
	struct iosm_error error;
	char text[32];

	iosm_state_error(core, &error);
	devlink_fmsg_u32_pair_put(fmsg, "errors", error.count);
	if (!error.reason)
		return;

	snprintf(text, sizeof(text), "%ptTs", &error.time);
	devlink_fmsg_pair_nest_start(fmsg, "last_error");
	devlink_fmsg_obj_nest_start(fmsg);
	devlink_fmsg_string_pair_put(fmsg, "kind", iosm_error_name(error.kind));
	devlink_fmsg_string_pair_put(fmsg, "reason", error.reason);
	devlink_fmsg_string_pair_put(fmsg, "time", text);
	devlink_fmsg_obj_nest_end(fmsg);
	devlink_fmsg_pair_nest_end(fmsg);
}

static int iosm_devlink_diagnose(struct devlink_health_reporter *reporter,
				 struct devlink_fmsg *fmsg,
				 struct netlink_ext_ack *extack)
{
	struct iosm_devlink *dl = devlink_health_reporter_priv(reporter);
	struct iosm_core *core = dl->core;
	struct iosm_core_counters counters;
	struct iosm_violations violations;
	char text[16];

	devlink_fmsg_string_pair_put(fmsg, "state",
				     iosm_state_name(iosm_core_state(core)));
	/* No register may be read during a reset or system sleep. */
	if (!iosm_core_holds(core))
		devlink_fmsg_string_pair_put(fmsg, "stage",
					     iosm_devlink_stage(iosm_core_stage(core),
								text, sizeof(text)));
	iosm_devlink_last_error(core, fmsg);

	iosm_core_get_violations(core, &violations);
	devlink_fmsg_pair_nest_start(fmsg, "violations");
	devlink_fmsg_obj_nest_start(fmsg);
	devlink_fmsg_u64_pair_put(fmsg, "ring", violations.ring);
	devlink_fmsg_u64_pair_put(fmsg, "message", violations.message);
	devlink_fmsg_u64_pair_put(fmsg, "sleep", violations.sleep);
	devlink_fmsg_u64_pair_put(fmsg, "stage", violations.stage);
	devlink_fmsg_u64_pair_put(fmsg, "mux", violations.mux);
	devlink_fmsg_obj_nest_end(fmsg);
	devlink_fmsg_pair_nest_end(fmsg);
	iosm_core_get_counters(core, &counters);
	devlink_fmsg_u64_pair_put(fmsg, "message_timeouts",
				  counters.msg.timeouts);

	return 0;
}

/* Count an automatic restart. Returns false when the limit is reached. */
static bool iosm_devlink_may_restart(struct iosm_devlink *dl)
{
	time64_t now = ktime_get_boottime_seconds() + 1;
	time64_t oldest = dl->restarts[0];

	if (oldest && now - oldest < IOSM_RESTART_WINDOW_S)
		return false;

	memmove(dl->restarts, dl->restarts + 1,
		sizeof(dl->restarts) - sizeof(dl->restarts[0]));
	dl->restarts[IOSM_RESTARTS - 1] = now;

	return true;
}

/* Reset the device and wait until it is online again. */
static int iosm_devlink_restart(struct iosm_core *core,
				struct netlink_ext_ack *extack)
{
	int err;

	/*
	 * Do not wait for the lock of the PCI device with the lock of devlink held:
	 * a removal takes them in the reverse order.
	 */
	err = pci_try_reset_function(to_pci_dev(iosm_core_dev(core)));
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "the PCI device cannot be reset now");
		return err;
	}

	err = iosm_core_await(core, IOSM_RECOVER_MS);
	if (err == -EAGAIN) {
		NL_SET_ERR_MSG_MOD(extack, "reset, but the modem is not up yet");
		err = -ETIMEDOUT;
	} else if (err) {
		NL_SET_ERR_MSG_MOD(extack, "reset, but the modem failed again");
	}

	return err;
}

/* Automatic recovery, when auto_recover is on. */
static int iosm_devlink_auto_recover(struct iosm_devlink *dl)
{
	struct iosm_core *core = dl->core;
	int err;

	if (iosm_state_restart(core) != IOSM_RESTART_REPORTER)
		return -EOPNOTSUPP;

	if (!iosm_devlink_may_restart(dl)) {
		dev_err(iosm_core_dev(core),
			"modem is not restarted: %u restarts in %u s did not help\n",
			IOSM_RESTARTS, IOSM_RESTART_WINDOW_S);
		return -EOPNOTSUPP;
	}

	dev_info(iosm_core_dev(core), "restarting modem: it was unresponsive\n");
	err = iosm_devlink_restart(core, NULL);
	/* A removal or a system sleep ends the wait without an error. */
	if (err && !iosm_core_holds(core))
		dev_err(iosm_core_dev(core), "restart failed: %pe\n", ERR_PTR(err));

	return err;
}

static int iosm_devlink_recover(struct devlink_health_reporter *reporter,
				void *priv_ctx, struct netlink_ext_ack *extack)
{
	struct iosm_devlink *dl = devlink_health_reporter_priv(reporter);

	/* Automatic: iosm_devlink_work() has reported an error. */
	if (priv_ctx)
		return iosm_devlink_auto_recover(dl);

	return iosm_devlink_restart(dl->core, extack);
}

static const struct devlink_health_reporter_ops iosm_devlink_fw_ops = {
	.name = "fw",
	.diagnose = iosm_devlink_diagnose,
	.recover = iosm_devlink_recover,
};

static void iosm_devlink_work(struct work_struct *work)
{
	struct iosm_devlink *dl = container_of(work, struct iosm_devlink, work);
	enum iosm_state state;
	struct iosm_error error;

	iosm_state_error(dl->core, &error);
	if (error.count != dl->reported) {
		dl->reported = error.count;
		devlink_health_report(dl->fw, error.reason, dl);
	}

	/*
	 * A successful recovery sets the reporter to healthy under this lock, but the
	 * device may have failed again meanwhile.
	 */
	devl_lock(priv_to_devlink(dl));
	state = iosm_core_state(dl->core);
	if (state == IOSM_STATE_FAILED)
		devlink_health_reporter_state_update(dl->fw,
						     DEVLINK_HEALTH_REPORTER_STATE_ERROR);
	else if (state == IOSM_STATE_ONLINE)
		devlink_health_reporter_state_update(dl->fw,
						     DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
	devl_unlock(priv_to_devlink(dl));
}

/* Context: any. */
static void iosm_devlink_changed(void *priv)
{
	struct iosm_devlink *dl = priv;

	iosm_core_queue_work(dl->core, &dl->work);
}

/* ---- Registration ---- */

/**
 * iosm_devlink_create() - register a device with devlink
 * @core: initialised, not started
 *
 * Context: may sleep.
 *
 * Return: for iosm_devlink_destroy(), or an ERR_PTR().
 */
struct iosm_devlink *iosm_devlink_create(struct iosm_core *core)
{
	struct devlink_health_reporter *fw;
	struct iosm_devlink *dl;
	struct devlink *devlink;

	devlink = devlink_alloc(&iosm_devlink_ops, sizeof(*dl), iosm_core_dev(core));
	if (!devlink)
		return ERR_PTR(-ENOMEM);

	dl = devlink_priv(devlink);
	dl->core = core;
	INIT_WORK(&dl->work, iosm_devlink_work);

	fw = iosm_health_reporter_create(devlink, &iosm_devlink_fw_ops, dl);
	if (IS_ERR(fw)) {
		devlink_free(devlink);
		return ERR_CAST(fw);
	}
	dl->fw = fw;

	devlink_register(devlink);
	iosm_state_set_notify(core, iosm_devlink_changed, dl);

	return dl;
}

/**
 * iosm_devlink_destroy() - the counterpart of iosm_devlink_create()
 * @dl: of a paused device
 *
 * Context: sleeps; waits for running commands of devlink.
 */
void iosm_devlink_destroy(struct iosm_devlink *dl)
{
	struct devlink *devlink = priv_to_devlink(dl);

	iosm_state_set_notify(dl->core, NULL, NULL);
	disable_work_sync(&dl->work);
	devlink_unregister(devlink);
	devlink_health_reporter_destroy(dl->fw);
	devlink_free(devlink);
}
