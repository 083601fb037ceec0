// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the measured thread's instructions go: it is sampled every few thousand
 * of them by the kernel's software clock, which in virtual time counts just
 * that. The share of a function is told as nanoseconds of one message.
 */
#include "bench.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Long against what taking a sample costs, which depends on the depth of the
 * stack: the rest of the period is what gets sampled.
 */
#define PERIOD		100003
#define RING_SIZE	MIB(32)
#define MAX_SYMBOLS	300000
#define MAX_DEPTH	128
#define LINES		45

struct symbol {
	uint64_t addr;
	char name[56];
	unsigned int self, all;	/* samples in it; in it or what it calls */
	unsigned int last;	/* the sample that counted it last */
};

static struct symbol *symbols;
static unsigned int nr_symbols, nr_samples;

static struct {
	int fd;
	struct perf_event_mmap_page *page;
} event = { .fd = -1 };

static int by_addr(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	return (left->addr > right->addr) - (left->addr < right->addr);
}

static int by_self(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	return (int)right->self - (int)left->self;
}

static int by_all(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	return (int)right->all - (int)left->all;
}

static void read_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct symbol *s = symbols;
	char line[512], type;

	if (!file)
		die("/proc/kallsyms: %s", errno_name(errno));
	while (fgets(line, sizeof(line), file) && s < symbols + MAX_SYMBOLS) {
		*s = (struct symbol){};
		if (sscanf(line, "%lx %c %55s", &s->addr, &type, s->name) == 3 &&
		    strchr("tTwW", type))
			s++;
	}
	fclose(file);
	nr_symbols = s - symbols;
	qsort(symbols, nr_symbols, sizeof(*symbols), by_addr);
}

static struct symbol *symbol_at(uint64_t addr)
{
	unsigned int low = 0, high = nr_symbols, middle;

	while (high - low > 1) {
		middle = (low + high) / 2;
		if (symbols[middle].addr <= addr)
			low = middle;
		else
			high = middle;
	}
	return &symbols[low];
}

/*
 * Of the CPU, whoever runs: a clock of the thread's own would stop and start with
 * it, and so tick at the same places of a message.
 */
static void open_event(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN,
		.exclude_user = 1,
		.exclude_callchain_user = 1,
		.disabled = 1,
	};

	put_file("/proc/sys/kernel/perf_cpu_time_max_percent", "0");
	event.fd = must(syscall(SYS_perf_event_open, &attr, -1, 0, -1,
				PERF_FLAG_FD_CLOEXEC));
	event.page = mmap(NULL, PAGE + RING_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED, event.fd, 0);
	if (event.page == MAP_FAILED)
		die("mmap of samples: %s", errno_name(errno));
}

void profile_begin(void)
{
	if (!symbols) {
		symbols = calloc(MAX_SYMBOLS, sizeof(*symbols));
		open_event();
	}
	read_symbols();
	nr_samples = 0;
	event.page->data_tail = event.page->data_head;
}

/*
 * Messages all alike and samples at equal distances meet at the same places
 * again and again. So wait at random, in user mode, where nothing is sampled.
 */
void profile_jitter(void)
{
	unsigned int spin = random() % (PERIOD / 4);

	while (spin--)
		asm volatile("");
}

void profile_on(void)
{
	must(ioctl(event.fd, PERF_EVENT_IOC_ENABLE, 0));
}

void profile_off(void)
{
	must(ioctl(event.fd, PERF_EVENT_IOC_DISABLE, 0));
}

static void count(const uint64_t *chain, uint64_t depth)
{
	struct symbol *s;
	bool first = true;
	uint64_t i;

	nr_samples++;
	for (i = 0; i < depth; i++) {
		if (chain[i] >= PERF_CONTEXT_MAX)
			continue;
		s = symbol_at(chain[i]);
		s->self += first;
		first = false;
		s->all += s->last != nr_samples;
		s->last = nr_samples;
	}
}

static void copy_sample(void *to, uint64_t at, size_t len)
{
	const char *ring = (const char *)event.page + PAGE;
	char *out = to;
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = ring[(at + i) % RING_SIZE];
}

static void read_samples(void)
{
	uint64_t head = event.page->data_head, at = event.page->data_tail;
	struct {
		struct perf_event_header header;
		uint32_t pid, tid;
		uint64_t depth, chain[MAX_DEPTH];
	} sample;

	for (; at < head; at += sample.header.size) {
		copy_sample(&sample.header, at, sizeof(sample.header));
		if (sample.header.type != PERF_RECORD_SAMPLE ||
		    sample.header.size > sizeof(sample))
			continue;
		copy_sample(&sample, at, sample.header.size);
		if (sample.pid == (uint32_t)getpid())
			count(sample.chain, sample.depth);
	}
	event.page->data_tail = at;
}

static void print_top(const char *method, const char *what, double ns,
		      int (*order)(const void *a, const void *b))
{
	unsigned int i, n;

	qsort(symbols, nr_symbols, sizeof(*symbols), order);
	for (i = 0; i < LINES && i < nr_symbols; i++) {
		n = order == by_self ? symbols[i].self : symbols[i].all;
		if (!n)
			break;
		printf("%s %s: %8.0f ns %5.1f%%  %s\n", method, what,
		       ns * n / nr_samples, 100.0 * n / nr_samples,
		       symbols[i].name);
	}
}

/* @ns: what a message takes when nobody watches. */
void profile_print(const char *method, double ns)
{
	read_samples();
	printf("%s: %u samples, %.0f ns a message\n", method, nr_samples, ns);
	print_top(method, "self", ns, by_self);
	print_top(method, "with callees", ns, by_all);
	fflush(stdout);
}
