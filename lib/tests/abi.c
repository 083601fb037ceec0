// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ABI does not move: sizes, places and numbers as first published. */
#include "tap.h"

#include <linux/splicevec.h>
#include <stddef.h>

#define SIZE(type, bytes) is(sizeof(struct type), bytes, "size_of_" #type)
#define PLACE(type, field, byte)					\
	is(offsetof(struct type, field), byte,				\
	   "place_of_" #field "_in_" #type)

static void test_sizes(void)
{
	SIZE(splicevec_pull, 64);
	SIZE(splicevec_push, 80);
	SIZE(splicevec_splice, 72);
	SIZE(splicevec_info, 48);
	SIZE(splicevec_span, 40);
	SIZE(splicevec_spans, 32);
	SIZE(splicevec_features, 32);
}

static void test_places(void)
{
	PLACE(splicevec_pull, bytes, 48);
	PLACE(splicevec_pull, result, 56);
	PLACE(splicevec_push, bytes, 56);
	PLACE(splicevec_push, copied, 64);
	PLACE(splicevec_push, result, 72);
	PLACE(splicevec_splice, pulled, 40);
	PLACE(splicevec_splice, result, 64);
	PLACE(splicevec_info, head, 8);
	PLACE(splicevec_span, loan, 24);
	PLACE(splicevec_span, skip, 32);
	PLACE(splicevec_spans, count, 24);
	PLACE(splicevec_features, routes, 16);
	PLACE(splicevec_features, reasons, 24);
}

static void test_numbers(void)
{
	is(SPLICEVEC_PULL, 0xD500, "number_of_pull");
	is(SPLICEVEC_PUSH, 0xD501, "number_of_push");
	is(SPLICEVEC_SPLICE, 0xD502, "number_of_splice");
	is(SPLICEVEC_INFO, 0xD503, "number_of_info");
	is(SPLICEVEC_SPANS, 0xD504, "number_of_spans");
	is(SPLICEVEC_FEATURES, 0xD505, "number_of_features");
}

int main(void)
{
	test_sizes();
	test_places();
	test_numbers();
	return tap_done();
}
