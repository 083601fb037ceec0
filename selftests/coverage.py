#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Tell what of kmod/ the tests have executed.

    coverage.py BUILD KERNEL...

Takes what guests have left in BUILD/logs/GUEST/counters (see qemu/counters.c) and lets
gcov make lines of it. A line counts if the module of any of the kernels has code
for it, and is reached if any of them came there. What was not reached is listed in
BUILD/unreached, with the labels among it, as these are error paths: a label is
reached if somebody has jumped there. It is a failure if there are any, or if less
than ENOUGH of the lines were reached.
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
LABEL = re.compile(r"^(\w+):$")
GOTO = re.compile(r"\bgoto (\w+);")
# Percent of all lines.
ENOUGH = 90


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


def functions(text):
    """Yield the numbered lines of each function, and of what is before it."""
    function = []
    for number, line in enumerate(text, 1):
        function.append((number, line))
        if line == "}":
            yield function
            function = []


def executed_from(number, function, lines):
    """Tell how often the first line with code from that on was executed."""
    return next((lines[n] for n, _ in function if n >= number and n in lines), 0)


def unreached_labels(text, lines):
    """Yield (number, line) of labels nobody has jumped to."""
    for function in functions(text):
        jumps = collections.Counter()
        named = set()
        for number, line in function:
            if jump := GOTO.search(line):
                named.add(jump[1])
                jumps[jump[1]] += lines[number]
        for number, line in function:
            label = LABEL.match(line)
            # Those that a macro jumps to are behind the function's end.
            if label and not (jumps[label[1]] if label[1] in named else
                              executed_from(number, function, lines)):
                yield number, line


def unreached(text, lines):
    """Yield (number, line) of lines nobody came to."""
    for number, times in lines.items():
        if not times:
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
            text = pathlib.Path("kmod", name).read_text().splitlines()
            missed = list(unreached(text, lines))
            never = list(unreached_labels(text, lines))
            labels += len(never)
            print(f"{name:24} {len(lines):5} lines  {len(missed):4} unreached  "
                  f"{100 * (1 - len(missed) / len(lines)):5.1f}%")
            for number, line in sorted(missed + never):
                print(f"kmod/{name}:{number}:{line}", file=report)
    print(f"labels unreached: {labels}; lines unreached: {report.name}")
    total = sum(map(len, files.values()))
    reached = sum(bool(times) for lines in files.values()
                  for times in lines.values())
    percent = 100 * reached / total
    print(f"total: {percent:.1f}% of lines")
    return 1 if labels or percent < ENOUGH else 0


if __name__ == "__main__":
    sys.exit(main())
