"""Every error that Quintet raises on purpose.

QuintetError
├── UsageError (ValueError)        the caller asked for something that cannot be
│   ├── UnknownName                no such encoder, method, item, column …; names the nearest
│   ├── ShapeError                 two arrays that must agree do not
│   ├── FilterError                a ``--where`` condition that cannot be read
│   └── Conflict                   it does not fit the state that something is in
├── NotFittedError (ValueError)    transform or search before fit or train
├── MissingExtra (ImportError)     an optional library is absent; carries the pip line
├── FileProblem                    one file cannot be indexed: ``code`` from a closed list
│   ├── OriginalGone               no file of a known item is there any more
│   └── OriginalChanged            the file of a known item holds something else now
├── LibraryError                   the library folder as a whole
│   ├── LibraryNotFound
│   ├── LibraryCorrupt
│   ├── LibraryTooNew              written by a newer schema than this program knows
│   ├── LibraryBusy                another process is writing
│   └── NoSpace                    the disk is full or the folder is read-only
├── SourceError (ValueError)       an empty, missing or unreadable folder given to ``add``
├── ServiceError                   the service as a whole
│   ├── ServiceBusy                too much at once; try again
│   ├── TooLarge                   a request or a file over the limit
│   └── Forbidden                  the caller may not do that
│       └── Unauthenticated        nobody we know calls; a token may help
├── TrainingError (ValueError)     not enough labels or items to learn from
├── Unreachable                    a server or cluster that was named does not answer
├── WorkerLost                     a process that did a part of the work died at every try
└── ModelError                     a saved model that cannot be opened
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

MOST_NAMES = 40
"""Known names that a message gives."""

FEW_LETTERS = 40
"""As long may a list of names be behind the message."""

LINE = 76
"""Letters on a line of a longer list, for a terminal of 80."""


class QuintetError(Exception):
    """Base of all errors raised on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """They come back from other processes as they were, whatever ``__init__`` takes."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[QuintetError], told: tuple[Any, ...], state: dict[str, Any]) -> QuintetError:
    made = kind.__new__(kind, *told)
    made.__dict__.update(state)
    return made


class UsageError(QuintetError, ValueError):
    """The caller asked for something that cannot be."""


class UnknownName(UsageError):
    """A name that is not in a list; the message gives the nearest ones.

    >>> str(UnknownName("method", "dfcll", ["cca", "dfcl"]))
    "no method named 'dfcll'; did you mean 'dfcl'? known: cca, dfcl"
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(map(str, known))
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        super().__init__(f"no {what} named {name!r}{hint} known:{_listed(names)}")


def _listed(names: list[str]) -> str:
    """Behind a colon: a few names on the same line, more of them on lines of their own."""
    more = [f"and {len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    text = ", ".join([*names[:MOST_NAMES], *more]) or "(none)"
    if len(text) <= FEW_LETTERS:
        return f" {text}"
    lines = textwrap.wrap(text, LINE, break_long_words=False, break_on_hyphens=False)
    return "".join(f"\n  {line}" for line in lines)


class ShapeError(UsageError):
    """Two arrays that must agree do not."""


class FilterError(UsageError):
    """A ``--where`` condition that cannot be read."""


class Conflict(UsageError):
    """What is asked for does not fit the state that something is in: a job that is over."""


class NotFittedError(QuintetError, ValueError):
    """``transform`` before ``fit``, or a cross-media search before ``train``."""


class MissingExtra(QuintetError, ImportError):
    """An optional library is absent.

    >>> str(MissingExtra("transformers", "pretrained"))
    "transformers is not installed: pip install 'quintet[pretrained]'"
    """

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed: pip install 'quintet[{extra}]'")


class Code(StrEnum):
    """The closed list of reasons why a file was not indexed."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    CHANGED = "changed"
    SPECIAL = "special_file"
    SYMLINK = "symlink"
    UNKNOWN_FORMAT = "unknown_format"
    OFF = "switched_off"
    CORRUPT = "corrupt"
    NO_CONTENT = "no_content"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    ENCODER = "encoder_failed"
    IO = "io_error"


class FileProblem(QuintetError):
    """One file cannot be indexed.

    Attributes:
        code: one of the closed list ``Code``.
        detail: one line for a person; control characters removed by the store.
    """

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class OriginalGone(FileProblem):
    """No file of a known item is there any more."""


class OriginalChanged(FileProblem):
    """The file of a known item holds something else now."""


class LibraryError(QuintetError):
    """The library folder as a whole cannot be used."""


class LibraryNotFound(LibraryError):
    """No library where one was expected."""


class LibraryCorrupt(LibraryError):
    """The database or one of its records is damaged."""


class LibraryTooNew(LibraryError):
    """The library was written by a newer schema."""


class LibraryBusy(LibraryError):
    """Another process is writing to the library."""


class NoSpace(LibraryError):
    """The disk is full, or the folder cannot be written."""


class SourceError(QuintetError, ValueError):
    """A folder given to ``add`` that is empty, missing or unreadable: never read as a deletion."""


class TrainingError(QuintetError, ValueError):
    """Not enough labels or items to learn from."""


class WorkerLost(QuintetError):
    """A process that did a part of the work died at every try."""


class Unreachable(QuintetError):
    """A server or cluster that the user named does not answer."""


class ModelError(QuintetError):
    """A saved model that cannot be opened."""


class ServiceError(QuintetError):
    """The service as a whole cannot do it."""


class ServiceBusy(ServiceError):
    """Too much at once: the same request may succeed in a moment."""


class TooLarge(ServiceError):
    """A request or an uploaded file over the limit."""


class Forbidden(ServiceError):
    """The caller's token does not allow it."""


class Unauthenticated(Forbidden):
    """Nobody we know calls; a token may help."""
