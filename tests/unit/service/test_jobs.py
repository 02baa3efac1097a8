"""The queue: progress, cancelling, trying again, and processes that die."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import quintet
from quintet.errors import UnknownName, UsageError
from quintet.service import jobs as module
from quintet.service import work as module_of_work
from quintet.service.jobs import MAX_TRIES, Jobs

SCRIPT = """
import json, os, signal, sys, time
mode = sys.argv[1]
def say(**told):
    print(json.dumps(told), flush=True)
deaf = signal.SIG_IGN if mode == "deaf" else signal.default_int_handler
signal.signal(signal.SIGTERM, deaf)
say(stage="work", done=1, total=4)
try:
    if mode in ("hang", "deaf"):
        time.sleep(60)
    if mode == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "half":
        sys.stdout.write('{"report": {"n"')
        sys.stdout.flush()
        os._exit(3)
    if mode == "fail":
        say(error="no labels")
    else:
        if mode == "learn":
            for epoch in (1, 2):
                say(curve={"stage": "fit", "epoch": epoch, "loss": 1 / epoch})
        say(stage="work", done=4, total=4)
        say(report={"n": 4})
except KeyboardInterrupt:
    say(error="interrupted")
"""


@pytest.fixture
def started(monkeypatch):
    """Process ids of the jobs that were begun."""
    found = []

    def spawn(folder, job):
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", SCRIPT, str(job.params["mode"])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        found.append(child.pid)
        return child

    monkeypatch.setattr(module, "_spawn", spawn)
    return found


@pytest.fixture
def jobs(tmp_path, state, started):
    made = Jobs(tmp_path, state)
    made.start()
    yield made
    made.close()


def until(jobs, job, *states, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = jobs.get(job.id)
        if found.state in states:
            return found
        time.sleep(0.02)
    raise AssertionError(f"still {jobs.get(job.id)}")


def gone(pid, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_a_job_tells_its_progress_and_its_report(jobs):
    job = jobs.add("add", {"mode": "ok"})
    assert job.state == "queued"
    done = until(jobs, job, "done")
    assert dict(done.report) == {"n": 4}
    assert done.finished_at >= done.started_at


def test_the_curve_of_a_training_is_seen_and_kept(jobs):
    job = jobs.add("train", {"mode": "learn"})
    curve = [{"stage": "fit", "epoch": 1, "loss": 1.0}, {"stage": "fit", "epoch": 2, "loss": 0.5}]
    until(jobs, job, "done")
    assert jobs.get(job.id).report == {"n": 4, "curve": curve}


def test_a_job_that_cannot_be_begun_fails_and_the_next_one_runs(jobs, monkeypatch):
    sound, broken = module._spawn, jobs.add("add", {"mode": "ok"})
    until(jobs, broken, "done")

    def spawn(folder, job):
        if job.params.get("bad"):
            raise OSError("Argument list too long")
        return sound(folder, job)

    monkeypatch.setattr(module, "_spawn", spawn)
    broken, good = jobs.add("add", {"mode": "ok", "bad": True}), jobs.add("add", {"mode": "ok"})
    assert "Argument list too long" in until(jobs, broken, "failed").error
    until(jobs, good, "done")
    assert jobs.alive


def test_progress_is_seen_while_it_runs(jobs):
    job = jobs.add("add", {"mode": "hang"})
    end = time.monotonic() + 10
    while jobs.get(job.id).total == 0 and time.monotonic() < end:
        time.sleep(0.02)
    found = jobs.get(job.id)
    assert (found.stage, found.done, found.total) == ("work", 1, 4)


def test_one_at_a_time_in_their_order(jobs):
    many = [jobs.add("add", {"mode": "ok"}) for _ in range(3)]
    last = until(jobs, many[-1], "done")
    assert [jobs.get(job.id).state for job in many] == ["done"] * 3
    assert [job.no for job in jobs.all()] == [3, 2, 1]
    assert last.started_at >= jobs.get(many[0].id).finished_at


@pytest.mark.parametrize("mode", ["hang", "deaf"])
def test_cancelling_takes_at_most_two_seconds(jobs, started, mode):
    job = jobs.add("add", {"mode": mode})
    until(jobs, job, "running")
    while not started:
        time.sleep(0.01)
    began = time.monotonic()
    assert jobs.cancel(job.id).state == "cancelled"
    assert gone(started[0])
    assert time.monotonic() - began < 2
    assert jobs.get(job.id).state == "cancelled"
    assert until(jobs, jobs.add("add", {"mode": "ok"}), "done")


def test_cancelling_what_waits(jobs, started):
    first, second = jobs.add("add", {"mode": "hang"}), jobs.add("add", {"mode": "ok"})
    jobs.cancel(second.id)
    until(jobs, first, "running")
    jobs.cancel(first.id)
    until(jobs, jobs.add("add", {"mode": "ok"}), "done")
    assert len(started) == 2
    assert jobs.get(second.id).state == "cancelled"


def test_what_is_over_cannot_be_cancelled(jobs):
    job = jobs.add("add", {"mode": "ok"})
    until(jobs, job, "done")
    with pytest.raises(UsageError, match="done already"):
        jobs.cancel(job.id)


def test_a_failed_job_can_be_tried_again(jobs):
    job = jobs.add("add", {"mode": "fail"})
    assert until(jobs, job, "failed").error == "no labels"
    again = jobs.retry(job.id)
    assert again.id != job.id
    assert dict(again.params) == {"mode": "fail"}
    until(jobs, again, "failed")
    with pytest.raises(UsageError, match="only failed"):
        jobs.retry(until(jobs, jobs.add("add", {"mode": "ok"}), "done").id)


@pytest.mark.parametrize("mode", ["die", "half"])
def test_a_job_that_kills_its_process_stops_after_three_tries(jobs, started, mode):
    job = jobs.add("add", {"mode": mode})
    found = until(jobs, job, "failed")
    assert len(started) == MAX_TRIES == found.tries
    assert "3 times" in found.error
    assert until(jobs, jobs.add("add", {"mode": "ok"}), "done")


def test_a_killed_process_is_tried_again(jobs, started):
    job = jobs.add("add", {"mode": "hang"})
    until(jobs, job, "running")
    while not started:
        time.sleep(0.01)
    time.sleep(0.2)
    os.kill(started[0], signal.SIGKILL)
    end = time.monotonic() + 10
    while len(started) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert len(started) == 2
    assert jobs.get(job.id).tries == 2


def test_the_queue_outlives_the_service(tmp_path, state, started):
    first = Jobs(tmp_path, state)
    first.start()
    running, waiting = first.add("add", {"mode": "hang"}), first.add("add", {"mode": "ok"})
    until(first, running, "running")
    began = time.monotonic()
    first.close()
    assert time.monotonic() - began < 3
    assert gone(started[0])
    assert [j.state for j in first.all()] == ["queued", "queued"]
    assert first.get(running.id).tries == 0  # ending a service is no fault of the job
    second = Jobs(tmp_path, state)
    second.start()
    until(second, running, "running")
    second.cancel(running.id)
    assert until(second, waiting, "done")
    second.close()


def test_what_ran_when_the_service_was_killed_runs_again(tmp_path, state, started):
    first = Jobs(tmp_path, state)
    jobs = [first.add("add", {"mode": "ok"}) for _ in range(150)]  # more than a page of them
    dead = jobs[0]
    with state.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running', tries = 1 WHERE id = ?", (dead.id,))
        db.execute("UPDATE jobs SET state = 'cancelled' WHERE id != ?", (dead.id,))
    second = Jobs(tmp_path, state)
    second.start()
    assert until(second, dead, "done").tries == 2
    second.close()


def test_what_was_killed_thrice_with_its_service_is_not_run(tmp_path, state, started):
    first = Jobs(tmp_path, state)
    job = first.add("add", {"mode": "ok"})
    with state.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running', tries = ?", (MAX_TRIES,))
    second = Jobs(tmp_path, state)
    second.start()
    assert until(second, job, "failed").error
    second.close()
    assert started == []


def test_numbers_are_used_once(tmp_path, state):
    made = Jobs(tmp_path, state)
    threads = [
        threading.Thread(target=lambda: [made.add("add", {}) for _ in range(10)]) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(job.no for job in made.all()) == list(range(1, 61))


def test_kinds_and_ids_that_are_not_known(jobs):
    with pytest.raises(UnknownName):
        jobs.add("shell", {})
    with pytest.raises(UnknownName):
        jobs.get("0" * 16)


@pytest.fixture
def library(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.txt").write_text("A dog barks.", "utf-8")
    quintet.create(tmp_path).close()
    return tmp_path / ".quintet"


@pytest.mark.slow
def test_the_true_process_waits_for_another_writer_and_ends_with_the_service(library):
    lib = quintet.Library(library)
    job = module.Job(
        *("1", 1, "add", "running", {"paths": [str(library.parent / "media")]}, "now"), tries=1
    )
    with lib._parts.writing():
        child = module._spawn(library, job)
        for line in child.stdout:
            if "wait for another writer" in line:
                break
    assert os.getpriority(os.PRIO_PROCESS, child.pid) >= module_of_work.NICE
    with child:
        told = [line for line in child.stdout if "report" in line]
    assert child.returncode == 0
    assert '"added": 1' in told[0]
    with lib._parts.writing():
        child = module._spawn(library, job)
        child.stdout.readline()
        child.stdin.close()  # as when the service is killed
        assert child.wait(120) in (0, 1)
    child.stdout.close()
    lib.close()


def test_parameters_of_any_length_reach_the_process(library):
    paths = [str(library.parent / "media"), *(f"/no/such/{n}{'é' * 1000}" for n in range(300))]
    job = module.Job("1", 1, "add", "running", {"paths": paths}, "now", tries=1)
    with module._spawn(library, job) as child:
        told = child.stdout.read()
        child.stdin.close()
    assert "SourceError" in told
