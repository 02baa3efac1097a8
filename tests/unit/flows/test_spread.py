"""Many tasks: in order, once each, and stopped together."""

import pickle
import threading

import pytest
import worker_tasks as tasks

from quintet.errors import Code, FileProblem, MissingExtra, UnknownName, UsageError, WorkerLost
from quintet.flows import spread
from quintet.flows.processes import Processes
from quintet.flows.spread import each, several


@pytest.fixture(scope="module")
def processes():
    with several(None, 2) as made:
        assert isinstance(made, Processes)
        yield made


def quiet(done):
    """Nobody watches."""


def test_results_come_in_the_order_of_the_tasks(processes):
    done = []
    assert each(processes, tasks.product, 3, list(range(9)), done.append) == list(range(0, 27, 3))
    assert done == list(range(1, 10))
    assert each(processes, tasks.product, 3, [], quiet) == []


@pytest.mark.parametrize(
    "error",
    [
        FileProblem(Code.EMPTY, "no bytes"),
        UnknownName("method", "x", ["y"]),
        MissingExtra("ray", "ray"),
        UsageError("plain"),
    ],
)
def test_every_error_survives_a_pipe(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_one_at_a_time_needs_no_process_and_none_is_refused():
    with several(None, 1) as here:
        assert here is None
    with pytest.raises(UsageError, match="workers=0"), several(None, 0):
        pass


class Forever:
    """Workers whose tasks end only when they are stopped."""

    count = 2

    def __init__(self):
        self.stopped = threading.Event()
        self.begun = 0

    def share(self, value):
        return value

    def call(self, function, shared, task):
        self.begun += 1
        if task == "wrong":
            raise ZeroDivisionError
        self.stopped.wait(60)
        raise WorkerLost("stopped")

    def stop(self):
        self.stopped.set()


def test_the_first_error_ends_the_others():
    workers = Forever()
    with pytest.raises(ZeroDivisionError):
        each(workers, tasks.product, 1, ["long", "long", "wrong"], quiet)
    assert workers.stopped.is_set()


def test_an_interruption_ends_what_is_under_way_and_begins_nothing(monkeypatch):
    monkeypatch.setattr(spread, "MAX_TASKS", 2)

    def interrupted(futures):
        raise KeyboardInterrupt

    monkeypatch.setattr(spread, "as_completed", interrupted)
    workers = Forever()
    with pytest.raises(KeyboardInterrupt):
        each(workers, tasks.product, 1, ["long"] * 50, quiet)
    assert workers.stopped.is_set()
    assert workers.begun <= 2
