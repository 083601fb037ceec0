/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that are rewritten, truncated and punched while others pull from them. Each
 * word in them names file, place and generation, and of each block is known which
 * generations it may show: none older than when it was pulled, none that has not
 * been begun; zero only if it was made zero since.
 */
#ifndef _SELFTEST_STRESS_FILES_H
#define _SELFTEST_STRESS_FILES_H

#include "common.h"
#include "places.h"
#include "stress_crew.h"

#define FILES		4
#define FILE_SIZE	KIB(512)
#define BLOCK		512
#define BLOCKS		(FILE_SIZE / BLOCK)

/* The most that is pulled of a file at once, and how many blocks that touches. */
#define PIECE		KIB(32)
#define PIECE_BLOCKS	(PIECE / BLOCK + 1)

struct block {
	_Atomic uint32_t begun;
	_Atomic uint32_t done;
	_Atomic uint32_t zeroed;
};

/* Generations that a block may show to who has its page. */
struct bounds {
	uint32_t least;
	uint32_t most;		/* UINT32_MAX: whatever is begun */
	uint32_t zeroed;	/* up to @most, if that is known */
};

struct file {
	enum place place;
	int fd;
	int direct;		/* the same, O_DIRECT, or -1 */
	unsigned int number;
	char *map;
	struct block *blocks;
};

/* Seen by all processes; [0] to [FILES - 1]. */
struct file *files_open(void);
void files_close(struct file *files);

/* The generations bytes @at to @at + @len are at least of, from now on. */
void file_witness(const struct file *file, size_t at, size_t len,
		  struct bounds bounds[PIECE_BLOCKS]);
/* Those bytes were copied: they will be of no later one than now. */
void file_settle(const struct file *file, size_t at, size_t len,
		 struct bounds *bounds);
/*
 * Bytes that were @at in the file, pulled when @bounds were taken. @block: which one
 * of the file the first of @bounds is.
 * Return: index of the first byte that has never been there, or -1.
 */
ssize_t file_wrong(const struct file *file, size_t at, const struct bounds *bounds,
		   size_t block, const void *buf, size_t len);

/* A job: rewrite the file that is the hand's argument. */
void rewrite(struct hand *hand);

#endif
