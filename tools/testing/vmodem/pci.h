/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI function: configuration space, BARs, bus mastering, power state. A
 * transport (vfu.c, or a test) calls it and provides memory accesses and
 * interrupts.
 */
#ifndef VMODEM_PCI_H
#define VMODEM_PCI_H

#include "device.h"

#define PCI_CONFIG_SIZE	4096u
#define PCI_MSI_VECTORS	4u

enum pci_region { PCI_REGION_BAR0 = 0, PCI_REGION_BAR2 = 2,
		  PCI_REGION_CONFIG = 7 };

struct pci_transport {
	/*
	 * Like dma of struct vm_bus, but without the check for bus mastering.
	 */
	bool (*dma)(void *priv, uint64_t addr, size_t *len, bool write,
		    void **ptr);
	bool (*msi)(void *priv, unsigned int vector);
};

struct pci;

struct pci *pci_create(struct vm *vm, const struct pci_transport *transport,
		       void *priv);
void pci_destroy(struct pci *pci);

/* A host connected (the card is powered on) or disconnected. */
void pci_connect(struct pci *pci);
void pci_disconnect(struct pci *pci);
/* Conventional reset from the bus. */
void pci_reset(struct pci *pci);

/* Size of a region, 0 if there is none. */
uint32_t pci_region_size(const struct pci *pci, unsigned int region);
/* 0, or -EINVAL for an access that the region does not have. */
int pci_read(struct pci *pci, unsigned int region, uint64_t offset,
	     uint8_t *data, uint32_t size);
int pci_write(struct pci *pci, unsigned int region, uint64_t offset,
	      const uint8_t *data, uint32_t size);

#endif
