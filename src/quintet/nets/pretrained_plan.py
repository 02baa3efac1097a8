"""What a pretrained model is, read from its configuration alone: its media and its width."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from quintet.errors import ModelError
from quintet.nets.pretrained_files import modules, need, read_json
from quintet.types import Modality

LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""How everything is opened: from the disk, and never with code that comes with the model."""


@contextmanager
def opening(folder: Path) -> Iterator[None]:
    """Turn what the libraries raise on a bad model folder into a ModelError."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as e:
        line = (str(e).strip().splitlines() or [type(e).__name__])[0]
        raise ModelError(f"the model in {folder} cannot be opened: {line}") from e


@contextmanager
def opening_weights(folder: Path) -> Iterator[None]:
    """As ``opening``, without the progress bars that the library draws on the terminal."""
    from transformers.utils import logging as library_logging

    logging: Any = library_logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with opening(folder):
            yield
    finally:
        if shown:
            logging.enable_progress_bar()


@dataclass(frozen=True)
class Plan:
    """What a model is, read from its configuration alone.

    Attributes:
        folder: where configuration and weights are.
        config: the ``transformers`` configuration.
        reads: the media that it embeds.
        d: width of its vectors.
        dual: it embeds several media into one space.
        sentences: it is a sentence-transformers pipeline.
    """

    folder: Path
    config: Any
    reads: frozenset[Modality]
    d: int
    dual: bool = False
    sentences: bool = False


def plan(folder: Path) -> Plan:
    """Read what a model is, without its weights.

    Raises:
        ModelError: not a model that embeds text, image, audio or video.
        MissingExtra: transformers is not installed.
    """
    need("transformers")
    from transformers import AutoConfig

    parts = modules(folder)
    if parts and str(parts[0].get("type", "")).endswith(("CLIPModel", "clip_model.CLIPModel")):
        folder, parts = folder / str(parts[0].get("path", "")), []
    root = folder / str(parts[0].get("path", "")) if parts else folder
    with opening(folder):
        config = AutoConfig.from_pretrained(root, **LOCAL)
    if parts:
        d = _sentence_width(folder, parts) or int(config.hidden_size)
        return Plan(folder, config, frozenset({Modality.TEXT}), d, sentences=True)
    reads, dual = _media(folder, config)
    return Plan(folder, config, reads, _width(folder, config), dual)


def _sentence_width(folder: Path, parts: list[dict[str, Any]]) -> int:
    """Width after the last module of a sentence-transformers pipeline that sets one, or 0."""
    keys = ("out_features", "embedding_dimension", "word_embedding_dimension")
    for part in reversed(parts):
        found = read_json(folder / str(part.get("path", "")) / "config.json")
        for key in keys if part.get("path") else ():
            if isinstance(found.get(key), int):
                return int(found[key])
    return 0


def _media(folder: Path, config: Any) -> tuple[frozenset[Modality], bool]:
    """The media that a model reads, and whether it is a dual encoder."""
    if hasattr(config, "text_config"):
        if hasattr(config, "vision_config") and not hasattr(config.vision_config, "num_frames"):
            return frozenset({Modality.TEXT, Modality.IMAGE, Modality.VIDEO}), True
        if hasattr(config, "audio_config"):
            return frozenset({Modality.TEXT, Modality.AUDIO}), True
    from transformers.models.auto.modeling_auto import MODEL_MAPPING

    kind = MODEL_MAPPING.get(type(config), None)
    main = getattr(kind, "main_input_name", "")
    if main == "pixel_values":
        film = hasattr(config, "num_frames")
        return frozenset({Modality.VIDEO} if film else {Modality.IMAGE, Modality.VIDEO}), False
    if main in ("input_values", "input_features"):
        return frozenset({Modality.AUDIO}), False
    if main == "input_ids" and not hasattr(config, "text_config"):
        return frozenset({Modality.TEXT}), False
    raise ModelError(
        f"{folder} holds a {config.model_type} model, which embeds neither text, image, audio "
        "nor video"
    )


def _width(folder: Path, config: Any) -> int:
    """Width of a model's vectors."""
    sizes = getattr(config, "hidden_sizes", None) or [0]
    own = getattr(config, "projection_dim", None) if hasattr(config, "text_config") else None
    inner = getattr(getattr(config, "vision_config", config), "hidden_size", None)
    width = own or inner or getattr(config, "d_model", None) or sizes[-1]
    if not width:
        raise ModelError(f"{folder}: the configuration does not say how wide its vectors are")
    return int(width)
