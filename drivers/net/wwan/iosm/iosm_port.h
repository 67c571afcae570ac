/* SPDX-License-Identifier: GPL-2.0-only */
/* Control ports: MBIM, AT and XMM RPC as character devices of the WWAN core. */
#ifndef IOSM_PORT_H
#define IOSM_PORT_H

#include <linux/wwan.h>

struct delayed_work;
struct iosm_client;
struct iosm_core;
struct sk_buff;

extern const struct iosm_client iosm_port_client;

#if IS_ENABLED(CONFIG_KUNIT)
struct wwan_port *iosm_port_register(struct iosm_core *core,
				     enum wwan_port_type type,
				     const struct wwan_port_ops *ops, void *port);
void iosm_port_deliver(struct iosm_core *core, struct wwan_port *wwan,
		       struct sk_buff *skb);
void iosm_port_arm(struct iosm_core *core, struct delayed_work *work,
		   unsigned int ms);
#endif

#endif
