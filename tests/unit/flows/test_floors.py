"""A library below its floor is named, with what it is open to."""

import pytest

from quintet.flows.floors import FLOORS, behind, found_here


def test_every_library_with_a_floor_can_tell_its_version():
    found = found_here()
    assert set(found) == {floor.library for floor in FLOORS}
    assert all(any(c.isdigit() for c in text) for text in found.values())


@pytest.mark.parametrize(
    ("version", "old"),
    [("3.11.7", True), ("3.11.13", False), ("3.12.12", False), ("3.13.3", True), ("3.15.0", False)],
)
def test_each_line_of_python_has_its_own_floor(version, old):
    assert bool(behind({"Python": version})) is old


def test_what_is_behind_is_named_with_its_holder_and_the_reason():
    (found,) = behind({"FFmpeg": "7.0.1", "libwebp": "1.6.0", "torch": ""})
    assert str(found).startswith("FFmpeg 7.0.1 (in av) is below 8.1.3: CVE-2026-8461")
