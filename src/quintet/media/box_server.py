"""The fork server of a decode box: warm, confined, one forked child per file.

Started by ``media/isolate.py`` as ``python -P -m quintet.media.box_server FD OPENER``. FD is a
socket over which each request brings three descriptors: the file to read (with the request), the
pipe for the result, and the pipe for how the child ended. The server itself never reads a byte of
the file, of the request or of the result.
"""

from __future__ import annotations

import ctypes
import encodings
import gc
import importlib
import json
import math
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from typing import Any, BinaryIO, NoReturn

from quintet.errors import Code, FileProblem
from quintet.media import cage, wire
from quintet.media.limits import Limits
from quintet.types import Media

ACK = b"+"

RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
"""``ru_maxrss`` counts bytes on macOS and KiB elsewhere."""

Opener = Callable[..., Media]


@dataclass
class Child:
    """One decoding that is under way."""

    status_fd: int
    deadline_s: float
    timed_out: bool = False


@dataclass
class Server:
    """The loop: take requests, fork, kill what is late, report how children ended."""

    control: socket.socket
    opener: Opener
    held_bytes: int
    children: dict[int, Child] = field(default_factory=dict)

    def run(self, wake_fd: int) -> None:
        """Serve until the other side closes the socket."""
        while True:
            ready, _, _ = select.select([self.control.fileno(), wake_fd], [], [], self._patience())
            if wake_fd in ready:
                os.read(wake_fd, 4096)
            self._reap()
            self._kill_late()
            if self.control.fileno() in ready and not self._serve():
                return

    def _patience(self) -> float | None:
        waiting = [c.deadline_s for c in self.children.values() if not c.timed_out]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _serve(self) -> bool:
        """Fork for one request; False when there will be no more."""
        message, fds, _, _ = socket.recv_fds(self.control, 4096, 4)
        if not message:
            return False
        file_fd, request_fd, result_fd, status_fd = fds
        wall_s = float(json.loads(message)["wall_s"])
        pid = os.fork()
        if pid == 0:
            os.close(status_fd)
            _child(self, wall_s, file_fd, request_fd, result_fd)
        for fd in (file_fd, request_fd, result_fd):
            os.close(fd)
        self.children[pid] = Child(status_fd, time.monotonic() + wall_s)
        self.control.sendall(ACK)
        return True

    def _kill_late(self) -> None:
        now = time.monotonic()
        for pid, child in self.children.items():
            if child.deadline_s <= now and not child.timed_out:
                child.timed_out = True
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self.children:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            self._report(self.children.pop(pid), status, used)

    def _report(self, child: Child, status: int, used: resource.struct_rusage) -> None:
        ended = {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "timed_out": child.timed_out,
            "peak_bytes": used.ru_maxrss * RSS_UNIT_BYTES,
        }
        try:
            os.write(child.status_fd, json.dumps(ended).encode())
        except BrokenPipeError:
            pass  # the result was complete, so nobody waited
        finally:
            os.close(child.status_fd)


def _child(
    server: Server, wall_s: float, file_fd: int, request_fd: int, result_fd: int
) -> NoReturn:
    """Decode one file, write the result and end without any clean-up."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _close_all_but(file_fd, request_fd, result_fd)
        limits, sidecars = read_request(request_fd)
        room = server.held_bytes + limits.memory_bytes
        with os.fdopen(file_fd, "rb") as file, os.fdopen(result_fd, "wb", buffering=0) as out:
            cage.confine_child(room, math.ceil(wall_s) + 1)
            _write(out, _answer(server.opener, file, limits, sidecars))
        code = 0
    finally:
        os._exit(code)


def _answer(
    opener: Opener, file: BinaryIO, limits: Limits, sidecars: dict[str, bytes]
) -> list[bytes | memoryview]:
    """The packed medium, or the packed reason; whatever a decoder raises is a reason."""
    try:
        file.seek(0)
        return wire.pack(opener(file, sidecars=sidecars, limits=limits))
    except wire.Elsewhere as e:
        return [wire.pack_elsewhere(e)]
    except Exception as e:  # noqa: BLE001 - decoders raise anything; it becomes a FileProblem
        return [wire.pack_problem(problem(e))]


def problem(error: Exception) -> FileProblem:
    """Any exception of a decoder as one of the closed list, in one line."""
    if isinstance(error, FileProblem):
        return FileProblem(error.code, " ".join(error.detail.split()))
    if isinstance(error, MemoryError):
        return FileProblem(Code.MEMORY, "needs more memory than a file may take")
    text = " ".join(str(error).split())[:500]
    return FileProblem(Code.CORRUPT, f"{type(error).__name__}: {text}" if text else repr(error))


def read_request(fd: int) -> tuple[Limits, dict[str, bytes]]:
    """Limits and side-car files as ``write_request`` wrote them."""
    with os.fdopen(fd, "rb") as f:
        f.seek(0)
        header = json.loads(f.readline())
        sidecars = {name: f.read(size) for name, size in header["sidecars"]}
    limits = Limits(**header["limits"] | {"off": tuple(header["limits"]["off"])})
    return limits, sidecars


def _write(out: FileIO, pieces: list[bytes | memoryview]) -> None:
    for piece in pieces:
        rest = memoryview(piece)
        while len(rest):
            rest = rest[out.write(rest) :]


def _close_all_but(*kept: int) -> None:
    """Close every descriptor from 3 on that is not kept."""
    at = 3
    for fd in sorted(kept):
        os.closerange(at, fd)
        at = fd + 1
    os.closerange(at, 1 << 20)


def _load(dotted: str) -> Opener:
    """The function ``package.module:name``, with its module's ``warm`` done if it has one."""
    module_name, _, name = dotted.partition(":")
    module = importlib.import_module(module_name)
    getattr(module, "warm", lambda: None)()
    opener: Opener = getattr(module, name)
    return opener


def _load_encodings() -> None:
    """All text encodings: Python imports each at its first use, which a child cannot."""
    for found in pkgutil.iter_modules(encodings.__path__):
        with suppress(ImportError):  # those of another operating system
            importlib.import_module(f"encodings.{found.name}")


def _child_fences(held_bytes: int) -> dict[str, bool]:
    """Which fences stand around a child, as a first one that decodes nothing finds out."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            limits = Limits()
            fences = cage.confine_child(held_bytes + limits.memory_bytes, math.ceil(limits.wall_s))
            os.write(tell, json.dumps(fences).encode())
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        found: dict[str, bool] = json.loads(pipe.read() or b"{}")
    os.waitpid(pid, 0)
    return found


def _hello(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


def main(fd: int, dotted: str) -> None:
    """Warm up, confine this process for good, say hello, serve."""
    control = socket.socket(fileno=fd)
    _load_encodings()
    opener = _load(dotted)
    ctypes.CDLL(None)  # children need it for their fences
    read_fd, write_fd = os.pipe()
    for end in (read_fd, write_fd):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write_fd)
    held_bytes = cage.address_space_bytes()
    protections = cage.confine()
    protections |= _child_fences(held_bytes)
    gc.collect()
    gc.freeze()
    with suppress(ConnectionError):  # the other side has ended: so does this one, silently
        _hello(control, protections)
        os.dup2(1, 2)  # decoders mutter about every damaged file; 1 is the null device
        Server(control, opener, held_bytes).run(read_fd)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
