/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filesystem of one file, served by a thread of the test: reads are known
 * contents, and what goes wrong is the test's to say.
 */
#ifndef _SELFTEST_FUSEFS_H
#define _SELFTEST_FUSEFS_H

#include "common.h"

#include <stdatomic.h>

struct fusefs {
	/* what the test wants; may change while it is served */
	uint64_t seed;		/* contents of the file */
	_Atomic uint64_t size;	/* its size */
	_Atomic uint64_t broken;	/* reads from here on fail with EIO */
	_Atomic uint64_t silent;	/* reads from here on are not answered */
	atomic_bool write_fails;	/* writes fail with EIO */
	atomic_bool asked;	/* what is not answered */
	atomic_bool failed;	/* a write, and the kernel knows */
	bool writeback;		/* the kernel may hold back what is written */
	/* its own */
	int dev;
	char dir[32];
	int stop[2];
	struct worker server;
};

/* Why there is none here, or NULL. */
const char *fusefs_missing(void);
void fusefs_mount(struct fusefs *fs);
int fusefs_open(struct fusefs *fs, int flags);
/* What serves it does with a request, when somebody else has read it. */
void fusefs_serve(struct fusefs *fs, const void *request);
/* Serve it again. */
void fusefs_return(struct fusefs *fs);
/* From now on nobody reads requests; fs->dev still holds those to come. */
void fusefs_leave(struct fusefs *fs);
/* The server dies: whatever waits for it fails. */
void fusefs_die(struct fusefs *fs);
void fusefs_unmount(struct fusefs *fs);

#endif
