/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mobile network behind the modem, as the MUX uses it. Packets of a session
 * enter by net_input(). Packets to the host leave through a struct net_link.
 * Other functions use the interface in vmodem.h.
 */
#ifndef VMODEM_NET_H
#define VMODEM_NET_H

#include "vmodem.h"

/* The link to the host. Every function gets @priv of net_attach(). */
struct net_link {
	/*
	 * Reserve space for one packet of @len bytes at the end of the queue of
	 * @session. NULL if it must be dropped (the link counts it). Every
	 * reservation is followed by commit() before the next one.
	 */
	uint8_t *(*reserve)(void *priv, unsigned int session, size_t len);
	void (*commit)(void *priv, unsigned int session);
	/* Number of packets in the queue of @session. */
	unsigned int (*queued)(void *priv, unsigned int session);
};

void net_attach(struct net *net, const struct net_link *link, void *priv);

/* The host opened or closed @session. */
void net_session(struct net *net, unsigned int session, bool open);

/* One packet from the host. @pkt is read-only and valid during the call. */
void net_input(struct net *net, unsigned int session, const uint8_t *pkt,
	       size_t len);

#endif
