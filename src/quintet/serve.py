"""One process that serves the REST interface and the pages of one library."""

from __future__ import annotations

import errno
import gc
import logging
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from threadpoolctl import threadpool_limits

from quintet.api.app import create_app
from quintet.api.deadlines import Patience, patient
from quintet.errors import ServiceError, UsageError
from quintet.service.service import Service, Settings
from quintet.web import site

HEAD_BYTES = 64 << 10
"""Of the head of a request."""

UNREAD_BYTES = 256 << 10
"""Of the answers to one caller that the system holds, twice, until they are read."""

IDLE_S = 5
"""A connection without a request is kept so long for the next one."""

GRACE_S = 2
"""After Ctrl-C answers may be finished for so long."""

EXIT_S = 1.0
"""Threads may end for so long; what they do is safe to break off."""

FILES = 65_536
LINES, LINES_S = 20, 60.0
"""At most so many lines of log in so many seconds."""


def application(folder: Path, settings: Settings) -> FastAPI:
    """The whole application over a library folder."""
    return _application(Service(folder, settings))


def _application(service: Service) -> FastAPI:
    app = create_app(service)
    site.install(app)
    return app


def serve(
    folder: Path,
    settings: Settings,
    ready: Callable[[str], None] = lambda url: None,
    patience: Patience | None = None,
) -> None:
    """Serve until interrupted.

    Args:
        ready: called with the address when requests are answered.

    Raises:
        ServiceBusy: another service runs on the library.
        ServiceError: the address cannot be listened on.
        UsageError: callers need a token, and there is none.
    """
    listening = listen(settings.host, settings.port)
    try:
        service = Service(folder, settings)
    except BaseException:
        listening.close()
        raise
    if settings.anonymous is None and not service.tokens.all():
        service.close()
        listening.close()
        raise UsageError(
            "callers need a token and there is none yet; make one with: quintet token create NAME"
        )
    _prepare()
    config = uvicorn.Config(
        _application(service),
        http=patient(patience or Patience()),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
        proxy_headers=settings.anonymous is None,
    )
    server = _Server(config, service, lambda: ready(_url(listening)))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    _leave()


class _Server(uvicorn.Server):
    """Tells when it is ready, and lets running jobs and streams end as soon as it is to stop."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service = service
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        threading.Thread(target=_warm, args=(self._service,), name="warm", daemon=True).start()
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.stop()
        await super().shutdown(sockets)


def _warm(service: Service) -> None:
    """Have all ready before the first request, and let the collector forget what stays for good.

    Looking through it again would stop every answer for up to a second.
    """
    service.pool.warm()
    gc.collect()
    gc.freeze()


def listen(host: str, port: int) -> socket.socket:
    """A socket on an address, so that trouble is told before anything is started.

    Raises:
        ServiceError: it is in use, or not ours to use.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family, backlog=1024)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
    except OSError as e:
        if e.errno == errno.EADDRINUSE:
            way = f"something else listens on it; end that, or take another: --port {port + 1}"
        elif e.errno == errno.EACCES:
            way = "ports below 1024 belong to the system; take another: --port 8765"
        else:
            way = f"{e.strerror or e}; see --host and --port"
        raise ServiceError(f"cannot listen on {host} port {port}: {way}") from e
    # connections inherit it; else each answer's body waits 40 ms for the caller's word on its head
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _url(listening: socket.socket) -> str:
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _prepare() -> None:
    """Room for many connections, a log that cannot be flooded, and one thread a request."""
    threadpool_limits(1)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(Few())
    for name in ("uvicorn", "asyncio"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.handlers[:] = [handler]
        logger.propagate = False


class Few(logging.Filter):
    """Lets only so many lines pass in a time, and control characters never."""

    def __init__(self) -> None:
        super().__init__()
        self._began = self._passed = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written."""
        now = time.monotonic()
        if now - self._began > LINES_S or not self._began:
            self._began, self._passed = now, 0
        self._passed += 1
        text = record.getMessage()
        record.msg, record.args = "".join(c if c.isprintable() else " " for c in text), ()
        return self._passed <= LINES


def _leave() -> None:
    """End the process even if a thread hangs; the service has been closed."""
    end = time.monotonic() + EXIT_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                sys.stderr.flush()
                sys.stdout.flush()
                os._exit(0)
