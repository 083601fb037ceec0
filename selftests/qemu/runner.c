// SPDX-License-Identifier: GPL-2.0-only
/* Run one program at a time: its output, its end, its time limit. */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds between signs of life, and for killed processes to go away. */
#define BEAT	5
#define DYING	10

struct child {
	pid_t pid;
	int pidfd;
	int out;
	char line[2048];
	size_t len;
	struct tap *tap;
};

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void exec_program(char *const argv[], int out)
{
	char path[256];

	setsid();
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	dup2(out, 1);
	dup2(out, 2);
	if (chdir("/tmp"))
		_exit(126);
	snprintf(path, sizeof(path), PROGRAM_DIR "/%s", argv[0]);
	execv(path, argv);
	dprintf(2, "%s: %m\n", path);
	_exit(127);
}

static int start(struct child *child, char *const argv[])
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child->pid = fork();
	if (!child->pid)
		exec_program(argv, ends[1]);
	close(ends[1]);
	child->out = ends[0];
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	child->pidfd = syscall(SYS_pidfd_open, child->pid, 0);
	return child->pid < 0 || child->pidfd < 0 ? -errno : 0;
}

static void end_line(struct child *child)
{
	child->line[child->len] = '\0';
	child->len = 0;
	if (child->tap)
		tap_line(child->tap, child->line);
	else
		verdict_out("%s", child->line);
}

/* Return false once there is nothing more to read now. */
static bool read_output(struct child *child)
{
	char buffer[4096];
	ssize_t len = read(child->out, buffer, sizeof(buffer));

	for (ssize_t i = 0; i < len; i++) {
		if (buffer[i] == '\n' || child->len == sizeof(child->line) - 1)
			end_line(child);
		if (buffer[i] != '\n')
			child->line[child->len++] = buffer[i];
	}
	return len > 0;
}

/* Pass output on until the program ends. Return false if it overran. */
static bool attend(struct child *child, unsigned int limit)
{
	double deadline = now() + limit;
	struct pollfd ready[] = {
		{ .fd = child->pidfd, .events = POLLIN },
		{ .fd = child->out, .events = POLLIN },
	};

	while (now() < deadline) {
		if (!poll(ready, 2, BEAT * 1000))
			verdict_beat();
		if (ready[1].revents && !read_output(child))
			ready[1].fd = ready[1].revents & POLLIN ?
				      child->out : -1;
		if (!ready[0].revents)
			continue;
		while (read_output(child))
			;
		if (child->len)
			end_line(child);
		return true;
	}
	return false;
}

/*
 * Whatever the program left running would keep its vectors. Return false if
 * something cannot be killed.
 */
static bool kill_all(void)
{
	double deadline = now() + DYING * slower();

	for (;;) {
		pid_t gone;

		kill(-1, SIGKILL);
		while ((gone = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (gone < 0)
			return true;
		if (now() > deadline)
			return false;
		usleep(1000);
	}
}

static void overran(const char *program, unsigned int limit)
{
	watch_log(program);
	watch_stacks();
	verdict_fail(program, "did not end within %u s", limit);
}

/* Return the program's wait status, or -1 if it never really ended. */
static int run(char *const argv[], unsigned int limit, struct tap *tap)
{
	const char *program = argv[0];
	struct child child = { .tap = tap };
	int status = -1, ret;

	ret = start(&child, argv);
	if (ret) {
		verdict_fail(program, "start: %s", strerror(-ret));
		return -1;
	}
	if (!attend(&child, limit))
		overran(program, limit);
	else
		waitpid(child.pid, &status, 0);
	if (!kill_all()) {
		watch_stacks();
		verdict_fail(program, "left a process that cannot be killed");
	}
	close(child.pidfd);
	close(child.out);
	return status;
}

/* A test that unloads the module has to bring it back. */
static void check_module(const char *program)
{
	int ret;

	if (module_loaded(MODULE_NAME))
		return;
	verdict_fail(program, "module is not loaded any more");
	ret = module_insert(MODULE_FILE);
	if (ret)
		verdict_fail(program, "%s: %s", MODULE_FILE, strerror(-ret));
}

void run_tests(char *program, unsigned int limit)
{
	char *const argv[] = { program, NULL };
	struct tap tap = { .program = program };
	double start;
	int status;

	leaks_before(program);
	start = now();
	verdict_run(program);
	watch_begin(program);
	status = run(argv, limit, &tap);
	if (status >= 0)
		tap_finish(&tap, status);
	check_module(program);
	watch_end(program);
	leaks_after(program);
	verdict_done(program, now() - start);
}

void run_plain(char *const argv[], unsigned int limit)
{
	const char *program = argv[0];
	double start = now();
	int status;

	verdict_run(program);
	watch_begin(program);
	status = run(argv, limit, NULL);
	if (status > 0)
		verdict_fail(program, "%s %d",
			     WIFSIGNALED(status) ? "signal" : "exit status",
			     WIFSIGNALED(status) ? WTERMSIG(status) :
						   WEXITSTATUS(status));
	else if (!status)
		verdict_pass(program, "exit status 0");
	watch_end(program);
	verdict_done(program, now() - start);
}
