/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SV_PIN_MAPPING_H
#define _SV_PIN_MAPPING_H

#include <linux/list.h>
#include <linux/types.h>

struct address_space;

/**
 * struct sv_pin_mapping - one pin's share in keeping a mapping stable
 * @node: in the list of all shares that are hashed alike
 * @mapping: whose pages are pinned
 * @was: was it stable before the first of them?
 *
 * A part of the pin, so that to end it takes no memory.
 */
struct sv_pin_mapping {
	struct hlist_node node;
	struct address_space *mapping;
	bool was;
};

void sv_pin_mapping_begin(struct sv_pin_mapping *share,
			  struct address_space *mapping);
void sv_pin_mapping_end(struct sv_pin_mapping *share);

#endif /* _SV_PIN_MAPPING_H */
