// SPDX-License-Identifier: GPL-2.0-only
/*
 * A message to one TCP connection, and to know when its memory is one's own again:
 * strict pushes against what the kernel has for that. All keep as many messages on
 * the way, and none waits for a message of its own as long as there are fewer.
 */
#include "bench.h"

#include <liburing.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <splicevec.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Messages whose memory is with the socket; what the socket holds is less. */
#define WINDOW	64

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY	60
#endif

static char *memory;		/* a message */
static int lent;		/* a vector that holds it */
static struct io_uring ring;	/* knows memory and socket */
static unsigned int on_way;

/* Return: messages that came back; waits for the first. */
typedef unsigned int (*reap_fn)(struct job *job);

static void sent_one(struct job *job, reap_fn reap)
{
	if (++on_way == WINDOW)
		on_way -= reap(job);
}

static void settle_with(struct job *job, reap_fn reap)
{
	while (on_way)
		on_way -= reap(job);
}

/* MSG_ZEROCOPY: the socket's error queue tells ranges of sends. */

static unsigned int acknowledged(int fd)
{
	char control[128];
	struct msghdr message = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err *range;

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return 0;
	range = (void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
	return range->ee_data - range->ee_info + 1;
}

static unsigned int reap_errors(struct job *job)
{
	struct pollfd poll_errors = { .fd = job->peers[0].fd };
	unsigned int n, sum = 0;

	while ((n = acknowledged(poll_errors.fd)) || !sum) {
		sum += n;
		if (!sum)
			must(poll(&poll_errors, 1, -1));
	}
	return sum;
}

/* The socket has little memory for what it has to tell, and may stop short for it. */
static void by_zerocopy(struct job *job, off_t offset)
{
	size_t done = 0;
	ssize_t n;

	(void)offset;
	while (done < job->size) {
		n = send(job->peers[0].fd, memory + done, job->size - done,
			 MSG_ZEROCOPY);
		if (n > 0) {
			done += n;
			sent_one(job, reap_errors);
		} else if (n < 0 && errno == ENOBUFS && on_way) {
			on_way -= reap_errors(job);
		} else {
			die("send: %s", errno_name(n ? errno : 0));
		}
	}
}

static void zerocopy_settle(struct job *job)
{
	settle_with(job, reap_errors);
}

/* SEND_ZC: two entries each, that it was sent and that memory is free. */

/* Return: of the entries that are there, how many say that memory is free. */
static unsigned int free_entries(struct job *job, bool *sent)
{
	struct io_uring_cqe *cqe;
	unsigned int head, seen = 0, free = 0;

	io_uring_for_each_cqe(&ring, head, cqe) {
		seen++;
		if (cqe->flags & IORING_CQE_F_NOTIF) {
			free++;
			continue;
		}
		if (cqe->res != (int)job->size)
			die("SEND_ZC: %d", cqe->res);
		*sent = true;
	}
	io_uring_cq_advance(&ring, seen);
	return free;
}

static unsigned int reap_ring(struct job *job)
{
	struct io_uring_cqe *cqe;
	unsigned int free;
	bool sent;

	do {
		must_sv(io_uring_wait_cqe(&ring, &cqe));
		free = free_entries(job, &sent);
	} while (!free);
	return free;
}

/* Nothing else may be sent before all of it is with the socket. */
static void send_zc(struct job *job, bool registered)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	unsigned int free = 0;
	bool sent = false;

	if (registered)
		io_uring_prep_send_zc_fixed(sqe, 0, memory, job->size,
					    MSG_WAITALL, 0, 0);
	else
		io_uring_prep_send_zc(sqe, 0, memory, job->size, MSG_WAITALL,
				      0);
	sqe->flags |= IOSQE_FIXED_FILE;
	while (!sent) {
		must_sv(io_uring_submit_and_wait(&ring, 1));
		free += free_entries(job, &sent);
	}
	on_way -= free;
	sent_one(job, reap_ring);
}

static void by_send_zc(struct job *job, off_t offset)
{
	(void)offset;
	send_zc(job, false);
}

static void by_registered(struct job *job, off_t offset)
{
	(void)offset;
	send_zc(job, true);
}

static void ring_settle(struct job *job)
{
	settle_with(job, reap_ring);
}

/* Ours */

static unsigned int reap_records(int vec, unsigned int min)
{
	struct splicevec_completion records[WINDOW];
	int i, n;

	n = must_sv(sv_reap(vec, records, WINDOW, min, -1));
	for (i = 0; i < n; i++)
		if (records[i].status || records[i].copied)
			die("push: %s, %llu bytes copied",
			    errno_name(-records[i].status),
			    (unsigned long long)records[i].copied);
	return n;
}

static void push_strict(struct job *job, int vec)
{
	if (must_sv(sv_push_strict(vec, job->peers[0].fd, SV_POSITION,
				   job->size, SPLICEVEC_KEEP, 0)) !=
	    (long long)job->size)
		die("push: short");
}

static unsigned int reap_kept(struct job *job)
{
	return reap_records(job->kept, WINDOW / 2);
}

static unsigned int reap_lent(struct job *job)
{
	(void)job;
	return reap_records(lent, WINDOW / 2);
}

static void by_strict(struct job *job, off_t offset)
{
	(void)offset;
	push_strict(job, job->kept);
	sent_one(job, reap_kept);
}

static void strict_settle(struct job *job)
{
	on_way -= on_way ? reap_records(job->kept, on_way) : 0;
}

static void by_strict_memory(struct job *job, off_t offset)
{
	(void)offset;
	push_strict(job, lent);
	sent_one(job, reap_lent);
}

static void strict_memory_settle(struct job *job)
{
	(void)job;
	on_way -= on_way ? reap_records(lent, on_way) : 0;
}

static void by_kept(struct job *job, off_t offset)
{
	(void)offset;
	push_kept(job->kept, job->peers[0].fd, STREAM, job->size);
}

static void setup(struct job *job)
{
	struct iovec buffer = { .iov_len = job->size };
	int on = 1;

	memory = map_pages(job->size);
	memset(memory, 1, job->size);
	lent = new_vector();
	if (must_sv(sv_pull_mem(lent, memory, job->size, 0)) !=
	    (long long)job->size)
		die("pull of memory: short");
	must(setsockopt(job->peers[0].fd, SOL_SOCKET, SO_ZEROCOPY, &on,
			sizeof(on)));
	must_sv(io_uring_queue_init(2 * WINDOW, &ring,
				    IORING_SETUP_SINGLE_ISSUER |
				    IORING_SETUP_DEFER_TASKRUN));
	buffer.iov_base = memory;
	must_sv(io_uring_register_buffers(&ring, &buffer, 1));
	must_sv(io_uring_register_files(&ring, &job->peers[0].fd, 1));
}

static void teardown(struct job *job)
{
	io_uring_queue_exit(&ring);
	close(lent);
	unmap_pages(memory, job->size);
}

static const struct method methods[] = {
	{ .name = "MSG_ZEROCOPY", .send = by_zerocopy,
	  .settle = zerocopy_settle },
	{ .name = "SEND_ZC", .send = by_send_zc,
	  .settle = ring_settle },
	{ .name = "SEND_ZC-registered", .send = by_registered,
	  .settle = ring_settle },
	{ .name = "splicevec-kept", .send = by_kept },
	{ .name = "splicevec-strict", .send = by_strict,
	  .settle = strict_settle },
	{ .name = "splicevec-strict-memory", .send = by_strict_memory,
	  .settle = strict_memory_settle },
};

const struct scenario strict = {
	.name = "strict",
	.paths = 1U << PATH_NIC,
	.methods = methods,
	.nr_methods = ARRAY_LEN(methods),
	.peers = 1,
	.setup = setup,
	.teardown = teardown,
};
