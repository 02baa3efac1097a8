import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quintet.media import languages, sentences
from quintet.types import SegmentKind


def split(text: str) -> list[str]:
    return [s.text for s in sentences.segments(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dog runs. A cat sits.", ["A dog runs.", "A cat sits."]),
        ("Dr. Smith met Mrs. Wu at 5 p.m. on Main St. in town.", None),
        ("It cost $3.50 in 2.0 versions.", None),
        ("J. R. R. Tolkien wrote it.", None),
        ("See Fig. 3 and No. 7 for more.", None),
        ("Use tools, e.g. Python or i.e. this one.", None),
        ("He ended with no. Then he left.", ["He ended with no.", "Then he left."]),
        ('"Stop!" he said. "Why?" She left.', ['"Stop!" he said.', '"Why?"', "She left."]),
        ("Really?! Yes... Maybe.", ["Really?!", "Yes...", "Maybe."]),
        ("Visit www.example.com now. Bye.", ["Visit www.example.com now.", "Bye."]),
        ("狗在跑。猫在睡！鸟呢？没有；走了", ["狗在跑。", "猫在睡！", "鸟呢？", "没有；", "走了"]),
        ("他说：“你好。”然后走了。", ["他说：“你好。”", "然后走了。"]),
        ("我……不知道。", ["我……", "不知道。"]),
        ("圆周率是3.14左右。对!不对?", ["圆周率是3.14左右。", "对!", "不对?"]),
        ("Line one\nLine two", ["Line one", "Line two"]),
        ("Title\n\nbody in lower case", ["Title", "body in lower case"]),
        ("---\n***\nword\n===", ["word"]),
        ("1. First thing\n2. Second thing", ["1. First thing", "2. Second thing"]),
        ("😀", ["😀"]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_splits(text, expected):
    assert split(text) == ([text] if expected is None else expected)


def test_wrapped_lines_are_one_sentence():
    text = "The quick brown fox that everyone knows jumps over\nthe lazy dog that nobody minds."
    assert split(text) == [text]


def test_long_sentences_are_cut_at_spaces():
    found = split("word " * 1000)
    assert all(len(s) <= sentences.MAX_SENTENCE_CHARS for s in found)
    assert " ".join(found).split() == ["word"] * 1000


def test_a_sentence_without_any_space_is_cut():
    assert [len(s) for s in split("狗" * 1000)] == [400, 400, 200]


@given(st.text(alphabet=st.sampled_from('ab Z1.!?。！…；\n\t"”’(),;-狗猫é\u3000😀')))
def test_offsets_are_exact(text):
    end = 0
    for no, segment in enumerate(sentences.segments(text, start=0)):
        assert segment.kind is SegmentKind.SENTENCE
        assert segment.no == no
        assert end <= segment.start_char < segment.end_char <= len(text)
        assert text[segment.start_char : segment.end_char] == segment.text
        assert segment.text == segment.text.strip()
        assert len(segment.text) <= sentences.MAX_SENTENCE_CHARS
        end = segment.end_char


@given(st.text(alphabet=st.sampled_from("ab Z1.!?。！\n狗")))
def test_no_word_is_lost(text):
    kept = "".join(s.text for s in sentences.segments(text))
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


def test_a_start_moves_all_offsets():
    (segment,) = sentences.segments("Hello.", start=10, first_no=3, page=2)
    assert (segment.start_char, segment.end_char, segment.no, segment.page) == (10, 16, 3, 2)


@pytest.mark.parametrize("unit", ["a. ", "\n", ".", "。", '"', "x", "A.B.", " ", "x\n"])
def test_time_grows_with_length_only(unit):
    text = unit * (300_000 // len(unit))
    begin = time.process_time()
    list(sentences.segments(text))
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A dog in the park", "en"),
        ("公园里的狗", "zh"),
        ("我用 Python 写代码", "zh"),
        ("The word 狗 means dog in the Chinese language", "en"),
        ("собака", ""),
        ("犬がいます", "ja"),
        ("강아지", "ko"),
        ("123", ""),
    ],
)
def test_language(text, language):
    assert languages.detected(text) == language
