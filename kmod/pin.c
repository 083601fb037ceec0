// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins: pages of the page cache that nobody writes to while a sink reads them.
 *
 * A pinned folio is under writeback, as if a disk were reading it, in a mapping whose
 * writers wait for that: write(2), stores through mappings, truncation. Readers do not
 * notice, unless they meet somebody who waits. It ends when the sink has let go of the
 * loan the pin belongs to, or, whatever the sink does, when its time is over: then what
 * the sink reads may change, and the record of the push says so.
 *
 * The loan is a new one over the same pages, known to the push alone: nobody can come to
 * have it who would take it for stable when it is no more.
 *
 * Each folio is let go once, by whoever takes it off @nr: the timer, the end of the loan,
 * or the push for what its sink did not take. Its place in the list is below all that
 * were taken off before; and who takes the first one off ends the pin's share in the
 * inode, before that folio's writeback, which is what keeps the inode.
 */
#include "pin.h"

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include "completion.h"
#include "loan.h"
#include "pin_folio.h"
#include "pin_limit.h"
#include "pin_mapping.h"
#include "pin_slots.h"
#include "trace.h"

/*
 * Bytes that are pinned by one pin at the most: with what they touch at both ends as many
 * pages as are lent at a time.
 */
#define SV_PIN_MAX	((size_t)(SV_LOAN_RUNS - 2) << PAGE_SHIFT)

/**
 * struct sv_pinned - a folio under writeback of ours
 * @folio: it; the loan holds it
 * @slot: its place among those that are not to be pinned
 */
struct sv_pinned {
	struct folio *folio;
	atomic64_t *slot;
};

/**
 * struct sv_pin - folios that were pinned together
 * @refs: one for each loan, the witness's if there is one, and that of the push, which
 *	may come back to the last folio
 * @loans: how many there are; without any the pin has ended
 * @nr: how many of @folios are still pinned, the first ones
 * @unstable: some of them were let go before the sink had done so
 * @told: the witness is the completion's, as a sink has some of it
 * @since: when the first one was, as get_jiffies_64()
 * @first: serial of the first one, which may be gone
 * @share: of the mapping that all of them are in
 * @witness: tells of @unstable
 * @deadline: lets all of them go
 * @folios: in the order of the loan's bytes
 */
struct sv_pin {
	refcount_t refs;
	atomic_t loans;
	atomic_t nr;
	bool unstable;
	bool told;
	u64 since;
	u64 first;
	struct sv_pin_mapping share;
	struct sv_witness witness;
	struct timer_list deadline;
	struct sv_pinned folios[];
};

static atomic_long_t live_pins;

/**
 * sv_pin_read - what is alive
 * @pins: result: pins
 * @pages: result: pages of the folios that are pinned
 */
void sv_pin_read(long *pins, long *pages)
{
	*pins = atomic_long_read(&live_pins);
	*pages = sv_pin_limit_used();
}

/**
 * sv_pin_put - forget a pin
 * @pin: one reference is consumed: to its memory, it does not keep anything pinned; NULL
 *	is none
 *
 * Context: any.
 */
void sv_pin_put(struct sv_pin *pin)
{
	if (!pin || !refcount_dec_and_test(&pin->refs))
		return;
	atomic_long_dec(&live_pins);
	kfree(pin);
}

/* Nothing but a folio keeps the inode, so this comes before that is let go. */
static void end_share(struct sv_pin *pin)
{
	struct inode *host = pin->share.mapping->host;

	sv_pin_mapping_end(&pin->share);
	if (!sv_pin_host_end(host))
		WRITE_ONCE(pin->unstable, true);
}

/*
 * What no sink has seen may be pinned again at once, if that was but a moment and nobody
 * waits.
 */
static bool may_return(const struct sv_pin *pin, struct folio *folio, bool used)
{
	return !used && get_jiffies_64() - pin->since <= 1 &&
	       !folio_test_waiters(folio);
}

/*
 * Let some go that were taken off @nr, the first one last. They are there, whoever of the
 * loans is: under writeback no folio leaves its mapping. Context: any.
 */
static void let_go(struct sv_pin *pin, unsigned int first, unsigned int end,
		   bool used)
{
	while (end > first) {
		struct sv_pinned *pinned = &pin->folios[--end];

		sv_pin_limit_return(folio_nr_pages(pinned->folio));
		if (may_return(pin, pinned->folio, used))
			sv_pin_slot_return(pinned->slot);
		else
			sv_pin_slot_cool(pinned->slot, pin->since);
		if (!end)
			end_share(pin);
		folio_end_writeback(pinned->folio);
	}
}

/* Softirq. */
static void expire(struct timer_list *timer)
{
	struct sv_pin *pin = container_of(timer, struct sv_pin, deadline);
	int nr = atomic_xchg(&pin->nr, 0);

	if (!nr)
		return;
	trace_splicevec_unpin(pin, nr, true);
	/* said before anybody can write */
	WRITE_ONCE(pin->unstable, true);
	let_go(pin, 0, nr, true);
}

/*
 * The sink has let go. The timer does not run when this returns: so it needs no
 * reference, neither on the folios, which the last loan has as well, nor on the module.
 */
static void pin_end(struct sv_pin *pin)
{
	int nr = atomic_xchg(&pin->nr, 0);

	if (nr)
		trace_splicevec_unpin(pin, nr, false);
	let_go(pin, 0, nr, pin->told);
	timer_shutdown_sync(&pin->deadline);
}

static void release_pinned(struct sv_loan *loan)
{
	struct sv_pin *pin = loan->pin;

	if (atomic_dec_and_test(&pin->loans))
		pin_end(pin);
	sv_loan_put_pages(loan);
	sv_pin_put(pin);
}

static unsigned int count_pages(const struct sv_span *span)
{
	struct sv_span rest = *span;
	struct sv_piece piece;
	unsigned int pages = 0;

	while (sv_span_next_piece(&rest, &piece))
		pages++;
	return pages;
}

/* Return: a pin of nothing, with a reference for the caller, or NULL. */
static struct sv_pin *pin_alloc(unsigned int pages)
{
	struct sv_pin *pin;

	pin = kmalloc(struct_size(pin, folios, pages), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return NULL;
	refcount_set(&pin->refs, 1);
	atomic_set(&pin->loans, 0);
	atomic_set(&pin->nr, 0);
	pin->unstable = false;
	pin->told = false;
	timer_setup(&pin->deadline, expire, 0);
	atomic_long_inc(&live_pins);
	return pin;
}

/* An empty loan, which is counted in @loans already if there is one. */
static struct sv_loan *loan_alloc(struct sv_pin *pin, struct sv_account *account,
				  unsigned int pages)
{
	struct sv_loan *loan = sv_loan_alloc(account, SPLICEVEC_CACHE, pages);

	if (IS_ERR(loan))
		return loan;
	refcount_inc(&pin->refs);
	loan->plain = false;
	loan->stable = true;
	loan->pin = pin;
	loan->release = release_pinned;
	return loan;
}

/* Is it in the pin's mapping, or can that be the pin's? */
static bool joins(struct sv_pin *pin, const struct sv_pin_wish *wish,
		  struct address_space *mapping)
{
	struct inode *host = mapping->host;

	if (atomic_read(&pin->nr))
		return mapping == pin->share.mapping;
	if (!sv_pin_host_fits(host, wish->sink) || !sv_pin_host_begin(host))
		return false;
	sv_pin_mapping_begin(&pin->share, mapping);
	pin->since = get_jiffies_64();
	return true;
}

/* Does the file have all of a piece? What it has not may be zeroed at any time. */
static bool is_inside(struct folio *folio, const struct sv_piece *piece)
{
	loff_t at = folio_pos(folio) +
		    ((loff_t)folio_page_idx(folio, piece->page) << PAGE_SHIFT);

	return at + piece->offset + piece->len <=
	       i_size_read(folio->mapping->host);
}

static u64 key_of(const struct folio *folio)
{
	return sv_pin_slot_key(folio->mapping, folio->mapping->host->i_generation,
			       folio->index);
}

/*
 * Pin a folio that is locked, with its place taken: what is pinned already is seen by
 * that, and not waited for as if a disk were writing it.
 */
static int pin_placed(struct sv_pin *pin, const struct sv_pin_wish *wish,
		      struct folio *folio, const struct sv_piece *piece,
		      bool wait)
{
	long pages = folio_nr_pages(folio);
	int err = sv_pin_folio_settle(folio, wait);

	if (err)
		return err;
	if (!is_inside(folio, piece) || !sv_pin_limit_take(pages))
		return -EBUSY;
	if (!joins(pin, wish, folio->mapping)) {
		sv_pin_limit_return(pages);
		return -EBUSY;
	}
	/* keeps the mark of those who are about to write it back */
	__folio_start_writeback(folio, true);
	return 0;
}

/* Pin a folio that is locked. Return: 0, -EBUSY or -EINTR. */
static int pin_locked(struct sv_pin *pin, const struct sv_pin_wish *wish,
		      struct folio *folio, const struct sv_piece *piece,
		      bool wait)
{
	struct sv_pinned *pinned = &pin->folios[atomic_read(&pin->nr)];
	int err;

	pinned->folio = folio;
	pinned->slot = sv_pin_slot_take(key_of(folio));
	if (!pinned->slot)
		return -EBUSY;
	err = pin_placed(pin, wish, folio, piece, wait);
	if (err)
		sv_pin_slot_return(pinned->slot);
	else
		atomic_inc(&pin->nr);
	return err;
}

static struct folio *last_folio(const struct sv_pin *pin)
{
	int nr = atomic_read(&pin->nr);

	return nr ? pin->folios[nr - 1].folio : NULL;
}

/*
 * Return: 0, -EBUSY or -EINTR. Without a folio one may wait, with one never: whoever
 * has the next one may wait for that, and for now no timer ends it.
 */
static int pin_piece(struct sv_pin *pin, const struct sv_pin_wish *wish,
		     const struct sv_piece *piece)
{
	struct folio *folio = page_folio(piece->page);
	struct folio *last = last_folio(pin);
	bool wait = !last && !wish->nowait;
	int err;

	if (folio == last)
		return is_inside(folio, piece) ? 0 : -EBUSY;
	err = sv_pin_folio_lock(folio, wait);
	if (err)
		return err;
	err = pin_locked(pin, wish, folio, piece, wait);
	folio_unlock(folio);
	return err;
}

/* Return: is there room? */
static bool lend_piece(struct sv_loan *loan, const struct sv_piece *piece)
{
	get_page(piece->page);
	if (sv_loan_add(loan, piece->page, piece->offset, piece->len))
		return true;
	put_page(piece->page);
	return false;
}

/* Whoever waits for the first folio does so since it was pinned: leave the sink some time. */
static bool is_late(const struct sv_pin *pin, u32 ms)
{
	return get_jiffies_64() - pin->since > msecs_to_jiffies(ms) / 2;
}

/*
 * Pin @len bytes of a span and what lies behind them in the last folio, or as much of
 * that as can be, soon enough; and have the loan hold it.
 */
static int pin_span(struct sv_loan *loan, const struct sv_pin_wish *wish,
		    const struct sv_span *span, size_t len)
{
	struct sv_pin *pin = loan->pin;
	struct sv_span rest = *span;
	struct sv_piece piece;
	int err;

	while (sv_span_next_piece(&rest, &piece)) {
		if (loan->len && page_folio(piece.page) != last_folio(pin) &&
		    (loan->len >= len || is_late(pin, sv_pin_ms(wish->ms))))
			break;
		err = pin_piece(pin, wish, &piece);
		if (err)
			return loan->len ? 0 : err;
		if (!lend_piece(loan, &piece))
			break;
	}
	return 0;
}

static void start_clock(struct sv_pin *pin, u32 ms)
{
	trace_splicevec_pin(pin, atomic_read(&pin->nr), ms);
	sv_pin_host_settle(pin->share.mapping->host);
	/* it has run since the first folio was pinned, and may be over */
	mod_timer(&pin->deadline, (unsigned long)pin->since + msecs_to_jiffies(ms));
}

/* The part of a span that lies in its first folio. */
static struct sv_span in_first_folio(const struct sv_span *span)
{
	struct sv_span part = *span;
	size_t len;

	sv_bvec_folio(&span->loan->bv[span->run], span->skip, &len);
	part.len = min(len, span->len);
	return part;
}

/* It has nothing to wait for: if somebody has the folio it is not to be lent. */
static void lend_more(struct sv_loan *loan, const struct sv_span *part)
{
	struct folio *folio = page_folio(sv_span_page(part));
	struct sv_pin *pin = loan->pin;
	struct sv_span rest = *part;
	struct sv_piece piece;

	if (!folio_trylock(folio))
		return;
	if (folio == last_folio(pin) && folio->mapping == pin->share.mapping)
		while (sv_span_next_piece(&rest, &piece) &&
		       is_inside(folio, &piece) && lend_piece(loan, &piece))
			;
	folio_unlock(folio);
}

/*
 * Go on in the folio in which the sink, or the span before, has stopped: it is pinned
 * already, and not for longer.
 *
 * Return: the loan; NULL: it is not; or an ERR_PTR.
 */
static struct sv_loan *pin_join(struct sv_pin *pin, const struct sv_pin_wish *wish,
				const struct sv_span *span)
{
	struct sv_span part = in_first_folio(span);
	struct sv_loan *loan;
	int err = 0;

	if (last_folio(pin) != page_folio(sv_span_page(span)) ||
	    !atomic_inc_not_zero(&pin->loans))
		return NULL;
	/* its pages lie side by side */
	loan = loan_alloc(pin, wish->account, 1);
	if (IS_ERR(loan)) {
		if (atomic_dec_and_test(&pin->loans))
			pin_end(pin);
		return loan;
	}
	lend_more(loan, &part);
	if (loan->len)
		err = sv_loan_settle(loan, false);
	if (loan->len && !err)
		return loan;
	sv_loan_put(loan);
	return ERR_PTR(err);
}

/* All memory comes first: to reclaim some may mean to wait for what is pinned. */
static struct sv_loan *pin_new(struct sv_pin **pin, const struct sv_pin_wish *wish,
			       const struct sv_span *span, size_t len)
{
	struct sv_span part = *span;
	struct sv_loan *loan;
	unsigned int pages;
	int err;

	/* a folio behind that is no page is one run */
	part.len = min(span->len, len + PAGE_SIZE - 1);
	pages = count_pages(&part);
	*pin = pin_alloc(pages);
	if (!*pin)
		return ERR_PTR(-ENOMEM);
	loan = loan_alloc(*pin, wish->account, pages);
	if (IS_ERR(loan))
		return loan;
	atomic_set(&(*pin)->loans, 1);
	(*pin)->first = loan->serial;
	err = pin_span(loan, wish, span, len);
	if (!err) {
		start_clock(*pin, sv_pin_ms(wish->ms));
		err = sv_loan_settle(loan, false);
	}
	if (!err)
		return loan;
	sv_loan_put(loan);
	return err == -EBUSY ? NULL : ERR_PTR(err);
}

/**
 * sv_pin_begin - pin bytes
 * @pin: the one before of the same push, or NULL; result: the present one. A reference
 *	of the caller's, for sv_pin_put()
 * @wish: how
 * @span: of a loan that is writable, and CACHE; held by the caller
 * @len: bytes at its front; result: how many are pinned, or with NULL: cannot be for now.
 *	May be more, up to the end of a folio
 *
 * Context: may sleep; no folio is locked by the caller, and no locks of filesystems are
 * held.
 * Return: a loan of these, stable until the end of the pin, for the sink alone; NULL:
 * they cannot be pinned; -EINTR, -ENOMEM or -EDQUOT.
 */
struct sv_loan *sv_pin_begin(struct sv_pin **pin, const struct sv_pin_wish *wish,
			     const struct sv_span *span, size_t *len)
{
	struct sv_loan *loan = NULL;

	if (*pin)
		loan = pin_join(*pin, wish, span);
	if (!loan) {
		sv_pin_put(*pin);
		loan = pin_new(pin, wish, span, min(*len, SV_PIN_MAX));
	}
	if (!loan)
		*len = in_first_folio(span).len;
	else if (!IS_ERR(loan))
		*len = loan->len;
	return loan;
}

/* How many folios the first bytes of a loan lie in. */
static unsigned int folios_of(const struct sv_loan *loan, size_t len)
{
	struct sv_span rest = sv_span_whole((struct sv_loan *)loan);
	struct folio *last = NULL;
	unsigned int nr = 0;
	struct sv_piece piece;

	rest.len = min(rest.len, len);
	while (sv_span_next_piece(&rest, &piece)) {
		if (page_folio(piece.page) != last)
			nr++;
		last = page_folio(piece.page);
	}
	return nr;
}

/**
 * sv_pin_cut - let go of what a sink did not take
 * @loan: from sv_pin_begin(), just so
 * @accepted: bytes that it took
 *
 * Context: any.
 */
void sv_pin_cut(struct sv_loan *loan, size_t accepted)
{
	struct sv_pin *pin = loan->pin;
	int keep = folios_of(loan, accepted);
	int nr = atomic_read(&pin->nr);

	/* the first one tells the end of all; and what others have is not for this one */
	if (loan->serial != pin->first)
		return;
	keep = max(keep, 1);
	do {
		if (nr <= keep)
			return;
	} while (!atomic_try_cmpxchg(&pin->nr, &nr, keep));
	let_go(pin, keep, nr, false);
}

/* All loans of the push have ended, and so has the pin: only what is known of it is left. */
static u32 witness_end(struct sv_witness *witness)
{
	struct sv_pin *pin = container_of(witness, struct sv_pin, witness);
	u32 flags = READ_ONCE(pin->unstable) ? SPLICEVEC_UNSTABLE : 0;

	sv_pin_put(pin);
	return flags;
}

/**
 * sv_pin_tell - have the record say whether the pin lasted
 * @loan: from sv_pin_begin(); its sink has taken some of it
 * @completion: held by the command that pushes it
 */
void sv_pin_tell(struct sv_loan *loan, struct sv_completion *completion)
{
	struct sv_pin *pin = loan->pin;

	if (pin->told)
		return;
	pin->told = true;
	refcount_inc(&pin->refs);
	pin->witness.slow = false;
	pin->witness.end = witness_end;
	sv_completion_add_witness(completion, &pin->witness);
}
