/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measurements in virtual time. A scenario moves messages of one size in several
 * ways, one after the other, again and again; every such round of every method
 * is one line of output. What the lines amount to is not reckoned here.
 */
#ifndef BENCH_H
#define BENCH_H

#include "../common.h"
#include "../places.h"

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The most connections a scenario has to feed. */
#define MAX_PEERS	16

/* The file all messages are taken from, and the largest message. */
#define FILE_SIZE	MIB(64)

/* What reads and writes through a buffer use, as cat and cp do. */
#define BUFFER_SIZE	KIB(128)

/* A call that moves nothing would make us loop for ever. */
#define some(expr)							\
	({								\
		long long some_ = must(expr);				\
		if (!some_)						\
			die("%s: nothing moved", #expr);		\
		some_;							\
	})
#define some_sv(expr)							\
	({								\
		long long some_ = must_sv(expr);			\
		if (!some_)						\
			die("%s: nothing moved", #expr);		\
		some_;							\
	})

/* clock.c: what time it is, for whom, in nanoseconds. */
struct moment {
	uint64_t thread;	/* this thread ran so long */
	uint64_t elapsed;	/* since some start */
	uint64_t idle;		/* so long of it nothing ran */
};

struct moment moment_now(void);
struct moment moment_since(const struct moment *start);
uint64_t thread_ns(void);
uint64_t elapsed_ns(void);

/* peer.c: another process at the end of a connection. */
struct peer {
	pid_t pid;
	int fd;				/* our end */
	struct peer_work *work;		/* shared with the process */
};

enum peer_kind {
	DISCARDS,	/* drops what it receives unread */
	TOUCHES,	/* receives it into a buffer */
	PRODUCES,	/* sends the file */
};

void peer_start(struct peer *peer, enum place place, enum peer_kind kind,
		int file);
/* Move @bytes from now on. */
void peer_go(struct peer *peer, uint64_t bytes, size_t chunk);
void peer_wait(struct peer *peer);
void peer_end(struct peer *peer);

/* nic.c: keep the NICs' work out of the sender's time. */
void nics_settle(void);

/* One measurement: what all methods of a scenario find set up. */
struct job {
	const struct scenario *scenario;
	const char *path;
	enum place place;
	const char *receiver;
	bool touch;
	size_t size;		/* of a message, without what is put around it */
	unsigned int messages;	/* in one round of one method */
	uint64_t *waits;	/* of each message of a round, in nanoseconds */
	unsigned int rounds;
	bool profile;

	int file;		/* resident in the page cache */
	struct peer peers[MAX_PEERS];	/* those that receive */
	struct peer producer;
	int vec;		/* empty */
	int kept;		/* holds a message */
	int pipe[2], copy[2];
	char *buffer;
	int direct, cached;	/* files to be written */
};

/* Move one message: @offset is where it lies in the file. */
typedef void (*send_fn)(struct job *job, off_t offset);

struct method {
	const char *name;
	send_fn send;
	/* what is left to do after the last message; its time counts too */
	void (*settle)(struct job *job);
};

enum path { PATH_LO, PATH_NIC, PATH_DISK, PATH_NONE };

#define PATHS_NET	(1U << PATH_LO | 1U << PATH_NIC)

struct scenario {
	const char *name;
	unsigned int paths;		/* bits of enum path */
	const struct method *methods;
	unsigned int nr_methods;
	unsigned int peers;	/* that receive */
	unsigned int messages;	/* in a round; 0: as many as the size asks for */
	bool produced;		/* comes from a producer, not from the file */
	size_t extra;		/* bytes put around each message */
	void (*setup)(struct job *job);
	void (*prepare)(struct job *job);	/* before a round's clock runs */
	/* what somebody writes after each message; how long that takes is told */
	void (*writer)(struct job *job, off_t offset);
	void (*finish)(struct job *job);	/* ends a round of a method */
	void (*teardown)(struct job *job);
};

/* rounds.c: all rounds of all methods. */
void rounds_run(struct job *job);

/* profile.c: samples between on and off are told as parts of a message. */
void profile_begin(void);
void profile_on(void);
void profile_jitter(void);
void profile_off(void);
void profile_print(const char *method, double ns);

/*
 * ways.c: the ways of moving that several scenarios share. All move @len bytes,
 * in as many calls as that takes; the offset STREAM is for what has none.
 */
#define STREAM	((off_t)-1)

void pull_all(int vec, int fd, off_t offset, size_t len);
void push_all(int vec, int fd, off_t offset, size_t len);
/* From the vector's start on, and from its head on. Neither consumes. */
void push_kept(int vec, int fd, off_t offset, size_t len);
void push_held(int vec, int fd, size_t len);
void pull_push(int vec, int in, off_t from, int out, off_t to, size_t len);
void splice_all(int vec, int in, off_t from, int out, off_t to, size_t len);
void read_write(char *buffer, int in, off_t from, int out, off_t to,
		size_t len);
void sendfile_all(int out, int in, off_t offset, size_t len);
void copy_range(int in, int out, off_t offset, size_t len);
size_t fill_pipe(int pipe, int in, off_t offset, size_t len);
void drain_pipe(int pipe, int out, size_t len, bool more);
void splice_pipe(const int pipe[2], int in, off_t offset, int out, size_t len);

extern const struct scenario file_tcp, kept_tcp, fanout_16, serve, serve_16,
	proxy, file_odirect, gather, strict, strict_reap, stable, stable_write;

#endif
