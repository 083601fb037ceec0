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

static void pull_refused(const struct hook *hook, struct source *from, int vec)
{
	struct splicevec_info before;
	unsigned int result;
	int64_t ret;
	int link;

	if (!asks(hook, from->fd))
		return;
	context("hook %d says no", hook->hook);
	must_sv(sv_info(vec, &before));
	link = lsm_refuse(hook->hook, hook->mask);
	ret = source_pull(from, vec, &result);
	close(link);
	check_errno(EPERM, ret);
	check_same(vec, &before);
}

FIXTURE_VARIANT(from)
{
	const struct source_kind *source;
};

LEDGER_FIXTURE(from)

#define FROM(id)							\
	FIXTURE_VARIANT_ADD(from, id)					\
	{								\
		.source = &source_##id,					\
	}
EACH_SOURCE(FROM);

TEST_F(from, pull_that_is_refused_is_eperm_and_takes_nothing)
{
	static const struct hook hooks[] = {
		{ LSM_FILE_PERMISSION, LSM_READ, false },
		{ LSM_SOCKET_RECVMSG, LSM_ANY, true },
	};
	struct source from;
	unsigned int result;
	int vec;
	size_t i;

	NEEDS_LSM_AND(source_missing(variant->source));
	vec = new_vector();
	source_open(&from, variant->source, SKIP_BYTES, LEN);
	source_await(&from);
	for (i = 0; i < ARRAY_LEN(hooks); i++)
		pull_refused(&hooks[i], &from, vec);
	context("nobody says no");
	check_eq(LEN, source_pull(&from, vec, &result));
	check_held(vec, from.seed, SKIP_BYTES, LEN);
	source_close(&from);
	close(vec);
}

static void push_refused(const struct hook *hook, struct sink *to, int vec)
{
	struct splicevec_info before;
	struct pushed pushed = {};
	int link, ret;

	if (!asks(hook, to->fd))
		return;
	context("hook %d says no", hook->hook);
	must_sv(sv_info(vec, &before));
	link = lsm_refuse(hook->hook, hook->mask);
	ret = sink_push_once(to, vec, 0, &pushed);
	close(link);
	check_errno(EPERM, ret);
	check_same(vec, &before);
}

FIXTURE_VARIANT(to)
{
	const struct sink_kind *sink;
};

LEDGER_FIXTURE(to)

#define TO(id)								\
	FIXTURE_VARIANT_ADD(to, id)					\
	{								\
		.sink = &sink_##id,					\
	}
EACH_SINK(TO);

TEST_F(to, push_that_is_refused_is_eperm_and_nothing_arrives)
{
	static const struct hook hooks[] = {
		{ LSM_FILE_PERMISSION, LSM_WRITE, false },
		{ LSM_SOCKET_SENDMSG, LSM_ANY, true },
	};
	struct sink to;
	size_t i;
	int vec;

	NEEDS_LSM_AND(sink_missing(variant->sink));
	vec = vector_of_spans(SOURCE_SEED, LEN, SPAN);
	sink_open(&to, variant->sink, SOURCE_SEED, 0, LEN);
	for (i = 0; i < ARRAY_LEN(hooks); i++)
		push_refused(&hooks[i], &to, vec);
	context("nobody says no");
	check_eq(LEN, sink_push(&to, vec, 0).bytes);
	sink_close(&to);
	close(vec);
}

TEST_HARNESS_MAIN
