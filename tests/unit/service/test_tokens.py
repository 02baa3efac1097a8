"""Tokens and sessions: scopes, ends, and that no secret is kept."""

import pytest

from quintet.errors import Forbidden, UnknownName, UsageError
from quintet.service import tokens as module
from quintet.service.sessions import Sessions
from quintet.service.state import NAME
from quintet.service.tokens import PREFIX, Scope, Tokens


@pytest.fixture
def tokens(state):
    return Tokens(state)


def test_a_token_is_known_by_its_secret(tokens):
    secret = tokens.create("laptop", Scope.WRITE)
    assert secret.startswith(PREFIX)
    assert len(secret) > 40
    assert tokens.scope(secret) == ("laptop", Scope.WRITE)
    assert tokens.scope(secret[:-1]) is None
    assert tokens.scope("") is None


def test_no_secret_is_written(tokens, state, tmp_path):
    secret = tokens.create("laptop", Scope.ADMIN)
    session = Sessions(state, tokens).begin(secret)
    state.close()
    data = b"".join(p.read_bytes() for p in tmp_path.glob(f"{NAME}*"))
    assert b"laptop" in data
    for hidden in (secret, session):
        assert hidden.encode() not in data
        assert hidden.removeprefix(PREFIX).encode() not in data


def test_a_token_ends_by_time(tokens, monkeypatch):
    secret = tokens.create("short", Scope.READ, days=1)
    assert tokens.scope(secret)

    class Later(module.datetime):
        @classmethod
        def now(cls, zone=None):
            return super().now(zone) + module.timedelta(days=1, seconds=1)

    monkeypatch.setattr(module, "datetime", Later)
    assert tokens.scope(secret) is None


def test_a_revoked_token_ends_its_sessions(tokens, state):
    secret = tokens.create("a", Scope.READ)
    sessions = Sessions(state, tokens)
    session = sessions.begin(secret)
    assert sessions.caller(session) == ("a", Scope.READ)
    tokens.revoke("a")
    assert tokens.scope(secret) is None
    assert sessions.caller(session) is None


def test_a_session_of_no_token(tokens, state):
    with pytest.raises(Forbidden):
        Sessions(state, tokens).begin("qt_wrong")


def test_a_session_that_was_ended(tokens, state):
    sessions = Sessions(state, tokens)
    session = sessions.begin(tokens.create("a", Scope.READ))
    sessions.end(session)
    assert sessions.caller(session) is None


def test_names_are_used_once(tokens):
    tokens.create("a", Scope.READ)
    with pytest.raises(UsageError, match="already"):
        tokens.create("a", Scope.ADMIN)


@pytest.mark.parametrize(
    "name", ["  ", " a", "a/b", "..", ".", "Anonymous", "a\nb", "x" * 61, "a?b", "\ud800"]
)
def test_names_that_cannot_be(tokens, name):
    with pytest.raises(UsageError, match="1 to 60 letters"):
        tokens.create(name, Scope.READ)


def test_names_that_can_be(tokens):
    for name in ("laptop 2", "a.b-c_d", "手机", "x" * 60):
        tokens.create(name, Scope.READ)
    with pytest.raises(UsageError, match="for good"):
        tokens.create("long", Scope.READ, days=10**9)


def test_revoking_what_is_not_there(tokens):
    tokens.create("laptop", Scope.READ)
    with pytest.raises(UnknownName, match="did you mean 'laptop'"):
        tokens.revoke("lapto")


def test_scopes_include_those_before():
    assert Scope.READ < Scope.WRITE < Scope.ADMIN
    assert Scope.named("write") is Scope.WRITE
    with pytest.raises(UnknownName):
        Scope.named("root")
