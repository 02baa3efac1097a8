"""Parts of a query as typed."""

from pathlib import Path

import pytest

from quintet.errors import UsageError
from quintet.flows.query import Term
from quintet.types import SegmentKind


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("snow", Term(words="snow")),
        (" red car ^2 ", Term(words="red car ", weight=2.0)),
        ("雪^.5", Term(words="雪", weight=0.5)),
        ("C^", Term(words="C^")),
        ("e^x", Term(words="e^x")),
        ("person^-1", Term(words="person", weight=-1.0)),
        ("snow^1e-05", Term(words="snow", weight=1e-05)),
        ("file:a b#1.jpg", Term(file=Path("a b#1.jpg"))),
        ("item:3fa2", Term(item="3fa2")),
        ("item:a#1.mp4", Term(item="a#1.mp4")),
        ("item:a#1.mp4#shot12^3", Term(item="a#1.mp4", segment="shot12", weight=3.0)),
        ("item:a.mp4#shot0", Term(item="a.mp4#shot0")),
    ],
)
def test_a_part_is_words_a_file_an_item_or_a_segment(typed: str, term: Term) -> None:
    assert Term.parse(typed) == term


@pytest.mark.parametrize("typed", ["", "a^0", "a^nan", "a^-inf", "a^1e400", "file:", "item:^2"])
def test_what_says_nothing_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        Term.parse(typed)


def test_segments_are_counted_as_hits_show_them() -> None:
    assert Term(item="a", segment="sentence12").kind_and_number() == (SegmentKind.SENTENCE, 11)
    with pytest.raises(UsageError, match="like shot3"):
        Term(item="a", segment="shot0").kind_and_number()
    with pytest.raises(UsageError, match="like shot3"):
        Term(item="a", segment="scene3").kind_and_number()


def test_unwanted_parts_have_a_negative_weight() -> None:
    assert Term.parse("person^2").unwanted() == Term(words="person", weight=-2.0)
    assert not Term(words="person", weight=-1.0).wanted
    assert Term(words="person", weight=-1.0).unwanted().weight == -1.0


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"words": "  "},
        {"words": "a", "item": "b"},
        {"words": "a", "segment": "shot1"},
        {"words": "a", "weight": 0.0},
        {"words": "a", "weight": float("nan")},
    ],
)
def test_what_is_no_part_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Term(**given)  # type: ignore[arg-type]


def test_what_a_person_calls_it() -> None:
    assert Term(words="snow").name == "snow"
    assert Term(file=Path("a/b.jpg")).name == "b.jpg"
    assert Term(item="3fa2", segment="shot1").name == "3fa2#shot1"
