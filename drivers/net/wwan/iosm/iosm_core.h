/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device, and the clients that are started when it goes online.
 */
#ifndef IOSM_CORE_H
#define IOSM_CORE_H

#include <linux/atomic.h>
#include <linux/bits.h>
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
#include "iosm_state.h"

struct iosm_channel;
struct iosm_core;
struct pci_dev;

/**
 * struct iosm_client - part of the driver that is started when the device goes online
 * @name: for messages
 * @start: the link is up; may open channels and register interfaces. Stores private
 *	data in its argument. After an error the device goes online without this client.
 * @stop: the counterpart of a @start that succeeded; the device may have failed.
 * @suspend: stop using the device; pending data stays. NULL: nothing to do.
 * @resume: the counterpart of @suspend.
 *
 * Context: may sleep, core->lock is held: one callback at a time.
 */
struct iosm_client {
	const char *name;
	int (*start)(struct iosm_core *core, void **priv);
	void (*stop)(struct iosm_core *core, void *priv);
	void (*suspend)(void *priv);
	void (*resume)(void *priv);
};

#define IOSM_MAX_CLIENTS	4

/*
 * A device that raises more spurious interrupts per second is declared failed. A working
 * device raises less than a tenth as many interrupts in all.
 */
#define IOSM_SPURIOUS_LIMIT	50000

/* Bit of the message ring in @work_mask, after those of the channels. */
#define IOSM_WORK_MESSAGES	IOSM_CHANNELS

/* Reasons to keep a device stopped: a mask. The worker does not run while one is set. */
#define IOSM_HOLD_PCI	BIT(0)	/* from iosm_core_pause() to iosm_core_start() */
#define IOSM_HOLD_SLEEP	BIT(1)	/* from iosm_suspend() to iosm_resume() */

/* Uevents that were sent since the device began to boot: a mask. */
#define IOSM_SENT_ROM_READY	BIT(0)
#define IOSM_SENT_CRASH		BIT(1)
#define IOSM_SENT_CD_READY	BIT(2)

/**
 * struct iosm_violations - values in shared memory that the protocol does not allow
 * @ring: tails and TDs of pipes
 * @message: tail of the message ring, completion status
 * @sleep: sleep requests
 * @stage: execution stages
 * @mux: buffers of the IP channel: blocks, tables, datagrams, commands
 */
struct iosm_violations {
	u64 ring;
	u64 message;
	u64 sleep;
	u64 stage;
	u64 mux;
};

/**
 * enum iosm_boot_step - what the worker does next in BOOTING and LINK_INIT
 * @IOSM_BOOT_FIRMWARE: look for running firmware
 * @IOSM_BOOT_UNINIT: look for IPC state UNINIT, then request INIT
 * @IOSM_BOOT_INIT: look for INIT, then request RUNNING
 * @IOSM_BOOT_RUNNING: look for RUNNING, then allow the device-sleep handshake
 * @IOSM_BOOT_SLEEP: look for the completion of that message, then announce features
 * @IOSM_BOOT_FEATURES: look for the completion of that message
 */
enum iosm_boot_step {
	IOSM_BOOT_FIRMWARE,
	IOSM_BOOT_UNINIT,
	IOSM_BOOT_INIT,
	IOSM_BOOT_RUNNING,
	IOSM_BOOT_SLEEP,
	IOSM_BOOT_FEATURES,
};

/**
 * struct iosm_boot - progress of the worker, which looks once and queues itself again
 * @step: see enum iosm_boot_step
 * @pause_ms: time to the next look in this step
 * @waited_ms: time that this step has taken
 * @stage_ms: time without a valid stage
 * @dump_looks: looks for a core dump since the crash
 * @sent: IOSM_SENT_*
 * @req: message of this step
 */
struct iosm_boot {
	enum iosm_boot_step step;
	unsigned int pause_ms;
	unsigned int waited_ms;
	unsigned int stage_ms;
	unsigned int dump_looks;
	unsigned long sent;
	struct iosm_msg_req req;
};

/**
 * struct iosm_core_stats - counters since the driver was bound
 * @sync: of @interrupts
 * @interrupts: hard interrupts
 * @pipes: by pipe number; see struct iosm_pipe_stats
 */
struct iosm_core_stats {
	struct u64_stats_sync sync;
	u64_stats_t interrupts;
	struct iosm_pipe_stats pipes[IOSM_PIPES];
};

/**
 * struct iosm_core_counters - a snapshot of the counters of a device
 * @irqs: hard interrupts
 * @pm: see struct iosm_pm_stats
 * @msg: see struct iosm_msg_stats
 */
struct iosm_core_counters {
	u64 irqs;
	struct iosm_pm_stats pm;
	struct iosm_msg_stats msg;
};

/**
 * struct iosm_core - one device
 * @pdev: PCI device
 * @dev: &pdev->dev
 * @device_id: IOSM_PCI_ID_*
 * @irq: Linux interrupt number of the one vector
 * @mmio: registers
 * @shm: shared block
 * @pm: device-sleep handshake, and doorbell 0
 * @msg: message ring
 * @version: of the running firmware's interface
 * @caps: IOSM_CAP_* of the running firmware
 * @state_lock: protects @state and @error
 * @state: read by iosm_core_state()
 * @error: read by iosm_state_error()
 * @lock: serialises changes of the state other than to FAILED, and the clients
 * @holds: IOSM_HOLD_*; changed under the lock of the PCI device. Releasing the last
 *	one queues the worker.
 * @boot: under @lock
 * @stage_seen: last execution stage that was handled
 * @refusals: consecutive system sleeps that the device refused
 * @channel_lock: protects @channels against change
 * @event: woken by interrupts while @waiters is not 0, by a change of the state, and by
 *	a new hold
 * @waiters: number of sleepers on @event
 * @spurious: spurious interrupts since @spurious_since; hard interrupt only
 * @spurious_since: begin of the second in which they are counted, in jiffies
 * @active: bit mask of channels that interrupts reach
 * @work_mask: bit mask of channels that the IRQ thread has to poll, and
 *	IOSM_WORK_MESSAGES
 * @channels: open channels
 * @wq: workqueue of this device
 * @work: the worker: boot, and stopping a device that failed
 * @watch: the watchdog, while requests to the device are outstanding
 * @wake_ms: duration of the present wake-up; @watch only
 * @wakes: number of wake-ups when the watchdog last ran; @watch only
 * @clients: in order of start
 * @client_priv: private data of @clients, from their start
 * @clients_up: bit mask of the clients that are started
 * @n_clients: entries of @clients
 * @notify: called after an error and when the device is online, in any context; NULL:
 *	not needed. See iosm_state_set_notify().
 * @notify_priv: for @notify
 * @violations_stage: see struct iosm_violations
 * @violations_mux: see struct iosm_violations
 * @stats: see struct iosm_core_stats
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

	spinlock_t state_lock;		/* state, error */
	enum iosm_state state;
	struct iosm_error error;

	struct mutex lock;		/* boot, clients, changes of the state */
	unsigned long holds;
	struct iosm_boot boot;
	u32 stage_seen;
	u8 refusals;

	struct mutex channel_lock;	/* changes of channels */
	wait_queue_head_t event;
	atomic_t waiters;

	unsigned int spurious;
	unsigned long spurious_since;
	unsigned long active;
	unsigned long work_mask;
	struct iosm_channel *channels[IOSM_CHANNELS];

	struct workqueue_struct *wq;
	struct delayed_work work;
	struct delayed_work watch;
	unsigned int wake_ms;
	u64 wakes;

	const struct iosm_client *clients[IOSM_MAX_CLIENTS];
	void *client_priv[IOSM_MAX_CLIENTS];
	unsigned long clients_up;
	unsigned int n_clients;

	void (*notify)(void *priv);
	void *notify_priv;
	atomic64_t violations_stage;
	atomic64_t violations_mux;

	struct iosm_core_stats stats;
};

int iosm_core_init(struct iosm_core *core, struct pci_dev *pdev,
		   const struct iosm_client *const *clients, unsigned int n_clients);
void iosm_core_start(struct iosm_core *core);
void iosm_core_exit(struct iosm_core *core);
void iosm_core_pause(struct iosm_core *core);
void iosm_core_hold(struct iosm_core *core, unsigned long hold);
void iosm_core_release(struct iosm_core *core, unsigned long hold);
void iosm_core_offline(struct iosm_core *core);
void iosm_core_reboot(struct iosm_core *core);

void iosm_core_get_violations(struct iosm_core *core, struct iosm_violations *violations);
void iosm_core_get_counters(struct iosm_core *core, struct iosm_core_counters *counters);
u32 iosm_core_stage(struct iosm_core *core);
int iosm_core_await(struct iosm_core *core, unsigned int timeout_ms);

#if IS_ENABLED(CONFIG_KUNIT)
int iosm_core_setup(struct iosm_core *core, struct device *dev,
		    const struct iosm_client *const *clients, unsigned int n_clients);
void iosm_core_cleanup(struct iosm_core *core);
void iosm_core_rearm(struct iosm_core *core, unsigned int ms);
void iosm_core_work(struct work_struct *work);
#endif

/**
 * iosm_core_state() - state of the device
 * @core: the device
 *
 * Context: any.
 *
 * Return: see enum iosm_state.
 */
static inline enum iosm_state iosm_core_state(const struct iosm_core *core)
{
	/* Pairs with iosm_state_change(): bus mastering is off if FAILED is seen. */
	return smp_load_acquire(&core->state);
}

/**
 * iosm_core_has_failed() - has the device failed?
 * @core: the device
 *
 * Context: any.
 *
 * Return: true when the device has no access to memory any more. No request will be
 * completed, and all waits end.
 */
static inline bool iosm_core_has_failed(const struct iosm_core *core)
{
	return iosm_core_state(core) == IOSM_STATE_FAILED;
}

/*
 * Accessors for clients and the PCI driver. Only iosm_core, iosm_state,
 * iosm_irq, iosm_boot, iosm_watchdog, iosm_suspend and iosm_channel use the members of
 * struct iosm_core. Context of all of these functions: any.
 */

/**
 * iosm_core_dev() - device for messages and DMA
 * @core: the device
 *
 * Return: the struct device of the PCI device.
 */
static inline struct device *iosm_core_dev(const struct iosm_core *core)
{
	return core->dev;
}

/**
 * iosm_core_device_id() - PCI device ID
 * @core: the device
 *
 * Return: IOSM_PCI_ID_*.
 */
static inline u16 iosm_core_device_id(const struct iosm_core *core)
{
	return core->device_id;
}

/**
 * iosm_core_version() - version of the interface of the running firmware
 * @core: the device, which has been online
 *
 * Return: the version, as the firmware reported it.
 */
static inline u32 iosm_core_version(const struct iosm_core *core)
{
	return READ_ONCE(core->version);
}

/**
 * iosm_core_capabilities() - capabilities of the running firmware
 * @core: the device, while its clients are started
 *
 * Return: mask of IOSM_CAP_*.
 */
static inline u32 iosm_core_capabilities(const struct iosm_core *core)
{
	return core->caps;
}

/**
 * iosm_core_is_fake() - does the device belong to a KUnit suite?
 * @core: the device
 *
 * Return: see iosm_mmio_is_fake().
 */
static inline bool iosm_core_is_fake(const struct iosm_core *core)
{
	return iosm_mmio_is_fake(&core->mmio);
}

/**
 * iosm_core_pipe_stats() - counters of a pipe
 * @core: the device
 * @nr: number of the pipe
 *
 * Return: the counters, for iosm_stats_read().
 */
static inline const struct iosm_pipe_stats *
iosm_core_pipe_stats(const struct iosm_core *core, u8 nr)
{
	return &core->stats.pipes[nr];
}

/**
 * iosm_core_wake() - wake the tasks in iosm_core_wait()
 * @core: the device
 */
static inline void iosm_core_wake(struct iosm_core *core)
{
	wake_up(&core->event);
}

/**
 * iosm_core_queue_work() - run a work on the workqueue of the device
 * @core: the device
 * @work: the work
 */
static inline void iosm_core_queue_work(struct iosm_core *core, struct work_struct *work)
{
	queue_work(core->wq, work);
}

/**
 * iosm_core_queue_delayed() - run a work on the workqueue of the device after some time
 * @core: the device
 * @work: the work; a pending one keeps its time, unless @ms is 0
 * @ms: time in ms, 0: as soon as possible
 */
static inline void iosm_core_queue_delayed(struct iosm_core *core,
					   struct delayed_work *work, unsigned int ms)
{
	if (ms)
		queue_delayed_work(core->wq, work, msecs_to_jiffies(ms));
	else
		mod_delayed_work(core->wq, work, 0);
}

/**
 * iosm_core_holds() - is the device kept stopped?
 * @core: the device
 *
 * Context: any.
 *
 * Return: mask of IOSM_HOLD_*.
 */
static inline unsigned long iosm_core_holds(const struct iosm_core *core)
{
	return READ_ONCE(core->holds);
}

/**
 * iosm_core_count_mux() - count a violation of the protocol in the IP channel
 * @core: the device
 *
 * Context: any.
 */
static inline void iosm_core_count_mux(struct iosm_core *core)
{
	atomic64_inc(&core->violations_mux);
}

/**
 * iosm_core_wait() - wait for a condition that may change by an interrupt
 * @core: the device
 * @condition: expression without side effects
 * @timeout_ms: at most this long
 *
 * Ends early when the device fails.
 * Context: sleeps.
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
			   iosm_core_has_failed(__core),			\
			   msecs_to_jiffies(timeout_ms));		\
	atomic_dec(&__core->waiters);					\
	__met;								\
})

#endif
