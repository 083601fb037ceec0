// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log: what it says of our commands, and a word of ours to find them. */
#include "fuzz.h"
#include "../alarms.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;

void klog_begin(void)
{
	log_fd = must(open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC));
	must(lseek(log_fd, 0, SEEK_END));
}

/*
 * One record a read: "priority,number,time,flags;text". One that was overwritten
 * before it was read may have been an alarm.
 */
const char *klog_alarm(void)
{
	static char record[8192];
	ssize_t len;
	char *text;

	for (;;) {
		len = read(log_fd, record, sizeof(record) - 1);
		if (len < 0)
			return errno == EAGAIN ? NULL : "some of it is lost";
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (alarm_in(text))
			return text;
	}
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
