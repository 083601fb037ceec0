// SPDX-License-Identifier: GPL-2.0-only
/* Allocations that fail, in commands and nowhere else. */
#include "stress_faults.h"
#include "failnth.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KNOBS	"/sys/kernel/debug"

/* The file that orders faults for this thread. */
static __thread int fail_fd = -1;

/* One in 20, at random times. */
static const struct knob {
	const char *name;
	const char *value;
} knobs[] = {
	{ "ignore-gfp-wait", "N" },
	{ "task-filter", "Y" },
	{ "verbose", "0" },
	{ "times", "-1" },
	{ "interval", "2" },
	{ "probability", "10" },
};

static const char *const kinds[] = { "failslab", "fail_page_alloc" };

static void turn(const char *kind, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), KNOBS "/%s/%s", kind, name);
	put_file(path, value);
}

static void turn_all(const char *name, const char *value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		turn(kinds[i], name, value);
}

static void turn_all_to(const char *name, unsigned long address)
{
	char text[32];

	snprintf(text, sizeof(text), "%#lx", address);
	turn_all(name, text);
}

/* Known before anybody is hired. */
static bool spared;

bool threads_are_spared(void)
{
	return spared;
}

/* If faults can be told by who calls. */
static void spare_threads(void)
{
	unsigned long begin, end;

	spared = !access(KNOBS "/failslab/reject-start", F_OK) &&
		 find_function("copy_process", "", &begin, &end);
	if (!spared)
		return;
	turn_all("stacktrace-depth", "32");
	turn_all_to("reject-start", begin);
	turn_all_to("reject-end", end);
}

static void spare_nobody(void)
{
	if (!spared)
		return;
	turn_all_to("reject-start", 0);
	turn_all_to("reject-end", 0);
}

const char *faults_begin(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		char path[128];

		snprintf(path, sizeof(path), KNOBS "/%s", kinds[i]);
		if (access(path, F_OK))
			return "no faults can be ordered here";
	}
	spare_threads();
	for (j = 0; j < ARRAY_LEN(knobs); j++)
		turn_all(knobs[j].name, knobs[j].value);
	turn("fail_page_alloc", "min-order", "0");
	return NULL;
}

void faults_end(void)
{
	turn_all("probability", "0");
	spare_nobody();
	check(crew->faulted, "no command ever failed");
	fprintf(stderr, "# commands that failed: %lu\n", crew->faulted);
}

static void order_faults(const char *how)
{
	if (fail_fd < 0)
		fail_fd = must(open("/proc/thread-self/make-it-fail",
				    O_WRONLY | O_CLOEXEC));
	must(pwrite(fail_fd, how, 1, 0));
}

void faults_forget(void)
{
	if (fail_fd >= 0)
		close(fail_fd);
	fail_fd = -1;
}

void faults_on(void)
{
	if (crew->faults)
		order_faults("1");
}

void faults_off(void)
{
	int err = errno;

	if (crew->faults)
		order_faults("0");
	errno = err;
}

bool excused(int64_t ret)
{
	if (!crew->faults || (ret != -ENOMEM && ret != -ENOBUFS))
		return false;
	atomic_fetch_add(&crew->faulted, 1);
	return true;
}

bool excused_request(int64_t ret)
{
	if (ret == -ECANCELED && crew->squeezed)
		return true;
	return excused(!ret || ret == -EAGAIN || ret == -ECANCELED ? -ENOMEM : ret);
}

void touch_mapping(const void *map, size_t len)
{
	int vec = new_vector();
	int64_t ret = command(write_vector(vec, map, len));

	check(ret > 0 || excused(ret == -EFAULT ? -ENOMEM : ret),
	      "touching a mapping: %s", result_name(ret));
	close(vec);
}

void *present_pages(size_t len)
{
	return memset(map_pages(len), 0, len);
}
