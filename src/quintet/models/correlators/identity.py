"""The space that pretrained encoders already share: mean over the steps, unit length."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from quintet.errors import NotFittedError, ShapeError, TrainingError
from quintet.maths.padding import unpad, width_of
from quintet.maths.rows import mean_steps, unit_rows
from quintet.types import Bool, Float32, Modality, Views

__all__ = ["Identity"]


@dataclass(kw_only=True)
class Identity:
    """Mean of the local features, scaled to unit length; for encoders of one joint space.

    Nothing is learnt: ``z = mean_t x_t / |mean_t x_t|``.

    Source:
        Radford et al. 2021, "Learning transferable visual models from natural language
        supervision", ICML, figure 3: encoders f and g of one space are compared by
        ``f(x)'g(y) / (|f(x)| |g(y)|)``.
    Ours:
        The mean over local features, where theirs are pooled within the encoder. Made for two
        media; any number here, as long as their encoders share the space, of which only the width
        is seen.

    Attributes:
        d_: modality to the width of its features; the same for all.

    >>> Identity()
    Identity()
    """

    d_: dict[Modality, int] = field(default_factory=dict, init=False, repr=False)

    def fit(self, views: Views) -> Self:
        """Learn nothing but which modalities there are.

        Raises:
            TrainingError: no view, or views of different widths.
        """
        widths = {view.modality: width_of(view.x) for view in views.views if len(view.x)}
        if len(set(widths.values())) != 1:
            found = ", ".join(f"{m} {d}" for m, d in widths.items()) or "no modality at all"
            raise TrainingError(
                f"identity needs encoders of one joint space, of one width; found {found}"
            )
        self.d_ = widths
        return self

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        """(n, d) unit rows: the mean over real steps."""
        if modality not in self.d_:
            raise NotFittedError(f"identity was not fitted on {modality}")
        rows = unpad(x, mask)
        if x.shape[2] != self.d_[modality]:
            raise ShapeError(f"{modality} was {self.d_[modality]} wide in fit, now {x.shape[2]}")
        return unit_rows(mean_steps(rows)) if rows else np.zeros((0, x.shape[2]), np.float32)
