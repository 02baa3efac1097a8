"""Rows as FAISS keeps them: cells around centres, one byte a value. The only file that knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np

from quintet.errors import UsageError
from quintet.index.cells import learnt, nearest, own
from quintet.index.rescore import Near
from quintet.types import Bool, Float32, UInt8

SAMPLE = 40
"""Rows a centre is learnt from. More moved recall by less than a hundredth and cost minutes."""

MOST_CENTRES = 8192
"""More centres make searching 10^7 rows no faster and building them much slower."""

CHUNK = 65_536
"""Rows coded at a time."""

MANY = 8
"""From so many queries a call on their cells are found by one matrix product of numpy."""

BLOCK = 1 << 24
"""Bytes of a file handed over at a time."""


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
        middles: (cells, k) the centres of its cells.
    """

    index: Any
    middles: Float32

    @classmethod
    def of(cls, rows: Float32, tick: Callable[[int], None] = lambda done: None) -> Self:
        """The codes of (n, k) rows, k a multiple of 8.

        Args:
            tick: called with the number of rows that are coded.

        Raises:
            UsageError: NaN or infinity.
        """
        import faiss

        n, cells = len(rows), centres(len(rows))
        some = np.random.default_rng(0).permutation(n)[: cells * SAMPLE]
        sample = np.ascontiguousarray(rows[np.sort(some)])
        middles = learnt(sample, cells)
        index = _trained(sample, middles)
        for start in range(0, n, CHUNK):
            part = np.ascontiguousarray(rows[start : start + CHUNK])
            if np.count_nonzero(np.isfinite(part)) < part.size:
                raise UsageError("a vector holds NaN or infinity; run: quintet rebuild")
            cell = own(part, middles)
            index.add_core(len(part), faiss.swig_ptr(part), None, faiss.swig_ptr(cell))
            tick(min(n, start + CHUNK))
        return cls(index, middles)

    @classmethod
    def load(cls, data: UInt8) -> Self:
        """From the bytes of ``dump``: verify a checksum of them first."""
        import faiss

        at = 0

        def read(size: int) -> bytes:
            nonlocal at
            part = data[at : at + size].tobytes()
            at += len(part)
            return part

        index = faiss.read_index(faiss.PyCallbackIOReader(read, BLOCK))
        return cls(index, index.quantizer.reconstruct_n(0, index.nlist))

    def dump(self) -> UInt8:
        """As bytes for a file: counted, then copied, so that memory holds them once more only."""
        import faiss

        sizes: list[int] = []
        count = faiss.PyCallbackIOWriter(lambda part: sizes.append(len(part)), BLOCK)
        faiss.write_index(self.index, count)
        data = np.empty(sum(sizes), dtype=np.uint8)
        starts = iter(np.cumsum([0, *sizes]).tolist())

        def keep(part: bytes) -> None:
            start = next(starts)
            data[start : start + len(part)] = np.frombuffer(part, np.uint8)

        faiss.write_index(self.index, faiss.PyCallbackIOWriter(keep, BLOCK))
        return data

    @property
    def cells(self) -> int:
        """Into how many cells the rows are divided."""
        return len(self.middles)

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def near(self, queries: Float32, count: int, cells: int, among: Among | None = None) -> Near:
        """The ``count`` rows that seem nearest to each of (b, k) queries.

        Args:
            cells: how many are looked into, those of the nearest centres.
            among: only these rows.
        """
        import faiss

        queries, cells = np.ascontiguousarray(queries), min(cells, self.cells)
        how = _how(cells, among)
        if len(queries) < MANY:
            cosines, found = self.index.search(queries, count, params=how)
            return found, cosines
        at, scores = nearest(queries, self.middles, cells)
        cosines = np.empty((len(queries), count), dtype=np.float32)
        found = np.empty((len(queries), count), dtype=np.int64)
        given = [faiss.swig_ptr(a) for a in (at, scores, cosines, found)]
        query = faiss.swig_ptr(queries)
        self.index.search_preassigned_c(len(queries), query, count, *given, False, how)
        return found, cosines


@dataclass(frozen=True, eq=False)
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


@lru_cache(maxsize=4)
def _how(cells: int, among: Among | None) -> Any:
    """The library's settings of a search; to make them takes as long as a hundred rows."""
    import faiss

    extra = {} if among is None else {"sel": among.selector}
    return faiss.SearchParametersIVF(nprobe=cells, **extra)


def _trained(sample: Float32, middles: Float32) -> Any:
    """The library's index around these centres; values are coded as the sample's need it."""
    import faiss

    cells, k = middles.shape
    near = faiss.IndexFlatIP(k)
    near.add(middles)
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(near, k, cells, kind, faiss.METRIC_INNER_PRODUCT)
    index.own_fields = True
    near.this.disown()
    cell = own(sample, middles)
    rest = sample - middles[cell]
    index.train_encoder(len(rest), faiss.swig_ptr(rest), faiss.swig_ptr(cell))
    index.is_trained = True
    return index
