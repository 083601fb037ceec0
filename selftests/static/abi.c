// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI as programs have been compiled with it: compiling this is the test,
 * for 64 and for 32 bits and with -Wpadded, as a hole in a struct would be bytes
 * that nobody sets. Needs no libc. abi.py sees to it that nothing is missing.
 *
 * A new flag, field or command gets a line. A line that is there and fails to
 * compile is a broken promise, except for the sizes, as structs grow at their
 * end, and SPLICEVEC_KINDS.
 */
#include <linux/splicevec.h>

#define VALUE(name, value)						\
	_Static_assert((name) == (value), #name " has changed")

/* Structs start and end on 8 bytes wherever 64 bits are aligned to less. */
#define SIZE(name, size)						\
	_Static_assert(sizeof(struct name) == (size) &&			\
		       _Alignof(struct name) == 8,			\
		       "struct " #name " has another size")

#define MEMBER(name, member, offset, type)				\
	_Static_assert(__builtin_offsetof(struct name, member) == (offset), \
		       "struct " #name ": " #member " has moved");	\
	_Static_assert(__builtin_types_compatible_p(			\
			__typeof__(((struct name *)0)->member), type),	\
		       "struct " #name ": " #member " has another type")

/* commands */
VALUE(SPLICEVEC_IOC_TYPE, 0xd5);
VALUE(SPLICEVEC_PULL, 0xd500);
VALUE(SPLICEVEC_PUSH, 0xd501);
VALUE(SPLICEVEC_SPLICE, 0xd502);
VALUE(SPLICEVEC_INFO, 0xd503);
VALUE(SPLICEVEC_SPANS, 0xd504);
VALUE(SPLICEVEC_FEATURES, 0xd505);
VALUE(SPLICEVEC_REAP, 0xd506);
VALUE(SPLICEVEC_CANCEL, 0xd507);
VALUE(SPLICEVEC_POLICY, 0xd508);

/* no fds */
VALUE(SPLICEVEC_FD_MEM, -1001);
VALUE(SPLICEVEC_FD_NONE, -1002);

/* splicevec_span.flags */
VALUE(SPLICEVEC_SPAN_LOAN, 1);
VALUE(SPLICEVEC_SPAN_WRITABLE, 2);

/* splicevec_reap.flags */
VALUE(SPLICEVEC_REAP_EVENTFD, 1);
VALUE(SPLICEVEC_REAP_MAX, 4096);

/* splicevec_features.features */
VALUE(SPLICEVEC_FEAT_SPLICE_PAGES, 1);
VALUE(SPLICEVEC_FEAT_TRACKED_SOCK, 2);
VALUE(SPLICEVEC_FEAT_TRACKED_PIPE, 4);
VALUE(SPLICEVEC_FEAT_PIN_READONLY, 8);
VALUE(SPLICEVEC_FEAT_URING, 16);
VALUE(SPLICEVEC_FEAT_URING_STRICT, 32);
VALUE(SPLICEVEC_FEAT_STABLE, 64);
VALUE(SPLICEVEC_FEAT_VERIFY, 128);
VALUE(SPLICEVEC_FEAT_STABLE_PIN, 256);

/* enum splicevec_flag */
VALUE(SPLICEVEC_NONBLOCK, 1);
VALUE(SPLICEVEC_COPY, 2);
VALUE(SPLICEVEC_KEEP, 4);
VALUE(SPLICEVEC_NOCOPY, 8);
VALUE(SPLICEVEC_MORE, 16);
VALUE(SPLICEVEC_UNCACHED, 32);
VALUE(SPLICEVEC_LAZY, 64);
VALUE(SPLICEVEC_STRICT, 128);
VALUE(SPLICEVEC_NOTIFY, 256);
VALUE(SPLICEVEC_STABLE, 512);
VALUE(SPLICEVEC_VERIFY, 1024);

/* enum splicevec_completion_kind */
VALUE(SPLICEVEC_COMPLETION_PUSH, 1);
VALUE(SPLICEVEC_COMPLETION_NOTIFY, 2);

/* enum splicevec_result */
VALUE(SPLICEVEC_COPIED, 1);
VALUE(SPLICEVEC_ESTIMATED, 2);
VALUE(SPLICEVEC_EOF, 4);
VALUE(SPLICEVEC_IN_AGAIN, 8);
VALUE(SPLICEVEC_OUT_AGAIN, 16);
VALUE(SPLICEVEC_RECORD, 32);
VALUE(SPLICEVEC_CHANGED, 64);
VALUE(SPLICEVEC_UNSTABLE, 128);

/* enum splicevec_kind */
VALUE(SPLICEVEC_OWNED, 1);
VALUE(SPLICEVEC_CACHE, 2);
VALUE(SPLICEVEC_FOREIGN, 3);
VALUE(SPLICEVEC_PINNED, 4);
VALUE(SPLICEVEC_LENT, 5);
VALUE(SPLICEVEC_KINDS, 6);

/* enum splicevec_route */
VALUE(SPLICEVEC_ROUTE_NONE, 0);
VALUE(SPLICEVEC_ROUTE_PLAIN, 1);
VALUE(SPLICEVEC_ROUTE_TRACKED, 2);
VALUE(SPLICEVEC_ROUTE_DIRECT, 3);
VALUE(SPLICEVEC_ROUTE_MOVED, 4);
VALUE(SPLICEVEC_ROUTE_COPIED, 5);

/* enum splicevec_why */
VALUE(SPLICEVEC_WHY_NOTHING, 0);
VALUE(SPLICEVEC_WHY_SINK, 1);
VALUE(SPLICEVEC_WHY_UNTRACKED, 2);
VALUE(SPLICEVEC_WHY_NO_SG, 3);
VALUE(SPLICEVEC_WHY_UPPER, 4);
VALUE(SPLICEVEC_WHY_UNKNOWN, 5);
VALUE(SPLICEVEC_WHY_UNSTABLE, 6);

SIZE(splicevec_pull, 64);
MEMBER(splicevec_pull, size, 0, __u32);
MEMBER(splicevec_pull, fd, 4, __s32);
MEMBER(splicevec_pull, flags, 8, __u32);
MEMBER(splicevec_pull, iovs, 12, __u32);
MEMBER(splicevec_pull, offset, 16, __s64);
MEMBER(splicevec_pull, len, 24, __u64);
MEMBER(splicevec_pull, addr, 32, __u64);
MEMBER(splicevec_pull, user_data, 40, __u64);
MEMBER(splicevec_pull, bytes, 48, __u64);
MEMBER(splicevec_pull, result, 56, __u32);
MEMBER(splicevec_pull, reserved2, 60, __u32);

SIZE(splicevec_push, 96);
MEMBER(splicevec_push, size, 0, __u32);
MEMBER(splicevec_push, fd, 4, __s32);
MEMBER(splicevec_push, flags, 8, __u32);
MEMBER(splicevec_push, iovs, 12, __u32);
MEMBER(splicevec_push, offset, 16, __s64);
MEMBER(splicevec_push, start, 24, __s64);
MEMBER(splicevec_push, len, 32, __u64);
MEMBER(splicevec_push, addr, 40, __u64);
MEMBER(splicevec_push, user_data, 48, __u64);
MEMBER(splicevec_push, bytes, 56, __u64);
MEMBER(splicevec_push, copied, 64, __u64);
MEMBER(splicevec_push, result, 72, __u32);
MEMBER(splicevec_push, reserved2, 76, __u32);
MEMBER(splicevec_push, stable_ms, 80, __u32);
MEMBER(splicevec_push, reserved3, 84, __u32);
MEMBER(splicevec_push, pinned, 88, __u64);

SIZE(splicevec_splice, 72);
MEMBER(splicevec_splice, size, 0, __u32);
MEMBER(splicevec_splice, flags, 4, __u32);
MEMBER(splicevec_splice, in, 8, __s32);
MEMBER(splicevec_splice, out, 12, __s32);
MEMBER(splicevec_splice, in_offset, 16, __s64);
MEMBER(splicevec_splice, out_offset, 24, __s64);
MEMBER(splicevec_splice, len, 32, __u64);
MEMBER(splicevec_splice, pulled, 40, __u64);
MEMBER(splicevec_splice, pushed, 48, __u64);
MEMBER(splicevec_splice, copied, 56, __u64);
MEMBER(splicevec_splice, result, 64, __u32);
MEMBER(splicevec_splice, reserved, 68, __u32);

SIZE(splicevec_info, 48);
MEMBER(splicevec_info, size, 0, __u32);
MEMBER(splicevec_info, reserved, 4, __u32);
MEMBER(splicevec_info, head, 8, __u64);
MEMBER(splicevec_info, tail, 16, __u64);
MEMBER(splicevec_info, spans, 24, __u64);
MEMBER(splicevec_info, loans, 32, __u64);
MEMBER(splicevec_info, pages, 40, __u64);

SIZE(splicevec_span, 40);
MEMBER(splicevec_span, offset, 0, __u64);
MEMBER(splicevec_span, len, 8, __u64);
MEMBER(splicevec_span, kind, 16, __u32);
MEMBER(splicevec_span, flags, 20, __u32);
MEMBER(splicevec_span, loan, 24, __u64);
MEMBER(splicevec_span, skip, 32, __u64);

SIZE(splicevec_spans, 32);
MEMBER(splicevec_spans, size, 0, __u32);
MEMBER(splicevec_spans, capacity, 4, __u32);
MEMBER(splicevec_spans, start, 8, __u64);
MEMBER(splicevec_spans, addr, 16, __u64);
MEMBER(splicevec_spans, count, 24, __u32);
MEMBER(splicevec_spans, reserved, 28, __u32);

SIZE(splicevec_features, 80);
MEMBER(splicevec_features, size, 0, __u32);
MEMBER(splicevec_features, fd, 4, __s32);
MEMBER(splicevec_features, features, 8, __u64);
MEMBER(splicevec_features, routes, 16, __u8[8]);
MEMBER(splicevec_features, reasons, 24, __u8[8]);
MEMBER(splicevec_features, strict_routes, 32, __u8[8]);
MEMBER(splicevec_features, strict_reasons, 40, __u8[8]);
MEMBER(splicevec_features, stable_routes, 48, __u8[8]);
MEMBER(splicevec_features, stable_reasons, 56, __u8[8]);
MEMBER(splicevec_features, pin_routes, 64, __u8[8]);
MEMBER(splicevec_features, pin_reasons, 72, __u8[8]);

SIZE(splicevec_completion, 40);
MEMBER(splicevec_completion, user_data, 0, __u64);
MEMBER(splicevec_completion, kind, 8, __u32);
MEMBER(splicevec_completion, status, 12, __s32);
MEMBER(splicevec_completion, bytes, 16, __u64);
MEMBER(splicevec_completion, copied, 24, __u64);
MEMBER(splicevec_completion, flags, 32, __u32);
MEMBER(splicevec_completion, reserved, 36, __u32);

SIZE(splicevec_reap, 48);
MEMBER(splicevec_reap, size, 0, __u32);
MEMBER(splicevec_reap, flags, 4, __u32);
MEMBER(splicevec_reap, addr, 8, __u64);
MEMBER(splicevec_reap, timeout, 16, __u64);
MEMBER(splicevec_reap, capacity, 24, __u32);
MEMBER(splicevec_reap, min, 28, __u32);
MEMBER(splicevec_reap, eventfd, 32, __s32);
MEMBER(splicevec_reap, stride, 36, __u32);
MEMBER(splicevec_reap, count, 40, __u32);
MEMBER(splicevec_reap, left, 44, __u32);

SIZE(splicevec_cancel, 24);
MEMBER(splicevec_cancel, size, 0, __u32);
MEMBER(splicevec_cancel, flags, 4, __u32);
MEMBER(splicevec_cancel, user_data, 8, __u64);
MEMBER(splicevec_cancel, count, 16, __u32);
MEMBER(splicevec_cancel, reserved, 20, __u32);

SIZE(splicevec_policy, 24);
MEMBER(splicevec_policy, size, 0, __u32);
MEMBER(splicevec_policy, set, 4, __u32);
MEMBER(splicevec_policy, flags, 8, __u32);
MEMBER(splicevec_policy, reserved, 12, __u32);
MEMBER(splicevec_policy, was, 16, __u64);
