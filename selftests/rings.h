/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands by io_uring: a ring, and what comes out of it. */
#ifndef _SELFTEST_RINGS_H
#define _SELFTEST_RINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>
#include <splicevec_uring.h>

/* Why a ring cannot be had here, or NULL. @flags: IORING_SETUP_* */
const char *ring_missing(unsigned int flags);
void ring_open(struct io_uring *ring, unsigned int entries, unsigned int flags);
/* Does a CQE tell the end of a strict push? */
bool ring_tells_strict(int vec);

/*
 * May a linked entry that is not the first of its chain, nor IOSQE_ASYNC, be read as late
 * as when it is its turn? If it was overwritten until then it is ESTALE.
 */
bool ring_reads_late(void);

/* The next entry, with this user data after it was prepared. */
struct io_uring_sqe *ring_sqe(struct io_uring *ring);
/* Prepare a command with this user data and these IOSQE_* flags. */
void ring_pull(struct io_uring *ring, int vec, struct splicevec_pull *cmd,
	       uint64_t user_data, unsigned int flags);
void ring_push(struct io_uring *ring, int vec, struct splicevec_push *cmd,
	       uint64_t user_data, unsigned int flags);
void ring_splice(struct io_uring *ring, int vec, struct splicevec_splice *cmd,
		 uint64_t user_data, unsigned int flags);
void ring_submit(struct io_uring *ring, unsigned int entries);

/* The next CQE, whichever it is; it has to come. Return: its res. */
int ring_next(struct io_uring *ring, uint64_t *user_data);
/* The next CQE, which must have this user data. Return: its res. */
int ring_result(struct io_uring *ring, uint64_t user_data);
/* There is no CQE, nor does one come for a while. */
void ring_check_silent(struct io_uring *ring);

/* Submit one command and wait for it. Return: res. */
int ring_do_pull(struct io_uring *ring, int vec, struct splicevec_pull *cmd);
int ring_do_push(struct io_uring *ring, int vec, struct splicevec_push *cmd);
int ring_do_splice(struct io_uring *ring, int vec, struct splicevec_splice *cmd);

#endif
