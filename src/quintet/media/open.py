"""Bytes to a medium: which of the five it is, by content alone, and its decoding.

This is the only place that chooses by modality. A file from elsewhere is decoded in a box
(``media/isolate.py``), whose child calls ``open_media``.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any, BinaryIO

from quintet.errors import Code, FileProblem
from quintet.media import mesh_headers
from quintet.media.limits import Limits
from quintet.types import Media, Modality

ORDER = (Modality.IMAGE, Modality.VIDEO, Modality.AUDIO, Modality.MESH, Modality.TEXT)
"""Who is asked first: clear signatures before text, which is anything that reads as words."""


def formats() -> dict[Modality, tuple[str, ...]]:
    """Every format that is read; what films and sounds come in is listed under both."""
    from quintet.media import container, image, text

    return {
        Modality.IMAGE: tuple(image.PILLOW_NAME),
        Modality.VIDEO: (*container.FORMATS, *image.ANIMATED),
        Modality.TEXT: text.FORMATS,
        Modality.AUDIO: container.FORMATS,
        Modality.MESH: mesh_headers.FORMATS,
    }


def sniff(file: BinaryIO, off: Collection[str] = ()) -> tuple[Modality, str]:
    """The modality and the format of a file, by its content.

    Args:
        off: formats that no library may look into: told by the first bytes where these say it.

    Raises:
        FileProblem: EMPTY, OFF, UNKNOWN_FORMAT, or CORRUPT and TOO_LARGE where a container is
            recognised and cannot be opened.
    """
    if file.seek(0, 2) == 0:
        raise FileProblem(Code.EMPTY, "no bytes")
    if off:
        _refuse_off(_announced(file), off)
    for modality in ORDER:
        found = _sniffer(modality).sniff(file)
        if found is not None:
            _refuse_off(found, off)
            return modality, found
    raise FileProblem(Code.UNKNOWN_FORMAT, "not an image, video, text, audio or 3D model")


def _announced(file: BinaryIO) -> str:
    """The format that the first bytes announce, before any library sees them."""
    from quintet.media import container, image

    signature = container.signature(file)
    return image.magic(file) or (signature.format if signature else "")


def _refuse_off(format: str, off: Collection[str]) -> None:
    if format in off:
        raise FileProblem(Code.OFF, f"{format} is switched off; on: quintet formats --on {format}")


def look(file: BinaryIO, limits: Limits) -> None:
    """Refuse a file that is larger than its format may be; its first bytes tell the format.

    Pictures, sounds, films, PDF and packed documents have no such bound: what they take when they
    are decoded does not depend on their bytes.

    Raises:
        FileProblem: as ``sniff``, or TOO_LARGE.
    """
    modality, format = sniff(file, limits.off)
    check_size = getattr(_sniffer(modality), "check_size", None)
    if check_size is not None:
        check_size(file.seek(0, 2), format, limits)


def open_media(
    file: BinaryIO, *, sidecars: Mapping[str, bytes] | None = None, limits: Limits | None = None
) -> Media:
    """Decode a file in this process.

    Args:
        sidecars: file name to bytes of files that belong to it, such as subtitles.

    Raises:
        FileProblem: expected trouble; decoders raise more (a box maps it to CORRUPT).
    """
    modality, format = sniff(file, limits.off if limits else ())
    return decode(file, modality, format, sidecars=sidecars, limits=limits)


def decode(
    file: BinaryIO,
    modality: Modality,
    format: str,
    *,
    sidecars: Mapping[str, bytes] | None = None,
    limits: Limits | None = None,
) -> Media:
    """Decode a file whose modality and format are known; otherwise like ``open_media``."""
    bounds = limits or Limits()
    media: Media
    if modality in _WITH_SIDECARS:
        media = medium(modality).decode(file, format, bounds, sidecars=sidecars or {})
    else:
        media = medium(modality).decode(file, format, bounds)
    return media


_WITH_SIDECARS = (Modality.VIDEO,)


def _sniffer(modality: Modality) -> Any:
    """The module that recognises a modality; for 3D models it is one that loads in no time."""
    return mesh_headers if modality is Modality.MESH else medium(modality)


def medium(modality: Modality) -> Any:
    """The module of a modality, with ``sniff``, ``decode`` and ``warm``; imported late."""
    return importlib.import_module(f"quintet.media.{modality}")


def warm() -> None:
    """Import everything and decode one tiny file of each medium, 3D models too."""
    for modality in ORDER:
        medium(modality).warm()
