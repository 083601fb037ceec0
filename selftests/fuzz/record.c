// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last commands of each thread, in memory that all processes share: there
 * they are for whoever looks for the reason of a report, or of a death.
 */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Whole lines, as others write too. */
void say(const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	if (write(STDOUT_FILENO, text, len) < 0)
		_exit(1);
}

unsigned long microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000UL + now.tv_nsec / 1000;
}

void record_begin(struct fuzzer *f, const struct action *a)
{
	unsigned long done = atomic_load(&f->record->done);
	struct action *slot = &f->record->last[done % REMEMBERED];

	*slot = *a;
	slot->serial = done;
	slot->began = microseconds();
	slot->running = true;
	atomic_signal_fence(memory_order_seq_cst);
}

void record_end(struct fuzzer *f, const struct action *a)
{
	unsigned long done = atomic_fetch_add(&f->record->done, 1);
	struct action *slot = &f->record->last[done % REMEMBERED];

	slot->ret = a->ret;
	slot->running = false;
	atomic_fetch_add(&shared->spent[a->op], microseconds() - slot->began);
	atomic_fetch_add(&shared->tried[a->op], 1);
	if (a->ret >= 0)
		atomic_fetch_add(&shared->worked[a->op], 1);
	else if (-a->ret < (long)ARRAY_LEN(shared->by_errno))
		atomic_fetch_add(&shared->by_errno[-a->ret], 1);
}

/* Commands of processes that are gone were added up. */
unsigned long commands_done(void)
{
	unsigned long sum = atomic_load(&shared->done);
	unsigned int i, j;

	for (i = 0; i < PROCESSES; i++)
		for (j = 0; j < THREADS; j++)
			sum += atomic_load(&shared->process[i].thread[j].done);
	return sum;
}

static int add(char *text, size_t size, int at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int add(char *text, size_t size, int at, const char *fmt, ...)
{
	va_list args;
	int n;

	if (at >= (int)size)
		return at;
	va_start(args, fmt);
	n = vsnprintf(text + at, size - at, fmt, args);
	va_end(args);
	return at + n;
}

static const char *const desk_names[DESKS] = {
	[DESK_PLAIN] = "in plain memory",
	[DESK_ODD] = "at an odd address",
	[DESK_ACROSS] = "across pages",
	[DESK_END] = "with nothing behind it",
	[DESK_STRADDLE] = "half in memory",
	[DESK_READONLY] = "in read-only memory",
	[DESK_NOWHERE] = "in no memory",
	[DESK_NULL] = "at NULL",
	[DESK_KERNEL] = "at a kernel address",
};

/* All fields, as words: names would hide what is in a spoiled one. */
static int describe_fields(const struct action *a, size_t from, size_t to,
			   char *text, size_t size, int at)
{
	uint32_t word;

	for (; from < to; from += sizeof(word)) {
		memcpy(&word, a->cmd.bytes + from, sizeof(word));
		at = add(text, size, at, " %#x", word);
	}
	return at;
}

static int describe_command(const struct action *a, char *text, size_t size,
			    int at)
{
	const struct layout *layout = &layouts[a->op];

	at = add(text, size, at, "%s(%d, %#x %s",
		 a->ring ? "io_uring" : a->compat ? "ioctl32" : "ioctl", a->fd,
		 a->number, layout->name);
	at = describe_fields(a, 0, layout->out, text, size, at);
	if (layout->more < layout->more_out)
		at = add(text, size, at, " ...");
	at = describe_fields(a, layout->more, layout->more_out, text, size, at);
	at = add(text, size, at, " %s", desk_names[a->desk]);
	if (a->tail)
		at = add(text, size, at, ", longer by %u%s", a->tail,
			 a->dirt ? ", not all zero" : "");
	if (a->fd_name)
		at = add(text, size, at, "; %s", a->fd_name);
	if (a->other_name)
		at = add(text, size, at, ", %s", a->other_name);
	return add(text, size, at, ")");
}

void describe_action(const struct action *a, char *text, size_t size)
{
	int at = add(text, size, 0, "#%llu ", (unsigned long long)a->serial);

	if (a->op < COMMANDS)
		at = describe_command(a, text, size, at);
	else
		at = add(text, size, at, "%s(%d, %#llx, %#llx, %#llx, %#llx; %d is %s)",
			 call_name(a->op), a->fd, (unsigned long long)a->arg[0],
			 (unsigned long long)a->arg[1],
			 (unsigned long long)a->arg[2],
			 (unsigned long long)a->arg[3], a->other,
			 a->other_name ?: "?");
	if (a->running)
		add(text, size, at, " ...");
	else
		add(text, size, at, " = %s", result_name(a->ret));
}

static void print_thread(const struct process_record *process,
			 unsigned int which, unsigned int thread)
{
	const struct thread_record *record = &process->thread[thread];
	unsigned long done = atomic_load(&record->done), i;
	char text[512];

	say("# process %u generation %u thread %u, %lu commands:\n", which,
	    process->generation, thread, done);
	for (i = done < REMEMBERED ? 0 : done - REMEMBERED + 1; i <= done; i++) {
		const struct action *a = &record->last[i % REMEMBERED];

		if (a->serial != i || !(a->running || i < done))
			continue;
		describe_action(a, text, sizeof(text));
		say("#   %s\n", text);
	}
}

void record_print(unsigned int process)
{
	const struct process_record *record = &shared->process[process];
	unsigned int i;

	for (i = 0; i < record->threads; i++)
		print_thread(record, process, i);
}
