import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quintet.flows.moments import SENTENCES, moments, within
from quintet.types import Local, Segment, SegmentKind

KINDS = st.sampled_from(list(SegmentKind))


def segments(kind, count):
    return [
        Segment(kind, n, start_s=0.48 * n, end_s=0.48 * n + 0.96)
        if kind is SegmentKind.WINDOW
        else Segment(kind, n)
        for n in range(count)
    ]


@given(KINDS, st.integers(1, 100))
def test_moments_tile_the_item_after_the_whole(kind, count):
    whole, *parts = moments(segments(kind, count))
    assert whole == (0, count - 1)
    assert len(parts) != 1
    if parts:
        assert [a for a, _ in parts] == [0, *(z + 1 for _, z in parts[:-1])]
        assert parts[-1][1] == count - 1


def test_no_segments_no_moments():
    assert moments([]) == []


def test_pictures_and_shapes_are_whole():
    assert moments(segments(SegmentKind.REGION, 49)) == [(0, 48)]
    assert moments(segments(SegmentKind.VIEW, 47)) == [(0, 46)]


def test_text_is_cut_by_sentences():
    assert len(moments(segments(SegmentKind.SENTENCE, 3 * SENTENCES))) == 1 + 3


def test_sound_is_cut_every_ten_seconds():
    assert len(moments(segments(SegmentKind.WINDOW, 60))) == 1 + 3


def test_within_keeps_the_steps_of_the_span():
    local = Local(np.arange(5, dtype=np.float32)[:, None], np.array([0, 0, 1, 2, 2]))
    part = within(local, 1, 2)
    assert part.x.ravel().tolist() == [2, 3, 4]
    assert part.segment_of_step.tolist() == [1, 2, 2]
