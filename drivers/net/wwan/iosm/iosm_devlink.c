// SPDX-License-Identifier: GPL-2.0-only
/*
 * devlink: what the device is, and how it is.
 *
 * The instance is there while the driver is bound, whatever the modem does.
 * A modem that failed is an error of the health reporter "fw". One that is
 * unresponsive is reset and restarted by the reporter, unless its auto_recover
 * is off, or too many restarts did not help. One that violated the protocol must
 * not get its access to memory back unless the administrator asks for it, and
 * firmware that crashed may be preparing a core dump: these wait for "devlink
 * health recover".
 *
 * Lock order: the lock of the PCI device, the lock of devlink, those of the
 * core. So the core's calls come through a work that holds none of them, and
 * recovery only tries to get the first.
 */

#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/workqueue.h>
#include <net/devlink.h>

#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_devlink.h"

/* How long somebody who asked for recovery waits for the modem to be up. */
#define IOSM_RECOVER_MS		20000
/* Automatic restarts: at most that many in that time. */
#define IOSM_RESTARTS		3
#define IOSM_RESTART_WINDOW_S	600

/**
 * struct iosm_devlink - private part of the devlink instance
 * @core: the device
 * @fw: health of the modem
 * @work: tells devlink about changes
 * @told: number of faults that devlink knows of; @work only
 * @restarts: times of the last automatic restarts, oldest first, 0: none; in
 *	seconds since boot; under the lock of devlink
 */
struct iosm_devlink {
	struct iosm_core *core;
	struct devlink_health_reporter *fw;
	struct work_struct work;
	unsigned int told;
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

	snprintf(text, sizeof(text), "XMM%04x", core->device_id);
	err = devlink_info_version_fixed_put(req,
					     DEVLINK_INFO_VERSION_GENERIC_ASIC_ID,
					     text);
	if (err || !READ_ONCE(core->ready))
		return err;

	snprintf(text, sizeof(text), "%#06x", READ_ONCE(core->version));

	return devlink_info_version_running_put(req,
						DEVLINK_INFO_VERSION_GENERIC_FW_MGMT_API,
						text);
}

static const struct devlink_ops iosm_devlink_ops = {
	.info_get = iosm_devlink_info,
};

/* ---- Health ---- */

static const char *iosm_devlink_life(enum iosm_life life)
{
	switch (life) {
	case IOSM_LIFE_BOOTING:
		return "booting";
	case IOSM_LIFE_ONLINE:
		return "online";
	case IOSM_LIFE_CRASHED:
		return "crashed";
	case IOSM_LIFE_BROKEN:
		return "broken";
	case IOSM_LIFE_GONE:
		return "gone";
	case IOSM_LIFE_UNRESPONSIVE:
		return "unresponsive";
	}

	return "unknown";
}

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

static void iosm_devlink_last_fault(struct iosm_core *core,
				    struct devlink_fmsg *fmsg)
{
	struct iosm_health *health = &core->health;
	unsigned int faults;
	enum iosm_life life;
	const char *why;
	time64_t when;
	char text[32];

	spin_lock_irq(&health->lock);
	faults = health->faults;
	why = health->why;
	life = health->life;
	when = health->when;
	spin_unlock_irq(&health->lock);

	devlink_fmsg_u32_pair_put(fmsg, "faults", faults);
	if (!why)
		return;

	snprintf(text, sizeof(text), "%ptTs", &when);
	devlink_fmsg_pair_nest_start(fmsg, "last fault");
	devlink_fmsg_obj_nest_start(fmsg);
	devlink_fmsg_string_pair_put(fmsg, "kind", iosm_devlink_life(life));
	devlink_fmsg_string_pair_put(fmsg, "reason", why);
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
	struct iosm_msg_stats messages;
	struct iosm_lies lies;
	char text[16];

	devlink_fmsg_string_pair_put(fmsg, "life",
				     iosm_devlink_life(READ_ONCE(core->life)));
	/* Not while the device is being reset. */
	if (!READ_ONCE(core->stopping))
		devlink_fmsg_string_pair_put(fmsg, "stage",
					     iosm_devlink_stage(iosm_mmio_stage(&core->mmio),
								text, sizeof(text)));
	iosm_devlink_last_fault(core, fmsg);

	iosm_core_lies(core, &lies);
	devlink_fmsg_pair_nest_start(fmsg, "lies");
	devlink_fmsg_obj_nest_start(fmsg);
	devlink_fmsg_u64_pair_put(fmsg, "pipes", lies.pipes);
	devlink_fmsg_u64_pair_put(fmsg, "messages", lies.messages);
	devlink_fmsg_u64_pair_put(fmsg, "sleep", lies.sleep);
	devlink_fmsg_u64_pair_put(fmsg, "stages", lies.stages);
	devlink_fmsg_u64_pair_put(fmsg, "blocks", lies.blocks);
	devlink_fmsg_obj_nest_end(fmsg);
	devlink_fmsg_pair_nest_end(fmsg);
	iosm_msg_get_stats(&core->msg, &messages);
	devlink_fmsg_u64_pair_put(fmsg, "unanswered messages",
				  messages.timeouts);

	return 0;
}

/* What ended the last life of the device. */
static enum iosm_life iosm_devlink_failure(struct iosm_core *core)
{
	struct iosm_health *health = &core->health;
	enum iosm_life life;

	spin_lock_irq(&health->lock);
	life = health->life;
	spin_unlock_irq(&health->lock);

	return life;
}

/* Count an automatic restart. Returns false when there were too many lately. */
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
	 * With devlink's lock held we must not wait for that of the PCI
	 * device: a removal has it and waits for ours.
	 */
	err = pci_try_reset_function(core->pdev);
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

/* The reporter's own attempt, when auto_recover is on. */
static int iosm_devlink_auto_recover(struct iosm_devlink *dl)
{
	struct iosm_core *core = dl->core;
	int err;

	if (iosm_devlink_failure(core) != IOSM_LIFE_UNRESPONSIVE)
		return -EOPNOTSUPP;

	if (!iosm_devlink_may_restart(dl)) {
		dev_err(core->dev,
			"modem is not restarted: %u restarts in %u s did not help\n",
			IOSM_RESTARTS, IOSM_RESTART_WINDOW_S);
		return -EOPNOTSUPP;
	}

	dev_info(core->dev, "restarting modem: it was unresponsive\n");
	err = iosm_devlink_restart(core, NULL);
	/* A removal or a system sleep that ends the wait is no failure. */
	if (err && !READ_ONCE(core->stopping))
		dev_err(core->dev, "restart failed: %pe\n", ERR_PTR(err));

	return err;
}

static int iosm_devlink_recover(struct devlink_health_reporter *reporter,
				void *priv_ctx, struct netlink_ext_ack *extack)
{
	struct iosm_devlink *dl = devlink_health_reporter_priv(reporter);

	/* Our own report of a failure, see iosm_devlink_work(). */
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
	struct iosm_health *health = &dl->core->health;
	unsigned int faults;
	const char *why;

	spin_lock_irq(&health->lock);
	faults = health->faults;
	why = health->why;
	spin_unlock_irq(&health->lock);

	if (faults != dl->told) {
		dl->told = faults;
		devlink_health_report(dl->fw, why, dl);
	}

	/*
	 * Recovery that believes in its success says so under this lock, and
	 * a fault may have come just then. It counts from its very begin: the
	 * device is said to be dead later.
	 */
	devl_lock(priv_to_devlink(dl));
	if (READ_ONCE(dl->core->fault))
		devlink_health_reporter_state_update(dl->fw,
						     DEVLINK_HEALTH_REPORTER_STATE_ERROR);
	else if (READ_ONCE(dl->core->ready))
		devlink_health_reporter_state_update(dl->fw,
						     DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
	devl_unlock(priv_to_devlink(dl));
}

/* May be called until the interrupt has been waited for. */
static void iosm_devlink_changed(struct iosm_core *core)
{
	queue_work(core->wq, &core->devlink->work);
}

/* ---- Life ---- */

/**
 * iosm_devlink_create() - show a device to devlink
 * @core: initialised, not started
 *
 * Context: may sleep.
 *
 * Return: 0 or a negative errno.
 */
int iosm_devlink_create(struct iosm_core *core)
{
	struct devlink_health_reporter *fw;
	struct iosm_devlink *dl;
	struct devlink *devlink;

	devlink = devlink_alloc(&iosm_devlink_ops, sizeof(*dl), core->dev);
	if (!devlink)
		return -ENOMEM;

	dl = devlink_priv(devlink);
	dl->core = core;
	INIT_WORK(&dl->work, iosm_devlink_work);

	fw = iosm_health_reporter_create(devlink, &iosm_devlink_fw_ops, dl);
	if (IS_ERR(fw)) {
		devlink_free(devlink);
		return PTR_ERR(fw);
	}
	dl->fw = fw;

	core->devlink = dl;
	devlink_register(devlink);
	/* Last, as it uses all of that. */
	smp_store_release(&core->health.changed, iosm_devlink_changed);

	return 0;
}

/**
 * iosm_devlink_destroy() - the counterpart of iosm_devlink_create()
 * @core: paused
 *
 * Context: sleeps; waits for commands of devlink that are under way.
 */
void iosm_devlink_destroy(struct iosm_core *core)
{
	struct iosm_devlink *dl = core->devlink;
	struct devlink *devlink = priv_to_devlink(dl);

	/*
	 * From here on nothing changes any more for devlink. Of a device that
	 * is paused, only the interrupt can still say so.
	 */
	WRITE_ONCE(core->health.changed, NULL);
	synchronize_irq(core->irq);
	disable_work_sync(&dl->work);
	devlink_unregister(devlink);
	devlink_health_reporter_destroy(dl->fw);
	core->devlink = NULL;
	devlink_free(devlink);
}
