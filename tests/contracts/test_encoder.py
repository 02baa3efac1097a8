"""The promises of every encoder that the catalogue finds, on tiny media and on degenerate ones."""

import contextlib
import copy
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from quintet import catalog
from quintet.errors import MissingExtra, UsageError
from quintet.roles import Encoder
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

ROLE = "models.encoders"
GRID = 7
VIEWS = 47
RATE_HZ = 22_050


def regions() -> tuple[Segment, ...]:
    return tuple(
        Segment(
            SegmentKind.REGION,
            row * GRID + column,
            box=(column / GRID, row / GRID, (column + 1) / GRID, (row + 1) / GRID),
        )
        for row in range(GRID)
        for column in range(GRID)
    )


def image(pixels: np.ndarray) -> ImageMedia:
    return ImageMedia(modality=Modality.IMAGE, format="png", segments=regions(), pixels=pixels)


def video(frames: np.ndarray, shot_of_frame: Sequence[int]) -> VideoMedia:
    shots = np.asarray(shot_of_frame, np.int64)
    times_s = np.arange(len(frames), dtype=np.float32) / 5
    segments = tuple(
        Segment(
            SegmentKind.SHOT,
            no,
            start_s=float(times_s[shots == no].min()),
            end_s=float(times_s[shots == no].max()) + 0.2,
        )
        for no in range(int(shots.max()) + 1)
    )
    return VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=segments,
        frames=frames,
        times_s=times_s,
        shot_of_frame=shots,
        duration_s=len(frames) / 5,
    )


def text(*sentences: str) -> TextMedia:
    whole = " ".join(sentences)
    segments, at = [], 0
    for no, sentence in enumerate(sentences):
        segments.append(
            Segment(
                SegmentKind.SENTENCE,
                no,
                start_char=at,
                end_char=at + len(sentence),
                text=sentence,
            )
        )
        at += len(sentence) + 1
    return TextMedia(modality=Modality.TEXT, format="txt", segments=tuple(segments), text=whole)


def audio(samples: np.ndarray, window_s: float = 1.0) -> AudioMedia:
    duration_s = len(samples) / RATE_HZ
    starts = np.arange(0, max(duration_s, 1e-6), window_s)
    segments = tuple(
        Segment(
            SegmentKind.WINDOW,
            no,
            start_s=float(start),
            end_s=float(min(start + window_s, duration_s)),
        )
        for no, start in enumerate(starts)
    )
    return AudioMedia(
        modality=Modality.AUDIO,
        format="wav",
        segments=segments,
        samples=samples.astype(np.int16),
        sample_rate_hz=RATE_HZ,
        duration_s=duration_s,
    )


def mesh(views: np.ndarray) -> MeshMedia:
    segments = tuple(
        Segment(SegmentKind.VIEW, no, azimuth_deg=(no * 37) % 360, elevation_deg=no % 91 - 45)
        for no in range(VIEWS)
    )
    return MeshMedia(
        modality=Modality.MESH,
        format="obj",
        segments=segments,
        views=views.astype(np.uint8),
        vertex_count=8,
        face_count=12,
    )


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 256, shape, dtype=np.uint8)


def discs() -> np.ndarray:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    sizes = np.linspace(0.2, 0.9, VIEWS)[:, None, None]
    return np.where(y**2 + (x * 1.3) ** 2 < sizes**2, 255 * (1 - 0.5 * sizes), 0)


def melody(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return 9_000 * np.sin(2 * np.pi * 330 * t * (1 + 0.2 * t)) * (0.6 + 0.4 * np.sin(9 * t))


ORDINARY: dict[Modality, Callable[[], Media]] = {
    Modality.IMAGE: lambda: image(noise(40, 60, 3)),
    Modality.VIDEO: lambda: video(noise(7, 24, 32, 3), [0, 0, 0, 1, 1, 2, 2]),
    Modality.TEXT: lambda: text(
        "A dog runs over the grass.", "一只狗在草地上跑。", "It barks twice!"
    ),
    Modality.AUDIO: lambda: audio(melody(2.5)),
    Modality.MESH: lambda: mesh(discs()),
}
DEGENERATE: dict[Modality, dict[str, Callable[[], Media]]] = {
    Modality.IMAGE: {
        "one pixel": lambda: image(noise(1, 1, 3)),
        "one row": lambda: image(noise(1, 384, 3)),
        "black": lambda: image(np.zeros((32, 32, 3), np.uint8)),
        "white": lambda: image(np.full((384, 200, 3), 255, np.uint8)),
    },
    Modality.VIDEO: {
        "one frame": lambda: video(noise(1, 24, 32, 3), [0]),
        "one pixel": lambda: video(noise(3, 1, 1, 3), [0, 0, 1]),
        "black": lambda: video(np.zeros((4, 24, 32, 3), np.uint8), [0, 0, 0, 0]),
    },
    Modality.TEXT: {
        "one word": lambda: text("dog"),
        "one character": lambda: text("狗"),
        "no words": lambda: text("... !?"),
        "one symbol": lambda: text("🐕"),
    },
    Modality.AUDIO: {
        "silence": lambda: audio(np.zeros(2 * RATE_HZ)),
        "one sample": lambda: audio(np.ones(1)),
        "clipped": lambda: audio(np.where(np.arange(RATE_HZ) % 100 < 50, 32_767, -32_768)),
        "shorter than a window": lambda: audio(melody(0.03)),
    },
    Modality.MESH: {
        "nothing seen": lambda: mesh(np.zeros((VIEWS, 64, 64))),
        "flat, seen edge on": lambda: mesh(
            np.pad(np.full((VIEWS, 1, 60), 255), ((0, 0), (31, 32), (2, 2)))
        ),
        "one pixel seen": lambda: mesh(
            np.pad(np.full((VIEWS, 1, 1), 9), ((0, 0), (31, 32), (31, 32)))
        ),
        "everything full": lambda: mesh(np.full((VIEWS, 64, 64), 255)),
    },
}


def built(name: str) -> Encoder:
    """The encoder of that name; skipped where it must be told what to load, or lacks an extra."""
    try:
        public: Any = catalog.load(ROLE, name)
        made: Encoder = public()
    except (MissingExtra, UsageError) as problem:
        pytest.skip(f"{name} cannot be made from nothing: {problem}")
    return made


@pytest.fixture(scope="module", params=catalog.names(ROLE))
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return built(request.param)


@pytest.fixture
def media(encoder: Encoder) -> Media:
    return ORDINARY[encoder.modality]()


def check(encoder: Encoder, media: Media) -> list[np.ndarray]:
    found = encoder.encode(media, media.segments)
    assert isinstance(found, list)
    assert len(found) == len(media.segments)
    for x in found:
        assert isinstance(x, np.ndarray)
        assert x.dtype == np.float32
        assert x.ndim == 2
        assert x.shape[1] == encoder.d
        assert np.isfinite(x).all()
    return found


def test_every_medium_has_an_encoder_that_needs_no_model():
    ready = set()
    for name in catalog.names(ROLE):
        with contextlib.suppress(MissingExtra, UsageError):
            ready.add(catalog.load(ROLE, name)().modality)
    assert ready == set(Modality)


def test_says_what_it_is(encoder: Encoder):
    assert isinstance(encoder, Encoder)
    assert encoder.name
    assert isinstance(encoder.version, str)
    assert encoder.version
    assert isinstance(encoder.modality, Modality)
    assert isinstance(encoder.d, int)
    assert encoder.d > 0


def test_is_a_frozen_keyword_only_record(encoder: Encoder):
    assert is_dataclass(encoder)
    assert all(f.kw_only for f in fields(encoder))
    with pytest.raises(FrozenInstanceError):
        encoder.something = 1  # type: ignore[attr-defined]


def test_one_array_for_each_segment(encoder: Encoder, media: Media):
    found = check(encoder, media)
    assert sum(len(x) for x in found) > 0


def test_the_same_media_give_the_same_numbers(encoder: Encoder, media: Media):
    first = encoder.encode(media, media.segments)
    other = type(encoder)().encode(copy.deepcopy(media), media.segments)
    for a, b in zip(first, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_media_are_left_as_they_were(encoder: Encoder, media: Media):
    before = copy.deepcopy(media)
    for x in encoder.encode(media, media.segments):
        x += 1
    for f in fields(media):
        np.testing.assert_equal(getattr(media, f.name), getattr(before, f.name))


def test_results_do_not_share_memory_with_a_later_call(encoder: Encoder, media: Media):
    first = encoder.encode(media, media.segments)
    kept = [x.copy() for x in first]
    for x in encoder.encode(media, media.segments):
        x += 1
    for x, y in zip(first, kept, strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_few_segments_give_the_same_arrays_as_all(encoder: Encoder, media: Media):
    everything = encoder.encode(media, media.segments)
    chosen = [len(media.segments) - 1, 0]
    few = encoder.encode(media, [media.segments[i] for i in chosen])
    assert len(few) == len(chosen)
    for i, x in zip(chosen, few, strict=True):
        np.testing.assert_allclose(x, everything[i], rtol=1e-4, atol=1e-5)


def test_no_segments_give_no_arrays(encoder: Encoder, media: Media):
    assert encoder.encode(media, []) == []


def test_degenerate_media_are_described(encoder: Encoder, subtests: Any):
    for name, make in DEGENERATE[encoder.modality].items():
        with subtests.test(name):
            check(encoder, make())


def test_different_media_are_told_apart(encoder: Encoder, media: Media):
    other = next(iter(DEGENERATE[encoder.modality].values()))()
    a = np.concatenate(encoder.encode(media, media.segments)).mean(0)
    b = np.concatenate(encoder.encode(other, other.segments)).mean(0)
    assert not np.allclose(a, b)
