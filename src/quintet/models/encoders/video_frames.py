"""The frames of each shot in order, described without learning or downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from quintet.maths.appearance import WIDTH, appearance, halved
from quintet.maths.focus import Focus, focus, window
from quintet.maths.hog import WIDTH as HOG_WIDTH
from quintet.maths.square import square
from quintet.types import Float32, Media, Modality, Segment, UInt8, VideoMedia

__all__ = ["VideoFrames"]

FRAME_PX = 112
"""Every frame is read at this size, and at a half and a quarter of it."""
CELLS = 4
"""Cells across the frame, and across the window of what stands out."""
CHUNK = 16
"""Frames that are described together."""


@dataclass(frozen=True, kw_only=True)
class VideoFrames:
    """One descriptor per frame: the scene, the thing that stands out in it, and how it moves."""

    name = "video_frames"
    version = "2"
    modality = Modality.VIDEO
    d = 2 * WIDTH + CELLS * CELLS * HOG_WIDTH + 2 * WIDTH + 8

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """(t_i, d) float32 for each shot: its frames in order, none of them from another shot."""
        video = cast("VideoMedia", media)
        return [self._shot(video.frames[video.shot_of_frame == s.no]) for s in segments]

    def _shot(self, frames: UInt8) -> Float32:
        if not len(frames):
            return np.zeros((0, self.d), np.float32)
        parts = [_chunk(frames[i : i + CHUNK]) for i in range(0, len(frames), CHUNK)]
        looks, places = (np.concatenate(p) for p in zip(*parts, strict=True))
        moves = np.abs(np.diff(places, axis=0, prepend=places[:1]))
        return np.concatenate([looks, places, moves], 1)


def _chunk(frames: UInt8) -> tuple[Float32, Float32]:
    """(t, d - 8) looks of some frames, and (t, 4) where something stands out in each."""
    large = np.stack([square(frame, FRAME_PX) for frame in frames])
    found = [focus(frame) for frame in large]
    windows = [window(frame, at) for frame, at in zip(frames, found, strict=True)]
    things = np.stack([square(np.ascontiguousarray(w), FRAME_PX // 2) for w in windows])
    both = np.concatenate([halved(large), things])
    cells = appearance(both, halved(both), CELLS).reshape(2, len(frames), CELLS * CELLS, WIDTH)
    scene, thing = cells
    contours = thing[..., :HOG_WIDTH].reshape(len(frames), -1)
    looks = (scene.mean(1), scene.std(1), contours, thing.mean(1), thing.std(1))
    return np.concatenate(looks, 1), np.array([_place(at) for at in found], np.float32)


def _place(at: Focus) -> tuple[float, float, float, float]:
    """Place, logarithm of the size and of the strength."""
    return at.y, at.x, float(np.log(at.half)), float(np.log1p(at.strength))
