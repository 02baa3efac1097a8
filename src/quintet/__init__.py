"""Quintet: one search over image, video, text, audio and 3D models, on your own machine.

>>> import quintet
>>> lib = quintet.open("~/Media")                          # doctest: +SKIP
>>> lib.add("~/Media")                                     # doctest: +SKIP
>>> lib.train()                                            # doctest: +SKIP
>>> lib.search("dog")                                      # doctest: +SKIP
>>> lib.search(like="bark.wav", modalities=["mesh"])       # doctest: +SKIP
>>> lib = quintet.connect("http://127.0.0.1:8765")         # doctest: +SKIP
>>> lib.search(like="a.jpg", minus=["dog"], plus=["cat"])  # doctest: +SKIP
"""

from __future__ import annotations

from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quintet.client import Client, connect
    from quintet.flows.query import Term
    from quintet.library import (
        Library,
        create,
        open,  # noqa: A004 - users say quintet.open
        restore,
        salvage,
    )

__version__ = _version("quintet")

_FROM_LIBRARY = ("Library", "Term", "create", "open", "restore", "salvage")
_FROM_CLIENT = ("Client", "connect")


def __getattr__(name: str) -> Any:
    """Import the library only when it is used: ``quintet --help`` needs no torch."""
    if name in _FROM_LIBRARY:
        from quintet import library

        return getattr(library, name)
    if name in _FROM_CLIENT:
        from quintet import client

        return getattr(client, name)
    raise AttributeError(f"module 'quintet' has no attribute {name!r}")


__all__ = [
    "Client",
    "Library",
    "Term",
    "__version__",
    "connect",
    "create",
    "open",
    "restore",
    "salvage",
]
