/* SPDX-License-Identifier: GPL-2.0-only */
/* Control ports: MBIM, AT and XMM RPC as character devices of the WWAN core. */
#ifndef IOSM_PORT_H
#define IOSM_PORT_H

struct iosm_user;

extern const struct iosm_user iosm_port_user;

#endif
