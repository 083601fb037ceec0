// SPDX-License-Identifier: GPL-2.0-only
/* A filesystem of one file, served by a thread of the test. */
#include "fusefs.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DEVICE		"/dev/fuse"
#define MAX_WRITE	KIB(128)
#define THE_FILE	2	/* its node; the root is 1 */

struct request {
	struct fuse_in_header in;
	union {
		struct fuse_read_in read;
		struct fuse_write_in write;
		struct fuse_setattr_in setattr;
		char data[MAX_WRITE + 4096];
	};
};

const char *fusefs_missing(void)
{
	return access(DEVICE, R_OK | W_OK) ? "no " DEVICE : NULL;
}

static void answer(struct fusefs *fs, const struct request *req, int err,
		   const void *data, size_t len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len,
		.error = -err,
		.unique = req->in.unique,
	};
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)data, len } };

	/* who asked may have been killed meanwhile */
	if (writev(fs->dev, iov, 2) < 0 && errno != ENOENT)
		die(DEVICE ": %s", errno_name(errno));
}

static struct fuse_attr attributes(struct fusefs *fs, uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = node == THE_FILE ? fs->size : 0,
		.mode = node == THE_FILE ? S_IFREG | 0666 : S_IFDIR | 0777,
		.nlink = 1,
	};
}

static void answer_init(struct fusefs *fs, const struct request *req)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_readahead = 4096,
		.flags = FUSE_BIG_WRITES | FUSE_MAX_PAGES |
			 (fs->writeback ? FUSE_WRITEBACK_CACHE : 0),
		.max_write = MAX_WRITE,
		.max_pages = MAX_WRITE / 4096,
		.max_background = 8,
		.congestion_threshold = 6,
	};

	answer(fs, req, 0, &init, sizeof(init));
}

static void answer_lookup(struct fusefs *fs, const struct request *req)
{
	struct fuse_entry_out entry = {
		.nodeid = THE_FILE,
		.attr = attributes(fs, THE_FILE),
	};

	if (strcmp(req->data, "file"))
		answer(fs, req, ENOENT, NULL, 0);
	else
		answer(fs, req, 0, &entry, sizeof(entry));
}

static void answer_attr(struct fusefs *fs, const struct request *req)
{
	struct fuse_attr_out attr = {
		.attr = attributes(fs, req->in.nodeid),
	};

	answer(fs, req, 0, &attr, sizeof(attr));
}

static void answer_read(struct fusefs *fs, const struct request *req)
{
	uint64_t at = req->read.offset, end = at + req->read.size;
	char buf[MAX_WRITE];

	if (end > fs->size)
		end = at > fs->size ? at : fs->size;
	if (end > fs->silent) {
		fs->asked = true;
		return;
	}
	if (end > fs->broken) {
		answer(fs, req, EIO, NULL, 0);
		return;
	}
	pattern_fill(buf, fs->seed, at, end - at);
	answer(fs, req, 0, buf, end - at);
}

static void answer_write(struct fusefs *fs, const struct request *req)
{
	struct fuse_write_out out = { .size = req->write.size };

	if (!fs->write_fails) {
		answer(fs, req, 0, &out, sizeof(out));
		return;
	}
	answer(fs, req, EIO, NULL, 0);
	fs->failed = true;
}

static void serve(struct fusefs *fs, const struct request *req)
{
	/* who closes the file while nobody serves it shall not wait */
	static const struct fuse_open_out opened = {
		.open_flags = FOPEN_NOFLUSH,
	};

	switch (req->in.opcode) {
	case FUSE_INIT:
		return answer_init(fs, req);
	case FUSE_LOOKUP:
		return answer_lookup(fs, req);
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		return answer_attr(fs, req);
	case FUSE_OPEN:
		return answer(fs, req, 0, &opened, sizeof(opened));
	case FUSE_READ:
		return answer_read(fs, req);
	case FUSE_WRITE:
		return answer_write(fs, req);
	case FUSE_FLUSH:
	case FUSE_FSYNC:
	case FUSE_RELEASE:
		return answer(fs, req, 0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		return answer(fs, req, ENOSYS, NULL, 0);
	}
}

static void serve_all(void *arg)
{
	struct fusefs *fs = arg;
	struct request *req = map_pages(sizeof(*req));
	struct pollfd ends[2] = {
		{ .fd = fs->dev, .events = POLLIN },
		{ .fd = fs->stop[0], .events = POLLIN },
	};

	for (;;) {
		must(poll(ends, 2, -1));
		if (ends[1].revents || ends[0].revents & POLLERR)
			break;
		if (read(fs->dev, req, sizeof(*req)) > 0)
			serve(fs, req);
	}
	unmap_pages(req, sizeof(*req));
}

void fusefs_mount(struct fusefs *fs)
{
	char options[64];

	snprintf(fs->dir, sizeof(fs->dir), "/tmp/fuse-XXXXXX");
	if (!mkdtemp(fs->dir))
		die("mkdtemp: %s", errno_name(errno));
	fs->dev = must(open(DEVICE, O_RDWR | O_CLOEXEC));
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fs->dev);
	must(mount("splicevec", fs->dir, "fuse", 0, options));
	fusefs_return(fs);
}

void fusefs_return(struct fusefs *fs)
{
	must(pipe2(fs->stop, O_CLOEXEC));
	worker_start(&fs->server, serve_all, fs);
}

void fusefs_serve(struct fusefs *fs, const void *request)
{
	serve(fs, request);
}

int fusefs_open(struct fusefs *fs, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/file", fs->dir);
	return must(open(path, O_CLOEXEC | flags));
}

void fusefs_leave(struct fusefs *fs)
{
	write_all(fs->stop[1], "", 1);
	worker_finish(&fs->server);
	close(fs->stop[0]);
	close(fs->stop[1]);
}

void fusefs_die(struct fusefs *fs)
{
	fusefs_leave(fs);
	close(fs->dev);
}

void fusefs_unmount(struct fusefs *fs)
{
	must(umount2(fs->dir, MNT_DETACH));
	must(rmdir(fs->dir));
}
