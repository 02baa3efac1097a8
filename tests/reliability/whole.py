"""Is a library whole? What every test of this folder asks after it has done its worst."""

import hashlib
import shutil
import sqlite3
from pathlib import Path

import numpy as np

from quintet.datasets.sample import make_item
from quintet.flows import alike
from quintet.index import files as index_files
from quintet.library import Library
from quintet.store.schema import VERSION
from quintet.store.sqlite import Store
from quintet.types import Modality

FACTS = (
    "SELECT id, modality, format, size_bytes FROM items",
    "SELECT path, item_id, missing FROM files",
    "SELECT item_id, key, value FROM metadata",
    "SELECT * FROM tags",
    "SELECT * FROM labels",
    "SELECT * FROM segments",
    "SELECT item_id, channel, encoder, checksum FROM features",
    "SELECT item_id, modality, channel, first, last, checksum FROM vectors"
    " WHERE model_id = 'alike'",
    "SELECT item_id, path, field, channel, segment_no, text FROM texts",
    "SELECT name, query FROM searches",
    "SELECT key, value FROM settings WHERE key != 'active_model'",
)
"""What must be the same, whatever happened on the way."""


def media(folder, fivemedia=None):
    """Three files of each of five media of two things: made ones, or those of a data set."""
    for name in ("bell", "car") if fivemedia is None else ("bird", "dog"):
        for modality in Modality:
            if fivemedia is None:
                for no in range(3):
                    make_item(folder, modality, name, no)
            else:
                place = folder / modality / name
                place.mkdir(parents=True)
                for path in sorted((fivemedia / "train" / name / modality).iterdir())[:3]:
                    shutil.copy(path, place)
    return folder


def states(warm, media, home):
    """Libraries as operations find them: empty, added, trained, old; and a backup."""
    status, told = warm.run("add", home / "added", media)
    assert status == 0, told
    shutil.copytree(home / "added", home / "trained")
    status, told = warm.run("train", home / "trained")
    assert status == 0, told
    assert warm.run("backup", home / "trained", home / "backup.zip")[0] == 0
    shutil.copytree(home / "trained", home / "old")
    with sqlite3.connect(home / "old/.quintet/library.sqlite") as db:
        db.executescript(f"DROP TABLE sums; PRAGMA user_version = {VERSION - 1};")
    db.close()
    (home / "empty").mkdir()
    return home


def portrait(folder):
    """All facts of a library, in an order of their own."""
    with Store.open(folder) as store:
        return [sorted(map(repr, store._rows(sql))) for sql in FACTS]


def ids(folder):
    """Ids of the items that another process sees."""
    if not (folder / "library.sqlite").exists():
        return set()
    with Store.open(folder) as store:
        return set(store.find())


def check(folder):
    """Nothing is damaged, there twice, or there by half; opened as the next writer would."""
    with Store.open(folder, write=True) as store:
        assert store.verify() == []
        ((texts, words),) = store._rows(
            "SELECT (SELECT count(*) FROM texts), (SELECT count(*) FROM words)"
        )
        assert texts == words
        for table in ("segments", "features", "vectors", "texts", "files"):
            without = f"SELECT count(*) FROM items WHERE id NOT IN (SELECT item_id FROM {table})"
            assert store._rows(without) == [(0,)], table
            orphans = f"SELECT count(*) FROM {table} WHERE item_id NOT IN (SELECT id FROM items)"
            assert store._rows(orphans) == [(0,)], table
        assert store._rows("SELECT path FROM files GROUP BY path HAVING count(*) > 1") == []


def check_index(folder):
    """Vectors, index files and what they answer, of all models, are those that a rebuild makes."""
    before, files = portrait(folder), whole_files(folder)
    with Library(folder) as lib:
        found = answers(lib._parts)
        assert lib.rebuild().damaged == []
        active = lib._parts.store.active_id()
        for model in [alike.MODEL, *([active] if active else [])]:
            assert lib._parts.store.without_vectors(model) == []
        again = answers(lib._parts)
    assert portrait(folder) == before
    assert set(whole_files(folder)) >= {name for name in files if "-ivf." in name}
    assert found.keys() == again.keys()
    for shelf, (items, z, near) in found.items():
        assert items == again[shelf][0], shelf
        np.testing.assert_allclose(z, again[shelf][1], atol=1e-5, err_msg=str(shelf))
        np.testing.assert_allclose(near, again[shelf][2], atol=1e-4, err_msg=str(shelf))


def answers(parts):
    """Model, modality and channel to what its index holds and the scores it answers with."""
    told = {}
    for model in [alike.MODEL, *(row.id for row in parts.store.models())]:
        for shelf in parts.shelves(model):
            found = parts.store.vectors(model, shelf.modality, shelf.channel)
            owners = [
                (i, tuple(s)) for i, s in zip(found.item_ids, found.spans.tolist(), strict=True)
            ]
            order = sorted(range(len(owners)), key=lambda n: owners[n])
            assert [shelf.item(n) for n in range(len(owners))] == list(found.item_ids)
            query = found.z.mean(axis=0)
            near = shelf.every(query, frozenset(found.item_ids))
            scores = {(f.item_id, tuple(f.span)): f.score for f in near}
            told[model, shelf.modality, shelf.channel] = (
                [owners[n] for n in order],
                found.z[order],
                [scores[owners[n]] for n in order],
            )
    return told


def whole_files(folder):
    """Index files, each of which is whole; those of large shelves among them."""
    found = sorted((folder / "index").glob("*.json"))
    assert all(index_files.mapped(path.with_suffix("")) is not None for path in found)
    return [path.name for path in found]


def leftovers(folder):
    """Files that a killed process left behind."""
    return [
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.name.endswith((".tmp", ".new", ".quintet-tmp"))
    ]


def digests(folder):
    """Path to SHA-256 and time of every file but those of libraries."""
    return {
        str(p.relative_to(folder)): (
            hashlib.sha256(p.read_bytes()).hexdigest(),
            p.stat().st_mtime_ns,
        )
        for p in sorted(Path(folder).rglob("*"))
        if p.is_file() and ".quintet" not in p.parts
    }
