"""Fits whose numbers went out of bounds: told by name, with what to try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from quintet.errors import TrainingError
from quintet.types import Float32, Modality

SMALLER = ("lr", "weight_decay")
LARGER = ("ridge", "noise", "temperature", "spread")
"""Hyper-parameters that keep numbers in bounds when they are changed that way."""


@contextmanager
def sound(method: object, name: str) -> Iterator[None]:
    """Matrices that have no solution become the error of a training that went wrong.

    Raises:
        TrainingError: a decomposition failed; names the method and what to try.
    """
    try:
        yield
    except Exception as e:
        if not _unsolved(e):
            raise
        why = str(e).partition("\n")[0].rstrip(".")
        raise TrainingError(f"{name} cannot be fitted ({why}); {remedy(method)}") from e


def _unsolved(error: Exception) -> bool:
    """Whether an error is that of a matrix, numpy's or torch's."""
    from torch.linalg import LinAlgError  # type: ignore[attr-defined]  # torch takes a second

    return isinstance(error, (np.linalg.LinAlgError, LinAlgError))


def require_finite(method: object, name: str, modality: Modality, z: Float32) -> None:
    """Refuse embeddings (n, k) that no search could compare.

    Raises:
        TrainingError: a value is NaN or infinite; names the method and what to try.
    """
    wrong = int((~np.isfinite(z).all(axis=1)).sum())
    if wrong:
        raise TrainingError(
            f"{name} gave {wrong} of {len(z)} {modality} items embeddings that are no finite "
            f"numbers; {remedy(method)}"
        )


def remedy(method: object) -> str:
    """What to change so that the numbers stay in bounds.

    >>> from types import SimpleNamespace
    >>> remedy(SimpleNamespace(lr=0.1)), remedy(SimpleNamespace())
    ('try a smaller lr, or another method', 'try another method')
    """
    changes = [f"a smaller {name}" for name in SMALLER if hasattr(method, name)]
    changes += [f"a larger {name}" for name in LARGER if hasattr(method, name)]
    return f"try {', '.join([*changes, 'or another method'])}" if changes else "try another method"
