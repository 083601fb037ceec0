# SPDX-License-Identifier: GPL-2.0-only
"""One QEMU machine: its disks, NICs, serial ports and monitor."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

import matrix

# Big enough for 64 MiB files many times over; sparse, so it costs nothing.
DISK_SIZE = 1 << 30
COUNTERS_SIZE = 16 << 20

CMDLINE = ("console=ttyS0", "panic=-1", "printk.devkmsg=on",
           "log_buf_len=4M", "unknown_nmi_panic", "rdinit=/init")

# QEMU shall not outlive us, however we end.
QEMU = ("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults",
        "-display", "none", "-no-reboot", "-M", "q35")

# QEMU's emulation of cmpxchg16b breaks 6.12 guests, so the CPU has none.
CPU = "max,cx16=off"

# Virtual time: an instruction takes a nanosecond, whatever the host is doing.
# Strings are copied by words, as an instruction for each byte would make copies
# dearer than they are. An idle CPU polls: if it halted, the clock would jump to
# the next timer, which for a packet on its way is its retransmission.
VIRTUAL_TIME = ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
                "-smp", "1", "-cpu", f"{CPU},erms=off,fsrm=off")
VIRTUAL_TIME_CMDLINE = ("idle=poll",)

# What of our environment goes on to the test programs, if it is set. On make's
# command line is as good: make passes that on to us.
PASSED_ON = ("SEED", "STRESS_SECONDS", "FUZZ_SECONDS", "LENT", "STORM",
             "EVERY", "LEAKS", "COVERAGE")

TAPS = ("tap0", "tap1")
MACS = ("52:54:00:09:00:0a", "52:54:00:09:00:0b")


def accelerator():
    """KVM where the CPU has it; /dev/kvm alone promises nothing."""
    with open("/proc/cpuinfo", encoding="ascii") as cpuinfo:
        able = re.search(r"^flags\s*:.*\b(vmx|svm)\b", cpuinfo.read(), re.M)
    if able and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "kvm"
    return "tcg"


def processor(virtual_time):
    """Return the arguments for QEMU, and for the kernel."""
    if virtual_time:
        return VIRTUAL_TIME, VIRTUAL_TIME_CMDLINE
    return ("-accel", accelerator(), "-smp", "2", "-cpu", CPU), ()


def bridged_taps():
    """Make two taps on a bridge; all live in our network namespace.

    Taps with a virtio header take packets as the guest's stack hands them
    over, so the guest need not linearise them. Return why it cannot be, if so.
    """
    commands = ["link set lo up",
                "link add br0 type bridge mcast_snooping 0"]
    for tap in TAPS:
        commands += [f"tuntap add dev {tap} mode tap vnet_hdr",
                     f"link set {tap} master br0 up"]
    for command in (*commands, "link set br0 up"):
        done = subprocess.run(("ip", *command.split()), text=True, check=False,
                              stderr=subprocess.PIPE)
        if done.returncode:
            return f"ip {command}: {done.stderr.strip()}"
    return None


def settings():
    """Return words for the kernel's command line; init finds them too."""
    words = []
    for name in PASSED_ON:
        value = os.environ.get(name, "")
        if not re.fullmatch(r"[\w.,:/+-]*", value):
            sys.exit(f"{name}={value}: not one word")
        words += [f"{name}={value}"] * bool(value)
    return words


def nic_args():
    for tap, mac in zip(TAPS, MACS):
        yield from ("-netdev", f"tap,id={tap},ifname={tap},"
                    "script=no,downscript=no,vnet_hdr=on",
                    "-device", f"virtio-net-pci,netdev={tap},mac={mac}")


class Machine:
    """A running guest. Leaving the context ends it."""

    def __init__(self, opt, args, nics, terminal=False):
        self.logs = opt.logs
        self.rest = b""
        self.ports = {}
        self.theirs = []
        self.disks = []
        self.process = self.launch(opt, args, nics, terminal)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for disk in self.disks:
            disk.unlink(missing_ok=True)

    @property
    def verdict(self):
        return self.ports["verdict"]

    def log_console(self):
        """Keep reading: a console nobody reads stops the guest."""
        with open(self.logs / "console.log", "wb", buffering=0) as log:
            while data := self.ports["console"].recv(65536):
                log.write(data)

    def port(self, name):
        """Return the arguments for a channel between the guest and us."""
        ours, theirs = socket.socketpair()
        self.ports[name] = ours
        self.theirs.append(theirs)
        return ["-chardev", f"socket,id={name},fd={theirs.fileno()}"]

    def disk(self, kind, *mkfs):
        path = self.logs / f"{kind}.img"
        with open(path, "wb") as image:
            image.truncate(DISK_SIZE)
        subprocess.run((*mkfs, str(path)), check=True,
                       stdout=subprocess.DEVNULL)
        self.disks.append(path)
        return self.drive(kind, path)

    def drive(self, kind, path):
        return ["-drive", f"file={path},format=raw,if=none,id={kind},"
                "cache=unsafe,discard=unmap",
                "-device", f"virtio-blk-pci,drive={kind}"]

    def counters(self, path):
        """A disk that stays: what the guest counted is on it afterwards."""
        if not path:
            return []
        with open(path, "wb") as image:
            image.truncate(COUNTERS_SIZE)
        return self.drive("counters", path)

    def serial_args(self, terminal):
        if terminal:
            console = ["-serial", "mon:stdio"]
        else:
            console = [*self.port("console"), "-serial", "chardev:console"]
            threading.Thread(target=self.log_console, daemon=True).start()
        return [*console, *self.port("verdict"), "-serial", "chardev:verdict",
                *self.port("qmp"), "-mon", "chardev=qmp,mode=control"]

    def launch(self, opt, args, nics, terminal):
        quiet = ("quiet",) if terminal else ()
        cpu, idle = processor(opt.mode == "bench")
        needs = matrix.needs(opt.name)
        # init finds what has a "=" in its environment.
        cmdline = " ".join((*CMDLINE, *needs.words(os.environ.get("LEAKS")),
                            *idle, *quiet,
                            f"slower={needs.slower}", *settings(),
                            "--", *args))
        argv = [*QEMU, *cpu, "-m", needs.memory,
                "-kernel", str(opt.prefix / "vmlinuz"),
                "-initrd", str(opt.initrd), "-append", cmdline,
                *self.serial_args(terminal),
                *self.disk("ext4", "mkfs.ext4", "-q", "-F"),
                *self.disk("xfs", "mkfs.xfs", "-q", "-f"),
                *self.disk("inline", "mkfs.ext4", "-q", "-F",
                           "-O", "inline_data"),
                *self.counters(opt.counters),
                *(nic_args() if nics else ())]
        with open(self.logs / "qemu.log", "wb") as log:
            process = subprocess.Popen(
                argv, stderr=sys.stderr if terminal else log,
                stdin=None if terminal else subprocess.DEVNULL,
                pass_fds=[s.fileno() for s in self.theirs])
        for theirs in self.theirs:
            theirs.close()
        return process

    def gone(self):
        return self.process.poll() is not None and not self.pending()

    def pending(self):
        """What the guest said before it ended may still lie in the socket."""
        self.verdict.setblocking(False)
        try:
            return bool(self.verdict.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self.verdict.setblocking(True)

    def read_verdict(self):
        """Return the complete lines that came, None at the end."""
        data = self.verdict.recv(65536)
        if not data:
            return None
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def command(self, name, **arguments):
        """Tell QEMU's monitor something; what it answers does not matter."""
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        self.ports["qmp"].sendall(json.dumps(message).encode() + b"\n")

    def sysrq(self, key):
        """A BREAK on the console, then the key: works from the interrupt."""
        self.command("chardev-send-break", id="console")
        time.sleep(0.5)
        self.ports["console"].sendall(key.encode())
        time.sleep(3)

    def dump_stacks(self):
        """Make a hung guest tell its console where it stands."""
        if self.process.poll() is not None:
            return
        try:
            self.command("qmp_capabilities")
            for key in "lwt":
                self.sysrq(key)
            # With unknown_nmi_panic the CPUs that ignored all that speak now.
            self.command("inject-nmi")
            time.sleep(3)
        except OSError as error:
            print(f"monitor: {error}")
