// SPDX-License-Identifier: GPL-2.0-only
/* What every test program shares. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <splicevec.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LEDGER "/sys/kernel/debug/splicevec/ledger"

/* Seconds an asynchronous release may take on a slow emulated machine. */
#define SETTLE	20

static char where[160];
static atomic_int nr_failures;

static uint64_t pattern_word(uint64_t seed, uint64_t n)
{
	uint64_t x = (n + 1) * 0x9e3779b97f4a7c15 + seed * 0xd1342543de82ef95;

	x = (x ^ (x >> 32)) * 0xda942042e4dd58b5;
	return x ^ (x >> 29);
}

unsigned char pattern_byte(uint64_t seed, uint64_t pos)
{
	return pattern_word(seed, pos / 8) >> (pos % 8 * 8);
}

void pattern_fill(void *buf, uint64_t seed, uint64_t pos, size_t len)
{
	unsigned char *to = buf;
	uint64_t word;

	for (; len && pos % 8; len--)
		*to++ = pattern_byte(seed, pos++);
	for (; len >= 8; len -= 8, pos += 8, to += 8) {
		word = pattern_word(seed, pos / 8);
		memcpy(to, &word, 8);
	}
	while (len--)
		*to++ = pattern_byte(seed, pos++);
}

ssize_t pattern_check(const void *buf, uint64_t seed, uint64_t pos, size_t len)
{
	const unsigned char *from = buf;
	unsigned char want[PAGE];
	size_t done, n, i;

	for (done = 0; done < len; done += n) {
		n = len - done < PAGE ? len - done : PAGE;
		pattern_fill(want, seed, pos + done, n);
		if (!memcmp(want, from + done, n))
			continue;
		for (i = 0; want[i] == from[done + i]; i++)
			;
		return done + i;
	}
	return -1;
}

void context(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(where, sizeof(where), fmt, args);
	va_end(args);
}

static void print(const char *file, int line, const char *fmt, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	fprintf(stderr, "# %s:%d: %s%s%s\n", file, line, where,
		*where ? ": " : "", text);
}

void fail_at(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	/* a flood would hide the first, and would take minutes to print */
	if (atomic_fetch_add(&nr_failures, 1) >= 20)
		return;
	va_start(args, fmt);
	print(file, line, fmt, args);
	va_end(args);
}

void die_at(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(file, line, fmt, args);
	va_end(args);
	abort();
}

int failures(void)
{
	return atomic_load(&nr_failures);
}

const char *errno_name(int err)
{
	const char *name = strerrorname_np(err);

	return err && name ? name : "success";
}

const char *result_name(long long ret)
{
	static __thread char text[32];

	if (ret < 0 && strerrorname_np(-ret))
		return strerrorname_np(-ret);
	snprintf(text, sizeof(text), "%lld", ret);
	return text;
}

static char *map_anywhere(size_t len)
{
	void *addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		die("mmap of %zu bytes: %s", len, errno_name(errno));
	return addr;
}

void *map_pages(size_t len)
{
	char *addr = map_anywhere(len);
	size_t before = -(uintptr_t)addr % ONE_LOAN;

	if (!before || before >= len || len >= ONE_LOAN)
		return addr;
	unmap_pages(addr, len);
	len = (len + PAGE - 1) / PAGE * PAGE;
	addr = map_anywhere(ONE_LOAN + len);
	before = -(uintptr_t)addr % ONE_LOAN;
	if (before)
		unmap_pages(addr, before);
	unmap_pages(addr + before + len, ONE_LOAN - before);
	return addr + before;
}

void unmap_pages(void *addr, size_t len)
{
	must(munmap(addr, len));
}

int new_vector(void)
{
	int vec = sv_open(0);

	if (vec < 0)
		die("/dev/splicevec: %s: is the module loaded?",
		    errno_name(-vec));
	return vec;
}

void write_all(int fd, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = must(write(fd, buf, len));

		buf = (const char *)buf + n;
		len -= n;
	}
}

void read_all(int fd, void *buf, size_t len)
{
	while (len) {
		ssize_t n = must(read(fd, buf, len));

		if (!n)
			die("end of fd %d, %zu bytes too early", fd, len);
		buf = (char *)buf + n;
		len -= n;
	}
}

void put_file(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY | O_CLOEXEC));

	write_all(fd, text, strlen(text));
	close(fd);
}

void raise_nofile(unsigned long fds)
{
	struct rlimit limit = { fds, fds };

	must(setrlimit(RLIMIT_NOFILE, &limit));
}

static long *ledger_field(struct ledger *ledger, const char *name)
{
	static const char *const names[] = {
		"vectors", "loans", "pushes", "completions", "pages", "pinned",
		"pins", "pin_pages",
	};
	long *const fields[] = {
		&ledger->vectors, &ledger->loans, &ledger->pushes,
		&ledger->completions, &ledger->pages, &ledger->pinned,
		&ledger->pins, &ledger->pin_pages,
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(names[i], name))
			return fields[i];
	return NULL;
}

void ledger_read(struct ledger *now)
{
	FILE *file = fopen(LEDGER, "re");
	char line[256], name[32];
	unsigned int found = 0;
	long value, *field;

	if (!file)
		die(LEDGER ": %s", errno_name(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%31s %ld", name, &value) != 2)
			continue;
		field = ledger_field(now, name);
		if (!field)
			continue;
		*field = value;
		found++;
	}
	fclose(file);
	if (found != sizeof(*now) / sizeof(long))
		die(LEDGER ": %u of the names we know", found);
}

bool linux_before(int major, int minor)
{
	struct utsname os;
	int here[2];

	must(uname(&os));
	if (sscanf(os.release, "%d.%d", &here[0], &here[1]) != 2)
		die("which Linux is %s?", os.release);
	return here[0] < major || (here[0] == major && here[1] < minor);
}

time_t settle_end(void)
{
	return time(NULL) + SETTLE * slower();
}

void ledger_settle(const struct ledger *want)
{
	time_t end = settle_end();
	struct ledger now;

	for (;;) {
		ledger_read(&now);
		if (!memcmp(&now, want, sizeof(now)))
			return;
		if (time(NULL) > end)
			break;
		usleep(1000);
	}
	fail_at(__FILE__, __LINE__,
		"left behind: vectors %+ld, loans %+ld, pushes %+ld, completions %+ld, pages %+ld, pinned %+ld, pins %+ld, pin_pages %+ld",
		now.vectors - want->vectors, now.loans - want->loans,
		now.pushes - want->pushes,
		now.completions - want->completions, now.pages - want->pages,
		now.pinned - want->pinned, now.pins - want->pins,
		now.pin_pages - want->pin_pages);
}

long vm_counter(const char *wanted)
{
	FILE *file = fopen("/proc/vmstat", "re");
	long value = -1, found = -1;
	char line[128], name[64];

	if (!file)
		die("/proc/vmstat: %s", errno_name(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", name, &value) == 2 &&
		    !strcmp(name, wanted))
			found = value;
	fclose(file);
	if (found < 0)
		die("/proc/vmstat: no %s", wanted);
	return found;
}

long foll_pins(const char *which)
{
	char name[64];

	/* the counters lag behind by what each CPU keeps to itself */
	put_file("/proc/sys/vm/stat_refresh", "1");
	snprintf(name, sizeof(name), "nr_foll_pin_%s", which);
	return vm_counter(name);
}

void close_all(void)
{
	must(syscall(SYS_close_range, 3, ~0U, 0));
}

static void feed_write(struct feed *feed)
{
	unsigned char buf[KIB(16)];
	size_t done, n;

	for (done = 0; done < feed->len; done += n) {
		n = feed->len - done;
		n = n < sizeof(buf) ? n : sizeof(buf);
		pattern_fill(buf, feed->seed, feed->pos + done, n);
		write_all(feed->fd, buf, n);
	}
}

static void *feed_thread(void *arg)
{
	struct feed *feed = arg;

	(feed->how ?: feed_write)(feed);
	close(feed->fd);
	return NULL;
}

void feed_start(struct feed *feed)
{
	if (pthread_create(&feed->thread, NULL, feed_thread, feed))
		die("no thread");
}

void feed_finish(struct feed *feed)
{
	pthread_join(feed->thread, NULL);
}

static void *drain_thread(void *arg)
{
	struct drain *drain = arg;
	unsigned char buf[KIB(64)];
	ssize_t n, wrong;

	for (;;) {
		n = read(drain->fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		wrong = pattern_check(buf, drain->seed,
				      drain->pos + drain->got, n);
		if (wrong >= 0 && drain->wrong < 0)
			drain->wrong = drain->got + wrong;
		drain->got += n;
	}
	drain->err = n ? errno : 0;
	return NULL;
}

void drain_start(struct drain *drain)
{
	drain->got = 0;
	drain->wrong = -1;
	if (pthread_create(&drain->thread, NULL, drain_thread, drain))
		die("no thread");
}

void drain_await(struct drain *drain, size_t len)
{
	time_t end = settle_end();

	while (__atomic_load_n(&drain->got, __ATOMIC_RELAXED) < len &&
	       time(NULL) <= end)
		usleep(1000);
}

void drain_finish(struct drain *drain)
{
	pthread_join(drain->thread, NULL);
}

static void *worker_thread(void *arg)
{
	struct worker *worker = arg;

	worker->tid = gettid();
	worker->work(worker->arg);
	return NULL;
}

void worker_start(struct worker *worker, void (*work)(void *arg), void *arg)
{
	sigset_t all, before;

	*worker = (struct worker){ .work = work, .arg = arg };
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&worker->thread, NULL, worker_thread, worker))
		die("no thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The letter that tells what a thread is doing, behind its name in brackets. */
static char thread_state(pid_t tid)
{
	char path[64], text[256], *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = must(open(path, O_RDONLY | O_CLOEXEC));
	text[must(read(fd, text, sizeof(text) - 1))] = '\0';
	close(fd);
	at = strrchr(text, ')');
	if (!at)
		die("%s: %s", path, text);
	return at[2];
}

void worker_await_sleep(struct worker *worker)
{
	time_t end = settle_end();

	while (!worker->tid || !strchr("SD", thread_state(worker->tid))) {
		if (time(NULL) > end)
			die("a thread does not come to wait");
		usleep(1000);
	}
}

void worker_finish(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

bool in_child(bool (*fn)(void *arg), void *arg)
{
	pid_t pid = must(fork());
	int status;

	if (!pid) {
		atomic_store(&nr_failures, 0);
		_exit(fn(arg) && !failures() ? 0 : 1);
	}
	must(waitpid(pid, &status, 0));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}
