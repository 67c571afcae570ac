// SPDX-License-Identifier: GPL-2.0-only
/* Links and packets, without other programs. */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/wwan.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "torture.h"

/* ---- rtnetlink ---- */

struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char data[256];
};

static struct rtattr *attribute(struct request *r, unsigned short type,
				const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)r +
					     NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) +
			    RTA_ALIGN(a->rta_len);
	return a;
}

static void close_nest(struct request *r, struct rtattr *a)
{
	a->rta_len = (char *)r + r->head.nlmsg_len - (char *)a;
}

static int exchange(struct request *r)
{
	char reply[1024];
	struct nlmsghdr *h = (struct nlmsghdr *)reply;
	struct nlmsgerr *e = NLMSG_DATA(h);
	int err = 0, fd;
	ssize_t n;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0) {
		err = -errno;
	} else {
		n = recv(fd, reply, sizeof(reply), 0);
		if (n < 0)
			err = -errno;
		else if (n < (ssize_t)NLMSG_LENGTH(sizeof(*e)) ||
			 h->nlmsg_type != NLMSG_ERROR)
			err = -EBADMSG;
		else
			err = e->error;
	}
	close(fd);
	return err;
}

/* link_name() - name of the link of a session: wwan0, wwan0-1, ... */
const char *link_name(unsigned int session, char name[16])
{
	if (session)
		snprintf(name, 16, "wwan0-%hhu", (uint8_t)session);
	else
		strcpy(name, "wwan0");
	return name;
}

/* link_add() - add the link of a session, as "ip link add" does */
int link_add(unsigned int session)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.info)),
		.head.nlmsg_type = RTM_NEWLINK,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
				    NLM_F_EXCL,
	};
	struct rtattr *info, *data;
	uint32_t id = session;
	char name[16];

	link_name(session, name);
	attribute(&r, IFLA_IFNAME, name, strlen(name) + 1);
	attribute(&r, IFLA_PARENT_DEV_NAME, "wwan0", 6);
	info = attribute(&r, IFLA_LINKINFO, NULL, 0);
	attribute(&r, IFLA_INFO_KIND, "wwan", 5);
	data = attribute(&r, IFLA_INFO_DATA, NULL, 0);
	attribute(&r, IFLA_WWAN_LINK_ID, &id, sizeof(id));
	close_nest(&r, data);
	close_nest(&r, info);
	return exchange(&r);
}

int link_del(const char *name)
{
	struct request r = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(r.info)),
		.head.nlmsg_type = RTM_DELLINK,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};

	attribute(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return exchange(&r);
}

/* ---- ioctls ---- */

static int device_ioctl(unsigned long what, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, what, r))
		err = -errno;
	close(fd);
	return err;
}

static void name_it(struct ifreq *r, const char *name)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", name);
}

int link_up(const char *name, bool up)
{
	struct ifreq r;
	int err;

	name_it(&r, name);
	err = device_ioctl(SIOCGIFFLAGS, &r);
	if (err)
		return err;
	r.ifr_flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;
	return device_ioctl(SIOCSIFFLAGS, &r);
}

int link_mtu(const char *name, int mtu)
{
	struct ifreq r;

	name_it(&r, name);
	r.ifr_mtu = mtu;
	return device_ioctl(SIOCSIFMTU, &r);
}

int link_address(const char *name, unsigned int session)
{
	struct ifreq r;
	struct sockaddr_in *a = (struct sockaddr_in *)&r.ifr_addr;

	name_it(&r, name);
	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(0x0a400002 | session << 8);
	return device_ioctl(SIOCSIFADDR, &r);
}

/* link_stats() - read statistics as monitoring programs do */
void link_stats(const char *name)
{
	struct {
		uint32_t cmd, reserved;
		uint64_t mask;
		uint32_t n;
	} set = { .cmd = ETHTOOL_GSSET_INFO, .mask = 1 << ETH_SS_STATS };
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_stats *stats;
	struct ifreq r;
	char path[128], text[64];

	name_it(&r, name);
	r.ifr_data = (void *)&info;
	device_ioctl(SIOCETHTOOL, &r);
	r.ifr_data = (void *)&set;
	if (!device_ioctl(SIOCETHTOOL, &r) && set.mask && set.n) {
		/* Spare space: the number may have grown. */
		stats = calloc(1, sizeof(*stats) + (set.n + 256) * 8);
		if (stats) {
			stats->cmd = ETHTOOL_GSTATS;
			stats->n_stats = set.n;
			r.ifr_data = (void *)stats;
			device_ioctl(SIOCETHTOOL, &r);
			free(stats);
		}
	}
	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/rx_packets",
		 name);
	get(path, text, sizeof(text));
}

/* ---- Packets ---- */

/* A socket that is bound to one device and needs no route. */
static int device_socket(int type, int protocol, const char *name)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
				  strlen(name) + 1)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int udp_socket(const char *name, uint16_t port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int fd = device_socket(SOCK_DGRAM, 0, name), one = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (port && bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* udp_send() - send one packet to the sink of the network */
int udp_send(int fd, size_t size, uint32_t number)
{
	static const uint8_t zeros[2048];
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = inet_addr(SERVER),
	};

	(void)number;
	if (sendto(fd, zeros, size, MSG_DONTWAIT, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return 0;
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *p++;
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* ping() - check that the server answers through this device */
bool ping(const char *name, unsigned int timeout_ms)
{
	static uint16_t sequence;
	struct {
		struct icmphdr head;
		uint8_t data[56];
	} m = { .head.type = ICMP_ECHO };
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = inet_addr(SERVER),
	};
	uint64_t end = now_ms() + timeout_ms;
	struct pollfd p = { .events = POLLIN };
	uint16_t first = sequence + 1, got;
	uint8_t in[256];
	bool ok = false;

	p.fd = device_socket(SOCK_RAW, IPPROTO_ICMP, name);
	if (p.fd < 0)
		return false;
	m.head.un.echo.id = htons(0x7011);
	do {
		m.head.un.echo.sequence = htons(++sequence);
		m.head.checksum = 0;
		m.head.checksum = checksum(&m, sizeof(m));
		sendto(p.fd, &m, sizeof(m), 0, (struct sockaddr *)&to,
		       sizeof(to));
		if (poll(&p, 1, 300) < 1)
			continue;
		/* On a slow machine the answer may be to an earlier request. */
		while (!ok && recv(p.fd, in, sizeof(in), 0) >= 28) {
			got = in[26] << 8 | in[27];
			ok = in[20] == ICMP_ECHOREPLY &&
			     (uint16_t)(got - first) <=
			     (uint16_t)(sequence - first);
		}
	} while (!ok && now_ms() < end);
	close(p.fd);
	return ok;
}
