// SPDX-License-Identifier: GPL-2.0-only
/* The message ring: commands of the host, processed in order. */
#include <errno.h>

#include "bytes.h"
#include "hostile.h"
#include "device_priv.h"

enum {
	MSG_OPEN_PIPE = 0x01,
	MSG_CLOSE_PIPE = 0x02,
	MSG_ABORT_PIPE = 0x03,
	MSG_SLEEP = 0x04,
	MSG_FEATURE_SET = 0xf0,
};

#define MSG_SUCCESS	1
#define MSG_ERROR	2

#define TARGET_HOST	0
#define STATE_EXIT	1

#define FEATURE_IN_BAND	0x80

void message_reset(struct vm *vm)
{
	vm->mhead = 0;
	vm->mtail = 0;
	vm->mbad = UINT32_MAX;
	vm->messages = 0;
}

static bool is_host_sleep(const uint8_t *msg)
{
	return msg[11] == MSG_SLEEP && msg[8] == TARGET_HOST;
}

/* The first two commands of a link are fixed. */
static void message_order(struct vm *vm, const uint8_t *msg)
{
	unsigned int n = vm->messages++;

	if (n == 0 && (msg[11] != MSG_SLEEP || msg[8] != 1 || msg[9] != 0))
		vm_violation(vm, "message-order",
			     "first message has type %#x, not SLEEP(device, enter)",
			     msg[11]);
	if (n == 1 && msg[11] != MSG_FEATURE_SET)
		vm_violation(vm, "message-order",
			     "second message has type %#x, not FEATURE_SET",
			     msg[11]);
}

/* Fields that the command does not use must be 0. */
static void message_unused(struct vm *vm, const uint8_t *msg)
{
	unsigned int i, from = 0, to = 20;

	if (msg[11] == MSG_OPEN_PIPE)
		return;
	for (i = from; i < to; i++) {
		bool used = i == 11 || (i == 10 && msg[11] != MSG_SLEEP) ||
			    ((i == 8 || i == 9) && msg[11] == MSG_SLEEP);

		if (used || !msg[i])
			continue;
		vm_violation(vm, "message-reserved", "type %#x: byte %u is %#x",
			     msg[11], i, msg[i]);
		return;
	}
}

static int message_handle(struct vm *vm, const uint8_t *msg)
{
	message_order(vm, msg);
	message_unused(vm, msg);
	if (get_le32(msg + 20))
		vm_violation(vm, "message-status",
			     "type %#x: status %u when posted", msg[11],
			     get_le32(msg + 20));
	if (vm->host_sleep && !is_host_sleep(msg)) {
		vm_violation(vm, "host-sleep-message",
			     "type %#x while the host sleeps", msg[11]);
		return -EINVAL;
	}
	switch (msg[11]) {
	case MSG_OPEN_PIPE:
		return pipe_open(vm, msg);
	case MSG_CLOSE_PIPE:
		return pipe_close(vm, msg[10]);
	case MSG_ABORT_PIPE:
		return pipe_abort(vm, msg[10]);
	case MSG_SLEEP:
		if (vm->refuse_sleep && is_host_sleep(msg) &&
		    msg[9] != STATE_EXIT)
			return -EBUSY;
		return sleep_message(vm, msg[8], msg[9]);
	case MSG_FEATURE_SET:
		vm->features = msg[10];
		vm->in_band = msg[10] & FEATURE_IN_BAND;
		return 0;
	}
	vm_violation(vm, "message-type", "type %#x", msg[11]);
	return -EINVAL;
}

/* One entry of the ring; false if the ring cannot be read or written. */
static bool message_one(struct vm *vm)
{
	uint64_t at = vm->msg_ring + (uint64_t)vm->mtail * MESSAGE_SIZE;
	uint8_t msg[MESSAGE_SIZE];
	uint32_t status, tail;
	int ret;

	if (vm_dma_read(vm, at, msg, sizeof(msg)))
		return false;
	vm->message_count++;
	ret = message_handle(vm, msg);
	vm_debug(vm, "message %u: type %#x %02x %02x %02x: %s", vm->mtail,
		 msg[11], msg[8], msg[9], msg[10], ret ? "error" : "done");
	vm->mtail = (vm->mtail + 1) % vm->msg_entries;
	status = ret ? MSG_ERROR : MSG_SUCCESS;
	tail = vm->mtail;
	if (hostile_message(vm, at, &status) &&
	    (vm_dma_store(vm, at + 20, status) ||
	     (hostile_message_tail(vm, &tail) &&
	      vm_dma_store(vm, vm->msg_tail, tail))))
		return false;
	vm_msi(vm);
	/*
	 * This completion is the last one that the host sees before it sleeps.
	 */
	if (!ret && is_host_sleep(msg))
		sleep_host(vm, msg[9] != STATE_EXIT);
	return true;
}

bool message_run(struct vm *vm)
{
	uint32_t head, moved;
	bool any = false;

	if (vm_dma_load(vm, vm->msg_head, &head))
		return false;
	if (head != vm->mhead && head != vm->mbad &&
	    !hostile_head(vm, VM_PIPES, head)) {
		uint32_t pending = (vm->mhead + vm->msg_entries - vm->mtail) %
				   vm->msg_entries;

		moved = (head + vm->msg_entries - vm->mhead) % vm->msg_entries;
		vm->mbad = head;
		if (head >= vm->msg_entries) {
			vm_violation(vm, "message-head-range",
				     "head %u of %u entries", head,
				     vm->msg_entries);
		} else if (moved > vm->msg_entries - 1 - pending) {
			vm_violation(vm, "message-head-jump",
				     "head from %u to %u, tail %u", vm->mhead,
				     head, vm->mtail);
		} else {
			vm->mhead = head;
			vm->mbad = UINT32_MAX;
		}
	}
	while (vm->mtail != vm->mhead && !vm->msg_stalled && vm_running(vm)) {
		any = true;
		if (!message_one(vm))
			break;
	}
	if (any)
		sleep_activity(vm);
	return any;
}
