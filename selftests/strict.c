// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strict pushes: the record comes when the sink has let go, neither before nor
 * never, once.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <poll.h>
#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define OTHER	52
/* More than both sides of a connection keep. */
#define MUCH	MIB(2)

FIXTURE_VARIANT(tcp)
{
	enum place place;
};

LEDGER_FIXTURE(tcp)

FIXTURE_VARIANT_ADD(tcp, lo4) { .place = TCP4, };
FIXTURE_VARIANT_ADD(tcp, lo6) { .place = TCP6, };
FIXTURE_VARIANT_ADD(tcp, nic4) { .place = NIC4, };
FIXTURE_VARIANT_ADD(tcp, nic6) { .place = NIC6, };

/* What came over a socket can be read and does not change any more. */
static void check_received(int fd, size_t len)
{
	check_arrives(fd, SEED, 0, len);
}

TEST_F(tcp, no_record_before_the_peer_has_read)
{
	char *memory = map_pages(MUCH);
	int fds[2], vec;
	int64_t sent;

	NEEDS_PLACE();
	keeping_pair(variant->place, fds);
	vec = memory_vector(memory, MUCH);
	sent = must_sv(sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
				      SPLICEVEC_NONBLOCK, 9));
	check(sent > 0 && sent < (int64_t)MUCH, "sent %lld", (long long)sent);
	check_no_record(vec);
	check_received(fds[1], sent);
	check_push_once(vec, 9, 0, sent);
	unmap_pages(memory, MUCH);
}

/*
 * Most of it waits for the peer's window when the push returns, and is read when it
 * is sent. Return: bytes on their way.
 */
static size_t push_unread(int vec, int fds[2])
{
	int64_t sent = must_sv(sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					      SPLICEVEC_NONBLOCK, 7));

	check(sent > 0 && sent < (int64_t)MUCH, "sent %lld", (long long)sent);
	check_no_record(vec);
	return sent;
}

static void read_to_record(struct drain *drain, int vec, int fds[2], size_t sent)
{
	*drain = (struct drain){ .fd = fds[1], .seed = SEED };
	drain_start(drain);
	check_push_record(vec, 7, 0, sent);
}

static void read_to_end(struct drain *drain, int fds[2], size_t sent)
{
	close(fds[0]);
	drain_finish(drain);
	check_eq(sent, drain->got);
}

/* Return: the first byte that arrives otherwise if memory changes, or -1. */
static ssize_t memory_that_changes(enum place place, bool early)
{
	char *memory = map_pages(MUCH);
	struct drain drain;
	size_t sent;
	int fds[2], vec;

	keeping_pair(place, fds);
	vec = memory_vector(memory, MUCH);
	sent = push_unread(vec, fds);
	if (early)
		pattern_fill(memory, OTHER, 0, MUCH);
	read_to_record(&drain, vec, fds, sent);
	if (!early)
		pattern_fill(memory, OTHER, 0, MUCH);
	read_to_end(&drain, fds, sent);
	unmap_pages(memory, MUCH);
	return drain.wrong;
}

TEST_F(tcp, memory_may_change_after_the_record)
{
	NEEDS_PLACE();
	check_eq(-1, memory_that_changes(variant->place, false));
}

TEST_F(tcp, file_may_change_after_the_record)
{
	struct drain drain;
	int fds[2], vec, file;
	size_t sent;

	NEEDS_PLACE();
	keeping_pair(variant->place, fds);
	file = pattern_file(EXT4, SEED, MUCH);
	vec = file_vector(file, MUCH);
	sent = push_unread(vec, fds);
	read_to_record(&drain, vec, fds, sent);
	change_file(file, OTHER, MUCH);
	read_to_end(&drain, fds, sent);
	check_eq(-1, drain.wrong);
}

/* What the two above would see if records came too early. */
TEST_F(tcp, memory_that_changes_before_the_record_shows)
{
	NEEDS_PLACE();
	check(memory_that_changes(variant->place, true) >= 0, "nothing has changed");
}

TEST_F(tcp, reset_ends_with_its_error)
{
	struct linger reset = { .l_onoff = 1 };
	char *memory = map_pages(MUCH);
	struct splicevec_completion record;
	struct ledger before;
	int fds[2], vec;
	int64_t sent;

	NEEDS_PLACE();
	keeping_pair(variant->place, fds);
	vec = new_vector();
	ledger_read(&before);
	pattern_fill(memory, SEED, 0, MUCH);
	must_sv(sv_pull_mem(vec, memory, MUCH, 0));
	sent = must_sv(sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
				      SPLICEVEC_NONBLOCK, 10));
	must(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(fds[1]);
	check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
	check_eq(10, record.user_data);
	check_errno(ECONNRESET, record.status);
	check_eq(sent, record.bytes);
	must_sv(sv_drop(vec, SV_ALL));
	ledger_settle(&before);
	unmap_pages(memory, MUCH);
}

/* Whoever asks first gets the socket's error; the record has it nevertheless. */
TEST_F(tcp, reset_shows_in_the_record_though_the_error_was_fetched)
{
	struct linger reset = { .l_onoff = 1 };
	char *memory = map_pages(MUCH);
	struct pollfd broken;
	int fds[2], vec, err;
	socklen_t len = sizeof(err);
	size_t sent;

	NEEDS_PLACE();
	keeping_pair(variant->place, fds);
	vec = memory_vector(memory, MUCH);
	sent = push_unread(vec, fds);
	must(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(fds[1]);
	broken = (struct pollfd){ .fd = fds[0] };
	check_eq(1, poll(&broken, 1, 5000 * slower()));
	must(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &err, &len));
	check_eq(ECONNRESET, err);
	check_push_once(vec, 7, -ECONNRESET, sent);
	unmap_pages(memory, MUCH);
}

/* The socket is another connection's then, whose numbers say nothing of ours. */
TEST_F(tcp, disconnected_is_not_arrived)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	char *memory = map_pages(MUCH);
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	size_t sent;
	int fds[2], vec;

	NEEDS_PLACE();
	keeping_pair(variant->place, fds);
	vec = memory_vector(memory, MUCH);
	sent = push_unread(vec, fds);
	must(getpeername(fds[0], (struct sockaddr *)&peer, &len));
	must(connect(fds[0], &nowhere, sizeof(nowhere)));
	must(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	connect(fds[0], (struct sockaddr *)&peer, len);
	check_push_once(vec, 7, -ECONNRESET, sent);
	unmap_pages(memory, MUCH);
}

#define PROBING	"/proc/sys/net/ipv4/tcp_mtu_probing"

/* Probes are made of pages that wait, behind our back. */
TEST_F(tcp, copies_where_the_path_may_be_probed)
{
	struct splicevec_completion record;
	int fds[2], vec;

	if (variant->place != TCP4 && variant->place != TCP6)
		SKIP(return, "the setting is that of another network namespace");
	stream_pair(variant->place, fds);
	vec = text_vector(PAGE);
	put_file(PROBING, "2");
	check_errno(EOPNOTSUPP, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					       SPLICEVEC_NOCOPY, 8));
	check_eq(PAGE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL, 0, 8));
	put_file(PROBING, "0");
	check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
	check_eq(PAGE, record.copied);
	check_arrives(fds[1], SEED, 0, PAGE);
}

/* Thousands at once; each has one record, and all bytes arrive. */
TEST_F(tcp, every_push_has_one_record)
{
	enum { MOST = 3000, SIZE = 1500 };
	static struct splicevec_completion records[MOST];
	static unsigned char seen[MOST];
	char *memory = map_pages(MOST * SIZE);
	struct drain drain = { .seed = SEED };
	int fds[2], vec, i, got = 0, pushes = MOST / slower();

	NEEDS_PLACE();
	memset(seen, 0, sizeof(seen));
	stream_pair(variant->place, fds);
	drain.fd = fds[1];
	drain_start(&drain);
	vec = memory_vector(memory, MOST * SIZE);
	for (i = 0; i < pushes; i++)
		check_eq(SIZE, sv_push_strict(vec, fds[0], SV_POSITION, SIZE,
					      0, i));
	while (got < pushes)
		got += must_sv(sv_reap(vec, records + got, pushes - got, 1,
				       FOREVER));
	check_no_record(vec);
	for (i = 0; i < pushes; i++) {
		check_eq(0, records[i].status);
		check_eq(SIZE, records[i].bytes);
		if (check(records[i].user_data < (uint64_t)pushes, "user_data %llu",
			  records[i].user_data))
			seen[records[i].user_data]++;
	}
	for (i = 0; i < pushes; i++)
		check(seen[i] == 1, "push %d has %d records", i, seen[i]);
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq((size_t)pushes * SIZE, drain.got);
	unmap_pages(memory, MOST * SIZE);
}

TEST_F(tcp, vector_closed_with_pushes_in_flight_leaves_nothing)
{
	char *memory = map_pages(MUCH);
	struct ledger before;
	int fds[2], vec;

	NEEDS_PLACE();
	ledger_read(&before);
	stream_pair(variant->place, fds);
	vec = memory_vector(memory, MUCH);
	must_sv(sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
			       SPLICEVEC_NONBLOCK, 0));
	close(vec);
	close(fds[0]);
	close(fds[1]);
	ledger_settle(&before);
	unmap_pages(memory, MUCH);
}

LEDGER_FIXTURE(strict)

TEST_F(strict, pipe_tells_when_its_reader_has_the_bytes)
{
	char *memory = map_pages(PAGE), byte;
	int pipe[2], vec;

	must(pipe2(pipe, O_CLOEXEC));
	vec = memory_vector(memory, PAGE);
	check_eq(PAGE, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0, 1));
	check_no_record(vec);
	/* the first byte makes a copy of the rest */
	read_all(pipe[0], &byte, 1);
	check_push_record(vec, 1, 0, PAGE);
	pattern_fill(memory, OTHER, 0, PAGE);
	check_arrives(pipe[0], SEED, 1, PAGE - 1);
	unmap_pages(memory, PAGE);
}

TEST_F(strict, page_cache_in_a_pipe_may_change_after_the_record)
{
	int pipe[2], socket[2], vec, file;

	must(pipe2(pipe, O_CLOEXEC));
	stream_pair(TCP4, socket);
	file = pattern_file(EXT4, SEED, PAGE);
	vec = file_vector(file, PAGE);
	check_eq(PAGE, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0, 2));
	check_eq(PAGE, splice(pipe[0], NULL, socket[0], NULL, PAGE, 0));
	check_push_record(vec, 2, 0, PAGE);
	change_file(file, OTHER, PAGE);
	check_arrives(socket[1], SEED, 0, PAGE);
}

/* As somebody waits for the end of the push, the span cannot outlive it. */
TEST_F(strict, pull_from_the_pipe_gets_a_copy)
{
	char *memory = map_pages(PAGE);
	int pipe[2], vec, back = new_vector();

	must(pipe2(pipe, O_CLOEXEC));
	vec = memory_vector(memory, PAGE);
	check_eq(PAGE, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0, 4));
	check_eq(PAGE, sv_pull(back, pipe[0], SV_POSITION, PAGE, 0));
	check_push_record(vec, 4, 0, PAGE);
	pattern_fill(memory, OTHER, 0, PAGE);
	check_arrives(back, SEED, 0, PAGE);
	unmap_pages(memory, PAGE);
}

TEST_F(strict, pipe_closed_unread_says_so)
{
	int pipe[2], vec = text_vector(PAGE);

	must(pipe2(pipe, O_CLOEXEC));
	check_eq(PAGE, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0, 3));
	close(pipe[0]);
	close(pipe[1]);
	check_push_once(vec, 3, -EPIPE, PAGE);
}

/* The bytes were read, if not out of every pipe that had them. */
TEST_F(strict, pipe_that_was_read_through_a_tee_is_read)
{
	int pipe[2], twin[2], vec = text_vector(PAGE);

	must(pipe2(pipe, O_CLOEXEC));
	must(pipe2(twin, O_CLOEXEC));
	check_eq(PAGE, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0, 3));
	check_eq(PAGE, tee(pipe[0], twin[1], PAGE, 0));
	check_arrives(pipe[0], SEED, 0, PAGE);
	check_no_record(vec);
	close(twin[0]);
	close(twin[1]);
	check_push_once(vec, 3, 0, PAGE);
}

static void check_sync(int fd, size_t copied)
{
	struct splicevec_completion record;
	int vec = text_vector(3 * PAGE + 5);

	check_eq(3 * PAGE + 5,
		 sv_push_strict(vec, fd, SV_POSITION, SV_ALL, 0, ~0ULL));
	check_eq(1, sv_reap(vec, &record, 1, 0, 0));
	check_eq(~0ULL, record.user_data);
	check_eq(0, record.status);
	check_eq(3 * PAGE + 5, record.bytes);
	check_eq(copied, record.copied);
	close(vec);
}

TEST_F(strict, sinks_that_are_done_at_return_tell_at_once)
{
	int fds[2];

	check_sync(new_file(EXT4, O_RDWR), 3 * PAGE + 5);
	check_sync(SPLICEVEC_FD_NONE, 0);
	stream_pair(UNIX, fds);
	check_sync(fds[0], 3 * PAGE + 5);
	check_arrives(fds[1], SEED, 0, 3 * PAGE + 5);
}

/* Another vector never tells when it lets go of a span. */
TEST_F(strict, vector_gets_copies)
{
	int file = pattern_file(EXT4, SEED, 2 * PAGE);
	int from = file_vector(file, 2 * PAGE), to = new_vector();

	check_errno(EOPNOTSUPP, sv_push_strict(from, to, SV_POSITION, SV_ALL,
					       SPLICEVEC_NOCOPY, 4));
	check_no_record(from);
	check_eq(2 * PAGE, sv_push_strict(from, to, SV_POSITION, SV_ALL, 0, 4));
	check_push_record(from, 4, 0, 2 * PAGE);
	change_file(file, OTHER, 2 * PAGE);
	check_arrives(to, SEED, 0, 2 * PAGE);
}

TEST_F(strict, push_that_fails_has_no_record)
{
	int pipe[2], vec = text_vector(PAGE);

	must(pipe2(pipe, O_CLOEXEC));
	close(pipe[0]);
	check_errno(EPIPE, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0, 5));
	check_no_record(vec);
	check_span(vec, 0, PAGE);
}

TEST_F(strict, push_of_nothing_has_one)
{
	int pipe[2], vec = new_vector();

	must(pipe2(pipe, O_CLOEXEC));
	check_eq(0, sv_push_strict(vec, pipe[1], SV_POSITION, SV_ALL, 0, 6));
	check_push_once(vec, 6, 0, 0);
}

TEST_HARNESS_MAIN
