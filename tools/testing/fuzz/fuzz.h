/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the targets share: the input, the memory of the device, and a device that follows
 * the protocol or violates it.
 *
 * An input is
 *
 *   le16 N | what the host does, or what the device wrote | N bytes: script
 *
 * The script controls the device: a byte of it decides whenever the driver reads shared
 * memory or a register, waits or allocates. With an empty script the device follows the
 * protocol.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/types.h>

#include "kshim.h"

/* ---- input ---- */

/* Sets up everything for one input; false when it is too short to be one. */
bool fuzz_begin(const u8 *data, size_t size);
/* Nothing may be left: memory, mappings, locks, work. */
void fuzz_end(void);

/* The next bytes of input; zeros after its end. */
u8 fuzz_u8(void);
u32 fuzz_u16(void);
u32 fuzz_u32(void);
size_t fuzz_left(void);
/* All that is left. */
const u8 *fuzz_rest(size_t *len);

/* The next byte of the script; 0 after its end. */
u8 fuzz_script(void);
bool fuzz_scripted(void);

/* A condition that an input must not be able to break. */
#define CHECK(what) \
	do { if (!(what)) fuzz_fail(#what, __FILE__, __LINE__); } while (0)
void fuzz_fail(const char *what, const char *file, int line)
	__attribute__((__noreturn__));

/* ---- the device's memory ---- */

/* The device has changed memory of its own accord in this input. */
extern bool fuzz_violated;
/* Looks at its memory so far. */
extern unsigned int fuzz_reads;

/* Memory that host and device share, or NULL; until fuzz_end(). */
void *fuzz_shared(size_t size);
/* What DMA address @dma leads to; it must be the host's to give, all of it. */
u8 *fuzz_dma(dma_addr_t dma, size_t size, bool to_write);
dma_addr_t fuzz_dma_of(const void *va);
/* A write by the device. */
void fuzz_poke(void *to, const void *from, size_t size);

/* ---- the device: a small modem without functions ---- */

/* One round: what was asked by messages, and what was sent, gets done. */
void fuzz_device(void);
/* Puts @len bytes into the next DL buffer of channel @nr, if there is one. */
void fuzz_device_send(unsigned int nr, const void *data, u32 len, u8 status);
/* Stops to answer for good: all ones. */
void fuzz_device_gone(void);
void fuzz_device_stage(u32 stage);
void fuzz_device_sleep(u32 request);
void fuzz_device_power(void);
/* A mute device completes no messages. */
void fuzz_device_mute(bool mute);
bool fuzz_device_has_open(unsigned int pipe);
bool fuzz_device_runs(void);
/* Write a 32-bit value to any place of the shared memory. */
void fuzz_corrupt(u32 where, u32 word);

/* ---- the rest of the kernel ---- */

/* The @n-th allocation or mapping from now fails. */
void fuzz_fail_in(unsigned int n);
/* Runs the handlers of the interrupt, and the thread if they ask for it. */
void fuzz_irq(void);
/* Run the work that is due. */
void fuzz_work(void);
/* Called by fuzz_wait() after the device has run; may wait itself. */
extern void (*fuzz_others)(void);
/* Would this work wait for a lock that is held further up the call chain? */
extern bool (*fuzz_blocked)(const struct work_struct *work);

/* Ports: what a user of the character device does. */
void fuzz_port_open(unsigned int nr);
void fuzz_port_close(unsigned int nr);
void fuzz_port_write(unsigned int nr, unsigned int len);
void fuzz_port_read(unsigned int nr);
bool fuzz_ports_busy(void);

#endif
