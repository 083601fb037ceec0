// SPDX-License-Identifier: GPL-2.0-only
#include "records.h"

#include <splicevec.h>

#include "common.h"
#include "vectors.h"

int text_vector(size_t len)
{
	int vec = new_vector();

	write_pattern(vec, RECORDS_SEED, 0, len);
	return vec;
}

int memory_vector(char *memory, size_t len)
{
	int vec = new_vector();

	pattern_fill(memory, RECORDS_SEED, 0, len);
	must_sv(sv_pull_mem(vec, memory, len, 0));
	return vec;
}

void check_no_record(int vec)
{
	struct splicevec_completion record;
	int ret;

	/* work of io_uring's interrupts whoever waits */
	do {
		ret = sv_reap(vec, &record, 1, 1, 50 * MSEC);
	} while (ret == -EINTR);
	check_eq(0, ret);
}

void check_record(int vec, enum splicevec_completion_kind kind,
		  uint64_t user_data, int status, size_t bytes)
{
	struct splicevec_completion record = {};

	if (!check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER)))
		return;
	check_eq(user_data, record.user_data);
	check_eq(kind, record.kind);
	check_eq(status, record.status);
	check_eq(bytes, record.bytes);
	check(record.copied <= record.bytes, "%llu of %llu copied",
	      record.copied, record.bytes);
	check_eq(0, record.flags);
	check_eq(0, record.reserved);
}

void check_once(int vec, enum splicevec_completion_kind kind,
		uint64_t user_data, int status, size_t bytes)
{
	check_record(vec, kind, user_data, status, bytes);
	check_no_record(vec);
}

unsigned int flags_told(int vec, uint64_t user_data, size_t bytes)
{
	struct splicevec_completion record = {};

	check_eq(1, sv_reap(vec, &record, 1, 1, FOREVER));
	check_eq(user_data, record.user_data);
	check_eq(0, record.status);
	check_eq(bytes, record.bytes);
	return record.flags;
}
