/* SPDX-License-Identifier: GPL-2.0-only */
/* System sleep. */
#ifndef IOSM_SUSPEND_H
#define IOSM_SUSPEND_H

#include <linux/types.h>

struct iosm_core;

int iosm_suspend(struct iosm_core *core, bool d3);
void iosm_resume(struct iosm_core *core, bool d3);

#endif
