"""Any sentence-transformers or Hugging Face model as the encoder of a medium.

Text comes as one vector a sentence; pictures as one vector a region; sound as one vector a
window; video as one vector a shot from video models, and one a frame from picture models. Dual
encoders (CLIP, SigLIP, CLAP) put several media into one space, for use with ``identity``.

Source:
    Reimers & Gurevych 2019 (mean pooling); Radford et al. 2021 (dual encoders).

Ours:
    A region's vector of a dual encoder is the vector of the whole picture plus the difference of
    the region's projected patches from their mean, so that the mean over all regions is exactly
    the model's own vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from quintet.errors import UsageError
from quintet.nets import pretrained_towers as towers
from quintet.nets.pretrained_files import check, fingerprint, locate
from quintet.nets.pretrained_plan import plan
from quintet.types import (
    AudioMedia,
    Float32,
    ImageMedia,
    Media,
    Modality,
    Segment,
    TextMedia,
    VideoMedia,
)

__all__ = ["Pretrained"]


@dataclass(kw_only=True)
class Pretrained:
    """An encoder from a model's id or folder; weights are opened when they are first needed.

    Attributes:
        model: a folder, or an id in the local Hugging Face cache.
        modality: the medium it is used for: text, image, audio or video.
        revision: branch, tag or commit of an id.
        device: ``cpu``, ``cuda`` …
        batch: sentences or pictures that go through the network together.
        download: fetch a model that is not on this machine.

    Raises:
        UsageError: no model is given, or it does not read this medium.
        ModelError: the model is not on this machine, or holds pickled weights or its own code.
        MissingExtra: transformers or sentence-transformers is not installed.
    """

    model: str = ""
    modality: Modality = Modality.TEXT
    revision: str | None = None
    device: str = "cpu"
    batch: int = 16
    download: bool = False
    name: str = field(init=False)
    version: str = field(init=False)
    d: int = field(init=False)

    def __post_init__(self) -> None:
        if not self.model:
            raise UsageError("which model? give a folder or a model id: pretrained:ID_OR_FOLDER")
        folder = locate(self.model, self.revision, download=self.download)
        check(folder)
        self._plan = plan(folder)
        if self.modality not in self._plan.reads:
            known = ", ".join(sorted(self._plan.reads))
            raise UsageError(f"{self.model} reads {known}, not {self.modality}")
        self.name, self.d, self.version = self.model, self._plan.d, fingerprint(folder)

    def encode(self, media: Media, segments: Sequence[Segment]) -> list[Float32]:
        """Vectors of each segment, arrays (t_i, d) float32: t_i is 1, or the frames of a shot.

        Raises:
            UsageError: ``media`` is of another medium.
            ModelError: the weights cannot be opened.
        """
        if not segments:
            return []
        if self.modality is Modality.TEXT and isinstance(media, TextMedia):
            return self._sentences(segments)
        if self.modality is Modality.IMAGE and isinstance(media, ImageMedia):
            return self._regions(media, segments)
        if self.modality is Modality.AUDIO and isinstance(media, AudioMedia):
            return self._windows(media, segments)
        if self.modality is Modality.VIDEO and isinstance(media, VideoMedia):
            return self._shots(media, segments)
        raise UsageError(f"{self.model} is used for {self.modality}, not for {media.modality}")

    def _sentences(self, segments: Sequence[Segment]) -> list[Float32]:
        rows = self._text.embed([s.text for s in segments])
        return [row[None] for row in rows]

    def _regions(self, media: ImageMedia, segments: Sequence[Segment]) -> list[Float32]:
        whole, grid = self._image.regions(media.pixels)
        if grid is None:
            return [whole[None] for _ in segments]
        rows = np.stack([in_box(grid, s.box or (0.0, 0.0, 1.0, 1.0)) for s in segments])
        if self._plan.dual:
            rows = whole + rows - grid.mean((0, 1))
        return [row[None].astype(np.float32) for row in rows]

    def _windows(self, media: AudioMedia, segments: Sequence[Segment]) -> list[Float32]:
        rate = self._sound.sample_rate_hz
        samples = towers.at_rate(media.samples, media.sample_rate_hz, rate)
        rows = []
        for s in segments:
            start = round((s.start_s or 0.0) * rate)
            end = len(samples) if s.end_s is None else round(s.end_s * rate)
            rows.append(self._sound.embed(samples[start:end])[None])
        return rows

    def _shots(self, media: VideoMedia, segments: Sequence[Segment]) -> list[Float32]:
        shots = [media.frames[media.shot_of_frame == s.no] for s in segments]
        if Modality.IMAGE in self._plan.reads:
            return [self._image.embed(list(f)) if len(f) else self._none for f in shots]
        return [self._clip.embed(f)[None] if len(f) else self._none for f in shots]

    @property
    def _none(self) -> Float32:
        return np.zeros((0, self.d), np.float32)

    @cached_property
    def _text(self) -> towers.TextTower | towers.SentenceTower:
        kind = towers.SentenceTower if self._plan.sentences else towers.TextTower
        return kind(self._plan, self.device, self.batch)

    @cached_property
    def _image(self) -> towers.ImageTower:
        return towers.ImageTower(self._plan, self.device, self.batch)

    @cached_property
    def _sound(self) -> towers.SoundTower:
        return towers.SoundTower(self._plan, self.device)

    @cached_property
    def _clip(self) -> towers.ClipTower:
        return towers.ClipTower(self._plan, self.device)


def in_box(grid: Float32, box: tuple[float, float, float, float]) -> Float32:
    """Mean of the patches (gh, gw, d) in a box of fractions, each by the share that is inside."""
    x0, y0, x1, y1 = box
    rows, columns = _shares(len(grid), y0, y1), _shares(grid.shape[1], x0, x1)
    mean: Float32 = np.einsum("h,w,hwd->d", rows, columns, grid).astype(np.float32)
    return mean


def _shares(count: int, low: float, high: float) -> Float32:
    """How much of low..high lies in each of ``count`` equal cells of 0..1; sums to 1."""
    edges = np.linspace(0, 1, count + 1)
    inside = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)
    shares = np.maximum(inside, 0).astype(np.float32)
    whole: Float32 = shares / np.float32(max(shares.sum(), 1e-9))
    return whole
