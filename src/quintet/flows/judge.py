"""Judge a fitted space on held-out items: retrieval quality, and what a cosine is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quintet.evaluate.chance import beats_chance
from quintet.evaluate.retrieval import Table, tables
from quintet.flows.space import OTHER_WORDS, WORDS, Space
from quintet.maths.calibrate import Calibrator, expected_calibration_error
from quintet.models.encoders.text_pieces import TextPieces
from quintet.types import Bool, Float32, Int64, Local, Modality

MAX_PAIRS = 20_000
"""Pairs of a query and an item that one calibration curve is fitted on."""

MIN_PAIRS = 20
"""With fewer pairs a curve is fitted on all hit modalities of the query kind together."""


@dataclass(frozen=True)
class Judged:
    """What the held-out items say about a space.

    Attributes:
        quality: MAP over all results, X→All and X→Y, beside random.
        curves: (query kind, hit modality) to the curve from cosine to probability.
        calibration_error: query kind to expected calibration error (0..1); the curves of one half
            of the queries judged on the other half.
        beats_chance: whether ``quality`` is more than luck.
    """

    quality: Table
    curves: Mapping[tuple[str, Modality], Calibrator]
    calibration_error: Mapping[str, float]
    beats_chance: bool


@dataclass(frozen=True)
class _Pairs:
    """(q, n) cosines of one query kind with one hit modality, and which pairs are relevant."""

    cosines: Float32
    relevant: Bool
    keep: Bool


def judge(
    space: Space,
    local: Mapping[Modality, Sequence[Local]],
    label: Mapping[Modality, Int64],
    classes: Sequence[str],
    said: Sequence[tuple[str, int]] = (),
) -> Judged:
    """Judge on items that the space was not fitted on.

    Args:
        local, label: per modality, n items' features and their (n,) class numbers.
        classes: names of the classes, as typed queries of the calibration.
        said: other words that may be typed, each with its class number.
    """
    z = {m: space.embed(m, rows) for m, rows in local.items() if rows}
    typed = {WORDS: [(name, c) for c, name in enumerate(classes)], OTHER_WORDS: list(said)}
    pairs = _all_pairs(space, z, label, typed)
    curves = {key: _curve(pairs, key, slice(None)) for key in pairs}
    fitted = {key: curve for key, curve in curves.items() if curve is not None}
    quality = tables(z, label)
    return Judged(quality, fitted, _errors(pairs), beats_chance(z, label, quality))


def _all_pairs(
    space: Space,
    z: Mapping[Modality, Float32],
    label: Mapping[Modality, Int64],
    typed: Mapping[str, Sequence[tuple[str, int]]],
) -> dict[tuple[str, Modality], _Pairs]:
    asked: dict[str, tuple[Float32, Int64]] = {m.value: (z[m], label[m]) for m in z}
    for kind, queries in typed.items():
        read = [(c, TextPieces().word_pieces(words)) for words, c in queries]
        rows = [(c, Local(x, np.zeros(len(x), dtype=np.int64))) for c, x in read if len(x)]
        if rows:
            number = np.array([c for c, _ in rows], dtype=np.int64)
            asked[kind] = (space.embed(Modality.TEXT, [x for _, x in rows]), number)
    return {
        (kind, hit): _compare(zq, yq, z[hit], label[hit], same=kind == hit)
        for kind, (zq, yq) in asked.items()
        for hit in z
    }


def _compare(zq: Float32, yq: Int64, z: Float32, y: Int64, *, same: bool) -> _Pairs:
    cosines = zq @ z.T
    keep = np.ones(cosines.shape, dtype=bool)
    if same:
        np.fill_diagonal(keep, val=False)
    return _Pairs(cosines, yq[:, None] == y[None, :], keep)


def _curve(
    pairs: Mapping[tuple[str, Modality], _Pairs], key: tuple[str, Modality], queries: slice
) -> Calibrator | None:
    """The curve of one pair, from those queries; of the whole query kind where pairs are few.

    None when there is no pair at all, as with a single held-out item.
    """
    scores, relevant = _flat(pairs[key], queries)
    if len(scores) < MIN_PAIRS or relevant.all() or not relevant.any():
        kin = [_flat(p, queries) for (kind, _), p in pairs.items() if kind == key[0]]
        scores = np.concatenate([s for s, _ in kin])
        relevant = np.concatenate([r for _, r in kin])
    return Calibrator().fit(scores, relevant) if len(scores) else None


def _flat(pairs: _Pairs, queries: slice) -> tuple[Float32, Bool]:
    keep = pairs.keep[queries]
    scores, relevant = pairs.cosines[queries][keep], pairs.relevant[queries][keep]
    if len(scores) <= MAX_PAIRS:
        return scores, relevant
    some = np.random.default_rng(0).choice(len(scores), MAX_PAIRS, replace=False)
    return scores[some], relevant[some]


def _errors(pairs: Mapping[tuple[str, Modality], _Pairs]) -> dict[str, float]:
    even, odd = slice(0, None, 2), slice(1, None, 2)
    errors = {}
    for kind in dict.fromkeys(kind for kind, _ in pairs):
        told, truth = [], []
        for key in (k for k in pairs if k[0] == kind):
            for fitted_on, judged_on in ((even, odd), (odd, even)):
                scores, relevant = _flat(pairs[key], judged_on)
                curve = _curve(pairs, key, fitted_on)
                if len(scores) and curve is not None:
                    told.append(curve(scores))
                    truth.append(relevant)
        if told:
            errors[kind] = expected_calibration_error(np.concatenate(told), np.concatenate(truth))
    return errors
