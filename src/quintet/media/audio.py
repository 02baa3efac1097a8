"""Sounds: WAV, FLAC, MP3, Ogg Vorbis through libsndfile, all others through FFmpeg.

A sound becomes mono int16 at ``SAMPLE_RATE_HZ`` and WINDOW segments of ``WINDOW_S`` every
``HOP_S``; the last one may end before its full length. Of a sound longer than ``MAX_DECODED_S``
the first part is decoded, and ``metadata["decoded_s"]`` says how much.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import av
import av.error
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from quintet.errors import Code, FileProblem
from quintet.media import container
from quintet.media.limits import Limits
from quintet.types import AudioMedia, Float32, Int16, Modality, Segment, SegmentKind

SAMPLE_RATE_HZ = 22_050
WINDOW_S = 0.96
HOP_S = 0.48

MAX_DECODED_S = 2 * 3600.0
"""Two hours are 318 MB of samples and 15 000 windows."""

MAX_BAD_PACKETS = 100
"""Damaged packets are skipped; after this many the rest of the stream is given up."""

SOUNDFILE_FORMATS = ("wav", "flac", "mp3", "ogg")
"""What libsndfile decodes 2 to 6 times faster than FFmpeg."""

_BLOCK_SAMPLES = 1 << 18
_UNKNOWN_FRAMES = 1 << 62
"""libsndfile says 2 ** 63 - 1 where a stream does not declare its length."""


def sniff(file: BinaryIO) -> str | None:
    """The format of a container with sound and no film (a cover picture is no film)."""
    found = container.probe(file, Limits())
    return None if found is None or found[1] else found[0]


def decode(file: BinaryIO, format: str, limits: Limits) -> AudioMedia:
    """The sound in a file.

    Raises:
        FileProblem: TOO_LARGE for a declared duration or stream count over the limits,
            NO_CONTENT for no sample, CORRUPT for a container that cannot be opened.
        av.error.FFmpegError, soundfile.LibsndfileError: on damaged files.
    """
    with container.opened(file, limits) as opened:
        tags = container.tags(opened)
        length_s = container.duration(opened)
        by_soundfile = format in SOUNDFILE_FORMATS and _first_codec(opened) != "opus"
        samples = None if by_soundfile else from_container(opened)
    if samples is None:
        samples = _from_soundfile(file, limits)
    if samples is None:
        with container.opened(file, limits) as opened:
            samples = from_container(opened)
    if samples is None or not len(samples):
        raise FileProblem(Code.NO_CONTENT, "no sound")
    return media(samples, format, length_s, tags)


def media(samples: Int16, format: str, length_s: float, tags: dict[str, str]) -> AudioMedia:
    """Samples as a medium with its windows; a declared length is kept where less was decoded."""
    decoded_s = len(samples) / SAMPLE_RATE_HZ
    cut = decoded_s >= MAX_DECODED_S
    return AudioMedia(
        modality=Modality.AUDIO,
        format=format,
        segments=windows(decoded_s),
        metadata={**tags, "decoded_s": f"{decoded_s:.0f}"} if cut else tags,
        samples=samples,
        sample_rate_hz=SAMPLE_RATE_HZ,
        duration_s=max(length_s, decoded_s) if cut else decoded_s,
    )


def windows(decoded_s: float) -> tuple[Segment, ...]:
    """Windows of WINDOW_S every HOP_S that cover a sound; at least one.

    >>> [(w.start_s, w.end_s) for w in windows(1.5)]
    [(0.0, 0.96), (0.48, 1.44), (0.96, 1.5)]
    """
    count = max(1, math.ceil(round((decoded_s - WINDOW_S) / HOP_S, 6)) + 1)
    starts = [round(no * HOP_S, 6) for no in range(count)]
    return tuple(
        Segment(SegmentKind.WINDOW, no, start_s=s, end_s=min(round(s + WINDOW_S, 6), decoded_s))
        for no, s in enumerate(starts)
    )


def from_container(opened: InputContainer) -> Int16 | None:
    """The first sound track of an open container as mono samples; None without one.

    Raises:
        av.error.FFmpegError: nothing of it could be decoded.
    """
    tracks = [s for s in opened.streams.audio if s.codec_context is not None]
    if not tracks:
        return None
    return _mono(_frames(opened, tracks[0]))


def _first_codec(opened: InputContainer) -> str:
    return next((s.codec_context.name for s in opened.streams.audio if s.codec_context), "")


def _frames(opened: InputContainer, track: AudioStream) -> Iterator[AudioFrame]:
    """Decoded frames; damaged packets are skipped, up to MAX_BAD_PACKETS."""
    bad = good = 0
    for packet in _packets(opened, track):
        try:
            for frame in packet.decode():
                good += 1
                yield frame
        except av.error.FFmpegError:
            bad += 1
            if bad > MAX_BAD_PACKETS or (packet.size == 0 and not good):
                break
    if bad and not good:
        raise FileProblem(Code.CORRUPT, f"{bad} damaged packets and no sound")


def _packets(opened: InputContainer, track: AudioStream) -> Iterator[av.Packet[AudioStream]]:
    """Packets up to the end, or up to where the container is damaged."""
    try:
        yield from opened.demux(track)
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _from_soundfile(file: BinaryIO, limits: Limits) -> Int16 | None:
    """Samples through libsndfile; None for a codec that it does not know or cannot read."""
    file.seek(0)
    try:
        with soundfile.SoundFile(container.Nameless(file)) as sound:
            if limits.duration_s * sound.samplerate < sound.frames < _UNKNOWN_FRAMES:
                raise FileProblem(Code.TOO_LARGE, f"{sound.frames} samples")
            return _mono(_blocks(sound))
    except (soundfile.LibsndfileError, av.error.FFmpegError):
        return None


def _blocks(sound: soundfile.SoundFile) -> Iterator[AudioFrame]:
    """Blocks of a sound, mixed to mono; numbers that are none become silence."""
    share = np.full(sound.channels, 1 / sound.channels, np.float32)
    while len(block := sound.read(_BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        mono: Float32 = block @ share  # as fast as reading; mean(axis=1) is ten times slower
        if not np.isfinite(mono).all():
            mono = np.nan_to_num(mono, posinf=0.0, neginf=0.0)
        frame = AudioFrame.from_ndarray(mono[None], format="flt", layout="mono")
        frame.sample_rate = sound.samplerate
        yield frame


def _mono(frames: Iterable[AudioFrame]) -> Int16:
    """Frames of any rate and layout as mono samples at SAMPLE_RATE_HZ, at most MAX_DECODED_S."""
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    parts: list[Int16] = []
    room = int(MAX_DECODED_S * SAMPLE_RATE_HZ)
    for frame in frames:
        frame.pts = None  # gaps and jumps in time stamps are not sound
        for out in resampler.resample(frame):
            parts.append(out.to_ndarray()[0])
            room -= len(parts[-1])
        if room <= 0:
            break
    if parts or room > 0:
        parts += [out.to_ndarray()[0] for out in _flushed(resampler)]
    joined: Int16 = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    return joined[: int(MAX_DECODED_S * SAMPLE_RATE_HZ)]


def _flushed(resampler: AudioResampler) -> list[AudioFrame]:
    """What the resampler still holds; nothing where it never saw a frame."""
    try:
        return resampler.resample(None)
    except (av.error.FFmpegError, ValueError):
        return []


def warm() -> None:
    """Decode one sound through each decoder, so that a child needs no import."""
    for subtype in ("PCM_16", "VORBIS"):
        made = io.BytesIO()
        silence = np.zeros(4410, np.float32)
        soundfile.write(made, silence, 44_100, format="WAV" if "PCM" in subtype else "OGG")
        decode(made, "wav" if "PCM" in subtype else "ogg", Limits())
        decode(made, "other", Limits())
