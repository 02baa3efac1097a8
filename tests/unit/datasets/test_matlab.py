"""Feature files of MATLAB: shapes, what is wrong with a file, lists of classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from quintet.datasets.matlab import check, class_names, labels, listed, sequences
from quintet.errors import UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.mat"


def test_sequences_are_the_saved_numbers_as_float32(file: Path) -> None:
    x = np.random.default_rng(0).standard_normal((3, 5, 4))
    savemat(file, {"x": x})
    read = sequences(file, "x", 4)
    assert read.dtype == np.float32
    assert np.array_equal(read, x.astype(np.float32))


def test_flat_features_are_one_step_a_row(file: Path) -> None:
    x = np.arange(6, dtype=np.float64).reshape(3, 2)
    savemat(file, {"x": x})
    assert np.array_equal(sequences(file, "x", 2), x[:, None, :])


@pytest.mark.parametrize("shape", [(2, 3), (2, 5, 3), (2, 4, 5, 3)])
def test_another_shape_is_told_with_what_was_expected(file: Path, shape: tuple[int, ...]) -> None:
    savemat(file, {"x": np.zeros(shape)})
    with pytest.raises(UsageError) as told:
        sequences(file, "x", 4)
    assert str(file) in str(told.value)
    assert "3)" in str(told.value)
    assert "(n, t, 4) was expected" in str(told.value)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(UsageError, match=r"lacks some\.mat"):
        sequences(file, "x", 4)


def test_a_variable_that_is_not_there_is_named(file: Path) -> None:
    savemat(file, {"y": np.zeros((1, 1))})
    with pytest.raises(UsageError, match=r"some\.mat has no variable x"):
        sequences(file, "x", 1)


@pytest.mark.parametrize("data", [b"", b"no numbers at all " * 20])
def test_a_file_of_something_else_is_named(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"some\.mat is no file of MATLAB"):
        sequences(file, "x", 1)


def test_a_file_of_matlab_7_3_is_told_what_to_do(file: Path) -> None:
    head = b"MATLAB 7.3 MAT-file".ljust(116) + bytes(8) + b"\x00\x02IM"
    file.write_bytes(head + b"\x89HDF\r\n\x1a\n" + bytes(64))
    with pytest.raises(UsageError, match=r"7\.3; save it again with -v7"):
        sequences(file, "x", 1)


@pytest.mark.parametrize("shape", [(1, 3), (3, 1)])
def test_labels_are_flat_whole_numbers_of_either_direction(
    file: Path, shape: tuple[int, int]
) -> None:
    savemat(file, {"lab": np.array([4.0, 0.0, 2.0]).reshape(shape)})
    read = labels(file, "lab")
    assert read.dtype == np.int64
    assert read.tolist() == [4, 0, 2]


def test_a_list_gives_names_with_blanks_and_numbers(tmp_path: Path) -> None:
    file = tmp_path / "test_3d.txt"
    file.write_text("10_drum\\7 old.obj 9\n\n2_bird/8.obj 1\n", "utf-8")
    names, numbers = listed(file)
    assert names == ["10_drum\\7 old.obj", "2_bird/8.obj"]
    assert numbers.tolist() == [9, 1]
    assert class_names(names, numbers, 3)[1] == "bird"


@pytest.mark.parametrize("line", ["1_ant/4.obj", "1_ant/4.obj x", "1_ant/4.obj -1"])
def test_a_line_without_a_class_number_is_shown(tmp_path: Path, line: str) -> None:
    file = tmp_path / "test_3d.txt"
    file.write_text(f"2_bird/8.obj 1\n{line}\n", "utf-8")
    with pytest.raises(UsageError, match=r"test_3d\.txt: .*class number") as told:
        listed(file)
    assert line in str(told.value)


def test_rows_and_labels_of_unequal_number_are_both_told(file: Path) -> None:
    with pytest.raises(UsageError, match=r"features has 3 rows, .*some\.mat 2 labels"):
        check(np.zeros((3, 1, 1), np.float32), "features", np.zeros(2, np.int64), file, 5)


@pytest.mark.parametrize("label", [-1, 5])
def test_a_class_that_does_not_exist_is_told(file: Path, label: int) -> None:
    x, y = np.zeros((2, 1, 1), np.float32), np.array([4, label])
    with pytest.raises(UsageError, match=rf"some\.mat names class {label}, 0 to 4 were expected"):
        check(x, "features", y, file, 5)
    check(x, "features", np.array([4, 0]), file, 5)
