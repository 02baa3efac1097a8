"""A trained common space: the correlator, what its cosines are worth, and the words it knows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quintet.errors import ModelError
from quintet.flows.pieces import Pieces
from quintet.maths.calibrate import Calibrator
from quintet.maths.padding import pad
from quintet.models.encoders.text_pieces import content_pieces
from quintet.persist import dump as dump_model
from quintet.persist import load as load_model
from quintet.roles import Correlator
from quintet.types import Float32, Local, Modality

WORDS = "words"
"""Query kind of typed label names, beside the five modalities: a word is not a document."""

OTHER_WORDS = "other words"
"""Query kind of all other typed words: the model knows them less well than its labels' names."""

_NEAR_KINDS = {OTHER_WORDS: (WORDS, Modality.TEXT), WORDS: (Modality.TEXT,)}
"""Whose curve is taken where a kind has none of its own."""

MAX_STEPS = 256
"""Local steps of one vector; longer sequences are sampled evenly."""

BATCH = 256

_FILE = "space.json"


@dataclass(frozen=True)
class Space:
    """Everything a search needs beside the vectors.

    Attributes:
        calibrators: (query kind, hit modality) to the curve from cosine to probability.
        known_words: word pieces that training texts or label names held; others mean nothing here.
        field_confidence: text field to the probability that an item is relevant whose field
            holds the query's words.
        modalities: those that the correlator was fitted with.
        names: words of the label names.
    """

    correlator: Correlator
    calibrators: Mapping[tuple[str, Modality], Calibrator]
    known_words: frozenset[str]
    field_confidence: Mapping[str, float]
    modalities: frozenset[Modality]
    names: frozenset[str] = frozenset()

    @property
    def method(self) -> str:
        """What the correlator is called."""
        return str(getattr(self.correlator, "name", type(self.correlator).__name__.lower()))

    def embed(self, modality: Modality, rows: Sequence[Local]) -> Float32:
        """(n, k) unit rows of n items' local features, each of at least one step."""
        parts = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
        return np.concatenate([self._embed(modality, part) for part in parts])

    def _embed(self, modality: Modality, rows: Sequence[Local]) -> Float32:
        x, mask = pad([row.x for row in rows], MAX_STEPS)
        return self.correlator.transform(modality, x, mask)

    def confidence(self, query: str, hit: Modality, cosines: Float32) -> Float32:
        """Probability of relevance of each cosine, for this pair of query kind and hit modality."""
        curves = (self.calibrators.get((k, hit)) for k in (query, *_NEAR_KINDS.get(query, ())))
        curve = next((c for c in curves if c is not None), None)
        if curve is None:
            return np.zeros(len(cosines), dtype=np.float32)
        return np.asarray(curve(cosines), dtype=np.float32)

    @cached_property
    def pieces(self) -> Pieces:
        """Vectors of single segments."""
        return Pieces(self.embed)

    def kind(self, words: str) -> str:
        """The query kind of typed words: whether they are label names and nothing else."""
        return WORDS if self.names.issuperset(content_pieces(words)) else OTHER_WORDS

    def reads(self, modality: Modality) -> bool:
        """Whether the correlator was fitted with this modality."""
        return modality in self.modalities

    def knows(self, text: str) -> float:
        """Share of the text's words (function words aside) that training saw, 0..1."""
        words = content_pieces(text)
        return sum(word in self.known_words for word in words) / len(words) if words else 0.0

    def dump(self) -> dict[str, bytes]:
        """The space as named blobs: JSON and safetensors."""
        state = {
            "calibrators": [
                {"query": query, "hit": hit, "curve": curve.state()}
                for (query, hit), curve in self.calibrators.items()
            ],
            "known_words": sorted(self.known_words),
            "field_confidence": dict(self.field_confidence),
            "modalities": sorted(self.modalities),
            "names": sorted(self.names),
        }
        return {
            **dump_model(self.correlator),
            _FILE: json.dumps(state, ensure_ascii=False).encode(),
        }

    @classmethod
    def load(cls, blobs: Mapping[str, bytes]) -> Space:
        """The space of ``dump``.

        Raises:
            ModelError: a blob is missing or damaged.
        """
        try:
            state = json.loads(blobs[_FILE])
            return cls(
                correlator=load_model({k: v for k, v in blobs.items() if k != _FILE}),
                calibrators={
                    (row["query"], Modality(row["hit"])): Calibrator.from_state(row["curve"])
                    for row in state["calibrators"]
                },
                known_words=frozenset(state["known_words"]),
                field_confidence=state["field_confidence"],
                modalities=frozenset(Modality(m) for m in state["modalities"]),
                names=frozenset(state.get("names", ())),
            )
        except (KeyError, ValueError, TypeError) as e:
            raise ModelError(f"the saved common space is damaged ({e}); run: quintet train") from e
