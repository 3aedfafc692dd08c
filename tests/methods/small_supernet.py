"""A supernet that is trained in seconds, and searches of it."""

from pathlib import Path
from typing import Any

import torch

from hwsim.methods.spike_aware.spec import ArchitectureSearch
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec

SUPERNET = {
    "model": "autosnn/supernet", "settings": ["channels=4", "options=skip,scb3,srb3"], "data": "digits",
    "timesteps": 2, "train_samples": 300, "test_samples": 64, "epochs": 1, "batch": 50, "rate": 0.01,
    "device": "cpu",
}  # fmt: skip
SMALL: dict[str, Any] = {
    "rounds": 2, "pool": 3, "mutations": 1, "crossovers": 1, "top": 2, "validation": 60, "calibration": 150,
    "samples": 2, "averaged": 3,
}  # fmt: skip
PATH = ("srb3", "scb3", "skip", "srb3", "skip")


def trained(directory: Path) -> Path:
    torch.set_num_threads(1)
    train(TrainSpec.of(SUPERNET), directory)
    return directory


def spec(directory: Path, **fields: Any) -> ArchitectureSearch:
    return ArchitectureSearch.of({"supernet": str(directory)} | SMALL | fields)
