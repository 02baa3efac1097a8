"""Work done by the workers of a Ray cluster."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, TypeVar

from quintet.errors import MissingExtra, QuintetError, Unreachable, UsageError, WorkerLost
from quintet.flows.workers import STOPPED, TRIES

ANSWER_S = 5.0
"""A cluster must answer in this time; Ray itself tries for a quarter of an hour."""

ATTEMPTS = "2"
"""Of 40 s each, where something answers that is no cluster after all; Ray's own choice is 20."""

NO_IMPORT = "failed to import on the worker"
"""In what Ray raises where the package is not installed."""

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


class Ray:
    """The workers of a Ray cluster, one task a processor; Quintet is installed on each machine."""

    def __init__(self) -> None:
        import ray

        self._ray = ray
        run: Any = ray.remote(_run)
        self._run = run.options(num_cpus=1, max_retries=TRIES - 1, retry_exceptions=False)
        self._program = version("quintet")
        self._under_way: set[Any] = set()
        self._stopped = False
        self.count = self._processors()

    def _processors(self) -> int:
        """How many there are; a cluster that has just begun may not have counted them yet."""
        end = time.monotonic() + ANSWER_S
        while not (found := int(self._ray.cluster_resources().get("CPU", 0))):
            if time.monotonic() > end:
                raise Unreachable(
                    "the Ray cluster has no processor to work on (0 CPU); start a worker with: "
                    "ray start --address=HOST:PORT"
                )
            time.sleep(0.2)
        return found

    def share(self, value: object) -> Any:
        """A reference to the value in the cluster's object store."""
        return self._ray.put(value)

    def call(self, function: Callable[[S, T], R], shared: Any, task: T) -> R:
        """See ``Workers.call``."""
        errors = self._ray.exceptions
        under_way = self._run.remote(self._program, function, shared, task)
        self._under_way.add(under_way)
        if self._stopped:
            self.stop()
        try:
            result: R = self._ray.get(under_way)
        except errors.RayTaskError as e:
            raise self._cause(e) from e
        except errors.RayError as e:
            raise (WorkerLost(STOPPED) if self._stopped else self._lost(e)) from e
        finally:
            self._under_way.discard(under_way)
        return result

    def _cause(self, e: Any) -> Exception:
        """What a task raised; what Ray says when it could not even begin."""
        cause: Exception = e.cause
        if isinstance(cause, self._ray.exceptions.RayError) or NO_IMPORT in str(cause):
            return QuintetError(
                f"a Ray worker cannot do its work ({_last_line(cause)}); install Quintet "
                f"{self._program} and what it needs on every machine"
            )
        return cause

    def _lost(self, e: Exception) -> QuintetError:
        errors = self._ray.exceptions
        died = errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError
        if isinstance(e, died):
            return WorkerLost(
                f"its Ray worker died each of {TRIES} times ({type(e).__name__}); "
                "is the memory of the machines enough?"
            )
        return Unreachable(f"the Ray cluster was lost on the way: {e}")

    def stop(self) -> None:
        """See ``Workers.stop``."""
        self._stopped = True
        with suppress(self._ray.exceptions.RayError, ConnectionError):  # a cluster that is gone
            for each in self._under_way.copy():
                self._ray.cancel(each, force=True)


def _last_line(e: Exception) -> str:
    return str(e).strip().splitlines()[-1]


def _run(program: str, function: Callable[[S, T], R], value: S, task: T) -> R:
    """In a Ray worker: one task, by the program that gave it."""
    if version("quintet") != program:
        raise UsageError(
            f"Ray worker {socket.gethostname()} has Quintet {version('quintet')}, this is "
            f"{program}; install the same version on every machine"
        )
    return function(value, task)


@contextmanager
def on_ray(address: str | None) -> Iterator[Ray | None]:
    """The workers of the cluster at an address while the block runs; None without an address.

    A connection that the program has made before is used, and left open.

    Args:
        address: ``HOST:PORT`` of the head, ``ray://HOST:10001``, or ``auto`` on a machine of it.

    Raises:
        MissingExtra: Ray is not installed.
        UsageError: no such address can be.
        Unreachable: no cluster answers there.
    """
    if address is None:
        yield None
        return
    for needed in ("ray", "grpc"):
        if find_spec(needed) is None:
            raise MissingExtra(needed, "ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is sent unless it is asked for
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", ATTEMPTS)
    import ray

    if ray.is_initialized():
        yield Ray()
        return
    _answers(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as e:
        raise Unreachable(f"no Ray cluster at {address}: {e}") from e
    try:
        yield Ray()
    finally:
        ray.shutdown()


def _answers(address: str) -> None:
    """Raise Unreachable unless something listens there."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{address!r} is no Ray address; write HOST:PORT, ray://HOST:PORT or auto")
    host = host.strip("[]")
    try:
        socket.create_connection((host, int(port)), ANSWER_S).close()
    except OSError as e:
        raise Unreachable(
            f"no Ray cluster answers at {address} ({e.strerror or e}); start one with: "
            f"ray start --head --port={port} --disable-usage-stats"
        ) from e
    if not _speaks_grpc(host, port):
        raise Unreachable(
            f"what answers at {address} is no Ray cluster; write the address that `ray start "
            "--head` told (port 6379 unless it was given another, 10001 with ray://)"
        )


def _speaks_grpc(host: str, port: str) -> bool:
    """Whether a server of Ray's kind listens there; one with TLS is believed to be one."""
    if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
        return True
    import grpc

    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with grpc.insecure_channel(where, [("grpc.enable_http_proxy", 0)]) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=ANSWER_S)
        except grpc.FutureTimeoutError:
            return False
    return True
