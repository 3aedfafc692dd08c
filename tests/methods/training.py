"""Trainings that several tests share: small, short, of digits."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from hwsim.methods.train import Trained, train
from hwsim.methods.train_model import WEIGHTS
from hwsim.methods.train_spec import TrainSpec

NET = """
from torch import nn
from hwsim.nn import LIF

def build(channels: int = 4, classes: int = 10, channels_in: int = 1) -> nn.Sequential:
    layers = []
    for before in (channels_in, channels, channels):
        layers += [nn.Conv2d(before, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), LIF()]
    return nn.Sequential(
        *layers, nn.AvgPool2d(4), nn.Flatten(), nn.Dropout(0.1), nn.Linear(4 * channels, classes)
    )
"""


def spec(net: str, **fields: Any) -> TrainSpec:
    """Two epochs of three mini-batches of digits, for three timesteps."""
    small = {"epochs": 2, "batch": 40, "train_samples": 120, "test_samples": 64, "rate": 0.01, "timesteps": 3}
    return TrainSpec.of({"model": net, "data": "digits", "device": "cpu"} | small | fields)


def weights(trained: Trained | Path) -> dict[str, torch.Tensor]:
    directory = trained.directory if isinstance(trained, Trained) else trained
    return load_file(directory / WEIGHTS)


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        assert torch.equal(tensor, b[name]), name


def stopped(asked: TrainSpec, directory: Path, epoch: int) -> None:
    """Train until so many epochs are done."""

    def stop(history: list[dict[str, Any]]) -> None:
        if history[-1]["epoch"] == epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(asked, directory, after_epoch=stop)


def plain(tmp_path: Path, body: str) -> str:
    path = tmp_path / "plain.py"
    path.write_text(f"from torch import nn\nfrom hwsim.nn import LIF\n\n{body}\n")
    return f"{path}:build"
