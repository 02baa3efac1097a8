"""Index cache files: written whole, verified before they are opened, rebuilt on any doubt."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quintet.errors import UsageError

Arrays = Mapping[str, NDArray[np.generic]]


def cached(path: Path, stamp: str, build: Callable[[], Arrays]) -> Arrays:
    """Arrays from the cache file, or built and written to it.

    The file is used only if its manifest carries the same stamp and the SHA-256 of the manifest's
    rows and of the bytes. A file that cannot be read or written (damaged, full disk, read-only
    folder) costs only the time to build again.

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
        manifest = json.loads(_with(path, ".json").read_bytes())
        if manifest["stamp"] != stamp:
            return None
        data = _with(path, ".bin").read_bytes()
        if _digest(stamp, manifest["arrays"], data) != manifest["sha256"]:
            return None
        return {row["name"]: _array(data, row) for row in manifest["arrays"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _digest(stamp: str, rows: list[dict[str, Any]], data: bytes) -> str:
    """SHA-256 of what the manifest says and of the bytes it speaks of."""
    sha = hashlib.sha256(json.dumps([stamp, rows], sort_keys=True).encode())
    sha.update(data)
    return sha.hexdigest()


def _array(data: bytes, row: Mapping[str, Any]) -> NDArray[np.generic]:
    dtype = np.dtype(row["dtype"])
    if dtype.hasobject:
        raise UsageError("an index file holds objects")
    shape = tuple(row["shape"])
    return np.frombuffer(data, dtype, int(np.prod(shape)), row["offset"]).reshape(shape)


def _write(path: Path, stamp: str, arrays: Arrays) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        _sweep(path)
        rows: list[dict[str, Any]] = []
        parts, offset = [], 0
        for name, array in arrays.items():
            data = np.ascontiguousarray(array).tobytes()
            place = {"shape": list(array.shape), "offset": offset}
            rows.append({"name": name, "dtype": array.dtype.str, **place})
            parts.append(data)
            offset += len(data)
        body = b"".join(parts)
        manifest = {"stamp": stamp, "sha256": _digest(stamp, rows, body), "arrays": rows}
        _replace(_with(path, ".bin"), body)
        _replace(_with(path, ".json"), json.dumps(manifest).encode())
    except OSError:
        return


def _sweep(path: Path) -> None:
    """Delete what writers that were killed have left behind."""
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        pid = left.name.split(".")[-2]
        if not pid.isdigit() or not Path(f"/proc/{pid}").exists():
            left.unlink(missing_ok=True)


def _replace(path: Path, data: bytes) -> None:
    """Write beside, flush, rename: a reader sees the old file or the new one, whole."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _flush_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
