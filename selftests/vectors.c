// SPDX-License-Identifier: GPL-2.0-only
/* Vectors with known contents, and what is to be found in them afterwards. */
#include "vectors.h"

#include <splicevec.h>
#include <string.h>
#include <unistd.h>

int file_vector(int file, size_t len)
{
	int vec = new_vector();

	if (sv_pull(vec, file, 0, len, 0) != (int64_t)len)
		die("a vector of %zu bytes cannot be filled", len);
	return vec;
}

void write_pattern(int vec, uint64_t seed, uint64_t pos, size_t len)
{
	char *buf = map_pages(len);

	pattern_fill(buf, seed, pos, len);
	check_eq(len, write(vec, buf, len));
	memset(buf, 0x55, len);
	unmap_pages(buf, len);
}

void read_pattern(int vec, uint64_t seed, uint64_t pos, size_t len)
{
	char *buf = map_pages(len + 1);

	check_eq(len, read(vec, buf, len + 1));
	check_eq(-1, pattern_check(buf, seed, pos, len));
	check_eq(0, read(vec, buf, 1));
	unmap_pages(buf, len + 1);
}

void check_span(int vec, uint64_t head, uint64_t tail)
{
	struct splicevec_info info;

	must_sv(sv_info(vec, &info));
	check_eq(head, info.head);
	check_eq(tail, info.tail);
}

void check_kind(int vec, enum splicevec_kind kind, unsigned int flags)
{
	struct splicevec_span span = {};

	check_eq(1, sv_spans(vec, 0, &span, 1));
	check_eq(kind, span.kind);
	check_eq(flags, span.flags);
}

void check_arrives(int fd, uint64_t seed, uint64_t pos, size_t len)
{
	char *buf = map_pages(len + 1);

	read_all(fd, buf, len);
	check_eq(-1, pattern_check(buf, seed, pos, len));
	unmap_pages(buf, len + 1);
}

void change_file(int file, uint64_t seed, size_t len)
{
	char *buf = map_pages(len);

	pattern_fill(buf, seed, 0, len);
	check_eq(len, pwrite(file, buf, len, 0));
	unmap_pages(buf, len);
}
