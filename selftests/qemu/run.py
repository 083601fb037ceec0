#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Boot a kernel with our programs in it and report what they say.

    run.py [options] check PROGRAM...
    run.py [options] demo PROGRAM
    run.py [options] --rows FILE bench PROGRAM ARG...
    run.py [options] shell

The verdict comes through a serial port of its own; the console is only a log.
"""

import argparse
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

import guest
import matrix
import report

HERE = pathlib.Path(__file__).resolve().parent

# A guest that gave no sign of life for this long is hung (it beats every 5 s).
SILENCE = 60
# To boot, to load modules and to set up, under emulation.
BOOT = 180
# Virtual time is several times slower.
SLOWER = 10
# A kernel was seen to die of an int3 it had just patched away in itself, once in some
# hundreds of starts, as if the emulator had run what was there before. A guest whose
# PID 1 has not begun, so that nothing of ours has run, is started again; so many times
# in all.
STARTS = 3


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True, help="kernel, as shown")
    parser.add_argument("--prefix", required=True, type=pathlib.Path,
                        help="unpacked kernel packages")
    parser.add_argument("--initrd", required=True, type=pathlib.Path)
    parser.add_argument("--logs", required=True, type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=300,
                        help="seconds for each program")
    parser.add_argument("--total", type=int, default=3600,
                        help="seconds for all of them")
    parser.add_argument("--summary", type=pathlib.Path,
                        help="write counts and failures here")
    parser.add_argument("--rows", type=argparse.FileType("w"),
                        help="write the rows a bench prints here")
    parser.add_argument("--counters", type=pathlib.Path,
                        help="write what was executed here, see counters.c")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("mode", choices=("check", "demo", "bench", "shell"))
    parser.add_argument("programs", nargs="*")
    return parser.parse_args()


def enter_private_net():
    """Start again inside a network namespace of our own.

    Taps and bridge live and die there. Return why that cannot be, if so.
    """
    if os.environ.get("SPLICEVEC_PRIVATE_NET"):
        return None
    if not os.path.exists("/dev/net/tun"):
        return "/dev/net/tun is missing"
    probe = subprocess.run(("unshare", "-n", "true"), check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if probe.returncode:
        return f"unshare -n: {probe.stdout.decode().strip()}"
    os.environ["SPLICEVEC_PRIVATE_NET"] = "1"
    os.execvp("unshare", ("unshare", "-n", *sys.argv))
    return None


def watch(machine, results, limit, slower=1):
    """Feed verdict lines to results until the guest is gone or hung.

    Return None, or what went wrong.
    """
    start = last = time.monotonic()
    patience = BOOT * slower
    while not machine.gone():
        readable, _, _ = select.select((machine.verdict,), (), (), 1)
        now = time.monotonic()
        if readable:
            lines = machine.read_verdict()
            if lines is None:
                break
            for line in lines:
                results.line(line)
            last, patience = now, SILENCE * slower
        if now - last > patience:
            return f"no sign of life for {patience} s"
        if now - start > limit:
            return f"not done within {limit} s"
    return None


def run_guest(opt, args, results, nics, slower):
    """Feed results from one start of the guest. Return None, or what went wrong."""
    with guest.Machine(opt, args, nics=nics) as machine:
        trouble = watch(machine, results, opt.total * slower, slower)
        if trouble:
            machine.dump_stacks()
    return trouble


def batch(opt, no_nics):
    # A kernel passes few arguments on to init, and there are many programs.
    programs = ([",".join(opt.programs)] if opt.mode == "check"
                else opt.programs)
    slower = matrix.needs(opt.name).slower
    args = (opt.mode, str(opt.limit * slower), *programs)
    results = report.Results(opt.name, opt.mode, opt.verbose, opt.rows)
    if opt.mode == "bench":
        slower *= SLOWER
    for _ in range(STARTS):
        trouble = run_guest(opt, args, results, not no_nics, slower)
        if results.begun or trouble:
            break
        print(f"{opt.name}: the guest ended before it began", flush=True)
    results.end(trouble, opt.logs / "console.log")
    if opt.summary:
        opt.summary.write_text(results.summary())
    return 0 if results.good() else 1


def shell(opt, no_nics):
    size = shutil.get_terminal_size()
    args = ("shell", str(size.lines), str(size.columns))
    print("Starting the guest. exit or Ctrl-A X ends it.", flush=True)
    with guest.Machine(opt, args, nics=not no_nics, terminal=True) as machine:
        return machine.process.wait()


def main():
    opt = options()
    # Leave through the contexts, so that QEMU and its disks go too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit("ended by a signal"))
    no_nics = enter_private_net() or guest.bridged_taps()
    if no_nics:
        print(f"{opt.name}: no NICs in the guest, tests that need them are "
              f"skipped: {no_nics}", flush=True)
    opt.logs.mkdir(parents=True, exist_ok=True)
    sys.exit(shell(opt, no_nics) if opt.mode == "shell"
             else batch(opt, no_nics))


if __name__ == "__main__":
    main()
