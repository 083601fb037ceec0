/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_FEATURES_H
#define _SV_FEATURES_H

#include <linux/splicevec.h>

struct sv_vector;

long sv_features(struct sv_vector *vec, struct splicevec_features *args);

#endif /* _SV_FEATURES_H */
