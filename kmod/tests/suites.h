/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_TESTS_SUITES_H
#define _SV_TESTS_SUITES_H

#ifdef SV_KUNIT
extern struct kunit_suite sv_args_suite;
extern struct kunit_suite sv_spans_suite;
extern struct kunit_suite sv_slices_suite;
extern struct kunit_suite sv_vector_suite;
extern struct kunit_suite sv_loan_suite;
extern struct kunit_suite sv_account_suite;
extern struct kunit_suite sv_tracked_suite;
extern struct kunit_suite sv_completion_suite;
extern struct kunit_suite sv_records_suite;
extern struct kunit_suite sv_deferred_suite;
extern struct kunit_suite sv_verify_suite;
extern struct kunit_suite sv_pin_suite;
extern struct kunit_suite sv_lend_suite;
extern struct kunit_suite sv_tables_suite;

void sv_suites_init(void);
#else
static inline void sv_suites_init(void)
{
}
#endif

#endif /* _SV_TESTS_SUITES_H */
