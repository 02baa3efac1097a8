"""The parts that flows take as arguments, made on first use and kept while a library is open."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from quintet import catalog
from quintet.errors import UsageError
from quintet.flows import alike, indexes, switches
from quintet.flows.large import Progress
from quintet.flows.reading import Embedding
from quintet.flows.shelves import Kept, Shelf, build_large, marks, open_shelves
from quintet.flows.space import Space
from quintet.media.isolate import Box
from quintet.roles import Encoder
from quintet.store.sqlite import Store
from quintet.types import Modality

BUILT_IN: Mapping[Modality, str] = {
    Modality.IMAGE: "image_regions",
    Modality.VIDEO: "video_frames",
    Modality.TEXT: "text_pieces",
    Modality.AUDIO: "audio_windows",
    Modality.MESH: "mesh_lightfield",
}
"""The encoder of each medium unless the library was made with another."""

MAX_WORKERS = 64
"""Files in the box at a time; how many there are is the caller's choice."""

PRETRAINED = "pretrained:"


def encoder(modality: Modality, spec: str) -> Encoder:
    """An encoder from its name, or from ``pretrained:ID_OR_FOLDER``.

    Raises:
        UnknownName: no such built-in encoder or plug-in.
        UsageError: the encoder reads another medium.
    """
    if spec.startswith(PRETRAINED):
        made: Encoder = catalog.load("models.encoders", "pretrained")(
            model=spec.removeprefix(PRETRAINED), modality=modality
        )
    else:
        made = catalog.load("models.encoders", spec)()
    if made.modality is not modality:
        raise UsageError(f"encoder {spec} reads {made.modality}, not {modality}; choose another")
    return made


def setting(modality: Modality) -> str:
    """The key of the library's setting that names the encoder of a medium."""
    return f"encoder.{modality}"


class Shared:
    """What the libraries of one folder have in common, each in a thread of its own."""

    def __init__(self) -> None:
        self.large = Kept()
        self._space: tuple[str, Space] | None = None
        self._one_at_a_time = threading.Lock()

    def space(self, store: Store) -> Space | None:
        """The active model's common space, None before training."""
        active = store.active_id()
        if active is None:
            return None
        with self._one_at_a_time:
            if self._space is None or self._space[0] != active:
                self._space = (active, Space.load(store.model(active).blobs))
            return self._space[1]


class Parts:
    """Store for reading, encoders, decoding box, trained space and indexes of one library."""

    def __init__(self, folder: Path, shared: Shared | None = None) -> None:
        self.folder = folder
        self._shelves: dict[str, tuple[object, list[Shelf]]] = {}
        self._shared = shared or Shared()

    @cached_property
    def store(self) -> Store:
        """The store, for reading; it sees every later commit."""
        return Store.open(self.folder)

    def writing(self) -> Store:
        """The store with the write lock; use it as a context manager."""
        return Store.open(self.folder, write=True)

    @cached_property
    def encoders(self) -> Mapping[Modality, Encoder]:
        """One encoder a medium."""
        return {m: encoder(m, self.store.setting(setting(m)) or BUILT_IN[m]) for m in Modality}

    @property
    def box(self) -> Box:
        """The decoding children; started on first use, and bound by the settings of now."""
        self._box.limits = switches.limits(self.store)
        return self._box

    @cached_property
    def _box(self) -> Box:
        return Box(workers=MAX_WORKERS)

    def space(self) -> Space | None:
        """The active model's common space, None before training."""
        return self._shared.space(self.store)

    def embedding(self) -> Embedding | None:
        """The active model as ``add`` and ``rebuild`` need it."""
        space, active = self.space(), self.store.active_id()
        return Embedding(active, space.modalities, space.embed) if space and active else None

    def shelves(self, model_id: str) -> list[Shelf]:
        """The indexes of a model, opened again when the store or a large index has changed."""
        where = self.store.setting(indexes.SETTING)
        state = (self.store.generation(model_id), where, marks(self.store, model_id))
        kept = self._shelves.get(model_id)
        if kept is None or kept[0] != state:
            kept = (state, open_shelves(self.store, model_id, self._shared.large))
            self._shelves[model_id] = kept
        return kept[1]

    def build_large(self, on_progress: Progress) -> None:
        """Approximate indexes where they are missing or stale; nothing is locked meanwhile."""
        active = self.store.active_id()
        build_large(self.store, [alike.MODEL, *([active] if active else [])], on_progress)

    def close(self) -> None:
        """End the decoding children, close the database and let go of the indexes."""
        self._shelves.clear()
        for name in ("_box", "store"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()
