// SPDX-License-Identifier: GPL-2.0-only
/* Sockets as sinks, beside TCP and unix streams. */
#include "sinks.h"
#include "alg.h"
#include "contents.h"

#include <linux/sockios.h>
#include <linux/splicevec.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What a packet on the loopback device may hold. */
#define LOOPBACK_MTU	65536UL

/* The peer waits in the drain's place; nobody reads before all was pushed. */
static void datagram_open(struct sink *s)
{
	int fds[2], room = MIB(4);

	datagram_pair(s->kind->place, fds);
	s->fd = fds[0];
	s->drain.fd = fds[1];
	must(setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
			sizeof(room)));
}

/* One push was one datagram, and what was too long for one was none. */
static void datagram_verify(struct sink *s)
{
	bool fits = !s->kind->most || s->len <= s->kind->most;
	char *map = map_pages(s->len + 1);
	ssize_t n;

	if (fits)
		n = recv_soon(s->drain.fd, map, s->len + 1, 0);
	else
		n = recv(s->drain.fd, map, s->len + 1, MSG_DONTWAIT);
	if (fits && check(n == (ssize_t)s->len,
			  "expected a datagram of %zu bytes, got %s", s->len,
			  result_name(n < 0 ? -errno : n))) {
		n = pattern_check(map, s->seed, s->pos, s->len);
		check(n < 0, "byte %zd is wrong", n);
		n = recv(s->drain.fd, map, 1, MSG_DONTWAIT);
	}
	check(n < 0 && errno == EAGAIN, "another datagram arrived");
	unmap_pages(map, s->len + 1);
	close(s->fd);
	close(s->drain.fd);
}

static void hash_open(struct sink *s)
{
	s->fd = alg_hash();
}

static void hash_verify(struct sink *s)
{
	unsigned char want[SHA256_SIZE], got[SHA256_SIZE];

	sha256_pattern(want, s->seed, s->pos, s->len);
	read_all(s->fd, got, sizeof(got));
	check(!memcmp(want, got, sizeof(got)), "another digest");
	close(s->fd);
}

static const char *hash_missing(void)
{
	return alg_missing("hash", "sha256");
}

/*
 * Bytes that MPTCP has accepted, and then has no memory to send, it does not try to send
 * again before others come, whoever writes. But it has them still.
 */
static bool mptcp_forgot(struct sink *s, size_t taken)
{
	time_t end = settle_end();
	size_t got;
	int left;

	for (;;) {
		must(ioctl(s->fd, SIOCOUTQ, &left));
		got = __atomic_load_n(&s->drain.got, __ATOMIC_RELAXED);
		if (got + left == taken)
			return left;
		if (time(NULL) > end)
			break;
		usleep(1000);
	}
	return !check(false, "of %zu bytes taken %zu arrived and %d did not", taken,
		      got, left);
}

/* TLS gives up its connection, whoever writes. */
static bool ktls_forgot(struct sink *s, size_t taken)
{
	socklen_t size = sizeof(int);
	int err;

	(void)taken;
	must(getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &size));
	return err;
}

#define SINK(id, type, where, how, ...)					\
	const struct sink_kind sink_##id = {				\
		.name = #id,						\
		.class = type,						\
		.place = where,						\
		.open = how##_open,					\
		.verify = how##_verify,					\
		__VA_ARGS__						\
	}
#define stream_open	sink_open_stream
#define stream_verify	sink_verify_stream

SINK(mptcp, TO_UPPER, MPTCP, stream, .forgot = mptcp_forgot);
SINK(vsock, TO_UPPER, VSOCK, stream);
SINK(ktls, TO_UPPER, KTLS, stream, .forgot = ktls_forgot);
SINK(sockmap, TO_UPPER, SOCKMAP, stream);
SINK(udp4, TO_RECORD, UDP4, datagram, .most = 65535 - 20 - 8);
SINK(udp6, TO_RECORD, UDP6, datagram, .most = 65535 - 8);
SINK(unix_dgram, TO_RECORD, UNIX_DGRAM, datagram);
SINK(unix_packet, TO_RECORD, UNIX_PACKET, datagram);
SINK(vsock_packet, TO_RECORD, VSOCK_PACKET, datagram,
     .most = KIB(256));
SINK(netlink, TO_RECORD, NETLINK, datagram);
SINK(packet, TO_RECORD, RAW_PACKET, datagram, .most = LOOPBACK_MTU);
SINK(hash, TO_ALIEN, ANYWHERE, hash, .missing = hash_missing);
