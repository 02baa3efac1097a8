"""A fit in another process: training items go there, the fitted space comes back as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quintet.flows import configure
from quintet.flows.space import Space
from quintet.flows.spread import each
from quintet.flows.train import TrainingSet, fit_without
from quintet.flows.workers import Workers

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fit:
    """One fit of a method on all items but those set aside."""

    method: str
    params: Mapping[str, str]
    aside: frozenset[str]
    stage: str


def fitter(
    workers: Workers,
    data: TrainingSet,
    method: str,
    params: Mapping[str, str],
    on_progress: Progress,
) -> Callable[[Mapping[str, frozenset[str]]], dict[str, Space]]:
    """A function of {stage: items set aside} that has workers fit all of these side by side."""

    def fitted(asides: Mapping[str, frozenset[str]]) -> dict[str, Space]:
        fits = [Fit(method, params, aside, stage) for stage, aside in asides.items()]
        on_progress("fit", 0, len(fits))
        found = each(workers, fit, data, fits, lambda n: on_progress("fit", n, len(fits)))
        return {f.stage: Space.load(blobs) for f, blobs in zip(fits, found, strict=True)}

    return fitted


def fit(data: TrainingSet, asked: Fit) -> dict[str, bytes]:
    """In a worker: the fitted space as JSON and safetensors.

    Raises:
        TrainingError: the items do not hold what the method needs.
    """
    space = fit_without(
        asked.aside,
        data,
        lambda: configure.correlator(asked.method, asked.params),
        asked.stage,
        lambda stage, done, total: None,
    )
    return space.dump()
