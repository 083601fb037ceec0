// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that keep boundaries: one pull is one datagram, one push is one, and
 * what does not fit whole stays where it was.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SEED	11

FIXTURE_VARIANT(datagrams)
{
	enum place place;
	size_t most;	/* bytes of a datagram; 0: what the send buffer says */
	bool no_empty;	/* none of no bytes */
};

LEDGER_FIXTURE(datagrams)

FIXTURE_VARIANT_ADD(datagrams, udp4)
{
	.place = UDP4, .most = 65535 - 20 - 8,
};

FIXTURE_VARIANT_ADD(datagrams, udp6)
{
	.place = UDP6, .most = 65535 - 8,
};

FIXTURE_VARIANT_ADD(datagrams, unix_dgram)
{
	.place = UNIX_DGRAM,
};

FIXTURE_VARIANT_ADD(datagrams, unix_packet)
{
	.place = UNIX_PACKET,
};

FIXTURE_VARIANT_ADD(datagrams, vsock_packet)
{
	.place = VSOCK_PACKET, .most = KIB(256), .no_empty = true,
};

FIXTURE_VARIANT_ADD(datagrams, netlink)
{
	.place = NETLINK, .no_empty = true,
};

#define NEEDS_EMPTY							\
	do {								\
		if (variant->no_empty)					\
			SKIP(return, "%s knows no empty datagrams",	\
			     place_name(variant->place));		\
	} while (0)

static const size_t sizes[] = { 1, 100, 4095, 4096, 4097, 30001, 65000 };

static void send_one(int fd, uint64_t pos, size_t len)
{
	send_pattern(fd, SEED, pos, len);
}

static void recv_one(int fd, uint64_t pos, size_t len)
{
	recv_pattern(fd, SEED, pos, len);
}

static void recv_none(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_TRUNC);

	check(n < 0 && errno == EAGAIN, "a datagram too many: %s",
	      result_name(n < 0 ? -errno : n));
}

static size_t longest(size_t most, int fd)
{
	socklen_t len = sizeof(int);
	int room;

	if (most)
		return most;
	must(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &len));
	return room - 32;
}

TEST_F(datagrams, one_pull_is_one_datagram)
{
	static const unsigned int flags[] = {
		0, SPLICEVEC_COPY, SPLICEVEC_NONBLOCK,
	};
	uint64_t pos = 0;
	int fds[2], vec;
	size_t i, j;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	for (i = 0; i < ARRAY_LEN(sizes) * ARRAY_LEN(flags); i++) {
		j = i % ARRAY_LEN(sizes);
		context("%zu bytes, flags %u", sizes[j], flags[i % 3]);
		vec = new_vector();
		/* two wait: only the first is taken, whatever there is room for */
		send_one(fds[1], pos, sizes[j]);
		send_one(fds[1], pos + sizes[j], 77);
		check_pull(vec, fds[0], MIB(1), flags[i % 3], sizes[j], true);
		check_held(vec, SEED, pos, sizes[j]);
		check_pull(vec, fds[0], 77, flags[i % 3], 77, true);
		check_held(vec, SEED, pos, sizes[j] + 77);
		pos += sizes[j] + 77;
		close(vec);
	}
}

TEST_F(datagrams, longest_one_goes_through_whole)
{
	int fds[2], vec = new_vector(), back;
	size_t len;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	len = longest(variant->most, fds[1]);
	context("%zu bytes", len);
	send_one(fds[1], 5, len);
	check_pull(vec, fds[0], len, 0, len, true);
	check_held(vec, SEED, 5, len);
	back = vector_with(SEED, 9, len);
	check_push(back, fds[0], SV_ALL, 0, len);
	recv_one(fds[1], 9, len);
}

TEST_F(datagrams, one_push_is_one_datagram)
{
	int fds[2], vec;
	uint64_t pos = 0;
	size_t i;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = vector_with(SEED, 0, KIB(128));
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		context("%zu bytes", sizes[i]);
		check_push(vec, fds[0], sizes[i], 0, sizes[i]);
		recv_one(fds[1], pos, sizes[i]);
		pos += sizes[i];
	}
	recv_none(fds[1]);
	check_held(vec, SEED, pos, KIB(128) - pos);
}

TEST_F(datagrams, push_of_more_than_there_is_sends_what_there_is)
{
	int fds[2], vec;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = vector_with(SEED, 3, 5000);
	check_push(vec, fds[0], SV_ALL, 0, 5000);
	recv_one(fds[1], 3, 5000);
	/* an empty vector has nothing to send: not even an empty datagram */
	check_push(vec, fds[0], SV_ALL, 0, 0);
	check_push(vec, fds[0], 1, SPLICEVEC_KEEP, 0);
	recv_none(fds[1]);
}

TEST_F(datagrams, too_long_for_a_pull_is_emsgsize_and_stays_whole)
{
	static const unsigned int flags[] = {
		0, SPLICEVEC_NONBLOCK, SPLICEVEC_COPY,
		SPLICEVEC_COPY | SPLICEVEC_NONBLOCK,
	};
	static const size_t lens[] = { 1, 4999 };
	struct splicevec_info before;
	int fds[2], vec, ret;
	uint64_t pos = 0;
	size_t i, j;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = vector_with(SEED, 0, 10);
	must_sv(sv_info(vec, &before));
	for (i = 0; i < ARRAY_LEN(flags); i++) {
		context("flags %u", flags[i]);
		send_one(fds[1], pos + 10, 5000);
		for (j = 0; j < ARRAY_LEN(lens); j++) {
			struct splicevec_pull cmd;

			cmd = pull_from(vec, fds[0], lens[j], flags[i], &ret);
			check_errno(EMSGSIZE, ret);
			check_eq(0, cmd.bytes);
			check_eq(0, cmd.result);
			check_same(vec, &before);
		}
		if (i % 2) {
			recv_one(fds[0], pos + 10, 5000);
			continue;
		}
		check_pull(vec, fds[0], 5000, flags[i], 5000, true);
		check_held(vec, SEED, 0, pos + 5010);
		must_sv(sv_info(vec, &before));
		pos += 5000;
	}
}

/* vsock of old kernels calls it ENOMEM. */
static int errno_of_too_long(enum place place, int fd, size_t len)
{
	char *buf = map_pages(len);
	int err;

	check(send(fd, buf, len, 0) < 0, "%zu bytes are not too long", len);
	err = errno;
	unmap_pages(buf, len);
	return place == VSOCK_PACKET ? err : EMSGSIZE;
}

TEST_F(datagrams, too_long_for_the_socket_is_emsgsize_and_stays_in_the_vector)
{
	struct splicevec_info before;
	int fds[2], vec, err;
	size_t len;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	len = longest(variant->most, fds[0]);
	err = errno_of_too_long(variant->place, fds[0], len + 1);
	vec = vector_with(SEED, 0, len + 4097);
	must_sv(sv_info(vec, &before));
	check_errno(err, sv_push(vec, fds[0], SV_POSITION, SV_ALL, 0));
	check_errno(err, sv_push(vec, fds[0], SV_POSITION, len + 1, 0));
	check_errno(err, sv_push(vec, fds[0], SV_POSITION, len + 1,
				 SPLICEVEC_KEEP));
	check_errno(err, sv_push(vec, fds[0], SV_POSITION, len + 4096,
				 SPLICEVEC_NONBLOCK));
	check_same(vec, &before);
	check_held(vec, SEED, 0, len + 4097);
	recv_none(fds[1]);
	check_push(vec, fds[0], 100, 0, 100);
	recv_one(fds[1], 0, 100);
}

TEST_F(datagrams, empty_one_is_pulled_and_is_not_the_end)
{
	static const unsigned int flags[] = {
		0, SPLICEVEC_COPY, SPLICEVEC_NONBLOCK,
	};
	int fds[2], vec = new_vector();
	size_t i;

	NEEDS_PLACE();
	NEEDS_EMPTY;
	datagram_pair(variant->place, fds);
	for (i = 0; i < ARRAY_LEN(flags); i++) {
		context("flags %u", flags[i]);
		send_one(fds[1], 0, 0);
		send_one(fds[1], 0, 0);
		send_one(fds[1], 100 * i, 100);
		check_pull(vec, fds[0], 100, flags[i], 0, true);
		check_pull(vec, fds[0], 1, flags[i], 0, true);
		check_pull(vec, fds[0], 100, flags[i], 100, true);
	}
	check_held(vec, SEED, 0, 100 * i);
}

TEST_F(datagrams, push_of_length_zero_sends_an_empty_one)
{
	int fds[2], vec, none = new_vector();

	NEEDS_PLACE();
	NEEDS_EMPTY;
	datagram_pair(variant->place, fds);
	vec = vector_with(SEED, 0, 100);
	check_push(vec, fds[0], 0, 0, 0);
	recv_one(fds[1], 0, 0);
	check_push(vec, fds[0], 0, SPLICEVEC_KEEP, 0);
	recv_one(fds[1], 0, 0);
	check_push(none, fds[0], 0, 0, 0);
	recv_one(fds[1], 0, 0);
	recv_none(fds[1]);
	check_held(vec, SEED, 0, 100);
}

/* More runs than one loan holds, let alone the fragments of a packet. */
TEST_F(datagrams, hundreds_of_spans_make_one_datagram)
{
	static const struct {
		size_t len, span;
	} cases[] = { { 700 * 40, 40 }, { 300, 1 }, { 60000, 100 } };
	int fds[2], vec;
	size_t i;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		context("spans of %zu bytes", cases[i].span);
		vec = vector_of_spans(SEED, cases[i].len, cases[i].span);
		check_push(vec, fds[0], cases[i].len, SPLICEVEC_KEEP,
			   cases[i].len);
		recv_one(fds[1], 0, cases[i].len);
		/* a window that begins and ends within spans */
		check_eq(cases[i].len - 77,
			 sv_push_window(vec, fds[0], SV_POSITION, 33,
					cases[i].len - 77, 0));
		recv_one(fds[1], 33, cases[i].len - 77);
		check_push(vec, fds[0], SV_ALL, 0, cases[i].len);
		recv_one(fds[1], 0, cases[i].len);
		close(vec);
	}
}

/* Pages of every kind, in pieces that fit none. */
TEST_F(datagrams, spans_of_all_kinds_make_one_datagram)
{
	int fds[2], stream[2], vec = new_vector(), file;
	char *memory = map_pages(2 * PAGE), buf[5000];

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	file = pattern_file(EXT4, SEED, 20000);
	pattern_fill(memory + 5, SEED, 7000, 6000);
	must(pipe2(stream, O_CLOEXEC));
	pattern_fill(buf, SEED, 13000, 5000);
	write_all(stream[1], buf, 5000);
	check_eq(7000, sv_pull(vec, file, 0, 7000, 0));
	check_eq(6000, sv_pull_mem(vec, memory + 5, 6000, 0));
	check_eq(5000, sv_pull(vec, stream[0], SV_POSITION, 5000, 0));
	check_eq(2000, sv_pull(vec, file, 18000, 2000, SPLICEVEC_COPY));
	check_push(vec, fds[0], SV_ALL, 0, 20000);
	recv_one(fds[1], 0, 20000);
	check_eq(-1, pattern_check(memory + 5, SEED, 7000, 6000));
	check_eq(-1, file_check(file, 0, SEED, 0, 20000));
}

TEST_F(datagrams, kept_vector_goes_to_16_sockets)
{
	int fds[16][2], vec, i;

	NEEDS_PLACE();
	vec = vector_with(SEED, 0, 40000);
	for (i = 0; i < 16; i++)
		datagram_pair(variant->place, fds[i]);
	for (i = 0; i < 16; i++)
		check_push(vec, fds[i][0], 30000 + i, SPLICEVEC_KEEP, 30000 + i);
	for (i = 0; i < 16; i++) {
		context("socket %d", i);
		recv_one(fds[i][1], 0, 30000 + i);
		recv_none(fds[i][1]);
	}
	check_held(vec, SEED, 0, 40000);
}

TEST_F(datagrams, more_is_einval_and_does_nothing)
{
	struct splicevec_info before;
	int fds[2], vec;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = vector_with(SEED, 0, 1000);
	must_sv(sv_info(vec, &before));
	check_errno(EINVAL, sv_push(vec, fds[0], SV_POSITION, 100,
				    SPLICEVEC_MORE));
	check_errno(EINVAL, sv_push(vec, fds[0], SV_POSITION, 100,
				    SPLICEVEC_MORE | SPLICEVEC_KEEP));
	check_same(vec, &before);
	recv_none(fds[1]);
}

TEST_F(datagrams, offset_is_espipe)
{
	int fds[2], vec;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = vector_with(SEED, 0, 1000);
	send_one(fds[1], 0, 10);
	check_errno(ESPIPE, sv_pull(vec, fds[0], 0, 10, 0));
	check_errno(ESPIPE, sv_push(vec, fds[0], 0, 10, 0));
	recv_one(fds[0], 0, 10);
	recv_none(fds[1]);
	check_held(vec, SEED, 0, 1000);
}

/* What FEATURES says of the sink is what the pushes do. */
TEST_F(datagrams, push_copies_as_features_tells)
{
	struct splicevec_push cmd = { .offset = SV_POSITION, .len = 9000 };
	struct splicevec_features features;
	bool copies;
	int fds[2], vec;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = vector_with(SEED, 0, 18000);
	must_sv(sv_features(vec, fds[0], &features));
	copies = features.routes[SPLICEVEC_CACHE] == SPLICEVEC_ROUTE_COPIED;
	check(!copies == !features.reasons[SPLICEVEC_CACHE],
	      "route %u with reason %u", features.routes[SPLICEVEC_CACHE],
	      features.reasons[SPLICEVEC_CACHE]);
	cmd.fd = fds[0];
	cmd.flags = SPLICEVEC_NOCOPY;
	if (copies)
		check_errno(EOPNOTSUPP, sv_cmd_push(vec, &cmd));
	cmd.flags = 0;
	check_errno(0, sv_cmd_push(vec, &cmd));
	if (copies)
		check_eq(9000, cmd.copied);
	check_eq(0, cmd.result & ~SPLICEVEC_ESTIMATED);
	recv_one(fds[1], 0, 9000);
	recv_none(fds[1]);
	check_held(vec, SEED, 9000, 9000);
}

static struct splicevec_splice splice_one(int vec, int in, int out, uint64_t len,
					  unsigned int flags, int *ret)
{
	struct splicevec_splice cmd = {
		.in = in,
		.out = out,
		.flags = flags,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = len,
	};

	*ret = sv_cmd_splice(vec, &cmd);
	return cmd;
}

static void check_splice(int vec, int in, int out, size_t bytes)
{
	struct splicevec_splice cmd;
	int ret;

	cmd = splice_one(vec, in, out, MIB(1), 0, &ret);
	check_errno(0, ret);
	check_eq(bytes, cmd.pulled);
	check_eq(bytes, cmd.pushed);
	check_eq(SPLICEVEC_RECORD, cmd.result & ~SPLICEVEC_ESTIMATED);
}

TEST_F(datagrams, splice_passes_one_datagram_on_and_empty_ones_too)
{
	int in[2], out[2], vec = new_vector();

	NEEDS_PLACE();
	datagram_pair(variant->place, in);
	datagram_pair(UNIX_DGRAM, out);
	send_one(in[1], 0, 30000);
	send_one(in[1], 30000, 1);
	check_splice(vec, in[0], out[0], 30000);
	recv_one(out[1], 0, 30000);
	recv_none(out[1]);
	check_splice(vec, in[0], out[0], 1);
	recv_one(out[1], 30000, 1);
	if (variant->no_empty)
		return;
	send_one(in[1], 0, 0);
	check_splice(vec, in[0], out[0], 0);
	recv_one(out[1], 0, 0);
	recv_none(out[1]);
}

/* Nobody reads them there. Return: how many there are. */
static int fill_with_empty_ones(int fd)
{
	int n = 0;

	while (!send(fd, "", 0, MSG_DONTWAIT))
		n++;
	check_errno(EAGAIN, -errno);
	return n;
}

static void check_told_of_empty(int vec, int in, const int out[2],
				unsigned int flags)
{
	int n = fill_with_empty_ones(out[0]), ret;
	struct splicevec_splice cmd;

	cmd = splice_one(vec, in, out[0], 100, flags, &ret);
	check_errno(0, ret);
	check_eq(0, cmd.pulled);
	check_eq(0, cmd.pushed);
	check_eq(SPLICEVEC_RECORD | SPLICEVEC_OUT_AGAIN,
		 cmd.result & ~SPLICEVEC_ESTIMATED);
	while (n--)
		recv_one(out[1], 0, 0);
	check_push(vec, out[0], 0, 0, 0);
	recv_one(out[1], 0, 0);
	recv_none(out[1]);
}

TEST_F(datagrams, splice_tells_of_an_empty_one_that_its_sink_did_not_take)
{
	const struct timeval brief = { .tv_usec = 50000 };
	int in[2], out[2], vec = new_vector();

	NEEDS_PLACE();
	NEEDS_EMPTY;
	datagram_pair(variant->place, in);
	datagram_pair(UNIX_DGRAM, out);
	must(setsockopt(out[0], SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof(brief)));
	send_one(in[1], 0, 0);
	check_told_of_empty(vec, in[0], out, SPLICEVEC_NONBLOCK);
	context("with a timeout");
	send_one(in[1], 0, 0);
	check_told_of_empty(vec, in[0], out, 0);
	recv_none(in[0]);
}

TEST_F(datagrams, splice_into_a_file_appends_one_datagram_a_call)
{
	int fds[2], vec = new_vector(), file = new_file(TMPFS, O_RDWR);
	uint64_t pos = 0;
	size_t i;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	for (i = 0; i < ARRAY_LEN(sizes); pos += sizes[i++])
		send_one(fds[1], pos, sizes[i]);
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		context("%zu bytes", sizes[i]);
		check_splice(vec, fds[0], file, sizes[i]);
	}
	check_eq(pos, lseek(file, 0, SEEK_CUR));
	check_eq(-1, file_check(file, 0, SEED, 0, pos));
}

TEST_F(datagrams, splice_of_less_than_the_datagram_is_emsgsize)
{
	int fds[2], out[2], vec = new_vector(), ret;
	struct splicevec_splice cmd;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	datagram_pair(UNIX_DGRAM, out);
	send_one(fds[1], 0, 5000);
	cmd = splice_one(vec, fds[0], out[0], 4999, 0, &ret);
	check_errno(EMSGSIZE, ret);
	check_eq(0, cmd.pulled);
	check_splice(vec, fds[0], out[0], 5000);
	recv_one(out[1], 0, 5000);
}

/* What the vector held goes first, as a datagram of its own. */
TEST_F(datagrams, splice_of_a_stream_into_datagrams_keeps_what_does_not_fit)
{
	int fds[2], vec, file, ret;
	struct splicevec_splice cmd;
	size_t len;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	len = longest(variant->most, fds[0]);
	vec = vector_with(SEED, 0, 100);
	file = pattern_file(TMPFS, SEED, len + 101);
	must(lseek(file, 100, SEEK_SET));
	cmd = splice_one(vec, file, fds[0], 3000, 0, &ret);
	check_errno(0, ret);
	check_eq(3000, cmd.pulled);
	check_eq(3100, cmd.pushed);
	recv_one(fds[1], 0, 100);
	recv_one(fds[1], 100, 3000);
	must(lseek(file, 100, SEEK_SET));
	cmd = splice_one(vec, file, fds[0], len + 1, 0, &ret);
	check_errno(0, ret);
	check_eq(len + 1, cmd.pulled);
	check_eq(0, cmd.pushed);
	check_held(vec, SEED, 100, len + 1);
	recv_none(fds[1]);
}

TEST_HARNESS_MAIN
