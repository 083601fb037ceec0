/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer of the ABI. A supervisor keeps some processes going; each does random
 * commands in one or several threads until it has done its number, or kills
 * itself, and is followed by another one. What a thread draws depends on nothing
 * but the seed and the numbers of process, generation and thread.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include "../common.h"

#include <linux/splicevec.h>
#include <stdatomic.h>

/* Odd ones have several threads, the upper half belongs to another user. */
#define PROCESSES	4
#define THREADS		3

/* Commands of each thread that are remembered. */
#define REMEMBERED	16

/* random.c: numbers that repeat. */
struct random {
	uint64_t state;
};

void random_seed(struct random *random, uint64_t seed, unsigned int process,
		 unsigned int generation, unsigned int thread);
uint64_t random_word(struct random *random);
/* Return: 0 to @n - 1. */
uint64_t random_below(struct random *random, uint64_t n);
bool one_in(struct random *random, unsigned int n);
/* Return: 0 to @n - 1, each as often as it weighs. */
unsigned int random_weighted(struct random *random, const unsigned int *weights,
			     unsigned int n);
/* Numbers at which things tend to go wrong. */
uint64_t random_edge(struct random *random);
uint64_t random_len(struct random *random);
int64_t random_offset(struct random *random);

/* What is done to a vector: commands, and calls that know it as a file. */
enum op {
	OP_PULL,
	OP_PUSH,
	OP_SPLICE,
	OP_INFO,
	OP_SPANS,
	OP_FEATURES,
	OP_REAP,
	OP_CANCEL,
	OP_POLICY,
	OP_UNKNOWN,		/* any other ioctl */
	COMMANDS,
	OP_WRITE = COMMANDS,
	OP_WRITEV,
	OP_READ,
	OP_READV,
	OP_PREAD,
	OP_PREADV2,
	OP_SPLICE_OUT,
	OP_SPLICE_IN,
	OP_TEE,
	OP_SENDFILE_OUT,
	OP_SENDFILE_IN,
	OP_COPY_RANGE,
	OP_LEND,		/* a call of examples/lender: it lends to it */
	OP_MMAP,
	OP_TOUCH,
	OP_MPROTECT,
	OP_MREMAP,
	OP_MADVISE,
	OP_MUNMAP,
	OP_POLL,
	OP_LSEEK,
	OP_FDINFO,
	OPS
};

/* Where a command's struct lies. */
enum desk {
	DESK_PLAIN,
	DESK_ODD,		/* not aligned */
	DESK_ACROSS,		/* on two pages */
	DESK_END,		/* nothing behind it */
	DESK_STRADDLE,		/* its end is not there */
	DESK_READONLY,
	DESK_NOWHERE,
	DESK_NULL,
	DESK_KERNEL,
	DESKS
};

union fuzzed {
	uint32_t size;
	struct splicevec_pull pull;
	struct splicevec_push push;
	struct splicevec_splice splice;
	struct splicevec_info info;
	struct splicevec_spans spans;
	struct splicevec_features features;
	struct splicevec_reap reap;
	struct splicevec_cancel cancel;
	struct splicevec_policy policy;
	unsigned char bytes[88];
};

struct action {
	enum op op;
	enum desk desk;
	bool compat;		/* by the 32-bit door */
	bool ring;		/* by io_uring, ... */
	bool async;		/* at once by a thread of it */
	bool waited_for;	/* there is a push to call off */
	unsigned int patience;	/* milliseconds until it is called off */
	unsigned int apart;	/* 0, or which place of its own its struct has */
	bool told;		/* its CQE had a number of bytes: */
	int cqe;
	bool running;
	int fd;
	int other;		/* of calls: another fd */
	const char *fd_name;	/* what these were when it began */
	const char *other_name;
	unsigned int number;	/* of the ioctl */
	uint32_t tail;		/* bytes of the struct behind what is known */
	uint32_t dirt;		/* the one of them that is not 0; 0: none */
	uint32_t cut;		/* DESK_STRADDLE: bytes that are there */
	union fuzzed cmd;
	uint64_t arg[4];	/* of calls: address, length, offset, flags */
	uint64_t serial;
	unsigned long began;	/* microseconds */
	long ret;		/* result or negative errno */
};

struct thread_record {
	struct action last[REMEMBERED];
	atomic_ulong done;	/* commands */
	atomic_ulong steps;	/* commands and what is done between them */
};

struct process_record {
	unsigned int generation;
	unsigned int threads;
	atomic_bool suicide;	/* killed itself, as it was drawn */
	struct thread_record thread[THREADS];
};

/* Shared by all processes. */
struct shared {
	uint64_t seed;
	atomic_bool stop;
	atomic_uint failures;
	char first_failure[1024];	/* in words */
	atomic_ulong done;	/* commands of processes that are gone */
	atomic_ulong tried[OPS];
	atomic_ulong worked[OPS];
	atomic_ulong spent[OPS];	/* microseconds */
	atomic_ulong by_ring;
	atomic_ulong called_off;	/* of these; */
	atomic_ulong left;		/* rings closed with them in the air */
	atomic_ulong between;		/* and those between the commands */
	atomic_ulong starting;		/* and until processes were ready */
	atomic_ulong by_errno[256];
	struct process_record process[PROCESSES];
};

extern struct shared *shared;

/* What a thread needs to know. */
struct fuzzer {
	struct random random;
	unsigned int process;
	unsigned int thread;
	bool alone;		/* no other thread of the process */
	unsigned int left;	/* structs that io_uring was left with */
	struct process_record *process_record;
	struct thread_record *record;
};

/* memory.c: what addresses can point to. */
void memory_share(void);
void memory_begin(struct fuzzer *f);
void memory_begin_thread(struct fuzzer *f);
/* Return: an address, mostly of something; @len: bytes that follow, mostly. */
uint64_t random_address(struct random *random, uint64_t *len);
/* Where struct and what it points to are put; @size: of the struct. */
void *desk_address(struct fuzzer *f, const struct action *a, size_t size);
/* Places of their own there are so many. */
#define DESKS_APART	512
/* The same place, where this process can write it; NULL: there is none. */
void *desk_alias(struct fuzzer *f, const struct action *a, size_t size);
/*
 * Random pieces of memory, as the caller lays them out.
 * Return: their address; @nr: number of pieces
 */
uint64_t random_pieces(struct fuzzer *f, bool compat, uint32_t *nr);
/* Room for as many spans as one command lists, which nobody else writes to. */
#define DESK_SPANS	4096
struct splicevec_span *desk_spans(struct fuzzer *f);
/* The same room, for records, which are as long. */
#define DESK_LIST_SIZE	(DESK_SPANS * sizeof(struct splicevec_span))
unsigned char *desk_records(struct fuzzer *f);
/*
 * Bytes @from to @to of that room that no command may write to, as far as it has
 * them; whole: none did.
 */
void guard_list(struct fuzzer *f, uint64_t from, uint64_t to);
bool guard_is_whole(struct fuzzer *f, uint64_t from, uint64_t to);
/* Where vectors are mapped. */
uint64_t map_area(struct fuzzer *f);
#define MAP_AREA	MIB(1)
/* Bytes nobody needs. */
void *scratch(struct fuzzer *f, size_t *len);
/* Look at memory without dying of it. Return: bytes or a negative errno. */
long touch(struct fuzzer *f, uint64_t addr, size_t len);

/* endpoints.c: fds of all kinds. */
void endpoints_share(void);
/* Those of one process; privileged. */
void endpoints_begin(struct fuzzer *f);
size_t endpoints(void);
int endpoint_fd(size_t i);
const char *endpoint_name(size_t i);
/* Return: an fd of that name, or -1: there is none here. */
int endpoint_named(const char *name);
/* examples/lender, if it is loaded. */
#define LENDER_ENDPOINT	"lender"

/* slots.c: the fds that commands are given, with fixed numbers. */
#define SLOT_FIRST	100
#define PRIVATE_VECTORS	8
#define VECTORS		10	/* the last ones are shared by all processes */
#define PIPES		6	/* those after the vectors: splice(2) needs them */
#define SLOTS		48

void slots_share(void);
void slots_begin(struct fuzzer *f);
int random_vector(struct random *random);
int random_fd(struct random *random);
int random_pipe(struct random *random);
bool is_private_vector(int fd);
/* Nobody knows what other files make of our numbers. */
bool is_vector_slot(int fd);
/* Something that is no command: renew, close, change, fill, empty. */
void slots_step(struct fuzzer *f);
/* Return: a name for @fd. */
const char *slot_name(int fd);

/* limits.c: the parameters of the module. */
void limits_save(void);
void limits_restore(void);
void limits_change(struct random *random);

/* ioctls.c: commands. */
extern const struct layout {
	const char *name;
	unsigned int number;
	size_t size;
	size_t min;		/* of an older caller's */
	size_t out;		/* where results begin */
	size_t more;		/* arguments among them, up to @more_out */
	size_t more_out;
} layouts[COMMANDS];

void ioctls_share(void);
/* Bytes of the struct as the caller knows it: no more are read, or written. */
size_t struct_size(const struct action *a);
/*
 * Somewhere between the vector's head and tail. What is drawn must not depend on
 * what it holds, but what becomes of that may.
 */
int64_t held_position(struct fuzzer *f, int vec);
void ioctl_draw(struct fuzzer *f, struct action *a);
void ioctl_run(struct fuzzer *f, struct action *a);

/* rings.c: commands through io_uring. */
void rings_share(void);
/* A strict push whose CQE tells its end, so that no record does. */
bool ring_tells(const struct action *a);
/* Return: false: the ring has done nothing, so an ioctl has to. */
bool ring_run(struct fuzzer *f, struct action *a, void *arg);

/* waiters.c: a strict push that waits, for CANCEL. */
struct waiters;
/* Return: NULL: no ring can be had. */
struct waiters *waiters_begin(const struct action *a);
void waiters_end(struct fuzzer *f, const struct action *a, struct waiters *w);

/* errnos.c: the errors that are documented. */
bool errno_is_one_of(int err, const int *errors, size_t nr);
bool errno_is_documented(const struct action *a, int err);
/* May what a sink was given end with this? */
bool errno_is_of_sinks(int err);

/* What POLICY knows. */
#define POLICY_FLAGS	(SPLICEVEC_STABLE | SPLICEVEC_VERIFY)

/* oracle.c: what a command must do, whatever was drawn. */
struct verdict {
	unsigned int nr;
	int errors[8];		/* one of these; none: it may work */
	bool fails;		/* it must fail, with any documented error */
	bool untouched;		/* the struct is as it was */
};

struct verdict oracle_expect(const struct fuzzer *f, const struct action *a);
void oracle_errno(struct fuzzer *f, const struct action *a);
void oracle_complain(struct fuzzer *f, const struct action *a, const char *fmt,
		     ...) __attribute__((format(printf, 3, 4)));

/* results.c: what it has done. */
/* @before: the struct as given; @after: as it is now; NULL: not to be seen */
void results_check(struct fuzzer *f, const struct action *a,
		   const struct verdict *expected, const unsigned char *before,
		   const unsigned char *after, size_t size);

/*
 * promises.c: records of what ends after its command. Of vectors nobody else has
 * each has to be one that a command was promised.
 */
void promises_new_vector(int vec);
/* @to is another number of the vector @from. */
void promises_same_vector(int from, int to);
void promises_check_pull(struct fuzzer *f, const struct action *a,
			 const struct splicevec_pull *now);
void promises_check_push(struct fuzzer *f, const struct action *a,
			 const struct splicevec_push *now);
void promises_check_reap(struct fuzzer *f, const struct action *a,
			 const struct splicevec_reap *now);
void promises_check_interrupted(struct fuzzer *f, const struct action *a);
void promises_check_poll(struct fuzzer *f, const struct action *a,
			 unsigned int asked, unsigned int told);

/* moved.c: what a command may have done to its vector, or says of it. */
struct held {
	bool known;
	struct splicevec_info info;
};

struct held held_before(struct fuzzer *f, const struct action *a);
void held_check(struct fuzzer *f, const struct action *a,
		const struct held *before);
/* Nobody can write to what a private vector got by this stable push. */
void stable_check(struct fuzzer *f, const struct action *a,
		  const struct splicevec_push *now);

/* calls.c: the vector as a file. */
void call_draw(struct fuzzer *f, struct action *a);
void call_run(struct fuzzer *f, struct action *a);
const char *call_name(enum op op);

/* record.c: the last commands, for those who look for a reason. */
void record_begin(struct fuzzer *f, const struct action *a);
void record_end(struct fuzzer *f, const struct action *a);
void record_print(unsigned int process);
void describe_action(const struct action *a, char *text, size_t size);
unsigned long commands_done(void);
unsigned long microseconds(void);

/* process.c */
void process_main(unsigned int process, unsigned int generation)
	__attribute__((noreturn));
/* SIGPIPE came to this thread since this was asked last. */
bool sigpipe_came(void);

/* klog.c: the kernel's log. */
void klog_begin(void);
/* Return: the first bad line since then, or NULL. */
const char *klog_alarm(void);
void klog_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
