"""Uploads at their limit and beyond it, and forms of every shape: nothing is left behind."""

import random

import pytest
from tests.reliability.asgi import Asked, copied

from quintet.service.service import Settings

LIMIT = 200_000
FORM = [(b"content-type", b"multipart/form-data; boundary=x")]


@pytest.fixture
def small(small_library, tmp_path):
    """A service that takes files of up to LIMIT bytes."""
    settings = Settings(most_upload_bytes=LIMIT)
    with Asked(copied(small_library, tmp_path), settings) as made:
        yield made


def left(asked):
    """Received files and their descriptions."""
    folder = asked.service.folder / "uploads"
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def form(content, name=b"a.txt"):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    return head + content + b"\r\n--x--\r\n"


def test_limits(small, figure):
    found = {
        "one byte below": small("POST", "/v1/uploads", b"x" * (LIMIT - 1)).status,
        "at the limit": small("POST", "/v1/uploads", b"x" * LIMIT).status,
        "one byte above": small("POST", "/v1/uploads", b"x" * (LIMIT + 1)).status,
        "empty": small("POST", "/v1/uploads", b"").status,
        "form at the limit": small("POST", "/v1/uploads", form(b"x" * LIMIT), FORM).status,
        "form above": small("POST", "/v1/uploads", form(b"x" * (LIMIT + 1)), FORM).status,
        "far above": small("POST", "/v1/uploads", b"x" * (3 * LIMIT)).status,
    }
    wanted = dict(zip(found, (201, 201, 413, 400, 201, 413, 413), strict=True))
    figure("S8", "answers at and around the limit", list(found.values()),
           str(list(wanted.values())), met=found == wanted)  # fmt: skip
    files = left(small) - 2 * 3
    figure("S8", "files left of those that were refused", files, "0", met=files == 0)


def test_forms_of_every_shape(small, times, figure):
    shapes = [*SHAPES, *_changed(form(b"some text " * 20), times(100, 5000))]
    before, statuses = left(small), []
    for n, shape in enumerate(shapes):
        kind = KINDS[n % 3 if n % 7 == 0 else 0]
        statuses.append(small("POST", "/v1/uploads", shape, [(b"content-type", kind)]).status)
    bad = [s for s in statuses if s not in (201, 400, 413, 422)]
    figure("S8", f"{len(shapes)} forms of every shape: 5xx", len(bad), "0", met=not bad)
    more = left(small) - before - 2 * statuses.count(201)
    figure("S8", "files left of those that were refused", more, "0", met=more == 0)


def _changed(good, count):
    """A right form with a few bytes changed, taken out or put in."""
    rng = random.Random(0)
    for _ in range(count):
        data = bytearray(good)
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 4)] = rng.randbytes(rng.randint(0, 6))
        yield bytes(data)


PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
SHAPES = (
    *(b"--x\r\n" * 10_000, b"--x--", b"--", form(b"some")[:-9], form(b"some") * 3, b"\0" * 5000),
    (PART + b"1\r\n") * 10_000,
    b"--x\r\n" + b"A: b\r\n" * 10_000 + b"\r\n\r\n--x--",
    PART + b"y" * (LIMIT + 50_000),
)
LONG = b"multipart/form-data; boundary=" + b"z" * 500
KINDS = (FORM[0][1], b"multipart/form-data", LONG)
