// SPDX-License-Identifier: GPL-2.0-only
/* TCP peers as sources and sinks. */
#include "net.h"
#include "error.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* How often to look whether the peer has acknowledged everything. */
#define ACK_POLL_MS 10

static int fail_resolve(int code, const char *what)
{
	if (code == EAI_SYSTEM)
		fail(errno, what);
	else
		fail_text(what, gai_strerror(code));
	return -1;
}

static struct addrinfo *resolve(const char *host, const char *port, int family,
				int flags, const char *what)
{
	const struct addrinfo hints = {
		.ai_flags = flags,
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list = NULL;
	int code = getaddrinfo(host, port, &hints, &list);

	if (code)
		fail_resolve(code, what);
	return code ? NULL : list;
}

/* Calls a function for each address until one gives a socket. */
static int first_of(const struct addrinfo *list,
		    int (*make)(const struct addrinfo *))
{
	const struct addrinfo *ai;
	int fd = -1;

	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = make(ai);
	return fd;
}

static int keep_errno_close(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

static int make_connected(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
			ai->ai_protocol);

	if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen))
		return keep_errno_close(fd);
	return fd;
}

static int make_listener(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
			ai->ai_protocol);
	int on = 1, off = 0;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 1))
		return keep_errno_close(fd);
	return fd;
}

/* Cuts HOST:PORT or [ADDRESS]:PORT in two, in place. */
static char *split_port(char **host)
{
	char *colon = strrchr(*host, ':');
	char *bracket = strrchr(*host, ']');

	if (!colon || colon < bracket)
		return NULL;
	if (**host == '[') {
		if (bracket != colon - 1)
			return NULL;
		*bracket = '\0';
		++*host;
	} else if (strchr(*host, ':') != colon) {
		return NULL;
	}
	*colon = '\0';
	return colon + 1;
}

static int connect_to(const char *where)
{
	char *copy = strdup(where), *host = copy;
	char *port = copy ? split_port(&host) : NULL;
	struct addrinfo *list;
	int fd = -1;

	if (!port) {
		fail_text(where, "want HOST:PORT or [ADDRESS]:PORT");
		free(copy);
		return -1;
	}
	list = resolve(host, port, AF_UNSPEC, 0, where);
	if (list) {
		fd = first_of(list, make_connected);
		if (fd < 0)
			fail(errno, where);
		freeaddrinfo(list);
	}
	free(copy);
	return fd;
}

static int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -errno;
	return -err;
}

/*
 * What the socket accepted may still be lost with a reset, and a close(2) would
 * not tell. Bytes the peer has acknowledged are out of our hands: so wait until
 * the last one is, our FIN included.
 */
static int wait_acked(int fd)
{
	struct pollfd p = { .fd = fd };
	int queued = 0, err;

	do {
		err = socket_error(fd);
		if (err || ioctl(fd, SIOCOUTQ, &queued) || !queued)
			break;
		poll(&p, 1, ACK_POLL_MS);
	} while (!(p.revents & POLLERR));
	return err ? err : socket_error(fd);
}

static int finish_socket(struct sink *sink)
{
	int err = shutdown(sink->fd, SHUT_WR) ? -errno : wait_acked(sink->fd);

	close(sink->fd);
	return err;
}

int connect_sink(struct sink *sink, const char *where)
{
	*sink = (struct sink){
		.fd = connect_to(where),
		.name = where,
		.align = 1,
		.finish = finish_socket,
	};
	return sink->fd < 0 ? -1 : 0;
}

static void announce_listener(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&addr, &len) ||
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host),
			port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	fprintf(stderr, "%s: listening on [%s]:%s\n",
		program_invocation_short_name, host, port);
}

/* Without an address: IPv6, which takes IPv4 too, or IPv4 if there is none. */
int listen_on(const char *bind, const char *port, bool announce)
{
	static const int families[] = { AF_INET6, AF_INET, AF_UNSPEC };
	const int *family = bind ? families + 2 : families;
	struct addrinfo *list;
	int fd;

	do {
		list = resolve(bind, port, *family, AI_PASSIVE,
			       bind ? bind : port);
		if (!list)
			return -1;
		fd = first_of(list, make_listener);
		freeaddrinfo(list);
	} while (fd < 0 && errno == EAFNOSUPPORT && *family++ == AF_INET6);
	if (fd < 0)
		fail(errno, bind ? bind : port);
	else if (announce)
		announce_listener(fd);
	return fd;
}

int accept_source(struct source *src, int listener)
{
	*src = (struct source){ .name = "peer" };
	do {
		src->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (src->fd < 0 && errno == EINTR);
	if (src->fd < 0)
		fail(errno, src->name);
	close(listener);
	return src->fd < 0 ? -1 : 0;
}
