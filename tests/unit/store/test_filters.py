"""Conditions on items: every key and operator, and what is refused."""

import pytest

from quintet.errors import FilterError
from quintet.store.records import FileRow, Record
from quintet.store.sqlite import Store
from quintet.types import Item, Modality

ROWS = {
    "a": (
        Modality.IMAGE,
        "jpeg",
        "/m/Holiday/beach.JPG",
        2_000_000,
        {"date": "2019-05-03", "width": "900", "artist": "Ann", "fps": "25.0"},
    ),
    "b": (
        Modality.VIDEO,
        "mp4",
        "/m/holiday/2020/clip.mp4",
        9_000_000,
        {"date": "2020-01-01T10:00:00", "duration_s": "95.5", "fps": "25", "bit_rate": "320000"},
    ),
    "c": (
        Modality.AUDIO,
        "wav",
        "/m/music/小夜曲.wav",
        500,
        {"duration_s": "3600", "artist": "Bo's; DROP TABLE items --"},
    ),
    "d": (Modality.TEXT, "txt", "/m/100%_sure.txt", 12, {"width": "wide", "language": "zh"}),
    "e": (Modality.IMAGE, "png", "/m/holiday_cards/x.png", 100, {"date": "2019", "width": "10000"}),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.create(tmp_path_factory.mktemp("filters")) as made:
        made.put([_record(name, *row) for name, row in ROWS.items()])
        made.set_labels({"a" * 64: "beach"}, "user")
        made.add_tags(["a" * 64, "b" * 64], ["Sun"])
        made.mark_missing(["/m/100%_sure.txt"])
        yield made


def _record(name, modality, format_, path, size, metadata):
    item = Item(name * 64, modality, format_, path, size, 1, "2024-01-01", metadata)
    return Record(item, FileRow(path, "/m", size, 1, 1), {}, {}, {}, [])


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", "abcde"),
        ("modality=image", "ae"),
        ("modality=IMAGE", "ae"),
        ("modality!=image", "bcd"),
        ("format=JPEG", "a"),
        ("id=" + "c" * 64, "c"),
        ("folder=holiday", "ab"),
        ("folder=2020", "b"),
        ("folder=holiday/2020", "b"),
        ("folder=/m/holiday", "ab"),
        ("folder~holi", "abe"),
        ("folder!=holiday", "cde"),
        ("name=beach.jpg", "a"),
        ("name~.J", "a"),
        ("name~夜", "c"),
        ("name~%", "d"),
        ("name~_", "d"),
        ("name~holiday", ""),
        ("path=/m/music/小夜曲.wav", "c"),
        ("path~music", "c"),
        ("label=Beach", "a"),
        ("label!=beach", "bcde"),
        ("tag=sun", "ab"),
        ("tag~u", "ab"),
        ("tag!=sun", "cde"),
        ("date=2019", "ae"),
        ("date=2019-05", "a"),
        ("date>2019", "b"),
        ("date>=2019", "abe"),
        ("date<2020", "ae"),
        ("date<=2020-01-01", "abe"),
        ("date!=2019", "bcd"),
        ("date~-05-", "a"),
        ("duration>1:30", "bc"),
        ("duration<=1:00:00", "bc"),
        ("duration>1:00:00", ""),
        ("duration=95.5", "b"),
        ("duration!=95.5", "acde"),
        ("size>1M", "ab"),
        ("size<1k", "cde"),
        ("size >= 2m", "ab"),
        ("missing=yes", "d"),
        ("missing=no", "abce"),
        ("missing!=yes", "abce"),
        ("artist=ann", "a"),
        ("Artist~bo", "c"),
        ("artist=Bo's; DROP TABLE items --", "c"),
        ("width>1000", "e"),
        ("width<1000", "a"),
        ("width=wide", "d"),
        ("width=900.0", "a"),
        ("width!=900", "bcde"),
        ("fps=25", "ab"),
        ("fps>=24", "ab"),
        ("date=2019-05-03", "a"),
        ("bit_rate>128k", "b"),
        ("bit_rate<1M", "b"),
        ("language=zh", "d"),
        ("language=中文", "d"),
        ("language=Chinese", "d"),
        ("language!=zh", "abce"),
        ("language=en", ""),
        ("added=2024", "abcde"),
        ("added>2024", ""),
        ("added<2024-01-02", "abcde"),
    ],
)
def test_condition(store, where, found):
    ids = store.find([where] if where else [])
    assert "".join(sorted(i[0] for i in ids)) == found


def test_all_conditions_must_hold(store):
    assert store.find(["date=2019", "size>1M"]) == ["a" * 64]
    assert store.find(["date=2019"], [Modality.VIDEO]) == []
    assert len(store.find((), [Modality.VIDEO, Modality.IMAGE])) == 3


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("holiday", "KEY=VALUE"),
        ("=x", "KEY=VALUE"),
        ("name=", "KEY=VALUE"),
        ("", "KEY=VALUE"),
        ("size=big", "no number"),
        ("size~1", "part of a text"),
        ("duration=1:x", "no number"),
        ("missing=perhaps", "missing=yes"),
        ("missing>yes", "missing=yes"),
        ("modality=vidio", "image, video, text, audio, mesh"),
        ("artst=ann", "known: .*artist"),
    ],
)
def test_what_cannot_be_read_is_named(store, where, says):
    with pytest.raises(FilterError, match=says) as caught:
        store.find([where])
    assert repr(where) in str(caught.value)


def test_text_of_any_bytes_is_no_error(store):
    assert store.find(["name=caf\udce9"]) == []
    assert store.find(["artist~\udce9"]) == []
    assert store.find(["name=a\0b"]) == []


@pytest.fixture(scope="module")
def accented(tmp_path_factory):
    with Store.create(tmp_path_factory.mktemp("accented")) as made:
        row = (Modality.TEXT, "html", "/n/Ärger/ÜBUNG.html", 50, {"author": "Émile ZOLA"})
        made.put([_record("f", *row)])
        made.set_labels({"f" * 64: "Straße"}, "user")
        yield made


@pytest.mark.parametrize(
    "where",
    [
        "name=übung.html",
        "name~übung",
        "folder=ärger",
        "folder~ärg",
        "label=STRAßE",
        "author=émile zola",
        "author~ÉMILE",
    ],
)
def test_letters_beyond_ascii_are_the_same_in_any_case(accented, where):
    assert accented.find([where]) == ["f" * 64]


@pytest.mark.parametrize(
    "where", ["date>banana", "date=2019/05", "date=20190503", "duration=nan", "size>inf"]
)
def test_what_is_no_date_or_number_is_refused_rather_than_found_nowhere(store, where):
    with pytest.raises(FilterError, match=r"date as|no number"):
        store.find([where])
