/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SV_INTERNAL_H
#define SV_INTERNAL_H

#include "splicevec.h"

/* Everything else is hidden; the version map lists the same names again. */
#define SV_API __attribute__((visibility("default")))

/* Bytes that one command moves at the most. */
#define SV_COMMAND_MAX	0x7ffff000ULL

/**
 * sv__command - run one ioctl on a vector
 * @vec: vector
 * @request: SPLICEVEC_*
 * @cmd: its struct, size set
 *
 * Return: 0 or a negative errno; errno itself stays as it was.
 */
int sv__command(int vec, unsigned long request, void *cmd);

/**
 * sv__push - run a push
 * @vec: vector
 * @cmd: all but its size set
 *
 * Return: bytes, or a negative errno.
 */
int64_t sv__push(int vec, struct splicevec_push *cmd);

/**
 * sv__start_at_head - the start of a push from the head
 * @flags: of the push
 *
 * Return: it. Only a kept window has one; the kernel wants 0 elsewhere.
 */
int64_t sv__start_at_head(unsigned int flags);

#endif /* SV_INTERNAL_H */
