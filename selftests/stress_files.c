// SPDX-License-Identifier: GPL-2.0-only
/* Files that change under those who pull from them. */
#include "stress_files.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS	(BLOCK / sizeof(uint64_t))

/* What is rewritten at once; O_DIRECT wants it aligned. */
#define CHANGE	KIB(32)

static uint64_t place_hash(const struct file *file, size_t word)
{
	uint64_t x = (word + 1) * 0x9e3779b97f4a7c15 +
		     (file->number + 1) * 0xd1342543de82ef95;

	return (x ^ (x >> 32)) * 0xda942042e4dd58b5;
}

/* The generation is in the upper half. */
static uint64_t make_word(const struct file *file, size_t word, uint32_t gen)
{
	return (uint64_t)gen << 32 ^ place_hash(file, word);
}

/* Generations that a block may show. */
struct range {
	uint32_t least;
	uint32_t most;
	bool zero;
};

static void settle(const struct block *block, struct bounds *bounds)
{
	bounds->zeroed = block->zeroed;
	bounds->most = block->begun;
}

static struct range range_of(const struct file *file, size_t block,
			     struct bounds bounds)
{
	if (bounds.most == UINT32_MAX)
		settle(&file->blocks[block], &bounds);
	return (struct range){
		.least = bounds.least,
		.most = bounds.most,
		.zero = bounds.zeroed >= bounds.least,
	};
}

static bool word_good(const struct file *file, size_t word, uint64_t value,
		      struct range range)
{
	uint64_t gen = value ^ place_hash(file, word);

	if (!value)
		return range.zero;
	return !(uint32_t)gen && gen >> 32 >= range.least &&
	       gen >> 32 <= range.most;
}

/*
 * A byte of a word that is seen while it is being written may be of another
 * generation than its neighbour.
 */
static bool byte_good(const struct file *file, size_t at, unsigned char value,
		      struct range range)
{
	unsigned int shift = at % 8 * 8;
	uint32_t gen;

	if (!value && range.zero)
		return true;
	for (gen = range.least; gen <= range.most; gen++)
		if (value == (make_word(file, at / 8, gen) >> shift & 0xff))
			return true;
	return false;
}

/* Bytes of one block. */
static ssize_t block_wrong(const struct file *file, size_t at,
			   const unsigned char *from, size_t len,
			   struct range range)
{
	size_t i, j, n;
	uint64_t value;

	for (i = 0; i < len; i += n) {
		n = 8 - (at + i) % 8;
		n = n < len - i ? n : len - i;
		memcpy(&value, from + i, n);
		if (n == 8 && word_good(file, (at + i) / 8, value, range))
			continue;
		for (j = 0; j < n; j++)
			if (!byte_good(file, at + i + j, from[i + j], range))
				return i + j;
	}
	return -1;
}

ssize_t file_wrong(const struct file *file, size_t at, const struct bounds *bounds,
		   size_t block, const void *buf, size_t len)
{
	unsigned char copy[BLOCK];
	size_t done, n, b;
	ssize_t wrong;

	for (done = 0; done < len; done += n) {
		b = (at + done) / BLOCK;
		n = (b + 1) * BLOCK - (at + done);
		n = n < len - done ? n : len - done;
		/* a mapping changes: first look, then ask what can be there */
		memcpy(copy, (const char *)buf + done, n);
		atomic_thread_fence(memory_order_seq_cst);
		wrong = block_wrong(file, at + done, copy, n,
				    range_of(file, b, bounds[b - block]));
		if (wrong >= 0)
			return done + wrong;
	}
	return -1;
}

void file_witness(const struct file *file, size_t at, size_t len,
		  struct bounds bounds[PIECE_BLOCKS])
{
	size_t block = at / BLOCK, i;

	for (i = 0; block + i <= (at + len - 1) / BLOCK; i++)
		bounds[i] = (struct bounds){
			.least = file->blocks[block + i].done,
			.most = UINT32_MAX,
		};
}

void file_settle(const struct file *file, size_t at, size_t len,
		 struct bounds *bounds)
{
	size_t block = at / BLOCK, i;

	for (i = 0; block + i <= (at + len - 1) / BLOCK; i++)
		settle(&file->blocks[block + i], &bounds[i]);
}

/* A change of some blocks; which comes to pass. */
struct change {
	struct file *file;
	size_t at;
	size_t len;
	void *data;
};

static void begin_change(struct change *c, bool zero)
{
	size_t b;

	for (b = c->at / BLOCK; b < (c->at + c->len) / BLOCK; b++) {
		struct block *block = &c->file->blocks[b];
		uint32_t gen = block->begun + 1;

		if (zero)
			block->zeroed = gen;
		block->begun = gen;
	}
}

static void end_change(struct change *c)
{
	size_t b;

	for (b = c->at / BLOCK; b < (c->at + c->len) / BLOCK; b++)
		c->file->blocks[b].done = c->file->blocks[b].begun;
}

static void fill(struct change *c)
{
	uint64_t *words = c->data;
	size_t w = c->at / 8, i;

	for (i = 0; i < c->len / 8; i++, w++)
		words[i] = make_word(c->file, w,
				     c->file->blocks[w / WORDS].begun);
}

static void by_write(struct change *c)
{
	check_eq(c->len, pwrite(c->file->fd, c->data, c->len, c->at));
}

static void by_direct_write(struct change *c)
{
	int fd = c->file->direct >= 0 ? c->file->direct : c->file->fd;

	check_eq(c->len, pwrite(fd, c->data, c->len, c->at));
}

/* It is not kept mapped here, so that somebody else can page it out. */
static void by_store(struct change *c)
{
	size_t from = c->at / PAGE * PAGE;

	memcpy(c->file->map + c->at, c->data, c->len);
	must(madvise(c->file->map + from, c->at + c->len - from,
		     MADV_DONTNEED));
}

/* The vector lets go of the copy at once: it is in the file's own pages. */
static void by_push(struct change *c)
{
	int vec = new_vector();

	check_eq(c->len, write(vec, c->data, c->len));
	check_eq(c->len, sv_push(vec, c->file->fd, c->at, c->len, 0));
	close(vec);
}

static void by_punch(struct change *c)
{
	must(fallocate(c->file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       c->at, c->len));
}

/* The change is all from here to the end. */
static void by_truncate(struct change *c)
{
	must(ftruncate(c->file->fd, c->at));
	sched_yield();
	must(ftruncate(c->file->fd, FILE_SIZE));
}

static const struct way {
	void (*change)(struct change *c);
	bool zero;
	bool to_end;
	bool pages;	/* whole ones */
} ways[] = {
	{ .change = by_write },
	{ .change = by_write },
	{ .change = by_store },
	{ .change = by_push },
	{ .change = by_direct_write, .pages = true },
	{ .change = by_punch, .zero = true },
	{ .change = by_truncate, .zero = true, .to_end = true },
};

/*
 * XFS takes whole pages out of the cache where it punches, having written them, and
 * those who still hold them may see zeroes on either side of the hole.
 */
static size_t unit_of(const struct way *way, const struct file *file)
{
	bool punch = way->change == by_punch;

	return way->pages || (punch && file->place == XFS) ? PAGE : BLOCK;
}

static void rewrite_once(struct hand *hand, struct file *file, void *data)
{
	const struct way *way = &ways[chance(hand, ARRAY_LEN(ways))];
	size_t unit = unit_of(way, file);
	struct change c = {
		.file = file,
		.at = chance(hand, FILE_SIZE / unit) * unit,
		.len = (1 + chance(hand, CHANGE / unit)) * unit,
		.data = data,
	};

	if (way->to_end || c.at + c.len > FILE_SIZE)
		c.len = FILE_SIZE - c.at;
	begin_change(&c, way->zero);
	if (!way->zero)
		fill(&c);
	way->change(&c);
	end_change(&c);
}

/* Out of the page cache, as far as it can be, now and then. */
static void rewrite_disk(struct hand *hand, struct file *file)
{
	if (chance(hand, 2))
		must(sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE));
	else
		must(fsync(file->fd));
	must(posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED));
}

void rewrite(struct hand *hand)
{
	struct file *file = hand->arg;
	void *data = map_pages(FILE_SIZE);

	while (crew_goes_on(hand)) {
		rewrite_once(hand, file, data);
		if (!chance(hand, 40))
			rewrite_disk(hand, file);
		/* the others want to see each for a while */
		usleep(chance(hand, 10000));
	}
	unmap_pages(data, FILE_SIZE);
}

static void *map_shared(int fd, size_t len)
{
	int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (map == MAP_FAILED)
		die("mmap: %s", errno_name(errno));
	return map;
}

/* Full of the first generation, with the sums up to date. */
static void file_open(struct file *file, enum place place, unsigned int number)
{
	struct change all = { .file = file, .len = FILE_SIZE };

	*file = (struct file){
		.place = place,
		.fd = new_file(place, O_RDWR),
		.number = number,
		.blocks = map_shared(-1, BLOCKS * sizeof(struct block)),
	};
	/* tmpfs takes no O_DIRECT on old kernels */
	file->direct = place == TMPFS ? -1 : reopen(file->fd, O_RDWR | O_DIRECT);
	must(ftruncate(file->fd, FILE_SIZE));
	file->map = map_shared(file->fd, FILE_SIZE);
	all.data = map_pages(FILE_SIZE);
	begin_change(&all, false);
	fill(&all);
	by_write(&all);
	end_change(&all);
	unmap_pages(all.data, FILE_SIZE);
}

struct file *files_open(void)
{
	static const enum place places[FILES] = { EXT4, XFS, TMPFS, EXT4 };
	static struct file files[FILES];
	unsigned int i;

	for (i = 0; i < FILES; i++)
		file_open(&files[i], place_missing(places[i]) ? TMPFS : places[i],
			  i);
	return files;
}

void files_close(struct file *files)
{
	unsigned int i;

	for (i = 0; i < FILES; i++) {
		unmap_pages(files[i].map, FILE_SIZE);
		unmap_pages(files[i].blocks, BLOCKS * sizeof(struct block));
		close(files[i].fd);
		if (files[i].direct >= 0)
			close(files[i].direct);
	}
}
