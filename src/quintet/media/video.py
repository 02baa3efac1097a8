"""Films and animated pictures: frames by shot, the sound track, and subtitles.

A short film (``EXACT_PIXELS`` in all) is decoded frame by frame and looked at ``SAMPLE_HZ`` times a
second; of a longer one only the key frames are decoded, unless it has hardly any. At most
``CANDIDATES`` small frames are compared to find the shots; of each shot up to ``FRAMES_PER_SHOT``
frames are kept, evenly spaced and in order, ``MAX_FRAMES`` in all.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from quintet.errors import Code, FileProblem
from quintet.media import animation, audio, container, shots, subtitles
from quintet.media.image import fit
from quintet.media.limits import Limits
from quintet.types import (
    AudioMedia,
    Float32,
    Int64,
    Modality,
    Segment,
    SegmentKind,
    UInt8,
    VideoMedia,
)

FRAME_SIDE_PX = 224
"""The longer side of a kept frame; smaller films keep their size."""

SAMPLE_HZ = 8.0
"""Frames looked at per second of a film that is decoded frame by frame."""

EXACT_PIXELS = 600_000_000
"""Up to so many pixels in all, every frame is decoded: 10 s of 1080p, 65 s of 640 × 480."""

POOR_S = 8.0
"""Key frames further apart than this on average are too few; then frames are decoded in full."""

POOR_PIXELS = 4 * EXACT_PIXELS
"""A film with few key frames is decoded in full up to here, and no further."""

CANDIDATES = 1_024
FRAMES_PER_SHOT = 16
MAX_FRAMES = 512
MAX_SHOTS = 512


def sniff(file: BinaryIO) -> str | None:
    """The format of a film, or of a picture with more than one frame."""
    moving = animation.sniff(file)
    if moving is not None:
        return moving
    found = container.probe(file, Limits())
    return found[0] if found is not None and found[1] else None


def decode(
    file: BinaryIO,
    format: str,
    limits: Limits,
    sidecars: Mapping[str, bytes] | None = None,
) -> VideoMedia:
    """The film in a file, with its sound and subtitles.

    Args:
        sidecars: file name to bytes; those ending in .srt or .vtt are read as subtitles.

    Raises:
        FileProblem: TOO_LARGE for declared sizes over the limits; CORRUPT for no readable frame.
    """
    if format in animation.FORMATS:
        frames, times, length_s, metadata = animation.decode(file, format, limits, FRAME_SIDE_PX)
        return _media(format, frames, times, length_s, metadata)
    with container.opened(file, limits) as opened:
        metadata = container.tags(opened)
        length_s = container.duration(opened)
        film = container.film(opened)
        if film is None:
            raise FileProblem(Code.NO_CONTENT, "no film in the container")
        metadata |= {"width": str(film.width), "height": str(film.height)}
        heard, tracks = bool(opened.streams.audio), len(container.captions(opened))
        frames, times = sampled(opened, film, length_s)
    seen = _media(format, frames, times, length_s, metadata)
    said = [*_embedded(file, tracks, limits), *_beside(sidecars or {})]
    return replace(
        seen,
        sound=_sound(file, format, limits) if heard else None,
        subtitles=subtitles.as_media(said, "subtitles"),
    )


def sampled(
    opened: InputContainer, film: VideoStream, length_s: float
) -> tuple[list[UInt8], list[float]]:
    """Small frames in order and their times: all, or the key frames, as the length demands.

    Raises:
        FileProblem: CORRUPT when no frame can be decoded.
    """
    rate = float(film.average_rate or film.guessed_rate or 25)
    pixels = film.width * film.height
    total = pixels * (film.frames or rate * length_s)
    gap_s = max(1 / SAMPLE_HZ, length_s / CANDIDATES)
    taken: tuple[list[UInt8], list[float]] = ([], [])
    if total > EXACT_PIXELS:
        taken = _taken(_key_frames(opened, film, gap_s), gap_s)
    if len(taken[0]) < max(2.0, length_s / POOR_S):
        opened.seek(0)
        full = _taken(_frames(opened, film, POOR_PIXELS // max(pixels, 1)), gap_s)
        taken = full if len(full[0]) > len(taken[0]) else taken
    if not taken[0]:
        raise FileProblem(Code.CORRUPT, "no frame can be decoded")
    return taken


def _taken(frames: Iterator[VideoFrame], gap_s: float) -> tuple[list[UInt8], list[float]]:
    """Frames at least ``gap_s`` apart, small and upright; times count from the first frame."""
    small: list[UInt8] = []
    times: list[float] = []
    first: float | None = None
    size: tuple[int, int] | None = None
    scaler = VideoReformatter()  # one for all: a frame's own would set itself up each time
    for no, frame in enumerate(frames):
        time = frame.time if frame.time is not None else no / 25
        first = time if first is None else first
        at = time - first
        if times and at < times[-1] + gap_s * 0.999:
            continue
        size = size or fit(*_shown(frame), FRAME_SIDE_PX)
        small.append(_upright(scaler, frame, size))
        times.append(at)
        if len(times) >= CANDIDATES + 1:
            break
    return small, times


def _shown(frame: VideoFrame) -> tuple[int, int]:
    return frame.width, frame.height


def _upright(scaler: VideoReformatter, frame: VideoFrame, size: tuple[int, int]) -> UInt8:
    rgb: UInt8 = (
        scaler.reformat(frame, *size, format="rgb24", threads=1)
        .to_ndarray()
        .astype(np.uint8, copy=False)
    )
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb


def _frames(opened: InputContainer, film: VideoStream, most: int) -> Iterator[VideoFrame]:
    """All frames in order, at most ``most``; damaged packets are skipped."""
    film.codec_context.skip_frame = "DEFAULT"
    yield from _decoded(opened, film, most)


def _key_frames(opened: InputContainer, film: VideoStream, gap_s: float) -> Iterator[VideoFrame]:
    """Key frames in order; those nearer than ``gap_s`` to the one before are not decoded."""
    film.codec_context.skip_frame = "NONKEY"
    yield from _decoded(opened, film, 1 << 31, gap_s)


def _decoded(
    opened: InputContainer, film: VideoStream, most: int, key_gap_s: float | None = None
) -> Iterator[VideoFrame]:
    bad = good = 0
    last = float("-inf")
    for packet in _packets(opened, film):
        if key_gap_s is not None and packet.size:
            time = last + 1e9 if packet.pts is None else float(packet.pts * packet.time_base)
            if not packet.is_keyframe or time < last + key_gap_s * 0.999:
                continue
            last = time if packet.pts is not None else last
        try:
            for frame in packet.decode():
                good += 1
                yield frame
        except av.error.FFmpegError:
            bad += 1
        if good >= most or bad > audio.MAX_BAD_PACKETS:
            return


def _packets(opened: InputContainer, film: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    """Packets up to the end, or up to where the container is damaged."""
    try:
        yield from opened.demux(film)
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _media(
    format: str,
    frames: list[UInt8],
    times: list[float],
    length_s: float,
    metadata: dict[str, str],
) -> VideoMedia:
    """Candidates cut into shots, and of each shot the frames that are kept."""
    shape = frames[0].shape
    kept = [no for no, f in enumerate(frames) if f.shape == shape]
    every = np.stack([frames[no] for no in kept])
    at = np.array([times[no] for no in kept], np.float32)
    length_s = max(length_s, float(at[-1]))
    first = shots.cuts(every, at, most=MAX_SHOTS)
    chosen, shot = choose(first, len(every))
    return VideoMedia(
        modality=Modality.VIDEO,
        format=format,
        segments=segments(at, first, length_s),
        metadata=metadata,
        frames=every[chosen],
        times_s=at[chosen],
        shot_of_frame=shot,
        duration_s=length_s,
    )


def choose(first: Int64, count: int) -> tuple[Int64, Int64]:
    """Numbers of the kept frames and the shots they belong to, evenly spaced within each shot.

    Args:
        first: number of the first frame of each shot.
        count: frames in all.
    """
    each = max(1, min(FRAMES_PER_SHOT, MAX_FRAMES // len(first)))
    ends = np.append(first[1:], count)
    picked = [
        np.unique(np.linspace(a, b - 1, min(each, int(b - a))).round().astype(np.int64))
        for a, b in zip(first, ends, strict=True)
    ]
    shot = np.repeat(np.arange(len(first), dtype=np.int64), [len(p) for p in picked])
    return np.concatenate(picked), shot


def segments(times_s: Float32, first: Int64, length_s: float) -> tuple[Segment, ...]:
    """SHOT segments that cover the film without gaps."""
    starts = [0.0, *(round(float(times_s[f]), 3) for f in first[1:])]
    ends = [*starts[1:], max(length_s, starts[-1])]
    return tuple(
        Segment(SegmentKind.SHOT, no, start_s=a, end_s=b)
        for no, (a, b) in enumerate(zip(starts, ends, strict=True))
    )


def _sound(file: BinaryIO, format: str, limits: Limits) -> AudioMedia | None:
    """The sound track; None where there is none, or none that can be read."""
    try:
        with container.opened(file, limits) as opened:
            samples = audio.from_container(opened)
            length_s = container.duration(opened)
    except (av.error.FFmpegError, FileProblem):
        return None
    if samples is None or not len(samples):
        return None
    return audio.media(samples, format, length_s, {})


def _embedded(file: BinaryIO, tracks: int, limits: Limits) -> Iterator[subtitles.Cue]:
    """Cues of the text subtitle tracks, track after track."""
    for no in range(tracks):
        with container.opened(file, limits) as opened:
            yield from _cues(opened, no)


def _cues(opened: InputContainer, no: int) -> Iterator[subtitles.Cue]:
    track = container.captions(opened)[no]
    try:
        for packet in opened.demux(track):
            if packet.pts is None or not packet.size:
                continue
            start = float(packet.pts * packet.time_base)
            end = start + float((packet.duration or 0) * packet.time_base)
            text = " ".join(container.words(s) for s in packet.decode())
            cue = subtitles.plain(text)
            if cue and start >= 0:
                yield subtitles.Cue(start, end, cue)
    except av.error.FFmpegError:
        return


def _beside(sidecars: Mapping[str, bytes]) -> Iterator[subtitles.Cue]:
    for name in sorted(sidecars):
        if name.lower().endswith(subtitles.ENDINGS):
            yield from subtitles.parse(sidecars[name])


def _tiny_film() -> io.BytesIO:
    """Two frames of Motion JPEG."""
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as out:
        stream = out.add_stream("mjpeg", rate=2)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
        for grey in (0, 255):
            frame = VideoFrame.from_ndarray(np.full((32, 32, 3), grey, np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return made


def warm() -> None:
    """Decode one film, so that a child needs no import."""
    made = _tiny_film()
    decode(made, sniff(made) or "mkv", Limits())
    animation.warm()
