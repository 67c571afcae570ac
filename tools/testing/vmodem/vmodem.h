/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmodem - a virtual Intel XMM7560/XMM7360 modem
 *
 * Interfaces between the parts of the modem. Dependencies have one direction:
 *
 *   main -> vfu (transport) -> pci, device -> channels -> functions
 *                                              |-> mux -> net
 *                                              |-> mbim, at, rpc
 *
 * There is one thread with one event loop (loop.h). No function here blocks,
 * and none may be called from a signal handler. Sizes are in bytes, times are
 * microseconds of CLOCK_MONOTONIC unless a name says otherwise. Functions
 * return 0 or a negative errno unless their comment says otherwise.
 */
#ifndef VMODEM_H
#define VMODEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define VM_PIPES	24
#define VM_CHANNELS	8
#define VM_SESSIONS	8

struct vm;		/* the modem: owned by device.c */
struct vm_chan;		/* one channel of it */

enum vm_mux { VM_MUX_AGGREGATION, VM_MUX_LITE };

/* Options of the command line; constant while the modem runs. */
struct vm_config {
	uint16_t device_id;		/* 0x7560 or 0x7360 */
	enum vm_mux mux;
	bool credits;			/* UL flow credits (capability bit 21) */
	uint32_t credit_start;		/* bytes granted after OPEN_SESSION */
	uint32_t ul_head_pad;		/* sent in OPEN_SESSION_RESP */
	unsigned int boot_delay_ms;	/* until the execution stage is valid */
	unsigned int init_delay_ms;	/* from doorbell INIT to state INIT */
	bool boot_rom;			/* start in stage BOOT instead of RUN */
	unsigned int rom_time_ms;	/* time in BOOT; 0: until boot-run */
	bool attach_mbim;		/* route a session only while connected */
	bool quirks_reference;		/* tolerate the quirks in README */
	bool verbose;
};

const struct vm_config *vm_config(const struct vm *vm);

/* ---- log and violations (violation.c) --------------------------------- */

void vm_log(struct vm *vm, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void vm_debug(struct vm *vm, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The host violated the interface document. @name is stable, short and in the
 * form "pipe-index" (lower case, hyphens); tests match it. Violations are
 * counted per name. The last detail is kept and logged.
 */
void vm_violation(struct vm *vm, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The host showed quirk @nr (1..11) of the reference driver, see README. It is
 * counted under @name: as a quirk with --quirks reference, otherwise as a
 * violation. Returns true if it is tolerated.
 */
bool vm_quirk(struct vm *vm, int nr, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- channels (device.c) ---------------------------------------------- */

/*
 * Operations of a function on its channel. They are called from the event loop,
 * never from within vm_chan_send() of the same channel.
 */
struct vm_chan_ops {
	const char *name;
	/* Both pipes are open (DL buffers may follow later). */
	void (*open)(struct vm_chan *ch);
	/* Channel closed, reset or removed: drop all state, send nothing. */
	void (*close)(struct vm_chan *ch);
	/* One UL TD. @data is a private copy, valid during the call. */
	void (*rx)(struct vm_chan *ch, const uint8_t *data, size_t len);
	/* The host posted DL buffers: vm_chan_room() may have changed. */
	void (*room)(struct vm_chan *ch);
	/*
	 * The firmware was restarted (power, reset, crash): restore the
	 * defaults.
	 */
	void (*reset)(struct vm_chan *ch);
};

/* Attach a function to channel @nr (0..7), before the transport starts. */
int vm_chan_attach(struct vm *vm, unsigned int nr,
		   const struct vm_chan_ops *ops, void *priv);
void *vm_chan_priv(const struct vm_chan *ch);
struct vm *vm_chan_vm(const struct vm_chan *ch);
bool vm_chan_is_open(const struct vm_chan *ch);

/* Number of DL buffers that the host has posted and that are not filled yet. */
unsigned int vm_chan_posted(const struct vm_chan *ch);
/*
 * Capacity of the next DL buffer. 0: there is none, or the device must not send
 * now; then room() follows as after -EAGAIN.
 */
size_t vm_chan_room(struct vm_chan *ch);

/*
 * Put one message into the next DL buffer (one TD). The interrupt follows at
 * the end of the round of the event loop, or within the accumulation time of
 * the pipe if more TDs are pending.
 *
 * -EAGAIN: no buffer, or the device is asleep and starts to wake up; room()
 * follows. -EMSGSIZE: the message is larger than the buffer, which remains
 * posted. -ENOTCONN: the channel is not open, or the device is not running.
 */
int vm_chan_send(struct vm_chan *ch, const void *data, size_t len);

/* ---- control socket (ctl.c) ------------------------------------------- */

/* An answer under construction. ctl_line() adds a line. */
struct vm_reply;

void ctl_line(struct vm_reply *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* End with "error: ..." instead of "ok". */
void ctl_error(struct vm_reply *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Add the command @name. @fn gets the whole command line (argv[0] is @name).
 * @help is one line: "name args - description".
 */
int ctl_command(struct vm *vm, const char *name,
		void (*fn)(void *priv, int argc, char **argv,
			   struct vm_reply *r),
		void *priv, const char *help);

/*
 * Add lines to "stats". @fn prints lines "name value". With @reset it prints
 * nothing and sets its counters to zero.
 */
int ctl_stats(struct vm *vm, void (*fn)(void *priv, struct vm_reply *r,
					bool reset), void *priv);

/* Parse a whole argument as a number (0x allowed) up to @max; -EINVAL. */
int ctl_number(const char *text, uint64_t max, uint64_t *value);

/* ---- functions: called by main.c, in this order ----------------------- */

/*
 * Each function attaches itself to its channels, control commands and
 * statistics. There is one net and one mux per modem. The MBIM function
 * connects contexts by net_connect().
 */
struct net;

struct net *net_create(struct vm *vm);
int mux_create(struct vm *vm, struct net *net);
int mbim_create(struct vm *vm, struct net *net);	/* 7560 only */
int at_create(struct vm *vm);
int rpc_create(struct vm *vm, struct net *net);		/* 7360 only */

/*
 * A packet data context of @session was connected or disconnected (--attach
 * mbim).
 */
void net_connect(struct net *net, unsigned int session, bool up);
bool net_connected(const struct net *net, unsigned int session);
/* Bytes and packets so far, for the packet statistics of MBIM. */
struct net_counts {
	uint64_t ul_packets, ul_bytes, dl_packets, dl_bytes;
};

void net_counts(const struct net *net, unsigned int session,
		struct net_counts *out);

/* Addresses of a session, so that all functions report the same ones. */
struct net_addr {
	uint8_t v4[4], v4_gw[4], v4_dns[4];
	unsigned int v4_prefix;			/* 30 */
	uint8_t v6[16], v6_gw[16], v6_dns[16];
	unsigned int v6_prefix;			/* 64 */
	unsigned int mtu;			/* 1500 */
};

void net_addresses(unsigned int session, struct net_addr *out);

#endif
