/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * splicevec over io_uring: the commands as submissions of liburing.
 *
 * Each helper prepares an entry from io_uring_get_sqe(); user data, flags and links
 * are set afterwards, as for any other. The command, what it points to and the fds in
 * it stay as they are until its CQE is there, whose res is the number of bytes or a
 * negative errno; the command has all results.
 */
#ifndef SPLICEVEC_URING_H
#define SPLICEVEC_URING_H

#include <liburing.h>
#include <splicevec.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Common to all; not meant to be called. */
static inline void sv_prep_command(struct io_uring_sqe *sqe, int vec,
				   unsigned int number, const void *cmd)
{
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, vec, NULL, 0, 0);
	sqe->cmd_op = number;
	/* where IORING_OP_URING_CMD has its payload */
	sqe->addr3 = (uint64_t)(uintptr_t)cmd;
}

/**
 * sv_prep_pull - prepare to append spans from a source to a vector
 * @sqe: entry to be filled in
 * @vec: vector, or its index with IOSQE_FIXED_FILE
 * @cmd: as for sv_cmd_pull()
 *
 * res of the CQE: bytes pulled, 0 at the end of the source.
 */
static inline void sv_prep_pull(struct io_uring_sqe *sqe, int vec,
				struct splicevec_pull *cmd)
{
	cmd->size = sizeof(*cmd);
	sv_prep_command(sqe, vec, SPLICEVEC_PULL, cmd);
}

/**
 * sv_prep_push - prepare to hand bytes of a vector to a sink
 * @sqe: entry to be filled in
 * @vec: vector, or its index with IOSQE_FIXED_FILE
 * @cmd: as for sv_cmd_push()
 *
 * res of the CQE: bytes the sink accepted. With SPLICEVEC_STRICT, and where
 * SPLICEVEC_FEAT_URING_STRICT says so, the CQE comes when the sink has let go of the
 * pages, and there is no record to reap.
 */
static inline void sv_prep_push(struct io_uring_sqe *sqe, int vec,
				struct splicevec_push *cmd)
{
	cmd->size = sizeof(*cmd);
	sv_prep_command(sqe, vec, SPLICEVEC_PUSH, cmd);
}

/**
 * sv_prep_splice - prepare to push what a vector holds, then to pull and push
 * @sqe: entry to be filled in
 * @vec: vector, or its index with IOSQE_FIXED_FILE
 * @cmd: as for sv_cmd_splice()
 *
 * res of the CQE: bytes the sink accepted, INT_MAX for more.
 */
static inline void sv_prep_splice(struct io_uring_sqe *sqe, int vec,
				  struct splicevec_splice *cmd)
{
	cmd->size = sizeof(*cmd);
	sv_prep_command(sqe, vec, SPLICEVEC_SPLICE, cmd);
}

#ifdef __cplusplus
}
#endif

#endif /* SPLICEVEC_URING_H */
