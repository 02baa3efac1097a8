"""Index cache files: written whole, verified before they are opened, rebuilt on any doubt."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UsageError

Arrays = Mapping[str, NDArray[np.generic]]


def cached(path: Path, stamp: str, build: Callable[[], Arrays]) -> Arrays:
    """Arrays from the cache file, or built and written to it.

    The file is used only if its manifest carries the same stamp and its bytes the manifest's
    SHA-256. A file that cannot be read or written (damaged, full disk, read-only folder) costs
    only the time to build again.

    Args:
        path: without suffix; ``path.json`` is the manifest, ``path.bin`` the arrays.
        stamp: what the arrays were made from, such as a generation of the store.
    """
    found = _read(path, stamp)
    if found is None:
        found = build()
        _write(path, stamp, found)
    return found


def _read(path: Path, stamp: str) -> Arrays | None:
    try:
        manifest = json.loads(path.with_suffix(".json").read_bytes())
        if manifest["stamp"] != stamp:
            return None
        data = path.with_suffix(".bin").read_bytes()
        if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
            return None
        return {row["name"]: _array(data, row) for row in manifest["arrays"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _array(data: bytes, row: Mapping[str, object]) -> NDArray[np.generic]:
    dtype = np.dtype(str(row["dtype"]))
    if dtype.hasobject:
        raise UsageError("an index file holds objects")
    shape = tuple(int(str(n)) for n in row["shape"])  # type: ignore[attr-defined]  # checked by the try around
    count = int(np.prod(shape))
    return np.frombuffer(data, dtype, count, int(str(row["offset"]))).reshape(shape)


def _write(path: Path, stamp: str, arrays: Arrays) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        rows, parts, offset = [], [], 0
        for name, array in arrays.items():
            data = np.ascontiguousarray(array).tobytes()
            row = {"name": name, "dtype": array.dtype.str, "shape": array.shape, "offset": offset}
            rows.append(row)
            parts.append(data)
            offset += len(data)
        body = b"".join(parts)
        manifest = {"stamp": stamp, "sha256": hashlib.sha256(body).hexdigest(), "arrays": rows}
        _replace(path.with_suffix(".bin"), body)
        _replace(path.with_suffix(".json"), json.dumps(manifest).encode())
    except OSError:
        return


def _replace(path: Path, data: bytes) -> None:
    """Write beside, flush, rename: a reader sees the old file or the new one, whole."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
