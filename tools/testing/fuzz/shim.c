// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's side: see kshim.h. */
#include <sanitizer/asan_interface.h>

#include "fuzz.h"
#include "shim.h"

__typeof__(fuzz_once) fuzz_once;
unsigned long jiffies;
void (*fuzz_others)(void);
bool (*fuzz_blocked)(const struct work_struct *work);

static bool verbose;

void fuzz_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
	abort();
}

void fuzz_log(const char *text, ...)
{
	if (verbose)
		fprintf(stderr, "kernel: %s%s", text,
			strchr(text, '\n') ? "" : "\n");
}

/* ---- contexts and locks ---- */

static unsigned int atomic_depth;	/* must not sleep */
static unsigned int locks;

void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

void spin_lock(spinlock_t *lock)
{
	CHECK(!lock->held);
	lock->held = true;
	atomic_depth++;
	locks++;
}

void spin_unlock(spinlock_t *lock)
{
	CHECK(lock->held);
	lock->held = false;
	atomic_depth--;
	locks--;
}

void mutex_init(struct mutex *lock)
{
	lock->held = false;
}

void mutex_lock(struct mutex *lock)
{
	CHECK(!lock->held && !atomic_depth);
	lock->held = true;
	locks++;
}

void mutex_unlock(struct mutex *lock)
{
	CHECK(lock->held);
	lock->held = false;
	locks--;
}

void local_bh_disable(void)
{
	atomic_depth++;
}

void local_bh_enable(void)
{
	CHECK(atomic_depth);
	atomic_depth--;
}

void refcount_inc(refcount_t *r)
{
	CHECK(r->counter > 0);
	r->counter++;
}

bool refcount_dec_and_test(refcount_t *r)
{
	CHECK(r->counter > 0);

	return !--r->counter;
}

/* ---- memory ---- */

/* Bytes of the script that mean: no memory, no mapping. */
#define FAIL_BYTES	0xf0

static unsigned int fail_in;

void fuzz_fail_in(unsigned int n)
{
	fail_in = n;
}

static bool fails(void)
{
	if (fail_in && !--fail_in)
		return true;

	return fuzz_script() >= FAIL_BYTES;
}

void *fuzz_alloc(size_t size, gfp_t gfp)
{
	CHECK(!(gfp & GFP_KERNEL) || !atomic_depth);
	if (fails())
		return NULL;

	return calloc(1, size);
}

/* ---- DMA ---- */

/*
 * Coherent memory comes from an arena, so that a read of it is recognised by its
 * address. The part that is not allocated is poisoned.
 */
#define ARENA		(1024 * 1024)
#define ARENA_BUS	0x100000000ULL
#define GAP		64
#define CHUNKS		256

#define MAPPINGS	512
#define MAPPING_BUS	0x800000000ULL
#define MAPPING_STEP	0x100000ULL

static u8 arena[ARENA] __aligned(4096);
static size_t arena_used, arena_dirty = ARENA;

static struct { size_t at, size; } chunks[CHUNKS];
static unsigned int n_chunks, chunks_held;

static struct mapping {
	u8 *va;
	size_t size;
	enum dma_data_direction dir;
	bool of_cpu;
} mappings[MAPPINGS];
static unsigned int n_mappings, mappings_held;

bool fuzz_violated;
unsigned int fuzz_reads;

void *fuzz_shared(size_t size)
{
	void *va;

	if (n_chunks == CHUNKS || arena_used + size + GAP > ARENA)
		return NULL;

	va = arena + arena_used;
	chunks[n_chunks].at = arena_used;
	chunks[n_chunks++].size = size;
	arena_used += (size + GAP + 63) & ~63UL;
	if (arena_dirty < arena_used)
		arena_dirty = arena_used;
	ASAN_UNPOISON_MEMORY_REGION(va, size);
	memset(va, 0, size);

	return va;
}

dma_addr_t fuzz_dma_of(const void *va)
{
	return ARENA_BUS + ((const u8 *)va - arena);
}

void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma,
			 gfp_t gfp)
{
	void *va;

	(void)dev;
	CHECK(size && (!(gfp & GFP_KERNEL) || !atomic_depth));
	if (fails())
		return NULL;

	va = fuzz_shared(size);
	if (va) {
		*dma = fuzz_dma_of(va);
		chunks_held++;
	}

	return va;
}

void dma_free_coherent(struct device *dev, size_t size, void *va,
		       dma_addr_t dma)
{
	size_t at = (u8 *)va - arena;
	unsigned int i;

	(void)dev;
	for (i = 0; i < n_chunks; i++)
		if (chunks[i].size && chunks[i].at == at)
			break;
	CHECK(i < n_chunks && chunks[i].size == size && dma == fuzz_dma_of(va));
	ASAN_POISON_MEMORY_REGION(va, size);
	chunks[i].size = 0;
	chunks_held--;
}

dma_addr_t dma_map_single(struct device *dev, void *va, size_t size,
			  enum dma_data_direction dir)
{
	unsigned int i;

	(void)dev;
	CHECK(size && size <= MAPPING_STEP);
	if (fails())
		return 0;

	for (i = 0; i < MAPPINGS && mappings[i].va; i++)
		;
	if (i == MAPPINGS)
		return 0;
	if (n_mappings <= i)
		n_mappings = i + 1;
	mappings_held++;
	mappings[i] = (struct mapping){ .va = va, .size = size, .dir = dir };
	if (dir == DMA_FROM_DEVICE)
		ASAN_POISON_MEMORY_REGION(va, size);

	return MAPPING_BUS + i * MAPPING_STEP;
}

int dma_mapping_error(struct device *dev, dma_addr_t dma)
{
	(void)dev;
	return dma ? 0 : -ENOMEM;
}

static struct mapping *mapping_of(dma_addr_t dma)
{
	size_t i = (dma - MAPPING_BUS) / MAPPING_STEP;

	if (dma < MAPPING_BUS || i >= n_mappings || !mappings[i].va)
		return NULL;

	return &mappings[i];
}

static struct mapping *mapping_good(dma_addr_t dma, size_t size,
				    enum dma_data_direction dir)
{
	struct mapping *m = mapping_of(dma);

	CHECK(m && m->dir == dir);
	CHECK(dma % MAPPING_STEP + size <= m->size);

	return m;
}

void dma_unmap_single(struct device *dev, dma_addr_t dma, size_t size,
		      enum dma_data_direction dir)
{
	struct mapping *m = mapping_good(dma, size, dir);

	(void)dev;
	CHECK(m->size == size && !(dma % MAPPING_STEP));
	if (dir == DMA_FROM_DEVICE)
		ASAN_UNPOISON_MEMORY_REGION(m->va, m->size);
	m->va = NULL;
	mappings_held--;
}

/* Between the two, the CPU may look; outside of them it must not. */
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir)
{
	struct mapping *m = mapping_good(dma, size, dir);

	(void)dev;
	m->of_cpu = true;
	if (dir == DMA_FROM_DEVICE)
		ASAN_UNPOISON_MEMORY_REGION(m->va + dma % MAPPING_STEP, size);
}

void dma_sync_single_for_device(struct device *dev, dma_addr_t dma,
				size_t size, enum dma_data_direction dir)
{
	struct mapping *m = mapping_good(dma, size, dir);

	(void)dev;
	m->of_cpu = false;
	if (dir == DMA_FROM_DEVICE)
		ASAN_POISON_MEMORY_REGION(m->va, m->size);
}

/* A buffer must not be freed while the device may still write to it. */
void fuzz_free(void *va)
{
	unsigned int i;

	for (i = 0; va && i < n_mappings; i++)
		CHECK(mappings[i].va != va);
	free(va);
}

/*
 * A device that has lied may have damaged the rings itself; otherwise what it
 * finds there is what the host wrote, and must be right.
 */
u8 *fuzz_dma(dma_addr_t dma, size_t size, bool to_write)
{
	struct mapping *m = mapping_of(dma);
	size_t at = dma - ARENA_BUS;
	unsigned int i;

	if (m && dma % MAPPING_STEP + size <= m->size &&
	    m->dir == (to_write ? DMA_FROM_DEVICE : DMA_TO_DEVICE))
		return m->va + dma % MAPPING_STEP;

	for (i = 0; !m && i < n_chunks; i++)
		if (at >= chunks[i].at && at < chunks[i].at + chunks[i].size &&
		    size <= chunks[i].at + chunks[i].size - at)
			return arena + at;

	CHECK(fuzz_violated);

	return NULL;
}

/* Past all sanitizers: the device does not run on our CPU. */
void fuzz_poke(void *to, const void *from, size_t size)
{
	bool poisoned = __asan_region_is_poisoned(to, size);

	if (poisoned)
		ASAN_UNPOISON_MEMORY_REGION(to, size);
	memcpy(to, from, size);
	if (poisoned)
		ASAN_POISON_MEMORY_REGION(to, size);
}

void fuzz_corrupt(u32 where, u32 word)
{
	u8 *at = arena + 4 * (where % (ARENA / 4));

	if (arena_used)
		at = arena + 4 * (where % (arena_used / 4));
	if (__asan_region_is_poisoned(at, 4))
		return;
	fuzz_violated = true;
	memcpy(at, &word, sizeof(word));
}

/* ---- looks at shared memory ---- */

/*
 * The device changes its mind just before the host looks. Most numbers that
 * matter are small, so there is a short way to write one of those.
 */
static void device_changes(u8 *at, size_t size, u8 how)
{
	u8 *word_at = (u8 *)((uintptr_t)at & ~3UL);
	u32 word;

	switch (how >> 6) {
	case 1:
		word_at = at + how % size;
		size = 1;
		word = fuzz_script();
		break;
	case 2:
		size = 4;
		word = how & 0x3f;
		break;
	default:
		/* Anywhere nearby, not only here. */
		word_at += 4 * (s8)fuzz_script();
		size = 4;
		word = fuzz_script();
		word |= how & 1 ? (u32)fuzz_script() << 8 : 0;
		word |= how & 2 ? 0xffff0000 : 0;
	}

	if (word_at < arena || word_at > arena + ARENA - size ||
	    __asan_region_is_poisoned(word_at, size))
		return;
	fuzz_violated = true;
	memcpy(word_at, &word, size);
}

static void look(const void *address, size_t size)
{
	u8 how;

	fuzz_reads++;
	CHECK(fuzz_reads < 1000000);
	how = fuzz_script();
	if (how >= 0x40 && how < FAIL_BYTES)
		device_changes((u8 *)address, size, how);
}

static bool is_shared(const void *address)
{
	return (uintptr_t)address - (uintptr_t)arena < ARENA;
}

/* The compiler calls these before every load of the driver's files. */
static void load(const void *address, size_t size)
{
	if (!is_shared(address))
		return;
	CHECK(fuzz_once);
	look(address, size);
}

void __sanitizer_cov_load1(const u8 *address)
{
	load(address, 1);
}

void __sanitizer_cov_load2(const u16 *address)
{
	load(address, 2);
}

void __sanitizer_cov_load4(const u32 *address)
{
	load(address, 4);
}

void __sanitizer_cov_load8(const u64 *address)
{
	load(address, 8);
}

void __sanitizer_cov_load16(const void *address)
{
	load(address, 16);
}

void *fuzz_memcpy(void *to, const void *from, size_t len)
{
	if (len && is_shared(from))
		look(from, len);

	return memcpy(to, from, len);
}

/* ---- time, work, interrupt ---- */

#define WAITS_PATIENT	300
#define WAITS_MOST	5000
#define WORKS		16

static unsigned int waits, wait_depth;
static struct work_struct *works;
static struct workqueue_struct the_wq;

static struct {
	irqreturn_t (*handler)(int irq, void *data);
	irqreturn_t (*thread)(int irq, void *data);
	void *data;
	bool woken, in_handler, in_thread;
} irq;

unsigned long fuzz_wait(unsigned long timeout)
{
	unsigned long step = timeout > 50 ? (timeout + 1) / 2 : timeout;
	u8 how = fuzz_script();

	if (timeout == ULONG_MAX)
		step = 10;
	CHECK(!atomic_depth && !irq.in_handler);
	CHECK(++waits < WAITS_MOST);
	if (waits == WAITS_PATIENT)
		fuzz_device_gone();
	CHECK(++wait_depth < 8);

	if (!(how & 1))
		fuzz_device();
	if (!(how & 2))
		fuzz_irq();
	if (fuzz_others && wait_depth == 1)
		fuzz_others();
	if (how & 4)
		step = timeout == ULONG_MAX ? 1000 : timeout;
	jiffies += step;
	fuzz_work();

	wait_depth--;

	return timeout == ULONG_MAX ? timeout : timeout - step;
}

void usleep_range(unsigned long min_us, unsigned long max_us)
{
	(void)min_us;
	fuzz_wait((max_us + 999) / 1000);
}

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags,
					 int max_active, ...)
{
	(void)name;
	(void)flags;
	(void)max_active;
	return fuzz_script() >= FAIL_BYTES ? NULL : &the_wq;
}

void fuzz_work_init(struct work_struct *work,
		    void (*func)(struct work_struct *work))
{
	memset(work, 0, sizeof(*work));
	work->func = func;
}

static void work_unlink(struct work_struct *work)
{
	struct work_struct **at = &works;

	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	work->pending = false;
}

static bool work_queue(struct work_struct *work, unsigned long delay, bool mod)
{
	bool was = work->pending;

	CHECK(work->func);
	if (work->disabled)
		return false;
	if (was && !mod)
		return false;
	work->due = jiffies + delay;
	if (!was) {
		work->next = works;
		works = work;
		work->pending = true;
	}

	return !was;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	CHECK(wq);
	return work_queue(work, 0, false);
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay)
{
	CHECK(wq);
	return work_queue(&work->work, delay, false);
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay)
{
	CHECK(wq);
	return work_queue(&work->work, delay, true);
}

bool schedule_delayed_work(struct delayed_work *work, unsigned long delay)
{
	return work_queue(&work->work, delay, false);
}

/* Waiting for a work that waits for the caller is a deadlock. */
bool cancel_work_sync(struct work_struct *work)
{
	bool was = work->pending;

	CHECK(!atomic_depth && !work->running);
	if (was)
		work_unlink(work);

	return was;
}

bool cancel_delayed_work(struct delayed_work *work)
{
	bool was = work->work.pending;

	if (was)
		work_unlink(&work->work);

	return was;
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	return cancel_work_sync(&work->work);
}

bool disable_delayed_work_sync(struct delayed_work *work)
{
	bool was = cancel_delayed_work_sync(work);

	work->work.disabled = true;

	return was;
}

static void work_run(bool all)
{
	struct work_struct *work;
	unsigned int n = 0;

again:
	for (work = works; work; work = work->next) {
		if (work->running || (!all && (long)(jiffies - work->due) < 0))
			continue;
		if (fuzz_blocked && fuzz_blocked(work))
			continue;
		if (++n > WORKS && !all)
			return;
		CHECK(n < 10000);
		work_unlink(work);
		work->running = true;
		work->func(work);
		work->running = false;
		goto again;
	}
}

void fuzz_work(void)
{
	work_run(false);
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	struct work_struct *work;

	(void)wq;
	/* It waits for what is queued, not for timers: they come too late. */
	for (work = works; work; work = work->next)
		CHECK((long)(jiffies - work->due) >= 0);
	work_run(true);
}

int request_threaded_irq(int nr, irqreturn_t (*handler)(int, void *),
			 irqreturn_t (*thread)(int, void *), unsigned long flags,
			 const char *name, void *data)
{
	(void)nr;
	(void)flags;
	(void)name;
	CHECK(!irq.handler);
	if (fuzz_script() >= FAIL_BYTES)
		return -ENOMEM;
	irq.handler = handler;
	irq.thread = thread;
	irq.data = data;

	return 0;
}

static void irq_run_thread(void)
{
	if (!irq.woken || irq.in_thread)
		return;
	irq.woken = false;
	irq.in_thread = true;
	irq.thread(0, irq.data);
	irq.in_thread = false;
}

void synchronize_irq(int nr)
{
	(void)nr;
	CHECK(!atomic_depth && !irq.in_handler && !irq.in_thread);
	irq_run_thread();
	CHECK(!irq.woken);
}

void free_irq(int nr, void *data)
{
	CHECK(irq.handler && irq.data == data);
	synchronize_irq(nr);
	irq.handler = NULL;
}

void irq_wake_thread(int nr, void *data)
{
	(void)nr;
	CHECK(irq.handler && irq.data == data);
	irq.woken = true;
}

void fuzz_irq(void)
{
	if (!irq.handler)
		return;

	CHECK(!irq.in_handler);
	irq.in_handler = true;
	atomic_depth++;
	if (irq.handler(0, irq.data) == IRQ_WAKE_THREAD)
		irq.woken = true;
	atomic_depth--;
	irq.in_handler = false;

	if (!atomic_depth)
		irq_run_thread();
}

/* ---- one input ---- */

void shim_begin(void)
{
	static bool started;

	if (!started)
		verbose = getenv("FUZZ_VERBOSE");
	started = true;

	ASAN_POISON_MEMORY_REGION(arena, arena_dirty);
	arena_used = 0;
	arena_dirty = 0;
	n_chunks = 0;
	n_mappings = 0;
	waits = 0;
	fuzz_reads = 0;
	fuzz_violated = false;
	fail_in = 0;
	fuzz_others = NULL;
	fuzz_blocked = NULL;
	jiffies = 1000;
}

void fuzz_end(void)
{
	CHECK(!chunks_held);
	CHECK(!mappings_held);
	CHECK(!locks && !atomic_depth && !fuzz_once);
	CHECK(!works && !irq.handler);
}
