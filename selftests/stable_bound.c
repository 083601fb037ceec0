// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pin ends at its deadline, whatever became of whoever pushed; pushing again keeps no
 * writer out; and there are never more pages pinned, or memory in use, than is allowed.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "held_fixture.h"
#include "netem.h"
#include "pins.h"
#include "records.h"
#include "volumes.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <splicevec.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534
#define TAG	22

/* The page is free by the deadline, and a writer gets in. */
static void check_ends(struct held *held, unsigned int page, const char *what)
{
	await_no_writeback(held_page(held, page));
	held_check_time(held, what);
	stamped_write(&held->file, page, 1);
	held_check_time(held, "write");
}

TEST_F(held, silent_peer_holds_a_page_no_longer_and_the_record_says_so)
{
	struct held *held = &self->held;
	unsigned int page = held_pin(held, 4);
	struct splicevec_completion record;
	int vec = held->vec;

	check_ends(held, page, "a silent peer");
	netem_clear();
	do {
		check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
		check_eq(0, record.status);
		check_eq(4 * PAGE, record.bytes);
		check_eq(SPLICEVEC_UNSTABLE, record.flags);
	} while (record.user_data != page && !failures());
	netem_set(0, 0);
}

/* Who is heard in time is stable, and is told nothing else. */
TEST_F(held, peer_that_answers_is_stable)
{
	struct held *held = &self->held;
	struct splicevec_completion record = {};
	unsigned int tries;

	netem_clear();
	held->msec = PINS_LONGEST;
	for (tries = 0; tries < 4; tries++) {
		held_pin_at(held, held->next += HELD_APART, 4);
		check_eq(1, sv_reap(held->vec, &record, 1, 1, FOREVER));
		check_eq(0, record.status);
		if (!(record.flags & SPLICEVEC_UNSTABLE))
			break;
	}
	check_eq(0, record.flags);
	check(!page_is_writeback(held_page(held, held->next)), "it is pinned");
	netem_set(0, 0);
}

static bool push_and_wait_for_death(void *arg)
{
	struct held *held = arg;

	held_pin_at(held, held->next, 1);
	if (failures())
		return false;
	raise(SIGKILL);
	return true;
}

TEST_F(held, killed_pusher_holds_a_page_no_longer)
{
	struct held *held = &self->held;
	unsigned int page = held->next;

	held->since = msec_now();
	check(!in_child(push_and_wait_for_death, held), "it was not killed");
	check_ends(held, page, "a killed process");
	held->next += HELD_APART;
}

TEST_F(held, closed_vector_holds_a_page_no_longer)
{
	struct held *held = &self->held;
	unsigned int page = held_pin(held, 1);

	close(held->vec);
	check_ends(held, page, "a closed vector");
	held->vec = new_vector();
}

TEST_F(held, closed_socket_holds_a_page_no_longer)
{
	struct held *held = &self->held;
	unsigned int page = held_pin(held, 1);

	close(held->fds[0]);
	check_ends(held, page, "a closed socket");
	held->fds[0] = must(dup(held->fds[1]));
}

TEST_F(held, canceled_command_of_a_ring_holds_a_page_no_longer)
{
	struct held *held = &self->held;
	struct splicevec_push push;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint64_t which;

	NEEDS(ring_missing(0));
	ring_open(&ring, 4, 0);
	check_eq(PAGE, sv_pull(held->vec, held->file.file, 0, PAGE, 0));
	held_push_by_ring(held, &ring, &push, TAG, 0);
	sqe = ring_sqe(&ring);
	io_uring_prep_cancel64(sqe, TAG, 0);
	io_uring_sqe_set_data64(sqe, TAG + 1);
	ring_submit(&ring, 1);
	/* the one of the cancellation, or of what was canceled; they say what they say */
	ring_next(&ring, &which);
	io_uring_queue_exit(&ring);
	check_ends(held, 0, "a canceled command");
}

TEST_F(held, ring_that_is_closed_holds_a_page_no_longer)
{
	struct held *held = &self->held;
	struct splicevec_push push;
	struct io_uring ring;

	NEEDS(ring_missing(0));
	ring_open(&ring, 4, 0);
	check_eq(PAGE, sv_pull(held->vec, held->file.file, 0, PAGE, 0));
	held_push_by_ring(held, &ring, &push, TAG, 0);
	io_uring_queue_exit(&ring);
	check_ends(held, 0, "a closed ring");
}

/* Nobody may ask for more than there is for all. */
TEST_F(held, push_asks_for_less_than_the_modules_time_not_for_more)
{
	struct held *held = &self->held;

	pins_allow(held->msec, PINS_PLENTY);
	check_eq(PAGE, sv_pull(held->vec, held->file.file, 0, PAGE, 0));
	held->since = msec_now();
	check_eq(PAGE, push_pinning(held->vec, held->fds[0], SV_POSITION, PAGE,
				    PINS_LONGEST, TAG).pinned);
	check_ends(held, 0, "more than allowed");
	check_eq(PAGE, sv_pull(held->vec, held->file.file, HELD_APART * PAGE, PAGE, 0));
	held->since = msec_now();
	check_eq(PAGE, push_pinning(held->vec, held->fds[0], SV_POSITION, PAGE, 0,
				    TAG).pinned);
	check_ends(held, HELD_APART, "as much as allowed");
}

TEST_F(held, administrator_cannot_ask_for_ever)
{
	struct held *held = &self->held;

	pins_allow(1000000, PINS_PLENTY);
	held->msec = PINS_LONGEST;
	check_eq(PAGE, sv_pull(held->vec, held->file.file, 0, PAGE, 0));
	held->since = msec_now();
	check_eq(PAGE, push_pinning(held->vec, held->fds[0], SV_POSITION, PAGE, 0,
				    TAG).pinned);
	check_ends(held, 0, "the longest of all");
}

struct insistent {
	struct worker worker;
	struct held *held;
	_Atomic unsigned int *pins;	/* of all of them */
	bool over;
};

/* As fast as can be: the same pages, and nothing but pins. */
static void push_again_and_again(void *arg)
{
	struct insistent *who = arg;
	struct splicevec_push push;

	while (!__atomic_load_n(&who->over, __ATOMIC_RELAXED)) {
		push = (struct splicevec_push){
			.fd = who->held->fds[0],
			.flags = SPLICEVEC_STRICT | SPLICEVEC_STABLE |
				 SPLICEVEC_NOCOPY | SPLICEVEC_KEEP,
			.offset = SV_POSITION,
			.start = SV_HEAD,
			.len = PAGE,
			.stable_ms = 50,
		};
		if (!sv_cmd_push(who->held->vec, &push))
			*who->pins += push.pinned / PAGE;
		sched_yield();
	}
}

#define INSISTENT	3
#define WRITES		20
/* Pins that a write may see begin: one that was first, and one that slipped in. */
#define PINS_SEEN	3

/* However long they take: of those there are not many in which the writer waits. */
TEST_F(held, pushing_again_and_again_keeps_no_writer_out)
{
	struct insistent crowd[INSISTENT] = {};
	struct held *held = &self->held;
	_Atomic unsigned int pins = 0;
	unsigned int i, before, most = 0;
	double start, longest = 0, took;

	check_eq(PAGE, sv_pull(held->vec, held->file.file, 0, PAGE, 0));
	for (i = 0; i < INSISTENT; i++) {
		crowd[i].held = held;
		crowd[i].pins = &pins;
		worker_start(&crowd[i].worker, push_again_and_again, &crowd[i]);
	}
	for (i = 0; i < WRITES; i++) {
		start = msec_now();
		before = pins;
		stamped_write(&held->file, 0, 1);
		most = pins - before > most ? pins - before : most;
		took = msec_now() - start;
		longest = took > longest ? took : longest;
		usleep(50000);
	}
	for (i = 0; i < INSISTENT; i++) {
		__atomic_store_n(&crowd[i].over, true, __ATOMIC_RELAXED);
		worker_finish(&crowd[i].worker);
	}
	TH_LOG("%u pins of the page, %u writes, the longest took %.1f ms and saw %u begin",
	       pins, WRITES, longest, most);
	check(pins, "it was never pinned");
	check(most <= PINS_SEEN, "a write saw %u pins begin", most);
}

/* Of a push that would have more, the rest is copied. */
TEST_F(held, no_more_pages_are_pinned_than_the_quota)
{
	struct held *held = &self->held;
	enum { QUOTA = 256, PUSHES = 40, EACH = 16 };
	size_t pinned = 0;
	unsigned int i;

	/* far apart: what is pinned are whole folios */
	pins_allow(PINS_LONGEST, QUOTA);
	held->msec = PINS_LONGEST;
	for (i = 0; i < PUSHES; i++) {
		check_eq(EACH * PAGE, sv_pull(held->vec, held->file.file,
					      i * HELD_APART * PAGE, EACH * PAGE, 0));
		held->since = msec_now();
		pinned += push_pinning(held->vec, held->fds[0], SV_POSITION,
				       EACH * PAGE, held->msec, i).pinned;
	}
	check(pinned, "nothing is pinned");
	check(pinned <= QUOTA * PAGE, "%zu pages are pinned", pinned / PAGE);
	/* and there is room again when they have ended */
	netem_clear();
	read_off(held->fds[1], PUSHES * EACH * PAGE);
	for (i = 0; i < PUSHES; i++)
		check_eq(1, sv_reap(held->vec, &(struct splicevec_completion){}, 1, 1,
				    FOREVER));
	held->next = PUSHES * HELD_APART;
	check_eq(EACH * PAGE, sv_pull(held->vec, held->file.file,
				      held->next * PAGE, EACH * PAGE, 0));
	check_eq(EACH * PAGE, push_pinning(held->vec, held->fds[0], SV_POSITION,
					   EACH * PAGE, held->msec, TAG).pinned);
	netem_set(0, 0);
}

#define HARD	"/sys/module/splicevec/parameters/user_pages_hard"
#define MOST	200

/* All that makes exempt from limits is gone, what allows to pin is not. */
static void keep_one_capability(int which)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {};

	must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
	data[which / 32].effective = 1U << which % 32;
	data[which / 32].permitted = 1U << which % 32;
	must(syscall(SYS_capset, &head, data));
}

/* Nobody reads, and pages stay charged when their pins are over. */
static bool push_without_end(void *arg)
{
	struct held *held = arg;
	size_t pushed = 0, pinned = 0, i;
	struct splicevec_push push;
	int ret = 0, vec;

	keep_one_capability(CAP_SYS_ADMIN);
	for (i = 0; !ret && i < HELD_PAGES; i++) {
		push = (struct splicevec_push){
			.fd = held->fds[0],
			.flags = SPLICEVEC_STRICT | SPLICEVEC_STABLE |
				 SPLICEVEC_NONBLOCK,
			.offset = SV_POSITION,
			.len = PAGE,
			.stable_ms = 10,
		};
		vec = held->vec;
		ret = sv_pull(vec, held->file.file, i * PAGE, PAGE, 0);
		if (ret > 0)
			ret = sv_cmd_push(vec, &push);
		pushed += push.bytes;
		pinned += push.pinned;
	}
	check(ret == -EDQUOT, "it ends with %s", result_name(ret));
	check(pinned, "nothing was pinned");
	check(pushed <= 2 * MOST * PAGE, "%zu pages are under way", pushed / PAGE);
	return true;
}

TEST_F(held, stalled_pushes_end_at_the_limit_of_their_user)
{
	char usual[32] = "";
	int fd = must(open(HARD, O_RDONLY | O_CLOEXEC));

	must(read(fd, usual, sizeof(usual) - 1));
	close(fd);
	put_file(HARD, "200");
	check(in_child(push_without_end, &self->held), "see above");
	put_file(HARD, usual);
}

TEST_F(held, what_is_asked_wrongly_is_refused)
{
	struct held *held = &self->held;
	struct splicevec_push push = {
		.fd = held->fds[0],
		.flags = SPLICEVEC_STRICT,
		.offset = SV_POSITION,
		.len = PAGE,
		.stable_ms = 1,
	};

	check_eq(PAGE, sv_pull(held->vec, held->file.file, 0, PAGE, 0));
	check_errno(EINVAL, sv_cmd_push(held->vec, &push));
	push.flags |= SPLICEVEC_STABLE;
	push.reserved3 = 1;
	check_errno(EINVAL, sv_cmd_push(held->vec, &push));
	push.reserved3 = 0;
	check_errno(0, sv_cmd_push(held->vec, &push));
}

TEST_HARNESS_MAIN
