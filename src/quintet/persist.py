"""A fitted model as bytes: JSON for what can be read, safetensors for arrays; never pickle.

A library keeps the bytes in its database; ``save`` and ``open_model`` use a folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from quintet import catalog, durable
from quintet.errors import ModelError, NotFittedError, UnknownName
from quintet.types import Modality

FORMAT = 1
"""Of the JSON; a larger one is refused."""

ROLE = "models.correlators"
ABOUT = "model.json"
ARRAYS = "arrays.safetensors"

BLANK: tuple[Any, ...] = (None, {"mapping": []}, {"tuple": []})
"""What learnt fields hold before ``fit``."""


def dump(model: Any) -> dict[str, bytes]:
    """A fitted correlator as two named blobs; the JSON holds the SHA-256 of the arrays.

    What is saved: the dataclass's fields, those that end in ``_`` being what ``fit`` learnt.

    Raises:
        ModelError: the model is of no method in the catalogue.
        NotFittedError: it was not fitted.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    fields = [f for f in dataclasses.fields(model) if f.name.endswith("_")]
    learnt = {f.name: _pack(getattr(model, f.name), f.name, arrays) for f in fields}
    if fields and all(packed in BLANK for packed in learnt.values()):
        raise NotFittedError("only a fitted model can be saved; call fit first")
    data = save_tensors(arrays)
    about = {
        "format": FORMAT,
        "method": _method(type(model)),
        "version": _version(type(model)),
        "params": {f.name: getattr(model, f.name) for f in dataclasses.fields(model) if f.init},
        "learnt": learnt,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return {ABOUT: json.dumps(about, ensure_ascii=False).encode(), ARRAYS: data}


def learnt_numbers(model: Any) -> int:
    """How many numbers a fitted correlator has learnt: the elements of its saved arrays."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for field in dataclasses.fields(model):
        if field.name.endswith("_"):
            _pack(getattr(model, field.name), field.name, arrays)
    return sum(array.size for array in arrays.values())


def load(blobs: Mapping[str, bytes]) -> Any:
    """The model of ``dump``: its ``transform`` gives equal results.

    Raises:
        ModelError: a blob is missing or damaged, of a newer format, of an unknown method, or of
            another version of a method.
    """
    try:
        about = json.loads(blobs[ABOUT])
        _check(about, blobs[ARRAYS])
        arrays = load_tensors(blobs[ARRAYS])
        kind = catalog.load(ROLE, about["method"])
        _check_version(about, kind)
        model = kind(**about["params"])
        for name, packed in about["learnt"].items():
            setattr(model, name, _unpack(packed, arrays))
    except (KeyError, ValueError, TypeError, AttributeError, SafetensorError) as e:
        if isinstance(e, UnknownName):
            raise ModelError(f"the saved model needs another Quintet or a plug-in: {e}") from e
        raise ModelError(
            f"the saved model is damaged ({type(e).__name__}: {e}); train again"
        ) from e
    return model


def save(model: Any, folder: Path) -> None:
    """Write a fitted model into a folder, the JSON last."""
    durable.make_folder(folder)
    blobs = dump(model)
    for name in (ARRAYS, ABOUT):
        beside = folder / f"{name}.tmp"
        with beside.open("wb") as file:
            file.write(blobs[name])
        durable.replace(beside, folder / name)


def open_model(folder: Path) -> Any:
    """The model of ``save``.

    Raises:
        ModelError: no model there, or a damaged one.
    """
    try:
        return load({name: (folder / name).read_bytes() for name in (ABOUT, ARRAYS)})
    except OSError as e:
        raise ModelError(f"no model in {folder}: {e.strerror}") from e


def _method(kind: type) -> str:
    for name in catalog.names(ROLE):
        if kind.__module__.rsplit(".", 1)[-1] == name and catalog.load(ROLE, name) is kind:
            return name
    raise ModelError(f"{kind.__qualname__} is no method of the catalogue and cannot be saved")


def _version(kind: type) -> int:
    """What a method learns changes with its ``version``; one without has had no other."""
    return int(getattr(kind, "version", 1))


def _check_version(about: Mapping[str, Any], kind: type) -> None:
    theirs, ours = about.get("version", 1), _version(kind)
    if theirs != ours:
        raise ModelError(
            f"the model is of version {theirs} of {about['method']}, this program has {ours}; "
            "train again"
        )


def _check(about: Mapping[str, Any], data: bytes) -> None:
    if about["format"] > FORMAT:
        raise ModelError(
            f"the model has format {about['format']}, this program knows {FORMAT}; update Quintet"
        )
    found = hashlib.sha256(data).hexdigest()
    if found != about["sha256"]:
        raise ModelError(
            f"the arrays of the saved model are damaged: SHA-256 {found[:12]}…, "
            f"{about['sha256'][:12]}… was written; train again"
        )


def _pack(value: Any, name: str, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:
    """JSON for a learnt value; arrays go aside under their names."""
    if isinstance(value, np.ndarray):
        arrays[name] = np.ascontiguousarray(value)
        return {"array": name}
    if isinstance(value, Mapping):
        rows = [[_key(k), _pack(v, f"{name}.{k}", arrays)] for k, v in value.items()]
        return {"mapping": rows}
    if isinstance(value, tuple):
        return {"tuple": [_pack(v, f"{name}.{n}", arrays) for n, v in enumerate(value)]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ModelError(f"{name} is a {type(value).__name__}, which cannot be saved")


def _key(key: object) -> list[str]:
    return ["modality", key.value] if isinstance(key, Modality) else ["text", str(key)]


def _unpack(packed: Any, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    if not isinstance(packed, Mapping):
        return packed
    if "array" in packed:
        return arrays[packed["array"]]
    if "tuple" in packed:
        return tuple(_unpack(v, arrays) for v in packed["tuple"])
    return {
        Modality(k) if kind == "modality" else k: _unpack(v, arrays)
        for (kind, k), v in packed["mapping"]
    }
