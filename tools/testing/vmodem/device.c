// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, doorbells, the interrupt; creation.
 *
 * Nothing that the host can write is trusted. Registers and memory are read
 * once and checked; valid values are kept here. A violation of the interface is
 * reported, and the device continues as well as possible.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "hostile.h"
#include "device_priv.h"

#define EXIT_FAILED	0xff

#define DOORBELL_STEP	32
#define DOORBELL_AT	16
#define DOORBELLS	3

const struct vm_config *vm_config(const struct vm *vm)
{
	return &vm->config;
}

/* ---- registers -------------------------------------------------------- */

uint32_t vm_reg(const struct vm *vm, unsigned int offset)
{
	return get_le32(vm->scratchpad + offset);
}

void vm_reg_set(struct vm *vm, unsigned int offset, uint32_t value)
{
	put_le32(vm->scratchpad + offset, value);
}

uint64_t vm_reg64(const struct vm *vm, unsigned int offset)
{
	return vm_le64(vm->scratchpad + offset);
}

enum vm_stage vm_stage(const struct vm *vm)
{
	return vm_reg(vm, REG_STAGE);
}

enum vm_ipc vm_ipc(const struct vm *vm)
{
	return vm_reg(vm, REG_IPC);
}

const char *vm_stage_name(enum vm_stage stage)
{
	switch (stage) {
	case STAGE_NONE:
		return "none";
	case STAGE_BOOT:
		return "BOOT";
	case STAGE_PSI:
		return "PSI";
	case STAGE_EBL:
		return "EBL";
	case STAGE_RUN:
		return "RUN";
	case STAGE_CRASH:
		return "CRASH";
	case STAGE_CD_READY:
		return "CD_READY";
	}
	return "?";
}

bool vm_running(const struct vm *vm)
{
	return vm->powered && !vm->crashed && !vm->removed &&
	       vm_ipc(vm) == IPC_RUNNING;
}

bool vm_active(const struct vm *vm)
{
	return vm_running(vm) && !vm->d3 && !vm->host_sleep &&
	       !vm->forced_sleep && (vm->sleep == SLEEP_AWAKE ||
				     vm->sleep == SLEEP_REQUESTED);
}

/* ---- interrupt -------------------------------------------------------- */

void vm_msi(struct vm *vm)
{
	vm->msi_pending = true;
}

static void turned(struct vm *vm)
{
	uint64_t us = loop_now() - vm->turn_from;

	vm->turn_from = 0;
	vm->turns++;
	vm->turns_us += us;
	if (us > vm->turn_most)
		vm->turn_most = us;
	vm->turn_us[us < VM_TURNS ? us : VM_TURNS - 1]++;
}

uint64_t vm_turn_median(const struct vm *vm)
{
	uint64_t seen = 0;
	unsigned int us;

	for (us = 0; us < VM_TURNS - 1; us++) {
		seen += vm->turn_us[us];
		if (seen * 2 >= vm->turns)
			break;
	}
	return vm->turns ? us : 0;
}

static void vm_msi_flush(void *priv)
{
	struct vm *vm = priv;
	unsigned int n;

	if (!vm->msi_pending)
		return;
	vm->msi_pending = false;
	if (!vm->powered || vm->removed || vm->d3 || !vm->bus)
		return;
	if (vm->drop_msis) {
		vm->drop_msis--;
		vm->msis_dropped++;
		return;
	}
	if (vm->turn_from)
		turned(vm);
	for (n = hostile_msi(vm); n; n--) {
		if (vm->bus->msi(vm->bus_priv))
			vm->msis++;
		else
			vm->msis_lost++;
	}
}

void vm_info(struct vm *vm, unsigned int field, uint32_t value)
{
	if (!hostile_info(vm, field, &value) ||
	    !vm_dma_store(vm, vm->info + field, value))
		vm_msi(vm);
}

/* ---- doorbell 0 ------------------------------------------------------- */

static void doorbell_heads(struct vm *vm, uint32_t value)
{
	if (vm_stage(vm) == STAGE_BOOT && value == STAGE_BOOT) {
		/* The boot ROM takes no image: there is no flash function. */
		vm_reg_set(vm, REG_EXIT_CODE, EXIT_FAILED);
		vm_msi(vm);
		return;
	}
	vm->reasons[value & 0xff & 15]++;
	if (!vm_running(vm)) {
		/* The host signals the end of its sleep by a message. */
		if (vm->slept_through && value == 0)
			return;
		vm_violation(vm, "doorbell-not-running",
			     "doorbell 0 = %#x in stage %s, state %u", value,
			     vm_stage_name(vm_stage(vm)), vm_ipc(vm));
		return;
	}
	if (vm->forced_sleep) {
		vm_violation(vm, "forced-sleep-doorbell",
			     "doorbell 0 = %#x after FORCE_SLEEP", value);
		return;
	}
	if (vm->sleep == SLEEP_ASLEEP || vm->sleep == SLEEP_WAKING) {
		vm_violation(vm, "doorbell-asleep",
			     "doorbell 0 = %#x, the device %s", value,
			     vm->sleep == SLEEP_ASLEEP ? "sleeps" :
			     "waits for ACTIVE");
		/* The doorbell is lost: the clock of this block is stopped. */
		return;
	}
	if (vm->host_sleep) {
		/*
		 * Only valid for SLEEP(host, exit), which message_run()
		 * detects.
		 */
		if (!message_run(vm) && !vm->msg_stalled)
			vm_violation(vm, "host-sleep-doorbell",
				     "doorbell 0 = %#x, the host sleeps",
				     value);
		return;
	}
	vm->sleep_held = false;
	vm->rung_at = loop_now();
	message_run(vm);
	if (vm_active(vm))
		pipe_doorbell(vm);
	vm->rung_at = 0;
}

void vm_doorbell_write(struct vm *vm, uint32_t offset, unsigned int size,
		       uint64_t value)
{
	unsigned int nr = offset / DOORBELL_STEP;

	if (!vm->powered)
		return;
	if (size != 4 || offset % DOORBELL_STEP != DOORBELL_AT ||
	    nr >= DOORBELLS) {
		vm_violation(vm, "bar0-write", "%#llx to %#x, %u bytes",
			     (unsigned long long)value, offset, size);
		return;
	}
	vm->doorbells[nr]++;
	/* A crashed device ignores doorbells. The host may not know it yet. */
	if (vm->crashed || !hostile_doorbell(vm, nr, value))
		return;
	switch (nr) {
	case 0:
		doorbell_heads(vm, value);
		break;
	case 1:
		if (vm->host_sleep || vm->forced_sleep)
			vm_violation(vm, vm->host_sleep ?
				     "host-sleep-doorbell" :
				     "forced-sleep-doorbell",
				     "doorbell 1 = %#llx",
				     (unsigned long long)value);
		vm->slept_through = false;
		link_doorbell(vm, value);
		break;
	case 2:
		sleep_doorbell(vm, value);
		break;
	}
}

void vm_doorbell_read(struct vm *vm, uint32_t offset, unsigned int size)
{
	vm_violation(vm, "bar0-read", "%u bytes at %#x", size, offset);
}

/* ---- scratchpad ------------------------------------------------------- */

static void scratchpad_asleep(struct vm *vm, const char *what, uint32_t offset)
{
	if (vm->host_sleep)
		vm_violation(vm, "host-sleep-access", "%s at %#x", what,
			     offset);
	else if (vm->forced_sleep)
		vm_violation(vm, "forced-sleep-access", "%s at %#x", what,
			     offset);
}

void vm_scratchpad_read(struct vm *vm, uint32_t offset, uint8_t *data,
			unsigned int size)
{
	if (!vm->powered || offset > vm->scratchpad_size ||
	    size > vm->scratchpad_size - offset) {
		memset(data, 0xff, size);
		return;
	}
	vm->register_reads++;
	scratchpad_asleep(vm, "read", offset);
	memcpy(data, vm->scratchpad + offset, size);
	hostile_read(vm, offset, data, size);
}

/* Is @offset one half of the 64-bit field at @field? */
static bool is_half(uint32_t offset, uint32_t field)
{
	return offset == field || offset == field + 4;
}

void vm_scratchpad_write(struct vm *vm, uint32_t offset, unsigned int size,
			 uint64_t value)
{
	bool pair = is_half(offset, REG_CONTEXT) || is_half(offset, REG_BASE) ||
		    is_half(offset, REG_END);
	bool psi = is_half(offset, REG_PSI_ADDR);
	bool high = offset % 8 == 0;	/* all 64-bit fields begin at 4 modulo 8 */
	bool in_time = vm_ipc(vm) == IPC_INIT && !vm->run.at;

	if (!vm->powered || vm->crashed)
		return;
	scratchpad_asleep(vm, "write", offset);
	if (size != 4 || offset % 4) {
		vm_violation(vm, "scratchpad-size", "%u bytes to %#x", size,
			     offset);
		return;
	}
	if (!pair && !psi && offset != REG_PSI_SIZE) {
		vm_violation(vm, "scratchpad-read-only", "%#llx to %#x",
			     (unsigned long long)value, offset);
		return;
	}
	if (pair && !in_time)
		vm_violation(vm, "scratchpad-order", "%#x written in state %u",
			     offset, vm_ipc(vm));
	if ((psi || offset == REG_PSI_SIZE) && vm_stage(vm) != STAGE_BOOT)
		vm_violation(vm, "scratchpad-order", "%#x written in stage %s",
			     offset, vm_stage_name(vm_stage(vm)));
	/* Low half first, then the high half of the same field. */
	if (high && vm->half != (int)offset - 4)
		vm_violation(vm, "scratchpad-halves",
			     "%#x written before its low half", offset);
	vm->half = high ? -1 : (int)offset;
	vm_reg_set(vm, offset, value);
	if (!in_time)
		return;
	if (offset == REG_CONTEXT + 4)
		vm->got_context = true;
	if (offset == REG_BASE + 4)
		vm->got_window_base = true;
	if (offset == REG_END + 4)
		vm->got_window_end = true;
}

/* ---- creation --------------------------------------------------------- */

struct vm *vm_create(const struct vm_config *config)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->config = *config;
	vm->log = stderr;
	vm->half = -1;
	vm->scratchpad_size = config->device_id == 0x7360 ?
		VM_BAR2_SIZE_7360 : VM_BAR2_SIZE_7560;
	power_setup(vm);
	link_setup(vm);
	pipe_setup(vm);
	sleep_setup(vm);
	if (loop_idle_add(vm_msi_flush, vm) || devctl_create(vm) ||
	    hostile_create(vm)) {
		vm_destroy(vm);
		return NULL;
	}
	return vm;
}

void vm_destroy(struct vm *vm)
{
	if (!vm)
		return;
	vm_power_off(vm);
	loop_idle_del(vm_msi_flush, vm);
	hostile_destroy(vm);
	ctl_close(vm);
	violation_free(vm);
	free(vm->bounce);
	free(vm);
}

void vm_set_bus(struct vm *vm, const struct vm_bus *bus, void *priv)
{
	vm->bus = bus;
	vm->bus_priv = priv;
}
