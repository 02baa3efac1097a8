"""Malformed and odd files that nobody here wrote: each costs a row, none costs the run."""

import sqlite3

import pytest


@pytest.mark.slow
@pytest.mark.data
def test_every_torture_file_ends_as_an_item_or_a_row(run, data, tmp_path):
    done = run("add", data / "torture", "-L", tmp_path, "--json", timeout_s=900)
    assert done.code == 3, done.err
    root = data / "torture"
    files = [
        str(path)
        for path in root.rglob("*")
        if path.is_file() and not any(n.startswith(".") for n in path.relative_to(root).parts)
    ]
    with sqlite3.connect(tmp_path / ".quintet" / "library.sqlite") as db:
        indexed = {row[0] for row in db.execute("SELECT path FROM files")}
        rows = db.execute("SELECT path, code, detail FROM errors").fetchall()
    refused = {row[0] for row in rows}
    known = indexed | refused
    assert len(files) > 1000
    assert not [f for f in files if f not in known]
    assert not indexed & refused
    codes = {row[1] for row in rows}
    assert not codes & {"crashed", "timeout", "encoder_failed", "io_error"}
    assert all(text.isprintable() for row in rows for text in row)


def test_a_hostile_name_cannot_steer_the_terminal(run, tmp_path):
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "red\x1b[31m\n.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    assert run("add", folder, "-L", tmp_path).code == 3
    shown = run("errors", "-L", tmp_path).out
    assert "\x1b[31m" not in shown
    assert "red" in shown
