"""Versions below which the libraries that read untrusted files have known holes."""

from __future__ import annotations

import platform
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True)
class Floor:
    """The least version of a library.

    Attributes:
        library: its name; ``within`` is the package that brings it.
        least: at least one of these, each for versions that begin like it.
        why: what the versions below it are open to.
    """

    library: str
    within: str
    least: tuple[str, ...]
    why: str


FLOORS = (
    Floor("Python", "", ("3.11.13", "3.12.11", "3.13.4", "3.14"), "tarfile: CVE-2025-4517"),
    Floor("SQLite", "Python", ("3.50.2",), "CVE-2025-6965"),
    Floor("FFmpeg", "av", ("8.1.3",), "CVE-2026-8461; only formats that Quintet names are opened"),
    Floor("Pillow", "pillow", ("12.3",), "decoders of AVIF, TIFF and fonts"),
    Floor("libwebp", "pillow", ("1.3.2",), "CVE-2023-4863"),
    Floor("libtiff", "pillow", ("4.7.0",), "CVE-2024-7006"),
    Floor("OpenJPEG", "pillow", ("2.5.4",), "CVE-2025-54874"),
    Floor("FreeType", "pillow", ("2.13.1",), "CVE-2025-27363"),
    Floor("libsndfile", "soundfile", ("1.2.2",), "CVE-2022-33065"),
    Floor("libxml2", "lxml", ("2.14.5",), "CVE-2025-49794 and CVE-2025-49796"),
    Floor("trimesh", "trimesh", ("5.2",), "readers that opened other files"),
    Floor("torch", "torch", ("2.10",), "CVE-2025-32434 and CVE-2026-24747"),
)
"""From the projects' security notes; the decode box is the defence that does not wait for them."""


@dataclass(frozen=True)
class Behind:
    """A library that is older than its floor."""

    floor: Floor
    found: str

    def __str__(self) -> str:
        of = f" (in {self.floor.within})" if self.floor.within else ""
        least = " or ".join(self.floor.least)
        return f"{self.floor.library} {self.found}{of} is below {least}: {self.floor.why}"


def behind(found: Mapping[str, str] | None = None) -> list[Behind]:
    """The libraries that are older than they should be.

    Args:
        found: library to version; those of this process by default.
    """
    here = found_here() if found is None else found
    return [
        Behind(floor, here[floor.library])
        for floor in FLOORS
        if here.get(floor.library) and _is_below(here[floor.library], floor.least)
    ]


def found_here() -> dict[str, str]:
    """Library to version, "" where it cannot be told."""
    return {name: _told(look) for name, look in _LOOKS.items()}


def _is_below(found: str, least: tuple[str, ...]) -> bool:
    """Whether a version is below the floor of its own line, or of the lowest line if older.

    >>> _is_below("3.11.7", ("3.11.13", "3.12.11")), _is_below("3.12.12", ("3.11.13", "3.12.11"))
    (True, False)
    >>> _is_below("3.40.1", ("3.50.2",)), _is_below("4.7.2", ("4.7.0",)), _is_below("4", ("3.9",))
    (True, False, False)
    """
    number = _numbers(found)
    own = [floor for floor in map(_numbers, least) if floor[:2] == number[:2]]
    lowest = min(own or [max(map(_numbers, least))])
    return number < lowest


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text)[:3])


def _told(look: Callable[[], object]) -> str:
    try:
        return str(look() or "")
    except (ImportError, PackageNotFoundError, ValueError):
        return ""


def _pillow(kind: str, name: str) -> str:
    from PIL import features

    return str(getattr(features, kind)(name) or "")


def _ffmpeg() -> str:
    import av

    return str(av.ffmpeg_version_info)


def _libsndfile() -> str:
    import soundfile

    return str(soundfile.__libsndfile_version__)


def _libxml2() -> str:
    from lxml import etree

    return ".".join(map(str, etree.LIBXML_VERSION))


_LOOKS: Mapping[str, Callable[[], object]] = {
    "Python": platform.python_version,
    "SQLite": lambda: sqlite3.sqlite_version,
    "FFmpeg": _ffmpeg,
    "Pillow": lambda: version("pillow"),
    "libwebp": lambda: _pillow("version", "webp"),
    "libtiff": lambda: _pillow("version", "libtiff"),
    "OpenJPEG": lambda: _pillow("version", "jpg_2000"),
    "FreeType": lambda: _pillow("version", "freetype2"),
    "libsndfile": _libsndfile,
    "libxml2": _libxml2,
    "trimesh": lambda: version("trimesh"),
    "torch": lambda: version("torch"),
}
