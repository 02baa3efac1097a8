"""Full text on many rows: common words stay quick, and what is deleted is not found."""

import statistics
import time

import pytest

from quintet.store import fulltext
from quintet.store.records import FileRow, Record, TextRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Modality

ITEMS, ROWS = 100, 100


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.create(tmp_path_factory.mktemp("texts")) as made:
        made.put([_record(n) for n in range(ITEMS)])
        yield made


def _record(n):
    item_id, path = f"{n:064x}", f"/m/{n}.txt"
    texts = [TextRow("name", "the needle" if n == 3 else f"item {n}")]
    texts += [
        TextRow(
            "text", f"the number{n} and 小狗{chr(0x4E00 + r)} row{r} of the", Channel.WRITTEN, r
        )
        for r in range(ROWS)
    ]
    item = Item(item_id, Modality.TEXT, "txt", path, 1, 1, "2024")
    return Record(item, FileRow(path, "/m", 1, 1, 1), {}, {}, {}, texts)


def test_a_common_word_finds_names_before_texts(store):
    first, *others = store.text_search("the", 20)
    assert (first.item_id, first.field) == (f"{3:064x}", "name")
    assert len({h.item_id for h in others}) == len(others) == 19


@pytest.mark.parametrize(
    ("words", "item", "row"),
    [
        ("number7 row42", 7, 42),
        ("the number99 row0", 99, 0),
        (f"number5 小狗{chr(0x4E00 + 9)}", 5, 9),
    ],
)
def test_the_row_that_holds_all_words_is_the_hit(store, words, item, row):
    (hit, *_) = store.text_search(words, 5)
    assert (hit.item_id, hit.segment_no) == (f"{item:064x}", row)


def test_any_of_the_words_when_none_holds_all(store):
    hits = store.text_search("the number8 xylophone", 5)
    assert {h.item_id for h in hits} == {f"{8:064x}"}


@pytest.mark.parametrize("words", ["the", "number5", "the of", "小狗", "row3 xylophone the"])
def test_a_search_of_ten_thousand_rows_takes_milliseconds(store, words):
    def once():
        start = time.process_time()
        store.text_search(words, 20)
        return time.process_time() - start

    assert statistics.median(once() for _ in range(7)) < 0.1


def test_deleted_rows_are_not_found(tmp_path):
    with Store.create(tmp_path) as store:
        store.put([_record(1), _record(2)])
        fulltext.delete(store._db, "item_id = ?", (f"{1:064x}",))
        assert {h.item_id for h in store.text_search("the number1 number2", 50)} == {f"{2:064x}"}
        assert store._rows("SELECT count(*) FROM texts")[0][0] == ROWS + 1
        store._db.execute("INSERT INTO words(words) VALUES ('integrity-check')")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Many texts named harbour, and one song whose name says harbour at the very end."""
    with Store.create(tmp_path_factory.mktemp("mixed")) as made:
        made.put([_about_harbours(n) for n in range(40)])
        name = TextRow(
            "name", "a very long name of a song about many other things and a harbour 港口"
        )
        song = Item("f" * 64, Modality.AUDIO, "ogg", "/m/song.ogg", 1, 1, "2024")
        made.put([Record(song, FileRow("/m/song.ogg", "/m", 1, 1, 1), {}, {}, {}, [name])])
        yield made


def _about_harbours(n):
    item_id, path = f"{n:064x}", f"/m/h{n}.txt"
    texts = [TextRow("name", "harbour 港口")]
    texts += [TextRow("text", "harbour 港口", Channel.WRITTEN, r) for r in range(100)]
    item = Item(item_id, Modality.TEXT, "txt", path, 1, 1, "2024", {"no": str(n)})
    return Record(item, FileRow(path, "/m", 1, 1, 1), {}, {}, {}, texts)


@pytest.mark.parametrize("words", ["harbour", "港口", "harbour lighthouse", "港口 灯塔"])
def test_a_condition_is_a_part_of_the_query(mixed, words):
    assert "f" * 64 not in {h.item_id for h in mixed.text_search(words, 10)}
    (hit,) = mixed.text_search(words, 10, (), [Modality.AUDIO])
    assert (hit.item_id, hit.field) == ("f" * 64, "name")
    (hit,) = mixed.text_search(words, 10, ["name~song"])
    assert hit.item_id == "f" * 64
    (hit,) = mixed.text_search(words, 10, ids=frozenset(["f" * 64]))
    assert hit.item_id == "f" * 64


@pytest.mark.parametrize("few", [0, 5000])
@pytest.mark.parametrize("words", ["harbour", "港口", "harbour lighthouse"])
def test_wide_and_narrow_conditions_find_the_same(mixed, words, few, monkeypatch):
    monkeypatch.setattr("quintet.store.sqlite.FEW_ITEMS", few)
    assert {h.item_id for h in mixed.text_search(words, 50, ["no<7"])} == {
        f"{n:064x}" for n in range(7)
    }
    assert mixed.text_items(words, ["no<7"]) == {f"{n:064x}" for n in range(7)}
    assert mixed.text_search(words, 50, ["no>1000"]) == []


def test_all_items_that_hold_words(mixed):
    assert len(mixed.text_items("harbour")) == 41
    assert mixed.text_items("song harbour") == {"f" * 64}
    assert mixed.text_items("lighthouse") == mixed.text_items("") == mixed.text_items("!") == set()


def test_places_are_all_sentences_that_hold_the_words(mixed, store):
    ids = [f"{n:064x}" for n in (3, 4)]
    found = mixed.text_places("harbour", ids)
    assert {(h.item_id, h.segment_no) for h in found} == {(i, r) for i in ids for r in range(100)}
    assert mixed.text_places("song", ["f" * 64]) == []  # a name is no place in a text
    assert {h.segment_no for h in store.text_places("row42", ids)} == {42}
    assert store.text_places("", ids) == []
