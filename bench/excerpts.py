"""Known-item search: a part of a file, in another encoding, must find the file it was cut from."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soundfile
import trimesh
from PIL import Image
from sklearn.linear_model import LogisticRegression

import quintet
from quintet.datasets.sample_parts.clip import Film
from quintet.datasets.sample_parts.writers import film_bytes
from quintet.flows import alike, asking, copies
from quintet.flows.examples import Example, example
from quintet.flows.search import Match
from quintet.types import OWN_CHANNEL, Channel, Modality

COUNT = 40
"""Excerpts of each medium and split."""

TEXT = f"""{COUNT} files a medium of fivemedia's `test`, cut and encoded again by
`bench/excerpts.py`: two thirds of a picture's sides at three quarters the size; half of a film at
half the size without its sound; half of a text; half of a recording at half the loudness; a shape
turned and scaled. They are asked with `search(like=…)` of the trained library of all files. Mean
reciprocal rank of the file it was cut from among the items of its medium: by pooled features, by
the common space alone, and as hits come (late interaction with the 200 most like it by pooled
features). Overlap: intersection over union of the told and the true stretch of time. Curve: the
logistic weights of cosine, lead and offset that this run fits on `train`, to compare with
`flows/copies.py`.""".replace("\n", " ")

FEW = 20

SIDECARS = (".srt", ".mtl")

Cut = tuple[str, bytes, float, float]
"""Ending and bytes of an excerpt, and which share of the file it is, from and to in 0..1."""

Maker = Callable[[Path, np.random.Generator], Cut]


def image(path: Path, rng: np.random.Generator) -> Cut:
    """Two thirds of each side, shrunk by a quarter, JPEG of quality 70."""
    picture = Image.open(path).convert("RGB")
    w, h = (round(side * 0.67) for side in picture.size)
    x, y = (
        int(rng.integers(0, full - part + 1))
        for full, part in zip(picture.size, (w, h), strict=True)
    )
    cut = picture.crop((x, y, x + w, y + h)).resize((max(8, w * 3 // 4), max(8, h * 3 // 4)))
    out = io.BytesIO()
    cut.save(out, "JPEG", quality=70)
    return "jpg", out.getvalue(), 0.0, 1.0


def audio(path: Path, rng: np.random.Generator) -> Cut:
    """Half of it, at least a second, as Ogg Vorbis at half the loudness."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    count = min(len(mono), max(rate, len(mono) // 2))
    start = int(rng.integers(0, len(mono) - count + 1))
    out = io.BytesIO()
    soundfile.write(out, 0.5 * mono[start : start + count], rate, format="OGG", subtype="VORBIS")
    return "ogg", out.getvalue(), start / len(mono), (start + count) / len(mono)


def video(path: Path, rng: np.random.Generator) -> Cut:
    """Half of its frames at half the size, without sound."""
    with av.open(str(path)) as film:
        track = film.streams.video[0]
        rate = max(1, round(float(track.average_rate or 25)))
        side = [max(16, v // 4 * 2) for v in (track.width, track.height)]
        frames = [f.reformat(*side).to_ndarray(format="rgb24") for f in film.decode(track)]
    count = max(1, len(frames) // 2)
    start = int(rng.integers(0, len(frames) - count + 1))
    cut = film_bytes(Film(np.stack(frames[start : start + count]), rate), None)
    return "mp4", cut, start / len(frames), (start + count) / len(frames)


def text(path: Path, rng: np.random.Generator) -> Cut:
    """Half of its words."""
    words = path.read_text("utf-8", "replace").split()
    count = max(1, len(words) // 2)
    start = int(rng.integers(0, len(words) - count + 1))
    cut = " ".join(words[start : start + count]).encode()
    return "txt", cut, start / len(words), (start + count) / len(words)


def mesh(path: Path, rng: np.random.Generator) -> Cut:
    """The whole, turned about the vertical, twice as large, as binary PLY."""
    shape = trimesh.load(path, force="mesh")
    turn = trimesh.transformations.rotation_matrix(rng.uniform(0, 2 * np.pi), (0, 1, 0))
    shape.apply_transform(turn)
    shape.apply_scale(2.0)
    return "ply", shape.export(file_type="ply"), 0.0, 1.0


MAKERS: dict[Modality, Maker] = {
    Modality.IMAGE: image,
    Modality.VIDEO: video,
    Modality.TEXT: text,
    Modality.AUDIO: audio,
    Modality.MESH: mesh,
}


def measure(data: Path, scratch: Path) -> str:
    """The section of the results page."""
    root = data / "fivemedia"
    with quintet.create(scratch / "library") as lib:
        lib.add(root / "train")
        lib.train()
        lib.add(root / "test")
        fitted = {m: _weights(_rows(lib, root / "train", m, scratch)) for m in Modality}
        lines = [_line(lib, m, root / "test", scratch, fitted[m]) for m in Modality]
    return "\n".join(
        [
            "## Known-item search",
            "",
            TEXT,
            "",
            "| medium | pooled | common space | **hits** | first | random | overlap | curve |",
            "|---|---|---|---|---|---|---|---|",
            *lines,
        ]
    )


@dataclass(frozen=True)
class Asked:
    """One excerpt, asked of the library.

    Attributes:
        cosine: (n,) mean cosines of the candidates of the late interaction; ``source`` (n,) which
            is the file that it was cut from.
        rank: of that file, from 1, by pooled features, by the common space, and among the hits.
        overlap: of the told with the true stretch of time, None where there is no time.
    """

    cosine: np.ndarray
    source: np.ndarray
    rank: tuple[int, int, int]
    overlap: float | None


def _rows(lib: quintet.Library, root: Path, modality: Modality, scratch: Path) -> list[Asked]:
    random = np.random.default_rng(0)
    files = sorted(f for f in root.glob(f"*/{modality}/*") if f.suffix not in SIDECARS)
    chosen = [files[i] for i in random.permutation(len(files))[:COUNT]]
    return [_asked(lib, file, modality, scratch, random) for file in chosen]


def _asked(
    lib: quintet.Library,
    file: Path,
    modality: Modality,
    scratch: Path,
    random: np.random.Generator,
) -> Asked:
    ending, data, start, stop = MAKERS[modality](file, random)
    cut = scratch / f"excerpt.{ending}"
    cut.write_bytes(data)
    source, parts = lib.show(file).item.id, lib._parts
    shown = example(parts, quintet.Term(file=cut))
    channel = OWN_CHANNEL[modality]
    own = (
        Example(modality, {channel: shown.local[channel]}, shown.texts, shown.segments)
        if shown
        else None
    )
    assert own is not None
    pooled, space = (
        next(s for s in parts.shelves(model) if (s.modality, s.channel) == (modality, channel))
        for model in (alike.MODEL, parts.store.active_id() or "")
    )
    everything = len(pooled.item_ids)
    by_pooled = pooled.search(
        pooled.standardised(alike.pooled(own.local[channel])), everything, None
    )
    z = parts.space().embed(modality, [own.local[channel]])[0]
    by_space = space.search(z, everything, None)
    found = copies.candidates(own.local[channel], pooled, parts.store, None)
    ask = asking.Ask((quintet.Term(file=cut),), (modality,), k=everything)
    hits = [row[2][0].item_id for row in asking.ranking(parts, ask).rows]
    orders = [r.item_id for r in by_pooled], [r.item_id for r in by_space]
    return Asked(
        np.array([m.score for m in found]),
        np.array([m.item_id == source for m in found]),
        (orders[0].index(source) + 1, orders[1].index(source) + 1, hits.index(source) + 1),
        _overlap(lib, source, channel, found, (start, stop)),
    )


def _overlap(
    lib: quintet.Library,
    source: str,
    channel: Channel,
    found: list[Match],
    true: tuple[float, float],
) -> float | None:
    segments = lib._parts.store.segments(source)[channel]
    told = next((m.span for m in found if m.item_id == source), None)
    end = segments[-1].end_s
    if end is None or told is None:
        return None if end is None else 0.0
    first, last = segments[told[0]].start_s or 0.0, segments[told[1]].end_s or 0.0
    start, stop = true[0] * end, true[1] * end
    common = max(0.0, min(last, stop) - max(first, start))
    return common / (max(last, stop) - min(first, start))


def _weights(rows: list[Asked]) -> np.ndarray:
    """(3,) log-odds of a copy: weights of cosine and lead, and the offset.

    From the five best candidates of each excerpt: among all and among FEW others, with the file it
    was cut from and without it.
    """
    random = np.random.default_rng(0)
    x, y = [], []
    for row in rows:
        others = np.flatnonzero(~row.source)
        few = random.permutation(others)[:FEW]
        for chosen in (others, few):
            for kept in (np.concatenate([np.flatnonzero(row.source), chosen]), chosen):
                lead = copies.leads(row.cosine[kept])
                best = np.argsort(-row.cosine[kept])[:5]
                x += list(zip(row.cosine[kept][best], lead[best], strict=True))
                y += row.source[kept][best].tolist()
    fitted = LogisticRegression(C=100).fit(np.array(x), np.array(y))
    return np.append(fitted.coef_[0], fitted.intercept_)


def _line(
    lib: quintet.Library, modality: Modality, root: Path, scratch: Path, fitted: np.ndarray
) -> str:
    rows = _rows(lib, root, modality, scratch)
    ranks = np.array([row.rank for row in rows])
    pooled, space, hits = (1 / ranks).mean(axis=0)
    total = sum(len(list(root.parent.glob(f"{s}/*/{modality}/*"))) for s in ("train", "test"))
    overlap = [row.overlap for row in rows if row.overlap is not None]
    told = f"{np.mean(overlap):.2f}" if overlap else "–"
    chance = float((1 / np.arange(1, total + 1)).mean())
    curve = ", ".join(f"{w:.1f}" for w in fitted)
    return (
        f"| {modality} | {pooled:.2f} | {space:.2f} | **{hits:.2f}** | "
        f"{(ranks[:, 2] == 1).mean():.0%} | {chance:.3f} | {told} | {curve} |"
    )
