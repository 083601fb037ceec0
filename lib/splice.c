// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * McVoy's loop: pull from one fd, push to another, until done.
 *
 * The kernel's SPLICE does one round. What is left to do here is to choose how
 * much a round takes, to wait for fds that are O_NONBLOCK, and to know at every
 * moment what lies in the vector, so that no end of the loop loses a byte.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A round of 1 MiB makes the cost of the call vanish beside its pages, and
 * still keeps sink and source at work side by side. A user near their page
 * limit gets smaller ones.
 */
#define PIECE_MOST	(1ULL << 20)
#define PIECE_LEAST	(1ULL << 12)

enum source {
	SOURCE_BYTES,
	SOURCE_MESSAGES,	/* keeps boundaries: one message ends the loop */
	SOURCE_VECTOR,		/* a pull from it would leave it as it is */
};

/**
 * struct loop - one transfer under way
 * @vec: the vector between @in and @out
 * @in: source
 * @out: sink
 * @kind: what sort of source it is
 * @eof: the source gives no more
 * @left: bytes that may still arrive at @out
 * @held: bytes in @vec
 * @moved: bytes that have arrived at @out
 * @piece: bytes to pull in one round
 */
struct loop {
	int vec;
	int in;
	int out;
	enum source kind;
	bool eof;
	uint64_t left;
	uint64_t held;
	uint64_t moved;
	uint64_t piece;
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * EAGAIN of a blocking fd is a timeout its owner has set (SO_RCVTIMEO): that is
 * an answer, and not a reason to wait on.
 */
static int wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int mode = fcntl(fd, F_GETFL);

	if (mode < 0 || !(mode & O_NONBLOCK))
		return -EAGAIN;
	return poll(&p, 1, -1) < 0 ? -errno : 0;
}

static void account(struct loop *l, uint64_t pulled, uint64_t pushed)
{
	l->held += pulled - pushed;
	l->left -= pushed;
	l->moved += pushed;
}

/* Push only: the rest after the end, or all that may still arrive. */
static int push_round(struct loop *l)
{
	int64_t ret = sv_push(l->vec, l->out, SV_POSITION,
			      least(l->held, l->left), 0);

	if (ret == -EAGAIN)
		return wait_for(l->out, POLLOUT);
	if (ret < 0)
		return ret;
	if (!ret)		/* somebody else took what it held */
		l->held = 0;
	account(l, 0, ret);
	return 0;
}

/*
 * Whoever blocks after some bytes went through blocks again in the next round,
 * with nothing moved, and is waited for then: by the sink if the vector holds
 * bytes, for those go first.
 */
static int splice_failed(struct loop *l, int err, uint64_t asked)
{
	if (err == -EAGAIN)
		return l->held ? wait_for(l->out, POLLOUT) :
				 wait_for(l->in, POLLIN);
	if (err != -EDQUOT || asked <= PIECE_LEAST)
		return err;
	l->piece = asked / 2;
	return 0;
}

/* An empty datagram was pulled and is in no vector. */
static int push_empty(struct loop *l)
{
	int64_t ret;

	do {
		ret = sv_push(l->vec, l->out, SV_POSITION, 0, 0);
	} while (ret == -EAGAIN && !wait_for(l->out, POLLOUT));
	return ret;
}

static bool is_refused_empty(const struct splicevec_splice *cmd)
{
	const unsigned int both = SPLICEVEC_RECORD | SPLICEVEC_OUT_AGAIN;

	return !cmd->pulled && (cmd->result & both) == both;
}

static int splice_round(struct loop *l)
{
	struct splicevec_splice cmd = {
		.in = l->in,
		.out = l->out,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = least(l->piece, l->left - l->held),
	};
	int ret = sv_cmd_splice(l->vec, &cmd);

	if (ret)
		return splice_failed(l, ret, cmd.len);
	l->eof = cmd.result & SPLICEVEC_EOF ||
		 (cmd.pulled && l->kind == SOURCE_MESSAGES);
	account(l, cmd.pulled, cmd.pushed);
	return is_refused_empty(&cmd) ? push_empty(l) : 0;
}

static int run(struct loop *l)
{
	int ret = 0;

	while (!ret && l->left && (l->held || !l->eof))
		ret = l->eof || l->held >= l->left ? push_round(l) :
						     splice_round(l);
	return ret;
}

static int load(struct loop *l, int vec)
{
	struct splicevec_info info;
	int ret = sv_info(vec, &info);

	l->vec = vec;
	l->held = ret ? 0 : info.tail - info.head;
	return ret;
}

/*
 * A vector as the source: what it holds goes straight to the sink, so there is
 * no second place where bytes could be left behind.
 */
static int run_from_vector(struct loop *l)
{
	int ret;

	l->eof = true;
	ret = run(l);
	if (!ret && l->left)
		ret = load(l, l->in);
	return ret ? ret : run(l);
}

static enum source socket_kind(int fd)
{
	socklen_t len = sizeof(int);
	int type = SOCK_STREAM;

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type == SOCK_STREAM ? SOURCE_BYTES : SOURCE_MESSAGES;
}

/* All vectors are opens of one device, so the device number tells them. */
static enum source source_kind(int vec, int in)
{
	struct stat v, s;

	if (fstat(vec, &v) || fstat(in, &s))
		return SOURCE_BYTES;
	if (S_ISSOCK(s.st_mode))
		return socket_kind(in);
	if (S_ISCHR(s.st_mode) && s.st_rdev == v.st_rdev)
		return SOURCE_VECTOR;
	return SOURCE_BYTES;
}

static int64_t move(struct loop *l, int vec)
{
	int ret = load(l, vec);

	if (ret)
		return ret;
	l->piece = PIECE_MOST;
	l->kind = source_kind(vec, l->in);
	ret = l->kind == SOURCE_VECTOR ? run_from_vector(l) : run(l);
	return l->moved ? (int64_t)l->moved : ret;
}

/* Harmless where there is nothing to seek: streams and vectors say ESPIPE. */
static void give_back(const struct loop *l)
{
	if (l->held && l->kind == SOURCE_BYTES)
		lseek(l->in, -(off_t)l->held, SEEK_CUR);
}

SV_API int sv_cmd_splice(int vec, struct splicevec_splice *cmd)
{
	cmd->size = sizeof(*cmd);
	return sv__command(vec, SPLICEVEC_SPLICE, cmd);
}

SV_API int64_t sv_splice_vec(int vec, int in, int out, uint64_t len)
{
	struct loop l = { .in = in, .out = out, .left = len };
	int saved = errno;
	int64_t ret = move(&l, vec);

	errno = saved;
	return ret;
}

SV_API int64_t sv_splice(int in, int out, uint64_t len)
{
	struct loop l = { .in = in, .out = out, .left = len };
	int vec = sv_open(0);
	int saved = errno;
	int64_t ret;

	if (vec < 0)
		return vec;
	ret = move(&l, vec);
	give_back(&l);
	close(vec);
	errno = saved;
	return ret;
}
