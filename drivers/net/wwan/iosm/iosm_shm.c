// SPDX-License-Identifier: GPL-2.0-only
/* Set-up of the memory that host and device share. */

#include <linux/dma-mapping.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "iosm_shm.h"

/**
 * iosm_shm_alloc() - allocate the shared block
 * @shm: structure to initialise
 * @dev: the PCI device
 *
 * Context: may sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int iosm_shm_alloc(struct iosm_shm *shm, struct device *dev)
{
	shm->block = dma_alloc_coherent(dev, sizeof(*shm->block), &shm->dma,
					GFP_KERNEL);
	if (!shm->block)
		return -ENOMEM;

	iosm_shm_reset(shm);

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_shm_alloc);

/**
 * iosm_shm_free() - free the shared block
 * @shm: shared block; the device must not access it any more
 * @dev: the PCI device
 *
 * Context: may sleep.
 */
void iosm_shm_free(struct iosm_shm *shm, struct device *dev)
{
	if (!shm->block)
		return;

	dma_free_coherent(dev, sizeof(*shm->block), shm->block, shm->dma);
	shm->block = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(iosm_shm_free);

static __le64 iosm_shm_address(struct iosm_shm *shm, const void *part)
{
	return cpu_to_le64(shm->dma + (part - (const void *)shm->block));
}

/**
 * iosm_shm_reset() - clear the shared block, and write the context information
 * @shm: shared block
 */
void iosm_shm_reset(struct iosm_shm *shm)
{
	struct iosm_shm_block *block = shm->block;
	struct iosm_context_info *ctx = &block->context;

	memset(block, 0, sizeof(*block));

	ctx->device_info = iosm_shm_address(shm, &block->info);
	ctx->head_array = iosm_shm_address(shm, block->heads);
	ctx->tail_array = iosm_shm_address(shm, block->tails);
	ctx->msg_head = iosm_shm_address(shm, &block->msg_head);
	ctx->msg_tail = iosm_shm_address(shm, &block->msg_tail);
	ctx->msg_ring = iosm_shm_address(shm, block->ring);
	ctx->msg_entries = cpu_to_le16(IOSM_MSG_ENTRIES);
	/* The vectors stay 0: there is one MSI vector. */
}
EXPORT_SYMBOL_IF_KUNIT(iosm_shm_reset);
