/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls as 32-bit programs make them, from a program that is none. */
#ifndef _SELFTEST_COMPAT_H
#define _SELFTEST_COMPAT_H

#include <stdbool.h>
#include <stdint.h>

struct iovec32 {
	uint32_t base;
	uint32_t len;
};

/* Not every kernel runs 32-bit programs. */
bool has_32_bit_calls(void);
/*
 * Addresses are below 4 GiB.
 * Return: what the call returned or a negative errno.
 */
int call32(int nr, long first, long second, long third);
int ioctl32(int fd, unsigned int number, void *arg);

#endif
