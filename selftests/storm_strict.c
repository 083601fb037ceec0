// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers that fill a buffer anew the moment the record of its last push arrives, and
 * receivers that compare every byte: no byte ever changes on its way, whatever way
 * that is. Writers that do not wait for the record are found out.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "netem.h"
#include "places.h"
#include "records.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 1200

#define SEED	RECORDS_SEED
/* Buffers each writer has; pushes of one are shorter than it. */
#define SLOTS	64
#define SLOT	(2 * PAGE)
/* Pushes of each writer, if STORM does not say how many. */
#define PUSHES	500
/* And of one who does not care for records, at the most. */
#define CARELESS	20000
/* What the NICs do to packets: milliseconds late, percent lost. */
#define LATE	2
#define LOSS	1

enum way {
	DIRECTLY,
	THROUGH_A_PIPE,		/* spliced on into the socket */
};

/* A writer with its way, and who reads at the end of it. */
struct river {
	int vec;
	int sink;		/* what is pushed to */
	int out;		/* of the pipe: what it is spliced on into */
	int from;		/* of the pipe: its other end */
	char *buffers;
	unsigned int lens[SLOTS];
	unsigned int pushes;
	uint64_t pos;
	struct worker passing_on;
	struct drain drain;
};

static unsigned int how_many(void)
{
	const char *wanted = getenv("STORM");
	unsigned int pushes = PUSHES / slower();

	if (wanted)
		pushes = atoi(wanted);
	return pushes < SLOTS ? SLOTS : pushes;
}

static void pass_on(void *arg)
{
	struct river *river = arg;

	while (must(splice(river->from, NULL, river->out, NULL, MIB(1), 0)))
		;
	close(river->from);
	close(river->out);
}

static void river_begin(struct river *river, enum place place, enum way way)
{
	int fds[2], pipe[2];

	keeping_pair(place, fds);
	river->sink = fds[0];
	river->vec = new_vector();
	river->buffers = map_pages(SLOTS * SLOT);
	river->pushes = how_many();
	river->drain = (struct drain){ .fd = fds[1], .seed = SEED };
	if (way == THROUGH_A_PIPE) {
		must(pipe2(pipe, O_CLOEXEC));
		river->sink = pipe[1];
		river->from = pipe[0];
		river->out = fds[0];
		worker_start(&river->passing_on, pass_on, river);
	}
	drain_start(&river->drain);
}

static void river_end(struct river *river, enum way way)
{
	close(river->sink);
	if (way == THROUGH_A_PIPE)
		worker_finish(&river->passing_on);
	drain_finish(&river->drain);
	check_eq(river->pos, river->drain.got);
	unmap_pages(river->buffers, SLOTS * SLOT);
}

/* Fill a buffer with what comes next, lend it, push it. */
static void push_slot(struct river *river, unsigned int slot)
{
	unsigned int skip = rand() % PAGE, len = 1 + rand() % (SLOT - skip);
	char *buffer = river->buffers + slot * SLOT + skip;

	pattern_fill(buffer, SEED, river->pos, len);
	must_sv(sv_pull_mem(river->vec, buffer, len, 0));
	check_eq(len, sv_push_strict(river->vec, river->sink, SV_POSITION,
				     SV_ALL, 0, slot));
	river->lens[slot] = len;
	river->pos += len;
}

/* Wait for a record. What it gives back is nobody else's any more: spoil it at once. */
static unsigned int next_free(struct river *river, bool spoil)
{
	struct splicevec_completion record = { .user_data = SLOTS };

	check_eq(1, sv_reap(river->vec, &record, 1, 1, FOREVER));
	if (record.user_data >= SLOTS)
		die("a record with user_data %llu", record.user_data);
	check_eq(0, record.status);
	check_eq(river->lens[record.user_data], record.bytes);
	if (spoil)
		memset(river->buffers + record.user_data * SLOT, 0x5a, SLOT);
	return record.user_data;
}

static void write_river(struct river *river)
{
	unsigned int i;

	for (i = 0; i < river->pushes && !failures(); i++)
		push_slot(river, i < SLOTS ? i : next_free(river, true));
	for (i = 0; i < SLOTS && !failures(); i++)
		next_free(river, true);
}

/* As a writer who takes the return of a push for its end, until that shows. */
static void write_carelessly(struct river *river)
{
	unsigned int i;

	for (i = 0; i < CARELESS && river->drain.wrong < 0; i++) {
		push_slot(river, i % SLOTS);
		memset(river->buffers + i % SLOTS * SLOT, 0x5a, SLOT);
		if (i >= SLOTS)
			must_sv(sv_reap(river->vec,
					(struct splicevec_completion[1]){}, 1, 1,
					FOREVER));
	}
}

FIXTURE(storm)
{
	struct ledger before;
	bool rough;
};

FIXTURE_VARIANT(storm)
{
	enum place place;
	enum way way;
	bool rough;		/* a way that is late and loses */
	bool copied;		/* so nothing that comes later can be seen */
};

FIXTURE_SETUP(storm)
{
	const char *missing = place_missing(variant->place);

	if (!missing && variant->rough)
		missing = netem_missing();
	if (missing)
		SKIP(return, "%s", missing);
	ledger_read(&self->before);
	self->rough = variant->rough;
	if (self->rough)
		netem_set(LATE * slower(), LOSS);
	srand(how_many());
}

FIXTURE_TEARDOWN(storm)
{
	if (self->rough)
		netem_clear();
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

FIXTURE_VARIANT_ADD(storm, lo4) { .place = TCP4, };
FIXTURE_VARIANT_ADD(storm, lo6) { .place = TCP6, };
FIXTURE_VARIANT_ADD(storm, nic4) { .place = NIC4, .rough = true, };
FIXTURE_VARIANT_ADD(storm, nic6) { .place = NIC6, .rough = true, };
FIXTURE_VARIANT_ADD(storm, ktls) { .place = KTLS, .copied = true, };
FIXTURE_VARIANT_ADD(storm, pipe) { .place = TCP4, .way = THROUGH_A_PIPE, };
FIXTURE_VARIANT_ADD(storm, pipe_to_nic) {
	.place = NIC4, .way = THROUGH_A_PIPE, .rough = true,
};

TEST_F(storm, nothing_changes_after_the_record)
{
	struct river river = {};

	river_begin(&river, variant->place, variant->way);
	write_river(&river);
	check_no_record(river.vec);
	river_end(&river, variant->way);
	check_eq(-1, river.drain.wrong);
	TH_LOG("%u pushes, %llu bytes", river.pushes,
	       (unsigned long long)river.pos);
}

TEST_F(storm, change_before_the_record_shows)
{
	struct river river = {};

	if (variant->copied)
		SKIP(return, "all is copied before the push returns");
	river_begin(&river, variant->place, variant->way);
	write_carelessly(&river);
	river_end(&river, variant->way);
	check(river.drain.wrong >= 0, "nothing has changed");
}

TEST_HARNESS_MAIN
