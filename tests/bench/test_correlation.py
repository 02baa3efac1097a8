"""The bench of methods: what it skips, and rows and tables of a data set that most do not have."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from bench import correlation, tables

ROOT = Path(__file__).parent.parent.parent
LOADERS = ROOT / "tests/unit/datasets/benchmarks"


def loader_tests(name: str) -> ModuleType:
    """The tests of a loader, which write its files."""
    spec = importlib.util.spec_from_file_location(f"of_{name}", LOADERS / f"test_{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Runs the bench on data below ``tmp_path``; the file of its rows."""
    monkeypatch.setenv("QUINTET_DATA", str(tmp_path))
    monkeypatch.setenv("QUINTET_CACHE", str(tmp_path / "cache"))
    rows = tmp_path / "rows"

    def run(*arguments: str) -> Path:
        monkeypatch.setattr(sys, "argv", ["bench", "--rows", str(rows), *arguments])
        correlation.main()
        return rows

    return run


def test_data_that_are_not_there_are_skipped_with_a_line_each(
    bench: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = bench("--benchmark", "xmedia", "--benchmark", "xmedianet")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"xmedia: skipped: no data at {tmp_path / 'xmedia'}: ")
    assert second.startswith(f"xmedianet: skipped: no data at {tmp_path / 'xmedianet'}: ")
    assert not rows.exists()


@pytest.mark.parametrize("name", ["xmedia", "xmedianet"])
def test_official_files_give_rows_and_tables(
    bench: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    loader_tests(name).lay_out(tmp_path)
    rows = bench("--benchmark", name, "--method", "cca")
    (row,) = map(json.loads, rows.read_text("utf-8").splitlines())
    assert (row["benchmark"], row["method"], row["trials"]) == (name, "cca", 4)
    told = tables.section(tables.read(rows))
    _, _, own = told.partition(f"### {tables.TITLES[name]}\n")
    own, _, _ = own.partition("\n### ")
    to_all, _, both = own.partition("Image ↔ text among these:")
    assert "| method | image→all | video→all | text→all | audio→all | mesh→all | mean |" in to_all
    assert f"| `cca` | {row['figures']['image→all']:.3f} |" in to_all
    assert "| method | image→text | text→image | ± |" in both
    assert f"| `cca` | {row['figures']['image→text']:.3f} |" in both
    assert "Not measured" not in own
    bench("--benchmark", name, "--method", "cca")
    assert len(rows.read_text("utf-8").splitlines()) == 1  # measured once


def test_a_data_set_without_rows_is_told_how_to_be_measured() -> None:
    told = tables.section([])
    assert told.count("Not measured: ") == len(tables.BENCHMARKS)
    assert "python -m bench.correlation --benchmark xmedia`" in told
