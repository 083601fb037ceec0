// SPDX-License-Identifier: GPL-2.0-only
/* Vectors with known contents, and what sockets say of them. */
#include "contents.h"
#include "places.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int vector_with(uint64_t seed, uint64_t pos, size_t len)
{
	int vec = new_vector(), file = pattern_file(TMPFS, seed, pos + len);

	if (sv_pull(vec, file, pos, len, 0) != (int64_t)len)
		die("a vector of %zu bytes cannot be filled", len);
	close(file);
	return vec;
}

/* Spans of one page would be one run: none lies behind another. */
int vector_of_spans(uint64_t seed, size_t len, size_t span)
{
	size_t spans = (len + span - 1) / span, done, n;
	char *map = map_pages(spans * PAGE);
	int vec = new_vector();
	char *from = map;

	for (done = 0; done < len; done += n, from += PAGE) {
		n = len - done < span ? len - done : span;
		pattern_fill(from + 7, seed, done, n);
		if (sv_pull_mem(vec, from + 7, n, 0) != (int64_t)n)
			die("pull of %zu bytes of memory", n);
	}
	unmap_pages(map, spans * PAGE);
	return vec;
}

static void check_pushed(int vec, uint64_t seed, uint64_t pos, size_t len,
			 unsigned int flags)
{
	char *buf = map_pages(len + 1);

	check_eq(len, sv_push_mem(vec, buf, len + 1, flags));
	check_eq(-1, pattern_check(buf, seed, pos, len));
	unmap_pages(buf, len + 1);
}

void check_held(int vec, uint64_t seed, uint64_t pos, size_t len)
{
	check_pushed(vec, seed, pos, len, SPLICEVEC_KEEP);
}

void check_taken(int vec, uint64_t seed, uint64_t pos, size_t len)
{
	check_pushed(vec, seed, pos, len, 0);
}

void check_same(int vec, const struct splicevec_info *before)
{
	struct splicevec_info now;

	must_sv(sv_info(vec, &now));
	check_eq(before->head, now.head);
	check_eq(before->tail, now.tail);
	check_eq(before->spans, now.spans);
	check_eq(before->pages, now.pages);
}

/* What was sent takes a moment to arrive, in some families. */
static void await_arrival(int fd, unsigned int flags)
{
	struct pollfd there = { .fd = fd, .events = POLLIN };

	if (flags & SPLICEVEC_NONBLOCK || fcntl(fd, F_GETFL) & O_NONBLOCK)
		poll(&there, 1, 5000);
}

struct splicevec_pull pull_from(int vec, int fd, uint64_t len,
				unsigned int flags, int *ret)
{
	struct splicevec_pull cmd = {
		.fd = fd,
		.flags = flags,
		.offset = SV_POSITION,
		.len = len,
	};

	await_arrival(fd, flags);
	*ret = sv_cmd_pull(vec, &cmd);
	return cmd;
}

void check_pull(int vec, int fd, uint64_t len, unsigned int flags,
		uint64_t bytes, bool record)
{
	struct splicevec_pull cmd;
	int ret;

	cmd = pull_from(vec, fd, len, flags, &ret);
	if (!check(!ret, "a pull of %llu bytes: %s", (unsigned long long)len,
		   errno_name(-ret)))
		return;
	check_eq(bytes, cmd.bytes);
	check(!(cmd.result & SPLICEVEC_RECORD) == !record,
	      "%llu bytes %s a record", (unsigned long long)cmd.bytes,
	      record ? "and not" : "and");
}

void check_push(int vec, int fd, uint64_t len, unsigned int flags,
		uint64_t bytes)
{
	struct splicevec_push cmd = {
		.fd = fd,
		.flags = flags,
		.offset = SV_POSITION,
		.start = flags & SPLICEVEC_KEEP ? SV_HEAD : 0,
		.len = len,
	};
	int ret = sv_cmd_push(vec, &cmd);

	if (!check(!ret, "a push of %llu bytes: %s", (unsigned long long)len,
		   errno_name(-ret)))
		return;
	check_eq(bytes, cmd.bytes);
	check(cmd.copied <= cmd.bytes, "%llu copied of %llu",
	      (unsigned long long)cmd.copied, (unsigned long long)cmd.bytes);
	if (flags & SPLICEVEC_NOCOPY)
		check(!cmd.copied || cmd.result & SPLICEVEC_ESTIMATED,
		      "%llu bytes were copied",
		      (unsigned long long)cmd.copied);
}

void send_pattern(int fd, uint64_t seed, uint64_t pos, size_t len)
{
	char *buf = map_pages(len + 1);

	pattern_fill(buf, seed, pos, len);
	check_eq(len, send(fd, buf, len, 0));
	unmap_pages(buf, len + 1);
}

ssize_t recv_soon(int fd, void *buf, size_t len, int flags)
{
	ssize_t n;
	int i;

	for (i = 0; i < 10000; i++) {
		n = recv(fd, buf, len, MSG_DONTWAIT | flags);
		if (n >= 0 || errno != EAGAIN)
			break;
		usleep(1000);
	}
	return n;
}

void recv_pattern(int fd, uint64_t seed, uint64_t pos, size_t len)
{
	char *buf = map_pages(len + 1);
	ssize_t n = recv_soon(fd, buf, len + 1, MSG_TRUNC);

	if (check(n == (ssize_t)len, "expected a datagram of %zu bytes, got %s",
		  len, result_name(n < 0 ? -errno : n)))
		check_eq(-1, pattern_check(buf, seed, pos, len));
	unmap_pages(buf, len + 1);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* No SA_RESTART: commands are not restarted. */
void signals(bool on)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct timeval often = { .tv_usec = on ? 50000 : 0 };
	struct itimerval timer = { .it_interval = often, .it_value = often };

	must(sigaction(SIGALRM, &action, NULL));
	must(setitimer(ITIMER_REAL, &timer, NULL));
}

void read_off(int fd, size_t len)
{
	char *buf = map_pages(len);

	read_all(fd, buf, len);
	unmap_pages(buf, len);
}

ssize_t read_wrong(int fd, uint64_t seed, size_t len)
{
	char *buf = map_pages(len);
	ssize_t wrong;

	read_all(fd, buf, len);
	wrong = pattern_check(buf, seed, 0, len);
	unmap_pages(buf, len);
	return wrong;
}
