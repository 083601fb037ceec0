// SPDX-License-Identifier: GPL-2.0-only
/* Where bytes come from that somebody else may write to, and who does. */
#include "hostile.h"

#include "common.h"
#include "places_file.h"
#include "records.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is written over the pattern. */
#define OTHER	0x5a
/* Bytes into a page where what is cut off begins: its rest becomes zero. */
#define CUT	100

static const struct {
	const char *name;
	enum place place;
} kinds[PREYS] = {
	[PREY_MEMORY] = { "memory", ANYWHERE },
	[PREY_EXT4] = { "ext4", EXT4 },
	[PREY_XFS] = { "xfs", XFS },
	[PREY_TMPFS] = { "tmpfs", TMPFS },
};

const char *prey_missing(enum prey_kind kind)
{
	return place_missing(kinds[kind].place);
}

void prey_open(struct prey *prey, enum prey_kind kind, size_t len)
{
	*prey = (struct prey){
		.name = kinds[kind].name,
		.place = kinds[kind].place,
		.memory = kind == PREY_MEMORY,
		.file = -1,
		.len = len,
	};
	if (prey->memory) {
		prey->map = map_pages(len);
		pattern_fill(prey->map, RECORDS_SEED, 0, len);
		return;
	}
	prey->file = pattern_file(prey->place, RECORDS_SEED, len);
	/* what is clean is not written back while it is looked at */
	must(fsync(prey->file));
	prey->map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
			 prey->file, 0);
	if (prey->map == MAP_FAILED)
		die("a file cannot be mapped: %s", errno_name(errno));
}

void prey_pull(const struct prey *prey, int vec)
{
	if (prey->memory)
		check_eq(prey->len, sv_pull_mem(vec, prey->map, prey->len, 0));
	else
		check_eq(prey->len, sv_pull(vec, prey->file, 0, prey->len, 0));
}

int prey_vector(const struct prey *prey)
{
	int vec = new_vector();

	prey_pull(prey, vec);
	return vec;
}

bool prey_changed(int look, size_t len)
{
	char *buf = map_pages(len);
	bool changed;

	check_eq(len, sv_push_mem(look, buf, len, SPLICEVEC_KEEP));
	changed = pattern_check(buf, RECORDS_SEED, 0, len) >= 0;
	unmap_pages(buf, len);
	return changed;
}

void prey_close(struct prey *prey)
{
	if (prey->memory) {
		unmap_pages(prey->map, prey->len);
		return;
	}
	must(munmap(prey->map, prey->len));
	close(prey->file);
}

static bool is_file(const struct prey *prey)
{
	return !prey->memory;
}

static void store(const struct prey *prey, size_t from, size_t len)
{
	memset(prey->map + from, OTHER, len);
}

static void write_over(const struct prey *prey, size_t from, size_t len)
{
	char *buf = map_pages(len);

	memset(buf, OTHER, len);
	check_eq(len, pwrite(prey->file, buf, len, from));
	unmap_pages(buf, len);
}

/* A page that is cut becomes zero from there on; who else has it sees that. */
static void truncate_it(const struct prey *prey, size_t from, size_t len)
{
	must(ftruncate(prey->file, from + len / 2 + CUT));
}

static void punch(const struct prey *prey, size_t from, size_t len)
{
	must(fallocate(prey->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       from + len / 2 + CUT, 3 * PAGE));
}

/* tmpfs has no disk. */
static bool has_disk(const struct prey *prey)
{
	return is_file(prey) && prey->place != TMPFS;
}

static void write_past_the_cache(const struct prey *prey, size_t from,
				 size_t len)
{
	int direct = reopen(prey->file, O_RDWR | O_DIRECT);
	char *buf = map_pages(len);

	memset(buf, OTHER, len);
	check_eq(len, pwrite(direct, buf, len, from));
	unmap_pages(buf, len);
	close(direct);
}

const struct deed deeds[] = {
	{ "store", true, NULL, store },
	{ "write", true, is_file, write_over },
	{ "truncate", true, is_file, truncate_it },
	/* xfs of 6.1 drops the page that is cut, others zero it */
	{ "punch", false, is_file, punch },
	/* what was cached is dropped, and stays what it was */
	{ "direct write", false, has_disk, write_past_the_cache },
};

const unsigned int nr_deeds = ARRAY_LEN(deeds);
