"""The same calls through ``quintet.open`` and ``quintet.connect`` give the same records."""

import inspect
import json
from pathlib import Path

import httpx2
import pytest

import quintet
from quintet import errors
from quintet.connection import Connection
from quintet.evaluate.retrieval import Table
from quintet.flows.learning import LabelCounts, TrainReport
from quintet.plain import plain
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
    "items behind one, a few": lambda lib, _: lib.items(after=lib.find()[4], k=3),
    "no items": lambda lib, _: lib.items(k=0),
    "items behind": lambda lib, _: lib.items(after=lib.find()[4], k=300),
    "export": lambda lib, _: list(lib.export(["name~bell"])),
    "export of segments": lambda lib, _: list(lib.export(["modality=text"], segments=True)),
    "many alike": lambda lib, _: lib.similar(lib.find()[0], k=500),
    "find several": lambda lib, _: lib.find(lib.find()[3:6][::-1]),
    "preview": lambda lib, _: lib.preview(lib.find(where=["modality=image"])[0]),
    "preview of a path": lambda lib, _: lib.preview(
        lib.items(modalities=["text"], k=1)[0].path, "text.json"
    ),
    "trained": lambda lib, _: lib.trained,
    "evaluate a model": lambda lib, _: lib.evaluate(model=lib.models()[0].id),
    "labels of a file": lambda lib, file: lib.labels(str(labels_file(file))),
    "count": lambda lib, _: lib.count(modalities=["image"]),
    "labels": lambda lib, _: lib.labels("folder"),
    "evaluate": lambda lib, _: lib.evaluate(),
    "models": lambda lib, _: lib.models(),
    "errors": lambda lib, _: lib.errors(limit=5),
    "map": lambda lib, _: lib.map(9),
}


def labels_file(picture):
    """Labels of all files in the folders of the pictures."""
    place = picture.parents[3] / "labels.csv"
    rows = [f"{p},{p.stem[:4]}" for p in (picture.parents[2]).rglob("*.*")]
    place.write_text("\n".join(rows), "utf-8")
    return place


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
    "no hits wanted": lambda lib: lib.search("bell", k=0),
    "fewer than none": lambda lib: lib.search("bell", k=-1),
    "none alike": lambda lib: lib.similar(lib.find()[0], k=0),
    "a saved search that cannot be": lambda lib: lib.save_search("a/b", "bell"),
    "one above": lambda lib: lib.save_search("..", "bell"),
    "no such search above": lambda lib: lib.run_saved(".."),
    "forget one above": lambda lib: lib.forget_search("../items"),
    "no such model above": lambda lib: lib.remove_model(".."),
    "no such format above": lambda lib: lib.switch_formats(off=["../x"]),
    "no such preview": lambda lib: lib.preview(lib.find()[0], "smell"),
    "no such preview above": lambda lib: lib.preview(lib.find()[0], "../.."),
    "quality of no model": lambda lib: lib.evaluate(model="nothing"),
    "nothing of that name": lambda lib: lib.find(["nothing"]),
    "a picture nowhere": lambda lib: lib.why(lib.find()[3], "bell", picture="/no/such/x.svg"),
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


def test_the_nearest_name_is_told_from_afar(both):
    name = Path(both[0].items(k=1)[0].path)
    for call in (
        lambda lib: lib.show(f"{name.stem}x{name.suffix}"),
        lambda lib: lib.use(lib.models()[0].id[:-1]),
    ):
        told = []
        for lib in both:
            with pytest.raises(errors.UnknownName, match="did you mean") as caught:
                call(lib)
            told.append(str(caught.value))
        assert told[0] == told[1]


DIFFERENT = {
    "add": {"ray"},
    "compare": {"ray", "workers"},
    "train": {"ray", "on_note"},
}
"""Arguments that there are only near by; told in the class's docstring, like these methods."""
ONLY_NEAR = {"original", "limits", "beside"}
ONLY_FAR = {"send", "download"}


def test_methods_and_arguments_are_the_same():
    near, far = (
        {name: made for name, made in vars(kind).items() if not name.startswith("_")}
        for kind in (quintet.Library, quintet.Client)
    )
    assert set(near) - set(far) == ONLY_NEAR
    assert set(far) - set(near) == ONLY_FAR
    for name in set(near) & set(far):
        if not callable(near[name]):
            assert isinstance(far[name], type(near[name])), name
            continue
        here, there = (inspect.signature(lib[name]).parameters for lib in (near, far))
        kept = {n: p.default for n, p in here.items() if n not in DIFFERENT.get(name, ())}
        assert {n: p.default for n, p in there.items()} == kept, name
        assert list(there) == list(kept), name
    told = inspect.getdoc(quintet.Client)
    words = ONLY_NEAR | ONLY_FAR | {"folder"} | set().union(*DIFFERENT.values())
    assert all(f"``{word}``" in told for word in words)


def test_files_of_a_query_are_not_left_behind(both, asked, trained_once):
    _, far = both
    file = next((trained_once.parent / "media").rglob("*.png"))
    far.search(like=file, k=3)
    far.facets(like=file)
    far.why(far.find()[0], "bell", plus=[f"file:{file}"])
    for wrong in ({"like": [file, "/no/such/file"]}, {"like": file, "where": ["colour=red"]}):
        with pytest.raises(errors.QuintetError):
            far.search(**wrong)
    with pytest.raises(errors.UsageError, match="upload"):
        far.save_search("x", like=file)
    assert list(asked.app.state.service.uploads.folder.iterdir()) == []


def test_a_few_items_are_one_request(both, asked, monkeypatch):
    _, far = both
    last = far.find()[-4]
    sent = []
    request = asked.request
    monkeypatch.setattr(asked, "request", lambda *a, **k: sent.append(a) or request(*a, **k))
    assert len(far.items(after=last, k=3)) == 3
    far.tag([last], ["a"], remove=["b"])
    assert len(sent) == 2


def test_more_hits_than_there_may_be(both):
    _, far = both
    for call in (
        lambda: far.search("bell", k=10_001),
        lambda: far.similar(far.find()[0], k=10_001),
    ):
        with pytest.raises(errors.UsageError, match="10000"):
            call()


def test_the_original_is_brought_here(both, tmp_path):
    near, far = both
    item = near.items(modalities=["image"], k=1)[0]
    made = far.download(item.path, tmp_path)
    assert made == tmp_path / Path(item.path).name
    assert made.read_bytes() == Path(item.path).read_bytes()
    assert far.download(item.id[:9], tmp_path / "x.png").read_bytes() == made.read_bytes()
    with pytest.raises(errors.UsageError, match="cannot be written"):
        far.download(item.id, tmp_path / "no" / "x.png")
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == sorted([made.name, "x.png"])


class Breaking(httpx2.BaseTransport):
    """A service whose job goes on while nothing answers for a while."""

    def __init__(self, breaks):
        self.breaks = breaks
        self.asked = 0

    def handle_request(self, request):
        if request.url.path == "/v1/jobs":
            return httpx2.Response(201, json=job("queued"))
        self.asked += 1
        if self.asked == 1:
            return httpx2.Response(200, text=event(job("running", 1)))
        if self.asked <= 1 + self.breaks:
            if self.asked % 2:
                return httpx2.Response(502, text="no service there")
            raise httpx2.ConnectError("refused")
        return httpx2.Response(200, text=event(job("running", 3)) + event(job("done", 3)))


def job(state, epochs=0):
    curve = [{"stage": "fit", "epoch": n, "loss": 1.0 / n} for n in range(1, epochs + 1)]
    report = {"texts": 2} if state == "done" else {}
    told = {"id": "1f", "state": state, "stage": "fit", "done": epochs, "total": 3}
    return {**told, "curve": curve, "report": report, "error": ""}


def event(told):
    return f"event: job\ndata: {json.dumps(told)}\n\n"


def test_a_job_is_waited_for_while_the_service_is_started_again(monkeypatch):
    monkeypatch.setattr("quintet.client.PAUSE_S", 0.0)
    http = httpx2.Client(transport=Breaking(5), base_url=URL)
    far = quintet.Client(Connection(URL, None, http))
    losses = []
    begun = far._service.make(dict, "/jobs")
    assert far._wait(begun, on_loss=lambda *told: losses.append(told))["texts"] == 2
    assert losses == [("fit", 1, 1.0), ("fit", 2, 0.5), ("fit", 3, 1 / 3)]
    assert far.rebuild(index="auto").texts == 2


def test_a_service_that_stays_away_is_given_up(monkeypatch):
    monkeypatch.setattr("quintet.client.PAUSE_S", 0.01)
    monkeypatch.setattr("quintet.client.PATIENCE_S", 0.1)
    http = httpx2.Client(transport=Breaking(10**6), base_url=URL)
    with pytest.raises(errors.Unreachable):
        quintet.Client(Connection(URL, None, http)).rebuild()


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


def test_a_report_with_the_losses_of_its_epochs_is_read(monkeypatch):
    labels = LabelCounts("folder names", {"a": {"text": 4}}, 3)
    quality = Table({Modality.TEXT: 0.5}, {}, {Modality.TEXT: 0.2}, {})
    report = TrainReport("m1", "accord", labels, 9, 2, quality, {"text": 0.1}, 1.5)
    kept = {**plain(report), "curve": [{"stage": "fit", "epoch": 1, "loss": 0.5}]}
    monkeypatch.setattr(quintet.Client, "_work", lambda *_: kept)
    assert quintet.Client(Connection(URL, None)).train() == report


def test_a_backup_far_is_restored_near(worker, library, tmp_path):
    with quintet.connect(URL, http=worker) as far:
        assert far.verify() == []
        report = far.backup(tmp_path / "library.zip")
        assert report.size_bytes == (tmp_path / "library.zip").stat().st_size
        items = far.find()
    (tmp_path / "elsewhere").mkdir()
    quintet.restore(tmp_path / "library.zip", tmp_path / "elsewhere")
    with quintet.open(tmp_path / "elsewhere") as near:
        assert near.find() == items


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
