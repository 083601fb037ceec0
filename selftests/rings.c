// SPDX-License-Identifier: GPL-2.0-only
#include "rings.h"

#include <errno.h>
#include <splicevec.h>
#include <string.h>

#include "common.h"

/* Seconds in which whatever has to come comes. */
#define SOON	60L
/* Milliseconds after which what has not come is taken to stay away. */
#define AWHILE	50

const char *ring_missing(unsigned int flags)
{
	struct io_uring ring;
	int err = io_uring_queue_init(4, &ring, flags);

	if (err)
		return errno_name(-err);
	io_uring_queue_exit(&ring);
	return NULL;
}

void ring_open(struct io_uring *ring, unsigned int entries, unsigned int flags)
{
	must_sv(io_uring_queue_init(entries, ring, flags));
}

bool ring_tells_strict(int vec)
{
	struct splicevec_features features;

	must_sv(sv_features(vec, -1, &features));
	check(features.features & SPLICEVEC_FEAT_URING, "no io_uring");
	return features.features & SPLICEVEC_FEAT_URING_STRICT;
}

bool ring_reads_late(void)
{
	return !linux_before(6, 10) && linux_before(6, 14);
}

struct io_uring_sqe *ring_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		die("the ring is full");
	return sqe;
}

static void finish(struct io_uring_sqe *sqe, uint64_t user_data,
		   unsigned int flags)
{
	io_uring_sqe_set_flags(sqe, flags);
	io_uring_sqe_set_data64(sqe, user_data);
}

void ring_pull(struct io_uring *ring, int vec, struct splicevec_pull *cmd,
	       uint64_t user_data, unsigned int flags)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	sv_prep_pull(sqe, vec, cmd);
	finish(sqe, user_data, flags);
}

void ring_push(struct io_uring *ring, int vec, struct splicevec_push *cmd,
	       uint64_t user_data, unsigned int flags)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	sv_prep_push(sqe, vec, cmd);
	finish(sqe, user_data, flags);
}

void ring_splice(struct io_uring *ring, int vec, struct splicevec_splice *cmd,
		 uint64_t user_data, unsigned int flags)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	sv_prep_splice(sqe, vec, cmd);
	finish(sqe, user_data, flags);
}

void ring_submit(struct io_uring *ring, unsigned int entries)
{
	int submitted = must_sv(io_uring_submit(ring));

	/* of a ring with a thread those count that it has not seen yet */
	check(submitted >= (int)entries, "%d submitted", submitted);
}

int ring_next(struct io_uring *ring, uint64_t *user_data)
{
	struct __kernel_timespec timeout = { .tv_sec = SOON * slower() };
	struct io_uring_cqe *cqe;
	int res, err;

	do {
		err = io_uring_wait_cqe_timeout(ring, &cqe, &timeout);
	} while (err == -EINTR);
	if (err)
		die("no CQE: %s", errno_name(-err));
	*user_data = cqe->user_data;
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

int ring_result(struct io_uring *ring, uint64_t user_data)
{
	uint64_t which;
	int res = ring_next(ring, &which);

	check_eq(user_data, which);
	return res;
}

void ring_check_silent(struct io_uring *ring)
{
	struct __kernel_timespec timeout = { .tv_nsec = AWHILE * 1000000L };
	struct io_uring_cqe *cqe;

	check_eq(-ETIME, io_uring_wait_cqe_timeout(ring, &cqe, &timeout));
}

#define DO(name)							\
int ring_do_##name(struct io_uring *ring, int vec,			\
		   struct splicevec_##name *cmd)			\
{									\
	ring_##name(ring, vec, cmd, 77, 0);				\
	ring_submit(ring, 1);						\
	return ring_result(ring, 77);					\
}

DO(pull)
DO(push)
DO(splice)
