"""Tokens over HTTP."""

from quintet.service.tokens import Scope


def test_a_token_is_told_once_and_may_what_it_says(client, is_problem):
    answer = client.post("/v1/tokens", json={"name": "lap top", "scope": "write", "days": 3})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    made = answer.json()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    assert client.get("/v1/session", headers=bearer).json() == {"name": "lap top", "scope": "write"}
    assert client.get("/v1/tokens").json() == {"tokens": [made["token"]]}
    assert "secret" not in client.get("/v1/tokens").text
    is_problem(client.get("/v1/tokens", headers=bearer), 403, "Forbidden")
    is_problem(client.post("/v1/tokens", json={"name": "lap top"}), 400, "UsageError")
    assert client.delete("/v1/tokens/lap%20top").status_code == 204
    is_problem(client.get("/v1/session", headers=bearer), 401, "Unauthenticated")


def test_names_that_cannot_be(client, is_problem):
    for name in ("a/b", "..", "anonymous"):
        is_problem(client.post("/v1/tokens", json={"name": name}), 400, "UsageError")
    is_problem(client.post("/v1/tokens", json={"name": "x" * 61}), 422, "Invalid")
    is_problem(client.post("/v1/tokens", json={"name": "a", "scope": "all"}), 422, "Invalid")


def test_a_name_of_before_can_be_revoked(client, monkeypatch):
    tokens = client.app.state.service.tokens
    monkeypatch.setattr("quintet.service.tokens._check", lambda *_: None)
    tokens.create("a/b", Scope.READ)
    assert client.delete("/v1/tokens/a%2Fb").status_code == 204
    assert tokens.all() == []


def test_the_secret_is_not_kept(client, library):
    asked = {"headers": {"Idempotency-Key": "k"}, "json": {"name": "a"}}
    secret = client.post("/v1/tokens", **asked).json()["secret"]
    kept = b"".join(path.read_bytes() for path in library.glob("service.sqlite*"))
    assert secret.encode() not in kept
