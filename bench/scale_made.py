"""Made-up vectors for ``bench.scale``: contents of overlapping kinds, each there in five media.

What makes them like those of a trained space: variances fall as 1/i, so that few directions hold
most of it; a thousand kinds overlap, since contents differ within a kind as much as kinds do; each
medium lies apart from the others (a modality gap), weighs the directions in its own way and adds
noise of its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

K, WIDE = 300, 304
MEDIA = ("image", "video", "text", "audio", "mesh")
KINDS = 1000
GAP = 0.5
"""Length of what moves a medium away; contents are about 1.4 long before."""
NOISE = 0.3
"""Length of what a medium adds to a content."""
CHUNK = 65_536

SPREAD = (np.arange(1, K + 1) ** -0.5).astype(np.float32)
SPREAD /= np.linalg.norm(SPREAD)


def _medium(m: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a medium lies, and how it weighs the directions."""
    rng = np.random.default_rng(100 + m)
    away = rng.standard_normal(K, dtype=np.float32)
    return GAP * away / np.linalg.norm(away), rng.uniform(0.7, 1.3, K).astype(np.float32)


def vectors(rng: np.random.Generator, n: int, media: np.ndarray) -> np.ndarray:
    """(n, WIDE) unit rows; five consecutive ones are one content."""
    kinds = SPREAD * np.random.default_rng(1).standard_normal((KINDS, K), dtype=np.float32)
    contents = -(-n // 5)
    content = SPREAD * rng.standard_normal((contents, K), dtype=np.float32)
    content += kinds[rng.integers(0, KINDS, contents)]
    out = np.zeros((n, WIDE), np.float32)
    x = out[:, :K]
    x[:] = np.repeat(content, 5, axis=0)[:n]
    for m in range(len(MEDIA)):
        away, weight = _medium(m)
        at = np.flatnonzero(media == m)
        noise = rng.standard_normal((len(at), K), dtype=np.float32)
        x[at] = weight * x[at] + away + NOISE / K**0.5 * noise
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return out


def made(path: Path, n: int) -> np.ndarray:
    """n rows in a file, read where they lie; the medium of row i is ``i % 5``."""
    rows = open_memmap(path, "w+", np.float32, (n, WIDE))
    for start in range(0, n, 5 * CHUNK):
        count = min(5 * CHUNK, n - start)
        rng = np.random.default_rng([7, start])
        rows[start : start + count] = vectors(rng, count, np.arange(start, start + count) % 5)
    rows.flush()
    del rows
    return np.load(path, mmap_mode="r")


def asked(m: int, count: int, turn: int = 0) -> np.ndarray:
    """Queries of one medium, of contents that the rows do not hold; others in another turn."""
    return vectors(np.random.default_rng([8 + turn, m]), count, np.full(count, m))
