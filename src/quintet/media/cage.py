"""What the kernel takes from a process that decodes: files, network, new programs, memory.

Each fence stands where the kernel has it and is skipped where not; ``confine`` says which ones
stand. Linux numbers are the same on x86-64 and ARM64.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys

from quintet.media import syscalls

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_VERSION = 1
_SIGKILL = 9

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Landlock version to the number of file-system rights it can take away."""

_LINUX = sys.platform == "linux"
_ROOT = os.getuid() == 0
"""As seen before any name space of users."""


def confine() -> dict[str, bool]:
    """Take files, network, set-uid programs and core dumps from this process and its children.

    Open descriptors stay usable. There is no way back.

    Returns:
        Name of each fence to whether it stands.
    """
    return {
        "no_new_privileges": _prctl(_PR_SET_NO_NEW_PRIVS, 1),
        "no_tracing": _prctl(_PR_SET_DUMPABLE, 0),
        "no_network": _leave_network(),
        "no_files": _deny_files(),
        "no_sockets_no_programs": syscalls.give_up("socket", "execute", "io_uring"),
        "no_core_dumps": _limit("RLIMIT_CORE", 0),
        "no_file_growth": _limit("RLIMIT_FSIZE", 0),
    }


def confine_child(address_space_bytes: int, cpu_s: int) -> dict[str, bool]:
    """The fences of one decoding: memory, processor time, no further process or thread.

    Returns:
        Name of each fence to whether it stands.
    """
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    few = _limit("RLIMIT_NPROC", 0) and not _ROOT  # the kernel lets root start more
    return {
        "memory_limit": _limit("RLIMIT_AS", address_space_bytes),
        "time_limit": _limit("RLIMIT_CPU", cpu_s),
        "no_signals": _deny_files() and _landlock() >= 6,  # a domain of its own: none outside it
        "no_processes": syscalls.give_up("fork") or few,
    }


def address_space_bytes() -> int:
    """The address space that this process holds now; 0 where the system does not say."""
    if not _LINUX:
        return 0
    with open("/proc/self/statm", encoding="ascii") as f:  # noqa: PTH123 - no pathlib in a warm server
        return int(f.read().split()[0]) * resource.getpagesize()


def _limit(name: str, value: int) -> bool:
    """Lower one resource limit; False where the system has none or refuses."""
    try:
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        top = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (top, top))
    except (AttributeError, ValueError, OSError):
        return False
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> bool:
    return _LINUX and _libc().prctl(option, value, 0, 0, 0) == 0


def _leave_network() -> bool:
    """Into an empty network of our own, as an unprivileged user where that is allowed."""
    if not _LINUX:
        return False
    libc = _libc()
    return any(libc.unshare(f) == 0 for f in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET))


def _deny_files() -> bool:
    """Landlock without a single rule: no file is opened, no TCP, no signal to outsiders."""
    if not _LINUX:
        return False
    libc = _libc()
    version = _landlock()
    if version < 1:
        return False
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    network, scopes = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = struct.pack("<QQQ", rights, network, scopes)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    done = libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(done)


def _landlock() -> int:
    """The version of Landlock that the kernel has; below 1 where it has none."""
    return int(_libc().syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION))
