"""Rows as FAISS keeps them: cells around centres, one byte a value. The only file that knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from quintet.index.rescore import Near
from quintet.types import Bool, Float32, UInt8

SAMPLE = 40
"""Rows a centre is learnt from. More moved recall by less than a hundredth and cost minutes."""

ROUNDS = 8
"""Rounds of k-means."""

MOST_CENTRES = 8192
"""More centres make searching 10^7 rows no faster and building them much slower."""

SMALL = 4096
"""Up to so many centres each query is compared with all; above, through a graph of them."""

CHUNK = 65_536
"""Rows coded at a time."""


def centres(n: int) -> int:
    """How many cells n rows are kept in: about four times the root, a power of two.

    >>> centres(80), centres(10**6)
    (2, 4096)
    """
    most = max(1, min(MOST_CENTRES, n // SAMPLE))
    wanted = int(2 ** round(np.log2(max(1.0, 4 * np.sqrt(n)))))
    return min(wanted, most)


@dataclass(frozen=True)
class Codes:
    """Compressed rows, numbered as they were added.

    Attributes:
        index: the library's own object; it goes into files as bytes only.
    """

    index: Any

    @classmethod
    def of(cls, rows: Float32, tick: Callable[[int], None] = lambda done: None) -> Self:
        """The codes of (n, k) rows, k a multiple of 8.

        Args:
            tick: called with the number of rows that are coded.
        """
        n = len(rows)
        index = _empty(rows.shape[1], centres(n))
        some = np.random.default_rng(0).permutation(n)[: index.nlist * SAMPLE]
        index.train(np.ascontiguousarray(rows[np.sort(some)]))
        for start in range(0, n, CHUNK):
            index.add(np.ascontiguousarray(rows[start : start + CHUNK]))
            tick(min(n, start + CHUNK))
        return cls(index)

    @classmethod
    def load(cls, data: UInt8) -> Self:
        """From the bytes of ``dump``: verify a checksum of them first."""
        import faiss

        return cls(faiss.deserialize_index(data))

    def dump(self) -> UInt8:
        """As bytes for a file."""
        import faiss

        data: UInt8 = faiss.serialize_index(self.index)
        return data

    @property
    def cells(self) -> int:
        """Into how many cells the rows are divided."""
        return int(self.index.nlist)

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def near(self, queries: Float32, count: int, cells: int, among: Among | None = None) -> Near:
        """The ``count`` rows that seem nearest to each of (b, k) queries.

        Args:
            cells: how many are looked into, those of the nearest centres.
            among: only these rows.
        """
        import faiss

        extra = {} if among is None else {"sel": among.selector}
        how = faiss.SearchParametersIVF(nprobe=min(cells, self.cells), **extra)
        cosines, found = self.index.search(queries, count, params=how)
        return found, cosines


@dataclass(frozen=True)
class Among:
    """A mask over rows in the form in which codes are searched with it."""

    bits: UInt8
    selector: Any

    @classmethod
    def of(cls, mask: Bool) -> Self:
        """From a mask over all rows."""
        import faiss

        bits = np.packbits(mask, bitorder="little")
        return cls(bits, faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits)))


def _empty(k: int, cells: int) -> Any:
    import faiss

    product = faiss.METRIC_INNER_PRODUCT
    graph = cells > SMALL
    near = faiss.IndexHNSWFlat(k, 32, product) if graph else faiss.IndexFlatIP(k)
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(near, k, cells, kind, product)
    if graph:
        near.hnsw.efConstruction, near.hnsw.efSearch = 100, 64
        index.quantizer_trains_alone = 2
        index.clustering_index = faiss.IndexFlatIP(k)
    index.own_fields = True
    near.this.disown()
    index.cp.niter, index.cp.seed = ROUNDS, 0
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, SAMPLE
    return index
