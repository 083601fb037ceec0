// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams with a protocol of their own on top (kTLS, MPTCP, vsock, TCP in a BPF
 * sockmap) and sockets of families of which nothing is known: what they get is
 * right, is copied, and said to be.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "control.h"
#include "places.h"
#include "sock_places.h"

#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	13
/* More than any stream takes when nobody reads. */
#define MUCH	MIB(16)

FIXTURE_VARIANT(streams)
{
	enum place place;
};

LEDGER_FIXTURE(streams)

FIXTURE_VARIANT_ADD(streams, mptcp) { .place = MPTCP, };
FIXTURE_VARIANT_ADD(streams, vsock) { .place = VSOCK, };
FIXTURE_VARIANT_ADD(streams, ktls) { .place = KTLS, };
FIXTURE_VARIANT_ADD(streams, sockmap) { .place = SOCKMAP, };

static void write_pattern(int fd, uint64_t pos, size_t len)
{
	char *buf = map_pages(len);

	pattern_fill(buf, SEED, pos, len);
	write_all(fd, buf, len);
	unmap_pages(buf, len);
}

static void read_pattern(int fd, uint64_t pos, size_t len)
{
	char *buf = map_pages(len);

	read_all(fd, buf, len);
	check_eq(-1, pattern_check(buf, SEED, pos, len));
	unmap_pages(buf, len);
}

static void read_nothing(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	check(n < 0 && errno == EAGAIN, "something more arrived: %s",
	      result_name(n < 0 ? -errno : n));
}

TEST_F(streams, push_says_copied_as_features_does)
{
	struct splicevec_push cmd = { .offset = SV_POSITION, .len = 50000 };
	struct splicevec_features features;
	struct splicevec_info before;
	int fds[2], vec, kind;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	vec = vector_with(SEED, 0, 50000);
	must_sv(sv_info(vec, &before));
	must_sv(sv_features(vec, fds[0], &features));
	for (kind = SPLICEVEC_OWNED; kind < SPLICEVEC_KINDS; kind++) {
		check_eq(SPLICEVEC_ROUTE_COPIED, features.routes[kind]);
		check_eq(SPLICEVEC_WHY_UPPER, features.reasons[kind]);
	}
	cmd.fd = fds[0];
	cmd.flags = SPLICEVEC_NOCOPY;
	check_errno(EOPNOTSUPP, sv_cmd_push(vec, &cmd));
	check_same(vec, &before);
	cmd.flags = 0;
	check_errno(0, sv_cmd_push(vec, &cmd));
	check_eq(50000, cmd.bytes);
	check_eq(50000, cmd.copied);
	check_eq(0, cmd.result);
	read_pattern(fds[1], 0, 50000);
	read_nothing(fds[1]);
}

/* A push that follows the other way round finds its own bytes. */
TEST_F(streams, both_ways_at_once_keep_apart)
{
	int fds[2], vec[2], i;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	for (i = 0; i < 2; i++)
		vec[i] = vector_with(SEED, 100000 * i, 30000);
	for (i = 0; i < 2; i++)
		check_push(vec[i], fds[i], SV_ALL, 0, 30000);
	for (i = 0; i < 2; i++) {
		struct splicevec_info info = {};

		while (info.tail < 60000) {
			if (!check(sv_pull(vec[i], fds[i], SV_POSITION, 30000,
					   0) > 0, "a pull failed"))
				break;
			must_sv(sv_info(vec[i], &info));
		}
		check_held(vec[i], SEED, 100000 * !i, 30000);
	}
}

TEST_F(streams, pull_gives_what_is_there_without_record)
{
	int fds[2], vec = new_vector();

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100,
				    SPLICEVEC_NONBLOCK));
	write_pattern(fds[1], 0, 3000);
	check_pull(vec, fds[0], 1000, 0, 1000, false);
	check_pull(vec, fds[0], 10000, SPLICEVEC_COPY, 2000, false);
	check_held(vec, SEED, 0, 3000);
	check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100,
				    SPLICEVEC_NONBLOCK));
	must(shutdown(fds[1], SHUT_WR));
	check_pull(vec, fds[0], 100, 0, 0, false);
	check_pull(vec, fds[0], 100, SPLICEVEC_NONBLOCK, 0, false);
}

TEST_F(streams, pull_stops_for_a_timeout_and_a_signal)
{
	struct timeval brief = { .tv_usec = 100000 };
	int fds[2], vec = new_vector();

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	signals(true);
	check_errno(EINTR, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
	signals(false);
	must(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &brief,
			sizeof(brief)));
	check_errno(EAGAIN, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
	write_pattern(fds[1], 0, 100);
	check_pull(vec, fds[0], 100, 0, 100, false);
}

TEST_F(streams, full_sink_takes_what_fits_and_the_rest_stays)
{
	struct splicevec_info info;
	int64_t sum = 0, n;
	int fds[2], vec;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	vec = vector_with(SEED, 0, MUCH);
	while ((n = sv_push(vec, fds[0], SV_POSITION, SV_ALL,
			    SPLICEVEC_NONBLOCK)) > 0)
		sum += n;
	check_errno(EAGAIN, n);
	if (!check(sum > 0 && sum < (int64_t)MUCH, "%lld bytes fit",
		   (long long)sum))
		return;
	must_sv(sv_info(vec, &info));
	check_eq(sum, info.head);
	check_held(vec, SEED, sum, MUCH - sum);
	read_pattern(fds[1], 0, sum);
	read_nothing(fds[1]);
}

/* What a write would do, less its signal: kTLS takes one record more. */
TEST_F(streams, push_after_shutdown_fails_as_send_does_without_a_signal)
{
	int fds[2], other[2], vec, want, i;
	char buf[10] = {};
	int64_t got;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	stream_pair(variant->place, other);
	vec = vector_with(SEED, 0, 1000);
	must(shutdown(fds[0], SHUT_WR));
	must(shutdown(other[0], SHUT_WR));
	for (i = 0; i < 3; i++) {
		want = send(other[0], buf, sizeof(buf), MSG_NOSIGNAL);
		got = sv_push(vec, fds[0], SV_POSITION, sizeof(buf),
			      SPLICEVEC_KEEP);
		check_eq(want < 0 ? -errno : want, got);
	}
	check_held(vec, SEED, 0, 1000);
}

TEST_F(streams, splice_moves_on_from_one_to_the_other)
{
	struct splicevec_splice cmd = {
		.in_offset = SV_POSITION, .out_offset = SV_POSITION,
		.len = KIB(64),
	};
	int in[2], out[2], vec = new_vector();
	uint64_t done = 0;

	NEEDS_PLACE();
	stream_pair(variant->place, in);
	stream_pair(variant->place, out);
	cmd.in = in[0];
	cmd.out = out[0];
	write_pattern(in[1], 0, 40000);
	while (done < 40000) {
		if (!check(!sv_cmd_splice(vec, &cmd), "a splice failed"))
			return;
		done += cmd.pushed;
		check_eq(cmd.pulled, cmd.pushed);
	}
	read_pattern(out[1], 0, 40000);
	must(shutdown(in[1], SHUT_WR));
	check_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(SPLICEVEC_EOF, cmd.result);
}

/* Whatever is done to the bytes on their way, the pages are read and no more. */
TEST_F(streams, pages_that_were_pushed_are_never_written)
{
	static const enum place places[] = { EXT4, TMPFS };
	int fds[2], file[2], vec = new_vector(), i;
	char *memory = map_pages(5 * PAGE);

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	pattern_fill(memory, SEED, 2 * 20000, 20000);
	for (i = 0; i < 2; i++) {
		file[i] = pattern_file(places[i], SEED, 60000);
		check_eq(20000, sv_pull(vec, file[i], 20000 * i, 20000, 0));
	}
	check_eq(20000, sv_pull_mem(vec, memory, 20000, 0));
	check_push(vec, fds[0], SV_ALL, SPLICEVEC_KEEP, 60000);
	read_pattern(fds[1], 0, 60000);
	check_push(vec, fds[0], SV_ALL, SPLICEVEC_KEEP, 60000);
	for (i = 0; i < 2; i++)
		check_eq(-1, file_check(file[i], 0, SEED, 0, 60000));
	check_eq(-1, pattern_check(memory, SEED, 40000, 20000));
	check_held(vec, SEED, 0, 60000);
	read_pattern(fds[1], 0, 60000);
}

LEDGER_FIXTURE(ktls)

/* On the wire there are records, and not what was pushed. */
TEST_F(ktls, what_goes_out_is_encrypted)
{
	int fds[2], vec = vector_with(SEED, 0, 1000);
	unsigned char wire[1200];
	ssize_t n;
	size_t i;

	NEEDS(place_missing(KTLS));
	stream_pair(TCP4, fds);
	must_sv(ktls_on(fds[0], TLS_TX));
	check_push(vec, fds[0], SV_ALL, SPLICEVEC_KEEP, 1000);
	n = must(recv(fds[1], wire, sizeof(wire), 0));
	check_eq(5 + 8 + 1000 + 16, n);
	check(wire[0] == 23 && wire[1] == 3 && wire[2] == 3, "no TLS record");
	for (i = 0; i + 16 < (size_t)n; i++)
		check(pattern_check(wire + i, SEED, 0, 16) >= 0 &&
		      pattern_check(wire + i, SEED, 984, 16) >= 0,
		      "plain text at byte %zu", i);
}

/* MORE fills a record; what was pushed with it may wait for the rest. */
TEST_F(ktls, more_joins_pushes_into_one_record)
{
	int fds[2], vec = vector_with(SEED, 0, 3000);
	char wire[4000];
	size_t got = 0;

	NEEDS(place_missing(KTLS));
	stream_pair(TCP4, fds);
	must_sv(ktls_on(fds[0], TLS_TX));
	check_push(vec, fds[0], 1000, SPLICEVEC_MORE, 1000);
	check_push(vec, fds[0], 1000, SPLICEVEC_MORE, 1000);
	check_push(vec, fds[0], 1000, 0, 1000);
	while (got < 5 + 8 + 3000 + 16)
		got += must(recv(fds[1], wire + got, sizeof(wire) - got, 0));
	check_eq(5 + 8 + 3000 + 16, got);
	check_eq(3000 + 8 + 16, (unsigned char)wire[3] << 8 |
		 (unsigned char)wire[4]);
}

/* A message that is no data, as TLS libraries send them. */
static void send_alert(int fd)
{
	const char alert[2] = { 1, 0 };
	const unsigned char kind = 21;

	send_control(fd, alert, sizeof(alert), SOL_TLS, TLS_SET_RECORD_TYPE, &kind,
		     sizeof(kind));
}

/*
 * A pull cannot say that bytes are no data: it fails, as read(2) does, and what
 * came before is not touched.
 */
TEST_F(ktls, alert_is_no_data)
{
	int fds[2], control[2], vec = new_vector();
	char buf[100];
	ssize_t n;

	NEEDS(place_missing(KTLS));
	stream_pair(KTLS, fds);
	stream_pair(KTLS, control);
	write_pattern(fds[1], 0, 100);
	write_pattern(control[1], 0, 100);
	send_alert(fds[1]);
	send_alert(control[1]);
	read_all(control[0], buf, 100);
	n = read(control[0], buf, 1);
	check(n < 0, "read(2) takes an alert");
	check_pull(vec, fds[0], 100, 0, 100, false);
	check_errno(errno, sv_pull(vec, fds[0], SV_POSITION, 100, 0));
	check_held(vec, SEED, 0, 100);
}

/* A record that was damaged on the way is an error and never data. */
TEST_F(ktls, damaged_record_is_ebadmsg)
{
	int fds[2], wire[2], vec = new_vector();
	char buf[200];
	ssize_t n;

	NEEDS(place_missing(KTLS));
	stream_pair(TCP4, fds);
	stream_pair(TCP4, wire);
	must_sv(ktls_on(fds[0], TLS_TX));
	must_sv(ktls_on(wire[1], TLS_RX));
	write_pattern(fds[0], 0, 100);
	n = must(recv(fds[1], buf, sizeof(buf), 0));
	buf[50] ^= 1;
	write_all(wire[0], buf, n);
	check_errno(EBADMSG, sv_pull(vec, wire[1], SV_POSITION, 100, 0));
	check_held(vec, SEED, 0, 0);
}

/* Files whose spans were taken before TLS was switched on meet it as well. */
TEST_F(ktls, switched_on_between_pushes_encrypts_from_there_on)
{
	int fds[2], vec = vector_with(SEED, 0, 3000);

	NEEDS(place_missing(KTLS));
	stream_pair(TCP4, fds);
	check_push(vec, fds[0], 1000, 0, 1000);
	read_pattern(fds[1], 0, 1000);
	must_sv(ktls_on(fds[0], TLS_TX));
	must_sv(ktls_on(fds[1], TLS_RX));
	check_push(vec, fds[0], 2000, 0, 2000);
	read_pattern(fds[1], 1000, 2000);
}

LEDGER_FIXTURE(aliens)

/* Families of which nothing is known are shown copies. */
TEST_F(aliens, unknown_families_copy_and_say_so)
{
	static const enum place places[] = { NETLINK, RAW_PACKET };
	struct splicevec_push cmd = { .offset = SV_POSITION, .len = 9000 };
	struct splicevec_features features;
	char buf[9001], *memory = map_pages(PAGE);
	int fds[2], vec, kind;
	size_t i;

	pattern_fill(memory, SEED, 8000, 1000);
	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		datagram_pair(places[i], fds);
		vec = vector_with(SEED, 0, 8000);
		check_eq(1000, sv_pull_mem(vec, memory, 1000, 0));
		must_sv(sv_features(vec, fds[0], &features));
		for (kind = SPLICEVEC_OWNED; kind < SPLICEVEC_KINDS; kind++) {
			check_eq(SPLICEVEC_ROUTE_COPIED, features.routes[kind]);
			check(features.reasons[kind], "no reason");
		}
		cmd.fd = fds[0];
		check_errno(0, sv_cmd_push(vec, &cmd));
		check_eq(9000, cmd.bytes);
		check_eq(9000, cmd.copied);
		check_eq(9000, recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT));
		check_eq(-1, pattern_check(buf, SEED, 0, 9000));
		close(vec);
		close(fds[0]);
		close(fds[1]);
	}
}

/* What read(2) gives around a byte out of band, in each of its calls. */
static int read_around(int fd, char *buf, size_t lens[8])
{
	size_t got = 0;
	ssize_t n;
	int calls;

	for (calls = 0; calls < 8; calls++) {
		n = recv(fd, buf + got, 100, MSG_DONTWAIT);
		if (n <= 0)
			break;
		lens[calls] = n;
		got += n;
	}
	buf[got] = 0;
	return calls;
}

static int pull_around(int fd, char *buf, size_t lens[8])
{
	int vec = new_vector(), calls;
	int64_t n;

	for (calls = 0; calls < 8; calls++) {
		n = sv_pull(vec, fd, SV_POSITION, 100, SPLICEVEC_NONBLOCK);
		if (n <= 0)
			break;
		lens[calls] = n;
	}
	n = must_sv(sv_push_mem(vec, buf, 1000, 0));
	buf[n] = 0;
	close(vec);
	return calls;
}

/*
 * A byte out of band is no part of the stream, unless it was asked to be: a
 * pull shows the bytes that read(2) does.
 */
TEST_F(aliens, byte_out_of_band_is_what_it_is_for_read)
{
	char got[1000], want[1000];
	size_t lens[2][8];
	int fds[2], other[2], inlined, received;

	for (inlined = 0; inlined < 2; inlined++)
		for (received = 0; received < 2; received++) {
			int *pairs[] = { fds, other }, i;

			context("%s, %s", inlined ? "inline" : "apart",
				received ? "received" : "left alone");
			for (i = 0; i < 2; i++) {
				stream_pair(UNIX, pairs[i]);
				must(setsockopt(pairs[i][0], SOL_SOCKET,
						SO_OOBINLINE, &inlined,
						sizeof(inlined)));
				write_all(pairs[i][1], "abc", 3);
				check_eq(1, send(pairs[i][1], "!", 1, MSG_OOB));
				write_all(pairs[i][1], "def", 3);
				if (received && !inlined)
					check_eq(1, recv(pairs[i][0], got, 1,
							 MSG_OOB));
			}
			read_around(other[0], want, lens[0]);
			pull_around(fds[0], got, lens[1]);
			check(!strcmp(want, got),
			      "read(2) gives \"%s\", pulls \"%s\"", want, got);
			for (i = 0; i < 2; i++) {
				close(pairs[i][0]);
				close(pairs[i][1]);
			}
		}
}

TEST_HARNESS_MAIN
