"""Self-attention against torch's own layer; masks, places and thinning."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from quintet.maths.padding import evenly
from quintet.nets.attention import Block, places, thinned


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def block(dropout: float = 0.0) -> Block:
    return Block(12, 3, dropout=dropout, random=generator(0))


X = torch.randn(4, 6, 12, generator=generator(1))
MASK = torch.arange(6) < torch.tensor([[6], [3], [1], [5]])


def test_a_block_is_a_transformer_encoder_layer() -> None:
    ours = block()
    with torch.random.fork_rng():
        theirs = nn.TransformerEncoderLayer(
            12, 3, 24, 0.0, activation="gelu", batch_first=True, norm_first=True
        )
    pairs: list[tuple[nn.Module, Tensor, Tensor]] = [
        (ours.ask, theirs.self_attn.in_proj_weight, theirs.self_attn.in_proj_bias),
        (ours.answer, theirs.self_attn.out_proj.weight, theirs.self_attn.out_proj.bias),
        (ours.inner, theirs.linear1.weight, theirs.linear1.bias),
        (ours.out, theirs.linear2.weight, theirs.linear2.bias),
    ]
    with torch.no_grad():
        for own, weight, bias in pairs:
            weight.copy_(own.get_parameter("weight"))
            bias.copy_(own.get_parameter("bias"))
    expected = theirs(X, src_key_padding_mask=~MASK)
    np.testing.assert_allclose(
        ours(X, MASK)[MASK].detach().numpy(), expected[MASK].detach().numpy(), atol=1e-5
    )


def test_padding_is_never_looked_at() -> None:
    other = torch.where(MASK[:, :, None], X, torch.full_like(X, 50.0))
    own, found = block()(X, MASK), block()(other, MASK)
    np.testing.assert_allclose(own[MASK].detach().numpy(), found[MASK].detach().numpy(), atol=1e-6)


def test_noise_comes_from_the_given_generator_alone() -> None:
    before = torch.get_rng_state()
    noisy = block(dropout=0.5)
    first, again = noisy(X, MASK, generator(3)), noisy(X, MASK, generator(3))
    assert torch.equal(first, again)
    assert not torch.allclose(first, noisy(X, MASK, generator(4)))
    assert torch.equal(noisy(X, MASK), noisy(X, MASK))
    assert torch.equal(torch.get_rng_state(), before)


def test_places_depend_on_the_share_of_the_row_and_not_on_padding() -> None:
    found = places(torch.tensor([[True] * 5 + [False] * 2, [True, True, True] + [False] * 4]), 2)
    np.testing.assert_allclose(found[0, [0, 2, 4]], found[1, :3], atol=1e-6)
    half = [np.sin(np.pi / 2), np.sin(np.pi), np.cos(np.pi / 2), np.cos(np.pi)]
    np.testing.assert_allclose(found[0, 2], half, atol=1e-6)
    assert torch.isfinite(places(torch.tensor([[True]]), 2)).all()


@pytest.mark.parametrize("steps", [1, 2, 4, 6])
def test_thinning_keeps_the_steps_that_even_reading_would(steps: int) -> None:
    x, mask = thinned(X, MASK, steps)
    for i in range(4):
        expected = evenly(X[i][MASK[i]].numpy(), steps)
        np.testing.assert_array_equal(x[i][mask[i]].numpy(), expected)
