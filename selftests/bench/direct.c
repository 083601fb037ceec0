// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the page cache to a file opened with O_DIRECT, and what cp does. The
 * blocks of the files written to are there already: allocating them would cost
 * more than the transfer, and the same whoever asks for it.
 */
#include "bench.h"

#include <fcntl.h>
#include <unistd.h>

/* cp without options: by copy_file_range(2), to the page cache. */
static void by_cp(struct job *job, off_t offset)
{
	copy_range(job->file, job->cached, offset, job->size);
}

static void by_copy_range(struct job *job, off_t offset)
{
	copy_range(job->file, job->direct, offset, job->size);
}

static void by_read_write(struct job *job, off_t offset)
{
	read_write(job->buffer, job->file, offset, job->direct, offset,
		   job->size);
}

static void by_splicevec(struct job *job, off_t offset)
{
	splice_all(job->vec, job->file, offset, job->direct, offset, job->size);
}

static void by_pull_push(struct job *job, off_t offset)
{
	pull_push(job->vec, job->file, offset, job->direct, offset, job->size);
}

static void by_kept(struct job *job, off_t offset)
{
	push_kept(job->kept, job->direct, offset, job->size);
}

static void setup(struct job *job)
{
	int file;

	job->cached = pattern_file(EXT4, 2, FILE_SIZE);
	must(fsync(job->cached));
	file = pattern_file(EXT4, 3, FILE_SIZE);
	must(fsync(file));
	/* the first direct write would have to throw these out */
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	job->direct = reopen(file, O_WRONLY | O_DIRECT);
	close(file);
}

/* Writing back what went to the page cache is part of the whole guest's time. */
static void finish(struct job *job)
{
	must(fdatasync(job->cached));
	must(fdatasync(job->direct));
}

static void teardown(struct job *job)
{
	close(job->cached);
	close(job->direct);
}

static const struct method methods[] = {
	{ .name = "cp", .send = by_cp },
	{ .name = "copy_file_range", .send = by_copy_range },
	{ .name = "read+write", .send = by_read_write },
	{ .name = "splicevec-splice", .send = by_splicevec },
	{ .name = "splicevec-pull-push", .send = by_pull_push },
	{ .name = "splicevec-kept", .send = by_kept },
};

const struct scenario file_odirect = {
	.name = "file-odirect",
	.paths = 1U << PATH_DISK,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.setup = setup,
	.finish = finish,
	.teardown = teardown,
};
