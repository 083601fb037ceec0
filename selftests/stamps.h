/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that describe themselves: each line of 64 bytes says which page it is
 * of, and which generation of that, and sums itself up. So a look at one page tells
 * whether all of it was written at once. Generation 0 is a page of zeroes.
 */
#ifndef _SELFTEST_STAMPS_H
#define _SELFTEST_STAMPS_H

#include <stdbool.h>
#include <stdint.h>

void stamp_fill(void *page, uint64_t index, uint64_t generation);
/*
 * Is all of this page that of one generation? Then @generation is which; otherwise the
 * page is torn, or somebody else's.
 */
bool stamp_whole(const void *page, uint64_t index, uint64_t *generation);

#endif
