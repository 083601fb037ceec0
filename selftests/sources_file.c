// SPDX-License-Identifier: GPL-2.0-only
/* Sources that are files, devices and memory beyond the plain ones. */
#include "sources.h"
#include "disks.h"
#include "fuse.h"
#include "places_file.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static void from_offset(struct source *s, int fd)
{
	s->fd = fd;
	s->offset = s->skip;
}

static const char *source_disk_missing(void)
{
	return disk_missing(DISK_SOURCE);
}

/* The first fd keeps the device's page cache. */
static int disk(int flags)
{
	static int first;

	if (!first) {
		first = disk_open(DISK_SOURCE, O_RDONLY);
		disk_fill(DISK_SOURCE, SOURCE_SEED, SOURCE_SIZE);
	}
	return disk_open(DISK_SOURCE, O_RDONLY | flags);
}

static void open_disk(struct source *s)
{
	from_offset(s, disk(0));
}

static void open_cold_disk(struct source *s)
{
	open_disk(s);
	evict(s->fd);
}

static void open_direct(struct source *s)
{
	int fd = source_file(s->kind->place);

	must(fsync(fd));
	from_offset(s, reopen(fd, O_RDONLY | O_DIRECT));
	close(fd);
}

/* One server and one file of each sort serve all sizes of a test. */
static int fuse(enum fuse_file file)
{
	static struct fuse_server server;
	static int files[FUSE_FILES];
	char *buf;

	if (!server.pid)
		fuse_start(&server);
	if (!files[file]) {
		files[file] = fuse_open(&server, file, 0);
		buf = malloc(SOURCE_SIZE);
		if (!buf)
			die("no memory");
		pattern_fill(buf, SOURCE_SEED, 0, SOURCE_SIZE);
		write_all(files[file], buf, SOURCE_SIZE);
		free(buf);
	}
	return reopen(files[file], O_RDONLY);
}

static void open_fuse(struct source *s)
{
	from_offset(s, fuse(FUSE_CACHED));
	evict(s->fd);
}

static void open_overlay(struct source *s)
{
	static int file;

	if (!file)
		file = overlay_file(SOURCE_SEED, SOURCE_SIZE);
	from_offset(s, reopen(file, O_RDONLY));
}

static int filled_memfd(unsigned int flags)
{
	int fd = must(memfd_create("source", MFD_CLOEXEC | flags));
	char *map;

	must(ftruncate(fd, flags & MFD_HUGETLB ? HUGE : SOURCE_SIZE));
	map = mmap(NULL, SOURCE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   0);
	if (map == MAP_FAILED)
		die("mmap of a memfd: %s", errno_name(errno));
	pattern_fill(map, SOURCE_SEED, 0, SOURCE_SIZE);
	must(munmap(map, flags & MFD_HUGETLB ? HUGE : SOURCE_SIZE));
	return fd;
}

static void open_memfd(struct source *s)
{
	static int file;

	if (!file) {
		file = filled_memfd(MFD_ALLOW_SEALING);
		must(fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
			   F_SEAL_GROW | F_SEAL_WRITE));
	}
	from_offset(s, reopen(file, O_RDONLY));
}

static void open_huge_memfd(struct source *s)
{
	static int file;

	if (!file)
		file = filled_memfd(MFD_HUGETLB);
	from_offset(s, reopen(file, O_RDONLY));
}

/* What the master writes; it stays open till the end, or it would hang up. */
static void open_terminal(struct source *s)
{
	int ends[2];

	terminal_pair(ends);
	s->fd = ends[1];
	source_feed(s, must(dup(ends[0])), s->skip);
	s->feed.from = ends[0];
}

static void open_huge_memory(struct source *s)
{
	s->map_len = HUGE;
	s->map = huge_pages(HUGE);
	pattern_fill(s->map, SOURCE_SEED, 0, s->skip + s->len);
	s->addr = s->map + s->skip;
}

static void open_pieces(struct source *s)
{
	struct pieces pieces;

	pieces_make(&pieces, SOURCE_SEED, s->skip, s->len);
	s->map = pieces.map;
	s->map_len = pieces.map_len;
	s->addr = (char *)pieces.iov;
	s->iovs = pieces.nr;
}

#define SOURCE(id, kind, where, how, ...)				\
	const struct source_kind source_##id = {			\
		.name = #id,						\
		.pages = SPLICEVEC_##kind,				\
		.place = where,						\
		.open = how,						\
		__VA_ARGS__						\
	}

SOURCE(block, CACHE, ANYWHERE, open_disk, .aligned = true,
       .missing = source_disk_missing);
SOURCE(block_lazy, CACHE, ANYWHERE, open_cold_disk, .aligned = true,
       .flags = SPLICEVEC_LAZY, .missing = source_disk_missing);
SOURCE(block_uncached, OWNED, ANYWHERE, open_disk, .aligned = true,
       .flags = SPLICEVEC_UNCACHED, .uncopied = true,
       .missing = source_disk_missing);
SOURCE(ext4_lazy, CACHE, EXT4, source_open_cold, .aligned = true,
       .flags = SPLICEVEC_LAZY);
SOURCE(xfs_lazy, CACHE, XFS, source_open_cold, .aligned = true,
       .flags = SPLICEVEC_LAZY);
SOURCE(ext4_direct, OWNED, EXT4, open_direct, .aligned = true,
       .uncopied = true);
SOURCE(xfs_uncached, OWNED, XFS, source_open_cold, .aligned = true,
       .flags = SPLICEVEC_UNCACHED, .uncopied = true);
SOURCE(fuse, CACHE, ANYWHERE, open_fuse, .aligned = true,
       .missing = fuse_missing);
SOURCE(overlay, CACHE, EXT4, open_overlay, .aligned = true,
       .missing = overlay_missing);
SOURCE(memfd, CACHE, ANYWHERE, open_memfd, .aligned = true);
SOURCE(huge_memfd, OWNED, ANYWHERE, open_huge_memfd,
       .missing = huge_pages_missing);
SOURCE(terminal, OWNED, ANYWHERE, open_terminal);
SOURCE(pieces, PINNED, ANYWHERE, open_pieces, .memory = true);
SOURCE(huge_memory, PINNED, ANYWHERE, open_huge_memory, .memory = true,
       .aligned = true, .missing = huge_pages_missing);
