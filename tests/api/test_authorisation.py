"""Every route, of the OpenAPI document or beside it, asked by everybody."""

import re

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from quintet.api import openapi
from quintet.serve import application
from quintet.service.service import Settings
from quintet.service.tokens import Scope

NEEDED = {
    "public": """
        GET /v1/health
        GET /v1/ready
        POST /v1/session
    """,
    "read": """
        DELETE /v1/session
        DELETE /v1/uploads/{}
        GET /v1/encoders
        GET /v1/errors
        GET /v1/export
        GET /v1/formats
        GET /v1/items
        GET /v1/items/{}
        GET /v1/items/{}/previews/{}
        GET /v1/items/{}/segments
        GET /v1/items/{}/similar
        GET /v1/jobs
        GET /v1/jobs/{}
        GET /v1/jobs/{}/events
        GET /v1/labels
        GET /v1/map
        GET /v1/media/{}
        GET /v1/methods
        GET /v1/methods/{}
        GET /v1/metrics
        GET /v1/models
        GET /v1/quality
        GET /v1/saved
        GET /v1/saved/{}
        GET /v1/segments/{}
        GET /v1/session
        GET /v1/stats
        GET /v1/uploads/{}
        POST /v1/facets
        POST /v1/items/find
        POST /v1/search
        POST /v1/uploads
        POST /v1/why/{}
        POST /v1/why/{}/picture
    """,
    "write": """
        DELETE /v1/items/{}
        DELETE /v1/saved/{}
        PATCH /v1/items/{}
        POST /v1/items/remove
        POST /v1/jobs
        POST /v1/jobs/{}/cancel
        POST /v1/jobs/{}/retry
        POST /v1/models/{}/use
        POST /v1/saved
        POST /v1/saved/{}/seen
        POST /v1/uploads/{}/keep
    """,
    "admin": """
        PUT /v1/formats/{}
        DELETE /v1/models/{}
        GET /v1/checks
        GET /v1/tokens
        POST /v1/tokens
        DELETE /v1/tokens/{}
        GET /v1/versions
    """,
}
PAGES = {
    "public": """
        GET /login
        GET /openapi.json
        GET /words/{}.json
        POST /login
        POST /logout
        POST /settings
        any /static
    """,
    "read": """
        GET /
        GET /items/{}
        GET /jobs
        GET /jobs/{}
        GET /library
        GET /map
        GET /models
        GET /results
        GET /settings
        GET /train
        GET /why/{}
        HEAD /v1/media/{}
    """,
    "write": """
        POST /items/{}/forget
        POST /items/{}/names
        POST /jobs/{}/cancel
        POST /jobs/{}/retry
        POST /library/keep
        POST /models/{}/use
        POST /train
    """,
    "admin": """
        POST /library/add
        POST /library/rebuild
        POST /models/{}/forget
        POST /settings/tokens
        POST /settings/tokens/{}/revoke
    """,
}
"""What the document does not hold: pages, their forms, heads."""


def by_route(scopes):
    """What each route needs, from the lines of a table."""
    return {line.strip(): s for s, lines in scopes.items() for line in lines.strip().split("\n")}


SCOPE_OF, PAGE_SCOPE = by_route(NEEDED), by_route(PAGES)
RANK = {"public": 0, "read": 1, "write": 2, "admin": 3}


@pytest.fixture(scope="module")
def everybody(library_once, tmp_path_factory):
    """A closed service, the operations of its document, and callers by name."""
    import shutil

    place = tmp_path_factory.mktemp("closed") / ".quintet"
    settings = Settings(anonymous=None, hosts=("testserver",), most_failed=10_000)
    app = application(shutil.copytree(library_once, place), settings)
    here = app.state.service
    here.jobs.start = lambda: None
    callers = {s.name.lower(): here.tokens.create(s.name, s) for s in Scope}
    callers["revoked"] = here.tokens.create("gone", Scope.ADMIN)
    here.tokens.revoke("gone")
    callers["out of date"] = here.tokens.create("old", Scope.ADMIN, days=-1)
    callers["unknown"] = "qt_guess"
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client, list(openapi.operations(openapi.document(app))), callers


def test_every_route_has_its_expected_scope(everybody):
    _, operations, _ = everybody
    found = {plain(m, p): o["x-scope"] for m, p, o in operations}
    assert found == SCOPE_OF


@pytest.mark.parametrize(
    "caller", ["nobody", "read", "write", "admin", "revoked", "out of date", "unknown"]
)
def test_everybody_may_do_what_the_table_says(everybody, caller):
    client, operations, callers = everybody
    for method, path, operation in operations:
        headers = {"Authorization": f"Bearer {callers[caller]}"} if caller in callers else {}
        real = re.sub(r"{[^}]*}", "00ff", path)
        body = {} if "requestBody" in operation else None
        status = client.request(method, real, headers=headers, json=body).status_code
        needed, held = RANK[operation["x-scope"]], RANK.get(caller, 0)
        expected = None if held >= needed else 403 if caller in RANK else 401
        assert (status if status in (401, 403) else None) == expected, (method, path, status)


def plain(method, path):
    """A route without the names of what its path holds."""
    return f"{method} {re.sub('{[^}]*}', '{}', path)}"


def test_every_page_has_its_entry(everybody):
    """Each must be seen by who may, and by nobody else; a new one needs a line above."""
    client, operations, _ = everybody
    routes = iter_route_contexts(client.app.routes)
    found = {plain(method, route.path) for route in routes for method in route.methods or ["any"]}
    assert found - {plain(method, path) for method, path, _ in operations} == set(PAGE_SCOPE)


@pytest.mark.parametrize(
    "caller", ["nobody", "read", "write", "admin", "revoked", "out of date", "unknown"]
)
def test_everybody_sees_the_pages_that_the_table_says(everybody, caller):
    client, _, callers = everybody
    asked = {route: needed for route, needed in PAGE_SCOPE.items() if route != "POST /login"}
    for route, needed in asked.items():  # but that, which asks for a token by itself
        method, path = route.split()
        headers = {"Authorization": f"Bearer {callers[caller]}"} if caller in callers else {}
        answer = client.request(
            method.replace("any", "GET"),
            path.replace("{}", "00ff"),
            headers=headers | {"Cookie": "quintet_csrf=x"},
            data={"csrf": "x"} if method == "POST" else None,
            follow_redirects=False,
        )
        login = answer.headers.get("location", "").startswith("/login")
        refused = 401 if login and path != "/logout" else answer.status_code
        held = RANK.get(caller, 0)
        expected = None if held >= RANK[needed] else 403 if caller in RANK else 401
        assert (refused if refused in (401, 403) else None) == expected, (route, refused)


def test_what_reads_the_servers_files_needs_admin(everybody, is_problem):
    client, _, callers = everybody
    may = {name: {"Authorization": f"Bearer {callers[name]}"} for name in ("write", "admin")}
    bodies = (
        {"kind": "add", "params": {"paths": ["/etc"]}},
        {"kind": "rebuild"},
        {"kind": "train", "params": {"labels": "/etc/passwd"}},
        {"kind": "compare", "params": {"methods": ["cca"], "labels": "/etc/passwd"}},
    )
    for body in bodies:
        is_problem(client.post("/v1/jobs", json=body, headers=may["write"]), 403, "Forbidden")
    labels = "/v1/labels?by=/etc/passwd"
    is_problem(client.get(labels, headers=may["write"]), 403, "Forbidden")
    is_problem(client.get(labels, headers=may["admin"]), 400, "UsageError")
    made = client.post("/v1/jobs", json=bodies[0], headers=may["admin"]).json()
    client.post(f"/v1/jobs/{made['id']}/cancel", headers=may["write"])
    again = f"/v1/jobs/{made['id']}/retry"
    is_problem(client.post(again, headers=may["write"]), 403, "Forbidden")
    train = {"kind": "train", "params": {"labels": "folder"}}
    assert client.post("/v1/jobs", json=train, headers=may["write"]).status_code == 201
