// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz: the supervisor. From the environment:
 *
 *	FUZZ_SECONDS	how long
 *	SEED		to repeat what was found: a seed, or SEED:GENERATION to
 *			begin all processes with that one
 *
 * It prints the seed first, and in the end the number of commands. Whatever is
 * found, the kernel's log, a death, a command that breaks a rule, comes with the
 * last commands of the threads.
 */
#include "fuzz.h"
#include "../lender.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Where the kernel notices most, at a price, it is tried for longer; every day half of it. */
#define SECONDS		20
#define SECONDS_SLOW	120

/* Nobody waits for so many of them, on a kernel of the usual speed. */
#define STUCK		30

struct shared *shared;

static struct child {
	pid_t pid;
	unsigned long steps;	/* when it was seen to do something */
	time_t seen;
} children[PROCESSES];

static unsigned int nr_tests, nr_failed;

static void report(bool good, const char *name)
{
	nr_tests++;
	nr_failed += !good;
	say("%s %u fuzz.%s\n", good ? "ok" : "not ok", nr_tests, name);
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static unsigned long duration(void)
{
	const char *text = getenv("FUZZ_SECONDS");

	if (text)
		return strtoul(text, NULL, 10);
	return (slower() > 1 ? SECONDS_SLOW : SECONDS) / (thorough() ? 1 : 2);
}

/* What is not given is any. */
static uint64_t choose_seed(unsigned int *generation)
{
	const char *text = getenv("SEED");
	uint32_t seed;
	char *end;

	*generation = 0;
	if (!text) {
		must(getrandom(&seed, sizeof(seed), 0));
		return seed;
	}
	seed = strtoul(text, &end, 10);
	if (*end == ':')
		*generation = strtoul(end + 1, &end, 10);
	if (*end)
		die("SEED=%s: it is SEED or SEED:GENERATION", text);
	return seed;
}

/* Files that the kernel has open: what no process has would stay for good. */
static long open_files(void)
{
	FILE *file = fopen("/proc/sys/fs/file-nr", "re");
	long files = -1;

	if (!file || fscanf(file, "%ld", &files) != 1)
		die("/proc/sys/fs/file-nr: %s", errno_name(errno));
	fclose(file);
	return files;
}

static void start(unsigned int i)
{
	struct process_record *record = &shared->process[i];

	memset(record->thread, 0, sizeof(record->thread));
	record->threads = i % 2 ? THREADS : 1;
	atomic_store(&record->suicide, false);
	klog_say("fuzz: seed %llu process %u generation %u\n",
		 (unsigned long long)shared->seed, i, record->generation);
	children[i] = (struct child){ .seen = seconds() };
	children[i].pid = must(fork());
	if (!children[i].pid)
		process_main(i, record->generation);
}

static void add_up(unsigned int i)
{
	struct process_record *record = &shared->process[i];
	unsigned int j;

	for (j = 0; j < THREADS; j++)
		atomic_fetch_add(&shared->done,
				 atomic_exchange(&record->thread[j].done, 0));
}

/* Return: it ended as it should. */
static bool ended_well(unsigned int i, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return atomic_load(&shared->process[i].suicide);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool bury(unsigned int i, int status)
{
	bool well = ended_well(i, status);

	children[i].pid = 0;
	if (!well) {
		say("# process %u died, status %#x\n", i, status);
		record_print(i);
	}
	add_up(i);
	shared->process[i].generation++;
	return well;
}

/* Return: all that ended meanwhile ended well; @again: others take their place. */
static bool look_after(bool again)
{
	bool well = true;
	unsigned int i;
	int status;

	for (i = 0; i < PROCESSES; i++) {
		if (!children[i].pid ||
		    waitpid(children[i].pid, &status, WNOHANG) <= 0)
			continue;
		well &= bury(i, status);
		if (again && well)
			start(i);
	}
	return well;
}

static void show_stacks(pid_t pid)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "for t in /proc/%d/task/*; do echo \"# $t\"; cat $t/wchan; echo; sed 's/^/# /' $t/stack; done",
		 pid);
	if (system(command))
		say("# no stacks\n");
}

static bool is_stuck(unsigned int i)
{
	struct process_record *record = &shared->process[i];
	struct child *child = &children[i];
	unsigned long steps = 0;
	unsigned int j;

	for (j = 0; j < THREADS; j++)
		steps += atomic_load(&record->thread[j].steps);
	if (steps != child->steps || !child->pid) {
		child->steps = steps;
		child->seen = seconds();
	}
	return seconds() > child->seen + STUCK * slower();
}

static bool none_stuck(void)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++) {
		if (!is_stuck(i))
			continue;
		say("# process %u does nothing any more\n", i);
		record_print(i);
		show_stacks(children[i].pid);
		return false;
	}
	return true;
}

static bool log_is_clean(void)
{
	const char *alarm = klog_alarm();
	unsigned int i;

	if (!alarm)
		return true;
	say("# kernel log: %s\n", alarm);
	for (i = 0; i < PROCESSES; i++)
		record_print(i);
	return false;
}

struct found {
	bool death, report, hang;
};

static void run(struct found *found, time_t end)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++)
		start(i);
	while (seconds() < end && !found->death && !found->report &&
	       !found->hang && !atomic_load(&shared->failures)) {
		usleep(50000);
		found->death |= !look_after(true);
		found->report |= !log_is_clean();
		found->hang |= !none_stuck();
	}
}

static bool any_left(void)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++)
		if (children[i].pid)
			return true;
	return false;
}

/* All end by themselves, unless something is wrong with them. */
static void stop(struct found *found)
{
	time_t end = seconds() + STUCK * slower();
	unsigned int i;

	atomic_store(&shared->stop, true);
	while (any_left() && seconds() < end && !found->hang) {
		usleep(10000);
		found->death |= !look_after(false);
	}
	for (i = 0; i < PROCESSES; i++) {
		if (!children[i].pid)
			continue;
		if (!found->hang) {
			say("# process %u does not end\n", i);
			record_print(i);
			show_stacks(children[i].pid);
		}
		found->hang = true;
		kill(children[i].pid, SIGKILL);
	}
}

static void share(uint64_t seed, unsigned int generation)
{
	unsigned int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap: %s", errno_name(errno));
	shared->seed = seed;
	for (i = 0; i < PROCESSES; i++)
		shared->process[i].generation = generation;
	raise_nofile(4096);
	if (!lender_missing())
		must_sv(lender_load());
	klog_begin();
	ioctls_share();
	memory_share();
	endpoints_share();
	slots_share();
}

static const char *op_name(enum op op)
{
	return op < COMMANDS ? layouts[op].name : call_name(op);
}

/* Others need more luck than a short run has. */
static bool must_work(enum op op)
{
	switch (op) {
	case OP_PULL ... OP_POLICY:
	case OP_WRITE:
	case OP_READ:
	case OP_PREAD:
	case OP_SPLICE_OUT:
	case OP_SPLICE_IN:
	case OP_SENDFILE_OUT:
	case OP_SENDFILE_IN:
	case OP_MMAP:
	case OP_POLL:
	case OP_FDINFO:
		return true;
	case OP_LEND:
		return !lender_missing();
	default:
		return false;
	}
}

/* A fuzzer whose commands all fail at once finds nothing. */
static bool all_worked(void)
{
	bool all = true;
	enum op op;

	for (op = 0; op < OPS; op++) {
		unsigned long tried = atomic_load(&shared->tried[op]);
		unsigned long worked = atomic_load(&shared->worked[op]);

		say("# %s: %lu, %lu worked, %lu us each\n", op_name(op), tried,
		    worked, atomic_load(&shared->spent[op]) / (tried ?: 1));
		if (!worked && must_work(op)) {
			say("# %s never worked\n", op_name(op));
			all = false;
		}
	}
	say("# by rings: %lu, called off %lu times, left in the air %lu\n",
	    atomic_load(&shared->by_ring), atomic_load(&shared->called_off),
	    atomic_load(&shared->left));
	say("# between them %lu ms, before them %lu ms\n",
	    atomic_load(&shared->between) / 1000,
	    atomic_load(&shared->starting) / 1000);
	return all;
}

static void print_errors(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(shared->by_errno); i++)
		if (shared->by_errno[i])
			say("# %s: %lu\n", errno_name(i), shared->by_errno[i]);
}

/* Each processor may keep so many to itself that the sum does not show. */
#define UNSEEN_FILES	160

static bool files_settle(long before)
{
	time_t end = seconds() + STUCK * slower();
	long now;

	while ((now = open_files()) > before + UNSEEN_FILES &&
	       seconds() < end)
		usleep(10000);
	if (now <= before + UNSEEN_FILES)
		return true;
	say("# open files: %ld, before %ld\n", now, before);
	return false;
}

/* All that was lent has come home, once; then the lender can go. */
static bool lender_goes(void)
{
	int before = failures(), lender;
	struct lender_counts counts;

	if (lender_missing())
		return true;
	lender = lender_open();
	counts = lender_counts(lender);
	check_returned(lender, counts.lent);
	check_not_returned(lender, counts.lent);
	close(lender);
	lender_unloads();
	say("# lent: %llu\n", (unsigned long long)counts.lent);
	return failures() == before;
}

static void report_end(const struct found *found, long files,
		       const struct ledger *before)
{
	const struct {
		bool good;
		const char *name;
	} rules[] = {
		{ !found->report, "no_command_makes_the_kernel_report" },
		{ !found->death, "no_process_dies" },
		{ !found->hang, "no_command_hangs" },
		{ !atomic_load(&shared->failures),
		  "results_are_what_the_interface_says" },
	};
	bool cut = false;
	size_t i;

	/* what was printed is shown with the first result if that is bad */
	for (i = 0; i < ARRAY_LEN(rules); i++) {
		cut |= !rules[i].good;
		if (!rules[i].good)
			report(false, rules[i].name);
	}
	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].good)
			report(true, rules[i].name);
	report(cut || all_worked(), "commands_of_all_sorts_work");
	ledger_settle(before);
	report(!failures(), "all_pages_are_given_back");
	report(lender_goes(), "all_that_was_lent_comes_home_once");
	report(files_settle(files), "all_files_are_let_go");
}

int main(void)
{
	unsigned int generation;
	uint64_t seed = choose_seed(&generation);
	struct found found = {};
	struct ledger before;
	struct stat device;
	long files;

	say("TAP version 13\n1..8\nnote seed %llu\n", (unsigned long long)seed);
	ledger_read(&before);
	files = open_files();
	must(stat("/dev/splicevec", &device));
	must(chmod("/dev/splicevec", 0666));
	limits_save();
	share(seed, generation);
	run(&found, seconds() + duration());
	stop(&found);
	found.report |= !log_is_clean();
	limits_restore();
	must(chmod("/dev/splicevec", device.st_mode & 07777));
	say("note %lu commands, seed %llu\n", commands_done(),
	    (unsigned long long)seed);
	print_errors();
	/* once more, behind what is long */
	say("%s", shared->first_failure);
	close_all();
	report_end(&found, files, &before);
	return nr_failed ? 1 : 0;
}
