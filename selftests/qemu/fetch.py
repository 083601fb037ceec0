#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Bring kernels of Debian into a cache, without installing anything.

    fetch.py kernel 6.12    unpack image, headers and kbuild tools
    fetch.py kernel 7-debug build one from its source package, see matrix.py
    fetch.py source 6.12    take the selftest harness and checkpatch out of
                            the kernel's source package

Prints the directory.
"""

import functools
import hashlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import kbuild
import matrix
import stock
from cache import (CACHE, DAY, Failed, Unreachable, age, locked, place, point,
                   run, say)
from debian import STABLE, Packages, newest

# What was not used for so long goes when something else comes.
UNUSED = 30 * DAY

SOURCE_FILES = (
    "tools/testing/selftests/kselftest.h",
    "tools/testing/selftests/kselftest_harness.h",
    "scripts/checkpatch.pl",
    "scripts/const_structs.checkpatch",
    "scripts/kernel-doc",
    "scripts/spelling.txt",
)
# Tells what was taken before the list was another one.
SOURCE_DIGEST = hashlib.sha256("\n".join(SOURCE_FILES).encode()).hexdigest()[:8]


class Stock:
    """A kernel of Debian's own."""
    patience = DAY

    def __init__(self, kernel):
        self.newest = functools.partial(stock.newest_kernel, kernel.name)

    def fits(self, _):
        return True


class Built:
    """A kernel built here; one with other options will not do instead."""
    # A new version means to build it all again.
    patience = 7 * DAY

    def __init__(self, kernel):
        self.newest = functools.partial(kbuild.newest_kernel, kernel)
        self.suffix = f"-{kbuild.digest(kernel)}"

    def fits(self, path):
        return path.name.endswith(self.suffix)


class Source:
    """Some files of a source package. They hardly change: any will do."""
    patience = float("inf")

    def __init__(self, series):
        self.package = f"linux-source-{series}"

    def newest(self):
        packages = Packages(STABLE)
        known = [p["Version"] for p in packages.show([self.package])]
        if not known:
            packages.forget()
            raise Unreachable(f"no {self.package} in Debian's package lists")
        version = newest(known)
        return version, functools.partial(self.unpack, packages, version)

    def fits(self, _):
        return True

    def unpack(self, packages, version, into):
        """Stream the tarball out of the package and keep a handful of files."""
        say(f"taking the selftest harness out of {self.package} (some 150 MB)")
        with tempfile.TemporaryDirectory(dir=CACHE) as debs:
            deb, = packages.download([(self.package, version)],
                                     pathlib.Path(debs))
            run("sh", "-c", 'deb=$1; into=$2; shift 2; '
                'dpkg-deb --fsys-tarfile "$deb"'
                ' | tar -xO --wildcards "./usr/src/*.tar.xz" | xz -dc -T0'
                ' | tar -x -C "$into" --strip-components=1 --occurrence=1'
                ' -f - "$@"', "sh", deb, into,
                *(f"{self.package}/{f}" for f in SOURCE_FILES))
        missing = [f for f in SOURCE_FILES if not (into / f).exists()]
        if missing:
            raise Failed(f"{self.package} {version} has no "
                         + " ".join(missing))


def link_stamp(link):
    return link.with_name(f"{link.name}.checked")


def fresh(thing, link):
    return (link.exists() and thing.fits(link.resolve())
            and age(link_stamp(link)) <= thing.patience)


def discard(parent):
    """Remove what nobody asked for in a long time."""
    named = {link.resolve() for link in parent.iterdir() if link.is_symlink()}
    for path in parent.iterdir():
        if (path.is_dir() and path.resolve() not in named
                and age(path) > UNUSED):
            shutil.rmtree(path, ignore_errors=True)


def renew(thing, link):
    """Let link name the newest version there is, fetched if need be."""
    try:
        version, fill = thing.newest()
        place(link.parent / version, link.name, fill)
        point(link, link.parent / version)
        discard(link.parent)
    except Unreachable as error:
        if not (link.exists() and thing.fits(link.resolve())):
            raise
        say(f"{error}\nfetch: using {link.resolve().name} from the cache")
    link_stamp(link).touch()


def fetch(kind, name, thing):
    """Return the directory of the newest version, or of the cached one."""
    link = CACHE / kind / name
    if not fresh(thing, link):
        with locked(f"{kind}-{name}"):
            # Another process may have been at it just now.
            if not fresh(thing, link):
                renew(thing, link)
    os.utime(link)
    return link.resolve()


def main():
    # Leave through the contexts, so that half of a kernel goes too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit("ended by a signal"))
    try:
        match sys.argv[1:]:
            case ["kernel", name]:
                kernel = matrix.kernel(name)
                thing = (Built if kernel.built else Stock)(kernel)
            case ["source", name]:
                thing = Source(name)
            case _:
                sys.exit(__doc__.strip())
        print(fetch(sys.argv[1], name, thing))
    except (Failed, matrix.Unknown) as error:
        sys.exit(f"fetch: {error}")


if __name__ == "__main__":
    main()
