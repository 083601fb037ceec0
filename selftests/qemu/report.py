# SPDX-License-Identifier: GPL-2.0-only
"""What the guest said, shown as it comes and counted."""

import re

CONSOLE_TAIL = 60
CRASH = re.compile("BUG:|kernel BUG|Oops|Kernel panic|sysrq:")


class Results:
    """Results of one guest. See verdict.c for the lines it sends."""

    def __init__(self, kernel, mode, verbose, rows=None):
        self.kernel = kernel
        self.plain = mode in ("demo", "bench")
        self.verbose = verbose
        self.passed = self.failed = self.skipped = 0
        self.program = None
        self.before = (0, 0, 0)
        self.told = []
        self.failures = []
        self.rows = rows
        self.verdict = None
        self.begun = False

    def show(self, text):
        print(text, flush=True)

    def line(self, line):
        self.begun = True
        keyword, _, text = line.rstrip("\r").partition(" ")
        handler = getattr(self, f"on_{keyword}", None)
        if handler:
            handler(text)
        else:
            self.on_fail(f"verdict port: {line!r}")

    def on_beat(self, _):
        """Alive; that a line came is all there is to know."""

    def on_run(self, program):
        self.program = program
        self.told = []
        self.before = (self.passed, self.failed, self.skipped)
        if self.verbose:
            self.show(f"{self.kernel}: {program}")

    def on_out(self, text):
        if self.rows and text.startswith(("row ", "waits ")):
            print(text, file=self.rows, flush=True)
        elif text.startswith("note "):
            self.show(f"{self.kernel}: {self.program}: {text[5:]}")
        elif self.plain or self.verbose:
            self.show(text if self.plain else f"    {text}")
        else:
            self.told.append(text)

    def on_pass(self, text):
        self.passed += 1
        self.told = []
        if self.verbose:
            self.show(f"{self.kernel}: pass {text}")

    def on_skip(self, text):
        self.skipped += 1
        self.told = []
        self.show(f"{self.kernel}: skip {text}")

    def on_fail(self, text):
        self.failed += 1
        failure = "\n".join((*(f"    {told}" for told in self.told),
                             f"{self.kernel}: FAIL {text}"))
        self.failures.append(failure)
        # In one piece, as other guests may report at the same time.
        self.show(failure)
        self.told = []

    def on_done(self, text):
        program, _, seconds = text.rpartition(" ")
        passed, failed, skipped = (
            now - before for now, before in
            zip((self.passed, self.failed, self.skipped), self.before))
        self.program = None
        if not self.plain:
            self.show(f"{self.kernel}: {program}: {passed} passed, "
                      f"{failed} failed, {skipped} skipped, {seconds} s")

    def on_verdict(self, text):
        self.verdict = tuple(int(n) for n in re.findall(r"\d+", text))

    def end(self, trouble, console):
        """Judge how the guest ended; show the console if it ended badly."""
        if not trouble and self.verdict is None:
            trouble = "the guest ended without a verdict"
        if trouble:
            if self.program:
                trouble += f" (in {self.program})"
            self.told = tail(console)
            self.on_fail(f"guest {trouble}; all of it: {console}")
        elif self.verdict != (self.passed, self.failed, self.skipped):
            self.on_fail(f"guest counted {self.verdict}, not what it sent")

    def summary(self):
        """Return a line of counts, then what each failure showed."""
        counts = f"{self.passed} {self.failed} {self.skipped}"
        return "".join(f"{part}\n" for part in (counts, *self.failures))

    def good(self):
        return self.failed == 0 and self.passed > 0


def without_idle(lines):
    """Drop the stacks of kernel threads that merely wait for work."""
    keep = True
    for line in lines:
        task = re.search(r" task:.* state:(\S+).* ppid:(\d+)", line)
        if task:
            keep = task[1] == "D" or task[2] != "2"
        if keep:
            yield line


def tail(console):
    """The console's end, from the first sign of a crash if there is one."""
    try:
        text = console.read_text(errors="replace")
    except FileNotFoundError:
        return ["(no console log)"]
    lines = [line.rstrip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if CRASH.search(line):
            crash = without_idle(lines[max(0, number - 5):])
            return list(crash)[:5 * CONSOLE_TAIL]
    return lines[-CONSOLE_TAIL:]
