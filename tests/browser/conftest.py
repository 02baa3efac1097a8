"""A real browser against a running service: a small library of five media, trained once."""

import os
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

import quintet
from quintet.datasets.sample import make_item
from quintet.serve import application
from quintet.service.service import Settings
from quintet.types import Modality

CLASSES = ("bell", "car", "bird")
PER_CLASS = 5
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


def _chromium():
    named = os.environ.get("QUINTET_CHROMIUM", "")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser():
    """A browser; tests are skipped where there is none."""
    path = _chromium()
    if sync_playwright is None:
        pytest.skip("Playwright is not installed: pip install 'quintet[browser]'")
    if path is None:
        pytest.skip("no Chromium; on Debian: apt install chromium (or name it in QUINTET_CHROMIUM)")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    """Three things in five media."""
    folder = tmp_path_factory.mktemp("media")
    for name in CLASSES:
        for modality in Modality:
            for no in range(1, PER_CLASS + 1):
                make_item(folder, modality, name, no)
    return folder


@pytest.fixture(scope="session")
def examples(tmp_path_factory) -> dict[Modality, Path]:
    """A file of each medium that is not in the library; all of bells."""
    folder = tmp_path_factory.mktemp("examples")
    return {m: make_item(folder, m, "bell", 77) for m in Modality}


@pytest.fixture(scope="session")
def indexed(media, tmp_path_factory) -> Path:
    """A library of ``media`` that is not trained."""
    home = tmp_path_factory.mktemp("indexed")
    with quintet.create(home) as lib:
        lib.add(media)
    return home


@pytest.fixture(scope="session")
def trained(indexed, tmp_path_factory) -> Path:
    """The same with a model."""
    home = tmp_path_factory.mktemp("trained") / "library"
    shutil.copytree(indexed, home)
    with quintet.open(home) as lib:
        lib.train()
    return home


class Site:
    """A service in a thread of this process."""

    def __init__(self, home, **settings):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        made = application(Path(home) / ".quintet", Settings(port=port, **settings))
        config = uvicorn.Config(made, port=port, log_level="warning", timeout_graceful_shutdown=1)
        self.service = made.state.service
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 60
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.05)

    def close(self):
        self._server.should_exit = True
        self._thread.join(30)


@pytest.fixture(scope="session")
def site(trained):
    """The trained library, served."""
    made = Site(trained)
    yield made
    made.close()


@pytest.fixture
def serve():
    """Serve another library for one test."""
    made = []

    def begin(home, **settings):
        made.append(Site(home, **settings))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@dataclass
class Told:
    """What the browser complained of."""

    lines: list

    def take(self, message):
        if message.type in ("error", "warning"):
            self.lines.append(message.text)


@pytest.fixture
def visit(browser, site):
    """Open pages, in any language, theme and width; nothing may be complained of in the end."""
    contexts, told = [], Told([])

    def begin(path="/", *, to=None, locale="en-US", theme="light", width=1280, height=900, **more):
        context = browser.new_context(
            base_url=(to or site).url,
            locale=locale,
            color_scheme=theme,
            viewport={"width": width, "height": height},
            **more,
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("console", told.take)
        page.on("pageerror", lambda error: told.lines.append(str(error)))
        page.goto(path)
        return page

    begin.told = told
    yield begin
    for context in contexts:
        context.close()
    assert not told.lines, "the browser complained"
