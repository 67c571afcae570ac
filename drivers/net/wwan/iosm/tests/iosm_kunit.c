// SPDX-License-Identifier: GPL-2.0-only
/* The module that holds the driver's KUnit suites. */

#include <linux/module.h>

#include "../iosm_compat.h"

MODULE_IMPORT_NS(IOSM_NS_KUNIT);
MODULE_DESCRIPTION("KUnit tests of the IOSM driver");
MODULE_LICENSE("GPL");
