// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the calls say without a module, or to fds that are no vectors. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <splicevec.h>
#include <unistd.h>

/* A value no call would set. */
#define MARK 4242

static void test_open(void)
{
	errno = MARK;
	is(sv_open(O_APPEND), -EINVAL, "open_refuses_other_flags");
	if (!access("/dev/splicevec", F_OK))
		skip("open_without_module_is_enoent", "the module is loaded");
	else
		is(sv_open(0), -ENOENT, "open_without_module_is_enoent");
}

static void test_closed(void)
{
	struct splicevec_info info;
	char byte;

	errno = MARK;
	is(sv_pull(-1, 0, SV_POSITION, 1, 0), -EBADF, "pull_closed_is_ebadf");
	is(sv_push(-1, 1, SV_POSITION, 1, 0), -EBADF, "push_closed_is_ebadf");
	is(sv_pull_mem(-1, "", 1, 0), -EBADF, "pull_mem_closed_is_ebadf");
	is(sv_push_mem(-1, &byte, 1, 0), -EBADF, "push_mem_closed_is_ebadf");
	is(sv_drop(-1, SV_ALL), -EBADF, "drop_closed_is_ebadf");
	is(sv_info(-1, &info), -EBADF, "info_closed_is_ebadf");
	is(sv_splice_vec(-1, 0, 1, SV_ALL), -EBADF,
	   "splice_vec_closed_is_ebadf");
	is(errno, MARK, "errno_is_left_alone_by_closed_fds");
}

static void test_others(void)
{
	struct splicevec_features features;
	struct splicevec_span span;
	int fd = open("/dev/null", O_RDWR);

	errno = MARK;
	is(sv_pull(fd, 0, SV_POSITION, 1, 0), -ENOTTY, "pull_null_is_enotty");
	is(sv_push_window(fd, 1, SV_POSITION, SV_HEAD, 1, 0), -ENOTTY,
	   "push_window_null_is_enotty");
	is(sv_spans(fd, 0, &span, 1), -ENOTTY, "spans_null_is_enotty");
	is(sv_features(fd, -1, &features), -ENOTTY, "features_null_is_enotty");
	is(sv_splice_vec(fd, 0, 1, SV_ALL), -ENOTTY,
	   "splice_vec_null_is_enotty");
	is(errno, MARK, "errno_is_left_alone_by_other_files");
	close(fd);
}

int main(void)
{
	test_open();
	test_closed();
	test_others();
	return tap_done();
}
