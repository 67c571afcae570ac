// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile mode: when to inject faults, and the faults of the device. Faults in
 * the content of DL buffers are in hostile_data.c.
 *
 *   hook (device, pipe, message, ...) --> hostile_inject(kind): the n-th
 *       opportunity of that kind --> random numbers from seed, kind and n
 *       --> fault, log line
 *
 * Each kind counts its own opportunities and has its own random numbers. The
 * numbers of one kind do not depend on those of another kind or on time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "hostile.h"
#include "mux.h"

#define TICK_US		5000	/* period of faults without a trigger */
#define REWRITES	16	/* pending delayed writes to host memory */
#define RETURNED	64	/* regions that the device has returned */
#define STASH		65536u
#define FLIP_US		2000	/* duration of FAULT_FLIP */
#define WEIGHT		64	/* of a kind that uses the full rate */

static const struct {
	const char *name, *help;
	unsigned int weight;
} kinds[FAULT_KINDS] = {
	[FAULT_ONES] = { "ones", "BAR 2 reads all ones, for some time or until reset", 8 },
	[FAULT_STAGE] = { "stage", "the execution stage changes", 16 },
	[FAULT_IPC] = { "ipc", "the IPC state changes, or is not reached", 16 },
	[FAULT_CAPS] = { "caps", "device version and capabilities", 64 },
	[FAULT_CHIP] = { "chip", "boot ROM chip info", 32 },
	[FAULT_HEAD] = { "head", "a head is overwritten (the host owns it)", 16 },
	[FAULT_TAIL] = { "tail", "a tail out of range, too far, backwards", 8 },
	[FAULT_WRONG_PIPE] = { "wrong-pipe", "a tail written for another pipe", 8 },
	[FAULT_TD_SIZE] = { "td-size", "size of a completed TD", 64 },
	[FAULT_TD_STATUS] = { "td-status", "status of a completed TD", 32 },
	[FAULT_TD_ADDR] = { "td-addr", "address and reserved bytes of a TD", 64 },
	[FAULT_TD_NEVER] = { "td-never", "a tail not published, sometimes never again", 16 },
	[FAULT_TD_TWICE] = { "td-twice", "a tail reset and published again", 64 },
	[FAULT_TD_LATE] = { "td-late", "size and status after the tail", 64 },
	[FAULT_MSG_STATUS] = { "msg-status", "completion status of a message", 64 },
	[FAULT_MSG_TAIL] = { "msg-tail", "tail of the message ring", 8 },
	[FAULT_MSG_NEVER] = { "msg-never", "a message without a completion", 64 },
	[FAULT_MSG_TWICE] = { "msg-twice", "a completion repeated after the host has read it", 64 },
	[FAULT_MSG_WRONG] = { "msg-wrong", "a completion in another message", 64 },
	[FAULT_MSI_LOST] = { "msi-lost", "no interrupt", 64 },
	[FAULT_MSI_TWICE] = { "msi-twice", "several interrupts for one", 64 },
	[FAULT_MSI_SPURIOUS] = { "msi-spurious", "spurious interrupts", 16 },
	[FAULT_SLEEP] = { "sleep", "sleep requests at a doorbell of the host", 64 },
	[FAULT_WAKE] = { "wake", "doorbell 2 ignored, or answered twice", 64 },
	[FAULT_CRASH] = { "crash", "crash at any time", 1 },
	[FAULT_FLIP] = { "flip", "a value toggles while the host reads it", 32 },
	[FAULT_LATE_WRITE] = { "late-write", "published data changes later, and is restored", 32 },
	[FAULT_LATE_DMA] = { "late-dma", "DMA to memory returned to the host (with an IOMMU)", 64 },
	[FAULT_SIGNATURE] = { "signature", "MUX signatures", 64 },
	[FAULT_TABLE] = { "table", "chains of tables and commands: loops, invalid indexes", 64 },
	[FAULT_DATAGRAM] = { "datagram", "index and length of datagrams", 64 },
	[FAULT_SESSION] = { "session", "session numbers", 64 },
	[FAULT_LENGTH] = { "length", "lengths of blocks, tables, commands", 64 },
	[FAULT_SEQUENCE] = { "sequence", "sequence numbers", 64 },
	[FAULT_CREDIT] = { "credit", "values of credit and queue level tables", 64 },
	[FAULT_COMMAND] = { "command", "commands, also unsolicited ones", 64 },
	[FAULT_REPLAY] = { "replay", "a message sent twice", 64 },
	[FAULT_ORDER] = { "order", "a message sent after the next ones", 64 },
	[FAULT_CUT] = { "cut", "a message truncated or extended", 64 },
	[FAULT_GARBAGE] = { "garbage", "random bytes in blocks and packets", 64 },
	[FAULT_CONTROL] = { "control", "random bytes in MBIM, AT, RPC, trace", 64 },
};

/* A pending write to host memory; skipped if the value is not @from then. */
struct rewrite {
	struct hostile *h;
	struct loop_timer timer;
	unsigned int pipe;	/* whose ring it is in; VM_PIPES: not in a ring */
	uint64_t addr;
	uint32_t from, to;
	bool again;		/* restore the value later */
};

struct hostile {
	struct vm *vm;
	uint64_t seed;
	unsigned int rate;
	uint64_t mask;			/* of kinds */
	uint64_t chances[FAULT_KINDS], injected[FAULT_KINDS], total;
	uint64_t number;		/* random state of this fault */

	unsigned int ones;		/* remaining reads that return all ones */
	bool ones_forever;
	bool tail_frozen[VM_PIPES];		/* tail is no longer published */
	bool internal;			/* the message is injected */

	struct loop_timer tick;
	unsigned int ticks;
	struct rewrite rewrite[REWRITES];
	uint64_t forged_head[VM_PIPES + 1]; /* value + 1 */
	struct {
		uint64_t addr;
		uint32_t size;
	} returned[RETURNED];
	unsigned int returned_next, returned_count;
	struct vm_td last[VM_PIPES];	/* last completed TD, by pipe */
	uint64_t last_at[VM_PIPES];	/* address of that TD */
	uint32_t last_word[VM_PIPES];

	/* Message to be sent again or later */
	uint8_t stash[STASH], work[STASH];
	size_t stash_len;
	unsigned int stash_chan;
	bool stash_due;
};

static int kind_of(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < FAULT_KINDS; i++)
		if (strlen(kinds[i].name) == len &&
		    !memcmp(kinds[i].name, name, len))
			return i;
	return -EINVAL;
}

const char *hostile_name(enum hostile_kind kind)
{
	return kinds[kind].name;
}

uint64_t hostile_injected(const struct vm *vm, enum hostile_kind kind)
{
	return vm->hostile->injected[kind];
}

/* ---- numbers ----------------------------------------------------------- */

/* SplitMix64. The state is a counter, so numbers need no sequence. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

uint32_t hostile_draw(struct hostile *h, uint32_t below)
{
	h->number += 0x9e3779b97f4a7c15ull;
	return (mix(h->number) >> 32) % below;
}

bool hostile_inject(struct hostile *h, enum hostile_kind kind)
{
	uint64_t n;

	if (!h->vm->injecting || !(h->mask >> kind & 1))
		return false;
	n = h->chances[kind]++;
	h->number = mix(mix(h->seed + 1) + ((uint64_t)kind << 56) + n);
	return hostile_draw(h, 1000 * WEIGHT) < h->rate * kinds[kind].weight;
}

uint32_t hostile_wrong(struct hostile *h, uint32_t valid, uint32_t limit)
{
	const uint32_t near[] = {
		0, 1, valid + 1, valid - 1, valid + 4, valid ^ 0x80, limit,
		limit - 1, limit + 1, limit * 2, ~0u, 0x7fffffff, 0x80000000,
		0xffff, valid << 16, valid << 8, 0u - valid,
	};
	uint32_t wrong, n = sizeof(near) / sizeof(near[0]);
	uint32_t i = hostile_draw(h, n + 4);

	if (i < n)
		wrong = near[i];
	else if (i < n + 2 && limit > 1 && limit < 1u << 31)
		wrong = hostile_draw(h, limit);
	else
		wrong = hostile_draw(h, UINT32_MAX);
	return wrong == valid ? ~valid : wrong;
}

void hostile_note(struct hostile *h, enum hostile_kind kind, const char *fmt,
		  ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	h->injected[kind]++;
	h->total++;
	vm_log(h->vm, "fault %llu %s %llu/%llu: %s",
	       (unsigned long long)h->total, kinds[kind].name,
	       (unsigned long long)h->injected[kind],
	       (unsigned long long)h->chances[kind], text);
}

/* ---- memory ------------------------------------------------------------ */

/*
 * Is there an IOMMU? Without one, RAM is found at 1 MiB, where no IOMMU domain
 * maps anything. Without an IOMMU, DMA to unmapped memory is not blocked and
 * would corrupt memory of another owner.
 */
static bool iommu_present(struct vm *vm)
{
	size_t len = 4u << 20;
	void *ptr;

	return vm->bus && vm->bus->dma(vm->bus_priv, 1u << 20, &len, false,
				       &ptr) == VM_DMA_UNMAPPED;
}

/* Pointer to a word of host memory, or NULL. Reports no violation. */
static uint32_t *memory_word(struct vm *vm, uint64_t addr)
{
	size_t len = sizeof(uint32_t);
	void *ptr = NULL;

	if (addr % 4 || !vm->bus || !vm->powered || vm->removed || vm->d3 ||
	    vm->bus->dma(vm->bus_priv, addr, &len, true, &ptr) != VM_DMA_OK ||
	    len < sizeof(uint32_t))
		return NULL;
	return ptr;
}

static bool memory_swap(struct vm *vm, uint64_t addr, uint32_t from,
			uint32_t to)
{
	uint32_t *p = memory_word(vm, addr);

	from = htole32(from);
	return p && __atomic_compare_exchange_n(p, &from, htole32(to), false,
						__ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED);
}

static void note_returned(struct hostile *h, uint64_t addr, uint32_t size)
{
	if (!addr || !size)
		return;
	h->returned[h->returned_next].addr = addr;
	h->returned[h->returned_next].size = size;
	h->returned_next = (h->returned_next + 1) % RETURNED;
	if (h->returned_count < RETURNED)
		h->returned_count++;
}

/* ---- delayed writes ---------------------------------------------------- */

static void rewrite_done(struct loop_timer *t)
{
	struct rewrite *r = t->priv;
	struct hostile *h = r->h;
	uint32_t from = r->from;

	if (h->vm->injecting && memory_swap(h->vm, r->addr, r->from, r->to))
		vm_debug(h->vm, "fault: %#llx: %#x becomes %#x",
			 (unsigned long long)r->addr, r->from, r->to);
	vm_msi(h->vm);
	if (!r->again)
		return;
	r->again = false;
	r->from = r->to;
	r->to = from;
	loop_timer_set(&r->timer, 500);
}

static void rewrite_later(struct hostile *h, unsigned int pipe, uint64_t addr,
			  uint32_t from, uint32_t to, bool again, uint64_t us)
{
	unsigned int i;

	for (i = 0; i < REWRITES; i++) {
		struct rewrite *r = &h->rewrite[i];

		if (r->timer.at)
			continue;
		r->pipe = pipe;
		r->addr = addr;
		r->from = from;
		r->to = to;
		r->again = again;
		loop_timer_set(&r->timer, us);
		return;
	}
}

static void rewrite_cancel(struct hostile *h, unsigned int pipe)
{
	unsigned int i;

	for (i = 0; i < REWRITES; i++)
		if (pipe > VM_PIPES || h->rewrite[i].pipe == pipe)
			loop_timer_cancel(&h->rewrite[i].timer);
}

/* Toggle the value at @addr as fast as possible while the host reads it. */
static void flip(struct hostile *h, uint64_t addr, uint32_t valid,
		 uint32_t wrong)
{
	unsigned int n = 50 + hostile_draw(h, 2000);
	uint32_t *p = memory_word(h->vm, addr);
	uint64_t end = loop_now() + FLIP_US;

	if (!p)
		return;
	valid = htole32(valid);
	wrong = htole32(wrong);
	while (n--) {
		uint32_t was = n & 1 ? valid : wrong;
		unsigned int pause;

		/*
		 * Ends with @valid, or as soon as the host has changed the
		 * value.
		 */
		if (!__atomic_compare_exchange_n(p, &was,
						 n & 1 ? wrong : valid, false,
						 __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			if (was != (n & 1 ? wrong : valid))
				return;
		for (pause = 0; pause < 50; pause++)
			__asm__ volatile("" ::: "memory");
		if (!(n & 63) && !(n & 1) && loop_now() > end)
			return;
	}
}

/* ---- registers --------------------------------------------------------- */

static uint32_t wrong_stage(struct hostile *h, uint32_t valid)
{
	static const uint32_t stages[] = {
		STAGE_NONE, STAGE_BOOT, STAGE_PSI, STAGE_EBL, STAGE_RUN,
		STAGE_CRASH, STAGE_CD_READY, ~0u, 0x600df00c,
	};
	uint32_t i = hostile_draw(h, 10);

	if (i < 9 && stages[i] != valid)
		return stages[i];
	return hostile_wrong(h, valid, STAGE_RUN);
}

void hostile_do_read(struct vm *vm, uint32_t offset, uint8_t *data,
		     unsigned int size)
{
	struct hostile *h = vm->hostile;
	enum hostile_kind kind;
	uint32_t valid, wrong;

	if (!h->ones && !h->ones_forever && hostile_inject(h, FAULT_ONES)) {
		h->ones_forever = hostile_draw(h, 4) == 0;
		h->ones = 1 + hostile_draw(h, 20);
		hostile_note(h, FAULT_ONES, "BAR 2 from %#x: %s", offset,
			     h->ones_forever ? "until reset" : "for some time");
	}
	if (h->ones || h->ones_forever) {
		if (h->ones)
			h->ones--;
		memset(data, 0xff, size);
		return;
	}
	if (size != 4)
		return;
	valid = get_le32(data);
	if (offset == REG_STAGE)
		kind = FAULT_STAGE;
	else if (offset == REG_IPC)
		kind = FAULT_IPC;
	else if (offset == REG_VERSION || offset == REG_CAPS)
		kind = FAULT_CAPS;
	else if (offset >= REG_CHIP && offset <= REG_EXIT_CODE)
		kind = FAULT_CHIP;
	else
		return;
	if (!hostile_inject(h, kind))
		return;
	if (kind == FAULT_STAGE)
		wrong = wrong_stage(h, valid);
	else
		wrong = hostile_wrong(h, valid, IPC_ERROR);
	if (kind == FAULT_CAPS && offset == REG_CAPS && hostile_draw(h, 2))
		wrong = valid ^ (1u << (8 + hostile_draw(h, 2))) ^
			(hostile_draw(h, 2) << 21);
	put_le32(data, wrong);
	hostile_note(h, kind, "register %#x: %#x -> %#x", offset, valid, wrong);
}

bool hostile_do_state(struct vm *vm, enum vm_ipc state)
{
	struct hostile *h = vm->hostile;

	if (!hostile_inject(h, FAULT_IPC))
		return true;
	hostile_note(h, FAULT_IPC, "state %u is not reached", state);
	return false;
}

/* ---- device information ------------------------------------------------ */

static enum hostile_kind info_kind(unsigned int field)
{
	return field == INFO_STAGE ? FAULT_STAGE :
	       field == INFO_IPC ? FAULT_IPC : FAULT_SLEEP;
}

static uint32_t info_wrong(struct hostile *h, unsigned int field,
			   uint32_t valid)
{
	return field == INFO_STAGE ? wrong_stage(h, valid) :
				     hostile_wrong(h, valid, IPC_ERROR);
}

bool hostile_do_info(struct vm *vm, unsigned int field, uint32_t *value)
{
	struct hostile *h = vm->hostile;
	uint32_t wrong, valid = *value;
	enum hostile_kind kind = info_kind(field);

	if (!hostile_inject(h, kind))
		return true;
	if (hostile_draw(h, 4) == 0) {
		hostile_note(h, kind, "device information +%u: %#x not written",
			     field, valid);
		return false;
	}
	wrong = info_wrong(h, field, valid);
	hostile_note(h, kind, "device information +%u: %#x -> %#x", field,
		     valid, wrong);
	*value = wrong;
	if (hostile_draw(h, 2))
		rewrite_later(h, VM_PIPES, vm->info + field, wrong, valid,
			      false, 10 + hostile_draw(h, 5000));
	return true;
}

/* A field of the device information changes, and is usually restored. */
static void info_jump(struct hostile *h, unsigned int field)
{
	struct vm *vm = h->vm;
	uint32_t valid, wrong;
	uint32_t *p;

	if (!vm_running(vm) || !hostile_inject(h, info_kind(field)))
		return;
	p = memory_word(vm, vm->info + field);
	if (!p)
		return;
	valid = le32toh(*p);
	wrong = info_wrong(h, field, valid);
	hostile_note(h, info_kind(field),
		     "device information +%u changes: %#x -> %#x", field, valid,
		     wrong);
	memory_swap(vm, vm->info + field, valid, wrong);
	vm_msi(vm);
	if (hostile_draw(h, 8))
		rewrite_later(h, VM_PIPES, vm->info + field, wrong, valid,
			      false, 10 + hostile_draw(h, 5000));
}

/* ---- heads ------------------------------------------------------------- */

bool hostile_do_head(struct vm *vm, unsigned int nr, uint32_t head)
{
	return vm->hostile->forged_head[nr] == head + 1ull;
}

/* Overwrite a head. Restore it later unless the host has written it. */
static void forge_head(struct hostile *h)
{
	struct vm *vm = h->vm;
	unsigned int nr;
	uint32_t valid, wrong;
	uint64_t addr;

	if (!vm_running(vm) || !hostile_inject(h, FAULT_HEAD))
		return;
	nr = hostile_draw(h, VM_PIPES + 1);
	addr = nr == VM_PIPES ? vm->msg_head : vm->heads + nr * 4;
	if (vm_dma_load(vm, addr, &valid))
		return;
	wrong = hostile_wrong(h, valid, nr == VM_PIPES ? vm->msg_entries :
						vm->pipe[nr].entries);
	hostile_note(h, FAULT_HEAD, "head of %s %u: %#x -> %#x",
		     nr == VM_PIPES ? "messages" : "pipe", nr, valid, wrong);
	h->forged_head[nr] = wrong + 1ull;
	memory_swap(vm, addr, valid, wrong);
	rewrite_later(h, VM_PIPES, addr, wrong, valid, false,
		      10 + hostile_draw(h, 5000));
	vm_msi(vm);
}

/* ---- transfer descriptors ---------------------------------------------- */

uint32_t hostile_do_td(struct vm *vm, unsigned int nr, uint64_t at,
		       uint32_t word)
{
	struct hostile *h = vm->hostile;
	struct vm_pipe *p = &vm->pipe[nr];
	uint32_t valid = word, size;

	h->last[nr] = p->td;
	h->last_at[nr] = at;
	if (nr & 1)
		note_returned(h, p->td.addr, p->td.size);
	if (hostile_inject(h, FAULT_TD_SIZE)) {
		size = hostile_wrong(h, word & 0xffffff, p->td.size) & 0xffffff;
		hostile_note(h, FAULT_TD_SIZE, "pipe %u TD %u: size %u -> %u", nr,
			     p->tail, word & 0xffffff, size);
		word = (word & 0xff000000) | size;
	}
	if (hostile_inject(h, FAULT_TD_STATUS)) {
		uint32_t status = hostile_draw(h, 8);

		if (status == word >> 24)
			status = hostile_draw(h, 249) + 6;
		hostile_note(h, FAULT_TD_STATUS, "pipe %u TD %u: status %u -> %u",
			     nr, p->tail, word >> 24, status);
		word = (word & 0xffffff) | status << 24;
	}
	if (hostile_inject(h, FAULT_TD_ADDR)) {
		unsigned int field = hostile_draw(h, 3);
		uint64_t addr = at + (field == 2 ? 12 : field * 4);
		uint32_t *m = memory_word(vm, addr), was, wrong;

		if (m) {
			was = le32toh(*m);
			wrong = hostile_wrong(h, was, 4096);
			hostile_note(h, FAULT_TD_ADDR,
				     "pipe %u TD %u +%u: %#x -> %#x", nr,
				     p->tail, (unsigned int)(addr - at), was,
				     wrong);
			__atomic_store_n(m, htole32(wrong), __ATOMIC_RELEASE);
		}
	}
	if (hostile_inject(h, FAULT_TD_LATE)) {
		uint32_t early = hostile_draw(h, 2) ? 0 : p->td.size;

		hostile_note(h, FAULT_TD_LATE, "pipe %u TD %u: %#x -> %#x first",
			     nr, p->tail, word, early);
		rewrite_later(h, nr, at + 8, early, word, false,
			      hostile_draw(h, 2000));
		word = early;
	}
	h->last_word[nr] = valid;
	return word;
}

bool hostile_do_tail(struct vm *vm, unsigned int nr, uint32_t *value)
{
	struct hostile *h = vm->hostile;
	struct vm_pipe *p = &vm->pipe[nr];
	uint32_t valid = *value;

	if (h->tail_frozen[nr])
		return false;
	if (hostile_inject(h, FAULT_TD_NEVER)) {
		h->tail_frozen[nr] = hostile_draw(h, 4) == 0;
		hostile_note(h, FAULT_TD_NEVER, "pipe %u: tail %u not published%s",
			     nr, valid, h->tail_frozen[nr] ? ", nor any other" : "");
		return false;
	}
	if (hostile_inject(h, FAULT_WRONG_PIPE)) {
		unsigned int other = hostile_draw(h, VM_PIPES);

		if (other == nr)
			other = nr ^ 1;
		hostile_note(h, FAULT_WRONG_PIPE, "tail %u of pipe %u for %u",
			     valid, nr, other);
		vm_dma_store(vm, vm->tails + other * 4, valid);
		return false;
	}
	if (hostile_inject(h, FAULT_TAIL)) {
		*value = hostile_wrong(h, valid, p->entries);
		hostile_note(h, FAULT_TAIL, "pipe %u: tail %u -> %u", nr, valid,
			     *value);
		if (hostile_draw(h, 2))
			rewrite_later(h, nr, vm->tails + nr * 4, *value, valid,
				      false, hostile_draw(h, 2000));
	} else if (hostile_inject(h, FAULT_TD_TWICE)) {
		uint32_t before = (valid + p->entries - 1 -
				   hostile_draw(h, 3)) % p->entries;

		hostile_note(h, FAULT_TD_TWICE, "pipe %u: tail %u, %u, %u", nr,
			     valid, before, valid);
		rewrite_later(h, nr, vm->tails + nr * 4, valid, before, true,
			      hostile_draw(h, 2000));
	}
	return true;
}

/* Change what the host is about to read. */
void hostile_do_tail_after(struct vm *vm, unsigned int nr)
{
	struct hostile *h = vm->hostile;
	bool flips = hostile_inject(h, FAULT_FLIP);
	enum hostile_kind kind = flips ? FAULT_FLIP : FAULT_LATE_WRITE;
	uint32_t valid, wrong, at = 0;
	const char *what;
	uint64_t addr;

	if (!flips && !hostile_inject(h, FAULT_LATE_WRITE))
		return;
	/* Without an IOMMU the buffer may have a new owner by then. */
	switch (hostile_draw(h, (nr & 1) && iommu_present(vm) ? 5 : 2)) {
	case 0:
		what = "tail";
		addr = vm->tails + nr * 4;
		wrong = hostile_wrong(h, vm->pipe[nr].tail,
				      vm->pipe[nr].entries);
		break;
	case 1:
		what = "size and status of the TD";
		addr = h->last_at[nr] + 8;
		wrong = h->last_word[nr] ^ (hostile_draw(h, 2) ? 0x00ff0000 :
							       0x03000000);
		break;
	default:
		what = "data";
		at = hostile_draw(h, 12) * 4;
		addr = h->last[nr].addr + at;
		wrong = 0;
	}
	if (!memory_word(vm, addr))
		return;
	valid = le32toh(*memory_word(vm, addr));
	if (!wrong || wrong == valid)
		wrong = hostile_wrong(h, valid, 2048);
	hostile_note(h, kind, "pipe %u: %s +%u at %#llx: %#x and %#x", nr,
		     what, at, (unsigned long long)addr, valid, wrong);
	if (flips) {
		if (vm->bus->msi(vm->bus_priv))
			vm->msis++;
		flip(h, addr, valid, wrong);
	} else {
		rewrite_later(h, nr, addr, valid, wrong, true,
			      hostile_draw(h, 3000));
	}
}

/* ---- messages ---------------------------------------------------------- */

bool hostile_do_message(struct vm *vm, uint64_t at, uint32_t *status)
{
	struct hostile *h = vm->hostile;
	uint32_t valid = *status;

	if (hostile_inject(h, FAULT_MSG_NEVER)) {
		hostile_note(h, FAULT_MSG_NEVER, "message before %u", vm->mtail);
		return false;
	}
	if (hostile_inject(h, FAULT_MSG_WRONG)) {
		uint64_t other = vm->msg_ring + MESSAGE_SIZE *
			(uint64_t)hostile_draw(h, vm->msg_entries);

		if (other != at) {
			hostile_note(h, FAULT_MSG_WRONG,
				     "status %u for %llu, not %llu", valid,
				     (unsigned long long)(other -
					vm->msg_ring) / MESSAGE_SIZE,
				     (unsigned long long)(at -
					vm->msg_ring) / MESSAGE_SIZE);
			vm_dma_store(vm, other + 20, valid);
			*status = 0;
		}
		return true;
	}
	if (hostile_inject(h, FAULT_MSG_STATUS)) {
		*status = hostile_wrong(h, valid, 3);
		hostile_note(h, FAULT_MSG_STATUS, "message before %u: %u -> %u",
			     vm->mtail, valid, *status);
		if (hostile_draw(h, 2))
			rewrite_later(h, VM_PIPES, at + 20, *status, valid,
				      false, hostile_draw(h, 2000));
	} else if (hostile_inject(h, FAULT_MSG_TWICE)) {
		/* Long after the host has finished with the entry. */
		hostile_note(h, FAULT_MSG_TWICE, "message before %u", vm->mtail);
		rewrite_later(h, VM_PIPES, at + 20, valid, 3 - valid, true,
			      hostile_draw(h, 3000));
		rewrite_later(h, VM_PIPES, vm->msg_tail, vm->mtail,
			      (vm->mtail + vm->msg_entries - 1) %
			      vm->msg_entries, true, hostile_draw(h, 3000));
	}
	return true;
}

bool hostile_do_message_tail(struct vm *vm, uint32_t *tail)
{
	struct hostile *h = vm->hostile;
	uint32_t valid = *tail;

	if (!hostile_inject(h, FAULT_MSG_TAIL))
		return true;
	*tail = hostile_wrong(h, valid, vm->msg_entries);
	hostile_note(h, FAULT_MSG_TAIL, "%u -> %u", valid, *tail);
	if (hostile_draw(h, 2))
		rewrite_later(h, VM_PIPES, vm->msg_tail, *tail, valid, false,
			      hostile_draw(h, 2000));
	return true;
}

/* ---- interrupts, doorbells --------------------------------------------- */

unsigned int hostile_do_msi(struct vm *vm)
{
	struct hostile *h = vm->hostile;
	unsigned int n;

	if (hostile_inject(h, FAULT_MSI_LOST)) {
		hostile_note(h, FAULT_MSI_LOST, "one");
		return 0;
	}
	if (!hostile_inject(h, FAULT_MSI_TWICE))
		return 1;
	n = 2 + hostile_draw(h, 20);
	hostile_note(h, FAULT_MSI_TWICE, "%u", n);
	return n;
}

static bool crash_now(struct hostile *h, const char *when)
{
	if (!hostile_inject(h, FAULT_CRASH))
		return false;
	hostile_note(h, FAULT_CRASH, "%s", when);
	return !vm_crash(h->vm);
}

/* Spurious interrupts, one or many. */
static void msi_storm(struct hostile *h)
{
	struct vm *vm = h->vm;
	unsigned int n;

	if (!hostile_inject(h, FAULT_MSI_SPURIOUS))
		return;
	n = 1 + hostile_draw(h, 8) * hostile_draw(h, 8);
	hostile_note(h, FAULT_MSI_SPURIOUS, "%u", n);
	while (n-- && vm->powered && !vm->removed && !vm->d3 && vm->bus)
		if (vm->bus->msi(vm->bus_priv))
			vm->msis++;
}

bool hostile_do_doorbell(struct vm *vm, unsigned int nr, uint32_t value)
{
	struct hostile *h = vm->hostile;

	if (crash_now(h, "at a doorbell"))
		return false;
	if (!vm_running(vm))
		return true;
	if (nr == 0 && vm->sleep == SLEEP_AWAKE && vm->sleep_allowed &&
	    hostile_inject(h, FAULT_SLEEP)) {
		/*
		 * Request sleep at a doorbell; in half of all cases withdraw
		 * it.
		 */
		hostile_note(h, FAULT_SLEEP, "request at doorbell 0 = %u", value);
		if (!sleep_request(vm) && hostile_draw(h, 2))
			rewrite_later(h, VM_PIPES, vm->info + INFO_SLEEP, 1, 0,
				      true, hostile_draw(h, 1000));
		return true;
	}
	if (nr == 2 && hostile_inject(h, FAULT_WAKE)) {
		if (hostile_draw(h, 2)) {
			hostile_note(h, FAULT_WAKE, "doorbell 2 = %u ignored",
				     value);
			return false;
		}
		hostile_note(h, FAULT_WAKE, "request changes at doorbell 2 = %u",
			     value);
		rewrite_later(h, VM_PIPES, vm->info + INFO_SLEEP, 0, 1, true,
			      hostile_draw(h, 1000));
		rewrite_later(h, VM_PIPES, vm->info + INFO_SLEEP, 1, 0, true,
			      hostile_draw(h, 1000));
	}
	return true;
}

/* ---- downlink ---------------------------------------------------------- */

static void stash(struct hostile *h, unsigned int chan, const void *data,
		  size_t len)
{
	memcpy(h->stash, data, len);
	h->stash_len = len;
	h->stash_chan = chan;
	h->stash_due = true;
}

const void *hostile_do_send(struct vm_chan *ch, const void *data, size_t *len,
			    size_t room)
{
	struct vm *vm = ch->vm;
	struct hostile *h = vm->hostile;

	if (*len > STASH || h->internal)
		return data;
	if (room > STASH)
		room = STASH;
	if (!h->stash_due && hostile_inject(h, FAULT_ORDER)) {
		hostile_note(h, FAULT_ORDER, "channel %u: %zu bytes later",
			     ch->nr, *len);
		stash(h, ch->nr, data, *len);
		return NULL;
	}
	memcpy(h->work, data, *len);
	hostile_data(h, ch->nr, h->work, len, room);
	if (!h->stash_due && hostile_inject(h, FAULT_REPLAY)) {
		hostile_note(h, FAULT_REPLAY, "channel %u: %zu bytes", ch->nr,
			     *len);
		stash(h, ch->nr, h->work, *len);
	}
	return h->work;
}

static void send_stash(struct hostile *h)
{
	struct vm_chan *ch = &h->vm->chan[h->stash_chan];

	if (!h->stash_due)
		return;
	h->stash_due = false;
	if (!ch->open || !vm_chan_room(ch))
		return;
	h->internal = true;
	vm_chan_send(ch, h->stash, h->stash_len);
	h->internal = false;
}

/* An unsolicited command with random content. */
static void send_forged(struct hostile *h)
{
	bool lite = h->vm->config.mux == VM_MUX_LITE;
	struct vm_chan *ch = &h->vm->chan[0];
	uint8_t *b = h->work, *p = b;
	uint32_t command;
	unsigned int i;

	if (!ch->open || !hostile_inject(h, FAULT_COMMAND) || !vm_chan_room(ch))
		return;
	memset(b, 0, 64);
	command = hostile_draw(h, 12);
	if (!lite) {
		put_le32(b, MUX_ACBH);
		put_le32(b + 8, 16 + 20 + 12);
		put_le32(b + 12, 16);
		p += 16;
	}
	put_le32(p, MUX_CMDH);
	put_le16(p + 4, (lite ? 16 : 20) + 12);
	p[6] = hostile_draw(h, 10);
	put_le32(p + (lite ? 8 : 12), command);
	put_le32(p + (lite ? 12 : 16), hostile_draw(h, 16));
	p += lite ? 16 : 20;
	for (i = 0; i < 12; i += 4)
		put_le32(p + i, hostile_draw(h, 2) ? hostile_draw(h, 2) :
			 hostile_wrong(h, 0, 16));
	hostile_note(h, FAULT_COMMAND, "unsolicited command %u for session %u",
		     command, b[lite ? 6 : 22]);
	h->internal = true;
	vm_chan_send(ch, b, p + 12 - b);
	h->internal = false;
}

/* ---- faults without a trigger ------------------------------------------ */

/* The device information is in use again once the link is up. */
static bool in_use_again(const struct vm *vm, uint64_t addr)
{
	return vm_running(vm) && (addr == vm->info || addr == vm->tails);
}

static void late_dma(struct hostile *h)
{
	struct vm *vm = h->vm;
	unsigned int i, at, n;
	size_t len;
	void *ptr;

	if (!h->returned_count || !iommu_present(vm) ||
	    !hostile_inject(h, FAULT_LATE_DMA))
		return;
	i = hostile_draw(h, h->returned_count);
	if (in_use_again(vm, h->returned[i].addr))
		return;
	n = 4 + hostile_draw(h, 60);
	if (n > h->returned[i].size)
		n = h->returned[i].size;
	at = hostile_draw(h, h->returned[i].size - n + 1);
	len = n;
	switch (vm->bus->dma(vm->bus_priv, h->returned[i].addr + at, &len, true,
			     &ptr)) {
	case VM_DMA_OK:
		memset(ptr, hostile_draw(h, 256), len);
		hostile_note(h, FAULT_LATE_DMA, "%u bytes to %#llx: written", n,
			     (unsigned long long)h->returned[i].addr + at);
		break;
	default:
		hostile_note(h, FAULT_LATE_DMA, "%u bytes to %#llx: DMA fault", n,
			     (unsigned long long)h->returned[i].addr + at);
	}
}

static void tick(struct loop_timer *t)
{
	struct hostile *h = t->priv;
	struct vm *vm = h->vm;

	if (!vm->injecting)
		return;
	loop_timer_set(t, TICK_US);
	if (!vm->powered || vm->removed)
		return;
	late_dma(h);
	if (!vm_running(vm) || vm->d3)
		return;
	if (crash_now(h, "without a trigger"))
		return;
	if (h->ticks++ % 4 == 0) {
		info_jump(h, INFO_STAGE);
		info_jump(h, INFO_IPC);
		info_jump(h, INFO_SLEEP);
	}
	forge_head(h);
	msi_storm(h);
	send_stash(h);
	send_forged(h);
}

/* ---- end of links and power -------------------------------------------- */

void hostile_closed(struct vm *vm, unsigned int nr)
{
	struct hostile *h = vm->hostile;
	struct vm_pipe *p = &vm->pipe[nr];

	if (!h || !p->entries)
		return;
	rewrite_cancel(h, nr);
	h->tail_frozen[nr] = false;
	if (!vm->injecting)
		return;
	note_returned(h, p->ring, p->entries * TD_SIZE);
	if (p->peeked)
		note_returned(h, p->td.addr, p->td.size);
}

void hostile_link_down(struct vm *vm)
{
	struct hostile *h = vm->hostile;
	unsigned int nr;

	if (!h)
		return;
	for (nr = 0; nr < VM_PIPES; nr++)
		if (vm->pipe[nr].open)
			hostile_closed(vm, nr);
	rewrite_cancel(h, VM_PIPES + 1);
	memset(h->forged_head, 0, sizeof(h->forged_head));
	memset(h->tail_frozen, 0, sizeof(h->tail_frozen));
	h->stash_due = false;
	if (vm->injecting && vm->info) {
		note_returned(h, vm->info, INFO_SIZE);
		note_returned(h, vm->tails, VM_PIPES * 4);
	}
}

void hostile_power_off(struct vm *vm)
{
	struct hostile *h = vm->hostile;

	if (!h)
		return;
	h->ones = 0;
	h->ones_forever = false;
}

/* ---- control ----------------------------------------------------------- */

static uint64_t kind_range(enum hostile_kind first, enum hostile_kind last)
{
	return (1ull << (last + 1)) - (1ull << first);
}

/*
 * Kinds that "mix" selects for a seed: all, a related group, or a random
 * subset. Kinds that end a session early would hide the others.
 */
static uint64_t kinds_of_seed(uint64_t seed)
{
	const uint64_t all = kind_range(0, FAULT_KINDS - 1);
	uint64_t number = mix(seed ^ 0x686f7374696c65ull);

	switch (number % 12) {
	case 0:
	case 1:
	case 2:
		return all;
	case 3:
		return kind_range(FAULT_ONES, FAULT_CHIP) | 1ull << FAULT_CRASH;
	case 4:
		return kind_range(FAULT_HEAD, FAULT_TD_LATE);
	case 5:
		return kind_range(FAULT_MSG_STATUS, FAULT_MSG_WRONG);
	case 6:
		return kind_range(FAULT_MSI_LOST, FAULT_WAKE);
	case 7:
		return kind_range(FAULT_FLIP, FAULT_LATE_DMA) |
		       1ull << FAULT_TD_LATE | 1ull << FAULT_TD_TWICE;
	case 8:
		return kind_range(FAULT_SIGNATURE, FAULT_CONTROL);
	default:
		/* A quarter of all kinds, and at least one */
		return (mix(number) & mix(number + 1) & all) |
		       1ull << number / 12 % FAULT_KINDS;
	}
}

static int parse_kinds(const char *text, uint64_t seed, uint64_t *mask)
{
	const uint64_t all = (1ull << FAULT_KINDS) - 1;

	*mask = 0;
	if (!text)
		text = "all";
	if (!strcmp(text, "mix")) {
		*mask = kinds_of_seed(seed);
		return 0;
	}
	if (*text == '-')
		*mask = all;
	while (*text) {
		size_t len = strcspn(text, ",");
		bool minus = *text == '-';
		int kind;

		if (len == 3 && !memcmp(text, "all", 3)) {
			*mask = all;
		} else {
			kind = kind_of(text + minus, len - minus);
			if (kind < 0)
				return -EINVAL;
			if (minus)
				*mask &= ~(1ull << kind);
			else
				*mask |= 1ull << kind;
		}
		text += len + (text[len] == ',');
	}
	return *mask ? 0 : -EINVAL;
}

int hostile_start(struct vm *vm, uint64_t seed, unsigned int rate,
		  const char *names)
{
	struct hostile *h = vm->hostile;
	uint64_t mask;
	int ret = parse_kinds(names, seed, &mask);

	if (ret || rate > 1000)
		return -EINVAL;
	hostile_stop(vm);
	memset(h->chances, 0, sizeof(h->chances));
	memset(h->injected, 0, sizeof(h->injected));
	h->total = 0;
	h->ticks = 0;
	h->seed = seed;
	h->rate = rate;
	h->mask = mask;
	h->returned_count = 0;
	h->returned_next = 0;
	vm->injecting = true;
	loop_timer_set(&h->tick, TICK_US);
	vm_log(vm, "hostile: seed %llu, rate %u, %s (%#llx)",
	       (unsigned long long)seed, rate, names ? names : "all",
	       (unsigned long long)mask);
	return 0;
}

void hostile_stop(struct vm *vm)
{
	struct hostile *h = vm->hostile;

	if (!vm->injecting)
		return;
	vm->injecting = false;
	loop_timer_cancel(&h->tick);
	rewrite_cancel(h, VM_PIPES + 1);
	memset(h->forged_head, 0, sizeof(h->forged_head));
	memset(h->tail_frozen, 0, sizeof(h->tail_frozen));
	h->ones = 0;
	h->ones_forever = false;
	h->stash_due = false;
	vm_log(vm, "hostile: off, %llu faults", (unsigned long long)h->total);
}

static void show_state(struct hostile *h, struct vm_reply *r)
{
	ctl_line(r, "hostile %s", h->vm->injecting ? "on" : "off");
	ctl_line(r, "seed %llu", (unsigned long long)h->seed);
	ctl_line(r, "rate %u", h->rate);
	ctl_line(r, "injected %llu", (unsigned long long)h->total);
}

static void cmd_hostile(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct vm *vm = priv;
	struct hostile *h = vm->hostile;
	uint64_t seed, rate = HOSTILE_RATE;
	unsigned int i;

	if (argc == 1) {
		show_state(h, r);
	} else if (argc == 2 && !strcmp(argv[1], "off")) {
		hostile_stop(vm);
	} else if (argc == 2 && !strcmp(argv[1], "stats")) {
		show_state(h, r);
		for (i = 0; i < FAULT_KINDS; i++)
			ctl_line(r, "%s %llu %llu", kinds[i].name,
				 (unsigned long long)h->injected[i],
				 (unsigned long long)h->chances[i]);
	} else if (argc == 2 && !strcmp(argv[1], "kinds")) {
		for (i = 0; i < FAULT_KINDS; i++)
			ctl_line(r, "%s - %s", kinds[i].name, kinds[i].help);
	} else if (argc > 4 || ctl_number(argv[1], UINT64_MAX, &seed) ||
		   (argc > 2 && ctl_number(argv[2], 1000, &rate))) {
		ctl_error(r, "usage: hostile [SEED [RATE [KINDS]] | off | stats | kinds]");
	} else if (hostile_start(vm, seed, rate, argc > 3 ? argv[3] : NULL)) {
		ctl_error(r, "unknown kind: see hostile kinds");
	}
}

int hostile_create(struct vm *vm)
{
	struct hostile *h = calloc(1, sizeof(*h));
	unsigned int i;

	if (!h)
		return -ENOMEM;
	vm->hostile = h;
	h->vm = vm;
	h->tick.fn = tick;
	h->tick.priv = h;
	for (i = 0; i < REWRITES; i++) {
		h->rewrite[i].h = h;
		h->rewrite[i].timer.fn = rewrite_done;
		h->rewrite[i].timer.priv = &h->rewrite[i];
	}
	return ctl_command(vm, "hostile", cmd_hostile, vm,
			   "hostile [SEED [RATE [KINDS]] | off | stats | kinds] - inject RATE faults per 1000 opportunities");
}

void hostile_destroy(struct vm *vm)
{
	hostile_stop(vm);
	free(vm->hostile);
	vm->hostile = NULL;
}
