/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole device for KUnit suites: registers, the message ring and TDs, with
 * the driver's core on top of it. Everything runs in the context of the test, which
 * calls fake_core_run() in place of the workqueue.
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
 * @core: core of the driver
 * @fake: doorbells; @core has the shared block
 * @pad: scratchpad
 * @gone: all registers read all ones
 * @no_init: the device does not enter IPC state INIT
 * @no_running: the device does not enter IPC state RUNNING
 * @invalid_tail: the device publishes an invalid message tail, without an interrupt
 * @msg_silent: message types that are not completed: mask by the low 4 bits of the type
 * @msg_status: completion status of all others
 * @msg_tail: message tail of the device
 * @messages: types of received messages, oldest first
 * @n_messages: their number; may be larger than @messages
 * @on_message: called for each message before it is completed. NULL: nothing to do
 * @on_bell: called for doorbell 0 after the messages. NULL: nothing to do
 * @open: pipes that are open
 * @master: bus mastering is on
 * @early_dma: it was switched on while the device had a link
 * @late_cut: it was switched off after the state was FAILED
 * @cuts: number of times that it was switched off
 * @queued: the worker is queued
 * @rearm_ms: delay after which the worker runs again, 0: not armed
 * @reads: register reads
 * @rung: number of times that the watchdog was armed
 * @events: names of uevents, oldest first
 * @n_events: their number; may be larger than @events
 * @priv: for the suite
 */
struct fake_core {
	struct iosm_core core;
	struct iosm_fake *fake;
	u32 pad[IOSM_PAD_LEN / 4];
	bool gone;
	bool no_init;
	bool no_running;
	bool invalid_tail;
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
void fake_core_start(struct fake_core *fc);
void fake_core_online(struct kunit *test, struct fake_core *fc);
void fake_core_reset(struct kunit *test, struct fake_core *fc);
void fake_core_stage(struct fake_core *fc, u32 stage);
bool fake_core_sent_event(struct fake_core *fc, const char *event);

#endif
