import pytest

from quintet.media import subtitles
from quintet.media.subtitles import Cue
from quintet.types import SegmentKind

SRT = """1
00:00:01,500 --> 00:00:03,000
<i>Good</i> morning,
{\\an8}Vietnam &amp; all

2
01:02:03,004 --> 01:02:05,000
第二句
"""

VTT = """WEBVTT - a title

NOTE nothing
here

intro
00:01.000 --> 00:02.000 align:start position:10%
<v Ann>Hello <00:01.500><c.loud>there</c></v>
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_srt_in_any_encoding(encoding):
    long_enough = SRT + "\n3\n02:00:00,000 --> 02:00:01,000\n今天的天气非常好，我们去公园散步。\n"
    cues = subtitles.parse(long_enough.encode(encoding))
    assert cues[0] == Cue(1.5, 3.0, "Good morning, Vietnam & all")
    assert cues[1] == Cue(3723.004, 3725.0, "第二句")


def test_line_ends_of_all_kinds():
    for end in ("\r\n", "\r"):
        assert len(subtitles.parse(SRT.replace("\n", end).encode())) == 2


def test_vtt_with_header_notes_settings_and_voices():
    assert subtitles.parse(VTT.encode()) == [Cue(1.0, 2.0, "Hello there")]


def test_damaged_cues_are_left_out():
    damaged = (
        b"1\n00:00:05,000 --> 00:00:01,000\nends before it starts\n\nno time\n\n" + SRT.encode()
    )
    assert len(subtitles.parse(damaged)) == 2


@pytest.mark.parametrize("junk", [b"", b"\0" * 50, bytes(range(256)), b"-->" * 1000])
def test_junk_has_no_cues(junk):
    assert subtitles.parse(junk) == []


def test_cues_are_in_order_of_time():
    mixed = b"00:00:09,0 --> 00:00:10,0\nb\n\n00:00:01,0 --> 00:00:02,0\na\n"
    assert [c.text for c in subtitles.parse(mixed)] == ["a", "b"]


def test_media_points_into_its_text():
    media = subtitles.as_media(subtitles.parse(SRT.encode()), "srt")
    assert media is not None
    for no, s in enumerate(media.segments):
        assert s.kind is SegmentKind.CUE
        assert s.no == no
        assert media.text[s.start_char : s.end_char] == s.text


def test_no_cues_no_media():
    assert subtitles.as_media([], "srt") is None
