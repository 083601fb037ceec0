// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stable by pin: pages of files that writers wait for until the sink has let go. And who
 * does not get that: there all is copied, and says so.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "disks.h"
#include "pins.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define SIZE	(4 * PAGE)
#define TAG	14

/* Milliseconds: what a test waits for. */
#define SHORT	100

FIXTURE(pin)
{
	struct ledger before;
	int file;
	int fds[2];
	size_t filler;
};

FIXTURE_VARIANT(pin)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(pin, ext4) { .place = EXT4 };
FIXTURE_VARIANT_ADD(pin, xfs) { .place = XFS };

/* More than the peer's window takes, which reads nothing: what comes next stays here. */
static size_t stall(int fd)
{
	static const char junk[KIB(512)];
	int room = MIB(4);

	must(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	write_all(fd, junk, sizeof(junk));
	return sizeof(junk);
}

FIXTURE_SETUP(pin)
{
	ledger_read(&self->before);
	pins_allow(PINS_LONGEST, PINS_PLENTY);
	if (place_missing(variant->place))
		return;
	self->file = pattern_file(variant->place, SEED, SIZE);
	keeping_pair(TCP4, self->fds);
	self->filler = stall(self->fds[0]);
}

FIXTURE_TEARDOWN(pin)
{
	pins_as_before();
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

static struct splicevec_push push_stable(int vec, int fd, size_t len)
{
	return push_pinning(vec, fd, SV_POSITION, len, 0, TAG);
}

static void check_pinned(int vec, int fd)
{
	struct splicevec_push push = push_stable(vec, fd, SIZE);

	check_eq(SIZE, push.pinned);
	check_eq(0, push.copied);
}

static void check_copied(int vec, int fd)
{
	struct splicevec_push push = push_stable(vec, fd, SIZE);

	check_eq(0, push.pinned);
	check_eq(SIZE, push.copied);
}

/* Bytes of a file in more spans and folios than one, none of them beginning with it. */
TEST_F(pin, spans_that_share_folios_are_pinned_once)
{
	const size_t skip = 100, part = PAGE + 1000;
	struct splicevec_push push;
	int vec = new_vector();
	size_t at = skip;

	NEEDS_PLACE();
	for (; at < SIZE; at += part)
		must_sv(sv_pull(vec, self->file, at, part, 0));
	push = push_stable(vec, self->fds[0], SIZE - skip);
	check_eq(SIZE - skip, push.pinned);
	check_eq(0, push.copied);
	read_off(self->fds[1], self->filler);
	check_arrives(self->fds[1], SEED, skip, SIZE - skip);
	check_eq(0, flags_told(vec, TAG, SIZE - skip));
}

static struct splicevec_push push_direct(int vec, int fd)
{
	struct splicevec_push push = push_pinning(vec, fd, 0, SIZE, 0, TAG);

	check_eq(SIZE, push.pinned + push.copied);
	check_eq(0, flags_told(vec, TAG, SIZE));
	check_eq(-1, file_check(reopen(fd, O_RDONLY), 0, SEED, 0, SIZE));
	return push;
}

TEST_F(pin, device_reads_what_is_pinned)
{
	int vec;

	NEEDS_PLACE();
	NEEDS(disk_missing(DISK_SINK));
	vec = file_vector(self->file, SIZE);
	check_eq(SIZE, push_direct(vec, disk_open(DISK_SINK,
						  O_RDWR | O_DIRECT)).pinned);
}

/* The one may have to wait for the other. */
TEST_F(pin, the_same_filesystem_gets_a_copy)
{
	int vec;

	NEEDS_PLACE();
	vec = file_vector(self->file, SIZE);
	check_eq(0, push_direct(vec, new_file(variant->place,
					      O_RDWR | O_DIRECT)).pinned);
}

TEST_F(pin, is_foretold)
{
	struct sv_prediction prediction;
	int vec;

	NEEDS_PLACE();
	vec = file_vector(self->file, SIZE);
	must_sv(sv_predict(vec, self->fds[0],
			   SPLICEVEC_STABLE | SPLICEVEC_STRICT, &prediction));
	check_eq(SIZE, prediction.pinned);
	check_eq(0, prediction.copied);
	must_sv(sv_predict(vec, self->fds[0], SPLICEVEC_STABLE, &prediction));
	check_eq(0, prediction.pinned);
	check_eq(SIZE, prediction.copied);
	/* the vector's policy is no wish of who pushes */
	sv_policy(vec, SPLICEVEC_STABLE, SPLICEVEC_STABLE);
	must_sv(sv_predict(vec, self->fds[0], SPLICEVEC_STRICT, &prediction));
	check_eq(0, prediction.pinned);
	check_eq(SIZE, prediction.copied);
	must_sv(sv_predict(vec, self->fds[0],
			   SPLICEVEC_STABLE | SPLICEVEC_STRICT, &prediction));
	check_eq(SIZE, prediction.pinned);
}

/* More than is there at a time is a copy; with NOCOPY that much is not pushed. */
TEST_F(pin, no_more_is_pinned_than_the_module_may)
{
	struct splicevec_push push = {
		.flags = SPLICEVEC_STABLE | SPLICEVEC_STRICT | SPLICEVEC_NOCOPY,
		.offset = SV_POSITION,
		.len = SV_ALL,
		.user_data = TAG,
	};
	int vec;

	NEEDS_PLACE();
	pins_allow(PINS_LONGEST, 0);
	vec = file_vector(self->file, SIZE);
	push.fd = self->fds[0];
	check_errno(EOPNOTSUPP, sv_cmd_push(vec, &push));
	check_held(vec, SEED, 0, SIZE);
	check_copied(vec, push.fd);
	read_off(self->fds[1], self->filler + SIZE);
	check_eq(0, flags_told(vec, TAG, SIZE));
}

static void read_slowly(void *arg)
{
	struct drain *drain = arg;

	usleep(50000);
	drain_start(drain);
}

/* More than the socket has room for: no pin waits for that, and no byte is lost. */
TEST_F(pin, push_waits_for_room_without_a_pin)
{
	const size_t size = MIB(8);
	struct splicevec_push push;
	struct worker reader;
	struct drain drain = { .seed = SEED };
	int fds[2], file, vec;

	NEEDS_PLACE();
	file = pattern_file(variant->place, SEED, size);
	vec = file_vector(file, size);
	keeping_pair(TCP4, fds);
	drain.fd = fds[1];
	worker_start(&reader, read_slowly, &drain);
	push = push_stable(vec, fds[0], size);
	worker_finish(&reader);
	drain_await(&drain, size);
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	/* but for what somebody else had at that moment, and what follows that */
	check(push.pinned >= size / 2, "pinned %llu of %zu",
	      (unsigned long long)push.pinned, size);
	check_eq(0, flags_told(vec, TAG, size) & ~SPLICEVEC_UNSTABLE);
}

static void change(void *arg)
{
	change_file(*(int *)arg, SEED + 1, SIZE);
}

/* Whoever changes the file waits until what was pinned of it has arrived. */
static void check_writer_waits(int vec, int file, const int fds[2], size_t filler,
			       void (*write)(void *file))
{
	struct worker writer;

	check_pinned(vec, fds[0]);
	worker_start(&writer, write, &file);
	worker_await_sleep(&writer);
	check_no_record(vec);
	read_off(fds[1], filler);
	check_arrives(fds[1], SEED, 0, SIZE);
	worker_finish(&writer);
	check_eq(0, flags_told(vec, TAG, SIZE));
}

TEST_F(pin, writer_waits_until_the_sink_has_let_go)
{
	int vec;

	NEEDS_PLACE();
	vec = file_vector(self->file, SIZE);
	check_kind(vec, SPLICEVEC_CACHE,
		   SPLICEVEC_SPAN_LOAN | SPLICEVEC_SPAN_WRITABLE);
	check_writer_waits(vec, self->file, self->fds, self->filler, change);
	check_eq(-1, file_check(self->file, 0, SEED + 1, 0, SIZE));
}

static void zero_a_little(void *arg)
{
	must(fallocate(*(int *)arg, FALLOC_FL_ZERO_RANGE, 100, 50));
}

/* ext4 would zero a part of a block without a look at writeback. */
TEST_F(pin, part_of_a_block_is_not_zeroed_before)
{
	int vec;

	NEEDS_PLACE();
	vec = file_vector(self->file, SIZE);
	fsync(self->file);
	check_writer_waits(vec, self->file, self->fds, self->filler, zero_a_little);
	check_eq(100, file_check(self->file, 0, SEED, 0, SIZE));
}

/* Whoever has it is a sink, and not a disk that will be done with it soon. */
TEST_F(pin, pinned_pages_are_copied_for_the_next_push_at_once)
{
	int fds[2], vec, again;

	NEEDS_PLACE();
	vec = file_vector(self->file, SIZE);
	again = file_vector(self->file, SIZE);
	check_pinned(vec, self->fds[0]);
	keeping_pair(TCP4, fds);
	check_copied(again, fds[0]);
	check_arrives(fds[1], SEED, 0, SIZE);
	check_eq(0, flags_told(again, TAG, SIZE));
	/* so the first one was not over meanwhile */
	read_off(self->fds[1], self->filler + SIZE);
	check_eq(0, flags_told(vec, TAG, SIZE));
}

TEST_F(pin, writer_waits_no_longer_than_its_time)
{
	struct worker writer;
	int vec;

	NEEDS_PLACE();
	pins_allow(SHORT, PINS_PLENTY);
	vec = file_vector(self->file, SIZE);
	check_pinned(vec, self->fds[0]);
	worker_start(&writer, change, &self->file);
	worker_finish(&writer);
	check_eq(-1, file_check(self->file, 0, SEED + 1, 0, SIZE));
	check_no_record(vec);
	read_off(self->fds[1], self->filler + SIZE);
	check_eq(SPLICEVEC_UNSTABLE, flags_told(vec, TAG, SIZE));
}

TEST_F(pin, push_may_ask_for_less_time)
{
	double since, took;
	int vec;

	NEEDS_PLACE();
	vec = file_vector(self->file, SIZE);
	since = msec_now();
	check_eq(SIZE, push_pinning(vec, self->fds[0], SV_POSITION, SIZE, 1,
				    TAG).pinned);
	change_file(self->file, SEED + 1, SIZE);
	took = msec_now() - since;
	check(took < PINS_LONGEST / 2, "the writer waited for %.0f ms", took);
	check_no_record(vec);
	read_off(self->fds[1], self->filler + SIZE);
	check_eq(SPLICEVEC_UNSTABLE, flags_told(vec, TAG, SIZE));
}

/* Nobody waits: what arrives is what was there, as it is a copy. */
static void check_does_not_pin(int vec, int file, const int fds[2], size_t filler)
{
	check_copied(vec, fds[0]);
	change_file(file, SEED + 1, SIZE);
	read_off(fds[1], filler);
	check_arrives(fds[1], SEED, 0, SIZE);
	check_eq(0, flags_told(vec, TAG, SIZE));
}

TEST_F(pin, without_the_administrator_it_is_a_copy)
{
	NEEDS_PLACE();
	pins_forbid();
	check_does_not_pin(file_vector(self->file, SIZE), self->file, self->fds,
			   self->filler);
}

TEST_F(pin, of_a_file_not_open_for_writing_it_is_a_copy)
{
	int vec;

	NEEDS_PLACE();
	vec = file_vector(reopen(self->file, O_RDONLY), SIZE);
	check_kind(vec, SPLICEVEC_CACHE, SPLICEVEC_SPAN_LOAN);
	check_does_not_pin(vec, self->file, self->fds, self->filler);
}

static void drop_admin(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2];

	must(syscall(SYS_capget, &head, caps));
	caps[0].effective &= ~(1U << CAP_SYS_ADMIN);
	must(syscall(SYS_capset, &head, caps));
}

struct without_admin {
	int vec;
	int file;
	const int *fds;
	size_t filler;
};

static bool push_without_admin(void *arg)
{
	const struct without_admin *w = arg;

	drop_admin();
	check_does_not_pin(w->vec, w->file, w->fds, w->filler);
	return !failures();
}

TEST_F(pin, without_cap_sys_admin_it_is_a_copy)
{
	struct without_admin w = { .filler = self->filler };

	NEEDS_PLACE();
	w.vec = file_vector(self->file, SIZE);
	w.file = self->file;
	w.fds = self->fds;
	check(in_child(push_without_admin, &w), "without rights: failed");
}

FIXTURE(elsewhere)
{
	struct ledger before;
};

FIXTURE_SETUP(elsewhere)
{
	ledger_read(&self->before);
	pins_allow(PINS_LONGEST, PINS_PLENTY);
}

FIXTURE_TEARDOWN(elsewhere)
{
	pins_as_before();
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

TEST_F(elsewhere, of_tmpfs_it_is_a_copy)
{
	int file = pattern_file(TMPFS, SEED, SIZE);
	int fds[2], vec = file_vector(file, SIZE);
	size_t filler;

	keeping_pair(TCP4, fds);
	filler = stall(fds[0]);
	check_does_not_pin(vec, file, fds, filler);
}

/* Whoever claims a device may write to it without waiting, as filesystems do. */
TEST_F(elsewhere, block_device_is_pinned_unless_it_is_claimed)
{
	int device, fds[2], vec;

	NEEDS(disk_missing(DISK_SOURCE));
	disk_fill(DISK_SOURCE, SEED, 2 * SIZE);
	device = disk_open(DISK_SOURCE, O_RDWR);
	vec = file_vector(device, SIZE);
	keeping_pair(TCP4, fds);
	check_writer_waits(vec, device, fds, stall(fds[0]), change);
	must(disk_open(DISK_SOURCE, O_RDONLY | O_EXCL));
	must_sv(sv_pull(vec, device, SIZE, SIZE, 0));
	check_copied(vec, fds[0]);
	check_eq(0, flags_told(vec, TAG, SIZE));
}

TEST_HARNESS_MAIN
