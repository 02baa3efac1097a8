"""The edge of the service over real sockets: slow, wrong, large and many requests."""

import contextlib
import http.client
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace

import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from quintet.api.deadlines import Patience, patient
from quintet.api.edge import BODY_BYTES, Edge
from quintet.api.tries import WINDOW_S, Tries
from quintet.errors import ServiceBusy, ServiceError, UsageError
from quintet.serve import Few, listen, serve
from quintet.service.jobs import Jobs
from quintet.service.service import Settings
from quintet.service.state import State
from quintet.service.tokens import Scope

MOST = Settings().most_failed
QUICK = Patience(window_s=0.6, least_bytes=1000, connections=60)


def small():
    """An application that answers at once, takes bodies, and sends much."""
    app = FastAPI()

    @app.get("/v1/health")
    async def health():
        return {"status": "ok"}

    @app.post("/take")
    async def take(request: Request):
        return {"size": len(await request.body())}

    @app.get("/much")
    async def much():
        async def pieces():
            for _ in range(400):
                yield b"x" * 100_000

        return StreamingResponse(pieces())

    return app


class Running:
    """A server in a thread, on a free port."""

    def __init__(self, app, patience=QUICK):
        self.socket = listen("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        config = uvicorn.Config(
            app, http=patient(patience), ws="none", access_log=False, log_config=None
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def healthy_in(self):
        began = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/health", timeout=5) as told:
            assert json.load(told) == {"status": "ok"}
        return time.monotonic() - began

    def close(self):
        self.server.should_exit = True
        self.thread.join(10)


@contextlib.contextmanager
def many(running, count):
    """Open connections, closed whatever happens."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(running.connect()) for _ in range(count)]


@pytest.fixture
def running():
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    made = Running(small())
    yield made
    made.close()


def cut_after(connection, seconds=8):
    """Seconds until the other side ended a connection."""
    began = time.monotonic()
    connection.settimeout(seconds)
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return time.monotonic() - began


def feed(connection, first, drop, every_s=0.05):
    """Send a beginning, then very little for ever."""
    connection.sendall(first)

    def more():
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(drop)
                time.sleep(every_s)

    threading.Thread(target=more, daemon=True).start()


def test_a_head_that_never_ends_is_cut(running):
    with running.connect() as slow:
        feed(slow, b"GET /v1/health HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n")
        assert cut_after(slow) < 2.5


def test_requests_sent_ahead_end_with_the_first_answer(running):
    with running.connect() as hasty:
        hasty.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
        answers = b""
        while piece := hasty.recv(4096):
            answers += piece
        assert answers.count(b"HTTP/1.1 200") == 1


def test_one_request_after_the_other_is_served(running):
    steady = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    with contextlib.closing(steady):
        steady.connect()
        held = steady.sock
        for _ in range(5):
            steady.request("GET", "/v1/health")
            assert json.load(steady.getresponse()) == {"status": "ok"}
        assert steady.sock is held


def test_a_connection_that_says_nothing_is_cut(running):
    with running.connect() as silent:
        assert cut_after(silent) < 2.5


def test_a_second_head_on_a_connection_is_cut_too(running):
    with running.connect() as slow:
        slow.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in slow.recv(4096)
        feed(slow, b"GET /v1", b"/")
        assert cut_after(slow) < 2.5


def test_a_body_that_trickles_is_cut(running):
    head = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    with running.connect() as slow:
        feed(slow, head, b"x")
        assert cut_after(slow) < 3


def test_a_body_that_comes_slowly_but_comes_is_taken(running):
    head = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n"
    with running.connect() as steady:
        steady.sendall(head)
        for _ in range(20):  # two seconds: three times the window
            steady.sendall(b"x" * 2000)
            time.sleep(0.1)
        told = b""
        while b"}" not in told:
            told += steady.recv(4096)
        assert b'"size":40000' in told


def test_a_reader_that_does_not_read_is_cut(running):
    with running.connect() as slow:
        slow.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(2.5)
        assert not running.server.server_state.connections
        received = 0
        with contextlib.suppress(ConnectionError):
            while piece := slow.recv(1 << 20):
                received += len(piece)
        assert received < 40_000_000


def test_a_reader_that_reads_gets_all(running):
    with running.connect() as steady:
        steady.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = 0
        while piece := steady.recv(1 << 16):
            received += len(piece)
        assert received > 40_000_000


def test_health_stays_fast_beside_many_slow_ones(running):
    starts = (b"GET /v1", b"POST /take HTTP/1.1\r\nHost: x\r\n", b"G")
    with many(running, 50) as slow:
        for n, connection in enumerate(slow):
            connection.sendall(starts[n % 3])
        assert max(running.healthy_in() for _ in range(20)) < 1


def test_too_many_connections_give_way_to_new_ones(running):
    with many(running, 150):
        assert running.healthy_in() < 1
        assert len(running.server.server_state.connections) <= QUICK.connections + 1


@pytest.fixture
def edge():
    """A client of a small application behind the edge, with few requests at a time."""
    service = type("Service", (), {"settings": Settings()})()
    clock = [0.0]
    app = small()

    @app.post("/v1/session")
    async def login():
        from starlette.responses import Response

        return Response(status_code=403)

    @app.get("/closed")
    async def closed():
        from starlette.responses import Response

        return Response(status_code=401)

    guarded = Edge(app, service, requests=2, tries=Tries(MOST, clock=lambda: clock[0]))
    with TestClient(guarded, base_url="http://127.0.0.1") as client:
        client.service, client.clock, client.edge = service, clock, guarded
        yield client


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.nip.io"])
def test_another_name_is_refused(edge, host):
    answer = edge.get("/v1/health", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "[::1]:99", "LOCALHOST"])
def test_our_names_are_known(edge, host):
    assert edge.get("/v1/health", headers={"Host": host}).status_code == 200


def test_in_a_network_any_address_is_ours_and_no_other_name(edge):
    edge.service.settings = Settings("0.0.0.0", anonymous=None)
    assert edge.get("/v1/health", headers={"Host": "192.168.7.7:8765"}).status_code == 200
    assert edge.get("/v1/health", headers={"Host": "evil.example"}).status_code == 400


def test_without_tokens_nothing_is_answered_through_a_proxy(edge):
    forwarded = {"X-Forwarded-For": "8.8.8.8"}
    assert edge.get("/v1/health", headers=forwarded).status_code == 403
    edge.service.settings = replace(edge.service.settings, anonymous=None)
    assert edge.get("/v1/health", headers=forwarded).status_code == 200


def test_a_body_has_a_limit(edge):
    assert edge.post("/take", content=b"x" * BODY_BYTES).json() == {"size": BODY_BYTES}
    assert edge.post("/take", content=b"x" * (BODY_BYTES + 1)).status_code == 413


def test_a_body_of_undeclared_length_has_the_same(edge):
    def pieces(size):
        for _ in range(size // 1024):
            yield b"x" * 1024

    assert edge.post("/take", content=pieces(BODY_BYTES)).status_code == 200
    assert edge.post("/take", content=pieces(BODY_BYTES + 1024)).status_code == 413


def test_many_headers(edge):
    many = {f"X-{n}": "y" for n in range(120)}
    assert edge.get("/v1/health", headers=many).status_code == 431


def test_too_much_at_once_is_told_and_health_goes_on(edge):
    edge.edge._active = 2
    answer = edge.post("/take", content=b"")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert edge.get("/v1/health").status_code == 200
    edge.edge._active = 0
    assert edge.post("/take", content=b"").status_code == 200


@pytest.mark.parametrize("way", ["bearer", "login"])
def test_wrong_tokens_are_tried_ten_times(edge, way):
    def attempt():
        if way == "login":
            return edge.post("/v1/session", json={"token": "qt_x"}).status_code
        return edge.get("/closed", headers={"Authorization": "Bearer qt_x"}).status_code

    told = [attempt() for _ in range(MOST + 5)]
    assert set(told[:MOST]) <= {401, 403}
    assert told[MOST:] == [429] * 5
    answer = edge.get("/closed", headers={"Authorization": "Bearer qt_y"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW_S
    assert edge.get("/v1/health").status_code == 200  # who shows no token is not kept out
    edge.clock[0] += WINDOW_S + 1
    assert attempt() in (401, 403)


def test_who_had_a_good_token_is_not_kept_out_by_others_at_the_address():
    tries = Tries(MOST)
    tries.good("Bearer good")
    for _ in range(MOST):
        tries.failed("10.0.0.7", "Bearer bad")
    assert tries.wait_s("10.0.0.7", "Bearer good") == 0
    assert tries.wait_s("10.0.0.7", "Bearer other") > 0
    tries.failed("10.0.0.7", "Bearer good")  # revoked
    assert tries.wait_s("10.0.0.7", "Bearer good") > 0


def test_good_tokens_are_not_counted(edge):
    for _ in range(3 * MOST):
        assert edge.get("/v1/health", headers={"Authorization": "Bearer x"}).status_code == 200


def test_a_log_cannot_be_flooded_nor_forged():
    few = Few()
    record = logging.LogRecord("a", 30, "", 0, "x %s", ("a\nb\x1b[31m",), None)
    assert few.filter(record)
    assert record.getMessage() == "x a b [31m"
    passed = sum(few.filter(logging.LogRecord("a", 30, "", 0, "x", (), None)) for _ in range(1000))
    assert passed < 30


def test_a_port_in_use_is_told_with_a_way_out():
    with listen("127.0.0.1", 0) as held, pytest.raises(ServiceError, match="--port") as told:
        listen("127.0.0.1", held.getsockname()[1])
    assert "in use" in str(told.value) or "listens" in str(told.value)


def test_an_address_of_another_machine():
    with pytest.raises(ServiceError, match="--host"):
        listen("192.0.2.1", 0)


def test_a_network_needs_a_token(library):
    settings = Settings("127.0.0.1", 0, None)
    with pytest.raises(UsageError, match="quintet token create"):
        serve(library, settings)


def test_a_network_without_tokens_is_refused_before_all_else():
    with pytest.raises(UsageError, match="quintet token create"):
        Settings("0.0.0.0", 8765, Scope.ADMIN)


@contextlib.contextmanager
def process(folder, *given):
    """``quintet serve`` in a process of its own, and its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "quintet.cli", "serve", "-L", folder, "--port", "0", *given],
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        first = next(line for line in child.stderr if "http://" in line)
        host, _, port = first.partition("http://")[2].split()[0].partition(":")
        try:
            yield child, (host, int(port))
        finally:
            child.kill()


@pytest.mark.slow
def test_ctrl_c_ends_it_quickly_with_a_job_and_open_streams(library):
    state = State(library)
    job = Jobs(library, state).add("add", {"paths": [str(library.parent / "media")]})
    with process(library.parent) as (child, address), contextlib.ExitStack() as streams:
        with pytest.raises(ServiceBusy, match=str(child.pid)):
            serve(library, Settings("127.0.0.1", 0))
        for path in ("/v1/health", f"/v1/jobs/{job.id}/events"):
            stream = streams.enter_context(socket.create_connection(address))
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode())
        while state.rows("SELECT state FROM jobs") == [("queued",)]:
            time.sleep(0.02)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 0
        assert time.monotonic() - began < 5
        assert "Traceback" not in child.stderr.read()
    assert state.rows("SELECT state, tries FROM jobs") == [("queued", 0)]
    state.close()
