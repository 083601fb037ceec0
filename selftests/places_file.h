/* SPDX-License-Identifier: GPL-2.0-only */
/* Terminals, overlays, huge pages, memory in pieces, the page cache. */
#ifndef _SELFTEST_PLACES_FILE_H
#define _SELFTEST_PLACES_FILE_H

#include "common.h"

#include <sys/uio.h>

/* A terminal that passes bytes on as they are: [0] is its master. */
void terminal_pair(int fds[2]);

const char *overlay_missing(void);
/*
 * A file for reading, in an overlay without a name, that holds bytes 0 to @len
 * of the pattern @seed in the ext4 below.
 */
int overlay_file(uint64_t seed, size_t len);

/* The size of a huge page. */
#define HUGE	MIB(2)

const char *huge_pages_missing(void);
/* Of the reserve; freed by unmap_pages(). */
char *huge_pages(size_t len);

/* Pieces of memory of lengths that fit nothing, some of no length. */
struct pieces {
	char *map;
	size_t map_len;
	struct iovec *iov;
	unsigned int nr;
};

/* Room for @len bytes, which begin at @pos of the pattern @seed. */
void pieces_make(struct pieces *pieces, uint64_t seed, uint64_t pos,
		 size_t len);
/* Return: index of the first byte that is wrong, or -1; also around them. */
ssize_t pieces_check(const struct pieces *pieces, uint64_t seed, uint64_t pos);
void pieces_clear(struct pieces *pieces);
/*
 * The pieces without their first @done bytes, at @to, which may be where they are.
 * Return: their number.
 */
unsigned int pieces_after(const struct iovec *iov, unsigned int nr, size_t done,
			  struct iovec *to);

/* Take a file out of memory; look how much of it is there. */
void evict(int fd);
size_t resident_pages(int fd, size_t len);
/*
 * The same, and its first @len bytes have to go: nobody may hold a page of them any more,
 * but the network, which may keep for a while what it was given.
 */
void evict_all(int fd, size_t len);

#endif
