import pytest
import torch

from quintet.nets.sequence import Tower, drop, masked_mean


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tower(d: int = 5) -> Tower:
    return Tower(d, 4, width=8, hidden=6, dropout=0.5, random=seeded())


def test_the_mean_sees_real_steps_only() -> None:
    x = torch.tensor([[[1.0], [3.0], [100.0]]])
    assert masked_mean(x, torch.tensor([[True, True, False]])).tolist() == [[2.0]]


def test_dropping_keeps_the_mean_and_empties_the_given_share() -> None:
    x = drop(torch.ones(20_000), 0.25, seeded())
    assert float((x == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(x.mean()) == pytest.approx(1, abs=0.02)


def test_the_order_of_steps_counts() -> None:
    net, x = tower(), torch.randn(1, 7, 5, generator=seeded(1))
    mask = torch.ones(1, 7, dtype=torch.bool)
    assert not torch.allclose(net(x, mask), net(x.flip(1), mask))


def test_noise_comes_only_when_it_is_given() -> None:
    net, x = tower(), torch.randn(2, 3, 5, generator=seeded(1))
    mask = torch.ones(2, 3, dtype=torch.bool)
    assert torch.equal(net(x, mask), net(x, mask))
    assert not torch.equal(net(x, mask, seeded()), net(x, mask))
    assert torch.equal(net(x, mask, seeded()), net(x, mask, seeded()))


def test_wide_steps_are_projected_first() -> None:
    assert tower(8).project is None
    assert tower(9).lstm.input_size == 8


def test_a_tower_comes_from_its_generator_alone() -> None:
    torch.manual_seed(0)
    first = tower().state_dict()
    torch.manual_seed(1)
    assert all(torch.equal(w, first[k]) for k, w in tower().state_dict().items())
