/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PID 1 of the test guest. Results leave through a serial port of their own
 * (verdict.c), so nothing the kernel or a test prints can look like one.
 */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define __printf(format_, args) __attribute__((format(printf, format_, args)))

#define MODULE_NAME	"splicevec"
#define MODULE_FILE	"/splicevec.ko"
#define PROGRAM_DIR	"/selftests"

/* verdict.c: what the host hears, counted on the way. */
int verdict_open(const char *port);
void verdict_begin(void);
void verdict_beat(void);
void verdict_run(const char *program);
void verdict_done(const char *program, unsigned int seconds);
void verdict_pass(const char *program, const char *what);
void verdict_skip(const char *program, const char *what);
__printf(2, 3) void verdict_fail(const char *program, const char *fmt, ...);
__printf(1, 2) void verdict_out(const char *fmt, ...);
void verdict_end(void);

/* setup.c: from an empty root to a place where tests can run. */
void setup_mounts(void);
void setup_modules(void);
void setup_disks(void);
int module_insert(const char *path);
int module_remove(const char *name);
bool module_loaded(const char *name);
int write_file(const char *path, const char *text);

/*
 * net.c: two network namespaces, one NIC each. From 5.19 on packets that were received on
 * one processor and freed on another wait, with their pages, for what the first one
 * receives next (skb_attempt_defer_free()): net_stir() lets each receive something.
 */
void setup_net(void);
void net_stir(void);

/* runner.c: one program at a time, each with a time limit. */
void run_tests(char *program, unsigned int limit);
void run_plain(char *const argv[], unsigned int limit);

/* shell.c: somebody at the console. */
void run_shell(const char *rows, const char *columns);

/* tap.c: the test results a program prints. */
struct tap {
	const char *program;
	unsigned int planned;
	unsigned int seen;
	unsigned int failed;
	bool has_plan;
	bool skipped_all;
};

void tap_line(struct tap *tap, const char *line);
void tap_finish(struct tap *tap, int status);

/* watch.c: what a program must leave behind: nothing. */
void watch_begin(const char *program);
void watch_end(const char *program);
void watch_log(const char *program);
void watch_stacks(void);

/* allocated.c: bytes the module has not freed, or why nobody knows. */
long long allocated(void);
void allocated_show(void);

/* leaks.c: memory nothing points to; looked for where LEAKS is set, as it takes long. */
void leaks_begin(void);
void leaks_before(const char *program);
void leaks_after(const char *program);
void leaks_look(const char *program);

/* counters.c: what of the module was executed, for a host that wants to know. */
void counters_save(void);

/* Monotonic seconds. */
double now(void);

/* Times that anything takes longer here than in a plain kernel. */
unsigned int slower(void);

#endif /* INIT_H */
