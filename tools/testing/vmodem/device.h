/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between the device and its bus: register accesses go into the
 * device; memory accesses and interrupts go out to the bus. The bus
 * implementation (pci.c, or a test) calls these functions. The device does not
 * depend on the transport.
 */
#ifndef VMODEM_DEVICE_H
#define VMODEM_DEVICE_H

#include "vmodem.h"

#define VM_BAR0_SIZE		4096u
#define VM_BAR2_SIZE_7560	256u
#define VM_BAR2_SIZE_7360	1024u

enum vm_dma { VM_DMA_OK, VM_DMA_NO_MASTER, VM_DMA_UNMAPPED };

/* Operations of the bus for the device. */
struct vm_bus {
	/*
	 * Translate an address of host memory. *@ptr is valid until control
	 * returns to the event loop, for *@len bytes. The bus may reduce *@len,
	 * but not to 0, where a mapping ends.
	 */
	enum vm_dma (*dma)(void *priv, uint64_t addr, size_t *len, bool write,
			   void **ptr);
	/* Raise the interrupt; false if the host has not enabled it. */
	bool (*msi)(void *priv);
	/*
	 * Return all ones for every access from now on, until the next
	 * connection.
	 */
	void (*surprise_remove)(void *priv);
	/* Add "name value" lines to the control command "state". */
	void (*state)(void *priv, struct vm_reply *r);
};

/* Create a modem without a bus. NULL: out of memory. */
struct vm *vm_create(const struct vm_config *config);
void vm_destroy(struct vm *vm);
void vm_set_bus(struct vm *vm, const struct vm_bus *bus, void *priv);

/* Power on: the boot delay starts. Power off: all state is lost. */
void vm_power_on(struct vm *vm);
void vm_power_off(struct vm *vm);
/* Bus reset or restored power: the same state as after vm_power_on(). */
void vm_reset(struct vm *vm);
/* The function entered D3 or returned to D0. Its state is kept. */
void vm_set_d3(struct vm *vm, bool d3);

/* Host accesses. The device checks @size; @offset + @size lies in the BAR. */
void vm_doorbell_write(struct vm *vm, uint32_t offset, unsigned int size,
		       uint64_t value);
void vm_doorbell_read(struct vm *vm, uint32_t offset, unsigned int size);
void vm_scratchpad_write(struct vm *vm, uint32_t offset, unsigned int size,
			 uint64_t value);
void vm_scratchpad_read(struct vm *vm, uint32_t offset, uint8_t *data,
			unsigned int size);

/*
 * The host unmapped @addr..@addr + @len - 1. It is a violation if the device
 * still owns a ring, an index or a buffer in this range.
 */
void vm_dma_unmapped(struct vm *vm, uint64_t addr, uint64_t len);

/* Log to @path from now on instead of to stderr; 0 or a negative errno. */
int vm_log_open(struct vm *vm, const char *path);
/* Number of violations reported as @name; @name NULL: of all violations. */
uint64_t vm_violations(const struct vm *vm, const char *name);
uint64_t vm_quirks(const struct vm *vm, const char *name);

/* Listen for control connections on a UNIX socket at @path. */
int ctl_listen(struct vm *vm, const char *path);
/* Close the control socket and remove its commands. */
void ctl_close(struct vm *vm);

/* Loopback (channel 5) and trace (channel 3). */
int misc_create(struct vm *vm);

#endif
