import pytest

from quintet.errors import LibraryNotFound
from quintet.flows import where


def library(folder):
    folder.mkdir(parents=True)
    (folder / where.DATABASE).touch()
    return folder


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A folder without a library, a user library or a variable around it."""
    monkeypatch.delenv("QUINTET_LIBRARY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_given_folder_or_its_hidden_one(alone):
    made = library(alone / "media" / where.HIDDEN)
    assert where.find(alone / "media") == made
    assert where.find(made) == made


def test_environment_then_around_then_default(alone, monkeypatch):
    assert where.find(None) == where.default()
    around = library(alone / where.HIDDEN)
    assert where.find(None) == around
    named = library(alone / "named" / where.HIDDEN)
    monkeypatch.setenv("QUINTET_LIBRARY", str(alone / "named"))
    assert where.find(None) == named


def test_missing_folder_is_an_error(alone):
    with pytest.raises(LibraryNotFound, match="no folder"):
        where.find(alone / "nowhere" / "at all")
