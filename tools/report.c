// SPDX-License-Identifier: GPL-2.0-only
/* The end of a transfer, for people (--verbose) and for programs (--json). */
#include "report.h"
#include "error.h"
#include "units.h"

#include <errno.h>
#include <string.h>

static double rate(uint64_t bytes, double seconds)
{
	return seconds > 0 ? bytes / seconds : 0;
}

/* Copied at the pull or at a push; a byte copied twice counts twice. */
static uint64_t copied(const struct transfer *t)
{
	uint64_t sum = t->copied;
	size_t i;

	for (i = 0; i < t->nr_sinks; i++)
		sum += t->sinks[i].copied;
	return sum;
}

static json_t *json_error(int err)
{
	return err ? json_string(strerror(err)) : json_null();
}

/* Only UTF-8 can be told in JSON; file names may be anything. */
static json_t *json_name(const char *name)
{
	return json_string(name) ?: json_null();
}

static json_t *json_sinks(const struct transfer *t)
{
	json_t *list = json_array();
	const struct sink *s;

	for (s = t->sinks; s < t->sinks + t->nr_sinks; s++)
		json_array_append_new(list, json_pack("{so sI sI so}",
			"name", json_name(s->name),
			"bytes", (json_int_t)s->bytes,
			"copied", (json_int_t)s->copied,
			"error", json_error(s->error)));
	return list;
}

static json_t *json_transfer(const struct transfer *t)
{
	return json_pack("{ss sI sI sb sf sf so so}",
		"command", t->opts->command,
		"bytes", (json_int_t)transfer_arrived(t),
		"copied", (json_int_t)copied(t),
		"estimated", t->estimated,
		"seconds", t->seconds,
		"rate", rate(transfer_arrived(t), t->seconds),
		"error", json_error(t->error),
		"sinks", json_sinks(t));
}

void print_json(json_t *object, FILE *f)
{
	if (!object || json_dumpf(object, f, JSON_INDENT(2)))
		fail(ENOMEM, "JSON");
	fputc('\n', f);
	json_decref(object);
}

static FILE *report_stream(const struct transfer *t)
{
	size_t i;

	for (i = 0; i < t->nr_sinks; i++)
		if (t->sinks[i].is_stdout)
			return stderr;
	return stdout;
}

static void print_sink(const struct transfer *t, const struct sink *s)
{
	char size[UNITS_SIZE], speed[UNITS_SIZE];

	fprintf(stderr, "%s: %s in %.3f s, %s/s, %llu bytes copied%s\n",
		s->name, format_bytes(size, s->bytes), t->seconds,
		format_bytes(speed, rate(s->bytes, t->seconds)),
		(unsigned long long)t->copied + s->copied,
		t->estimated ? " (estimated)" : "");
}

void report(const struct transfer *t)
{
	size_t i;

	if (t->opts->json)
		print_json(json_transfer(t), report_stream(t));
	else if (t->opts->verbose)
		for (i = 0; i < t->nr_sinks; i++)
			print_sink(t, &t->sinks[i]);
}
