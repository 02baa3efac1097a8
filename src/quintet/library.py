"""Library: what a user opens. Every method is a few lines that call a flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from quintet.closing import Closing
from quintet.errors import LibraryError, LibraryNotFound, NoSpace, UsageError
from quintet.evaluate.retrieval import Table
from quintet.flows import (
    asking,
    facets,
    indexes,
    labelling,
    layout,
    learning,
    reading_there,
    saved,
    switches,
    where,
)
from quintet.flows import restore as backup_from
from quintet.flows import salvage as salvaging
from quintet.flows.add import AddReport, add
from quintet.flows.backup import BackupReport, backup
from quintet.flows.compare import Compared
from quintet.flows.doctor import Check, library_checks, machine, nothing_at
from quintet.flows.duplicates import Alike, duplicates
from quintet.flows.facets import Facet
from quintet.flows.grouping import Showing, shown
from quintet.flows.layout import Point
from quintet.flows.learning import LabelCounts, ModelSummary, TrainReport
from quintet.flows.originals import Original, original
from quintet.flows.parts import Parts, Shared, encoder, setting
from quintet.flows.previews import Previews
from quintet.flows.query import Term
from quintet.flows.ray_cluster import on_ray
from quintet.flows.rebuild import RebuildReport
from quintet.flows.restore import RestoreReport
from quintet.flows.salvage import PutBackReport, SalvageReport
from quintet.flows.saved import SavedHit
from quintet.flows.spread import several
from quintet.flows.status import Details, Status, details, export, status
from quintet.flows.switches import Format
from quintet.flows.why import Why, draw, why
from quintet.media.limits import Limits
from quintet.store.records import ErrorRow, SavedRow
from quintet.store.sqlite import Store
from quintet.types import Hit, Item, Modality

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); total 0 while it is not known."""


def create(
    folder: str | Path,
    *,
    encoders: Mapping[str, str] | None = None,
    index: str = indexes.AUTO,
    exist_ok: bool = False,
) -> Library:
    """Make a library in ``folder/.quintet``; the folder is made when it is not there.

    Args:
        encoders: medium to encoder, a built-in name or ``pretrained:ID_OR_FOLDER``.
        index: where vectors are searched: ``auto``, here; or ``qdrant:http://HOST:6333`` with the
            options of docs/outgrowing.md.
        exist_ok: open the library when there is one already.

    Raises:
        UsageError: there is one already, an encoder that does not read that medium, or no such
            index.
        Unreachable: the server of the index does not answer.
        NoSpace: the folder cannot be written.
    """
    place = where.inside(Path(folder))
    if where.holds_library(place):
        if not exist_ok:
            raise UsageError(f"{place} is a library already; add to it with: quintet add")
        return Library(place)
    chosen = {Modality(medium): spec for medium, spec in (encoders or {}).items()}
    for modality, spec in chosen.items():
        encoder(modality, spec)
    indexes.checked(index)
    with Store.create(place) as store:
        for modality, spec in chosen.items():
            store.set_setting(setting(modality), spec)
        if index != indexes.AUTO:
            indexes.choose(store, index)
    return Library(place)


def open(folder: str | Path | None = None, *, create: bool = True) -> Library:
    """Open the library of a folder of media, ``folder/.quintet``.

    Without a folder: QUINTET_LIBRARY, the nearest ``.quintet`` from here upwards, or the user's
    own library, in this order.

    Args:
        create: make the library when the folder has none yet.

    Raises:
        LibraryNotFound: the folder does not exist, or has no library and ``create`` is False.
        LibraryTooNew: it was written by a newer Quintet.
        LibraryCorrupt: its database is damaged.
    """
    place = where.find(Path(folder) if folder else None)
    if not where.holds_library(place):
        if not create:
            raise LibraryNotFound(
                f"no library at {place}; make one and fill it with: quintet add FOLDER"
            )
        return _create(place)
    Store.open(place).close()
    return Library(place)


_create = create


def doctor(folder: Path | None = None) -> list[Check]:
    """Check the machine, and the library if there is one."""
    found = machine()
    try:
        place = where.find(folder)
        if not where.holds_library(place):
            return [*found, nothing_at(place)]
        with Library(place) as lib:
            return [*found, *lib.check()]
    except LibraryError as e:
        return [*found, Check("library", False, str(e))]


def restore(
    file: str | Path,
    folder: str | Path | None = None,
    *,
    force: bool = False,
    trust: bool = False,
    on_progress: Progress | None = None,
) -> RestoreReport | PutBackReport:
    """Make the library of a backup, or put the facts of a salvage into the library that is there.

    Args:
        file: what ``Library.backup`` or ``salvage`` wrote; it may come from anybody.
        folder: the place, as for ``open``; made when it is not there.
        force: a library that is there is moved aside; a backup never replaces one without.
        trust: take over settings that name servers and models (``index``, encoders) too; without,
            the report says which were left out.

    Raises:
        UsageError: there is a library already, or the file is neither.
        LibraryCorrupt: the file is not whole, or not as ``Library.backup`` wrote it.
        LibraryTooNew: it was written by a newer Quintet.
        LibraryBusy, NoSpace: as for ``Library.add``.
    """
    source, named = Path(file).expanduser(), Path(folder) if folder else None
    if backup_from.is_backup(source):
        tick, place = on_progress or _silent, where.find(named, making=True)
        return backup_from.restore(source, place, force=force, trust=trust, on_progress=tick)
    if not salvaging.is_salvage(source):
        raise UsageError(f"{source} was written neither by quintet backup nor by quintet salvage")
    with Store.open(where.find(named), write=True) as store:
        return salvaging.put_back(store, source, trust=trust)


def salvage(
    file: str | Path,
    folder: str | Path | None = None,
    *,
    force: bool = False,
    on_progress: Progress | None = None,
) -> SalvageReport:
    """Write labels, tags, saved searches and settings of a damaged library as lines of JSON.

    Args:
        force: replace a salvage that is there; nothing else is replaced.

    Raises:
        LibraryNotFound: no library there.
        UsageError: the file is there already, its folder is not, or it is one of the library.
        NoSpace: no room for a copy of the database.
    """
    place = where.find(Path(folder) if folder else None)
    target = Path(file).expanduser().absolute()
    return salvaging.salvage(place, target, force=force, on_progress=on_progress or _silent)


class Library(Closing):
    """A collection of image, video, text, audio and mesh files, and what is known about them.

    Open one with ``quintet.open``; it is a context manager. Methods that write hold the library's
    write lock while they run, ``train`` only at its beginning and its end; reading goes on
    meanwhile. Not for use by two threads at a time: ``beside`` gives each its own.
    """

    def __init__(self, folder: Path, shared: Shared | None = None) -> None:
        self.folder = folder
        self._shared = shared or Shared()
        self._parts = Parts(folder, self._shared)

    def add(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        tags: Sequence[str] = (),
        accept_missing: bool = False,
        workers: int | None = None,
        ray: str | None = None,
        on_progress: Progress | None = None,
    ) -> AddReport:
        """Index files and folders; skips what is unchanged, never changes a file.

        Args:
            tags: put on everything that is added.
            accept_missing: mark files as missing even if very many have vanished at once.
            workers: files in work at a time; None for one more than there are cores, here or of
                the cluster.
            ray: address of a Ray cluster that decodes and encodes; its machines see the files
                under the same paths, and this process alone writes (docs/outgrowing.md).
            on_progress: called with (stage, done, total).

        Raises:
            SourceError: a path that is missing, unreadable or an empty folder.
            LibraryBusy: another process is writing.
            NoSpace: the disk is full.
            Unreachable: no Ray cluster at this address.
        """
        many = [paths] if isinstance(paths, (str, Path)) else list(paths)
        with on_ray(ray) as there, self._parts.writing() as store:
            tick = on_progress or _silent
            work = reading_there.work(self._parts, there, _several(tags), workers, tick)
            places = [Path(p).expanduser().absolute() for p in many]
            report = add(store, places, work, accept_missing=accept_missing)
        self._parts.build_large(tick)
        return report

    def search(
        self,
        words: str | None = None,
        *,
        like: str | Path | Sequence[str | Path] = (),
        plus: Sequence[str | Term] = (),
        minus: Sequence[str | Term] = (),
        modalities: Sequence[Modality | str] = (),
        where: Sequence[str] = (),
        k: int = 10,
        min_confidence: float = 0.0,
        per_medium: int | None = None,
        group_by: str = "item",
        sort: str = "confidence",
        reverse: bool = False,
    ) -> list[Hit]:
        """Find items by words, by examples of any medium, by items, or by any mixture of them.

        Args:
            words: looked up in names, folders, text, subtitles, tags and metadata; in a trained
                library also in the common space of all media.
            like: one or more example files; they are decoded but not added.
            plus: further parts: a ``Term``, or words, ``file:PATH``, ``item:ITEM`` or
                ``item:ITEM#shot3``, with ``^2`` behind to count double.
            minus: parts of the same kinds that hits shall not be like.
            modalities: keep these media; all when empty.
            where: conditions like ``folder=holiday`` or ``date>2019``.
            min_confidence: 0..1, cut the less probable; needs a trained library.
            per_medium: at most so many hits of each medium.
            group_by: ``item``; ``segment`` for one hit a matching moment; ``near`` for one hit of
                all items with nearly the same content.
            sort: how the ``k`` most relevant hits are ordered: ``confidence``, ``name``, ``date``,
                ``size``, ``duration`` or ``added``; ``reverse`` the other way round.

        Raises:
            UsageError: nothing wanted, or ``min_confidence`` before training.
            NotFittedError: an example asked for other media before training.
            FileProblem: an example cannot be read.
        """
        terms = asked_terms(words, like, plus, minus)
        ask = asking.Ask(terms, _media(modalities), _several(where), k, min_confidence, per_medium)
        return shown(self._parts, ask, Showing(group_by, sort, reverse))

    def facets(
        self,
        keys: Sequence[str] = facets.DEFAULT,
        words: str | None = None,
        *,
        like: str | Path | Sequence[str | Path] = (),
        plus: Sequence[str | Term] = (),
        minus: Sequence[str | Term] = (),
        modalities: Sequence[Modality | str] = (),
        where: Sequence[str] = (),
        min_confidence: float = 0.0,
        values: int = 10,
    ) -> list[Facet]:
        """How the whole result of a search divides; without words or examples, all items.

        Args:
            keys: ``modality``, ``format``, ``folder``, ``label``, ``tag``, ``year``, ``language``
                or any metadata key.
            values: of each key, at most so many.

        Raises:
            FilterError: a key that no item has.
            UsageError: as for ``search``.
        """
        terms = asked_terms(words, like, plus, minus)
        ask = asking.Ask(terms, _media(modalities), _several(where), min_confidence=min_confidence)
        chosen = [keys] if isinstance(keys, str) else keys
        return facets.facets(self._parts, ask, chosen, values)

    def duplicates(
        self,
        *,
        modalities: Sequence[Modality | str] = (),
        where: Sequence[str] = (),
        on_progress: Progress | None = None,
    ) -> list[Alike]:
        """Groups of items with nearly the same content: encoded again, resized, turned …

        Copies of the same bytes are one item already; see its ``others``.
        """
        tick = on_progress or _silent
        return duplicates(self._parts, _several(where), _media(modalities), tick)

    def save_search(self, name: str, words: str | None = None, **options: Any) -> None:
        """Keep a search under a name; its hits of today are not new later.

        Args:
            words, options: as for ``search``.

        Raises:
            UsageError: what ``search`` refuses, or a name that has ``/`` or a line break, is ``.``
                or ``..``, or has not 1 to 200 characters.
        """
        saved.save(self._parts, name, {"words": words, **options}, self.search)

    def saved_searches(self) -> list[SavedRow]:
        """The saved searches, by name."""
        return self._parts.store.searches()

    def run_saved(self, name: str, *, seen: bool = False) -> list[SavedHit]:
        """The hits of a saved search, each with whether it is new.

        Args:
            seen: from now on these hits are not new.

        Raises:
            UnknownName: no search of that name.
        """
        return saved.run(self._parts, name, self.search, seen=seen)

    def forget_search(self, name: str) -> None:
        """Delete a saved search."""
        with self._parts.writing() as store:
            store.forget_search(name)

    def why(
        self,
        item: str | Path,
        words: str | None = None,
        *,
        like: str | Path | Sequence[str | Path] = (),
        plus: Sequence[str | Term] = (),
        minus: Sequence[str | Term] = (),
        modalities: Sequence[Modality | str] = (),
        where: Sequence[str] = (),
        picture: str | Path | None = None,
    ) -> Why:
        """Why an item is where it is in the answer to a query, and where it would be otherwise.

        Args:
            item: path or first digits of the id; the query as for ``search``.
            picture: write an SVG of the item here, coloured by what matters in it.

        Raises:
            UsageError: nothing in the item answers the query, the query leaves it out, or the
                picture cannot be written.
            UnknownName: no such item.
            FileProblem: an example, or the item's file for the picture, cannot be read.
        """
        ask = asking.Ask(asked_terms(words, like, plus, minus), _media(modalities), _several(where))
        told = why(self._parts, ask, str(item))
        if picture is not None:
            drawn = draw(self._parts, told)
            try:
                Path(picture).expanduser().write_text(drawn, encoding="utf-8")
            except OSError as e:
                raise UsageError(f"{picture} cannot be written: {e.strerror}") from e
        return told

    def similar(
        self,
        item: str | Path,
        *,
        modalities: Sequence[Modality | str] = (),
        where: Sequence[str] = (),
        k: int = 10,
    ) -> list[Hit]:
        """What is like an item of the library, the item itself left out."""
        ask = asking.Ask((Term(item=str(item)),), _media(modalities), _several(where), k)
        return asking.search(self._parts, ask)

    def labels(self, by: str = "auto", level: int | None = None) -> LabelCounts:
        """What ``train`` would learn from, and how many of each."""
        return learning.label_counts(self._parts, by, level)

    def train(
        self,
        method: str = "accord",
        *,
        labels: str = "auto",
        level: int | None = None,
        params: Mapping[str, str] | None = None,
        refit: bool = True,
        seed: int | None = None,
        ray: str | None = None,
        on_progress: Progress | None = None,
        on_note: Callable[[str], None] | None = None,
        on_loss: Callable[[str, int, float], None] | None = None,
    ) -> TrainReport:
        """Learn the common space, judge it on held-out items, calibrate it and make it active.

        A training that was killed goes on from its last finished epoch when it is asked for again.

        Args:
            method: a name from ``quintet methods``.
            refit: after judging, fit again on all items, those held out too.
            seed: chooses the held-out items and what the method draws; None for the ``seed``
                among ``params``, or else 0.
            ray: address of a Ray cluster on which both fits run side by side; one that was
                killed then begins again.
            on_progress: called with (stage, done, total).
            on_loss: called with (stage, number of the epoch, its mean loss).
            on_note: called with a line for the user, as when an unfinished training goes on.

        Raises:
            TrainingError: too few labels, items or media.
            UnknownName: no such method or hyper-parameter.
            Unreachable: no Ray cluster at this address.
            UsageError: a value that the method does not take, or two seeds that differ.
        """
        with on_ray(ray) as there:
            return learning.train(
                self._parts,
                method,
                params or {},
                by=labels,
                level=level,
                refit=refit,
                seed=seed,
                on_progress=on_progress or _silent,
                on_note=on_note or _unheard,
                on_loss=on_loss,
                workers=there,
            )

    def evaluate(
        self,
        *,
        under: str | Path | None = None,
        labels: str = "auto",
        level: int | None = None,
        model: str = "",
    ) -> Table:
        """MAP over all results, each medium against all and against each other, beside random.

        Args:
            under: judge the active model on the labelled items below this folder, for example a
                test set added after training. None: the figures of the items held out when the
                model was trained, by the fit that had not seen them.
            labels, level: as for ``train``; of the items below ``under``.
            model: the kept figures of this model; of the active one when empty.

        Raises:
            NotFittedError: no model is trained.
            UnknownName: no such model.
            UsageError: ``labels`` without ``under``, or a model without kept figures.
        """
        if under:
            folder = str(Path(under).expanduser().absolute())
            return learning.judge(self._parts, folder, labels, level)
        if labels != "auto" or level is not None:
            raise UsageError("labels and level say what the items below a folder are; name it")
        return learning.held_out_quality(self._parts.store, model)

    def compare(
        self,
        methods: str | Sequence[str],
        *,
        seeds: int = 1,
        labels: str = "auto",
        level: int | None = None,
        workers: int = 1,
        ray: str | None = None,
        on_progress: Progress | None = None,
    ) -> list[Compared]:
        """Fit methods on four fifths of the labelled items and judge them on the rest.

        Each seed holds out another fifth, the same for all methods. Nothing is stored.

        Args:
            workers: fits at a time, each in a process of its own when more than one. Scripts
                that ask for more than 1 call this under ``if __name__ == "__main__":``.
            ray: address of a Ray cluster that does the fits, as many at a time as it has
                processors.

        Raises:
            UnknownName: no such method.
            TrainingError: too few labels, items or media, or no method can learn from them.
        """
        names = [methods] if isinstance(methods, str) else list(dict.fromkeys(methods))
        tick = on_progress or _silent
        with several(ray, workers) as there:
            return learning.compare_methods(self._parts, names, seeds, labels, level, tick, there)

    def status(self) -> Status:
        """Counts of what is in the library."""
        return status(self._parts.store)

    def errors(self, *, limit: int = 1000, offset: int = 0) -> list[ErrorRow]:
        """Files that could not be indexed, latest first."""
        return self._parts.store.errors(limit, offset)

    def show(self, item: str | Path) -> Details:
        """Everything known about one item, by path or by the first digits of its id."""
        return details(self._parts.store, str(item))

    def original(self, item: str | Path) -> Original:
        """An item and its files; ``opened`` gives one that is still what was indexed.

        Raises:
            UnknownName: no such item.
        """
        return original(self._parts.store, str(item))

    def preview(self, item: str | Path, kind: str = "thumb") -> bytes:
        """A small picture (WebP) or description (JSON) of an item, kept for the next time.

        Args:
            kind: ``thumb``, ``wave`` and ``wave.json`` (sounds, videos), ``strip`` and
                ``strip.json`` (the shots of a video), ``views`` and ``views.json`` (of a mesh), or
                ``text.json``.

        Raises:
            UnknownName: no such item, or the item has no such preview.
            FileProblem: its file is gone, has changed, or cannot be read.
        """
        return Previews(self.folder, self._parts.box).get(self.original(item), kind)

    def find(self, items: Sequence[str | Path] = (), *, where: Sequence[str] = ()) -> list[str]:
        """Ids of items named by path, folder or id, or that meet the conditions."""
        return asking.find(self._parts.store, [str(i) for i in items], _several(where))

    @property
    def trained(self) -> bool:
        """Whether a model is active, so that any medium finds any other."""
        return self._parts.store.active_id() is not None

    def items(
        self,
        where: Sequence[str] = (),
        *,
        modalities: Sequence[Modality | str] = (),
        after: str = "",
        k: int = 50,
    ) -> list[Item]:
        """The next ``k`` items that meet the conditions behind the id ``after``, by id."""
        ids = self._parts.store.page(where, _media(modalities), after=after, count=k)
        return self._parts.store.get_many(ids)

    def count(self, where: Sequence[str] = (), *, modalities: Sequence[Modality | str] = ()) -> int:
        """How many items meet the conditions."""
        return self._parts.store.count(where, _media(modalities))

    def label(self, ids: Sequence[str], label: str | None) -> None:
        """Say what items are, or with None take back what was said; ``train`` learns from it.

        Raises:
            UnknownName: an id that is not in the library.
            UsageError: a label without a character.
        """
        labelling.label(self._parts, ids, label)

    def tag(
        self, ids: Sequence[str], add: Sequence[str] = (), *, remove: Sequence[str] = ()
    ) -> None:
        """Put tags on items and take others off.

        Raises:
            UnknownName: an id that is not in the library.
            UsageError: a tag without a character.
        """
        labelling.tag(self._parts, ids, add, remove)

    def map(self, limit: int = 1000) -> list[Point]:
        """The common space in two dimensions: at most so many items, all media in equal shares.

        Raises:
            NotFittedError: no model is trained.
        """
        return layout.points(self._parts, limit)

    def remove(self, ids: Sequence[str]) -> None:
        """Forget items by id; their files stay."""
        with self._parts.writing() as store:
            store.remove(ids)

    def formats(self) -> list[Format]:
        """The formats that are read, and those that are switched off."""
        return switches.listed(self._parts.store)

    @property
    def limits(self) -> Limits:
        """What reading one file may cost, and the formats that are switched off."""
        return switches.limits(self._parts.store)

    def switch_formats(self, *, off: Sequence[str] = (), on: Sequence[str] = ()) -> None:
        """Never look into files of a format again, or do so again; what is indexed stays.

        Raises:
            UnknownName: no such format.
        """
        with self._parts.writing() as store:
            switches.switch(store, _several(off), _several(on))

    def check(self) -> list[Check]:
        """Disk, checksums, model and errors of the library."""
        return library_checks(self._parts)

    def verify(self, *, on_progress: Progress | None = None) -> list[str]:
        """What is damaged in the database, one line each with the way out; empty when nothing is.

        Every checksum is counted again: SQLite's own check does not notice most flipped bits.
        In a library that may not be written, the index of the full text is not checked.

        Raises:
            LibraryBusy: another process is writing.
            LibraryCorrupt: it cannot even be opened.
        """
        tick = on_progress or _silent
        try:
            with self._parts.writing() as store:
                return store.verify(tick)
        except NoSpace:
            return self._parts.store.verify(tick)

    def backup(
        self, file: str | Path, *, force: bool = False, on_progress: Progress | None = None
    ) -> BackupReport:
        """Write the library of this moment into one file, while others read and write it.

        Every checksum of the copy is counted before it takes its place.

        Args:
            force: replace a backup that is there; nothing else is replaced.

        Raises:
            UsageError: the file is there already, its folder is not, or it is one of the library.
            LibraryCorrupt: a checksum does not hold; a backup that is there stays.
            NoSpace: no room for it: twice the bytes of the database for a while.
        """
        target, tick = Path(file).expanduser().absolute(), on_progress or _silent
        return backup(self._parts.store, target, force=force, on_progress=tick)

    def rebuild(
        self,
        *,
        features: bool = False,
        index: str | None = None,
        on_progress: Progress | None = None,
    ) -> RebuildReport:
        """Make everything derived again from the database, and check its checksums.

        Args:
            features: also decode and encode items again whose encoder has changed since.
            index: search vectors there from now on: ``auto``, here; or ``qdrant:http://HOST:6333``.
        """
        tick = on_progress or _silent
        return learning.make_again(self._parts, features=features, index=index, on_progress=tick)

    def export(
        self, where: Sequence[str] = (), *, segments: bool = False
    ) -> Iterator[Item | Details]:
        """One record an item: paths, metadata, tags, labels, with ``segments`` these too."""
        return export(self._parts.store, _several(where), segments=segments)

    def models(self) -> list[ModelSummary]:
        """The trained models, newest first."""
        return learning.models(self._parts.store)

    def use(self, model_id: str) -> None:
        """Make a model the active one; items added since get their vectors of it."""
        learning.use(self._parts, model_id, _silent)

    def remove_model(self, model_id: str) -> None:
        """Delete a model and its vectors."""
        with self._parts.writing() as store:
            store.remove_model(model_id)

    def beside(self) -> Library:
        """The same library for another thread; model and large indexes are in memory once."""
        return Library(self.folder, self._shared)

    def close(self) -> None:
        """End the decoding children and close the database; the library can be used again."""
        self._parts.close()

    def __repr__(self) -> str:
        return f"Library({str(self.folder)!r})"


def _media(names: Sequence[Modality | str]) -> tuple[Modality, ...]:
    names = [names] if isinstance(names, str) else names
    unknown = [name for name in names if name not in list(Modality)]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is not one of {', '.join(Modality)}")
    return tuple(Modality(name) for name in names)


def asked_terms(
    words: str | None,
    like: str | Path | Sequence[str | Path],
    plus: Sequence[str | Term],
    minus: Sequence[str | Term],
) -> tuple[Term, ...]:
    """The parts of a query from the arguments of ``Library.search``."""
    files = [like] if isinstance(like, (str, Path)) else like
    terms = [Term(words=words)] if words and words.strip() else []
    terms += [Term(file=Path(file)) for file in files]
    return (*terms, *map(_term, _several(plus)), *(_term(p).unwanted() for p in _several(minus)))


def _several(parts: str | Term | Sequence[Any]) -> Sequence[Any]:
    """One alone is one, not its letters."""
    return [parts] if isinstance(parts, (str, Term)) else parts


def _term(part: str | Term) -> Term:
    return part if isinstance(part, Term) else Term.parse(part)


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _unheard(line: str) -> None:
    """A note that nobody reads."""
