"""What a benchmark is before it is encoded: rows of features, files or texts, and their splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from quintet.errors import UsageError
from quintet.types import Float32, Modality

Split = Literal["train", "dev", "test"]


@dataclass(frozen=True)
class Origin:
    """Where the files of a benchmark are from; every module of ``benchmarks/`` has its ORIGIN.

    Attributes:
        source: who made them, and where they were published.
        licence: what one may do with them.
        folder: where they belong below the folder of all data sets; empty where none are needed.
        files: their names in there; ``*`` stands for any characters.
        address: where to get them.
    """

    source: str
    licence: str
    folder: str = ""
    files: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row.

    Attributes:
        content: (t, d) local features, a file, or a text itself.
        label: class number, -1 where there is none.
        pair: rows of two media with the same number belong together, -1 for none.
        group: rows of one group never fall on two sides of a split; a group of its own when "".
        split: ``dev`` is for choosing; without any such row a part of ``train`` is used.
    """

    modality: Modality
    content: Float32 | Path | str
    label: int = -1
    pair: int = -1
    group: str = ""
    split: Split = "train"


@dataclass(frozen=True)
class Benchmark:
    """A data set with its protocol.

    Attributes:
        task: ``classes``: mean average precision over all results, equal class is relevant;
            ``pairs``: recall at 1, 5, 10 and median rank, the same pair is relevant.
        about: source, licence and protocol, one paragraph.
        published: method as printed to figure to value, on the same test split and metric.
    """

    name: str
    task: Literal["classes", "pairs"]
    entries: Sequence[Entry]
    about: str
    classes: tuple[str, ...] = ()
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def required(data: Path, origin: Origin) -> Path:
    """The folder of a data set below ``data``, with every file that is wanted.

    Raises:
        UsageError: the folder is not there, or files are missing from it; the message names them
            and says where they come from.
    """
    folder = data / origin.folder
    if not folder.is_dir():
        raise UsageError(f"no data at {folder.absolute()}: {wanted(origin)}")
    missing = [name for name in origin.files if not any(folder.glob(name))]
    if missing:
        raise UsageError(
            f"{folder} lacks {', '.join(missing)}; the data set is not complete: get it from "
            f"{origin.address}"
        )
    return folder


def wanted(origin: Origin) -> str:
    """Which files a benchmark reads, where they belong and where they are from."""
    return (
        f"the folder that --data or QUINTET_DATA names must hold {origin.folder}/ with "
        f"{', '.join(origin.files)}; get them from {origin.address} ({origin.licence})"
    )


def required_file(file: Path) -> Path:
    """The file, which must be there.

    Raises:
        UsageError: it is not.
    """
    if not file.is_file():
        raise UsageError(f"{file.parent} lacks {file.name}; the data set is not complete")
    return file
