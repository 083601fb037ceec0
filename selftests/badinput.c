// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every field of every command with what it may not be: the documented errno,
 * and nothing done.
 */
#include "kselftest_harness.h"

#include "commands.h"

#include <fcntl.h>
#include <limits.h>
#include <splicevec.h>
#include <sys/ioctl.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

LEDGER_FIXTURE(badinput)

TEST_F(badinput, commands_the_tests_spoil_work_unspoiled)
{
	struct bench b;
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++) {
		union arguments *cmd = map_pages(PAGE);

		bench_open(&b);
		context("%s", commands[i].name);
		commands[i].prepare(&b, cmd);
		check_errno(commands[i].err, run_command(&b, i, cmd));
		bench_close(&b);
		unmap_pages(cmd, PAGE);
	}
}

/* A size, and what fills the struct behind what today's kernels know. */
static const struct {
	int grow;		/* bytes more than the struct has */
	unsigned char tail;
	int err;
} sizes[] = {
	{ -INT_MAX, 0, EINVAL },
	{ -8, 0, EINVAL },
	{ -1, 0, EINVAL },
	{ 8, 0, 0 },
	{ 8, 1, E2BIG },
	{ 1, 0x80, E2BIG },
	{ 1000, 0, 0 },
	{ 1000, 1, E2BIG },
	{ INT_MAX, 0, E2BIG },
};

TEST_F(badinput, struct_too_short_is_einval_unknown_tail_is_e2big)
{
	union arguments *cmd = map_pages(PAGE);
	struct bench b;
	size_t i, j, tail;

	for (i = 0; i < NR_COMMANDS; i++) {
		for (j = 0; j < ARRAY_LEN(sizes); j++) {
			context("%s, size %+d, tail %u", commands[i].name,
				sizes[j].grow, sizes[j].tail);
			bench_open(&b);
			memset(cmd, 0, PAGE);
			commands[i].prepare(&b, cmd);
			tail = commands[i].size;
			if (sizes[j].grow < 0)
				tail = commands[i].least;
			cmd->size = sizes[j].grow == -INT_MAX ? 0 :
				    tail + sizes[j].grow;
			if (sizes[j].tail)
				cmd->bytes[cmd->size - 1] = sizes[j].tail;
			check_errno(sizes[j].err ? sizes[j].err : commands[i].err,
				    run_command(&b, i, cmd));
			if (sizes[j].err)
				check_untouched(&b);
			bench_close(&b);
		}
	}
	unmap_pages(cmd, PAGE);
}

/* What came later is as if it were zero, and is not theirs to be written to. */
TEST_F(badinput, older_callers_are_served)
{
	union arguments *cmd = map_pages(PAGE);
	struct bench b;
	size_t i, j;

	for (i = 0; i < NR_COMMANDS; i++) {
		context("%s", commands[i].name);
		bench_open(&b);
		memset(cmd, 0, PAGE);
		commands[i].prepare(&b, cmd);
		cmd->size = commands[i].least;
		memset(cmd->bytes + cmd->size, 0xff, PAGE - cmd->size);
		check_errno(commands[i].err, run_command(&b, i, cmd));
		for (j = commands[i].least; j < PAGE && cmd->bytes[j] == 0xff; j++)
			;
		check_eq(PAGE, j);
		bench_close(&b);
	}
	unmap_pages(cmd, PAGE);
}

/* A struct that ends with its page: the kernel may not look behind it. */
TEST_F(badinput, kernel_reads_and_writes_no_more_than_the_size)
{
	char *page = map_pages(2 * PAGE);
	struct bench b;
	size_t i;

	must(mprotect(page + PAGE, PAGE, PROT_NONE));
	for (i = 0; i < NR_COMMANDS; i++) {
		union arguments *cmd = (void *)(page + PAGE - commands[i].size);

		context("%s", commands[i].name);
		bench_open(&b);
		commands[i].prepare(&b, cmd);
		check_errno(commands[i].err, run_command(&b, i, cmd));
		bench_close(&b);
	}
	unmap_pages(page, 2 * PAGE);
}

static void spoil_address(struct bench *b, size_t i, const char *what,
			  union arguments *cmd)
{
	context("%s, struct %s", commands[i].name, what);
	check_errno(EFAULT, run_command(b, i, cmd));
	check_untouched(b);
}

TEST_F(badinput, struct_out_of_reach_is_efault_with_nothing_done)
{
	char *page = map_pages(3 * PAGE);
	union arguments *cmd = (void *)(page + PAGE);
	struct bench b;
	size_t i;

	must(mprotect(page + 2 * PAGE, PAGE, PROT_NONE));
	for (i = 0; i < NR_COMMANDS; i++) {
		union arguments *end = (void *)(page + 2 * PAGE - 8);

		bench_open(&b);
		spoil_address(&b, i, "at NULL", NULL);
		spoil_address(&b, i, "not mapped", (void *)(page + 2 * PAGE));
		spoil_address(&b, i, "in the kernel",
			      (void *)0xffff888000001000);
		spoil_address(&b, i, "not canonical",
			      (void *)0x8000000000001000);
		end->size = commands[i].size;
		spoil_address(&b, i, "half mapped", end);
		commands[i].prepare(&b, cmd);
		must(mprotect(cmd, PAGE, PROT_READ));
		spoil_address(&b, i, "not writable", cmd);
		must(mprotect(cmd, PAGE, PROT_READ | PROT_WRITE));
		check_errno(commands[i].err, run_command(&b, i, cmd));
		bench_close(&b);
	}
	unmap_pages(page, 3 * PAGE);
}

/* A value no caller may put into a field. */
struct spoilt {
	enum number nr;
	const char *name;
	size_t at;
	size_t width;
	uint64_t value;
	int err;
};

#define SPOIL(cmd, field, value, err)					\
	{ NR_##cmd, #cmd "." #field " = " #value,			\
	  offsetof(union arguments, cmd.field),				\
	  sizeof(((union arguments *)0)->cmd.field), value, err }

static const struct spoilt spoilt[] = {
	SPOIL(pull, flags, SPLICEVEC_KEEP, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_NOCOPY, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_MORE, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_COPY | SPLICEVEC_UNCACHED, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_COPY | SPLICEVEC_LAZY, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_UNCACHED | SPLICEVEC_LAZY, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_STRICT, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_STABLE, EINVAL),
	SPOIL(pull, flags, SPLICEVEC_VERIFY, EINVAL),
	SPOIL(pull, flags, 1U << 31, EINVAL),
	SPOIL(pull, iovs, 1, EINVAL),
	SPOIL(pull, iovs, 1U << 31, EINVAL),
	SPOIL(pull, user_data, 1, EINVAL),
	SPOIL(pull, addr, 1, EINVAL),
	SPOIL(pull, offset, -2, EINVAL),
	SPOIL(pull, offset, INT64_MIN, EINVAL),
	SPOIL(push, flags, SPLICEVEC_KEEP | SPLICEVEC_COPY, EINVAL),
	SPOIL(push, flags, SPLICEVEC_KEEP | SPLICEVEC_UNCACHED, EINVAL),
	SPOIL(push, flags, SPLICEVEC_KEEP | SPLICEVEC_NOTIFY, EINVAL),
	SPOIL(push, flags, SPLICEVEC_KEEP | 1 << 11, EINVAL),
	SPOIL(push, flags, SPLICEVEC_KEEP | 1U << 31, EINVAL),
	SPOIL(push, flags, SPLICEVEC_KEEP | SPLICEVEC_VERIFY, EINVAL),
	SPOIL(push, iovs, 1, EINVAL),
	SPOIL(push, user_data, 1, EINVAL),
	SPOIL(push, addr, 1, EINVAL),
	SPOIL(push, offset, -2, EINVAL),
	SPOIL(push, offset, INT64_MIN, EINVAL),
	SPOIL(push, start, -2, EINVAL),
	SPOIL(push, start, INT64_MIN, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_COPY, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_KEEP, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_MORE, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_UNCACHED, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_LAZY, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_STRICT, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_NOTIFY, EINVAL),
	SPOIL(splice, flags, SPLICEVEC_VERIFY, EINVAL),
	SPOIL(splice, flags, 1 << 11, EINVAL),
	SPOIL(splice, flags, 1U << 31, EINVAL),
	SPOIL(splice, in_offset, -2, EINVAL),
	SPOIL(splice, in_offset, INT64_MIN, EINVAL),
	SPOIL(splice, out_offset, -2, EINVAL),
	SPOIL(splice, out_offset, INT64_MIN, EINVAL),
	SPOIL(splice, in, SPLICEVEC_FD_MEM, EINVAL),
	SPOIL(splice, out, SPLICEVEC_FD_MEM, EINVAL),
	SPOIL(info, reserved, 1, EINVAL),
	SPOIL(reap, flags, 1 << 1, EINVAL),
	SPOIL(reap, min, 9, EINVAL),
	SPOIL(reap, stride, 0, EINVAL),
	SPOIL(reap, stride, 44, EINVAL),
	SPOIL(reap, stride, 8192, EINVAL),
	SPOIL(reap, eventfd, 1, EINVAL),
	SPOIL(cancel, flags, 1, EINVAL),
	SPOIL(policy, set, SPLICEVEC_STRICT, EINVAL),
	SPOIL(policy, set, 1U << 31, EINVAL),
	SPOIL(policy, flags, SPLICEVEC_STABLE, EINVAL),
	SPOIL(policy, reserved, 1, EINVAL),
	SPOIL(spans, addr, 0, EFAULT),
	SPOIL(spans, addr, 1, EFAULT),
	SPOIL(spans, addr, 0xffff888000001000, EFAULT),
	SPOIL(spans, addr, UINT64_MAX - 7, EFAULT),
};

TEST_F(badinput, unknown_flags_reserved_fields_and_negative_offsets_are_einval)
{
	union arguments *cmd = map_pages(PAGE);
	const struct spoilt *bad;
	struct bench b;

	bench_open(&b);
	for (bad = spoilt; bad < spoilt + ARRAY_LEN(spoilt); bad++) {
		context("%s", bad->name);
		commands[bad->nr].prepare(&b, cmd);
		memcpy(cmd->bytes + bad->at, &bad->value, bad->width);
		check_errno(bad->err, run_command(&b, bad->nr, cmd));
		check_untouched(&b);
	}
	bench_close(&b);
	unmap_pages(cmd, PAGE);
}

/* A consuming push takes no window. */
TEST_F(badinput, start_without_keep_is_einval)
{
	static const int64_t starts[] = { 1, -1, -2, INT64_MAX, INT64_MIN };
	struct splicevec_push cmd;
	struct bench b;
	size_t i;

	bench_open(&b);
	for (i = 0; i < ARRAY_LEN(starts); i++) {
		context("start %lld", (long long)starts[i]);
		cmd = (struct splicevec_push){
			.fd = b.sink,
			.start = starts[i],
			.len = 1,
		};
		check_errno(EINVAL, sv_cmd_push(b.vec, &cmd));
		check_untouched(&b);
	}
	bench_close(&b);
}

TEST_F(badinput, window_out_of_the_vector_is_estale_before_and_empty_behind)
{
	struct bench b;

	bench_open(&b);
	must_sv(sv_drop(b.vec, 100));
	b.drop = 100;
	check_errno(ESTALE, sv_push_window(b.vec, b.sink, 0, 0, 1, 0));
	check_errno(ESTALE, sv_push_window(b.vec, b.sink, 0, 99, 1, 0));
	check_eq(1, sv_push_window(b.vec, b.sink, 0, 100, 1, 0));
	check_eq(1, sv_push_window(b.vec, b.sink, 0, BENCH - 1, 9, 0));
	check_eq(0, sv_push_window(b.vec, b.sink, 0, BENCH, 1, 0));
	check_eq(0, sv_push_window(b.vec, b.sink, 0, INT64_MAX, SV_ALL, 0));
	check_vector(&b);
	bench_close(&b);
}

/* Where a file has no such place, pread and pwrite know the errno. */
TEST_F(badinput, offsets_beyond_all_files_fail_as_pread_and_pwrite_do)
{
	static const int64_t offsets[] = {
		BENCH, 1LL << 40, 1LL << 62, INT64_MAX - 10, INT64_MAX,
	};
	char buf[100] = {};
	struct bench b;
	long want;
	size_t i;

	bench_open(&b);
	for (i = 0; i < ARRAY_LEN(offsets); i++) {
		context("offset %lld", (long long)offsets[i]);
		want = pread(b.source, buf, sizeof(buf), offsets[i]);
		want = want < 0 ? -errno : want;
		check_eq(want, sv_pull(b.vec, b.source, offsets[i],
				       sizeof(buf), 0));
		check_untouched(&b);
		want = pwrite(b.sink, buf, sizeof(buf), offsets[i]);
		want = want < 0 ? -errno : want;
		check_eq(want, sv_push(b.vec, b.sink, offsets[i], sizeof(buf),
				       SPLICEVEC_KEEP));
		must(ftruncate(b.sink, 0));
		check_vector(&b);
	}
	bench_close(&b);
}

TEST_F(badinput, length_zero_does_nothing_and_any_length_is_clipped)
{
	static const uint64_t lens[] = {
		1ULL << 31, 1ULL << 32, 1ULL << 63, UINT64_MAX,
	};
	struct bench b;
	char byte;
	size_t i;

	bench_open(&b);
	check_eq(0, sv_pull(b.vec, b.source, 0, 0, 0));
	check_eq(0, sv_pull_mem(b.vec, NULL, 0, 0));
	check_eq(0, sv_push(b.vec, b.sink, 0, 0, 0));
	check_eq(0, sv_push_mem(b.vec, NULL, 0, 0));
	check_eq(0, sv_drop(b.vec, 0));
	check_untouched(&b);
	for (i = 0; i < ARRAY_LEN(lens); i++) {
		int copy = new_vector();

		context("length %#llx", (unsigned long long)lens[i]);
		check_eq(BENCH - 1, sv_pull(copy, b.source, 1, lens[i], 0));
		check_eq(BENCH - 1, sv_push(copy, b.sink, 0, lens[i], 0));
		check_eq(0, sv_push(copy, b.sink, 0, lens[i], 0));
		check_eq(0, sv_push_mem(copy, &byte, 1, 0));
		close(copy);
	}
	check_vector(&b);
	bench_close(&b);
}

TEST_F(badinput, no_such_command_is_enotty)
{
	static const unsigned int numbers[] = {
		_IO(SPLICEVEC_IOC_TYPE, 0x09), _IO(SPLICEVEC_IOC_TYPE, 0xff),
		_IO(0xb4, 0x00), _IOR(SPLICEVEC_IOC_TYPE, 0x00, int),
		_IOW(SPLICEVEC_IOC_TYPE, 0x01, int), TCGETS,
	};
	union arguments *cmd = map_pages(PAGE);
	struct bench b;
	size_t i;

	bench_open(&b);
	commands[NR_pull].prepare(&b, cmd);
	for (i = 0; i < ARRAY_LEN(numbers); i++) {
		context("ioctl %#x", numbers[i]);
		check_eq(-1, ioctl(b.vec, numbers[i], cmd));
		check_eq(ENOTTY, errno);
		check_untouched(&b);
	}
	bench_close(&b);
	unmap_pages(cmd, PAGE);
}

TEST_F(badinput, vector_open_for_one_direction_refuses_the_other)
{
	int reads = must(open("/dev/splicevec", O_RDONLY));
	int writes = must(open("/dev/splicevec", O_WRONLY));
	struct splicevec_splice splice = { .in_offset = 0, .out_offset = 0 };
	struct splicevec_info info;
	struct bench b;
	char byte = 0;

	bench_open(&b);
	check_errno(EBADF, sv_pull(reads, b.source, 0, 1, 0));
	check_errno(EBADF, sv_pull_mem(reads, &byte, 1, 0));
	check_eq(1, sv_pull(writes, b.source, 0, 1, 0));
	check_errno(EBADF, sv_push(writes, b.sink, 0, 1, 0));
	check_errno(EBADF, sv_drop(writes, 1));
	check_eq(0, sv_push(reads, b.sink, 0, 1, 0));
	splice.in = b.source;
	splice.out = b.sink;
	splice.len = 1;
	check_errno(EBADF, sv_cmd_splice(reads, &splice));
	check_errno(EBADF, sv_cmd_splice(writes, &splice));
	check_errno(0, sv_info(reads, &info));
	check_errno(0, sv_info(writes, &info));
	check_eq(1, info.tail - info.head);
	/* as a sink it must be open for writing, as a source for reading */
	check_errno(EBADF, sv_push(b.vec, reads, SV_POSITION, 1, 0));
	check_errno(EBADF, sv_pull(b.vec, writes, SV_POSITION, 1, 0));
	check_untouched(&b);
	close(reads);
	close(writes);
	bench_close(&b);
}

TEST_F(badinput, vector_cannot_be_pushed_into_itself)
{
	struct splicevec_splice splice = {
		.in_offset = 0,
		.out_offset = SV_POSITION,
		.len = 1,
	};
	struct bench b;
	int same;

	bench_open(&b);
	same = must(dup(b.vec));
	check_errno(EINVAL, sv_push(b.vec, b.vec, SV_POSITION, SV_ALL, 0));
	check_errno(EINVAL, sv_push(b.vec, same, SV_POSITION, SV_ALL, 0));
	check_errno(EINVAL, sv_push(b.vec, same, SV_POSITION, 1,
				    SPLICEVEC_KEEP));
	splice.in = b.source;
	splice.out = b.vec;
	check_errno(EINVAL, sv_cmd_splice(b.vec, &splice));
	check_untouched(&b);
	close(same);
	bench_close(&b);
}

TEST_HARNESS_MAIN
