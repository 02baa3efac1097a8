"""A library of the first schema: read as it is, brought up to date by the first writer."""

import sqlite3

import pytest

from quintet import durable
from quintet.errors import UsageError
from quintet.store import upgrades
from quintet.store.records import FileRow, Record, TextRow
from quintet.store.schema import DATABASE, VERSION
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Modality

TEXTS = {"a": "门口有一只狗在叫。", "b": "A dog barks at the door of the house."}


@pytest.fixture
def old(tmp_path):
    """A library as version 1 wrote it."""
    with Store.create(tmp_path) as store:
        store.put([_record(digit, text) for digit, text in TEXTS.items()])
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.executescript(
            "DROP TABLE sums; DROP TABLE seen; DROP TABLE searches; PRAGMA user_version = 1;"
        )
    db.close()
    return tmp_path


def _record(digit, text):
    path = f"/m/{digit}.txt"
    claimed = {"language": "eng"} if digit == "a" else {}
    item = Item(digit * 64, Modality.TEXT, "txt", path, 1, 1, "2024", claimed)
    row = TextRow("text", text, Channel.WRITTEN, 0)
    return Record(item, FileRow(path, "/m", 1, 1, 1), {}, {}, {}, [row])


def tables(folder):
    with sqlite3.connect(folder / DATABASE) as db:
        names = {r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        version = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    return version, names


def test_an_old_library_can_be_read_as_it_is(old):
    with Store.open(old) as store:
        assert store.version == 1
        assert len(store.find(["size=1"])) == 2
        assert len(store.text_search("dog", 5)) == 1
        assert store.searches() == []
        assert store.seen("x") == frozenset()
        with pytest.raises(UsageError, match=r"schema 1.*quintet rebuild"):
            store.find(["language=zh"])
    assert tables(old)[0] == 1


def test_a_writer_brings_it_up_to_date(old):
    with Store.open(old) as reader:
        with Store.open(old, write=True) as store:
            assert store.version == VERSION
            assert store.find(["language=zh"]) == ["a" * 64]
            assert store.find(["language=en"]) == ["b" * 64]
            store.put_search("dogs", {"words": "狗"})
        assert [row.name for row in reader.searches()] == ["dogs"]
    version, names = tables(old)
    assert version == VERSION
    assert {"searches", "seen"} <= names


def test_an_upgraded_library_is_as_a_new_one(old, tmp_path_factory):
    new = tmp_path_factory.mktemp("new")
    Store.create(new).close()
    Store.open(old, write=True).close()
    assert tables(old) == tables(new)


def test_an_upgrade_that_fails_changes_nothing(old, monkeypatch):
    def breaks(*arguments):
        raise RuntimeError("power cut")

    monkeypatch.setattr(upgrades.languages, "of", breaks)
    with pytest.raises(RuntimeError):
        Store.open(old, write=True)
    version, names = tables(old)
    assert version == 1
    assert "searches" not in names
    monkeypatch.undo()
    with Store.open(old, write=True) as store:
        assert store.find(["language=zh"]) == ["a" * 64]


def test_the_library_as_it_was_is_kept(old, monkeypatch):
    monkeypatch.setattr(durable, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # killed before the copy is whole
        Store.open(old, write=True)
    assert tables(old)[0] == 1
    monkeypatch.undo()
    before = tables(old)
    Store.open(old, write=True).close()
    kept = old / "replaced-schema-1"
    assert [p.name for p in kept.iterdir()] == [DATABASE]
    assert tables(kept) == before
    with Store.open(kept) as store:
        assert len(store.text_search("dog", 5)) == 1


def test_every_version_has_its_step():
    assert sorted(upgrades._STEPS) == list(range(1, VERSION))
