// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link to the host: doorbell 1 and the handshake behind it, from UNINIT
 * through INIT to RUNNING, where the context information is read.
 */
#include <errno.h>

#include "bytes.h"
#include "hostile.h"
#include "device_priv.h"

#define CONTEXT_SIZE	52

/*
 * Delay from doorbell RUNNING to the interrupt. Quirk 2: the reference driver
 * loses an interrupt that is raised before its probe function returns.
 */
#define RUN_DELAY_US	5000

/* The link is down: close pipes and sessions, reset sleep. */
void link_down(struct vm *vm)
{
	loop_timer_cancel(&vm->init);
	loop_timer_cancel(&vm->run);
	hostile_link_down(vm);
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

static void vm_init_done(struct loop_timer *t)
{
	struct vm *vm = t->priv;

	if (!hostile_state(vm, IPC_INIT))
		return;
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

	if (!hostile_state(vm, IPC_RUNNING))
		return;
	if (context_read(vm) || context_check_empty(vm) ||
	    vm_dma_store(vm, vm->info + INFO_IPC, IPC_RUNNING) ||
	    vm_dma_store(vm, vm->info + INFO_SLEEP, 0) ||
	    vm_dma_store(vm, vm->info + INFO_STAGE, STAGE_RUN)) {
		link_down(vm);
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

void link_doorbell(struct vm *vm, uint32_t value)
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
		link_down(vm);
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

void link_setup(struct vm *vm)
{
	vm->init.fn = vm_init_done;
	vm->init.priv = vm;
	vm->run.fn = vm_run_done;
	vm->run.priv = vm;
}
