/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sources: each gives bytes @skip to @skip + @len of the pattern @seed, and
 * lies as crooked as @skip makes it.
 */
#ifndef _SELFTEST_SOURCES_H
#define _SELFTEST_SOURCES_H

#include "common.h"
#include "places.h"

/* What all source files hold, and what all others give a part of. */
#define SOURCE_SEED	1
#define SOURCE_SIZE	(MIB(1) + 4 * PAGE)

struct source;

struct source_kind {
	const char *name;
	/* enum splicevec_kind its spans have */
	int pages;
	/* bytes lie in pages as they do in a file */
	bool aligned;
	/* the device fills our own pages: gifts, but no copies */
	bool uncopied;
	/* flags of its pulls */
	unsigned int flags;
	enum place place;
	/* NULL: the place decides; return: why there is none, or NULL */
	const char *(*missing)(void);
	void (*open)(struct source *s);
	/* how a feed fills it */
	void (*fill)(struct feed *feed);
};

struct source {
	const struct source_kind *kind;
	uint64_t seed;
	size_t skip;
	size_t len;
	int fd;			/* what to pull from */
	int64_t offset;		/* and where */
	char *addr;		/* or which memory */
	unsigned int iovs;	/* of so many pieces */
	bool feeding;
	struct feed feed;
	char *map;
	size_t map_len;
};

extern const struct source_kind source_ext4, source_ext4_cold, source_ext4_copy,
	source_xfs, source_xfs_cold, source_tmpfs, source_tcp4, source_tcp6,
	source_unix, source_pipe_written, source_pipe_vmspliced,
	source_pipe_spliced, source_pipe_teed, source_pipe_lent, source_memory,
	source_memory_copy, source_memory_of_file, source_slice,
	source_duplicate, source_concatenation, source_slice_of_memory,
	source_mptcp, source_vsock, source_ktls, source_sockmap, source_udp4,
	source_udp6, source_unix_dgram, source_unix_packet,
	source_vsock_packet, source_netlink;

/* Why this source cannot be had here, or NULL. */
const char *source_missing(const struct source_kind *kind);
/* enum splicevec_kind of the spans a pull makes on this kernel. */
int source_pages(const struct source_kind *kind);

void source_open(struct source *s, const struct source_kind *kind, size_t skip,
		 size_t len);
/*
 * Pull all of it. @result gets what the pulls said.
 * Return: bytes pulled or a negative errno.
 */
int64_t source_pull(struct source *s, int vec, unsigned int *result);
/* The next pull goes on behind @len bytes that were taken some other way. */
void source_advance(struct source *s, size_t len);
/* Wait until all of it is there to be pulled. It must be little. */
void source_await(struct source *s);
void source_close(struct source *s);

/* For sources of other files: one file of a filesystem, opened anew. */
int source_file(enum place place);
/* Such a file with nothing of it in the page cache. */
void source_open_cold(struct source *s);
/* A thread fills the stream @fd with bytes @pos and on, and closes it. */
void source_feed(struct source *s, int fd, uint64_t pos);
/* A stream of the place, of which @skip bytes were read. */
void source_open_stream(struct source *s);

#endif
