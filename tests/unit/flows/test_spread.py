"""Work in other processes: in order, once each, also when a process dies."""

import os
import pickle
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import worker_tasks as tasks

from quintet.errors import (
    Code,
    FileProblem,
    MissingExtra,
    UnknownName,
    Unreachable,
    UsageError,
    WorkerLost,
)
from quintet.flows import spread
from quintet.flows.spread import Processes, each, on_ray, several


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


def test_the_work_is_done_elsewhere(processes):
    found = each(processes, tasks.pid, None, list(range(6)), quiet)
    assert os.getpid() not in found


def test_a_task_whose_process_dies_is_done_by_another(processes, tmp_path):
    names = ["a", "b", "c", "d"]
    assert each(processes, tasks.dies_at_first, tmp_path, names, quiet) == names
    assert {p.name for p in tmp_path.iterdir()} == {*names, *(f"{n} again" for n in names)}


def test_a_task_that_no_process_survives_comes_to_an_end(processes):
    with pytest.raises(WorkerLost, match="4 times"):
        processes.call(tasks.always_dies, None, None)
    assert processes.call(tasks.product, 2, 4) == 8


def test_errors_come_back_as_they_were(processes):
    with pytest.raises(FileProblem) as caught:
        processes.call(tasks.problem, None, "broken")
    assert (caught.value.code, caught.value.detail) == (Code.CORRUPT, "broken")
    with pytest.raises(ZeroDivisionError, match="why"):
        processes.call(tasks.bug, None, "why")


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


# Ray, where there is none


def test_without_ray_the_line_that_installs_it_is_told(monkeypatch):
    monkeypatch.setattr(spread, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'quintet\[ray\]'"), on_ray("h:1"):
        pass


@pytest.mark.parametrize("address", ["", "somewhere", "host:", "host:port", ":6379", "h:99999"])
def test_what_is_no_address_is_told(address):
    pytest.importorskip("ray")
    with pytest.raises(UsageError, match="HOST:PORT"), on_ray(address):
        pass


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_a_cluster_that_is_not_there_is_named_at_once(form):
    pytest.importorskip("ray")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = form.format(unused.getsockname()[1])
        with pytest.raises(Unreachable, match=address), on_ray(address):
            pass


def test_another_program_on_a_worker_is_refused():
    with pytest.raises(UsageError, match=r"this is 0\.0\.1; install the same version"):
        spread._run("0.0.1", tasks.product, 1, 2)


def test_a_dying_process_costs_the_other_tasks_no_try(processes, monkeypatch):
    monkeypatch.setattr(spread, "TRIES", 1)
    with ThreadPoolExecutor(12) as threads:
        lost = [threads.submit(processes.call, tasks.always_dies, None, n) for n in range(4)]
        found = [threads.submit(processes.call, tasks.slow_product, 2, n) for n in range(8)]
        assert [f.result() for f in found] == list(range(0, 16, 2))
        assert {type(f.exception()) for f in lost} == {WorkerLost}
