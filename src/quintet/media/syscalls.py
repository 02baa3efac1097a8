"""System calls that a process gives up for good: a seccomp filter, on Linux.

What a name space or a resource limit may leave out (no user name spaces in a container, no limit
of processes for root) is refused here by number. The caller sees PermissionError.
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
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.EPERM
_NUMBER_AT, _MACHINE_AT = 0, 4
_X32 = 0x4000_0000
"""Numbers from here on are a second way into the same calls, on x86-64 only."""

_MACHINES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_NUMBERS = {
    "x86_64": {
        "socket": (41,),
        "execute": (59, 322),
        "fork": (56, 57, 58, 435),
        "io_uring": (425,),
    },
    "aarch64": {"socket": (198,), "execute": (221, 281), "fork": (220, 435), "io_uring": (425,)},
}
"""Machine to the numbers of each group of calls; fork is every way to a process or thread."""


def give_up(*groups: str) -> bool:
    """Refuse groups of calls to this process and its children; needs ``no_new_privileges``.

    Args:
        groups: of ``socket``, ``execute``, ``fork``, ``io_uring``.

    Returns:
        False where the system has no such filter, or this machine's numbers are not known here.
    """
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _MACHINES:
        return False
    numbers = [n for group in groups for n in _NUMBERS[machine][group]]
    program = _program(_MACHINES[machine], numbers)
    steps = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, head, 0, 0) == 0)


def _program(machine: int, numbers: list[int]) -> bytes:
    """Refuse another machine's calls and the given numbers, allow all others."""
    count = len(numbers)
    return b"".join(
        [
            _step(_LOAD, _MACHINE_AT),
            _step(_EQUAL, machine, no=count + 3),
            _step(_LOAD, _NUMBER_AT),
            _step(_AT_LEAST, _X32, yes=count + 1),
            *(_step(_EQUAL, n, yes=count - at) for at, n in enumerate(numbers)),
            _step(_RETURN, _ALLOW),
            _step(_RETURN, _REFUSE),
        ]
    )


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; ``yes`` and ``no`` are how many to skip."""
    return struct.pack("@HBBI", code, yes, no, value)
