// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the administrator allows pins: whether, for how long, and how much.
 */
#include "pin_limit.h"

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/minmax.h>
#include <linux/module.h>

/* No pin lasts longer, whatever the administrator wishes. */
#define SV_PIN_MS_MAX	10000U

static bool stable_pin;
module_param(stable_pin, bool, 0644);
MODULE_PARM_DESC(stable_pin,
		 "May stable pushes of CAP_SYS_ADMIN have writers to a file wait?");

static unsigned int stable_timeout_ms = 100;
module_param(stable_timeout_ms, uint, 0644);
MODULE_PARM_DESC(stable_timeout_ms,
		 "Milliseconds that they have them wait at the most, up to 10000 (0: not at all)");

static unsigned int stable_pin_pages = 4096;
module_param(stable_pin_pages, uint, 0644);
MODULE_PARM_DESC(stable_pin_pages,
		 "Pages that may be pinned like that at a time, whole folios");

static atomic_long_t pinned_pages;

/**
 * sv_pin_allowed - may the caller have writers wait?
 *
 * Return: true if the administrator allows it, and the caller is one.
 */
bool sv_pin_allowed(void)
{
	return READ_ONCE(stable_pin) && READ_ONCE(stable_timeout_ms) &&
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

/**
 * sv_pin_ms - for how long?
 * @ms: as in struct splicevec_push
 *
 * Return: milliseconds.
 */
u32 sv_pin_ms(u32 ms)
{
	u32 most = min(READ_ONCE(stable_timeout_ms), SV_PIN_MS_MAX);

	return ms ? min(ms, most) : most;
}

/**
 * sv_pin_limit_take - count pages that are about to be pinned
 * @pages: of whole folios
 *
 * Return: false if there would be too many; else sv_pin_limit_return() follows.
 */
bool sv_pin_limit_take(long pages)
{
	long now = atomic_long_read(&pinned_pages);

	do {
		if (now + pages > READ_ONCE(stable_pin_pages))
			return false;
	} while (!atomic_long_try_cmpxchg(&pinned_pages, &now, now + pages));
	return true;
}

/**
 * sv_pin_limit_return - they are no longer
 * @pages: as taken
 *
 * Context: any.
 */
void sv_pin_limit_return(long pages)
{
	atomic_long_sub(pages, &pinned_pages);
}

/**
 * sv_pin_limit_used - how many are pinned
 *
 * Return: pages.
 */
long sv_pin_limit_used(void)
{
	return atomic_long_read(&pinned_pages);
}
