"""Kinds of long work and their parameters, as requests carry them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from quintet.api.questions import Asked, Where
from quintet.api.security import Caller, demand
from quintet.service.tokens import Scope
from quintet.types import Modality

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Place = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]+$")]
Level = Annotated[int, Field(ge=1, le=100)]

LABELS = ("auto", "folder", "tag", "label")
"""Where labels come from, beside a file."""


class Adding(Asked):
    """Index files and folders of the machine that serves."""

    paths: Annotated[list[Place], Field(min_length=1, max_length=1000)]
    """Files and folders, as the service sees them."""

    tags: Annotated[list[Name], Field(max_length=100)] = []
    """Put on everything that is added."""

    accept_missing: bool = False
    """Mark files as missing even if very many have vanished at once."""

    workers: Annotated[int, Field(ge=1, le=64)] | None = None
    """Files in work at a time."""


class Training(Asked):
    """Learn the common space."""

    method: Name = "accord"
    """One of `/v1/methods`."""

    labels: Place = "auto"
    """`auto`, `folder`, `tag`, `label`, or a CSV file on the machine that serves."""

    level: Level | None = None
    """Which folder name below the added folder, from 1."""

    params: Annotated[
        dict[Name, Annotated[str, Field(max_length=1000)]], Field(max_length=100)
    ] = {}
    """Hyper-parameters of the method."""

    refit: bool = True
    """After judging, fit again on all items."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Of the random choices; null for the `seed` among `params`, or else 0."""


class Rebuilding(Asked):
    """Make everything derived again."""

    features: bool = False
    """Decode and encode items again whose encoder has changed since, too."""

    index: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Search vectors there from now on: `auto`, here; or `qdrant:http://HOST:6333`."""


class Using(Asked):
    """Make another model the active one."""

    model: Name
    """Its id."""


class Finding(Asked):
    """Find groups of items with nearly the same content."""

    modalities: Annotated[list[Modality], Field(max_length=5)] = []
    """Only these media; all when empty."""

    where: Where = []
    """Conditions that the items meet."""


class Comparing(Asked):
    """Fit methods and judge them on held-out items; nothing is kept of them."""

    methods: Annotated[list[Name], Field(min_length=1, max_length=100)]
    """Some of `/v1/methods`."""

    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    """How often, each time with another part held out."""

    labels: Place = "auto"
    """As for training."""

    level: Level | None = None
    """As for training."""


class Judging(Asked):
    """Judge the active model on the labelled items below a folder."""

    under: Place
    """The folder."""

    labels: Place = "auto"
    """As for training; of the items below the folder."""

    level: Level | None = None
    """As for training."""


class BackingUp(Asked):
    """Write the library of this moment into one file."""

    file: Place
    """A file of the machine that serves."""

    force: bool = False
    """Replace a file that is there."""


class Verifying(Asked):
    """Count every checksum again; nothing can be chosen."""


class AddJob(Asked):
    """Index files and folders; needs scope admin."""

    kind: Literal["add"]
    """The kind of work."""

    params: Adding
    """What is added."""


class TrainJob(Asked):
    """Learn the common space, judge and calibrate it, make it active."""

    kind: Literal["train"]
    """The kind of work."""

    params: Training = Training()
    """How."""


class RebuildJob(Asked):
    """Make everything derived again; needs scope admin."""

    kind: Literal["rebuild"]
    """The kind of work."""

    params: Rebuilding = Rebuilding()
    """How."""


class UseJob(Asked):
    """Make another model the active one."""

    kind: Literal["use"]
    """The kind of work."""

    params: Using
    """Which."""


class DuplicatesJob(Asked):
    """Find nearly the same content; the report has `groups`."""

    kind: Literal["duplicates"]
    """The kind of work."""

    params: Finding = Finding()
    """Among which items."""


class CompareJob(Asked):
    """Compare methods; the report has `methods`."""

    kind: Literal["compare"]
    """The kind of work."""

    params: Comparing
    """Which methods."""


class EvaluateJob(Asked):
    """Judge the active model; the report has its tables."""

    kind: Literal["evaluate"]
    """The kind of work."""

    params: Judging
    """On what."""


class BackupJob(Asked):
    """Write a backup; needs scope admin."""

    kind: Literal["backup"]
    """The kind of work."""

    params: BackingUp
    """Where to."""


class VerifyJob(Asked):
    """Count every checksum again; the report has `damaged`, empty when all is well."""

    kind: Literal["verify"]
    """The kind of work."""

    params: Verifying = Verifying()
    """How."""


NewJob = Annotated[
    AddJob
    | TrainJob
    | RebuildJob
    | UseJob
    | DuplicatesJob
    | CompareJob
    | EvaluateJob
    | BackupJob
    | VerifyJob,
    Field(discriminator="kind"),
]

OF_ADMIN = ("add", "rebuild", "backup")
"""Kinds that read any file of the machine, or all files of the library."""


def allow(caller: Caller, kind: str, params: dict[str, Any]) -> None:
    """Let callers begin only such work as they may.

    Raises:
        Forbidden: the work needs scope admin.
    """
    if kind in OF_ADMIN:
        demand(caller, Scope.ADMIN, f"{kind} on the machine that serves")
    allow_labels(caller, params.get("labels", "auto"))


def allow_labels(caller: Caller, source: str) -> None:
    """Let only admins have a file of the machine read as labels.

    Raises:
        Forbidden: it is one, and this needs scope admin.
    """
    if source not in LABELS:
        demand(caller, Scope.ADMIN, "a file of labels on the machine that serves")
