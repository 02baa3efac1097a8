"""Requests made up from the OpenAPI document: no answer is a 5xx, every answer is as documented."""

import contextlib
import itertools

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

import quintet
from quintet.api.app import create_app
from quintet.datasets.sample import make_item
from quintet.service.service import Service, Settings
from quintet.types import Modality

MEDIA = (Modality.IMAGE, Modality.TEXT)

CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    """The document of a service over a library that requests may spoil; no job is done."""
    home = tmp_path_factory.mktemp("schema")
    for name, modality, no in itertools.product(("bell", "bird"), MEDIA, range(1, 6)):
        make_item(home / "media", modality, name, no)
    with quintet.create(home) as lib:
        lib.add(home / "media", workers=1)
        lib.train("cca", refit=False)
    here = Service(home / ".quintet", Settings(hosts=("testserver",)))
    here.jobs.start = lambda: None
    app = create_app(here)
    with TestClient(app, raise_server_exceptions=False) as client:
        made = schemathesis.openapi.from_asgi("/openapi.json", app)
        made.app_client = client
        yield made


def test_answers_are_as_documented(schema, times, figure):
    routes, answered, examples = 0, [], times(6, 150)
    real = schema.app_client.get("/v1/items").json()["items"]
    for found in schema.get_all_operations():
        operation = found.ok()
        if not operation.path.endswith("/events"):  # a stream; see test_jobs.py
            for mode in GenerationMode:
                answered += try_out(operation, mode, real[0]["id"], examples)
            routes += 1
    assert routes > 40
    assert {200, 201, 204, 400, 404, 422} <= set(answered)
    bad = [status for status in answered if status >= 500]
    what = f"{len(answered)} made-up requests to {routes} routes: 5xx, or answers not as documented"
    figure("S1", what, len(bad), "0", met=not bad)


def try_out(operation, mode, item_id, examples):
    """Statuses of the answers; every second request is about an item that there is."""
    answered = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers(case):
        if len(answered) % 2 and "item_id" in (case.path_parameters or {}):
            case.path_parameters["item_id"] = item_id
        answer = case.call(base_url="http://testserver")
        answered.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    with contextlib.suppress(Unsatisfiable):  # nothing can be wrong about some routes
        answers()
    return answered
