// SPDX-License-Identifier: GPL-2.0-only
/* Mappings of vectors. */
#include "maps.h"

#include <splicevec.h>
#include <sys/mman.h>
#include <unistd.h>

size_t pages_of(size_t len)
{
	return (len + PAGE - 1) / PAGE;
}

char *map_vector(int vec, size_t pos, size_t len, int flags)
{
	char *map = mmap(NULL, len, PROT_READ, flags, vec, pos);

	if (map == MAP_FAILED)
		die("mmap of %zu bytes at %zu: %s", len, pos, errno_name(errno));
	return map;
}

int map_error(int vec, size_t pos, size_t len)
{
	char *map = mmap(NULL, len, PROT_READ, MAP_SHARED, vec, pos);

	if (map == MAP_FAILED)
		return -errno;
	unmap_pages(map, len);
	return 0;
}

void check_zero(const char *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!check(!from[i], "byte %zu after the end is %#x", i,
			   from[i] & 0xff))
			return;
}

void check_shows(const char *map, uint64_t seed, uint64_t pos, size_t len)
{
	check_eq(-1, pattern_check(map, seed, pos, len));
	check_zero(map + len, pages_of(len) * PAGE - len);
}

int filled_vector(enum place place, size_t offset, size_t len)
{
	int vec = new_vector(), fd = pattern_file(place, MAP_SEED, offset + len);

	check_eq(len, sv_pull(vec, fd, offset, SV_ALL, 0));
	close(fd);
	return vec;
}
