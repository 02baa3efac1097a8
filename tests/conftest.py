import json
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


LANE = os.environ.get("QUINTET_LANE", "P")
"""P with every change, N by ``make reliability`` for its figures."""


@pytest.fixture(scope="session")
def times():
    """How often something is tried: few times in lane P, many in lane N."""
    return lambda p, n: n if LANE == "N" else p


@pytest.fixture
def figure(request):
    """Tells one figure: the number of the test plan, what was counted, what it was, and the goal.

    A goal that is not met fails the test, after the figure is written down.
    """

    def told(number: str, what: str, value: object, goal: str, *, met: bool) -> None:
        row = {
            "number": number,
            "what": what,
            "value": str(value),
            "goal": goal,
            "met": met,
            "test": request.node.nodeid,
        }
        if place := os.environ.get("QUINTET_FIGURES"):
            with Path(place).open("a", encoding="utf-8") as out:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        assert met, f"{number}: {what}: {value}; goal: {goal}"

    return told
