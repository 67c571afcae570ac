/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All differences between the supported kernel versions. Not for the kernel tree.
 */
#ifndef IOSM_COMPAT_H
#define IOSM_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/slab.h>
#include <linux/version.h>

/*
 * The version in modinfo and "ethtool -i". A driver in the kernel tree has none: then
 * remove this line and its two users, and "ethtool -i" prints the version of the
 * kernel.
 */
#define IOSM_VERSION		"0.1"

/* Since 7.0. */
#ifndef kzalloc_obj
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* Since 6.13, the name of a symbol namespace is a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define IOSM_NS_KUNIT	"EXPORTED_FOR_KUNIT_TESTING"
#else
#define IOSM_NS_KUNIT	EXPORTED_FOR_KUNIT_TESTING
#endif

/* Since 6.18, the graceful period is a member of the ops. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define iosm_health_reporter_create(devlink, ops, priv)			\
	devlink_health_reporter_create(devlink, ops, priv)
#else
#define iosm_health_reporter_create(devlink, ops, priv)			\
	devlink_health_reporter_create(devlink, ops, 0, priv)
#endif

/* Since 6.13. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void iosm_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*fn)(struct hrtimer *),
				      clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}

#define hrtimer_setup iosm_hrtimer_setup
#endif

#endif
