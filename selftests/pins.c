// SPDX-License-Identifier: GPL-2.0-only
/* Stable pushes by pin. */
#include "pins.h"

#include "netem.h"
#include "places.h"

#include <fcntl.h>
#include <splicevec.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PARAMETERS "/sys/module/splicevec/parameters/"

/* Bytes that may be under way to nowhere: more than any test has. */
#define ROOM	(32 << 20)
/* Milliseconds a packet waits where nothing is to be heard: more than any test. */
#define NEVER	200000
/* Seconds in which the writeback of a page has to end, however slow the disk. */
#define PATIENCE	20

/* linux/kernel-page-flags.h */
#define WRITEBACK	(1ULL << 8)
#define COMPOUND	(3ULL << 15)

struct parameter {
	const char *path;
	char usual[32];
};

static struct parameter allowed = { PARAMETERS "stable_pin", "" };
static struct parameter longest = { PARAMETERS "stable_timeout_ms", "" };
static struct parameter most = { PARAMETERS "stable_pin_pages", "" };

static void set(struct parameter *p, const char *value)
{
	int fd;

	if (!p->usual[0]) {
		fd = must(open(p->path, O_RDONLY | O_CLOEXEC));
		p->usual[must(read(fd, p->usual, sizeof(p->usual) - 1))] = '\0';
		close(fd);
	}
	put_file(p->path, value);
}

static void set_number(struct parameter *p, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", value);
	set(p, text);
}

static void reset(const struct parameter *p)
{
	if (p->usual[0])
		put_file(p->path, p->usual);
}

const char *pins_missing(void)
{
	return access(allowed.path, W_OK) ? "this module does not pin" : NULL;
}

void pins_allow(unsigned int msec, unsigned long pages)
{
	set_number(&longest, msec);
	set_number(&most, pages);
	set(&allowed, "1");
}

void pins_forbid(void)
{
	set(&allowed, "0");
}

void pins_as_before(void)
{
	reset(&allowed);
	reset(&longest);
	reset(&most);
}

struct splicevec_push push_pinning(int vec, int fd, int64_t offset, size_t len,
				   unsigned int msec, uint64_t tag)
{
	struct splicevec_push push = {
		.fd = fd,
		.flags = SPLICEVEC_STRICT | SPLICEVEC_STABLE,
		.offset = offset,
		.len = len,
		.user_data = tag,
		.stable_ms = msec,
	};

	check_errno(0, sv_cmd_push(vec, &push));
	check_eq(len, push.bytes);
	check(push.pinned + push.copied >= len, "neither pinned nor copied");
	return push;
}

const char *stall_missing(void)
{
	return place_missing(NIC4) ?: netem_missing();
}

void stalled_pair(int fds[2])
{
	int room = ROOM;

	stream_pair(NIC4, fds);
	must(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)));
	netem_set(NEVER, 0);
}

static uint64_t read_word(const char *path, uint64_t index)
{
	int fd = must(open(path, O_RDONLY | O_CLOEXEC));
	uint64_t word = 0;

	check_eq(sizeof(word), pread(fd, &word, sizeof(word), index * sizeof(word)));
	close(fd);
	return word;
}

static uint64_t page_flags(const void *addr)
{
	uint64_t entry;

	/* have it there */
	(void)*(const volatile char *)addr;
	entry = read_word("/proc/self/pagemap", (uintptr_t)addr / PAGE);
	return read_word("/proc/kpageflags", entry & ((1ULL << 55) - 1));
}

bool page_is_writeback(const void *addr)
{
	return page_flags(addr) & WRITEBACK;
}

bool page_is_large(const void *addr)
{
	return page_flags(addr) & COMPOUND;
}

double msec_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

double await_no_writeback(const void *addr)
{
	double start = msec_now(), end = start + PATIENCE * 1000.0 * slower();

	while (page_is_writeback(addr) && msec_now() < end)
		usleep(1000);
	return msec_now() - start;
}
