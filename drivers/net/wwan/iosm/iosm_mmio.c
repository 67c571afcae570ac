// SPDX-License-Identifier: GPL-2.0-only
/* Access to the BARs. */

#include <linux/err.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/pci.h>

#include "iosm_mmio.h"
#include "iosm_stub.h"
#include "iosm_trace.h"

/**
 * iosm_mmio_map() - map both BARs
 * @mmio: structure to initialise
 * @pdev: enabled PCI device
 *
 * The mapping is managed (pcim).
 * Context: may sleep.
 *
 * Return: 0; -ENODEV: a BAR is missing, too small, or an I/O port BAR; -EBUSY: a BAR is
 * in use; or -ENOMEM.
 */
int iosm_mmio_map(struct iosm_mmio *mmio, struct pci_dev *pdev)
{
	if (!(pci_resource_flags(pdev, IOSM_BAR_DOORBELL) & IORESOURCE_MEM) ||
	    !(pci_resource_flags(pdev, IOSM_BAR_SCRATCHPAD) & IORESOURCE_MEM))
		return -ENODEV;

	if (pci_resource_len(pdev, IOSM_BAR_DOORBELL) < IOSM_DOORBELL_LEN ||
	    pci_resource_len(pdev, IOSM_BAR_SCRATCHPAD) < IOSM_PAD_LEN)
		return -ENODEV;

	mmio->dev = &pdev->dev;
	mmio->doorbell = pcim_iomap_region(pdev, IOSM_BAR_DOORBELL, "iosm");
	if (IS_ERR(mmio->doorbell))
		return PTR_ERR(mmio->doorbell);

	mmio->pad = pcim_iomap_region(pdev, IOSM_BAR_SCRATCHPAD, "iosm");

	return PTR_ERR_OR_ZERO(mmio->pad);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mmio_map);

/**
 * iosm_mmio_ring() - ring a doorbell
 * @mmio: mapped registers
 * @db: the doorbell
 * @value: value to write
 *
 * Orders all earlier writes to coherent memory before the doorbell. Doorbell 0 is
 * rung by iosm_pm.c only.
 * Context: any.
 */
void iosm_mmio_ring(struct iosm_mmio *mmio, enum iosm_doorbell db, u32 value)
{
	IOSM_STUB(iosm_mmio_is_fake(mmio), iosm_mmio_ring, mmio, db, value);

	trace_iosm_doorbell(mmio->dev, db, value);
	writel(value, mmio->doorbell + IOSM_DOORBELL_OFFSET(db));
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mmio_ring);

VISIBLE_IF_KUNIT u32 iosm_mmio_read(struct iosm_mmio *mmio, u32 offset)
{
	IOSM_STUB(iosm_mmio_is_fake(mmio), iosm_mmio_read, mmio, offset);

	return readl(mmio->pad + offset);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mmio_read);

VISIBLE_IF_KUNIT void iosm_mmio_write(struct iosm_mmio *mmio, u32 offset,
				      u32 value)
{
	IOSM_STUB(iosm_mmio_is_fake(mmio), iosm_mmio_write, mmio, offset, value);

	writel(value, mmio->pad + offset);
}
EXPORT_SYMBOL_IF_KUNIT(iosm_mmio_write);

/**
 * iosm_mmio_stage() - read the execution stage
 * @mmio: mapped registers
 *
 * Return: one of enum iosm_stage, IOSM_GONE, or anything else while the
 * device is not ready.
 */
u32 iosm_mmio_stage(struct iosm_mmio *mmio)
{
	return iosm_mmio_read(mmio, IOSM_PAD_STAGE);
}

/**
 * iosm_mmio_ipc_state() - read the IPC state
 * @mmio: mapped registers
 *
 * Return: one of enum iosm_ipc_state, or IOSM_GONE.
 */
u32 iosm_mmio_ipc_state(struct iosm_mmio *mmio)
{
	return iosm_mmio_read(mmio, IOSM_PAD_IPC_STATE);
}

/**
 * iosm_mmio_version() - read the version of the device interface
 * @mmio: mapped registers
 *
 * Return: any number; IOSM_GONE: the device was removed.
 */
u32 iosm_mmio_version(struct iosm_mmio *mmio)
{
	return iosm_mmio_read(mmio, IOSM_PAD_CP_VERSION);
}

/**
 * iosm_mmio_capabilities() - read the capabilities of the device
 * @mmio: mapped registers
 *
 * Return: IOSM_CAP_* bits; 0: no capability register, or the device was removed.
 */
u32 iosm_mmio_capabilities(struct iosm_mmio *mmio)
{
	u32 version = iosm_mmio_version(mmio);
	u32 caps;

	if (version == IOSM_GONE || version < IOSM_CP_VERSION_CAPS)
		return 0;

	caps = iosm_mmio_read(mmio, IOSM_PAD_CP_CAPS);

	return caps == IOSM_GONE ? 0 : caps;
}

/**
 * iosm_mmio_check_chip() - check the layout of the scratchpad
 * @mmio: mapped registers
 *
 * The chip info starts with its version and the size of the rest. Only one size is
 * defined.
 *
 * Return: 0; -ENODEV: unsupported, or the device was removed.
 */
int iosm_mmio_check_chip(struct iosm_mmio *mmio)
{
	u32 head = iosm_mmio_read(mmio, IOSM_PAD_CHIP_INFO);

	if (((head >> 8) & 0xff) + 2 != IOSM_CHIP_INFO_LEN)
		return -ENODEV;

	return 0;
}

/* These registers are only 4-byte aligned: write two halves, low half first. */
static void iosm_mmio_write64(struct iosm_mmio *mmio, u32 offset, u64 value)
{
	iosm_mmio_write(mmio, offset, lower_32_bits(value));
	iosm_mmio_write(mmio, offset + 4, upper_32_bits(value));
}

/**
 * iosm_mmio_set_context() - write the address of the shared memory
 * @mmio: mapped registers
 * @context: DMA address of the context information
 *
 * With a memory window of (0, 0), the device does not check addresses.
 */
void iosm_mmio_set_context(struct iosm_mmio *mmio, dma_addr_t context)
{
	iosm_mmio_write64(mmio, IOSM_PAD_WINDOW_BASE, 0);
	iosm_mmio_write64(mmio, IOSM_PAD_WINDOW_END, 0);
	iosm_mmio_write64(mmio, IOSM_PAD_CONTEXT, context);
}
