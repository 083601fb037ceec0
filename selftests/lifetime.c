// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module goes only when nothing of it is in use any more, and comes back;
 * whatever is killed or closed in the middle of its work leaves nothing.
 */
#include "kselftest_harness.h"

#include "module.h"
#include "control.h"
#include "sinks.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#define SEED	17

LEDGER_FIXTURE(lifetime)

static void load(void)
{
	int err = module_load();

	if (err)
		die("loading the module: %s", errno_name(-err));
}

static void check_refused(void)
{
	int err = module_unload();

	if (!check(err == -EBUSY || err == -EAGAIN,
		   "unloading: expected EBUSY or EAGAIN, got %s",
		   result_name(err)) && !err)
		load();
}

TEST_F(lifetime, module_with_a_vector_open_stays)
{
	int vec;

	if (module_missing())
		SKIP(return, "%s", module_missing());
	vec = new_vector();
	check_refused();
	close(vec);
	module_unloads();
	load();
}

TEST_F(lifetime, module_with_a_vector_in_flight_over_a_socket_stays)
{
	int fds[2], vec;

	if (module_missing())
		SKIP(return, "%s", module_missing());
	vec = new_vector();
	stream_pair(UNIX, fds);
	send_with_fds(fds[0], "x", 1, &vec, 1);
	close(vec);
	check_refused();
	close(fds[0]);
	close(fds[1]);
	module_unloads();
	load();
}

/* Lend memory to a sink that nobody reads, and forget the vector. */
static void lend(int sink, size_t len)
{
	char *memory = map_pages(len);
	int vec = new_vector();

	pattern_fill(memory, SEED, 0, len);
	check_eq(len, sv_pull_mem(vec, memory, len, 0));
	check_eq(len, sv_push(vec, sink, SV_POSITION, SV_ALL,
			      SPLICEVEC_NOCOPY));
	close(vec);
	unmap_pages(memory, len);
}

TEST_F(lifetime, module_with_memory_lent_to_a_pipe_stays)
{
	struct ledger now;
	char buf[PAGE];
	int ends[2];

	if (module_missing())
		SKIP(return, "%s", module_missing());
	must(pipe2(ends, O_CLOEXEC));
	lend(ends[1], 3 * PAGE);
	ledger_read(&now);
	check_eq(self->before.pinned + 3, now.pinned);
	check_refused();
	/* two of three buffers are read, the last one only closed */
	read_all(ends[0], buf, PAGE);
	check_eq(-1, pattern_check(buf, SEED, 0, PAGE));
	read_all(ends[0], buf, PAGE);
	check_refused();
	close(ends[0]);
	close(ends[1]);
	module_unloads();
	load();
}

/*
 * Over the NICs the peer's window fills up with what it does not read; the rest
 * waits at the sender. Over loopback nothing is lent that long.
 */
TEST_F(lifetime, module_with_memory_lent_to_tcp_stays_until_the_peer_has_it)
{
	int fds[2], small = 4096, large = MIB(1);
	struct drain drain;

	if (module_missing() ?: place_missing(NIC4))
		SKIP(return, "%s", module_missing() ?: place_missing(NIC4));
	stream_pair(NIC4, fds);
	must(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &large, sizeof(large)));
	must(setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	lend(fds[0], KIB(64));
	usleep(200000);
	check_refused();
	drain = (struct drain){ .fd = fds[1], .seed = SEED };
	drain_start(&drain);
	close(fds[0]);
	drain_finish(&drain);
	close(fds[1]);
	check_eq(KIB(64), drain.got);
	check_eq(-1, drain.wrong);
	module_unloads();
	load();
}

TEST_F(lifetime, module_with_plain_pages_in_a_pipe_may_go)
{
	int ends[2], vec, file;
	char buf[PAGE];

	if (module_missing())
		SKIP(return, "%s", module_missing());
	file = pattern_file(TMPFS, SEED, PAGE);
	must(pipe2(ends, O_CLOEXEC));
	vec = new_vector();
	check_eq(PAGE, sv_pull(vec, file, 0, PAGE, 0));
	check_eq(PAGE, sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0));
	close(vec);
	module_unloads();
	/* nothing of the module is needed to read or drop them */
	read_all(ends[0], buf, 100);
	check_eq(-1, pattern_check(buf, SEED, 0, 100));
	close(ends[0]);
	close(ends[1]);
	load();
}

TEST_F(lifetime, module_unloads_and_loads_again_and_again)
{
	int file, i, times = daily(100);

	if (module_missing())
		SKIP(return, "%s", module_missing());
	file = pattern_file(EXT4, SEED, 5000);
	for (i = 0; i < times && !failures(); i++) {
		struct sink to;
		int vec;

		context("round %d", i);
		vec = new_vector();
		check_eq(5000, sv_pull(vec, file, 0, SV_ALL, 0));
		sink_open(&to, i % 2 ? &sink_tcp4 : &sink_pipe, SEED, 0, 5000);
		check_eq(5000, sink_push(&to, vec, 0).bytes);
		close(vec);
		sink_close(&to);
		module_unloads();
		check(access("/dev/splicevec", F_OK), "the device is left");
		load();
	}
	close(file);
}

/* Work that waits for ever, in a child to be killed. */
struct work {
	const char *name;
	void (*wait)(int vec, int ends[2]);
};

static void wait_in_pull(int vec, int ends[2])
{
	sv_pull(vec, ends[0], SV_POSITION, 1, 0);
}

static void wait_in_push(int vec, int ends[2])
{
	char *memory = map_pages(MIB(4));

	must_sv(sv_pull_mem(vec, memory, MIB(4), 0));
	sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0);
}

static void wait_in_splice(int vec, int ends[2])
{
	int file = pattern_file(TMPFS, SEED, MIB(4));

	(void)vec;
	sv_splice(file, ends[1], SV_ALL);
}

static void *push_all(void *arg)
{
	int *fds = arg;

	sv_push(fds[0], fds[1], SV_POSITION, SV_ALL, 0);
	return NULL;
}

static void wait_for_a_turn(int vec, int ends[2])
{
	char *memory = map_pages(MIB(4));
	int fds[2] = { vec, ends[1] };
	pthread_t thread;

	must_sv(sv_pull_mem(vec, memory, MIB(4), 0));
	pthread_create(&thread, NULL, push_all, fds);
	usleep(100000);
	sv_drop(vec, 1);
}

static const struct work works[] = {
	{ "pull", wait_in_pull },
	{ "push", wait_in_push },
	{ "splice", wait_in_splice },
	{ "consume", wait_for_a_turn },
};

static void kill_at_work(const struct work *work, enum place place)
{
	int ends[2], vec = new_vector();
	pid_t pid;

	context("%s, %s", work->name, place_name(place));
	if (place == ANYWHERE)
		must(pipe2(ends, O_CLOEXEC));
	else
		stream_pair(place, ends);
	pid = must(fork());
	if (!pid) {
		work->wait(vec, ends);
		fail_at(__FILE__, __LINE__, "it did not wait");
		_exit(0);
	}
	usleep(300000);
	check_eq(0, waitpid(pid, NULL, WNOHANG));
	must(kill(pid, SIGKILL));
	must(waitpid(pid, NULL, 0));
	/* the vector is ours too and works on */
	must_sv(sv_drop(vec, SV_ALL));
	close(vec);
	close(ends[0]);
	close(ends[1]);
}

TEST_F(lifetime, process_killed_at_work_leaves_nothing)
{
	static const enum place places[] = { ANYWHERE, UNIX, TCP4 };
	struct ledger before;
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(works); i++) {
		for (j = 0; j < ARRAY_LEN(places); j++) {
			ledger_read(&before);
			kill_at_work(&works[i], places[j]);
			ledger_settle(&before);
		}
	}
}

/* The fd of a vector goes while a thread pushes from it, then the reader. */
TEST_F(lifetime, closing_the_vector_under_a_push_leaves_nothing)
{
	static const enum place places[] = { ANYWHERE, UNIX, TCP4 };
	char *memory = map_pages(MIB(8));
	struct ledger before;
	pthread_t thread;
	int ends[2], fds[2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		ledger_read(&before);
		if (places[i] == ANYWHERE)
			must(pipe2(ends, O_CLOEXEC));
		else
			stream_pair(places[i], ends);
		fds[0] = new_vector();
		fds[1] = places[i] == ANYWHERE ? ends[1] : ends[0];
		check_eq(MIB(8), sv_pull_mem(fds[0], memory, MIB(8), 0));
		must(pthread_create(&thread, NULL, push_all, fds));
		usleep(200000);
		close(fds[0]);
		close(places[i] == ANYWHERE ? ends[0] : ends[1]);
		must(pthread_join(thread, NULL));
		close(fds[1]);
		ledger_settle(&before);
	}
}

/* Everything is closed while the peer still has not read a byte. */
TEST_F(lifetime, closing_with_pushes_in_flight_leaves_nothing)
{
	static const enum place places[] = { TCP4, TCP6, NIC4, NIC6 };
	struct ledger before;
	char *memory = map_pages(MIB(2));
	int fds[2], vec;
	size_t i;

	for (i = 0; i < 2 * ARRAY_LEN(places); i++) {
		struct linger reset = { .l_onoff = 1 };

		if (place_missing(places[i / 2]))
			continue;
		context("%s%s", place_name(places[i / 2]),
			i % 2 ? ", reset" : "");
		ledger_read(&before);
		stream_pair(places[i / 2], fds);
		if (i % 2)
			must(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset,
					sizeof(reset)));
		vec = new_vector();
		check_eq(MIB(2), sv_pull_mem(vec, memory, MIB(2), 0));
		must_sv(sv_push(vec, fds[0], SV_POSITION, SV_ALL,
				SPLICEVEC_NONBLOCK));
		close(vec);
		close(fds[1]);
		close(fds[0]);
		ledger_settle(&before);
	}
}

TEST_HARNESS_MAIN
