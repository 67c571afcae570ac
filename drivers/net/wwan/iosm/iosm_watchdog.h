/* SPDX-License-Identifier: GPL-2.0-only */
/* The watchdog. */
#ifndef IOSM_WATCHDOG_H
#define IOSM_WATCHDOG_H

struct iosm_core;
struct work_struct;

/* How long a device may take to wake up, before something is said or done about it. */
#define IOSM_WAKE_TIMEOUT_MS	500

extern const struct iosm_pm_ops iosm_watchdog_pm_ops;

void iosm_watchdog_arm(void *priv);
void iosm_watchdog_work(struct work_struct *work);

#endif
