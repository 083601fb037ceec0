// SPDX-License-Identifier: GPL-2.0-only
/* Fds of all kinds: what the shared tables know, and what is no good as either. */
#include "fuzz.h"
#include "../alg.h"
#include "../disks.h"
#include "../fuse.h"
#include "../lender.h"
#include "../places.h"
#include "../places_file.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SEED	5
#define FILE_SIZE	KIB(256)

/* Fds above the slots, where nobody is given one by accident. */
#define ENDPOINT_FIRST	(SLOT_FIRST + SLOTS)

static struct endpoint {
	const char *name;
	int fd;
} pool[192];

static size_t nr_pool;

/* How many of them all processes have: none begins by changing how they wait. */
static size_t nr_shared;

static bool available[ANYWHERE];

size_t endpoints(void)
{
	return nr_pool;
}

int endpoint_fd(size_t i)
{
	return pool[i].fd;
}

const char *endpoint_name(size_t i)
{
	return pool[i].name;
}

int endpoint_named(const char *name)
{
	size_t i;

	for (i = 0; i < nr_pool; i++)
		if (!strcmp(pool[i].name, name))
			return pool[i].fd;
	return -1;
}

static void add(const char *name, int fd)
{
	if (nr_pool == ARRAY_LEN(pool))
		die("too many endpoints");
	pool[nr_pool].name = name;
	pool[nr_pool++].fd = must(fcntl(fd, F_DUPFD_CLOEXEC, ENDPOINT_FIRST));
	close(fd);
}

/* Some things are not to be had everywhere. */
static void add_if(const char *name, int fd)
{
	if (fd >= 0)
		add(name, fd);
}

static void add_pair(const char *name, const int fds[2])
{
	add(name, fds[0]);
	add(name, fds[1]);
}

static int fuse_file(const struct fuse_server *server, enum fuse_file which)
{
	char *map = map_pages(FILE_SIZE);
	int file = fuse_open(server, which, 0), fd;

	pattern_fill(map, SEED, 0, FILE_SIZE);
	write_all(file, map, FILE_SIZE);
	unmap_pages(map, FILE_SIZE);
	fd = reopen(file, O_RDONLY);
	close(file);
	return fd;
}

/* Its server keeps what is written in its memory: only to be read. */
static void share_fuse(void)
{
	struct fuse_server server;

	if (fuse_missing())
		return;
	fuse_start(&server);
	add("fuse", fuse_file(&server, FUSE_CACHED));
	add("fuse, direct", fuse_file(&server, FUSE_DIRECT));
	add("fuse, failing", fuse_file(&server, FUSE_FAILS));
	close(server.root);
}

static int huge_memfd(void)
{
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB |
					      MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	must(ftruncate(fd, HUGE));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	return fd;
}

void endpoints_share(void)
{
	int ends[2];
	enum place place;

	for (place = TCP4; place < ANYWHERE; place++)
		available[place] = !place_missing(place);
	share_fuse();
	if (!huge_pages_missing())
		add_if("huge memfd", huge_memfd());
	if (!overlay_missing())
		add("overlay", overlay_file(SEED, FILE_SIZE));
	if (!lender_missing())
		add(LENDER_ENDPOINT, lender_open());
	must(pipe2(ends, O_CLOEXEC));
	add_pair("shared pipe", ends);
	add("shared tmpfs", new_file(TMPFS, O_RDWR));
	nr_shared = nr_pool;
}

/* A command that waits there waits no longer than this. */
static void limit_waits(int fd)
{
	const struct timeval soon = { .tv_usec = 10000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
}

static void add_sockets(enum place place)
{
	int fds[2], i;

	if (!available[place])
		return;
	if (place <= SOCKMAP)
		stream_pair(place, fds);
	else
		datagram_pair(place, fds);
	for (i = 0; i < 2; i++)
		limit_waits(fds[i]);
	add_pair(place_name(place), fds);
}

static void add_lone_sockets(void)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} lone[] = {
		{ "lone TCP", AF_INET, SOCK_STREAM, 0 },
		{ "listening TCP", AF_INET, SOCK_STREAM, 0 },
		{ "listening unix", AF_UNIX, SOCK_STREAM, 0 },
		{ "lone TCP6", AF_INET6, SOCK_STREAM, 0 },
		{ "lone UDP", AF_INET, SOCK_DGRAM, 0 },
		{ "lone unix", AF_UNIX, SOCK_STREAM, 0 },
		{ "lone unix seqpacket", AF_UNIX, SOCK_SEQPACKET, 0 },
		{ "raw", AF_INET, SOCK_RAW, IPPROTO_ICMP },
	};
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_LEN(lone); i++) {
		fd = socket(lone[i].family, lone[i].type | SOCK_CLOEXEC,
			    lone[i].protocol);
		if (fd < 0)
			continue;
		if (!strncmp(lone[i].name, "listening", 9)) {
			struct sockaddr any = { .sa_family = lone[i].family };

			if (lone[i].family == AF_UNIX)
				must(bind(fd, &any, sizeof(any.sa_family)));
			must(listen(fd, 1));
		}
		limit_waits(fd);
		add(lone[i].name, fd);
	}
}

static void add_files(enum place place)
{
	int file;

	if (place_missing(place))
		return;
	file = pattern_file(place, SEED, FILE_SIZE);
	add(place_name(place), reopen(file, O_RDONLY));
	add(place_name(place), reopen(file, O_WRONLY));
	add(place_name(place), reopen(file, O_RDWR | O_APPEND));
	if (place != TMPFS)
		add("O_DIRECT", reopen(file, O_RDWR | O_DIRECT));
	add(place_name(place), reopen(file, O_RDWR));
	add(place_name(place), file);
	add("empty file", new_file(place, O_RDWR));
}

static void add_memfds(void)
{
	int fd = must(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));

	must(ftruncate(fd, FILE_SIZE));
	add("memfd", reopen(fd, O_RDWR));
	add("memfd", fd);
	fd = must(memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	must(ftruncate(fd, FILE_SIZE));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
				    F_SEAL_WRITE));
	add("sealed memfd", fd);
	add_if("secret memory", syscall(SYS_memfd_secret, O_CLOEXEC));
}

static void add_pipes(void)
{
	int ends[2];

	must(pipe2(ends, O_CLOEXEC));
	add_pair("pipe", ends);
	must(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	must(fcntl(ends[1], F_SETPIPE_SZ, PAGE));
	add_pair("small pipe", ends);
	must(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	must(fcntl(ends[1], F_SETPIPE_SZ, MIB(1)));
	add_pair("large pipe", ends);
	must(pipe2(ends, O_CLOEXEC | O_DIRECT));
	add_pair("packet pipe", ends);
	must(pipe2(ends, O_CLOEXEC));
	write_all(ends[1], "what is left", 12);
	close(ends[1]);
	add("pipe without writer", ends[0]);
	must(pipe2(ends, O_CLOEXEC));
	close(ends[0]);
	add("pipe without reader", ends[1]);
}

static void add_terminal(void)
{
	int ends[2];

	terminal_pair(ends);
	add_pair("terminal", ends);
}

static void add_devices(void)
{
	static const struct {
		const char *path;
		int flags;
	} devices[] = {
		{ "/dev/zero", O_RDWR },
		{ "/dev/null", O_RDWR },
		{ "/dev/full", O_RDWR },
		{ "/dev/urandom", O_RDONLY },
		{ "/proc/self/status", O_RDONLY },
		{ "/proc/self/maps", O_RDONLY },
		{ "/sys/kernel/debug/splicevec/ledger", O_RDONLY },
		{ "/tmp", O_RDONLY | O_DIRECTORY },
		{ "/dev/zero", O_PATH },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(devices); i++)
		add_if(devices[i].path,
		       open(devices[i].path, devices[i].flags | O_CLOEXEC));
	if (disk_missing(DISK_SOURCE) || disk_missing(DISK_SINK))
		return;
	add("disk", disk_open(DISK_SOURCE, O_RDONLY));
	add("disk, O_DIRECT", disk_open(DISK_SOURCE, O_RDONLY | O_DIRECT));
	add("disk", disk_open(DISK_SINK, O_RDWR));
	add("disk, O_DIRECT", disk_open(DISK_SINK, O_RDWR | O_DIRECT));
}

/* Files that are no files: events, and what else has an fd. */
static void add_odd(void)
{
	const struct itimerspec often = {
		.it_value.tv_nsec = 50000000,
		.it_interval.tv_nsec = 50000000,
	};
	sigset_t none;
	int fd;

	sigemptyset(&none);
	add_if("eventfd", eventfd(1, EFD_CLOEXEC));
	add_if("epoll", epoll_create1(EPOLL_CLOEXEC));
	add_if("signalfd", signalfd(-1, &none, SFD_CLOEXEC));
	add_if("inotify", inotify_init1(IN_CLOEXEC));
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (fd >= 0)
		timerfd_settime(fd, 0, &often, NULL);
	add_if("timerfd", fd);
	add_if("pidfd", syscall(SYS_pidfd_open, getpid(), 0));
}

static void add_alg(void)
{
	if (!alg_missing("hash", "sha256"))
		add("hash", alg_hash());
	if (!alg_missing("skcipher", "ctr(aes)"))
		add("cipher", alg_cipher("skcipher", "ctr(aes)", 16));
}

/* Making all sockets takes long on a slow kernel: each process has some. */
void endpoints_begin(struct fuzzer *f)
{
	enum place place;
	size_t i;
	int flags;

	for (place = EXT4; place <= TMPFS; place++)
		add_files(place);
	add_memfds();
	add_pipes();
	add_terminal();
	add_devices();
	add_odd();
	add_alg();
	add_lone_sockets();
	for (place = TCP4; place < ANYWHERE; place++)
		if (one_in(&f->random, 2))
			add_sockets(place);
	for (i = nr_shared; i < nr_pool; i++) {
		flags = fcntl(pool[i].fd, F_GETFL);
		if (one_in(&f->random, 2))
			fcntl(pool[i].fd, F_SETFL, flags | O_NONBLOCK);
	}
}
