#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""The kernels, and what guests of each run and need.

    matrix.py guests [--every] [--named] KERNEL... -- PROGRAM...

prints a line for each guest: its name, its kernel, and those of the programs that
"make check" runs there, or "make check-all" with --every, or somebody who has named
them. What takes longest is first.

A kernel is named SERIES or SERIES-FLAVOUR:

    6.1, 6.12       Debian's own image
    7               the newest 7.x of Debian, built here as plain as can be
    6.1-debug       built here with config/debug.config on top
"""

import dataclasses
import pathlib
import re
import sys

CONFIG = pathlib.Path(__file__).resolve().parent / "config"


@dataclasses.dataclass(frozen=True)
class Flavour:
    """What guests of one sort of kernel need."""
    # Everything takes so many times longer than in a plain kernel; all time
    # limits, those of the tests as well, are multiplied by it.
    slower: int = 1
    memory: str = "2G"
    cmdline: tuple[str, ...] = ()
    # What to add without LEAKS=1, which makes all of it take twice as long.
    no_leaks: tuple[str, ...] = ()
    # Programs that take too long there for every day: check-all runs them.
    rare: tuple[str, ...] = ()
    # Those that it is for; none: for all.
    only: tuple[str, ...] = ()
    # So many guests share the programs, or all would wait for the one in the end.
    guests: int = 1

    def words(self, leaks):
        """Return the words of the command line."""
        return self.cmdline if leaks else (*self.cmdline, *self.no_leaks)


# Where interrupts take long the kernel thinks ill of the processor's clock; any
# other is emulated and much dearer.
STEADY_CLOCK = ("tsc=reliable",)

# The table of all that differs between kernels when testing.
FLAVOURS = {
    # Of its memory a part is called persistent, where the kernel has drivers for that.
    "": Flavour(cmdline=("memmap=64M!1G",),
                rare=("stable_bound", "stable_stalls", "stable_storm",
                      "stable_traps")),
    "debug": Flavour(
        slower=8, memory="3G",
        cmdline=STEADY_CLOCK, no_leaks=("kmemleak=off",),
        rare=("algebra", "algebra_model", "asfileshared", "bulk", "datagrams",
              "howells", "interrupted", "lazy", "lazy_broken", "lend", "lent",
              "map", "mcvoy", "repeated", "shared_datagrams", "snapshot",
              "sockets", "stable", "stable_attack", "stable_bound",
              "stable_pressure", "stable_refused", "stable_stalls",
              "stable_storm", "stable_traps", "strict_datagrams",
              "strict_direct", "tracing", "transfers", "uncached",
              "uring_server"),
        guests=2),
    # Where many are at the same thing at once.
    "kcsan": Flavour(
        slower=8, memory="3G",
        cmdline=STEADY_CLOCK, guests=2,
        only=("account", "algebra_threads", "asfileshared", "asfilesplice",
              "fuzz", "interrupted", "lazy", "lazy_broken", "lend", "lent",
              "lifetime", "races", "reap", "served", "shared_datagrams",
              "snapshot", "stable_bound", "stable_pin", "stable_pressure",
              "stable_stalls", "stable_storm", "stable_traps",
              "stable_verify", "storm_strict", "strict", "stress", "threads",
              "uring", "uring_end", "uring_server", "uring_strict",
              "uring_work", "waiting", "watched")),
}


class Unknown(Exception):
    """There is no such kernel."""


@dataclasses.dataclass(frozen=True)
class Kernel:
    name: str
    series: str
    flavour: str

    @property
    def built(self):
        """From source, by us; Debian has an image of the others."""
        return bool(self.flavour) or "." not in self.series

    @property
    def needs(self):
        return FLAVOURS[self.flavour]

    @property
    def fragments(self):
        """Files of options, each on top of those before."""
        names = ["guest"] + [self.flavour] * bool(self.flavour) + [self.name]
        paths = [CONFIG / f"{name}.config" for name in names]
        return [path for path in paths if path.exists()]

    def guests(self, programs, every, named):
        """Yield (name, programs) of guests that have any."""
        rare = () if every else self.needs.rare
        only = () if named else self.needs.only
        programs = [name for name in programs
                    if name not in rare and (not only or name in only)]
        for i in range(min(self.needs.guests, len(programs))):
            name = f"{self.name}.{i + 1}" if i else self.name
            yield name, programs[i::self.needs.guests]


def kernel(name):
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:-(\w+))?", name)
    flavour = match and match[2] or ""
    if not match or flavour not in FLAVOURS:
        flavours = " or ".join(filter(None, FLAVOURS))
        raise Unknown(f"no kernel {name}: it is SERIES, as 6.12 or 7, or "
                      f"SERIES-FLAVOUR with {flavours}")
    return Kernel(name, match[1], flavour)


def needs(name):
    """What a guest of that kernel needs, one of this machine's own as well."""
    try:
        return kernel(name).needs
    except Unknown:
        return FLAVOURS[""]


def main():
    match sys.argv[1:]:
        case ["guests", *words] if "--" in words:
            end = words.index("--")
            options = {word for word in words[:end] if word.startswith("--")}
            kernels = [kernel(word) for word in words[:end]
                       if word not in options]
            for each in sorted(kernels, key=lambda k: -k.needs.slower):
                for name, programs in each.guests(
                        words[end + 1:], "--every" in options,
                        "--named" in options):
                    print(name, each.name, *programs)
        case _:
            sys.exit(__doc__.strip())


if __name__ == "__main__":
    try:
        main()
    except Unknown as error:
        sys.exit(f"matrix: {error}")
