# SPDX-License-Identifier: GPL-2.0-only
"""What is fetched or built once: directories that are complete or not there."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME")
                     or pathlib.Path.home() / ".cache") / "splicevec"
DAY = 24 * 3600
HOUR = 3600


class Failed(Exception):
    """Something the user has to know about; the text says what."""


class Unreachable(Failed):
    """Debian's mirror could not be asked; what the cache has will do."""


def say(text):
    print(f"fetch: {text}", file=sys.stderr, flush=True)


def run(*argv, failure=Failed, **kwargs):
    """Run a command quietly; what it printed is shown only if it fails."""
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          check=False, **kwargs)
    if done.returncode:
        output = (done.stderr or done.stdout).strip().splitlines()
        raise failure(f"{' '.join(map(str, argv[:4]))}: "
                      + "\n".join(output[-5:]))
    return done.stdout


@contextlib.contextmanager
def locked(name):
    """One process at a time; the lock goes away with the process."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def age(path):
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


@contextlib.contextmanager
def scratch(parent, name):
    """A directory to work in, gone afterwards unless it was moved away.

    The caller holds a lock of that name, so what lies there under the same
    name belongs to a process that was killed.
    """
    parent.mkdir(parents=True, exist_ok=True)
    prefix = f"new-{name}@"
    for stale in parent.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
    made = pathlib.Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def place(final, name, fill):
    """Let fill() make a directory, and move it into place when complete."""
    if final.exists():
        return
    with scratch(final.parent, name) as made:
        fill(made)
        try:
            made.rename(final)
        except OSError:
            # Under another name somebody else may have made it meanwhile.
            if not final.exists():
                raise


def point(link, target):
    """Let link name target, replacing what it named before in one step."""
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.symlink_to(target.name)
    fresh.rename(link)
