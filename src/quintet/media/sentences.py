"""Text to sentences with exact offsets, in English and Chinese, without a learned model."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

from quintet.types import Segment, SegmentKind

MAX_SENTENCE_CHARS = 400
"""Longer sentences are cut at the last space or comma before this many characters."""

SOFT_LINE_CHARS = 40
"""A line break after at least so many characters may lie inside a sentence (wrapped lines)."""

_CLOSERS = "\"'”’»)\\]」』）》】"
_STOP = re.compile(
    rf"[。！？；…｡][。！？；…!?｡]*[{_CLOSERS}]*"  # Chinese: ends at once
    rf"|[.!?]+[{_CLOSERS}]*(?=\s|$|[\u4e00-\u9fff])"  # English: a space must follow
    r"|\n\s*"  # line and paragraph ends
)
_TITLE_WORDS = (
    "mr mrs ms dr prof st mt rev hon gen col maj capt lt sgt sen rep gov pres jr sr messrs "
    "vs cf al ca approx eg ie viz e.g i.e a.k.a"
)
_TITLES = frozenset(_TITLE_WORDS.split())
_NUMBERED = (
    "no nos fig figs p pp vol vols ch sec eq eqs ref refs art jan feb mar apr jun jul aug sep "
    "sept oct nov dec"
)
_BEFORE_NUMBER = frozenset(_NUMBERED.split())
_LAST_WORD = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)$")
_CUT = re.compile(r"[\s,;:，、：；]")


def segments(
    text: str, *, start: int = 0, first_no: int = 0, page: int | None = None
) -> Iterator[Segment]:
    """SENTENCE segments of a text that begins at ``start`` of a longer one.

    >>> [s.text for s in segments("Dr. Wu paid $3.50. He left. 他走了。雨停了！")]
    ['Dr. Wu paid $3.50.', 'He left.', '他走了。', '雨停了！']
    """
    numbers = itertools.count(first_no)
    for begin, end in spans(text):
        yield Segment(
            SegmentKind.SENTENCE,
            next(numbers),
            start_char=start + begin,
            end_char=start + end,
            page=page,
            text=text[begin:end],
        )


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Half-open spans of sentences in order: no space at their ends, at least one word or sign.

    Rows of mere punctuation are left out, and no span is longer than ``MAX_SENTENCE_CHARS``.
    """
    begin = 0
    for match in _STOP.finditer(text):
        if _ends(text, begin, match):
            yield from _trimmed(text, begin, match.end())
            begin = match.end()
    yield from _trimmed(text, begin, len(text))


def _ends(text: str, begin: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if "\n" in mark:
        return _line_ends(text, begin, match)
    if mark[0] in ".!?":
        return _stop_ends(text, begin, match)
    return True


def _line_ends(text: str, begin: int, match: re.Match[str]) -> bool:
    """A line break ends a sentence unless a long line goes on in lower case."""
    if match.group().count("\n") > 1:
        return True
    line_start = max(begin, text.rfind("\n", 0, match.start()) + 1)
    following = text[match.end() : match.end() + 1]
    wrapped = match.start() - line_start >= SOFT_LINE_CHARS
    return not (wrapped and following.islower())


def _stop_ends(text: str, begin: int, match: re.Match[str]) -> bool:
    """A stop ends a sentence unless lower case follows or an abbreviation or initial precedes."""
    following = text[match.end() : match.end() + 40].lstrip("\"'“‘«( \t\n")[:1]
    if following.islower():
        return False
    if match.group() != ".":
        return True
    word = _LAST_WORD.search(text, max(begin, match.start() - 20), match.start())
    if word is None:
        return not _is_list_number(text, begin, match)
    last = word.group()
    if last.lower() in _BEFORE_NUMBER:
        return not following.isdigit()
    return last.lower() not in _TITLES and not (len(last) == 1 and last.isupper() and last != "I")


def _is_list_number(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether all of the sentence so far is a number: ``1.`` begins a list entry."""
    return text[begin : match.start()].strip().isdigit()


def _trimmed(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end:
        stop = end if end - begin <= MAX_SENTENCE_CHARS else _cut(text, begin)
        piece = text[begin:stop]
        left = begin + len(piece) - len(piece.lstrip())
        right = begin + len(piece.rstrip())
        if left < right and _says_something(text[left:right]):
            yield left, right
        begin = stop


def _cut(text: str, begin: int) -> int:
    """Where to cut a sentence that is too long: behind the last space or comma that fits."""
    cuts = [m.end() for m in _CUT.finditer(text, begin, begin + MAX_SENTENCE_CHARS)]
    return cuts[-1] if cuts else begin + MAX_SENTENCE_CHARS


def _says_something(piece: str) -> bool:
    """Whether there is a letter, a digit or a sign such as an emoji."""
    return any(c.isalnum() for c in piece) or any(unicodedata.category(c) == "So" for c in piece)
