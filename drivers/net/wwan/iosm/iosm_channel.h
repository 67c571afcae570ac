/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A channel: an uplink and a downlink pipe with one owner.
 */
#ifndef IOSM_CHANNEL_H
#define IOSM_CHANNEL_H

#include <linux/types.h>

#include "iosm_hw.h"
#include "iosm_pipe.h"

struct iosm_core;

/**
 * struct iosm_channel_config - sizes of a channel
 * @id: number of the channel; its pipes are 2 * id and 2 * id + 1, but for
 *	the flash channel
 * @ul_entries: TDs of the UL ring
 * @dl_entries: TDs of the DL ring
 * @buf_size: bytes of a DL buffer, and the longest UL message
 * @backoff_us: longest time that the device may collect data before it
 *	raises the interrupt
 */
struct iosm_channel_config {
	enum iosm_channel_id id;
	u16 ul_entries;
	u16 dl_entries;
	u32 buf_size;
	u32 backoff_us;
};

/**
 * struct iosm_channel_ops - callbacks to the owner of a channel
 * @irq: a tail moved; hard interrupt context. NULL: @poll is called instead. Schedules
 *	NAPI, which must look at both pipes before it completes, as no second interrupt
 *	may come. Returns false when NAPI was scheduled already.
 * @poll: a tail moved; IRQ thread, may sleep for a short time.
 * @down: the device has failed: end all waits. Any context, may be called more than
 *	once. NULL: nothing to do.
 */
struct iosm_channel_ops {
	bool (*irq)(void *priv);
	void (*poll)(void *priv);
	void (*down)(void *priv);
};

/**
 * struct iosm_channel - an open or closed channel
 * @core: the device
 * @config: its sizes
 * @ops: see struct iosm_channel_ops
 * @priv: for @ops
 * @ul: uplink pipe
 * @dl: downlink pipe
 */
struct iosm_channel {
	struct iosm_core *core;
	struct iosm_channel_config config;
	const struct iosm_channel_ops *ops;
	void *priv;
	struct iosm_pipe ul;
	struct iosm_pipe dl;
};

const struct iosm_channel_config *iosm_channel_ip(bool aggregation);
const struct iosm_channel_config *
iosm_channel_default(enum iosm_channel_id id);
int iosm_channel_open(struct iosm_channel *ch, struct iosm_core *core,
		      const struct iosm_channel_config *config,
		      const struct iosm_channel_ops *ops, void *priv);
void iosm_channel_start(struct iosm_channel *ch);
void iosm_channel_drain(struct iosm_channel *ch);
void iosm_channel_close(struct iosm_channel *ch);
void iosm_channel_free(struct iosm_channel *ch);
void iosm_channel_ring(struct iosm_channel *ch, enum iosm_hpda_reason reason);
void iosm_channel_fail(struct iosm_channel *ch);
void iosm_channel_down_all(struct iosm_core *core);

#endif
