from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.stats import multivariate_normal

from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.hmgplvm import (
    HmGPLVM,
    discord,
    latent_points,
    misfit,
    similarity_prior,
)
from quintet.types import Modality, View, Views

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT


def view(
    modality: Modality, x: np.ndarray, label: Sequence[int] | None, pair: Sequence[int] | None
) -> View:
    label, pair = ([-1] * len(x) if given is None else given for given in (label, pair))
    steps = [row[None, :].astype(np.float32) for row in x]
    whole = (np.asarray(numbers, dtype=np.int64) for numbers in (label, pair))
    return View(modality, steps, *whole, [""] * len(x))


def paired(n: int, seed: int, labelled: bool = True) -> Views:
    """Two media that share a loud scene and a faint class."""
    chance, fixed = np.random.default_rng(seed), np.random.default_rng(5)
    label, scene = chance.integers(0, 3, n), chance.standard_normal((n, 4))
    media = []
    for m in (IMAGE, TEXT):
        class_at, mixing = fixed.standard_normal((3, 12)), fixed.standard_normal((4, 12))
        x = class_at[label] + 1.5 * scene @ mixing + 0.5 * chance.standard_normal((n, 12))
        media.append(view(m, x, label.tolist() if labelled else None, range(n)))
    return Views(tuple(media), ("bell", "boat", "bird"))


def by_class(model: Any, data: Views) -> float:
    """Mean average precision of the classes, over all pairs of media."""
    z = {v.modality: model.transform(v.modality, *pad(v.x)) for v in data.views}
    return float(tables(z, {v.modality: v.label for v in data.views}).mean)


def test_the_misfit_is_the_likelihood_of_the_features() -> None:
    chance = np.random.default_rng(0)
    half, y = chance.standard_normal((6, 6)), chance.standard_normal((6, 4))
    kernel = half @ half.T + np.eye(6)
    found = misfit(torch.linalg.cholesky(torch.tensor(kernel)), torch.tensor(y))
    likelihood = multivariate_normal(np.zeros(6), kernel).logpdf(y.T).sum()
    np.testing.assert_allclose(float(found), -likelihood / 24 - np.log(2 * np.pi) / 2)


def test_the_prior_counts_every_pair_of_points_with_a_class() -> None:
    x = 0.5 * np.random.default_rng(0).standard_normal((7, 3))
    label = [0, 0, 1, 1, 2, -1, -1]
    same, other = [], []
    for i in range(5):
        for j in range(5):
            far = ((x[i] - x[j]) ** 2).sum()
            if label[i] == label[j]:
                same.append(far)
            else:
                other.append(max(0.0, 1 - far))
    found = similarity_prior(torch.tensor(x), torch.tensor(label))
    np.testing.assert_allclose(float(found), np.mean(same) + np.mean(other))
    nothing = similarity_prior(torch.tensor(x), torch.full((7,), -1))
    assert float(nothing) == 0


def test_the_similarity_prior_gathers_the_classes() -> None:
    shown, fresh = paired(100, 1), paired(60, 2)
    assert (
        by_class(HmGPLVM().fit(shown), fresh) > by_class(HmGPLVM(similar=0).fit(shown), fresh) + 0.2
    )


def test_harmony_makes_the_kernels_of_all_media_agree() -> None:
    """One medium changes slowly along the hidden line, the other quickly."""
    chance = np.random.default_rng(0)
    hidden = chance.uniform(-1, 1, (120, 1))
    slow = np.tanh(hidden @ chance.standard_normal((1, 8))) + 0.05 * chance.standard_normal(
        (120, 8)
    )
    quick = np.sin(9 * hidden @ chance.standard_normal((1, 8)) + chance.uniform(0, 6, 8))
    quick[:, 0] = hidden[:, 0]
    data = Views((view(IMAGE, slow, None, range(120)), view(TEXT, quick, None, range(120))))

    def gap(harmony: float) -> float:
        model = HmGPLVM(k=1, harmony=harmony, updates=80, lr=0.1, batch=50).fit(data)
        slow_width, quick_width = (model.kernel_[m][1] for m in (IMAGE, TEXT))
        return float(np.log(slow_width / quick_width))

    assert gap(harmony=0) > 2 * abs(gap(harmony=30))


def test_discord_is_the_trace_of_the_similarity_in_the_kernel() -> None:
    chance = np.random.default_rng(0)
    half, x = chance.standard_normal((6, 6)), chance.standard_normal((6, 2))
    kernel = half @ half.T + np.eye(6)
    far = np.square(x[:, None] - x).sum(axis=2)
    found = discord(torch.linalg.cholesky(torch.tensor(kernel)), torch.tensor(x))
    np.testing.assert_allclose(float(found), np.trace(np.linalg.inv(kernel) @ np.exp(-far / 2)) / 6)


def test_pairs_alone_find_their_partner() -> None:
    shown, fresh = paired(300, 1, labelled=False), paired(80, 2, labelled=False)
    model = HmGPLVM(noise=0.01).fit(shown)
    image, text = (model.transform(v.modality, *pad(v.x)) for v in fresh.views)
    partner = (image @ text.T).argsort(axis=1)[:, -5:]
    assert (partner == np.arange(80)[:, None]).any(axis=1).mean() > 0.5  # by chance 0.06


def test_rows_of_one_pair_share_a_point_that_has_the_class_of_any_of_them() -> None:
    x = np.random.default_rng(0).standard_normal((4, 3))
    image = view(IMAGE, x[:3], [0, -1, -1], [7, 8, 30])
    text = view(TEXT, x, [-1, -1, 2, 1], [8, 8, 7, 9])
    point_of, label = latent_points((image, text))
    of_image, of_text = point_of[IMAGE], point_of[TEXT]
    assert of_text[0] == of_text[1] == of_image[1]
    assert of_text[2] == of_image[0]
    assert len({of_image[2], of_text[3], of_image[0], of_image[1]}) == len(label) == 4
    assert label[[of_image[1], of_image[2], of_text[3]]].tolist() == [-1, -1, 1]
