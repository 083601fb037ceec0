// SPDX-License-Identifier: GPL-2.0-only
/* Vectors of one's own, of which each byte is known whatever becomes of them. */
#include "lender.h"
#include "stress_extents.h"
#include "stress_flights.h"
#include "stress_jobs.h"

#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HELD	4
#define SHOWN	3

/* Bytes that a vector can come to hold. */
#define MOST	(EXTENTS * PIECE)

struct held {
	int vec;
	struct extents e;
	unsigned int strict;	/* pushes so far */
	unsigned int reaped;	/* records of them */
};

/* Seconds in which the record of what has been read must be there. */
#define LATE	8

/* A mapping, and what it has to show. */
struct shown {
	char *map;
	uint64_t start;
	size_t len;
	struct extents e;
};

struct juggler {
	struct hand *hand;
	struct file *files;
	int lender;		/* -1: there is none */
	uint64_t seed;		/* of its pattern */
	uint64_t pos;		/* what is next of it */
	char *buf;
	int file;		/* to push to */
	struct held held[HELD];
	struct shown shown[SHOWN];
	struct flights flights;
};

static struct held *some(struct juggler *j)
{
	return &j->held[chance(j->hand, HELD)];
}

static size_t held_len(const struct held *h)
{
	return h->e.tail - h->e.head;
}

/* Did it work? If not, there must be an excuse. */
static bool worked(int64_t ret, const char *what)
{
	return check(ret >= 0 || excused(ret), "%s: %s", what, result_name(ret)) &&
	       ret >= 0;
}

static bool full(const struct held *h)
{
	return extents_full(&h->e, 2);
}

static void renew(struct held *h, int vec)
{
	close(h->vec);
	h->vec = vec;
	h->strict = 0;
	h->reaped = 0;
	memset(&h->e, 0, offsetof(struct extents, list));
}

/*
 * What is lazy and was truncated or overwritten on the disk before it could be read
 * is lost, and the vector of no use. Return: true if that is so.
 */
static bool unread(struct held *h, int64_t ret)
{
	if (ret != -EIO || !extents_lazy(&h->e))
		return false;
	renew(h, new_vector());
	return true;
}

static void pull_file(struct juggler *j)
{
	static const unsigned int ways[] = {
		0, 0, 0, SPLICEVEC_COPY, SPLICEVEC_UNCACHED, SPLICEVEC_LAZY,
		SPLICEVEC_NONBLOCK,
	};
	unsigned int flags = ways[chance(j->hand, ARRAY_LEN(ways))];
	const struct file *file = &j->files[chance(j->hand, FILES)];
	size_t at = chance(j->hand, FILE_SIZE), from = at / PAGE * PAGE;
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	struct extent extent;
	int64_t ret;

	if (full(h))
		return;
	if (len > FILE_SIZE - at)
		len = FILE_SIZE - at;
	page_out_some(j->hand, file->map + from, at + len - from);
	extent = extent_of_file(file, at, len);
	ret = command(sv_pull(h->vec, file->fd, at, len, flags));
	if (ret == -EOPNOTSUPP && file->place == TMPFS &&
	    flags & (SPLICEVEC_UNCACHED | SPLICEVEC_LAZY))
		return;
	/* the kernel does not read past the cache what a store is about to change */
	if (ret == -EIO && flags & SPLICEVEC_UNCACHED)
		return;
	if (!worked(ret, "pull of a file"))
		return;
	check(ret <= (int64_t)len, "%lld of %zu bytes", (long long)ret, len);
	extent.lazy = flags & SPLICEVEC_LAZY;
	extents_append(&h->e, &extent, ret);
}

static void came(struct juggler *j, struct held *h, size_t len, int64_t ret)
{
	if (worked(ret, "pull") && check(ret <= (int64_t)len,
					 "%lld of %zu bytes", (long long)ret, len))
		extents_append_pattern(&h->e, j->seed, j->pos, ret);
	j->pos += len;
}

/* Pinned, and forgotten at once. */
static void pull_memory(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE), skip = chance(j->hand, PAGE);
	size_t room = PIECE + PAGE;
	struct held *h = some(j);
	char *map;
	int64_t ret;

	if (full(h))
		return;
	map = map_pages(room);
	pattern_fill(map + skip, j->seed, j->pos, len);
	page_out_some(j->hand, map, room);
	ret = command(sv_pull_mem(h->vec, map + skip, len, 0));
	page_out_some(j->hand, map, room);
	unmap_pages(map, room);
	came(j, h, len, ret);
}

/* Somebody else's, who wants it back; he may find no pages that lie side by side. */
static void pull_lent(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE), skip = chance(j->hand, PAGE);
	enum lender_sort sort = chance(j->hand, LENDER_SORTS);
	struct held *h = some(j);
	int64_t ret;

	if (j->lender < 0 || full(h))
		return;
	pattern_fill(j->buf, j->seed, j->pos, len);
	ret = command(lender_lend(j->lender, h->vec, sort, j->buf, len, skip));
	if (ret != -ENOMEM || (sort != LENDER_RUN && sort != LENDER_COMPOUND))
		came(j, h, len, ret ?: (int64_t)len);
}

static void pull_written(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);

	if (full(h))
		return;
	pattern_fill(j->buf, j->seed, j->pos, len);
	came(j, h, len, command(write_vector(h->vec, j->buf, len)));
}

static void pull_stream(struct juggler *j)
{
	static const enum place places[] = { ANYWHERE, ANYWHERE, UNIX, TCP4 };
	enum place place = places[chance(j->hand, ARRAY_LEN(places))];
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	int fds[2], ends[2];

	if (full(h))
		return;
	if (place == ANYWHERE) {
		must(pipe2(ends, O_CLOEXEC));
		fds[0] = ends[1];
		fds[1] = ends[0];
	} else {
		stream_pair(place, fds);
	}
	pattern_fill(j->buf, j->seed, j->pos, len);
	write_all(fds[0], j->buf, len);
	came(j, h, len, command(sv_pull(h->vec, fds[1], SV_POSITION, len, 0)));
	close(fds[0]);
	close(fds[1]);
}

/* What came out of a vector, whose first bytes they were. */
static void went(struct juggler *j, struct held *h, int64_t ret, bool keep)
{
	if (unread(h, ret) || !worked(ret, "push") ||
	    !check(ret <= (int64_t)held_len(h), "%lld of %zu bytes",
		   (long long)ret, held_len(h)))
		return;
	extents_check(&h->e, h->e.head, j->buf, ret);
	if (!keep)
		extents_drop(&h->e, ret);
}

static void push_memory(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);

	if (chance(j->hand, 2))
		went(j, h, command(sv_push_mem(h->vec, j->buf, len, 0)), false);
	else
		went(j, h, command(read_vector(h->vec, j->buf, len)), false);
}

static void push_window(struct juggler *j)
{
	struct held *h = some(j);
	size_t len = held_len(h), skip = chance(j->hand, len + 1);
	struct splicevec_push cmd = {
		.fd = SPLICEVEC_FD_MEM,
		.flags = SPLICEVEC_KEEP,
		.offset = SV_POSITION,
		.start = h->e.head + skip,
		.len = chance(j->hand, len - skip + 1),
		.addr = (uintptr_t)j->buf,
	};
	int ret = command(sv_cmd_push(h->vec, &cmd));

	if (unread(h, ret) || !worked(ret, "window"))
		return;
	if (check(cmd.bytes <= cmd.len, "too many bytes"))
		extents_check(&h->e, cmd.start, j->buf, cmd.bytes);
}

static int64_t push(struct juggler *j, struct held *h, int fd, size_t len,
		    unsigned int flags)
{
	int64_t ret;

	if (chance(j->hand, 2))
		return command(sv_push(h->vec, fd, SV_POSITION, len, flags));
	ret = command(sv_push_strict(h->vec, fd, SV_POSITION, len, flags,
				     h->strict));
	h->strict += ret >= 0;
	return ret;
}

static void push_stream(struct juggler *j)
{
	static const enum place places[] = { ANYWHERE, UNIX, TCP4, NIC4 };
	enum place place = places[chance(j->hand, ARRAY_LEN(places))];
	unsigned int flags = SPLICEVEC_NONBLOCK;
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	int fds[2], ends[2];
	int64_t ret;

	if (place_missing(place))
		return;
	if (place == ANYWHERE) {
		must(pipe2(ends, O_CLOEXEC));
		fds[0] = ends[1];
		fds[1] = ends[0];
	} else {
		stream_pair(place, fds);
	}
	if (chance(j->hand, 2))
		flags |= SPLICEVEC_KEEP;
	ret = push(j, h, fds[0], len, flags);
	if (ret > 0)
		read_all(fds[1], j->buf, ret);
	/* what is lazy may still be on its way */
	if (ret != -EAGAIN)
		went(j, h, ret, flags & SPLICEVEC_KEEP);
	close(fds[0]);
	close(fds[1]);
}

static void push_file(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE), at = chance(j->hand, PIECE);
	struct held *h = some(j);
	int64_t ret = command(sv_push(h->vec, j->file, at, len, 0));

	if (ret > 0)
		check_eq(ret, pread(j->file, j->buf, ret, at));
	went(j, h, ret, false);
}

/* All that was pushed strictly has been read, or was nothing. */
static void reap(struct juggler *j)
{
	struct splicevec_completion records[4];
	struct held *h = some(j);
	unsigned int owed = h->strict - h->reaped;
	int i, n, min = 0;

	if (chance(j->hand, 2))
		min = owed < ARRAY_LEN(records) ? owed : ARRAY_LEN(records);
	n = command(sv_reap(h->vec, records, ARRAY_LEN(records), min,
			    LATE * slower() * 1000000000LL));
	if (!worked(n, "reap"))
		return;
	check(n >= min && (unsigned int)n <= owed,
	      "%d records, from %d to %u were to come", n, min, owed);
	for (i = 0; i < n; i++)
		check(!records[i].status && records[i].user_data < h->strict,
		      "record %llu of %u: %s",
		      (unsigned long long)records[i].user_data, h->strict,
		      result_name(records[i].status));
	h->reaped += n;
}

static void drop(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	int64_t ret = command(sv_drop(h->vec, len));

	if (worked(ret, "drop"))
		extents_drop(&h->e, ret);
}

static void slice(struct juggler *j)
{
	struct held *from = some(j), *to = some(j);
	size_t len = held_len(from), skip = chance(j->hand, len + 1);
	uint64_t start = from->e.head + skip;
	int64_t vec;

	if (from == to)
		return;
	len = chance(j->hand, len - skip + 1);
	vec = command(sv_sub(from->vec, start, len));
	if (!worked(vec, "sub"))
		return;
	renew(to, vec);
	extents_copy(&to->e, &from->e, start, len);
}

static void split(struct juggler *j)
{
	struct held *from = some(j), *to = some(j);
	size_t len = chance(j->hand, held_len(from) + 1);
	struct splicevec_info info;
	int64_t vec;

	if (from == to)
		return;
	vec = command(sv_split(from->vec, len));
	if (!worked(vec, "split"))
		return;
	must_sv(sv_info(vec, &info));
	check(info.tail == len || (crew->faults && info.tail < len),
	      "%zu bytes were to be split off and %llu were", len,
	      (unsigned long long)info.tail);
	len = info.tail;
	renew(to, vec);
	extents_copy(&to->e, &from->e, from->e.head, len);
	extents_drop(&from->e, len);
}

static void move(struct juggler *j)
{
	struct held *from = some(j), *to = some(j);
	size_t len = chance(j->hand, held_len(from) + 1);
	int64_t ret;

	if (from == to || extents_full(&to->e, from->e.nr))
		return;
	ret = command(sv_push(from->vec, to->vec, SV_POSITION, len, 0));
	if (!worked(ret, "push to a vector") ||
	    !check(ret <= (int64_t)len, "%lld of %zu bytes", (long long)ret, len))
		return;
	extents_copy(&to->e, &from->e, from->e.head, ret);
	extents_drop(&from->e, ret);
}

static void concat(struct juggler *j)
{
	struct held *from = some(j), *to = some(j);
	struct extents copy = from->e;
	int64_t ret;

	if (extents_full(&to->e, from->e.nr))
		return;
	ret = command(sv_concat(to->vec, from->vec));
	if (worked(ret, "concat"))
		extents_copy(&to->e, &copy, copy.head, ret);
}

static void look_at(void *arg)
{
	const struct shown *s = arg;
	size_t pages = (s->len + PAGE - 1) / PAGE * PAGE, i;

	touch_mapping(s->map, s->len);
	extents_check(&s->e, s->start, s->map, s->len);
	for (i = s->len; i < pages; i++)
		if (!check(!s->map[i], "byte %zu after the end", i - s->len))
			return;
}

static void look_too(void *arg)
{
	look_at(arg);
	faults_forget();
}

/* Several at once: they fault on the same pages. */
static void look(struct juggler *j, struct shown *s)
{
	struct worker workers[2];
	unsigned int n = chance(j->hand, 3), i;

	for (i = 0; i < n; i++)
		worker_start(&workers[i], look_too, s);
	look_at(s);
	for (i = 0; i < n; i++)
		worker_finish(&workers[i]);
}

static void unshow(struct shown *s)
{
	if (s->map)
		unmap_pages(s->map, (s->len + PAGE - 1) / PAGE * PAGE);
	s->map = NULL;
}

/* A mapping has no better way to say that something cannot be read than SIGBUS. */
static bool all_read(struct juggler *j, struct held *h)
{
	int64_t ret;

	if (!extents_lazy(&h->e))
		return true;
	ret = command(sv_push_mem(h->vec, j->buf, MOST, SPLICEVEC_KEEP));
	if (unread(h, ret) || !worked(ret, "push"))
		return false;
	return ret == (int64_t)held_len(h);
}

static void show(struct juggler *j)
{
	struct shown *s = &j->shown[chance(j->hand, SHOWN)];
	struct held *h = some(j);
	uint64_t start = (h->e.head + PAGE - 1) / PAGE * PAGE;
	size_t len = 1 + chance(j->hand, PIECE);
	void *map;

	/* what is shown outlives its vector, mostly */
	if (s->map) {
		look(j, s);
		if (!chance(j->hand, 4))
			unshow(s);
		return;
	}
	if (start >= h->e.tail || !all_read(j, h))
		return;
	if (len > h->e.tail - start)
		len = h->e.tail - start;
	else
		len = (len + PAGE - 1) / PAGE * PAGE;
	if (len > h->e.tail - start)
		len = h->e.tail - start;
	faults_on();
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, h->vec, start);
	faults_off();
	if (map == MAP_FAILED) {
		worked(-errno, "mmap");
		return;
	}
	*s = (struct shown){ .map = map, .start = start, .len = len, .e = h->e };
	if (chance(j->hand, 2))
		look(j, s);
}

/* A part of a vector goes through the ring, as a vector of its own. */
static void fly(struct juggler *j)
{
	struct held *h = some(j);
	size_t len = held_len(h), skip = chance(j->hand, len + 1);
	struct extents e = {};
	int64_t vec;

	len = chance(j->hand, len - skip + 1);
	if (!len || extents_lazy(&h->e) || !flights_have_room(&j->flights))
		return;
	vec = command(sv_sub(h->vec, h->e.head + skip, len));
	if (!worked(vec, "sub"))
		return;
	extents_copy(&e, &h->e, h->e.head + skip, len);
	flight_start(&j->flights, vec, &e);
}

static void land(struct juggler *j)
{
	if (chance(j->hand, 4))
		flight_land(&j->flights);
	else
		flight_call_off(&j->flights);
}

static void crash(struct juggler *j)
{
	if (!chance(j->hand, 4))
		flights_crash(&j->flights);
}

static void start_again(struct juggler *j)
{
	renew(some(j), new_vector());
}

static void compare_state(struct juggler *j)
{
	struct held *h = some(j);
	struct splicevec_info info;

	must_sv(sv_info(h->vec, &info));
	check_eq(h->e.head, info.head);
	check_eq(h->e.tail, info.tail);
}

static void (*const moves[])(struct juggler *j) = {
	pull_file, pull_file, pull_file, pull_memory, pull_lent, pull_lent,
	pull_written, pull_stream, push_memory, push_window, push_window,
	push_stream, push_stream, push_file, reap, drop, slice, split, move, concat,
	show, show, show, fly, fly, fly, land, land, crash, start_again,
	compare_state,
};

static void juggler_begin(struct juggler *j, struct hand *hand)
{
	struct scene *scene = hand->arg;
	unsigned int i;

	j->hand = hand;
	j->files = scene->files;
	j->lender = scene->lender;
	j->seed = chance(hand, 1 << 30);
	j->buf = present_pages(MOST);
	j->file = new_file(EXT4, O_RDWR);
	for (i = 0; i < HELD; i++)
		j->held[i].vec = new_vector();
	flights_begin(&j->flights, hand);
}

static void juggler_end(struct juggler *j)
{
	unsigned int i;

	flights_end(&j->flights);
	for (i = 0; i < SHOWN; i++) {
		if (j->shown[i].map)
			look(j, &j->shown[i]);
		unshow(&j->shown[i]);
	}
	for (i = 0; i < HELD; i++)
		close(j->held[i].vec);
	close(j->file);
	unmap_pages(j->buf, MOST);
	unmap_pages(j, sizeof(*j));
}

void juggle(struct hand *hand)
{
	struct juggler *j = map_pages(sizeof(*j));

	juggler_begin(j, hand);
	while (crew_goes_on(hand))
		moves[chance(hand, ARRAY_LEN(moves))](j);
	juggler_end(j);
}
