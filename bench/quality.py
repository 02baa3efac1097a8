"""Quality of search: words, common space and both; queries of several parts; calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

import quintet
from quintet.flows import asking, large
from quintet.flows.asking import Ask, Ranking
from quintet.flows.query import Term
from quintet.flows.search import Row, merge
from quintet.maths.calibrate import expected_calibration_error
from quintet.media.words import pieces
from quintet.types import Modality

WORDS = 3
"""Words of a query, drawn from a held-out text."""

QUERIES = 150
DEPTH = 10_000
FIRST = 100
"""Hits that the comparison of indexes looks at."""

EXAMPLES = 30
"""Of each medium."""

BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)

Label = Mapping[str, str]
"""Item id to class, of the items that are searched."""

Found = tuple[list[str], list[float]]
"""Item ids best first, and their confidences."""


def measure(data: Path, scratch: Path) -> str:
    """The section of the results page."""
    root = data / "fivemedia"
    with quintet.create(scratch / "library") as lib:
        lib.add(root / "train")
        lib.train()
        lib.add(root / "test")
        label = {i: lib.show(i).item.path.split("/")[-3] for i in lib.find([root / "test"])}
        asked = _asked(lib, label)
        parts = [_hybrid(lib, asked, label), _composed(lib, label)]
        parts += [_calibrated(lib, asked, label), _indexed(lib, label)]
    return "## Quality of search\n\n" + "\n\n".join(parts)


def _asked(lib: quintet.Library, label: Label) -> list[tuple[str, str]]:
    """Words of held-out texts, the class's name not among them; and the text's id."""
    random = np.random.default_rng(0)
    names = {piece for name in set(label.values()) for piece in pieces(name)}
    texts = [i for i in label if lib.show(i).item.modality is Modality.TEXT]
    found = []
    for item_id in random.permutation(texts).tolist():
        own = [s.text for rows in lib.show(item_id).segments.values() for s in rows]
        words = sorted({w for text in own for w in text.lower().split() if w.isalpha()})
        words = [w for w in words if len(w) > 3 and not names & set(pieces(w))]
        if len(words) >= WORDS:
            found.append((" ".join(random.choice(words, WORDS, replace=False)), item_id))
    return found[:QUERIES]


def _rows(lib: quintet.Library, *terms: Term) -> Ranking:
    return asking.ranking(lib._parts, Ask(terms, k=DEPTH // 4))


def _listed(rows: Sequence[Row], label: Label, without: str = "") -> Found:
    kept = [r for r in rows if r[2][0].item_id in label and r[2][0].item_id != without]
    return [r[2][0].item_id for r in kept], [r[1] or 0.0 for r in kept]


def _precision(found: Sequence[str], right: str, label: Label, without: str = "") -> float:
    """Average precision over all results; what was not found counts as missed."""
    total = sum(c == right for i, c in label.items() if i != without)
    hits = np.array([label[i] == right for i in found], dtype=np.float64)
    at = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((at * hits).sum() / total)


def _hybrid(lib: quintet.Library, asked: Sequence[tuple[str, str]], label: Label) -> str:
    keep: Mapping[str, Callable[[Row], list[Row]]] = {
        "full text alone": lambda row: merge([m for m in row[2] if m.text]),
        "common space alone": lambda row: merge([m for m in row[2] if not m.text]),
        "both (as `search` does)": lambda row: [row],
    }
    figures: dict[str, list[float]] = {name: [] for name in keep}
    ten: dict[str, list[float]] = {name: [] for name in keep}
    for words, source in asked:
        rows = _rows(lib, Term(words=words)).rows
        for name, part in keep.items():
            left = sorted((r for row in rows for r in part(row)), key=lambda r: -r[0])
            found, _ = _listed(left, label, source)
            figures[name].append(_precision(found, label[source], label, source))
            ten[name].append(np.mean([label[i] == label[source] for i in found[:10]] or [0.0]))
    share = float(np.mean([np.mean([c == label[s] for c in label.values()]) for _, s in asked]))
    lines = [
        f"| {name} | {np.mean(figures[name]):.3f} | {np.mean(ten[name]):.3f} |" for name in keep
    ]
    return "\n".join(
        [
            "### Words",
            "",
            f"{len(asked)} queries of {WORDS} words of a held-out text of `fivemedia`, never the "
            "class's name; what is right is any other held-out item of the text's class, in all "
            "five media. Folder names hold the classes, but no query names one.",
            "",
            "| | MAP | precision at 10 |",
            "|---|---|---|",
            *lines,
            f"| random | {share:.3f} | {share:.3f} |",
        ]
    )


def _composed(lib: quintet.Library, label: Label) -> str:
    random = np.random.default_rng(1)
    classes = sorted(set(label.values()))
    images = [i for i in label if lib.show(i).item.modality is Modality.IMAGE]
    of_class = {c: [i for i in images if label[i] == c] for c in classes}
    one, three, turned, summed = [], [], [], []
    for c in classes:
        for _ in range(4):
            some = random.choice(of_class[c], 3, replace=False).tolist()
            terms = [Term(item=i) for i in some]
            rest = {i: k for i, k in label.items() if i not in some}
            alone = [_listed(_rows(lib, t).rows, rest)[0] for t in terms]
            one.append(np.mean([_precision(found, c, rest) for found in alone]))
            three.append(_precision(_listed(_rows(lib, *terms).rows, rest)[0], c, rest))
            other = str(random.choice([k for k in classes if k != c]))
            swap = (terms[0], Term(words=c, weight=-1.0), Term(words=other))
            turned.append(_precision(_listed(_rows(lib, *swap).rows, rest)[0], other, rest))
            summed.append(_precision(_summed(lib, swap, rest), other, rest))
    share = float(np.mean([np.mean([k == c for k in label.values()]) for c in classes]))
    return "\n".join(
        [
            "### Queries of several parts",
            "",
            "Held-out pictures as examples; MAP over all held-out items of five media.",
            "",
            "| query | MAP |",
            "|---|---|",
            f"| one picture | {np.mean(one):.3f} |",
            f"| three pictures of one class | {np.mean(three):.3f} |",
            f"| picture − its class's name + another's: the other class, pooled log-odds "
            f"| {np.mean(turned):.3f} |",
            f"| the same by the sum of vectors | {np.mean(summed):.3f} |",
            f"| random | {share:.3f} |",
        ]
    )


def _summed(lib: quintet.Library, terms: Sequence[Term], label: Label) -> list[str]:
    """Items by the cosine with the weighted sum of the parts' vectors."""
    parts = lib._parts
    space, active = parts.space(), parts.store.active_id()
    if space is None or active is None:
        return []
    found = _rows(lib, *terms)
    z = sum(a.term.weight * probe.z for a in found.asked for probe in asking.probes(a, space))
    best: dict[str, float] = {}
    for shelf in parts.shelves(active):
        for row in shelf.search(z / np.linalg.norm(z), DEPTH, None):
            best[row.item_id] = max(best.get(row.item_id, -2.0), row.score)
    return sorted((i for i in best if i in label), key=lambda i: -best[i])


def _indexed(lib: quintet.Library, label: Label) -> str:
    """Last of all: from here on the library has approximate indexes."""
    rng = np.random.default_rng(3)
    drawn = {m: rng.permutation(_of(lib, label, m))[:EXAMPLES].tolist() for m in Modality}
    exact = _stages(lib, label, drawn)
    below, large.EXACT_BELOW = large.EXACT_BELOW, 0
    try:
        lib._parts.build_large(lambda stage, done, total: None)
        near = _stages(lib, label, drawn)
        kinds = [index.kind for index in lib.status().indexes]
    finally:
        large.EXACT_BELOW = below
    rows = {f"exact, {k}": v for k, v in exact.items()}
    rows |= {f"approximate, {k}": v for k, v in near.items()}
    share = [
        np.mean([c == label[i] for c in label.values()]) for own in drawn.values() for i in own
    ]
    lines = [
        f"| {name} | {' | '.join(f'{v:.3f}' for v in values)} | {np.mean(values):.3f} |"
        for name, values in rows.items()
    ]
    return "\n".join(
        [
            "### Exact, approximate, re-ranked",
            "",
            f"X→All MAP of the first {FIRST} hits, {EXAMPLES} held-out examples a medium. "
            f"Approximate: the index of large shelves, forced upon {kinds.count('approximate')} of "
            f"these {len(kinds)} small ones. Re-ranked: "
            "with the step-by-step comparison that finds copies and excerpts first; it may not "
            "cost the classes anything.",
            "",
            f"| index | {' | '.join(Modality)} | mean |",
            f"|---|{'---|' * (len(Modality) + 1)}",
            *lines,
            f"| random |{' |' * len(Modality)} {np.mean(share):.3f} |",
        ]
    )


def _of(lib: quintet.Library, label: Label, modality: Modality) -> list[str]:
    return [i for i in label if lib.show(i).item.modality is modality]


def _stages(
    lib: quintet.Library, label: Label, drawn: Mapping[Modality, Sequence[str]]
) -> dict[str, list[float]]:
    """MAP of each medium's examples by item vectors, and re-ranked."""
    found: dict[str, list[float]] = {"item vectors": [], "re-ranked": []}
    for examples in drawn.values():
        by_item, as_told = [], []
        for i in examples:
            rows = asking.ranking(lib._parts, Ask((Term(item=i),), k=FIRST)).rows
            plain = [r for row in rows for r in merge([m for m in row[2] if not m.same])]
            for kept, to in ((sorted(plain, key=lambda r: -r[0]), by_item), (rows, as_told)):
                to.append(_early_precision(_listed(kept, label, i)[0], label[i], label))
        found["item vectors"].append(float(np.mean(by_item)))
        found["re-ranked"].append(float(np.mean(as_told)))
    return found


def _early_precision(found: Sequence[str], right: str, label: Label) -> float:
    """Average precision of the first hits; all right ones, or as many as fit, would be 1."""
    hits = np.array([label[i] == right for i in found[:FIRST]], dtype=np.float64)
    at = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    total = sum(c == right for c in label.values()) - 1
    return float((at * hits).sum() / min(total, FIRST))


def _calibrated(lib: quintet.Library, asked: Sequence[tuple[str, str]], label: Label) -> str:
    told: list[float] = []
    right: list[bool] = []
    random = np.random.default_rng(2)
    examples = [
        i for m in Modality for i in random.permutation(_of(lib, label, m)).tolist()[:EXAMPLES]
    ]
    queries = [(Term(item=i), i) for i in examples] + [(Term(words=w), i) for w, i in asked]
    queries += [
        (Term(words=c), next(i for i in label if label[i] == c)) for c in set(label.values())
    ]
    for term, source in queries:
        found, sure = _listed(_rows(lib, term).rows[:200], label, source)
        told += sure
        right += [label[i] == label[source] for i in found]
    p, truth = np.array(told), np.array(right)
    lines = []
    for low, high in pairwise(BINS):
        own = (p >= low) & ((p < high) | (high == 1.0))
        if own.any():
            figures = f"{own.sum()} | {p[own].mean():.3f} | {truth[own].mean():.3f}"
            lines.append(f"| {low:.2f}–{high:.2f} | {figures} |")
    error = expected_calibration_error(p, truth)
    return "\n".join(
        [
            "### What a confidence is worth",
            "",
            f"The merged lists of five media, first 200 hits, of {len(examples)} held-out "
            f"examples, the {len(asked)} queries above and the class names: stated confidence and "
            f"share that is right. Expected calibration error **{error:.3f}** over {len(p)} hits.",
            "",
            "| confidence | hits | mean | right |",
            "|---|---|---|---|",
            *lines,
        ]
    )
