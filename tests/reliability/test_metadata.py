"""Naughty texts in every field: stored as one clean line, found again, written out whole."""

import contextlib
import json
import os
import random
import unicodedata
from pathlib import Path

import pytest
from media_fakes import run
from texts_everywhere import FIELDS

import quintet
from quintet.errors import QuintetError, UsageError
from quintet.media.metadata import one_line
from quintet.plain import plain
from quintet.store.sqlite import Store

OWN = [
    "'; DROP TABLE items; --",
    '<script>alert("x")</script>',
    "=cmd|' /C calc'!A0",
    "\x1b[31mred\x1b[0m\x07",
    "\u202eright to left\u2066",
    "null",
    "\ufeff\u200b\u00ad",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "NaN",
    "../../../etc/passwd\\..\\..",
    "%s%n{0}${x}{{y}}",
    "a\nb\r\nc\td\x85e\u2028f",
    '" OR 1=1 NEAR(* AND - ^ :',
    "Ω≈ç√∫˜µ≤≥÷",
    "田中さんにあげて下さい",
    "ﷺ" * 20,
    "z" * 5000,
]
CLEAN = {"png title", "html author", "mkv title", "mp4 title"}
"""Fields that keep any text whole, so that what is stored of it is known."""


@pytest.fixture(scope="module")
def naughty(times):
    """Texts that broke programs; all of the list where it is there, in lane N."""
    place = Path(os.environ.get("QUINTET_DATA", "../shared/data"))
    listed = place / "torture" / "naughty-strings" / "blns.json"
    many = []
    if listed.exists():
        told = json.loads(listed.read_text(encoding="utf-8"))
        many = [text for text in told if text.strip()]
        random.Random(6).shuffle(many)
    return [*OWN, *many[: times(3, 10_000)]]


@pytest.fixture(scope="module")
def library(naughty, box, tmp_path_factory):
    """Its folder, and what was added: path to field and text."""
    home = tmp_path_factory.mktemp("naughty")
    made = {}
    for no, text in enumerate(naughty):
        for field, make in FIELDS.items():
            path = home / "media" / f"{no} {field}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(make(text))
            made[str(path)] = (field, text)
    with Store.create(home / ".quintet") as store:
        report = run(store, home / "media", box=box, workers=3)
        assert {row.code for row in store.errors()} <= {"corrupt", "no_content", "unknown_format"}
        made["failed"] = report.failed
    return home, made


def test_what_is_stored_is_one_clean_line(library, figure):
    home, made = library
    failed = made["failed"]
    wrong, whole = [], 0
    with Store.open(home / ".quintet") as store:
        for item in store.get_many(store.find()):
            values = [*item.metadata.values(), *item.tags, item.id]
            wrong += [v for v in values if not all(map(_is_clean, v))]
            for path in (item.path, *item.others):
                field, text = made[path]
                told = item.metadata.get("author" if field == "html author" else "title", "")
                if field in CLEAN:
                    wrong += [(field, text, told)] * (told not in _forms(text))
                    whole += 1
    figure(
        "F13",
        f"of {len(made) - 1} naughty fields stored otherwise than as one clean line",
        len(wrong),
        "0",
        met=not wrong,
    )
    assert whole > len(CLEAN)
    assert failed < len(made) // 4  # texts that no XML can hold


def _is_clean(c):
    """Whether a character steers no terminal and breaks no line; private ones only look odd."""
    return c.isprintable() or unicodedata.category(c) == "Co"


def _forms(text):
    """A text as it may be stored.

    FFmpeg ends it at a NUL, not all containers keep blanks, and pages hold no control characters.
    """
    bare = "".join(c for c in text if unicodedata.category(c) != "Cc")
    ways = (text, text.partition("\0")[0], text.strip(), bare)
    return {one_line(way) for way in ways}


def test_they_are_searched_labelled_and_written_out(library, naughty, figure):
    home, _ = library
    searched = 0
    with quintet.open(home) as lib:
        ids = lib.find()
        for no, text in enumerate(naughty):
            one = [ids[no % len(ids)]]
            with contextlib.suppress(UsageError):
                lib.label(one, text)
            with contextlib.suppress(UsageError):
                lib.tag(one, [text])
            for question in (text, f'"{text}"'):
                with contextlib.suppress(QuintetError):
                    lib.search(question, k=3)
                searched += 1
            with contextlib.suppress(QuintetError):
                lib.find(where=[f"tag={text}"])
        rows = [json.dumps(plain(row), ensure_ascii=False) for row in lib.export(segments=True)]
    back = [json.loads(row.encode("utf-8", "replace")) for row in rows]
    tags = {tag for row in back for tag in _tags(row)}
    assert len(back) == len(ids)
    assert all("\n" not in row for row in rows)
    kept = [t for t in naughty if one_line(t)[:50] and any(one_line(t)[:50] in x for x in tags)]
    figure(
        "F13",
        f"naughty texts searched {searched} times, and as tags written out again",
        len(kept),
        f"at least {len(naughty) * 3 // 4}",
        met=len(kept) >= len(naughty) * 3 // 4,
    )


def _tags(row):
    return row.get("tags") or row.get("item", {}).get("tags", [])
