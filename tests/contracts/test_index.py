"""The index's promises × every index, against brute force; and its cache files under damage."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quintet.errors import ShapeError, UsageError
from quintet.index import files, flat, ivf
from quintet.index.breadth import Breadth
from quintet.index.files import cached, described, mapped, write
from quintet.index.flat import Flat
from quintet.index.ivf import IVF
from quintet.index.qdrant import Qdrant
from quintet.index.rows import padded
from quintet.roles import Index


class Sketched(Flat):
    """Flat as it works on large libraries."""

    def search_many(self, z, count, allowed=None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(flat, "MANY", 1)
            patch.setattr(flat, "PATIENCE", 0)
            return super().search_many(z, count, allowed)


class Coded(IVF):
    """IVF that looks into all cells: after the first rows, with codes; later ones are fresh."""

    def add(self, keys, z):
        if self.base is not None or not len(keys):
            return super().add(keys, z)
        super().add(keys, z)
        order = np.argsort(keys)
        built = IVF.build(np.asarray(keys)[order], padded(z[order]))
        self.__init__(built.base)
        return None

    def search_many(self, z, count, allowed=None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ivf, "FEW", 0)
            patch.setattr(ivf, "PATIENCE", self.patience)
            patch.setattr(Breadth, "cells", everything)
            return super().search_many(z, count, allowed)

    patience = 10**9


class Compiled(Coded):
    """The same, its candidates compared in machine code."""

    patience = 0


class Few(Coded):
    """Coded, but so few rows are allowed that all of them are compared."""

    def search_many(self, z, count, allowed=None):
        return IVF.search_many(self, z, count, allowed)


def everything(breadth, count, share=1.0):
    return 10**6


INDEXES = [Flat, Sketched, IVF, Coded, Compiled, Few, Qdrant]


def unit(rng, n, k):
    z = rng.normal(size=(n, k)).astype(np.float32)
    return z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9)


def brute(keys, z, query, count, allowed=None):
    """All cosines in float64, one row at a time; best first, ties to the smaller key."""
    rows = [
        (float(np.float32((z[i].astype(np.float64) * query.astype(np.float64)).sum())), key)
        for i, key in enumerate(keys)
        if allowed is None or allowed[i]
    ]
    return [(key, s) for s, key in sorted(rows, key=lambda r: (-r[0], r[1]))][:count]


def same(found, expected):
    assert [key for key, _ in found] == [key for key, _ in expected]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], rtol=0, atol=1e-6)


@pytest.mark.parametrize("make", INDEXES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 80),
    k=st.integers(1, 40),
    count=st.integers(0, 100),
    copies=st.booleans(),
    coarse=st.booleans(),
    masked=st.booleans(),
    removed=st.integers(0, 20),
)
def test_finds_what_brute_force_finds(make, seed, n, k, count, copies, coarse, masked, removed):
    rng = np.random.default_rng(seed)
    z = unit(rng, n, k)
    if coarse:
        z = np.round(z * 2) / 2
    if copies and n:
        z = z[rng.integers(0, max(1, n // 4), n)]
    keys = rng.permutation(np.arange(1000))[:n]
    index = make()
    half = n // 2
    index.add(keys[:half].tolist(), z[:half])
    index.add(keys[half:].tolist(), z[half:])
    gone = keys[rng.permutation(n)[:removed]]
    index.remove([*gone.tolist(), 5000])
    kept = ~np.isin(keys, gone)
    order = np.argsort(keys[kept])
    keys, z = keys[kept][order], z[kept][order]
    allowed = rng.random(len(keys)) < 0.5 if masked else None
    queries = np.concatenate([unit(rng, 2, k), z[:1]])
    if allowed is not None:
        allowed.flags.writeable = bool(seed % 2)
    assert index.keys.tolist() == keys.tolist()
    for query in queries:
        same(index.search(query, count, allowed), brute(keys.tolist(), z, query, count, allowed))
    many = np.concatenate([queries] * 3)  # from eight on a batch takes another way to its cells
    for query, found in zip(many, index.search_many(many, count, allowed), strict=True):
        same(found, brute(keys.tolist(), z, query, count, allowed))


@pytest.mark.parametrize("make", INDEXES)
class TestEveryIndex:
    def test_it_is_an_index(self, make):
        assert isinstance(make(), Index)

    def test_empty(self, make):
        assert make().search(np.ones(3, np.float32), 5) == []
        assert make().search_many(np.ones((2, 3), np.float32), 5) == [[], []]

    def test_emptied_and_filled_again(self, make):
        index = make()
        index.add([1], np.ones((1, 3), np.float32))
        index.remove([1])
        assert index.search(np.ones(3, np.float32), 5) == []
        index.add([1], np.ones((1, 3), np.float32))
        assert index.search(np.ones(3, np.float32), 5) == [(1, 3.0)]

    def test_vectors_are_read_by_place(self, make):
        z = unit(np.random.default_rng(3), 9, 5)
        index = make()
        index.add(range(1, 7), z[:6])
        index.remove([2])
        index.add([7, 9, 8], z[6:])
        kept = [0, 2, 3, 4, 5, 6, 8, 7]
        places = np.array([7, 0, 3])
        found = index.vectors(places)
        np.testing.assert_array_equal(found[:, :5], z[[kept[p] for p in places]])

    def test_one_row(self, make):
        index = make()
        index.add([7], np.array([[0.6, 0.8]], np.float32))
        ((key, score),) = index.search(np.array([1.0, 0.0], np.float32), 3)
        assert key == 7
        assert score == pytest.approx(0.6)

    def test_equal_rows_come_in_order_of_their_keys(self, make):
        rng = np.random.default_rng(0)
        row = unit(rng, 1, 37)
        index = make()
        keys = rng.permutation(500)
        index.add(keys.tolist(), np.repeat(row, 500, axis=0))
        found = index.search(unit(rng, 1, 37)[0], 100)
        assert [key for key, _ in found] == list(range(100))
        assert len({score for _, score in found}) == 1

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_what_is_no_number_is_refused(self, make, bad):
        index = make()
        index.add([1], np.ones((1, 3), np.float32))
        with pytest.raises(UsageError, match="NaN"):
            index.add([2], np.array([[1, bad, 0]], np.float32))
        with pytest.raises(UsageError, match="NaN"):
            index.search(np.array([1, bad, 0], np.float32), 1)
        assert index.keys.tolist() == [1]

    def test_a_key_is_there_once(self, make):
        index = make()
        index.add([1, 2], np.ones((2, 3), np.float32))
        for keys in ([3, 1], [4, 4]):
            with pytest.raises(UsageError, match="already"):
                index.add(keys, np.ones((2, 3), np.float32))
        assert index.keys.tolist() == [1, 2]

    def test_widths_must_agree(self, make):
        index = make()
        index.add([1], np.ones((1, 3), np.float32))
        for wrong in (
            lambda: index.add([2], np.ones((1, 30), np.float32)),
            lambda: index.add([2, 3], np.ones((1, 3), np.float32)),
            lambda: index.search(np.ones(30, np.float32), 1),
            lambda: index.search(np.ones((1, 3), np.float32), 1),
            lambda: index.search_many(np.ones(3, np.float32), 1),
            lambda: index.search(np.ones(3, np.float32), 1, np.ones(2, bool)),
        ):
            with pytest.raises(ShapeError):
                wrong()


@pytest.mark.parametrize("make", [Flat, Sketched, IVF])
def test_rows_of_any_length_are_found(make):
    """Codes are made for unit rows: they cannot tell those of a hundred millionth from zeros."""
    rng = np.random.default_rng(1)
    z = unit(rng, 60, 12) * (10.0 ** rng.uniform(-8, 8, size=(60, 1))).astype(np.float32)
    z[3] = 0
    index = make()
    index.add(range(60), z)
    query = unit(rng, 1, 12)[0]
    found = index.search(query, 20)
    assert [k for k, _ in found] == [k for k, _ in brute(range(60), z, query, 20)]


# cache files

ROWS = np.arange(4000, dtype=np.float32).reshape(500, 8)


def arrays():
    return {"keys": np.arange(500), "rows": ROWS, "names": np.array(["a", "bc"]), "none": ROWS[:0]}


def test_a_cache_file_is_read_and_not_built_again(tmp_path):
    cached(tmp_path / "index" / "m.1-image", "s", arrays)
    found = cached(tmp_path / "index" / "m.1-image", "s", lambda: pytest.fail("built again"))
    for name, array in arrays().items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_names_with_dots_do_not_share_a_file(tmp_path):
    cached(tmp_path / "m.1", "s", lambda: {"x": np.zeros(1)})
    cached(tmp_path / "m.2", "s", lambda: {"x": np.ones(1)})
    assert cached(tmp_path / "m.1", "s", arrays)["x"] == 0


def test_another_stamp_builds_again(tmp_path):
    cached(tmp_path / "x", "1", arrays)
    assert cached(tmp_path / "x", "2", lambda: {"a": np.ones(2)}).keys() == {"a"}
    assert cached(tmp_path / "x", "2", arrays).keys() == {"a"}


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "index").write_text("not a folder")
    assert cached(tmp_path / "index" / "x", "1", arrays)["rows"] is ROWS


def test_what_killed_writers_left_is_deleted(tmp_path):
    (tmp_path / "x.bin.999999999.tmp").write_text("half")
    cached(tmp_path / "x", "1", arrays)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.bin", "x.json"]


@pytest.mark.parametrize("suffix", [".bin", ".json"])
@pytest.mark.parametrize("how", ["truncated", "flipped"])
def test_damage_is_always_seen(tmp_path, suffix, how):
    rng = np.random.default_rng(0)
    path = tmp_path / "x"
    cached(path, "1", arrays)
    rebuilt = 0
    for _ in range(100):
        (file,) = (p for p in tmp_path.iterdir() if (p.suffix == ".json") == (suffix == ".json"))
        whole = file.read_bytes()
        file.write_bytes(_damaged(whole, how, rng))
        calls = []
        found = cached(path, "1", lambda calls=calls: calls.append(1) or arrays())
        np.testing.assert_array_equal(found["rows"], ROWS)
        assert found.keys() == arrays().keys()
        rebuilt += len(calls)
    assert rebuilt == 100


def _damaged(whole, how, rng):
    if how == "truncated":
        return whole[: rng.integers(0, len(whole))]
    data = bytearray(whole)
    for at in rng.integers(0, len(data), 3):
        data[at] ^= 1 << int(rng.integers(0, 7))
    return bytes(data) if bytes(data) != whole else _damaged(whole, how, rng)


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "O"},
        {"dtype": "<f8"},
        {"shape": [-1, 8]},
        {"shape": [10**12, 8]},
        {"offset": -4},
        {"offset": "0"},
        {"file": "/../y.bin"},
    ],
)
def test_a_forged_manifest_is_refused(tmp_path, change):
    cached(tmp_path / "x", "1", arrays)
    manifest = json.loads((tmp_path / "x.json").read_text())
    (manifest if "file" in change else manifest["arrays"][1]).update(change)
    (tmp_path / "y.bin").write_bytes((tmp_path / "x.bin").read_bytes())
    (tmp_path / "x.json").write_text(json.dumps(manifest))
    built = []
    cached(tmp_path / "x", "1", lambda: built.append(1) or arrays())
    assert built


# files that stay on disk


def test_a_writer_killed_before_its_manifest_leaves_what_served(tmp_path, monkeypatch):
    write(tmp_path / "x", "1", arrays())
    replace = files._replace

    def die(path, parts):
        if path.suffix == ".json":
            raise KeyboardInterrupt
        replace(path, parts)

    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr(files, "_replace", die)
            with pytest.raises(KeyboardInterrupt):
                write(tmp_path / "x", "2", {"rows": ROWS + 1})
        stamp, found = mapped(tmp_path / "x")
        assert stamp == "1"
        np.testing.assert_array_equal(found["rows"], ROWS)
    for n in range(3):
        write(tmp_path / "x", str(n), {"rows": ROWS + n})
        np.testing.assert_array_equal(mapped(tmp_path / "x")[1]["rows"], ROWS + n)
        assert len(list(tmp_path.iterdir())) == 2


def test_a_map_holds_what_was_written_and_outlives_its_file(tmp_path):
    write(tmp_path / "x", "1", arrays())
    stamp, found = mapped(tmp_path / "x")
    assert stamp == "1"
    write(tmp_path / "x", "2", {"rows": ROWS + 1})
    for path in tmp_path.iterdir():
        path.unlink()
    for name, array in arrays().items():
        np.testing.assert_array_equal(found[name], array)
        assert not found[name].flags.writeable


@pytest.mark.parametrize("suffix", [".bin", ".json"])
@pytest.mark.parametrize("how", ["truncated", "flipped"])
def test_a_damaged_file_is_not_mapped(tmp_path, suffix, how):
    rng = np.random.default_rng(0)
    write(tmp_path / "x", "1", arrays())
    file = tmp_path / f"x{suffix}"
    whole = file.read_bytes()
    for _ in range(100):
        file.write_bytes(_damaged(whole, how, rng))
        assert mapped(tmp_path / "x") is None
    file.unlink()
    assert mapped(tmp_path / "x") is None


def test_what_a_file_holds_can_be_told_from_its_manifest(tmp_path):
    assert described(tmp_path / "x") is None
    write(tmp_path / "x", "1", arrays())
    assert described(tmp_path / "x") == {n: a.nbytes for n, a in arrays().items()}


def test_an_index_read_from_its_file_answers_as_before(tmp_path):
    rng = np.random.default_rng(0)
    z = unit(rng, 900, 21)
    built = IVF.build(np.arange(900) * 2, padded(z))
    write(tmp_path / "x", "1", built.arrays())
    _, found = mapped(tmp_path / "x")
    again = IVF.of(found)
    assert again.base.breadth == built.base.breadth
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ivf, "FEW", 0)
        for query in unit(rng, 20, 21):
            assert again.search(query, 10) == built.search(query, 10)
