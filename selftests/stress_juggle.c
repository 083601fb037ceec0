// SPDX-License-Identifier: GPL-2.0-only
/* Vectors of one's own, of which each byte is known whatever becomes of them. */
#include "lender.h"
#include "stress_held.h"
#include "stress_jobs.h"

#include <fcntl.h>
#include <splicevec.h>
#include <unistd.h>

/* Bytes that a vector can come to hold. */
#define MOST	(EXTENTS * PIECE)

struct juggler {
	struct hand *hand;
	struct file *files;
	int lender;		/* -1: there is none */
	uint64_t seed;		/* of its pattern */
	uint64_t pos;		/* what is next of it */
	uint64_t asked;		/* records so far: the user_data of the last */
	char *buf;
	int file;		/* to push to */
	struct holdings own;
};

static struct held *some(struct juggler *j)
{
	return &j->own.held[chance(j->hand, HELD)];
}

/* Did it work? If not, there must be an excuse. */
static bool worked(int64_t ret, const char *what)
{
	return check(ret >= 0 || excused(ret), "%s: %s", what, result_name(ret)) &&
	       ret >= 0;
}

/*
 * What is lazy and was truncated or overwritten on the disk before it could be read
 * is lost, and the vector of no use. Return: true if that is so.
 */
static bool unread(struct juggler *j, struct held *h, int64_t ret)
{
	if (ret != -EIO || !extents_lazy(&h->e))
		return false;
	held_renew(&j->own, h, new_vector());
	return true;
}

/* What a pull with these flags is to be told by. */
static uint64_t notify_of(struct juggler *j, unsigned int flags)
{
	return flags & SPLICEVEC_NOTIFY ? ++j->asked : 0;
}

/* @fd may be SPLICEVEC_FD_MEM, with the memory at @addr. */
static int64_t pull(struct held *h, int fd, int64_t offset, const void *addr,
		    size_t len, unsigned int flags, uint64_t notify)
{
	struct splicevec_pull cmd = {
		.fd = fd,
		.flags = flags,
		.offset = offset,
		.len = len,
		.addr = (uintptr_t)addr,
		.user_data = notify,
	};
	int err = sv_cmd_pull(h->vec, &cmd);

	if (!err && notify)
		promised_add(&h->promised, SPLICEVEC_COMPLETION_NOTIFY, notify);
	return err ?: (int64_t)cmd.bytes;
}

static void pull_file(struct juggler *j)
{
	static const unsigned int ways[] = {
		0, 0, 0, SPLICEVEC_COPY, SPLICEVEC_UNCACHED, SPLICEVEC_LAZY,
		SPLICEVEC_NONBLOCK, SPLICEVEC_NOTIFY,
		SPLICEVEC_NOTIFY | SPLICEVEC_LAZY,
	};
	unsigned int flags = ways[chance(j->hand, ARRAY_LEN(ways))];
	const struct file *file = &j->files[chance(j->hand, FILES)];
	size_t at = chance(j->hand, FILE_SIZE), from = at / PAGE * PAGE;
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	struct extent extent;
	int64_t ret;

	if (held_full(h))
		return;
	if (len > FILE_SIZE - at)
		len = FILE_SIZE - at;
	page_out_some(j->hand, file->map + from, at + len - from);
	extent = extent_of_file(file, at, len);
	extent.notify = notify_of(j, flags);
	ret = command(pull(h, file->fd, at, NULL, len, flags, extent.notify));
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

/* The next of the pattern; @notify tells when its last user is gone. */
static void came(struct juggler *j, struct held *h, size_t len, int64_t ret,
		 uint64_t notify)
{
	struct extent extent = {
		.seed = j->seed,
		.at = j->pos,
		.notify = notify,
	};

	if (worked(ret, "pull") && check(ret <= (int64_t)len,
					 "%lld of %zu bytes", (long long)ret, len))
		extents_append(&h->e, &extent, ret);
	j->pos += len;
}

/* Pinned, and forgotten at once. */
static void pull_memory(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE), skip = chance(j->hand, PAGE);
	unsigned int flags = chance(j->hand, 2) ? SPLICEVEC_NOTIFY : 0;
	uint64_t notify = notify_of(j, flags);
	size_t room = PIECE + PAGE;
	struct held *h = some(j);
	char *map;
	int64_t ret;

	if (held_full(h))
		return;
	map = map_pages(room);
	pattern_fill(map + skip, j->seed, j->pos, len);
	page_out_some(j->hand, map, room);
	ret = command(pull(h, SPLICEVEC_FD_MEM, SV_POSITION, map + skip, len,
			   flags, notify));
	page_out_some(j->hand, map, room);
	unmap_pages(map, room);
	came(j, h, len, ret, notify);
}

/* Somebody else's, who wants it back; he may find no pages that lie side by side. */
static void pull_lent(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE), skip = chance(j->hand, PAGE);
	enum lender_sort sort = chance(j->hand, LENDER_SORTS);
	struct held *h = some(j);
	int64_t ret;

	if (j->lender < 0 || held_full(h))
		return;
	pattern_fill(j->buf, j->seed, j->pos, len);
	ret = command(lender_lend(j->lender, h->vec, sort, j->buf, len, skip));
	if (ret != -ENOMEM || (sort != LENDER_RUN && sort != LENDER_COMPOUND))
		came(j, h, len, ret ?: (int64_t)len, 0);
}

static void pull_written(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);

	if (held_full(h))
		return;
	pattern_fill(j->buf, j->seed, j->pos, len);
	came(j, h, len, command(write_vector(h->vec, j->buf, len)), 0);
}

static void pull_stream(struct juggler *j)
{
	static const enum place places[] = { ANYWHERE, ANYWHERE, UNIX, TCP4 };
	enum place place = places[chance(j->hand, ARRAY_LEN(places))];
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	int fds[2], ends[2];

	if (held_full(h))
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
	came(j, h, len, command(sv_pull(h->vec, fds[1], SV_POSITION, len, 0)), 0);
	close(fds[0]);
	close(fds[1]);
}

/* What came out of a vector, whose first bytes they were, was to be what @e says. */
static void went(struct juggler *j, struct held *h, const struct extents *e,
		 int64_t ret, bool keep)
{
	if (unread(j, h, ret) || !worked(ret, "push") ||
	    !check(ret <= (int64_t)held_len(h), "%lld of %zu bytes",
		   (long long)ret, held_len(h)))
		return;
	extents_check(e, e->head, j->buf, ret);
	if (!keep)
		extents_drop(&h->e, ret);
}

static void push_memory(struct juggler *j)
{
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	int64_t ret;

	if (chance(j->hand, 2))
		ret = command(sv_push_mem(h->vec, j->buf, len, 0));
	else
		ret = command(read_vector(h->vec, j->buf, len));
	went(j, h, &h->e, ret, false);
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

	if (unread(j, h, ret) || !worked(ret, "window"))
		return;
	if (check(cmd.bytes <= cmd.len, "too many bytes"))
		extents_check(&h->e, cmd.start, j->buf, cmd.bytes);
}

static int64_t push(struct juggler *j, struct held *h, int fd, size_t len,
		    unsigned int flags)
{
	uint64_t number = ++j->asked;
	int64_t ret;

	if (chance(j->hand, 2) || promised_full(&h->promised))
		return command(sv_push(h->vec, fd, SV_POSITION, len, flags));
	if (chance(j->hand, 2)) {
		flags |= SPLICEVEC_VERIFY;
		if (!(flags & SPLICEVEC_STABLE) && extents_change(&h->e))
			number |= MAY_CHANGE;
	}
	ret = command(sv_push_strict(h->vec, fd, SV_POSITION, len, flags,
				     number));
	if (ret >= 0)
		promised_add(&h->promised, SPLICEVEC_COMPLETION_PUSH, number);
	return ret;
}

static void push_stream(struct juggler *j)
{
	static const enum place places[] = { ANYWHERE, UNIX, TCP4, NIC4 };
	enum place place = places[chance(j->hand, ARRAY_LEN(places))];
	unsigned int flags = SPLICEVEC_NONBLOCK;
	size_t len = chance_len(j->hand, PIECE);
	struct held *h = some(j);
	struct extents e = h->e;
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
	if (chance(j->hand, 2))
		flags |= SPLICEVEC_STABLE;
	ret = push(j, h, fds[0], len, flags);
	if (flags & SPLICEVEC_STABLE) {
		extents_settle(&e);
		/* and others change it */
		usleep(chance(j->hand, 5000));
	}
	if (ret > 0)
		read_all(fds[1], j->buf, ret);
	/* what is lazy may still be on its way */
	if (ret != -EAGAIN)
		went(j, h, &e, ret, flags & SPLICEVEC_KEEP);
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
	went(j, h, &h->e, ret, false);
}

static void reap(struct juggler *j)
{
	struct held *h = some(j);

	if (chance(j->hand, 2))
		held_take_all_records(&j->own, h);
	else
		held_take_records(&j->own, h, 0);
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
	held_renew(&j->own, to, vec);
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
	held_renew(&j->own, to, vec);
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

/* A mapping has no better way to say that something cannot be read than SIGBUS. */
static bool all_read(struct juggler *j, struct held *h)
{
	int64_t ret;

	if (!extents_lazy(&h->e))
		return true;
	ret = command(sv_push_mem(h->vec, j->buf, MOST, SPLICEVEC_KEEP));
	if (unread(j, h, ret) || !worked(ret, "push"))
		return false;
	return ret == (int64_t)held_len(h);
}

static void show(struct juggler *j)
{
	struct shown *s = &j->own.shown[chance(j->hand, SHOWN)];
	struct held *h = some(j);
	uint64_t start = (h->e.head + PAGE - 1) / PAGE * PAGE;
	size_t len = 1 + chance(j->hand, PIECE);

	/* what is shown outlives its vector, mostly */
	if (s->map) {
		shown_look(s, j->hand);
		if (!chance(j->hand, 4))
			shown_end(s);
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
	if (worked(shown_begin(s, h->vec, start, len, &h->e), "mmap") &&
	    chance(j->hand, 2))
		shown_look(s, j->hand);
}

/* A part of a vector goes through the ring, as a vector of its own. */
static void fly(struct juggler *j)
{
	struct held *h = some(j);
	size_t len = held_len(h), skip = chance(j->hand, len + 1);
	struct extents e = {};
	int64_t vec;

	len = chance(j->hand, len - skip + 1);
	if (!len || extents_lazy(&h->e) || !flights_have_room(&j->own.flights))
		return;
	vec = command(sv_sub(h->vec, h->e.head + skip, len));
	if (!worked(vec, "sub"))
		return;
	extents_copy(&e, &h->e, h->e.head + skip, len);
	flight_start(&j->own.flights, vec, &e);
}

static void land(struct juggler *j)
{
	if (chance(j->hand, 4))
		flight_land(&j->own.flights);
	else
		flight_call_off(&j->own.flights);
}

static void crash(struct juggler *j)
{
	if (!chance(j->hand, 4))
		flights_crash(&j->own.flights);
}

static void start_again(struct juggler *j)
{
	held_renew(&j->own, some(j), new_vector());
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

	j->hand = hand;
	j->files = scene->files;
	j->lender = scene->lender;
	j->seed = chance(hand, 1 << 30);
	j->buf = present_pages(MOST);
	j->file = new_file(EXT4, O_RDWR);
	holdings_begin(&j->own, hand);
}

static void juggler_end(struct juggler *j)
{
	holdings_end(&j->own);
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
