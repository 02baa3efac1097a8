"""Every medium but 3D models, for a small fork server.

A fork costs in proportion to what its server has loaded, and 3D models load more than all others
together. Their files are recognised here and passed on to a server of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO, NoReturn

from quintet.media import open as opening
from quintet.media.limits import Limits
from quintet.media.wire import Elsewhere
from quintet.types import Media, Modality

HEAVY = "quintet.media.open:open_media"
"""Who decodes 3D models."""


def open_media(
    file: BinaryIO, *, sidecars: Mapping[str, bytes] | None = None, limits: Limits | None = None
) -> Media:
    """Decode a file, like ``media.open.open_media``.

    Raises:
        FileProblem: expected trouble.
        Elsewhere: a 3D model; it names the function that decodes it.
    """
    modality, format = opening.sniff(file, limits.off if limits else ())
    if modality is Modality.MESH:
        raise Elsewhere(HEAVY)
    return opening.decode(file, modality, format, sidecars=sidecars, limits=limits)


def look(file: BinaryIO, *, sidecars: Mapping[str, bytes], limits: Limits) -> NoReturn:  # noqa: ARG001 - as open_media
    """Refuse a file that is larger than its format may be, without decoding it.

    Raises:
        FileProblem: it is refused.
        Elsewhere: it may be decoded.
    """
    opening.look(file, limits)
    raise Elsewhere(HEAVY)


def warm() -> None:
    """Import all but 3D models and decode one tiny file of each medium."""
    for modality in opening.ORDER:
        if modality is not Modality.MESH:
            opening.medium(modality).warm()
