/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_SPLICE_H
#define _SV_SPLICE_H

#include <linux/splicevec.h>

struct sv_vector;

long sv_splice(struct sv_vector *vec, struct splicevec_splice *args);

#endif /* _SV_SPLICE_H */
