"""Processes of this machine: what happens when one dies, or all are stopped."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import worker_tasks as tasks

from quintet.errors import Code, FileProblem, WorkerLost
from quintet.flows import processes as code
from quintet.flows.processes import Processes
from quintet.flows.spread import each


@pytest.fixture(scope="module")
def processes():
    with closing(Processes(2)) as made:
        yield made


def quiet(done):
    """Nobody watches."""


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


def test_a_dying_process_costs_the_other_tasks_no_try(processes, monkeypatch):
    monkeypatch.setattr(code, "TRIES", 1)
    with ThreadPoolExecutor(12) as threads:
        lost = [threads.submit(processes.call, tasks.always_dies, None, n) for n in range(4)]
        found = [threads.submit(processes.call, tasks.slow_product, 2, n) for n in range(8)]
        assert [f.result() for f in found] == list(range(0, 16, 2))
        assert {type(f.exception()) for f in lost} == {WorkerLost}


def test_stopped_processes_are_killed_and_their_calls_end(tmp_path):
    with closing(Processes(2)) as made, ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(made.call, tasks.sleeps, tmp_path, str(n)) for n in range(4)]
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.02)
        pids = [int(p.read_text()) for p in tmp_path.iterdir()]
        made.stop()
        for call in calls:
            with pytest.raises(WorkerLost, match="stopped"):
                call.result(timeout=60)
    assert len(list(tmp_path.iterdir())) == 2
    assert not any(alive(pid) for pid in pids)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_interruption_from_the_keyboard_is_for_the_parent(processes):
    assert processes.call(tasks.is_deaf_to_interruptions, None, None) is True
