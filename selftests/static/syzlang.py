#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Does the description for syzkaller say what the header says?

Every command, input flag and struct has to be there; each struct has the fields of
the header's, in their order, as wide, and what is a result there is one here. The
constants have the header's values, which the compiler tells for each machine. What is
submitted to a ring is as long as io_uring has it, with number and struct in their
places.
"""

import pathlib
import re
import subprocess
import sys

import header

TEXT = pathlib.Path(__file__).parents[1] / "fuzz/splicevec.txt"
CONSTANTS = TEXT.with_name(TEXT.name + ".const")
INPUT_ENUMS = ("splicevec_flag",)
INPUT_MACROS = ("SPLICEVEC_FD_MEM", "SPLICEVEC_FD_NONE", "SPLICEVEC_REAP_EVENTFD")
# Commands that io_uring takes, and where an entry has their number and their struct.
SUBMISSION = "io_uring_sqe_"
SUBMITTED = ("SPLICEVEC_PULL", "SPLICEVEC_PUSH", "SPLICEVEC_SPLICE")
ENTRY_SIZE, NUMBER_AT, STRUCT_AT = 64, 8, 48
MACHINES = {"amd64": "-m64", "386": "-m32"}

BLOCK = re.compile(r"^(\w+) ([{\[])\n(.*?)^[}\]]$", re.S | re.M)
FIELD = re.compile(r"^\t(\w+)\s+(.*?)(\s+\(out\))?\s*$", re.M)
CONSTANT = re.compile(r"\b(?:[A-Z]\w*_[A-Z0-9_]+)\b")
CALL = re.compile(r"^(\w+)\$\w+\(", re.M)
COMMAND = re.compile(r"^ioctl\$(\w+)\(fd fd_splicevec, cmd const\[(\w+)\], "
                     r"arg ptr\[inout, (\w+)\]\)$", re.M)


class Description:
    """structs: {name: [(field, type, is a result)]}; unions likewise."""

    def __init__(self, text):
        self.text = re.sub(r"#.*", "", text)
        self.structs, self.unions = {}, {}
        for name, bracket, body in BLOCK.findall(self.text):
            fields = [(field, kind, bool(out))
                      for field, kind, out in FIELD.findall(body)]
            (self.structs if bracket == "{" else self.unions)[name] = fields

    def width(self, kind):
        """Return the bytes a type takes, the same on every machine."""
        name, _, options = kind.partition("[")
        options = [o.strip() for o in options.rstrip("]").rsplit(",", 1)]
        if name in ("fd", "fd_splicevec"):
            return 4
        if name == "ptr64":
            return 8
        if name == "array":
            return self.width(options[0]) * int(options[1])
        if name in self.unions:
            return max(self.width(kind) for _, kind, _ in self.unions[name])
        integer = re.fullmatch(r"int(8|16|32|64)", name)
        if not integer and len(options) == 2:
            # The last option of const, flags and len tells.
            integer = re.fullmatch(r"int(8|16|32|64)", options[1])
        if not integer:
            raise header.Unreadable(f"{kind} has not the same width everywhere")
        return int(integer[1]) // 8

    def constants(self):
        # What begins with syz_ is the fuzzer's own.
        calls = {f"__NR_{call}" for call in CALL.findall(self.text)
                 if not call.startswith("syz_")}
        code = re.sub(r"\$\w+", "", self.text)
        return set(CONSTANT.findall(code)) | calls


def origin(abi, name):
    """Return the struct of the header a struct here stands for, or None."""
    fitting = [struct for struct in abi.structs
               if name == struct or name.startswith(f"{struct}_")]
    return max(fitting, key=len, default=None)


def compare_structs(abi, here):
    for struct in abi.structs:
        if struct not in here.structs:
            yield f"no {struct}"
    for name, fields in here.structs.items():
        if name.startswith(SUBMISSION):
            continue
        struct = origin(abi, name)
        if not struct:
            yield f"{name} is no struct of the header"
            continue
        found = [(field, here.width(kind)) for field, kind, _ in fields]
        if found != abi.structs[struct]:
            yield f"{name} has {found}, the header {abi.structs[struct]}"
        results = {field for field, _, out in fields if out}
        if results != abi.results(struct):
            yield (f"{name} has the results {sorted(results)}, the header "
                   f"{sorted(abi.results(struct))}")


def layout(here, fields):
    """Return {offset: (field, type)}, and where the struct ends."""
    at, found = 0, {}
    for field, kind, _ in fields:
        found[at] = (field, kind)
        at += here.width(kind)
    return found, at


def compare_submissions(abi, here):
    for command in SUBMITTED:
        name = f"{SUBMISSION}{command.lower()}"
        if f"submit${command}(" not in here.text or name not in here.structs:
            yield f"no submission of {command}"
            continue
        found, size = layout(here, here.structs[name])
        if size != ENTRY_SIZE:
            yield f"{name} has {size} bytes, an entry {ENTRY_SIZE}"
        if found.get(NUMBER_AT) != ("cmd_op", f"const[{command}, int32]"):
            yield f"{name} has not {command} at {NUMBER_AT}"
        field, kind = found.get(STRUCT_AT, (None, ""))
        given = re.fullmatch(r"ptr64\[inout, (\w+)\]", kind)
        if field != "cmd" or not given or \
                origin(abi, given[1]) != command.lower():
            yield f"{name} has not the struct of {command} at {STRUCT_AT}"


def compare_calls(abi, here):
    calls = COMMAND.findall(here.text)
    if len(calls) != CALL.findall(here.text).count("ioctl"):
        yield "some ioctl is not of a vector, a command and its struct"
    for call, command, struct in calls:
        if origin(abi, struct) != command.lower():
            yield f"{call} gives {struct} to {command}"
    for command in sorted(set(abi.commands()) - {call[1] for call in calls}):
        yield f"no call with {command}"


def compare_names(abi, here):
    wanted = {name for enum in INPUT_ENUMS for name in abi.enums[enum]}
    for name in sorted(wanted.union(INPUT_MACROS) - here.constants()):
        yield f"no {name}"


def values():
    """Return {machine: {constant: value}} of the constants' file."""
    found = {machine: {} for machine in MACHINES}
    for line in CONSTANTS.read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(" = ")
        if line.startswith("#") or name == "arches":
            continue
        general, *special = value.split(", ")
        for machine in MACHINES:
            found[machine][name] = general
        for each in special:
            *machines, number = each.split(":")
            for machine in machines:
                found[machine][name] = number
    return found


def compare_values(here):
    for machine, constants in values().items():
        wanted = here.constants()
        for name in sorted(wanted ^ constants.keys()):
            yield f"{machine}: {name} is in one of the two files only"
        yield from wrong_values(machine, constants)


def wrong_values(machine, constants):
    code = "".join(f"#include <{name}.h>\n" for name in
                   ("linux/fcntl", "asm/unistd", "linux/io_uring",
                    "linux/splicevec"))
    code += "".join(f"_Static_assert((unsigned long long)({name}) == {value}"
                    f'ULL, "{name} is not {value}");\n'
                    for name, value in constants.items())
    multiarch = subprocess.run(("gcc", "-print-multiarch"), text=True,
                               stdout=subprocess.PIPE, check=True).stdout
    done = subprocess.run(
        ("gcc", MACHINES[machine], "-ffreestanding", "-fsyntax-only",
         f"-I{header.PATH.parents[1]}",
         "-isystem", f"/usr/include/{multiarch.strip()}", "-xc", "-"),
        input=code, text=True, stderr=subprocess.PIPE, check=False)
    errors = re.findall(r"error: (.*)", done.stderr)
    if done.returncode and not errors:
        errors = [done.stderr]
    return [f"{machine}: {error}" for error in errors]


def main():
    try:
        abi = header.Header()
        here = Description(TEXT.read_text(encoding="ascii"))
        wrong = [*compare_structs(abi, here), *compare_calls(abi, here),
                 *compare_submissions(abi, here),
                 *compare_names(abi, here), *compare_values(here)]
    except header.Unreadable as error:
        wrong = [error]
    for each in wrong:
        print(f"{TEXT.name}: {each}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
