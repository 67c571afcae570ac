// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to host memory, and the check of unmapped memory. A failure is
 * reported as a violation: the host provided the address.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "device_priv.h"

/*
 * Map the next part of @addr..@addr + *@len - 1. Reports a violation and
 * returns NULL on failure.
 */
static void *dma_piece(struct vm *vm, uint64_t addr, size_t *len, bool write)
{
	const char *dir = write ? "write" : "read";
	void *ptr = NULL;

	if (!vm->bus || vm->removed)
		return NULL;
	if (addr + *len < addr) {
		vm_violation(vm, "dma-address", "%s at %#llx wraps", dir,
			     (unsigned long long)addr);
		return NULL;
	}
	/* The device checks the window only if the host has set it. */
	if (vm->window_end && (addr < vm->window_base ||
			       addr + *len - 1 > vm->window_end)) {
		vm_violation(vm, "dma-window", "%s at %#llx size %zu", dir,
			     (unsigned long long)addr, *len);
		return NULL;
	}
	switch (vm->bus->dma(vm->bus_priv, addr, len, write, &ptr)) {
	case VM_DMA_OK:
		return ptr;
	case VM_DMA_NO_MASTER:
		vm_violation(vm, "dma-bus-master",
			     "%s at %#llx needed, bus mastering is off", dir,
			     (unsigned long long)addr);
		return NULL;
	case VM_DMA_UNMAPPED:
		vm_violation(vm, "dma-address", "%s at %#llx: no such memory",
			     dir, (unsigned long long)addr);
	}
	return NULL;
}

int vm_dma_read(struct vm *vm, uint64_t addr, void *data, size_t len)
{
	uint8_t *to = data;

	vm->dma_reads++;
	while (len) {
		size_t n = len;
		void *from = dma_piece(vm, addr, &n, false);

		if (!from)
			return -EFAULT;
		memcpy(to, from, n);
		to += n;
		addr += n;
		len -= n;
	}
	return 0;
}

int vm_dma_write(struct vm *vm, uint64_t addr, const void *data, size_t len)
{
	const uint8_t *from = data;

	vm->dma_writes++;
	while (len) {
		size_t n = len;
		void *to = dma_piece(vm, addr, &n, true);

		if (!to)
			return -EFAULT;
		memcpy(to, from, n);
		from += n;
		addr += n;
		len -= n;
	}
	return 0;
}

/* Mappings begin and end at page boundaries: an aligned word is contiguous. */
int vm_dma_load(struct vm *vm, uint64_t addr, uint32_t *value)
{
	size_t n = sizeof(*value);
	uint32_t *p = dma_piece(vm, addr, &n, false);

	if (!p || n < sizeof(*value))
		return -EFAULT;
	*value = le32toh(__atomic_load_n(p, __ATOMIC_ACQUIRE));
	return 0;
}

int vm_dma_store(struct vm *vm, uint64_t addr, uint32_t value)
{
	size_t n = sizeof(value);
	uint32_t *p = dma_piece(vm, addr, &n, true);

	if (!p || n < sizeof(value))
		return -EFAULT;
	__atomic_store_n(p, htole32(value), __ATOMIC_RELEASE);
	return 0;
}

/* ---- unmapped memory --------------------------------------------------- */

/*
 * Without an IOMMU, mappings are the RAM of the guest in a few large parts,
 * which QEMU moves at any time. With an IOMMU, mappings are those of the
 * driver. Only the latter are checked.
 */
#define UNMAP_FINE	(2u << 20)
#define UNMAP_LOW	(1u << 20)

static bool overlaps(uint64_t addr, uint64_t len, uint64_t from, uint64_t to)
{
	return addr < to && addr + len > from;
}

static const char *vm_owns(struct vm *vm, uint64_t from, uint64_t to)
{
	if (overlaps(vm->info, INFO_SIZE, from, to))
		return "device information";
	if (overlaps(vm->heads, VM_PIPES * 4, from, to))
		return "head array";
	if (overlaps(vm->tails, VM_PIPES * 4, from, to))
		return "tail array";
	if (overlaps(vm->msg_head, 4, from, to) ||
	    overlaps(vm->msg_tail, 4, from, to) ||
	    overlaps(vm->msg_ring, vm->msg_entries * MESSAGE_SIZE, from, to))
		return "message ring";
	return pipe_owns(vm, from, to);
}

void vm_dma_unmapped(struct vm *vm, uint64_t addr, uint64_t len)
{
	const char *what;

	if (!vm_running(vm) || len > UNMAP_FINE || addr < UNMAP_LOW)
		return;
	what = vm_owns(vm, addr, addr + len);
	if (what)
		vm_violation(vm, "unmap-in-use", "%#llx size %#llx: %s",
			     (unsigned long long)addr,
			     (unsigned long long)len, what);
}
