// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that a process serves: one that behaves, ones that do not, and one that
 * itself works by pulls and pushes.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "fuse.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <splicevec.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define SEED	37
#define SIZE	MIB(1)

FIXTURE(fuse)
{
	struct ledger before;
	struct fuse_server server;
	int vec;
};

FIXTURE_SETUP(fuse)
{
	if (fuse_missing())
		SKIP(return, "%s", fuse_missing());
	ledger_read(&self->before);
	fuse_start(&self->server);
	self->vec = new_vector();
}

/* The server ends with its filesystem: nothing we hold keeps that alive. */
FIXTURE_TEARDOWN(fuse)
{
	close_all();
	if (self->server.pid > 0)
		fuse_gone(&self->server);
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

/* A file with the pattern in it, none of it in the page cache. */
static int filled(const struct fuse_server *server, enum fuse_file kind)
{
	int file = fuse_open(server, kind, 0);
	char *buf = map_pages(SIZE);

	pattern_fill(buf, SEED, 0, SIZE);
	write_all(file, buf, SIZE);
	unmap_pages(buf, SIZE);
	must(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
	return file;
}

static void check_file_pulled(int vec, int file)
{
	check_eq(1000, sv_pull(vec, file, 3 * PAGE + 5, 1000, 0));
	check_held(vec, SEED, 3 * PAGE + 5, 1000);
	check_eq(1000, sv_drop(vec, SV_ALL));
	check_eq(SIZE, sv_pull(vec, file, 0, SV_ALL, 0));
	check_eq(0, sv_pull(vec, file, SIZE, SV_ALL, 0));
	check_held(vec, SEED, 0, SIZE);
}

TEST_F(fuse, file_is_lent_from_its_page_cache)
{
	int file = filled(&self->server, FUSE_CACHED);
	struct splicevec_span span;

	check_file_pulled(self->vec, file);
	check_eq(1, sv_spans(self->vec, 0, &span, 1));
	check_eq(SPLICEVEC_CACHE, span.kind);
	check_eq(SPLICEVEC_SPAN_LOAN, span.flags & SPLICEVEC_SPAN_LOAN);
}

TEST_F(fuse, file_without_cache_is_pulled)
{
	check_file_pulled(self->vec, filled(&self->server, FUSE_DIRECT));
}

TEST_F(fuse, file_is_read_uncached)
{
	int file = filled(&self->server, FUSE_CACHED);
	struct splicevec_span span;

	check_eq(SIZE, sv_pull(self->vec, file, 0, SV_ALL, SPLICEVEC_UNCACHED));
	check_held(self->vec, SEED, 0, SIZE);
	check_eq(1, sv_spans(self->vec, 0, &span, 1));
	check_eq(SPLICEVEC_OWNED, span.kind);
}

TEST_F(fuse, lazy_is_not_for_files_whose_reads_may_do_anything)
{
	int file = filled(&self->server, FUSE_CACHED);

	check_errno(EOPNOTSUPP,
		    sv_pull(self->vec, file, 0, SIZE, SPLICEVEC_LAZY));
}

/* Kept spans do not keep the filesystem: what was pulled outlives it. */
TEST_F(fuse, pulled_bytes_outlive_the_server)
{
	int file = filled(&self->server, FUSE_CACHED);

	check_eq(SIZE, sv_pull(self->vec, file, 0, SV_ALL, 0));
	close(file);
	close(self->server.root);
	fuse_gone(&self->server);
	check_held(self->vec, SEED, 0, SIZE);
}

/* Take all that comes before the trouble. Return: the error. */
static int64_t pull_until_error(int vec, int file)
{
	int64_t n;

	do {
		n = sv_pull(vec, file, SV_POSITION, SIZE, 0);
	} while (n > 0);
	return n;
}

/* Nothing is missing or doubled where it stopped. */
static void check_partial(int vec, int file)
{
	struct splicevec_info info;
	uint64_t got;

	must_sv(sv_info(vec, &info));
	got = info.tail - info.head;
	check(got >= FUSE_GOOD / 2 && got <= FUSE_GOOD, "got %llu bytes",
	      (unsigned long long)got);
	check_eq(got, lseek(file, 0, SEEK_CUR));
	check_held(vec, SEED, 0, got);
}

TEST_F(fuse, bytes_before_a_failing_read_are_pulled)
{
	int file = filled(&self->server, FUSE_FAILS);

	must(lseek(file, 0, SEEK_SET));
	check_errno(EIO, pull_until_error(self->vec, file));
	check_partial(self->vec, file);
}

static bool is_disconnected(int64_t ret)
{
	return ret == -ENOTCONN || ret == -ECONNABORTED;
}

TEST_F(fuse, server_that_dies_ends_the_pull)
{
	int file = filled(&self->server, FUSE_DIES);
	int64_t ret;

	must(lseek(file, 0, SEEK_SET));
	ret = pull_until_error(self->vec, file);
	check(is_disconnected(ret) || ret == -EIO, "%s", result_name(ret));
	fuse_gone(&self->server);
	check_partial(self->vec, file);
	ret = sv_pull(self->vec, file, 0, SIZE, SPLICEVEC_UNCACHED);
	check(is_disconnected(ret), "%s", result_name(ret));
}

static void *kill_later(void *arg)
{
	usleep(300000);
	fuse_kill(arg);
	return NULL;
}

static void pull_while_it_is_killed(struct fuse_server *server, int vec,
				    unsigned int flags)
{
	int file = filled(server, FUSE_STALLS);
	pthread_t thread;
	int64_t ret;

	must(lseek(file, 0, SEEK_SET));
	if (pthread_create(&thread, NULL, kill_later, server))
		die("no thread");
	do {
		ret = sv_pull(vec, file, SV_POSITION, SIZE, flags);
	} while (ret > 0);
	check(is_disconnected(ret) || ret == -EIO, "%s", result_name(ret));
	pthread_join(thread, NULL);
	check_partial(vec, file);
}

TEST_F(fuse, server_killed_in_mid_pull_ends_it)
{
	pull_while_it_is_killed(&self->server, self->vec, 0);
}

TEST_F(fuse, server_killed_in_mid_copy_ends_it)
{
	pull_while_it_is_killed(&self->server, self->vec, SPLICEVEC_COPY);
}

TEST_F(fuse, push_to_a_dead_server_loses_nothing)
{
	int file = fuse_open(&self->server, FUSE_CACHED, 0);
	int held = vector_with(SEED, 0, SIZE);
	struct splicevec_info before;
	int64_t ret;

	fuse_kill(&self->server);
	must_sv(sv_info(held, &before));
	ret = sv_push(held, file, 0, SV_ALL, 0);
	check(is_disconnected(ret), "%s", result_name(ret));
	check_same(held, &before);
	check_held(held, SEED, 0, SIZE);
}

/* A server's side: /dev/fuse gives requests and takes answers. */

LEDGER_FIXTURE(fuse_device)

struct asker {
	pthread_t thread;
	char dir[32];
	struct stat stat;
	int err;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;

	asker->err = stat(asker->dir, &asker->stat) ? errno : 0;
	return NULL;
}

/* Pull a request. Return: its number; @body gets what follows the header. */
static struct fuse_in_header pull_request(int vec, int dev, void *body,
					  size_t size)
{
	struct fuse_in_header head = {};
	int64_t n = sv_pull(vec, dev, SV_POSITION, KIB(256), 0);

	if (n < (int64_t)sizeof(head))
		die("pull of a request: %s", result_name(n));
	must_sv(sv_push_mem(vec, &head, sizeof(head), 0));
	check_eq(n, head.len);
	memset(body, 0, size);
	must_sv(sv_push_mem(vec, body, size, 0));
	must_sv(sv_drop(vec, SV_ALL));
	return head;
}

/* An answer is one write, of however many spans. */
static void push_answer(int vec, int dev, uint64_t unique, const void *body,
			size_t len)
{
	struct fuse_out_header head = {
		.len = sizeof(head) + len,
		.unique = unique,
	};
	int64_t n;

	must_sv(sv_pull_mem(vec, &head, sizeof(head), SPLICEVEC_COPY));
	must_sv(sv_pull_mem(vec, body, len, 0));
	n = sv_push(vec, dev, SV_POSITION, SV_ALL, 0);
	if (n != head.len)
		die("push of an answer of %u bytes: %s", head.len,
		    result_name(n));
}

static int mount_device(const char *dir)
{
	int dev = must(open("/dev/fuse", O_RDWR | O_CLOEXEC));
	char options[96];

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", dev);
	must(mount("selftest", dir, "fuse", 0, options));
	return dev;
}

static void answer_init(int vec, int dev)
{
	struct fuse_init_in in;
	struct fuse_in_header head = pull_request(vec, dev, &in, sizeof(in));
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in.max_readahead,
		.max_write = KIB(128),
	};

	check_eq(FUSE_INIT, head.opcode);
	check_eq(FUSE_KERNEL_VERSION, in.major);
	push_answer(vec, dev, head.unique, &out, sizeof(out));
}

TEST_F(fuse_device, server_works_by_pulls_and_pushes)
{
	struct asker asker = { .dir = "/tmp/fuse-XXXXXX" };
	struct fuse_attr_out attr = {
		.attr = { .ino = 1, .mode = S_IFDIR | 0700, .size = 4711,
			  .nlink = 1 },
	};
	struct fuse_in_header head;
	int vec = new_vector(), dev;
	char body[64];

	if (fuse_missing())
		SKIP(return, "%s", fuse_missing());
	if (!mkdtemp(asker.dir))
		die("mkdtemp: %s", errno_name(errno));
	dev = mount_device(asker.dir);
	answer_init(vec, dev);
	check_errno(EAGAIN, sv_pull(vec, dev, SV_POSITION, KIB(256),
				    SPLICEVEC_NONBLOCK));
	if (pthread_create(&asker.thread, NULL, ask, &asker))
		die("no thread");
	head = pull_request(vec, dev, body, sizeof(body));
	check_eq(FUSE_GETATTR, head.opcode);
	push_answer(vec, dev, head.unique, &attr, sizeof(attr));
	pthread_join(asker.thread, NULL);
	check_eq(0, asker.err);
	check_eq(4711, asker.stat.st_size);
	must(umount2(asker.dir, MNT_DETACH));
	must(rmdir(asker.dir));
}

TEST_F(fuse_device, answer_that_is_refused_stays)
{
	char dir[] = "/tmp/fuse-XXXXXX";
	struct splicevec_info before;
	int vec, dev;

	if (fuse_missing())
		SKIP(return, "%s", fuse_missing());
	if (!mkdtemp(dir))
		die("mkdtemp: %s", errno_name(errno));
	dev = mount_device(dir);
	vec = new_vector();
	answer_init(vec, dev);
	close(vec);
	vec = vector_with(SEED, 0, 100);
	must_sv(sv_info(vec, &before));
	check_errno(EINVAL, sv_push(vec, dev, SV_POSITION, SV_ALL, 0));
	check_same(vec, &before);
	must(umount2(dir, MNT_DETACH));
	must(rmdir(dir));
}

TEST_HARNESS_MAIN
