/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The radio side of the modem: SIM, radio switch, registration and signal.
 * MBIM, AT and RPC share this state, so their answers are consistent. The
 * control commands "sim", "fcc", "radio", "registration" and "signal" change
 * it.
 */
#ifndef VMODEM_CELL_H
#define VMODEM_CELL_H

#include "vmodem.h"

#define CELL_VENDOR	"vmodem"
#define CELL_FIRMWARE	"vmodem 1.0"
#define CELL_IMEI	"004999010640000"
#define CELL_IMSI	"001010123456789"
#define CELL_ICCID	"89001010123456789012"
#define CELL_NUMBER	"+10005550100"
#define CELL_HOME_PLMN	"00101"		/* the test network */
#define CELL_HOME_NAME	"vmodem net"
#define CELL_ROAM_PLMN	"00102"
#define CELL_ROAM_NAME	"vmodem abroad"
#define CELL_PIN	"1234"
#define CELL_PUK	"12345678"
#define CELL_PIN_TRIES	3
#define CELL_PUK_TRIES	10
#define CELL_NO_SIGNAL	99		/* RSSI in the units of AT+CSQ */

enum cell_sim {
	CELL_SIM_READY,
	CELL_SIM_ABSENT,
	CELL_SIM_PIN,		/* PIN required */
	CELL_SIM_PUK,		/* too many wrong PINs */
	CELL_SIM_BLOCKED,	/* too many wrong PUKs */
};

enum cell_reg {
	CELL_REG_HOME,
	CELL_REG_ROAMING,
	CELL_REG_SEARCHING,
	CELL_REG_DENIED,
	CELL_REG_OFF,		/* radio off, or no usable SIM */
};

/* Bits of the change mask. */
#define CELL_CHANGED_SIM	0x1
#define CELL_CHANGED_RADIO	0x2
#define CELL_CHANGED_REG	0x4
#define CELL_CHANGED_SIGNAL	0x8
#define CELL_CHANGED_CARD	0x10	/* SIM inserted or removed */

struct cell;

/*
 * Return the cell of this modem. The first call creates it and adds its control
 * commands. NULL: out of memory.
 */
struct cell *cell_get(struct vm *vm);

/* @fn is called after every change, with a mask of CELL_CHANGED_*. */
int cell_watch(struct cell *cell, void (*fn)(void *priv, unsigned int changed),
	       void *priv);

enum cell_sim cell_sim(const struct cell *cell);
bool cell_radio(const struct cell *cell);
/* 0, or -EPERM: the FCC lock keeps the radio off. */
int cell_set_radio(struct cell *cell, bool on);
/*
 * The effective registration: CELL_REG_OFF if radio or SIM do not permit more.
 */
enum cell_reg cell_reg(const struct cell *cell);
/* Home or roaming. */
bool cell_registered(const struct cell *cell);
/* PLMN and name of the network it is registered with, "" for none. */
const char *cell_plmn(const struct cell *cell);
const char *cell_network(const struct cell *cell);
/* 0..31, or CELL_NO_SIGNAL (always when the radio is off). */
unsigned int cell_rssi(const struct cell *cell);

unsigned int cell_pin_tries(const struct cell *cell);
unsigned int cell_puk_tries(const struct cell *cell);
/* Is the PIN required after power-up? */
bool cell_pin_enabled(const struct cell *cell);

/*
 * Return 0, -EACCES for a wrong code (the number of retries decreases, the SIM
 * state may change), or -EINVAL if the SIM state does not permit the operation.
 */
int cell_enter_pin(struct cell *cell, const char *pin);
int cell_enter_puk(struct cell *cell, const char *puk, const char *new_pin);
int cell_enable_pin(struct cell *cell, const char *pin, bool enable);
int cell_change_pin(struct cell *cell, const char *pin, const char *new_pin);

#endif
