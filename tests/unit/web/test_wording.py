import pytest

from quintet.flows.doctor import Check
from quintet.types import Channel, Evidence, Segment, SegmentKind
from quintet.web.render import translator
from quintet.web.wording import check, place, reason, size, source

SHOT = Segment(SegmentKind.SHOT, 2, start_s=62.0, end_s=65.5)
SENTENCE = Segment(SegmentKind.SENTENCE, 1, page=3, text="A bell.")
en, zh = translator("en"), translator("zh")


@pytest.mark.parametrize(
    ("evidence", "english", "chinese"),
    [
        (
            Evidence(None, None, "folder has “bell”"),
            "the folder has “bell”",
            "文件夹名中有“bell”",
        ),
        (
            Evidence(Channel.WRITTEN, SENTENCE, "sentence 2 on page 3 has “A bell.”"),
            "sentence 2 on page 3 has “A bell.”",
            "第 3 页第 2 句中有“A bell.”",
        ),
        (
            Evidence(Channel.SEEN, SHOT, "the picture matches (cosine 0.98), best at shot 3"),
            "looks like it · shot 3, 1:02.0–1:05.5",
            "看起来相似 · 镜头 3, 1:02.0–1:05.5",
        ),
        (
            Evidence(Channel.SEEN, SHOT, "holds the example (98 % alike): shot 3"),
            "holds the example (98 %) · shot 3, 1:02.0–1:05.5",
            "包含示例 (98 %) · 镜头 3, 1:02.0–1:05.5",
        ),
        (Evidence(Channel.SHAPE, None, "is shaped like it"), "is shaped like it", "形状相似"),
    ],
)
def test_a_reason_is_one_line_in_the_readers_language(evidence, english, chinese):
    assert reason(evidence, en) == english
    assert reason(evidence, zh) == chinese


def test_a_view_is_told_by_its_angles():
    view = Segment(SegmentKind.VIEW, 6, azimuth_deg=180.0, elevation_deg=-30.0)
    assert place(view, en) == "view 7 (180°, -30°)"


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (48_992, "49 kB"), (3 * 10**12, "3.0 TB")],
)
def test_sizes_are_short(count, told):
    assert size(count) == told


@pytest.mark.parametrize(
    ("said", "english", "chinese"),
    [
        ("the first tag of each item", "the first tag of each item", "每个条目的第一个标记"),
        (
            "folder names, level 2 below the added folder, "
            "with labels given in the library before them",
            "folder names, level 2 below the added folder; labels given here go before",
            "文件夹名称，添加的文件夹下第 2 层；在此给出的标签优先",
        ),
        ("the file /a/b.csv", "the file /a/b.csv", "the file /a/b.csv"),
    ],
)
def test_where_labels_come_from_is_told_in_the_readers_language(said, english, chinese):
    assert source(said, en) == english
    assert source(said, zh) == chinese


@pytest.mark.parametrize(
    ("found", "chinese"),
    [
        (Check("free disk", True, "12.5 GiB free"), "剩余 12.5 GiB"),
        (Check("database", True, "every checksum holds"), "所有校验和正确"),
        (Check("model", True, "accord-1 is active"), "正在使用 accord-1"),
        (Check("model", None, "not trained; …"), "尚未训练：可用词语搜索和查找相似内容。"),
        (Check("unreadable files", True, "none"), "无"),
        (Check("unreadable files", None, "3 file(s) could not …"), "3 个文件无法读取"),
    ],
)
def test_health_is_told_in_the_readers_language(found, chinese):
    assert check(found, zh) == chinese
