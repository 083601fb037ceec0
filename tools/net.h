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
 * accept_source - wait for one TCP peer
 * @src: result
 * @bind: address to listen on, or NULL for all of IPv4 and IPv6
 * @port: number or service name
 * @announce: say on stderr where we listen
 *
 * Return: 0, or -1 after a message.
 */
int accept_source(struct source *src, const char *bind, const char *port,
		  bool announce);

#endif /* NET_H */
