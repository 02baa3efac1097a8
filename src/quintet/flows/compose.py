"""Queries of several parts: what each part says of every candidate, pooled as log-odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from quintet.flows.search import Match, Row, order

Float64 = NDArray[np.float64]

NOWHERE = 1e-4
"""Probability of a candidate that a part of the query finds nowhere."""

RANKS = 60
"""Before training: a part gives an item ``1 / (RANKS + rank)`` (Cormack et al. 2009)."""


@dataclass(frozen=True)
class Said:
    """What one part of the query says: its weight and the rows it found, best first."""

    weight: float
    rows: Sequence[Row]


def pooled(said: Sequence[Said]) -> list[Row]:
    """One row per item that a wanted part found, best first.

    With confidences p_i the log-odds of an item are the weighted mean of what the wanted parts say,
    lowered by how surely it is what is not wanted::

        sum_wanted w_i logit(p_i) / sum_wanted w_i  +  sum_unwanted |w_j| log(1 - p_j)

    Being surely not what is unwanted earns nothing: otherwise whatever is farthest from it would
    come first. Before training, wanted parts add the reciprocals of their ranks and items that an
    unwanted part found are left out.

    Source:
        Logarithmic opinion pool: Genest & Zidek 1986. The unwanted parts: ours.
    """
    found: dict[str, list[Match]] = {}
    for part in said:
        for _, _, matches in part.rows if part.weight > 0 else ():
            found.setdefault(matches[0].item_id, []).extend(matches)
    calibrated = all(row[1] is not None for part in said for row in part.rows)
    scores = _log_odds(said, list(found)) if calibrated else _reciprocal_ranks(said)
    rows: list[Row] = []
    for item_id, score in scores.items():
        matches = sorted(found[item_id], key=lambda m: (-(m.confidence or 0.0), -m.score))
        rows.append((score, score if calibrated else None, matches))
    return sorted(rows, key=order)


def _log_odds(said: Sequence[Said], items: Sequence[str]) -> dict[str, float]:
    """Item to its pooled probability."""
    total = sum(part.weight for part in said if part.weight > 0)
    logit = np.zeros(len(items))
    for part in said:
        p = _told(part, items)
        sure = np.log(p) - np.log1p(-p)
        logit += part.weight / total * sure if part.weight > 0 else -part.weight * np.log1p(-p)
    return dict(zip(items, expit(logit).tolist(), strict=True))


def _told(part: Said, items: Sequence[str]) -> Float64:
    """(n,) what one part says of each item; NOWHERE where it did not find it."""
    of_item = {row[2][0].item_id: row[1] or 0.0 for row in part.rows}
    return np.clip([of_item.get(i, NOWHERE) for i in items], NOWHERE, 1 - NOWHERE)


def _reciprocal_ranks(said: Sequence[Said]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for part in said:
        for rank, row in enumerate(part.rows if part.weight > 0 else (), start=1):
            item_id = row[2][0].item_id
            scores[item_id] = scores.get(item_id, 0.0) + part.weight / (RANKS + rank)
    unwanted = {row[2][0].item_id for part in said if part.weight < 0 for row in part.rows}
    return {i: score for i, score in scores.items() if i not in unwanted}
