// SPDX-License-Identifier: GPL-2.0-only
/* The command splicevec(1): what it moves arrives, what it says is true. */
#include "kselftest_harness.h"

#include "common.h"
#include "places.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 60

#define SEED	31
#define SIZE	(MIB(3) + 4321)

FIXTURE(tool)
{
	struct ledger before;
	char dir[32];		/* a filesystem for this test, and cwd */
};

FIXTURE_SETUP(tool)
{
	ledger_read(&self->before);
	strcpy(self->dir, "/tmp/tool-XXXXXX");
	if (!mkdtemp(self->dir))
		die("mkdtemp: %s", errno_name(errno));
	must(mount("none", self->dir, "tmpfs", 0, NULL));
	must(chdir(self->dir));
}

FIXTURE_TEARDOWN(tool)
{
	close_all();
	ledger_settle(&self->before);
	must(chdir("/"));
	must(umount2(self->dir, MNT_DETACH));
	must(rmdir(self->dir));
	EXPECT_EQ(0, failures());
}

static const char *tool(void)
{
	return getenv("SPLICEVEC_TOOL") ?: "/bin/splicevec";
}

#define NEEDS_TOOL()							\
	do {								\
		if (access(tool(), X_OK))				\
			SKIP(return, "no %s: set SPLICEVEC_TOOL", tool()); \
	} while (0)

/* What a run of the tool said, on both streams. */
static char said[65536];

struct run {
	pid_t pid;
	int out;
};

static void run_child(int in, int out, const char *const *argv)
{
	if (in >= 0)
		dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	execv(tool(), (char *const *)argv);
	_exit(127);
}

/* Words up to a NULL. */
static struct run start(int in, const char *word, ...)
{
	const char *argv[16] = { "splicevec", word };
	struct run run;
	int ends[2], n = 2;
	va_list args;

	va_start(args, word);
	while (word && n < 15) {
		word = va_arg(args, const char *);
		argv[n++] = word;
	}
	va_end(args);
	must(pipe2(ends, O_CLOEXEC));
	run.pid = must(fork());
	if (!run.pid)
		run_child(in, ends[1], argv);
	close(ends[1]);
	run.out = ends[0];
	return run;
}

/* Return: the exit status; said[] is what it said. */
static int finish(struct run run)
{
	size_t len = 0;
	int status;
	ssize_t n;

	while ((n = read(run.out, said + len, sizeof(said) - 1 - len)) > 0)
		len += n;
	said[len] = '\0';
	close(run.out);
	must(waitpid(run.pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void check_status(int want, int got)
{
	check(want == got, "expected exit status %d, got %d: %s", want, got,
	      said);
}

static void check_said(const char *text)
{
	check(strstr(said, text), "expected \"%s\" in: %s", text, said);
}

static void make(const char *path, size_t pos, size_t len)
{
	char *buf = map_pages(len + 1);
	int fd = must(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));

	pattern_fill(buf, SEED, pos, len);
	write_all(fd, buf, len);
	unmap_pages(buf, len + 1);
	close(fd);
}

static void check_file(const char *path, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (!check(fd >= 0, "%s: %s", path, errno_name(errno)))
		return;
	check_eq(len, lseek(fd, 0, SEEK_END));
	check_eq(-1, file_check(fd, 0, SEED, 0, len));
	close(fd);
}

TEST_F(tool, cp_copies_a_file_and_tells_in_json)
{
	NEEDS_TOOL();
	make("src", 0, SIZE);
	check_status(0, finish(start(-1, "cp", "--json", "src", "dst", NULL)));
	check_file("dst", SIZE);
	check_said("\"command\": \"cp\"");
	check_said("\"bytes\": 3150049");
	check_said("\"copied\": 3150049");
	check_said("\"error\": null");
}

TEST_F(tool, cp_of_an_empty_file_makes_an_empty_file)
{
	NEEDS_TOOL();
	make("src", 0, 0);
	make("dst", 0, 10);
	check_status(0, finish(start(-1, "cp", "src", "dst", NULL)));
	check_file("dst", 0);
}

TEST_F(tool, cp_direct_copies_no_byte_of_whole_blocks)
{
	NEEDS_TOOL();
	if (place_missing(EXT4))
		SKIP(return, "%s", place_missing(EXT4));
	make("src", 0, MIB(2));
	check_status(0, finish(start(-1, "cp", "--direct", "--json", "src",
				     "/mnt/ext4/direct", NULL)));
	check_said("\"copied\": 0");
	check_file("/mnt/ext4/direct", MIB(2));
	must(unlink("/mnt/ext4/direct"));
}

TEST_F(tool, cp_reads_stdin_and_writes_stdout)
{
	struct feed feed = { .seed = SEED, .len = 6000 };
	int ends[2];

	NEEDS_TOOL();
	must(pipe2(ends, O_CLOEXEC));
	feed.fd = ends[1];
	feed_start(&feed);
	check_status(0, finish(start(ends[0], "cp", "-", "dst", NULL)));
	feed_finish(&feed);
	close(ends[0]);
	check_file("dst", 6000);
	check_status(0, finish(start(-1, "cp", "-q", "dst", "-", NULL)));
	check_eq(-1, pattern_check(said, SEED, 0, 6000));
}

TEST_F(tool, tee_fills_every_sink)
{
	NEEDS_TOOL();
	make("src", 0, SIZE);
	check_status(0, finish(start(-1, "tee", "src", "a", "b", "c", NULL)));
	check_file("a", SIZE);
	check_file("b", SIZE);
	check_file("c", SIZE);
}

TEST_F(tool, tee_goes_on_when_one_sink_fails_and_says_so)
{
	NEEDS_TOOL();
	make("src", 0, SIZE);
	must(mkdir("full", 0755));
	must(mount("none", "full", "tmpfs", 0, "size=64k"));
	check(finish(start(-1, "tee", "src", "a", "full/b", "c", NULL)),
	      "exit status 0");
	check_said("full/b: No space left on device");
	check_file("a", SIZE);
	check_file("c", SIZE);
	must(umount("full"));
}

/* The receiver may not listen yet: a send that is refused tries again. */
static int send_retrying(const char *to, const char *first, const char *second)
{
	time_t end = time(NULL) + 20;
	int status;

	do {
		status = finish(start(-1, "send", to, first, second, NULL));
		if (!status || !strstr(said, "refused"))
			break;
		usleep(50000);
	} while (time(NULL) < end);
	return status;
}

TEST_F(tool, send_and_recv_move_files_over_tcp)
{
	static const char *const peers[] = { "127.0.0.1:17179",
					     "[::1]:17179" };
	struct run receiver;
	size_t i;

	NEEDS_TOOL();
	make("one", 0, SIZE);
	make("two", SIZE, 777);
	for (i = 0; i < ARRAY_LEN(peers); i++) {
		context("%s", peers[i]);
		receiver = start(-1, "recv", "17179", "dst", NULL);
		check_status(0, send_retrying(peers[i], "one", "two"));
		check_status(0, finish(receiver));
		check_file("dst", SIZE + 777);
		must(unlink("dst"));
	}
}

TEST_F(tool, info_tells_the_kernel_and_the_routes)
{
	NEEDS_TOOL();
	check_status(0, finish(start(-1, "info", NULL)));
	check_said("plain");
	check_said("tracked");
	check_said("  strict ");
	check_status(0, finish(start(-1, "info", "--json", NULL)));
	check_said("\"routes\"");
	check_said("\"strict\": \"tracked\"");
	check_said("\"splice_pages\"");
}

TEST_F(tool, errors_name_the_file_and_the_reason)
{
	NEEDS_TOOL();
	check_status(1, finish(start(-1, "cp", "missing", "dst", NULL)));
	check_said("missing: No such file or directory");
	check_eq(-1, access("dst", F_OK));
	make("src", 0, 10);
	check_status(1, finish(start(-1, "cp", "src", "no/such/dir", NULL)));
	check_said("no/such/dir: No such file or directory");
	check_status(1, finish(start(-1, "send", "127.0.0.1:1", "src", NULL)));
	check_said("Connection refused");
	check(finish(start(-1, "juggle", NULL)), "exit status 0");
	check_said("juggle");
	check(finish(start(-1, "cp", "src", NULL)), "exit status 0");
	check_said("too few arguments");
}

TEST_F(tool, missing_device_is_told_with_a_hint)
{
	NEEDS_TOOL();
	must(unshare(CLONE_NEWNS));
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(mount("/dev/null", "/dev/splicevec", NULL, MS_BIND, NULL));
	check_status(1, finish(start(-1, "info", NULL)));
	check_said("/dev/splicevec");
	must(umount("/dev/splicevec"));
	must(mount("none", "/dev", "tmpfs", 0, NULL));
	check_status(1, finish(start(-1, "info", NULL)));
	check_said("/dev/splicevec: No such file or directory: is the module loaded?");
	must(umount("/dev"));
}

TEST_HARNESS_MAIN
