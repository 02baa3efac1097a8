"""What is typed into one box: words, unwanted words, and filters like ``in:mesh label:dog``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from quintet.errors import UsageError
from quintet.types import Modality

_PIECE = re.compile(r'-?(?:[^\s":：]+[:：]"[^"]*"|"[^"]*"|[^\s]+)')
_TOKEN = re.compile(r'(-?)([^\s":：]+)[:：](.*)', re.DOTALL)
_OPERATOR = re.compile(r"(<=|>=|<|>|=|~)(.*)", re.DOTALL)

MEDIA: Mapping[str, Modality] = {
    **{m.value: m for m in Modality},
    **{f"{m.value}s": m for m in Modality},
    **dict.fromkeys(("picture", "pictures", "photo", "photos", "图片", "照片"), Modality.IMAGE),
    **dict.fromkeys(("clip", "clips", "film", "films", "视频"), Modality.VIDEO),
    **dict.fromkeys(("document", "documents", "文本", "文字", "文档"), Modality.TEXT),
    **dict.fromkeys(("sound", "sounds", "music", "声音", "音频"), Modality.AUDIO),
    **dict.fromkeys(("meshes", "3d", "shape", "shapes", "三维", "三维模型"), Modality.MESH),
}
"""What people call the media."""

CONDITIONS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("label", "标签"), ("label", "=")),
    **dict.fromkeys(("tag", "标记"), ("tag", "=")),
    **dict.fromkeys(("folder", "文件夹"), ("folder", "=")),
    **dict.fromkeys(("lang", "language", "语言"), ("language", "=")),
    **dict.fromkeys(("format", "type", "格式"), ("format", "=")),
    **dict.fromkeys(("name", "名称"), ("name", "~")),
    **dict.fromkeys(("date", "year", "日期", "年"), ("date", "=")),
    **dict.fromkeys(("after", "之后"), ("date", ">=")),
    **dict.fromkeys(("before", "之前"), ("date", "<")),
    **dict.fromkeys(("size", "大小"), ("size", "=")),
    **dict.fromkeys(("duration", "时长"), ("duration", "=")),
    "added": ("added", "="),
    "missing": ("missing", "="),
}
"""Filter to the key of a condition and its operator; ``size:>1M`` brings its own."""

_IN = ("in", "medium", "媒体")


@dataclass(frozen=True)
class Typed:
    """A typed line taken apart.

    Attributes:
        words: what is searched for, phrases still in their quotes.
        unwanted: words and phrases with a minus in front.
        modalities: of ``in:``; none for all.
        where: conditions for the store.
        filters: the filters as they were typed, so that each can be taken away.
    """

    words: str = ""
    unwanted: tuple[str, ...] = ()
    modalities: tuple[Modality, ...] = ()
    where: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


def parse(text: str) -> Typed:
    """Words, media and conditions of a typed line; a colon behind any other word stays a word.

    ``after:2024`` begins with 2024, ``before:2024`` ends before it; ``-label:dog`` is all but dogs.

    Raises:
        UsageError: a filter without a value, or a medium that is none of the five.

    >>> parse('big dog in:mesh after:2024 -label:"white cat" -snow')  # doctest: +ELLIPSIS
    Typed(words='big dog', unwanted=('snow',), modalities=(<Modality.MESH: 'mesh'>,), where=(...
    >>> parse('big dog in:mesh after:2024 -label:"white cat"').where
    ('date>=2024', 'label!=white cat')
    """
    words: list[str] = []
    unwanted: list[str] = []
    media: list[Modality] = []
    where: list[str] = []
    filters: list[str] = []
    for piece in _PIECE.findall(text):
        key, value, minus = _taken_apart(piece)
        if not key:
            (unwanted if minus else words).append(value)
            continue
        filters.append(piece)
        if not value:
            raise UsageError(f"{piece!r} lacks its value; write {key}:VALUE")
        if key in _IN and not minus:
            media.append(_medium(value, piece))
        else:
            where.append(_condition(key, value, piece, minus=minus))
    return Typed(
        " ".join(words), tuple(unwanted), tuple(dict.fromkeys(media)), tuple(where), tuple(filters)
    )


def filter_for(condition: str) -> str:
    """The filter that a condition of a facet is typed as.

    >>> filter_for("modality=mesh"), filter_for("label=white cat")
    ('in:mesh', 'label:"white cat"')
    """
    key, _, value = condition.partition("=")
    name = {"modality": "in", "language": "lang"}.get(key, key)
    return f'{name}:"{value}"' if re.search(r"\s", value) else f"{name}:{value}"


def toggled(text: str, token: str) -> str:
    """The line with a filter put behind it, or taken out of it where it stands already.

    >>> toggled("dog in:mesh", "in:mesh"), toggled("dog", "in:mesh")
    ('dog', 'dog in:mesh')
    """
    pieces = _PIECE.findall(text)
    kept = [piece for piece in pieces if piece != token]
    return " ".join(kept if len(kept) < len(pieces) else [*pieces, token])


def _taken_apart(piece: str) -> tuple[str, str, bool]:
    """Key, value and whether it is unwanted; no key for words."""
    found = _TOKEN.fullmatch(piece)
    if found and (found[2].lower() in _IN or found[2].lower() in CONDITIONS):
        return found[2].lower(), found[3].strip('"').strip(), bool(found[1])
    minus = piece.startswith("-") and len(piece) > 1
    return "", piece[1:] if minus else piece, minus


def _medium(value: str, piece: str) -> Modality:
    known = MEDIA.get(value.lower())
    if known is None:
        near = difflib.get_close_matches(value.lower(), MEDIA, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"{piece!r}: the media are {', '.join(Modality)}{hint}")
    return known


def _condition(key: str, value: str, piece: str, *, minus: bool) -> str:
    if key in _IN:
        return f"modality!={_medium(value, piece)}"
    name, operator = CONDITIONS[key]
    own = _OPERATOR.fullmatch(value)
    if own and operator == "=":
        operator, value = own[1], own[2]
    if minus and operator != "=":
        raise UsageError(f"{piece!r}: a minus goes before filters that name a value, not a range")
    return f"{name}{'!=' if minus else operator}{value}"
