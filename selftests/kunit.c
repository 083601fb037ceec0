// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's own test suites: run them and pass their results on. What the
 * kernel prints is KTAP, suites with cases within; here each case is one result.
 */
#include "common.h"
#include "klog.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN		"/sys/kernel/debug/splicevec/kunit"
#define KUNIT		"/sys/module/kunit"

/* Exit status of a program that cannot run here. */
#define EXIT_SKIP	4

/* Spaces before what is said of cases; what is said of suites has none. */
#define CASE_INDENT	4

struct results {
	char suite[64];
	unsigned int suites_planned, suites;
	unsigned int cases_planned, cases, cases_failed;
	unsigned int total, failed;
};

static void result(struct results *results, bool passed, const char *what)
{
	results->total++;
	results->failed += !passed;
	printf("%s %u %s\n", passed ? "ok" : "not ok", results->total, what);
}

/* "3 name # SKIP why" -> "name # SKIP why" */
static const char *description(const char *text)
{
	text += strcspn(text, " ");
	return text + strspn(text, " -");
}

static void end_of_case(struct results *results, bool passed, const char *text)
{
	char what[512];

	results->cases++;
	results->cases_failed += !passed;
	snprintf(what, sizeof(what), "%s.%s", results->suite, description(text));
	result(results, passed, what);
}

/* A suite fails by itself if it could not begin, or lost cases on the way. */
static void end_of_suite(struct results *results, bool passed, const char *text)
{
	char what[512];

	results->suites++;
	if (results->cases != results->cases_planned || !results->cases) {
		snprintf(what, sizeof(what), "%s: %u cases, %u planned",
			 description(text), results->cases,
			 results->cases_planned);
		result(results, false, what);
	} else if (!passed && !results->cases_failed) {
		result(results, false, description(text));
	}
	results->cases = 0;
	results->cases_planned = 0;
	results->cases_failed = 0;
}

static void suite_line(struct results *results, const char *line)
{
	if (sscanf(line, "1..%u", &results->suites_planned) == 1)
		return;
	if (!strncmp(line, "ok ", 3))
		end_of_suite(results, true, line + 3);
	else if (!strncmp(line, "not ok ", 7))
		end_of_suite(results, false, line + 7);
}

/* Why a case failed, in one record whose line ends came as "\x0a". */
static void remark(const char *line)
{
	const char *end;

	line += strspn(line, "# ");
	while ((end = strstr(line, "\\x0a"))) {
		printf("# %.*s\n", (int)(end - line), line);
		line = end + strlen("\\x0a");
	}
	if (line[0])
		printf("# %s\n", line);
}

static void case_line(struct results *results, const char *line)
{
	if (sscanf(line, "1..%u", &results->cases_planned) == 1)
		return;
	if (sscanf(line, "# Subtest: %63s", results->suite) == 1)
		return;
	if (!strncmp(line, "ok ", 3))
		end_of_case(results, true, line + 3);
	else if (!strncmp(line, "not ok ", 7))
		end_of_case(results, false, line + 7);
	else
		remark(line);
}

static void log_line(struct results *results, const char *line)
{
	size_t indent = strspn(line, " ");

	if (!indent)
		suite_line(results, line);
	else if (indent >= CASE_INDENT)
		case_line(results, line + CASE_INDENT);
}

/* Records that were lost are missed where results are counted. */
static void read_log(struct results *results, int log)
{
	const char *line;

	while ((line = klog_next(log)))
		log_line(results, line);
}

/* A KUnit that is a module of its own can be without tests of ours. */
static bool kernel_is_for_testing(void)
{
	return !access(KUNIT, F_OK) && access(KUNIT "/initstate", F_OK);
}

static int run_suites(void)
{
	int fd = open(RUN, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && !kernel_is_for_testing()) {
		printf("1..0 # SKIP KUnit is no part of this kernel\n");
		exit(EXIT_SKIP);
	}
	if (fd < 0 || write(fd, "1", 1) != 1) {
		printf("Bail out! " RUN ": %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
	return close(fd);
}

int main(void)
{
	struct results results = {};
	int log = must_sv(klog_open());

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	run_suites();
	read_log(&results, log);
	result(&results, results.suites && results.suites == results.suites_planned,
	       "all suites have ended");
	printf("1..%u\n", results.total);
	return results.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
