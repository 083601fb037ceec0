#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Reckon what the rounds of a benchmark amount to.

    results.py DIRECTORY KERNEL...

Reads DIRECTORY/KERNEL.rows as the guest wrote them, writes results.json and
drawings beside them and prints a table.
"""

import collections
import json
import pathlib
import statistics
import sys

import draw

MIB = 1 << 20
OURS = "splicevec-"

# What somebody would take today: 1 in the drawings.
REFERENCES = {
    "file-tcp": "sendfile",
    "kept-tcp": "sendfile",
    "fanout-16": "sendfile",
    "serve": "sendfile",
    "serve-16": "sendfile",
    "proxy": "splice",
    "file-odirect": "read+write",
    "gather": "sendmsg+sendfile+send",
    "strict": "splicevec-kept",
    "strict-reap": "round-trips",
    "stable": "read+write",
    "stable-write": "read+write",
}

# One round of one method: bytes, and nanoseconds of CPU and of the guest; and how
# long who wrote to what was sent had to wait.
Round = collections.namedtuple("Round", "bytes cpu busy elapsed waits")
# What was measured in the same rounds and may be compared.
Group = collections.namedtuple("Group", "kernel scenario path size receiver")


def read_rows(path, kernel):
    """Return {group: {method: [round, ...]}}, in the order of the rows."""
    groups = {}
    for line in path.read_text().splitlines():
        keyword, scenario, way, size, receiver, method, _, *numbers = line.split()
        group = Group(kernel, scenario, way, int(size), receiver)
        rounds = groups.setdefault(group, {}).setdefault(method, [])
        if keyword == "row":
            rounds.append(Round(*map(int, numbers), waits=[]))
        else:
            rounds[-1].waits.extend(map(int, numbers))
    return groups


def us_per_mib(nanoseconds, size):
    return nanoseconds / 1000 / (size / MIB)


def spread(values):
    """Return the distance of the quartiles, as a part of the median."""
    if len(values) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(values, method="inclusive")
    return (high - low) / middle


def ratio(what, rounds, peers):
    """Return the median of our nanoseconds to the peer's in the same round."""
    return round(statistics.median(
        (getattr(ours, what) / ours.bytes) / (getattr(peer, what) / peer.bytes)
        for ours, peer in zip(rounds, peers, strict=True)), 3)


def writers_wait(rounds):
    """Return median, 99th of a hundred and the longest in us; None: nobody wrote."""
    waits = sorted(wait / 1000 for r in rounds for wait in r.waits)
    if not waits:
        return None
    return {name: round(waits[(len(waits) - 1) * part // 100], 1)
            for name, part in (("p50", 50), ("p99", 99), ("max", 100))}


def result(group, method, rounds, peer=None, peers=None):
    cpu = [us_per_mib(r.cpu, r.bytes) for r in rounds]
    busy = statistics.median(us_per_mib(r.busy, r.bytes) for r in rounds)
    return {
        **group._asdict(),
        "method": method,
        "cpu_us_per_mib": round(statistics.median(cpu), 2),
        "all_us_per_mib": round(busy, 2),
        "mib_per_s": round(1e6 / busy, 1),
        "spread": round(spread(cpu), 3),
        "ratio_to": peer,
        "ratio": ratio("cpu", rounds, peers) if peer else None,
        "all_ratio": ratio("busy", rounds, peers) if peer else None,
        "writer_us": writers_wait(rounds),
    }


def results_of(group, methods):
    """
    Yield a row for each peer, and for each of ours a row a peer. What is 1 is a
    peer even if it is ours.
    """
    peers = [name for name in methods if not name.startswith(OURS)
             or name == REFERENCES[group.scenario]]
    for method, rounds in methods.items():
        if method in peers:
            yield result(group, method, rounds)
            continue
        for peer in peers:
            yield result(group, method, rounds, peer, methods[peer])


def size_name(size):
    return f"{size // MIB} MiB" if size >= MIB else f"{size >> 10} KiB"


def print_group(group, rows):
    """One line a method, beside it its ratios to all peers: of CPU, and of all."""
    peers = [row["method"] for row in rows if not row["ratio_to"]]
    print(f"\n{group.scenario} on {group.kernel}, {group.path}, "
          f"{size_name(group.size)}, receiver: {group.receiver}")
    print(f"  {'':20} {'CPU us/MiB':>10} {'all us/MiB':>10} {'MiB/s':>8} "
          f"{'spread':>6}" + "".join(f" {'/' + peer:>18}" for peer in peers))
    lines = {}
    for row in rows:
        lines.setdefault(row["method"], []).append(row)
    for method, same in lines.items():
        row = same[0]
        print(f"  {method:20} {row['cpu_us_per_mib']:10.1f} "
              f"{row['all_us_per_mib']:10.1f} {row['mib_per_s']:8.0f} "
              f"{row['spread']:6.1%}" +
              "".join(f" {r['ratio']:13.2f} {r['all_ratio']:4.2f}" for r in same
                      if r["ratio_to"]))


def print_waits(rows):
    """One line a method, if somebody wrote to what was sent."""
    waits = {row["method"]: row["writer_us"] for row in rows if row["writer_us"]}
    if waits:
        print(f"  {'writers wait, us':20} {'p50':>10} {'p99':>10} {'max':>10}")
    for method, us in waits.items():
        print(f"  {method:20}" + "".join(f" {value:10.1f}" for value in us.values()))


def main():
    directory, kernels = pathlib.Path(sys.argv[1]), sys.argv[2:]
    rows = []
    for kernel in kernels:
        groups = read_rows(directory / f"{kernel}.rows", kernel)
        for group, methods in groups.items():
            of_group = list(results_of(group, methods))
            print_group(group, of_group)
            print_waits(of_group)
            rows += of_group
    (directory / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
    draw.draw_all(directory, [{**row, "name": size_name(row["size"])}
                              for row in rows], REFERENCES)


if __name__ == "__main__":
    main()
