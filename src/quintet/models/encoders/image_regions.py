"""Pictures as a 7 × 7 grid of regions, described without learning or downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from quintet.maths.hog import hog
from quintet.maths.opponent import colour_moments, opponent
from quintet.maths.square import square
from quintet.types import Float32, ImageMedia, Media, Modality, Segment

__all__ = ["ImageRegions"]

GRID = 7
"""Regions across and down; region ``no`` is ``row * GRID + column``."""
SIDE_PX = 84
"""Every picture is described at this size, small pictures enlarged."""


@dataclass(frozen=True, kw_only=True)
class ImageRegions:
    """One descriptor per region: oriented gradients and opponent colour."""

    name = "image_regions"
    version = "1"
    modality = Modality.IMAGE
    d = 34

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """(1, d) float32 for each region, found by its number in the grid."""
        rgb = square(cast("ImageMedia", media).pixels, SIDE_PX)
        colour = colour_moments(opponent(rgb), GRID)
        rows = np.concatenate([hog(rgb, GRID), colour], 2).reshape(GRID * GRID, 1, self.d)
        return [rows[segment.no].copy() for segment in segments]
