// SPDX-License-Identifier: GPL-2.0-only
/* What a task has to do for io_uring does not disturb what else it does. */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "rings.h"

#include <poll.h>
#include <splicevec.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SEED	11
#define LEN	((size_t)300 * 100)

LEDGER_FIXTURE(uring_work)

/* Somebody who has something to do for io_uring again and again. */
struct pest {
	int event;
	atomic_bool enough;
};

static void pester(void *arg)
{
	struct pest *pest = arg;

	while (!atomic_load(&pest->enough)) {
		must(eventfd_write(pest->event, 1));
		usleep(50);
	}
}

/* Three hundred steps each, none of which waits for anything. */
TEST_F(uring_work, does_not_cut_a_push_short)
{
	struct pest pest = { .event = must(eventfd(0, EFD_CLOEXEC)) };
	int vec = vector_of_spans(SEED, LEN, 100), i;
	char *memory = map_pages(LEN);
	struct io_uring_cqe *cqe;
	struct worker worker;
	struct io_uring ring;
	eventfd_t times;

	ring_open(&ring, 4, 0);
	worker_start(&worker, pester, &pest);
	for (i = 0; i < 2000 / (int)slower() && !failures(); i++) {
		must(eventfd_read(pest.event, &times));
		io_uring_prep_poll_add(io_uring_get_sqe(&ring), pest.event, POLLIN);
		must_sv(io_uring_submit(&ring));
		check_eq(LEN, sv_push_mem(vec, memory, LEN, SPLICEVEC_KEEP));
		must_sv(io_uring_wait_cqe(&ring, &cqe));
		io_uring_cqe_seen(&ring, cqe);
	}
	atomic_store(&pest.enough, true);
	worker_finish(&worker);
	io_uring_queue_exit(&ring);
	unmap_pages(memory, LEN);
}

/* Milliseconds from one piece of work to the next, how many there are, and for how many to wait. */
#define STEP	50
#define STEPS	40
#define WAIT	4

/* Whatever there is to do, the time of a REAP is over when it is over. */
TEST_F(uring_work, does_not_begin_the_time_of_a_reap_anew)
{
	struct __kernel_timespec at[STEPS];
	long step = STEP * slower(), took;
	struct splicevec_completion record;
	struct timespec begin, end;
	int vec = new_vector(), i;
	struct io_uring ring;

	ring_open(&ring, STEPS, 0);
	for (i = 0; i < STEPS; i++) {
		at[i] = (struct __kernel_timespec){
			.tv_sec = step * (i + 1) / 1000,
			.tv_nsec = step * (i + 1) % 1000 * 1000000,
		};
		io_uring_prep_timeout(ring_sqe(&ring), &at[i], 0, 0);
	}
	ring_submit(&ring, STEPS);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	i = sv_reap(vec, &record, 1, 1, WAIT * step * 1000000LL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	took = (end.tv_sec - begin.tv_sec) * 1000 +
	       (end.tv_nsec - begin.tv_nsec) / 1000000;
	check(!i || i == -EINTR, "not over, but %s", result_name(i));
	check(took < STEPS / 2 * step, "it took %ld ms", took);
	io_uring_queue_exit(&ring);
	close(vec);
}

TEST_HARNESS_MAIN
