/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault injection. The parts of the device call these hooks before they change
 * anything that the host can see. hostile.c decides whether to inject a fault.
 *
 * The internal state of the modem remains correct: only the values for the host
 * are changed. So the modem works normally again after hostile_stop() and a
 * restart by the host.
 *
 * All hooks are called from the event loop. They cost one comparison while no
 * faults are injected.
 */
#ifndef VMODEM_HOSTILE_H
#define VMODEM_HOSTILE_H

#include "device_priv.h"

/* Kinds of injected faults, in the order of "hostile kinds". */
enum hostile_kind {
	FAULT_ONES, FAULT_STAGE, FAULT_IPC, FAULT_CAPS, FAULT_CHIP,
	FAULT_HEAD, FAULT_TAIL, FAULT_WRONG_PIPE,
	FAULT_TD_SIZE, FAULT_TD_STATUS, FAULT_TD_ADDR, FAULT_TD_NEVER, FAULT_TD_TWICE,
	FAULT_TD_LATE,
	FAULT_MSG_STATUS, FAULT_MSG_TAIL, FAULT_MSG_NEVER, FAULT_MSG_TWICE,
	FAULT_MSG_WRONG,
	FAULT_MSI_LOST, FAULT_MSI_TWICE, FAULT_MSI_SPURIOUS,
	FAULT_SLEEP, FAULT_WAKE, FAULT_CRASH,
	FAULT_FLIP, FAULT_LATE_WRITE, FAULT_LATE_DMA,
	FAULT_SIGNATURE, FAULT_TABLE, FAULT_DATAGRAM, FAULT_SESSION, FAULT_LENGTH,
	FAULT_SEQUENCE, FAULT_CREDIT, FAULT_COMMAND,
	FAULT_REPLAY, FAULT_ORDER, FAULT_CUT, FAULT_GARBAGE, FAULT_CONTROL,
	FAULT_KINDS
};

#define HOSTILE_RATE	10	/* default: faults per 1000 opportunities */

struct hostile;

/* ---- hostile.c: decisions --------------------------------------------- */

int hostile_create(struct vm *vm);
void hostile_destroy(struct vm *vm);
/*
 * Start to inject faults. @kinds is a list of names separated by commas. NULL
 * or "all" selects all kinds, "mix" lets the seed choose, names that begin with
 * "-" are excluded from all kinds. Returns -EINVAL for an unknown kind.
 */
int hostile_start(struct vm *vm, uint64_t seed, unsigned int rate,
		  const char *kinds);
void hostile_stop(struct vm *vm);
/* Number of faults of this kind since hostile_start(). */
uint64_t hostile_injected(const struct vm *vm, enum hostile_kind kind);
const char *hostile_name(enum hostile_kind kind);

/*
 * For hostile_data.c: is a fault injected at this opportunity? If so,
 * hostile_draw() returns the numbers of this fault.
 */
bool hostile_inject(struct hostile *h, enum hostile_kind kind);
uint32_t hostile_draw(struct hostile *h, uint32_t below);
/* A value other than @valid, most often close to @valid or to @limit. */
uint32_t hostile_wrong(struct hostile *h, uint32_t valid, uint32_t limit);
void hostile_note(struct hostile *h, enum hostile_kind kind, const char *fmt,
		  ...) __attribute__((format(printf, 3, 4)));

/* ---- hostile_data.c: content of DL buffers ------------------------------ */

/*
 * Change the message of *@len bytes in the buffer @data of @room bytes before
 * channel @chan sends it.
 */
void hostile_data(struct hostile *h, unsigned int chan, uint8_t *data,
		  size_t *len, size_t room);

/* ---- hooks ------------------------------------------------------------- */

/* Implementation of the inline hooks below; not called by other files. */
void hostile_do_read(struct vm *vm, uint32_t offset, uint8_t *data,
		     unsigned int size);
bool hostile_do_info(struct vm *vm, unsigned int field, uint32_t *value);
uint32_t hostile_do_td(struct vm *vm, unsigned int nr, uint64_t at,
		       uint32_t word);
bool hostile_do_tail(struct vm *vm, unsigned int nr, uint32_t *value);
void hostile_do_tail_after(struct vm *vm, unsigned int nr);
bool hostile_do_message(struct vm *vm, uint64_t at, uint32_t *status);
bool hostile_do_message_tail(struct vm *vm, uint32_t *tail);
unsigned int hostile_do_msi(struct vm *vm);
bool hostile_do_doorbell(struct vm *vm, unsigned int nr, uint32_t value);
const void *hostile_do_send(struct vm_chan *ch, const void *data, size_t *len,
			    size_t room);
bool hostile_do_state(struct vm *vm, enum vm_ipc state);
bool hostile_do_head(struct vm *vm, unsigned int nr, uint32_t head);

/* A pipe was closed, or all were: cancel pending writes to its ring. */
void hostile_closed(struct vm *vm, unsigned int nr);
void hostile_link_down(struct vm *vm);
void hostile_power_off(struct vm *vm);

/* Register read by the host: may change the value in @data. */
static inline void hostile_read(struct vm *vm, uint32_t offset, uint8_t *data,
				unsigned int size)
{
	if (vm->injecting)
		hostile_do_read(vm, offset, data, size);
}

/*
 * Write to a field of the device information. Return false to skip the write.
 */
static inline bool hostile_info(struct vm *vm, unsigned int field,
				uint32_t *value)
{
	return !vm->injecting || hostile_do_info(vm, field, value);
}

/* Completion word (size, status) of the TD at address @at of pipe @nr. */
static inline uint32_t hostile_td(struct vm *vm, unsigned int nr, uint64_t at,
				  uint32_t word)
{
	return vm->injecting ? hostile_do_td(vm, nr, at, word) : word;
}

/* Called before a tail is published. Return false to skip the write. */
static inline bool hostile_tail(struct vm *vm, unsigned int nr,
				uint32_t *value)
{
	return !vm->injecting || hostile_do_tail(vm, nr, value);
}

static inline void hostile_tail_after(struct vm *vm, unsigned int nr)
{
	if (vm->injecting)
		hostile_do_tail_after(vm, nr);
}

/* Completion *@status of the message at @at. Return false to omit it. */
static inline bool hostile_message(struct vm *vm, uint64_t at,
				   uint32_t *status)
{
	return !vm->injecting || hostile_do_message(vm, at, status);
}

static inline bool hostile_message_tail(struct vm *vm, uint32_t *tail)
{
	return !vm->injecting || hostile_do_message_tail(vm, tail);
}

/* Number of interrupts to raise instead of one. */
static inline unsigned int hostile_msi(struct vm *vm)
{
	return vm->injecting ? hostile_do_msi(vm) : 1;
}

/* Doorbell write by the host. Return false to ignore it. */
static inline bool hostile_doorbell(struct vm *vm, unsigned int nr,
				    uint32_t value)
{
	return !vm->injecting || hostile_do_doorbell(vm, nr, value);
}

/*
 * Message for the DL buffer of @room bytes. Return NULL to send nothing but to
 * report success.
 */
static inline const void *hostile_send(struct vm_chan *ch, const void *data,
				       size_t *len, size_t room)
{
	return ch->vm->injecting ? hostile_do_send(ch, data, len, room) : data;
}

/* Change to an IPC state that the host requested. Return false to skip it. */
static inline bool hostile_state(struct vm *vm, enum vm_ipc state)
{
	return !vm->injecting || hostile_do_state(vm, state);
}

/*
 * Did the fault injection write this head? Such a head must be ignored: the TDs
 * or messages before it may have been freed. @nr VM_PIPES is the message ring.
 */
static inline bool hostile_head(struct vm *vm, unsigned int nr, uint32_t head)
{
	return vm->injecting && hostile_do_head(vm, nr, head);
}

#endif
