"""Long work: a queue that survives, one child process a job, progress for whoever listens."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quintet.errors import Conflict, UnknownName
from quintet.service.state import State

KINDS = ("add", "train", "rebuild", "use", "duplicates", "compare", "evaluate", "backup", "verify")
MAX_TRIES = 3
"""A job whose process died so often is not tried again by itself."""

STOP_S = 1.5
"""A job that is to end may finish its transaction for so long; then it is killed, which the
database survives: what was not committed is as if it had not begun."""

RUNNING = ("queued", "running")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""A job computes with one core less than there are: that one is for the interface."""


@dataclass(frozen=True)
class Job:
    """One piece of long work.

    Attributes:
        state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
        stage, done, total: how far it is; total 0 while that is not known.
        curve: of a training: stage, epoch and mean loss, one a finished epoch.
        report: what it returned; of a failed one ``type``, the class of the error.
        error: why it failed, one line.
    """

    id: str
    no: int
    kind: str
    state: str
    params: Mapping[str, Any]
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    tries: int = 0
    report: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    stage: str = ""
    done: int = 0
    total: int = 0
    curve: tuple[Mapping[str, Any], ...] = ()


class Jobs:
    """The queue of one service; ``start`` begins to work on it."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder = folder
        self._state = state
        self._live: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._child: tuple[str, subprocess.Popen[str]] | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Take up what a service before left, and work on the queue until ``close``."""
        left = f"SELECT {COLUMNS} FROM jobs WHERE state = 'running'"
        for row in self._state.rows(left):
            self._put(_after_death(_job(row), "the service ended without a word"))
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def add(self, kind: str, params: Mapping[str, Any]) -> Job:
        """Queue a job.

        Raises:
            UnknownName: no such kind of job.
        """
        if kind not in KINDS:
            raise UnknownName("kind of job", kind, KINDS)
        with self._changed:
            last = self._state.rows("SELECT coalesce(max(no), 0) FROM jobs")[0][0]
            job = Job(secrets.token_hex(8), last + 1, kind, "queued", dict(params), _now())
            self._put(job)
        return job

    def all(self, limit: int = 100, before: int | None = None) -> list[Job]:
        """Jobs, the latest first; with ``before`` only those of smaller numbers."""
        until = 2**62 if before is None else before
        found = self._state.rows(
            f"SELECT {COLUMNS} FROM jobs WHERE no < ? ORDER BY no DESC LIMIT ?", (until, limit)
        )
        return [self._live.get(row[0]) or _job(row) for row in found]

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            UnknownName: no such job.
        """
        if job_id in self._live:
            return self._live[job_id]
        found = self._state.rows(f"SELECT {COLUMNS} FROM jobs WHERE id = ?", (job_id,))
        if not found:
            raise UnknownName("job", job_id, [job.id for job in self.all(20)])
        return _job(found[0])

    def counts(self) -> dict[str, int]:
        """State to how many jobs are in it."""
        return dict(self._state.rows("SELECT state, count(*) FROM jobs GROUP BY state"))

    def cancel(self, job_id: str) -> Job:
        """End a job; what it has committed stays.

        Raises:
            Conflict: it is over already.
        """
        with self._changed:
            job = self.get(job_id)
            if job.state not in RUNNING:
                raise Conflict(f"job {job_id} is {job.state} already")
            self._put(replace(job, state="cancelled", finished_at=_now()))
            if self._child and self._child[0] == job_id:
                threading.Thread(target=_stop, args=(self._child[1],), daemon=True).start()
            return self.get(job_id)

    def retry(self, job_id: str) -> Job:
        """Queue a job that failed or was cancelled again.

        Raises:
            Conflict: it runs, or it is done.
        """
        job = self.get(job_id)
        if job.state not in ("failed", "cancelled"):
            raise Conflict(f"job {job_id} is {job.state}; only failed ones can be tried again")
        return self.add(job.kind, job.params)

    @property
    def alive(self) -> bool:
        """Whether the queue is worked on, or was not begun."""
        return self._thread is None or self._thread.is_alive() or self._stopping

    @property
    def stopping(self) -> bool:
        """Whether the service ends."""
        return self._stopping

    def stop(self) -> None:
        """Begin no more work, interrupt a running job, and wake whoever watches; do not wait."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            child = self._child
        if child:
            threading.Thread(target=_stop, args=(child[1],), daemon=True).start()

    def close(self) -> None:
        """Stop working; a running job is interrupted and taken up by the next service."""
        self.stop()
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping:
            waiting = self._state.rows(
                f"SELECT {COLUMNS} FROM jobs WHERE state = 'queued' ORDER BY no LIMIT 1"
            )
            if waiting:
                self._try(_job(waiting[0]))
            else:
                with self._changed:
                    self._changed.wait(1.0)

    def _try(self, job: Job) -> None:
        """Run a job; whatever nobody foresaw fails it, and not those behind it."""
        try:
            self._run(job)
        except Exception as e:  # noqa: BLE001 - the queue must go on
            self._live.pop(job.id, None)
            text = f"{type(e).__name__}: {e}"
            self._put(replace(self.get(job.id), state="failed", error=text, finished_at=_now()))

    def _run(self, job: Job) -> None:
        with self._changed:
            if self.get(job.id).state != "queued":  # cancelled a moment ago
                return
            job = replace(job, state="running", started_at=_now(), tries=job.tries + 1, error="")
            self._live[job.id] = job
            self._put(job)
        child = _spawn(self._folder, job)
        with self._changed:
            self._child = (job.id, child)
            ended = self._stopping or self._live[job.id].state != "running"
        if ended:  # in the moment before there was a process
            threading.Thread(target=_stop, args=(child,), daemon=True).start()
        outcome: dict[str, Any] = {}
        with child:
            for line in child.stdout or ():
                told = _read(line)
                if "stage" in told:
                    self._tell(replace(self._live[job.id], **told))
                elif "curve" in told:
                    live = self._live[job.id]
                    self._tell(replace(live, curve=(*live.curve, told["curve"])))
                elif told:
                    outcome = told
        with self._changed:
            self._child = None
            self._finish(job.id, outcome, child.returncode)

    def _finish(self, job_id: str, outcome: Mapping[str, Any], code: int) -> None:
        """What became of a job: done, failed, or queued again if only its process died."""
        job = self._live[job_id]
        if job.state == "running":
            if "report" in outcome:
                curve = {"curve": job.curve} if job.curve else {}
                report = {**outcome["report"], **curve}
                job = replace(job, state="done", report=report, finished_at=_now())
            elif self._stopping:
                job = replace(job, state="queued", tries=job.tries - 1)
            elif "error" in outcome:
                kind = {"type": outcome["type"]} if "type" in outcome else {}
                told = {"error": outcome["error"], "report": kind}
                job = replace(job, state="failed", finished_at=_now(), **told)
            else:
                job = _after_death(job, f"its process ended with code {code}")
            self._put(job)
        self._live.pop(job_id, None)

    def _tell(self, job: Job) -> None:
        with self._changed:
            now = self._live[job.id]
            if now.state == "running":
                self._live[job.id] = replace(
                    now, stage=job.stage, done=job.done, total=job.total, curve=job.curve
                )

    def _put(self, job: Job) -> None:
        row = (
            *(job.id, job.no, job.kind, job.state, json.dumps(job.params), job.created_at),
            *(job.started_at, job.finished_at, job.tries, json.dumps(job.report), job.error),
        )
        with self._changed:
            with self._state.transaction() as db:
                db.execute(f"INSERT OR REPLACE INTO jobs VALUES ({','.join('?' * 11)})", row)
            if job.id in self._live:
                self._live[job.id] = job
            self._changed.notify_all()


COLUMNS = "id, no, kind, state, params, created_at, started_at, finished_at, tries, report, error"


def _job(row: tuple[Any, ...]) -> Job:
    job_id, no, kind, state, params, *times, tries, report, error = row
    return Job(
        *(job_id, no, kind, state, json.loads(params), *times, tries, json.loads(report), error)
    )


def _after_death(job: Job, why: str) -> Job:
    """A job whose process died: queued again, until it has died too often."""
    if job.tries < MAX_TRIES:
        return replace(job, state="queued", error=why)
    text = f"{why}; tried {job.tries} times"
    return replace(job, state="failed", error=text, finished_at=_now())


def _read(line: str) -> dict[str, Any]:
    """A line of a job's process; nothing where the process died in the middle of it."""
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return told


def _spawn(folder: Path, job: Job) -> subprocess.Popen[str]:
    with tempfile.TemporaryFile() as params:  # the system bounds what may stand on a command line
        params.write(json.dumps(job.params).encode())
        params.flush()
        return subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
            [
                *(sys.executable, "-P", "-m", "quintet.service.work"),
                *(str(folder), job.kind, str(params.fileno())),
            ],
            pass_fds=[params.fileno()],
            stdin=subprocess.PIPE,  # its end tells the process that the service has died
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | dict.fromkeys(THREADS, str(max(1, (os.cpu_count() or 1) - 1))),
            start_new_session=True,  # Ctrl-C is for the service to handle
        )


def _stop(child: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    end = time.monotonic() + STOP_S
    while child.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    if child.poll() is None:
        child.kill()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
