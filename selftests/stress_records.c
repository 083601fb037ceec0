// SPDX-License-Identifier: GPL-2.0-only
/* Records that one has been promised. */
#include "stress_records.h"
#include "stress_faults.h"

/* Seconds in which the record of what has been read must be there. */
#define LATE	8

static unsigned int left(const struct promised *p,
			 enum splicevec_completion_kind kind)
{
	return p->asked[kind] - p->told[kind];
}

static void check_record(struct promised *p,
			 const struct splicevec_completion *record)
{
	unsigned int good = record->user_data & MAY_CHANGE ? SPLICEVEC_CHANGED : 0;

	check(!record->status && !(record->flags & ~good),
	      "record %#llx: %s, flags %#x",
	      (unsigned long long)record->user_data,
	      result_name(record->status), record->flags);
	if (check(record->kind < ARRAY_LEN(p->asked) && left(p, record->kind),
		  "a record of kind %u that nobody was promised", record->kind))
		p->told[record->kind]++;
}

int promised_reap(struct promised *p, int vec, struct hand *hand,
		  struct splicevec_completion records[REAPED])
{
	unsigned int pushes = left(p, SPLICEVEC_COMPLETION_PUSH);
	int min = 0, n, i;

	if (chance(hand, 2))
		min = pushes < REAPED ? pushes : REAPED;
	n = command(sv_reap(vec, records, REAPED, min,
			    LATE * slower() * 1000000000LL));
	check(n >= min || excused(n), "%s of %d records", result_name(n), min);
	for (i = 0; i < n; i++)
		check_record(p, &records[i]);
	return n;
}
