"""No cell of an exported table is a formula, and JSON lines keep every byte."""

import csv
import io
import json

import pytest

import quintet
from quintet.flows import spreadsheet
from quintet.plain import plain

WORKED_OUT = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that some spreadsheet program works out, as OWASP lists it."""

FORMULAS = [
    f"{start}{rest}"
    for start in ("=", "+", "-", "@", "\t=", "\r=", "\n=", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    for rest in ("1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x")', "SUM(A1:A9)", "A1", '"";""')
]


@pytest.fixture
def named(tmp_path):
    """A library whose file names, labels and tags are formulas."""
    (tmp_path / "media").mkdir()
    for n, text in enumerate(FORMULAS):
        name = text.replace("/", "_")[:40] + f" {n}.txt"
        (tmp_path / "media" / name).write_text(f"number {n} of {text}.")
    with quintet.create(tmp_path) as lib:
        lib.add(tmp_path / "media")
        for item, text in zip(list(lib.export()), FORMULAS, strict=True):
            if text.isprintable():
                lib.label([item.id], text)
                lib.tag([item.id], [text])
        yield lib


def test_cells(named, figure):
    items = list(named.export())
    table = "\n".join(spreadsheet.lines(items))
    rows = list(csv.reader(io.StringIO(table)))
    formulas = [cell for row in rows for cell in row if cell.startswith(WORKED_OUT)]
    what = f"cells of {len(rows)} lines that a spreadsheet would work out"
    figure("S12", what, len(formulas), "0", met=not formulas)
    kept = {row[0]: row[4].removeprefix("'") for row in rows[1:]}
    assert kept == {item.id: item.label or "" for item in items}


def test_lines_of_json(named, figure):
    items = list(named.export())
    back = [json.loads(json.dumps(plain(item), ensure_ascii=False)) for item in items]
    pairs = zip(back, items, strict=True)
    same = sum(b["path"] == i.path and b.get("label") == i.label for b, i in pairs)
    what = f"items of {len(items)} whose line of JSON is not what they are"
    figure("S12", what, len(items) - same, "0", met=same == len(items))
