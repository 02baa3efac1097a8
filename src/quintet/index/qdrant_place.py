"""Where Qdrant runs and how a library's vectors are kept there: read from one line of text."""

from __future__ import annotations

import os
import re
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from quintet.errors import LibraryBusy, MissingExtra, QuintetError, Unreachable, UsageError

MEMORY = ":memory:"
API_KEY = "QUINTET_QDRANT_API_KEY"
"""The key is read from the environment, never kept in a library."""

OLDEST = (1, 18)
"""The first server that adds a named vector to a collection that is there."""

DENIED = (401, 403)
NOT_FOUND = 404

QUANTISATIONS = ("none", "scalar", "turbo", "binary", "product")
TIMEOUT_S = 60

_LAST_PART = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True)
class Place:
    """A Qdrant server, or a folder that its client keeps by itself, and how vectors are kept.

    Attributes:
        where: ``http(s)://HOST:PORT``, a folder, or ``:memory:``.
        shards, replicas: of a new collection; 0 leaves it to the server.
        quantisation: one of ``QUANTISATIONS``; originals stay, and re-score what it finds.
        exact: compare every vector, no graph; for judging what the graph misses.
    """

    where: str
    shards: int = 0
    replicas: int = 0
    quantisation: str = "none"
    exact: bool = False

    @classmethod
    def read(cls, text: str) -> Place:
        """``http://HOST:6333?shards=6&replicas=2&quantisation=scalar``, or a folder.

        Raises:
            UsageError: nothing before the question mark, an unknown option or value.
        """
        where, _, rest = text.partition("?")
        given = dict(parse_qsl(rest, keep_blank_values=True))
        unknown = sorted(given.keys() - {"shards", "replicas", "quantisation", "exact"})
        if unknown or not where:
            what = f"unknown option {unknown[0]!r}" if unknown else "no address"
            raise UsageError(
                f"index qdrant:{text}: {what}; write qdrant:http://HOST:6333 with, after a "
                "question mark, any of shards=N, replicas=N, quantisation=KIND, exact=yes"
            )
        return cls(
            where=_address(text, where),
            shards=_number("shards", given.get("shards", "0")),
            replicas=_number("replicas", given.get("replicas", "0")),
            quantisation=_one_of("quantisation", given.get("quantisation", "none"), QUANTISATIONS),
            exact=_one_of("exact", given.get("exact", "no"), ("yes", "no")) == "yes",
        )

    @property
    def is_server(self) -> bool:
        """Whether another process holds the vectors."""
        return self.where.startswith(("http://", "https://"))

    @property
    def is_private(self) -> bool:
        """Whether nobody else can read what is sent: encrypted, or within this machine."""
        parts = urlsplit(self.where)
        return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


def _address(text: str, where: str) -> str:
    """The address if it is one, or a folder."""
    if not where.startswith(("http://", "https://")):
        return where
    try:
        parts = urlsplit(where)
        known = parts.hostname and parts.port != 0
    except ValueError:
        known = None
    if not known:
        raise UsageError(f"index qdrant:{text}: no such address; write qdrant:http://HOST:6333")
    return where


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{name}={text!r} of a Qdrant index is no whole number")
    return int(text)


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise UsageError(f"{name}={text!r} of a Qdrant index is none of {', '.join(known)}")
    return text


class Connection:
    """One client of one place. Ask for it with ``connect``: a folder admits a single one."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client = _client(place)
        self._is_known = not place.is_server
        self._end = weakref.finalize(self, self.client.close)

    @contextmanager
    def asked(self) -> Iterator[Any]:
        """The client; what goes wrong with the server is told in this project's errors.

        Raises:
            Unreachable: no answer, or not in time.
            QuintetError: the server refused.
        """
        from qdrant_client.common.client_exceptions import QdrantException
        from qdrant_client.http.exceptions import ApiException, ResponseHandlingException

        try:
            if not self._is_known:
                self._meet()
            yield self.client
        except ResponseHandlingException as e:
            raise Unreachable(
                f"Qdrant at {self.place.where} does not answer ({e.source}); is it running? "
                "A library that was searched there is whole: `quintet rebuild --index auto` "
                "searches it here"
            ) from e
        except (ApiException, QdrantException) as e:
            told = " ".join(str(e).split())
            hint = (
                f"; is {API_KEY} set and right?" if getattr(e, "status_code", 0) in DENIED else ""
            )
            raise QuintetError(f"Qdrant at {self.place.where} refused: {told}{hint}") from e

    def _meet(self) -> None:
        """See once that a server of a version that will do is there.

        Raises:
            Unreachable: what answers is no Qdrant.
            QuintetError: an older one.
        """
        from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

        try:
            told = self.client.info()
        except UnexpectedResponse as e:
            if e.status_code != NOT_FOUND:
                raise
            raise self._no_qdrant(f"{e.status_code} {e.reason_phrase}") from e
        except (ResponseHandlingException, ValueError) as e:
            if isinstance(getattr(e, "source", e), ValueError):
                raise self._no_qdrant("its answer cannot be read") from e
            raise
        numbers = re.match(r"(\d+)\.(\d+)", told.version or "")
        if "qdrant" not in (told.title or "").lower() or numbers is None:
            raise self._no_qdrant(f"{told.title} {told.version}")
        if (int(numbers[1]), int(numbers[2])) < OLDEST:
            raise QuintetError(
                f"Qdrant at {self.place.where} is {told.version}; "
                f"{'.'.join(map(str, OLDEST))} or newer is needed: update the server"
            )
        self._is_known = True

    def _no_qdrant(self, told: str) -> Unreachable:
        return Unreachable(
            f"what answers at {self.place.where} is no Qdrant server ({told}); "
            "its REST port is 6333 unless it was given another"
        )

    def collections(self) -> list[str]:
        """Names of all collections there."""
        with self.asked() as client:
            return [c.name for c in client.get_collections().collections]

    def close(self) -> None:
        """End the connection; ``connect`` makes another."""
        with _lock:
            _open.pop(self.place, None)
        self._end()


_lock = threading.Lock()
_open: weakref.WeakValueDictionary[Place, Connection] = weakref.WeakValueDictionary()


def connect(place: Place) -> Connection:
    """The connection to a place, shared as long as anyone holds it; each ``:memory:`` is new.

    Raises:
        MissingExtra: the client is not installed.
        LibraryBusy: another process works with this folder.
        Unreachable: no server answers there.
    """
    if place.where == MEMORY:
        return Connection(place)
    with _lock:
        found = _open.get(place)
        if found is None:
            found = Connection(place)
            _open[place] = found
    return found


def _client(place: Place) -> Any:
    if find_spec("qdrant_client") is None:
        raise MissingExtra("qdrant-client", "qdrant")
    from qdrant_client import QdrantClient

    if place.where == MEMORY:
        return QdrantClient(MEMORY)
    if not place.is_server:
        return _folder(place.where, QdrantClient)
    key = os.environ.get(API_KEY) or None
    if key and not place.is_private:
        raise UsageError(
            f"{API_KEY} would be sent to {place.where} in clear text; use https:// there"
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
        return QdrantClient(
            url=place.where, api_key=key, timeout=TIMEOUT_S, check_compatibility=False
        )


def _folder(folder: str, make: Any) -> Any:
    try:
        return make(path=folder)
    except RuntimeError as e:
        if "already accessed" not in str(e):
            raise
        raise LibraryBusy(
            f"another process works with the Qdrant folder {folder}, which admits one at a time; "
            "wait for it, or run a Qdrant server"
        ) from e


def collection_name(*parts: str) -> str:
    """Parts joined by hyphens, without what a collection's name must not hold."""
    return "-".join(_LAST_PART.sub("_", part) for part in parts)
