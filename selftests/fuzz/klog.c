// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log: what it says of our commands, and a word of ours to find them. */
#include "fuzz.h"
#include "../alarms.h"
#include "../klog.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static int log_fd = -1;

void klog_begin(void)
{
	log_fd = must_sv(klog_open());
}

const char *klog_alarm(void)
{
	static struct alarms log;
	const char *alarm = NULL;
	const char *line;

	while (!alarm && (line = klog_next(log_fd)))
		alarm = alarm_in(&log, line);
	return alarm;
}

void klog_say(const char *fmt, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (write(log_fd, text, len) < 0)
		die("/dev/kmsg: %s", errno_name(errno));
}
