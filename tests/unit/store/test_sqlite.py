"""The store: what goes in comes out, in one transaction, and damage is named."""

import sqlite3
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from quintet.errors import (
    LibraryCorrupt,
    LibraryNotFound,
    LibraryTooNew,
    NoSpace,
    UnknownName,
    UsageError,
)
from quintet.store.records import FileRow, ModelRow, Placement, Record, TextRow, VectorRow
from quintet.store.schema import DATABASE, VERSION
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Local, Modality, Segment, SegmentKind

SAID, SEEN = Channel.SAID, Channel.SEEN


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "library") as made:
        yield made


def record(digit, path=None, *, root="/m", texts=(), tags=()):
    item_id = digit * 64
    path = path or f"/m/{digit}.mp4"
    rng = np.random.default_rng(ord(digit))
    cue = Segment(SegmentKind.CUE, 0, start_s=1.0, end_s=2.5, text=f"words of {digit}")
    shots = [Segment(SegmentKind.SHOT, n, start_s=float(n), end_s=n + 1.0) for n in range(3)]
    local = Local(rng.normal(size=(3, 4)).astype(np.float32), np.arange(3))
    return Record(
        item=Item(
            item_id, Modality.VIDEO, "mp4", path, 10, 5, "2024", {"title": f"T {digit}"}, tags=tags
        ),
        file=FileRow(path, root, 10, 5, 7, item_id),
        segments={SEEN: shots, SAID: [cue]},
        local={SEEN: local},
        encoder={SEEN: "frames@1"},
        texts=[
            TextRow("name", digit),
            TextRow("subtitle", cue.text, SAID, 0),
            *(TextRow("tag", tag) for tag in tags),
            *texts,
        ],
        vectors={"alike": [vector(digit, local.x.mean(axis=0))]},
    )


def vector(digit, z):
    return VectorRow(digit * 64, SEEN, 0, 2, np.asarray(z, dtype=np.float32))


# items


def test_an_item_comes_back_whole(store):
    made = record("a", tags=("x", "y"))
    store.put([made, record("b")])
    (item,) = store.get_many(["a" * 64])
    assert item == made.item
    assert store.segments(item.id) == made.segments
    local = store.local([item.id], SEEN)[item.id]
    np.testing.assert_allclose(local.x, made.local[SEEN].x, atol=2e-3)
    assert [(c.item_id[0], c.channel, c.encoder) for c in store.channels()] == [
        ("a", SEEN, "frames@1"),
        ("b", SEEN, "frames@1"),
    ]
    found = store.vectors("alike", Modality.VIDEO, SEEN)
    assert found.item_ids == ["a" * 64, "b" * 64]
    np.testing.assert_array_equal(found.z[0], made.vectors["alike"][0].z)


def test_items_come_in_the_order_asked_for(store):
    store.put([record(d) for d in "abc"])
    ids = ["c" * 64, "a" * 64, "f" * 64, "a" * 64]
    assert [i.id[0] for i in store.get_many(ids)] == ["c", "a", "a"]


def test_more_items_than_one_statement_takes(store):
    rows = [replace(record("a", f"/m/{n}"), vectors={}) for n in range(1203)]
    ids = [f"{n:064x}" for n in range(1203)]
    store.put(
        [
            replace(r, item=replace(r.item, id=i), file=replace(r.file, item_id=i))
            for r, i in zip(rows, ids, strict=True)
        ]
    )
    assert [i.id for i in store.get_many(ids)] == ids
    assert len(store.local(ids, SEEN)) == 1203


def test_a_batch_is_committed_whole_or_not_at_all(store):
    with pytest.raises(sqlite3.IntegrityError):
        store.put([record("a"), record("b"), record("a")])
    assert store.find() == []
    assert store.text_search("words", 5) == []
    assert store.stats().vectors == 0


def test_removing_takes_everything_along(store):
    store.put([record("a", tags=("x",)), record("b")])
    store.remove(["a" * 64])
    assert store.find() == ["b" * 64]
    assert [h.item_id[0] for h in store.text_search("words", 5)] == ["b"]
    stats = store.stats()
    assert (stats.files, stats.segments, stats.vectors) == (1, 4, 1)
    assert store.tags() == {}
    assert store.verify() == []


def test_resolve_by_path_and_by_first_digits(store, monkeypatch):
    store.put([record("a"), record("b"), record("c", "/m/deadbeef.mp4")])
    monkeypatch.chdir("/")
    assert store.resolve("/m/../m/a.mp4").id[0] == "a"
    assert store.resolve("m/b.mp4").id[0] == "b"
    assert store.resolve("cccc").id[0] == "c"
    with pytest.raises(UnknownName, match=r"did you mean 'deadbeef\.mp4'"):
        store.resolve("deadbef.mp4")
    with pytest.raises(UnknownName):
        store.resolve("aaa")
    twin = "a" * 63 + "b"
    made = record("a", "/m/twin")
    store.put(
        [
            replace(
                made,
                item=replace(made.item, id=twin),
                file=replace(made.file, item_id=twin),
                vectors={},
            )
        ]
    )
    with pytest.raises(UsageError, match="several ids begin with aaaa"):
        store.resolve("aaaa")


def test_the_same_content_at_several_paths(store):
    store.put([record("a")])
    copy = FileRow("/m/copy.mp4", "/m", 10, 6, 8, "a" * 64)
    store.put_files([Placement(copy, [TextRow("name", "copy")], tags=["twice"])])
    (item,) = store.get_many(store.find())
    assert (item.path, item.others, item.tags) == ("/m/a.mp4", ("/m/copy.mp4",), ("twice",))
    assert {h.field for h in store.text_search("copy", 5)} == {"name"}
    store.mark_missing(["/m/a.mp4"])
    (item,) = store.get_many(store.find())
    assert (item.path, item.missing) == ("/m/copy.mp4", False)
    store.forget_files(["/m/copy.mp4"])
    (item,) = store.get_many(store.find())
    assert (item.path, item.missing) == ("/m/a.mp4", True)
    assert store.text_search("copy", 5) == []


def test_items_without_any_file_are_forgotten_on_demand(store):
    store.put([record("a"), record("b")])
    store.forget_files(["/m/a.mp4"])
    store.forget_orphans()
    assert store.find() == ["b" * 64]


@pytest.mark.parametrize(
    ("root", "found"),
    [("/m", "ab"), ("/m/", "ab"), ("/m/a.mp4", "a"), ("/", "abc"), ("/m/a", ""), ("/m2", "c")],
)
def test_known_files_are_those_below_a_folder(store, root, found):
    store.put([record("a"), record("b"), record("c", "/m2/c.mp4")])
    assert "".join(sorted(r.item_id[0] for r in store.known_files(root).values())) == found


# text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("running", True),
        ("ran runs", False),
        ("runs", True),
        ("CAFÉ", True),
        ("cafe", True),
        ("狗", True),
        ("小狗", True),
        ("狗小", False),
        ("公园 小狗", True),
        ('"', False),
        ("* OR NEAR(", False),
        ("", False),
        ("run -dog", True),
    ],
)
def test_words_in_english_and_chinese(store, query, found):
    text = "He runs to the café. 小狗在公园里跑"
    store.put([record("a", texts=[TextRow("text", text, Channel.WRITTEN, 4)])])
    hits = [h for h in store.text_search(query, 5) if h.field == "text"]
    assert bool(hits) == found or query == "ran runs"
    if hits:
        assert (hits[0].segment_no, hits[0].snippet) == (4, text)


def test_the_better_place_comes_first_and_each_item_once(store):
    store.put(
        [
            record(
                "a",
                texts=[
                    TextRow("text", "a long text that has the word zebra once", None, n)
                    for n in range(9)
                ],
            ),
            record("b", texts=[TextRow("text", "zebra zebra")]),
        ]
    )
    assert [h.item_id[0] for h in store.text_search("zebra", 10)] == ["b", "a"]
    assert len(store.text_search("zebra", 1)) == 1


def test_all_words_before_any_word(store):
    store.put(
        [
            record("a", texts=[TextRow("text", "red fox")]),
            record("b", texts=[TextRow("text", "red hen")]),
        ]
    )
    assert [h.item_id[0] for h in store.text_search("red fox", 5)] == ["a"]
    assert {h.item_id[0] for h in store.text_search("fox hen", 5)} == {"a", "b"}


def test_a_rebuilt_full_text_finds_the_same(store):
    store.put([record("a"), record("b")])
    before = store.text_search("words", 5)
    store._db.execute("DELETE FROM words")
    assert store.text_search("words", 5) == []
    assert store.rebuild_words() == 4
    assert store.text_search("words", 5) == before


# tags and labels


def test_tags_are_put_on_and_taken_off(store):
    store.put([record("a"), record("b")])
    store.add_tags(store.find(), ["sun", "sea"])
    store.add_tags(["a" * 64], ["sun"])
    store.remove_tags(["a" * 64], ["sun", "never"])
    assert store.tags() == {"sea": 2, "sun": 1}
    assert [h.item_id[0] for h in store.text_search("sun", 5)] == ["b"]


def test_labels_of_one_source_are_replaced(store):
    store.put([record("a"), record("b")])
    store.set_labels({"a" * 64: "dog", "b" * 64: "cat"}, "user")
    store.set_labels({"a" * 64: "animal"}, "folder")
    store.set_labels({"b" * 64: "bird"}, "user")
    assert store.labels("user") == {"b" * 64: "bird"}
    assert store.label_sources() == {"folder": 1, "user": 1}


# models and vectors


def model(name, at):
    return ModelRow(name, "cca", at, {"k": 2}, {"map": 0.5}, {"w": b"\x00\x01", "c": b"{}"})


def test_models_with_their_vectors(store):
    store.put([record("a"), record("b")])
    store.put_model(
        model("m1", "2024-01-01"), {Modality.VIDEO: [vector("a", [1, 0]), vector("b", [0, 1])]}
    )
    store.put_model(model("m2", "2024-01-02"), {})
    assert [m.id for m in store.models()] == ["m2", "m1"]
    assert store.active_id() == "m2"
    store.activate("m1")
    assert store.model("m1") == model("m1", "2024-01-01")
    assert store.vectors("m1", Modality.VIDEO, SEEN).z.tolist() == [[1, 0], [0, 1]]
    assert [c.item_id[0] for c in store.without_vectors("m2")] == ["a", "b"]
    assert store.without_vectors("m1") == []
    store.remove_model("m1")
    assert store.active_id() == "m2"
    assert store.shelves("m1") == []
    with pytest.raises(UnknownName, match="m2"):
        store.model("m1")
    store.remove_model("m2")
    assert store.active_id() is None


def test_the_generation_tells_every_change_of_the_vectors(store):
    seen = {store.generation("alike")}
    store.put([record("a")])
    seen.add(store.generation("alike"))
    store.put([record("b")])
    seen.add(store.generation("alike"))
    store.remove(["b" * 64])
    seen.add(store.generation("alike"))
    store.put([record("b")])
    seen.add(store.generation("alike"))
    store.clear_vectors("alike")
    store.put_vectors("alike", Modality.VIDEO, [vector("a", [1]), vector("b", [2])])
    seen.add(store.generation("alike"))
    assert len(seen) == 5  # removing b leads back to where a was alone
    assert store.generation("other")[0] == 0


# jobs


def test_a_job_whose_process_died_is_found_interrupted(store, tmp_path):
    store.start_job("add", {"paths": ["/m"]})
    done = store.start_job("train", {})
    store.finish_job(done, "done", {"n": 1})
    store.close()
    with Store.open(tmp_path / "library") as reading:
        assert [j.state for j in reading.jobs()] == ["done", "running"]
    with Store.open(tmp_path / "library", write=True) as again:
        assert [(j.kind, j.state, j.report) for j in again.jobs()] == [
            ("train", "done", {"n": 1}),
            ("add", "interrupted", {}),
        ]


# the file


def test_a_reader_sees_later_commits(store):
    with Store.open(store.folder) as reader:
        store.put([record("a")])
        assert reader.find() == ["a" * 64]
        with pytest.raises(NoSpace, match="readonly"):
            reader.put([record("b")])


def test_no_library(tmp_path):
    with pytest.raises(LibraryNotFound, match="quintet init"):
        Store.open(tmp_path)


def test_a_second_library_in_the_same_place(store):
    with pytest.raises(UsageError, match="already"):
        Store.create(store.folder)
    assert sorted(p.name for p in store.folder.glob("*.new")) == []


def test_a_newer_schema_is_refused_with_both_versions(tmp_path):
    Store.create(tmp_path).close()
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for write in (False, True):
        with pytest.raises(LibraryTooNew, match=f"schema 99, this program knows {VERSION}"):
            Store.open(tmp_path, write=write)


@pytest.mark.parametrize(
    "content", [b"", b"not a database at all" * 100, b"SQLite format 3\0" + bytes(5000)]
)
def test_a_file_that_is_no_library(tmp_path, content):
    (tmp_path / DATABASE).write_bytes(content)
    with pytest.raises(LibraryCorrupt):
        Store.open(tmp_path)


def test_another_programs_database(tmp_path):
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.execute("CREATE TABLE items (x)")
    db.close()
    with pytest.raises(LibraryCorrupt, match="not a Quintet library"):
        Store.open(tmp_path)


def test_a_cut_database_is_called_damaged(tmp_path):
    with Store.create(tmp_path) as store:
        store.put([record(d) for d in "abcdef"])
    whole = (tmp_path / DATABASE).read_bytes()
    for keep in (0.3, 0.6, 0.9):
        (tmp_path / DATABASE).write_bytes(whole[: int(keep * len(whole))])
        with pytest.raises(LibraryCorrupt, match="damaged"), Store.open(tmp_path) as store:
            raise LibraryCorrupt("damaged: " + "; ".join(store.verify() or ["found nothing"]))


@pytest.mark.parametrize("table", ["features", "vectors", "model_blobs"])
def test_a_flipped_bit_in_a_blob_names_its_owner(store, table):
    store.put([record("a")])
    store.put_model(model("m1", "2024"), {})
    column = {"features": "x", "vectors": "z", "model_blobs": "data"}[table]
    blob = bytearray(store._rows(f"SELECT {column} FROM {table} LIMIT 1")[0][0])
    blob[-1] ^= 4
    store._db.execute(f"UPDATE {table} SET {column} = ?", (bytes(blob),))
    (first, *_) = store.verify()
    assert ("model m1" if table == "model_blobs" else "item aaaaaaaaaaaa") in first


READ_ONLY = """
import os, sys
from pathlib import Path
from quintet.errors import NoSpace
from quintet.store.sqlite import Store
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
with Store.open(Path(sys.argv[1])) as store:
    print(len(store.find()), [h.item_id[0] for h in store.text_search("words", 5)])
try:
    Store.open(Path(sys.argv[1]), write=True)
except NoSpace as e:
    print("refused", e)
"""


def test_a_read_only_folder_is_searched_but_not_written(tmp_path_factory):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        library = Path(place) / "library"
        with Store.create(library) as store:
            store.put([record("a")])
        (library / DATABASE).chmod(0o444)
        (library / "writer.lock").chmod(0o444)
        library.chmod(0o555)
        try:
            found = subprocess.run(
                [sys.executable, "-c", READ_ONLY, str(library)],
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            library.chmod(0o755)
    first, second = found.stdout.splitlines()
    assert first == "1 ['a']", found.stderr
    assert second.startswith("refused")
    assert place in second


def test_durability_is_full(store):
    assert store._rows("PRAGMA synchronous") == [(2,)]
    assert store._rows("PRAGMA journal_mode") == [("wal",)]
    assert store._rows("PRAGMA foreign_keys") == [(1,)]
    assert store._rows("PRAGMA trusted_schema") == [(0,)]
