// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strict pushes to datagram sockets: UDP sends from the pages where its route can,
 * and says so where it copied.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "netem.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define OTHER	54
/* Less than any MTU, and two pages nevertheless. */
#define SIZE	1200
#define SKEW	(PAGE - 100)

static void check_datagram(int fd, uint64_t seed, uint64_t pos, size_t len)
{
	char *buf = map_pages(len + 1);

	if (check_eq(len, recv_soon(fd, buf, len + 1, 0)))
		check_eq(-1, pattern_check(buf, seed, pos, len));
	unmap_pages(buf, len + 1);
}

/* One record; return how many bytes were copied. */
static uint64_t check_told(int vec, uint64_t user_data, size_t bytes)
{
	struct splicevec_completion record = {};

	check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
	check_eq(user_data, record.user_data);
	check_eq(0, record.status);
	check_eq(bytes, record.bytes);
	check_no_record(vec);
	return record.copied;
}

/* Of @first and the one after it, in any order. */
static void check_two_records(int vec, uint64_t first, size_t bytes)
{
	struct splicevec_completion records[2] = {};

	check_eq(2, sv_reap(vec, records, 2, 2, FOREVER));
	check_eq(2 * first + 1, records[0].user_data + records[1].user_data);
	check_eq(0, records[0].status);
	check_eq(0, records[1].status);
	check_eq(bytes, records[0].bytes + records[1].bytes);
	check_no_record(vec);
}

FIXTURE_VARIANT(udp)
{
	enum place place;
	bool nic;
};

LEDGER_FIXTURE(udp)

FIXTURE_VARIANT_ADD(udp, lo4) { .place = UDP4, };
FIXTURE_VARIANT_ADD(udp, lo6) { .place = UDP6, };
FIXTURE_VARIANT_ADD(udp, nic4) { .place = UDP_NIC4, .nic = true, };
FIXTURE_VARIANT_ADD(udp, nic6) { .place = UDP_NIC6, .nic = true, };

/* Loopback gives the receiver a copy, and that is told; a NIC reads the pages. */
TEST_F(udp, datagram_has_one_record_that_says_what_was_copied)
{
	char *memory = map_pages(2 * PAGE);
	int fds[2], vec;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = memory_vector(memory + SKEW, SIZE);
	check_eq(SIZE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
				      SPLICEVEC_NOCOPY, 1));
	check_eq(variant->nic ? 0 : SIZE, check_told(vec, 1, SIZE));
	pattern_fill(memory + SKEW, OTHER, 0, SIZE);
	check_datagram(fds[1], SEED, 0, SIZE);
	unmap_pages(memory, 2 * PAGE);
}

/* Header and data, each somebody else's. */
TEST_F(udp, datagram_of_several_loans_has_one_record)
{
	char *header = map_pages(PAGE), *data = map_pages(PAGE);
	int fds[2], vec;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = memory_vector(header, 40);
	pattern_fill(data, SEED, 40, SIZE);
	must_sv(sv_pull_mem(vec, data, SIZE, 0));
	write_pattern(vec, SEED, 40 + SIZE, 60);
	check_eq(SIZE + 100, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					    0, 2));
	check_eq(variant->nic ? 0 : SIZE + 100, check_told(vec, 2, SIZE + 100));
	pattern_fill(header, OTHER, 0, 40);
	pattern_fill(data, OTHER, 0, SIZE);
	check_datagram(fds[1], SEED, 0, SIZE + 100);
	unmap_pages(header, PAGE);
	unmap_pages(data, PAGE);
}

/* What has to be cut is copied into its fragments. */
TEST_F(udp, datagram_longer_than_a_packet_arrives_whole)
{
	enum { LONG = 20000 };
	int fds[2], vec = text_vector(LONG);

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	if (variant->nic)
		check_errno(EOPNOTSUPP,
			    sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					   SPLICEVEC_NOCOPY, 3));
	check_eq(LONG, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL, 0, 3));
	check_eq(LONG, check_told(vec, 3, LONG));
	check_datagram(fds[1], SEED, 0, LONG);
}

TEST_F(udp, features_say_tracked_if_strict)
{
	struct splicevec_features f;
	int fds[2], vec = new_vector(), kind;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	must_sv(sv_features(vec, fds[0], &f));
	for (kind = 1; kind < SPLICEVEC_KINDS; kind++) {
		check_eq(SPLICEVEC_ROUTE_COPIED, f.routes[kind]);
		check_eq(SPLICEVEC_ROUTE_TRACKED, f.strict_routes[kind]);
		check_eq(SPLICEVEC_WHY_NOTHING, f.strict_reasons[kind]);
	}
}

TEST_F(udp, datagram_longer_than_any_loses_nothing)
{
	int fds[2], vec = text_vector(KIB(64));

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	check_errno(EMSGSIZE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					     0, 4));
	check_no_record(vec);
	read_pattern(vec, SEED, 0, KIB(64));
}

/* More pieces than a packet can name. */
TEST_F(udp, datagram_of_many_pieces_is_copied)
{
	enum { PIECES = 40 };
	char *memory = map_pages(PIECES * PAGE);
	int fds[2], vec = new_vector(), i;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	for (i = 0; i < PIECES; i++) {
		pattern_fill(memory + i * PAGE, SEED, i * 10, 10);
		must_sv(sv_pull_mem(vec, memory + i * PAGE, 10, 0));
	}
	check_errno(EOPNOTSUPP, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					       SPLICEVEC_NOCOPY, 5));
	check_no_record(vec);
	check_eq(PIECES * 10, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					     0, 5));
	check_eq(PIECES * 10, check_told(vec, 5, PIECES * 10));
	check_datagram(fds[1], SEED, 0, PIECES * 10);
	unmap_pages(memory, PIECES * PAGE);
}

TEST_F(udp, empty_datagram_has_a_record)
{
	int fds[2], vec = new_vector();
	char byte;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	check_eq(0, sv_push_strict(vec, fds[0], SV_POSITION, 0, 0, 6));
	check_told(vec, 6, 0);
	check_eq(0, recv_soon(fds[1], &byte, 1, 0));
}

/* What is corked is one datagram in the end, and may be a copy. */
TEST_F(udp, corked_pushes_have_their_records)
{
	int fds[2], vec, on = 1, off = 0;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	vec = text_vector(SIZE);
	must(setsockopt(fds[0], SOL_UDP, UDP_CORK, &on, sizeof(on)));
	check_eq(500, sv_push_strict(vec, fds[0], SV_POSITION, 500, 0, 7));
	check_eq(SIZE - 500, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					    0, 8));
	must(setsockopt(fds[0], SOL_UDP, UDP_CORK, &off, sizeof(off)));
	check_two_records(vec, 7, SIZE);
	check_datagram(fds[1], SEED, 0, SIZE);
}

/* One push that the stack cuts into datagrams, also behind a corked one. */
TEST_F(udp, segmented_push_has_one_record)
{
	enum { SEGMENT = 500 };
	int fds[2], vec, segment = SEGMENT, on = 1, off = 0;

	NEEDS_PLACE();
	datagram_pair(variant->place, fds);
	must(setsockopt(fds[0], SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)));
	vec = text_vector(6 * SEGMENT);
	check_eq(2 * SEGMENT, sv_push_strict(vec, fds[0], SV_POSITION,
					     2 * SEGMENT, 0, 9));
	check_told(vec, 9, 2 * SEGMENT);
	must(setsockopt(fds[0], SOL_UDP, UDP_CORK, &on, sizeof(on)));
	check_eq(2 * SEGMENT, sv_push_strict(vec, fds[0], SV_POSITION,
					     2 * SEGMENT, 0, 10));
	check_eq(2 * SEGMENT, sv_push_strict(vec, fds[0], SV_POSITION,
					     2 * SEGMENT, 0, 11));
	must(setsockopt(fds[0], SOL_UDP, UDP_CORK, &off, sizeof(off)));
	check_datagram(fds[1], SEED, 0, SEGMENT);
	check_datagram(fds[1], SEED, SEGMENT, SEGMENT);
	check_datagram(fds[1], SEED, 2 * SEGMENT, SEGMENT);
	check_datagram(fds[1], SEED, 3 * SEGMENT, SEGMENT);
	check_datagram(fds[1], SEED, 4 * SEGMENT, SEGMENT);
	check_datagram(fds[1], SEED, 5 * SEGMENT, SEGMENT);
	check_two_records(vec, 10, 4 * SEGMENT);
}

/* A NIC in front of which packets wait for a while. */
FIXTURE(late)
{
	struct ledger before;
	char *memory;
	int fds[2];
	int vec;
};

FIXTURE_VARIANT(late)
{
	enum place place;
};

/* Milliseconds */
#define LATE	400

/*
 * Get to know the neighbour at once: whoever asks for it while packets wait gives up
 * before the answer comes, and drops what it had for it.
 */
static void meet(const int fds[2])
{
	char byte;

	must(send(fds[0], "?", 1, 0));
	check_eq(1, recv_soon(fds[1], &byte, 1, 0));
}

FIXTURE_SETUP(late)
{
	if (netem_missing())
		SKIP(return, "%s", netem_missing());
	ledger_read(&self->before);
	datagram_pair(variant->place, self->fds);
	meet(self->fds);
	self->memory = map_pages(PAGE);
	self->vec = memory_vector(self->memory, SIZE);
	netem_set(LATE * slower(), 0);
}

FIXTURE_TEARDOWN(late)
{
	netem_clear();
	unmap_pages(self->memory, PAGE);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

FIXTURE_VARIANT_ADD(late, nic4) { .place = UDP_NIC4, };
FIXTURE_VARIANT_ADD(late, nic6) { .place = UDP_NIC6, };

TEST_F(late, memory_may_change_after_the_record)
{
	check_eq(SIZE, sv_push_strict(self->vec, self->fds[0], SV_POSITION,
				      SV_ALL, 0, 1));
	check_no_record(self->vec);
	check_push_record(self->vec, 1, 0, SIZE);
	pattern_fill(self->memory, OTHER, 0, SIZE);
	check_datagram(self->fds[1], SEED, 0, SIZE);
}

/* What the one above would see if its record came too early. */
TEST_F(late, memory_that_changes_before_the_record_shows)
{
	check_eq(SIZE, sv_push_strict(self->vec, self->fds[0], SV_POSITION,
				      SV_ALL, 0, 1));
	pattern_fill(self->memory, OTHER, 0, SIZE);
	check_push_record(self->vec, 1, 0, SIZE);
	check_datagram(self->fds[1], OTHER, 0, SIZE);
}

TEST_F(late, packet_that_is_dropped_ends_its_push)
{
	check_eq(SIZE, sv_push_strict(self->vec, self->fds[0], SV_POSITION,
				      SV_ALL, 0, 1));
	check_no_record(self->vec);
	netem_clear();
	check_push_record(self->vec, 1, 0, SIZE);
	netem_set(0, 0);
}

TEST_F(late, vector_closed_meanwhile_leaves_nothing)
{
	check_eq(SIZE, sv_push_strict(self->vec, self->fds[0], SV_POSITION,
				      SV_ALL, 0, 1));
	close(self->vec);
	close(self->fds[0]);
	check_datagram(self->fds[1], SEED, 0, SIZE);
}

LEDGER_FIXTURE(unix_datagram)

TEST_F(unix_datagram, is_a_copy_and_done_at_return)
{
	struct splicevec_completion record;
	int fds[2], vec = text_vector(SIZE);

	datagram_pair(UNIX_DGRAM, fds);
	check_errno(EOPNOTSUPP, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					       SPLICEVEC_NOCOPY, 1));
	check_eq(SIZE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL, 0, 1));
	check_eq(1, sv_reap(vec, &record, 1, 0, 0));
	check_eq(SIZE, record.copied);
	check_datagram(fds[1], SEED, 0, SIZE);
}

TEST_HARNESS_MAIN
