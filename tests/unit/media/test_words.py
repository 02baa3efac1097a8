import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quintet.media.words import (
    MAX_QUERY_WORDS,
    SNIPPET,
    index_text,
    match_any,
    match_query,
    phrases,
    pieces,
    snippet,
)

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=8)
MIXED = st.lists(
    st.one_of(HAN, st.text(max_size=8), st.sampled_from(["dog", "OR", "NEAR(", '"', "*", "^", ":"]))
).map(" ".join)


@pytest.fixture(scope="module")
def table():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(title, body, tokenize='porter unicode61')")
    yield db
    db.close()


def found(db, query, *texts):
    """Which of the texts an FTS5 query matches."""
    db.execute("DELETE FROM words")
    for number, text in enumerate(texts):
        db.execute("INSERT INTO words(rowid, body) VALUES (?, ?)", (number, index_text(text)))
    if not query:
        return []
    rows = db.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY 1", (query,))
    return [row[0] for row in rows]


@given(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), MIXED))
def test_any_text_is_a_valid_query(table, words):
    words = words.encode("utf-8", "replace").decode()
    for query in (match_query(words), match_any(words)):
        found(table, query, "a dog")
        found(table, query and f"title : ({query})", "a dog")


@given(MIXED)
def test_a_text_is_found_by_each_of_its_words(table, text):
    text = text.encode("utf-8", "replace").decode()
    for phrase in phrases(text):
        assert found(table, phrase, text) == [0]
    if phrases(text):
        assert found(table, match_query(text), text, "") == [0]
        assert found(table, match_any(text), text, "") == [0]


@given(HAN, HAN, HAN)
def test_chinese_words_of_any_length_are_found_inside_a_text(table, before, word, after):
    assert found(table, match_query(word), before + word + after, "a dog") == [0]


@pytest.mark.parametrize("word", ["狗", "小狗", "只小狗", "狗在跑"])
def test_short_chinese_words(table, word):
    assert found(table, match_query(word), "一只小狗在跑。", "猫在睡。") == [0]


def test_a_chinese_word_is_one_phrase_not_its_characters(table):
    assert found(table, match_query("狗小"), "一只小狗在跑。") == []


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("barks", "It barked."),
        ("café", "CAFE"),
        ("ｄｏｇ", "dog"),
        ("dog's", "the dog's bone"),
        ("小狗dog", "小狗 dog"),
        ("한국", "한국어"),
    ],
)
def test_forms_that_are_the_same_word(table, query, text):
    assert found(table, match_query(query), text) == [0]


def test_all_words_or_any_word(table):
    texts = ("a red dog", "a red cat", "a green fish")
    assert found(table, match_query("red dog"), *texts) == [0]
    assert found(table, match_any("red dog"), *texts) == [0, 1]


@pytest.mark.parametrize("nothing", ["", "  ", '"', "***", "、。", "\0"])
def test_no_words_are_no_query(nothing):
    assert match_query(nothing) == match_any(nothing) == ""


def test_very_long_queries_are_cut():
    assert len(phrases("dog " * 1000)) == MAX_QUERY_WORDS


@given(st.text())
def test_pieces_are_lower_case_and_never_empty(text):
    assert all(pieces(text))
    assert pieces(text) == pieces(unicodedata.normalize("NFKC", text).lower())


@given(st.text(), st.text(max_size=20))
def test_a_snippet_is_one_short_line(text, words):
    shown = snippet(text, words)
    assert len(shown) <= SNIPPET + 2
    assert "\n" not in shown


def test_a_snippet_shows_the_word():
    text = "nothing " * 50 + "a dog barks " + "nothing " * 50
    shown = snippet(text, "dog")
    assert "dog barks" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")


def test_words_in_quotes_are_found_only_beside_each_other(table):
    assert found(table, match_query('"red dog"'), "a red dog", "a dog that is red") == [0]
    assert found(table, match_query('"红 狗"'), "红狗", "狗红") == [0]
