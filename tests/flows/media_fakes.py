"""A box and encoders that need no decoder: enough to drive ``add`` and to fail on demand."""

from __future__ import annotations

import time

import numpy as np

from quintet.errors import Code, FileProblem
from quintet.flows.add import Work, add
from quintet.types import (
    Modality,
    Segment,
    SegmentKind,
    TextMedia,
    VideoMedia,
)


class FakeBox:
    """Text files by content: ``bad`` is corrupt, ``video`` a video; everything else a text."""

    def __init__(self, delay_s=0.0):
        self.delay_s = delay_s
        self.opened = 0

    def open(self, file, *, sidecars=None):
        self.opened += 1
        time.sleep(self.delay_s)
        data = file.read()
        if data.startswith(b"bad"):
            raise FileProblem(Code.CORRUPT, "broken \x1b[31mon purpose")
        if data.startswith(b"slow"):
            raise FileProblem(Code.TIMEOUT, "took too long")
        if data.startswith(b"video"):
            return _video(dict(sidecars or {}))
        return _text(data.decode("utf-8", "replace"))


def _text(text):
    sentences = text.splitlines() or [text]
    segments = tuple(Segment(SegmentKind.SENTENCE, n, text=s) for n, s in enumerate(sentences))
    return TextMedia(
        modality=Modality.TEXT,
        format="txt",
        segments=segments,
        metadata={"title": sentences[0]},
        text=text,
    )


def _video(sidecars):
    said = None
    if sidecars:
        text = "\n".join(data.decode() for data in sidecars.values())
        cue = Segment(SegmentKind.CUE, 0, start_s=0.0, end_s=1.0, text=text)
        said = TextMedia(modality=Modality.TEXT, format="srt", segments=(cue,), text=text)
    return VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=(Segment(SegmentKind.SHOT, 0, start_s=0.0, end_s=1.0),),
        frames=np.zeros((1, 2, 2, 3), dtype=np.uint8),
        times_s=np.zeros(1, dtype=np.float32),
        shot_of_frame=np.zeros(1, dtype=np.int64),
        duration_s=1.0,
        subtitles=said,
    )


class FakeEncoder:
    """Three numbers a segment, from its text; raises on the text ``confuse``."""

    name, version, d = "fake", "1", 3

    def __init__(self, modality):
        self.modality = modality

    def encode(self, media, segments):
        if any("confuse" in s.text for s in segments):
            raise RuntimeError("cannot")
        return [np.full((1, 3), len(s.text) + n, np.float32) for n, s in enumerate(segments)]


def encoders():
    return {m: FakeEncoder(m) for m in Modality}


def run(store, *paths, box=None, tags=(), workers=2, on_progress=None, **options):
    """``add`` with fakes."""
    tick = on_progress or (lambda stage, done, total: None)
    work = Work(box or FakeBox(), encoders(), None, tags, workers, tick)
    return add(store, list(paths), work, **options)
