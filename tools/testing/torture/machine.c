// SPDX-License-Identifier: GPL-2.0-only
/* Slots, modules and files of the guest, and the interface to the host. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"

#define PCI		"/sys/bus/pci/devices/"

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&t, NULL);
}

/* until() - poll a condition; false after @ms milliseconds */
bool until(unsigned int ms, bool (*condition)(void))
{
	uint64_t end = now_ms() + ms;

	for (;;) {
		if (condition())
			return true;
		if (now_ms() >= end)
			return condition();
		sleep_ms(opt.pace > 1 ? 20 : 5);
	}
}

/* put() - one write(); returns 0 or a negative errno */
int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		err = -errno;
	close(fd);
	return err;
}

/* get() - read the start of a file; returns its length or a negative errno */
int get(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	text[0] = 0;
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	else
		text[n] = 0;
	close(fd);
	return n;
}

bool exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

/* any_in() - is there an entry that begins with @prefix? */
bool any_in(const char *folder, const char *prefix, char *name, size_t size)
{
	DIR *dir = opendir(folder);
	struct dirent *d;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		if (d->d_name[0] == '.' ||
		    strncmp(d->d_name, prefix, strlen(prefix)))
			continue;
		found = true;
		if (name)
			snprintf(name, size, "%s", d->d_name);
	}
	closedir(dir);
	return found;
}

/* ---- The host ---- */

static bool host_transfer(int fd, const char *line, char *reply, size_t size)
{
	char head[32], part[4096];
	size_t at = 0, len, room;
	int bad;
	ssize_t n;

	if (write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		return false;
	while (at < sizeof(head) - 1) {
		n = read(fd, head + at, 1);
		if (n <= 0)
			return false;
		if (head[at++] == '\n')
			break;
	}
	head[at] = 0;
	if (sscanf(head, "%d %zu", &bad, &len) != 2)
		return false;
	for (at = 0; len; len -= n) {
		n = read(fd, part, len < sizeof(part) ? len : sizeof(part));
		if (n <= 0)
			return false;
		room = at < size ? size - at : 0;
		if (reply && room > 1) {
			room = (size_t)n < room - 1 ? (size_t)n : room - 1;
			memcpy(reply + at, part, room);
			at += room;
		}
	}
	if (reply && size)
		reply[at] = 0;
	return !bad;
}

static bool host_request(char *reply, size_t size, const char *line)
{
	int lock, fd;
	bool ok = false;

	if (reply && size)
		reply[0] = 0;
	lock = open("/run/host.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX))
		return false;
	fd = open("/dev/virtio-ports/host", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		ok = host_transfer(fd, line, reply, size);
		close(fd);
	}
	close(lock);
	return ok;
}

/* host() - run one command of "host"; true on success */
bool host(char *reply, size_t size, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	strcat(line, "\n");
	return host_request(reply, size, line);
}

/* vmctl() - send a command to the modem; true if the answer is "ok" */
bool vmctl(const char *format, ...)
{
	char line[512] = "modem ";
	va_list ap;

	va_start(ap, format);
	vsnprintf(line + 6, sizeof(line) - 7, format, ap);
	va_end(ap);
	strcat(line, "\n");
	return host_request(NULL, 0, line);
}

/* ---- The card ---- */

/* card() - PCI address of the modem, NULL when there is none */
const char *card(void)
{
	static char address[32];
	char path[PATH_MAX], id[16];
	struct dirent *d;
	const char *found = NULL;
	DIR *dir;

	/* Try the last address first: the slot holds no other card. */
	if (address[0]) {
		snprintf(path, sizeof(path), PCI "%s", address);
		if (exists(path))
			return address;
	}
	dir = opendir(PCI);
	if (!dir)
		return NULL;
	while (!found && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PCI "%s/device", d->d_name);
		if (get(path, id, sizeof(id)) <= 0 ||
		    (strcmp(id, "0x7560\n") && strcmp(id, "0x7360\n")))
			continue;
		snprintf(address, sizeof(address), "%.31s", d->d_name);
		found = address;
	}
	closedir(dir);
	return found;
}

/* driver_dir() - sysfs directory of the driver that the module registered */
const char *driver_dir(void)
{
	static char dir[320];
	char name[256];

	if (!any_in("/sys/module/iosm/drivers", "pci:", name, sizeof(name)))
		return NULL;
	snprintf(dir, sizeof(dir), "/sys/bus/pci/drivers/%s", name + 4);
	return dir;
}

static int put_card(const char *file, const char *text)
{
	const char *address = card();
	char path[PATH_MAX];

	if (!address)
		return -ENODEV;
	snprintf(path, sizeof(path), PCI "%s/%s", address, file);
	return put(path, text);
}

static int put_driver(const char *file)
{
	const char *address = card(), *dir = driver_dir();
	char path[512];

	if (!address || !dir)
		return -ENODEV;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return put(path, address);
}

bool bound(void)
{
	const char *address = card();
	char path[PATH_MAX];

	if (!address)
		return false;
	snprintf(path, sizeof(path), PCI "%s/driver", address);
	return exists(path);
}

int bind_card(void)
{
	return put_driver("bind");
}

int unbind_card(void)
{
	return put_driver("unbind");
}

int reset_card(void)
{
	return put_card("reset", "1");
}

int remove_card(void)
{
	return put_card("remove", "1");
}

int rescan_bus(void)
{
	return put("/sys/bus/pci/rescan", "1");
}

int slot_power(bool on)
{
	return put("/sys/bus/pci/slots/1/power", on ? "1" : "0");
}

/* ---- The module ---- */

bool loaded(void)
{
	return exists("/sys/module/iosm");
}

int load_module(void)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		err = -errno;
	close(fd);
	return err;
}

int unload_module(void)
{
	uint64_t end = now_ms() + 10000;

	/* An open() or a netlink request may hold a reference. */
	while (syscall(SYS_delete_module, "iosm", O_NONBLOCK)) {
		if (errno == ENOENT)
			return 0;
		if ((errno != EWOULDBLOCK && errno != EBUSY) || now_ms() > end)
			return -errno;
		sleep_ms(1);
	}
	return 0;
}

/* ---- Ports and links of a working modem ---- */

const char *control_port(void)
{
	return opt.is_7360 ? "/dev/wwan0xmmrpc0" : "/dev/wwan0mbim0";
}

bool ready(void)
{
	/*
	 * Check the last one first. Finally look the link up by name, which
	 * succeeds later than in sysfs.
	 */
	return exists("/sys/class/net/wwan0") && exists("/dev/wwan0at1") &&
	       exists("/dev/wwan0at0") && exists(control_port()) &&
	       if_nametoindex("wwan0");
}

bool all_gone(void)
{
	return !any_in("/dev", "wwan", NULL, 0) &&
	       !any_in("/sys/class/wwan", "", NULL, 0) &&
	       !any_in("/sys/class/net", "wwan", NULL, 0);
}
