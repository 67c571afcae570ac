/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a device: stages, handshake, crash, and the dispatch of its
 * interrupt.
 */
#ifndef IOSM_CORE_H
#define IOSM_CORE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "iosm_hw.h"
#include "iosm_mmio.h"
#include "iosm_msg.h"
#include "iosm_pipe.h"
#include "iosm_pm.h"
#include "iosm_shm.h"

struct iosm_channel;
struct iosm_core;
struct pci_dev;

/**
 * enum iosm_life - where a device is in its life
 * @IOSM_LIFE_BOOTING: the handshake is under way or waits for the firmware
 * @IOSM_LIFE_ONLINE: running, users attached
 * @IOSM_LIFE_CRASHED: the firmware said that it crashed
 * @IOSM_LIFE_BROKEN: the device broke the rules, or does not answer
 * @IOSM_LIFE_GONE: reads as all ones
 * @IOSM_LIFE_UNRESPONSIVE: a request timed out for good
 */
enum iosm_life {
	IOSM_LIFE_BOOTING,
	IOSM_LIFE_ONLINE,
	IOSM_LIFE_CRASHED,
	IOSM_LIFE_BROKEN,
	IOSM_LIFE_GONE,
	IOSM_LIFE_UNRESPONSIVE,
};

/**
 * struct iosm_user - somebody who lives on a running device
 * @name: for messages
 * @start: the device runs; may open channels and register interfaces. On an
 *	error the user is not there, the others are.
 * @stop: the counterpart; the device may be dead already. Called only after
 *	a @start that succeeded.
 * @suspend: stop using the device, lose nothing. NULL: nothing to do.
 * @resume: go on.
 *
 * All are called from one context at a time and may sleep.
 */
struct iosm_user {
	const char *name;
	int (*start)(struct iosm_core *core);
	void (*stop)(struct iosm_core *core);
	void (*suspend)(struct iosm_core *core);
	void (*resume)(struct iosm_core *core);
};

#define IOSM_MAX_USERS	4

/*
 * More interrupts a second than this without anything new are an attack. No
 * device of this kind has reason to raise a tenth as many in all.
 */
#define IOSM_VAIN_LIMIT	50000

/* In the mask of what the interrupt thread owes, after the channels. */
#define IOSM_WORK_MESSAGES	IOSM_CHANNELS

/**
 * struct iosm_lies - what the device wrote that it must not, by kind
 * @pipes: tails and TDs
 * @messages: tail of the message ring, completion status
 * @sleep: sleep requests
 * @stages: execution stages
 * @blocks: buffers of the IP channel: blocks, tables, datagrams, commands
 */
struct iosm_lies {
	u64 pipes;
	u64 messages;
	u64 sleep;
	u64 stages;
	u64 blocks;
};

/**
 * struct iosm_health - what went wrong with a device since it was bound
 * @lock: protects the rest
 * @faults: how often its life ended by a fault
 * @why: what the last fault was; static text, NULL for none
 * @life: where it led to
 * @when: time of day
 * @changed: told after a fault and when the device is online; any context.
 *	NULL: nobody is. Set before iosm_core_start(), cleared when paused
 *	and followed by synchronize_irq().
 */
struct iosm_health {
	spinlock_t lock;	/* the rest */
	unsigned int faults;
	const char *why;
	enum iosm_life life;
	time64_t when;
	void (*changed)(struct iosm_core *core);
};

/**
 * struct iosm_core_stats - counters since the driver was bound
 * @sync: for the readers of those that stand here themselves
 * @interrupts: hard interrupts
 * @pipes: by pipe number; see struct iosm_pipe_stats
 */
struct iosm_core_stats {
	struct u64_stats_sync sync;
	u64_stats_t interrupts;
	struct iosm_pipe_stats pipes[IOSM_PIPES];
};

/**
 * struct iosm_core - one device
 * @pdev: PCI device
 * @dev: &pdev->dev
 * @device_id: IOSM_PCI_ID_*
 * @irq: Linux interrupt number of the one vector
 * @mmio: registers
 * @shm: shared block
 * @pm: gate of doorbell 0
 * @msg: message ring
 * @version: of the running firmware's interface
 * @caps: IOSM_CAP_* of the running firmware
 * @life: see enum iosm_life; written under @lock
 * @lock: serialises online, offline, suspend and resume
 * @channel_lock: protects @channels against change
 * @dead: users must not wait for the device any more
 * @paused: from iosm_core_pause() to iosm_core_start(); under the lock of the PCI
 *	device, as all that comes from the PCI core
 * @suspended: from iosm_core_suspend() to iosm_core_resume(); likewise
 * @stopping: @paused or @suspended: work must end soon, and does not begin.
 *	Who clears it queues the work.
 * @listen: interrupts look at the shared memory
 * @stage_seen: last execution stage that was handled
 * @fault: first fault that was reported, NULL for none
 * @ready: online, and its users have been started
 * @quiet: system sleep: @watch must not touch the device
 * @refusals: system sleeps in a row that the device did not agree to
 * @restart: boot again after going offline (power was lost); set by the fault
 *	that says so, if it was the first
 * @rom_told: the event ROM_READY went out
 * @crash_told: so did CRASH, for this crash
 * @dump_told: and CD_READY
 * @stage_ms: how long the device has had no valid stage; worker only
 * @dump_looks: looks for a core dump since the crash; worker only
 * @link_up: the device was asked for INIT, and may know our shared memory
 * @event: woken by interrupts while @waiters is not 0, and by @dead,
 *	@stopping
 * @waiters: number of sleepers on @event
 * @vain: interrupts without anything new since @vain_since; interrupt only.
 *	What the thread was told before is not new.
 * @vain_since: begin of that time, in jiffies
 * @active: bit mask of channels that interrupts reach
 * @work_mask: channels whose poll() the interrupt thread owes, and
 *	IOSM_WORK_MESSAGES
 * @channels: those that have a user
 * @wq: for what waits, one device only
 * @work: boot and offline; looks once and re-arms itself
 * @watch: looks after a device that owes us something
 * @wake_ms: how long it has not woken up; @watch only
 * @wakes: how often it had been asked to, when that was looked at; @watch only
 * @users: who is attached, in order of start
 * @users_up: bit mask of those started
 * @n_users: entries of @users
 * @health: see struct iosm_health
 * @lies_stages: see struct iosm_lies
 * @lies_blocks: see struct iosm_lies
 * @devlink: owned by iosm_devlink.c
 * @stats: see struct iosm_core_stats
 * @ports: owned by iosm_port.c
 * @mux: owned by iosm_mux.c
 * @net: owned by iosm_net.c
 */
struct iosm_core {
	struct pci_dev *pdev;
	struct device *dev;
	u16 device_id;
	int irq;

	struct iosm_mmio mmio;
	struct iosm_shm shm;
	struct iosm_pm pm;
	struct iosm_msg msg;

	u32 version;
	u32 caps;

	enum iosm_life life;
	struct mutex lock;		/* life, users, link */
	struct mutex channel_lock;	/* changes of channels */
	bool dead;
	bool paused;
	bool suspended;
	bool stopping;
	bool listen;
	u32 stage_seen;
	const char *fault;
	bool ready;
	bool quiet;
	u8 refusals;
	bool restart;
	bool rom_told;
	bool crash_told;
	bool dump_told;
	unsigned int stage_ms;
	unsigned int dump_looks;
	bool link_up;

	wait_queue_head_t event;
	atomic_t waiters;

	unsigned int vain;
	unsigned long vain_since;
	unsigned long active;
	unsigned long work_mask;
	struct iosm_channel *channels[IOSM_CHANNELS];

	struct workqueue_struct *wq;
	struct delayed_work work;
	struct delayed_work watch;
	unsigned int wake_ms;
	u64 wakes;

	const struct iosm_user *users[IOSM_MAX_USERS];
	unsigned long users_up;
	unsigned int n_users;

	struct iosm_health health;
	atomic64_t lies_stages;
	atomic64_t lies_blocks;

	struct iosm_devlink *devlink;
	struct iosm_core_stats stats;

	struct iosm_ports *ports;
	struct iosm_mux *mux;
	struct iosm_net *net;
};

int iosm_core_init(struct iosm_core *core, struct pci_dev *pdev,
		   const struct iosm_user *const *users, unsigned int n_users);
void iosm_core_start(struct iosm_core *core);
void iosm_core_exit(struct iosm_core *core);
void iosm_core_pause(struct iosm_core *core);
int iosm_core_suspend(struct iosm_core *core, bool d3);
void iosm_core_resume(struct iosm_core *core, bool d3);

void iosm_core_fault(struct iosm_core *core, const char *why);
void iosm_core_unresponsive(struct iosm_core *core, const char *why);
bool iosm_core_is_lost(const struct iosm_core *core);
void iosm_core_cut(struct iosm_core *core);
void iosm_core_lies(struct iosm_core *core, struct iosm_lies *lies);
int iosm_core_await(struct iosm_core *core, unsigned int timeout_ms);
int iosm_core_attach(struct iosm_core *core, struct iosm_channel *ch);
void iosm_core_listen(struct iosm_core *core, struct iosm_channel *ch);
void iosm_core_detach(struct iosm_core *core, struct iosm_channel *ch);

#if IS_ENABLED(CONFIG_KUNIT)
#include <linux/interrupt.h>

int iosm_core_setup(struct iosm_core *core, struct device *dev,
		    const struct iosm_user *const *users, unsigned int n_users);
void iosm_core_cleanup(struct iosm_core *core);
void iosm_core_event(struct iosm_core *core, const char *event);
void iosm_core_master(struct iosm_core *core, bool on);
bool iosm_core_master_command(int err, u16 old, bool on, u16 *command);
void iosm_core_queue(struct iosm_core *core);
void iosm_core_rearm(struct iosm_core *core, unsigned int ms);
void iosm_core_rung(void *priv);
void iosm_core_work(struct work_struct *work);
void iosm_core_watch(struct work_struct *work);
irqreturn_t iosm_core_irq(int irq, void *data);
irqreturn_t iosm_core_thread(int irq, void *data);
#endif

/**
 * iosm_core_is_dead() - may anybody still wait for this device?
 * @core: the device
 *
 * Return: true after a crash, a fault, or when the device is being removed
 * and gone: then every wait must end.
 */
static inline bool iosm_core_is_dead(const struct iosm_core *core)
{
	return READ_ONCE(core->dead);
}

/**
 * iosm_core_wait() - wait until something is true that an interrupt tells
 * @core: the device
 * @condition: expression without side effects
 * @timeout_ms: at most this long
 *
 * Ends early when the device is dead. Context: sleeps.
 *
 * Return: true when @condition is true.
 */
#define iosm_core_wait(core, condition, timeout_ms)			\
({									\
	struct iosm_core *__core = (core);				\
	bool __met = false;						\
									\
	atomic_inc(&__core->waiters);					\
	wait_event_timeout(__core->event, (__met = (condition)) ||	\
			   iosm_core_is_dead(__core),			\
			   msecs_to_jiffies(timeout_ms));		\
	atomic_dec(&__core->waiters);					\
	__met;								\
})

#endif
