// SPDX-License-Identifier: GPL-2.0-only
/* Terminals, character devices and files that make their contents up. */
#include "kselftest_harness.h"

#include "contents.h"
#include "places.h"
#include "places_file.h"

#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>

#define SEED	31

LEDGER_FIXTURE(terminal)

/* Seconds a pull may take that has no reason to wait. */
#define AT_ONCE	5

TEST_F(terminal, pull_gives_what_is_there)
{
	int vec = new_vector(), ends[2];
	char buf[300];

	terminal_pair(ends);
	pattern_fill(buf, SEED, 0, sizeof(buf));
	write_all(ends[0], buf, 3);
	check_eq(3, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	write_all(ends[0], buf + 3, sizeof(buf) - 3);
	check_eq(100, sv_pull(vec, ends[1], SV_POSITION, 100, 0));
	check_eq(sizeof(buf) - 103,
		 sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	check_held(vec, SEED, 0, sizeof(buf));
}

TEST_F(terminal, nonblocking_pull_of_nothing_is_eagain)
{
	int vec = new_vector(), ends[2];
	double start = now();

	terminal_pair(ends);
	check_errno(EAGAIN, sv_pull(vec, ends[1], SV_POSITION, MIB(1),
				    SPLICEVEC_NONBLOCK));
	must(fcntl(ends[1], F_SETFL, O_NONBLOCK));
	check_errno(EAGAIN, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	check(now() - start < AT_ONCE, "it waited");
	write_all(ends[0], "x", 1);
	check_eq(1, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
}

static void *type_later(void *arg)
{
	usleep(200000);
	write_all(*(int *)arg, "late", 4);
	return NULL;
}

TEST_F(terminal, pull_waits_for_the_first_byte)
{
	int vec = new_vector(), ends[2];
	pthread_t thread;
	char buf[8];

	terminal_pair(ends);
	if (pthread_create(&thread, NULL, type_later, &ends[0]))
		die("no thread");
	check_eq(4, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	pthread_join(thread, NULL);
	check_eq(4, sv_push_mem(vec, buf, sizeof(buf), 0));
	check(!memcmp(buf, "late", 4), "not what was typed");
}

TEST_F(terminal, waiting_pull_ends_with_a_signal)
{
	int vec = new_vector(), ends[2];

	terminal_pair(ends);
	signals(true);
	check_errno(EINTR, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	signals(false);
}

TEST_F(terminal, line_by_line_a_pull_is_a_line)
{
	int vec = new_vector(), ends[2];
	struct termios lines;

	terminal_pair(ends);
	must(tcgetattr(ends[1], &lines));
	lines.c_lflag |= ICANON;
	must(tcsetattr(ends[1], TCSANOW, &lines));
	write_all(ends[0], "one\ntwo\nthr", 11);
	check_eq(4, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	check_eq(4, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	check_errno(EAGAIN, sv_pull(vec, ends[1], SV_POSITION, MIB(1),
				    SPLICEVEC_NONBLOCK));
	/* ^D: what was typed so far, and then the end */
	write_all(ends[0], "\004\004", 2);
	check_eq(3, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
	check_eq(0, sv_pull(vec, ends[1], SV_POSITION, MIB(1), 0));
}

/* Push until there is no room, and read what went. */
static void fill_and_empty(int vec, const int ends[2])
{
	int64_t n, sum = 0;
	char *buf;

	do {
		n = sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0);
		sum += n > 0 ? n : 0;
	} while (n > 0);
	check_errno(EAGAIN, n);
	check(sum > 0 && sum < (int64_t)MIB(1), "it took %lld bytes",
	      (long long)sum);
	check_held(vec, SEED, sum, MIB(1) - sum);
	buf = map_pages(sum);
	read_all(ends[0], buf, sum);
	check_eq(-1, pattern_check(buf, SEED, 0, sum));
	unmap_pages(buf, sum);
}

TEST_F(terminal, full_nonblocking_one_keeps_the_rest_in_the_vector)
{
	int vec = vector_with(SEED, 0, MIB(1)), ends[2];
	char buf[100];
	int64_t n;

	terminal_pair(ends);
	must(fcntl(ends[1], F_SETFL, O_NONBLOCK));
	fill_and_empty(vec, ends);
	/* reading made room; little of it is not waited for either */
	do {
		n = sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0);
	} while (n > 0);
	check_errno(EAGAIN, n);
	read_all(ends[0], buf, sizeof(buf));
	n = sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0);
	check(n > 0 || n == -EAGAIN, "%s", result_name(n));
}

/* Nothing but its own O_NONBLOCK keeps it from waiting half way. */
TEST_F(terminal, nonblocking_push_to_a_blocking_one_is_eopnotsupp)
{
	int vec = vector_with(SEED, 0, MIB(1)), ends[2];
	struct splicevec_info before;

	terminal_pair(ends);
	must_sv(sv_info(vec, &before));
	check_errno(EOPNOTSUPP, sv_push(vec, ends[1], SV_POSITION, SV_ALL,
					SPLICEVEC_NONBLOCK));
	check_same(vec, &before);
}

TEST_F(terminal, hung_up_one_is_an_error_and_nothing_is_lost)
{
	int vec = vector_with(SEED, 0, 100), ends[2];
	struct splicevec_info before;

	terminal_pair(ends);
	close(ends[0]);
	must_sv(sv_info(vec, &before));
	check_errno(EIO, sv_push(vec, ends[1], SV_POSITION, SV_ALL, 0));
	check_same(vec, &before);
	check_eq(0, sv_pull(vec, ends[1], SV_POSITION, 100, 0));
}

LEDGER_FIXTURE(device)

static int device(const char *path, int flags)
{
	return must(open(path, O_CLOEXEC | flags));
}

/* Pull until there is @len, as a device may give less than was asked for. */
static void pull_all(int vec, int fd, size_t len)
{
	int64_t n;

	while (len) {
		n = sv_pull(vec, fd, SV_POSITION, len, 0);
		if (!check(n > 0, "%zu bytes short: %s", len, result_name(n)))
			break;
		len -= n;
	}
}

TEST_F(device, zero_gives_zeroes)
{
	static const char *const paths[] = { "/dev/zero", "/dev/full" };
	size_t len = MIB(2) + 3, i, k;
	char *buf = map_pages(len);
	int vec, fd;

	for (k = 0; k < ARRAY_LEN(paths); k++) {
		context("%s", paths[k]);
		vec = new_vector();
		fd = device(paths[k], O_RDONLY);
		memset(buf, 1, len);
		pull_all(vec, fd, len);
		check_eq(len, sv_push_mem(vec, buf, len, 0));
		for (i = 0; i < len && !buf[i]; i++)
			;
		check_eq(len, i);
	}
}

TEST_F(device, urandom_gives_other_bytes_each_time)
{
	int vec = new_vector(), fd = device("/dev/urandom", O_RDONLY);
	size_t same = 0, i, len = KIB(64);
	char *buf = map_pages(2 * len);

	pull_all(vec, fd, 2 * len);
	check_eq(2 * len, sv_push_mem(vec, buf, 2 * len, 0));
	for (i = 0; i < len; i++)
		same += buf[i] == buf[len + i];
	/* one in 256, give or take */
	check(same < len / 64, "%zu of %zu bytes are the same", same, len);
}

TEST_F(device, null_is_at_its_end_and_takes_everything)
{
	int vec = vector_with(SEED, 0, MIB(3)), fd = device("/dev/null", O_RDWR);
	struct splicevec_info info;

	check_eq(0, sv_pull(vec, fd, SV_POSITION, 100, 0));
	check_eq(MIB(3), sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
	must_sv(sv_info(vec, &info));
	check_eq(0, info.spans);
}

TEST_F(device, zero_takes_everything)
{
	int vec = vector_with(SEED, 0, MIB(3)), fd = device("/dev/zero", O_RDWR);

	check_eq(MIB(3), sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
}

/* It has write(2), but none that takes pages. */
TEST_F(device, full_is_no_sink_and_nothing_is_lost)
{
	int vec = vector_with(SEED, 5, MIB(1)), fd = device("/dev/full", O_RDWR);
	struct splicevec_info before;

	must_sv(sv_info(vec, &before));
	check_errno(EOPNOTSUPP, sv_push(vec, fd, SV_POSITION, SV_ALL, 0));
	check_same(vec, &before);
	check_held(vec, SEED, 5, MIB(1));
}

TEST_F(device, eventfd_counts_what_is_eight_bytes_and_refuses_the_rest)
{
	int fd = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	int vec = new_vector(), held = vector_with(SEED, 0, 8);
	struct splicevec_info before;
	uint64_t count = 7;

	write_all(fd, &count, sizeof(count));
	check_errno(EINVAL, sv_pull(vec, fd, SV_POSITION, 7, 0));
	check_eq(8, sv_pull(vec, fd, SV_POSITION, 100, 0));
	check_errno(EAGAIN, sv_pull(vec, fd, SV_POSITION, 100, 0));
	check_eq(8, sv_push_mem(vec, &count, sizeof(count), 0));
	check_eq(7, count);
	/* it has write(2), but none that takes pages */
	must_sv(sv_info(held, &before));
	check_errno(EOPNOTSUPP, sv_push(held, fd, SV_POSITION, SV_ALL, 0));
	check_same(held, &before);
}

/* Contents made up by the kernel: as read(2) gives them. */
static const char *const made_up[] = {
	"/proc/cpuinfo",
	"/proc/filesystems",
	"/proc/sys/kernel/ostype",
	"/sys/kernel/notes",
	"/sys/module/splicevec/parameters/vector_spans",
};

static size_t read_whole(const char *path, char *buf)
{
	int fd = device(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	while ((n = must(read(fd, buf + len, KIB(64)))) > 0)
		len += n;
	close(fd);
	return len;
}

static size_t pull_whole(const char *path, char *buf, size_t size)
{
	int fd = device(path, O_RDONLY), vec = new_vector();
	size_t len = 0;
	int64_t n;

	while ((n = sv_pull(vec, fd, SV_POSITION, 5000, 0)) > 0)
		len += n;
	check_eq(0, n);
	check_eq(len, lseek(fd, 0, SEEK_CUR));
	check_eq(len, sv_push_mem(vec, buf, size, 0));
	close(vec);
	close(fd);
	return len;
}

TEST_F(device, made_up_file_is_pulled_as_it_is_read)
{
	char *want = map_pages(MIB(1)), *got = map_pages(MIB(1));
	size_t i, len;

	for (i = 0; i < ARRAY_LEN(made_up); i++) {
		context("%s", made_up[i]);
		len = read_whole(made_up[i], want);
		check(len > 0, "it is empty");
		check_eq(len, pull_whole(made_up[i], got, MIB(1)));
		check(!memcmp(want, got, len), "other contents");
	}
}

static void check_read_whole(int file, size_t len)
{
	struct splicevec_pull cmd = {
		.size = sizeof(cmd),
		.fd = file,
		.len = SV_ALL,
	};
	struct splicevec_span span;
	int vec = new_vector();

	must(ioctl(vec, SPLICEVEC_PULL, &cmd));
	check_eq(len, cmd.bytes);
	check(cmd.result & SPLICEVEC_COPIED, "it does not say that it copies");
	must_sv(sv_spans(vec, 0, &span, 1));
	check_eq(SPLICEVEC_OWNED, span.kind);
	check_held(vec, SEED, 0, len);
	close(vec);
}

/* However many reads that takes. */
TEST_F(device, file_that_can_only_be_read_is_pulled_whole_and_copied)
{
	int file;
	char *map;

	if (!huge_pages_missing()) {
		context("hugetlbfs");
		file = must(memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB));
		must(ftruncate(file, HUGE));
		map = mmap(NULL, HUGE, PROT_WRITE, MAP_SHARED, file, 0);
		check(map != MAP_FAILED, "mmap: %s", errno_name(errno));
		pattern_fill(map, SEED, 0, HUGE);
		must(munmap(map, HUGE));
		check_read_whole(file, HUGE);
	}
	if (!place_missing(DAX)) {
		context("DAX");
		check_read_whole(pattern_file(DAX, SEED, MIB(3) + 5), MIB(3) + 5);
	}
}

/* In one write: of two only the first would count. */
TEST_F(device, parameter_is_set_by_a_push)
{
	int vec = new_vector(), fd = device("/proc/sys/vm/swappiness", O_RDWR);
	char before[16] = "", after[16] = "";

	must(pread(fd, before, sizeof(before) - 1, 0));
	check_eq(1, sv_pull_mem(vec, "7", 1, SPLICEVEC_COPY));
	check_eq(1, sv_pull_mem(vec, "3", 1, SPLICEVEC_COPY));
	check_eq(2, sv_push(vec, fd, 0, SV_ALL, 0));
	must(pread(fd, after, sizeof(after) - 1, 0));
	check(!strcmp(after, "73\n"), "it is %s", after);
	must(pwrite(fd, before, strlen(before), 0));
}

TEST_F(device, sealed_memfd_is_eperm_and_nothing_is_lost)
{
	int fd = must(memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	int vec = vector_with(SEED, 3, KIB(100));
	struct splicevec_info before;

	must(ftruncate(fd, KIB(200)));
	must_sv(sv_info(vec, &before));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	check_errno(EPERM, sv_push(vec, fd, KIB(200), SV_ALL, 0));
	check_same(vec, &before);
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	check_errno(EPERM, sv_push(vec, fd, 0, SV_ALL, 0));
	check_same(vec, &before);
	check_held(vec, SEED, 3, KIB(100));
}

TEST_HARNESS_MAIN
