/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One event for each edge of a lifetime: lend, push, complete, return.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM splicevec

#if !defined(_SV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SV_TRACE_H

#include <linux/tracepoint.h>

#include "loan.h"
#include "tracked.h"

DECLARE_EVENT_CLASS(splicevec_loan,
	TP_PROTO(const struct sv_loan *loan),
	TP_ARGS(loan),
	TP_STRUCT__entry(
		__field(const void *, loan)
		__field(u8, kind)
		__field(u16, runs)
		__field(unsigned long, pages)
	),
	TP_fast_assign(
		__entry->loan = loan;
		__entry->kind = loan->kind;
		__entry->runs = loan->nr;
		__entry->pages = loan->pages;
	),
	TP_printk("loan=%p kind=%u runs=%u pages=%lu", __entry->loan,
		  __entry->kind, __entry->runs, __entry->pages)
);

/* A loan is complete and charged; its pages are out of their owner's hands. */
DEFINE_EVENT(splicevec_loan, splicevec_lend,
	TP_PROTO(const struct sv_loan *loan),
	TP_ARGS(loan)
);

/* Its last user has let go; the pages are about to be given back. */
DEFINE_EVENT(splicevec_loan, splicevec_return,
	TP_PROTO(const struct sv_loan *loan),
	TP_ARGS(loan)
);

DECLARE_EVENT_CLASS(splicevec_transfer,
	TP_PROTO(const struct sv_push *push),
	TP_ARGS(push),
	TP_STRUCT__entry(
		__field(const void *, push)
		__field(const void *, loan)
	),
	TP_fast_assign(
		__entry->push = push;
		__entry->loan = push->loan;
	),
	TP_printk("push=%p loan=%p", __entry->push, __entry->loan)
);

/* A sink is about to get a tracked push. */
DEFINE_EVENT(splicevec_transfer, splicevec_push,
	TP_PROTO(const struct sv_push *push),
	TP_ARGS(push)
);

/* Its last reader is gone. Any context. */
DEFINE_EVENT(splicevec_transfer, splicevec_complete,
	TP_PROTO(const struct sv_push *push),
	TP_ARGS(push)
);

/* Folios of the page cache are pinned: writers wait. */
TRACE_EVENT(splicevec_pin,
	TP_PROTO(const struct sv_pin *pin, unsigned int folios, unsigned int ms),
	TP_ARGS(pin, folios, ms),
	TP_STRUCT__entry(
		__field(const void *, pin)
		__field(unsigned int, folios)
		__field(unsigned int, ms)
	),
	TP_fast_assign(
		__entry->pin = pin;
		__entry->folios = folios;
		__entry->ms = ms;
	),
	TP_printk("pin=%p folios=%u ms=%u", __entry->pin, __entry->folios,
		  __entry->ms)
);

/* They are about to be let go: the sink has done so, or their time is over. Any context. */
TRACE_EVENT(splicevec_unpin,
	TP_PROTO(const struct sv_pin *pin, unsigned int folios, bool expired),
	TP_ARGS(pin, folios, expired),
	TP_STRUCT__entry(
		__field(const void *, pin)
		__field(unsigned int, folios)
		__field(bool, expired)
	),
	TP_fast_assign(
		__entry->pin = pin;
		__entry->folios = folios;
		__entry->expired = expired;
	),
	TP_printk("pin=%p folios=%u expired=%d", __entry->pin,
		  __entry->folios, __entry->expired)
);

#endif /* _SV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
