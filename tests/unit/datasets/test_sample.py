"""The demonstration sample: real files, varied, repeatable, resumable."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import trimesh
from PIL import Image

from quintet.datasets.sample import (
    CLASSES,
    clip,
    make_item,
    make_sample,
    picture,
    solid,
    sound,
    story,
)
from quintet.datasets.sample_parts.classes import rng_of
from quintet.datasets.sample_parts.clip import MOTIONS
from quintet.datasets.sample_parts.objects import PAINTERS
from quintet.datasets.sample_parts.scenes import SCENES
from quintet.datasets.sample_parts.solids import SOLIDS
from quintet.datasets.sample_parts.voices import VOICES
from quintet.datasets.sample_parts.words import CHINESE, ENGLISH
from quintet.datasets.sample_parts.writers import with_serial
from quintet.errors import UnknownName, UsageError
from quintet.types import Modality

NAMES = {c.name for c in CLASSES}


def files(folder: Path) -> dict[str, bytes]:
    found = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def test_every_class_has_a_look_a_motion_a_sound_a_shape_and_words() -> None:
    assert len(CLASSES) >= 12
    for table in (PAINTERS, MOTIONS, VOICES, SOLIDS, ENGLISH, CHINESE):
        assert set(table) == NAMES
    assert all(set(c.scenes) <= set(SCENES) and c.name_zh in CHINESE[c.name].names for c in CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_items_of_a_class_differ_and_repeat(cls: object) -> None:
    rng = np.random.default_rng
    one, two = picture(cls, rng(0)), picture(cls, rng(1))
    assert one.dtype == np.uint8
    assert one.shape != two.shape or (one != two).any()
    np.testing.assert_array_equal(picture(cls, rng(0)), one)
    heard = sound(cls, rng(0))
    assert heard.samples.dtype == np.float32
    assert 0.01 < np.abs(heard.samples).max() <= 1
    shape = solid(cls, rng(0))
    assert np.isfinite(shape.vertices).all()
    assert 50 < len(shape.faces) < 20_000
    told = {story(cls, rng(no)).text for no in range(8)}
    assert len(told) >= 7


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.name)
def test_films_move(cls: object) -> None:
    film = clip(cls, np.random.default_rng(3))
    assert film.frames.ndim == 4
    first, middle = film.frames[0].astype(int), film.frames[len(film.frames) // 2].astype(int)
    assert np.abs(first - middle).mean() > 1


def test_a_sample_has_every_class_and_medium(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = make_sample(
        tmp_path, classes=3, per_class=2, on_progress=lambda *a: seen.append(a), workers=1
    )
    assert (report.written, report.kept) == (30, 0)
    assert seen == [(n, 30) for n in range(1, 31)]
    for cls in CLASSES[:3]:
        for modality in Modality:
            assert len(list((tmp_path / cls.name / modality.value).iterdir())) == 2
    assert report.size_bytes == sum(len(b) for b in files(tmp_path).values())


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        make_sample(tmp_path / name, classes=2, per_class=2, seed=seed, workers=1)
    a, b, c = (files(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert not set(a.values()) & set(c.values())


def test_processes_make_the_same_as_one(tmp_path: Path) -> None:
    make_sample(tmp_path / "one", classes=4, per_class=2, workers=1)
    make_sample(tmp_path / "two", classes=4, per_class=2, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    make_sample(tmp_path, classes=1, per_class=2, workers=1)
    whole = files(tmp_path)
    kept = tmp_path / "ball" / "image" / "ball-01.jpg"
    lost, empty = tmp_path / "ball" / "mesh" / "ball-02.glb", tmp_path / "ball/text/ball-01.txt"
    stamp = kept.stat().st_mtime_ns
    lost.rename(lost.with_name(".ball-02.glb.part"))
    empty.write_bytes(b"")
    report = make_sample(tmp_path, classes=1, per_class=2, workers=1)
    assert (report.written, report.kept) == (2, 8)
    assert files(tmp_path) == whole
    assert kept.stat().st_mtime_ns == stamp


def test_nothing_is_written_under_its_own_name_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        make_item(tmp_path, Modality.TEXT, "bell", 0)
    assert [p.name for p in tmp_path.rglob("*.*")] == [".bell-01.txt.part"]


def test_one_item_is_the_same_as_in_the_sample(tmp_path: Path) -> None:
    make_sample(tmp_path / "all", classes=1, per_class=1, workers=1)
    path = make_item(tmp_path / "one", Modality.AUDIO, "ball", 0)
    assert path.read_bytes() == (tmp_path / "all/ball/audio/ball-01.wav").read_bytes()


def test_formats_are_mixed_and_readable(tmp_path: Path) -> None:
    made = {m: [make_item(tmp_path, m, "siren", no) for no in range(10)] for m in Modality}
    ends = {m: {p.suffix for p in paths} for m, paths in made.items()}
    assert ends[Modality.IMAGE] == {".jpg", ".png"}
    assert ends[Modality.TEXT] == {".txt", ".html", ".md"}
    assert ends[Modality.AUDIO] == {".wav", ".ogg"}
    assert ends[Modality.MESH] == {".glb", ".obj", ".stl", ".ply"}
    for path in made[Modality.IMAGE]:
        with Image.open(path) as image:
            image.load()
    for path in made[Modality.AUDIO]:
        samples, rate = soundfile.read(path)
        assert 2 < len(samples) / rate < 6
    for path in made[Modality.MESH]:
        assert len(trimesh.load(path, force="mesh").faces) > 50


def test_some_pictures_are_stored_sideways(tmp_path: Path) -> None:
    turned = []
    for no in range(10):
        with Image.open(make_item(tmp_path, Modality.IMAGE, "clock", no)) as image:
            turned.append(image.getexif().get(0x0112, 1) != 1)
    assert 1 <= sum(turned) <= 5


def test_films_have_sound_and_subtitles_now_and_then(tmp_path: Path) -> None:
    paths = [make_item(tmp_path, Modality.VIDEO, "train", no) for no in range(4)]
    with_sound = []
    for path in paths:
        with av.open(str(path)) as box:
            assert 2 < float(box.duration / av.time_base) < 4
            assert sum(1 for _ in box.decode(video=0)) >= 20
            with_sound.append(bool(box.streams.audio))
    assert with_sound == [True, False, True, False]
    cues = (tmp_path / "train/video/train-03.srt").read_text()
    assert cues.startswith("1\n00:00:00,000 --> ")


def test_texts_are_in_two_languages_and_do_not_always_name_their_class() -> None:
    cls = CLASSES[0]
    told = [story(cls, rng_of(Modality.TEXT, cls.name, no, 0)) for no in range(200)]
    chinese = sum(t.language == "zh" for t in told)
    assert 35 <= chinese <= 85
    named = sum("ball" in t.text or cls.name_zh in t.text for t in told)
    assert 60 < named < 190
    assert all(2 <= len(t.sentences) <= 6 for t in told)


def test_ogg_pages_keep_their_sound_under_another_serial_number(tmp_path: Path) -> None:
    path = make_item(tmp_path, Modality.AUDIO, "wave", 1)
    other = tmp_path / "other.ogg"
    other.write_bytes(with_serial(path.read_bytes(), 77))
    assert other.read_bytes() != path.read_bytes()
    np.testing.assert_array_equal(soundfile.read(other)[0], soundfile.read(path)[0])


@pytest.mark.parametrize(("classes", "per_class"), [(0, 1), (99, 1), (1, 0)])
def test_impossible_numbers(tmp_path: Path, classes: int, per_class: int) -> None:
    with pytest.raises(UsageError, match="classes"):
        make_sample(tmp_path, classes=classes, per_class=per_class)


def test_unknown_class_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'bell'"):
        make_item(tmp_path, Modality.TEXT, "bel", 0)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_media_are_neither_trivial_nor_hopeless() -> None:
    """Nearest neighbours of plain pixels: well above chance (1 in 12), far below certain."""
    made = [
        (
            cls.name,
            np.asarray(
                Image.fromarray(picture(cls, np.random.default_rng([no, k]))).resize((12, 12))
            ),
        )
        for k, cls in enumerate(CLASSES)
        for no in range(10)
    ]
    x = np.stack([p.ravel().astype(float) for _, p in made])
    near = np.linalg.norm(x[:, None] - x, axis=2)
    np.fill_diagonal(near, np.inf)
    right = np.mean([made[i][0] == made[j][0] for i, j in enumerate(near.argmin(1))])
    assert 0.12 < right < 0.9
