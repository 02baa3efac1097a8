"""The state of a training run, kept so that a killed run goes on as if it had never stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from quintet.errors import ModelError, NoSpace


class _Plan(Protocol):
    @property
    def epochs(self) -> int: ...

    @property
    def average(self) -> int: ...

    @property
    def patience(self) -> int: ...


@dataclass(frozen=True)
class Progress:
    """How far the training of a checkpoint is.

    Attributes:
        finished, epochs: finished epochs, and all that were planned.
        over: nothing is left to train: the last epoch is done, or patience is exhausted.
    """

    finished: int
    epochs: int
    over: bool


def progress(file: Path) -> Progress | None:
    """How far a checkpoint is, None when there is no such file; reads no weights.

    Raises:
        ModelError: it is damaged.
    """
    if not file.exists():
        return None
    with _readable(file), safe_open(file, framework="pt") as held:
        about = _about(held)
        return Progress(int(about["epoch"]), int(about["epochs"]), bool(about["over"]))


class Run:
    """A game, its optimisers, and how far they are.

    Attributes:
        epoch: finished epochs.
        best: the highest score so far, None without scores.
        best_epoch: when it was reached.
    """

    def __init__(
        self, game: nn.Module, optimisers: Mapping[str, torch.optim.Optimizer], file: Path | None
    ) -> None:
        self.game = game
        self.optimisers = optimisers
        self.file = file
        self.epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self._best: dict[str, Tensor] = {}
        self._sum: dict[str, Tensor] = {}
        self._summed = 0

    def finish(self, epoch: int, score: float | None, plan: _Plan) -> None:
        """Note a finished epoch: its score, its share in the average, the checkpoint."""
        self.epoch = epoch
        if score is not None and (self.best is None or score > self.best):
            self.best, self.best_epoch, self._best = score, epoch, self._weights()
        if score is None and plan.average > 1 and epoch > plan.epochs - plan.average:
            now = self._weights()
            self._sum = {k: v + self._sum[k] for k, v in now.items()} if self._sum else now
            self._summed += 1
        if self.file is not None:
            self._save(self.file, plan)

    def stale(self, patience: int) -> bool:
        """Whether the score has not improved for so many epochs."""
        return bool(patience and self.best is not None and self.epoch - self.best_epoch >= patience)

    def keep_best(self) -> None:
        """Put the best, or else the averaged, weights into the game."""
        if self._best:
            self.game.load_state_dict(self._best)
        elif self._summed:
            self.game.load_state_dict({k: v / self._summed for k, v in self._sum.items()})

    def resume(self) -> int:
        """Load the checkpoint if there is one; the number of finished epochs.

        Raises:
            ModelError: it is damaged or of another game.
        """
        if self.file is None or not self.file.exists():
            return 0
        with _readable(self.file):
            self._load(self.file)
        return self.epoch

    def _weights(self) -> dict[str, Tensor]:
        return {k: v.detach().clone() for k, v in self.game.state_dict().items()}

    def _save(self, file: Path, plan: _Plan) -> None:
        parts = {"game": self._weights(), "best": self._best, "sum": self._sum}
        tensors = {f"{part}/{k}": v for part, held in parts.items() for k, v in held.items()}
        rates = {}
        for player, optimiser in self.optimisers.items():
            state = optimiser.state_dict()
            rates[player] = state["param_groups"][0]["lr"]
            for i, values in state["state"].items():
                tensors |= {f"adam/{player}/{i}/{k}": v for k, v in values.items()}
        held = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        about = {
            "epoch": self.epoch,
            "epochs": plan.epochs,
            "over": self.epoch >= plan.epochs or self.stale(plan.patience),
            "best": self.best,
            "best_epoch": self.best_epoch,
            "summed": self._summed,
            "rates": rates,
            "digest": _digest(held),
        }
        part = file.with_name(file.name + ".part")
        try:
            save_file(held, part, {"run": json.dumps(about)})
            part.replace(file)
        except (OSError, SafetensorError) as e:
            part.unlink(missing_ok=True)
            raise NoSpace(f"the checkpoint {file} cannot be written ({e})") from e

    def _load(self, file: Path) -> None:
        with safe_open(file, framework="pt") as held:
            about = _about(held)
            tensors: dict[str, Tensor] = {k: held.get_tensor(k) for k in held.keys()}  # noqa: SIM118 - not a dict
        if _digest(tensors) != about["digest"]:
            raise ValueError("its numbers are not those that were written")
        self.game.load_state_dict(_below(tensors, "game/"))
        device = next(self.game.parameters()).device
        self._best = {k: v.to(device) for k, v in _below(tensors, "best/").items()}
        self._sum = {k: v.to(device) for k, v in _below(tensors, "sum/").items()}
        for player, optimiser in self.optimisers.items():
            state = optimiser.state_dict()
            state["param_groups"][0]["lr"] = about["rates"][player]
            state["state"] = {}
            for name, value in _below(tensors, f"adam/{player}/").items():
                number, key = name.split("/")
                state["state"].setdefault(int(number), {})[key] = value
            optimiser.load_state_dict(state)
        self.epoch, self.best = about["epoch"], about["best"]
        self.best_epoch, self._summed = about["best_epoch"], about["summed"]


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _about(held: Any) -> dict[str, Any]:
    """What the checkpoint says about itself; it is empty in a file that is none."""
    about: dict[str, Any] = json.loads((held.metadata() or {}).get("run", "{}"))
    return about


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """A checksum over names and bytes."""
    found = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Whatever goes wrong with a checkpoint as one error that names it."""
    try:
        yield
    except (SafetensorError, KeyError, ValueError, TypeError, RuntimeError, OSError) as e:
        raise ModelError(
            f"the checkpoint {file} is damaged or of another training "
            f"({type(e).__name__}: {e}); delete it"
        ) from e
