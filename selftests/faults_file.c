// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below the system calls on a vector that can fail does so once: as a
 * file it loses nothing either, nor do its mappings.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "faults_work.h"
#include "maps.h"
#include "vectors.h"

#include <fcntl.h>
#include <poll.h>
#include <splicevec.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 60

/* open(2) */

static void open_prepare(void *arg)
{
	(void)arg;
}

static long open_run(void *arg)
{
	struct work *w = arg;

	w->vec = open("/dev/splicevec", O_RDWR | O_CLOEXEC);
	return result(w->vec);
}

static void open_finish(void *arg, long ret)
{
	struct work *w = arg;

	if (ret >= 0)
		check_held(w->vec, SEED, 0, 0);
	work_end(w);
}
SWEEP(open);

/* write(2), writev(2) */

static long write_run(void *arg)
{
	struct work *w = arg;

	return result(write(w->vec, w->buf, LEN));
}

SWEEP(write);

/* More pieces than fit on the kernel's stack. */
static long writev_run(void *arg)
{
	struct work *w = arg;
	struct iovec iov[10];
	size_t i;

	for (i = 0; i < 10; i++)
		iov[i] = (struct iovec){ w->buf + i * 800, 800 };
	iov[9].iov_len = LEN - 9 * 800;
	return result(writev(w->vec, iov, 10));
}
#define writev_prepare	write_prepare
#define writev_finish	write_finish
SWEEP(writev);

/* read(2), pread(2) */

static long read_run(void *arg)
{
	struct work *w = arg;

	return result(read(w->vec, w->buf, LEN));
}

SWEEP(read);

static long pread_run(void *arg)
{
	struct work *w = arg;

	return result(pread(w->vec, w->buf, LEN - 1, 1));
}

static void pread_finish(void *arg, long ret)
{
	struct work *w = arg;

	check(ret, "no error, but nothing was read");
	check_eq(-1, pattern_check(w->buf, SEED, 1, moved(ret)));
	check_held(w->vec, SEED, 0, LEN);
	work_end(w);
}
#define pread_prepare	read_prepare
SWEEP(pread);

/* splice(2) into and out of a pipe */

static void splice_in_prepare(void *arg)
{
	struct work *w = arg;
	int file = work_file();

	w->vec = new_vector();
	must(pipe2(w->fds, O_CLOEXEC));
	check_eq(LEN, splice(file, NULL, w->fds[1], NULL, LEN, 0));
	close(file);
}

static long splice_in_run(void *arg)
{
	struct work *w = arg;

	return result(splice(w->fds[0], NULL, w->vec, NULL, LEN, 0));
}

static void splice_in_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was moved");
	check_held(w->vec, SEED, 0, done);
	check_arrives(w->fds[0], SEED, done, LEN - done);
	work_end(w);
}
SWEEP(splice_in);

static void splice_out_prepare(void *arg)
{
	struct work *w = arg;

	w->vec = work_spans(SPAN);
	must(pipe2(w->fds, O_CLOEXEC));
}

static long splice_out_run(void *arg)
{
	struct work *w = arg;

	return result(splice(w->vec, NULL, w->fds[1], NULL, LEN, 0));
}

static void splice_out_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was moved");
	check_arrives(w->fds[0], SEED, 0, done);
	check_held(w->vec, SEED, done, LEN - done);
	work_end(w);
}
SWEEP(splice_out);

/* What is in a pipe is read: a page of it is copied first, as it is ours. */
static void lent_read_prepare(void *arg)
{
	struct work *w = arg;

	splice_out_prepare(w);
	check_eq(LEN, sv_push(w->vec, w->fds[1], SV_POSITION, SV_ALL, 0));
	w->buf = map_pages(LEN);
}

static long lent_read_run(void *arg)
{
	struct work *w = arg;

	return result(read(w->fds[0], w->buf, LEN));
}

static void lent_read_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was read");
	check_eq(-1, pattern_check(w->buf, SEED, 0, done));
	check_arrives(w->fds[0], SEED, done, LEN - done);
	work_end(w);
}
SWEEP(lent_read);

/* sendfile(2) into and out of it; out of it consumes nothing. */

static void sendfile_in_prepare(void *arg)
{
	struct work *w = arg;

	w->vec = new_vector();
	w->fds[0] = work_file();
	w->pos = 0;
}

static long sendfile_in_run(void *arg)
{
	struct work *w = arg;

	return result(sendfile(w->vec, w->fds[0], &w->pos, LEN));
}

static void sendfile_in_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was moved");
	check_eq(done, w->pos);
	check_held(w->vec, SEED, 0, done);
	work_end(w);
}
SWEEP(sendfile_in);

static void sendfile_out_prepare(void *arg)
{
	struct work *w = arg;

	w->vec = work_spans(SPAN);
	w->fds[0] = new_file(TMPFS, O_RDWR);
	w->pos = 1;
}

static long sendfile_out_run(void *arg)
{
	struct work *w = arg;

	return result(sendfile(w->fds[0], w->vec, &w->pos, LEN - 1));
}

static void sendfile_out_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was moved");
	check_eq(1 + done, w->pos);
	check_eq(done, lseek(w->fds[0], 0, SEEK_END));
	check_eq(-1, file_check(w->fds[0], 0, SEED, 1, done));
	check_held(w->vec, SEED, 0, LEN);
	work_end(w);
}
SWEEP(sendfile_out);

/* mmap(2): two of the three pages are copies, one is lent; all are touched. */

static void mmap_prepare(void *arg)
{
	struct work *w = arg;
	int file = work_file();

	w->vec = file_vector(file, PAGE);
	close(file);
	write_pattern(w->vec, SEED, PAGE, 100);
	write_pattern(w->vec, SEED, PAGE + 100, LEN - PAGE - 100);
}

static void touch(const char *map)
{
	size_t i;

	for (i = 0; i < LEN; i += PAGE)
		(void)*(volatile const char *)(map + i);
}

static long mmap_run(void *arg)
{
	struct work *w = arg;

	w->map = mmap(NULL, LEN, PROT_READ, MAP_SHARED, w->vec, 0);
	if (w->map == MAP_FAILED)
		return -errno;
	touch(w->map);
	return 0;
}

static void mmap_finish(void *arg, long ret)
{
	struct work *w = arg;

	if (!ret) {
		check_shows(w->map, SEED, 0, LEN);
		unmap_pages(w->map, LEN);
	}
	check_held(w->vec, SEED, 0, LEN);
	work_end(w);
}
SWEEP(mmap);

/* The kernel's own accesses to a mapping say so if a page cannot be had. */
static void mmap_read_prepare(void *arg)
{
	struct work *w = arg;

	mmap_prepare(w);
	w->map = map_vector(w->vec, 0, LEN, MAP_SHARED);
	must(pipe2(w->fds, O_CLOEXEC));
}

static long mmap_read_run(void *arg)
{
	struct work *w = arg;

	return result(write(w->fds[1], w->map, LEN));
}

static void mmap_read_finish(void *arg, long ret)
{
	struct work *w = arg;

	check(ret, "no error, but nothing was read");
	check_arrives(w->fds[0], SEED, 0, moved(ret));
	mmap_finish(w, 0);
}
SWEEP(mmap_read);

/* A hole in the middle makes two mappings of one. */
static void munmap_prepare(void *arg)
{
	struct work *w = arg;

	mmap_prepare(w);
	w->map = map_vector(w->vec, 0, LEN, MAP_SHARED);
}

static long munmap_run(void *arg)
{
	struct work *w = arg;

	return result(munmap(w->map + PAGE, PAGE));
}

static void munmap_finish(void *arg, long ret)
{
	struct work *w = arg;

	check_eq(-1, pattern_check(w->map, SEED, 0, PAGE));
	check_shows(w->map + 2 * PAGE, SEED, 2 * PAGE, LEN - 2 * PAGE);
	if (ret)
		check_eq(-1, pattern_check(w->map + PAGE, SEED, PAGE, PAGE));
	unmap_pages(w->map, LEN);
	work_end(w);
}
SWEEP(munmap);

/* poll(2), and epoll_ctl(2), which puts itself on our queue */

static void poll_prepare(void *arg)
{
	struct work *w = arg;

	w->vec = work_spans(SPAN);
	w->fds[0] = must(epoll_create1(EPOLL_CLOEXEC));
}

static long poll_run(void *arg)
{
	struct work *w = arg;
	struct pollfd ready = { .fd = w->vec, .events = POLLIN };
	long ret = result(poll(&ready, 1, 0));

	check(ret < 0 || ready.revents == POLLIN, "not ready");
	return ret;
}

static void poll_finish(void *arg, long ret)
{
	struct work *w = arg;

	(void)ret;
	check_held(w->vec, SEED, 0, LEN);
	work_end(w);
}
SWEEP(poll);

static long epoll_run(void *arg)
{
	struct work *w = arg;
	struct epoll_event event = { .events = EPOLLIN };

	return result(epoll_ctl(w->fds[0], EPOLL_CTL_ADD, w->vec, &event));
}
#define epoll_prepare	poll_prepare
#define epoll_finish	poll_finish
SWEEP(epoll);

LEDGER_FIXTURE(faults)

LOSES_NOTHING(open)
LOSES_NOTHING(write)
LOSES_NOTHING(writev)
LOSES_NOTHING(read)
LOSES_NOTHING(pread)
LOSES_NOTHING(splice_in)
LOSES_NOTHING(splice_out)
LOSES_NOTHING(lent_read)
LOSES_NOTHING(sendfile_in)
LOSES_NOTHING(sendfile_out)
LOSES_NOTHING(mmap)
LOSES_NOTHING(mmap_read)
LOSES_NOTHING(munmap)
LOSES_NOTHING(poll)
LOSES_NOTHING(epoll)

/* The kernel tries twice to get what a copy is kept in. */
TEST_F(faults, page_that_cannot_be_kept_is_given_back)
{
	struct work w;
	long ret;

	NEEDS_FAULTS_AND(fail_slabs_missing("snapshot_fault") ?:
			 place_missing(EXT4));
	work_begin(&w);
	mmap_read_prepare(&w);
	fail_slabs_below("snapshot_fault");
	ret = result(write(w.fds[1], w.map + PAGE, LEN - PAGE));
	fail_slabs_never();
	check_errno(EFAULT, ret);
	mmap_read_finish(&w, ret);
	work_file_evict();
}

TEST_COUNT(180)

TEST_HARNESS_MAIN
