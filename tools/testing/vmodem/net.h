/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mobile network behind the modem, as the MUX sees it: packets of a
 * session go in by net_input(), packets for the host come out through a
 * struct net_link. What other functions may ask is in vmodem.h.
 */
#ifndef VMODEM_NET_H
#define VMODEM_NET_H

#include "vmodem.h"

/* The way down to the host; every function gets @priv of net_attach(). */
struct net_link {
	/*
	 * Space for one packet of @len bytes at the end of the queue of
	 * @session; NULL when it must be dropped (the link counts that).
	 * Every reservation is followed by commit() before the next one.
	 */
	uint8_t *(*reserve)(void *priv, unsigned int session, size_t len);
	void (*commit)(void *priv, unsigned int session);
	/* Packets that wait in the queue of @session. */
	unsigned int (*queued)(void *priv, unsigned int session);
};

void net_attach(struct net *net, const struct net_link *link, void *priv);

/* The host opened or closed @session. */
void net_session(struct net *net, unsigned int session, bool open);

/* One packet from the host. @pkt is read-only and valid during the call. */
void net_input(struct net *net, unsigned int session, const uint8_t *pkt,
	       size_t len);

#endif
