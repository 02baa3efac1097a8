import hashlib
import os

import numpy as np
import pytest

from quintet.errors import Code, FileProblem, ShapeError
from quintet.flows import alike
from quintet.flows.opening import opened
from quintet.flows.reading import (
    Embedding,
    decode,
    digest,
    embedded,
    encode,
    record,
    tracks,
    unchanged,
)
from quintet.flows.scan import look
from quintet.types import (
    AudioMedia,
    Channel,
    Local,
    Modality,
    Segment,
    SegmentKind,
    TextMedia,
    VideoMedia,
)


def code_of(problem):
    return problem.value.code


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "a.txt"
    made.write_bytes(b"some bytes")
    return made


# opening


def test_the_digest_is_that_of_the_bytes(path):
    with opened(str(path)) as file:
        assert digest(file, look(str(path))) == hashlib.sha256(b"some bytes").hexdigest()


def test_a_file_is_opened_for_reading_only(path):
    with opened(str(path)) as file, pytest.raises(OSError, match="write"):
        file.write(b"x")


def test_what_cannot_be_opened(tmp_path, path):
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "fifo")
    expected = {
        "nothing": Code.VANISHED,
        "link": Code.SYMLINK,
        "fifo": Code.SPECIAL,
        "a.txt/below": Code.VANISHED,
        ".": Code.SPECIAL,
    }
    for name, code in expected.items():
        with pytest.raises(FileProblem) as problem:
            opened(str(tmp_path / name))
        assert code_of(problem) is code, name


def test_no_folder_below_the_root_may_be_a_link(tmp_path):
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    for folder in ("root/sub", "secret"):
        (tmp_path / folder / "a.txt").write_text(folder)
    root = str(tmp_path / "root")
    with opened(f"{root}/sub/a.txt", root) as file:
        assert file.read() == b"root/sub"
    (tmp_path / "root" / "sub").rename(tmp_path / "away")
    (tmp_path / "root" / "sub").symlink_to(tmp_path / "secret")
    with pytest.raises(FileProblem) as problem:
        opened(f"{root}/sub/a.txt", root)
    assert code_of(problem) in (Code.SYMLINK, Code.VANISHED)


def test_a_file_that_may_not_be_read(path, monkeypatch):
    def refuse(*rest):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(FileProblem) as problem:
        opened(str(path))
    assert code_of(problem) is Code.UNREADABLE


@pytest.mark.parametrize("change", ["longer", "touched"])
def test_a_file_that_is_no_longer_the_one_that_was_seen(path, change):
    seen = look(str(path))
    if change == "longer":
        path.write_bytes(b"other bytes, more of them")
    else:
        os.utime(path, ns=(1, 1))
    with opened(str(path)) as file:
        with pytest.raises(FileProblem) as problem:
            digest(file, seen)
        assert code_of(problem) is Code.CHANGED
        with pytest.raises(FileProblem):
            unchanged(file, seen)


def test_an_empty_file(path):
    path.write_bytes(b"")
    with opened(str(path)) as file, pytest.raises(FileProblem) as problem:
        digest(file, look(str(path)))
    assert code_of(problem) is Code.EMPTY


class Recording:
    """A box that keeps what it was given."""

    def open(self, file, *, sidecars=None):
        self.data, self.sidecars = file.read(), sidecars
        return text()


def test_subtitles_go_into_the_box_as_bytes(tmp_path):
    (tmp_path / "talk.mp4").write_bytes(b"film")
    (tmp_path / "talk.srt").write_bytes(b"words")
    (tmp_path / "talk.en.srt").touch()
    (tmp_path / "talk.de.srt").symlink_to("talk.srt")
    path, box = str(tmp_path / "talk.mp4"), Recording()
    for names in (None, look(path).sidecars):
        with opened(path) as file:
            file.read()
            decode(box, file, path, names)
        assert (box.data, box.sidecars) == (b"film", {"talk.srt": b"words"})


# encoding


def text(*sentences):
    segments = tuple(Segment(SegmentKind.SENTENCE, n, text=s) for n, s in enumerate(sentences))
    return TextMedia(
        modality=Modality.TEXT, format="txt", segments=segments, text="\n".join(sentences)
    )


def video(*, sound, subtitles):
    windows = tuple(Segment(SegmentKind.WINDOW, n, start_s=n, end_s=n + 1) for n in range(2))
    heard = AudioMedia(
        modality=Modality.AUDIO,
        format="aac",
        segments=windows if sound else (),
        samples=np.zeros(10, dtype=np.int16),
        sample_rate_hz=10,
        duration_s=1,
    )
    return VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=(Segment(SegmentKind.SHOT, 0, start_s=0, end_s=1),),
        frames=np.zeros((1, 2, 2, 3), dtype=np.uint8),
        times_s=np.zeros(1, dtype=np.float32),
        shot_of_frame=np.zeros(1, dtype=np.int64),
        duration_s=1.0,
        sound=heard,
        subtitles=text("hello") if subtitles else None,
        metadata={"title": "Bells", "width": "2", "artist": " "},
    )


class Counting:
    """As many steps of a segment as its number; fails on demand."""

    name, version, d = "counting", "7", 2

    def __init__(self, modality, error=None):
        self.modality, self.error = modality, error

    def encode(self, media, segments):
        if self.error:
            raise self.error
        return [np.full((s.no + 1, 2), s.no, dtype=np.float32) for s in segments]


def encoders(**errors):
    return {m: Counting(m, errors.get(m.value)) for m in Modality}


def test_a_video_has_the_channels_that_hold_anything():
    assert set(tracks(video(sound=True, subtitles=True))) == {
        Channel.SEEN,
        Channel.HEARD,
        Channel.SAID,
    }
    assert set(tracks(video(sound=False, subtitles=False))) == {Channel.SEEN}


def test_steps_know_their_segment():
    found = encode(encoders(), text("a", "b", "c"))
    assert found[Channel.WRITTEN].segment_of_step.tolist() == [0, 1, 1, 2, 2, 2]
    assert found[Channel.WRITTEN].x[:, 0].tolist() == [0, 1, 1, 2, 2, 2]


def test_a_channel_without_steps_is_left_out():
    assert encode(encoders(), text()) == {}


def test_an_encoder_that_fails_is_a_problem_of_the_file():
    with pytest.raises(FileProblem, match="counting on heard: ZeroDivisionError: no") as problem:
        encode(encoders(audio=ZeroDivisionError("no")), video(sound=True, subtitles=False))
    assert code_of(problem) is Code.ENCODER


def test_errors_of_our_own_pass_through():
    with pytest.raises(ShapeError):
        encode(encoders(text=ShapeError("wide")), text("a"))


# records


def embed(modality, locals_):
    return np.array([[len(part.x), part.x.sum()] for part in locals_], dtype=np.float32)


def test_a_record_holds_everything(path):
    media = video(sound=True, subtitles=True)
    embedding = Embedding("m-1", frozenset({Modality.VIDEO, Modality.AUDIO}), embed)
    seen = look(str(path))
    made = record(
        *(seen, str(path.parent), "f" * 64, media, encoders(), embedding, ["x", "y", "x"])
    )
    assert made.item.tags == ("x", "y")
    assert made.item.metadata == {
        "title": "Bells",
        "width": "2",
        "duration_s": "1.000",
        "language": "en",  # of the subtitles
    }
    assert set(made.segments) == set(made.local) == {Channel.SEEN, Channel.HEARD, Channel.SAID}
    assert set(made.encoder.values()) == {"counting@7"}
    assert {(r.field, r.text) for r in made.texts} >= {
        ("tag", "x"),
        ("metadata", "Bells"),
        ("subtitle", "hello"),
        ("name", "a.txt a txt"),
    }
    assert not {("metadata", "2"), ("metadata", "en")} & {(r.field, r.text) for r in made.texts}
    assert {row.channel for row in made.vectors[alike.MODEL]} == set(made.local)
    assert {row.channel for row in made.vectors["m-1"]} == {Channel.SEEN, Channel.HEARD}
    assert (made.file.size_bytes, made.file.item_id) == (10, "f" * 64)


def test_moments_without_steps_get_no_vector():
    segments = [Segment(SegmentKind.SHOT, n) for n in range(3)]
    local = Local(np.ones((2, 2), dtype=np.float32), np.array([0, 2]))
    rows = embedded(Channel.SEEN, Modality.VIDEO, {"i": segments}, {"i": local}, embed)
    assert [(r.first, r.last, r.z[0]) for r in rows] == [(0, 2, 2), (0, 0, 1), (2, 2, 1)]
    nothing = Local(np.ones((0, 2), dtype=np.float32), np.zeros(0, dtype=np.int64))
    assert embedded(Channel.SEEN, Modality.VIDEO, {"i": segments}, {"i": nothing}, embed) == []
