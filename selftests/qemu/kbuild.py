# SPDX-License-Identifier: GPL-2.0-only
"""Kernels built from Debian's source packages and the fragments in config/.

What is kept of a build is what it takes to boot it and to build modules for it,
laid out as an unpacked image package is. It goes by the version of its source
and a digest of all else that made it.
"""

import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time

from cache import (CACHE, Failed, Unreachable, locked, place, run, say,
                   scratch)
from debian import NEWEST, STABLE, Packages, newest

COMPILER = "gcc-12"

# To be raised when what older versions of this file have built will not do.
RECIPE = 1

# What modules are built with.
KEPT = (".config", "Makefile", "Module.symvers", "include", "scripts",
        "arch/x86/Makefile*", "arch/x86/include", "tools/objtool/objtool")

# Nothing of the make or the shell that called us shall get into a kernel.
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C",
               "KBUILD_BUILD_USER": "splicevec", "KBUILD_BUILD_HOST": "tests"}


def digest(kernel):
    """Return what tells builds of the same source from each other."""
    compiler = run(COMPILER, "--version")
    made_by = hashlib.sha256(f"{RECIPE}\n{compiler}".encode())
    for fragment in kernel.fragments:
        made_by.update(fragment.read_bytes())
    return made_by.hexdigest()[:12]


# The source


def source_package(packages, series):
    """Return name and version of the newest one."""
    minor = "" if "." in series else r"\.\d+"
    pattern = re.compile(rf"linux-source-{re.escape(series)}{minor}")
    names = filter(pattern.fullmatch,
                   packages.names(f"linux-source-{series}"))
    known = {p["Version"]: p["Package"] for p in packages.show(list(names))}
    if not known:
        packages.forget()
        raise Unreachable(f"no linux-source-{series} in Debian's package lists")
    version = newest(known)
    return known[version], version


def tarball(packages, package, version):
    """Return the source, downloaded if need be; older ones go."""
    final = CACHE / "tarball" / f"{package}_{version}"

    def fill(into):
        say(f"downloading {package} {version} (some 160 MB)")
        with scratch(CACHE / "tarball", f"{package}-deb") as debs:
            deb, = packages.download([(package, version)], debs)
            run("sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" '
                '--strip-components=3 --wildcards "./usr/src/*.tar.xz"',
                "sh", deb, into)
    place(final, package, fill)
    for other in final.parent.glob(f"{package}_*"):
        if other != final:
            shutil.rmtree(other, ignore_errors=True)
    found, = final.glob("*.tar.xz")
    return found


def unpack(archive, tree):
    tree.mkdir()
    run("tar", "-xJf", archive, "-C", tree, "--strip-components=1")
    # Modules are to be built with the compiler the kernel was built with.
    makefile = tree / "Makefile"
    gcc = r"^((?:HOST)?CC\s*=\s*)(?:\$\(CROSS_COMPILE\))?gcc$"
    text, replaced = re.subn(gcc, rf"\g<1>{COMPILER}", makefile.read_text(),
                             flags=re.M)
    if replaced != 2:
        raise Failed(f"{archive.name}: no compiler named in its Makefile")
    makefile.write_text(text)


# The configuration


def lost(wanted, got):
    """Return the lines of the fragments that Kconfig did not do as told."""
    got = set(got)
    # A later fragment overrides those before.
    last = {}
    for line in wanted:
        option = re.match(r"(?:# )?(CONFIG_\w+)(?:=| is not set)", line)
        if option:
            last[option[1]] = line
    # "is not set" may also mean that there is no such option.
    return [line for option, line in last.items()
            if (line not in got if line.startswith("CONFIG_") else
                any(other.startswith(f"{option}=") for other in got))]


def configure(kernel, tree, log):
    """All off but what the fragments say, and what that depends on."""
    fragments = "".join(f.read_text() for f in kernel.fragments)
    (tree / "wanted").write_text(fragments)
    make(tree, log, "KCONFIG_ALLCONFIG=wanted", "allnoconfig")
    config = (tree / ".config").read_text()
    missing = lost(fragments.splitlines(), config.splitlines())
    if missing:
        raise Failed(f"{kernel.name}: not what came of the configuration:\n"
                     + "\n".join(f"  {line}" for line in missing))


# The build


def make(tree, log, *args):
    """Run make; whatever ends us ends all that it started."""
    jobs = len(os.sched_getaffinity(0))
    argv = ("setpriv", "--pdeathsig", "TERM", "make", "-C", str(tree),
            f"-j{jobs}", *args)
    with open(log, "ab") as output, \
            subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output,
                             stderr=output, env=ENVIRONMENT,
                             start_new_session=True) as process:
        try:
            failed = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if failed:
        tail = log.read_text(errors="replace").splitlines()[-15:]
        raise Failed("\n".join((f"make {args[-1]} failed, all of it: {log}",
                                *tail)))


def keep(tree, into):
    """Move what is needed out of the tree, and put it as a package has it."""
    headers = into / "headers"
    for pattern in KEPT:
        paths = list(tree.glob(pattern))
        if not paths:
            raise Failed(f"the build made no {pattern}")
        for path in paths:
            target = headers / path.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    for path in headers.rglob("*.o"):
        path.unlink()
    (tree / "arch/x86/boot/bzImage").rename(into / "vmlinuz")
    modules = into / "modules"
    modules.mkdir()
    (tree / "modules.builtin").rename(modules / "modules.builtin")
    (modules / "modules.dep").touch()


def build(kernel, packages, package, version, into):
    # One at a time: each takes all processors, and memory.
    with locked("build"):
        archive = tarball(packages, package, version)
        log = CACHE / f"build-{kernel.name}.log"
        say(f"building {kernel.name} of {package} {version}, "
            f"some 20 minutes on two processors; log: {log}")
        log.write_bytes(b"")
        start = time.monotonic()
        tree = into / "tree"
        unpack(archive, tree)
        configure(kernel, tree, log)
        make(tree, log, "bzImage", "modules")
        keep(tree, into)
        shutil.rmtree(tree)
        say(f"built {kernel.name} in {time.monotonic() - start:.0f} s")


def newest_kernel(kernel):
    """Return the directory's name, and what fills it."""
    packages = Packages(STABLE if "." in kernel.series else NEWEST)
    package, version = source_package(packages, kernel.series)
    return (f"{version}-{kernel.flavour or 'plain'}-{digest(kernel)}",
            functools.partial(build, kernel, packages, package, version))
