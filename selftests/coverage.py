#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Tell what of kmod/ the tests have executed.

    coverage.py BUILD KERNEL...

Takes what guests have left in BUILD/logs/GUEST/counters (see qemu/counters.c) and lets
gcov make lines of it. A line counts if the module of any of the kernels has code
for it, and is reached if any of them came there. What was not reached is listed in
BUILD/unreached, with the labels among it, as these are error paths.
"""

import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys

# What belongs to the compiler the modules are built with.
GCOV = "gcov-12"
LABEL = re.compile(r"^\w+:$")


def counted(image):
    """Yield (path, contents) of the files on a disk of counters."""
    with open(image, "rb") as disk:
        while True:
            size, _, path = disk.readline().decode().rstrip("\n").partition(" ")
            if not path:
                return
            yield path, disk.read(int(size))


def images(build, kernel):
    """Return the disks of the guests of a kernel."""
    found = sorted((build / "logs").glob(f"{kernel}*/counters"))
    return [image for image in found
            if image.parent.name.removeprefix(kernel)[:1] in ("", ".")]


def lay_out(image, source, into):
    """Put counters and the compiler's notes side by side."""
    for path, contents in counted(image):
        path = pathlib.Path(path)
        if not path.is_relative_to(source):
            continue
        target = into / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(contents)
        shutil.copy(path.with_suffix(".gcno"), target.with_suffix(".gcno"))
    return sorted(into.rglob("*.gcda"))


def executed(build, kernel):
    """Yield (file, line, times), a line once for each file it is compiled in."""
    source = (build / kernel / "src").resolve()
    for image in images(build, kernel):
        yield from executed_in(image, source)


def executed_in(image, source):
    """The same of one guest."""
    into = image.with_name("gcov")
    shutil.rmtree(into, ignore_errors=True)
    files = lay_out(image, source, into)
    if not files:
        sys.exit(f"coverage: nothing was counted in {image}")
    done = subprocess.run((GCOV, "--json-format", "--stdout", *map(str, files)),
                          stdout=subprocess.PIPE, check=True, text=True)
    for document in done.stdout.splitlines():
        for file in json.loads(document)["files"]:
            _, found, name = file["file"].rpartition("/kmod/")
            if not found and not file["file"].startswith("kmod/"):
                continue
            name = name.removeprefix("kmod/")
            for line in file["lines"]:
                yield name, line["line_number"], line["count"]


def unreached(name, lines):
    """Yield the lines of a file nobody came to, labels before them included."""
    text = pathlib.Path("kmod", name).read_text().splitlines()
    for number in sorted(n for n, times in lines.items() if not times):
        if LABEL.match(text[number - 2]):
            yield number - 1, text[number - 2]
        yield number, text[number - 1]


def main():
    build, *kernels = sys.argv[1:]
    build = pathlib.Path(build)
    files = collections.defaultdict(collections.Counter)
    for kernel in kernels:
        for name, line, times in executed(build, kernel):
            if not name.startswith("tests/"):
                files[name][line] += times

    labels = 0
    with open(build / "unreached", "w", encoding="utf-8") as report:
        for name, lines in sorted(files.items()):
            missed = sum(not times for times in lines.values())
            print(f"{name:24} {len(lines):5} lines  {missed:4} unreached  "
                  f"{100 * (1 - missed / len(lines)):5.1f}%")
            for number, text in unreached(name, lines):
                labels += bool(LABEL.match(text))
                print(f"kmod/{name}:{number}:{text}", file=report)
    print(f"labels unreached: {labels}; lines unreached: {report.name}")
    total = sum(map(len, files.values()))
    missed = sum(not times for lines in files.values() for times in
                 lines.values())
    print(f"total: {100 * (1 - missed / total):.1f}% of lines")


if __name__ == "__main__":
    main()
