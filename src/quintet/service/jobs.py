"""Long work: a queue that survives, one child process a job, progress for whoever listens."""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quintet.errors import Conflict, UnknownName
from quintet.service.state import State

KINDS = ("add", "train", "rebuild", "use", "duplicates", "compare", "evaluate")
MAX_TRIES = 3
"""A job whose process died so often is not tried again by itself."""

STOP_S = 10.0
"""After Ctrl-C a job may finish its transaction for so long; then it is killed."""

RUNNING = ("queued", "running")


@dataclass(frozen=True)
class Job:
    """One piece of long work.

    Attributes:
        state: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
        stage, done, total: how far it is; total 0 while that is not known.
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


class Jobs:
    """The queue of one service; ``start`` begins to work on it."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder = folder
        self._state = state
        self._live: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._version = 0
        self._child: tuple[str, subprocess.Popen[str]] | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Take up what a service before left, and work on the queue until ``close``."""
        for job in self.all():
            if job.state == "running":
                dead = job.tries >= MAX_TRIES
                text = f"its process died {job.tries} times" if dead else ""
                self._put(replace(job, state="failed" if dead else "queued", error=text))
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def add(self, kind: str, params: Mapping[str, Any]) -> Job:
        """Queue a job.

        Raises:
            UnknownName: no such kind of job.
        """
        if kind not in KINDS:
            raise UnknownName("kind of job", kind, KINDS)
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

    def watch(self, job_id: str, timeout_s: float = 15.0) -> Iterator[Job]:
        """The job whenever it changes, at least every ``timeout_s``, until it is over."""
        while True:
            with self._changed:
                seen = self._version
                job = self.get(job_id)
            yield job
            if job.state not in RUNNING:
                return
            with self._changed:
                if self._version == seen:
                    self._changed.wait(timeout_s)

    @property
    def stopping(self) -> bool:
        """Whether the service ends."""
        return self._stopping

    def close(self) -> None:
        """Stop working; a running job is interrupted and taken up by the next service."""
        self._stopping = True
        with self._changed:
            self._changed.notify_all()
        if self._child:
            _stop(self._child[1])
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping:
            waiting = self._state.rows(
                f"SELECT {COLUMNS} FROM jobs WHERE state = 'queued' ORDER BY no LIMIT 1"
            )
            if waiting:
                self._run(_job(waiting[0]))
            else:
                with self._changed:
                    self._changed.wait(1.0)

    def _run(self, job: Job) -> None:
        job = replace(job, state="running", started_at=_now(), tries=job.tries + 1)
        self._live[job.id] = job
        self._put(job)
        outcome: dict[str, Any] = {}
        with _spawn(self._folder, job) as child:
            self._child = (job.id, child)
            for line in child.stdout or ():
                told = json.loads(line)
                if "stage" in told:
                    self._tell(replace(self._live[job.id], **told))
                else:
                    outcome = told
        self._child = None
        self._finish(job.id, outcome, child.returncode)

    def _finish(self, job_id: str, outcome: Mapping[str, Any], code: int) -> None:
        job = self._live[job_id]
        if job.state == "running" and not (self._stopping and not outcome):
            if "report" in outcome:
                job = replace(job, state="done", report=outcome["report"])
            else:
                error = outcome.get("error") or f"its process ended with code {code}"
                kind = {"type": outcome["type"]} if "type" in outcome else {}
                job = replace(job, state="failed", error=error, report=kind)
            self._put(replace(job, finished_at=_now()))
        self._live.pop(job_id, None)

    def _tell(self, job: Job) -> None:
        with self._changed:
            if self._live[job.id].state == "running":
                self._live[job.id] = job
            self._version += 1
            self._changed.notify_all()

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
            self._version += 1
            self._changed.notify_all()


COLUMNS = "id, no, kind, state, params, created_at, started_at, finished_at, tries, report, error"


def _job(row: tuple[Any, ...]) -> Job:
    job_id, no, kind, state, params, *times, tries, report, error = row
    return Job(
        *(job_id, no, kind, state, json.loads(params), *times, tries, json.loads(report), error)
    )


def _spawn(folder: Path, job: Job) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
        [
            *(sys.executable, "-P", "-m", "quintet.service.work"),
            *(str(folder), job.kind, json.dumps(job.params)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C is for the service to handle
    )


def _stop(child: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGINT)
    end = time.monotonic() + STOP_S
    while child.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    if child.poll() is None:
        child.kill()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def plain(job: Job) -> dict[str, Any]:
    """A job as JSON-ready values."""
    return asdict(job)
