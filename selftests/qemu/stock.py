# SPDX-License-Identifier: GPL-2.0-only
"""Debian's own kernels, unpacked as they are."""

import functools
import os
import pathlib
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor

from cache import CACHE, Unreachable, run
from debian import STABLE, Packages, newest


def candidates(packages, kernel):
    """Return {version: release} of images whose headers exist as well."""
    pattern = re.compile(
        rf"linux-image-({re.escape(kernel)}\.\d.*-cloud-amd64)")
    matches = map(pattern.fullmatch, packages.names(f"linux-image-{kernel}."))
    releases = [m[1] for m in matches if m]
    headers = {(p["Package"], p["Version"]) for p in
               packages.show([f"linux-headers-{r}" for r in releases])}
    found = {}
    for image in packages.show([f"linux-image-{r}" for r in releases]):
        release = image["Package"].removeprefix("linux-image-")
        if (f"linux-headers-{release}", image["Version"]) in headers:
            found[image["Version"]] = release
    return found


def needed(packages, release, version):
    """Return all packages needed to boot a kernel and to build for it."""
    wanted = [(f"linux-image-{release}", version),
              (f"linux-headers-{release}", version)]
    depends = next(p["Depends"] for p in
                   packages.show([f"linux-headers-{release}"])
                   if p["Version"] == version)
    # Only "=" names a version; the kbuild tools may come without one.
    for name, exact in re.findall(
            r"(linux-(?:headers|kbuild)-[^ ,]+)(?: \(= ([^)]+)\))?", depends):
        known = [p["Version"] for p in packages.show([name])]
        wanted.append((name, exact or (version if version in known
                                       else newest(known))))
    return wanted


def relocate(prefix, release):
    """Make an unpacked headers tree build where it lies."""
    makefile = prefix / f"usr/src/linux-headers-{release}/Makefile"
    here = "$(dir $(abspath $(lastword $(MAKEFILE_LIST))))../"
    makefile.write_text(makefile.read_text().replace("/usr/src/", here))
    modules = prefix / f"lib/modules/{release}"
    for name in ("build", "source"):
        link = modules / name
        if link.is_symlink():
            target = f"../../..{os.readlink(link)}"
            link.unlink()
            link.symlink_to(target)
    run("/sbin/depmod", "-b", str(prefix), release)
    for name, target in (("headers", f"usr/src/linux-headers-{release}"),
                         ("vmlinuz", f"boot/vmlinuz-{release}"),
                         ("modules", f"lib/modules/{release}")):
        (prefix / name).symlink_to(target)


def unpack(packages, release, version, into):
    with tempfile.TemporaryDirectory(dir=CACHE) as debs:
        files = packages.download(needed(packages, release, version),
                                  pathlib.Path(debs))
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda deb: run("dpkg-deb", "-x", deb, into), files))
    relocate(into, release)


def newest_kernel(kernel):
    """Return the directory's name, and what fills it."""
    packages = Packages(STABLE)
    found = candidates(packages, kernel)
    if not found:
        packages.forget()
        raise Unreachable(f"no cloud kernel {kernel} in Debian's package lists")
    version = newest(found)
    return version, functools.partial(unpack, packages, found[version],
                                      version)
