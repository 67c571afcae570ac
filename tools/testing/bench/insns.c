// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's software emulation: counts the instructions that the
 * guest's processors execute. The sum stands in a file, a binary number of 64
 * bits that is written anew every half millisecond.
 *
 * Unlike time it does not depend on what else the machine does.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "insns.h"

EXPORT int qemu_plugin_version = 7;

static struct per_cpu count;
static _Atomic uint64_t *out;

static void translated(struct qemu_plugin_tb *tb, void *arg)
{
	(void)arg;
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, INLINE_ADD, count,
							  qemu_plugin_tb_n_insns(tb));
}

static void *publish(void *arg)
{
	const struct timespec pause = { .tv_nsec = 500000 };

	(void)arg;
	for (;;) {
		*out = qemu_plugin_u64_sum(count);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	pthread_t thread;
	int fd;

	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	fd = open(argv[0] + 4, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*out)))
		return -1;
	out = mmap(NULL, sizeof(*out), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   0);
	close(fd);
	if (out == MAP_FAILED)
		return -1;
	count.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated, NULL);
	return pthread_create(&thread, NULL, publish, NULL);
}
