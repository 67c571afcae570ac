// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver for QEMU's device "edu" that wants its slot reset after any error
 * of the PCIe link, also after one that others on the bus can live with.
 */

#include <linux/module.h>
#include <linux/pci.h>

static pci_ers_result_t neighbour_error_detected(struct pci_dev *pdev,
						 pci_channel_state_t state)
{
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t neighbour_slot_reset(struct pci_dev *pdev)
{
	pci_info(pdev, "the slot was reset\n");

	return PCI_ERS_RESULT_RECOVERED;
}

static const struct pci_error_handlers neighbour_err_handlers = {
	.error_detected = neighbour_error_detected,
	.slot_reset = neighbour_slot_reset,
};

static int neighbour_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

static const struct pci_device_id neighbour_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, neighbour_ids);

static struct pci_driver neighbour_driver = {
	.name = "neighbour",
	.id_table = neighbour_ids,
	.probe = neighbour_probe,
	.err_handler = &neighbour_err_handlers,
};
module_pci_driver(neighbour_driver);

MODULE_DESCRIPTION("Test helper: a device that wants its slot reset");
MODULE_LICENSE("GPL");
