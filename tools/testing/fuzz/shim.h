/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the parts of the shim. */
#ifndef FUZZ_SHIM_H
#define FUZZ_SHIM_H

#include "kshim.h"

void __sanitizer_cov_load1(const u8 *address);
void __sanitizer_cov_load2(const u16 *address);
void __sanitizer_cov_load4(const u32 *address);
void __sanitizer_cov_load8(const u64 *address);
void __sanitizer_cov_load16(const void *address);

void shim_begin(void);
void device_begin(void);
void ports_begin(void);

#endif
