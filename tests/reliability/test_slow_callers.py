"""Callers who send or read as slowly as they can: the others are answered."""

import contextlib
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

BEGINNINGS = {
    "heads": b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "bodies": b"POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n\r\n{",
    "readers": b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 30,
}

HELD_S = 40


@pytest.fixture
def served(small_library, tmp_path):
    """The port of ``quintet serve`` in a process of its own, and its log."""
    from tests.reliability.asgi import copied

    copied(small_library, tmp_path)
    with (
        (tmp_path / "log").open("w+") as log,
        subprocess.Popen(
            [sys.executable, "-m", "quintet.cli", "serve", "-L", tmp_path, "--port", "0"],
            stderr=log,
        ) as child,
    ):
        end, port = time.monotonic() + 60, 0
        while not port and time.monotonic() < end:
            told = (tmp_path / "log").read_text().partition("http://127.0.0.1:")[2]
            port = int(told.split()[0]) if told.split() else 0
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json") as told:
            told.read()  # made at the first request
        try:
            yield port, tmp_path / "log"
        finally:
            child.kill()


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("kind", BEGINNINGS)
def test_slow_ones(served, kind, times, figure):
    port, log = served
    count = times(100, 2000)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    over = threading.Event()
    try:
        with contextlib.ExitStack() as stack:
            lines = [stack.enter_context(_opened(port)) for _ in range(count)]
            for line in lines:
                with contextlib.suppress(OSError):
                    line.sendall(BEGINNINGS[kind])
            threading.Thread(target=_trickle, args=(lines, kind, over), daemon=True).start()
            waits = [_health(port) for _ in range(times(20, 120))]
            end = time.monotonic() + times(0, HELD_S)
            while _open_ones(lines) and time.monotonic() < end:
                waits.append(_health(port))
            held = _open_ones(lines)
            over.set()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    p99 = statistics.quantiles(waits, n=100, method="inclusive")[98]
    figure(
        "S9",
        f"health beside {count} slow {kind}, p99 in s",
        f"{p99:.3f}",
        "at most 1",
        met=p99 <= 1,
    )
    if times(0, HELD_S):  # lane P does not wait so long
        figure("S9", f"of {count} slow {kind} open after {HELD_S} s", held, "0", met=held == 0)
    told = len(log.read_text().splitlines())
    figure("S9", f"lines of log beside slow {kind}", told, "at most 1000", met=told <= 1000)


def _opened(port):
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    made.settimeout(0.5)
    return made


def _trickle(lines, kind, over):
    """A byte a second on each, but for readers, who only do not read."""
    while not over.wait(1.0):
        for line in lines if kind != "readers" else ():
            with contextlib.suppress(OSError):
                line.send(b"a")


def _health(port):
    began = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health", timeout=20) as told:
        assert told.status == 200
    time.sleep(0.05)
    return time.monotonic() - began


def _open_ones(lines):
    """How many the other side has not cut."""
    count = 0
    for line in lines:
        line.setblocking(False)
        try:
            line.recv(1, socket.MSG_PEEK)
            line.send(b"a")
            count += 1
        except BlockingIOError:
            count += 1
        except OSError:
            pass
    return count
