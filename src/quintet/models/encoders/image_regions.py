"""Pictures as a 7 × 7 grid of regions, described without learning or downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from quintet.maths.appearance import WIDTH, appearance
from quintet.maths.square import square
from quintet.types import Float32, ImageMedia, Media, Modality, Segment

__all__ = ["ImageRegions"]

GRID = 7
"""Regions across and down; region ``no`` is ``row * GRID + column``."""
CONTOUR_PX = 84
"""Side of the picture for gradients; 56 and 112 measured worse or no better."""
TEXTURE_PX = 56
"""Side of the picture for wavelets and colour."""


@dataclass(frozen=True, kw_only=True)
class ImageRegions:
    """One descriptor per region: oriented gradients, wavelet scattering, opponent colour."""

    name = "image_regions"
    version = "2"
    modality = Modality.IMAGE
    d = WIDTH

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """(1, d) float32 for each region, found by its number in the grid."""
        pixels = cast("ImageMedia", media).pixels
        large, small = square(pixels, CONTOUR_PX), square(pixels, TEXTURE_PX)
        looks = appearance(large[None], small[None], GRID)
        rows = looks.reshape(GRID * GRID, 1, self.d)
        return [rows[segment.no].copy() for segment in segments]
