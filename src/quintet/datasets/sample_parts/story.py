"""A short text on a class, in English or Chinese, which does not always name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from quintet.datasets.sample_parts import words
from quintet.datasets.sample_parts.classes import CLASSES, SampleClass

NAMED = 0.75
"""Share of sentences on doings that use a name rather than 'it'."""


@dataclass(frozen=True, slots=True)
class Story:
    """A title and 2 to 6 sentences; language is ``en`` or ``zh``."""

    title: str
    sentences: tuple[str, ...]
    language: str

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return ("" if self.language == "zh" else " ").join(self.sentences)


def story(cls: SampleClass, rng: np.random.Generator, *, language: str | None = None) -> Story:
    """A random text on a class; Chinese in three of ten unless a language is given."""
    chosen = language or ("zh" if rng.random() < 0.3 else "en")
    said = _chinese(cls.name, rng) if chosen == "zh" else _english(cls.name, rng)
    fillers = words.FILLERS_ZH if chosen == "zh" else words.FILLERS
    sentences = said[: int(rng.choice([1, 2, 3, 4], p=[0.05, 0.3, 0.35, 0.3]))]
    sentences += [_pick(fillers, rng)] if len(sentences) == 1 or rng.random() < 0.5 else []
    sentences += _aside(chosen, cls, rng)
    order = rng.permutation(len(sentences)) if rng.random() < 0.5 else range(len(sentences))
    titles = words.PLACES_ZH if chosen == "zh" else words.PLACES
    title = _pick(titles, rng)
    return Story(title[0].upper() + title[1:], tuple(sentences[i] for i in order), chosen)


def _english(name: str, rng: np.random.Generator) -> list[str]:
    lexicon = words.ENGLISH[name]
    who = _name(lexicon, rng) if rng.random() < NAMED else "it"
    place = _pick(words.PLACES, rng)
    doing = f"{_capital(place)}, {who} {_pick(lexicon.doings, rng)}."
    return _shuffled(
        [
            lambda: doing,
            lambda: _pick(lexicon.looks, rng),
            lambda: _pick(lexicon.sounds, rng),
            lambda: f"We saw {_name(lexicon, rng)} {place}.",
        ],
        rng,
    )


def _chinese(name: str, rng: np.random.Generator) -> list[str]:
    lexicon = words.CHINESE[name]
    who = _name(lexicon, rng) if rng.random() < NAMED else "它"
    place = _pick(words.PLACES_ZH, rng)
    return _shuffled(
        [
            lambda: f"{place},{who}{_pick(lexicon.doings, rng)}。",
            lambda: _pick(lexicon.looks, rng),
            lambda: _pick(lexicon.sounds, rng),
            lambda: f"{place}我们看见了{_name(lexicon, rng)}。",
        ],
        rng,
    )


def _aside(language: str, cls: SampleClass, rng: np.random.Generator) -> list[str]:
    """Words on another class, or nothing."""
    other = CLASSES[rng.integers(len(CLASSES))].name
    if other == cls.name or rng.random() < 0.68:
        return []
    if language == "zh":
        lexicon = words.CHINESE[other]
        return [_pick((f"远处还有{_name(lexicon, rng)}。", _pick(lexicon.sounds, rng)), rng)]
    lexicon = words.ENGLISH[other]
    aside = f"Not far away, {_name(lexicon, rng)} {_pick(lexicon.doings, rng)}."
    return [_pick((aside, _pick(lexicon.looks, rng)), rng)]


def _shuffled(makers: Sequence[Callable[[], str]], rng: np.random.Generator) -> list[str]:
    made = [make() for make in makers]
    return list(dict.fromkeys(made[i] for i in rng.permutation(len(made))))


def _name(lexicon: words.Lexicon, rng: np.random.Generator) -> str:
    """A name; the plain one more often than the others."""
    return lexicon.names[0] if rng.random() < 0.35 else _pick(lexicon.names, rng)


def _pick(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
