import numpy as np
import pytest

from quintet.errors import TrainingError
from quintet.evaluate.retrieval import tables
from quintet.maths.padding import pad
from quintet.models.correlators.cca import CCA
from quintet.types import Modality, View, Views

NONE = -1


def paired(modality: Modality, hidden: np.ndarray, seed: int) -> View:
    """Rows that show the hidden vectors through a random mixing, among louder private noise."""
    chance = np.random.default_rng(seed)
    noise = 2 * chance.standard_normal((len(hidden), 10)) @ chance.standard_normal((10, 16))
    mixed = np.hstack([hidden, noise]) @ chance.standard_normal((hidden.shape[1] + 16, 24))
    x = [row[None, :].astype(np.float32) for row in mixed]
    count = len(x)
    label = np.full(count, NONE, dtype=np.int64)
    return View(
        modality, x, label, np.arange(count, dtype=np.int64), [str(i) for i in range(count)]
    )


def embed(model: CCA, view: View) -> np.ndarray:
    return model.transform(view.modality, *pad(view.x))


def test_pairs_alone_recover_the_planted_common_subspace() -> None:
    hidden = np.random.default_rng(0).standard_normal((400, 3))
    both = [paired(Modality.IMAGE, hidden, 1), paired(Modality.TEXT, hidden, 2)]
    shown = [View(v.modality, v.x[:300], v.label[:300], v.pair[:300], v.ids[:300]) for v in both]
    model = CCA(k=3, ridge=1e-3).fit(Views(tuple(shown)))
    image, text = (embed(model, v)[300:] for v in both)
    partner = (image @ text.T).argsort(axis=1)[:, -1]
    assert (partner == np.arange(100)).mean() > 0.5  # by chance 0.01


def classes(modality: Modality, count: int, seed: int) -> View:
    chance = np.random.default_rng(list(Modality).index(modality))
    centres = chance.standard_normal((4, 12))
    fresh = np.random.default_rng(seed)
    label = fresh.integers(0, 4, count)
    x = [(centres[c] + 0.7 * fresh.standard_normal((3, 12))).astype(np.float32) for c in label]
    pair = np.full(count, NONE, dtype=np.int64)
    return View(modality, x, label.astype(np.int64), pair, [str(i) for i in range(count)])


def test_classes_join_media_that_share_no_row() -> None:
    sizes = dict(zip(Modality, (60, 20, 40, 30, 15), strict=True))
    model = CCA().fit(Views(tuple(classes(m, n, 1) for m, n in sizes.items())))
    fresh = {m: classes(m, 20, 2) for m in sizes}
    found = tables(
        {m: embed(model, v) for m, v in fresh.items()}, {m: v.label for m, v in fresh.items()}
    )
    assert min(found.to_each.values()) > 0.8
    assert found.random_mean < 0.35


def test_media_that_share_nothing_are_an_error() -> None:
    image, text = classes(Modality.IMAGE, 9, 1), classes(Modality.TEXT, 9, 1)
    apart = View(Modality.TEXT, text.x, text.label + 10, text.pair, text.ids)
    with pytest.raises(TrainingError, match="share"):
        CCA().fit(Views((image, apart)))
    with pytest.raises(TrainingError, match="share"):
        CCA().fit(Views((image,)))
