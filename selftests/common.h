/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test program shares: known contents, checks that say where they
 * failed, the ledger, threads that feed and drain.
 */
#ifndef _SELFTEST_COMMON_H
#define _SELFTEST_COMMON_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))
#define KIB(n)		((size_t)(n) << 10)
#define MIB(n)		((size_t)(n) << 20)
#define PAGE		4096UL

/*
 * Contents: byte @pos of the stream @seed is a function of the two, so a byte
 * that is lost, doubled, swapped or foreign shows wherever it ends up.
 */
void pattern_fill(void *buf, uint64_t seed, uint64_t pos, size_t len);
unsigned char pattern_byte(uint64_t seed, uint64_t pos);
/* Return: index of the first wrong byte, or -1. */
ssize_t pattern_check(const void *buf, uint64_t seed, uint64_t pos, size_t len);

/*
 * A failed check is printed with the context and counted; the test goes on, so
 * that its end still finds what was left behind. die() is for set-up that did
 * not work: nothing can be said about the promise then, and the test fails.
 */
void context(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fail_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void die_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
int failures(void);

#define check(cond, ...)						\
	({								\
		bool good_ = (cond);					\
		if (!good_)						\
			fail_at(__FILE__, __LINE__, __VA_ARGS__);	\
		good_;							\
	})
#define die(...) die_at(__FILE__, __LINE__, __VA_ARGS__)
#define check_eq(want, got)						\
	({								\
		long long want_ = (want), got_ = (got);			\
		check(want_ == got_, "%s: expected %lld, got %lld",	\
		      #got, want_, got_);				\
	})
/* For calls that return a negative errno. */
#define check_errno(want, got)						\
	({								\
		int want_ = (want);					\
		long long got_ = (got);					\
		check(got_ == -want_, "%s: expected %s, got %s", #got,	\
		      errno_name(want_), result_name(got_));		\
	})
/* For calls that return -1 and set errno. */
#define check_fails(want, call)						\
	({								\
		errno = 0;						\
		check_eq(-1, (long)(call)) && check_errno(want, -errno);\
	})
const char *errno_name(int err);
const char *result_name(long long ret);

/* In a test: it is skipped if there is a reason why it cannot be. */
#define NEEDS(missing)							\
	do {								\
		const char *missing_ = (missing);			\
									\
		if (missing_)						\
			SKIP(return, "%s", missing_);			\
	} while (0)

/* System calls that have to work. */
#define must(expr)							\
	({								\
		long ret_ = (long)(expr);				\
		if (ret_ < 0)						\
			die("%s: %s", #expr, errno_name(errno));	\
		ret_;							\
	})

/* Calls that return a negative errno and have to work. */
#define must_sv(expr)							\
	({								\
		long long ret_ = (expr);				\
		if (ret_ < 0)						\
			die("%s: %s", #expr, errno_name(-ret_));	\
		ret_;							\
	})

/*
 * The caller's memory is lent in loans that end where its address is a multiple of this.
 * Less than that is mapped where it is one loan.
 */
#define ONE_LOAN	MIB(2)
void *map_pages(size_t len);
void unmap_pages(void *addr, size_t len);
int new_vector(void);
void write_all(int fd, const void *buf, size_t len);
void read_all(int fd, void *buf, size_t len);
void put_file(const char *path, const char *text);
void raise_nofile(unsigned long fds);

/* What is alive, as /sys/kernel/debug/splicevec/ledger tells. */
struct ledger {
	long vectors;
	long loans;
	long pushes;
	long completions;
	long pages;
	long pinned;
	long pins;
	long pin_pages;
};

/* When what comes by itself should have come, on a slow emulated machine too. */
time_t settle_end(void);
void ledger_read(struct ledger *now);
/* Wait, within bounds, until the ledger shows @want again; else a failure. */
void ledger_settle(const struct ledger *want);
/* Of /proc/vmstat; those of events count from boot. */
long vm_counter(const char *name);
/* Pages of user memory pinned or unpinned since boot: "acquired", "released" */
long foll_pins(const char *which);
/* Close every fd but the standard ones. */
void close_all(void);
/* Seconds on a clock that nobody sets. */
double now(void);
/* Is the kernel older than that? */
bool linux_before(int major, int minor);
/* Times that anything takes longer here than on a plain kernel. */
unsigned int slower(void);
/* Is all to be tried, however long it takes: EVERY=1? */
bool thorough(void);
/* Of so many, a share that is worth it every day, one at least; all if thorough(). */
unsigned int daily(unsigned int all);

/*
 * The fixture of all tests: afterwards nothing may be alive that was not alive
 * before, whatever the test left open.
 */
#define LEDGER_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct ledger before;					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ledger_read(&self->before);				\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		close_all();						\
		ledger_settle(&self->before);				\
		EXPECT_EQ(0, failures());				\
	}

/* A thread that writes known contents to a stream. */
struct feed {
	pthread_t thread;
	int fd;
	uint64_t seed;
	uint64_t pos;
	size_t len;
	/* How to bring them in; NULL: write(2). */
	void (*how)(struct feed *feed);
	const void *data;	/* for @how: the contents in memory */
	int from;		/* for @how: a file with the contents */
};

/* @fd is closed by the feed when all is written. */
void feed_start(struct feed *feed);
void feed_finish(struct feed *feed);

/* A thread that reads a stream to its end, comparing as it goes. */
struct drain {
	pthread_t thread;
	int fd;
	uint64_t seed;
	uint64_t pos;
	size_t got;		/* bytes read */
	ssize_t wrong;		/* index of the first wrong byte, or -1 */
	int err;
};

void drain_start(struct drain *drain);
/* Wait, within bounds, until @len bytes came. */
void drain_await(struct drain *drain, size_t len);
void drain_finish(struct drain *drain);

/* A thread that does something, and may come to wait in it. */
struct worker {
	pthread_t thread;
	void (*work)(void *arg);
	void *arg;
	_Atomic pid_t tid;
};

/* No signal of the process is handled by a worker. */
void worker_start(struct worker *worker, void (*work)(void *arg), void *arg);
/* Return once it sleeps, in whatever it waits for. */
void worker_await_sleep(struct worker *worker);
void worker_finish(struct worker *worker);

/* Run @fn in a child process; it passes if it returns true. */
bool in_child(bool (*fn)(void *arg), void *arg);

#endif
