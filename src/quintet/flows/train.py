"""Train: labels → held-out split → fit → judge and calibrate → fit on all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quintet.errors import NotFittedError, TrainingError
from quintet.flows.judge import Judged, judge
from quintet.flows.labels import Labels
from quintet.flows.phrases import phrases
from quintet.flows.resume import Checkpoints
from quintet.flows.space import Space
from quintet.flows.split import held_out
from quintet.media.words import pieces
from quintet.models.encoders.text_pieces import TextPieces
from quintet.nets.finite import require_finite
from quintet.roles import Correlator
from quintet.types import Int64, Item, Local, Modality, View, Views

NAME_SHARE = 0.1
"""Label names are read as short texts too, so that a typed word is no stranger to the text tower:
at least NAME_ROWS rows each, and about this share of the text rows in all."""

NAME_ROWS = 2

CHUNK = 2_048
"""Items that are embedded at a time when a fit is looked over."""

Progress = Callable[[str, int, int], None]
Losses = Callable[[str, int, float], None]
"""Called with (stage, number of the epoch, its mean loss)."""


@dataclass(frozen=True)
class TrainingSet:
    """All items of the library with their labels, local features and words.

    Attributes:
        local: item id to the features of the item's own channel, at least one step.
        texts: item id to its text, for the items that have one.
    """

    items: Sequence[Item]
    labels: Labels
    local: Mapping[str, Local]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Trained:
    """A fitted space, how good it was on items it had not seen, and at what cost."""

    space: Space
    judged: Judged
    trained_on: int
    held_out: int
    seconds: float


def fit_space(
    data: TrainingSet,
    make: Callable[[], Correlator],
    *,
    seed: int,
    refit: bool,
    on_progress: Progress,
    checkpoints: Checkpoints | None = None,
    together: Callable[[Mapping[str, frozenset[str]]], Mapping[str, Space]] | None = None,
    on_loss: Losses | None = None,
) -> Trained:
    """Fit a correlator, judge and calibrate it on items it did not see, then fit it on all.

    Args:
        make: makes a fresh correlator, one a fit.
        refit: fit again on all labelled items after judging; the curves are kept.
        checkpoints: keep unfinished fits and go on from them; None does not.
        together: makes both fits elsewhere, side by side: {stage: set aside} to {stage: space}.

    Raises:
        TrainingError: too few labelled items, or of one medium only; or embeddings that are no
            finite numbers.
    """
    started = time.monotonic()
    aside = set_aside(data, seed)
    asides = {"fit": aside} | ({"fit on all": frozenset()} if refit else {})
    spaces = together(asides) if together else None

    def fitted(stage: str) -> Space:
        space = (
            fit_without(asides[stage], data, make, stage, on_progress, checkpoints, on_loss)
            if spaces is None
            else spaces[stage]
        )
        _check_places(space, data)
        return space

    space = fitted("fit")
    read = aside & _read(space, data)
    judged = judge(space, *rows_of(read, data), data.labels.classes, _said(space, read, data))
    if refit:
        space = fitted("fit on all")
    labelled = sum(i in data.local for i in data.labels.of)
    return Trained(
        space=replace(space, calibrators=judged.curves),
        judged=judged,
        trained_on=labelled - (0 if refit else len(aside)),
        held_out=len(aside),
        seconds=time.monotonic() - started,
    )


def set_aside(data: TrainingSet, seed: int) -> frozenset[str]:
    """Ids of the held-out fifth.

    Raises:
        TrainingError: too few labelled items, or of one medium only.
    """
    media = {i.modality for i in data.items if i.id in data.labels.of and i.id in data.local}
    if len(media) < 2:
        raise TrainingError(
            f"the labelled items are of {len(media)} medium ({', '.join(sorted(media))}); "
            "a common space needs at least two: add items of another medium under the same labels"
        )
    aside = held_out([i for i in data.items if i.id in data.local], data.labels.of, seed)
    if not aside:
        raise TrainingError(
            f"{len(data.labels.of)} labelled items leave none to test on: "
            "every label has fewer than three items in each medium"
        )
    return aside


def fit_without(
    aside: frozenset[str],
    data: TrainingSet,
    make: Callable[[], Correlator],
    stage: str,
    on_progress: Progress,
    checkpoints: Checkpoints | None = None,
    on_loss: Losses | None = None,
) -> Space:
    """A space fitted on all items but those set aside; it promises no probabilities yet."""
    views = _views(data, aside)
    on_progress(stage, 0, 0)

    def ready() -> Correlator:
        correlator: Any = make()
        if hasattr(correlator, "on_epoch"):
            correlator.on_epoch = lambda done, total: on_progress(stage, done, total)
        if on_loss is not None and hasattr(correlator, "on_loss"):
            correlator.on_loss = lambda epoch, loss: on_loss(stage, epoch, loss)
        return correlator  # type: ignore[no-any-return]

    correlator = checkpoints.fit(ready, stage, views) if checkpoints else ready().fit(views)
    known = {p for i, text in data.texts.items() if i not in aside for p in pieces(text)}
    names = frozenset(p for name in views.classes for p in pieces(name))
    media = frozenset(v.modality for v in views.views if _knows(correlator, v))
    return Space(correlator, {}, names.union(known), {}, media, names)


def _said(space: Space, ids: frozenset[str], data: TrainingSet) -> list[tuple[str, int]]:
    """Phrases of those items' texts, with the numbers of their classes."""
    number = {name: c for c, name in enumerate(data.labels.classes)}
    texts = [(data.texts[i], number[data.labels.of[i]]) for i in sorted(ids & data.texts.keys())]
    return phrases(texts, space.names)


def _check_places(space: Space, data: TrainingSet) -> None:
    """Refuse a space in which an item has no finite place.

    Raises:
        TrainingError: there is such an item; names the method and what to try.
    """
    for modality in space.modalities:
        rows = [
            data.local[i.id] for i in data.items if i.modality is modality and i.id in data.local
        ]
        for start in range(0, len(rows), CHUNK):
            z = space.embed(modality, rows[start : start + CHUNK])
            require_finite(space.correlator, space.method, modality, z)


def _knows(correlator: Correlator, view: View) -> bool:
    """Whether the correlator took the modality in; it may leave out one without any label."""
    none = np.zeros((0, 1, view.x[0].shape[1]), dtype=np.float32)
    try:
        correlator.transform(view.modality, none, np.zeros((0, 1), dtype=np.bool_))
    except NotFittedError:
        return False
    return True


def rows_of(
    ids: frozenset[str], data: TrainingSet
) -> tuple[dict[Modality, list[Local]], dict[Modality, Int64]]:
    """Local features and class numbers of labelled items, by medium."""
    number = {name: c for c, name in enumerate(data.labels.classes)}
    local: dict[Modality, list[Local]] = {}
    label: dict[Modality, list[int]] = {}
    for item in data.items:
        if item.id in ids:
            local.setdefault(item.modality, []).append(data.local[item.id])
            label.setdefault(item.modality, []).append(number[data.labels.of[item.id]])
    return local, {m: np.array(c, dtype=np.int64) for m, c in label.items()}


def _read(space: Space, data: TrainingSet) -> frozenset[str]:
    return frozenset(i.id for i in data.items if space.reads(i.modality))


def _views(data: TrainingSet, aside: frozenset[str]) -> Views:
    classes = data.labels.classes
    usable = [i for i in data.items if i.id in data.local and i.id not in aside]
    views = {m: _view(m, [i for i in usable if i.modality is m], data) for m in Modality}
    views[Modality.TEXT] = _with_names(views[Modality.TEXT], classes)
    vectors = np.stack([TextPieces().word_vector(name) for name in classes])
    return Views(tuple(v for v in views.values() if len(v.x)), classes, vectors)


def _view(modality: Modality, items: Sequence[Item], data: TrainingSet) -> View:
    number = {name: c for c, name in enumerate(data.labels.classes)}
    label = [number.get(data.labels.of.get(i.id, ""), -1) for i in items]
    return View(
        modality=modality,
        x=[data.local[i.id].x for i in items],
        label=np.array(label, dtype=np.int64),
        pair=_unpaired(len(items)),
        ids=[i.id for i in items],
    )


def _with_names(view: View, classes: Sequence[str]) -> View:
    """The text view with the label names as extra rows."""
    copies = max(NAME_ROWS, round(NAME_SHARE * len(view.x) / len(classes)))
    named = [(c, TextPieces().word_pieces(name)) for c, name in enumerate(classes)] * copies
    named = [(c, x) for c, x in named if len(x)]
    return View(
        modality=view.modality,
        x=[*view.x, *(x for _, x in named)],
        label=np.concatenate([view.label, np.array([c for c, _ in named], dtype=np.int64)]),
        pair=_unpaired(len(view.x) + len(named)),
        ids=[*view.ids, *(f"name:{classes[c]}" for c, _ in named)],
    )


def _unpaired(count: int) -> Int64:
    return np.full(count, -1, dtype=np.int64)
