"""The picture of why."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from quintet.flows.portrait import AGAINST, FOR, portrait
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

PIXELS = np.zeros((20, 30, 3), dtype=np.uint8)


def segments(kind: SegmentKind, count: int, **given: object) -> tuple[Segment, ...]:
    return tuple(
        Segment(kind, n, start_s=float(n), end_s=n + 1.0, text=f"say {n} <b>&", box=(0, 0, 0.5, 1))
        for n in range(count)
    )


MEDIA: dict[str, Media] = {
    "image": ImageMedia(
        modality=Modality.IMAGE,
        format="png",
        pixels=PIXELS,
        segments=segments(SegmentKind.REGION, 2),
    ),
    "video": VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=segments(SegmentKind.SHOT, 2),
        frames=np.zeros((4, 20, 30, 3), dtype=np.uint8),
        times_s=np.arange(4, dtype=np.float32),
        shot_of_frame=np.array([0, 0, 1, 1]),
        duration_s=2.0,
    ),
    "text": TextMedia(
        modality=Modality.TEXT, format="txt", text="", segments=segments(SegmentKind.SENTENCE, 2)
    ),
    "audio": AudioMedia(
        modality=Modality.AUDIO,
        format="wav",
        segments=segments(SegmentKind.WINDOW, 2),
        samples=np.arange(2000, dtype=np.int16),
        sample_rate_hz=1000,
        duration_s=2.0,
    ),
    "mesh": MeshMedia(
        modality=Modality.MESH,
        format="obj",
        segments=segments(SegmentKind.VIEW, 2),
        views=np.zeros((2, 16, 16), dtype=np.uint8),
        vertex_count=3,
        face_count=1,
    ),
}


@pytest.mark.parametrize("medium", MEDIA)
def test_every_medium_is_drawn_with_what_matters_deepest(medium: str) -> None:
    svg = portrait(MEDIA[medium], {0: 0.4, 1: -0.1}, "“<dog>”: 1 of 2")
    root = ET.fromstring(svg)
    boxes = {
        b.get("fill"): float(b.get("fill-opacity", 1))
        for b in root.iter()
        if b.tag.endswith("rect")
    }
    assert boxes[FOR] == pytest.approx(0.6)
    assert boxes[AGAINST] == pytest.approx(0.15)
    assert "“<dog>”: 1 of 2" in "".join(root.itertext())


def test_nothing_in_a_text_becomes_markup() -> None:
    told = "".join(ET.fromstring(portrait(MEDIA["text"], {0: 1.0}, "x")).itertext())
    assert "say 1 <b>&" in told


def test_silence_and_no_sound_can_be_drawn() -> None:
    silent = AudioMedia(
        modality=Modality.AUDIO,
        format="wav",
        segments=(),
        samples=np.zeros(0, dtype=np.int16),
        sample_rate_hz=8000,
        duration_s=0.0,
    )
    ET.fromstring(portrait(silent, {}, "nothing"))
