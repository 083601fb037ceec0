// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that fail on the way: an error that comes after bytes were accepted, a
 * source whose bytes are gone when they cannot be paid for, a server that dies.
 */
#include "kselftest_harness.h"

#include "fusefs.h"
#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <splicevec.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#define SEED	53
#define NOBODY	65534
#define HARD	"/sys/module/splicevec/parameters/user_pages_hard"

FIXTURE(failing)
{
	struct ledger before;
	struct fusefs fs;
	char hard[32];
};

FIXTURE_SETUP(failing)
{
	int fd = must(open(HARD, O_RDONLY));

	self->hard[must(read(fd, self->hard, sizeof(self->hard) - 1))] = '\0';
	close(fd);
	ledger_read(&self->before);
	self->fs = (struct fusefs){
		.seed = SEED,
		.size = MIB(1),
		.broken = UINT64_MAX,
		.silent = UINT64_MAX,
	};
}

FIXTURE_TEARDOWN(failing)
{
	put_file(HARD, self->hard);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

static void check_held(int vec, size_t len)
{
	char *buf = map_pages(len + 1);

	check_eq(len, sv_push_mem(vec, buf, len + 1, 0));
	check_eq(-1, pattern_check(buf, SEED, 0, len));
	unmap_pages(buf, len + 1);
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
TEST_F(failing, bytes_appended_past_the_cache_are_not_appended_twice)
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

TEST_F(failing, pull_ends_before_what_cannot_be_read_then_tells_the_error)
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
	check_held(vec, 11 * PAGE);
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

TEST_F(failing, server_that_dies_in_the_middle_of_a_pull_leaves_a_short_one)
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
	check_held(reading.vec, KIB(256));
	close(reading.fd);
	fusefs_unmount(&self->fs);
}

/* A write whose pages belong to a large folio, in the queue of its server. */
struct writing {
	int fd;
	char *memory;
};

static void write_huge(void *arg)
{
	struct writing *writing = arg;

	/* the server never answers, and then is gone */
	check_fails(ECONNABORTED, write(writing->fd, writing->memory, KIB(64)));
}

static char *huge_page(void)
{
	char *area = map_pages(MIB(4)), *at;

	at = (char *)(((uintptr_t)area + MIB(2) - 1) & ~(MIB(2) - 1));
	madvise(at, MIB(2), MADV_HUGEPAGE);
	pattern_fill(at, SEED, 0, MIB(2));
	return at;
}

struct server {
	int dev;
	int vec;
};

static bool pull_request(void *arg)
{
	struct server *server = arg;

	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
	check_eq(sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in) +
		 KIB(64), sv_pull(server->vec, server->dev, SV_POSITION,
				  KIB(256), 0));
	return true;
}

/* It cannot be put back, so it is taken even where it is more than allowed. */
TEST_F(failing, request_taken_off_a_queue_is_not_lost_to_a_limit)
{
	struct splicevec_info info;
	struct writing writing;
	struct server server;
	struct worker worker;
	char *buf;

	NEEDS_FUSE();
	fusefs_mount(&self->fs);
	writing.fd = fusefs_open(&self->fs, O_WRONLY | O_DIRECT);
	writing.memory = huge_page();
	/* there are none, so that no write asks for them */
	check_fails(EOPNOTSUPP, fgetxattr(writing.fd, "user.none", NULL, 0));
	fusefs_leave(&self->fs);
	worker_start(&worker, write_huge, &writing);
	worker_await_sleep(&worker);
	server = (struct server){ self->fs.dev, new_vector() };
	put_file(HARD, "100");
	check(in_child(pull_request, &server), "the child failed");
	must_sv(sv_info(server.vec, &info));
	if (info.pages <= 100)
		TH_LOG("no huge page here, or not enough of them");
	buf = map_pages(KIB(128));
	check_eq(KIB(64) + 80, sv_push_mem(server.vec, buf, KIB(128), 0));
	check_eq(-1, pattern_check(buf + 80, SEED, 0, KIB(64)));
	close(self->fs.dev);
	worker_finish(&worker);
	close(writing.fd);
	fusefs_unmount(&self->fs);
}

TEST_HARNESS_MAIN
