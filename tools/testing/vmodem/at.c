// SPDX-License-Identifier: GPL-2.0-only
/*
 * The AT command function, on channels 2 and 4; each has its own state.
 *
 * Bytes may come in any pieces. A command line ends with CR, LF or both, and
 * begins with AT; several commands on a line follow each other, extended ones
 * (+XXX) divided by semicolons. What comes out waits in a bounded buffer for
 * DL buffers of the host, and fills each as far as it goes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "vmodem.h"

#define AT_LINE		256	/* longest command line */
#define AT_OUT		16384	/* waits at most for DL buffers */

struct at {
	struct vm *vm;
	struct cell *cell;
	struct vm_chan *ch;
	unsigned int nr;
	bool echo;
	bool too_long;
	size_t len;
	char line[AT_LINE + 1];
	size_t out_len;
	char out[AT_OUT];
	uint64_t lines;
	uint64_t errors;
	uint64_t dropped;	/* bytes of answers */
};

static const uint8_t at_channels[] = { 2, 4 };

static void pump(struct at *at)
{
	while (at->out_len && at->ch) {
		size_t n = vm_chan_room(at->ch);

		if (n > at->out_len)
			n = at->out_len;
		if (!n || vm_chan_send(at->ch, at->out, n))
			return;
		at->out_len -= n;
		memmove(at->out, at->out + n, at->out_len);
	}
}

static void put(struct at *at, const char *data, size_t len)
{
	if (len > sizeof(at->out) - at->out_len) {
		at->dropped += len;
		return;
	}
	memcpy(at->out + at->out_len, data, len);
	at->out_len += len;
}

/* One line of an answer, in the form that V1 asks for. */
__attribute__((format(printf, 2, 3)))
static void reply(struct at *at, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(at, "\r\n", 2);
	put(at, text, strlen(text));
	put(at, "\r\n", 2);
}

/* ---- commands: true for OK --------------------------------------------- */

static const char *model(const struct at *at)
{
	return vm_config(at->vm)->device_id == 0x7360 ? "XMM7360" : "XMM7560";
}

static bool at_cgmi(struct at *at)
{
	reply(at, "%s", CELL_VENDOR);
	return true;
}

static bool at_cgmm(struct at *at)
{
	reply(at, "%s", model(at));
	return true;
}

static bool at_cgmr(struct at *at)
{
	reply(at, "%s", CELL_FIRMWARE);
	return true;
}

static bool at_cgsn(struct at *at)
{
	reply(at, "%s", CELL_IMEI);
	return true;
}

static bool at_cimi(struct at *at)
{
	if (cell_sim(at->cell) != CELL_SIM_READY)
		return false;
	reply(at, "%s", CELL_IMSI);
	return true;
}

static bool at_csq(struct at *at)
{
	reply(at, "+CSQ: %u,99", cell_rssi(at->cell));
	return true;
}

static bool at_cops(struct at *at)
{
	if (cell_registered(at->cell))
		reply(at, "+COPS: 0,0,\"%s\",7", cell_network(at->cell));
	else
		reply(at, "+COPS: 0");
	return true;
}

static bool at_creg(struct at *at)
{
	static const uint8_t stat[] = {
		[CELL_REG_HOME] = 1,
		[CELL_REG_ROAMING] = 5,
		[CELL_REG_SEARCHING] = 2,
		[CELL_REG_DENIED] = 3,
		[CELL_REG_OFF] = 0,
	};

	reply(at, "+CREG: 0,%u", stat[cell_reg(at->cell)]);
	return true;
}

static bool at_cpin(struct at *at)
{
	switch (cell_sim(at->cell)) {
	case CELL_SIM_READY:
		reply(at, "+CPIN: READY");
		return true;
	case CELL_SIM_PIN:
		reply(at, "+CPIN: SIM PIN");
		return true;
	case CELL_SIM_PUK:
		reply(at, "+CPIN: SIM PUK");
		return true;
	default:
		return false;
	}
}

static const struct {
	const char *name;
	bool (*fn)(struct at *at);
} commands[] = {
	{ "+CGMI", at_cgmi },
	{ "+CGMM", at_cgmm },
	{ "+CGMR", at_cgmr },
	{ "+CGSN", at_cgsn },
	{ "+CIMI", at_cimi },
	{ "+CSQ", at_csq },
	{ "+COPS?", at_cops },
	{ "+CREG?", at_creg },
	{ "+CPIN?", at_cpin },
	{ NULL, NULL },
};

/* One extended command without its semicolon. */
static bool extended(struct at *at, const char *p, size_t len)
{
	size_t i;

	while (len && p[len - 1] == ' ')
		len--;
	for (i = 0; commands[i].name; i++)
		if (strlen(commands[i].name) == len &&
		    !strncasecmp(commands[i].name, p, len))
			return commands[i].fn(at);
	return false;
}

/* What follows AT; stops at the first command that fails. */
static bool body(struct at *at, const char *p)
{
	while (*p) {
		size_t n;

		switch (toupper((unsigned char)*p)) {
		case ' ':
		case ';':
			p++;
			break;
		case 'E':
			at->echo = p[1] == '1';
			p += p[1] == '0' || p[1] == '1' ? 2 : 1;
			break;
		case 'I':
			if (isdigit((unsigned char)p[1]) && p[1] != '0')
				return false;
			p += p[1] == '0' ? 2 : 1;
			reply(at, "%s %s %s", CELL_VENDOR, model(at),
			      CELL_FIRMWARE);
			break;
		case '+':
			n = strcspn(p, ";");
			if (!extended(at, p, n))
				return false;
			p += n;
			break;
		default:
			return false;
		}
	}
	return true;
}

static void line_done(struct at *at)
{
	const char *p = at->line;
	bool ok = false;

	at->line[at->len] = '\0';
	while (*p == ' ')
		p++;
	if (!*p && !at->too_long) {
		at->len = 0;
		return;
	}
	at->lines++;
	/* A NUL in the line is no part of any command. */
	if (!at->too_long && strlen(at->line) == at->len &&
	    !strncasecmp(p, "AT", 2))
		ok = body(at, p + 2);
	if (!ok)
		at->errors++;
	reply(at, ok ? "OK" : "ERROR");
	at->len = 0;
	at->too_long = false;
}

static void at_rx(struct vm_chan *ch, const uint8_t *data, size_t len)
{
	struct at *at = vm_chan_priv(ch);
	size_t i;

	for (i = 0; i < len; i++) {
		char c = data[i];

		if (at->echo && c != '\n')
			put(at, &c, 1);
		if (c == '\r' || c == '\n')
			line_done(at);
		else if (at->len < AT_LINE)
			at->line[at->len++] = c;
		else
			at->too_long = true;
	}
	pump(at);
}

static void reset(struct at *at)
{
	at->echo = true;
	at->too_long = false;
	at->len = 0;
	at->out_len = 0;
}

static void at_open(struct vm_chan *ch)
{
	struct at *at = vm_chan_priv(ch);

	reset(at);
	at->ch = ch;
}

static void at_close(struct vm_chan *ch)
{
	struct at *at = vm_chan_priv(ch);

	at->ch = NULL;
	reset(at);
}

static void at_room(struct vm_chan *ch)
{
	pump(vm_chan_priv(ch));
}

static void at_stats(void *priv, struct vm_reply *r, bool reset)
{
	struct at *at = priv;

	if (reset) {
		at->lines = 0;
		at->errors = 0;
		at->dropped = 0;
		return;
	}
	ctl_line(r, "at.%u.lines %llu", at->nr, (unsigned long long)at->lines);
	ctl_line(r, "at.%u.errors %llu", at->nr,
		 (unsigned long long)at->errors);
	ctl_line(r, "at.%u.dropped %llu", at->nr,
		 (unsigned long long)at->dropped);
	ctl_line(r, "at.%u.queued %zu", at->nr, at->out_len);
}

static const struct vm_chan_ops at_ops = {
	.name = "at",
	.open = at_open,
	.close = at_close,
	.rx = at_rx,
	.room = at_room,
};

/**
 * at_create() - attach the AT function to its two channels
 * @vm: the modem
 *
 * Return: 0 or a negative errno.
 */
int at_create(struct vm *vm)
{
	struct cell *cell = cell_get(vm);
	unsigned int i;
	int ret = 0;

	if (!cell)
		return -ENOMEM;
	for (i = 0; i < sizeof(at_channels) && !ret; i++) {
		struct at *at = calloc(1, sizeof(*at));

		if (!at)
			return -ENOMEM;
		at->vm = vm;
		at->cell = cell;
		at->nr = i;
		reset(at);
		ret = ctl_stats(vm, at_stats, at);
		if (!ret)
			ret = vm_chan_attach(vm, at_channels[i], &at_ops, at);
	}
	return ret;
}
