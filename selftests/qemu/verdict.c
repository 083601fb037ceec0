// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict port: one line a fact, a keyword first.
 *
 *	run PROGRAM		done PROGRAM SECONDS
 *	pass PROGRAM WHAT	fail PROGRAM WHAT	skip PROGRAM WHAT
 *	out TEXT		(anything a program printed besides)
 *	beat			(PID 1 is alive)
 *	verdict PASSED FAILED SKIPPED
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
	int fd;
	unsigned int passed, failed, skipped;
} verdict = { .fd = -1 };

int verdict_open(const char *port)
{
	struct termios tty;

	verdict.fd = open(port, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (verdict.fd < 0)
		return -errno;
	if (tcgetattr(verdict.fd, &tty))
		return -errno;
	cfmakeraw(&tty);
	return tcsetattr(verdict.fd, TCSANOW, &tty) ? -errno : 0;
}

/* Control characters of a test's output would end or garble the line. */
static size_t one_line(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\t')
			text[i] = ' ';
	text[len] = '\n';
	return len + 1;
}

static void send_line(const char *keyword, const char *fmt, va_list args)
{
	char line[1024];
	size_t len, sent = 0;
	int n;

	len = snprintf(line, sizeof(line), "%s ", keyword);
	n = vsnprintf(line + len, sizeof(line) - len, fmt, args);
	if (n > 0)
		len += n;
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	len = one_line(line, len);
	while (sent < len) {
		ssize_t ret = write(verdict.fd, line + sent, len - sent);

		if (ret < 0 && errno != EINTR)
			return;
		if (ret > 0)
			sent += ret;
	}
}

__printf(2, 3) static void say(const char *keyword, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	send_line(keyword, fmt, args);
	va_end(args);
}

void verdict_beat(void)
{
	say("beat", "%s", "");
}

/* The first sign of life, and it is heard before anything else happens. */
void verdict_begin(void)
{
	verdict_beat();
	tcdrain(verdict.fd);
}

void verdict_run(const char *program)
{
	say("run", "%s", program);
}

void verdict_done(const char *program, unsigned int seconds)
{
	say("done", "%s %u", program, seconds);
}

void verdict_pass(const char *program, const char *what)
{
	verdict.passed++;
	say("pass", "%s %s", program, what);
}

void verdict_skip(const char *program, const char *what)
{
	verdict.skipped++;
	say("skip", "%s %s", program, what);
}

void verdict_fail(const char *program, const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	verdict.failed++;
	say("fail", "%s %s", program, what);
}

void verdict_out(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	send_line("out", fmt, args);
	va_end(args);
}

void verdict_end(void)
{
	say("verdict", "%u %u %u", verdict.passed, verdict.failed,
	    verdict.skipped);
	tcdrain(verdict.fd);
}
