"""The OpenAPI document says everything, and is kept to."""

import pytest

from quintet.api import openapi


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json()


def test_every_operation_and_parameter_is_described(document):
    for method, path, operation in openapi.operations(document):
        assert operation.get("description"), (method, path)
        assert operation["tags"][0] in openapi.TAGS, (method, path)
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), (method, path, parameter["name"])


def test_every_model_is_described_and_every_field_of_a_request(document):
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema.get("description"), name
    for name in ("Part", "Query", "Division", "Naming", "Saving", "Login", "Adding", "Training"):
        for field, told in schemas[name]["properties"].items():
            assert told.get("description"), (name, field)


def test_every_answer_may_be_a_problem(document):
    for _, _, operation in openapi.operations(document):
        (kind,) = operation["responses"]["default"]["content"]
        assert kind == "application/problem+json"
        assert "422" not in operation["responses"]
