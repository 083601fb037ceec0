// SPDX-License-Identifier: GPL-2.0-only
/*
 * FEATURES: what this kernel can do, and how a sink would take each kind of span.
 */
#include "features.h"

#include <linux/uio.h>

#include "loan.h"
#include "pin_limit.h"
#include "push.h"

static u64 kernel_features(void)
{
	u64 features = SPLICEVEC_FEAT_SPLICE_PAGES |
		       SPLICEVEC_FEAT_TRACKED_SOCK | SPLICEVEC_FEAT_TRACKED_PIPE |
		       SPLICEVEC_FEAT_STABLE | SPLICEVEC_FEAT_VERIFY;

	if (sv_pin_allowed())
		features |= SPLICEVEC_FEAT_STABLE_PIN;
	if (SV_PIN_READONLY)
		features |= SPLICEVEC_FEAT_PIN_READONLY;
	if (IS_ENABLED(CONFIG_IO_URING)) {
		features |= SPLICEVEC_FEAT_URING;
		if (SV_URING_STRICT)
			features |= SPLICEVEC_FEAT_URING_STRICT;
	}
	return features;
}

static void ask_routes(const struct sv_handoff *handoff, __u8 *routes,
		       __u8 *reasons)
{
	int kind;

	for (kind = SPLICEVEC_OWNED; kind < SPLICEVEC_KINDS; kind++) {
		const struct sv_offer offer = {
			.plain = sv_kind_plain(kind),
			.stable = sv_kind_stable(kind),
			.writable = kind == SPLICEVEC_CACHE,
			.left = PAGE_SIZE,
		};
		struct sv_route route = sv_handoff_ask(handoff, &offer);

		routes[kind] = route.by;
		reasons[kind] = route.why;
	}
}

/**
 * sv_features - the FEATURES command
 * @vec: vector, held by the caller
 * @args: checked; results are set
 *
 * Return: 0 or a negative errno.
 */
long sv_features(struct sv_vector *vec, struct splicevec_features *args)
{
	struct sv_handoff handoff = { .vec = vec };
	struct iov_iter nowhere = {};
	u32 policy;
	int err;

	args->features = kernel_features();
	if (args->fd == -1)
		return 0;
	if (args->fd == SPLICEVEC_FD_MEM)
		err = sv_handoff_begin_mem(&handoff, &nowhere);
	else
		err = sv_handoff_begin(&handoff, args->fd);
	if (err)
		return err;
	policy = handoff.flags;
	ask_routes(&handoff, args->routes, args->reasons);
	handoff.flags = policy | SPLICEVEC_STRICT;
	ask_routes(&handoff, args->strict_routes, args->strict_reasons);
	handoff.flags = SPLICEVEC_STABLE;
	ask_routes(&handoff, args->stable_routes, args->stable_reasons);
	handoff.flags |= SPLICEVEC_STRICT;
	sv_handoff_allow_pins(&handoff, handoff.flags);
	ask_routes(&handoff, args->pin_routes, args->pin_reasons);
	sv_handoff_end(&handoff);
	return 0;
}
