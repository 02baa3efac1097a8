import os
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data() -> Path:
    """The measuring data; the test is skipped where it is absent."""
    root = Path(os.environ.get("QUINTET_DATA", "../shared/data")).resolve()
    if not root.is_dir():
        pytest.skip(f"measuring data not found at {root}; set QUINTET_DATA")
    return root
