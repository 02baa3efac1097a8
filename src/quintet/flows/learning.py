"""Train, judge and list models of a library: the flows that join training and the store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count

from quintet.errors import LibraryBusy, NotFittedError, QuintetError, UnknownName, UsageError
from quintet.evaluate.retrieval import Table
from quintet.flows import configure, indexes, resume
from quintet.flows.compare import Compared, compare
from quintet.flows.evaluate import below, evaluate
from quintet.flows.fitting_there import fitter
from quintet.flows.labels import Labels, find_labels
from quintet.flows.parts import Parts
from quintet.flows.reading import Embedding
from quintet.flows.rebuild import (
    RebuildReport,
    embedded_rows,
    encode_again,
    fill,
    rebuild,
)
from quintet.flows.space import Space
from quintet.flows.train import Losses, Trained, TrainingSet, fit_space
from quintet.flows.workers import Workers
from quintet.store.lock import TRAINING, Lock
from quintet.store.records import ModelRow, VectorRow
from quintet.store.sqlite import Store
from quintet.types import OWN_CHANNEL, Channel, Item, Local, Modality

CHUNK = 512
"""Items whose features are in memory at a time while vectors are made."""

USER = "user"
"""Source of labels that a person gave."""

TRAINED = "train"
"""Source of the labels that the active model was trained on."""

TURN_S = 0.2
"""Between two tries to write the trained model."""

Progress = Callable[[str, int, int], None]
Note = Callable[[str], None]


@dataclass(frozen=True)
class LabelCounts:
    """Where labels come from, and label to medium to count."""

    source: str
    table: Mapping[str, Mapping[str, int]]
    unlabelled: int


@dataclass(frozen=True)
class TrainReport:
    """What training did.

    Attributes:
        calibration_error: per query kind, 0..1, on held-out pairs.
        warning: that the model finds no better than a random order, empty when it does.
    """

    model_id: str
    method: str
    labels: LabelCounts
    trained_on: int
    held_out: int
    quality: Table
    calibration_error: Mapping[str, float]
    seconds: float
    warning: str = ""


@dataclass(frozen=True)
class ModelSummary:
    """One trained model; MAP on the items held out when it was trained."""

    id: str
    method: str
    created_at: str
    active: bool
    mean_map: float
    random_map: float
    held_out: int
    params: Mapping[str, object]


def labels_of(store: Store, items: Sequence[Item], by: str, level: int | None) -> Labels:
    """Labels of the items from the chosen source."""
    return find_labels(items, by=by, roots=store.roots(), level=level, given=store.labels(USER))


def label_counts(parts: Parts, by: str, level: int | None) -> LabelCounts:
    """What training would learn from."""
    items = _present(parts.store)
    return _counts(labels_of(parts.store, items, by, level), items)


def _counts(labels: Labels, items: Sequence[Item]) -> LabelCounts:
    return LabelCounts(labels.source, labels.table(items), len(items) - len(labels.of))


def _present(store: Store) -> list[Item]:
    return [item for item in store.get_many(store.find()) if not item.missing]


def train(
    parts: Parts,
    method: str,
    params: Mapping[str, str],
    *,
    by: str,
    level: int | None,
    refit: bool,
    seed: int | None,
    on_progress: Progress,
    on_note: Note,
    on_loss: Losses | None = None,
    workers: Workers | None = None,
) -> TrainReport:
    """Fit, judge, calibrate, embed everything, store all of it in one transaction, activate.

    Killed at any moment, the same training goes on from the last finished epoch; with ``workers``,
    which fit elsewhere and keep nothing, it begins again. Others may write while it fits; what they
    add gets its vectors, too.

    Raises:
        UsageError: hyper-parameters that the method does not take, or two seeds.
        LibraryBusy: another process writes or trains.
    """
    params, seed = configure.asked(method, params, seed)
    with Lock(parts.folder, TRAINING):
        with parts.writing() as store:
            job = store.start_job("train", {"method": method, **params})
        data = training_set(parts.store, by, level, on_progress)
        checkpoints = resume.Checkpoints(parts.folder / resume.FOLDER, on_note)
        trained = fit_space(
            data,
            lambda: configure.correlator(method, params),
            seed=seed,
            refit=refit,
            on_progress=on_progress,
            checkpoints=checkpoints,
            together=fitter(workers, data, method, params, on_progress) if workers else None,
            on_loss=on_loss,
        )
        report = _report(_free_id(parts.store, method), method, data, trained)
        with _writing_in_turn(parts, on_progress) as store:
            space = replace(trained.space, field_confidence=field_confidence(store, data.labels))
            row = _model_row(report, space, params)
            store.put_model(
                row, vectors(store, Embedding(row.id, space.modalities, space.embed), on_progress)
            )
            store.set_labels(data.labels.of, TRAINED)
            store.finish_job(job, "done", {"model": row.id})
        checkpoints.clear()
    if report.warning:
        on_note(f"warning: {report.warning}")
    parts.build_large(on_progress)
    return report


def _writing_in_turn(parts: Parts, on_progress: Progress) -> Store:
    """The store with the write lock, as soon as nobody else has it."""
    while True:
        try:
            return parts.writing()
        except LibraryBusy:
            on_progress("wait for another writer", 0, 0)
            time.sleep(TURN_S)


def training_set(store: Store, by: str, level: int | None, on_progress: Progress) -> TrainingSet:
    """All present items with the features of their own channel."""
    items = _present(store)
    labels = labels_of(store, items, by, level)
    local: dict[str, Local] = {}
    for modality in Modality:
        ids = [i.id for i in items if i.modality is modality]
        for start in range(0, len(ids), CHUNK):
            read = store.local(ids[start : start + CHUNK], OWN_CHANNEL[modality])
            local.update({i: x for i, x in read.items() if len(x.x)})
            on_progress("read", len(local), len(items))
    texts = {i.id: _text(store, i.id) for i in items if i.modality is Modality.TEXT}
    return TrainingSet(items, labels, local, texts)


def _text(store: Store, item_id: str) -> str:
    return "\n".join(s.text for s in store.segments(item_id).get(Channel.WRITTEN, ()))


def field_confidence(store: Store, labels: Labels) -> dict[str, float]:
    """Text field to the share of right items among those whose field holds a label's name.

    Laplace's rule of succession keeps a field that was seen once from being certain.
    """
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for name in labels.classes:
        for hit in store.text_search(name, 1000):
            if hit.item_id in labels.of:
                seen[hit.field] += 1
                right[hit.field] += labels.of[hit.item_id] == name
    fields = ("name", "folder", "tag", "metadata", "text", "subtitle")
    return {f: (right[f] + 1) / (seen[f] + 2) for f in fields}


def vectors(
    store: Store, embedding: Embedding, on_progress: Progress
) -> dict[Modality, list[VectorRow]]:
    """Unit vectors of every item's channels, as a whole and by moments."""
    rows: dict[Modality, list[VectorRow]] = {}
    channels = store.channels()
    for start in range(0, len(channels), CHUNK):
        for modality, made in embedded_rows(store, channels[start : start + CHUNK], embedding):
            rows.setdefault(modality, []).extend(made)
        on_progress("embed", min(start + CHUNK, len(channels)), len(channels))
    return rows


def _free_id(store: Store, method: str) -> str:
    """Method and time; clocks are set back, and a training may take less than a second."""
    known = {row.id for row in store.models()}
    named = f"{method}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    further = (f"{named}-{number}" for number in count(2))
    return next(i for i in chain([named], further) if i not in known)


def _report(model_id: str, method: str, data: TrainingSet, trained: Trained) -> TrainReport:
    return TrainReport(
        model_id=model_id,
        method=method,
        labels=_counts(data.labels, data.items),
        trained_on=trained.trained_on,
        held_out=trained.held_out,
        quality=trained.judged.quality,
        calibration_error=trained.judged.calibration_error,
        seconds=trained.seconds,
        warning="" if trained.judged.beats_chance else _no_better(method, trained),
    )


def _no_better(method: str, trained: Trained) -> str:
    quality = trained.judged.quality
    return (
        f"{method} finds the {trained.held_out} held-out items no better than a random order "
        f"would: MAP {quality.mean:.3f}, random {quality.random_mean:.3f}; try other values of its "
        "hyper-parameters, another method, or more labelled items"
    )


def _model_row(report: TrainReport, space: Space, params: Mapping[str, str]) -> ModelRow:
    return ModelRow(
        id=report.model_id,
        method=report.method,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        params=dict(params),
        report={
            "mean_map": report.quality.mean,
            "random_map": report.quality.random_mean,
            "trained_on": report.trained_on,
            "held_out": report.held_out,
            "labels_from": report.labels.source,
            "seconds": round(report.seconds, 1),
            "quality": report.quality.state(),
        },
        blobs=space.dump(),
    )


def use(parts: Parts, model_id: str, on_progress: Progress) -> None:
    """Make a model the active one; items added since get their vectors of it."""
    with parts.writing() as store:
        store.activate(model_id)
        embedding = parts.embedding()
        if embedding is not None:
            fill(store, embedding, store.without_vectors(model_id), on_progress)
    parts.build_large(on_progress)


def make_again(
    parts: Parts, *, features: bool, index: str | None, on_progress: Progress
) -> RebuildReport:
    """Everything derived, from the store; with ``features`` also from the files.

    Args:
        index: from now on vectors are searched there; None leaves it as it is.
    """
    if index:
        indexes.checked(index)
    with parts.writing() as store:
        left = _leave(store, index) if index else ""
        embedding = parts.embedding()
        done = failed = 0
        if features:
            done, failed = encode_again(store, parts.box, parts.encoders, embedding, on_progress)
        report = rebuild(store, embedding, on_progress)
        report.encoded, report.failed, report.left_behind = done, failed, left
    return report


def _leave(store: Store, index: str) -> str:
    """Choose another index; why the old one's collections could not be deleted, "" if they were."""
    left = ""
    try:
        indexes.forget(store)
    except QuintetError as e:  # a server that is gone, or refuses, must not keep the library
        left = str(e)
    indexes.choose(store, index)
    return left


def judge(parts: Parts, folder: str, by: str, level: int | None) -> Table:
    """MAP of the active model over the labelled items below a folder.

    Raises:
        NotFittedError: no model is trained.
    """
    items = below(_present(parts.store), folder)
    labels = labels_of(parts.store, items, by, level)
    return evaluate(parts.store, _active(parts.store), items, labels.of)


def held_out_quality(store: Store, model: str = "") -> Table:
    """MAP of a model's first fit on the items that were held out from it; of the active one's.

    Raises:
        NotFittedError: no model is trained.
        UnknownName: no such model.
        UsageError: it was trained when its tables were not kept yet.
    """
    active = model or _active(store)
    reports = {row.id: row.report for row in store.models()}
    if active not in reports:
        raise UnknownName("model", active, list(reports))
    report = reports[active]
    if "quality" not in report:
        raise UsageError(
            f"model {active} was trained before the tables of held-out items were kept, only their "
            f"mean is known: {report.get('mean_map', float('nan')):.3f}; run quintet train again, "
            "or name a test folder with --under"
        )
    return Table.from_state(report["quality"])


def _active(store: Store) -> str:
    active = store.active_id()
    if active is None:
        raise NotFittedError("the library has no trained model; run: quintet train")
    return active


def compare_methods(
    parts: Parts,
    methods: Sequence[str],
    seeds: int,
    by: str,
    level: int | None,
    on_progress: Progress,
    workers: Workers | None = None,
) -> list[Compared]:
    """How methods do on the library's own held-out items; nothing is stored.

    Raises:
        UnknownName: no such method; names the nearest.
        UsageError: no method, or no seed.
        TrainingError: too few labelled items, or none of the methods can learn from them.
    """
    if not methods or seeds < 1:
        raise UsageError(f"{len(methods)} methods and {seeds} seeds; one of each is needed")
    for method in methods:
        configure.kind(method)
    data = training_set(parts.store, by, level, on_progress)
    return compare(data, methods, range(seeds), on_progress, workers)


def models(store: Store) -> list[ModelSummary]:
    """The trained models, newest first."""
    active = store.active_id()
    return [
        ModelSummary(
            id=row.id,
            method=row.method,
            created_at=row.created_at,
            active=active == row.id,
            mean_map=float(str(row.report.get("mean_map", "nan"))),
            random_map=float(str(row.report.get("random_map", "nan"))),
            held_out=int(str(row.report.get("held_out", 0))),
            params=row.params,
        )
        for row in store.models()
    ]
