// SPDX-License-Identifier: GPL-2.0-only
/* One process of the fuzzer, with one or several threads, until it has enough. */
#include "fuzz.h"

#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Commands of the first thread before the process ends. */
#define FEWEST		1000
#define MOST		5000

/* Nanoseconds after which a signal ends whatever waits. */
#define PATIENCE	40000000

/* Neither files nor what is pinned shall fill the guest's memory. */
#define FILE_LIMIT	MIB(4)
#define ROOT_MEMLOCK	MIB(64)
#define USER_MEMLOCK	MIB(1)

#define USER		1000

static __thread volatile sig_atomic_t got_sigpipe;

/* The first thread has had enough. */
static atomic_bool enough;

static void on_signal(int sig)
{
	if (sig == SIGPIPE)
		got_sigpipe = true;
}

bool sigpipe_came(void)
{
	bool came = got_sigpipe;

	got_sigpipe = false;
	return came;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	must(sigaction(SIGALRM, &action, NULL));
	must(sigaction(SIGPIPE, &action, NULL));
	/* what a file may not grow to is an error enough */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

/* A signal for this thread alone, again and again: the first may come too soon. */
static void start_timer(void)
{
	const struct itimerspec often = {
		.it_value.tv_nsec = PATIENCE,
		.it_interval.tv_nsec = PATIENCE,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
	};
	timer_t timer;

	event._sigev_un._tid = gettid();
	must(timer_create(CLOCK_MONOTONIC, &event, &timer));
	must(timer_settime(timer, 0, &often, NULL));
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	must(syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_SYS_RESOURCE | 1U << CAP_IPC_LOCK);
	data[0].permitted &= data[0].effective;
	must(syscall(SYS_capset, &header, data));
}

/* Limits hold for all, and half of all have no rights at all. */
static void drop_rights(unsigned int process)
{
	const struct rlimit size = { FILE_LIMIT, FILE_LIMIT };
	bool user = process >= PROCESSES / 2;
	struct rlimit lock = { ROOT_MEMLOCK, ROOT_MEMLOCK };

	if (user)
		lock.rlim_cur = USER_MEMLOCK;
	must(setrlimit(RLIMIT_FSIZE, &size));
	must(setrlimit(RLIMIT_MEMLOCK, &lock));
	if (user) {
		must(setgroups(0, NULL));
		must(setresgid(USER, USER, USER));
		must(setresuid(USER, USER, USER));
	} else {
		drop_capabilities();
	}
	/* after another user is */
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
}

static const unsigned int weights[OPS] = {
	[OP_PULL] = 30, [OP_PUSH] = 32, [OP_SPLICE] = 12, [OP_INFO] = 5,
	[OP_SPANS] = 5, [OP_FEATURES] = 4, [OP_REAP] = 8, [OP_CANCEL] = 3,
	[OP_POLICY] = 3, [OP_UNKNOWN] = 2, [OP_WRITE] = 4, [OP_WRITEV] = 2, [OP_READ] = 3,
	[OP_READV] = 2, [OP_PREAD] = 3, [OP_PREADV2] = 1, [OP_SPLICE_OUT] = 4,
	[OP_SPLICE_IN] = 4, [OP_TEE] = 1, [OP_SENDFILE_OUT] = 2,
	[OP_SENDFILE_IN] = 2, [OP_COPY_RANGE] = 1, [OP_LEND] = 4,
	[OP_MMAP] = 4,
	[OP_TOUCH] = 4, [OP_MPROTECT] = 1, [OP_MREMAP] = 1, [OP_MADVISE] = 1,
	[OP_MUNMAP] = 2, [OP_POLL] = 2, [OP_LSEEK] = 1, [OP_FDINFO] = 1,
};

static void do_action(struct fuzzer *f)
{
	struct action a = {
		.op = random_weighted(&f->random, weights, OPS),
		.serial = atomic_load(&f->record->done),
	};

	if (a.op < COMMANDS) {
		ioctl_draw(f, &a);
		ioctl_run(f, &a);
	} else {
		call_draw(f, &a);
		call_run(f, &a);
	}
}

static void step(struct fuzzer *f)
{
	unsigned long began;

	atomic_fetch_add(&f->record->steps, 1);
	if (one_in(&f->random, 4)) {
		began = microseconds();
		slots_step(f);
		atomic_fetch_add(&shared->between, microseconds() - began);
		return;
	}
	if (!f->process && one_in(&f->random, 200))
		limits_change(&f->random);
	else
		do_action(f);
}

static bool go_on(const struct fuzzer *f, unsigned long quota)
{
	return !atomic_load(&shared->stop) && !atomic_load(&enough) &&
	       atomic_load(&f->record->done) < quota;
}

static void *run_thread(void *arg)
{
	struct fuzzer *f = arg;

	start_timer();
	while (go_on(f, -1UL))
		step(f);
	return NULL;
}

static void seed_thread(struct fuzzer *f, unsigned int process,
			unsigned int thread)
{
	struct process_record *record = &shared->process[process];

	*f = (struct fuzzer){
		.process = process,
		.thread = thread,
		.alone = record->threads == 1,
		.process_record = record,
		.record = &record->thread[thread],
	};
	random_seed(&f->random, shared->seed, process, record->generation,
		    thread);
}

static void run_threads(struct fuzzer *f, unsigned int nr)
{
	unsigned long quota = FEWEST +
			      random_below(&f[0].random, MOST - FEWEST);
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 1; i < nr; i++)
		if (pthread_create(&threads[i], NULL, run_thread, &f[i]))
			die("no thread");
	start_timer();
	while (go_on(&f[0], quota))
		step(&f[0]);
	/* as often as not in the middle of what the others do */
	if (!atomic_load(&shared->stop) && one_in(&f[0].random, 2)) {
		atomic_store(&f[0].process_record->suicide, true);
		kill(getpid(), SIGKILL);
	}
	atomic_store(&enough, true);
	for (i = 1; i < nr; i++)
		pthread_join(threads[i], NULL);
}

void process_main(unsigned int process, unsigned int generation)
{
	struct process_record *record = &shared->process[process];
	unsigned long began = microseconds();
	struct fuzzer f[THREADS];
	unsigned int i;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	for (i = 0; i < record->threads; i++)
		seed_thread(&f[i], process, i);
	context("process %u generation %u", process, generation);
	catch_signals();
	endpoints_begin(&f[0]);
	memory_begin(&f[0]);
	for (i = 0; i < record->threads; i++)
		memory_begin_thread(&f[i]);
	drop_rights(process);
	slots_begin(&f[0]);
	atomic_fetch_add(&shared->starting, microseconds() - began);
	run_threads(f, record->threads);
	_exit(0);
}
