"""Encoders on their own: sounds of ESC-10, shapes and pictures of fivemedia."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from quintet.flows.parts import BUILT_IN, encoder
from quintet.media.open import open_media
from quintet.types import ImageMedia, Modality

PUBLISHED_FOREST = 0.727
"""Piczak 2015: random forest on MFCC, ESC-10."""


def measure(data: Path, scratch: Path) -> str:  # noqa: ARG001 - every section has the same form
    """The section of the results page."""
    linear, forest = _esc10(data / "esc10")
    mesh, d2 = _nearest(data / "fivemedia", Modality.MESH, _d2)
    image, pixels = _nearest(data / "fivemedia", Modality.IMAGE, _pixels)
    chance = {m: _chance(data / "fivemedia", m) for m in (Modality.MESH, Modality.IMAGE)}
    return "\n".join(
        [
            "## Encoders on their own",
            "",
            "Accuracy. ESC-10: the published five folds, clips described by mean, spread, "
            "quartiles and maximum of their windows. fivemedia: nearest neighbour of each `test` "
            "item among `train`, by cosine of standardised descriptors.",
            "",
            "| what | plain | ours | random |",
            "|---|---|---|---|",
            f"| sounds of ESC-10, linear | {PUBLISHED_FOREST:.3f} (published forest on MFCC) | "
            f"{linear:.3f} | 0.100 |",
            f"| sounds of ESC-10, forest | {PUBLISHED_FOREST:.3f} (published forest on MFCC) | "
            f"{forest:.3f} | 0.100 |",
            f"| shapes of fivemedia, nearest | {d2:.3f} (D2 distances) | {mesh:.3f} | "
            f"{chance[Modality.MESH]:.3f} |",
            f"| pictures of fivemedia, nearest | {pixels:.3f} (32×32 pixels) | {image:.3f} | "
            f"{chance[Modality.IMAGE]:.3f} |",
        ]
    )


def _steps(path: Path, modality: Modality) -> np.ndarray:
    with path.open("rb") as file:
        media = open_media(file)
    parts = encoder(modality, BUILT_IN[modality]).encode(media, media.segments)
    return np.concatenate(parts)


def _esc10(root: Path) -> tuple[float, float]:
    clips = sorted(root.glob("*/*.ogg"))
    x = np.stack([_clip(_steps(path, Modality.AUDIO)) for path in clips])
    y = np.array([path.parent.name for path in clips])
    fold = np.array([path.name.split("-")[0] for path in clips])
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    forest = RandomForestClassifier(500, random_state=0)
    return _folds(linear, x, y, fold), _folds(forest, x, y, fold)


def _clip(steps: np.ndarray) -> np.ndarray:
    quartiles = np.quantile(steps, [0.25, 0.5, 0.75], axis=0).ravel()
    return np.concatenate([steps.mean(0), steps.std(0), quartiles, steps.max(0)])


def _folds(model: Any, x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> float:
    scores = []
    for one in np.unique(fold):
        model.fit(x[fold != one], y[fold != one])
        scores.append(model.score(x[fold == one], y[fold == one]))
    return float(np.mean(scores))


def _rows(root: Path, modality: Modality) -> list[dict[str, str]]:
    table = csv.DictReader((root / "manifest.tsv").open(encoding="utf-8"), delimiter="\t")
    return [row for row in table if row["modality"] == modality]


def _nearest(root: Path, modality: Modality, plain: Any) -> tuple[float, float]:
    rows = _rows(root, modality)
    train = np.array([row["split"] == "train" for row in rows])
    y = np.array([row["class"] for row in rows])
    ours = np.stack([_side_by_side(_steps(root / r["path"], modality), modality) for r in rows])
    bare = np.stack([plain(root / row["path"]) for row in rows])
    return _one_nearest(ours, y, train), _one_nearest(bare, y, train)


def _side_by_side(steps: np.ndarray, modality: Modality) -> np.ndarray:
    """Regions keep their place; views have none, since a shape may be turned."""
    if modality is Modality.IMAGE:
        return steps.ravel()
    return np.concatenate([steps.mean(0), steps.std(0), steps.max(0)])


def _one_nearest(x: np.ndarray, y: np.ndarray, train: np.ndarray) -> float:
    mean, scale = x[train].mean(0), x[train].std(0)
    z = (x - mean) / np.where(scale > 1e-6, scale, 1)
    z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9)
    nearest = (z[~train] @ z[train].T).argmax(axis=1)
    return float((y[train][nearest] == y[~train]).mean())


def _chance(root: Path, modality: Modality) -> float:
    rows = _rows(root, modality)
    names, counts = np.unique(
        [r["class"] for r in rows if r["split"] == "train"], return_counts=True
    )
    share = dict(zip(names, counts / counts.sum(), strict=True))
    return float(np.mean([share.get(r["class"], 0.0) for r in rows if r["split"] == "test"]))


def _pixels(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        media = open_media(file)
    if not isinstance(media, ImageMedia):
        raise TypeError(path)
    at = [np.linspace(0, n - 1, 32).round().astype(int) for n in media.pixels.shape[:2]]
    return media.pixels[at[0]][:, at[1]].astype(np.float32).ravel()


def _d2(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        mesh = trimesh.load(file, file_type=path.suffix[1:], force="mesh")
    points = np.asarray(trimesh.sample.sample_surface(mesh, 4096, seed=0)[0])
    ends = np.random.default_rng(0).integers(0, len(points), (2, 16384))
    apart = np.linalg.norm(points[ends[0]] - points[ends[1]], axis=1)
    return np.histogram(apart / (apart.mean() + 1e-9), 64, (0, 3))[0].astype(np.float32)
