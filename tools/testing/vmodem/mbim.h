/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MBIM function (MBIM 1.0 Errata-1) on channel 6.
 *
 *	mbim.c		messages: open and close, fragments, queue, errors
 *	mbim_cid.c	services: what each command answers, indications
 *	mbim_buf.c	information buffers: checked reading, writing
 */
#ifndef VMODEM_MBIM_H
#define VMODEM_MBIM_H

#include "mbim_buf.h"
#include "vmodem.h"

#define MBIM_CHANNEL		6

/* Message types */
#define MBIM_OPEN		0x00000001
#define MBIM_CLOSE		0x00000002
#define MBIM_COMMAND		0x00000003
#define MBIM_HOST_ERROR		0x00000004
#define MBIM_OPEN_DONE		0x80000001
#define MBIM_CLOSE_DONE		0x80000002
#define MBIM_COMMAND_DONE	0x80000003
#define MBIM_FUNCTION_ERROR	0x80000004
#define MBIM_INDICATE_STATUS	0x80000007

/* Error codes of HOST_ERROR and FUNCTION_ERROR */
#define MBIM_ERROR_TIMEOUT_FRAGMENT		1
#define MBIM_ERROR_FRAGMENT_OUT_OF_SEQUENCE	2
#define MBIM_ERROR_LENGTH_MISMATCH		3
#define MBIM_ERROR_DUPLICATED_TID		4
#define MBIM_ERROR_NOT_OPENED			5
#define MBIM_ERROR_UNKNOWN			6
#define MBIM_ERROR_CANCEL			7
#define MBIM_ERROR_MAX_TRANSFER			8

/* Status codes of OPEN_DONE, CLOSE_DONE and COMMAND_DONE */
#define MBIM_STATUS_SUCCESS			0
#define MBIM_STATUS_FAILURE			2
#define MBIM_STATUS_SIM_NOT_INSERTED		3
#define MBIM_STATUS_BAD_SIM			4
#define MBIM_STATUS_PIN_REQUIRED		5
#define MBIM_STATUS_PIN_DISABLED		6
#define MBIM_STATUS_NOT_REGISTERED		7
#define MBIM_STATUS_NO_DEVICE_SUPPORT		9
#define MBIM_STATUS_PROVIDER_NOT_VISIBLE	10
#define MBIM_STATUS_PACKET_SERVICE_DETACHED	12
#define MBIM_STATUS_MAX_ACTIVATED_CONTEXTS	13
#define MBIM_STATUS_CONTEXT_NOT_ACTIVATED	16
#define MBIM_STATUS_INVALID_ACCESS_STRING	18
#define MBIM_STATUS_RADIO_POWER_OFF		20
#define MBIM_STATUS_INVALID_PARAMETERS		21
#define MBIM_STATUS_PARAMETER_TOO_LONG		26
#define MBIM_STATUS_OPERATION_NOT_ALLOWED	28
#define MBIM_STATUS_MEMORY_FAILURE		29
#define MBIM_STATUS_INVALID_MEMORY_INDEX	30
#define MBIM_STATUS_CONTEXT_NOT_SUPPORTED	38
#define MBIM_STATUS_SMS_FORMAT_NOT_SUPPORTED	104

#define MBIM_QUERY		0
#define MBIM_SET		1

/* Sizes of headers */
#define MBIM_HEADER		12	/* type, length, transaction id */
#define MBIM_FRAG_HEADER	20	/* and total and current fragment */
#define MBIM_COMMAND_HEADER	48	/* and UUID, CID, type, length */

#define MBIM_MIN_TRANSFER	64	/* smallest that the standard permits */
#define MBIM_MAX_TRANSFER	32768	/* largest that we use */
#define MBIM_MAX_MESSAGE	65536	/* a command with all its fragments */
#define MBIM_FRAGMENT_TIMEOUT	1250000	/* microseconds */

/*
 * Limits of the queue for DL buffers. Further messages are dropped and counted.
 */
#define MBIM_MAX_QUEUED		64
#define MBIM_MAX_QUEUED_BYTES	(256 * 1024)

/* Services, in the order of the table in mbim_cid.c */
enum mbim_service {
	MBIM_SVC_BASIC_CONNECT,
	MBIM_SVC_SMS,
	MBIM_SVC_EXTENSIONS,
	MBIM_SERVICES,
};

extern const uint8_t mbim_uuid[MBIM_SERVICES][16];
extern const uint8_t mbim_uuid_internet[16];

/* Basic Connect */
#define MBIM_CID_DEVICE_CAPS		1
#define MBIM_CID_SUBSCRIBER_READY	2
#define MBIM_CID_RADIO_STATE		3
#define MBIM_CID_PIN			4
#define MBIM_CID_PIN_LIST		5
#define MBIM_CID_HOME_PROVIDER		6
#define MBIM_CID_PREFERRED_PROVIDERS	7
#define MBIM_CID_VISIBLE_PROVIDERS	8
#define MBIM_CID_REGISTER_STATE		9
#define MBIM_CID_PACKET_SERVICE		10
#define MBIM_CID_SIGNAL_STATE		11
#define MBIM_CID_CONNECT		12
#define MBIM_CID_PROVISIONED_CONTEXTS	13
#define MBIM_CID_IP_CONFIGURATION	15
#define MBIM_CID_DEVICE_SERVICES	16
#define MBIM_CID_SUBSCRIBE_LIST		19
#define MBIM_CID_PACKET_STATISTICS	20

/* SMS */
#define MBIM_CID_SMS_CONFIGURATION	1
#define MBIM_CID_SMS_READ		2
#define MBIM_CID_SMS_DELETE		4
#define MBIM_CID_SMS_STORE_STATUS	5

/* Microsoft's Basic Connect Extensions */
#define MBIM_CID_EXT_LTE_ATTACH_CONFIG	3
#define MBIM_CID_EXT_LTE_ATTACH_STATUS	4
#define MBIM_CID_EXT_SYS_CAPS		5
#define MBIM_CID_EXT_SLOT_MAPPINGS	7
#define MBIM_CID_EXT_SLOT_INFO		8
#define MBIM_CID_EXT_LOCATION_INFO	12

/* ---- mbim.c, for mbim_cid.c ------------------------------------------- */

struct mbim;

/* Send an indication, if the host has the function open. */
void mbim_indicate(struct mbim *mbim, enum mbim_service service, uint32_t cid,
		   const struct mbim_wr *info);

/* ---- mbim_cid.c, for mbim.c ------------------------------------------- */

struct mbim_svc;

struct mbim_svc *mbim_svc_create(struct vm *vm, struct net *net,
				 struct mbim *mbim);

/* The host opened or closed the function: end all contexts. */
void mbim_svc_reset(struct mbim_svc *svc);

/*
 * Carry out one command. Returns the status code. @out receives the information
 * buffer of the response, for some statuses also after a failure.
 */
uint32_t mbim_svc_command(struct mbim_svc *svc, const uint8_t *uuid,
			  uint32_t cid, uint32_t type, struct mbim_rd *in,
			  struct mbim_wr *out);

/* The response has been queued: queue the indications that follow from it. */
void mbim_svc_answered(struct mbim_svc *svc);

/* Number of active contexts. */
unsigned int mbim_svc_contexts(const struct mbim_svc *svc);

#endif
