// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of sources and sinks: which sort of file is served by which, and
 * what is served by none. Of those that match, the first one counts.
 */
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <net/net_namespace.h>

#include "helpers.h"
#include "pull.h"
#include "push.h"
#include "suites.h"
#include "vector.h"

/* A vector to begin with; nothing is moved. */
static struct sv_vector *new_vector(struct kunit *test)
{
	struct sv_vector *vec = kunit_kzalloc(test, sizeof(*vec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, vec);
	vec->account = sv_test_account(test);
	return vec;
}

/* Give a file an fd for as long as a command begins and ends. */
static int fd_of(struct kunit *test, struct file *file)
{
	int fd;

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "error %ld", PTR_ERR(file));
	fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(test, fd, 0);
	fd_install(fd, file);
	return fd;
}

static int begin_pull(struct kunit *test, int fd, u32 flags,
		      const struct sv_source **source)
{
	struct sv_pull pull = { .vec = new_vector(test), .flags = flags };
	int err = sv_pull_begin(&pull, fd);

	*source = pull.source;
	if (!err)
		sv_pull_end(&pull);
	return err;
}

static int begin_push(struct kunit *test, int fd, const struct sv_sink **sink)
{
	struct sv_handoff handoff = { .vec = new_vector(test) };
	int err = sv_handoff_begin(&handoff, fd);

	*sink = handoff.sink;
	if (!err)
		sv_handoff_end(&handoff);
	return err;
}

/* The file is consumed. */
static void expect_both(struct kunit *test, struct file *file,
			const struct sv_source *source, const struct sv_sink *sink)
{
	const struct sv_source *found_source;
	const struct sv_sink *found_sink;
	int fd = fd_of(test, file);

	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, 0, &found_source), 0);
	KUNIT_EXPECT_PTR_EQ(test, found_source, source);
	KUNIT_EXPECT_EQ(test, begin_push(test, fd, &found_sink), 0);
	KUNIT_EXPECT_PTR_EQ(test, found_sink, sink);
	close_fd(fd);
}

static struct file *regular(int flags)
{
	struct file *file = sv_shmem_file("splicevec-test", PAGE_SIZE);

	if (!IS_ERR(file))
		file->f_flags |= flags;
	return file;
}

static void files_give_page_cache_and_take_writes(struct kunit *test)
{
	expect_both(test, regular(0), &sv_source_cache, &sv_sink_file);
}

/* Where there is no page cache to walk, and not O_DIRECT either. */
static void other_files_are_spliced_from_or_read(struct kunit *test)
{
	const struct sv_source *source;
	struct file *file = filp_open("/proc/version", O_RDONLY, 0);
	int fd = fd_of(test, file);

	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, 0, &source), 0);
	KUNIT_EXPECT_PTR_EQ(test, source, file->f_op->splice_read &&
			    !sv_splice_copies(file) ?
			    &sv_source_splice : &sv_source_read);
	close_fd(fd);
}

/* O_DIRECT, where the file can do that, comes before the page cache. */
static void direct_files_go_past_the_page_cache(struct kunit *test)
{
	struct file *file = regular(O_DIRECT);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	file->f_mode |= FMODE_CAN_ODIRECT;
	expect_both(test, file, &sv_source_direct, &sv_sink_direct);
}

static void uncached_takes_a_file_that_can_do_without(struct kunit *test)
{
	const struct sv_source *source;
	struct file *file = regular(0);
	int fd = fd_of(test, file);

	file->f_mode |= FMODE_CAN_ODIRECT;
	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, SPLICEVEC_UNCACHED, &source), 0);
	KUNIT_EXPECT_PTR_EQ(test, source, &sv_source_direct);
	file->f_mode &= ~FMODE_CAN_ODIRECT;
	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, SPLICEVEC_UNCACHED, &source),
			-EOPNOTSUPP);
	close_fd(fd);
}

static void lazy_takes_page_cache_alone(struct kunit *test)
{
	const struct sv_source *source;
	struct file *file = regular(0);
	int fd = fd_of(test, file);

	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, SPLICEVEC_LAZY, &source), 0);
	KUNIT_EXPECT_PTR_EQ(test, source, &sv_source_cache);
	file->f_flags |= O_DIRECT;
	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, SPLICEVEC_LAZY, &source),
			-EOPNOTSUPP);
	close_fd(fd);
	fd = fd_of(test, filp_open("/dev/zero", O_RDWR, 0));
	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, SPLICEVEC_LAZY, &source),
			-EOPNOTSUPP);
	close_fd(fd);
}

/* A device with a way of its own to take pages is given them that way. */
static void devices_are_read_and_written(struct kunit *test)
{
	struct file *zero = filp_open("/dev/zero", O_RDWR, 0);

	expect_both(test, filp_open("/dev/null", O_RDWR, 0), &sv_source_read,
		    &sv_sink_splice);
	KUNIT_ASSERT_FALSE(test, IS_ERR(zero));
	/* newer kernels have a way to drop what is spliced to it */
	expect_both(test, zero, &sv_source_read,
		    zero->f_op->splice_write ? &sv_sink_splice : &sv_sink_file);
}

static void a_device_that_has_pages_gives_them(struct kunit *test)
{
	struct file *file = filp_open("/dev/fuse", O_RDWR, 0);
	const struct sv_source *source;
	int fd;

	if (IS_ERR(file))
		kunit_skip(test, "no /dev/fuse");
	fd = fd_of(test, file);
	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, 0, &source), 0);
	KUNIT_EXPECT_PTR_EQ(test, source, &sv_source_device);
	close_fd(fd);
}

/* Each direction for itself: what has no iterator there is left out. */
static void a_device_may_be_one_and_not_the_other(struct kunit *test)
{
	int reader = fd_of(test, filp_open("/dev/full", O_RDWR, 0));
	int writer = fd_of(test, filp_open("/dev/kmsg", O_RDWR, 0));
	const struct sv_source *source;
	const struct sv_sink *sink;

	KUNIT_EXPECT_EQ(test, begin_pull(test, reader, 0, &source), 0);
	KUNIT_EXPECT_PTR_EQ(test, source, &sv_source_read);
	KUNIT_EXPECT_EQ(test, begin_push(test, reader, &sink), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, begin_pull(test, writer, 0, &source), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, begin_push(test, writer, &sink), 0);
	KUNIT_EXPECT_PTR_EQ(test, sink, &sv_sink_file);
	close_fd(reader);
	close_fd(writer);
}

static void vectors_share_and_move(struct kunit *test)
{
	expect_both(test, filp_open("/dev/splicevec", O_RDWR, 0), &sv_source_vec,
		    &sv_sink_vec);
}

static void a_vector_is_not_pushed_into_itself(struct kunit *test)
{
	struct file *file = filp_open("/dev/splicevec", O_RDWR, 0);
	struct sv_handoff handoff = {};
	struct sv_pull pull = {};
	int fd = fd_of(test, file);

	handoff.vec = sv_vector_of(file);
	KUNIT_EXPECT_EQ(test, sv_handoff_begin(&handoff, fd), -EINVAL);
	/* but pulling from itself only makes it longer */
	pull.vec = sv_vector_of(file);
	KUNIT_EXPECT_EQ(test, sv_pull_begin(&pull, fd), 0);
	sv_pull_end(&pull);
	close_fd(fd);
}

static struct file *new_socket(int family, int type)
{
	struct socket *sock;
	int err = sock_create_kern(&init_net, family, type, 0, &sock);

	return err ? ERR_PTR(err) : sock_alloc_file(sock, 0, NULL);
}

static void sockets_are_told_apart(struct kunit *test)
{
	expect_both(test, new_socket(AF_INET, SOCK_STREAM), &sv_source_sock,
		    &sv_sink_sock);
	expect_both(test, new_socket(AF_INET, SOCK_DGRAM), &sv_source_record,
		    &sv_sink_record);
	expect_both(test, new_socket(AF_UNIX, SOCK_STREAM), &sv_source_sock,
		    &sv_sink_sock);
	expect_both(test, new_socket(AF_UNIX, SOCK_SEQPACKET), &sv_source_record,
		    &sv_sink_record);
}

static void unknown_sockets_get_copies(struct kunit *test)
{
	struct file *file = new_socket(AF_ALG, SOCK_SEQPACKET);

	if (IS_ERR(file))
		kunit_skip(test, "no AF_ALG: error %ld", PTR_ERR(file));
	expect_both(test, file, &sv_source_recv, &sv_sink_alien);
}

/* What ->splice_read and ->splice_write are given has no file. */
static void a_pipe_needs_no_file(struct kunit *test)
{
	struct pipe_inode_info *pipe = kunit_kzalloc(test, sizeof(*pipe), GFP_KERNEL);
	struct sv_handoff handoff = { .vec = new_vector(test) };
	struct sv_pull pull = { .vec = new_vector(test) };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pipe);
	KUNIT_EXPECT_EQ(test, sv_pull_begin_pipe(&pull, pipe), 0);
	KUNIT_EXPECT_PTR_EQ(test, pull.source, &sv_source_pipe);
	sv_pull_end(&pull);
	KUNIT_EXPECT_EQ(test, sv_handoff_begin_pipe(&handoff, pipe), 0);
	KUNIT_EXPECT_PTR_EQ(test, handoff.sink, &sv_sink_locked_pipe);
	sv_handoff_end(&handoff);
}

static void memory_and_nothing_need_no_file(struct kunit *test)
{
	struct sv_handoff handoff = { .vec = new_vector(test) };
	struct sv_pull pull = { .vec = new_vector(test) };
	const struct sv_source *source;
	const struct sv_sink *sink;
	struct iov_iter iter = {};

	KUNIT_EXPECT_EQ(test, sv_pull_begin_mem(&pull, &iter), 0);
	KUNIT_EXPECT_PTR_EQ(test, pull.source, &sv_source_mem);
	sv_pull_end(&pull);
	KUNIT_EXPECT_EQ(test, sv_handoff_begin_mem(&handoff, &iter), 0);
	KUNIT_EXPECT_PTR_EQ(test, handoff.sink, &sv_sink_mem);
	sv_handoff_end(&handoff);
	KUNIT_EXPECT_EQ(test, begin_push(test, SPLICEVEC_FD_NONE, &sink), 0);
	KUNIT_EXPECT_PTR_EQ(test, sink, &sv_sink_none);
	/* nothing is a sink, but no source */
	KUNIT_EXPECT_EQ(test, begin_pull(test, SPLICEVEC_FD_NONE, 0, &source), -EBADF);
}

static void the_direction_has_to_be_open(struct kunit *test)
{
	int reader = fd_of(test, filp_open("/dev/zero", O_RDONLY, 0));
	int writer = fd_of(test, filp_open("/dev/zero", O_WRONLY, 0));
	const struct sv_source *source;
	const struct sv_sink *sink;

	KUNIT_EXPECT_EQ(test, begin_pull(test, reader, 0, &source), 0);
	KUNIT_EXPECT_EQ(test, begin_pull(test, writer, 0, &source), -EBADF);
	KUNIT_EXPECT_EQ(test, begin_push(test, reader, &sink), -EBADF);
	KUNIT_EXPECT_EQ(test, begin_push(test, writer, &sink), 0);
	close_fd(reader);
	KUNIT_EXPECT_EQ(test, begin_pull(test, reader, 0, &source), -EBADF);
	close_fd(writer);
	KUNIT_EXPECT_EQ(test, begin_push(test, writer, &sink), -EBADF);
}

static void directories_are_neither(struct kunit *test)
{
	const struct sv_source *source;
	int fd = fd_of(test, filp_open("/dev", O_RDONLY | O_DIRECTORY, 0));

	KUNIT_EXPECT_EQ(test, begin_pull(test, fd, 0, &source), -EOPNOTSUPP);
	close_fd(fd);
}

/* Without one of these the loops would not know how to go on. */
static void sinks_have_what_their_routes_need(struct kunit *test)
{
	static const struct sv_sink *const sinks[] = {
		&sv_sink_vec, &sv_sink_pipe, &sv_sink_locked_pipe, &sv_sink_sock,
		&sv_sink_record, &sv_sink_alien, &sv_sink_direct, &sv_sink_file,
		&sv_sink_splice, &sv_sink_mem, &sv_sink_none,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(sinks); i++) {
		const struct sv_sink *sink = sinks[i];

		KUNIT_EXPECT_TRUE(test, sink->types && sink->push);
		/* either all go one way or each is asked for */
		KUNIT_EXPECT_EQ(test, !sink->route, sink->by != SPLICEVEC_ROUTE_NONE);
		KUNIT_EXPECT_EQ(test, sink->by == SPLICEVEC_ROUTE_COPIED,
				sink->why != SPLICEVEC_WHY_NOTHING);
		/* a record goes in one push, so it takes all spans */
		KUNIT_EXPECT_TRUE(test, !sink->record || sink->many);
	}
}

static struct kunit_case tables_cases[] = {
	KUNIT_CASE(files_give_page_cache_and_take_writes),
	KUNIT_CASE(other_files_are_spliced_from_or_read),
	KUNIT_CASE(direct_files_go_past_the_page_cache),
	KUNIT_CASE(uncached_takes_a_file_that_can_do_without),
	KUNIT_CASE(lazy_takes_page_cache_alone),
	KUNIT_CASE(devices_are_read_and_written),
	KUNIT_CASE(a_device_that_has_pages_gives_them),
	KUNIT_CASE(a_device_may_be_one_and_not_the_other),
	KUNIT_CASE(vectors_share_and_move),
	KUNIT_CASE(a_vector_is_not_pushed_into_itself),
	KUNIT_CASE(sockets_are_told_apart),
	KUNIT_CASE(unknown_sockets_get_copies),
	KUNIT_CASE(a_pipe_needs_no_file),
	KUNIT_CASE(memory_and_nothing_need_no_file),
	KUNIT_CASE(the_direction_has_to_be_open),
	KUNIT_CASE(directories_are_neither),
	KUNIT_CASE(sinks_have_what_their_routes_need),
	{}
};

struct kunit_suite sv_tables_suite = {
	.name = "tables",
	.init = sv_test_init,
	.exit = sv_test_exit,
	.test_cases = tables_cases,
};
