// SPDX-License-Identifier: GPL-2.0-only
/* A FUSE filesystem in memory. */
#define FUSE_USE_VERSION 35

#include "fuse.h"
#include "common.h"

#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds the kernel may believe what it was told: nobody else changes it. */
#define FOREVER	1e6

/* The server: single files, numbered as they come, found by number alone. */

static struct node {
	enum fuse_file file;
	char *data;
	size_t len;
} *nodes;

static size_t nr_nodes;

/* Inode 1 is the root. */
#define FIRST_NODE	(FUSE_ROOT_ID + 1)

static struct node *node_of(fuse_ino_t ino)
{
	return &nodes[ino - FIRST_NODE];
}

static bool resize(struct node *node, size_t len)
{
	char *data = realloc(node->data, len ?: 1);

	if (!data)
		return false;
	if (len > node->len)
		memset(data + node->len, 0, len - node->len);
	node->data = data;
	node->len = len;
	return true;
}

static struct stat attributes(fuse_ino_t ino)
{
	struct stat stat = { .st_ino = ino, .st_nlink = 1 };

	stat.st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600;
	if (ino != FUSE_ROOT_ID)
		stat.st_size = node_of(ino)->len;
	return stat;
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent;
	(void)name;
	fuse_reply_err(req, ENOENT);
}

static void do_getattr(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *info)
{
	struct stat stat = attributes(ino);

	(void)info;
	fuse_reply_attr(req, &stat, FOREVER);
}

static void do_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		       int set, struct fuse_file_info *info)
{
	if (set & FUSE_SET_ATTR_SIZE && !resize(node_of(ino), attr->st_size))
		fuse_reply_err(req, ENOSPC);
	else
		do_getattr(req, ino, info);
}

static void set_behaviour(const struct node *node, struct fuse_file_info *info)
{
	info->direct_io = node->file == FUSE_DIRECT;
	info->keep_cache = !info->direct_io;
}

/* The first letter of the name says what file is wanted. */
static void do_create(fuse_req_t req, fuse_ino_t parent, const char *name,
		      mode_t mode, struct fuse_file_info *info)
{
	struct fuse_entry_param entry = {
		.ino = FIRST_NODE + nr_nodes,
		.attr_timeout = FOREVER,
		.entry_timeout = FOREVER,
	};
	struct node *more;

	(void)parent;
	(void)mode;
	more = reallocarray(nodes, nr_nodes + 1, sizeof(*nodes));
	if (!more) {
		fuse_reply_err(req, ENOSPC);
		return;
	}
	nodes = more;
	nodes[nr_nodes++] = (struct node){ .file = name[0] - '0' };
	entry.attr = attributes(entry.ino);
	set_behaviour(node_of(entry.ino), info);
	fuse_reply_create(req, &entry, info);
}

static void do_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent;
	(void)name;
	fuse_reply_err(req, 0);
}

static void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	set_behaviour(node_of(ino), info);
	fuse_reply_open(req, info);
}

/* Return true if the request needs no other answer. */
static bool misbehave(fuse_req_t req, const struct node *node)
{
	switch (node->file) {
	case FUSE_FAILS:
		fuse_reply_err(req, EIO);
		return true;
	case FUSE_STALLS:
		return true;
	case FUSE_DIES:
		_exit(0);
	default:
		return false;
	}
}

static void do_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at,
		    struct fuse_file_info *info)
{
	const struct node *node = node_of(ino);
	size_t left = (size_t)at < node->len ? node->len - at : 0;

	(void)info;
	if (at + size > FUSE_GOOD && misbehave(req, node))
		return;
	fuse_reply_buf(req, left ? node->data + at : NULL,
		       size < left ? size : left);
}

static void do_write(fuse_req_t req, fuse_ino_t ino, const char *data,
		     size_t size, off_t at, struct fuse_file_info *info)
{
	struct node *node = node_of(ino);

	(void)info;
	if (at + size > node->len && !resize(node, at + size)) {
		fuse_reply_err(req, ENOSPC);
		return;
	}
	memcpy(node->data + at, data, size);
	fuse_reply_write(req, size);
}

/* The kernel knows the inode no more, and its number is not used again. */
static void do_forget(fuse_req_t req, fuse_ino_t ino, uint64_t times)
{
	(void)times;
	if (ino != FUSE_ROOT_ID) {
		free(node_of(ino)->data);
		*node_of(ino) = (struct node){};
	}
	fuse_reply_none(req);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = do_lookup,
	.getattr = do_getattr,
	.setattr = do_setattr,
	.create = do_create,
	.unlink = do_unlink,
	.open = do_open,
	.read = do_read,
	.write = do_write,
	.forget = do_forget,
};

static void __attribute__((noreturn)) serve(int device)
{
	char *argv[] = { "fuse", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session;
	char path[32];

	/* no fd of the test shall live on here */
	must(dup2(device, 3));
	must(syscall(SYS_close_range, 4, ~0U, 0));
	session = fuse_session_new(&args, &operations, sizeof(operations),
				   NULL);
	snprintf(path, sizeof(path), "/dev/fd/%d", 3);
	if (!session || fuse_session_mount(session, path))
		die("libfuse does not serve");
	fuse_session_loop(session);
	_exit(0);
}

/* The tests' side. */

const char *fuse_missing(void)
{
	return access("/dev/fuse", F_OK) ? "no /dev/fuse" : NULL;
}

static pid_t fork_server(int device)
{
	pid_t parent = getpid(), pid = must(fork());

	if (pid)
		return pid;
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (getppid() != parent)
		_exit(1);
	serve(device);
}

void fuse_start(struct fuse_server *server)
{
	char dir[] = "/tmp/fuse-XXXXXX", options[96];
	int device = must(open("/dev/fuse", O_RDWR | O_CLOEXEC));

	if (!mkdtemp(dir))
		die("mkdtemp: %s", errno_name(errno));
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	must(mount("selftest", dir, "fuse", MS_NOSUID | MS_NODEV, options));
	server->pid = fork_server(device);
	close(device);
	server->root = must(open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
	must(umount2(dir, MNT_DETACH));
	must(rmdir(dir));
}

int fuse_open(const struct fuse_server *server, enum fuse_file file, int flags)
{
	static unsigned int serial;
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "%c%u", '0' + file, serial++);
	fd = must(openat(server->root, name,
			 O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | flags, 0600));
	must(unlinkat(server->root, name, 0));
	return fd;
}

void fuse_kill(struct fuse_server *server)
{
	must(kill(server->pid, SIGKILL));
	fuse_gone(server);
}

void fuse_gone(struct fuse_server *server)
{
	must(waitpid(server->pid, NULL, 0));
	server->pid = -1;
}
