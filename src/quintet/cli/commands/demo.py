"""quintet demo: a sample of five media, indexed, trained and searched."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import quintet
from quintet.cli import output
from quintet.cli.commands.train import show_quality
from quintet.cli.progress import Tick, progress
from quintet.types import Item, Modality

if TYPE_CHECKING:
    from quintet.flows.learning import TrainReport
    from quintet.library import Library
    from quintet.types import Hit


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("quintet-demo"))
@click.option("--per-class", default=10, show_default=True, type=click.IntRange(4, 100))
@click.option("--seed", default=0, show_default=True, help="Another seed makes another sample.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(folder: Path, per_class: int, seed: int, as_json: bool) -> None:
    """Make a sample library in FOLDER and show every kind of search on it.

    Pictures, clips, texts (English and Chinese), sounds and shapes of twelve things are made by
    procedure, with no download. They are indexed, one space is learnt from the folder names, and
    words, a picture, a clip, a text, a sound and a shape each find items of all five media.
    """
    started = time.monotonic()
    with progress(quiet=as_json) as tick:
        media = _sample(folder, per_class, seed, tick)
        with quintet.create(folder, exist_ok=True) as lib:
            lib.add(media, on_progress=tick)
            report = lib.train(on_progress=tick)
            searches = list(_searches(lib, folder))
            items = lib.status().items
    if as_json:
        output.emit_json({"library": lib.folder, "training": report, "searches": searches})
        return
    output.console.print(f"{sum(items.values())} items: {_counts(items)}")
    _show_training(report)
    for title, hits in searches:
        output.console.print(f"\n[bold]$ {title}[/]")
        output.hits(hits)
    took = time.monotonic() - started
    output.console.print(f"\ndone in {took:.0f} s; go on yourself: quintet search -L {folder} bell")


def _sample(folder: Path, per_class: int, seed: int, tick: Tick) -> Path:
    from quintet.datasets.sample import make_sample

    media = folder / "media"
    make_sample(
        media,
        per_class=per_class,
        seed=seed,
        on_progress=lambda done, total: tick("make", done, total),
    )
    return media


def _searches(lib: Library, folder: Path) -> list[tuple[str, list[Hit]]]:
    """Words in both languages, then an example of each medium; the best hits of every medium."""
    asked: list[tuple[str, dict[str, Any]]] = [
        ("bell --per-medium 1", {"words": "bell"}),
        ("钟 --per-medium 1", {"words": "钟"}),
        (
            "noisy train --in image,mesh -k 3",
            {"words": "noisy train", "modalities": _SHOWN_IN, "k": 3, "per_medium": 3},
        ),
    ]
    for modality in Modality:
        path = Path(_example(lib, modality).path)
        asked.append(
            (f"--like {path.relative_to(folder.absolute())} --per-medium 1", {"like": path})
        )
    return [
        (
            f"quintet search -L {folder} {title}",
            lib.search(**{"per_medium": 1, "k": len(Modality), **arguments}),
        )
        for title, arguments in asked
    ]


_SHOWN_IN = (Modality.IMAGE, Modality.MESH)


def _example(lib: Library, modality: Modality) -> Item:
    """An item of the medium, another class for each medium."""
    ids = lib.find(where=[f"modality={modality}"])
    items = sorted((lib.show(i).item for i in ids), key=lambda item: item.path)
    return items[list(Modality).index(modality) * len(items) // len(Modality)]


def _counts(items: Any) -> str:
    return ", ".join(f"{n} {medium}" for medium, n in items.items())


def _show_training(report: TrainReport) -> None:
    output.console.print(
        f"\n[bold]Retrieval quality[/] of {report.method} on {report.held_out} held-out items that "
        "it was not trained on (mean average precision over all results)"
    )
    show_quality(report.quality, "held-out items")
    worst = max(report.calibration_error.values(), default=0.0)
    output.console.print(f"confidence: expected calibration error at most {worst:.3f}")
