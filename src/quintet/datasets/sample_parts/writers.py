"""Each medium to a real file, in a mix of formats; bytes depend only on the random numbers."""

from __future__ import annotations

import io
from collections.abc import Mapping
from fractions import Fraction

import av
import numpy as np
import soundfile
from PIL import Image

from quintet.datasets.sample_parts.classes import SampleClass
from quintet.datasets.sample_parts.clip import Film, clip
from quintet.datasets.sample_parts.picture import picture
from quintet.datasets.sample_parts.solid import solid
from quintet.datasets.sample_parts.sound import Recording, sound
from quintet.datasets.sample_parts.story import Story, story
from quintet.errors import QuintetError
from quintet.types import Modality

Files = dict[str, bytes]
"""Endings to contents; the item's own file is last, so that it stands for all of them."""

FORMATS: Mapping[Modality, tuple[str, ...]] = {
    Modality.IMAGE: ("jpg", "jpg", "png", "jpg", "jpg", "png", "jpg", "jpg", "png", "jpg"),
    Modality.VIDEO: ("mp4",),
    Modality.TEXT: ("txt", "txt", "txt", "html", "txt", "txt", "md", "txt", "txt", "txt"),
    Modality.AUDIO: ("wav", "ogg", "wav", "wav", "ogg"),
    Modality.MESH: ("glb", "glb", "obj", "glb", "stl", "glb", "ply", "glb", "glb", "glb"),
}
"""Format of item 0, 1, 2 …, again from the start after the last."""

CAMERA = "Quintet Sampler"
H264 = {"crf": "25", "preset": "superfast", "x264-params": "mbtree=0"}
"""Slower presets look ahead with macroblock trees, which do not repeat from run to run."""
ORIENTATION, DATE_TIME, MODEL, IFD_EXIF, DATE_TAKEN = 0x0112, 0x0132, 0x0110, 0x8769, 0x9003
UNTURN = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
"""What the camera held sideways has stored, by EXIF orientation."""


def ending(modality: Modality, no: int) -> str:
    """The file ending of an item, without the dot."""
    formats = FORMATS[modality]
    return formats[no % len(formats)]


def contents(cls: SampleClass, modality: Modality, no: int, rng: np.random.Generator) -> Files:
    """The files of one item, by ending."""
    if modality is Modality.IMAGE:
        return _image(cls, no, rng)
    if modality is Modality.VIDEO:
        return _video(cls, no, rng)
    if modality is Modality.TEXT:
        return _text(cls, no, rng)
    if modality is Modality.AUDIO:
        return _audio(cls, no, rng)
    return _mesh(cls, no, rng)


def _image(cls: SampleClass, no: int, rng: np.random.Generator) -> Files:
    image, out, kind = Image.fromarray(picture(cls, rng)), io.BytesIO(), ending(Modality.IMAGE, no)
    if kind == "png":
        image.save(out, "PNG", compress_level=6)
        return {kind: out.getvalue()}
    exif = Image.Exif()
    if rng.random() < 0.5:
        exif[MODEL] = CAMERA
        exif[DATE_TIME] = exif.get_ifd(IFD_EXIF)[DATE_TAKEN] = _date(rng)
    if no % 5 == 3:
        exif[ORIENTATION] = orientation = int(rng.choice(list(UNTURN)))
        image = image.transpose(UNTURN[orientation])
    image.save(out, "JPEG", quality=int(rng.integers(70, 93)), exif=exif)
    return {kind: out.getvalue()}


def _date(rng: np.random.Generator) -> str:
    """A moment between 2015 and 2024 as EXIF writes it."""
    year, month, day = rng.integers(2015, 2025), rng.integers(1, 13), rng.integers(1, 29)
    hour, minute = rng.integers(6, 23), rng.integers(0, 60)
    return f"{year}:{month:02}:{day:02} {hour:02}:{minute:02}:00"


def _video(cls: SampleClass, no: int, rng: np.random.Generator) -> Files:
    film = clip(cls, rng)
    seconds = len(film.frames) / film.rate_hz
    heard = sound(cls, rng, seconds=seconds) if no % 2 == 0 else None
    files = {"mp4": film_bytes(film, heard)}
    if no % 5 == 2:
        files = {"srt": subtitles(story(cls, rng, language="en"), seconds).encode(), **files}
    return files


def film_bytes(film: Film, heard: Recording | None) -> bytes:
    """An MP4 with H.264 and, when there is a sound, AAC."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options={"fflags": "+bitexact"}) as box:
        track = box.add_stream("libx264", rate=film.rate_hz, options=H264)
        track.height, track.width = film.frames.shape[1:3]
        track.pix_fmt = "yuv420p"
        track.codec_context.thread_count = 1
        voice = None if heard is None else box.add_stream("aac", rate=heard.rate_hz, layout="mono")
        for no, pixels in enumerate(film.frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = no, Fraction(1, film.rate_hz)
            box.mux(track.encode(frame))
        box.mux(track.encode(None))
        if voice is not None and heard is not None:
            sounding = av.AudioFrame.from_ndarray(heard.samples[None], format="fltp", layout="mono")
            sounding.sample_rate, sounding.pts = heard.rate_hz, 0
            box.mux(voice.encode(sounding))
            box.mux(voice.encode(None))
    return out.getvalue()


def subtitles(told: Story, seconds: float) -> str:
    """SubRip cues that share the time of a film."""
    share = seconds / len(told.sentences)
    cues = [
        f"{no + 1}\n{_clock(no * share)} --> {_clock((no + 1) * share - 0.05)}\n{line}\n"
        for no, line in enumerate(told.sentences)
    ]
    return "\n".join(cues)


def _clock(seconds: float) -> str:
    """Time as SubRip writes it.

    >>> _clock(3.5)
    '00:00:03,500'
    """
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def _text(cls: SampleClass, no: int, rng: np.random.Generator) -> Files:
    kind = ending(Modality.TEXT, no)
    told = story(cls, rng, language="zh" if no % 10 in (2, 5, 8) else "en")
    if kind == "html":
        body = "".join(f"<p>{s}</p>\n" for s in told.sentences)
        head = f'<meta charset="utf-8"><title>{told.title}</title>'
        body = f"<h1>{told.title}</h1>\n{body}"
        page = f'<html lang="{told.language}"><head>{head}</head>\n<body>\n{body}</body></html>\n'
        return {kind: f"<!doctype html>\n{page}".encode()}
    if kind == "md":
        return {kind: f"# {told.title}\n\n{told.text}\n".encode()}
    return {kind: f"{told.text}\n".encode()}


def _audio(cls: SampleClass, no: int, rng: np.random.Generator) -> Files:
    kind, made = ending(Modality.AUDIO, no), sound(cls, rng)
    if kind == "wav":
        out = io.BytesIO()
        soundfile.write(out, made.samples, made.rate_hz, format="WAV", subtype="PCM_16")
        return {kind: out.getvalue()}
    return {kind: ogg_bytes(made, f"Sound {no:02}")}


def ogg_bytes(made: Recording, title: str) -> bytes:
    """An Ogg Vorbis file with a title."""
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", made.rate_hz, 1, format="OGG", subtype="VORBIS") as file:
        file.title, file.artist = title, CAMERA
        file.write(made.samples)
    return with_serial(out.getvalue(), 1)


def with_serial(ogg: bytes, serial: int) -> bytes:
    """The same Ogg stream under a chosen serial number, so that equal sounds are equal bytes.

    The encoder draws the number from the time of day. Each page carries it at byte 14 and a
    checksum at byte 22.

    Source: RFC 3533, section 6.
    """
    data, at = bytearray(ogg), 0
    while at < len(data):
        table = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + len(table) + sum(table)
        data[at + 14 : at + 18] = serial.to_bytes(4, "little")
        data[at + 22 : at + 26] = bytes(4)
        data[at + 22 : at + 26] = _ogg_sum(bytes(data[at:end])).to_bytes(4, "little")
        at = end
    return bytes(data)


def _crc_table() -> list[int]:
    rows = []
    for byte in range(256):
        row = byte << 24
        for _ in range(8):
            row = (row << 1) ^ (0x04C11DB7 if row & 0x80000000 else 0)
        rows.append(row & 0xFFFFFFFF)
    return rows


_CRC = _crc_table()


def _ogg_sum(page: bytes) -> int:
    crc = 0
    for byte in page:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _CRC[crc >> 24 ^ byte]
    return crc


def _mesh(cls: SampleClass, no: int, rng: np.random.Generator) -> Files:
    kind = ending(Modality.MESH, no)
    made = solid(cls, rng).export(file_type=kind)
    if not isinstance(made, bytes | str):
        raise QuintetError(f"the {kind} writer returned {type(made).__name__}, not a file")
    return {kind: made.encode() if isinstance(made, str) else made}
