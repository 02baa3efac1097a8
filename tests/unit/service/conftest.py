import pytest

from quintet.service.state import State


@pytest.fixture
def state(tmp_path):
    """What a service keeps, of its own for each test."""
    made = State(tmp_path)
    yield made
    made.close()
