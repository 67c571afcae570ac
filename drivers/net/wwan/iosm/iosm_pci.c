// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI driver: binding, system sleep, errors, reset, shutdown.
 *
 * The files of the driver are layers: see
 * Documentation/networking/device_drivers/wwan/iosm-design.rst. A layer calls the
 * layers below by name, and those above through callbacks that they registered.
 */

#include <linux/acpi.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "iosm_compat.h"
#include "iosm_core.h"
#include "iosm_devlink.h"
#include "iosm_net.h"
#include "iosm_port.h"
#include "iosm_suspend.h"

static const struct iosm_client *const iosm_pci_clients[] = {
	&iosm_port_client,
	&iosm_net_client,
};

/**
 * struct iosm_pci - private data of the PCI driver
 * @core: the device
 * @d3: system sleep is D3/L2; otherwise D0 with the link in L1.2
 * @no_restart: the device had failed before it was stopped. Neither a PCI error, which
 *	the device can cause, nor a resume from hibernation may restart it.
 * @devlink: see iosm_devlink.c
 */
struct iosm_pci {
	struct iosm_core core;
	bool d3;
	bool no_restart;
	struct iosm_devlink *devlink;
};

/* A _DSM of the slot selects D0 or D3 for system sleep. */
static const guid_t iosm_pci_dsm_guid =
	GUID_INIT(0xbad01b75, 0x22a8, 0x4f48,
		  0x87, 0x92, 0xbd, 0xde, 0x94, 0x67, 0x74, 0x7d);

#define IOSM_DSM_REVISION	0
#define IOSM_DSM_FUNCTION	3
#define IOSM_DSM_D3		3

static bool iosm_pci_use_d3(struct pci_dev *pdev)
{
	acpi_handle handle = ACPI_HANDLE(&pdev->dev);
	union acpi_object *obj;
	bool d3;

	if (!handle)
		return false;

	obj = acpi_evaluate_dsm(handle, &iosm_pci_dsm_guid, IOSM_DSM_REVISION,
				IOSM_DSM_FUNCTION, NULL);
	if (!obj)
		return false;

	d3 = obj->type == ACPI_TYPE_INTEGER &&
	     obj->integer.value == IOSM_DSM_D3;
	ACPI_FREE(obj);

	return d3;
}

static int iosm_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct iosm_pci *iosm;
	int err;

	iosm = devm_kzalloc(&pdev->dev, sizeof(*iosm), GFP_KERNEL);
	if (!iosm)
		return -ENOMEM;

	err = pcim_enable_device(pdev);
	if (err)
		return dev_err_probe(&pdev->dev, err,
				     "cannot enable the PCI device\n");

	if (!pci_device_is_present(pdev))
		return dev_err_probe(&pdev->dev, -ENODEV,
				     "device does not respond: configuration space reads all ones\n");

	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		return dev_err_probe(&pdev->dev, err, "no 64-bit DMA\n");

	iosm->d3 = iosm_pci_use_d3(pdev);

	err = iosm_core_init(&iosm->core, pdev, iosm_pci_clients,
			     ARRAY_SIZE(iosm_pci_clients));
	if (err)
		return err;

	pci_set_drvdata(pdev, iosm);

	iosm->devlink = iosm_devlink_create(&iosm->core);
	if (IS_ERR(iosm->devlink)) {
		err = PTR_ERR(iosm->devlink);
		iosm_core_exit(&iosm->core);
		return dev_err_probe(&pdev->dev, err, "cannot register with devlink\n");
	}

	/* A slot reset restores this state. */
	pci_save_state(pdev);
	iosm_core_start(&iosm->core);

	return 0;
}

static void iosm_pci_remove(struct pci_dev *pdev)
{
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	/* Also ends waits in devlink commands. */
	iosm_core_pause(&iosm->core);
	iosm_devlink_destroy(iosm->devlink);
	iosm_core_exit(&iosm->core);
}

static void iosm_pci_shutdown(struct pci_dev *pdev)
{
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	iosm_core_pause(&iosm->core);
}

static int iosm_pci_suspend(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	struct iosm_pci *iosm = pci_get_drvdata(pdev);
	int err;

	err = iosm_suspend(&iosm->core, iosm->d3);
	if (err) {
		/* As in iosm_pci_restart(). */
		pci_save_state(pdev);
		return err;
	}

	/* With the state saved here, the PCI core leaves the device in D0. */
	if (!iosm->d3)
		pci_save_state(pdev);

	return 0;
}

static int iosm_pci_resume(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	iosm_resume(&iosm->core, iosm->d3);
	/* As in iosm_pci_restart(). */
	pci_save_state(pdev);

	return 0;
}

/*
 * Stop the device, as failed if there is a @reason, and record whether it had failed
 * before. Under the lock of the PCI device.
 */
static void iosm_pci_stop(struct iosm_pci *iosm, const char *reason)
{
	struct iosm_core *core = &iosm->core;

	/* The first of nested stops records it. */
	if (!(iosm_core_holds(core) & IOSM_HOLD_PCI)) {
		iosm->no_restart = iosm_state_is_lost(core);
		if (reason)
			iosm_state_fail(core, IOSM_ERROR_PCI, reason);
	}
	iosm_core_pause(core);
}

/*
 * Hibernation: the modem loses its power, or the kernel that loads the image uses it.
 * End the link, and with it bus mastering, before the PCI core saves the state.
 */
static int iosm_pci_freeze(struct device *dev)
{
	iosm_pci_stop(pci_get_drvdata(to_pci_dev(dev)), NULL);

	return 0;
}

/* Boot the device as after a probe. */
static void iosm_pci_restart(struct pci_dev *pdev)
{
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	/* The PCI core has restored, and dropped, the state that a slot reset needs. */
	pci_save_state(pdev);
	iosm_core_start(&iosm->core);
}

/*
 * The image was created or loaded, or that has failed. The modem may have kept its
 * power. Do not restart one that had failed before.
 */
static int iosm_pci_thaw(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	if (iosm->no_restart)
		pci_save_state(pdev);
	else
		iosm_pci_restart(pdev);

	return 0;
}

static const struct dev_pm_ops iosm_pci_pm_ops = {
	.suspend = iosm_pci_suspend,
	.resume = iosm_pci_resume,
	.freeze = iosm_pci_freeze,
	.thaw = iosm_pci_thaw,
	.poweroff = iosm_pci_freeze,
	.restore = iosm_pci_thaw,
};

static pci_ers_result_t iosm_pci_error_detected(struct pci_dev *pdev,
						pci_channel_state_t state)
{
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	if (state == pci_channel_io_normal)
		return PCI_ERS_RESULT_CAN_RECOVER;

	iosm_pci_stop(iosm, "link error reported");

	return state == pci_channel_io_perm_failure ?
	       PCI_ERS_RESULT_DISCONNECT : PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t iosm_pci_slot_reset(struct pci_dev *pdev)
{
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	/* After an error of another device below the port, this one is not stopped yet. */
	iosm_pci_stop(iosm, "slot reset");
	pci_restore_state(pdev);
	/* Bus mastering is on in a state that was saved while there was a link. */
	pci_clear_master(pdev);
	pci_save_state(pdev);

	return PCI_ERS_RESULT_RECOVERED;
}

static void iosm_pci_error_resume(struct pci_dev *pdev)
{
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	if (!iosm->no_restart)
		iosm_core_start(&iosm->core);
}

static void iosm_pci_reset_prepare(struct pci_dev *pdev)
{
	struct iosm_pci *iosm = pci_get_drvdata(pdev);

	iosm_core_pause(&iosm->core);
}

static void iosm_pci_reset_done(struct pci_dev *pdev)
{
	iosm_pci_restart(pdev);
}

static const struct pci_error_handlers iosm_pci_err_handlers = {
	.error_detected = iosm_pci_error_detected,
	.slot_reset = iosm_pci_slot_reset,
	.resume = iosm_pci_error_resume,
	.reset_prepare = iosm_pci_reset_prepare,
	.reset_done = iosm_pci_reset_done,
};

static const struct pci_device_id iosm_pci_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, IOSM_PCI_ID_7560) },
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, IOSM_PCI_ID_7360) },
	{ }
};
MODULE_DEVICE_TABLE(pci, iosm_pci_ids);

static struct pci_driver iosm_pci_driver = {
	.name = "iosm",
	.id_table = iosm_pci_ids,
	.probe = iosm_pci_probe,
	.remove = iosm_pci_remove,
	.shutdown = iosm_pci_shutdown,
	.driver.pm = pm_sleep_ptr(&iosm_pci_pm_ops),
	.err_handler = &iosm_pci_err_handlers,
};
module_pci_driver(iosm_pci_driver);

MODULE_DESCRIPTION("Intel XMM7560/XMM7360 PCIe modem driver");
MODULE_LICENSE("GPL");
MODULE_VERSION(IOSM_VERSION);
