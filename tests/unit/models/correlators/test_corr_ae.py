"""The ingredients of the correspondence autoencoder: rebuilding, and close codes of a pair."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from quintet.errors import UsageError
from quintet.maths.padding import pad
from quintet.models.correlators.corr_ae import CorrAE
from quintet.nets.batches import Batch, Part
from quintet.nets.deep import Shape
from quintet.types import Float32, Modality, View, Views

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT
COUNT, HELD = 300, 60


def paired(modality: Modality) -> View:
    """Rows that show 3 hidden values per pair through a bend and a mixing of the medium's own."""
    hidden = np.random.default_rng(0).standard_normal((COUNT + HELD, 3))
    chance = np.random.default_rng(list(Modality).index(modality) + 1)
    x = np.tanh(np.hstack([hidden, private(modality)]) @ chance.standard_normal((4, 8)))
    none = np.full(len(x), -1, dtype=np.int64)
    rows = [row[None].astype(np.float32) for row in x]
    return View(modality, rows, none, np.arange(len(x), dtype=np.int64), [""] * len(x))


def private(modality: Modality) -> np.ndarray:
    chance = np.random.default_rng(list(Modality).index(modality) + 50)
    return chance.standard_normal((COUNT + HELD, 1))


def cut(view: View, rows: slice) -> View:
    return View(view.modality, view.x[rows], view.label[rows], view.pair[rows], view.ids[rows])


@cache
def codes(**given: Any) -> tuple[Float32, Float32]:
    """Of held-out image and text rows of a model that saw the others."""
    quick = {
        "k": 6,
        "hidden": 32,
        "alpha": 0.8,
        "dropout": 0.0,
        "updates": 80,
        "epochs": 2,
        "lr": 5e-3,
    }
    both = [paired(IMAGE), paired(TEXT)]
    model = CorrAE(**(quick | given)).fit(Views(tuple(cut(v, slice(0, COUNT)) for v in both)))
    late = slice(COUNT, COUNT + HELD)
    image, text = (model.transform(v.modality, *pad(cut(v, late).x)) for v in both)
    return image, text


def rank(image: Float32, text: Float32) -> float:
    """Median rank of the partner among 60; 30 by chance."""
    scores = image @ text.T
    return float(np.median((scores > scores.diagonal()[:, None]).sum(axis=1)))


@pytest.mark.parametrize("rebuild", ["own", "other", "both"])
def test_partners_that_were_never_seen_are_found(rebuild: str) -> None:
    assert rank(*codes(rebuild=rebuild)) < 8


def test_without_the_distance_of_codes_media_do_not_meet() -> None:
    assert rank(*codes(rebuild="own", alpha=0.0)) > 15


def test_a_code_that_rebuilds_the_other_row_leaves_out_what_is_private() -> None:
    own, other = (private_share(codes(rebuild=r, alpha=0.2)[0]) for r in ("own", "other"))
    assert own > other + 0.2


def private_share(z: Float32) -> float:
    """Share of the variance of the image rows' private value that a linear map of z tells."""
    own = private(IMAGE)[COUNT:, 0]
    known = np.hstack([z, np.ones((len(z), 1))])
    rest = own - known @ np.linalg.lstsq(known, own, rcond=None)[0]
    return float(1 - rest.var() / own.var())


def test_without_rebuilding_codes_tell_rows_apart_less() -> None:
    image, _ = codes(rebuild="own")
    alone, _ = codes(rebuild="own", alpha=1.0)
    assert spread(image) > 1.5 * spread(alone)


def spread(z: Float32) -> float:
    """Mean distance of rows from their mean."""
    return float(np.linalg.norm(z - z.mean(axis=0), axis=1).mean())


def small_batch() -> Batch:
    chance = torch.Generator().manual_seed(0)
    real = torch.ones(4, 1, dtype=torch.bool)
    shown = {IMAGE: torch.tensor([0, 1, 2, -1]), TEXT: torch.tensor([0, 1, -1, 3])}
    none = torch.full((4,), -1)
    return {
        m: Part(torch.randn(4, 1, 5, generator=chance), real, none, o) for m, o in shown.items()
    }


@pytest.mark.parametrize("rebuild", ["own", "other", "both"])
def test_the_loss_is_that_of_the_paper_over_rows_that_both_media_have(rebuild: str) -> None:
    shape = Shape({IMAGE: 5, TEXT: 5}, 0, None, torch.Generator().manual_seed(0))
    net = CorrAE(k=3, hidden=4, dropout=0.0, alpha=0.3, rebuild=rebuild).network(shape)
    batch = small_batch()
    x, y = (part.x[:2, 0] for part in batch.values())
    f, g = (net.embed(m, part.x[:2], part.mask[:2]) for m, part in batch.items())
    back = net.get_submodule("decoders.image"), net.get_submodule("decoders.text")
    own = ((back[0](f) - x) ** 2).mean() + ((back[1](g) - y) ** 2).mean()
    other = ((back[1](f) - y) ** 2).mean() + ((back[0](g) - x) ** 2).mean()
    rebuilt = {"own": own, "other": other, "both": own + other}[rebuild] / 2
    expected = 0.7 * rebuilt + 0.3 * ((f - g) ** 2).mean()
    assert float(net.loss(batch, "all").detach()) == pytest.approx(
        float(expected.detach()), rel=1e-5
    )


def test_an_unknown_target_is_refused() -> None:
    both = tuple(cut(paired(m), slice(0, 9)) for m in (IMAGE, TEXT))
    with pytest.raises(UsageError, match="own, other, both"):
        CorrAE(rebuild="none").fit(Views(both))
