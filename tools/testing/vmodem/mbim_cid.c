// SPDX-License-Identifier: GPL-2.0-only
/*
 * The services of the MBIM function: the response to each command, packet data
 * contexts, and indications after a change. One table per service lists its
 * CIDs and their operations. A handler reads its parameters from @in, checks
 * @in->bad once, and writes the response to @out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "cell.h"
#include "mbim.h"

#define DATA_CLASS_LTE		0x20
#define CELLULAR_CLASS_GSM	1
#define ACCESS_STRING_MAX	100	/* UTF-16 units */
#define USER_NAME_MAX		255
#define PIN_SIZE_MAX		16
#define PROVIDERS_MAX		1000
#define UPLINK_BPS		50000000
#define DOWNLINK_BPS		150000000
#define NW_ERROR_PLMN_NOT_ALLOWED	11
#define NW_ERROR_NETWORK_FAILURE	17

enum { IP_DEFAULT, IP_V4, IP_V6, IP_V4V6, IP_V4_AND_V6 };
enum { ACTIVATED = 1, DEACTIVATED = 3 };
enum { PIN_TYPE_PIN1 = 2, PIN_TYPE_PUK1 = 11 };
enum { PIN_ENTER, PIN_ENABLE, PIN_DISABLE, PIN_CHANGE };

struct context {
	bool active;
	uint32_t ip_type;	/* IP_V4, IP_V6 or IP_V4V6 */
	uint32_t nw_error;	/* cause of the end */
};

struct mbim_svc {
	struct vm *vm;
	struct net *net;
	struct mbim *mbim;
	struct cell *cell;
	struct context context[VM_SESSIONS];
	bool detached;		/* the host detached the packet service */
	bool manual;		/* register mode */
	uint32_t signal_interval;
	uint32_t signal_threshold;
	uint32_t error_threshold;
	unsigned int signal_reported;
	unsigned int providers;	/* number of networks in a scan */

	/* CIDs of subscribed indications: a bit per table entry */
	uint32_t subscribed[MBIM_SERVICES];
	/* Changes to indicate after the response of the current command */
	bool busy;
	unsigned int changed;
	uint32_t context_changed;
};

const uint8_t mbim_uuid[MBIM_SERVICES][16] = {
	[MBIM_SVC_BASIC_CONNECT] = {
		0xa2, 0x89, 0xcc, 0x33, 0xbc, 0xbb, 0x8b, 0x4f,
		0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf },
	[MBIM_SVC_SMS] = {
		0x53, 0x3f, 0xbe, 0xeb, 0x14, 0xfe, 0x44, 0x67,
		0x9f, 0x90, 0x33, 0xa2, 0x23, 0xe5, 0x6c, 0x3f },
	[MBIM_SVC_EXTENSIONS] = {
		0x3d, 0x01, 0xdc, 0xc5, 0xfe, 0xf5, 0x4d, 0x05,
		0x0d, 0x3a, 0xbe, 0xf7, 0x05, 0x8e, 0x9a, 0xaf },
};

const uint8_t mbim_uuid_internet[16] = {
	0x7e, 0x5e, 0x2a, 0x7e, 0x4e, 0x6f, 0x72, 0x72,
	0x73, 0x6b, 0x65, 0x6e, 0x7e, 0x5e, 0x2a, 0x7e };

/* ---- state ------------------------------------------------------------- */

/* MBIM status if the SIM does not permit a command. */
static uint32_t sim_status(const struct mbim_svc *s)
{
	switch (cell_sim(s->cell)) {
	case CELL_SIM_READY:
		return MBIM_STATUS_SUCCESS;
	case CELL_SIM_ABSENT:
		return MBIM_STATUS_SIM_NOT_INSERTED;
	case CELL_SIM_PIN:
	case CELL_SIM_PUK:
		return MBIM_STATUS_PIN_REQUIRED;
	case CELL_SIM_BLOCKED:
		break;
	}
	return MBIM_STATUS_BAD_SIM;
}

/* MBIM status if the network does not permit a command. */
static uint32_t network_status(const struct mbim_svc *s)
{
	uint32_t status = sim_status(s);

	if (status)
		return status;
	if (!cell_radio(s->cell))
		return MBIM_STATUS_RADIO_POWER_OFF;
	if (!cell_registered(s->cell))
		return MBIM_STATUS_NOT_REGISTERED;
	return MBIM_STATUS_SUCCESS;
}

/* LTE: attached while registered, unless the host has detached. */
static bool attached(const struct mbim_svc *s)
{
	return cell_registered(s->cell) && !s->detached;
}

static void set_context(struct mbim_svc *s, unsigned int session, bool active,
			uint32_t nw_error)
{
	struct context *c = &s->context[session];

	c->nw_error = nw_error;
	if (c->active == active)
		return;
	c->active = active;
	net_connect(s->net, session, active);
}

/* ---- responses, also sent as indications ------------------------------- */

static void put_subscriber(struct mbim_svc *s, struct mbim_wr *out)
{
	static const uint8_t state[] = {
		[CELL_SIM_READY] = 1,
		[CELL_SIM_ABSENT] = 2,
		[CELL_SIM_PIN] = 6,
		[CELL_SIM_PUK] = 6,
		[CELL_SIM_BLOCKED] = 3,
	};
	enum cell_sim sim = cell_sim(s->cell);
	bool ready = sim == CELL_SIM_READY;

	mbim_wr_begin(out);
	mbim_wr_u32(out, state[sim]);
	mbim_wr_string(out, ready ? CELL_IMSI : "");
	mbim_wr_string(out, sim == CELL_SIM_ABSENT ? "" : CELL_ICCID);
	mbim_wr_u32(out, 0);
	mbim_wr_u32(out, ready);
	if (ready)
		mbim_wr_string(out, CELL_NUMBER);
	mbim_wr_end(out);
}

static void put_radio(struct mbim_svc *s, struct mbim_wr *out)
{
	mbim_wr_u32(out, 1);
	mbim_wr_u32(out, cell_radio(s->cell));
}

static void put_register(struct mbim_svc *s, struct mbim_wr *out)
{
	static const uint8_t state[] = {
		[CELL_REG_HOME] = 3,
		[CELL_REG_ROAMING] = 4,
		[CELL_REG_SEARCHING] = 2,
		[CELL_REG_DENIED] = 6,
		[CELL_REG_OFF] = 1,
	};
	enum cell_reg reg = cell_reg(s->cell);

	mbim_wr_begin(out);
	mbim_wr_u32(out, reg == CELL_REG_DENIED ? NW_ERROR_PLMN_NOT_ALLOWED : 0);
	mbim_wr_u32(out, state[reg]);
	mbim_wr_u32(out, s->manual ? 2 : 1);
	mbim_wr_u32(out, cell_registered(s->cell) ? DATA_CLASS_LTE : 0);
	mbim_wr_u32(out, CELLULAR_CLASS_GSM);
	mbim_wr_string(out, cell_plmn(s->cell));
	mbim_wr_string(out, cell_network(s->cell));
	mbim_wr_string(out, reg == CELL_REG_ROAMING ? "roaming" : "");
	mbim_wr_u32(out, 0);
	mbim_wr_end(out);
}

static void put_packet_service(struct mbim_svc *s, struct mbim_wr *out)
{
	bool up = attached(s);

	mbim_wr_u32(out, 0);
	mbim_wr_u32(out, up ? 2 : 4);
	mbim_wr_u32(out, up ? DATA_CLASS_LTE : 0);
	mbim_wr_u64(out, up ? UPLINK_BPS : 0);
	mbim_wr_u64(out, up ? DOWNLINK_BPS : 0);
}

static void put_signal(struct mbim_svc *s, struct mbim_wr *out)
{
	s->signal_reported = cell_rssi(s->cell);
	mbim_wr_u32(out, s->signal_reported);
	mbim_wr_u32(out, 99);
	mbim_wr_u32(out, s->signal_interval);
	mbim_wr_u32(out, s->signal_threshold);
	mbim_wr_u32(out, s->error_threshold);
}

static void put_context(struct mbim_svc *s, unsigned int session,
			struct mbim_wr *out)
{
	const struct context *c = &s->context[session];

	mbim_wr_u32(out, session);
	mbim_wr_u32(out, c->active ? ACTIVATED : DEACTIVATED);
	mbim_wr_u32(out, 0);
	mbim_wr_u32(out, c->active ? c->ip_type : IP_DEFAULT);
	mbim_wr_bytes(out, mbim_uuid_internet, sizeof(mbim_uuid_internet));
	mbim_wr_u32(out, c->nw_error);
}

static void put_slot(struct mbim_svc *s, struct mbim_wr *out)
{
	mbim_wr_u32(out, 0);
	mbim_wr_u32(out, cell_sim(s->cell) == CELL_SIM_ABSENT ? 3 : 5);
}

static void put_lte_attach(struct mbim_svc *s, struct mbim_wr *out)
{
	bool up = attached(s);

	mbim_wr_begin(out);
	mbim_wr_u32(out, up);
	mbim_wr_u32(out, up ? IP_V4V6 : IP_DEFAULT);
	mbim_wr_string(out, up ? "internet" : "");
	mbim_wr_string(out, "");
	mbim_wr_string(out, "");
	mbim_wr_u32(out, 0);
	mbim_wr_u32(out, 0);
	mbim_wr_end(out);
}

/*
 * An array of (offset, size) pairs that refer to structures behind it. First
 * reserve the pairs, then write each structure between ref_begin() and
 * ref_end().
 */
static void ref_begin(struct mbim_wr *out)
{
	mbim_wr_align(out);
	mbim_wr_begin(out);
}

static void ref_end(struct mbim_wr *out, size_t pairs, unsigned int i)
{
	mbim_wr_end(out);
	mbim_wr_patch(out, pairs + 8 * i, out->base);
	mbim_wr_patch(out, pairs + 8 * i + 4, out->len - out->base);
}

/* ---- Basic Connect: device and SIM ------------------------------------- */

static uint32_t q_device_caps(struct mbim_svc *s, struct mbim_rd *in,
			      struct mbim_wr *out)
{
	(void)s;
	(void)in;
	mbim_wr_begin(out);
	mbim_wr_u32(out, 1);		/* embedded */
	mbim_wr_u32(out, CELLULAR_CLASS_GSM);
	mbim_wr_u32(out, 1);		/* no voice */
	mbim_wr_u32(out, 2);		/* removable SIM */
	mbim_wr_u32(out, 0x3f);		/* GPRS up to LTE */
	mbim_wr_u32(out, 3);		/* SMS: PDU send and receive */
	mbim_wr_u32(out, 1);		/* manual registration */
	mbim_wr_u32(out, VM_SESSIONS);
	mbim_wr_string(out, "");
	mbim_wr_string(out, CELL_IMEI);
	mbim_wr_string(out, CELL_FIRMWARE);
	mbim_wr_string(out, "XMM7560");
	mbim_wr_end(out);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t s_radio(struct mbim_svc *s, struct mbim_rd *in,
			struct mbim_wr *out)
{
	uint32_t on = mbim_rd_u32(in);

	if (in->bad || on > 1)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (cell_set_radio(s->cell, on))
		return MBIM_STATUS_OPERATION_NOT_ALLOWED;
	put_radio(s, out);
	return MBIM_STATUS_SUCCESS;
}

static void put_pin(struct mbim_svc *s, struct mbim_wr *out)
{
	enum cell_sim sim = cell_sim(s->cell);
	bool puk = sim == CELL_SIM_PUK || sim == CELL_SIM_BLOCKED;

	mbim_wr_u32(out, puk ? PIN_TYPE_PUK1 : PIN_TYPE_PIN1);
	mbim_wr_u32(out, sim != CELL_SIM_READY);
	mbim_wr_u32(out, puk ? cell_puk_tries(s->cell) :
			       cell_pin_tries(s->cell));
}

static uint32_t q_pin(struct mbim_svc *s, struct mbim_rd *in,
		      struct mbim_wr *out)
{
	(void)in;
	if (cell_sim(s->cell) == CELL_SIM_ABSENT)
		return MBIM_STATUS_SIM_NOT_INSERTED;
	put_pin(s, out);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t s_pin(struct mbim_svc *s, struct mbim_rd *in,
		      struct mbim_wr *out)
{
	char pin[PIN_SIZE_MAX + 1], new_pin[PIN_SIZE_MAX + 1];
	uint32_t type = mbim_rd_u32(in);
	uint32_t op = mbim_rd_u32(in);
	size_t len = mbim_rd_string(in, pin, sizeof(pin));
	size_t new_len = mbim_rd_string(in, new_pin, sizeof(new_pin));
	int ret;

	if (in->bad || op > PIN_CHANGE)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (len > PIN_SIZE_MAX || new_len > PIN_SIZE_MAX)
		return MBIM_STATUS_PARAMETER_TOO_LONG;
	if (cell_sim(s->cell) == CELL_SIM_ABSENT)
		return MBIM_STATUS_SIM_NOT_INSERTED;
	if (cell_sim(s->cell) == CELL_SIM_BLOCKED)
		return MBIM_STATUS_BAD_SIM;
	if (type == PIN_TYPE_PUK1 && op == PIN_ENTER)
		ret = cell_enter_puk(s->cell, pin, new_pin);
	else if (type != PIN_TYPE_PIN1)
		return MBIM_STATUS_NO_DEVICE_SUPPORT;
	else if (op == PIN_ENTER)
		ret = cell_enter_pin(s->cell, pin);
	else if (op == PIN_CHANGE)
		ret = cell_change_pin(s->cell, pin, new_pin);
	else
		ret = cell_enable_pin(s->cell, pin, op == PIN_ENABLE);
	if (ret == -EINVAL)
		return MBIM_STATUS_OPERATION_NOT_ALLOWED;
	/* After a wrong PIN the response has the number of remaining tries. */
	put_pin(s, out);
	return ret ? MBIM_STATUS_FAILURE : MBIM_STATUS_SUCCESS;
}

static uint32_t q_pin_list(struct mbim_svc *s, struct mbim_rd *in,
			   struct mbim_wr *out)
{
	(void)in;
	if (cell_sim(s->cell) == CELL_SIM_ABSENT)
		return MBIM_STATUS_SIM_NOT_INSERTED;
	/* PIN1; the other nine kinds are not supported. */
	mbim_wr_u32(out, cell_pin_enabled(s->cell) ? 1 : 2);
	mbim_wr_u32(out, 1);
	mbim_wr_u32(out, 4);
	mbim_wr_u32(out, 8);
	mbim_wr_reserve(out, 9 * 16);
	return MBIM_STATUS_SUCCESS;
}

/* ---- Basic Connect: network -------------------------------------------- */

static void put_provider(struct mbim_wr *out, const char *plmn,
			 const char *name, uint32_t state, uint32_t rssi)
{
	mbim_wr_string(out, plmn);
	mbim_wr_u32(out, state);
	mbim_wr_string(out, name);
	mbim_wr_u32(out, CELLULAR_CLASS_GSM);
	mbim_wr_u32(out, rssi);
	mbim_wr_u32(out, 99);
}

static uint32_t q_home_provider(struct mbim_svc *s, struct mbim_rd *in,
				struct mbim_wr *out)
{
	uint32_t status = sim_status(s);

	(void)in;
	if (status)
		return status;
	mbim_wr_begin(out);
	put_provider(out, CELL_HOME_PLMN, CELL_HOME_NAME, 1,
		     cell_rssi(s->cell));
	mbim_wr_end(out);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_preferred(struct mbim_svc *s, struct mbim_rd *in,
			    struct mbim_wr *out)
{
	uint32_t status = sim_status(s);

	(void)in;
	if (!status)
		mbim_wr_u32(out, 0);
	return status;
}

static uint32_t q_visible(struct mbim_svc *s, struct mbim_rd *in,
			  struct mbim_wr *out)
{
	const char *now = cell_plmn(s->cell);
	uint32_t action = mbim_rd_u32(in);
	unsigned int i;
	size_t pairs;

	if (in->bad || action > 1)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (!cell_radio(s->cell))
		return MBIM_STATUS_RADIO_POWER_OFF;
	mbim_wr_u32(out, s->providers);
	pairs = mbim_wr_reserve(out, 8 * s->providers);
	for (i = 0; i < s->providers; i++) {
		uint32_t state = 8;	/* visible */
		const char *name = CELL_HOME_NAME;
		char plmn[16], other[32];

		if (i == 1)
			name = CELL_ROAM_NAME;
		if (i > 1) {
			snprintf(other, sizeof(other), "vmodem other %u", i + 1);
			name = other;
		}
		snprintf(plmn, sizeof(plmn), "001%02u", i + 1);
		if (!strcmp(plmn, now))
			state |= 16;	/* registered */
		if (!strcmp(plmn, CELL_HOME_PLMN))
			state |= 1;
		ref_begin(out);
		put_provider(out, plmn, name, state, cell_rssi(s->cell));
		ref_end(out, pairs, i);
	}
	return MBIM_STATUS_SUCCESS;
}

static uint32_t s_register(struct mbim_svc *s, struct mbim_rd *in,
			   struct mbim_wr *out)
{
	char plmn[8];
	size_t len = mbim_rd_string(in, plmn, sizeof(plmn));
	uint32_t action = mbim_rd_u32(in);
	uint32_t status = sim_status(s);

	mbim_rd_u32(in);	/* data classes: only one is supported */
	if (in->bad || action > 1)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (status)
		return status;
	if (!cell_radio(s->cell))
		return MBIM_STATUS_RADIO_POWER_OFF;
	/* Only the network of the current registration accepts the modem. */
	if (action && (len > 6 || strcmp(plmn, cell_plmn(s->cell)) || !len))
		return MBIM_STATUS_PROVIDER_NOT_VISIBLE;
	s->manual = action;
	put_register(s, out);
	return MBIM_STATUS_SUCCESS;
}

/* End all contexts of the packet service; CONNECT indications follow. */
static void end_contexts(struct mbim_svc *s, uint32_t nw_error)
{
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++) {
		if (!s->context[i].active)
			continue;
		set_context(s, i, false, nw_error);
		s->context_changed |= 1u << i;
	}
}

static uint32_t s_packet_service(struct mbim_svc *s, struct mbim_rd *in,
				 struct mbim_wr *out)
{
	uint32_t detach = mbim_rd_u32(in);
	uint32_t status = network_status(s);

	if (in->bad || detach > 1)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (status)
		return status;
	s->detached = detach;
	if (detach)
		end_contexts(s, 0);
	put_packet_service(s, out);
	return MBIM_STATUS_SUCCESS;
}

/*
 * The reporting interval is stored and returned. There are no periodic reports:
 * they would wake a sleeping modem at times that a test does not expect.
 */
static uint32_t s_signal(struct mbim_svc *s, struct mbim_rd *in,
			 struct mbim_wr *out)
{
	uint32_t interval = mbim_rd_u32(in);
	uint32_t threshold = mbim_rd_u32(in);
	uint32_t error_threshold = mbim_rd_u32(in);

	if (in->bad)
		return MBIM_STATUS_INVALID_PARAMETERS;
	s->signal_interval = interval;
	s->signal_threshold = threshold;
	s->error_threshold = error_threshold;
	put_signal(s, out);
	return MBIM_STATUS_SUCCESS;
}

/* ---- Basic Connect: contexts ------------------------------------------- */

static uint32_t q_connect(struct mbim_svc *s, struct mbim_rd *in,
			  struct mbim_wr *out)
{
	uint32_t session = mbim_rd_u32(in);

	if (in->bad || session >= VM_SESSIONS)
		return MBIM_STATUS_INVALID_PARAMETERS;
	put_context(s, session, out);
	return MBIM_STATUS_SUCCESS;
}

/* Letters, digits, hyphens and dots, see 3GPP 23.003. */
static bool is_apn(const char *p)
{
	for (; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			return false;
	return true;
}

static uint32_t s_connect(struct mbim_svc *s, struct mbim_rd *in,
			  struct mbim_wr *out)
{
	uint32_t session = mbim_rd_u32(in);
	uint32_t activate = mbim_rd_u32(in);
	char access[ACCESS_STRING_MAX + 1], none[4];
	size_t access_len = mbim_rd_string(in, access, sizeof(access));
	size_t user_len = mbim_rd_string(in, none, sizeof(none));
	size_t password_len = mbim_rd_string(in, none, sizeof(none));
	uint32_t compression = mbim_rd_u32(in);
	uint32_t auth = mbim_rd_u32(in);
	uint32_t ip_type = mbim_rd_u32(in);
	const uint8_t *uuid = mbim_rd_uuid(in);
	uint32_t status;

	if (in->bad || session >= VM_SESSIONS || activate > 1 ||
	    compression > 1 || auth > 3 || ip_type > IP_V4_AND_V6)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (access_len > ACCESS_STRING_MAX || user_len > USER_NAME_MAX ||
	    password_len > USER_NAME_MAX)
		return MBIM_STATUS_PARAMETER_TOO_LONG;
	if (!activate) {
		if (!s->context[session].active)
			return MBIM_STATUS_CONTEXT_NOT_ACTIVATED;
		set_context(s, session, false, 0);
		put_context(s, session, out);
		return MBIM_STATUS_SUCCESS;
	}
	if (memcmp(uuid, mbim_uuid_internet, sizeof(mbim_uuid_internet)))
		return MBIM_STATUS_CONTEXT_NOT_SUPPORTED;
	if (!is_apn(access))
		return MBIM_STATUS_INVALID_ACCESS_STRING;
	status = network_status(s);
	if (status)
		return status;
	if (!attached(s))
		return MBIM_STATUS_PACKET_SERVICE_DETACHED;
	/* One context per session. */
	if (s->context[session].active)
		return MBIM_STATUS_MAX_ACTIVATED_CONTEXTS;
	if (ip_type == IP_DEFAULT || ip_type == IP_V4_AND_V6)
		ip_type = IP_V4V6;
	s->context[session].ip_type = ip_type;
	set_context(s, session, true, 0);
	put_context(s, session, out);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_provisioned(struct mbim_svc *s, struct mbim_rd *in,
			      struct mbim_wr *out)
{
	uint32_t status = sim_status(s);
	size_t pairs;

	(void)in;
	if (status)
		return status;
	mbim_wr_u32(out, 1);
	pairs = mbim_wr_reserve(out, 8);
	ref_begin(out);
	mbim_wr_u32(out, 1);
	mbim_wr_bytes(out, mbim_uuid_internet, sizeof(mbim_uuid_internet));
	mbim_wr_string(out, "internet");
	mbim_wr_string(out, "");
	mbim_wr_string(out, "");
	mbim_wr_u32(out, 0);
	mbim_wr_u32(out, 0);
	ref_end(out, pairs, 0);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_ip_configuration(struct mbim_svc *s, struct mbim_rd *in,
				   struct mbim_wr *out)
{
	uint32_t session = mbim_rd_u32(in);
	struct net_addr a;
	bool v4, v6;
	uint32_t at;

	if (in->bad || session >= VM_SESSIONS)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (!s->context[session].active)
		return MBIM_STATUS_CONTEXT_NOT_ACTIVATED;
	v4 = s->context[session].ip_type != IP_V6;
	v6 = s->context[session].ip_type != IP_V4;
	net_addresses(session, &a);

	/*
	 * 15 numbers, then 20 bytes for IPv4 and 52 bytes for IPv6: prefix and
	 * address, gateway, DNS server. Address, gateway, DNS and MTU are
	 * either available (0xf) or not (0).
	 */
	at = 60;
	mbim_wr_u32(out, session);
	mbim_wr_u32(out, v4 ? 0xf : 0);
	mbim_wr_u32(out, v6 ? 0xf : 0);
	mbim_wr_u32(out, v4);
	mbim_wr_u32(out, v4 ? at : 0);
	if (v4)
		at += 16;
	mbim_wr_u32(out, v6);
	mbim_wr_u32(out, v6 ? at : 0);
	mbim_wr_u32(out, v4 ? 60 + 8 : 0);
	mbim_wr_u32(out, v6 ? at + 20 : 0);
	mbim_wr_u32(out, v4);
	mbim_wr_u32(out, v4 ? 60 + 12 : 0);
	mbim_wr_u32(out, v6);
	mbim_wr_u32(out, v6 ? at + 36 : 0);
	mbim_wr_u32(out, v4 ? a.mtu : 0);
	mbim_wr_u32(out, v6 ? a.mtu : 0);
	if (v4) {
		mbim_wr_u32(out, a.v4_prefix);
		mbim_wr_bytes(out, a.v4, 4);
		mbim_wr_bytes(out, a.v4_gw, 4);
		mbim_wr_bytes(out, a.v4_dns, 4);
	}
	if (v6) {
		mbim_wr_u32(out, a.v6_prefix);
		mbim_wr_bytes(out, a.v6, 16);
		mbim_wr_bytes(out, a.v6_gw, 16);
		mbim_wr_bytes(out, a.v6_dns, 16);
	}
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_statistics(struct mbim_svc *s, struct mbim_rd *in,
			     struct mbim_wr *out)
{
	struct net_counts sum = { 0 };
	unsigned int i;

	(void)in;
	for (i = 0; i < VM_SESSIONS; i++) {
		struct net_counts n;

		net_counts(s->net, i, &n);
		sum.ul_packets += n.ul_packets;
		sum.ul_bytes += n.ul_bytes;
		sum.dl_packets += n.dl_packets;
		sum.dl_bytes += n.dl_bytes;
	}
	mbim_wr_u32(out, 0);		/* received: discards, errors */
	mbim_wr_u32(out, 0);
	mbim_wr_u64(out, sum.dl_bytes);
	mbim_wr_u64(out, sum.dl_packets);
	mbim_wr_u64(out, sum.ul_bytes);
	mbim_wr_u64(out, sum.ul_packets);
	mbim_wr_u32(out, 0);		/* sent: errors, discards */
	mbim_wr_u32(out, 0);
	return MBIM_STATUS_SUCCESS;
}

/* ---- SMS: an empty store ----------------------------------------------- */

#define SMS_FORMAT_PDU	0
#define SMS_FLAG_INDEX	1
#define SMS_FLAG_DRAFT	5

static uint32_t q_sms_configuration(struct mbim_svc *s, struct mbim_rd *in,
				    struct mbim_wr *out)
{
	uint32_t status = sim_status(s);

	(void)in;
	if (status)
		return status;
	mbim_wr_begin(out);
	mbim_wr_u32(out, 1);		/* initialised */
	mbim_wr_u32(out, SMS_FORMAT_PDU);
	mbim_wr_u32(out, 100);
	mbim_wr_u32(out, 0);
	mbim_wr_string(out, "+10005550199");
	mbim_wr_end(out);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t s_sms_configuration(struct mbim_svc *s, struct mbim_rd *in,
				    struct mbim_wr *out)
{
	uint32_t format = mbim_rd_u32(in);
	char address[32];

	mbim_rd_string(in, address, sizeof(address));
	if (in->bad)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (format != SMS_FORMAT_PDU)
		return MBIM_STATUS_SMS_FORMAT_NOT_SUPPORTED;
	return q_sms_configuration(s, in, out);
}

static uint32_t q_sms_read(struct mbim_svc *s, struct mbim_rd *in,
			   struct mbim_wr *out)
{
	uint32_t format = mbim_rd_u32(in);
	uint32_t flag = mbim_rd_u32(in);
	uint32_t status = sim_status(s);

	mbim_rd_u32(in);		/* index */
	if (in->bad || flag > SMS_FLAG_DRAFT)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (status)
		return status;
	if (format != SMS_FORMAT_PDU)
		return MBIM_STATUS_SMS_FORMAT_NOT_SUPPORTED;
	if (flag == SMS_FLAG_INDEX)
		return MBIM_STATUS_INVALID_MEMORY_INDEX;
	mbim_wr_u32(out, SMS_FORMAT_PDU);
	mbim_wr_u32(out, 0);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t s_sms_delete(struct mbim_svc *s, struct mbim_rd *in,
			     struct mbim_wr *out)
{
	uint32_t flag = mbim_rd_u32(in);
	uint32_t status = sim_status(s);

	(void)out;
	mbim_rd_u32(in);		/* index */
	if (in->bad || flag > SMS_FLAG_DRAFT)
		return MBIM_STATUS_INVALID_PARAMETERS;
	if (!status && flag == SMS_FLAG_INDEX)
		return MBIM_STATUS_INVALID_MEMORY_INDEX;
	return status;
}

static uint32_t q_sms_store(struct mbim_svc *s, struct mbim_rd *in,
			    struct mbim_wr *out)
{
	uint32_t status = sim_status(s);

	(void)in;
	if (status)
		return status;
	mbim_wr_u32(out, 0);
	mbim_wr_u32(out, 0);
	return MBIM_STATUS_SUCCESS;
}

/* ---- Basic Connect Extensions ------------------------------------------ */

static uint32_t q_lte_attach_config(struct mbim_svc *s, struct mbim_rd *in,
				    struct mbim_wr *out)
{
	uint32_t status = sim_status(s);
	unsigned int i;
	size_t pairs;

	(void)in;
	if (status)
		return status;
	/* One each for home, partner and other networks. */
	mbim_wr_u32(out, 3);
	pairs = mbim_wr_reserve(out, 3 * 8);
	for (i = 0; i < 3; i++) {
		ref_begin(out);
		mbim_wr_u32(out, IP_V4V6);
		mbim_wr_u32(out, i);
		mbim_wr_u32(out, 0);
		mbim_wr_string(out, "internet");
		mbim_wr_string(out, "");
		mbim_wr_string(out, "");
		mbim_wr_u32(out, 0);
		mbim_wr_u32(out, 0);
		ref_end(out, pairs, i);
	}
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_sys_caps(struct mbim_svc *s, struct mbim_rd *in,
			   struct mbim_wr *out)
{
	(void)s;
	(void)in;
	mbim_wr_u32(out, 1);		/* executors */
	mbim_wr_u32(out, 1);		/* slots */
	mbim_wr_u32(out, 1);		/* concurrency */
	mbim_wr_u64(out, 0x7560);	/* modem */
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_slot_mappings(struct mbim_svc *s, struct mbim_rd *in,
				struct mbim_wr *out)
{
	size_t pairs;

	(void)s;
	(void)in;
	mbim_wr_u32(out, 1);
	pairs = mbim_wr_reserve(out, 8);
	ref_begin(out);
	mbim_wr_u32(out, 0);
	ref_end(out, pairs, 0);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_slot_info(struct mbim_svc *s, struct mbim_rd *in,
			    struct mbim_wr *out)
{
	uint32_t slot = mbim_rd_u32(in);

	if (in->bad || slot)
		return MBIM_STATUS_INVALID_PARAMETERS;
	put_slot(s, out);
	return MBIM_STATUS_SUCCESS;
}

static uint32_t q_location(struct mbim_svc *s, struct mbim_rd *in,
			   struct mbim_wr *out)
{
	uint32_t status = network_status(s);

	(void)in;
	if (status)
		return status;
	mbim_wr_u32(out, 0xffff);	/* location area: not with LTE */
	mbim_wr_u32(out, 1);		/* tracking area */
	mbim_wr_u32(out, 0x101);	/* cell */
	return MBIM_STATUS_SUCCESS;
}

/* ---- the tables -------------------------------------------------------- */

static uint32_t q_device_services(struct mbim_svc *s, struct mbim_rd *in,
				  struct mbim_wr *out);
static uint32_t s_subscribe(struct mbim_svc *s, struct mbim_rd *in,
			    struct mbim_wr *out);

typedef uint32_t (*handler)(struct mbim_svc *s, struct mbim_rd *in,
			    struct mbim_wr *out);

struct cid {
	uint32_t cid;
	handler query;
	handler set;
	/*
	 * The indication, also the response to a query without a handler.
	 * (CONNECT has one per session: put_context().)
	 */
	void (*put)(struct mbim_svc *s, struct mbim_wr *out);
	/* Changes of the cell that cause the indication: CELL_CHANGED_* */
	unsigned int when;
};

static const struct cid basic_connect[] = {
	{ MBIM_CID_DEVICE_CAPS, q_device_caps, NULL, NULL, 0 },
	{ MBIM_CID_SUBSCRIBER_READY, NULL, NULL,
	  put_subscriber, CELL_CHANGED_SIM },
	{ MBIM_CID_RADIO_STATE, NULL, s_radio,
	  put_radio, CELL_CHANGED_RADIO },
	{ MBIM_CID_PIN, q_pin, s_pin, NULL, 0 },
	{ MBIM_CID_PIN_LIST, q_pin_list, NULL, NULL, 0 },
	{ MBIM_CID_HOME_PROVIDER, q_home_provider, NULL, NULL, 0 },
	{ MBIM_CID_PREFERRED_PROVIDERS, q_preferred, NULL, NULL, 0 },
	{ MBIM_CID_VISIBLE_PROVIDERS, q_visible, NULL, NULL, 0 },
	{ MBIM_CID_REGISTER_STATE, NULL, s_register,
	  put_register, CELL_CHANGED_REG },
	{ MBIM_CID_PACKET_SERVICE, NULL, s_packet_service,
	  put_packet_service, CELL_CHANGED_REG },
	{ MBIM_CID_SIGNAL_STATE, NULL, s_signal,
	  put_signal, CELL_CHANGED_SIGNAL },
	{ MBIM_CID_CONNECT, q_connect, s_connect, NULL, 0 },
	{ MBIM_CID_PROVISIONED_CONTEXTS, q_provisioned, NULL, NULL, 0 },
	{ MBIM_CID_IP_CONFIGURATION, q_ip_configuration, NULL, NULL, 0 },
	{ MBIM_CID_DEVICE_SERVICES, q_device_services, NULL, NULL, 0 },
	{ MBIM_CID_SUBSCRIBE_LIST, NULL, s_subscribe, NULL, 0 },
	{ MBIM_CID_PACKET_STATISTICS, q_statistics, NULL, NULL, 0 },
};

static const struct cid sms[] = {
	{ MBIM_CID_SMS_CONFIGURATION, q_sms_configuration,
	  s_sms_configuration, NULL, 0 },
	{ MBIM_CID_SMS_READ, q_sms_read, NULL, NULL, 0 },
	{ MBIM_CID_SMS_DELETE, NULL, s_sms_delete, NULL, 0 },
	{ MBIM_CID_SMS_STORE_STATUS, q_sms_store, NULL, NULL, 0 },
};

static const struct cid extensions[] = {
	{ MBIM_CID_EXT_LTE_ATTACH_CONFIG, q_lte_attach_config, NULL, NULL, 0 },
	{ MBIM_CID_EXT_LTE_ATTACH_STATUS, NULL, NULL,
	  put_lte_attach, CELL_CHANGED_REG },
	{ MBIM_CID_EXT_SYS_CAPS, q_sys_caps, NULL, NULL, 0 },
	{ MBIM_CID_EXT_SLOT_MAPPINGS, q_slot_mappings, NULL, NULL, 0 },
	{ MBIM_CID_EXT_SLOT_INFO, q_slot_info, NULL,
	  put_slot, CELL_CHANGED_CARD },
	{ MBIM_CID_EXT_LOCATION_INFO, q_location, NULL, NULL, 0 },
};

#define TABLE(t)	{ t, sizeof(t) / sizeof((t)[0]) }

static const struct {
	const struct cid *cids;
	unsigned int count;
} services[MBIM_SERVICES] = {
	[MBIM_SVC_BASIC_CONNECT] = TABLE(basic_connect),
	[MBIM_SVC_SMS] = TABLE(sms),
	[MBIM_SVC_EXTENSIONS] = TABLE(extensions),
};

/* Index of the service, MBIM_SERVICES for none. */
static unsigned int find_service(const uint8_t *uuid)
{
	unsigned int i;

	for (i = 0; i < MBIM_SERVICES; i++)
		if (!memcmp(uuid, mbim_uuid[i], 16))
			break;
	return i;
}

/* Index in the service's table, -1 for none. */
static int find_cid(unsigned int service, uint32_t cid)
{
	unsigned int i;

	for (i = 0; i < services[service].count; i++)
		if (services[service].cids[i].cid == cid)
			return i;
	return -1;
}

/* Bit in a mask of the CIDs of the service, 0 for none. */
static uint32_t cid_bit(unsigned int service, uint32_t cid)
{
	int at = find_cid(service, cid);

	return at < 0 ? 0 : 1u << at;
}

static uint32_t q_device_services(struct mbim_svc *s, struct mbim_rd *in,
				  struct mbim_wr *out)
{
	unsigned int i, j;
	size_t pairs;

	(void)s;
	(void)in;
	mbim_wr_u32(out, MBIM_SERVICES);
	mbim_wr_u32(out, 0);		/* data service streams */
	pairs = mbim_wr_reserve(out, 8 * MBIM_SERVICES);
	for (i = 0; i < MBIM_SERVICES; i++) {
		ref_begin(out);
		mbim_wr_bytes(out, mbim_uuid[i], 16);
		mbim_wr_u32(out, 0);
		mbim_wr_u32(out, 0);
		mbim_wr_u32(out, services[i].count);
		for (j = 0; j < services[i].count; j++)
			mbim_wr_u32(out, services[i].cids[j].cid);
		ref_end(out, pairs, i);
	}
	return MBIM_STATUS_SUCCESS;
}

/* The CIDs with indications, as bits of the table of the service. */
static uint32_t indicating(unsigned int service)
{
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < services[service].count; i++)
		if (services[service].cids[i].put)
			bits |= 1u << i;
	if (service == MBIM_SVC_BASIC_CONNECT)
		bits |= cid_bit(service, MBIM_CID_CONNECT);
	return bits;
}

static uint32_t s_subscribe(struct mbim_svc *s, struct mbim_rd *in,
			    struct mbim_wr *out)
{
	uint32_t wanted[MBIM_SERVICES] = { 0 };
	uint32_t count = mbim_rd_u32(in);
	unsigned int n = 0, i;
	size_t pairs;
	uint32_t k;

	for (k = 0; k < count && !in->bad; k++) {
		uint32_t off = mbim_rd_u32(in);
		uint32_t len = mbim_rd_u32(in);
		struct mbim_rd entry = { 0 };
		const uint8_t *uuid;
		unsigned int service;
		uint32_t cids;

		if (in->bad || off > in->len || len > in->len - off)
			return MBIM_STATUS_INVALID_PARAMETERS;
		entry.data = in->data + off;
		entry.len = len;
		uuid = mbim_rd_uuid(&entry);
		cids = mbim_rd_u32(&entry);
		if (entry.bad || cids > (len - entry.pos) / 4)
			return MBIM_STATUS_INVALID_PARAMETERS;
		service = find_service(uuid);
		if (service == MBIM_SERVICES)
			continue;
		/* An empty list selects all CIDs. */
		if (!cids)
			wanted[service] = indicating(service);
		while (cids--)
			wanted[service] |= indicating(service) &
				cid_bit(service, mbim_rd_u32(&entry));
	}
	if (in->bad)
		return MBIM_STATUS_INVALID_PARAMETERS;
	memcpy(s->subscribed, wanted, sizeof(wanted));

	for (i = 0; i < MBIM_SERVICES; i++)
		n += !!wanted[i];
	mbim_wr_u32(out, n);
	pairs = mbim_wr_reserve(out, 8 * n);
	for (n = 0, i = 0; i < MBIM_SERVICES; i++) {
		unsigned int j;

		if (!wanted[i])
			continue;
		ref_begin(out);
		mbim_wr_bytes(out, mbim_uuid[i], 16);
		mbim_wr_u32(out, __builtin_popcount(wanted[i]));
		for (j = 0; j < services[i].count; j++)
			if (wanted[i] & 1u << j)
				mbim_wr_u32(out, services[i].cids[j].cid);
		ref_end(out, pairs, n++);
	}
	return MBIM_STATUS_SUCCESS;
}

uint32_t mbim_svc_command(struct mbim_svc *s, const uint8_t *uuid,
			  uint32_t cid, uint32_t type, struct mbim_rd *in,
			  struct mbim_wr *out)
{
	unsigned int service = find_service(uuid);
	int at = service < MBIM_SERVICES ? find_cid(service, cid) : -1;
	const struct cid *c;
	handler fn;

	s->busy = true;
	if (at < 0)
		return MBIM_STATUS_NO_DEVICE_SUPPORT;
	if (type > MBIM_SET)
		return MBIM_STATUS_INVALID_PARAMETERS;
	c = &services[service].cids[at];
	fn = type == MBIM_SET ? c->set : c->query;
	if (fn)
		return fn(s, in, out);
	if (type == MBIM_SET || !c->put)
		return MBIM_STATUS_NO_DEVICE_SUPPORT;
	c->put(s, out);
	return MBIM_STATUS_SUCCESS;
}

/* ---- indications ------------------------------------------------------- */

/* Does the change of the signal exceed the threshold of the host? */
static bool signal_due(const struct mbim_svc *s)
{
	int diff = (int)cell_rssi(s->cell) - (int)s->signal_reported;

	/* 0: the device decides; all ones: no reports. */
	if (s->signal_threshold == UINT32_MAX)
		return false;
	return (uint32_t)abs(diff) >= s->signal_threshold;
}

static void send_indications(struct mbim_svc *s)
{
	unsigned int changed = s->changed;
	uint32_t contexts = s->context_changed;
	struct mbim_wr out = { 0 };
	unsigned int i, j;

	s->changed = 0;
	s->context_changed = 0;
	if (changed & CELL_CHANGED_SIGNAL && !signal_due(s))
		changed &= ~CELL_CHANGED_SIGNAL;
	for (i = 0; i < MBIM_SERVICES; i++) {
		for (j = 0; j < services[i].count; j++) {
			const struct cid *c = &services[i].cids[j];

			if (!(s->subscribed[i] & 1u << j) ||
			    !(c->when & changed))
				continue;
			out.len = 0;
			c->put(s, &out);
			mbim_indicate(s->mbim, i, c->cid, &out);
		}
	}
	i = MBIM_SVC_BASIC_CONNECT;
	if (!(s->subscribed[i] & cid_bit(i, MBIM_CID_CONNECT)))
		contexts = 0;
	for (j = 0; j < VM_SESSIONS; j++) {
		if (!(contexts & 1u << j))
			continue;
		out.len = 0;
		put_context(s, j, &out);
		mbim_indicate(s->mbim, i, MBIM_CID_CONNECT, &out);
	}
	mbim_wr_free(&out);
}

void mbim_svc_answered(struct mbim_svc *s)
{
	s->busy = false;
	send_indications(s);
}

static void cell_changed(void *priv, unsigned int changed)
{
	struct mbim_svc *s = priv;

	s->changed |= changed;
	if (!cell_registered(s->cell))
		end_contexts(s, NW_ERROR_NETWORK_FAILURE);
	if (!s->busy)
		send_indications(s);
}

/* ---- create and destroy ------------------------------------------------ */

void mbim_svc_reset(struct mbim_svc *s)
{
	unsigned int i;

	for (i = 0; i < VM_SESSIONS; i++)
		set_context(s, i, false, 0);
	for (i = 0; i < MBIM_SERVICES; i++)
		s->subscribed[i] = indicating(i);
	s->detached = false;
	s->manual = false;
	s->signal_interval = 5;
	s->signal_threshold = 0;
	s->error_threshold = 0;
	s->signal_reported = cell_rssi(s->cell);
	s->changed = 0;
	s->context_changed = 0;
}

unsigned int mbim_svc_contexts(const struct mbim_svc *s)
{
	unsigned int i, n = 0;

	for (i = 0; i < VM_SESSIONS; i++)
		n += s->context[i].active;
	return n;
}

static void ctl_disconnect(void *priv, int argc, char **argv,
			   struct vm_reply *r)
{
	struct mbim_svc *s = priv;
	uint64_t session;

	if (argc != 2 || ctl_number(argv[1], VM_SESSIONS - 1, &session)) {
		ctl_error(r, "network-disconnect needs a session");
		return;
	}
	if (!s->context[session].active) {
		ctl_error(r, "session %u is not connected",
			  (unsigned int)session);
		return;
	}
	set_context(s, session, false, NW_ERROR_NETWORK_FAILURE);
	s->context_changed |= 1u << session;
	send_indications(s);
}

static void ctl_providers(void *priv, int argc, char **argv,
			  struct vm_reply *r)
{
	struct mbim_svc *s = priv;
	uint64_t n;

	if (argc != 2 || ctl_number(argv[1], PROVIDERS_MAX, &n))
		ctl_error(r, "providers needs a number up to %u",
			  PROVIDERS_MAX);
	else
		s->providers = n;
}

struct mbim_svc *mbim_svc_create(struct vm *vm, struct net *net,
				 struct mbim *mbim)
{
	struct mbim_svc *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->vm = vm;
	s->net = net;
	s->mbim = mbim;
	s->providers = 2;
	s->cell = cell_get(vm);
	if (!s->cell ||
	    ctl_command(vm, "network-disconnect", ctl_disconnect, s,
			"network-disconnect S - the network ends the context of a session") ||
	    ctl_command(vm, "providers", ctl_providers, s,
			"providers N - a network scan finds N (70 exceed one fragment)") ||
	    cell_watch(s->cell, cell_changed, s)) {
		free(s);
		return NULL;
	}
	mbim_svc_reset(s);
	return s;
}
