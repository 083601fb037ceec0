// SPDX-License-Identifier: GPL-2.0-only
/* The vector as the file it is: every call that knows files may be given it. */
#include "fuzz.h"
#include "../lender.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

/* arg[]: address, length, offset or -1, flags */

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long do_write(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(write(a->fd, (void *)a->arg[0], a->arg[1]));
}

static long do_writev(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(writev(a->fd, (void *)a->arg[0], a->arg[1]));
}

static long do_read(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(read(a->fd, (void *)a->arg[0], a->arg[1]));
}

static long do_readv(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(readv(a->fd, (void *)a->arg[0], a->arg[1]));
}

static long do_pread(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(pread(a->fd, (void *)a->arg[0], a->arg[1], a->arg[2]));
}

static long do_preadv2(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(preadv2(a->fd, (void *)a->arg[0], a->arg[1], a->arg[2],
			      a->arg[3]));
}

/* @offset: 0 is none */
static long do_splice_out(struct fuzzer *f, const struct action *a)
{
	off64_t offset = a->arg[2];

	(void)f;
	return result(splice(a->fd, offset ? &offset : NULL, a->other, NULL,
			     a->arg[1], a->arg[3] & 0xf));
}

static long do_splice_in(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(splice(a->other, NULL, a->fd, NULL, a->arg[1],
			     a->arg[3] & 0xf));
}

static long do_tee(struct fuzzer *f, const struct action *a)
{
	(void)f;
	if (a->arg[3] & 1)
		return result(tee(a->fd, a->other, a->arg[1], 0));
	return result(tee(a->other, a->fd, a->arg[1], SPLICE_F_NONBLOCK));
}

static long do_sendfile_out(struct fuzzer *f, const struct action *a)
{
	off64_t offset = a->arg[2];

	(void)f;
	return result(sendfile(a->other, a->fd, offset ? &offset : NULL,
			       a->arg[1]));
}

static long do_sendfile_in(struct fuzzer *f, const struct action *a)
{
	off64_t offset = a->arg[2];

	(void)f;
	return result(sendfile(a->fd, a->other, offset ? &offset : NULL,
			       a->arg[1]));
}

static long do_copy_range(struct fuzzer *f, const struct action *a)
{
	(void)f;
	if (a->arg[3] & 1)
		return result(copy_file_range(a->fd, NULL, a->other, NULL,
					      a->arg[1], 0));
	return result(copy_file_range(a->other, NULL, a->fd, NULL, a->arg[1],
				      0));
}

static long do_lend(struct fuzzer *f, const struct action *a)
{
	const struct lender_lend args = {
		.vector = a->fd,
		.sort = a->arg[3] % 32 ? a->arg[3] / 32 % LENDER_SORTS : a->arg[3],
		.addr = a->arg[0],
		.len = a->arg[1],
		.skip = a->arg[2],
	};

	(void)f;
	/* of none there is nothing to lend */
	return ioctl(a->other, LENDER_LEND, &args) ? -errno : (long)args.len;
}

static uint64_t area(struct fuzzer *f, const struct action *a, size_t *len)
{
	size_t page = a->arg[0] % (MAP_AREA / PAGE);

	*len = a->arg[1] % (a->arg[3] & 7 ? 4 * PAGE : MAP_AREA) + 1;
	if (*len > MAP_AREA - page * PAGE)
		*len = MAP_AREA - page * PAGE;
	return map_area(f) + page * PAGE;
}

static long do_mmap(struct fuzzer *f, const struct action *a)
{
	int prot = PROT_READ | (a->arg[3] & 0xf0 ? 0 : PROT_WRITE);
	int flags = a->arg[3] & 1 ? MAP_SHARED : MAP_PRIVATE;
	size_t len;
	uint64_t at = area(f, a, &len);
	void *map;

	if (!(a->arg[3] & 0xf00))
		flags |= MAP_POPULATE;
	map = mmap((void *)at, len, prot, flags | MAP_FIXED, a->fd,
		   a->arg[2] & ~(PAGE - 1));
	return map == MAP_FAILED ? -errno : 0;
}

static long do_touch(struct fuzzer *f, const struct action *a)
{
	size_t len;
	uint64_t at = area(f, a, &len);

	return touch(f, at, len);
}

static long do_mprotect(struct fuzzer *f, const struct action *a)
{
	size_t len;
	uint64_t at = area(f, a, &len);

	return result(mprotect((void *)at, len, a->arg[3] & 7));
}

/* Where it is: elsewhere something of ours may be. */
static long do_mremap(struct fuzzer *f, const struct action *a)
{
	size_t len, other = a->arg[2] % MAP_AREA;
	uint64_t at = area(f, a, &len);
	void *map = mremap((void *)at, len, other, 0);

	return map == MAP_FAILED ? -errno : 0;
}

static long do_madvise(struct fuzzer *f, const struct action *a)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_DOFORK, MADV_DONTFORK,
		MADV_FREE, MADV_REMOVE, MADV_MERGEABLE, MADV_HUGEPAGE,
		MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_DODUMP,
	};
	size_t len;
	uint64_t at = area(f, a, &len);

	return result(madvise((void *)at, len,
			      advice[a->arg[3] % ARRAY_LEN(advice)]));
}

static long do_munmap(struct fuzzer *f, const struct action *a)
{
	size_t len;
	uint64_t at = area(f, a, &len);

	return result(munmap((void *)at, len));
}

static long do_poll(struct fuzzer *f, const struct action *a)
{
	struct pollfd fds[] = {
		{ .fd = a->fd, .events = a->arg[3] },
		{ .fd = a->other, .events = a->arg[2] },
	};
	long ret = result(poll(fds, ARRAY_LEN(fds), a->arg[1] % 3));

	if (ret >= 0)
		promises_check_poll(f, a, fds[0].events, fds[0].revents);
	return ret;
}

static long do_lseek(struct fuzzer *f, const struct action *a)
{
	(void)f;
	return result(lseek(a->fd, a->arg[2], a->arg[3] % 6));
}

static long do_fdinfo(struct fuzzer *f, const struct action *a)
{
	char path[64], text[512];
	ssize_t n;
	int fd;

	(void)f;
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", a->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n < 0 ? -errno : n;
}

static const struct call {
	const char *name;
	long (*run)(struct fuzzer *f, const struct action *a);
	bool pieces;		/* arg[0], arg[1]: a list of them */
	bool counts;		/* returns bytes, at most arg[1] */
} calls[OPS] = {
	[OP_WRITE] = { "write", do_write, .counts = true },
	[OP_WRITEV] = { "writev", do_writev, .pieces = true },
	[OP_READ] = { "read", do_read, .counts = true },
	[OP_READV] = { "readv", do_readv, .pieces = true },
	[OP_PREAD] = { "pread", do_pread, .counts = true },
	[OP_PREADV2] = { "preadv2", do_preadv2, .pieces = true },
	[OP_SPLICE_OUT] = { "splice from it", do_splice_out, .counts = true },
	[OP_SPLICE_IN] = { "splice into it", do_splice_in, .counts = true },
	[OP_TEE] = { "tee", do_tee, .counts = true },
	[OP_SENDFILE_OUT] = { "sendfile from it", do_sendfile_out,
			      .counts = true },
	[OP_SENDFILE_IN] = { "sendfile into it", do_sendfile_in,
			     .counts = true },
	[OP_COPY_RANGE] = { "copy_file_range", do_copy_range, .counts = true },
	[OP_LEND] = { "lend to it", do_lend, .counts = true },
	[OP_MMAP] = { "mmap", do_mmap },
	[OP_TOUCH] = { "look at a mapping", do_touch },
	[OP_MPROTECT] = { "mprotect", do_mprotect },
	[OP_MREMAP] = { "mremap", do_mremap },
	[OP_MADVISE] = { "madvise", do_madvise },
	[OP_MUNMAP] = { "munmap", do_munmap },
	[OP_POLL] = { "poll", do_poll },
	[OP_LSEEK] = { "lseek", do_lseek },
	[OP_FDINFO] = { "fdinfo", do_fdinfo },
};

const char *call_name(enum op op)
{
	return calls[op].name;
}

static uint64_t draw_offset(struct fuzzer *f, int vec)
{
	uint64_t held = held_position(f, vec);

	switch (random_below(&f->random, 4)) {
	case 0:
		return random_offset(&f->random);
	case 1:
		return held;
	case 2:
		/* as mmap wants it */
		return (held + PAGE - 1) & ~(PAGE - 1);
	default:
		return 0;
	}
}

/*
 * From the lender, whose pool keeps buffers of each length there ever was: so there are
 * few.
 */
static void draw_loan(struct fuzzer *f, struct action *a)
{
	a->other = endpoint_named(LENDER_ENDPOINT);
	a->other_name = LENDER_ENDPOINT;
	a->arg[2] = random_below(&f->random, 2 * PAGE);
	a->arg[1] = random_below(&f->random, 8 * PAGE);
	if (one_in(&f->random, 32))
		a->arg[1] = LENDER_MOST - a->arg[2];
	if (one_in(&f->random, 64)) {
		a->arg[1] = random_edge(&f->random);
		a->arg[2] = random_edge(&f->random);
	}
}

void call_draw(struct fuzzer *f, struct action *a)
{
	a->fd = random_vector(&f->random);
	a->other = random_fd(&f->random);
	a->other_name = slot_name(a->other);
	if (calls[a->op].pieces) {
		uint32_t nr;

		a->arg[0] = random_pieces(f, false, &nr);
		a->arg[1] = nr;
	} else {
		a->arg[0] = random_address(&f->random, &a->arg[1]);
	}
	a->arg[2] = draw_offset(f, a->fd);
	a->arg[3] = random_word(&f->random);
	/* most flags of reads are refused */
	if (a->op == OP_PREADV2 && one_in(&f->random, 2))
		a->arg[3] &= RWF_NOWAIT;
	if (a->op == OP_LEND)
		draw_loan(f, a);
	if (a->op != OP_SPLICE_IN && a->op != OP_SPLICE_OUT)
		return;
	a->other = random_pipe(&f->random);
	a->other_name = slot_name(a->other);
	a->arg[3] |= one_in(&f->random, 4) ? 0 : SPLICE_F_NONBLOCK;
}

void call_run(struct fuzzer *f, struct action *a)
{
	struct held held = held_before(f, a);

	record_begin(f, a);
	a->ret = calls[a->op].run(f, a);
	record_end(f, a);
	oracle_errno(f, a);
	/* calls may well send SIGPIPE */
	sigpipe_came();
	if (calls[a->op].counts && a->ret > 0 && (uint64_t)a->ret > a->arg[1])
		oracle_complain(f, a, "%ld bytes", a->ret);
	held_check(f, a, &held);
}
