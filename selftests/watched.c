// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who watches a file sees what is pulled from it and pushed to it, and who may
 * forbid a read is asked once.
 */
#include "kselftest_harness.h"

#include "places.h"
#include "common.h"

#include <fcntl.h>
#include <poll.h>
#include <splicevec.h>
#include <stdatomic.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define SEED	31

FIXTURE_VARIANT(watched)
{
	enum place place;
};

LEDGER_FIXTURE(watched)

FIXTURE_VARIANT_ADD(watched, ext4)
{
	.place = EXT4,
};

FIXTURE_VARIANT_ADD(watched, xfs)
{
	.place = XFS,
};

FIXTURE_VARIANT_ADD(watched, tmpfs)
{
	.place = TMPFS,
};

/* A kernel may be built without either. */
static bool can_watch(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOSYS;
}

static bool can_guard(void)
{
	int fan = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	int ret = 0;

	if (fan >= 0) {
		ret = fanotify_mark(fan, FAN_MARK_ADD, FAN_ACCESS_PERM,
				    AT_FDCWD, "/tmp");
		close(fan);
	}
	return fan >= 0 ? !ret || errno != EINVAL : errno != ENOSYS;
}

#define NEEDS_ABILITY(can)	NEEDS(can() ? NULL : "not on this kernel")

/* Watch a file that has no name any more. */
static int watch(int fd, uint32_t mask)
{
	int watcher = must(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(inotify_add_watch(watcher, path, mask));
	return watcher;
}

/* Return: what happened since it was last asked, as one mask. */
static uint32_t seen(int watcher)
{
	struct inotify_event events[64];
	uint32_t mask = 0;
	ssize_t n, i;

	n = read(watcher, events, sizeof(events));
	if (n < 0 && errno == EAGAIN)
		return 0;
	/* the events of a file, not of a directory, have no name */
	for (i = 0; i < n / (ssize_t)sizeof(*events); i++)
		mask |= events[i].mask;
	return mask;
}

TEST_F(watched, file_tells_of_pulls_and_pushes)
{
	static const unsigned int flags[] = { 0, SPLICEVEC_COPY };
	int vec = new_vector(), fd, watcher;
	size_t i;

	NEEDS_ABILITY(can_watch);
	NEEDS_PLACE();
	fd = pattern_file(variant->place, SEED, 4 * PAGE);
	watcher = watch(fd, IN_ACCESS | IN_MODIFY);
	for (i = 0; i < ARRAY_LEN(flags); i++) {
		context("flags %u", flags[i]);
		check_eq(PAGE, sv_pull(vec, fd, 0, PAGE, flags[i]));
		check_eq(IN_ACCESS, seen(watcher));
	}
	context("at the end");
	check_eq(0, sv_pull(vec, fd, 4 * PAGE, PAGE, 0));
	check_eq(0, seen(watcher));
	check_eq(PAGE, sv_push(vec, fd, 0, PAGE, 0));
	check_eq(IN_MODIFY, seen(watcher));
	/* from the disk */
	must(fsync(fd));
	must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	check_eq(PAGE, sv_pull(vec, fd, 0, PAGE, 0));
	check_eq(IN_ACCESS, seen(watcher));
}

/* It takes pages in a way of its own. */
TEST_F(watched, null_device_tells_of_pushes)
{
	int vec = new_vector(), fd, watcher;

	if (variant->place != TMPFS)
		SKIP(return, "a device is the same everywhere");
	NEEDS_ABILITY(can_watch);
	fd = must(open("/dev/null", O_WRONLY));
	watcher = watch(fd, IN_MODIFY);
	check_eq(3, sv_pull_mem(vec, "abc", 3, SPLICEVEC_COPY));
	check_eq(3, sv_push(vec, fd, SV_POSITION, 3, 0));
	check_eq(IN_MODIFY, seen(watcher));
}

TEST_F(watched, fifo_tells_of_pulls_and_pushes)
{
	char dir[] = "/tmp/fifo-XXXXXX", path[64];
	int vec = new_vector(), fd, watcher;

	if (variant->place != TMPFS)
		SKIP(return, "a FIFO is the same everywhere");
	NEEDS_ABILITY(can_watch);
	if (!mkdtemp(dir))
		die("mkdtemp: %s", errno_name(errno));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	must(mkfifo(path, 0600));
	fd = must(open(path, O_RDWR | O_NONBLOCK));
	watcher = watch(fd, IN_ACCESS | IN_MODIFY);
	write_all(fd, "abc", 3);
	check_eq(IN_MODIFY, seen(watcher));
	check_eq(3, sv_pull(vec, fd, SV_POSITION, 100, 0));
	check_eq(IN_ACCESS, seen(watcher));
	check_errno(EAGAIN, sv_pull(vec, fd, SV_POSITION, 100, 0));
	check_eq(0, seen(watcher));
	check_eq(3, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
	check_eq(IN_MODIFY, seen(watcher));
	must(unlink(path));
	must(rmdir(dir));
}

/* A guard, and what it was asked. */
struct guard {
	int fan;
	uint32_t answer;
	atomic_uint questions;
	int dismissed[2];
	struct worker worker;
};

static void answer_question(struct guard *guard)
{
	struct fanotify_event_metadata event;
	struct fanotify_response response = { .response = guard->answer };

	must(read(guard->fan, &event, sizeof(event)));
	response.fd = event.fd;
	atomic_fetch_add(&guard->questions, 1);
	must(write(guard->fan, &response, sizeof(response)));
	close(event.fd);
}

static void stand_guard(void *arg)
{
	struct guard *guard = arg;
	struct pollfd ends[2] = {
		{ .fd = guard->fan, .events = POLLIN },
		{ .fd = guard->dismissed[0], .events = POLLIN },
	};

	for (;;) {
		must(poll(ends, 2, -1));
		if (ends[0].revents)
			answer_question(guard);
		else if (ends[1].revents)
			break;
	}
}

static void guard_begin(struct guard *guard, int fd, uint32_t answer)
{
	char path[64];

	*guard = (struct guard){ .answer = answer };
	guard->fan = must(fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC,
					O_RDONLY | O_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(fanotify_mark(guard->fan, FAN_MARK_ADD, FAN_ACCESS_PERM, AT_FDCWD,
			   path));
	must(pipe2(guard->dismissed, O_CLOEXEC));
	worker_start(&guard->worker, stand_guard, guard);
}

static void guard_end(struct guard *guard)
{
	write_all(guard->dismissed[1], "", 1);
	worker_finish(&guard->worker);
	close(guard->dismissed[0]);
	close(guard->dismissed[1]);
	close(guard->fan);
}

/* Pull four pages beside a guard. Return: what the pull did. */
static int64_t pull_guarded(int fd, int flags, uint32_t answer)
{
	struct guard guard;
	int vec = new_vector(), file;
	int64_t n;

	guard_begin(&guard, fd, answer);
	file = reopen(fd, O_RDONLY | flags);
	n = sv_pull(vec, file, 0, 4 * PAGE, 0);
	guard_end(&guard);
	check_eq(1, guard.questions);
	check_eq(n > 0 ? n : 0, sv_drop(vec, SV_ALL));
	close(file);
	close(vec);
	return n;
}

TEST_F(watched, permission_to_read_is_asked_once_wherever_the_bytes_are)
{
	int fd;

	NEEDS_ABILITY(can_guard);
	NEEDS_PLACE();
	fd = pattern_file(variant->place, SEED, 4 * PAGE);
	context("resident");
	check_eq(4 * PAGE, pull_guarded(fd, 0, FAN_ALLOW));
	check_errno(EPERM, pull_guarded(fd, 0, FAN_DENY));
	if (variant->place == TMPFS)
		return;
	must(fsync(fd));
	must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	context("on the disk");
	check_eq(4 * PAGE, pull_guarded(fd, 0, FAN_ALLOW));
	context("O_DIRECT");
	check_eq(4 * PAGE, pull_guarded(fd, O_DIRECT, FAN_ALLOW));
	check_errno(EPERM, pull_guarded(fd, O_DIRECT, FAN_DENY));
	must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	context("on the disk, forbidden");
	check_errno(EPERM, pull_guarded(fd, 0, FAN_DENY));
}

TEST_HARNESS_MAIN
