"""Correspondence autoencoder: each medium's code rebuilds it, and codes of a pair stay close."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor, nn

from quintet.errors import UsageError
from quintet.nets.batches import Batch, Part
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.sequence import masked_mean
from quintet.nets.towers import MLP, Towers
from quintet.types import Modality

__all__ = ["CorrAE"]

TARGETS = ("own", "other", "both")


@dataclass(kw_only=True)
class CorrAE(DeepMethod):
    """Correspondence autoencoder, and its cross and full variants.

    An encoder f_m makes a code of a row, a decoder g_m a row of a code. For a pair (x, y) lowered
    is::

        L = (1 - alpha) (|x - g_x(f_x(x))|^2 + |y - g_y(f_y(y))|^2) + alpha |f_x(x) - f_y(y)|^2

    In Corr-Cross-AE (``rebuild="other"``) a code rebuilds the other row of the pair, ``|y -
    g_y(f_x(x))|^2``; in Corr-Full-AE (``"both"``) it rebuilds both.

    Source:
        Feng, Wang & Li 2014, "Cross-modal retrieval with correspondence autoencoder", ACM
        Multimedia, 7-16, section 3: Corr-AE ``L = (1 - alpha) (L_I + L_T) + alpha L_C`` with
        ``L_C = |f_x(x) - f_y(y)|^2``; Corr-Cross-AE and Corr-Full-AE change what L_I and L_T
        rebuild.
    Ours:
        Errors are means over features and codes, so that ``alpha`` means the same for every width.
        The paper trains two stacked restricted Boltzmann machines below the autoencoder, layer by
        layer; here encoder and decoder have one hidden layer each, trained end to end with dropout
        of the input (rebuilding the clean row). Made for two media; of more, the mean over every
        two. Objects are pair numbers when two views share one, else classes; then a pair is any two
        rows of a class. The cross variant is the default, for it does best on validation data.
        Codes pass through tanh. In Corr-Full-AE each medium has one decoder for both kinds of code.
        AdamW, the rate going down along half a cosine.

    Attributes:
        hidden: width of the hidden layers.
        alpha: weight of the distance of codes, 0..1.
        rebuild: what a code rebuilds: ``own``, ``other`` or ``both`` rows of the pair.
    """

    search = {"alpha": (0.2, 0.8), "rebuild": ("other", "own", "both")}
    learns_from = "either"
    in_pairs = True

    rows: int = 64
    dropout: float = 0.2
    hidden: int = 256
    alpha: float = 0.2
    rebuild: str = "other"

    def check(self) -> None:
        """Refuse a target that there is not.

        Raises:
            UsageError: ``rebuild`` is none of ``own``, ``other`` and ``both``, or there is no
                such ``device``.
        """
        super().check()
        if self.rebuild not in TARGETS:
            raise UsageError(f"rebuild must be one of {', '.join(TARGETS)}, not {self.rebuild!r}")

    def network(self, shape: Shape) -> Net:
        """An encoder and a decoder a medium."""
        return _Net(self, shape)


class _Net(Net):
    """Encoders and decoders; the loss of the paper."""

    def __init__(self, plan: CorrAE, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        self.encoders = Towers(
            shape.widths, plan.hidden, plan.k, dropout=plan.dropout, random=shape.random
        )
        self.decoders = nn.ModuleDict(
            {
                m.value: MLP(plan.k, plan.hidden, d, random=shape.random)
                for m, d in shape.widths.items()
            }
        )

    def embed(
        self, modality: Modality, x: Tensor, mask: Tensor, noise: torch.Generator | None = None
    ) -> Tensor:
        """(b, k) codes in -1..1 of x (b, t, d) and mask (b, t)."""
        return torch.tanh(self.encoders(modality, x, mask, noise))

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() what codes fail to rebuild, and how far those of a pair are apart."""
        plan = self.plan
        code = {m: self.embed(m, part.x, part.mask, self.random) for m, part in batch.items()}
        terms = list(self._terms(batch, code))
        if not terms:
            return torch.zeros(())
        rebuilt, apart = (torch.stack(t).mean() for t in zip(*terms, strict=True))
        return (1 - plan.alpha) * rebuilt + plan.alpha * apart

    def _terms(self, batch: Batch, code: dict[Modality, Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """The error of rebuilding from m, and the distance of codes, for each m and other."""
        for m, other in permutations(batch, 2):
            both = (batch[m].object >= 0) & (batch[other].object >= 0)
            if both.any():
                z, partner = code[m][both], code[other][both]
                targets = {"own": (m,), "other": (other,), "both": (m, other)}[self.plan.rebuild]
                errors = [self._error(t, z, batch[t], both) for t in targets]
                yield torch.stack(errors).sum(), (z - partner).square().mean()

    def _error(self, modality: Modality, z: Tensor, part: Part, rows: Tensor) -> Tensor:
        """() mean squared error of rebuilding rows of a medium from codes (r, k)."""
        truth = masked_mean(part.x[rows], part.mask[rows])
        return (self.decoders[modality.value](z) - truth).square().mean()  # type: ignore[no-any-return]
