// SPDX-License-Identifier: GPL-2.0-only
/* A file of stamped pages, and writers who do to it whatever can be done to a file. */
#include "stampede.h"

#include "disks.h"
#include "stamps.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where within a page something is cut off. */
#define CUT	100
/* Pages that one deed changes at the most. */
#define MOST	4U
/* Pages at the end that are cut off and come back. */
#define TAIL	16U
/* Microseconds in which a page is half of this, half of that; and between deeds. */
#define HALFWAY	400
#define REST	200

const char *stamped_missing(enum place place)
{
	return place == ANYWHERE ? disk_missing(DISK_SOURCE) : place_missing(place);
}

static void set(struct stamped *file, unsigned int i, uint64_t generation)
{
	file->page[i].generation = generation;
}

/* Pages of the next generation, in memory as O_DIRECT wants it. */
static char *next_pages(struct stamped *file, unsigned int first, unsigned int nr,
			uint64_t *generation)
{
	char *buf = map_pages(nr * PAGE);
	unsigned int i;

	*generation = ++file->generations;
	for (i = 0; i < nr; i++)
		stamp_fill(buf + i * PAGE, first + i, *generation);
	return buf;
}

static void write_pages(struct stamped *file, int fd, unsigned int first,
			unsigned int nr)
{
	uint64_t generation;
	char *buf = next_pages(file, first, nr, &generation);
	unsigned int i;

	check_eq(nr * PAGE, pwrite(fd, buf, nr * PAGE, first * PAGE));
	for (i = 0; i < nr; i++)
		set(file, first + i, generation);
	unmap_pages(buf, nr * PAGE);
}

void stamped_open(struct stamped *file)
{
	file->file = must(open(file->path, O_RDWR | O_CLOEXEC));
	file->direct = must(open(file->path, O_RDWR | O_CLOEXEC | O_DIRECT));
	file->map = mmap(NULL, file->pages * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED, file->file, 0);
	if (file->map == MAP_FAILED)
		die("%s: mmap: %s", file->path, errno_name(errno));
	/* from 7.2 on khugepaged would make one folio of much that is mapped, in time */
	must(madvise(file->map, file->pages * PAGE, MADV_NOHUGEPAGE));
}

void stamped_close(struct stamped *file)
{
	must(munmap(file->map, file->pages * PAGE));
	close(file->direct);
	close(file->file);
}

void stamped_make(struct stamped *file, enum place place, unsigned int pages)
{
	unsigned int i;
	int fd;

	*file = (struct stamped){
		.name = place == ANYWHERE ? "block device" : place_name(place),
		.place = place,
		.pages = pages,
		.page = calloc(pages, sizeof(*file->page)),
	};
	if (!file->page)
		die("no memory");
	for (i = 0; i < pages; i++)
		pthread_mutex_init(&file->page[i].lock, NULL);
	if (place == ANYWHERE)
		snprintf(file->path, sizeof(file->path), "/dev/ram%d", DISK_SOURCE);
	else
		snprintf(file->path, sizeof(file->path), "%s/stamped-%d",
			 place_dir(place), getpid());
	fd = must(open(file->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	for (i = 0; i < pages; i += MOST)
		write_pages(file, fd, i, MOST);
	must(fsync(fd));
	close(fd);
	stamped_open(file);
}

void stamped_check(struct stamped *file)
{
	char *buf = map_pages(PAGE);
	uint64_t generation;
	unsigned int i;

	for (i = 0; i < file->pages; i++) {
		stamped_lock(file, i, 1);
		check_eq(PAGE, pread(file->file, buf, PAGE, i * PAGE));
		check(stamp_whole(buf, i, &generation), "%s: page %u is torn",
		      file->name, i);
		check(generation == file->page[i].generation,
		      "%s: page %u is of generation %llu, not %llu", file->name, i,
		      (unsigned long long)generation,
		      (unsigned long long)file->page[i].generation);
		stamped_unlock(file, i, 1);
	}
	unmap_pages(buf, PAGE);
}

void stamped_remove(struct stamped *file)
{
	stamped_close(file);
	if (file->place != ANYWHERE)
		must(unlink(file->path));
	free(file->page);
}

void stamped_lock(struct stamped *file, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		pthread_mutex_lock(&file->page[i].lock);
}

void stamped_unlock(struct stamped *file, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		pthread_mutex_unlock(&file->page[i].lock);
}

static void store(struct stamped *file, unsigned int first, unsigned int nr)
{
	uint64_t generation;
	char *buf = next_pages(file, first, nr, &generation), *to;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		to = file->map + (first + i) * PAGE;
		memcpy(to, buf + i * PAGE, PAGE / 2);
		usleep(HALFWAY);
		memcpy(to + PAGE / 2, buf + i * PAGE + PAGE / 2, PAGE / 2);
		set(file, first + i, generation);
	}
	unmap_pages(buf, nr * PAGE);
}

static void write_halves(struct stamped *file, unsigned int first, unsigned int nr)
{
	uint64_t generation;
	char *buf = next_pages(file, first, nr, &generation);
	size_t half = nr * PAGE - PAGE / 2;
	unsigned int i;

	check_eq(half, pwrite(file->file, buf, half, first * PAGE));
	usleep(HALFWAY);
	check_eq(PAGE / 2, pwrite(file->file, buf + half, PAGE / 2,
				  first * PAGE + half));
	for (i = 0; i < nr; i++)
		set(file, first + i, generation);
	unmap_pages(buf, nr * PAGE);
}

void stamped_write(struct stamped *file, unsigned int first, unsigned int nr)
{
	write_pages(file, file->file, first, nr);
}

static void write_directly(struct stamped *file, unsigned int first, unsigned int nr)
{
	write_pages(file, file->direct, first, nr);
}

/* Within a page; all that was cut off comes back as zeroes and is written anew. */
static void cut(struct stamped *file, unsigned int first, unsigned int nr)
{
	must(ftruncate(file->file, first * PAGE + CUT));
	usleep(HALFWAY);
	must(ftruncate(file->file, file->pages * PAGE));
	write_pages(file, file->file, first, nr);
}

/* From within a page to within another one; those between become zeroes. */
static void punch(struct stamped *file, unsigned int first, unsigned int nr)
{
	size_t len = nr > 1 ? (nr - 1) * PAGE : PAGE / 2;
	unsigned int i;

	must(fallocate(file->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       first * PAGE + CUT, len));
	usleep(HALFWAY);
	write_pages(file, file->file, first, 1);
	if (nr > 1)
		write_pages(file, file->file, first + nr - 1, 1);
	for (i = 1; i + 1 < nr; i++)
		set(file, first + i, 0);
}

/*
 * Who writes past the cache and who dirties a large folio of it must not meet there:
 * what the folio has of it may be older than what is on the disk, and wins. So they
 * keep apart, but for reading.
 */
const struct hostility hostilities[] = {
	{ "store", false, false, 0, 2, store },
	{ "write by halves", false, false, 0, 2, write_halves },
	{ "write", false, false, 0, 2, stamped_write },
	{ "punch", false, true, 0, 2, punch },
	{ "direct write", false, false, 2, 3, write_directly },
	{ "truncate", true, true, 3, 4, cut },
};

const unsigned int nr_hostilities = ARRAY_LEN(hostilities);

/* Mostly where it hurts. What is cut off is everything up to the end. */
static void choose(struct hostile *h, unsigned int *first, unsigned int *nr)
{
	unsigned int quarter = h->file->pages / 4, hot = h->file->hot;
	unsigned int from = h->how->from * quarter;
	unsigned int to = h->how->to * quarter - MOST;

	*nr = 1 + rand_r(&h->random) % MOST;
	*first = from + rand_r(&h->random) % (to - from);
	if (rand_r(&h->random) % 4 && hot >= from && hot < to)
		*first = hot;
	if (!h->how->cuts)
		return;
	*first = h->file->pages - 1 - rand_r(&h->random) % TAIL;
	*nr = h->file->pages - *first;
}

static void be_hostile(void *arg)
{
	struct hostile *h = arg;
	unsigned int first, nr;

	while (!__atomic_load_n(h->over, __ATOMIC_RELAXED) && !failures()) {
		choose(h, &first, &nr);
		stamped_lock(h->file, first, nr);
		h->how->commit(h->file, first, nr);
		stamped_unlock(h->file, first, nr);
		h->deeds++;
		usleep(REST);
	}
}

void stampede_begin(struct stampede *stampede, struct stamped *file)
{
	size_t i;

	*stampede = (struct stampede){};
	for (i = 0; i < ARRAY_LEN(hostilities); i++) {
		struct hostile *h = &stampede->hostiles[stampede->nr];

		if (hostilities[i].files && file->place == ANYWHERE)
			continue;
		h->file = file;
		h->random = i;
		h->how = &hostilities[i];
		h->over = &stampede->over;
		worker_start(&h->worker, be_hostile, h);
		stampede->nr++;
	}
}

unsigned long stampede_end(struct stampede *stampede)
{
	unsigned long deeds = 0;
	unsigned int i;

	__atomic_store_n(&stampede->over, true, __ATOMIC_RELAXED);
	for (i = 0; i < stampede->nr; i++) {
		worker_finish(&stampede->hostiles[i].worker);
		deeds += stampede->hostiles[i].deeds;
	}
	return deeds;
}
