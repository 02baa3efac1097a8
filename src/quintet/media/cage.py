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
_CLONE_NEWIPC = 0x0800_0000
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_VERSION = 1
_CAPABILITIES_VERSION = 0x2008_0522
_SIGKILL = 9

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Landlock version to the number of file-system rights it can take away."""

_LINUX = sys.platform == "linux"
_ROOT = os.getuid() == 0
"""As seen before any name space of users."""


def confine() -> dict[str, bool]:
    """Take files, network, privileges and core dumps from this process and its children.

    Open descriptors stay usable. There is no way back.

    Returns:
        Name of each fence to whether it stands.
    """
    return {
        "no_new_privileges": _prctl(_PR_SET_NO_NEW_PRIVS, 1),
        "no_tracing": _prctl(_PR_SET_DUMPABLE, 0),
        "no_network": _leave_network(),
        "no_capabilities": _drop_capabilities(),
        "no_files": _deny_files(),
        "no_core_dumps": _limit("RLIMIT_CORE", 0),
        "no_file_growth": _limit("RLIMIT_FSIZE", 0),
    }


def confine_child(address_space_bytes: int, cpu_s: int) -> dict[str, bool]:
    """The fences of one decoding: memory, processor time, and few system calls.

    The few calls stand for some fences of their own: a decoder that has them needs no name space
    and no Landlock to be without files, network, signals and processes.

    Returns:
        Name of each fence to whether it stands; a name of ``confine`` only where it does.
    """
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    processes = _limit("RLIMIT_NPROC", 0) and not _ROOT  # the kernel lets root start more
    signals = _deny_files() and _landlock() >= 6  # a domain of its own: none outside it
    limits = {
        "memory_limit": _limit("RLIMIT_AS", address_space_bytes),
        "time_limit": _limit("RLIMIT_CPU", cpu_s),
    }
    few = syscalls.keep_few()
    implied = {"no_network": True, "no_files": True} if few else {}
    return (
        limits
        | implied
        | {
            "no_signals": few or signals,
            "no_processes": few or processes,
            "few_system_calls": few,
        }
    )


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
    libc, alone = _libc(), _CLONE_NEWNET | _CLONE_NEWIPC
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | alone, alone))


def _drop_capabilities() -> bool:
    """Those of root, or of a name space of users that was entered."""
    if not _LINUX:
        return False
    head, none = struct.pack("@Ii", _CAPABILITIES_VERSION, 0), bytes(24)
    return bool(_libc().capset(head, none) == 0)


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
