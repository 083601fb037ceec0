// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vector as an ordinary file: write appends, read takes from the head, pread
 * looks at absolute positions.
 */
#include "kselftest_harness.h"

#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/uio.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	37

LEDGER_FIXTURE(asfile)

/* The compiler knows that nothing lies at NULL, and warns. */
static void *volatile nowhere;

TEST_F(asfile, write_appends_a_copy_that_the_vector_owns)
{
	static const size_t lens[] = {
		1, 100, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE + 7, MIB(3) + 1,
	};
	struct splicevec_span span;
	uint64_t pos = 0;
	int vec = new_vector();
	size_t i;

	for (i = 0; i < ARRAY_LEN(lens); i++) {
		context("%zu bytes", lens[i]);
		write_pattern(vec, SEED, pos, lens[i]);
		check_eq(1, sv_spans(vec, pos, &span, 1));
		check_eq(SPLICEVEC_OWNED, span.kind);
		check_eq(0, span.flags);
		pos += lens[i];
		check_span(vec, 0, pos);
	}
	read_pattern(vec, SEED, 0, pos);
}

TEST_F(asfile, header_and_trailer_are_written_around_what_is_pulled)
{
	static const unsigned int kinds[] = {
		SPLICEVEC_OWNED, SPLICEVEC_CACHE, SPLICEVEC_OWNED,
	};
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 9000);
	struct splicevec_span spans[4];
	char parts[4][50];
	struct iovec iov[4] = {
		{ parts[0], 10 }, { parts[1], 0 }, { NULL, 0 },
		{ parts[3], 40 },
	};
	size_t i;

	write_pattern(vec, SEED, 0, 100);
	check_eq(7000, sv_pull(vec, file, 100, 7000, 0));
	pattern_fill(parts[0], SEED, 7100, 10);
	pattern_fill(parts[3], SEED, 7110, 40);
	check_eq(50, writev(vec, iov, 4));
	memset(parts, 0x55, sizeof(parts));
	check_eq(3, sv_spans(vec, 0, spans, 4));
	for (i = 0; i < 3; i++)
		check_eq(kinds[i], spans[i].kind);
	read_pattern(vec, SEED, 0, 7150);
}

TEST_F(asfile, nothing_written_or_read_changes_nothing)
{
	struct iovec none[2] = { { NULL, 0 }, { NULL, 0 } };
	struct splicevec_info info;
	int vec = new_vector();
	char byte;

	check_eq(0, write(vec, &byte, 0));
	check_eq(0, write(vec, nowhere, 0));
	check_eq(0, writev(vec, none, 2));
	check_eq(0, writev(vec, none, 0));
	must_sv(sv_info(vec, &info));
	check_eq(0, info.tail);
	check_eq(0, info.spans);
	write_pattern(vec, SEED, 0, 5);
	check_eq(0, read(vec, &byte, 0));
	check_eq(0, read(vec, nowhere, 0));
	check_eq(0, readv(vec, none, 2));
	check_eq(0, pread(vec, nowhere, 0, 0));
	check_span(vec, 0, 5);
}

/* Two pages of the pattern, behind them none. */
static char *cliff(void)
{
	char *pages = map_pages(3 * PAGE);

	pattern_fill(pages, SEED, 0, 2 * PAGE);
	unmap_pages(pages + 2 * PAGE, PAGE);
	return pages;
}

TEST_F(asfile, write_from_a_bad_address_is_efault_or_the_short_count)
{
	char *pages = cliff(), *end = pages + 2 * PAGE;
	struct iovec iov[2] = { { pages, 10 }, { end, 10 } };
	int vec = new_vector();

	check_fails(EFAULT, write(vec, nowhere, 1));
	check_fails(EFAULT, write(vec, end, 10 * PAGE));
	check_fails(EFAULT, write(vec, (void *)-PAGE, 10));
	iov[0].iov_base = end;
	check_fails(EFAULT, writev(vec, iov, 2));
	check_span(vec, 0, 0);
	/* what is there is taken */
	check_eq(10, write(vec, end - 10, 20));
	check_eq(2 * PAGE, write(vec, pages, MIB(2)));
	iov[0].iov_base = pages;
	check_eq(10, writev(vec, iov, 2));
	check_span(vec, 0, 2 * PAGE + 20);
	check_eq(10, sv_drop(vec, 10));
	check_eq(10, pread(vec, pages, 10, 2 * PAGE + 10));
	check_eq(-1, pattern_check(pages, SEED, 0, 10));
	check_eq(2 * PAGE, read(vec, pages, 2 * PAGE));
	check_eq(-1, pattern_check(pages, SEED, 0, 2 * PAGE));
	unmap_pages(pages, 2 * PAGE);
}

TEST_F(asfile, read_takes_from_the_head_what_there_is)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 20000);
	char a[100], b[3000], c[20000];
	struct iovec iov[3] = { { a, 100 }, { b, 3000 }, { c, 20000 } };
	struct splicevec_info info;

	check_eq(0, read(vec, a, 100));
	check_eq(0, readv(vec, iov, 3));
	check_eq(10000, sv_pull(vec, file, 0, 10000, 0));
	write_pattern(vec, SEED, 10000, 5000);
	check_eq(5000, sv_pull(vec, file, 15000, SV_ALL, 0));
	check_eq(100, read(vec, a, 100));
	check_eq(-1, pattern_check(a, SEED, 0, 100));
	check_span(vec, 100, 20000);
	check_eq(19900, readv(vec, iov, 3));
	check_eq(-1, pattern_check(a, SEED, 100, 100));
	check_eq(-1, pattern_check(b, SEED, 200, 3000));
	check_eq(-1, pattern_check(c, SEED, 3200, 16800));
	must_sv(sv_info(vec, &info));
	check_eq(20000, info.head);
	check_eq(20000, info.tail);
	check_eq(0, info.spans);
	check_eq(0, info.loans);
	check_eq(0, info.pages);
	check_eq(0, read(vec, a, 100));
}

TEST_F(asfile, read_to_a_bad_address_loses_nothing)
{
	static const size_t fits[] = { 1, 100, PAGE - 1, PAGE, PAGE + 1, 5000 };
	char *pages = cliff(), *end = pages + 2 * PAGE;
	struct iovec iov[2] = { { pages, 10 }, { end, 10 } };
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 20000);
	uint64_t pos = 0;
	size_t i;

	/* spans of some pages, and of some bytes */
	check_eq(9000, sv_pull(vec, file, 0, 9000, 0));
	for (i = 0; i < 11; i++)
		check_eq(1000, sv_pull(vec, file, 9000 + i * 1000, 1000, 0));
	check_fails(EFAULT, read(vec, nowhere, 1));
	check_fails(EFAULT, read(vec, end, 20000));
	check_fails(EFAULT, read(vec, (void *)-PAGE, 10));
	check_fails(EFAULT, pread(vec, end, 10, 5));
	check_span(vec, 0, 20000);
	for (i = 0; i < ARRAY_LEN(fits); i++) {
		context("room for %zu", fits[i]);
		check_eq(fits[i], read(vec, end - fits[i], 3 * PAGE));
		check_eq(-1, pattern_check(end - fits[i], SEED, pos, fits[i]));
		pos += fits[i];
		check_span(vec, pos, 20000);
	}
	context("two pieces");
	check_eq(10, readv(vec, iov, 2));
	check_eq(-1, pattern_check(pages, SEED, pos, 10));
	context("the rest");
	read_pattern(vec, SEED, pos + 10, 20000 - pos - 10);
	unmap_pages(pages, 2 * PAGE);
}

TEST_F(asfile, vector_open_for_one_direction_refuses_the_other)
{
	int reads = must(open("/dev/splicevec", O_RDONLY));
	int writes = must(open("/dev/splicevec", O_WRONLY));
	char byte = 0;
	struct iovec iov = { &byte, 1 };

	check_fails(EBADF, write(reads, &byte, 1));
	check_fails(EBADF, writev(reads, &iov, 1));
	check_eq(0, read(reads, &byte, 1));
	check_eq(1, write(writes, &byte, 1));
	check_fails(EBADF, read(writes, &byte, 1));
	check_fails(EBADF, readv(writes, &iov, 1));
	check_fails(EBADF, pread(writes, &byte, 1, 0));
	check_span(writes, 0, 1);
}

TEST_F(asfile, pread_looks_at_absolute_positions_and_takes_nothing)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 20000);
	char a[1000], b[5000];
	struct iovec iov[2] = { { a, 1000 }, { b, 5000 } };
	int64_t at;

	check_eq(0, pread(vec, a, 1, 0));
	check_eq(12000, sv_pull(vec, file, 0, 12000, 0));
	write_pattern(vec, SEED, 12000, 8000);
	check_eq(1000, sv_drop(vec, 1000));
	check_fails(ESTALE, pread(vec, a, 1000, 999));
	check_fails(ESTALE, pread(vec, a, 1000, 0));
	check_fails(ESTALE, preadv(vec, iov, 2, 999));
	check_fails(EINVAL, pread(vec, a, 1000, -1));
	check_fails(EINVAL, pread(vec, a, 1000, INT64_MIN));
	check_fails(EINVAL, preadv(vec, iov, 2, -1));
	check_fails(EINVAL, preadv2(vec, iov, 2, -2, 0));
	for (at = 1000; at < 20000; at += 997) {
		size_t n = at < 15000 ? 5000 : 20000 - at;

		context("at %lld", (long long)at);
		check_eq(n, pread(vec, b, 5000, at));
		check_eq(-1, pattern_check(b, SEED, at, n));
	}
	context("vectors");
	check_eq(6000, preadv(vec, iov, 2, 9000));
	check_eq(-1, pattern_check(a, SEED, 9000, 1000));
	check_eq(-1, pattern_check(b, SEED, 10000, 5000));
	check_eq(1500, preadv2(vec, iov, 2, 18500, 0));
	check_eq(-1, pattern_check(a, SEED, 18500, 1000));
	check_eq(-1, pattern_check(b, SEED, 19500, 500));
	context("behind");
	check_eq(0, pread(vec, a, 1000, 20000));
	check_eq(0, pread(vec, a, 1000, 20001));
	check_eq(0, pread(vec, a, 1000, 1LL << 62));
	check_eq(0, pread(vec, a, 1000, INT64_MAX - 1000));
	check_span(vec, 1000, 20000);
	/* the position of a file that has none: its head */
	check_eq(1000, preadv2(vec, iov, 1, -1, 0));
	check_eq(-1, pattern_check(a, SEED, 1000, 1000));
	check_span(vec, 2000, 20000);
}

TEST_F(asfile, nothing_can_be_written_but_at_the_end)
{
	struct iovec iov = { "abc", 3 };
	int vec = new_vector();
	char buf[10];

	write_pattern(vec, SEED, 0, 5);
	check_fails(ESPIPE, pwrite(vec, "abc", 3, 0));
	check_fails(ESPIPE, pwrite(vec, "abc", 3, 5));
	check_fails(ESPIPE, pwritev(vec, &iov, 1, 0));
	check_fails(ESPIPE, pwritev2(vec, &iov, 1, 5, 0));
	check_fails(ESPIPE, lseek(vec, 0, SEEK_SET));
	check_fails(ESPIPE, lseek(vec, 0, SEEK_CUR));
	check_fails(ESPIPE, lseek(vec, 1, SEEK_END));
	check_fails(EINVAL, ftruncate(vec, 0));
	check_span(vec, 0, 5);
	check_eq(3, pwritev2(vec, &iov, 1, -1, 0));
	check_eq(8, read(vec, buf, 10));
	check(!memcmp(buf + 5, "abc", 3), "other bytes arrived");
}

TEST_F(asfile, copy_file_range_is_for_files)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 100);
	off_t at = 0;

	write_pattern(vec, SEED, 0, 100);
	check_fails(EINVAL, copy_file_range(vec, &at, file, NULL, 10, 0));
	check_fails(EINVAL, copy_file_range(vec, NULL, file, NULL, 10, 0));
	check_fails(EINVAL, copy_file_range(file, NULL, vec, NULL, 10, 0));
	check_eq(0, lseek(file, 0, SEEK_CUR));
	check_span(vec, 0, 100);
}

TEST_HARNESS_MAIN
