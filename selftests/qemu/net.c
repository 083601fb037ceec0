// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two network namespaces, /run/netns/a and /run/netns/b, with one NIC each:
 * what goes from one to the other leaves the machine, so its transmit path
 * sends from the pages it was given. Loopback and veth would copy them.
 */
#define _GNU_SOURCE
#include "init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ipv6.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct space {
	const char *path, *nic, *ipv4, *ipv6;
} spaces[] = {
	{ "/run/netns/a", "eth0", "10.9.0.1", "fd09::1" },
	{ "/run/netns/b", "eth1", "10.9.0.2", "fd09::2" },
};

static int link_up(const char *name)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
	ret = ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	if (!ret)
		ret = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return ret;
}

static int set_ipv4(const struct space *space)
{
	struct ifreq request = {};
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	snprintf(request.ifr_name, IFNAMSIZ, "%s", space->nic);
	in->sin_family = AF_INET;
	inet_pton(AF_INET, space->ipv4, &in->sin_addr);
	ret = ioctl(fd, SIOCSIFADDR, &request);
	inet_pton(AF_INET, "255.255.255.0", &in->sin_addr);
	if (!ret)
		ret = ioctl(fd, SIOCSIFNETMASK, &request);
	close(fd);
	return ret;
}

static int set_ipv6(const struct space *space)
{
	struct in6_ifreq request = {
		.ifr6_prefixlen = 64,
		.ifr6_ifindex = if_nametoindex(space->nic),
	};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	inet_pton(AF_INET6, space->ipv6, &request.ifr6_addr);
	ret = ioctl(fd, SIOCSIFADDR, &request);
	close(fd);
	return ret;
}

/* Duplicate address detection would keep the address unusable for a second. */
static void no_dad(void)
{
	write_file("/proc/sys/net/ipv6/conf/all/accept_dad", "0");
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	write_file("/proc/sys/net/ipv6/conf/default/dad_transmits", "0");
}

/* There is no ioctl that moves a device: it takes one netlink message. */
static int move_nic(const char *nic, int netns)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		struct nlattr attr;
		__u32 netns;
	} request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.link.ifi_index = if_nametoindex(nic),
		.attr = {
			.nla_len = sizeof(request.attr) + sizeof(__u32),
			.nla_type = IFLA_NET_NS_FD,
		},
		.netns = netns,
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer = {};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		answer.error.error = -errno;
	close(fd);
	return answer.error.error;
}

static int enter_new(const struct space *space)
{
	int fd = open(space->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0444);

	if (fd < 0)
		return -1;
	close(fd);
	if (unshare(CLONE_NEWNET))
		return -1;
	no_dad();
	return mount("/proc/self/ns/net", space->path, NULL, MS_BIND, NULL);
}

static int configure(const struct space *space)
{
	return link_up("lo") || link_up(space->nic) || set_ipv4(space) ||
	       set_ipv6(space);
}

/* A namespace is made by a child, so that PID 1 stays where it is. */
static int in_child(int (*work)(const struct space *space),
		    const struct space *space, int netns)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (netns >= 0 && setns(netns, CLONE_NEWNET))
			_exit(errno);
		_exit(work(space) ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int make_space(const struct space *space)
{
	int fd, ret;

	ret = in_child(enter_new, space, -1);
	if (ret)
		return ret;
	fd = open(space->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	ret = -move_nic(space->nic, fd);
	if (!ret)
		ret = in_child(configure, space, fd);
	close(fd);
	return ret;
}

void setup_net(void)
{
	no_dad();
	if (link_up("lo"))
		verdict_fail("setup", "lo: %m");
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (!if_nametoindex(spaces[i].nic))
			return;
	mkdir("/run/netns", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		int ret = make_space(&spaces[i]);

		if (ret)
			verdict_fail("setup", "%s: %s", spaces[i].path,
				     strerror(ret));
	}
}

/* What is sent over loopback is received by the processor that sent it. */
static void receive_on(unsigned int cpu, int fd, const struct sockaddr_in *to)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (!sched_setaffinity(0, sizeof(cpus), &cpus))
		sendto(fd, "", 1, 0, (const struct sockaddr *)to, sizeof(*to));
}

void net_stir(void)
{
	struct sockaddr_in discard = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cpu_set_t all;

	if (!sched_getaffinity(0, sizeof(all), &all)) {
		for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &all))
				receive_on(cpu, fd, &discard);
		sched_setaffinity(0, sizeof(all), &all);
	}
	close(fd);
}
