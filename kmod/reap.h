/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_REAP_H
#define _SV_REAP_H

#include <linux/splicevec.h>

struct sv_vector;

long sv_reap(struct sv_vector *vec, struct splicevec_reap *args);
long sv_cancel(struct sv_vector *vec, struct splicevec_cancel *args);

#endif /* _SV_REAP_H */
