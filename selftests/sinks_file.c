// SPDX-License-Identifier: GPL-2.0-only
/* Sinks that are files, devices and memory beyond the plain ones. */
#include "sinks.h"
#include "disks.h"
#include "fuse.h"
#include "places_file.h"

#include <errno.h>
#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *sink_disk_missing(void)
{
	return disk_missing(DISK_SINK);
}

/* What lies behind the bytes that are pushed, up to the end of the block. */
#define BEHIND	0xa5

static void open_disk(struct sink *s)
{
	static int first;
	char behind[512];

	if (!first)
		first = disk_open(DISK_SINK, O_RDWR);
	memset(behind, BEHIND, sizeof(behind));
	if (pwrite(first, behind, sizeof(behind), s->len) != sizeof(behind))
		die("writing a disk: %s", errno_name(errno));
	s->fd = disk_open(DISK_SINK, O_RDWR |
			  (s->kind->class == TO_DIRECT ? O_DIRECT : 0));
}

static void verify_disk(struct sink *s)
{
	int fd = disk_open(DISK_SINK, O_RDONLY);
	long wrong = file_check(fd, 0, s->seed, s->pos, s->len);
	unsigned char behind[512];
	size_t i;

	check(wrong < 0, "byte %ld is wrong", wrong);
	check_eq(s->len, lseek(s->fd, 0, SEEK_CUR));
	check_eq(sizeof(behind), pread(fd, behind, sizeof(behind), s->len));
	for (i = 0; i < sizeof(behind) && behind[i] == BEHIND; i++)
		;
	check(i == sizeof(behind), "byte %zu behind them was written", i);
	close(fd);
	close(s->fd);
}

/* One server serves all files of a test. */
static const struct fuse_server *server(void)
{
	static struct fuse_server server;

	if (!server.pid)
		fuse_start(&server);
	return &server;
}

static void open_fuse(struct sink *s)
{
	s->fd = fuse_open(server(), FUSE_CACHED, 0);
}

static void open_fuse_direct(struct sink *s)
{
	s->fd = fuse_open(server(), FUSE_DIRECT, 0);
}

static void open_memfd(struct sink *s)
{
	s->fd = must(memfd_create("sink", MFD_CLOEXEC));
}

static void open_null(struct sink *s)
{
	s->fd = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static void verify_null(struct sink *s)
{
	close(s->fd);
}

static void open_terminal(struct sink *s)
{
	int ends[2];

	terminal_pair(ends);
	s->fd = ends[1];
	sink_drain(s, ends[0]);
}

/*
 * The master is told the end of the other side by an error, and may be told so
 * before it has read what was on its way.
 */
static void verify_terminal(struct sink *s)
{
	drain_await(&s->drain, s->len);
	close(s->fd);
	drain_finish(&s->drain);
	close(s->drain.fd);
	check_eq(EIO, s->drain.err);
	check(s->drain.wrong < 0, "byte %zd is wrong", s->drain.wrong);
	check_eq(s->len, s->drain.got);
}

static void open_pieces(struct sink *s)
{
	struct pieces *pieces = &s->pieces;

	pieces_make(pieces, s->seed, s->pos, s->len);
	pieces_clear(pieces);
	s->fd = SPLICEVEC_FD_MEM;
	s->addr = (char *)pieces->iov;
	s->iovs = pieces->nr;
}

static void verify_pieces(struct sink *s)
{
	ssize_t wrong = pieces_check(&s->pieces, s->seed, s->pos);

	check(wrong < 0, "byte %zd is wrong", wrong);
	unmap_pages(s->pieces.map, s->pieces.map_len);
}

#define verify_fuse		sink_verify_file
#define verify_fuse_direct	sink_verify_file
#define verify_memfd		sink_verify_file

#define SINK(id, type, how, ...)					\
	const struct sink_kind sink_##id = {				\
		.name = #id,						\
		.class = type,						\
		.place = ANYWHERE,					\
		.open = open_##how,					\
		.verify = verify_##how,					\
		__VA_ARGS__						\
	}

SINK(block, TO_BUFFERED, disk, .missing = sink_disk_missing);
SINK(block_direct, TO_DIRECT, disk, .missing = sink_disk_missing);
SINK(fuse, TO_BUFFERED, fuse, .missing = fuse_missing);
SINK(fuse_direct, TO_BUFFERED, fuse_direct, .missing = fuse_missing);
SINK(memfd, TO_BUFFERED, memfd);
SINK(null, TO_BUFFERED, null);
SINK(terminal, TO_BUFFERED, terminal);
SINK(pieces, TO_MEMORY, pieces);
