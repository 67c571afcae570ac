// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot: execution stage, handshake, first messages; core dump after a crash.
 *
 * Each function looks at the device once, and returns the time to the next look: the
 * worker does not wait for the device.
 */

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>

#include "iosm_boot.h"
#include "iosm_core.h"

#define IOSM_STAGE_POLL_MS	20
#define IOSM_STAGE_LIMIT_MS	1000	/* without a valid stage */
#define IOSM_IPC_POLL_MS	50U
#define IOSM_BOOT_POLL_MS	1000
#define IOSM_INIT_TIMEOUT_MS	10000
#define IOSM_RUNNING_TIMEOUT_MS	3000
#define IOSM_STAGE_LATE_MS	100	/* in memory, after the IPC state */
#define IOSM_UNINIT_TIMEOUT_MS	30
#define IOSM_DUMP_POLL_MS	1000
#define IOSM_DUMP_TRIES		300

static void iosm_boot_step_to(struct iosm_core *core, enum iosm_boot_step step)
{
	struct iosm_boot *boot = &core->boot;

	boot->step = step;
	/* Short at first, as most devices respond within a millisecond. */
	boot->pause_ms = 1;
	boot->waited_ms = 0;
}

/*
 * This step is not complete. Returns the time to the next look in ms, or -ETIMEDOUT.
 */
static int iosm_boot_again(struct iosm_core *core, unsigned int timeout_ms)
{
	struct iosm_boot *boot = &core->boot;
	unsigned int ms = boot->pause_ms;

	if (boot->waited_ms >= timeout_ms)
		return -ETIMEDOUT;

	boot->waited_ms += ms;
	boot->pause_ms = min(2 * ms, IOSM_IPC_POLL_MS);

	return ms;
}

/*
 * Look at the IPC state, once. Returns 0 when it is the @wanted one, the time to the
 * next look in ms, or a negative errno.
 */
static int iosm_boot_look_ipc(struct iosm_core *core, u32 wanted, unsigned int timeout_ms)
{
	u32 state = iosm_mmio_ipc_state(&core->mmio);

	if (state == wanted)
		return 0;
	if (state == IOSM_GONE)
		return -ENODEV;

	return iosm_boot_again(core, timeout_ms);
}

/* Likewise for RUNNING, which the device publishes in shared memory. */
static int iosm_boot_look_running(struct iosm_core *core)
{
	if (iosm_shm_ipc_state(&core->shm) == IOSM_IPC_RUNNING &&
	    (iosm_shm_stage(&core->shm) == IOSM_STAGE_RUN ||
	     core->boot.waited_ms >= IOSM_STAGE_LATE_MS))
		return 0;

	return iosm_boot_again(core, IOSM_RUNNING_TIMEOUT_MS);
}

/* The device has no valid stage (yet). Returns the time to the next look in ms. */
static int iosm_boot_stage_unknown(struct iosm_core *core, u32 stage)
{
	if (core->boot.stage_ms >= IOSM_STAGE_LIMIT_MS)
		return IOSM_BOOT_POLL_MS;

	core->boot.stage_ms += IOSM_STAGE_POLL_MS;
	if (core->boot.stage_ms < IOSM_STAGE_LIMIT_MS)
		return IOSM_STAGE_POLL_MS;

	dev_info(core->dev, "modem is not ready yet (stage %#x)\n", stage);
	iosm_state_event(core, "MDM_NOT_READY");

	return IOSM_STAGE_POLL_MS;
}

/*
 * Look for running firmware, once. This step has no time limit: a modem in its boot
 * ROM may wait for a firmware download. Returns 0 when the firmware
 * runs, the time to the next look in ms, or a negative errno.
 */
static int iosm_boot_look_stage(struct iosm_core *core)
{
	u32 stage = iosm_mmio_stage(&core->mmio);

	switch (stage) {
	case IOSM_STAGE_RUN:
		return 0;
	case IOSM_GONE:
		return -ENODEV;
	case IOSM_STAGE_CRASH:
		return -EREMOTEIO;
	case IOSM_STAGE_CD_READY:
		iosm_state_event(core, "CD_READY_LINK_DOWN");
		return -EREMOTEIO;
	case IOSM_STAGE_BOOT:
		if (!(core->boot.sent & IOSM_SENT_ROM_READY)) {
			dev_info(core->dev, "modem is in its boot ROM\n");
			core->boot.sent |= IOSM_SENT_ROM_READY;
			iosm_state_event(core, "ROM_READY");
		}
		return IOSM_BOOT_POLL_MS;
	case IOSM_STAGE_PSI:
	case IOSM_STAGE_EBL:
		return IOSM_BOOT_POLL_MS;
	default:
		return iosm_boot_stage_unknown(core, stage);
	}
}

/* The firmware runs: end a link that another driver has left up. */
static int iosm_boot_uninit(struct iosm_core *core)
{
	int err = iosm_mmio_check_chip(&core->mmio);

	if (err)
		return err;

	if (iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_UNINIT)
		iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
	iosm_boot_step_to(core, IOSM_BOOT_UNINIT);

	return 0;
}

/*
 * The device is in IPC state UNINIT. Bus mastering is switched on here and not earlier:
 * a device with the link of an earlier driver would write to memory that was freed.
 */
static int iosm_boot_init(struct iosm_core *core)
{
	if (!iosm_state_set(core, IOSM_STATE_LINK_INIT))
		return -EINTR;

	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_INIT);
	iosm_boot_step_to(core, IOSM_BOOT_INIT);

	return 0;
}

/* The device is in INIT. */
static int iosm_boot_running(struct iosm_core *core)
{
	iosm_shm_reset(&core->shm);
	iosm_msg_start(&core->msg);
	core->stage_seen = IOSM_STAGE_RUN;
	iosm_mmio_set_context(&core->mmio, core->shm.dma);
	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_RUNNING);
	iosm_boot_step_to(core, IOSM_BOOT_RUNNING);

	return 0;
}

/* The link is up: allow the device to request sleep. */
static int iosm_boot_sleep(struct iosm_core *core)
{
	iosm_pm_start(&core->pm);
	iosm_boot_step_to(core, IOSM_BOOT_SLEEP);

	return iosm_msg_submit_sleep(&core->msg, IOSM_MSG_SLEEP_DEVICE,
				     IOSM_MSG_SLEEP_ENTER, &core->boot.req);
}

/* The device needs the features after the message of sleep. */
static int iosm_boot_features(struct iosm_core *core)
{
	iosm_boot_step_to(core, IOSM_BOOT_FEATURES);

	return iosm_msg_submit_features(&core->msg, IOSM_FEATURE_INBAND_CRASH,
					&core->boot.req);
}

/*
 * Look for the completion of a message, once. Returns 0 when the device has accepted it,
 * the time to the next look in ms, or a negative errno.
 */
static int iosm_boot_look_message(struct iosm_core *core)
{
	struct iosm_msg_req *req = &core->boot.req;
	int ms = 0;

	if (!iosm_msg_is_done(req))
		ms = iosm_boot_again(core, IOSM_MSG_TIMEOUT_MS);

	return ms > 0 ? ms : iosm_msg_finish(&core->msg, req);
}

/**
 * iosm_boot_link() - look for firmware and set up the link, as far as possible
 * @core: the device, in state BOOTING or LINK_INIT
 *
 * Looks once at what the present step waits for, and goes on as far as the device allows.
 * Context: core->lock is held.
 *
 * Return: 0 when the link is up, the time to the next call in ms, or a negative errno for
 * iosm_boot_failed().
 */
int iosm_boot_link(struct iosm_core *core)
{
	int err;

	lockdep_assert_held(&core->lock);

	for (;;) {
		switch (core->boot.step) {
		case IOSM_BOOT_FIRMWARE:
			err = iosm_boot_look_stage(core) ?:
			      iosm_boot_uninit(core);
			break;
		case IOSM_BOOT_UNINIT:
			err = iosm_boot_look_ipc(core, IOSM_IPC_UNINIT,
						 IOSM_RUNNING_TIMEOUT_MS) ?:
			      iosm_boot_init(core);
			break;
		case IOSM_BOOT_INIT:
			err = iosm_boot_look_ipc(core, IOSM_IPC_INIT,
						 IOSM_INIT_TIMEOUT_MS) ?:
			      iosm_boot_running(core);
			break;
		case IOSM_BOOT_RUNNING:
			err = iosm_boot_look_running(core) ?:
			      iosm_boot_sleep(core);
			break;
		case IOSM_BOOT_SLEEP:
			err = iosm_boot_look_message(core) ?:
			      iosm_boot_features(core);
			break;
		default:
			return iosm_boot_look_message(core);
		}
		if (err)
			return err;
	}
}

/**
 * iosm_boot_failed() - report why the device did not come up
 * @core: the device
 * @err: what iosm_boot_link() returned
 *
 * Context: core->lock is held.
 */
void iosm_boot_failed(struct iosm_core *core, int err)
{
	bool in_message = core->boot.step >= IOSM_BOOT_SLEEP;

	if (err == -ETIMEDOUT) {
		iosm_state_event(core, "MDM_TIMEOUT");
		iosm_state_fail(core, IOSM_ERROR_UNRESPONSIVE, in_message ?
				"no answer to the first messages" :
				"no answer during the handshake");
	} else if (in_message) {
		iosm_state_fail(core, IOSM_ERROR_PROTOCOL,
				"first messages refused");
	} else if (err == -EREMOTEIO) {
		iosm_state_fail(core, IOSM_ERROR_CRASHED, "found crashed at start");
	} else if (iosm_mmio_stage(&core->mmio) == IOSM_GONE) {
		iosm_state_fail(core, IOSM_ERROR_GONE, "registers read all ones");
	} else {
		iosm_state_fail(core, IOSM_ERROR_PROTOCOL, "unsupported chip");
	}
}

/**
 * iosm_boot_end_link() - end the link: the device is as after a reset then
 * @core: a device with a link, clients stopped
 *
 * Context: sleeps, up to IOSM_UNINIT_TIMEOUT_MS.
 */
void iosm_boot_end_link(struct iosm_core *core)
{
	unsigned long end = jiffies + msecs_to_jiffies(IOSM_UNINIT_TIMEOUT_MS);
	bool last = false;

	iosm_mmio_ring(&core->mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
	while (iosm_mmio_ipc_state(&core->mmio) != IOSM_IPC_UNINIT) {
		if (last) {
			dev_warn(core->dev, "timeout waiting for IPC state UNINIT\n");
			break;
		}
		usleep_range(500, 1000);
		last = time_after(jiffies, end);
	}
}

/**
 * iosm_boot_look_dump() - look for a core dump once, after a crash
 * @core: a device whose firmware crashed
 *
 * Sends the uevents of the crash and of the core dump, once each.
 * Context: core->lock is held.
 *
 * Return: the time to the next look in ms, or 0.
 */
unsigned int iosm_boot_look_dump(struct iosm_core *core)
{
	struct iosm_boot *boot = &core->boot;
	u32 stage;

	/* Called again after a system sleep. */
	if (boot->sent & IOSM_SENT_CD_READY)
		return 0;
	if (!(boot->sent & IOSM_SENT_CRASH)) {
		iosm_state_event(core, "CRASH");
		boot->sent |= IOSM_SENT_CRASH;
		boot->dump_looks = 0;
	}

	stage = iosm_mmio_stage(&core->mmio);
	if (stage == IOSM_STAGE_CD_READY) {
		boot->sent |= IOSM_SENT_CD_READY;
		iosm_state_event(core, "CD_READY");
		return 0;
	}
	if (stage == IOSM_GONE || ++boot->dump_looks >= IOSM_DUMP_TRIES)
		return 0;

	return IOSM_DUMP_POLL_MS;
}
