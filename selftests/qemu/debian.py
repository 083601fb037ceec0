# SPDX-License-Identifier: GPL-2.0-only
"""Debian's packages, through apt states of our own in the cache.

They come from the mirror this machine's apt is configured for, yet neither its
package lists nor its sources are touched, and nothing is installed.
"""

import functools
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from cache import (CACHE, DAY, HOUR, Failed, Unreachable, age, locked, run,
                   say, write_if_changed)

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# For each state, the suites of the archive's mirror and of the security one's.
STABLE = "bookworm"
NEWEST = "sid"
SUITES = {
    STABLE: ((STABLE, f"{STABLE}-updates", f"{STABLE}-backports"),
             (f"{STABLE}-security",)),
    NEWEST: ((NEWEST,), ()),
}


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


def mirrors():
    """Return those of the archive and those of its security updates."""
    own = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
    archive, security = set(), set()
    for mirror, suite in machine_suites():
        if suite.endswith(("-security", "/updates")):
            security.add(mirror)
        elif suite in (own, "stable", "oldstable"):
            archive.add(mirror)
    # Others publish a suite of that name too; Debian's mirrors say "debian".
    archive = {m for m in archive if "debian" in m} or archive
    if not archive:
        raise Failed("no Debian mirror in this machine's apt sources")
    return sorted(archive), sorted(security)


def sources(state):
    """Write sources for a state's suites from the mirrors the machine uses."""
    return "".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n"
                   for some, suites in zip(mirrors(), SUITES[state])
                   for mirror in some for suite in suites)


def newer(a, b):
    """Compare Debian versions, as sort wants it."""
    for relation, result in (("lt", -1), ("gt", 1)):
        if not subprocess.run(("dpkg", "--compare-versions", a, relation, b),
                              check=False).returncode:
            return result
    return 0


def newest(versions):
    return max(versions, key=functools.cmp_to_key(newer))


class Packages:
    """The packages of some suites, as of their lists a day ago at most."""

    def __init__(self, state):
        self.apt = CACHE / ("apt" if state == STABLE else f"apt-{state}")
        with locked(self.apt.name):
            self.configure(state)
            self.update()

    def configure(self, state):
        for name in ("lists/partial", "archives/partial", "empty"):
            (self.apt / name).mkdir(parents=True, exist_ok=True)
        write_if_changed(self.apt / "sources.list", sources(state))
        write_if_changed(self.apt / "apt.conf", f"""\
#clear APT::Update;
#clear APT::Architectures;
#clear DPkg::Pre-Install-Pkgs;
APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dir::Etc::SourceList "{self.apt}/sources.list";
Dir::Etc::SourceParts "{self.apt}/empty";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "{self.apt}/empty";
Dir::State::Lists "{self.apt}/lists";
Dir::Cache "{self.apt}";
Dir::Cache::PkgCache "pkgcache.bin";
Dir::Cache::SrcPkgCache "";
""")

    def run(self, command, *args, **kwargs):
        return run(command, "-c", str(self.apt / "apt.conf"), *args,
                   failure=Unreachable, **kwargs)

    @property
    def stamp(self):
        return self.apt / "updated"

    def update(self):
        """Fetch the package lists anew if they are older than a day."""
        if age(self.stamp) < DAY:
            return
        say("reading the package lists of Debian's mirror")
        self.stamp.touch()
        try:
            self.run("apt-get", "-q", "--error-on=any", "update")
        except Failed as error:
            # One suite may be missing on a mirror: carry on with the others,
            # and look again in an hour.
            say(f"some lists could not be read: {error}")
            os.utime(self.stamp, (time.time() - DAY + HOUR,) * 2)

    def forget(self):
        """Read the lists anew the next time: something was not in them."""
        self.stamp.unlink(missing_ok=True)

    def names(self, prefix):
        return self.run("apt-cache", "pkgnames", prefix).split()

    def show(self, names):
        """Return the known versions of packages, a dict of fields each."""
        if not names:
            return []
        stanzas = self.run("apt-cache", "show", *names).split("\n\n")
        fields = (re.findall(r"^([\w-]+): (.*)$", stanza, re.M)
                  for stanza in stanzas if stanza.strip())
        return [dict(stanza) for stanza in fields]

    def download(self, wanted, into):
        """Fetch (package, version) pairs, two at a time; return the files."""
        def one(package):
            self.run("apt-get", "-q", "download", "=".join(package), cwd=into)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, wanted))
        return sorted(into.glob("*.deb"))
