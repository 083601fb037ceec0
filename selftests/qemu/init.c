// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the test guest:
 *
 *	init check LIMIT PROGRAM,...	run test programs, LIMIT seconds each
 *	init demo LIMIT PROGRAM		run one program, show what it prints
 *	init bench LIMIT PROGRAM ARG...	likewise, for LIMIT seconds of virtual time
 *	init shell ROWS COLUMNS		a shell on the console
 */
#define _GNU_SOURCE
#include "init.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tests open thousands of pipes at once. */
#define MAX_FILES	65536

/* Seconds the last loans get before the module has to be gone. */
#define UNLOAD_PATIENCE	2.0

unsigned int slower(void)
{
	static unsigned int times;

	/* From the kernel's command line. */
	if (!times)
		times = atoi(getenv("slower") ?: "1");
	return times;
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void load(void)
{
	int ret = module_insert(MODULE_FILE);

	if (!ret)
		return;
	verdict_fail("setup", "%s: %s", MODULE_FILE, strerror(-ret));
	verdict_end();
	power_off();
}

static void unload(void)
{
	double deadline = now() + UNLOAD_PATIENCE * slower();
	int ret;

	verdict_run("unload");
	watch_begin("unload");
	while ((ret = module_remove(MODULE_NAME)) && now() < deadline)
		usleep(10000);
	if (ret)
		verdict_fail("unload", "rmmod: %s", strerror(-ret));
	else
		verdict_pass("unload", "rmmod");
	watch_log("unload");
	verdict_done("unload", 0);
}

/*
 * Words with a "=" that the kernel did not know are in our environment. Those in
 * capitals are meant for the tests, the others for us.
 */
static void keep_capitals(void)
{
	char **word = environ;

	while (*word) {
		char *name = strndup(*word, strcspn(*word, "="));

		if (isupper((unsigned char)name[0]))
			word++;
		else
			unsetenv(name);
		free(name);
	}
}

static void environment(void)
{
	const struct rlimit files = { MAX_FILES, MAX_FILES };
	char times[16];

	setrlimit(RLIMIT_NOFILE, &files);
	snprintf(times, sizeof(times), "%u", slower());
	keep_capitals();
	setenv("SPLICEVEC_SLOWER", times, 1);
	setenv("HOME", "/tmp", 1);
	setenv("PATH", "/bin:/sbin:" PROGRAM_DIR, 1);
	setenv("TERM", "vt220", 1);
	setenv("SPLICEVEC_KO", MODULE_FILE, 1);
}

static void setup(void)
{
	setup_modules();
	setup_disks();
	setup_net();
	load();
	environment();
}

/* One argument names all: the kernel passes on 32 at the most. */
static void check(char **argv)
{
	char *program;

	leaks_begin();
	while ((program = strsep(&argv[3], ",")))
		run_tests(program, atoi(argv[2]));
	/* for the names of what has lost it: what is lost now is lost then */
	leaks_look("leaks");
	unload();
	leaks_look("leaks_unloaded");
	counters_save();
}

static void demo(char **argv)
{
	run_plain(argv + 3, atoi(argv[2]));
	unload();
}

int main(int argc, char **argv)
{
	int ret;

	setup_mounts();
	ret = verdict_open("/dev/ttyS1");
	if (ret)
		printf("init: /dev/ttyS1: %s\n", strerror(-ret));
	if (ret || argc < 4)
		power_off();
	verdict_begin();
	setup();
	if (!strcmp(argv[1], "check"))
		check(argv);
	else if (!strcmp(argv[1], "demo") || !strcmp(argv[1], "bench"))
		demo(argv);
	else if (!strcmp(argv[1], "shell"))
		run_shell(argv[2], argv[3]);
	verdict_end();
	power_off();
}
