/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "tool.h"

#include <stdint.h>
#include <sys/stat.h>

/**
 * struct source - where bytes come from
 * @fd: file descriptor
 * @name: for messages
 * @size: bytes it will give, 0 if nobody knows
 */
struct source {
	int fd;
	const char *name;
	uint64_t size;
};

/**
 * struct sink - where bytes go
 * @fd: file descriptor
 * @name: for messages
 * @is_stdout: stdout carries data, so nothing else may
 * @align: writes are best multiples of so many bytes (O_DIRECT); else 1
 * @bytes: accepted so far
 * @copied: how many of them were copied on the way
 * @error: what ended it, positive errno; 0 while it works
 * @finish: makes sure everything arrived and closes @fd; 0 or a negative errno
 */
struct sink {
	int fd;
	const char *name;
	bool is_stdout;
	unsigned int align;
	uint64_t bytes;
	uint64_t copied;
	int error;
	int (*finish)(struct sink *sink);
};

/**
 * open_source - open a file to read, or stdin
 * @src: result
 * @path: file name, or "-"
 *
 * Return: 0, or -1 after a message.
 */
int open_source(struct source *src, const char *path);

/**
 * open_sink - create or truncate a file to write, or take stdout
 * @sink: result
 * @path: file name, or "-"
 * @src: source to take a new file's mode from, never the same file as @path
 * @direct: open it with O_DIRECT
 *
 * Return: 0, or -1 after a message.
 */
int open_sink(struct sink *sink, const char *path, const struct source *src,
	      bool direct);

#endif /* ENDPOINT_H */
