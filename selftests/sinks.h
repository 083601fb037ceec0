/* SPDX-License-Identifier: GPL-2.0-only */
/* The sinks: each takes bytes and afterwards tells whether they were right. */
#ifndef _SELFTEST_SINKS_H
#define _SELFTEST_SINKS_H

#include "common.h"
#include "places.h"
#include "places_file.h"

/* What decides whether a push copies, beside the kind of the pages. */
enum sink_class {
	TO_TCP,		/* over loopback, where the receiver copies what is lent */
	TO_NIC,
	TO_UNIX,
	TO_UPPER,	/* a stream with a protocol that rewrites its data */
	TO_RECORD,	/* keeps boundaries */
	TO_ALIEN,	/* of a family of which nothing is known */
	TO_PIPE,
	TO_VECTOR,
	TO_NOTHING,
	TO_BUFFERED,
	TO_DIRECT,
	TO_MEMORY,
	SINK_CLASSES
};

struct sink;

struct sink_kind {
	const char *name;
	enum sink_class class;
	enum place place;
	int size;		/* of a pipe; 0: as it comes */
	size_t most;		/* one push can bring; 0: any number of bytes */
	/*
	 * For those that may never send all they took if they had no memory for it. Of
	 * the @taken bytes, will some not arrive? Then it is for sink_abandon().
	 */
	bool (*forgot)(struct sink *s, size_t taken);
	const char *(*missing)(void);
	void (*open)(struct sink *s);
	/* Compare what arrived. */
	void (*verify)(struct sink *s);
};

struct sink {
	const struct sink_kind *kind;
	uint64_t seed;		/* what shall arrive: these bytes */
	uint64_t pos;
	size_t len;
	int fd;			/* what to push to */
	char *addr;		/* or which memory */
	unsigned int iovs;	/* of so many pieces */
	struct pieces pieces;
	char *map;
	bool draining;
	struct drain drain;
};

/* a macro of the compiler, and a name here */
#undef unix

/* Put @with around the name of each sink. */
#define EACH_SINK(with)							\
	with(tcp4); with(tcp6); with(nic4); with(nic6); with(unix);	\
	with(pipe); with(pipe_of_one_page); with(pipe_of_1m);		\
	with(ext4); with(xfs); with(block); with(block_direct);		\
	with(fuse); with(fuse_direct); with(memfd); with(null);		\
	with(terminal); with(pieces); with(tmpfs); with(dax);		\
	with(ext4_direct); with(xfs_direct); with(vector);		\
	with(memory); with(nothing);					\
	with(mptcp); with(vsock); with(ktls); with(sockmap); with(udp4);\
	with(udp6); with(unix_dgram); with(unix_packet);		\
	with(vsock_packet); with(netlink); with(packet); with(hash)

#define DECLARE_SINK(id) extern const struct sink_kind sink_##id
EACH_SINK(DECLARE_SINK);
#undef DECLARE_SINK

/* The fixture "to" of tests that are the same for each sink. */
#define TO_EACH_SINK()							\
	FIXTURE_VARIANT(to)						\
	{								\
		const struct sink_kind *sink;				\
	};								\
	LEDGER_FIXTURE(to)						\
	EACH_SINK(TO_SINK)
#define TO_SINK(id)							\
	FIXTURE_VARIANT_ADD(to, id)					\
	{								\
		.sink = &sink_##id,					\
	}

const char *sink_missing(const struct sink_kind *kind);

/* Open a sink where bytes @pos to @pos + @len of the pattern shall arrive. */
void sink_open(struct sink *s, const struct sink_kind *kind, uint64_t seed,
	       uint64_t pos, size_t len);

/* What a number of pushes said. */
struct pushed {
	int64_t bytes;		/* or a negative errno */
	uint64_t copied;
	unsigned int result;
};

/*
 * One push of what the vector holds, of which the sink has got @sum before. KEEP
 * pushes what stands at the head.
 *
 * Return: 1 if it took some, 0 if none, or a negative errno.
 */
int sink_push_once(struct sink *s, int vec, unsigned int flags,
		   struct pushed *sum);
/* Push all the vector holds, in as many calls as it takes. */
struct pushed sink_push(struct sink *s, int vec, unsigned int flags);
/* Close, and check that exactly the right bytes arrived. */
void sink_close(struct sink *s);

/*
 * Close one that has forgotten, and check that what arrived is the beginning of the right
 * bytes, and no more than the @taken it took.
 */
void sink_abandon(struct sink *s, size_t taken);

/* For sinks of other files: a thread reads what comes out of @fd. */
void sink_drain(struct sink *s, int fd);
/* The file holds exactly the right bytes. */
void sink_verify_file(struct sink *s);
/* For sinks of other files: a stream of the place, and what came out of it. */
void sink_open_stream(struct sink *s);
void sink_verify_stream(struct sink *s);

#endif
