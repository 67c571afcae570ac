// SPDX-License-Identifier: GPL-2.0-only
/* Power, boot, reset, crash and surprise removal of the device. */
#include <errno.h>
#include <string.h>

#include "hostile.h"
#include "device_priv.h"

#define CHIP_SIZE	58
#define CP_VERSION	0x0100
#define CAP_UL_AGGR	(1u << 8)
#define CAP_DL_AGGR	(1u << 9)
#define CAP_CREDITS	(1u << 21)

static void vm_set_stage(struct vm *vm, enum vm_stage stage)
{
	vm_reg_set(vm, REG_STAGE, stage);
	vm_log(vm, "stage %s", vm_stage_name(stage));
}

static void vm_run_firmware(struct vm *vm)
{
	uint32_t caps = 0;

	if (vm->config.mux == VM_MUX_AGGREGATION)
		caps |= CAP_UL_AGGR | CAP_DL_AGGR;
	if (vm->config.credits)
		caps |= CAP_CREDITS;
	vm_reg_set(vm, REG_VERSION, CP_VERSION);
	vm_reg_set(vm, REG_CAPS, caps);
	loop_timer_cancel(&vm->rom);
	vm_set_stage(vm, STAGE_RUN);
}

/* The boot delay is over. */
static void vm_booted(struct loop_timer *t)
{
	struct vm *vm = t->priv;
	unsigned int i;

	vm->scratchpad[REG_CHIP] = 0x10;
	vm->scratchpad[REG_CHIP + 1] = CHIP_SIZE;
	for (i = 0; i < CHIP_SIZE; i++)
		vm->scratchpad[REG_CHIP + 2 + i] = 0xa0 + i;
	if (!vm->config.boot_rom) {
		vm_run_firmware(vm);
		return;
	}
	vm_set_stage(vm, STAGE_BOOT);
	if (vm->config.rom_time_ms)
		loop_timer_set(&vm->rom, vm->config.rom_time_ms * 1000ull);
}

static void vm_rom_done(struct loop_timer *t)
{
	vm_run_firmware(t->priv);
}

int vm_boot_run(struct vm *vm)
{
	if (!vm->powered || vm_stage(vm) != STAGE_BOOT)
		return -EBUSY;
	vm_run_firmware(vm);
	return 0;
}

/* Reset the functions. Their channels are closed already. */
static void vm_reset_functions(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < VM_CHANNELS; i++)
		if (vm->chan[i].ops && vm->chan[i].ops->reset)
			vm->chan[i].ops->reset(&vm->chan[i]);
}

void vm_power_off(struct vm *vm)
{
	unsigned int i;

	loop_timer_cancel(&vm->boot);
	loop_timer_cancel(&vm->rom);
	link_down(vm);
	vm_reset_functions(vm);
	hostile_power_off(vm);
	memset(vm->scratchpad, 0, sizeof(vm->scratchpad));
	vm->powered = false;
	vm->crashed = false;
	vm->removed = false;
	vm->d3 = false;
	vm->msi_pending = false;
	vm->drop_msis = 0;
	vm->msg_stalled = false;
	vm->refuse_sleep = false;
	for (i = 0; i < VM_PIPES; i++)
		vm->pipe[i].stalled = false;
	vm->half = -1;
}

void vm_power_on(struct vm *vm)
{
	vm_power_off(vm);
	vm->powered = true;
	if (vm->config.boot_delay_ms)
		loop_timer_set(&vm->boot, vm->config.boot_delay_ms * 1000ull);
	else
		vm_booted(&vm->boot);
}

void vm_reset(struct vm *vm)
{
	vm->slept_through |= vm->host_sleep || vm->forced_sleep;
	vm_log(vm, "reset");
	vm_power_on(vm);
}

void vm_set_d3(struct vm *vm, bool d3)
{
	/*
	 * With FORCE_SLEEP the host stays in D0, but some platforms enter D3.
	 */
	if (d3 && vm_running(vm) && !vm->host_sleep && !vm->forced_sleep)
		vm_violation(vm, "d3-while-running",
			     "D3 without a SLEEP message for the host");
	vm->d3 = d3;
	vm_debug(vm, "power %s", d3 ? "D3" : "D0");
	if (!d3)
		pipe_continue(vm);
}

/*
 * Report the stage in memory, if bus mastering is on. The host may have turned
 * it off, as it should before it frees memory of a crashed device.
 */
static void vm_report_stage(struct vm *vm, enum vm_stage stage)
{
	size_t len = sizeof(uint32_t);
	void *ptr;

	if (vm->d3 || !vm->bus || vm->bus->dma(vm->bus_priv, vm->info, &len,
					       true, &ptr) != VM_DMA_OK)
		return;
	vm_info(vm, INFO_STAGE, stage);
}

int vm_crash(struct vm *vm)
{
	bool report = vm_running(vm) && vm->in_band;

	if (!vm->powered || vm->removed || vm_stage(vm) == STAGE_NONE)
		return -ENODEV;
	/* Do not write to a host that is asleep. */
	if (report && !vm->host_sleep && !vm->forced_sleep)
		vm_report_stage(vm, STAGE_CRASH);
	link_down(vm);
	vm_reset_functions(vm);
	vm->in_band = report;
	vm->crashed = true;
	vm_set_stage(vm, STAGE_CRASH);
	return 0;
}

int vm_cd_ready(struct vm *vm)
{
	if (!vm->crashed)
		return -EBUSY;
	if (vm->in_band)
		vm_report_stage(vm, STAGE_CD_READY);
	vm_set_stage(vm, STAGE_CD_READY);
	return 0;
}

void vm_surprise_remove(struct vm *vm)
{
	link_down(vm);
	vm->removed = true;
	loop_timer_cancel(&vm->boot);
	loop_timer_cancel(&vm->rom);
	if (vm->bus && vm->bus->surprise_remove)
		vm->bus->surprise_remove(vm->bus_priv);
	vm_log(vm, "surprise removal");
}

void power_setup(struct vm *vm)
{
	vm->boot.fn = vm_booted;
	vm->boot.priv = vm;
	vm->rom.fn = vm_rom_done;
	vm->rom.priv = vm;
}
