// SPDX-License-Identifier: GPL-2.0-only
/* Terminals, overlays, huge pages, memory in pieces, the page cache. */
#include "places_file.h"
#include "places.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

void terminal_pair(int fds[2])
{
	struct termios raw;

	fds[0] = must(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(grantpt(fds[0]));
	must(unlockpt(fds[0]));
	fds[1] = must(open(ptsname(fds[0]), O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(tcgetattr(fds[1], &raw));
	cfmakeraw(&raw);
	must(tcsetattr(fds[1], TCSANOW, &raw));
}

const char *overlay_missing(void)
{
	char line[128], name[64];
	const char *missing = "no overlay filesystem";
	FILE *list = fopen("/proc/filesystems", "re");

	if (!list)
		die("/proc/filesystems: %s", errno_name(errno));
	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "nodev %63s", name) == 1 &&
		    !strcmp(name, "overlay"))
			missing = place_missing(EXT4);
	fclose(list);
	return missing;
}

/*
 * Lay an overlay over @dir, made of two directories in it: one that is not for
 * writing takes two. Return: its root; it has no name any more.
 */
static int overlay_on(const char *dir)
{
	char options[256];
	int root;

	snprintf(options, sizeof(options), "lowerdir=%s/upper:%s/lower", dir,
		 dir);
	must(mount("selftest", dir, "overlay", MS_RDONLY, options));
	root = must(open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
	must(umount2(dir, MNT_DETACH));
	return root;
}

int overlay_file(uint64_t seed, size_t len)
{
	char dir[] = "/mnt/ext4/overlay-XXXXXX", from[64];
	int file = pattern_file(EXT4, seed, len), root, base;

	if (!mkdtemp(dir))
		die("mkdtemp: %s", errno_name(errno));
	base = must(open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
	must(mkdirat(base, "upper", 0700));
	must(mkdirat(base, "lower", 0700));
	snprintf(from, sizeof(from), "/proc/self/fd/%d", file);
	must(linkat(AT_FDCWD, from, base, "lower/file", AT_SYMLINK_FOLLOW));
	close(file);
	root = overlay_on(dir);
	file = must(openat(root, "file", O_RDONLY | O_CLOEXEC));
	close(root);
	must(unlinkat(base, "lower/file", 0));
	must(unlinkat(base, "lower", AT_REMOVEDIR));
	must(unlinkat(base, "upper", AT_REMOVEDIR));
	close(base);
	must(rmdir(dir));
	return file;
}

static char *map_huge(size_t len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
}

const char *huge_pages_missing(void)
{
	char *map = map_huge(HUGE);

	if (map == MAP_FAILED)
		return "no huge pages in reserve (vm.nr_hugepages)";
	must(munmap(map, HUGE));
	return NULL;
}

char *huge_pages(size_t len)
{
	char *map = map_huge(len);

	if (map == MAP_FAILED)
		die("%zu bytes of huge pages: %s", len, errno_name(errno));
	return map;
}

/* Before, between and after the pieces. */
#define AROUND	0xa5

static size_t piece_len(unsigned int nr, size_t left)
{
	static const size_t lens[] = {
		1, 0, 4095, 4097, 0, 13, 8192, 5000,
	};
	size_t len = lens[nr % ARRAY_LEN(lens)];

	return len < left ? len : left;
}

/* Their addresses descend, so that no two are one by accident. */
void pieces_make(struct pieces *pieces, uint64_t seed, uint64_t pos, size_t len)
{
	size_t done, n, room = UIO_MAXIOV * sizeof(struct iovec);
	char *at;

	pieces->map_len = room + len + UIO_MAXIOV;
	pieces->map = map_pages(pieces->map_len);
	memset(pieces->map + room, AROUND, pieces->map_len - room);
	pieces->iov = (struct iovec *)pieces->map;
	pieces->nr = 0;
	at = pieces->map + pieces->map_len;
	for (done = 0; done < len; done += n, pieces->nr++) {
		n = piece_len(pieces->nr, len - done);
		at -= n + 1;
		pieces->iov[pieces->nr] = (struct iovec){ at, n };
		pattern_fill(at, seed, pos + done, n);
	}
}

ssize_t pieces_check(const struct pieces *pieces, uint64_t seed, uint64_t pos)
{
	size_t done = 0;
	unsigned int i;
	ssize_t wrong;

	for (i = 0; i < pieces->nr; i++) {
		const struct iovec *iov = &pieces->iov[i];
		const unsigned char *at = iov->iov_base;

		wrong = pattern_check(at, seed, pos + done, iov->iov_len);
		if (wrong >= 0 || at[-1] != AROUND ||
		    at[iov->iov_len] != AROUND)
			return done + (wrong >= 0 ? wrong : 0);
		done += iov->iov_len;
	}
	return -1;
}

void pieces_clear(struct pieces *pieces)
{
	unsigned int i;

	for (i = 0; i < pieces->nr; i++)
		memset(pieces->iov[i].iov_base, 0, pieces->iov[i].iov_len);
}

unsigned int pieces_after(const struct iovec *iov, unsigned int nr, size_t done,
			  struct iovec *to)
{
	unsigned int i, left = 0;

	for (i = 0; i < nr; i++) {
		struct iovec piece = iov[i];
		size_t n = done < piece.iov_len ? done : piece.iov_len;

		done -= n;
		if (n && n == piece.iov_len)
			continue;
		to[left++] = (struct iovec){
			(char *)piece.iov_base + n, piece.iov_len - n,
		};
	}
	return left;
}

void evict(int fd)
{
	must(fsync(fd));
	must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
}

size_t resident_pages(int fd, size_t len)
{
	size_t pages = (len + PAGE - 1) / PAGE, sum = 0, i;
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	unsigned char *in = malloc(pages);

	if (map == MAP_FAILED || !in)
		die("mmap of a file: %s", errno_name(errno));
	must(mincore(map, len, in));
	for (i = 0; i < pages; i++)
		sum += in[i] & 1;
	free(in);
	must(munmap(map, len));
	return sum;
}

/* Over loopback a datagram is received by the processor that sent it. */
static void receive_on(unsigned int cpu, int fd)
{
	struct sockaddr_in discard = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (!sched_setaffinity(0, sizeof(cpus), &cpus))
		sendto(fd, "", 1, 0, (struct sockaddr *)&discard,
		       sizeof(discard));
}

/* A packet that another processor freed waits for the next one that comes. */
static void stir_network(void)
{
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	unsigned int cpu;
	cpu_set_t all;

	must(sched_getaffinity(0, sizeof(all), &all));
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all))
			receive_on(cpu, fd);
	must(sched_setaffinity(0, sizeof(all), &all));
	close(fd);
}

void evict_all(int fd, size_t len)
{
	double end = now() + 2 * slower();

	evict(fd);
	while (resident_pages(fd, len) && now() < end) {
		stir_network();
		usleep(10000);
		evict(fd);
	}
	check_eq(0, resident_pages(fd, len));
}
