import io
import json
import struct
import tracemalloc
from dataclasses import fields, replace

import numpy as np
import pytest

from quintet.errors import Code, FileProblem
from quintet.media import wire
from quintet.media.limits import Limits
from quintet.media.metadata import MAX_CHARS, MAX_ENTRIES
from quintet.types import (
    AudioMedia,
    ImageMedia,
    Media,
    MeshMedia,
    Modality,
    Segment,
    SegmentKind,
    TextMedia,
    VideoMedia,
)

RNG = np.random.default_rng(0)


def pixels(*shape):
    return RNG.integers(0, 256, shape).astype(np.uint8)


SOUND = AudioMedia(
    modality=Modality.AUDIO,
    format="wav",
    segments=(Segment(SegmentKind.WINDOW, 0, start_s=0.0, end_s=0.96),),
    metadata={"title": "雨 \u0301"},
    samples=RNG.integers(-99, 99, 500).astype(np.int16),
    sample_rate_hz=22_050,
    duration_s=0.5,
)
WORDS = TextMedia(
    modality=Modality.TEXT,
    format="srt",
    segments=(
        Segment(SegmentKind.CUE, 0, start_s=1.0, end_s=2.5, start_char=0, end_char=2, text="你好"),
    ),
    text="你好 wörld",
    language="zh",
)
ALL = {
    "image": ImageMedia(
        modality=Modality.IMAGE,
        format="png",
        segments=(Segment(SegmentKind.REGION, 0, box=(0.0, 0.0, 0.5, 1.0)),),
        pixels=pixels(4, 5, 3),
    ),
    "text": replace(
        WORDS,
        segments=(Segment(SegmentKind.SENTENCE, 0, start_char=0, end_char=2, page=3, text="你好"),),
    ),
    "audio": SOUND,
    "video": VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=(Segment(SegmentKind.SHOT, 0, start_s=0.0, end_s=4.0),),
        frames=pixels(3, 4, 5, 3),
        times_s=np.array([0, 1, 2], np.float32),
        shot_of_frame=np.zeros(3, np.int64),
        duration_s=4.0,
        sound=SOUND,
        subtitles=WORDS,
    ),
    "mesh": MeshMedia(
        modality=Modality.MESH,
        format="glb",
        segments=(Segment(SegmentKind.VIEW, 0, azimuth_deg=30.0, elevation_deg=-90.0),),
        views=pixels(1, 4, 4),
        vertex_count=8,
        face_count=12,
    ),
}


def read_from(data):
    stream = io.BytesIO(data)

    def read(size):
        piece = stream.read(size)
        if len(piece) < size:
            raise EOFError
        return bytearray(piece)

    return read


def received(data, limits=None):
    return wire.receive(read_from(data), limits or Limits())


def packed(media):
    return b"".join(wire.pack(media))


def assert_equal(a: Media, b: Media):
    assert type(a) is type(b)
    for f in fields(a):
        x, y = getattr(a, f.name), getattr(b, f.name)
        if isinstance(x, np.ndarray):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        elif isinstance(x, Media):
            assert_equal(x, y)
        else:
            assert x == y


@pytest.mark.parametrize("name", sorted(ALL))
def test_round_trip(name):
    assert_equal(received(packed(ALL[name])), ALL[name])


def test_every_medium_is_covered():
    for modality, kind in wire.CLASS.items():
        own = {f.name for f in fields(kind)} - {f.name for f in fields(Media)}
        assert own == set(wire.FIELDS[kind]), modality


def test_arrays_that_are_not_contiguous():
    media = replace(ALL["image"], pixels=pixels(8, 10, 3)[::2, ::-2])
    assert_equal(received(packed(media)), media)


def test_lone_surrogates_do_not_leave_the_box():
    media = replace(WORDS, text="a\ud800b 123", metadata={"title": "\udfff"}, segments=())
    back = received(packed(media))
    assert (back.text, back.metadata["title"]) == ("a?b 123", "?")


def test_problem():
    data = wire.pack_problem(FileProblem(Code.TOO_LARGE, "big"))
    with pytest.raises(FileProblem) as caught:
        received(data)
    assert (caught.value.code, caught.value.detail) == (Code.TOO_LARGE, "big")


def test_result_over_the_limit_is_refused_before_memory_is_taken():
    with pytest.raises(FileProblem) as caught:
        received(packed(ALL["audio"]), Limits(output_bytes=999))
    assert caught.value.code is Code.TOO_LARGE


def forged(change, media="image", tail=b""):
    """A message whose header was changed by somebody who took over the decoder."""
    data = packed(ALL[media])
    (size,) = struct.unpack_from("<I", data, 4)
    header = json.loads(data[8 : 8 + size])
    change(header["media"])
    new = json.dumps(header).encode()
    return data[:4] + struct.pack("<I", len(new)) + new + data[8 + size :] + tail


@pytest.mark.parametrize(
    ("media", "change"),
    [
        ("image", lambda m: m.update(pixels=[4, 5, 4])),
        ("image", lambda m: m.update(pixels=[60])),
        ("image", lambda m: m.update(pixels=[-4, -5, 3])),
        ("image", lambda m: m.update(pixels=["4", 5, 3])),
        ("image", lambda m: m.update(pixels=None)),
        ("image", lambda m: m.pop("pixels")),
        ("image", lambda m: m.update(modality="smell")),
        ("image", lambda m: m.update(modality=["image"])),
        ("image", lambda m: m.update(format=7)),
        ("image", lambda m: m.update(metadata=[1])),
        ("image", lambda m: m["metadata"].update(a=[])),
        ("image", lambda m: m.update(segments=[1])),
        ("image", lambda m: m.update(segments=[2, 13])),
        ("image", lambda m: m.update(segments=None)),
        ("image", lambda m: m.update(words=[1])),
        ("audio", lambda m: m.update(duration_s=float("nan"))),
        ("audio", lambda m: m.update(duration_s=-1)),
        ("audio", lambda m: m.update(sample_rate_hz="22050")),
        ("video", lambda m: m.update(segments=[0, 13])),
        ("video", lambda m: m.update(times_s=[2])),
        ("video", lambda m: m.update(sound=m["subtitles"])),
    ],
)
def test_forged_headers_are_refused(media, change):
    with pytest.raises((wire.WireError, EOFError)):
        received(forged(change, media))


def forged_row(change, media):
    """A message in which a number of the only segment was changed."""
    pieces = wire.pack(ALL[media])
    rows = np.frombuffer(pieces[-2], np.float64).copy()
    for name, value in change.items():
        rows[wire._COLUMNS.index(name)] = value
    return b"".join([*pieces[:-2], rows.tobytes(), pieces[-1]])


@pytest.mark.parametrize(
    ("media", "change"),
    [
        ("image", {"kind": 99}),
        ("image", {"kind": -1}),
        ("image", {"kind": 0.5}),
        ("image", {"kind": np.nan}),
        ("image", {"text_chars": 1}),
        ("image", {"text_chars": np.nan}),
        ("image", {"x1": np.nan}),
        ("image", {"x0": np.nan}),
        ("image", {"x0": -0.5}),
        ("image", {"y0": np.inf}),
        ("image", {"page": 0.5}),
        ("image", {"page": 1e300}),
        ("audio", {"start_s": 2.0, "end_s": 1.0}),
        ("audio", {"start_s": np.inf, "end_s": np.inf}),
        ("text", {"end_char": 99}),
        ("text", {"start_char": -1}),
        ("text", {"start_char": 0.5}),
        ("text", {"text_chars": -2}),
        ("text", {"text_chars": 3}),
    ],
)
def test_forged_segments_are_refused(media, change):
    with pytest.raises(wire.WireError):
        received(forged_row(change, media))


def test_segments_share_their_words_in_order():
    parts = ["", "a", "你好", "", "\ud800\U0001f600"]
    segments = tuple(Segment(SegmentKind.SENTENCE, no, text=t) for no, t in enumerate(parts))
    back = received(packed(replace(WORDS, segments=segments)))
    assert [s.text for s in back.segments] == [*parts[:-1], "?\U0001f600"]


def test_more_segments_or_characters_than_allowed():
    for limits in (Limits(segments=0), Limits(text_chars=2)):
        with pytest.raises(FileProblem) as caught:
            received(packed(WORDS), limits)
        assert caught.value.code is Code.TOO_LARGE


def test_the_longest_metadata_fit_the_header_three_times():
    most = {f"{no:02}" + "\U0001f600" * 1998: "\U0001f600" * 2000 for no in range(64)}
    assert len(most) == MAX_ENTRIES
    assert {len(k) for k in most} == {len(v) for v in most.values()} == {MAX_CHARS}
    sound, words = (replace(m, metadata=most) for m in (SOUND, WORDS))
    film = replace(ALL["video"], metadata=most, sound=sound, subtitles=words)
    assert received(packed(film)).metadata == most


def test_a_header_takes_little_memory():
    body = b'{"a":[' + b"[]," * (wire.MAX_HEADER_BYTES // 8 // 3) + b"[]]}"
    tracemalloc.start()
    with pytest.raises(wire.WireError):
        received(wire.MAGIC + struct.pack("<I", len(body)) + body)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 8 * peak_bytes < 160 << 20
    with pytest.raises(wire.WireError, match="not a result"):
        received(wire.MAGIC + struct.pack("<I", wire.MAX_HEADER_BYTES + 1))


def test_huge_claims_are_refused_without_reading():
    with pytest.raises(FileProblem) as caught:
        received(forged(lambda m: m.update(pixels=[1 << 30, 1 << 30, 3])))
    assert caught.value.code is Code.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b"PICK" + struct.pack("<I", 2) + b"{}",
        wire.MAGIC + struct.pack("<I", 0xFFFFFFFF),
        wire.MAGIC + struct.pack("<I", 2) + b"[]",
        wire.MAGIC + struct.pack("<I", 2) + b"{}",
        wire.MAGIC + struct.pack("<I", 200_000) + b"[" * 200_000,
        wire.MAGIC + struct.pack("<I", 14) + b'{"problem": 1}',
    ],
)
def test_no_message(data):
    with pytest.raises(wire.WireError):
        received(data)


def test_every_cut_is_noticed():
    data = packed(ALL["video"])
    for size in (*range(0, 100, 7), len(data) - 1):
        with pytest.raises(EOFError):
            received(data[:size])
