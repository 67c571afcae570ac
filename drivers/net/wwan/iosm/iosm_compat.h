/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between kernel versions, and nowhere else. */
#ifndef IOSM_COMPAT_H
#define IOSM_COMPAT_H

#include <linux/version.h>

/* The name of a symbol namespace became a string in 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define IOSM_NS_KUNIT	"EXPORTED_FOR_KUNIT_TESTING"
#else
#define IOSM_NS_KUNIT	EXPORTED_FOR_KUNIT_TESTING
#endif

#endif
