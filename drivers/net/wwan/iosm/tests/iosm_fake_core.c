// SPDX-License-Identifier: GPL-2.0-only
/* A whole device for KUnit suites. */

#include <linux/string.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>

#include "iosm_fake_core.h"
#include "../iosm_ring.h"

static struct fake_core *fake_core_of(struct iosm_core *core)
{
	return container_of(core, struct fake_core, core);
}

/* ---- Registers ---- */

static u32 fake_core_read(struct iosm_mmio *mmio, u32 offset)
{
	struct fake_core *fc = container_of(mmio, struct fake_core, core.mmio);

	fc->reads++;

	return fc->gone ? IOSM_GONE : fc->pad[offset / 4];
}

static void fake_core_write(struct iosm_mmio *mmio, u32 offset, u32 value)
{
	struct fake_core *fc = container_of(mmio, struct fake_core, core.mmio);

	fc->pad[offset / 4] = value;
}

static void fake_core_set_ipc(struct fake_core *fc, u32 state)
{
	struct iosm_device_info *info = &fc->core.shm.block->info;

	fc->pad[IOSM_PAD_IPC_STATE / 4] = state;
	if (state != IOSM_IPC_RUNNING)
		return;

	fc->msg_tail = 0;
	info->stage = cpu_to_le32(fc->pad[IOSM_PAD_STAGE / 4]);
	info->ipc_state = cpu_to_le32(state);
}

/* ---- Messages ---- */

static u32 fake_core_answer(struct fake_core *fc, const struct iosm_msg_entry *msg)
{
	if (fc->n_messages < ARRAY_SIZE(fc->messages))
		fc->messages[fc->n_messages] = msg->type;
	fc->n_messages++;
	if (fc->on_message)
		fc->on_message(fc, msg);

	if (msg->type == IOSM_MSG_OPEN_PIPE)
		fc->open |= BIT(msg->arg2);
	if (msg->type == IOSM_MSG_CLOSE_PIPE)
		fc->open &= ~BIT(msg->arg2);

	return fc->msg_status;
}

static void fake_core_messages(struct fake_core *fc)
{
	struct iosm_shm_block *block = fc->core.shm.block;
	struct iosm_msg_entry *msg;

	while (fc->msg_tail != le32_to_cpu(block->msg_head)) {
		msg = &block->ring[fc->msg_tail];
		if (fc->msg_silent & BIT(msg->type & 15))
			return;
		msg->status = cpu_to_le32(fake_core_answer(fc, msg));
		if (fc->invalid_tail) {
			/* Without an interrupt. */
			block->msg_tail = cpu_to_le32(0xffffffff);
			return;
		}
		fc->msg_tail = iosm_ring_next(fc->msg_tail, IOSM_MSG_ENTRIES);
		block->msg_tail = cpu_to_le32(fc->msg_tail);
	}
	/* Called with the lock of pm held: only a part of the interrupt handler. */
	iosm_msg_poll(&fc->core.msg);
}

static void fake_core_bell(struct iosm_fake *fake, enum iosm_doorbell db, u32 value)
{
	struct fake_core *fc = fake->priv;

	if (fc->gone)
		return;

	switch (db) {
	case IOSM_DB_IPC:
		if ((value == IOSM_IPC_INIT && fc->no_init) ||
		    (value == IOSM_IPC_RUNNING && fc->no_running))
			break;
		fake_core_set_ipc(fc, value);
		break;
	case IOSM_DB_HPDA:
		fake_core_messages(fc);
		if (fc->on_bell)
			fc->on_bell(fc);
		break;
	default:
		break;
	}
}

/* ---- What the core asks of the rest of the kernel ---- */

static void fake_core_event(struct iosm_core *core, const char *event)
{
	struct fake_core *fc = fake_core_of(core);

	if (fc->n_events < FAKE_EVENTS)
		fc->events[fc->n_events] = event;
	fc->n_events++;
}

static void fake_core_master(struct iosm_core *core, bool on)
{
	struct fake_core *fc = fake_core_of(core);

	fc->master = on;
	if (on && fc->pad[IOSM_PAD_IPC_STATE / 4] != IOSM_IPC_UNINIT)
		fc->early_dma = true;
	if (!on)
		fc->cuts++;
	if (!on && fc->cuts == 1)
		fc->late_cut = iosm_core_has_failed(core);
}

static void fake_core_queue(struct iosm_core *core)
{
	fake_core_of(core)->queued = true;
}

static void fake_core_rearm(struct iosm_core *core, unsigned int ms)
{
	fake_core_of(core)->rearm_ms = ms;
}

static void fake_core_rung(void *priv)
{
	struct iosm_core *core = priv;

	fake_core_of(core)->rung++;
}

/* ---- For suites ---- */

static void fake_core_free(void *data)
{
	struct fake_core *fc = data;

	iosm_core_pause(&fc->core);
	iosm_core_cleanup(&fc->core);
}

/**
 * fake_core_new() - a device in stage RUN, and a core that was not started
 * @test: the test
 * @client: its client, or NULL
 *
 * Return: the device; the test ends if there is no memory.
 */
struct fake_core *fake_core_new(struct kunit *test, const struct iosm_client *client)
{
	struct fake_core *fc;

	fc = kunit_kzalloc(test, sizeof(*fc), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fc);

	fc->fake = iosm_fake_new(test);
	fc->fake->priv = fc;
	fc->fake->on_bell = fake_core_bell;
	fc->msg_status = IOSM_MSG_SUCCESS;
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_RUN;
	fc->pad[IOSM_PAD_CHIP_INFO / 4] = (IOSM_CHIP_INFO_LEN - 2) << 8 | 1;
	fc->pad[IOSM_PAD_CP_VERSION / 4] = IOSM_CP_VERSION_CAPS;
	fc->pad[IOSM_PAD_CP_CAPS / 4] = IOSM_CAP_UL_AGGR | IOSM_CAP_DL_AGGR;

	kunit_activate_static_stub(test, iosm_mmio_read, fake_core_read);
	kunit_activate_static_stub(test, iosm_mmio_write, fake_core_write);
	kunit_activate_static_stub(test, iosm_state_event, fake_core_event);
	kunit_activate_static_stub(test, iosm_state_master, fake_core_master);
	kunit_activate_static_stub(test, iosm_state_queue_worker, fake_core_queue);
	kunit_activate_static_stub(test, iosm_core_rearm, fake_core_rearm);
	kunit_activate_static_stub(test, iosm_watchdog_arm, fake_core_rung);

	fc->core.device_id = IOSM_PCI_ID_7560;
	fc->core.irq = -1;	/* no interrupt */
	KUNIT_ASSERT_EQ(test, 0, iosm_core_setup(&fc->core, fc->fake->dev, &client, !!client));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, fake_core_free, fc));

	return fc;
}

/* Run the worker as long as it is queued. */
void fake_core_run(struct fake_core *fc)
{
	while (fc->queued) {
		fc->queued = false;
		iosm_core_work(&fc->core.work.work);
	}
}

/*
 * Run the worker after the delay that it has set. Returns the delay in ms, 0 when the
 * worker is not armed.
 */
unsigned int fake_core_run_later(struct fake_core *fc)
{
	unsigned int ms = fc->rearm_ms;

	fc->rearm_ms = 0;
	fc->queued |= !!ms;
	fake_core_run(fc);

	return ms;
}

/* The device raises its interrupt. */
void fake_core_irq(struct fake_core *fc)
{
	irqreturn_t ret;

	local_bh_disable();
	ret = iosm_irq_hard(fc->core.irq, &fc->core);
	local_bh_enable();
	if (ret == IRQ_WAKE_THREAD)
		iosm_irq_thread(fc->core.irq, &fc->core);
}

/* Start the core, and run the worker as far as the device allows. */
void fake_core_start(struct fake_core *fc)
{
	iosm_core_start(&fc->core);
	fake_core_run(fc);
}

/* From the start to state ONLINE. */
void fake_core_online(struct kunit *test, struct fake_core *fc)
{
	fake_core_start(fc);
	KUNIT_ASSERT_EQ(test, iosm_core_state(&fc->core), IOSM_STATE_ONLINE);
	KUNIT_ASSERT_TRUE(test, fc->master);
	KUNIT_ASSERT_TRUE(test, fake_core_sent_event(fc, "MDM_READY"));
	fc->fake->n_bells = 0;
	fc->n_messages = 0;
}

/* Reset the device, and bring it online again. */
void fake_core_reset(struct kunit *test, struct fake_core *fc)
{
	iosm_core_pause(&fc->core);
	fc->gone = false;
	fc->n_events = 0;
	fc->pad[IOSM_PAD_IPC_STATE / 4] = IOSM_IPC_UNINIT;
	fc->pad[IOSM_PAD_STAGE / 4] = IOSM_STAGE_RUN;
	fake_core_online(test, fc);
}

/* The device enters another stage, in registers and in memory. */
void fake_core_stage(struct fake_core *fc, u32 stage)
{
	fc->pad[IOSM_PAD_STAGE / 4] = stage;
	WRITE_ONCE(fc->core.shm.block->info.stage, cpu_to_le32(stage));
}

/* Was this the only event since the last call? */
bool fake_core_sent_event(struct fake_core *fc, const char *event)
{
	bool only = fc->n_events == 1 && !strcmp(fc->events[0], event);
	unsigned int i;

	for (i = 0; !only && i < min_t(unsigned int, fc->n_events, FAKE_EVENTS); i++)
		kunit_info(kunit_get_current_test(), "event %s\n", fc->events[i]);
	fc->n_events = 0;

	return only;
}
