"""The one training loop: a network is a game with players, and each player steps per batch.

One player is ordinary training, two are adversarial. No method has a trainer of its own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from quintet.errors import TrainingError
from quintet.nets.checkpoint import Run

B = TypeVar("B")


class Game(nn.Module, ABC, Generic[B]):
    """A network that knows who owns which parameters and what each owner wants lowered.

    Attributes:
        random: the game's own source of noise (dropout), seeded anew by the loop for each epoch;
            nothing in a game draws from torch's global generator.
    """

    def __init__(self) -> None:
        super().__init__()
        self.random = torch.Generator()

    def players(self) -> Mapping[str, Iterable[nn.Parameter]]:
        """Player to the parameters that it moves; one player with all of them by default."""
        return {"all": list(self.parameters())}

    @abstractmethod
    def loss(self, batch: B, player: str) -> Tensor:
        """() what the player wants lowered on this batch."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to train.

    Attributes:
        lr, weight_decay: of Adam; the decay is decoupled (AdamW).
        clip: longest gradient of a player; longer ones are shortened to it.
        decay: lower the rate from lr to 0 along half a cosine over the epochs.
        average: the weights are the mean over the last so many epochs, 1 for the last alone.
        seed: every epoch draws from its own generators, made from this seed and its number.
        patience: with ``score``, stop after so many epochs without a better one; 0 for never.
    """

    epochs: int
    lr: float
    weight_decay: float = 0.0
    clip: float = 5.0
    decay: bool = False
    average: int = 1
    seed: int = 0
    patience: int = 0


def play(
    game: Game[B],
    batches: Callable[[torch.Generator], Iterable[B]],
    plan: Plan,
    *,
    score: Callable[[], float] | None = None,
    on_epoch: Callable[[int, int], None] | None = None,
    on_loss: Callable[[int, float], None] | None = None,
    checkpoint: Path | None = None,
) -> None:
    """Train a game in place; the same seed, data and thread count give the same weights.

    Args:
        batches: makes one epoch's batches; any chance in it comes from the generator it is given.
        score: larger is better, called after each epoch on data the caller held back; the weights
            of the best epoch are kept.
        on_epoch: called with the number of finished epochs and of all.
        on_loss: called with the number of an epoch, from 1, and its mean loss over the batches and
            the players.
        checkpoint: a file that is rewritten after each epoch; when it exists, training goes on
            from it and ends at the same weights as if it had never stopped.

    Raises:
        TrainingError: a loss or gradient is NaN or infinite.
        ModelError: the checkpoint is damaged or of another game.
        NoSpace: the checkpoint cannot be written.
    """
    players = {name: list(owned) for name, owned in game.players().items()}
    run = Run(game, {name: _adam(owned, plan) for name, owned in players.items()}, checkpoint)
    for epoch in range(run.resume(), plan.epochs):
        if run.stale(plan.patience):
            break
        chance = torch.Generator().manual_seed(_seed(plan.seed, epoch, 0))
        game.random.manual_seed(_seed(plan.seed, epoch, 1))
        game.train()
        losses = [
            _step(game, batch, name, players[name], optimiser, plan.clip)
            for batch in batches(chance)
            for name, optimiser in run.optimisers.items()
        ]
        for optimiser in run.optimisers.values():
            optimiser.param_groups[0]["lr"] = _rate(plan, epoch + 1)
        game.eval()
        run.finish(epoch + 1, None if score is None else score(), plan)
        if on_loss is not None and losses:
            on_loss(epoch + 1, sum(losses) / len(losses))
        if on_epoch is not None:
            on_epoch(epoch + 1, plan.epochs)
    run.keep_best()
    game.eval()


def _adam(owned: list[nn.Parameter], plan: Plan) -> torch.optim.Optimizer:
    return torch.optim.AdamW(owned, lr=plan.lr, weight_decay=plan.weight_decay, foreach=True)


def _step(
    game: Game[B],
    batch: B,
    player: str,
    owned: list[nn.Parameter],
    optimiser: torch.optim.Optimizer,
    clip: float,
) -> float:
    """The loss before the step."""
    game.zero_grad(set_to_none=True)
    loss = game.loss(batch, player)
    if not loss.requires_grad:
        return loss.item()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(owned, clip)
    if not torch.isfinite(norm):
        raise TrainingError(
            f"the loss of player {player!r} is not finite ({loss.detach().item():g}); "
            "lower lr or weight_decay"
        )
    optimiser.step()
    return loss.item()


def _rate(plan: Plan, epoch: int) -> float:
    if not plan.decay:
        return plan.lr
    return plan.lr * 0.5 * (1 + math.cos(math.pi * epoch / plan.epochs))


def _seed(seed: int, epoch: int, use: int) -> int:
    return ((seed * 1_000_003 + epoch) * 2 + use) % 2**63
