"""Words of English and Chinese: pieces for the encoders, and text prepared for full-text search."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
"""Ranges of characters that are written without spaces; each is a word of its own here."""

_PIECE = re.compile(f"[{CJK}]|[^\\W_{CJK}]+(?:'[^\\W_{CJK}]+)?")
_SINGLE = re.compile(f"([{CJK}])")

SNIPPET = 90
"""Characters of a text shown around the first word found."""

MAX_QUERY_WORDS = 32
"""More words of a query than this are ignored."""


def pieces(text: str) -> list[str]:
    """Lower-case words, and every Chinese, Japanese or Korean character by itself.

    >>> pieces("A dog's 小狗!")
    ['a', "dog's", '小', '狗']
    """
    return _PIECE.findall(unicodedata.normalize("NFKC", text).lower())


def index_text(text: str) -> str:
    """Text for an FTS5 column with ``unicode61``: words as queries see them, CJK ones apart.

    >>> index_text("一只小狗 runs.")
    '一 只 小 狗 runs'
    """
    return " ".join(_apart(run) for run in _runs(text))


def match_query(words: str) -> str:
    """An FTS5 expression for texts that hold all the words; "" when there is none.

    Any text is a valid query: every run of letters is quoted, and a run of CJK characters is a
    phrase.

    >>> match_query('dog "OR" 小狗')
    '"dog" "OR" "小 狗"'
    """
    return " ".join(phrases(words))


def match_any(words: str) -> str:
    """An FTS5 expression for texts that hold at least one of the words.

    >>> match_any("dog cat")
    '"dog" OR "cat"'
    """
    return " OR ".join(phrases(words))


def phrases(words: str) -> list[str]:
    """The quoted parts of ``match_query``, at most MAX_QUERY_WORDS; words in quotes are one.

    >>> phrases("dog 小狗"), phrases('old "red dog"')
    (['"dog"', '"小 狗"'], ['"old"', '"red dog"'])
    """
    found: list[str] = []
    for number, part in enumerate(words.split('"')):
        runs = [_apart(run) for run in _runs(part)]
        exact = number % 2 == 1 and runs and words.count('"') > number
        found += [" ".join(runs)] if exact else runs
    return [f'"{phrase}"' for phrase in found[:MAX_QUERY_WORDS]]


def _runs(text: str) -> list[str]:
    """Letters and digits that follow each other, with the marks on them."""
    plain = unicodedata.normalize("NFKC", text)
    return _run().findall(plain)


@cache
def _run() -> re.Pattern[str]:
    """SQLite takes other characters for letters than Python; this is what both are given."""
    marks = [c for c in map(chr, range(0x300, 0x10000)) if unicodedata.category(c)[0] == "M"]
    return re.compile(f"[^\\W_](?:[^\\W_]|[{''.join(marks)}])*")


def _apart(run: str) -> str:
    return run if run.isascii() else " ".join(_SINGLE.sub(r" \1 ", run).split())


def snippet(text: str, words: str) -> str:
    """SNIPPET characters around the first of the words, on one line.

    >>> snippet("A dog\\nbarks.", "dog")
    'A dog barks.'
    """
    flat = " ".join(text.split())
    lower = flat.lower()
    found = [lower.find(w) for w in words.lower().replace('"', " ").split() if w in lower]
    start = max(0, min(found, default=0) - SNIPPET // 3)
    part = flat[start : start + SNIPPET]
    return ("…" if start else "") + part + ("…" if start + SNIPPET < len(flat) else "")
