/* SPDX-License-Identifier: GPL-2.0-only */
/* Boot. */
#ifndef IOSM_BOOT_H
#define IOSM_BOOT_H

struct iosm_core;

int iosm_boot_link(struct iosm_core *core);
void iosm_boot_failed(struct iosm_core *core, int err);
void iosm_boot_end_link(struct iosm_core *core);
unsigned int iosm_boot_look_dump(struct iosm_core *core);

#endif
