"""What a program opens and whom it calls: seen by the kernel, not read from error texts."""

import ctypes
import os
import select
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

IN_OPEN, IN_ACCESS, IN_NONBLOCK = 0x20, 0x1, 0x800


class Opens:
    """Opens of the files in one folder by any process, through inotify."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(IN_NONBLOCK)
        watched = libc.inotify_add_watch(self._fd, os.fsencode(folder), IN_OPEN | IN_ACCESS)
        if self._fd < 0 or watched < 0:
            raise OSError(ctypes.get_errno(), "inotify is not there")

    def names(self) -> list[str]:
        """Names of the files that were opened or read since the last call."""
        found = []
        with suppress(BlockingIOError):
            while data := os.read(self._fd, 65536):
                while data:
                    length = struct.unpack_from("iIII", data)[3]
                    found.append(os.fsdecode(data[16 : 16 + length].rstrip(b"\0")))
                    data = data[16 + length :]
        return [name for name in found if name]

    def close(self) -> None:
        """End the watch."""
        os.close(self._fd)


class Calls:
    """A server on this machine that nobody should call, by TCP or UDP."""

    def __init__(self) -> None:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))

    def count(self) -> int:
        """Connections and packets since the last call."""
        found = 0
        while ready := select.select([self._tcp, self._udp], [], [], 0)[0]:
            for one in ready:
                found += 1
                if one is self._tcp:
                    one.accept()[0].close()
                else:
                    one.recv(100)
        return found

    def close(self) -> None:
        """Stop listening."""
        self._tcp.close()
        self._udp.close()


HERE = sys.platform == "linux"
"""Where opens can be seen."""
