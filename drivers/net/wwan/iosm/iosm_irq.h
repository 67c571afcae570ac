/* SPDX-License-Identifier: GPL-2.0-only */
/* The interrupt. */
#ifndef IOSM_IRQ_H
#define IOSM_IRQ_H

#include <linux/interrupt.h>
#include <linux/types.h>

struct iosm_core;

irqreturn_t iosm_irq_hard(int irq, void *data);
irqreturn_t iosm_irq_thread(int irq, void *data);
bool iosm_irq_look(struct iosm_core *core, bool *spurious);

#endif
