// SPDX-License-Identifier: GPL-2.0-only
/*
 * The AT command function, on channels 2 and 4. Each channel has its own state.
 *
 * Input may be split at any byte. A command line begins with AT and ends with
 * CR, LF or both. Several commands may follow each other on a line; extended
 * ones (+XXX) are separated by semicolons. Output is kept in a bounded buffer
 * until the host posts DL buffers; each is filled as far as possible.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "vmodem.h"

#define AT_LINE		256	/* longest command line */
#define AT_OUT		16384	/* limit of output waiting for DL buffers */
#define AT_ARGS		32

/* The three registration commands; all report the same state. */
enum { AT_CREG, AT_CGREG, AT_CEREG, AT_REG };

static const char * const reg_names[AT_REG] = { "+CREG", "+CGREG", "+CEREG" };

struct at {
	struct vm *vm;
	struct cell *cell;
	struct vm_chan *ch;
	unsigned int nr;
	bool echo;
	bool too_long;
	bool in_line;			/* a command line is executed */
	bool plmn_digits;		/* AT+COPS reports the number, not the name */
	unsigned int reports[AT_REG];	/* mode of AT+CREG= etc.: 0 to 2 */
	enum cell_reg reported;
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

/* One line of a response, in the format of V1. */
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
	if (!cell_registered(at->cell))
		reply(at, "+COPS: 0");
	else if (at->plmn_digits)
		reply(at, "+COPS: 0,2,\"%s\",7", cell_plmn(at->cell));
	else
		reply(at, "+COPS: 0,0,\"%s\",7", cell_network(at->cell));
	return true;
}

/* Automatic selection, or the format of the response. */
static bool at_cops_set(struct at *at, const char *args)
{
	if (!strcmp(args, "3,0") || !strcmp(args, "3,2"))
		at->plmn_digits = args[2] == '2';
	else if (strcmp(args, "0"))
		return false;
	return true;
}

/* Status; with @place also area, cell and access technology (LTE). */
static void put_reg(struct at *at, unsigned int which, const char *mode,
		    bool place)
{
	static const uint8_t stat[] = {
		[CELL_REG_HOME] = 1,
		[CELL_REG_ROAMING] = 5,
		[CELL_REG_SEARCHING] = 2,
		[CELL_REG_DENIED] = 3,
		[CELL_REG_OFF] = 0,
	};

	reply(at, "%s: %s%u%s", reg_names[which], mode,
	      stat[cell_reg(at->cell)],
	      place && cell_registered(at->cell) ?
	      ",\"0001\",\"00000101\",7" : "");
}

static bool read_reg(struct at *at, unsigned int which)
{
	char mode[4];

	snprintf(mode, sizeof(mode), "%u,", at->reports[which]);
	put_reg(at, which, mode, at->reports[which] == 2);
	return true;
}

static bool set_reg(struct at *at, unsigned int which, const char *args)
{
	if (args[0] < '0' || args[0] > '2' || args[1])
		return false;
	at->reports[which] = args[0] - '0';
	return true;
}

static bool at_creg(struct at *at)
{
	return read_reg(at, AT_CREG);
}

static bool at_creg_set(struct at *at, const char *args)
{
	return set_reg(at, AT_CREG, args);
}

static bool at_cgreg(struct at *at)
{
	return read_reg(at, AT_CGREG);
}

static bool at_cgreg_set(struct at *at, const char *args)
{
	return set_reg(at, AT_CGREG, args);
}

static bool at_cereg(struct at *at)
{
	return read_reg(at, AT_CEREG);
}

static bool at_cereg_set(struct at *at, const char *args)
{
	return set_reg(at, AT_CEREG, args);
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

/* Full function, or radio off. */
static bool at_cfun(struct at *at)
{
	reply(at, "+CFUN: %u", cell_radio(at->cell) ? 1 : 4);
	return true;
}

static bool at_cfun_set(struct at *at, const char *args)
{
	if (strcmp(args, "1") && strcmp(args, "4"))
		return false;
	return !cell_set_radio(at->cell, args[0] == '1');
}

/* Numeric error codes are not supported. */
static bool at_cmee_set(struct at *at, const char *args)
{
	(void)at;
	return !strcmp(args, "0");
}

static const struct {
	const char *name;
	bool (*run)(struct at *at);
	bool (*read)(struct at *at);
	bool (*set)(struct at *at, const char *args);
} commands[] = {
	{ "+CGMI", at_cgmi, NULL, NULL },
	{ "+CGMM", at_cgmm, NULL, NULL },
	{ "+CGMR", at_cgmr, NULL, NULL },
	{ "+CGSN", at_cgsn, NULL, NULL },
	{ "+CIMI", at_cimi, NULL, NULL },
	{ "+CSQ", at_csq, NULL, NULL },
	{ "+COPS", NULL, at_cops, at_cops_set },
	{ "+CREG", NULL, at_creg, at_creg_set },
	{ "+CGREG", NULL, at_cgreg, at_cgreg_set },
	{ "+CEREG", NULL, at_cereg, at_cereg_set },
	{ "+CPIN", NULL, at_cpin, NULL },
	{ "+CFUN", NULL, at_cfun, at_cfun_set },
	{ "+CMEE", NULL, NULL, at_cmee_set },
	{ NULL, NULL, NULL, NULL },
};

/* One extended command without its semicolon: +XXX, +XXX? or +XXX=args */
static bool extended(struct at *at, const char *p, size_t len)
{
	size_t name = strcspn(p, "=?;");
	char args[AT_ARGS];
	unsigned int i;

	while (len && p[len - 1] == ' ')
		len--;
	if (name > len)
		name = len;
	for (i = 0; commands[i].name; i++)
		if (strlen(commands[i].name) == name &&
		    !strncasecmp(commands[i].name, p, name))
			break;
	if (!commands[i].name)
		return false;
	if (name == len)
		return commands[i].run && commands[i].run(at);
	if (p[name] == '?')
		return name + 1 == len && commands[i].read &&
		       commands[i].read(at);
	len -= name + 1;
	if (len >= sizeof(args) || !commands[i].set)
		return false;
	memcpy(args, p + name + 1, len);
	args[len] = '\0';
	return commands[i].set(at, args);
}

static void defaults(struct at *at)
{
	at->echo = true;
	at->plmn_digits = false;
	memset(at->reports, 0, sizeof(at->reports));
}

/* Execute the commands behind AT; stop at the first failure. */
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
		case 'V':
			/* Only verbose responses are supported. */
			if (p[1] != '1')
				return false;
			p += 2;
			break;
		case 'Z':
			defaults(at);
			p++;
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

/* Report a change of the registration, if reports are enabled. */
static void report(struct at *at)
{
	unsigned int i;

	if (cell_reg(at->cell) == at->reported)
		return;
	at->reported = cell_reg(at->cell);
	for (i = 0; i < AT_REG && at->ch; i++)
		if (at->reports[i])
			put_reg(at, i, "", at->reports[i] == 2);
}

static void cell_changed(void *priv, unsigned int changed)
{
	struct at *at = priv;

	/* Not within a response: line_done() reports the change later. */
	if (at->in_line || !(changed & CELL_CHANGED_REG))
		return;
	report(at);
	pump(at);
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
	/* No command contains a NUL. */
	at->in_line = true;
	if (!at->too_long && strlen(at->line) == at->len &&
	    !strncasecmp(p, "AT", 2))
		ok = body(at, p + 2);
	at->in_line = false;
	if (!ok)
		at->errors++;
	reply(at, ok ? "OK" : "ERROR");
	at->len = 0;
	at->too_long = false;
	report(at);
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
	defaults(at);
	at->reported = cell_reg(at->cell);
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
		ret = cell_watch(cell, cell_changed, at);
		if (!ret)
			ret = ctl_stats(vm, at_stats, at);
		if (!ret)
			ret = vm_chan_attach(vm, at_channels[i], &at_ops, at);
	}
	return ret;
}
