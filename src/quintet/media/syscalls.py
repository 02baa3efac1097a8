"""The few system calls that a decoder needs; all others are refused by a seccomp filter, on Linux.

A decoder has its descriptors and its memory. So it may read, write, seek, allocate, tell the time,
wait and end: no call here takes a path or the number of another process. A refused call fails with
PermissionError; one that is newer than libraries count on is absent, so that they do without.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

_PR_SET_SECCOMP = 22
_FILTER_MODE = 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW = 0x7FFF_0000
_REFUSE, _ABSENT = 0x0005_0000 | errno.EPERM, 0x0005_0000 | errno.ENOSYS
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16

_MACHINES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_NEWER = 424
"""Calls from here on (Linux 5.1, the same on all machines), and x86-64's second way into all."""

_CALLS = {
    # descriptors that are open; no fstatat, which would take a path too
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "close": (3, 57),
    # memory
    "brk": (12, 214),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    # time and waiting
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "times": (100, 153),
    "restart_syscall": (219, 128),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    # its own signals and end
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # questions, some of which libraries take for never refused
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getcpu": (309, 168),
    "getrusage": (98, 165),
    "sched_getaffinity": (204, 123),
    "sysinfo": (99, 179),
    "uname": (63, 160),
}
"""Name to its numbers on the machines, in their order."""

_TGKILL = (234, 131)
"""A signal to a thread of the process that its first argument names: itself only (``abort``)."""


def keep_few() -> bool:
    """Refuse this process all other calls for good; needs ``no_new_privileges``.

    Returns:
        False where the system has no such filter, or this machine's numbers are not known here.
    """
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _MACHINES:
        return False
    program = _program(machine, os.getpid())
    steps = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, head, 0, 0) == 0)


def _program(machine: str, pid: int) -> bytes:
    """The filter: another machine's calls, new calls, those of the list, all others."""
    at = list(_MACHINES).index(machine)
    return b"".join(
        [
            _step(_LOAD, _MACHINE_AT),
            _step(_EQUAL, _MACHINES[machine], yes=1),
            _step(_RETURN, _REFUSE),
            _step(_LOAD, _NUMBER_AT),
            _step(_AT_LEAST, _NEWER, no=1),
            _step(_RETURN, _ABSENT),
            *(_step(_EQUAL, n[at], no=1) + _step(_RETURN, _ALLOW) for n in _CALLS.values()),
            _step(_EQUAL, _TGKILL[at], no=3),
            _step(_LOAD, _FIRST_ARGUMENT_AT),
            _step(_EQUAL, pid, no=1),
            _step(_RETURN, _ALLOW),
            _step(_RETURN, _REFUSE),
        ]
    )


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; ``yes`` and ``no`` are how many to skip."""
    return struct.pack("@HBBI", code, yes, no, value)
