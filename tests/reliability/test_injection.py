"""What looks like a command, a query or a template is text, and nothing is done."""

import hashlib
import itertools
import json
import socket
import sqlite3
from contextlib import closing
from urllib.parse import quote

import pytest
from tests.reliability.payload import hostile

FIELDS = ("text", "item", "where", "facet", "label", "tag", "name", "cursor", "model", "sort")


@pytest.fixture
def listener():
    """A socket that nobody may connect to."""
    with closing(socket.create_server(("127.0.0.1", 0))) as made:
        made.setblocking(False)
        yield made


def test_nothing_is_done_and_nobody_is_called(asked, tmp_path, listener, times, figure):
    canary, port = tmp_path / "canary", listener.getsockname()[1]
    payloads = [
        p.replace("{canary}", str(canary)).replace("{port}", str(port))
        for p in hostile("injection")
    ]
    folder = asked.service.folder
    before, count, bad = _content(folder), 0, []
    for payload, field in itertools.product(payloads[:: times(3, 1)], FIELDS):
        for request in _requests(field, payload):
            answer = asked(*request)
            count += 1
            if answer.status >= 500 or b"set-cookie: x" in repr(answer.headers).lower().encode():
                bad.append((field, payload, answer.status))
    with pytest.raises(BlockingIOError):
        listener.accept()
    done = len(bad) + canary.exists() + (_content(folder) != before)
    what = f"{len(payloads)} injections in {len(FIELDS)} fields, {count} requests: effects, or 5xx"
    figure("S3", what, done, "0", met=not done)


def _content(folder):
    """A hash of all tables that these requests must not change."""
    found = hashlib.sha256()
    with closing(sqlite3.connect(folder / "library.sqlite")) as db:
        names = [r[0] for r in db.execute("SELECT name FROM sqlite_master ORDER BY name")]
        found.update(repr(names).encode())
        for table in ("items", "files", "segments", "metadata", "settings"):
            found.update(repr(db.execute(f"SELECT * FROM {table}").fetchall()).encode())
    return found.hexdigest()


def _requests(field, value):
    def post(target, told, method="POST"):
        return method, target, json.dumps(told).encode(), [(b"content-type", b"application/json")]

    search = {"parts": [{"text": "dog"}]}
    made = quote(value, safe="")
    return {
        "text": [post("/v1/search", {"parts": [{"text": value}]}), ("GET", f"/?q={made}")],
        "item": [post("/v1/search", {"parts": [{"item": value}]}), ("GET", f"/v1/items/{made}")],
        "where": [
            post("/v1/search", search | {"where": [f"name={value}", f"{value}=1"]}),
            ("GET", f"/v1/items?where={made}"),
        ],
        "facet": [post("/v1/facets", {"keys": [value]})],
        "label": [post("/v1/items/00ff", {"label": value}, "PATCH")],
        "tag": [post("/v1/items/00ff", {"tags": [value]}, "PATCH")],
        "name": [("GET", f"/v1/saved/{made}"), ("DELETE", f"/v1/saved/{made}")],
        "cursor": [post("/v1/search", search | {"cursor": value[:400]})],
        "model": [post(f"/v1/models/{made}/use", {})],
        "sort": [post("/v1/search", search | {"sort": value, "group_by": value})],
    }[field]
