/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NET_H
#define NET_H

#include "endpoint.h"

/**
 * connect_sink - connect to a TCP peer
 * @sink: result
 * @where: HOST:PORT, or [ADDRESS]:PORT for IPv6
 *
 * Return: 0, or -1 after a message.
 */
int connect_sink(struct sink *sink, const char *where);

/**
 * listen_on - let TCP peers connect
 * @bind: address to listen on, or NULL for all of IPv4 and IPv6
 * @port: number or service name
 * @announce: say on stderr where we listen
 *
 * Return: the listening socket, or -1 after a message.
 */
int listen_on(const char *bind, const char *port, bool announce);

/**
 * accept_source - wait for one TCP peer
 * @src: result
 * @listener: from listen_on(); closed
 *
 * Return: 0, or -1 after a message.
 */
int accept_source(struct source *src, int listener);

#endif /* NET_H */
