"""The frames of each shot in order, described without learning or downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from quintet.maths.hog import hog
from quintet.maths.opponent import colour_moments, opponent
from quintet.maths.pooling import pool
from quintet.maths.square import square
from quintet.types import Float32, Media, Modality, Segment, UInt8, VideoMedia

__all__ = ["VideoFrames"]

GRID = 4
"""Cells across and down the frame."""
SIDE_PX = 64
"""Every frame is described at this size."""


@dataclass(frozen=True, kw_only=True)
class VideoFrames:
    """One descriptor per frame: gradients and colour on a grid, and the change since the last."""

    name = "video_frames"
    version = "1"
    modality = Modality.VIDEO
    d = GRID * GRID * (28 + 6 + 1)

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """(t_i, d) float32 for each shot: its frames in order, none of them from another shot."""
        video = cast("VideoMedia", media)
        return [self._shot(video.frames[video.shot_of_frame == s.no]) for s in segments]

    def _shot(self, frames: UInt8) -> Float32:
        if not len(frames):
            return np.zeros((0, self.d), np.float32)
        small = np.stack([square(frame, SIDE_PX) for frame in frames])
        grey = small.mean(3)
        change = np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
        moved = np.sqrt(pool(change, GRID))[..., None]
        looks = np.stack([_look(rgb) for rgb in small])
        return np.concatenate([looks, moved], 3).reshape(len(frames), self.d)


def _look(rgb: Float32) -> Float32:
    """(GRID, GRID, 34): gradients and colour of one frame."""
    return np.concatenate([hog(rgb, GRID), colour_moments(opponent(rgb), GRID)], 2)
