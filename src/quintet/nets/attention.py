"""Self-attention over local features with a mask, built from a generator of its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.nets.sequence import drop, linear


class Block(nn.Module):
    """Pre-norm multi-head self-attention and a perceptron, each added to what it read.

    ``x + Attend(Norm(x))``, then ``x + MLP(Norm(x))``; the perceptron is twice as wide inside.
    """

    def __init__(self, width: int, heads: int, *, dropout: float, random: torch.Generator) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.ask = linear(width, 3 * width, random)
        self.answer = linear(width, width, random)
        self.inner = linear(width, 2 * width, random)
        self.out = linear(2 * width, width, random)

    def forward(self, x: Tensor, mask: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """(b, t, d) of x (b, t, d); steps where mask (b, t) is False are never looked at."""
        rate, source = (0.0, torch.Generator()) if noise is None else (self.dropout, noise)
        b, t, d = x.shape
        asked = self.ask(self.norms[0](x)).view(b, t, 3, self.heads, d // self.heads)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None, None, :].expand(b, 1, t, t)
        )
        x = x + drop(self.answer(seen.transpose(1, 2).reshape(b, t, d)), rate, source)
        inner = functional.gelu(self.inner(self.norms[1](x)))
        return x + drop(self.out(inner), rate, source)


def places(mask: Tensor, waves: int) -> Tensor:
    """(b, t, 2 waves) sines and cosines of where a real step is, 0 for the first, 1 for the last.

    Wave i has ``2^i`` half turns from the first step to the last, so that a row that is read at
    fewer steps, evenly spaced, keeps its places.
    """
    number = mask.to(torch.float32).cumsum(dim=1) - 1
    last = number[:, -1:].clamp(min=1)
    turns = math.pi * 2.0 ** torch.arange(waves, device=mask.device)
    angle = (number / last)[:, :, None] * turns
    return torch.cat([angle.sin(), angle.cos()], dim=2)


def thinned(x: Tensor, mask: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """At most ``steps`` steps of each row, evenly spaced over its real ones; padding is last.

    Args:
        x: (b, t, d); mask: (b, t) bool with the real steps first.
    """
    if x.shape[1] <= steps:
        return x, mask
    count = mask.sum(dim=1, keepdim=True)
    number = torch.arange(steps, device=x.device).expand(len(x), steps)
    spread = (number * (count - 1) / max(1, steps - 1)).round().long()
    chosen = torch.where(count > steps, spread, number)
    kept = x.gather(1, chosen[:, :, None].expand(-1, -1, x.shape[2]))
    return kept, number < count
