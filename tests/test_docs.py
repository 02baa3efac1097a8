"""The documents are true: generated pages are fresh, links lead somewhere, examples run."""

import importlib.util
import re
from pathlib import Path

import pytest

from quintet.cli.main import quintet
from quintet.errors import Code

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted(DOCS.rglob("*.md"))]


def generator():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", generator().PAGES)
def test_generated_page_is_fresh(page):
    written = (DOCS / page).read_text(encoding="utf-8")
    assert written == generator().PAGES[page](), "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} → {target}"


def test_every_command_is_on_the_reference_page():
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    for name in quintet.list_commands(None):
        assert f"## quintet {name}\n" in text


def test_every_command_named_in_the_documents_exists():
    known = set(quintet.list_commands(None))
    for page in PAGES:
        for block in re.findall(
            r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
        ):
            for command in re.findall(r"(?:^|&& )quintet (\w+)", block, re.MULTILINE):
                assert command in known, f"{page.name}: quintet {command}"


def test_every_error_code_is_documented():
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert all(f"`{code.value}`" in text for code in Code)


def test_example_method_of_the_documents_keeps_the_contract(tmp_path):
    """The file that docs/extending.md shows is a working correlator."""
    import numpy as np

    from quintet.types import Modality, View, Views

    page = (DOCS / "extending.md").read_text(encoding="utf-8")
    (source,) = [b for b in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "class " in b]
    path = tmp_path / "centroid.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("centroid_example", path)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["centroid_example"] = module
    spec.loader.exec_module(module)
    rng = np.random.default_rng(0)
    x = [rng.standard_normal((3, 5)).astype(np.float32) for _ in range(4)]
    none = np.full(4, -1)
    view = View(Modality.IMAGE, x, none, none, list("abcd"))
    fitted = module.Centroid(k=8).fit(Views((view,)))
    z = fitted.transform(Modality.IMAGE, np.stack(x), np.ones((4, 3), dtype=bool))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)
