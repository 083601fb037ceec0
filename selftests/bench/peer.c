// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process of its own at the other end of a connection, so that the one that is
 * measured has a single thread, as most programs that send have.
 */
#include "bench.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct peer_work {
	sem_t go, done;
	uint64_t bytes;
	size_t chunk;
};

static ssize_t receive(int fd, char *buf, int flags, uint64_t left)
{
	return recv(fd, buf, left < MIB(1) ? left : MIB(1), flags);
}

static ssize_t produce(int fd, int file, size_t chunk, uint64_t left)
{
	off_t offset = 0;

	return sendfile(fd, file, &offset, chunk < left ? chunk : left);
}

static void work_on(struct peer_work *work, enum peer_kind kind, int fd,
		    int file, char *buf)
{
	uint64_t done;
	ssize_t n;

	while (!sem_wait(&work->go)) {
		for (done = 0; done < work->bytes; done += n) {
			if (kind == PRODUCES)
				n = produce(fd, file, work->chunk,
					    work->bytes - done);
			else
				n = receive(fd, buf,
					    kind == DISCARDS ? MSG_TRUNC : 0,
					    work->bytes - done);
			if (n <= 0)
				die("peer: %s after %llu bytes",
				    errno_name(n ? errno : 0),
				    (unsigned long long)done);
		}
		sem_post(&work->done);
	}
}

/*
 * Each message shall leave when it is handed over. Otherwise timing, and not
 * the method, would say how many of them make a packet.
 */
static void no_delay(int fd)
{
	int on = 1;

	must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
}

/*
 * Whom a wakeup preempts on the one CPU decides how much a process finds to do at
 * once, and would be chance. So it is fixed: a receiver takes whatever arrives
 * before its sender goes on, as one with a CPU of its own would, and a producer
 * keeps its connection full.
 */
static void set_precedence(enum peer_kind kind)
{
	const struct sched_param precedence = {
		.sched_priority = kind == PRODUCES ? 2 : 1,
	};

	must(sched_setscheduler(0, SCHED_FIFO, &precedence));
}

static struct peer_work *new_work(void)
{
	struct peer_work *work = mmap(NULL, sizeof(*work),
				      PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (work == MAP_FAILED)
		die("mmap: %s", errno_name(errno));
	must(sem_init(&work->go, 1, 0));
	must(sem_init(&work->done, 1, 0));
	return work;
}

void peer_start(struct peer *peer, enum place place, enum peer_kind kind,
		int file)
{
	int mine, theirs, fds[2];
	char *buf;

	stream_pair(place, fds);
	no_delay(fds[0]);
	no_delay(fds[1]);
	/* stream_pair()'s first end is the one to send from */
	mine = kind == PRODUCES ? fds[1] : fds[0];
	theirs = kind == PRODUCES ? fds[0] : fds[1];
	peer->work = new_work();
	peer->fd = mine;
	peer->pid = must(fork());
	if (!peer->pid) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		set_precedence(kind);
		close(mine);
		buf = map_pages(MIB(1));
		memset(buf, 1, MIB(1));
		work_on(peer->work, kind, theirs, file, buf);
		_exit(1);
	}
	close(theirs);
}

void peer_go(struct peer *peer, uint64_t bytes, size_t chunk)
{
	peer->work->bytes = bytes;
	peer->work->chunk = chunk;
	must(sem_post(&peer->work->go));
}

/* A peer that died will never be done: look now and then whether it lives. */
void peer_wait(struct peer *peer)
{
	struct timespec deadline;

	for (;;) {
		must(clock_gettime(CLOCK_REALTIME, &deadline));
		deadline.tv_sec++;
		if (!sem_timedwait(&peer->work->done, &deadline))
			return;
		if (waitpid(peer->pid, NULL, WNOHANG) == peer->pid)
			die("a peer died");
	}
}

void peer_end(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	waitpid(peer->pid, NULL, 0);
	close(peer->fd);
	munmap(peer->work, sizeof(*peer->work));
	peer->pid = 0;
}
