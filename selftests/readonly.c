// SPDX-License-Identifier: GPL-2.0-only
/*
 * No door lets anybody write through a mapping of a vector, or take its pages
 * away through it; and who maps pays for the copies.
 */
#include "kselftest_harness.h"

#include "maps.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define PARAMETERS "/sys/module/splicevec/parameters/"
#define NOBODY	65534
#define SEED	MAP_SEED
#define SIZE	(8 * PAGE)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

/*
 * A file and a mapping of it by way of a vector: @skip is 0 for the file's own
 * pages, otherwise the mapping shows copies.
 */
FIXTURE(readonly)
{
	struct ledger before;
	char hard[32];
	char soft[32];
	int file;
	int vec;
	char *map;
};

FIXTURE_VARIANT(readonly)
{
	size_t skip;
};

FIXTURE_VARIANT_ADD(readonly, pages_of_the_file)
{
	.skip = 0,
};

FIXTURE_VARIANT_ADD(readonly, copies)
{
	.skip = 1000,
};

static void get_parameter(const char *path, char value[32])
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC));

	value[must(read(fd, value, 31))] = '\0';
	close(fd);
}

FIXTURE_SETUP(readonly)
{
	get_parameter(PARAMETERS "user_pages_hard", self->hard);
	get_parameter(PARAMETERS "user_pages_soft", self->soft);
	ledger_read(&self->before);
	self->file = pattern_file(TMPFS, SEED, SIZE + variant->skip);
	self->vec = new_vector();
	check_eq(SIZE, sv_pull(self->vec, self->file, variant->skip, SIZE, 0));
	self->map = map_vector(self->vec, 0, SIZE, MAP_SHARED);
	check_shows(self->map, SEED, variant->skip, SIZE);
}

FIXTURE_TEARDOWN(readonly)
{
	check_shows(self->map, SEED, variant->skip, SIZE);
	check_eq(-1, file_check(self->file, 0, SEED, 0, SIZE + variant->skip));
	unmap_pages(self->map, SIZE);
	put_file(PARAMETERS "user_pages_hard", self->hard);
	put_file(PARAMETERS "user_pages_soft", self->soft);
	close_all();
	ledger_settle(&self->before);
	EXPECT_EQ(0, failures());
}

TEST_F(readonly, no_mapping_is_made_writable_or_executable)
{
	static const int sharing[] = { MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE };
	size_t i;

	for (i = 0; i < ARRAY_LEN(sharing); i++) {
		context("flags %#x", sharing[i]);
		check_fails(EACCES, mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
					 sharing[i], self->vec, 0));
		check_fails(EACCES, mmap(NULL, SIZE, PROT_WRITE, sharing[i],
					 self->vec, 0));
		check_fails(EPERM, mmap(NULL, SIZE, PROT_READ | PROT_EXEC,
					sharing[i], self->vec, 0));
	}
}

TEST_F(readonly, no_mapping_becomes_writable_or_executable)
{
	static const int sharing[] = { MAP_SHARED, MAP_PRIVATE };
	size_t i;

	for (i = 0; i < ARRAY_LEN(sharing); i++) {
		char *map = map_vector(self->vec, 0, SIZE, sharing[i]);

		context("flags %#x", sharing[i]);
		check_fails(EACCES, mprotect(map, SIZE, PROT_READ | PROT_WRITE));
		check_fails(EACCES, mprotect(map + PAGE, PAGE, PROT_WRITE));
		check_fails(EACCES, mprotect(map, SIZE, PROT_READ | PROT_EXEC));
		check_eq(0, mprotect(map, SIZE, PROT_NONE));
		check_eq(0, mprotect(map, SIZE, PROT_READ));
		check_shows(map, SEED, variant->skip, SIZE);
		unmap_pages(map, SIZE);
	}
}

/* The fd decides, as for a file: a mapping reads. */
TEST_F(readonly, vector_open_for_writing_only_is_not_mapped)
{
	int vec = must(open("/dev/splicevec", O_WRONLY | O_CLOEXEC));

	check_eq(SIZE, sv_pull(vec, self->file, 0, SIZE, 0));
	check_errno(EACCES, map_error(vec, 0, SIZE));
	close(vec);
	vec = must(open("/dev/splicevec", O_RDONLY | O_CLOEXEC));
	check_errno(EINVAL, map_error(vec, 0, SIZE));
}

TEST_F(readonly, store_is_a_segmentation_fault)
{
	pid_t pid = must(fork());
	int status;

	if (!pid) {
		char *map = map_vector(self->vec, 0, SIZE, MAP_PRIVATE);

		*(volatile char *)map = 1;
		_exit(0);
	}
	must(waitpid(pid, &status, 0));
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	      "status %#x", status);
}

static void check_pwrite_mem(char *addr)
{
	int mem = must(open("/proc/self/mem", O_RDWR | O_CLOEXEC));

	check_fails(EIO, pwrite(mem, "evil", 4, (off_t)addr));
	close(mem);
}

TEST_F(readonly, proc_mem_does_not_write)
{
	size_t i;

	for (i = 0; i < SIZE; i += PAGE)
		check_pwrite_mem(self->map + i);
	unmap_pages(self->map, SIZE);
	/* nor to a page that nobody has touched, nor to a private one */
	self->map = map_vector(self->vec, 0, SIZE, MAP_PRIVATE);
	check_pwrite_mem(self->map);
	check_shows(self->map, SEED, variant->skip, SIZE);
	check_pwrite_mem(self->map);
}

static void be_traced(int vec, char *map, size_t skip)
{
	int failed = failures();

	must(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	if (mmap(map, SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, vec, 0) != map)
		_exit(2);
	check_shows(map, SEED, skip, SIZE / 2);
	raise(SIGSTOP);
	check_shows(map, SEED, skip, SIZE);
	_exit(failures() != failed);
}

TEST_F(readonly, debugger_does_not_write)
{
	int status;
	pid_t pid = must(fork());
	size_t i;

	if (!pid)
		be_traced(self->vec, self->map, variant->skip);
	must(waitpid(pid, &status, 0));
	check(WIFSTOPPED(status), "status %#x", status);
	for (i = 0; i < SIZE; i += PAGE)
		check_fails(EIO, ptrace(PTRACE_POKEDATA, pid, self->map + i, 0x6c697665));
	must(ptrace(PTRACE_CONT, pid, NULL, NULL));
	must(waitpid(pid, &status, 0));
	check_eq(0, status);
}

TEST_F(readonly, other_processes_do_not_write)
{
	struct iovec local = { (char[]){ "evil" }, 4 };
	struct iovec remote = { self->map, 4 };

	if (process_vm_writev(getpid(), NULL, 0, NULL, 0, 0) && errno == ENOSYS)
		SKIP(return, "no process_vm_writev");
	check_fails(EFAULT, process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
	check_fails(EFAULT, process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
}

/* What the kernel stores for a system call. */
TEST_F(readonly, nothing_is_read_into_it)
{
	struct splicevec_info info = { .size = sizeof(info) };
	int ends[2], other = new_vector(), command = new_vector();
	char *map;

	must(pipe2(ends, O_CLOEXEC));
	write_all(ends[1], "evil", 4);
	check_fails(EFAULT, pread(self->file, self->map, 4, 0));
	check_fails(EFAULT, read(ends[0], self->map, 4));
	check_fails(EFAULT, fstat(self->file, (struct stat *)self->map));
	check_eq(4, sv_pull_mem(other, "evil", 4, SPLICEVEC_COPY));
	check_errno(EFAULT, sv_push_mem(other, self->map, 4, 0));
	must_sv(sv_info(other, &info));
	check_eq(0, info.head);
	/* a command that lies in a mapping gets no results */
	info = (struct splicevec_info){ .size = sizeof(info) };
	check_eq(sizeof(info), sv_pull_mem(command, &info, sizeof(info), 0));
	map = map_vector(command, 0, sizeof(info), MAP_SHARED);
	check_fails(EFAULT, ioctl(other, SPLICEVEC_INFO, map));
	check(!memcmp(map, &info, sizeof(info)), "written");
	unmap_pages(map, PAGE);
	close(ends[0]);
	stream_pair(UNIX, ends);
	write_all(ends[1], "evil", 4);
	check_fails(EFAULT, recv(ends[0], self->map, 4, 0));
}

/* Nobody gets hold of the pages themselves: they are not to be pinned. */
TEST_F(readonly, nothing_is_pinned_through_it)
{
	struct iovec iov = { self->map, SIZE };
	struct splicevec_span span;
	int ends[2], direct, other = new_vector();
	int64_t n;

	must(pipe2(ends, O_CLOEXEC));
	check_fails(EFAULT, vmsplice(ends[1], &iov, 1, 0));
	check_fails(EFAULT, vmsplice(ends[1], &iov, 1, SPLICE_F_GIFT));
	if (!place_missing(EXT4)) {
		direct = new_file(EXT4, O_RDWR | O_DIRECT);
		check_fails(EFAULT, pwrite(direct, self->map, PAGE, 0));
		must(ftruncate(direct, PAGE));
		check_fails(EFAULT, pread(direct, self->map, PAGE, 0));
	}
	/* where memory that cannot be pinned is copied, a copy is what we get */
	n = sv_pull_mem(other, self->map, SIZE, 0);
	if (n == -EFAULT)
		return;
	check_eq(SIZE, n);
	check_eq(1, sv_spans(other, 0, &span, 1));
	check_eq(SPLICEVEC_OWNED, span.kind);
}

TEST_F(readonly, advice_does_not_change_it)
{
	static const int refused[] = {
		MADV_DOFORK, MADV_DODUMP, MADV_DONTNEED, MADV_REMOVE,
		MADV_WIPEONFORK, MADV_POPULATE_WRITE, MADV_FREE,
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(refused); i++) {
		context("advice %d", refused[i]);
		check_eq(-1, madvise(self->map, SIZE, refused[i]));
	}
}

/* Reading it is like reading any memory. */
TEST_F(readonly, bytes_are_written_out_of_it)
{
	int file = new_file(TMPFS, O_RDWR), ends[2];
	char buf[SIZE];

	write_all(file, self->map, SIZE);
	check_eq(-1, file_check(file, 0, SEED, variant->skip, SIZE));
	stream_pair(UNIX, ends);
	write_all(ends[0], self->map, SIZE);
	read_all(ends[1], buf, SIZE);
	check_eq(-1, pattern_check(buf, SEED, variant->skip, SIZE));
	/* even into the vector it shows */
	check_eq(SIZE, sv_pull_mem(self->vec, self->map, SIZE, SPLICEVEC_COPY));
	check_eq(SIZE, sv_drop(self->vec, SIZE));
	check_eq(SIZE, sv_push_mem(self->vec, buf, SIZE, 0));
	check_eq(-1, pattern_check(buf, SEED, variant->skip, SIZE));
}

struct mapper {
	int vec;
	size_t copies;
};

static void become_nobody(void)
{
	must(setresgid(NOBODY, NOBODY, NOBODY));
	must(setresuid(NOBODY, NOBODY, NOBODY));
}

static bool map_within_the_limit(void *arg)
{
	struct mapper *mapper = arg;
	char *map;

	become_nobody();
	if (!mapper->copies) {
		map = map_vector(mapper->vec, 0, SIZE, MAP_SHARED);
		return true;
	}
	check_errno(EDQUOT, map_error(mapper->vec, 0, SIZE));
	map = map_vector(mapper->vec, 0, 5 * PAGE, MAP_SHARED);
	check_errno(EDQUOT, map_error(mapper->vec, 0, PAGE));
	unmap_pages(map, 4 * PAGE);
	check_errno(EDQUOT, map_error(mapper->vec, 0, PAGE));
	unmap_pages(map + 4 * PAGE, PAGE);
	/* they are back as soon as the last part is gone */
	check_errno(0, map_error(mapper->vec, 0, 5 * PAGE));
	check_errno(0, map_error(mapper->vec, 0, 5 * PAGE));
	return true;
}

/* The loans are paid for already; copies are the mapper's. */
TEST_F(readonly, copies_beyond_the_hard_limit_are_edquot)
{
	struct mapper mapper = { self->vec, variant->skip ? SIZE / PAGE : 0 };

	put_file(PARAMETERS "user_pages_hard", "5");
	check(in_child(map_within_the_limit, &mapper), "as nobody");
}

static bool map_above_the_soft_limit(void *arg)
{
	struct mapper *mapper = arg;
	char *map;

	become_nobody();
	/* 16 pages is what a vector may have then, and so is it for a mapping */
	map = map_vector(mapper->vec, 0, 5 * PAGE, MAP_SHARED);
	check_errno(0, map_error(mapper->vec, 0, 16 * PAGE));
	check_errno(mapper->copies ? EDQUOT : 0,
		    map_error(mapper->vec, 0, 17 * PAGE));
	unmap_pages(map, 5 * PAGE);
	return true;
}

TEST_F(readonly, above_the_soft_limit_a_mapping_has_few_copies)
{
	int fd = pattern_file(TMPFS, SEED, 17 * PAGE + variant->skip);
	struct mapper mapper = { new_vector(), variant->skip ? 17 : 0 };

	check_eq(17 * PAGE, sv_pull(mapper.vec, fd, variant->skip, SV_ALL, 0));
	put_file(PARAMETERS "user_pages_soft", "5");
	check(in_child(map_above_the_soft_limit, &mapper), "as nobody");
}

TEST_HARNESS_MAIN
