"""Files that refer to others: no other file is opened and nobody is called.

A watch of the kernel on the folder of the canaries and a server that listens tell, not the text of
an error. Each file is decoded twice: in the box, and with nothing but the decoders' own care.
"""

import io
import os
import socket
import warnings
from pathlib import Path

import pytest
from escapes import ESCAPES
from good_files import film, picture
from outcomes import outcome
from watching import HERE, Calls, Opens

from quintet.errors import FileProblem
from quintet.flows.opening import opened
from quintet.flows.reading import decode
from quintet.flows.scan import Seen, scan
from quintet.media.isolate import Box
from quintet.media.open import open_media

pytestmark = pytest.mark.skipif(not HERE, reason="opens of files are seen on Linux only")

CANARIES = ("c.txt", "c.mtl", "c.png", "c.srt", "c.ts", "c.bin", "c.xml", "c.mp4", "001.png")
SECRET = "the canary sings"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of canaries beside the one that is read, which the program works in."""
    folder = tmp_path_factory.mktemp("escapes")
    (folder / "secret").mkdir()
    (folder / "media").mkdir()
    for name in CANARIES:
        whole = {"c.png": picture("png"), "001.png": picture("png"), "c.ts": film("mpegts")}
        whole["c.mp4"] = film("mp4")
        (folder / "secret" / name).write_bytes(whole.get(name, SECRET.encode()))
    before = Path.cwd()
    os.chdir(folder / "media")
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def decoder(place):
    """A box whose server was started in the folder, so that relative names would lead out."""
    with Box(2) as made:
        made.open(io.BytesIO(b"A dog."))
        yield made


@pytest.fixture(scope="module")
def tally():
    """How many files were tried, and what they opened and called."""
    return {"files": 0, "opens": 0, "calls": 0}


@pytest.fixture
def quiet(place, tally):
    """Fails a test in which a canary was opened or the server was called."""
    opens, calls = Opens(place / "secret"), Calls()
    yield opens, calls
    seen = opens.names(), calls.count()
    opens.close()
    calls.close()
    tally["opens"] += len(seen[0])
    tally["calls"] += seen[1]
    assert seen == ([], 0)


def targets(place, calls):
    """Every way to write where a canary or the server is."""
    secret = place / "secret"
    yield from (str(secret / name) for name in ("c.txt", "c.ts", "c.bin"))
    yield from ("../secret/c.txt", "../secret/c.ts", "..%2fsecret%2fc.txt", "..\\secret\\c.txt")
    yield from ((secret / "c.txt").as_uri(), f"file:{secret}/c.png", f"concat:{secret}/c.ts|x")
    yield from (f"subfile,,start,0,end,99,,:{secret}/c.ts", f"{secret}/%03d.png", "link/c.txt")
    yield from (f"{way}://127.0.0.1:{calls.port}/c.ts" for way in ("http", "tcp", "udp", "ftp"))
    yield f"//127.0.0.1:{calls.port}/c.ts"


def test_the_watch_sees(place):
    """The test can fail: an open and a call are both noticed."""
    opens, calls = Opens(place / "secret"), Calls()
    (place / "secret" / "c.txt").read_text()
    socket.create_connection(("127.0.0.1", calls.port)).close()
    assert "c.txt" in opens.names()
    assert calls.count() == 1
    opens.close()
    calls.close()


@pytest.mark.parametrize("kind", ESCAPES)
def test_references_are_not_followed(place, decoder, quiet, tally, kind):
    for target in targets(place, quiet[1]):
        data = ESCAPES[kind](target)
        outcome(decoder, data)
        tally["files"] += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                media = open_media(io.BytesIO(data))
            except Exception:  # noqa: BLE001 - decoders raise anything; what they open counts
                continue
            assert SECRET not in str(media)


NAMES = ["http:x.ts", "%03d.png", "c.m3u8", "concat:c.ts|d.ts", "subfile,,:c.ts", "-", "pipe:0"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_not_followed(place, decoder, quiet, tally, name):
    tally["files"] += 1
    path = place / "media" / name
    path.write_bytes(ESCAPES["hls part"](str(place / "secret" / "c.ts")))
    try:
        with opened(str(path)) as file:
            decode(decoder, file, str(path))
    except FileProblem:
        pass
    finally:
        path.unlink()


def test_subtitles_are_not_read_through_a_link(place, decoder, quiet, tmp_path):
    (tmp_path / "talk.mp4").write_bytes(film("mp4"))
    (tmp_path / "talk.srt").symlink_to(place / "secret" / "c.srt")
    (tmp_path / "folder").symlink_to(place / "secret")
    (seen,) = (f for f in scan(str(tmp_path)) if isinstance(f, Seen))
    assert seen.sidecars == ("talk.srt",)
    with opened(seen.path, str(tmp_path)) as file:
        assert decode(decoder, file, seen.path, seen.sidecars, str(tmp_path)).subtitles is None


def test_all_of_them(tally, figure):
    told = f"{tally['opens']} opens, {tally['calls']} calls"
    what = f"{tally['files']} files that refer to others, of {len(ESCAPES)} kinds"
    figure("F6", what, told, "0", met=tally["files"] >= 60 and told == "0 opens, 0 calls")
