"""Is this machine, and this library, in order?"""

from __future__ import annotations

import platform
import shutil
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from quintet.errors import LibraryError
from quintet.flows.floors import behind
from quintet.flows.parts import Parts
from quintet.media.isolate import Box

LIBRARIES = ("torch", "numpy", "scipy", "pillow", "av", "soundfile", "trimesh", "pypdfium2")
EXTRAS = ("transformers", "sentence-transformers")

LOW_SPACE_BYTES = 1 << 30
"""Below this much free disk the doctor says so."""


@dataclass(frozen=True)
class Check:
    """One finding: ok True, wrong False, or worth knowing None."""

    name: str
    ok: bool | None
    detail: str


def versions() -> dict[str, str]:
    """Quintet, Python, SQLite and the libraries that decode and learn, with their versions."""
    found = {"quintet": version("quintet"), "python": platform.python_version()}
    found["sqlite"] = sqlite3.sqlite_version
    return found | {name: _version(name) for name in (*LIBRARIES, *EXTRAS)}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def machine() -> list[Check]:
    """What every library on this machine depends on: full text, the decoding box, versions."""
    return [_full_text(), *_box(), *_floors(), *_extras()]


def _full_text() -> Check:
    with sqlite3.connect(":memory:") as db:
        options = {row[0] for row in db.execute("PRAGMA compile_options")}
    ok = "ENABLE_FTS5" in options
    detail = f"SQLite {sqlite3.sqlite_version}" + ("" if ok else " has no FTS5; use another Python")
    return Check("full text search", ok, detail)


def _box() -> list[Check]:
    with Box(workers=1) as box:
        parts = box.protections()
    return [
        Check(f"decoding box: {name}", True if there else None, _protection(there))
        for name, there in parts.items()
    ]


def _protection(there: bool) -> str:
    return "on" if there else "this system does not give it; files are decoded with the rest"


def _floors() -> list[Check]:
    old = behind()
    if not old:
        return [Check("versions of libraries", True, "none has a hole that is known here")]
    return [Check(f"version of {b.floor.library}", None, f"{b}; bring it up to date") for b in old]


def _extras() -> list[Check]:
    missing = [name for name in EXTRAS if _version(name) == "not installed"]
    if missing:
        detail = f"{', '.join(missing)} not installed: pip install 'quintet[pretrained]'"
        return [Check("pretrained encoders", None, detail)]
    return [Check("pretrained encoders", True, "installed")]


def library_checks(parts: Parts) -> list[Check]:
    """The library: free disk, the database's own checksums, the state of its indexes and jobs."""
    free = shutil.disk_usage(parts.folder).free
    space = Check(
        "free disk", None if free < LOW_SPACE_BYTES else True, f"{free / 2**30:.1f} GiB free"
    )
    return [space, _verified(parts), _model(parts), _errors(parts)]


def _verified(parts: Parts) -> Check:
    try:
        wrong = parts.store.verify()
    except LibraryError as e:
        return Check("database", False, str(e))
    if wrong:
        return Check("database", False, f"{len(wrong)} damaged: {wrong[0]}; run: quintet rebuild")
    return Check("database", True, "every checksum holds")


def _model(parts: Parts) -> Check:
    active = parts.store.active_id()
    if active is None:
        return Check("model", None, "not trained; words and alikes work (quintet train)")
    return Check("model", True, f"{active} is active")


def _errors(parts: Parts) -> Check:
    count = parts.store.stats().errors
    detail = f"{count} file(s) could not be indexed; see: quintet errors" if count else "none"
    return Check("unreadable files", None if count else True, detail)


def nothing_at(folder: Path) -> Check:
    """That there is a library at all."""
    return Check("library", None, f"none at {folder} yet; quintet add FOLDER makes one")
