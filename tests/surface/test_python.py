"""The Python interface, as the README shows it."""

import pytest

import quintet
from quintet.errors import LibraryNotFound, NotFittedError, UsageError


def test_open_makes_a_library_in_a_folder_of_media(tmp_path, media):
    with quintet.open(tmp_path) as lib:
        report = lib.add(media / "bell" / "text")
        assert report.added == 5
        assert lib.search("bell", k=3)
    assert (tmp_path / ".quintet" / "library.sqlite").is_file()


def test_search_finds_and_explains(trained, media):
    with quintet.open(trained) as lib:
        hits = lib.search("bird", modalities=["image", "video"], k=5)
        assert hits[0].confidence is not None
        assert hits[0].evidence[0].why
        like = lib.search(like=next((media / "bird" / "audio").iterdir()), k=3)
        assert len(like) == 3


def test_nothing_to_search_for(trained):
    with quintet.open(trained) as lib, pytest.raises(UsageError, match="nothing to search for"):
        lib.search()


def test_open_without_create(tmp_path):
    with pytest.raises(LibraryNotFound, match="quintet add"):
        quintet.open(tmp_path, create=False)


def test_evaluate_before_training(untrained):
    with quintet.open(untrained) as lib, pytest.raises(NotFittedError, match="quintet train"):
        lib.evaluate()


def test_create_twice(tmp_path):
    quintet.create(tmp_path).close()
    with pytest.raises(UsageError, match="is a library already"):
        quintet.create(tmp_path)
