"""Pretrained networks as towers: sentences, pictures, sounds or clips to vectors.

Weights come from a local folder and only as safetensors; code that comes with a model is never
run. Pictures are prepared here from the model's own ``preprocessor_config.json``: the whole
picture is scaled to the input size without a crop, so that patches and regions line up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd, isqrt
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.signal import resample_poly
from torch import Tensor

from quintet.errors import ModelError
from quintet.nets.pretrained_files import need, read_json
from quintet.nets.pretrained_plan import LOCAL, Plan, opening, opening_weights
from quintet.types import Float32, Int16, UInt8

NOT_USED = ("pooler.", "text_model.embeddings.position_ids", "vision_model.embeddings.position_ids")
"""Weights that a checkpoint may lack, because no tower reads them."""

MIN_SOUND_S = 0.5
"""Shorter sounds are padded with silence to this length."""


def load_weights(made: Plan, device: str) -> Any:
    """The network in evaluation mode, float32.

    Raises:
        ModelError: weights are missing, damaged, pickled or of another shape.
    """
    from transformers import AutoModel

    with opening_weights(made.folder):
        model, info = AutoModel.from_pretrained(
            made.folder,
            **LOCAL,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    lost = sorted(k for k in info["missing_keys"] if not k.startswith(NOT_USED))
    if lost:
        raise ModelError(f"the model in {made.folder} lacks {len(lost)} weights, first {lost[0]}")
    if getattr(made.config, "is_encoder_decoder", False):
        model = model.get_encoder()
    return model.eval().to(device)


def pooled(out: Any) -> Tensor:
    """The vectors (b, d) of what ``get_…_features`` returned, whichever its version."""
    vectors: Tensor = out if isinstance(out, Tensor) else out.pooler_output
    return vectors


class SentenceTower:
    """A sentence-transformers pipeline: sentences to vectors (n, d)."""

    def __init__(self, made: Plan, device: str, batch: int) -> None:
        need("sentence_transformers")
        from sentence_transformers import SentenceTransformer

        with opening_weights(made.folder):
            self._model = SentenceTransformer(
                str(made.folder), device=device, **LOCAL, model_kwargs={"use_safetensors": True}
            )
        self._batch = batch

    def embed(self, texts: Sequence[str]) -> Float32:
        """(n, d) float32, one row a sentence."""
        rows = self._model.encode(
            list(texts), batch_size=self._batch, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(rows, np.float32)


class TextTower:
    """A language model with mean pooling over its tokens, or the text half of a dual encoder."""

    def __init__(self, made: Plan, device: str, batch: int) -> None:
        from transformers import AutoTokenizer

        self._model = load_weights(made, device)
        with opening(made.folder):
            self._tokens = AutoTokenizer.from_pretrained(made.folder, **LOCAL)
        text = getattr(made.config, "text_config", made.config)
        places = getattr(text, "max_position_embeddings", None) or 512
        offset = 2 if "roberta" in str(text.model_type) or "clap" in str(text.model_type) else 0
        self._longest = min(int(self._tokens.model_max_length), int(places) - offset)
        self._pad = "max_length" if "siglip" in str(made.config.model_type) else "longest"
        self._dual, self._device, self._batch = made.dual, device, batch

    def embed(self, texts: Sequence[str]) -> Float32:
        """(n, d) float32, one row a sentence; what is longer than the model's input is cut."""
        lists = [list(texts[i : i + self._batch]) for i in range(0, len(texts), self._batch)]
        return np.concatenate([self._rows(some) for some in lists])

    @torch.inference_mode()
    def _rows(self, texts: list[str]) -> Float32:
        tokens = self._tokens(
            texts,
            padding=self._pad,
            truncation=True,
            max_length=self._longest,
            return_tensors="pt",
        ).to(self._device)
        if self._dual:
            rows = pooled(self._model.get_text_features(**tokens))
        else:
            mask = tokens["attention_mask"][..., None].float()  # (b, t, 1)
            states = self._model(**tokens).last_hidden_state  # (b, t, d)
            rows = (states * mask).sum(1) / mask.sum(1)
        return _array(rows)


@dataclass(frozen=True)
class Pixels:
    """How a model wants its pictures: size, colour mean and spread."""

    height: int
    width: int
    mean: Float32
    std: Float32

    def prepare(self, picture: UInt8) -> Float32:
        """(h, w, 3) uint8 to (3, height, width) float32; the whole picture, not cropped."""
        image = Image.fromarray(picture)
        if image.size != (self.width, self.height):
            image = image.resize((self.width, self.height), Image.Resampling.BICUBIC)
        x = (np.asarray(image, np.float32) / 255 - self.mean) / self.std
        return np.ascontiguousarray(x.transpose(2, 0, 1))


def pixels(made: Plan) -> Pixels:
    """The picture input of a model, from ``preprocessor_config.json`` or its configuration."""
    found = read_json(made.folder / "preprocessor_config.json")
    nested = read_json(made.folder / "processor_config.json")
    found = found or nested.get("image_processor") or nested.get("video_processor") or {}
    size: Any = found.get("crop_size") if found.get("do_center_crop") else None
    size = size or found.get("size")
    size = size or getattr(getattr(made.config, "vision_config", made.config), "image_size", 224)
    if isinstance(size, dict):
        edge = int(size.get("shortest_edge") or size.get("height") or 224)
        height, width = size.get("height", edge), size.get("width", edge)
    else:
        height, width = size if isinstance(size, list | tuple) else (size, size)
    plain = found.get("do_normalize") is False
    mean = [0.0] * 3 if plain else found.get("image_mean", [0.5] * 3)
    std = [1.0] * 3 if plain else found.get("image_std", [0.5] * 3)
    return Pixels(int(height), int(width), np.array(mean, np.float32), np.array(std, np.float32))


class ImageTower:
    """A vision network, or the picture half of a dual encoder."""

    def __init__(self, made: Plan, device: str, batch: int) -> None:
        self._model, self._pixels = load_weights(made, device), pixels(made)
        vision = getattr(made.config, "vision_config", made.config)
        self._patch = getattr(vision, "patch_size", None)
        self._dual, self._d, self._device, self._batch = made.dual, made.d, device, batch

    def embed(self, pictures: Sequence[UInt8]) -> Float32:
        """(n, d) float32, one row a picture: the model's own vector, else the mean of patches."""
        return np.concatenate([whole for whole, _ in self._batches(pictures)])

    def regions(self, picture: UInt8) -> tuple[Float32, Float32 | None]:
        """The picture's vector (d,) and those of its patches (gh, gw, d), None without a grid."""
        ((whole, grid),) = self._batches([picture])
        return whole[0], None if grid is None else grid[0]

    def _batches(self, pictures: Sequence[UInt8]) -> Iterator[tuple[Float32, Float32 | None]]:
        for i in range(0, len(pictures), self._batch):
            x = np.stack([self._pixels.prepare(p) for p in pictures[i : i + self._batch]])
            yield self._rows(torch.from_numpy(x).to(self._device))

    @torch.inference_mode()
    def _rows(self, x: Tensor) -> tuple[Float32, Float32 | None]:
        if self._dual:
            out = self._model.get_image_features(pixel_values=x)
            states = None if isinstance(out, Tensor) else self._projected(out.last_hidden_state)
            grid = None if states is None else self._grid(states)
            return _array(pooled(out)), None if grid is None else _array(grid)
        states = self._model(pixel_values=x).last_hidden_state
        grid = self._grid(states)
        if grid is None:
            return _array(states.flatten(1, -2).mean(1)), None
        return _array(grid.flatten(1, 2).mean(1)), _array(grid)

    def _projected(self, states: Tensor) -> Tensor | None:
        """Patch states (b, t, h) in the joint space (b, t, d), if they can be brought there."""
        if hasattr(self._model, "visual_projection"):
            normed = self._model.vision_model.post_layernorm(states)
            joint: Tensor = self._model.visual_projection(normed)
            return joint
        return states if states.shape[-1] == self._d else None

    def _grid(self, states: Tensor) -> Tensor | None:
        """Patches as (b, gh, gw, d); class, register and other tokens at the front are left out."""
        if states.dim() == 4:
            return states.permute(0, 2, 3, 1)
        b, t, d = states.shape
        size = self._patch if isinstance(self._patch, int) else 0
        gh, gw = (self._pixels.height // size, self._pixels.width // size) if size else (0, 0)
        if not 0 < gh * gw <= t:
            gh = gw = isqrt(t)
            if gh * gw != t:
                return None
        return states[:, t - gh * gw :].reshape(b, gh, gw, d)


class ClipTower:
    """A video network: the frames of a shot to one vector."""

    def __init__(self, made: Plan, device: str) -> None:
        self._model, self._pixels = load_weights(made, device), pixels(made)
        self._frames, self._device = int(made.config.num_frames), device

    @torch.inference_mode()
    def embed(self, frames: UInt8) -> Float32:
        """(t, h, w, 3) uint8 to (d,) float32: frames picked evenly, mean over all patches."""
        pick = np.linspace(0, len(frames) - 1, self._frames).round().astype(int)
        x = np.stack([self._pixels.prepare(frames[i]) for i in pick])[None]  # (1, t, 3, h, w)
        states = self._model(pixel_values=torch.from_numpy(x).to(self._device)).last_hidden_state
        return _array(states.flatten(1, -2).mean(1)[0])


class SoundTower:
    """A sound network, or the sound half of a dual encoder."""

    def __init__(self, made: Plan, device: str) -> None:
        from transformers import AutoFeatureExtractor

        with opening(made.folder):
            self._features = _any(AutoFeatureExtractor).from_pretrained(made.folder, **LOCAL)
        self._model, self._device, self._dual = load_weights(made, device), device, made.dual
        self.sample_rate_hz = int(self._features.sampling_rate)

    @torch.inference_mode()
    def embed(self, samples: Float32) -> Float32:
        """(n,) float32 at ``sample_rate_hz`` to (d,): mean over time, or the model's own vector."""
        short = round(MIN_SOUND_S * self.sample_rate_hz) - len(samples)
        padded = np.pad(samples, (0, max(0, short)))
        inputs = self._features(padded, sampling_rate=self.sample_rate_hz, return_tensors="pt")
        inputs = {k: v.to(self._device) for k, v in inputs.items() if k != "attention_mask"}
        if self._dual:
            return _array(pooled(self._model.get_audio_features(**inputs))[0])
        return _array(self._model(**inputs).last_hidden_state.mean(1)[0])


def at_rate(samples: Int16, rate_hz: int, wanted_hz: int) -> Float32:
    """(n,) int16 as float32 in -1..1 at another sample rate."""
    x = samples.astype(np.float32) / np.float32(32_768)
    if rate_hz == wanted_hz or len(x) == 0:
        return x
    shared = gcd(rate_hz, wanted_hz)
    resampled = resample_poly(x, wanted_hz // shared, rate_hz // shared)
    return np.asarray(resampled, dtype=np.float32)


def _any(library_class: object) -> Any:
    """A class of a library whose methods have no types."""
    return library_class


def _array(x: Tensor) -> Float32:
    rows: Float32 = np.ascontiguousarray(x.float().cpu().numpy())
    return rows
