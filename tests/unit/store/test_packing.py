"""Arrays, segments and paths to columns and back."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quintet.errors import LibraryCorrupt
from quintet.store import packing
from quintet.types import Local, Segment, SegmentKind


@given(st.binary(min_size=1, max_size=30).filter(lambda b: b"\0" not in b))
def test_every_path_comes_back_as_it_was(name):
    path = os.fsdecode(name)
    key = packing.path_key(path)
    key.encode("utf-8")
    assert packing.real_path(key) == path


def test_paths_that_are_text_are_kept_as_text():
    assert packing.path_key("/媒体/café.jpg") == "/媒体/café.jpg"


@given(st.text())
def test_shown_text_cannot_steer_a_terminal(text):
    assert packing.printable(text).isprintable()
    packing.storable(text).encode("utf-8")


def test_features_come_back_as_half_precision():
    x = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    x[0, 0] = 1e9
    local = Local(x, np.arange(7))
    back = packing.unpack_local("x", *packing.pack_local(local))
    np.testing.assert_allclose(back.x[1:], x[1:], rtol=1e-3, atol=1e-4)
    assert back.x[0, 0] == 65504
    np.testing.assert_array_equal(packing.as_kept(x), back.x)
    assert back.x.dtype == np.float32
    assert back.segment_of_step.tolist() == list(range(7))


@pytest.mark.parametrize(
    ("t", "distinct", "smaller"), [(0, 1, False), (1, 1, False), (400, 7, True), (40, 40, False)]
)
def test_rows_that_repeat_are_kept_once(t, distinct, smaller):
    rng = np.random.default_rng(0)
    x = (
        rng.normal(size=(distinct, 30))
        .astype(np.float16)
        .astype(np.float32)[rng.permutation(t) % distinct]
    )
    local = Local(x, np.arange(t) // 3)
    packed = packing.pack_local(local)
    assert (len(packed[2]) < x.size * 2) == smaller
    back = packing.unpack_local("x", *packed)
    np.testing.assert_array_equal(back.x, x)
    assert back.segment_of_step.tolist() == local.segment_of_step.tolist()


@pytest.mark.parametrize(
    "wrong",
    [{"t": 3}, {"d": 4}, {"d": 2}, {"d": 0}, {"steps": b"\xff" * 16}, {"steps": b"abc"}],
)
def test_columns_that_do_not_fit_together_are_damage(wrong):
    t, d, x, steps, _ = packing.pack_local(Local(np.ones((2, 3), np.float32), np.arange(2)))
    row = {"t": t, "d": d, "x": x, "steps": steps, **wrong}
    with pytest.raises(LibraryCorrupt, match="item 12ab"):
        packing.unpack_local("item 12ab", **row, expected=packing.checksum(row["x"], row["steps"]))


def test_every_flipped_bit_is_seen():
    packed = packing.pack_local(Local(np.ones((2, 3), np.float32), np.arange(2)))
    t, d, x, steps, checksum = packed
    for at in range(8 * len(x)):
        wrong = bytearray(x)
        wrong[at // 8] ^= 1 << at % 8
        with pytest.raises(LibraryCorrupt, match="item 12ab"):
            packing.unpack_local("item 12ab", t, d, bytes(wrong), steps, checksum)


@pytest.mark.parametrize(
    "segment",
    [
        Segment(SegmentKind.REGION, 3, box=(0.0, 0.25, 0.5, 1.0)),
        Segment(SegmentKind.SHOT, 0, start_s=0.0, end_s=1.5),
        Segment(SegmentKind.VIEW, 1, azimuth_deg=0.0, elevation_deg=-90.0),
        Segment(SegmentKind.SENTENCE, 9, start_char=0, end_char=4, page=2, text="小狗。"),
    ],
)
def test_segments_come_back_as_they_were(segment):
    assert packing.unpack_segment(packing.pack_segment(segment)) == segment
