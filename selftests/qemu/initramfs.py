#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Write the guest's root as a cpio archive.

    initramfs.py KERNEL-PREFIX OUT PATH=FILE...

Holds each FILE at PATH, and the kernel's own modules named in the file
"modules" beside this script, numbered in the order to load them. FILE may be a
directory (its files are taken), "->TARGET" makes a symbolic link, and a program of
this machine's, "+FILE", brings the libraries it needs.
"""

import lzma
import os
import pathlib
import re
import stat
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Archive:
    """A "newc" cpio archive, the format the kernel unpacks."""

    def __init__(self, out):
        self.out = out
        self.inode = 0
        self.directories = {"/"}
        self.libraries = set()

    def pad(self):
        self.out.write(b"\0" * (-self.out.tell() % 4))

    def entry(self, path, mode, data=b"", device=(0, 0)):
        self.inode += 1
        name = path.lstrip("/").encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device,
                  len(name), 0)
        self.out.write(b"070701" + b"".join(b"%08X" % f for f in fields))
        self.out.write(name)
        self.pad()
        self.out.write(data)
        self.pad()

    def directory(self, path):
        if path in self.directories:
            return
        self.directory(os.path.dirname(path))
        self.directories.add(path)
        self.entry(path, stat.S_IFDIR | 0o755)

    def file(self, path, data, executable=False):
        self.directory(os.path.dirname(path))
        self.entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def link(self, path, target):
        self.directory(os.path.dirname(path))
        self.entry(path, stat.S_IFLNK | 0o777, target.encode())

    def program(self, path, source):
        self.file(path, pathlib.Path(source).read_bytes(), executable=True)
        needs = subprocess.run(("ldd", source), check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        for library in re.findall(r"(/\S+) \(0x", needs):
            if library not in self.libraries:
                self.libraries.add(library)
                self.file(library, pathlib.Path(library).read_bytes(),
                          executable=True)

    def console(self):
        """The kernel opens this for PID 1 before anything is mounted."""
        self.directory("/dev")
        self.entry("/dev/console", stat.S_IFCHR | 0o600, device=(5, 1))

    def add(self, path, source):
        if source.startswith("->"):
            self.link(path, source[2:])
            return
        if source.startswith("+"):
            self.program(path, source[1:])
            return
        source = pathlib.Path(source)
        if source.is_dir():
            for each in sorted(source.iterdir()):
                if each.is_file():
                    self.add(f"{path}/{each.name}", str(each))
            return
        self.file(path, source.read_bytes(), os.access(source, os.X_OK))

    def end(self):
        self.entry("TRAILER!!!", 0)


def module_name(path):
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


def wanted():
    """Yield (name, must exist) from our list."""
    for line in (HERE / "modules").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.lstrip("-"), not line.startswith("-")


def in_load_order(tree):
    """Return the paths of the wanted modules, each after what it needs."""
    depends, paths = {}, {}
    for line in (tree / "modules.dep").read_text().splitlines():
        path, needs = line.split(":")
        depends[path] = needs.split()
        paths[module_name(path)] = path
    builtin = {module_name(line) for line in
               (tree / "modules.builtin").read_text().splitlines()}
    order = []
    for name, required in wanted():
        if name in paths:
            # modules.dep names the nearest first: load from the far end.
            order += reversed([paths[name], *depends[paths[name]]])
        elif required and name not in builtin:
            sys.exit(f"{tree}: no module {name}")
    return list(dict.fromkeys(order))


def add_modules(archive, tree):
    names = []
    for number, path in enumerate(in_load_order(tree)):
        data = (tree / path).read_bytes()
        if path.endswith(".xz"):
            data = lzma.decompress(data)
        names.append(f"/modules/{number:02}-{module_name(path)}.ko")
        archive.file(names[-1], data)
    archive.file("/modules/list", "".join(f"{n}\n" for n in names).encode())


def main():
    prefix, out, *files = sys.argv[1:]
    prefix = pathlib.Path(prefix)
    with open(f"{out}.new", "wb") as stream:
        archive = Archive(stream)
        for path in ("/proc", "/sys", "/tmp", "/run", "/mnt"):
            archive.directory(path)
        archive.console()
        for each in files:
            archive.add(*each.split("=", 1))
        add_modules(archive, prefix / "modules")
        archive.end()
    os.rename(f"{out}.new", out)


if __name__ == "__main__":
    main()
