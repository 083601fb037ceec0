#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Nothing of the header may be missing in abi.c, which pins it.

A value, a struct or a field that abi.c does not name could change later
without any test to notice.
"""

import pathlib
import re
import sys

import header

PINS = pathlib.Path(__file__).with_name("abi.c")


def missing():
    """Name what is not pinned."""
    text = PINS.read_text(encoding="ascii")
    values = re.findall(r"^VALUE\((\w+),", text, re.M)
    sizes = re.findall(r"^SIZE\((\w+),", text, re.M)
    members = set(re.findall(r"^MEMBER\((\w+), (\w+),", text, re.M))
    abi = header.Header()
    yield from (name for name in abi.constants() if name not in values)
    yield from (f"struct {name}" for name in abi.structs if name not in sizes)
    yield from (f"struct {name}.{field}"
                for name, fields in abi.structs.items()
                for field, _ in fields if (name, field) not in members)


def main():
    try:
        names = list(missing())
    except header.Unreadable as error:
        sys.exit(f"{header.PATH.name}: {error}")
    for name in names:
        print(f"{PINS.name}: {name} is not pinned")
    sys.exit(1 if names else 0)


if __name__ == "__main__":
    main()
