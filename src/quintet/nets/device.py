"""Where a network computes: the devices of this machine by name."""

from __future__ import annotations

import torch

from quintet.errors import UsageError

AUTO = "auto"
"""A GPU when there is one."""


def devices() -> tuple[str, ...]:
    """The names that ``device`` takes on this machine."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    numbered = [f"cuda:{n}" for n in range(gpus)]
    apple = ["mps"] if torch.backends.mps.is_available() else []
    return (AUTO, "cpu", *(["cuda"] if gpus else []), *numbered, *apple)


def device(name: str) -> torch.device:
    """The device of that name.

    Raises:
        UsageError: this machine has none of that name; the message gives those it has.

    >>> device("cpu")
    device(type='cpu')
    """
    known = devices()
    if name not in known:
        no_gpu = "" if "cuda" in known else " (torch finds no CUDA GPU)"
        raise UsageError(f"device={name}: this machine has {', '.join(known)}{no_gpu}")
    if name == AUTO:
        return torch.device("cuda" if "cuda" in known else "cpu")
    return torch.device(name)
