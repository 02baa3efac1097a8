"""The same calls through ``quintet.open`` and ``quintet.connect`` give the same records."""

from pathlib import Path

import pytest

import quintet
from quintet import errors
from quintet.types import Modality

URL = "http://testserver"


@pytest.fixture
def both(asked, trained):
    """The library itself, and the same one behind a service."""
    with quintet.open(trained) as near:
        yield near, quintet.connect(URL, http=asked)


CALLS = {
    "words": lambda lib, _: lib.search("bell", k=7),
    "more than a page": lambda lib, _: lib.search("bell", k=300),
    "a file": lambda lib, file: lib.search(like=file, modalities=["image"], k=5),
    "several parts": lambda lib, file: lib.search(
        "bell", plus=["bird^2", f"file:{file}"], minus=["item:" + lib.find()[0]], k=5
    ),
    "narrowed": lambda lib, _: lib.search(
        "bell", modalities=["text"], where=["name~bell"], k=3, min_confidence=0.1, per_medium=2
    ),
    "moments by name": lambda lib, _: lib.search(
        "bell", group_by="segment", sort="name", reverse=True, k=6
    ),
    "near ones": lambda lib, _: lib.search("bird", group_by="near", k=4),
    "facets": lambda lib, _: lib.facets(["modality", "format"], "bell", values=2),
    "facets of all": lambda lib, _: lib.facets(where=["name~bell"]),
    "why": lambda lib, _: lib.why(lib.find()[3], "bell"),
    "similar": lambda lib, _: lib.similar(lib.find()[0], modalities=[Modality.TEXT], k=3),
    "show by id": lambda lib, _: lib.show(lib.find()[0][:12]),
    "show by path": lambda lib, _: lib.show(lib.items(k=1)[0].path),
    "find": lambda lib, _: lib.find(where=["name~bell", "modality=image"]),
    "find a folder": lambda lib, _: lib.find(
        [Path(lib.items(k=1)[0].path).parent], where=["modality=image"]
    ),
    "find one": lambda lib, _: lib.find([lib.items(k=2)[1].path]),
    "items": lambda lib, _: lib.items(["name~bird"], modalities=["image"], k=3),
    "items behind": lambda lib, _: lib.items(after=lib.find()[4], k=300),
    "export": lambda lib, _: list(lib.export(["name~bell"])),
    "count": lambda lib, _: lib.count(modalities=["image"]),
    "labels": lambda lib, _: lib.labels("folder"),
    "evaluate": lambda lib, _: lib.evaluate(),
    "models": lambda lib, _: lib.models(),
    "errors": lambda lib, _: lib.errors(limit=5),
    "map": lambda lib, _: lib.map(9),
}


@pytest.mark.parametrize("call", CALLS)
def test_calls_give_equal_records(both, call, trained_once):
    near, far = both
    file = sorted((trained_once.parent / "media").rglob("*.png"))[0]
    assert CALLS[call](far, file) == CALLS[call](near, file)


def test_status_is_the_same_but_for_the_log(both):
    near, far = (vars(lib.status()) for lib in both)
    assert near | {"database_bytes": 0} == far | {"database_bytes": 0}


def test_what_is_said_far_is_known_near(both):
    near, far = both
    ids = near.find()[:2]
    far.label(ids, "dog")
    far.tag(ids, ["pet", "loud"])
    far.tag(ids[:1], remove=["loud"])
    far.save_search("dogs", "dog", k=3, modalities=["image"])
    assert [near.show(i).item.label for i in ids] == ["dog", "dog"]
    assert [near.show(i).item.tags for i in ids] == [("pet",), ("loud", "pet")]
    assert far.saved_searches() == near.saved_searches()
    assert far.run_saved("dogs", seen=True) == near.run_saved("dogs")
    far.forget_search("dogs")
    far.remove(ids)
    assert near.saved_searches() == []
    assert near.count() == 18


WRONG = {
    "nothing wanted": lambda lib: lib.search(),
    "no such item": lambda lib: lib.show("0000"),
    "no such path": lambda lib: lib.show("/no/such/file"),
    "a key nobody has": lambda lib: lib.find(where=["colour=red"]),
    "no such group": lambda lib: lib.search("x", group_by="colour"),
    "no such medium": lambda lib: lib.search("x", modalities=["smell"]),
    "no such file": lambda lib: lib.search(like="/no/such/file.png"),
    "no such search": lambda lib: lib.run_saved("nothing"),
    "labels of nothing": lambda lib: lib.evaluate(labels="tag"),
    "no such model": lambda lib: lib.remove_model("nothing"),
    "a map of nothing": lambda lib: lib.map(0),
}


@pytest.mark.parametrize("call", WRONG)
def test_mistakes_are_the_same_errors(both, call):
    raised = []
    for lib in both:
        with pytest.raises(errors.QuintetError) as caught:
            WRONG[call](lib)
        raised.append(type(caught.value))
    near, far = raised
    assert far is near


def test_an_unreadable_example_keeps_its_code(both, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 40)
    for lib in both:
        with pytest.raises(errors.FileProblem) as caught:
            lib.search(like=tmp_path / "bad.png")
        assert caught.value.code is errors.Code.CORRUPT
        assert str(caught.value).startswith("corrupt: ")


def test_work_is_waited_for(worker, library, tmp_path):
    file = tmp_path / "new" / "owl.txt"
    file.parent.mkdir()
    file.write_text("an owl flies at night.")
    told = []
    with quintet.connect(URL, http=worker) as far:
        report = far.add(file.parent, tags=["bird"], on_progress=lambda *t: told.append(t))
        assert (report.added, report.failed) == (1, 0)
        assert told
        assert far.search("owl")[0].item.tags == ("bird",)
        with pytest.raises(errors.SourceError, match="no/such"):
            far.add("/no/such/place")


@pytest.mark.slow
def test_training_far_reports_as_training_near(asked, trained):
    far = quintet.connect(URL, http=asked)
    report = far.train("cca", labels="folder")
    with quintet.open(trained) as near:
        assert near.models()[0].id == report.model_id
        assert near.evaluate() == report.quality
        assert near.labels("folder") == report.labels


def test_who_may_not_is_told_so(library):
    from fastapi.testclient import TestClient

    from quintet.api.app import create_app
    from quintet.service.service import Service, Settings
    from quintet.service.tokens import Scope

    here = Service(library, Settings(anonymous=None, hosts=("testserver",)))
    with TestClient(create_app(here)) as http:
        with pytest.raises(errors.Unauthenticated):
            quintet.connect(URL, http=http)
        reader = quintet.connect(URL, here.tokens.create("r", Scope.READ), http=http)
        with pytest.raises(errors.Forbidden, match="write"):
            reader.label(reader.find(), "dog")


def test_where_nothing_answers():
    with pytest.raises(errors.Unreachable, match="does not answer"):
        quintet.connect("http://127.0.0.1:9")
