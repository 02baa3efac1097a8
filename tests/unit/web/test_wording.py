import pytest

from quintet.types import Channel, Evidence, Segment, SegmentKind
from quintet.web.render import translator
from quintet.web.wording import place, reason, size

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
