// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security modules are asked before each transfer, where read(2), write(2), recv(2) and
 * send(2) would ask them: what they refuse is EPERM, and nothing has moved.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "lsm.h"
#include "sinks.h"
#include "sources.h"

#include <splicevec.h>
#include <sys/stat.h>

#define SKIP_BYTES	3UL
#define LEN		(2 * PAGE + 5)
/* Bytes of a span. */
#define SPAN		3000

#define NEEDS_LSM_AND(missing)						\
	do {								\
		const char *missing_ = lsm_missing() ?: (missing);	\
									\
		if (missing_)						\
			SKIP(return, "%s", missing_);			\
	} while (0)

/* One that is asked. */
struct hook {
	enum lsm_hook hook;
	int mask;
	bool sockets;		/* of sockets only */
};

static bool asks(const struct hook *hook, int fd)
{
	struct stat st;

	if (fd < 0)
		return false;
	must(fstat(fd, &st));
	return !hook->sockets || S_ISSOCK(st.st_mode);
}

/* What it is asked for: one transfer between a vector and an end, which has @fd. */
struct move {
	int64_t (*once)(void *end, int vec);
	void *end;
	int fd;
	int vec;
};

static void check_refused(const struct move *move, const struct hook *hook)
{
	struct splicevec_info before;
	int64_t ret;
	int link;

	if (!asks(hook, move->fd))
		return;
	context("hook %d says no", hook->hook);
	must_sv(sv_info(move->vec, &before));
	link = lsm_refuse(hook->hook, hook->mask);
	ret = move->once(move->end, move->vec);
	close(link);
	check_errno(EPERM, ret);
	check_same(move->vec, &before);
}

static int64_t pull_once(void *from, int vec)
{
	unsigned int result;

	return source_pull(from, vec, &result);
}

FROM_EACH_SOURCE();

TEST_F(from, pull_that_is_refused_is_eperm_and_takes_nothing)
{
	static const struct hook hooks[] = {
		{ LSM_FILE_PERMISSION, LSM_READ, false },
		{ LSM_SOCKET_RECVMSG, LSM_ANY, true },
	};
	struct move move = { .once = pull_once };
	struct source from;
	size_t i;

	NEEDS_LSM_AND(source_missing(variant->source));
	source_open(&from, variant->source, SKIP_BYTES, LEN);
	source_await(&from);
	move.end = &from;
	move.fd = from.fd;
	move.vec = new_vector();
	for (i = 0; i < ARRAY_LEN(hooks); i++)
		check_refused(&move, &hooks[i]);
	context("nobody says no");
	check_eq(LEN, pull_once(&from, move.vec));
	check_held(move.vec, from.seed, SKIP_BYTES, LEN);
	source_close(&from);
	close(move.vec);
}

static int64_t push_once(void *to, int vec)
{
	struct pushed pushed = {};

	return sink_push_once(to, vec, 0, &pushed);
}

TO_EACH_SINK();

TEST_F(to, push_that_is_refused_is_eperm_and_nothing_arrives)
{
	static const struct hook hooks[] = {
		{ LSM_FILE_PERMISSION, LSM_WRITE, false },
		{ LSM_SOCKET_SENDMSG, LSM_ANY, true },
	};
	struct move move = { .once = push_once };
	struct sink to;
	size_t i;

	NEEDS_LSM_AND(sink_missing(variant->sink));
	sink_open(&to, variant->sink, SOURCE_SEED, 0, LEN);
	move.end = &to;
	move.fd = to.fd;
	move.vec = vector_of_spans(SOURCE_SEED, LEN, SPAN);
	for (i = 0; i < ARRAY_LEN(hooks); i++)
		check_refused(&move, &hooks[i]);
	context("nobody says no");
	check_eq(LEN, sink_push(&to, move.vec, 0).bytes);
	sink_close(&to);
	close(move.vec);
}

TEST_HARNESS_MAIN
