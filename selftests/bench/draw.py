# SPDX-License-Identifier: GPL-2.0-only
"""Drawings of the results, by gnuplot: a file a kernel, scenario and path."""

import shutil
import subprocess

# The sender does the same whatever becomes of the data, so one is enough.
RECEIVERS = ("discard", "none")

PANELS = (("cpu_us_per_mib", "sender's CPU"),
          ("all_us_per_mib", "whole guest"))

HEAD = """
set terminal svg size 1100,480 font "sans,12" background "white"
set output "{out}"
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set yrange [0:]
set grid ytics
set key below
set multiplot layout 1,2 title "{title}"
"""

PANEL = """
set title "{title}, {reference} = 1"
plot {columns}
"""


def table(rows, field, reference):
    """Return a heading, then a line a size: what methods take of reference."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    sizes = list(dict.fromkeys(row["name"] for row in rows))
    cells = {(row["name"], row["method"]): row[field] for row in rows}
    yield "size", *methods
    for size in sizes:
        yield size, *(cells[size, method] / cells[size, reference]
                      for method in methods)


def quoted(cell):
    """Return a cell as gnuplot reads it: only text has quotes."""
    return str(cell) if isinstance(cell, float) else f'"{cell}"'


def script(out, title, rows, reference):
    """Return what gnuplot has to do."""
    yield HEAD.format(out=out, title=title)
    for field, what in PANELS:
        lines = list(table(rows, field, reference))
        yield f"${field} << EOD"
        for line in lines:
            yield " ".join(quoted(cell) for cell in line)
        yield "EOD"
        columns = ", ".join(
            f"${field} using {n}:xtic(1) title columnheader({n})"
            for n in range(2, len(lines[0]) + 1))
        yield PANEL.format(title=what, reference=reference, columns=columns)


def draw(directory, what, rows, reference):
    kernel, scenario, path = what
    out = directory / f"{kernel}-{scenario}-{path}.svg"
    title = f"{scenario}, {path}, Linux {kernel}"
    text = "\n".join(script(out, title, rows, reference))
    subprocess.run(("gnuplot",), input=text, text=True, check=True)


def draw_all(directory, rows, references):
    """
    @rows are those of results.json, with the name of each size; @references
    says for each scenario which of its methods is 1.
    """
    if not shutil.which("gnuplot"):
        print("no drawings: there is no gnuplot")
        return
    drawings = {}
    for row in rows:
        if row["receiver"] in RECEIVERS:
            what = row["kernel"], row["scenario"], row["path"]
            drawings.setdefault(what, []).append(row)
    for what, of_what in drawings.items():
        draw(directory, what, of_what, references[what[1]])
