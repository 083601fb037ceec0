// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody without rights stalls a writer or an fsync by a stable push, by whatever path:
 * what is pinned is what CAP_SYS_ADMIN of the first user namespace pushes, of files that
 * were open for writing, where the administrator has allowed it.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "held_fixture.h"
#include "netem.h"
#include "pins.h"
#include "places_file.h"
#include "volumes.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY	65534
#define SIZE	(4 * PAGE)
#define TAG	21

/* Pages that were not pinned yet, pulled into the vector. */
static unsigned int fill(struct held *held)
{
	unsigned int first = held->next;

	held->next += HELD_APART;
	check_eq(SIZE, sv_pull(held->vec, held->file.file, first * PAGE, SIZE, 0));
	return first;
}

static bool may_pin(int vec)
{
	struct splicevec_features features;

	must_sv(sv_features(vec, -1, &features));
	return features.features & SPLICEVEC_FEAT_STABLE_PIN;
}

static void drop_capability(int which)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	must(syscall(SYS_capget, &head, data));
	data[which / 32].effective &= ~(1U << which % 32);
	data[which / 32].permitted &= ~(1U << which % 32);
	must(syscall(SYS_capset, &head, data));
}

static void become_nobody(void)
{
	struct rlimit enough = { MIB(8), MIB(8) };

	must(setrlimit(RLIMIT_MEMLOCK, &enough));
	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
}

static void become_root_without_the_right(void)
{
	drop_capability(CAP_SYS_ADMIN);
}

/* There one has all rights. */
static void enter_a_user_namespace(void)
{
	must(unshare(CLONE_NEWUSER));
}

static void become_nobody_in_a_user_namespace(void)
{
	become_nobody();
	enter_a_user_namespace();
}

static const struct {
	const char *name;
	void (*become)(void);
} strangers[] = {
	{ "nobody", become_nobody },
	{ "root without the right", become_root_without_the_right },
	{ "root of a user namespace", enter_a_user_namespace },
	{ "nobody in a user namespace", become_nobody_in_a_user_namespace },
};

static void push_with_the_flag(struct held *held)
{
	check_eq(0, push_pinning(held->vec, held->fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
}

static void push_with_the_longest_time(struct held *held)
{
	check_eq(0, push_pinning(held->vec, held->fds[0], SV_POSITION, SIZE,
				 PINS_LONGEST, TAG).pinned);
}

static void push_by_the_policy(struct held *held)
{
	struct splicevec_push push = {
		.fd = held->fds[0],
		.flags = SPLICEVEC_STRICT,
		.offset = SV_POSITION,
		.len = SIZE,
	};

	check_errno(0, sv_cmd_push(held->vec, &push));
	check_eq(SIZE, push.bytes);
	check_eq(SIZE, push.copied);
	check_eq(0, push.pinned);
}

static void push_with_the_policy(struct held *held)
{
	must_sv(sv_policy(held->vec, SPLICEVEC_STABLE, SPLICEVEC_STABLE));
	push_by_the_policy(held);
	must_sv(sv_policy(held->vec, SPLICEVEC_STABLE, 0));
}

static void push_without_copies(struct held *held)
{
	check_errno(EOPNOTSUPP,
		    sv_push_strict(held->vec, held->fds[0], SV_POSITION, SIZE,
				   SPLICEVEC_STABLE | SPLICEVEC_NOCOPY, TAG));
	sv_drop(held->vec, SIZE);
}

static void push_by_ring(struct held *held, unsigned int flags)
{
	struct splicevec_push push;
	struct io_uring ring;

	if (ring_missing(0))
		return;
	ring_open(&ring, 4, 0);
	held_push_by_ring(held, &ring, &push, TAG, flags);
	/* its end is far away where the CQE is that */
	if (!ring_tells_strict(held->vec)) {
		check_eq(SIZE, ring_result(&ring, TAG));
		check_eq(0, push.pinned);
	}
	io_uring_queue_exit(&ring);
}

static void push_by_ring_at_once(struct held *held)
{
	push_by_ring(held, 0);
}

static void push_by_a_thread_of_the_kernel(struct held *held)
{
	push_by_ring(held, IOSQE_ASYNC);
}

/* The memory of a file that is mapped, which has been lent for long. */
static void push_memory_of_the_file(struct held *held)
{
	sv_drop(held->vec, SIZE);
	if (sv_pull_mem(held->vec, held_page(held, held->next), SIZE, 0) == SIZE)
		push_with_the_flag(held);
}

static const struct {
	const char *name;
	void (*push)(struct held *held);
} paths[] = {
	{ "flag", push_with_the_flag },
	{ "longest time", push_with_the_longest_time },
	{ "policy", push_with_the_policy },
	{ "no copies", push_without_copies },
	{ "ring", push_by_ring_at_once },
	{ "thread of io_uring", push_by_a_thread_of_the_kernel },
	{ "memory", push_memory_of_the_file },
};

struct attempt {
	struct held *held;
	size_t who, how;
};

static bool try_it(void *arg)
{
	struct attempt *attempt = arg;

	strangers[attempt->who].become();
	check(!may_pin(attempt->held->vec), "is told it could");
	paths[attempt->how].push(attempt->held);
	return true;
}

/* The vector is root's, its pages were pulled by root: what counts is who pushes. */
TEST_F(held, stranger_pins_nothing_by_any_path)
{
	struct held *held = &self->held;
	struct attempt attempt = { .held = held };
	unsigned int page;

	/* it is not that nothing can be pinned; that may be a folio others are in */
	check(may_pin(held->vec), "root cannot pin");
	page = held_pin(held, 1);
	await_no_writeback(held_page(held, page));
	for (attempt.who = 0; attempt.who < ARRAY_LEN(strangers); attempt.who++) {
		for (attempt.how = 0; attempt.how < ARRAY_LEN(paths);
		     attempt.how++) {
			page = fill(held);
			context("%s, %s", strangers[attempt.who].name,
				paths[attempt.how].name);
			check(in_child(try_it, &attempt), "see above");
			check(!page_is_writeback(held_page(held, page)),
			      "a page is pinned");
		}
	}
}

TEST_F(held, nothing_is_pinned_unless_the_administrator_says_so)
{
	struct held *held = &self->held;
	size_t i;

	pins_forbid();
	check(!may_pin(held->vec), "is told it could");
	for (i = 0; i < ARRAY_LEN(paths); i++) {
		unsigned int page = fill(held);

		context("%s", paths[i].name);
		paths[i].push(held);
		check(!page_is_writeback(held_page(held, page)), "a page is pinned");
	}
}

static bool set_the_policy(void *arg)
{
	struct held *held = arg;

	become_nobody();
	must_sv(sv_policy(held->vec, SPLICEVEC_STABLE, SPLICEVEC_STABLE));
	return true;
}

/* Who holds a vector has nobody wait by the rights of whoever pushes from it. */
TEST_F(held, policy_of_a_stranger_has_root_pin_nothing)
{
	struct held *held = &self->held;
	unsigned int page = fill(held);

	check(in_child(set_the_policy, held), "see above");
	push_by_the_policy(held);
	check(!page_is_writeback(held_page(held, page)), "a page is pinned");
	/* root may, and does if it says so itself */
	held_pin(held, 1);
}

static unsigned int flags_of(int vec)
{
	struct splicevec_span span = {};

	check_eq(1, sv_spans(vec, 0, &span, 1));
	return span.flags;
}

/* Who may only read a file shall not keep its writers waiting, whoever pushes. */
TEST_F(held, file_open_for_reading_only_is_never_pinned)
{
	struct held *held = &self->held;
	int fd = reopen(held->file.file, O_RDONLY), vec = new_vector();

	check_eq(SIZE, sv_pull(vec, fd, 0, SIZE, 0));
	check(!(flags_of(vec) & SPLICEVEC_SPAN_WRITABLE), "is told it is writable");
	check_eq(0, push_pinning(vec, held->fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
	/* nor what was read from the disk for it */
	evict(fd);
	check_eq(SIZE, sv_pull(vec, fd, SIZE, SIZE, 0));
	check_eq(0, push_pinning(vec, held->fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
	check_eq(SIZE, sv_pull(vec, held->file.file, 2 * SIZE, SIZE, 0));
	check_eq(SPLICEVEC_SPAN_WRITABLE, flags_of(vec) & SPLICEVEC_SPAN_WRITABLE);
	check_eq(SIZE, push_pinning(vec, held->fds[0], SV_POSITION, SIZE, 0, TAG).pinned);
	close(vec);
	close(fd);
}

/* A pin is for those who have to be told that it was too short. */
TEST_F(held, only_a_push_with_a_record_pins)
{
	struct held *held = &self->held;
	struct splicevec_push push = {
		.fd = held->fds[0],
		.flags = SPLICEVEC_STABLE,
		.offset = SV_POSITION,
		.len = SIZE,
	};
	unsigned int page = fill(held);

	check_errno(0, sv_cmd_push(held->vec, &push));
	check_eq(SIZE, push.bytes);
	check_eq(SIZE, push.copied);
	check_eq(0, push.pinned);
	check(!page_is_writeback(held_page(held, page)), "a page is pinned");
}

/* Sinks that pass pages on, or read them as they like, are given copies. */
TEST_F(held, sinks_that_keep_pages_are_given_copies)
{
	struct held *held = &self->held;
	int pipe[2], unix_pair[2], udp[2], other = new_vector();
	size_t i;

	must(pipe2(pipe, O_CLOEXEC));
	stream_pair(UNIX, unix_pair);
	datagram_pair(UDP4, udp);
	const int sinks[] = { pipe[1], unix_pair[0], udp[0], other,
			      new_file(TMPFS, O_RDWR) };

	for (i = 0; i < ARRAY_LEN(sinks); i++) {
		unsigned int page = fill(held);

		context("sink %zu", i);
		check_eq(0, push_pinning(held->vec, sinks[i], SV_POSITION, SIZE, 0,
					 TAG).pinned);
		check(!page_is_writeback(held_page(held, page)), "a page is pinned");
	}
}

TEST_HARNESS_MAIN
