"""Index cache files: written whole, verified before they are opened, rebuilt on any doubt."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from quintet import durable
from quintet.errors import UsageError

SUFFIXES = (".bin", ".alt")
"""Of the file that holds the arrays. A new one is written beside the one that serves, and the
manifest, which says which of them it speaks of, takes its place in one step."""

BLOCK = 1 << 24
"""Bytes read, written and digested at a time."""

Arrays = Mapping[str, NDArray[np.generic]]
Block = bytes | memoryview


def cached(path: Path, stamp: str, build: Callable[[], Arrays]) -> Arrays:
    """Arrays from the cache file, or built and written to it.

    The file is used only if its manifest carries the same stamp and the SHA-256 of the manifest's
    rows and of the bytes. A file that cannot be read or written (damaged, full disk, read-only
    folder) costs only the time to build again.

    Args:
        path: without suffix; ``path.json`` is the manifest, ``path.bin`` or ``.alt`` the arrays.
        stamp: what the arrays were made from, such as a generation of the store.
    """
    found = _read(path, stamp)
    if found is None:
        found = build()
        write(path, stamp, found)
    return found


def mapped(path: Path) -> tuple[str, Arrays] | None:
    """The stamp of a file and its arrays, verified, as maps of the file; None on any doubt.

    They take no memory but what the system has to spare. What is renamed over the file or deletes
    it later does not change them.
    """
    try:
        manifest = _manifest(path)
        with _with(path, _suffix(manifest)).open("rb") as file:
            if _digest(manifest["stamp"], manifest["arrays"], _blocks(file)) != manifest["sha256"]:
                return None
            data = np.memmap(file, dtype=np.uint8, mode="r") if file.tell() else np.zeros(0, "u1")
        return manifest["stamp"], {r["name"]: _array(data.data, r) for r in manifest["arrays"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def described(path: Path) -> dict[str, int] | None:
    """Bytes of each array as the manifest says, nothing verified; None without a readable one."""
    try:
        return {
            str(row["name"]): int(np.prod(row["shape"])) * np.dtype(row["dtype"]).itemsize
            for row in _manifest(path)["arrays"]
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _read(path: Path, stamp: str) -> Arrays | None:
    try:
        manifest = _manifest(path)
        if manifest["stamp"] != stamp:
            return None
        data = _with(path, _suffix(manifest)).read_bytes()
        if _digest(stamp, manifest["arrays"], [data]) != manifest["sha256"]:
            return None
        return {row["name"]: _array(data, row) for row in manifest["arrays"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _manifest(path: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(_with(path, ".json").read_bytes())
    return manifest


def _suffix(manifest: Mapping[str, Any]) -> str:
    return SUFFIXES[SUFFIXES.index(manifest.get("file", SUFFIXES[0]))]


def _serving(path: Path) -> str | None:
    """Which file the manifest speaks of, None without a readable one."""
    try:
        return _suffix(_manifest(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _digest(stamp: str, rows: list[dict[str, Any]], blocks: Iterable[Block]) -> str:
    """SHA-256 of what the manifest says and of the bytes it speaks of."""
    sha = _begun(stamp, rows)
    for _ in _digested(sha, blocks):
        pass
    return sha.hexdigest()


def _begun(stamp: str, rows: list[dict[str, Any]]) -> hashlib._Hash:
    return hashlib.sha256(json.dumps([stamp, rows], sort_keys=True).encode())


def _digested(sha: hashlib._Hash, blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, digested as they go by: large files are read once."""
    for block in blocks:
        sha.update(block)
        yield block


def _array(data: bytes | memoryview, row: Mapping[str, Any]) -> NDArray[np.generic]:
    dtype = np.dtype(row["dtype"])
    if dtype.hasobject:
        raise UsageError("an index file holds objects")
    shape = tuple(row["shape"])
    return np.frombuffer(data, dtype, int(np.prod(shape)), row["offset"]).reshape(shape)


def write(path: Path, stamp: str, arrays: Arrays) -> bool:
    """Put arrays into a file, in place of the one that is there; whether that could be done."""
    try:
        path.parent.mkdir(exist_ok=True)
        _sweep(path)
        rows: list[dict[str, Any]] = []
        offset = 0
        for name, array in arrays.items():
            place = {"shape": list(array.shape), "offset": offset}
            rows.append({"name": name, "dtype": array.dtype.str, **place})
            offset += array.nbytes
        new, old = SUFFIXES if _serving(path) != SUFFIXES[0] else SUFFIXES[::-1]
        sha = _begun(stamp, rows)
        _replace(_with(path, new), _digested(sha, _parts(arrays)))
        manifest = {"stamp": stamp, "sha256": sha.hexdigest(), "file": new, "arrays": rows}
        _replace(_with(path, ".json"), [json.dumps(manifest).encode()])
        _with(path, old).unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _parts(arrays: Arrays) -> Iterator[memoryview]:
    """The bytes of the arrays, one after the other, without a copy of all of them."""
    for array in arrays.values():
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for start in range(0, len(flat), BLOCK):
            yield flat[start : start + BLOCK].data


def _sweep(path: Path) -> None:
    """Delete what writers that were killed have left behind."""
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        pid = left.name.split(".")[-2]
        if not pid.isdigit() or not Path(f"/proc/{pid}").exists():
            left.unlink(missing_ok=True)


def _replace(path: Path, parts: Iterable[Block]) -> None:
    """Write beside, flush, rename: a reader sees the old file or the new one, whole."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.writelines(parts)
        durable.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
