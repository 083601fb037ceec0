// SPDX-License-Identifier: GPL-2.0-only
/*
 * What addresses can point to: memory of all kinds, each with nothing behind it.
 * All lies at fixed addresses below 4 GiB, where 32-bit calls reach it too.
 */
#include "fuzz.h"
#include "../compat.h"
#include "../places.h"
#include "../places_file.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum region {
	REGION_PLAIN,
	REGION_HUGE,		/* transparently */
	REGION_SHARED,		/* with all processes */
	REGION_READONLY,
	REGION_NONE,
	REGION_FILE,
	REGION_PRIVATE_FILE,
	REGION_BEYOND,		/* the end of its file */
	REGION_HUGETLB,		/* shared too */
	REGION_VECTOR,		/* vectors are mapped there */
	REGION_HOLE,
	REGIONS
};

static const size_t sizes[REGIONS] = {
	[REGION_PLAIN] = MIB(1),
	[REGION_HUGE] = MIB(4),
	[REGION_SHARED] = KIB(256),
	[REGION_READONLY] = KIB(64),
	[REGION_NONE] = KIB(64),
	[REGION_FILE] = KIB(256),
	[REGION_PRIVATE_FILE] = KIB(256),
	[REGION_BEYOND] = KIB(64),
	[REGION_HUGETLB] = HUGE,
	[REGION_VECTOR] = THREADS * MAP_AREA,
	[REGION_HOLE] = KIB(64),
};

static const unsigned int weights[REGIONS] = {
	[REGION_PLAIN] = 8,
	[REGION_HUGE] = 3,
	[REGION_SHARED] = 3,
	[REGION_READONLY] = 1,
	[REGION_NONE] = 1,
	[REGION_FILE] = 1,
	[REGION_PRIVATE_FILE] = 1,
	[REGION_BEYOND] = 1,
	[REGION_HUGETLB] = 1,
	[REGION_VECTOR] = 2,
	[REGION_HOLE] = 1,
};

/* Bytes of the file of REGION_BEYOND that are there. */
#define BEYOND_SIZE	(4 * PAGE + 100)

#define REGION_FIRST	0x20000000UL
#define REGION_STEP	0x04000000UL
#define DESK_FIRST	0x90000000UL
#define DESK_STEP	0x01000000UL

/* Parts of a thread's desk, each with a hole behind it. */
#define DESK_PAGES	4
#define PART_WRITABLE	0x000000UL
#define PART_READONLY	0x100000UL
#define PART_PIECES	0x200000UL
#define PART_LIST	0x300000UL
#define PART_SCRATCH	0x400000UL
#define PART_APART	0x500000UL

#define PIECES_SIZE	(5 * PAGE)
#define SCRATCH_SIZE	KIB(64)

static char *region(enum region which)
{
	return (char *)(REGION_FIRST + which * REGION_STEP);
}

static char *part(const struct fuzzer *f, unsigned long which)
{
	return (char *)(DESK_FIRST + f->thread * DESK_STEP + which);
}

static void map_at(void *addr, size_t len, int prot, int flags, int fd)
{
	void *map = mmap(addr, len, prot, MAP_FIXED_NOREPLACE | flags, fd, 0);

	if (map != addr)
		die("mmap at %p: %s", addr, errno_name(errno));
}

static void map_region(enum region which, int prot, int flags, int fd)
{
	map_at(region(which), sizes[which], prot, flags, fd);
}

#define RW	(PROT_READ | PROT_WRITE)

void memory_share(void)
{
	void *huge = region(REGION_HUGETLB);

	map_region(REGION_SHARED, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	if (!huge_pages_missing())
		map_at(huge, HUGE, RW,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1);
}

static void map_file(enum region which, enum place place, size_t size,
		     int flags)
{
	int file = pattern_file(place, 3, size);

	map_region(which, RW, flags, file);
	close(file);
}

void memory_begin(struct fuzzer *f)
{
	(void)f;
	map_region(REGION_PLAIN, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_region(REGION_HUGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(region(REGION_HUGE), sizes[REGION_HUGE], MADV_HUGEPAGE);
	map_region(REGION_READONLY, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_region(REGION_NONE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_file(REGION_FILE, EXT4, sizes[REGION_FILE], MAP_SHARED);
	map_file(REGION_PRIVATE_FILE, TMPFS, sizes[REGION_PRIVATE_FILE],
		 MAP_PRIVATE);
	map_file(REGION_BEYOND, XFS, BEYOND_SIZE, MAP_SHARED);
}

/* Written to from what is looked at. */
static int touched[THREADS];

/* What can only be read there can be written here. */
void memory_begin_thread(struct fuzzer *f)
{
	int file = must(memfd_create("desk", MFD_CLOEXEC));

	must(ftruncate(file, DESK_PAGES * PAGE));
	map_at(part(f, PART_WRITABLE), DESK_PAGES * PAGE, RW, MAP_SHARED, file);
	map_at(part(f, PART_READONLY), DESK_PAGES * PAGE, PROT_READ, MAP_SHARED,
	       file);
	close(file);
	map_at(part(f, PART_PIECES), PIECES_SIZE, RW,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_at(part(f, PART_LIST), DESK_LIST_SIZE, RW,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_at(part(f, PART_SCRATCH), SCRATCH_SIZE, RW,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	map_at(part(f, PART_APART), DESKS_APART * PAGE, RW,
	       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	touched[f->thread] = must(memfd_create("touched", MFD_CLOEXEC));
}

/* Nowhere near anything of ours, or none of our business. */
static uint64_t bad_address(struct random *random)
{
	static const uint64_t bad[] = {
		0, 8, 0x7ffffffff000, 0x800000000000, 0x8000000000000000,
		0xffff888000001000, 0xffffffff81000000, -PAGE, -1,
	};

	return bad[random_below(random, ARRAY_LEN(bad))];
}

uint64_t random_address(struct random *random, uint64_t *len)
{
	enum region which = random_weighted(random, weights, REGIONS);
	size_t size = sizes[which], at = random_below(random, size);

	*len = random_len(random);
	if (one_in(random, 24))
		return bad_address(random);
	switch (random_below(random, 4)) {
	case 0:
		at -= at % PAGE;
		break;
	case 1:
		/* what is there ends too early */
		at = size - random_below(random, 2 * PAGE) - 1;
		break;
	}
	if (!one_in(random, 4) && *len > size - at)
		*len = size - at;
	return (uintptr_t)region(which) + at;
}

static void *apart(const struct fuzzer *f, const struct action *a)
{
	return part(f, PART_APART) + (a->apart - 1) * PAGE;
}

static size_t desk_offset(const struct action *a, size_t size)
{
	switch (a->desk) {
	case DESK_ODD:
		return PAGE + 13;
	case DESK_ACROSS:
		return 2 * PAGE - 16;
	case DESK_END:
		return DESK_PAGES * PAGE - size;
	case DESK_STRADDLE:
		return DESK_PAGES * PAGE - a->cut;
	default:
		return 64;
	}
}

void *desk_address(struct fuzzer *f, const struct action *a, size_t size)
{
	if (a->apart)
		return apart(f, a);
	switch (a->desk) {
	case DESK_READONLY:
		return part(f, PART_READONLY) + desk_offset(a, size);
	case DESK_NOWHERE:
		return part(f, PART_WRITABLE) + DESK_PAGES * PAGE + 8;
	case DESK_NULL:
		return NULL;
	case DESK_KERNEL:
		return (void *)0xffff888000001000;
	default:
		return part(f, PART_WRITABLE) + desk_offset(a, size);
	}
}

void *desk_alias(struct fuzzer *f, const struct action *a, size_t size)
{
	if (a->apart)
		return apart(f, a);
	switch (a->desk) {
	case DESK_NOWHERE:
	case DESK_NULL:
	case DESK_KERNEL:
		return NULL;
	default:
		return part(f, PART_WRITABLE) + desk_offset(a, size);
	}
}

static uint32_t random_count(struct random *random)
{
	static const uint32_t counts[] = { 17, 1023, 1024, 1025, 1U << 31, -1 };

	if (one_in(random, 8))
		return counts[random_below(random, ARRAY_LEN(counts))];
	return 1 + random_below(random, 12);
}

/* As many as there is room for are written; what is said is another matter. */
uint64_t random_pieces(struct fuzzer *f, bool compat, uint32_t *nr)
{
	size_t each = compat ? sizeof(struct iovec32) : sizeof(struct iovec);
	char *end = part(f, PART_PIECES) + PIECES_SIZE, *at;
	uint32_t n, i;

	*nr = random_count(&f->random);
	n = *nr < PIECES_SIZE / each ? *nr : 16;
	at = end - n * each;
	for (i = 0; i < n; i++) {
		uint64_t len, addr = random_address(&f->random, &len);

		if (one_in(&f->random, 4))
			len = 0;
		if (compat)
			((struct iovec32 *)at)[i] =
				(struct iovec32){ addr, len };
		else
			((struct iovec *)at)[i] =
				(struct iovec){ (void *)addr, len };
	}
	/* the last ones are not there */
	if (one_in(&f->random, 16))
		at += each;
	return (uintptr_t)at;
}

struct splicevec_span *desk_spans(struct fuzzer *f)
{
	return (void *)part(f, PART_LIST);
}

unsigned char *desk_records(struct fuzzer *f)
{
	return (void *)part(f, PART_LIST);
}

#define GUARD_BYTE	0x5a

/* With room for all there is a hole behind them. */
void guard_list(struct fuzzer *f, uint64_t from, uint64_t to)
{
	if (to > DESK_LIST_SIZE)
		to = DESK_LIST_SIZE;
	if (from < to)
		memset(part(f, PART_LIST) + from, GUARD_BYTE, to - from);
}

bool guard_is_whole(struct fuzzer *f, uint64_t from, uint64_t to)
{
	const char *list = part(f, PART_LIST);

	for (; from < to && from < DESK_LIST_SIZE; from++)
		if (list[from] != GUARD_BYTE)
			return false;
	return true;
}

uint64_t map_area(struct fuzzer *f)
{
	return (uintptr_t)region(REGION_VECTOR) + f->thread * MAP_AREA;
}

void *scratch(struct fuzzer *f, size_t *len)
{
	*len = SCRATCH_SIZE;
	return part(f, PART_SCRATCH);
}

long touch(struct fuzzer *f, uint64_t addr, size_t len)
{
	ssize_t n = pwrite(touched[f->thread], (void *)addr, len, 0);

	return n < 0 ? -errno : n;
}
