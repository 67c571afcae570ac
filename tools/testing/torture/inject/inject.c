// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets fail_function fail DMA mappings: a module may put functions, also
 * those of the kernel, on the list of what can be made to return an error.
 */

#include <linux/dma-mapping.h>
#include <linux/error-injection.h>
#include <linux/module.h>

/* DMA_MAPPING_ERROR is -1, so it passes as an errno. */
ALLOW_ERROR_INJECTION(dma_map_page_attrs, ERRNO);
ALLOW_ERROR_INJECTION(dma_alloc_attrs, NULL);

MODULE_DESCRIPTION("Test helper: DMA mappings that fail on demand");
MODULE_LICENSE("GPL");
