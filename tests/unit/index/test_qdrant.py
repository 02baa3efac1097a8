"""Qdrant's own: filters, what is sent, stamps, and servers that are not there."""

import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from quintet.errors import MissingExtra, QuintetError, Unreachable, UsageError
from quintet.index import qdrant, qdrant_place
from quintet.index.qdrant import Qdrant, filter_of
from quintet.index.qdrant_place import Place, connect


def rows(n, k=4, seed=0):
    z = np.random.default_rng(seed).normal(size=(n, k)).astype(np.float32)
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def mask(n, *ranges):
    allowed = np.zeros(n, bool)
    for start, end in ranges:
        allowed[start:end] = True
    return allowed


# what is asked


def test_rows_that_stand_together_are_asked_for_as_ranges():
    keys = np.arange(1000) * 3
    found = filter_of(keys, mask(1000, (10, 300), (600, 900)))
    assert [(c.range.gte, c.range.lte) for c in found.should] == [(30, 897), (1800, 2697)]


def test_scattered_rows_are_asked_for_one_by_one_and_by_the_shorter_list():
    keys = np.arange(100) * 3
    few = mask(100, *[(i, i + 1) for i in range(0, 20, 2)])
    assert filter_of(keys, few).must[0].has_id == keys[few].tolist()
    many = ~few
    assert filter_of(keys, many).must_not[0].has_id == keys[few].tolist()


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.97])
@pytest.mark.parametrize("length", [1, 40])
def test_every_kind_of_filter_keeps_exactly_the_allowed(share, length):
    rng = np.random.default_rng(3)
    index, z = Qdrant(), rows(400)
    index.add(range(100, 500), z)
    allowed = np.repeat(rng.random(400 // length) < share, length)
    allowed[7] = True
    found = index.search(rows(1, seed=9)[0], 400, allowed)
    assert sorted(key - 100 for key, _ in found) == np.flatnonzero(allowed).tolist()


def test_nothing_allowed_asks_nothing(monkeypatch):
    index = Qdrant()
    index.add([1], rows(1))
    monkeypatch.setattr(index, "_ask", lambda *_: pytest.fail("asked"))
    assert index.search(rows(1)[0], 5, np.zeros(1, bool)) == []


def test_rows_of_another_process_are_not_returned():
    one = Qdrant()
    one.add([1, 2], rows(2))
    other = Qdrant(one.at, keys=one.keys)
    one.add([3, 4, 5], rows(3, seed=1))
    assert {key for key, _ in other.search(rows(1)[0], 5)} == {1, 2}


def test_shelves_of_one_collection_do_not_mix_and_may_differ_in_width():
    at = connect(Place(":memory:"))
    seen, heard = Qdrant(at, "m", "image-seen"), Qdrant(at, "m", "audio-heard")
    seen.add([1, 2], rows(2, 4))
    heard.add([3], rows(1, 6))
    assert [key for key, _ in heard.search(rows(1, 6)[0], 9)] == [3]
    assert {key for key, _ in seen.search(rows(1, 4)[0], 9)} == {1, 2}
    heard.remove([3])
    assert {key for key, _ in seen.search(rows(1, 4)[0], 9)} == {1, 2}


# filling


class Counting(Qdrant):
    """How many rows were sent and deleted."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.sent, self.deleted = [], []

    def _upload(self, keys, z):
        self.sent += keys.tolist()
        super()._upload(keys, z)

    def _delete(self, keys):
        self.deleted += keys.tolist()
        super()._delete(keys)


def test_filling_sends_what_differs_and_deletes_what_is_gone():
    at = connect(Place(":memory:"))
    z = rows(6)
    first = Counting(at, keys=np.arange(5))
    first.fill(z[:5], {"stamp": "one"})
    assert (first.sent, first.note()) == ([0, 1, 2, 3, 4], {"stamp": "one"})
    changed = z.copy()
    changed[2] = -changed[2]
    second = Counting(at, keys=np.array([0, 2, 3, 4, 5]))
    assert second.note() == {"stamp": "one"}
    second.fill(changed[[0, 2, 3, 4, 5]], {"stamp": "two"})
    assert (second.sent, second.deleted, second.note()) == ([2, 5], [1], {"stamp": "two"})
    ((best, score),) = second.search(changed[2], 1)
    assert (best, score) == (2, pytest.approx(1))


def test_a_fill_that_was_killed_leaves_no_note():
    class Killed(Qdrant):
        def _upload(self, keys, z):
            super()._upload(keys[:2], z[:2])
            raise KeyboardInterrupt

    at = connect(Place(":memory:"))
    Qdrant(at, keys=np.arange(5)).fill(rows(5), {"stamp": "one"})
    with pytest.raises(KeyboardInterrupt):
        Killed(at, keys=np.arange(9)).fill(rows(9, seed=1), {"stamp": "two"})
    again = Counting(at, keys=np.arange(9))
    assert not again.note()
    again.fill(rows(9, seed=1), {"stamp": "two"})
    assert again.sent == list(range(2, 9))
    assert [key for key, _ in again.search(rows(9, seed=1)[8], 1)] == [8]


def test_two_notes_in_one_collection_are_told_apart():
    at = connect(Place(":memory:"))
    Qdrant(at, "m", "a", np.arange(2)).fill(rows(2), {"stamp": "one"})
    Qdrant(at, "m", "b", np.arange(5, 7)).fill(rows(2, 7), {"stamp": "two"})
    assert [Qdrant(at, "m", v).note()["stamp"] for v in "ab"] == ["one", "two"]


def test_a_folder_keeps_everything(tmp_path):
    place = Place(str(tmp_path / "kept"))
    index = Qdrant(connect(place), keys=np.arange(5))
    index.fill(rows(5), {"stamp": "one"})
    expected = index.search(rows(1, seed=2)[0], 5)
    index.at.close()
    again = Qdrant(connect(place), keys=np.arange(5))
    assert again.note() == {"stamp": "one"}
    assert again.search(rows(1, seed=2)[0], 5) == expected
    again.at.close()


def test_a_folder_is_for_one_process(tmp_path):
    index = Qdrant(connect(Place(str(tmp_path))))
    index.add([1], rows(1))
    code = (
        "from quintet.index.qdrant_place import Place, connect\n"
        "from quintet.errors import LibraryBusy\n"
        f"try: connect(Place({str(tmp_path)!r}))\n"
        "except LibraryBusy as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "one at a time" in done.stdout, done.stderr
    index.at.close()


def test_a_lost_vector_is_told():
    index = Qdrant()
    index.add([1, 2], rows(2))
    other = Qdrant(index.at, keys=index.keys)
    other.remove([2])
    with pytest.raises(UsageError, match="lost vector 2; run: quintet rebuild"):
        index.vectors(np.array([0, 1]))


# places


def test_a_place_is_read():
    found = Place.read("https://host:6333?shards=6&replicas=2&quantisation=scalar&exact=yes")
    assert found == Place("https://host:6333", 6, 2, "scalar", True)
    assert Place.read("/some/folder") == Place("/some/folder")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no address"),
        ("http://h?shard=6", "'shard'"),
        ("http://h?shards=many", "'many' of a Qdrant index is no whole number"),
        ("http://h?quantisation=pq", "none, scalar"),
        ("http://h:port", "no such address"),
        ("http://h:99999", "no such address"),
        ("http://", "no such address"),
        ("https://[::1", "no such address"),
    ],
)
def test_a_place_that_cannot_be_read_says_why(text, told):
    with pytest.raises(UsageError, match=told):
        Place.read(text)


def test_without_the_client_the_line_that_installs_it_is_told(monkeypatch):
    monkeypatch.setattr(qdrant_place, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'quintet\[qdrant\]'"):
        Qdrant()


def test_a_server_that_is_not_there_is_named():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        where = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Unreachable, match=where):
            connect(Place(where)).collections()


def test_a_key_is_not_sent_in_clear_text(monkeypatch):
    monkeypatch.setenv(qdrant_place.API_KEY, "secret")
    with pytest.raises(UsageError, match="https"):
        connect(Place("http://192.0.2.1:6333"))


# what goes to a server


class Server(BaseHTTPRequestHandler):
    """Takes down what it is asked, and says that nothing is there yet."""

    def _answer(self):
        size = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(size) or b"null")
        self.server.asked.append((self.command, self.path.split("?")[0], body))
        self.server.key = self.headers.get("api-key")
        if self.path == "/":
            self._send(*self.server.hello)
        elif self.path == "/collections/refused/exists":
            self._send(403, {"status": {"error": "no key, no answer"}})
        elif self.path.endswith("/exists"):
            self._send(200, {"result": {"exists": False}})
        elif self.path.endswith("/query/batch"):
            row = {"id": 1, "version": 1, "score": 1.0, "vector": {"z": [1.0] + [0.0] * 7}}
            self._send(200, {"result": [{"points": [row]}]})
        elif "/points" in self.path or "/index" in self.path or "/vectors" in self.path:
            self._send(200, {"result": {"operation_id": 1, "status": "completed"}})
        else:
            self._send(200, {"result": True})

    do_GET = do_PUT = do_POST = do_PATCH = _answer

    def _send(self, code, body):
        data = json.dumps({"status": "ok", "time": 0.0, **body}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv(qdrant_place.API_KEY, "secret")
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as http:
        http.asked = []
        http.hello = 200, {"title": "qdrant - vector search engine", "version": "1.18.2"}
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def asked(server, options, collection="m"):
    """What a server hears when two rows are added and one is looked for."""
    place = Place.read(f"http://127.0.0.1:{server.server_port}?{options}")
    index = Qdrant(connect(place), collection)
    index.add([1, 2], np.eye(4, dtype=np.float32)[:2])
    assert index.search(np.eye(4, dtype=np.float32)[0], 1) == [(1, 1.0)]
    index.at.close()
    return {(verb, path): body for verb, path, body in server.asked}


def without_none(body):
    if isinstance(body, dict):
        return {k: without_none(v) for k, v in body.items() if v is not None}
    return [without_none(b) for b in body] if isinstance(body, list) else body


def test_a_collection_is_made_with_shards_replicas_and_quantisation(server):
    heard = asked(server, "shards=6&replicas=2&quantisation=scalar")
    assert without_none(heard["PUT", "/collections/m"]) == {
        "vectors": {},
        "shard_number": 6,
        "replication_factor": 2,
        "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}},
    }
    vector = without_none(heard["PUT", "/collections/m/vectors/z"])
    assert vector == {"dense": {"size": 8, "distance": "Dot"}}
    index = without_none(heard["PUT", "/collections/m/index"])
    assert index == {"field_name": qdrant.KEY, "field_schema": "integer"}
    (search,) = without_none(heard["POST", "/collections/m/points/query/batch"])["searches"]
    again = {"rescore": True, "oversampling": qdrant.OVERSAMPLING}
    assert search["params"]["quantization"] == again
    assert search["params"]["exact"] is False
    assert server.key == "secret"


@pytest.mark.parametrize("kind", ["scalar", "turbo", "binary", "product"])
def test_every_quantisation_is_one_that_the_client_knows(server, kind):
    body = asked(server, f"quantisation={kind}&exact=yes")["PUT", "/collections/m"]
    assert without_none(body)["quantization_config"][kind]["always_ram"] is True


def test_without_options_the_server_decides(server):
    heard = asked(server, "")
    assert without_none(heard["PUT", "/collections/m"]) == {"vectors": {}}
    (search,) = without_none(heard["POST", "/collections/m/points/query/batch"])["searches"]
    assert "quantization" not in search["params"]


def test_what_the_server_refuses_is_told(server):
    with pytest.raises(QuintetError, match="no key, no answer"):
        asked(server, "", "refused")


@pytest.mark.parametrize(
    ("hello", "kind", "told"),
    [
        (
            (200, {"title": "qdrant - vector search engine", "version": "1.17.9"}),
            QuintetError,
            r"is 1\.17\.9; 1\.18 or newer is needed",
        ),
        ((200, {"title": "something else", "version": "8.0"}), Unreachable, "no Qdrant server"),
        ((200, {"name": "es", "version": {"number": "8"}}), Unreachable, "no Qdrant server"),
        ((404, {}), Unreachable, "no Qdrant server"),
        ((401, {}), QuintetError, "is QUINTET_QDRANT_API_KEY set and right"),
        ((500, {}), QuintetError, "refused: .*500"),
    ],
)
def test_another_server_or_version_is_told_before_anything_is_asked(server, hello, kind, told):
    server.hello = hello
    with pytest.raises(kind, match=told):
        asked(server, "")
    assert [path for _, path, _ in server.asked] == ["/"]


def test_a_page_that_is_no_json_is_no_qdrant(server, monkeypatch):
    monkeypatch.setattr(json, "dumps", lambda *_: "<html>")
    with pytest.raises(Unreachable, match="no Qdrant server"):
        asked(server, "")


def test_wide_rows_are_sent_in_requests_that_a_server_takes(monkeypatch):
    monkeypatch.setattr(qdrant, "UPLOAD_VALUES", 64)
    index = Qdrant()
    sent = []
    upsert = index.at.client.upsert
    monkeypatch.setattr(
        index.at.client, "upsert", lambda c, p, wait: sent.append(len(p.ids)) or upsert(c, p, wait)
    )
    index.add(range(7), rows(7, k=24))
    index.add([9], rows(1, k=24))
    assert sent == [2, 2, 2, 1, 1]


@pytest.mark.parametrize("kind", qdrant_place.QUANTISATIONS)
def test_a_quantised_collection_of_the_client_answers_exactly(kind):
    z = rows(50, k=12)
    index = Qdrant(connect(Place.read(f":memory:?quantisation={kind}&exact=yes")))
    index.add(range(50), z)
    found = index.search(rows(1, k=12, seed=4)[0], 5)
    expected = np.argsort(-(z @ rows(1, k=12, seed=4)[0]), kind="stable")[:5]
    assert [key for key, _ in found] == expected.tolist()
