"""Bodies that are no JSON, or strange JSON: refused or taken, never a 5xx."""

import json

from tests.reliability.payload import payload

LONG = ("[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000, "1" * 200_000, "-" * 5000)
BYTES = (
    b"\xff",
    b'{"a":"\xff"}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b"\xed\xa0\x80",
    b"\x80" * 9,
)


def test_bodies(asked, figure):
    bodies = payload("json")
    taken = [text for text in bodies["taken"] if _status(asked, text.encode()) != 200]
    figure(
        "S18",
        f"right bodies of {len(bodies['taken'])} that are not taken",
        len(taken),
        "0",
        met=not taken,
    )
    wrong = [text.encode("utf-8", "surrogatepass") for text in (*bodies["refused"], *LONG)] + list(
        BYTES
    )
    found = {body: _status(asked, body) for body in wrong}
    bad = [body[:60] for body, status in found.items() if status not in (400, 413, 422)]
    what = f"wrong bodies of {len(wrong)} that are taken, or end in a 5xx"
    figure("S18", what, len(bad), "0", met=not bad)


def _status(asked, body):
    answer = asked("POST", "/v1/search", body, [(b"content-type", b"application/json")])
    if answer.status != 200:
        assert json.loads(answer.body)["status"] == answer.status
    return answer.status
