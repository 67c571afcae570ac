// SPDX-License-Identifier: GPL-2.0-only
/* Pipes, their transfer descriptors (TDs), and the channels' functions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "hostile.h"
#include "device_priv.h"

/* Polling interval of a device without DL buffers, ... */
#define POLL_US		100
/* ... and after POLL_SLOW_AFTER without new buffers. */
#define POLL_SLOW_US	1000
#define POLL_SLOW_AFTER	50000

/*
 * Buffers were found by polling. The doorbell must follow within this time,
 * which is long enough for a very busy host.
 */
#define LATE_US		1000000

/* A tail is published after this many TDs, and at the end. */
#define UL_BATCH	32

/* Interrupts that are raised at once within one accumulation time. */
#define ACCUMULATE_FREE	8

static const char *td_dir(unsigned int nr)
{
	return nr & 1 ? "DL" : "UL";
}

unsigned int pipe_pending(const struct vm_pipe *p)
{
	if (!p->open)
		return 0;
	return (p->head + p->entries - p->tail) % p->entries;
}

/* Read the head from memory. False if it has not moved or is invalid. */
static bool head_update(struct vm *vm, unsigned int nr)
{
	struct vm_pipe *p = &vm->pipe[nr];
	uint32_t head, moved;

	if (vm_dma_load(vm, vm->heads + nr * 4, &head) || head == p->head)
		return false;
	if (head == p->bad_head || hostile_head(vm, nr, head))
		return false;
	if (head >= p->entries) {
		p->bad_head = head;
		vm_violation(vm, "pipe-head-range",
			     "pipe %u: head %u of %u entries", nr, head,
			     p->entries);
		return false;
	}
	moved = (head + p->entries - p->head) % p->entries;
	if (moved > p->entries - 1 - pipe_pending(p)) {
		p->bad_head = head;
		vm_violation(vm, "pipe-head-jump",
			     "pipe %u: head from %u to %u, tail %u, %u entries",
			     nr, p->head, head, p->tail, p->entries);
		return false;
	}
	p->bad_head = UINT32_MAX;
	p->head = head;
	return true;
}

/* The head of a closed pipe must keep its value or become 0. */
static void head_closed(struct vm *vm, unsigned int nr)
{
	struct vm_pipe *p = &vm->pipe[nr];
	uint32_t head;

	if (vm_dma_load(vm, vm->heads + nr * 4, &head) ||
	    head == p->closed_head)
		return;
	p->closed_head = head;
	if (head)
		vm_violation(vm, "head-closed-pipe", "pipe %u: head %u", nr,
			     head);
}

/*
 * Read the TD at the tail, once. -EINVAL: the TD is invalid. -EFAULT: the ring
 * cannot be read. -ESTALE: the TD is not a new one, so the head was invalid (it
 * moved backwards, for example) and is treated as not moved.
 */
static int td_read(struct vm *vm, unsigned int nr, struct vm_td *td)
{
	struct vm_pipe *p = &vm->pipe[nr];
	uint8_t raw[TD_SIZE];
	uint32_t word;

	if (vm_dma_read(vm, p->ring + (uint64_t)p->tail * TD_SIZE, raw,
			sizeof(raw)))
		return -EFAULT;
	td->addr = vm_le64(raw);
	word = get_le32(raw + 8);
	td->size = word & 0xffffff;
	if (word >> 24) {
		vm_violation(vm, "td-status",
			     "pipe %u TD %u: status %u when posted, head %u",
			     nr, p->tail, word >> 24, p->head);
		p->bad_head = p->head;
		p->head = p->tail;
		return -ESTALE;
	}
	if (raw[12])
		vm_violation(vm, "td-continuation",
			     "pipe %u TD %u: %u TDs follow", nr, p->tail,
			     raw[12]);
	if (raw[13] || raw[14] || raw[15])
		vm_violation(vm, "td-reserved", "pipe %u TD %u: %02x %02x %02x",
			     nr, p->tail, raw[13], raw[14], raw[15]);
	if (!td->addr || td->addr + td->size < td->addr) {
		vm_violation(vm, "td-address", "pipe %u (%s) TD %u: %#llx", nr,
			     td_dir(nr), p->tail,
			     (unsigned long long)td->addr);
		return -EINVAL;
	}
	if (!td->size) {
		vm_violation(vm, "td-size", "pipe %u (%s) TD %u: no bytes", nr,
			     td_dir(nr), p->tail);
		return -EINVAL;
	}
	return 0;
}

/* Complete the TD at the tail. tail_store() publishes the tail later. */
static void td_complete(struct vm *vm, unsigned int nr, unsigned int status,
			uint32_t size)
{
	struct vm_pipe *p = &vm->pipe[nr];
	uint64_t at = p->ring + (uint64_t)p->tail * TD_SIZE;

	vm_dma_store(vm, at + 8,
		     hostile_td(vm, nr, at, size | (uint32_t)status << 24));
	p->tail = (p->tail + 1) % p->entries;
	p->peeked = false;
	p->tds++;
	p->bytes += size;
}

static void accumulate_done(struct loop_timer *t)
{
	struct vm_chan *ch = t->priv;

	vm_msi(ch->vm);
}

/* Raise the interrupt for a pipe; later if there were many recently. */
static void pipe_msi(struct vm *vm, unsigned int nr)
{
	struct vm_pipe *p = &vm->pipe[nr];
	uint64_t now;

	if (vm->msi_pending)
		return;
	if (p->accumulation) {
		struct loop_timer *t = &vm->chan[nr / 2].accumulate;

		now = loop_now();
		if (now - p->window >= p->accumulation) {
			p->window = now;
			p->in_window = 0;
		}
		if (p->in_window >= ACCUMULATE_FREE) {
			if (!t->at)
				loop_timer_set(t, p->window + p->accumulation -
					       now);
			return;
		}
		p->in_window++;
	}
	vm_msi(vm);
}

static void tail_store(struct vm *vm, unsigned int nr)
{
	uint32_t tail = vm->pipe[nr].tail;

	if (hostile_tail(vm, nr, &tail))
		vm_dma_store(vm, vm->tails + nr * 4, tail);
	pipe_msi(vm, nr);
	hostile_tail_after(vm, nr);
}

/* ---- uplink ----------------------------------------------------------- */

static int bounce_reserve(struct vm *vm, size_t size)
{
	uint8_t *p;

	if (size <= vm->bounce_size)
		return 0;
	p = realloc(vm->bounce, size);
	if (!p)
		return -ENOMEM;
	vm->bounce = p;
	vm->bounce_size = size;
	return 0;
}

/* Process one UL TD. False if there was none. */
static bool ul_one(struct vm *vm, unsigned int nr)
{
	struct vm_chan *ch = &vm->chan[nr / 2];
	struct vm_td td = { 0 };
	int ret;

	ret = td_read(vm, nr, &td);
	if (ret == -ESTALE)
		return false;
	if (!ret)
		ret = bounce_reserve(vm, td.size);
	if (!ret)
		ret = vm_dma_read(vm, td.addr, vm->bounce, td.size);
	td_complete(vm, nr, ret ? TD_ERROR : TD_END, td.size);
	if (!ret)
		ch->ops->rx(ch, vm->bounce, td.size);
	return true;
}

static void ul_run(struct vm *vm, unsigned int nr)
{
	struct vm_pipe *p = &vm->pipe[nr];
	struct vm_chan *ch = &vm->chan[nr / 2];
	unsigned int done = 0;

	while (ch->open && p->open && !p->stalled && vm_active(vm) &&
	       p->tail != p->head) {
		if (!ul_one(vm, nr))
			break;
		if (++done % UL_BATCH == 0)
			tail_store(vm, nr);
	}
	if (done && !vm->turn_from)
		vm->turn_from = vm->rung_at;
	if (done && p->open) {
		tail_store(vm, nr);
		sleep_activity(vm);
	}
}

/* ---- downlink --------------------------------------------------------- */

static void chan_notify_room(struct vm_chan *ch)
{
	loop_timer_cancel(&ch->poll);
	ch->waiting = false;
	ch->starved = 0;
	if (ch->ops->room)
		ch->ops->room(ch);
}

/* Nothing can be sent now. room() follows as soon as sending may succeed. */
static void chan_wait(struct vm_chan *ch)
{
	struct vm *vm = ch->vm;

	ch->waiting = true;
	if (!vm_active(vm)) {
		sleep_wake(vm);
		return;
	}
	if (ch->poll.at || vm->pipe[PIPE_DL(ch->nr)].stalled)
		return;
	if (!ch->starved)
		ch->starved = loop_now();
	loop_timer_set(&ch->poll, POLL_US);
}

static void chan_poll(struct loop_timer *t)
{
	struct vm_chan *ch = t->priv;
	struct vm *vm = ch->vm;
	struct vm_pipe *p = &vm->pipe[PIPE_DL(ch->nr)];

	if (!ch->open || !ch->waiting || p->stalled || !vm_active(vm))
		return;
	vm->polls++;
	if (head_update(vm, PIPE_DL(ch->nr)) && !ch->late.at)
		loop_timer_set(&ch->late, LATE_US);
	if (pipe_pending(p))
		chan_notify_room(ch);
	else
		loop_timer_set(t, loop_now() - ch->starved > POLL_SLOW_AFTER ?
			       POLL_SLOW_US : POLL_US);
}

/* Buffers were found by polling, and doorbell 0 is still missing. */
static void chan_late(struct loop_timer *t)
{
	struct vm_chan *ch = t->priv;
	unsigned int nr = PIPE_DL(ch->nr);

	if (!ch->open || !vm_active(ch->vm))
		return;
	if (ch->nr == 0)
		vm_quirk(ch->vm, 1, "dl-doorbell-missing",
			 "pipe %u: head %u was posted without doorbell 0", nr,
			 ch->vm->pipe[nr].head);
	else
		vm_violation(ch->vm, "dl-doorbell-missing",
			     "pipe %u: head %u was posted without doorbell 0",
			     nr, ch->vm->pipe[nr].head);
}

/* Find the next usable DL buffer. False: there is none. */
static bool dl_peek(struct vm_chan *ch)
{
	struct vm *vm = ch->vm;
	unsigned int nr = PIPE_DL(ch->nr), bad = 0;
	struct vm_pipe *p = &vm->pipe[nr];
	int ret = 0;

	if (p->stalled || !vm_active(vm))
		return false;
	if (p->peeked)
		return true;
	/* Bounded, however many invalid buffers the host posts. */
	while (!p->peeked && bad < p->entries) {
		if (p->tail == p->head && !head_update(vm, nr))
			break;
		ret = td_read(vm, nr, &p->td);
		if (ret == -EFAULT || ret == -ESTALE)
			break;
		if (ret) {
			td_complete(vm, nr, TD_ERROR, 0);
			bad++;
			continue;
		}
		p->peeked = true;
	}
	if (bad)
		tail_store(vm, nr);
	return p->peeked;
}

unsigned int vm_chan_posted(const struct vm_chan *ch)
{
	return pipe_pending(&ch->vm->pipe[PIPE_DL(ch->nr)]);
}

size_t vm_chan_room(struct vm_chan *ch)
{
	if (!ch->open || !vm_running(ch->vm))
		return 0;
	if (dl_peek(ch))
		return ch->vm->pipe[PIPE_DL(ch->nr)].td.size;
	chan_wait(ch);
	return 0;
}

int vm_chan_send(struct vm_chan *ch, const void *data, size_t len)
{
	struct vm *vm = ch->vm;
	unsigned int nr = PIPE_DL(ch->nr);
	struct vm_pipe *p = &vm->pipe[nr];
	int ret;

	if (!ch->open || !vm_running(vm))
		return -ENOTCONN;
	if (!dl_peek(ch)) {
		chan_wait(ch);
		return -EAGAIN;
	}
	if (len > p->td.size)
		return -EMSGSIZE;
	data = hostile_send(ch, data, &len, p->td.size);
	if (!data)
		return 0;
	ret = vm_dma_write(vm, p->td.addr, data, len);
	/* The host provided an invalid buffer: the data is lost. */
	td_complete(vm, nr, ret ? TD_ERROR : TD_END, ret ? 0 : len);
	tail_store(vm, nr);
	sleep_activity(vm);
	return 0;
}

/* ---- channels --------------------------------------------------------- */

int vm_chan_attach(struct vm *vm, unsigned int nr,
		   const struct vm_chan_ops *ops, void *priv)
{
	if (nr >= VM_CHANNELS)
		return -EINVAL;
	if (vm->chan[nr].ops)
		return -EBUSY;
	vm->chan[nr].ops = ops;
	vm->chan[nr].priv = priv;
	return 0;
}

void *vm_chan_priv(const struct vm_chan *ch)
{
	return ch->priv;
}

struct vm *vm_chan_vm(const struct vm_chan *ch)
{
	return ch->vm;
}

bool vm_chan_is_open(const struct vm_chan *ch)
{
	return ch->open;
}

static void chan_closed(struct vm_chan *ch)
{
	bool was_open = ch->open;

	ch->open = false;
	ch->waiting = false;
	ch->starved = 0;
	loop_timer_cancel(&ch->poll);
	loop_timer_cancel(&ch->late);
	loop_timer_cancel(&ch->accumulate);
	if (was_open && ch->ops->close)
		ch->ops->close(ch);
}

/* ---- commands of the message ring ------------------------------------- */

int pipe_open(struct vm *vm, const uint8_t *msg)
{
	uint64_t ring = vm_le64(msg), size;
	uint32_t entries = get_le16(msg + 8), vector = get_le32(msg + 12);
	unsigned int nr = msg[10];
	struct vm_chan *ch;
	struct vm_pipe *p;
	uint32_t head;

	/* The flash channel (7) does not exist in stage RUN. */
	if (nr >= PIPE_UL(VM_CHANNELS - 1) || !vm->chan[nr / 2].ops) {
		vm_violation(vm, "open-pipe-number", "pipe %u", nr);
		return -EINVAL;
	}
	ch = &vm->chan[nr / 2];
	p = &vm->pipe[nr];
	size = (uint64_t)entries * TD_SIZE;
	if (p->open) {
		vm_violation(vm, "open-pipe-open", "pipe %u", nr);
		return -EINVAL;
	}
	if (!ring || ring % 8 || ring + size < ring) {
		vm_violation(vm, "open-pipe-ring", "pipe %u: ring at %#llx",
			     nr, (unsigned long long)ring);
		return -EINVAL;
	}
	if (entries < 2) {
		vm_violation(vm, "open-pipe-entries", "pipe %u: %u entries",
			     nr, entries);
		return -EINVAL;
	}
	if (vector)
		vm_violation(vm, "open-pipe-vector", "pipe %u: vector %u", nr,
			     vector);
	if ((nr & 1) && !vm->pipe[nr - 1].open)
		vm_violation(vm, "open-pipe-order", "DL pipe %u before UL", nr);
	if (vm_dma_load(vm, vm->heads + nr * 4, &head) ||
	    vm_dma_store(vm, vm->tails + nr * 4, 0))
		return -EINVAL;
	if (head)
		vm_violation(vm, "open-pipe-head", "pipe %u: head is %u", nr,
			     head);
	p->open = true;
	p->ring = ring;
	p->entries = entries;
	p->accumulation = get_le32(msg + 16);
	p->head = 0;
	p->tail = 0;
	p->rung = 0;
	p->bad_head = UINT32_MAX;
	p->peeked = false;
	p->window = 0;
	p->in_window = 0;
	if (vm->pipe[nr ^ 1].open) {
		ch->open = true;
		if (ch->ops->open)
			ch->ops->open(ch);
	}
	return 0;
}

static int pipe_check_open(struct vm *vm, unsigned int nr, const char *name)
{
	if (nr < VM_PIPES && vm->pipe[nr].open)
		return 0;
	vm_violation(vm, name, "pipe %u", nr);
	return -EINVAL;
}

int pipe_close(struct vm *vm, unsigned int nr)
{
	struct vm_pipe *p;
	uint32_t head;

	if (pipe_check_open(vm, nr, "close-pipe-closed"))
		return -EINVAL;
	p = &vm->pipe[nr];
	if ((nr & 1) && vm->pipe[nr - 1].open)
		vm_violation(vm, "close-pipe-order", "DL pipe %u before UL",
			     nr);
	chan_closed(&vm->chan[nr / 2]);
	hostile_closed(vm, nr);
	p->open = false;
	p->closed_head = p->head;
	if (!vm_dma_load(vm, vm->heads + nr * 4, &head))
		p->closed_head = head;
	return 0;
}

/* Return every TD that the device owns with the status "aborted". */
int pipe_abort(struct vm *vm, unsigned int nr)
{
	struct vm_pipe *p;

	if (pipe_check_open(vm, nr, "abort-pipe-closed"))
		return -EINVAL;
	p = &vm->pipe[nr];
	head_update(vm, nr);
	while (p->tail != p->head)
		td_complete(vm, nr, TD_ABORTED, 0);
	tail_store(vm, nr);
	return 0;
}

/* ---- events ----------------------------------------------------------- */

/* Process everything up to the known heads. */
static void pipe_work(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < VM_CHANNELS; i++) {
		struct vm_chan *ch = &vm->chan[i];

		if (!ch->open)
			continue;
		ul_run(vm, PIPE_UL(i));
		if (!ch->open || !ch->waiting || !vm_active(vm))
			continue;
		if (pipe_pending(&vm->pipe[PIPE_DL(i)]) &&
		    !vm->pipe[PIPE_DL(i)].stalled)
			chan_notify_room(ch);
		else
			chan_wait(ch);
	}
}

void pipe_doorbell(struct vm *vm)
{
	unsigned int nr;

	for (nr = 0; nr < VM_PIPES; nr++) {
		struct vm_pipe *p = &vm->pipe[nr];

		if (!p->open) {
			head_closed(vm, nr);
			continue;
		}
		head_update(vm, nr);
		p->rung = p->head;
		if (nr & 1)
			loop_timer_cancel(&vm->chan[nr / 2].late);
	}
	pipe_work(vm);
}

void pipe_continue(struct vm *vm)
{
	if (vm_active(vm))
		pipe_work(vm);
}

void pipe_set_stalled(struct vm *vm, unsigned int nr, bool stalled)
{
	vm->pipe[nr].stalled = stalled;
	if (!stalled)
		pipe_continue(vm);
}

bool pipe_any_waiting(const struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < VM_CHANNELS; i++)
		if (vm->chan[i].open && vm->chan[i].waiting &&
		    !vm->pipe[PIPE_DL(i)].stalled)
			return true;
	return false;
}

bool pipe_unrung(struct vm *vm, bool *dl_only)
{
	bool any = false;
	unsigned int nr;
	uint32_t head;

	*dl_only = true;
	for (nr = 0; nr < VM_PIPES; nr++) {
		struct vm_pipe *p = &vm->pipe[nr];

		if (!p->open || vm_dma_load(vm, vm->heads + nr * 4, &head) ||
		    head == p->rung)
			continue;
		any = true;
		if (nr != PIPE_DL(0))
			*dl_only = false;
	}
	return any;
}

/* From now on the host may move heads without a doorbell. */
void pipe_asleep(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < VM_CHANNELS; i++) {
		loop_timer_cancel(&vm->chan[i].late);
		loop_timer_cancel(&vm->chan[i].poll);
	}
}

void pipe_park(struct vm *vm)
{
	unsigned int nr;

	pipe_asleep(vm);
	for (nr = 0; nr < VM_PIPES; nr++) {
		struct vm_pipe *p = &vm->pipe[nr];

		p->parked_head = p->head;
		if (p->open)
			vm_dma_load(vm, vm->heads + nr * 4, &p->parked_head);
	}
}

void pipe_unpark(struct vm *vm, const char *violation)
{
	unsigned int nr;
	uint32_t head;

	for (nr = 0; nr < VM_PIPES; nr++) {
		struct vm_pipe *p = &vm->pipe[nr];

		if (!p->open || vm_dma_load(vm, vm->heads + nr * 4, &head) ||
		    head == p->parked_head)
			continue;
		vm_violation(vm, violation, "pipe %u: head from %u to %u", nr,
			     p->parked_head, head);
	}
}

const char *pipe_owns(struct vm *vm, uint64_t addr, uint64_t end)
{
	unsigned int nr;

	for (nr = 0; nr < VM_PIPES; nr++) {
		struct vm_pipe *p = &vm->pipe[nr];
		uint64_t size = (uint64_t)p->entries * TD_SIZE;
		uint32_t i;

		if (!p->open)
			continue;
		if (p->ring < end && p->ring + size > addr)
			return "ring of an open pipe";
		for (i = p->tail; i != p->head; i = (i + 1) % p->entries) {
			uint8_t raw[TD_SIZE];
			uint64_t at;

			if (vm_dma_read(vm, p->ring + (uint64_t)i * TD_SIZE,
					raw, sizeof(raw)))
				break;
			at = vm_le64(raw);
			if (at < end &&
			    at + (get_le32(raw + 8) & 0xffffff) > addr)
				return nr & 1 ? "posted DL buffer" :
						"posted UL buffer";
		}
	}
	return NULL;
}

void pipe_setup(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < VM_CHANNELS; i++) {
		struct vm_chan *ch = &vm->chan[i];

		ch->vm = vm;
		ch->nr = i;
		ch->poll.fn = chan_poll;
		ch->poll.priv = ch;
		ch->late.fn = chan_late;
		ch->late.priv = ch;
		ch->accumulate.fn = accumulate_done;
		ch->accumulate.priv = ch;
	}
}

void pipe_link_up(struct vm *vm)
{
	unsigned int nr;

	for (nr = 0; nr < VM_PIPES; nr++) {
		vm->pipe[nr].closed_head = 0;
		vm_dma_load(vm, vm->heads + nr * 4, &vm->pipe[nr].closed_head);
	}
}

void pipe_reset(struct vm *vm)
{
	unsigned int i;

	vm->turn_from = 0;
	for (i = 0; i < VM_PIPES; i++)
		vm->pipe[i].open = false;
	for (i = 0; i < VM_CHANNELS; i++)
		if (vm->chan[i].ops)
			chan_closed(&vm->chan[i]);
}
