// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call below STABLE, VERIFY and POLICY that can fail does so once: what was
 * pushed is what was there, the rest is in the vector, and what worked has one record.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "faults_work.h"
#include "pins.h"
#include "places.h"
#include "places_file.h"
#include "records.h"
#include "vectors.h"

#include <splicevec.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#define USER_DATA	78

struct handed {
	void (*sink)(int fds[2]);
	unsigned int flags;
	int vec;
	int fds[2];		/* what is pushed to, where it arrives */
};

static void handed_prepare(void *arg)
{
	struct handed *h = arg;

	h->vec = work_spans(SPAN);
	h->sink(h->fds);
}

static bool is_told(const struct handed *h)
{
	return h->flags & SPLICEVEC_STRICT;
}

static long handed_run(void *arg)
{
	struct handed *h = arg;
	struct splicevec_push push = {
		.fd = h->fds[0],
		.flags = h->flags,
		.offset = SV_POSITION,
		.len = SV_ALL,
		.user_data = is_told(h) ? USER_DATA : 0,
	};
	int ret = sv_cmd_push(h->vec, &push);

	if (!ret && h->flags & SPLICEVEC_STABLE)
		check_eq(push.bytes, push.copied);
	return ret ?: (long)push.bytes;
}

static void handed_finish(void *arg, long ret)
{
	struct handed *h = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was pushed");
	check_held(h->vec, SEED, done, LEN - done);
	check_arrives(h->fds[1], SEED, 0, done);
	/* nobody has changed anything: no flags */
	if (ret > 0 && is_told(h))
		check_push_once(h->vec, USER_DATA, 0, done);
	else
		check_no_record(h->vec);
	check_eq(LEN - done,
		 sv_push(h->vec, h->fds[0], SV_POSITION, SV_ALL, 0));
	check_arrives(h->fds[1], SEED, done, LEN - done);
	close(h->vec);
	close(h->fds[0]);
	close(h->fds[1]);
}
SWEEP(handed);

/* Pages that writers are to wait for: another file each time, or they have to cool */

struct pinning {
	enum place place;
	int vec;
	int file;
	int fds[2];
	size_t pinned;		/* in all runs */
};

static void pinned_prepare(void *arg)
{
	struct pinning *p = arg;

	p->file = pattern_file(p->place, SEED, LEN);
	p->vec = file_vector(p->file, LEN);
	tcp_ends(p->fds);
}

static long pinned_run(void *arg)
{
	struct pinning *p = arg;
	struct splicevec_push push = {
		.fd = p->fds[0],
		.flags = SPLICEVEC_STABLE | SPLICEVEC_STRICT,
		.offset = SV_POSITION,
		.len = SV_ALL,
		.user_data = USER_DATA,
	};
	int ret = sv_cmd_push(p->vec, &push);

	if (ret)
		return ret;
	check(push.pinned <= push.bytes, "pinned %llu of %llu", push.pinned,
	      push.bytes);
	p->pinned += push.pinned;
	return (long)push.bytes;
}

/*
 * Nothing is pinned any more: whoever writes now waits for nobody. Nor is anything held:
 * what was written leaves the page cache.
 */
static void pinned_finish(void *arg, long ret)
{
	struct pinning *p = arg;
	size_t done = moved(ret);

	check_held(p->vec, SEED, done, LEN - done);
	check_arrives(p->fds[1], SEED, 0, done);
	if (ret > 0)
		check_push_once(p->vec, USER_DATA, 0, done);
	else
		check_no_record(p->vec);
	change_file(p->file, SEED + 1, LEN);
	close(p->vec);
	evict_all(p->file, LEN);
	close(p->file);
	close(p->fds[0]);
	close(p->fds[1]);
}
SWEEP(pinned);

/* POLICY, by a caller who knows a longer struct */

struct deciding {
	int vec;
	struct {
		struct splicevec_policy known;
		uint64_t unknown;
	} cmd;
};

static void policy_prepare(void *arg)
{
	struct deciding *d = arg;

	d->vec = new_vector();
	memset(&d->cmd, 0, sizeof(d->cmd));
	d->cmd.known = (struct splicevec_policy){
		.size = sizeof(d->cmd),
		.set = SPLICEVEC_STABLE,
		.flags = SPLICEVEC_STABLE,
	};
}

static long policy_run(void *arg)
{
	struct deciding *d = arg;

	return result(ioctl(d->vec, SPLICEVEC_POLICY, &d->cmd));
}

/* That which could not be told may have been done, but nothing in between. */
static void policy_finish(void *arg, long ret)
{
	struct deciding *d = arg;
	int now = sv_policy(d->vec, 0, 0);

	check(now == SPLICEVEC_STABLE || (ret < 0 && !now), "policy %#x", now);
	close(d->vec);
}
SWEEP(policy);

LEDGER_FIXTURE(faults)

#define STABLE_PUSH(to)							\
	TEST_F(faults, stable_push_to_##to##_loses_nothing)		\
	{								\
		struct handed h = {					\
			.sink = to##_ends, .flags = SPLICEVEC_STABLE		\
		};							\
									\
		NEEDS_WORK_FAULTS();					\
		sweep_all(&handed_sweep, &h);				\
		h.flags |= SPLICEVEC_STRICT;				\
		sweep_all(&handed_sweep, &h);				\
	}
STABLE_PUSH(tcp)
STABLE_PUSH(unix_stream)
STABLE_PUSH(udp)
STABLE_PUSH(pipe)
STABLE_PUSH(vector)
STABLE_PUSH(disk)

#define VERIFIED_PUSH(to)						\
	TEST_F(faults, verified_push_to_##to##_loses_nothing)		\
	{								\
		struct handed h = {					\
			.sink = to##_ends,				\
			.flags = SPLICEVEC_VERIFY | SPLICEVEC_STRICT	\
		};							\
									\
		NEEDS_WORK_FAULTS();					\
		sweep_all(&handed_sweep, &h);				\
	}
VERIFIED_PUSH(tcp)
VERIFIED_PUSH(unix_stream)
VERIFIED_PUSH(udp)
VERIFIED_PUSH(pipe)
VERIFIED_PUSH(vector)
VERIFIED_PUSH(disk)

TEST_F(faults, policy_is_set_or_not)
{
	struct deciding d;

	NEEDS_FAULTS();
	sweep_all(&policy_sweep, &d);
}

FIXTURE(pins)
{
	struct ledger before;
};

FIXTURE_SETUP(pins)
{
	pins_allow(PINS_LONGEST, PINS_PLENTY);
	ledger_read(&self->before);
}

FIXTURE_TEARDOWN(pins)
{
	pins_as_before();
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

#define PINNED_PUSH(of)							\
	TEST_F(pins, pinned_push_of_##of##_loses_nothing)		\
	{								\
		struct pinning p = { .place = of };			\
									\
		NEEDS_FAULTS();						\
		NEEDS(place_missing(of));				\
		sweep_all(&pinned_sweep, &p);				\
		check(p.pinned, "nothing was ever pinned");		\
	}
PINNED_PUSH(EXT4)
PINNED_PUSH(XFS)

TEST_COUNT(265)

TEST_HARNESS_MAIN
