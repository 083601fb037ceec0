/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * splicevec: gather page spans from any fd into a vector, hand them to any fd.
 *
 * open("/dev/splicevec") makes a new, empty vector; the fd is the vector.
 * Every command is an ioctl on that fd with a pointer to its struct. PULL, PUSH and
 * SPLICE are commands of io_uring as well: IORING_OP_URING_CMD on that fd, with the
 * number as cmd_op and the pointer as the first 8 bytes of cmd, followed by 8 of zero.
 *
 * General errors, the same for every command:
 *
 *  - EBADF: the vector, the source or the sink is not open, or not open for
 *    this direction (PULL writes the vector, PUSH reads it).
 *  - EFAULT: the struct, or memory it points to, cannot be reached. Nothing was
 *    done: results are cleared in the caller's struct before the work starts.
 *  - EINVAL: an unknown flag, a flag of another command, flags that exclude each
 *    other, a reserved field that is not zero, a size below the command's first
 *    one, a negative offset other than -1, a vector pushed into itself, an
 *    explicit offset on an O_APPEND sink, MORE for a datagram, more than 1024
 *    pieces of memory.
 *  - E2BIG: the struct is longer than this kernel knows and its unknown tail is
 *    not all zero.
 *  - ENOTTY: no such command.
 *  - EOPNOTSUPP: this fd can be no source or no sink, or not with this flag
 *    (UNCACHED, LAZY, NOTIFY); or the command is none for io_uring, or not for a
 *    ring with IORING_SETUP_IOPOLL, or has a list of pieces of memory in a ring of
 *    a 32-bit program; or NOCOPY was asked for and this hand-off has to copy, be
 *    it for the sink or to be STABLE.
 *  - ESPIPE: an offset was given for something that has none.
 *  - EAGAIN: NONBLOCK was asked for, or the source or sink is O_NONBLOCK, and
 *    the command would have to wait.
 *  - EINTR: a signal came before anything was moved. After that a signal ends
 *    the command with the short count. See REAP for what else may be EINTR there.
 *  - EDQUOT: the user already holds as many pages, or has pinned as much memory
 *    (RLIMIT_MEMLOCK), as they may.
 *  - ENOBUFS: the vector has as many spans, or completion records, as one vector
 *    may have; or a socket, as a sink, has no memory.
 *  - EMSGSIZE: a datagram that is longer than was asked for, or that the sink
 *    cannot send whole.
 *  - EOVERFLOW: a page has as many users already as it may have.
 *  - ENOMEM: no memory.
 *  - ESTALE: the window starts at bytes the vector no longer holds; or an entry of
 *    io_uring that was linked to others was overwritten before its turn came, which
 *    from Linux 6.10 to 6.13 must not be (IOSQE_ASYNC avoids it).
 *  - EXDEV: a notification pipe; its buffers cannot leave it.
 *  - EPIPE: the sink has no reader left. No signal is sent.
 *  - ECANCELED: the push was called off before its sink got anything.
 *  - EALREADY: CANCEL found no such push, or came too late.
 *
 * Any other errno (EIO, ENOSPC, EFBIG, ECONNRESET, ...) is the file's own.
 * Whatever the error: what a sink did not accept is still in the vector, in
 * order, and what was not pulled is still in the source.
 */
#ifndef _UAPI_LINUX_SPLICEVEC_H
#define _UAPI_LINUX_SPLICEVEC_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SPLICEVEC_IOC_TYPE	0xD5

/*
 * Growth: each struct starts with its size as the caller knows it. The kernel
 * reads a shorter struct as if its missing tail were zero, refuses a longer one
 * (E2BIG) unless the part it does not know is zero, and writes back no more
 * than the caller's size. So new fields are only ever added at the end.
 */
#define SPLICEVEC_PULL		_IO(SPLICEVEC_IOC_TYPE, 0x00)
#define SPLICEVEC_PUSH		_IO(SPLICEVEC_IOC_TYPE, 0x01)
#define SPLICEVEC_SPLICE	_IO(SPLICEVEC_IOC_TYPE, 0x02)
#define SPLICEVEC_INFO		_IO(SPLICEVEC_IOC_TYPE, 0x03)
#define SPLICEVEC_SPANS		_IO(SPLICEVEC_IOC_TYPE, 0x04)
#define SPLICEVEC_FEATURES	_IO(SPLICEVEC_IOC_TYPE, 0x05)
#define SPLICEVEC_REAP		_IO(SPLICEVEC_IOC_TYPE, 0x06)
#define SPLICEVEC_CANCEL	_IO(SPLICEVEC_IOC_TYPE, 0x07)
#define SPLICEVEC_POLICY	_IO(SPLICEVEC_IOC_TYPE, 0x08)

/* In place of a source or sink fd. */
#define SPLICEVEC_FD_MEM	(-1001)	/* the caller's memory at addr */
#define SPLICEVEC_FD_NONE	(-1002)	/* sink only: drop the bytes */

/**
 * enum splicevec_flag - what a command shall do
 * @SPLICEVEC_NONBLOCK: PULL, PUSH, SPLICE: EAGAIN rather than wait for the
 *	source, the sink or another command on the vector. Reading a file from
 *	its disk does not count as waiting, but for LAZY spans it does. A device
 *	that can be polled keeps this promise as a sink only if it is O_NONBLOCK:
 *	otherwise EOPNOTSUPP.
 * @SPLICEVEC_COPY: PULL: take copies; the spans become gifts.
 * @SPLICEVEC_KEEP: PUSH: push a window that starts at @start and consume
 *	nothing. Any number of these run side by side.
 * @SPLICEVEC_NOCOPY: PUSH, SPLICE: hand over pages or fail with EOPNOTSUPP.
 * @SPLICEVEC_MORE: PUSH: more data follows at once (as MSG_MORE).
 * @SPLICEVEC_UNCACHED: PULL: read a file or block device past the page cache,
 *	as with O_DIRECT, into pages of the vector's own.
 * @SPLICEVEC_LAZY: PULL: start reading a file or block device into the page
 *	cache and do not wait for it. Whatever needs the bytes later waits, and
 *	gets the error (EIO) if they could not be read.
 * @SPLICEVEC_STRICT: PUSH: a completion record with @user_data follows when the
 *	sink has really let go of the pages: a socket when the last packet that
 *	reads them is acknowledged (not so for UDP) and freed, a pipe when its reader has the bytes
 *	or a copy of them, an O_DIRECT file or block device when the device has
 *	them: the push does not wait for that. What cannot tell is given copies, and
 *	so is another vector: then, as with other files and memory, that is when the
 *	push returns.
 * @SPLICEVEC_NOTIFY: PULL: a completion record with @user_data follows when the
 *	last user of what is pulled is gone, in this vector or any other and in
 *	whatever it was pushed to: the owner's memory may be written again. Of
 *	another vector, whose spans have users already: EOPNOTSUPP.
 * @SPLICEVEC_STABLE: PUSH, SPLICE: what the sink reads is what was there when it was
 *	handed over, whoever writes to it later. What is not OWNED, or lent by a
 *	module that keeps it as it is, is copied once; or, by a STRICT push, pinned
 *	where the administrator allows that (FEAT_STABLE_PIN) and the span is WRITABLE:
 *	then writers wait until the sink has let go, but no longer than @stable_ms.
 * @SPLICEVEC_VERIFY: PUSH with STRICT: sums the bytes up (crc32c) before they are
 *	handed over and when the sink has let go of them. The record says CHANGED if
 *	somebody has written to them in between. Nobody is kept from that.
 */
enum splicevec_flag {
	SPLICEVEC_NONBLOCK	= 1 << 0,
	SPLICEVEC_COPY		= 1 << 1,
	SPLICEVEC_KEEP		= 1 << 2,
	SPLICEVEC_NOCOPY	= 1 << 3,
	SPLICEVEC_MORE		= 1 << 4,
	SPLICEVEC_UNCACHED	= 1 << 5,
	SPLICEVEC_LAZY		= 1 << 6,
	SPLICEVEC_STRICT	= 1 << 7,
	SPLICEVEC_NOTIFY	= 1 << 8,
	SPLICEVEC_STABLE	= 1 << 9,
	SPLICEVEC_VERIFY	= 1 << 10,
};

/**
 * enum splicevec_result - what a command has to say beside its counts
 * @SPLICEVEC_COPIED: PULL: the pages could not be lent, or COPY was asked for;
 *	the spans hold copies.
 * @SPLICEVEC_ESTIMATED: PUSH, SPLICE: @copied was read off the abilities of the
 *	socket's route, or a tracked socket has not let go of all pages yet and
 *	may still copy some.
 * @SPLICEVEC_EOF: SPLICE: the source is at its end.
 * @SPLICEVEC_IN_AGAIN: SPLICE: stopped because the source would block.
 * @SPLICEVEC_OUT_AGAIN: SPLICE: stopped because the sink would block; with
 *	RECORD and nothing pulled: it did not take an empty datagram.
 * @SPLICEVEC_RECORD: PULL, SPLICE: what was pulled is one whole datagram; with
 *	no bytes an empty one, and not the end.
 * @SPLICEVEC_CHANGED: completion records, and PUSH by io_uring where its CQE is the
 *	completion: VERIFY has found that bytes were changed before the sink had let
 *	go of them: what it has read may be neither the old nor the new ones
 * @SPLICEVEC_UNSTABLE: likewise: STABLE: bytes were pinned, and the time for that was
 *	over before the sink had let go of them. Writers were let in, and the sink may
 *	have read what they wrote
 */
enum splicevec_result {
	SPLICEVEC_COPIED	= 1 << 0,
	SPLICEVEC_ESTIMATED	= 1 << 1,
	SPLICEVEC_EOF		= 1 << 2,
	SPLICEVEC_IN_AGAIN	= 1 << 3,
	SPLICEVEC_OUT_AGAIN	= 1 << 4,
	SPLICEVEC_RECORD	= 1 << 5,
	SPLICEVEC_CHANGED	= 1 << 6,
	SPLICEVEC_UNSTABLE	= 1 << 7,
};

/**
 * struct splicevec_pull - append spans from a source to the vector
 * @size: sizeof(struct splicevec_pull)
 * @fd: the source, open for reading, or SPLICEVEC_FD_MEM
 * @flags: NONBLOCK, COPY, UNCACHED, LAZY, NOTIFY
 * @iovs: SPLICEVEC_FD_MEM: 0, or the number of struct iovec at @addr
 * @offset: where to start, in bytes; -1: the file position, which moves on by
 *	the bytes pulled. Streams and memory have only -1. Of a vector: an
 *	absolute position, -1 its head; the source vector keeps its own.
 * @len: bytes at the most; no call moves more than 0x7ffff000
 * @addr: SPLICEVEC_FD_MEM: address of the memory, or of the list of its pieces;
 *	otherwise 0
 * @user_data: NOTIFY: goes into the completion record; otherwise 0
 * @bytes: out: bytes pulled; without RECORD, 0 is the end of the source
 * @result: out: COPIED, RECORD
 * @reserved2: out: 0
 *
 * What is no regular file or block device gives what it has, and is waited for
 * only if it has nothing. A datagram socket gives one whole datagram, or
 * EMSGSIZE if that is longer than @len, and keeps it then.
 *
 * A NOTIFY pull that succeeds has exactly one record, one that fails has none.
 */
struct splicevec_pull {
	__u32 size;
	__s32 fd;
	__u32 flags;
	__u32 iovs;
	__s64 offset;
	__aligned_u64 len;
	__aligned_u64 addr;
	__aligned_u64 user_data;
	__aligned_u64 bytes;
	__u32 result;
	__u32 reserved2;
};

/**
 * struct splicevec_push - hand bytes of the vector to a sink
 * @size: sizeof(struct splicevec_push)
 * @fd: the sink, open for writing, or SPLICEVEC_FD_MEM, or SPLICEVEC_FD_NONE
 * @flags: NONBLOCK, KEEP, NOCOPY, MORE, STRICT, STABLE, VERIFY
 * @iovs: SPLICEVEC_FD_MEM: 0, or the number of struct iovec at @addr
 * @offset: where the file is written, in bytes; -1: the file position (for an
 *	O_APPEND file: its end), which moves on by the bytes pushed. Streams,
 *	memory and vectors have only -1.
 * @start: KEEP: absolute position of the window's first byte, -1: the head of
 *	the vector; otherwise 0
 * @len: bytes at the most; what the vector does not hold is not waited for, and
 *	no call moves more than 0x7ffff000
 * @addr: SPLICEVEC_FD_MEM: address of the memory, or of the list of its pieces;
 *	otherwise 0
 * @user_data: STRICT: goes into the completion record; otherwise 0
 * @bytes: out: bytes the sink accepted; they have left the vector unless KEEP
 * @copied: out: how many of them were copied on the way
 * @result: out: ESTIMATED, CHANGED, UNSTABLE
 * @reserved2: out: 0
 * @stable_ms: STABLE: milliseconds that a page may be pinned at the most; 0, or more
 *	than that: the module's stable_timeout_ms; otherwise 0
 * @reserved3: 0
 * @pinned: out: how many of the bytes accepted were pinned, and are not to change until
 *	the record says UNSTABLE, or not
 *
 * To a datagram socket the bytes go as one datagram, all or none (EMSGSIZE); it
 * must be connected. With @len 0 it is an empty one.
 *
 * A STRICT push that succeeds has exactly one record, one that fails has none.
 */
struct splicevec_push {
	__u32 size;
	__s32 fd;
	__u32 flags;
	__u32 iovs;
	__s64 offset;
	__s64 start;
	__aligned_u64 len;
	__aligned_u64 addr;
	__aligned_u64 user_data;
	__aligned_u64 bytes;
	__aligned_u64 copied;
	__u32 result;
	__u32 reserved2;
	__u32 stable_ms;
	__u32 reserved3;
	__aligned_u64 pinned;
};

/**
 * struct splicevec_splice - push what the vector holds, then pull and push
 * @size: sizeof(struct splicevec_splice)
 * @flags: NONBLOCK, NOCOPY, STABLE
 * @in: the source, as in PULL but no memory
 * @out: the sink, as in PUSH but no memory
 * @in_offset: as offset in PULL
 * @out_offset: as offset in PUSH
 * @len: bytes to pull at the most; the call waits for a stream at most once and
 *	then takes what is there; of a datagram socket it takes one datagram
 * @pulled: out: bytes taken from the source
 * @pushed: out: bytes the sink accepted, those the vector held before included
 * @copied: out: how many of the pushed bytes were copied on the way
 * @result: out: EOF, IN_AGAIN, OUT_AGAIN, ESTIMATED, RECORD
 * @reserved: out: 0
 *
 * Fails only if both counts are 0 and no empty datagram was pulled. What was pulled
 * and not pushed stays in the vector; only an empty datagram cannot: if the sink did
 * not take it, @result is RECORD and OUT_AGAIN with @pulled 0, and a PUSH of @len 0
 * sends it, or says why not.
 */
struct splicevec_splice {
	__u32 size;
	__u32 flags;
	__s32 in;
	__s32 out;
	__s64 in_offset;
	__s64 out_offset;
	__aligned_u64 len;
	__aligned_u64 pulled;
	__aligned_u64 pushed;
	__aligned_u64 copied;
	__u32 result;
	__u32 reserved;
};

/**
 * struct splicevec_info - the state of a vector
 * @size: sizeof(struct splicevec_info)
 * @reserved: 0
 * @head: out: absolute position of the first byte held
 * @tail: out: absolute position one past the last byte held
 * @spans: out: number of spans
 * @loans: out: number of loans these spans hold, a loan counted once for each
 *	run of neighbouring spans that share it
 * @pages: out: pages charged for these loans, counted the same way
 */
struct splicevec_info {
	__u32 size;
	__u32 reserved;
	__aligned_u64 head;
	__aligned_u64 tail;
	__aligned_u64 spans;
	__aligned_u64 loans;
	__aligned_u64 pages;
};

/**
 * enum splicevec_kind - who owns the pages of a span
 * @SPLICEVEC_OWNED: allocated and filled by splicevec (a gift)
 * @SPLICEVEC_CACHE: page cache (a loan)
 * @SPLICEVEC_FOREIGN: pages of sockets and devices (a gift) and pipe buffers (a gift
 *	if a page reference is all that holds them, else a loan)
 * @SPLICEVEC_PINNED: memory of the process that pulled it (a loan)
 * @SPLICEVEC_LENT: a kernel module's, that gets them back by its own destructor (a
 *	loan)
 * @SPLICEVEC_KINDS: number of kinds this header knows, plus one
 */
enum splicevec_kind {
	SPLICEVEC_OWNED		= 1,
	SPLICEVEC_CACHE		= 2,
	SPLICEVEC_FOREIGN	= 3,
	SPLICEVEC_PINNED	= 4,
	SPLICEVEC_LENT		= 5,
	SPLICEVEC_KINDS
};

/* splicevec_span.flags: the span's pages have an owner who gets them back. */
#define SPLICEVEC_SPAN_LOAN	(1 << 0)
/* They are page cache that was pulled through a file open for writing as well. */
#define SPLICEVEC_SPAN_WRITABLE	(1 << 1)

/**
 * struct splicevec_span - one span of a vector
 * @offset: absolute position of its first byte
 * @len: bytes
 * @kind: enum splicevec_kind
 * @flags: SPLICEVEC_SPAN_LOAN, SPLICEVEC_SPAN_WRITABLE
 * @loan: serial number of the loan its pages belong to, from 1; never given out
 *	again as long as the module stays loaded
 * @skip: bytes of that loan before the span
 *
 * Two bytes are the same memory if they are as far into the same loan. A page
 * that was pulled twice has been lent twice, and is two loans.
 */
struct splicevec_span {
	__aligned_u64 offset;
	__aligned_u64 len;
	__u32 kind;
	__u32 flags;
	__aligned_u64 loan;
	__aligned_u64 skip;
};

/**
 * struct splicevec_spans - list the spans of a vector
 * @size: sizeof(struct splicevec_spans)
 * @capacity: room at @addr, in spans; one call writes 4096 at the most
 * @start: absolute position; the span holding it comes first (the first span
 *	if the vector no longer holds it)
 * @addr: array of struct splicevec_span
 * @count: out: spans written
 * @reserved: out: 0
 */
struct splicevec_spans {
	__u32 size;
	__u32 capacity;
	__aligned_u64 start;
	__aligned_u64 addr;
	__u32 count;
	__u32 reserved;
};

/**
 * enum splicevec_route - how pages reach a sink
 * @SPLICEVEC_ROUTE_NONE: they cannot
 * @SPLICEVEC_ROUTE_PLAIN: page references, as splice(2) and sendfile(2)
 * @SPLICEVEC_ROUTE_TRACKED: lent until the sink tells its end of use
 * @SPLICEVEC_ROUTE_DIRECT: read by the device before the push returns
 * @SPLICEVEC_ROUTE_MOVED: the spans themselves change hands
 * @SPLICEVEC_ROUTE_COPIED: the bytes are copied
 */
enum splicevec_route {
	SPLICEVEC_ROUTE_NONE	= 0,
	SPLICEVEC_ROUTE_PLAIN	= 1,
	SPLICEVEC_ROUTE_TRACKED	= 2,
	SPLICEVEC_ROUTE_DIRECT	= 3,
	SPLICEVEC_ROUTE_MOVED	= 4,
	SPLICEVEC_ROUTE_COPIED	= 5,
};

/**
 * enum splicevec_why - why a route copies
 * @SPLICEVEC_WHY_NOTHING: it does not
 * @SPLICEVEC_WHY_SINK: the sink keeps its own copy of whatever it is given
 * @SPLICEVEC_WHY_UNTRACKED: the pages may not be handed over by reference and
 *	the sink cannot tell when it stops reading them
 * @SPLICEVEC_WHY_NO_SG: the socket's route cannot send from pages
 * @SPLICEVEC_WHY_UPPER: a protocol on top of the socket rewrites its data
 * @SPLICEVEC_WHY_UNKNOWN: how long this family of sockets reads pages is not
 *	known
 * @SPLICEVEC_WHY_UNSTABLE: the push is STABLE, and somebody may write to the pages
 */
enum splicevec_why {
	SPLICEVEC_WHY_NOTHING	= 0,
	SPLICEVEC_WHY_SINK	= 1,
	SPLICEVEC_WHY_UNTRACKED	= 2,
	SPLICEVEC_WHY_NO_SG	= 3,
	SPLICEVEC_WHY_UPPER	= 4,
	SPLICEVEC_WHY_UNKNOWN	= 5,
	SPLICEVEC_WHY_UNSTABLE	= 6,
};

/* splicevec_features.features */
#define SPLICEVEC_FEAT_SPLICE_PAGES	(1 << 0) /* many pages a network call */
#define SPLICEVEC_FEAT_TRACKED_SOCK	(1 << 1) /* tracked pushes to sockets */
#define SPLICEVEC_FEAT_TRACKED_PIPE	(1 << 2) /* tracked pushes to pipes */
#define SPLICEVEC_FEAT_PIN_READONLY	(1 << 3) /* lends read-only memory too */
#define SPLICEVEC_FEAT_URING		(1 << 4) /* commands by io_uring */
#define SPLICEVEC_FEAT_URING_STRICT	(1 << 5) /* a CQE is the end of a strict push */
#define SPLICEVEC_FEAT_STABLE		(1 << 6) /* pushes that are STABLE by a copy */
#define SPLICEVEC_FEAT_VERIFY		(1 << 7) /* VERIFY, and policies of vectors */
#define SPLICEVEC_FEAT_STABLE_PIN	(1 << 8) /* the caller may pin, to be STABLE */

/**
 * struct splicevec_features - what this kernel, and one sink, can do
 * @size: sizeof(struct splicevec_features)
 * @fd: a sink to ask about, as in PUSH, or -1
 * @features: out: SPLICEVEC_FEAT_* bits
 * @routes: out: indexed by enum splicevec_kind, the enum splicevec_route a push
 *	of such a span to @fd would take now; all 0 without a sink
 * @reasons: out: likewise, the enum splicevec_why of routes that copy
 * @strict_routes: out: as @routes, of a STRICT push: what is not TRACKED has its
 *	record when the push returns
 * @strict_reasons: out: as @reasons, of a STRICT push
 * @stable_routes: out: as @routes, of a STABLE push. Copies go on as OWNED spans do
 * @stable_reasons: out: as @reasons, of a STABLE push
 * @pin_routes: out: as @routes, of a STABLE and STRICT push of spans that are WRITABLE
 *	if they are CACHE: what is TRACKED is pinned
 * @pin_reasons: out: as @reasons, of such a push
 *
 * A push may still be copied where this one would not be: for its alignment, its
 * length (datagrams), because a route has changed, or because a page cannot be pinned.
 */
struct splicevec_features {
	__u32 size;
	__s32 fd;
	__aligned_u64 features;
	__u8 routes[8];
	__u8 reasons[8];
	__u8 strict_routes[8];
	__u8 strict_reasons[8];
	__u8 stable_routes[8];
	__u8 stable_reasons[8];
	__u8 pin_routes[8];
	__u8 pin_reasons[8];
};

/**
 * enum splicevec_completion_kind - what has ended
 * @SPLICEVEC_COMPLETION_PUSH: a STRICT push
 * @SPLICEVEC_COMPLETION_NOTIFY: the use of what a NOTIFY pull has brought
 */
enum splicevec_completion_kind {
	SPLICEVEC_COMPLETION_PUSH	= 1,
	SPLICEVEC_COMPLETION_NOTIFY	= 2,
};

/**
 * struct splicevec_completion - the record of something that has ended
 * @user_data: the caller's
 * @kind: enum splicevec_completion_kind
 * @status: 0: nothing went wrong as far as the sink knew when it let go: TCP had
 *	all bytes acknowledged, unless it had copied them; a pipe's reader had
 *	them; of UDP nobody knows. A negative errno: the pages are free, but bytes may not have
 *	arrived: the peer has reset the connection or stopped answering, a pipe
 *	was closed unread, or a device failed (EIO, also if it wrote less than it
 *	was given and did not say why)
 * @bytes: what the command has returned as its bytes, without those that a device
 *	failed to write, which need not be the last ones
 * @copied: of a push: how many of them were copied on the way, at the most: what
 *	several receivers or a retransmission copied counts again
 * @flags: SPLICEVEC_CHANGED, SPLICEVEC_UNSTABLE
 * @reserved: 0
 *
 * When a record can be reaped the sink reads the pages no more, and the push holds
 * none. Records come in the order in which the work ends, which need not be that of
 * the commands.
 */
struct splicevec_completion {
	__aligned_u64 user_data;
	__u32 kind;
	__s32 status;
	__aligned_u64 bytes;
	__aligned_u64 copied;
	__u32 flags;
	__u32 reserved;
};

/* Records one REAP takes at the most. */
#define SPLICEVEC_REAP_MAX	4096U

/* splicevec_reap.flags: from now on tell @eventfd of each record. */
#define SPLICEVEC_REAP_EVENTFD	(1 << 0)

/**
 * struct splicevec_reap - take completion records
 * @size: sizeof(struct splicevec_reap)
 * @flags: SPLICEVEC_REAP_EVENTFD or 0
 * @addr: array of struct splicevec_completion
 * @timeout: nanoseconds to wait for @min records; 0: do not wait, all ones: as
 *	long as it takes
 * @capacity: room at @addr, in records; one call takes SPLICEVEC_REAP_MAX at most
 * @min: records to wait for; not more than @capacity and SPLICEVEC_REAP_MAX
 * @eventfd: SPLICEVEC_REAP_EVENTFD: the eventfd, or -1 for none; otherwise 0
 * @stride: sizeof(struct splicevec_completion) as the caller knows it; what the
 *	kernel does not know of it is cleared. With @capacity 0 it may be 0
 * @count: out: records taken, the oldest first; after the time, or if a signal
 *	came, fewer than @min
 * @left: out: records that were left
 *
 * Records that cannot be written (EFAULT) are not lost; they are the next again. A
 * signal is EINTR only if there are no records; with a time to wait so is work that
 * io_uring has for the thread, which ends the wait. poll(2) says POLLPRI as long as
 * there are some.
 */
struct splicevec_reap {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 timeout;
	__u32 capacity;
	__u32 min;
	__s32 eventfd;
	__u32 stride;
	__u32 count;
	__u32 left;
};

/**
 * struct splicevec_cancel - call STRICT pushes off
 * @size: sizeof(struct splicevec_cancel)
 * @flags: 0
 * @user_data: of the pushes
 * @count: out: how many were called off, and will fail with ECANCELED
 * @reserved: out: 0
 *
 * A push can be called off until its sink is offered the first bytes. Fails with
 * EALREADY if there is none with this @user_data that can.
 */
struct splicevec_cancel {
	__u32 size;
	__u32 flags;
	__aligned_u64 user_data;
	__u32 count;
	__u32 reserved;
};

/**
 * struct splicevec_policy - what holds for every push from this vector
 * @size: sizeof(struct splicevec_policy)
 * @set: which flags to set anew: STABLE, VERIFY; 0: none, just ask
 * @flags: those of @set that every push has from now on as if it had asked for them.
 *	SPLICE, read(2), splice(2) and sendfile(2) are such pushes too; VERIFY goes for
 *	STRICT ones, and STABLE pins nothing by way of the policy
 * @reserved: 0
 * @was: out: the flags before
 *
 * A new vector has none. Pushes that are under way go on as they began.
 */
struct splicevec_policy {
	__u32 size;
	__u32 set;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 was;
};

#endif /* _UAPI_LINUX_SPLICEVEC_H */
