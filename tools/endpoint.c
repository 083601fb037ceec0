// SPDX-License-Identifier: GPL-2.0-only
/* Files, stdin and stdout as sources and sinks. */
#include "endpoint.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_dash(const char *path)
{
	return !strcmp(path, "-");
}

static uint64_t bytes_left(int fd, const struct stat *st)
{
	off_t pos = lseek(fd, 0, SEEK_CUR);

	if (!S_ISREG(st->st_mode) || pos < 0 || pos > st->st_size)
		return 0;
	return st->st_size - pos;
}

static int fail_closing(int fd, int err, const char *name)
{
	fail(err, name);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The standard fds are duplicated, so that ours are always ours to close. */
int open_source(struct source *src, const char *path)
{
	bool dash = is_dash(path);
	struct stat st;

	src->name = dash ? "stdin" : path;
	src->fd = dash ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
			 open(path, O_RDONLY | O_CLOEXEC);
	if (src->fd < 0 || fstat(src->fd, &st))
		return fail_closing(src->fd, errno, src->name);
	if (S_ISDIR(st.st_mode))
		return fail_closing(src->fd, EISDIR, src->name);
	src->size = bytes_left(src->fd, &st);
	return 0;
}

/* close(2) may be the first to tell of a write that failed (NFS, quota). */
static int finish_file(struct sink *sink)
{
	return close(sink->fd) ? -errno : 0;
}

static mode_t new_mode(const struct source *src)
{
	struct stat st;

	if (!src || fstat(src->fd, &st) || !S_ISREG(st.st_mode))
		return 0666;
	return st.st_mode & 0777;
}

static bool same_file(const struct source *src, const struct stat *st)
{
	struct stat from;

	if (!src || fstat(src->fd, &from))
		return false;
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return false;
	return from.st_dev == st->st_dev && from.st_ino == st->st_ino;
}

/*
 * No O_TRUNC in open(2): were it the source under another name, it would be
 * empty before anybody could tell. stdout is not truncated: where it is to be
 * written is its opener's choice.
 */
static int prepare(struct sink *sink, const struct source *src)
{
	struct stat st;

	if (fstat(sink->fd, &st))
		return fail_closing(sink->fd, errno, sink->name);
	if (same_file(src, &st)) {
		fail_text(sink->name, "is the source itself");
		close(sink->fd);
		return -1;
	}
	if (sink->align != 1)
		sink->align = st.st_blksize;
	if (S_ISREG(st.st_mode) && !sink->is_stdout && ftruncate(sink->fd, 0))
		return fail_closing(sink->fd, errno, sink->name);
	return 0;
}

int open_sink(struct sink *sink, const char *path, const struct source *src,
	      bool direct)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (direct ? O_DIRECT : 0);
	bool dash = is_dash(path);

	*sink = (struct sink){
		.name = dash ? "stdout" : path,
		.is_stdout = dash,
		.align = direct && !dash ? 0 : 1,
		.finish = finish_file,
	};
	sink->fd = dash ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) :
			  open(path, flags, new_mode(src));
	if (sink->fd < 0 && errno == EINVAL && direct) {
		fail_hint(EINVAL, path, "this filesystem has no O_DIRECT");
		return -1;
	}
	if (sink->fd < 0)
		return fail_closing(-1, errno, sink->name);
	return prepare(sink, src);
}
