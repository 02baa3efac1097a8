import pytest
from fastapi.testclient import TestClient

import quintet
from quintet.api.app import create_app
from quintet.service.service import Service, Settings


@pytest.fixture
def library(tmp_path):
    (tmp_path / "media").mkdir()
    for n, words in enumerate(["a dog barks at the harbour", "snow falls on the mountain"]):
        (tmp_path / "media" / f"{n}.txt").write_text(words + ".", "utf-8")
    with quintet.create(tmp_path) as lib:
        lib.add(tmp_path / "media")
    return tmp_path / ".quintet"


@pytest.fixture
def client(library):
    app = create_app(Service(library, Settings(hosts=("testserver",))))
    with TestClient(app) as made:
        yield made
