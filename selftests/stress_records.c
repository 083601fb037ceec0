// SPDX-License-Identifier: GPL-2.0-only
/* Records that one has been promised. */
#include "stress_records.h"
#include "stress_faults.h"

#define SECOND	1000000000LL

bool promised_full(const struct promised *p)
{
	return p->nr == PROMISES;
}

void promised_add(struct promised *p, enum splicevec_completion_kind kind,
		  uint64_t user_data)
{
	p->list[p->nr++] = (struct promise){ kind, user_data };
}

/* Return: was it? */
static bool strike(struct promised *p, const struct splicevec_completion *record)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		struct promise *promise = &p->list[i];

		if (promise->kind == record->kind &&
		    promise->user_data == record->user_data) {
			*promise = p->list[--p->nr];
			return true;
		}
	}
	return false;
}

static void check_record(struct promised *p,
			 const struct splicevec_completion *record)
{
	unsigned int good = record->user_data & MAY_CHANGE ? SPLICEVEC_CHANGED : 0;

	check(!record->status && !(record->flags & ~good),
	      "record %#llx: %s, flags %#x",
	      (unsigned long long)record->user_data,
	      result_name(record->status), record->flags);
	check(strike(p, record), "record %#llx of kind %u was not promised",
	      (unsigned long long)record->user_data, record->kind);
}

int reap_in_time(int vec, struct splicevec_completion *records, unsigned int nr,
		 unsigned int min)
{
	time_t end = settle_end();
	unsigned int got = 0;
	int n;

	do {
		n = command(sv_reap(vec, records + got, nr - got,
				    got < min ? min - got : 0, SECOND));
		if (n > 0)
			got += n;
		else if (n < 0 && n != -EINTR && !excused(n))
			return n;
	} while (got < min && time(NULL) < end);
	return got;
}

int promised_reap(struct promised *p, int vec, unsigned int min,
		  struct splicevec_completion records[REAPED])
{
	int wanted = min < REAPED ? min : REAPED, n, i;

	n = reap_in_time(vec, records, REAPED, wanted);
	check(n >= wanted, "%s of %d records", result_name(n), wanted);
	for (i = 0; i < n; i++)
		check_record(p, &records[i]);
	return n;
}
