import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quintet.datasets.sample import make_item
from quintet.types import Modality

CLASSES = ("bell", "car", "bird")
PER_CLASS = 5


class Ran:
    """What a command printed and how it ended."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)


def _run(*arguments, cwd=None, env=None, timeout_s=300):
    """The real command in a process of its own, as a user calls it."""
    command = [sys.executable, "-m", "quintet.cli", *map(str, arguments)]
    settings = {**os.environ, "COLUMNS": "120", "OMP_NUM_THREADS": "1", **(env or {})}
    settings.pop("QUINTET_LIBRARY", None)
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=settings, timeout=timeout_s
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done)


@pytest.fixture(scope="session")
def run():
    """The real command in a process of its own."""
    return _run


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    """Three things in five media, five files each."""
    folder = tmp_path_factory.mktemp("media")
    for name in CLASSES:
        for modality in Modality:
            for no in range(1, PER_CLASS + 1):
                make_item(folder, modality, name, no)
    return folder


@pytest.fixture(scope="session")
def untrained(media, tmp_path_factory) -> Path:
    """A library of ``media`` that is not trained."""
    home = tmp_path_factory.mktemp("untrained")
    assert _run("init", home).code == 0
    assert _run("add", media, "-L", home).code == 0
    return home


@pytest.fixture(scope="session")
def trained(media, tmp_path_factory) -> Path:
    """A library of ``media`` with a model."""
    home = tmp_path_factory.mktemp("trained")
    assert _run("init", home).code == 0
    assert _run("add", media, "-L", home).code == 0
    done = _run("train", "-L", home, "--json")
    assert done.code == 0, done.err
    return home
