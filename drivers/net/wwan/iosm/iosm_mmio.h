/* SPDX-License-Identifier: GPL-2.0-only */
/* Access to the BARs. */
#ifndef IOSM_MMIO_H
#define IOSM_MMIO_H

#include <linux/types.h>

#include "iosm_hw.h"

struct device;
struct pci_dev;

/**
 * struct iosm_mmio - the mapped registers of one device
 * @dev: for tracepoints
 * @doorbell: BAR 0, write only
 * @pad: BAR 2, the scratchpad
 */
struct iosm_mmio {
	struct device *dev;
	void __iomem *doorbell;
	void __iomem *pad;
};

/**
 * iosm_mmio_is_fake() - do these registers belong to a KUnit suite?
 * @mmio: registers of a device that was set up
 *
 * Context: any.
 *
 * Return: true if no BAR is mapped.
 */
static inline bool iosm_mmio_is_fake(const struct iosm_mmio *mmio)
{
	return !mmio->pad;
}

int iosm_mmio_map(struct iosm_mmio *mmio, struct pci_dev *pdev);
void iosm_mmio_ring(struct iosm_mmio *mmio, enum iosm_doorbell db, u32 value);
u32 iosm_mmio_stage(struct iosm_mmio *mmio);
u32 iosm_mmio_ipc_state(struct iosm_mmio *mmio);
u32 iosm_mmio_version(struct iosm_mmio *mmio);
u32 iosm_mmio_capabilities(struct iosm_mmio *mmio);
int iosm_mmio_check_chip(struct iosm_mmio *mmio);
void iosm_mmio_set_context(struct iosm_mmio *mmio, dma_addr_t context);

#if IS_ENABLED(CONFIG_KUNIT)
u32 iosm_mmio_read(struct iosm_mmio *mmio, u32 offset);
void iosm_mmio_write(struct iosm_mmio *mmio, u32 offset, u32 value);
#endif

#endif
