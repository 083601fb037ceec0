/* SPDX-License-Identifier: GPL-2.0-only */
/* What sweeps on a single vector work on, and the tests they make. */
#ifndef _SELFTEST_FAULTS_WORK_H
#define _SELFTEST_FAULTS_WORK_H

#include "failnth.h"
#include "places.h"

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

/*
 * A file of LEN bytes on ext4, opened for reading. All tries of a test have the same: what
 * one of them leaves behind stays in its page cache.
 */
int work_file(void);
/* If there is one: nobody holds a page of it any more, so it can leave the page cache. */
void work_file_evict(void);
/* A vector of LEN bytes in spans of @len, of memory and of that file in turn. */
int work_spans(size_t len);

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

/* By a user of the module and by a stranger; then the file of the work has to be evictable. */
void sweep_both(const struct sweep *what, void *arg);
/* The same; ENOBUFS is what sockets say. */
void sweep_all(const struct sweep *what, void *arg);

#define NEEDS_WORK_FAULTS()	NEEDS_FAULTS_AND(place_missing(EXT4))

#define LOSES_NOTHING(id)						\
	TEST_F(faults, id##_loses_nothing)				\
	{								\
		struct work w = {};					\
									\
		NEEDS_WORK_FAULTS();					\
		work_begin(&w);						\
		sweep_both(&id##_sweep, &w);				\
	}

#endif
