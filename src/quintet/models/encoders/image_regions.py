"""Pictures as a 7 × 7 grid of regions, described without learning or downloads.

Source:
    Dalal and Triggs 2005 (gradients); Bruna and Mallat 2013 (scattering).

Ours:
    Second-order scattering as shares of the energy around the cell, as gradients are; together
    they do better than either.

Tried:
    Class accuracy and MAP of a logistic regression on the whole grid (49 regions side by side,
    300 principal components), 883 training pictures of 10 classes, four grouped folds.

    ====================================================  ====  ====
    raw pixels, 32 × 32                                    .43   .29
    opponent colour, mean and spread                       .57   .41
    gradients at 42, 56, 84, 112 pixels               .66 – .70   .59
    gradients at 84 and colour                             .72   .62
    random patches, 512 whitened filters (procedural)      .69   .56
    scattering order 1; orders 1 and 2                .72; .74   .62
    scattering of 4 octaves; of 6 for 8 directions    .75; .73   .62
    order 2 as shares of the energy around, 6 directions   .77   .65
    … and gradients (kept)                                 .78   .67
    … and 64 patch filters (2 ms more)                     .78   .66
    ====================================================  ====  ====
"""

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
