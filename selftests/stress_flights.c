// SPDX-License-Identifier: GPL-2.0-only
/* Strict pushes through a ring, and what becomes of them. */
#include "stress_flights.h"
#include "stress_faults.h"
#include "stress_records.h"

#include <fcntl.h>
#include <poll.h>
#include <splicevec.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of CQEs of pulls: the flight's number is added. And of those that are no flight's. */
#define PULLED		FLIGHTS
#define CALLED_OFF	(2 * FLIGHTS)

/* Seconds in which what has been read has its CQE, or its record. */
#define LATE	60

void flights_begin(struct flights *all, struct hand *hand)
{
	int vec = new_vector();

	all->hand = hand;
	all->told = ring_tells_strict(vec);
	all->buf = present_pages(FLIGHT_MOST);
	all->nothing = must(open("/dev/null", O_RDWR | O_CLOEXEC));
	close(vec);
}

bool flights_have_room(const struct flights *all)
{
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (!all->list[i].there)
			return true;
	return false;
}

static struct flight *find(struct flights *all, bool there)
{
	unsigned int first = chance(all->hand, FLIGHTS), i;

	for (i = 0; i < FLIGHTS; i++) {
		struct flight *flight = &all->list[(first + i) % FLIGHTS];

		if (flight->there == there)
			return flight;
	}
	return NULL;
}

/* Return: is it a pipe? */
static bool open_sink(struct flights *all, int fds[2])
{
	static const enum place places[] = { ANYWHERE, TCP4, NIC4, TCP4, UNIX };
	enum place place = places[chance(all->hand, ARRAY_LEN(places))];
	bool pipe = place == ANYWHERE || place_missing(place);
	int ends[2];

	if (pipe) {
		must(pipe2(ends, O_CLOEXEC));
		fds[0] = ends[1];
		fds[1] = ends[0];
	} else {
		stream_pair(place, fds);
	}
	/* it is read while there is more to do than to wait for it */
	must(fcntl(fds[1], F_SETFL, fcntl(fds[1], F_GETFL) | O_NONBLOCK));
	return pipe;
}

/*
 * A struct is io_uring's until its CQE is there, which of a ring that was closed is
 * never known: so each has its own, and such a one is left where it is.
 */
static void *new_struct(size_t size)
{
	void *cmd = calloc(1, size);

	if (!cmd)
		die("no memory");
	return cmd;
}

static struct splicevec_push *new_command(struct flights *all, int fd, size_t len)
{
	struct splicevec_push *cmd = new_struct(sizeof(*cmd));

	*cmd = (struct splicevec_push){
		.fd = fd,
		.flags = SPLICEVEC_STRICT,
		.offset = SV_POSITION,
		.len = 1 + chance(all->hand, len),
		.user_data = chance(all->hand, 1000),
	};
	if (!chance(all->hand, 3))
		cmd->flags |= SPLICEVEC_KEEP;
	if (!chance(all->hand, 4))
		cmd->flags |= SPLICEVEC_NONBLOCK;
	if (!chance(all->hand, 3))
		cmd->flags |= SPLICEVEC_STABLE;
	if (!chance(all->hand, 3))
		cmd->flags |= SPLICEVEC_VERIFY;
	return cmd;
}

static bool pull_failed(const struct flight *flight)
{
	return flight->pull && flight->pull_res < 0;
}

/* A pipe has let go of nothing that nobody has read. */
static void arrived(struct flights *all, struct flight *flight, int res)
{
	flight->res = res;
	flight->done = true;
	if (!flight->called_off && !pull_failed(flight))
		frail_ring_told(&all->frail, res);
	if (all->told && flight->pipe && res > 0)
		check(flight->got, "%d bytes have left a pipe unread", res);
}

static void pull_arrived(struct flight *flight, int res)
{
	flight->pulled = true;
	flight->pull_res = res;
	if (res >= 0)
		check_eq(flight->pull->bytes, res);
	else
		check(excused_request(res), "a pull by the ring: %s",
		      result_name(res));
}

static void collect(struct flights *all)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&all->frail.ring, &cqe)) {
		if (cqe->user_data < PULLED)
			arrived(all, &all->list[cqe->user_data], cqe->res);
		else if (cqe->user_data < CALLED_OFF)
			pull_arrived(&all->list[cqe->user_data - PULLED],
				     cqe->res);
		io_uring_cqe_seen(&all->frail.ring, cqe);
	}
}

/*
 * All that was prepared. CQEs are taken first: those that find no room need memory, and
 * without it would be lost.
 */
static void submit(struct flights *all)
{
	collect(all);
	frail_ring_submit(&all->frail);
}

/* What is pushed has to come first, by the ring as well. */
static void prepare_pull(struct flights *all, struct flight *flight)
{
	struct splicevec_pull *pull = new_struct(sizeof(*pull));

	*pull = (struct splicevec_pull){
		.fd = flight->vec,
		.len = flight->e.tail,
	};
	flight->pull = pull;
	flight->from = flight->vec;
	flight->vec = new_vector();
	ring_pull(&all->frail.ring, flight->vec, pull, PULLED + (flight - all->list),
		  flight->how | IOSQE_IO_LINK);
}

void flight_start(struct flights *all, int vec, const struct extents *e)
{
	struct flight *flight = find(all, false);

	if (!frail_ring_open(&all->frail)) {
		close(vec);
		return;
	}
	*flight = (struct flight){
		.there = true,
		.how = chance(all->hand, 4) ? 0 : IOSQE_ASYNC,
		.vec = vec,
		.e = *e,
	};
	flight->pipe = open_sink(all, flight->fds);
	flight->cmd = new_command(all, flight->fds[0], e->tail);
	if (chance(all->hand, 2))
		prepare_pull(all, flight);
	ring_push(&all->frail.ring, flight->vec, flight->cmd, flight - all->list,
		  flight->how);
	submit(all);
	/*
	 * What is on its way needs nobody who has the vector, nor has its CQE. But a
	 * thread, or a chain, looks for it by its number, when it comes to it.
	 */
	if (all->told && !flight->how && !flight->pull && chance(all->hand, 2)) {
		close(vec);
		flight->vec = -1;
	}
}

/* Are io_uring's requests over? */
static bool landed(const struct flight *flight)
{
	return flight->done && (flight->pulled || !flight->pull);
}

/*
 * What a request looks for by its number may be looked for until its CQE is there. If it
 * is not, nobody else is to be found there, until many more have been given up.
 */
static void give_up(struct flights *all, const struct flight *flight, int fd)
{
	int *parked = &all->parked[all->nr_parked % PARKED];

	if (landed(flight)) {
		close(fd);
		return;
	}
	must(dup3(all->nothing, fd, O_CLOEXEC));
	if (all->nr_parked >= PARKED)
		close(*parked);
	*parked = fd;
	all->nr_parked++;
}

static void end(struct flights *all, struct flight *flight)
{
	if (flight->vec >= 0)
		give_up(all, flight, flight->vec);
	if (flight->pull)
		give_up(all, flight, flight->from);
	close(flight->fds[1]);
	flight->there = false;
	if (landed(flight)) {
		free(flight->cmd);
		free(flight->pull);
	}
}

/* What there is to read, as far as @want bytes. */
static void read_some(struct flights *all, struct flight *flight, size_t want)
{
	struct pollfd out = { .fd = flight->fds[1], .events = POLLIN };
	ssize_t n = read(flight->fds[1], all->buf + flight->got,
			 want - flight->got);

	if (n > 0)
		flight->got += n;
	else
		poll(&out, 1, 1);
}

/* Files are written to; but a copy of them stays as it is. */
static bool may_change(const struct flight *flight)
{
	return flight->cmd->flags & SPLICEVEC_VERIFY &&
	       !(flight->cmd->flags & SPLICEVEC_STABLE) &&
	       extents_change(&flight->e);
}

/* What was pushed has been read, and is told of in one way or the other. */
static void check_told(struct flights *all, struct flight *flight)
{
	bool record = !all->told && flight->res >= 0;
	struct splicevec_completion records[2];
	int n;

	n = reap_in_time(flight->vec, records, ARRAY_LEN(records), record);
	if (!check_eq(record, n) || !n)
		return;
	check_eq(flight->cmd->user_data, records[0].user_data);
	check_eq(0, records[0].status);
	check_eq(flight->cmd->bytes, records[0].bytes);
	check(!records[0].flags || may_change(flight), "record: flags %#x",
	      records[0].flags);
}

static void check_rest(struct flights *all, struct flight *flight)
{
	bool kept = flight->cmd->flags & SPLICEVEC_KEEP;
	size_t gone = kept ? 0 : flight->cmd->bytes;
	int64_t left = flight->e.tail - gone;

	if (check_eq(left, persist(sv_push_mem(flight->vec, all->buf,
					       FLIGHT_MOST, 0))))
		extents_check(&flight->e, gone, all->buf, left);
}

/* Nobody resets a connection; but it may be called off, or a thread not be had. */
static bool good_end(const struct flight *flight)
{
	int res = flight->res;

	if (res >= 0)
		return (uint64_t)res == flight->cmd->bytes;
	switch (res) {
	case -EAGAIN:
		return flight->cmd->flags & SPLICEVEC_NONBLOCK ||
		       excused_request(res);
	case -ESTALE:
		return flight->pull && !(flight->how & IOSQE_ASYNC) &&
		       ring_reads_late();
	case -EINTR:
		return flight->called_off;
	case -ECANCELED:
		return flight->called_off || pull_failed(flight) ||
		       excused_request(res);
	default:
		return excused_request(res);
	}
}

static bool arrived_all(const struct flight *flight, size_t want)
{
	return landed(flight) && flight->got >= want;
}

/* All that could be pushed is what was pulled. */
static void cut(struct flight *flight)
{
	struct extents pulled = {};

	extents_copy(&pulled, &flight->e, 0, flight->pull->bytes);
	flight->e = pulled;
}

static void land(struct flights *all, struct flight *flight)
{
	uint64_t late = nanoseconds() + LATE * slower() * 1000000000ULL;
	size_t want = flight->cmd->len;

	for (;;) {
		collect(all);
		if (flight->done)
			want = flight->cmd->bytes;
		if (arrived_all(flight, want) || nanoseconds() > late)
			break;
		read_some(all, flight, want);
	}
	if (!check(arrived_all(flight, want) && flight->got == want,
		   "a flight has not landed: %zu of %zu bytes, %s", flight->got,
		   want, flight->done ? result_name(flight->res) : "no CQE")) {
		flight->there = false;
		return;
	}
	check(good_end(flight), "a strict push of %llu bytes ends with %s, bytes %llu",
	      (unsigned long long)flight->cmd->len, result_name(flight->res),
	      (unsigned long long)flight->cmd->bytes);
	check(!(flight->cmd->result & (SPLICEVEC_CHANGED | SPLICEVEC_UNSTABLE)) ||
	      may_change(flight), "a flight: result %#x", flight->cmd->result);
	if (flight->pull)
		cut(flight);
	extents_check(&flight->e, 0, all->buf, flight->got);
	if (flight->vec >= 0) {
		check_told(all, flight);
		check_rest(all, flight);
	}
	close(flight->fds[0]);
	end(all, flight);
}

void flight_land(struct flights *all)
{
	struct flight *flight = find(all, true);

	if (flight)
		land(all, flight);
}

void flight_call_off(struct flights *all)
{
	struct flight *flight = find(all, true);
	struct io_uring_sqe *sqe;

	if (!flight || flight->done)
		return;
	flight->called_off = true;
	sqe = ring_sqe(&all->frail.ring);
	io_uring_prep_cancel64(sqe, flight - all->list, 0);
	io_uring_sqe_set_data64(sqe, CALLED_OFF);
	submit(all);
	if (chance(all->hand, 2))
		land(all, flight);
}

/* All that still arrives, until the last who has the sink has let go of it. */
static void follow(struct flights *all, struct flight *flight)
{
	size_t got = 0;
	ssize_t n;

	must(fcntl(flight->fds[1], F_SETFL,
		   fcntl(flight->fds[1], F_GETFL) & ~O_NONBLOCK));
	do {
		n = must(read(flight->fds[1], all->buf + got, FLIGHT_MOST - got));
		got += n;
	} while (n);
	if (check(got <= flight->cmd->len, "%zu bytes of %llu", got,
		  (unsigned long long)flight->cmd->len))
		extents_check(&flight->e, 0, all->buf, got);
}

void flights_crash(struct flights *all)
{
	unsigned int i;

	if (all->frail.open)
		collect(all);
	frail_ring_close(&all->frail);
	for (i = 0; i < FLIGHTS; i++) {
		struct flight *flight = &all->list[i];

		if (!flight->there)
			continue;
		give_up(all, flight, flight->fds[0]);
		if (chance(all->hand, 2))
			follow(all, flight);
		end(all, flight);
	}
}

bool flights_notify(const struct flights *all, uint64_t notify)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++) {
		const struct flight *flight = &all->list[i];

		found |= flight->there &&
			 extents_notify(&flight->e, 0, flight->e.tail, notify);
	}
	return found;
}

void flights_end(struct flights *all)
{
	flights_crash(all);
	frail_ring_end(&all->frail);
	close(all->nothing);
	unmap_pages(all->buf, FLIGHT_MOST);
}
