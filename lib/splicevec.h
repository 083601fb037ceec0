/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsplicevec: pull page spans from any fd into a vector, push them to any fd.
 *
 * A vector is a plain file descriptor from sv_open(). Every call returns a
 * count or 0, or a negative errno; errno itself is left alone. Sizes and
 * offsets are bytes. The errors are those of <linux/splicevec.h>.
 *
 * Flags are enum splicevec_flag: SPLICEVEC_NONBLOCK, SPLICEVEC_COPY, ...
 */
#ifndef SPLICEVEC_H
#define SPLICEVEC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/splicevec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Offsets: use and move the file position; of a window: start at the head. */
#define SV_POSITION	((int64_t)-1)
#define SV_HEAD		((int64_t)-1)

/* Length: as much as there is. */
#define SV_ALL		UINT64_MAX

/**
 * sv_open - open a new, empty vector
 * @flags: 0 or O_NONBLOCK; the fd is always close-on-exec
 *
 * Return: the vector's fd, or -ENOENT (is the module loaded?), -EACCES, -EMFILE
 * and the other errors of open(2). close(2) gives back whatever it still holds.
 */
int sv_open(int flags);

/**
 * sv_pull - append spans from a file, pipe, socket or another vector
 * @vec: vector
 * @fd: source
 * @offset: first byte, or SV_POSITION
 * @len: bytes at the most
 * @flags: SPLICEVEC_NONBLOCK, SPLICEVEC_COPY
 *
 * Return: bytes pulled, 0 at the end of the source, or a negative errno.
 */
int64_t sv_pull(int vec, int fd, int64_t offset, uint64_t len,
		unsigned int flags);

/**
 * sv_pull_mem - append the caller's memory, pinned and not copied
 * @vec: vector
 * @addr: first byte; any alignment
 * @len: bytes
 * @flags: SPLICEVEC_COPY to take a copy instead
 *
 * The memory must stay unchanged until the spans have been pushed and let go;
 * with SPLICEVEC_COPY it may change at once.
 *
 * Return: bytes pulled, or a negative errno.
 */
int64_t sv_pull_mem(int vec, const void *addr, uint64_t len,
		    unsigned int flags);

/**
 * sv_pull_notify - pull, and be told when the last user is gone
 * @vec: vector
 * @fd: source; another vector only with SPLICEVEC_COPY
 * @offset: first byte, or SV_POSITION
 * @len: bytes at the most
 * @flags: as sv_pull()
 * @user_data: comes back in the record
 *
 * If this returns 0 or more, exactly one record follows, see sv_reap(): when
 * neither this vector nor any other, no mapping and no sink has a page of what was
 * pulled any more. Close, kill and reset are ends like others.
 *
 * Return: bytes pulled, 0 at the end of the source, or a negative errno.
 */
int64_t sv_pull_notify(int vec, int fd, int64_t offset, uint64_t len,
		       unsigned int flags, uint64_t user_data);

/**
 * sv_pull_mem_notify - lend memory, and be told when it is all one's own again
 * @vec: vector
 * @addr: first byte; any alignment
 * @len: bytes
 * @flags: as sv_pull_mem()
 * @user_data: comes back in the record
 *
 * Return: bytes pulled, for which exactly one record follows as for
 * sv_pull_notify(), or a negative errno.
 */
int64_t sv_pull_mem_notify(int vec, const void *addr, uint64_t len,
			   unsigned int flags, uint64_t user_data);

/**
 * sv_push - hand bytes from the head of the vector to a sink, consuming them
 * @vec: vector
 * @fd: sink: file, pipe, socket or another vector
 * @offset: where to write in a file, or SV_POSITION
 * @len: bytes at the most, or SV_ALL
 * @flags: SPLICEVEC_NONBLOCK, SPLICEVEC_NOCOPY, SPLICEVEC_MORE, SPLICEVEC_STABLE;
 *	SPLICEVEC_KEEP consumes nothing and pushes from the head
 *
 * Return: bytes the sink accepted (0: the vector is empty), or a negative
 * errno. What was not accepted is still in the vector.
 */
int64_t sv_push(int vec, int fd, int64_t offset, uint64_t len,
		unsigned int flags);

/**
 * sv_push_window - hand over a window of the vector and keep it
 * @vec: vector
 * @fd: sink
 * @offset: where to write in a file, or SV_POSITION
 * @start: absolute position of the first byte, or SV_HEAD
 * @len: bytes at the most, or SV_ALL
 * @flags: as sv_push(); SPLICEVEC_KEEP is implied
 *
 * Return: bytes the sink accepted, -ESTALE if the window starts before the
 * head, or another negative errno.
 */
int64_t sv_push_window(int vec, int fd, int64_t offset, int64_t start,
		       uint64_t len, unsigned int flags);

/**
 * sv_push_mem - copy bytes from the head of the vector to memory, consuming them
 * @vec: vector
 * @addr: destination
 * @len: its size
 * @flags: SPLICEVEC_NONBLOCK, SPLICEVEC_KEEP (copies from the head)
 *
 * Return: bytes copied, or a negative errno.
 */
int64_t sv_push_mem(int vec, void *addr, uint64_t len, unsigned int flags);

/**
 * sv_drop - give bytes at the head of the vector back to their owners
 * @vec: vector
 * @len: bytes at the most, or SV_ALL
 *
 * Return: bytes dropped, or a negative errno.
 */
int64_t sv_drop(int vec, uint64_t len);

/**
 * sv_push_strict - push, and be told when the sink has let go
 * @vec: vector
 * @fd: sink, or SPLICEVEC_FD_NONE
 * @offset: where to write in a file, or SV_POSITION
 * @len: bytes at the most, or SV_ALL
 * @flags: as sv_push(); SPLICEVEC_VERIFY
 * @user_data: comes back in the record
 *
 * If this returns 0 or more, exactly one record follows, see sv_reap(): when the
 * last packet that reads the pages has been acknowledged (of UDP: sent), when the pipe's reader
 * has taken the bytes, when the device has written what an O_DIRECT file was
 * handed, or has failed to. What cannot tell is given copies.
 *
 * Return: bytes the sink accepted, or a negative errno: -ENOBUFS, there are too
 * many records, -ECANCELED, or one of sv_push().
 */
int64_t sv_push_strict(int vec, int fd, int64_t offset, uint64_t len,
		       unsigned int flags, uint64_t user_data);

/**
 * sv_reap - take the records of what has ended
 * @vec: vector
 * @records: result
 * @capacity: room in @records
 * @min: records to wait for, at most @capacity and SPLICEVEC_REAP_MAX
 * @timeout: nanoseconds to wait at the most; 0: do not wait, -1: without limit
 *
 * Return: records taken, fewer than @min after the time or on a signal, or a
 * negative errno: -EINTR if a signal came and there were none. With a time to wait work
 * that io_uring has for the thread is like a signal.
 */
int sv_reap(int vec, struct splicevec_completion *records,
	    unsigned int capacity, unsigned int min, int64_t timeout);

/**
 * sv_reap_eventfd - have an eventfd told of each record from now on
 * @vec: vector
 * @eventfd: in place of the present one, or -1 for none
 *
 * Return: 0 or a negative errno.
 */
int sv_reap_eventfd(int vec, int eventfd);

/**
 * sv_cancel - call strict pushes off whose sink was not offered anything yet
 * @vec: vector
 * @user_data: theirs
 *
 * Return: how many fail with -ECANCELED now, or -EALREADY: there are none that can
 * be called off.
 */
int sv_cancel(int vec, uint64_t user_data);

/**
 * sv_splice - move bytes from one fd to another, whatever they are
 * @in: source; a vector gives away what it holds, and then is at its end
 * @out: sink
 * @len: bytes at the most, or SV_ALL for all there is
 *
 * Works at the file positions, picks its own sizes and goes on after short
 * transfers until @len bytes have arrived or the source ends; a datagram socket
 * ends after one datagram. Blocking fds block, O_NONBLOCK fds are waited for
 * with poll(2). A signal ends a wait in which nothing moved; a timeout set on a
 * socket (SO_RCVTIMEO, SO_SNDTIMEO) ends it with -EAGAIN.
 *
 * Whatever ends the loop, a seekable source is left positioned after the last
 * byte the sink accepted, and a source vector keeps the rest. What a stream had
 * already given is dropped: to keep it, use sv_splice_vec().
 *
 * Return: bytes the sink accepted. A negative errno only if there were none;
 * after a short count, the next call tells the reason.
 */
int64_t sv_splice(int in, int out, uint64_t len);

/**
 * sv_splice_vec - sv_splice() through a vector of the caller's
 * @vec: vector; what it holds goes first. Nobody else may use it meanwhile.
 * @in: source
 * @out: sink
 * @len: bytes that may arrive at @out, those @vec held before included, or
 *	SV_ALL. If @vec holds as many, nothing is pulled.
 *
 * Return: bytes @out accepted, those @vec held before included; what was pulled
 * and not pushed is in @vec, and no source is seeked back. A negative errno
 * only if @out accepted none.
 */
int64_t sv_splice_vec(int vec, int in, int out, uint64_t len);

/*
 * Vectors made of vectors. No byte is copied or even looked at, no page charged
 * anew: spans are shared or moved, at a cost that goes with their number. New
 * vectors are opened as by sv_open(0), and their positions begin at 0.
 *
 * If a call fails, all vectors are as they were and no new one is left open.
 * Signals do not end these calls. Others may push, pull and drop meanwhile:
 * a window is what it was when it was looked at, wherever the head went. What
 * is said of this below goes for up to 0x7ffff000 bytes, which are one command;
 * more are several, and others may get in between.
 *
 * Errors they share: -EMFILE, -ENFILE, -ENOMEM; -ENOBUFS, a vector would have
 * too many spans; -EBADF, a vector is not open for this: reading to take from
 * it, writing to add to it; -ENOTTY, it is none.
 */

/**
 * sv_sub - a new vector with some of the bytes of another, which keeps its own
 * @vec: vector
 * @start: absolute position of the first byte, or SV_HEAD
 * @len: bytes at the most, or SV_ALL
 *
 * Return: the new vector's fd, or a negative errno: -ESTALE if the window, or
 * its beginning, is no longer held. A window past the tail is empty.
 */
int sv_sub(int vec, int64_t start, uint64_t len);

/**
 * sv_dup - a new vector with all the bytes of another, which keeps its own
 * @vec: vector
 *
 * Not dup(2), which makes a new fd of the same vector: what is consumed from
 * either of these is still in the other.
 *
 * Return: the new vector's fd, or a negative errno.
 */
int sv_dup(int vec);

/**
 * sv_concat - append the bytes of another vector, which keeps its own
 * @to: vector
 * @from: vector to append; @to itself doubles it
 *
 * They arrive all at once, and what others pull into @to comes before or after
 * them. Of more than 0x7ffff000 bytes the first may have arrived when an error
 * comes: then the short count is returned, and
 * sv_pull(@to, @from, position, ...) takes the rest.
 *
 * Return: bytes appended, or a negative errno.
 */
int64_t sv_concat(int to, int from);

/**
 * sv_prepend - put the bytes of another vector at the head
 * @to: vector; nobody else may use it meanwhile
 * @from: vector to prepend, which keeps its own; @to itself doubles it
 *
 * Positions never run backwards: the head moves to where the tail was, and the
 * windows of before are gone (-ESTALE). Until the call returns @to holds its
 * own bytes twice, so there must be room for these spans (-ENOBUFS). The one
 * thing that can fail after @to was touched is to drop them, if there is no
 * memory even for that (-ENOMEM): then some bytes are left at the head that
 * stand in their place behind once more.
 *
 * Return: bytes prepended, or a negative errno: -EFBIG if there are more than
 * 0x7ffff000 of both together, which cannot be done at once.
 */
int64_t sv_prepend(int to, int from);

/**
 * sv_split - cut bytes off the head into a new vector
 * @vec: vector; keeps the rest, at the positions it had
 * @len: bytes at the most, or SV_ALL
 *
 * The bytes are consumed as by sv_push(): of several that consume, each gets
 * others. The new vector followed by @vec is always what @vec was. The cut is
 * nearer to the head than asked for only if memory ran out on the way.
 *
 * Return: the new vector's fd, or a negative errno.
 */
int sv_split(int vec, uint64_t len);

/**
 * sv_compare - are the bytes of two vectors the same memory?
 * @a: vector
 * @b: vector
 * @same: result: how many bytes from the heads on are the same memory; or NULL
 *
 * Bytes are the same if they lie at the same place of the same loan, however
 * the spans are cut and at whatever positions they stand. Nothing is read:
 * equal bytes in different memory are not the same, nor is a page that was
 * pulled twice, for it was lent twice. What is the same has equal bytes for as
 * long as it is held, whoever writes to it.
 *
 * Return: 0 if all bytes are the same and both vectors have as many; 1 if not:
 * at @same they differ, or the shorter one ends; or a negative errno, -ESTALE
 * if somebody consumed what was still to be compared.
 */
int sv_compare(int a, int b, uint64_t *same);

/**
 * sv_info - the state of a vector
 * @vec: vector
 * @info: result; info->size is set by the call
 *
 * Return: 0 or a negative errno.
 */
int sv_info(int vec, struct splicevec_info *info);

/**
 * sv_spans - list spans
 * @vec: vector
 * @start: absolute position to begin with, 0 for the first
 * @spans: room for @capacity spans
 * @capacity: how many
 *
 * Return: spans written, or a negative errno.
 */
int sv_spans(int vec, uint64_t start, struct splicevec_span *spans,
	     unsigned int capacity);

/**
 * sv_features - what this kernel, and a sink, can do
 * @vec: vector
 * @fd: a sink, or -1
 * @features: result
 *
 * Return: 0 or a negative errno.
 */
int sv_features(int vec, int fd, struct splicevec_features *features);

/**
 * sv_policy - say what holds for every push from a vector
 * @vec: vector
 * @set: which flags to set: SPLICEVEC_STABLE, SPLICEVEC_VERIFY; 0 just asks
 * @flags: those of @set that every push has from now on
 *
 * Return: the flags before, or a negative errno.
 */
int sv_policy(int vec, unsigned int set, unsigned int flags);

/**
 * struct sv_prediction - what would become of the bytes of a vector
 * @bytes: how many there are
 * @copied: how many of them would be copied
 * @by: how many would go each way: indexed by enum splicevec_route
 * @why: of those that would be copied, for what reason: by enum splicevec_why
 * @pinned: how many would be pinned: these are among those that go TRACKED
 */
struct sv_prediction {
	uint64_t bytes;
	uint64_t copied;
	uint64_t by[8];
	uint64_t why[8];
	uint64_t pinned;
};

/**
 * sv_predict - what would a push of all the vector holds do?
 * @vec: vector
 * @fd: sink, as for sv_push()
 * @flags: of the push; SPLICEVEC_STRICT and SPLICEVEC_STABLE matter, and the
 *	vector's policy does
 * @prediction: result
 *
 * Nothing is pushed. It is a prediction: routes and vectors change, and for its
 * alignment or its length, or because a page cannot be pinned just then, a push may copy
 * where this says it would not.
 *
 * Return: 0, or a negative errno: -EOPNOTSUPP, this is no sink.
 */
int sv_predict(int vec, int fd, unsigned int flags,
	       struct sv_prediction *prediction);

/*
 * The commands themselves, for those who want every field. The call sets @size
 * and nothing else. Return: 0 or a negative errno, results in the struct.
 */
int sv_cmd_pull(int vec, struct splicevec_pull *cmd);
int sv_cmd_push(int vec, struct splicevec_push *cmd);
int sv_cmd_splice(int vec, struct splicevec_splice *cmd);

#ifdef __cplusplus
}
#endif

#endif /* SPLICEVEC_H */
