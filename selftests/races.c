// SPDX-License-Identifier: GPL-2.0-only
/*
 * That no race on data is reported means something only if one would be: a module with
 * a race is loaded, and the kernel has to say so. And what it says is judged: races of
 * splicevec are alarms, the kernel's own are not.
 */
#include "kselftest_harness.h"

#include "alarms.h"
#include "common.h"
#include "klog.h"
#include "module.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KCSAN	"/sys/kernel/debug/kcsan"
/* What is said of it, whichever of its accesses was first. */
#define FOUND	"BUG: KCSAN: data-race in race [racer]"

/* Seconds in which one race is found; each access is looked at once in thousands. */
#define PATIENCE	20

static const char *racer_file(void)
{
	return getenv("RACER_KO") ?: "/racer.ko";
}

static bool is_found(int log)
{
	time_t end = time(NULL) + PATIENCE * slower();
	const char *line;

	do {
		while ((line = klog_next(log)))
			if (strstr(line, FOUND))
				return true;
		usleep(10000);
	} while (time(NULL) < end);
	return false;
}

TEST(a_race_is_reported)
{
	int log;

	if (access(KCSAN, F_OK) && errno == ENOENT)
		SKIP(return, "the kernel does not look for races");
	if (access(racer_file(), R_OK))
		SKIP(return, "no selftests/racer: set RACER_KO");
	log = must_sv(klog_open());
	ASSERT_EQ(0, module_insert(racer_file()));
	EXPECT_TRUE(is_found(log));
	module_goes("racer");
	close(log);
	EXPECT_EQ(0, failures());
}

#define ENDED	"=================================================================="

struct report {
	bool alarm;
	const char *lines[16];
};

static const struct report reports[] = {
	{ true, {
		"BUG: KCSAN: data-race in sv_loan_put [splicevec] / tcp_ack",
		"", "write to 0xffff888003a3d2c0 of 8 bytes by task 97 on cpu 0:",
		ENDED } },
	/* somebody has said that there is none */
	{ true, {
		"BUG: KCSAN: assert: race in timer_fn / timer_fn", ENDED } },
	/* a helper of ours */
	{ true, {
		"BUG: KCSAN: data-race in __list_add_valid / __list_del_entry_valid",
		"", "read to 0xffff888003a3d2c0 of 8 bytes by task 97 on cpu 0:",
		" __list_add_valid+0x4a/0x70", " generic+0x3/0x9",
		" sv_release_queue+0x22/0x40 [splicevec]",
		" process_one_work+0x1/0x2", ENDED } },
	/* the same, on the other side */
	{ true, {
		"BUG: KCSAN: data-race in __list_add_valid / __list_del_entry_valid",
		"", "read to 0xffff888003a3d2c0 of 8 bytes by task 97 on cpu 0:",
		" __list_add_valid+0x4a/0x70", " a+0x1/0x2", " b+0x1/0x2",
		" c+0x1/0x2", "",
		"write to 0xffff888003a3d2c0 of 8 bytes by interrupt on cpu 1:",
		" __list_del_entry_valid+0x3/0x5",
		" sv_completion_end+0x22/0x40 [splicevec]", ENDED } },
	/* of a call into the kernel, in the middle of it */
	{ false, {
		"BUG: KCSAN: data-race in folio_mark_accessed / folio_unlock",
		"", "read to 0xffff888003a3d2c0 of 8 bytes by task 97 on cpu 0:",
		" folio_mark_accessed+0x4a/0x70", " filemap_read+0x1/0x2",
		" ext4_file_read_iter+0x1/0x2",
		" sv_pull_read+0x22/0x40 [splicevec]", ENDED } },
	/* nobody's, and then something else */
	{ false, {
		"BUG: KCSAN: data-race in tick_sched_do_timer / tick_sched_do_timer",
		"", "read to 0xffff888003a3d2c0 of 8 bytes by interrupt on cpu 0:",
		" tick_sched_do_timer+0x4a/0x70", ENDED,
		" sv_loan_put+0x4a/0x70 [splicevec]" } },
	{ true, {
		"BUG: KCSAN: data-race in tick_sched_do_timer / tick_sched_do_timer",
		"", "read to 0xffff888003a3d2c0 of 8 bytes by interrupt on cpu 0:",
		"WARNING: CPU: 1 PID: 97 at kernel/softirq.c:1",
		" tick_sched_do_timer+0x4a/0x70", ENDED } },
};

TEST(a_report_is_an_alarm_if_the_race_is_ours)
{
	for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
		struct alarms log = {};
		bool alarm = false;

		context("report %zu", i);
		for (const char *const *line = reports[i].lines; *line; line++)
			if (alarm_in(&log, *line))
				alarm = true;
		check_eq(reports[i].alarm, alarm);
	}
	EXPECT_EQ(0, failures());
}

TEST_HARNESS_MAIN
