import json
from pathlib import Path

import numpy as np
import pytest

from quintet import persist
from quintet.errors import ModelError, NotFittedError
from quintet.models.correlators.cca import CCA
from quintet.types import Modality, View, Views

ABOUT, ARRAYS = persist.ABOUT, persist.ARRAYS
ONE = np.ones((4, 1), dtype=bool)


def fitted() -> CCA:
    chance = np.random.default_rng(0)
    label = np.arange(12, dtype=np.int64) % 3
    x = [chance.standard_normal((1, 5)).astype(np.float32) + c for c in label]
    none, ids = np.full(12, -1, dtype=np.int64), [""] * 12
    media = (Modality.IMAGE, Modality.TEXT)
    return CCA(k=4).fit(Views(tuple(View(m, x, label, none, ids) for m in media)))


def rows() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((4, 1, 5)).astype(np.float32)


def changed(blobs: dict[str, bytes], **values: object) -> dict[str, bytes]:
    about = json.loads(blobs[ABOUT])
    return blobs | {ABOUT: json.dumps(about | values).encode()}


def test_a_folder_gives_the_model_back(tmp_path: Path) -> None:
    model = fitted()
    persist.save(model, tmp_path / "deep" / "model")
    again = persist.open_model(tmp_path / "deep" / "model")
    assert again.k == 4
    np.testing.assert_array_equal(
        again.transform(Modality.TEXT, rows(), ONE), model.transform(Modality.TEXT, rows(), ONE)
    )
    assert sorted(p.name for p in (tmp_path / "deep" / "model").iterdir()) == sorted(
        (ABOUT, ARRAYS)
    )


def test_equal_models_give_equal_bytes() -> None:
    assert persist.dump(fitted()) == persist.dump(fitted())


def test_arrays_that_are_not_contiguous_survive() -> None:
    model = fitted()
    turned = {m: np.asfortranarray(w)[:, ::-1] for m, w in model.directions_.items()}
    model.directions_ = turned
    again = persist.load(persist.dump(model))
    for modality, w in turned.items():
        np.testing.assert_array_equal(again.directions_[modality], w)


def test_modalities_come_back_as_modalities() -> None:
    again = persist.load(persist.dump(fitted()))
    assert all(isinstance(m, Modality) for m in again.mean_)


@pytest.mark.parametrize("at", [0, 9, 100, -1])
def test_a_flipped_bit_is_found_before_the_arrays_are_opened(at: int) -> None:
    blobs = persist.dump(fitted())
    damaged = bytearray(blobs[ARRAYS])
    damaged[at] ^= 4
    with pytest.raises(ModelError, match="SHA-256"):
        persist.load(blobs | {ARRAYS: bytes(damaged)})


@pytest.mark.parametrize("name", [ABOUT, ARRAYS])
def test_a_missing_or_cut_blob_is_a_clear_error(name: str) -> None:
    blobs = persist.dump(fitted())
    with pytest.raises(ModelError):
        persist.load({k: v for k, v in blobs.items() if k != name})
    with pytest.raises(ModelError):
        persist.load(blobs | {name: blobs[name][: len(blobs[name]) // 2]})


def test_a_newer_format_asks_for_a_newer_program() -> None:
    with pytest.raises(ModelError, match="update Quintet"):
        persist.load(changed(persist.dump(fitted()), format=persist.FORMAT + 1))


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ModelError, match="ccca"):
        persist.load(changed(persist.dump(fitted()), method="ccca"))


def test_an_unknown_hyper_parameter_is_a_clear_error() -> None:
    with pytest.raises(ModelError, match="bogus"):
        persist.load(changed(persist.dump(fitted()), params={"bogus": 1}))


def test_a_folder_without_a_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        persist.open_model(tmp_path)


def test_only_fitted_models_of_the_catalogue_are_saved() -> None:
    with pytest.raises(NotFittedError):
        persist.dump(CCA())

    class Mine(CCA):
        pass

    mine = Mine()
    mine.__dict__.update(fitted().__dict__)
    with pytest.raises(ModelError, match="Mine"):
        persist.dump(mine)


def test_another_version_of_a_method_asks_to_train_again() -> None:
    with pytest.raises(ModelError, match=r"version 7 of cca, this program has 1; train again"):
        persist.load(changed(persist.dump(fitted()), version=7))
