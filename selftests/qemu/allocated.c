// SPDX-License-Identifier: GPL-2.0-only
/* Memory the module has allocated and not freed, where the kernel keeps the books. */
#include "init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "BYTES CALLS FILE:LINE [MODULE] func:NAME", a line for each place in the code */
#define BOOKS	"/proc/allocinfo"

static FILE *open_books(void)
{
	return fopen(BOOKS, "re");
}

/* Return: bytes of one line, if it is the module's. */
static long long bytes_of(const char *line)
{
	return strstr(line, "[" MODULE_NAME "]") ? atoll(line) : 0;
}

/* Return: bytes, or -1 if nobody knows. */
long long allocated(void)
{
	FILE *books = open_books();
	long long bytes = 0;
	char line[512];

	if (!books)
		return -1;
	while (fgets(line, sizeof(line), books))
		bytes += bytes_of(line);
	fclose(books);
	return bytes;
}

/* Say which places have any. */
void allocated_show(void)
{
	FILE *books = open_books();
	char line[512];

	while (books && fgets(line, sizeof(line), books))
		if (bytes_of(line))
			verdict_out("%s", line);
	if (books)
		fclose(books);
}
