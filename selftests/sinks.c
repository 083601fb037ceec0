// SPDX-License-Identifier: GPL-2.0-only
/* The sinks. */
#include "sinks.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void sink_drain(struct sink *s, int fd)
{
	s->drain = (struct drain){ .fd = fd, .seed = s->seed, .pos = s->pos };
	s->draining = true;
	drain_start(&s->drain);
}

void sink_open_stream(struct sink *s)
{
	int fds[2];

	stream_pair(s->kind->place, fds);
	s->fd = fds[0];
	sink_drain(s, fds[1]);
}

static void open_pipe(struct sink *s)
{
	int fds[2];

	must(pipe2(fds, O_CLOEXEC));
	if (s->kind->size)
		must(fcntl(fds[1], F_SETPIPE_SZ, s->kind->size));
	s->fd = fds[1];
	sink_drain(s, fds[0]);
}

/* The peer has seen the end only when this side is closed. */
void sink_verify_stream(struct sink *s)
{
	close(s->fd);
	drain_finish(&s->drain);
	close(s->drain.fd);
	check(!s->drain.err, "reading the other end: %s",
	      errno_name(s->drain.err));
	check(s->drain.wrong < 0, "byte %zd is wrong", s->drain.wrong);
	check(s->drain.got == s->len, "expected %zu bytes to arrive, got %zu",
	      s->len, s->drain.got);
}

/* Its reader has to be told that no more comes. */
void sink_abandon(struct sink *s, size_t taken)
{
	must(shutdown(s->drain.fd, SHUT_RD));
	drain_finish(&s->drain);
	close(s->fd);
	close(s->drain.fd);
	check(s->drain.wrong < 0, "byte %zd is wrong", s->drain.wrong);
	check(s->drain.got <= taken, "%zu bytes arrived, of %zu", s->drain.got,
	      taken);
}

static void open_file(struct sink *s)
{
	s->fd = new_file(s->kind->place, O_RDWR |
			 (s->kind->class == TO_DIRECT ? O_DIRECT : 0));
}

/* O_DIRECT files are read back past the page cache and then through it. */
void sink_verify_file(struct sink *s)
{
	int fd = reopen(s->fd, O_RDONLY);
	long wrong = file_check(fd, 0, s->seed, s->pos, s->len);
	long size = lseek(fd, 0, SEEK_END);

	check(wrong < 0, "byte %ld is wrong", wrong);
	check(size == (long)s->len, "expected a file of %zu bytes, got %ld",
	      s->len, size);
	check_eq(size, lseek(s->fd, 0, SEEK_CUR));
	close(fd);
	close(s->fd);
}

static void open_memory(struct sink *s)
{
	s->map = map_pages(s->len + 2);
	memset(s->map, 0xa5, s->len + 2);
	s->fd = SPLICEVEC_FD_MEM;
	s->addr = s->map + 1;
}

static void verify_memory(struct sink *s)
{
	ssize_t wrong = pattern_check(s->map + 1, s->seed, s->pos, s->len);

	check(wrong < 0, "byte %zd is wrong", wrong);
	check((unsigned char)s->map[0] == 0xa5 &&
	      (unsigned char)s->map[s->len + 1] == 0xa5,
	      "written outside of the %zu bytes", s->len);
	unmap_pages(s->map, s->len + 2);
}

static void open_vector(struct sink *s)
{
	s->fd = new_vector();
}

static void verify_vector(struct sink *s)
{
	char *map = map_pages(s->len + 1);
	int64_t n = sv_push_mem(s->fd, map, s->len + 1, 0);
	ssize_t wrong;

	check(n == (int64_t)s->len, "expected %zu bytes in the vector, got %s",
	      s->len, result_name(n));
	wrong = pattern_check(map, s->seed, s->pos, s->len);
	check(wrong < 0, "byte %zd is wrong", wrong);
	unmap_pages(map, s->len + 1);
	close(s->fd);
}

static void open_nothing(struct sink *s)
{
	s->fd = SPLICEVEC_FD_NONE;
}

static void verify_nothing(struct sink *s)
{
	(void)s;
}

#define SINK(id, type, where, how, ...)					\
	const struct sink_kind sink_##id = {				\
		.name = #id,						\
		.class = type,						\
		.place = where,						\
		.open = open_##how,					\
		.verify = verify_##how,					\
		__VA_ARGS__						\
	}
#define open_stream	sink_open_stream
#define verify_stream	sink_verify_stream
#define verify_pipe	sink_verify_stream
#define verify_file	sink_verify_file

SINK(tcp4, TO_TCP, TCP4, stream);
SINK(tcp6, TO_TCP, TCP6, stream);
SINK(nic4, TO_NIC, NIC4, stream);
SINK(nic6, TO_NIC, NIC6, stream);
SINK(unix, TO_UNIX, UNIX, stream);
SINK(pipe, TO_PIPE, ANYWHERE, pipe);
SINK(pipe_of_one_page, TO_PIPE, ANYWHERE, pipe, .size = PAGE);
SINK(pipe_of_1m, TO_PIPE, ANYWHERE, pipe, .size = MIB(1));
SINK(ext4, TO_BUFFERED, EXT4, file);
SINK(xfs, TO_BUFFERED, XFS, file);
SINK(tmpfs, TO_BUFFERED, TMPFS, file);
SINK(dax, TO_BUFFERED, DAX, file);
SINK(ext4_direct, TO_DIRECT, EXT4, file);
SINK(xfs_direct, TO_DIRECT, XFS, file);
SINK(vector, TO_VECTOR, ANYWHERE, vector);
SINK(memory, TO_MEMORY, ANYWHERE, memory);
SINK(nothing, TO_NOTHING, ANYWHERE, nothing);

const char *sink_missing(const struct sink_kind *kind)
{
	return kind->missing ? kind->missing() : place_missing(kind->place);
}

void sink_open(struct sink *s, const struct sink_kind *kind, uint64_t seed,
	       uint64_t pos, size_t len)
{
	*s = (struct sink){
		.kind = kind,
		.seed = seed,
		.pos = pos,
		.len = len,
		.fd = -1,
	};
	kind->open(s);
}

/* Where the rest of the bytes goes if the sink is memory. */
static void address(const struct sink *s, size_t done, struct iovec *pieces,
		    struct splicevec_push *cmd)
{
	if (!s->addr)
		return;
	cmd->len = s->len - done;
	cmd->addr = (uintptr_t)s->addr + done;
	if (!s->iovs)
		return;
	cmd->iovs = pieces_after((struct iovec *)s->addr, s->iovs, done, pieces);
	cmd->addr = (uintptr_t)pieces;
}

int sink_push_once(struct sink *s, int vec, unsigned int flags,
		   struct pushed *sum)
{
	struct iovec pieces[s->iovs + 1];
	struct splicevec_push cmd = {
		.fd = s->fd,
		.flags = flags,
		.offset = SV_POSITION,
		.start = flags & SPLICEVEC_KEEP ? SV_HEAD : 0,
		.len = SV_ALL,
	};
	int ret;

	address(s, sum->bytes, pieces, &cmd);
	ret = sv_cmd_push(vec, &cmd);
	if (ret)
		return ret;
	check(cmd.copied <= cmd.bytes, "copied %llu of %llu bytes",
	      (unsigned long long)cmd.copied, (unsigned long long)cmd.bytes);
	sum->bytes += cmd.bytes;
	sum->copied += cmd.copied;
	sum->result |= cmd.result;
	return cmd.bytes ? 1 : 0;
}

struct pushed sink_push(struct sink *s, int vec, unsigned int flags)
{
	struct pushed sum = {};
	int ret;

	do {
		ret = sink_push_once(s, vec, flags, &sum);
	} while (ret > 0);
	if (ret < 0)
		sum.bytes = ret;
	return sum;
}

void sink_close(struct sink *s)
{
	s->kind->verify(s);
}
