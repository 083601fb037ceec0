/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UNITS_H
#define UNITS_H

#define UNITS_SIZE 16

/**
 * format_bytes - write a size for people, with three digits at least
 * @buf: result, UNITS_SIZE bytes
 * @bytes: the size
 *
 * Return: @buf.
 */
const char *format_bytes(char *buf, double bytes);

/* Seconds on the monotonic clock. */
double seconds_now(void);

#endif /* UNITS_H */
