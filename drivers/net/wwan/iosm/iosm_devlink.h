/* SPDX-License-Identifier: GPL-2.0-only */
/* devlink: versions and health. */
#ifndef IOSM_DEVLINK_H
#define IOSM_DEVLINK_H

struct iosm_core;
struct iosm_devlink;

struct iosm_devlink *iosm_devlink_create(struct iosm_core *core);
void iosm_devlink_destroy(struct iosm_devlink *dl);

#endif
