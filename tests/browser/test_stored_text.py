"""Hostile text in every stored field is shown as text: the browser runs none of it."""

import contextlib
import itertools
import json
import struct
import zlib
from urllib.parse import quote, urlsplit

import pytest
from tests.reliability.payload import hostile

import quintet

WATCH = """
window.__reports = [];
document.addEventListener("securitypolicyviolation", (e) => window.__reports.push(e.blockedURI));
"""
PAGES = ("/", "/library", "/errors", "/map", "/train", "/jobs", "/models", "/settings")


@pytest.fixture
def strings(request, times):
    """Scripts in all disguises, and the naughty strings where the measuring data are."""
    found = list(hostile("script"))
    try:
        data = request.getfixturevalue("data")
    except pytest.skip.Exception:
        return found
    blns = data / "torture" / "naughty-strings" / "blns.json"
    found += [s for s in json.loads(blns.read_text("utf-8")) if s.strip()]
    return found[:: times(12, 1)]


def png(comment):
    """A picture whose title is the comment."""

    def chunk(kind, data):
        sum_ = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + sum_

    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    text = b"Title\0\0\0\0\0" + comment.encode("utf-8", "replace")
    rows = zlib.compress((b"\0" + bytes(24)) * 8)
    parts = chunk(b"IHDR", head), chunk(b"iTXt", text), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def stored(home, strings):
    """A library with each string as a name, a folder, a text, a label, a tag and a title."""
    media = home / "media"
    for n, text in enumerate(strings):
        with contextlib.suppress(OSError, UnicodeEncodeError):
            files(media, n, text)
    with quintet.create(home) as lib:
        lib.add(media)
        shown = [text[:100] for text in strings if text.strip() and text.isprintable()]
        items = list(lib.export())
        for item, text in zip(items, itertools.cycle(shown), strict=False):
            lib.label([item.id], text)
            lib.tag([item.id], [text])
        for text in shown[:40]:
            if "/" not in text:
                lib.save_search(text, "text")
    return [item.id for item in items]


def files(media, number, text):
    """A text, a page, a picture and a broken picture that are named and filled with a string."""
    name = text.replace("/", "∕").replace("\0", "")[:60].strip() or "x"
    folder = media / f"{number} {name}"
    folder.mkdir(parents=True)
    words = f"{text} is the text of number {number}."
    (folder / f"{name}.txt").write_text(words, "utf-8", "replace")
    page = f"<title>{text}</title><p>{text} page {number}"
    (folder / f"{number}.html").write_text(page, "utf-8", "replace")
    (folder / f"{name}.png").write_bytes(png(text) + str(number).encode())
    (folder / f"{name}.jpg").write_bytes(b"\xff\xd8\xff broken")


@pytest.mark.slow
def test_nothing_stored_is_run(visit, serve, tmp_path, strings, times, figure):
    ids = stored(tmp_path, strings)
    there = serve(tmp_path)
    page = visit("/settings", to=there)
    page.context.add_init_script(WATCH)
    page.on("dialog", lambda dialog: (ran.append("dialog"), dialog.dismiss()))
    page.context.on("request", lambda r: _elsewhere(r.url, there.url) and ran.append(r.url))
    ran, reports, seen = [], [], 0
    few = strings[:: times(6, 5)]
    paths = [*PAGES, *(f"/items/{i}" for i in ids[:: times(9, 6)])]
    paths += [f"/?q={quote(text[:80], errors='replace')}" for text in few]
    paths += ["/?q=text", "/?q=page&group=segment", f"/why/{ids[0]}?q=text"]
    for path in paths:
        page.goto(path)
        reports += page.evaluate("window.__reports")
        if page.evaluate("window.__x"):
            ran.append(path)
        seen += 1
    visit.told.lines.clear()  # files that are no pictures are reported as such
    what = f"{len(strings)} hostile strings in seven stored fields, {seen} pages: "
    figure("S4", what + "scripts run, requests sent", len(ran), "0", met=not ran)
    what += "reports of the content security policy"
    figure("S4", what, len(reports), "0", met=not reports)


def _elsewhere(url, there):
    """Whether a request leaves the service; pages keep what they show in addresses without host."""
    return urlsplit(url).netloc not in ("", urlsplit(there).netloc)
