"""Services over small libraries, asked without a client."""

import pytest
from tests.reliability.asgi import Asked, copied, library


@pytest.fixture(scope="session")
def small_library(tmp_path_factory):
    """Two texts; not to be changed."""
    return library(tmp_path_factory.mktemp("small"))


@pytest.fixture
def asked(small_library, tmp_path):
    """A service over a copy of the small library, asked without a client."""
    with Asked(copied(small_library, tmp_path)) as made:
        yield made
