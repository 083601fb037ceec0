/* SPDX-License-Identifier: GPL-2.0-only */
/* What the hands of the stress test do; each in a file of its own. */
#ifndef _SELFTEST_STRESS_JOBS_H
#define _SELFTEST_STRESS_JOBS_H

#include "stress_crew.h"
#include "stress_faults.h"
#include "stress_files.h"
#include "stress_rivers.h"

/* All that the hands have in common: their argument, if not said otherwise. */
struct scene {
	struct file *files;
	struct river *rivers;
	int vec;		/* an open one, so that the module stays */
	int lender;		/* or -1 */
};

/* stress_juggle.c: vectors of one's own, of which each byte is known. */
void juggle(struct hand *hand);

/* stress_reset.c: connections that end in the middle of a push. */
void reset(struct hand *hand);

/* stress_swap.c: vectors closed while others work on them. */
void swap_begin(struct scene *scene);
void swap_end(void);

/* stress_pageout.c: pages that are swapped out, if there is a disk for that. */
void pageout_begin(void);
void pageout_end(void);
/* Now and then; @map begins with a page. What is pinned has to stay. */
void page_out_some(struct hand *hand, void *map, size_t len);
void page_out_files(struct hand *hand);

/* stress_crowd.c: very many vectors at once. */
void crowd_open(void);
void crowd_begin(void);
void crowd_end(void);

/* stress_wake.c: whoever waits for a vector is woken. */
void wake_begin(void);
void wake_end(void);

/* stress_kill.c: processes that are killed at work. */
void kill_workers(struct hand *hand);

/* stress_unload.c: this module, and who lends to it. */
void unload(struct hand *hand);

/* stress_memory.c: others need memory too. */
void reclaim_begin(void);
void reclaim_end(void);
void reclaim(struct hand *hand);
/* Return: why there can be no limit on memory, or NULL. */
const char *limit_begin(void);
/* From now on. */
void limit_set(void);
void limit_end(void);

#endif
