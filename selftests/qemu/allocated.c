// SPDX-License-Identifier: GPL-2.0-only
/* Memory the module has allocated and not freed, where the kernel keeps the books. */
#include "init.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "BYTES CALLS FILE:LINE [MODULE] func:NAME", a line for each place in the code */
#define BOOKS	"/proc/allocinfo"

static FILE *open_books(void)
{
	return fopen(BOOKS, "re");
}

static bool is_ours(const char *line)
{
	return strstr(line, "[" MODULE_NAME "]");
}

/* Return: bytes, -ENOENT if this kernel keeps no books, -ENODATA if not of the module. */
long long allocated(void)
{
	FILE *books = open_books();
	long long bytes = 0;
	bool known = false;
	char line[512];

	if (!books)
		return -ENOENT;
	while (fgets(line, sizeof(line), books)) {
		if (!is_ours(line))
			continue;
		known = true;
		bytes += atoll(line);
	}
	fclose(books);
	return known ? bytes : -ENODATA;
}

/* Say which places have any. */
void allocated_show(void)
{
	FILE *books = open_books();
	char line[512];

	while (books && fgets(line, sizeof(line), books))
		if (is_ours(line) && atoll(line))
			verdict_out("%s", line);
	if (books)
		fclose(books);
}
