"""Decoders that misbehave, for the decode box; the child calls them instead of the real one."""

import ctypes
import os
import signal
import socket
import sys
import threading
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
    try:
        action()
    except BaseException as e:  # noqa: BLE001 - its type is what is asked for
        return type(e).__name__
    return "done"


def do_escape(limits):
    """Try what a decoder that was taken over would try."""
    return picture(
        read=tried(lambda: Path("/etc/passwd").read_text()),
        write=tried(lambda: Path("/tmp/quintet-box-canary").touch()),
        listing=tried(lambda: list(Path("/").iterdir())),
        connect=tried(lambda: socket.create_connection(("127.0.0.1", limits.members), 1)),
        execute=tried(lambda: os.execv("/bin/true", ["true"])),
        socket=tried(socket.socket),
        fork=tried(os.fork),
        thread=tried(threading.Thread(target=print).start),
        kill_server=tried(lambda: os.kill(os.getppid(), signal.SIGKILL)),
        descriptors=len([fd for fd in range(256) if _is_open(fd)]),
    )


def _is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def with_sidecars(file, *, sidecars, limits):
    return picture(**{name: len(data) for name, data in sidecars.items()})


def decode_text(file, *, sidecars, limits):
    """Encode and decode with the encoding that the file names."""
    name = file.read().decode()
    return picture(a="a".encode(name).decode(name))
