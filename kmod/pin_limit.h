/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PIN_LIMIT_H
#define _SV_PIN_LIMIT_H

#include <linux/types.h>

bool sv_pin_allowed(void);
u32 sv_pin_ms(u32 ms);
bool sv_pin_limit_take(long pages);
void sv_pin_limit_return(long pages);
long sv_pin_limit_used(void);

#endif /* _SV_PIN_LIMIT_H */
