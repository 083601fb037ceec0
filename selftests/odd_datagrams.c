// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams in unlucky circumstances: none there yet, nobody to send to, the end
 * reached, broken on the way, very long.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	12

LEDGER_FIXTURE(datagrams)

static const enum place families[] = {
	UDP4, UDP6, UNIX_DGRAM, UNIX_PACKET, VSOCK_PACKET, NETLINK,
};

/* The next family there is here, and a pair of it. */
static bool next_pair(size_t *i, int fds[2])
{
	for (; *i < ARRAY_LEN(families); (*i)++) {
		if (place_missing(families[*i]))
			continue;
		context("%s", place_name(families[*i]));
		datagram_pair(families[*i], fds);
		return true;
	}
	return false;
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void send_one(int fd, uint64_t pos, size_t len)
{
	send_pattern(fd, SEED, pos, len);
}

TEST_F(datagrams, none_there_is_eagain_where_waiting_is_not_wanted)
{
	int fds[2], vec = new_vector();
	size_t i;

	for (i = 0; next_pair(&i, fds); i++) {
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100,
					    SPLICEVEC_NONBLOCK));
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100,
					    SPLICEVEC_NONBLOCK |
					    SPLICEVEC_COPY));
		must(fcntl(fds[0], F_SETFL, O_RDWR | O_NONBLOCK));
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
		send_one(fds[1], 0, 100);
		check_pull(vec, fds[0], 100, 0, 100, true);
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
		close_pair(fds);
	}
	check_errno(0, sv_drop(vec, SV_ALL) > 0 ? 0 : -1);
}

TEST_F(datagrams, timeout_of_the_socket_is_eagain_after_that_time)
{
	struct timeval brief = { .tv_usec = 200000 };
	int fds[2], vec = new_vector();
	double start;
	size_t i;

	for (i = 0; next_pair(&i, fds); i++) {
		must(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &brief,
				sizeof(brief)));
		start = now();
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
		check(now() - start > 0.15, "waited for %f s",
		      now() - start);
		close_pair(fds);
	}
}

TEST_F(datagrams, signal_while_waiting_is_eintr_and_takes_nothing)
{
	int fds[2], vec = new_vector();
	size_t i;

	for (i = 0; next_pair(&i, fds); i++) {
		signals(true);
		check_errno(EINTR, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
		check_errno(EINTR, sv_pull(vec, fds[0], SV_POSITION, 100,
					   SPLICEVEC_COPY));
		signals(false);
		send_one(fds[1], 0, 100);
		check_pull(vec, fds[0], 100, 0, 100, true);
		close_pair(fds);
	}
}

static void *send_later(void *arg)
{
	usleep(100000);
	send_one(*(int *)arg, 0, 5000);
	return NULL;
}

TEST_F(datagrams, pull_waits_for_one_and_gets_it_whole)
{
	int fds[2], vec;
	pthread_t thread;
	size_t i;

	for (i = 0; next_pair(&i, fds); i++) {
		vec = new_vector();
		check(!pthread_create(&thread, NULL, send_later, &fds[1]),
		      "no thread");
		check_pull(vec, fds[0], 9000, 0, 5000, true);
		check_held(vec, SEED, 0, 5000);
		pthread_join(thread, NULL);
		close(vec);
		close_pair(fds);
	}
}

/* Without a receiver nothing leaves the vector. The socket says why. */
TEST_F(datagrams, push_to_nobody_is_the_socket_s_own_errno)
{
	static const struct {
		int family, type, err;
	} apart[] = {
		{ AF_INET, SOCK_DGRAM, EDESTADDRREQ },
		{ AF_INET6, SOCK_DGRAM, EDESTADDRREQ },
		{ AF_UNIX, SOCK_DGRAM, ENOTCONN },
		{ AF_UNIX, SOCK_SEQPACKET, ENOTCONN },
	};
	struct splicevec_info before;
	int vec = vector_with(SEED, 0, 1000), fd;
	size_t i;

	must_sv(sv_info(vec, &before));
	for (i = 0; i < ARRAY_LEN(apart); i++) {
		context("family %d, type %d", apart[i].family, apart[i].type);
		fd = must(socket(apart[i].family, apart[i].type, 0));
		check_errno(apart[i].err,
			    sv_push(vec, fd, SV_POSITION, 100, 0));
		check_errno(apart[i].err,
			    sv_push(vec, fd, SV_POSITION, 0, 0));
		check_errno(apart[i].err,
			    sv_push(vec, fd, SV_POSITION, 100, SPLICEVEC_KEEP));
		check_same(vec, &before);
		close(fd);
	}
}

TEST_F(datagrams, push_after_the_peer_has_gone_loses_nothing)
{
	static const struct {
		enum place place;
		int err;
	} gone[] = {
		{ UNIX_DGRAM, ECONNREFUSED }, { UNIX_PACKET, EPIPE },
		{ NETLINK, ECONNREFUSED },
	};
	int fds[2], vec = vector_with(SEED, 0, 1000);
	struct splicevec_info before;
	size_t i;

	must_sv(sv_info(vec, &before));
	for (i = 0; i < ARRAY_LEN(gone); i++) {
		context("%s", place_name(gone[i].place));
		datagram_pair(gone[i].place, fds);
		close(fds[1]);
		check_errno(gone[i].err, sv_push(vec, fds[0], SV_POSITION,
						 SV_ALL, 0));
		check_same(vec, &before);
		close(fds[0]);
	}
}

/* A socket bound but not connected is a good source. */
TEST_F(datagrams, unconnected_socket_is_pulled_from_whoever_sends)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int to = must(socket(AF_INET, SOCK_DGRAM, 0)), from[2], vec, i;
	socklen_t len = sizeof(addr);

	vec = new_vector();
	must(bind(to, (struct sockaddr *)&addr, sizeof(addr)));
	must(getsockname(to, (struct sockaddr *)&addr, &len));
	for (i = 0; i < 2; i++) {
		from[i] = must(socket(AF_INET, SOCK_DGRAM, 0));
		must(connect(from[i], (struct sockaddr *)&addr, sizeof(addr)));
		send_one(from[i], 2000 * i, 2000);
	}
	check_pull(vec, to, 2000, 0, 2000, true);
	check_pull(vec, to, 2000, 0, 2000, true);
	check_held(vec, SEED, 0, 4000);
}

/* The answer to a datagram for nobody is told once, by the next command. */
TEST_F(datagrams, refused_udp_is_told_by_the_next_pull)
{
	int fds[2], vec = vector_with(SEED, 0, 100);
	struct pollfd answer = {};

	datagram_pair(UDP4, fds);
	close(fds[1]);
	check_push(vec, fds[0], SV_ALL, 0, 100);
	answer.fd = fds[0];
	check_eq(1, poll(&answer, 1, 10000));
	check_errno(ECONNREFUSED, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
	check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100,
				    SPLICEVEC_NONBLOCK));
}

TEST_F(datagrams, end_of_a_seqpacket_is_zero_without_record)
{
	static const unsigned int flags[] = {
		0, SPLICEVEC_COPY, SPLICEVEC_NONBLOCK,
	};
	struct splicevec_splice splice = {
		.in_offset = SV_POSITION, .out_offset = SV_POSITION, .len = 100,
	};
	int fds[2], out[2], vec;
	size_t i;

	for (i = 0; i < ARRAY_LEN(flags); i++) {
		context("flags %u", flags[i]);
		vec = new_vector();
		datagram_pair(UNIX_PACKET, fds);
		send_one(fds[1], 0, 10);
		send_one(fds[1], 0, 0);
		close(fds[1]);
		check_pull(vec, fds[0], 100, flags[i], 10, true);
		check_pull(vec, fds[0], 100, flags[i], 0, true);
		check_pull(vec, fds[0], 100, flags[i], 0, false);
		check_pull(vec, fds[0], 100, flags[i], 0, false);
		close(vec);
	}
	datagram_pair(UNIX_DGRAM, out);
	splice.in = fds[0];
	splice.out = out[0];
	vec = new_vector();
	check_errno(0, sv_cmd_splice(vec, &splice));
	check_eq(SPLICEVEC_EOF, splice.result);
	check_errno(EAGAIN, recv(out[1], &splice, 1, MSG_DONTWAIT) < 0 ?
				    -errno : 0);
}

/* As with read(2), shutting a UDP socket down ends its pulls. */
TEST_F(datagrams, shut_down_udp_is_at_its_end_after_what_it_holds)
{
	int fds[2], vec = new_vector();

	datagram_pair(UDP4, fds);
	send_one(fds[1], 0, 10);
	must(shutdown(fds[0], SHUT_RD));
	check_pull(vec, fds[0], 100, 0, 10, true);
	check_pull(vec, fds[0], 100, 0, 0, false);
}

/* Who asks for echoes: to its own host, without a right to raw sockets. */
static int echo_socket(void)
{
	struct sockaddr_in self = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd;

	put_file("/proc/sys/net/ipv4/ping_group_range", "0 0");
	fd = must(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	must(connect(fd, (struct sockaddr *)&self, sizeof(self)));
	return fd;
}

/* ICMP's sockets do not tell how long a packet is that was not taken whole. */
TEST_F(datagrams, echo_that_is_too_long_stays)
{
	struct { struct icmphdr header; char bytes[100]; } packet = {
		.header.type = ICMP_ECHO,
	};
	int fd = echo_socket(), vec = new_vector();
	size_t len;

	pattern_fill(packet.bytes, SEED, 0, sizeof(packet.bytes));
	check_eq(sizeof(packet), send(fd, &packet, sizeof(packet), 0));
	for (len = 1; len < sizeof(packet); len += len < 8 ? 1 : 33) {
		context("%zu bytes of %zu", len, sizeof(packet));
		check_errno(EMSGSIZE, sv_pull(vec, fd, SV_POSITION, len, 0));
	}
	context("whole");
	check_pull(vec, fd, sizeof(packet), 0, sizeof(packet), true);
	check_eq(sizeof(packet.header), sv_drop(vec, sizeof(packet.header)));
	check_held(vec, SEED, 0, sizeof(packet.bytes));
}

/* A UDP packet made by hand, as one damaged on the way would look. */
static void send_with_bad_checksum(int from, int to, size_t len)
{
	struct sockaddr_in here, there;
	socklen_t size = sizeof(here);
	char packet[8 + len];
	struct udphdr header = { .len = htons(sizeof(packet)), .check = 0xdead };
	int raw = must(socket(AF_INET, SOCK_RAW, IPPROTO_UDP));

	must(getsockname(from, (struct sockaddr *)&here, &size));
	must(getsockname(to, (struct sockaddr *)&there, &size));
	header.source = here.sin_port;
	header.dest = there.sin_port;
	memcpy(packet, &header, sizeof(header));
	pattern_fill(packet + sizeof(header), 99, 0, len);
	there.sin_port = 0;
	check_eq(sizeof(packet), sendto(raw, packet, sizeof(packet), 0,
					(struct sockaddr *)&there, size));
	close(raw);
}

TEST_F(datagrams, damaged_udp_packet_is_passed_over)
{
	static const size_t sizes[] = { 20, 1000, 9000 };
	struct timeval brief = { .tv_usec = 100000 };
	int fds[2], vec;
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		context("%zu bytes", sizes[i]);
		vec = new_vector();
		datagram_pair(UDP4, fds);
		must(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &brief,
				sizeof(brief)));
		send_with_bad_checksum(fds[1], fds[0], sizes[i]);
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 10000, 0));
		send_with_bad_checksum(fds[1], fds[0], sizes[i]);
		check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 10000,
					    SPLICEVEC_NONBLOCK));
		/* too long, but it does not count */
		send_with_bad_checksum(fds[1], fds[0], sizes[i]);
		send_one(fds[1], 0, 10);
		check_pull(vec, fds[0], 10, 0, 10, true);
		check_held(vec, SEED, 0, 10);
		close_pair(fds);
		close(vec);
	}
}

/* As long as the sender is allowed to make it. */
TEST_F(datagrams, unix_datagram_of_two_megabytes_is_pulled_whole)
{
	static const enum place places[] = { UNIX_DGRAM, UNIX_PACKET };
	int fds[2], vec, room = MIB(8);
	size_t len = MIB(2) + 5, i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		datagram_pair(places[i], fds);
		must(setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &room,
				sizeof(room)));
		vec = vector_with(SEED, 0, len);
		check_push(vec, fds[1], SV_ALL, 0, len);
		check_errno(EMSGSIZE, sv_pull(vec, fds[0], SV_POSITION,
					      len - 1, 0));
		check_pull(vec, fds[0], len, 0, len, true);
		check_held(vec, SEED, 0, len);
		close_pair(fds);
		close(vec);
	}
}

/* However much SPLICE takes of a stream at a time. */
TEST_F(datagrams, unix_datagram_of_two_megabytes_is_spliced_whole)
{
	int in[2], vec = new_vector(), file = new_file(TMPFS, O_RDWR);
	struct splicevec_splice cmd = {
		.out = file,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = MIB(4),
	};
	size_t len = MIB(2) + 5;
	int room = MIB(8), from;

	datagram_pair(UNIX_DGRAM, in);
	must(setsockopt(in[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	from = vector_with(SEED, 0, len);
	check_push(from, in[1], SV_ALL, 0, len);
	cmd.in = in[0];
	check_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(len, cmd.pulled);
	check_eq(len, cmd.pushed);
	check_eq(-1, file_check(file, 0, SEED, 0, len));
}

TEST_HARNESS_MAIN
