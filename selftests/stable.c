// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stable pushes: what the sink reads is what was there when it was handed over,
 * whoever writes to it while it lies in a socket, a pipe or a disk's queue.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "disks.h"
#include "hostile.h"
#include "netem.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define SEED	RECORDS_SEED
/* As much as a pipe has room for. */
#define SIZE	KIB(64)
/* More than the window of a peer that does not read. */
#define LARGE	KIB(256)
/* Less than any MTU. */
#define SMALL	1200
#define TAG	11

/* A way out on which pages can be looked at late. */
struct way {
	void (*open)(enum place place, int fds[2]);
	/* Return: index of the first byte that is wrong, or -1. */
	ssize_t (*arrives)(int fds[2], size_t len);
};

static void open_vector(enum place place, int fds[2])
{
	(void)place;
	fds[0] = new_vector();
	fds[1] = must(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
}

static ssize_t drained(int fds[2], size_t len)
{
	struct drain drain = { .fd = fds[1], .seed = SEED };

	drain_start(&drain);
	drain_await(&drain, len);
	close(fds[0]);
	drain_finish(&drain);
	close(fds[1]);
	check_eq(len, drain.got);
	return drain.wrong;
}

static ssize_t read_back(int fds[2], size_t len)
{
	ssize_t wrong = read_wrong(fds[1], SEED, len);

	close(fds[0]);
	close(fds[1]);
	return wrong;
}

static ssize_t received(int fds[2], size_t len)
{
	char *buf = map_pages(len + 1);
	ssize_t wrong = 0;

	if (check_eq(len, recv_soon(fds[1], buf, len + 1, 0)))
		wrong = pattern_check(buf, SEED, 0, len);
	unmap_pages(buf, len + 1);
	close(fds[0]);
	close(fds[1]);
	return wrong;
}

static const struct way stream = { stream_pair, drained };
static const struct way keeping = { keeping_pair, drained };
static const struct way a_pipe = { pipe_pair, read_back };
static const struct way a_vector = { open_vector, read_back };
static const struct way datagram = { datagram_pair, received };

FIXTURE(way)
{
	struct ledger before;
	bool rough;
};

enum { MEMORY = 1, CACHE = 2, ALL = MEMORY | CACHE };

FIXTURE_VARIANT(way)
{
	const struct way *way;
	enum place place;
	size_t len;
	bool rough;		/* packets are late, so they are looked at late */
	int shows;		/* what a careless push shows changes of */
};

#define LATE	20

FIXTURE_SETUP(way)
{
	const char *missing = place_missing(variant->place);

	if (!missing && variant->rough)
		missing = netem_missing();
	if (missing)
		SKIP(return, "%s", missing);
	ledger_read(&self->before);
	self->rough = variant->rough;
	if (self->rough)
		netem_set(LATE * slower(), 0);
}

FIXTURE_TEARDOWN(way)
{
	if (self->rough)
		netem_clear();
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#define WAY(id, how, where, size, ...)					\
	FIXTURE_VARIANT_ADD(way, id) {					\
		.way = &(how), .place = where, .len = size, __VA_ARGS__	\
	}
WAY(lo4, keeping, TCP4, LARGE, .shows = ALL);
WAY(lo6, keeping, TCP6, LARGE, .shows = ALL);
WAY(nic4, keeping, NIC4, LARGE, .shows = ALL, .rough = true);
WAY(nic6, keeping, NIC6, LARGE, .shows = ALL, .rough = true);
WAY(unix_stream, stream, UNIX, SIZE, .shows = CACHE);
WAY(ktls, stream, KTLS, SIZE);
WAY(mptcp, stream, MPTCP, SIZE);
WAY(pipe, a_pipe, ANYWHERE, SIZE, .shows = ALL);
WAY(vector, a_vector, ANYWHERE, SIZE, .shows = ALL);
WAY(udp4, datagram, UDP4, SMALL);
WAY(udp_nic4, datagram, UDP_NIC4, SMALL, .rough = true);

static void push_some(int vec, int fd, size_t len, unsigned int flags)
{
	struct splicevec_push push = {
		.fd = fd,
		.flags = flags,
		.offset = SV_POSITION,
		.len = len,
		.user_data = flags & SPLICEVEC_STRICT ? TAG : 0,
	};

	check_errno(0, sv_cmd_push(vec, &push));
	check_eq(len, push.bytes);
	if (flags & SPLICEVEC_STABLE) {
		check_eq(len, push.copied);
		check(!(push.result & SPLICEVEC_ESTIMATED), "not sure of it");
	}
}

/* Return: index of the first byte that is not what was there, or -1. */
static ssize_t push_and_change(const struct prey *prey, const struct way *way,
			       enum place place, size_t len,
			       const struct deed *deed, unsigned int flags)
{
	size_t from = len < SIZE ? 0 : len / 2;
	int fds[2], vec = prey_vector(prey);
	ssize_t wrong;

	way->open(place, fds);
	push_some(vec, fds[0], len, flags);
	deed->commit(prey, from, len < SIZE ? prey->len : len - from);
	wrong = way->arrives(fds, len);
	if (flags & SPLICEVEC_STRICT)
		check_push_record(vec, TAG, 0, len);
	close(vec);
	return wrong;
}

#define EACH_PREY(kind)							\
	for (kind = 0; kind < PREYS; kind++)				\
		if (!prey_missing(kind))

TEST_F(way, receiver_gets_what_was_there)
{
	static const unsigned int flags[] = {
		SPLICEVEC_STABLE, SPLICEVEC_STABLE | SPLICEVEC_STRICT,
	};
	unsigned int kind, i, j;
	struct prey prey;

	EACH_PREY(kind) {
		for (i = 0; i < nr_deeds * ARRAY_LEN(flags); i++) {
			const struct deed *deed = &deeds[i / ARRAY_LEN(flags)];

			j = i % ARRAY_LEN(flags);
			prey_open(&prey, kind, LARGE);
			context("%s, %s, flags %#x", prey.name, deed->name,
				flags[j]);
			if (deed_possible(deed, &prey))
				check_eq(-1, push_and_change(&prey, variant->way,
							     variant->place,
							     variant->len, deed,
							     flags[j]));
			prey_close(&prey);
		}
	}
}

/* Otherwise the test above would say nothing. */
TEST_F(way, change_shows_without_the_flag)
{
	unsigned int kind, i;
	struct prey prey;

	if (!variant->shows)
		SKIP(return, "all is copied before the push returns");
	EACH_PREY(kind) {
		int shows = variant->shows &
			    (kind == PREY_MEMORY ? MEMORY : CACHE);

		for (i = 0; i < nr_deeds && shows; i++) {
			const struct deed *deed = &deeds[i];

			prey_open(&prey, kind, LARGE);
			context("%s, %s", prey.name, deed->name);
			if (deed->shows && deed_possible(deed, &prey))
				check(push_and_change(&prey, variant->way,
						      variant->place,
						      variant->len, deed, 0) >= 0,
				      "nothing has changed");
			prey_close(&prey);
		}
	}
}

LEDGER_FIXTURE(stable)

/* A reader that takes two looks at each page sees the same twice. */
static bool looks_are_the_same(const struct prey *prey, unsigned int flags)
{
	char *first = map_pages(SIZE), *second = map_pages(SIZE);
	int pipe[2], twin[2], vec = prey_vector(prey);
	bool same;

	must(pipe2(pipe, O_CLOEXEC));
	must(pipe2(twin, O_CLOEXEC));
	push_some(vec, pipe[1], SIZE, flags);
	check_eq(SIZE, tee(pipe[0], twin[1], SIZE, 0));
	read_all(twin[0], first, SIZE);
	deeds[0].commit(prey, 0, SIZE);
	read_all(pipe[0], second, SIZE);
	same = !memcmp(first, second, SIZE);
	if (same)
		check_eq(-1, pattern_check(first, SEED, 0, SIZE));
	close(vec);
	close(pipe[0]);
	close(pipe[1]);
	close(twin[0]);
	close(twin[1]);
	unmap_pages(first, SIZE);
	unmap_pages(second, SIZE);
	return same;
}

TEST_F(stable, reader_that_looks_twice_sees_the_same)
{
	struct prey prey;
	unsigned int kind;

	EACH_PREY(kind) {
		prey_open(&prey, kind, SIZE);
		context("%s", prey.name);
		check(looks_are_the_same(&prey, SPLICEVEC_STABLE),
		      "stable, but not the same");
		prey_close(&prey);
		prey_open(&prey, kind, SIZE);
		check(!looks_are_the_same(&prey, 0), "nothing has changed");
		prey_close(&prey);
	}
}

/* Bytes of ours before and behind bytes of somebody else. */
static int mixed_vector(char *memory, size_t len)
{
	int vec = new_vector();

	pattern_fill(memory, SEED, 0, len);
	write_pattern(vec, SEED, 0, PAGE);
	must_sv(sv_pull_mem(vec, memory + PAGE, len - 2 * PAGE, 0));
	write_pattern(vec, SEED, len - PAGE, PAGE);
	return vec;
}

static const struct way *const ways[] = { &a_pipe, &a_vector, &stream };

TEST_F(stable, what_is_ours_is_not_copied_and_all_else_counts_once)
{
	char *memory = map_pages(SIZE);
	size_t i;

	for (i = 0; i < ARRAY_LEN(ways); i++) {
		struct splicevec_push push = {
			.flags = SPLICEVEC_STABLE,
			.offset = SV_POSITION,
			.len = SV_ALL,
		};
		int fds[2], vec = mixed_vector(memory, SIZE);

		context("way %zu", i);
		ways[i]->open(TCP4, fds);
		push.fd = fds[0];
		check_errno(0, sv_cmd_push(vec, &push));
		check_eq(SIZE, push.bytes);
		check_eq(SIZE - 2 * PAGE, push.copied);
		memset(memory, 0x5a, SIZE);
		check_eq(-1, ways[i]->arrives(fds, SIZE));
		close(vec);
	}
	unmap_pages(memory, SIZE);
}

/*
 * The reader of a strict push gets a copy of each page. Those that were copied before
 * count once, those that are ours only if they were read.
 */
TEST_F(stable, record_counts_each_copied_byte_once)
{
	struct splicevec_completion record;
	char *memory = map_pages(PAGE);
	int fds[2], vec = memory_vector(memory, PAGE);

	write_pattern(vec, SEED, PAGE, PAGE);
	pipe_pair(ANYWHERE, fds);
	check_eq(2 * PAGE, sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					  SPLICEVEC_STABLE, TAG));
	check_arrives(fds[1], SEED, 0, PAGE);
	close(fds[0]);
	close(fds[1]);
	check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
	check_errno(EPIPE, record.status);
	check_eq(2 * PAGE, record.bytes);
	check_eq(PAGE, record.copied);
	unmap_pages(memory, PAGE);
}

TEST_F(stable, gifts_go_uncopied)
{
	int fds[2], vec = text_vector(SIZE);
	struct splicevec_push push = {
		.flags = SPLICEVEC_STABLE | SPLICEVEC_NOCOPY,
		.offset = SV_POSITION,
		.len = SV_ALL,
	};

	pipe_pair(ANYWHERE, fds);
	push.fd = fds[0];
	check_errno(0, sv_cmd_push(vec, &push));
	check_eq(SIZE, push.bytes);
	check_eq(0, push.copied);
	check_eq(-1, read_back(fds, SIZE));
}

/* How much there is to be read, though nothing should be. */
static void check_empty(int fd)
{
	char byte;

	must(fcntl(fd, F_SETFL, O_NONBLOCK));
	check_eq(-1, read(fd, &byte, 1));
	check_eq(EAGAIN, errno);
}

/* Also where what needs no copy comes first, and where there is much of it. */
TEST_F(stable, nocopy_is_refused_before_anything_is_handed_over)
{
	enum { SPANS = 1000 };
	char *memory = map_pages(SIZE);
	struct splicevec_info before;
	int fds[2], vec, i;

	for (i = 0; i < 2; i++) {
		context("%d", i);
		(i ? stream_pair : pipe_pair)(TCP4, fds);
		vec = mixed_vector(memory, SIZE);
		must_sv(sv_info(vec, &before));
		check_errno(EOPNOTSUPP,
			    sv_push(vec, fds[0], SV_POSITION, SV_ALL,
				    SPLICEVEC_STABLE | SPLICEVEC_NOCOPY));
		check_errno(EOPNOTSUPP,
			    sv_push_strict(vec, fds[0], SV_POSITION, SV_ALL,
					   SPLICEVEC_STABLE | SPLICEVEC_NOCOPY,
					   TAG));
		check_empty(fds[1]);
		check_same(vec, &before);
		check_no_record(vec);
		check_held(vec, SEED, 0, SIZE);
		close(vec);
	}
	vec = new_vector();
	for (i = 0; i < SPANS; i++)
		write_pattern(vec, SEED, i, 1);
	must_sv(sv_pull_mem(vec, memory, PAGE, 0));
	pipe_pair(ANYWHERE, fds);
	check_errno(EOPNOTSUPP, sv_push(vec, fds[0], SV_POSITION, SV_ALL,
					SPLICEVEC_STABLE | SPLICEVEC_NOCOPY));
	check_span(vec, 0, SPANS + PAGE);
	check_empty(fds[1]);
	/* the window before it needs none */
	check_eq(16, sv_push(vec, fds[0], SV_POSITION, 16,
			     SPLICEVEC_STABLE | SPLICEVEC_NOCOPY));
	unmap_pages(memory, SIZE);
}

/* The rest is the memory it was, not a copy of it. */
TEST_F(stable, what_the_sink_did_not_take_stays_as_it_was)
{
	char *memory = map_pages(2 * SIZE);
	struct splicevec_span before, after;
	int fds[2], vec = memory_vector(memory, 2 * SIZE);

	pipe_pair(ANYWHERE, fds);
	/* where the address is a multiple of 2 MiB another loan begins */
	check_eq(1, sv_spans(vec, SIZE, &before, 1));
	check_eq(SIZE, sv_push(vec, fds[0], SV_POSITION, SV_ALL,
			       SPLICEVEC_STABLE | SPLICEVEC_NONBLOCK));
	check_errno(EAGAIN, sv_push(vec, fds[0], SV_POSITION, SV_ALL,
				    SPLICEVEC_STABLE | SPLICEVEC_NONBLOCK));
	check_eq(1, sv_spans(vec, 0, &after, 1));
	check_eq(SPLICEVEC_PINNED, after.kind);
	check_eq(before.loan, after.loan);
	check_eq(SIZE, after.offset);
	check_eq(before.skip + SIZE - before.offset, after.skip);
	/* and so it goes on with what is there when its turn comes */
	pattern_fill(memory + SIZE, SEED + 1, SIZE, SIZE);
	check_arrives(fds[1], SEED, 0, SIZE);
	check_eq(SIZE, sv_push(vec, fds[0], SV_POSITION, SV_ALL, SPLICEVEC_STABLE));
	check_arrives(fds[1], SEED + 1, SIZE, SIZE);
	unmap_pages(memory, 2 * SIZE);
}

TEST_F(stable, record_comes_when_the_sink_lets_go_of_the_copy)
{
	char *memory = map_pages(LARGE);
	struct ledger before, now;
	int fds[2], vec;

	keeping_pair(TCP4, fds);
	vec = memory_vector(memory, LARGE);
	ledger_read(&before);
	push_some(vec, fds[0], LARGE, SPLICEVEC_STABLE | SPLICEVEC_STRICT);
	check_no_record(vec);
	/* paid for as long as it takes */
	ledger_read(&now);
	check(now.pages > before.pages, "%ld pages", now.pages);
	check_eq(-1, drained(fds, LARGE));
	check_push_once(vec, TAG, 0, LARGE);
	unmap_pages(memory, LARGE);
}

/* Pulled and pushed in one go. */
TEST_F(stable, splice_is_stable_too)
{
	struct splicevec_splice cmd = {
		.flags = SPLICEVEC_STABLE,
		.in_offset = 0,
		.out_offset = SV_POSITION,
		.len = SIZE,
	};
	struct prey prey;
	unsigned int kind;
	int fds[2], vec;

	for (kind = PREY_EXT4; kind < PREYS; kind++) {
		if (prey_missing(kind))
			continue;
		prey_open(&prey, kind, SIZE);
		context("%s", prey.name);
		vec = new_vector();
		pipe_pair(ANYWHERE, fds);
		cmd.in = prey.file;
		cmd.out = fds[0];
		check_errno(0, sv_cmd_splice(vec, &cmd));
		check_eq(SIZE, cmd.pushed);
		check_eq(SIZE, cmd.copied);
		deeds[0].commit(&prey, 0, SIZE);
		check_eq(-1, read_back(fds, SIZE));
		cmd.flags |= SPLICEVEC_NOCOPY;
		pipe_pair(ANYWHERE, fds);
		cmd.out = fds[0];
		sv_cmd_splice(vec, &cmd);
		check_eq(0, cmd.pushed);
		cmd.flags = SPLICEVEC_STABLE;
		close(fds[0]);
		close(fds[1]);
		close(vec);
		prey_close(&prey);
	}
}

/* What a disk has after a while is what it was handed. */
static ssize_t written_late(unsigned int flags)
{
	static const struct disk_part part = { DISK_DELAYED, 2 * SIZE };
	char *memory = map_pages(SIZE), *buf = map_pages(SIZE);
	int vec = memory_vector(memory, SIZE), disk, look;
	ssize_t wrong;

	disk_fill(DISK_BAD, SEED + 1, 2 * SIZE);
	disk = bad_disk_open(&part, 1, O_RDWR | O_DIRECT);
	check_eq(SIZE, sv_push_strict(vec, disk, 0, SV_ALL, flags, TAG));
	memset(memory, 0x5a, SIZE);
	check_push_record(vec, TAG, 0, SIZE);
	close(disk);
	look = disk_open(DISK_BAD, O_RDONLY | O_DIRECT);
	check_eq(SIZE, pread(look, buf, SIZE, 0));
	wrong = pattern_check(buf, SEED, 0, SIZE);
	close(look);
	close(vec);
	unmap_pages(buf, SIZE);
	unmap_pages(memory, SIZE);
	return wrong;
}

TEST_F(stable, late_disk_gets_what_was_there)
{
	NEEDS(bad_disk_missing());
	check_eq(-1, written_late(SPLICEVEC_STABLE));
	check(written_late(0) >= 0, "nothing has changed");
}

TEST_HARNESS_MAIN
