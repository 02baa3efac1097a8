"""The one door to FFmpeg: which containers are opened, and how. Nothing else calls ``av.open``.

The file's first bytes choose the demuxers that may look at it; playlists, concatenations and
manifests, which name other files, have no entry here and no protocol to fetch with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import Subtitle
from av.video.stream import VideoStream

from quintet.errors import Code, FileProblem
from quintet.media.limits import Limits
from quintet.media.metadata import flat

_PREFIXES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x1aE\xdf\xa3", "matroska", "mkv"),
    (0, b"OggS", "ogg", "ogg"),
    (0, b"fLaC", "flac", "flac"),
    (0, b"FLV\x01", "flv", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", "asf"),
    (0, b"\x00\x00\x01\xba", "mpeg", "mpeg"),
    (0, b"\x00\x00\x01\xb3", "mpegvideo", "mpeg"),
    (0, b"ID3", "mp3,flac,aac,aiff,wav,ape,tta,mpc,mpc8", "mp3"),
    (0, b"caff", "caf", "caf"),
    (0, b".snd", "au", "au"),
    (0, b"#!AMR", "amr", "amr"),
    (0, b"MAC ", "ape", "ape"),
    (0, b"wvpk", "wv", "wavpack"),
    (0, b"TTA1", "tta", "tta"),
    (0, b"TTA2", "tta", "tta"),
    (0, b"MP+", "mpc", "mpc"),
    (0, b"MPCK", "mpc8", "mpc"),
    (0, b"DSD ", "dsf", "dsf"),
    (0, b"riff\x2e\x91\xcf\x11", "w64", "w64"),
    (0, b"\x0b\x77", "ac3,eac3", "ac3"),
    (0, b"\x7f\xfe\x80\x01", "dts", "dts"),
    (8, b"AVI ", "avi", "avi"),
    (8, b"AVIX", "avi", "avi"),
    (8, b"WAVE", "wav", "wav"),
    (8, b"AIFF", "aiff", "aiff"),
    (8, b"AIFC", "aiff", "aiff"),
)
"""Offset, bytes, the demuxers that may try, our name of the format."""

FORMATS = tuple(
    dict.fromkeys([*(row[3] for row in _PREFIXES), "mp4", "mov", "m4a", "3gp", "mpegts", "aac"])
)
"""Every format that ``signature`` may name."""

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"pnot")
_STILL_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"avif", b"avis")
"""ISO files that hold pictures, not films."""

_WEAK = ("mp3", "mpegts", "ac3", "dts", "aac")
"""Signatures of a few bits: a file that then cannot be opened is of unknown format, not corrupt."""

TEXT_SUBTITLES = ("subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text")
"""Codecs whose cues are words; picture subtitles are left alone."""


@dataclass(frozen=True)
class Signature:
    """What the first bytes say: our name of the format and the demuxers that may try it."""

    format: str
    demuxers: str


def signature(file: BinaryIO) -> Signature | None:
    """The container that the first bytes announce, or None."""
    file.seek(0)
    head = file.read(1024)
    for offset, magic, demuxers, format in _PREFIXES:
        if head[offset : offset + len(magic)] == magic:
            return Signature(format, demuxers)
    if head[4:8] in _MP4_BOXES:
        return _mp4(head)
    if head[:1] == head[188:189] == head[376:377] == b"\x47":
        return Signature("mpegts", "mpegts")
    if head[:1] == b"\xff" and len(head) > 2:
        return _mpeg_audio(head)
    return None


def _mp4(head: bytes) -> Signature | None:
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if brand in _STILL_BRANDS:
        return None
    names = {b"M4A ": "m4a", b"M4B ": "m4a", b"qt  ": "mov"}
    name = "3gp" if brand.startswith(b"3g") else names.get(brand, "mp4")
    return Signature(name, "mov,mp4,m4a,3gp,3g2,mj2")


def _mpeg_audio(head: bytes) -> Signature | None:
    """A frame header of ADTS (layer bits 00) or MPEG layers 1–3 with possible rates."""
    if head[1] & 0xF6 == 0xF0:
        return Signature("aac", "aac")
    rates_possible = head[2] >> 4 != 0xF and head[2] & 0x0C != 0x0C
    if head[1] & 0xE0 == 0xE0 and head[1] & 0x06 and head[1] & 0x18 != 0x08 and rates_possible:
        return Signature("mp3", "mp3")
    return None


@contextmanager
def opened(file: BinaryIO, limits: Limits) -> Iterator[InputContainer]:
    """A container of the allow-list with its streams found and its declared sizes checked.

    Raises:
        FileProblem: UNKNOWN_FORMAT, CORRUPT (known by its first bytes, but not openable),
            TOO_LARGE (streams, duration, pixels).
    """
    found = signature(file)
    if found is None:
        raise FileProblem(Code.UNKNOWN_FORMAT, "no known audio or video container")
    file.seek(0)
    try:
        container = av.open(
            Nameless(file),
            mode="r",
            options={
                "format_whitelist": found.demuxers,
                "protocol_whitelist": "none",
                "max_streams": str(limits.streams),
            },
            metadata_errors="replace",
            io_open=_refuse,
        )
    except av.error.MemoryError as e:  # its answer to too many streams, and to sizes that lie
        raise FileProblem(Code.TOO_LARGE, f"{found.format} that declares too much") from e
    except (av.error.FFmpegError, ValueError) as e:
        code = Code.UNKNOWN_FORMAT if found.format in _WEAK else Code.CORRUPT
        reason = getattr(e, "strerror", None) or str(e)
        raise FileProblem(code, f"not readable as {found.format}: {reason}") from e
    with container:
        check(container, limits)
        for stream in container.streams:
            if stream.codec_context is not None:
                stream.codec_context.thread_count = 1  # a decode box has no threads
        yield container


def _refuse(url: str, flags: int, options: object) -> NoReturn:  # noqa: ARG001 - FFmpeg's signature
    """The answer to a container that asks for another file."""
    raise FileProblem(Code.CORRUPT, "refers to another file")


class Nameless:
    """A file without a name: FFmpeg guesses from names, and follows them."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


def check(container: InputContainer, limits: Limits) -> None:
    """Refuse what the headers declare to be too large.

    Raises:
        FileProblem: TOO_LARGE.
    """
    if len(container.streams) > limits.streams:
        raise FileProblem(Code.TOO_LARGE, f"{len(container.streams)} streams")
    if duration(container) > limits.duration_s:
        raise FileProblem(Code.TOO_LARGE, f"{duration(container):.0f} s long")
    for stream in container.streams.video:
        if stream.codec_context is not None and stream.width * stream.height > limits.pixels:
            raise FileProblem(Code.TOO_LARGE, f"frames of {stream.width} × {stream.height}")


def duration(container: InputContainer) -> float:
    """The declared duration in seconds, 0 where none is declared."""
    found = [container.duration / av.time_base] if container.duration else []
    for stream in container.streams:
        if stream.duration and stream.time_base:
            found.append(float(stream.duration * stream.time_base))  # noqa: PERF401 - reads better
    return max([s for s in found if math.isfinite(s) and s > 0], default=0.0)


def film(container: InputContainer) -> VideoStream | None:
    """The video stream that is shown: not a cover picture, not a data track without a decoder."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    shown = [
        s
        for s in container.streams.video
        if s.codec_context is not None and s.width and s.height and not s.disposition & still
    ]
    return max(shown, key=lambda s: bool(s.disposition & Disposition.default), default=None)


def captions(container: InputContainer) -> list[SubtitleStream]:
    """The subtitle streams whose cues are words, in order."""
    return [
        s
        for s in container.streams.subtitles
        if s.codec_context is not None and s.codec_context.name in TEXT_SUBTITLES
    ]


def probe(file: BinaryIO, limits: Limits) -> tuple[str, bool] | None:
    """The format of a container and whether it is a film; None for no container.

    Raises:
        FileProblem: CORRUPT, TOO_LARGE, or NO_CONTENT for neither picture nor sound.
    """
    found = signature(file)
    if found is None:
        return None
    try:
        with opened(file, limits) as container:
            if film(container) is not None:
                return _exact_name(found.format, container), True
            if not container.streams.audio:
                raise FileProblem(Code.NO_CONTENT, f"{found.format} without picture or sound")
            return _exact_name(found.format, container), False
    except FileProblem as e:
        if e.code is Code.UNKNOWN_FORMAT:
            return None
        raise


def _exact_name(format: str, container: InputContainer) -> str:
    """Tagged files all begin with ID3; the demuxer that took the file knows better."""
    if format == "mp3":
        return {"mpc8": "mpc"}.get(container.format.name, container.format.name)
    return format


def tags(container: InputContainer) -> dict[str, str]:
    """``title``, ``artist``, ``album``, ``date`` … of a container and its streams."""
    pairs = [(_TAG_NAMES.get(k.lower(), k), v) for k, v in container.metadata.items()]
    for stream in container.streams:
        pairs += [(k, v) for k, v in stream.metadata.items() if k.lower() in _STREAM_TAGS]
    return {k: v for k, v in flat(pairs).items() if k not in _NOISE}


_TAG_NAMES = {"year": "date", "tdrc": "date", "creation_time": "date", "author": "artist"}
_STREAM_TAGS = ("title", "artist", "album", "date", "genre", "comment", "language")
_NOISE = ("major_brand", "minor_version", "compatible_brands", "encoder", "handler_name")


def words(cue: Subtitle) -> str:
    """The words of one decoded cue: the text field of an ASS event, or its plain text."""
    event = getattr(cue, "ass", b"") or getattr(cue, "text", b"")
    line = event.decode("utf-8", "replace")
    return line.split(",", 8)[-1] if getattr(cue, "ass", b"") else line
