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

TEST_HARNESS_MAIN
