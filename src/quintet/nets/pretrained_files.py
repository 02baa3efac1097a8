"""The folder of a pretrained model: found without the network, checked, and fingerprinted."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from quintet.errors import MissingExtra, ModelError

WANTED = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
"""What is fetched of a model: settings, vocabularies and weights that cannot hold code."""

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
READING = "1"
"""Raised whenever the same weights would be read or pooled in another way."""


def need(library: str) -> None:
    """Check that an optional library is there, without importing it.

    Raises:
        MissingExtra: it is not; the message has the line that installs it.
    """
    if find_spec(library) is None:
        raise MissingExtra(library.replace("_", "-"), "pretrained")


def locate(model: str, revision: str | None = None, *, download: bool = False) -> Path:
    """The folder of a model: itself a folder, or an id in the local Hugging Face cache.

    Args:
        download: fetch what is not in the cache. Nothing is fetched otherwise.

    Raises:
        ModelError: not a folder and not in the cache, or it could not be fetched.
        MissingExtra: no library to look into the cache.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if model.startswith((".", "/", "~")):
        raise ModelError(f"no model folder {model}")
    need("huggingface_hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            model, revision=revision, local_files_only=not download, allow_patterns=list(WANTED)
        )
    except HFValidationError as e:
        raise ModelError(f"{model!r} is neither a folder nor a model id") from e
    except LocalEntryNotFoundError as e:
        hint = "no connection" if download else "get it with download=True, or give a folder"
        raise ModelError(f"model {model} is not on this machine: {hint}") from e
    except OSError as e:
        raise ModelError(f"model {model} could not be fetched: {e}") from e
    return Path(found)


def check(folder: Path) -> None:
    """Refuse what could run code: pickled weights and code that comes with the model.

    Raises:
        ModelError: says which file and what to do.
    """
    named = {folder / str(m.get("path", "")) for m in modules(folder)}
    parts = {folder, *named, *(p.parent for p in folder.glob("*/config.json"))}
    for part in sorted(p for p in parts if p.is_dir()):
        pickles = sorted(p.name for p in part.iterdir() if p.suffix in PICKLES)
        safe = any(p.suffix == ".safetensors" for p in part.iterdir())
        if pickles and not safe:
            raise ModelError(
                f"{part / pickles[0]} is a pickle, which can run code when it is opened; "
                "convert the model to safetensors"
            )
    if not any(folder.glob("**/*.safetensors")):
        raise ModelError(f"{folder} has no safetensors weights")
    for module in modules(folder):
        kind = str(module.get("type", ""))
        if not kind.startswith("sentence_transformers."):
            raise ModelError(f"{folder} wants to run its own code ({kind}); that is refused")


def read_json(path: Path) -> Any:
    """The contents of a JSON file; an empty dict when it is absent.

    Raises:
        ModelError: it is not JSON.
    """
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as e:
        raise ModelError(f"{path} is not JSON: {e}") from e


def modules(folder: Path) -> list[dict[str, Any]]:
    """The modules of a sentence-transformers folder in order; empty for any other."""
    found = read_json(folder / "modules.json")
    return [m for m in found if isinstance(m, dict)] if isinstance(found, list) else []


def fingerprint(folder: Path) -> str:
    """16 hexadecimal digits that change with the weights, the settings or the way of reading."""
    total = hashlib.sha256(READING.encode())
    files = {p for pattern in WANTED for p in folder.rglob(pattern) if p.is_file()}
    for path in sorted(files):
        state = path.stat()
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(_digest(path, state.st_size, state.st_mtime_ns))
    return total.hexdigest()[:16]


@lru_cache(maxsize=256)
def _digest(path: Path, _size_bytes: int, _mtime_ns: int) -> bytes:
    """SHA-256 of a file, reckoned once as long as its size and time stay the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
