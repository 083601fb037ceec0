// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log, record by record. */
#include "klog.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* One record a read: "prio,seq,time,flags;text\n key=value\n". */
const char *klog_next(int fd)
{
	static char record[8192];
	ssize_t len = read(fd, record, sizeof(record) - 1);
	char *text;

	if (len < 0 && errno == EAGAIN)
		return NULL;
	if (len < 0) {
		snprintf(record, sizeof(record), "WARNING: /dev/kmsg: %m");
		return record;
	}
	record[len] = '\0';
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = '\0';
	return text;
}
