/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that this source builds for, all of it.
 * Not for the kernel tree itself.
 */
#ifndef IOSM_COMPAT_H
#define IOSM_COMPAT_H

#include <linux/slab.h>
#include <linux/version.h>

/* Since 7.0. */
#ifndef kzalloc_obj
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#endif

#endif
