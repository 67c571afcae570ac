/* SPDX-License-Identifier: GPL-2.0-only */
/* Control ports: MBIM, AT and XMM RPC as character devices of the WWAN core. */
#ifndef IOSM_PORT_H
#define IOSM_PORT_H

#include <linux/wwan.h>

struct iosm_core;
struct iosm_user;

extern const struct iosm_user iosm_port_user;

#if IS_ENABLED(CONFIG_KUNIT)
struct wwan_port *iosm_port_register(struct iosm_core *core,
				     enum wwan_port_type type,
				     const struct wwan_port_ops *ops, void *port);
#endif

#endif
