/* SPDX-License-Identifier: GPL-2.0-only */
/* vfio-user: the transport between QEMU and the PCI function. */
#ifndef VMODEM_VFU_H
#define VMODEM_VFU_H

#include "device.h"

struct vfu;

/*
 * Listen on a UNIX socket at @path (NULL: do not listen, see vfu_attach()) and
 * serve one client after another. NULL with errno set on failure.
 */
struct vfu *vfu_create(struct vm *vm, const char *path);
void vfu_destroy(struct vfu *vfu);

/* Serve the client at the other end of @fd. Takes ownership of @fd. */
int vfu_attach(struct vfu *vfu, int fd);
bool vfu_connected(const struct vfu *vfu);

#endif
