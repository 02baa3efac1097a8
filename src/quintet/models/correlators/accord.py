"""Accord: rows are as near as it is likely that they are of one class; experts for every medium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from quintet.errors import TrainingError
from quintet.maths import logistic, summaries
from quintet.maths.canonical import maxvar
from quintet.maths.objects import shared_objects
from quintet.maths.principal import directions
from quintet.maths.rows import SMALL
from quintet.nets.pooled import Pooled, PooledMethod
from quintet.types import Bool, Float32, Int64, Modality

__all__ = ["Accord"]

Float64 = NDArray[np.float64]

MAX_SPREAD = 6.0
"""Standardised summaries are clipped to so many standard deviations."""

BOOK = ("mean", "scale", "centres")

LOOK_WIDTH = 0.03
"""Rows of mean length 1 that are much farther apart than this look unlike."""


@dataclass(kw_only=True)
class Accord(PooledMethod):
    """Expected relevance as a cosine.

    What a search wants to know of two rows is how probably they are of one class. With the class
    probabilities p of one and q of the other that is their product ``p'q``, whatever the media.
    So every medium has experts that tell p, and a row becomes the unit vector ``[p, r f]`` with
    ``r = sqrt(1 - |p|^2)``: f is a narrow random feature map of what the row looks like, in a block
    of its medium's own, about orthogonal for rows that are not near copies. The cosine of two rows
    is then p'q, across media exactly: a row that the experts are unsure of is near nothing but its
    own copies, where methods that scale class vectors to length 1 put it among the certain ones.
    Within a medium the looks add noise of about ``r r' / sqrt(look / media)``; dividing p by
    ``|p|^levelling`` first makes r smaller and costs a little of what the product gains.

    Experts: a row is summarised as mean ‖ deviation ‖ maximum of its local steps; as all steps
    side by side where every row has the same number (places of a picture, views of a shape); as
    counts of steps that recur exactly (words); and as shares of kinds of steps, which are clusters
    of them (parts). Of each summary's principal components a linear and a Gaussian-kernel logistic
    regression tell the class, as regularised as held-out folds like best. They are weighed so that
    held-out rows are most likely under their mean, which is then sharpened in the same way. Rows
    without label shape components and kinds and are landmarks of the kernel. Pairs are joined by
    canonical correlation of the components but those of parts. With labels and pairs a row is
    ``[sqrt(1 - s) class part, sqrt(s) pair part]``.

    Source:
        Posteriors as space: Rasiwasia et al. 2010, ACM Multimedia (semantic matching); kernel by
        landmarks: Williams & Seeger 2001, NIPS; random features: Rahimi & Recht 2007, NIPS.
    Ours:
        The rest, for any number of media; pairs by ``maths/canonical.py``.
    Tried:
        On validation data, with levelling 0, .25, .5, 1: wikipedia image→text .332 .330 .313 .260;
        fivemedia mean .794 .795 .795 .777 (DFCL .705); the demonstration's .764 .767 .772 .754.
        Looks ten times as wide cost .05 on the demonstration, whose texts share their phrases;
        linear experts alone .02 on fivemedia; pairs beside labels .01 on wikipedia. Parts took the
        planted set from .716 to .840, where two fifths of the steps tell the class, but fivemedia
        from .794 to .779 as long as all experts counted alike; weighed, .856 and .799 (.796
        without parts).

    Attributes:
        rank: principal components of a summary, at most.
        landmarks, gamma: number of a kernel's landmarks, at most, and its width on unit rows.
        look: random features of all media's looks together.
        levelling: 0 for the product of probabilities, 1 for their cosine.
        kernels, places, words, parts: switches of the ablation.
        k, ridge, pair_share: directions, regularisation and share s of the pair part.
        seed: draws the landmarks, the random features and the kinds of shape components.
    """

    search = {"rank": (200, 600), "ridge": (1.0, 0.3)}
    learns_from = "either"

    rank: int = 200
    landmarks: int = 400
    gamma: float = 0.5
    look: int = 480
    levelling: float = 0.25
    kernels: bool = True
    places: bool = True
    words: bool = True
    parts: bool = True
    pair_share: float = 0.0
    k: int = 200
    ridge: float = 1.0
    seed: int = 0
    rooted_: dict[Modality, bool] = field(default_factory=dict, init=False, repr=False)
    layout_: dict[Modality, int] = field(default_factory=dict, init=False, repr=False)
    atoms_: dict[Modality, Float32] = field(default_factory=dict, init=False, repr=False)
    experts_: dict[str, Float32] = field(default_factory=dict, init=False, repr=False)
    width_: dict[Modality, float] = field(default_factory=dict, init=False, repr=False)
    weight_: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    power_: dict[Modality, float] = field(default_factory=dict, init=False, repr=False)
    block_: dict[Modality, tuple[int, int]] = field(default_factory=dict, init=False, repr=False)
    classes_: int = field(default=0, init=False, repr=False)

    def learn(self, data: Pooled) -> None:
        """Fit the summaries, the experts and the pair part.

        Raises:
            TrainingError: neither labels nor pairs that two media share.
        """
        if not data.views:
            raise TrainingError(f"{self.name} needs rows with labels or pairs; there is none")
        self.classes_ = data.classes if any((y >= 0).any() for y in data.label.values()) else 0
        self.rooted_, self.layout_, self.atoms_, self.width_ = {}, {}, {}, {}
        self.experts_, self.weight_, self.power_ = {}, {}, {}
        inner: dict[Modality, Float64] = {}
        w = self.look // len(data.views)
        self.block_ = {v.modality: (n * w, (n + 1) * w) for n, v in enumerate(data.views)}
        for view in data.views:
            m, rows = view.modality, list(view.x)
            self.rooted_[m] = all(float(x.min()) >= 0 for x in rows)
            self.layout_[m] = summaries.layout(rows) if self.places else 0
            self.atoms_[m] = summaries.find_atoms(rows) if self.words else rows[0][:0]
            self._fit_kinds(m, rows)
            self._fit_bases(m, rows)
            points = self._points(m, rows)
            inner[m] = self._inner(m, points, len(rows))
            self._fit_look(m, inner[m])
            self._fit_experts(m, points, view.label)
        self._fit_pairs(data, inner)

    def embed(self, modality: Modality, rows: list[Float32]) -> Float32:
        """(n, k) class part and pair part."""
        z, points = [], self._points(modality, rows)
        share = self.pair_share if self.classes_ else 1.0
        paired = self.directions_[modality].size > 0
        if self.classes_:
            z.append(np.sqrt(1 - share * paired) * self._class_part(modality, points, rows))
        if paired:
            pair = self._inner(modality, points, len(rows)) @ self.directions_[modality]
            z.append(np.sqrt(share) * _unit(pair))
        return np.hstack(z).astype(np.float32)

    def _class_part(
        self, modality: Modality, points: Mapping[str, Float64], rows: Sequence[Float32]
    ) -> Float64:
        told = {k: p for name, x in points.items() for k, p in self._told(f"{modality}/{name}", x)}
        p = np.full((len(rows), self.classes_), 1.0 / self.classes_)
        if told:
            p = logistic.sharpened(self._mean(told), self.power_[modality])
        p = p * np.linalg.norm(p, axis=1, keepdims=True) ** -self.levelling
        part, place = self.experts_[f"{modality}/look"], slice(*map(int, self.block_[modality]))
        f = np.zeros((len(rows), self.look))
        f[:, place] = _unit(np.cos(self._inner(modality, points, len(rows)) @ part[:-1] + part[-1]))
        rest = np.sqrt(np.maximum(1 - np.square(p).sum(axis=1, keepdims=True), 0))
        return np.hstack([p, rest * f])

    def _mean(self, told: Mapping[str, Float64]) -> Float64:
        """(n, c) weighted mean of what experts say, by their names."""
        weight = np.array([self.weight_[name] for name in told])
        return np.tensordot(weight / weight.sum(), np.stack(list(told.values())), 1)

    def _told(self, key: str, x: Float64) -> list[tuple[str, Float64]]:
        """Class probabilities by the experts of one summary, by the experts' names."""
        told, held = [], self.experts_
        for kind in ("linear", "kernel"):
            if f"{key}/{kind}" in held:
                near = x
                if kind == "kernel":
                    near = logistic.gaussian(x, held[f"{key}/landmarks"], self.gamma)
                weights = held[f"{key}/{kind}"].astype(np.float64)
                told.append((f"{key}/{kind}", logistic.probabilities(near, weights)))
        return told

    def _summaries(self, modality: Modality, rows: Sequence[Float32]) -> dict[str, Float64]:
        """The summaries that these rows have; places only when every row has all of them."""
        x = [np.sqrt(np.maximum(row, 0)) for row in rows] if self.rooted_[modality] else rows
        found = {"statistics": summaries.statistics(x).astype(np.float64)}
        if self.layout_[modality] and all(len(row) == self.layout_[modality] for row in rows):
            found["places"] = np.stack([row.ravel() for row in x]).astype(np.float64)
        if len(self.atoms_[modality]):
            counts = np.sqrt(summaries.count_atoms(rows, self.atoms_[modality]).astype(np.float64))
            found["words"] = counts
        if modality in self.width_:
            found["parts"] = summaries.count_kinds(rows, self._kinds(modality)).astype(np.float64)
        return found

    def _fit_kinds(self, modality: Modality, rows: Sequence[Float32]) -> None:
        book = summaries.find_kinds(rows, self.seed) if self.parts and self.classes_ else None
        if book is not None:
            self.experts_ |= {f"{modality}/kinds/{k}": getattr(book, k) for k in BOOK}
            self.width_[modality] = book.width

    def _kinds(self, modality: Modality) -> summaries.Codebook:
        held = {k: self.experts_[f"{modality}/kinds/{k}"] for k in BOOK}
        return summaries.Codebook(**held, width=self.width_[modality])

    def _fit_bases(self, modality: Modality, rows: Sequence[Float32]) -> None:
        for name, x in self._summaries(modality, rows).items():
            key = f"{modality}/{name}"
            scale = x.std(axis=0)
            if name == "words":  # rare words tell more
                scale = 1 / np.log(1 + len(x) / np.maximum((x > 0).sum(axis=0), 1))
            held = {"mean": x.mean(axis=0), "scale": np.where(scale < SMALL, 1.0, scale)}
            self.experts_ |= {f"{key}/{k}": v.astype(np.float32) for k, v in held.items()}
            standard = self._standard(key, x)
            count = min(self.rank, len(x) - 1, x.shape[1])
            base = directions(standard, count, self.seed)
            length = np.sqrt(np.square(standard @ base).sum(axis=1).mean())
            self.experts_[f"{key}/base"] = (base / max(length, SMALL)).astype(np.float32)

    def _standard(self, key: str, x: Float64) -> Float64:
        standard = (x - self.experts_[f"{key}/mean"]) / self.experts_[f"{key}/scale"]
        return np.asarray(np.clip(standard, -MAX_SPREAD, MAX_SPREAD))

    def _points(self, modality: Modality, rows: Sequence[Float32]) -> dict[str, Float64]:
        """Principal components of each summary, (n, r) of mean squared length 1 in training."""
        found = self._summaries(modality, rows)
        return {
            name: self._standard(f"{modality}/{name}", x) @ self.experts_[f"{modality}/{name}/base"]
            for name, x in found.items()
        }

    def _inner(self, modality: Modality, points: Mapping[str, Float64], count: int) -> Float64:
        """Components but those of parts, side by side; zeros for what these rows do not have."""
        names = ("statistics", "places", "words")
        bases = {n: self.experts_.get(f"{modality}/{n}/base") for n in names}
        return np.hstack(
            [
                points[n] if n in points else np.zeros((count, base.shape[1]))
                for n, base in bases.items()
                if base is not None
            ]
        )

    def _fit_look(self, modality: Modality, inner: Float64) -> None:
        if self.classes_:
            random = self._random(modality, 0)
            width = self.block_[modality][1] - self.block_[modality][0]
            directions = random.standard_normal((inner.shape[1], width)) / LOOK_WIDTH
            part = np.vstack([directions, random.uniform(0, 2 * np.pi, width)])
            self.experts_[f"{modality}/look"] = part.astype(np.float32)

    def _fit_experts(self, modality: Modality, points: Mapping[str, Float64], label: Int64) -> None:
        keep = label >= 0
        y = label[keep]
        if len(np.unique(y)) < 2:
            return
        folds = logistic.stratified(y, self._random(modality, 1))
        told: dict[str, Float64] = {}
        media = list(self.block_)
        for n, (name, x) in enumerate(points.items(), 1):
            key = f"{modality}/{name}"
            weights, held_out = logistic.fit_logistic(x[keep], y, self.classes_, folds)
            self.experts_[f"{key}/linear"] = weights.astype(np.float32)
            told[f"{key}/linear"] = held_out
            if self.kernels:
                told[f"{key}/kernel"] = self._fit_kernel(key, x, keep, y, folds)
            self.tell((media.index(modality) + n / len(points)) / len(media))
        weight = logistic.mixture(list(told.values()), y).tolist()
        self.weight_ |= dict(zip(told, weight, strict=True))
        self.power_[modality] = logistic.best_temperature(self._mean(told), y)

    def _fit_kernel(self, key: str, x: Float64, keep: Bool, label: Int64, folds: Int64) -> Float64:
        """A Gaussian kernel's expert; landmarks may be rows without label."""
        random = np.random.default_rng([self.seed, len(x)])
        marks = x[np.sort(random.permutation(len(x))[: self.landmarks])]
        weights, told = logistic.fit_kernel(x[keep], marks, label, self.classes_, folds, self.gamma)
        self.experts_[f"{key}/landmarks"] = marks.astype(np.float32)
        self.experts_[f"{key}/kernel"] = weights.astype(np.float32)
        return told

    def _fit_pairs(self, data: Pooled, inner: Mapping[Modality, Float64]) -> None:
        self.directions_ = {m: np.zeros((0, 0), dtype=np.float32) for m in inner}
        if self.classes_ and not self.pair_share:
            return
        pairs = [replace(v, label=np.full(len(v.x), -1, dtype=np.int64)) for v in data.views]
        try:
            objects = shared_objects(pairs, self.name)
        except TrainingError:
            if self.classes_:
                return
            raise
        x = {m: inner[m] for m in objects}
        found = maxvar(x, objects, k=self.k, ridge=self.ridge, rank=2 * self.rank)
        self.directions_ |= {m: d.astype(np.float32) for m, d in found.items()}
        if not self.classes_:
            self.directions_ = {m: self.directions_[m] for m in found}

    def _random(self, modality: Modality, use: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, list(Modality).index(modality), use])


def _unit(z: Float64) -> Float64:
    return np.asarray(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), SMALL))
