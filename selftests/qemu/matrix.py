#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""The kernels, and what guests of each run and need.

    matrix.py programs KERNEL PROGRAM...    those "make check" runs there

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
    # Programs that take too long there for every day: check-all runs them.
    rare: tuple[str, ...] = ()


# Where interrupts take long the kernel thinks ill of the processor's clock; any
# other is emulated and much dearer.
STEADY_CLOCK = ("tsc=reliable",)

# The table of all that differs between kernels when testing.
FLAVOURS = {
    "": Flavour(),
    "debug": Flavour(
        slower=8, memory="3G",
        cmdline=(*STEADY_CLOCK, "page_owner=on"),
        rare=("algebra_model", "bulk", "mcvoy", "transfers")),
    "kcsan": Flavour(slower=8, memory="3G", cmdline=STEADY_CLOCK),
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

    def programs(self, known):
        return [name for name in known if name not in self.needs.rare]


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
        case ["programs", name, *programs]:
            print(*kernel(name).programs(programs))
        case _:
            sys.exit(__doc__.strip())


if __name__ == "__main__":
    try:
        main()
    except Unknown as error:
        sys.exit(f"matrix: {error}")
