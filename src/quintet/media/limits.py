"""What one file may cost: declared sizes that are checked before decoding, time and memory."""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from quintet.errors import Code, FileProblem

MIB = 1024 * 1024

ARCHIVE_SUFFIXES = (".zip", ".jar", ".3mf", ".epub", ".docx", ".zae", ".kmz", ".usdz")
"""Members with these endings are archives themselves; each is one level of nesting."""

_ZIP_ENTRY_BYTES = 46
"""The fixed part of a central directory entry; a directory of n bytes holds at most n / 46."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The bounds of one decoding. The defaults let every ordinary file pass.

    Attributes:
        pixels: of one picture or video frame, as declared in the header.
        frames: read from an animated picture.
        duration_s: of a sound or a video, as declared in the header.
        streams: in one audio or video container.
        vertices: of a mesh; also the bound on its faces.
        text_chars: of one document.
        inflated_bytes, ratio, members: of an archive, as declared in its directory.
        archive_depth: an archive in an archive is depth 2.
        xml_depth, json_depth: nesting of elements or brackets.
        segments: fine units of one channel.
        wall_s: seconds a small file may take; ``wall_for`` gives larger ones more.
        wall_s_per_mib: added per MiB of file, because a two-hour film needs minutes.
        wall_max_s: nothing takes longer than this.
        memory_bytes: address space on top of what the loaded decoders hold.
        output_bytes: arrays and texts of one result.
        off: names of formats that are not read, whatever they hold.
    """

    pixels: int = 100_000_000
    frames: int = 1_000
    duration_s: float = 24 * 3600.0
    streams: int = 64
    vertices: int = 20_000_000
    text_chars: int = 20_000_000
    inflated_bytes: int = 512 * MIB
    ratio: int = 200
    members: int = 10_000
    archive_depth: int = 2
    xml_depth: int = 256
    json_depth: int = 200
    segments: int = 500_000
    wall_s: float = 10.0
    wall_s_per_mib: float = 2.0
    wall_max_s: float = 600.0
    memory_bytes: int = 2048 * MIB
    output_bytes: int = 512 * MIB
    off: tuple[str, ...] = ()

    def wall_for(self, size_bytes: int) -> float:
        """Seconds that a file of this size may take.

        >>> Limits().wall_for(0), Limits().wall_for(100 * MIB), Limits().wall_for(9000 * MIB)
        (10.0, 210.0, 600.0)
        """
        return min(self.wall_s + self.wall_s_per_mib * size_bytes / MIB, self.wall_max_s)


def check_zip(file: BinaryIO, limits: Limits) -> None:
    """Refuse a ZIP archive by its directory alone, before anything is inflated.

    The directory may lie about sizes: readers must also stop at ``inflated_bytes`` while inflating
    (``zipfile`` stops a member at its declared size).

    Raises:
        FileProblem: TOO_LARGE for too many members, too many inflated bytes, too high a ratio
            (small archives under 1 MiB inflated may have any ratio) or an archive nested too
            deep; CORRUPT for a directory that cannot be read.
    """
    _check_directory_size(file, limits)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, OSError) as e:
        raise FileProblem(Code.CORRUPT, f"not a readable ZIP archive: {e}") from e
    _check_members(members, limits)


def _check_directory_size(file: BinaryIO, limits: Limits) -> None:
    """Look for the end record first: ``zipfile`` would read a directory of any size."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise FileProblem(Code.CORRUPT, "not a readable ZIP archive: no end record")
    (directory_bytes,) = struct.unpack_from("<I", tail, at + 12)
    # 64-bit archives write 0xFFFFFFFF here; the directory is then bounded by the file itself
    count = min(directory_bytes, size) // _ZIP_ENTRY_BYTES
    if count > limits.members * 8:  # names and extra fields: 8 times the smallest entry
        raise FileProblem(Code.TOO_LARGE, f"archive directory of {directory_bytes} bytes")


def _check_members(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.members:
        raise FileProblem(
            Code.TOO_LARGE, f"{len(members)} archive members; the limit is {limits.members}"
        )
    inflated = sum(m.file_size for m in members)
    if inflated > limits.inflated_bytes:
        raise FileProblem(
            Code.TOO_LARGE,
            f"{inflated} bytes when inflated; the limit is {limits.inflated_bytes}",
        )
    packed = sum(m.compress_size for m in members)
    if inflated > MIB and inflated > limits.ratio * max(packed, 1):
        raise FileProblem(
            Code.TOO_LARGE, f"{packed} bytes inflate to {inflated}, over {limits.ratio} : 1"
        )
    if limits.archive_depth < 2 and any(_is_archive(m) for m in members):
        raise FileProblem(Code.TOO_LARGE, "an archive inside an archive")


def _is_archive(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith(ARCHIVE_SUFFIXES)
