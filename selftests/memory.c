// SPDX-License-Identifier: GPL-2.0-only
/* Memory as source and sink: in pieces, in huge pages, of odd sorts. */
#include "kselftest_harness.h"

#include "compat.h"
#include "contents.h"
#include "places.h"
#include "places_file.h"

#include <fcntl.h>
#include <linux/mman.h>
#include <splicevec.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define SEED	47

/* An address where nothing is. */
#define NOWHERE	((void *)8)

/* Return: bytes or a negative errno. */
static int64_t pull_pieces(int vec, const struct iovec *iov, unsigned int nr,
			   uint64_t len, unsigned int flags)
{
	struct splicevec_pull cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = flags,
		.iovs = nr,
		.offset = SV_POSITION,
		.len = len,
		.addr = (uintptr_t)iov,
	};
	int ret = sv_cmd_pull(vec, &cmd);

	return ret ?: (int64_t)cmd.bytes;
}

static int64_t push_pieces(int vec, const struct iovec *iov, unsigned int nr,
			   uint64_t len, unsigned int flags)
{
	struct splicevec_push cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = flags,
		.iovs = nr,
		.offset = SV_POSITION,
		.len = len,
		.addr = (uintptr_t)iov,
	};
	int ret = sv_cmd_push(vec, &cmd);

	return ret ?: (int64_t)cmd.bytes;
}

LEDGER_FIXTURE(pieces)

TEST_F(pieces, one_pull_gathers_them)
{
	static const unsigned int flags[] = { 0, SPLICEVEC_COPY };
	struct pieces pieces;
	int vec;
	size_t i;

	pieces_make(&pieces, SEED, 0, KIB(300));
	for (i = 0; i < ARRAY_LEN(flags); i++) {
		vec = new_vector();
		check_eq(KIB(300), pull_pieces(vec, pieces.iov, pieces.nr,
					       SV_ALL, flags[i]));
		check_held(vec, SEED, 0, KIB(300));
		/* no more than was asked for, wherever that is in a piece */
		check_eq(5000, pull_pieces(vec, pieces.iov, pieces.nr, 5000,
					   flags[i]));
		check_eq(KIB(300), sv_drop(vec, KIB(300)));
		check_held(vec, SEED, 0, 5000);
		close(vec);
	}
}

TEST_F(pieces, one_push_fills_them)
{
	int vec = vector_with(SEED, 7, KIB(300));
	struct pieces pieces;

	pieces_make(&pieces, SEED, 7, KIB(200));
	pieces_clear(&pieces);
	check_eq(KIB(200), push_pieces(vec, pieces.iov, pieces.nr, SV_ALL,
				       SPLICEVEC_KEEP));
	check_eq(-1, pieces_check(&pieces, SEED, 7));
	pieces_clear(&pieces);
	check_eq(5000, push_pieces(vec, pieces.iov, pieces.nr, 5000, 0));
	check_eq(KIB(200) - 5000, push_pieces(vec, pieces.iov, pieces.nr,
					      KIB(200) - 5000, 0));
	check_held(vec, SEED, 7 + KIB(200), KIB(100));
}

TEST_F(pieces, vector_that_holds_less_fills_the_first)
{
	int vec = vector_with(SEED, 0, 5000);
	struct pieces pieces;

	pieces_make(&pieces, SEED, 0, KIB(20));
	check_eq(5000, push_pieces(vec, pieces.iov, pieces.nr, SV_ALL, 0));
	check_eq(0, push_pieces(vec, pieces.iov, pieces.nr, SV_ALL, 0));
	check_eq(-1, pieces_check(&pieces, SEED, 0));
}

TEST_F(pieces, bad_one_in_mid_list_ends_a_pull_with_what_lies_before)
{
	struct iovec iov[3];
	char *buf = map_pages(3 * PAGE);
	int vec = new_vector();

	pattern_fill(buf, SEED, 0, 3 * PAGE);
	iov[0] = (struct iovec){ buf + 1, PAGE };
	iov[1] = (struct iovec){ NOWHERE, 100 };
	iov[2] = (struct iovec){ buf + PAGE, PAGE };
	check_eq(PAGE, pull_pieces(vec, iov, 3, SV_ALL, 0));
	check_eq(PAGE, pull_pieces(vec, iov, 3, SV_ALL, SPLICEVEC_COPY));
	check_errno(EFAULT, pull_pieces(vec, iov + 1, 2, SV_ALL, 0));
	check_errno(EFAULT, pull_pieces(vec, iov + 1, 2, SV_ALL,
					SPLICEVEC_COPY));
	check_eq(PAGE, sv_push_mem(vec, buf + 2 * PAGE, PAGE, SPLICEVEC_KEEP));
	check_eq(-1, pattern_check(buf + 2 * PAGE, SEED, 1, PAGE));
	check_eq(2 * PAGE, sv_drop(vec, SV_ALL));
}

TEST_F(pieces, hole_in_mid_piece_ends_a_pull_with_what_lies_before)
{
	char *buf = map_pages(64 * PAGE);
	struct iovec iov = { buf + 5, 63 * PAGE };
	int vec = new_vector();

	pattern_fill(buf, SEED, 0, 64 * PAGE);
	must(munmap(buf + 32 * PAGE, PAGE));
	check_eq(32 * PAGE - 5, pull_pieces(vec, &iov, 1, SV_ALL, 0));
	check_held(vec, SEED, 5, 32 * PAGE - 5);
}

TEST_F(pieces, bad_one_in_mid_list_ends_a_push_and_keeps_the_rest)
{
	int vec = vector_with(SEED, 0, 3 * PAGE);
	char *buf = map_pages(2 * PAGE);
	struct iovec iov[3] = {
		{ buf + 1, 5000 }, { NOWHERE, 100 }, { buf, 1 },
	};

	check_eq(5000, push_pieces(vec, iov, 3, SV_ALL, 0));
	check_eq(-1, pattern_check(buf + 1, SEED, 0, 5000));
	check_errno(EFAULT, push_pieces(vec, iov + 1, 2, SV_ALL, 0));
	check_held(vec, SEED, 5000, 3 * PAGE - 5000);
}

TEST_F(pieces, memory_that_may_not_be_written_is_not)
{
	int vec = vector_with(SEED, 0, PAGE);
	char *buf = map_pages(2 * PAGE);
	struct iovec iov[2] = { { buf, 10 }, { buf + PAGE, 10 } };

	must(mprotect(buf + PAGE, PAGE, PROT_READ));
	check_eq(10, push_pieces(vec, iov, 2, SV_ALL, 0));
	check_errno(EFAULT, push_pieces(vec, iov + 1, 1, SV_ALL, 0));
	check_eq(0, buf[PAGE]);
	check_held(vec, SEED, 10, PAGE - 10);
}

TEST_F(pieces, empty_ones_are_nothing)
{
	struct iovec iov[4] = {};
	int vec = new_vector();
	char byte = 1;

	check_eq(0, pull_pieces(vec, iov, 4, SV_ALL, 0));
	check_eq(0, pull_pieces(vec, iov, 4, SV_ALL, SPLICEVEC_COPY));
	iov[3] = (struct iovec){ &byte, 1 };
	check_eq(1, pull_pieces(vec, iov, 4, SV_ALL, 0));
	check_eq(1, pull_pieces(vec, iov, 4, SV_ALL, SPLICEVEC_COPY));
	check_eq(0, pull_pieces(vec, iov, 4, 0, 0));
	byte = 0;
	check_eq(1, push_pieces(vec, iov, 4, SV_ALL, 0));
	check_eq(1, sv_drop(vec, SV_ALL));
}

TEST_F(pieces, as_many_as_writev_takes_and_no_more)
{
	struct iovec iov[UIO_MAXIOV + 1];
	int vec = new_vector();
	struct splicevec_info before;
	char *buf = map_pages(PAGE);
	size_t i;

	for (i = 0; i < ARRAY_LEN(iov); i++)
		iov[i] = (struct iovec){ buf + i % PAGE, 1 };
	pattern_fill(buf, SEED, 0, PAGE);
	check_eq(UIO_MAXIOV, pull_pieces(vec, iov, UIO_MAXIOV, SV_ALL, 0));
	check_held(vec, SEED, 0, UIO_MAXIOV);
	must_sv(sv_info(vec, &before));
	check_errno(EINVAL, pull_pieces(vec, iov, UIO_MAXIOV + 1, SV_ALL, 0));
	check_errno(EINVAL, pull_pieces(vec, iov, UINT32_MAX, SV_ALL, 0));
	check_errno(EINVAL, push_pieces(vec, iov, UIO_MAXIOV + 1, SV_ALL, 0));
	check_same(vec, &before);
	memset(buf, 0, PAGE);
	/* the pages are lent: what they held went with them */
	check_eq(UIO_MAXIOV, push_pieces(vec, iov, UIO_MAXIOV, SV_ALL, 0));
}

TEST_F(pieces, bad_lists_are_refused_with_nothing_done)
{
	int vec = new_vector(), held = vector_with(SEED, 0, 100);
	int file = pattern_file(TMPFS, SEED, 100);
	struct iovec too_long = { NULL, SIZE_MAX };
	char byte;
	struct iovec good = { &byte, 1 };
	struct splicevec_pull pull = {
		.fd = file, .iovs = 1, .len = 1,
	};
	struct splicevec_push push = {
		.fd = SPLICEVEC_FD_NONE, .iovs = 1, .len = 1,
		.offset = SV_POSITION,
	};

	check_errno(EFAULT, pull_pieces(vec, NOWHERE, 2, SV_ALL, 0));
	check_errno(EFAULT, push_pieces(held, NOWHERE, 2, SV_ALL, 0));
	check_errno(EINVAL, pull_pieces(vec, &too_long, 1, SV_ALL, 0));
	check_errno(EINVAL, push_pieces(held, &too_long, 1, SV_ALL, 0));
	check_errno(EINVAL, sv_cmd_pull(vec, &pull));
	pull.addr = (uintptr_t)&good;
	check_errno(EINVAL, sv_cmd_pull(vec, &pull));
	check_errno(EINVAL, sv_cmd_push(held, &push));
	check_held(held, SEED, 0, 100);
	check_eq(0, sv_drop(vec, SV_ALL));
}

/*
 * The commands as a 32-bit program gives them: the structs are the same, the
 * pieces are not.
 */
TEST_F(pieces, thirty_two_bit_callers_have_theirs)
{
	struct {
		struct splicevec_pull pull;
		struct splicevec_push push;
		struct iovec32 iov[2];
	} *low;
	int vec = new_vector();
	char *buf;

	if (!has_32_bit_calls())
		SKIP(return, "the kernel runs no 32-bit programs");
	low = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		die("no memory below 4 GiB");
	buf = (char *)low + PAGE;
	pattern_fill(buf + 10, SEED, 0, 20);
	pattern_fill(buf + 100, SEED, 20, 30);
	low->iov[0] = (struct iovec32){ (uintptr_t)buf + 10, 20 };
	low->iov[1] = (struct iovec32){ (uintptr_t)buf + 100, 30 };
	low->pull = (struct splicevec_pull){
		.size = sizeof(low->pull),
		.fd = SPLICEVEC_FD_MEM,
		.iovs = 2,
		.offset = SV_POSITION,
		.len = SV_ALL,
		.addr = (uintptr_t)low->iov,
	};
	check_eq(0, ioctl32(vec, SPLICEVEC_PULL, &low->pull));
	check_eq(50, low->pull.bytes);
	check_held(vec, SEED, 0, 50);
	memset(buf, 0, PAGE);
	low->iov[0].base += PAGE;
	low->push = (struct splicevec_push){
		.size = sizeof(low->push),
		.fd = SPLICEVEC_FD_MEM,
		.flags = SPLICEVEC_KEEP,
		.iovs = 2,
		.offset = SV_POSITION,
		.len = 25,
		.addr = (uintptr_t)low->iov,
	};
	pattern_fill(buf + 10, SEED, 0, 20);
	pattern_fill(buf + 100, SEED, 20, 30);
	check_eq(0, ioctl32(vec, SPLICEVEC_PUSH, &low->push));
	check_eq(25, low->push.bytes);
	check_eq(-1, pattern_check(buf + PAGE + 10, SEED, 0, 20));
	check_eq(-1, pattern_check(buf + 100, SEED, 20, 30));
}

/* Huge pages: a span each. */

FIXTURE_VARIANT(huge)
{
	bool reserved;
};

FIXTURE(huge)
{
	struct ledger before;
	char *map;		/* two huge pages side by side */
	int vec;
};

/* How much of what was mapped at @addr is in transparent huge pages. */
static size_t transparent(const char *addr)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long start, kib, found = 0;
	bool here = false;
	char line[256];

	if (!maps)
		die("/proc/self/smaps: %s", errno_name(errno));
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-", &start) == 1 && strchr(line, '-'))
			here = start == (uintptr_t)addr;
		if (here && sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			found = KIB(kib);
	}
	fclose(maps);
	return found;
}

/* Four megabytes out of six begin where a huge page may. */
static char *transparent_pages(void)
{
	char *map = map_pages(3 * HUGE);
	char *aligned = (char *)(((uintptr_t)map + HUGE) & -HUGE);

	must(munmap(map, aligned - map));
	if (map + HUGE > aligned)
		must(munmap(aligned + 2 * HUGE, map + HUGE - aligned));
	must(madvise(aligned, 2 * HUGE, MADV_HUGEPAGE));
	return aligned;
}

FIXTURE_SETUP(huge)
{
	if (variant->reserved && huge_pages_missing())
		SKIP(return, "%s", huge_pages_missing());
	ledger_read(&self->before);
	self->map = variant->reserved ? huge_pages(2 * HUGE) :
					transparent_pages();
	pattern_fill(self->map, SEED, 0, 2 * HUGE);
	if (!variant->reserved && transparent(self->map) != 2 * HUGE)
		SKIP(return, "the kernel gave no transparent huge pages");
	self->vec = new_vector();
}

FIXTURE_TEARDOWN(huge)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

FIXTURE_VARIANT_ADD(huge, reserved) { .reserved = true };
FIXTURE_VARIANT_ADD(huge, transparent) { .reserved = false };

static void check_spans(int vec, const uint64_t *lens, int nr)
{
	struct splicevec_span spans[8];
	int i;

	if (!check_eq(nr, sv_spans(vec, 0, spans, ARRAY_LEN(spans))))
		return;
	for (i = 0; i < nr; i++) {
		check_eq(lens[i], spans[i].len);
		check_eq(SPLICEVEC_PINNED, spans[i].kind);
	}
}

TEST_F(huge, page_is_one_span)
{
	static const uint64_t one[] = { HUGE }, two[] = { HUGE, HUGE };

	check_eq(HUGE, sv_pull_mem(self->vec, self->map, HUGE, 0));
	check_spans(self->vec, one, 1);
	check_eq(HUGE, sv_drop(self->vec, SV_ALL));
	check_eq(2 * HUGE, sv_pull_mem(self->vec, self->map, 2 * HUGE, 0));
	check_spans(self->vec, two, 2);
}

/* From the middle of one to the middle of the next: it is cut between. */
TEST_F(huge, span_ends_with_its_page)
{
	static const uint64_t lens[] = { HUGE - 12345, 12346 };

	check_eq(HUGE + 1, sv_pull_mem(self->vec, self->map + 12345, HUGE + 1,
				       0));
	check_spans(self->vec, lens, 2);
	check_held(self->vec, SEED, 12345, HUGE + 1);
}

TEST_F(huge, pages_arrive)
{
	int file = new_file(TMPFS, O_RDWR), fds[2];
	struct drain drain = { .seed = SEED };

	check_eq(2 * HUGE, sv_pull_mem(self->vec, self->map, 2 * HUGE, 0));
	check_eq(2 * HUGE, sv_push_window(self->vec, file, 0, SV_HEAD, SV_ALL,
					  0));
	check_eq(-1, file_check(file, 0, SEED, 0, 2 * HUGE));
	stream_pair(TCP4, fds);
	drain.fd = fds[1];
	drain_start(&drain);
	check_eq(2 * HUGE, sv_push(self->vec, fds[0], SV_POSITION, SV_ALL, 0));
	close(fds[0]);
	drain_finish(&drain);
	check_eq(-1, drain.wrong);
	check_eq(2 * HUGE, drain.got);
}

/* The charge is for the pages that are held, however they are counted. */
TEST_F(huge, part_of_a_page_arrives)
{
	check_eq(100, sv_pull_mem(self->vec, self->map + HUGE - 50, 100, 0));
	check_held(self->vec, SEED, HUGE - 50, 100);
	check_eq(99, sv_drop(self->vec, 99));
	check_held(self->vec, SEED, HUGE + 49, 1);
}

TEST_F(huge, spans_outlive_the_mapping)
{
	check_eq(2 * HUGE, sv_pull_mem(self->vec, self->map, 2 * HUGE, 0));
	must(munmap(self->map, 2 * HUGE));
	check_held(self->vec, SEED, 0, 2 * HUGE);
}

LEDGER_FIXTURE(odd)

/* Where memory cannot be pinned for reading, it is copied if it can be read. */
static bool copies_instead(int vec)
{
	struct splicevec_features features;

	must_sv(sv_features(vec, -1, &features));
	return !(features.features & SPLICEVEC_FEAT_PIN_READONLY);
}

/* Memory that nobody may pin, but its owner may read. */
static void check_unpinnable(const char *map, size_t len)
{
	int vec = new_vector();
	struct splicevec_info info;
	char buf[len];
	int64_t n = sv_pull_mem(vec, map, len, 0);

	if (copies_instead(vec))
		check_eq(len, n);
	else
		check_errno(EFAULT, n);
	sv_drop(vec, SV_ALL);
	must_sv(sv_info(vec, &info));
	check_eq(0, info.loans);
	check_eq(len, sv_pull_mem(vec, map, len, SPLICEVEC_COPY));
	check_eq(len, sv_push_mem(vec, buf, len, 0));
	check(!memcmp(buf, map, len), "other bytes than the memory's");
	close(vec);
}

TEST_F(odd, secret_memory_is_not_pinned_but_copied_if_asked_for)
{
	int fd = syscall(SYS_memfd_secret, 0);
	char *map;

	if (fd < 0)
		SKIP(return, "memfd_secret: %s", errno_name(errno));
	must(ftruncate(fd, 2 * PAGE));
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap of a memfd_secret: %s", errno_name(errno));
	pattern_fill(map, SEED, 0, 2 * PAGE);
	check_unpinnable(map + 100, PAGE);
	check_errno(EOPNOTSUPP, sv_pull(new_vector(), fd, 0, PAGE, 0));
}

/* The clock's pages: the kernel's own, mapped without struct pages. */
static const char *vvar(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, found = 0;
	char line[256];

	if (!maps)
		die("/proc/self/maps: %s", errno_name(errno));
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[vvar]") && sscanf(line, "%lx-", &start) == 1)
			found = start;
	fclose(maps);
	return (const char *)found;
}

TEST_F(odd, memory_without_pages_is_efault)
{
	const char *map = vvar();
	int vec = new_vector();
	int64_t n;

	if (!map)
		SKIP(return, "there is no [vvar]");
	n = sv_pull_mem(vec, map, 64, 0);
	if (copies_instead(vec))
		check_eq(64, n);
	else
		check_errno(EFAULT, n);
	check_errno(EFAULT, sv_push_mem(vector_with(SEED, 0, 64), (void *)map,
					64, 0));
}

TEST_F(odd, mapped_device_memory_is_lent_or_refused_but_not_torn)
{
	int zero = must(open("/dev/zero", O_RDWR | O_CLOEXEC));
	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			 zero, 0);
	int vec = new_vector();

	if (map == MAP_FAILED)
		die("mmap of /dev/zero: %s", errno_name(errno));
	pattern_fill(map, SEED, 0, 2 * PAGE);
	check_eq(2 * PAGE, sv_pull_mem(vec, map, 2 * PAGE, 0));
	check_held(vec, SEED, 0, 2 * PAGE);
}

TEST_F(odd, shared_memory_file_is_lent_from_its_mapping)
{
	int fd = must(memfd_create("shared", MFD_CLOEXEC)), vec = new_vector();
	char *map;

	must(ftruncate(fd, 4 * PAGE));
	map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap of a memfd: %s", errno_name(errno));
	pattern_fill(map, SEED, 0, 4 * PAGE);
	check_eq(3 * PAGE, sv_pull_mem(vec, map + 9, 3 * PAGE, 0));
	must(munmap(map, 4 * PAGE));
	must(ftruncate(fd, 0));
	check_held(vec, SEED, 9, 3 * PAGE);
}

TEST_HARNESS_MAIN
