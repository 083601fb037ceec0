// SPDX-License-Identifier: GPL-2.0-only
/*
 * FEATURES tells beforehand how a push would go, and why it would copy: for each sink
 * and each kind of span, and as the sink is at that moment.
 */
#include "kselftest_harness.h"

#include "contents.h"
#include "netem.h"
#include "records.h"
#include "sinks.h"
#include "vectors.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <splicevec.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED	RECORDS_SEED
#define LEN	100

#define PROBING	"/proc/sys/net/ipv4/tcp_mtu_probing"

LEDGER_FIXTURE(routes)

struct way {
	unsigned char by;
	unsigned char why;
};

/* What is held by references, what is lent, and either of them strictly. */
struct row {
	struct way plain;
	struct way lent;
	struct way strict;
};

#define PLAIN		{ SPLICEVEC_ROUTE_PLAIN, SPLICEVEC_WHY_NOTHING }
#define TRACKED		{ SPLICEVEC_ROUTE_TRACKED, SPLICEVEC_WHY_NOTHING }
#define DIRECT		{ SPLICEVEC_ROUTE_DIRECT, SPLICEVEC_WHY_NOTHING }
#define MOVED		{ SPLICEVEC_ROUTE_MOVED, SPLICEVEC_WHY_NOTHING }
#define COPIED(why)	{ SPLICEVEC_ROUTE_COPIED, SPLICEVEC_WHY_##why }
#define ALL(way)	{ way, way, way }

static const struct row rows[SINK_CLASSES] = {
	[TO_TCP] = { PLAIN, TRACKED, TRACKED },
	[TO_NIC] = { PLAIN, TRACKED, TRACKED },
	[TO_UNIX] = { PLAIN, COPIED(UNTRACKED), COPIED(UNTRACKED) },
	[TO_UPPER] = ALL(COPIED(UPPER)),
	[TO_RECORD] = ALL(COPIED(UNTRACKED)),
	[TO_ALIEN] = ALL(COPIED(UNKNOWN)),
	[TO_PIPE] = { PLAIN, TRACKED, TRACKED },
	[TO_VECTOR] = { MOVED, MOVED, COPIED(UNTRACKED) },
	[TO_NOTHING] = ALL(MOVED),
	[TO_BUFFERED] = ALL(COPIED(SINK)),
	[TO_DIRECT] = { DIRECT, DIRECT, TRACKED },
	[TO_MEMORY] = ALL(COPIED(SINK)),
};

static const struct row udp_row = {
	COPIED(UNTRACKED), COPIED(UNTRACKED), TRACKED,
};

static bool is_lent(unsigned int kind)
{
	return kind == SPLICEVEC_PINNED || kind == SPLICEVEC_LENT;
}

static void check_row(int fd, const struct row *row)
{
	struct splicevec_features f;
	int vec = new_vector();
	unsigned int kind;

	must_sv(sv_features(vec, fd, &f));
	for (kind = 0; kind < ARRAY_LEN(f.routes); kind++) {
		static const struct way none;
		bool known = kind && kind < SPLICEVEC_KINDS;
		const struct way *way = !known ? &none :
					is_lent(kind) ? &row->lent : &row->plain;
		const struct way *strict = known ? &row->strict : &none;

		check(f.routes[kind] == way->by && f.reasons[kind] == way->why,
		      "kind %u: route %u for reason %u, not %u for %u", kind,
		      f.routes[kind], f.reasons[kind], way->by, way->why);
		check(f.strict_routes[kind] == strict->by &&
		      f.strict_reasons[kind] == strict->why,
		      "kind %u, strict: route %u for reason %u, not %u for %u", kind,
		      f.strict_routes[kind], f.strict_reasons[kind], strict->by,
		      strict->why);
	}
	close(vec);
}

TEST_F(routes, each_sink_has_the_ones_of_the_manual)
{
	static const struct sink_kind *const kinds[] = {
		&sink_tcp4, &sink_tcp6, &sink_nic4, &sink_nic6, &sink_unix,
		&sink_pipe, &sink_pipe_of_one_page, &sink_ext4, &sink_xfs,
		&sink_tmpfs, &sink_block, &sink_block_direct, &sink_fuse,
		&sink_memfd, &sink_null, &sink_terminal, &sink_ext4_direct,
		&sink_xfs_direct, &sink_vector, &sink_memory, &sink_nothing,
		&sink_mptcp, &sink_vsock, &sink_ktls, &sink_sockmap, &sink_udp4,
		&sink_udp6, &sink_unix_dgram, &sink_unix_packet,
		&sink_vsock_packet, &sink_netlink, &sink_packet, &sink_hash,
	};
	struct sink to;
	size_t i;
	int vec;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct sink_kind *kind = kinds[i];
		bool udp = kind == &sink_udp4 || kind == &sink_udp6;

		if (sink_missing(kind))
			continue;
		context("%s", kind->name);
		vec = vector_with(SEED, 0, LEN);
		sink_open(&to, kind, SEED, 0, LEN);
		check_row(to.fd, udp ? &udp_row : &rows[kind->class]);
		/* some end only when something has come */
		check_eq(LEN, sink_push(&to, vec, 0).bytes);
		sink_close(&to);
		close(vec);
	}
}

TEST_F(routes, none_is_told_without_a_sink)
{
	static const struct row none;

	check_row(-1, &none);
}

TEST_F(routes, tcp_that_may_be_probed_tracks_nothing)
{
	static const struct row row = {
		PLAIN, COPIED(UNTRACKED), COPIED(UNTRACKED),
	};
	int fds[2];

	stream_pair(TCP4, fds);
	check_row(fds[0], &rows[TO_TCP]);
	put_file(PROBING, "1");
	check_row(fds[0], &row);
	put_file(PROBING, "0");
	check_row(fds[0], &rows[TO_TCP]);
}

/*
 * TCP cuts its packets in software, where it gathers them as well, unless they may be
 * signed: a key for anybody, if for nobody we know, makes it leave that alone.
 */
static int may_sign(int fd)
{
	struct tcp_md5sig key = { .tcpm_keylen = 1 };
	socklen_t len = sizeof(key.tcpm_addr);

	must(getsockname(fd, (struct sockaddr *)&key.tcpm_addr, &len));
	key.tcpm_key[0] = 'k';
	/* the address is none at all */
	return setsockopt(fd, SOL_TCP, TCP_MD5SIG, &key, sizeof(key)) ? -errno : 0;
}

static void sign(int fd)
{
	must_sv(may_sign(fd));
}

static const char *signing_missing(void)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int err = may_sign(fd);

	close(fd);
	return err ? "TCP knows no signatures here" : NULL;
}

/* What the socket copies is known, byte by byte. */
static void check_copied(const int fds[2], int vec, unsigned int flags)
{
	struct splicevec_push cmd = {
		.fd = fds[0], .flags = flags | SPLICEVEC_NOCOPY,
		.offset = SV_POSITION, .len = SV_ALL,
	};
	bool strict = flags & SPLICEVEC_STRICT;
	struct splicevec_completion record;

	context("flags %#x", flags);
	cmd.user_data = strict ? 7 : 0;
	check_errno(EOPNOTSUPP, sv_cmd_push(vec, &cmd));
	check_span(vec, 0, LEN);
	cmd.flags = flags;
	check_errno(0, sv_cmd_push(vec, &cmd));
	check_eq(LEN, cmd.bytes);
	check_eq(LEN, cmd.copied);
	check_eq(0, cmd.result);
	check_eq(strict, sv_reap(vec, &record, 1, 0, 0));
	if (strict) {
		check_eq(7, record.user_data);
		check_eq(0, record.status);
		check_eq(LEN, record.copied);
	}
	close(vec);
	check_arrives(fds[1], SEED, 0, LEN);
	context(NULL);
}

static void check_all_copied(const int fds[2])
{
	static const unsigned int flags[] = {
		0, SPLICEVEC_STRICT, SPLICEVEC_STABLE,
		SPLICEVEC_STRICT | SPLICEVEC_STABLE,
	};
	int file = pattern_file(TMPFS, SEED, LEN);
	char *memory = map_pages(LEN);
	size_t i;

	for (i = 0; i < ARRAY_LEN(flags); i++) {
		check_copied(fds, text_vector(LEN), flags[i]);
		check_copied(fds, file_vector(file, LEN), flags[i]);
		check_copied(fds, memory_vector(memory, LEN), flags[i]);
	}
	unmap_pages(memory, LEN);
	close(file);
}

TEST_F(routes, tcp_that_cannot_gather_copies_all_of_every_push_and_says_so)
{
	static const struct row row = ALL(COPIED(NO_SG));
	static const enum place places[] = { NIC4, NIC6 };
	int fds[2];
	size_t i;

	NEEDS(signing_missing());
	for (i = 0; i < ARRAY_LEN(places); i++) {
		NEEDS(place_missing(places[i]));
		prepared_pair(places[i], sign, fds);
		check_row(fds[0], &rows[TO_NIC]);
		close(fds[0]);
		close(fds[1]);
		nic_gathers(false);
		prepared_pair(places[i], sign, fds);
		check_row(fds[0], &row);
		check_all_copied(fds);
		nic_gathers(true);
		close(fds[0]);
		close(fds[1]);
	}
}

/* For TCP the kernel gathers itself; of UDP only a strict push would lend. */
TEST_F(routes, udp_lends_nothing_to_a_nic_that_cannot_gather)
{
	static const struct row row = {
		COPIED(UNTRACKED), COPIED(UNTRACKED), COPIED(NO_SG),
	};
	static const enum place places[] = { UDP_NIC4, UDP_NIC6 };
	int fds[2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		NEEDS(place_missing(places[i]));
		context("%s", place_name(places[i]));
		datagram_pair(places[i], fds);
		check_row(fds[0], &udp_row);
		nic_gathers(false);
		check_row(fds[0], &row);
		nic_gathers(true);
		check_row(fds[0], &udp_row);
		close(fds[0]);
		close(fds[1]);
	}
}

/* One packet has one who is told of its end: what is corked has another one already. */
TEST_F(routes, udp_lends_nothing_behind_what_is_corked)
{
	static const struct row row = {
		COPIED(UNTRACKED), COPIED(UNTRACKED), COPIED(NO_SG),
	};
	static const enum place places[] = { UDP4, UDP6 };
	int fds[2], on = 1, off = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places); i++) {
		context("%s", place_name(places[i]));
		datagram_pair(places[i], fds);
		must(setsockopt(fds[0], SOL_UDP, UDP_CORK, &on, sizeof(on)));
		check_row(fds[0], &udp_row);
		must(send(fds[0], "corked", 6, 0));
		check_row(fds[0], &row);
		must(setsockopt(fds[0], SOL_UDP, UDP_CORK, &off, sizeof(off)));
		check_row(fds[0], &udp_row);
		close(fds[0]);
		close(fds[1]);
	}
}

/* Where that is, and whether it is at the end, is known when it is written. */
TEST_F(routes, append_to_an_o_direct_file_is_done_when_it_returns)
{
	static const struct row row = ALL(DIRECT);
	int file;

	NEEDS(place_missing(EXT4));
	file = new_file(EXT4, O_RDWR | O_DIRECT);
	check_row(file, &rows[TO_DIRECT]);
	must(fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_APPEND));
	check_row(file, &row);
}

TEST_HARNESS_MAIN
