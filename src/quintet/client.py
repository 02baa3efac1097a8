"""A library behind a service, with the methods and records of ``quintet.Library``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import TypeAdapter

from quintet.closing import Closing
from quintet.connection import Connection, raised
from quintet.errors import (
    Code,
    FileProblem,
    QuintetError,
    ServiceBusy,
    UnknownName,
    Unreachable,
    UsageError,
)
from quintet.evaluate.retrieval import Table
from quintet.flows.add import AddReport
from quintet.flows.asking import check_count
from quintet.flows.backup import BackupReport
from quintet.flows.compare import Compared
from quintet.flows.doctor import Check
from quintet.flows.duplicates import Alike
from quintet.flows.facets import DEFAULT, Facet
from quintet.flows.layout import Point
from quintet.flows.learning import LabelCounts, ModelSummary, TrainReport
from quintet.flows.previews import KINDS
from quintet.flows.query import Term
from quintet.flows.rebuild import RebuildReport
from quintet.flows.saved import SavedHit
from quintet.flows.status import Details, Status
from quintet.flows.switches import Format
from quintet.flows.why import Why
from quintet.library import Progress, asked_terms
from quintet.store.records import ErrorRow, SavedRow
from quintet.types import Channel, Hit, Item, Modality, Segment

T = TypeVar("T")
Files = str | Path | Sequence[str | Path]
Media = Sequence[Modality | str]

Loss = Callable[[str, int, float], None]
"""Called with stage, number of the epoch, and its mean loss."""

PAGE = 200
"""Rows asked for at a time."""

MANY = 1000
"""Names sent at a time."""

MOST = 10_000
"""Hits that a service gives of one search."""

UNDER_WAY = ("queued", "running")
PAUSE_S = 1.0
PATIENCE_S = 60.0
"""A service that was ended in the middle of a job has so long to be started again."""

HEX = frozenset("0123456789abcdef")


def connect(url: str, token: str | None = None, *, http: httpx2.Client | None = None) -> Client:
    """Use the library that ``quintet serve`` serves, as if ``quintet.open`` had opened it.

    Args:
        url: such as ``http://127.0.0.1:8765``.
        token: as ``quintet token create`` told it; none is needed on the machine that serves.
        http: sends the requests, in the place of a client of its own.

    Raises:
        ServiceError: nothing answers there.
        Unauthenticated: the token is unknown, or one is needed.
    """
    made = Client(Connection(url, token, http))
    made.status()
    return made


class Client(Closing):
    """A library over HTTP; methods, arguments and records are those of ``quintet.Library``.

    Files to search by (``like``, ``file:``) are those of this machine; they are sent, and deleted
    there after the search. Paths to ``add`` are those of the machine that serves. Long work runs
    there as a job, and the methods wait for it, also while the service is started anew.

    What is not as near by: ``send`` adds a file of this machine and ``download`` brings one here,
    in the place of ``original``. A search gives at most 10,000 hits. ``save_search`` takes no
    files. ``remove`` refuses ids that are unknown. There is no ``folder``, no ``limits`` and no
    ``beside``, no ``ray``, no ``workers`` for ``compare`` and no ``on_note`` for ``train``.
    """

    def __init__(self, connection: Connection) -> None:
        self._service = connection
        self.url = connection.url

    def search(
        self,
        words: str | None = None,
        *,
        like: Files = (),
        plus: Sequence[str | Term] = (),
        minus: Sequence[str | Term] = (),
        modalities: Media = (),
        where: Sequence[str] = (),
        k: int = 10,
        min_confidence: float = 0.0,
        per_medium: int | None = None,
        group_by: str = "item",
        sort: str = "confidence",
        reverse: bool = False,
    ) -> list[Hit]:
        """Find items by words, by examples of any medium, or by any mixture of them."""
        _check_count(k)
        shown = {
            "min_confidence": min_confidence,
            "per_medium": per_medium,
            "group_by": group_by,
            "sort": sort,
            "reverse": reverse,
            "among": k,
            "limit": min(PAGE, k),
        }
        with self._question(words, like, plus, minus, modalities, where) as asked:
            pages = self._pages(
                lambda cursor: self._service.told(
                    "POST", "/search", json={**asked, **shown, "cursor": cursor}
                )
            )
            rows = list(islice((hit for page in pages for hit in page["hits"]), k))
        return TypeAdapter(list[Hit]).validate_python(rows)

    def facets(
        self,
        keys: Sequence[str] = DEFAULT,
        words: str | None = None,
        *,
        like: Files = (),
        plus: Sequence[str | Term] = (),
        minus: Sequence[str | Term] = (),
        modalities: Media = (),
        where: Sequence[str] = (),
        min_confidence: float = 0.0,
        values: int = 10,
    ) -> list[Facet]:
        """How the whole result of a search divides; without words or examples, all items."""
        shown = {
            "keys": [keys] if isinstance(keys, str) else list(keys),
            "min_confidence": min_confidence,
            "values": values,
        }
        with self._question(words, like, plus, minus, modalities, where) as asked:
            told = self._service.told("POST", "/facets", json=asked | shown)["facets"]
        return TypeAdapter(list[Facet]).validate_python(told)

    def why(
        self,
        item: str | Path,
        words: str | None = None,
        *,
        like: Files = (),
        plus: Sequence[str | Term] = (),
        minus: Sequence[str | Term] = (),
        modalities: Media = (),
        where: Sequence[str] = (),
        picture: str | Path | None = None,
    ) -> Why:
        """Why an item is where it is in the answer to a query; ``picture`` is written here."""
        path = f"/why/{self._id(item)}"
        with self._question(words, like, plus, minus, modalities, where) as asked:
            told = self._service.ask(Why, "POST", path, json=asked)
            if picture is not None:
                drawn = self._service.send("POST", f"{path}/picture", json=asked).content
                _write(Path(picture).expanduser(), drawn)
        return told

    def similar(
        self,
        item: str | Path,
        *,
        modalities: Media = (),
        where: Sequence[str] = (),
        k: int = 10,
    ) -> list[Hit]:
        """What is like an item of the library, the item itself left out."""
        _check_count(k)
        asked = {"modality": _names(modalities), "where": [*where], "limit": min(PAGE, k)}
        rows = islice(self._rows(f"/items/{self._id(item)}/similar", "hits", asked), k)
        return TypeAdapter(list[Hit]).validate_python(list(rows))

    def show(self, item: str | Path) -> Details:
        """Everything known about one item, by path or by the first digits of its id."""
        return self._service.ask(Details, "GET", f"/items/{self._id(item)}")

    def preview(self, item: str | Path, kind: str = "thumb") -> bytes:
        """A small picture (WebP) or description (JSON) of an item, of the kinds of its medium."""
        known = self.show(item).item
        path = _path(f"/items/{known.id}/previews", kind, "preview", lambda: KINDS[known.modality])
        return self._service.send("GET", path).content

    def download(self, item: str | Path, to: str | Path) -> Path:
        """Write an item's original file here, into a folder or under a name; its path.

        Raises:
            FileProblem: the file is gone, or has changed.
            UsageError: it cannot be written.
        """
        known = self.show(item).item
        place = Path(to).expanduser()
        place = place / PurePath(known.path).name if place.is_dir() else place
        self._service.save(f"/media/{known.id}", place)
        return place

    @property
    def trained(self) -> bool:
        """Whether a model is active, so that any medium finds any other."""
        return self.status().model is not None

    def items(
        self, where: Sequence[str] = (), *, modalities: Media = (), after: str = "", k: int = 50
    ) -> list[Item]:
        """The next ``k`` items that meet the conditions behind the id ``after``, by id."""
        if k < 1:
            return []
        asked = {"where": [*where], "modality": _names(modalities), "after": after}
        rows = islice(self._rows("/items", "items", asked | {"limit": min(PAGE, k)}), k)
        return TypeAdapter(list[Item]).validate_python(list(rows))

    def formats(self) -> list[Format]:
        """The formats that are read, and those that are switched off."""
        told = self._service.told("GET", "/formats")["formats"]
        return TypeAdapter(list[Format]).validate_python(told)

    def switch_formats(self, *, off: Sequence[str] = (), on: Sequence[str] = ()) -> None:
        """Never look into files of a format again, or do so again; what is indexed stays."""
        for name, reads in [*((n, False) for n in off), *((n, True) for n in on)]:
            path = _path("/formats", name, "format", lambda: [f.name for f in self.formats()])
            self._service.told("PUT", path, json={"on": reads})

    def export(
        self, where: Sequence[str] = (), *, segments: bool = False
    ) -> Iterator[Item | Details]:
        """One record an item that meets the conditions, by id, with ``segments`` these too."""
        asked = {"where": [*where], "segments": segments, "limit": PAGE}
        for page in self._listed("/items", asked):
            items = TypeAdapter(list[Item]).validate_python(page["items"])
            if not segments:
                yield from items
                continue
            units = TypeAdapter(list[Mapping[Channel, Sequence[Segment]]])
            yield from map(Details, items, units.validate_python(page["segments"]))

    def count(self, where: Sequence[str] = (), *, modalities: Media = ()) -> int:
        """How many items meet the conditions."""
        asked = {"where": [*where], "modality": [*_names(modalities)], "limit": 1}
        return int(self._service.told("GET", "/items", params=asked)["total"])

    def find(self, items: Sequence[str | Path] = (), *, where: Sequence[str] = ()) -> list[str]:
        """Ids of items named by path, folder or id, or that meet the conditions.

        Paths and folders are those of the machine that serves.
        """
        return self._named("/items/find", [str(name) for name in items], where)

    def _named(self, path: str, names: Sequence[str], where: Sequence[str] = ()) -> list[str]:
        """What is told of many names, which are sent a part at a time."""
        parts = [names[n : n + MANY] for n in range(0, len(names), MANY)] or [[]]
        asked = [{"items": list(part), "where": [*where]} for part in parts]
        found = [self._service.told("POST", path, json=part)["ids"] for part in asked]
        return found[0] if len(found) == 1 else sorted({i for ids in found for i in ids})

    def label(self, ids: Sequence[str], label: str | None) -> None:
        """Say what items are, or with None take back what was said."""
        for item in ids:
            self._service.told("PATCH", f"/items/{self._id(item)}", json={"label": label})

    def tag(
        self, ids: Sequence[str], add: Sequence[str] = (), *, remove: Sequence[str] = ()
    ) -> None:
        """Put tags on items and take others off."""
        asked = {"add": list(add), "remove": list(remove)}
        for item in ids:
            self._service.told("PATCH", f"/items/{self._id(item)}", json=asked)

    def remove(self, ids: Sequence[str]) -> None:
        """Forget items by id; their files stay."""
        if ids:
            self._named("/items/remove", [self._id(item) for item in ids])

    def status(self) -> Status:
        """Counts of what is in the library."""
        return self._service.ask(Status, "GET", "/stats")

    def errors(self, *, limit: int = 1000, offset: int = 0) -> list[ErrorRow]:
        """Files that could not be indexed, latest first."""
        rows: list[ErrorRow] = []
        for row in self._rows("/errors", "errors", {"limit": PAGE}):
            rows.append(TypeAdapter(ErrorRow).validate_python(row))
            if len(rows) == offset + limit:
                break
        return rows[offset:]

    def check(self) -> list[Check]:
        """Disk, checksums, model and errors of the library."""
        told = self._service.told("GET", "/checks")["checks"]
        return TypeAdapter(list[Check]).validate_python(told)

    def map(self, limit: int = 1000) -> list[Point]:
        """The common space in two dimensions."""
        told = self._service.told("GET", "/map", params={"limit": limit})["points"]
        return TypeAdapter(list[Point]).validate_python(told)

    def save_search(self, name: str, words: str | None = None, **options: Any) -> None:
        """Keep a search under a name; its hits of today are not new later."""
        query = dict(options)
        parts = {key: query.pop(key, ()) for key in ("like", "plus", "minus")}
        media, where = query.pop("modalities", ()), query.pop("where", ())
        shown = {"limit": query.pop("k", 10), **query}
        with self._question(words, **parts, modalities=media, where=where) as asked:
            self._service.told("POST", "/saved", json={"name": name, "query": asked | shown})

    def saved_searches(self) -> list[SavedRow]:
        """The saved searches, by name."""
        told = self._service.told("GET", "/saved")["saved"]
        return TypeAdapter(list[SavedRow]).validate_python(told)

    def run_saved(self, name: str, *, seen: bool = False) -> list[SavedHit]:
        """The hits of a saved search, each with whether it is new."""
        path = self._saved(name)
        told = self._service.told(*(("POST", f"{path}/seen") if seen else ("GET", path)))["hits"]
        return TypeAdapter(list[SavedHit]).validate_python(told)

    def forget_search(self, name: str) -> None:
        """Delete a saved search."""
        self._service.send("DELETE", self._saved(name))

    def _saved(self, name: str) -> str:
        return _path(
            "/saved", name, "saved search", lambda: [s.name for s in self.saved_searches()]
        )

    def add(
        self,
        paths: Files,
        *,
        tags: Sequence[str] = (),
        accept_missing: bool = False,
        workers: int | None = None,
        on_progress: Progress | None = None,
    ) -> AddReport:
        """Index files and folders of the machine that serves."""
        many = [paths] if isinstance(paths, (str, Path)) else list(paths)
        params = {"paths": [str(path) for path in many], "tags": list(tags)}
        options = {"accept_missing": accept_missing, "workers": workers}
        report = self._work("add", params | options, on_progress)
        return TypeAdapter(AddReport).validate_python(report)

    def send(self, file: str | Path, *, on_progress: Progress | None = None) -> AddReport:
        """Send a file of this machine; the service keeps a copy of it and adds that."""
        kept = self._service.make(dict[str, Any], f"/uploads/{self._upload(Path(file))}/keep")
        return TypeAdapter(AddReport).validate_python(self._wait(kept, on_progress))

    def train(
        self,
        method: str = "accord",
        *,
        labels: str = "auto",
        level: int | None = None,
        params: Mapping[str, str] | None = None,
        refit: bool = True,
        seed: int | None = None,
        on_progress: Progress | None = None,
        on_loss: Loss | None = None,
    ) -> TrainReport:
        """Learn the common space, judge it on held-out items, calibrate it and make it active."""
        asked = {"method": method, "labels": labels, "level": level, "refit": refit, "seed": seed}
        given = {"params": dict(params or {})}
        report = self._work("train", asked | given, on_progress, on_loss)
        report.pop("curve", None)
        counts = TypeAdapter(LabelCounts).validate_python(report.pop("labels"))
        quality = _table(report.pop("quality"))
        return TrainReport(labels=counts, quality=quality, **report)

    def labels(self, by: str = "auto", level: int | None = None) -> LabelCounts:
        """What ``train`` would learn from, and how many of each."""
        asked = {"by": by} | ({} if level is None else {"level": level})
        return self._service.ask(LabelCounts, "GET", "/labels", params=asked)

    def evaluate(
        self,
        *,
        under: str | Path | None = None,
        labels: str = "auto",
        level: int | None = None,
        model: str = "",
    ) -> Table:
        """MAP over all results, each medium against all and against each other, beside random."""
        if not under:
            if labels != "auto" or level is not None:
                raise UsageError("labels and level say what the items below a folder are; name it")
            return _table(self._service.told("GET", "/quality", params={"model": model}))
        asked = {"under": str(under), "labels": labels, "level": level}
        return _table(self._work("evaluate", asked, None))

    def compare(
        self,
        methods: str | Sequence[str],
        *,
        seeds: int = 1,
        labels: str = "auto",
        level: int | None = None,
        on_progress: Progress | None = None,
    ) -> list[Compared]:
        """Fit methods on four fifths of the labelled items and judge them on the rest."""
        names = [methods] if isinstance(methods, str) else list(methods)
        asked = {"methods": names, "seeds": seeds, "labels": labels, "level": level}
        report = self._work("compare", asked, on_progress)
        return TypeAdapter(list[Compared]).validate_python(report["methods"])

    def duplicates(
        self,
        *,
        modalities: Media = (),
        where: Sequence[str] = (),
        on_progress: Progress | None = None,
    ) -> list[Alike]:
        """Groups of items with nearly the same content."""
        asked = {"modalities": _names(modalities), "where": list(where)}
        report = self._work("duplicates", asked, on_progress)
        return TypeAdapter(list[Alike]).validate_python(report["groups"])

    def verify(self, *, on_progress: Progress | None = None) -> list[str]:
        """What is damaged in the database, one line each; empty when nothing is."""
        return [str(line) for line in self._work("verify", {}, on_progress)["damaged"]]

    def backup(
        self, file: str | Path, *, force: bool = False, on_progress: Progress | None = None
    ) -> BackupReport:
        """Write the library of this moment into one file of the machine that serves."""
        report = self._work("backup", {"file": str(file), "force": force}, on_progress)
        return TypeAdapter(BackupReport).validate_python(report)

    def rebuild(
        self,
        *,
        features: bool = False,
        index: str | None = None,
        on_progress: Progress | None = None,
    ) -> RebuildReport:
        """Make everything derived again from the database, and check its checksums."""
        report = self._work("rebuild", {"features": features, "index": index}, on_progress)
        return TypeAdapter(RebuildReport).validate_python(report)

    def models(self) -> list[ModelSummary]:
        """The trained models, newest first."""
        told = self._service.told("GET", "/models")["models"]
        for row in told:
            row |= {k: _number(row[k]) for k in ("mean_map", "random_map")}
        return TypeAdapter(list[ModelSummary]).validate_python(told)

    def use(self, model_id: str) -> None:
        """Make a model the active one; items added since get their vectors of it."""
        self._wait(self._service.make(dict[str, Any], f"{self._model(model_id)}/use"))

    def remove_model(self, model_id: str) -> None:
        """Delete a model and its vectors."""
        self._service.send("DELETE", self._model(model_id))

    def _model(self, model_id: str) -> str:
        return _path("/models", model_id, "model", lambda: [row.id for row in self.models()])

    def close(self) -> None:
        """Close the line to the service."""
        self._service.close()

    def __repr__(self) -> str:
        return f"quintet.connect({self.url!r})"

    @contextmanager
    def _question(
        self,
        words: str | None,
        like: Files,
        plus: Sequence[str | Term],
        minus: Sequence[str | Term],
        modalities: Media,
        where: Sequence[str],
    ) -> Iterator[dict[str, Any]]:
        """The query as it is sent; files that are sent for it are deleted there afterwards."""
        sent: list[str] = []
        try:
            parts = [self._part(term, sent) for term in asked_terms(words, like, plus, minus)]
            yield {"parts": parts, "modalities": _names(modalities), "where": [*where]}
        finally:
            for upload in sent:
                with suppress(QuintetError):
                    self._service.send("DELETE", f"/uploads/{upload}")

    def _part(self, term: Term, sent: list[str]) -> dict[str, Any]:
        part: dict[str, Any] = {"weight": term.weight}
        if term.file is not None:
            sent.append(self._upload(term.file))
            return part | {"upload": sent[-1]}
        if term.item:
            return part | {"item": term.item, "segment": term.segment}
        return part | {"text": term.words}

    def _upload(self, file: Path) -> str:
        path = file.expanduser()
        if not path.is_file():
            raise FileProblem(Code.UNREADABLE, f"{path} is no file of this machine")
        headers = {"X-File-Name": quote(path.name, errors="replace")}
        with path.open("rb") as content:
            pieces = iter(partial(content.read, 1 << 20), b"")
            told = self._service.told("POST", "/uploads", content=pieces, headers=headers)
        return str(told["id"])

    def _id(self, item: str | Path) -> str:
        """An id as it is; the id of a path that the service knows."""
        name = str(item)
        if len(name) >= 4 and set(name) <= HEX:
            return name
        asked = {"where": [f"path={name}"], "limit": 1}
        found = self._service.told("GET", "/items", params=asked)["items"]
        ids = [str(row["id"]) for row in found] or self.find([name])  # which knows the nearest
        if len(ids) != 1:
            raise UnknownName("item", name, [])
        return ids[0]

    def _rows(self, path: str, name: str, asked: Mapping[str, Any]) -> Iterator[Any]:
        for page in self._listed(path, asked):
            yield from page[name]

    def _listed(self, path: str, asked: Mapping[str, Any]) -> Iterator[Any]:
        return self._pages(
            lambda cursor: self._service.told("GET", path, params={**asked, "cursor": cursor})
        )

    def _pages(self, page: Callable[[str], Any]) -> Iterator[Any]:
        told = page("")
        yield told
        while told["next_cursor"]:
            told = page(told["next_cursor"])
            yield told

    def _work(
        self,
        kind: str,
        params: Mapping[str, Any],
        on_progress: Progress | None,
        on_loss: Loss | None = None,
    ) -> dict[str, Any]:
        given = {k: v for k, v in params.items() if v is not None}
        job = self._service.make(dict[str, Any], "/jobs", json={"kind": kind, "params": given})
        return self._wait(job, on_progress, on_loss)

    def _wait(
        self,
        job: dict[str, Any],
        on_progress: Progress | None = None,
        on_loss: Loss | None = None,
    ) -> dict[str, Any]:
        """The report of a job when it is over.

        Raises:
            QuintetError: what the job failed with, or that it was cancelled.
        """
        losses = 0
        for told in self._followed(job):
            job = told
            if on_progress and job["stage"]:
                on_progress(job["stage"], job["done"], job["total"])
            if on_loss:
                for row in job["curve"][losses:]:
                    on_loss(row["stage"], row["epoch"], row["loss"])
            losses = len(job["curve"])
        if job["state"] != "done":
            kind = job["report"].get("type", "ServiceError")
            raise raised(kind, job["error"] or f"job {job['id']} was {job['state']}")
        return dict(job["report"])

    def _followed(self, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A job whenever it has changed, until it is over.

        A line that breaks is taken up again: the service may be started anew, and goes on.

        Raises:
            Unreachable: nothing answers for ``PATIENCE_S``.
        """
        until = time.monotonic() + PATIENCE_S
        while job["state"] in UNDER_WAY:
            try:
                for told in self._service.events(f"/jobs/{job['id']}/events"):
                    job, until = told, time.monotonic() + PATIENCE_S
                    yield job
            except (Unreachable, ServiceBusy):
                if time.monotonic() > until:
                    raise
            if job["state"] in UNDER_WAY:
                time.sleep(PAUSE_S)


def _check_count(k: int) -> None:
    check_count(k)
    if k > MOST:
        raise UsageError(f"k={k}: over HTTP {MOST} hits can be asked for; narrow the search")


def _path(place: str, name: str, kind: str, known: Callable[[], Sequence[str]]) -> str:
    """Where something of a name is; what an address cannot carry is no name of anything."""
    if name in ("", ".", "..") or "/" in name:
        raise UnknownName(kind, name, known())
    return f"{place}/{quote(name, safe='')}"


def _write(place: Path, content: bytes) -> None:
    try:
        place.write_bytes(content)
    except OSError as e:
        raise UsageError(f"{place} cannot be written: {e.strerror}") from e


def _names(modalities: Media) -> list[str]:
    names = [modalities] if isinstance(modalities, str) else modalities
    return [str(name) for name in names]


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _table(told: Mapping[str, Any]) -> Table:
    def pairs(cells: Mapping[str, float | None]) -> dict[tuple[Modality, Modality], float]:
        keys = {name: name.split("→") for name in cells}
        return {(Modality(k[0]), Modality(k[1])): _number(cells[n]) for n, k in keys.items()}

    def singles(cells: Mapping[str, float | None]) -> dict[Modality, float]:
        return {Modality(name): _number(value) for name, value in cells.items()}

    return Table(
        singles(told["to_all"]),
        pairs(told["to_each"]),
        singles(told["random"]),
        pairs(told["random_each"]),
    )
