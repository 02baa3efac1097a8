"""The decode box: every untrusted file is decoded in a child process of its own.

The parent may have threads, torch and open files; the children have none of them. They are
forked by a warm server (``media/box_server.py``) that has no network, no files and no way back. A
file that hangs, explodes or kills its decoder costs one ``FileProblem`` and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from typing import IO, Any, BinaryIO

from quintet.closing import Closing
from quintet.errors import Code, FileProblem, QuintetError
from quintet.media import wire
from quintet.media.limits import MIB, Limits
from quintet.types import Media

OPENER = "quintet.media.light:open_media"
HEAVY = "quintet.media.open:open_media"
"""The only other decoder that a child may pass a file on to; its server starts when needed."""

LOOK = "quintet.media.light:look"
"""Decodes nothing; its server starts with the first file that is large."""

START_S = 120.0
"""The server must be warm by then, even on a loaded machine with cold caches."""

GRACE_S = 5.0
"""How long after a child's time the server may take to say that it was killed."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_PIPE_BYTES = MIB
_NEAR = 0.75
"""A child that died holding this share of its memory died of it."""


class Box(Closing):
    """Decodes files in children of one fork server; safe to use from several threads.

    Args:
        workers: files at the same time.
        limits: what one file may cost.
        opener: ``module:function`` that decodes; tests put their own in.
    """

    def __init__(
        self, workers: int = 2, limits: Limits | None = None, *, opener: str = OPENER
    ) -> None:
        self.limits = limits or Limits()
        self._opener = opener
        self._places = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._servers: dict[str, _Server] = {opener: _Server(opener)}
        self._closed = False

    def close(self) -> None:
        """End the server and all children."""
        with self._lock:
            self._closed = True
            for server in self._servers.values():
                server.close()
            self._servers.clear()

    def open(self, file: BinaryIO | int, *, sidecars: Mapping[str, bytes] | None = None) -> Media:
        """Decode one file.

        Args:
            file: an open descriptor or binary file. A real file is handed over as it is and its
                position moves; anything else is copied.
            sidecars: file name to bytes of the files that belong to it.

        Raises:
            FileProblem: EMPTY, SPECIAL, UNKNOWN_FORMAT, CORRUPT, NO_CONTENT, TOO_LARGE, TIMEOUT,
                MEMORY or CRASHED.
            QuintetError: the box is closed, or its server cannot be started.
        """
        with self._places, ExitStack() as stack:
            file_fd = _descriptor(file, stack)
            wall_s = self.limits.wall_for(_size(file_fd))
            request = stack.enter_context(_request(self.limits, sidecars or {}))
            try:
                return self._decoded(self._opener, file_fd, request.fileno(), wall_s)
            except wire.Elsewhere as e:
                if e.opener != HEAVY:
                    raise FileProblem(Code.CRASHED, "the decoder named an unknown other") from e
            return self._decoded(HEAVY, file_fd, request.fileno(), wall_s)

    def look(self, file: BinaryIO) -> None:
        """Refuse a file that is larger than its format may be, by its first bytes.

        Raises:
            FileProblem: what ``open`` would raise, without the time to read the file whole.
            QuintetError: the box is closed, or its server cannot be started.
        """
        with self._places, ExitStack() as stack:
            file_fd = _descriptor(file, stack)
            request = stack.enter_context(_request(self.limits, {}))
            with suppress(wire.Elsewhere):
                self._decoded(LOOK, file_fd, request.fileno(), self.limits.wall_s)

    def protections(self) -> dict[str, bool]:
        """Which of the kernel's fences stand around the decoders here."""
        return dict(self._warm(self._opener).protections())

    def _decoded(self, opener: str, file_fd: int, request_fd: int, wall_s: float) -> Media:
        """One file through one server."""
        server = self._warm(opener)
        try:
            result, status = server.submit(file_fd, request_fd, wall_s)
        except OSError as e:
            self._replace(server)
            raise FileProblem(Code.CRASHED, "the decode server had ended") from e
        return self._outcome(server, result, status, wall_s)

    def _warm(self, opener: str) -> _Server:
        with self._lock:
            if self._closed:
                raise QuintetError("the decode box is closed")
            server = self._servers.get(opener) or _Server(opener)
            self._servers[opener] = server
        server.protections()
        return server

    def _replace(self, broken: _Server) -> None:
        """Forget a broken server, once for all threads that met it; a new one starts on need."""
        with self._lock:
            if self._servers.get(broken.opener) is broken:
                del self._servers[broken.opener]
                broken.close()

    def _outcome(self, server: _Server, result: int, status: int, wall_s: float) -> Media:
        """The medium that comes through the pipe, or what became of the child instead."""
        deadline = time.monotonic() + wall_s + GRACE_S
        with os.fdopen(result, "rb", buffering=0), os.fdopen(status, "rb", buffering=0):
            try:
                return wire.receive(_Reader(result, deadline), self.limits)
            except (EOFError, wire.WireError) as e:
                raise self._ended(server, status, deadline, e) from e
            except TimeoutError as e:
                self._replace(server)
                raise FileProblem(Code.TIMEOUT, f"not decoded in {wall_s:.0f} s") from e

    def _ended(
        self, server: _Server, status: int, deadline: float, broken: Exception
    ) -> FileProblem:
        """How the child ended, when there is no whole result."""
        try:
            ended = json.loads(_rest(status, deadline))
        except (TimeoutError, ValueError):
            self._replace(server)
            return FileProblem(Code.CRASHED, "the decode server ended")
        return _cause(ended, self.limits, broken)


def _cause(ended: Mapping[str, Any], limits: Limits, broken: Exception) -> FileProblem:
    number = int(ended["signal"])
    if ended["timed_out"] or number == signal.SIGXCPU:
        return FileProblem(Code.TIMEOUT, "not decoded within its time")
    if number == signal.SIGKILL or ended["peak_bytes"] > _NEAR * limits.memory_bytes:
        return FileProblem(Code.MEMORY, "needs more memory than a file may take")
    if number:
        return FileProblem(Code.CRASHED, f"the decoder was ended by {signal.Signals(number).name}")
    return FileProblem(Code.CRASHED, f"the decoder left no result ({broken})")


class _Server:
    """The other process, from this side. It warms up while this process goes on."""

    def __init__(self, opener: str) -> None:
        self.opener = opener
        self._lock = threading.Lock()
        self._hello: dict[str, bool] | None = None
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "quintet.media.box_server",
                    str(theirs.fileno()),
                    opener,
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | dict.fromkeys(_ONE_THREAD, "1"),
                start_new_session=True,  # Ctrl-C is for this process to handle
            )

    def protections(self) -> dict[str, bool]:
        """Wait until the server is warm; which fences stand around it.

        Raises:
            QuintetError: it did not start.
        """
        with self._lock:
            if self._hello is None:
                self._socket.settimeout(START_S)
                try:
                    self._hello = json.loads(_line(self._socket))
                except (OSError, ValueError) as e:
                    raise QuintetError("the decode server did not start") from e
                self._socket.settimeout(GRACE_S)
            return self._hello or {}

    def submit(self, file_fd: int, request_fd: int, wall_s: float) -> tuple[int, int]:
        """Have a child forked for one file: the reading ends for its result and for its end.

        Raises:
            OSError: the server is gone.
        """
        result, result_in = os.pipe()
        status, status_in = os.pipe()
        _widen(result)
        fds = [file_fd, request_fd, result_in, status_in]
        try:
            with self._lock:
                socket.send_fds(self._socket, [json.dumps({"wall_s": wall_s}).encode()], fds)
                if not self._socket.recv(1):
                    raise BrokenPipeError("the decode server ended")
        except OSError:
            os.close(result)
            os.close(status)
            raise
        finally:
            os.close(result_in)
            os.close(status_in)
        return result, status

    def close(self) -> None:
        """End the server; its children end with it."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


class _Reader:
    """Exactly n bytes from a pipe, at most until the deadline."""

    def __init__(self, fd: int, deadline: float) -> None:
        self._fd = fd
        self._deadline = deadline

    def __call__(self, size: int) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        with os.fdopen(self._fd, "rb", buffering=0, closefd=False) as pipe:
            while len(view):
                _wait(self._fd, self._deadline)
                count = pipe.readinto(view)
                if not count:
                    raise EOFError("the result is incomplete")
                view = view[count:]
        return data


def _wait(fd: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def _rest(fd: int, deadline: float) -> bytes:
    """All bytes up to the end of a pipe."""
    parts: list[bytes] = []
    while True:
        _wait(fd, deadline)
        part = os.read(fd, 4096)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _line(connection: socket.socket) -> bytes:
    """Bytes up to the first newline; nothing else is under way at that time."""
    line = b""
    while not line.endswith(b"\n"):
        part = connection.recv(4096)
        if not part:
            raise ValueError("the other side closed the socket")
        line += part
    return line


def _descriptor(file: BinaryIO | int, stack: ExitStack) -> int:
    """A descriptor of the bytes; what has none is copied into a nameless file.

    Raises:
        FileProblem: EMPTY or SPECIAL.
    """
    try:
        fd = file if isinstance(file, int) else file.fileno()
    except (OSError, AttributeError):
        fd = stack.enter_context(_copied(file)).fileno()
    kind = os.fstat(fd)
    if not stat.S_ISREG(kind.st_mode):
        raise FileProblem(Code.SPECIAL, "not a regular file")
    if kind.st_size == 0:
        raise FileProblem(Code.EMPTY, "no bytes")
    return fd


def _copied(file: Any) -> IO[bytes]:
    file.seek(0)
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    while piece := file.read(MIB):
        copy.write(piece)
    copy.flush()
    return copy


def _size(fd: int) -> int:
    return os.fstat(fd).st_size


def _request(limits: Limits, sidecars: Mapping[str, bytes]) -> IO[bytes]:
    """What the child is told beside the file, in a nameless file: a line of JSON, then bytes."""
    sizes = [[name, len(data)] for name, data in sidecars.items()]
    request = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    request.write(json.dumps({"limits": asdict(limits), "sidecars": sizes}).encode() + b"\n")
    for data in sidecars.values():
        request.write(data)
    request.flush()
    return request


def _widen(fd: int) -> None:
    """A larger pipe needs fewer switches between the processes; the default does too."""
    with suppress(AttributeError, OSError):
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
