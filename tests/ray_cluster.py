"""A real Ray cluster of this machine for tests: loopback only, silent, and gone afterwards."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket

START_S = 180.0


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        address: for ``--ray``; ``outside`` for programs on no machine of it.
        env: what programs that connect to it need in their environment.
        pid: of the process that started all others.
    """

    address: str
    outside: str
    env: dict[str, str]
    pid: int

    def pids(self) -> list[int]:
        """All its processes, parents first."""
        children: dict[int, list[int]] = {}
        for pid in (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()):
            children.setdefault(_parent(pid), []).append(pid)
        found = [self.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def workers(self, title: str = "ray::") -> list[int]:
        """Its workers whose title begins so; a worker at work is called after its task."""
        return [pid for pid in self.pids() if _read(pid, "cmdline").startswith(title.encode())]


@contextmanager
def cluster(folder: Path, cpus: int = 2, paths: Sequence[str] = ()) -> Iterator[Cluster]:
    """A cluster of one node with ``cpus`` worker processes.

    Args:
        folder: an empty one with a short path, for sockets and logs.
        paths: folders that workers import from, beside those of this process.
    """
    with _one_at_a_time():
        yield from _running(folder, cpus, paths)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Clusters choose some of their ports themselves, and two at once choose the same."""
    with (Path(tempfile.gettempdir()) / "quintet-ray-tests.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _running(folder: Path, cpus: int, paths: Sequence[str]) -> Iterator[Cluster]:
    port, client = _free_ports(2)
    known = [p for p in [os.environ.get("PYTHONPATH")] if p]
    env = {**os.environ, **_quiet(folder), "PYTHONPATH": os.pathsep.join([*paths, *known])}
    head = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    head += ["--node-ip-address=127.0.0.1", f"--port={port}", f"--num-cpus={cpus}"]
    head += ["--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}"]
    head += ["--object-store-memory=100000000", f"--ray-client-server-port={client}"]
    head += ["--min-worker-port=0", "--max-worker-port=0"]
    with (folder / "start.log").open("wb") as log:
        process = subprocess.Popen(head, env=env, stdout=log, stderr=log)
    found = Cluster(f"127.0.0.1:{port}", f"ray://127.0.0.1:{client}", env, process.pid)
    try:
        _wait_until_ready(process, folder / "start.log")
        yield found
    finally:
        for pid in found.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _quiet(folder: Path) -> dict[str, str]:
    """Settings under which Ray listens on loopback only and sends nothing anywhere.

    Even with ``--disable-usage-stats`` a head reports *that* they are disabled, and asks the
    link-local address of clouds which one it is in, unless a configuration says so.
    """
    (folder / "ray_bootstrap_config.yaml").write_text("provider: {type: local}\n")
    return {
        "HOME": str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9/",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "disabled",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "OMP_NUM_THREADS": "1",
        "RAY_worker_niceness": "0",  # 15 by default: starved beside other tests
    }


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while b"Ray runtime started" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the Ray cluster did not start: {log.read_text()}")
        time.sleep(0.2)


def _parent(pid: int) -> int:
    """0 when the process has ended."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _read(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""
