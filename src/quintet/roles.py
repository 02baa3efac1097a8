"""The roles: what a part must do to take part. Read this file and you can write one.

An implementation is one file in the role's folder whose ``__all__`` holds exactly one name; the
file is its own registration (``catalog.py``). Encoders and correlators are keyword-only
dataclasses: fields are hyper-parameters stored unchanged, attributes that end in ``_`` are what
``fit`` learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

from quintet.types import Bool, Float32, Media, Modality, Segment, Views


@runtime_checkable
class Encoder(Protocol):
    """Segments of one modality to local features, cacheable by name, version and content hash.

    Attributes:
        name: the file's name, or the id of a pretrained model.
        version: changes whenever the same bytes would give other numbers.
        modality: the modality it reads.
        d: width of its local features.
    """

    name: str
    version: str
    modality: Modality
    d: int

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """Local features of each segment: arrays (t_i, d) float32, finite, ``t_i >= 0``.

        ``segments`` are segments of ``media``. Deterministic; never changes ``media``.
        """
        ...


@runtime_checkable
class Correlator(Protocol):
    """Local features of several modalities into one space, compared by cosine."""

    def fit(self, views: Views) -> Self:
        """Learn from unaligned views. Labels may be -1, modalities may be absent.

        Raises:
            TrainingError: the views do not hold what this method needs.
        """
        ...

    def transform(self, modality: Modality, x: Float32, mask: Bool) -> Float32:
        """(n, t, d) features and (n, t) mask (True = a real step) to (n, k) unit rows.

        A row's result does not depend on its padding or on the other rows. May be called by several
        threads at a time.

        Raises:
            NotFittedError: before ``fit``, or for a modality that ``fit`` did not see.
        """
        ...


@runtime_checkable
class Index(Protocol):
    """Unit vectors to keys; a pure function of the store that can be deleted and rebuilt."""

    def add(self, keys: Sequence[int], z: Float32) -> None:
        """Add (n, k) float32 rows under new keys.

        Raises:
            ShapeError: another k than before.
            UsageError: NaN or infinity, or a key that is already there.
        """
        ...

    def search(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[tuple[int, float]]:
        """The ``count`` nearest keys of one (k,) query with their cosines, best first.

        Ties go to the smaller key. ``allowed`` is a mask over rows in order of ``keys``.
        """
        ...

    def remove(self, keys: Sequence[int]) -> None:
        """Forget keys; unknown ones are ignored."""
        ...
