"""Plain text and Markdown: which of the two, and the words without the marks."""

from __future__ import annotations

import re

from quintet.media.documents import Document, Part

_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.M)
_SIGNS = (
    re.compile(r"^#{1,6}[ \t]+\S", re.M),
    re.compile(r"^(?:=+|-{3,})[ \t]*$", re.M),
    re.compile(r"^[ \t]{0,3}[-*+][ \t]+\S.*\n[ \t]{0,3}[-*+][ \t]+\S", re.M),
    re.compile(r"\[[^\[\]\n]{1,500}\]\([^)\s]{1,500}[^)\n]{0,500}\)"),
    re.compile(r"(?<!\w)\*\*[^*\n]+\*\*(?!\w)"),
    _FENCE,
)
_TITLE = re.compile(r"\A\s*#[ \t]+(\S[^\n]*)\n[ \t]*(?:\n|\Z)")
_STRIPPED = (
    (_FENCE, ""),
    (re.compile(r"<!--.{0,10000}?-->", re.S), ""),
    (re.compile(r"!\[([^\[\]\n]{0,500})\]\([^)\n]{0,2000}\)"), r"\1"),
    (re.compile(r"\[([^\[\]\n]{1,500})\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,500}\])"), r"\1"),
    (re.compile(r"^[ \t]{0,3}\[[^\]\n]{1,500}\]:[ \t]*\S.*$", re.M), ""),
    (re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.*)$", re.M), r"\1\n"),
    (re.compile(r"^[ \t]*(?:>[ \t]?)+", re.M), ""),
    (re.compile(r"^[ \t]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?", re.M), ""),
    (re.compile(r"^[ \t]*(?:=+|-{3,}|\*{3,}|_{3,})[ \t]*$", re.M), ""),
    (re.compile(r"^(?=.*-)[ \t]*+\|[-:| \t]*+$", re.M), ""),
    (re.compile(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]+?)(?<=\S)\1(?![\w*])"), r"\2"),
    (re.compile(r"(?<![\w_])(_{1,3})(?=\S)([^_\n]+?)(?<=\S)\1(?![\w_])"), r"\2"),
    (re.compile(r"(?<!`)(`{1,2})([^`\n]{1,1000})\1"), r"\2"),
    (re.compile(r"</?[A-Za-z][^<>\n]{0,200}>"), ""),
)


def is_markdown(head: str) -> bool:
    """Whether a text begins with a title, or shows two kinds of marks; a script never is.

    >>> is_markdown("# Cats\\n\\nThey purr."), is_markdown("# a comment\\nx = 1\\n")
    (True, False)
    """
    if head.startswith("#!"):
        return False
    return bool(_TITLE.match(head)) or sum(bool(s.search(head)) for s in _SIGNS) >= 2


def plain(text: str) -> Document:
    """A text as it is."""
    return Document((Part(text),))


def markdown(text: str) -> Document:
    """A text without its marks; the first heading is the title.

    >>> markdown("# Cats\\n\\n* They **purr**, see [here](http://x.org).").parts[0].text
    'Cats\\n\\n\\nThey purr, see here.'
    """
    title = _TITLE.match(text)
    bare = text
    for pattern, kept in _STRIPPED:
        bare = pattern.sub(kept, bare)
    return Document((Part(bare),), {"title": title.group(1) if title else None})
