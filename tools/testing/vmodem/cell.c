// SPDX-License-Identifier: GPL-2.0-only
/* SIM, radio, registration and signal, see cell.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"

#define WATCHERS	4
#define PIN_MAX		8

struct cell {
	struct vm *vm;
	enum cell_sim sim;
	enum cell_reg reg;	/* if radio and SIM permit */
	bool radio;
	bool fcc_locked;
	bool pin_enabled;
	unsigned int rssi;
	unsigned int pin_tries;
	unsigned int puk_tries;
	char pin[PIN_MAX + 1];
	unsigned int watchers;
	struct {
		void (*fn)(void *priv, unsigned int changed);
		void *priv;
	} watch[WATCHERS];
};

struct choice {
	const char *name;
	int value;
};

static const struct choice sim_states[] = {
	{ "ready", CELL_SIM_READY },
	{ "absent", CELL_SIM_ABSENT },
	{ "pin", CELL_SIM_PIN },
	{ "puk", CELL_SIM_PUK },
	{ "blocked", CELL_SIM_BLOCKED },
	{ NULL, 0 },
};

static const struct choice reg_states[] = {
	{ "home", CELL_REG_HOME },
	{ "roaming", CELL_REG_ROAMING },
	{ "searching", CELL_REG_SEARCHING },
	{ "denied", CELL_REG_DENIED },
	{ NULL, 0 },
};

static const struct choice radio_states[] = {
	{ "off", 0 },
	{ "on", 1 },
	{ NULL, 0 },
};

static const struct choice fcc_states[] = {
	{ "unlock", 0 },
	{ "lock", 1 },
	{ NULL, 0 },
};

/* The externally visible state, to detect the effect of a change. */
struct seen {
	enum cell_sim sim;
	enum cell_reg reg;
	bool radio;
	unsigned int rssi;
};

static struct seen look(const struct cell *cell)
{
	struct seen s = {
		.sim = cell->sim,
		.reg = cell_reg(cell),
		.radio = cell->radio,
		.rssi = cell_rssi(cell),
	};

	return s;
}

static void notify(struct cell *cell, const struct seen *was)
{
	struct seen now = look(cell);
	unsigned int changed = 0;
	unsigned int i;

	if (now.sim != was->sim)
		changed |= CELL_CHANGED_SIM;
	if (now.sim != was->sim &&
	    (now.sim == CELL_SIM_ABSENT || was->sim == CELL_SIM_ABSENT))
		changed |= CELL_CHANGED_CARD;
	if (now.radio != was->radio)
		changed |= CELL_CHANGED_RADIO;
	if (now.reg != was->reg)
		changed |= CELL_CHANGED_REG;
	if (now.rssi != was->rssi)
		changed |= CELL_CHANGED_SIGNAL;
	if (!changed)
		return;
	for (i = 0; i < cell->watchers; i++)
		cell->watch[i].fn(cell->watch[i].priv, changed);
}

int cell_watch(struct cell *cell, void (*fn)(void *priv, unsigned int changed),
	       void *priv)
{
	if (cell->watchers == WATCHERS)
		return -ENOSPC;
	cell->watch[cell->watchers].fn = fn;
	cell->watch[cell->watchers++].priv = priv;
	return 0;
}

enum cell_sim cell_sim(const struct cell *cell)
{
	return cell->sim;
}

bool cell_radio(const struct cell *cell)
{
	return cell->radio;
}

int cell_set_radio(struct cell *cell, bool on)
{
	struct seen was = look(cell);

	if (on && cell->fcc_locked)
		return -EPERM;
	cell->radio = on;
	notify(cell, &was);
	return 0;
}

enum cell_reg cell_reg(const struct cell *cell)
{
	if (!cell->radio || cell->sim != CELL_SIM_READY)
		return CELL_REG_OFF;
	return cell->reg;
}

bool cell_registered(const struct cell *cell)
{
	enum cell_reg reg = cell_reg(cell);

	return reg == CELL_REG_HOME || reg == CELL_REG_ROAMING;
}

const char *cell_plmn(const struct cell *cell)
{
	switch (cell_reg(cell)) {
	case CELL_REG_HOME:
		return CELL_HOME_PLMN;
	case CELL_REG_ROAMING:
		return CELL_ROAM_PLMN;
	default:
		return "";
	}
}

const char *cell_network(const struct cell *cell)
{
	switch (cell_reg(cell)) {
	case CELL_REG_HOME:
		return CELL_HOME_NAME;
	case CELL_REG_ROAMING:
		return CELL_ROAM_NAME;
	default:
		return "";
	}
}

unsigned int cell_rssi(const struct cell *cell)
{
	return cell->radio ? cell->rssi : CELL_NO_SIGNAL;
}

unsigned int cell_pin_tries(const struct cell *cell)
{
	return cell->pin_tries;
}

unsigned int cell_puk_tries(const struct cell *cell)
{
	return cell->puk_tries;
}

bool cell_pin_enabled(const struct cell *cell)
{
	return cell->pin_enabled;
}

static void set_pin(struct cell *cell, const char *pin)
{
	snprintf(cell->pin, sizeof(cell->pin), "%s", pin);
}

/* Check the PIN and count the try. */
static int check_pin(struct cell *cell, const char *pin)
{
	if (!strcmp(pin, cell->pin)) {
		cell->pin_tries = CELL_PIN_TRIES;
		return 0;
	}
	if (!--cell->pin_tries)
		cell->sim = CELL_SIM_PUK;
	return -EACCES;
}

static bool pin_ok(const char *pin)
{
	size_t n = strlen(pin);
	size_t i;

	if (n < 4 || n > PIN_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (!isdigit((unsigned char)pin[i]))
			return false;
	return true;
}

int cell_enter_pin(struct cell *cell, const char *pin)
{
	struct seen was = look(cell);
	int ret;

	if (cell->sim != CELL_SIM_PIN)
		return -EINVAL;
	ret = check_pin(cell, pin);
	if (!ret)
		cell->sim = CELL_SIM_READY;
	notify(cell, &was);
	return ret;
}

int cell_enter_puk(struct cell *cell, const char *puk, const char *new_pin)
{
	struct seen was = look(cell);

	if (cell->sim != CELL_SIM_PUK || !pin_ok(new_pin))
		return -EINVAL;
	if (strcmp(puk, CELL_PUK)) {
		if (!--cell->puk_tries) {
			cell->sim = CELL_SIM_BLOCKED;
			notify(cell, &was);
		}
		return -EACCES;
	}
	set_pin(cell, new_pin);
	cell->pin_tries = CELL_PIN_TRIES;
	cell->puk_tries = CELL_PUK_TRIES;
	cell->sim = CELL_SIM_READY;
	notify(cell, &was);
	return 0;
}

int cell_enable_pin(struct cell *cell, const char *pin, bool enable)
{
	struct seen was = look(cell);
	int ret;

	if (cell->sim != CELL_SIM_READY)
		return -EINVAL;
	ret = check_pin(cell, pin);
	if (!ret)
		cell->pin_enabled = enable;
	notify(cell, &was);
	return ret;
}

int cell_change_pin(struct cell *cell, const char *pin, const char *new_pin)
{
	struct seen was = look(cell);
	int ret;

	if (cell->sim != CELL_SIM_READY || !cell->pin_enabled ||
	    !pin_ok(new_pin))
		return -EINVAL;
	ret = check_pin(cell, pin);
	if (!ret)
		set_pin(cell, new_pin);
	notify(cell, &was);
	return ret;
}

/* ---- control commands -------------------------------------------------- */

static bool choose(const struct choice *choices, int argc, char **argv,
		   struct vm_reply *r, int *value)
{
	const struct choice *w;

	if (argc != 2) {
		ctl_error(r, "%s needs one argument", argv[0]);
		return false;
	}
	for (w = choices; w->name; w++) {
		if (!strcmp(argv[1], w->name)) {
			*value = w->value;
			return true;
		}
	}
	ctl_error(r, "%s: invalid argument %s", argv[0], argv[1]);
	return false;
}

static void ctl_sim(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct cell *cell = priv;
	struct seen was = look(cell);
	int value;

	if (!choose(sim_states, argc, argv, r, &value))
		return;
	cell->sim = value;
	cell->pin_tries = value == CELL_SIM_PUK || value == CELL_SIM_BLOCKED ?
			  0 : CELL_PIN_TRIES;
	cell->puk_tries = value == CELL_SIM_BLOCKED ? 0 : CELL_PUK_TRIES;
	if (value == CELL_SIM_PIN)
		cell->pin_enabled = true;
	set_pin(cell, CELL_PIN);
	notify(cell, &was);
}

static void ctl_radio(void *priv, int argc, char **argv, struct vm_reply *r)
{
	int value;

	if (choose(radio_states, argc, argv, r, &value) &&
	    cell_set_radio(priv, value))
		ctl_error(r, "the FCC lock keeps the radio off");
}

/* After power-up, the radio of a locked card is off. */
static void ctl_fcc(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct cell *cell = priv;
	int value;

	if (!choose(fcc_states, argc, argv, r, &value))
		return;
	cell->fcc_locked = value;
	if (cell->fcc_locked)
		cell_set_radio(cell, false);
}

static void ctl_registration(void *priv, int argc, char **argv,
			     struct vm_reply *r)
{
	struct cell *cell = priv;
	struct seen was = look(cell);
	int value;

	if (!choose(reg_states, argc, argv, r, &value))
		return;
	cell->reg = value;
	notify(cell, &was);
}

static void ctl_signal(void *priv, int argc, char **argv, struct vm_reply *r)
{
	struct cell *cell = priv;
	struct seen was = look(cell);
	uint64_t value;

	if (argc != 2 || ctl_number(argv[1], CELL_NO_SIGNAL, &value) ||
	    (value > 31 && value != CELL_NO_SIGNAL)) {
		ctl_error(r, "signal needs 0 to 31, or 99");
		return;
	}
	cell->rssi = value;
	notify(cell, &was);
}

static const char *state_name(const struct choice *choices, int value)
{
	while (choices->name && choices->value != value)
		choices++;
	return choices->name ? choices->name : "off";
}

/* Shows the effective registration, which depends on radio and SIM. */
static void ctl_cell(void *priv, int argc, char **argv, struct vm_reply *r)
{
	const struct cell *cell = priv;

	(void)argv;
	if (argc != 1) {
		ctl_error(r, "cell takes no arguments");
		return;
	}
	ctl_line(r, "sim %s", state_name(sim_states, cell->sim));
	ctl_line(r, "pin-tries %u", cell->pin_tries);
	ctl_line(r, "puk-tries %u", cell->puk_tries);
	ctl_line(r, "radio %s", state_name(radio_states, cell->radio));
	ctl_line(r, "registration %s", state_name(reg_states, cell_reg(cell)));
	ctl_line(r, "signal %u", cell_rssi(cell));
}

struct cell *cell_get(struct vm *vm)
{
	/* There is one modem per process. */
	static struct cell *the_cell;
	struct cell *cell;

	if (the_cell)
		return the_cell;
	cell = calloc(1, sizeof(*cell));
	if (!cell)
		return NULL;
	cell->vm = vm;
	cell->sim = CELL_SIM_READY;
	cell->reg = CELL_REG_HOME;
	cell->radio = true;
	cell->rssi = 20;
	cell->pin_tries = CELL_PIN_TRIES;
	cell->puk_tries = CELL_PUK_TRIES;
	set_pin(cell, CELL_PIN);
	if (ctl_command(vm, "sim", ctl_sim, cell,
			"sim ready|absent|pin|puk|blocked - state of the SIM") ||
	    ctl_command(vm, "radio", ctl_radio, cell,
			"radio on|off - software radio switch") ||
	    ctl_command(vm, "fcc", ctl_fcc, cell,
			"fcc lock|unlock - FCC lock, which keeps the radio off") ||
	    ctl_command(vm, "registration", ctl_registration, cell,
			"registration home|roaming|searching|denied - network registration") ||
	    ctl_command(vm, "signal", ctl_signal, cell,
			"signal RSSI - 0 to 31 as in AT+CSQ, 99 for none") ||
	    ctl_command(vm, "cell", ctl_cell, cell,
			"cell - show SIM, radio, registration and signal")) {
		free(cell);
		return NULL;
	}
	the_cell = cell;
	return cell;
}
