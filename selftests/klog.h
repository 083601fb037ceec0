/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's log, record by record. */
#ifndef _SELFTEST_KLOG_H
#define _SELFTEST_KLOG_H

/*
 * Of what is logged from now on; may be written to as well. Return: a file
 * descriptor, or a negative errno.
 */
int klog_open(void);
/*
 * Return: what the next record says, good until the next call; NULL at the end. If
 * the log cannot be read, as records were lost, a text that is an alarm.
 */
const char *klog_next(int fd);

#endif
