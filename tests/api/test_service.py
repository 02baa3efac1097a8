import re

import pytest
from fastapi.testclient import TestClient

from quintet.api.app import create_app
from quintet.api.metrics import BUCKETS
from quintet.service.service import Service, Settings
from quintet.service.tokens import Scope


@pytest.fixture
def closed(library):
    """A client of a service where everybody needs a token, and the service."""
    here = Service(library, Settings(anonymous=None, hosts=("testserver",)))
    with TestClient(create_app(here)) as client:
        yield client, here


def test_stats_and_checks(client, is_problem):
    assert client.get("/v1/stats").json()["items"]["text"] == 2
    checks = client.get("/v1/checks").json()["checks"]
    assert all(check["ok"] is not False for check in checks)
    both = client.get("/v1/checks?machine=true").json()["checks"]
    assert both[-len(checks) :] == checks
    assert "full text search" in [check["name"] for check in both]
    assert {"quintet", "torch", "sqlite"} <= set(client.get("/v1/versions").json()["versions"])


def test_health_needs_no_token_and_stats_do(closed, is_problem):
    client, _ = closed
    assert client.get("/v1/health").json() == {"status": "ok"}
    assert client.get("/v1/ready").json() == {"status": "ok"}
    answer = client.get("/v1/stats")
    is_problem(answer, 401, "Unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_not_ready_without_a_library(client, library):
    (library / "library.sqlite").unlink()
    answer = client.get("/v1/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "unready"})
    assert client.get("/v1/health").status_code == 200


def test_routes_and_methods_that_are_not_there(client, is_problem):
    is_problem(client.get("/v1/nothing"), 404)
    answer = client.put("/v1/items")
    is_problem(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_what_nobody_foresaw_is_a_problem_too(library, is_problem, monkeypatch):
    def breaks(*_):
        raise RuntimeError("secret words")

    monkeypatch.setattr("quintet.library.Library.status", breaks)
    app = create_app(Service(library, Settings(hosts=("testserver",))))
    with TestClient(app, raise_server_exceptions=False) as client:
        assert "secret" not in is_problem(client.get("/v1/stats"), 500, "Unforeseen")


def test_a_session_stands_for_a_token_until_it_ends(closed, is_problem):
    client, here = closed
    token = here.tokens.create("me", Scope.WRITE)
    is_problem(client.post("/v1/session", json={"token": "qt_wrong"}), 403, "Forbidden")
    answer = client.post("/v1/session", json={"token": token})
    assert answer.status_code == 204
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "quintet_session" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert client.get("/v1/session").json() == {"name": "me", "scope": "write"}
    is_problem(client.delete("/v1/session"), 403, "Forbidden")
    csrf = {"x-csrf-token": client.cookies["quintet_csrf"]}
    held = client.cookies["quintet_session"]
    assert client.delete("/v1/session", headers=csrf).status_code == 204
    client.cookies.set("quintet_session", held)
    is_problem(client.get("/v1/session"), 401, "Unauthenticated")


def test_a_forged_request_of_a_browser_is_refused(client, is_problem):
    foreign = {"origin": "https://elsewhere.example"}
    body = {"kind": "rebuild", "params": {}}
    is_problem(client.post("/v1/jobs", json=body, headers=foreign), 403, "Forbidden")
    plain = {"content-type": "text/plain"}
    is_problem(client.post("/v1/jobs", content=b'{"kind": "rebuild"}', headers=plain), 422)
    assert client.get("/v1/jobs").json()["jobs"] == []


def test_metrics_count_by_route_and_never_by_name(client):
    for n in range(30):
        client.get(f"/v1/items/{n:04x}")
        client.get(f"/nothing/{n}")
        client.request(f"M{n}", "/v1/items")
    client.post("/v1/jobs", json={"kind": "rebuild", "params": {}})
    told = client.get("/v1/metrics").text
    line = 'quintet_requests_total{method="GET",route="/v1/items/{item_id}",status="404"} 30.0'
    assert line in told
    assert 'quintet_requests_total{method="GET",route="none",status="404"} 30.0' in told
    assert set(re.findall(r'method="(\w+)"', told)) == {"GET", "POST", "other"}
    assert told.count('quintet_request_seconds_bucket{le="0.2"') == len(
        set(re.findall(r"quintet_request_seconds_count({.*})", told))
    )
    assert len(BUCKETS) == 12
    assert 'quintet_items{medium="text"} 2.0' in told
    assert re.search(r'quintet_jobs{state="(queued|running|done)"} 1.0', told)
