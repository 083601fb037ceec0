// SPDX-License-Identifier: GPL-2.0-only
/* Ways of moving bytes that several scenarios share: ours, and the others'. */
#include "bench.h"

#include <fcntl.h>
#include <splicevec.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* A stream has no offset and stays at its position. */
static off_t after(off_t offset, size_t done)
{
	return offset == STREAM ? STREAM : offset + (off_t)done;
}

void pull_all(int vec, int fd, off_t offset, size_t len)
{
	size_t done;

	for (done = 0; done < len;)
		done += some_sv(sv_pull(vec, fd, after(offset, done),
					len - done, 0));
}

void push_all(int vec, int fd, off_t offset, size_t len)
{
	size_t done;

	for (done = 0; done < len;)
		done += some_sv(sv_push(vec, fd, after(offset, done),
					len - done, 0));
}

void push_kept(int vec, int fd, off_t offset, size_t len)
{
	size_t done;

	for (done = 0; done < len;)
		done += some_sv(sv_push_window(vec, fd, after(offset, done),
					       done, len - done, 0));
}

/* One window: a push of it is never short, as all sinks here block. */
void push_held(int vec, int fd, size_t len)
{
	if (must_sv(sv_push_window(vec, fd, SV_POSITION, SV_HEAD, len, 0)) !=
	    (long long)len)
		die("push: short");
}

void pull_push(int vec, int in, off_t from, int out, off_t to, size_t len)
{
	size_t done, n;

	for (done = 0; done < len; done += n) {
		n = some_sv(sv_pull(vec, in, after(from, done), len - done, 0));
		push_all(vec, out, after(to, done), n);
	}
}

void splice_all(int vec, int in, off_t from, int out, off_t to, size_t len)
{
	size_t pulled = 0, pushed = 0;
	struct splicevec_splice cmd;

	while (pushed < len) {
		cmd = (struct splicevec_splice){
			.in = in,
			.out = out,
			.in_offset = after(from, pulled),
			.out_offset = after(to, pushed),
			.len = len - pulled,
		};
		must_sv(sv_cmd_splice(vec, &cmd));
		pulled += cmd.pulled;
		pushed += cmd.pushed;
		if (!cmd.pulled && !cmd.pushed)
			die("SPLICE: nothing moved");
	}
}

static ssize_t read_some(int fd, void *buf, size_t len, off_t offset)
{
	return offset == STREAM ? read(fd, buf, len) :
				  pread(fd, buf, len, offset);
}

static void write_some(int fd, const char *buf, size_t len, off_t offset)
{
	ssize_t n;

	for (; len; len -= n, buf += n, offset = after(offset, n))
		n = some(offset == STREAM ? write(fd, buf, len) :
					    pwrite(fd, buf, len, offset));
}

void read_write(char *buffer, int in, off_t from, int out, off_t to,
		size_t len)
{
	size_t done, n;

	for (done = 0; done < len; done += n) {
		n = len - done < BUFFER_SIZE ? len - done : BUFFER_SIZE;
		n = some(read_some(in, buffer, n, after(from, done)));
		write_some(out, buffer, n, after(to, done));
	}
}

void sendfile_all(int out, int in, off_t offset, size_t len)
{
	size_t done;

	for (done = 0; done < len;)
		done += some(sendfile(out, in, &offset, len - done));
}

/* To the same place in another file. */
void copy_range(int in, int out, off_t offset, size_t len)
{
	loff_t from = offset, to = offset;
	size_t done;

	for (done = 0; done < len;)
		done += some(copy_file_range(in, &from, out, &to, len - done,
					     0));
}

/* Return: bytes that are in the pipe now. */
size_t fill_pipe(int pipe, int in, off_t offset, size_t len)
{
	loff_t from = offset;

	return some(splice(in, offset == STREAM ? NULL : &from, pipe, NULL,
			   len, 0));
}

/* @more: there is more to come after these @len bytes. */
void drain_pipe(int pipe, int out, size_t len, bool more)
{
	while (len)
		len -= some(splice(pipe, NULL, out, NULL, len,
				   more ? SPLICE_F_MORE : 0));
}

void splice_pipe(const int pipe[2], int in, off_t offset, int out, size_t len)
{
	size_t done, n;

	for (done = 0; done < len;) {
		n = fill_pipe(pipe[1], in, after(offset, done), len - done);
		done += n;
		drain_pipe(pipe[0], out, n, done < len);
	}
}
