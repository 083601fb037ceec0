// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files served by somebody: errors that come after bytes were accepted, a server
 * that dies, and one that works with vectors itself.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "fusefs.h"
#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <splicevec.h>

#define SEED	53

FIXTURE(served)
{
	struct ledger before;
	struct fusefs fs;
};

FIXTURE_SETUP(served)
{
	ledger_read(&self->before);
	self->fs = (struct fusefs){
		.seed = SEED,
		.size = MIB(1),
		.broken = UINT64_MAX,
		.silent = UINT64_MAX,
	};
}

FIXTURE_TEARDOWN(served)
{
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#define NEEDS_FUSE()							\
	do {								\
		if (fusefs_missing())					\
			SKIP(return, "%s", fusefs_missing());		\
	} while (0)

/*
 * What a push through the page cache appended is in the file, though it cannot
 * reach the disk: bytes that stayed in the vector would be appended again. FUSE
 * does not wait for its server, so the error is there for the second push.
 */
TEST_F(served, bytes_appended_past_the_cache_are_not_appended_twice)
{
	int file = pattern_file(TMPFS, SEED, 200), vec, fd;

	NEEDS_FUSE();
	vec = file_vector(file, 200);
	self->fs.writeback = true;
	self->fs.write_fails = true;
	self->fs.size = 0;
	fusefs_mount(&self->fs);
	fd = fusefs_open(&self->fs, O_WRONLY | O_APPEND | O_DIRECT);
	check_eq(100, sv_push(vec, fd, SV_POSITION, 100, 0));
	while (!self->fs.failed)
		usleep(1000);
	check_eq(100, sv_push(vec, fd, SV_POSITION, 100, 0));
	check_span(vec, 200, 200);
	check_eq(200, lseek(fd, 0, SEEK_END));
	/* the file tells, as it tells others who wrote to it */
	check_fails(EIO, fsync(fd));
	close(fd);
	fusefs_die(&self->fs);
	fusefs_unmount(&self->fs);
}

TEST_F(served, pull_ends_before_what_cannot_be_read_then_tells_the_error)
{
	int vec = new_vector(), fd;

	NEEDS_FUSE();
	self->fs.broken = 10 * PAGE;
	fusefs_mount(&self->fs);
	fd = fusefs_open(&self->fs, O_RDONLY);
	must(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	check_eq(10 * PAGE, sv_pull(vec, fd, SV_POSITION, SV_ALL, 0));
	check_errno(EIO, sv_pull(vec, fd, SV_POSITION, SV_ALL, 0));
	check_eq(10 * PAGE, lseek(fd, 0, SEEK_CUR));
	check_span(vec, 0, 10 * PAGE);
	/* what is pulled is there, whatever becomes of the rest */
	self->fs.broken = UINT64_MAX;
	check_eq(PAGE, sv_pull(vec, fd, SV_POSITION, PAGE, 0));
	close(fd);
	fusefs_die(&self->fs);
	check_taken(vec, SEED, 0, 11 * PAGE);
	fusefs_unmount(&self->fs);
}

struct reading {
	int vec;
	int fd;
	int64_t ret;
};

static void pull_all(void *arg)
{
	struct reading *reading = arg;

	reading->ret = sv_pull(reading->vec, reading->fd, SV_POSITION, SV_ALL,
			       0);
}

TEST_F(served, server_that_dies_in_the_middle_of_a_pull_leaves_a_short_one)
{
	struct reading reading = { .vec = new_vector() };
	struct worker worker;

	NEEDS_FUSE();
	self->fs.silent = KIB(256);
	fusefs_mount(&self->fs);
	reading.fd = fusefs_open(&self->fs, O_RDONLY);
	must(posix_fadvise(reading.fd, 0, 0, POSIX_FADV_RANDOM));
	worker_start(&worker, pull_all, &reading);
	while (!self->fs.asked)
		usleep(1000);
	fusefs_die(&self->fs);
	worker_finish(&worker);
	check_eq(KIB(256), reading.ret);
	check(sv_pull(reading.vec, reading.fd, SV_POSITION, PAGE, 0) < 0,
	      "pulled from the dead");
	check_eq(KIB(256), lseek(reading.fd, 0, SEEK_CUR));
	check_taken(reading.vec, SEED, 0, KIB(256));
	close(reading.fd);
	fusefs_unmount(&self->fs);
}

struct direct_read {
	int fd;
	char *buf;
};

static void read_directly(void *arg)
{
	struct direct_read *read = arg;

	check_eq(4 * PAGE, pread(read->fd, read->buf, 4 * PAGE, PAGE));
}

/* Return: the request, which asks for four pages from the second on. */
static struct fuse_in_header take_request(int vec, int dev)
{
	struct {
		struct fuse_in_header in;
		struct fuse_read_in read;
	} req;

	check_eq(sizeof(req), sv_pull(vec, dev, SV_POSITION, KIB(256), 0));
	check_eq(sizeof(req), sv_push_mem(vec, &req, sizeof(req), 0));
	check_eq(sizeof(req), req.in.len);
	check_eq(FUSE_READ, req.in.opcode);
	check_eq(PAGE, req.read.offset);
	check_eq(4 * PAGE, req.read.size);
	return req.in;
}

/* Answer with four pages of a file behind a header, as one write or push. */
static void answer(int vec, int dev, uint64_t unique, bool push)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + 4 * PAGE,
		.unique = unique,
	};
	int file = pattern_file(TMPFS, SEED, 5 * PAGE);
	char buf[sizeof(out) + 4 * PAGE];

	check_eq(sizeof(out), write(vec, &out, sizeof(out)));
	check_eq(4 * PAGE, sv_pull(vec, file, PAGE, 4 * PAGE, 0));
	if (push) {
		check_eq(out.len, sv_push(vec, dev, SV_POSITION, SV_ALL, 0));
	} else {
		check_eq(out.len, read(vec, buf, sizeof(buf)));
		check_eq(out.len, write(dev, buf, out.len));
	}
	close(file);
}

static void serve_one_read(struct fusefs *fs, bool push)
{
	struct direct_read reading = { .buf = map_pages(4 * PAGE) };
	struct worker worker;
	int vec = new_vector();

	fusefs_mount(fs);
	reading.fd = fusefs_open(fs, O_RDONLY | O_DIRECT);
	fusefs_leave(fs);
	check_errno(EAGAIN, sv_pull(vec, fs->dev, SV_POSITION, KIB(256),
				    SPLICEVEC_NONBLOCK));
	worker_start(&worker, read_directly, &reading);
	worker_await_sleep(&worker);
	answer(vec, fs->dev, take_request(vec, fs->dev).unique, push);
	/* who was not answered fails when nobody can any more */
	close(fs->dev);
	worker_finish(&worker);
	check_eq(-1, pattern_check(reading.buf, SEED, PAGE, 4 * PAGE));
	close(reading.fd);
	fusefs_unmount(fs);
	unmap_pages(reading.buf, 4 * PAGE);
}

/* The device gives a request a read: the next one is not waited for. */
TEST_F(served, server_of_a_filesystem_pulls_requests)
{
	NEEDS_FUSE();
	serve_one_read(&self->fs, false);
}

/* It takes an answer a write: it does not get it in pieces. */
TEST_F(served, server_of_a_filesystem_pushes_answers)
{
	NEEDS_FUSE();
	serve_one_read(&self->fs, true);
}

TEST_HARNESS_MAIN
