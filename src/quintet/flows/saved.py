"""Saved searches: asked again, and what is new among the hits."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from quintet.errors import FileProblem, UnknownName, UsageError
from quintet.flows.parts import Parts
from quintet.flows.query import Term
from quintet.types import Hit

Search = Callable[..., list[Hit]]

NAME = re.compile(r"[^/\x00-\x1f\x7f\ud800-\udfff]{1,200}")
"""What a search may be called: what an address can carry."""


@dataclass(frozen=True, slots=True)
class SavedHit:
    """A hit of a saved search; ``new`` if it was not among the hits seen before."""

    hit: Hit
    new: bool


def save(parts: Parts, name: str, arguments: Mapping[str, Any], search: Search) -> None:
    """Ask a search once, then keep it under a name; its hits of now count as seen.

    Args:
        arguments: keyword arguments of ``search``; those that are None or empty are left out.

    Raises:
        UsageError: a name that cannot be, an argument that ``search`` does not have, or what it
            refuses.
    """
    name = checked(name)
    known = inspect.signature(search).parameters
    unknown = [key for key in arguments if key not in known]
    if unknown:
        raise UsageError(f"search has no {unknown[0]!r}; it has {', '.join(known)}")
    query = {k: _plain(k, v) for k, v in arguments.items() if v is not None and v not in ("", ())}
    found = search(**query)
    with parts.writing() as store:
        store.put_search(name, query)
        store.mark_seen(name, _ids(found))


def checked(name: str) -> str:
    """A name for a search, without blanks around it.

    Raises:
        UsageError: it cannot be one.

    >>> checked(" dogs "), checked("北 京")
    ('dogs', '北 京')
    """
    kept = name.strip()
    if kept in (".", "..") or not NAME.fullmatch(kept):
        raise UsageError(
            f"a saved search needs a name of 1 to 200 characters, without / and line breaks, and "
            f"not . or ..; {name[:40]!r} is none"
        )
    return kept


def run(parts: Parts, name: str, search: Search, *, seen: bool) -> list[SavedHit]:
    """The hits of a saved search now; ``seen``: none of them will be new again.

    Raises:
        UnknownName: no search of that name.
        UsageError: an item or a file that it asks with is gone.
    """
    name = name.strip()
    query = parts.store.saved_search(name).query
    before = parts.store.seen(name)
    try:
        found = search(**query)
    except (UnknownName, FileProblem) as e:
        raise UsageError(
            f"the saved search {name!r} asks with something that is gone: {e}; "
            f"save it again, or forget it with: quintet saved {name!r} --forget"
        ) from e
    if seen:
        with parts.writing() as store:
            store.mark_seen(name, _ids(found))
    return [SavedHit(hit, hit.item.id not in before) for hit in found]


def _ids(found: Sequence[Hit]) -> list[str]:
    """Of the hits and of what is nearly the same: a copy of what was seen is nothing new."""
    return list(dict.fromkeys(i for hit in found for i in (hit.item.id, *hit.alike)))


def _plain(key: str, value: Any) -> Any:
    """As JSON keeps it; files by their full path, so that the search works from any folder."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Term):
        return _typed(value)
    if key == "like" and isinstance(value, (str, Path)):
        return str(Path(value).expanduser().absolute())
    if isinstance(value, (list, tuple)):
        return [_plain(key, part) for part in value]
    if key in ("plus", "minus"):
        return _typed(Term.parse(str(value)))
    return value


def _typed(term: Term) -> str:
    """A term as a person would type it; what ``Term.parse`` reads back."""
    part = f"#{term.segment}" if term.segment else ""
    body = term.words
    if term.file is not None:
        body = f"file:{term.file.expanduser().absolute()}"
    elif term.item:
        body = f"item:{_item(term.item)}{part}"
    return f"{body}^{term.weight:.15g}" if term.weight != 1.0 or "^" in body else body


def _item(name: str) -> str:
    path = Path(name).expanduser()
    return str(path.absolute()) if path.exists() else name
