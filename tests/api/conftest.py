import shutil

import av
import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient
from PIL import Image

import quintet
from quintet.api.app import create_app
from quintet.datasets.sample import make_item
from quintet.service.service import Service, Settings
from quintet.types import Modality

HOSTS = ("testserver",)
MEDIA = (Modality.IMAGE, Modality.TEXT)


@pytest.fixture(scope="session")
def library_once(tmp_path_factory):
    """Two texts; not to be changed."""
    tmp_path = tmp_path_factory.mktemp("library")
    (tmp_path / "media").mkdir()
    for n, words in enumerate(["a dog barks at the harbour", "snow falls on the mountain"]):
        (tmp_path / "media" / f"{n}.txt").write_text(words + ".", "utf-8")
    with quintet.create(tmp_path) as lib:
        lib.add(tmp_path / "media", workers=1)
    return tmp_path / ".quintet"


@pytest.fixture
def library(library_once, tmp_path):
    """A copy that may be changed; its files are those of the original."""
    return shutil.copytree(library_once, tmp_path / ".quintet")


@pytest.fixture
def client(library):
    """A client of a service that takes jobs in and does none."""
    here = Service(library, Settings(hosts=HOSTS))
    here.jobs.start = lambda: None
    with TestClient(create_app(here)) as made:
        yield made


@pytest.fixture
def worker(library):
    """A client of a service that does its jobs."""
    with TestClient(create_app(Service(library, Settings(hosts=HOSTS)))) as made:
        yield made


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """Two things in two media, with a model; not to be changed."""
    home = tmp_path_factory.mktemp("trained")
    for name in ("bell", "bird"):
        for modality in MEDIA:
            for no in range(1, 6):
                make_item(home / "media", modality, name, no)
    with quintet.create(home) as lib:
        lib.add(home / "media", workers=1)
        lib.train("cca", seed=0)
    return home / ".quintet"


@pytest.fixture
def trained(trained_once, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(trained_once, tmp_path / "copy" / ".quintet")


@pytest.fixture
def asked(trained):
    """A client of a trained library."""
    with TestClient(create_app(Service(trained, Settings(hosts=HOSTS)))) as made:
        yield made


@pytest.fixture(scope="session")
def is_problem():
    """Checks that an answer is a problem; returns its detail."""
    return _is_problem


def _is_problem(answer, status, title=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert title is None or told["title"] == title
    return told["detail"]


def write_five(folder):
    """One small file of each medium, a page, and a silent film."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)).save(folder / "狗 dog.png")
    tone = (0.4 * np.sin(np.arange(22050) * 0.06)).astype(np.float32)
    soundfile.write(folder / "tone.wav", tone, 22050)
    with av.open(str(folder / "film.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for n in range(32):
            pixels = np.full((48, 64, 3), 20 if n < 16 else 230, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        film.mux(stream.encode())
    corners = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"
    (folder / "solid.obj").write_text(corners + "f 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n")
    (folder / "note.txt").write_text("A dog barks at the harbour. Snow falls.", "utf-8")
    (folder / "page.html").write_text(
        "<!doctype html><title>A</title><p>B <script>alert(1)</script>"
    )


@pytest.fixture(scope="session")
def five(tmp_path_factory):
    """A library of five media, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("five")
    (folder / "media").mkdir()
    write_five(folder / "media")
    with quintet.create(folder) as lib:
        lib.add(folder / "media")
    return folder / ".quintet"


@pytest.fixture(scope="session")
def five_client(five):
    app = create_app(Service(five, Settings(hosts=("testserver",))))
    with TestClient(app) as made:
        yield made


@pytest.fixture(scope="session")
def five_ids(five):
    """File name to item id."""
    with quintet.Library(five) as lib:
        return {item.path.rsplit("/", 1)[-1]: item.id for item in lib.export()}
