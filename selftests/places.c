// SPDX-License-Identifier: GPL-2.0-only
/* Where files and connections of the tests live. */
#include "places.h"
#include "common.h"
#include "sock_places.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

/* linux/magic.h has no name for it */
#define XFS_MAGIC	0x58465342

static const struct place_kind {
	const char *name;
	const char *dir;
	unsigned int magic;
	const char *netns[2];	/* this side, the peer; NULL: where we are */
	const char *address;	/* the peer's */
	void (*pair)(int fds[2]);
	/* return: why there is none, or NULL */
	const char *(*missing)(void);
} places[] = {
	[EXT4] = { "ext4", .dir = "/mnt/ext4", .magic = EXT4_SUPER_MAGIC },
	[XFS] = { "xfs", .dir = "/mnt/xfs", .magic = XFS_MAGIC },
	[INLINE] = { "ext4 with inline data", .dir = "/mnt/inline",
		     .magic = EXT4_SUPER_MAGIC },
	[DAX] = { "ext4 on memory", .dir = "/mnt/dax", .magic = EXT4_SUPER_MAGIC },
	[TMPFS] = { "tmpfs", .dir = "/tmp", .magic = TMPFS_MAGIC },
	[TCP4] = { "TCP over IPv4", .address = "127.0.0.1" },
	[TCP6] = { "TCP over IPv6", .address = "::1" },
	[NIC4] = { "TCP over IPv4 and two NICs",
		   .netns = { "/run/netns/a", "/run/netns/b" },
		   .address = "10.9.0.2" },
	[NIC6] = { "TCP over IPv6 and two NICs",
		   .netns = { "/run/netns/a", "/run/netns/b" },
		   .address = "fd09::2" },
	[UNIX] = { "unix stream", .pair = unix_pair },
	[MPTCP] = { "MPTCP", .pair = mptcp_pair, .missing = mptcp_missing },
	[VSOCK] = { "vsock", .pair = vsock_pair, .missing = vsock_missing },
	[KTLS] = { "kTLS", .pair = ktls_pair, .missing = ktls_missing },
	[SOCKMAP] = { "TCP in a sockmap", .pair = sockmap_pair,
		      .missing = sockmap_missing },
	[UDP4] = { "UDP over IPv4", .pair = udp4_pair },
	[UDP6] = { "UDP over IPv6", .pair = udp6_pair },
	[UDP_NIC4] = { "UDP over IPv4 and two NICs",
		       .netns = { "/run/netns/a", "/run/netns/b" },
		       .address = "10.9.0.2" },
	[UDP_NIC6] = { "UDP over IPv6 and two NICs",
		       .netns = { "/run/netns/a", "/run/netns/b" },
		       .address = "fd09::2" },
	[UNIX_DGRAM] = { "unix datagram", .pair = unix_dgram_pair },
	[UNIX_PACKET] = { "unix seqpacket", .pair = unix_packet_pair },
	[VSOCK_PACKET] = { "vsock seqpacket", .pair = vsock_packet_pair,
			   .missing = vsock_packet_missing },
	[NETLINK] = { "netlink", .pair = netlink_pair },
	[RAW_PACKET] = { "packet", .pair = packet_pair },
	[ANYWHERE] = { "anywhere" },
};

const char *place_name(enum place place)
{
	return places[place].name;
}

const char *place_dir(enum place place)
{
	return places[place].dir;
}

const char *place_missing(enum place place)
{
	const struct place_kind *kind = &places[place];
	static char reason[128];
	struct statfs fs;
	int i;

	if (kind->dir && (statfs(kind->dir, &fs) || fs.f_type != kind->magic)) {
		snprintf(reason, sizeof(reason), "%s is no %s here", kind->dir,
			 kind->name);
		return reason;
	}
	for (i = 0; i < 2; i++) {
		if (!kind->netns[i] || !access(kind->netns[i], F_OK))
			continue;
		snprintf(reason, sizeof(reason), "%s: there is no %s",
			 kind->name, kind->netns[i]);
		return reason;
	}
	return kind->missing ? kind->missing() : NULL;
}

int new_file(enum place place, int flags)
{
	return must(open(places[place].dir, O_TMPFILE | O_CLOEXEC | flags,
			 0600));
}

int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return must(open(path, O_CLOEXEC | flags));
}

int pattern_file(enum place place, uint64_t seed, size_t len)
{
	int fd = new_file(place, O_RDWR);
	unsigned char buf[KIB(64)];
	size_t done, n;

	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(buf) ? len - done : sizeof(buf);
		pattern_fill(buf, seed, done, n);
		write_all(fd, buf, n);
	}
	must(lseek(fd, 0, SEEK_SET));
	return fd;
}

long file_check(int fd, long offset, uint64_t seed, uint64_t pos, size_t len)
{
	unsigned char buf[KIB(64)];
	size_t done;
	ssize_t n, wrong;

	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(buf) ? len - done : sizeof(buf);
		n = must(pread(fd, buf, n, offset + done));
		if (!n)
			return done;
		wrong = pattern_check(buf, seed, pos + done, n);
		if (wrong >= 0)
			return done + wrong;
	}
	return -1;
}

/* A socket stays in the namespace its maker was in; the maker goes back. */
static int socket_in(const char *netns, int family, int type)
{
	int here, there, fd;

	if (!netns)
		return must(socket(family, type | SOCK_CLOEXEC, 0));
	here = must(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	there = must(open(netns, O_RDONLY | O_CLOEXEC));
	must(setns(there, CLONE_NEWNET));
	fd = must(socket(family, type | SOCK_CLOEXEC, 0));
	must(setns(here, CLONE_NEWNET));
	close(here);
	close(there);
	return fd;
}

static socklen_t set_address(struct sockaddr_storage *addr, const char *text)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		die("%s is no address", text);
	in6->sin6_family = AF_INET6;
	return sizeof(*in6);
}

static void tcp_pair(const struct place_kind *kind, void (*prepare)(int fd),
		     int fds[2])
{
	struct sockaddr_storage addr;
	socklen_t len;
	int listener;

	len = set_address(&addr, kind->address);
	listener = socket_in(kind->netns[1], addr.ss_family, SOCK_STREAM);
	must(bind(listener, (struct sockaddr *)&addr, len));
	must(listen(listener, 1));
	must(getsockname(listener, (struct sockaddr *)&addr, &len));
	fds[0] = socket_in(kind->netns[0], addr.ss_family, SOCK_STREAM);
	if (prepare)
		prepare(fds[0]);
	must(connect(fds[0], (struct sockaddr *)&addr, len));
	fds[1] = must(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	close(listener);
}

void stream_pair(enum place place, int fds[2])
{
	const struct place_kind *kind = &places[place];

	if (kind->pair)
		kind->pair(fds);
	else
		tcp_pair(kind, NULL, fds);
}

void prepared_pair(enum place place, void (*prepare)(int fd), int fds[2])
{
	tcp_pair(&places[place], prepare, fds);
}

void pipe_pair(enum place place, int fds[2])
{
	int ends[2];

	(void)place;
	must(pipe2(ends, O_CLOEXEC));
	fds[0] = ends[1];
	fds[1] = ends[0];
}

void keeping_pair(enum place place, int fds[2])
{
	int large = MIB(1);

	stream_pair(place, fds);
	must(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &large, sizeof(large)));
}

/* Only the peer's address is known: this side gets its own with its route. */
static void distant_pair(const struct place_kind *kind, int fds[2])
{
	struct sockaddr_storage addr;
	socklen_t len = set_address(&addr, kind->address);
	int i;

	for (i = 0; i < 2; i++)
		fds[i] = socket_in(kind->netns[i], addr.ss_family, SOCK_DGRAM);
	must(bind(fds[1], (struct sockaddr *)&addr, len));
	for (i = 0; i < 2; i++) {
		must(getsockname(fds[!i], (struct sockaddr *)&addr, &len));
		must(connect(fds[i], (struct sockaddr *)&addr, len));
	}
}

void datagram_pair(enum place place, int fds[2])
{
	const struct place_kind *kind = &places[place];

	if (kind->pair)
		kind->pair(fds);
	else
		distant_pair(kind, fds);
}
