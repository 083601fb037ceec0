// SPDX-License-Identifier: GPL-2.0-only
/* Pairs of connected sockets beside TCP. */
#include "sock_places.h"
#include "common.h"
#include "places.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/tls.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A type of Ethernet frames that is left to local experiments. */
#define LOCAL_TYPE	0x88b5

/* As much as a test has on the way before anybody reads it. */
#define RECEIVE_BUFFER	MIB(8)

static const char *missing(const char *what, int err)
{
	static char reason[80];

	if (!err)
		return NULL;
	snprintf(reason, sizeof(reason), "no %s here: %s", what,
		 errno_name(-err));
	return reason;
}

/* Return: 0 or a negative errno. */
static int close_probe(int fd, int ret)
{
	int err = ret < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static void listen_pair(const struct sockaddr *addr, socklen_t len, int type,
			int protocol, int fds[2])
{
	int listener = must(socket(addr->sa_family, type | SOCK_CLOEXEC,
				   protocol));
	struct sockaddr_storage bound;

	must(bind(listener, addr, len));
	must(listen(listener, 1));
	must(getsockname(listener, (struct sockaddr *)&bound, &len));
	fds[0] = must(socket(addr->sa_family, type | SOCK_CLOEXEC, protocol));
	must(connect(fds[0], (struct sockaddr *)&bound, len));
	fds[1] = must(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	close(listener);
}

void unix_pair(int fds[2])
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
}

void unix_dgram_pair(int fds[2])
{
	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds));
}

void unix_packet_pair(int fds[2])
{
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
}

void mptcp_pair(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	listen_pair((struct sockaddr *)&addr, sizeof(addr), SOCK_STREAM,
		    IPPROTO_MPTCP, fds);
}

const char *mptcp_missing(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	return missing("MPTCP", close_probe(fd, fd));
}

static const struct sockaddr_vm vsock_here = {
	.svm_family = AF_VSOCK,
	.svm_cid = VMADDR_CID_LOCAL,
	.svm_port = VMADDR_PORT_ANY,
};

void vsock_pair(int fds[2])
{
	listen_pair((struct sockaddr *)&vsock_here, sizeof(vsock_here),
		    SOCK_STREAM, 0, fds);
}

void vsock_packet_pair(int fds[2])
{
	listen_pair((struct sockaddr *)&vsock_here, sizeof(vsock_here),
		    SOCK_SEQPACKET, 0, fds);
}

/* Only with a transport for it is there a local address. */
const char *vsock_missing(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret = fd;

	if (fd >= 0)
		ret = bind(fd, (struct sockaddr *)&vsock_here,
			   sizeof(vsock_here));
	return missing("vsock over loopback", close_probe(fd, ret));
}

/* Old ones cannot be peeked at, and call all that is wrong ENOMEM. */
const char *vsock_packet_missing(void)
{
	const char *reason = vsock_missing();
	struct pollfd there = { .events = POLLIN };
	int fds[2], err;
	char byte = 0;

	if (reason)
		return reason;
	vsock_packet_pair(fds);
	must(send(fds[1], &byte, 1, 0));
	there.fd = fds[0];
	poll(&there, 1, 5000);
	err = recv(fds[0], &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 ? -errno : 0;
	close(fds[0]);
	close(fds[1]);
	return missing("peeking at vsock packets", err);
}

int ktls_on(int fd, int direction)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info = {
			.version = TLS_1_2_VERSION,
			.cipher_type = TLS_CIPHER_AES_GCM_128,
		},
	};

	pattern_fill(info.key, 'k', 0, sizeof(info.key));
	pattern_fill(info.salt, 's', 0, sizeof(info.salt));
	pattern_fill(info.iv, 'i', 0, sizeof(info.iv));
	if (setsockopt(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls")) < 0 &&
	    errno != EEXIST)
		return -errno;
	if (setsockopt(fd, SOL_TLS, direction, &info, sizeof(info)) < 0)
		return -errno;
	return 0;
}

void ktls_pair(int fds[2])
{
	int i;

	stream_pair(TCP4, fds);
	for (i = 0; i < 2; i++) {
		must_sv(ktls_on(fds[i], TLS_TX));
		must_sv(ktls_on(fds[i], TLS_RX));
	}
}

const char *ktls_missing(void)
{
	int fds[2], err;

	stream_pair(TCP4, fds);
	err = ktls_on(fds[0], TLS_TX);
	close(fds[0]);
	close(fds[1]);
	return missing("kTLS with AES-GCM", err);
}

/* Return: 0 or a negative errno. */
static int sockmap_add(int map, int key, int fd)
{
	uint64_t value = fd;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) ?
		-errno : 0;
}

/* Return: the map's fd or a negative errno. */
static int sockmap_new(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(int),
		.value_size = sizeof(uint64_t),
		.max_entries = 2,
	};
	int map = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	return map < 0 ? -errno : map;
}

/* A socket leaves the map with the map: it is kept open until close_all(). */
static int try_sockmap(const int fds[2])
{
	int map = sockmap_new(), i, err = 0;

	if (map < 0)
		return map;
	for (i = 0; i < 2 && !err; i++)
		err = sockmap_add(map, i, fds[i]);
	if (err)
		close(map);
	return err;
}

void sockmap_pair(int fds[2])
{
	stream_pair(TCP4, fds);
	must_sv(try_sockmap(fds));
}

const char *sockmap_missing(void)
{
	int map = sockmap_new();

	if (map >= 0)
		close(map);
	return missing("BPF sockmap", map < 0 ? map : 0);
}

static void udp_pair(const struct sockaddr *here, socklen_t len, int fds[2])
{
	int size = RECEIVE_BUFFER, i;
	struct sockaddr_storage addr;

	for (i = 0; i < 2; i++) {
		fds[i] = must(socket(here->sa_family,
				     SOCK_DGRAM | SOCK_CLOEXEC, 0));
		must(bind(fds[i], here, len));
		must(setsockopt(fds[i], SOL_SOCKET, SO_RCVBUFFORCE, &size,
				sizeof(size)));
	}
	for (i = 0; i < 2; i++) {
		must(getsockname(fds[!i], (struct sockaddr *)&addr, &len));
		must(connect(fds[i], (struct sockaddr *)&addr, len));
	}
}

void udp4_pair(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	udp_pair((struct sockaddr *)&addr, sizeof(addr), fds);
}

void udp6_pair(int fds[2])
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	udp_pair((struct sockaddr *)&addr, sizeof(addr), fds);
}

void netlink_pair(int fds[2])
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	int i;

	for (i = 0; i < 2; i++) {
		fds[i] = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
				     NETLINK_USERSOCK));
		addr.nl_pid = 0;
		must(bind(fds[i], (struct sockaddr *)&addr, sizeof(addr)));
	}
	for (i = 0; i < 2; i++) {
		must(getsockname(fds[!i], (struct sockaddr *)&addr, &len));
		must(connect(fds[i], (struct sockaddr *)&addr, len));
	}
}

/* Both see what either sends: there is no peer, only the wire. */
void packet_pair(int fds[2])
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(LOCAL_TYPE),
		.sll_ifindex = if_nametoindex("lo"),
	};
	int i;

	for (i = 0; i < 2; i++) {
		fds[i] = must(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		must(bind(fds[i], (struct sockaddr *)&addr, sizeof(addr)));
	}
}
