// SPDX-License-Identifier: GPL-2.0-only
/* A queueing discipline in front of the NIC that sends: tc(8)'s "netem". */
#include "netem.h"
#include "common.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whoever sends, and whoever answers; a device has its name in its namespace only. */
static const struct side {
	const char *netns;
	const char *nic;
} sender = { "/run/netns/a", "eth0" }, receiver = { "/run/netns/b", "eth1" };

/* Packets that may wait: more than any test has under way. */
#define LIMIT	100000
/* Bytes that one who listens may not have come to yet. */
#define LISTENER_BUFFER	(16 << 20)
/* Nanoseconds in a tick of the packet scheduler's clock. */
#define TICK	64

struct request {
	struct nlmsghdr header;
	struct tcmsg tc;
	struct nlattr kind;
	char name[8];
	struct nlattr options;
	struct tc_netem_qopt netem;
};

/* What to do in a side's namespace. */
struct errand {
	const struct side *side;
	void *arg;
};

/* Return: 0 or a negative errno. */
static int ask(struct errand *errand)
{
	struct request *request = errand->arg;
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[512];
	} answer = {};
	int fd = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));

	request->tc.tcm_ifindex = must(if_nametoindex(errand->side->nic));
	must(send(fd, request, request->header.nlmsg_len, 0));
	must(recv(fd, &answer, sizeof(answer), 0));
	close(fd);
	return answer.error.error;
}

static int do_there(int (*what)(struct errand *errand), const struct side *side,
		    void *arg)
{
	int here = must(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	int there = must(open(side->netns, O_RDONLY | O_CLOEXEC)), ret;
	struct errand errand = { .side = side, .arg = arg };

	must(setns(there, CLONE_NEWNET));
	ret = what(&errand);
	must(setns(here, CLONE_NEWNET));
	close(here);
	close(there);
	return ret;
}

static int set_gather(struct errand *errand)
{
	struct ethtool_value value = {
		.cmd = ETHTOOL_SSG, .data = *(bool *)errand->arg,
	};
	struct ifreq request = { .ifr_data = (void *)&value };
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	strncpy(request.ifr_name, errand->side->nic, IFNAMSIZ - 1);
	must(ioctl(fd, SIOCETHTOOL, &request));
	close(fd);
	return 0;
}

void nic_gathers(bool on)
{
	do_there(set_gather, &sender, &on);
}

static int try_set(const struct side *side, unsigned int msec, unsigned int loss)
{
	struct request request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_NEWQDISC,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
				       NLM_F_CREATE | NLM_F_REPLACE,
		},
		.tc = { .tcm_parent = TC_H_ROOT, .tcm_handle = 0x10000, },
		.kind = {
			.nla_len = sizeof(request.kind) + sizeof("netem"),
			.nla_type = TCA_KIND,
		},
		.name = "netem",
		.options = {
			.nla_len = sizeof(request.options) + sizeof(request.netem),
			.nla_type = TCA_OPTIONS,
		},
		.netem = {
			.latency = msec * (1000000 / TICK),
			.limit = LIMIT,
			.loss = ~0U / 100 * loss,
		},
	};

	return do_there(ask, side, &request);
}

const char *netem_missing(void)
{
	static char reason[64];
	int err;

	if (access(sender.netns, F_OK))
		return "there are no two NICs";
	err = try_set(&sender, 0, 0);
	if (!err) {
		netem_clear();
		return NULL;
	}
	snprintf(reason, sizeof(reason), "netem: %s", errno_name(-err));
	return reason;
}

void netem_set(unsigned int msec, unsigned int loss)
{
	must_sv(try_set(&sender, msec, loss));
}

static int try_clear(const struct side *side)
{
	struct request request = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(request.tc)),
			.nlmsg_type = RTM_DELQDISC,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.tc = { .tcm_parent = TC_H_ROOT, .tcm_handle = 0x10000, },
	};

	return do_there(ask, side, &request);
}

void netem_clear(void)
{
	must_sv(try_clear(&sender));
}

void netem_set_answers(unsigned int msec, unsigned int loss)
{
	must_sv(try_set(&receiver, msec, loss));
}

void netem_clear_answers(void)
{
	must_sv(try_clear(&receiver));
}

static int listen_to(struct errand *errand)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = must(if_nametoindex(errand->side->nic)),
	};
	int *fd = errand->arg, size = LISTENER_BUFFER;

	*fd = must(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	must(setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)));
	return must(bind(*fd, (struct sockaddr *)&addr, sizeof(addr)));
}

int nic_listener(void)
{
	int fd;

	do_there(listen_to, &receiver, &fd);
	return fd;
}
