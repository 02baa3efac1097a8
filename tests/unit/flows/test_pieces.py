import numpy as np

from quintet.flows.pieces import Pieces, Stretch
from quintet.types import Float32, Local, Modality


class Counted:
    """An embedding that tells how many rows it was given."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, modality: Modality, rows: list[Local]) -> Float32:
        self.rows += len(rows)
        return np.stack([row.x.mean(axis=0) for row in rows])


def stretch(item_id: str, value: float = 1.0, first: int = 0, last: int = 2) -> Stretch:
    steps = np.array([0, 0, 2], dtype=np.int64)
    x = np.array([[value, 0.0], [3.0, 0.0], [0.0, 5.0]], dtype=np.float32)
    return Stretch(item_id, Local(x, steps), first, last)


def test_each_segment_with_features_has_the_vector_of_its_own_steps() -> None:
    ((numbers, z),) = Pieces(Counted()).of(Modality.IMAGE, [stretch("a")])
    assert numbers.tolist() == [0, 2]
    assert z.tolist() == [[2.0, 0.0], [0.0, 5.0]]


def test_what_was_asked_before_is_not_embedded_again() -> None:
    embed = Counted()
    pieces = Pieces(embed)
    first = pieces.of(Modality.IMAGE, [stretch("a"), stretch("b"), stretch("a")])
    assert embed.rows == 4
    again = pieces.of(Modality.IMAGE, [stretch("b"), stretch("a")])
    assert embed.rows == 4
    np.testing.assert_array_equal(again[1][1], first[0][1])


def test_other_features_or_another_stretch_are_embedded_anew() -> None:
    embed = Counted()
    pieces = Pieces(embed)
    pieces.of(Modality.IMAGE, [stretch("a")])
    ((_, z),) = pieces.of(Modality.IMAGE, [stretch("a", value=9.0)])
    assert z[0].tolist() == [6.0, 0.0]
    ((numbers, _),) = pieces.of(Modality.IMAGE, [stretch("a", first=2)])
    assert numbers.tolist() == [2]
    assert embed.rows == 5


def test_the_longest_unused_go_first() -> None:
    embed = Counted()
    pieces = Pieces(embed, most_bytes=2 * 16)
    pieces.of(Modality.IMAGE, [stretch("a"), stretch("b")])
    pieces.of(Modality.IMAGE, [stretch("a")])
    pieces.of(Modality.IMAGE, [stretch("c")])
    made = embed.rows
    pieces.of(Modality.IMAGE, [stretch("a")])
    assert embed.rows == made
    pieces.of(Modality.IMAGE, [stretch("b")])
    assert embed.rows == made + 2
