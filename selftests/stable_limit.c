// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stable pushes of somebody without rights may cost, and how they end when that
 * is used up: short or EDQUOT, with nothing lost.
 */
#include "kselftest_harness.h"

#include "common.h"
#include "contents.h"
#include "places.h"
#include "records.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
/* What a pipe has room for. */
#define SIZE	KIB(64)
#define TAG	13

#define PARAMETER "/sys/module/splicevec/parameters/user_pages_hard"
#define NOBODY	65534
/* Pages nobody may have beside memory that is pinned: less than what there is. */
#define MOST	"40"
/* What a stream is given at first. */
#define SIP	KIB(64)

FIXTURE(limit)
{
	struct ledger before;
	char usual[32];
};

FIXTURE_SETUP(limit)
{
	int fd = must(open(PARAMETER, O_RDONLY | O_CLOEXEC));

	self->usual[must(read(fd, self->usual, 31))] = '\0';
	close(fd);
	ledger_read(&self->before);
}

FIXTURE_TEARDOWN(limit)
{
	put_file(PARAMETER, self->usual);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

/* What somebody without rights pushes, and who reads it. */
struct task {
	void (*work)(struct task *task);
	char *memory;
	int vec;
	int fds[2];
};

static bool become_nobody(void *arg)
{
	struct rlimit enough = { MIB(4), MIB(4) };
	struct task *task = arg;

	must(setrlimit(RLIMIT_MEMLOCK, &enough));
	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
	pattern_fill(task->memory, SEED, 0, MIB(1));
	must_sv(sv_pull_mem(task->vec, task->memory, MIB(1), 0));
	task->work(task);
	return !failures();
}

static void as_nobody(void (*open_sink)(enum place place, int fds[2]),
		      void (*work)(struct task *task))
{
	struct task task = {
		.work = work,
		.memory = map_pages(MIB(1)),
		.vec = new_vector(),
	};

	open_sink(TCP4, task.fds);
	put_file(PARAMETER, MOST);
	check(in_child(become_nobody, &task), "as nobody: failed");
	unmap_pages(task.memory, MIB(1));
}

/* A copy of all there is would be more than may be had. */
static void fill_the_pipe(struct task *t)
{
	unsigned int i;

	for (i = 0; i < MIB(1) / SIZE; i++) {
		check_eq(SIZE, sv_push(t->vec, t->fds[0], SV_POSITION, SV_ALL,
				       SPLICEVEC_STABLE | SPLICEVEC_NONBLOCK));
		if (i < MIB(1) / SIZE - 1)
			check_errno(EAGAIN,
				    sv_push(t->vec, t->fds[0], SV_POSITION, SV_ALL,
					    SPLICEVEC_STABLE |
					    SPLICEVEC_NONBLOCK));
		check_arrives(t->fds[1], SEED, i * SIZE, SIZE);
	}
}

TEST_F(limit, sink_without_room_costs_no_more_than_a_sip)
{
	as_nobody(pipe_pair, fill_the_pipe);
}

static int64_t push_on(struct task *t)
{
	return sv_push_strict(t->vec, t->fds[0], SV_POSITION, SV_ALL,
			      SPLICEVEC_STABLE | SPLICEVEC_NONBLOCK, TAG);
}

/* Nobody reads; what the socket keeps of it is paid for. */
static void stall_the_stream(struct task *t)
{
	struct splicevec_completion record;
	size_t done = 0;
	int64_t ret;

	while ((ret = push_on(t)) > 0)
		done += ret;
	check_errno(EDQUOT, ret);
	check(done >= SIP && done < MIB(1), "%zu bytes are under way", done);
	check_held(t->vec, SEED, done, MIB(1) - done);
	/* and it is paid back */
	memset(t->memory, 0x5a, done);
	check_arrives(t->fds[1], SEED, 0, done);
	check_eq(1, sv_reap(t->vec, &record, 1, 1, FOREVER));
	check_eq(0, record.status);
	check_eq(record.bytes, record.copied);
	while (push_on(t) <= 0)
		usleep(1000);
}

TEST_F(limit, stalled_pushes_end_at_it_and_lose_nothing)
{
	as_nobody(keeping_pair, stall_the_stream);
}

TEST_HARNESS_MAIN
