// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vector as a file that is not one's own: polled, used by several threads and
 * processes, by programs that know nothing of vectors, and while it is busy.
 */
#include "kselftest_harness.h"

#include "places.h"
#include "vectors.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <splicevec.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	41

#define BUSYBOX	"/bin/busybox"

LEDGER_FIXTURE(asfileshared)

/* What all three ways of asking say. */
static void check_ready(int vec, bool readable)
{
	short want = POLLOUT | POLLWRNORM |
		     (readable ? POLLIN | POLLRDNORM : 0);
	struct pollfd ask = {
		.fd = vec,
		.events = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLPRI,
	};
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int epoll = must(epoll_create1(EPOLL_CLOEXEC));
	struct timeval now = {};
	fd_set in, out;

	check_eq(1, poll(&ask, 1, 0));
	check_eq(want, ask.revents);
	ask.events = POLLIN;
	check_eq(readable, poll(&ask, 1, 0));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(vec, &in);
	FD_SET(vec, &out);
	check_eq(1 + readable, select(vec + 1, &in, &out, NULL, &now));
	check_eq(readable, !!FD_ISSET(vec, &in));
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, vec, &event));
	check_eq(1, epoll_wait(epoll, &event, 1, 0));
	check_eq(EPOLLOUT | (readable ? EPOLLIN : 0), event.events);
	close(epoll);
}

TEST_F(asfileshared, vector_is_readable_exactly_when_it_is_not_empty)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 100);
	char buf[100];

	context("new");
	check_ready(vec, false);
	context("written");
	write_pattern(vec, SEED, 0, 5);
	check_ready(vec, true);
	check_eq(4, read(vec, buf, 4));
	check_ready(vec, true);
	context("read");
	check_eq(1, read(vec, buf, 4));
	check_ready(vec, false);
	context("pulled");
	check_eq(100, sv_pull(vec, file, 0, 100, 0));
	check_ready(vec, true);
	check_eq(100, pread(vec, buf, 100, 5));
	check_ready(vec, true);
	context("pushed");
	check_eq(100, sv_push_mem(vec, buf, 100, 0));
	check_ready(vec, false);
}

/* Ways for bytes to come into a vector. */
static void come_by_write(int vec)
{
	write_pattern(vec, SEED, 0, 5);
}

static void come_by_pull(int vec)
{
	int file = pattern_file(TMPFS, SEED, 5);

	check_eq(5, sv_pull(vec, file, 0, 5, 0));
	close(file);
}

static void come_by_push(int vec)
{
	int from = new_vector();

	write_pattern(from, SEED, 0, 5);
	check_eq(5, sv_push(from, vec, SV_POSITION, 5, 0));
	close(from);
}

static void come_by_splice(int vec)
{
	int ends[2];

	must(pipe(ends));
	write_all(ends[1], "12345", 5);
	check_eq(5, splice(ends[0], NULL, vec, NULL, 5, 0));
	close(ends[0]);
	close(ends[1]);
}

static const struct coming {
	const char *name;
	void (*come)(int vec);
} comings[] = {
	{ "write", come_by_write },
	{ "PULL", come_by_pull },
	{ "PUSH from another vector", come_by_push },
	{ "splice(2)", come_by_splice },
};

struct poller {
	int epoll;
	int events;
	struct epoll_event event;
};

static void wait_for_event(void *arg)
{
	struct poller *poller = arg;

	poller->events = epoll_wait(poller->epoll, &poller->event, 1, 20000);
}

/* Each time something comes, even if what came before is still there. */
TEST_F(asfileshared, edge_triggered_poll_wakes_for_whatever_comes)
{
	struct epoll_event edge = { .events = EPOLLIN | EPOLLET };
	struct poller poller = { .epoll = must(epoll_create1(0)) };
	int vec = new_vector();
	struct worker worker;
	char buf[100];
	size_t i;

	must(epoll_ctl(poller.epoll, EPOLL_CTL_ADD, vec, &edge));
	for (i = 0; i < 2 * ARRAY_LEN(comings); i++) {
		context("%s, %s", comings[i / 2].name, i % 2 ? "more" : "first");
		worker_start(&worker, wait_for_event, &poller);
		worker_await_sleep(&worker);
		comings[i / 2].come(vec);
		worker_finish(&worker);
		check_eq(1, poller.events);
		check_eq(EPOLLIN, poller.event.events);
		/* that was the edge; one that goes down is none */
		check_eq(0, epoll_wait(poller.epoll, &edge, 1, 0));
		if (i % 2)
			check_eq(10, read(vec, buf, sizeof(buf)));
		check_eq(0, epoll_wait(poller.epoll, &edge, 1, 0));
	}
}

TEST_F(asfileshared, fdinfo_says_what_info_says)
{
	int vec = new_vector(), file = pattern_file(TMPFS, SEED, 9000);
	struct splicevec_info info;
	char path[64], text[1024], want[256];
	int fd;

	write_pattern(vec, SEED, 0, 100);
	check_eq(9000, sv_pull(vec, file, 0, 9000, 0));
	check_eq(50, sv_drop(vec, 50));
	must_sv(sv_info(vec, &info));
	snprintf(want, sizeof(want),
		 "head:\t%llu\ntail:\t%llu\nspans:\t%llu\nloans:\t%llu\npages:\t%llu\n",
		 info.head, info.tail, info.spans, info.loans, info.pages);
	check_eq(2, info.spans);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", vec);
	fd = must(open(path, O_RDONLY));
	text[must(read(fd, text, sizeof(text) - 1))] = '\0';
	check(strstr(text, want), "not in fdinfo:\n%s", want);
}

/* Several threads at one vector, each record once and in one piece. */
#define THREADS	4
#define RECORDS	2000

struct record {
	uint32_t writer;
	uint32_t serial;
};

static struct {
	int vec;
	size_t words;		/* in a record */
	atomic_uint missing;	/* records */
	atomic_uchar seen[THREADS][RECORDS];
} traffic;

static void *write_records(void *arg)
{
	struct record record[traffic.words];
	uint32_t i, j;

	for (i = 0; i < RECORDS; i++) {
		for (j = 0; j < traffic.words; j++)
			record[j] = (struct record){ (uintptr_t)arg, i };
		check_eq(sizeof(record), write(traffic.vec, record,
					       sizeof(record)));
	}
	return NULL;
}

static void tally(const struct record *record, int64_t last[THREADS])
{
	size_t j;

	for (j = 1; j < traffic.words; j++)
		if (memcmp(&record[j], record, sizeof(*record)))
			break;
	check(j == traffic.words, "word %zu is of another record", j);
	if (!check(record->writer < THREADS && record->serial < RECORDS,
		   "no record %u of %u", record->serial, record->writer))
		return;
	check(record->serial > last[record->writer],
	      "record %u of %u after %lld", record->serial, record->writer,
	      (long long)last[record->writer]);
	last[record->writer] = record->serial;
	check(!atomic_exchange(&traffic.seen[record->writer][record->serial],
			       1), "record %u of %u twice", record->serial,
	      record->writer);
	atomic_fetch_sub(&traffic.missing, 1);
}

static void *read_records(void *arg)
{
	struct record record[traffic.words];
	int64_t last[THREADS] = { -1, -1, -1, -1 };
	ssize_t n;

	(void)arg;
	while (atomic_load(&traffic.missing) && !failures()) {
		n = read(traffic.vec, record, sizeof(record));
		if (!n)
			sched_yield();
		else if (check_eq(sizeof(record), n))
			tally(record, last);
	}
	return NULL;
}

/* Reads take turns, so that what one write brought is not torn by two of them. */
TEST_F(asfileshared, four_writers_and_four_readers_pass_each_record_once_and_whole)
{
	static const size_t words[] = { 1, 61, 640 };
	pthread_t threads[2 * THREADS];
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		context("records of %zu bytes", words[i] * sizeof(struct record));
		traffic.vec = new_vector();
		traffic.words = words[i];
		traffic.missing = THREADS * RECORDS;
		memset((void *)traffic.seen, 0, sizeof(traffic.seen));
		for (j = 0; j < 2 * THREADS; j++)
			if (pthread_create(&threads[j], NULL,
					   j % 2 ? read_records : write_records,
					   (void *)(j / 2)))
				die("no thread");
		for (j = 0; j < 2 * THREADS; j++)
			pthread_join(threads[j], NULL);
		check_eq(0, traffic.missing);
		check_eq(0, read(traffic.vec, &(char){ 0 }, 1));
		close(traffic.vec);
	}
}

static bool write_some(void *arg)
{
	write_pattern(*(int *)arg, SEED, 1000, 4000);
	return true;
}

TEST_F(asfileshared, vector_is_shared_by_fork)
{
	int vec = new_vector();

	write_pattern(vec, SEED, 0, 1000);
	check(in_child(write_some, &vec), "the child failed");
	check_span(vec, 0, 5000);
	read_pattern(vec, SEED, 0, 5000);
}

static bool leave_full(void *arg)
{
	(void)arg;
	write_pattern(new_vector(), SEED, 0, MIB(1));
	return true;
}

TEST_F(asfileshared, exit_gives_back_what_was_written)
{
	check(in_child(leave_full, NULL), "the child failed");
	ledger_settle(&self->before);
}

/* Run busybox with these as its standard input and output. */
static void run(int in, int out, const char *const args[])
{
	pid_t pid = must(fork());
	int status;

	if (!pid) {
		must(dup2(in, 0));
		must(dup2(out, 1));
		must(close_range(3, ~0U, 0));
		execv(BUSYBOX, (char *const *)args);
		_exit(127);
	}
	must(waitpid(pid, &status, 0));
	check(WIFEXITED(status) && !WEXITSTATUS(status), "%s: status %#x",
	      args[1], status);
}

#define RUN(in, out, ...)						\
	run(in, out, (const char *const []){ BUSYBOX, __VA_ARGS__, NULL })

TEST_F(asfileshared, cat_and_dd_move_bytes_through_vectors)
{
	int from = new_vector(), to = new_vector();
	int file = pattern_file(TMPFS, SEED, KIB(300));

	if (access(BUSYBOX, X_OK))
		SKIP(return, "no " BUSYBOX);
	context("cat of a file");
	RUN(file, from, "cat");
	check_span(from, 0, KIB(300));
	context("cat of a vector");
	RUN(from, to, "cat");
	check_span(from, KIB(300), KIB(300));
	check_span(to, 0, KIB(300));
	context("dd");
	must(ftruncate(file, 0));
	must(lseek(file, 0, SEEK_SET));
	RUN(to, file, "dd", "bs=1000", "count=3", "status=none");
	check_span(to, 3000, KIB(300));
	check_eq(-1, file_check(file, 0, SEED, 0, 3000));
	check_eq(3000, lseek(file, 0, SEEK_END));
	read_pattern(to, SEED, 3000, KIB(300) - 3000);
}

/* Another open of the device is another vector, by whatever name. */
TEST_F(asfileshared, names_of_the_fd_open_a_new_empty_vector)
{
	int vec = new_vector(), file = new_file(TMPFS, O_RDWR);

	if (access(BUSYBOX, X_OK))
		SKIP(return, "no " BUSYBOX);
	write_pattern(vec, SEED, 0, 1000);
	RUN(vec, file, "cat", "/proc/self/fd/0");
	check_eq(0, lseek(file, 0, SEEK_END));
	RUN(file, vec, "dd", "if=/dev/zero", "of=/proc/self/fd/1", "bs=1",
	    "count=1", "conv=notrunc", "status=none");
	check_span(vec, 0, 1000);
	RUN(vec, file, "cat", "-");
	check_eq(-1, file_check(file, 0, SEED, 0, 1000));
}

/* A vector of 20 pages, 18 of them being pushed into a pipe that takes 16. */
struct stalled {
	int vec;
	int pipe[2];
	struct worker worker;
};

static void push_eighteen(void *arg)
{
	struct stalled *s = arg;

	check_eq(18 * PAGE, sv_push(s->vec, s->pipe[1], SV_POSITION, 18 * PAGE,
				    0));
}

static void stall(struct stalled *s)
{
	int file = pattern_file(TMPFS, SEED, 20 * PAGE);

	s->vec = new_vector();
	must(pipe(s->pipe));
	check_eq(20 * PAGE, sv_pull(s->vec, file, 0, SV_ALL, 0));
	close(file);
	worker_start(&s->worker, push_eighteen, s);
	worker_await_sleep(&s->worker);
}

static void unstall(struct stalled *s)
{
	char *buf = map_pages(18 * PAGE);

	read_all(s->pipe[0], buf, 18 * PAGE);
	check_eq(-1, pattern_check(buf, SEED, 0, 18 * PAGE));
	worker_finish(&s->worker);
	unmap_pages(buf, 18 * PAGE);
}

/* Whoever waits where nobody shall is killed here, and the test has failed. */
static void prompt_begin(void)
{
	signal(SIGALRM, SIG_DFL);
	alarm(20);
}

static void prompt_end(void)
{
	alarm(0);
}

TEST_F(asfileshared, busy_vector_is_looked_at_and_written_without_waiting)
{
	struct splicevec_info info;
	struct stalled s;
	char buf[PAGE];
	int other = new_vector();

	stall(&s);
	prompt_begin();
	must_sv(sv_info(s.vec, &info));
	check_eq(20 * PAGE, info.tail);
	check_ready(s.vec, true);
	check_eq(PAGE, pread(s.vec, buf, PAGE, 19 * PAGE));
	check_eq(-1, pattern_check(buf, SEED, 19 * PAGE, PAGE));
	write_pattern(s.vec, SEED, 20 * PAGE, 100);
	check_eq(PAGE + 100, sv_pull(other, s.vec, 19 * PAGE, SV_ALL, 0));
	prompt_end();
	unstall(&s);
	read_pattern(s.vec, SEED, 18 * PAGE, 2 * PAGE + 100);
	read_pattern(other, SEED, 19 * PAGE, PAGE + 100);
}

TEST_F(asfileshared, read_of_a_busy_vector_is_eagain_with_o_nonblock)
{
	struct stalled s;
	char byte;

	stall(&s);
	prompt_begin();
	must(fcntl(s.vec, F_SETFL, O_RDWR | O_NONBLOCK));
	check_eq(-1, read(s.vec, &byte, 1));
	check_eq(EAGAIN, errno);
	prompt_end();
	unstall(&s);
	read_pattern(s.vec, SEED, 18 * PAGE, 2 * PAGE);
	/* empty is the end, and nothing to wait for */
	check_eq(0, read(s.vec, &byte, 1));
}

static atomic_bool has_read;

static void read_two(void *arg)
{
	read_pattern(*(int *)arg, SEED, 18 * PAGE, 2 * PAGE);
	atomic_store(&has_read, true);
}

TEST_F(asfileshared, read_of_a_busy_vector_waits_for_its_turn)
{
	struct worker reader;
	struct stalled s;

	stall(&s);
	worker_start(&reader, read_two, &s.vec);
	usleep(200000);
	check(!atomic_load(&has_read), "read what was being pushed");
	unstall(&s);
	worker_finish(&reader);
	check(atomic_load(&has_read), "read nothing");
}

TEST_HARNESS_MAIN
