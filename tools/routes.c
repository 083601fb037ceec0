// SPDX-License-Identifier: GPL-2.0-only
/* Sinks of the common sorts, made only to ask the kernel about them. */
#include "routes.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Makers fill in the sink and, where there is one, its other end. All return 0,
 * or -1 with errno set.
 */
struct ends {
	int sink;
	int peer;
};

static int make_pipe(struct ends *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	*e = (struct ends){ .sink = fds[1], .peer = fds[0] };
	return 0;
}

static int make_unix(struct ends *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -1;
	*e = (struct ends){ .sink = fds[0], .peer = fds[1] };
	return 0;
}

/* The backlog completes the handshake: nobody needs to accept. */
static int make_tcp(struct ends *e)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);

	e->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	e->sink = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(e->peer, (struct sockaddr *)&addr, len) ||
	    listen(e->peer, 1) ||
	    getsockname(e->peer, (struct sockaddr *)&addr, &len))
		return -1;
	return connect(e->sink, (struct sockaddr *)&addr, len);
}

static int make_file(struct ends *e)
{
	e->sink = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	return e->sink < 0 ? -1 : 0;
}

static int make_direct(struct ends *e)
{
	e->sink = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC | O_DIRECT,
		       0600);
	return e->sink < 0 ? -1 : 0;
}

static int make_vector(struct ends *e)
{
	e->sink = sv_open(0);
	if (e->sink >= 0)
		return 0;
	errno = -e->sink;
	return -1;
}

static int make_memory(struct ends *e)
{
	e->sink = SPLICEVEC_FD_MEM;
	return 0;
}

static int make_none(struct ends *e)
{
	e->sink = SPLICEVEC_FD_NONE;
	return 0;
}

static const struct {
	const char *name;
	int (*make)(struct ends *ends);
} makers[] = {
	{ "tcp (loopback)", make_tcp },
	{ "unix stream", make_unix },
	{ "pipe", make_pipe },
	{ "file (/tmp)", make_file },
	{ "file, O_DIRECT (/tmp)", make_direct },
	{ "vector", make_vector },
	{ "memory", make_memory },
	{ "none (drop)", make_none },
};

#define NR_MAKERS ARRAY_SIZE(makers)

static void close_ends(const struct ends *e)
{
	if (e->sink >= 0)
		close(e->sink);
	if (e->peer >= 0)
		close(e->peer);
}

static void ask(int vec, size_t i, struct route_row *row)
{
	struct ends e = { .sink = -1, .peer = -1 };

	row->sink = makers[i].name;
	row->error = makers[i].make(&e) ? -errno :
		     sv_features(vec, e.sink, &row->features);
	close_ends(&e);
}

const struct route_row *ask_routes(int vec, size_t *nr)
{
	static struct route_row rows[NR_MAKERS];
	size_t i;

	for (i = 0; i < NR_MAKERS; i++)
		ask(vec, i, &rows[i]);
	*nr = NR_MAKERS;
	return rows;
}
