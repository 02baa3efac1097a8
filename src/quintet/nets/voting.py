"""What linear methods share whose rows are compared by the class votes of labelled rows nearby."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from quintet.maths.rows import unit_rows
from quintet.maths.votes import class_votes
from quintet.nets.pooled import Pooled, PooledMethod
from quintet.types import Float32, Int64, Modality


@dataclass(kw_only=True)
class VotingMethod(PooledMethod):
    """A linear method that ends ``learn`` with ``place_voters``.

    A row is the share of each class among the labelled rows of all media that are nearest to it
    in the learnt space, all as unit rows. No more voters are heard than a class has labelled
    rows on average.

    Attributes:
        voters: nearest labelled rows that vote, at most; 0 to compare the projections themselves.
        voters_, voter_label_: (v, k) unit rows that vote, and (v,) their classes.
    """

    voters: int = 100

    voters_: Float32 | None = field(default=None, init=False, repr=False)
    voter_label_: Int64 | None = field(default=None, init=False, repr=False)
    classes_: int = field(default=0, init=False, repr=False)

    def place_voters(self, data: Pooled) -> None:
        """Project the labelled rows of the media in ``directions_``; at least one must be there."""
        known = {m: data.label[m] >= 0 for m in self.directions_}
        z = [
            super(VotingMethod, self).project(m, data.x[m][rows].astype(np.float32))
            for m, rows in known.items()
        ]
        self.voters_ = unit_rows(np.concatenate(z))
        self.voter_label_ = np.concatenate([data.label[m][rows] for m, rows in known.items()])
        self.classes_ = data.classes

    def project(self, modality: Modality, x: Float32) -> Float32:
        """(n, c) votes, or (n, k) projections without voters."""
        z = super().project(modality, x)
        if not self.voters or self.voters_ is None or self.voter_label_ is None:
            return z
        heard = max(1, min(self.voters, len(self.voters_) // self.classes_))
        return class_votes(unit_rows(z), self.voters_, self.voter_label_, self.classes_, heard)
