// SPDX-License-Identifier: GPL-2.0-only
/* The sources. */
#include "sources.h"
#include "places_file.h"

#include <errno.h>
#include <fcntl.h>
#include <splicevec.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* One file a filesystem serves all sizes of a test. */
int source_file(enum place place)
{
	static int files[ANYWHERE + 1];

	if (!files[place])
		files[place] = pattern_file(place, SOURCE_SEED, SOURCE_SIZE);
	return reopen(files[place], O_RDONLY);
}

static void open_file(struct source *s)
{
	s->fd = source_file(s->kind->place);
	s->offset = s->skip;
}

/* Nothing of it in the page cache. */
void source_open_cold(struct source *s)
{
	open_file(s);
	must(fsync(s->fd));
	must(posix_fadvise(s->fd, 0, 0, POSIX_FADV_DONTNEED));
}

static void start_feed(struct source *s, int fd, uint64_t pos)
{
	s->feed = (struct feed){
		.fd = fd,
		.seed = SOURCE_SEED,
		.pos = pos,
		.len = s->skip + s->len - pos,
		.how = s->kind->fill,
		.from = -1,
	};
}

/* What was read before a pull leaves the first buffer begun. */
static void discard(int fd, size_t len)
{
	char buf[len + 1];

	read_all(fd, buf, len);
}

void source_feed(struct source *s, int fd, uint64_t pos)
{
	start_feed(s, fd, pos);
	s->feeding = true;
	feed_start(&s->feed);
}

void source_open_stream(struct source *s)
{
	int fds[2];

	stream_pair(s->kind->place, fds);
	s->fd = fds[0];
	source_feed(s, fds[1], 0);
	discard(s->fd, s->skip);
}

static void fill_memory(struct source *s)
{
	s->map_len = (s->skip + s->len + PAGE - 1) & ~(PAGE - 1);
	s->map = map_pages(s->map_len);
	pattern_fill(s->map, SOURCE_SEED, 0, s->skip + s->len);
}

static void open_pipe(struct source *s)
{
	int fds[2];

	must(pipe2(fds, O_CLOEXEC));
	s->fd = fds[0];
	start_feed(s, fds[1], 0);
	s->feed.from = source_file(TMPFS);
	fill_memory(s);
	s->feed.data = s->map;
	s->feeding = true;
	feed_start(&s->feed);
	discard(s->fd, s->skip);
}

static void fill_vmsplice(struct feed *feed)
{
	struct iovec iov = { (void *)feed->data, feed->len };

	while (iov.iov_len) {
		ssize_t n = must(vmsplice(feed->fd, &iov, 1, 0));

		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len -= n;
	}
}

static void fill_splice(struct feed *feed)
{
	size_t left = feed->len;

	while (left)
		left -= must(splice(feed->from, NULL, feed->fd, NULL, left, 0));
}

static void fill_tee(struct feed *feed)
{
	int null = must(open("/dev/null", O_WRONLY | O_CLOEXEC));
	size_t left = feed->len;
	int fds[2];
	ssize_t n;

	must(pipe2(fds, O_CLOEXEC));
	while (left) {
		n = must(splice(feed->from, NULL, fds[1], NULL,
				left < KIB(32) ? left : KIB(32), 0));
		left -= n;
		while (n) {
			ssize_t teed = must(tee(fds[0], feed->fd, n, 0));

			n -= teed;
			while (teed)
				teed -= must(splice(fds[0], NULL, null, NULL,
						    teed, 0));
		}
	}
	close(fds[0]);
	close(fds[1]);
	close(null);
}

/* Our own push lends memory to the pipe; a pull takes the loan back out. */
static void fill_lend(struct feed *feed)
{
	int vec = new_vector();
	size_t left = feed->len;

	must_sv(sv_pull_mem(vec, (const char *)feed->data + feed->pos, left,
			    0));
	while (left)
		left -= must_sv(sv_push(vec, feed->fd, SV_POSITION, SV_ALL,
					0));
	close(vec);
}

/* A buffer begun by read(2) is no loan any more: begin in the memory. */
static void open_lent_pipe(struct source *s)
{
	int fds[2];

	must(pipe2(fds, O_CLOEXEC));
	s->fd = fds[0];
	fill_memory(s);
	start_feed(s, fds[1], s->skip);
	s->feed.data = s->map;
	s->feeding = true;
	feed_start(&s->feed);
}

static void open_memory(struct source *s)
{
	fill_memory(s);
	s->addr = s->map + s->skip;
}

static void open_file_memory(struct source *s)
{
	int fd = source_file(s->kind->place);

	s->map_len = SOURCE_SIZE;
	s->map = mmap(NULL, SOURCE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (s->map == MAP_FAILED)
		die("mmap of a file: %s", errno_name(errno));
	close(fd);
	s->addr = s->map + s->skip;
}

static void pull_part(int vec, int fd, size_t offset, size_t len)
{
	int64_t n = sv_pull(vec, fd, offset, len, 0);

	if (n != (int64_t)len)
		die("pull of %zu bytes for a source: %s", len, result_name(n));
	close(fd);
}

static void open_slice(struct source *s)
{
	s->fd = new_vector();
	pull_part(s->fd, source_file(EXT4), 0, s->skip + s->len);
	s->offset = s->skip;
}

static void open_duplicate(struct source *s)
{
	s->fd = new_vector();
	pull_part(s->fd, source_file(EXT4), 0, s->skip + s->len);
	must_sv(sv_drop(s->fd, s->skip));
}

/* Bytes of three filesystems, in pieces that fit no page. */
static void open_concatenation(struct source *s)
{
	static const enum place places[] = { EXT4, TMPFS, XFS };
	size_t size = s->skip + s->len, done = 0, n;
	unsigned int i = 0;

	s->fd = new_vector();
	for (; done < size; done += n, i++) {
		n = size - done < 10007 ? size - done : 10007;
		pull_part(s->fd, source_file(places[i % 3]), done, n);
	}
	s->offset = s->skip;
}

static void open_slice_of_memory(struct source *s)
{
	size_t size = s->skip + s->len;
	int64_t n;

	fill_memory(s);
	s->fd = new_vector();
	n = sv_pull_mem(s->fd, s->map, size, 0);
	if (n != (int64_t)size)
		die("pull of %zu bytes of memory: %s", size, result_name(n));
	s->offset = s->skip;
}

#define SOURCE(id, kind, where, how, ...)				\
	const struct source_kind source_##id = {			\
		.name = #id,						\
		.pages = SPLICEVEC_##kind,				\
		.place = where,						\
		.open = how,						\
		__VA_ARGS__						\
	}

SOURCE(ext4, CACHE, EXT4, open_file, .aligned = true);
SOURCE(ext4_cold, CACHE, EXT4, source_open_cold, .aligned = true);
SOURCE(ext4_copy, OWNED, EXT4, open_file, .flags = SPLICEVEC_COPY);
SOURCE(xfs, CACHE, XFS, open_file, .aligned = true);
SOURCE(xfs_cold, CACHE, XFS, source_open_cold, .aligned = true);
SOURCE(tmpfs, CACHE, TMPFS, open_file, .aligned = true);
SOURCE(dax, OWNED, DAX, open_file, .aligned = true);
SOURCE(tcp4, FOREIGN, TCP4, source_open_stream);
SOURCE(tcp6, FOREIGN, TCP6, source_open_stream);
SOURCE(unix, FOREIGN, UNIX, source_open_stream);
SOURCE(pipe_written, FOREIGN, ANYWHERE, open_pipe);
SOURCE(pipe_vmspliced, FOREIGN, ANYWHERE, open_pipe, .fill = fill_vmsplice);
SOURCE(pipe_spliced, FOREIGN, ANYWHERE, open_pipe, .fill = fill_splice);
SOURCE(pipe_teed, FOREIGN, ANYWHERE, open_pipe, .fill = fill_tee);
SOURCE(pipe_lent, PINNED, ANYWHERE, open_lent_pipe, .fill = fill_lend);
SOURCE(memory, PINNED, ANYWHERE, open_memory, .memory = true, .aligned = true);
SOURCE(memory_copy, OWNED, ANYWHERE, open_memory, .memory = true,
       .flags = SPLICEVEC_COPY);
SOURCE(memory_of_file, PINNED, EXT4, open_file_memory, .memory = true,
       .aligned = true);
SOURCE(slice, CACHE, EXT4, open_slice, .aligned = true);
SOURCE(duplicate, CACHE, EXT4, open_duplicate, .aligned = true);
SOURCE(concatenation, CACHE, XFS, open_concatenation);
SOURCE(slice_of_memory, PINNED, ANYWHERE, open_slice_of_memory,
       .aligned = true);

const char *source_missing(const struct source_kind *kind)
{
	return kind->missing ? kind->missing() : place_missing(kind->place);
}

/* Where read-only memory cannot be pinned safely, it is copied. */
int source_pages(const struct source_kind *kind)
{
	struct splicevec_features features;
	int vec;

	if (kind != &source_memory_of_file)
		return kind->pages;
	vec = new_vector();
	must_sv(sv_features(vec, -1, &features));
	close(vec);
	return features.features & SPLICEVEC_FEAT_PIN_READONLY ?
		       SPLICEVEC_PINNED : SPLICEVEC_OWNED;
}

void source_open(struct source *s, const struct source_kind *kind, size_t skip,
		 size_t len)
{
	*s = (struct source){
		.kind = kind,
		.seed = SOURCE_SEED,
		.skip = skip,
		.len = len,
		.fd = kind->memory ? SPLICEVEC_FD_MEM : -1,
		.offset = SV_POSITION,
		.feed.from = -1,
	};
	kind->open(s);
}

void source_advance(struct source *s, size_t len)
{
	struct iovec *iov = (struct iovec *)s->addr;

	if (s->offset >= 0)
		s->offset += len;
	if (s->iovs)
		s->iovs = pieces_after(iov, s->iovs, len, iov);
	else if (s->addr)
		s->addr += len;
}

void source_await(struct source *s)
{
	if (s->feeding)
		feed_finish(&s->feed);
	s->feeding = false;
}

int64_t source_pull(struct source *s, int vec, unsigned int *result)
{
	struct splicevec_pull cmd;
	size_t done = 0;
	int ret;

	*result = 0;
	while (done < s->len) {
		cmd = (struct splicevec_pull){
			.fd = s->fd,
			.flags = s->kind->flags,
			.iovs = s->iovs,
			.offset = s->offset,
			.len = s->len - done,
			.addr = (uintptr_t)s->addr,
		};
		ret = sv_cmd_pull(vec, &cmd);
		if (ret)
			return ret;
		if (!cmd.bytes)
			break;
		done += cmd.bytes;
		*result |= cmd.result;
		source_advance(s, cmd.bytes);
	}
	return done;
}

void source_close(struct source *s)
{
	source_await(s);
	if (s->feed.from >= 0)
		close(s->feed.from);
	if (s->fd >= 0)
		close(s->fd);
	if (s->map)
		unmap_pages(s->map, s->map_len);
}
