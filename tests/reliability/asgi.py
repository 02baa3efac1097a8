"""Requests as they are, byte for byte: no client tidies up their paths and headers."""

from __future__ import annotations

import asyncio
import shutil
import threading
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import quintet
from quintet.serve import application
from quintet.service.service import Settings

HOST = b"127.0.0.1:8765"


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asked:
    """An application that is asked in its own event loop; use it as a context manager."""

    def __init__(self, folder, settings=None):
        self.app = application(folder, settings or Settings())
        self.service = self.app.state.service
        self.service.jobs.start = lambda: None  # jobs are queued, and none is done
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self.service.uploads.start()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.service.close()

    def __call__(self, method, target, body=b"", headers=(), address="127.0.0.1"):
        """Ask for a raw target such as ``/v1/items/..%2f``."""
        raw = target if isinstance(target, bytes) else target.encode("utf-8", "surrogatepass")
        asked = self._ask(method, raw, body, headers, address)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(60)

    async def _ask(self, method, raw, body, headers, address):
        path, _, query = raw.partition(b"?")
        lines = [(b"host", HOST), (b"content-length", str(len(body)).encode()), *headers]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": lines,
            "client": (address, 40000),
            "server": ("127.0.0.1", 8765),
            "state": {},
        }
        told = [{"type": "http.request", "body": body, "more_body": False}]
        status, head, parts, over = 0, {}, [], asyncio.Event()

        async def receive():
            if told:
                return told.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            nonlocal status, head
            if message["type"] == "http.response.start":
                status = message["status"]
                head = {k.decode("latin-1"): v.decode("latin-1") for k, v in message["headers"]}
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    over.set()

        await asyncio.wait_for(self.app(scope, receive, send), 50)
        return Answer(status, head, b"".join(parts))


def library(folder, texts=("a dog barks at the harbour", "snow falls on the mountain")):
    """A small library in a folder; its ``.quintet``."""
    media = folder / "media"
    media.mkdir(parents=True)
    for n, words in enumerate(texts):
        (media / f"{n}.txt").write_text(words + ".", "utf-8")
    with quintet.create(folder) as lib:
        lib.add(media, workers=1)
    return folder / ".quintet"


def copied(place, to):
    """A copy of a library that may be changed."""
    return shutil.copytree(place, to / ".quintet")
