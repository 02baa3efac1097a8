"""Every text of the pages is there in every language, and no entry is left over."""

import json
import re
from pathlib import Path

import pytest

from quintet.web import render, site

WEB = Path(site.__file__).parent
QUOTED = r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')"""
CALLS = re.compile(r"(?<![\w.])(?:t|_)\(\s*" + QUOTED)


def texts():
    """English text to the files that show it."""
    found = {}
    files = [*WEB.rglob("*.html"), *WEB.rglob("*.js"), *WEB.rglob("*.py")]
    assert len(files) > 20
    for path in files:
        for double, single in CALLS.findall(path.read_text("utf-8")):
            text = (double or single).replace('\\"', '"')
            found.setdefault(text, set()).add(path.name)
    for text in (*site.TITLES.values(), *site.HINTS.values()):
        found.setdefault(text, set()).add("site.py")
    return found


@pytest.mark.parametrize("language", [name for name in render.LANGUAGES if name != "en"])
def test_every_text_is_translated_and_none_is_stale(language):
    known, used = render.catalogue(language), texts()
    assert not {text: files for text, files in used.items() if text not in known}
    assert not set(known) - set(used)


@pytest.mark.parametrize("language", [name for name in render.LANGUAGES if name != "en"])
def test_translations_fill_in_the_same_values(language):
    holes = re.compile(r"\{\w+\}")
    for text, there in render.catalogue(language).items():
        assert sorted(holes.findall(text)) == sorted(holes.findall(there)), text
        assert there.strip(), text


def test_catalogues_are_sorted_so_that_changes_are_easy_to_see():
    for path in (WEB / "languages").glob("*.json"):
        text = path.read_text("utf-8")
        rows = json.loads(text)
        assert text == json.dumps(dict(sorted(rows.items())), ensure_ascii=False, indent=2) + "\n"


def test_values_are_filled_in_after_translation():
    assert render.translator("en")("{count} in all", count=3) == "3 in all"
    assert "3" in render.translator("zh")("{count} in all", count=3)
