from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from quintet.errors import ModelError, NoSpace
from quintet.nets.checkpoint import Progress, Run, progress
from quintet.nets.loop import Plan

PLAN = Plan(epochs=4, lr=0.1, average=2)


def started(file: Path | None = None) -> tuple[nn.Linear, Run]:
    torch.manual_seed(0)
    net = nn.Linear(2, 1)
    return net, Run(net, {"all": torch.optim.AdamW(net.parameters(), lr=PLAN.lr)}, file)


def step(net: nn.Linear, run: Run) -> None:
    run.optimisers["all"].zero_grad()
    net(torch.ones(1, 2)).sum().backward()
    run.optimisers["all"].step()


def test_everything_that_training_needs_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "run"
    net, run = started(file)
    step(net, run)
    run.optimisers["all"].param_groups[0]["lr"] = 0.03
    run.finish(3, None, PLAN)
    other, again = started(file)
    assert again.resume() == 3
    assert again.optimisers["all"].param_groups[0]["lr"] == 0.03
    for _ in range(2):
        step(net, run)
        step(other, again)
    assert torch.equal(net.weight, other.weight)


def test_there_is_nothing_to_resume_without_a_file(tmp_path: Path) -> None:
    assert started()[1].resume() == 0
    assert started(tmp_path / "absent")[1].resume() == 0


def test_a_run_is_stale_when_its_score_stands_still_long_enough() -> None:
    _, run = started()
    assert not run.stale(1)
    stale = []
    for epoch, score in enumerate([0.1, 0.5, 0.5, 0.4], start=1):
        run.finish(epoch, score, PLAN)
        stale.append((run.stale(0), run.stale(2)))
    assert stale == [(False, False)] * 3 + [(False, True)]
    assert (run.best, run.best_epoch) == (0.5, 2)


def test_no_half_written_file_is_left_beside_the_checkpoint(tmp_path: Path) -> None:
    _, run = started(tmp_path / "run")
    run.finish(1, None, PLAN)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_write_that_fails_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run"
    _, run = started(file)
    run.finish(1, None, PLAN)

    def full(tensors: object, part: Path, about: object) -> None:
        part.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr("quintet.nets.checkpoint.save_file", full)
    with pytest.raises(NoSpace, match="no space"):
        run.finish(2, None, PLAN)
    assert started(file)[1].resume() == 1
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_every_cut_of_a_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "run"
    _, run = started(file)
    run.finish(1, None, PLAN)
    data = file.read_bytes()
    for length in range(0, len(data), max(1, len(data) // 20)):
        file.write_bytes(data[:length])
        with pytest.raises(ModelError, match="delete it"):
            started(file)[1].resume()


@pytest.mark.parametrize("about", [None, {"run": "[]"}, {"run": "{}"}, {"other": "x"}])
def test_tensors_that_are_no_checkpoint_are_a_clear_error(
    about: dict[str, str] | None, tmp_path: Path
) -> None:
    net, run = started(tmp_path / "run")
    save_file({f"game/{k}": v for k, v in net.state_dict().items()}, tmp_path / "run", about)
    with pytest.raises(ModelError, match="delete it"):
        run.resume()
    with pytest.raises(ModelError, match="delete it"):
        progress(tmp_path / "run")


def test_a_changed_number_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "run"
    net, run = started(file)
    step(net, run)
    run.finish(1, None, PLAN)
    held = bytearray(file.read_bytes())
    held[-1] ^= 1
    file.write_bytes(held)
    assert progress(file) == Progress(1, PLAN.epochs, over=False)
    with pytest.raises(ModelError, match="not those that were written"):
        started(file)[1].resume()


def test_how_far_a_checkpoint_is(tmp_path: Path) -> None:
    file, told = tmp_path / "run", []
    _, run = started(file)
    assert progress(file) is None
    for epoch, score in enumerate([0.5, 0.4, 0.3], start=1):
        run.finish(epoch, score, Plan(epochs=9, lr=0.1, patience=2))
        told.append(progress(file))
    assert told == [Progress(1, 9, False), Progress(2, 9, False), Progress(3, 9, True)]
    run.finish(9, 0.9, Plan(epochs=9, lr=0.1, patience=2))
    assert progress(file) == Progress(9, 9, over=True)
