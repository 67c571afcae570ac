/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we use of QEMU's interface for plugins, as version 7 of it is (QEMU
 * 11.1); Debian has no package with the header. Another QEMU may refuse to load
 * the plugin; the report of make bench then goes without instructions.
 */
#ifndef BENCH_INSNS_H
#define BENCH_INSNS_H

#include <stddef.h>
#include <stdint.h>

struct qemu_plugin_tb;
struct qemu_plugin_scoreboard;

struct per_cpu {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

enum { INLINE_ADD };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
uint64_t qemu_plugin_u64_sum(struct per_cpu entry);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*cb)(struct qemu_plugin_tb *tb,
						      void *arg),
					   void *arg);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
						       int op,
						       struct per_cpu entry,
						       uint64_t value);

/* What QEMU looks for. */
#define EXPORT __attribute__((visibility("default")))
extern EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
			       char **argv);

#endif
