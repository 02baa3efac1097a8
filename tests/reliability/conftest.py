"""A decode box, an empty library, and a service over a small one, asked without a client."""

import sys
from pathlib import Path

import pytest
from tests.reliability.asgi import Asked, copied, library

from quintet.media.isolate import Box
from quintet.store.sqlite import Store

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "flows")]  # for what tests share


@pytest.fixture(scope="session")
def small_library(tmp_path_factory):
    """Two texts; not to be changed."""
    return library(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def box():
    """The decode box as it is used, with all its limits."""
    with Box(2) as made:
        yield made


@pytest.fixture
def store(tmp_path):
    """An empty library."""
    with Store.create(tmp_path / "library") as made:
        yield made


@pytest.fixture
def asked(small_library, tmp_path):
    """A service over a copy of the small library, asked without a client."""
    with Asked(copied(small_library, tmp_path)) as made:
        yield made
