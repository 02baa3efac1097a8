"""The same tests in two lanes: P with every change, N by ``make reliability`` for its figures.

A test takes ``times(p, n)`` for how often it tries, and tells what came out by ``figure``.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from quintet.media.isolate import Box
from quintet.store.sqlite import Store

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "flows")]  # for what tests share

LANE = os.environ.get("QUINTET_LANE", "P")


@pytest.fixture(scope="session")
def times():
    """How often something is tried: few times in lane P, many in lane N."""
    return lambda p, n: n if LANE == "N" else p


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
