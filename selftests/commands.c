// SPDX-License-Identifier: GPL-2.0-only
/* The commands as tables, and a bench to try them on. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SEED	7

/* Position of source and sink: any that a mistake would not leave them at. */
#define SOMEWHERE	123

static void prepare_pull(struct bench *b, union arguments *cmd)
{
	cmd->pull = (struct splicevec_pull){
		.size = sizeof(cmd->pull),
		.fd = b->source,
		.offset = 1,
		.len = 100,
	};
}

static void prepare_push(struct bench *b, union arguments *cmd)
{
	cmd->push = (struct splicevec_push){
		.size = sizeof(cmd->push),
		.fd = b->sink,
		.flags = SPLICEVEC_KEEP,
		.offset = 1,
		.start = SV_HEAD,
		.len = 100,
	};
}

static void prepare_splice(struct bench *b, union arguments *cmd)
{
	cmd->splice = (struct splicevec_splice){
		.size = sizeof(cmd->splice),
		.in = b->source,
		.out = b->sink,
		.in_offset = 1,
		.out_offset = 1,
		.len = 100,
	};
}

static void prepare_info(struct bench *b, union arguments *cmd)
{
	(void)b;
	cmd->info = (struct splicevec_info){ .size = sizeof(cmd->info) };
}

static void prepare_spans(struct bench *b, union arguments *cmd)
{
	cmd->spans = (struct splicevec_spans){
		.size = sizeof(cmd->spans),
		.capacity = ARRAY_LEN(b->spans),
		.addr = (uintptr_t)b->spans,
	};
}

static void prepare_features(struct bench *b, union arguments *cmd)
{
	cmd->features = (struct splicevec_features){
		.size = sizeof(cmd->features),
		.fd = b->sink,
	};
}

static void prepare_reap(struct bench *b, union arguments *cmd)
{
	cmd->reap = (struct splicevec_reap){
		.size = sizeof(cmd->reap),
		.addr = (uintptr_t)b->records,
		.capacity = ARRAY_LEN(b->records),
		.stride = sizeof(b->records[0]),
	};
}

/* Of a push that nobody has begun. */
static void prepare_cancel(struct bench *b, union arguments *cmd)
{
	(void)b;
	cmd->cancel = (struct splicevec_cancel){
		.size = sizeof(cmd->cancel),
		.user_data = 1,
	};
}

static void prepare_policy(struct bench *b, union arguments *cmd)
{
	(void)b;
	cmd->policy = (struct splicevec_policy){
		.size = sizeof(cmd->policy),
		.set = SPLICEVEC_VERIFY,
	};
}

#define GROWN(id, ioctl, least, err)					\
	[NR_##id] = { #ioctl, SPLICEVEC_##ioctl,			\
		      sizeof(struct splicevec_##id), least, err, prepare_##id }

#define COMMAND(id, ioctl, err)						\
	GROWN(id, ioctl, sizeof(struct splicevec_##id), err)

const struct command commands[NR_COMMANDS] = {
	COMMAND(pull, PULL, 0),
	GROWN(push, PUSH, offsetof(struct splicevec_push, stable_ms), 0),
	COMMAND(splice, SPLICE, 0),
	COMMAND(info, INFO, 0),
	COMMAND(spans, SPANS, 0),
	GROWN(features, FEATURES,
	      offsetof(struct splicevec_features, pin_routes), 0),
	COMMAND(reap, REAP, 0),
	COMMAND(cancel, CANCEL, EALREADY),
	COMMAND(policy, POLICY, 0),
};

void bench_open_in(struct bench *b, enum place place)
{
	b->drop = 0;
	b->vec = new_vector();
	b->source = pattern_file(place, SEED, BENCH);
	b->sink = new_file(place, O_RDWR);
	if (sv_pull(b->vec, b->source, 0, BENCH, 0) != BENCH)
		die("a bench cannot be filled");
	must(lseek(b->source, SOMEWHERE, SEEK_SET));
	must(lseek(b->sink, SOMEWHERE, SEEK_SET));
	must_sv(sv_info(b->vec, &b->before));
}

void bench_open(struct bench *b)
{
	bench_open_in(b, TMPFS);
}

void bench_close(struct bench *b)
{
	close(b->vec);
	close(b->source);
	close(b->sink);
}

int run_command(struct bench *b, enum number nr, union arguments *cmd)
{
	return ioctl(b->vec, commands[nr].number, cmd) < 0 ? -errno : 0;
}

void check_vector(struct bench *b)
{
	size_t len = BENCH - b->drop;
	struct splicevec_info now;
	char buf[BENCH];

	must_sv(sv_info(b->vec, &now));
	check_eq(b->before.head + b->drop, now.head);
	check_eq(b->before.tail, now.tail);
	if (!b->drop)
		check(!memcmp(&now, &b->before, sizeof(now)),
		      "spans %llu, loans %llu, pages %llu",
		      (unsigned long long)now.spans,
		      (unsigned long long)now.loans,
		      (unsigned long long)now.pages);
	check_eq(len, sv_push_mem(b->vec, buf, len, SPLICEVEC_KEEP));
	check_eq(-1, pattern_check(buf, SEED, b->drop, len));
}

void check_untouched(struct bench *b)
{
	check_vector(b);
	check_eq(SOMEWHERE, lseek(b->source, 0, SEEK_CUR));
	check_eq(SOMEWHERE, lseek(b->sink, 0, SEEK_CUR));
	check_eq(0, lseek(b->sink, 0, SEEK_END));
	must(lseek(b->sink, SOMEWHERE, SEEK_SET));
}
