// SPDX-License-Identifier: GPL-2.0-only
/* File positions, as pread, read, pwrite and write have them. */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"

#include <fcntl.h>
#include <splicevec.h>

#define SEED	23

FIXTURE_VARIANT(positions)
{
	enum place place;
};

LEDGER_FIXTURE(positions)

FIXTURE_VARIANT_ADD(positions, ext4)
{
	.place = EXT4,
};

FIXTURE_VARIANT_ADD(positions, xfs)
{
	.place = XFS,
};

FIXTURE_VARIANT_ADD(positions, tmpfs)
{
	.place = TMPFS,
};

TEST_F(positions, pull_at_an_offset_leaves_the_position_of_the_source)
{
	int vec = new_vector(), fd;

	NEEDS_PLACE();
	fd = pattern_file(variant->place, SEED, 20000);
	must(lseek(fd, 7, SEEK_SET));
	check_eq(5000, sv_pull(vec, fd, 4097, 5000, 0));
	check_eq(7, lseek(fd, 0, SEEK_CUR));
	check_taken(vec, SEED, 4097, 5000);
}

TEST_F(positions, pull_at_the_position_moves_it_by_the_bytes_pulled)
{
	int vec = new_vector(), fd;

	NEEDS_PLACE();
	fd = pattern_file(variant->place, SEED, 20000);
	must(lseek(fd, 4097, SEEK_SET));
	check_eq(5000, sv_pull(vec, fd, SV_POSITION, 5000, 0));
	check_eq(9097, lseek(fd, 0, SEEK_CUR));
	check_eq(10903, sv_pull(vec, fd, SV_POSITION, SV_ALL, 0));
	check_eq(20000, lseek(fd, 0, SEEK_CUR));
	check_eq(0, sv_pull(vec, fd, SV_POSITION, SV_ALL, 0));
	check_eq(20000, lseek(fd, 0, SEEK_CUR));
	must(lseek(fd, 30000, SEEK_SET));
	check_eq(0, sv_pull(vec, fd, SV_POSITION, 1, 0));
	check_eq(30000, lseek(fd, 0, SEEK_CUR));
	check_taken(vec, SEED, 4097, 15903);
}

/* What was not there at the end of the file is there once it is written. */
TEST_F(positions, pull_goes_on_where_a_growing_file_ended)
{
	int vec = new_vector(), fd, writer;
	char buf[5000];

	NEEDS_PLACE();
	fd = pattern_file(variant->place, SEED, 5000);
	writer = reopen(fd, O_WRONLY | O_APPEND);
	check_eq(5000, sv_pull(vec, fd, SV_POSITION, SV_ALL, 0));
	check_eq(0, sv_pull(vec, fd, SV_POSITION, SV_ALL, 0));
	pattern_fill(buf, SEED, 5000, 5000);
	write_all(writer, buf, 5000);
	check_eq(5000, sv_pull(vec, fd, SV_POSITION, SV_ALL, 0));
	check_taken(vec, SEED, 0, 10000);
}

TEST_F(positions, hole_is_pulled_as_zeroes)
{
	int vec = new_vector(), fd;
	char buf[20000], zeroes[20000] = {};

	NEEDS_PLACE();
	fd = new_file(variant->place, O_RDWR);
	must(ftruncate(fd, 19999));
	check_eq(19999, sv_pull(vec, fd, 0, SV_ALL, 0));
	check_eq(19999, sv_push_mem(vec, buf, sizeof(buf), 0));
	check(!memcmp(buf, zeroes, 19999), "not zero");
}

static int filled_vector(size_t len)
{
	int vec = new_vector(), fd = pattern_file(TMPFS, SEED, len);

	check_eq(len, sv_pull(vec, fd, 0, SV_ALL, 0));
	close(fd);
	return vec;
}

TEST_F(positions, push_at_an_offset_leaves_the_position_of_the_sink)
{
	static const int flags[] = { 0, O_DIRECT };
	size_t i;

	NEEDS_PLACE();
	/* tmpfs has O_DIRECT only lately */
	for (i = 0; i < (variant->place == TMPFS ? 1 : 2); i++) {
		int vec = filled_vector(10000);
		int fd = new_file(variant->place, O_RDWR | flags[i]);

		context("flags %#o", flags[i]);
		must(lseek(fd, 7, SEEK_SET));
		check_eq(10000, sv_push(vec, fd, 8192, SV_ALL, 0));
		check_eq(7, lseek(fd, 0, SEEK_CUR));
		check_eq(18192, lseek(fd, 0, SEEK_END));
		check_eq(-1, file_check(reopen(fd, O_RDONLY), 8192, SEED, 0,
					10000));
	}
}

TEST_F(positions, push_at_the_position_moves_it_by_the_bytes_pushed)
{
	static const int flags[] = { 0, O_DIRECT };
	size_t i;

	NEEDS_PLACE();
	for (i = 0; i < (variant->place == TMPFS ? 1 : 2); i++) {
		int vec = filled_vector(20000);
		int fd = new_file(variant->place, O_RDWR | flags[i]);

		context("flags %#o", flags[i]);
		must(lseek(fd, 1000, SEEK_SET));
		check_eq(7, sv_push(vec, fd, SV_POSITION, 7, 0));
		check_eq(1007, lseek(fd, 0, SEEK_CUR));
		check_eq(19993, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
		check_eq(21000, lseek(fd, 0, SEEK_CUR));
		check_eq(0, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
		check_eq(21000, lseek(fd, 0, SEEK_CUR));
		check_eq(-1, file_check(reopen(fd, O_RDONLY), 1000, SEED, 0,
					20000));
	}
}

TEST_F(positions, push_to_an_append_file_goes_to_its_end)
{
	static const int flags[] = { 0, O_DIRECT };
	size_t i;

	NEEDS_PLACE();
	for (i = 0; i < (variant->place == TMPFS ? 1 : 2); i++) {
		int vec = filled_vector(15000), old, fd;

		context("flags %#o", flags[i]);
		old = pattern_file(variant->place, SEED, 5000);
		check_eq(5000, sv_drop(vec, 5000));
		fd = reopen(old, O_RDWR | O_APPEND | flags[i]);
		must(lseek(fd, 3, SEEK_SET));
		check_eq(6000, sv_push(vec, fd, SV_POSITION, 6000, 0));
		check_eq(11000, lseek(fd, 0, SEEK_CUR));
		must(lseek(fd, 3, SEEK_SET));
		check_eq(4000, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
		check_eq(15000, lseek(fd, 0, SEEK_END));
		check_eq(-1, file_check(old, 0, SEED, 0, 15000));
	}
}

TEST_F(positions, duplicates_of_an_fd_share_the_position)
{
	int vec = new_vector(), fd, twin;

	NEEDS_PLACE();
	fd = pattern_file(variant->place, SEED, 9000);
	twin = must(dup(fd));
	check_eq(4000, sv_pull(vec, fd, SV_POSITION, 4000, 0));
	check_eq(5000, sv_pull(vec, twin, SV_POSITION, SV_ALL, 0));
	check_taken(vec, SEED, 0, 9000);
}

TEST_F(positions, splice_uses_and_moves_each_side_as_told)
{
	struct splicevec_splice cmd;
	int vec = new_vector(), in, out;

	NEEDS_PLACE();
	in = pattern_file(variant->place, SEED, 20000);
	out = new_file(variant->place, O_RDWR);
	must(lseek(in, 11, SEEK_SET));
	cmd = (struct splicevec_splice){
		.in = in,
		.out = out,
		.in_offset = 100,
		.out_offset = SV_POSITION,
		.len = 5000,
	};
	check_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(5000, cmd.pulled);
	check_eq(5000, cmd.pushed);
	check_eq(5000, cmd.copied);
	check_eq(0, cmd.result);
	check_eq(11, lseek(in, 0, SEEK_CUR));
	check_eq(5000, lseek(out, 0, SEEK_CUR));
	cmd.in_offset = SV_POSITION;
	cmd.out_offset = 8000;
	cmd.len = SV_ALL;
	check_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(19989, cmd.pulled);
	check_eq(19989, cmd.pushed);
	check_eq(SPLICEVEC_EOF, cmd.result);
	check_eq(20000, lseek(in, 0, SEEK_CUR));
	check_eq(5000, lseek(out, 0, SEEK_CUR));
	check_eq(-1, file_check(out, 0, SEED, 100, 5000));
	check_eq(-1, file_check(out, 8000, SEED, 11, 19989));
}

/* Positions of a vector are absolute; a pull leaves it as it is. */
TEST_F(positions, vector_as_a_source_is_read_at_absolute_positions)
{
	int from = filled_vector(20000), vec = new_vector();
	struct splicevec_info info;

	check_eq(1000, sv_drop(from, 1000));
	check_errno(ESTALE, sv_pull(vec, from, 999, 10, 0));
	check_eq(10, sv_pull(vec, from, 1000, 10, 0));
	check_eq(10, sv_pull(vec, from, 1010, 10, 0));
	check_eq(0, sv_pull(vec, from, 20000, 10, 0));
	check_taken(vec, SEED, 1000, 20);
	check_eq(19000, sv_pull(vec, from, SV_POSITION, SV_ALL, 0));
	check_taken(vec, SEED, 1000, 19000);
	must_sv(sv_info(from, &info));
	check_eq(1000, info.head);
	check_eq(20000, info.tail);
}

/* -1 is its head when the call begins, not again and again. */
TEST_F(positions, splice_from_the_head_of_a_vector_goes_through_it_once)
{
	struct splicevec_splice cmd = {
		.in = filled_vector(MIB(3)),
		.out = new_file(TMPFS, O_RDWR),
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = MIB(5),
	};
	struct splicevec_info info;
	int vec = new_vector();

	check_eq(1000, sv_drop(cmd.in, 1000));
	check_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(MIB(3) - 1000, cmd.pulled);
	check_eq(MIB(3) - 1000, cmd.pushed);
	check_eq(SPLICEVEC_EOF, cmd.result);
	check_eq(MIB(3) - 1000, lseek(cmd.out, 0, SEEK_END));
	check_eq(-1, file_check(cmd.out, 0, SEED, 1000, MIB(3) - 1000));
	/* more than goes at once, and not all of it */
	must(ftruncate(cmd.out, 0));
	must(lseek(cmd.out, 0, SEEK_SET));
	cmd.len = MIB(2) + 5;
	check_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(MIB(2) + 5, cmd.pushed);
	check_eq(0, cmd.result);
	check_eq(-1, file_check(cmd.out, 0, SEED, 1000, MIB(2) + 5));
	must_sv(sv_info(cmd.in, &info));
	check_eq(1000, info.head);
	check_eq(MIB(3), info.tail);
}

TEST_HARNESS_MAIN
