// SPDX-License-Identifier: GPL-2.0-only
/*
 * VERIFY: the record of a push says CHANGED if somebody wrote to the bytes between
 * hand-off and completion, and does not if nobody did.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "disks.h"
#include "hostile.h"
#include "places.h"
#include "records.h"
#include "rings.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define SEED	RECORDS_SEED
#define SIZE	KIB(64)
/* More than the window of a peer that does not read. */
#define LARGE	KIB(256)
/* More than any socket has room for. */
#define MUCH	MIB(8)
#define TAG	12

static void open_pipe(int fds[2])
{
	int ends[2];

	must(pipe2(ends, O_CLOEXEC));
	fds[0] = ends[1];
	fds[1] = ends[0];
}

static void push_verified(int vec, int fd, size_t len, unsigned int flags)
{
	check_eq(len, sv_push_strict(vec, fd, SV_POSITION, len,
				     SPLICEVEC_VERIFY | flags, TAG));
}

FIXTURE_VARIANT(kind)
{
	enum prey_kind kind;
};

LEDGER_FIXTURE(kind)

FIXTURE_VARIANT_ADD(kind, memory) { .kind = PREY_MEMORY, };
FIXTURE_VARIANT_ADD(kind, ext4) { .kind = PREY_EXT4, };
FIXTURE_VARIANT_ADD(kind, xfs) { .kind = PREY_XFS, };
FIXTURE_VARIANT_ADD(kind, tmpfs) { .kind = PREY_TMPFS, };

/*
 * Nobody may have done something, a deed, or one that comes too late. Whether it has
 * changed the pages another vector knows that has them as well.
 */
static void try_stream(const struct prey *prey, const struct deed *deed, bool late)
{
	int fds[2], vec = prey_vector(prey), look = prey_vector(prey);
	unsigned int expected = 0;

	keeping_pair(TCP4, fds);
	push_verified(vec, fds[0], LARGE, 0);
	if (deed && !late) {
		deed->commit(prey, LARGE / 2, LARGE / 2);
		expected = prey_changed(look, LARGE) ? SPLICEVEC_CHANGED : 0;
		check(expected || !deed->shows, "nothing has changed");
	}
	read_off(fds[1], LARGE);
	check_eq(expected, flags_told(vec, TAG, LARGE));
	if (late)
		deed->commit(prey, LARGE / 2, LARGE / 2);
	check_no_record(vec);
	close(fds[0]);
	close(fds[1]);
	close(vec);
	close(look);
}

TEST_F(kind, stream_says_changed_exactly_if_something_was)
{
	struct prey prey;
	unsigned int i;

	NEEDS(prey_missing(variant->kind));
	prey_open(&prey, variant->kind, LARGE);
	try_stream(&prey, NULL, false);
	try_stream(&prey, &deeds[0], true);
	prey_close(&prey);
	for (i = 0; i < nr_deeds; i++) {
		prey_open(&prey, variant->kind, LARGE);
		context("%s, %s", prey.name, deeds[i].name);
		if (deed_possible(&deeds[i], &prey))
			try_stream(&prey, &deeds[i], false);
		prey_close(&prey);
	}
}

/* One byte at any place. */
TEST_F(kind, single_byte_shows_wherever_it_is)
{
	static const size_t places[] = {
		0, 1, PAGE - 1, PAGE, SIZE / 2 + 7, SIZE - PAGE, SIZE - 1,
	};
	struct prey prey;
	size_t i;

	NEEDS(prey_missing(variant->kind));
	for (i = 0; i < ARRAY_LEN(places); i++) {
		int fds[2], vec;

		context("byte %zu", places[i]);
		prey_open(&prey, variant->kind, SIZE);
		vec = prey_vector(&prey);
		open_pipe(fds);
		push_verified(vec, fds[0], SIZE, 0);
		prey.map[places[i]] ^= 1;
		read_off(fds[1], SIZE);
		check_eq(SPLICEVEC_CHANGED, flags_told(vec, TAG, SIZE));
		close(fds[0]);
		close(fds[1]);
		close(vec);
		prey_close(&prey);
	}
}

/* What was not handed over is nobody's business yet. */
TEST_F(kind, bytes_the_sink_did_not_take_do_not_count)
{
	const size_t parts[] = { 1, PAGE - 1, PAGE, PAGE + 1, SIZE / 2 + 100 };
	struct prey prey;
	size_t i;

	NEEDS(prey_missing(variant->kind));
	for (i = 0; i < ARRAY_LEN(parts); i++) {
		int fds[2], vec;

		context("%zu bytes", parts[i]);
		prey_open(&prey, variant->kind, SIZE);
		vec = prey_vector(&prey);
		open_pipe(fds);
		push_verified(vec, fds[0], parts[i], 0);
		prey.map[parts[i]] ^= 1;
		read_off(fds[1], parts[i]);
		check_eq(0, flags_told(vec, TAG, parts[i]));
		close(fds[0]);
		close(fds[1]);
		close(vec);
		prey_close(&prey);
	}
}

/* A pipe that is full takes what it has room for; the rest stays, and may change. */
TEST_F(kind, short_push_is_verified_as_far_as_it_went)
{
	struct prey prey;
	int fds[2], vec;

	NEEDS(prey_missing(variant->kind));
	prey_open(&prey, variant->kind, 2 * SIZE);
	vec = prey_vector(&prey);
	open_pipe(fds);
	check_eq(SIZE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
				      SPLICEVEC_VERIFY | SPLICEVEC_NONBLOCK,
				      TAG));
	memset(prey.map + SIZE, 0x5a, SIZE);
	read_off(fds[1], SIZE);
	check_eq(0, flags_told(vec, TAG, SIZE));
	/* the next one begins with what is there now */
	check_eq(SIZE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
				      SPLICEVEC_VERIFY, TAG));
	prey.map[SIZE] ^= 1;
	read_off(fds[1], SIZE);
	check_eq(SPLICEVEC_CHANGED, flags_told(vec, TAG, SIZE));
	prey_close(&prey);
}

LEDGER_FIXTURE(verify)

/* A socket takes any number of bytes: the cut is within a page. */
TEST_F(verify, cut_within_a_page_counts_what_is_before_it)
{
	char *memory = map_pages(MUCH);
	int fds[2], vec, i;
	int64_t sent, rest;

	for (i = 0; i < 2; i++) {
		context("%d", i);
		stream_pair(UNIX, fds);
		vec = memory_vector(memory, MUCH);
		sent = must_sv(sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					      SPLICEVEC_VERIFY |
					      SPLICEVEC_NONBLOCK, TAG));
		check_eq(0, flags_told(vec, TAG, sent));
		close(fds[0]);
		close(fds[1]);
		keeping_pair(TCP4, fds);
		sent = must_sv(sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					      SPLICEVEC_VERIFY |
					      SPLICEVEC_NONBLOCK, TAG));
		rest = must_sv(sv_drop(vec, SV_ALL));
		if (!rest)
			die("there was room for all");
		/* behind the cut, in its page; or before it */
		memory[MUCH - rest - i] ^= 1;
		read_off(fds[1], sent);
		check_eq(i ? SPLICEVEC_CHANGED : 0, flags_told(vec, TAG, sent));
		close(fds[0]);
		close(fds[1]);
		close(vec);
	}
	unmap_pages(memory, MUCH);
}

/* Sinks that have their copy when the push returns: nothing is under way. */
static void check_done_at_return(int fd, size_t len)
{
	char *memory = map_pages(SIZE);
	int vec = memory_vector(memory, len);

	push_verified(vec, fd, len, 0);
	memset(memory, 0x5a, SIZE);
	check_eq(0, flags_told(vec, TAG, len));
	close(vec);
	unmap_pages(memory, SIZE);
}

TEST_F(verify, what_was_copied_at_hand_off_cannot_change)
{
	int fds[2];

	context("unix");
	stream_pair(UNIX, fds);
	check_done_at_return(fds[0], SIZE);
	context("unix datagram");
	datagram_pair(UNIX_DGRAM, fds);
	check_done_at_return(fds[0], PAGE + 1);
	context("tmpfs");
	check_done_at_return(new_file(TMPFS, O_RDWR), SIZE);
	context("vector");
	check_done_at_return(new_vector(), SIZE);
	context("nothing");
	check_done_at_return(SPLICEVEC_FD_NONE, SIZE);
	if (!place_missing(KTLS)) {
		context("ktls");
		stream_pair(KTLS, fds);
		check_done_at_return(fds[0], SIZE / 8);
	}
}

struct pusher {
	struct worker worker;
	int vec, fd;
	size_t len;
};

static void push_all(void *arg)
{
	struct pusher *p = arg;

	push_verified(p->vec, p->fd, p->len, 0);
}

/* The hand-off itself takes its time while the socket is full. */
TEST_F(verify, change_during_the_hand_off_is_told)
{
	char *memory = map_pages(MIB(4));
	struct pusher p = { .len = MIB(4) };
	int fds[2];

	stream_pair(UNIX, fds);
	p.vec = memory_vector(memory, MIB(4));
	p.fd = fds[0];
	worker_start(&p.worker, push_all, &p);
	worker_await_sleep(&p.worker);
	/* all of it: also what it waits with */
	pattern_fill(memory, SEED + 1, 0, MIB(4));
	read_off(fds[1], MIB(4));
	worker_finish(&p.worker);
	check_eq(SPLICEVEC_CHANGED, flags_told(p.vec, TAG, MIB(4)));
	unmap_pages(memory, MIB(4));
}

TEST_F(verify, gifts_are_nobodys_to_change)
{
	int fds[2], vec = text_vector(SIZE);

	open_pipe(fds);
	push_verified(vec, fds[0], SIZE, 0);
	read_off(fds[1], SIZE);
	check_eq(0, flags_told(vec, TAG, SIZE));
}

/* The copy is what the sink reads, and that does not change. */
TEST_F(verify, stable_pushes_never_change)
{
	char *memory = map_pages(SIZE);
	int fds[2], vec = memory_vector(memory, SIZE);

	open_pipe(fds);
	push_verified(vec, fds[0], SIZE, SPLICEVEC_STABLE);
	memset(memory, 0x5a, SIZE);
	check_arrives(fds[1], SEED, 0, SIZE);
	check_eq(0, flags_told(vec, TAG, SIZE));
	unmap_pages(memory, SIZE);
}

TEST_F(verify, many_spans_of_a_datagram_are_one_push)
{
	char *memory = map_pages(4 * PAGE);
	int fds[2], vec, i;

	NEEDS(place_missing(UDP_NIC4));
	datagram_pair(UDP_NIC4, fds);
	vec = new_vector();
	pattern_fill(memory, SEED, 0, 4 * PAGE);
	for (i = 0; i < 4; i++)
		must_sv(sv_pull_mem(vec, memory + i * PAGE, 300, 0));
	push_verified(vec, fds[0], 1200, 0);
	check_eq(0, flags_told(vec, TAG, 1200));
	unmap_pages(memory, 4 * PAGE);
}

TEST_F(verify, late_disk_tells_what_changed)
{
	static const struct disk_part part = { DISK_DELAYED, 2 * SIZE };
	char *memory = map_pages(SIZE);
	int vec, disk, changed;

	NEEDS(bad_disk_missing());
	for (changed = 0; changed < 2; changed++) {
		context("changed %d", changed);
		vec = memory_vector(memory, SIZE);
		disk_fill(DISK_BAD, SEED + 1, 2 * SIZE);
		disk = bad_disk_open(&part, 1, O_RDWR | O_DIRECT);
		check_eq(SIZE, sv_push_strict(vec, disk, 0, SV_ALL,
					      SPLICEVEC_VERIFY, TAG));
		if (changed)
			memory[SIZE / 2] ^= 1;
		check_eq(changed ? SPLICEVEC_CHANGED : 0, flags_told(vec, TAG, SIZE));
		close(disk);
		close(vec);
	}
	unmap_pages(memory, SIZE);
}

/* The loans live until they were looked at: not a moment less, nor more. */
TEST_F(verify, memory_is_given_back_before_the_record)
{
	char *memory = map_pages(SIZE);
	struct ledger before, after;
	int fds[2], vec;

	vec = new_vector();
	open_pipe(fds);
	ledger_read(&before);
	pattern_fill(memory, SEED, 0, SIZE);
	must_sv(sv_pull_mem(vec, memory, SIZE, 0));
	push_verified(vec, fds[0], SIZE, 0);
	read_off(fds[1], SIZE);
	check_eq(0, flags_told(vec, TAG, SIZE));
	ledger_read(&after);
	check_eq(before.pinned, after.pinned);
	check_eq(before.loans, after.loans);
	unmap_pages(memory, SIZE);
}

TEST_F(verify, vector_closed_meanwhile_leaves_nothing)
{
	char *memory = map_pages(SIZE);
	int fds[2], vec = memory_vector(memory, SIZE);

	open_pipe(fds);
	push_verified(vec, fds[0], SIZE, 0);
	close(vec);
	memset(memory, 0x5a, SIZE);
	read_off(fds[1], SIZE);
	unmap_pages(memory, SIZE);
}

/* Where a CQE is the end of a push, the struct says it. */
TEST_F(verify, ring_tells_too)
{
	struct splicevec_push push = {
		.size = sizeof(push),
		.flags = SPLICEVEC_STRICT | SPLICEVEC_VERIFY,
		.offset = SV_POSITION,
		.len = SIZE,
		.user_data = TAG,
	};
	char *memory = map_pages(SIZE);
	struct io_uring ring;
	int fds[2], vec = memory_vector(memory, SIZE);

	NEEDS(ring_missing(0));
	ring_open(&ring, 4, 0);
	open_pipe(fds);
	push.fd = fds[0];
	ring_push(&ring, vec, &push, 1, 0);
	ring_submit(&ring, 1);
	/* when it is in the pipe it was summed up */
	while (!sv_policy(vec, 0, 0)) {
		struct splicevec_info info;

		must_sv(sv_info(vec, &info));
		if (info.head == SIZE)
			break;
		usleep(1000);
	}
	memory[PAGE] ^= 1;
	read_off(fds[1], SIZE);
	check_eq(SIZE, ring_result(&ring, 1));
	if (ring_tells_strict(vec))
		check_eq(SPLICEVEC_CHANGED, push.result & SPLICEVEC_CHANGED);
	else
		check_eq(SPLICEVEC_CHANGED, flags_told(vec, TAG, SIZE));
	io_uring_queue_exit(&ring);
	unmap_pages(memory, SIZE);
}

TEST_HARNESS_MAIN
