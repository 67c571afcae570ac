// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, stages, doorbells, the interrupt, and the way to host memory.
 *
 * Nothing that the host can write is trusted: registers and memory are read
 * once and checked, what matters is kept here. A rule that the host breaks
 * becomes a violation and the device carries on as well as it can.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "internal.h"

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

#define CHIP_SIZE	58
#define EXIT_FAILED	0xff
#define CP_VERSION	0x0100
#define CAP_UL_AGGR	(1u << 8)
#define CAP_DL_AGGR	(1u << 9)
#define CAP_CREDITS	(1u << 21)

#define DOORBELL_STEP	32
#define DOORBELL_AT	16
#define DOORBELLS	3

#define CONTEXT_SIZE	52
#define INFO_SIZE	12

/*
 * From doorbell RUNNING to the interrupt. Section 12.2: the reference driver
 * loses one that comes before its probe function has returned.
 */
#define RUN_DELAY_US	5000

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

static uint64_t vm_reg64(const struct vm *vm, unsigned int offset)
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
	return vm->powered && !vm->crashed && !vm->vanished &&
	       vm_ipc(vm) == IPC_RUNNING;
}

bool vm_active(const struct vm *vm)
{
	return vm_running(vm) && !vm->d3 && !vm->host_sleep &&
	       !vm->forced_sleep && (vm->sleep == SLEEP_AWAKE ||
				     vm->sleep == SLEEP_REQUESTED);
}

/* ---- host memory ------------------------------------------------------ */

/* The next piece of @addr..@addr + *@len - 1, or NULL after a violation. */
static void *dma_piece(struct vm *vm, uint64_t addr, size_t *len, bool write)
{
	const char *dir = write ? "write" : "read";
	void *ptr = NULL;

	if (!vm->bus || vm->vanished)
		return NULL;
	if (addr + *len < addr) {
		vm_violation(vm, "dma-address", "%s at %#llx wraps", dir,
			     (unsigned long long)addr);
		return NULL;
	}
	/* The window is checked by the device only if the host set it. */
	if (vm->window_end && (addr < vm->window_base ||
			       addr + *len - 1 > vm->window_end)) {
		vm_violation(vm, "dma-window", "%s at %#llx size %zu", dir,
			     (unsigned long long)addr, *len);
		return NULL;
	}
	switch (vm->bus->dma(vm->bus_priv, addr, len, write, &ptr)) {
	case VM_DMA_OK:
		return ptr;
	case VM_DMA_NO_MASTER:
		vm_violation(vm, "dma-bus-master",
			     "%s at %#llx needed, bus mastering is off", dir,
			     (unsigned long long)addr);
		return NULL;
	case VM_DMA_UNMAPPED:
		vm_violation(vm, "dma-address", "%s at %#llx: no such memory",
			     dir, (unsigned long long)addr);
	}
	return NULL;
}

int vm_dma_read(struct vm *vm, uint64_t addr, void *data, size_t len)
{
	uint8_t *to = data;

	vm->dma_reads++;
	while (len) {
		size_t n = len;
		void *from = dma_piece(vm, addr, &n, false);

		if (!from)
			return -EFAULT;
		memcpy(to, from, n);
		to += n;
		addr += n;
		len -= n;
	}
	return 0;
}

int vm_dma_write(struct vm *vm, uint64_t addr, const void *data, size_t len)
{
	const uint8_t *from = data;

	vm->dma_writes++;
	while (len) {
		size_t n = len;
		void *to = dma_piece(vm, addr, &n, true);

		if (!to)
			return -EFAULT;
		memcpy(to, from, n);
		from += n;
		addr += n;
		len -= n;
	}
	return 0;
}

/* Mappings begin and end at pages, so an aligned word is in one piece. */
int vm_dma_load(struct vm *vm, uint64_t addr, uint32_t *value)
{
	size_t n = sizeof(*value);
	uint32_t *p = dma_piece(vm, addr, &n, false);

	if (!p || n < sizeof(*value))
		return -EFAULT;
	*value = le32toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
	return 0;
}

int vm_dma_store(struct vm *vm, uint64_t addr, uint32_t value)
{
	size_t n = sizeof(value);
	uint32_t *p = dma_piece(vm, addr, &n, true);

	if (!p || n < sizeof(value))
		return -EFAULT;
	__atomic_store_n(p, htole32(value), __ATOMIC_RELEASE);
	return 0;
}

/* ---- interrupt -------------------------------------------------------- */

void vm_msi(struct vm *vm)
{
	vm->msi_pending = true;
}

static void vm_msi_flush(void *priv)
{
	struct vm *vm = priv;

	if (!vm->msi_pending)
		return;
	vm->msi_pending = false;
	if (!vm->powered || vm->vanished || vm->d3 || !vm->bus)
		return;
	if (vm->mute) {
		vm->mute--;
		vm->msis_muted++;
		return;
	}
	if (vm->bus->msi(vm->bus_priv))
		vm->msis++;
	else
		vm->msis_lost++;
}

void vm_info(struct vm *vm, unsigned int field, uint32_t value)
{
	if (!vm_dma_store(vm, vm->info + field, value))
		vm_msi(vm);
}

/* ---- life ------------------------------------------------------------- */

/* The link is gone: pipes, sessions and sleep with it. */
static void vm_link_down(struct vm *vm)
{
	loop_timer_cancel(&vm->init);
	loop_timer_cancel(&vm->run);
	pipe_reset(vm);
	sleep_reset(vm);
	message_reset(vm);
	vm->got_window_base = false;
	vm->got_window_end = false;
	vm->got_context = false;
	vm->window_base = 0;
	vm->window_end = 0;
	vm->in_band = false;
	vm->features = 0;
}

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

/* What the firmware knew is lost; the channels are closed already. */
static void vm_forget(struct vm *vm)
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
	vm_link_down(vm);
	vm_forget(vm);
	memset(vm->scratchpad, 0, sizeof(vm->scratchpad));
	vm->powered = false;
	vm->crashed = false;
	vm->vanished = false;
	vm->d3 = false;
	vm->msi_pending = false;
	vm->mute = 0;
	vm->msg_stopped = false;
	for (i = 0; i < VM_PIPES; i++)
		vm->pipe[i].stopped = false;
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
	if (d3 && vm_running(vm) && !vm->host_sleep)
		vm_violation(vm, "d3-while-running",
			     "D3 without a SLEEP message for the host");
	vm->d3 = d3;
	vm_debug(vm, "power %s", d3 ? "D3" : "D0");
	if (!d3)
		pipe_continue(vm);
}

/*
 * Last words, if the host can still hear them: it may well have turned bus
 * mastering off, as it should before it frees memory of a crashed device.
 */
static void vm_last_words(struct vm *vm, enum vm_stage stage)
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

	if (!vm->powered || vm->vanished || vm_stage(vm) == STAGE_NONE)
		return -ENODEV;
	/* A sleeping host must not be written to. */
	if (report && !vm->host_sleep && !vm->forced_sleep)
		vm_last_words(vm, STAGE_CRASH);
	vm_link_down(vm);
	vm_forget(vm);
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
		vm_last_words(vm, STAGE_CD_READY);
	vm_set_stage(vm, STAGE_CD_READY);
	return 0;
}

void vm_vanish(struct vm *vm)
{
	vm_link_down(vm);
	vm->vanished = true;
	loop_timer_cancel(&vm->boot);
	loop_timer_cancel(&vm->rom);
	if (vm->bus && vm->bus->vanish)
		vm->bus->vanish(vm->bus_priv);
	vm_log(vm, "vanished");
}

/* ---- doorbell 1: the IPC state that the host asks for ------------------ */

static void vm_init_done(struct loop_timer *t)
{
	struct vm *vm = t->priv;

	vm_reg_set(vm, REG_IPC, IPC_INIT);
	vm_debug(vm, "state INIT");
}

static bool context_address(struct vm *vm, const char *what, uint64_t addr,
			    unsigned int align)
{
	if (addr && !(addr % align))
		return true;
	vm_violation(vm, "context-invalid", "%s at %#llx", what,
		     (unsigned long long)addr);
	return false;
}

/* Read the context information once and check it. */
static int context_read(struct vm *vm)
{
	const struct { const char *what; uint64_t *addr; } parts[] = {
		{ "device information", &vm->info },
		{ "head array", &vm->heads },
		{ "tail array", &vm->tails },
		{ "message head", &vm->msg_head },
		{ "message tail", &vm->msg_tail },
		{ "message ring", &vm->msg_ring },
	};
	uint8_t c[CONTEXT_SIZE];
	bool good = true;
	unsigned int i;

	if (!vm->got_context) {
		vm_violation(vm, "context-missing",
			     "RUNNING without a context address");
		return -EINVAL;
	}
	if (!vm->got_window_base || !vm->got_window_end)
		vm_violation(vm, "window-missing",
			     "RUNNING without a memory window");
	vm->context = vm_reg64(vm, REG_CONTEXT);
	vm->window_base = vm_reg64(vm, REG_BASE);
	vm->window_end = vm_reg64(vm, REG_END);
	if (vm->window_end < vm->window_base) {
		vm_violation(vm, "window-invalid", "%#llx to %#llx",
			     (unsigned long long)vm->window_base,
			     (unsigned long long)vm->window_end);
		vm->window_base = 0;
		vm->window_end = 0;
	}
	if (!context_address(vm, "context information", vm->context, 8) ||
	    vm_dma_read(vm, vm->context, c, sizeof(c)))
		return -EINVAL;

	vm->info = vm_le64(c);
	vm->heads = vm_le64(c + 8);
	vm->tails = vm_le64(c + 16);
	vm->msg_head = vm_le64(c + 24);
	vm->msg_tail = vm_le64(c + 32);
	vm->msg_ring = vm_le64(c + 40);
	vm->msg_entries = get_le16(c + 48);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!context_address(vm, parts[i].what, *parts[i].addr,
				     sizeof(uint32_t)))
			good = false;
	if (vm->msg_entries < 2) {
		vm_violation(vm, "context-invalid", "message ring of %u",
			     vm->msg_entries);
		good = false;
	}
	if (c[50] || c[51])
		vm_violation(vm, "context-vector", "MSI vectors %u and %u",
			     c[50], c[51]);
	return good ? 0 : -EINVAL;
}

/* The host's rings are empty when the link comes up. */
static int context_check_empty(struct vm *vm)
{
	uint32_t head, tail;

	if (vm_dma_load(vm, vm->msg_head, &head) ||
	    vm_dma_load(vm, vm->msg_tail, &tail))
		return -EFAULT;
	if (head || tail)
		vm_violation(vm, "message-head-start",
			     "message head %u, tail %u at RUNNING", head,
			     tail);
	return 0;
}

static void vm_run_done(struct loop_timer *t)
{
	struct vm *vm = t->priv;

	if (context_read(vm) || context_check_empty(vm) ||
	    vm_dma_store(vm, vm->info + INFO_IPC, IPC_RUNNING) ||
	    vm_dma_store(vm, vm->info + INFO_SLEEP, 0) ||
	    vm_dma_store(vm, vm->info + INFO_STAGE, STAGE_RUN)) {
		vm_link_down(vm);
		vm_reg_set(vm, REG_IPC, IPC_ERROR);
		vm_msi(vm);
		return;
	}
	message_reset(vm);
	vm_reg_set(vm, REG_IPC, IPC_RUNNING);
	pipe_link_up(vm);
	sleep_activity(vm);
	vm_msi(vm);
	vm_log(vm, "state RUNNING");
}

static void doorbell_ipc(struct vm *vm, uint32_t value)
{
	enum vm_ipc now = vm_ipc(vm);
	unsigned int nr;

	switch (value) {
	case IPC_UNINIT:
		if (now == IPC_UNINIT && !vm->init.at)
			break;
		for (nr = 0; nr < VM_PIPES; nr++) {
			if (!vm->pipe[nr].open)
				continue;
			vm_quirk(vm, 11, "uninit-pipe-open",
				 "pipe %u open at UNINIT", nr);
			break;
		}
		vm_link_down(vm);
		vm_reg_set(vm, REG_IPC, IPC_UNINIT);
		vm_log(vm, "state UNINIT");
		break;
	case IPC_INIT:
		if (vm_stage(vm) != STAGE_RUN || now != IPC_UNINIT ||
		    vm->init.at) {
			vm_violation(vm, "ipc-order",
				     "INIT in stage %s, state %u",
				     vm_stage_name(vm_stage(vm)), now);
			break;
		}
		loop_timer_set(&vm->init, vm->config.init_delay_ms * 1000ull);
		break;
	case IPC_RUNNING:
		if (vm_stage(vm) != STAGE_RUN || now != IPC_INIT ||
		    vm->run.at) {
			vm_violation(vm, "ipc-order",
				     "RUNNING in stage %s, state %u",
				     vm_stage_name(vm_stage(vm)), now);
			break;
		}
		loop_timer_set(&vm->run, RUN_DELAY_US);
		break;
	default:
		vm_violation(vm, "ipc-state-unknown", "state %#x asked for",
			     value);
	}
}

/* ---- doorbell 0 ------------------------------------------------------- */

static void doorbell_heads(struct vm *vm, uint32_t value)
{
	if (vm_stage(vm) == STAGE_BOOT && value == STAGE_BOOT) {
		/* A boot ROM that takes no image: there is no flash function */
		vm_reg_set(vm, REG_EXIT_CODE, EXIT_FAILED);
		vm_msi(vm);
		return;
	}
	vm->reasons[value & 0xff & 15]++;
	if (!vm_running(vm)) {
		/* The host says by a message that it is back. */
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
		/* It is lost: the clock that would notice stands still. */
		return;
	}
	if (vm->host_sleep) {
		/* Only for SLEEP(host, exit), which is looked for there. */
		if (!message_run(vm))
			vm_violation(vm, "host-sleep-doorbell",
				     "doorbell 0 = %#x, the host sleeps",
				     value);
		return;
	}
	vm->sleep_held = false;
	message_run(vm);
	if (vm_active(vm))
		pipe_doorbell(vm);
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
	/* A crashed device hears nothing; the host may not know it yet. */
	if (vm->crashed)
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
		doorbell_ipc(vm, value);
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
	scratchpad_asleep(vm, "read", offset);
	memcpy(data, vm->scratchpad + offset, size);
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
	bool high = offset % 8 == 0;	/* all pairs begin at 4 modulo 8 */
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

/* ---- memory taken away ------------------------------------------------ */

/*
 * Without an IOMMU, mappings are the guest's RAM in a few large pieces that
 * QEMU moves about as it likes; with one they are the driver's own. Only the
 * latter say something about the driver.
 */
#define UNMAP_FINE	(2u << 20)
#define UNMAP_LOW	(1u << 20)

static bool overlaps(uint64_t addr, uint64_t len, uint64_t from, uint64_t to)
{
	return addr < to && addr + len > from;
}

static const char *vm_owns(struct vm *vm, uint64_t from, uint64_t to)
{
	if (overlaps(vm->info, INFO_SIZE, from, to))
		return "device information";
	if (overlaps(vm->heads, VM_PIPES * 4, from, to))
		return "head array";
	if (overlaps(vm->tails, VM_PIPES * 4, from, to))
		return "tail array";
	if (overlaps(vm->msg_head, 4, from, to) ||
	    overlaps(vm->msg_tail, 4, from, to) ||
	    overlaps(vm->msg_ring, vm->msg_entries * MESSAGE_SIZE, from, to))
		return "message ring";
	return pipe_owns(vm, from, to);
}

void vm_dma_unmapped(struct vm *vm, uint64_t addr, uint64_t len)
{
	const char *what;

	if (!vm_running(vm) || len > UNMAP_FINE || addr < UNMAP_LOW)
		return;
	what = vm_owns(vm, addr, addr + len);
	if (what)
		vm_violation(vm, "unmap-in-use", "%#llx size %#llx: %s",
			     (unsigned long long)addr,
			     (unsigned long long)len, what);
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
	vm->boot.fn = vm_booted;
	vm->boot.priv = vm;
	vm->rom.fn = vm_rom_done;
	vm->rom.priv = vm;
	vm->init.fn = vm_init_done;
	vm->init.priv = vm;
	vm->run.fn = vm_run_done;
	vm->run.priv = vm;
	pipe_setup(vm);
	sleep_setup(vm);
	if (loop_idle_add(vm_msi_flush, vm) || devctl_create(vm)) {
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
	ctl_close(vm);
	verdict_free(vm);
	free(vm->bounce);
	free(vm);
}

void vm_set_bus(struct vm *vm, const struct vm_bus *bus, void *priv)
{
	vm->bus = bus;
	vm->bus_priv = priv;
}
