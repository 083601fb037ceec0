// SPDX-License-Identifier: GPL-2.0-only
/* A header and a trailer in memory, and a file between them, as one message. */
#include "bench.h"

#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char header[] =
	"HTTP/1.1 200 OK\r\n"
	"Server: a-server/1.0\r\n"
	"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
	"Content-Type: application/octet-stream\r\n"
	"Transfer-Encoding: chunked\r\n\r\n"
	"4000000\r\n";
static const char trailer[] = "\r\n0\r\n\r\n";

#define HEADER	(sizeof(header) - 1)
#define TRAILER	(sizeof(trailer) - 1)

static void send_all(int fd, const char *text, size_t len, int flags)
{
	if (must(send(fd, text, len, flags)) != (long)len)
		die("send: short");
}

static void by_three_calls(struct job *job, off_t offset)
{
	struct iovec iov = { (char *)header, HEADER };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = job->peers[0].fd;

	if (must(sendmsg(fd, &message, MSG_MORE)) != (long)HEADER)
		die("sendmsg: short");
	sendfile_all(fd, job->file, offset, job->size);
	send_all(fd, trailer, TRAILER, 0);
}

static void pull_text(int vec, const char *text, size_t len)
{
	if (must_sv(sv_pull_mem(vec, text, len, SPLICEVEC_COPY)) !=
	    (long long)len)
		die("pull of memory: short");
}

static void by_pull_push(struct job *job, off_t offset)
{
	pull_text(job->vec, header, HEADER);
	pull_all(job->vec, job->file, offset, job->size);
	pull_text(job->vec, trailer, TRAILER);
	push_all(job->vec, job->peers[0].fd, STREAM,
		 HEADER + job->size + TRAILER);
}

/* What is always the same is kept; a header seldom is. */
static void by_kept(struct job *job, off_t offset)
{
	(void)offset;
	send_all(job->peers[0].fd, header, HEADER, MSG_MORE);
	push_kept(job->kept, job->peers[0].fd, STREAM, job->size + TRAILER);
}

static void setup(struct job *job)
{
	pull_text(job->kept, trailer, TRAILER);
}

static const struct method methods[] = {
	{ .name = "sendmsg+sendfile+send", .send = by_three_calls },
	{ .name = "splicevec-pull-push", .send = by_pull_push },
	{ .name = "splicevec-kept", .send = by_kept },
};

const struct scenario gather = {
	.name = "gather",
	.paths = PATHS_NET,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = 1,
	.extra = HEADER + TRAILER,
	.setup = setup,
};
