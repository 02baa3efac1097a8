"""Words as somebody might type them: short runs out of texts that the model has not seen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from quintet.models.encoders.text_pieces import content_pieces

LENGTHS = (1, 2, 3, 4)
"""Words of a phrase; each text gives one of each length that it has words for."""

FEWEST = 20
"""Fewer phrases say too little of what typed words are worth."""


def phrases(texts: Iterable[tuple[str, int]], names: frozenset[str]) -> list[tuple[str, int]]:
    """Phrases out of texts, each with its text's class number; the same every time.

    Args:
        texts: a text and its class.
        names: words of the class names; they are left out, as they are judged by themselves.

    Returns:
        Nothing when there would be fewer than FEWEST.
    """
    random = np.random.default_rng(0)
    found = []
    for text, label in texts:
        words = [word for word in content_pieces(text) if word not in names]
        for length in LENGTHS[: len(words)]:
            start = int(random.integers(0, len(words) - length + 1))
            found.append((" ".join(words[start : start + length]), label))
    return found if len(found) >= FEWEST else []
