// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many at one vector: consumers take turns, windows run beside them, fds are
 * passed around.
 */
#include "kselftest_harness.h"

#include "control.h"
#include "sinks.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdatomic.h>
#include <sys/socket.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	11

LEDGER_FIXTURE(threads)

static pthread_t start(void *(*fn)(void *arg), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, arg))
		die("no thread");
	return thread;
}

static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

/* A file of numbered words: each must arrive once. */
static int numbered_file(size_t words)
{
	int fd = new_file(EXT4, O_RDWR);
	uint64_t *buf = map_pages(words * 8);
	size_t i;

	for (i = 0; i < words; i++)
		buf[i] = i;
	write_all(fd, buf, words * 8);
	unmap_pages(buf, words * 8);
	must(lseek(fd, 0, SEEK_SET));
	return fd;
}

static struct {
	size_t words;
	atomic_uchar *seen;
} tally;

static void tally_begin(size_t words)
{
	tally.words = words;
	tally.seen = map_pages(words);
}

/* Words of one stream: increasing, and nobody else's. */
static void tally_words(const uint64_t *words, size_t n, int64_t *last)
{
	size_t i;

	for (i = 0; i < n; i++) {
		check((int64_t)words[i] > *last, "word %llu after %lld",
		      (unsigned long long)words[i], (long long)*last);
		*last = words[i];
		if (!check(words[i] < tally.words, "no word %llu",
			   (unsigned long long)words[i]))
			continue;
		check(!atomic_exchange(&tally.seen[words[i]], 1),
		      "word %llu twice", (unsigned long long)words[i]);
	}
}

static void tally_end(void)
{
	size_t i, missing = 0;

	for (i = 0; i < tally.words; i++)
		missing += !tally.seen[i];
	check_eq(0, missing);
	unmap_pages(tally.seen, tally.words);
}

static void *tally_stream(void *arg)
{
	int fd = *(int *)arg;
	char buf[KIB(64)];
	int64_t last = -1;
	size_t fill = 0;
	ssize_t n;

	while ((n = read(fd, buf + fill, sizeof(buf) - fill)) > 0) {
		fill += n;
		tally_words((uint64_t *)buf, fill / 8, &last);
		memmove(buf, buf + fill / 8 * 8, fill % 8);
		fill %= 8;
	}
	check_eq(0, n);
	check_eq(0, fill);
	close(fd);
	return NULL;
}

struct pusher {
	int vec;
	int fd;
	unsigned int random;
	bool keep_open;
};

static void *push_words(void *arg)
{
	struct pusher *p = arg;
	int64_t n;

	do {
		n = sv_push(p->vec, p->fd, SV_POSITION,
			    8 + next_random(&p->random) % 4000 * 8, 0);
	} while (n > 0);
	check_eq(0, n);
	if (!p->keep_open)
		close(p->fd);
	return NULL;
}

static void *push_words_to_memory(void *arg)
{
	struct pusher *p = arg;
	uint64_t buf[2000];
	int64_t last = -1, n;

	do {
		n = sv_push_mem(p->vec, buf, sizeof(buf), 0);
		if (n > 0)
			tally_words(buf, n / 8, &last);
	} while (n > 0);
	check_eq(0, n);
	return NULL;
}

TEST_F(threads, consumers_with_sinks_of_their_own_share_each_byte_once_in_order)
{
	static const enum place places[] = { UNIX, TCP4, ANYWHERE };
	int file = numbered_file(MIB(4) / 8), vec = new_vector(), fds[4][2];
	struct pusher pushers[4];
	pthread_t push[4], drain[4];
	size_t i;

	tally_begin(MIB(4) / 8);
	check_eq(MIB(4), sv_pull(vec, file, 0, SV_ALL, 0));
	for (i = 0; i < 3; i++) {
		if (places[i] == ANYWHERE) {
			int ends[2];

			must(pipe(ends));
			fds[i][0] = ends[1];
			fds[i][1] = ends[0];
		} else {
			stream_pair(places[i], fds[i]);
		}
		pushers[i] = (struct pusher){ vec, fds[i][0], i, false };
		drain[i] = start(tally_stream, &fds[i][1]);
	}
	pushers[3].vec = vec;
	for (i = 0; i < 4; i++)
		push[i] = start(i < 3 ? push_words : push_words_to_memory,
				&pushers[i]);
	for (i = 0; i < 4; i++)
		pthread_join(push[i], NULL);
	for (i = 0; i < 3; i++)
		pthread_join(drain[i], NULL);
	tally_end();
	close(vec);
	close(file);
}

TEST_F(threads, consumers_with_one_sink_keep_the_order)
{
	static const struct sink_kind *const kinds[] = {
		&sink_tcp4, &sink_unix, &sink_pipe, &sink_ext4,
	};
	int file = pattern_file(EXT4, SEED, MIB(2));
	struct pusher pushers[2];
	pthread_t push[2];
	struct sink to;
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		int vec = new_vector();

		context("%s", kinds[i]->name);
		check_eq(MIB(2), sv_pull(vec, file, 0, SV_ALL, 0));
		sink_open(&to, kinds[i], SEED, 0, MIB(2));
		for (j = 0; j < 2; j++) {
			pushers[j] = (struct pusher){ vec, to.fd, j, true };
			push[j] = start(push_words, &pushers[j]);
		}
		for (j = 0; j < 2; j++)
			pthread_join(push[j], NULL);
		sink_close(&to);
		close(vec);
	}
	close(file);
}

static void *pull_words(void *arg)
{
	struct pusher *p = arg;
	int64_t n;

	do {
		n = sv_pull(p->vec, p->fd, SV_POSITION,
			    8 + next_random(&p->random) % 3000 * 8, 0);
	} while (n > 0);
	check_eq(0, n);
	return NULL;
}

TEST_F(threads, pullers_at_one_file_position_share_each_byte_once)
{
	int file = numbered_file(MIB(2) / 8);
	struct pusher pullers[4];
	pthread_t pull[4];
	size_t i;

	tally_begin(MIB(2) / 8);
	for (i = 0; i < 4; i++) {
		pullers[i] = (struct pusher){ new_vector(), file, i, true };
		pull[i] = start(pull_words, &pullers[i]);
	}
	for (i = 0; i < 4; i++)
		pthread_join(pull[i], NULL);
	for (i = 0; i < 4; i++)
		push_words_to_memory(&pullers[i]);
	tally_end();
}

/* One vector, whose positions are those of the file it is filled from. */
static struct {
	int vec;
	int file;
	size_t size;
	atomic_bool filled;
	atomic_uint windows;
	atomic_uint stale;
} shared;

static void *fill_shared(void *arg)
{
	uint64_t done = 0;
	int64_t n;

	(void)arg;
	while (done < shared.size) {
		n = sv_pull(shared.vec, shared.file, SV_POSITION, 50000, 0);
		if (!check(n > 0, "pull: %s", result_name(n)))
			break;
		done += n;
	}
	atomic_store(&shared.filled, true);
	return NULL;
}

/* Consume, but slowly: the windows shall find something. */
static void *consume_shared(void *arg)
{
	char buf[20000];
	uint64_t done = 0;
	int64_t n;

	(void)arg;
	while (done < shared.size && !failures()) {
		n = sv_push_mem(shared.vec, buf, sizeof(buf), 0);
		if (!check(n >= 0, "push: %s", result_name(n)))
			break;
		check_eq(-1, pattern_check(buf, SEED, done, n));
		done += n;
		usleep(1000);
	}
	check_eq(shared.size, done);
	return NULL;
}

static bool was_consumed(uint64_t start)
{
	struct splicevec_info info;

	must_sv(sv_info(shared.vec, &info));
	return info.head > start;
}

/* Push a window over a socket of one's own, and read it back. */
static void window(int fds[2], uint64_t start, size_t len)
{
	char buf[KIB(32)];
	int64_t n;

	n = sv_push_window(shared.vec, fds[0], SV_POSITION, start, len, 0);
	if (n == -ESTALE) {
		check(was_consumed(start), "ESTALE at %llu, still held",
		      (unsigned long long)start);
		atomic_fetch_add(&shared.stale, 1);
		return;
	}
	if (!check(n >= 0 && n <= (int64_t)len, "window: %s", result_name(n)))
		return;
	read_all(fds[1], buf, n);
	check_eq(-1, pattern_check(buf, SEED, start, n));
	atomic_fetch_add(&shared.windows, n > 0);
}

static void *push_windows(void *arg)
{
	unsigned int random = *(unsigned int *)arg;
	struct splicevec_info info;
	uint64_t start, back, len;
	int fds[2];

	stream_pair(random % 2 ? UNIX : TCP4, fds);
	/* with a failure the consumer stops, and the vector stays full */
	while (!failures()) {
		must_sv(sv_info(shared.vec, &info));
		if (atomic_load(&shared.filled) && info.head == info.tail)
			break;
		/* some begin before the head, where they may come too late */
		back = next_random(&random) % 10000;
		start = info.head + next_random(&random) % 60000;
		start = start > back ? start - back : 0;
		len = 1 + next_random(&random) % KIB(32);
		window(fds, start, len);
	}
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

TEST_F(threads, eight_windows_beside_pulls_and_a_consumer_are_exact_or_estale)
{
	unsigned int seeds[8];
	pthread_t threads[10];
	size_t i;

	shared.size = MIB(3);
	shared.vec = new_vector();
	shared.file = pattern_file(EXT4, SEED, shared.size);
	for (i = 0; i < 8; i++) {
		seeds[i] = i;
		threads[i] = start(push_windows, &seeds[i]);
	}
	threads[8] = start(consume_shared, NULL);
	threads[9] = start(fill_shared, NULL);
	for (i = 0; i < 10; i++)
		pthread_join(threads[i], NULL);
	TH_LOG("%u windows, %u stale", shared.windows, shared.stale);
	check(shared.windows > 20, "only %u windows", shared.windows);
	close(shared.vec);
	close(shared.file);
}

struct shuttle {
	int from;
	int to;
};

static void *shuttle(void *arg)
{
	struct shuttle *s = arg;
	int64_t n;
	int i;

	for (i = 0; i < 2000; i++) {
		n = sv_push(s->from, s->to, SV_POSITION, 1 + i % 9999, 0);
		check(n >= 0, "push: %s", result_name(n));
		n = sv_pull(s->to, s->from, SV_POSITION, 1, 0);
		check(n >= 0, "pull: %s", result_name(n));
		if (n > 0)
			n = sv_drop(s->to, 1);
		check(n >= 0, "drop: %s", result_name(n));
	}
	return NULL;
}

TEST_F(threads, vectors_pushed_into_each_other_do_not_lock_each_other)
{
	int a = new_vector(), b = new_vector();
	struct shuttle there = { a, b }, back = { b, a };
	int file = pattern_file(TMPFS, SEED, MIB(1));
	pthread_t threads[4];
	size_t i;

	check_eq(MIB(1), sv_pull(a, file, 0, SV_ALL, 0));
	check_eq(MIB(1), sv_pull(b, file, 0, SV_ALL, 0));
	for (i = 0; i < 4; i++)
		threads[i] = start(shuttle, i % 2 ? &there : &back);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	close(a);
	close(b);
	close(file);
}

static int receive_fd(int sock)
{
	char buf[2], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { buf, 2 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	must(recvmsg(sock, &msg, 0));
	if (!CMSG_FIRSTHDR(&msg))
		die("no fd came");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static bool push_received(void *arg)
{
	char buf[5000];
	int vec = receive_fd(*(int *)arg);

	check_eq(5000, sv_push_mem(vec, buf, 5000, 0));
	check_eq(-1, pattern_check(buf, SEED, 0, 5000));
	return true;
}

TEST_F(threads, vector_passed_over_a_unix_socket_is_the_same_vector)
{
	int vec = new_vector(), file = pattern_file(EXT4, SEED, 9000), fds[2];
	struct splicevec_info info;

	stream_pair(UNIX, fds);
	check_eq(9000, sv_pull(vec, file, 0, SV_ALL, 0));
	send_with_fds(fds[0], "fd", 2, &vec, 1);
	check(in_child(push_received, &fds[1]), "the child failed");
	must_sv(sv_info(vec, &info));
	check_eq(5000, info.head);
	check_eq(9000, info.tail);
	close(fds[0]);
	close(fds[1]);
	close(vec);
	close(file);
}

static bool pull_more(void *arg)
{
	int *fds = arg;

	check_eq(4000, sv_pull(fds[0], fds[1], 5000, SV_ALL, 0));
	check_eq(1000, sv_drop(fds[0], 1000));
	return true;
}

TEST_F(threads, vector_shared_by_fork_is_the_same_vector)
{
	int fds[2] = { new_vector(), pattern_file(EXT4, SEED, 9000) };
	char buf[9000];

	check_eq(5000, sv_pull(fds[0], fds[1], 0, 5000, 0));
	check(in_child(pull_more, fds), "the child failed");
	check_eq(8000, sv_push_mem(fds[0], buf, sizeof(buf), 0));
	check_eq(-1, pattern_check(buf, SEED, 1000, 8000));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(threads, vector_reopened_through_proc_is_a_new_empty_one)
{
	int vec = new_vector(), file = pattern_file(EXT4, SEED, 100), again;
	struct splicevec_info info;

	check_eq(100, sv_pull(vec, file, 0, SV_ALL, 0));
	again = reopen(vec, O_RDWR);
	must_sv(sv_info(again, &info));
	check_eq(0, info.tail);
	close(again);
	close(vec);
	close(file);
}

/* Sockets that hold each other are collected when a unix socket is closed. */
static void collect_sockets(void)
{
	int fds[2];

	stream_pair(UNIX, fds);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(threads, fds_in_circles_leak_nothing)
{
	int file = pattern_file(EXT4, SEED, 9000), fds[2], all[4], i;

	for (i = 0; i < 20; i++) {
		int vec = new_vector(), held = new_vector();

		stream_pair(UNIX, fds);
		check_eq(9000, sv_pull(vec, file, 0, SV_ALL, 0));
		all[0] = vec;
		all[1] = fds[0];
		all[2] = fds[1];
		all[3] = held;
		/* the queue holds the vectors and both ends of itself */
		send_with_fds(fds[0], "fd", 2, all, 4);
		send_with_fds(fds[0], "fd", 2, all, 4);
		/* a pull takes the bytes; the fds that came along are closed */
		if (i % 2)
			check_eq(2, sv_pull(vec, fds[1], SV_POSITION, 2, 0));
		if (i % 3)
			must_sv(sv_push(vec, fds[0], SV_POSITION, SV_ALL, 0));
		close(vec);
		close(held);
		close(fds[0]);
		close(fds[1]);
	}
	close(file);
	collect_sockets();
	ledger_settle(&self->before);
}

TEST_HARNESS_MAIN
