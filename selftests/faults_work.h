/* SPDX-License-Identifier: GPL-2.0-only */
/* What sweeps on a single vector work on, and the tests they make. */
#ifndef _SELFTEST_FAULTS_WORK_H
#define _SELFTEST_FAULTS_WORK_H

#include "failnth.h"

#define SEED	47
/* Little, so that sequences are short; but three pages, the last not whole. */
#define LEN	(2 * PAGE + 5)
#define SPAN	3000

/* A vector, memory, something at the other end. */
struct work {
	int vec;
	int fds[2];
	char *buf;
	char *map;
	loff_t pos;
	unsigned int flags;
};

void work_begin(struct work *w);
/* Close and unmap what there is, for the next time. */
void work_end(struct work *w);

/* What a system call returned, as a sweep wants it; and the bytes it moved. */
long result(long ret);
size_t moved(long ret);

/* Prepare and finish what writes from memory to a vector, and what reads it. */
void write_prepare(void *arg);
void write_finish(void *arg, long ret);
void read_prepare(void *arg);
void read_finish(void *arg, long ret);

/*
 * Something to push to, [0], and where that arrives, [1]. The disk is one past its page
 * cache; of memory, so it is done when the push returns.
 */
void tcp_ends(int fds[2]);
void unix_stream_ends(int fds[2]);
void udp_ends(int fds[2]);
void pipe_ends(int fds[2]);
void vector_ends(int fds[2]);
void disk_ends(int fds[2]);
/* Over the two NICs; a file on ext4, and one past its page cache. */
void nic_ends(int fds[2]);
void file_ends(int fds[2]);
void direct_ends(int fds[2]);

/* By a user of the module and by a stranger; ENOBUFS is what sockets say. */
void sweep_all(const struct sweep *what, void *arg);

#define LOSES_NOTHING(id)						\
	TEST_F(faults, id##_loses_nothing)				\
	{								\
		struct work w = {};					\
									\
		NEEDS_FAULTS();						\
		work_begin(&w);						\
		sweep(&id##_sweep, &w);					\
		sweep_as_stranger(&id##_sweep, &w);			\
	}

#endif
