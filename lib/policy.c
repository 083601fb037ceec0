// SPDX-License-Identifier: LGPL-2.1-or-later
/* What holds for every push, and what one would do. */
#include "internal.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Spans that are looked at in one go. */
#define SPANS	64

SV_API int sv_policy(int vec, unsigned int set, unsigned int flags)
{
	struct splicevec_policy cmd = {
		.size = sizeof(cmd),
		.set = set,
		.flags = flags,
	};
	int ret = sv__command(vec, SPLICEVEC_POLICY, &cmd);

	return ret ? ret : (int)cmd.was;
}

/* The two tables that say how spans of a kind go. */
struct tables {
	const __u8 *routes;
	const __u8 *reasons;
};

/*
 * A push: it pins, if it can, what it asks itself to be stable and has a record for; all
 * flags are those of the vector's policy as well.
 */
struct wish {
	bool pins;
	unsigned int flags;
};

/* Only what could be written to all the same. */
static bool may_pin(const struct splicevec_span *span, const struct wish *wish)
{
	return wish->pins && span->flags & SPLICEVEC_SPAN_WRITABLE;
}

/* What is nobody's to write goes by STABLE as it would without. */
static struct tables tables_for(const struct splicevec_features *f,
				const struct splicevec_span *span,
				const struct wish *wish)
{
	if (may_pin(span, wish))
		return (struct tables){ f->pin_routes, f->pin_reasons };
	if (wish->flags & SPLICEVEC_STABLE && span->kind != SPLICEVEC_OWNED)
		return (struct tables){ f->stable_routes, f->stable_reasons };
	if (wish->flags & SPLICEVEC_STRICT)
		return (struct tables){ f->strict_routes, f->strict_reasons };
	return (struct tables){ f->routes, f->reasons };
}

static void count(struct sv_prediction *p, const struct splicevec_features *f,
		  const struct splicevec_span *span, const struct wish *wish)
{
	struct tables tables = tables_for(f, span, wish);
	unsigned int kind = span->kind % sizeof(f->routes);
	unsigned int by = tables.routes[kind] % 8;

	p->bytes += span->len;
	p->by[by] += span->len;
	if (may_pin(span, wish) && by == SPLICEVEC_ROUTE_TRACKED)
		p->pinned += span->len;
	if (by != SPLICEVEC_ROUTE_COPIED)
		return;
	p->copied += span->len;
	p->why[tables.reasons[kind] % 8] += span->len;
}

SV_API int sv_predict(int vec, int fd, unsigned int flags,
		      struct sv_prediction *prediction)
{
	const unsigned int pinning = SPLICEVEC_STABLE | SPLICEVEC_STRICT;
	struct wish wish = { (flags & pinning) == pinning, flags };
	struct splicevec_span spans[SPANS];
	struct splicevec_features features;
	uint64_t at = 0;
	int ret, i;

	memset(prediction, 0, sizeof(*prediction));
	/* to FEATURES it is a question about no sink at all */
	if (fd == -1)
		return -EBADF;
	ret = sv_features(vec, fd, &features);
	if (ret)
		return ret;
	ret = sv_policy(vec, 0, 0);
	if (ret < 0)
		return ret;
	wish.flags |= ret;
	for (;;) {
		ret = sv_spans(vec, at, spans, SPANS);
		if (ret <= 0)
			return ret;
		for (i = 0; i < ret; i++)
			count(prediction, &features, &spans[i], &wish);
		at = spans[ret - 1].offset + spans[ret - 1].len;
		/* there is nothing behind the last one */
		if (ret < SPANS)
			return 0;
	}
}
