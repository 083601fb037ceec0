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
	/* the caller's own, not behind an fd */
	bool memory;
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

/* a macro of the compiler, and a name here */
#undef unix

/* Put @with around the name of each source. */
#define EACH_SOURCE(with)						\
	with(ext4); with(ext4_cold); with(ext4_copy); with(xfs);	\
	with(xfs_cold); with(block); with(block_lazy);			\
	with(block_uncached); with(ext4_lazy); with(xfs_lazy);		\
	with(ext4_direct); with(xfs_uncached); with(fuse);		\
	with(overlay); with(memfd); with(huge_memfd); with(terminal);	\
	with(pieces); with(huge_memory); with(tmpfs); with(dax);	\
	with(tcp4); with(tcp6); with(unix); with(pipe_written);		\
	with(pipe_vmspliced); with(pipe_spliced); with(pipe_teed);	\
	with(pipe_lent); with(memory); with(memory_copy);		\
	with(memory_of_file); with(slice); with(duplicate);		\
	with(concatenation); with(slice_of_memory); with(mptcp);	\
	with(vsock); with(ktls); with(sockmap); with(udp4); with(udp6);	\
	with(unix_dgram); with(unix_packet); with(vsock_packet);	\
	with(netlink); with(cipher)

#define DECLARE_SOURCE(id) extern const struct source_kind source_##id
EACH_SOURCE(DECLARE_SOURCE);
#undef DECLARE_SOURCE

/* The fixture "from" of tests that are the same for each source. */
#define FROM_EACH_SOURCE()						\
	FIXTURE_VARIANT(from)						\
	{								\
		const struct source_kind *source;			\
	};								\
	LEDGER_FIXTURE(from)						\
	EACH_SOURCE(FROM_SOURCE)
#define FROM_SOURCE(id)							\
	FIXTURE_VARIANT_ADD(from, id)					\
	{								\
		.source = &source_##id,					\
	}

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
