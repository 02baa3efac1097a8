"""quintet token: make, list, revoke."""

import json

import pytest
from click.testing import CliRunner

import quintet
from quintet.cli.main import quintet as command
from quintet.errors import UnknownName
from quintet.service.state import State
from quintet.service.tokens import Scope, Tokens


@pytest.fixture
def run(tmp_path):
    quintet.create(tmp_path).close()

    def call(*given):
        return CliRunner().invoke(command, ["token", *given, "-L", str(tmp_path)])

    return call


def scope(tmp_path, secret):
    state = State(tmp_path / ".quintet")
    try:
        return Tokens(state).scope(secret)
    finally:
        state.close()


def test_a_token_from_its_making_to_its_end(run, tmp_path):
    secret = run("create", "phone", "--scope", "write", "--days", "3").stdout.strip()
    assert scope(tmp_path, secret) == ("phone", Scope.WRITE)
    listed = run("list").stdout
    assert "phone" in listed
    assert secret not in listed
    (row,) = json.loads(run("list", "--json").stdout)
    assert (row["name"], row["scope"]) == ("phone", "write")
    assert row["expires_at"] > row["created_at"]
    run("revoke", "phone")
    assert scope(tmp_path, secret) is None


def test_read_is_all_that_is_given_unasked(run, tmp_path):
    secret = run("create", "phone").stdout.strip()
    assert scope(tmp_path, secret) == ("phone", Scope.READ)


def test_no_tokens(run):
    assert "quintet token create" in run("list").stdout


def test_revoking_an_unknown_one(run):
    assert isinstance(run("revoke", "nobody").exception, UnknownName)
