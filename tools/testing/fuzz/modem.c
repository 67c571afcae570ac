// SPDX-License-Identifier: GPL-2.0-only
/* See modem.h: functions that mux_ul.c calls. */
#include <string.h>

#include "bytes.h"
#include "modem.h"
#include "mux_priv.h"

static struct mux mux;
static int64_t levels[VM_SESSIONS];

void vm_violation(struct vm *vm, const char *name, const char *fmt, ...)
{
	(void)vm;
	(void)fmt;
	modem_violation(name);
}

bool vm_quirk(struct vm *vm, int nr, const char *name, const char *fmt, ...)
{
	(void)vm;
	(void)nr;
	(void)fmt;
	modem_violation(name);
	return false;
}

void mux_datagram(struct mux *m, unsigned int session, const uint8_t *pkt,
		  size_t len)
{
	(void)m;
	modem_datagram(session, pkt, len);
}

void mux_command(struct mux *m, unsigned int session, uint32_t command,
		 uint32_t id, const uint8_t *params, size_t len)
{
	(void)m;
	modem_command(session, command, id, params, len);
}

void modem_sequence(uint16_t last)
{
	mux.ul_adb_known = true;
	mux.ul_acb_known = true;
	mux.ul_adb_seq = last;
	mux.ul_acb_seq = last;
}

/* mux_ul.c has checked the chain; it does not keep the levels. */
static void read_levels(const uint8_t *block)
{
	uint32_t at = get_le32(block + 12);

	for (; at; at = get_le32(block + at + 8))
		if (get_le32(block + at) == MUX_QLTH)
			levels[block[at + 6] % VM_SESSIONS] =
				get_le32(block + at + 16);
}

void modem_block(bool lite, const uint32_t *pads, const void *data, size_t len)
{
	const uint8_t *block = data;
	unsigned int i;

	mux.lite = lite;
	for (i = 0; i < VM_SESSIONS; i++) {
		mux.s[i].open = true;
		mux.s[i].ul_pad = pads[i];
		levels[i] = -1;
	}
	mux_ul_block(&mux, data, len);
	if (get_le32(block) == MUX_ADBH)
		read_levels(block);
	else if (get_le32(block) == MUX_QLTH)
		levels[block[6] % VM_SESSIONS] = get_le32(block + 16);
}

int64_t modem_level(unsigned int session)
{
	return levels[session];
}
