// SPDX-License-Identifier: GPL-2.0-only
/* The same span many times in one vector arrives as many times. */
#include "kselftest_harness.h"

#include "contents.h"
#include "disks.h"
#include "places_file.h"
#include "sinks.h"
#include "sources.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>

/* Of a span that is no whole number of words, pages or blocks. */
#define SPAN	3001
#define TIMES	16
#define SEED	SOURCE_SEED

FIXTURE_VARIANT(repeated)
{
	const struct source_kind *source;
};

FIXTURE(repeated)
{
	struct ledger before;
	struct source from;
	int vec;
};

/* Once from the source, then again and again from the vector itself. */
FIXTURE_SETUP(repeated)
{
	unsigned int result, i;

	if (source_missing(variant->source))
		SKIP(return, "%s", source_missing(variant->source));
	ledger_read(&self->before);
	self->vec = new_vector();
	source_open(&self->from, variant->source, 0, SPAN);
	check_eq(SPAN, source_pull(&self->from, self->vec, &result));
	for (i = 1; i < TIMES; i++)
		check_eq(SPAN, sv_pull(self->vec, self->vec, 0, SPAN, 0));
}

FIXTURE_TEARDOWN(repeated)
{
	source_close(&self->from);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#define FROM(id)							\
	FIXTURE_VARIANT_ADD(repeated, id)				\
	{								\
		.source = &source_##id,					\
	}
FROM(ext4);
FROM(block);
FROM(xfs_uncached);
FROM(pipe_written);
FROM(pipe_lent);
FROM(unix);
FROM(memory);
FROM(pieces);
FROM(huge_memory);

static void check_repeated(const char *got)
{
	size_t i;

	for (i = 0; i < TIMES; i++) {
		ssize_t wrong = pattern_check(got + i * SPAN, SEED, 0, SPAN);

		if (!check(wrong < 0, "time %zu: byte %zd is wrong", i + 1,
			   wrong))
			return;
	}
}

static void push_and_read(int vec, int to, int from)
{
	char *got = map_pages(TIMES * SPAN);

	check_eq(TIMES * SPAN, sv_push_window(vec, to, SV_POSITION, SV_HEAD,
					      SV_ALL, 0));
	read_all(from, got, TIMES * SPAN);
	check_repeated(got);
	unmap_pages(got, TIMES * SPAN);
}

static void push_and_reread(int vec, int file)
{
	int from = reopen(file, O_RDONLY);

	push_and_read(vec, file, from);
	close(from);
	close(file);
}

TEST_F(repeated, span_arrives_at_streams_as_many_times)
{
	static const enum place places[] = { TCP4, NIC4, UNIX };
	int fds[2];
	size_t i;

	must(pipe2(fds, O_CLOEXEC));
	must(fcntl(fds[1], F_SETPIPE_SZ, MIB(1)));
	context("pipe");
	push_and_read(self->vec, fds[1], fds[0]);
	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		if (place_missing(places[i]))
			continue;
		stream_pair(places[i], fds);
		push_and_read(self->vec, fds[0], fds[1]);
		close(fds[0]);
		close(fds[1]);
	}
}

TEST_F(repeated, span_arrives_at_files_as_many_times)
{
	static const enum place places[] = { EXT4, XFS, TMPFS };
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		if (place_missing(places[i]))
			continue;
		push_and_reread(self->vec, new_file(places[i], O_RDWR));
		if (places[i] != TMPFS)
			push_and_reread(self->vec, new_file(places[i], O_RDWR |
							    O_DIRECT));
	}
	context("block device");
	if (!disk_missing(DISK_SINK))
		push_and_reread(self->vec, disk_open(DISK_SINK, O_RDWR));
}

TEST_F(repeated, span_arrives_in_memory_and_vectors_as_many_times)
{
	char *got = map_pages(TIMES * SPAN);
	int other = new_vector();

	check_eq(TIMES * SPAN, sv_push_mem(self->vec, got, TIMES * SPAN,
					   SPLICEVEC_KEEP));
	check_repeated(got);
	memset(got, 0, TIMES * SPAN);
	check_eq(TIMES * SPAN, sv_push(self->vec, other, SV_POSITION, SV_ALL,
				       0));
	check_eq(TIMES * SPAN, sv_push_mem(other, got, TIMES * SPAN, 0));
	check_repeated(got);
}

/* Each of them goes by itself: what is dropped or pushed leaves the others. */
TEST_F(repeated, spans_are_consumed_one_by_one)
{
	char got[SPAN];
	int i;

	for (i = 0; i < TIMES; i += 2) {
		check_eq(SPAN, sv_drop(self->vec, SPAN));
		check_eq(SPAN, sv_push_mem(self->vec, got, SPAN, 0));
		check_eq(-1, pattern_check(got, SEED, 0, SPAN));
	}
	check_eq(0, sv_drop(self->vec, SV_ALL));
}

TEST_HARNESS_MAIN
