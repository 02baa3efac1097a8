"""Recall of an approximate index, for all rows and for each pair of media: codes alone beside
codes with full vectors, all media in one index beside an index for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.scale_made import CHUNK, MEDIA
from quintet.index.codes import Among
from quintet.index.ivf import IVF

COUNT, LONG = 10, 100
M = len(MEDIA)

Pair = tuple[float, float]
"""Recall by full vectors, and by codes alone."""


class Nearest:
    """The true nearest of each query, while rows go by: brute force, apart from the index."""

    def __init__(self, queries: np.ndarray, count: int) -> None:
        self.queries = queries
        self.best = np.full((len(queries), count), -np.inf, np.float32)
        self.at = np.full((len(queries), count), -1)

    def see(self, scores: np.ndarray, numbers: np.ndarray) -> None:
        """Products of all queries with the rows of these numbers."""
        worst = self.best.min(axis=1)
        for i in np.flatnonzero(scores.max(axis=1) > worst):
            new = np.flatnonzero(scores[i] > worst[i])
            pool = np.concatenate([self.best[i], scores[i, new]])
            which = np.concatenate([self.at[i], numbers[new]])
            top = np.argsort(-pool, kind="stable")[: self.best.shape[1]]
            self.best[i], self.at[i] = pool[top], which[top]


def truths(rows: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """(b, LONG) nearest of all rows, and (b, COUNT) of those of each medium."""
    everything = Nearest(queries, LONG)
    of_medium = [Nearest(queries, COUNT) for _ in MEDIA]
    for start in range(0, len(rows), CHUNK):
        numbers = np.arange(start, min(len(rows), start + CHUNK))
        scores = queries @ rows[start : start + CHUNK].T
        everything.see(scores, numbers)
        for m, nearest in enumerate(of_medium):
            own = numbers % M == m
            nearest.see(scores[:, own], numbers[own])
    return everything.at, [nearest.at for nearest in of_medium]


def quality(
    index: IVF, rows: np.ndarray, queries: np.ndarray, shelf: Callable[[int], IVF] | None
) -> list[str]:
    """Overall recall and the tables.

    Args:
        queries: as many of each medium, one medium after the other.
        shelf: the index of one medium alone; its key ``j`` is row ``5 j + m``.
    """
    near, of_medium = truths(rows, queries)
    overall = _both(index, queries, near[:, :COUNT], None)
    parts = np.split(np.arange(len(queries)), M)
    mixed = np.zeros((M, M, 2))
    for y in range(M):
        mask = np.arange(len(rows)) % M == y
        mask.flags.writeable = False
        for x, part in enumerate(parts):
            mixed[x, y] = _both(index, queries[part], of_medium[y][part], mask)
    lines = [
        f"recall@10 over all media **{overall[0]:.3f}** (bar .95); the same codes and cells "
        f"without full vectors {overall[1]:.3f}.",
        "",
        "Recall@10 for each pair of media, by full vectors / by codes alone. Row asks, column "
        "answers. All media in one index, a filter allows the column only:",
        "",
        *_table(mixed),
    ]
    if shelf is not None:
        alone = np.zeros((M, M, 2))
        for y in range(M):
            own = shelf(y)
            for x, part in enumerate(parts):
                alone[x, y] = _both(own, queries[part], of_medium[y][part] // M, None)
        lines += ["An index for each medium, as Quintet keeps them:", "", *_table(alone)]
    lines += [
        "All media in one index without a filter: of the true nearest 100 of all media, those of "
        "the column that the list of 100 holds (how many they are):",
        "",
        *_table(*_in_list(index, queries, near, parts)),
    ]
    return lines


def _both(index: IVF, queries: np.ndarray, truth: np.ndarray, mask: np.ndarray | None) -> Pair:
    full = [{key for key, _ in hits} for hits in index.search_many(queries, truth.shape[1], mask)]
    return _recall(full, truth), _recall(_by_codes(index, queries, truth.shape[1], mask), truth)


def _by_codes(
    index: IVF, queries: np.ndarray, count: int, mask: np.ndarray | None
) -> list[set[int]]:
    """What the codes alone return from as many cells."""
    share = 1.0 if mask is None else float(mask.mean())
    among = None if mask is None else Among.of(mask)
    cells = index.base.breadth.cells(count, share)
    found, _ = index.base.codes.near(queries, count, cells, among)
    return [set(f.tolist()) for f in found]


def _recall(found: list[set[int]], truth: np.ndarray) -> float:
    pairs = zip(found, truth, strict=True)
    return float(np.mean([len(f & set(t.tolist())) / len(t) for f, t in pairs]))


def _in_list(
    index: IVF, queries: np.ndarray, near: np.ndarray, parts: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    lists = [
        [{key for key, _ in hits} for hits in index.search_many(queries, LONG)],
        _by_codes(index, queries, LONG, None),
    ]
    shares, numbers = np.full((M, M, 2), np.nan), np.zeros((M, M), int)
    for x, part in enumerate(parts):
        for y in range(M):
            there = [near[i][near[i] % M == y] for i in part]
            numbers[x, y] = wanted = sum(len(t) for t in there)
            for way, found in enumerate(lists):
                hit = sum(len(found[i] & set(t.tolist())) for i, t in zip(part, there, strict=True))
                shares[x, y, way] = hit / wanted if wanted else np.nan
    return shares, numbers


def _table(values: np.ndarray, numbers: np.ndarray | None = None) -> list[str]:
    """One cell a pair of media, and what pairs of one medium and of two come to."""
    lines = [f"| | {' | '.join(MEDIA)} |", "|---|---|---|---|---|---|"]
    for x, name in enumerate(MEDIA):
        cells = []
        for y in range(M):
            shown = " / ".join("–" if np.isnan(v) else f"{v:.3f}" for v in values[x, y])
            cells.append(shown if numbers is None else f"{shown} ({numbers[x, y]})")
        lines.append(f"| **{name}** | {' | '.join(cells)} |")
    same = np.eye(M, dtype=bool)
    own, other = np.nanmean(values[same], axis=0), np.nanmean(values[~same], axis=0)
    least = np.nanmin(values[~same], axis=0)
    told = f"Within a medium {own[0]:.3f} / {own[1]:.3f}, "
    told += f"across media {other[0]:.3f} / {other[1]:.3f}"
    return [*lines, "", f"{told}, lowest pair across {least[0]:.3f} / {least[1]:.3f}.", ""]
