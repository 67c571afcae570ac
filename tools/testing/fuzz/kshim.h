/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the driver's files need to be compiled, unmodified,
 * into a program of ours. Every <linux/...> that the driver includes leads
 * here (see Makefile).
 *
 * One thread runs everything. What could be used wrongly is checked, and ends
 * the program when it was: locks, sleeping while it is not allowed, DMA
 * mappings, work that is left over. "The rest of the world" - the device, its
 * interrupts, other work - gets its turn whenever the driver waits, see
 * fuzz_wait(), and the device may change its memory at each read of it, see
 * fuzz.h.
 */
#ifndef FUZZ_KSHIM_H
#define FUZZ_KSHIM_H

#include <linux/types.h>

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#if __BYTE_ORDER != __LITTLE_ENDIAN
#error "byte orders are not swapped here"
#endif

/* ---- types and words ---- */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned int gfp_t;
typedef u64 dma_addr_t;
typedef s64 time64_t;

#define __iomem
#define __packed	__attribute__((__packed__))
#define __aligned(n)	__attribute__((__aligned__(n)))
#ifndef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#endif
#define fallthrough	__attribute__((__fallthrough__))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define U16_MAX		UINT16_MAX
#define U32_MAX		UINT32_MAX
#define BITS_PER_LONG	64
#define PAGE_SIZE	4096UL

#undef static_assert
#define static_assert(what, ...) _Static_assert(what, #what)
#define BUILD_BUG_ON(what)	_Static_assert(!(what), #what)

#define EXPORT_SYMBOL_IF_KUNIT(name)
#define VISIBLE_IF_KUNIT		static
#define KUNIT_STATIC_STUB_REDIRECT(...)	do { } while (0)
#define dev_is_pci(dev)			((void)(dev), true)
#define LINUX_VERSION_CODE		KERNEL_VERSION(7, 3, 0)
#define KERNEL_VERSION(a, b, c)		(((a) << 16) + ((b) << 8) + (c))
#define IS_ENABLED(option)		0

#define BIT(n)			(1UL << (n))
#define GENMASK(high, low)	((~0UL << (low)) & (~0UL >> (63 - (high))))
#define FIELD_SHIFT(mask)	(__builtin_ffsll(mask) - 1)
#define FIELD_GET(mask, word)	(((word) & (mask)) >> FIELD_SHIFT(mask))
#define FIELD_PREP(mask, value)	(((u64)(value) << FIELD_SHIFT(mask)) & (mask))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define min(a, b) \
	({ __auto_type _a = (a); __auto_type _b = (b); _a < _b ? _a : _b; })
#define max(a, b) \
	({ __auto_type _a = (a); __auto_type _b = (b); _a > _b ? _a : _b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp_t(type, value, low, high) \
	min_t(type, max_t(type, value, low), high)

#define cpu_to_le16(x)	((__le16)(x))
#define cpu_to_le32(x)	((__le32)(x))
#define cpu_to_le64(x)	((__le64)(x))
#define le16_to_cpu(x)	((u16)(x))
#define le32_to_cpu(x)	((u32)(x))
#define le64_to_cpu(x)	((u64)(x))
#define lower_32_bits(x)	((u32)(x))
#define upper_32_bits(x)	((u32)((u64)(x) >> 32))

#define MAX_ERRNO	4095
#define ERR_PTR(err)	((void *)(long)(err))
#define PTR_ERR(ptr)	((long)(ptr))
#define IS_ERR(ptr)	((unsigned long)(ptr) >= (unsigned long)-MAX_ERRNO)
#define PTR_ERR_OR_ZERO(ptr)	(IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0)

/* Tracepoints: what they are given is computed, and goes nowhere. */
#define TP_PROTO(...)			__VA_ARGS__
#define TRACE_EVENT(name, proto, ...) \
	static inline void trace_##name(proto) { } \
	static inline bool trace_##name##_enabled(void) { return true; }
#define DECLARE_EVENT_CLASS(name, ...)
#define DEFINE_EVENT(class, name, proto, ...) \
	TRACE_EVENT(name, PARAMS(proto))
#define PARAMS(...)			__VA_ARGS__
#define TRACE_DEFINE_ENUM(name)

/* ---- one read, one write ---- */

/* Reads of the device's memory outside of this and memcpy() are an error. */
extern volatile unsigned int fuzz_once;

#define READ_ONCE(x)							\
({									\
	fuzz_once++;							\
	__auto_type _value = *(const volatile __typeof__(x) *)&(x);	\
	fuzz_once--;							\
	_value;								\
})
#define WRITE_ONCE(x, value) \
	((void)(*(volatile __typeof__(x) *)&(x) = (value)))

#define barrier()		__asm__ __volatile__("" : : : "memory")
#define smp_mb()		barrier()
#define smp_mb__before_atomic()	barrier()
#define smp_mb__after_atomic()	barrier()
#define dma_rmb()		barrier()
#define dma_wmb()		barrier()
#define smp_load_acquire(ptr)	READ_ONCE(*(ptr))
#define smp_store_release(ptr, value)	WRITE_ONCE(*(ptr), value)

#define xchg(ptr, value) \
	({ __auto_type _old = *(ptr); *(ptr) = (value); _old; })
#define cmpxchg(ptr, from, to)						\
({									\
	__auto_type _old = *(ptr);					\
									\
	if (_old == (from))						\
		*(ptr) = (to);						\
	_old;								\
})

typedef struct { int counter; } atomic_t;

#define atomic_read(v)			((v)->counter)
#define atomic_set(v, n)		((void)((v)->counter = (n)))
#define atomic_inc(v)			((void)(v)->counter++)
#define atomic_dec(v)			((void)(v)->counter--)
#define atomic_add(n, v)		((void)((v)->counter += (n)))
#define atomic_sub_return(n, v)		((v)->counter -= (int)(n))
#define atomic_dec_and_test(v)		(!--(v)->counter)
#define atomic_xchg(v, n)		xchg(&(v)->counter, n)

typedef struct { s64 counter; } atomic64_t;

#define atomic64_read(v)		((v)->counter)
#define atomic64_set(v, n)		((void)((v)->counter = (n)))
#define atomic64_inc(v)			((void)(v)->counter++)
#define atomic64_add(n, v)		((void)((v)->counter += (n)))

/* Only one writes at a time: two are an error. */
struct u64_stats_sync { bool writing; };

typedef struct { u64 n; } u64_stats_t;

#define u64_stats_init(sync)		((void)((sync)->writing = false))
#define u64_stats_update_begin(sync) \
	(assert(!(sync)->writing), (void)((sync)->writing = true))
#define u64_stats_update_end(sync)	((void)((sync)->writing = false))
#define u64_stats_update_begin_irqsave(sync) \
	(u64_stats_update_begin(sync), 0UL)
#define u64_stats_update_end_irqrestore(sync, flags) \
	((void)(flags), u64_stats_update_end(sync))
#define u64_stats_fetch_begin(sync)	((unsigned int)(sync)->writing)
#define u64_stats_fetch_retry(sync, at)	((sync)->writing != !!(at))
#define u64_stats_add(p, count)		((void)((p)->n += (count)))
#define u64_stats_inc(p)		((void)(p)->n++)
#define u64_stats_read(p)		((p)->n)

typedef struct { int counter; } refcount_t;

void refcount_inc(refcount_t *r);
bool refcount_dec_and_test(refcount_t *r);

#define refcount_set(r, n)		((void)((r)->counter = (n)))
#define refcount_read(r)		((r)->counter)

/* ---- bits ---- */

#define set_bit(n, word)	((void)(*(word) |= BIT(n)))
#define clear_bit(n, word)	((void)(*(word) &= ~BIT(n)))
#define __set_bit(n, word)	set_bit(n, word)
#define __clear_bit(n, word)	clear_bit(n, word)
#define test_bit(n, word)	(!!(*(word) & BIT(n)))
#define test_and_set_bit(n, word) \
	({ bool _was = test_bit(n, word); set_bit(n, word); _was; })

/* Words of one long only. */
static inline unsigned int fuzz_next_bit(unsigned long word, unsigned int size,
					 unsigned int from)
{
	while (from < size && !(word & BIT(from)))
		from++;
	return from;
}

#define find_first_zero_bit(word, size)	fuzz_next_bit(~*(word), size, 0)
#define find_first_bit(word, size)	fuzz_next_bit(*(word), size, 0)
#define for_each_set_bit(bit, word, size)				\
	for ((bit) = fuzz_next_bit(*(word), size, 0); (bit) < (size);	\
	     (bit) = fuzz_next_bit(*(word), size, (bit) + 1))

/* ---- memory ---- */

#define GFP_ATOMIC	0u
#define GFP_KERNEL	1u
#define __GFP_NOWARN	2u
#define __GFP_ZERO	4u

void *fuzz_alloc(size_t size, gfp_t gfp);

#define kmalloc(size, gfp)	fuzz_alloc(size, gfp)
#define kzalloc(size, gfp)	fuzz_alloc(size, gfp)
#define kcalloc(n, size, gfp)	fuzz_alloc((n) * (size), gfp)
#define kvcalloc(n, size, gfp)	fuzz_alloc((n) * (size), gfp)
#define kzalloc_obj(obj)	fuzz_alloc(sizeof(obj), GFP_KERNEL)
void fuzz_free(void *va);

#define alloc_pages_exact(size, gfp)	fuzz_alloc(size, gfp)
#define free_pages_exact(va, size)	((void)(size), fuzz_free(va))
#define kfree(ptr)		fuzz_free((void *)(ptr))
#define kvfree(ptr)		fuzz_free((void *)(ptr))

/* memcpy() looks at the device's memory exactly once, as a whole. */
void *fuzz_memcpy(void *to, const void *from, size_t len);

#ifdef FUZZ_DRIVER
#define memcpy(to, from, len)	fuzz_memcpy(to, from, len)
#endif

/* ---- locks; all in one thread: a lock that is taken is a deadlock ---- */

typedef struct { bool held; } spinlock_t;

struct mutex { bool held; };

void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void mutex_init(struct mutex *lock);
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
void local_bh_disable(void);
void local_bh_enable(void);

#define spin_lock_bh(lock)	spin_lock(lock)
#define spin_unlock_bh(lock)	spin_unlock(lock)
#define spin_lock_irqsave(lock, flags) \
	do { (flags) = 0; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { (void)(flags); spin_unlock(lock); } while (0)
#define lockdep_assert_held(lock)	assert((lock)->held)

/* ---- time, waiting ---- */

extern unsigned long jiffies;	/* milliseconds here */

#define ktime_get_real_seconds()	((time64_t)jiffies / 1000)
#define HZ			1000
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_in_range(a, b, c)	(!time_after(b, a) && !time_after(a, c))

void usleep_range(unsigned long min_us, unsigned long max_us);

typedef struct { int unused; } wait_queue_head_t;

#define init_waitqueue_head(queue)	((void)(queue))
#define wake_up(queue)			((void)(queue))
#define wake_up_all(queue)		((void)(queue))

/* Lets the others run; returns what is left of @timeout. */
unsigned long fuzz_wait(unsigned long timeout);

#define wait_event_timeout(queue, condition, timeout)			\
({									\
	unsigned long _left = (timeout);				\
	bool _met;							\
									\
	(void)(queue);							\
	while (!(_met = (condition)) && _left)				\
		_left = fuzz_wait(_left);				\
	_met ? max(_left, 1UL) : 0;					\
})

#define wait_event(queue, condition)					\
do {									\
	(void)(queue);							\
	while (!(condition))						\
		fuzz_wait(ULONG_MAX);					\
} while (0)

/* No task is killed or frozen here. */
#define wait_event_freezable_timeout(queue, condition, timeout) \
	((long)wait_event_timeout(queue, condition, timeout))
#define wait_event_idle_timeout(queue, condition, timeout) \
	((long)wait_event_timeout(queue, condition, timeout))
#define wait_event_interruptible_timeout(queue, condition, timeout) \
	((long)wait_event_timeout(queue, condition, timeout))

struct completion { bool done; };

#define init_completion(c)	((void)((c)->done = false))
#define complete(c)		((void)((c)->done = true))
#define wait_for_completion(c)						\
do {									\
	wait_event(NULL, (c)->done);					\
	(c)->done = false;						\
} while (0)
#define wait_for_completion_timeout(c, timeout)				\
({									\
	unsigned long _rest = wait_event_timeout(NULL, (c)->done, timeout); \
									\
	if (_rest)							\
		(c)->done = false;					\
	_rest;								\
})

/* ---- work ---- */

struct workqueue_struct { int unused; };

struct work_struct {
	void (*func)(struct work_struct *work);
	struct workqueue_struct *wq;
	unsigned long due;
	bool pending;
	bool running;
	bool disabled;
	struct work_struct *next;
};

struct delayed_work { struct work_struct work; };

#define WQ_UNBOUND	0

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags,
					 int max_active, ...);
void destroy_workqueue(struct workqueue_struct *wq);
void fuzz_work_init(struct work_struct *work,
		    void (*func)(struct work_struct *work));
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay);
bool schedule_delayed_work(struct delayed_work *work, unsigned long delay);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *work);
bool cancel_delayed_work_sync(struct delayed_work *work);
bool disable_delayed_work_sync(struct delayed_work *work);

#define INIT_WORK(work, func)		fuzz_work_init(work, func)
#define INIT_DELAYED_WORK(dwork, func)	fuzz_work_init(&(dwork)->work, func)
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)

/* ---- modules: ours is always on its way out ---- */

#define THIS_MODULE		NULL
#define try_module_get(module)	((void)(module), false)
#define module_put(module)	((void)(module))

/* ---- devices ---- */

struct kobject { int unused; };

struct device { struct kobject kobj; };

struct pci_dev {
	struct device dev;
	u16 device;
};

/* Text is not formatted: there is too much of it, and %p has no meaning. */
void fuzz_log(const char *text, ...);

#define dev_err(dev, ...)		((void)(dev), fuzz_log(__VA_ARGS__))
#define dev_warn(dev, ...)		dev_err(dev, __VA_ARGS__)
#define dev_info(dev, ...)		dev_err(dev, __VA_ARGS__)
#define dev_dbg(dev, ...)		dev_err(dev, __VA_ARGS__)
#define dev_err_probe(dev, err, ...)	(dev_err(dev, __VA_ARGS__), err)
#define dev_err_ratelimited(dev, ...)	dev_err(dev, __VA_ARGS__)
#define dev_warn_ratelimited(dev, ...)	dev_err(dev, __VA_ARGS__)
#define dev_name(dev)			((void)(dev), "pci")
#define dev_to_node(dev)		((void)(dev), 0)

#define KOBJ_CHANGE	0
#define kobject_uevent_env(kobj, action, envp) \
	fuzz_log("event %s", (envp)[0])

typedef int irqreturn_t;

#define IRQ_HANDLED	1
#define IRQ_WAKE_THREAD	2
#define PCI_IRQ_MSI	1

int request_threaded_irq(int irq, irqreturn_t (*handler)(int, void *),
			 irqreturn_t (*thread)(int, void *), unsigned long flags,
			 const char *name, void *data);
void free_irq(int irq, void *data);
void synchronize_irq(int irq);
void irq_wake_thread(int irq, void *data);

#define PCI_POSSIBLE_ERROR(value)	((value) == (__typeof__(value))~0ull)
#define pci_msi_enabled()		true
#define pci_alloc_irq_vectors(pdev, least, most, flags)	((void)(pdev), 1)
#define pci_irq_vector(pdev, nr)			((void)(pdev), 7)
#define pci_free_irq_vectors(pdev)			((void)(pdev))
#define pci_name(pdev)					((void)(pdev), "pci")
#define pci_resource_len(pdev, bar)			((void)(pdev), 4096)
#define pci_resource_flags(pdev, bar)			((void)(pdev), IORESOURCE_MEM)
#define IORESOURCE_MEM	1
#define PCI_COMMAND		4
#define PCI_COMMAND_MASTER	4
void *pcim_iomap_region(struct pci_dev *pdev, int bar, const char *name);
int pci_read_config_word(struct pci_dev *pdev, int where, u16 *value);
int pci_write_config_word(struct pci_dev *pdev, int where, u16 value);
u32 readl(const void *address);
void writel(u32 value, void *address);

/* ---- DMA ---- */

enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };

#define DMA_ATTR_SKIP_CPU_SYNC	1UL

void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma,
			 gfp_t gfp);
void dma_free_coherent(struct device *dev, size_t size, void *va,
		       dma_addr_t dma);
dma_addr_t dma_map_single(struct device *dev, void *va, size_t size,
			  enum dma_data_direction dir);
int dma_mapping_error(struct device *dev, dma_addr_t dma);
void dma_unmap_single(struct device *dev, dma_addr_t dma, size_t size,
		      enum dma_data_direction dir);
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir);
void dma_sync_single_for_device(struct device *dev, dma_addr_t dma,
				size_t size, enum dma_data_direction dir);

#define dma_unmap_single_attrs(dev, dma, size, dir, attrs) \
	dma_unmap_single(dev, dma, size, dir)

/* ---- socket buffers: one piece of memory each ---- */

struct sk_buff {
	struct sk_buff *next;
	u8 *data;
	unsigned int len;
	unsigned int size;
	unsigned int truesize;
	void *destructor_arg;
	struct page *page;	/* that the data is in, or NULL */
	char cb[48] __aligned(8);
};

struct sk_buff_head {
	struct sk_buff *first, *last;
	u32 qlen;
};

/* Stands in front of the memory of a page: references, size. */
struct page {
	unsigned int count;
	unsigned long size;
};

struct skb_shared_info { u8 unused[320]; };

#define __GFP_COMP			0
#define SKB_DATA_ALIGN(size)		(((size) + 63) & ~63ul)
#define get_order(size)			fuzz_order(size)
#define page_address(page)		((void *)((page) + 1))
#define page_size(page)			((page)->size)
#define page_count(page)		((page)->count)
#define get_page(page)			((void)(page)->count++)
unsigned int fuzz_order(unsigned long size);
struct page *alloc_pages(gfp_t gfp, unsigned int order);
void put_page(struct page *page);
struct sk_buff *build_skb(void *data, unsigned int size);
struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp);
void kfree_skb(struct sk_buff *skb);
void *skb_put_data(struct sk_buff *skb, const void *data, unsigned int len);
void __skb_queue_tail(struct sk_buff_head *list, struct sk_buff *skb);
struct sk_buff *__skb_dequeue(struct sk_buff_head *list);

#define consume_skb(skb)		kfree_skb(skb)
#define skb_shinfo(skb)			(skb)
#define skb_linearize(skb)		((void)(skb), 0)
#define skb_queue_len(list)		((list)->qlen)
#define skb_queue_empty_lockless(list)	(!(list)->qlen)
#define __skb_queue_head_init(list)	memset(list, 0, sizeof(*(list)))

/* ---- WWAN ports ---- */

enum wwan_port_type { WWAN_PORT_AT, WWAN_PORT_MBIM, WWAN_PORT_XMMRPC };

struct wwan_port;

struct wwan_port_ops {
	int (*start)(struct wwan_port *port);
	void (*stop)(struct wwan_port *port);
	int (*tx)(struct wwan_port *port, struct sk_buff *skb);
	int (*tx_blocking)(struct wwan_port *port, struct sk_buff *skb);
};

struct wwan_port *wwan_create_port(struct device *dev, enum wwan_port_type type,
				   const struct wwan_port_ops *ops, void *caps,
				   void *drvdata);
void wwan_remove_port(struct wwan_port *port);
void *wwan_port_get_drvdata(struct wwan_port *port);
void wwan_port_rx(struct wwan_port *port, struct sk_buff *skb);
void wwan_port_txon(struct wwan_port *port);
void wwan_port_txoff(struct wwan_port *port);

#endif
