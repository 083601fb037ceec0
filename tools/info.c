// SPDX-License-Identifier: GPL-2.0-only
/* splicevec info */
#include "tool.h"
#include "error.h"
#include "report.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define COLUMN "%-22s"
#define CELL "%-20s"

static const struct {
	uint64_t bit;
	const char *name;
	const char *meaning;
} features[] = {
	{ SPLICEVEC_FEAT_SPLICE_PAGES, "splice_pages",
	  "many pages a network call" },
	{ SPLICEVEC_FEAT_TRACKED_SOCK, "tracked_sock",
	  "sockets tell when they stop reading" },
	{ SPLICEVEC_FEAT_TRACKED_PIPE, "tracked_pipe",
	  "pipes tell when they stop reading" },
	{ SPLICEVEC_FEAT_PIN_READONLY, "pin_readonly",
	  "read-only memory is lent, not copied" },
	{ SPLICEVEC_FEAT_URING, "uring",
	  "commands by io_uring" },
	{ SPLICEVEC_FEAT_URING_STRICT, "uring_strict",
	  "a CQE is the end of a strict push" },
	{ SPLICEVEC_FEAT_STABLE, "stable",
	  "sinks read what was there when it was pushed" },
	{ SPLICEVEC_FEAT_STABLE_PIN, "stable_pin",
	  "you may have writers to a file wait for that" },
};

#define NR_FEATURES ARRAY_SIZE(features)

static const char *const kinds[SPLICEVEC_KINDS] = {
	[SPLICEVEC_OWNED] = "owned",
	[SPLICEVEC_CACHE] = "cache",
	[SPLICEVEC_FOREIGN] = "foreign",
	[SPLICEVEC_PINNED] = "pinned",
	[SPLICEVEC_LENT] = "lent",
};

static const char *route_name(unsigned int route)
{
	static const char *const names[] = {
		[SPLICEVEC_ROUTE_NONE] = "none",
		[SPLICEVEC_ROUTE_PLAIN] = "plain",
		[SPLICEVEC_ROUTE_TRACKED] = "tracked",
		[SPLICEVEC_ROUTE_DIRECT] = "direct",
		[SPLICEVEC_ROUTE_MOVED] = "moved",
		[SPLICEVEC_ROUTE_COPIED] = "copied",
	};

	return route < ARRAY_SIZE(names) ? names[route] : "?";
}

/* NULL: the route does not copy. */
static const char *why_name(unsigned int why)
{
	static const char *const names[] = {
		[SPLICEVEC_WHY_SINK] = "sink",
		[SPLICEVEC_WHY_UNTRACKED] = "untracked",
		[SPLICEVEC_WHY_NO_SG] = "no-sg",
		[SPLICEVEC_WHY_UPPER] = "upper",
		[SPLICEVEC_WHY_UNKNOWN] = "unknown",
		[SPLICEVEC_WHY_UNSTABLE] = "unstable",
	};

	return why < ARRAY_SIZE(names) ? names[why] : "?";
}

static void print_features(uint64_t bits)
{
	size_t i;

	printf(COLUMN CELL "meaning\n", "feature", "");
	for (i = 0; i < NR_FEATURES; i++)
		printf(COLUMN CELL "%s\n", features[i].name,
		       bits & features[i].bit ? "yes" : "no",
		       features[i].meaning);
}

static void print_route(unsigned int route, const char *why)
{
	char cell[32];

	snprintf(cell, sizeof(cell), why ? "%s (%s)" : "%s", route_name(route),
		 why);
	printf(CELL, cell);
}

static void print_line(const char *name, const __u8 *routes,
		       const __u8 *reasons)
{
	int kind;

	printf(COLUMN, name);
	for (kind = 1; kind < SPLICEVEC_KINDS; kind++)
		print_route(routes[kind], why_name(reasons[kind]));
	putchar('\n');
}

static void print_row(const struct route_row *row)
{
	const struct splicevec_features *f = &row->features;

	if (row->error) {
		printf(COLUMN "not asked: %s\n", row->sink,
		       strerror(-row->error));
		return;
	}
	print_line(row->sink, f->routes, f->reasons);
	print_line("  strict", f->strict_routes, f->strict_reasons);
	print_line("  stable", f->stable_routes, f->stable_reasons);
	print_line("  pinned", f->pin_routes, f->pin_reasons);
}

static void print_routes(const struct route_row *rows, size_t nr)
{
	size_t i;
	int kind;

	printf("\n" COLUMN, "sink");
	for (kind = 1; kind < SPLICEVEC_KINDS; kind++)
		printf(CELL, kinds[kind]);
	putchar('\n');
	for (i = 0; i < nr; i++)
		print_row(&rows[i]);
	puts("\nplain: page references, as sendfile(2). tracked: lent until "
	     "the sink lets go.\ndirect: read by the device. moved: spans "
	     "change hands. copied: see splicevec(4).\nstrict: if it is to "
	     "be told when the sink has let go.\nstable: if the sink shall "
	     "read what was there when it was pushed.\npinned: the same, "
	     "strict, of files open for writing: tracked cache is pinned.");
}

static json_t *json_features(uint64_t bits)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < NR_FEATURES; i++)
		json_object_set_new(object, features[i].name,
				    json_boolean(bits & features[i].bit));
	return object;
}

static json_t *json_row(const struct route_row *row)
{
	json_t *object = json_pack("{ss ss?}", "sink", row->sink, "error",
				   row->error ? strerror(-row->error) : NULL);
	const struct splicevec_features *f = &row->features;
	int kind;

	for (kind = 1; !row->error && kind < SPLICEVEC_KINDS; kind++)
		json_object_set_new(object, kinds[kind],
			json_pack("{s:s, s:s?, s:s, s:s?, s:s, s:s?, s:s, s:s?}",
				"route", route_name(f->routes[kind]),
				"why", why_name(f->reasons[kind]),
				"strict", route_name(f->strict_routes[kind]),
				"strict_why",
				why_name(f->strict_reasons[kind]),
				"stable", route_name(f->stable_routes[kind]),
				"stable_why",
				why_name(f->stable_reasons[kind]),
				"pinned", route_name(f->pin_routes[kind]),
				"pinned_why",
				why_name(f->pin_reasons[kind])));
	return object;
}

static json_t *json_routes(const struct route_row *rows, size_t nr)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(list, json_row(&rows[i]));
	return list;
}

static int run(const struct options *opts)
{
	struct splicevec_features kernel;
	const struct route_row *rows;
	struct utsname os;
	size_t nr;
	int ret = sv_features(opts->vec, -1, &kernel);

	if (ret)
		return fail_device(ret);
	uname(&os);
	rows = ask_routes(opts->vec, &nr);
	if (opts->json) {
		print_json(json_pack("{ss ss so so}",
			"version", SPLICEVEC_VERSION, "kernel", os.release,
			"features", json_features(kernel.features),
			"routes", json_routes(rows, nr)), stdout);
		return EXIT_SUCCESS;
	}
	printf("%s, %s %s\n\n", argp_program_version, os.sysname, os.release);
	print_features(kernel.features);
	print_routes(rows, nr);
	return EXIT_SUCCESS;
}

const struct command info_command = {
	.name = "info",
	.args = "",
	.brief = "tell what this kernel can do",
	.doc = "Tell what this kernel can do, and for the common sorts of "
	       "sinks how pages of each kind reach them.",
	.least = 0,
	.most = 0,
	.run = run,
};
