/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole device for KUnit suites: registers, the message ring and TDs, with
 * the driver's core on top of it. All runs in the context of the test: what
 * the core would give to its workqueue, the test does by fake_core_run().
 */
#ifndef IOSM_FAKE_CORE_H
#define IOSM_FAKE_CORE_H

#include "iosm_fake.h"
#include "../iosm_boot.h"
#include "../iosm_channel.h"
#include "../iosm_core.h"
#include "../iosm_irq.h"
#include "../iosm_suspend.h"
#include "../iosm_watchdog.h"

#define FAKE_EVENTS	8

/**
 * struct fake_core - the device and the core
 * @core: the driver's
 * @fake: its doorbells; shm is the core's
 * @pad: scratchpad
 * @gone: all registers read all ones
 * @no_init: the device does not follow into IPC state INIT
 * @no_running: nor into RUNNING
 * @rubbish_tail: the tail of the messages cannot be, and no interrupt tells
 * @msg_silent: message types that get no answer, as bits of the low 4 bits
 * @msg_status: what it answers otherwise
 * @msg_tail: of the message ring, as the device has it
 * @messages: types that it has seen, oldest first
 * @n_messages: how many; may be more than @messages holds
 * @on_message: sees each message first. NULL: nobody
 * @on_bell: after the messages, for doorbell 0. NULL: nobody
 * @open: pipes that are open
 * @master: bus mastering is on
 * @early_dma: it was switched on while the device still ran
 * @late_cut: it was switched off when the core was known to be dead already
 * @cuts: how often it was switched off
 * @queued: the core wanted its work to run
 * @rearm_ms: time after which the worker wants to run again, 0: it does not
 * @reads: register reads
 * @rung: how often the watchdog was armed
 * @events: names of uevents, oldest first
 * @n_events: how many; may be more than @events holds
 * @priv: the suite's own
 */
struct fake_core {
	struct iosm_core core;
	struct iosm_fake *fake;
	u32 pad[IOSM_PAD_LEN / 4];
	bool gone;
	bool no_init;
	bool no_running;
	bool rubbish_tail;
	u16 msg_silent;
	u32 msg_status;
	u32 msg_tail;
	u8 messages[16];
	unsigned int n_messages;
	void (*on_message)(struct fake_core *fc, const struct iosm_msg_entry *msg);
	void (*on_bell)(struct fake_core *fc);
	u32 open;
	bool master;
	bool early_dma;
	bool late_cut;
	unsigned int cuts;
	bool queued;
	unsigned int rearm_ms;
	unsigned int reads;
	unsigned int rung;
	const char *events[FAKE_EVENTS];
	unsigned int n_events;
	void *priv;
};

struct fake_core *fake_core_new(struct kunit *test, const struct iosm_client *client);
void fake_core_run(struct fake_core *fc);
unsigned int fake_core_run_later(struct fake_core *fc);
void fake_core_irq(struct fake_core *fc);
void fake_core_online(struct kunit *test, struct fake_core *fc);
void fake_core_reset(struct kunit *test, struct fake_core *fc);
void fake_core_stage(struct fake_core *fc, u32 stage);
bool fake_core_told(struct fake_core *fc, const char *event);

#endif
