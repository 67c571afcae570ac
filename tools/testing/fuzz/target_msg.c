// SPDX-License-Identifier: GPL-2.0-only
/*
 * The message ring and the device-sleep handshake, over shared memory and registers:
 * messages are completed late, wrongly, twice or never; device and host suspend and
 * resume.
 */
#include "fuzz.h"

#include "iosm_mmio.h"
#include "iosm_msg.h"
#include "iosm_pm.h"
#include "iosm_shm.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct pci_dev pdev;
static struct iosm_mmio mmio;
static struct iosm_shm shm;
static struct iosm_pm pm;
static struct iosm_msg msg;
static bool suspended;
static unsigned int rings, depth, sends;

static bool busy(void *priv)
{
	CHECK(priv == &pdev);
	return iosm_msg_busy(&msg);
}

static void rung(void *priv)
{
	CHECK(priv == &pdev);
	rings++;
}

static const struct iosm_pm_ops ops = { .busy = busy, .rung = rung };

static irqreturn_t handler(int irq, void *data)
{
	(void)irq;
	(void)data;
	iosm_pm_irq(&pm);
	return iosm_msg_pending(&msg) ? IRQ_WAKE_THREAD : IRQ_HANDLED;
}

static irqreturn_t thread(int irq, void *data)
{
	bool was = msg.broken;
	int err = iosm_msg_poll(&msg);

	(void)irq;
	(void)data;
	CHECK(!err || (err == -EIO && !was && msg.broken));
	iosm_pm_irq(&pm);

	return IRQ_HANDLED;
}

static int host_sleep(u8 state)
{
	int err;

	depth++;
	err = iosm_msg_sleep(&msg, IOSM_MSG_SLEEP_HOST, state);
	depth--;

	return err;
}

static void send(u8 how)
{
	u8 pipe = (how >> 2) % IOSM_PIPES;
	u64 bad = msg.stats.bad_status, timeouts = msg.stats.timeouts;
	unsigned int nr = ++sends, i;
	struct iosm_msg_req req;
	u32 head = msg.head;
	int err;

	depth++;
	switch (how & 3) {
	case 0:
		err = iosm_msg_open_pipe(&msg, pipe, shm.dma, 4 + pipe, how);
		/* Success must be true: the device has opened the pipe. */
		if (!err && !fuzz_violated && nr == sends)
			CHECK(fuzz_device_has_open(pipe));
		break;
	case 1:
		err = iosm_msg_close_pipe(&msg, pipe);
		break;
	case 2:
		err = iosm_msg_sleep(&msg, IOSM_MSG_SLEEP_DEVICE, how >> 7);
		break;
	default:
		err = iosm_msg_submit_features(&msg, how, &req) ?:
		      iosm_msg_finish(&msg, &req);
	}
	depth--;

	switch (err) {
	case 0:
	case -EREMOTEIO:
		break;
	case -ENODEV:
	case -EIO:
	case -EBUSY:
		break;
	case -ETIMEDOUT:
		CHECK(msg.stats.timeouts > timeouts);
		break;
	case -EPROTO:
		CHECK(msg.stats.bad_status > bad);
		break;
	default:
		CHECK(!"an unknown error");
	}
	CHECK(msg.head < IOSM_MSG_ENTRIES && msg.tail < IOSM_MSG_ENTRIES);
	if (err == -EBUSY)
		CHECK(head == msg.head || depth);

	/* Nothing may point to a stack frame that has ended. */
	for (i = 0; i < IOSM_MSG_ENTRIES && !depth; i++)
		CHECK(!msg.reqs[i]);
}

/* What other tasks do while one waits for a completion. */
static void others(void)
{
	u8 how = fuzz_script();

	switch (how >> 5) {
	case 1:
		fuzz_device_sleep(how & 1);
		break;
	case 2:
		send(how & 0x1f);
		break;
	case 3:
		iosm_msg_poll(&msg);
		break;
	case 4:
		iosm_pm_ring(&pm, IOSM_HPDA_UL);
		break;
	case 5:
		iosm_msg_stop(&msg);
		break;
	case 6:
		iosm_pm_stop(&pm);
		iosm_msg_stop(&msg);
		break;
	case 7:
		fuzz_corrupt(fuzz_script() | how << 8, fuzz_script());
		break;
	}
}

static void link(void)
{
	iosm_pm_stop(&pm);
	iosm_msg_stop(&msg);
	iosm_mmio_ring(&mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
	/* The core does not begin with one that has not ended the last. */
	if (fuzz_device_runs())
		return;
	iosm_shm_reset(&shm);
	iosm_msg_start(&msg);
	iosm_mmio_set_context(&mmio, shm.dma);
	iosm_mmio_ring(&mmio, IOSM_DB_IPC, IOSM_IPC_RUNNING);
	iosm_pm_start(&pm);
	suspended = false;
}

static void suspend(bool force)
{
	int err;

	if (suspended || pm.state == IOSM_PM_OFF)
		return;
	if (!force) {
		depth++;
		err = iosm_pm_quiesce(&pm, 500);
		depth--;
		CHECK(!err || err == -ENODEV || err == -ETIMEDOUT);
		if (err)
			return;
		if (host_sleep(IOSM_MSG_SLEEP_ENTER)) {
			iosm_pm_release(&pm);
			return;
		}
	}
	if (pm.state == IOSM_PM_OFF)
		return;
	iosm_pm_suspend(&pm);
	if (force)
		iosm_pm_force_sleep(&pm);
	suspended = true;
	CHECK(pm.state == IOSM_PM_SUSPENDED);
}

static void resume(void)
{
	if (!suspended)
		return;
	suspended = false;
	if (!pm.force_sleep)
		fuzz_device_power();
	iosm_pm_resume(&pm);
	if (!pm.force_sleep)
		host_sleep(IOSM_MSG_SLEEP_EXIT);
	iosm_pm_release(&pm);
}

static void step(u8 op)
{
	switch (op & 15) {
	case 0 ... 2:
		send(op >> 2);
		break;
	case 3:
		send(fuzz_u8());
		break;
	case 4:
		fuzz_device();
		break;
	case 5:
		fuzz_irq();
		break;
	case 6:
		fuzz_device_sleep(op >> 4 & 3);
		fuzz_irq();
		break;
	case 7:
		depth++;
		iosm_pm_wake(&pm, op);
		depth--;
		break;
	case 8:
		iosm_pm_ring(&pm, op >> 4);
		break;
	case 9:
		suspend(op & 0x80);
		break;
	case 10:
		resume();
		break;
	case 11:
		fuzz_corrupt(fuzz_u16(), fuzz_u32());
		break;
	case 12:
		link();
		break;
	case 13:
		iosm_msg_poll(&msg);
		break;
	case 14:
		iosm_pm_irq(&pm);
		break;
	case 15:
		depth++;
		fuzz_wait(op);
		depth--;
		break;
	}
}

static void host(void)
{
	if (iosm_shm_alloc(&shm, &pdev.dev))
		return;
	iosm_pm_init(&pm, &pdev.dev, &mmio, &shm, &ops, &pdev);
	iosm_msg_init(&msg, &pdev.dev, &shm, &pm);
	if (!request_threaded_irq(7, handler, thread, 0, "iosm", NULL)) {
		pci_write_config_word(&pdev, PCI_COMMAND, PCI_COMMAND_MASTER);
		link();
		fuzz_others = others;
		while (fuzz_left())
			step(fuzz_u8());
		fuzz_others = NULL;
		iosm_pm_stop(&pm);
		iosm_msg_stop(&msg);
		iosm_mmio_ring(&mmio, IOSM_DB_IPC, IOSM_IPC_UNINIT);
		free_irq(7, NULL);
	}
	iosm_shm_free(&shm, &pdev.dev);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!fuzz_begin(data, size))
		return 0;

	suspended = false;
	rings = 0;
	depth = 0;
	sends = 0;
	if (!iosm_mmio_map(&mmio, &pdev)) {
		iosm_mmio_check_chip(&mmio);
		iosm_mmio_capabilities(&mmio);
		iosm_mmio_stage(&mmio);
		iosm_mmio_ipc_state(&mmio);
		host();
	}
	fuzz_end();

	return 0;
}
