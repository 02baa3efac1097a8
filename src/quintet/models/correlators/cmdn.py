"""Cross-media multiple deep networks: what a medium says alone and with others, then stacked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from quintet.errors import UsageError
from quintet.nets.batches import Batch
from quintet.nets.deep import DeepMethod, Net, Shape
from quintet.nets.sequence import linear, masked_mean
from quintet.nets.towers import MLP
from quintet.types import Modality

__all__ = ["CMDN"]

Rows = dict[Modality, Tensor]


@dataclass(kw_only=True)
class CMDN(DeepMethod):
    """Cross-media multiple deep networks: two stages, each of several networks.

    The first stage makes a separate representation of each medium out of two parts that complement
    each other. Intra-media, an autoencoder of its own rebuilds a row from a code u; inter-media, a
    joint network over all media gives a code v, and the code that the rows of one object share
    rebuilds each of them::

        L_1 = sum_m |x_m - D_m(u_m)|^2 + J(x),  v_m = f_m(x_m)
        J(a) = sum_m |a_m - g_m(s)|^2 + |a_m - g_m(f_m(a_m))|^2 + alpha |f_m(a_m) - s|^2

    with ``s = mean_m f_m(a_m)`` over the media that show the object. The second stage stacks such
    joint networks: the first level combines both parts, ``h_1 = f([u; v])``, a further level reads
    the one below, ``h_(l+1) = f(h_l)``, and one classifier tells the class from the last::

        L_2 = sum_l J(h_l) + class_weight * cross-entropy(y, W z),  z = h_last

    Source:
        Peng, Huang & Qi 2016, "Cross-media shared representation by hierarchical learning with
        multiple deep networks", IJCAI, 3846-3853. First stage, separate representation:
        ``|x_m - D_m(u_m)|^2`` stands for its stacked autoencoders (intra-media), J(x) for its
        multimodal deep belief network (inter-media). Second stage, shared representation: J(h_1)
        stands for its joint restricted Boltzmann machine, J(h_2) for its stacked bimodal
        autoencoders, whose form ``sum_m |a_m - g_m(s)|^2`` is that of Ngiam et al. 2011,
        "Multimodal deep learning", ICML.
    Ours:
        The paper pretrains stacked autoencoders (intra-media) and a multimodal deep belief network
        (inter-media), layer by layer, combines them in a joint restricted Boltzmann machine and
        stacks bimodal autoencoders above. Here all of these are autoencoders, without Boltzmann
        machines, and the stages are two players of one game that move in turn, batch by batch:
        ``separate`` lowers L_1, ``shared`` lowers L_2, and no gradient passes from the second to
        the first. Made for two media, here any number through the mean code s, which also stands
        for rows that have no partner. J and the weights of its terms are our reading of the paper's
        design, not its equations; errors are means over features. An encoder has one hidden layer.
        Objects are pair numbers when two views share one, else classes; labels are used where there
        are any. AdamW, the rate going down along half a cosine; dropout.

    Attributes:
        width: of the codes u, v and of the levels but the last, which is ``k`` wide.
        levels: joint networks in the second stage.
        alpha: weight of the distance of a code from those of the same object.
        class_weight: of the classifier, 0 for none.
        intra, inter: switches of the ablation; at least one is on.
    """

    search = {"class_weight": (1.0, 0.1), "alpha": (1.0, 0.2, 5.0)}
    learns_from = "either"
    in_pairs = True

    rows: int = 64
    dropout: float = 0.2
    width: int = 192
    levels: int = 2
    alpha: float = 1.0
    class_weight: float = 1.0
    intra: bool = True
    inter: bool = True

    def check(self) -> None:
        """Refuse a first stage without either code.

        Raises:
            UsageError: both are off, or this machine has no such ``device``.
        """
        super().check()
        if not (self.intra or self.inter):
            raise UsageError("intra=no and inter=no leave nothing to learn; one must be on")

    def network(self, shape: Shape) -> Net:
        """The networks of both stages."""
        return _Net(self, shape)


class _Joint(nn.Module):
    """Autoencoders of several media whose codes of one object are to be one."""

    def __init__(
        self, widths: Mapping[Modality, int], k: int, plan: CMDN, random: torch.Generator
    ) -> None:
        super().__init__()
        self.alpha = plan.alpha
        self.encoders, self.decoders = nn.ModuleDict(), nn.ModuleDict()
        for m, d in widths.items():
            self.encoders[m.value] = MLP(d, plan.width, k, dropout=plan.dropout, random=random)
            self.decoders[m.value] = MLP(k, (), d, random=random)

    def code(self, modality: Modality, a: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """(b, k) codes in -1..1 of rows (b, d)."""
        return torch.tanh(self.encoders[modality.value](a, noise))

    def loss(self, a: Rows, code: Rows, shown: Rows) -> Tensor:
        """() J of inputs (b, d) and their codes (b, k), over the rows shown (b,) of each medium."""
        count = torch.stack(list(shown.values())).sum(dim=0).clamp(min=1)
        total = torch.stack([code[m] * shown[m][:, None] for m in code]).sum(dim=0)
        shared = total / count[:, None]
        terms = [
            self._rebuilding(m, a[m], c, shown[m])
            + self._rebuilding(m, a[m], shared, shown[m])
            + self.alpha * mean_square(c - shared, shown[m])
            for m, c in code.items()
        ]
        return torch.stack(terms).mean()

    def _rebuilding(self, modality: Modality, a: Tensor, code: Tensor, shown: Tensor) -> Tensor:
        return mean_square(self.decoders[modality.value](code) - a, shown)


def mean_square(error: Tensor, shown: Tensor) -> Tensor:
    """() mean square of the rows (b, d) that are shown (b,), 0 if none is."""
    return (error.square().mean(dim=1) * shown).sum() / shown.sum().clamp(min=1)


class _Net(Net):
    """Stage one: an autoencoder a medium and a joint network; stage two: joint networks stacked."""

    def __init__(self, plan: CMDN, shape: Shape) -> None:
        super().__init__()
        self.plan = plan
        random, width = shape.random, plan.width
        self.inner, self.outer = nn.ModuleDict(), nn.ModuleDict()
        for m, d in shape.widths.items():
            self.inner[m.value] = MLP(d, width, width, dropout=plan.dropout, random=random)
            self.outer[m.value] = MLP(width, width, d, random=random)
        self.joint = _Joint(shape.widths, width, plan, random)
        widths = [width * (plan.intra + plan.inter), *[width] * (plan.levels - 1), plan.k]
        self.levels = nn.ModuleList(
            _Joint(dict.fromkeys(shape.widths, d), k, plan, random) for d, k in pairwise(widths)
        )
        self.classes = linear(plan.k, max(1, shape.classes), random)

    def players(self) -> Mapping[str, Iterable[nn.Parameter]]:
        """The two stages."""
        first = (self.inner, self.outer, self.joint)
        second = (self.levels, self.classes)
        return {
            "separate": [p for part in first for p in part.parameters()],
            "shared": [p for part in second for p in part.parameters()],
        }

    def separate(
        self, modality: Modality, x: Tensor, noise: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """u and v (b, width), what rows (b, d) are within their medium and across media."""
        within = torch.tanh(self.inner[modality.value](x, noise))
        return within, self.joint.code(modality, x, noise)

    def climb(self, modality: Modality, h: Tensor, noise: torch.Generator | None) -> list[Tensor]:
        """What goes into each level, and what comes out of the last."""
        found = [h]
        for level in self.levels:
            found.append(level.code(modality, found[-1], noise))  # type: ignore[operator]
        return found

    def bottom(self, u: Tensor, v: Tensor) -> Tensor:
        """What the first level reads, of both parts or of the one that is switched on."""
        parts = [part for part, on in ((u, self.plan.intra), (v, self.plan.inter)) if on]
        return torch.cat(parts, dim=1)

    def embed(self, modality: Modality, x: Tensor, mask: Tensor) -> Tensor:
        """(b, k) codes of the last level for x (b, t, d) and mask (b, t)."""
        h = self.bottom(*self.separate(modality, masked_mean(x, mask)))
        return self.climb(modality, h, None)[-1]

    def loss(self, batch: Batch, player: str) -> Tensor:
        """() L_1 or L_2."""
        x = {m: masked_mean(part.x, part.mask) for m, part in batch.items()}
        shown = {m: (part.object >= 0).to(x[m].dtype) for m, part in batch.items()}
        if player == "separate":
            return self._first(x, shown)
        with torch.no_grad():
            h = {m: self.bottom(*self.separate(m, rows)) for m, rows in x.items()}
        return self._second(h, shown, batch)

    def _first(self, x: Rows, shown: Rows) -> Tensor:
        parts = {m: self.separate(m, rows, self.random) for m, rows in x.items()}
        terms = [
            mean_square(self.outer[m.value](u) - x[m], shown[m]) for m, (u, _) in parts.items()
        ]
        return torch.stack(terms).mean() + self.joint.loss(
            x, {m: v for m, (_, v) in parts.items()}, shown
        )

    def _second(self, h: Rows, shown: Rows, batch: Batch) -> Tensor:
        at = {m: self.climb(m, rows, self.random) for m, rows in h.items()}
        total = sum(
            (
                level.loss(  # type: ignore[operator]
                    {m: a[i] for m, a in at.items()}, {m: a[i + 1] for m, a in at.items()}, shown
                )
                for i, level in enumerate(self.levels)
            ),
            start=torch.zeros(()),
        )
        z = torch.cat([a[-1] for a in at.values()])
        label = torch.cat([batch[m].label for m in at])
        if (label >= 0).any():
            told = self.classes(z[label >= 0])
            total = total + self.plan.class_weight * functional.cross_entropy(
                told, label[label >= 0]
            )
        return total
