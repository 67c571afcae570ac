/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The uplink decoder of the virtual modem (tools/testing/vmodem/mux_ul.c), which shares
 * no code with the driver. Its headers conflict with kshim.h; this one conflicts with
 * neither.
 */
#ifndef FUZZ_MODEM_H
#define FUZZ_MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Set the last sequence number of both kinds of block. */
void modem_sequence(uint16_t last);
/* One TD; @pads: padding of each session. */
void modem_block(bool lite, const uint32_t *pads, const void *data, size_t len);
/* Queue level of a session in the last block, or -1. */
int64_t modem_level(unsigned int session);

/* What the target does with what it says. */
void modem_violation(const char *name);
void modem_datagram(unsigned int session, const uint8_t *packet, size_t len);
void modem_command(unsigned int session, uint32_t number, uint32_t transaction,
		   const uint8_t *params, size_t len);

#endif
