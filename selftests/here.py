#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Run test programs on this very machine.

With --module the programs are those of the module, which has to be loaded:
after each of them its ledger must be zero and the kernel log clean.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "qemu"))
import report  # noqa: E402 pylint: disable=wrong-import-position

LEDGER = pathlib.Path("/sys/kernel/debug/splicevec/ledger")
ACCOUNTS = ("loans", "pushes", "pages", "pinned", "vectors")
# Release runs on a workqueue.
PATIENCE = 2
ALARM = re.compile(r"BUG:|kernel BUG|WARNING:|Oops|KASAN|suspicious RCU"
                   r"|lockdep|possible recursive|blocked for more than"
                   r"|refcount_t|Bad page|general protection|Call Trace")
# Exit status of a kselftest program that could not run.
SKIP = 4


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="here")
    parser.add_argument("--limit", type=int, default=300,
                        help="seconds for each program")
    parser.add_argument("--summary", type=pathlib.Path)
    parser.add_argument("--module", type=pathlib.Path,
                        help="the module, for tests that reload it")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("programs", nargs="+", type=pathlib.Path)
    return parser.parse_args()


class Tap:
    """The results one program prints."""

    def __init__(self, program, results):
        self.program = program
        self.results = results
        self.seen = self.failed = 0
        self.planned = None

    def line(self, line):
        plan = re.match(r"1\.\.(\d+)", line)
        result = re.match(r"(not ok|ok) \d*[ -]*(.*)", line)
        if plan:
            self.planned = int(plan[1])
        elif result:
            self.result(result[1] == "ok", result[2])
        else:
            self.results.on_out(line)

    def result(self, good, what):
        self.seen += 1
        self.failed += not good
        if not good:
            tell = self.results.on_fail
        elif re.search("# (SKIP|XFAIL)", what):
            tell = self.results.on_skip
        else:
            tell = self.results.on_pass
        tell(f"{self.program} {what}")

    def end(self, status):
        if status == SKIP and not self.seen:
            self.results.on_skip(f"{self.program} # SKIP")
        elif status < 0:
            self.results.on_fail(f"{self.program} killed by signal {-status}")
        elif status and not self.failed:
            self.results.on_fail(f"{self.program} exit status {status}")
        elif not self.seen or self.seen != self.planned:
            self.results.on_fail(f"{self.program} {self.seen} results, "
                                 f"{self.planned} planned")


def kernel_log():
    done = subprocess.run(("dmesg",), text=True, stdout=subprocess.PIPE,
                          check=False)
    return done.stdout.splitlines()


def owed():
    """Return the accounts of the ledger that are not there or not zero."""
    lines = (line.split() for line in LEDGER.read_text().splitlines())
    values = {line[0]: line[1] for line in lines}
    return [f"{account}={values.get(account)}" for account in ACCOUNTS
            if values.get(account) != "0"]


def check_ledger(program, results):
    deadline = time.monotonic() + PATIENCE
    try:
        while owed() and time.monotonic() < deadline:
            time.sleep(0.01)
        left = owed()
    except OSError as error:
        left = [str(error)]
    if left:
        results.on_fail(f"{program} ledger: {' '.join(left)}")
    else:
        results.on_pass(f"{program} ledger is zero")


def check_log(program, results, before):
    # The ring may have dropped its oldest lines meanwhile.
    after = kernel_log()
    last = before[-1] if before else None
    new = after[after.index(last) + 1:] if last in after else after
    bad = [line for line in new if ALARM.search(line)]
    if bad:
        results.on_fail(f"{program} kernel log: {bad[0]}")
    else:
        results.on_pass(f"{program} kernel log is clean")


def run(path, opt, results):
    """Run one program; what it started goes with it."""
    tap = Tap(path.stem, results)
    environment = dict(os.environ)
    if opt.module:
        module = opt.module.resolve()
        environment["SPLICEVEC_KO"] = str(module)
        environment["LENDER_KO"] = str(module.with_name("lender.ko"))
        environment["RACER_KO"] = str(module.with_name("racer.ko"))
    argv = ("sh", path) if path.suffix == ".sh" else (path.resolve(),)
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment, start_new_session=True) as child:
        try:
            output, _ = child.communicate(timeout=opt.limit)
            late = False
        except subprocess.TimeoutExpired:
            late = True
        end_session(child.pid)
        if late:
            output, _ = child.communicate()
    for line in output.decode(errors="replace").splitlines():
        tap.line(line)
    if late:
        results.on_fail(f"{tap.program} did not end within {opt.limit} s")
    else:
        tap.end(child.returncode)


def end_session(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main():
    opt = options()
    if opt.module and not LEDGER.exists():
        sys.exit(f"{LEDGER} is missing: is the module loaded, are you root?")
    results = report.Results(opt.name, "check", opt.verbose)
    for path in opt.programs:
        start = time.monotonic()
        before = kernel_log() if opt.module else []
        results.on_run(path.stem)
        run(path, opt, results)
        if opt.module:
            check_ledger(path.stem, results)
            check_log(path.stem, results, before)
        results.on_done(f"{path.stem} {time.monotonic() - start:.0f}")
    if opt.summary:
        opt.summary.write_text(results.summary())
    else:
        print(f"{results.passed} passed, {results.failed} failed, "
              f"{results.skipped} skipped")
    sys.exit(0 if results.good() else 1)


if __name__ == "__main__":
    main()
