/* SPDX-License-Identifier: GPL-2.0-only */
/* The watchdog. */
#ifndef IOSM_WATCHDOG_H
#define IOSM_WATCHDOG_H

struct iosm_core;
struct work_struct;

/* A device that takes longer to wake up is slow: the log says so, suspend gives up. */
#define IOSM_WAKE_TIMEOUT_MS	500

extern const struct iosm_pm_ops iosm_watchdog_pm_ops;

void iosm_watchdog_arm(void *priv);
void iosm_watchdog_work(struct work_struct *work);

#endif
