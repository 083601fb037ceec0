/* SPDX-License-Identifier: GPL-2.0-only */
/* Vectors with known contents, and what is to be found in them afterwards. */
#ifndef _SELFTEST_VECTORS_H
#define _SELFTEST_VECTORS_H

#include "common.h"

#include <linux/splicevec.h>

/* A vector of the first @len bytes of a file, whose page cache it has. */
int file_vector(int file, size_t len);
/* write(2) bytes @pos to @pos + @len of the pattern from memory that is gone. */
void write_pattern(int vec, uint64_t seed, uint64_t pos, size_t len);
/* read(2) these bytes, after which the vector is empty. */
void read_pattern(int vec, uint64_t seed, uint64_t pos, size_t len);

void check_span(int vec, uint64_t head, uint64_t tail);
/* What the first span is; @flags of struct splicevec_span. */
void check_kind(int vec, enum splicevec_kind kind, unsigned int flags);
/* These bytes can be read from a vector or stream, and maybe more. */
void check_arrives(int fd, uint64_t seed, uint64_t pos, size_t len);
/*
 * Give a file bytes 0 to @len of another pattern. Whoever has its pages sees
 * them, whoever has a copy does not.
 */
void change_file(int file, uint64_t seed, size_t len);

#endif
