// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checksums: were bytes changed between hand-off and completion?
 *
 * They are summed up before the sink gets them, when it is not known yet how many of
 * them it takes. So there is a sum for each block, and those behind what was taken
 * are forgotten.
 */
#include "verify.h"

#include <linux/crc32c.h>
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "loan.h"

/* Where in a list of spans a sum goes on. */
struct walk {
	const struct sv_spans *spans;
	u32 next;
	struct sv_span rest;
};

static u32 sum_piece(u32 sum, const struct sv_piece *piece)
{
	const char *at = kmap_local_page(piece->page);

	sum = crc32c(sum, at + piece->offset, piece->len);
	kunmap_local(at);
	return sum;
}

/* Go on with a sum over the next @len bytes, which are there. */
static u32 add_bytes(u32 sum, struct walk *walk, size_t len)
{
	while (len) {
		struct sv_piece piece;
		struct sv_span part;

		if (!walk->rest.len)
			walk->rest = *sv_spans_at(walk->spans, walk->next++);
		part = walk->rest;
		part.len = min(part.len, len);
		sv_span_next_piece(&part, &piece);
		sum = sum_piece(sum, &piece);
		sv_span_advance(&walk->rest, piece.len);
		len -= piece.len;
	}
	return sum;
}

static size_t block_len(size_t len, size_t block)
{
	return min_t(size_t, len - block * SV_VERIFY_BLOCK, SV_VERIFY_BLOCK);
}

static u32 sum_block(struct walk *walk, size_t len, size_t block)
{
	cond_resched();
	return add_bytes(~0U, walk, block_len(len, block));
}

static size_t nr_blocks(size_t len)
{
	return DIV_ROUND_UP(len, SV_VERIFY_BLOCK);
}

static int take_spans(struct sv_verify *verify, const struct sv_spans *window,
		      size_t len)
{
	u32 nr = sv_spans_share(window, window->head, len, U32_MAX,
				&verify->spans);
	int err = sv_spans_reserve(&verify->spans, nr);

	if (!err && nr)
		sv_spans_share(window, window->head, len, U32_MAX,
			       &verify->spans);
	return err;
}

/**
 * sv_verify_begin - sum bytes up that are about to be handed over
 * @window: they are at its front; stays the caller's
 * @len: how many
 *
 * Context: may sleep.
 * Return: the sums, with references of their own on the loans, for sv_verify_free()
 * or sv_verify_later(); or -ENOMEM.
 */
struct sv_verify *sv_verify_begin(const struct sv_spans *window, size_t len)
{
	size_t nr = nr_blocks(len), i;
	struct sv_verify *verify;
	struct walk walk = {};

	verify = kvzalloc(struct_size(verify, sums, nr), SV_GFP_LARGE);
	if (!verify)
		return ERR_PTR(-ENOMEM);
	if (take_spans(verify, window, len)) {
		kvfree(verify);
		return ERR_PTR(-ENOMEM);
	}
	verify->len = len;
	walk.spans = &verify->spans;
	for (i = 0; i < nr; i++)
		verify->sums[i] = sum_block(&walk, len, i);
	return verify;
}

/* Begin to walk at a block. */
static struct walk walk_from(const struct sv_verify *verify, size_t block)
{
	u64 at = verify->spans.head + block * SV_VERIFY_BLOCK;
	struct walk walk = { .spans = &verify->spans };

	walk.next = sv_spans_find(&verify->spans, at);
	walk.rest = *sv_spans_at(&verify->spans, walk.next++);
	sv_span_advance(&walk.rest, at - walk.rest.at);
	return walk;
}

/*
 * The sink has taken the first @kept bytes of a block. Their sum is that of a
 * moment ago if the block as a whole is still what it was; otherwise it has changed,
 * and nobody can tell any more whether they have.
 */
static void cut_block(struct sv_verify *verify, size_t block, size_t kept)
{
	struct walk walk = walk_from(verify, block);
	u32 sum = add_bytes(~0U, &walk, kept);
	u32 all = add_bytes(sum, &walk, block_len(verify->len, block) - kept);

	if (all != verify->sums[block])
		verify->changed = true;
	verify->sums[block] = sum;
}

/**
 * sv_verify_cut - forget the bytes that were not taken
 * @verify: private
 * @accepted: how many were, at least one
 *
 * Context: may sleep.
 */
void sv_verify_cut(struct sv_verify *verify, size_t accepted)
{
	size_t kept = accepted % SV_VERIFY_BLOCK;

	if (accepted == verify->len)
		return;
	if (kept)
		cut_block(verify, accepted / SV_VERIFY_BLOCK, kept);
	sv_spans_cut(&verify->spans, accepted);
	verify->len = accepted;
}

/**
 * sv_verify_changed - look at the bytes again
 * @verify: what they were like
 *
 * Context: may sleep.
 * Return: are they different?
 */
bool sv_verify_changed(const struct sv_verify *verify)
{
	struct walk walk = { .spans = &verify->spans };
	size_t i;

	if (verify->changed)
		return true;
	for (i = 0; i < nr_blocks(verify->len); i++)
		if (sum_block(&walk, verify->len, i) != verify->sums[i])
			return true;
	return false;
}

/**
 * sv_verify_free - forget the sums
 * @verify: no witness of anything
 *
 * Context: may sleep: gives pages back.
 */
void sv_verify_free(struct sv_verify *verify)
{
	sv_spans_free(&verify->spans);
	kvfree(verify);
}

static u32 witness_end(struct sv_witness *witness)
{
	struct sv_verify *verify = container_of(witness, struct sv_verify, witness);
	u32 flags = sv_verify_changed(verify) ? SPLICEVEC_CHANGED : 0;

	sv_verify_free(verify);
	return flags;
}

/**
 * sv_verify_later - have the record say whether the bytes have changed by then
 * @verify: consumed
 * @completion: held by the command that the bytes are a part of
 */
void sv_verify_later(struct sv_verify *verify, struct sv_completion *completion)
{
	verify->witness.slow = true;
	verify->witness.end = witness_end;
	sv_completion_add_witness(completion, &verify->witness);
}
