"""Queries of several parts, copies and explanations, as a user asks for them."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import quintet
from quintet.errors import UsageError


def first(media: Path, name: str, medium: str) -> Path:
    return sorted(p for p in (media / name / medium).iterdir() if p.suffix not in {".srt", ".mtl"})[
        0
    ]


def labels(hits):
    return [hit.item.path.split("/")[-3] for hit in hits]


def test_image_minus_word_plus_word(trained, media):
    with quintet.open(trained) as lib:
        like = first(media, "bird", "image")
        plain = lib.search(like=like, modalities=["text"], k=5)
        turned = lib.search(like=like, minus=["bird"], plus=["car"], modalities=["text"], k=5)
    assert labels(plain) == ["bird"] * 5
    assert labels(turned) == ["car"] * 5


def test_examples_items_and_words_go_together(trained, media):
    with quintet.open(trained) as lib:
        clip, sound = first(media, "car", "video"), first(media, "car", "audio")
        hits = lib.search("car", like=[sound], plus=[f"item:{clip}#shot1", "car^2"], k=8)
        assert set(labels(hits)) == {"car"}
        assert str(clip) not in [hit.item.path for hit in hits]
        assert all(a.score >= b.score for a, b in itertools.pairwise(hits))


def test_what_is_unwanted_sinks(trained):
    with quintet.open(trained) as lib:
        both = lib.search(plus=["bird", "car"], k=30)
        only = lib.search("bird", minus=["car"], k=8)
    assert {"bird", "car"} <= set(labels(both))
    assert set(labels(only)) == {"bird"}


def test_something_must_be_wanted(run, trained):
    done = run("search", "--minus", "car", "-L", trained)
    assert (done.code, "beside what is unwanted" in done.err) == (2, True)
    with quintet.open(trained) as lib, pytest.raises(UsageError, match="it has"):
        lib.search(plus=[f"item:{lib.find()[0]}#shot99"])


def test_before_training_parts_are_counted_by_rank(untrained, media):
    with quintet.open(untrained) as lib:
        hits = lib.search("bird", minus=["car"], k=50)
        assert hits
        assert "car" not in labels(hits)
        assert lib.search(like=[first(media, "bell", "image")], plus=["bell"], k=3)


@pytest.mark.parametrize("home", ["trained", "untrained"])
def test_an_excerpt_finds_its_source_and_where(home, media, tmp_path, request):
    source = first(media, "bell", "audio")
    samples, rate = soundfile.read(source)
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, 0.6 * samples[len(samples) // 2 :], rate)
    with quintet.open(request.getfixturevalue(home)) as lib:
        best = lib.search(like=cut, k=1)[0]
        held = next(e for e in best.evidence if "holds the example" in e.why)
        middle = len(samples) / rate / 2
        assert best.item.path == str(source)
        assert held.segment.end_s > middle - 0.5


def test_why_names_parts_and_the_place_without_them(run, trained, media, tmp_path):
    clip = first(media, "bird", "audio")
    picture = tmp_path / "why.svg"
    done = run("why", clip, "bird", "-L", trained, "--picture", picture, "--json")
    told = json.loads(done.out)
    with quintet.open(trained) as lib:
        hits = lib.search("bird", k=75)
    assert told["rank"] == [hit.item.path for hit in hits].index(str(clip)) + 1
    assert told["rank_without"] >= told["rank"]
    assert told["confidence_without"] <= told["confidence"]
    near = [t for t in told["testimonies"] if t["kind"] == "near"]
    gains = [c["gain"] for t in near for c in t.get("of_hit", [])]
    assert np.max(gains) > 0
    assert picture.read_text("utf-8").startswith("<svg")
    shown = run("why", clip, "bird", "-L", trained)
    assert (shown.code, "without" in shown.out) == (0, True)


def test_why_of_what_does_not_answer(run, trained, media):
    done = run("why", first(media, "bird", "video"), "qwertyzxcv", "-L", trained)
    assert (done.code, "answers this query" in done.err) == (2, True)


def test_why_tells_the_place_that_the_search_gave(trained, untrained, media, tmp_path):
    source = first(media, "bell", "audio")
    for home, words in ((trained, None), (untrained, None), (untrained, "bell")):
        with quintet.open(home) as lib:
            hits = lib.search(words, like=source, k=50)
            for hit in hits[:12]:
                told = lib.why(hit.item.path, words, like=source)
                assert (told.rank, told.confidence) == (hit.rank, hit.confidence)
                assert told.rank_without is None or told.rank_without <= told.among


def test_why_of_what_the_query_leaves_out(trained, media, tmp_path):
    clip, picture = first(media, "bird", "video"), first(media, "bird", "image")
    with quintet.open(trained) as lib:
        for options in ({"modalities": "image"}, {"where": "label=car"}):
            with pytest.raises(UsageError, match="does not meet"):
                lib.why(clip, "bird", **options)
        with pytest.raises(UsageError, match="a part of this query"):
            lib.why(clip, plus=f"item:{clip}")
        with pytest.raises(UsageError, match="cannot be written"):
            lib.why(picture, "bird", picture=tmp_path / "none" / "why.svg")


def test_why_before_training_promises_no_percentage(run, untrained, media):
    source = first(media, "bell", "image")
    shown = run("why", source, "--like", source, "-L", untrained).out
    assert "alike as a whole" in shown
    assert "common space" not in shown
    assert "0 %" not in shown.replace(">99 %", "")


def test_one_part_alone_is_not_its_letters(trained):
    with quintet.open(trained) as lib:
        both = lib.search(plus=["bird"], minus=["car"], where=["modality=image"], k=5)
        assert lib.search(plus="bird", minus="car", where="modality=image", k=5) == both != []
