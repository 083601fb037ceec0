// SPDX-License-Identifier: GPL-2.0-only
/* Vectors that many append to and many push from. */
#include "stress_rivers.h"
#include "stress_jobs.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <splicevec.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORD	sizeof(uint64_t)

/* The most that is appended at once, and that is pushed. */
#define LOAD	KIB(48)
#define GULP	KIB(96)

/* Above that much nobody appends: memory is not what is tested here. */
#define HIGH	KIB(512)

/* Words of a rush, and bytes at which it stops for a moment. */
#define RUSH	8
#define RUSH_HIGH KIB(2)

/* Long enough to ask again whether it is over. */
#define NAP_MS	20

/* Appending: @n words that are in @buf. Return: bytes or a negative errno. */
static int64_t load_written(int vec, const uint64_t *buf, size_t n)
{
	return command(write_vector(vec, buf, n * WORD));
}

/* The pages are the vector's alone as soon as it has them. */
static int64_t load_pinned(int vec, const uint64_t *buf, size_t n)
{
	void *map = map_pages(LOAD);
	int64_t ret;

	memcpy(map, buf, n * WORD);
	ret = command(sv_pull_mem(vec, map, n * WORD, 0));
	unmap_pages(map, LOAD);
	return ret;
}

static int64_t load_copied(int vec, const uint64_t *buf, size_t n)
{
	return command(sv_pull_mem(vec, buf, n * WORD, SPLICEVEC_COPY));
}

/* Into a vector of one's own, which is emptied into the other at once. */
static int64_t load_moved(int vec, const uint64_t *buf, size_t n)
{
	int own = new_vector();
	int64_t ret;

	ret = persist(write_vector(own, buf, n * WORD));
	if (ret > 0)
		ret = command(sv_push(own, vec, SV_POSITION, ret, 0));
	close(own);
	return ret;
}

static int64_t load_shared(int vec, const uint64_t *buf, size_t n)
{
	int own = new_vector();
	int64_t ret;

	ret = persist(write_vector(own, buf, n * WORD));
	if (ret > 0)
		ret = command(sv_pull(vec, own, SV_POSITION, ret, 0));
	close(own);
	return ret;
}

static int64_t load_piped(int vec, const uint64_t *buf, size_t n)
{
	int64_t ret;
	int ends[2];

	must(pipe2(ends, O_CLOEXEC));
	write_all(ends[1], buf, n * WORD);
	ret = command(sv_pull(vec, ends[0], SV_POSITION, n * WORD, 0));
	close(ends[0]);
	close(ends[1]);
	return ret;
}

static int64_t load_file(int vec, const uint64_t *buf, size_t n)
{
	int fd = new_file(TMPFS, O_RDWR);
	int64_t ret;

	write_all(fd, buf, n * WORD);
	ret = command(sv_pull(vec, fd, 0, n * WORD, 0));
	close(fd);
	return ret;
}

static int64_t (*const loads[])(int vec, const uint64_t *buf, size_t n) = {
	load_written, load_pinned, load_copied, load_moved, load_shared,
	load_piped, load_file,
};

static uint64_t held(const struct river *river)
{
	struct splicevec_info info;

	must_sv(sv_info(river->vec, &info));
	return info.tail - info.head;
}

static void append(struct boat *boat, unsigned int r)
{
	size_t n = (chance_len(boat->hand, LOAD) + WORD - 1) / WORD;
	struct stream *stream = &boat->streams[r];
	int64_t ret;

	if (held(&boat->rivers[r]) > HIGH)
		return;
	stream_words(stream, boat->buf, n);
	ret = loads[chance(boat->hand, ARRAY_LEN(loads))](boat->rivers[r].vec,
							  boat->buf, n);
	if (check(ret >= 0 || excused(ret), "append: %s", result_name(ret)) &&
	    ret > 0 && check(!(ret % WORD), "append: %lld bytes", (long long)ret))
		stream_appended(stream, ret / WORD);
}

/*
 * What was prepared, and its CQE, which says what the command's struct does: @pushed.
 * Where no thread can be had it is given up, with a part of it done perhaps.
 */
static void by_ring(struct boat *boat, const char *name, const __u64 *pushed)
{
	int res;

	frail_ring_submit(&boat->frail);
	res = ring_result(&boat->frail.ring, 0);
	frail_ring_told(&boat->frail, res);
	if (res >= 0)
		check_eq(*pushed, res);
	else
		check(excused_request(res), "by a ring to %s: %s", name,
		      result_name(res));
}

static void push_by_ring(struct boat *boat, unsigned int r)
{
	const struct river *river = &boat->rivers[r];
	struct splicevec_push cmd = {
		.fd = river->sink,
		.offset = SV_POSITION,
		.len = chance_len(boat->hand, GULP),
	};

	if (!frail_ring_open(&boat->frail))
		return;
	ring_push(&boat->frail.ring, river->vec, &cmd, 0, 0);
	by_ring(boat, river->name, &cmd.bytes);
	check(cmd.bytes <= cmd.len, "too many bytes");
}

static void push(struct boat *boat, unsigned int r)
{
	const struct river *river = &boat->rivers[r];
	unsigned int flags = chance(boat->hand, 3) ? 0 : SPLICEVEC_NONBLOCK;
	size_t len = chance_len(boat->hand, GULP);
	int64_t ret;

	ret = command(sv_push(river->vec, river->sink, SV_POSITION, len, flags));
	check(ret >= 0 || excused(ret) || (flags && ret == -EAGAIN),
	      "push to %s: %s", river->name, result_name(ret));
}

/* As a push; nothing is pulled, because the source is empty. */
static struct splicevec_splice new_splice(const struct river *river)
{
	return (struct splicevec_splice){
		.in = new_file(TMPFS, O_RDWR),
		.out = river->sink,
		.in_offset = SV_POSITION,
		.out_offset = SV_POSITION,
		.len = 1,
	};
}

static void splice_on(struct boat *boat, unsigned int r)
{
	const struct river *river = &boat->rivers[r];
	struct splicevec_splice cmd = new_splice(river);
	int ret = command(sv_cmd_splice(river->vec, &cmd));

	check(!ret || excused(ret), "splice to %s: %s", river->name,
	      result_name(ret));
	close(cmd.in);
}

static void splice_by_ring(struct boat *boat, unsigned int r)
{
	const struct river *river = &boat->rivers[r];
	struct splicevec_splice cmd;

	if (!frail_ring_open(&boat->frail))
		return;
	cmd = new_splice(river);
	ring_splice(&boat->frail.ring, river->vec, &cmd, 0, 0);
	by_ring(boat, river->name, &cmd.pushed);
	check_eq(0, cmd.pulled);
	close(cmd.in);
}

/* Some words that are held, or just were. Return: how many. */
static size_t choose_window(struct boat *boat, unsigned int r, size_t align,
			    uint64_t *start)
{
	struct splicevec_info info;
	uint64_t len;

	must_sv(sv_info(boat->rivers[r].vec, &info));
	*start = info.head + chance(boat->hand, GULP);
	*start = (*start + align - 1) / align * align;
	if (*start >= info.tail)
		return 0;
	len = (info.tail - *start) / align * align;
	return len < LOAD ? len : LOAD;
}

static void look_window(struct boat *boat, unsigned int r)
{
	uint64_t start;
	size_t len = choose_window(boat, r, WORD, &start);
	struct splicevec_push cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = SPLICEVEC_KEEP,
		.offset = SV_POSITION,
		.start = start,
		.len = len,
		.addr = (uintptr_t)boat->buf,
	};
	int ret;

	if (!len)
		return;
	ret = command(sv_cmd_push(boat->rivers[r].vec, &cmd));
	if (ret == -ESTALE || excused(ret))
		return;
	if (check(!ret, "window: %s", result_name(ret)) &&
	    check(cmd.bytes == len || boat->rivers[r].swapped,
		  "a window of %zu bytes has %llu", len,
		  (unsigned long long)cmd.bytes))
		seer_look(&boat->seers[r], boat->buf, cmd.bytes / WORD);
}

/* Read again what was read, as others push it on meanwhile. */
static void look_mapping(struct boat *boat, unsigned int r)
{
	uint64_t start;
	size_t len = choose_window(boat, r, PAGE, &start);
	void *map;

	if (!len)
		return;
	faults_on();
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, boat->rivers[r].vec, start);
	faults_off();
	if (map == MAP_FAILED) {
		check(errno == ESTALE || excused(-errno) ||
		      (errno == EINVAL && boat->rivers[r].swapped),
		      "mmap: %s", errno_name(errno));
		return;
	}
	touch_mapping(map, len);
	if (seer_look(&boat->seers[r], map, len / WORD)) {
		usleep(chance(boat->hand, 2000));
		seer_look(&boat->seers[r], map, len / WORD);
	}
	unmap_pages(map, len);
}

/* A vector of some of the words, which lasts longer than they are here. */
static void look_slice(struct boat *boat, unsigned int r)
{
	uint64_t start;
	size_t len = choose_window(boat, r, WORD, &start);
	int64_t vec, ret;

	if (!len)
		return;
	vec = command(sv_sub(boat->rivers[r].vec, start, len));
	if (vec == -ESTALE || excused(vec))
		return;
	if (!check(vec >= 0, "sub: %s", result_name(vec)))
		return;
	usleep(chance(boat->hand, 2000));
	ret = persist(sv_push_mem(vec, boat->buf, len, 0));
	if (check(ret == (int64_t)len || (ret >= 0 && boat->rivers[r].swapped),
		  "a slice of %zu bytes has %s", len, result_name(ret)))
		seer_look(&boat->seers[r], boat->buf, ret / WORD);
	close(vec);
}

static void list_spans(struct boat *boat, unsigned int r)
{
	struct splicevec_span spans[32];
	int n, i;

	n = command(sv_spans(boat->rivers[r].vec, 0, spans, ARRAY_LEN(spans)));
	if (!check(n >= 0 || excused(n), "spans: %s", result_name(n)))
		return;
	for (i = 1; i < n; i++)
		if (!check_eq(spans[i - 1].offset + spans[i - 1].len,
			      spans[i].offset))
			break;
}

static void (*const steps[])(struct boat *boat, unsigned int r) = {
	append, append, append, append, push, push, push, push_by_ring,
	splice_on, splice_by_ring, look_window, look_window, look_mapping,
	look_slice, list_spans,
};

void boat_step(struct boat *boat)
{
	steps[chance(boat->hand, ARRAY_LEN(steps))](boat,
						    chance(boat->hand, RIVERS));
}

void boat_begin(struct boat *boat, struct hand *hand, struct river *rivers)
{
	unsigned int r;

	*boat = (struct boat){
		.hand = hand,
		.rivers = rivers,
		.buf = present_pages(GULP),
	};
	for (r = 0; r < RIVERS; r++) {
		boat->streams[r] = stream_new(rivers[r].tracks);
		seer_begin(&boat->seers[r], rivers[r].tracks, false);
	}
}

void boat_end(struct boat *boat)
{
	unsigned int r;

	for (r = 0; r < RIVERS; r++)
		seer_end(&boat->seers[r]);
	unmap_pages(boat->buf, GULP);
	frail_ring_end(&boat->frail);
}

void sail(struct hand *hand)
{
	struct scene *scene = hand->arg;
	struct boat boat;

	boat_begin(&boat, hand, scene->rivers);
	while (crew_goes_on(hand))
		boat_step(&boat);
	boat_end(&boat);
}

/* Words at the head, where others consume. */
static void rush_look(struct boat *boat, unsigned int r)
{
	int64_t n = command(sv_push_mem(boat->rivers[r].vec, boat->buf,
					WORD * RUSH, SPLICEVEC_KEEP));

	if (check(n >= 0 || excused(n), "window: %s", result_name(n)) && n > 0)
		seer_look(&boat->seers[r], boat->buf, n / WORD);
}

static void rush_push(struct boat *boat, unsigned int r)
{
	const struct river *river = &boat->rivers[r];
	size_t len = WORD * (1 + chance(boat->hand, RUSH));
	int64_t n = command(sv_push(river->vec, river->sink, SV_POSITION, len, 0));

	check(n >= 0 || excused(n), "push: %s", result_name(n));
}

static void rush_append(struct boat *boat, unsigned int r)
{
	const struct river *river = &boat->rivers[r];
	size_t n = 1 + chance(boat->hand, RUSH);
	int64_t ret;

	stream_words(&boat->streams[r], boat->buf, n);
	ret = command(write_vector(river->vec, boat->buf, n * WORD));
	if (check(ret >= 0 || excused(ret), "append: %s", result_name(ret)) &&
	    ret > 0)
		stream_appended(&boat->streams[r], ret / WORD);
	/* it stays short, so that both ends are near each other */
	while (held(river) > RUSH_HIGH && !crew_over())
		sched_yield();
}

static void (*const rushes[])(struct boat *boat, unsigned int r) = {
	rush_append, rush_push, rush_look, rush_append, rush_push,
};

void rush(struct hand *hand)
{
	struct scene *scene = hand->arg;
	unsigned int role = hand->number % ARRAY_LEN(rushes);
	struct boat boat;

	boat_begin(&boat, hand, scene->rivers);
	while (crew_goes_on(hand))
		rushes[role](&boat, RIVERS - 1);
	boat_end(&boat);
}

/* Of a vector: what is there; it does not end. */
static ssize_t drain_vector(struct river *river, void *buf, size_t len)
{
	struct pollfd there = { .fd = river->mouth, .events = POLLIN };
	ssize_t n;

	do {
		bool dry = river->dry;

		n = must(read(river->mouth, buf, len));
		if (n || dry)
			return n;
		poll(&there, 1, NAP_MS);
	} while (true);
}

static void *drain(void *arg)
{
	struct river *river = arg;
	char *buf = map_pages(KIB(64));
	size_t fill = 0;
	ssize_t n;

	for (;;) {
		if (river->vector)
			n = drain_vector(river, buf + fill, KIB(64) - fill);
		else
			n = must(read(river->mouth, buf + fill, KIB(64) - fill));
		if (!n)
			break;
		fill += n;
		/* after the first failure all is only drained */
		if (!failures())
			seer_take(&river->seer, (uint64_t *)buf, fill / WORD);
		memmove(buf, buf + fill / WORD * WORD, fill % WORD);
		fill %= WORD;
	}
	if (!failures())
		check_eq(0, fill);
	unmap_pages(buf, KIB(64));
	return NULL;
}

static void open_sink(struct river *river, enum place place)
{
	int fds[2];

	if (place == ANYWHERE) {
		must(pipe2(fds, O_CLOEXEC));
		river->mouth = fds[0];
		river->sink = fds[1];
	} else if (river->vector) {
		river->sink = new_vector();
		river->mouth = river->sink;
	} else {
		stream_pair(place, fds);
		river->sink = fds[0];
		river->mouth = fds[1];
	}
}

struct river *rivers_open(void)
{
	static const struct {
		const char *name;
		enum place place;
		bool vector;
	} kinds[RIVERS] = {
		{ "TCP", TCP4, false },
		{ "unix stream", UNIX, false },
		{ "pipe", ANYWHERE, false },
		{ "vector", TMPFS, true },
	};
	static struct river rivers[RIVERS];
	unsigned int r;

	for (r = 0; r < RIVERS; r++) {
		struct river *river = &rivers[r];

		*river = (struct river){
			.name = kinds[r].name,
			.vec = new_vector(),
			.vector = kinds[r].vector,
			.tracks = tracks_new(),
		};
		open_sink(river, kinds[r].place);
		seer_begin(&river->seer, river->tracks, true);
		if (pthread_create(&river->drain, NULL, drain, river))
			die("no thread");
	}
	return rivers;
}

bool rivers_have_room(const struct river *rivers)
{
	unsigned int r;

	for (r = 0; r < RIVERS; r++)
		if (!streams_left(rivers[r].tracks))
			return false;
	return true;
}

/* What is left; nobody else is at work. */
static void run_dry(struct river *river)
{
	while (held(river) && !failures())
		must_sv(sv_push(river->vec, river->sink, SV_POSITION, SV_ALL, 0));
	river->dry = true;
	if (!river->vector)
		shutdown(river->sink, SHUT_WR);
	if (river->sink != river->mouth)
		close(river->sink);
}

void rivers_close(struct river *rivers)
{
	unsigned int r;

	for (r = 0; r < RIVERS; r++) {
		struct river *river = &rivers[r];

		context("%s", river->name);
		run_dry(river);
		pthread_join(river->drain, NULL);
		seer_end(&river->seer);
		/* after a failure it was drained, but not looked at */
		if (!failures())
			tracks_check(river->tracks);
		tracks_free(river->tracks);
		close(river->mouth);
		close(river->vec);
	}
	context("%s", "");
}
