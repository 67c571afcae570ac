// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print the kernel's uevents that carry an IOSM_EVENT, one a line, as
 * "ACTION DEVPATH IOSM_EVENT=..."; the first line is "listening".
 */
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
	char buf[8192];

	if (fd < 0 || bind(fd, (struct sockaddr *)&nl, sizeof(nl))) {
		perror("uevents");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);
		const char *event = NULL, *p;
		char *path;

		if (n <= 0)
			continue;
		buf[n] = 0;
		path = strchr(buf, '@');
		if (!path)
			continue;
		for (p = buf + strlen(buf) + 1; p < buf + n;
		     p += strlen(p) + 1)
			if (!strncmp(p, "IOSM_EVENT=", 11))
				event = p;
		*path++ = 0;
		if (event)
			printf("%s %s %s\n", buf, path, event);
	}
}
