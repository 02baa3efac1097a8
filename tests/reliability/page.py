"""Write docs/reliability.md from the figures of a run: ``make reliability``."""

import json
import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
PARTS = {"R": "Nothing lost", "F": "Hostile files", "S": "Hostile callers"}
HEAD = """# Reliability

Written by `make reliability`; do not edit. Each row is one figure of one run, with the test that
counted it; `pytest TEST` runs it as in every change (lane P), `QUINTET_LANE=N pytest TEST` as
often as here. What the defences are and what they are against: [SECURITY.md](../SECURITY.md).
"""


def main(figures: Path) -> None:
    """Turn lines of JSON into tables."""
    rows = [json.loads(line) for line in figures.read_text(encoding="utf-8").splitlines()]
    parts = [HEAD, *(_part(letter, rows) for letter in PARTS)]
    PAGE.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _part(letter: str, rows: list[dict]) -> str:
    own = sorted((r for r in rows if r["number"].startswith(letter)), key=_order)
    if not own:
        return ""
    lines = [
        f"## {PARTS[letter]}",
        "",
        "| | counted | figure | goal | test |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_line(row) for row in own), ""])


def _order(row: dict) -> tuple[int, str]:
    return int(re.sub(r"\D", "", row["number"]) or 0), row["test"]


def _line(row: dict) -> str:
    value = row["value"] if row["met"] else f"**{row['value']}** (missed)"
    test = row["test"].removeprefix("tests/reliability/")
    cells = (row["number"], row["what"], value, row["goal"], f"`{test}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
