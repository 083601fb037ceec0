# SPDX-License-Identifier: GPL-2.0-only
"""The ABI as its header declares it: what must be pinned and described."""

import pathlib
import re

PATH = (pathlib.Path(__file__).resolve().parents[2]
        / "include/uapi/linux/splicevec.h")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRUCT = re.compile(r"^struct (\w+) \{(.*?)^\}", re.S | re.M)
FIELD = re.compile(r"^\s*(\w+) (\w+)(?:\[(\d+)\])?;$", re.M)
ENUM = re.compile(r"^enum (\w+) \{(.*?)^\}", re.S | re.M)
ENUMERATOR = re.compile(r"^\s*(\w+)", re.M)
MACRO = re.compile(r"^#define[ \t]+(SPLICEVEC_\w+)[ \t]+(.*)$", re.M)
# An __u64 is not aligned to 8 bytes on every machine.
WIDTHS = {"__u8": 1, "__u16": 2, "__u32": 4, "__s32": 4, "__s64": 8,
          "__aligned_u64": 8}


class Unreadable(Exception):
    """The header, or a description of it, is not written as expected here."""


def fields(struct, body):
    """Return the fields of a struct as (name, bytes)."""
    found = FIELD.findall(body)
    if len(found) != len([line for line in body.splitlines() if line.strip()]):
        raise Unreadable(f"struct {struct} has more than fields, one a line")
    for kind, name, _ in found:
        if kind not in WIDTHS:
            raise Unreadable(f"{kind} is no type for {struct}.{name}")
    return [(name, WIDTHS[kind] * int(count or 1))
            for kind, name, count in found]


class Header:
    """structs: {name: [(field, bytes)]}; enums: {name: [enumerator]}."""

    def __init__(self, path=PATH):
        self.text = path.read_text(encoding="ascii")
        code = COMMENT.sub("", self.text)
        self.structs = {name: fields(name, body)
                        for name, body in STRUCT.findall(code)}
        self.enums = {name: ENUMERATOR.findall(body)
                      for name, body in ENUM.findall(code)}
        self.macros = dict(MACRO.findall(code))

    def commands(self):
        return [name for name, value in self.macros.items()
                if value.startswith("_IO")]

    def constants(self):
        """Every name that has a value."""
        enumerators = [name for names in self.enums.values() for name in names]
        return list(self.macros) + enumerators

    def results(self, struct):
        """The fields of a struct that its comment calls out."""
        comment = re.search(rf"/\*\*\n \* struct {struct} - .*?\*/", self.text,
                            re.S)
        if not comment:
            raise Unreadable(f"struct {struct} has no kernel-doc")
        return set(re.findall(r"^ \* @(\w+): out:", comment[0], re.M))
