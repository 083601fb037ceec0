// SPDX-License-Identifier: GPL-2.0-only
/* The progress line. */
#include "progress.h"
#include "units.h"

#include <stdio.h>
#include <unistd.h>

/* Seconds between two writes; what is over sooner shows no line at all. */
#define INTERVAL 0.2

#define WIPE "\r\033[K"

void progress_start(struct progress *p, uint64_t total, bool wanted)
{
	*p = (struct progress){
		.wanted = wanted && isatty(STDERR_FILENO),
		.total = total,
		.start = seconds_now(),
	};
	p->next = p->start + INTERVAL;
}

static void print_rest(uint64_t rest, double rate)
{
	unsigned long eta = rate > 0 ? rest / rate + 0.5 : 0;

	if (rate > 0)
		fprintf(stderr, "  ETA %lu:%02lu", eta / 60, eta % 60);
}

static void print_line(const struct progress *p, uint64_t bytes, double rate)
{
	char done[UNITS_SIZE], total[UNITS_SIZE], speed[UNITS_SIZE];

	fprintf(stderr, WIPE "%s", format_bytes(done, bytes));
	if (p->total)
		fprintf(stderr, " of %s, %d%%", format_bytes(total, p->total),
			(int)(100.0 * bytes / p->total));
	fprintf(stderr, "  %s/s", format_bytes(speed, rate));
	if (p->total > bytes)
		print_rest(p->total - bytes, rate);
}

void progress_update(struct progress *p, uint64_t bytes)
{
	double now;

	if (!p->wanted)
		return;
	now = seconds_now();
	if (now < p->next)
		return;
	print_line(p, bytes, bytes / (now - p->start));
	p->next = now + INTERVAL;
	p->shown = true;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs(WIPE, stderr);
	p->shown = false;
}
