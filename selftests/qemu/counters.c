// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was executed how often, where the module was built to count that: the
 * kernel offers the counters of each source file as gcov wants them. The host gets
 * them on a disk of their own, one after the other: a line "SIZE PATH", then as many
 * bytes. A line "0" ends it.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GCOV		"/sys/kernel/debug/gcov"
/* After those with file systems. */
#define DISK		"/dev/vdd"
#define SUFFIX		".gcda"
#define MAX_FILE	(1 << 20)

/* The kernel makes up the contents on reading, and says no size before. */
static size_t read_file(const char *path, char *buf)
{
	FILE *file = fopen(path, "re");
	size_t len;

	if (!file)
		return 0;
	len = fread(buf, 1, MAX_FILE, file);
	fclose(file);
	return len;
}

static void save(FILE *disk, const char *path)
{
	static char buf[MAX_FILE];
	const char *suffix = strrchr(path, '.');
	size_t len;

	if (!suffix || strcmp(suffix, SUFFIX))
		return;
	len = read_file(path, buf);
	fprintf(disk, "%zu %s\n", len, path + strlen(GCOV));
	fwrite(buf, 1, len, disk);
}

static void save_all(FILE *disk)
{
	char *const top[] = { GCOV, NULL };
	FTS *tree = fts_open(top, FTS_PHYSICAL, NULL);
	FTSENT *entry;

	while (tree && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_F)
			save(disk, entry->fts_path);
	if (tree)
		fts_close(tree);
	fprintf(disk, "0\n");
}

void counters_save(void)
{
	FILE *disk = fopen(DISK, "we");

	if (!disk)
		return;
	save_all(disk);
	if (fflush(disk) || fsync(fileno(disk)))
		verdict_fail("counters", DISK ": %s", strerror(errno));
	fclose(disk);
}
