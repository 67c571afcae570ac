/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces between the parts of the device; no other part includes this.
 *
 *   device.c    registers, doorbells, interrupt
 *   power.c     power, boot, stages, reset, crash
 *   link.c      IPC state and context information
 *   memory.c    host memory
 *   message.c   message ring and its commands
 *   pipe.c      pipes, transfer descriptors, the channels' functions
 *   sleep.c     device sleep, host sleep, forced sleep
 *   violation.c log, violations, quirks
 *   ctl.c       control socket; devctl.c: the commands of the device
 *   hostile.c   hostile mode; hostile_data.c: faults in DL buffers
 */
#ifndef VMODEM_DEVICE_PRIV_H
#define VMODEM_DEVICE_PRIV_H

#include "device.h"
#include "loop.h"

/* Scratchpad */
#define REG_STAGE	0x00
#define REG_CHIP	0x04
#define REG_EXIT_CODE	0x40
#define REG_PSI_ADDR	0x54
#define REG_PSI_SIZE	0x5c
#define REG_IPC		0x60
#define REG_CONTEXT	0x64
#define REG_BASE	0x6c
#define REG_END		0x74
#define REG_VERSION	0xf0
#define REG_CAPS	0xf4

#define INFO_SIZE	12

enum vm_stage {
	STAGE_NONE = 0,
	STAGE_BOOT = 0xfeedb007,
	STAGE_PSI = 0xfeedbeef,
	STAGE_EBL = 0xfeedcafe,
	STAGE_RUN = 0x600df00d,
	STAGE_CRASH = 0x8badf00d,
	STAGE_CD_READY = 0xbadc0ded,
};

enum vm_ipc { IPC_UNINIT, IPC_INIT, IPC_RUNNING, IPC_RECOVERY, IPC_ERROR };

enum vm_sleep {
	SLEEP_AWAKE,
	SLEEP_REQUESTED,	/* request 1 is written, no answer yet */
	SLEEP_ASLEEP,
	SLEEP_WAKING,		/* request 0 is written, no answer yet */
};

/* Completion status of a transfer descriptor */
enum { TD_NEW, TD_PARTIAL, TD_END, TD_OVERFLOW, TD_ABORTED, TD_ERROR };

#define VM_TURNS	1024	/* us; the last one: and longer */

#define TD_SIZE		16u
#define MESSAGE_SIZE	24u

#define PIPE_UL(chan)	((chan) * 2)
#define PIPE_DL(chan)	((chan) * 2 + 1)

struct vm_td {
	uint64_t addr;
	uint32_t size;
};

struct vm_pipe {
	bool open;
	bool stalled;		/* by a control command */
	uint64_t ring;
	uint32_t entries;
	uint32_t accumulation;	/* us */
	uint32_t head;		/* of the host, as last read and validated */
	uint32_t tail;		/* of the device: the next TD to complete */
	uint32_t rung;		/* head at the last doorbell 0 */
	uint32_t bad_head;	/* last invalid one, to report it once */
	uint32_t closed_head;	/* allowed value in memory while closed */
	uint32_t parked_head;	/* value in memory when host sleep began */
	bool peeked;		/* td is the TD at tail (DL) */
	struct vm_td td;
	uint64_t window;	/* start of the interrupt moderation window */
	unsigned int in_window;	/* interrupts in it */
	uint64_t tds, bytes;
};

struct vm_chan {
	struct vm *vm;
	unsigned int nr;
	const struct vm_chan_ops *ops;
	void *priv;
	bool open;
	bool waiting;		/* the function waits for room() */
	uint64_t starved;	/* without DL buffers since; 0: not */
	struct loop_timer poll;
	struct loop_timer accumulate;
	struct loop_timer late;	/* DL buffers found by polling, no doorbell yet */
};

struct vm_violation_count;
struct hostile;

struct vm {
	struct vm_config config;
	const struct vm_bus *bus;
	void *bus_priv;
	FILE *log;
	struct vm_violation_count *violations, *quirks;
	struct ctl *ctl;
	struct hostile *hostile;
	bool injecting;		/* hostile mode is on */

	/* Registers */
	uint8_t scratchpad[VM_BAR2_SIZE_7360];
	uint32_t scratchpad_size;
	bool powered, crashed, removed, d3;
	bool got_window_base, got_window_end, got_context;
	int half;		/* offset of a 64-bit field half written, or -1 */
	struct loop_timer boot, rom, init, run;
	uint8_t *bounce;	/* UL data */
	size_t bounce_size;

	/* Context information, read at the transition to RUNNING */
	uint64_t context, info, heads, tails, msg_head, msg_tail, msg_ring;
	uint32_t msg_entries;
	uint64_t window_base, window_end;

	/* Message ring */
	uint32_t mhead, mtail, mbad;
	unsigned int messages;	/* since RUNNING */
	bool msg_stalled;
	bool refuse_sleep;	/* reject SLEEP of the host */
	bool in_band;		/* FEATURE_SET bit 7 */
	uint8_t features;

	struct vm_pipe pipe[VM_PIPES];
	struct vm_chan chan[VM_CHANNELS];

	/* Sleep */
	enum vm_sleep sleep;
	bool sleep_allowed;
	bool sleep_grace;	/* request withdrawn: a late answer is allowed */
	bool sleep_held, sleep_held_dl;
	bool wakeup_rung;
	bool host_sleep, forced_sleep;
	/* Power was lost during sleep. The host cannot know that yet. */
	bool slept_through;
	uint64_t sleep_auto;
	struct loop_timer sleep_timer;

	/* Interrupt */
	bool msi_pending;
	uint64_t drop_msis;

	/* Turnaround: from a doorbell with new UL TDs to the next interrupt */
	uint64_t rung_at, turn_from;	/* 0: not now */
	uint64_t turns, turns_us, turn_most;
	uint32_t turn_us[VM_TURNS];	/* histogram, by microseconds */

	/* Statistics */
	uint64_t doorbells[3], reasons[16], msis, msis_dropped, msis_lost;
	uint64_t register_reads;	/* of BAR 2 */
	uint64_t message_count, sleeps, wakes_host, wakes_device, polls;
	uint64_t dma_reads, dma_writes;
};

/* device.c */
uint32_t vm_reg(const struct vm *vm, unsigned int offset);
uint64_t vm_reg64(const struct vm *vm, unsigned int offset);
void vm_reg_set(struct vm *vm, unsigned int offset, uint32_t value);
enum vm_stage vm_stage(const struct vm *vm);
enum vm_ipc vm_ipc(const struct vm *vm);
const char *vm_stage_name(enum vm_stage stage);
/* The host has brought the link up; the device may be asleep. */
bool vm_running(const struct vm *vm);
/* The device may touch host memory and raise interrupts now. */
bool vm_active(const struct vm *vm);
/* Raise the interrupt at the end of this round. */
void vm_msi(struct vm *vm);
/* Median of the turnaround in us */
uint64_t vm_turn_median(const struct vm *vm);
/* Write a field of the device information and raise the interrupt. */
enum { INFO_STAGE = 0, INFO_IPC = 4, INFO_SLEEP = 8 };
void vm_info(struct vm *vm, unsigned int field, uint32_t value);

/* power.c   */
void power_setup(struct vm *vm);
int vm_crash(struct vm *vm);
int vm_cd_ready(struct vm *vm);
int vm_boot_run(struct vm *vm);
void vm_surprise_remove(struct vm *vm);

/* link.c */
void link_setup(struct vm *vm);
/* The link is down: close pipes and sessions, reset sleep. */
void link_down(struct vm *vm);
/* Doorbell 1: the requested IPC state */
void link_doorbell(struct vm *vm, uint32_t value);

/* memory.c */
/* Copy to or from host memory. A failure is reported as a violation. */
int vm_dma_read(struct vm *vm, uint64_t addr, void *data, size_t len);
int vm_dma_write(struct vm *vm, uint64_t addr, const void *data, size_t len);
/* One naturally aligned 32-bit word, with acquire and release ordering. */
int vm_dma_load(struct vm *vm, uint64_t addr, uint32_t *value);
int vm_dma_store(struct vm *vm, uint64_t addr, uint32_t value);

/* message.c */
void message_reset(struct vm *vm);
/* Process the message ring. True if there were new messages. */
bool message_run(struct vm *vm);

/* pipe.c */
void pipe_setup(struct vm *vm);
void pipe_reset(struct vm *vm);
/* A new link: read the initial heads from memory. */
void pipe_link_up(struct vm *vm);
int pipe_open(struct vm *vm, const uint8_t *msg);
int pipe_close(struct vm *vm, unsigned int nr);
int pipe_abort(struct vm *vm, unsigned int nr);
/* Doorbell 0: read all heads and process new TDs. */
void pipe_doorbell(struct vm *vm);
/* Resume work after any kind of sleep. */
void pipe_continue(struct vm *vm);
/* Has any head in memory moved since the last doorbell 0? */
bool pipe_unrung(struct vm *vm, bool *dl_only);
void pipe_asleep(struct vm *vm);
/*
 * The host must not move a head from now on; pipe_unpark() reports those that
 * moved.
 */
void pipe_park(struct vm *vm);
void pipe_unpark(struct vm *vm, const char *violation);
void pipe_set_stalled(struct vm *vm, unsigned int nr, bool stalled);
unsigned int pipe_pending(const struct vm_pipe *p);
/*
 * Does the device own anything in @addr..@end - 1? Returns its description or
 * NULL.
 */
const char *pipe_owns(struct vm *vm, uint64_t addr, uint64_t end);
bool pipe_any_waiting(const struct vm *vm);

/* sleep.c */
void sleep_setup(struct vm *vm);
void sleep_reset(struct vm *vm);
/* Doorbell 2 */
void sleep_doorbell(struct vm *vm, uint32_t value);
/* Handle SLEEP messages for the device; 0 or -EINVAL. */
int sleep_message(struct vm *vm, uint8_t target, uint8_t state);
/* Host sleep begins or ends. */
void sleep_host(struct vm *vm, bool enter);
/* Traffic: restart the idle time. */
void sleep_activity(struct vm *vm);
/* Request device sleep; 0, -EBUSY or -EPERM. */
int sleep_request(struct vm *vm);
/* The device has something to send: wake up if asleep. */
void sleep_wake(struct vm *vm);
void sleep_set_auto(struct vm *vm, uint64_t us);
const char *sleep_name(const struct vm *vm);

/* violation.c */
struct vm_violation_count {
	struct vm_violation_count *next;
	char *name;
	int quirk;		/* its number in README, 0: violation */
	uint64_t count;
	char last[160];
};

void violation_free(struct vm *vm);
void violation_clear(struct vm_violation_count *list);

/* devctl.c */
int devctl_create(struct vm *vm);

static inline uint64_t vm_le64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

#endif
