import torch

from quintet.nets.towers import MLP, Towers
from quintet.types import Modality


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_without_hidden_layers_it_is_a_linear_map() -> None:
    net, x = MLP(3, (), 2, random=seeded()), torch.randn(4, 3, generator=seeded(1))
    layer = net.layers[0]
    assert torch.allclose(net(x), x @ layer.weight.T + layer.bias)


def test_a_rectifier_stands_between_layers_and_not_at_the_end() -> None:
    net, x = MLP(3, 5, 2, random=seeded()), torch.randn(40, 3, generator=seeded(1))
    first, second = net.layers
    assert torch.allclose(net(x), second(torch.clamp(first(x), min=0)))
    assert (net(x) < 0).any()


def test_one_number_is_one_hidden_layer() -> None:
    shapes = [p.shape for p in MLP(3, 5, 2, random=seeded()).parameters()]
    assert shapes == [p.shape for p in MLP(3, [5], 2, random=seeded()).parameters()]
    assert len(MLP(3, (5, 4, 6), 2, random=seeded()).layers) == 4


def test_noise_comes_only_when_it_is_given() -> None:
    net, x = MLP(3, 5, 2, dropout=0.5, random=seeded()), torch.ones(4, 3)
    assert torch.equal(net(x), net(x))
    assert not torch.equal(net(x, seeded()), net(x))
    assert torch.equal(net(x, seeded()), net(x, seeded()))


def test_each_medium_has_a_tower_over_the_mean_of_its_real_steps() -> None:
    widths = {Modality.IMAGE: 3, Modality.TEXT: 4}
    net = Towers(widths, (6,), 2, random=seeded())
    x = torch.tensor([[[1.0, 0, 0], [3.0, 0, 0], [99.0, 9, 9]]])
    z = net(Modality.IMAGE, x, torch.tensor([[True, True, False]]))
    assert torch.allclose(z, net["image"](torch.tensor([[2.0, 0, 0]])))
    assert net(Modality.TEXT, torch.ones(5, 2, 4), torch.ones(5, 2).bool()).shape == (5, 2)


def test_towers_come_from_their_generator_alone() -> None:
    torch.manual_seed(0)
    first = MLP(3, 5, 2, random=seeded()).state_dict()
    torch.manual_seed(1)
    assert all(
        torch.equal(w, first[k]) for k, w in MLP(3, 5, 2, random=seeded()).state_dict().items()
    )
