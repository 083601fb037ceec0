// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sixty-four megabytes, pulled once, to every kind of connection; an eighth of them where
 * all takes longer.
 */
#include "kselftest_harness.h"

#include "sinks.h"

#include <fcntl.h>
#include <splicevec.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define SEED	29

FIXTURE_VARIANT(bulk)
{
	enum place place;
	const struct sink_kind *sink;
};

LEDGER_FIXTURE(bulk)

static size_t size(void)
{
	return slower() == 1 ? MIB(64) : MIB(8);
}

#define BULK(id, from, to)						\
	FIXTURE_VARIANT_ADD(bulk, id)					\
	{								\
		.place = from,						\
		.sink = &sink_##to,					\
	}
BULK(ext4_to_loopback, EXT4, tcp4);
BULK(xfs_to_loopback6, XFS, tcp6);
BULK(ext4_to_nics, EXT4, nic4);
BULK(xfs_to_nics6, XFS, nic6);
BULK(tmpfs_to_unix, TMPFS, unix);

TEST_F(bulk, large_file_arrives_uncopied)
{
	int vec = new_vector(), file;
	size_t len = size();
	struct pushed pushed;
	struct sink to;
	double start;

	if (place_missing(variant->place) ?: sink_missing(variant->sink))
		SKIP(return, "%s", place_missing(variant->place) ?:
				   sink_missing(variant->sink));
	file = pattern_file(variant->place, SEED, len);
	check_eq(len, sv_pull(vec, file, 0, SV_ALL, 0));
	sink_open(&to, variant->sink, SEED, 0, len);
	start = now();
	pushed = sink_push(&to, vec, SPLICEVEC_NOCOPY);
	check_eq(len, pushed.bytes);
	check_eq(0, pushed.copied);
	sink_close(&to);
	TH_LOG("%.0f MiB/s, checked by the reader", (len >> 20) / (now() - start));
	close(vec);
	close(file);
}

TEST_F(bulk, large_file_goes_through_the_loop)
{
	struct splicevec_splice cmd;
	int vec = new_vector(), file;
	size_t len = size();
	uint64_t sum = 0, copied = 0;
	struct sink to;

	if (place_missing(variant->place) ?: sink_missing(variant->sink))
		SKIP(return, "%s", place_missing(variant->place) ?:
				   sink_missing(variant->sink));
	file = pattern_file(variant->place, SEED, len);
	sink_open(&to, variant->sink, SEED, 0, len);
	do {
		cmd = (struct splicevec_splice){
			.in = file,
			.out = to.fd,
			.in_offset = SV_POSITION,
			.out_offset = SV_POSITION,
			.len = MIB(3) + 5,
			.flags = SPLICEVEC_NOCOPY,
		};
		check_errno(0, sv_cmd_splice(vec, &cmd));
		sum += cmd.pushed;
		copied += cmd.copied;
	} while (cmd.pushed && !(cmd.result & SPLICEVEC_EOF));
	check_eq(len, sum);
	check_eq(0, copied);
	sink_close(&to);
	close(vec);
	close(file);
}

TEST_HARNESS_MAIN
