// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-user server: frames, host memory, interrupts. QEMU is the client.
 *
 * The client is not trusted. An invalid message is answered with an error, an
 * invalid stream is closed, and no length or file descriptor is used before it
 * was checked.
 *
 * Host memory is passed as file descriptors. A file is mapped once as a whole
 * and remains mapped while the client is connected. A DMA mapping is then an
 * entry of a sorted table. This matters behind an IOMMU, where every buffer has
 * its own mapping.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bytes.h"
#include "loop.h"
#include "pci.h"
#include "vfu.h"

#define VFU_HEADER	16u
#define VFU_IN		65536u		/* longest message + next data */
#define VFU_OUT		65536u
#define VFU_FDS		16u		/* descriptors not yet claimed */
#define VFU_MAPS	65536u
#define VFU_FILES	64u
#define VFU_PAGE	4096u

#define FLAG_TYPE	0x0f
#define FLAG_REPLY	0x01
#define FLAG_NO_REPLY	0x10
#define FLAG_ERROR	0x20

enum {
	CMD_VERSION = 1, CMD_DMA_MAP, CMD_DMA_UNMAP, CMD_GET_INFO,
	CMD_REGION_INFO, CMD_IRQ_INFO = 7, CMD_SET_IRQS, CMD_REGION_READ,
	CMD_REGION_WRITE, CMD_RESET = 13,
};

#define DMA_READABLE	1u
#define DMA_WRITABLE	2u
#define UNMAP_ALL	2u

#define IRQ_MSI		1u
#define IRQS		5u
#define REGIONS		9u

#define SET_DATA	0x07u
#define SET_NONE	0x01u
#define SET_EVENTFD	0x04u
#define SET_ACTION	0x38u
#define SET_TRIGGER	0x20u

struct vfu_map {
	uint64_t addr, size;
	uint8_t *ptr;			/* NULL: not host memory */
	uint32_t flags;
};

struct vfu_file {
	dev_t dev;
	ino_t ino;
	uint64_t size;
	uint8_t *ptr;
	bool writable;
};

struct vfu {
	struct vm *vm;
	struct pci *pci;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct loop_fd listener, conn;
	bool attached, want_out;

	/* Position in the client's stream of in[0] and one past the data */
	uint64_t in_pos, in_end;
	uint8_t in[VFU_IN];
	/* Descriptors, each with the position of a byte of its message */
	struct { int fd; uint64_t pos; } fds[VFU_FDS];
	unsigned int fd_count;
	uint8_t out[VFU_OUT];
	size_t out_len;

	struct vfu_map *maps;		/* sorted by address, disjoint */
	unsigned int map_count, map_room;
	unsigned int last;		/* where the last lookup ended */
	struct vfu_file files[VFU_FILES];
	unsigned int file_count;
	int msi[PCI_MSI_VECTORS];
};

static uint64_t get_le64(const uint8_t *p)
{
	return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static void put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, v);
	put_le32(p + 4, v >> 32);
}

/* ---- host memory ------------------------------------------------------- */

static uint64_t map_end(const struct vfu_map *m)
{
	return m->addr + m->size;	/* checked not to wrap when added */
}

/* Index of the first mapping that ends above @addr. */
static unsigned int map_find(const struct vfu *vfu, uint64_t addr)
{
	unsigned int low = 0, high = vfu->map_count;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (map_end(&vfu->maps[mid]) <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool vfu_dma(void *priv, uint64_t addr, size_t *len, bool write,
		    void **ptr)
{
	struct vfu *vfu = priv;
	unsigned int i = vfu->last;
	struct vfu_map *m;

	if (i >= vfu->map_count || addr < vfu->maps[i].addr ||
	    addr - vfu->maps[i].addr >= vfu->maps[i].size) {
		i = map_find(vfu, addr);
		if (i >= vfu->map_count || addr < vfu->maps[i].addr)
			return false;
		vfu->last = i;
	}
	m = &vfu->maps[i];
	if (!m->ptr || !(m->flags & (write ? DMA_WRITABLE : DMA_READABLE)))
		return false;
	if (*len > map_end(m) - addr)
		*len = map_end(m) - addr;
	*ptr = m->ptr + (addr - m->addr);
	return true;
}

/* Make room for @n more mappings. */
static int map_reserve(struct vfu *vfu, unsigned int n)
{
	unsigned int room = vfu->map_room ? vfu->map_room : 64;
	struct vfu_map *maps;

	if (vfu->map_count + n > VFU_MAPS)
		return -ENOSPC;
	while (room < vfu->map_count + n)
		room *= 2;
	if (room == vfu->map_room)
		return 0;
	maps = realloc(vfu->maps, room * sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	vfu->maps = maps;
	vfu->map_room = room;
	return 0;
}

static void map_insert(struct vfu *vfu, unsigned int at,
		       const struct vfu_map *m)
{
	memmove(vfu->maps + at + 1, vfu->maps + at,
		(vfu->map_count - at) * sizeof(*m));
	vfu->maps[at] = *m;
	vfu->map_count++;
}

static int map_add(struct vfu *vfu, const struct vfu_map *m)
{
	unsigned int at = map_find(vfu, m->addr);
	int ret;

	if (at < vfu->map_count && vfu->maps[at].addr < map_end(m))
		return -EEXIST;
	ret = map_reserve(vfu, 1);
	if (ret)
		return ret;
	map_insert(vfu, at, m);
	return 0;
}

/* Remove @addr..@end - 1; truncate mappings that extend beyond it. */
static int map_remove(struct vfu *vfu, uint64_t addr, uint64_t end)
{
	unsigned int first = map_find(vfu, addr), last;
	struct vfu_map *m;
	int ret;

	ret = map_reserve(vfu, 1);
	if (ret)
		return ret;
	m = vfu->maps + first;
	if (first < vfu->map_count && m->addr < addr) {
		struct vfu_map rest = *m;

		m->size = addr - m->addr;
		rest.size -= m->size;
		rest.addr = addr;
		if (rest.ptr)
			rest.ptr += m->size;
		map_insert(vfu, ++first, &rest);
	}
	for (last = first; last < vfu->map_count; last++) {
		m = vfu->maps + last;
		if (m->addr >= end)
			break;
		if (map_end(m) <= end)
			continue;
		if (m->ptr)
			m->ptr += end - m->addr;
		m->size = map_end(m) - end;
		m->addr = end;
		break;
	}
	memmove(vfu->maps + first, vfu->maps + last,
		(vfu->map_count - last) * sizeof(*m));
	vfu->map_count -= last - first;
	return 0;
}

/* The whole file behind @fd, mapped; NULL with errno. */
static struct vfu_file *file_get(struct vfu *vfu, int fd)
{
	struct vfu_file *f;
	struct stat st;
	unsigned int i;
	void *ptr;

	if (fstat(fd, &st))
		return NULL;
	if (st.st_size <= 0) {
		errno = EINVAL;
		return NULL;
	}
	for (i = 0; i < vfu->file_count; i++) {
		f = &vfu->files[i];
		if (f->dev == st.st_dev && f->ino == st.st_ino &&
		    f->size == (uint64_t)st.st_size)
			return f;
	}
	if (vfu->file_count == VFU_FILES) {
		errno = ENOSPC;
		return NULL;
	}
	f = &vfu->files[vfu->file_count];
	f->writable = true;
	ptr = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ptr == MAP_FAILED) {
		f->writable = false;
		ptr = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (ptr == MAP_FAILED)
		return NULL;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->size = st.st_size;
	f->ptr = ptr;
	vfu->file_count++;
	return f;
}

static void memory_forget(struct vfu *vfu)
{
	unsigned int i;

	for (i = 0; i < vfu->file_count; i++)
		munmap(vfu->files[i].ptr, vfu->files[i].size);
	vfu->file_count = 0;
	vfu->map_count = 0;
	vfu->last = 0;
}

/* ---- connection ------------------------------------------------------- */

static void vfu_accept(struct loop_fd *lf, uint32_t events);
static void vfu_event(struct loop_fd *lf, uint32_t events);

static void vfu_close(struct vfu *vfu, const char *why)
{
	unsigned int i;

	if (!vfu->attached)
		return;
	vm_log(vfu->vm, "vfio-user: closed: %s", why);
	vfu->attached = false;
	loop_fd_del(&vfu->conn);
	close(vfu->conn.fd);
	vfu->conn.fd = -1;
	/* Detach the device first: it must not access unmapped memory. */
	pci_disconnect(vfu->pci);
	memory_forget(vfu);
	for (i = 0; i < PCI_MSI_VECTORS; i++) {
		if (vfu->msi[i] >= 0)
			close(vfu->msi[i]);
		vfu->msi[i] = -1;
	}
	for (i = 0; i < vfu->fd_count; i++)
		close(vfu->fds[i].fd);
	vfu->fd_count = 0;
	vfu->out_len = 0;
	vfu->want_out = false;
	if (vfu->listener.fd >= 0)
		loop_fd_add(&vfu->listener, EPOLLIN);
}

static void vfu_flush(struct vfu *vfu)
{
	bool more;
	ssize_t n;

	while (vfu->out_len) {
		n = send(vfu->conn.fd, vfu->out, vfu->out_len,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0) {
			vfu_close(vfu, strerror(errno));
			return;
		}
		vfu->out_len -= n;
		memmove(vfu->out, vfu->out + n, vfu->out_len);
	}
	more = vfu->out_len;
	if (more != vfu->want_out) {
		vfu->want_out = more;
		loop_fd_mod(&vfu->conn, EPOLLIN | (more ? EPOLLOUT : 0));
	}
}

/* @err: a positive errno; an error reply has no body. */
static void vfu_reply(struct vfu *vfu, const uint8_t *request, int err,
		      const uint8_t *body, uint32_t len)
{
	uint8_t *p = vfu->out + vfu->out_len;

	if (!vfu->attached || (get_le32(request + 8) & FLAG_NO_REPLY))
		return;
	if (err)
		len = 0;
	if (VFU_HEADER + len > VFU_OUT - vfu->out_len) {
		vfu_close(vfu, "the client does not read its replies");
		return;
	}
	memcpy(p, request, 4);
	put_le32(p + 4, VFU_HEADER + len);
	put_le32(p + 8, FLAG_REPLY | (err ? FLAG_ERROR : 0));
	put_le32(p + 12, err);
	if (len)
		memcpy(p + VFU_HEADER, body, len);
	vfu->out_len += VFU_HEADER + len;
	if (!vfu->want_out)
		vfu_flush(vfu);
}

/* A descriptor received with the message at @start..@end - 1, or -1. */
static int vfu_claim_fd(struct vfu *vfu, uint64_t start, uint64_t end)
{
	unsigned int i;
	int fd;

	for (i = 0; i < vfu->fd_count; i++) {
		if (vfu->fds[i].pos < start || vfu->fds[i].pos >= end)
			continue;
		fd = vfu->fds[i].fd;
		memmove(vfu->fds + i, vfu->fds + i + 1,
			(vfu->fd_count - i - 1) * sizeof(vfu->fds[0]));
		vfu->fd_count--;
		return fd;
	}
	return -1;
}

/* ---- commands --------------------------------------------------------- */

struct vfu_msg {
	const uint8_t *head, *body;
	uint32_t len;			/* of the body */
	uint64_t start, end;		/* position in the stream */
};

static int cmd_version(struct vfu *vfu, const struct vfu_msg *m)
{
	/* QEMU refuses a reply that is longer than what it sent. */
	static const uint8_t reply[] = { 0, 0, 0, 0, '{', '}', 0 };
	uint32_t len = sizeof(reply);

	if (m->len < 4)
		return -EINVAL;
	if (get_le16(m->body) != 0) {
		vm_log(vfu->vm, "vfio-user: version %u.%u is not supported",
		       get_le16(m->body), get_le16(m->body + 2));
		return -EINVAL;
	}
	vfu_reply(vfu, m->head, 0, reply, len < m->len ? len : m->len);
	return 0;
}

static int cmd_dma_map(struct vfu *vfu, const struct vfu_msg *m)
{
	struct vfu_map map = { 0 };
	struct vfu_file *file;
	uint64_t offset;
	int fd, ret;

	if (m->len < 32)
		return -EINVAL;
	map.flags = get_le32(m->body + 4);
	offset = get_le64(m->body + 8);
	map.addr = get_le64(m->body + 16);
	map.size = get_le64(m->body + 24);
	if (!map.size || map.addr + map.size < map.addr ||
	    (map.addr | map.size | offset) % VFU_PAGE)
		return -EINVAL;

	fd = vfu_claim_fd(vfu, m->start, m->end);
	if (fd >= 0) {
		file = file_get(vfu, fd);
		ret = file ? 0 : -errno;
		close(fd);
		if (ret)
			return ret;
		if (offset > file->size || map.size > file->size - offset)
			return -EINVAL;
		map.ptr = file->ptr + offset;
		if (!file->writable)
			map.flags &= ~DMA_WRITABLE;
	}
	vm_debug(vfu->vm, "map %#llx size %#llx flags %u%s",
		 (unsigned long long)map.addr, (unsigned long long)map.size,
		 map.flags, map.ptr ? "" : " without memory");
	ret = map_add(vfu, &map);
	if (ret)
		return ret;
	vfu_reply(vfu, m->head, 0, NULL, 0);
	return 0;
}

static int cmd_dma_unmap(struct vfu *vfu, const struct vfu_msg *m)
{
	uint64_t addr, size, end;
	uint32_t flags;
	int ret;

	if (m->len < 24)
		return -EINVAL;
	flags = get_le32(m->body + 4);
	addr = get_le64(m->body + 8);
	size = get_le64(m->body + 16);
	if (flags & UNMAP_ALL) {
		addr = 0;
		end = UINT64_MAX;
	} else {
		/* A range up to the end of the address space wraps to 0. */
		end = addr + size ? addr + size : UINT64_MAX;
		if (!size || end < addr)
			return -EINVAL;
		vm_dma_unmapped(vfu->vm, addr, size);
	}
	vm_debug(vfu->vm, "unmap %#llx size %#llx", (unsigned long long)addr,
		 (unsigned long long)(end - addr));
	ret = map_remove(vfu, addr, end);
	if (ret)
		return ret;
	vfu_reply(vfu, m->head, 0, m->body, 24);
	return 0;
}

static int cmd_get_info(struct vfu *vfu, const struct vfu_msg *m)
{
	uint8_t info[16];

	if (m->len < sizeof(info))
		return -EINVAL;
	put_le32(info, sizeof(info));
	put_le32(info + 4, 1 | 2);	/* can reset, PCI */
	put_le32(info + 8, REGIONS);
	put_le32(info + 12, IRQS);
	vfu_reply(vfu, m->head, 0, info, sizeof(info));
	return 0;
}

static int cmd_region_info(struct vfu *vfu, const struct vfu_msg *m)
{
	uint8_t info[32] = { 0 };
	uint32_t index, size;

	if (m->len < sizeof(info))
		return -EINVAL;
	index = get_le32(m->body + 8);
	if (index >= REGIONS)
		return -EINVAL;
	size = pci_region_size(vfu->pci, index);
	put_le32(info, sizeof(info));
	put_le32(info + 4, size ? 1 | 2 : 0);	/* read, write */
	put_le32(info + 8, index);
	put_le64(info + 16, size);
	vfu_reply(vfu, m->head, 0, info, sizeof(info));
	return 0;
}

static int cmd_irq_info(struct vfu *vfu, const struct vfu_msg *m)
{
	uint8_t info[16];
	uint32_t index;

	if (m->len < sizeof(info))
		return -EINVAL;
	index = get_le32(m->body + 8);
	if (index >= IRQS)
		return -EINVAL;
	put_le32(info, sizeof(info));
	put_le32(info + 4, 1 | 8);	/* eventfd, fixed count */
	put_le32(info + 8, index);
	put_le32(info + 12, index == IRQ_MSI ? PCI_MSI_VECTORS : 0);
	vfu_reply(vfu, m->head, 0, info, sizeof(info));
	return 0;
}

static void msi_set(struct vfu *vfu, unsigned int i, int fd)
{
	if (vfu->msi[i] >= 0)
		close(vfu->msi[i]);
	vfu->msi[i] = fd;
	/* A full eventfd must not block the modem. */
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int cmd_set_irqs(struct vfu *vfu, const struct vfu_msg *m)
{
	uint32_t flags, index, start, count, i;

	if (m->len < 20)
		return -EINVAL;
	flags = get_le32(m->body + 4);
	index = get_le32(m->body + 8);
	start = get_le32(m->body + 12);
	count = get_le32(m->body + 16);
	if (index != IRQ_MSI) {
		if (count)
			return -EINVAL;
		vfu_reply(vfu, m->head, 0, NULL, 0);
		return 0;
	}
	if (start > PCI_MSI_VECTORS || count > PCI_MSI_VECTORS - start)
		return -EINVAL;
	/* Neither masking nor triggering by the client is supported. */
	if ((flags & SET_ACTION) != SET_TRIGGER)
		return -EINVAL;
	switch (flags & SET_DATA) {
	case SET_NONE:
		if (count)
			return -EINVAL;
		for (i = 0; i < PCI_MSI_VECTORS; i++)
			msi_set(vfu, i, -1);
		break;
	case SET_EVENTFD:
		for (i = start; i < start + count; i++)
			msi_set(vfu, i, vfu_claim_fd(vfu, m->start, m->end));
		break;
	default:
		return -EINVAL;
	}
	vfu_reply(vfu, m->head, 0, NULL, 0);
	return 0;
}

static int cmd_region_read(struct vfu *vfu, const struct vfu_msg *m)
{
	uint8_t reply[16 + PCI_CONFIG_SIZE];
	uint32_t count;

	if (m->len < 16)
		return -EINVAL;
	count = get_le32(m->body + 12);
	if (count > PCI_CONFIG_SIZE)
		return -EINVAL;
	memcpy(reply, m->body, 16);
	if (pci_read(vfu->pci, get_le32(m->body + 8), get_le64(m->body),
		     reply + 16, count))
		return -EINVAL;
	vfu_reply(vfu, m->head, 0, reply, 16 + count);
	return 0;
}

static int cmd_region_write(struct vfu *vfu, const struct vfu_msg *m)
{
	uint32_t count;

	if (m->len < 16)
		return -EINVAL;
	count = get_le32(m->body + 12);
	if (count > m->len - 16)
		return -EINVAL;
	if (pci_write(vfu->pci, get_le32(m->body + 8), get_le64(m->body),
		      m->body + 16, count))
		return -EINVAL;
	vfu_reply(vfu, m->head, 0, m->body, 16);
	return 0;
}

static int cmd_reset(struct vfu *vfu, const struct vfu_msg *m)
{
	pci_reset(vfu->pci);
	vfu_reply(vfu, m->head, 0, NULL, 0);
	return 0;
}

/* @m points into our buffer, which is not written while @m is handled. */
static void vfu_message(struct vfu *vfu, const struct vfu_msg *m)
{
	unsigned int cmd = get_le16(m->head + 2);
	int fd, err;

	if ((get_le32(m->head + 8) & FLAG_TYPE) == FLAG_REPLY)
		return;			/* the server sends no requests */
	switch (cmd) {
	case CMD_VERSION:
		err = cmd_version(vfu, m);
		break;
	case CMD_DMA_MAP:
		err = cmd_dma_map(vfu, m);
		break;
	case CMD_DMA_UNMAP:
		err = cmd_dma_unmap(vfu, m);
		break;
	case CMD_GET_INFO:
		err = cmd_get_info(vfu, m);
		break;
	case CMD_REGION_INFO:
		err = cmd_region_info(vfu, m);
		break;
	case CMD_IRQ_INFO:
		err = cmd_irq_info(vfu, m);
		break;
	case CMD_SET_IRQS:
		err = cmd_set_irqs(vfu, m);
		break;
	case CMD_REGION_READ:
		err = cmd_region_read(vfu, m);
		break;
	case CMD_REGION_WRITE:
		err = cmd_region_write(vfu, m);
		break;
	case CMD_RESET:
		err = cmd_reset(vfu, m);
		break;
	default:
		err = -ENOTSUP;
	}
	if (err) {
		vm_log(vfu->vm, "vfio-user: command %u, %u bytes: %s", cmd,
		       m->len, strerror(-err));
		vfu_reply(vfu, m->head, -err, NULL, 0);
	}
	/* Close descriptors that the command did not use. */
	while ((fd = vfu_claim_fd(vfu, m->start, m->end)) >= 0)
		close(fd);
}

static void vfu_parse(struct vfu *vfu)
{
	size_t have = vfu->in_end - vfu->in_pos, at = 0;

	while (vfu->attached && have - at >= VFU_HEADER) {
		struct vfu_msg m = { .head = vfu->in + at };
		uint32_t size = get_le32(m.head + 4);

		if (size < VFU_HEADER || size > VFU_IN) {
			vfu_close(vfu, "invalid message size");
			return;
		}
		if (size > have - at)
			break;
		m.body = m.head + VFU_HEADER;
		m.len = size - VFU_HEADER;
		m.start = vfu->in_pos + at;
		m.end = m.start + size;
		vfu_message(vfu, &m);
		at += size;
	}
	if (!vfu->attached)
		return;
	memmove(vfu->in, vfu->in + at, have - at);
	vfu->in_pos += at;
}

/* Descriptors belong to the message of the last received byte. */
static bool vfu_take_fds(struct vfu *vfu, struct msghdr *mh)
{
	struct cmsghdr *c;
	bool good = true;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t i, n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (vfu->fd_count == VFU_FDS) {
				close(fd);
				good = false;
				continue;
			}
			vfu->fds[vfu->fd_count].fd = fd;
			vfu->fds[vfu->fd_count++].pos = vfu->in_end - 1;
		}
	}
	return good && !(mh->msg_flags & MSG_CTRUNC);
}

static void vfu_receive(struct vfu *vfu)
{
	size_t have = vfu->in_end - vfu->in_pos;
	union {
		char buf[CMSG_SPACE(sizeof(int) * VFU_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {
		.iov_base = vfu->in + have,
		.iov_len = VFU_IN - have,
	};
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t n;

	n = recvmsg(vfu->conn.fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			vfu_close(vfu, strerror(errno));
		return;
	}
	if (!n) {
		vfu_close(vfu, "the client disconnected");
		return;
	}
	vfu->in_end += n;
	if (!vfu_take_fds(vfu, &mh)) {
		vfu_close(vfu, "too many file descriptors");
		return;
	}
	vfu_parse(vfu);
}

static void vfu_event(struct loop_fd *lf, uint32_t events)
{
	struct vfu *vfu = lf->priv;

	if (events & EPOLLOUT)
		vfu_flush(vfu);
	if (vfu->attached && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		vfu_receive(vfu);
}

int vfu_attach(struct vfu *vfu, int fd)
{
	int ret;

	vfu->conn.fd = fd;
	vfu->conn.fn = vfu_event;
	vfu->conn.priv = vfu;
	ret = loop_fd_add(&vfu->conn, EPOLLIN);
	if (ret) {
		close(fd);
		return ret;
	}
	/* One card, one slot: accept the next client after this one. */
	if (vfu->listener.fd >= 0)
		loop_fd_del(&vfu->listener);
	vfu->attached = true;
	vfu->in_pos = 0;
	vfu->in_end = 0;
	vm_log(vfu->vm, "vfio-user: connected");
	pci_connect(vfu->pci);
	return 0;
}

bool vfu_connected(const struct vfu *vfu)
{
	return vfu->attached;
}

static void vfu_accept(struct loop_fd *lf, uint32_t events)
{
	struct vfu *vfu = lf->priv;
	int fd = accept4(lf->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0)
		vfu_attach(vfu, fd);
}

static bool vfu_msi(void *priv, unsigned int vector)
{
	struct vfu *vfu = priv;
	uint64_t one = 1;

	if (vfu->msi[vector] < 0)
		return false;
	/* EAGAIN: the counter is at its maximum, the interrupt is pending. */
	return write(vfu->msi[vector], &one, sizeof(one)) == sizeof(one) ||
	       errno == EAGAIN;
}

static const struct pci_transport transport = {
	.dma = vfu_dma,
	.msi = vfu_msi,
};

static int vfu_listen(struct vfu *vfu, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sun.sun_path, path);
	strcpy(vfu->path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	vfu->listener.fd = fd;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 4))
		return -1;
	vfu->listener.fn = vfu_accept;
	vfu->listener.priv = vfu;
	ret = loop_fd_add(&vfu->listener, EPOLLIN);
	if (ret) {
		errno = -ret;
		return -1;
	}
	return 0;
}

struct vfu *vfu_create(struct vm *vm, const char *path)
{
	struct vfu *vfu = calloc(1, sizeof(*vfu));
	unsigned int i;
	int err;

	if (!vfu)
		return NULL;
	vfu->vm = vm;
	vfu->conn.fd = -1;
	vfu->listener.fd = -1;
	for (i = 0; i < PCI_MSI_VECTORS; i++)
		vfu->msi[i] = -1;
	vfu->pci = pci_create(vm, &transport, vfu);
	if (!vfu->pci || (path && vfu_listen(vfu, path))) {
		err = errno;
		vfu_destroy(vfu);
		errno = err;
		return NULL;
	}
	return vfu;
}

void vfu_destroy(struct vfu *vfu)
{
	if (!vfu)
		return;
	if (vfu->listener.fd >= 0) {
		if (!vfu->attached)
			loop_fd_del(&vfu->listener);
		close(vfu->listener.fd);
		vfu->listener.fd = -1;
		unlink(vfu->path);
	}
	vfu_close(vfu, "the modem exits");
	pci_destroy(vfu->pci);
	free(vfu->maps);
	free(vfu);
}
