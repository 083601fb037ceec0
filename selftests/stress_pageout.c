// SPDX-License-Identifier: GPL-2.0-only
/* Pages that go to a swap disk, and come back when somebody wants them. */
#include "disks.h"
#include "stress_jobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

/* The first page of a swap disk, as mkswap(8) writes it. */
struct swap_header {
	char boot[1024];
	uint32_t version;
	uint32_t last_page;
	char rest[PAGE - 1024 - 2 * sizeof(uint32_t) - 10];
	char magic[10];
};

/* What went out and what came back before. */
static long before_out, before_in;

/* The disk; -1: nothing can go out. */
static int disk = -1;

static const char *path_of_disk(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", disk);
	return path;
}

static const char *swap_missing(void)
{
	return access("/proc/swaps", F_OK) ? "no swap" : disk_missing(DISK_SWAP);
}

static void format(void)
{
	struct swap_header header = {
		.version = 1,
		.last_page = must(lseek(disk, 0, SEEK_END)) / PAGE - 1,
		.magic = { "SWAPSPACE2" },
	};

	check_eq(PAGE, pwrite(disk, &header, sizeof(header), 0));
	must(fsync(disk));
}

void pageout_begin(void)
{
	const char *missing = swap_missing();

	if (missing) {
		fprintf(stderr, "# nothing is swapped out: %s\n", missing);
		return;
	}
	disk = disk_open(DISK_SWAP, O_RDWR);
	format();
	before_out = vm_counter("pswpout");
	before_in = vm_counter("pswpin");
	must(swapon(path_of_disk(), 0));
}

void pageout_end(void)
{
	long out, in;

	if (disk < 0)
		return;
	/* what comes back because of this does not count */
	out = vm_counter("pswpout") - before_out;
	in = vm_counter("pswpin") - before_in;
	must(swapoff(path_of_disk()));
	close(disk);
	disk = -1;
	if (!failures())
		check(out && in, "%ld pages were swapped out, %ld in", out, in);
	fprintf(stderr, "# pages swapped out: %ld, in: %ld\n", out, in);
}

/* What of a file was truncated just now cannot come. */
static void bring_in(void *map, size_t len)
{
	madvise(map, len, MADV_POPULATE_READ);
}

/* Only what is mapped here, and nowhere else, goes. */
static void page_out(void *map, size_t len)
{
	bring_in(map, len);
	must(madvise(map, len, MADV_PAGEOUT));
}

void page_out_some(struct hand *hand, void *map, size_t len)
{
	if (!chance(hand, 4))
		page_out(map, len);
}

/*
 * In a process of its own, or all others would wait for their memory map while it is being
 * done.
 */
void page_out_files(struct hand *hand)
{
	struct scene *scene = hand->arg;
	unsigned int i;

	while (crew_goes_on(hand)) {
		for (i = 0; i < FILES; i++)
			page_out(scene->files[i].map, FILE_SIZE);
		usleep(chance(hand, 10000));
		for (i = 0; i < FILES; i++)
			bring_in(scene->files[i].map, FILE_SIZE);
	}
}
