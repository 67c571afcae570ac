// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole control side, from registers to character devices: boot,
 * messages, channels, ports, sleep, crash, removal. Everything of the driver
 * but PCI, network devices and what carries packets; in place of those there
 * is a simple user of channel 0.
 */
#include "fuzz.h"

#include "iosm_channel.h"
#include "iosm_core.h"
#include "iosm_port.h"
#include "iosm_suspend.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct pci_dev pdev;
static struct iosm_core core;
static const u8 channels[] = {
	IOSM_CHANNEL_MBIM, IOSM_CHANNEL_AT0, IOSM_CHANNEL_IP, IOSM_CHANNEL_RPC,
};

static bool suspended, d3;

/* ---- a user of channel 0 ---- */

static struct iosm_channel ip;
static bool ip_open, ip_stopped;
static u64 ip_posted, ip_back;

static void ip_post(struct iosm_pipe *pipe, enum dma_data_direction dir)
{
	struct iosm_buf buf = { .len = dir == DMA_TO_DEVICE ? 100 : 256 };

	if (!iosm_pipe_space(pipe))
		return;
	buf.cookie = kmalloc(buf.len, GFP_ATOMIC);
	if (!buf.cookie)
		return;
	buf.dma = dma_map_single(&pdev.dev, buf.cookie, buf.len, dir);
	if (dma_mapping_error(&pdev.dev, buf.dma)) {
		kfree(buf.cookie);
		return;
	}
	iosm_pipe_push(pipe, &buf);
	ip_posted++;
}

static void ip_free(const struct iosm_buf *buf, enum dma_data_direction dir)
{
	dma_unmap_single(&pdev.dev, buf->dma, buf->len, dir);
	kfree(buf->cookie);
	ip_back++;
}

/* Hard interrupt; a real user would leave this to NAPI. */
static bool ip_irq(void *priv)
{
	struct iosm_done done;

	CHECK(priv == &ip);
	if (iosm_pipe_poll(&ip.ul) < 0 || iosm_pipe_poll(&ip.dl) < 0)
		iosm_channel_fail(&ip);
	while (iosm_pipe_take(&ip.ul, &done))
		ip_free(&done.buf, DMA_TO_DEVICE);
	while (iosm_pipe_take(&ip.dl, &done)) {
		ip_free(&done.buf, DMA_FROM_DEVICE);
		ip_post(&ip.dl, DMA_FROM_DEVICE);
	}
	if (iosm_pipe_publish(&ip.dl))
		iosm_channel_ring(&ip, IOSM_HPDA_DL_REFILL);
	return true;
}

static void ip_down(void *priv)
{
	CHECK(priv == &ip && iosm_core_has_failed(&core));
}

static const struct iosm_channel_ops ip_ops = { .irq = ip_irq, .down = ip_down };

static int ip_start(struct iosm_core *c, void **priv)
{
	bool lite = pdev.device == IOSM_PCI_ID_7360;
	struct iosm_channel second;
	int err, i;

	CHECK(c == &core && !ip_open);
	*priv = &ip;
	err = iosm_channel_open(&ip, &core, iosm_channel_ip(!lite), &ip_ops,
				&ip);
	if (err)
		return err;
	for (i = 0; i < 3; i++)
		ip_post(&ip.dl, DMA_FROM_DEVICE);
	iosm_channel_start(&ip);
	ip_open = true;
	/* There is only one. */
	CHECK(iosm_channel_open(&second, &core, iosm_channel_ip(false), &ip_ops,
				&ip));

	return 0;
}

static void ip_stop(struct iosm_core *c, void *priv)
{
	struct iosm_buf buf;

	CHECK(c == &core && priv == &ip && ip_open);
	ip_open = false;
	ip_stopped = false;
	iosm_channel_close(&ip);
	while (iosm_pipe_reclaim(&ip.ul, &buf))
		ip_free(&buf, DMA_TO_DEVICE);
	while (iosm_pipe_reclaim(&ip.dl, &buf))
		ip_free(&buf, DMA_FROM_DEVICE);
	CHECK(ip_posted == ip_back);
	iosm_channel_free(&ip);
}

static void ip_suspend(void *priv)
{
	CHECK(priv == &ip && ip_open && !ip_stopped);
	ip_stopped = true;
}

static void ip_resume(void *priv)
{
	CHECK(priv == &ip && ip_open && ip_stopped);
	ip_stopped = false;
}

static const struct iosm_client ip_client = {
	.name = "packets",
	.start = ip_start,
	.stop = ip_stop,
	.suspend = ip_suspend,
	.resume = ip_resume,
};

static void ip_send(void)
{
	if (!ip_open || ip_stopped)
		return;
	ip_post(&ip.ul, DMA_TO_DEVICE);
	if (iosm_pipe_publish(&ip.ul))
		iosm_channel_ring(&ip, IOSM_HPDA_UL);
}

/* ---- what happens ---- */

static const struct iosm_client *const clients[] = { &iosm_port_client, &ip_client };

/* While a task waits, others read and write, and time passes. */
static void others(void)
{
	u8 how = fuzz_script();

	switch (how >> 5) {
	case 1:
		fuzz_port_write(how, 64);
		break;
	case 2:
		fuzz_port_read(how);
		break;
	case 3:
		fuzz_device_sleep(how & 1);
		break;
	case 4:
		fuzz_device_stage(how & 1 ? IOSM_STAGE_CRASH :
					    IOSM_STAGE_CD_READY);
		break;
	case 5:
		irq_wake_thread(0, &core);
		break;
	case 6:
		/* Removal has begun, and waits for us to end. */
		core.holds |= IOSM_HOLD_PCI;
		break;
	case 7:
		fuzz_corrupt(fuzz_script() | how << 8, fuzz_script());
		break;
	}
}

static bool blocked(const struct work_struct *work)
{
	/* A port cannot be removed while it is being opened or closed. */
	return work == &core.work.work && (core.lock.held || fuzz_ports_busy());
}

static void downlink(u8 how)
{
	static const u8 message[8192] = "of no meaning";
	u32 len = 1 + fuzz_u8() * 32, n = how & 4 ? 16 : 1;
	u8 status = how & 8 ? fuzz_u8() : IOSM_TD_END;

	/* More than the readers take. */
	while (n--) {
		fuzz_device_send(channels[how & 3], message, len, status);
		fuzz_irq();
	}
}

static void suspend_resume(bool deep)
{
	if (suspended) {
		if (d3)
			fuzz_device_power();
		iosm_resume(&core, d3);
		suspended = false;
		return;
	}
	d3 = deep;
	suspended = !iosm_suspend(&core, d3);
}

static void wake_up_first(void)
{
	if (suspended)
		suspend_resume(d3);
}

/* What devlink asks for. */
static void ask(u8 how)
{
	struct iosm_violations violations;
	int err;

	iosm_core_get_violations(&core, &violations);
	if (!how)
		return;
	err = iosm_core_await(&core, how);
	CHECK(!err || err == -ENODEV || err == -EAGAIN);
	if (!err)
		CHECK(iosm_core_state(&core) == IOSM_STATE_ONLINE);
}

static void changed(void *priv)
{
	CHECK(priv == &core);
}

static void step(u8 op)
{
	static const u32 stages[] = {
		IOSM_STAGE_RUN, IOSM_STAGE_BOOT, IOSM_STAGE_CRASH,
		IOSM_STAGE_CD_READY, IOSM_STAGE_PSI, 0,
	};
	u8 how = op >> 4, n;

	/* User space is frozen while the system sleeps. */
	if (suspended && (op & 15) < 10)
		return;

	switch (op & 15) {
	case 0:
		fuzz_wait(1 + how * 10);
		break;
	case 1:
		fuzz_irq();
		ask(how);
		break;
	case 2:
		ip_send();
		fuzz_device();
		fuzz_irq();
		break;
	case 3:
		downlink(how);
		break;
	case 4:
		fuzz_port_open(how);
		break;
	case 5:
		fuzz_port_close(how);
		break;
	case 6:
		fuzz_port_write(how, fuzz_u8());
		break;
	case 7:
		/* More than there is room for; or one that is too long. */
		if (how & 8)
			fuzz_port_write(how, 1 + fuzz_u16());
		else
			for (n = 0; n < 24; n++)
				fuzz_port_write(how, 33);
		break;
	case 8:
		for (n = 0; n < 1 + (how & 12); n++)
			fuzz_port_read(how);
		break;
	case 9:
		iosm_core_pause(&core);
		iosm_core_start(&core);
		break;
	case 10:
		suspend_resume(how & 1);
		break;
	case 11:
		fuzz_device_stage(stages[how % ARRAY_SIZE(stages)]);
		fuzz_irq();
		break;
	case 12:
		if (how & 8)
			fuzz_device_mute(how & 1);
		else
			fuzz_device_sleep(how & 3);
		fuzz_irq();
		break;
	case 13:
		fuzz_corrupt(fuzz_u16(), fuzz_u32());
		break;
	case 14:
		if (how == 15)
			fuzz_device_gone();
		else if (how)
			fuzz_fail_in(how);
		else
			irq_wake_thread(0, &core);
		break;
	case 15:
		for (n = 0; n < 4 * how; n++) {
			jiffies += 100;
			fuzz_work();
		}
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!fuzz_begin(data, size))
		return 0;

	memset(&core, 0, sizeof(core));
	memset(&ip, 0, sizeof(ip));
	suspended = false;
	ip_open = false;
	ip_stopped = false;
	ip_posted = 0;
	ip_back = 0;
	pdev.device = fuzz_u8() & 1 ? IOSM_PCI_ID_7360 : IOSM_PCI_ID_7560;

	if (!iosm_core_init(&core, &pdev, clients, ARRAY_SIZE(clients))) {
		iosm_state_set_notify(&core, changed, &core);
		fuzz_others = others;
		fuzz_blocked = blocked;
		iosm_core_start(&core);
		fuzz_work();
		while (fuzz_left())
			step(fuzz_u8());
		wake_up_first();
		fuzz_others = NULL;
		iosm_core_exit(&core);
	}
	fuzz_end();

	return 0;
}
