"""No path that a request names is opened: a secret beside the library never comes back."""

import itertools
import json
from urllib.parse import quote

from tests.reliability.payload import hostile
from tests.reliability.routes import PAGES, filled, operations, places

WRONG = "answers with bytes from outside, or 5xx"


def payloads(secret):
    """Ways to write the secret's path, or one of the system's."""
    aims = (str(secret), "etc/passwd", "proc/self/environ", "library.sqlite", "service.sqlite")
    ways = hostile("traversal")
    for aim, up, depth in itertools.product(aims, ways["ups"], (1, 3, 6, 12)):
        yield up * depth + aim.lstrip("/")
    for aim, start, end in itertools.product(aims, ways["starts"], ways["ends"]):
        yield f"{start}{aim}{end}"


def test_paths_and_ids(asked, tmp_path, times, figure):
    secret, word = _secret(tmp_path)
    tried = _some(list(payloads(secret)), times(12, 10_000))
    count, bad = 0, []
    for method, path, _ in [*operations(asked), *PAGES]:
        for name, value in itertools.product(places(path), tried):
            answer = asked(method, filled(path, name, value))
            count += 1
            if answer.status >= 500 or _leaks(answer, word):
                bad.append((method, path, value, answer.status))
    what = f"{len(tried)} paths in every parameter of every route, {count} requests: {WRONG}"
    figure("S2", what, len(bad), "0", met=not bad)


def test_names_and_values(asked, tmp_path, times, figure):
    secret, word = _secret(tmp_path)
    count, bad = 0, []
    for value in _some(list(payloads(secret)), times(12, 400)):
        for request in _requests(value):
            answer = asked(*request)
            count += 1
            if answer.status >= 500 or _leaks(answer, word):
                bad.append((request[1], value, answer.status))
    what = f"paths as names of files, in queries and conditions, {count} requests: {WRONG}"
    figure("S2", what, len(bad), "0", met=not bad)
    written = [p for p in tmp_path.rglob("*") if p.is_file() and ".quintet" not in p.parts]
    assert written == [secret], "a request wrote outside the library"


def _some(values, most):
    """So many of them, at even distances."""
    return values[:: max(1, len(values) // most)]


def _requests(value):
    def body(told):
        return json.dumps(told, ensure_ascii=True).encode()

    sent = quote(value, safe="%").encode()
    yield "POST", "/v1/uploads", b"a text.", [(b"x-file-name", sent)]
    parts = ({"item": value}, {"upload": value[:64]}, {"text": value})
    for part in (*parts, {"item": "00", "segment": value[:40]}):
        yield "POST", "/v1/search", body({"parts": [part]})
    yield "GET", f"/v1/items?where={quote('folder=' + value)}&cursor={quote(value)}"
    yield "GET", f"/?q={quote(value)}&plus={quote('upload:' + value)}&next={quote(value)}"
    yield "POST", "/v1/saved", body({"name": value[:200], "query": {"parts": [{"text": "dog"}]}})


def _secret(folder):
    word = "quicksilver-cellar-door"
    secret = folder / "secret.txt"
    secret.write_text(word)
    return secret, word.encode()


def _leaks(answer, word):
    return word in answer.body or b"root:x:0" in answer.body or b"SQLite format 3" in answer.body
