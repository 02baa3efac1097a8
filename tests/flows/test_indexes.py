"""A library whose vectors are searched by Qdrant: the same hits, and the store stays the truth."""

import shutil
import socket

import numpy as np
import pytest

import quintet
from quintet.datasets.sample import make_item
from quintet.errors import MissingExtra, Unreachable, UsageError
from quintet.flows import indexes
from quintet.index import qdrant_place
from quintet.index.flat import Flat
from quintet.index.qdrant import Qdrant
from quintet.index.qdrant_place import Place, connect
from quintet.store.sqlite import Store
from quintet.types import Modality

CLASSES = ("bell", "car")
MEDIA = (Modality.IMAGE, Modality.TEXT)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    for name in CLASSES:
        for modality in MEDIA:
            for no in range(5):
                make_item(folder, modality, name, no)
    return folder


@pytest.fixture(scope="module")
def filled(media, tmp_path_factory):
    """A trained library that searches here."""
    home = tmp_path_factory.mktemp("filled")
    with quintet.open(home) as lib:
        lib.add(media)
        lib.train("cca")
    return home


@pytest.fixture
def home(filled, tmp_path):
    shutil.copytree(filled, tmp_path / "home")
    return tmp_path / "home"


def spec(tmp_path):
    return f"qdrant:{tmp_path / 'qdrant'}"


def asked(lib, media):
    """What a few searches find, with their scores."""
    found = []
    for name in CLASSES:
        like = sorted((media / name / "image").iterdir())[0]
        for hits in (
            lib.similar(like, k=12),
            lib.similar(like, k=12, where=["folder=car"]),
            lib.search(name, k=12),
        ):
            found += [(h.item.id, h.score, h.evidence[0].why) for h in hits]
    return found


def test_the_same_hits_as_exact_search(home, media, tmp_path):
    with quintet.open(home) as lib:
        lib.rebuild()  # trained vectors of many items at once may differ in their last digits
        expected = asked(lib, media)
        lib.rebuild(index=spec(tmp_path))
        assert {type(s.index) for s in lib._parts.shelves(lib.models()[0].id)} == {Qdrant}
        assert asked(lib, media) == expected
    with quintet.open(home) as lib:
        assert asked(lib, media) == expected
        lib.rebuild(index="auto")
        assert {type(s.index) for s in lib._parts.shelves(lib.models()[0].id)} == {Flat}
        assert asked(lib, media) == expected


def test_a_library_made_for_it_is_added_to_and_removed_from(media, tmp_path):
    with quintet.create(tmp_path / "home", index=spec(tmp_path)) as lib:
        lib.add(media / "bell")
        like = sorted((media / "bell" / "image").iterdir())[0]
        assert len(lib.similar(like, k=20)) == 4
        lib.add(media / "car")
        hits = lib.similar(like, k=20)
        assert len(hits) == 9
        lib.remove([hits[0].item.id])
        assert {h.item.id for h in lib.similar(like, k=20)} == {h.item.id for h in hits[1:]}


def test_only_new_rows_are_sent_when_items_come(home, tmp_path, monkeypatch):
    with quintet.open(home) as lib:
        lib.rebuild(index=spec(tmp_path))
        before = _keys(home)
        lib.add(make_item(tmp_path / "extra", Modality.IMAGE, "bell", 7))
        sent = []
        upload = Qdrant._upload

        def spy(self, keys, z):
            sent.extend([] if self.collection.endswith("alike") else keys.tolist())
            upload(self, keys, z)

        monkeypatch.setattr(Qdrant, "_upload", spy)
        lib.search("bell")
    assert sent == sorted(_keys(home) - before)
    assert sent


def _keys(home):
    with Store.open(home / ".quintet") as store:
        model = store.active_id()
        shelves = [store.vectors(model, m, c) for m, c in store.shelves(model)]
        return {int(key) for shelf in shelves for key in shelf.keys}


@pytest.mark.parametrize("damage", ["collection", "stamp", "words", "points"])
def test_a_collection_that_disagrees_is_made_again(home, media, tmp_path, damage):
    with quintet.open(home) as lib:
        lib.rebuild(index=spec(tmp_path))
        expected = asked(lib, media)
    notes = {"stamp": '{"stamp": "2:older:1:1"}', "points": "{}"}
    at = connect(Place(str(tmp_path / "qdrant")))
    with at.asked() as client:
        for name in at.collections():
            if damage == "collection":
                client.delete_collection(name)
                continue
            old = client.get_collection(name).config.metadata
            client.update_collection(name, metadata=dict.fromkeys(old, notes.get(damage, "?")))
            if damage == "points":
                ids = [p.id for p in client.scroll(name, limit=1000)[0]]
                client.delete(name, ids[::2])
    at.close()
    with quintet.open(home) as lib:
        assert asked(lib, media) == expected


def test_two_libraries_on_one_server_do_not_meet(home, media, tmp_path):
    copy = tmp_path / "copy"
    with quintet.open(home) as lib:
        lib.rebuild(index=spec(tmp_path))
        expected = asked(lib, media)
    shutil.copytree(home, copy)
    with quintet.open(copy) as lib:
        lib.remove(lib.find(where=["folder=bell"]))
        assert {h.item.path.split("/")[-3] for h in lib.search("bell", k=30)} == {"car"}
        lib.rebuild()
    with quintet.open(home) as lib:
        assert asked(lib, media) == expected


def test_rebuild_leaves_no_collection_of_a_removed_model(home, tmp_path):
    with quintet.open(home) as lib:
        lib.rebuild(index=spec(tmp_path))
        (model,) = lib.models()
        lib.remove_model(model.id)
        lib.rebuild()
    at = connect(Place(str(tmp_path / "qdrant")))
    assert [name.rsplit("-", 1)[-1] for name in at.collections()] == ["alike"]
    at.close()


def test_cache_files_hold_no_vectors_then(home, tmp_path):
    def size():
        return sum(p.stat().st_size for p in (home / ".quintet" / "index").glob("*.bin"))

    with quintet.open(home) as lib:
        lib.rebuild()
        exact = size()
        lib.rebuild(index=spec(tmp_path))
    with Store.open(home / ".quintet") as store:
        rows = [store.vectors("alike", m, c) for m, c in store.shelves("alike")]
        vectors = sum(r.z.nbytes for r in rows)
    assert size() < exact - vectors


def test_no_such_index_is_told_before_anything_is_made(tmp_path):
    for wrong in ("faiss", "qdrant", "qdrant:", "qdrant:http://h?shard=1"):
        with pytest.raises(UsageError, match="qdrant:http"):
            quintet.create(tmp_path / "new", index=wrong)
    assert not (tmp_path / "new").exists()


def test_another_item_changes_no_other_row_until_many_have_come(home, tmp_path, monkeypatch):
    """Pooled vectors are standardised by what the shelf was first filled with."""
    monkeypatch.setattr(indexes, "STALE", 0.15)
    sent = []
    upload = Qdrant._upload

    def spy(self, keys, z):
        if self.collection.endswith("alike") and self.vector.startswith("image") and len(keys):
            sent.append(len(keys))
        upload(self, keys, z)

    monkeypatch.setattr(Qdrant, "_upload", spy)
    with quintet.open(home) as lib:
        lib.rebuild(index=spec(tmp_path))
        for no in (7, 8):
            made = make_item(tmp_path / "extra", Modality.IMAGE, "bell", no)
            lib.add(made)
            assert lib.similar(made, k=3)
    assert sent == [10, 1, 12]


def test_status_and_duplicates_work_there_too(home, media, tmp_path):
    with quintet.open(home) as lib:
        lib.rebuild()
        expected = lib.duplicates()
        lib.rebuild(index=spec(tmp_path))
        assert {i.kind for i in lib.status().indexes} == {"qdrant"}
        assert lib.duplicates() == expected


def test_an_index_that_is_gone_can_be_left(home, media, tmp_path):
    """The server is not there any more; the store is."""
    with quintet.open(home) as lib:
        lib.rebuild()
        expected = asked(lib, media)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = f"qdrant:http://127.0.0.1:{unused.getsockname()[1]}"
        with Store.open(home / ".quintet", write=True) as store:
            store.set_setting(indexes.SETTING, gone)
        with quintet.open(home) as lib:
            with pytest.raises(Unreachable, match="rebuild --index auto"):
                lib.similar(sorted((media / "car" / "image").iterdir())[0])
            assert "does not answer" in lib.rebuild(index="auto").left_behind
            assert [row[0] for row in asked(lib, media)] == [row[0] for row in expected]


def test_an_index_can_be_left_without_its_client(home, tmp_path, monkeypatch):
    with quintet.open(home) as lib:
        assert not lib.rebuild(index=spec(tmp_path)).left_behind
    monkeypatch.setattr(qdrant_place, "find_spec", lambda name: None)
    with quintet.open(home) as lib:
        with pytest.raises(MissingExtra):
            lib.search("bell")
        assert "pip install 'quintet[qdrant]'" in lib.rebuild(index="auto").left_behind
        assert lib.search("bell")


def test_vectors_of_another_width_under_the_same_name_are_made_again(home, media, tmp_path):
    with quintet.open(home) as lib:
        lib.rebuild(index=spec(tmp_path))
        expected = asked(lib, media)
    at = connect(Place(str(tmp_path / "qdrant")))
    with at.asked() as client:
        for name in at.collections():
            vectors = list(client.get_collection(name).config.params.vectors)
            client.delete_collection(name)
            wrong = Qdrant(at, name, vectors[0])
            wrong.add([1], np.ones((1, 16), np.float32))
    at.close()
    with quintet.open(home) as lib:
        assert asked(lib, media) == expected
