/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A FUSE filesystem in memory, served by a process of its own, with files that
 * behave and files that do not.
 */
#ifndef _SELFTEST_FUSE_H
#define _SELFTEST_FUSE_H

#include <stddef.h>
#include <sys/types.h>

enum fuse_file {
	FUSE_CACHED,		/* read and written through the page cache */
	FUSE_DIRECT,		/* FOPEN_DIRECT_IO: past it */
	FUSE_FAILS,		/* reads from FUSE_GOOD on are EIO */
	FUSE_STALLS,		/* reads from FUSE_GOOD on are never answered */
	FUSE_DIES,		/* they are the end of the server */
	FUSE_FILES
};

/* Bytes that files which misbehave give before they do. */
#define FUSE_GOOD	((size_t)256 << 10)

struct fuse_server {
	pid_t pid;
	int root;		/* the filesystem has no name, only this */
};

/* Return: why there is none here, or NULL. */
const char *fuse_missing(void);
/* The server ends with the last fd of its filesystem, or with its maker. */
void fuse_start(struct fuse_server *server);
/* A new, empty file without a name, for reading and writing. */
int fuse_open(const struct fuse_server *server, enum fuse_file file, int flags);
/* End the server at once, whatever it is asked. */
void fuse_kill(struct fuse_server *server);
/* Wait until it has gone, for whatever reason. */
void fuse_gone(struct fuse_server *server);

#endif
