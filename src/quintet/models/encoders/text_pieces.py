"""Words as sums of hashed n-grams: fastText's sub-words without training.

Source: Bojanowski et al. 2017 (a word is the sum of its character n-grams); Weinberger et al. 2009
(signed feature hashing).
Ours: signs come from BLAKE2b, so nothing is stored and every machine agrees; a fixed list of
function words is left out; a light stem stands beside the word. Chinese is read as characters and
pairs of neighbours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from quintet.errors import UsageError
from quintet.media.words import pieces
from quintet.types import Float32, Media, Modality, Segment, TextMedia

__all__ = ["TextPieces"]

D = 300
MAX_PIECES = 128
"""Pieces of one sentence; the rest of a longer one is not read."""

WORD_WEIGHT = 2.0
"""Weight of the word and of its stem; each of its n-grams weighs 1 / sqrt(their number)."""

NGRAMS = (3, 4)

_FUNCTION_WORDS = """
a an the of in on at to from by with for and or but as is are was were be been being it
its this that these those there here he she they we you i his her their our your my him
them us me who whom whose which what when where while than then so such some any all
each other into over under up down out off near through during before after not no do
does did has have had will would can could may might one two
的 了 在 是 和 与 着 个 一 有 这 那 他 她
它 们 上 下 里 中 被 把 从 到 对 也 都 就 而 及 或
"""
_NOT_READ = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True, kw_only=True)
class TextPieces:
    """Sentences to one 300-d unit row per word, Chinese character or pair of characters."""

    name: ClassVar[str] = "text_pieces"
    version: ClassVar[str] = "1"
    modality: ClassVar[Modality] = Modality.TEXT
    d: ClassVar[int] = D

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """One (t_i, 300) array per sentence or cue, in order; rows have length 1."""
        if not isinstance(media, TextMedia):
            raise UsageError(f"text_pieces reads text, not {media.modality}")
        return [self.word_pieces(segment.text) for segment in segments]

    def word_pieces(self, text: str) -> Float32:
        """(t, 300) one unit row a piece; function words only where nothing else is there."""
        kept = content_pieces(text) or pieces(text)
        rows = [_vector(w) for w in _with_pairs(kept)[:MAX_PIECES]]
        return np.stack(rows) if rows else np.zeros((0, D), dtype=np.float32)

    def word_vector(self, text: str) -> Float32:
        """(300,) unit mean of the pieces of a name or query; zeros when it has no word."""
        rows = self.word_pieces(text)
        if not len(rows):
            return np.zeros(D, dtype=np.float32)
        mean = rows.mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def content_pieces(text: str) -> list[str]:
    """The pieces of a text without function words.

    >>> content_pieces("the dog of the house")
    ['dog', 'house']
    """
    return [word for word in pieces(text) if word not in _NOT_READ]


def _with_pairs(words: Sequence[str]) -> list[str]:
    """The words, and after each CJK character its pair with the next one."""
    out = []
    for n, word in enumerate(words):
        out.append(word)
        following = words[n + 1] if n + 1 < len(words) else ""
        if _single(word) and _single(following):
            out.append(word + following)
    return out


def _single(word: str) -> bool:
    return len(word) == 1 and word >= "\u3040"


@lru_cache(maxsize=1 << 16)
def _vector(word: str) -> Float32:
    """(300,) unit vector of a word: itself, its stem and its n-grams."""
    total = WORD_WEIGHT * (_signs(f"={word}") + _signs(f"~{_stem(word)}"))
    grams = _ngrams(f"<{word}>") if word.isascii() else []
    if grams:
        total = total + np.sum([_signs(g) for g in grams], axis=0) / np.sqrt(len(grams))
    row = np.asarray(total / np.linalg.norm(total), dtype=np.float32)
    row.setflags(write=False)
    return row


def _ngrams(text: str) -> list[str]:
    return [text[i : i + n] for n in NGRAMS for i in range(len(text) - n + 1)]


def _stem(word: str) -> str:
    """The word without its plural or verb ending.

    >>> [_stem(w) for w in ("dogs", "running", "flies", "glass")]
    ['dog', 'run', 'fly', 'glass']
    """
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1].removesuffix("'")
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            root = word[: -len(ending)]
            return root[:-1] if root[-1] == root[-2] and root[-1] not in "ls" else root
    return word


@lru_cache(maxsize=1 << 17)
def _signs(feature: str) -> Float32:
    """(300,) of +1 and -1, the same on every machine."""
    digest = hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=38).digest()
    bits = np.unpackbits(np.frombuffer(digest, dtype=np.uint8))[:D]
    return bits.astype(np.float32) * 2.0 - 1.0
