"""The page "Which method should I use?": the advice of ``which.md`` around what the rows say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench import remarks
from bench.remarks import DEFAULT, Row, Score

TEMPLATE = Path(__file__).parent / "which.md"
BENCHMARKS = ("fivemedia", "planted", "xmedia", "xmedianet", "wikipedia", "flickr8k")


def page(rows: Sequence[Row]) -> str:
    """The page in full."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        answer=_answer(rows),
        ablation=remarks.papers_order(rows) or "Not measured.",
        flickr8k=remarks.flickr8k(rows) or "Not measured.",
    )


def _answer(rows: Sequence[Row]) -> str:
    lines, won = [], 0
    for benchmark in BENCHMARKS:
        scores = remarks.best_first(rows, benchmark)
        if scores:
            first = [s for s in scores if remarks.level(scores[0], s)]
            then = [s for s in scores if s not in first][:1]
            won += DEFAULT in {s.label for s in first}
            lines.append(f"| `{benchmark}` | {_linked(first)} | {_linked(then)} |")
    return (
        f"Short answer: the default, [`{DEFAULT}`]({DEFAULT}.md). It is best or level with the "
        f"best on {won} of the {len(lines)} sets measured here, learns from labels and from pairs, "
        f"and needs no network and no GPU. {remarks.LEVEL}\n\n"
        "| data set | best mean, with all that are level | next |\n|---|---|---|\n"
        + "\n".join(lines)
    )


def _linked(scores: Sequence[Score]) -> str:
    return ", ".join(f"[`{s.label}`]({s.label}.md)" for s in scores)
