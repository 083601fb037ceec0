// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one loop of cp, send, recv and tee: pull a piece, push it as a kept
 * window to every sink, drop it.
 *
 * It does not use sv_splice(): that hides which side failed and what was
 * copied, and both are what the user wants to know.
 */
#include "transfer.h"
#include "error.h"
#include "report.h"
#include "units.h"

#include <errno.h>
#include <poll.h>
#include <splicevec.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE (1 << 20)

/* Fds that came from a shell may be O_NONBLOCK, and ^Z and fg interrupts. */
static bool again(int err, int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (err == -EAGAIN)
		return poll(&p, 1, -1) >= 0 || errno == EINTR;
	return err == -EINTR;
}

/* Return: bytes pulled, 0 at the end, or a negative errno. */
static int64_t pull_piece(struct transfer *t, const struct source *src)
{
	struct splicevec_pull cmd = {
		.fd = src->fd,
		.offset = SV_POSITION,
		.len = PIECE,
	};
	int ret;

	do {
		ret = sv_cmd_pull(t->opts->vec, &cmd);
	} while (again(ret, src->fd, POLLIN));
	if (ret)
		return ret;
	t->held += cmd.bytes;
	t->pulled += cmd.bytes;
	if (cmd.result & SPLICEVEC_COPIED)
		t->copied += cmd.bytes;
	return cmd.bytes;
}

/* Files tell their size: then the peer need not get a short packet between. */
static unsigned int more_follows(const struct transfer *t)
{
	return t->pulled < t->progress.total ? SPLICEVEC_MORE : 0;
}

static int push_some(struct transfer *t, struct sink *sink, uint64_t start,
		     uint64_t len)
{
	struct splicevec_push cmd = {
		.fd = sink->fd,
		.flags = SPLICEVEC_KEEP | more_follows(t),
		.offset = SV_POSITION,
		.start = start,
		.len = len,
	};
	int ret;

	do {
		ret = sv_cmd_push(t->opts->vec, &cmd);
	} while (again(ret, sink->fd, POLLOUT));
	if (ret)
		return ret;
	sink->bytes += cmd.bytes;
	sink->copied += cmd.copied;
	t->estimated |= cmd.result & SPLICEVEC_ESTIMATED;
	return cmd.bytes ? (int)cmd.bytes : -EIO;
}

static int push_window(struct transfer *t, struct sink *sink, uint64_t len)
{
	uint64_t done = 0;
	int ret = 0;

	while (ret >= 0 && done < len) {
		ret = push_some(t, sink, t->head + done, len - done);
		if (ret > 0)
			done += ret;
	}
	return ret < 0 ? ret : 0;
}

static void sink_failed(struct transfer *t, struct sink *sink, int err)
{
	sink->error = abs(err);
	progress_end(&t->progress);
	fail_hint(err, sink->name,
		  err == -EOPNOTSUPP ? "it can be no sink" : NULL);
}

/* Every sink that still works gets the window, then it is let go. */
static int64_t push_all(struct transfer *t, uint64_t len)
{
	int64_t dropped;
	size_t i;
	int ret;

	for (i = 0; len && i < t->nr_sinks; i++) {
		if (t->sinks[i].error)
			continue;
		ret = push_window(t, &t->sinks[i], len);
		if (ret)
			sink_failed(t, &t->sinks[i], ret);
	}
	dropped = len ? sv_drop(t->opts->vec, len) : 0;
	if (dropped > 0) {
		t->head += dropped;
		t->held -= dropped;
	}
	return dropped < 0 ? dropped : 0;
}

static bool any_sink(const struct transfer *t)
{
	size_t i;

	for (i = 0; i < t->nr_sinks; i++)
		if (!t->sinks[i].error)
			return true;
	return false;
}

uint64_t transfer_arrived(const struct transfer *t)
{
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < t->nr_sinks; i++)
		if (t->sinks[i].bytes > most)
			most = t->sinks[i].bytes;
	return most;
}

static int run_source(struct transfer *t, const struct source *src)
{
	int64_t ret;

	do {
		ret = pull_piece(t, src);
		if (ret > 0)
			ret = push_all(t, t->held - t->held % t->align) ?: ret;
		progress_update(&t->progress, transfer_arrived(t));
	} while (ret > 0 && any_sink(t));
	return ret < 0 ? ret : 0;
}

static void source_failed(struct transfer *t, const struct source *src, int err)
{
	t->failed = src;
	t->error = abs(err);
	progress_end(&t->progress);
	fail_hint(err, src->name,
		  err == -EOPNOTSUPP ? "it can be no source" :
		  err == -EDQUOT ? "see user_pages_hard in splicevec(4)" : NULL);
}

static void run_sources(struct transfer *t)
{
	size_t i;
	int ret;

	for (i = 0; i < t->nr_sources && !t->failed && any_sink(t); i++) {
		ret = run_source(t, &t->sources[i]);
		if (ret)
			source_failed(t, &t->sources[i], ret);
	}
	/* The rest that is no multiple of a block. */
	push_all(t, t->held);
}

static void finish_sinks(struct transfer *t)
{
	size_t i;
	int ret;

	for (i = 0; i < t->nr_sinks; i++) {
		ret = t->sinks[i].finish(&t->sinks[i]);
		if (ret && !t->sinks[i].error)
			sink_failed(t, &t->sinks[i], ret);
	}
	for (i = 0; i < t->nr_sources; i++)
		close(t->sources[i].fd);
}

/* All sizes together; of no use if one source does not know its own. */
static uint64_t total_size(const struct transfer *t)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < t->nr_sources; i++) {
		if (!t->sources[i].size)
			return 0;
		total += t->sources[i].size;
	}
	return total;
}

static unsigned int common_align(const struct transfer *t)
{
	unsigned int align = 1;
	size_t i;

	for (i = 0; i < t->nr_sinks; i++)
		if (t->sinks[i].align > align)
			align = t->sinks[i].align;
	return align;
}

static bool all_well(const struct transfer *t)
{
	size_t i;

	for (i = 0; i < t->nr_sinks; i++)
		if (t->sinks[i].error)
			return false;
	return !t->error;
}

int transfer(struct transfer *t)
{
	t->align = common_align(t);
	progress_start(&t->progress, total_size(t),
		       !t->opts->quiet && !t->opts->json);
	run_sources(t);
	finish_sinks(t);
	t->seconds = seconds_now() - t->progress.start;
	progress_end(&t->progress);
	report(t);
	return all_well(t) ? EXIT_SUCCESS : EXIT_FAILURE;
}
