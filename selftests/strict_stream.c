// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strict pushes to streams, in pieces: MSG_MORE and cork hold them back, small ones
 * share packets, protocols on top of TCP copy them.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define OTHER	55
#define SMALL	512
#define PUSHES	64
/* The peer takes less of it unread, and this side keeps more. */
#define MUCH	KIB(256)

static unsigned int segments_sent(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info.tcpi_data_segs_out;
}

static void push_small(int vec, int fd, unsigned int nr, unsigned int flags)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		check_eq(SMALL, sv_push_strict(vec, fd, SV_POSITION, SMALL,
					       flags, i));
}

/* Each has one that says so; what has to be sent twice may end late. */
static void check_records(int vec)
{
	struct splicevec_completion record;
	unsigned char seen[PUSHES] = {};
	unsigned int i;

	for (i = 0; i < PUSHES; i++) {
		check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
		check_eq(0, record.status);
		check_eq(SMALL, record.bytes);
		if (check(record.user_data < PUSHES, "user_data %llu",
			  record.user_data))
			check_eq(1, ++seen[record.user_data]);
	}
	check_no_record(vec);
}

FIXTURE_VARIANT(stream)
{
	enum place place;
};

LEDGER_FIXTURE(stream)

FIXTURE_VARIANT_ADD(stream, lo4) { .place = TCP4, };
FIXTURE_VARIANT_ADD(stream, lo6) { .place = TCP6, };
FIXTURE_VARIANT_ADD(stream, nic4) { .place = NIC4, };
FIXTURE_VARIANT_ADD(stream, nic6) { .place = NIC6, };

static bool over_nic(enum place place)
{
	return place == NIC4 || place == NIC6;
}

/* TCP keeps what is announced to go on, for a fifth of a second. */
TEST_F(stream, more_is_pushed_on_and_every_push_has_its_record)
{
	char *memory = map_pages(PUSHES * SMALL);
	int fds[2], vec;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	vec = memory_vector(memory, PUSHES * SMALL);
	push_small(vec, fds[0], PUSHES - 1, SPLICEVEC_MORE);
	check_eq(SMALL, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL, 0,
				       PUSHES - 1));
	check_records(vec);
	pattern_fill(memory, OTHER, 0, PUSHES * SMALL);
	check_arrives(fds[1], SEED, 0, PUSHES * SMALL);
	unmap_pages(memory, PUSHES * SMALL);
}

TEST_F(stream, corked_push_has_no_record_before_the_cork_is_out)
{
	char *memory = map_pages(SMALL);
	int fds[2], vec, on = 1, off = 0;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	must(setsockopt(fds[0], IPPROTO_TCP, TCP_CORK, &on, sizeof(on)));
	vec = memory_vector(memory, SMALL);
	check_eq(SMALL, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL, 0, 1));
	check_no_record(vec);
	must(setsockopt(fds[0], IPPROTO_TCP, TCP_CORK, &off, sizeof(off)));
	check_push_record(vec, 1, 0, SMALL);
	pattern_fill(memory, OTHER, 0, SMALL);
	check_arrives(fds[1], SEED, 0, SMALL);
	unmap_pages(memory, SMALL);
}

/* While they wait for the first packet's way they gather. */
TEST_F(stream, small_pushes_share_packets)
{
	char *memory = map_pages(PUSHES * SMALL);
	int fds[2], vec, on = 1, off = 0;
	unsigned int segments;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	must(setsockopt(fds[0], IPPROTO_TCP, TCP_CORK, &on, sizeof(on)));
	vec = memory_vector(memory, PUSHES * SMALL);
	push_small(vec, fds[0], PUSHES, 0);
	must(setsockopt(fds[0], IPPROTO_TCP, TCP_CORK, &off, sizeof(off)));
	check_records(vec);
	segments = segments_sent(fds[0]);
	TH_LOG("%u pushes of %u bytes: %u segments", PUSHES, SMALL, segments);
	/* what a NIC sends is cut as its peer's window allows */
	if (!over_nic(variant->place))
		check(segments <= PUSHES / 8, "%u segments", segments);
	pattern_fill(memory, OTHER, 0, PUSHES * SMALL);
	check_arrives(fds[1], SEED, 0, PUSHES * SMALL);
	unmap_pages(memory, PUSHES * SMALL);
}

/* Loopback copies every packet, whoever has a part of it. */
TEST_F(stream, copies_of_a_shared_packet_are_told_to_all)
{
	struct splicevec_completion record;
	char *memory = map_pages(8 * SMALL);
	int fds[2], vec, i;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	vec = memory_vector(memory, 8 * SMALL);
	push_small(vec, fds[0], 7, SPLICEVEC_MORE);
	push_small(vec, fds[0], 1, 0);
	for (i = 0; i < 8; i++) {
		check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
		check_eq(0, record.status);
		check_eq(over_nic(variant->place) ? 0 : SMALL, record.copied);
	}
	check_arrives(fds[1], SEED, 0, 8 * SMALL);
	unmap_pages(memory, 8 * SMALL);
}

/*
 * Of those that share a packet one by one is told that it did not arrive. They wait
 * behind more than the peer takes without reading.
 */
TEST_F(stream, reset_is_told_to_all)
{
	struct linger reset = { .l_onoff = 1 };
	struct splicevec_completion record;
	char *memory = map_pages(8 * SMALL), *before = map_pages(MUCH);
	int fds[2], vec, i;

	NEEDS_PLACE();
	keeping_pair(variant->place, fds);
	must(fcntl(fds[0], F_SETFL, fcntl(fds[0], F_GETFL) | O_NONBLOCK));
	check_eq(MUCH, must(send(fds[0], before, MUCH, 0)));
	vec = memory_vector(memory, 8 * SMALL);
	push_small(vec, fds[0], 2, 0);
	check_no_record(vec);
	must(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
	close(fds[1]);
	for (i = 0; i < 2; i++) {
		check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
		check_errno(ECONNRESET, record.status);
		check_eq(SMALL, record.bytes);
	}
	unmap_pages(memory, 8 * SMALL);
	unmap_pages(before, MUCH);
}

FIXTURE_VARIANT(upper)
{
	enum place place;
};

LEDGER_FIXTURE(upper)

FIXTURE_VARIANT_ADD(upper, ktls) { .place = KTLS, };
FIXTURE_VARIANT_ADD(upper, mptcp) { .place = MPTCP, };
FIXTURE_VARIANT_ADD(upper, sockmap) { .place = SOCKMAP, };

/* It reads the pages no more when it returns, and says that it copied. */
TEST_F(upper, copies_and_is_done_at_return)
{
	struct splicevec_completion record = {};
	char *memory = map_pages(3 * PAGE);
	int fds[2], vec;

	NEEDS_PLACE();
	stream_pair(variant->place, fds);
	vec = memory_vector(memory, 3 * PAGE);
	check_errno(EOPNOTSUPP, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					       SPLICEVEC_NOCOPY, 1));
	check_eq(PAGE, sv_push_strict(vec, fds[0], SV_POSITION, PAGE,
				      SPLICEVEC_MORE, 1));
	check_eq(1, sv_reap(vec, &record, 1, 0, 0));
	check_eq(0, record.status);
	check_eq(PAGE, record.copied);
	pattern_fill(memory, OTHER, 0, PAGE);
	check_eq(2 * PAGE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL, 0, 2));
	check_eq(1, sv_reap(vec, &record, 1, 0, 0));
	check_eq(2 * PAGE, record.copied);
	pattern_fill(memory, OTHER, 0, 3 * PAGE);
	check_arrives(fds[1], SEED, 0, 3 * PAGE);
	unmap_pages(memory, 3 * PAGE);
}

TEST_HARNESS_MAIN
