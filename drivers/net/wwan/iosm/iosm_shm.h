/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The coherent block that host and device share: context information, device
 * information, head and tail arrays, message ring.
 */
#ifndef IOSM_SHM_H
#define IOSM_SHM_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include "iosm_hw.h"

struct device;

/*
 * Data that the host writes and data that the device writes are in different cache
 * lines, to avoid false sharing.
 */
struct iosm_shm_block {
	struct iosm_context_info context;
	struct iosm_device_info info __aligned(64);	/* device writes */
	__le32 tails[IOSM_PIPES] __aligned(64);		/* device writes */
	__le32 msg_tail;				/* device writes */
	__le32 heads[IOSM_PIPES] __aligned(64);		/* host writes */
	__le32 msg_head;				/* host writes */
	struct iosm_msg_entry ring[IOSM_MSG_ENTRIES] __aligned(64);
};

/**
 * struct iosm_shm - the shared block of one device
 * @block: CPU address
 * @dma: DMA address
 */
struct iosm_shm {
	struct iosm_shm_block *block;
	dma_addr_t dma;
};

int iosm_shm_alloc(struct iosm_shm *shm, struct device *dev);
void iosm_shm_free(struct iosm_shm *shm, struct device *dev);
void iosm_shm_reset(struct iosm_shm *shm);

/**
 * iosm_shm_stage() - execution stage as the device last published it
 * @shm: shared block
 *
 * Return: value that the device wrote, not checked; 0: nothing written yet.
 */
static inline u32 iosm_shm_stage(const struct iosm_shm *shm)
{
	return le32_to_cpu(READ_ONCE(shm->block->info.stage));
}

/**
 * iosm_shm_ipc_state() - IPC state as the device last published it
 * @shm: shared block
 *
 * Return: value that the device wrote, not checked; 0: nothing written yet.
 */
static inline u32 iosm_shm_ipc_state(const struct iosm_shm *shm)
{
	return le32_to_cpu(READ_ONCE(shm->block->info.ipc_state));
}

/**
 * iosm_shm_sleep_request() - sleep request of the device
 * @shm: shared block
 *
 * Return: IOSM_SLEEP_REQ_*, or any other number; not checked.
 */
static inline u32 iosm_shm_sleep_request(const struct iosm_shm *shm)
{
	return le32_to_cpu(READ_ONCE(shm->block->info.sleep_request));
}

/**
 * iosm_shm_clear_sleep() - discard the sleep request of the device
 * @shm: shared block
 *
 * Only while the device does not publish a new request.
 */
static inline void iosm_shm_clear_sleep(struct iosm_shm *shm)
{
	WRITE_ONCE(shm->block->info.sleep_request,
		   cpu_to_le32(IOSM_SLEEP_REQ_ACTIVE));
}

#endif
