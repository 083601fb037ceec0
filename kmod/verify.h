/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_VERIFY_H
#define _SV_VERIFY_H

#include <linux/types.h>

#include "completion.h"
#include "spans.h"

/* Bytes that have one sum. */
#define SV_VERIFY_BLOCK	4096U

/**
 * struct sv_verify - what bytes were like when they were handed over
 * @witness: has them looked at again when the push has ended
 * @spans: the bytes; hold references on their loans, which therefore end after that
 * @len: how many
 * @changed: they were seen to change already
 * @sums: of each SV_VERIFY_BLOCK of them, the last of which may be shorter
 */
struct sv_verify {
	struct sv_witness witness;
	struct sv_spans spans;
	size_t len;
	bool changed;
	u32 sums[];
};

struct sv_verify *sv_verify_begin(const struct sv_spans *window, size_t len);
void sv_verify_cut(struct sv_verify *verify, size_t accepted);
bool sv_verify_changed(const struct sv_verify *verify);
void sv_verify_free(struct sv_verify *verify);
void sv_verify_later(struct sv_verify *verify, struct sv_completion *completion);

#endif /* _SV_VERIFY_H */
