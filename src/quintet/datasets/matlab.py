"""Feature files of MATLAB as the cross-media benchmarks distribute them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from quintet.datasets.benchmark import required_file
from quintet.errors import UsageError
from quintet.types import Float32, Int64


def sequences(file: Path, variable: str, d: int) -> Float32:
    """(n, t, d) float32 of one variable; (n, d) counts as one step a row.

    Raises:
        UsageError: no such file or variable, a file of MATLAB 7.3, or another width.
    """
    x = np.asarray(_variable(file, variable), dtype=np.float32)
    x = x[:, None, :] if x.ndim == 2 else x
    if x.ndim != 3 or x.shape[2] != d:
        raise UsageError(f"{file}: {variable} is {x.shape}, (n, t, {d}) was expected")
    return x


def labels(file: Path, variable: str) -> Int64:
    """(n,) class numbers from 0."""
    return np.asarray(_variable(file, variable)).ravel().astype(np.int64)


def listed(file: Path) -> tuple[list[str], Int64]:
    """Names and class numbers of a list of lines ``10_drum\\7.obj 9``.

    Raises:
        UsageError: no such file, or a line that ends in no number.
    """
    names, numbers = [], []
    for line in required_file(file).read_text("utf-8").splitlines():
        if line.strip():
            name, _, number = line.strip().rpartition(" ")
            if not number.isdigit():
                raise UsageError(f"{file}: {line!r} does not end in a class number")
            names.append(name)
            numbers.append(int(number))
    return names, np.array(numbers, dtype=np.int64)


def class_names(names: list[str], numbers: Int64, count: int) -> tuple[str, ...]:
    """The folder names of listed files, by class number, without the number in front.

    >>> class_names(["10_drum\\\\7.obj", "2_bird/8.obj"], np.array([1, 0]), 3)
    ('bird', 'drum', 'class 2')
    """
    found = {int(c): re.split(r"[\\\\/]", name)[0] for name, c in zip(names, numbers, strict=True)}
    return tuple(re.sub(r"^\d+_", "", found.get(c, f"class {c}")) for c in range(count))


def check(x: Float32, of_x: Path | str, y: Int64, of_y: Path, count: int) -> None:
    """Every row has one label below ``count``.

    Raises:
        UsageError: it has not; the message names the files and both values.
    """
    if len(x) != len(y):
        raise UsageError(f"{of_x} has {len(x)} rows, {of_y} {len(y)} labels")
    wrong = y[(y < 0) | (y >= count)]
    if len(wrong):
        raise UsageError(f"{of_y} names class {wrong[0]}, 0 to {count - 1} were expected")


def _variable(file: Path, variable: str) -> object:
    try:
        return loadmat(required_file(file), variable_names=[variable])[variable]
    except NotImplementedError as e:
        raise UsageError(f"{file} is of MATLAB 7.3; save it again with -v7") from e
    except KeyError as e:
        raise UsageError(f"{file} has no variable {variable}") from e
    except (ValueError, MatReadError) as e:
        raise UsageError(f"{file} is no file of MATLAB: {e}") from e
