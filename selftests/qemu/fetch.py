#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Bring Debian's own kernels into a cache, without installing anything.

    fetch.py kernel 6.12    unpack image, headers and kbuild tools
    fetch.py source 6.12    take the selftest harness and the checkers out of
                            the kernel's source package

Prints the directory. Packages come from the mirror this machine's apt is
configured for, through an apt state of our own in the cache, so neither the
machine's package lists nor its sources are touched.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME")
                     or pathlib.Path.home() / ".cache") / "splicevec"
APT = CACHE / "apt"
SUITE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DAY = 24 * 3600
HOUR = 3600

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


class Failed(Exception):
    """Something the user has to know about; the text says what."""


def say(text):
    print(f"fetch: {text}", file=sys.stderr, flush=True)


def run(*argv, **kwargs):
    """Run a command quietly; what it printed is shown only if it fails."""
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          check=False, **kwargs)
    if done.returncode:
        output = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f"{' '.join(map(str, argv[:4]))}: "
                     + "\n".join(output[-5:]))
    return done.stdout


@contextlib.contextmanager
def locked(name):
    """One process at a time; the lock goes away with the process."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# The private apt state


def machine_suites():
    """Yield (mirror, suite) of the machine's own "main" package lists."""
    # Without --no-release-info only lists already fetched would be named.
    listing = run("apt-get", "indextargets", "--no-release-info", "--format",
                  "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                  "Created-By: Packages")
    for line in listing.splitlines():
        mirror, suite, component = line.rsplit(" ", 2)
        if component == "main":
            yield mirror, suite


def sources():
    """Write sources for our suites from the mirrors the machine uses."""
    own = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
    archive, security = set(), set()
    for mirror, suite in machine_suites():
        if suite.endswith(("-security", "/updates")):
            security.add(mirror)
        elif suite in (own, "stable", "oldstable"):
            archive.add(mirror)
    # Others publish a "bookworm main" too; Debian's mirrors say "debian".
    archive = {m for m in archive if "debian" in m} or archive
    if not archive:
        raise Failed("no Debian mirror in this machine's apt sources")
    entries = [(m, (SUITE, f"{SUITE}-updates", f"{SUITE}-backports"))
               for m in sorted(archive)]
    entries += [(m, (f"{SUITE}-security",)) for m in sorted(security)]
    return "\n".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main"
                     for mirror, suites in entries for suite in suites) + "\n"


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def apt_config():
    """Set up the private state; return the options that select it."""
    for name in ("lists/partial", "archives/partial", "empty"):
        (APT / name).mkdir(parents=True, exist_ok=True)
    write_if_changed(APT / "sources.list", sources())
    write_if_changed(APT / "apt.conf", f"""\
#clear APT::Update;
#clear APT::Architectures;
#clear DPkg::Pre-Install-Pkgs;
APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dir::Etc::SourceList "{APT}/sources.list";
Dir::Etc::SourceParts "{APT}/empty";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "{APT}/empty";
Dir::State::Lists "{APT}/lists";
Dir::Cache "{APT}";
Dir::Cache::PkgCache "pkgcache.bin";
Dir::Cache::SrcPkgCache "";
""")
    return ("-c", str(APT / "apt.conf"))


def age(path):
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def update(options):
    """Fetch the package lists anew if they are older than a day."""
    stamp = APT / "updated"
    if age(stamp) < DAY:
        return
    say("reading the package lists of Debian's mirror")
    stamp.touch()
    try:
        run("apt-get", *options, "-q", "--error-on=any", "update")
    except Failed as error:
        # One suite may be missing on a mirror: carry on with the others,
        # and look again in an hour.
        say(f"some lists could not be read: {error}")
        os.utime(stamp, (time.time() - DAY + HOUR,) * 2)


def show(options, names):
    """Return the known versions of packages, a dict of fields each."""
    if not names:
        return []
    stanzas = run("apt-cache", *options, "show", *names).split("\n\n")
    fields = (re.findall(r"^([\w-]+): (.*)$", stanza, re.M)
              for stanza in stanzas if stanza.strip())
    return [dict(stanza) for stanza in fields]


def newer(a, b):
    """Compare Debian versions, as sort wants it."""
    for relation, result in (("lt", -1), ("gt", 1)):
        if not subprocess.run(("dpkg", "--compare-versions", a, relation, b),
                              check=False).returncode:
            return result
    return 0


def newest(versions):
    return max(versions, key=functools.cmp_to_key(newer))


def download(options, wanted, into):
    """Fetch (package, version) pairs, two at a time; return the files."""
    def one(package):
        run("apt-get", *options, "-q", "download", "=".join(package),
            cwd=into)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, wanted))
    return sorted(into.glob("*.deb"))


# Kernels


def candidates(options, kernel):
    """Return {version: release} of images whose headers exist as well."""
    names = run("apt-cache", *options, "pkgnames",
                f"linux-image-{kernel}.").split()
    pattern = re.compile(
        rf"linux-image-({re.escape(kernel)}\.\d.*-cloud-amd64)")
    releases = [m[1] for m in map(pattern.fullmatch, names) if m]
    headers = {(p["Package"], p["Version"]) for p in
               show(options, [f"linux-headers-{r}" for r in releases])}
    images = show(options, [f"linux-image-{r}" for r in releases])
    found = {}
    for image in images:
        release = image["Package"].removeprefix("linux-image-")
        if (f"linux-headers-{release}", image["Version"]) in headers:
            found[image["Version"]] = release
    return found


def packages(options, release, version):
    """Return all packages needed to boot a kernel and to build for it."""
    wanted = [(f"linux-image-{release}", version),
              (f"linux-headers-{release}", version)]
    depends = next(p["Depends"] for p in
                   show(options, [f"linux-headers-{release}"])
                   if p["Version"] == version)
    # Only "=" names a version; the kbuild tools may come without one.
    for name, exact in re.findall(
            r"(linux-(?:headers|kbuild)-[^ ,]+)(?: \(= ([^)]+)\))?", depends):
        known = [p["Version"] for p in show(options, [name])]
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


def unpack_kernel(options, release, version, into):
    with tempfile.TemporaryDirectory(dir=CACHE) as debs:
        files = download(options, packages(options, release, version),
                         pathlib.Path(debs))
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda deb: run("dpkg-deb", "-x", deb, into), files))
    relocate(into, release)


def kernel_version(options, kernel):
    found = candidates(options, kernel)
    if not found:
        raise Failed(f"no cloud kernel {kernel} in Debian's package lists")
    version = newest(found)
    return version, functools.partial(unpack_kernel, options, found[version],
                                      version)


# Files of the source package


def unpack_source(options, package, version, into):
    """Stream the tarball out of the package and keep a handful of files."""
    say(f"taking the selftest harness out of {package} (some 150 MB)")
    with tempfile.TemporaryDirectory(dir=CACHE) as debs:
        deb, = download(options, [(package, version)], pathlib.Path(debs))
        run("sh", "-c", 'deb=$1; into=$2; shift 2; '
            'dpkg-deb --fsys-tarfile "$deb"'
            ' | tar -xO --wildcards "./usr/src/*.tar.xz" | xz -dc -T0'
            ' | tar -x -C "$into" --strip-components=1 --occurrence=1'
            ' -f - "$@"', "sh", deb, into,
            *(f"{package}/{f}" for f in SOURCE_FILES))
    missing = [f for f in SOURCE_FILES if not (into / f).exists()]
    if missing:
        raise Failed(f"{package} {version} has no {' '.join(missing)}")


def source_version(options, kernel):
    package = f"linux-source-{kernel}"
    known = [p["Version"] for p in show(options, [package])]
    if not known:
        raise Failed(f"no {package} in Debian's package lists")
    version = newest(known)
    return f"{version}-{SOURCE_DIGEST}", functools.partial(
        unpack_source, options, package, version)


# The cache


def place(kind, version, unpack):
    """Unpack into a new directory and move it into place when complete."""
    final = CACHE / kind / version
    if final.exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    say(f"fetching {kind} {version}")
    scratch = pathlib.Path(tempfile.mkdtemp(dir=final.parent, prefix="new-"))
    try:
        scratch.chmod(0o755)
        unpack(scratch)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return final


def point(link, target):
    """Let link name target, replacing what it named before in one step."""
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.symlink_to(target.name)
    fresh.rename(link)


def renew(kind, kernel, link):
    """Let link name the newest version there is, fetched if need be."""
    with locked("apt"):
        options = apt_config()
        update(options)
    resolve = kernel_version if kind == "kernel" else source_version
    version, unpack = resolve(options, kernel)
    point(link, place(kind, version, unpack))


def fresh(kind, link):
    # The few files taken from the source hardly change: any version will do.
    if kind == "source":
        return link.resolve().name.endswith(f"-{SOURCE_DIGEST}")
    return age(link_stamp(link)) < DAY


def fetch(kind, kernel):
    """Return the directory of the newest version, or of the cached one."""
    link = CACHE / kind / kernel
    if link.exists() and fresh(kind, link):
        return link.resolve()
    with locked(f"{kind}-{kernel}"):
        try:
            renew(kind, kernel, link)
        except Failed as error:
            if not link.exists():
                (APT / "updated").unlink(missing_ok=True)
                raise
            say(f"{error}\nfetch: using {kind} {link.resolve().name} "
                "from the cache")
        link_stamp(link).touch()
    return link.resolve()


def link_stamp(link):
    return link.with_name(f"{link.name}.checked")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("kernel", "source"):
        sys.exit(__doc__.strip())
    try:
        print(fetch(*sys.argv[1:]))
    except Failed as error:
        sys.exit(f"fetch: {error}")


if __name__ == "__main__":
    main()
