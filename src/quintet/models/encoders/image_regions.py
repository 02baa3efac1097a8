"""Pictures as a 7 × 7 grid of regions, described without learning or downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from quintet.maths.appearance import WIDTH, appearance
from quintet.types import Float32, ImageMedia, Media, Modality, Segment

__all__ = ["ImageRegions"]

GRID = 7
"""Regions across and down; region ``no`` is ``row * GRID + column``."""


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
        rows = appearance(pixels, GRID).reshape(GRID * GRID, 1, self.d)
        return [rows[segment.no].copy() for segment in segments]
