/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_NOWAIT_H
#define _SV_NOWAIT_H

#include <linux/err.h>

/*
 * Of who must not wait for anything: it would have to, or that cannot be known, so
 * ask again where waiting is allowed. Nothing was moved. Never leaves the module, and
 * is like no errno that a file may have.
 */
#define SV_EWAIT	(MAX_ERRNO - 1)

#endif /* _SV_NOWAIT_H */
