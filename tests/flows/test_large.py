"""Large shelves: the approximate index serves what the exact one would, whatever happens to it."""

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from media_fakes import run

from quintet.flows import alike, large, shelves
from quintet.flows.parts import Parts
from quintet.flows.shelves import Kept, build_large, open_shelves, summaries
from quintet.index import ivf
from quintet.index.breadth import Breadth
from quintet.index.flat import Flat
from quintet.index.ivf import IVF
from quintet.library import Library
from quintet.store.records import ModelRow, VectorRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Modality

TEXT, WRITTEN = Modality.TEXT, Channel.WRITTEN
ITEMS, EACH, K = 60, 20, 21


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A library whose one shelf of 1 200 vectors counts as large, all cells looked into."""
    monkeypatch.setattr(large, "EXACT_BELOW", 1000)
    monkeypatch.setattr(ivf, "FEW", 10)
    monkeypatch.setattr("quintet.index.breadth.TARGET", 1.1)
    monkeypatch.setattr("quintet.index.breadth.MOST", 1.0)
    with Store.create(tmp_path / "library") as made:
        for n in range(ITEMS):
            (tmp_path / f"{n}.txt").write_text(f"words {n}")
        run(made, tmp_path)
        made.put_model(ModelRow("m1", "fake", "2024", {}, {}), {TEXT: rows(made.find(), 0)})
        yield made


def rows(ids, seed):
    z = np.random.default_rng(seed).normal(size=(len(ids) * EACH, K)).astype(np.float32)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    return [VectorRow(ids[i // EACH], WRITTEN, 0, 0, row) for i, row in enumerate(z)]


def quiet(stage, done, total):
    pass


def build(store):
    build_large(store, ["m1"], quiet)


def the_shelf(store, kept=None):
    (shelf,) = open_shelves(store, "m1", kept)
    return shelf


def answers(shelf, allowed=None):
    z = np.random.default_rng(9).normal(size=(8, K)).astype(np.float32)
    found = [shelf.search(q / np.linalg.norm(q), 7, allowed) for q in z]
    return [[(f.item_id, f.span, round(f.score, 5)) for f in hits] for hits in found]


def exactly(store, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(large, "EXACT_BELOW", 10**9)
        shelf = the_shelf(store)
        assert isinstance(shelf.index, Flat)
        return answers(shelf), answers(shelf, frozenset(store.find()[::3]))


def both(store):
    shelf = the_shelf(store)
    assert isinstance(shelf.index, IVF)
    return answers(shelf), answers(shelf, frozenset(store.find()[::3]))


def test_exact_until_it_is_built_then_approximate_with_the_same_answers(store, monkeypatch):
    assert isinstance(the_shelf(store).index, Flat)
    build(store)
    assert both(store) == exactly(store, monkeypatch)


def test_what_is_added_and_removed_after_building_is_seen_at_once(store, monkeypatch, tmp_path):
    build(store)
    kept = Kept()
    first = the_shelf(store, kept)
    gone = answers(first)[0][0][0]
    store.remove([gone])
    (tmp_path / "new.txt").write_text("new words")
    run(store, tmp_path)
    new = store.resolve(str(tmp_path / "new.txt")).id
    store.put_vectors("m1", TEXT, rows([new], 1))
    shelf = the_shelf(store, kept)
    assert shelf.index.base is first.index.base
    assert len(shelf.index.fresh) == EACH
    assert gone not in {item for hits in answers(shelf) for item, *_ in hits}
    assert both(store) == exactly(store, monkeypatch)
    (summary,) = summaries(store, ["m1"])
    assert (summary.kind, summary.vectors) == ("approximate", ITEMS * EACH)


def test_libraries_beside_each_other_have_a_large_index_in_memory_once(store):
    build(store)
    with Library(store.folder) as lib, lib.beside() as other:
        (mine,), (theirs,) = lib._parts.shelves("m1"), other._parts.shelves("m1")
        assert mine.index is not theirs.index
        assert mine.index.base is theirs.index.base


def test_a_file_is_built_again_only_when_much_has_changed(store, tmp_path):
    build(store)
    path = store.folder / "index" / "m1-text-written-ivf.json"
    first = path.stat().st_mtime_ns
    store.remove(store.find()[:3])
    build(store)
    assert path.stat().st_mtime_ns == first
    store.remove(store.find()[:5])
    build(store)
    assert path.stat().st_mtime_ns != first
    assert len(the_shelf(store).index.base.keys) == (ITEMS - 8) * EACH


@pytest.mark.parametrize("suffix", ["bin", "json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_file_never_serves_and_is_built_again(store, monkeypatch, suffix, damage):
    build(store)
    path = store.folder / "index" / f"m1-text-written-ivf.{suffix}"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.unlink()
    if damage != "gone":
        path.write_bytes(data if damage == "flip" else data[: len(data) // 2])
    assert isinstance(the_shelf(store).index, Flat)
    build(store)
    assert both(store) == exactly(store, monkeypatch)


def test_the_file_of_another_library_is_not_used(store, monkeypatch):
    build(store)
    with store._transaction() as db:
        db.execute("DELETE FROM vectors WHERE model_id = 'm1'")
        db.execute("DELETE FROM sqlite_sequence WHERE name = 'vectors'")
    store.put_vectors("m1", TEXT, rows(store.find(), 5))
    assert isinstance(the_shelf(store).index, Flat)


def test_a_killed_build_costs_nothing(store, monkeypatch):
    build(store)
    before = both(store)
    code = f"""
        import os, signal
        from pathlib import Path
        from quintet.flows import large, shelves
        from quintet.store.sqlite import Store
        large.EXACT_BELOW = 1000
        def die(stage, done, total):
            os.kill(os.getpid(), signal.SIGKILL)
        with Store.open(Path({str(store.folder)!r})) as store:
            shelves.build_large(store, ["m1"], die, again=True)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = [p.name for p in (store.folder / "index").glob("*.tmp")]
    assert len(left) == 1
    assert both(store) == before
    build_large(store, ["m1"], quiet, again=True)
    assert not list((store.folder / "index").glob("*.tmp"))


def test_the_process_that_is_open_goes_over_to_the_new_index(store):
    parts = Parts(store.folder)
    (shelf,) = parts.shelves("m1")
    assert isinstance(shelf.index, Flat)
    assert parts.shelves("m1")[0] is shelf
    build(store)
    (shelf,) = parts.shelves("m1")
    assert isinstance(shelf.index, IVF)
    assert parts.shelves("m1")[0] is shelf
    parts.close()


def test_pooled_vectors_are_standardised_as_on_an_exact_shelf(store, monkeypatch):
    z = rows(store.find(), 3)
    scaled = [VectorRow(r.item_id, r.channel, 0, 0, 5 * r.z + np.float32(2)) for r in z]
    store.clear_vectors(alike.MODEL)
    store.put_vectors(alike.MODEL, TEXT, scaled)
    (exact,) = open_shelves(store, alike.MODEL)
    build_large(store, [alike.MODEL], quiet)
    (codes,) = open_shelves(store, alike.MODEL)
    assert isinstance(codes.index, IVF)
    np.testing.assert_allclose(codes.mean, exact.mean, atol=1e-5)
    np.testing.assert_allclose(codes.scale, exact.scale, atol=1e-5)
    raw = scaled[5].z
    for shelf in (exact, codes):
        assert shelf.search(shelf.standardised(raw), 1, None)[0].score == pytest.approx(1, abs=1e-5)


def test_breadth_is_measured_with_the_vectors_of_other_shelves(store, monkeypatch):
    given = []
    measured = Breadth.measured

    def spy(codes, rows, asked=()):
        given.extend(asked)
        return measured(codes, rows, asked)

    pictures = [VectorRow(r.item_id, Channel.SEEN, 0, 0, r.z) for r in rows(store.find()[:3], 4)]
    store.put_vectors("m1", Modality.IMAGE, pictures)
    monkeypatch.setattr(Breadth, "measured", spy)
    build(store)
    (asked,) = given
    np.testing.assert_array_equal(asked[:, :K], [r.z for r in pictures])


def test_vectors_made_again_as_they_were_leave_the_index_serving(store, monkeypatch):
    build(store)
    before = the_shelf(store)
    channels = [c for c in store.channels() if c.channel is WRITTEN]
    store.replace_vectors("m1", channels, {TEXT: rows(store.find(), 0)})
    after = the_shelf(store)
    np.testing.assert_array_equal(after.index.keys, before.index.keys)
    assert isinstance(after.index, IVF)
    changed = rows(store.find(), 0)
    changed[7] = VectorRow(changed[7].item_id, WRITTEN, 0, 0, changed[8].z)
    store.replace_vectors("m1", channels, {TEXT: changed})
    assert len(the_shelf(store).index.fresh) == EACH
    assert both(store) == exactly(store, monkeypatch)
    store.replace_vectors("m1", channels[1:], {TEXT: []})
    assert len(the_shelf(store).item_ids) == EACH


def test_masks_hold_the_rows_of_the_items_and_no_other(store):
    shelf = the_shelf(store)
    ids = store.find()
    for some in ([], ids[3:9], ids[:1], [*ids[-2:], "f" * 64, "0", "g"], ["0" * 64]):
        expected = [str(i, "ascii") in some for i in shelf.item_ids.tolist()]
        for _ in range(2):
            mask = shelf.mask(frozenset(some))
            assert mask.tolist() == expected
            assert not mask.flags.writeable


def test_a_rebuild_keeps_serving_and_writes_it_again(store):
    build(store)
    path = store.folder / "index" / "m1-text-written-ivf.bin"
    shelves.keep_only(store, ["m1"])
    assert path.exists()
    shelves.keep_only(store, [])
    assert not path.exists()


def test_a_folder_that_cannot_be_written_costs_only_time(store):
    (store.folder / "index").mkdir(exist_ok=True)
    for path in (store.folder / "index").iterdir():
        path.unlink()
    (store.folder / "index").rmdir()
    (store.folder / "index").write_text("no folder")
    build(store)
    assert isinstance(the_shelf(store).index, Flat)
    (store.folder / "index").unlink()
