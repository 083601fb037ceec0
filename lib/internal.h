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

#endif /* SV_INTERNAL_H */
