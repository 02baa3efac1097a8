import numpy as np
import pytest

from quintet.maths.padding import pad
from quintet.maths.rows import unit_rows
from quintet.maths.votes import class_votes
from quintet.nets.pooled import Pooled
from quintet.nets.voting import VotingMethod
from quintet.types import Modality, View, Views


class Plain(VotingMethod):
    """Every feature as it is."""

    def learn(self, data: Pooled) -> None:
        """Nothing but the voters."""
        self.directions_ = {m: np.eye(2, dtype=np.float32) for m in data.x}
        self.place_voters(data)


def view(modality: Modality, label: list[int]) -> View:
    """Class 0 to the left, class 1 to the right, and a row without label far to the left."""
    n = len(label)
    chance = np.random.default_rng(0)
    x = [np.array([[2.0 * (c > 0) - 1, 0.0]], np.float32) for c in label]
    x = [row + 0.1 * chance.standard_normal((1, 2)).astype(np.float32) for row in x]
    return View(modality, x, np.array(label), np.full(n, -1), [str(i) for i in range(n)])


def fitted(voters: int) -> tuple[Plain, View]:
    image = view(Modality.IMAGE, [0, 1, 0, 1, -1])
    text = view(Modality.TEXT, [0, 0, 1, 1, 1])
    return Plain(voters=voters).fit(Views((image, text), ("boat", "bird"))), image


def test_labelled_rows_of_all_media_vote_and_others_do_not() -> None:
    model, _ = fitted(3)
    assert model.voter_label_ is not None
    assert model.voters_ is not None
    assert model.voter_label_.tolist() == [0, 1, 0, 1, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(np.linalg.norm(model.voters_, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(("asked", "heard"), [(1, 1), (3, 3), (100, 4)])
def test_no_more_voters_are_heard_than_a_class_has_rows(asked: int, heard: int) -> None:
    model, image = fitted(asked)
    assert model.voters_ is not None
    assert model.voter_label_ is not None
    x = np.concatenate(image.x)
    rows = unit_rows((x - model.mean_[Modality.IMAGE]) / model.scale_[Modality.IMAGE])
    expected = unit_rows(class_votes(rows, model.voters_, model.voter_label_, 2, heard))
    found = model.transform(Modality.IMAGE, *pad(image.x))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_without_voters_the_projections_are_compared() -> None:
    model, image = fitted(0)
    assert (model.transform(Modality.IMAGE, *pad(image.x)) < 0).any()
