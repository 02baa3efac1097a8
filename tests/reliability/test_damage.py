"""Damaged files: the log, the database, the indexes (R4, R5, R6), and a cut of the power (R3)."""

import json
import random
import shutil
import sqlite3

import numpy as np
import pytest
from tests.reliability import small

from quintet.errors import LibraryCorrupt, LibraryError
from quintet.flows import large, layout, shelves
from quintet.flows.parts import Parts
from quintet.flows.salvage import salvage
from quintet.index import files, ivf
from quintet.maths.rows import unit_rows
from quintet.store.records import ModelRow, VectorRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Modality

PAGE = 4096
COUNT = 300
STEPS = 40


def state(folder):
    """How many of the numbered items are there; they must be the first ones."""
    with Store.open(folder, write=True) as store:
        assert store.verify() == []
        found = set(store.find())
    assert found == {small.identity(n) for n in range(len(found))}
    return len(found)


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A database with a log of many commits, and how long the log was after each of them."""
    folder = tmp_path_factory.mktemp("logged")
    ends = []
    with Store.create(folder) as store:
        store._db.execute("PRAGMA wal_autocheckpoint = 0")
        for n in range(STEPS):
            store.put([small.record(n)])
            ends.append((folder / "library.sqlite-wal").stat().st_size)
        copy = tmp_path_factory.mktemp("copy")
        for end in ("", "-wal"):
            shutil.copy(folder / f"library.sqlite{end}", copy)
    return copy, ends


def with_log(copy, to, log):
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    shutil.copy(copy / "library.sqlite", to)
    (to / "library.sqlite-wal").write_bytes(log)
    return to


def flipped(data, rng, bits=1, begin=0):
    made = bytearray(data)
    for _ in range(bits):
        made[rng.randrange(begin, len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def test_a_damaged_log_leaves_a_state_that_was(logged, tmp_path, times, figure):
    copy, _ = logged
    whole, rng = (copy / "library.sqlite-wal").read_bytes(), random.Random(0)
    tries = times(5, 200)
    for _ in range(tries):
        at = rng.randrange(len(whole))
        for log in (whole[:at], flipped(whole, rng), whole[:at] + bytes(len(whole) - at)):
            state(with_log(copy, tmp_path / "x", log))
    what = "damaged logs (truncated, bit flipped, zeroed tail) that left a state that was"
    figure("R4", what, f"{3 * tries}/{3 * tries}", "all", met=True)


def test_a_cut_of_the_power_loses_nothing_acknowledged(logged, tmp_path, times, figure):
    """A commit returns after its frames are flushed; whatever comes behind may be lost or torn."""
    copy, ends = logged
    whole, rng = (copy / "library.sqlite-wal").read_bytes(), random.Random(1)
    tries, lost = times(12, 200), 0
    for _ in range(tries):
        done = rng.randrange(STEPS)
        kept = whole[: ends[done]]
        torn = flipped(whole[ends[done] :] or b"x", rng, 64)
        behind = rng.choice([b"", bytes(len(whole) - len(kept)), torn, torn[: len(torn) // 2]])
        lost += state(with_log(copy, tmp_path / "x", kept + behind)) < done + 1
    what = f"of {tries} cuts of the power, those that lost a commit whose frames were flushed"
    figure("R3", what, lost, "0", met=lost == 0)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """A settled database, and what it says."""
    path = small.make(tmp_path_factory.mktemp("settled") / ".quintet", COUNT)
    return path.read_bytes(), said(path)


def said(path):
    """Everything that a database says, by reading every row by its table."""
    db = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    try:
        tables = db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        real = [name for name, sql in tables if sql and sql.startswith("CREATE TABLE")]
        rows = [db.execute(f"SELECT * FROM {name} NOT INDEXED").fetchall() for name in real]
    finally:
        db.close()
    return [tables, *rows]


def differs(path, before):
    try:
        return said(path) != before
    except (sqlite3.Error, UnicodeError, ValueError):
        return True


def detected(folder):
    try:
        with Store.open(folder, write=True) as store:
            return bool(store.verify())
    except (LibraryError, sqlite3.Error):
        return True


def damages(data, rng):
    """Kind and bytes of one damaged database of each kind."""
    at = rng.randrange(len(data) // PAGE) * PAGE
    yield "one flipped bit", flipped(data, rng)
    yield "8 flipped bits", flipped(data, rng, 8)
    yield "truncated", data[: rng.randrange(1000, len(data))]
    yield "a page of zeros", data[:at] + bytes(PAGE) + data[at + PAGE :]


def test_verify_finds_what_changes_the_content(settled, tmp_path, times, figure):
    data, before = settled
    folder = tmp_path / ".quintet"
    folder.mkdir()
    rng = random.Random(2)
    missed, by_sqlite, changed = [], 0, 0
    for _ in range(times(10, 250)):
        for kind, made in damages(data, rng):
            for left in folder.iterdir():
                left.unlink()
            path = folder / "library.sqlite"
            path.write_bytes(made)
            if differs(path, before):
                changed += 1
                by_sqlite += not sqlite_is_content_with(path)
                if not detected(folder):
                    missed.append(kind)
    what = f"of {changed} damaged databases whose content changed, found by verify"
    figure("R5", what, changed - len(missed), "all", met=not missed)
    figure("R5", "of the same, found by SQLite's own check", by_sqlite, "(to compare)", met=True)


def sqlite_is_content_with(path):
    db = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    try:
        return db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    except sqlite3.Error:
        return False
    finally:
        db.close()


def test_one_flipped_bit_in_every_kind_of_row_is_found(settled, tmp_path):
    """Each value of each table, changed behind the back of the program."""
    data, _ = settled
    folder = tmp_path / ".quintet"
    folder.mkdir()
    path = folder / "library.sqlite"
    path.write_bytes(data)
    db = sqlite3.connect(path)
    tables = [
        (name, column)
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%'")
        for _, column, *_ in db.execute(f"PRAGMA table_info({name})")
        if not name.startswith(("words_", "sqlite_"))
    ]
    db.close()
    for table, column in tables:
        path.write_bytes(data)
        db = sqlite3.connect(path, isolation_level=None)
        key = f"(SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1)"
        ((value,),) = db.execute(f"SELECT {key}").fetchall()
        changed = value + 10**6 if isinstance(value, int | float) else _changed(value)
        if value is not None:
            sql = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"
            if table == "sums" and column != "sum":
                sql = "DELETE FROM sums WHERE ? != '' AND part = 'labels' AND ? != ''"
            db.execute(sql, (changed, value))
        db.close()
        if value is not None:
            assert detected(folder), (table, column)


def _changed(value):
    return bytes([value[0] ^ 1]) + value[1:] if isinstance(value, bytes) else f"{value}x"


def test_salvage_gives_everything_on_pages_that_are_whole(settled, tmp_path, times, figure):
    data, _ = settled
    facts, rng = small.annotations(COUNT), random.Random(3)
    places = {
        (table, row): data.find("".join(row).encode()) // PAGE
        for table, rows in facts.items()
        for row in rows
    }
    folder, out = tmp_path / ".quintet", tmp_path / "facts.jsonl"
    folder.mkdir()
    wanted = got = 0
    for _ in range(times(8, 150)):
        for _, made in damages(data, rng):
            for left in folder.iterdir():
                left.unlink()
            (folder / "library.sqlite").write_bytes(made)
            salvage(folder, out, force=True, on_progress=lambda *_: None)
            told = read(out)
            for (table, row), page in places.items():
                if made[page * PAGE : (page + 1) * PAGE] == data[page * PAGE : (page + 1) * PAGE]:
                    wanted += 1
                    got += row in told[table]
    assert [p.name for p in tmp_path.iterdir() if "tmp" in p.name] == []
    what = "labels and tags on undamaged pages that salvage gave"
    figure("R5", what, f"{got}/{wanted}", "100 %", met=got == wanted)


def read(path):
    told = {"labels": set(), "tags": set()}
    names = {"labels": ("item", "source", "label"), "tags": ("item", "tag")}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        fact = json.loads(line)
        if fact["kind"] in told:
            told[fact["kind"]].add(tuple(fact[name] for name in names[fact["kind"]]))
    return told


MODEL, K = "m1", 16


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A library whose model has a shelf that is large when ``EXACT_BELOW`` says so."""
    monkeypatch.setattr(ivf, "FEW", 10)
    rng = np.random.default_rng(0)
    with Store.create(tmp_path / ".quintet") as store:
        store.put([small.record(n) for n in range(COUNT)])
        z = unit_rows(rng.normal(size=(COUNT * 4, K)).astype(np.float32))
        rows = [
            VectorRow(small.identity(n // 4), Channel.WRITTEN, 0, 0, z[n]) for n in range(len(z))
        ]
        store.put_model(ModelRow(MODEL, "fake", "2025", {}, {}), {Modality.TEXT: rows})
        yield store


def exact(store):
    """The file of an exact index, and what it answers."""
    return shelves.exact_path(store, PLACE), lambda: nearest(store)


def approximate(store):
    """The file of codes of a large shelf, and what it answers."""
    shelves.build_large(store, [MODEL], lambda *_: None)
    return PLACE.path(store), lambda: nearest(store)


def drawn(store):
    """The file of the map, and its points."""
    parts = Parts(store.folder)
    path = store.folder / "index" / f"{MODEL}-map"
    return path, lambda: [(p.id, p.x, p.y) for p in layout.points(parts, 100)]


PLACE = large.Place(MODEL, Modality.TEXT, Channel.WRITTEN)


def nearest(store):
    (there,) = shelves.open_shelves(store, MODEL)
    query = store.vectors(MODEL, Modality.TEXT, Channel.WRITTEN).z[7]
    return [(f.item_id, f.span, round(f.score, 4)) for f in there.search(query, 3, None)]


@pytest.mark.parametrize("kind", [exact, approximate, drawn])
def test_a_damaged_index_file_is_never_used(kind, shelf, monkeypatch, times, figure):
    monkeypatch.setattr(large, "EXACT_BELOW", 1000 if kind is approximate else 10**9)
    monkeypatch.setattr(layout, "FEW", 10**9)  # without t-SNE, which takes a second
    rng, tries = random.Random(4), times(8, 200)
    path, ask = kind(shelf)
    wanted = ask()
    stamp, held = files.mapped(path)
    arrays = {name: np.array(a) for name, a in held.items()}  # the file itself is overwritten
    whole = {p: p.read_bytes() for p in path.parent.glob(f"{path.name}.*")}
    manifest = path.with_name(f"{path.name}.json")
    (body,) = whole.keys() - {manifest}
    damaged = used = 0
    for _ in range(tries):
        for place, change in (
            (body, lambda b: b[: rng.randrange(len(b))]),
            (manifest, lambda b: flipped(b, rng)),
            (body, lambda b: flipped(b, rng)),
        ):
            for p, data in whole.items():
                p.write_bytes(data)
            place.write_bytes(change(whole[place]))
            damaged += 1
            there = files.mapped(path)
            used += there is not None and there[0] == stamp and not same(there[1], arrays)
            assert ask() == wanted
    what = f"of {damaged} damaged index files ({kind.__name__}), used as they were"
    figure("R6", what, used, "0", met=used == 0)


def same(found, wanted):
    return found.keys() == wanted.keys() and all(
        np.array_equal(found[name], wanted[name]) for name in wanted
    )


def test_every_damage_is_one_clear_error(tmp_path):
    folder = tmp_path / ".quintet"
    folder.mkdir()
    (folder / "library.sqlite").write_bytes(b"SQLite format 3\0" + bytes(5000))
    with pytest.raises(LibraryCorrupt):
        Store.open(folder)
