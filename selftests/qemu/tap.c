// SPDX-License-Identifier: GPL-2.0-only
/* The test results a program prints, in TAP as the kselftest harness does. */
#include "init.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Exit status of a kselftest program that could not run here. */
#define EXIT_SKIP 4

/* "12 name # SKIP why" -> "name # SKIP why" */
static const char *description(const char *text)
{
	text += strspn(text, " ");
	while (isdigit((unsigned char)*text))
		text++;
	text += strspn(text, " -");
	return text;
}

static bool is_skip(const char *text)
{
	return strstr(text, "# SKIP") || strstr(text, "# XFAIL");
}

static void plan(struct tap *tap, const char *text)
{
	char *end;

	tap->planned = strtoul(text, &end, 10);
	tap->has_plan = true;
	if (!tap->planned && is_skip(end)) {
		tap->skipped_all = true;
		verdict_skip(tap->program, description(text));
	}
}

void tap_line(struct tap *tap, const char *line)
{
	if (!strncmp(line, "1..", 3)) {
		plan(tap, line + 3);
	} else if (!strncmp(line, "ok ", 3)) {
		tap->seen++;
		if (is_skip(line))
			verdict_skip(tap->program, description(line + 3));
		else
			verdict_pass(tap->program, description(line + 3));
	} else if (!strncmp(line, "not ok ", 7)) {
		tap->seen++;
		tap->failed++;
		verdict_fail(tap->program, "%s", description(line + 7));
	} else {
		verdict_out("%s", line);
	}
}

/* A program that said all is well must also have ended well. */
void tap_finish(struct tap *tap, int status)
{
	const char *program = tap->program;

	if (WIFSIGNALED(status))
		verdict_fail(program, "killed by signal %d (%s)",
			     WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == EXIT_SKIP && !tap->seen)
		tap->skipped_all ? (void)0 : verdict_skip(program, "# SKIP");
	else if (WEXITSTATUS(status) && !tap->failed)
		verdict_fail(program, "exit status %d", WEXITSTATUS(status));
	else if (!tap->seen && !tap->skipped_all)
		verdict_fail(program, "no result");
	else if (!tap->has_plan || tap->seen != tap->planned)
		verdict_fail(program, "%u results, %u planned", tap->seen,
			     tap->planned);
}
