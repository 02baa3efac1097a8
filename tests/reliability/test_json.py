"""Bodies that are no JSON, or strange JSON: refused or taken, never a 5xx."""

import json

from tests.reliability.payload import hostile

DEEP = 100_000
LONG = ("[" * DEEP, '{"a":' * DEEP, "[" * DEEP + "]" * DEEP, "1" * DEEP, "-" * DEEP)
BYTES = (
    b"\xff",
    b'{"a":"\xff"}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b"\xed\xa0\x80",
    b"\x80" * 9,
)


def test_bodies(asked, figure):
    bodies = hostile("json")
    missed = [text for text in bodies["taken"] if _status(asked, text.encode()) != 200]
    what = f"right bodies of {len(bodies['taken'])} that are not taken"
    figure("S18", what, len(missed), "0", met=not missed)
    wrong = [text.encode("utf-8", "surrogatepass") for text in (*bodies["refused"], *LONG)]
    statuses = {body: _status(asked, body) for body in (*wrong, *BYTES)}
    bad = [body[:60] for body, status in statuses.items() if status not in (400, 413, 422)]
    what = f"wrong bodies of {len(statuses)} that are taken, or end in a 5xx"
    figure("S18", what, len(bad), "0", met=not bad)


def _status(asked, body):
    answer = asked("POST", "/v1/search", body, [(b"content-type", b"application/json")])
    if answer.status != 200:
        assert json.loads(answer.body)["status"] == answer.status
    return answer.status
