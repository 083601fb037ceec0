// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagram sockets that are not ours alone: others look at what has come, take
 * it, and attach fds to what they send.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "control.h"
#include "places.h"

#include <poll.h>
#include <sched.h>
#include <splicevec.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SEED	15

LEDGER_FIXTURE(shared)

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void send_one(int fd, uint64_t pos, size_t len)
{
	send_pattern(fd, SEED, pos, len);
}

static void check_peek(int fd, uint64_t pos, size_t len)
{
	char buf[KIB(16)];

	check_eq(len, recv(fd, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT));
	check_eq(-1, pattern_check(buf, SEED, pos, len));
}

TEST_F(shared, others_who_peek_see_what_no_pull_took)
{
	static const enum place places[] = {
		UDP4, UDP6, UNIX_DGRAM, UNIX_PACKET, NETLINK,
	};
	int fds[2], vec = new_vector();
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		datagram_pair(places[i], fds);
		send_one(fds[1], 0, 3000);
		send_one(fds[1], 3000, 2000);
		check_peek(fds[0], 0, 3000);
		check_errno(EMSGSIZE, sv_pull(vec, fds[0], SV_POSITION, 2999,
					      0));
		check_peek(fds[0], 0, 3000);
		check_pull(vec, fds[0], 3000, 0, 3000, true);
		check_peek(fds[0], 3000, 2000);
		check_pull(vec, fds[0], 3000, 0, 2000, true);
		close_pair(fds);
	}
}

static int peek_offset(int fd)
{
	socklen_t len = sizeof(int);
	int offset;

	must(getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &len));
	return offset;
}

/*
 * The length of the next datagram cannot be asked for without moving the offset
 * at which others peek: either the pull knows another way, or it is refused.
 * Never does it take a part, or another one.
 */
TEST_F(shared, peek_offset_loses_nothing_and_stays_where_it_was)
{
	static const enum place places[] = { UDP4, UNIX_DGRAM, UNIX_PACKET };
	static const int offsets[] = { 0, 5, 300 };
	int fds[2], vec, ret, off;
	struct splicevec_pull cmd;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places) * ARRAY_LEN(offsets); i++) {
		off = offsets[i % 3];
		context("%s, offset %d", place_name(places[i / 3]), off);
		vec = new_vector();
		datagram_pair(places[i / 3], fds);
		must(setsockopt(fds[0], SOL_SOCKET, SO_PEEK_OFF, &off,
				sizeof(off)));
		send_one(fds[1], 0, 200);
		send_one(fds[1], 200, 400);
		cmd = pull_from(vec, fds[0], 100, 0, &ret);
		check(ret == -EMSGSIZE || ret == -EOPNOTSUPP, "too long: %s",
		      errno_name(-ret));
		check_eq(off, peek_offset(fds[0]));
		cmd = pull_from(vec, fds[0], 1000, 0, &ret);
		if (ret) {
			check_errno(EOPNOTSUPP, ret);
			check_eq(off, peek_offset(fds[0]));
			off = -1;
			must(setsockopt(fds[0], SOL_SOCKET, SO_PEEK_OFF, &off,
					sizeof(off)));
			check_pull(vec, fds[0], 1000, 0, 200, true);
		} else {
			check_eq(200, cmd.bytes);
		}
		check_held(vec, SEED, 0, 200);
		close_pair(fds);
		close(vec);
	}
}

static void send_pattern_with_fd(int sock, int fd, uint64_t pos, size_t len)
{
	char buf[KIB(16)];

	pattern_fill(buf, SEED, pos, len);
	send_with_fds(sock, buf, len, &fd, 1);
}

static bool is_open_elsewhere(int pipe_reader)
{
	struct pollfd reader = { .fd = pipe_reader };

	return poll(&reader, 1, 2000) == 0;
}

/* The reader of a pipe sees when the last writer is gone, wherever it was. */
TEST_F(shared, attached_fds_are_closed_by_the_pull_that_takes_the_bytes)
{
	static const enum place places[] = { UNIX_DGRAM, UNIX_PACKET, UNIX };
	struct pollfd reader;
	int fds[2], ends[2], vec;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		vec = new_vector();
		datagram_pair(places[i], fds);
		must(pipe(ends));
		send_pattern_with_fd(fds[1], ends[1], 0, 1000);
		close(ends[1]);
		reader = (struct pollfd){ .fd = ends[0] };
		check_eq(0, poll(&reader, 1, 0));
		if (places[i] != UNIX) {
			check_errno(EMSGSIZE, sv_pull(vec, fds[0], SV_POSITION,
						      999, 0));
			check_eq(0, poll(&reader, 1, 0));
		}
		check_pull(vec, fds[0], 1000, 0, 1000, places[i] != UNIX);
		check(!is_open_elsewhere(ends[0]), "the fd is still open");
		check_held(vec, SEED, 0, 1000);
		close(ends[0]);
		close_pair(fds);
		close(vec);
	}
}

/* What a refused pull looked at keeps its fds for the one who receives it. */
TEST_F(shared, attached_fds_survive_a_pull_that_took_nothing)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
	char buf[1000], byte = 'x';
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fds[2], ends[2], vec = new_vector(), fd;

	datagram_pair(UNIX_DGRAM, fds);
	must(pipe(ends));
	send_pattern_with_fd(fds[1], ends[1], 0, 1000);
	close(ends[1]);
	check_errno(EMSGSIZE, sv_pull(vec, fds[0], SV_POSITION, 10, 0));
	check_eq(1000, recvmsg(fds[0], &msg, 0));
	if (!check(CMSG_FIRSTHDR(&msg), "the fd is gone"))
		return;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	write_all(fd, &byte, 1);
	read_all(ends[0], &byte, 1);
}

/*
 * Many short and long ones wait, and four take them, two with room for short
 * ones only. Each datagram must come to one of them, whole.
 */
#define ROUNDS	1000
#define SHORT	100
#define LONG	5000

struct taker {
	pthread_t thread;
	int fd;
	size_t len;
	atomic_int *left;
	unsigned int taken[2];	/* short, long */
	unsigned int wrong;
};

static void *take_all(void *arg)
{
	struct taker *taker = arg;
	int vec = new_vector();
	int64_t n;

	while (atomic_load(taker->left) > 0) {
		n = sv_pull(vec, taker->fd, SV_POSITION, taker->len,
			    SPLICEVEC_NONBLOCK);
		if (n == -EAGAIN || n == -EMSGSIZE) {
			sched_yield();
			continue;
		}
		if ((n != SHORT && n != LONG) || n > (int64_t)taker->len)
			taker->wrong++;
		else
			taker->taken[n == LONG]++;
		atomic_fetch_sub(taker->left, 1);
	}
	close(vec);
	return NULL;
}

static void start_takers(struct taker takers[4], int fd, atomic_int *left)
{
	int i;

	for (i = 0; i < 4; i++) {
		takers[i] = (struct taker){
			.fd = fd, .left = left, .len = i % 2 ? LONG : SHORT,
		};
		if (pthread_create(&takers[i].thread, NULL, take_all,
				   &takers[i]))
			die("no thread");
	}
}

static void check_takers(struct taker takers[4])
{
	unsigned int taken[2] = {};
	int i;

	for (i = 0; i < 4; i++) {
		pthread_join(takers[i].thread, NULL);
		check_eq(0, takers[i].wrong);
		taken[0] += takers[i].taken[0];
		taken[1] += takers[i].taken[1];
	}
	check_eq(ROUNDS / 2, taken[0]);
	check_eq(ROUNDS / 2, taken[1]);
}

TEST_F(shared, readers_in_each_other_s_way_lose_and_cut_none)
{
	static const enum place places[] = { UDP4, UNIX_DGRAM, UNIX_PACKET };
	int fds[2], i, room = MIB(32);
	struct taker takers[4];
	atomic_int left;
	time_t end;
	size_t p;

	put_file("/proc/sys/net/unix/max_dgram_qlen", "2000");
	for (p = 0; p < ARRAY_LEN(places); p++) {
		context("%s", place_name(places[p]));
		datagram_pair(places[p], fds);
		must(setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &room,
				sizeof(room)));
		for (i = 0; i < ROUNDS; i++)
			send_one(fds[1], 0, i % 2 ? LONG : SHORT);
		atomic_store(&left, ROUNDS);
		start_takers(takers, fds[0], &left);
		end = time(NULL) + 8 * slower();
		while (atomic_load(&left) > 0 && time(NULL) < end)
			usleep(10000);
		check_eq(0, atomic_exchange(&left, 0));
		check_takers(takers);
		close_pair(fds);
	}
	put_file("/proc/sys/net/unix/max_dgram_qlen", "10");
}

TEST_HARNESS_MAIN
