"""Search of large collections: compressed codes propose, full vectors decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np

from quintet.errors import ShapeError, UsageError
from quintet.index.breadth import Breadth
from quintet.index.codes import Among, Codes
from quintet.index.flat import ROUNDING, Flat
from quintet.index.rescore import PATIENCE, Best, Near, best
from quintet.index.rows import check_new, check_one, check_queries, padded
from quintet.types import Bool, Float32, Int64

FEW = 5_000
"""Up to so many allowed rows a search compares all of them: cells would hold too few of them."""

MORE_FEW, PASSED = 50_000, 40
"""Up to so many also when looking for them would pass by so many times as many codes."""

MORE = 16
"""So many candidates beside those asked for are compared by their full vectors, and …"""

SHARE = 0.25
"""… this share of those asked for: one byte a value confuses neighbours of almost equal cosine."""

WIDER = 4
"""What a search that found too little is widened by."""


@dataclass(frozen=True)
class Base:
    """What an index file holds.

    Attributes:
        keys: (n,) int64, increasing.
        rows: (n, k padded) float32; a map of the file, so that it need not be in memory.
        codes: row ``i`` is coded under number ``i``.
        breadth: how many cells are looked into.
    """

    keys: Int64
    rows: Float32
    codes: Codes
    breadth: Breadth


class IVF:
    """Unit vectors by cosine, approximately; the cosines are exact, ties go to the smaller key.

    Rows added after the codes were made are compared exactly beside them, rows removed are
    masked, until ``IVF.build`` makes the codes again.

    Attributes:
        keys: (n,) int64, increasing.
        fresh: rows that have no codes yet.
    """

    def __init__(self, base: Base | None = None) -> None:
        self.base = base
        self.fresh = Flat()
        self.keys: Int64 = np.zeros(0, dtype=np.int64) if base is None else base.keys
        self._live: Bool | None = None
        self._coded: Bool | None = None
        self._chosen: tuple[Bool | None, _Chosen] | None = None
        self._asked = 0

    @classmethod
    def build(
        cls,
        keys: Int64,
        rows: Float32,
        asked: Sequence[Float32] = (),
        tick: Callable[[int], None] = lambda done: None,
    ) -> Self:
        """Code (n, k padded) rows under increasing keys; ``rows`` is kept, not copied.

        Args:
            asked: samples of queries, one array for each kind that shall be answered well; the
                rows' own kind is always among them.
            tick: called with the number of rows that are coded.

        Raises:
            ShapeError: not one key for each row.
            UsageError: keys that do not increase; NaN or infinity.
        """
        if len(keys) != len(rows):
            raise ShapeError(f"{len(keys)} keys for {len(rows)} rows")
        if np.count_nonzero(np.diff(keys) <= 0):
            raise UsageError("the keys of rows that are coded have to increase")
        codes = Codes.of(rows, tick)
        return cls(Base(keys, rows, codes, Breadth.measured(codes, rows, asked)))

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Self:
        """From the arrays of a verified file."""
        codes = Codes.load(np.asarray(arrays["codes"]))
        breadth = Breadth.of(arrays["breadth"])
        return cls(Base(np.array(arrays["keys"]), arrays["rows"], codes, breadth))

    def arrays(self) -> dict[str, Any]:
        """What a file holds of it: all but rows added and removed since it was built."""
        if self.base is None:
            return {}
        base = self.base
        state = {"codes": base.codes.dump(), "breadth": base.breadth.array()}
        return {"keys": base.keys, "rows": base.rows, **state}

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def _wide(self) -> int | None:
        wide: int = (self.fresh if self.base is None else self.base).rows.shape[1]
        return wide

    def vectors(self, rows: Int64) -> Float32:
        """(b, k padded) the vectors of b places in ``keys``."""
        wanted = self.keys[rows]
        found = np.empty((len(rows), self._wide or 0), dtype=np.float32)
        for part in (self.fresh, self.base):
            if part is not None and len(part.keys):
                at = np.minimum(np.searchsorted(part.keys, wanted), len(part.keys) - 1)
                own = part.keys[at] == wanted
                found[own] = part.rows[at[own]]
        return found

    def add(self, keys: Sequence[int], z: Float32) -> None:
        """Add (n, k) float32 rows under new keys.

        Raises:
            ShapeError: another k than before, or not one key for each row.
            UsageError: NaN or infinity, or a key that is already there.
        """
        new = np.asarray(keys, dtype=np.int64)
        if self.base is not None:
            check_new(new, z, self.keys, self._wide)
        self.fresh.add(keys, z)
        self._count()

    def remove(self, keys: Sequence[int]) -> None:
        """Forget keys; unknown ones are ignored."""
        gone = np.asarray(keys, dtype=np.int64)
        self.fresh.remove(keys)
        if self.base is not None:
            lost = np.isin(self.base.keys, gone)
            if lost.any():
                self._live = ~lost if self._live is None else self._live & ~lost
        self._count()

    def _count(self) -> None:
        """What follows from the rows that are there now."""
        coded = np.zeros(0, dtype=np.int64)
        if self.base is not None:
            coded = self.base.keys if self._live is None else self.base.keys[self._live]
        self.keys, self._coded, self._chosen = coded, None, None
        if len(self.fresh):
            together = np.concatenate([coded, self.fresh.keys])
            order = np.argsort(together, kind="stable")
            self.keys, self._coded = together[order], order < len(coded)

    def search(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[tuple[int, float]]:
        """The ``count`` nearest keys of one (k,) query with their cosines, best first.

        Args:
            allowed: (n,) mask over rows in the order of ``keys``. One that cannot be written to
                is known again without comparing it.

        Raises:
            ShapeError: a query of another width, or a mask of another length.
            UsageError: NaN or infinity in the query.
        """
        check_one(z)
        return self.search_many(z[None], count, allowed)[0]

    def search_many(
        self, z: Float32, count: int, allowed: Bool | None = None
    ) -> list[list[tuple[int, float]]]:
        """``search`` for each of (b, k) queries; many at a time cost less than one by one."""
        check_queries(z, allowed, len(self), self._wide if len(self) else None)
        if not len(self) or count < 1:
            return [[] for _ in z]
        coded, fresh = self._split(allowed)
        found = self._coded_best(self.base, padded(z), count, coded) if self.base else []
        if not len(self.fresh):
            return found
        new = self.fresh.search_many(z, count, fresh)
        if not self.base:
            return new
        both = [a + b for a, b in zip(found, new, strict=True)]
        return [sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:count] for hits in both]

    def _split(self, allowed: Bool | None) -> tuple[Bool | None, Bool | None]:
        """The mask over the rows of the base, dead ones out, and that over the fresh rows."""
        if allowed is None:
            return self._live, None
        mine = allowed if self._coded is None else allowed[self._coded]
        fresh = None if self._coded is None else allowed[~self._coded]
        if self._live is None:
            return mine, fresh
        coded = self._live.copy()
        coded[self._live] = mine
        return coded, fresh

    def _coded_best(
        self, base: Base, queries: Float32, count: int, mask: Bool | None
    ) -> list[list[tuple[int, float]]]:
        chosen = self._choose(base, mask)
        count = min(count, chosen.n)
        if not count:
            return [[] for _ in queries]
        rows, cosines = self._wide_enough(queries, count, chosen, chosen.cells(count))
        pairs = zip(chosen.keys[rows].tolist(), cosines.tolist(), strict=True)
        if not np.count_nonzero(rows[:, -1] < 0):
            return [list(zip(k, c, strict=True)) for k, c in pairs]
        filled = np.count_nonzero(rows >= 0, axis=1).tolist()
        return [
            list(zip(k[:n], c[:n], strict=True)) for (k, c), n in zip(pairs, filled, strict=True)
        ]

    def _choose(self, base: Base, mask: Bool | None) -> _Chosen:
        """The rows of a mask, in the form in which they are searched; the last mask is kept."""
        if self._chosen is None or not _same(self._chosen[0], mask):
            kept = mask if mask is None or _is_fixed(mask) else mask.copy()
            self._chosen = (kept, _chosen(base, mask))
        return self._chosen[1]

    def _wide_enough(
        self, queries: Float32, count: int, chosen: _Chosen, cells: int
    ) -> tuple[Int64, Float32]:
        """Row numbers and cosines; queries that found too few, or ties to no end, ask wider."""
        depth = min(chosen.n, count + MORE + int(SHARE * count))
        rows, cosines, tied = self._near(queries, count, depth, cells, chosen)
        if not np.count_nonzero((rows[:, -1] < 0) | tied):
            return rows, cosines
        todo = np.arange(len(queries))
        while True:
            few = (rows[todo, -1] < 0) & (cells < chosen.most)
            again = few | (tied & (depth < chosen.n))
            if not again.any():
                return rows, cosines
            cells = min(chosen.most, cells * WIDER) if few.any() else cells
            depth = min(chosen.n, depth * WIDER) if tied.any() else depth
            todo = todo[again]
            found = self._near(queries[todo], count, depth, cells, chosen)
            rows[todo], cosines[todo], tied = found

    def _near(self, queries: Float32, count: int, depth: int, cells: int, chosen: _Chosen) -> Best:
        self._asked += len(queries)
        near = chosen.near(queries, depth, cells)
        fast = self._asked > PATIENCE
        return best(chosen.rows, queries, near, count, blur=chosen.blur, compiled=fast)


@dataclass(frozen=True)
class _Chosen:
    """The ``n`` rows that a search may find, and how candidates among them are proposed.

    Attributes:
        keys, rows: of all rows that ``near`` counts.
        near: (queries, depth, cells) → candidates and about their cosines, off by ``blur``.
        cells: how many cells so many results take, of ``most``.
    """

    n: int
    keys: Int64
    rows: Float32
    near: Callable[[Float32, int, int], Near]
    blur: float
    cells: Callable[[int], int]
    most: int


def _chosen(base: Base, mask: Bool | None) -> _Chosen:
    """All rows, or those of a mask: few are all compared, of many the codes are."""
    n = len(base.codes) if mask is None else int(np.count_nonzero(mask))
    cells = partial(base.breadth.cells, share=n / len(base.codes))
    looked = min(1.0, cells(1) / base.codes.cells) * len(base.codes)
    if n <= max(FEW, min(MORE_FEW, looked / PASSED)):
        at = np.arange(n) if mask is None else np.flatnonzero(mask)
        rows = np.ascontiguousarray(base.rows[at])
        near = partial(_products, rows)
        return _Chosen(n, base.keys[at], rows, near, 2 * ROUNDING, lambda count: 1, 1)
    among = None if mask is None else Among.of(mask)
    near = partial(base.codes.near, among=among)
    return _Chosen(n, base.keys, base.rows, near, base.breadth.blur, cells, base.codes.cells)


def _products(rows: Float32, queries: Float32, depth: int, cells: int) -> Near:  # noqa: ARG001
    """The best of all rows by their products in float32: one cell holds them all."""
    about = queries @ rows.T
    top = np.argpartition(-about, depth - 1, axis=1)[:, :depth]
    values = np.take_along_axis(about, top, axis=1)
    order = np.argsort(-values, axis=1)
    return np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)


def _same(kept: Bool | None, mask: Bool | None) -> bool:
    if kept is None or mask is None:
        return kept is mask
    return (kept is mask and _is_fixed(mask)) or np.array_equal(kept, mask)


def _is_fixed(mask: Bool) -> bool:
    """Whether a mask can be known again by being the same object."""
    return mask.base is None and not mask.flags.writeable
