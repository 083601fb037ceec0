// SPDX-License-Identifier: GPL-2.0-only
/* What sweeps on a single vector work on. */
#include "faults_work.h"
#include "contents.h"
#include "disks.h"
#include "places.h"
#include "places_file.h"
#include "vectors.h"

#include <fcntl.h>
#include <splicevec.h>
#include <unistd.h>

void work_begin(struct work *w)
{
	*w = (struct work){ .vec = -1, .fds = { -1, -1 } };
}

static int kept_file;

int work_file(void)
{
	if (!kept_file)
		kept_file = pattern_file(EXT4, SEED, LEN);
	return reopen(kept_file, O_RDONLY);
}

void work_file_evict(void)
{
	if (kept_file)
		evict_all(kept_file, LEN);
}

int work_spans(size_t len)
{
	int memory = vector_of_spans(SEED, LEN, len), file = work_file();
	int vec = new_vector();
	size_t at, n;

	for (at = 0; at < LEN; at += n) {
		n = LEN - at < len ? LEN - at : len;
		check_eq(n, sv_pull(vec, at / len % 2 ? file : memory, at, n, 0));
	}
	close(memory);
	close(file);
	return vec;
}

void work_end(struct work *w)
{
	if (w->buf)
		unmap_pages(w->buf, LEN);
	if (w->vec >= 0)
		close(w->vec);
	if (w->fds[0] >= 0)
		close(w->fds[0]);
	if (w->fds[1] >= 0)
		close(w->fds[1]);
	w->buf = NULL;
	w->vec = -1;
	w->fds[0] = -1;
	w->fds[1] = -1;
}

long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

size_t moved(long ret)
{
	return ret < 0 ? 0 : ret;
}

void write_prepare(void *arg)
{
	struct work *w = arg;

	w->vec = new_vector();
	w->buf = map_pages(LEN);
	pattern_fill(w->buf, SEED, 0, LEN);
}

/* What was not written can be written now. */
void write_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was written");
	check_held(w->vec, SEED, 0, done);
	check_eq(LEN - done, write(w->vec, w->buf + done, LEN - done));
	check_held(w->vec, SEED, 0, LEN);
	work_end(w);
}

void read_prepare(void *arg)
{
	struct work *w = arg;

	w->vec = work_spans(SPAN);
	w->buf = map_pages(LEN);
}

void read_finish(void *arg, long ret)
{
	struct work *w = arg;
	size_t done = moved(ret);

	check(ret, "no error, but nothing was read");
	check_eq(-1, pattern_check(w->buf, SEED, 0, done));
	check_held(w->vec, SEED, done, LEN - done);
	work_end(w);
}

void tcp_ends(int fds[2])
{
	stream_pair(TCP4, fds);
}

void unix_stream_ends(int fds[2])
{
	stream_pair(UNIX, fds);
}

void udp_ends(int fds[2])
{
	datagram_pair(UDP4, fds);
}

void pipe_ends(int fds[2])
{
	pipe_pair(ANYWHERE, fds);
}

void vector_ends(int fds[2])
{
	fds[0] = new_vector();
	fds[1] = must(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
}

void disk_ends(int fds[2])
{
	fds[0] = disk_open(DISK_SINK, O_RDWR | O_DIRECT);
	fds[1] = disk_open(DISK_SINK, O_RDONLY);
}

void nic_ends(int fds[2])
{
	stream_pair(NIC4, fds);
}

static void file_of(int flags, int fds[2])
{
	fds[0] = new_file(EXT4, O_RDWR | flags);
	fds[1] = reopen(fds[0], O_RDONLY);
}

void file_ends(int fds[2])
{
	file_of(0, fds);
}

void direct_ends(int fds[2])
{
	file_of(O_DIRECT, fds);
}

void sweep_both(const struct sweep *what, void *arg)
{
	sweep(what, arg);
	sweep_as_stranger(what, arg);
	work_file_evict();
}

void sweep_all(const struct sweep *what, void *arg)
{
	static const int errors[] = { ENOBUFS, 0 };
	struct sweep with = *what;

	with.errors = errors;
	sweep_both(&with, arg);
}
