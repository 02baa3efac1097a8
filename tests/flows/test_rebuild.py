"""Rebuild: deleting everything that is derived and making it again changes nothing."""

from pathlib import Path

import numpy as np
import pytest
from media_fakes import FakeBox, encoders, run

from quintet.flows import alike
from quintet.flows.reading import Embedding
from quintet.flows.rebuild import encode_again, fill, rebuild
from quintet.flows.shelves import open_shelves
from quintet.store.records import ModelRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Modality

TEXT, WRITTEN = Modality.TEXT, Channel.WRITTEN


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "library") as made:
        for n in range(12):
            (tmp_path / f"{n}.txt").write_text("\n".join(["words " * (1 + n % 4)] * (1 + n)))
        run(made, tmp_path)
        yield made


def quiet(stage, done, total):
    pass


def embedding(model_id="m1"):
    """Unit rows from the mean of the steps: a model that needs no training."""

    def embed(modality, rows):
        z = np.stack([np.append(r.x.mean(axis=0), 1.0) for r in rows]).astype(np.float32)
        return z / np.linalg.norm(z, axis=1, keepdims=True)

    return Embedding(model_id, frozenset({TEXT}), embed)


def answers(store, model_id):
    (shelf,) = open_shelves(store, model_id)
    z = shelf.index.rows[:, : shelf.index.rows.shape[1]]
    return {(f.item_id, f.span, round(f.score, 5)) for q in z for f in shelf.search(q, 5, None)}


def trained(store):
    store.put_model(ModelRow("m1", "fake", "2024", {}, {}), {})
    fill(store, embedding(), store.without_vectors("m1"), quiet)


def test_everything_derived_is_made_again_as_it_was(store):
    trained(store)
    before = answers(store, "m1"), answers(store, alike.MODEL), store.text_search("words", 20)
    for path in (store.folder / "index").iterdir():
        path.unlink()
    store._db.execute("DELETE FROM words")
    store._db.execute("DELETE FROM vectors")
    report = rebuild(store, embedding(), quiet)
    (missing,) = report.damaged
    assert missing.startswith("full text: ")
    assert store.verify() == []
    assert (answers(store, "m1"), answers(store, alike.MODEL)) == before[:2]
    assert store.text_search("words", 20) == before[2]


def test_vectors_that_come_out_as_they_were_keep_their_keys(store):
    trained(store)
    keys = {m: store.vector_keys(m, TEXT, WRITTEN).tolist() for m in ("m1", alike.MODEL)}
    damaged = keys["m1"][4]
    flipped = "UPDATE vectors SET z = zeroblob(length(z)) WHERE key = ?"
    store._db.execute(flipped, (damaged,))
    ((item_id,),) = store._rows("SELECT item_id FROM vectors WHERE key = ?", (damaged,))
    gone = store._rows(
        "SELECT key FROM vectors WHERE item_id = ? AND model_id = 'm1' ORDER BY key", (item_id,)
    )
    rebuild(store, embedding(), quiet)
    assert store.vector_keys(alike.MODEL, TEXT, WRITTEN).tolist() == keys[alike.MODEL]
    after = store.vector_keys("m1", TEXT, WRITTEN).tolist()
    assert sorted(set(keys["m1"]) - set(after)) == [key for (key,) in gone]
    assert len(after) == len(keys["m1"])
    assert store.verify() == []


@pytest.mark.parametrize("damage", ["cut", "flip", "swap"])
def test_damaged_index_files_change_no_answer(store, damage):
    before = answers(store, alike.MODEL)
    for path in sorted((store.folder / "index").iterdir()):
        data = bytearray(path.read_bytes())
        if damage == "flip":
            data[len(data) // 2] ^= 16
        path.write_bytes(
            data[: len(data) // 2] if damage == "cut" else data[:: -1 if damage == "swap" else 1]
        )
    assert answers(store, alike.MODEL) == before


def test_an_index_file_is_not_used_after_a_change(store, tmp_path):
    (first,) = open_shelves(store, alike.MODEL)
    (tmp_path / "new.txt").write_text("Something new.")
    run(store, tmp_path)
    (second,) = open_shelves(store, alike.MODEL)
    assert len(second.index) == len(first.index) + 1
    store.remove(store.find(["name=new.txt"]))
    (third,) = open_shelves(store, alike.MODEL)
    assert third.index.keys.tolist() == first.index.keys.tolist()


def test_vectors_are_made_in_parts_that_fit_into_memory(store, monkeypatch):
    whole = answers(store, alike.MODEL)
    sizes = [row.values for row in store.channels()]
    assert sorted(sizes) == [3 * n for n in range(1, 13)]
    monkeypatch.setattr("quintet.flows.rebuild.CHUNK_VALUES", 40)
    told = []
    fill(store, None, store.channels(), lambda stage, done, total: told.append(done))
    assert len(told) > 4
    assert told[-1] == 12
    assert answers(store, alike.MODEL) == whole


def test_items_whose_encoder_changed_are_read_again(store):
    newer = encoders()
    newer[TEXT].version = "2"
    old = {i: x.x.copy() for i, x in store.local(store.find(), WRITTEN).items()}
    newer[TEXT].encode = lambda media, segments: [np.ones((2, 3), np.float32) for _ in segments]
    box = FakeBox()
    assert encode_again(store, box, newer, None, quiet) == (12, 0)
    assert {c.encoder for c in store.channels()} == {"fake@2"}
    new = store.local(store.find(), WRITTEN)
    assert all(len(new[i].x) == 2 * len(old[i]) for i in old)
    assert len(store.vectors(alike.MODEL, TEXT, WRITTEN).keys) == 12
    assert encode_again(store, box, newer, None, quiet) == (0, 0)
    assert box.opened == 12


def test_items_whose_file_is_gone_or_another_stay_as_they_are(store, tmp_path):
    (tmp_path / "0.txt").unlink()
    (tmp_path / "1.txt").write_text("Another content.")
    newer = encoders()
    newer[TEXT].version = "2"
    assert encode_again(store, FakeBox(), newer, None, quiet) == (10, 2)
    assert len(store.local(store.find(), WRITTEN)) == 12


def test_damaged_features_are_named_and_mended(store, tmp_path):
    victim = store.resolve(str(tmp_path / "7.txt")).id
    good = store.local([victim], WRITTEN)[victim].x
    store._db.execute("UPDATE features SET x = zeroblob(length(x)) WHERE item_id = ?", (victim,))
    assert victim[:12] in rebuild_damage(store)
    assert encode_again(store, FakeBox(), encoders(), None, quiet) == (1, 0)
    np.testing.assert_allclose(store.local([victim], WRITTEN)[victim].x, good)
    assert store.verify() == []


def rebuild_damage(store):
    (line,) = store.verify()
    return line


def test_the_active_model_gives_new_items_its_vectors(store, tmp_path):
    from quintet.flows.add import Work, add

    trained(store)
    have = len(store.vectors("m1", TEXT, WRITTEN).keys)
    (tmp_path / "new.txt").write_text("Something new.")
    work = Work(FakeBox(), encoders(), embedding(), [], 1, quiet)
    assert add(store, [Path(tmp_path)], work).added == 1
    assert len(store.vectors("m1", TEXT, WRITTEN).keys) == have + 1
    assert store.without_vectors("m1") == []
