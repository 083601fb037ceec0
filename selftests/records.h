/* SPDX-License-Identifier: GPL-2.0-only */
/* Completion records: which comes, and that none does. */
#ifndef _SELFTEST_RECORDS_H
#define _SELFTEST_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/splicevec.h>

#define MSEC		1000000LL
#define FOREVER		(-1LL)
#define RECORDS_SEED	51

/* Bytes 0 to @len of the pattern RECORDS_SEED, copied. */
int text_vector(size_t len);
/* The same, in memory that stays lent. */
int memory_vector(char *memory, size_t len);

/* Nothing is to be reaped, and nothing comes for a while. */
void check_no_record(int vec);
/* Wait for a record and see that it says this; check_once(): and comes alone. */
void check_record(int vec, enum splicevec_completion_kind kind,
		  uint64_t user_data, int status, size_t bytes);
void check_once(int vec, enum splicevec_completion_kind kind,
		uint64_t user_data, int status, size_t bytes);

#define check_push_record(vec, ...) \
	check_record(vec, SPLICEVEC_COMPLETION_PUSH, __VA_ARGS__)
#define check_push_once(vec, ...) \
	check_once(vec, SPLICEVEC_COMPLETION_PUSH, __VA_ARGS__)
#define check_notify_once(vec, user_data, bytes) \
	check_once(vec, SPLICEVEC_COMPLETION_NOTIFY, user_data, 0, bytes)

/* Return: what the one record that comes, of a push that did well, says besides. */
unsigned int flags_told(int vec, uint64_t user_data, size_t bytes);

#endif
