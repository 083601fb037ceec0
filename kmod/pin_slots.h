/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PIN_SLOTS_H
#define _SV_PIN_SLOTS_H

#include <linux/atomic.h>
#include <linux/types.h>

u64 sv_pin_slot_key(const void *mapping, u32 generation, u64 index);
atomic64_t *sv_pin_slot_take(u64 key);
void sv_pin_slot_return(atomic64_t *slot);
void sv_pin_slot_cool(atomic64_t *slot, u64 since);

#endif /* _SV_PIN_SLOTS_H */
