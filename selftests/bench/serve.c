// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a server of static files does for each request: open the file by its name, ask
 * for its size, answer, close. What is kept in a vector is there without.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT	"/mnt/ext4/srv"
#define SITE	ROOT "/www"
#define NAME	SITE "/file"

/* Answer a request for a part of @file over a connection. */
typedef void (*answer_fn)(struct job *job, int file, int fd, off_t offset);

static int open_named(void)
{
	int file = must(open(NAME, O_RDONLY | O_CLOEXEC));
	struct stat st;

	must(fstat(file, &st));
	if (!S_ISREG(st.st_mode) || st.st_size != FILE_SIZE)
		die("%s: another file", NAME);
	return file;
}

/* One request from each peer. */
static void serve_all(struct job *job, off_t offset, answer_fn answer)
{
	unsigned int i;
	int file;

	for (i = 0; i < job->scenario->peers; i++) {
		file = open_named();
		answer(job, file, job->peers[i].fd, offset);
		close(file);
	}
}

static void read_write_one(struct job *job, int file, int fd, off_t offset)
{
	read_write(job->buffer, file, offset, fd, STREAM, job->size);
}

static void sendfile_one(struct job *job, int file, int fd, off_t offset)
{
	sendfile_all(fd, file, offset, job->size);
}

static void splice_one(struct job *job, int file, int fd, off_t offset)
{
	splice_pipe(job->pipe, file, offset, fd, job->size);
}

static void splicevec_one(struct job *job, int file, int fd, off_t offset)
{
	splice_all(job->vec, file, offset, fd, STREAM, job->size);
}

static void by_read_write(struct job *job, off_t offset)
{
	serve_all(job, offset, read_write_one);
}

static void by_sendfile(struct job *job, off_t offset)
{
	serve_all(job, offset, sendfile_one);
}

static void by_splice(struct job *job, off_t offset)
{
	serve_all(job, offset, splice_one);
}

static void by_splicevec(struct job *job, off_t offset)
{
	serve_all(job, offset, splicevec_one);
}

/* Whoever has several requests for the same bytes pulls them once. */
static void by_pull_push(struct job *job, off_t offset)
{
	unsigned int i, last = job->scenario->peers - 1;
	int file = open_named();

	pull_all(job->vec, file, offset, job->size);
	close(file);
	for (i = 0; i < last; i++)
		push_held(job->vec, job->peers[i].fd, job->size);
	push_all(job->vec, job->peers[last].fd, STREAM, job->size);
}

static void by_kept(struct job *job, off_t offset)
{
	unsigned int i;

	(void)offset;
	for (i = 0; i < job->scenario->peers; i++)
		push_kept(job->kept, job->peers[i].fd, STREAM, job->size);
}

/* As a server does that looks each time whether the file is still the same. */
static void by_kept_stat(struct job *job, off_t offset)
{
	struct stat st;
	unsigned int i;

	(void)offset;
	for (i = 0; i < job->scenario->peers; i++) {
		must(stat(NAME, &st));
		push_kept(job->kept, job->peers[i].fd, STREAM, job->size);
	}
}

/* The file that all scenarios have is given a name, which it keeps. */
static void setup(struct job *job)
{
	static bool named;
	char path[32];

	if (named)
		return;
	must(mkdir(ROOT, 0755));
	must(mkdir(SITE, 0755));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", job->file);
	must(linkat(AT_FDCWD, path, AT_FDCWD, NAME, AT_SYMLINK_FOLLOW));
	named = true;
}

static const struct method methods[] = {
	{ .name = "read+write", .send = by_read_write },
	{ .name = "sendfile", .send = by_sendfile },
	{ .name = "splice", .send = by_splice },
	{ .name = "splicevec-splice", .send = by_splicevec },
	{ .name = "splicevec-pull-push", .send = by_pull_push },
	{ .name = "splicevec-kept", .send = by_kept },
	{ .name = "splicevec-kept-stat", .send = by_kept_stat },
};

const struct scenario serve = {
	.name = "serve",
	.paths = PATHS_NET,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = 1,
	.setup = setup,
};

const struct scenario serve_16 = {
	.name = "serve-16",
	.paths = PATHS_NET,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = MAX_PEERS,
	.setup = setup,
};
