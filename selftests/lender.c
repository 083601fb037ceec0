// SPDX-License-Identifier: GPL-2.0-only
/* The example of a module that lends to vectors. */
#include "lender.h"
#include "common.h"
#include "module.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Seconds that a slow emulated machine may take to call a destructor. */
#define PATIENCE	20

/* Microseconds in which one that comes too early would come. */
#define EARLY		20000

static const char *module_file(void)
{
	return getenv("LENDER_KO") ?: "/lender.ko";
}

const char *lender_missing(void)
{
	if (access(module_file(), R_OK))
		return "no examples/lender: set LENDER_KO";
	return NULL;
}

int lender_load(void)
{
	return module_insert(module_file());
}

int lender_unload(void)
{
	return module_remove("lender");
}

void lender_unloads(void)
{
	module_goes("lender");
}

int lender_open(void)
{
	return must(open("/dev/lender", O_RDWR | O_CLOEXEC));
}

static int lend(int lender, const struct lender_lend *args)
{
	return ioctl(lender, LENDER_LEND, args) ? -errno : 0;
}

int lender_lend(int lender, int vec, enum lender_sort sort, const void *from,
		size_t len, size_t skip)
{
	return lend(lender, &(struct lender_lend){
		.vector = vec, .sort = sort, .addr = (uintptr_t)from,
		.len = len, .skip = skip,
	});
}

int lender_lend_stable(int lender, int vec, enum lender_sort sort, const void *from,
		       size_t len)
{
	return lend(lender, &(struct lender_lend){
		.vector = vec, .sort = sort, .addr = (uintptr_t)from,
		.len = len, .flags = LENDER_STABLE,
	});
}

void lender_lend_pattern(int lender, int vec, enum lender_sort sort,
			 uint64_t seed, uint64_t pos, size_t len)
{
	char *from = map_pages(len);

	pattern_fill(from, seed, pos, len);
	check_errno(0, lender_lend(lender, vec, sort, from, len, 0));
	unmap_pages(from, len);
}

const char *lender_sort_name(enum lender_sort sort)
{
	static const char *const names[LENDER_SORTS] = {
		[LENDER_PAGES] = "pages",
		[LENDER_VMALLOC] = "vmalloc",
		[LENDER_RUN] = "run",
		[LENDER_COMPOUND] = "compound",
	};

	return names[sort];
}

struct lender_counts lender_counts(int lender)
{
	struct lender_counts counts;

	must(ioctl(lender, LENDER_COUNTS, &counts));
	return counts;
}

void check_not_returned(int lender, uint64_t returned)
{
	usleep(EARLY * slower());
	check_eq(returned, lender_counts(lender).returned);
}

void check_returned(int lender, uint64_t returned)
{
	time_t end = time(NULL) + PATIENCE * slower();
	struct lender_counts counts;

	do {
		counts = lender_counts(lender);
		if (counts.returned >= returned)
			break;
		usleep(1000);
	} while (time(NULL) <= end);
	check_eq(returned, counts.returned);
	check_eq(0, counts.wrong);
}
