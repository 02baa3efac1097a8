"""Decoders that misbehave, for the decode box; the child calls them instead of the real one."""

import ctypes
import encodings.idna  # noqa: F401 - for names of hosts, where no file can be opened
import errno
import fcntl
import os
import resource
import socket
import sys
import time
from pathlib import Path

import numpy as np

from quintet.errors import Code, FileProblem
from quintet.media.wire import Elsewhere
from quintet.types import ImageMedia, Modality


def picture(**metadata):
    return ImageMedia(
        modality=Modality.IMAGE,
        format="test",
        segments=(),
        metadata={k: str(v) for k, v in metadata.items()},
        pixels=np.zeros((2, 2, 3), np.uint8),
    )


def by_order(file, *, sidecars, limits):
    """Do what the file's content says."""
    return globals()["do_" + file.read().decode()](limits)


def do_well(limits):
    return picture(pid=os.getpid(), torch="torch" in sys.modules)


def do_sleep(limits):
    time.sleep(60)


def do_spin(limits):
    while True:
        pass


def do_allocate(limits):
    held = []
    while True:
        held.append(bytearray(1 << 24))


def do_allocate_in_c(limits):
    return np.ones(2 * limits.memory_bytes, np.uint8)


def do_segfault(limits):
    ctypes.string_at(0)


def do_abort(limits):
    os.abort()


def do_exit(limits):
    os._exit(0)


def do_system_exit(limits):
    sys.exit(0)


def do_raise(limits):
    raise IndexError("three\nlines\nlong")


def do_refuse(limits):
    raise FileProblem(Code.NO_CONTENT, "nothing in it")


def do_elsewhere(limits):
    raise Elsewhere("os:system")


def do_recurse(limits):
    return do_recurse(limits)


def do_nonsense(limits):
    return "not a medium"


def do_garble(limits):
    """Write rubbish on every pipe that is open, then end as if all were well."""
    for fd in range(3, 64):
        try:
            os.write(fd, b"rubbish " * 100)
        except OSError:
            continue
    os._exit(0)


def do_too_much(limits):
    return ImageMedia(
        modality=Modality.IMAGE,
        format="test",
        segments=(),
        pixels=np.zeros((limits.output_bytes // 3 + 1, 1, 3), np.uint8),
    )


def tried(action):
    """What became of a try: done, refused (or there is no such call), or another error."""
    try:
        action()
    except OSError as e:
        return "refused" if e.errno in (errno.EPERM, errno.EACCES, errno.ENOSYS) else repr(e)
    except BaseException as e:  # noqa: BLE001 - its type is what is asked for
        return type(e).__name__
    return "done"


def escape(file, *, sidecars, limits):
    """Try what a decoder that was taken over would try."""
    tries = escapes(file.fileno(), sidecars["original"].decode(), int(sidecars["port"]))
    return picture(**tries, descriptors=len([fd for fd in range(256) if _is_open(fd)]))


def escapes(fd, original, port):
    """What became of each try.

    Args:
        fd, original: a file that was opened for reading, and its path.
        port: of a server on this machine.
    """
    return (
        {name: tried(act) for name, act in _of_files(fd, original).items()}
        | {name: tried(act) for name, act in _of_processes(os.getppid()).items()}
        | {name: tried(lambda n=name: _raw(n, os.getppid())) for name in RAW}
        | {"connect": tried(lambda: socket.create_connection(("127.0.0.1", port), 1))}
    )


def _of_files(fd, original):
    return {
        "read": lambda: Path(original).read_bytes(),
        "write": lambda: Path(original + ".new").touch(),
        "listing": lambda: list(Path("/").iterdir()),
        "stat": lambda: Path(original).stat(),
        "chmod": lambda: Path(original).chmod(0),
        "fchmod": lambda: os.fchmod(fd, 0),
        "utime": lambda: os.utime(original, (1, 1)),
        "futime": lambda: os.utime(fd, (1, 1)),
        "setxattr": lambda: os.setxattr(original, "user.quintet", b"1"),
        "fsetxattr": lambda: os.setxattr(fd, "user.quintet", b"1"),
        "truncate": lambda: os.truncate(original, 0),
        "signal_by_file": lambda: fcntl.fcntl(fd, fcntl.F_SETOWN, os.getppid()),
    }


def _of_processes(parent):
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    return {
        "execute": lambda: os.execv("/bin/true", ["true"]),
        "socket": socket.socket,
        "fork": os.fork,
        "kill": lambda: os.kill(parent, 0),
        "prlimit": lambda: resource.prlimit(parent, resource.RLIMIT_CPU, unlimited),
        "setpriority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 1),
        "sched_setaffinity": lambda: os.sched_setaffinity(parent, {0}),
    }


RAW = {
    "ptrace": ((101, 117), (16, "parent", 0, 0)),
    "process_vm_readv": ((310, 270), ("parent", 0, 0, 0, 0, 0)),
    "shmget": ((29, 194), (0, 4096, 0o1600)),
    "add_key": ((248, 217), (b"user", b"quintet", b"x", 1, -1)),
    "keyctl": ((250, 219), (0, -3, 0)),
    "userfaultfd": ((323, 282), (1,)),
    "unshare": ((272, 97), (0x2_0000,)),
    "bpf": ((321, 280), (0, 0, 0)),
    "perf_event_open": ((298, 241), (0, 0, 0, 0, 0)),
    "memfd_create": ((319, 279), (b"x", 0)),
    "tgkill": ((234, 131), ("parent", "parent", 0)),
    "pidfd_open": ((434, 434), ("parent", 0)),
    "io_uring_setup": ((425, 425), (1, 0)),
    "clone3": ((435, 435), (0, 0)),
}
"""Calls that Python has no name for: numbers on x86-64 and ARM64, arguments."""


def _raw(name, parent):
    numbers, arguments = RAW[name]
    number = numbers[os.uname().machine == "aarch64"]
    given = [parent if a == "parent" else a for a in arguments]
    given = [ctypes.c_long(a) if isinstance(a, int) else a for a in given]
    if ctypes.CDLL(None, use_errno=True).syscall(number, *given) < 0:
        raise OSError(ctypes.get_errno(), name)


def _is_open(fd):
    try:
        os.lseek(fd, 0, os.SEEK_CUR)
    except OSError as e:
        return e.errno != errno.EBADF
    return True


def with_sidecars(file, *, sidecars, limits):
    return picture(**{name: len(data) for name, data in sidecars.items()})


def decode_text(file, *, sidecars, limits):
    """Encode and decode with the encoding that the file names."""
    name = file.read().decode()
    return picture(a="a".encode(name).decode(name))
