// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands through io_uring, one at a time on a ring of its own. What waits is called
 * off after a while, and has a CQE then. Only a strict push that is in its sink's
 * hands cannot be: there the ring is closed, and the struct says what was handed over.
 */
#include "fuzz.h"

#include <splicevec.h>
#include <splicevec_uring.h>
#include <string.h>

/* User data: whose CQE it is. */
#define COMMAND		1
#define CALLED_OFF	2

/* Milliseconds between attempts to call a command off. */
#define PERSISTENCE	10

struct flight {
	struct io_uring ring;
	bool done;
	int res;
	bool lost;		/* nothing was found that could be called off */
};

/* Does a CQE tell the end of a strict push? */
static bool tells_strict;

void rings_share(void)
{
	struct splicevec_features features;
	int vec = new_vector();

	must_sv(sv_features(vec, -1, &features));
	tells_strict = features.features & SPLICEVEC_FEAT_URING_STRICT;
	close(vec);
}

bool ring_tells(const struct action *a)
{
	return a->ring && tells_strict && a->op == OP_PUSH &&
	       a->cmd.push.flags & SPLICEVEC_STRICT;
}

static void collect(struct flight *flight)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&flight->ring, &cqe)) {
		if (cqe->user_data == COMMAND) {
			flight->res = cqe->res;
			flight->done = true;
		} else {
			flight->lost = cqe->res == -ENOENT;
		}
		io_uring_cqe_seen(&flight->ring, cqe);
	}
}

static void await(struct flight *flight, unsigned long msec)
{
	unsigned long end = microseconds() + msec * 1000, now;
	struct io_uring_cqe *cqe;

	collect(flight);
	while (!flight->done && !flight->lost && (now = microseconds()) < end) {
		struct __kernel_timespec left = { .tv_nsec = (end - now) * 1000 };

		io_uring_wait_cqe_timeout(&flight->ring, &cqe, &left);
		collect(flight);
	}
}

static void call_off(struct flight *flight)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&flight->ring);

	flight->lost = false;
	atomic_fetch_add(&shared->called_off, 1);
	/* one that was not taken yet is submitted again */
	if (sqe) {
		io_uring_prep_cancel64(sqe, COMMAND, 0);
		io_uring_sqe_set_data64(sqe, CALLED_OFF);
	}
	io_uring_submit(&flight->ring);
	await(flight, PERSISTENCE * slower());
}

/* Return: false: nobody is going to tell of its end. */
static bool end(struct flight *flight, const struct action *a)
{
	await(flight, a->patience * slower());
	while (!flight->done) {
		call_off(flight);
		if (!flight->lost || flight->done)
			continue;
		/* its end may be on its way */
		flight->lost = false;
		await(flight, 1 + a->patience / 4);
		if (!flight->done && ring_tells(a))
			return false;
	}
	return true;
}

/* Did it move anything? What no thread ever looked at has the results it was given. */
static bool moved(struct fuzzer *f, const struct action *a)
{
	const size_t size = struct_size(a), out = layouts[a->op].out;
	const void *at = desk_alias(f, a, size + a->tail);
	union fuzzed now = {};

	if (!at || a->desk == DESK_STRADDLE)
		return false;
	memcpy(&now, at, size);
	if (!memcmp(now.bytes + out, a->cmd.bytes + out, size - out))
		return false;
	switch (a->op) {
	case OP_PULL:
		return now.pull.bytes;
	case OP_PUSH:
		return now.push.bytes;
	default:
		return now.splice.pulled | now.splice.pushed;
	}
}

/*
 * What was begun and given up, and what its sink had and could not keep, are errors of
 * a command that has results.
 */
static long result(struct fuzzer *f, const struct action *a, int res)
{
	bool begun = res == -ECANCELED ||
		     (ring_tells(a) && errno_is_of_sinks(-res));

	if (res >= 0 || (begun && moved(f, a)))
		return 0;
	return res;
}

static bool begin(struct flight *flight, const struct action *a, void *arg)
{
	struct io_uring_sqe *sqe;

	if (io_uring_queue_init(4, &flight->ring, 0))
		return false;
	sqe = io_uring_get_sqe(&flight->ring);
	sv_prep_command(sqe, a->fd, a->number, arg);
	if (a->async)
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	io_uring_sqe_set_data64(sqe, COMMAND);
	if (io_uring_submit(&flight->ring) == 1)
		return true;
	io_uring_queue_exit(&flight->ring);
	return false;
}

bool ring_run(struct fuzzer *f, struct action *a, void *arg)
{
	struct flight flight = {};
	bool ended;

	if (!begin(&flight, a, arg))
		return false;
	ended = end(&flight, a);
	io_uring_queue_exit(&flight.ring);
	if (ended && flight.res == -EOPNOTSUPP)
		return false;
	a->ret = ended ? result(f, a, flight.res) : 0;
	a->told = ended && flight.res >= 0;
	a->cqe = flight.res;
	/* its struct may still be written to */
	f->left += !ended;
	atomic_fetch_add(&shared->by_ring, 1);
	atomic_fetch_add(&shared->left, !ended);
	return true;
}
