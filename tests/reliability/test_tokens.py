"""Guessing tokens: few guesses are looked at, their time tells nothing, others go on."""

import secrets
import statistics
import time
from functools import partial

import pytest
from tests.reliability.asgi import Asked, copied

from quintet.api import edge
from quintet.api.tries import Tries
from quintet.service.service import Settings
from quintet.service.tokens import Scope

PATH = "/v1/items"


@pytest.fixture
def clock(monkeypatch):
    """What the service takes for the time of a try, in seconds."""
    now = [0.0]
    monkeypatch.setattr(edge, "Tries", partial(Tries, clock=lambda: now[0]))
    return now


@pytest.fixture
def closed(clock, small_library, tmp_path):
    """A service that asks everybody for a token, and one that is right."""
    settings = Settings("0.0.0.0", anonymous=None, hosts=("127.0.0.1",))
    with Asked(copied(small_library, tmp_path), settings) as made:
        yield made, made.service.tokens.create("reader", Scope.READ)


def ask(asked, token, address):
    return asked("GET", PATH, headers=[(b"authorization", b"Bearer " + token)], address=address)


def test_guesses(closed, clock, times, figure):
    """An hour of them."""
    asked, good = closed
    count = times(500, 100_000)
    holders = ["203.0.113.9", "203.0.113.10"]  # at the guesser's address, and elsewhere
    assert {ask(asked, good.encode(), a).status for a in holders} == {200}
    statuses = []
    for n in range(count):
        clock[0] = 3600 * n / count
        statuses.append(ask(asked, secrets.token_urlsafe(32).encode(), holders[0]).status)
    still = {ask(asked, good.encode(), a).status for a in holders}
    assert set(statuses) == {401, 429}
    looked_at = statuses.count(401)
    what = f"of {count} guesses in an hour, from one address: looked at"
    figure("S7", what, looked_at, "at most 100", met=looked_at <= 100)
    what = "answers to the true holder meanwhile, at that address and elsewhere"
    figure("S7", what, sorted(still), "[200]", met=still == {200})


@pytest.mark.alone
def test_times(closed, times, figure):
    """One address a guess, so that each is looked at."""
    asked, good = closed
    near = good[:-1] + ("A" if good[-1] != "A" else "B")
    spans = {near.encode(): [], secrets.token_urlsafe(32).encode(): []}
    for n in range(times(150, 3000)):
        for token, taken in spans.items():
            began = time.perf_counter()
            ask(asked, token, f"198.51.{n // 250}.{n % 250}")
            taken.append(1000 * (time.perf_counter() - began))
    almost, never = (statistics.median(taken) for taken in spans.values())
    apart = abs(almost - never)
    what = "p50 of a token that is right but for a character, and of a random one: apart, ms"
    figure("S7", what, f"{apart:.2f}", "at most 5", met=apart <= 5)


def test_no_token_is_kept_or_told(closed, figure):
    asked, good = closed
    shown = [(b"authorization", b"Bearer " + good.encode())]
    login = [(b"content-type", b"application/json")]
    answers = [asked("POST", "/v1/session", f'{{"token": "{good}"}}'.encode(), login)]
    answers += [asked("GET", path, headers=shown) for path in TOLD]
    told = [a for a in answers if good.encode() in a.body]
    files = [p for p in asked.service.folder.rglob("*") if p.is_file()]
    kept = [p.name for p in files if good.encode() in p.read_bytes()]
    what = "answers and files of the service that hold a token"
    figure("S16", what, len(told) + len(kept), "0", met=not told and not kept)


TOLD = ("/v1/session", "/v1/stats", "/v1/metrics", "/openapi.json", "/settings", "/v1/nothing")
