"""A library behind a service, with the methods and records of ``quintet.Library``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import TypeAdapter

from quintet.connection import Connection, raised
from quintet.errors import Code, FileProblem, UnknownName, UsageError
from quintet.evaluate.retrieval import Table
from quintet.flows.add import AddReport
from quintet.flows.compare import Compared
from quintet.flows.doctor import Check
from quintet.flows.duplicates import Alike
from quintet.flows.facets import DEFAULT, Facet
from quintet.flows.layout import Point
from quintet.flows.learning import LabelCounts, ModelSummary, TrainReport
from quintet.flows.query import Term
from quintet.flows.rebuild import RebuildReport
from quintet.flows.saved import SavedHit
from quintet.flows.status import Details, Status
from quintet.flows.switches import Format
from quintet.flows.why import Why
from quintet.library import Progress, asked_terms
from quintet.store.records import ErrorRow, SavedRow
from quintet.types import Hit, Item, Modality

T = TypeVar("T")
Files = str | Path | Sequence[str | Path]
Media = Sequence[Modality | str]

PAGE = 200
"""Rows asked for at a time."""

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


class Client:
    """A library over HTTP; methods, arguments and records are those of ``quintet.Library``.

    Files to search by (``like``, ``file:``) are those of this machine and are sent; paths to
    ``add`` are those of the machine that serves. Long work runs there as a job, and the methods
    wait for it.
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
        asked = self._question(words, like, plus, minus, modalities, where) | {
            "min_confidence": min_confidence,
            "per_medium": per_medium,
            "group_by": group_by,
            "sort": sort,
            "reverse": reverse,
            "among": k,
        }
        hits: list[Hit] = []
        cursor = ""
        while len(hits) < k:
            asked |= {"cursor": cursor, "limit": min(PAGE, k)}
            page = self._service.told("POST", "/search", json=asked)
            hits += TypeAdapter(list[Hit]).validate_python(page["hits"])
            cursor = page["next_cursor"]
            if not cursor:
                break
        return hits[:k]

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
        asked = self._question(words, like, plus, minus, modalities, where) | {
            "keys": [keys] if isinstance(keys, str) else list(keys),
            "min_confidence": min_confidence,
            "values": values,
        }
        told = self._service.told("POST", "/facets", json=asked)["facets"]
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
        asked = self._question(words, like, plus, minus, modalities, where)
        path = f"/why/{self._id(item)}"
        if picture is not None:
            drawn = self._service.send("POST", f"{path}/picture", json=asked).content
            Path(picture).expanduser().write_bytes(drawn)
        return self._service.ask(Why, "POST", path, json=asked)

    def similar(
        self,
        item: str | Path,
        *,
        modalities: Media = (),
        where: Sequence[str] = (),
        k: int = 10,
    ) -> list[Hit]:
        """What is like an item of the library, the item itself left out."""
        asked = {"modality": [*_names(modalities)], "where": [*where], "limit": k}
        told = self._service.told("GET", f"/items/{self._id(item)}/similar", params=asked)["hits"]
        return TypeAdapter(list[Hit]).validate_python(told)

    def show(self, item: str | Path) -> Details:
        """Everything known about one item, by path or by the first digits of its id."""
        return self._service.ask(Details, "GET", f"/items/{self._id(item)}")

    def items(
        self, where: Sequence[str] = (), *, modalities: Media = (), after: str = "", k: int = 50
    ) -> list[Item]:
        """The next ``k`` items that meet the conditions behind the id ``after``, by id."""
        found: list[Item] = []
        for item in self.export(where, modalities=modalities):
            if item.id > after:
                found.append(item)
            if len(found) == k:
                break
        return found

    def formats(self) -> list[Format]:
        """The formats that are read, and those that are switched off."""
        told = self._service.told("GET", "/formats")["formats"]
        return TypeAdapter(list[Format]).validate_python(told)

    def switch_formats(self, *, off: Sequence[str] = (), on: Sequence[str] = ()) -> None:
        """Never look into files of a format again, or do so again; what is indexed stays."""
        for name, reads in [*((n, False) for n in off), *((n, True) for n in on)]:
            self._service.told("PUT", f"/formats/{quote(name, safe='')}", json={"on": reads})

    def export(self, where: Sequence[str] = (), *, modalities: Media = ()) -> Iterator[Item]:
        """All items that meet the conditions, by id."""
        asked = {"where": [*where], "modality": [*_names(modalities)], "limit": PAGE}
        for row in self._rows("/items", "items", asked):
            yield TypeAdapter(Item).validate_python(row)

    def count(self, where: Sequence[str] = (), *, modalities: Media = ()) -> int:
        """How many items meet the conditions."""
        asked = {"where": [*where], "modality": [*_names(modalities)], "limit": 1}
        return int(self._service.told("GET", "/items", params=asked)["total"])

    def find(self, items: Sequence[str | Path] = (), *, where: Sequence[str] = ()) -> list[str]:
        """Ids of items named by path, folder or id, or that meet the conditions.

        Paths and folders are those of the machine that serves.
        """
        meeting = [item.id for item in self.export(where)]
        if not items:
            return meeting
        known = list(self.export())
        wanted = {i for name in items for i in self._named(str(name), known)}
        return [i for i in meeting if i in wanted]

    def _named(self, name: str, known: Sequence[Item]) -> list[str]:
        folder = PurePath(name)
        inside = [
            item.id
            for item in known
            if any(PurePath(path).is_relative_to(folder) for path in (item.path, *item.others))
        ]
        return inside or [self.show(name).item.id]

    def label(self, ids: Sequence[str], label: str | None) -> None:
        """Say what items are, or with None take back what was said."""
        for item in ids:
            self._service.told("PATCH", f"/items/{self._id(item)}", json={"label": label})

    def tag(
        self, ids: Sequence[str], add: Sequence[str] = (), *, remove: Sequence[str] = ()
    ) -> None:
        """Put tags on items and take others off."""
        for item in ids:
            held = [tag for tag in self.show(item).item.tags if tag not in remove]
            tags = list(dict.fromkeys([*held, *add]))
            self._service.told("PATCH", f"/items/{self._id(item)}", json={"tags": tags})

    def remove(self, ids: Sequence[str]) -> None:
        """Forget items by id; their files stay."""
        for item in ids:
            self._service.send("DELETE", f"/items/{self._id(item)}")

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
        asked = self._question(words, parts["like"], parts["plus"], parts["minus"], media, where)
        asked |= {"limit": query.pop("k", 10), **query}
        self._service.told("POST", "/saved", json={"name": name, "query": asked})

    def saved_searches(self) -> list[SavedRow]:
        """The saved searches, by name."""
        told = self._service.told("GET", "/saved")["saved"]
        return TypeAdapter(list[SavedRow]).validate_python(told)

    def run_saved(self, name: str, *, seen: bool = False) -> list[SavedHit]:
        """The hits of a saved search, each with whether it is new."""
        path = f"/saved/{quote(name, safe='')}"
        told = self._service.told(*(("POST", f"{path}/seen") if seen else ("GET", path)))["hits"]
        return TypeAdapter(list[SavedHit]).validate_python(told)

    def forget_search(self, name: str) -> None:
        """Delete a saved search."""
        self._service.send("DELETE", f"/saved/{quote(name, safe='')}")

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
        seed: int = 0,
        on_progress: Progress | None = None,
    ) -> TrainReport:
        """Learn the common space, judge it on held-out items, calibrate it and make it active."""
        asked = {"method": method, "labels": labels, "level": level, "refit": refit, "seed": seed}
        report = self._work("train", asked | {"params": dict(params or {})}, on_progress)
        counts = TypeAdapter(LabelCounts).validate_python(report.pop("labels"))
        quality = _table(report.pop("quality"))
        return TrainReport(labels=counts, quality=quality, **report)

    def labels(self, by: str = "auto", level: int | None = None) -> LabelCounts:
        """What ``train`` would learn from, and how many of each."""
        asked = {"by": by} | ({} if level is None else {"level": level})
        return self._service.ask(LabelCounts, "GET", "/labels", params=asked)

    def evaluate(
        self, *, under: str | Path | None = None, labels: str = "auto", level: int | None = None
    ) -> Table:
        """MAP over all results, each medium against all and against each other, beside random."""
        if under is None:
            if labels != "auto" or level is not None:
                raise UsageError("labels and level say what the items below a folder are; name it")
            return _table(self._service.told("GET", "/quality"))
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

    def rebuild(
        self, *, features: bool = False, on_progress: Progress | None = None
    ) -> RebuildReport:
        """Make everything derived again from the database, and check its checksums."""
        report = self._work("rebuild", {"features": features}, on_progress)
        return TypeAdapter(RebuildReport).validate_python(report)

    def models(self) -> list[ModelSummary]:
        """The trained models, newest first."""
        told = self._service.told("GET", "/models")["models"]
        for row in told:
            row |= {k: _number(row[k]) for k in ("mean_map", "random_map")}
        return TypeAdapter(list[ModelSummary]).validate_python(told)

    def use(self, model_id: str) -> None:
        """Make a model the active one; items added since get their vectors of it."""
        self._wait(self._service.told("POST", f"/models/{quote(model_id, safe='')}/use"), None)

    def remove_model(self, model_id: str) -> None:
        """Delete a model and its vectors."""
        self._service.send("DELETE", f"/models/{quote(model_id, safe='')}")

    def close(self) -> None:
        """Close the line to the service."""
        self._service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"quintet.connect({self.url!r})"

    def _question(
        self,
        words: str | None,
        like: Files,
        plus: Sequence[str | Term],
        minus: Sequence[str | Term],
        modalities: Media,
        where: Sequence[str],
    ) -> dict[str, Any]:
        terms = asked_terms(words, like, plus, minus)
        parts = [self._part(term) for term in terms]
        return {"parts": parts, "modalities": _names(modalities), "where": list(where)}

    def _part(self, term: Term) -> dict[str, Any]:
        part: dict[str, Any] = {"weight": term.weight}
        if term.file is not None:
            return part | {"upload": self._upload(term.file)}
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
        if not found:
            raise UnknownName("item", name, [])
        return str(found[0]["id"])

    def _rows(self, path: str, name: str, asked: Mapping[str, Any]) -> Iterator[Any]:
        cursor = ""
        while True:
            page = self._service.told("GET", path, params={**asked, "cursor": cursor})
            yield from page[name]
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _work(
        self, kind: str, params: Mapping[str, Any], on_progress: Progress | None
    ) -> dict[str, Any]:
        given = {k: v for k, v in params.items() if v is not None}
        job = self._service.make(dict[str, Any], "/jobs", json={"kind": kind, "params": given})
        return self._wait(job, on_progress)

    def _wait(self, job: dict[str, Any], on_progress: Progress | None) -> dict[str, Any]:
        """The report of a job when it is over; a line that breaks is taken up again."""
        while job["state"] in ("queued", "running"):
            for told in self._service.events(f"/jobs/{job['id']}/events"):
                job = told
                if on_progress and job["stage"]:
                    on_progress(job["stage"], job["done"], job["total"])
            if job["state"] in ("queued", "running"):
                time.sleep(1.0)
        if job["state"] != "done":
            kind = job["report"].get("type", "ServiceError")
            raise raised(kind, job["error"] or f"job {job['id']} was {job['state']}")
        return dict(job["report"])


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
