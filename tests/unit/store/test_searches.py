"""Saved searches and what was seen of them."""

import pytest

from quintet.errors import UnknownName
from quintet.store.records import FileRow, Record
from quintet.store.sqlite import Store
from quintet.types import Item, Modality


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path) as made:
        for digit in "abc":
            path = f"/m/{digit}.png"
            item = Item(digit * 64, Modality.IMAGE, "png", path, 1, 1, "2024")
            made.put([Record(item, FileRow(path, "/m", 1, 1, 1), {}, {}, {}, [])])
        yield made


def test_a_search_comes_back_as_it_was_saved(store):
    query = {"words": "狗 dog", "where": ["date>2019"], "k": 5}
    store.put_search("狗", query)
    store.put_search("boats", {"words": "boat"})
    assert [row.name for row in store.searches()] == ["boats", "狗"]
    row = store.saved_search("狗")
    assert row.query == query
    assert row.seen_at is None
    with Store.open(store.folder) as reader:
        assert reader.saved_search("狗") == row


def test_what_was_seen_adds_up_until_the_search_is_saved_anew(store):
    store.put_search("dogs", {"words": "dog"})
    store.mark_seen("dogs", ["a" * 64])
    store.mark_seen("dogs", ["a" * 64, "b" * 64])
    assert store.seen("dogs") == {"a" * 64, "b" * 64}
    assert store.saved_search("dogs").seen_at
    store.remove(["a" * 64])
    assert store.seen("dogs") == {"b" * 64}
    store.put_search("dogs", {"words": "dogs"})
    assert store.seen("dogs") == frozenset()
    assert store.saved_search("dogs").seen_at is None


def test_a_forgotten_search_leaves_nothing(store):
    store.put_search("dogs", {"words": "dog"})
    store.mark_seen("dogs", ["a" * 64])
    store.forget_search("dogs")
    assert store.searches() == []
    assert store._rows("SELECT * FROM seen") == []
    assert store.verify() == []


def test_an_unknown_name_lists_those_like_it(store):
    store.put_search("dogs", {"words": "dog"})
    for verb in (store.saved_search, store.forget_search):
        with pytest.raises(UnknownName, match="dogs"):
            verb("dog")
