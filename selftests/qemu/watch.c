// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program must leave behind: an empty ledger, no memory of the module and a clean
 * kernel log.
 */
#define _GNU_SOURCE
#include "init.h"
#include "../alarms.h"
#include "../klog.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEDGER	"/sys/kernel/debug/splicevec/ledger"

/* Release runs on a workqueue: what is on its way out gets this long. */
#define LEDGER_PATIENCE	2.0
/* Pages a sink was given may still be with it: that much longer. */
#define MEMORY_PATIENCE	10.0

/* Seconds in which the kernel says all of what it has begun to say. */
#define LOG_PATIENCE	1.0

/* Lines of log shown from the first bad one on. */
#define EXCERPT	40

static const char * const accounts[] = {
	"loans", "pushes", "completions", "pages", "pinned", "vectors",
	"pins", "pin_pages",
};

static int log_fd = -1;
static long long allocated_before;

static void log_to_end(void)
{
	if (log_fd < 0)
		log_fd = klog_open();
	lseek(log_fd, 0, SEEK_END);
}

void watch_begin(const char *program)
{
	char text[128];

	allocated_before = allocated();
	log_to_end();
	snprintf(text, sizeof(text), "splicevec-test: begin %s\n", program);
	write_file("/dev/kmsg", text);
}

/* Several processors write to it: a report may still be on its way. */
static const char *next_line(const struct alarms *log)
{
	double deadline = now() + LOG_PATIENCE * slower();
	const char *line;

	while (!(line = klog_next(log_fd)) && log->in_race && now() < deadline)
		usleep(10000);
	return line;
}

void watch_log(const char *program)
{
	char first[256] = "";
	struct alarms log = {};
	unsigned int shown = 0;
	const char *line, *alarm;

	while ((line = next_line(&log)) && shown < EXCERPT) {
		alarm = alarm_in(&log, line);
		if (alarm && !first[0])
			snprintf(first, sizeof(first), "%.255s", alarm);
		if (first[0]) {
			verdict_out("%s", line);
			shown++;
		}
	}
	if (first[0])
		verdict_fail(program, "kernel log: %s", first);
	else
		verdict_pass(program, "kernel log is clean");
	log_to_end();
}

static bool must_be_zero(const char *account)
{
	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++)
		if (!strcmp(account, accounts[i]))
			return true;
	return false;
}

/* Return 0 if nothing is owed, else say in @owed what. */
static int read_ledger(char *owed, size_t size)
{
	FILE *ledger = fopen(LEDGER, "re");
	unsigned int known = 0;
	char account[64];
	size_t len = 0;
	long long value;

	owed[0] = '\0';
	if (!ledger)
		return snprintf(owed, size, "%s: %m", LEDGER);
	while (fscanf(ledger, "%63s %lld%*[^\n]", account, &value) == 2) {
		if (!must_be_zero(account))
			continue;
		known++;
		if (value && len < size)
			len += snprintf(owed + len, size - len, " %s=%lld",
					account, value);
	}
	fclose(ledger);
	if (known != ARRAY_SIZE(accounts))
		return snprintf(owed, size, "%u of its lines missing",
				(unsigned int)(ARRAY_SIZE(accounts) - known));
	return len;
}

static void watch_ledger(const char *program)
{
	double deadline = now() + LEDGER_PATIENCE * slower();
	char owed[256];

	while (read_ledger(owed, sizeof(owed))) {
		if (now() > deadline) {
			verdict_fail(program, "ledger: %s", owed);
			return;
		}
		usleep(10000);
	}
	verdict_pass(program, "ledger is zero");
}

/*
 * If the program has loaded the module anew the books are those of another one, which
 * has as much at first as this one had. What that one left behind can be in no book any
 * more, but the kernel says in its log what it was when it closes them: see alarms.h.
 */
static void watch_memory(const char *program)
{
	double deadline = now() + MEMORY_PATIENCE * slower();
	long long bytes;

	if (allocated_before == -ENOENT)
		return;
	while ((bytes = allocated()) < 0 || bytes > allocated_before) {
		if (now() > deadline) {
			allocated_show();
			verdict_fail(program, "has %lld bytes of the module, not %lld",
				     bytes, allocated_before);
			return;
		}
		net_stir();
		usleep(100000);
	}
	verdict_pass(program, "the module's memory is back");
}

void watch_end(const char *program)
{
	watch_ledger(program);
	watch_memory(program);
	watch_log(program);
}

static void show_task(const char *pid, const char *tid)
{
	static const char * const files[] = { "comm", "wchan", "stack" };
	char path[600], line[256];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/task/%s/%s", pid, tid,
			 files[i]);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			verdict_out("  %s %s: %s", tid, files[i], line);
		if (file)
			fclose(file);
	}
}

static bool is_number(const char *name)
{
	return isdigit((unsigned char)name[0]);
}

/* A kernel thread has no executable. */
static bool is_user(const char *pid)
{
	char path[300], target[1];

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	return is_number(pid) && strcmp(pid, "1") &&
	       readlink(path, target, sizeof(target)) > 0;
}

/* Where every task of every process stands; blocked ones to the console. */
void watch_stacks(void)
{
	DIR *proc = opendir("/proc"), *tasks;
	struct dirent *process, *task;
	char path[300];

	while (proc && (process = readdir(proc))) {
		if (!is_user(process->d_name))
			continue;
		verdict_out("process %s", process->d_name);
		snprintf(path, sizeof(path), "/proc/%s/task", process->d_name);
		tasks = opendir(path);
		while (tasks && (task = readdir(tasks)))
			if (is_number(task->d_name))
				show_task(process->d_name, task->d_name);
		if (tasks)
			closedir(tasks);
	}
	if (proc)
		closedir(proc);
	write_file("/proc/sysrq-trigger", "w");
	log_to_end();
}
