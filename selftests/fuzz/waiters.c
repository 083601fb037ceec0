// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CANCEL calls off: a strict push that waits for another one of the same vector,
 * which waits for a pipe that is full. Chance alone never has both.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <splicevec.h>
#include <splicevec_uring.h>
#include <stdlib.h>
#include <unistd.h>

/* User data: whose CQE it is. */
enum { HOLDER, WAITER, CALLED_OFF };

/* Milliseconds, of which each takes as many as the kernel is slow. */
#define PATIENCE	20
#define ONCE		2

struct waiters {
	struct io_uring ring;
	struct splicevec_push push[CALLED_OFF];
	bool begun[CALLED_OFF];
	bool done[CALLED_OFF];
	int res[CALLED_OFF];
	int pipe[2];
};

static void collect(struct waiters *w)
{
	struct __kernel_timespec once = { .tv_nsec = ONCE * 1000000 };
	struct io_uring_cqe *cqe;

	io_uring_wait_cqe_timeout(&w->ring, &cqe, &once);
	while (!io_uring_peek_cqe(&w->ring, &cqe)) {
		if (cqe->user_data < CALLED_OFF) {
			w->res[cqe->user_data] = cqe->res;
			w->done[cqe->user_data] = true;
		}
		io_uring_cqe_seen(&w->ring, cqe);
	}
}

static void begin(struct waiters *w, unsigned int which, int vec)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring);

	w->push[which].size = sizeof(w->push[which]);
	w->push[which].fd = w->pipe[1];
	w->push[which].offset = -1;
	w->push[which].len = PAGE;
	sv_prep_command(sqe, vec, SPLICEVEC_PUSH, &w->push[which]);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	io_uring_sqe_set_data64(sqe, which);
	w->begun[which] = io_uring_submit(&w->ring) == 1;
}

static void end(struct waiters *w, unsigned int which)
{
	struct io_uring_sqe *sqe;

	while (w->begun[which] && !w->done[which]) {
		sqe = io_uring_get_sqe(&w->ring);
		if (sqe) {
			io_uring_prep_cancel64(sqe, which, 0);
			io_uring_sqe_set_data64(sqe, CALLED_OFF);
		}
		io_uring_submit(&w->ring);
		collect(w);
	}
}

/* Somebody consumes the vector. */
static bool is_busy(int vec)
{
	return sv_push(vec, SPLICEVEC_FD_NONE, SV_POSITION, 0,
		       SPLICEVEC_NONBLOCK) == -EAGAIN;
}

static void fill_pipe(int fds[2])
{
	static const char bytes[PAGE];

	must(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	while (write(fds[1], bytes, sizeof(bytes)) > 0)
		;
	must(fcntl(fds[1], F_SETFL, 0));
}

struct waiters *waiters_begin(const struct action *a)
{
	unsigned long patience = microseconds() + PATIENCE * 1000UL * slower();
	struct waiters *w = calloc(1, sizeof(*w));

	if (!w)
		die("no memory");
	if (io_uring_queue_init(4, &w->ring, 0)) {
		free(w);
		return NULL;
	}
	fill_pipe(w->pipe);
	begin(w, HOLDER, a->fd);
	while (!w->done[HOLDER] && !is_busy(a->fd) && microseconds() < patience)
		collect(w);
	w->push[WAITER].flags = SPLICEVEC_STRICT;
	w->push[WAITER].user_data = a->cmd.cancel.user_data;
	if (!w->done[HOLDER] && is_busy(a->fd))
		begin(w, WAITER, a->fd);
	/* until it waits */
	usleep(ONCE * 1000 * slower());
	return w;
}

void waiters_end(struct fuzzer *f, const struct action *a, struct waiters *w)
{
	/* the other one's end would let it go on */
	end(w, WAITER);
	end(w, HOLDER);
	if (f->alone && !a->ret && w->res[WAITER] != -ECANCELED)
		oracle_complain(f, a, "what waited has ended with %s",
				result_name(w->res[WAITER]));
	io_uring_queue_exit(&w->ring);
	close(w->pipe[0]);
	close(w->pipe[1]);
	free(w);
}
