// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space like that of the real card: PM 0x40, MSI 0x50, PCIe 0x70,
 * AER 0x100, LTR 0x148, L1 PM substates 0x150.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "pci.h"

#define CAP_PM		0x40
#define CAP_MSI		0x50
#define CAP_EXP		0x70
#define CAP_AER		0x100
#define CAP_LTR		0x148
#define CAP_L1SS	0x150

/* Missing in the headers of older build machines. */
#define L1SS_ID		0x1e

struct pci {
	struct vm *vm;
	const struct pci_transport *transport;
	void *priv;
	uint32_t bar_size[6];
	bool removed;

	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];	/* writable bits */
	uint8_t clear[PCI_CONFIG_SIZE];		/* write-1-to-clear bits */
};

static void cfg16(struct pci *pci, unsigned int at, uint16_t value,
		  uint16_t writable)
{
	put_le16(pci->config + at, value);
	put_le16(pci->writable + at, writable);
}

static void cfg32(struct pci *pci, unsigned int at, uint32_t value,
		  uint32_t writable)
{
	put_le32(pci->config + at, value);
	put_le32(pci->writable + at, writable);
}

static void cfg_capability(struct pci *pci, unsigned int at, uint8_t id,
			   unsigned int next)
{
	pci->config[at] = id;
	pci->config[at + 1] = next;
}

static void cfg_extended(struct pci *pci, unsigned int at, uint16_t id,
			 unsigned int version, unsigned int next)
{
	cfg32(pci, at, id | version << 16 | (uint32_t)next << 20, 0);
}

static void cfg_bar(struct pci *pci, unsigned int nr, uint32_t size)
{
	unsigned int at = PCI_BASE_ADDRESS_0 + nr * 4;

	cfg32(pci, at, PCI_BASE_ADDRESS_MEM_TYPE_64, ~(size - 1));
	cfg32(pci, at + 4, 0, ~0u);
	pci->bar_size[nr] = size;
}

static void cfg_pcie(struct pci *pci)
{
	cfg_capability(pci, CAP_EXP, PCI_CAP_ID_EXP, 0);
	cfg16(pci, CAP_EXP + PCI_EXP_FLAGS, 2, 0);	/* version 2, endpoint */
	/* 256 byte payloads, extended tags, any L1 latency; no FLR */
	cfg32(pci, CAP_EXP + PCI_EXP_DEVCAP,
	      1 | PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_L0S |
	      PCI_EXP_DEVCAP_L1 | PCI_EXP_DEVCAP_RBER, 0);
	cfg16(pci, CAP_EXP + PCI_EXP_DEVCTL,
	      PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
	      PCI_EXP_DEVCTL_READRQ_512B, 0x7fff);
	pci->clear[CAP_EXP + PCI_EXP_DEVSTA] = 0x0f;
	/* 5 GT/s x1, ASPM L1, 64 us exit latency, clock PM */
	cfg32(pci, CAP_EXP + PCI_EXP_LNKCAP,
	      PCI_EXP_LNKCAP_SLS_5_0GB | 1 << 4 | 2 << 10 | 6 << 15 |
	      PCI_EXP_LNKCAP_CLKPM | 1 << 22, 0);
	cfg16(pci, CAP_EXP + PCI_EXP_LNKCTL, 0, 0x01cb);
	cfg16(pci, CAP_EXP + PCI_EXP_LNKSTA,
	      PCI_EXP_LNKSTA_CLS_5_0GB | 1 << 4 | PCI_EXP_LNKSTA_SLC, 0);
	cfg32(pci, CAP_EXP + PCI_EXP_DEVCAP2,
	      0xf | PCI_EXP_DEVCAP2_COMP_TMOUT_DIS | PCI_EXP_DEVCAP2_LTR, 0);
	cfg16(pci, CAP_EXP + PCI_EXP_DEVCTL2, 0, 0x041f);
	cfg32(pci, CAP_EXP + PCI_EXP_LNKCAP2, PCI_EXP_LNKCAP2_SLS_2_5GB |
	      PCI_EXP_LNKCAP2_SLS_5_0GB, 0);
	cfg16(pci, CAP_EXP + PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS_5_0GT,
	      0x000f);
}

static void cfg_extended_caps(struct pci *pci)
{
	cfg_extended(pci, CAP_AER, PCI_EXT_CAP_ID_ERR, 2, CAP_LTR);
	put_le32(pci->clear + CAP_AER + PCI_ERR_UNCOR_STATUS, 0x003ff030);
	cfg32(pci, CAP_AER + PCI_ERR_UNCOR_MASK, 0, 0x003ff030);
	cfg32(pci, CAP_AER + PCI_ERR_UNCOR_SEVER, 0x00062030, 0x003ff030);
	put_le32(pci->clear + CAP_AER + PCI_ERR_COR_STATUS, 0x000031c1);
	cfg32(pci, CAP_AER + PCI_ERR_COR_MASK, 0x00002000, 0x000031c1);
	cfg32(pci, CAP_AER + PCI_ERR_CAP, 0x000000a0, 0x00000140);

	cfg_extended(pci, CAP_LTR, PCI_EXT_CAP_ID_LTR, 1, CAP_L1SS);
	cfg32(pci, CAP_LTR + 4, 0, 0x1fff1fff);

	cfg_extended(pci, CAP_L1SS, L1SS_ID, 1, 0);
	/* All four substates; 50 us to restore common mode, 10 us power on */
	cfg32(pci, CAP_L1SS + 4, 0x1f | 50 << 8 | 5 << 19, 0);
	cfg32(pci, CAP_L1SS + 8, 0, 0xe3ffff0f);
	cfg32(pci, CAP_L1SS + 12, 0x28, 0x000000fb);
}

/* Reset all registers to their power-on values. */
static void cfg_init(struct pci *pci)
{
	const struct vm_config *config = vm_config(pci->vm);

	memset(pci->config, 0, sizeof(pci->config));
	memset(pci->writable, 0, sizeof(pci->writable));
	memset(pci->clear, 0, sizeof(pci->clear));

	cfg16(pci, PCI_VENDOR_ID, 0x8086, 0);
	cfg16(pci, PCI_DEVICE_ID, config->device_id, 0);
	cfg16(pci, PCI_COMMAND, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
	      PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
	      PCI_COMMAND_INTX_DISABLE);
	cfg16(pci, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	put_le16(pci->clear + PCI_STATUS, 0xf900);
	pci->config[PCI_REVISION_ID] = 1;
	cfg16(pci, PCI_CLASS_DEVICE, 0x0d40, 0);
	pci->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	cfg_bar(pci, 0, VM_BAR0_SIZE);
	cfg_bar(pci, 2, config->device_id == 0x7360 ? VM_BAR2_SIZE_7360 :
		VM_BAR2_SIZE_7560);
	cfg16(pci, PCI_SUBSYSTEM_VENDOR_ID, 0x8086, 0);
	cfg16(pci, PCI_SUBSYSTEM_ID, config->device_id, 0);
	pci->config[PCI_CAPABILITY_LIST] = CAP_PM;
	/* No INTx: the modem has a single MSI. */
	pci->writable[PCI_INTERRUPT_LINE] = 0xff;

	cfg_capability(pci, CAP_PM, PCI_CAP_ID_PM, CAP_MSI);
	cfg16(pci, CAP_PM + PCI_PM_PMC, 3 | PCI_PM_CAP_PME_D0 |
	      PCI_PM_CAP_PME_D3hot | PCI_PM_CAP_PME_D3cold, 0);
	cfg16(pci, CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET,
	      PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE);
	put_le16(pci->clear + CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_PME_STATUS);

	cfg_capability(pci, CAP_MSI, PCI_CAP_ID_MSI, CAP_EXP);
	cfg16(pci, CAP_MSI + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | 2 << 1,
	      PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	cfg32(pci, CAP_MSI + PCI_MSI_ADDRESS_LO, 0, ~3u);
	cfg32(pci, CAP_MSI + PCI_MSI_ADDRESS_HI, 0, ~0u);
	cfg16(pci, CAP_MSI + PCI_MSI_DATA_64, 0, 0xffff);

	cfg_pcie(pci);
	cfg_extended_caps(pci);
}

static bool pci_command(const struct pci *pci, uint16_t bit)
{
	return get_le16(pci->config + PCI_COMMAND) & bit;
}

static bool pci_in_d3(const struct pci *pci)
{
	return (pci->config[CAP_PM + PCI_PM_CTRL] &
		PCI_PM_CTRL_STATE_MASK) == 3;
}

/* ---- requests of the device -------------------------------------------- */

static enum vm_dma bus_dma(void *priv, uint64_t addr, size_t *len, bool write,
			   void **ptr)
{
	struct pci *pci = priv;

	if (!pci_command(pci, PCI_COMMAND_MASTER))
		return VM_DMA_NO_MASTER;
	if (!pci->transport->dma(pci->priv, addr, len, write, ptr))
		return VM_DMA_UNMAPPED;
	return VM_DMA_OK;
}

static bool bus_msi(void *priv)
{
	struct pci *pci = priv;

	/* An MSI is a memory write and needs bus mastering. */
	if (pci->removed || !pci_command(pci, PCI_COMMAND_MASTER))
		return false;
	return pci->transport->msi(pci->priv, 0);
}

static void bus_surprise_remove(void *priv)
{
	struct pci *pci = priv;

	pci->removed = true;
}

static void bus_state(void *priv, struct vm_reply *r)
{
	struct pci *pci = priv;

	ctl_line(r, "bus-master %d", pci_command(pci, PCI_COMMAND_MASTER));
	ctl_line(r, "power D%d", pci->config[CAP_PM + PCI_PM_CTRL] &
		 PCI_PM_CTRL_STATE_MASK);
	ctl_line(r, "msi-enabled %d", pci->config[CAP_MSI + PCI_MSI_FLAGS] &
		 PCI_MSI_FLAGS_ENABLE);
	ctl_line(r, "surprise-removed %d", pci->removed);
}

static const struct vm_bus bus = {
	.dma = bus_dma,
	.msi = bus_msi,
	.surprise_remove = bus_surprise_remove,
	.state = bus_state,
};

struct pci *pci_create(struct vm *vm, const struct pci_transport *transport,
		       void *priv)
{
	struct pci *pci = calloc(1, sizeof(*pci));

	if (!pci)
		return NULL;
	pci->vm = vm;
	pci->transport = transport;
	pci->priv = priv;
	cfg_init(pci);
	vm_set_bus(vm, &bus, pci);
	return pci;
}

void pci_destroy(struct pci *pci)
{
	if (!pci)
		return;
	vm_set_bus(pci->vm, NULL, NULL);
	free(pci);
}

void pci_connect(struct pci *pci)
{
	pci->removed = false;
	cfg_init(pci);
	vm_power_on(pci->vm);
}

void pci_disconnect(struct pci *pci)
{
	cfg_init(pci);
	vm_power_off(pci->vm);
}

void pci_reset(struct pci *pci)
{
	if (pci->removed)
		return;
	cfg_init(pci);
	vm_reset(pci->vm);
}

uint32_t pci_region_size(const struct pci *pci, unsigned int region)
{
	if (region == PCI_REGION_CONFIG)
		return PCI_CONFIG_SIZE;
	return region < 6 ? pci->bar_size[region] : 0;
}

static void config_write(struct pci *pci, uint32_t offset,
			 const uint8_t *data, uint32_t size)
{
	bool was_d3 = pci_in_d3(pci);
	uint32_t i;

	for (i = 0; i < size; i++) {
		uint8_t *c = pci->config + offset + i;
		uint8_t mask = pci->writable[offset + i];

		*c = (*c & ~mask) | (data[i] & mask);
		*c &= ~(data[i] & pci->clear[offset + i]);
	}
	if (pci_in_d3(pci) != was_d3)
		vm_set_d3(pci->vm, !was_d3);
}

static int pci_check(const struct pci *pci, unsigned int region,
		     uint64_t offset, uint32_t size)
{
	uint32_t limit = pci_region_size(pci, region);

	return offset > limit || size > limit - offset ? -EINVAL : 0;
}

int pci_read(struct pci *pci, unsigned int region, uint64_t offset,
	     uint8_t *data, uint32_t size)
{
	if (pci_check(pci, region, offset, size))
		return -EINVAL;
	if (pci->removed) {
		memset(data, 0xff, size);
		return 0;
	}
	if (region == PCI_REGION_CONFIG) {
		memcpy(data, pci->config + offset, size);
		return 0;
	}
	if (!pci_command(pci, PCI_COMMAND_MEMORY) || pci_in_d3(pci)) {
		memset(data, 0xff, size);
		return 0;
	}
	if (region == PCI_REGION_BAR2) {
		vm_scratchpad_read(pci->vm, offset, data, size);
	} else {
		memset(data, 0, size);
		vm_doorbell_read(pci->vm, offset, size);
	}
	return 0;
}

int pci_write(struct pci *pci, unsigned int region, uint64_t offset,
	      const uint8_t *data, uint32_t size)
{
	uint64_t value = 0;

	if (pci_check(pci, region, offset, size))
		return -EINVAL;
	if (pci->removed)
		return 0;
	if (region == PCI_REGION_CONFIG) {
		config_write(pci, offset, data, size);
		return 0;
	}
	if (!size || size > sizeof(value))
		return -EINVAL;
	if (!pci_command(pci, PCI_COMMAND_MEMORY) || pci_in_d3(pci))
		return 0;
	memcpy(&value, data, size);
	value = le64toh(value);
	if (region == PCI_REGION_BAR2)
		vm_scratchpad_write(pci->vm, offset, size, value);
	else
		vm_doorbell_write(pci->vm, offset, size, value);
	return 0;
}
