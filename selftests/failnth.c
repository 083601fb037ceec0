// SPDX-License-Identifier: GPL-2.0-only
/* Faults on order. */
#include "failnth.h"

#include <fcntl.h>
#include <glob.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KNOBS	"/sys/kernel/debug/"

/* No sequence of ours makes so many calls that can fail. */
#define MOST	3000

/* Has no vector and no loan, wherever these programs run. */
#define NOBODY	65534

/* Addresses of modules, and not of the kernel: x86's, whatever is random. */
#define MODULES_BEGIN	"0xffffffffa0000000"
#define MODULES_END	"0xffffffffff000000"
/* Frames the kernel looks at: the most it can. */
#define FRAMES		"32"

/* Shared by the processes the harness makes. */
static struct {
	atomic_uint sweeps;
	atomic_uint injected;
	atomic_uint reported;
} *counts;

static void __attribute__((constructor)) share_counts(void)
{
	counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static bool has_knob(const char *sort, const char *knob)
{
	char path[256];

	snprintf(path, sizeof(path), KNOBS "%s/%s", sort, knob);
	return !access(path, F_OK);
}

static void turn(const char *sort, const char *knob, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), KNOBS "%s/%s", sort, knob);
	put_file(path, value);
}

/* Return: there were any. */
static bool put_files(const char *pattern, const char *text)
{
	glob_t found;
	size_t i;

	if (glob(pattern, 0, NULL, &found))
		return false;
	for (i = 0; i < found.gl_pathc; i++)
		put_file(found.gl_pathv[i], text);
	globfree(&found);
	return true;
}

/* Of all sorts of faults this kernel knows. */
static void turn_all(const char *knob, const char *value)
{
	char pattern[256];

	snprintf(pattern, sizeof(pattern), KNOBS "fail*/%s", knob);
	if (!put_files(pattern, value))
		die("%s: there is none", pattern);
}

const char *fail_nth_missing(void)
{
	if (access("/proc/self/task", F_OK))
		return "there is no /proc";
	if (access("/proc/thread-self/fail-nth", F_OK))
		return "no fault injection in this kernel";
	return has_knob("failslab", "verbose") ? NULL :
		       "no knobs of fault injection in debugfs";
}

static bool can_tell_callers(void)
{
	return has_knob("failslab", "require-start");
}

/* Wherever a call comes from it counts. */
static void count_everywhere(void)
{
	if (!can_tell_callers())
		return;
	turn_all("stacktrace-depth", FRAMES);
	turn_all("require-start", "0");
	turn_all("require-end", "0xffffffffffffffff");
}

void fail_nth_open(void)
{
	turn_all("probability", "0");
	turn_all("times", "-1");
	/* a trace in the log is what tells of our mistakes */
	turn_all("verbose", "0");
	turn("failslab", "ignore-gfp-wait", "N");
	turn("failslab", "cache-filter", "N");
	turn("fail_page_alloc", "ignore-gfp-wait", "N");
	turn("fail_page_alloc", "ignore-gfp-highmem", "N");
	turn("fail_page_alloc", "min-order", "0");
	count_everywhere();
}

const char *fail_requests(bool on)
{
	if (!put_files("/sys/block/*/make-it-fail", on ? "1" : "0"))
		return "requests to disks cannot be made to fail";
	return NULL;
}

/* Whatever of a sort this task asks for fails. */
static void fail_ours(const char *what)
{
	turn(what, "task-filter", "Y");
	put_file("/proc/self/make-it-fail", "1");
	turn(what, "probability", "100");
}

static void fail_none(const char *what)
{
	turn(what, "probability", "0");
	put_file("/proc/self/make-it-fail", "0");
	turn(what, "task-filter", "N");
}

void fail_requests_always(void)
{
	fail_ours("fail_make_request");
}

void fail_requests_never(void)
{
	fail_none("fail_make_request");
}

bool find_function(const char *name, const char *owner, unsigned long *begin,
		   unsigned long *end)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[256], symbol[128], module[64];
	unsigned long at;
	bool found = false;

	*end = 0;
	while (symbols && fgets(line, sizeof(line), symbols)) {
		*module = '\0';
		if (sscanf(line, "%lx %*c %127s %63s", &at, symbol, module) < 2 ||
		    strcmp(module, owner))
			continue;
		if (!strcmp(symbol, name)) {
			*begin = at;
			found = true;
		}
	}
	if (found)
		rewind(symbols);
	while (found && fgets(line, sizeof(line), symbols)) {
		at = strtoul(line, NULL, 16);
		if (at > *begin && (!*end || at < *end))
			*end = at;
	}
	if (symbols)
		fclose(symbols);
	return found && *end;
}

const char *fail_slabs_missing(const char *function)
{
	unsigned long begin, end;

	if (!can_tell_callers())
		return "faults cannot be told by who calls";
	if (!find_function(function, "[splicevec]", &begin, &end))
		return "a function has no name here";
	return NULL;
}

void fail_slabs_below(const char *function)
{
	unsigned long begin, end;
	char text[32];

	if (!find_function(function, "[splicevec]", &begin, &end))
		die("no %s", function);
	turn("failslab", "stacktrace-depth", FRAMES);
	snprintf(text, sizeof(text), "%#lx", begin);
	turn("failslab", "require-start", text);
	snprintf(text, sizeof(text), "%#lx", end);
	turn("failslab", "require-end", text);
	fail_ours("failslab");
}

void fail_slabs_never(void)
{
	fail_none("failslab");
	count_everywhere();
}

/* One for each process and thread that is: a child's would be its parent's. */
static int fail_nth_fd(void)
{
	static __thread pid_t opened;
	static __thread int fd;
	char path[64];

	if (opened != gettid()) {
		opened = gettid();
		snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth",
			 opened);
		fd = must(open(path, O_RDWR | O_CLOEXEC));
	}
	return fd;
}

void fail_nth_arm(unsigned int nth)
{
	int fd = fail_nth_fd(), len;
	char text[16];

	len = snprintf(text, sizeof(text), "%u", nth);
	if (nth && pwrite(fd, text, len, 0) != len)
		die("fail-nth: %s", errno_name(errno));
}

/*
 * To read what is left of the number, and to write another, are calls that can fail
 * themselves.
 */
bool fail_nth_disarm(void)
{
	int fd = fail_nth_fd();
	char text[16] = "";
	bool fired;

	fired = pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	while (pwrite(fd, "0", 1, 0) < 0)
		if (errno != EFAULT && errno != ENOMEM)
			die("fail-nth: %s", errno_name(errno));
	return fired;
}

/* No module has a part in opening this, and it takes memory. */
static bool others_fail_too(void)
{
	int fd;

	fail_nth_arm(1);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fail_nth_disarm();
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

bool fail_nth_modules_only(void)
{
	if (!can_tell_callers())
		return false;
	turn_all("stacktrace-depth", FRAMES);
	turn_all("require-start", MODULES_BEGIN);
	turn_all("require-end", MODULES_END);
	return !others_fail_too();
}

static bool may_report(const struct sweep *sweep, int err)
{
	const int *other;

	for (other = sweep->errors; other && *other; other++)
		if (err == *other)
			return true;
	return err == ENOMEM || err == EFAULT;
}

/* Of the latest try. */
static bool fired;

bool fault_fired(void)
{
	return fired;
}

static void check_report(const struct sweep *sweep, long ret)
{
	if (ret >= 0)
		return;
	check(fired, "%s without a fault", result_name(ret));
	check(may_report(sweep, -ret), "%s is no error of it",
	      result_name(ret));
}

/* Return: is there nothing left to fail, or something left behind? */
static bool try(const struct sweep *sweep, void *arg, unsigned int nth)
{
	struct ledger before;
	int failed;
	long ret;

	ledger_read(&before);
	sweep->prepare(arg);
	fail_nth_arm(nth);
	ret = sweep->run(arg);
	fired = nth && fail_nth_disarm();
	check_report(sweep, ret);
	sweep->finish(arg, ret);
	atomic_fetch_add(&counts->injected, fired);
	atomic_fetch_add(&counts->reported, fired && ret < 0);
	failed = failures();
	ledger_settle(&before);
	return !fired || failures() > failed;
}

unsigned int faults_injected(void)
{
	return atomic_load(&counts->injected);
}

unsigned int faults_reported(void)
{
	return atomic_load(&counts->reported);
}

unsigned int faults_apart(void)
{
	return thorough() || getenv("COVERAGE") ? 1 : 5;
}

/*
 * A vector of ours keeps what we owe in the ledger: it goes with the last one. Every day
 * one fault of some is tried, in the next sweep another.
 */
void sweep(const struct sweep *sweep, void *arg)
{
	int vec = new_vector();
	unsigned int apart = faults_apart(), nth, before = faults_injected();

	context("%s, no fault", sweep->name);
	try(sweep, arg, 0);
	nth = 1 + atomic_fetch_add(&counts->sweeps, 1) % apart;
	for (; nth < MOST && failures() < 3; nth += apart) {
		context("%s, fault %u", sweep->name, nth);
		if (try(sweep, arg, nth))
			break;
	}
	check(nth < MOST, "there is always one call more that fails");
	/* of little one fault in some may be none */
	check(apart > 1 || sweep->faultless || faults_injected() > before,
	      "no call failed");
	close(vec);
}

struct stranger {
	const struct sweep *what;
	void *arg;
};

static void stranger_prepare(void *arg)
{
	struct stranger *s = arg;

	s->what->prepare(s->arg);
	must(syscall(SYS_setresuid, NOBODY, 0, 0));
}

static long stranger_run(void *arg)
{
	struct stranger *s = arg;

	return s->what->run(s->arg);
}

static void stranger_finish(void *arg, long ret)
{
	struct stranger *s = arg;

	must(syscall(SYS_setresuid, 0, 0, 0));
	s->what->finish(s->arg, ret);
}

void sweep_as_stranger(const struct sweep *what, void *arg)
{
	struct stranger stranger = { what, arg };
	char name[64];
	struct sweep as = {
		.name = name,
		.prepare = stranger_prepare,
		.run = stranger_run,
		.finish = stranger_finish,
		.errors = what->errors,
		.faultless = what->faultless,
	};

	snprintf(name, sizeof(name), "%s by a stranger", what->name);
	sweep(&as, &stranger);
}
