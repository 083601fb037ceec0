// SPDX-License-Identifier: GPL-2.0-only
/* Pulls that go past the page cache: O_DIRECT, and UNCACHED. */
#include "kselftest_harness.h"

#include "contents.h"
#include "disks.h"
#include "places.h"
#include "places_file.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>

#define SEED	41
#define SIZE	(MIB(1) + 3 * PAGE)

/* A file of the pattern, SIZE long, for reading and writing, on the disk. */
static int on_ext4(void)
{
	return pattern_file(EXT4, SEED, SIZE);
}

static int on_xfs(void)
{
	return pattern_file(XFS, SEED, SIZE);
}

static int whole_disk(void)
{
	disk_fill(DISK_SOURCE, SEED, SIZE);
	return disk_open(DISK_SOURCE, O_RDWR);
}

static const char *ext4_missing(void)
{
	return place_missing(EXT4);
}

static const char *xfs_missing(void)
{
	return place_missing(XFS);
}

static const char *brd_missing(void)
{
	return disk_missing(DISK_SOURCE);
}

FIXTURE_VARIANT(past)
{
	const char *(*missing)(void);
	int (*open)(void);
	bool direct;
};

FIXTURE(past)
{
	struct ledger before;
	int file;		/* through the page cache */
	int fd;			/* to pull from */
	unsigned int flags;	/* and how */
	int vec;
};

FIXTURE_SETUP(past)
{
	if (variant->missing())
		SKIP(return, "%s", variant->missing());
	ledger_read(&self->before);
	self->file = variant->open();
	evict(self->file);
	self->fd = reopen(self->file, O_RDONLY |
			  (variant->direct ? O_DIRECT : 0));
	self->flags = variant->direct ? 0 : SPLICEVEC_UNCACHED;
	self->vec = new_vector();
}

FIXTURE_TEARDOWN(past)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#define PAST(id, how, which, is_direct)					\
	FIXTURE_VARIANT_ADD(past, id)					\
	{								\
		.missing = which##_missing,				\
		.open = how,						\
		.direct = is_direct,					\
	}
PAST(ext4_uncached, on_ext4, ext4, false);
PAST(ext4_direct, on_ext4, ext4, true);
PAST(xfs_uncached, on_xfs, xfs, false);
PAST(xfs_direct, on_xfs, xfs, true);
PAST(block_uncached, whole_disk, brd, false);
PAST(block_direct, whole_disk, brd, true);

TEST_F(past, pull_leaves_nothing_in_the_page_cache)
{
	check_eq(0, resident_pages(self->file, SIZE));
	check_eq(SIZE, sv_pull(self->vec, self->fd, 0, SIZE, self->flags));
	check_eq(0, resident_pages(self->file, SIZE));
	check_held(self->vec, SEED, 0, SIZE);
	check_eq(0, resident_pages(self->file, SIZE));
}

TEST_F(past, pull_gives_gifts_and_says_no_copies)
{
	struct splicevec_pull cmd = {
		.fd = self->fd,
		.flags = self->flags,
		.len = SIZE,
	};
	struct splicevec_span spans[64];
	int nr, i;

	check_errno(0, sv_cmd_pull(self->vec, &cmd));
	check_eq(SIZE, cmd.bytes);
	check_eq(0, cmd.result);
	nr = sv_spans(self->vec, 0, spans, ARRAY_LEN(spans));
	check(nr > 0, "%s spans", result_name(nr));
	for (i = 0; i < nr; i++) {
		check_eq(SPLICEVEC_OWNED, spans[i].kind);
		check_eq(0, spans[i].flags);
	}
}

TEST_F(past, crooked_pieces_are_the_right_ones)
{
	static const struct {
		size_t at;
		size_t len;
	} pieces[] = {
		{ 0, 1 }, { 1, 1 }, { 511, 2 }, { 512, 512 }, { 4095, 2 },
		{ 3, 5000 }, { PAGE, PAGE }, { 700, MIB(1) },
		{ MIB(1) - 1, PAGE + 1 }, { SIZE - 1, 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(pieces); i++) {
		context("%zu bytes at %zu", pieces[i].len, pieces[i].at);
		check_eq(pieces[i].len,
			 sv_pull(self->vec, self->fd, pieces[i].at,
				 pieces[i].len, self->flags));
		check_held(self->vec, SEED, pieces[i].at, pieces[i].len);
		check_eq(pieces[i].len, sv_drop(self->vec, SV_ALL));
	}
}

TEST_F(past, position_moves_by_the_bytes_pulled)
{
	must(lseek(self->fd, 77, SEEK_SET));
	check_eq(5000, sv_pull(self->vec, self->fd, SV_POSITION, 5000,
			       self->flags));
	check_eq(5077, lseek(self->fd, 0, SEEK_CUR));
	check_eq(3, sv_pull(self->vec, self->fd, SV_POSITION, 3, self->flags));
	check_held(self->vec, SEED, 77, 5003);
}

static void overwrite(int file, uint64_t seed, size_t at, size_t len)
{
	char *buf = map_pages(len);

	pattern_fill(buf, seed, at, len);
	check_eq(len, pwrite(file, buf, len, at));
	unmap_pages(buf, len);
}

TEST_F(past, dirty_pages_are_seen)
{
	size_t at = 5 * PAGE + 9, len = 2 * PAGE;

	overwrite(self->file, SEED + 1, at, len);
	check_eq(len, sv_pull(self->vec, self->fd, at, len, self->flags));
	check_held(self->vec, SEED + 1, at, len);
}

TEST_F(past, pulled_bytes_stay_as_they_were)
{
	check_eq(SIZE, sv_pull(self->vec, self->fd, 0, SIZE, self->flags));
	overwrite(self->file, SEED + 1, 0, SIZE);
	must(fsync(self->file));
	check_held(self->vec, SEED, 0, SIZE);
}

FIXTURE_VARIANT(file)
{
	enum place place;
};

LEDGER_FIXTURE(file)

FIXTURE_VARIANT_ADD(file, ext4) { .place = EXT4 };
FIXTURE_VARIANT_ADD(file, xfs) { .place = XFS };

TEST_F(file, end_in_mid_block_is_the_end)
{
	size_t len = 3 * PAGE + 777;
	int vec = new_vector(), file;

	NEEDS_PLACE();
	file = pattern_file(variant->place, SEED, len);
	check_eq(len, sv_pull(vec, file, SV_POSITION, MIB(1),
			      SPLICEVEC_UNCACHED));
	check_eq(0, sv_pull(vec, file, SV_POSITION, MIB(1),
			    SPLICEVEC_UNCACHED));
	check_eq(0, sv_pull(vec, file, len + PAGE, MIB(1), SPLICEVEC_UNCACHED));
	check_held(vec, SEED, 0, len);
	check_eq(len, sv_drop(vec, SV_ALL));
	check_eq(7, sv_pull(vec, file, len - 7, 100, SPLICEVEC_UNCACHED));
	check_held(vec, SEED, len - 7, 7);
}

TEST_F(file, hole_is_zeroes)
{
	int vec = new_vector(), file;
	char buf[2 * PAGE] = { 1 };
	size_t i;

	NEEDS_PLACE();
	file = new_file(variant->place, O_RDWR);
	must(ftruncate(file, KIB(64)));
	check_eq(sizeof(buf), sv_pull(vec, file, 5 * PAGE + 1, sizeof(buf),
				      SPLICEVEC_UNCACHED));
	check_eq(sizeof(buf), sv_push_mem(vec, buf, sizeof(buf), 0));
	for (i = 0; i < sizeof(buf) && !buf[i]; i++)
		;
	check_eq(sizeof(buf), i);
}

LEDGER_FIXTURE(uncached)

TEST_F(uncached, broken_block_is_eio_and_what_lies_before_it_is_pulled)
{
	static const struct disk_part parts[] = {
		{ DISK_GOOD, KIB(64) },
		{ DISK_BROKEN, KIB(4) },
		{ DISK_GOOD, KIB(64) },
	};
	int vec = new_vector(), fd;

	if (bad_disk_missing())
		SKIP(return, "%s", bad_disk_missing());
	disk_fill(DISK_BAD, SEED, KIB(132));
	fd = bad_disk_open(parts, ARRAY_LEN(parts), O_RDONLY);
	check_eq(KIB(64), sv_pull(vec, fd, 0, KIB(64), SPLICEVEC_UNCACHED));
	check_errno(EIO, sv_pull(vec, fd, KIB(64), KIB(64),
				 SPLICEVEC_UNCACHED));
	check_errno(EIO, sv_pull(vec, fd, KIB(68) - 1, 1, SPLICEVEC_UNCACHED));
	check_held(vec, SEED, 0, KIB(64));
	check_eq(KIB(64), sv_pull(vec, fd, KIB(68), KIB(64),
				  SPLICEVEC_UNCACHED));
	check_eq(KIB(64), sv_drop(vec, KIB(64)));
	check_held(vec, SEED, KIB(68), KIB(64));
}

TEST_F(uncached, memory_file_is_read_if_it_may_be_opened_so)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 5000);
	bool able = fcntl(file, F_SETFL, O_DIRECT) == 0;
	int64_t n;

	must(fcntl(file, F_SETFL, 0));
	n = sv_pull(vec, file, 0, SV_ALL, SPLICEVEC_UNCACHED);
	if (able) {
		check_eq(5000, n);
		check_held(vec, SEED, 0, 5000);
	} else {
		check_errno(EOPNOTSUPP, n);
	}
}

TEST_F(uncached, what_has_no_cache_to_pass_is_eopnotsupp)
{
	int vec = new_vector(), held = vector_with(SEED, 0, 100);
	int fds[2], pair[2];

	must(pipe2(fds, O_CLOEXEC));
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	write_all(fds[1], "x", 1);
	write_all(pair[1], "x", 1);
	check_errno(EOPNOTSUPP, sv_pull(vec, fds[0], SV_POSITION, 1,
					SPLICEVEC_UNCACHED));
	check_errno(EOPNOTSUPP, sv_pull(vec, pair[0], SV_POSITION, 1,
					SPLICEVEC_UNCACHED));
	check_errno(EOPNOTSUPP, sv_pull(vec, held, SV_POSITION, 1,
					SPLICEVEC_UNCACHED));
	check_errno(EOPNOTSUPP, sv_pull_mem(vec, "x", 1, SPLICEVEC_UNCACHED));
	check_errno(EOPNOTSUPP,
		    sv_pull(vec, must(open("/dev/zero", O_RDONLY)),
			    SV_POSITION, 1, SPLICEVEC_UNCACHED));
	check_errno(EOPNOTSUPP,
		    sv_pull(vec, must(open("/proc/version", O_RDONLY)),
			    SV_POSITION, 1, SPLICEVEC_UNCACHED));
	check_held(held, SEED, 0, 100);
	/* and the streams still have theirs */
	check_eq(1, sv_pull(vec, fds[0], SV_POSITION, 1, 0));
	check_eq(1, sv_pull(vec, pair[0], SV_POSITION, 1, 0));
}

TEST_F(uncached, copy_of_an_o_direct_file_is_told)
{
	struct splicevec_pull cmd = { .flags = SPLICEVEC_COPY, .len = PAGE };
	int vec, file;

	if (ext4_missing())
		SKIP(return, "%s", ext4_missing());
	file = on_ext4();
	cmd.fd = reopen(file, O_RDONLY | O_DIRECT);
	vec = new_vector();
	check_errno(0, sv_cmd_pull(vec, &cmd));
	check_eq(PAGE, cmd.bytes);
	check_eq(SPLICEVEC_COPIED, cmd.result);
	check_held(vec, SEED, 0, PAGE);
}

TEST_F(uncached, with_copy_or_lazy_is_einval)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 100);

	check_errno(EINVAL, sv_pull(vec, file, 0, 1, SPLICEVEC_UNCACHED |
				    SPLICEVEC_COPY));
	check_errno(EINVAL, sv_pull(vec, file, 0, 1, SPLICEVEC_UNCACHED |
				    SPLICEVEC_LAZY));
	check_errno(EINVAL, sv_pull(vec, file, 0, 1, SPLICEVEC_COPY |
				    SPLICEVEC_LAZY));
}

TEST_HARNESS_MAIN
