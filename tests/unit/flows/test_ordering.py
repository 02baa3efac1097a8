"""The order of hits: every key, both directions, and what has no value."""

import pytest

from quintet.errors import UsageError
from quintet.flows.ordering import SORTS, ordered
from quintet.types import Hit, Item, Modality

ITEMS = {
    "a": ("/m/img10.png", 5, "2024-01-03", {"date": "2019-05-01"}),
    "b": ("/m/img9.png", 50, "2024-01-01", {"date": "2021", "duration_s": "9.5"}),
    "c": ("/m/小狗.png", 7, "2024-01-02", {"duration_s": "100"}),
    "d": ("/x/Img9b.png", 1, "2024-01-04", {}),
}


def hits():
    return [
        Hit(Item(i * 64, Modality.IMAGE, "png", path, size, 1, added, metadata), n, 1.0, None, ())
        for n, (i, (path, size, added, metadata)) in enumerate(ITEMS.items(), start=1)
    ]


@pytest.mark.parametrize(
    ("sort", "forwards", "backwards"),
    [
        ("confidence", "abcd", "dcba"),
        ("name", "bdac", "cadb"),
        ("date", "bacd", "abcd"),
        ("size", "bcad", "dacb"),
        ("duration", "cbad", "bcad"),
        ("added", "dacb", "bcad"),
    ],
)
def test_each_order_both_ways(sort, forwards, backwards):
    for reverse, wanted in ((False, forwards), (True, backwards)):
        found = ordered(hits(), sort, reverse=reverse)
        assert "".join(h.item.id[0] for h in found) == wanted


def test_the_place_by_relevance_is_kept():
    assert [h.rank for h in ordered(hits(), "name")] == [2, 4, 1, 3]


def test_an_unknown_order_names_the_known_ones():
    with pytest.raises(UsageError, match=", ".join(SORTS)):
        ordered([], "colour")
