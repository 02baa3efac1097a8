from dataclasses import dataclass

import pytest
import torch

from quintet.errors import UsageError
from quintet.flows import configure
from quintet.models.correlators.dfcl import DFCL
from quintet.nets.device import device, devices
from quintet.types import Views


@dataclass
class Gpus:
    """A machine with so many CUDA GPUs."""

    count: int

    def put(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: self.count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: self.count)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_auto_takes_a_gpu_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(0).put(monkeypatch)
    assert device("auto") == torch.device("cpu")
    Gpus(2).put(monkeypatch)
    assert device("auto") == torch.device("cuda")
    assert device("cuda:1") == torch.device("cuda:1")
    assert devices() == ("auto", "cpu", "cuda", "cuda:0", "cuda:1")


@pytest.mark.parametrize("name", ["foo", "cuda", "cuda:0", "meta", "", "cuda:x"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    Gpus(0).put(monkeypatch)
    told = rf"device={name}: this machine has auto, cpu \(torch finds no CUDA GPU\)"
    with pytest.raises(UsageError, match=told):
        device(name)
    with pytest.raises(UsageError, match=told):
        configure.correlator("dfcl", {"device": name})
    with pytest.raises(UsageError, match=told):
        DFCL(device=name).fit(Views((), (), None))
