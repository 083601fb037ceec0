// SPDX-License-Identifier: GPL-2.0-only
/*
 * What splicevec is for, with numbers: a large file pulled once goes to all
 * sorts of sinks, one socket is joined to another, and a message is gathered
 * from memory and a file. Every byte that arrives is checked; exits non-zero if
 * anything is not as it should be.
 */
#include "common.h"
#include "places.h"

#include <fcntl.h>
#include <linux/if_alg.h>
#include <splicevec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define SIZE	MIB(64)

static const char trailer[] = "-- that was it --\r\n";

struct digest {
	unsigned char byte[32];
};

/* The kernel's own SHA-256: nothing of ours checks itself. */
static int hash_begin(void)
{
	struct sockaddr_alg addr = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
		.salg_name = "sha256",
	};
	int alg = must(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)), hash;

	must(bind(alg, (struct sockaddr *)&addr, sizeof(addr)));
	hash = must(accept4(alg, NULL, NULL, SOCK_CLOEXEC));
	close(alg);
	return hash;
}

static void hash_add(int hash, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = must(send(hash, buf, len, MSG_MORE));

		buf = (const char *)buf + n;
		len -= n;
	}
}

static struct digest hash_end(int hash)
{
	struct digest digest;

	read_all(hash, &digest, sizeof(digest));
	close(hash);
	return digest;
}

static struct digest hash_file(int fd)
{
	int hash = hash_begin();
	static char buf[MIB(1)];
	ssize_t n;

	must(lseek(fd, 0, SEEK_SET));
	while ((n = must(read(fd, buf, sizeof(buf)))))
		hash_add(hash, buf, n);
	return hash_end(hash);
}

/* Whoever is at the other end: takes what comes, is asked what it was later. */
struct receiver {
	pthread_t thread;
	int fd;
	char *buf;
	size_t room;
	size_t got;
};

static void *receive(void *arg)
{
	struct receiver *r = arg;
	ssize_t n;

	while (r->got < r->room) {
		n = read(r->fd, r->buf + r->got, r->room - r->got);
		if (n <= 0)
			break;
		r->got += n;
	}
	return NULL;
}

static void receiver_start(struct receiver *r, int fd)
{
	/* touched before the clock runs */
	if (!r->buf) {
		r->room = SIZE + KIB(64);
		r->buf = map_pages(r->room);
		memset(r->buf, 1, r->room);
	}
	r->fd = fd;
	r->got = 0;
	must(pthread_create(&r->thread, NULL, receive, r));
}

static struct digest receiver_digest(const struct receiver *r)
{
	int hash = hash_begin();

	hash_add(hash, r->buf, r->got);
	return hash_end(hash);
}

/* One line of the table. */
struct row {
	const char *what;
	uint64_t bytes;
	uint64_t copied;
	unsigned int result;
	double seconds;
	bool sha_good;
};

static bool all_good = true;

static void print_title(void)
{
	printf("\n%-44s %11s %11s %8s  %s\n", "", "bytes", "copied", "MiB/s",
	       "sha256");
}

/* @may_copy: bytes that may be copied at the most */
static void print_row(const struct row *row, uint64_t want, uint64_t may_copy)
{
	bool good = row->sha_good && row->bytes == want &&
		    row->copied <= may_copy;

	printf("%-44s %11llu %10llu%c %8.0f  %s\n", row->what,
	       (unsigned long long)row->bytes,
	       (unsigned long long)row->copied,
	       row->result & SPLICEVEC_ESTIMATED ? '~' : ' ',
	       row->bytes / row->seconds / MIB(1),
	       row->sha_good ? "ok" : "WRONG");
	if (!good)
		printf("  FAILED: expected %llu bytes, at most %llu copied\n",
		       (unsigned long long)want, (unsigned long long)may_copy);
	all_good &= good;
	fflush(stdout);
}

/* Push all of the vector and keep it; a stream may take it in parts. */
static void push_kept(int vec, int fd, struct row *row)
{
	struct splicevec_info info;
	uint64_t at;

	must_sv(sv_info(vec, &info));
	for (at = info.head; at < info.tail;) {
		struct splicevec_push cmd = {
			.fd = fd,
			.flags = SPLICEVEC_KEEP,
			.offset = SV_POSITION,
			.start = at,
			.len = SV_ALL,
		};

		must_sv(sv_cmd_push(vec, &cmd));
		if (!cmd.bytes)
			break;
		at += cmd.bytes;
		row->bytes += cmd.bytes;
		row->copied += cmd.copied;
		row->result |= cmd.result;
	}
}

static struct receiver receiver;

/* [0] is this side. */
static void connect_to(enum place place, int fds[2])
{
	int ends[2];

	if (place != ANYWHERE) {
		stream_pair(place, fds);
		return;
	}
	must(pipe2(ends, O_CLOEXEC));
	fds[0] = ends[1];
	fds[1] = ends[0];
}

static void to_stream(int vec, enum place place, const char *what,
		      const struct digest *want, uint64_t size,
		      uint64_t may_copy)
{
	struct row row = { .what = what };
	struct digest digest;
	int fds[2];

	connect_to(place, fds);
	receiver_start(&receiver, fds[1]);
	row.seconds = -now();
	push_kept(vec, fds[0], &row);
	close(fds[0]);
	pthread_join(receiver.thread, NULL);
	row.seconds += now();
	close(fds[1]);
	digest = receiver_digest(&receiver);
	row.sha_good = !memcmp(&digest, want, sizeof(digest));
	print_row(&row, size, may_copy);
}

static void to_direct_file(int vec, enum place place, const char *what,
			   const struct digest *want)
{
	struct row row = { .what = what };
	struct digest digest;
	int fd;

	fd = new_file(place, O_RDWR | O_DIRECT);
	row.seconds = -now();
	push_kept(vec, fd, &row);
	row.seconds += now();
	digest = hash_file(reopen(fd, O_RDONLY));
	row.sha_good = !memcmp(&digest, want, sizeof(digest));
	close(fd);
	print_row(&row, SIZE, 0);
}

struct sender {
	int vec;
	int fd;
	struct row row;
};

static void *send_all(void *arg)
{
	struct sender *s = arg;

	push_kept(s->vec, s->fd, &s->row);
	close(s->fd);
	return NULL;
}

/* A proxy between two connections: what comes in on one goes out on the other. */
static void proxy(int vec, enum place in, enum place out, const char *what,
		  const struct digest *want)
{
	struct sender sender = { .vec = vec };
	struct row row = { .what = what };
	struct splicevec_splice cmd;
	int from[2], to[2], ring = new_vector();
	struct digest digest;
	pthread_t thread;

	stream_pair(in, from);
	stream_pair(out, to);
	receiver_start(&receiver, to[1]);
	sender.fd = from[0];
	row.seconds = -now();
	must(pthread_create(&thread, NULL, send_all, &sender));
	do {
		cmd = (struct splicevec_splice){
			.in = from[1],
			.out = to[0],
			.in_offset = SV_POSITION,
			.out_offset = SV_POSITION,
			.len = MIB(1),
		};
		must_sv(sv_cmd_splice(ring, &cmd));
		row.bytes += cmd.pushed;
		row.copied += cmd.copied;
		row.result |= cmd.result;
	} while (!(cmd.result & SPLICEVEC_EOF));
	close(to[0]);
	pthread_join(thread, NULL);
	pthread_join(receiver.thread, NULL);
	row.seconds += now();
	close(from[1]);
	close(to[1]);
	close(ring);
	digest = receiver_digest(&receiver);
	row.sha_good = !memcmp(&digest, want, sizeof(digest));
	print_row(&row, SIZE, 0);
}

/* The file is not pulled again: its spans are shared with the first vector. */
static void message(int vec, int file, enum place place, const char *what,
		    bool copied_by_receiver)
{
	int hash = hash_begin(), gathered = new_vector();
	struct digest want;
	static char buf[MIB(1)];
	char header[80];
	size_t done, extra;

	snprintf(header, sizeof(header),
		 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", SIZE);
	extra = strlen(header) + strlen(trailer);
	must_sv(sv_pull_mem(gathered, header, strlen(header), 0));
	must_sv(sv_pull(gathered, vec, SV_POSITION, SV_ALL, 0));
	must_sv(sv_pull_mem(gathered, trailer, strlen(trailer), 0));
	hash_add(hash, header, strlen(header));
	for (done = 0; done < SIZE; done += sizeof(buf)) {
		must(pread(file, buf, sizeof(buf), done));
		hash_add(hash, buf, sizeof(buf));
	}
	hash_add(hash, trailer, strlen(trailer));
	want = hash_end(hash);
	to_stream(gathered, place, what, &want, SIZE + extra,
		  copied_by_receiver ? extra : 0);
	close(gathered);
}

static int pull_file(int file)
{
	struct splicevec_info info;
	int vec = new_vector();
	double seconds = -now();

	if (sv_pull(vec, file, 0, SIZE, 0) != (int64_t)SIZE)
		die("the file was not pulled whole");
	seconds += now();
	must_sv(sv_info(vec, &info));
	printf("pulled once: %zu bytes of an ext4 file, %llu spans, %.1f ms\n",
	       SIZE, (unsigned long long)info.spans, seconds * 1000);
	return vec;
}

static void check_nothing_left(void)
{
	struct ledger none = {};

	ledger_settle(&none);
	printf("\nlive afterwards: %s\n", failures() ? "SOMETHING (see above)" :
	       "no vectors, loans, pushes or pages");
	all_good &= !failures();
}

static void run_all(int vec, int file, const struct digest *want)
{
	enum place net = place_missing(NIC4) ? TCP4 : NIC4;

	print_title();
	to_stream(vec, TCP4, "file -> TCP, loopback", want, SIZE, 0);
	if (net == NIC4)
		to_stream(vec, NIC4, "file -> TCP, two NICs", want, SIZE, 0);
	to_stream(vec, UNIX, "file -> unix socket", want, SIZE, 0);
	to_stream(vec, ANYWHERE, "file -> pipe", want, SIZE, 0);
	to_direct_file(vec, EXT4, "file -> O_DIRECT file on ext4", want);
	if (!place_missing(XFS))
		to_direct_file(vec, XFS, "file -> O_DIRECT file on xfs", want);
	proxy(vec, TCP4, net, net == NIC4 ?
	      "proxy: TCP, loopback -> TCP, two NICs" :
	      "proxy: TCP -> TCP, loopback", want);
	message(vec, file, net, "header + file + trailer -> TCP, one push",
		net != NIC4);
	printf("\n~: told by the route's abilities, as the pages are still on their way\n");
}

int main(void)
{
	struct digest want;
	struct utsname os;
	int file, vec;

	if (place_missing(EXT4))
		die("%s", place_missing(EXT4));
	must(uname(&os));
	printf("splicevec on %s %s\n", os.sysname, os.release);
	file = pattern_file(EXT4, time(NULL), SIZE);
	want = hash_file(file);
	vec = pull_file(file);
	run_all(vec, file, &want);
	close(vec);
	close(file);
	check_nothing_left();
	return all_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
