from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from quintet.errors import ModelError, TrainingError
from quintet.nets.loop import Game, Plan, play
from quintet.nets.sequence import drop, linear


class Line(Game[Tensor]):
    """Learns y = 2 x, with noise from its own generator."""

    def __init__(self) -> None:
        super().__init__()
        self.line = linear(1, 1, torch.Generator().manual_seed(0))

    def loss(self, batch: Tensor, player: str) -> Tensor:
        return (self.line(drop(batch, 0.1, self.random)) - 2 * batch).square().mean()


class Duel(Game[Tensor]):
    """Two players: each pulls its own number, one of them against the other."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))

    def players(self) -> dict[str, list[nn.Parameter]]:
        return {"near": [self.a], "far": [self.b]}

    def loss(self, batch: Tensor, player: str) -> Tensor:
        gap = (self.a - self.b).square().sum()
        return gap if player == "near" else (self.b - 3).square().sum() - 0.1 * gap


def batches(random: torch.Generator) -> Iterator[Tensor]:
    for _ in range(5):
        yield torch.randn(8, 1, generator=random)


def weights(game: nn.Module) -> list[float]:
    return torch.cat([w.flatten() for w in game.state_dict().values()]).tolist()


def trained(plan: Plan, **given: object) -> Line:
    game = Line()
    play(game, batches, plan, **given)  # type: ignore[arg-type]
    return game


PLAN = Plan(epochs=6, lr=0.05, decay=True)


def test_the_loss_goes_down() -> None:
    game = trained(Plan(epochs=60, lr=0.05, decay=True))
    assert float(game.line.weight.detach()) == pytest.approx(2, abs=0.3)
    assert not game.training


def test_a_seed_fixes_the_weights_and_another_changes_them() -> None:
    assert weights(trained(PLAN)) == weights(trained(PLAN))
    assert weights(trained(PLAN)) != weights(trained(Plan(epochs=6, lr=0.05, decay=True, seed=1)))


def test_the_global_generator_is_neither_used_nor_moved() -> None:
    torch.manual_seed(1)
    before, first = torch.get_rng_state(), weights(trained(PLAN))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert weights(trained(PLAN)) == first


def test_every_player_lowers_its_own_loss_with_its_own_weights() -> None:
    game = Duel()
    play(game, batches, Plan(epochs=80, lr=0.05))
    assert float(game.b.detach()) == pytest.approx(3, abs=0.5)
    assert float(game.a.detach()) == pytest.approx(float(game.b.detach()), abs=0.3)


def test_progress_is_told_after_each_epoch() -> None:
    told: list[tuple[int, int]] = []
    trained(Plan(epochs=3, lr=0.1), on_epoch=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def scoring(values: list[float], game: Line, seen: list[list[float]]) -> Callable[[], float]:
    def score() -> float:
        seen.append(weights(game))
        return values[len(seen) - 1]

    return score


def test_the_best_epoch_is_kept_and_a_stale_run_stops() -> None:
    game, seen = Line(), []
    score = scoring([0.1, 0.9, 0.2, 0.3, 0.8, 0.8], game, seen)
    play(game, batches, Plan(epochs=6, lr=0.05, patience=3), score=score)
    assert len(seen) == 5
    assert weights(game) == seen[1]


def test_the_average_is_over_the_last_epochs() -> None:
    game, seen = Line(), []
    play(
        game,
        batches,
        Plan(epochs=4, lr=0.05, average=2),
        on_epoch=lambda done, of: seen.append(torch.tensor(weights(game))),
    )
    torch.testing.assert_close(torch.tensor(weights(game)), (seen[2] + seen[3]) / 2)


def stopping(after: int) -> Callable[[int, int], None]:
    def stop(done: int, of: int) -> None:
        if done == after:
            raise KeyboardInterrupt

    return stop


@pytest.mark.parametrize("plan", [PLAN, Plan(epochs=6, lr=0.05, average=4, weight_decay=0.1)])
def test_a_killed_run_ends_as_if_it_had_never_stopped(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    with pytest.raises(KeyboardInterrupt):
        trained(plan, checkpoint=file, on_epoch=stopping(4))
    told: list[int] = []
    again = trained(plan, checkpoint=file, on_epoch=lambda done, of: told.append(done))
    assert told == [5, 6]
    assert weights(again) == weights(trained(plan))


def test_a_resumed_run_remembers_its_best_epoch(tmp_path: Path) -> None:
    file, plan = tmp_path / "run.safetensors", Plan(epochs=3, lr=0.05)
    game, seen = Line(), []
    with pytest.raises(KeyboardInterrupt):
        play(
            game,
            batches,
            plan,
            score=scoring([0.9, 0.1], game, seen),
            checkpoint=file,
            on_epoch=stopping(2),
        )
    again = trained(plan, checkpoint=file, score=lambda: 0.2)
    assert weights(again) == seen[0]


def test_a_run_without_patience_left_does_not_train_on(tmp_path: Path) -> None:
    file, plan = tmp_path / "run.safetensors", Plan(epochs=9, lr=0.05, patience=2)
    game, seen = Line(), []
    score = scoring([0.1, 0.9, 0.2, 0.3, 0.99], game, seen)
    play(game, batches, plan, score=score, checkpoint=file)
    told: list[int] = []
    again = trained(
        plan,
        checkpoint=file,
        score=lambda: pytest.fail("an epoch too many"),
        on_epoch=lambda done, of: told.append(done),
    )
    assert told == []
    assert weights(again) == weights(game) == seen[1]


@pytest.mark.parametrize("plan", [PLAN, Plan(epochs=6, lr=0.05, average=4)])
def test_a_finished_run_does_not_train_on(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    told: list[int] = []
    whole = trained(plan, checkpoint=file)
    again = trained(plan, checkpoint=file, on_epoch=lambda done, of: told.append(done))
    assert told == []
    assert weights(again) == weights(whole)
    assert not again.training


def test_a_damaged_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    file.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="delete it"):
        trained(PLAN, checkpoint=file)


def test_a_checkpoint_of_another_game_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    trained(PLAN, checkpoint=file)
    with pytest.raises(ModelError, match="another training"):
        play(Duel(), batches, PLAN, checkpoint=file)


def test_a_loss_that_is_not_finite_names_its_player() -> None:
    def poisoned(random: torch.Generator) -> Iterator[Tensor]:
        yield torch.full((1, 1), float("nan"))

    with pytest.raises(TrainingError, match="'all' is not finite"):
        play(Line(), poisoned, PLAN)
