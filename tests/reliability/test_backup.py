"""Backups: made beside a writer, restored elsewhere, and archives of an enemy (R13, R14)."""

import gzip
import hashlib
import json
import random
import shutil
import sqlite3
import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from tests.reliability import small, whole
from tests.reliability.test_damage import flipped

import quintet
from quintet.errors import LibraryCorrupt, LibraryTooNew, QuintetError, UsageError
from quintet.store.schema import VERSION
from quintet.store.sqlite import Store

DATABASE, MANIFEST = "library.sqlite", "manifest.json"
STORED = sorted((Path(__file__).parent / "libraries").glob("schema-*.sqlite.gz"))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library") / ".quintet"
    small.make(folder, 40)
    return folder


@pytest.fixture(scope="module")
def archive(library, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "library.zip"
    with quintet.open(library) as lib:
        report = lib.backup(path)
    assert (report.items, report.schema) == (40, VERSION)
    return path


def test_a_round_trip_gives_the_same_library(library, archive, tmp_path, figure):
    elsewhere = tmp_path / "else"
    elsewhere.mkdir()
    report = quintet.restore(archive, elsewhere)
    assert (report.items, report.before) == (40, None)
    whole.check(elsewhere / ".quintet")
    equal = whole.portrait(elsewhere / ".quintet") == whole.portrait(library)
    figure("R14", "a restored library and the one it was", "equal", "equal", met=equal)


def test_a_backup_beside_a_writer_is_of_one_moment(tmp_path, times, figure):
    folder, count, kept = tmp_path / ".quintet", times(10, 100), 0
    with Store.create(folder) as store, quintet.open(folder) as lib:
        store.put([small.record(n) for n in range(200)])
        for n in range(count):
            began = len(store.find())

            def meanwhile(stage, done, total, n=n):
                if stage == "copy" and not store.has(small.identity(1000 + n)):
                    store.put([small.record(1000 + n)])

            lib.backup(tmp_path / "made.zip", force=True, on_progress=meanwhile)
            shutil.rmtree(tmp_path / "else", ignore_errors=True)
            (tmp_path / "else").mkdir()
            restored = quintet.restore(tmp_path / "made.zip", tmp_path / "else").items
            kept += restored == began
        assert len(store.find()) == 200 + count
    what = "backups while another writes that held what was committed before, and no half"
    figure("R14", what, f"{kept}/{count}", "all", met=kept == count)


def test_an_existing_library_is_moved_aside(archive, tmp_path):
    small.make(tmp_path / ".quintet", 3)
    with pytest.raises(UsageError, match="--force"):
        quintet.restore(archive, tmp_path)
    report = quintet.restore(archive, tmp_path, force=True)
    assert len(whole.ids(tmp_path / ".quintet")) == 40
    assert len(whole.ids(report.before)) == 3


def test_a_log_without_its_database_is_not_written_into_the_next(archive, tmp_path):
    folder = tmp_path / ".quintet"
    with Store.create(folder) as store:
        store.put([small.record(n) for n in range(1000, 1020)])
        log = (folder / "library.sqlite-wal").read_bytes()
    (folder / "library.sqlite").unlink()
    for make in (lambda: quintet.restore(archive, tmp_path), lambda: Store.create(folder).close()):
        (folder / "library.sqlite").unlink(missing_ok=True)
        (folder / "library.sqlite-wal").write_bytes(log)
        make()
        assert small.identity(1000) not in whole.ids(folder)
        with Store.open(folder) as store:
            assert store.verify() == []


def parts(archive):
    with zipfile.ZipFile(archive) as opened:
        return opened.read(DATABASE), json.loads(opened.read(MANIFEST))


def written(path, members, method=zipfile.ZIP_STORED):
    """A zip of (name or ZipInfo, bytes)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "w", method) as made:
            for name, data in members:
                made.writestr(name, data)


def claiming(manifest, data, **changes):
    """A manifest that fits the bytes, with some changes."""
    sha = hashlib.sha256(data).hexdigest()
    made = {**manifest, "files": {DATABASE: {"bytes": len(data), "sha256": sha}}, **changes}
    return json.dumps(made)


def link(name):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def with_sql(data, tmp_path, sql):
    path = tmp_path / "changed.sqlite"
    path.write_bytes(data)
    db = sqlite3.connect(path)
    db.executescript(sql)
    db.close()
    return path.read_bytes()


SQL = (
    "CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM items; END",
    "CREATE VIEW v AS SELECT load_extension('x')",
    "DROP TABLE tags; CREATE VIEW tags AS SELECT id AS item_id, id AS tag FROM items",
    "CREATE TABLE more (x)",
    "ALTER TABLE items ADD COLUMN more",
    "DELETE FROM labels",
    "UPDATE labels SET label = 'other'",
    "UPDATE texts SET text = text || '!'",
    "UPDATE features SET x = zeroblob(length(x))",
    "PRAGMA application_id = 7",
    "DROP TABLE sums",
)


FORGED = (
    *(("schema", n) for n in ("1e999", "NaN", '"3"', "3.0", "true", "-1", "0", "9" * 5000, "null")),
    *(("format", n) for n in ("-5", "1.9", '"1"', "[1]", "Infinity")),
    *(
        ("made_at", t)
        for t in ('"\\u001b]0;x\\u0007"', '"\\u202e"', '"2025-01-01T00:00:00\\n"', "5")
    ),
    *(("program", t) for t in ('"\\u001b[31m1"', '"1.0\\n2"', '"x"', '""', "[]")),
    ("files", "[]"),
)
"""What a manifest says wrongly, as JSON."""


def hostile(archive, tmp_path):
    """Names of archives, and how each is written."""
    data, manifest = parts(archive)
    good = json.dumps(manifest)
    base = [(DATABASE, data), (MANIFEST, good)]
    yield "nothing", []
    yield "no manifest", base[:1]
    yield "no database", base[1:]
    for name in ("../evil", "/etc/evil", "..\\evil", "a/../../evil", "C:evil", "evil", "x/", ""):
        yield f"a member {name!r}", [*base, (name or ".", b"x")]
    for name in ("../library.sqlite", "/library.sqlite", "./library.sqlite", "LIBRARY.SQLITE"):
        yield f"the database as {name!r}", [(name, data), (MANIFEST, good)]
    yield "the database twice", [*base, (DATABASE, b"other")]
    yield "the manifest twice", [*base, (MANIFEST, good)]
    yield "a link as database", [(link(DATABASE), b"/etc/passwd"), (MANIFEST, good)]
    yield "a link as manifest", [(DATABASE, data), (link(MANIFEST), good)]
    wrong = {DATABASE: {"bytes": len(data), "sha256": "0" * 64}}
    yield "a wrong hash", [(DATABASE, data), (MANIFEST, json.dumps({**manifest, "files": wrong}))]
    for size in (0, len(data) - 1, len(data) + 1, -1, 2**63, 10**30):
        files = {DATABASE: {**manifest["files"][DATABASE], "bytes": size}}
        yield (
            f"{size} bytes claimed",
            [base[0], (MANIFEST, json.dumps({**manifest, "files": files}))],
        )
    for text in ("", "{}", "[]", "null", "[" * 5000, "\xff", '{"format": "x"}', "NaN", "1e999"):
        yield f"manifest {text[:10]!r}", [base[0], (MANIFEST, text)]
    for what, text in FORGED:
        changed = {**manifest, what: "?"}
        yield (
            f"{what} as {text[:20]}",
            [base[0], (MANIFEST, json.dumps(changed).replace('"?"', text))],
        )
    yield "a huge manifest", [base[0], (MANIFEST, good + " " * (1 << 17))]
    for what, sql in enumerate(SQL):
        changed = with_sql(data, tmp_path, sql)
        yield (
            f"changed by {sql[:30]} ({what})",
            [
                (DATABASE, changed),
                (MANIFEST, claiming(manifest, changed)),
            ],
        )
    for text in (b"", b"x", b"SQLite format 3\0", data[:5000], bytes(len(data)), data[::-1]):
        yield (
            f"a database of {text[:6]!r}",
            [(DATABASE, text), (MANIFEST, claiming(manifest, text))],
        )


def test_archives_of_an_enemy_are_refused(archive, tmp_path, figure):
    place, path, count = tmp_path / "place" / ".quintet", tmp_path / "evil.zip", 0
    place.mkdir(parents=True)
    for name, members in hostile(archive, tmp_path):
        written(path, members)
        refuse(path, place, name)
        count += 1
    _, manifest = parts(archive)
    bomb = bytes(64 << 20)
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        written(path, [(DATABASE, bomb), (MANIFEST, claiming(manifest, bomb))], method)
        refuse(path, place, f"a bomb by method {method}")
        count += 1
    whole_zip = archive.read_bytes()
    for cut in (10, 30, 1000, len(whole_zip) // 2, len(whole_zip) - 10):
        path.write_bytes(whole_zip[:cut])
        refuse(path, place, f"cut at {cut}")
        count += 1
    figure("R14", "hostile archives refused, nothing written", f"{count}/{count}", "all", met=True)


def refuse(path, place, name):
    with pytest.raises(QuintetError) as told:
        quintet.restore(path, place)
    assert isinstance(told.value, LibraryCorrupt | LibraryTooNew | UsageError), (name, told.value)
    assert {p.name for p in place.iterdir()} <= {"writer.lock"}, name
    outside = {p.name for p in place.parent.parent.iterdir()}
    assert outside <= {"place", "evil.zip", "changed.sqlite"}, name


def test_flipped_bits_of_an_archive_are_found(archive, tmp_path, times, figure):
    data, rng, tries, passed = archive.read_bytes(), random.Random(0), times(15, 300), 0
    path, place = tmp_path / "flipped.zip", tmp_path / "place"
    good = parts(archive)
    for _ in range(tries):
        path.write_bytes(flipped(data, rng))
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            quintet.restore(path, place)
        except QuintetError:
            continue
        passed += parts(path)[0] != good[0]
    figure(
        "R14",
        f"of {tries} archives with a flipped bit, restored wrong",
        passed,
        "0",
        met=not passed,
    )


@pytest.mark.parametrize("what", ["format", "schema"])
def test_a_newer_backup_names_the_version_it_needs(what, archive, tmp_path):
    data, manifest = parts(archive)
    made = claiming(manifest, data, **{what: 99, "program": "7.5.0", "made_at": 1})
    written(tmp_path / "x.zip", [(DATABASE, data), (MANIFEST, made)])
    with pytest.raises(LibraryTooNew, match=r"99.*needs Quintet 7\.5\.0"):
        quintet.restore(tmp_path / "x.zip", tmp_path)


def test_a_file_that_is_no_backup_is_said_to_be_none(tmp_path):
    (tmp_path / "x").write_bytes(b"hello\n" * 100)
    with pytest.raises(UsageError, match="neither by quintet backup nor"):
        quintet.restore(tmp_path / "x", tmp_path)
    with pytest.raises(UsageError, match="no file"):
        quintet.restore(tmp_path / "nothing", tmp_path)


@pytest.mark.parametrize("stored", STORED, ids=lambda p: p.name.split(".")[0])
def test_a_library_of_every_earlier_schema_is_brought_up_to_date(stored, tmp_path, figure):
    folder = tmp_path / ".quintet"
    folder.mkdir()
    (folder / DATABASE).write_bytes(gzip.decompress(stored.read_bytes()))
    said = ("SELECT * FROM items", "SELECT * FROM labels", "SELECT * FROM tags")
    said += ("SELECT * FROM settings", "SELECT id, text FROM texts", "SELECT * FROM segments")

    def told():
        with Store.open(folder) as store:
            return store.version, [store._rows(sql) for sql in said]

    before, facts = told()
    assert before < VERSION
    with Store.open(folder) as store:
        assert store.verify() == []
    Store.open(folder, write=True).close()
    assert told() == (VERSION, facts)
    whole.check(folder)
    with Store.open(folder) as store:
        assert len(store.find()) == 5
        assert store.labels("user") == {store.text_search("dog", 1)[0].item_id: "dog"}
    figure(
        "R13",
        f"schema {before} brought to {VERSION}: items, labels, tags",
        "equal",
        "equal",
        met=True,
    )


def test_every_earlier_schema_is_stored():
    assert len(STORED) == VERSION - 1


def test_salvaged_facts_come_back_by_content(tmp_path):
    folder = tmp_path / "a" / ".quintet"
    path = small.make(folder, 30)
    data = path.read_bytes()
    at = data.find(b"label 7")
    path.write_bytes(data[:at] + b"l@bel 7" + data[at + 7 :])
    report = quintet.salvage(tmp_path / "facts.jsonl", folder)
    assert (report.labels, report.tags, report.searches, report.damaged) == (30, 10, 20, 1)
    other = tmp_path / "b" / ".quintet"
    with Store.create(other) as store:
        store.put([small.record(n) for n in range(20)])
    back = quintet.restore(tmp_path / "facts.jsonl", other)
    assert (back.labels, back.unknown, back.damaged) == (29, 10 + 3, 1)
    with Store.open(other) as store:
        labels = store.labels(small.SOURCE)
        assert labels == {small.identity(n): f"label {n}" for n in range(20) if n != 7}
        assert len(store.searches()) == 20
        assert store.verify() == []
    assert quintet.restore(tmp_path / "facts.jsonl", other).unknown == 13


def test_lines_that_are_no_facts_are_refused(tmp_path):
    Store.create(tmp_path / ".quintet").close()
    quintet.salvage(tmp_path / "f", tmp_path)
    head = (tmp_path / "f").read_text()
    lines = ("{", "[]", '{"kind": "items"}', '{"kind": "tags", "item": 1, "tag": []}', "null")
    lines += (
        '{"kind": "searches", "name": "x", "query": "[]", "created_at": "", "seen_at": null}',
    )
    for line in lines:
        (tmp_path / "f").write_text(f"{head}{line}\n")
        with pytest.raises(UsageError):
            quintet.restore(tmp_path / "f", tmp_path)
