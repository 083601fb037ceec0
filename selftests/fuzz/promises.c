// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completion records. A command that worked has been promised one. Of vectors that
 * nobody else has, and of processes with a single thread, all promises are known:
 * each record that is reaped keeps one of them, and none keeps it twice. Of others
 * a record only has to look like one. What never comes the ledger shows in the end.
 */
#include "fuzz.h"

#include <poll.h>
#include <string.h>

/* More than the commands of a process. */
#define PROMISES	8192

static struct promise {
	unsigned int vector;
	uint32_t kind;
	uint64_t user_data;
	uint64_t bytes;
	bool pinned;		/* some of them */
	bool due;		/* there was a record when the command returned */
} promises[PROMISES];

static unsigned int nr_promises;

/* Which vector has the number; no vector is given another one's. */
static unsigned int vectors[PRIVATE_VECTORS], nr_vectors;

void promises_new_vector(int vec)
{
	vectors[vec - SLOT_FIRST] = ++nr_vectors;
}

void promises_same_vector(int from, int to)
{
	vectors[to - SLOT_FIRST] = vectors[from - SLOT_FIRST];
}

static bool all_known(const struct fuzzer *f, const struct action *a)
{
	return f->alone && is_private_vector(a->fd);
}

static unsigned int vector_of(const struct action *a)
{
	return vectors[a->fd - SLOT_FIRST];
}

static void add(const struct promise *promise)
{
	if (nr_promises == PROMISES)
		die("more promises than commands");
	promises[nr_promises++] = *promise;
}

void promises_check_pull(struct fuzzer *f, const struct action *a,
			 const struct splicevec_pull *now)
{
	const struct promise promise = {
		.vector = all_known(f, a) ? vector_of(a) : 0,
		.kind = SPLICEVEC_COMPLETION_NOTIFY,
		.user_data = now->user_data,
		.bytes = now->bytes,
	};

	if (promise.vector && now->flags & SPLICEVEC_NOTIFY)
		add(&promise);
}

/* Memory and nothing have let go of the pages when the push returns. */
void promises_check_push(struct fuzzer *f, const struct action *a,
			 const struct splicevec_push *now)
{
	const struct promise promise = {
		.vector = all_known(f, a) ? vector_of(a) : 0,
		.kind = SPLICEVEC_COMPLETION_PUSH,
		.user_data = now->user_data,
		.bytes = now->bytes,
		/* those that are not told of may be */
		.pinned = now->pinned || now->size < sizeof(*now),
		.due = now->fd == SPLICEVEC_FD_MEM ||
		       now->fd == SPLICEVEC_FD_NONE,
	};

	/* of what its CQE tells there is no record */
	if (promise.vector && now->flags & SPLICEVEC_STRICT && !ring_tells(a))
		add(&promise);
}

/* Promises of a vector that are not known to be kept, and those that are due. */
static unsigned int count(unsigned int vector, unsigned int *due)
{
	unsigned int i, all = 0;

	*due = 0;
	for (i = 0; i < nr_promises; i++) {
		if (promises[i].vector != vector)
			continue;
		all++;
		*due += promises[i].due;
	}
	return all;
}

static bool is_kept_by(const struct promise *promise, unsigned int vector,
		       const struct splicevec_completion *record)
{
	return promise->vector == vector && promise->kind == record->kind &&
	       promise->user_data == record->user_data &&
	       (promise->pinned || !(record->flags & SPLICEVEC_UNSTABLE)) &&
	       (promise->bytes == record->bytes ||
		(record->status && record->bytes < promise->bytes));
}

/*
 * Which of several does not matter, but for those that are due: too few of them
 * are better than too many. Return: there was one.
 */
static bool keep(unsigned int vector, const struct splicevec_completion *record)
{
	struct promise *found = NULL;
	unsigned int i;

	for (i = 0; i < nr_promises; i++) {
		if (!is_kept_by(&promises[i], vector, record))
			continue;
		found = &promises[i];
		if (found->due)
			break;
	}
	if (!found)
		return false;
	*found = promises[--nr_promises];
	return true;
}

/* Records went where they cannot be read: any of these may have been kept. */
static void forget_due(unsigned int vector)
{
	unsigned int i;

	for (i = 0; i < nr_promises; i++)
		if (promises[i].vector == vector)
			promises[i].due = false;
}

static bool good_record(const struct splicevec_completion *record)
{
	if (record->copied > record->bytes || record->bytes > 0x7ffff000 ||
	    record->flags & ~(SPLICEVEC_CHANGED | SPLICEVEC_UNSTABLE) || record->reserved)
		return false;
	switch (record->kind) {
	case SPLICEVEC_COMPLETION_PUSH:
		return record->status <= 0 &&
		       (!record->status || errno_is_of_sinks(-record->status));
	case SPLICEVEC_COMPLETION_NOTIFY:
		return !record->status && !record->copied && !record->flags;
	default:
		return false;
	}
}

static bool all_zero(const unsigned char *bytes, size_t len)
{
	while (len--)
		if (*bytes++)
			return false;
	return true;
}

static void check_record(struct fuzzer *f, const struct action *a, uint32_t i,
			 uint32_t stride)
{
	const unsigned char *at = desk_records(f) + (size_t)i * stride;
	struct splicevec_completion record;
	const char *wrong = NULL;

	memcpy(&record, at, sizeof(record));
	if (!good_record(&record))
		wrong = "is none";
	else if (!all_zero(at + sizeof(record), stride - sizeof(record)))
		wrong = "has an end that is not zero";
	else if (all_known(f, a) && !keep(vector_of(a), &record))
		wrong = "was not promised, or came before";
	if (!wrong)
		return;
	oracle_complain(f, a, "record %u %s: %llu, kind %u, status %d, bytes %llu, copied %llu",
			i, wrong, (unsigned long long)record.user_data,
			record.kind, record.status,
			(unsigned long long)record.bytes,
			(unsigned long long)record.copied);
}

/* As many as it could have, and as many as it had to. */
static void check_number(struct fuzzer *f, const struct action *a,
			 const struct splicevec_reap *now, bool fits)
{
	uint64_t there = (uint64_t)now->count + now->left;
	unsigned int due, all = count(vector_of(a), &due);
	uint32_t must = due;

	if (there > all || there < due)
		oracle_complain(f, a, "%u records and %u left, of %u promised and %u due",
				now->count, now->left, all, due);
	if (must > now->capacity)
		must = now->capacity;
	if (must > SPLICEVEC_REAP_MAX)
		must = SPLICEVEC_REAP_MAX;
	if (fits && now->count < must)
		oracle_complain(f, a, "%u records of %u", now->count, must);
}

void promises_check_reap(struct fuzzer *f, const struct action *a,
			 const struct splicevec_reap *now)
{
	uint64_t end = (uint64_t)now->count * now->stride;
	bool ours = now->addr == (uintptr_t)desk_records(f);
	uint32_t i;

	if (now->count > now->capacity || now->count > SPLICEVEC_REAP_MAX ||
	    (ours && end > DESK_LIST_SIZE)) {
		oracle_complain(f, a, "%u records", now->count);
		return;
	}
	if (all_known(f, a))
		check_number(f, a, now,
			     ours && end + now->stride <= DESK_LIST_SIZE);
	if (!ours) {
		if (all_known(f, a) && now->count)
			forget_due(vector_of(a));
		return;
	}
	for (i = 0; i < now->count; i++)
		check_record(f, a, i, now->stride);
	/* of one that has no room there may be a part */
	if (end + now->stride <= DESK_LIST_SIZE &&
	    !guard_is_whole(f, end, end + now->stride))
		oracle_complain(f, a, "it wrote behind %u records", now->count);
}

void promises_check_interrupted(struct fuzzer *f, const struct action *a)
{
	unsigned int due;

	if (all_known(f, a) && count(vector_of(a), &due) && due)
		oracle_complain(f, a, "EINTR, but %u records are due", due);
}

void promises_check_poll(struct fuzzer *f, const struct action *a,
			 unsigned int asked, unsigned int told)
{
	unsigned int due, all;

	if (!all_known(f, a) || told & POLLNVAL)
		return;
	all = count(vector_of(a), &due);
	if (told & POLLPRI && !all)
		oracle_complain(f, a, "POLLPRI, but no record is to come");
	if (asked & POLLPRI && due && !(told & POLLPRI))
		oracle_complain(f, a, "no POLLPRI, but %u records are due", due);
}
