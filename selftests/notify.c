// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lent, and told of it once: the record comes when the last user is gone, whoever
 * that is and however it went.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"
#include "records.h"
#include "users.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define SEED	RECORDS_SEED
#define OTHER	62

LEDGER_FIXTURE(notify)

static int lend(char *memory, size_t len, uint64_t user_data)
{
	int vec = new_vector();

	pattern_fill(memory, SEED, 0, len);
	check_eq(len, sv_pull_mem_notify(vec, memory, len, 0, user_data));
	return vec;
}

TEST_F(notify, record_comes_when_the_vector_lets_go)
{
	char *memory = map_pages(3 * PAGE);
	int vec = lend(memory, 3 * PAGE, 1);

	check_eq(2 * PAGE, sv_drop(vec, 2 * PAGE));
	check_no_record(vec);
	check_eq(PAGE, sv_drop(vec, SV_ALL));
	check_notify_once(vec, 1, 3 * PAGE);
	unmap_pages(memory, 3 * PAGE);
}

FIXTURE_VARIANT(last_user)
{
	const struct user_kind *user;
};

LEDGER_FIXTURE(last_user)

#define LAST_USER(by)							\
	FIXTURE_VARIANT_ADD(last_user, by) { .user = &user_##by }
LAST_USER(vector);
LAST_USER(slice);
LAST_USER(pipe);
LAST_USER(tee);
LAST_USER(other_pipe);
LAST_USER(pulled);
LAST_USER(message);
LAST_USER(map);
LAST_USER(tcp);
LAST_USER(tcp_reset);

TEST_F(last_user, record_waits_for_it)
{
	size_t len = variant->user->len;
	char *memory = map_pages(len);
	struct user user;
	int vec;

	NEEDS(user_missing(variant->user));
	vec = lend(memory, len, 2);
	user_begin(&user, variant->user, vec);
	check_eq(len, sv_drop(vec, SV_ALL));
	check_no_record(vec);
	user_end(&user);
	check_notify_once(vec, 2, len);
	unmap_pages(memory, len);
}

/* Killed with what it had. */
TEST_F(last_user, record_waits_for_a_process_that_is_killed)
{
	size_t len = variant->user->len;
	char *memory = map_pages(len);
	pid_t pid;
	int vec;

	NEEDS(user_missing(variant->user));
	vec = lend(memory, len, 3);
	pid = user_begin_process(variant->user, vec);
	check_eq(len, sv_drop(vec, SV_ALL));
	check_no_record(vec);
	user_kill(pid);
	check_notify_once(vec, 3, len);
	unmap_pages(memory, len);
}

/* Only then: what a sink has got does not change with what comes after. */
TEST_F(notify, memory_may_change_after_the_record)
{
	char *memory = map_pages(PAGE);
	int vec = lend(memory, PAGE, 4), unix_fds[2], pipe[2], tcp[2];

	stream_pair(UNIX, unix_fds);
	stream_pair(TCP4, tcp);
	must(pipe2(pipe, O_CLOEXEC));
	check_eq(PAGE, sv_push_window(vec, unix_fds[0], SV_POSITION, SV_HEAD,
				      SV_ALL, 0));
	check_eq(PAGE, sv_push_window(vec, tcp[0], SV_POSITION, SV_HEAD, SV_ALL,
				      0));
	check_eq(PAGE, sv_push(vec, pipe[1], SV_POSITION, SV_ALL, 0));
	check_no_record(vec);
	check_arrives(pipe[0], SEED, 0, PAGE);
	check_notify_once(vec, 4, PAGE);
	pattern_fill(memory, OTHER, 0, PAGE);
	check_arrives(unix_fds[1], SEED, 0, PAGE);
	check_arrives(tcp[1], SEED, 0, PAGE);
	unmap_pages(memory, PAGE);
}

/* Page cache and pages of our own, which sinks otherwise take references on. */
TEST_F(notify, plain_pages_are_tracked_too)
{
	int file = pattern_file(EXT4, SEED, 2 * PAGE), pipe[2];
	int vec = new_vector();

	must(pipe2(pipe, O_CLOEXEC));
	check_eq(2 * PAGE, sv_pull_notify(vec, file, 0, 2 * PAGE, 0, 5));
	check_eq(2 * PAGE, sv_push(vec, pipe[1], SV_POSITION, SV_ALL, 0));
	check_no_record(vec);
	check_arrives(pipe[0], SEED, 0, 2 * PAGE);
	check_notify_once(vec, 5, 2 * PAGE);
	check_eq(PAGE, sv_pull_notify(vec, file, 0, PAGE, SPLICEVEC_COPY, 6));
	check_eq(PAGE, sv_push(vec, pipe[1], SV_POSITION, SV_ALL, 0));
	check_no_record(vec);
	close(pipe[0]);
	close(pipe[1]);
	check_notify_once(vec, 6, PAGE);
}

TEST_F(notify, pull_of_nothing_has_one)
{
	int file = new_file(EXT4, O_RDWR), vec = new_vector();

	check_eq(0, sv_pull_notify(vec, file, 0, PAGE, 0, 7));
	check_notify_once(vec, 7, 0);
}

TEST_F(notify, pull_that_fails_has_none)
{
	char *memory = map_pages(PAGE);
	int vec = new_vector();

	unmap_pages(memory, PAGE);
	check_errno(EFAULT, sv_pull_mem_notify(vec, memory, PAGE, 0, 8));
	check_no_record(vec);
}

TEST_F(notify, spans_of_vectors_have_users_already)
{
	char *memory = map_pages(PAGE);
	int from = lend(memory, PAGE, 9), to = new_vector();

	check_errno(EOPNOTSUPP, sv_pull_notify(to, from, SV_POSITION, PAGE, 0, 10));
	check_no_record(to);
	check_eq(PAGE, sv_pull_notify(to, from, SV_POSITION, PAGE,
				      SPLICEVEC_COPY, 10));
	check_eq(PAGE, sv_drop(from, SV_ALL));
	check_notify_once(from, 9, PAGE);
	check_no_record(to);
	check_eq(PAGE, sv_drop(to, SV_ALL));
	check_notify_once(to, 10, PAGE);
	unmap_pages(memory, PAGE);
}

/* Whoever takes a span back out of a pipe is no part of what was promised. */
TEST_F(notify, span_taken_back_from_a_pipe_is_another_use)
{
	char *memory = map_pages(PAGE);
	int vec = lend(memory, PAGE, 11), back = new_vector(), pipe[2];

	must(pipe2(pipe, O_CLOEXEC));
	check_eq(PAGE, sv_push(vec, pipe[1], SV_POSITION, SV_ALL, 0));
	check_eq(PAGE, sv_pull(back, pipe[0], SV_POSITION, PAGE, 0));
	check_no_record(vec);
	check_eq(PAGE, sv_push(back, pipe[1], SV_POSITION, SV_ALL, 0));
	check_eq(PAGE, sv_pull_notify(back, pipe[0], SV_POSITION, PAGE, 0, 12));
	check_notify_once(vec, 11, PAGE);
	pattern_fill(memory, OTHER, 0, PAGE);
	check_arrives(back, SEED, 0, PAGE);
	check_notify_once(back, 12, PAGE);
	unmap_pages(memory, PAGE);
}

TEST_F(notify, vector_closed_before_its_record_leaves_nothing)
{
	char *memory = map_pages(PAGE);
	struct ledger before;
	int vec, pipe[2];

	must(pipe2(pipe, O_CLOEXEC));
	ledger_read(&before);
	vec = lend(memory, PAGE, 13);
	check_eq(PAGE, sv_push(vec, pipe[1], SV_POSITION, SV_ALL, 0));
	close(vec);
	check_arrives(pipe[0], SEED, 0, PAGE);
	ledger_settle(&before);
	unmap_pages(memory, PAGE);
}

TEST_HARNESS_MAIN
