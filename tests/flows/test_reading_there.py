"""Files read by workers: the same records, and what a worker refuses to read."""

import dataclasses
import hashlib
import socket

import numpy as np
import pytest

import quintet
from quintet.datasets.sample import make_item
from quintet.errors import Code, FileProblem, UsageError, WorkerLost
from quintet.flows import reading_there
from quintet.flows.reading import decode, record
from quintet.flows.scan import look
from quintet.types import Channel, Modality

WORDS = "A bell rings over the harbour. The train leaves at night. 钟声响了。\n"


class Here:
    """Workers that are this process."""

    count = 2

    def share(self, value):
        return value

    def call(self, function, shared, task):
        return function(shared, task)


class Dying(Here):
    def call(self, function, shared, task):
        raise WorkerLost("the worker process died each of 4 times")


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "media" / "bell.txt"
    path.parent.mkdir()
    path.write_text(WORDS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def lib(tmp_path_factory):
    with quintet.open(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(autouse=True)
def forgotten():
    yield
    for tools in reading_there._kept.values():
        tools.box.close()
    reading_there._kept.clear()


def asked(path):
    return look(str(path)), str(path.parent), hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_record_is_the_one_that_is_made_here(lib, text):
    seen, root, item_id = asked(text)
    there = reading_there.reader(Here(), lib._parts, ("loud", "loud"))(seen, root, item_id)
    with text.open("rb") as file:
        media = decode(lib._parts.box, file, seen.path, seen.sidecars)
    here = record(seen, root, item_id, media, lib._parts.encoders, None, ("loud",))
    assert dataclasses.replace(there.item, added_at="") == dataclasses.replace(
        here.item, added_at=""
    )
    assert (there.file, there.segments, there.encoder) == (here.file, here.segments, here.encoder)
    assert there.texts == here.texts
    for channel, local in here.local.items():
        np.testing.assert_array_equal(there.local[channel].x, local.x)
        np.testing.assert_array_equal(there.local[channel].segment_of_step, local.segment_of_step)


def test_other_bytes_under_the_same_path_are_refused(lib, text):
    seen, root, _ = asked(text)
    with pytest.raises(FileProblem, match=r"000… where it was added, on .* same files") as caught:
        reading_there.reader(Here(), lib._parts, ())(seen, root, "0" * 64)
    assert caught.value.code is Code.CHANGED


def test_a_path_that_a_worker_does_not_see_is_one_file_problem(lib, text):
    told = asked(text)
    text.unlink()
    with pytest.raises(FileProblem, match=f"on {socket.gethostname()}; .* same paths") as caught:
        reading_there.reader(Here(), lib._parts, ())(*told)
    assert caught.value.code is Code.VANISHED


def test_subtitles_are_those_of_the_machine_that_asks(lib, tmp_path):
    folder = tmp_path / "talks"
    video = make_item(folder, Modality.VIDEO, "bell", 0)
    beside = video.with_suffix(".srt")
    beside.write_text("1\n00:00:00,000 --> 00:00:01,000\nA bell rings.\n", encoding="utf-8")

    class Elsewhere(Here):
        def call(self, function, shared, task):
            beside.unlink()
            return function(shared, task)

    seen, root, item_id = asked(video)
    assert seen.sidecars == (beside.name,)
    made = reading_there.reader(Elsewhere(), lib._parts, ())(seen, root, item_id)
    assert [s.text for s in made.segments[Channel.SAID]] == ["A bell rings."]


def test_a_worker_with_another_encoder_is_refused(lib, text, monkeypatch):
    read_there = reading_there.reader(Here(), lib._parts, ())
    monkeypatch.setattr(type(lib._parts.encoders["text"]), "version", "older")
    with pytest.raises(UsageError, match=r"text encoder of worker .* text_pieces@older"):
        read_there(*asked(text))


def test_a_file_that_kills_every_worker_is_one_file_problem(lib, text):
    with pytest.raises(FileProblem, match="4 times") as caught:
        reading_there.reader(Dying(), lib._parts, ())(*asked(text))
    assert caught.value.code is Code.CRASHED


def test_a_worker_keeps_its_tools_for_one_run_only(lib, text):
    for _ in range(2):
        read_there = reading_there.reader(Here(), lib._parts, ())
        read_there(*asked(text))
        (first,) = reading_there._kept.values()
        read_there(*asked(text))
        assert list(reading_there._kept.values()) == [first]
