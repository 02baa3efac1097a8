"""The ingredients of deep CCA: total correlation of a batch, and the linear step after it."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.cross_decomposition import CCA as Peer

from quintet.maths.padding import pad
from quintet.models.correlators.cca import CCA
from quintet.models.correlators.dcca import DCCA, correlation
from quintet.types import Modality, View, Views


def two(seed: int, count: int = 300) -> tuple[torch.Tensor, torch.Tensor]:
    chance = np.random.default_rng(seed)
    shared = chance.standard_normal((count, 2))
    sides = [
        np.hstack([shared, chance.standard_normal((count, n))])
        @ chance.standard_normal((n + 2,) * 2)
        + 0.5 * chance.standard_normal((count, n + 2))
        for n in (1, 2)
    ]
    return torch.from_numpy(sides[0]), torch.from_numpy(sides[1])


def test_it_is_the_sum_of_the_canonical_correlations() -> None:
    x, y = two(0)
    a, b = Peer(n_components=3, max_iter=5000, tol=1e-10).fit_transform(x.numpy(), y.numpy())
    told = sum(np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(3))
    assert float(correlation(x, y, 0.0)) == pytest.approx(told, abs=1e-3)


def test_linear_maps_of_the_outputs_change_nothing() -> None:
    x, y = two(1)
    turn = torch.randn(3, 3, generator=torch.Generator().manual_seed(0), dtype=x.dtype)
    assert float(correlation(x @ turn + 3, y, 0.0)) == pytest.approx(
        float(correlation(x, y, 0.0)), abs=1e-4
    )


def test_its_gradient_is_that_of_differences() -> None:
    x, y = two(2, 12)
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda v: correlation(v, y, 0.1), (x,), atol=1e-4)


def test_outputs_that_do_not_vary_correlate_with_nothing() -> None:
    still = torch.ones(5, 2, requires_grad=True)
    total = correlation(still, torch.randn(5, 3), 0.1)
    total.backward()
    assert float(total.detach()) == pytest.approx(0, abs=1e-5)
    assert torch.isfinite(still.grad).all()  # type: ignore[arg-type]


COUNT, HELD = 400, 100


def folded(modality: Modality, seed: int) -> View:
    """Pairs share sizes whose signs differ, so that no linear map sees what belongs together."""
    hidden = np.random.default_rng(9).uniform(-1, 1, (COUNT + HELD, 2))
    chance = np.random.default_rng(seed)
    signed = np.sign(chance.standard_normal(hidden.shape)) * hidden  # the sign is private
    shown = signed if modality is Modality.IMAGE else np.abs(hidden)
    x = shown + 0.02 * chance.standard_normal(shown.shape)
    none = np.full(len(x), -1, dtype=np.int64)
    return View(
        modality,
        [row[None].astype(np.float32) for row in x],
        none,
        np.arange(len(x)),
        [""] * len(x),
    )


def cut(view: View, rows: slice) -> View:
    return View(view.modality, view.x[rows], view.label[rows], view.pair[rows], view.ids[rows])


def rank(model: CCA | DCCA) -> float:
    """Median rank of the partner among 100 held-out rows; 50 by chance."""
    both = [folded(Modality.IMAGE, 1), folded(Modality.TEXT, 2)]
    model.fit(Views(tuple(cut(v, slice(0, COUNT)) for v in both)))
    image, text = (
        model.transform(v.modality, *pad(cut(v, slice(COUNT, COUNT + HELD)).x)) for v in both
    )
    scores = image @ text.T
    return float(np.median((scores > scores.diagonal()[:, None]).sum(axis=1)))


def matched(**given: Any) -> float:
    quick = {"hidden": 32, "outputs": 4, "dropout": 0.0, "rows": 100, "lr": 1e-2}
    return rank(DCCA(**(quick | {"updates": 10, "epochs": 8} | given)))


def test_training_finds_what_no_linear_map_sees() -> None:
    assert matched() < 12
    assert rank(CCA()) > 30


def test_without_the_loss_networks_at_random_match_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "quintet.models.correlators.dcca.correlation", lambda x, y, ridge: (x + y).sum() * 0
    )
    assert matched(weight_decay=0.0) > 20


def test_without_the_linear_step_outputs_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("quintet.models.correlators.dcca._Net.finish")
    assert matched() > 20
