"""Open libraries of one folder for several threads: one thread a library at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from quintet.errors import ServiceBusy
from quintet.library import Library

WAIT_S = 20.0
WAITING = 12
"""Requests that wait for a place; beyond them the caller is asked to come again."""


class Pool:
    """Lends libraries beside a first one, the most lately used first."""

    def __init__(self, first: Library, size: int) -> None:
        self._first = first
        self._free: list[Library] = []
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._size = size
        self._waiting = 0
        self._closed = False

    @contextmanager
    def library(self) -> Iterator[Library]:
        """A library that no other thread uses meanwhile.

        Raises:
            ServiceBusy: all are lent for too long.
        """
        if not self._took_place():
            raise ServiceBusy(f"{self._size} requests are at work already; try again in a moment")
        try:
            with self._lock:
                lent = self._free.pop() if self._free else self._first.beside()
            try:
                yield lent
            finally:
                self._back(lent)
        finally:
            self._places.release()

    def _took_place(self) -> bool:
        """Wait for a place, unless too many do so: each holds a thread meanwhile."""
        if self._places.acquire(blocking=False):
            return True
        with self._lock:
            if self._waiting >= WAITING:
                return False
            self._waiting += 1
        try:
            return self._places.acquire(timeout=WAIT_S)
        finally:
            with self._lock:
                self._waiting -= 1

    def warm(self) -> None:
        """Open the libraries and what a search needs, so that no request has to wait for it."""
        for _ in range(self._size):
            made = self._first.beside()
            try:
                made.search("warm up")
            finally:
                self._back(made)

    def _back(self, lent: Library) -> None:
        with self._lock:
            if len(self._free) < self._size and not self._closed:
                self._free.append(lent)
                return
        lent.close()

    def close(self) -> None:
        """Close those that are not lent, and the others when they come back."""
        with self._lock:
            self._closed = True
            while self._free:
                self._free.pop().close()
