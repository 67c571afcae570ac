/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device as its bus sees it: registers below, memory and interrupts
 * above. Whoever carries the bus (pci.c, or a test) calls these; the device
 * knows no transport.
 */
#ifndef VMODEM_DEVICE_H
#define VMODEM_DEVICE_H

#include "vmodem.h"

#define VM_BAR0_SIZE		4096u
#define VM_BAR2_SIZE_7560	256u
#define VM_BAR2_SIZE_7360	1024u

enum vm_dma { VM_DMA_OK, VM_DMA_NO_MASTER, VM_DMA_UNMAPPED };

/* What the device needs from its bus. */
struct vm_bus {
	/*
	 * Find host memory: *@ptr is good until control returns to the event
	 * loop, for *@len bytes, which may become less (never 0) where a
	 * mapping ends.
	 */
	enum vm_dma (*dma)(void *priv, uint64_t addr, size_t *len, bool write,
			   void **ptr);
	/* Raise the interrupt; false if the host has not enabled it. */
	bool (*msi)(void *priv);
	/* From now on, or until the next connection, answer all ones. */
	void (*surprise_remove)(void *priv);
	/* Add "name value" lines to the control command "state". */
	void (*state)(void *priv, struct vm_reply *r);
};

/* A modem that nobody has connected to. NULL: out of memory. */
struct vm *vm_create(const struct vm_config *config);
void vm_destroy(struct vm *vm);
void vm_set_bus(struct vm *vm, const struct vm_bus *bus, void *priv);

/* Power on: the boot delay starts. Power off: everything is forgotten. */
void vm_power_on(struct vm *vm);
void vm_power_off(struct vm *vm);
/* Bus reset, or power came back: as after vm_power_on(). */
void vm_reset(struct vm *vm);
/* The function went to D3 or came back to D0; its state is kept. */
void vm_set_d3(struct vm *vm, bool d3);

/* Host accesses; @size is checked here, @offset + @size is in the BAR. */
void vm_doorbell_write(struct vm *vm, uint32_t offset, unsigned int size,
		       uint64_t value);
void vm_doorbell_read(struct vm *vm, uint32_t offset, unsigned int size);
void vm_scratchpad_write(struct vm *vm, uint32_t offset, unsigned int size,
			 uint64_t value);
void vm_scratchpad_read(struct vm *vm, uint32_t offset, uint8_t *data,
			unsigned int size);

/*
 * The host took the mapping of @addr..@addr + @len - 1 away: a violation if
 * the device still owns something in there.
 */
void vm_dma_unmapped(struct vm *vm, uint64_t addr, uint64_t len);

/* Log to @path from now on instead of to stderr; 0 or a negative errno. */
int vm_log_open(struct vm *vm, const char *path);
/* How often @name was reported so far; @name NULL: all violations. */
uint64_t vm_violations(const struct vm *vm, const char *name);
uint64_t vm_quirks(const struct vm *vm, const char *name);

/* Listen for control connections on a UNIX socket at @path. */
int ctl_listen(struct vm *vm, const char *path);
/* Close and forget the control socket; its words are gone, too. */
void ctl_close(struct vm *vm);

/* Loopback (channel 5) and trace (channel 3). */
int misc_create(struct vm *vm);

#endif
