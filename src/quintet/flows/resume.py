"""Fits that go on where they were killed: one checkpoint a fit, below the library folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from quintet.errors import ModelError, NoSpace
from quintet.roles import Correlator
from quintet.types import Views

FOLDER = "training"
"""Below the library folder; it is there only while a training is unfinished."""

Note = Callable[[str], None]
"""Called with a line for the user."""


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one library.

    A fit's file is named after everything that its result depends on, so it is found by the same
    training alone. It stays after the fit, until ``clear``: a training killed in its second fit
    does not repeat the first.
    """

    folder: Path
    on_note: Note

    def fit(self, make: Callable[[], Correlator], stage: str, views: Views) -> Correlator:
        """A fitted correlator, with the weights it would have if nothing had ever stopped it.

        A damaged checkpoint costs a line and a fit from the start.

        Raises:
            TrainingError: the views do not hold what the method needs.
            NoSpace: the checkpoint cannot be written.
        """
        correlator: Any = make()
        if not hasattr(correlator, "checkpoint"):
            return correlator.fit(views)  # type: ignore[no-any-return]
        file = self.folder / f"{fingerprint(correlator, stage, views)}.safetensors"
        _made(self.folder)
        try:
            self._tell(file, stage)
            return _fit(correlator, file, views)
        except ModelError as e:
            if not file.exists():
                raise
            why = f"its checkpoint is damaged ({e.__cause__ or e})"
            self.on_note(f"warning: {stage} begins again, {why}")
            file.unlink()
            return _fit(make(), file, views)

    def clear(self) -> None:
        """Delete all of them, those of other trainings too: the model they led to is stored."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _tell(self, file: Path, stage: str) -> None:
        from quintet.nets.checkpoint import progress  # and with it torch, which takes a second

        found = progress(file)
        if found is None:
            return
        if found.over:
            self.on_note(f"{stage}: all {found.finished} epochs are there already")
        else:
            self.on_note(f"{stage}: resuming at epoch {found.finished + 1} of {found.epochs}")


def fingerprint(correlator: Any, stage: str, views: Views) -> str:
    """A hash of all that the fit's weights depend on: method, hyper-parameters, data, versions."""
    found = hashlib.blake2b(digest_size=16)
    fields = [f.name for f in dataclasses.fields(correlator) if f.init]
    about = {
        "method": f"{type(correlator).__module__}.{type(correlator).__qualname__}",
        "params": {name: repr(getattr(correlator, name)) for name in fields},
        "stage": stage,
        "versions": [version("quintet"), version("torch")],
        "classes": list(views.classes),
        "rows": [[v.modality, list(v.ids), [x.shape for x in v.x]] for v in views.views],
    }
    found.update(json.dumps(about).encode())
    for view in views.views:
        found.update(view.label.tobytes() + view.pair.tobytes())
        for x in view.x:
            found.update(x.tobytes())
    if views.class_vectors is not None:
        found.update(views.class_vectors.tobytes())
    return found.hexdigest()


def _fit(correlator: Any, file: Path, views: Views) -> Correlator:
    correlator.checkpoint = file
    try:
        fitted: Correlator = correlator.fit(views)
    finally:
        correlator.checkpoint = None
    return fitted


def _made(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as e:
        raise NoSpace(f"{folder} cannot be made ({e.strerror})") from e
