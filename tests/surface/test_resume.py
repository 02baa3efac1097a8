"""A training that is killed goes on when the same command is given again."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import quintet
from quintet.errors import ModelError
from quintet.nets.checkpoint import progress
from quintet.store.sqlite import Store

EPOCHS = 16
PARAMS = {"epochs": EPOCHS, "updates": 2, "rows": 6, "k": 16, "hidden": 8, "width": 16}
PARAMS = {name: str(value) for name, value in PARAMS.items()}


def weights(home: Path) -> bytes:
    with Store.open(home / ".quintet") as store:
        return store.model(store.active_id()).blobs["arrays.safetensors"]


def finished(home: Path) -> list[int]:
    """Finished epochs of each checkpoint, the most first."""
    kept = (home / ".quintet" / "training").glob("*.safetensors")
    found = []
    for path in kept:
        with suppress(ModelError):  # it was replaced while it was read
            if (state := progress(path)) is not None:
                found.append(state.finished)
    return sorted(found, reverse=True)


def killed(home: Path, when) -> str:
    """Train in a process of its own and kill it as soon as ``when(finished epochs)``; its notes."""
    command = [sys.executable, "-m", "quintet.cli", "train", "--method", "dfcl", "-L", str(home)]
    with subprocess.Popen(
        [*command, *(f"{name}={value}" for name, value in PARAMS.items())],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as child:
        end = time.monotonic() + 60
        while not when(finished(home)) and time.monotonic() < end:
            assert child.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        child.kill()
        return child.communicate()[1]


def trained(home: Path, **given) -> list[str]:
    """Train to the end; the notes."""
    notes: list[str] = []
    with quintet.open(home, create=False) as lib:
        lib.train("dfcl", **{"params": PARAMS, **given}, on_note=notes.append)
    return notes


def interrupt(stage: str, done: int, total: int) -> None:
    if stage == "fit" and done == 2:
        raise KeyboardInterrupt


@pytest.fixture
def library(untrained, tmp_path) -> Path:
    return Path(shutil.copytree(untrained, tmp_path / "library"))


@pytest.fixture(scope="module")
def whole(untrained, tmp_path_factory) -> bytes:
    """Weights of a training that nothing stopped."""
    home = Path(shutil.copytree(untrained, tmp_path_factory.mktemp("whole") / "library"))
    assert trained(home) == []
    return weights(home)


def test_killed_in_both_fits_it_ends_at_the_same_weights(library, whole):
    killed(library, lambda done: done and done[0] >= 2)
    (before,) = finished(library)
    assert 2 <= before < EPOCHS
    said = killed(library, lambda done: len(done) == 2 and done[1] >= 2)
    assert said.splitlines() == [f"fit: resuming at epoch {before + 1} of {EPOCHS}"]
    first, second = finished(library)
    assert (first, second < EPOCHS) == (EPOCHS, True)
    assert trained(library) == [
        f"fit: all {EPOCHS} epochs are there already",
        f"fit on all: resuming at epoch {second + 1} of {EPOCHS}",
    ]
    assert weights(library) == whole
    assert not (library / ".quintet" / "training").exists()


def test_another_training_does_not_take_it_up_and_cleans_it_away(library, whole):
    with pytest.raises(KeyboardInterrupt), quintet.open(library, create=False) as lib:
        lib.train("dfcl", params=PARAMS, on_progress=interrupt)
    assert finished(library) == [2]
    other = {**PARAMS, "epochs": "2"}
    notes = trained(library, params=other)
    assert not [note for note in notes if not note.startswith("warning: ")]  # two epochs are few
    assert not (library / ".quintet" / "training").exists()
    assert weights(library) != whole
