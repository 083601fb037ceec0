#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Includes in kmod/ point down only, and versions are known to its compat/ alone.

A file may include the headers of layers below its own, and those it implements:
foo.h and, where foo is one of a family (pull_pipe), the family's pull.h. So an
endpoint never includes another, nor a pull a push.
"""

import fnmatch
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]

# What kernels compile. The core has layers; what others learn from the headers and
# the example has to hold for every kernel, as has what tests load.
KERNEL = ("kmod", "include", "examples/lender", "selftests/racer")

# From the top down.
LAYERS = (
    # What starts and tests it all.
    ("main", "tests/*_test"),
    # What tests share.
    ("tests/*",),
    # Doors, and what is behind each.
    ("cdev", "lend"),
    ("uring",),
    ("command",),
    ("args", "features", "file", "ledger", "mmap", "reap", "splice"),
    # Which endpoint, and what is the same for all of them.
    ("pull", "push"),
    # Endpoints.
    ("pull_*", "push_*"),
    # What endpoints have in common.
    ("queued", "ring", "send", "write"),
    ("direct", "memory", "pipebuf", "position", "sock", "vector"),
    ("lazy", "pin", "stable", "verify"),
    ("pin_*",),
    # Loans and who keeps count of them.
    ("account", "completion", "deferred", "interrupted", "lent", "loan",
     "nowait", "release", "spans", "trace", "tracked", "type"),
    # Force-included everywhere.
    ("compat/*",),
)
# The objects at the bottom know each other: a push counts down loans, a loan is
# charged, the trace tells of both.
MUTUAL = LAYERS[-2:]

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
VERSION = re.compile(r"\b(LINUX_VERSION_(CODE|MAJOR|PATCHLEVEL|SUBLEVEL)"
                     r"|KERNEL_VERSION|UTS_RELEASE)\b"
                     r"|<(linux/version|generated/utsrelease)\.h>")


def layer(name):
    """Return how far down a file is, or None if no layer has it."""
    for depth, patterns in enumerate(LAYERS):
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            return depth
    return None


def includes(path):
    """Yield what a file of ours includes of ours, named as in LAYERS."""
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        for folder in (path.parent, TOP / "kmod"):
            found = (folder / name).resolve()
            if found.exists():
                yield str(found.relative_to(TOP / "kmod").with_suffix(""))
                break
        else:
            yield name


def allowed(name, other):
    mine, theirs = layer(name), layer(other)
    if theirs is None:
        return False
    if name.startswith(f"{other}_") or name == other:
        return True
    if mine == theirs:
        return LAYERS[mine] in MUTUAL
    return mine < theirs


def wrong_includes(path):
    """Yield what a file in kmod/ must not include, or that no layer has it."""
    name = str(path.relative_to(TOP / "kmod").with_suffix(""))
    if layer(name) is None:
        yield f"{name} is in no layer; selftests/static/layers.py has them"
        return
    for other in includes(path):
        if not allowed(name, other):
            yield f"must not include {other}.h"


def versions(path):
    """Yield what asks which kernel it is, in a file outside compat/."""
    for found in VERSION.finditer(path.read_text(encoding="utf-8")):
        yield f"{found[0]} belongs to kmod/compat/"


def complaints(path):
    if path.is_relative_to(TOP / "kmod"):
        yield from wrong_includes(path)
    if not path.is_relative_to(TOP / "kmod/compat"):
        yield from versions(path)


def main():
    found = {folder: sorted((TOP / folder).rglob("*.[ch]")) for folder in KERNEL}
    bad = [f"{folder}: has no sources" for folder in KERNEL if not found[folder]]
    bad += [f"{path.relative_to(TOP)}: {complaint}"
            for files in found.values() for path in files
            for complaint in complaints(path)]
    print("\n".join(bad), end="\n" if bad else "")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
