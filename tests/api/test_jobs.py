import asyncio
import json
import time
from collections import Counter

from quintet.api import security
from quintet.api.routes.jobs import STREAMS, _told

JOB = {"kind": "rebuild", "params": {}}


def ended(client, job_id, within_s=60):
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        job = client.get(f"/v1/jobs/{job_id}").json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.1)
    raise AssertionError(job)


def test_a_job_tells_its_progress_until_it_is_over(worker, library_once):
    params = {"paths": [str(library_once.parent / "media")], "workers": 1}
    begun = worker.post("/v1/jobs", json={"kind": "add", "params": params})
    assert begun.status_code == 201
    with worker.stream("GET", f"/v1/jobs/{begun.json()['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert lines[0] == "event: job"
    told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert told[-1]["state"] == "done"
    assert told[-1]["report"]["unchanged"] == 2
    assert worker.get(f"/v1/jobs/{begun.json()['id']}").json() == told[-1]


def test_a_key_makes_one_job(client, is_problem):
    key = {"Idempotency-Key": "k1"}
    one = client.post("/v1/jobs", json=JOB, headers=key)
    two = client.post("/v1/jobs", json=JOB, headers=key)
    assert one.content == two.content
    assert two.headers["idempotency-replayed"] == "true"
    assert len(client.get("/v1/jobs").json()["jobs"]) == 1
    other = {"kind": "rebuild", "params": {"features": True}}
    is_problem(client.post("/v1/jobs", json=other, headers=key), 409, "Conflict")
    assert client.post("/v1/jobs", json=JOB).json()["id"] != one.json()["id"]


def test_jobs_come_in_pages(client):
    made = [client.post("/v1/jobs", json=JOB).json()["id"] for _ in range(3)]
    page = client.get("/v1/jobs?limit=2").json()
    rest = client.get("/v1/jobs", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [job["id"] for job in page["jobs"] + rest["jobs"]] == made[::-1]
    assert rest["next_cursor"] == ""


def test_cancel_and_retry(client, is_problem):
    client.post("/v1/jobs", json=JOB)
    waits = client.post("/v1/jobs", json=JOB).json()["id"]
    assert client.post(f"/v1/jobs/{waits}/cancel").json()["state"] == "cancelled"
    is_problem(client.post(f"/v1/jobs/{waits}/cancel"), 409, "Conflict")
    again = client.post(f"/v1/jobs/{waits}/retry")
    assert again.status_code == 201
    assert again.json()["id"] != waits
    is_problem(client.post(f"/v1/jobs/{again.json()['id']}/retry"), 409, "Conflict")


def test_a_job_that_fails_says_why(worker):
    job = worker.post("/v1/jobs", json={"kind": "add", "params": {"paths": ["/no/such/place"]}})
    over = ended(worker, job.json()["id"])
    assert over["state"] == "failed"
    assert over["report"] == {"type": "SourceError"}
    assert "/no/such/place" in over["error"]


def test_bodies_that_are_no_job(client, is_problem):
    for body in (
        {"kind": "dance"},
        {"kind": "add"},
        {"kind": "add", "params": {"paths": []}},
        {"kind": "add", "params": {"paths": ["a\x00b"]}},
        {"kind": "train", "params": {"colour": "red"}},
    ):
        is_problem(client.post("/v1/jobs", json=body), 422, "Invalid")


def test_unknown_jobs(client, is_problem):
    for call, end in ((client.get, ""), (client.get, "/events"), (client.post, "/cancel")):
        is_problem(call(f"/v1/jobs/00ff{end}"), 404, "UnknownName")
    is_problem(client.post("/v1/jobs/00ff/retry"), 404, "UnknownName")
    assert client.get("/v1/jobs").json() == {"jobs": [], "next_cursor": ""}


def test_a_caller_has_so_many_streams(client, is_problem):
    job = client.post("/v1/jobs", json={"kind": "rebuild"}).json()
    client.app.state.streams = Counter({"anonymous": STREAMS, "other": 1})
    is_problem(client.get(f"/v1/jobs/{job['id']}/events"), 503, "ServiceBusy")


def test_a_stream_ends_with_its_token(client, monkeypatch):
    jobs = client.app.state.service.jobs
    job = jobs.add("rebuild", {})
    callers = iter(["reader", "reader", None])
    monkeypatch.setattr(security, "caller", lambda _: next(callers))

    async def lines():
        return [line async for line in _told(jobs, job.id, None)]

    assert len(asyncio.run(lines())) == 1
