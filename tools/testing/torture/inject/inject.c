// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allows fail_function to inject failures into DMA mappings. A module may add
 * functions of the kernel to the list of functions for error injection.
 */

#include <linux/dma-mapping.h>
#include <linux/error-injection.h>
#include <linux/module.h>

/* DMA_MAPPING_ERROR is -1, which is a valid errno. */
ALLOW_ERROR_INJECTION(dma_map_page_attrs, ERRNO);
ALLOW_ERROR_INJECTION(dma_alloc_attrs, NULL);

MODULE_DESCRIPTION("Test helper: DMA mappings that fail on demand");
MODULE_LICENSE("GPL");
