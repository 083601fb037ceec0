// SPDX-License-Identifier: GPL-2.0-only
/* What holds for every push from a vector, and what one would do. */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define SIZE	KIB(64)
#define TAG	12

LEDGER_FIXTURE(policy)

TEST_F(policy, is_none_at_first_and_is_told)
{
	int vec = new_vector();

	check_eq(0, sv_policy(vec, 0, 0));
	check_eq(0, sv_policy(vec, SPLICEVEC_STABLE, SPLICEVEC_STABLE));
	check_eq(SPLICEVEC_STABLE,
		 sv_policy(vec, SPLICEVEC_VERIFY, SPLICEVEC_VERIFY));
	check_eq(SPLICEVEC_STABLE | SPLICEVEC_VERIFY, sv_policy(vec, 0, 0));
	check_eq(SPLICEVEC_STABLE | SPLICEVEC_VERIFY,
		 sv_policy(vec, SPLICEVEC_STABLE, 0));
	check_eq(SPLICEVEC_VERIFY, sv_policy(vec, 0, 0));
	/* another one has its own */
	check_eq(0, sv_policy(new_vector(), 0, 0));
}

/* By each way out of a vector: the pipe has what was there. */
static void by_push(int vec, int fd)
{
	check_eq(SIZE, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
}

static void by_splice_command(int vec, int fd)
{
	struct splicevec_splice cmd = {
		.in = new_vector(),
		.out = fd,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
	};

	check_errno(0, sv_cmd_splice(vec, &cmd));
	check_eq(SIZE, cmd.pushed);
	check_eq(SIZE, cmd.copied);
}

static void by_splice_call(int vec, int fd)
{
	check_eq(SIZE, splice(vec, NULL, fd, NULL, SIZE, 0));
}

TEST_F(policy, stable_holds_for_whatever_leaves_the_vector)
{
	void (*const ways[])(int vec, int fd) = {
		by_push, by_splice_command, by_splice_call,
	};
	char *memory = map_pages(SIZE);
	size_t i;

	for (i = 0; i < ARRAY_LEN(ways); i++) {
		int fds[2], vec = memory_vector(memory, SIZE);

		context("way %zu", i);
		pipe_pair(ANYWHERE, fds);
		check_eq(0, sv_policy(vec, SPLICEVEC_STABLE, SPLICEVEC_STABLE));
		ways[i](vec, fds[0]);
		memset(memory, 0x5a, SIZE);
		check_arrives(fds[1], SEED, 0, SIZE);
		close(vec);
	}
	unmap_pages(memory, SIZE);
}

TEST_F(policy, verify_holds_for_strict_pushes_and_hinders_no_others)
{
	char *memory = map_pages(SIZE);
	int fds[2], vec = memory_vector(memory, SIZE);

	pipe_pair(ANYWHERE, fds);
	sv_policy(vec, SPLICEVEC_VERIFY, SPLICEVEC_VERIFY);
	check_eq(PAGE, sv_push(vec, fds[0], SV_POSITION, PAGE, 0));
	check_eq(SIZE / 2, sv_push_strict(vec, fds[0], SV_POSITION, SIZE / 2, 0,
					  TAG));
	memset(memory, 0x5a, SIZE);
	read_off(fds[1], PAGE + SIZE / 2);
	check_eq(SPLICEVEC_CHANGED, flags_told(vec, TAG, SIZE / 2));
	unmap_pages(memory, SIZE);
}

LEDGER_FIXTURE(prediction)

/* What is said beforehand is what the push then says. */
static void check_prediction(int vec, int fd, unsigned int flags, size_t copied,
			     enum splicevec_why why)
{
	struct sv_prediction p;
	struct splicevec_push push = {
		.fd = fd,
		.flags = flags,
		.offset = SV_POSITION,
		.len = SV_ALL,
	};

	check_errno(0, sv_predict(vec, fd, flags, &p));
	check_eq(SIZE, p.bytes);
	check_eq(copied, p.copied);
	check_eq(copied, p.by[SPLICEVEC_ROUTE_COPIED]);
	check_eq(copied, p.why[why]);
	check_errno(0, sv_cmd_push(vec, &push));
	check_eq(SIZE, push.bytes);
	check_eq(copied, push.copied);
}

static int half_and_half(char *memory)
{
	int vec = new_vector(), i;

	for (i = 0; i < 100; i++)
		write_pattern(vec, SEED, i, 1);
	write_pattern(vec, SEED, 100, SIZE / 2 - 100);
	must_sv(sv_pull_mem(vec, memory, SIZE / 2, 0));
	return vec;
}

TEST_F(prediction, comes_true)
{
	char *memory = map_pages(SIZE);
	int fds[2], size = 256 * PAGE;

	pipe_pair(ANYWHERE, fds);
	must(fcntl(fds[0], F_SETPIPE_SZ, size));
	context("pipe");
	check_prediction(half_and_half(memory), fds[0], 0, 0,
			 SPLICEVEC_WHY_NOTHING);
	context("pipe, stable");
	read_off(fds[1], SIZE);
	check_prediction(half_and_half(memory), fds[0], SPLICEVEC_STABLE,
			 SIZE / 2, SPLICEVEC_WHY_UNSTABLE);
	context("vector, stable");
	check_prediction(half_and_half(memory), new_vector(), SPLICEVEC_STABLE,
			 SIZE / 2, SPLICEVEC_WHY_UNSTABLE);
	context("tcp, stable");
	stream_pair(TCP4, fds);
	check_prediction(half_and_half(memory), fds[0], SPLICEVEC_STABLE,
			 SIZE / 2, SPLICEVEC_WHY_UNSTABLE);
	context("tmpfs, stable");
	check_prediction(half_and_half(memory), new_file(TMPFS, O_RDWR),
			 SPLICEVEC_STABLE, SIZE, SPLICEVEC_WHY_SINK);
	context("nothing, stable");
	check_prediction(half_and_half(memory), SPLICEVEC_FD_NONE,
			 SPLICEVEC_STABLE, 0, SPLICEVEC_WHY_NOTHING);
	unmap_pages(memory, SIZE);
}

TEST_F(prediction, knows_the_policy)
{
	struct sv_prediction p;
	char *memory = map_pages(SIZE);
	int fds[2], vec = memory_vector(memory, SIZE);

	pipe_pair(ANYWHERE, fds);
	check_errno(0, sv_predict(vec, fds[0], 0, &p));
	check_eq(SIZE, p.by[SPLICEVEC_ROUTE_TRACKED]);
	sv_policy(vec, SPLICEVEC_STABLE, SPLICEVEC_STABLE);
	check_errno(0, sv_predict(vec, fds[0], 0, &p));
	check_eq(SIZE, p.copied);
	check_errno(EBADF, sv_predict(vec, -1000, 0, &p));
	unmap_pages(memory, SIZE);
}

TEST_HARNESS_MAIN
