/* SPDX-License-Identifier: GPL-2.0-only */
/* Network devices: one for each session. */
#ifndef IOSM_NET_H
#define IOSM_NET_H

struct iosm_user;

extern const struct iosm_user iosm_net_user;

#endif
