"""Jobs that die, jobs that hang, and very many of them."""

import subprocess
import sys
import time

import pytest

from quintet.service import jobs as module
from quintet.service.jobs import MAX_TRIES, Jobs
from quintet.service.state import State

POISON = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@pytest.fixture
def state(tmp_path):
    made = State(tmp_path)
    yield made
    made.close()


@pytest.fixture
def begun(monkeypatch):
    """How often a process was begun; its script is the job's."""
    found = []

    def spawn(_, job):
        found.append(job.id)
        command = [sys.executable, "-S", "-c", job.params["script"]]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen(command, text=True, **pipes)

    monkeypatch.setattr(module, "_spawn", spawn)
    return found


def until(done, seconds=20):
    began = time.monotonic()
    while not done() and time.monotonic() - began < seconds:
        time.sleep(0.02)
    return time.monotonic() - began


def test_poison_and_deafness(tmp_path, state, begun, figure):
    jobs = Jobs(tmp_path, state)
    jobs.start()
    try:
        poison = jobs.add("add", {"script": POISON})
        until(lambda: jobs.get(poison.id).state == "failed")
        tries = begun.count(poison.id)
        what = "a job that kills its process: tries"
        figure("S17", what, tries, f"{MAX_TRIES}", met=tries == MAX_TRIES)
        deaf = jobs.add("add", {"script": DEAF})
        until(lambda: jobs.get(deaf.id).state == "running")
        time.sleep(0.3)
        began = time.monotonic()
        jobs.cancel(deaf.id)
        next_one = jobs.add("add", {"script": POISON})
        until(lambda: jobs.get(next_one.id).state != "queued")
        taken = time.monotonic() - began
        what = "a job that does not listen: seconds from cancelling it to the next one's begin"
        figure("S17", what, f"{taken:.1f}", "at most 2 and a half", met=taken <= 2.5)
    finally:
        jobs.close()


def test_a_long_queue_survives(tmp_path, state, times, figure):
    count = times(300, 10_000)
    first = Jobs(tmp_path, state)
    ids = [first.add("add", {"script": ""}).id for _ in range(count)]
    again = Jobs(tmp_path, state)
    lost = count - sum(again.get(i).state == "queued" for i in ids)
    figure("S17", f"of {count} queued jobs lost by a restart", lost, "0", met=lost == 0)
    assert again.counts() == {"queued": count}
