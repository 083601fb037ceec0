// SPDX-License-Identifier: GPL-2.0-only
/* Numbers for people; time. */
#include "units.h"

#include <stdio.h>
#include <time.h>

const char *format_bytes(char *buf, double bytes)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL
	};
	const char *const *unit = units;

	while (bytes >= 1024 && unit[1]) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buf, UNITS_SIZE, "%.*f %s", unit == units ? 0 : 1, bytes,
		 *unit);
	return buf;
}

double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}
