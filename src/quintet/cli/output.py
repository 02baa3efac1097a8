"""Results for people (tables in the terminal) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from quintet.plain import plain
from quintet.types import Hit

if TYPE_CHECKING:
    from quintet.flows.duplicates import Alike
    from quintet.flows.facets import Facet
    from quintet.flows.why import Testimony, Why
    from quintet.store.records import SavedRow

console = Console(highlight=False, soft_wrap=False)


def emit_json(value: Any) -> None:
    """One JSON document on standard output; characters that are no text are replaced."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=2)
    click.echo(text.encode("utf-8", "replace").decode("utf-8"))


def emit_report(report: Any, *, as_json: bool) -> None:
    """What was done: as one JSON document, or a line for each figure."""
    if as_json:
        emit_json(report)
        return
    for name, value in plain(report).items():
        told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        console.print(f"{name}: {printable(told)}", markup=False, soft_wrap=True)


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters and lone surrogates are shown as ?."""
    return "".join(c if c.isprintable() else "?" for c in text)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "") -> None:
    """A table without lines; numbers to the right."""
    made = Table(title=title or None, box=None, title_justify="left", pad_edge=False)
    for n, name in enumerate(columns):
        told = [row[n] for row in rows if row[n] is not None]
        numbers = bool(told) and all(isinstance(value, (int, float)) for value in told)
        made.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*[escape(printable(_cell(value))) for value in row])
    console.print(made)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def short(count: int) -> str:
    """A count in at most five characters.

    >>> short(950), short(12_345), short(1_250_000), short(999_960)
    ('950', '12k', '1.2M', '1.0M')
    """
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        share = count / size
        if share >= 0.9995:
            return f"{share:.1f}{letter}" if share < 10 else f"{share:.0f}{letter}"
    return str(count)


def hits(found: Sequence[Hit], *, new: frozenset[str] = frozenset()) -> None:
    """Hits in their order: confidence, medium, path, and why, one line each.

    Args:
        new: ids of the items that are marked as new.
    """
    if not found:
        console.print("nothing found")
        return
    for hit in found:
        sure = _percent(hit.confidence)
        notes = " [green]new[/]" if hit.item.id in new else ""
        notes += f" [dim]+{len(hit.alike)} alike[/]" if hit.alike else ""
        notes += " [red](file missing)[/]" if hit.item.missing else ""
        console.print(
            f"{hit.rank:3d}  [bold]{sure}[/]  {hit.item.modality:5s}  "
            f"{escape(printable(_short(hit.item.path)))}{notes}",
            soft_wrap=True,
        )
        for evidence in hit.evidence:
            console.print(
                f"[dim]                  {escape(printable(evidence.why))}[/]", soft_wrap=True
            )
    if all(hit.confidence is None for hit in found):
        note = "no confidence: the library is not trained (quintet train)"
        console.print(f"[dim]{note}[/]")


def why(told: Why) -> None:
    """What each part of a query says of an item, and where the item would be without."""
    sure = f", {_percent(told.confidence).strip()}" if told.confidence is not None else ""
    path = escape(printable(_short(told.item.path)))
    console.print(f"[bold]{path}[/]: {told.rank} of {told.among}{sure}", soft_wrap=True)
    for t in told.testimonies:
        sign = "" if t.weight > 0 else "not "
        channel = f" ({t.channel})" if t.channel else ""
        console.print(
            f"  {sign}“{escape(printable(t.part))}”{channel}: {_kind(told, t)}"
            f"{escape(printable(_quoted(t.text)))}",
            soft_wrap=True,
        )
        for title, parts in (("in the item", t.of_hit), ("in the query", t.of_query)):
            telling = [p for p in parts if abs(p.gain) >= TELLING][:TOLD]
            if telling:
                listed = "; ".join(f"{p.name} {100 * p.gain:+.1f} %" for p in telling)
                console.print(f"[dim]      {title}: {escape(printable(listed))}[/]", soft_wrap=True)
    if told.without:
        p = told.confidence_without
        then = f", {_percent(p).strip()}" if p is not None else ""
        place = f"be {told.rank_without} of {told.among}{then}"
        label = escape(printable(told.without))
        would = place if told.rank_without is not None else "not be found"
        console.print(f"  without {label} it would {would}", soft_wrap=True)


_KINDS = {"words": "words found", "near": "near in the common space", "same": "the same content"}


def _kind(told: Why, testimony: Testimony) -> str:
    """What kind of match it is, and how sure; before training only what is the same has that."""
    if told.confidence is None and testimony.kind != "same":
        return _BEFORE_TRAINING[testimony.kind]
    return f"{_KINDS[testimony.kind]}, {_percent(testimony.confidence).strip()}"


_BEFORE_TRAINING = {"words": "words found", "near": "alike as a whole"}

TELLING = 0.001
"""Smaller gains are not told."""

TOLD = 5
"""Parts told of an item or a query, those that matter most."""


def _quoted(text: str) -> str:
    return f": “{text}”" if text else ""


def facets(found: Sequence[Facet]) -> None:
    """One table a key: its values and how many items have them."""
    for facet in found:
        expected = any(bucket.expected is not None for bucket in facet.values)
        rows = [
            [b.value, b.count, *([round(b.expected or 0.0, 1)] if expected else [])]
            for b in facet.values
        ]
        if facet.more:
            rows.append([f"({facet.more} more)", None, *([None] if expected else [])])
        if facet.without:
            rows.append(["(none)", facet.without, *([None] if expected else [])])
        heads = [facet.key, "items", *(["expected"] if expected else [])]
        console.print()
        table(heads, rows)


def duplicates(found: Sequence[Alike]) -> None:
    """One block a group: how alike its items are, and their files."""
    if not found:
        console.print("no items with nearly the same content")
    for group in found:
        title = f"{group.modality}, {len(group.items)} items, {100 * group.likeness:.0f} % alike"
        console.print(f"[bold]{title}[/]")
        for item in group.items:
            copies = f" [dim]+{len(item.others)} same bytes[/]" if item.others else ""
            path = escape(printable(_short(item.path)))
            console.print(f"  {item.size_bytes:>12,}  {path}{copies}", soft_wrap=True)


def searches(found: Sequence[SavedRow], *, as_json: bool) -> None:
    """The saved searches: name, what is asked, and when it was last seen."""
    if as_json:
        emit_json(found)
    elif not found:
        console.print("no saved searches; keep one with: quintet save NAME WORDS")
    else:
        rows = [[row.name, _asked(row.query), (row.seen_at or "")[:16]] for row in found]
        table(["name", "search", "seen (UTC)"], rows)


def _asked(query: Mapping[str, Any]) -> str:
    told = [f"{k}={v}" for k, v in query.items() if k != "words" and _DEFAULTS.get(k) != v]
    return " ".join([str(query.get("words") or ""), *told]).strip()


_DEFAULTS = {
    "k": 10,
    "min_confidence": 0.0,
    "group_by": "item",
    "sort": "confidence",
    "reverse": False,
}


def _percent(confidence: float | None) -> str:
    """Never a certainty: what rounds to 100 is shown as >99.

    >>> _percent(0.999), _percent(0.5), _percent(None)
    ('>99 %', ' 50 %', '     ')
    """
    if confidence is None:
        return "     "
    return ">99 %" if confidence > 0.995 else f"{100 * confidence:3.0f} %"


def _short(path: str) -> str:
    here = str(Path.cwd()) + "/"
    return path.removeprefix(here)


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit as the JSON of ``--json``: rank, score, confidence, item and evidence."""
    row: dict[str, Any] = plain(hit)
    row["confidence"] = hit.confidence
    return row


def warn(message: str) -> None:
    """One line on standard error."""
    click.echo(message, err=True)
