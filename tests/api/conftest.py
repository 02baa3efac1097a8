import shutil

import pytest
from fastapi.testclient import TestClient

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
